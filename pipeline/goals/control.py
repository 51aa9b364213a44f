"""Natural process limits of a series of periods: the XmR chart.

Here: limits, signals and assurance of values that are already measured. Not here: how they are drawn.
Method: Wheeler, Understanding Variation; the assurance reading follows Making Data Count (NHS England).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

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
    values: Sequence[Decimal | None], direction: Direction, target: Decimal | None = None
) -> ControlChart | None:
    """The chart of values (oldest first; missing ones are left out), or None with fewer than 6.

    `target` is given only when it is comparable with a single period's value.
    """
    known = [value for value in values if value is not None]
    if len(known) < FEWEST:
        return None
    lower, mean, upper = limits(known)
    chart = ControlChart(mean, lower, upper, signals(known, lower, mean, upper))
    if target is None:
        return chart
    beyond_good, beyond_bad = (lower > target, upper < target)
    if direction is Direction.DOWN:
        beyond_good, beyond_bad = (upper < target, lower > target)
    assurance = "passes" if beyond_good else "fails" if beyond_bad else "hit_and_miss"
    return ControlChart(mean, lower, upper, chart.signals, assurance)  # type: ignore[arg-type]
