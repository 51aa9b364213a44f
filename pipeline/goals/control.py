"""Natural process limits of a series of periods: the XmR chart.

Here: limits, signals and assurance of values that are already measured. Not here: which values a KPI can
have at all (bounds.py), how they are drawn.
Method: Wheeler, Understanding Variation; the assurance reading follows Making Data Count (NHS England).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from pipeline.goals.bounds import Bounds
from pipeline.goals.model import ControlChart
from pipeline.units import Direction

LIMIT_FACTOR = Decimal("2.66")
"""3 / 1.128: three sigma from the mean moving range of two points."""
SCREEN_FACTOR = Decimal("3.267")
"""Upper limit of a moving range; larger ones are left out once."""
FEWEST = 6
"""Values below which limits say nothing."""
RUN = 7


def limits(values: Sequence[Decimal], *, screened: bool = True) -> tuple[Decimal, Decimal, Decimal]:
    """(lower, mean, upper) of at least two values."""
    mean = sum(values, Decimal(0)) / len(values)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    average = sum(ranges, Decimal(0)) / len(ranges)
    if screened:
        kept = [one for one in ranges if one <= SCREEN_FACTOR * average]
        average = sum(kept, Decimal(0)) / len(kept)
    reach = LIMIT_FACTOR * average
    return mean - reach, mean, mean + reach


def signals(values: Sequence[Decimal], lower: Decimal, mean: Decimal, upper: Decimal) -> tuple[str, ...]:
    """What the newest value completes: outside, 7 on one side, a trend of 7, 2 of 3 in the outer third."""
    found = []
    newest = values[-1]
    if not lower <= newest <= upper:
        found.append("outside")
    run = values[-RUN:]
    if len(run) == RUN:
        if all(value > mean for value in run) or all(value < mean for value in run):
            found.append("seven_one_side")
        steps = list(pairwise(run))
        if all(a < b for a, b in steps) or all(a > b for a, b in steps):
            found.append("trend")
    if _two_of_three(values[-3:], lower, mean, upper):
        found.append("two_of_three")
    return tuple(found)


def _two_of_three(last: Sequence[Decimal], lower: Decimal, mean: Decimal, upper: Decimal) -> bool:
    if len(last) < 3 or upper == lower:
        return False
    high, low = mean + (upper - mean) * 2 / 3, mean - (mean - lower) * 2 / 3
    above, below = [value > high for value in last], [value < low for value in last]
    return (above[-1] and sum(above) >= 2) or (below[-1] and sum(below) >= 2)


def control_chart(
    values: Sequence[Decimal | None],
    direction: Direction,
    target: Decimal | None = None,
    bounds: Bounds = (None, None),
) -> ControlChart | None:
    """The chart of values (oldest first; missing ones are left out), or None with fewer than 6.

    `target` is given only when it is comparable with a single period's value. A limit beyond one of `bounds`
    is none: no value could be outside of it.
    """
    known = [value for value in values if value is not None]
    if len(known) < FEWEST:
        return None
    lower, mean, upper = limits(known)
    seen = signals(known, lower, mean, upper)
    chart = ControlChart(mean, *_possible(lower, upper, known, bounds), seen)
    return chart if target is None else replace(chart, assurance=_assurance(chart, direction, target))


def _possible(
    lower: Decimal, upper: Decimal, known: Sequence[Decimal], bounds: Bounds
) -> tuple[Decimal | None, Decimal | None]:
    """The limits that a value could be outside of. A bound that a value is beyond was none (a correction may
    book hours back)."""
    least, most = bounds
    impossible_low = least is not None and lower < least <= min(known)
    impossible_high = most is not None and upper > most >= max(known)
    return None if impossible_low else lower, None if impossible_high else upper


def _assurance(
    chart: ControlChart, direction: Direction, target: Decimal
) -> Literal["passes", "hit_and_miss", "fails"]:
    low, high = chart.band
    beyond_good, beyond_bad = (low > target, high < target)
    if direction is Direction.DOWN:
        beyond_good, beyond_bad = (high < target, low > target)
    return "passes" if beyond_good else "fails" if beyond_bad else "hit_and_miss"
