"""Monday morning in the company's zone, off unless the workspace turns it on."""

from datetime import UTC

import dagster as dg

from assets.partitions import key_of_week
from pipeline.periods import latest_due_week
from pipeline.workspace.model import Workspace

WEEKDAYS = {"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5}


def weekly_schedule(workspace: Workspace) -> dg.ScheduleDefinition:
    """One run per edition, however often the tick comes: the run key is the edition's week."""
    company = workspace.company
    wanted = company.schedule
    status = dg.DefaultScheduleStatus.RUNNING if wanted.enabled else dg.DefaultScheduleStatus.STOPPED

    @dg.schedule(
        name="weekly_scorecard",
        job_name="scheduled_weekly",
        default_status=status,
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
