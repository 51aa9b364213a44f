"""TimeCamp: tracked time, one row an entry.

Here: the columns of the entries export. Not here: how durations are read (cells.py).
Field names are those of TimeCamp's interface for programs; the names in its report downloads are not
published and go under the source's `aliases`.
"""

from __future__ import annotations

from pipeline.sources.vendor import ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

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

VENDOR = Vendor("timecamp", "TimeCamp", {"entries": ENTRIES})
