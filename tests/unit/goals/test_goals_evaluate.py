"""Figures of one goal, each worked out by hand beside the assertion."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pipeline.goals.measure import (
    Span,
    cut,
    goal_window,
    horizon,
    measured_span,
    prior_year_span,
    target_in_force,
    whole_periods,
)
from pipeline.goals.progress import monthly_equivalent, progress_share
from pipeline.periods import Week, cutoff
from tests.unit.goals.goals_cases import (
    CHURN,
    CLOSING,
    GROWTH,
    REVENUE,
    ZONE,
    fresh,
    goal,
    kpi,
    result,
    sentence,
    steady,
)

D = Decimal


def near(value: Decimal | None, expected: str, places: int = 4) -> bool:
    return value is not None and round(value, places) == D(expected)


@pytest.mark.parametrize("kind", ["level", "maintain"])
def test_a_rate_over_too_few_cases_says_how_few_and_how_many_are_needed(kind: str) -> None:
    """One deal a week is closed: 8 since 28 September, of which each week by itself has 1."""
    one = kpi(CLOSING, minimum_sample=20)
    monday = steady(one, lambda day: 0, lambda day: int(day.weekday() == 0), first=date(2026, 9, 28))
    asked = goal(kpi="closing", kind=kind, target="40 %", baseline="20 %" if kind == "level" else None)
    n, first = (1, "2026-11-16") if kind == "maintain" else (8, "2026-09-28")
    assert sentence(result(asked, one, monday).reason) == (
        f"No verdict: too few cases for a rate from {first} to 2026-11-22: {n}; at least 20 are needed."
    )


def test_a_rate_over_no_case_at_all_has_no_figures() -> None:
    one = kpi(CLOSING, minimum_sample=20)
    asked = goal(kpi="closing", kind="level", target="40 %", baseline="20 %")
    found = result(asked, one, steady(one, lambda day: 0, lambda day: 0, first=date(2026, 9, 28)))
    assert "there are no figures for this goal" in sentence(found.reason)


def test_calls_have_no_lower_limit_below_nothing_and_profit_has_one() -> None:
    """Weeks of 0 and 70 in turn: 35 on average and 2.66 x 70 on either side, so -151.2 to 221.2."""
    calls = kpi(REVENUE, unit="count", numerator={"fact": "deals", "date": "closed_on"})
    swing = steady(kpi(REVENUE), lambda day: 10 * (day.isocalendar().week % 2), first=date(2026, 1, 5))
    found = [result(goal(), one, swing, week="2026-W47").control for one in (calls, kpi(REVENUE))]
    limits = [one and (one.lower, one.upper, one.band[0]) for one in found]
    assert limits == [(None, D("221.2"), 0), (D("-151.2"), D("221.2"), D("-151.2"))]


def test_a_sum_is_compared_with_days_not_with_weeks() -> None:
    # 13 weeks from Monday 28 Sep; by Sunday 22 Nov 8 of them are over: 8 x 70 = 560 of 1300
    found = result(goal(), kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    assert found.actual == 560
    assert near(found.progress, "0.4308")  # 560 / 1300
    assert near(found.expected, "0.6154")  # 56 / 91 days
    assert near(found.expected_value, "800")  # 1300 x 8 / 13
    assert near(found.gap_value, "-240")
    assert near(found.pace_gap, "-0.1846")
    assert near(found.pace_index, "0.7000")
    assert found.run_rate == 70
    assert found.required_rate == 148  # 740 over 5 weeks
    assert near(found.required_multiple, "2.1143")
    assert (found.status, found.basis) == ("at_risk", "pace")
    assert "more than any week on record (70)" in sentence(found.reason)


def test_churn_on_its_way_down_is_sixty_percent_there() -> None:
    assert progress_share(D("0.30"), D("0.45"), D("0.20")) == D("0.6")


def test_a_quarter_rate_is_not_a_third_of_it_a_month() -> None:
    assert round(monthly_equivalent(D("0.45")), 3) == D("0.181")
    assert round(monthly_equivalent(D("0.20")), 3) == D("0.072")
    kept = (1 - monthly_equivalent(D("0.45"))) ** 3
    assert round(kept, 10) == D("0.55")


def test_a_quarter_touches_fourteen_weeks_and_its_ends_are_short() -> None:
    spans = cut(date(2026, 10, 1), date(2026, 12, 31), "week")
    assert len(spans) == 14
    assert [spans[0].days, spans[1].days, spans[-1].days] == [4, 7, 4]
    assert sum(span.days for span in spans) == 92


def test_a_month_with_ten_days_of_lag_closes_on_the_tenth() -> None:
    monthly = kpi(REVENUE, grain="month", close_lag_days=10)
    one = goal(start=date(2026, 10, 1), due=date(2026, 12, 31))
    before = goal_window(one, monthly, horizon(Week(2026, 44), cutoff(Week(2026, 44), ZONE), ZONE))
    assert before.closed == ()  # Monday 2 Nov: October ended, its books are open until the 10th
    after = goal_window(one, monthly, horizon(Week(2026, 45), datetime(2026, 11, 10, 6, tzinfo=UTC), ZONE))
    assert after.data_through == date(2026, 10, 31)


def test_the_trailing_quarter_is_ninety_one_days() -> None:
    churn = kpi(CHURN)
    one = goal(kind="level", kpi="churn_rate", baseline="45 %", target="20 %")
    assert measured_span(one, churn, date(2026, 11, 22)) == Span(date(2026, 8, 24), date(2026, 11, 22))
    series = steady(churn, lambda day: 3, lambda day: 1000)
    found = result(one, churn, series)
    assert (found.actual, found.numerator, found.denominator) == (D("0.273"), 273, 1000)  # 91 x 3 / 1000
    assert near(found.progress, "0.7080")  # (.273 - .45) / (.20 - .45)
    assert sentence(found.calculation) == (
        "273 of 1000 customers at the start of 2026-08-24 left in the 13 weeks to 2026-11-22: 0.273."
    )


def test_growth_goal_follows_last_years_own_weeks() -> None:
    growth = kpi(GROWTH)
    series = steady(growth, lambda day: 12 if day.year == 2026 else 10)
    found = result(goal(kind="level", kpi="growth", target="25 %"), growth, series)
    assert found.actual == D("0.2")  # 672 against 560
    assert near(found.progress, "0.5908")  # 672 of 1.25 x 910
    assert near(found.expected, "0.6154")  # 560 of 910
    assert found.required_rate == D("0.33")  # (1137.5 - 672) / 350 - 1
    assert found.expected_value == D("0.25")
    assert (found.plan_used, found.status) == ("seasonal", "on_track")


def test_seasonal_plan_is_shrunk_to_flat_by_the_years_known() -> None:
    # last year's first 8 weeks of 13 carried 8 x 70 of 8 x 70 + 5 x 140 = .4444; two years known: trust 2/3
    def amount(day: date) -> int:
        return 20 if (day.month, day.day) >= (11, 20) else 10

    revenue = kpi(REVENUE)
    series = steady(revenue, amount, first=date(2023, 9, 1))
    found = result(goal(plan="seasonal", due=date(2026, 12, 27)), revenue, series)
    assert found.plan_used == "seasonal"
    shares = []
    for monday, sunday, end in (
        (date(2025, 9, 29), date(2025, 11, 23), date(2025, 12, 28)),
        (date(2024, 9, 30), date(2024, 11, 24), date(2024, 12, 29)),
        (date(2023, 10, 2), date(2023, 11, 26), date(2023, 12, 31)),
    ):
        done = sum(amount(date.fromordinal(n)) for n in range(monday.toordinal(), sunday.toordinal() + 1))
        total = sum(amount(date.fromordinal(n)) for n in range(monday.toordinal(), end.toordinal() + 1))
        shares.append(D(done) / total)
    expected = D(3) / 4 * sum(shares) / 3 + D(1) / 4 * D(56) / 91
    assert near(found.expected, str(round(expected, 4)))
    young = result(goal(plan="seasonal"), revenue, steady(revenue, amount, first=date(2026, 1, 5)))
    assert young.plan_used == "linear"


def test_milestones_are_joined_by_straight_lines() -> None:
    one = goal(
        plan="milestones",
        milestones=[{"date": date(2026, 11, 15), "value": 400}, {"date": date(2026, 11, 29), "value": 700}],
    )
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    assert found.plan_used == "milestones"
    assert near(found.expected_value, "550")  # half way between 400 on the 15th and 700 on the 29th


@pytest.mark.parametrize(
    ("target", "relative_to", "expected"),
    [("-20 %", "baseline", "0.36"), ("-5 pp", "baseline", "0.40"), ("20 %", None, "0.20")],
)
def test_percent_of_the_baseline_is_not_percentage_points(
    target: str, relative_to: str | None, expected: str
) -> None:
    one = goal(kind="level", kpi="churn_rate", baseline="45 %", target=target, relative_to=relative_to)
    churn = kpi(CHURN)
    assert result(one, churn, steady(churn, lambda day: 3, lambda day: 1000)).target == D(expected)


def test_a_target_against_last_year_takes_the_same_quarter() -> None:
    # whole months: 1 Oct to 31 Dec 2025 is 92 days of 10; + 25 %
    one = goal(target="+25 %", relative_to="prior_year", start=date(2026, 10, 1), due=date(2026, 12, 31))
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    assert found.target == D(1150)


def test_maintain_judges_whole_weeks_and_counts_those_allowed() -> None:
    closing = kpi(CLOSING)
    bad = {Week(2026, 42), Week(2026, 44)}

    def won(day: date) -> int:
        return 1 if Week.of(day) in bad else 3

    series = steady(closing, won, lambda day: 10)
    one = goal(
        kind="maintain", kpi="closing", target="25 %", inside={"at_least": 9, "of": 12},
        start=date(2026, 10, 1), due=date(2026, 12, 31),
    )  # fmt: skip
    found = result(one, closing, series)
    # W40 is cut to 4 days and not judged; W41..W47 are 7, of which 2 are outside; 12 whole weeks, 3 allowed
    assert near(found.progress, "0.7143")  # 5 of 7
    assert (found.expected, found.status) == (D("0.75"), "on_track")
    strict = result(one.model_copy(update={"inside": None}), closing, series)
    assert (strict.status, strict.basis) == ("off_track", "decided")
    assert "worse than 0.25: 2; allowed: 0" in sentence(strict.reason)


def test_a_target_equal_to_the_baseline_is_a_goal_to_keep() -> None:
    one = goal(kind="level", kpi="closing", baseline="30 %", target="30 %")
    assert result(one, kpi(CLOSING), steady(kpi(CLOSING), lambda d: 3, lambda d: 10)).kind == "maintain"


def test_a_budget_used_too_fast_is_behind() -> None:
    cost = kpi(REVENUE, direction="down")
    found = result(goal(target="600"), cost, steady(cost, lambda day: 10))
    assert near(found.pace_gap, "0.3179")  # 560/600 - 56/91: raw, as printed
    assert found.status == "at_risk"
    broken = result(goal(target="500"), cost, steady(cost, lambda day: 10))
    assert (broken.status, broken.basis) == ("off_track", "decided")
    over = result(goal(target="500"), cost, steady(cost, lambda day: 10), week="2026-W52")
    assert over.status == "missed"
    kept = result(goal(target="910"), cost, steady(cost, lambda day: 10), week="2026-W52")
    assert kept.status == "achieved"


def test_the_target_of_a_past_week_is_the_one_in_force_then() -> None:
    one = goal(
        target="1300",
        target_changes=[{"on": date(2026, 11, 10), "by": "ann", "reason": "cut", "previous": "1500"}],
    )
    assert target_in_force(one, date(2026, 11, 9)).amount == 1500
    assert target_in_force(one, date(2026, 11, 10)).amount == 1300
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    assert (found.target, found.original_target) == (1300, 1500)


def test_what_the_pages_draw() -> None:
    found = result(goal(), kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    assert len(found.months) == 13
    assert (found.months[-2].value, found.months[-1].closed) == (310, False)  # October closed, November open
    assert [point.actual for point in found.burn_up][:8] == [70 * n for n in range(1, 9)]
    assert found.burn_up[8].actual is None and near(found.burn_up[8].plan, "900")
    assert len(found.periods) == 104 + 8
    assert {period.value for period in found.periods} == {D(70)}
    assert found.control is not None and found.control.mean == 70


def test_an_override_stands_beside_the_status_until_its_date() -> None:
    words = {"status": "on_track", "by": "ann", "reason": "big deal signed", "until": date(2026, 11, 23)}
    one = goal(override=words)
    series = steady(kpi(REVENUE), lambda day: 10)
    assert result(one, kpi(REVENUE), series).override_status == "on_track"
    assert result(one, kpi(REVENUE), series).status == "at_risk"
    assert result(one, kpi(REVENUE), series, week="2026-W48").override_status is None


def test_an_override_of_today_says_nothing_about_weeks_run_again() -> None:
    """Otherwise the page of an old week would print a judgement that nobody had made."""
    days = {"on": date(2026, 11, 20), "until": date(2026, 12, 4)}
    one = goal(override={"status": "watch", "by": "ann", "reason": "new", **days})
    series = steady(kpi(REVENUE), lambda day: 10)
    assert result(one, kpi(REVENUE), series, week="2026-W46").override_status is None
    assert result(one, kpi(REVENUE), series, week="2026-W47").override_status == "watch"


def test_an_override_without_its_day_begins_with_the_goal() -> None:
    """The goal begins on Monday 28 September, on which the pages of week 39 are made."""
    one = goal(override={"status": "watch", "by": "ann", "reason": "new", "until": date(2026, 12, 4)})
    series = steady(kpi(REVENUE), lambda day: 10)
    assert result(one, kpi(REVENUE), series, week="2026-W38").override_status is None
    assert result(one, kpi(REVENUE), series, week="2026-W40").override_status == "watch"


def test_evaluating_weeks_in_any_order_gives_the_same() -> None:
    series = steady(kpi(REVENUE), lambda day: 10)
    weeks = ["2026-W45", "2026-W47", "2026-W46"]
    there = {week: result(goal(), kpi(REVENUE), series, week) for week in weeks}
    back = {week: result(goal(), kpi(REVENUE), series, week) for week in reversed(weeks)}
    assert there == back


def test_months_keep_their_calendar_a_year_back() -> None:
    assert prior_year_span(Span(date(2024, 2, 1), date(2024, 2, 29)), "month").last == date(2023, 2, 28)
    assert whole_periods(Span(date(2026, 11, 16), date(2026, 12, 31)), "month") == D(15) / 30 + 1


def test_stretch_says_what_it_is() -> None:
    found = result(goal(ambition="stretch"), kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    assert "stretch goal" in found.reason.template
    inner = found.reason.params["reason"][1]
    assert "behind plan" in sentence(inner)


def test_states_name_the_problem_source() -> None:
    stale = replace(fresh(), freshness="stale", received_at=datetime(2026, 11, 2, 6, tzinfo=UTC))
    series = steady(kpi(REVENUE), lambda day: 10, last=date(2026, 11, 1))
    found = result(goal(), kpi(REVENUE), series, states={"crm": stale})
    assert (found.data_through, found.actual) == (date(2026, 11, 1), 350)
    assert [period.value for period in found.periods[-3:]] == [None, None, None]  # not zeros
    assert (found.status, found.problems) == ("no_verdict", ("crm",))
    assert "is out of date" in found.reason.template
    assert found.reason.params["received"] == ("date", date(2026, 11, 2))


def test_a_rate_that_prints_like_its_baseline_is_not_called_worse() -> None:
    """472 of 787 is 59.97 %, printed 60 %: "worse than the 60 % at the start" would contradict itself."""
    one = goal(kpi="closing", kind="level", baseline="60 %", target="66 %", measured={"over": "window"})
    rate = kpi(CLOSING)
    first, later = date(2026, 9, 28), date(2026, 9, 29)
    won, closed = {first: 472}, {first: 787, later: 0}
    series = steady(rate, lambda day: won.get(day, 0), lambda day: closed.get(day, 0))
    found = result(one, rate, series)
    assert found.actual == Decimal(472) / 787
    assert "worse" not in sentence(found.reason)
    assert "behind plan" in sentence(found.reason)


def test_a_year_that_is_not_over_is_no_base_for_a_target() -> None:
    """In May 2025 the last quarter of 2025 has no figure: +30 % of it is no target of zero, nor of a part."""
    one = goal(target="+30 %", relative_to="prior_year", start=date(2026, 10, 1), due=date(2026, 12, 31))
    revenue = kpi(REVENUE)
    series = steady(revenue, lambda day: 100)
    assert not result(one, revenue, series, "2025-W20").target_known
    assert not result(one, revenue, series, "2025-W46").target_known
    after = result(one, revenue, series, "2026-W02")
    assert after.target_known and after.target == D("1.3") * 92 * 100
