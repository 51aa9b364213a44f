"""Which part of a KPI moved: its values along one dimension, against the equal span before.

Here: the dimension that spreads most and its largest movers. Not here: why they moved (a person knows).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pipeline.goals.book import SeriesBook
from pipeline.goals.measure import Span, measured_span
from pipeline.goals.model import DriverPart, GoalResult
from pipeline.periods import DAY, add_months
from pipeline.workspace.model import Goal, Kpi

MOST_ROWS = 6
MOST_VALUES = 40
"""A dimension with more values than this names rows, not parts."""


def drivers_of(goal: Goal, kpi: Kpi, book: SeriesBook, result: GoalResult) -> tuple[DriverPart, ...]:
    """At most 6 parts of the dimension whose parts moved most unlike each other, largest first. Parts without
    a figure (a rate over too few cases) are none, and a part alone is no breakdown.

    Actual is over the goal's own days (the window so far, or what a level is measured over); change is
    against the span of equal length just before it. Growth has no parts that add up, and none are given.
    """
    if kpi.shape == "growth" or not result.periods_closed:
        return ()
    span = _span(goal, kpi, result)
    found: tuple[DriverPart, ...] = ()
    widest = Decimal(-1)
    segments = book.segments(kpi)
    named = {key for one in segments for key in one}
    for dimension in [*kpi.dimensions, *sorted(named - set(kpi.dimensions))]:
        if dimension in goal.segment:
            continue
        values = {one[dimension] for one in segments if one.get(dimension) and _matches(one, goal.segment)}
        if not 2 <= len(values) <= MOST_VALUES:
            continue
        every = _parts(goal, kpi, book, dimension, sorted(values), span, result.period)
        parts = tuple(one for one in every if one.actual is not None)
        spread = _spread(parts)
        if spread > widest and len(parts) > 1:
            found, widest = parts, spread
    ranked = sorted(found, key=lambda part: (-abs(part.change or Decimal(0)), part.value))
    return tuple(ranked[:MOST_ROWS])


def _matches(segment: object, wanted: dict[str, str]) -> bool:
    return isinstance(segment, dict) and all(segment.get(key) == value for key, value in wanted.items())


def _span(goal: Goal, kpi: Kpi, result: GoalResult) -> Span:
    if result.kind == "cumulative":
        return Span(goal.start, result.data_through)
    return measured_span(goal, kpi, result.data_through)


def preceding(span: Span, period: str) -> Span:
    """The span of equal length that ends the day before; months stay calendar months."""
    if period == "month":
        months = (span.last.year - span.first.year) * 12 + span.last.month - span.first.month + 1
        return Span(add_months(span.first, -months), span.first - DAY)
    return Span(span.first - timedelta(days=span.days), span.first - DAY)


def _parts(
    goal: Goal, kpi: Kpi, book: SeriesBook, dimension: str, values: list[str], span: Span, period: str
) -> tuple[DriverPart, ...]:
    before = preceding(span, period)
    found = []
    for value in values:
        series = book.series(kpi, {**goal.segment, dimension: value})
        now, then = series.pooled(span.first, span.last).value, series.pooled(before.first, before.last).value
        found.append((value, now, now - then if now is not None and then is not None else None))
    total = sum((now for _, now, _ in found if now is not None), Decimal(0))
    additive = kpi.shape == "sum" and total
    return tuple(
        DriverPart(dimension, value, now, now / total if additive and now is not None else None, change)
        for value, now, change in found
    )


def _spread(parts: tuple[DriverPart, ...]) -> Decimal:
    """Range of the changes: 0 when all parts moved alike."""
    changes = [part.change for part in parts if part.change is not None]
    return max(changes) - min(changes) if len(changes) > 1 else Decimal(0)
