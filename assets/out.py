"""What leaves the pipeline: documents, the strategic plan, queued mail and, on schedule, its delivery."""

import dagster as dg

from assets.resources import WorkRoom
from assets.weeks import each_week

SINGLE_RUN = dg.BackfillPolicy.single_run()
BACKFILL_TAG = "dagster/backfill"


def scorecard_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name="out_goal__scorecard",
        group_name="out",
        partitions_def=partitions,
        deps=["core_goal__status"],
        backfill_policy=SINGLE_RUN,
        kinds={"jinja"},
        description="Scorecards, goal pages and their data twin",
    )
    def out_goal__scorecard(
        context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]
    ) -> dg.MaterializeResult:
        return each_week(context, room, lambda week: {"documents": len(room.render_scorecards(week))})

    return out_goal__scorecard


def plan_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name="out_plan__document",
        group_name="out",
        partitions_def=partitions,
        deps=["core_goal__status"],
        backfill_policy=SINGLE_RUN,
        kinds={"jinja"},
        description="The strategic plan, from the same store",
    )
    def out_plan__document(
        context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]
    ) -> dg.MaterializeResult:
        return each_week(context, room, lambda week: {"documents": len(room.render_plan(week))})

    return out_plan__document


def outbox_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name="out_mail__outbox",
        group_name="out",
        partitions_def=partitions,
        deps=["out_goal__scorecard", "out_plan__document"],
        backfill_policy=SINGLE_RUN,
        description="Messages queued for the recipients; a backfill queues none",
    )
    def out_mail__outbox(
        context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]
    ) -> dg.MaterializeResult:
        if is_backfill(context):
            context.log.info("A backfill mails nobody: nothing queued.")
            return dg.MaterializeResult(metadata={"queued": 0})
        return each_week(context, room, lambda week: {"queued": room.queue(week)})

    return out_mail__outbox


def delivery_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name="out_mail__delivery",
        group_name="out",
        partitions_def=partitions,
        deps=["out_mail__outbox"],
        backfill_policy=SINGLE_RUN,
        description="Sends what is queued when delivery is automatic",
    )
    def out_mail__delivery(
        context: dg.AssetExecutionContext, room: dg.ResourceParam[WorkRoom]
    ) -> dg.MaterializeResult:
        if is_backfill(context) or room.workspace.company.delivery.mode != "auto":
            context.log.info(
                "Nothing sent: a backfill never is, and other editions wait for `scorecards deliver`."
            )
            return dg.MaterializeResult(metadata={"sent": 0})
        report = room.deliver()
        return dg.MaterializeResult(
            metadata={"sent": len(report.sent), "failed": len(report.failed), "held": len(report.held)}
        )

    return out_mail__delivery


def is_backfill(context: dg.AssetExecutionContext) -> bool:
    """A run over several weeks, or one that Dagster started as part of a backfill."""
    return len(context.partition_keys) > 1 or BACKFILL_TAG in context.run.tags
