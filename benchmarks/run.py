"""`make bench`: how long the commands take, and what a year of weeks costs against one week.

Every bar is a ratio or a generous time; all figures of one table come from one run on one machine, which is
printed with them.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "scorecards"
REPEATS = 3


def main() -> int:
    rows: list[tuple[str, str, str, bool]] = []
    with tempfile.TemporaryDirectory() as folder:
        company = Path(folder) / "company"
        _run(["init", str(company), "--sample"])
        rows.append(_bar("scorecards --help", 0.3, lambda: _run(["--help"])))
        rows.append(_bar("check without data", 1.0, lambda: _run(_at(company, "check"))))
        first = _timed(lambda: _run(_at(company, "run", "--week", "2026-W47", "--no-documents")))
        rows.append(("first run, every export read, no documents", f"{first:.1f} s", "", True))
        rows.append(_bar("check with data", 5.0, lambda: _run(_at(company, "check"))))
        rows += _backfill_rows(company)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    for name, figure, bar, met in rows:
        print(f"{name:<55} {figure:>12}  {bar:<10} {'' if met else 'MISSED'}")
    return 0 if all(row[3] for row in rows) else 1


def _backfill_rows(company: Path) -> list[tuple[str, str, str, bool]]:
    """52 weeks against one, both on states that hold the landed data and nothing else."""
    state = company / ".scorecards"
    one = statistics.median(
        _timed(lambda: _run(_at(company, "run", "--week", "2026-W20", "--no-documents")))
        for _ in range(REPEATS)
    )
    kept = company.parent / "state"
    shutil.copytree(state, kept)
    times = []
    for _ in range(REPEATS):
        shutil.rmtree(state)
        shutil.copytree(kept, state)
        times.append(
            _timed(
                lambda: _run(
                    _at(company, "backfill", "--from", "2025-W48", "--to", "2026-W46", "--no-documents")
                )
            )
        )
    year = statistics.median(times)
    ratio = year / one
    return [
        ("one week, no documents", f"{one:.1f} s", "", True),
        ("52-week backfill, no documents, against one week", f"{ratio:.1f} x", "<= 6 x", ratio <= 6),
    ]


def _bar(name: str, limit: float, work: Callable[[], object]) -> tuple[str, str, str, bool]:
    median = statistics.median(_timed(work) for _ in range(REPEATS))
    return name, f"{median:.2f} s", f"<= {limit} s", median <= limit


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _at(company: Path, *arguments: str) -> list[str]:
    return ["--workspace", str(company), *arguments]


def _run(arguments: Sequence[str]) -> None:
    result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    if result.returncode not in (0, 3):
        raise SystemExit(f"scorecards {' '.join(arguments)} ended with {result.returncode}:\n{result.stderr}")


if __name__ == "__main__":
    sys.exit(main())
