"""Which tasks of the project tool belong to which initiative.

Here: the rule, applied to rows of the fact tasks. Not here: dates and order (timeline.py), money (plan.py).

A task belongs to an initiative when its goal cell names it (`initiative:<id>`, alone or after the goal's id,
or `initiative:<goal>/<id>`), when the task it is in does, or when its name is the initiative's title in any
language and its goal cell names that goal or nothing. The first task with the initiative's own title *is* the
initiative; the others are its steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.errors import Problem
from pipeline.workspace.model import Goal, Initiative, Workspace

Row = Mapping[str, Any]
Key = tuple[str, str]
"""Source and task id."""

_NAMED = re.compile(r"\binitiative:\s*([^\s;,]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    goal: str | None
    """As its goal cell says, else the initiative's, else that of the task it is in."""
    initiative: str | None = None
    """initiative:<goal>/<id>."""
    twin: bool = False
    """The task is the initiative itself."""
    is_summary: bool = False
    """It only groups other tasks."""
    inside: bool = False
    """The task it is in belongs to the same initiative."""


def link_tasks(workspace: Workspace, rows: Sequence[Row], problems: list[Problem]) -> dict[Key, Link]:
    """The link of every task. An initiative that a cell names but no goal has is a warning in `problems`."""
    by_key = {_key(row): row for row in rows}
    parents = {(row["source"], row["parent_id"]) for row in rows if row["parent_id"]}
    titles = _titles(workspace)
    found: dict[Key, Link] = {}
    for row in rows:
        found[_key(row)] = _link(workspace, row, titles, problems)
    for key, row in by_key.items():
        found[key] = replace(_inherited(row, by_key, found), is_summary=key in parents)
    for key, row in by_key.items():
        outer = found.get((row["source"], row["parent_id"]))
        if outer is not None and outer.initiative == found[key].initiative:
            found[key] = replace(found[key], inside=True)
    return _twins(rows, found, titles)


def _key(row: Row) -> Key:
    return row["source"], row["task_id"]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _initiatives(workspace: Workspace) -> Iterator[tuple[Goal, Initiative, str]]:
    for goal in workspace.goals:
        for one in goal.how:
            yield goal, one, f"initiative:{goal.id}/{one.id}"


def _titles(workspace: Workspace) -> dict[str, list[tuple[str, str]]]:
    """Title in any language -> (goal, initiative) that have it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for goal, one, name in _initiatives(workspace):
        for title in dict.fromkeys(_folded(text) for text in one.title.values()):
            found.setdefault(title, []).append((goal.id, name))
    return found


def _link(
    workspace: Workspace, row: Row, titles: Mapping[str, list[tuple[str, str]]], problems: list[Problem]
) -> Link:
    cell = row["goal"] or ""
    named = _NAMED.search(cell)
    goal = _NAMED.sub("", cell).strip(" ;,") or None
    if named:
        found = _named(workspace, named[1], goal)
        if found:
            return Link(*found)
        problems.append(_unknown(row, named[1]))
        return Link(goal)
    same = [one for one in titles.get(_folded(row["name"]), []) if goal is None or one[0] == goal]
    return Link(*same[0]) if len(same) == 1 else Link(goal)


def _named(workspace: Workspace, name: str, goal_id: str | None) -> tuple[str, str] | None:
    """(goal, initiative) of that name: of the goal named beside it, else of the only goal that has it."""
    found = [
        (goal.id, item)
        for goal, one, item in _initiatives(workspace)
        if name == f"{goal.id}/{one.id}" or (name == one.id and goal_id in (None, goal.id))
    ]
    return found[0] if len(found) == 1 else None


def _unknown(row: Row, name: str) -> Problem:
    return Problem(
        code="timeline-task-initiative",
        message="Source {source}: task {task} names the initiative {name}, which does not exist or not once.",
        remedy="Name it as initiative:<goal>/<id>.",
        value=name,
        severity="warning",
        params={"source": row["source"], "task": row["name"], "name": name},
    )


def _inherited(row: Row, by_key: Mapping[Key, Row], found: Mapping[Key, Link]) -> Link:
    """The task's own link, else that of the nearest task it is in that has one."""
    own, seen = found[_key(row)], {_key(row)}
    here, nearest, goal = (row["source"], row["parent_id"]), own.initiative, own.goal
    while here in found and here not in seen and not (nearest and goal):
        seen.add(here)
        nearest = nearest or (found[here].initiative if goal in (None, found[here].goal) else None)
        goal = goal or found[here].goal
        here = (row["source"], by_key[here]["parent_id"])
    return Link(goal, nearest)


def _twins(
    rows: Sequence[Row], found: dict[Key, Link], titles: Mapping[str, list[tuple[str, str]]]
) -> dict[Key, Link]:
    taken: set[str] = set()
    for row in rows:
        link = found[_key(row)]
        names = {one for _, one in titles.get(_folded(row["name"]), [])}
        if link.initiative in names and link.initiative not in taken:
            taken.add(str(link.initiative))
            found[_key(row)] = replace(link, twin=True)
    return found
