"""The sample's figures by two routes: loops over the raw export text, and the pipeline's edition of 2026-W47.

Here: that both print the same numbers, and that the sample tells the story its goals are about. Not here:
how either of them counts (tests/oracle.py, pipeline/).
"""

from __future__ import annotations

import sys
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.goals.book import SeriesBook
from pipeline.goals.edition import build_edition
from pipeline.goals.model import Edition, GoalResult
from pipeline.kpis.catalogue import CATALOGUE, measures
from pipeline.kpis.compute import daily_components
from pipeline.kpis.known import KnownFacts
from pipeline.kpis.registry import feeding_sources, kpi_registry
from pipeline.periods import Week
from pipeline.store.store import Store
from pipeline.timeline import collect_items
from pipeline.workspace.model import Kpi, Workspace

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))
import oracle  # noqa: E402 - the folder of shared test code is not a package

SAMPLES = ROOT / "data" / "samples"
SUNDAY = date(2026, 11, 22)
THEN = oracle.cutoff(SUNDAY)
WEEK_BEFORE = oracle.cutoff(date(2026, 11, 15))
FIRST_OF_13_WEEKS = date(2026, 8, 24)
Q3 = (date(2026, 7, 1), date(2026, 9, 30))
Q4, LAST_CLOSED_MONTH = date(2026, 10, 1), date(2026, 10, 31)

Landed = tuple[Workspace, Store]


@pytest.fixture(scope="module")
def landed(landed_sample: Landed) -> Landed:
    return landed_sample


@pytest.fixture(scope="module")
def edition(landed: Landed) -> Edition:
    return build_edition(*landed, Week(2026, 47), with_smart=False)


def result(edition: Edition, goal_id: str) -> GoalResult:
    return next(one for one in edition.results if one.goal_id == goal_id)


def rate(edition: Edition, goal_id: str) -> tuple[Decimal | None, Decimal | None]:
    one = result(edition, goal_id)
    return one.numerator, one.denominator


# --- every built-in KPI ------------------------------------------------------------------------------


def test_every_built_in_kpi_has_a_loop_to_be_held_against() -> None:
    assert set(oracle.CATALOGUE) == {kpi.id for kpi in CATALOGUE}


@pytest.fixture(scope="module")
def book(landed: Landed) -> SeriesBook:
    workspace, store = landed
    knowledge = store.knowledge([source.id for source in workspace.sources], THEN.astimezone(UTC))
    known = KnownFacts(workspace, store, knowledge)
    return SeriesBook(daily_components(CATALOGUE, known, workspace.people, SUNDAY))


@pytest.mark.parametrize("kpi", CATALOGUE, ids=[kpi.id for kpi in CATALOGUE])
def test_a_built_in_kpi_is_what_a_loop_over_the_exports_counts(book: SeriesBook, kpi: Kpi) -> None:
    """The third quarter: whole months, and long enough ago for cohorts and books. Deals are the company's
    own: partners' sales are deals too."""
    own = {"pipeline": "Sales Pipeline"} if any(one.fact == "deals" for one in measures(kpi)) else {}
    expected = oracle.CATALOGUE[kpi.id](SAMPLES, *Q3, THEN)
    found = book.series(kpi, own).pooled(*Q3)
    if isinstance(expected, Decimal):
        assert found.value is not None and abs(found.value - expected) < Decimal("0.001")
        return
    assert (found.numerator, found.denominator) == expected
    share = expected[0] / expected[1] - (1 if kpi.kind == "growth" else 0)
    assert found.value == (1 - share if kpi.complement else share)
    assert expected[0] > 0


# --- the same figures by two routes ------------------------------------------------------------------


def test_closing_rate_is_pooled_over_13_weeks_and_not_a_mean_of_rates(edition: Edition) -> None:
    won, closed = oracle.closing_rate(SAMPLES, FIRST_OF_13_WEEKS, SUNDAY, THEN)
    assert rate(edition, "closing-rate-q4") == (won, closed)
    assert result(edition, "closing-rate-q4").actual == won / closed


def test_churn_counts_all_losses_of_13_weeks_over_the_stock_at_their_start(edition: Edition) -> None:
    lost, at_start = oracle.churn(SAMPLES, FIRST_OF_13_WEEKS, SUNDAY, THEN)
    assert rate(edition, "churn-q4") == (lost, at_start)
    progress = (Decimal("0.45") - lost / at_start) / Decimal("0.25")
    assert abs((result(edition, "churn-q4").progress or 0) - progress) < Decimal("1e-12")


@pytest.mark.parametrize(
    ("goal_id", "first", "last"),
    [
        ("sales-revenue-2026", date(2026, 1, 1), SUNDAY),
        ("sales-revenue-2026-q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("sales-revenue-2026-q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("sales-revenue-2026-q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("sales-revenue-2026-q4", Q4, SUNDAY),
    ],
)
def test_revenue_windows_are_cut_on_dates_and_use_the_newest_row_known(
    edition: Edition, goal_id: str, first: date, last: date
) -> None:
    assert result(edition, goal_id).actual == oracle.sales_revenue(SAMPLES, first, last, THEN)


def test_revenue_of_the_week_before_was_another_number_when_it_was_first_reported(edition: Edition) -> None:
    first, last = date(2026, 11, 9), date(2026, 11, 15)
    restated = {
        (one.goal_id, one.period_start): (one.before, one.after)
        for one in edition.restatements
        if one.kpi_id == "sales_revenue"
    }
    assert restated["sales-revenue-2026-q4", first] == (
        oracle.sales_revenue(SAMPLES, first, last, WEEK_BEFORE),
        oracle.sales_revenue(SAMPLES, first, last, THEN),
    )
    refunded = date(2026, 11, 2)
    assert restated["sales-revenue-2026-q4", refunded] == (
        oracle.sales_revenue(SAMPLES, refunded, refunded + timedelta(days=6), WEEK_BEFORE),
        oracle.sales_revenue(SAMPLES, refunded, refunded + timedelta(days=6), THEN),
    )


def test_sales_restatements_name_the_export_that_caused_them(edition: Edition) -> None:
    causes = {one.cause_source for one in edition.restatements if one.kpi_id == "sales_revenue"}
    assert causes == {"hubspot_deals"}


def test_funnel_flow_counts_entries_into_stages_not_deals_in_them(edition: Edition) -> None:
    assert rate(edition, "funnel-flow-q4") == oracle.funnel_flow(SAMPLES, FIRST_OF_13_WEEKS, SUNDAY, THEN)


def test_signups_are_added_up_from_the_first_day_of_the_window(edition: Edition) -> None:
    assert result(edition, "signups-h2").actual == oracle.signups(SAMPLES, date(2026, 7, 1), SUNDAY, THEN)


def test_gross_profit_ends_with_the_last_closed_month(edition: Edition) -> None:
    one = result(edition, "gross-profit-2026")
    assert one.actual == oracle.gross_profit(SAMPLES, date(2026, 1, 1), LAST_CLOSED_MONTH, THEN)
    assert one.data_through == LAST_CLOSED_MONTH


def test_net_profit_is_the_reports_last_row_and_the_ledgers_sum_and_not_both_together(
    edition: Edition,
) -> None:
    quarter = oracle.reported_net_profit(SAMPLES, ("Jul 2026", "Aug 2026", "Sep 2026"), THEN)
    assert quarter == oracle.ledger(SAMPLES, None, date(2026, 7, 1), date(2026, 9, 30), THEN)
    assert result(edition, "net-profit-q3").actual == quarter


def test_no_kpi_of_the_sample_adds_the_report_to_the_ledger(landed: Landed) -> None:
    for kpi in kpi_registry(landed[0]).values():
        assert not {"ledger_gl", "quickbooks_profit_and_loss"} <= set(feeding_sources(kpi, landed[0])), kpi.id


def test_a_translator_costs_what_left_the_account_for_good(landed: Landed) -> None:
    store = landed[1]
    costs = store.fact("freelance_costs", store.knowledge(["upwork_transactions"], THEN))
    assert sum(costs.column("amount").to_pylist()) == oracle.translator_cost(SAMPLES, THEN)


def test_tasks_of_three_tools_are_steps_of_the_initiatives_they_name(landed: Landed) -> None:
    workspace, store = landed
    tasks = store.fact("tasks", store.knowledge([one.id for one in workspace.sources], THEN))
    collected = collect_items(workspace, tasks)
    items = {one.id: one for one in collected.items}
    story = items["task:jira_issues/SHOP-204"]
    assert story.initiative == "initiative:churn-q4/discounted-membership"  # by its epic
    assert story.depends_on == ("task:jira_issues/SHOP-202", "task:jira_issues/SHOP-203")
    texts = items["task:asana_tasks/1209000000000003"]
    assert (texts.parent, texts.goal) == ("task:asana_tasks/1209000000000002", "signups-h2")
    assert items["task:ganttproject_tasks/5"].depends_on == ("task:ganttproject_tasks/4",)
    assert not collected.problems and not collected.undated


def test_cac_pools_cost_and_customers_of_three_whole_months(edition: Edition) -> None:
    cost, customers = oracle.acquisition_cost(SAMPLES, date(2026, 8, 1), LAST_CLOSED_MONTH, THEN)
    assert rate(edition, "cac-q4") == (cost, customers)


def test_prospecting_counts_messages_by_company_date_and_once(edition: Edition) -> None:
    periods = {one.start: one.value for one in result(edition, "prospecting-weekly").periods if one.closed}
    mondays = sorted(day for day in periods if day >= date(2026, 1, 5))
    assert len(mondays) >= 40
    assert [periods[day] for day in mondays] == oracle.messages_sent(SAMPLES, mondays, THEN)


def test_partner_revenue_adds_only_the_good_rows_of_the_dirty_export(edition: Edition) -> None:
    assert result(edition, "partner-revenue-q4").actual == oracle.partner_revenue(SAMPLES, Q4, SUNDAY, THEN)
    counts = edition.sources["partner_sales"].counts
    assert (counts.quarantined, counts.excluded) == (5, 1)


def test_meetings_count_when_held_and_for_the_person_behind_the_number(edition: Edition) -> None:
    held = oracle.meetings_held(SAMPLES, *Q3, THEN)
    one = result(edition, "meetings-q3")
    assert one.actual == sum(held.values())
    addresses = oracle.owner_addresses(SAMPLES, THEN)
    people = {"i.sokolova": "irina-sokolova", "m.vale": "marco-vale", "l.fischer": "lena-fischer"}
    people["d.orlov"] = "dmitri-orlov"
    by_person = {people[addresses[number].partition("@")[0]]: count for number, count in held.items()}
    assert {part.value: part.actual for part in one.drivers if part.dimension == "owner"} == by_person


def test_prospects_of_four_tools_count_an_address_once(edition: Edition) -> None:
    assert result(edition, "new-prospects-q3").actual == oracle.new_prospects(SAMPLES, *Q3, THEN)


def test_companies_and_forms_are_counted_in_the_quarter(edition: Edition) -> None:
    assert result(edition, "new-companies-q3").actual == oracle.new_companies(SAMPLES, *Q3, THEN)
    assert result(edition, "form-signups-q3").actual == oracle.form_signups(SAMPLES, *Q3, THEN)


def test_calls_are_the_teams_whose_numbers_the_list_of_owners_knows(edition: Edition) -> None:
    assert result(edition, "calls-q3").actual == oracle.calls_made(SAMPLES, *Q3, THEN)


def test_answers_received_are_not_letters_written(edition: Edition) -> None:
    assert result(edition, "letters-q3").actual == oracle.letters_written(SAMPLES, *Q3, THEN)


def test_open_tasks_count_in_the_quarter_in_which_they_are_due(edition: Edition) -> None:
    assert rate(edition, "tasks-q3") == oracle.crm_tasks(SAMPLES, *Q3, THEN)


def test_steps_of_three_project_tools_are_counted_once_each(edition: Edition) -> None:
    october = date(2026, 10, 1), date(2026, 10, 31)
    assert rate(edition, "steps-october") == oracle.steps_done(SAMPLES, *october, THEN)


def test_two_accounts_of_freelancers_are_one_sum(edition: Edition) -> None:
    assert result(edition, "freelance-q3").actual == oracle.freelance_spend(SAMPLES, *Q3, THEN)


def test_replies_to_campaigns_are_what_the_counters_grew_by(edition: Edition) -> None:
    mail = oracle.campaign_growth(SAMPLES, "mailshake_campaigns", ("replies", "sent"), *Q3, THEN)
    other = oracle.campaign_growth(SAMPLES, "prospectio_campaigns", ("replied", "contacted"), *Q3, THEN)
    assert rate(edition, "campaign-replies-q3") == (mail[0] + other[0], mail[1] + other[1])


def test_conversions_of_journeys_are_what_the_counters_grew_by(edition: Edition) -> None:
    assert rate(edition, "journey-conversions-q3") == oracle.journey_growth(SAMPLES, *Q3, THEN)


def test_growth_compares_with_equal_weeks_of_the_prior_year(edition: Edition) -> None:
    """1 January 2026 is the Thursday of week 1; its counterpart is Thursday 2 January 2025, not the 1st."""
    now = oracle.sales_revenue(SAMPLES, date(2026, 1, 1), date(2026, 9, 30), THEN)
    before = oracle.sales_revenue(SAMPLES, date(2025, 1, 2), date(2025, 10, 1), THEN)
    assert rate(edition, "sales-growth-2026") == (now, before)
    assert result(edition, "sales-growth-2026").actual == now / before - 1


def test_monthly_retention_is_what_churn_leaves(edition: Edition) -> None:
    for period in result(edition, "retention-q3").periods:
        if date(2026, 7, 1) <= period.start <= date(2026, 9, 1):
            lost, at_start = oracle.churn(SAMPLES, period.start, period.end, THEN)
            assert period.value is not None
            assert abs(period.value - (1 - lost / at_start)) < Decimal("1e-12")


def test_a_stale_source_gives_no_verdict_and_no_invented_zero(edition: Edition) -> None:
    one = result(edition, "admin-hours-q4")
    assert (one.status, one.problems) == ("no_verdict", ("timecamp_entries",))
    assert one.actual != 0
    for period in one.periods:
        if period.start >= date(2026, 10, 26):
            assert period.value is None
        elif period.start >= date(2026, 1, 5):
            assert period.value is not None
            hours = oracle.admin_hours(SAMPLES, period.start, period.end, THEN)
            assert abs(period.value - hours) < Decimal("0.005"), "each entry is kept to 0.0001 hours"


def test_a_week_whose_export_comes_after_the_cutoff_is_missing_and_not_zero(landed: Landed) -> None:
    """Sign-ups of 2026-W44 came on Thursday: on Monday nobody could know that there were none."""
    workspace, store = landed
    monday = build_edition(workspace, store, Week(2026, 44), with_smart=False)
    periods = {one.start: one.value for one in result(monday, "signups-h2").periods}
    assert periods[date(2026, 10, 19)] == oracle.signups(
        SAMPLES, date(2026, 10, 19), date(2026, 10, 25), THEN
    )
    assert periods[date(2026, 10, 26)] is None


# --- the story ---------------------------------------------------------------------------------------


def test_the_churn_example_stands_near_sixty_per_cent_of_the_way() -> None:
    lost, at_start = oracle.churn(SAMPLES, FIRST_OF_13_WEEKS, SUNDAY, THEN)
    assert Decimal("0.29") < lost / at_start < Decimal("0.31")
    lost, at_start = oracle.churn(SAMPLES, date(2026, 7, 1), date(2026, 9, 30), THEN)
    assert Decimal("0.43") < lost / at_start < Decimal("0.47")


def test_page_one_of_week_47_has_something_to_say(edition: Edition) -> None:
    running = [one for one in edition.results if one.start <= SUNDAY <= one.due]
    assert len(running) == 11
    statuses = {one.status for one in running}
    assert {"no_verdict", "achieved", "at_risk", "off_track", "watch", "on_track"} <= statuses
    assert {one.status for one in edition.results if one.due < SUNDAY} == {"achieved", "missed"}


# --- every source has a say --------------------------------------------------------------------------

FEEDS = {
    "asana_tasks": "steps-october",
    "ga4_signups": "signups-h2",
    "ganttproject_tasks": "steps-october",
    "hubspot_calls": "calls-q3",
    "hubspot_companies": "new-companies-q3",
    "hubspot_contacts": "new-prospects-q3",
    "hubspot_deals": "closing-rate-q4",
    "hubspot_emails": "letters-q3",
    "hubspot_forms": "form-signups-q3",
    "hubspot_meetings": "meetings-q3",
    "hubspot_owners": "calls-q3",
    "hubspot_pipelines": "closing-rate-q4",
    "hubspot_tasks": "tasks-q3",
    "jira_issues": "steps-october",
    "ledger_gl": "cac-q4",
    "mailshake_activity": "prospecting-weekly",
    "mailshake_campaigns": "campaign-replies-q3",
    "ninjaoutreach_contacts": "new-prospects-q3",
    "ortto_campaigns": "journey-conversions-q3",
    "ortto_contacts": "new-prospects-q3",
    "partner_sales": "partner-revenue-q4",
    "prospectio_campaigns": "campaign-replies-q3",
    "prospectio_prospects": "new-prospects-q3",
    "quickbooks_profit_and_loss": "net-profit-q3",
    "subscriptions_all": "churn-q4",
    "timecamp_entries": "admin-hours-q4",
    "upwork_costs": "freelance-q3",
    "upwork_transactions": "freelance-q3",
}
"""Source -> a goal that cannot stay as it is without it."""


def test_no_source_of_the_sample_is_there_for_nothing(landed: Landed) -> None:
    assert {one.id for one in landed[0].sources} == set(FEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("source_id", FEEDS)
def test_a_goal_is_another_one_without_the_source_that_feeds_it(
    landed: Landed, edition: Edition, source_id: str
) -> None:
    workspace, store = landed
    others = tuple(one for one in workspace.sources if one.id != source_id)
    without = build_edition(
        workspace.model_copy(update={"sources": others}), store, Week(2026, 47), with_smart=False
    )
    before, after = result(edition, FEEDS[source_id]), result(without, FEEDS[source_id])
    assert (before.actual, before.numerator, before.denominator) != (
        after.actual,
        after.numerator,
        after.denominator,
    )
