"""The code location: everything assembled for one workspace. `build_defs` takes overrides for tests.

Dagster loads `defs`; the workspace is the folder named by SCORECARDS_WORKSPACE, else the current folder,
else the sample company.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import dagster as dg

from assets.core import core_steps, fact_step
from assets.jobs import pull_job, weekly_jobs
from assets.out import OUT_STEPS
from assets.partitions import weekly_partitions
from assets.raw import raw_asset, raw_keys
from assets.resources import WorkRoom
from assets.schedules import pull_schedule, weekly_schedule
from assets.sensors import failure_sensor
from assets.weeks import weekly_asset
from assets.workspaces import open_workspace
from pipeline.bundled import samples_dir
from pipeline.sources.declared import source_facts
from pipeline.workspace.model import Workspace

# Single-run backfills are marked beta; a line about that on every command would only worry people.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

WORKSPACE_VARIABLE = "SCORECARDS_WORKSPACE"


def build_defs(workspace: Workspace, room: WorkRoom | None = None, end_offset: int = 0) -> dg.Definitions:
    """Definitions of one workspace.

    room: what the assets work with (tests and the command line pass theirs).
    end_offset: weeks beyond the current one that may be run (tests of future weeks).
    """
    partitions = weekly_partitions(workspace, end_offset)
    pulls = any(source.is_asked for source in workspace.sources)
    return dg.Definitions(
        assets=workspace_assets(workspace, partitions),
        jobs=[*weekly_jobs(), *([pull_job()] if pulls else [])],
        schedules=[weekly_schedule(workspace), *([pull_schedule(workspace)] if pulls else [])],
        sensors=[failure_sensor(workspace)],
        resources={"room": room or WorkRoom(workspace)},
        executor=dg.in_process_executor,
    )


def workspace_assets(workspace: Workspace, partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The graph: a raw asset per source, a table per fact they feed, KPIs, goals, documents, mail."""
    keys = raw_keys(workspace.sources)
    feeds: dict[str, list[str]] = {}
    for source in workspace.sources:
        for fact in source_facts(source):
            feeds.setdefault(fact, []).append(keys[source.id])
    facts = [fact_step(name, raws) for name, raws in sorted(feeds.items())]
    steps = [*facts, *core_steps(sorted(feeds)), *OUT_STEPS]
    return [
        *(raw_asset(source, keys[source.id], partitions) for source in workspace.sources),
        *(weekly_asset(step, partitions) for step in steps),
    ]


def workspace_folder() -> Path:
    named = os.environ.get(WORKSPACE_VARIABLE)
    if named:
        return Path(named)
    here = Path.cwd()
    return here if (here / "scorecards.yaml").exists() else samples_dir()


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs(open_workspace(workspace_folder()))
