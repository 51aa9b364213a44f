"""The day that all-time counters of a campaign stand for; shared by every vendor that exports such counters.

Here: where the day and the campaign's identifier come from. Not here: a vendor's own columns (vendors/), what
happened between two snapshots (counters.py).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.errors import FileRefused, Problem
from pipeline.sources.frames import date_column
from pipeline.sources.vendor import Context, Field

if TYPE_CHECKING:
    import pandas as pd


SNAPSHOT_DAY = Field(
    "counted_on",
    ("snapshot_at", "counted_on", "Snapshot", "Snapshot date", "Exported at", "As of", "Дата снимка"),
    "date",
    dates=("iso", "%d.%m.%Y", "%d.%m.%Y %H:%M"),
)
"""A column for the day, for whoever adds one; tools that show all-time counters seldom do."""


def with_snapshot(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Adds the day where the export names none: the day before it was received, the last one that was over.
    A campaign without identifier is known by its name. Raises FileRefused when nobody knows the day."""
    if "counted_on" not in rows:
        if context.received_on is None:
            raise FileRefused(_no_day(context))
        rows = rows.assign(counted_on=date_column(rows, context.received_on - timedelta(days=1)))
    if "campaign_id" not in rows:
        return rows.assign(campaign_id=rows["name"])
    return rows.assign(campaign_id=rows["campaign_id"].fillna(rows["name"]))


def _no_day(context: Context) -> Problem:
    return Problem(
        "E-HEADER",
        'Column "counted_on" is missing, and it is not known when the file was received.',
        "Add a column snapshot_at with the day of the counters.",
        file=context.file,
        column="counted_on",
    )
