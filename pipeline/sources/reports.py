"""Accounting reports made for reading, as tables with one record a row.

Here: periods in titles and headers, the tree of accounts, totals and what they must add up to. Not here:
which sections and columns a system's reports have (vendors/), what a cell is worth (cells.py).
A total is never a record, and always a check: when the accounts it closes do not add up to it, rows are
missing or were read wrongly, and the report is refused.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np
import pyarrow as pa

from pipeline.errors import FileRefused, shown
from pipeline.sources import cells
from pipeline.sources.headers import fold
from pipeline.sources.reading import RawTable, refused
from pipeline.sources.vendor import Context

RECORD, TOTAL, OPENING = "record", "total", "opening"
"""What a row of the made table is, in its column Row."""
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_SHORT = {name[:3]: number for name, number in _MONTHS.items()}
_SPAN = re.compile(r"\s*(?:[-\u2013\u2014]| to )\s*", re.IGNORECASE)
_PLACE = re.compile(
    r"^(?:(?P<month>[^\W\d_]{3,9})\.?\s*)?,?\s*(?:(?P<day>\d{1,2})(?!\d)\s*,?)?\s*,?\s*(?P<year>\d{4})?$"
)
_TOTAL = re.compile(r"^total(?: for)? (?P<name>.+?)(?P<below> with sub-?accounts)?$", re.IGNORECASE)
_NUMBER = re.compile(r"^(\d{3,8})[\s\u00b7-]+(.+)$")
_SYMBOL = re.compile("[$€£₽]")
_BASIS = re.compile(r"^(accrual|cash) basis\b", re.IGNORECASE)

Kind = Literal["header", "account", "total"]


@dataclass(frozen=True)
class Line:
    """A labelled row of a report: what it is, and the account with those it belongs to."""

    kind: Kind
    path: tuple[str, ...]
    """Of a total the account it is of; empty for a row that is computed from several."""
    closes: bool = True
    """Of a total: nothing more belongs to its account. Not so where a total with sub-accounts follows."""


def period_of(text: str) -> tuple[date, date] | None:
    """First and last day of `October, 2026`, `October 1-31, 2026`, `Oct 1 - Nov 9, 2026` and the like."""
    parts = _SPAN.split(text.strip())
    places = [_PLACE.match(part) for part in parts]
    if not 1 <= len(parts) <= 2 or not all(places):
        return None
    first, last = (place.groupdict() for place in (places[0], places[-1]) if place)
    year = last["year"] or ""
    begun = _day(first["month"], first["day"], first["year"] or year, end=False)
    ended = _day(last["month"] or first["month"], last["day"], year, end=True)
    return (begun, ended) if begun and ended and begun <= ended else None


def _day(month: str | None, day: str | None, year: str, end: bool) -> date | None:
    name = (month or "").lower()
    number = _MONTHS.get(name) or (_SHORT.get(name) if len(name) == 3 else None)
    if not number or not year:
        return None
    length = calendar.monthrange(int(year), number)[1]
    wanted = int(day) if day else length if end else 1
    return date(int(year), number, wanted) if 1 <= wanted <= length else None


def basis_of(table: RawTable) -> tuple[str, RawTable]:
    """accrual or cash, from the foot line (blank when there is none), and the table without that line."""
    labels = table.columns[0].to_pylist() if table.columns else []
    feet = {row: found[1].lower() for row, text in enumerate(labels) if (found := _BASIS.match(text.strip()))}
    kept = np.array([row for row in range(table.rows) if row not in feet], dtype=np.int64)
    columns = tuple(column.take(pa.array(kept)) for column in table.columns)
    basis = next(reversed(feet.values()), "")
    return basis, replace(table, columns=columns, lines=table.lines[kept], cut_row=None)


def account_lines(
    labels: Sequence[str],
    has_cells: Sequence[bool],
    results: frozenset[str],
    sections: Container[str] = (),
) -> list[Line]:
    """Each label in its place in the tree; a row without label belongs to the account that is open there.
    `results` are folded labels of computed rows (Gross Profit), `sections` those of the highest level: one
    that has no total ends with the next section or result.

    An account opens a level when a total of its name follows, and the total closes it. Blanks before a label
    would say the same, but do not survive every spreadsheet.
    """
    totals = [_TOTAL.match(label.strip()) for label in labels]
    with_below = {found["name"] for found in totals if found and found["below"]}
    awaited = Counter(found["name"] for found in totals if found)
    open_ones: list[str] = []
    lines: list[Line] = []
    for label, total, filled in zip(labels, totals, has_cells, strict=True):
        name = label.strip()
        if total:
            awaited[total["name"]] -= 1
            lines.append(_closed(open_ones, total["name"], bool(total["below"]), with_below))
        elif fold(name) in results or fold(name) == "total":
            lines.append(Line("total", ()))
            open_ones = _awaiting(open_ones, awaited)
        else:
            begins = not filled and fold(name) in sections and not _awaiting(open_ones, awaited)
            if begins:
                open_ones = []
            lines.append(Line("account" if filled else "header", (*open_ones, name)))
            if name and (begins or awaited[name] > 0):
                open_ones.append(name)
    return lines


def _awaiting(open_ones: list[str], awaited: Mapping[str, int]) -> list[str]:
    """Those of the open accounts whose total is still to come."""
    return [name for name in open_ones if awaited[name] > 0]


def _closed(open_ones: list[str], name: str, below: bool, with_below: set[str]) -> Line:
    """The total of an open account, which is closed with everything in it."""
    if name not in open_ones:
        return Line("total", ())
    place = len(open_ones) - 1 - open_ones[::-1].index(name)
    path = tuple(open_ones[: place + 1])
    closes = below or name not in with_below
    if closes:
        del open_ones[place:]
    return Line("total", path, closes)


def amounts_of(column: pa.Array, context: Context) -> list[Decimal | None]:
    """Exact amounts; None for a blank or unreadable cell."""
    found = cells.money(column, context.format, context.currency, parentheses=True)
    return list(found.values.to_pylist())


def check_currency(column: pa.Array, context: Context) -> None:
    """Raises FileRefused (E-CURRENCY) for a symbol of another currency. Only totals carry one, so the amounts
    above them would be taken for the wrong money."""
    symbols = "".join(sorted(set(_SYMBOL.findall(" ".join(cell or "" for cell in column.to_pylist())))))
    foreign = [one for one in symbols if context.currency not in cells.SYMBOLS[one]]
    if foreign:
        raise refused(
            "E-CURRENCY",
            "The report is in {symbol}, but the source's amounts are in {currency}.",
            "Write currency: {likely} for the source.",
            context.file,
            symbol=foreign[0],
            currency=context.currency,
            likely=cells.SYMBOLS[foreign[0]][0],
        )


def is_readable(column: pa.Array, context: Context) -> bool:
    """Whether every cell with text is an amount; a column that is not can be checked against no total."""
    return not cells.money(column, context.format, context.currency, parentheses=True).bad.any()


def without_unit(column: pa.Array) -> pa.Array:
    """Cells as they are, with no-break spaces and blanks around them gone."""
    return pa.array([(cell or "").replace("\u00a0", " ").strip() for cell in column.to_pylist()], pa.string())


def check_totals(
    lines: Sequence[Line],
    amounts: Sequence[Decimal | None],
    labels: Sequence[str],
    places: Sequence[int],
    column: str,
    context: Context,
) -> None:
    """Raises FileRefused (E-TOTAL) for a total that is not the sum of the rows it is of. `places` are the
    physical lines."""
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row, (line, amount) in enumerate(zip(lines, amounts, strict=True)):
        if line.kind == "total":
            found = sums.pop(line.path, Decimal(0)) if line.closes else sums[line.path]
            if line.path and amount is not None:
                check_sum(labels[row], amount, found, places[row], column, context)
        elif amount is not None:
            for length in range(1, len(line.path) + 1):
                sums[line.path[:length]] += amount


def check_sum(label: str, said: Decimal, found: Decimal, line: int, column: str, context: Context) -> None:
    """Raises FileRefused (E-TOTAL) when a row says another sum than its parts give."""
    if said == found:
        return
    raise refused(
        "E-TOTAL",
        '"{label}" says {said}, but the rows it closes add up to {found}.',
        "Export the report again with every row expanded and no filter; collapsed rows leave accounts out.",
        context.file,
        line=line,
        column=column,
        label=label.strip(),
        said=format(said, ",f").rstrip("0").rstrip("."),
        found=format(found, ",f").rstrip("0").rstrip("."),
    )


def postings(table: RawTable, context: Context, amount: str = "Amount") -> RawTable:
    """A general ledger's rows with the account they stand under, as the columns Account, Account code and
    Row. Raises FileRefused (E-TOTAL, E-CURRENCY, E-TRUNCATED)."""
    labels = [(text or "").strip() for text in table.columns[0].to_pylist()]
    lines = account_lines(labels, [not label for label in labels], frozenset())
    places = [int(line) for line in table.lines]
    _check_closed(lines, places, context)
    column = without_unit(table.columns[[fold(name) for name in table.header].index(fold(amount))])
    check_currency(column, context)
    rows = [_row_kind(label, row, table) for row, label in enumerate(labels)]
    if is_readable(column, context):
        amounts = [
            None if kind == OPENING else value
            for kind, value in zip(rows, amounts_of(column, context), strict=True)
        ]
        check_totals(lines, amounts, labels, places, amount, context)
    accounts = [account_parts(line.path[:-1]) for line in lines]
    kept = [row for row, line in enumerate(lines) if line.kind != "header"]
    made = {
        "Account": [name for _, name in accounts],
        "Account code": [code for code, _ in accounts],
        "Row": rows,
    }
    names = ["" if name in made else name for name in table.header]
    taken = pa.array(kept, pa.int64())
    return replace(
        table,
        header=(*names, *made),
        columns=tuple(
            column.take(taken)
            for column in (*table.columns, *(pa.array(values, pa.string()) for values in made.values()))
        ),
        lines=table.lines[kept],
        flagged=(),
        symbols={},
    )


def _row_kind(label: str, row: int, table: RawTable) -> str:
    if label:
        return TOTAL
    cells_of_row = (column[row].as_py() or "" for column in table.columns)
    return OPENING if any(fold(cell) == "beginning balance" for cell in cells_of_row) else RECORD


def _check_closed(lines: Sequence[Line], places: Sequence[int], context: Context) -> None:
    """Every account of a general ledger has its total below its postings, or the report has been cut."""
    closed = {line.path for line in lines if line.kind == "total"}
    for line in lines:
        if line.kind == "header" and line.path not in closed:
            raise cut_report(f"Total for {line.path[-1]}", context, places[-1])


def cut_report(what: str, context: Context, line: int) -> FileRefused:
    """E-TRUNCATED: the report has no `what`, with which a whole one ends."""
    return refused(
        "E-TRUNCATED",
        'The report ends without the row "{what}": it has been cut, or it is another report.',
        "Export the report again.",
        context.file,
        line=line,
        what=what,
    )


def account_parts(path: Sequence[str]) -> tuple[str, str]:
    """Number and full name of an account: `60100 Ads` below `60000 Marketing` is 60100, `Marketing:Ads`."""
    names, number = [], ""
    for part in path:
        found = _NUMBER.match(part)
        number, name = (found[1], found[2]) if found else ("", part)
        names.append(name)
    return number, ":".join(names)


def made_table(table: RawTable, columns: Mapping[str, Sequence[str]], lines: Sequence[int]) -> RawTable:
    """A table of made columns; `lines` are the physical lines the rows come from."""
    return replace(
        table,
        header=tuple(columns),
        columns=tuple(pa.array(list(values), pa.string()) for values in columns.values()),
        lines=np.asarray(lines, dtype=np.int64),
        iso_dates=True,
        flagged=(),
        symbols={},
        cut_row=None,
    )


def unknown_column(name: str, context: Context, line: int, remedy: str) -> FileRefused:
    """E-HEADER for a column of amounts that is no period."""
    return refused(
        "E-HEADER",
        'The column "{header}" is neither a month nor the total.',
        remedy,
        context.file,
        line=line,
        column=name,
        value=shown(name),
        header=name,
    )
