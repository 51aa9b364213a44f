"""Assets that work week by week: one after the other, each on record when it is done, a failing week
costing itself alone."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import dagster as dg

from assets.partitions import week_of_key
from assets.resources import WorkRoom
from pipeline.errors import ScorecardError
from pipeline.periods import Week

Metadata = Mapping[str, Any]
Work = Callable[[WorkRoom, Week], Metadata]
BACKFILL_TAG = "dagster/backfill"


@dataclass(frozen=True)
class WeeklyStep:
    """What one weekly asset is and does."""

    name: str
    deps: Sequence[str]
    description: str
    work: Work
    kinds: frozenset[str] = frozenset()
    batch: bool = False
    """Tables are committed once at the end, so a week counts as done only then."""
    record: bool = True
    """Put each finished week of a range on record at once, so a later failure or kill does not lose it."""
    mails: bool = False
    """Does nothing in a backfill, which mails nobody."""


def weekly_asset(step: WeeklyStep, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The Dagster asset of a weekly step; its group is the first part of its name."""

    @dg.asset(
        name=step.name,
        group_name=step.name.partition("_")[0],
        partitions_def=partitions,
        deps=list(step.deps),
        kinds=set(step.kinds),
        description=step.description,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def weekly(context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]) -> dg.MaterializeResult:
        if step.mails and is_backfill(context):
            context.log.info("A backfill mails nobody.")
            return dg.MaterializeResult(metadata={"mails": 0})
        return each_week(context, room, step)

    return weekly


def each_week(context: dg.AssetExecutionContext, room: WorkRoom, step: WeeklyStep) -> dg.MaterializeResult:
    """Do the step for every week of the run. A week that failed in an earlier step is passed over; failures
    are raised together by the last step of the run, or at once when no week is left to go on with."""
    keys = list(context.partition_keys)
    room.ranged = len(keys) > 1
    done: dict[str, Metadata] = {}
    with room.store.batch() if step.batch else nullcontext():
        for index, key in enumerate(keys):
            if _succeeds(context, room, step, key, done) and not step.batch:
                _record(context, room, step, key, done[key])
            room.progress(step.name, index + 1, len(keys))
    for key in done if step.batch else ():
        _record(context, room, step, key, done[key])
    _raise_failures(context, room, [week_of_key(key) for key in keys])
    last = done.get(keys[-1], {})
    return dg.MaterializeResult(metadata={**last, "weeks": len(keys)})


def is_backfill(context: dg.AssetExecutionContext) -> bool:
    """A run over several weeks, or one that Dagster started as part of a backfill."""
    return len(context.partition_keys) > 1 or BACKFILL_TAG in context.run.tags


def sentence(error: Exception) -> str:
    """An error as a log line says it."""
    return error.text() if isinstance(error, ScorecardError) else f"{type(error).__name__}: {error}"


def _succeeds(
    context: dg.AssetExecutionContext, room: WorkRoom, step: WeeklyStep, key: str, done: dict[str, Metadata]
) -> bool:
    week = week_of_key(key)
    if week in room.failures:
        return False
    try:
        done[key] = step.work(room, week)
    except Exception as error:
        room.failures[week] = error
        context.log.error(f"{week}: {sentence(error)}")
        return False
    return True


def _record(
    context: dg.AssetExecutionContext, room: WorkRoom, step: WeeklyStep, key: str, metadata: Metadata
) -> None:
    if step.record and len(context.partition_keys) > 1:
        finished = dg.AssetMaterialization(context.asset_key, partition=key, metadata=dict(metadata))
        (room.recorder or context.log_event)(finished)


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
