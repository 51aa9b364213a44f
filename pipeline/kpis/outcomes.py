"""What became of a deal, as the CRM's own list of stages tells it.

Here: won, lost or open from the probability of a deal's stage, and the day that goes with it. Not here: what
a stage is called (known.py), words for won and lost where no list says it (sources/vendors/).

A stage of probability 1 is won, of 0 lost, and every other one is open: the CRM itself decides so, whatever
the stage is called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Probabilities = Mapping[tuple[str, str], Decimal]
"""By pipeline and stage, both as people see them."""


def probabilities(stages: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Decimal]:
    """Of the rows of `pipeline_stages` that name one. A stage name that has the same chance in every pipeline
    stands under an empty pipeline too, for deals that name none."""
    found: dict[tuple[str, str], Decimal] = {}
    anywhere: dict[str, set[Decimal]] = {}
    for row in stages:
        if row["probability"] is not None:
            found[row["pipeline"], row["stage"]] = row["probability"]
            anywhere.setdefault(row["stage"], set()).add(row["probability"])
    return {**{("", name): next(iter(of)) for name, of in anywhere.items() if len(of) == 1}, **found}


def with_outcomes(rows: pa.Table, sources: Collection[str], known: Probabilities) -> pa.Table:
    """Deals of these sources with is_won, is_closed and closed_on as their stage says; deals of other sources
    and in other stages as they are. A deal that turns out closed was closed on the day it was expected to."""
    chances = _chances(rows, sources, known)
    told = pc.is_valid(chances)
    won = pc.equal(chances, Decimal(1))
    closed = pc.or_(won, pc.equal(chances, Decimal(0)))
    is_won = pc.if_else(told, won, rows["is_won"])
    is_closed = pc.if_else(told, closed, rows["is_closed"])
    day = pc.coalesce(rows["closed_on"], rows["expected_on"])
    closed_on = pc.if_else(told, pc.if_else(closed, day, pa.scalar(None, pa.date32())), rows["closed_on"])
    for name, column in (("is_won", is_won), ("is_closed", is_closed), ("closed_on", closed_on)):
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), column)
    return rows


def _chances(rows: pa.Table, sources: Collection[str], known: Probabilities) -> pa.Array:
    """The probability of each deal's stage; empty where no list says it."""
    kind = pa.decimal128(18, 4)
    triples = zip(*(rows[name].to_pylist() for name in ("source", "pipeline", "stage")), strict=True)
    chances = [
        known.get((pipeline or "", stage)) if source in sources else None
        for source, pipeline, stage in triples
    ]
    return pa.array(chances, kind)
