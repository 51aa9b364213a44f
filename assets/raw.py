"""One asset a source: fetch it where it says so, land what was dropped, read and validate it, keep accepted
rows and quarantine. A backfill fetches nothing: it is about what was known then."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.checks import source_check_specs, source_checks
from assets.partitions import week_of_key
from assets.resources import WorkRoom
from assets.weeks import is_backfill
from pipeline.language import pick
from pipeline.periods import latest_due_week
from pipeline.sources.freshness import source_states
from pipeline.sources.ingest import IngestReport, ingest_source
from pipeline.sources.state import SourceState
from pipeline.workspace.model import Source

if TYPE_CHECKING:
    from pipeline.sources.pull import PullReport


def raw_key(source: Source) -> str:
    """`raw_hubspot__deals`: system and export, or the source's id where it names no export."""
    return f"raw_{source.system}__{source.export}" if source.export else f"raw_{source.id}"


def raw_keys(sources: tuple[Source, ...]) -> dict[str, str]:
    """Source id -> asset key. Two sources of one export (two accounts) are told apart by their ids."""
    keys = [raw_key(source) for source in sources]
    return {
        source.id: key if keys.count(key) == 1 else f"raw_{source.id}"
        for source, key in zip(sources, keys, strict=True)
    }


def raw_asset(source: Source, key: str, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of one source. Its bytes are not bound to a week, so a range run reads them once."""

    @dg.asset(
        name=key,
        group_name="raw",
        partitions_def=partitions,
        kinds={"deltalake"},
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=source_check_specs(key),
        description=pick(source.title, "en") or f"{source.system} {source.export}",
    )
    def raw(context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]) -> dg.MaterializeResult:
        if room.pulling and source.pull is not None and not is_backfill(context):
            problem = room.pull(source).problem
            if problem is not None:
                context.log.warning(problem.full())
        report = ingest_source(room.workspace, source, room.store, room.now(), query=_asks(context, room))
        room.reports[source.id] = report
        room.progress("sources", len(room.reports), len(room.workspace.sources))
        return dg.MaterializeResult(
            metadata=_metadata(report, room.pulled.get(source.id)),
            check_results=source_checks(key, report, _state(room, source)),
        )

    return raw


def _asks(context: dg.AssetExecutionContext, room: WorkRoom) -> bool:
    """Whether databases are asked: by the run of the newest week alone; a past week is as known then."""
    company = room.workspace.company
    latest = latest_due_week(room.now(), company.zone, company.cutoff)
    return not is_backfill(context) and week_of_key(context.partition_keys[-1]) >= latest


def _state(room: WorkRoom, source: Source) -> SourceState:
    knowledge = room.store.knowledge([source.id], room.now())
    return source_states(room.workspace, room.store, knowledge)[source.id]


def _metadata(report: IngestReport, pulled: "PullReport | None") -> dict[str, Any]:
    metadata = {"files_landed": len(report.landed), "rows_appended": report.rows_appended}
    if pulled is None:
        return metadata
    return {**metadata, "answers_fetched": pulled.asked, "fetched": pulled.landed is not None}
