"""Why a row is quarantined: every reason, its wording and what a person can do about it.

Here: the reasons and the record of who was rejected. Not here: the checks that find them (cells.py,
validation.py), nor why a whole file is refused (reading.py, headers.py).
A reason is a plain sentence without values, so that rows can be counted by it and the sentence translated;
the column and the offending value stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.errors import shown


@dataclass(frozen=True)
class Reason:
    """`code` is stable; `text` and `remedy` are English templates without fields."""

    code: str
    text: str
    remedy: str


NUMBER = Reason(
    "E-NUMBER",
    "not a number in the declared form",
    "Correct the cell, or declare the decimal and thousands marks the file uses under format.",
)
DATE = Reason(
    "E-DATE",
    "not a date in the declared format",
    "Correct the cell, or declare the date format the file uses under format.",
)
TRUTH = Reason(
    "E-BOOL", "neither a yes nor a no that is known", "List the values that mean yes under equals."
)
DURATION = Reason(
    "E-DURATION",
    "not a duration that can be read in one way only",
    "Write durations as 2:30, 2h 30m or 2.5, or declare their unit.",
)
VALUE = Reason("E-VALUE", "a value that is not listed", "Add the value to the list, or correct the cell.")
REQUIRED = Reason("E-REQUIRED", "a required cell is empty", "Fill the cell in the system it comes from.")
CURRENCY = Reason(
    "E-CURRENCY",
    "a currency that is not the declared one or not a currency code",
    "Export amounts in one currency, or map the currency column.",
)
RANGE = Reason(
    "E-RANGE", "outside the range that is possible", "Correct the value in the system it comes from."
)
RULE = Reason("E-RULE", "contradicts another cell of the row", "Correct the row in the system it comes from.")
DUPLICATE = Reason(
    "E-DUPLICATE", "the same row again; the first one counts", "Nothing to do: it counts once."
)
CONFLICT = Reason(
    "E-CONFLICT-ROWS",
    "the same key with different values; none of these rows counts",
    "Remove the wrong row from the export, or export the key that tells them apart.",
)
SHORT = Reason("E-FIELDS", "fewer fields than the header", "Export the file again; the row has been cut.")
LONG = Reason(
    "E-FIELDS", "more fields than the header", "Put quotes around the cell that contains the delimiter."
)
QUOTE = Reason("E-CSV", "text after a closing quote", "Double the quotes inside a quoted cell.")
TRUNCATED = Reason(
    "E-TRUNCATED",
    "the last row ends without a line end and may be cut",
    "Export the file again; if its last row is whole, set final_newline: false under format.",
)
LOOKUP = Reason(
    "E-LOOKUP", "not found in the second file", "Add the row to the second file, or list the spelling."
)
FORMULA = Reason(
    "E-FORMULA", "a formula without a stored result", "Open the workbook, let it calculate, save it."
)
FAILED = Reason(
    "E-FORMULA", "a formula that ended in an error", "Correct the formula in the workbook and save it."
)
DIGITS = Reason(
    "E-DIGITS",
    "a number with more digits than a workbook keeps",
    "Keep the column as text in the workbook, or export it as CSV.",
)
NO_TEXT = Reason(
    "E-BYTES", "a value that cannot be written as text", "Write the column as text, numbers or dates."
)
NO_RECORD = Reason(
    "E-JSON",
    "a line that is no JSON record",
    "Export the file again; every line must be one whole record, with no key twice.",
)
CUT_RECORD = Reason("E-TRUNCATED", "the last line is only half a record", "Export the file again.")
JOINED = Reason(
    "E-JSON", "a list with a text that holds the mark between its parts", "Remove the ; from the text."
)

REASONS = (
    NUMBER,
    DATE,
    TRUTH,
    DURATION,
    VALUE,
    REQUIRED,
    CURRENCY,
    RANGE,
    RULE,
    DUPLICATE,
    CONFLICT,
    SHORT,
    LONG,
    QUOTE,
    TRUNCATED,
    LOOKUP,
    FORMULA,
    FAILED,
    DIGITS,
    NO_TEXT,
    NO_RECORD,
    CUT_RECORD,
    JOINED,
)


@dataclass
class Rejections:
    """Reasons per row number (0-based position in the table read). The first reason of a row names it."""

    by_row: dict[int, list[tuple[Reason, str, str]]] = field(default_factory=dict)

    def add(
        self, rows: Iterable[int], reason: Reason, column: str, values: Sequence[object] | None = None
    ) -> None:
        """`values[row]` is the offending cell; a column already blamed for a row is not blamed twice."""
        for row in rows:
            found = self.by_row.setdefault(int(row), [])
            if all(column != other for _, other, _ in found):
                value = "" if values is None else values[int(row)]
                found.append((reason, column, "" if value is None else shown(value)))

    def blames(self, row: int, column: str) -> bool:
        return any(column == other for _, other, _ in self.by_row.get(row, ()))
