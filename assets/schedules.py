"""Monday morning in the company's zone, off unless the workspace turns it on: fetching shortly before the
cut-off, and the week's run after it."""

from datetime import UTC, time

import dagster as dg

from assets.partitions import key_of_week
from pipeline.periods import latest_due_week
from pipeline.workspace.model import Workspace

PULL_JOB = "pull"
PULL_AHEAD_MINUTES = 30
"""Fetching begins so long before the cut-off; what is landed later counts only for the next edition."""
WEEKDAYS = {"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5}


def weekly_schedule(workspace: Workspace) -> dg.ScheduleDefinition:
    """One run per edition, however often the tick comes: the run key is the edition's week."""
    company = workspace.company
    wanted = company.schedule

    @dg.schedule(
        name="weekly_scorecard",
        job_name="scheduled_weekly",
        default_status=_status(wanted.enabled),
        cron_schedule=f"{wanted.at.minute} {wanted.at.hour} * * {WEEKDAYS[wanted.weekday]}",
        execution_timezone=company.timezone,
        description="Runs the newest closed week and sends it when delivery is automatic",
    )
    def weekly_scorecard(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        tick = context.scheduled_execution_time.astimezone(UTC)
        week = latest_due_week(tick, company.zone, company.cutoff)
        return dg.RunRequest(
            run_key=f"edition-{week}", partition_key=key_of_week(week), tags={"scorecards/edition": str(week)}
        )

    return weekly_scorecard


def pull_schedule(workspace: Workspace) -> dg.ScheduleDefinition:
    """Fetches every source that can be fetched, once a week, so that the edition knows it."""
    company = workspace.company

    @dg.schedule(
        name="pull_before_cutoff",
        job_name=PULL_JOB,
        default_status=_status(company.schedule.enabled),
        cron_schedule=pull_cron(company.cutoff),
        execution_timezone=company.timezone,
        description="Fetches sources shortly before the cut-off",
    )
    def pull_before_cutoff(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        tick = context.scheduled_execution_time.astimezone(UTC)
        week = latest_due_week(tick, company.zone, company.cutoff)  # bytes are not bound to a week
        return dg.RunRequest(run_key=f"pull-{tick:%Y-%m-%d}", partition_key=key_of_week(week))

    return pull_before_cutoff


def pull_cron(cutoff: time) -> str:
    """PULL_AHEAD_MINUTES before the cut-off on Monday, which may be late on Sunday."""
    minutes = cutoff.hour * 60 + cutoff.minute - PULL_AHEAD_MINUTES
    day, minutes = (1, minutes) if minutes >= 0 else (0, minutes + 24 * 60)
    return f"{minutes % 60} {minutes // 60} * * {day}"


def _status(enabled: bool) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if enabled else dg.DefaultScheduleStatus.STOPPED
