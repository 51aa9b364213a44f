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
from pipeline.facts import CAMPAIGN_FLOWS, CAMPAIGN_SNAPSHOTS

COUNTERS = tuple(column.name for column in CAMPAIGN_FLOWS.columns if column.type == "integer")
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
    rows = []
    for before, row in _steps(snapshots):
        rows.append({**row, **{name: _growth(before, row, name) for name in COUNTERS}})
    return pa.Table.from_pylist(rows, schema=CAMPAIGN_FLOWS.arrow_schema())


def falls(snapshots: pa.Table) -> list[Fall]:
    """Every counter that fell, oldest first."""
    found = [
        Fall(row, name, before[name], row[name])
        for before, row in _steps(snapshots)
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


def _steps(snapshots: pa.Table) -> Iterator[tuple[Row | None, Row]]:
    """Each snapshot with the one before; None before a campaign that began since the source's last one."""
    wanted = [
        field.name for field in CAMPAIGN_SNAPSHOTS.arrow_schema() if field.name in snapshots.column_names
    ]
    order = ["source", "campaign_id", "counted_on"]
    rows = snapshots.select(wanted).sort_by([(name, "ascending") for name in order]).to_pylist()
    by_campaign: dict[tuple[str, str], list[Row]] = {}
    days: dict[str, set[date]] = {}
    for row in rows:
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
