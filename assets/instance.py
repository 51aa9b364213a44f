"""Dagster's home inside the workspace's state folder: run history, one run at a time, no telemetry."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from pipeline.store.lock import is_free
from pipeline.workspace.model import Workspace

SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 3600
run_retries:
  enabled: false
"""

IN_PROGRESS = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]


def dagster_home(workspace: Workspace) -> Path:
    """The home folder, made on first use and readable by its owner only."""
    home = workspace.state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = home / "dagster.yaml"
    if not settings.exists() or settings.read_text("utf-8") != SETTINGS:
        temporary = settings.with_suffix(".tmp")
        temporary.write_text(SETTINGS, "utf-8")
        temporary.replace(settings)
    return home


def open_instance(workspace: Workspace) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(dagster_home(workspace)))


def reap_orphans(workspace: Workspace, instance: dg.DagsterInstance) -> int:
    """Mark runs as failed that a killed machine left "started": nobody holds the workspace's lock, so
    nothing can still be working on them."""
    if not is_free(workspace.state_dir):
        return 0
    orphans = instance.get_runs(filters=dg.RunsFilter(statuses=IN_PROGRESS))
    for run in orphans:
        instance.report_run_failed(run, "The machine or process running it stopped before it was done.")
    return len(orphans)
