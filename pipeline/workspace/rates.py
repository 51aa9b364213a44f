"""rates.csv: what one unit of another currency was worth in the company's, from which day on.

Here: reading it strictly, with file, line and column of everything wrong. Not here: which rate a day has and
what is converted with it (kpis/exchange.py).

    date,currency,rate
    2026-10-01,USD,0.92
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.errors import Problem, nearest, shown
from pipeline.workspace.model import Rate
from pipeline.workspace.rules import CURRENCIES
from pipeline.workspace.yamlnodes import decode

RATES_FILE = "rates.csv"
COLUMNS = ("date", "currency", "rate")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?\Z")


@dataclass
class _Table:
    own: str | None
    rates: list[Rate] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: dict[tuple[date, str], int] = field(default_factory=dict)


def read_rates(root: Path, own: str | None) -> tuple[tuple[Rate, ...], list[Problem]]:
    """Rates by day and currency, and everything that is wrong with the file; nothing of both without one.
    `own` is the company's currency, when it is known."""
    path = root / RATES_FILE
    if not path.is_file():
        return (), []
    text, problem = decode(path.read_bytes(), RATES_FILE)
    if text is None:
        return (), [problem] if problem else []
    first = text.partition("\n")[0].strip()
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    if tuple(cell.strip() for cell in next(rows, [])) != COLUMNS:
        message = "The first line must be date,currency,rate."
        return (), [_problem("E-HEADER", message, "Correct the first line.", 1, 1, value=first)]
    table = _Table(own)
    for row in rows:
        if any(cell.strip() for cell in row):
            _add(table, [cell.strip() for cell in row], rows.line_num)
    return tuple(sorted(table.rates, key=lambda one: (one.day, one.currency))), table.problems


def _add(table: _Table, cells: list[str], line: int) -> None:
    if len(cells) != len(COLUMNS):
        message = "This line has {count} values instead of 3."
        remedy = "Write date, currency and rate, nothing else; the decimal mark is a point."
        table.problems.append(_problem("E-FIELDS", message, remedy, line, count=len(cells)))
        return
    wrong = list(_wrong_cells(table, cells, line))
    if wrong:
        table.problems += wrong
        return
    rate = Rate(day=date.fromisoformat(cells[0]), currency=cells[1], rate=Decimal(cells[2]))
    key = rate.day, rate.currency
    if key in table.lines:
        message = "The rate of {currency} on {day} is given twice, on lines {first} and {second}."
        table.problems.append(
            _problem(
                "E-DUPLICATE", message, "Keep one of the two.", line, "date",
                currency=rate.currency, day=cells[0], first=table.lines[key], second=line,
            )
        )  # fmt: skip
        return
    table.lines[key] = line
    table.rates.append(rate)


def _wrong_cells(table: _Table, cells: list[str], line: int) -> Iterator[Problem]:
    day, currency, rate = cells
    if not _is_day(day):
        yield _value("{value} is not a date.", line, "date", day, "a date such as 2026-10-01")
    if currency not in CURRENCIES:
        near = nearest(currency, CURRENCIES)
        yield _problem(
            "E-CURRENCY", "{currency} is not a currency of today (ISO 4217).",
            "Did you mean {near}?" if near else "", line, "currency",
            value=currency, currency=shown(currency), near=near or "",
        )  # fmt: skip
    elif currency == table.own:
        yield _problem(
            "E-CURRENCY", "{currency} is the company's own currency and needs no rate.", "Remove the line.",
            line, "currency", value=currency, currency=currency,
        )  # fmt: skip
    if not _RATE.match(rate) or not Decimal(rate):
        yield _value("{value} is not a rate.", line, "rate", rate, "a number above 0 such as 0.9215")


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.match(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _value(message: str, line: int, column: str, value: str, expected: str) -> Problem:
    return Problem(
        "E-VALUE", message, file=RATES_FILE, line=line, column=column, value=shown(value), expected=expected,
        params={"value": f"“{shown(value)}”"},
    )  # fmt: skip


def _problem(
    code: str,
    message: str,
    remedy: str,
    line: int,
    column: int | str | None = None,
    *,
    value: str | None = None,
    **params: object,
) -> Problem:
    return Problem(
        code, message, remedy, file=RATES_FILE, line=line, column=column,
        value=None if value is None else shown(value), params=params,
    )  # fmt: skip
