"""Reading a file by a proposed mapping, before anything is written: what would count and what would not.

Here: the attempt and the workspace it borrows. Not here: the proposal (propose.py), the reading (parse.py), a
declared source whose newest export no run has read (trial.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import FileRefused, Problem
from pipeline.facts import FACTS
from pipeline.sources.look import DERIVABLE, FileLook, looks_at
from pipeline.sources.parse import parse_export
from pipeline.sources.propose import Proposal, promise, propose, propose_report
from pipeline.sources.state import ParsedExport
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.model import Company, Source, Workspace

FIRST_ROWS = 5


@dataclass(frozen=True)
class Tryout:
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


def try_file(path: Path, company: Company | None = None) -> Tryout:
    """What a file is taken for, and how it reads by the proposal for it. Without a `company` the currency and
    the time zone are placeholders. Raises FileRefused when the file is no table."""
    data = path.read_bytes()
    look = _likeliest(looks_at(data, path.name))
    made = propose(look, path)
    borrowed = company or Company(company={"": "-"}, timezone="UTC", currency="EUR")
    workspace = Workspace(root=path.parent, company=borrowed)
    if made.known is None:
        report = _as_report(workspace, path, look, data)
        if report is not None:
            return report
    return _read(workspace, path, look, made, data) if made.settings else Tryout(path, look, made)


def _likeliest(looks: Sequence[FileLook]) -> FileLook:
    """The list of records that is most likely meant, and with it the places of the others."""
    best = max(looks, key=promise)
    others = tuple(f"{one.format.records} ({one.table.rows})" for one in looks if one is not best)
    return replace(best, others=others)


def _read(workspace: Workspace, path: Path, look: FileLook, made: Proposal, data: bytes) -> Tryout:
    source = Source.model_validate(_beside_the_file(made))
    try:
        parsed = parse_export(workspace, source, data, path.name, received_at=datetime.now(UTC))
    except FileRefused as refusal:
        return Tryout(path, look, made, problems=refusal.problems)
    return Tryout(path, look, made, parsed)


def _as_report(workspace: Workspace, path: Path, look: FileLook, data: bytes) -> Tryout | None:
    """The file as a known system's report, when it is one: it has its titles and sums, and adds up."""
    for vendor in SYSTEMS.values():
        for spec in vendor.exports.values():
            if spec.reshape is not None:
                tried = _read(workspace, path, look, propose_report(look, path, vendor, spec), data)
                if tried.parsed is not None or all(_comes_late(problem) for problem in tried.problems):
                    return tried
    return None


def _comes_late(problem: Problem) -> bool:
    """Whether it is said only of a report that has been read to its end: its currency is another one than the
    source's, or the source has to say which account is what."""
    return problem.code == "E-CURRENCY" or problem.params.get("name") in DERIVABLE


def _beside_the_file(made: Proposal) -> Mapping[str, Any]:
    """The settings with second files where they lie now instead of where they belong."""
    if not made.beside:
        return made.settings
    lookups = [{**one.settings(), "file": one.path.name} for one in made.beside]
    return {**made.settings, "lookup": lookups}
