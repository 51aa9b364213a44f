"""TimeCamp: tracked time, one row an entry.

Here: the columns of the entries export and of the detailed report. Not here: how durations are read
(cells.py).
The names of entries are those of TimeCamp's interface for programs. Those of its report downloads are not
published: the profile below is a guess that the source's `aliases` correct.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sources.frames import numbered_keys
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd

ENTRIES = ExportSpec(
    name="entries",
    title="Time entries",
    fact="time_entries",
    fields=(
        Field("entry_id", ("id", "entry_id", "Entry ID"), needed=True, filled=True),
        Field(
            "person", ("user_name", "User", "Person", "user_email", "Пользователь"), needed=True, filled=True
        ),
        Field("task", ("name", "task_name", "Task", "Project", "Задача")),
        Field("worked_on", ("date", "Date", "Дата"), "date", needed=True, filled=True),
        Field(
            "hours",
            ("duration", "Duration", "Time", "Длительность", "Время"),
            "duration",
            needed=True,
            filled=True,
        ),
        Field("is_billable", ("billable", "Billable"), "bool"),
        Field("tags", ("tags", "Tags", "Теги")),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("user_name", "task_id", "duration"),
    row_key=("entry_id",),
    unverified=(
        "Column names of the report downloads; the time zone of date and start_time; entries deleted later."
    ),
)


def _keyed(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """A report has no identifiers: a row is the n-th of its day, person, task and beginning, so that a day
    exported again with longer hours is not added to itself."""
    return rows.assign(entry_id=numbered_keys(rows, ("worked_on", "person", "task", "begun")))


REPORT = ExportSpec(
    name="report",
    title="Detailed report",
    fact="time_entries",
    fields=(
        Field(
            "person",
            ("User", "User name", "Person", "Employee", "Name", "Пользователь", "Сотрудник"),
            needed=True,
            filled=True,
        ),
        Field("task", ("Task", "Task name", "Project / Task", "Project", "Задача", "Проект")),
        Field("worked_on", ("Date", "Day", "Дата"), "date", needed=True, filled=True),
        Field("begun", ("Start time", "Start", "From", "Начало")),
        Field(
            "hours",
            ("Duration", "Time", "Hours", "Total time", "Длительность", "Время", "Часы"),
            "duration",
            needed=True,
            filled=True,
        ),
        Field("is_billable", ("Billable", "Оплачиваемое"), "bool"),
        Field("tags", ("Tags", "Tag", "Теги", "Метки")),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("User", "Date", "Start time", "Duration"),
    row_key=("entry_id",),
    derive=_keyed,
    unverified=(
        "Every column name and the date format. A report by task or by person without days is refused: it "
        "cannot be placed in weeks."
    ),
)

VENDOR = Vendor("timecamp", "TimeCamp", {"entries": ENTRIES, "report": REPORT})
