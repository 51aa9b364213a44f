"""One goal of one edition taken apart: exports, rows, sums, formula, plan, forecast, flag, printed numbers.

Here: gathering what led to each number, and adding it up again by another way than the edition did. Not here:
which rows count (kpis/rows.py), the sentences about single numbers (numbers.py), how it is shown (assets/).
Nothing is computed otherwise than the edition computes it: where a step cannot be followed it is left out.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from pipeline.goals.chances import ChanceTrace, chance_trace
from pipeline.goals.edition import EditionCache, Known, build_edition
from pipeline.goals.evaluate import Figures, measured_figures
from pipeline.goals.measure import Span, effective_kind, whole_periods
from pipeline.goals.model import Edition, GoalResult, PeriodValue, Restatement
from pipeline.goals.numbers import Number, printed_numbers
from pipeline.goals.record import seen_by
from pipeline.goals.recurring import instance_goals
from pipeline.goals.status import flags
from pipeline.kpis.derived import recombined
from pipeline.kpis.known import KnownFacts
from pipeline.kpis.registry import exchange_of, kpi_registry
from pipeline.kpis.rows import PartRows, part_rows
from pipeline.kpis.series import Behind, Part
from pipeline.periods import Week
from pipeline.sources.declared import delivers_full
from pipeline.store.store import Knowledge, Store
from pipeline.workspace.model import Goal, Kpi, Source, Workspace


@dataclass(frozen=True)
class Export:
    """One landed file known to the edition, and what became of its rows."""

    source: str
    name: str
    sha256: str
    received_at: datetime
    refused: bool
    rows_in: int
    accepted: int
    quarantined: int
    excluded: int
    counted: int
    """Rows of it that the goal's figure is made of; a row that a later export repeats unchanged belongs to
    the export that brought it first."""


@dataclass(frozen=True)
class SetAside:
    """A row that was put into quarantine: it never became a row of a fact."""

    source: str
    file: str
    line: int | None
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Check:
    """Two ways to one number. `what`: rows, formula or printed; `part` of rows: the sum."""

    what: str
    part: Part | None
    here: Decimal | None
    """Added up anew."""
    there: Decimal | None
    """As the edition has it."""

    @property
    def agrees(self) -> bool:
        return self.here == self.there


@dataclass(frozen=True)
class FlagStep:
    """The at-risk flag after one period."""

    day: object
    probability: float
    flagged: bool
    changed: bool


@dataclass(frozen=True)
class Explanation:
    """Everything behind one goal's numbers in one edition."""

    goal: Goal
    kpi: Kpi
    edition: Edition
    result: GoalResult
    span: Span
    """The days that the figure is measured over."""
    exports: tuple[Export, ...]
    """By source, oldest first."""
    set_aside: tuple[SetAside, ...]
    parts: tuple[PartRows, ...]
    checks: tuple[Check, ...]
    periods: tuple[PeriodValue, ...]
    """Whole weeks or months that touch the measured days or the window, oldest first."""
    chance: ChanceTrace | None
    steps: tuple[FlagStep, ...]
    restated: tuple[Restatement, ...]
    numbers: tuple[Number, ...]

    @property
    def agrees(self) -> bool:
        return all(check.agrees for check in self.checks)


def explain(workspace: Workspace, store: Store, goal: Goal, week: Week, known: Known = "then") -> Explanation:
    """The goal in the edition of a week. `goal` is one of the workspace's, its KPI one of the registry's."""
    return Explainer(workspace, store, week, known).goal(goal)


class Explainer:
    """One edition whose goals are taken apart; made once however many of them are asked for."""

    def __init__(self, workspace: Workspace, store: Store, week: Week, known: Known = "then") -> None:
        self.workspace, self.store, self.kpis = workspace, store, kpi_registry(workspace)
        cache = EditionCache()
        self.edition = build_edition(workspace, store, week, known, cache=cache, with_smart=False)
        self.snapshot = cache.snapshots[(week, known, self.edition.as_of)]
        self.facts = functools.cache(KnownFacts(workspace, store, self.snapshot.knowledge))

    def goal(self, goal: Goal) -> Explanation:
        kpi, edition, knowledge = self.kpis[goal.kpi], self.edition, self.snapshot.knowledge
        result = next(one for one in edition.results if one.goal_id == goal.id)
        seen = seen_by(self.workspace, kpi, self.snapshot)
        series = self.snapshot.book.series(kpi, goal.segment)
        if result.recurrence is not None:  # its newest period is a goal of its own
            goal = instance_goals(goal, seen.today)[result.recurrence.reported]
        figures = measured_figures(goal, kpi, series, seen)
        span = figures.reading.span
        behind = Behind(kpi)
        if figures.reading.value is not None:
            behind = series.behind(span.first, span.last)
        parts = self._rows(goal, behind.parts)
        sources = [one for one in self.workspace.sources if one.id in result.sources]
        trace = chance_trace(goal, kpi, series, seen, figures.target) if result.chance is not None else None
        return Explanation(
            goal=goal, kpi=kpi, edition=edition, result=result, span=span,
            exports=_exports(self.store, sources, knowledge, parts),
            set_aside=_set_aside(self.store, sources, knowledge),
            parts=parts,
            checks=_checks(figures, behind, parts, result),
            periods=_periods(result, span),
            chance=trace,
            steps=_steps(goal, trace),
            restated=tuple(one for one in edition.restatements if one.goal_id == goal.id),
            numbers=printed_numbers(self.workspace, figures, result, trace),
        )  # fmt: skip

    def _rows(self, goal: Goal, sums: Sequence[Part]) -> tuple[PartRows, ...]:
        people, sunday, exchange = (
            self.workspace.people,
            self.edition.week.sunday,
            exchange_of(self.workspace),
        )
        return tuple(part_rows(one, goal.segment, self.facts, people, sunday, exchange) for one in sums)


# --- rows and sums -----------------------------------------------------------------------------------


Totals = Mapping[tuple[object, ...], Decimal]
"""What rows add up to, by Part.key."""


def _checks(
    figures: Figures, behind: Behind, parts: Sequence[PartRows], result: GoalResult
) -> tuple[Check, ...]:
    found = [Check("rows", one.part, one.total, one.part.amount) for one in parts]
    if parts:
        value = recomposed(figures, behind, {one.part.key: one.total for one in parts})
        found.append(Check("formula", None, value, figures.reading.value))
    return (*found, Check("printed", None, figures.reading.value, result.actual))


def recomposed(figures: Figures, behind: Behind, totals: Totals) -> Decimal | None:
    """The goal's figure out of its sums, by the KPI's formula and the goal's measurement."""
    value = _figure(behind, totals)
    if value is None or effective_kind(figures.goal) == "cumulative" or figures.kpi.shape != "sum":
        return value  # a stock or a running total is no sum of periods: its level is no mean of them
    return value / whole_periods(figures.reading.span, figures.window.period)


def _figure(behind: Behind, totals: Totals) -> Decimal | None:
    """A KPI out of sums of rows; of a derived one its expression over the figures of its operands."""
    made = behind.kpi.made
    if made is not None and made.tree is not None:
        return recombined(
            made.tree, behind.offset, lambda name, back: _figure(behind.operands[name, back], totals)
        )
    sums = {one.name: totals[one.key] for one in behind.sums}
    value = sums.get("numerator")
    below = sums.get("base", sums.get("denominator"))
    if value is None or below is None:
        return value
    value = value / below - 1 if "base" in sums else value / below
    return 1 - value if behind.kpi.complement else value


def _periods(result: GoalResult, span: Span) -> tuple[PeriodValue, ...]:
    first = min(span.first, result.start)
    return tuple(one for one in result.periods if one.end >= first)


# --- exports -----------------------------------------------------------------------------------------


def _exports(
    store: Store, sources: Sequence[Source], knowledge: Knowledge, parts: Sequence[PartRows]
) -> tuple[Export, ...]:
    counted = _counted_by_export(parts)
    return tuple(
        Export(
            source.id, str(row["name"]), str(row["sha256"]), row["received_at"], bool(row["refused"]),
            rows_in=int(row["rows_in"] or 0), accepted=int(row["accepted"] or 0),
            quarantined=int(row["quarantined"] or 0), excluded=int(row["excluded"] or 0),
            counted=counted.get((source.id, str(row["sha256"])), 0),
        )
        for source in sources
        for row in store.log_entries(source.id)
        if row["received_at"] <= knowledge.instant(source.id)
    )  # fmt: skip


def _counted_by_export(parts: Sequence[PartRows]) -> dict[tuple[str, str], int]:
    """Distinct rows by the export they came with: a row of both sides of a rate is one row."""
    seen: set[tuple[str, int, str, str]] = set()
    for one in parts:
        rows = one.facts.select(["source", "source_sha256"]).take(pa.array(one.counted)).to_pylist()
        fact = one.part.measure.fact
        seen |= {
            (fact, int(at), row["source"], row["source_sha256"])
            for at, row in zip(one.counted, rows, strict=True)
        }
    found: dict[tuple[str, str], int] = {}
    for _, _, source, sha in seen:
        found[source, sha] = found.get((source, sha), 0) + 1
    return found


def _set_aside(store: Store, sources: Sequence[Source], knowledge: Knowledge) -> tuple[SetAside, ...]:
    """Of a source that delivers everything each time only its newest export speaks."""
    found = []
    for source in sources:
        rows = store.rejected(source.id, knowledge).to_pylist()
        newest = max((row["received_at"] for row in rows), default=None)
        entries = [
            e for e in store.log_entries(source.id) if e["received_at"] <= knowledge.instant(source.id)
        ]
        if delivers_full(source) and entries:
            newest = entries[-1]["received_at"]
            rows = [row for row in rows if row["received_at"] == newest]
        found += [
            SetAside(
                source.id,
                row["file"] or "",
                row["line"],
                row["column"] or "",
                row["value"] or "",
                row["reason"],
            )
            for row in rows
        ]
    return tuple(found)


# --- the flag ----------------------------------------------------------------------------------------


def _steps(goal: Goal, trace: ChanceTrace | None) -> tuple[FlagStep, ...]:
    if trace is None:
        return ()
    chances = [point.probability for point in trace.points]
    raised = flags(chances, chances[0], stretch=goal.ambition == "stretch")
    changed = np.diff([False, *raised]) != 0
    return tuple(
        FlagStep(point.day, point.probability, flag, bool(change))
        for point, flag, change in zip(trace.points, raised, changed, strict=True)
    )
