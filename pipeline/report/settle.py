"""Setting a document so that every part keeps to its page.

Here: the search. A document is printed as roomy as reckoned; a part that ran over its page is set closer and
the document printed again, a few times at most. Not here: what a part does when it is set closer (sheets.py,
goalpage.py, method.py), nor the check of the finished file (checks.py), which stays the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline.report.checks import expected_pages
from pipeline.report.goalpage import ROOMS
from pipeline.report.method import METHOD_STEPS
from pipeline.report.printed import Printed
from pipeline.report.sheets import STEPS
from pipeline.report.view import ScorecardView, Setting

TRIES = 8
"""Prints of one document at most."""
Make = Callable[[Setting], ScorecardView]
Print = Callable[[ScorecardView], Printed]


@dataclass
class Memory:
    """How closely each goal had to be set in an earlier document: its page is the same everywhere."""

    goals: dict[str, int] = field(default_factory=dict)

    def setting(self) -> Setting:
        return Setting(goals=dict(self.goals))


def settled(make: Make, print_: Print, memory: Memory) -> tuple[ScorecardView, Printed]:
    """The document and its print, with every part on its own page when any setting makes it so."""
    setting = memory.setting()
    if make(setting).pages:
        setting = replace(setting, table=_table_step(make, print_, setting))
    for _ in range(TRIES):
        view = make(setting)
        printed = print_(view)
        closer = _closer(view, printed, setting)
        memory.goals.update({key: setting.of(key) for key in view.goal_ids})
        if closer is None:
            break
        setting = closer
    return view, printed


def _table_step(make: Make, print_: Print, setting: Setting) -> int:
    """Found on the table's pages alone, which print in a fraction of the time."""
    for step in range(STEPS):
        view = replace(make(replace(setting, table=step)), goals=(), method=())
        if print_(view).pages <= len(view.pages):
            return step
    return STEPS


def _closer(view: ScorecardView, printed: Printed, setting: Setting) -> Setting | None:
    """The setting to try next; None when every page is in place or nothing can be set closer."""
    if printed.pages == expected_pages(view):
        return None
    starts = [printed.anchors.get(f"goal-{goal.goal_id}", 0) for goal in view.goals]
    last = printed.anchors.get("method", printed.pages + 1) if view.method else printed.pages + 1
    steps = dict(setting.goals)
    for goal, start, following in zip(view.goals, starts, [*starts[1:], last], strict=True):
        if following - start > 1:
            steps[goal.goal_id] = min(setting.of(goal.goal_id) + 1, len(ROOMS) - 1)
    method = setting.method
    if view.method and printed.pages > last:
        method = min(method + 1, METHOD_STEPS - 1)
    closer = Setting(setting.table, steps, method)
    return None if closer == replace(setting, goals=dict(setting.goals)) else closer
