"""Writing documents: safe names, and a file that is either whole or not there.

Here: names inside one folder, who may read what lies there. Not here: what is written (build.py), atomic
writes (store/files.py).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pipeline.errors import InvariantBroken, Problem
from pipeline.store.files import PRIVATE_FILE, write_atomic

RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"com{n}" for n in range(1, 10)),
    *(f"lpt{n}" for n in range(1, 10)),
}


def safe_name(text: str) -> str:
    """A text as part of a file name. Anything but a plain short identifier gets eight digits of its hash, so
    that two texts never share a name."""
    slug = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-")[:60]
    if slug == text and slug not in RESERVED:
        return slug
    return f"{slug or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def inside(folder: Path, name: str) -> Path:
    """The path of `name` in `folder`. Raises InvariantBroken when it would lie elsewhere or is a link."""
    path = folder / name
    if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        raise InvariantBroken(
            Problem(
                "document-path",
                "{path} lies outside the output folder or is a link; nothing was written.",
                "Remove it and run again.",
                params={"path": str(path)},
            )
        )
    return path


def put_file(path: Path, content: bytes) -> None:
    """The file holds `content`, whole or not at all, and only its owner may read it: a document may hold
    figures of the company. A file that holds it already keeps its bytes and its time."""
    if path.is_file() and path.read_bytes() == content:
        path.chmod(PRIVATE_FILE)
    else:
        write_atomic(path, content)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
