"""Classes of wrong number that goal scorecards print, each with the right one beside the wrong one.

Every test computes the tempting wrong figure too, and shows that it is not what comes out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline.goals.progress import monthly_equivalent
from pipeline.goals.status import at_risk_flag
from pipeline.periods import DAY, Week, elapsed_share
from pipeline.workspace.model import Measured
from tests.traps.naive import bites
from tests.unit.goals.goals_cases import (
    CHURN,
    CLOSING,
    GROWTH,
    REVENUE,
    fresh,
    goal,
    kpi,
    result,
    steady,
)

D = Decimal
QUARTER = {"start": date(2026, 10, 1), "due": date(2026, 12, 31)}


def rounded(value: Decimal | None, places: int = 3) -> Decimal | None:
    return None if value is None else round(value, places)


def test_mean_of_ratios() -> None:
    """A week with 2 deals does not weigh as much as one with 200."""
    closing = kpi(CLOSING)
    small = Week(2026, 47)

    def closed(day: date) -> int:
        return 0 if day.weekday() else (2 if Week.of(day) == small else 200)

    def won(day: date) -> int:
        return 0 if day.weekday() else (2 if Week.of(day) == small else 50)

    one = goal(
        kind="level",
        kpi="closing",
        baseline="25 %",
        target="30 %",
        measured={"over": "trailing", "periods": 2},
    )
    found = result(one, closing, steady(closing, won, closed))
    assert rounded(found.actual) == D("0.257")  # 52 of 202
    assert rounded((D(1) + D("0.25")) / 2) == D("0.625")  # the mean of the two percentages
    bites("mean of ratios", found.actual, (D(1) + D("0.25")) / 2)


def test_quarter_to_date_churn_looks_reached_in_its_second_week() -> None:
    """Churn counted from the quarter's first day starts near zero; the trailing quarter does not."""
    churn = kpi(CHURN)
    series = steady(churn, lambda day: 5, lambda day: 1000)
    one = goal(kind="level", kpi="churn_rate", baseline="45 %", target="20 %", **QUARTER)
    found = result(one, churn, series, week="2026-W41")
    assert found.actual == D("0.455")
    to_date = result(
        one.model_copy(update={"measured": Measured(over="window")}), churn, series, week="2026-W41"
    )
    assert to_date.actual == D("0.055")
    bites("quarter to date for a trailing quarter", found.actual, to_date.actual)


def test_churn_divided_by_months() -> None:
    """A quarter's churn is not three times a month's."""
    assert rounded(monthly_equivalent(D("0.45"))) == D("0.181")
    assert rounded(D("0.45") / 3) == D("0.150")
    bites("a quarter's rate over three", monthly_equivalent(D("0.45")), D("0.45") / 3)


def test_lower_is_better_has_its_sign() -> None:
    """From 45 to 20, now 30: 60 % of the way; 30 / 20 or 20 / 30 say nothing."""
    churn = kpi(CHURN)
    one = goal(kind="level", kpi="churn_rate", baseline="45 %", target="20 %", **QUARTER)
    found = result(one, churn, steady(churn, lambda d: D(300) / 91, lambda d: 1000))
    assert rounded(found.progress) == D("0.600")
    bites("target over actual where less is better", rounded(found.progress), rounded(D(20) / 30))


def test_weeks_elapsed_instead_of_days() -> None:
    """1 October 2026 is a Thursday: after its first ISO week 4 of 92 days are over, not 1 of 14 weeks."""
    found = result(
        goal(**QUARTER, plan="linear"), kpi(REVENUE), steady(kpi(REVENUE), lambda d: 10), week="2026-W40"
    )
    assert rounded(found.expected) == D("0.043") != rounded(D(1) / 14)
    assert elapsed_share(date(2026, 10, 1), date(2026, 12, 31), date(2026, 10, 4)) == 4 / 92
    bites("elapsed weeks for elapsed days", found.expected, D(1) / 14)


def test_a_cut_week_drags_the_run_rate() -> None:
    """The 4 days of the window's first week are no week."""
    series = steady(kpi(REVENUE), lambda day: 10)
    found = result(goal(**QUARTER), kpi(REVENUE), series, week="2026-W41")
    assert found.run_rate == 70 != (D(40) + D(70)) / 2
    assert found.best_period == 70
    assert min(period.value or 0 for period in found.periods) == 70
    bites("a cut week in the run rate", found.run_rate, (D(40) + D(70)) / 2)


def test_a_cut_week_counted_as_a_whole_one_in_the_required_rate() -> None:
    """After 22 Nov 39 days remain: 5.571 weeks, not the 6 weeks they touch."""
    found = result(goal(**QUARTER, target="1300"), kpi(REVENUE), steady(kpi(REVENUE), lambda d: 10))
    assert found.actual == 530
    assert rounded(found.required_rate, 2) == D("138.21")  # 770 / (39 / 7)
    assert rounded(D(770) / 6, 2) == D("128.33")
    bites("weeks touched for weeks left", found.required_rate, D(770) / 6)


def test_a_division_by_nothing_is_no_zero() -> None:
    """No deal closed: there is no closing rate, which is not a closing rate of 0 %."""
    closing = kpi(CLOSING)
    one = goal(kind="maintain", kpi="closing", target="25 %")
    found = result(one, closing, steady(closing, lambda d: 0, lambda d: 0))
    assert (found.actual, found.status, found.completeness) == (None, "no_verdict", 0)
    bites("zero for a rate over nothing", found.actual, D(0))


def test_a_late_export_is_no_week_of_zeros() -> None:
    """The newest export came ten days ago: the weeks since are unknown, not empty."""
    series = steady(kpi(REVENUE), lambda day: 10, last=date(2026, 11, 15))
    late = replace(fresh(), received_at=datetime(2026, 11, 16, 5, tzinfo=UTC))
    found = result(goal(), kpi(REVENUE), series, states={"crm": late})
    assert (found.data_through, found.run_rate, found.periods[-1].value) == (date(2026, 11, 15), 70, None)
    assert found.uncovered == ("crm",)
    assert rounded(found.expected) == D("0.538")  # 49 of 91 days: the plan is asked for the same day
    bites("a late export as a week of zeros", found.run_rate, D(70 + 70 + 70 + 0) / 4)


def test_missing_months_are_not_filled_with_zeros() -> None:
    """A ledger without October: the sum is the sum of the other months, and its completeness says so."""
    profit = kpi(REVENUE, grain="month", empty="missing")
    series = steady(profit, lambda day: None if day.month == 8 else 10)
    one = goal(start=date(2026, 7, 1), due=date(2026, 12, 31), target="1840")
    found = result(one, profit, series)
    assert rounded(found.completeness) == D("0.750")  # 3 of 4 closed months
    assert rounded(found.run_rate) == D("306.667")  # (310 + 300 + 310) / 3, not / 4
    bites("a missing month filled with zero", found.run_rate, D(310 + 0 + 300 + 310) / 4)


def test_percent_against_percentage_points() -> None:
    """-20 % of 45 % is 36 %, -20 points is 25 %."""
    churn = kpi(CHURN)
    targets = [
        result(
            goal(kind="level", kpi="churn_rate", baseline="45 %", target=target, relative_to="baseline"),
            churn,
            steady(churn, lambda d: 3, lambda d: 1000),
        ).target
        for target in ("-20 %", "-20 pp")
    ]
    assert targets == [D("0.36"), D("0.25")]
    bites("points read as per cent", targets[1], D("0.45") * (1 - D("0.20")))


def test_growth_compares_equal_weeks() -> None:
    """2026 has a week 53 and 2025 has none: growth of a steady business is 0, not a week's worth."""
    growth = kpi(GROWTH)
    one = goal(
        kind="level",
        kpi="growth",
        target="0 %",
        start=date(2026, 12, 28),
        due=date(2027, 1, 3),
        baseline=None,
    )
    series = steady(growth, lambda day: 10, last=date(2027, 1, 3))
    assert result(one, growth, series, week="2026-W53").actual == 0
    year = [
        steady(growth, lambda day: 10).pooled(Week(y, 1).monday, Week(y + 1, 1).monday - DAY)
        for y in (2025, 2026)
    ]
    weeks = [one.numerator or D(0) for one in year]  # 52 and 53 weeks of 70
    bites("53 weeks against 52", result(one, growth, series, week="2026-W53").actual, weeks[1] / weeks[0] - 1)


def test_growth_of_a_young_year_is_not_a_share_of_the_whole_last_one() -> None:
    """Eight weeks against the same eight weeks, not against a whole quarter."""
    growth = kpi(GROWTH)
    found = result(goal(kind="level", kpi="growth", target="25 %"), growth, steady(growth, lambda d: 10))
    assert found.actual == 0  # and not 560 / 910 - 1
    assert rounded(D(560) / 910 - 1) == D("-0.385")
    bites("a part of the year against the whole last one", found.actual, D(560) / 910 - 1)


def test_a_linear_plan_for_a_christmas_business() -> None:
    """Half of the season's sales fall into its last four weeks: half way is not half reached."""
    revenue = kpi(REVENUE)

    def amount(day: date) -> int:
        return 90 if day.month == 12 else 10

    one = goal(plan="seasonal", target="3400")
    seasonal = result(one, revenue, steady(revenue, amount))
    linear = result(one.model_copy(update={"plan": "linear"}), revenue, steady(revenue, amount))
    assert seasonal.progress == linear.progress
    assert (seasonal.status, linear.status) == ("watch", "off_track")
    bites("a straight line for a season", rounded(seasonal.expected), rounded(linear.expected))


def test_yesterdays_knowledge_in_todays_target() -> None:
    """The target of a past week is the one in force then."""
    change = {"on": date(2026, 11, 24), "by": "ann", "reason": "board", "previous": "2000"}
    found = result(goal(target_changes=[change]), kpi(REVENUE), steady(kpi(REVENUE), lambda d: 10))
    assert found.target == 2000
    after = result(
        goal(target_changes=[change]), kpi(REVENUE), steady(kpi(REVENUE), lambda d: 10), week="2026-W48"
    )
    assert after.target == 1300
    bites("today's target for a past week", found.target, after.target)


def test_a_monthly_ledger_before_its_books_close() -> None:
    """On 2 November October's books are open: half-posted costs are no profit."""
    profit = kpi(REVENUE, grain="month", close_lag_days=10)
    series = steady(profit, lambda day: 10)
    one = goal(start=date(2026, 9, 1), due=date(2026, 12, 31))
    early, late = (result(one, profit, series, week=week) for week in ("2026-W44", "2026-W46"))
    assert (early.actual, early.data_through) == (300, date(2026, 9, 30))
    assert (late.actual, late.data_through) == (610, date(2026, 10, 31))
    bites("open books counted", early.actual, series.pooled(one.start, Week(2026, 44).sunday).numerator)


def test_euros_and_dollars_are_not_added() -> None:
    series = steady(kpi(REVENUE), lambda day: 10, currencies=frozenset({"EUR", "USD"}))
    assert result(goal(), kpi(REVENUE), series, currency="EUR").status == "no_verdict"


def test_one_noisy_week_is_no_alarm() -> None:
    """The flag needs two weeks below .40, or one below .10."""
    assert not at_risk_flag([0.7, 0.35, 0.7])
    assert at_risk_flag([0.7, 0.35, 0.35])
    chances = [0.7, 0.35, 0.7]
    bites("an alarm on one noisy week", at_risk_flag(chances), any(one < 0.40 for one in chances))


def test_a_week_decides_no_closing_rate() -> None:
    """One bad week inside a good quarter moves the measured rate by its weight only."""
    closing = kpi(CLOSING)
    bad = Week(2026, 47)
    series = steady(closing, lambda d: 0 if Week.of(d) == bad else 3, lambda d: 10)
    found = result(goal(kind="level", kpi="closing", baseline="25 %", target="30 %"), closing, series)
    assert rounded(found.actual) == D("0.277")  # 12 of 13 weeks at 30 %
    assert found.periods[-1].value == 0
    bites("the newest week for the quarter's rate", found.actual, found.periods[-1].value)


def test_a_short_history_of_a_stock_is_no_good_quarter() -> None:
    """Five weeks of leavers over a quarter's customers would look like a low churn."""
    churn = kpi(CHURN)
    series = steady(churn, lambda d: 5, lambda d: 1000, first=date(2026, 10, 19))
    found = result(goal(kind="level", kpi="churn_rate", baseline="45 %", target="20 %"), churn, series)
    assert (found.actual, found.status) == (None, "no_verdict")
    bites("five weeks of leavers as a quarter's churn", found.actual, D(5 * 35) / 1000)


@pytest.mark.parametrize("week", ["2026-W13", "2026-W43"])
def test_the_clock_change_moves_no_day(week: str) -> None:
    """Weeks of 167 and 169 hours have seven days."""
    one = goal(start=date(2026, 1, 5), due=date(2027, 1, 3))
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda d: 10), week=week)
    days = (Week.parse(week).sunday - date(2026, 1, 5)) / timedelta(days=1) + 1
    assert found.actual == D(int(days)) * 10
    assert found.run_rate == 70
