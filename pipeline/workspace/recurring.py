"""What a recurring goal and a change must say, and needs no data to be seen. One short function a rule.

Here: `every`, `compounding`, percentages of nothing, overrides that never end. Not here: every other rule of
a goal (rules.py), the targets of the periods (goals/recurring.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pipeline.errors import Problem
from pipeline.periods import DAY, add_months, month_end, month_start
from pipeline.workspace.draft import Draft, Entry
from pipeline.workspace.model import Goal

OVERRIDE_DAYS = 92
"""How long after its goal's due date an override may last."""


def recurrence(draft: Draft) -> Iterator[Problem]:
    """A recurring goal has whole periods, of a KPI that exists in them, and nothing that means one period."""
    for entry, goal in draft.goals:
        if goal.every is None:
            continue
        kpi = draft.kpis.get(goal.kpi)
        if goal.kind == "maintain":
            yield entry.problem(
                "E-KIND",
                "A goal to keep is judged period by period already.",
                "Remove `every`, or write kind: level.",
                at=("every",),
            )
        if goal.every == "week" and ((kpi and kpi.grain == "month") or goal.period == "month"):
            yield entry.problem(
                "E-PERIOD",
                "Goal {entry} recurs every week, but its figures come by month.",
                "Write every: month.",
                at=("every",),
                value=goal.every,
            )
        if goal.plan in ("milestones", "steps") or goal.milestones:
            yield entry.problem(
                "E-KIND",
                "Milestones lie in one period; a recurring goal has many.",
                "Remove them, or remove `every`.",
                at=("milestones",) if goal.milestones else ("plan",),
            )
        if goal.start <= goal.due:
            yield from _whole_periods(entry, goal)


def _whole_periods(entry: Entry, goal: Goal) -> Iterator[Problem]:
    """A part of a period is never held against a whole one's target."""
    start, due = goal.start, goal.due
    if goal.every == "week":
        first = start - timedelta(days=start.weekday())
        last = due + timedelta(days=6 - due.weekday())
    else:
        first, last = month_start(start), month_end(due)
    if start != first:
        yield _not_whole(entry, "start", start, first)
    if due != last:
        yield _not_whole(entry, "due", due, last)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if goal.every == "quarter" and start == first and due == last and months % 3:
        yield _not_whole(entry, "due", due, add_months(first, months + 3 - months % 3) - DAY)


def _not_whole(entry: Entry, key: str, day: date, right: date) -> Problem:
    return entry.problem(
        "E-WINDOW",
        "A recurring goal has whole periods only, but {key} is {day}.",
        "Write {key}: {right}.",
        at=(key,),
        value=day,
        key=key,
        day=day.isoformat(),
        right=right.isoformat(),
    )


def compounding(draft: Draft) -> Iterator[Problem]:
    """Whether + 10 % every month is on the last actual figure or on the baseline is declared, not guessed."""
    for entry, goal in draft.goals:
        is_change = goal.every is not None and goal.target.signed and goal.relative_to == "baseline"
        if is_change and goal.compounding is None:
            yield entry.problem(
                "E-MISSING",
                "Goal {entry} changes its baseline in every period, but does not say what the next change is "
                "added to.",
                "Add compounding: actual (the actual figure of the period before) or compounding: baseline "
                "(the baseline with all changes so far).",
                at=("every",),
            )
        elif goal.compounding is not None and not is_change:
            yield entry.problem(
                "E-KIND",
                "`compounding` belongs to recurring changes against the baseline only.",
                "Remove it, or write `every` and relative_to: baseline.",
                at=("compounding",),
                value=goal.compounding,
            )


def percentages_of_nothing(draft: Draft) -> Iterator[Problem]:
    """+ 10 % of a loss is a larger loss, and of zero nothing."""
    for entry, goal in draft.goals:
        of_baseline = goal.relative_to == "baseline" and goal.target.signed and goal.target.mark == "%"
        if of_baseline and goal.baseline is not None and goal.baseline.amount <= 0:
            yield entry.problem(
                "E-TARGET",
                "The target is a percentage of the baseline, which is not above zero.",
                "Write the target as a number.",
                at=("target",),
            )


def endless_overrides(draft: Draft) -> Iterator[Problem]:
    """A status held against the computed one ends with its goal, or soon after."""
    for entry, goal in draft.goals:
        if goal.override is None:
            continue
        begins = goal.override.on or goal.start
        if goal.override.until < begins:
            yield entry.problem(
                "E-WINDOW",
                "The override of goal {entry} ends on {day}, before it begins on {begins}.",
                "Write a later day under until, or an earlier one under on.",
                at=("override", "until"),
                value=goal.override.until,
                day=goal.override.until.isoformat(),
                begins=begins.isoformat(),
            )
        latest = goal.due + timedelta(days=OVERRIDE_DAYS)
        if goal.override.until > latest:
            yield entry.problem(
                "E-WINDOW",
                "The override of goal {entry} lasts until {day}, long after the goal is due on {due}.",
                "Write a day up to {latest}; it can be renewed.",
                at=("override", "until"),
                value=goal.override.until,
                day=goal.override.until.isoformat(),
                due=goal.due.isoformat(),
                latest=latest.isoformat(),
            )


RECURRING_RULES = (recurrence, compounding, percentages_of_nothing, endless_overrides)
