"""From landed bytes to text cells with their physical lines. Nothing is guessed and nothing is typed here.

Here: magic bytes, strict decoding, delimiter, quotes, field counts, line numbers. Not here: what a column
means (headers.py), what a cell is worth (cells.py), workbooks (xlsx.py), Parquet (parquet.py).
A file that is not what it is declared to be is refused whole; a broken row is set aside with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
import pyarrow as pa

from pipeline.errors import FileRefused, Problem, shown
from pipeline.sources.guess import DELIMITERS, likely_encoding
from pipeline.sources.headers import skeleton
from pipeline.sources.hints import script_warning
from pipeline.sources.reasons import LONG, QUOTE, SHORT, TRUNCATED, Reason
from pipeline.workspace.model import FileFormat

CHUNK_ROWS = 50_000
TITLE_LINES = 25
"""Records above a header that is looked for, at most."""
MAX_COLUMNS = 4_000
MAX_UNPACKED = 2**30
JSON_KINDS = ("json", "ndjson")
_PLACES = Decimal(1).scaleb(-18)
_HINT = re.compile(r"^\ufeff?sep=(.)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class BrokenRow:
    """A record that could not be laid out in columns."""

    line: int
    reason: Reason
    cells: tuple[str, ...]
    whole: bool = False
    """The one cell is the text of the line, which could not be cut into cells."""


@dataclass(frozen=True)
class RawTable:
    """Text cells by position. `lines[i]` is where row i begins; `broken` rows are not among them."""

    header: tuple[str, ...]
    header_line: int
    columns: tuple[pa.Array, ...]
    lines: np.ndarray
    broken: tuple[BrokenRow, ...] = ()
    skipped: int = 0
    """Records of another table further down the file: counted, left out."""
    warnings: tuple[Problem, ...] = ()
    cut_row: int | None = None
    """Number of a last row that has every field but no line end; its last cell may be cut."""
    iso_dates: bool = False
    """Dates were typed in the file itself and stand here in ISO form."""
    symbols: Mapping[tuple[int, str], list[int]] = field(default_factory=dict)
    """(column, currency symbol or code) -> rows whose number the workbook shows in that currency."""
    is_1904: bool = False
    """The workbook counts its days from 1904."""
    flagged: tuple[tuple[int, int, Reason], ...] = ()
    """(row, column, reason) of cells the file itself marks as unusable."""
    titles: tuple[tuple[str, ...], ...] = ()
    """Records above the header, where an export has title lines."""
    removed: tuple[int, ...] = ()
    """Rows that the system names as deleted: they say that their keys count no longer."""
    left_out: tuple[tuple[int, str], ...] = ()
    """(row, why) of rows that are no rows of the export, in the system's own terms."""

    @property
    def rows(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class Layout:
    """Where an export's table lies in its file, when that is not a header line and rows below it."""

    comment: str = ""
    """Lines that start so precede the header; a later one ends the table."""
    headers: tuple[tuple[str, ...], ...] = ()
    """Title lines come first: the header is the first record that has every name of one of these groups."""
    ragged: bool = False
    """Rows may end before their last cells, and after further blank ones."""

    def is_header(self, cells: Sequence[str]) -> bool:
        names = {skeleton(cell) for cell in cells}
        return not self.headers or any({skeleton(name) for name in group} <= names for group in self.headers)


PLAIN = Layout()


def read_csv(data: bytes, format: FileFormat, name: str, layout: Layout = PLAIN) -> RawTable:
    """Cells of a delimited text file. Raises FileRefused: E-EMPTY, E-HTML, E-JSON, E-BYTES, E-ENCODING,
    E-DELIMITER, E-HEADER, E-FIELDS, E-CSV, E-LIMIT."""
    data = unpacked(data, name, (".csv", ".txt", ".tsv"))
    check_magic(data, name)
    encoding = checked_encoding(data, format.encoding, name)

    def reopened() -> Iterator[str]:
        return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")

    table = _Reader(reopened, format, name, layout, _is_ended(data, encoding)).table()
    doubts = script_warning(data, format.encoding, name)
    return replace(table, warnings=(*doubts, *table.warnings)) if doubts else table


def refused(code: str, message: str, remedy: str, name: str, **extra: object) -> FileRefused:
    """A FileRefused with one problem; `extra` goes to the problem's place or, when unknown there, its
    params."""
    place = {key: extra.pop(key) for key in ("line", "column", "value", "expected") if key in extra}
    return FileRefused(Problem(code, message, remedy, file=name, params=extra, **place))  # type: ignore[arg-type]


def refused_width(count: int, name: str, line: int | None = None) -> FileRefused:
    """E-LIMIT for a table with more columns than are read."""
    return refused(
        "E-LIMIT",
        "The header has {count} columns; at most {limit} are read.",
        "Export fewer columns.",
        name,
        line=line,
        count=count,
        limit=MAX_COLUMNS,
    )


def refused_length(name: str, line: int) -> FileRefused:
    """E-LIMIT for a cell with more text than is read."""
    return refused(
        "E-LIMIT",
        "A cell is longer than {limit} characters.",
        "Export without that column.",
        name,
        line=line,
        limit=csv.field_size_limit(),
    )


def refused_header(layout: Layout, first: Sequence[str], name: str) -> FileRefused:
    """E-HEADER for a file none of whose first records is the header that was looked for."""
    return refused(
        "E-HEADER",
        "None of the first {count} lines is the header with {wanted}. The file begins with: {found}.",
        "Export it again with these columns, or check that the file belongs to this source.",
        name,
        line=1,
        count=TITLE_LINES,
        wanted=", ".join(f'"{one}"' for one in layout.headers[0]),
        found=shown(", ".join(cell for cell in first if cell.strip()) or "-", 120),
    )


def number_text(number: float) -> str:
    """Shortest exact digits of a number from a typed file, without exponent; 18 places at most."""
    if not math.isfinite(number):
        return repr(float(number))
    exact = Decimal(number) if isinstance(number, int) else Decimal(repr(float(number)))
    if exact == exact.to_integral_value():
        return format(exact.to_integral_value(), "f") if exact else "0"
    return format(exact.quantize(_PLACES) if exact.as_tuple().exponent < -18 else exact, "f")  # type: ignore[operator]


def check_magic(data: bytes, name: str, kind: str = "csv") -> None:
    """Refuses what is plainly something else than the declared kind: a sign-in page, an error message, a
    workbook, nothing at all."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head and not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise refused("E-EMPTY", "The file is empty.", "Export it again.", name)
    if head[:4] == b"\xd0\xcf\x11\xe0":
        raise refused(
            "E-PASSWORD",
            "The file is a workbook with a password or of an old Excel version.",
            "Save it as .xlsx or CSV without a password.",
            name,
        )
    lower = head[:200].lower()
    if lower.startswith(_PAGES):
        raise refused(
            "E-HTML",
            "The file is a web page, not an export; it looks like a sign-in page.",
            "Sign in to the system and download the export again.",
            name,
            line=1,
        )
    if kind not in JSON_KINDS and looks_like_json(head):
        raise refused(
            "E-JSON",
            "The file holds JSON, probably an error message: {start}",
            "Download the export again; read the message for the cause.",
            name,
            line=1,
            start=shown(head[:120].decode("utf-8", "replace")),
        )
    if head[:4] == b"%PDF":
        raise refused(
            "E-MAGIC", "The file is a PDF document, made for reading: it has no rows.", AS_TABLE, name
        )
    if head[:2] == b"\x1f\x8b":
        raise refused("E-MAGIC", "The file is compressed (gzip).", "Unpack it and drop what is in it.", name)
    actual = {b"PK\x03\x04": "xlsx", b"PAR1": "parquet"}.get(head[:4])
    if actual == "xlsx":
        _refuse_other_archives(data, name)
    if actual and actual != kind:
        raise refused(
            "E-MAGIC",
            "The file is declared as {declared}, but it is {actual}.",
            "Declare format: {{kind: {actual}}} for the source, or export it as {declared}.",
            name,
            declared=kind,
            actual=actual,
        )


_PAGES = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--", b"<table", b"<body", b"<meta", b"<style")
AS_TABLE = "Export the same as CSV or as a workbook (.xlsx)."
_ARCHIVES = (
    (".iwa", "The file is a spreadsheet of Numbers."),
    ("content.xml", "The file is a spreadsheet of LibreOffice (.ods)."),
    ("word/document.xml", "The file is a Word document."),
    ("ppt/presentation.xml", "The file is a presentation."),
    ("xl/workbook.bin", "The file is a binary workbook (.xlsb)."),
)
"""What a member of an archive shows its file to be."""


def _refuse_other_archives(data: bytes, name: str) -> None:
    """Refuses a ZIP archive that is no workbook: another program's document, or several files."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # damaged: said where it is opened
    if any(one.startswith("xl/") and not one.endswith(".bin") for one in names):
        return
    for ending, what in _ARCHIVES:
        if any(one.endswith(ending) for one in names):
            raise refused("E-MAGIC", what, AS_TABLE, name)
    raise refused(
        "E-MAGIC",
        "The file is an archive of {count} files: {names}.",
        "Unpack it and give each export on its own.",
        name,
        count=len(names),
        names=shown(", ".join(names[:5]) + (", …" if len(names) > 5 else ""), 160) or "-",
    )


def looks_like_json(data: bytes) -> bool:
    """Whether the first bytes are those of a JSON object, or of a list of objects."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head[:1] == b"{" or (head[:1] == b"[" and head[1:].lstrip()[:1] in (b"{", b"]"))


def unpacked(data: bytes, name: str, endings: tuple[str, ...]) -> bytes:
    """The one file inside a ZIP archive (large exports arrive so) when its name has one of these endings;
    other bytes as they are."""
    if data[:4] != b"PK\x03\x04":
        return data
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return data
    members = [info for info in archive.infolist() if info.filename.lower().endswith(endings)]
    if len(members) != 1 or len(archive.infolist()) != 1:
        return data
    check_unpacked_size(members, len(data), name)
    try:
        return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError) as error:
        raise refused(
            "E-ZIP",
            "The archive cannot be unpacked: {cause}",
            "Download the export again, without a password.",
            name,
            cause=shown(error, 200),
        ) from None


def check_unpacked_size(members: Sequence[zipfile.ZipInfo], packed: int, name: str) -> None:
    """Refuses an archive that would unpack to far more than it is (E-LIMIT), before unpacking it."""
    size = sum(info.file_size for info in members)
    if size > MAX_UNPACKED or (size > 64 * 2**20 and size > 200 * packed):
        raise refused(
            "E-LIMIT",
            "The file would unpack to {size} MB from {packed} MB.",
            "Export fewer rows at a time.",
            name,
            size=size // 2**20,
            packed=max(packed // 2**20, 1),
        )


# --- encoding ----------------------------------------------------------------------------------------


def checked_encoding(data: bytes, declared: str, name: str) -> str:
    """Python's codec for the declared encoding, after every byte has been held against it."""
    codec = _codec(data, declared)
    unmarked = b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff")
    if declared != "utf-16" and unmarked and likely_encoding(data) != "utf-16":
        raise _nul(data, data.index(b"\0"), name)
    failure = _first_failure(data, codec)
    if failure is not None and _is_cut_character(data, codec, failure):
        raise refused(
            "E-TRUNCATED",
            "The file ends in the middle of a character: it has been cut.",
            "Export the file again.",
            name,
            line=_decoded_lines(data[:failure], codec),
            offset=failure,
        )
    if failure is None:
        likely = _contradiction(data, declared)
        if likely is None:
            _refuse_wide_nul(data, codec, name)
            return codec
        failure = 0
        message = "The file is declared as {declared}, but its bytes are {likely}."
    else:
        likely = likely_encoding(data, declared)
        message = "Byte {offset} cannot be {declared} text."
    remedy = (
        "Declare format: {{encoding: {likely}}} for the source."
        if likely
        else "Save the file again as {declared}, or declare its encoding."
    )
    line = data.count(b"\n", 0, failure) + 1
    raise refused(
        "E-ENCODING",
        message,
        remedy,
        name,
        line=line,
        value=shown(repr(data[failure : failure + 8])),
        declared=declared,
        likely=likely,
        offset=failure,
    )


def _is_cut_character(data: bytes, codec: str, failure: int) -> bool:
    """Whether only the last character is incomplete, and more bytes would complete it."""
    wide = codec.startswith("utf-16")
    if not (wide or codec.startswith("utf-8")) or len(data) - failure > 3:
        return False
    decoder = codecs.getincrementaldecoder("utf-8" if not wide else codec)("strict")
    try:
        decoder.decode(data[failure:] if not wide else data)
    except UnicodeError:
        return False
    return True


def _decoded_lines(data: bytes, codec: str) -> int:
    return data.decode(codec, "ignore").count("\n") + 1


def _codec(data: bytes, declared: str) -> str:
    if declared == "utf-8":
        return "utf-8-sig"
    if declared == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    return declared


def _contradiction(data: bytes, declared: str) -> str | None:
    """Single-byte encodings decode nearly anything: text that is not ASCII and still whole UTF-8 is UTF-8."""
    if declared != "utf-16" and b"\0" in data:
        return "utf-16"
    if declared == "utf-8":
        return None
    if declared == "utf-16":
        clean = data[:2] not in (b"\xff\xfe", b"\xfe\xff") and b"\0" not in data
        return "utf-8" if clean and _first_failure(data, "utf-8") is None else None
    return "utf-8" if not data.isascii() and _first_failure(data, "utf-8") is None else None


def _first_failure(data: bytes, codec: str) -> int | None:
    """Offset of the first byte that does not decode; read in pieces, so that no second copy is held."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    step = 1 << 20
    for start in range(0, len(data), step):
        pending = decoder.getstate()[0]
        try:
            decoder.decode(data[start : start + step], final=start + step >= len(data))
        except UnicodeDecodeError as error:
            return max(start - len(pending), 0) + error.start
        except UnicodeError:
            return start
    return None


def _refuse_wide_nul(data: bytes, codec: str, name: str) -> None:
    """In UTF-16 every other byte may be 0; a NUL is a character of its own there."""
    if codec.startswith("utf-16"):
        text = data.decode(codec)
        if "\0" in text:
            at = text.index("\0")
            offset = len(text[:at].encode("utf-16-le")) + 2 * (codec == "utf-16")
            raise _nul(data, offset, name, text.count("\n", 0, at) + 1)


def _nul(data: bytes, offset: int, name: str, line: int | None = None) -> FileRefused:
    return refused(
        "E-BYTES",
        "Byte {offset} is NUL, which no text has.",
        "Export the file again; it is damaged.",
        name,
        line=line or data.count(b"\n", 0, offset) + 1,
        offset=offset,
    )


def _is_ended(data: bytes, codec: str) -> bool:
    """Whether the last row is closed: by a line end, or by the quote of its last cell."""
    tail = data[-2:].replace(b"\0", b"") if codec.startswith("utf-16") else data[-1:]
    return tail.endswith((b"\n", b"\r", b'"'))


# --- records -----------------------------------------------------------------------------------------


class _Reader:
    """One pass over the lines of a file, keeping count of physical lines."""

    def __init__(
        self,
        reopened: Callable[[], Iterator[str]],
        format: FileFormat,
        name: str,
        layout: Layout,
        ended: bool,
    ) -> None:
        self.reopened = reopened
        self.lines = reopened()
        self.format = format
        self.name = name
        self.layout = layout
        self.comment = layout.comment
        self.ended = ended
        self.before = 0
        self.broken: list[BrokenRow] = []
        self.long = 0
        self.skipped = 0
        self.titles: list[tuple[str, ...]] = []

    def table(self) -> RawTable:
        first = self._first_line()
        self.reader = csv.reader(
            itertools.chain([first], self.lines),
            delimiter=self.format.delimiter,
            escapechar=self.format.escape or None,
            strict=True,
        )
        header = self._header()
        header_line = self.before + self.reader.line_num
        columns, starts, last = self._records(len(header))
        if self.long and not len(starts):
            raise self._every_row_long(len(header))
        self._keep_unread_lines()
        open_end = not self.ended and self.format.final_newline
        if open_end and last is None and self.broken:
            self.broken[-1] = replace(self.broken[-1], reason=TRUNCATED)
        return RawTable(
            header,
            header_line,
            columns,
            np.asarray(starts, dtype=np.int64),
            tuple(self.broken),
            self.skipped,
            self._cut_warning(starts),
            last if open_end else None,
            titles=tuple(self.titles),
        )

    def _first_line(self) -> str:
        """The header's first physical line, after the lines before it."""
        for _ in range(self.format.skip_rows):
            self._next_line()
        line = self._next_line()
        hint = _HINT.match(line)
        if hint and self.before == self.format.skip_rows + 1:
            if hint[1] != self.format.delimiter:
                raise self._wrong_delimiter(hint[1])
            line = self._next_line()
        while not line.strip() or (self.comment and line.startswith(self.comment)):
            line = self._next_line()
        self.before -= 1  # the csv reader counts this line again
        return line

    def _next_line(self) -> str:
        line = next(self.lines, None)
        if line is None:
            raise refused("E-EMPTY", "The file has no header line.", "Export it again.", self.name)
        self.before += 1
        return line

    def _header(self) -> tuple[str, ...]:
        cells = self._next_record()
        while cells is not None and len(cells) <= MAX_COLUMNS and not self.layout.is_header(cells):
            self.titles.append(tuple(cells))
            cells = self._next_record() if len(self.titles) < TITLE_LINES else None
        if cells is None:
            raise self._no_header()
        if len(cells) > MAX_COLUMNS:
            raise refused_width(len(cells), self.name, self.before + 1)
        if len(cells) == 1:
            for delimiter in DELIMITERS:
                if delimiter != self.format.delimiter and delimiter in cells[0]:
                    raise self._wrong_delimiter(delimiter)
        return tuple(cell.strip() for cell in cells)

    def _next_record(self) -> list[str] | None:
        """The next record above the rows, below title lines the next that is not blank; None at the end."""
        try:
            return next((cells for cells in self.reader if any(cells) or not self.layout.headers), None)
        except csv.Error as error:
            raise self._unreadable(error, self.before + 1) from None

    def _records(self, width: int) -> tuple[tuple[pa.Array, ...], list[int], int | None]:
        chunks: list[list[pa.Array]] = []
        rows: list[list[str]] = []
        starts: list[int] = []
        last: int | None = None
        for line, cells in self._each():
            last = None
            if self.layout.ragged:
                cells = _squared(cells, width)
            if len(cells) != width:
                self._set_aside(line, cells, width)
                continue
            rows.append(cells)
            starts.append(line)
            last = len(starts) - 1
            if len(rows) == CHUNK_ROWS:
                chunks.append(_as_columns(rows, width))
                rows = []
        if rows or not chunks:
            chunks.append(_as_columns(rows, width))
        joined = tuple(pa.concat_arrays(parts) for parts in zip(*chunks, strict=True))
        return joined, starts, last

    def _each(self) -> Iterator[tuple[int, list[str]]]:
        """(physical line where the record begins, cells); lines without any content are passed over, as
        spreadsheets write them below their table."""
        reader, before, begun = self.reader, self.before, False
        while True:
            line = before + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if before + reader.line_num > line or "unexpected end" in str(error) or "limit" in str(error):
                    raise self._unreadable(error, line) from None
                self.broken.append(BrokenRow(line, QUOTE, ()))
                continue
            if not any(cells) or (len(cells) == 1 and not cells[0].strip()):
                if self.format.until_blank and begun:
                    self._pass_over()
                    return
                continue
            if self.comment and cells[0].startswith(self.comment):
                self._pass_over()
                return
            begun = True
            yield line, cells

    def _pass_over(self) -> None:
        """Counts the records of whatever follows the table; how that ends says nothing about the table."""
        self.ended = True
        while True:
            try:
                cells = next(self.reader)
            except StopIteration:
                return
            except csv.Error:
                self.skipped += 1
                continue
            if cells and any(cell.strip() for cell in cells):
                self.skipped += not (self.comment and cells[0].startswith(self.comment))

    def _keep_unread_lines(self) -> None:
        """The text of rows whose quotes could not be read, which the csv reader has thrown away."""
        wanted = {row.line for row in self.broken if row.reason is QUOTE}
        if not wanted:
            return
        texts = {n: text.rstrip("\r\n") for n, text in enumerate(self.reopened(), start=1) if n in wanted}
        self.broken = [
            replace(row, cells=(texts[row.line],), whole=True) if row.reason is QUOTE else row
            for row in self.broken
        ]

    def _set_aside(self, line: int, cells: list[str], width: int) -> None:
        self.long += len(cells) > width
        self.broken.append(BrokenRow(line, LONG if len(cells) > width else SHORT, tuple(cells)))

    # --- what is said ---

    def _cut_warning(self, starts: list[int]) -> tuple[Problem, ...]:
        if self.ended or not self.format.final_newline:
            return ()
        last_line = max([0, *starts[-1:], *(row.line for row in self.broken[-1:])])
        return (
            Problem(
                TRUNCATED.code,
                "The file does not end with a line end; its last row may be cut.",
                TRUNCATED.remedy,
                file=self.name,
                line=last_line,
                severity="warning",
            ),
        )

    def _no_header(self) -> FileRefused:
        first = self.titles[0] if self.titles else ()
        for delimiter in DELIMITERS:
            if len(first) == 1 and delimiter != self.format.delimiter and delimiter in first[0]:
                return self._wrong_delimiter(delimiter)
        return refused_header(self.layout, first, self.name)

    def _wrong_delimiter(self, likely: str) -> FileRefused:
        return refused(
            "E-DELIMITER",
            'The cells are separated by "{likely}", not by the declared "{declared}".',
            'Declare format: {{delimiter: "{likely}"}} for the source.',
            self.name,
            line=self.before or 1,
            likely=likely.replace("\t", "\\t"),
            declared=self.format.delimiter.replace("\t", "\\t"),
        )

    def _every_row_long(self, width: int) -> FileRefused:
        row = next(row for row in self.broken if row.reason is LONG)
        return refused(
            "E-FIELDS",
            "Every row has more fields than the header ({found} instead of {width}).",
            self._where_the_header_is(width, row)
            or "Export the file again with a header for each column, or declare the delimiter it uses.",
            self.name,
            line=row.line,
            found=len(row.cells),
            width=width,
            above=row.line - 1,
            header=row.line,
        )

    def _where_the_header_is(self, width: int, row: BrokenRow) -> str:
        """What to do when the line taken for the header is a title: every row below is equally wide."""
        widths = {len(one.cells) for one in self.broken if one.reason is LONG}
        if width > 2 or len(widths) > 1 or any(cell.strip().isdigit() for cell in row.cells):
            return ""
        return "If line {header} is the header, declare format: {{skip_rows: {above}}} for the source."

    def _unreadable(self, error: csv.Error, line: int) -> FileRefused:
        if "limit" in str(error):
            return refused_length(self.name, line)
        opened = self._quote_opened(line)
        return refused(
            "E-CSV",
            "A quote that opens in line {opened} is not closed properly.",
            "Close the quote, or double the quotes inside the cell.",
            self.name,
            line=opened,
            opened=opened,
        )

    def _quote_opened(self, line: int) -> int:
        """The physical line of the quote that swallowed what follows; `line` is where its record begins."""
        inside, opened = False, line
        for number, text in enumerate(self.reopened(), start=1):
            if number < line:
                continue
            pieces = text.rstrip("\r\n").split(self.format.delimiter)
            for piece in pieces:
                starts = not inside and piece.startswith('"')
                if starts:
                    inside, opened = True, number
                quotes = piece.count('"') - starts
                if inside and quotes % 2:
                    inside = False
                    if not piece.endswith('"'):
                        return opened
        return opened


def _squared(cells: list[str], width: int) -> list[str]:
    """A record of a report with as many cells as its header, as far as only blank ones are missing."""
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    return cells + [""] * (width - len(cells))


def _as_columns(rows: list[list[str]], width: int) -> list[pa.Array]:
    if not rows:
        return [pa.array([], pa.string()) for _ in range(width)]
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
