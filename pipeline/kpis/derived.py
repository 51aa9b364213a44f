"""A derived KPI over time: the figures of its operands over a span, put together by its expression.

Here: that evaluation, with the same questions answered as by any KPI's series. Not here: reading expressions
(workspace/expressions.py), what the names stand for (workspace/derived.py), one KPI's own days (series.py).

Every operand is pooled over the whole span first and combined then: the margin of a quarter is the quarter's
profit over the quarter's revenue, never the mean of weekly margins. An operand without a figure leaves none,
and so does a part over 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Protocol

from pipeline.kpis.series import NOTHING, Behind, Conversion, Pooled, whole_months
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
    def behind(self, first: date, last: date, offset: str = "", *, monthly: bool = False) -> Behind: ...
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

    def behind(self, first: date, last: date, offset: str = "", *, monthly: bool = False) -> Behind:
        """What the operands are made of: an expression has no rows of its own."""
        first, last = self._span(first, last, offset)
        if self.first_day is None or self._made.tree is None or last < first:
            return Behind(self.kpi, offset=offset)
        of_months = self.kpi.grain == "month"
        operands = {
            (name, back): self._operands[name].behind(first, last, back, monthly=of_months)
            for name, back in read_names(self._made.tree, offset)
        }
        return Behind(self.kpi, operands=operands, offset=offset)

    def _remembered(self, first: date, last: date, offset: str) -> Pooled:
        key = first, last, offset
        if key not in self._answers:
            self._answers[key] = self._pooled(first, last, offset)
        return self._answers[key]

    def _pooled(self, first: date, last: date, offset: str) -> Pooled:
        first, last = self._span(first, last, offset)
        if self.first_day is None or self._made.tree is None or last < first:
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

    def _span(self, first: date, last: date, offset: str) -> tuple[date, date]:
        """The days that are read of the operands; none (last before first) where there are none to read."""
        if self.kpi.grain == "month":
            first, last = whole_months(first, last)
        if self.first_day is not None and not offset:
            first = max(first, self.first_day)
        return first, last

    def _value(self, node: Node, first: date, last: date, offset: str) -> Decimal | None:
        return recombined(node, offset, lambda name, back: self._operand(name, first, last, back))

    def _operand(self, name: str, first: date, last: date, offset: str) -> Decimal | None:
        series = self._operands[name]
        if not offset:
            return series.pooled(first, last).value
        return series.earlier(first, last, offset, monthly=self.kpi.grain == "month").value


def read_names(node: Node, offset: str = "") -> Iterator[tuple[str, str]]:
    """Every name of an expression that is itself read `offset` back, with how far back the name is read."""
    if isinstance(node, Name):
        yield node.text, offset
    elif isinstance(node, Call) and node.function in OFFSETS:
        yield names(node)[0].text, node.function
    else:
        for part in parts(node):
            yield from read_names(part, offset)


def recombined(node: Node, offset: str, figure: Callable[[str, str], Decimal | None]) -> Decimal | None:
    """An expression over figures of its names; `figure` gives that of a name and how far back it is read."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return figure(node.text, offset)
    if isinstance(node, Call) and node.function in OFFSETS:
        return figure(names(node)[0].text, node.function)
    values = [recombined(part, offset, figure) for part in parts(node)]
    known = [value for value in values if value is not None]
    return combined(node, known) if len(known) == len(values) else None


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
