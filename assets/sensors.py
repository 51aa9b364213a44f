"""Telling somebody that a run failed. Leadership is never told; the workspace names who is."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg

from assets.partitions import week_of_key
from pipeline.delivery.alert import queue_alert
from pipeline.delivery.outbox import Outbox
from pipeline.delivery.send import deliver
from pipeline.errors import Problem
from pipeline.periods import Week, latest_due_week
from pipeline.workspace.model import Workspace

PARTITION_TAG = "dagster/partition"


def failure_sensor(workspace: Workspace) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="tell_when_a_run_fails",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
    )
    def tell_when_a_run_fails(context: dg.RunFailureSensorContext) -> None:
        now, outbox = datetime.now(UTC), Outbox.of(workspace)
        week = _week(workspace, context.dagster_run.tags, now)
        problem = Problem(
            "E-RUN", "{what}", params={"what": context.failure_event.message or "the run failed"}
        )
        if queue_alert(outbox, workspace, week, [problem], now):
            deliver(outbox, workspace, now)

    return tell_when_a_run_fails


def _week(workspace: Workspace, tags: Mapping[str, str], now: datetime) -> Week:
    key = tags.get(PARTITION_TAG)
    if key:
        return week_of_key(key)
    return latest_due_week(now, workspace.company.zone, workspace.company.cutoff)
