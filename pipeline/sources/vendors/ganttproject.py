"""GanttProject: the tasks of a plan, with their order and outline.

Here: the columns of its CSV export, whose headers are in the language of its window, and what its cells mean.
Not here: reading. The table of resources that follows the tasks below a blank line is left out (until_blank).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.sources.frames import text_column, texts_of
from pipeline.sources.tasks import GOAL_HEADERS, goal_cell
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


_LINK = re.compile(r"^(\d+)(?:-(FS|SS|FF|SF))?(?:[=+-].*)?$", re.IGNORECASE)
"""3, 3-FS, 3-SS=P2D: the task, the kind of link and a lag."""


def _as_tasks(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Adds who does the task, the task it is in (from the outline number) and what comes first."""
    ids, outlines = texts_of(rows, "task_id"), texts_of(rows, "outline")
    by_outline = dict(zip(outlines, ids, strict=True))
    parents = [by_outline.get(outline.rpartition(".")[0]) if "." in outline else None for outline in outlines]
    who = map(_assignee, texts_of(rows, "resources"), texts_of(rows, "coordinator"))
    goals = map(goal_cell, texts_of(rows, "goal"), texts_of(rows, "notes"))
    first = [_predecessors(cell) for cell in texts_of(rows, "links")]
    return rows.assign(
        assignee=text_column(rows, list(who)),
        parent_id=text_column(rows, parents),
        predecessors=text_column(rows, first),
        goal=text_column(rows, list(goals)),
    )


def _assignee(resources: str, coordinator: str) -> str | None:
    """The one who does it; of several the coordinator, who answers for it, or else the first."""
    names = [name.strip() for name in re.split("[;,]", resources) if name.strip()]
    if coordinator and len(names) != 1:
        return coordinator
    return names[0] if names else None


def _predecessors(cell: str) -> str | None:
    """Tasks that must be finished first. Other kinds of link (both start together, and the like) say nothing
    of the sort; text that is no link at all stays as it is, so that the plan can say so."""
    found = []
    for part in filter(None, (part.strip() for part in cell.split(";"))):
        link = _LINK.match(part)
        if link is None:
            found.append(part)
        elif (link[2] or "FS").upper() == "FS":
            found.append(link[1])
    return ";".join(found) or None


TASKS = ExportSpec(
    name="tasks",
    title="Tasks",
    fact="tasks",
    fields=(
        Field("task_id", ("ID",), needed=True, filled=True),
        Field("name", ("Name", "Название", "Vorgang"), needed=True, filled=True),
        Field("start_on", ("Begin date", "Дата начала", "Anfang"), "date", needed=True, day=True),
        Field("due_on", ("End date", "Дата окончания", "Ende"), "date", needed=True, day=True),
        Field("done_percent", ("Completion", "Выполнено", "Fortschritt"), "decimal"),
        Field("cost", ("Cost", "Стоимость", "Kosten"), "money"),
        Field("coordinator", ("Coordinator", "Координатор", "Verantwortlich")),
        Field("links", ("Predecessors", "Предшественники", "Vorgänger")),
        Field("outline", ("Outline number", "Номер в структуре", "GliederungsNr.")),
        Field("resources", ("Resources", "Исполнителей", "Исполнители", "Ressourcen")),
        Field("goal", GOAL_HEADERS),
        Field("notes", ("Notes", "Примечания", "Заметки", "Notizen")),
    ),
    delivers="full",
    format=FileFormat(date="iso", datetime="iso", until_blank=True, escape="\\"),
    signature=("ID", "Begin date", "Outline number"),
    row_key=("task_id",),
    excludes_totals=False,
    derive=_as_tasks,
    unverified=(
        "Date format (that of GanttProject's settings; declare yours under format) and the text of links "
        "between tasks; Russian names of the columns Cost, Outline number and Notes."
    ),
)

VENDOR = Vendor("ganttproject", "GanttProject", {"tasks": TASKS})
