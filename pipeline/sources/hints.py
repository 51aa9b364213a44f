"""What a file would have to be declared as to be read, said beside what could not be read.

Here: sentences with the likely right declaration. Not here: the evidence (guess.py) or the reading itself. A
hint stands in a message and is never used: a person who agrees writes it into the source.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import Problem
from pipeline.sources import cells, guess
from pipeline.sources.vendor import EXCEL
from pipeline.workspace.model import FileFormat

FORMAT = "W-FORMAT"
MOST_VALUES = 20_000
"""Different cells of a column that are looked at."""
ENOUGH = 0.9
"""Share of a column's cells, and of those that could not be read, that another format must read."""
NUMBERS = ("money", "decimal", "integer")
DATE_REMEDY = (
    'If they are, declare format: {{date: "{likely}"}} for the source, or date: "{likely}" for the column.'
)
BOTH_WAYS = (
    "No cell tells whether it is {likely} or {other}: find out, then declare it as date under format or for "
    "the column."
)


def column_hint(
    kind: str,
    column: str,
    text: pa.Array,
    bad: np.ndarray,
    format: FileFormat,
    dates: Sequence[str],
    file: str,
) -> Problem | None:
    """The likely format of a column with cells that do not fit the declared one; None without a likely one.

    `bad` marks the cells that could not be read; `dates` are the declared date formats.
    """
    whole = cells.trimmed(text)
    values = _uniques(whole)
    wrong = _uniques(whole.filter(pa.array(bad)))
    about = {"column": column, "bad": int(bad.sum()), "count": len(whole) - whole.null_count}
    if not wrong:
        return None
    if kind in NUMBERS:
        return _number_hint(values, wrong, format, file, about)
    return _date_hint(values, wrong, dates, file, about) if kind == "date" else None


def _uniques(column: pa.Array) -> list[str]:
    found = pc.drop_null(pc.unique(column)).to_pylist()
    return [str(value) for value in found[:MOST_VALUES]]


def _number_hint(
    values: list[str], wrong: list[str], format: FileFormat, file: str, about: dict[str, object]
) -> Problem | None:
    declared = guess.Marks(format.decimal, format.thousands)
    others = [one for one in guess.MARKS if one != declared]
    best = max(others, key=lambda one: guess.numbers_read(values, one))
    read = guess.numbers_read(values, best)
    if not _convinces(read, values, guess.numbers_read(wrong, best), wrong):
        return None
    return Problem(
        FORMAT,
        'Column "{column}": {bad} of {count} cells are no numbers as declared (decimal "{declared}"); '
        'they look like numbers with decimal "{decimal}" and thousands "{thousands}".',
        'If they are, declare format: {{decimal: "{decimal}", thousands: "{thousands}"}} for the source.',
        file=file,
        column=str(about["column"]),
        severity="warning",
        params={
            **about,
            "declared": format.decimal,
            "decimal": best.decimal,
            "thousands": best.thousands,
        },
    )


def _date_hint(
    values: list[str], wrong: list[str], dates: Sequence[str], file: str, about: dict[str, object]
) -> Problem | None:
    others = [one for one in guess.DATE_FORMATS if one not in dates]
    if guess.may_be_serials(wrong):
        others.append(EXCEL)
    probe = wrong[: guess.PROBE]
    likely = [one for one in others if guess.dates_read(probe, one) >= ENOUGH * len(probe)]
    if not likely:
        return None
    best = max(likely, key=lambda one: guess.dates_read(values, one))
    read = guess.dates_read(values, best)
    if not _convinces(read, values, guess.dates_read(wrong, best), wrong):
        return None
    same = [one for one in likely if guess.dates_read(values, one) == read]
    readings = guess.distinct(same, values)
    return Problem(
        FORMAT,
        'Column "{column}": {bad} of {count} cells are no dates in the declared format {declared}; they '
        "look like dates in the format {likely}.",
        BOTH_WAYS if len(readings) > 1 else DATE_REMEDY,
        file=file,
        column=str(about["column"]),
        severity="warning",
        params={**about, "declared": dates[0], "likely": best, "other": readings[-1]},
    )


def _convinces(read: int, values: Sequence[str], read_of_wrong: int, wrong: Sequence[str]) -> bool:
    return read >= ENOUGH * len(values) and read_of_wrong >= ENOUGH * len(wrong)


def script_warning(data: bytes, declared: str, file: str) -> tuple[Problem, ...]:
    """A warning when the declared single-byte encoding decodes the text into letters nobody wrote."""
    likely = guess.other_script(data, declared)
    if likely is None:
        return ()
    return (
        Problem(
            "W-ENCODING",
            "The file is declared as {declared}, but its words look like {likely}.",
            "If names come out garbled, declare format: {{encoding: {likely}}} for the source.",
            file=file,
            severity="warning",
            params={"declared": declared, "likely": likely},
        ),
    )


def resplit_header(header: Sequence[str], declared: str) -> list[tuple[str, list[str]]]:
    """The header line cut by every other delimiter that is in it: (delimiter, cells)."""
    line = declared.join(header)
    return [
        (mark, [cell.strip() for cell in line.split(mark)])
        for mark in guess.DELIMITERS
        if mark != declared and mark in line
    ]
