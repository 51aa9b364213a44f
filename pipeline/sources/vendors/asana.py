"""Asana: the tasks of a project, from its CSV or its JSON export.

Here: the columns of both and what their cells mean. Not here: reading.
In the CSV a subtask names its parent, and a dependent task what blocks it, by name; in JSON by identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sources.frames import text_column, texts_of
from pipeline.sources.tasks import GOAL_HEADERS, goal_cell, ids_by_name, named_tasks, percent_column
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


UNVERIFIED = (
    "The columns Blocked By and Blocking of newer CSV exports; everything about the JSON export but the "
    "names of a task's own properties."
)


def _from_csv(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """A name that two tasks share finds neither of them: such a parent stays unknown."""
    ids = texts_of(rows, "task_id")
    by_name = ids_by_name(ids, texts_of(rows, "name"))
    known = frozenset(ids)
    parents = [by_name.get(name, name if name in known else None) for name in texts_of(rows, "parent")]
    first = [named_tasks(cell, by_name, known) for cell in texts_of(rows, "blocked_by")]
    goals = map(goal_cell, texts_of(rows, "goal"), texts_of(rows, "notes"))
    completed = texts_of(rows, "completed_on")
    return rows.assign(
        parent_id=text_column(rows, parents),
        predecessors=text_column(rows, first),
        goal=text_column(rows, list(goals)),
        done_percent=percent_column(rows, [bool(day) for day in completed]),
    )


def _from_json(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """A company's own field is one of a list of names and one of a list of values, in the same place."""
    fields = zip(texts_of(rows, "own_names"), texts_of(rows, "own_values"), strict=True)
    own = [_own_goal(names.split(";"), values.split(";")) for names, values in fields]
    goals = map(goal_cell, own, texts_of(rows, "notes"))
    completed = rows["completed"].fillna(False).tolist()
    return rows.assign(
        goal=text_column(rows, list(goals)),
        done_percent=percent_column(rows, completed),
    )


def _own_goal(names: list[str], values: list[str]) -> str:
    return next((v for n, v in zip(names, values, strict=False) if n.strip() in GOAL_HEADERS), "")


JSON = ExportSpec(
    name="tasks",
    title="Tasks",
    fact="tasks",
    fields=(
        Field("task_id", ("gid",), needed=True, filled=True),
        Field("name", ("name",), needed=True, filled=True),
        Field("start_on", ("start_on",), "date", day=True),
        Field("due_on", ("due_on",), "date", needed=True, day=True),
        Field("completed", ("completed",), "bool", needed=True),
        Field("assignee", ("assignee.name", "assignee.email")),
        Field("parent_id", ("parent.gid",)),
        Field("predecessors", ("dependencies.gid",)),
        Field("own_names", ("custom_fields.name",)),
        Field("own_values", ("custom_fields.display_value", "custom_fields.text_value")),
        Field("notes", ("notes",)),
    ),
    delivers="full",
    format=FileFormat(kind="json", records="data", children="subtasks", date="iso", datetime="iso"),
    signature=("gid", "resource_type", "completed"),
    row_key=("task_id",),
    excludes_totals=False,
    derive=_from_json,
    unverified=UNVERIFIED,
)

TASKS = ExportSpec(
    name="tasks",
    title="Tasks",
    fact="tasks",
    fields=(
        Field("task_id", ("Task ID",), needed=True, filled=True),
        Field("name", ("Name",), needed=True, filled=True),
        Field("start_on", ("Start Date",), "date", day=True),
        Field("due_on", ("Due Date",), "date", needed=True, day=True),
        Field("completed_on", ("Completed At",), "date", needed=True),
        Field("assignee", ("Assignee", "Assignee Email")),
        Field("parent", ("Parent task", "Parent Task")),
        Field("blocked_by", ("Blocked By (Dependencies)", "Blocked By")),
        Field("goal", GOAL_HEADERS),
        Field("notes", ("Notes",)),
    ),
    delivers="full",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("Task ID", "Name", "Section/Column"),
    title_lines=(("Task ID", "Name"),),
    row_key=("task_id",),
    excludes_totals=False,
    as_json=JSON,
    derive=_from_csv,
    unverified=UNVERIFIED,
)

VENDOR = Vendor("asana", "Asana", {"tasks": TASKS})
