"""Weekly partitions in the company's zone, Monday to Sunday. All week arithmetic is pipeline/periods.py's."""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from assets.reach import first_week
from pipeline.periods import Week
from pipeline.workspace.model import Workspace


def weekly_partitions(workspace: Workspace, end_offset: int = 0) -> dg.WeeklyPartitionsDefinition:
    """Keys are the Mondays. `day_offset=1` matters: Dagster's own weeks begin on Sunday."""
    return dg.WeeklyPartitionsDefinition(
        start_date=first_week(workspace).monday.isoformat(),
        day_offset=1,
        timezone=workspace.company.timezone,
        end_offset=end_offset,
    )


def week_of_key(key: str) -> Week:
    return Week.of(datetime.strptime(key, "%Y-%m-%d").date())


def key_of_week(week: Week) -> str:
    return week.monday.isoformat()
