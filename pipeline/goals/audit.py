"""Targets that moved: what earlier editions printed, held against what the goal says it was then.

Here: the record of the targets and due dates that editions were made with, and what in it the goal's
`target_changes` do not explain. Not here: changes that are written down (they are the goal's own).

The record only grows. A week that is run again with another target adds its row beside the first one, so
that neither a new edition nor an old one made anew can hide what stood there before. What it says of a week
depends on the rows of that week and earlier, in whatever order they were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.errors import Problem
from pipeline.goals.measure import due_in_force, target_in_force
from pipeline.goals.model import Unrecorded
from pipeline.periods import Week, week_range
from pipeline.workspace.model import Goal, Override, Workspace
from pipeline.workspace.rules import written

if TYPE_CHECKING:
    from pipeline.store.store import Store

TERMS_TABLE = "core_goal__terms"
TERMS_KEYS = ("goal", "target", "due", "first_week")
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
"""The record has no history of its own: it is read whole."""
_SCHEMA = pa.schema([(name, pa.string()) for name in (*TERMS_KEYS, "last_week")])


@dataclass(frozen=True)
class _Printed:
    """A goal's target and due date, and consecutive weeks whose editions were made with them."""

    goal: str
    target: str
    due: str
    first: Week
    last: Week

    def weeks(self) -> list[Week]:
        return week_range(self.first, self.last)


def written_target(goal: Goal, day: date) -> str:
    """The target in force on a day as the goal says it: "1200000", "+10 %, relative_to: baseline"."""
    keys = {"relative_to": goal.relative_to, "compounding": goal.compounding, "every": goal.every}
    parts = [
        written(target_in_force(goal, day)),
        *(f"{key}: {value}" for key, value in keys.items() if value),
    ]
    return ", ".join(parts)


def record_terms(workspace: Workspace, store: Store, week: Week) -> int:
    """Put on record what the week's edition is made with; the number of goals of which it was not known."""
    day = reported_on(week)
    known = _record(store)
    added = 0
    for goal in workspace.goals:
        now = _Printed(goal.id, written_target(goal, day), due_in_force(goal, day).isoformat(), week, week)
        own = known.setdefault(goal.id, [])
        if not any(_same(one, now) and one.first <= week <= one.last for one in own):
            known[goal.id] = _joined(own, now)
            added += 1
    if added:
        rows = [_row(one) for own in known.values() for one in own]
        store.put_version(TERMS_TABLE, pa.Table.from_pylist(rows, schema=_SCHEMA), TERMS_KEYS, _ALWAYS)
    return added


def _same(one: _Printed, other: _Printed) -> bool:
    return (one.target, one.due) == (other.target, other.due)


def _joined(own: list[_Printed], now: _Printed) -> list[_Printed]:
    """The record with one more week, grown together with what lies right before and after it."""
    rest = []
    for one in own:
        if _same(one, now) and one.last.plus(1) == now.first:
            now = replace(now, first=one.first)
        elif _same(one, now) and one.first == now.last.plus(1):
            now = replace(now, last=one.last)
        else:
            rest.append(one)
    return [*rest, now]


def _row(one: _Printed) -> dict[str, str]:
    values = (one.goal, one.target, one.due, str(one.first), str(one.last))
    return dict(zip(_SCHEMA.names, values, strict=True))


def reported_on(week: Week) -> date:
    """The day whose targets a week's edition is made with."""
    return week.plus(1).monday


def unrecorded_changes(workspace: Workspace, store: Store, week: Week) -> dict[str, tuple[Unrecorded, ...]]:
    """Goal -> what editions up to `week` printed that the goal neither has nor says it had."""
    known = _record(store)
    found = {goal.id: tuple(_unexplained(goal, known.get(goal.id, ()), week)) for goal in workspace.goals}
    return {goal_id: changes for goal_id, changes in found.items() if changes}


def audit_problems(
    workspace: Workspace, moved: Mapping[str, Iterable[Unrecorded]], today: date
) -> list[Problem]:
    """Warnings of a check: what was moved without an entry, and overrides that are over."""
    found = [
        _moved_problem(workspace, goal.id, one) for goal in workspace.goals for one in moved.get(goal.id, ())
    ]
    return found + [
        _expired(workspace, goal.id, goal.override)
        for goal in workspace.goals
        if goal.override is not None and goal.override.until < today
    ]


def _moved_problem(workspace: Workspace, goal_id: str, one: Unrecorded) -> Problem:
    message, remedy = (
        (
            "The target of goal {goal} was {before} until {week} and is {now}, without an entry that says "
            "who changed it and why.",
            "Add under target_changes: on, by, reason and previous: {previous}.",
        )
        if one.key == "target"
        else (
            "The due date of goal {goal} was {before} until {week} and is {now}, without an entry that says "
            "who changed it and why.",
            "Add under target_changes: on, by, reason, previous and previous_due: {previous}.",
        )
    )
    return Problem(
        "E-TARGET", message, remedy, value=one.now, severity="warning",
        params={"goal": goal_id, "before": one.before, "now": one.now, "week": one.week,
                "previous": one.before.split(", ")[0]},
        **workspace.location(f"goal:{goal_id}/{one.key}"),
    )  # fmt: skip


def _expired(workspace: Workspace, goal_id: str, override: Override) -> Problem:
    return Problem(
        "E-OVERRIDE", "The override of goal {goal} ended on {day} and is no longer shown.",
        "Remove it, or renew it with a later day.", value=override.until.isoformat(), severity="warning",
        params={"goal": goal_id, "day": override.until.isoformat()},
        **workspace.location(f"goal:{goal_id}/override/until"),
    )  # fmt: skip


def _unexplained(goal: Goal, own: Iterable[_Printed], week: Week) -> Iterable[Unrecorded]:
    newest: dict[tuple[str, str], Week] = {}
    for one in own:
        for then in _weeks_to_check(goal, one, week):
            day = reported_on(then)
            if not _explains(goal, day, one.target):
                newest["target", one.target] = max(then, newest.get(("target", one.target), then))
            if one.due != due_in_force(goal, day).isoformat():
                newest["due", one.due] = max(then, newest.get(("due", one.due), then))
    today = reported_on(week)
    now = {"target": written_target(goal, today), "due": due_in_force(goal, today).isoformat()}
    for (key, before), then in sorted(newest.items()):
        yield Unrecorded("due" if key == "due" else "target", before, now[key], str(then))


def _weeks_to_check(goal: Goal, one: _Printed, week: Week) -> list[Week]:
    """Weeks of the record up to an edition's; of a goal without any entry the newest speaks for all."""
    weeks = [then for then in one.weeks() if then <= week]
    return weeks if goal.target_changes else weeks[-1:]


def _explains(goal: Goal, day: date, printed: str) -> bool:
    """Whether the goal says that it had this target on a day. What the number is a change of may be another
    now, if the number's own entry says that something was changed since."""
    said = written_target(goal, day)
    if said == printed:
        return True
    changed_since = any(one.on > day for one in goal.target_changes)
    return changed_since and said.split(", ")[0] == printed.split(", ")[0]


def _record(store: Store) -> dict[str, list[_Printed]]:
    """What is on record, by goal."""
    frame = store.version(TERMS_TABLE, _ALWAYS)
    found: dict[str, list[_Printed]] = {}
    columns = [frame[name].tolist() for name in _SCHEMA.names] if len(frame) else []
    for goal, target, due, first, last in zip(*columns, strict=True):
        found.setdefault(goal, []).append(_Printed(goal, target, due, Week.parse(first), Week.parse(last)))
    return found
