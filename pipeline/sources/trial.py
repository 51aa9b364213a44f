"""Reading a file by a proposed mapping, before anything is written: what would count and what would not.

Here: the trial and the workspace it borrows. Not here: the proposal (propose.py), the reading (parse.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import FileRefused, Problem
from pipeline.facts import FACTS
from pipeline.sources.look import FileLook, look_at
from pipeline.sources.parse import parse_export
from pipeline.sources.propose import Proposal, propose
from pipeline.sources.state import ParsedExport
from pipeline.workspace.model import Company, Source, Workspace

FIRST_ROWS = 5


@dataclass(frozen=True)
class Trial:
    """What became of one file."""

    path: Path
    look: FileLook
    made: Proposal
    parsed: ParsedExport | None = None
    problems: tuple[Problem, ...] = ()
    """Why it cannot be read by the proposal."""

    @property
    def facts(self) -> tuple[str, ...]:
        return tuple(self.parsed.facts) if self.parsed else ()

    def first_rows(self, count: int = FIRST_ROWS) -> list[dict[str, Any]]:
        """The first accepted rows of the main fact: the columns that are filled in any of them."""
        if self.parsed is None or not self.facts:
            return []
        name = self.facts[0]
        kept = [column.name for column in FACTS[name].columns]
        rows = self.parsed.facts[name].head(count)[kept].dropna(axis="columns", how="all")
        return [
            {str(key): None if pd.isna(value) else value for key, value in row.items()}
            for row in rows.to_dict("records")
        ]


def try_file(path: Path, company: Company | None = None) -> Trial:
    """What a file is taken for, and how it reads by the proposal for it. Without a `company` the currency and
    the time zone are placeholders. Raises FileRefused when the file is no table."""
    data = path.read_bytes()
    look = look_at(data, path.name)
    made = propose(look, path)
    if not made.settings:
        return Trial(path, look, made)
    borrowed = company or Company(company={"": "-"}, timezone="UTC", currency="EUR")
    try:
        source = Source.model_validate(_beside_the_file(made))
        parsed = parse_export(Workspace(root=path.parent, company=borrowed), source, data, path.name)
    except FileRefused as refusal:
        return Trial(path, look, made, problems=refusal.problems)
    return Trial(path, look, made, parsed)


def _beside_the_file(made: Proposal) -> Mapping[str, Any]:
    """The settings with second files where they lie now instead of where they belong."""
    if not made.beside:
        return made.settings
    lookups = [{**one.settings(), "file": one.path.name} for one in made.beside]
    return {**made.settings, "lookup": lookups}
