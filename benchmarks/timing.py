"""Seconds of a piece of work. Here: the clock, and commands started like a user starts them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "scorecards"
REPEATS = 3


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def median(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The machine is shared: one slow turn must not decide."""
    return statistics.median(seconds(work) for _ in range(repeats))


def scorecards(company: Path | None, *arguments: str) -> None:
    """The console script. Ends the benchmark when it fails; 3 (finished, with problems) is no failure."""
    place = ["--workspace", str(company)] if company else []
    command = [str(PROGRAM), *place, *arguments]
    finished(command, (0, 3))


def finished(command: Sequence[str], accepted: Sequence[int] = (0,)) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode not in accepted:
        raise SystemExit(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr}")
