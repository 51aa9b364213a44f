"""The definitions of progress and status, one by one, at their edges; numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from pipeline.goals import reasons
from pipeline.periods import Week
from tests.unit.goals.goals_cases import (
    CHURN,
    CLOSING,
    GROWTH,
    REVENUE,
    fresh,
    goal,
    kpi,
    result,
    sentence,
    steady,
)

WINDOW = {"start": date(2026, 9, 28), "due": date(2026, 12, 27)}  # 91 days, 13 whole weeks
QUARTER = {"start": date(2026, 10, 1), "due": date(2026, 12, 31)}


def flat(amount: int | str = 10, **changes: object) -> tuple:  # type: ignore[type-arg]
    one = kpi(REVENUE, **changes)
    return one, steady(one, lambda day: amount)


# --- status ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reached", "status"),
    [
        ("0.4500", "on_track"),  # 50 % of the way is planned: exactly -5 points
        ("0.4499", "watch"),
        ("0.3350", "watch"),  # exactly -16.5
        ("0.3349", "at_risk"),
        ("0.1700", "at_risk"),  # exactly -33
        ("0.1699", "off_track"),
    ],
)
def test_cut_offs_belong_to_the_better_status(reached: str, status: str) -> None:
    """The same for more and for less: from 0 to 100, and from 100 to 0."""
    window = {"start": date(2026, 10, 26), "due": date(2026, 12, 20)}  # 8 weeks, 4 of them over in W47
    for direction, start, end, value in (
        ("up", "0", "100", D(reached) * 100),
        ("down", "100", "0", 100 - D(reached) * 100),
    ):
        one = kpi(REVENUE, direction=direction)
        series = steady(one, lambda day, v=value: v if day.weekday() == 6 else 0)  # type: ignore[misc]
        found = result(goal(kind="level", baseline=start, target=end, **window), one, series)
        assert (found.expected, found.status) == (D("0.5"), status), direction


def test_not_started_lasts_to_the_sunday_before_and_asks_nothing() -> None:
    one, series = flat()
    found = result(goal(), one, series, week="2026-W39")
    assert (found.status, found.progress, found.expected, found.pace_gap) == ("not_started", None, None, None)
    assert result(goal(), one, series, week="2026-W40").status != "not_started"


def test_four_observations_are_enough_and_five_to_eight_are_of_low_confidence() -> None:
    one = kpi(REVENUE)
    for weeks, verdict, low in ((3, False, True), (4, True, True), (8, True, True), (9, True, False)):
        first = Week(2026, 47).plus(1 - weeks).monday
        found = result(goal(), one, steady(one, lambda day: 10, first=first))
        assert (found.status != "no_verdict", found.low_confidence) == (verdict, low), weeks


def test_a_goal_due_before_the_data_begin_has_no_verdict_and_is_not_missed() -> None:
    one = kpi(REVENUE)
    series = steady(one, lambda day: 10, first=date(2026, 9, 1))
    found = result(goal(start=date(2026, 1, 1), due=date(2026, 3, 31)), one, series)
    assert (found.status, found.actual, found.basis) == ("no_verdict", None, "none")


def test_a_stale_source_is_never_green() -> None:
    one, series = flat(1000)
    stale = replace(fresh(), freshness="stale")
    level = goal(kind="level", baseline="10", target="5000")
    assert result(level, one, series).status == "on_track"
    assert result(level, one, series, states={"crm": stale}).status == "no_verdict"


def test_a_late_export_is_said_with_the_verdict_of_the_weeks_before() -> None:
    one, series = flat()
    late = replace(fresh(), received_at=fresh().received_at.replace(day=16))  # type: ignore[union-attr]
    found = result(goal(), one, series, states={"crm": late})
    assert found.reason.template == reasons.LATE and found.basis == "pace"
    kind, inner = found.reason.params["reason"]
    assert kind == "text" and "2026-11-15" in sentence(inner)
    assert result(goal(), one, series).reason.template != reasons.LATE


# --- windows -----------------------------------------------------------------------------------------


def test_the_first_days_of_a_quarter() -> None:
    """1 October 2026 is a Thursday: on Sunday 4 of 92 days are over."""
    one, series = flat()
    found = result(goal(target="920", **QUARTER), one, series, week="2026-W40")
    assert (found.actual, found.expected, found.expected_value, found.status) == (
        40,
        D(4) / 92,
        40,
        "on_track",
    )
    assert found.pace_index is None  # less than a tenth of the way is planned: an index would only jump
    assert found.run_rate is None and found.required_rate == D(880) / (D(88) / 7)


def test_a_start_in_the_middle_of_a_week_counts_from_that_day() -> None:
    one, series = flat()
    found = result(goal(start=date(2026, 10, 7), due=date(2026, 12, 15), target="700"), one, series)
    assert (found.actual, found.expected) == (470, D(47) / 70)
    assert (found.periods_total, found.periods_closed) == (11, 7)


def test_a_year_is_cut_by_its_days() -> None:
    one, series = flat()
    found = result(goal(start=date(2026, 1, 1), due=date(2026, 12, 31), target="3650"), one, series)
    assert (found.actual, found.expected, found.pace_gap) == (3260, D(326) / 365, 0)
    assert found.periods_total == 53  # 2026 has a week 53, and its first days lie in week 1


def test_required_rate_is_per_remaining_week() -> None:
    """490 missing, 35 days left: 98 a week; the best week on record had 70, and the sentence says so."""
    one, series = flat()
    found = result(goal(target="1050"), one, series)
    assert (found.actual, found.required_rate, found.best_period) == (560, 98, 70)
    assert found.required_multiple == D(98) / 70
    assert "more than any week on record (70)" in sentence(found.reason)


# --- zeros and signs ---------------------------------------------------------------------------------


def test_targets_of_zero_divide_nothing() -> None:
    """From 14 complaints a week to none, now 7: half of the way."""
    one, series = flat(1, direction="down")
    found = result(goal(kind="level", baseline="14", target="0"), one, series)
    assert (found.actual, found.progress) == (7, D("0.5"))
    reached = result(goal(kind="level", baseline="14", target="0"), *flat(0, direction="down"))
    assert (reached.progress, reached.status) == (1, "on_track")


def test_a_sum_whose_target_is_zero_has_no_share_and_no_crash() -> None:
    """A budget of nothing: kept while nothing is spent, broken by the first cent."""
    for amount, week, status in (
        (0, "2026-W47", "on_track"), (1, "2026-W47", "off_track"), (0, "2026-W52", "achieved"),
        (1, "2026-W52", "missed"),
    ):  # fmt: skip
        one, series = flat(amount, direction="down")
        found = result(goal(target="0"), one, series, week=week)
        assert (found.progress, found.status) == (None, status)


def test_a_baseline_of_zero_is_a_baseline() -> None:
    one, series = flat(5)
    found = result(goal(kind="level", baseline="0", target="70"), one, series)
    assert (found.baseline, found.progress) == (0, D("0.5"))


def test_baseline_and_target_of_different_signs() -> None:
    """From -100 to +300 a week, now -20 x 7 / 7: a loss of 20 is a fifth of the way."""
    one = kpi(REVENUE)
    series = steady(one, lambda day: -20 if day.weekday() == 0 else 0)
    found = result(goal(kind="level", baseline="-100", target={"amount": 300}), one, series)
    assert (found.actual, found.progress) == (-20, D("0.2"))
    assert found.gap_value == -20 - found.expected_value  # type: ignore[operator]
    sinking = steady(one, lambda day: -150 if day.weekday() == 0 else 0)
    worse = result(goal(kind="level", baseline="-100", target={"amount": 300}), one, sinking)
    assert worse.reason.template == reasons.LEVEL_WORSE and worse.progress == D("-0.125")


def test_a_sum_below_zero_is_behind_and_needs_more_than_the_target() -> None:
    one, series = flat(-10)
    found = result(goal(target="910"), one, series)
    assert (found.actual, found.status) == (-560, "off_track")
    assert found.required_rate == D(1470) / 5 and found.required_multiple is None  # no multiple of a loss


def test_a_rate_over_nothing_is_missing_in_every_kind() -> None:
    closing = kpi(CLOSING)
    series = steady(closing, lambda day: 0, lambda day: 0)
    for kind in ("level", "maintain"):
        found = result(goal(kind=kind, kpi="closing", baseline="25 %", target="30 %"), closing, series)
        assert (found.actual, found.progress, found.status) == (None, None, "no_verdict")


def test_growth_over_a_year_with_week_53_compares_equal_weeks() -> None:
    """10 a day in 2025, 12 since: week 53 has no namesake in 2025 and is held against the week 364 days
    earlier, which is 2026's own first (12 a day). Against 52 weeks alone growth would be 22 %."""
    one = kpi(GROWTH)
    series = steady(one, lambda day: 10 if day < date(2025, 12, 29) else 12, last=date(2027, 1, 3))
    window = {"start": date(2025, 12, 29), "due": date(2027, 1, 3)}
    found = result(
        goal(kind="level", kpi="growth", target="15 %", baseline=None, **window), one, series, "2026-W53"
    )
    assert (found.actual, found.numerator, found.denominator) == (
        D(4452) / 3724 - 1,
        12 * 371,
        10 * 364 + 12 * 7,
    )
    assert found.status == "achieved"


# --- words -------------------------------------------------------------------------------------------


def test_a_level_s_gap_is_said_in_its_own_unit() -> None:
    """35 of 100 customers left where the plan has 29.6: 5.4 points, not a share of the way."""
    churn = kpi(CHURN)
    series = steady(churn, lambda day: D(350) / 91, lambda day: 1000)
    found = result(goal(kind="level", kpi="churn_rate", baseline="45 %", target="20 %"), churn, series)
    kind, gap = found.reason.params["gap"]
    assert found.reason.template == reasons.LEVEL_BEHIND
    assert (kind, round(D(str(gap)), 4)) == (
        "points",
        round(D("0.35") - (D("0.45") - D("0.25") * 56 / 91), 4),
    )


def test_numbers_that_print_alike_have_no_gap_between_them() -> None:
    one = kpi(REVENUE)
    on_plan = 100 + D(100) * 56 / 91
    series = steady(one, lambda day: on_plan + D("0.3") if day.weekday() == 6 else 0)
    found = result(goal(kind="level", baseline="100", target="200"), one, series)
    assert found.reason.template == reasons.LEVEL_ON_PLAN


def test_growth_without_a_base_for_the_rest_prints_no_empty_number() -> None:
    one = kpi(GROWTH)
    series = steady(one, lambda day: 10 if day < date(2025, 11, 24) or day >= date(2026, 1, 1) else 0)
    found = result(goal(kind="level", kpi="growth", target="25 %", baseline=None, **WINDOW), one, series)
    assert "None" not in sentence(found.reason)


def test_a_stretch_goal_says_so_and_is_judged_alike_by_pace() -> None:
    one, series = flat(5)
    plain, stretch = (result(goal(ambition=name), one, series) for name in ("commit", "stretch"))
    assert plain.status == stretch.status
    assert stretch.reason.template == reasons.STRETCH
