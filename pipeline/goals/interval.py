"""How far a counted rate could be from what lies behind it: its 95 % interval.

Here: Wilson's interval and which figures have one. Not here: printing it (report/), the chance of a target
(forecast/). E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
"""

from __future__ import annotations

from decimal import Decimal

from pipeline.goals.measure import Reading, has_counts
from pipeline.workspace.model import Kpi

Z = Decimal("1.959963984540054")
"""97.5 % point of the normal distribution."""


def wilson(hits: Decimal, cases: Decimal) -> tuple[Decimal, Decimal]:
    """The 95 % interval of a share, as shares; it lies inside 0 to 1 also for few cases and for none or all
    of them. `cases` above 0, `hits` from 0 to `cases`."""
    share, square = hits / cases, Z * Z
    divisor = 1 + square / cases
    middle = (share + square / (2 * cases)) / divisor
    spread = Z / divisor * (share * (1 - share) / cases + square / (4 * cases * cases)).sqrt()
    return max(middle - spread, Decimal(0)), min(middle + spread, Decimal(1))


def rate_interval(kpi: Kpi, reading: Reading) -> tuple[Decimal, Decimal] | None:
    """The interval of a measured rate of counted cases; None of any other figure, of one without a value (too
    small a sample has none), and of counts of which one is no part of the other (more may enter a stage than
    the one before it)."""
    hits, cases = reading.numerator, reading.denominator
    if not has_counts(kpi) or reading.value is None or hits is None or not cases:
        return None
    if not 0 <= hits <= cases:
        return None
    low, high = wilson(hits, cases)
    return (1 - high, 1 - low) if kpi.complement else (low, high)
