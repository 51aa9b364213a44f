"""All goals of a week: what was known, what they showed, what changed since the week before.

Here: the week as of its cut-off, the week before for comparison, the run id. Not here: one goal
(evaluate.py), what was restated and why (restated.py), reading or storing anything (store/, sources/),
documents (report/).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import pandas as pd

from pipeline import RULE_VERSION
from pipeline.goals.audit import unrecorded_changes
from pipeline.goals.book import SeriesBook
from pipeline.goals.chances import chance_history
from pipeline.goals.drivers import drivers_of
from pipeline.goals.evaluate import evaluate, with_previous
from pipeline.goals.measure import horizon, resolved, target_in_force
from pipeline.goals.model import (
    WORST_FIRST,
    Edition,
    GoalResult,
    SmartVerdict,
    Unrecorded,
)
from pipeline.goals.record import recomputed
from pipeline.goals.recurring import evaluate_recurring, instance_goals
from pipeline.goals.restated import restatements
from pipeline.goals.segments import unseen_part
from pipeline.goals.smart import smart_verdicts
from pipeline.kpis.compute import daily_components
from pipeline.kpis.known import KnownFacts
from pipeline.kpis.registry import exchange_of, feeding_sources, kpi_registry
from pipeline.periods import Week, cutoff
from pipeline.sources.freshness import source_states
from pipeline.sources.state import SourceState
from pipeline.store.store import Knowledge, Store
from pipeline.units import Direction
from pipeline.workspace.model import Goal, Kpi, Workspace

Known = Literal["then", "now"]
DISTRIBUTION = "goal-scorecards"


@dataclass(frozen=True)
class Snapshot:
    """The goals of one week as one instant knew them."""

    week: Week
    as_of: datetime
    knowledge: Knowledge
    components: pd.DataFrame
    book: SeriesBook
    states: Mapping[str, SourceState]
    results: tuple[GoalResult, ...]
    """In the workspace's order of goals."""


@dataclass
class EditionCache:
    """Snapshots already made, so that a range of weeks computes each week once, keyed by what was known.

    For one workspace and one store that do not change meanwhile."""

    snapshots: dict[tuple[Week, Known, datetime], Snapshot] = field(default_factory=dict)
    keep: int = 3
    """Snapshots held at a time: a range needs its week and the one before."""

    def get(self, key: tuple[Week, Known, datetime], make: Callable[[], Snapshot]) -> Snapshot:
        if key not in self.snapshots:
            self.snapshots[key] = make()
            while len(self.snapshots) > self.keep:
                self.snapshots.pop(next(iter(self.snapshots)))
        return self.snapshots[key]


def build_edition(
    workspace: Workspace,
    store: Store,
    week: Week,
    known: Known = "then",
    now: datetime | None = None,
    *,
    cache: EditionCache | None = None,
    with_smart: bool = True,
) -> Edition:
    """The edition of a week.

    known="then": only what had been landed by the week's cut-off; "now": everything landed up to `now` (all
    of it when `now` is left out). The as-of instant never comes from the clock: "now" is dated by the newest
    landing, so that the same landings give the same edition on any day.
    """
    cache = cache or EditionCache()
    as_of = _as_of(workspace, store, week, known, now)
    current = cache.get((week, known, as_of), lambda: _snapshot(workspace, store, week, as_of, known))
    before = week.plus(-1)
    before_cut = cutoff(before, workspace.company.zone, workspace.company.cutoff)
    previous = cache.get(
        (before, "then", before_cut), lambda: _snapshot(workspace, store, before, before_cut, "then")
    )
    previous_results = {result.goal_id: result for result in previous.results}
    moved = unrecorded_changes(workspace, store, week)
    results = [
        replace(
            with_previous(result, previous_results.get(result.goal_id)),
            unrecorded=moved.get(result.goal_id, ()),
        )
        for result in current.results
    ]
    inputs = store.fingerprints(current.knowledge)
    return Edition(
        week=week,
        as_of=as_of,
        known=known,
        results=tuple(sorted(results, key=worst_first)),
        previous=previous.results,
        restatements=tuple(
            restatements(
                workspace,
                store,
                kpi_registry(workspace),
                (previous.results, previous.knowledge),
                (current.results, current.knowledge),
                before.sunday,
            )
        ),
        sources=dict(current.states),
        smart=_smart(workspace, current) if with_smart else {},
        run_id=run_id(inputs, workspace.fingerprint, week, known, moved),
        inputs=inputs,
        past=recomputed(workspace, current) if with_smart else (),
    )


def worst_first(result: GoalResult) -> tuple[int, Decimal, str]:
    """Sort key: worst status first, then the one furthest behind its plan."""
    gap = result.pace_gap if result.pace_gap is not None else Decimal(0)
    if result.kind == "cumulative" and result.direction is Direction.DOWN:
        gap = -gap
    return WORST_FIRST.index(result.status), gap, result.goal_id


def run_id(
    inputs: Mapping[str, Iterable[str]],
    fingerprint: str,
    week: Week,
    known: Known,
    moved: Mapping[str, Iterable[Unrecorded]] | None = None,
) -> str:
    """Twelve hexadecimal digits over inputs, workspace, week, knowledge, code and rule version, and over what
    earlier editions printed otherwise (`moved`), where they did."""
    parts: list[object] = [
        sorted((source, list(hashes)) for source, hashes in inputs.items()),
        fingerprint,
        str(week),
        known,
        package_version(),
        RULE_VERSION,
    ]
    if moved:
        parts.append(sorted((goal, [astuple(one) for one in changes]) for goal, changes in moved.items()))
    content = json.dumps(parts)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def package_version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"


# --- one week as one instant knew it -----------------------------------------------------------------


def _as_of(workspace: Workspace, store: Store, week: Week, known: Known, now: datetime | None) -> datetime:
    cut = cutoff(week, workspace.company.zone, workspace.company.cutoff)
    if known == "then":
        return cut
    received = [
        landed.received_at
        for source in workspace.sources
        for landed in store.landings(source.id)
        if now is None or landed.received_at <= now
    ]
    return max([cut, *received]).astimezone(UTC)


def snapshot_then(workspace: Workspace, store: Store, week: Week) -> Snapshot:
    """The goals of a week as its cut-off knew them, compared with nothing."""
    cut = cutoff(week, workspace.company.zone, workspace.company.cutoff)
    return _snapshot(workspace, store, week, cut, "then")


def _snapshot(workspace: Workspace, store: Store, week: Week, as_of: datetime, known: Known) -> Snapshot:
    knowledge = store.knowledge([source.id for source in workspace.sources], as_of)
    registry = kpi_registry(workspace)
    used = {goal.kpi: registry[goal.kpi] for goal in workspace.goals if goal.kpi in registry}
    components = daily_components(
        list(used.values()), KnownFacts(workspace, store, knowledge), workspace.people, week.sunday,
        exchange_of(workspace),
    )  # fmt: skip
    states = source_states(workspace, store, knowledge)
    book = SeriesBook(components)
    results = tuple(
        _result(workspace, goal, used[goal.kpi], book, states, week, as_of)
        for goal in workspace.goals
        if goal.kpi in used
    )
    return Snapshot(week, as_of, knowledge, components, book, states, results)


def _result(
    workspace: Workspace,
    goal: Goal,
    kpi: Kpi,
    book: SeriesBook,
    states: Mapping[str, SourceState],
    week: Week,
    as_of: datetime,
) -> GoalResult:
    series = book.series(kpi, goal.segment)
    feeding = {name: states[name] for name in feeding_sources(kpi, workspace) if name in states}
    zone = workspace.company.zone
    seen = horizon(week, as_of, zone, [state.received_at for state in feeding.values()])
    currency, unseen = workspace.company.currency, unseen_part(goal, kpi, book, workspace.people)
    if goal.every is not None:
        result = evaluate_recurring(
            goal, kpi, series, week, as_of, zone, feeding, currency=currency, has_rates=bool(workspace.rates),
            unseen=unseen,
        )  # fmt: skip
        newest = instance_goals(goal, seen.today)[result.recurrence.reported if result.recurrence else 0]
        return replace(result, drivers=drivers_of(newest, kpi, book, result))
    target = resolved(target_in_force(goal, seen.today), goal, kpi, series, seen)
    result = evaluate(
        goal, kpi, series, week, as_of, zone, feeding, currency=currency, has_rates=bool(workspace.rates),
        chances=chance_history(goal, kpi, series, seen, target), unseen=unseen,
    )  # fmt: skip
    return replace(result, drivers=drivers_of(goal, kpi, book, result))


def _smart(workspace: Workspace, current: Snapshot) -> dict[str, SmartVerdict]:
    return smart_verdicts(workspace, kpi_registry(workspace), current.book, states=current.states)
