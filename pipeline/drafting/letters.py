"""How SMART a sentence is, letter by letter: what it says, and what is still to be added to the goal file.

Here: the five letters of a draft, from the sentence alone. Not here: the letters of a finished goal, which
are judged with data (goals/smart.py).
"""

from __future__ import annotations

from pipeline.drafting.model import DraftGoal, Grade, Letter, Said
from pipeline.workspace.model import Workspace

OBJECTIVES_SHOWN = 5


def letters_of(goal: DraftGoal, workspace: Workspace | None) -> tuple[Letter, ...]:
    return (
        _specific(goal),
        _measurable(goal),
        _achievable(goal),
        _relevant(workspace),
        _time_bound(goal),
    )


def _letter(name: str, found: list[Said], missing: list[Said]) -> Letter:
    grade: Grade = "pass" if not missing else "warn" if found else "fail"
    return Letter(name, grade, tuple(found), tuple(missing))  # type: ignore[arg-type]


def _specific(goal: DraftGoal) -> Letter:
    found: list[Said] = []
    missing: list[Said] = []
    _sort(
        goal,
        "kpi",
        Said("the figure: {value}", {"value": goal.value("kpi")}),
        Said("which figure (KPI)"),
        found,
        missing,
    )
    _sort(
        goal,
        "owner",
        Said("responsible: {value}", {"value": goal.value("owner")}),
        Said("who is responsible"),
        found,
        missing,
    )
    return _letter("S", found, missing)


def _measurable(goal: DraftGoal) -> Letter:
    found: list[Said] = []
    missing: list[Said] = []
    values = {"value": goal.value("target"), "baseline": goal.value("baseline")}
    moves = bool(goal.value("baseline")) and not goal.value("relative_to")
    number = Said("from {baseline} to {value}" if moves else "target {value}", values)
    _sort(goal, "target", number, Said("a number to reach"), found, missing)
    if any(line.key == "relative_to" for line in goal.marked):
        missing.append(Said("what the change is compared with"))
    if any(line.key == "baseline" for line in goal.marked):
        missing.append(Said("where the figure stands today"))
    if any(line.key == "kind" for line in goal.marked) and goal.kpi is not None:
        missing.append(Said("whether a total or a level is meant"))
    return _letter("M", found, missing)


def _achievable(goal: DraftGoal) -> Letter:
    """A sentence cannot prove it: history does at `check`, the hours and the team's word are asked for."""
    ask = Said("hours of the initiatives, and who commits to the target (`commitments`)")
    if goal.how:
        return Letter("A", "warn", (Said("initiatives under `how`: {n}", {"n": str(len(goal.how))}),), (ask,))
    return Letter(
        "A", "fail", (), (Said("how it is to be reached (`how`), with hours, and who commits to it"),)
    )


def _relevant(workspace: Workspace | None) -> Letter:
    ids = [one.id for one in workspace.strategy.objectives] if workspace else []
    if ids:
        said = Said(
            "the objective it supports: {objectives}", {"objectives": ", ".join(ids[:OBJECTIVES_SHOWN])}
        )
    else:
        said = Said("the objective of strategy.yaml that it supports (`supports`)")
    return Letter("R", "fail", (), (said,))


def _time_bound(goal: DraftGoal) -> Letter:
    if goal.value("due") and goal.value("start"):
        span = Said("{start} to {due}", {"start": goal.value("start"), "due": goal.value("due")})
        return Letter("T", "pass", (span,), ())
    return Letter("T", "fail", (), (Said("by when"),))


def _sort(goal: DraftGoal, key: str, found: Said, missing: Said, into: list[Said], lacks: list[Said]) -> None:
    if goal.value(key):
        into.append(found)
    else:
        lacks.append(missing)
