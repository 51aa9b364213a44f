"""Where a goal should be by now: linear, seasonal, or through its milestones.

Here: the share of the way the plan asks for at the end of any day of the window. Not here: what was reached
(measure.py) or how the difference is judged (status.py).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.goals.measure import (
    PeriodName,
    Series,
    Span,
    cut,
    effective_kind,
    goal_period,
    prior_year_span,
    resolved,
)
from pipeline.periods import DAY
from pipeline.workspace.model import Goal, Kpi

PlanName = Literal["linear", "seasonal", "milestones", "steps", "none"]
MOST_SEASONS = 5
"""Years of history that shape a seasonal plan at most."""


@dataclass(frozen=True)
class Trajectory:
    """Shares of the way (0 before the first day, usually 1 on the last), joined by straight lines; of steps
    each holds until the day of the next."""

    used: PlanName
    days: tuple[date, ...]
    shares: tuple[Decimal, ...]

    def share(self, day: date) -> Decimal:
        """The share the plan asks for at the end of a day."""
        if day <= self.days[0]:
            return self.shares[0]
        if day >= self.days[-1]:
            return self.shares[-1]
        right = bisect_left(self.days, day)
        left_day, left = self.days[right - 1], self.shares[right - 1]
        if self.used == "steps" and day < self.days[right]:
            return left
        part = Decimal((day - left_day).days) / (self.days[right] - left_day).days
        return left + part * (self.shares[right] - left)

    def value(self, day: date, baseline: Decimal, target: Decimal) -> Decimal:
        """The same in the KPI's unit."""
        return baseline + self.share(day) * (target - baseline)


def trajectory(goal: Goal, kpi: Kpi, series: Series, baseline: Decimal, target: Decimal) -> Trajectory:
    """The plan a goal declares, or the linear one where what it declares cannot be had: a season needs a full
    year of history and a sum to spread, milestones need dates inside the window."""
    found: Trajectory | None = None
    kind = effective_kind(goal)
    if kind == "maintain":
        return Trajectory("none", (goal.start,), (Decimal(1),))
    if kpi.shape == "growth":
        found = _growth(goal, kpi, series)
    elif goal.plan in ("milestones", "steps"):
        found = _milestones(goal, kpi, series, baseline, target)
    elif goal.plan == "seasonal" and kind == "cumulative":
        found = _seasonal(goal, kpi, series)
    return found or linear(goal.start, goal.due)


def linear(start: date, due: date) -> Trajectory:
    return Trajectory("linear", (start - DAY, due), (Decimal(0), Decimal(1)))


def _milestones(
    goal: Goal, kpi: Kpi, series: Series, baseline: Decimal, target: Decimal
) -> Trajectory | None:
    if target == baseline:
        return None
    points: dict[date, Decimal] = {goal.start - DAY: Decimal(0)}
    for milestone in sorted(goal.milestones, key=lambda one: one.date):
        value = resolved(milestone.value, goal, kpi, series)
        if value is not None and goal.start <= milestone.date <= goal.due:
            points[milestone.date] = (value - baseline) / (target - baseline)
    if len(points) == 1:
        return None
    points.setdefault(goal.due, Decimal(1))
    used: PlanName = "steps" if goal.plan == "steps" else "milestones"
    return Trajectory(used, tuple(points), tuple(points.values()))


def _seasonal(goal: Goal, kpi: Kpi, series: Series) -> Trajectory | None:
    """Last years' shape of the same periods, shrunk to flat by years / (years + 1)."""
    period = goal_period(goal, kpi)
    spans = window_spans(goal, kpi)
    flat = [Decimal(span.days) for span in spans]
    total_days = sum(flat, Decimal(0))
    shapes: list[list[Decimal]] = []
    earlier = spans
    for _ in range(MOST_SEASONS):
        earlier = [prior_year_span(span, period) for span in earlier]
        shape = _shape(series, earlier)
        if shape is None:
            break
        shapes.append(shape)
    if not shapes:
        return None
    years = Decimal(len(shapes))
    trust = years / (years + 1)
    weights = [
        trust * sum((shape[i] for shape in shapes), Decimal(0)) / years + (1 - trust) * flat[i] / total_days
        for i in range(len(spans))
    ]
    return _cumulated(goal, spans, weights)


def _shape(series: Series, spans: list[Span]) -> list[Decimal] | None:
    """Each period's share of the season's total; None when the season is not wholly on record."""
    if series.first_day is None or spans[0].first < series.first_day:
        return None
    values = [series.pooled(span.first, span.last).value for span in spans]
    known = [value for value in values if value is not None]
    total = sum(known, Decimal(0))
    if len(known) < len(values) or total <= 0 or min(known) < 0:
        return None
    return [value / total for value in known]


def _growth(goal: Goal, kpi: Kpi, series: Series) -> Trajectory | None:
    """A growth goal is a sum to reach, (1 + g) x last year's; its plan follows last year's own weeks, so that
    being at the target growth to date is exactly being on plan."""
    spans = window_spans(goal, kpi)
    weights = [series.pooled(span.first, span.last).denominator for span in spans]
    known = [weight for weight in weights if weight is not None]
    if len(known) < len(weights) or sum(known) <= 0 or min(known) < 0:
        return None
    return _cumulated(goal, spans, known)


def _cumulated(goal: Goal, spans: list[Span], weights: list[Decimal]) -> Trajectory:
    total = sum(weights, Decimal(0))
    days, shares, running = [goal.start - DAY], [Decimal(0)], Decimal(0)
    for span, weight in zip(spans, weights, strict=True):
        running += weight
        days.append(span.last)
        shares.append(running / total)
    return Trajectory("seasonal", tuple(days), tuple(shares))


def window_spans(goal: Goal, kpi: Kpi) -> list[Span]:
    period: PeriodName = goal_period(goal, kpi)
    return cut(goal.start, goal.due, period)
