"""Values that a KPI cannot take, whatever happens: below nothing, above the whole.

Here: what follows from a KPI's definition. Not here: what a row may hold (sources/validation.py refuses
others; a test holds the two lists together), nor what a series did (control.py).

Only what the definition makes sure of is a bound. Money may be given back, a derived KPI may subtract, more
replies may come in a week than messages went out: such figures have none on that side.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.workspace.model import Condition, Kpi, Measure

Bounds = tuple[Decimal | None, Decimal | None]
"""Smallest and greatest value; None: nothing bounds that side."""

NOTHING, WHOLE = Decimal(0), Decimal(1)
TIMES = ("hours", "minutes")
"""Columns that are durations, in every fact."""
NEVER_NEGATIVE = frozenset(
    {
        ("signups", "count"),
        ("subscriptions", "mrr"),
        ("tasks", "done_percent"),
        ("pipeline_stages", "probability"),
        *(
            (fact, column)
            for fact in ("campaign_snapshots", "campaign_flows")
            for column in (
                "sent", "delivered", "opens", "clicks", "conversions", "replies", "bounces", "unsubscribes",
                "leads",
            )
        ),
    }
)  # fmt: skip
"""(fact, column) whose rows are refused when they are below 0."""
WON = Condition(column="is_won", equals=(True,))
NEVER_NEGATIVE_WHERE = {("deals", "amount"): WON}
"""Columns of which that holds for the rows that meet a condition."""
FOLLOWS = {("deals", WON): Condition(column="is_closed", equals=(True,))}
"""What every row of a fact that meets a condition meets too."""


def natural_bounds(kpi: Kpi) -> Bounds:
    """What the definition bounds the KPI by, as shares for a percentage.

    A count of rows, a duration and a sum of rows that are never below 0 are not below 0, nor is the quotient
    of two of them, nor their running total. A rate whose numerator adds up some of the very rows of its
    denominator is not above 1; reported as 1 - ratio, the two ends change places. A KPI that turns the sign
    around, subtracts, compares with another year or is an expression has no bound.
    """
    above, below = kpi.numerator, kpi.denominator
    if above is None or kpi.kind in ("growth", "derived") or not _never_negative(above):
        return None, None
    if below is None:
        return NOTHING, None
    if not _never_negative(below):
        return None, None
    whole = WHOLE if _is_part(above, below) else None
    if kpi.complement:
        return None if whole is None else WHOLE - whole, WHOLE - NOTHING
    return NOTHING, whole


def _never_negative(measure: Measure) -> bool:
    if measure.negate:
        return False
    if measure.aggregate == "count" or measure.column in TIMES:
        return True
    summed = (measure.fact, measure.column or "")
    needed = NEVER_NEGATIVE_WHERE.get(summed)
    return summed in NEVER_NEGATIVE or (needed is not None and _meets(measure, needed))


def _is_part(above: Measure, below: Measure) -> bool:
    """Whether the rows of one are among those of the other, placed on the same days and added up alike."""
    same = all(
        getattr(above, key) == getattr(below, key)
        for key in ("fact", "aggregate", "column", "date", "taken", "until")
    )
    return (
        same
        and below.by in (None, above.by)
        and below.followed_by in ((), above.followed_by)
        and all(_meets(above, one) for one in below.where)
    )


def _meets(measure: Measure, needed: Condition) -> bool:
    """Whether every row that the measure counts meets a condition, as far as one of its own says so."""
    own = measure.where
    more = [then for (fact, one), then in FOLLOWS.items() if fact == measure.fact and _said(own, one)]
    return _said((*own, *more), needed)


def _said(own: Sequence[Condition], needed: Condition) -> bool:
    return any(_implies(one, needed) for one in own)


def _implies(one: Condition, needed: Condition) -> bool:
    """An empty cell equals nothing, so a value that is asked for is one that is there."""
    filled = needed.empty is False and bool(one.equals)
    return (
        one.column == needed.column
        and (not needed.equals or (bool(one.equals) and set(one.equals) <= set(needed.equals)))
        and set(needed.not_equals) <= set(one.not_equals)
        and (needed.empty is None or one.empty == needed.empty or filled)
    )
