"""What a vendor module declares about an export, and nothing that runs.

Here: the shape of a declaration. Not here: any vendor's own columns (vendors/), how cells are read
(cells.py), how rows are checked (validation.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pipeline.errors import Problem
from pipeline.sources.reasons import Reason
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sources.reading import RawTable


Kind = Literal["text", "bool", "date", "money", "decimal", "integer", "duration", "address"]
EPOCH_MS = "epoch-ms"
"""A date format by name: milliseconds since 1970 UTC in 12 or 13 digits, as programs write instants."""
EXCEL, EXCEL_1904 = "excel", "excel-1904"
"""Date formats by name: the number of days that a spreadsheet keeps for a date, 45992 for 1 December 2025.
`excel` counts as the workbook says it does, and from 1900 where nothing says so."""
DurationUnit = Literal["seconds", "minutes", "hours"]


@dataclass(frozen=True)
class Field:
    """One cell of a row: where it is found and how it is read. `name` is the canonical column."""

    name: str
    headers: tuple[str, ...] = ()
    """Accepted headers, best first; compared after folding (headers.fold)."""
    kind: Kind = "text"
    needed: bool = False
    """A file without this column is refused."""
    filled: bool = False
    """A blank cell is a reason for quarantine."""
    constant: str | None = None
    dates: tuple[str, ...] = ()
    """Date formats of this column when they are not the file's."""
    true: tuple[str, ...] | None = None
    false: tuple[str, ...] | None = None
    map: Mapping[str, str] | None = None
    """Cell -> value; a key ending in * matches a beginning. Other values are quarantined."""
    replace: Mapping[str, str] | None = None
    """Cell -> value; other values stay."""
    scale: Decimal | None = None
    unit: DurationUnit | None = None
    parentheses: bool = False
    """(12.00) is -12.00."""
    many: bool = False
    """Columns with the same header are taken together, their cells joined by `;`."""
    day: bool = False
    """Of a date: a calendar day even where the file writes a time beside it; no zone moves it."""


@dataclass(frozen=True)
class Rule:
    """A check of a row against itself. `holds` gives True for a good row (missing counts as good)."""

    column: str
    reason: Reason
    holds: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class LeftOut:
    """Rows that are no records of the fact: left out on purpose, and counted as such. `which` is True for
    these; `note` says how many there were, in a sentence with the field {count}."""

    note: str
    which: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Context:
    """What reading one file needs to know of its surroundings."""

    source_id: str
    file: str
    format: FileFormat
    zone: ZoneInfo
    company_zone: ZoneInfo
    currency: str
    hash_key: bytes
    is_full: bool
    """The file holds everything there is, not only what changed."""
    received_on: date | None = None
    """Company day on which the file was received, for counters that carry no day; None: not known."""


def _unchanged(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    return rows


def _nothing_to_say(rows: pd.DataFrame, context: Context) -> Sequence[Problem]:
    return ()


@dataclass(frozen=True)
class ExportSpec:
    """One export of a system.

    `derive` adds columns to the typed rows (one row a record of the file). `emit` turns accepted rows into
    the rows of each fact; None means that a row is one row of `fact`. A row is accepted whole or not at all.
    """

    name: str
    title: str
    fact: str
    fields: tuple[Field, ...]
    delivers: Literal["full", "changes"]
    format: FileFormat = field(default_factory=FileFormat)
    signature: tuple[str, ...] = ()
    """Headers by which this export is told from others."""
    further_facts: tuple[str, ...] = ()
    row_key: tuple[str, ...] | None = None
    """Canonical columns that identify a row of the file; None: made from the row's content."""
    repeated: Callable[[str], Field | None] | None = None
    """Header that no field claims -> a field for it (a column per deal stage)."""
    excludes_totals: bool = True
    """Rows whose first cell starts with Total, Grand total or Итого are left out and counted."""
    comment: str = ""
    """Lines that start so precede the header; a later one ends the table."""
    title_lines: tuple[tuple[str, ...], ...] = ()
    """Title lines come before the header, which is the first line with every name of one of these groups."""
    ragged: bool = False
    """Rows may end before their last cells: a report made for reading."""
    repeats_headers: bool = False
    """Headers that nobody asked for may stand several times."""
    reshape: Callable[[RawTable, Context], RawTable] | None = None
    """Turns the cells of a report into a table with one record a row, whose headers `fields` name."""
    as_json: ExportSpec | None = None
    """The same export as the system writes it in JSON; taken when a file begins like JSON."""
    left_out: tuple[LeftOut, ...] = ()
    rules: tuple[Rule, ...] = ()
    derive: Callable[[pd.DataFrame, Context], pd.DataFrame] = _unchanged
    emit: Callable[[pd.DataFrame, Context], dict[str, pd.DataFrame]] | None = None
    left_out_without: tuple[str, ...] = ()
    """Fields without which a row is no record yet (a prospect nobody has written to): rows that lack one are
    left out and counted."""
    warn: Callable[[pd.DataFrame, Context], Sequence[Problem]] = _nothing_to_say
    """What a person should know about accepted rows although nothing is wrong with any of them."""
    unverified: str = ""
    """What about this export nobody could verify, for the documentation."""

    @property
    def facts(self) -> tuple[str, ...]:
        return (self.fact, *self.further_facts)


@dataclass(frozen=True)
class Vendor:
    """A system and its exports."""

    system: str
    title: str
    exports: Mapping[str, ExportSpec]
