"""What leaves the pipeline: documents, the strategic plan, queued mail and, on schedule, its delivery."""

from assets.resources import WorkRoom
from assets.weeks import WeeklyStep
from pipeline.goals.tables import GOAL_TABLE
from pipeline.periods import Week

SCORECARD, PLAN = "out_goal__scorecard", "out_plan__document"
OUTBOX, DELIVERY = "out_mail__outbox", "out_mail__delivery"


def send(room: WorkRoom, _week: Week) -> dict[str, int]:
    """Send what is queued when delivery is automatic; otherwise it waits for `scorecards deliver`."""
    if room.workspace.company.delivery.mode != "auto":
        return {"sent": 0}
    report = room.deliver()
    return {"sent": len(report.sent), "failed": len(report.failed), "held": len(report.held)}


OUT_STEPS = (
    WeeklyStep(
        name=SCORECARD,
        deps=[GOAL_TABLE],
        description="Scorecards, goal pages and their data twin",
        work=lambda room, week: {"documents": len(room.render_scorecards(week))},
        kinds=frozenset({"jinja"}),
    ),
    WeeklyStep(
        name=PLAN,
        deps=[GOAL_TABLE],
        description="The strategic plan, from the same store",
        work=lambda room, week: {"documents": len(room.render_plan(week))},
        kinds=frozenset({"jinja"}),
    ),
    WeeklyStep(
        name=OUTBOX,
        deps=[SCORECARD, PLAN],
        description="Messages queued for the recipients; a backfill queues none",
        work=lambda room, week: {"queued": room.queue(week)},
        mails=True,
    ),
    WeeklyStep(
        name=DELIVERY,
        deps=[OUTBOX],
        description="Sends what is queued when delivery is automatic",
        work=send,
        mails=True,
    ),
)
