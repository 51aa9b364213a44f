"""Workbooks as text cells. Nothing is computed: a formula counts by its stored result or not at all.

Here: choosing the sheet, text of cells, formulas without result. Not here: what a column means.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from pipeline.errors import FileRefused, Problem, nearest
from pipeline.sources.reading import (
    MAX_COLUMNS,
    RawTable,
    check_magic,
    check_unpacked_size,
    refused,
)
from pipeline.sources.reasons import FORMULA, Reason
from pipeline.workspace.model import FileFormat

_EMPTY_FORMULA = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]+)(\d+)"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)


def read_xlsx(data: bytes, format: FileFormat, name: str) -> RawTable:
    """Cells of one sheet; `lines` are sheet rows. Raises FileRefused: E-EMPTY, E-HTML, E-PASSWORD, E-LIMIT,
    E-MAGIC, E-SHEET, E-FORMULA (in the header)."""
    check_magic(data, name, "xlsx")
    archive = _archive(data, name)
    book = _workbook(data, name)
    sheet = _sheet_name(book, format.sheet, name)
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    warnings = _macro_warning(archive, name)
    start = format.skip_rows
    if len(rows) <= start:
        raise refused(
            "E-EMPTY", "The sheet {sheet} is empty.", "Choose the sheet under format.", name, sheet=sheet
        )
    header = tuple(_text(cell, format).strip() for cell in rows[start])
    if len(header) > MAX_COLUMNS:
        raise refused(
            "E-LIMIT",
            "The header has {count} columns; at most {limit} are read.",
            "Export fewer columns.",
            name,
            line=start + 1,
            count=len(header),
            limit=MAX_COLUMNS,
        )
    kept, lines = _records(rows, start + 1, format)
    columns = [
        pa.array([_text(row[i], format) for row in kept] if kept else [], pa.string())
        for i in range(len(header))
    ]
    return RawTable(
        header,
        start + 1,
        tuple(columns),
        np.asarray(lines, dtype=np.int64),
        warnings=warnings,
        iso_dates=True,
        flagged=_flagged(archive, sheet, lines),
    )


def _records(rows: Sequence[Sequence[object]], first: int, format: FileFormat) -> tuple[list, list[int]]:
    kept, lines = [], []
    for number in range(first, len(rows)):
        if all(cell == "" for cell in rows[number]):
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
    return archive


def _workbook(data: bytes, name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, OSError, ValueError) as error:
        raise refused(
            "E-XLSX",
            "The workbook cannot be read: {cause}",
            "Open it in Excel or LibreOffice and save it as .xlsx.",
            name,
            cause=str(error)[:200],
        ) from None


def _sheet_name(book: CalamineWorkbook, wanted: str | None, name: str) -> str:
    visible = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
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
        whole = float(cell).is_integer() and abs(cell) < 2**53
        digits = str(int(cell)) if whole else repr(float(cell))
        return digits.replace(".", format.decimal)
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


def _flagged(
    archive: zipfile.ZipFile, sheet: str, lines: Sequence[int]
) -> tuple[tuple[int, int, Reason], ...]:
    """Cells with a formula that was never calculated; the reader would see them as blank."""
    part = _sheet_part(archive, sheet)
    if part is None:
        return ()
    row_of = {line: row for row, line in enumerate(lines)}
    found = []
    for letters, digits in _EMPTY_FORMULA.findall(archive.read(part)):
        row = row_of.get(int(digits))
        if row is not None:
            found.append((row, _column_number(letters.decode()), FORMULA))
    return tuple(found)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Path of a sheet inside the archive, by the workbook's own relations."""
    from xml.etree import ElementTree

    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = {link.get("Id"): link.get("Target", "") for link in links}
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            link = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            path = target.get(link, "").lstrip("/")
            path = path if path.startswith("xl/") else f"xl/{path}"
            return path if path in names else None
    return None
