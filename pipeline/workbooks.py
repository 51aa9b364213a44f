"""The parts of an XLSX file: where a sheet's text lies, what its cells are marked as, writing a small one.

Here: the file format, known by its own parts and nothing else. Not here: what a sheet means (sources/xlsx.py
for exports, workspace/sheets.py for goals), reading values (the calamine library does that).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from pipeline.errors import column_letters

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PERCENT_IDS = frozenset({9, 10})
"""Built-in number formats 0% and 0.00%."""
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?!\$)[^\]]*\]')
"""Quoted words, escaped characters and colours inside a number format."""
_CURRENCY = re.compile(r"\[\$([^\-\]]*)")


def column_number(letters: str) -> int:
    """A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Path of a sheet inside the archive, by the workbook's own relations."""
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


def counts_from_1904(archive: zipfile.ZipFile) -> bool:
    """Whether a workbook's dates are days since 1904, as on old Macs, and not since 1900."""
    if "xl/workbook.xml" not in archive.namelist():
        return False
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    marks = (one.get("date1904") for one in book.iter() if one.tag.endswith("}workbookPr"))
    return any(mark in ("1", "true") for mark in marks)


# --- what cells are marked as ----------------------------------------------------------------------------


@dataclass(frozen=True)
class CellMark:
    """What a cell says of itself besides its value."""

    is_percent: bool = False
    currency: str = ""
    """Symbol or code in its number format."""
    is_unfinished: bool = False
    """A formula without a stored result."""
    is_failed: bool = False
    """An error such as #N/A."""


def cell_marks(archive: zipfile.ZipFile, part: str) -> dict[tuple[int, int], CellMark]:
    """(row, column) from 1 -> mark, for every written cell of a sheet."""
    formats = _style_formats(archive)
    found = {}
    for element in ElementTree.fromstring(archive.read(part)).iter():  # noqa: S314
        match = re.fullmatch(r"([A-Z]+)([0-9]+)", element.get("r") or "") if _tag(element) == "c" else None
        if match:
            found[int(match[2]), column_number(match[1])] = _mark(element, formats)
    return found


def currency_styles(archive: zipfile.ZipFile) -> dict[int, str]:
    """Number of a cell style -> the symbol or code of the currency that it shows numbers in."""
    return {number: symbol for number, (_, symbol) in enumerate(_style_formats(archive)) if symbol}


def _mark(cell: ElementTree.Element, formats: Sequence[tuple[bool, str]]) -> CellMark:
    style = int(cell.get("s") or 0)
    percent, currency = formats[style] if style < len(formats) else (False, "")
    parts = {_tag(part): part.text for part in cell}
    unfinished = "f" in parts and not parts.get("v") and cell.get("t") != "str"
    return CellMark(percent, currency, unfinished, cell.get("t") == "e")


def _style_formats(archive: zipfile.ZipFile) -> list[tuple[bool, str]]:
    """(is a percentage, currency) of every cell style, by its number."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))  # noqa: S314
    codes = {
        int(one.get("numFmtId") or 0): one.get("formatCode") or ""
        for one in root.iter()
        if _tag(one) == "numFmt"
    }
    styles = next((one for one in root if _tag(one) == "cellXfs"), None)
    return [_format(int(one.get("numFmtId") or 0), codes) for one in (styles if styles is not None else ())]


def _format(number: int, codes: dict[int, str]) -> tuple[bool, str]:
    code = codes.get(number, "")
    bare = _LITERAL.sub("", code)
    marked = _CURRENCY.search(code)
    symbol = marked[1] if marked else next((one for one in "€£₽$" if one in code), "")
    return number in _PERCENT_IDS or "%" in _CURRENCY.sub("", bare), symbol.strip()


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


# --- writing ---------------------------------------------------------------------------------------------

Value = str | int | date | None


@dataclass(frozen=True)
class Sheet:
    """A sheet to write. The first row is the header."""

    name: str
    rows: Sequence[Sequence[Value]]
    widths: Sequence[int] = ()
    dates: frozenset[int] = frozenset()
    """Columns from 0 whose empty cells are formatted as dates."""
    choices: dict[int, str] = field(default_factory=dict)
    """Column from 0 -> the range whose values may be chosen there, such as Lists!$A$2:$A$9."""
    is_hidden: bool = False


_STYLES = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="{MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill>
<fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="4"><xf/><xf fontId="1" applyFont="1"/><xf numFmtId="164" applyNumberFormat="1"/>
<xf applyAlignment="1"><alignment wrapText="1" vertical="top"/></xf></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""
_PLAIN, _BOLD, _DATE, _WRAPPED = 0, 1, 2, 3
_LONG = 40
"""Characters from which a text is wrapped in its cell."""
_LAST_ROW = 1000
"""Down to this row choices are offered."""
_EPOCH = date(1899, 12, 30)


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """A workbook that any spreadsheet program opens; the same sheets give the same bytes."""
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": _links([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _book(sheets),
        "xl/_rels/workbook.xml.rels": _links(
            [*(("worksheet", f"worksheets/sheet{n}.xml") for n in numbers), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": _STYLES,
    }
    parts |= {f"xl/worksheets/sheet{n}.xml": _sheet(one) for n, one in enumerate(sheets, 1)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode())
    return out.getvalue()


def _content_types(numbers: range) -> str:
    base = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    named = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    named += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
    overrides = "".join(
        f'<Override PartName="{name}" ContentType="{base}.{kind}+xml"/>' for name, kind in named
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</Types>"
    )


def _links(targets: Sequence[tuple[str, str]]) -> str:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{base}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>'
    )


def _book(sheets: Sequence[Sheet]) -> str:
    listed = "".join(
        f'<sheet name={quoteattr(one.name)} sheetId="{n}" state="{_state(one)}" r:id="rId{n}"/>'
        for n, one in enumerate(sheets, 1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="{MAIN}" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f"<sheets>{listed}</sheets></workbook>"
    )


def _state(sheet: Sheet) -> str:
    return "hidden" if sheet.is_hidden else "visible"


def _sheet(sheet: Sheet) -> str:
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1" style="{_style_of(sheet, n - 1)}"/>'
        for n, width in enumerate(sheet.widths, 1)
    )
    rows = "".join(_row(number, row) for number, row in enumerate(sheet.rows, 1))
    choices = "".join(_choice(column, source) for column, source in sheet.choices.items())
    count = len(sheet.choices)
    parts = [
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/>'
        "</sheetView></sheetViews>",
        f"<cols>{columns}</cols>" if columns else "",
        f"<sheetData>{rows}</sheetData>",
        f'<dataValidations count="{count}">{choices}</dataValidations>' if choices else "",
    ]
    start = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="{MAIN}">'
    return f"{start}{''.join(parts)}</worksheet>"


def _style_of(sheet: Sheet, column: int) -> int:
    return _DATE if column in sheet.dates else _PLAIN


def _row(number: int, row: Sequence[Value]) -> str:
    cells = [_cell(f"{column_letters(n)}{number}", value, number == 1) for n, value in enumerate(row, 1)]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(address: str, value: Value, is_header: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f'<c r="{address}" s="{_DATE}"><v>{(value - _EPOCH).days}</v></c>'
    if isinstance(value, int):
        return f'<c r="{address}"><v>{value}</v></c>'
    style = _BOLD if is_header else _WRAPPED if len(value) > _LONG else _PLAIN
    text = f'<is><t xml:space="preserve">{escape(value)}</t></is>'
    return f'<c r="{address}" s="{style}" t="inlineStr">{text}</c>'


def _choice(column: int, source: str) -> str:
    letter = column_letters(column + 1)
    return (
        '<dataValidation type="list" allowBlank="1" showErrorMessage="0" '
        f'sqref="{letter}2:{letter}{_LAST_ROW}"><formula1>{escape(source)}</formula1></dataValidation>'
    )


def sheet_names(archive: zipfile.ZipFile) -> Iterator[tuple[str, bool]]:
    """(name, is visible) of every sheet in the workbook's order."""
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if _tag(element) == "sheet":
            yield element.get("name") or "", element.get("state", "visible") == "visible"
