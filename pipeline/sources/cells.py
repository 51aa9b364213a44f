"""What one column of text cells is worth: numbers, dates, yes and no, durations, listed values.

Here: parsing by declared formats, column at a time. Not here: finding the column (headers.py), judging a
value (validation.py).
Every function returns typed values (null for a blank or unreadable cell) and says which cells have text that
does not parse; none of them raises on a cell. Numbers are exact decimals from text, never through float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import periods
from pipeline.sources import reasons
from pipeline.sources.reasons import Reason
from pipeline.sources.vendor import EPOCH_MS, EXCEL, EXCEL_1904
from pipeline.workspace.model import FileFormat

AMOUNT = pa.decimal128(18, 4)
_WIDE = pa.decimal128(38, 18)
_PLAIN = r"^[+-]?[0-9]{1,14}(\.[0-9]{1,18})?$"
YES = ("true", "yes", "1", "y", "да", "истина")
NO = ("false", "no", "0", "n", "нет", "ложь")
SYMBOLS = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP"),
    "€": ("EUR",),
    "£": ("GBP",),
    "₽": ("RUB",),
}
ISO = "iso"
"""A format name: 2026-11-16, with or without a time, seconds, fractions and an offset."""


@dataclass(frozen=True)
class Typed:
    """Values of a column, and the cells that have text which is not such a value."""

    values: pa.Array
    bad: np.ndarray
    reason: Reason


def trimmed(cells: pa.Array) -> pa.Array:
    """Text without blanks around it (no-break spaces too); null when nothing is left."""
    text = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _typed(text: pa.Array, values: pa.Array, reason: Reason) -> Typed:
    bad = pc.and_(pc.is_valid(text), pc.is_null(values))
    return Typed(values, bad.to_numpy(zero_copy_only=False), reason)


def _where(mask: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(mask, values, pa.scalar(None, values.type))


def by_unique(text: pa.Array, parse: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """`parse` of each distinct cell, spread over the column."""
    encoded = text.dictionary_encode()
    parsed = [parse(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(parsed, kind).take(encoded.indices)


# --- numbers -----------------------------------------------------------------------------------------


def decimals(
    cells: pa.Array, format: FileFormat, parentheses: bool = False, scale: Decimal | None = None
) -> Typed:
    """decimal128(18,4), half-up at the fourth place. `inf`, `nan`, `1e3`, `-0` and marks other than the
    declared ones do not parse."""
    text = trimmed(cells)
    plain = _plain_number(text, format, parentheses)
    values = plain.cast(_WIDE)
    if scale is not None:
        values = pa.array([None if v is None else _scaled(v, scale) for v in values.to_pylist()], _WIDE)
    rounded = pc.round(values, ndigits=4, round_mode="half_towards_infinity")
    fits = pc.less(pc.abs(rounded), pa.scalar(Decimal(10) ** 14, _WIDE))
    return _typed(text, _where(fits, rounded).cast(AMOUNT), reasons.NUMBER)


def _scaled(value: Decimal, scale: Decimal) -> Decimal:
    return (value * scale).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def money(
    cells: pa.Array,
    format: FileFormat,
    currency: str,
    parentheses: bool = False,
    scale: Decimal | None = None,
) -> Typed:
    """As `decimals`; one currency symbol before or after the number is dropped when it is that of
    `currency`."""
    marks = pc.match_substring_regex(cells, "[$€£₽]")
    if not pc.any(marks).as_py():
        return decimals(cells, format, parentheses, scale)
    allowed = "".join(symbol for symbol, codes in SYMBOLS.items() if currency in codes)
    bare = cells
    if allowed:
        sign = re.escape(allowed)
        bare = pc.replace_substring_regex(trimmed(cells), rf"^([(+-]?)[{sign}]\s*", r"\1")
        bare = pc.if_else(
            pc.equal(pc.coalesce(bare, pa.scalar("")), pc.coalesce(trimmed(cells), pa.scalar(""))),
            pc.replace_substring_regex(bare, rf"\s*[{sign}](\)?)$", r"\1"),
            bare,
        )
    parsed = decimals(pc.coalesce(bare, pa.scalar("")), format, parentheses, scale)
    if pc.any(pc.match_substring_regex(pc.coalesce(bare, pa.scalar("")), "[$€£₽]")).as_py():
        return Typed(parsed.values, parsed.bad, reasons.CURRENCY)
    return parsed


def is_foreign(symbol: str, currency: str) -> bool:
    """Whether a symbol or code is surely of another currency; of an unknown sign nobody can tell."""
    if symbol in SYMBOLS:
        return currency not in SYMBOLS[symbol]
    return len(symbol) == 3 and symbol.isascii() and symbol.isupper() and symbol != currency


def integers(cells: pa.Array, format: FileFormat) -> Typed:
    """int64; a fraction does not parse."""
    text = trimmed(cells)
    plain = _plain_number(text, format, False)
    whole = _where(pc.match_substring_regex(plain, r"^[+-]?[0-9]+$"), plain)
    return _typed(text, pc.replace_substring_regex(whole, r"^\+", "").cast(pa.int64()), reasons.NUMBER)


def _plain_number(text: pa.Array, format: FileFormat, parentheses: bool) -> pa.Array:
    """`-1234.56` for each cell that is a number in the declared marks, null for the others."""
    text = pc.replace_substring(text, "−", "-")
    if parentheses:
        text = pc.replace_substring_regex(text, r"^\((.*)\)$", r"-\1")
    point, mark = re.escape(format.decimal), format.thousands
    group = {"": "", " ": "[ \u00a0\u202f\u2009']"}.get(mark, re.escape(mark))
    whole = f"([0-9]+|[0-9]{{1,3}}({group}[0-9]{{3}})+)" if group else "[0-9]+"
    shaped = _where(pc.match_substring_regex(text, rf"^[+-]?{whole}({point}[0-9]+)?$"), text)
    if group:
        shaped = pc.replace_substring_regex(shaped, group, "")
    if format.decimal != ".":
        shaped = pc.replace_substring(shaped, format.decimal, ".")
    shaped = _where(pc.match_substring_regex(shaped, _PLAIN), shaped)
    return _where(pc.invert(pc.match_substring_regex(shaped, r"^-0+$")), shaped)


# --- yes and no, lists -------------------------------------------------------------------------------


def booleans(cells: pa.Array, true: Sequence[str] | None, false: Sequence[str] | None) -> Typed:
    """Compared without regard to case. With `true` given and `false` not, every other text is false."""
    text = trimmed(cells)
    folded = pc.utf8_lower(text)
    yes = pc.is_in(folded, value_set=pa.array([v.strip().lower() for v in true or YES], pa.string()))
    others = false if false is not None else NO if true is None else None
    values = _where(pc.is_valid(text), yes)
    if others is not None:
        no = pc.is_in(folded, value_set=pa.array([v.strip().lower() for v in others], pa.string()))
        values = _where(pc.or_(yes, no), yes)
    return _typed(text, values, reasons.TRUTH)


def listed(cells: pa.Array, values: Mapping[str, str]) -> Typed:
    """The value a cell stands for; a key that ends in * matches a beginning, the longest one first."""
    exact = {key.strip(): value for key, value in values.items() if not key.endswith("*")}
    starts = sorted((key[:-1] for key in values if key.endswith("*")), key=len, reverse=True)

    def meaning(cell: str) -> str | None:
        if cell in exact:
            return exact[cell]
        return next((values[start + "*"] for start in starts if cell.startswith(start)), None)

    text = trimmed(cells)
    return _typed(
        text, by_unique(text, lambda c: None if c is None else meaning(c), pa.string()), reasons.VALUE
    )


def replaced(cells: pa.Array, values: Mapping[str, str]) -> pa.Array:
    """Cells with other spellings put right; cells that are not listed stay."""
    text = trimmed(cells)
    known = {key.strip(): value for key, value in values.items()}
    return by_unique(text, lambda cell: known.get(cell, cell), pa.string())


# --- durations ---------------------------------------------------------------------------------------

_CLOCK = re.compile(r"^([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9]))?$")
_WORDS = re.compile(
    r"^(?:([0-9]{1,4})\s*(?:h|hr|hrs|ч|час\w*)\.?)?\s*(?:([0-9]{1,4})\s*(?:m|min|мин|м)\w*\.?)?\s*(?:([0-9]{1,5})\s*(?:s|sec|с|сек)\w*\.?)?$",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"^[0-9]{1,9}$")
_FRACTION = re.compile(r"^[0-9]{1,5}[.,][0-9]{1,9}$")
_PER_HOUR = {"seconds": Decimal(3600), "minutes": Decimal(60), "hours": Decimal(1)}


def durations(cells: pa.Array, unit: str | None) -> Typed:
    """Hours as decimal128(18,4) from 2:30, 2:30:00, 2h 30m, 2 ч 30 мин, 2.5 or 2,5, and whole numbers of
    `unit`. Without a unit a whole number counts seconds, unless the column also has fractions: then it
    could be either and does not parse (0 always does)."""
    text = trimmed(cells)
    encoded = text.dictionary_encode()
    uniques = encoded.dictionary.to_pylist()
    fractions = any(_FRACTION.match(value) for value in uniques if value)
    whole = unit or (None if fractions else "seconds")
    parsed = [None if value is None else _hours(value, whole, unit or "hours") for value in uniques]
    values = pa.array(parsed, AMOUNT).take(encoded.indices)
    return _typed(text, values, reasons.DURATION)


def _hours(cell: str, whole: str | None, fraction: str) -> Decimal | None:
    if _WHOLE.match(cell):
        if int(cell) == 0:
            return Decimal(0)
        return None if whole is None else _rounded(Decimal(cell) / _PER_HOUR[whole])
    if _FRACTION.match(cell):
        return _rounded(Decimal(cell.replace(",", ".")) / _PER_HOUR[fraction])
    match = _CLOCK.match(cell) or _WORDS.match(cell)
    if not match or not any(match.groups()):
        return None
    hours, minutes, seconds = (Decimal(part or 0) for part in match.groups())
    return _rounded(hours + minutes / 60 + seconds / 3600)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


# --- dates -------------------------------------------------------------------------------------------

_PARTS = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{2})",
    "S": r"(?P<S>[0-9]{2})",
    "f": r"(?P<f>[0-9]{1,9})",
    "p": r"(?P<p>[AaPp][Mm])",
    "b": r"(?P<b>[^\W\d_]{3})",
    "B": r"(?P<b>[^\W\d_]{3,12})",
    "z": r"(?P<z>[Zz]|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_ISO_PATTERN = (
    r"(?P<Y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
    r"(?:[T ](?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?:\s?(?P<z>[Zz]|[+-]\d{2}:?\d{2}))?)?"
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_QUARTER_HOUR = 15
_SERIAL_STARTS = {EXCEL: (date(1899, 12, 30), 61), EXCEL_1904: (date(1904, 1, 1), 1)}
"""Day 0, and the first number that is told right: Excel's 60 is 29 February 1900, which never was."""


class UnknownFormat(ValueError):
    """A date format with a directive that is not understood, or without any."""


@cache
def date_pattern(format: str) -> re.Pattern[str]:
    """The whole-cell pattern of a strftime-style format. Raises UnknownFormat."""
    if format.casefold() == ISO:
        return re.compile(f"^{_ISO_PATTERN}$", re.ASCII)
    if format.casefold() == EPOCH_MS:
        return re.compile("^(?P<epoch>[0-9]{12,13})$")
    if format.casefold() in _SERIAL_STARTS:
        group = "serial" if format.casefold() == EXCEL else "since1904"
        return re.compile(f"^(?P<{group}>[0-9]{{1,7}}(?:[.,][0-9]{{1,18}})?)$", re.ASCII)
    pattern, index = "", 0
    while index < len(format):
        char = format[index]
        if char == "%":
            index += 1
            directive = format[index : index + 1].replace("-", format[index + 1 : index + 2])
            index += format[index : index + 1] == "-"
            if directive not in _PARTS:
                raise UnknownFormat(f"%{directive}")
            pattern += _PARTS[directive]
        else:
            pattern += r"\s+" if char.isspace() else re.escape(char)
        index += 1
    if "(?P<" not in pattern:
        raise UnknownFormat(format)  # dd-mm-yy would be read as those letters and fit no cell
    return re.compile(f"^{pattern}$")


def serial_format(format: str, is_1904: bool) -> str:
    """The format as a file means it: `excel` counts from where the workbook says."""
    return EXCEL_1904 if is_1904 and format.casefold() == EXCEL else format


def dates(cells: pa.Array, formats: Sequence[str], zone: ZoneInfo, company_zone: ZoneInfo) -> Typed:
    """Company-local dates (date32). A cell must fit one of the declared formats whole and be a real day.
    Times without offset are in `zone`; a date without time is taken as it stands."""
    text = trimmed(cells)
    shortened = _day_only(text) if zone == company_zone and ISO in formats else text
    patterns = [date_pattern(format) for format in dict.fromkeys(formats)]
    seen: dict[tuple, date | None] = {}

    def day(cell: str | None) -> date | None:
        for pattern in patterns if cell else ():
            match = pattern.match(cell or "")
            if match:
                key = _moment(match.groupdict())
                if key not in seen:
                    seen[key] = _company_day(key, zone, company_zone)
                return seen[key]
        return None

    return _typed(text, by_unique(shortened, day, pa.date32()), reasons.DATE)


_LOCAL_TIME = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?$"
)


def _day_only(text: pa.Array) -> pa.Array:
    """ISO times without offset cut to their day, which is all that counts in the company's own zone; far
    fewer distinct cells are left to parse."""
    return pc.replace_substring_regex(text, _LOCAL_TIME, r"\1")


def _moment(parts: Mapping[str, str | None]) -> tuple:
    """(year, month, day, hour or None, minute cut to a quarter of an hour, offset text). Every offset in
    use is a whole number of quarters, so cutting never moves an instant over midnight anywhere."""
    if parts.get("epoch"):
        at = datetime.fromtimestamp(int(parts["epoch"] or 0) // 1000, UTC)
        return at.year, at.month, at.day, at.hour, at.minute - at.minute % _QUARTER_HOUR, "Z"
    for group, format in (("serial", EXCEL), ("since1904", EXCEL_1904)):
        if parts.get(group):
            return _serial_moment(str(parts[group]), format)
    year = int(parts.get("Y") or 0) or (_century(int(parts.get("y") or 0)) if parts.get("y") else 0)
    name = parts.get("b")
    month = int(parts.get("m") or 0) or _month_number(name)
    hour_text = parts.get("H") or parts.get("I")
    hour = None if hour_text is None else int(hour_text)
    if parts.get("p") and hour is not None:
        hour = hour % 12 + 12 * ((parts["p"] or "").lower() == "pm") if 1 <= hour <= 12 else 99
    minute, second = int(parts.get("M") or 0), int(parts.get("S") or 0)
    minute = 99 if minute > 59 or second > 60 else minute - minute % _QUARTER_HOUR
    return year, month, int(parts.get("d") or 0), hour, minute, parts.get("z")


def _serial_moment(number: str, format: str) -> tuple:
    """The moment of a spreadsheet's number, to the second it is kept with; no time for a whole number."""
    days, seconds = divmod(round(Decimal(number.replace(",", ".")) * 86_400), 86_400)
    start, first = _SERIAL_STARTS[format]
    if not first <= days <= (date.max - start).days:
        return 0, 0, 0, None, 0, None  # no day
    day = start + timedelta(days=days)
    hour = seconds // 3600 if "." in number or "," in number else None
    minute = seconds // 60 % 60
    return day.year, day.month, day.day, hour, minute - minute % _QUARTER_HOUR, None


def _century(year: int) -> int:
    """POSIX: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068."""
    return year + (1900 if year >= 69 else 2000)


def _month_number(name: str | None) -> int:
    short = (name or "").lower()[:3]
    return MONTHS.index(short) + 1 if short in MONTHS else 0


def _company_day(key: tuple, zone: ZoneInfo, company_zone: ZoneInfo) -> date | None:
    year, month, day, hour, minute, offset = key
    try:
        if hour is None:
            return date(year, month, day)
        local = datetime(year, month, day, hour, minute)
        if offset:
            iso = "+00:00" if offset in "zZ" else offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
            local = datetime.fromisoformat(local.isoformat() + iso)
        elif zone == company_zone:
            return local.date()
        return periods.company_date(periods.as_instant(local, zone), company_zone)
    except ValueError:
        return None
