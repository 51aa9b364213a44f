"""Classes of wrong number, from rows of facts to the figure of a goal: facts, components, series, evaluation.

Every test works out the tempting wrong figure too, and shows that it is not what comes out. Rows are written
by hand and counted by plain loops; nothing between them and the result is a stand-in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from pipeline.facts import FACTS
from pipeline.goals.evaluate import evaluate
from pipeline.goals.model import GoalResult
from pipeline.goals.status import pace_status
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.compute import daily_components
from pipeline.kpis.series import KpiSeries
from pipeline.periods import DAY, Week, company_date, cutoff
from pipeline.sources.state import SourceState
from pipeline.workspace.model import Goal, Kpi, People, Person, TeamSpell
from tests.traps.naive import bites

ZONE = ZoneInfo("Europe/Berlin")
KPIS = {one.id: one for one in CATALOGUE}
PEOPLE = People(
    people=(
        Person(
            id="ann",
            name="Ann",
            aliases=("Ann A.",),
            teams=(
                TeamSpell(team="north", until=date(2026, 10, 31)),
                TeamSpell(team="south", since=date(2026, 11, 1)),
            ),
        ),
        Person(id="bob", name="Bob", teams=(TeamSpell(team="north"),)),
    )
)
QUARTER = {"start": date(2026, 10, 1), "due": date(2026, 12, 31)}
YEAR = {"start": date(2026, 1, 1), "due": date(2026, 12, 31)}
Rows = Sequence[Mapping[str, Any]]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def deal(day: date | None, amount: str = "10", won: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "amount": D(amount), "currency": "EUR", "is_won": won, "is_closed": day is not None, "closed_on": day,
        "owner": "Ann A.", "pipeline": "main", **more,
    }  # fmt: skip


def daily(first: date, last: date, amount: str = "10") -> list[dict[str, Any]]:
    return [deal(day, amount) for day in days(first, last)]


def customer(start: date, end: date | None = None, **more: Any) -> dict[str, Any]:
    return {
        "started_on": start,
        "ended_on": end,
        "currency": "EUR",
        "is_new_customer": True,
        "plan": "a",
        **more,
    }


def posted(day: date, kind: str, amount: str) -> dict[str, Any]:
    return {"posted_on": day, "account_class": kind, "amount": D(amount), "currency": "EUR"}


def facts(tables: Mapping[str, Rows]) -> Any:
    return lambda name: pa.Table.from_pylist(
        [{"dims": "{}", **row} for row in tables.get(name, [])], schema=FACTS[name].arrow_schema()
    )


def kpi_series(
    kpi: str | Kpi, tables: Mapping[str, Rows], through: date, segment: Mapping[str, str] | None = None
) -> KpiSeries:
    one = KPIS[kpi] if isinstance(kpi, str) else kpi
    return KpiSeries(one, daily_components([one], facts(tables), PEOPLE, through), segment or {})


def scored(
    tables: Mapping[str, Rows],
    week: str = "2026-W47",
    received: date | None = None,
    currency: str = "EUR",
    kpi: str | Kpi = "sales_revenue",
    **fields: Any,
) -> GoalResult:
    """A goal of the week through the whole pipeline; its source delivered early on the Monday after."""
    one, wk = KPIS[kpi] if isinstance(kpi, str) else kpi, Week.parse(week)
    base = {
        "id": "g",
        "title": "G",
        "owner": "ann",
        "kpi": one.id,
        "kind": "cumulative",
        "target": "920",
        **QUARTER,
    }
    goal = Goal.model_validate(base | fields)
    at = (
        datetime.combine(received, datetime.min.time(), UTC)
        if received
        else cutoff(wk, ZONE) - timedelta(hours=2)
    )
    state = SourceState("crm", {"en": "CRM"}, "fresh", at, wk.sunday)
    series = kpi_series(one, tables, wk.sunday, goal.segment)
    return evaluate(goal, one, series, wk, cutoff(wk, ZONE), ZONE, {"crm": state}, currency=currency)


# --- what is added up --------------------------------------------------------------------------------


def test_a_mean_of_weekly_ratios_is_no_closing_rate() -> None:
    """A week of 200 deals at 25 % and one of 8 at 100 %: 58 of 208, not the mean of both."""
    rows = [deal(date(2026, 11, 10), won=i < 50) for i in range(200)]
    rows += [deal(date(2026, 11, 17)) for _ in range(8)]
    found = scored(
        {"deals": rows}, kpi="closing_rate", kind="level", baseline="25 %", target="30 %",
        measured={"over": "trailing", "periods": 2},
    )  # fmt: skip
    assert (found.actual, found.numerator, found.denominator) == (D(58) / 208, 58, 208)
    assert (D("0.25") + 1) / 2 == D("0.625") != found.actual


def test_a_lost_deal_has_no_revenue_and_an_open_one_no_outcome() -> None:
    rows = [deal(date(2026, 11, 10)), deal(date(2026, 11, 10), "500", won=False), deal(None, "900")]
    assert scored({"deals": rows}).actual == 10
    rate = kpi_series("closing_rate", {"deals": rows}, date(2026, 11, 22)).pooled(
        date(2026, 11, 9), date(2026, 11, 15)
    )
    assert (rate.numerator, rate.denominator) == (1, 2)  # and not 1 of 3
    bites(
        "lost and open deals as revenue", scored({"deals": rows}).actual, sum(one["amount"] for one in rows)
    )


def test_a_refund_lowers_the_sum() -> None:
    """A negative amount counts, and it counts on its own day."""
    rows = [deal(date(2026, 10, 5), "100"), deal(date(2026, 11, 16), "-40")]
    found = scored({"deals": rows})
    assert found.actual == 60
    weeks = {one.start: one.value for one in found.periods}
    assert (weeks[date(2026, 10, 5)], weeks[date(2026, 11, 16)]) == (100, -40)
    bites("refunds left out", found.actual, sum(one["amount"] for one in rows if one["amount"] > 0))


def test_a_reopened_deal_is_no_longer_won() -> None:
    """CRM rows are latest states: a deal set back to open loses its closing day and its revenue."""
    closed = scored({"deals": [deal(date(2026, 11, 10), "100"), deal(date(2026, 11, 11), "7")]})
    reopened = scored({"deals": [deal(None, "100", won=False), deal(date(2026, 11, 11), "7")]})
    assert (closed.actual, reopened.actual) == (107, 7)
    bites("a reopened deal still won", reopened.actual, closed.actual)


def test_two_currencies_are_not_one_sum() -> None:
    rows = [*daily(QUARTER["start"], date(2026, 11, 22)), deal(date(2026, 11, 2), "5000", currency="USD")]
    found = scored({"deals": rows})
    assert (found.status, found.reason.params["currency"]) == ("no_verdict", ("text", "USD"))
    assert D(530) + 5000 > 920  # added up, the goal would be "achieved"
    total = sum(one["amount"] for one in rows)
    bites("two currencies as one sum", found.status, "achieved" if total >= 920 else "off_track")


def test_money_is_not_a_float() -> None:
    rows = [deal(date(2026, 11, 10), "0.10") for _ in range(3)]
    assert scored({"deals": rows}).actual == D("0.30")
    assert 0.1 + 0.1 + 0.1 != 0.3
    bites("money as a float", scored({"deals": rows}).actual, D(sum(float(one["amount"]) for one in rows)))


def test_an_empty_amount_is_no_failure_and_no_other_number() -> None:
    rows = [deal(date(2026, 11, 10), "12.50"), deal(date(2026, 11, 10)) | {"amount": None}]
    assert scored({"deals": rows}).actual == D("12.5")


# --- who and where -----------------------------------------------------------------------------------


def test_a_pipelines_goal_leaves_out_the_other_pipelines() -> None:
    rows = [deal(date(2026, 11, 10), "100"), deal(date(2026, 11, 10), "900", pipeline="partner")]
    assert scored({"deals": rows}, segment={"pipeline": "main"}).actual == 100
    assert scored({"deals": rows}).actual == 1000
    main = scored({"deals": rows}, segment={"pipeline": "main"}).actual
    bites("all pipelines for one", main, sum(one["amount"] for one in rows))


def test_a_sale_stays_with_the_team_of_its_day() -> None:
    """Ann moved from north to south on 1 November: her October is not carried along."""
    rows = [
        deal(date(2026, 10, 20), "100"),
        deal(date(2026, 11, 10), "30"),
        deal(date(2026, 11, 10), "5", owner="bob"),
    ]
    north, south = (scored({"deals": rows}, segment={"team": team}) for team in ("north", "south"))
    assert (north.actual, south.actual) == (105, 30)
    today = {person.id: person.teams[-1].team for person in PEOPLE.people}
    owners = {"Ann A.": "ann", "bob": "bob"}
    naive = sum(one["amount"] for one in rows if today[owners[one["owner"]]] == "north")
    bites("the present team for the team of the day", north.actual, naive)


def test_a_deal_moved_between_owners_counts_once() -> None:
    """Only its present owner has it, however both are written."""
    moved = [deal(date(2026, 11, 10), "100", owner="BOB")]
    assert scored({"deals": moved}, segment={"owner": "bob"}).actual == 100
    assert scored({"deals": moved}, segment={"owner": "ann"}).actual == 0
    assert scored({"deals": moved}).actual == 100
    states = [deal(date(2026, 11, 10), "100"), *moved]  # as two weekly exports had it
    bites(
        "a moved deal with both owners", scored({"deals": moved}).actual, sum(one["amount"] for one in states)
    )


def test_a_person_without_sales_has_zero_and_a_company_without_data_has_nothing() -> None:
    rows = daily(date(2026, 1, 1), date(2026, 11, 22))
    nothing_sold = scored({"deals": rows}, segment={"owner": "bob"})
    assert (nothing_sold.actual, nothing_sold.status) == (0, "off_track")
    no_rows = scored({"deals": []})
    assert (no_rows.actual, no_rows.status) == (None, "no_verdict")
    bites("no data as no sales", no_rows.actual, sum((D(0) for _ in ()), D(0)))


# --- weeks, months, years ----------------------------------------------------------------------------


def test_a_quarter_touches_fourteen_weeks_and_takes_its_own_days_of_them() -> None:
    """W40 begins on 28 September and W53 ends on 3 January: neither gives all of its days."""
    rows = daily(date(2026, 9, 1), date(2027, 1, 10))
    found = scored({"deals": rows}, week="2027-W01")
    assert (found.periods_total, found.actual) == (14, 920)  # 92 days, not 14 x 7 = 98
    assert found.status == "achieved"
    first, last = Week.of(QUARTER["start"]).monday, Week.of(QUARTER["due"]).sunday
    naive = sum(one["amount"] for one in rows if first <= one["closed_on"] <= last)
    bites("whole weeks for a quarter's days", found.actual, naive)


def test_a_partial_current_week_is_not_held_against_whole_ones() -> None:
    """In the middle of December a month of 13 days is no month: its sum is no drop."""
    profit = KPIS["sales_revenue"]
    found = scored(
        {"deals": daily(date(2026, 1, 1), date(2026, 12, 13))}, week="2026-W50", kpi=profit, period="month"
    )
    assert found.run_rate == (310 + 300) / D(2)  # October and November
    assert [one.closed for one in found.periods[-2:]] == [True, False]
    bites("a month under way in the run rate", found.run_rate, D(310 + 300 + 130) / 3)


@pytest.mark.parametrize(("week", "hours"), [("2026-W13", 167), ("2026-W43", 169)])
def test_a_week_of_another_length_has_seven_days(week: str, hours: int) -> None:
    """Events are counted by company date; 7 x 24 hours would take from or give to the neighbours."""
    wk = Week.parse(week)
    begin, end = (datetime.combine(day, datetime.min.time(), ZONE) for day in (wk.monday, wk.sunday + DAY))
    assert (end.astimezone(UTC) - begin.astimezone(UTC)) / timedelta(hours=1) == hours
    instants = [begin.astimezone(UTC) + timedelta(minutes=30 + 60 * i) for i in range(hours)]
    rows = [{"event": "sent", "happened_on": company_date(one, ZONE), "campaign": "c"} for one in instants]
    series = kpi_series("prospecting_activity", {"outreach_events": rows}, wk.sunday)
    assert series.pooled(wk.monday, wk.sunday).value == hours
    assert series.pooled(wk.sunday, wk.sunday).value == hours - 6 * 24
    bites("7 x 24 hours for a week", series.pooled(wk.monday, wk.sunday).value, 7 * 24)


def test_week_53_is_compared_with_the_week_364_days_before_and_not_with_nothing() -> None:
    rows = daily(date(2025, 1, 1), date(2027, 1, 3))
    series = kpi_series("revenue_growth_yoy", {"deals": rows}, date(2027, 1, 3))
    assert Week(2026, 53).sunday == date(2027, 1, 3)
    assert series.pooled(Week(2026, 53).monday, Week(2026, 53).sunday).value == 0
    value = series.pooled(Week(2026, 53).monday, Week(2026, 53).sunday).value
    before = [
        day for day in days(date(2025, 1, 1), date(2025, 12, 31)) if day.isocalendar()[:2] == (2025, 53)
    ]
    bites("week 53 against a week of that number", value, None if not before else D(0))


def test_the_year_boundary_splits_a_week_by_date() -> None:
    """Thursday 1 January 2026 lies in W01, whose Monday is still December's."""
    rows = daily(date(2025, 12, 1), date(2026, 2, 28))
    found = scored({"deals": rows}, week="2026-W01", target="3650", **YEAR)
    assert (found.actual, found.periods_total, found.periods_closed) == (40, 53, 1)  # 4 days, not 7
    assert Week.of(date(2026, 1, 1)) == Week(2026, 1) and Week.of(date(2027, 1, 1)) == Week(2026, 53)
    naive = sum(one["amount"] for one in rows if Week.of(one["closed_on"]) == Week(2026, 1))
    bites("a week's days in the next year", found.actual, naive)


def test_growth_compares_weekdays_and_not_dates() -> None:
    """A shop open on weekdays: the same dates a year apart have another number of weekends."""
    open_days = [day for day in days(date(2025, 1, 1), date(2026, 11, 22)) if day.weekday() < 5]
    rows = [deal(day) for day in open_days]
    series = kpi_series("revenue_growth_yoy", {"deals": rows}, date(2026, 11, 22))
    first, last = date(2026, 11, 1), date(2026, 11, 8)
    assert series.pooled(first, last).value == 0
    same_dates = sum(date(2025, 11, 1) <= day <= date(2025, 11, 8) for day in open_days)
    assert sum(first <= day <= last for day in open_days) / D(same_dates) - 1 == 0  # luck: 5 against 5
    first, last = date(2026, 11, 2), date(2026, 11, 6)
    assert series.pooled(first, last).value == 0
    assert sum(date(2025, 11, 2) <= day <= date(2025, 11, 6) for day in open_days) == 4  # "+25 %" by dates
    now = sum(first <= day <= last for day in open_days)
    then = sum(date(2025, 11, 2) <= day <= date(2025, 11, 6) for day in open_days)
    bites("the same dates a year before", series.pooled(first, last).value, D(now) / then - 1)


def test_a_goal_that_starts_on_a_wednesday_starts_on_that_wednesday() -> None:
    rows = daily(date(2026, 9, 1), date(2026, 11, 22))
    found = scored({"deals": rows}, start=date(2026, 11, 18), due=date(2026, 12, 15), target="280")
    assert (found.actual, found.expected) == (50, D(5) / 28)  # Wednesday to Sunday, of 28 days
    assert found.run_rate is None  # no whole week yet: five days are no rate a week
    naive = sum(one["amount"] for one in rows if Week.of(one["closed_on"]) == Week(2026, 47))
    bites("the whole first week", found.actual, naive)


# --- missing and late --------------------------------------------------------------------------------


def test_a_week_nobody_exported_is_not_a_week_without_sales() -> None:
    rows = daily(date(2026, 1, 1), date(2026, 11, 15))
    late = scored({"deals": rows}, received=date(2026, 11, 16))
    assert (late.data_through, late.actual, late.run_rate) == (date(2026, 11, 15), 460, 70)
    assert late.periods[-1].value is None and late.uncovered == ("crm",)
    delivered = scored({"deals": rows})
    assert (delivered.data_through, delivered.actual) == (date(2026, 11, 22), 460)
    assert delivered.periods[-1].value == 0  # covered by an export: a week without sales, which is known


def test_a_missing_month_of_a_ledger_is_no_month_of_zero_profit() -> None:
    ledger = [posted(date(2026, month, 15), "revenue", "300") for month in (7, 9, 10)]
    found = scored(
        {"ledger_lines": ledger}, kpi="net_profit", target="1800",
        start=date(2026, 7, 1), due=date(2026, 12, 31),
    )  # fmt: skip
    assert (found.actual, found.run_rate, found.completeness) == (900, 300, D("0.75"))
    assert {one.start.month: one.value for one in found.periods if one.start.month in (8, 9)} == {
        8: None,
        9: 300,
    }
    bites("a month without books as zero profit", found.run_rate, D(900) / 4)


def test_a_ledger_month_counts_when_its_books_are_closed() -> None:
    ledger = [posted(date(2026, month, 15), "revenue", "300") for month in range(1, 11)]
    early, late = (
        scored({"ledger_lines": ledger}, week=week, kpi="gross_profit", target="3600", **YEAR)
        for week in ("2026-W44", "2026-W46")
    )
    assert (early.data_through, early.actual) == (date(2026, 9, 30), 2700)
    assert (late.data_through, late.actual) == (date(2026, 10, 31), 3000)


def test_rows_after_the_week_are_not_known_in_it() -> None:
    """An export from today also holds deals closed after the week that is run again."""
    rows = daily(date(2026, 9, 1), date(2026, 12, 20))
    assert scored({"deals": rows}).actual == 530
    future_end = [customer(date(2026, 1, 1), date(2026, 12, 5)) for _ in range(20)]
    churn = kpi_series("churn_rate", {"subscriptions": future_end}, date(2026, 11, 22))
    assert churn.pooled(date(2026, 8, 24), date(2026, 11, 22)).numerator == 0
    naive = sum(one["amount"] for one in rows if one["closed_on"] >= QUARTER["start"])
    bites("rows after the week", scored({"deals": rows}).actual, naive)


# --- rates -------------------------------------------------------------------------------------------


def test_a_rate_over_nothing_is_not_zero() -> None:
    won = [deal(day, won=True) for day in days(date(2026, 10, 5), date(2026, 10, 11))]
    found = scored(
        {"deals": won}, kpi="closing_rate", kind="maintain", target="25 %", measured={"over": "last"}
    )
    weeks = {one.start: one.value for one in found.periods}
    assert weeks[date(2026, 10, 5)] == 1 and weeks[date(2026, 10, 12)] is None
    assert found.progress == 1  # one of one week with deals; six empty weeks are not six failures


def test_churn_divides_by_the_stock_of_the_first_day() -> None:
    """100 customers at the start, 30 new in the quarter, 20 lost (5 of them new): 20 / 100."""
    old = [customer(date(2026, 1, 1), date(2026, 10, 10) if i < 15 else None) for i in range(100)]
    new = [customer(date(2026, 9, 15), date(2026, 11, 1) if i < 5 else None) for i in range(30)]
    series = kpi_series("churn_rate", {"subscriptions": [*old, *new]}, date(2026, 11, 22))
    found = series.pooled(date(2026, 8, 24), date(2026, 11, 22))
    assert (found.numerator, found.denominator, found.value) == (20, 100, D("0.2"))
    at_the_end, mean_of_both = D(110), D(105)
    assert found.value not in (D(20) / at_the_end, D(20) / mean_of_both, D(20) / 130)
    bites("churn over the stock at the end", found.value, D(20) / at_the_end)


def test_daily_stocks_are_not_added_up() -> None:
    """A stock over 91 days summed like a flow would make the churn vanish."""
    old = [customer(date(2026, 1, 1), date(2026, 11, 20) if i < 25 else None) for i in range(100)]
    found = kpi_series("churn_rate", {"subscriptions": old}, date(2026, 11, 22)).pooled(
        date(2026, 8, 24), date(2026, 11, 22)
    )
    assert found.value == D("0.25") and found.denominator == 100  # not some 9,000 customer-days
    stock = sum(
        sum((one["ended_on"] or date.max) >= day for one in old)
        for day in days(date(2026, 8, 24), date(2026, 11, 22))
    )
    bites("daily stocks added up", found.value, D(25) / stock)


def test_churn_and_retention_of_the_same_rows_are_one_together() -> None:
    old = [customer(date(2026, 1, 1), date(2026, 10, 10) if i < 7 else None) for i in range(40)]
    both = daily_components(
        [KPIS["churn_rate"], KPIS["retention_rate"]],
        facts({"subscriptions": old}),
        PEOPLE,
        date(2026, 11, 22),
    )
    span = date(2026, 10, 1), date(2026, 10, 31)
    lost, kept = (
        KpiSeries(KPIS[name], both).pooled(*span).value for name in ("churn_rate", "retention_rate")
    )
    assert (lost, kept) == (D("0.175"), D("0.825"))


def test_lower_is_better_mirrors_higher_is_better() -> None:
    """Churn 45 to 20 %, now 30 %: 60 % of the way; falling churn is ahead, rising churn behind."""
    old = [customer(date(2026, 1, 1), date(2026, 10, 10) if i < 30 else None) for i in range(100)]
    found = scored({"subscriptions": old}, kpi="churn_rate", kind="level", baseline="45 %", target="20 %")
    assert (found.actual, found.progress) == (D("0.3"), D("0.6"))
    assert found.pace_gap is not None and found.pace_gap > 0 and found.status == "on_track"
    worse = [customer(date(2026, 1, 1), date(2026, 10, 10) if i < 50 else None) for i in range(100)]
    behind = scored({"subscriptions": worse}, kpi="churn_rate", kind="level", baseline="45 %", target="20 %")
    assert behind.progress == D("-0.2") and behind.status == "off_track"
    bites("less counted as more", found.progress, D("0.3") / D("0.2"))


def test_cost_per_customer_is_cost_over_customers_of_the_same_months() -> None:
    ledger = [posted(date(2026, month, 20), "sales_marketing", "-100") for month in (8, 9, 10)]
    new = [customer(date(2026, 8, 5)), *(customer(date(2026, 10, 5)) for _ in range(4))]
    series = kpi_series("cac", {"ledger_lines": ledger, "subscriptions": new}, date(2026, 11, 22))
    months = [
        series.pooled(date(2026, month, 1), date(2026, month, last)).value
        for month, last in ((8, 31), (9, 30), (10, 31))
    ]
    assert months == [100, None, 25]  # September: cost without a customer is no figure
    assert series.pooled(date(2026, 8, 1), date(2026, 10, 31)).value == 60  # 300 / 5, not (100 + 25) / 2
    known = [one for one in months if one is not None]
    bites(
        "the mean of monthly costs a customer",
        series.pooled(date(2026, 8, 1), date(2026, 10, 31)).value,
        sum(known) / len(known),
    )


# --- the way to the target ---------------------------------------------------------------------------


def test_a_goal_to_keep_a_level_has_no_way_to_divide_by() -> None:
    """Baseline equal to target: no 0 / 0, but weeks inside."""
    rows = daily(date(2026, 1, 1), date(2026, 11, 22))
    found = scored({"deals": rows}, kind="level", baseline="70", target="70")
    assert (found.kind, found.progress, found.status) == ("maintain", 1, "on_track")
    bites("a way of no length", found.kind, "level")


def test_overshoot_is_kept_as_it_is() -> None:
    found = scored({"deals": daily(date(2026, 1, 1), date(2026, 11, 22))}, target="265")
    assert (found.progress, found.status, found.required_rate) == (2, "achieved", 0)
    bites("overshoot cut off at 100 %", found.progress, min(D(530) / 265, D(1)))


def test_a_loss_on_the_way_to_a_profit_has_a_sign() -> None:
    """From -300 to +300 a month, now 0: half way. Dividing by the target or taking sizes says 0 or 100 %."""
    ledger = [posted(date(2026, month, 15), "revenue", "0.01") for month in range(1, 11)]
    ledger += [posted(date(2026, month, 16), "opex", "-0.01") for month in range(1, 11)]
    found = scored(
        {"ledger_lines": ledger}, kpi="net_profit", kind="level", baseline="-300", target="300", **YEAR
    )
    assert (found.actual, found.progress) == (0, D("0.5"))
    bites("a loss over the target", found.progress, (found.actual or D(0)) / found.target)


def test_a_quarter_s_first_days_are_held_against_the_plan_of_those_days() -> None:
    rows = daily(date(2026, 1, 1), date(2026, 10, 4))
    found = scored({"deals": rows}, week="2026-W40")
    assert (found.actual, found.expected_value, found.status) == (40, 40, "on_track")
    assert D(40) / 920 < D("0.05")  # 4 % of the target reached, and nothing behind
    bites("progress without the plan of the day", found.status, pace_status(D(40) / 920 - 1))
