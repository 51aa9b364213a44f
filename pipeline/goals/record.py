"""What came of the chances of an edition's closed goals, from the figures that the edition itself knows.

Here: predictions recomputed from one snapshot, cheap enough for every edition and a function of it alone, so
that running something later changes no page. Not here: weeks replayed as they were known then (backtest.py),
scores (judged.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.goals.chances import ChancePoint, past_chances
from pipeline.goals.judged import Prediction
from pipeline.goals.measure import Horizon, horizon
from pipeline.goals.model import GoalResult, StatusName
from pipeline.goals.status import flags
from pipeline.kpis.registry import feeding_sources, kpi_registry
from pipeline.workspace.model import Goal, Kpi, Workspace

if TYPE_CHECKING:
    from pipeline.goals.edition import Snapshot

DECIDED = ("achieved", "missed")
MOST_CLOSED = 200
"""Closed goals of an edition that are recomputed, the newest first."""


def recomputed(workspace: Workspace, snapshot: Snapshot) -> tuple[Prediction, ...]:
    """Predictions of the goals that are decided in an edition; pace is not asked."""
    closed = [one for one in snapshot.results if one.status in DECIDED and _is_one_goal(one)]
    newest = sorted(closed, key=lambda one: (one.due, one.goal_id))[-MOST_CLOSED:]
    return tuple(one for result in newest for one in _recomputed(workspace, snapshot, result))


def _is_one_goal(result: GoalResult) -> bool:
    """A recurring goal is many, each with a chance of its own."""
    return result.target_known and result.recurrence is None


def _recomputed(workspace: Workspace, snapshot: Snapshot, end: GoalResult) -> Iterator[Prediction]:
    goal, kpi = workspace.goal(end.goal_id), kpi_registry(workspace).get(end.kpi_id)
    if goal is None or kpi is None:
        return
    series = snapshot.book.series(kpi, goal.segment)
    seen = seen_by(workspace, kpi, snapshot)
    undecided = [one for one in past_chances(goal, kpi, series, seen, end.target) if 0 < one.probability < 1]
    yield from pointed(goal, end, undecided, {})


def seen_by(workspace: Workspace, kpi: Kpi, snapshot: Snapshot) -> Horizon:
    received = [
        snapshot.states[name].received_at
        for name in feeding_sources(kpi, workspace)
        if name in snapshot.states
    ]
    return horizon(snapshot.week, snapshot.as_of, workspace.company.zone, received)


def pointed(
    goal: Goal, end: GoalResult, points: Sequence[ChancePoint], pace: Mapping[date, StatusName | None]
) -> Iterator[Prediction]:
    """One prediction a point; the one before the first closed period is the chance at set time, and none."""
    if not points:
        return
    raised = flags(
        [one.probability for one in points], points[0].probability, stretch=goal.ambition == "stretch"
    )
    ranged = end.kind != "maintain"
    for point, flagged in zip(points, raised, strict=True):
        if point.day < goal.start:
            continue
        yield Prediction(
            end.goal_id, end.kpi_id, point.day, end.due, point.closed, end.periods_total,
            point.probability, point.low if ranged else None, point.high if ranged else None, flagged,
            pace.get(point.day), end.status == "achieved", figure_at_end(end),
        )  # fmt: skip


def figure_at_end(end: GoalResult) -> Decimal | None:
    """The figure of a window that is over; a sum that was reached early still grows."""
    return end.actual if end.data_through >= end.due else None
