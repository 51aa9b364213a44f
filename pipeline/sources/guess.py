"""What a text most likely is: its encoding, its delimiter, the number marks and date format of a column.

Here: evidence gathered from whole files and whole columns, for suggestions to a person. Not here: reading by
what is declared (reading.py, cells.py), wording (hints.py, propose.py). No row is ever read by a guess.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa

from pipeline.sources import cells
from pipeline.workspace.model import FileFormat

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 2**20
SAMPLE_LINES = 500
PROBE = 40
"""Values that a date format is tried on before it is tried on all of them."""
FEW_WORDS = 3
"""Words in the other script that it takes to doubt a single-byte encoding."""
NEARLY_ALL = 0.75
"""Share of a column's different values that tell what it is, when the others are nothing of the kind."""
YEARS_APART = 10
"""A reading that spreads dates over this many more years than another reading is not what was meant."""

_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_HIGH = re.compile(rb"[\xa8\xb8\xc0-\xff]+")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_SYMBOL = re.compile(r"^([(+\-−]?)\s*[$€£₽]\s*|\s*[$€£₽](\)?)$")
_SERIAL = re.compile(r"[0-9]{5}(?:[.,][0-9]+)?", re.ASCII)
_SERIAL_DAYS = (36_526, 54_788)
"""1 January 2000 and 31 December 2049 as the numbers that spreadsheets keep for them."""
_UTC = ZoneInfo("UTC")


# --- encoding ----------------------------------------------------------------------------------------


def likely_encoding(data: bytes, declared: str = "") -> str | None:
    """The encoding, other than the declared one, that the bytes most likely are in; None without a sign."""
    likely = _encoding(data)
    return None if likely in (declared, None) else likely


def _encoding(data: bytes) -> str | None:
    if _is_wide(data):
        return "utf-16"
    if b"\0" in data:
        return None
    if _decodes(data, "utf-8"):
        return "utf-8"
    if _is_damaged_utf8(data):
        return None
    first, second = ("cp1252", "cp1251") if _looks_western(data) else ("cp1251", "cp1252")
    return next((one for one in (first, second) if _decodes(data, one)), None)


def _is_wide(data: bytes) -> bool:
    """A byte-order mark, or NUL bytes in text that is Latin or Cyrillic when taken two bytes a character."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    head = data[:4096]
    texts = [head.decode(codec, "replace") for codec in ("utf-16-le", "utf-16-be")]
    plain = max(sum("\t" <= ch <= "\u00ff" or "\u0400" <= ch <= "\u04ff" for ch in text) for text in texts)
    return b"\0" in head and len(head) >= 4 and plain * 2 >= len(head) * 0.95


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(data: bytes) -> bool:
    """Whole characters beyond ASCII outnumber the broken ones by far: no other encoding, a damaged file."""
    text = data[:SAMPLE_BYTES].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(not ch.isascii() for ch in text) - broken
    return whole > 10 * broken


def _words(data: bytes) -> tuple[int, int]:
    """(words of high bytes only, words that mix them with ASCII letters) among the first megabyte. Russian in
    a single-byte encoding gives the former, an umlaut or accent here and there the latter."""
    pure = mixed = 0
    for word in _WORD.findall(data[:SAMPLE_BYTES]):
        if _ASCII_LETTER.search(word):
            mixed += _HIGH.search(word) is not None
        else:
            pure += len(word) > 2 and _HIGH.fullmatch(word) is not None
    return pure, mixed


def _looks_western(data: bytes) -> bool:
    pure, mixed = _words(data)
    return mixed > pure


def other_script(data: bytes, declared: str) -> str | None:
    """The single-byte encoding whose letters the text seems to be written in when the declared one, which
    decodes it as well, would make nonsense of it."""
    pure, mixed = _words(data)
    if declared == "cp1251" and mixed > pure and mixed >= FEW_WORDS and _decodes(data, "cp1252"):
        return "cp1252"
    if declared in ("cp1252", "latin-1") and pure > mixed and pure >= FEW_WORDS and _decodes(data, "cp1251"):
        return "cp1251"
    return None


# --- delimiter ---------------------------------------------------------------------------------------


def likely_delimiter(lines: Sequence[str]) -> str:
    """The delimiter that cuts most records into the same number of cells, more than one."""
    return max(DELIMITERS, key=lambda mark: (_evenness(lines[:SAMPLE_LINES], mark), -DELIMITERS.index(mark)))


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    try:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if any(row))
    except csv.Error:
        return 0, 0
    width, records = max(widths.items(), key=lambda item: item[1], default=(1, 0))
    return (records, width) if width > 1 else (0, 0)


# --- numbers -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marks:
    """The marks of numbers: 1.234,50 has decimal `,` and thousands `.`."""

    decimal: str
    thousands: str

    @property
    def format(self) -> FileFormat:
        return FileFormat(decimal=self.decimal, thousands=self.thousands)  # type: ignore[arg-type]


MARKS = (Marks(".", ""), Marks(",", ""), Marks(".", ","), Marks(",", "."), Marks(",", " "), Marks(".", " "))
"""The simplest first."""


def bare(values: Sequence[str]) -> list[str]:
    """Amounts without a currency symbol before or after them."""
    return [_SYMBOL.sub(r"\1\2", value.strip()) for value in values]


def numbers_read(values: Sequence[str], marks: Marks) -> int:
    """How many of the values are numbers by these marks."""
    typed = cells.decimals(pa.array(bare(values), pa.string()), marks.format, parentheses=True)
    return len(values) - int(typed.bad.sum())


def number_marks(values: Sequence[str]) -> list[Marks]:
    """Every pair of marks by which all the values are numbers; empty when they are not numbers."""
    return [one for one in MARKS if values and numbers_read(values, one) == len(values)]


def number_readings(values: Sequence[str]) -> list[Marks]:
    """Of those, one for each different meaning of the values: 1,234 alone may be 1.234 or 1234."""
    found: dict[tuple[object, ...], Marks] = {}
    for one in number_marks(values):
        typed = cells.decimals(pa.array(bare(values), pa.string()), one.format, parentheses=True)
        found.setdefault(tuple(typed.values.to_pylist()), one)
    return list(found.values())


# --- dates -------------------------------------------------------------------------------------------

_DAYS = (
    *("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DATE_FORMATS = (cells.ISO, *(day + clock for clock in _TIMES for day in _DAYS if day != "%Y-%m-%d" or clock))
"""In the order of preference; a date with dots is written day first everywhere it is written."""


def read_dates(values: Sequence[str], format: str) -> list[date | None]:
    """Each value as a day by this format, None where it does not fit."""
    return list(cells.dates(pa.array(list(values), pa.string()), [format], _UTC, _UTC).values.to_pylist())


def dates_read(values: Sequence[str], format: str) -> int:
    """How many of the values are days by this format."""
    return sum(day is not None for day in read_dates(values, format))


def date_formats(values: Sequence[str]) -> list[str]:
    """Every format by which all the values are days, best first; more than one means that the values cannot
    tell (03/04/2026 in every row). A format that would scatter them over many more years is dropped."""
    uniques = list(dict.fromkeys(values))
    fitting: dict[str, int] = {}
    for format in DATE_FORMATS if uniques else ():
        if None in read_dates(uniques[:PROBE], format):
            continue
        days = [day for day in read_dates(uniques, format) if day is not None]
        if len(days) == len(uniques):
            fitting[format] = max(days).year - min(days).year
    least = min(fitting.values(), default=0)
    kept = [format for format, spread in fitting.items() if spread <= least + YEARS_APART]
    return distinct(kept, uniques)


def mostly_dates(values: Sequence[str]) -> list[str]:
    """The values that are days by the one format that most are by; empty unless nearly all are."""
    probe = values[: 2 * PROBE]
    best = max(DATE_FORMATS, key=lambda one: dates_read(probe, one))
    if dates_read(probe, best) < NEARLY_ALL * len(probe):
        return []
    days = read_dates(values, best)
    kept = [value for value, day in zip(values, days, strict=True) if day is not None]
    return kept if len(kept) >= NEARLY_ALL * len(values) else []


def mostly_amounts(values: Sequence[str]) -> list[str]:
    """The values that are numbers by the marks that most are by; empty unless nearly all are, and some have a
    fraction: codes without letters among codes with letters are no amounts."""
    best = max(MARKS, key=lambda one: numbers_read(values, one))
    typed = cells.decimals(pa.array(bare(values), pa.string()), best.format, parentheses=True)
    kept = [value for value, bad in zip(values, typed.bad, strict=True) if not bad]
    enough = len(kept) >= NEARLY_ALL * len(values)
    return kept if enough and any(best.decimal in value for value in kept) else []


def may_be_serials(values: Sequence[str]) -> bool:
    """Whether all the values could be the days that a spreadsheet counts: numbers between 2000 and 2050."""
    return bool(values) and all(
        _SERIAL.fullmatch(value) is not None and _SERIAL_DAYS[0] <= int(value[:5]) <= _SERIAL_DAYS[1]
        for value in values
    )


def distinct(formats: Sequence[str], values: Sequence[str]) -> list[str]:
    """One format for each different reading of the values: %b and %B read `May` alike."""
    found: dict[tuple[date | None, ...], str] = {}
    for format in formats:
        found.setdefault(tuple(read_dates(values, format)), format)
    return list(found.values())
