"""Goals whose figure is no plain sum or quotient of rows: taken apart, they still add up or say why not."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal as D
from pathlib import Path

import pytest

from assets.explain_record import rows_csv, shown_rows
from pipeline.goals.explain import Explainer, Explanation
from pipeline.kpis.exact import as_decimal
from pipeline.periods import Week
from tests.support import landed

WINDOW = "start: 2026-10-05, due: 2026-12-27"
FILES = {
    "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
    "people.yaml": "people:\n  - {id: ann, name: Ann}\n",
    "rates.csv": "date,currency,rate\n"
    + "".join(f"{date(2026, 3, 1) + timedelta(days=14 * n)},USD,0.9\n" for n in range(20)),
    "kpis.yaml": """
kpis:
  - id: euros
    name: Euros
    unit: money
    direction: up
    kind: simple
    formula: Amounts in euros.
    numerator: {fact: deals, aggregate: sum, column: amount, date: closed_on,
                where: [{column: currency, equals: [EUR]}]}
  - id: in_euros
    name: Deals in euros
    unit: count
    direction: up
    kind: simple
    formula: Deals in euros.
    numerator: {fact: deals, date: closed_on, where: [{column: currency, equals: [EUR]}]}
  - {id: per_deal, name: Per deal, unit: money, direction: up, kind: derived, formula: Euros a deal.,
     expression: euros / in_euros}
  - {id: stepped, name: Step, unit: money, direction: up, kind: derived, formula: Against the week before.,
     expression: euros - prior_week(euros)}
  - id: year_to_date
    name: Year to date
    unit: money
    direction: up
    kind: cumulative
    since: year
    formula: Euros since January.
    numerator: {fact: deals, aggregate: sum, column: amount, date: closed_on,
                where: [{column: currency, equals: [EUR]}]}
""",
    "sources/crm.yaml": """
id: crm
system: our_crm
fact: deals
delivers: full
columns:
  deal_id: ID
  amount: Amount
  currency: Currency
  is_won: {value: "true"}
  is_closed: {value: "true"}
  closed_on: Closed
""",
    "goals/all.yaml": f"""
goals:
  - {{id: weekly, title: Weekly, owner: ann, kpi: euros, kind: cumulative, target: 60, every: week,
     {WINDOW}}}
  - {{id: quotient, title: Per deal, owner: ann, kpi: per_deal, kind: level, baseline: 5, target: 12,
     {WINDOW}}}
  - {{id: step, title: Step, owner: ann, kpi: stepped, kind: level, baseline: -10, target: 10, {WINDOW}}}
  - {{id: total, title: Year, owner: ann, kpi: year_to_date, kind: level, baseline: 1000, target: 3000,
     measured: {{over: trailing, periods: 4}}, {WINDOW}}}
  - {{id: converted, title: All, owner: ann, kpi: sales_revenue, kind: cumulative, target: 900, {WINDOW}}}
  - {{id: stepped, title: Steps, owner: ann, kpi: euros, kind: cumulative, target: 900, {WINDOW}, plan: steps,
     milestones: [{{date: 2026-10-31, value: 360}}, {{date: 2026-11-30, value: 720}}]}}
""",
    "exports/received.csv": "file,received_at\nexports/crm/deals.csv,2026-11-23T05:00:00+01:00\n",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Explanation]:
    """10 each day from 2 March to 22 November, in dollars on Wednesdays."""
    days = [date(2026, 3, 2) + timedelta(days=n) for n in range(266)]
    assert days[-1] == date(2026, 11, 22)
    lines = [f"{day:%m%d},10.00,{day},{'USD' if day.weekday() == 2 else 'EUR'}" for day in days]
    export = "\n".join(["ID,Amount,Closed,Currency", *lines]) + "\n"
    workspace, store = landed(tmp_path_factory.mktemp("kinds"), {**FILES, "exports/crm/deals.csv": export})
    explainer = Explainer(workspace, store, Week(2026, 47))
    return {goal.id: explainer.goal(goal) for goal in workspace.goals}


def test_a_recurring_goal_is_taken_apart_in_its_newest_period(found: dict[str, Explanation]) -> None:
    one = found["weekly"]
    assert one.agrees
    assert [part.total for part in one.parts] == [60]
    assert (one.span.first, one.span.last) == (date(2026, 11, 16), date(2026, 11, 22))


def test_a_running_total_over_four_weeks_is_no_mean_of_them(found: dict[str, Explanation]) -> None:
    """38 weeks of six days in euros at 10."""
    one = found["total"]
    assert one.agrees
    assert one.result.actual == D(38 * 60)


def test_a_quotient_of_kpis_has_the_rows_of_both(found: dict[str, Explanation]) -> None:
    """Seven weeks of six days in euros at 10, of the 13 that are measured back from 22 November."""
    one = found["quotient"]
    assert one.agrees and one.result.actual == 10
    sums = {part.part.kpi.id: (part.total, len(part.counted)) for part in one.parts}
    assert sums == {"euros": (13 * 60, 78), "in_euros": (78, 78)}
    assert [check.here for check in one.checks if check.what == "formula"] == [10]


def test_an_operand_of_a_week_before_has_the_rows_of_that_week(found: dict[str, Explanation]) -> None:
    """Euros less those of the week before: two sums of 60, of neighbouring weeks."""
    one = found["step"]
    assert one.agrees and one.result.actual == 0
    spans = {part.part.offset: (min(part.part.days), max(part.part.days), part.total) for part in one.parts}
    assert spans == {
        "": (date(2026, 11, 16), date(2026, 11, 22), 60),
        "prior_week": (date(2026, 11, 9), date(2026, 11, 15), 60),
    }


def test_converted_rows_say_from_what_and_add_up(found: dict[str, Explanation]) -> None:
    """Seven weeks of 60 euros and 10 dollars at 0.9, a rate of every second Sunday."""
    one = found["converted"]
    assert one.agrees and one.result.actual == 7 * 69
    (part,) = one.parts
    assert part.total == 7 * 69
    rows = [row for row in shown_rows(one, part) if row["rate"] is not None]
    assert {(row["original"], row["original_currency"], row["rate"], row["amount"]) for row in rows} == {
        (10, "USD", D("0.9"), 9)
    }
    # Wednesdays from 7 October; the rates are of 27 September, 11 and 25 October, 8 and 22 November
    assert [(row["day"].isoformat()[5:], row["rate_date"].isoformat()[5:]) for row in rows] == [
        ("10-07", "09-27"), ("10-14", "10-11"), ("10-21", "10-11"), ("10-28", "10-25"), ("11-04", "10-25"),
        ("11-11", "11-08"), ("11-18", "11-08"),
    ]  # fmt: skip


def test_the_screen_and_the_file_of_rows_name_rates_and_operands(found: dict[str, Explanation]) -> None:
    table = list(csv.DictReader(rows_csv(found["converted"]).decode("utf-8-sig").splitlines()))
    assert sum(D(row["amount"]) for row in table) == 7 * 69
    assert next(row["rate_date"] for row in table if row["original_currency"] == "USD") == "2026-09-27"
    table = list(csv.DictReader(rows_csv(found["step"]).decode("utf-8-sig").splitlines()))
    assert sum(D(row["amount"]) * (-1 if row["offset"] else 1) for row in table) == 0
    assert {(row["kpi"], row["offset"]) for row in table} == {("euros", ""), ("euros", "prior_week")}


def test_rows_of_one_day_add_up_to_their_converted_total_to_the_last_digit(tmp_path: Path) -> None:
    """Three deals of $1 on one day, another of $1 on the next, at 0.33335:
    $3 are €1.00005, which is rounded once to 1.0001; each for itself would be 0.3334, together 1.0002."""
    files = {
        **FILES,
        "rates.csv": "date,currency,rate\n2026-11-01,USD,0.33335\n",
        "goals/all.yaml": f"""
goals:
  - {{id: converted, title: All, owner: ann, kpi: sales_revenue, kind: cumulative, target: 900, {WINDOW}}}
""",
        "exports/crm/deals.csv": "ID,Amount,Closed,Currency\n"
        + "".join(f"{n},1.00,2026-11-17,USD\n" for n in range(3))
        + "3,1.00,2026-11-18,USD\n4,5.00,2026-11-22,EUR\n",
    }
    workspace, store = landed(tmp_path, files)
    one = Explainer(workspace, store, Week(2026, 47)).goal(workspace.goals[0])
    assert one.agrees
    (part,) = one.parts
    assert (part.total, len(part.rates)) == (D("1.0001") + D("0.3334") + 5, 4)
    assert {as_decimal(int(part.amounts[at])) for at in part.counted} == {D("0.3334"), D("0.3333"), D(5)}


def test_a_plan_in_steps_is_explained_like_any_other(found: dict[str, Explanation]) -> None:
    """On 22 November the step of 31 October is in force: 360 of 900."""
    (expected,) = [number for number in found["stepped"].numbers if number.name == "expected"]
    assert (expected.value, expected.path.template) == (
        D("0.4"),
        "The value of the newest dated step, on {day}.",
    )
