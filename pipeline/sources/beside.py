"""Second files of a folder that a file's cells are found in: a team's region, a product's series.

Here: which column of which file is a key, and what of it is worth taking. Not here: looking a cell up
(parse.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.facts import Fact
from pipeline.sources.headers import fold
from pipeline.sources.look import ColumnLook, FileLook, read_file
from pipeline.sources.roles import resembled, role_of
from pipeline.workspace.each import slug

FOLDER = "lookups"
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
MOST_FILES = 12
MOST_BYTES = 20_000_000
ENOUGH = 0.8
"""Share of the different cells that must be among the second file's keys."""
MOST_GROUPS = 50
"""A column with more different values is no dimension."""


@dataclass(frozen=True)
class Beside:
    """A second file and what is taken from it."""

    path: Path
    look: FileLook
    on: str
    key: str
    take: dict[str, str]
    """New column -> header in the second file."""
    roles: dict[str, str] = field(default_factory=dict)
    """New column -> canonical column it fills; the others are dimensions."""
    replace: dict[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    keeps_blanks: bool = False

    @property
    def file(self) -> str:
        """Where the file belongs in a workspace."""
        return f"{FOLDER}/{self.path.name}"

    def settings(self) -> dict[str, Any]:
        """The entry under `lookup`."""
        written: dict[str, Any] = {"file": self.file, "on": self.on}
        if fold(self.key) != fold(self.on):
            written["key"] = self.key
        written["take"] = self.take
        changed = self.look.format.model_dump(exclude_defaults=True)
        if set(changed) - {"kind"}:
            written["format"] = changed
        if self.replace:
            written["replace"] = self.replace
        if self.unmatched or self.keeps_blanks:
            written["missing"] = "keep"
        return written


def second_files(look: FileLook, path: Path, fact: Fact, roles: Mapping[str, str]) -> Iterator[Beside]:
    """Every file of the same folder that the file's cells can be looked up in."""
    taken = {fold(name) for name in look.header}
    for other in neighbours(path):
        second = read_file(other)
        found = None if second is None or resembled(second) is not None else link(look, second)
        if second is None or found is None:
            continue
        made = _beside(other, second, *found, fact, roles, taken)
        if made is not None:
            taken |= {fold(name) for name in made.take}
            yield made


def neighbours(path: Path) -> list[Path]:
    """Other tables in the file's folder."""
    there = sorted(
        one for one in path.parent.iterdir() if one.suffix.lower() in ENDINGS and one.name != path.name
    )
    return [one for one in there if one.is_file() and one.stat().st_size <= MOST_BYTES][:MOST_FILES]


def link(look: FileLook, second: FileLook) -> tuple[ColumnLook, ColumnLook] | None:
    """The pair (column of the file, key of the second file) that fits best."""
    pairs = [
        (_coverage(column, key), fold(column.name) == fold(key.name), column, key)
        for column in look.columns
        if column.kind == "text" and column.values
        for key in second.columns
        if key.kind == "text" and key.is_unique
    ]
    best = max(pairs, key=lambda pair: pair[:2], default=None)
    if best is None or best[0] < ENOUGH:
        return None
    return best[2], best[3]


def _coverage(column: ColumnLook, key: ColumnLook) -> float:
    keys = {_bare(value) for value in key.values}
    return sum(_bare(value) in keys for value in column.values) / len(column.values)


def _beside(
    path: Path,
    second: FileLook,
    column: ColumnLook,
    key: ColumnLook,
    fact: Fact,
    roles: Mapping[str, str],
    taken: set[str],
) -> Beside | None:
    filled = dict(roles)
    take: dict[str, str] = {}
    found: dict[str, str] = {}
    for one in second.columns:
        if one is key or not one.values or one.kind not in ("text", "flag"):
            continue
        role = role_of(one.name, one, fact, filled)
        if role is None and not 1 < len(one.values) <= min(MOST_GROUPS, one.rows - 1):
            continue
        name = role or slug(one.name).replace("-", "_")
        name = name if fold(name) not in taken else f"{slug(second.name.rpartition('.')[0])}_{name}"
        take[name] = one.name
        if role is not None:
            filled[role] = found[name] = role
    if not take:
        return None
    lost = [value for value in column.values if value not in set(key.values)]
    replace = {value: same for value in lost if (same := _same(value, key.values)) is not None}
    rest = tuple(value for value in lost if value not in replace)
    return Beside(path, second, column.name, key.name, take, found, replace, rest, column.has_blanks)


def _same(value: str, keys: tuple[str, ...]) -> str | None:
    """The key that is the same but for blanks, dashes and case."""
    return {_bare(key): key for key in keys}.get(_bare(value))


def _bare(value: str) -> str:
    """Letters and digits alone, without regard to case."""
    return "".join(ch for ch in value.casefold() if ch.isalnum())
