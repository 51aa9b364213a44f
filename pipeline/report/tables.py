"""Tables of a week for a spreadsheet: goals, their periods, rejected rows.

Here: which columns there are and that a spreadsheet reads them as what they are. Not here: any figure; every
value is one of scorecard.json (twin.py).

A table opens by a double click: UTF-8 with a mark, and per language the separator and decimal mark that a
spreadsheet of that language expects (English: comma and point, Russian: semicolon and comma). A text that
would be run as a formula gets a leading apostrophe; numbers stay numbers with all their digits, shares are
fractions, days are written as 2026-11-22 and instants in UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

import pandas as pd

from pipeline.language import pick
from pipeline.report.twin import plain

RISKY = ("=", "+", "-", "@", "\t", "\r")
"""First characters with which a spreadsheet takes a text for a formula."""
LANGUAGE_SEPARATORS = {"ru": (";", ",")}
"""Language -> what parts cells, what parts a number's fraction."""
USUAL_SEPARATORS = (",", ".")
QUARANTINE = ("source", "file", "line", "reason_code", "reason", "column", "value", "remedy", "row")
NESTED = ("periods", "months", "burn_up", "drivers", "printed")
"""Parts of a goal that are tables of their own, or repeat its numbers as texts."""
CONTROL = ("mean", "lower", "upper", "signals", "assurance")
LETTERS = ("S", "M", "A", "R", "T")
PERIOD = ("start", "end", "value", "numerator", "denominator", "closed", "prior_year")
Twin = Mapping[str, object]


def goals_csv(twin: Twin, lang: str) -> bytes:
    """One row a goal with every number of the JSON twin; the columns are called as its keys."""
    rows = [dict(_goal(one, lang)) for one in _listed(twin, "goals")]
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["id"]
    return spreadsheet_csv(columns, ([row.get(key) for key in columns] for row in rows), lang)


def periods_csv(twin: Twin, lang: str) -> bytes:
    """One row a goal and period: what `span` says of it is "period" (the goal's own, mostly a week) or
    "month"."""
    columns = ["goal", "title", "kpi", "unit", "span", *PERIOD]
    return spreadsheet_csv(columns, _period_rows(twin, lang), lang)


def quarantine_csv(frame: pd.DataFrame | None) -> bytes:
    """Rejected rows, with file and line."""
    if frame is None or not len(frame.columns):
        return spreadsheet_csv(QUARANTINE, (), "en")
    return spreadsheet_csv(list(frame.columns), frame.itertuples(index=False, name=None), "en")


def _listed(part: Twin, key: str) -> list[Twin]:
    return cast("list[Twin]", part[key])


def _period_rows(twin: Twin, lang: str) -> Iterator[list[object]]:
    for goal in _listed(twin, "goals"):
        head = [goal["id"], _text(goal["title"], lang), goal["kpi"], goal["unit"]]
        for span, key in (("period", "periods"), ("month", "months")):
            for one in _listed(goal, key):
                yield [*head, span, *(one[name] for name in PERIOD)]


def _goal(goal: Twin, lang: str) -> Iterator[tuple[str, object]]:
    for key, value in goal.items():
        if key == "range":
            low, high = cast("Sequence[object]", value or (None, None))
            yield from (("range_low", low), ("range_high", high))
        elif key == "control":
            control = cast(Twin, value or {})
            yield from ((f"control_{name}", control.get(name)) for name in CONTROL)
        elif key == "smart":
            yield from _smart(cast(Twin, value or {}))
        elif key not in NESTED:
            yield key, _text(value, lang)


def _smart(verdict: Twin) -> Iterator[tuple[str, object]]:
    letters = cast("Mapping[str, Twin]", verdict.get("letters", {}))
    yield "smart", verdict.get("verdict")
    yield from ((f"smart_{one}", letters.get(one, {}).get("verdict")) for one in LETTERS)


def _text(value: object, lang: str) -> object:
    """A text in one language; anything else as it is."""
    return pick(cast("Mapping[str, str]", value), lang) if isinstance(value, Mapping) else value


def spreadsheet_csv(columns: Sequence[str], rows: Iterable[Iterable[object]], lang: str = "en") -> bytes:
    """CSV that a spreadsheet of the language opens as it is: UTF-8 with mark, no text that it would run as a
    formula."""
    separator, mark = LANGUAGE_SEPARATORS.get(lang, USUAL_SEPARATORS)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value, mark) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: object, mark: str) -> object:
    if isinstance(value, (list, tuple)):
        value = " ".join(str(one) for one in value)
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(RISKY) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Decimal, date)):
        text = plain(value)
        return text.replace(".", mark) if isinstance(value, Decimal) else text
    return str(value).replace(".", mark) if isinstance(value, float) else value
