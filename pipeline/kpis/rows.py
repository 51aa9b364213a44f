"""Which rows a KPI's figure is made of: every known row of its facts, counted or with the reason why not.

Here: a row's verdict for one segment and one sum of days. Not here: what makes a row count (compute.py tests
rows and adds them up by one expression), which days a figure adds up (series.py), wording (assets/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.kpis.compute import (
    CONDITION,
    LATER,
    LEFT,
    SEGMENT,
    TEST,
    UNDATED,
    MeasuredRows,
    measured_rows,
)
from pipeline.kpis.exact import as_decimal, to_whole
from pipeline.kpis.exchange import Exchange, product
from pipeline.kpis.series import EPOCH, Part
from pipeline.workspace.model import Condition, People, Rate

Texts = npt.NDArray[np.str_]
Numbers = npt.NDArray[np.int64]

COUNTED = "counted"
SEGMENT_OTHER, BEFORE, AFTER, LEFT_BEFORE = "segment", "before", "after", "left"
"""Why a row that passes the measure's tests does not count here: another segment; before or after the days
that are added up; of a stock, it had left by then."""
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class PartRows:
    """One sum of a figure with the rows behind it."""

    part: Part
    facts: pa.Table
    """Every known row of the fact: columns of Fact.arrow_schema()."""
    why: Texts
    """COUNTED, or the first reason against a row; shape (rows,)."""
    times: Numbers
    """How often a counted row counts, 0 for the others; shape (rows,)."""
    amounts: Numbers
    """What a row brings each time, in ten-thousandths; shape (rows,)."""
    originals: Numbers
    """The same before it was converted from another currency; shape (rows,)."""
    currencies: tuple[str | None, ...]
    """Of each row's own amount; None where no money is added up."""
    rates: Mapping[int, Rate]
    """The rate of each counted row that was converted, by its place."""

    @cached_property
    def counted(self) -> Numbers:
        """Places of the counted rows, oldest first, those of one day by source, file and line."""
        places = np.flatnonzero(self.times)
        order = [(name, "ascending") for name in (self.part.measure.date, "source", "source_line")]
        return places[pc.sort_indices(self.facts.take(pa.array(places)), sort_keys=order).to_numpy()]

    @property
    def total(self) -> Decimal:
        """The counted rows added up one by one."""
        return as_decimal(sum(int(self.amounts[at]) * int(self.times[at]) for at in self.counted))

    @property
    def agrees(self) -> bool:
        """Whether the rows add up to what the KPI's days say."""
        return self.total == self.part.amount

    def reasons(self) -> dict[str, int]:
        """Rows by verdict, as they are tested: counted ones first."""
        names, counts = np.unique(self.why, return_counts=True)
        found = dict(zip(names.tolist(), counts.tolist(), strict=True))
        order = [COUNTED, UNDATED, LATER, *sorted(name for name in found if name.startswith(CONDITION))]
        rest = [SEGMENT_OTHER, BEFORE, AFTER, LEFT_BEFORE]
        order += sorted(found.keys() - {*order, *rest}) + rest
        return {name: found[name] for name in order if name in found}

    def condition(self, why: str) -> Condition | None:
        """The condition that a verdict names."""
        return (
            self.part.measure.where[int(why.removeprefix(CONDITION))] if why.startswith(CONDITION) else None
        )


def part_rows(
    part: Part, segment: Mapping[str, str], facts: Callable[[str], pa.Table], people: People,
    through: date, exchange: Exchange | None = None,
) -> PartRows:  # fmt: skip
    """The rows of one sum of a KPI in a segment. `facts`, `through`, `exchange` as for daily_components."""
    measured = measured_rows(part.kpi, part.measure, facts, people, through)
    why = np.full(measured.rows.num_rows, COUNTED, dtype="<U16")
    amounts = to_whole(measured.rows["amount"])
    for failed, reason in reversed(_failures(measured, part, segment)):
        why[failed] = reason
    times = np.where(why == COUNTED, _times(measured, part), 0)
    currencies = tuple(measured.rows["currency"].to_pylist())
    rates = {} if exchange is None else _rates(measured, part, times, exchange)
    converted = _converted(measured, part, amounts, rates)
    return PartRows(part, measured.facts, why, times, converted, amounts, currencies, rates)


def _rates(measured: MeasuredRows, part: Part, times: Numbers, exchange: Exchange) -> dict[int, Rate]:
    """The rate of each counted row in another currency that has one."""
    places = np.flatnonzero(times).tolist()
    known: dict[tuple[str, date], Rate | None] = {}
    found = {}
    for at, key in zip(places, _kept(measured, part, places), strict=True):
        if key.currency is None or key.currency == exchange.company:
            continue
        asked = key.currency, key.day
        if asked not in known:
            known[asked] = exchange.rate_on(*asked)
        if (rate := known[asked]) is not None:
            found[at] = rate
    return found


def _converted(measured: MeasuredRows, part: Part, amounts: Numbers, rates: Mapping[int, Rate]) -> Numbers:
    """Amounts with those that have a rate in the company's currency. What a KPI rounds is the sum of a day,
    segment and currency: each row gets what that sum grows by with it, so that the rows add up to it."""
    converted = amounts.copy()
    sums: dict[_Kept, int] = {}
    for at, key in zip(rates, _kept(measured, part, list(rates)), strict=True):
        before = sums.get(key, 0)
        sums[key] = after = before + int(amounts[at])
        converted[at] = product(after, rates[at].rate) - product(before, rates[at].rate)
    return converted


class _Kept(NamedTuple):
    """What a KPI keeps apart when it adds up rows; one sum of these is converted and rounded at once."""

    day: date
    currency: str | None
    segment: tuple[str | None, ...]


def _kept(measured: MeasuredRows, part: Part, places: list[int]) -> list[_Kept]:
    """A stock is converted on the day it is taken, everything else on the row's own."""
    names = ["day", "currency", *(SEGMENT + key for key in measured.dimensions)]
    rows = measured.rows.select(names).take(pa.array(places, pa.int64())).to_pylist()
    taken = min(part.days) if part.is_stock else None
    return [
        _Kept(taken or row["day"], row["currency"], tuple(row[name] for name in names[2:])) for row in rows
    ]


Mask = npt.NDArray[np.bool_]


def _failures(measured: MeasuredRows, part: Part, segment: Mapping[str, str]) -> list[tuple[Mask, str]]:
    """Rows that fail each test, in the order in which reasons are given."""
    rows, day = measured.rows, _days(measured.rows["day"])
    tests = [name for name in rows.column_names if name.startswith(TEST)]
    found = [(~_flags(rows[name]), name.removeprefix(TEST)) for name in tests]
    found.append((~_matches(measured, segment), SEGMENT_OTHER))
    first, last = (one.toordinal() - EPOCH.toordinal() for one in (min(part.days), max(part.days)))
    if part.is_stock:
        # the start of a day is the end of the one before
        edge = first if part.measure.taken == "opening" else first + 1
        return [*found, (day >= edge, AFTER), (_days(rows[LEFT]) < edge, LEFT_BEFORE)]
    return [*found, (day < first, BEFORE), (day > last, AFTER), (_times(measured, part) == 0, AFTER)]


def _times(measured: MeasuredRows, part: Part) -> Numbers:
    day = _days(measured.rows["day"])
    if part.is_stock:
        return np.ones(len(day), dtype=np.int64)
    often = {one.toordinal() - EPOCH.toordinal(): times for one, times in part.days.items()}
    present, inverse = np.unique(day, return_inverse=True)
    return np.array([often.get(int(one), 0) for one in present], dtype=np.int64)[inverse]


def _matches(measured: MeasuredRows, segment: Mapping[str, str]) -> Mask:
    found = np.ones(measured.rows.num_rows, dtype=bool)
    for key, value in segment.items():
        if key not in measured.dimensions:
            return np.zeros(measured.rows.num_rows, dtype=bool)
        found &= _flags(pc.equal(measured.rows[SEGMENT + key], value))
    return found


def _flags(column: pa.ChunkedArray) -> Mask:
    flags: Mask = pc.fill_null(column, False).to_numpy().astype(bool)
    return flags


def _days(column: pa.ChunkedArray) -> Numbers:
    """Days since 1970; an empty cell is never."""
    days: Numbers = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()).fill_null(_NEVER).to_numpy()
    return days
