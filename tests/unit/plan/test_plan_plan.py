"""The plan's figures from a small company, each worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.facts import FACTS
from pipeline.goals.model import ControlChart, Edition, GoalResult, PeriodValue, Point, Reason
from pipeline.periods import Week
from pipeline.plan import Plan, build_plan, campaign_rows, interim_targets
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Company, Goal, People, Person, Source, Strategy, Workspace

GOALS: list[dict[str, Any]] = [
    {
        "id": "year", "title": "Revenue of the year", "owner": "anna", "kpi": "sales_revenue",
        "kind": "cumulative", "target": 1200, "start": date(2026, 1, 1), "due": date(2026, 12, 31),
        "supports": "grow",
        "target_changes": [
            {"on": date(2026, 7, 1), "by": "boris", "reason": "merger", "previous": 1100},
            {"on": date(2026, 3, 1), "by": "anna", "reason": "spring", "previous": 1000},
        ],
    },
    {
        "id": "q4", "title": "Revenue Q4", "owner": "boris", "kpi": "sales_revenue", "kind": "cumulative",
        "target": 400, "start": date(2026, 10, 1), "due": date(2026, 12, 31), "parent": "year",
        "how": [
            {"id": "ads", "title": "Ads", "cost": 300, "hours": 40, "done": 25, "due": date(2026, 11, 20)},
            {"id": "fair", "title": "Fair", "owner": "anna", "cost": 200, "depends_on": ["ads"],
             "start": date(2026, 11, 23)},
        ],
    },
    {
        "id": "q3", "title": "Revenue Q3", "owner": "boris", "kpi": "sales_revenue", "kind": "cumulative",
        "target": 700, "start": date(2026, 7, 1), "due": date(2026, 9, 30), "parent": "year",
    },
    {
        "id": "churn", "title": "Churn", "owner": "anna", "kpi": "churn_rate", "kind": "level",
        "baseline": "45 %", "target": "20 %", "start": date(2026, 10, 1), "due": date(2026, 12, 31),
    },
]  # fmt: skip
STRATEGY: dict[str, Any] = {
    "objectives": [{"id": "grow", "title": {"en": "Grow", "ru": "Рост"}}],
    "mission": {"en": "Stories for everyone"},
    "values": [{"en": "Care", "ru": "Забота"}],
    "owners": {"summary": "anna", "swot": "boris"},
    "budget": [{"title": "Ads", "amount": 450, "goal": "q4"}, {"title": "Licences", "amount": 90}],
    "automation": [{"tool": "TimeCamp", "hours_before": 8, "hours_after": 2}, {"tool": "GA4"}],
    "risks": [
        {"title": "Loss of customers", "kpi": "churn_rate", "goal": "q4"},
        {"title": "Slow quarter", "goal": "q4"},
        {"title": "Strike"},
    ],
    "outsourcing": [
        {
            "id": "lists",
            "title": "Lists",
            "tasks": ["lists"],
            "loaded_cost_per_hour": 40,
            "market_rate_per_hour": 10,
        }
    ],
}


def fact(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=FACTS[name].arrow_schema())


def result(goal: Goal, status: str, **more: Any) -> GoalResult:
    empty = dict.fromkeys(GoalResult.__dataclass_fields__)
    base: dict[str, Any] = {
        "goal_id": goal.id, "kpi_id": goal.kpi, "kind": goal.kind, "direction": Direction.UP,
        "unit": Unit.PERCENT if goal.kpi == "churn_rate" else Unit.MONEY, "target": goal.target.amount,
        "baseline": goal.baseline.amount if goal.baseline else None, "start": goal.start, "due": goal.due,
        "status": status, "burn_up": (), "periods": (), "months": (), "reason": Reason("x"),
    }  # fmt: skip
    return GoalResult(**(empty | base | more))


def make() -> tuple[Workspace, Edition]:
    goals = tuple(Goal.model_validate(goal) for goal in GOALS)
    workspace = Workspace(
        root=Path(),
        company=Company(company="X", timezone="Europe/Berlin", currency="EUR", languages=("en", "ru")),
        people=People(
            people=(Person(id="anna", name="Anna"), Person(id="boris", name="Boris", hours_per_week=D(2)))
        ),
        sources=(Source(id="crm", system="any", fact="deals"),),
        goals=goals,
        strategy=Strategy.model_validate(STRATEGY),
    )
    by_id = {goal.id: goal for goal in goals}
    october = PeriodValue(date(2026, 10, 1), date(2026, 10, 31), D("0.3"), prior_year=D("0.4"))
    november = PeriodValue(date(2026, 11, 1), date(2026, 11, 30), D("0.1"), closed=False)
    results = (
        result(by_id["q3"], "missed"),
        result(
            by_id["churn"], "watch", actual=D("0.35"), months=(october, november),
            control=ControlChart(D("0.3"), D("0.1"), D("0.5")),
        ),
        result(by_id["q4"], "no_verdict", actual=D(150)),
        result(by_id["year"], "on_track", actual=D(1000)),
    )  # fmt: skip
    edition = Edition(
        week=Week(2026, 47), as_of=datetime(2026, 11, 23, 6, tzinfo=UTC), known="then", results=results,
        previous=(), restatements=(), sources={}, smart={}, run_id="abc", inputs={},
    )  # fmt: skip
    return workspace, edition


FACTS_HERE: dict[str, list[dict[str, Any]]] = {
    "tasks": [
        {"source": "g", "task_id": "1", "name": "Stand", "start_on": date(2026, 11, 2),
         "due_on": date(2026, 11, 6), "cost": D(80), "goal": "q4", "assignee": "Anna"},
        {"source": "g", "task_id": "2", "name": "Party", "due_on": date(2026, 12, 4), "cost": D(20)},
    ],
    "time_entries": [{"person": "Anna", "task": "lists", "worked_on": date(2026, 8, 24), "hours": D(10)}],
    "freelance_costs": [],
    "campaign_snapshots": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> Plan:
    workspace, edition = make()
    return build_plan(workspace, edition, lambda name: fact(name, FACTS_HERE[name]))


def test_objectives_lead_to_goals_and_children_follow_their_parent(plan: Plan) -> None:
    grow, rest = plan.strategy_map
    assert grow.objective is not None and [one.goal.id for one in grow.goals] == ["year", "q4", "q3"]
    assert (grow.worst, dict(grow.tally)) == ("missed", {"missed": 1, "no_verdict": 1, "on_track": 1})
    assert rest.objective is None and [one.goal.id for one in rest.goals] == ["churn"]
    assert [one.id for one in grow.goals[1].initiatives] == ["ads", "fair"]


def test_two_quarters_are_not_held_against_the_year(plan: Plan) -> None:
    """400 and 700 of 1,200 for the second half alone: no gap, as long as the first half has no goals. Two
    halves of 400 and 700 make the whole."""
    cards = {card.goal.id: card for card in plan.cards}
    assert (cards["year"].children_total, cards["year"].children_gap) == (None, None)
    workspace, edition = make()
    halves = [
        workspace.goals[1].model_copy(update={"start": date(2026, 1, 1), "due": date(2026, 6, 30)}),
        workspace.goals[2].model_copy(update={"due": date(2026, 12, 31)}),
    ]
    whole = workspace.model_copy(update={"goals": (workspace.goals[0], *halves, workspace.goals[3])})
    made = build_plan(whole, edition, lambda name: fact(name, FACTS_HERE[name]))
    year = next(card for card in made.cards if card.goal.id == "year")
    assert (year.children_total, year.children_gap) == (1100, -100)
    assert cards["churn"].children_total is None
    assert (cards["q4"].hours, cards["q4"].hours_left, cards["q4"].cost) == (40, 30, 500)
    assert cards["q4"].unestimated == ("fair",)
    assert cards["year"].sources == ("crm",)


def test_interim_targets_of_a_level_goal_go_from_baseline_to_target(plan: Plan) -> None:
    churn = next(card for card in plan.cards if card.goal.id == "churn")
    # 92 days from 45 % to 20 %: 31 of them by the end of October, 61 by the end of November
    expected = [D("0.45") - D("0.25") * D(31) / 92, D("0.45") - D("0.25") * D(61) / 92, D("0.2")]
    assert [one.day for one in churn.interim] == [date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 31)]
    assert [round(one.value, 12) for one in churn.interim] == [round(one, 12) for one in expected]


def test_interim_targets_follow_the_goals_own_plan_not_a_straight_line() -> None:
    _, edition = make()
    q4 = next(one for one in edition.results if one.goal_id == "q4")
    points = (Point(date(2026, 10, 31), None, D(50)), Point(date(2026, 11, 20), None, D(150)))
    bent = GoalResult(**{**q4.__dict__, "burn_up": points})
    found = interim_targets(bent)
    # 30 November lies 10 of 41 days between 150 (20 Nov) and 400 (31 Dec)
    assert [round(one.value, 6) for one in found] == [50, round(D(150) + D(250) * 10 / 41, 6), 400]


def test_where_we_are_shows_the_newest_closed_month_not_the_open_one(plan: Plan) -> None:
    churn = next(row for row in plan.baselines if row.goal.id == "churn")
    assert (churn.last_value, churn.prior_year, churn.last_end) == (D("0.3"), D("0.4"), date(2026, 10, 31))
    assert (churn.normal_low, churn.normal_high, churn.baseline) == (D("0.1"), D("0.5"), D("0.45"))


def test_money_by_goal_and_in_all(plan: Plan) -> None:
    rows = [
        (row.goal.id if row.goal else None, row.budget, row.initiatives, row.tasks, row.to_come)
        for row in plan.budget.rows
    ]
    # Ads 300, a quarter done, leaves 225; the fair 200; the stand belongs to no initiative: 80 more
    assert rows == [("q4", 450, 500, 80, 505), (None, 90, 0, 20, 20)]
    assert plan.budget.rows[0].uncovered == 130
    budget = plan.budget
    assert (budget.budget_total, budget.planned_total, budget.to_come_total) == (540, 600, 525)
    # 540 of budget for 600 of work: 60 short in all, but the 70 left over elsewhere do not pay for the stand
    assert budget.uncovered_total == 130


def test_summary_counts(plan: Plan) -> None:
    one = plan.summary
    assert (one.goals, one.worst, one.without_verdict) == (4, ("q3",), ("q4",))
    assert dict(one.tally) == {"missed": 1, "watch": 1, "no_verdict": 1, "on_track": 1}
    assert (one.saving, one.hours_saved) == (300, 6)
    # Boris has 2 hours a week; Ads take 40 hours over the 37 working days from 1 October to 20 November
    assert one.overloaded == ("boris",)


def test_a_risk_shows_its_early_warning_kpi_now(plan: Plan) -> None:
    assert [(row.value, row.unit, row.status) for row in plan.risks] == [
        (D("0.35"), Unit.PERCENT, "no_verdict"),
        (D(150), Unit.MONEY, "no_verdict"),
        (None, None, None),
    ]


def test_each_change_of_a_target_says_from_what_to_what(plan: Plan) -> None:
    changes = [(row.on, row.by, row.previous.amount, row.new.amount) for row in plan.changes]
    assert changes == [(date(2026, 3, 1), "anna", 1000, 1100), (date(2026, 7, 1), "boris", 1100, 1200)]


def test_what_is_not_written_is_listed_with_who_has_to(plan: Plan) -> None:
    missing = {one.section: one for one in plan.missing}
    assert (missing["summary"].owner, missing["summary"].languages) == ("anna", ("en", "ru"))
    assert (missing["swot.threats"].owner, missing["swot.threats"].written_elsewhere) == ("boris", False)
    assert (missing["mission"].languages, missing["mission"].written_elsewhere) == (("ru",), True)
    assert not {"values", "objectives", "budget", "risks"} & set(missing)
    assert {"objective:grow", "reviews", "risks:1"} <= set(missing)


def test_timeline_has_goals_with_their_work_and_the_rest_last(plan: Plan) -> None:
    ids = [row.item.id for row in plan.timeline.rows]
    assert ids == [
        "goal:q3", "goal:churn", "goal:q4", "initiative:q4/ads", "task:g/1", "initiative:q4/fair",
        "goal:year", "task:g/2",
    ]  # fmt: skip
    assert plan.timeline.edges == (("initiative:q4/ads", "initiative:q4/fair"),)
    # Ads end on Friday 20 November, the fair begins on the Monday after: neither can slip. The party serves
    # no goal and nothing waits for it: a delay moves nothing
    assert plan.timeline.critical == ("initiative:q4/ads", "initiative:q4/fair")
    assert plan.overdue == ("task:g/1", "initiative:q4/ads")
    assert (plan.period_start, plan.period_end) == (date(2026, 1, 1), date(2026, 12, 31))


def test_outsourcing_covers_the_thirteen_weeks_to_the_editions_sunday(plan: Plan) -> None:
    assert (plan.outsourcing.first, plan.outsourcing.last) == (date(2026, 8, 24), date(2026, 11, 22))
    assert plan.outsourcing.rows[0].hours == 10


def test_campaigns_are_counted_by_growth_not_by_adding_up_all_time_counters() -> None:
    rows = [
        {"source": "o", "campaign_id": "1", "name": "Trial", "counted_on": day, "delivered": n, "opens": n,
         "clicks": 0, "conversions": k}
        for day, n, k in [
            (date(2026, 8, 17), 100, 1), (date(2026, 10, 4), 180, 4), (date(2026, 11, 15), 300, 9),
            (date(2026, 11, 29), 999, 99),
        ]
    ]  # fmt: skip
    rows += [rows[2] | {"campaign_id": "2", "name": "New", "delivered": 50, "conversions": 2}]
    found = campaign_rows(fact("campaign_snapshots", rows), date(2026, 11, 22))
    assert [(row.name, row.delivered, row.conversions, row.since) for row in found] == [
        ("Trial", 200, 8, date(2026, 8, 17)),
        ("New", 50, 2, date(2026, 11, 15)),
    ]
    assert found[0].conversion_rate == D("0.04")


def test_a_campaign_that_was_reset_counts_no_less_and_a_list_of_prospects_is_no_delivery() -> None:
    """100, 180, 20, 50 are 80 and 30 more, not 50 and not -50. A tool that counts what it sent says nothing
    of deliveries, and 0 delivered with 82 opened would be a wrong table."""
    rows = [
        {"source": "o", "campaign_id": "1", "name": "Trial", "counted_on": day, "delivered": n, "opens": 0,
         "clicks": 0, "conversions": 0}
        for day, n in [
            (date(2026, 8, 17), 100), (date(2026, 10, 4), 180), (date(2026, 10, 11), 20),
            (date(2026, 11, 15), 50),
        ]
    ]  # fmt: skip
    prospects = rows[3] | {"campaign_id": "2", "name": "Hotels", "delivered": None, "opens": 82, "sent": 400}
    found = campaign_rows(fact("campaign_snapshots", [*rows, prospects]), date(2026, 11, 22))
    assert [(row.name, row.delivered) for row in found] == [("Trial", 110)]
