"""Writing a file so that it is there whole or not at all.

Here: atomic writes readable by their owner only. Not here: which files there are (landing.py).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.errors import Problem, SystemMissing

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def private_folder(path: Path) -> Path:
    """The folder; it and every folder above it that has to be made are open to their owner only."""
    missing = [path, *path.parents]
    missing = missing[: next(i for i, folder in enumerate(missing) if folder.is_dir())]
    try:
        for folder in reversed(missing):  # parents=True would give the folders above the ordinary mode
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except OSError as error:
        raise SystemMissing(cannot_write(path, error)) from error
    return path


def write_atomic(path: Path, data: bytes) -> None:
    """Write through a temporary file, fsync and rename: a reader or a crash sees the old file or the new."""
    private_folder(path.parent)
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(PRIVATE_FILE)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise SystemMissing(cannot_write(path, error)) from error


def sync_folder(path: Path) -> None:
    """Make renames inside the folder durable (a no-op where folders cannot be synced)."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)


def cannot_write(path: Path, error: Exception) -> Problem:
    """What to say when the disk is full, read-only or not ours."""
    return Problem(
        "E-WRITE",
        "{path} could not be written: {error}.",
        "Free disk space or correct the folder's permissions, then run again; nothing was half written.",
        file=str(path),
        params={"path": str(path), "error": getattr(error, "strerror", None) or str(error)},
    )
