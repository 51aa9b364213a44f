"""A file nobody has described: how it is written, what its columns hold, which known export it is.

Here: evidence about one file and its columns. Not here: the guesses about texts (guess.py), which fact and
which canonical columns it could be (roles.py), the mapping proposed from that (propose.py).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import FileRefused
from pipeline.sources import cells, guess
from pipeline.sources.headers import fold
from pipeline.sources.jsonfile import read_json
from pipeline.sources.parquet import read_parquet
from pipeline.sources.reading import RawTable, looks_like_json, read_csv
from pipeline.sources.recognise import Recognised, recognised
from pipeline.sources.vendor import EXCEL
from pipeline.sources.xlsx import read_xlsx
from pipeline.workbooks import sheet_names
from pipeline.workspace.model import FileFormat

DERIVABLE = ("account_class",)
"""Needed columns that an export may lack because another of its columns tells: an account's class."""
FEWEST_KNOWN = 3
"""Columns that a known export must have found at least."""
DAY_WORDS = (
    *("at", "on", "begin", "begun", "closed", "created", "deadline", "due", "end", "ended", "finish", "paid"),
    *(
        "posted",
        "registered",
        "start",
        "started",
        "закрыта",
        "начало",
        "окончание",
        "создан",
        "создана",
        "срок",
    ),
)
"""Words of a header under which a day may stand."""
MOST_TITLES = 20
"""Lines above a header that are passed over at most."""


@dataclass(frozen=True)
class ColumnLook:
    """One column: its values and what all of them could be."""

    name: str
    values: tuple[str, ...]
    """Different cells that are not blank, in the order of the file."""
    filled: int
    rows: int
    dates: tuple[str, ...]
    """Every format by which all values are days, best first."""
    numbers: tuple[guess.Marks, ...]
    """A pair of marks for each way to read all values as numbers."""
    typical: tuple[str, ...] = ()
    """The values that `dates` and `numbers` speak of: all, or all but a few that are nothing of the kind."""

    @property
    def is_unique(self) -> bool:
        return self.filled == self.rows == len(self.values) > 0

    @property
    def has_blanks(self) -> bool:
        return self.filled < self.rows

    @property
    def is_yes_no(self) -> bool:
        folded = {value.casefold() for value in self.values}
        return bool(folded) and folded <= {*cells.YES, *cells.NO} and bool(folded - {"0", "1"})

    @property
    def kind(self) -> str:
        """date, number, flag or text: the most special thing that every value is."""
        if self.dates:
            return "date"
        if self.numbers:
            return "number"
        return "flag" if self.is_yes_no else "text"


@dataclass(frozen=True)
class FileLook:
    """One file as it most likely is written."""

    name: str
    format: FileFormat
    table: RawTable
    columns: tuple[ColumnLook, ...]
    is_open_ended: bool = False
    """The last line has no line end, although it has every cell."""
    others: tuple[str, ...] = ()
    """Of a JSON document with several lists of records: the places of those this one was preferred to."""

    @property
    def header(self) -> tuple[str, ...]:
        return self.table.header

    def column(self, name: str) -> ColumnLook | None:
        return next((one for one in self.columns if one.name == name), None)


def look_at(data: bytes, name: str) -> FileLook:
    """How a file is written and what its columns hold. Raises FileRefused when it is nothing to be read."""
    return _look(name, *_read(data, name))


def looks_at(data: bytes, name: str) -> list[FileLook]:
    """As `look_at`, for every list of records of a JSON document that has several. Raises FileRefused."""
    try:
        return [look_at(data, name)]
    except FileRefused as refusal:
        about = refusal.problems[0].params
        places = str(about.get("lists", "-")).split(", ") if looks_like_json(data) else []
        found = [look for place in places if (look := _look_in(data, name, place)) is not None]
        if not found:
            raise
        return found


def _look_in(data: bytes, name: str, place: str) -> FileLook | None:
    """The list at one place of a JSON document; None when it holds no records."""
    encoding = guess.likely_encoding(data) or "utf-8"
    format = FileFormat(kind="json", encoding=encoding, records=place)  # type: ignore[arg-type]
    try:
        table = read_json(data, format, name)
    except FileRefused:
        return None
    return _look(name, format, table) if table.rows else None


def _look(name: str, format: FileFormat, table: RawTable) -> FileLook:
    columns = tuple(
        _column(header or f"column {number}", table.columns[number - 1], table)
        for number, header in enumerate(table.header, 1)
    )
    return FileLook(name, format, table, columns, table.cut_row is not None)


def _read(data: bytes, name: str) -> tuple[FileFormat, RawTable]:
    if data[:4] == b"PAR1":
        format = FileFormat(kind="parquet")
        return format, read_parquet(data, format, name)
    if data[:4] == b"PK\x03\x04" and _is_workbook(data):
        format = FileFormat(kind="xlsx", sheet=_first_sheet(data))
        return _with_titles(format, lambda one: read_xlsx(data, one, name))
    if looks_like_json(data):
        return _read_json(data, name)
    encoding = guess.likely_encoding(data) or "utf-8"
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")
    delimiter = guess.likely_delimiter(text.splitlines()[: guess.SAMPLE_LINES])
    format = FileFormat(encoding=encoding, delimiter=delimiter)  # type: ignore[arg-type]
    return _with_titles(format, lambda one: read_csv(data, one, name))


def _read_json(data: bytes, name: str) -> tuple[FileFormat, RawTable]:
    """A list of records, the only list inside a document, or a record a line."""
    format = FileFormat(kind="json", encoding=guess.likely_encoding(data) or "utf-8")  # type: ignore[arg-type]
    try:
        return format, read_json(data, format, name)
    except FileRefused as refusal:
        about = refusal.problems[0].params
        if about.get("actual") == "ndjson":
            format = format.model_copy(update={"kind": "ndjson"})
        elif about.get("lists") and about["lists"] == about["likely"]:
            format = format.model_copy(update={"records": about["likely"]})
        else:
            raise
    return format, read_json(data, format, name)


def _is_workbook(data: bytes) -> bool:
    try:
        return "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return False


def _first_sheet(data: bytes) -> str | None:
    """The sheet that is read when there is more than one to choose from."""
    visible = [name for name, is_shown in sheet_names(zipfile.ZipFile(io.BytesIO(data))) if is_shown]
    return visible[0] if len(visible) > 1 else None


def _with_titles(format: FileFormat, read: Callable[[FileFormat], RawTable]) -> tuple[FileFormat, RawTable]:
    """The table below the first line that looks like a header: at least half of its cells are filled, and the
    rows below have as many."""
    first: FileRefused | None = None
    for skipped in range(MOST_TITLES):
        one = format.model_copy(update={"skip_rows": skipped})
        try:
            table = read(one)
        except FileRefused as refusal:
            first = first or refusal
            continue
        if first is not None and any(guess.date_formats([cell]) for cell in table.header if cell):
            break  # a row below a header that could not be read
        filled = sum(bool(cell) for cell in table.header)
        if filled * 2 >= len(table.header) and (filled > 1 or not table.broken):
            return one, table
    if first is not None:
        raise first
    return format, read(format)


def _column(name: str, column: pa.Array, table: RawTable) -> ColumnLook:
    rows = table.rows
    text = cells.trimmed(column)
    values = [str(value) for value in pc.drop_null(pc.unique(text)).to_pylist()]
    typical = values
    dates, numbers = _kinds(name, values, table)
    if not dates and not numbers and _has_figures(values):
        typical = guess.mostly_dates(values) or guess.mostly_amounts(values)
        dates, numbers = _kinds(name, typical, table)
    return ColumnLook(
        name, tuple(values), rows - text.null_count, rows, dates, numbers, tuple(typical or values)
    )


def _kinds(
    name: str, values: Sequence[str], table: RawTable
) -> tuple[tuple[str, ...], tuple[guess.Marks, ...]]:
    """Every format by which all the values are days, and every pair of marks by which they are numbers."""
    numbers = tuple(guess.number_readings(values))
    dates = tuple(guess.date_formats(values)) if _may_be_dates(values) else ()
    if numbers and not _says_date(name):
        dates = ()
    if not dates and _may_be_serials(name, values, table):
        dates = (EXCEL,)
    return dates, numbers


def _may_be_dates(values: Sequence[str]) -> bool:
    return bool(values) and all(
        len(value) <= 40 and any(ch.isdigit() for ch in value) for value in values[:50]
    )


def _has_figures(values: Sequence[str]) -> bool:
    """Whether enough of the values have a digit for the column to be one of days or numbers."""
    probe = values[: guess.SAMPLE_LINES]
    found = sum(any(ch.isdigit() for ch in value) for value in probe)
    return bool(probe) and found >= guess.NEARLY_ALL * len(probe)


def _may_be_serials(name: str, values: Sequence[str], table: RawTable) -> bool:
    """Whether numbers, with dates among them in a workbook, may be the days a spreadsheet counts."""
    text = fold(name).replace("_", " ")
    if not (_says_date(name) or any(word in text.split() for word in DAY_WORDS)):
        return False
    return guess.may_be_serials(
        [value for value in values if not (table.iso_dates and guess.dates_read([value], cells.ISO))]
    )


def _says_date(name: str) -> bool:
    return any(word in fold(name) for word in ("date", "day", "дата", "день"))


# --- known exports -----------------------------------------------------------------------------------


def known_exports(header: Sequence[str]) -> tuple[Recognised, ...]:
    """Known exports whose needed columns are all in the header, whatever its language, the best fit first. Of
    so few columns that they prove nothing none is taken for known."""
    return tuple(one for one in recognised(header, DERIVABLE) if one.claimed >= FEWEST_KNOWN)


def read_file(path: Path) -> FileLook | None:
    """What is in a file beside another one; None when it is no table."""
    try:
        return look_at(path.read_bytes(), path.name)
    except (FileRefused, OSError):
        return None
