"""From a goal's days to its chance: which days count for what, worked out on series one can add up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.goals.chances import chance_history, outlook_at_start
from pipeline.goals.measure import horizon, resolved
from pipeline.goals.status import ChanceHistory
from pipeline.periods import Week, cutoff
from pipeline.workspace.model import Goal, Kpi
from tests.unit.goals.goals_cases import CHURN, CLOSING, GROWTH, REVENUE, ZONE, goal, kpi, steady

D = Decimal
QUARTER = {"start": date(2026, 10, 1), "due": date(2026, 12, 31)}  # Thursday to Thursday, 14 ISO weeks
W47 = "2026-W47"


def _history(one: Goal, kpi_: Kpi, series: Any, week: str = W47) -> ChanceHistory | None:
    wk = Week.parse(week)
    seen = horizon(wk, cutoff(wk, ZONE), ZONE)
    return chance_history(one, kpi_, series, seen, resolved(one.target, one, kpi_, series))


def _known(one: Goal, kpi_: Kpi, series: Any, week: str = W47) -> ChanceHistory:
    found = _history(one, kpi_, series, week)
    assert found is not None
    return found


def _near(value: Decimal, expected: float, share: float = 0.01) -> bool:
    return abs(float(value) - expected) <= share * expected


def _working_days(first: date, last: date) -> int:
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return sum(day.weekday() < 5 for day in days)


def _weekdays(amount: int) -> Any:
    return lambda day: amount if day.weekday() < 5 else 0


def test_a_quarter_that_begins_and_ends_on_a_thursday_counts_its_own_days() -> None:
    """10 each working day: the quarter has 66 of them. Four sevenths of a week for each end would make 14."""
    series = steady(kpi(REVENUE), _weekdays(10))
    one = goal(**QUARTER, target="665")
    total = 10 * _working_days(one.start, one.due)
    assert total == 660
    found = _known(one, kpi(REVENUE), series)
    assert _near(found.now.forecast, total, 0.003)
    assert len(found.by_period) == 9  # at the start, and after eight closed periods
    at_start = outlook_at_start(one, kpi(REVENUE), series, D(665))
    assert at_start is not None and abs(at_start.forecast - total) < 2


def test_a_chance_sees_nothing_of_later_days() -> None:
    series = steady(kpi(REVENUE), lambda day: 10 + day.day % 3)
    other = steady(kpi(REVENUE), lambda day: 10 + day.day % 3 if day <= Week.parse(W47).sunday else 999)
    one = goal(**QUARTER, target="1010")
    early, late = _known(one, kpi(REVENUE), series), _known(one, kpi(REVENUE), other)
    assert early == late
    # and the chance of an earlier week is the same when it is replayed later
    before = _known(one, kpi(REVENUE), series, "2026-W44")
    assert before.by_period == early.by_period[: len(before.by_period)]
    assert before.now.probability == before.by_period[-1]


def test_the_fan_ends_where_the_forecast_is_and_begins_at_what_is_reached() -> None:
    series = steady(kpi(REVENUE), lambda day: 10 + day.day % 3)
    found = _known(goal(**QUARTER, target="1010"), kpi(REVENUE), series).now
    assert [point.day for point in found.fan][-1] == date(2026, 12, 31) and len(found.fan) == 6
    last = found.fan[-1]
    assert (last.low, last.middle, last.high) == (found.low, found.forecast, found.high)
    reached = sum(10 + (date(2026, 10, 1) + timedelta(days=i)).day % 3 for i in range(53))
    assert _near(found.fan[0].middle, reached + 77, 0.02)


def test_a_growth_goal_is_last_years_sum_and_more() -> None:
    """12 a day against 10 a year before: 20 %."""
    growth = kpi(GROWTH)
    series = steady(growth, lambda day: 12 if day >= date(2026, 1, 1) else 10)
    one = goal(kpi="growth", kind="level", measured={"over": "window"}, target="15 %", **QUARTER)
    found = _known(one, growth, series)
    assert abs(found.now.forecast - D("0.2")) < D("0.01") and found.now.probability > 0.95
    steep = goal(kpi="growth", kind="level", measured={"over": "window"}, target="30 %", **QUARTER)
    assert _known(steep, growth, series).now.probability < 0.05


def test_a_stock_rate_is_forecast_over_the_days_it_is_measured() -> None:
    """2 of 1000 leave each day: 182 in the 91 days to the due date."""
    churn = kpi(CHURN)
    series = steady(churn, lambda day: 2, lambda day: 1000)
    one = goal(kpi="churn_rate", kind="level", baseline="45 %", target="20 %", **QUARTER)
    found = _known(one, churn, series)
    assert abs(found.now.forecast - D("0.182")) < D("0.002") and found.now.probability > 0.9
    kept = kpi(CHURN, complement=True, direction="up", id="retention_rate")
    reverse = goal(kpi="retention_rate", kind="level", baseline="50 %", target="83 %", **QUARTER)
    found = _known(reverse, kept, steady(kept, lambda day: 2, lambda day: 1000))
    assert abs(found.now.forecast - D("0.818")) < D("0.002") and found.now.probability < 0.1


def test_few_that_leave_a_large_stock_are_rare_and_not_alike() -> None:
    """2 of 2000 leave on each Monday and Thursday: 4 a week, 52 in the 13 weeks to the due date."""
    churn = kpi(CHURN)
    series = steady(churn, lambda day: 2 if day.weekday() in (0, 3) else 0, lambda day: 2000)
    one = goal(kpi="churn_rate", kind="level", baseline="4 %", target="3 %", **QUARTER)
    found = _known(one, churn, series).now
    assert (
        found.method == "bank" and abs(found.forecast - D("0.026")) < D("0.001") and found.probability > 0.9
    )


def test_more_that_leave_a_stage_than_enter_it_are_no_share() -> None:
    """3 enter the later stage and 4 the earlier one each day, but every fourth week it is 6 and 4."""
    flow = kpi(CLOSING, id="funnel_flow")
    series = steady(flow, lambda day: 6 if Week.of(day).number % 4 == 0 else 3, lambda day: 4)
    one = goal(kpi="funnel_flow", kind="level", baseline="70 %", target="85 %", **QUARTER)
    found = _known(one, flow, series).now
    # three of the quarter's last 13 weeks have 150 %, the others 75 %
    assert found.method == "bank" and D("0.85") < found.forecast < D("1")


def test_a_rate_of_few_cases_is_counted_and_has_a_chance_from_three_weeks() -> None:
    """A quarter of four a day is won; 30 % over the trailing 13 weeks is possible, 60 % is not."""
    closing = kpi(CLOSING)
    young = date(2026, 11, 2)
    series = steady(closing, lambda day: 1 if day.weekday() < 4 else 0, lambda day: 4, first=young)
    base = {"kpi": "closing", "kind": "level", "baseline": "20 %", **QUARTER}
    found = _known(goal(**base, target="25 %"), closing, series)
    assert found.now.method == "counts" and found.now.low_confidence and found.at_set is None
    assert found.now.probability > _known(goal(**base, target="60 %"), closing, series).now.probability
    sums = steady(kpi(REVENUE), lambda day: 10, first=young)
    assert _history(goal(**QUARTER), kpi(REVENUE), sums) is None  # three weeks of a sum say nothing


def test_a_level_is_the_mean_of_its_weeks() -> None:
    """70 a week: the last whole week, and the mean of the window's 92 days."""
    series = steady(kpi(REVENUE), lambda day: 10)
    for measured in ({"over": "last"}, {"over": "window"}, {"over": "trailing", "periods": 4}):
        one = goal(kind="level", baseline="60", target="80", measured=measured, **QUARTER)
        assert _near(_known(one, kpi(REVENUE), series).now.forecast, 70), measured


def test_weeks_to_keep_allow_what_is_declared() -> None:
    """Every other week has 80, else 60; at least 75 is kept in half of the weeks, and never in all."""
    series = steady(kpi(REVENUE), lambda day: D(80 if Week.of(day).number % 2 else 60) / 7)
    base = {"kind": "maintain", "target": "75", "start": date(2026, 9, 28), "due": date(2026, 12, 27)}
    often = goal(**base, inside={"at_least": 4, "of": 13})
    assert _known(often, kpi(REVENUE), series, "2026-W44").now.probability > 0.6
    assert _known(goal(**base), kpi(REVENUE), series).now.probability == 0.0


def test_a_week_without_figures_is_estimated_in_a_sum() -> None:
    """70 a week, and one week of the window never arrived: its 70 belong to the forecast, not to what is
    reported."""
    gap = Week.parse("2026-W43")
    missing = kpi(REVENUE, empty="missing")
    series = steady(missing, lambda day: None if gap.monday <= day <= gap.sunday else 10)
    found = _known(goal(target="900"), missing, series)
    assert _near(found.now.forecast, 910, 0.005)


def test_weeks_before_a_start_to_come_are_not_weeks_without_business() -> None:
    """70 a week up to 22 November; the next quarter's goal is set before the weeks up to it are there."""
    series = steady(kpi(REVENUE), lambda day: 10, last=Week.parse(W47).sunday)
    found = outlook_at_start(
        goal(start=date(2027, 1, 1), due=date(2027, 3, 31)), kpi(REVENUE), series, D(880)
    )
    assert found is not None and abs(found.forecast - 900) < 10  # 90 days of 10


@pytest.mark.parametrize("week", ["2026-W39", "2026-W53"])
def test_no_chance_before_the_first_close_and_after_the_last(week: str) -> None:
    series = steady(kpi(REVENUE), lambda day: 10)
    assert _history(goal(**QUARTER), kpi(REVENUE), series, week) is None


def test_a_month_of_the_books_is_whole() -> None:
    books = kpi(REVENUE, grain="month")
    series = steady(books, lambda day: 100 if day.day == 5 else 0)
    found = _known(goal(target="1150", start=date(2026, 1, 1), due=date(2026, 12, 31)), books, series)
    assert _near(found.now.forecast, 1200) and len(found.now.fan) == 2


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_is_measured_a_chance_is_a_chance(data: st.DataObject) -> None:
    """Any KPI, kind, measurement, grain and window on young, gappy, zero and negative series."""
    pick = data.draw
    base = pick(st.sampled_from([REVENUE, CLOSING, CHURN, GROWTH]))
    more = {
        "grain": pick(st.sampled_from(["day", "month"])),
        "empty": pick(st.sampled_from(["zero", "missing"])),
    }
    if base in (CLOSING, CHURN):
        more |= {"complement": pick(st.booleans()), "minimum_sample": pick(st.sampled_from([0, 5]))}
    one_kpi = kpi(base, **more)
    amounts = pick(st.lists(st.sampled_from([None, 0, 0, 1, 2, 3, 900, -4]), min_size=7, max_size=7))
    cases = pick(st.lists(st.sampled_from([0, 1, 4, 50]), min_size=7, max_size=7))
    first = date(2026, 11, 10) - timedelta(days=pick(st.integers(0, 800)))
    series = steady(
        one_kpi, lambda day: amounts[day.day % 7], lambda day: cases[day.day % 7],
        first=first, last=date(2026, 11, 22),
    )  # fmt: skip
    start = date(2026, 11, 1) - timedelta(days=pick(st.integers(0, 200)))
    fields = {
        "kpi": one_kpi.id, "kind": pick(st.sampled_from(["cumulative", "level", "maintain"])),
        "target": pick(st.sampled_from(["0", "1", "0.4", "200", "9000"])), "baseline": "0.5",
        "start": start, "due": start + timedelta(days=pick(st.integers(25, 400))),
        "measured": pick(st.sampled_from([None, {"over": "last"}, {"over": "window"}, {"over": "trailing"}])),
    }  # fmt: skip
    one = goal(**fields)
    found = _history(one, one_kpi, series)
    if found is not None:
        assert all(0 <= chance <= 1 for chance in found.by_period) and found.now.forecast.is_finite()
        assert found.now.low <= found.now.forecast <= found.now.high
    at_start = outlook_at_start(one, one_kpi, series, D(fields["target"]))
    assert at_start is None or (0 <= at_start.probability <= 1 and np.isfinite(at_start.forecast))


def test_growth_over_a_year_without_sales_at_first_has_a_chance_and_no_fan() -> None:
    """Last year's sales begin in December: until then this year's growth is a division by nothing."""
    growth = kpi(GROWTH)
    series = steady(growth, lambda day: 0 if day < date(2025, 12, 1) else 10, first=date(2025, 1, 1))
    found = _known(goal(kpi="growth", target="50 %", **QUARTER), growth, series)
    assert found.now.fan == ()
    # 92 days of 10 over 31 days of 10
    assert abs(found.now.forecast - D(92) / 31 + 1) < D("0.1")
