"""A derived KPI over time: the figures of its operands over a span, put together by its expression.

Here: that evaluation, with the same questions answered as by any KPI's series. Not here: reading expressions
(workspace/expressions.py), what the names stand for (workspace/derived.py), one KPI's own days (series.py).

Every operand is pooled over the whole span first and combined then: the margin of a quarter is the quarter's
profit over the quarter's revenue, never the mean of weekly margins. An operand without a figure leaves none,
and so does a part over 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Protocol

from pipeline.kpis.series import NOTHING, Conversion, Part, Pooled, whole_months
from pipeline.periods import month_start
from pipeline.workspace.expressions import OFFSETS, Call, Name, Node, Number, combined, names, parts
from pipeline.workspace.model import Kpi, Made


class AnySeries(Protocol):
    """What is asked of a KPI in one segment, whether it has days of its own or is made of others."""

    @property
    def first_day(self) -> date | None: ...
    @property
    def last_day(self) -> date | None: ...
    @property
    def currencies(self) -> frozenset[str]: ...
    @property
    def foreign_since(self) -> Mapping[str, date]: ...
    @property
    def converted(self) -> Mapping[str, Conversion]: ...
    def pooled(self, first: date, last: date) -> Pooled: ...
    def parts(self, first: date, last: date) -> tuple[Part, ...]: ...
    def earlier(self, first: date, last: date, offset: str, *, monthly: bool = False) -> Pooled: ...


class DerivedSeries:
    """A derived KPI in one segment. `operands` has the series of each name of its expression in that segment.

    first_day: the day from which all operands have history; a span is cut to it, so that a longer history of
    one is never divided by a shorter one of another. last_day: the newest day any has a row.
    """

    def __init__(self, kpi: Kpi, made: Made, operands: Mapping[str, AnySeries]) -> None:
        self.kpi = kpi
        self._made = made
        self._operands = operands
        self.first_day, self.last_day = _history(list(operands.values()))
        if self.first_day is not None and kpi.grain == "month":
            self.first_day = month_start(self.first_day)
        self.currencies = frozenset().union(*(one.currencies for one in operands.values()))
        self.converted = _newest(one.converted for one in operands.values())
        self.foreign_since = earliest(one.foreign_since for one in operands.values())
        self._answers: dict[tuple[date, date, str], Pooled] = {}

    def pooled(self, first: date, last: date) -> Pooled:
        """The KPI over all days from `first` to `last`; of a monthly one, over the whole months inside.

        Of the shape ratio with both parts; of the shape sum with itself as the numerator. No figure where an
        operand has none, where a part is divided by 0, and of a ratio over fewer than minimum_sample."""
        return self._remembered(first, last, "")

    def earlier(self, first: date, last: date, offset: str, *, monthly: bool = False) -> Pooled:
        """The same of every operand's earlier span (series.KpiSeries.earlier)."""
        return self._remembered(first, last, offset)

    def parts(self, first: date, last: date) -> tuple[Part, ...]:
        """None: an expression has no rows of its own, its operands have."""
        return ()

    def _remembered(self, first: date, last: date, offset: str) -> Pooled:
        key = first, last, offset
        if key not in self._answers:
            self._answers[key] = self._pooled(first, last, offset)
        return self._answers[key]

    def _pooled(self, first: date, last: date, offset: str) -> Pooled:
        if self.kpi.grain == "month":
            first, last = whole_months(first, last)
        if self.first_day is None or self._made.tree is None:
            return NOTHING
        if not offset:
            first = max(first, self.first_day)
        if last < first:
            return NOTHING
        value = self._value(self._made.tree, first, last, offset)
        if self._made.shape == "sum":
            return Pooled(value, value)
        above, below = self._made.above, self._made.below
        if above is None or below is None:
            return Pooled(value)
        whole = self._value(below, first, last, offset)
        too_few = whole is None or abs(whole) < self.kpi.minimum_sample
        return Pooled(None if too_few else value, self._value(above, first, last, offset), whole)

    def _value(self, node: Node, first: date, last: date, offset: str) -> Decimal | None:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            return self._operand(node, first, last, offset)
        if isinstance(node, Call) and node.function in OFFSETS:
            return self._operand(names(node)[0], first, last, node.function)
        values = [self._value(part, first, last, offset) for part in parts(node)]
        known = [value for value in values if value is not None]
        return combined(node, known) if len(known) == len(values) else None

    def _operand(self, name: Name, first: date, last: date, offset: str) -> Decimal | None:
        series = self._operands[name.text]
        if not offset:
            return series.pooled(first, last).value
        return series.earlier(first, last, offset, monthly=self.kpi.grain == "month").value


def earliest(found: Iterable[Mapping[str, date]]) -> dict[str, date]:
    """Of several days per currency, the first of each."""
    days: dict[str, date] = {}
    for one in found:
        for code, day in one.items():
            days[code] = min(day, days.get(code, day))
    return days


def _newest(found: Iterable[Mapping[str, Conversion]]) -> dict[str, Conversion]:
    rates: dict[str, Conversion] = {}
    for one in found:
        for code, rate in one.items():
            rates[code] = max(rate, rates.get(code, rate), key=lambda used: used.day)
    return rates


def _history(operands: list[AnySeries]) -> tuple[date | None, date | None]:
    firsts = [one.first_day for one in operands]
    lasts = [one.last_day for one in operands if one.last_day is not None]
    known = [day for day in firsts if day is not None]
    return (max(known) if len(known) == len(firsts) else None), (max(lasts) if lasts else None)
