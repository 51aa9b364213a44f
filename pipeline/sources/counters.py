"""Campaign counters that only ever grow: what happened between two snapshots of them.

Here: differences, and what is said of a counter that fell. Not here: the day of a snapshot (snapshots.py), a
vendor's own columns (vendors/), which KPI reads a flow (kpis/).

A flow is dated by the later snapshot and covers the days since the one before. The first snapshot of a
campaign is where counting begins; only a campaign known to be younger than the source's snapshot before is
counted from zero. A counter that falls was reset or edited: nothing is counted for that span, and it is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import pyarrow as pa

from pipeline.errors import Problem
from pipeline.facts import CAMPAIGN_FLOWS

COUNTERS = tuple(column.name for column in CAMPAIGN_FLOWS.columns if column.type == "integer")
ORDER = ("source", "campaign_id", "counted_on")
LOOKED_AT = ("name", "started_on", "source_sha256")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fall:
    """A counter that was smaller than in the snapshot before."""

    row: Row
    counter: str
    before: int
    after: int


def flows(snapshots: pa.Table) -> pa.Table:
    """Rows of `campaign_flows` from rows of `campaign_snapshots`, sorted by source, campaign and day. A
    counter that either snapshot lacks stays empty."""
    ordered = snapshots.sort_by([(name, "ascending") for name in ORDER])
    steps = list(_steps(ordered))
    kept = ordered.take(pa.array([row["at"] for _, row in steps], pa.int64()))
    schema = CAMPAIGN_FLOWS.arrow_schema()
    columns = [
        pa.array([_growth(before, row, field.name) for before, row in steps], field.type)
        if field.name in COUNTERS
        else kept[field.name].cast(field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def falls(snapshots: pa.Table) -> list[Fall]:
    """Every counter that fell, oldest first."""
    found = [
        Fall(row, name, before[name], row[name])
        for before, row in _steps(snapshots.sort_by([(name, "ascending") for name in ORDER]))
        for name in COUNTERS
        if before is not None and None not in (before[name], row[name]) and row[name] < before[name]
    ]
    return sorted(found, key=lambda fall: (fall.row["counted_on"], fall.row["campaign_id"]))


def fall_warnings(snapshots: pa.Table, exports: Collection[str]) -> list[Problem]:
    """What to say of counters that fell with one of the exports (sha256)."""
    return [
        Problem(
            "W-COUNTER",
            'The all-time counter {counter} of "{name}" fell from {before} to {after} by {day}; nothing is '
            "counted for that span.",
            "Check whether the campaign was reset or edited; counting goes on from the new value.",
            severity="warning",
            params={
                "counter": fall.counter,
                "name": fall.row["name"] or fall.row["campaign_id"],
                "before": fall.before,
                "after": fall.after,
                "day": fall.row["counted_on"].isoformat(),
            },
        )
        for fall in falls(snapshots)
        if fall.row["source_sha256"] in exports
    ]


def _steps(ordered: pa.Table) -> Iterator[tuple[Row | None, Row]]:
    """Each snapshot with the one before; None before a campaign that began since the source's last one.
    `at` is a row's place in `ordered`, of which only what is looked at becomes Python values."""
    rows = ordered.select([*ORDER, *LOOKED_AT, *COUNTERS]).to_pylist()
    by_campaign: dict[tuple[str, str], list[Row]] = {}
    days: dict[str, set[date]] = {}
    for at, row in enumerate(rows):
        row["at"] = at
        by_campaign.setdefault((row["source"], row["campaign_id"]), []).append(row)
        days.setdefault(row["source"], set()).add(row["counted_on"])
    for (source, _), some in by_campaign.items():
        if _is_new(some[0], days[source]):
            yield None, some[0]
        yield from pairwise(some)


def _is_new(row: Row, days: Iterable[date]) -> bool:
    earlier = max((day for day in days if day < row["counted_on"]), default=None)
    return earlier is not None and row["started_on"] is not None and row["started_on"] >= earlier


def _growth(before: Row | None, after: Row, name: str) -> int | None:
    base = 0 if before is None else before[name]
    return None if base is None or after[name] is None else max(after[name] - base, 0)
