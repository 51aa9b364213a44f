"""What changed afterwards: closed periods that have another value now, and which export changed them.

Here: finding them between two snapshots and naming the cause. Not here: making the snapshots (edition.py) or
printing them (report/).

A cause is found by trying: the earlier knowledge with the exports of one source alone moved forward. A source
whose exports leave the period's value as it was did not cause the change, however late they came; of several
exports the one is named that brought the value there is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from pipeline.goals.book import SeriesBook
from pipeline.goals.model import Cause, GoalResult, PeriodValue, Restatement
from pipeline.kpis.compute import daily_components
from pipeline.kpis.known import KnownFacts
from pipeline.kpis.registry import exchange_of
from pipeline.store.store import Knowledge, Landed, Store
from pipeline.workspace.model import Kpi, Workspace

Change = tuple[PeriodValue, PeriodValue]


def restatements(
    workspace: Workspace,
    store: Store,
    kpis: Mapping[str, Kpi],
    earlier: tuple[Iterable[GoalResult], Knowledge],
    later: tuple[Iterable[GoalResult], Knowledge],
    through: date,
) -> Iterator[Restatement]:
    """Closed periods of the earlier results that differ in the later ones, each with what changed it.

    One a goal and period: goals on the same KPI and segment (a year and its quarters) repeat a period, which
    `Restatement.figure` tells. `through` is the earlier week's Sunday.
    """
    before = {result.goal_id: result for result in earlier[0]}
    changed = [
        (result, changes)
        for result in later[0]
        if result.goal_id in before and (changes := list(changed_periods(before[result.goal_id], result)))
    ]
    affected = [kpis[name] for name in dict.fromkeys(result.kpi_id for result, _ in changed)]
    trial = _Trial(workspace, store, affected, earlier[1], later[1], through)
    for result, changes in changed:
        segment = dict(getattr(workspace.goal(result.goal_id), "segment", {}))
        for old, new in changes:
            causes = trial.causes(kpis[result.kpi_id], segment, result.sources, old)
            first = causes[0] if causes else None
            yield Restatement(
                result.goal_id, result.kpi_id, old.start, old.end, old.value, new.value, result.unit,
                first.source if first else None, first.received_at if first else None,
                causes=causes, segment=tuple(sorted(segment.items())),
            )  # fmt: skip


def changed_periods(earlier: GoalResult, later: GoalResult) -> Iterator[Change]:
    """Periods of the goal's window that were closed in the earlier result and differ in the later one."""
    now = {period.start: period for period in later.periods}
    for old in earlier.periods:
        new = now.get(old.start)
        if new is not None and old.closed and old.end >= later.start and old.value != new.value:
            yield old, new


def arrived(store: Store, source: str, before: Knowledge, after: Knowledge) -> list[Landed]:
    """The exports of a source that only the later knowledge has, oldest first."""
    if source not in after.per_source:
        return []
    since, until = before.per_source.get(source), after.per_source[source]
    return [
        landed
        for landed in store.landings(source)
        if landed.received_at <= until and (since is None or landed.received_at > since)
    ]


class _Trial:
    """The earlier knowledge with one source moved forward, each computed once for all KPIs that changed."""

    def __init__(
        self,
        workspace: Workspace,
        store: Store,
        kpis: Sequence[Kpi],
        before: Knowledge,
        after: Knowledge,
        through: date,
    ) -> None:
        self.workspace, self.store, self.kpis = workspace, store, kpis
        self.before, self.after, self.through = before, after, through
        self._books: dict[tuple[str, datetime], SeriesBook] = {}
        self._found: dict[tuple[str, tuple[tuple[str, str], ...], date], tuple[Cause, ...]] = {}

    def causes(
        self, kpi: Kpi, segment: Mapping[str, str], sources: Iterable[str], old: PeriodValue
    ) -> tuple[Cause, ...]:
        """Sources that changed a period, newest export first."""
        key = kpi.id, tuple(sorted(segment.items())), old.start
        if key not in self._found:
            self._found[key] = self._contributors(kpi, segment, sources, old)
        return self._found[key]

    def _contributors(
        self, kpi: Kpi, segment: Mapping[str, str], sources: Iterable[str], old: PeriodValue
    ) -> tuple[Cause, ...]:
        every = {name: arrived(self.store, name, self.before, self.after) for name in sources}
        new = {name: exports for name, exports in every.items() if exports}
        candidates = sorted(new, key=lambda name: (new[name][-1].received_at, name), reverse=True)
        if len(candidates) > 1:
            moved = [
                name for name in candidates if self._value(new[name][-1], kpi, segment, old) != old.value
            ]
            # none alone, but all together: a rate whose two sides came from two sources
            candidates = moved or candidates
        found = [self._changing(new[name], kpi, segment, old) for name in candidates]
        causes = [Cause(one.source_id, one.received_at, one.name, one.sha256) for one in found]
        return tuple(sorted(causes, key=lambda one: (one.received_at, one.source), reverse=True))

    def _changing(
        self, exports: Sequence[Landed], kpi: Kpi, segment: Mapping[str, str], old: PeriodValue
    ) -> Landed:
        """The export that brought the value which all of them leave: before it the value was another. Found
        by halving, so that a year of exports costs six trials. The newest one when none of them alone did."""
        if len(exports) == 1:
            return exports[0]
        final = self._value(exports[-1], kpi, segment, old)
        if final == old.value:
            return exports[-1]
        other, same = -1, len(exports) - 1
        while same - other > 1:
            middle = (other + same) // 2
            if self._value(exports[middle], kpi, segment, old) == final:
                same = middle
            else:
                other = middle
        return exports[same]

    def _value(self, upto: Landed, kpi: Kpi, segment: Mapping[str, str], old: PeriodValue) -> Decimal | None:
        """The period when the exports of one source up to this one are known, and of the others as before."""
        key = upto.source_id, upto.received_at
        if key not in self._books:
            forward = {**self.before.per_source, upto.source_id: upto.received_at}
            knowledge = replace(self.before, per_source=forward)
            self._books[key] = SeriesBook(
                daily_components(
                    self.kpis,
                    KnownFacts(self.workspace, self.store, knowledge),
                    self.workspace.people,
                    self.through,
                    exchange_of(self.workspace),
                )
            )
        return self._books[key].series(kpi, segment).pooled(old.start, old.end).value
