"""Jira Cloud: the issues of a project as tasks.

Here: the columns of its CSV export, in which headers repeat, and what its cells mean. Not here: reading.
A task is known by its issue key; the parent stands there by its issue id and is turned into a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sources.frames import text_column, texts_of
from pipeline.sources.tasks import GOAL_HEADERS, goal_cell, percent_column
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


DONE_CATEGORIES = ("done", "готово", "выполнено", "fertig", "terminé", "listo")
"""Jira's category of finished states, in some of its languages."""


def _as_tasks(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """An issue is done when its status is, or, in an export without categories, when it has been resolved."""
    keys = texts_of(rows, "task_id")
    by_id = dict(zip(texts_of(rows, "issue_id"), keys, strict=True))
    parents = [by_id.get(cell, cell) or None for cell in texts_of(rows, "parent")]
    if "category" in rows:
        done = [text.casefold() in DONE_CATEGORIES for text in texts_of(rows, "category")]
    else:
        done = [bool(text) for text in texts_of(rows, "resolved")]
    goals = map(goal_cell, texts_of(rows, "goal"), texts_of(rows, "labels"))
    return rows.assign(
        parent_id=text_column(rows, parents),
        done_percent=percent_column(rows, done),
        goal=text_column(rows, list(goals)),
    )


ISSUES = ExportSpec(
    name="issues",
    title="Issues",
    fact="tasks",
    fields=(
        Field("task_id", ("Issue key",), needed=True, filled=True),
        Field("issue_id", ("Issue id",), needed=True),
        Field("name", ("Summary",), needed=True, filled=True),
        Field("category", ("Status Category",)),
        Field("resolved", ("Resolved",)),
        Field("start_on", ("Custom field (Start date)", "Start date"), "date", day=True),
        Field("due_on", ("Due date",), "date", needed=True, day=True),
        Field("assignee", ("Assignee",)),
        Field("parent", ("Parent", "Parent id", "Custom field (Epic Link)")),
        Field("predecessors", ("Inward issue link (Blocks)",), many=True),
        Field("goal", (*(f"Custom field ({name})" for name in GOAL_HEADERS), *GOAL_HEADERS)),
        Field("labels", ("Labels",), many=True),
    ),
    delivers="full",
    format=FileFormat(date="%d/%b/%y", datetime="%d/%b/%y %I:%M %p"),
    signature=("Issue key", "Issue id", "Summary"),
    row_key=("task_id",),
    excludes_totals=False,
    repeats_headers=True,
    derive=_as_tasks,
    unverified=(
        "The date format, which follows the look and feel of your site (declare yours under format); names "
        "of states in other languages; the headers of the company's own fields."
    ),
)

VENDOR = Vendor("jira", "Jira", {"issues": ISSUES})
