"""The graph as Dagster sees it, and what the schedule asks for."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.definitions import build_defs
from assets.workspaces import open_workspace
from pipeline.bundled import samples_dir

SNAPSHOT = Path(__file__).with_name("definitions.json")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs(open_workspace(samples_dir()))


def snapshot(definitions: dg.Definitions) -> dict[str, object]:
    """Keys, groups, dependencies, checks, partitions and schedules, in a form one can read in a diff."""
    graph = definitions.resolve_asset_graph()
    assets = {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "depends on": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "partitions": type(graph.get(key).partitions_def).__name__,
            "single run": graph.get(key).backfill_policy == dg.BackfillPolicy.single_run(),
            "checks": sorted(check.name for check in graph.get(key).check_keys),
        }
        for key in sorted(graph.get_all_asset_keys())
    }
    repository = definitions.get_repository_def()
    schedules = {
        schedule.name: [schedule.cron_schedule, schedule.execution_timezone]
        for schedule in repository.schedule_defs
    }
    jobs = sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__"))
    return {"assets": assets, "schedules": schedules, "jobs": jobs}


def test_the_graph_is_the_one_on_record(definitions: dg.Definitions) -> None:
    """After a wanted change, delete definitions.json and run this test once to record the new graph."""
    found = snapshot(definitions)
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    assert found == json.loads(SNAPSHOT.read_text("utf-8"))


def test_every_partitioned_asset_uses_the_same_monday_weeks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    partitions = {graph.get(key).partitions_def for key in graph.get_all_asset_keys()}
    assert len(partitions) == 1
    (weekly,) = partitions
    assert isinstance(weekly, dg.WeeklyPartitionsDefinition)
    assert weekly.day_offset == 1
    assert all(datetime.fromisoformat(key).weekday() == 0 for key in weekly.get_partition_keys())


def test_a_tick_asks_for_the_newest_closed_week_once(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("weekly_scorecard")
    asked = []
    for tick in ("2026-11-23T08:00", "2026-11-23T08:00", "2026-10-26T08:00"):
        time = datetime.fromisoformat(tick).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        context = dg.build_schedule_context(
            repository_def=definitions.get_repository_def(), scheduled_execution_time=time
        )
        (request,) = schedule.evaluate_tick(context).run_requests
        asked.append((request.run_key, request.partition_key))
    assert asked == [
        ("edition-2026-W47", "2026-11-16"),
        ("edition-2026-W47", "2026-11-16"),
        ("edition-2026-W43", "2026-10-19"),
    ]
