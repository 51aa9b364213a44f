"""Editions as table rows: what is kept of a week for anyone who reads the tables rather than the pages.

Here: the frames of `core_kpi__daily` and `core_goal__status` with their keys. Not here: writing them (store/).
No document is made from these tables; an edition is always computed from the facts.
"""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pyarrow as pa

from pipeline.goals.edition import EditionCache, Snapshot
from pipeline.goals.model import Edition, GoalResult

KPI_TABLE, GOAL_TABLE = "core_kpi__daily", "core_goal__status"
KPI_KEYS = ("kpi", "day", "segment", "currency")
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


def kpi_frame(edition: Edition, cache: EditionCache) -> pd.DataFrame:
    """Components as the edition knew them: kpi, day, segment, currency, numerator, denominator."""
    return _snapshot(edition, cache).components


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
