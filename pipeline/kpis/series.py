"""One KPI in one segment over time: components per day, pooled into any span, week or month.

Here: which days add up to which value, and when there is none. Not here: where components come from
(compute.py) nor what a value means for a goal (goals/). Sums are exact whole numbers underneath, so a pooled
value is the same whatever the order of its days.
"""

from __future__ import annotations

import json
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.kpis.exact import Whole, as_decimal, to_whole
from pipeline.periods import DAY, Week, add_months, month_end, month_start, prior_year_day
from pipeline.workspace.model import Kpi, Measure

if TYPE_CHECKING:
    import pandas as pd

Period = Literal["week", "month"]
Side = Literal["numerator", "denominator"]
_SIDES: tuple[Side, ...] = ("numerator", "denominator")
Floats = npt.NDArray[np.float64]
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Pooled:
    """A KPI over a span. `value` is None, never 0, where there is no figure; both sums are kept even then.

    A ratio's numerator and denominator are the sums behind it (an opening side: the stock at the start of the
    span's first day; a closing one: at the end of its last). Growth: the span's sum and the prior year's. A
    running total is the one of the span's last day. Other kinds have no denominator.
    """

    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


NOTHING = Pooled(None)


@dataclass(frozen=True)
class Part:
    """One of the sums behind a pooled value: which days of which measure are added up."""

    kpi: Kpi
    """The KPI with rows of its own that this is a sum of; of a derived one that is an operand."""
    name: Literal["numerator", "denominator", "base"]
    """base: the numerator's own days of the prior year, that a growth is measured against."""
    measure: Measure
    days: Mapping[date, int]
    """Each day with how often it counts (a day may be the counterpart of two); of an opening measure the one
    day at whose start the stock is taken."""
    amount: Decimal
    offset: str = ""
    """How far back an expression reads the KPI: prior_week, prior_month or prior_year; empty for now."""

    @property
    def is_stock(self) -> bool:
        return self.measure.taken != "flow"

    @property
    def key(self) -> tuple[object, ...]:
        """The same for two that add up the same rows."""
        return self.kpi.id, self.name, self.offset, tuple(self.days.items())


@dataclass(frozen=True)
class Behind:
    """What a pooled value is made of: sums of rows, or, of a derived KPI, what each operand is made of."""

    kpi: Kpi
    sums: tuple[Part, ...] = ()
    operands: Mapping[tuple[str, str], Behind] = field(default_factory=dict)
    """By name in the expression and offset."""
    offset: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """All sums in the order of the expression, one that is read twice once."""
        found = {one.key: one for one in self.sums}
        for operand in self.operands.values():
            found |= {one.key: one for one in operand.parts}
        return tuple(found.values())


@dataclass(frozen=True)
class PeriodRecord:
    """One week or month, cut to the span that was asked for."""

    start: date
    end: date
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    prior_year: Decimal | None
    """The KPI over the prior-year counterpart of the same days; None when history does not cover it."""


@dataclass(frozen=True)
class Conversion:
    """A rate that was used: company currency for one unit, and the day it is of."""

    rate: Decimal
    day: date


@dataclass(frozen=True)
class KpiRows:
    """All rows of one KPI, as arrays: days since 1970, segment codes, whole ten-thousandths."""

    day: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int64]
    numerator: Whole
    denominator: Whole
    currency: npt.NDArray[np.int64]
    segments: tuple[Mapping[str, str], ...]
    """What each segment code stands for; every one has rows."""
    currencies: tuple[str | None, ...]
    converted: Mapping[str, Conversion] = field(default_factory=dict)
    """The newest rate that amounts in each other currency were converted at."""

    @cached_property
    def span(self) -> tuple[int, int]:
        return int(self.day.min()), int(self.day.max())

    @cached_property
    def _by_segment(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Row numbers grouped by segment, and where each segment's begin."""
        order = np.argsort(self.segment, kind="stable")
        return order, np.searchsorted(self.segment[order], np.arange(len(self.segments) + 1))

    @cached_property
    def _with(self) -> dict[tuple[str, str], frozenset[int]]:
        """Segment codes by each key and value they contain."""
        found: dict[tuple[str, str], set[int]] = {}
        for code, segment in enumerate(self.segments):
            for pair in segment.items():
                found.setdefault(pair, set()).add(code)
        return {pair: frozenset(codes) for pair, codes in found.items()}

    def values(self, key: str) -> tuple[str, ...]:
        """The values that rows have of one dimension, sorted; an empty cell is none."""
        return self._values.get(key, ())

    @cached_property
    def _values(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for key, value in self._with:
            if value:
                found.setdefault(key, []).append(value)
        return {key: tuple(sorted(values)) for key, values in found.items()}

    def matching(self, wanted: Mapping[str, str]) -> slice | npt.NDArray[np.int64]:
        """The rows whose segment has all of the wanted values, as an index into the arrays."""
        if not wanted:
            return slice(None)
        codes = frozenset.intersection(*(self._with.get(pair, frozenset()) for pair in wanted.items()))
        order, begin = self._by_segment
        parts = [order[begin[code] : begin[code + 1]] for code in sorted(codes)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


class ComponentIndex:
    """Components split by KPI, so that a thousand goals do not each search the whole of them."""

    def __init__(self, rows: Mapping[str, KpiRows]) -> None:
        self._kpis = dict(rows)

    @classmethod
    def of_frame(cls, components: pd.DataFrame) -> ComponentIndex:
        """The index of a frame of compute.daily_components that was stored or put together elsewhere."""
        if not len(components):
            return cls({})
        table = pa.Table.from_pandas(components, preserve_index=False)
        kpi, names = _codes(table.column("kpi"))
        segment, texts = _codes(table.column("segment"))
        currency, currencies = _codes(table.column("currency"))
        day = table.column("day").cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
        numerator, denominator = to_whole(table.column("numerator")), to_whole(table.column("denominator"))
        order = np.argsort(kpi, kind="stable")
        bounds = np.searchsorted(kpi[order], np.arange(len(names) + 1))
        found = {}
        for code, name in enumerate(names):
            rows = order[bounds[code] : bounds[code + 1]]
            if name is not None:
                own, local = np.unique(segment[rows], return_inverse=True)
                found[name] = KpiRows(
                    day[rows], local.astype(np.int64), numerator[rows], denominator[rows], currency[rows],
                    parsed_segments(texts[one] for one in own), tuple(currencies),
                )  # fmt: skip
        return cls(found)

    def rows(self, kpi_id: str) -> KpiRows | None:
        return self._kpis.get(kpi_id)

    def segments(self, kpi_id: str) -> list[Mapping[str, str]]:
        """The distinct segments the KPI has rows in."""
        rows = self.rows(kpi_id)
        return list(rows.segments) if rows else []


def parsed_segments(texts: Iterable[str | None]) -> tuple[Mapping[str, str], ...]:
    return tuple(json.loads(text) if text else {} for text in texts)


def _codes(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str | None]]:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    texts: list[str | None] = [*encoded.dictionary.to_pylist(), None]
    return encoded.indices.fill_null(len(texts) - 1).to_numpy().astype(np.int64), texts


_indexes: dict[int, tuple[weakref.ref[pd.DataFrame], ComponentIndex]] = {}


def component_index(components: pd.DataFrame | ComponentIndex) -> ComponentIndex:
    """The frame's index, made once while the frame lives (a components frame is never changed in place)."""
    if isinstance(components, ComponentIndex):
        return components
    found = _indexes.get(id(components))
    if found is not None and found[0]() is components:
        return found[1]
    return indexed(components, ComponentIndex.of_frame(components))


def indexed(components: pd.DataFrame, index: ComponentIndex) -> ComponentIndex:
    """Remember a frame's index for as long as the frame lives."""
    key = id(components)
    _indexes[key] = (weakref.ref(components, lambda _: _indexes.pop(key, None)), index)
    return index


class KpiSeries:
    """A KPI's components in one segment. `segment` gives the keys that must match exactly; keys it does not
    name are summed over. `components` is the frame of compute.daily_components, or its ComponentIndex.

    first_day, last_day: the KPI's first and last day with a row, in any segment (a person who sold nothing
    yet has zeros, not a missing history); None when there is no row at all. A monthly KPI's history begins
    with the first day of its first month.
    currencies: what the segment's amounts are in; whoever prints money must not add up more than one, nor
    take another than the company's. foreign_since: the first day of each of them.
    converted: the newest rate by which the KPI's amounts in other currencies were turned into the company's.
    """

    def __init__(
        self, kpi: Kpi, components: pd.DataFrame | ComponentIndex, segment: Mapping[str, str] | None = None
    ) -> None:
        self.kpi = kpi
        self.segment = dict(segment or {})
        rows = component_index(components).rows(kpi.id)
        self.first_day: date | None = None
        self.last_day: date | None = None
        self.currencies: frozenset[str] = frozenset()
        self.foreign_since: Mapping[str, date] = {}
        self.converted: Mapping[str, Conversion] = rows.converted if rows is not None else {}
        self._days = 0
        self._start = 0
        self._answers: dict[tuple[date, date], Pooled] = {}
        if rows is not None and len(rows.day):
            self._fill(rows)

    def _fill(self, rows: KpiRows) -> None:
        self._start, last = rows.span
        self._days = last - self._start + 1
        self.first_day, self.last_day = EPOCH + timedelta(self._start), EPOCH + timedelta(last)
        if self.kpi.grain == "month":
            # books without a posting on the 1st still have that month
            self.first_day = month_start(self.first_day)
        kept = rows.matching(self.segment)
        day = rows.day[kept] - self._start
        self.foreign_since = _first_days(rows.day[kept], rows.currency[kept], rows.currencies)
        self.currencies = frozenset(self.foreign_since)
        above, below = rows.numerator[kept], rows.denominator[kept]
        numerator = np.zeros(self._days, dtype=np.int64)
        denominator = np.zeros(self._days, dtype=np.int64)
        np.add.at(numerator, day, above)
        np.add.at(denominator, day, below)
        self._numerator, self._denominator = numerator, denominator
        self._numerator_sums, self._denominator_sums = _running(numerator), _running(denominator)
        # a ratio's row may stand for the denominator alone: customers without a ledger are not for free
        present = day[above != 0] if self.kpi.kind == "ratio" else day
        self._row_sums = _running(np.bincount(present, minlength=self._days).astype(np.int64))

    # --- spans ---------------------------------------------------------------------------------------

    def pooled(self, first: date, last: date) -> Pooled:
        """The KPI over all days from `first` to `last`, both included.

        A monthly KPI is pooled over the whole months inside the span; it never gives a part of a month. No
        figure (value None): an empty span; one that ends before the KPI's history begins; one without any row
        (of a ratio: of its numerator) when empty periods mean missing; a ratio over 0 or over fewer than
        minimum_sample; growth over a base of 0 or less, or one that history does not wholly cover.
        """
        asked = first, last
        if asked not in self._answers:
            self._answers[asked] = self._pooled(first, last)
        return self._answers[asked]

    def parts(self, first: date, last: date) -> tuple[Part, ...]:
        """The sums that pooled(first, last) is made of; none where there is no history for it."""
        pooled = self.pooled(first, last)
        if self.kpi.grain == "month":
            first, last = whole_months(first, last)
        if last < first or self.first_day is None:
            return ()
        if self.kpi.kind == "cumulative":
            first = self._total_since(last, self.first_day)
        found = [
            Part(
                self.kpi, name, measure, _added_days(measure, first, last),
                as_decimal(self._side(first, last, name)),
            )
            for name in _SIDES
            if (measure := self._measure(name)) is not None
        ]  # fmt: skip
        if self.kpi.kind == "growth" and pooled.denominator is not None and self.kpi.numerator is not None:
            base = self._base_days(first, last)
            found.append(Part(self.kpi, "base", self.kpi.numerator, base, pooled.denominator))
        return tuple(found)

    def behind(self, first: date, last: date, offset: str = "", *, monthly: bool = False) -> Behind:
        """What pooled(first, last), or with `offset` earlier(first, last, offset), is made of."""
        sums = self._earlier_parts(first, last, offset, monthly) if offset else self.parts(first, last)
        return Behind(self.kpi, tuple(replace(one, offset=offset) for one in sums), offset=offset)

    def _earlier_parts(self, first: date, last: date, offset: str, monthly: bool) -> tuple[Part, ...]:
        by_day = self.kpi.grain == "day"
        if not self._adds_up_prior_days(offset, monthly):
            before = shifted(first, last, offset, monthly=monthly or not by_day)
            return self.parts(*before) if self._covers(before[0]) else ()
        pooled = self._earlier_flows(first, last)
        if not by_day:
            first, last = whole_months(first, last)
        amounts = {"numerator": pooled.numerator, "denominator": pooled.denominator}
        return tuple(
            Part(self.kpi, name, measure, self._base_days(first, last), amount)
            for name in _SIDES
            if (measure := self._measure(name)) is not None and (amount := amounts[name]) is not None
        )

    def _base_days(self, first: date, last: date) -> Mapping[date, int]:
        if self.kpi.grain == "month":
            return _each(add_months(first, -12), month_end(add_months(last, -12)))
        return Counter(prior_year_day(day) for day in _each(first, last))

    def _pooled(self, first: date, last: date) -> Pooled:
        if self.kpi.grain == "month":
            first, last = whole_months(first, last)
        if self.first_day is None or last < first or last < self.first_day:
            return NOTHING
        if self.kpi.kind == "cumulative":
            first = self._total_since(last, self.first_day)
        if self.kpi.empty == "missing" and not self._between(self._row_sums, first, last):
            return NOTHING
        if self.kpi.kind == "growth":
            return self._growth(first, last)
        numerator = as_decimal(self._side(first, last, "numerator"))
        if self.kpi.denominator is None:
            return Pooled(numerator, numerator)
        return self._ratio(numerator, as_decimal(self._side(first, last, "denominator")))

    def _ratio(self, numerator: Decimal, denominator: Decimal) -> Pooled:
        if not denominator or abs(denominator) < self.kpi.minimum_sample:
            return Pooled(None, numerator, denominator)
        share = numerator / denominator
        return Pooled(1 - share if self.kpi.complement else share, numerator, denominator)

    def _growth(self, first: date, last: date) -> Pooled:
        numerator = as_decimal(self._between(self._numerator_sums, first, last))
        base = self._prior_year_sum(first, last, self.first_day) if self.first_day else None
        if base is None:
            return Pooled(None, numerator)
        if base <= 0:
            return Pooled(None, numerator, base)
        return Pooled(numerator / base - 1, numerator, base)

    def _prior_year_sum(
        self, first: date, last: date, history: date, side: Side = "numerator"
    ) -> Decimal | None:
        """The prior-year counterpart of each day, added up; None when history begins after the first one.

        A day that is the counterpart of two days (after a week 53) counts for both."""
        values, sums = (
            (self._numerator, self._numerator_sums)
            if side == "numerator"
            else (self._denominator, self._denominator_sums)
        )
        if self.kpi.grain == "month":
            start, end = add_months(first, -12), month_end(add_months(last, -12))
            known = start >= month_start(history)
            return as_decimal(self._between(sums, start, end)) if known else None
        counterparts = [_counterpart(day) for day in range((first - EPOCH).days, (last - EPOCH).days + 1)]
        # a base that lacks its first days flatters every later year
        if min(counterparts) < self._start:
            return None
        inside = [day - self._start for day in counterparts if day - self._start < self._days]
        return as_decimal(int(values[inside].sum()))

    def _side(self, first: date, last: date, side: Side) -> int:
        measure = self._measure(side)
        values, sums = (
            (self._numerator, self._numerator_sums)
            if side == "numerator"
            else (self._denominator, self._denominator_sums)
        )
        if measure is None or measure.taken == "flow":
            return self._between(sums, first, last)
        day = ((first if measure.taken == "opening" else last) - EPOCH).days - self._start
        return int(values[day]) if 0 <= day < self._days else 0

    def _measure(self, side: Side) -> Measure | None:
        return self.kpi.numerator if side == "numerator" else self.kpi.denominator

    def _total_since(self, last: date, history: date) -> date:
        """First day that a running total of `last` adds up."""
        if self.kpi.since == "all":
            return history
        year_start = self.kpi.made.year_start if self.kpi.made else 1
        months = (last.month - year_start) % (12 if self.kpi.since == "year" else 3)
        return add_months(month_start(last), -months)

    # --- earlier spans -------------------------------------------------------------------------------

    def earlier(self, first: date, last: date, offset: str, *, monthly: bool = False) -> Pooled:
        """The KPI over the counterpart of a span: `prior_week` (7 days before), `prior_month` (the same days
        of the month before, whole months for whole ones) or `prior_year`.

        A prior year of flows is each day's counterpart by ISO week and weekday, added up as growth does (of a
        monthly KPI, and for one with `monthly`, the same months); of stocks and totals it is the counterpart
        of the span. No figure where history does not cover the counterpart: half a base would flatter.
        """
        by_day = self.kpi.grain == "day"
        if self._adds_up_prior_days(offset, monthly):
            return self._earlier_flows(first, last)
        before = shifted(first, last, offset, monthly=monthly or not by_day)
        return self.pooled(*before) if self._covers(before[0]) else NOTHING

    def _adds_up_prior_days(self, offset: str, monthly: bool) -> bool:
        return offset == "prior_year" and self._is_flow and not (monthly and self.kpi.grain == "day")

    @property
    def _is_flow(self) -> bool:
        sides = [self._measure(side) for side in _SIDES]
        flows = all(one is None or one.taken == "flow" for one in sides)
        return flows and self.kpi.kind in ("simple", "ratio")

    def _earlier_flows(self, first: date, last: date) -> Pooled:
        if self.kpi.grain == "month":
            first, last = whole_months(first, last)
        if self.first_day is None or last < first:
            return NOTHING
        numerator = self._prior_year_sum(first, last, self.first_day)
        if numerator is None:
            return NOTHING
        if self.kpi.empty == "missing" and not self._had_rows(first, last):
            return NOTHING
        if self.kpi.denominator is None:
            return Pooled(numerator, numerator)
        denominator = self._prior_year_sum(first, last, self.first_day, "denominator")
        return self._ratio(numerator, denominator or Decimal(0))

    def _had_rows(self, first: date, last: date) -> bool:
        before = shifted(first, last, "prior_year", monthly=self.kpi.grain == "month")
        return bool(self._between(self._row_sums, *before))

    def _covers(self, day: date) -> bool:
        """Whether history reaches back to the week (of a monthly KPI the month) a day lies in."""
        if self.first_day is None:
            return False
        monthly = self.kpi.grain == "month"
        return day >= (month_start(self.first_day) if monthly else Week.of(self.first_day).monday)

    def _between(self, sums: Whole, first: date, last: date) -> int:
        """Sum of the days from first to last out of running sums; days outside history add nothing."""
        begin = min(max((first - EPOCH).days - self._start, 0), self._days)
        end = min(max((last - EPOCH).days - self._start + 1, begin), self._days)
        return int(sums[end] - sums[begin])

    # --- periods -------------------------------------------------------------------------------------

    def periods(self, first: date, last: date, period: Period) -> list[PeriodRecord]:
        """Every week or month that touches [first, last], oldest first, cut to it.

        Raises ValueError for weeks of a monthly KPI: they do not exist, and are never invented by splitting.
        A month of a monthly KPI that the span cuts has no value.
        """
        if period == "week" and self.kpi.grain == "month":
            raise ValueError(f"{self.kpi.id} exists per month only")
        return [self._record(start, end) for start, end in spans(first, last, period)]

    def _record(self, start: date, end: date) -> PeriodRecord:
        one = self.pooled(start, end)
        return PeriodRecord(
            start, end, one.value, one.numerator, one.denominator, self._prior_year(start, end)
        )

    def _prior_year(self, start: date, end: date) -> Decimal | None:
        """The KPI over the same days of the prior year, if its history covers them: half a period of history
        would make a year's growth out of nothing."""
        first, last = shifted(start, end, "prior_year", monthly=self.kpi.grain == "month")
        return self.pooled(first, last).value if self._covers(first) else None

    def values(self, first: date, last: date, period: Period) -> Floats:
        """Values of the periods as floats for models, nan where there is none. Shape (periods,)."""
        return _floats([one.value for one in self.periods(first, last, period)])

    def counts(self, first: date, last: date, period: Period) -> tuple[Floats, Floats]:
        """Numerators and denominators of the periods as floats for models, nan where there is none."""
        records = self.periods(first, last, period)
        return _floats([one.numerator for one in records]), _floats([one.denominator for one in records])


def spans(first: date, last: date, period: Period) -> list[tuple[date, date]]:
    """Weeks (Monday to Sunday) or calendar months from `first` to `last`, the outer ones cut to them."""
    found = []
    start = first
    while start <= last:
        end = min(Week.of(start).sunday if period == "week" else month_end(start), last)
        found.append((start, end))
        start = end + DAY
    return found


def _added_days(measure: Measure, first: date, last: date) -> Mapping[date, int]:
    """The days whose rows a sum adds up; a stock is that of one day."""
    if measure.taken == "flow":
        return _each(first, last)
    return _each(first, first) if measure.taken == "opening" else _each(last, last)


def _each(first: date, last: date) -> Mapping[date, int]:
    return {first + timedelta(days=number): 1 for number in range((last - first).days + 1)}


def shifted(first: date, last: date, offset: str, *, monthly: bool) -> tuple[date, date]:
    """The counterpart of a span: a week before, the same days of the month before, or of the prior year (by
    ISO week inside a week, by calendar in a longer span or of a monthly KPI)."""
    if offset == "prior_week":
        return first - timedelta(days=7), last - timedelta(days=7)
    if offset == "prior_year" and Week.of(first) == Week.of(last) and not monthly:
        return prior_year_day(first), prior_year_day(last)
    months = -1 if offset == "prior_month" else -12
    before = add_months(last, months)
    return add_months(first, months), month_end(before) if last == month_end(last) else before


def whole_months(first: date, last: date) -> tuple[date, date]:
    """The whole months inside a span; an empty span (last before first) when there is none."""
    start = first if first == month_start(first) else month_end(first) + DAY
    end = last if last == month_end(last) else month_start(last) - DAY
    return start, end


def _first_days(
    day: npt.NDArray[np.int64], currency: npt.NDArray[np.int64], currencies: tuple[str | None, ...]
) -> dict[str, date]:
    """The first day with an amount in each currency."""
    first = np.full(len(currencies) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, currency, day)
    found = zip(currencies, first.tolist(), strict=False)
    none = np.iinfo(np.int64).max
    return {code: EPOCH + timedelta(when) for code, when in found if code is not None and when < none}


@cache
def _counterpart(day: int) -> int:
    return (prior_year_day(EPOCH + timedelta(day)) - EPOCH).days


def _running(values: Whole) -> Whole:
    """Sums of the first 0, 1, 2 ... values, shape (len + 1,)."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values)])


def _floats(values: list[Decimal | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
