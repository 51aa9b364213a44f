"""JSON and NDJSON as text cells, so that they pass through the same checks as every other file.

Here: strict parsing, where the records lie, nested keys as columns. Not here: what a column means.
Nothing is rounded: a number keeps its digits as they are written, and never passes through float. A column
is named by the keys that lead to it, joined by points; a list becomes one cell, its parts joined by `;`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.errors import FileRefused, Problem, shown
from pipeline.sources.reading import (
    MAX_COLUMNS,
    BrokenRow,
    RawTable,
    check_magic,
    checked_encoding,
    refused,
    refused_length,
    refused_width,
    unpacked,
)
from pipeline.sources.reasons import CUT_RECORD, JOINED, NO_RECORD, NO_TEXT, Reason
from pipeline.workspace.model import FileFormat

MAX_DEPTH = 32
MAX_DIGITS = 40
"""Places that a number with an exponent may need; a longer one stays as it is written."""
_BLANKS = re.compile(r"[ \t\r\n]*")
_AGAIN = "Export the file again; if it is cut or damaged there too, export it as CSV."

Path = tuple[str, ...]


class _Number(str):
    """A number's digits as the file writes them; a text is a plain str."""


class _Faulty(ValueError):
    """What is wrong with one value, as a sentence over `params`."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


def read_json(data: bytes, format: FileFormat, name: str) -> RawTable:
    """Cells of a JSON document or of a file with one JSON record a line; `lines` are where records begin.

    Of NDJSON a line that is no record is set aside with its number. Raises FileRefused: E-EMPTY, E-HTML,
    E-BYTES, E-ENCODING, E-MAGIC, E-JSON, E-TRUNCATED, E-LIMIT.
    """
    data = unpacked(data, name, (".json", ".ndjson", ".jsonl"))
    check_magic(data, name, format.kind)
    text = data.decode(checked_encoding(data, format.encoding, name))
    table = _Table(format, name)
    if format.kind == "ndjson":
        _read_lines(text, table, name)
    else:
        _Document(text, table, name).read(tuple(format.records.split(".")) if format.records else ())
    return table.raw()


# --- values ------------------------------------------------------------------------------------------


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _doubled(next(key for key in keys if keys.count(key) > 1))
    return found


def _doubled(key: str) -> _Faulty:
    return _Faulty('The key "{key}" stands twice in one record.', key=shown(key))


def _constant(token: str) -> None:
    raise _Faulty("{token} is no number that JSON knows.", token=token)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_Number, parse_int=_Number, parse_constant=_constant
)


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends. Raises _Faulty, json.JSONDecodeError."""
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> _Faulty:
    return _Faulty("A record is nested more than {limit} levels deep.", limit=MAX_DEPTH)


# --- a document --------------------------------------------------------------------------------------


class _Document:
    """One pass over a JSON document, which hands every record of its list to the table."""

    def __init__(self, text: str, table: _Table, name: str) -> None:
        self.text = text
        self.table = table
        self.name = name
        self.at = 0
        self.counted, self.line = 0, 1
        self.found: list[str] = []
        """Where lists are that could be the records."""

    def read(self, path: Path) -> None:
        try:
            self._blanks()
            met = self._walk(path, ())
            self._blanks()
            if self.at < len(self.text):
                raise self._beyond()
            if not met:
                raise self._no_list(path)
        except json.JSONDecodeError as error:
            raise self._unreadable(error) from None
        except _Faulty as fault:
            raise refused(
                "E-JSON", fault.message, _AGAIN, self.name, line=self._line(self.at), **fault.params
            ) from None

    def _walk(self, path: Path | None, came: Path) -> bool:
        """Reads the value here; whether the list of records lay in it, at `path` (None: it is elsewhere)."""
        if len(came) > MAX_DEPTH:
            raise _too_deep()
        char = self.text[self.at : self.at + 1]
        if char == "[" and path == ():
            self._list()
            return True
        if char == "{":
            return self._object(path or None, came)
        value, self.at = _value(self.text, self.at)
        if isinstance(value, list) and came:
            self.found.append(".".join(came))
        return False

    def _object(self, path: Path | None, came: Path) -> bool:
        self._expect("{")
        if self._next_is("}"):
            return False
        seen: set[str] = set()
        met = False
        while True:
            key, self.at = self._key()
            if key in seen:
                raise _doubled(key)
            seen.add(key)
            self._expect(":")
            met |= self._walk(path[1:] if path and key == path[0] else None, (*came, key))
            if not self._next_is(","):
                break
        self._expect("}")
        return met

    def _key(self) -> tuple[str, int]:
        if self.text[self.at : self.at + 1] != '"':
            raise json.JSONDecodeError("key", self.text, self.at)
        return _value(self.text, self.at)

    def _list(self) -> None:
        self._expect("[")
        while not self._next_is("]"):
            begun = self.at
            record, self.at = _value(self.text, self.at)
            line = self._line(begun)
            if not isinstance(record, dict):
                self.at = begun
                raise _Faulty("The list of records holds {found}, which is no record.", found=shown(record))
            try:
                self.table.add(record, line)
            except _Faulty:
                self.at = begun
                raise
            if not self._next_is(","):
                self._expect("]")
                return
            if self.text[self.at : self.at + 1] == "]":
                raise json.JSONDecodeError("comma", self.text, self.at)

    def _blanks(self) -> None:
        self.at = _BLANKS.match(self.text, self.at).end()  # type: ignore[union-attr]

    def _next_is(self, char: str) -> bool:
        self._blanks()
        if self.text[self.at : self.at + 1] != char:
            return False
        self.at += 1
        self._blanks()
        return True

    def _expect(self, char: str) -> None:
        if not self._next_is(char):
            raise json.JSONDecodeError(char, self.text, self.at)

    def _line(self, at: int) -> int:
        """Physical line of a place; places come in order, so each stretch is counted once."""
        if at < self.counted:
            self.counted, self.line = 0, 1
        self.line += self.text.count("\n", self.counted, at)
        self.counted = at
        return self.line

    # --- what is said ---

    def _no_list(self, path: Path) -> FileRefused:
        lists = ", ".join(dict.fromkeys(self.found)) or "-"
        message = (
            'There is no list of records under "{path}". Lists of the file: {lists}.'
            if path
            else "The file is not a list of records. Lists in it: {lists}."
        )
        return refused(
            "E-JSON",
            message,
            "Declare where the records lie, format: {{records: {likely}}}; without a list the file is "
            "probably an error message.",
            self.name,
            line=1,
            value=shown(self.text[:60]),
            path=".".join(path),
            lists=lists,
            likely=self.found[0] if self.found else "data",
        )

    def _beyond(self) -> FileRefused:
        line = self._line(self.at)
        if self.text[self.at] == "{":
            return _other_kind("json", "ndjson", self.name, line)
        return refused(
            "E-JSON",
            "The JSON has ended, but more text follows.",
            _AGAIN,
            self.name,
            line=line,
            value=shown(self.text[self.at : self.at + 60]),
        )

    def _unreadable(self, error: json.JSONDecodeError) -> FileRefused:
        line = self._line(error.pos)
        if _is_cut(error):
            return refused(
                "E-TRUNCATED",
                "The file ends in the middle of a record: it has been cut.",
                "Export the file again.",
                self.name,
                line=line,
            )
        return refused(
            "E-JSON",
            "The file is no JSON from character {character} of the line on.",
            _AGAIN,
            self.name,
            line=line,
            value=shown(self.text[error.pos : error.pos + 60]),
            character=error.colno,
        )


def _is_cut(error: json.JSONDecodeError) -> bool:
    """Whether only the end is missing."""
    return error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")


def _other_kind(declared: str, actual: str, name: str, line: int) -> FileRefused:
    return refused(
        "E-MAGIC",
        "The file is declared as {declared}, but it is {actual}.",
        "Declare format: {{kind: {actual}}} for the source, or export it as {declared}.",
        name,
        line=line,
        declared=declared,
        actual=actual,
    )


# --- a record a line ---------------------------------------------------------------------------------


def _read_lines(text: str, table: _Table, name: str) -> None:
    if text[_BLANKS.match(text).end() :][:1] == "[":  # type: ignore[union-attr]
        raise _other_kind("ndjson", "json", name, 1)
    lines = text.split("\n")  # other line ends may stand inside a text
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        reason = _read_line(line, table, number)
        if reason is None:
            continue
        if reason is CUT_RECORD and number < len(lines):
            reason = NO_RECORD
        table.broken.append(BrokenRow(number, reason, (line.rstrip("\r"),), whole=True))
        if reason is CUT_RECORD:
            table.warnings.append(
                Problem(
                    reason.code,
                    "The file does not end with a line end; its last row may be cut.",
                    reason.remedy,
                    file=name,
                    line=number,
                    severity="warning",
                )
            )


def _read_line(line: str, table: _Table, number: int) -> Reason | None:
    """Why the line is no record; None when it is one."""
    begun = _BLANKS.match(line).end()  # type: ignore[union-attr]
    try:
        record, end = _value(line, begun)
        if line[end:].strip() or not isinstance(record, dict):
            return NO_RECORD
        table.add(record, number)
    except json.JSONDecodeError as error:
        return CUT_RECORD if _is_cut(error) and line[begun] == "{" else NO_RECORD
    except _Faulty:
        return NO_RECORD
    return None


# --- cells -------------------------------------------------------------------------------------------


@dataclass
class _Cells:
    """One record: text by path, and what is wrong with some of it."""

    text: dict[Path, str] = field(default_factory=dict)
    flagged: dict[Path, Reason] = field(default_factory=dict)


class _Table:
    """Records as they come in, with the columns met so far."""

    def __init__(self, format: FileFormat, name: str) -> None:
        self.format = format
        self.name = name
        self.records: list[_Cells] = []
        self.lines: list[int] = []
        self.columns: dict[Path, None] = {}
        self.broken: list[BrokenRow] = []
        self.warnings: list[Problem] = []

    def add(self, record: dict[str, Any], line: int) -> None:
        """The record, then the records below it, all at one line. Raises _Faulty, FileRefused."""
        added = [self._cells(one, line) for one in self._with_children(record, 0)]
        for cells in added:
            self.records.append(cells)
            self.lines.append(line)
            self.columns.update(dict.fromkeys(cells.text))
        if len(self.columns) > MAX_COLUMNS:
            raise refused_width(len(self.columns), self.name, line)

    def _with_children(self, record: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
        if depth > MAX_DEPTH:
            raise _too_deep()
        below = record.get(self.format.children) if self.format.children else None
        if isinstance(below, list) and all(isinstance(one, dict) for one in below):
            record = {key: value for key, value in record.items() if key != self.format.children}
            yield record
            for one in below:
                yield from self._with_children(one, depth + 1)
        else:
            yield record

    def _cells(self, record: Mapping[str, Any], line: int) -> _Cells:
        cells = _Cells()
        _flatten(record, (), cells, self.format.decimal, 0)
        if any(len(text) > csv.field_size_limit() for text in cells.text.values()):
            raise refused_length(self.name, line)
        return cells

    def raw(self) -> RawTable:
        """The whole table. A key that holds nothing where other records hold an object has no column."""
        inner = {path[:length] for path in self.columns for length in range(1, len(path))}
        kept = [
            path
            for path in self.columns
            if path not in inner or any(one.text.get(path) for one in self.records)
        ]
        place = {path: number for number, path in enumerate(kept)}
        flagged = [
            (row, place[path], reason)
            for row, one in enumerate(self.records)
            for path, reason in one.flagged.items()
            if path in place
        ]
        columns = tuple(
            pa.array([one.text.get(path, "") for one in self.records], pa.string()) for path in kept
        )
        return RawTable(
            tuple(".".join(path).strip() for path in kept),
            1,
            columns,
            np.asarray(self.lines, dtype=np.int64),
            tuple(self.broken),
            warnings=tuple(self.warnings),
            flagged=tuple(flagged),
        )


def _flatten(value: object, path: Path, cells: _Cells, mark: str, depth: int) -> None:
    """Puts the text of every value below `value` under its path."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        for key, inner in value.items():
            if not _is_text(key):
                raise _Faulty('The key "{key}" is no text.', key=_escaped(key))
            _flatten(inner, (*path, key), cells, mark, depth + 1)
        if not value and path:
            cells.text[path] = ""
    elif isinstance(value, list):
        _join(value, path, cells, mark, depth)
    else:
        text = _text(value, mark)
        if not _is_text(text):
            cells.flagged[path] = NO_TEXT
            text = _escaped(text)
        cells.text[path] = text


def _join(values: list[Any], path: Path, cells: _Cells, mark: str, depth: int) -> None:
    """A list as one cell a path: every element gives one part, a blank one where it has nothing there."""
    parts = [_Cells() for _ in values]
    for value, part in zip(values, parts, strict=True):
        _flatten(value, path, part, mark, depth + 1)
    for inner in dict.fromkeys(one for part in parts for one in part.text) or [path]:
        texts = [part.text.get(inner, "") for part in parts]
        cells.text[inner] = ";".join(texts) if any(texts) else ""
        found = next((part.flagged[inner] for part in parts if inner in part.flagged), None)
        if found is None and any(";" in text for text in texts):
            found = JOINED
        if found is not None:
            cells.flagged[inner] = found


def _text(value: object, mark: str) -> str:
    if isinstance(value, _Number):
        return _digits(value).replace(".", mark)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _digits(token: str) -> str:
    """A number without exponent; one that would need too many places stays as it is and will not parse."""
    if "e" not in token and "E" not in token:
        return str(token)
    try:
        number = Decimal(token)
    except ArithmeticError:
        return str(token)
    fits = abs(number.adjusted()) <= MAX_DIGITS and len(token) <= MAX_DIGITS
    return format(number, "f") if fits else str(token)


def _is_text(text: str) -> bool:
    """Whether the text can be written as UTF-8; half of a surrogate pair cannot."""
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _escaped(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")
