"""The measurement against real series: what it may see, and that it does not depend on how it is run."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.attainment import HEADER, main

GOALS = """goal_id,series_id,hist_start,window_start,n_hist,kind,direction,baseline,target,H,m
sum,a,2,20,18,cumulative,increase,0,700,6,12
last,a,2,20,18,level,decrease,100,110,6,12
each,a,0,20,20,maintain,increase,90,80,6,12
"""


def _run(folder: Path, values: list[float], *options: str) -> list[dict[str, str]]:
    folder.mkdir(exist_ok=True)
    table = {"series_id": ["a"] * len(values), "t": list(range(len(values))), "value": values}
    pq.write_table(pa.table(table), folder / "series.parquet")
    (folder / "goals.csv").write_text(GOALS, "utf-8")
    assert main([str(folder), "--out", str(folder / "out.csv"), *options]) == 0
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == HEADER
        return list(reader)


@pytest.fixture
def values() -> list[float]:
    return [100 + 15 * math.sin(1.3 * t) + t / 2 for t in range(26)]


def test_a_prediction_uses_nothing_after_its_point(tmp_path: Path, values: list[float]) -> None:
    rows = _run(tmp_path / "whole", values)
    changed = _run(tmp_path / "changed", [*values[:23], 900.0, 1.0, 5000.0])
    assert [(row["goal_id"], int(row["k"])) for row in rows[:7]] == [("sum", k) for k in range(6)] + [
        ("last", 0)
    ]
    early = [[row for row in run if int(row["k"]) <= 3] for run in (rows, changed)]
    assert early[0] == early[1] and rows != changed
    unseen = _run(tmp_path / "unseen", [7777.0, -5.0, *values[2:]])
    assert [row for row in rows if row["goal_id"] != "each"] == [
        row for row in unseen if row["goal_id"] != "each"
    ]


def test_one_process_or_two_write_the_same(tmp_path: Path, values: list[float]) -> None:
    assert _run(tmp_path, values) == _run(tmp_path, values, "--processes", "2")
