"""A workspace while it is being read: every entry with its place, before anything is called right.

Here: entries, lookups by id, and the making of a Problem at a key. Not here: reading (loader.py) or what is
wrong (rules.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from pipeline.errors import Problem, Severity, shown
from pipeline.workspace.derived import Resolution, resolution
from pipeline.workspace.model import Audience, Company, Goal, Kpi, People, Rate, Source, Strategy
from pipeline.workspace.yamlnodes import Document
from pipeline.workspace.yamlnodes import Path as KeyPath

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class PullKeys:
    """What may and what must be written under the `pull` of one export."""

    takes: frozenset[str]
    needs: frozenset[str] = frozenset()
    full: bool = True
    """Without `since` it gives everything there is."""


@dataclass(frozen=True)
class Entry:
    """One thing a person wrote: a goal, a source, a person. `model` is None when its shape is too wrong."""

    kind: str
    raw: Any
    document: Document
    path: KeyPath
    model: BaseModel | None

    @property
    def id(self) -> str | None:
        found = self.raw.get("id") if isinstance(self.raw, Mapping) else None
        return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else None

    @property
    def name(self) -> str:
        """How the entry is named in `Workspace.locations`: kind:id."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    def place(self, *keys: str | int, of: str = "value") -> dict[str, Any]:
        return self.document.place((*self.path, *keys), of)

    def problem(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        at: tuple[str | int, ...] = (),
        value: object = None,
        severity: Severity = "error",
        **params: object,
    ) -> Problem:
        """A problem at one key of this entry. {entry} in a template is the entry's id."""
        return Problem(
            code,
            message,
            remedy,
            value=None if value is None else shown(value),
            severity=severity,
            params={"entry": self.id or "?", **params},
            **self.place(*at),
        )

    def found(self, pattern: str) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """(keys, value) of everything written under a pattern such as `how.*.owner`."""
        yield from _walk(self.raw, tuple(pattern.split(".")), ())


def _walk(
    data: Any, pattern: tuple[str, ...], keys: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if not pattern:
        if data is not None:
            yield keys, data
        return
    step, rest = pattern[0], pattern[1:]
    if step == "*":
        items = (
            data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
        )
        for key, value in items:
            yield from _walk(value, rest, (*keys, key))
    elif isinstance(data, Mapping) and step in data:
        yield from _walk(data[step], rest, (*keys, step))


@dataclass
class Draft:
    """Everything that was read. `catalogue`, `systems` and `pulls` are what the outside knows; see
    load_workspace."""

    root: Path
    catalogue: Mapping[str, Kpi] = field(default_factory=dict)
    systems: Mapping[str, frozenset[str]] | None = None
    pulls: Mapping[tuple[str, str], PullKeys] | None = None
    entries: list[Entry] = field(default_factory=list)
    rates: tuple[Rate, ...] = ()
    _resolved: tuple[int, Resolution] | None = field(default=None, repr=False)

    def of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def modelled(self, kind: str, model: type[T]) -> list[tuple[Entry, T]]:
        """Entries of a kind together with their models, where they have one."""
        return [(entry, entry.model) for entry in self.of(kind) if isinstance(entry.model, model)]

    def ids(self, kind: str) -> list[str]:
        """Ids as written, of entries with a wrong shape too: a broken goal is still there to be named."""
        return [entry.id for entry in self.of(kind) if entry.id]

    @property
    def company(self) -> Company | None:
        return next((model for _, model in self.modelled("company", Company)), None)

    @property
    def strategy(self) -> Strategy:
        return next((model for _, model in self.modelled("strategy", Strategy)), Strategy())

    @property
    def people(self) -> People:
        return next((model for _, model in self.modelled("people", People)), People())

    @property
    def goals(self) -> list[tuple[Entry, Goal]]:
        return self.modelled("goal", Goal)

    @property
    def sources(self) -> list[tuple[Entry, Source]]:
        return self.modelled("source", Source)

    @property
    def audiences(self) -> list[tuple[Entry, Audience]]:
        return self.modelled("audience", Audience)

    @property
    def own_kpis(self) -> list[tuple[Entry, Kpi]]:
        return self.modelled("kpi", Kpi)

    @property
    def kpis(self) -> dict[str, Kpi]:
        """Built-in and own KPIs by id, derived ones with their operands where they have them."""
        return {**self._all_kpis, **self.resolved_kpis.kpis}

    @property
    def _all_kpis(self) -> dict[str, Kpi]:
        return {**self.catalogue, **{kpi.id: kpi for _, kpi in self.own_kpis}}

    @property
    def resolved_kpis(self) -> Resolution:
        """Worked out once for the entries there are: a thousand goals ask."""
        if self._resolved is None or self._resolved[0] != len(self.entries):
            self._resolved = len(self.entries), resolution(self._all_kpis.values())
        return self._resolved[1]

    def locations(self) -> dict[str, tuple[str, int, int]]:
        """Every key that was written: "goal:churn-q4/due" -> file, line, column."""
        found: dict[str, tuple[str, int, int]] = {}
        documents = {id(entry.document): entry.document for entry in self.entries}
        owners: dict[tuple[int, KeyPath], list[Entry]] = {}
        for entry in self.entries:
            owners.setdefault((id(entry.document), entry.path), []).append(entry)
        for key, document in documents.items():
            for path, (line, column) in document.values.items():
                for depth in range(len(path) + 1):
                    for entry in owners.get((key, path[:depth]), ()):
                        name = "/".join([entry.name, *(str(step) for step in path[depth:])])
                        found.setdefault(name, (document.file_of(path), line, column))
        return found
