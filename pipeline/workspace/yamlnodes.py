"""YAML text to plain data that remembers where every key and value stands.

Here: decoding, limits, duplicate keys, and what a bare word means. Not here: which keys are allowed
(model.py) or what they refer to (rules.py).

A bare scalar is true/false, empty, a number, or text; nothing else. `no` and `on` are text, `010`, `08:30`
and `1_000` are text that a model may still read as it needs, and `1.10` is a Decimal that stays 1.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from pipeline.errors import Problem, shown

SIZE_LIMIT = 1_000_000
"""Bytes of one YAML file; a hand-written one is a hundred times smaller."""
NODE_LIMIT = 200_000
"""Values of one file after aliases are followed; stops a file that multiplies itself."""
DEPTH_LIMIT = 50

Path = tuple[str | int, ...]
Position = tuple[int, int]

_CORE = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "map", "seq", "value")
)
_SEEN_DIFFERENTLY = ("&", "\t", "\x85", "\u2028", "\u2029", "\ufeff", "\n...")
"""Anchors, tabs, ends of documents, and what is a line break in YAML 1.1 and a letter in 1.2: left to the
careful reader."""
_TEXT = "tag:yaml.org,2002:str"
_QUOTED = ("'", '"', "|", ">")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")


@dataclass
class Document:
    """One file's data. `keys` and `values` map paths like ("goals", 0, "due") to (line, column) from 1."""

    file: str
    data: Any = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)

    fill_remedy: ClassVar[str] = "Write its value after the colon."
    add_remedy: ClassVar[str] = "Add a line with {key} and a colon."

    def position(self, path: Path, of: str = "value") -> Position:
        """Where a path stands; the nearest enclosing thing when the path itself is not written."""
        while True:
            found = self.keys.get(path) if of == "key" else self.values.get(path, self.keys.get(path))
            if found or not path:
                return found or (1, 1)
            path, of = path[:-1], "key" if path[:-1] in self.keys else "value"

    def place(self, path: Path, of: str = "value") -> dict[str, Any]:
        """file, line and column for a Problem."""
        line, column = self.position(path, of)
        return {"file": self.file, "line": line, "column": column}

    def file_of(self, path: Path) -> str:
        """The file as `Workspace.locations` keeps it; a workbook adds the sheet."""
        return self.file


def read_yaml(data: bytes, file: str, first_line: int = 1) -> tuple[Document | None, list[Problem]]:
    """Data and positions of one YAML file, or None with the problems that keep it from being read.

    Problems: E-LIMIT (size, depth, multiplied aliases), E-YAML (encoding, syntax, duplicate key, tag).
    `first_line` is the line of the file on which `data` begins.
    """
    if len(data) > SIZE_LIMIT:
        return None, [_too_big(file, len(data))]
    text, problem = decode(data, file)
    if text is None:
        return None, [problem] if problem else []
    node, problem = _composed(text, file, first_line)
    if problem:
        return None, [problem]
    builder = _Builder(Document(file), first_line)
    try:
        builder.document.data = builder.build(node, (), 0) if node is not None else None
    except _Limit as limit:
        return None, [limit.problem]
    return (None if builder.fatal else builder.document), builder.problems


def decode(data: bytes, file: str) -> tuple[str | None, Problem | None]:
    """UTF-8 text (a byte-order mark is fine), or the place where it stops being that."""
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        return None, Problem(
            "E-YAML",
            "The file is not UTF-8 text: the byte {byte} does not belong there.",
            "Save the file again with the encoding UTF-8.",
            file=file,
            line=line,
            column=column,
            params={"byte": f"0x{data[error.start]:02X}"},
        )


def _composed(text: str, file: str, first_line: int) -> tuple[Any, Problem | None]:
    """The node graph of the text; syntax errors in plain words."""
    quick = quickly_composed(text)
    if quick is not None:
        return quick, None
    return _carefully_composed(text, file, first_line)


def quickly_composed(text: str) -> Any:
    """The node graph by the C library, which takes a twentieth of the time; None when the careful reader has
    to look: at an error (its words are the better ones), at what the two readers do not see alike, at names
    after & that multiply, and at nesting that recursion in C must not meet."""
    import yaml

    if not hasattr(yaml, "CSafeLoader") or any(part in text for part in _SEEN_DIFFERENTLY):
        return None
    try:
        if not _plainly_alike(yaml.parse(text, Loader=yaml.CSafeLoader)):
            return None
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None


def _plainly_alike(events: Iterable[Any]) -> bool:
    """Not too deep, no value left empty (the readers tell different places for it), no block of text (they
    disagree about blank lines at its start)."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_LIMIT or (isinstance(event, yaml.ScalarEvent) and _needs_care(event)):
            return False
    return True


def _needs_care(event: Any) -> bool:
    return event.style in ("|", ">") or (event.style not in _QUOTED and not event.value)


def _carefully_composed(text: str, file: str, first_line: int) -> tuple[Any, Problem | None]:
    from ruamel.yaml import YAML
    from ruamel.yaml.composer import MaxDepthExceededError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.max_depth = DEPTH_LIMIT
    try:
        return reader.compose(text), None
    except (RecursionError, MaxDepthExceededError):
        return None, _too_deep(file, None)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "quoted scalar" in str(error.context) and error.context_mark:
            mark = error.context_mark  # where it was opened, not the end of the file
        line, column = (mark.line + first_line, mark.column + 1) if mark else (None, None)
        message, remedy = _plain_words(error)
        return None, Problem("E-YAML", message, remedy, file=file, line=line, column=column)
    except YAMLError as error:
        line, column = _place_in(text, getattr(error, "position", None), first_line)
        return None, Problem(
            "E-YAML",
            "The file holds a character that YAML does not allow.",
            "Remove control characters; they often come from copying out of another program.",
            file=file,
            line=line,
            column=column,
        )


def _place_in(text: str, position: int | None, first_line: int) -> tuple[int | None, int | None]:
    if position is None:
        return None, None
    before = text[:position]
    return before.count("\n") + first_line, len(before.rpartition("\n")[2]) + 1


# What the YAML reader says (a part of it) -> what a person needs to hear. First match wins.
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("'\\t'", "A tab stands where spaces are needed.", "Indent with spaces only."),
    (
        "while scanning a quoted scalar",
        "A quotation mark is opened here and never closed.",
        "Close the quotation mark.",
    ),
    (
        "mapping values are not allowed",
        "A colon stands where no key can be.",
        "Put a text that holds a colon in quotation marks, or check the indentation of this line.",
    ),
    (
        "could not find expected ':'",
        "A line is neither a key with a colon nor part of the line before it.",
        "Write `key: value`, and check the indentation.",
    ),
    (
        "while parsing a flow",
        "A bracket or brace is opened and not closed properly.",
        "Close it, and separate entries with commas.",
    ),
    (
        "while parsing a block",
        "The indentation does not fit the lines above, or a colon is missing.",
        "Give entries that belong together the same number of spaces, and write a colon after each key.",
    ),
    (
        "undefined alias",
        "A name after * is used that no & gives.",
        "Define it with & first, or put the text in quotation marks.",
    ),
    ("found duplicate anchor", "The same name after & is given twice.", "Give each its own name."),
    (
        "expected a single document",
        "The file holds more than one document: `---` stands in the middle.",
        "Remove the line `---`.",
    ),
    (
        "cannot start any token",
        "A character stands where a value must begin.",
        "Put a value that begins with %, @ or ` in quotation marks.",
    ),
)


def _plain_words(error: Any) -> tuple[str, str]:
    said = f"{error.context or ''} {error.problem or ''}"
    for part, message, remedy in _WORDS:
        if part in said:
            return message, remedy
    return (
        "The file cannot be read as YAML from here on.",
        "Check the indentation, colons and quotation marks of this line.",
    )


def _too_big(file: str, size: int) -> Problem:
    return Problem(
        "E-LIMIT",
        "The file has {size} bytes; a workspace file may have {limit}.",
        "Exports belong in the folder exports, not here.",
        file=file,
        params={"size": f"{size:_}".replace("_", " "), "limit": f"{SIZE_LIMIT:_}".replace("_", " ")},
    )


def _too_deep(file: str, line: int | None) -> Problem:
    return Problem(
        "E-LIMIT",
        "Values are nested more than {limit} deep.",
        "Remove the nesting; nothing in a workspace needs it.",
        file=file,
        line=line,
        params={"limit": DEPTH_LIMIT},
    )


class _Limit(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Builder:
    """Turns composed nodes into plain data, noting positions and counting what aliases multiply."""

    def __init__(self, document: Document, first_line: int) -> None:
        self.document = document
        self.first_line = first_line
        self.problems: list[Problem] = []
        self.fatal = False
        self._count = 0

    def build(self, node: Any, path: Path, depth: int) -> Any:
        self._count += 1
        line, column = self._mark(node)
        if self._count > NODE_LIMIT:
            raise _Limit(
                Problem(
                    "E-LIMIT",
                    "The file's names after & and * multiply into more than {limit} values.",
                    "Write the values out instead.",
                    file=self.document.file,
                    params={"limit": NODE_LIMIT},
                )
            )
        if depth > DEPTH_LIMIT:
            raise _Limit(_too_deep(self.document.file, line))
        self.document.values[path] = (line, column)
        if str(node.tag) not in _CORE:
            return self._refused_tag(node, line, column)
        return self._value(node, path, depth)

    def _value(self, node: Any, path: Path, depth: int) -> Any:
        if node.id == "mapping":
            return self._mapping(node, path, depth)
        if node.id == "sequence":
            return [self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        if node.style in _QUOTED or str(node.tag) == _TEXT:
            return node.value
        return scalar(node.value)

    def _mapping(self, node: Any, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in self._pairs(node, depth):
            key = str(key_node.value)
            position = self._mark(key_node)
            if key in result:
                self._duplicate(key, self.document.keys[(*path, key)], position)
                continue
            self.document.keys[(*path, key)] = position
            result[key] = self.build(value_node, (*path, key), depth + 1)
        return result

    def _pairs(self, node: Any, depth: int) -> Iterator[tuple[Any, Any]]:
        """Key and value nodes; `<<` brings in another mapping's keys where this one has none of that name."""
        own = {str(key.value) for key, _ in node.value if key.id == "scalar"}
        for key_node, value_node in node.value:
            if key_node.id != "scalar":
                self._not_a_key(key_node)
            elif str(key_node.value) == "<<" and key_node.style not in _QUOTED:
                yield from self._merged(value_node, own, depth)
            else:
                yield key_node, value_node

    def _merged(self, node: Any, own: set[str], depth: int) -> Iterator[tuple[Any, Any]]:
        if depth > DEPTH_LIMIT:
            raise _Limit(_too_deep(self.document.file, self._mark(node)[0]))
        for part in node.value if node.id == "sequence" else [node]:
            if part.id == "mapping":
                for key_node, value_node in self._pairs(part, depth + 1):
                    if str(key_node.value) not in own:
                        own.add(str(key_node.value))
                        yield key_node, value_node

    def _mark(self, node: Any) -> Position:
        return node.start_mark.line + self.first_line, node.start_mark.column + 1

    def _duplicate(self, key: str, first: Position, second: Position) -> None:
        self.problems.append(
            Problem(
                "E-YAML",
                "The key {key} is written twice, on lines {first} and {second}.",
                "Keep one of the two.",
                file=self.document.file,
                line=second[0],
                column=second[1],
                params={"key": shown(key), "first": first[0], "second": second[0]},
            )
        )

    def _not_a_key(self, node: Any) -> None:
        line, column = self._mark(node)
        self.problems.append(
            Problem(
                "E-YAML",
                "A list or a group of keys stands where a single word must be the key.",
                "Put a text that begins with a bracket or brace in quotation marks.",
                file=self.document.file,
                line=line,
                column=column,
            )
        )

    def _refused_tag(self, node: Any, line: int, column: int) -> None:
        self.fatal = True
        self.problems.append(
            Problem(
                "E-YAML",
                "The tag {tag} is not allowed; nothing was run.",
                "Remove the word that begins with ! or put the text in quotation marks.",
                file=self.document.file,
                line=line,
                column=column,
                params={"tag": shown(str(node.tag).replace("tag:yaml.org,2002:", "!!"))},
            )
        )


def scalar(text: str) -> Any:
    """What a bare word means. A number only when writing it back gives the same text."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INTEGER.match(text) and len(text) <= 30 and text != "-0":
        return int(text)
    if _DECIMAL.match(text) and str(Decimal(text)) == text:
        return Decimal(text)
    return text
