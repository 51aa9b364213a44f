"""The loop every weekly asset runs: one week after the other, each recorded when it is done, a failing week
costing itself alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from assets.partitions import week_of_key
from assets.resources import WorkRoom
from pipeline.errors import ScorecardError
from pipeline.periods import Week

Metadata = Mapping[str, Any]


def each_week(
    context: dg.AssetExecutionContext,
    room: WorkRoom,
    work: Callable[[Week], Metadata],
    record: bool = True,
) -> dg.MaterializeResult:
    """Do `work` for every week of the run. A week that failed in an earlier step is passed over; failures
    are raised together by the last step of the run, or at once when no week is left to go on with. With
    `record` a finished week of a range is on record at once, so a later failure or kill does not lose it."""
    keys = list(context.partition_keys)
    metadata: Metadata = {}
    step = context.asset_key.to_user_string()
    for index, key in enumerate(keys):
        week = week_of_key(key)
        if week not in room.failures:
            metadata = _one(context, room, week, work) or metadata
            if record and len(keys) > 1 and week not in room.failures:
                done = dg.AssetMaterialization(context.asset_key, partition=key, metadata=dict(metadata))
                (room.recorder or context.log_event)(done)
        room.progress(step, index + 1, len(keys))
    _raise_failures(context, room, [week_of_key(key) for key in keys])
    return dg.MaterializeResult(metadata={**metadata, "weeks": len(keys)})


def _one(
    context: dg.AssetExecutionContext, room: WorkRoom, week: Week, work: Callable[[Week], Metadata]
) -> Metadata | None:
    try:
        return work(week)
    except Exception as error:
        room.failures[week] = error
        context.log.error(f"{week}: {sentence(error)}")
        return None


def sentence(error: Exception) -> str:
    return error.text() if isinstance(error, ScorecardError) else f"{type(error).__name__}: {error}"


def _raise_failures(context: dg.AssetExecutionContext, room: WorkRoom, weeks: list[Week]) -> None:
    failed = [week for week in weeks if week in room.failures]
    if not failed or (len(failed) < len(weeks) and _goes_on(context)):
        return
    lines = [f"{week}: {sentence(room.failures[week])}" for week in failed]
    raise dg.Failure(
        description="\n".join([f"{len(failed)} of {len(weeks)} weeks failed; the others are done.", *lines]),
        allow_retries=False,
    ) from room.failures[failed[0]]


def _goes_on(context: dg.AssetExecutionContext) -> bool:
    """Whether a later step of this run depends on the present one."""
    layer = context.job_def.asset_layer
    children = layer.asset_graph.get(context.asset_key).child_keys
    return bool(children & layer.executable_asset_keys)
