"""A recurring goal, a relative one and a moved target from exports to documents, in both languages."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.goals.audit import record_terms
from pipeline.goals.edition import build_edition
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.registry import kpi_registry
from pipeline.periods import Week
from pipeline.report.boxes import Place, changes_box
from pipeline.report.context import Context
from pipeline.report.goalpage import goal_view
from pipeline.report.scorecard import row, scorecard_view
from pipeline.report.twin import dumps, restricted, scorecard_json
from pipeline.store.store import Store
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace
from tests.support import landed

WEEK = Week(2026, 47)
FILES = {
    "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\nlanguages: [en, ru]\n",
    "people.yaml": """
people: [{id: ann, name: {en: Ann Example, ru: Анна Примерова}}]
teams: [{id: sales, name: {en: Sales, ru: Продажи}}]
""",
    "strategy.yaml": "objectives: [{id: growth, title: {en: Growth, ru: Рост}}]\n",
    "sources/crm.yaml": """
id: crm
system: our_crm
fact: deals
delivers: full
columns:
  deal_id: ID
  amount: Amount
  currency: {value: EUR}
  is_won: {value: "true"}
  is_closed: {value: "true"}
  closed_on: Closed
  owner: {value: ann}
""",
    "goals/all.yaml": """
goals:
  - {id: weekly, title: {en: Bookings, ru: Продажи}, owner: ann, team: sales, kpi: sales_revenue,
     kind: cumulative, target: 75, every: week, start: 2026-09-28, due: 2026-12-27, supports: growth}
  - {id: monthly, title: {en: More each month, ru: Больше каждый месяц}, owner: ann, team: sales,
     kpi: sales_revenue, kind: cumulative, target: +10 %, relative_to: prior_period, every: month,
     start: 2026-09-01, due: 2026-12-31, supports: growth}
  - {id: level, title: {en: A week, ru: Неделя}, owner: ann, kpi: sales_revenue, kind: level, target: 90,
     start: 2026-09-28, due: 2026-12-27}
""",
}


def build(root: Path) -> tuple[Workspace, Store]:
    """10 a day, and 13 from 2 November on: weeks of 70, then of 91."""
    lines = ["ID,Amount,Closed"]
    first, last = date(2026, 6, 1).toordinal(), WEEK.sunday.toordinal()
    for day in map(date.fromordinal, range(first, last + 1)):
        lines.append(f"{day:%m%d},{13 if day >= date(2026, 11, 2) else 10}.00,{day}")
    files = {
        **FILES,
        "exports/crm/deals.csv": "\n".join(lines) + "\n",
        "exports/received.csv": "file,received_at\n"
        f"exports/crm/deals.csv,{WEEK.plus(1).monday}T05:00:00+01:00\n",
    }
    return landed(root, files)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Store]:
    return build(tmp_path_factory.mktemp("recurring"))


def contexts(workspace: Workspace, store: Store) -> dict[str, Context]:
    edition = build_edition(workspace, store, WEEK)
    return {lang: Context(workspace, edition, kpi_registry(workspace), lang) for lang in ("en", "ru")}


def result(context: Context, goal_id: str):  # type: ignore[no-untyped-def]
    return next(one for one in context.results if one.goal_id == goal_id)


def test_the_page_says_how_each_week_went(company: tuple[Workspace, Store]) -> None:
    """Five weeks of 70 and three of 91 against 75: three met, all in a row."""
    context = contexts(*company)["en"]
    page = goal_view(context, result(context, "weekly"))
    assert page.title.replace("\u00a0", " ") == (
        "Reach €75 of sales revenue (bookings) every week from 28 Sep 2026 to 27 Dec 2026"
    )
    assert page.months.head[1:] == tuple(f"W{number}" for number in range(40, 49))
    assert page.months.rows[0][1:] == ("75.00",) * 9
    assert page.months.rows[1][1:9] == ("70.00",) * 5 + ("91.00",) * 3
    assert page.months.rows[2][1:] == ("■",) * 5 + ("✓",) * 3 + ("□",)
    assert page.months.rows[3][9] != "—" and set(page.months.rows[3][1:9]) == {"—"}
    assert "3 of 8 met, 3 in a row" in page.months.note
    assert row(context, result(context, "weekly")).target == "€75 every week to 27\u00a0Dec"


def test_a_change_says_whether_percent_or_points_and_of_what(company: tuple[Workspace, Store]) -> None:
    """November against October's 31 days of 10: 310 + 10 % = 341."""
    both = contexts(*company)
    english, russian = (goal_view(both[lang], result(both[lang], "monthly")) for lang in ("en", "ru"))
    assert "+10 %, in per cent, against the period before (€310)" in english.intro.replace("\u00a0", " ")
    assert english.title.startswith("Raise sales revenue (bookings) by 10\u00a0% every month")
    assert "в процентах" in russian.intro and "каждый\u00a0месяц" in russian.title.replace(" ", "\u00a0")
    assert result(both["en"], "monthly").target == Decimal("341")


def test_a_measured_baseline_is_said_to_be_one(company: tuple[Workspace, Store]) -> None:
    """The week before 28 September had 70."""
    context = contexts(*company)["en"]
    one = result(context, "level")
    assert (one.baseline, one.baseline_day) == (70, date(2026, 9, 27))
    assert "baseline as measured on 27\u00a0Sep: €70" in goal_view(context, one).intro


def test_the_twin_has_periods_terms_and_roll_ups(company: tuple[Workspace, Store]) -> None:
    twin = json.loads(dumps(scorecard_json(contexts(*company))))
    weekly = next(one for one in twin["goals"] if one["id"] == "weekly")
    assert {key: weekly["recurrence"][key] for key in ("every", "met", "judged", "streak", "needed")} == {
        "every": "week", "met": 3, "judged": 8, "streak": 3, "needed": 13,
    }  # fmt: skip
    assert [one["actual"] for one in weekly["recurrence"]["periods"]][:9] == [70] * 5 + [91] * 3 + [None]
    monthly = next(one for one in twin["goals"] if one["id"] == "monthly")
    assert monthly["target_terms"] == {"change": 0.1, "in": "percent", "of": "prior_period", "base": 310}
    growth = next(one for one in twin["roll_ups"] if one["of"] == "objective")
    statuses = {one["id"]: one["status"] for one in twin["goals"]}
    assert sorted(growth["goals"]) == ["monthly", "weekly"]
    assert growth["counts"] == {statuses["monthly"]: 1, statuses["weekly"]: 1}


def test_an_audience_sees_no_worst_of_goals_it_does_not_see(company: tuple[Workspace, Store]) -> None:
    twin = scorecard_json(contexts(*company))
    only = restricted(twin, ["weekly"], ["crm"])
    assert [(one["id"], one["goals"], sum(one["counts"].values())) for one in only["roll_ups"]] == [  # type: ignore[attr-defined]
        ("growth", ["weekly"], 1), ("sales", ["weekly"], 1),
    ]  # fmt: skip
    assert restricted(twin, ["level"], ["crm"])["roll_ups"] == []


def test_the_method_page_has_objectives_and_teams(company: tuple[Workspace, Store]) -> None:
    both = contexts(*company)
    found = [[one.heading for one in scorecard_view(both[lang]).method] for lang in ("en", "ru")]
    assert "Objectives and teams" in found[0]
    assert "Стратегические цели и команды" in found[1]


def test_a_target_moved_in_the_file_stands_on_page_1_and_changes_the_run_id(tmp_path: Path) -> None:
    workspace, store = build(tmp_path)
    before = build_edition(workspace, store, WEEK)
    record_terms(workspace, store, WEEK.plus(-1))
    assert build_edition(workspace, store, WEEK).run_id == before.run_id
    goals = tmp_path / "goals/all.yaml"
    goals.write_text(goals.read_text("utf-8").replace("target: 75,", "target: 60,"), "utf-8")
    lower = load_workspace(tmp_path, CATALOGUE)
    context = contexts(lower, store)["en"]
    lines = [one.text for group in changes_box(context, Place(40)).groups for one in group.items]
    told = [line.replace("\u00a0", " ") for line in lines if "without an entry" in line]
    assert told == [
        "Bookings: the target was €75 every week until W46 and is €60 every week, "
        "without an entry that says who changed it and why"
    ]
    assert "without an entry" in goal_view(context, result(context, "weekly")).intro
    unmoved = build_edition(lower, Store(tmp_path / "other"), WEEK)
    assert context.edition.run_id != unmoved.run_id


def test_what_moved_is_said_with_who_when_and_why(tmp_path: Path) -> None:
    """Of the week's entry: target and due date before and after, on page 1, on the page and in the twin."""
    build(tmp_path)
    goals = tmp_path / "goals/all.yaml"
    entry = (
        "target: 90, target_changes: [{on: 2026-11-18, by: ann, reason: late, previous: 95, "
        "previous_due: 2026-11-29}],"
    )
    goals.write_text(goals.read_text("utf-8").replace("target: 90,", entry), "utf-8")
    workspace = load_workspace(tmp_path, CATALOGUE)
    context = contexts(workspace, Store(workspace.state_dir))["en"]
    lines = [
        one.text.replace("\u00a0", " ")
        for group in changes_box(context, Place(40)).groups
        for one in group.items
    ]
    assert "New target: A week, €95 → €90, due 29 Nov → 27 Dec (Ann Example: late)" in lines
    intro = goal_view(context, result(context, "level")).intro.replace("\u00a0", " ")
    assert "target was €95, due was 29 Nov (18 Nov, Ann Example: late)" in intro
    twin = scorecard_json({"en": context})
    (level,) = (one for one in twin["goals"] if one["id"] == "level")  # type: ignore[attr-defined]
    assert level["target_changes"][0]["previous_due"] == date(2026, 11, 29)
    assert level["unrecorded_changes"] == []


def test_a_decided_week_shows_the_chance_of_the_next(company: tuple[Workspace, Store]) -> None:
    context = contexts(*company)["en"]
    one = result(context, "weekly")
    shown = row(context, one)
    assert one.basis == "decided" and shown.chance_note == "next period"
    assert shown.chance == context.formats.probability(one.recurrence.coming.chance)
