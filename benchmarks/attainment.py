"""`python -m benchmarks.attainment FOLDER --out preds.csv`: chances and flags of goals made from real series.

FOLDER holds `series.parquet` (series_id, t, value) and `goals.csv` (goal_id, series_id, hist_start,
window_start, H, m, kind, direction, target). The answer has a row a goal and k = 0..H-1, each from the values
before window_start + k alone, by the code that judges the goals of a scorecard.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.goals.forecast.draws import seed
from pipeline.goals.forecast.outlook import Outlook, Point, Question, Track, outlooks
from pipeline.goals.status import at_risk_flag

Floats = npt.NDArray[np.float64]
HEADER = ("goal_id", "k", "p", "lo80", "hi80", "forecast", "flag")
Row = tuple[str, int, str, str, str, str, int]


@dataclass(frozen=True)
class Case:
    """One goal: its values from the first of its history to the last of its window but one."""

    goal_id: str
    kind: str
    higher_is_better: bool
    target: float
    season: int
    history: int
    length: int
    values: Floats


def read_cases(folder: Path) -> list[Case]:
    import pyarrow.parquet as pq  # not needed by the processes that compute

    table = pq.read_table(folder / "series.parquet").to_pandas().sort_values("t", kind="stable")
    series = {
        str(name): part["value"].to_numpy(float) for name, part in table.groupby("series_id", observed=True)
    }
    with (folder / "goals.csv").open(encoding="utf-8", newline="") as file:
        return [_case(row, series[row["series_id"]]) for row in csv.DictReader(file)]


def _case(row: dict[str, str], values: Floats) -> Case:
    first, start, length = int(row["hist_start"]), int(row["window_start"]), int(row["H"])
    return Case(
        row["goal_id"], row["kind"], row["direction"] == "increase", float(row["target"]), int(row["m"]),
        start - first, length, values[first : start + length - 1],
    )  # fmt: skip


def judged(case: Case, elapsed: Sequence[int] | None = None) -> list[Outlook | None]:
    """The outlook at each k, all of 0..length-1 by default."""
    points, question = _asked(case)
    return outlooks(question, [points[k] for k in (range(case.length) if elapsed is None else elapsed)])


def _asked(case: Case) -> tuple[list[Point], Question]:
    n, length = case.history, case.length
    question = Question(
        case.values, case.season, case.target, case.higher_is_better,
        "inside" if case.kind == "maintain" else "sum",
    )  # fmt: skip
    return [_point(case, k, case.values[n : n + k]) for k in range(length)], question


def _point(case: Case, k: int, window: Floats) -> Point:
    left = case.length - k
    number, known = seed(case.goal_id, k), case.history + k
    if case.kind == "cumulative":
        return Point(number, known, np.ones(left), float(window.sum()))
    last = np.zeros(left)
    last[-1] = 1.0
    if case.kind == "level":
        return Point(number, known, last)
    kept = window >= case.target if case.higher_is_better else window <= case.target
    return Point(number, known, last, track=_each(left), kept=int(kept.sum()), needed=case.length)


def _each(periods: int) -> Track:
    return Track(np.zeros(periods), np.eye(periods))


def rows(case: Case) -> list[Row]:
    found = [one for one in judged(case) if one is not None]
    chances = [one.probability for one in found]
    flags = [int(at_risk_flag(chances[: k + 1])) for k in range(len(found))]
    return [
        (case.goal_id, k, f"{one.probability:.6f}", *_range(case, one), flag)
        for k, (one, flag) in enumerate(zip(found, flags, strict=True))
    ]


def _range(case: Case, one: Outlook) -> tuple[str, str, str]:
    if case.kind == "maintain":
        return "", "", ""
    return repr(one.range80[0]), repr(one.range80[1]), repr(one.forecast)


def _all_rows(cases: list[Case], processes: int) -> Iterator[list[Row]]:
    if processes == 1:
        yield from map(rows, cases)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(rows, cases, chunksize=20)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attainment", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    cases = read_cases(options.folder)
    begin = time.perf_counter()
    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for part in _all_rows(cases, options.processes):
            writer.writerows(part)
    seconds = time.perf_counter() - begin
    predictions = sum(case.length for case in cases)
    each = seconds / predictions * 1000
    print(f"{predictions} predictions of {len(cases)} goals in {seconds:.1f} s: {each:.2f} ms each")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
