"""Goals whose figure is no plain sum or quotient of rows: taken apart, they still add up or say why not."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from pipeline.goals.explain import Explainer, Explanation
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
  - {{id: total, title: Year, owner: ann, kpi: year_to_date, kind: level, baseline: 1000, target: 3000,
     measured: {{over: trailing, periods: 4}}, {WINDOW}}}
  - {{id: converted, title: All, owner: ann, kpi: sales_revenue, kind: cumulative, target: 900, {WINDOW}}}
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


@pytest.mark.parametrize(("goal", "actual"), [("quotient", 10), ("converted", 7 * 69)])
def test_what_has_no_rows_of_its_own_shows_none_and_raises_no_alarm(
    found: dict[str, Explanation], goal: str, actual: int
) -> None:
    """A quotient of KPIs; seven weeks of 60 euros and 10 dollars at 0.9."""
    one = found[goal]
    assert one.agrees
    assert (one.parts, one.result.actual) == ((), actual)
