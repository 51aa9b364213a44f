"""Facts as KPIs read them: rows as known, with what only other rows can tell.

Here: whose an owner's number is, what an internal stage is called, which address came before, what campaign
counters amount to between two snapshots. Not here: which rows are known (store/), what a person of
people.yaml is called (people.py), what a stage makes of a deal (outcomes.py), how counters are differenced
(sources/counters.py).

Nothing of this is stored: it follows from what was known at the instant asked for, and changes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.facts import FACTS
from pipeline.kpis.outcomes import probabilities, with_outcomes
from pipeline.kpis.people import PersonNames
from pipeline.sources.counters import flows
from pipeline.store.store import Knowledge, Store
from pipeline.workspace.model import Workspace

Texts = Callable[[Mapping[str, Any]], Mapping[str, str]]

REPEATS = {
    "contacts": ("created_on", "contact_id"),
    "form_submissions": ("submitted_on", "submission_id"),
}
"""Facts whose rows may be of an address that came before, and the columns that order them."""
LABELS = {"deals": ("pipeline", "stage"), "deal_stages": ("pipeline", "stage")}
"""Facts with internal names of pipelines and stages, and the columns that hold them."""


@dataclass
class KnownFacts:
    """A fact's rows by its name, as an edition knows them; columns of Fact.arrow_schema()."""

    workspace: Workspace
    store: Store
    knowledge: Knowledge
    _said: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    """What to say instead, by what it is about, system and the text that stands in the rows."""

    def __call__(self, name: str) -> pa.Table:
        rows = self._stored(name)
        if name in REPEATS:
            rows = with_repeats(rows, REPEATS[name])
        for column in LABELS.get(name, ()):
            rows = self._renamed(rows, column, self._labels(column))
        if name == "deals":
            rows = self._with_outcomes(rows)
        person = FACTS[name].person
        return rows if person is None else self._renamed(rows, person, self._owners())

    def _stored(self, name: str) -> pa.Table:
        rows = self.store.fact(name, self.knowledge)
        if FACTS[name].made_from == "campaign_snapshots":
            made = flows(self.store.fact("campaign_snapshots", self.knowledge))
            rows = pa.concat_tables([rows, made.cast(rows.schema)])
        return rows

    def _renamed(self, rows: pa.Table, column: str, texts: Mapping[str, Mapping[str, str]]) -> pa.Table:
        """The rows with `column` said otherwise, each system's rows by that system's own texts."""
        for system, known in texts.items():
            sources = self._of_system(system)
            own = pc.is_in(rows["source"], value_set=pa.array(sources, pa.string()))
            at = pc.index_in(rows[column], value_set=pa.array(list(known), pa.string()))
            said = pc.take(pa.array(list(known.values()), pa.string()), at)
            changed = pc.if_else(pc.and_(own, pc.is_valid(said)), said, rows[column])
            rows = rows.set_column(rows.column_names.index(column), column, changed)
        return rows

    def _of_system(self, system: str) -> list[str]:
        return [one.id for one in self.workspace.sources if one.system == system]

    def _with_outcomes(self, rows: pa.Table) -> pa.Table:
        """Deals won, lost or open as the stages of their own system say."""
        stages = self.store.fact("pipeline_stages", self.knowledge).to_pylist()
        for system in dict.fromkeys(one.system for one in self.workspace.sources):
            sources = self._of_system(system)
            known = probabilities(row for row in stages if row["source"] in sources)
            if known:
                rows = with_outcomes(rows, sources, known)
        return rows

    def _owners(self) -> Mapping[str, Mapping[str, str]]:
        """An owner's number as a name that people.yaml knows, else as the name the CRM has. A number that
        people.yaml itself lists as somebody's alias stays."""
        if "owner" not in self._said:
            names = PersonNames(self.workspace.people)
            self._said["owner"] = self._by_system(
                "owners",
                lambda row: {row["owner_id"]: _known_as(names, row["owner_id"], row["email"], row["name"])},
            )
        return self._said["owner"]

    def _labels(self, column: str) -> Mapping[str, Mapping[str, str]]:
        """Internal names of pipelines or stages as people see them."""
        if column not in self._said:
            self._said[column] = self._by_system(
                "pipeline_stages", lambda row: {row[f"{column}_id"]: row[column]}
            )
        return self._said[column]

    def _by_system(self, fact: str, texts: Texts) -> dict[str, dict[str, str]]:
        systems = {one.id: one.system for one in self.workspace.sources}
        found: dict[str, dict[str, str]] = {}
        for row in self.store.fact(fact, self.knowledge).to_pylist():
            found.setdefault(systems.get(row["source"], ""), {}).update(texts(row))
        return found


def with_repeats(rows: pa.Table, order: Sequence[str]) -> pa.Table:
    """The rows with `is_repeat`: true where the same address came earlier, in this source or another; of one
    day the source first by name counts. Empty where there is no address."""
    hashes = rows["email_hash"].combine_chunks()
    by = [(name, "ascending") for name in (order[0], "source", *order[1:])]
    places = pc.sort_indices(rows.select([name for name, _ in by]), sort_keys=by).to_numpy()
    repeats = np.zeros(rows.num_rows, dtype=bool)
    repeats[places] = pd.Series(hashes.take(pa.array(places)).dictionary_encode().indices).duplicated()
    flags = pc.if_else(pc.is_valid(hashes), pa.array(repeats), pa.scalar(None, pa.bool_()))
    return rows.set_column(rows.column_names.index("is_repeat"), "is_repeat", flags)


def _known_as(names: PersonNames, number: str, email: str | None, name: str | None) -> str:
    if names.person(number):
        return number
    return next((text for text in (email, name) if text and names.person(text)), name or email or number)
