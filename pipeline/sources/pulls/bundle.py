"""The landed form of a pull: one file of lines, a header record and then every answer as it was received.

Here: putting answers together, reading them back, cells from JSON values. Not here: which answers there are
(one module a system), when they are fetched and saved (pull.py).
Answers are kept as the system wrote them, only without line breaks, which mean nothing in JSON; so every
digit of a number is the system's own. The header counts the answers: a file that was cut is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline.errors import FileRefused, Problem
from pipeline.sources.pulls.spec import Record

FORMAT = 1
_MAGIC = b'{"pull": 1, "system": '


@dataclass(frozen=True)
class Page:
    """One saved answer: the line it stands in, what it holds, what was asked, what came back."""

    line: int
    kind: str
    request: Mapping[str, Any]
    body: Any


@dataclass(frozen=True)
class Bundle:
    """A landed pull."""

    system: str
    export: str
    started_at: datetime
    properties: tuple[str, ...]
    pages: tuple[Page, ...]

    def of(self, kind: str) -> Iterator[Page]:
        """Answers of one kind, in the order they were asked for."""
        return (page for page in self.pages if page.kind == kind)

    def items(self, kind: str, *keys: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """(line, record) of every record of the answers of a kind, found under `keys` of the body."""
        for page in self.of(kind):
            found = page.body
            for key in keys:
                found = found.get(key) if isinstance(found, Mapping) else None
            for record in found if isinstance(found, list) else ():
                if isinstance(record, Mapping):
                    yield page.line, record


class Rows:
    """Records by their identifier, the last one of each; records without one are all kept, to be rejected."""

    def __init__(self) -> None:
        self._by_id: dict[str, Record] = {}
        self._without: list[Record] = []

    def put(self, record: Record) -> None:
        if record.cells["id"]:
            self._by_id[record.cells["id"]] = record
        else:
            self._without.append(record)

    def get(self, identifier: str) -> Record | None:
        return self._by_id.get(identifier)

    def all(self) -> list[Record]:
        return [*self._by_id.values(), *self._without]


def page_line(request: Mapping[str, Any], text: str) -> bytes:
    """One answer as a line. `text` is its JSON."""
    asked = json.dumps(request, ensure_ascii=False, sort_keys=True)
    flat = text.replace("\r", " ").replace("\n", " ")
    return f'{{"request": {asked}, "body": {flat}}}\n'.encode()


def bundled(
    system: str, export: str, started_at: datetime, properties: Sequence[str], pages: Sequence[bytes]
) -> bytes:
    """The file that is landed."""
    header = {
        "pull": FORMAT,
        "system": system,
        "export": export,
        "started_at": started_at.isoformat(),
        "properties": list(properties),
        "pages": len(pages),
    }
    return json.dumps(header, ensure_ascii=False).encode() + b"\n" + b"".join(pages)


def is_bundle(data: bytes) -> bool:
    """Whether landed bytes are a pull and not a file somebody dropped."""
    return data.startswith(_MAGIC)


def read_bundle(data: bytes, name: str) -> Bundle:
    """Raises FileRefused (E-TRUNCATED) when lines are missing or damaged. Numbers come as their own
    digits."""
    lines = data.split(b"\n")
    try:
        header = read_json(lines[0].decode())
        records = [read_json(line.decode()) for line in lines[1:] if line]
        if str(len(records)) != header["pages"] or lines[-1]:
            raise ValueError("pages are missing")
        return Bundle(
            header["system"],
            header["export"],
            datetime.fromisoformat(header["started_at"]),
            tuple(header["properties"]),
            tuple(
                Page(number, str(record["request"]["kind"]), record["request"], record["body"])
                for number, record in enumerate(records, start=2)
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FileRefused(
            Problem(
                "E-TRUNCATED",
                "The answers kept in {name} are not whole.",
                "Restore the state folder from a backup, or run again: the system is then asked anew.",
                file=name,
                params={"name": name},
            )
        ) from None


def read_json(text: str) -> Any:
    """JSON with numbers as text, digit by digit. Raises ValueError (NaN and Infinity are no JSON)."""
    return json.loads(text, parse_float=_digits, parse_int=str, parse_constant=_no_number)


def _digits(text: str) -> str:
    """1.5E3 is 1500, as cells write numbers; what is far from any figure stays as it is."""
    if "e" not in text.lower():
        return text
    number = Decimal(text)
    return format(number, "f") if -30 <= number.adjusted() <= 30 else text


def _no_number(text: str) -> Any:
    raise ValueError(text)


def cell(value: Any) -> str:
    """A JSON value as the cell of a table: nothing for null, true and false, text and digits as they are."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def listed(record: Any, *keys: str) -> list[Any]:
    """The list that stands under nested keys; empty where there is none."""
    found = inside(record, *keys)
    return found if isinstance(found, list) else []


def inside(record: Any, *keys: str) -> Any:
    """What stands under nested keys; None where one of them is missing."""
    for key in keys:
        record = record.get(key) if isinstance(record, Mapping) else None
    return record
