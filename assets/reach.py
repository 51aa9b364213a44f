"""Which weeks of a workspace can be run, shown or planned.

Here: the first and last such week, and the refusal of any other, the same for every command. Not here: week
arithmetic (pipeline/periods.py), partitions (partitions.py). Imports no orchestrator: `status` asks too.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.errors import Problem, UsageError
from pipeline.periods import Week, latest_due_week
from pipeline.workspace.model import Workspace

HISTORY_WEEKS = 104
"""Weeks before the earliest goal's start that can still be run, for editions of the past."""


def first_week(workspace: Workspace) -> Week:
    """The earliest week that can be run: two years before the first goal starts."""
    earliest = min((goal.start for goal in workspace.goals), default=date(2020, 1, 6))
    return Week.of(earliest).plus(-HISTORY_WEEKS)


def check_week(workspace: Workspace, week: Week, now: datetime) -> None:
    """UsageError unless the week is over and not before what the workspace's goals can ask about."""
    company = workspace.company
    latest, first = latest_due_week(now, company.zone, company.cutoff), first_week(workspace)
    if first <= week <= latest:
        return
    raise UsageError(
        Problem(
            "E-WEEK",
            "Week {week} cannot be run: the weeks of this workspace go from {first} to {latest}.",
            "Choose a week in between. A week can be run once its cut-off on the Monday after it has passed.",
            params={"week": str(week), "first": str(first), "latest": str(latest)},
        )
    )
