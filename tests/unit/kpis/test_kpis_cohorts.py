"""Cohorts of deals and of stage entries as known on the day reported on; profit from a report alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest

from pipeline.goals.measure import Horizon, goal_window
from pipeline.kpis.catalogue import CATALOGUE, FROM_STATEMENT, measures
from pipeline.kpis.registry import feeding_sources, kpi_registry
from pipeline.workspace.model import Goal, Source
from tests.unit.kpis.test_kpis_compute import KPIS, deal, series
from tests.unit.kpis.test_kpis_derived import derived, workspace

MONDAY, SUNDAY = date(2026, 8, 3), date(2026, 8, 9)


def born(created: date, closed: date | None, won: bool = True) -> dict[str, Any]:
    return deal(closed, "1", won=won and closed is not None, created_on=created)


DEALS = [
    born(MONDAY, date(2026, 8, 5)), born(MONDAY, date(2026, 9, 20)),
    born(SUNDAY, date(2026, 10, 1), won=False),
    born(SUNDAY, None), born(MONDAY, date(2026, 10, 20)), born(MONDAY, None), born(MONDAY, None),
    born(date(2026, 8, 10), date(2026, 8, 12)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("through", "won", "closed"), [("2026-09-01", 1, 1), ("2026-10-04", 2, 3), ("2026-10-31", 3, 4)]
)
def test_a_deal_won_after_the_day_reported_on_is_still_open_in_its_cohort(
    through: str, won: int, closed: int
) -> None:
    """Seven deals of one week; what closes later does not reach back into an earlier edition."""
    as_of = date.fromisoformat(through)
    rate = series("cohort_close_rate", {"deals": DEALS}, through=as_of).pooled(MONDAY, SUNDAY)
    open_ = series("cohort_open_share", {"deals": DEALS}, through=as_of).pooled(MONDAY, SUNDAY)
    assert (rate.numerator, rate.denominator) == (won, 7)
    assert open_.value == 1 - D(closed) / 7


def test_an_immature_cohort_is_not_judged() -> None:
    """A week ends on 9 August and is judged from 7 November on, 90 days later."""
    plain = {
        "id": "g",
        "title": "G",
        "owner": "a",
        "kpi": "cohort_close_rate",
        "kind": "level",
        "target": "30 %",
    }
    goal = Goal.model_validate(plain | {"start": MONDAY, "due": date(2026, 12, 31)})
    for today, closed in ((date(2026, 11, 6), 0), (date(2026, 11, 7), 1)):
        window = goal_window(goal, KPIS["cohort_close_rate"], Horizon(today, today))
        assert len(window.closed) == closed


def entry(number: str, stage: str, day: date, source: str = "crm") -> dict[str, Any]:
    return {"deal_id": number, "stage": stage, "entered_on": day, "source": source, "pipeline": "p"}


def test_more_never_moved_on_than_came_in_and_a_skipped_stage_is_passed() -> None:
    """Of five that came in, a moved on, b skipped a stage, c was lost, d moved on after the day reported on;
    e has the number of another source's deal that moved on."""
    early, late = date(2026, 8, 4), date(2026, 9, 30)
    rows = [entry(one, "Appointment Scheduled", early) for one in "abcde"] + [
        entry("a", "Qualified To Buy", late), entry("b", "contractsent", late),
        entry("c", "Closed Lost", late), entry("d", "Qualified To Buy", date(2026, 11, 1)),
        entry("e", "Qualified To Buy", late, "other"),
        entry("f", "Qualified To Buy", early), entry("g", "Qualified To Buy", early),
    ]  # fmt: skip
    cohort = series("cohort_stage_conversion", {"deal_stages": rows}).pooled(MONDAY, SUNDAY)
    assert (cohort.numerator, cohort.denominator) == (2, 5)
    period = series("funnel_flow", {"deal_stages": rows}).pooled(MONDAY, SUNDAY)
    assert (period.numerator, period.denominator) == (2, 5)
    september = series("funnel_flow", {"deal_stages": rows}).pooled(date(2026, 9, 28), date(2026, 10, 4))
    assert (september.numerator, september.denominator) == (2, 0)


REPORT = Source(id="report", system="quickbooks", export="profit_and_loss")
LEDGER = Source(id="books", system="quickbooks", export="general_ledger")


def line(day: date, section: str, amount: str) -> dict[str, Any]:
    return {"ended_on": day, "section": section, "account_name": "x", "amount": D(amount), "currency": "EUR"}


def test_profit_comes_from_the_report_alone_or_from_the_ledger_alone_and_never_from_both() -> None:
    plain = workspace(derived("margin", "gross_profit / recognised_revenue", unit="percent"))
    facts = {}
    for name, sources in (
        ("report", (REPORT,)),
        ("ledger", (LEDGER,)),
        ("both", (REPORT, LEDGER)),
        ("none", ()),
    ):
        one = plain.model_copy(update={"sources": sources})
        registry = kpi_registry(one)
        ids = ("gross_profit", "net_profit", "recognised_revenue", "margin")
        facts[name] = {measure.fact for kpi in ids for measure in measures(registry[kpi])}
        assert feeding_sources(registry["margin"], one) == tuple(
            source.id for source in sources if name != "both" or source is LEDGER
        )
    assert facts == {
        "report": {"profit_lines"}, "ledger": {"ledger_lines"}, "both": {"ledger_lines"},
        "none": {"ledger_lines"},
    }  # fmt: skip


def test_profit_of_a_report_is_its_sections_added_up_and_only_its_whole_months() -> None:
    october = date(2026, 10, 31)
    rows = [
        line(october, "income", "900"), line(october, "cost_of_sales", "-300"),
        line(october, "expenses", "-100"), line(october, "other_income", "5"),
        line(date(2026, 11, 30), "income", "50"),
    ]  # fmt: skip
    figures = {
        kpi.id: series(kpi, {"profit_lines": rows}).pooled(date(2026, 10, 1), date(2026, 11, 15)).value
        for kpi in FROM_STATEMENT
    }
    assert figures == {"gross_profit": 600, "net_profit": 505, "recognised_revenue": 900}
    built_in = {kpi.id: kpi for kpi in CATALOGUE}
    for kpi in FROM_STATEMENT:
        same = ("unit", "direction", "grain", "close_lag_days", "empty", "name")
        assert all(getattr(kpi, key) == getattr(built_in[kpi.id], key) for key in same)
        assert set(kpi.formula) == set(kpi.definition) == {"en", "ru"}
