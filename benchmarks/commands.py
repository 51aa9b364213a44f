"""How long the commands take, and what a year of weeks costs against one week. No documents."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from benchmarks.table import Row
from benchmarks.timing import REPEATS, median, scorecards, seconds

NO_PAGES = "--no-documents"


def rows(company: Path) -> list[Row]:
    """`company`: a fresh workspace of the sample; it has data afterwards."""
    found = [
        Row("scorecards --help", median(lambda: scorecards(None, "--help")), "s", 0.3),
        Row("check without data", median(lambda: scorecards(company, "check")), "s", 1.0),
        Row("first run, every export read", seconds(lambda: _run(company, "2026-W47")), "s"),
        Row("check with data", median(lambda: scorecards(company, "check")), "s", 5.0),
    ]
    return found + _backfill(company)


def _run(company: Path, week: str) -> None:
    scorecards(company, "run", "--week", week, NO_PAGES)


def _backfill(company: Path) -> list[Row]:
    """52 weeks against one, both on states that hold the landed data and nothing else."""
    state, kept = company / ".scorecards", company.parent / "state"
    one = median(lambda: _run(company, "2026-W20"))
    shutil.copytree(state, kept)
    times = []
    for _ in range(REPEATS):
        shutil.rmtree(state)
        shutil.copytree(kept, state)
        times.append(seconds(lambda: _year(company)))
    year = statistics.median(times)
    return [
        Row("one week", one, "s"),
        Row("52-week backfill", year, "s"),
        Row("52-week backfill against one week", year / one, "x", 6.0),
    ]


def _year(company: Path) -> None:
    scorecards(company, "backfill", "--from", "2025-W48", "--to", "2026-W46", NO_PAGES)
