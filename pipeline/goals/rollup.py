"""Goals rolled up: to the objectives they support, to their teams, and to the goal they are parts of.

Here: which goals belong together, the worst of them and the counts. Not here: one goal's status (status.py)
or its wording (report/). There is no mean: nine goals on track do not make good for one that is missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.goals.model import WORST_FIRST, GoalResult, StatusName
from pipeline.workspace.model import Goal, Objective, Workspace


@dataclass(frozen=True)
class RollUp:
    """Goals that belong to one thing, as one line."""

    of: Literal["objective", "team", "goal"]
    id: str
    title: Mapping[str, str] = field(hash=False)
    worst: StatusName
    tally: Mapping[StatusName, int] = field(hash=False)
    """How many goals have each status, the worst first."""
    goals: tuple[str, ...]
    """Their ids, the worst first."""


def roll_ups(workspace: Workspace, results: Sequence[GoalResult]) -> tuple[RollUp, ...]:
    """Objectives, teams and parent goals that have goals among `results` (worst first), in the workspace's
    own order."""
    return tuple(_rolled(workspace, results))


def _rolled(workspace: Workspace, results: Sequence[GoalResult]) -> Iterator[RollUp]:
    goals = {goal.id: goal for goal in workspace.goals}
    own = [(goals[one.goal_id], one) for one in results if one.goal_id in goals]
    for objective in workspace.strategy.objectives:
        supporting = [one for goal, one in own if objective_of(workspace, goal) is objective]
        if supporting:
            yield _rolled_up("objective", objective.id, objective.title, supporting)
    for team in workspace.people.teams:
        theirs = [one for goal, one in own if goal.team == team.id]
        if theirs:
            yield _rolled_up("team", team.id, team.name, theirs)
    for goal in workspace.goals:
        parts = [one for child, one in own if child.parent == goal.id]
        if parts:
            yield _rolled_up("goal", goal.id, goal.title, parts)


def objective_of(workspace: Workspace, goal: Goal) -> Objective | None:
    """The objective a goal supports: its own, else its parent's, and so on up."""
    seen: set[str] = set()
    here: Goal | None = goal
    while here is not None and here.id not in seen:
        seen.add(here.id)
        if here.supports:
            return workspace.objective(here.supports)
        here = workspace.goal(here.parent) if here.parent else None
    return None


def _rolled_up(
    of: Literal["objective", "team", "goal"], id_: str, title: Mapping[str, str], found: Sequence[GoalResult]
) -> RollUp:
    tally = status_tally(one.status for one in found)
    return RollUp(of, id_, title, next(iter(tally)), tally, tuple(one.goal_id for one in found))


def status_tally(statuses: Iterable[StatusName]) -> dict[StatusName, int]:
    """Status -> how often, the worst first, those that do not occur left out."""
    counted = Counter(statuses)
    return {status: counted[status] for status in WORST_FIRST if counted[status]}
