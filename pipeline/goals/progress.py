"""How far a goal is: progress, gap, pace index, run rate and the rate that is needed.

Here: arithmetic on measured figures. Not here: which days are measured (measure.py), the plan
(trajectory.py), the verdict (status.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.goals.measure import PeriodName, Series, Span, is_whole, whole_periods
from pipeline.periods import DAY
from pipeline.units import Direction, ratio
from pipeline.workspace.model import Inside, Kpi

RECENT = 4
"""Periods the run rate looks back."""
INDEX_FROM = Decimal("0.10")
"""Below this expected share a pace index says nothing."""


def progress_share(actual: Decimal, baseline: Decimal, target: Decimal) -> Decimal | None:
    """(x - B) / (T - B), raw: may be below 0 or above 1. Lower-is-better needs nothing special: churn from
    45 % to 20 %, now 30 %, is 60 % of the way. A cumulative goal has B = 0."""
    return (actual - baseline) / (target - baseline) if target != baseline else None


def pace_index(progress: Decimal, expected: Decimal) -> Decimal | None:
    return progress / expected if expected >= INDEX_FROM else None


def required_rate(
    target: Decimal, actual: Decimal, remaining: Span | None, period: PeriodName
) -> Decimal | None:
    """What each remaining whole-period equivalent has to bring; None when no day remains."""
    if remaining is None:
        return None
    return max(target - actual, Decimal(0)) / whole_periods(remaining, period)


def run_rate(
    kpi: Kpi, series: Series, closed: Sequence[Span], period: PeriodName
) -> tuple[Decimal | None, int]:
    """Mean of the last min(4, k) whole closed periods of the window, and how many they are. A rate is pooled
    over them (sum over sum), never averaged; a partial week is left out."""
    recent = [span for span in closed if is_whole(span, period)][-RECENT:]
    if not recent:
        return None, 0
    if kpi.shape in ("growth", "level"):
        return series.pooled(recent[0].first, recent[-1].last).value, len(recent)
    pooled = [series.pooled(span.first, span.last) for span in recent]
    known = [one for one in pooled if one.value is not None]
    if not known:
        return None, 0
    if kpi.shape == "sum":
        return sum((one.value or Decimal(0) for one in known), Decimal(0)) / len(known), len(known)
    numerator = sum((one.numerator or Decimal(0) for one in known), Decimal(0))
    denominator = sum((one.denominator or Decimal(0) for one in known), Decimal(0))
    share = ratio(numerator, denominator)
    return (1 - share if kpi.complement and share is not None else share), len(known)


def best(values: Sequence[Decimal | None], direction: Direction) -> Decimal | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return max(known) if direction is Direction.UP else min(known)


def remaining_span(last: date, due: date) -> Span | None:
    """Days of the window after the last one counted."""
    return Span(last + DAY, due) if last < due else None


@dataclass(frozen=True)
class InsideCount:
    """A maintain goal's tally."""

    inside: int
    judged: int
    """Closed whole periods with a figure."""
    total: int
    """Whole periods of the window."""
    needed: Decimal
    """Share of periods that has to be inside: 1, or m of n."""

    @property
    def share(self) -> Decimal | None:
        return Decimal(self.inside) / self.judged if self.judged else None

    @property
    def allowed_outside(self) -> int:
        """How many periods of the window may be outside."""
        return int((1 - self.needed) * self.total)

    @property
    def is_lost(self) -> bool:
        return self.judged - self.inside > self.allowed_outside


def inside_count(hits: Sequence[bool], total: int, inside: Inside | None) -> InsideCount:
    needed = Decimal(inside.at_least) / inside.of if inside else Decimal(1)
    return InsideCount(sum(hits), len(hits), total, needed)


def monthly_equivalent(rate: Decimal, months: int = 3) -> Decimal:
    """The monthly rate that compounds to `rate` over some months: 45 % a quarter is 18.1 % a month, not 15 %,
    because each month's leavers leave from what remained."""
    return 1 - (1 - rate) ** (Decimal(1) / months)
