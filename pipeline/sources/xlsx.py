"""Workbooks as text cells. Nothing is computed: a formula counts by its stored result or not at all.

Here: choosing the sheet, text of cells, formulas without result. Not here: what a column means.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from xml.etree.ElementTree import ParseError

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.errors import FileRefused, Problem, nearest, shown
from pipeline.sources.reading import (
    MAX_COLUMNS,
    PLAIN,
    TITLE_LINES,
    Layout,
    RawTable,
    check_magic,
    check_unpacked_size,
    number_text,
    refused,
    refused_header,
    refused_width,
)
from pipeline.sources.reasons import DIGITS, FAILED, FORMULA, Reason
from pipeline.workbooks import column_number, counts_from_1904, currency_styles, sheet_part
from pipeline.workspace.model import FileFormat

T = TypeVar("T")

MAX_CELLS = 20_000_000
"""Cells from the first to the last one that is filled: the reader makes room for all of them."""

_EMPTY_FORMULA = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_FILLED = re.compile(rb'<(?:\w+:)?c\b([^>]*?)\br="([A-Z]{1,3})(\d{1,7})"([^>]*)(?<!/)>')
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+\d+:[A-Z]+(\d+))"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_TEXT = re.compile(rb'\bt="(?:s|str|inlineStr|b|e)"')
_EXACT = 2**53
"""Whole numbers below it are kept exactly; of larger ones a workbook has lost the last digits."""


@dataclass(frozen=True)
class _Marks:
    """What the sheet's own text says that the reader does not: (row, column) from 1 of cells with a formula
    without result, and of cells that hold an error such as #N/A."""

    unfinished: tuple[tuple[int, int], ...] = ()
    failed: tuple[tuple[int, int], ...] = ()
    symbols: tuple[tuple[int, int, str], ...] = ()
    """(row, column, symbol or code) of cells that are shown in a currency."""
    merged: tuple[tuple[str, int], ...] = ()
    """(range, its last row) of merged cells, of which only the first has the value."""


def read_xlsx(data: bytes, format: FileFormat, name: str, layout: Layout = PLAIN) -> RawTable:
    """Cells of one sheet; `lines` are sheet rows. Raises FileRefused: E-EMPTY, E-HTML, E-PASSWORD, E-LIMIT,
    E-MAGIC, E-SHEET, E-XLSX."""
    check_magic(data, name, "xlsx")
    archive = _archive(data, name)
    book = _guarded(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)), name)
    sheet = _sheet_name(book, format.sheet, name)
    marks = _guarded(lambda: _marks(archive, sheet, name), name)
    rows = _guarded(lambda: book.get_sheet_by_name(sheet).to_python(skip_empty_area=False), name)
    start = format.skip_rows
    if len(rows) <= start:
        raise refused(
            "E-EMPTY", "The sheet {sheet} is empty.", "Choose the sheet under format.", name, sheet=sheet
        )
    titles = _titles(rows[start:], format, layout, name)
    start += len(titles)
    header = tuple(_text(cell, format).strip() for cell in rows[start])
    if len(header) > MAX_COLUMNS:
        raise refused_width(len(header), name, start + 1)
    kept, lines = _records(rows, start + 1, format, {row for row, _ in marks.failed + marks.unfinished})
    columns = [
        pa.array([_text(row[i], format) for row in kept] if kept else [], pa.string())
        for i in range(len(header))
    ]
    return RawTable(
        header,
        start + 1,
        tuple(columns),
        np.asarray(lines, dtype=np.int64),
        warnings=(*_macro_warning(archive, name), *_merged_warning(marks, lines, name)),
        iso_dates=True,
        symbols=_symbols(marks, lines),
        is_1904=_guarded(lambda: counts_from_1904(archive), name),
        flagged=(*_flagged(marks, lines), *_inexact(kept)),
        titles=titles,
    )


def _titles(
    rows: Sequence[Sequence[object]], format: FileFormat, layout: Layout, name: str
) -> tuple[tuple[str, ...], ...]:
    """The rows above the header, where an export has title lines."""
    titles: list[tuple[str, ...]] = []
    for row in rows[: TITLE_LINES + 1]:
        cells = tuple(_text(cell, format) for cell in row)
        if layout.is_header(cells):
            return tuple(titles)
        titles.append(cells)
    raise refused_header(layout, titles[0], name)


def _records(
    rows: Sequence[Sequence[object]], first: int, format: FileFormat, marked: set[int]
) -> tuple[list, list[int]]:
    """Rows with any content, and their numbers; the reader shows a `marked` row's bad cells as blank."""
    kept, lines = [], []
    for number in range(first, len(rows)):
        if all(cell == "" for cell in rows[number]) and number + 1 not in marked:
            if format.until_blank:
                break
            continue
        kept.append(rows[number])
        lines.append(number + 1)
    return kept, lines


def _archive(data: bytes, name: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise refused(
            "E-MAGIC",
            "The file is declared as {declared}, but it is not a workbook or is damaged.",
            "Save it as .xlsx again, or declare format: {{kind: csv}}.",
            name,
            declared="xlsx",
        ) from None
    check_unpacked_size(archive.infolist(), len(data), name)
    damaged = _guarded(archive.testzip, name)  # also keeps a member from being larger than it says
    if damaged is not None:
        raise _unreadable(f"{damaged} is damaged", name)
    return archive


def _guarded(read: Callable[[], T], name: str) -> T:
    """The result of `read`; whatever a damaged workbook makes the reader raise becomes a refusal."""
    try:
        return read()
    except FileRefused:
        raise
    except (CalamineError, zipfile.BadZipFile, zlib.error, ParseError, ArithmeticError) as error:
        raise _unreadable(str(error), name) from None
    except (OSError, ValueError, LookupError, RuntimeError, EOFError) as error:
        raise _unreadable(str(error), name) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the reader's own kind; not an Exception
            raise
        raise _unreadable(str(error), name) from None


def _unreadable(cause: str, name: str) -> FileRefused:
    return refused(
        "E-XLSX",
        "The workbook cannot be read: {cause}",
        "Open it in Excel or LibreOffice and save it as .xlsx.",
        name,
        cause=shown(cause, 200),
    )


def _sheet_name(book: CalamineWorkbook, wanted: str | None, name: str) -> str:
    visible = [
        one.name
        for one in book.sheets_metadata
        if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
    ]
    if wanted is None:
        if len(visible) == 1:
            return str(visible[0])
        message = "The workbook has {count} visible sheets: {sheets}."
    elif wanted in book.sheet_names:
        return wanted
    else:
        message = 'There is no sheet "{wanted}" among: {sheets}.'
    likely = nearest(wanted, book.sheet_names) if wanted else next(iter(visible), None)
    raise FileRefused(
        Problem(
            "E-SHEET",
            message,
            'Declare format: {{sheet: "{likely}"}} for the source.',
            file=name,
            value=wanted,
            params={
                "wanted": wanted,
                "count": len(visible),
                "likely": likely or next(iter(book.sheet_names), ""),
                "sheets": ", ".join(book.sheet_names),
            },
        )
    )


def _text(cell: object, format: FileFormat) -> str:
    """A cell as it would stand in a text file: shortest exact digits, ISO dates."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return number_text(cell).replace(".", format.decimal)
    return _time_text(cell)


def _time_text(cell: object) -> str:
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _macro_warning(archive: zipfile.ZipFile, name: str) -> tuple[Problem, ...]:
    if not any(info.filename.endswith("vbaProject.bin") for info in archive.infolist()):
        return ()
    return (Problem("W-MACRO", "The workbook has macros; they are ignored.", file=name, severity="warning"),)


def _marks(archive: zipfile.ZipFile, sheet: str, name: str) -> _Marks:
    """One pass over the sheet's text. Raises FileRefused (E-LIMIT) for a sheet that stretches too far."""
    part = sheet_part(archive, sheet)
    if part is None:
        return _Marks()
    xml = archive.read(part)
    styles, symbols = currency_styles(archive), []
    failed, width, height, columns = [], 0, 0, dict[bytes, int]()
    for match in _FILLED.finditer(xml):
        letters, row = match[2], int(match[3])
        column = columns.get(letters) or columns.setdefault(letters, column_number(letters.decode()))
        width, height = max(width, column), max(height, row)
        if b't="e"' in match[1] or b't="e"' in match[4]:
            failed.append((row, column))
        if styles and (symbol := _symbol(match[1] + match[4], styles)):
            symbols.append((row, column, symbol))
    if width * height > MAX_CELLS:
        raise refused(
            "E-LIMIT",
            "The sheet {sheet} stretches over {columns} columns and {rows} rows.",
            "Delete the cells outside the table, or export it as CSV.",
            name,
            line=height,
            sheet=sheet,
            columns=width,
            rows=height,
        )
    unfinished = [(int(row), column_number(letters.decode())) for letters, row in _EMPTY_FORMULA.findall(xml)]
    merged = tuple((cells.decode(), int(last)) for cells, last in _MERGED.findall(xml))
    return _Marks(tuple(unfinished), tuple(failed), tuple(symbols), merged)


def _merged_warning(marks: _Marks, lines: Sequence[int], name: str) -> tuple[Problem, ...]:
    """One warning for merged cells among the rows: all but the first of each are blank in the file."""
    rows = set(lines)
    found = [cells for cells, last in marks.merged if last in rows]
    if not found:
        return ()
    return (
        Problem(
            "W-MERGED",
            "Cells are merged ({cells}); only the first cell of each has the value, the others are blank.",
            "If every row is meant to have it, take the merge apart and fill the value down.",
            file=name,
            severity="warning",
            params={"cells": ", ".join(found[:5]) + (", …" if len(found) > 5 else "")},
        ),
    )


def _symbol(attributes: bytes, styles: Mapping[int, str]) -> str:
    """The currency that a cell's number is shown in; blank for none, and for a text."""
    style = _STYLE.search(attributes)
    return styles.get(int(style[1]), "") if style and not _TEXT.search(attributes) else ""


def _symbols(marks: _Marks, lines: Sequence[int]) -> dict[tuple[int, str], list[int]]:
    row_of = {line: row for row, line in enumerate(lines)} if marks.symbols else {}
    found = dict[tuple[int, str], list[int]]()
    for line, column, symbol in marks.symbols:
        if line in row_of:
            found.setdefault((column - 1, symbol), []).append(row_of[line])
    return found


def _flagged(marks: _Marks, lines: Sequence[int]) -> list[tuple[int, int, Reason]]:
    """Cells that the reader shows as blank although they are not."""
    row_of = {line: row for row, line in enumerate(lines)}
    both = ((marks.unfinished, FORMULA), (marks.failed, FAILED))
    return [
        (row_of[line], column - 1, reason)
        for cells, reason in both
        for line, column in cells
        if line in row_of
    ]


def _inexact(rows: Sequence[Sequence[object]]) -> list[tuple[int, int, Reason]]:
    """Numbers of which a workbook no longer has every digit."""
    return [
        (number, column, DIGITS)
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
        if isinstance(cell, (int, float)) and abs(cell) >= _EXACT
    ]
