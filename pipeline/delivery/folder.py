"""Delivery without a mail server: every message becomes an .eml file that any mail program opens.

Here: naming and writing the files. Not here: which messages are due (outbox.py, send.py). A file is written
beside its place and moved there, so a reader never sees half of one; writing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from pipeline.delivery.records import Row
from pipeline.errors import DeliveryError, Problem
from pipeline.workspace.model import Workspace

_UNSAFE = re.compile(r"[^a-z0-9]+")


def folder_of(workspace: Workspace) -> Path:
    """Where .eml files go: inside the state folder unless `delivery: folder` is an absolute path."""
    return workspace.state_dir / workspace.company.delivery.folder


def file_name(row: Row) -> str:
    """`2026-W47-leadership-r1-vp-example-com-1a2b3c4d.eml`: readable, and unique by the digest of the key."""
    who = _UNSAFE.sub("-", row.recipient.casefold()).strip("-")[:40]
    audience = _UNSAFE.sub("-", row.audience.casefold()).strip("-")[:64]
    digest = hashlib.sha256(row.key.encode()).hexdigest()[:8]
    return f"{row.week}-{audience}-r{row.revision}-{who}-{digest}.eml"


def write_message(folder: Path, row: Row, body: bytes) -> Path:
    """Write one message, readable by its owner only. Raises DeliveryError (E-CONFLICT) when a file of that
    name holds another message, OSError when the folder cannot be written."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / file_name(row)
    if target.is_symlink() or (target.exists() and target.read_bytes() != body):
        raise DeliveryError(
            Problem(
                "E-CONFLICT",
                "The file {file} is there with other contents.",
                "Move it away, then deliver again.",
                file=str(target),
                params={"file": target.name},
            )
        )
    if not target.exists():
        _write_atomically(target, body)
    return target


def _write_atomically(target: Path, body: bytes) -> None:
    half = target.with_name(f".{target.name}.{os.getpid()}.part")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
