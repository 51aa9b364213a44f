"""Editions as table rows: what is kept of a week for anyone who reads the tables rather than the pages.

Here: the rows of `core_kpi__weekly` and `core_goal__status` with their keys. Not here: writing (store/).
No document is made from these tables; an edition is always computed from the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.goals.edition import EditionCache, Snapshot
from pipeline.goals.model import Edition, GoalResult
from pipeline.kpis.series import Side
from pipeline.workspace.derived import base_kpis
from pipeline.workspace.model import Kpi

KPI_TABLE, GOAL_TABLE = "core_kpi__weekly", "core_goal__status"
KPI_KEYS = ("kpi", "week_start", "segment", "currency")
GOAL_KEYS = ("goal",)
_NUMBER = pa.decimal128(38, 10)

GOAL_SCHEMA = pa.schema(
    [
        ("week", pa.string()),
        ("goal", pa.string()),
        ("kpi", pa.string()),
        ("status", pa.string()),
        ("basis", pa.string()),
        ("actual", _NUMBER),
        ("target", _NUMBER),
        ("progress", _NUMBER),
        ("expected", _NUMBER),
        ("pace_gap", _NUMBER),
        ("required_rate", _NUMBER),
        ("chance", pa.float64()),
        ("reason", pa.string()),
        ("run_id", pa.string()),
    ]
)


def kpi_table(edition: Edition, cache: EditionCache, kpis: Mapping[str, Kpi]) -> pa.Table:
    """KPI weeks as the edition knew them; see weekly_rows."""
    return weekly_rows(_snapshot(edition, cache).components, kpis)


def weekly_rows(components: pd.DataFrame, kpis: Mapping[str, Kpi]) -> pa.Table:
    """Daily components as KPI weeks: kpi, week_start (the Monday), segment (JSON), currency, numerator,
    denominator.

    Flows are sums over the week's days; an opening stock is the one of its Monday, a closing one of its
    Sunday. A rate of several weeks is the sum of the numerators over the sum of the denominators, or over the
    first week's opening stock. A derived KPI has no rows of its own; its operands and measures do.
    """
    daily = pa.Table.from_pandas(components, preserve_index=False)
    since_monday = pc.day_of_week(daily["day"], count_from_zero=True)
    monday = pc.cast(
        pc.subtract(pc.cast(daily["day"], pa.int32()), pc.cast(since_monday, pa.int32())), pa.date32()
    )
    bases = base_kpis(kpis.values())
    weekly = daily.set_column(daily.schema.get_field_index("day"), "week_start", monday)
    for side in ("numerator", "denominator"):
        weekly = _stocks_once(weekly, since_monday, side, bases)
    sums = weekly.group_by(list(KPI_KEYS)).aggregate([("numerator", "sum"), ("denominator", "sum")])
    renamed = sums.rename_columns({"numerator_sum": "numerator", "denominator_sum": "denominator"})
    return renamed.sort_by([(key, "ascending") for key in KPI_KEYS])


def _stocks_once(weekly: pa.Table, since_monday: pa.Array, side: Side, bases: Iterable[Kpi]) -> pa.Table:
    """Stocks of the one day that stands for the week; nothing on the others."""
    for taken, day in (("opening", 0), ("closing", 6)):
        names = [one.id for one in bases if (part := getattr(one, side)) and part.taken == taken]
        if not names:
            continue
        is_stock = pc.is_in(weekly["kpi"], value_set=pa.array(names, pa.string()))
        other_day = pc.and_(is_stock, pc.not_equal(since_monday, day))
        nothing = pa.scalar(Decimal(0), weekly[side].type)
        weekly = weekly.set_column(
            weekly.schema.get_field_index(side), side, pc.if_else(other_day, nothing, weekly[side])
        )
    return weekly


def goal_frame(edition: Edition) -> pd.DataFrame:
    """One row a goal of the edition; the reason is the English sentence's template."""
    rows = [_goal_row(edition, result) for result in edition.results]
    return pa.Table.from_pylist(rows, schema=GOAL_SCHEMA).to_pandas(types_mapper=pd.ArrowDtype)


def _snapshot(edition: Edition, cache: EditionCache) -> Snapshot:
    return cache.snapshots[(edition.week, edition.known, edition.as_of)]


def _goal_row(edition: Edition, result: GoalResult) -> dict[str, object]:
    return {
        "week": str(edition.week),
        "goal": result.goal_id,
        "kpi": result.kpi_id,
        "status": result.status,
        "basis": result.basis,
        "actual": _stored(result.actual),
        "target": _stored(result.target),
        "progress": _stored(result.progress),
        "expected": _stored(result.expected),
        "pace_gap": _stored(result.pace_gap),
        "required_rate": _stored(result.required_rate),
        "chance": result.chance.probability if result.chance else None,
        "reason": result.reason.template,
        "run_id": edition.run_id,
    }


def _stored(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 10)
