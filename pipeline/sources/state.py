"""What one source delivered, as the rest of the pipeline and the documents need to know it.

Here: the record of an export's reading and of a source's freshness. Not here: how either is found out
(reading.py, ingest.py, freshness.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

Freshness = Literal["fresh", "stale", "refused", "missing"]
CONCERNS = (
    *("W-UNITS", "W-COUNTER", "W-OUTCOME"),
    *("W-VOLUME", "W-GONECOLUMNS", "W-NEWCOLUMNS"),
)
"""Warnings that put figures in doubt, the gravest first; the others are for whoever delivers the export."""


@dataclass(frozen=True)
class Counts:
    """Rows of an export; rows_in == accepted + quarantined + excluded always holds, money likewise."""

    rows_in: int = 0
    accepted: int = 0
    quarantined: int = 0
    excluded: int = 0
    money_in: Decimal = Decimal(0)
    money_accepted: Decimal = Decimal(0)
    money_quarantined: Decimal = Decimal(0)
    money_excluded: Decimal = Decimal(0)

    def plus(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def holds(self) -> bool:
        return (
            self.rows_in == self.accepted + self.quarantined + self.excluded
            and self.money_in == self.money_accepted + self.money_quarantined + self.money_excluded
        )


@dataclass(frozen=True)
class ParsedExport:
    """One landed file after reading and validation.

    `facts` maps a fact's name to its accepted rows (columns of facts.Fact.arrow_schema(), Arrow-backed
    pandas). `quarantine` has one row per rejected row: file, line, reason_code, reason, column, value,
    remedy, row (the cells as JSON). `warnings` are things a person should know that stop nothing (unknown
    columns, a missing final line end).
    """

    facts: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame
    counts: Counts
    warnings: tuple[Problem, ...] = ()
    header: tuple[str, ...] = ()
    """Its headers as written; none when it was fetched, since answers have names of their own."""


@dataclass(frozen=True)
class SourceState:
    """A source as of an edition's cut-off; every document that uses its numbers reads this."""

    source_id: str
    title: dict[str, str]
    freshness: Freshness
    received_at: datetime | None = None
    """When the newest usable export was received (UTC)."""
    last_landed_at: datetime | None = None
    """When the newest export was received, usable or not (UTC)."""
    expected_by: datetime | None = None
    """When the next export has to be there, or the source is stale (UTC); None before the first one."""
    stale_since: datetime | None = None
    """`expected_by` once it has passed without a usable export."""
    data_through: date | None = None
    """Newest event date among its accepted rows."""
    counts: Counts = Counts()
    """Of the newest export."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Why rows of the newest export were quarantined: reason in plain English template -> rows."""
    problem: Problem | None = None
    """Why the source is refused, stale or missing."""
    reconstructed: bool = False
    """Nothing had been received by the cut-off; the earliest export is used instead."""
    facts: tuple[str, ...] = ()
    """Names of the facts it feeds."""
    is_fetched: bool = False
    """It comes by a pull, so nobody has to export it."""
    verification: dict[str, str] = field(default_factory=dict)
    limitations: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    """`warnings`: problems of the newest export, which is used all the same."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(self.details.get("warnings", ()))

    @property
    def usable(self) -> bool:
        return self.freshness == "fresh"

    @property
    def concerns(self) -> tuple[Problem, ...]:
        """What puts the newest figures in doubt although they are used, the gravest first."""
        found = [one for one in self.warnings if one.code in CONCERNS]
        return tuple(sorted(found, key=lambda one: CONCERNS.index(one.code)))
