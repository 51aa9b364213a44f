"""Facts, KPI components and goal results of each week, as they were known at its cut-off."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from assets.resources import WorkRoom
from assets.weeks import each_week
from pipeline.goals.tables import GOAL_KEYS, GOAL_TABLE, KPI_KEYS, KPI_TABLE, goal_frame, kpi_table
from pipeline.periods import Week

SINGLE_RUN = dg.BackfillPolicy.single_run()


def fact_asset(
    name: str, raw_assets: Sequence[str], partitions: dg.PartitionsDefinition
) -> dg.AssetsDefinition:
    """A canonical table as each week knew it: the newest version of every row over all its sources."""

    @dg.asset(
        name=f"core_fact__{name}",
        group_name="core",
        partitions_def=partitions,
        deps=list(raw_assets),
        backfill_policy=SINGLE_RUN,
        kinds={"duckdb"},
        description=f"Canonical table `{name}` as known then",
    )
    def fact(context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]) -> dg.MaterializeResult:
        # Counted in single runs only: a figure nobody reads must not cost a year of queries.
        single = len(context.partition_keys) == 1
        return each_week(context, room, lambda week: {"rows": room.fact_rows(name, week)} if single else {})

    return fact


def kpi_asset(facts: Sequence[str], partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name="core_kpi__weekly",
        group_name="core",
        partitions_def=partitions,
        deps=[f"core_fact__{name}" for name in facts],
        backfill_policy=SINGLE_RUN,
        kinds={"duckdb", "deltalake"},
        description="Numerators and denominators per KPI, week and segment",
    )
    def core_kpi__weekly(
        context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]
    ) -> dg.MaterializeResult:

        def week_rows(week: Week) -> dict[str, int]:
            edition = room.edition(week)
            weeks = kpi_table(edition, room.cache, room.kpis)
            return {"rows_appended": room.store.put_version(KPI_TABLE, weeks, KPI_KEYS, edition.as_of)}

        with room.store.batch():
            return each_week(context, room, week_rows)

    return core_kpi__weekly


def goal_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name="core_goal__status",
        group_name="core",
        partitions_def=partitions,
        deps=["core_kpi__weekly"],
        backfill_policy=SINGLE_RUN,
        kinds={"deltalake"},
        description="Every goal with status, pace and reason",
    )
    def core_goal__status(
        context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]
    ) -> dg.MaterializeResult:

        def week_rows(week: Week) -> dict[str, int]:
            edition = room.edition(week)
            room.store.put_version(GOAL_TABLE, goal_frame(edition), GOAL_KEYS, edition.as_of)
            return dict(Counter(result.status for result in edition.results))

        with room.store.batch():
            return each_week(context, room, week_rows)

    return core_goal__status
