"""Telling somebody that a run failed. Leadership is never told; the workspace names who is."""

from __future__ import annotations

import dagster as dg
from pipeline.delivery.alert import alert_run_failed

from pipeline.workspace.model import Workspace


def failure_sensor(workspace: Workspace) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="tell_when_a_run_fails",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
    )
    def tell_when_a_run_fails(context: dg.RunFailureSensorContext) -> None:
        event = context.failure_event
        alert_run_failed(workspace, context.dagster_run.run_id, event.message or "")

    return tell_when_a_run_fails
