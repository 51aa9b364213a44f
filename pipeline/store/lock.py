"""One run at a time per workspace: an advisory lock on a file in the state folder.

The operating system frees the lock when the holder dies, so a killed run never blocks the next one.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import Problem, ScorecardError


class Busy(ScorecardError):
    """Another run of the same workspace is going on."""


@contextmanager
def run_lock(state_dir: Path, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the workspace's run lock. Raises Busy when another process still holds it after `wait_seconds`."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = state_dir / "run.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(handle, path, time.monotonic() + wait_seconds)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def is_free(state_dir: Path) -> bool:
    """Whether no process holds the run lock now."""
    try:
        with run_lock(state_dir):
            return True
    except Busy:
        return False


def _acquire(handle: int, path: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() < until:
                time.sleep(0.2)
                continue
            holder = path.read_text("utf-8").strip() or "?"
            raise Busy(
                Problem(
                    "E-BUSY",
                    "Another run of this workspace is going on (process {pid}).",
                    "Wait until it has finished, then run the command again.",
                    params={"pid": holder},
                )
            ) from None
