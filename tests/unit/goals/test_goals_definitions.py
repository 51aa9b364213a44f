"""The definitions of progress and status, one by one, at their edges; numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from pipeline.goals import reasons
from pipeline.goals.chances import chance_history
from pipeline.goals.measure import base_of, horizon
from pipeline.goals.model import Chance
from pipeline.goals.status import ChanceHistory, chance_status, printed_chance
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


@pytest.mark.parametrize(
    ("start", "due", "target"),
    [
        # W53 of 2020 and W01-W04 of 2021: W01 of 2020 for both of the first two, then its W02-W04
        (date(2020, 12, 28), date(2021, 1, 31), 5 * 70),
        # W52 of 2021 and W01-W04 of 2022: W52 of 2020 and W01-W04 of 2021, without the W53 between them
        (date(2021, 12, 27), date(2022, 1, 30), 5 * 70),
        # whole calendar months are held against the same months
        (date(2020, 12, 1), date(2021, 2, 28), (31 + 31 + 29) * 10),
    ],
)
def test_a_target_over_last_year_has_as_many_weeks_of_it_around_week_53(
    start: date, due: date, target: int
) -> None:
    """10 a day: five weeks are held against five, not four or six."""
    one = kpi(REVENUE)
    series = steady(one, lambda day: 10, first=date(2018, 1, 1), last=date(2022, 12, 31))
    asked = goal(target="+10 %", relative_to="prior_year", start=start, due=due)
    assert base_of(asked, one, series) == target


def _uneven(day: date) -> int:
    """10 a day, of the first ISO week of 2020 20, of the 53rd 1000."""
    year, week, _ = day.isocalendar()
    return 1000 if week == 53 else 20 if (year, week) == (2020, 1) else 10


@pytest.mark.parametrize(
    ("due", "mean", "share", "churn"),
    [
        # W45-W53 of 2020 and W01-W04 of 2021: W45-W52 of 2019, W01 of 2020 twice, its W02-W04; of 12 weeks
        # a mean of 980 / 12. The opening stock is 1000 on each day.
        (date(2021, 1, 31), D(11 * 70 + 2 * 140) / 13, D(11 * 70 + 2 * 140) / (13 * 700), D(1050) / 1000),
        # W44-W52 of 2021 and W01-W04 of 2022: W44-W52 of 2020 and W01-W04 of 2021, not the W53 between
        (date(2022, 1, 30), D(70), D(1) / 10, D(910) / 1000),
        # 13 weeks within a year: W40-W52 of 2019
        (date(2020, 12, 27), D(70), D(1) / 10, D(910) / 1000),
    ],
)
def test_a_trailing_level_over_last_year_has_as_many_weeks_of_it_around_week_53(
    due: date, mean: D, share: D, churn: D
) -> None:
    days = {"first": date(2018, 1, 1), "last": date(2022, 12, 31)}
    revenue, closing, lost = kpi(REVENUE), kpi(CLOSING), kpi(CHURN)
    found = [
        base_of(
            goal(kind="level", kpi=one.id, target="+10 %", relative_to="prior_year", start=date(2020, 1, 6),
                 due=due, measured={"over": "trailing", "periods": 13}),
            one,
            series,
        )
        for one, series in (
            (revenue, steady(revenue, _uneven, **days)),
            (closing, steady(closing, _uneven, lambda day: 100, **days)),
            (lost, steady(lost, _uneven, lambda day: 1000, **days)),
        )
    ]  # fmt: skip
    assert found == [mean, share, churn]


def test_a_share_kept_over_last_year_is_one_less_the_part_that_left_around_week_53() -> None:
    """As above: of 9100 cases 1050 left. Where 9101 are needed for a figure there is none."""
    due, first, last = date(2021, 1, 31), date(2018, 1, 1), date(2022, 12, 31)
    asked = goal(kind="level", kpi="closing", target="+1 pp", relative_to="prior_year", due=due,
                 start=date(2020, 1, 6), measured={"over": "trailing", "periods": 13})  # fmt: skip
    found = []
    for needed in (9100, 9101):
        one = kpi(CLOSING, complement=True, minimum_sample=needed)
        found.append(base_of(asked, one, steady(one, _uneven, lambda day: 100, first=first, last=last)))
    assert found == [1 - D(1050) / 9100, None]


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


# --- what a target rests on --------------------------------------------------------------------------


def test_a_level_without_history_begins_at_its_first_figure() -> None:
    """No week before the start; the first one is at 20 %, the newest at 28 %: (28 - 20) / (40 - 20)."""
    closing = kpi(CLOSING)
    start = date(2026, 8, 24)

    def won(day: date) -> int:
        return 20 if day < date(2026, 8, 31) else 29 if day < date(2026, 11, 2) else 28

    series = steady(closing, won, lambda day: 100, first=start)
    one = goal(
        kind="level", kpi="closing", target="40 %", measured={"over": "last"}, start=start,
        due=date(2026, 12, 27),
    )  # fmt: skip
    found = result(one, closing, series)
    assert (found.baseline, found.baseline_day) == (D("0.20"), date(2026, 8, 30))
    assert (found.actual, found.progress) == (D("0.28"), D("0.4"))
    assert found.status != "no_verdict"


def test_a_level_at_its_target_from_the_start_has_no_way_and_no_share() -> None:
    """70 a week before, a target of 60: no share of a way, but at the target; at 50 no longer."""
    revenue = kpi(REVENUE)
    one = goal(kind="level", target="60")
    kept = result(one, revenue, steady(revenue, lambda day: 10))
    assert (kept.baseline, kept.progress, kept.expected, kept.status) == (70, None, None, "on_track")
    fell = result(one, revenue, steady(revenue, lambda day: 10 if day < one.start else D(50) / 7))
    assert (fell.progress, fell.status) == (None, "watch")
    assert "no longer at the target of 60" in sentence(fell.reason)
    # (50 - 70) / (60 - 70) would call it 200 % of the way
    assert (D(50) - 70) / (D(60) - 70) == 2


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # the quarter before: 92 days of 10, + 25 %
        ((date(2026, 10, 1), date(2026, 12, 31)), D(1150)),
        # four weeks before: 280, + 25 %
        ((date(2026, 10, 26), date(2026, 11, 22)), D(350)),
    ],
)
def test_the_period_before_is_as_long_as_the_window(window: tuple[date, date], expected: D) -> None:
    one = goal(target="+25 %", relative_to="prior_period", start=window[0], due=window[1])
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    assert found.target == expected
    assert found.terms is not None and found.terms.base_value == expected / D("1.25")


def test_a_percentage_of_a_loss_is_no_target() -> None:
    """- 100 and 10 % more would be - 110: a larger loss."""
    one = goal(target="+10 %", relative_to="prior_period", start=date(2026, 10, 1), due=date(2026, 12, 31))
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: -10))
    assert (found.target_known, found.status) == (False, "no_verdict")


def test_a_negative_number_is_a_number_and_no_change() -> None:
    """From a loss of 80 a week to one of 50: the target is -50, not -130."""
    one = goal(kind="level", baseline="-80", target="-50")
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: D(-65) / 7))
    assert (found.target, round(found.progress or 0, 6)) == (-50, D("0.5"))


def test_steps_hold_until_the_next_date() -> None:
    """400 from 15 November, 700 from the 29th: 400 is asked for on the 22nd, and 550 by straight lines."""
    dated = ((date(2026, 11, 15), 400), (date(2026, 11, 29), 700))
    fields = {"milestones": [{"date": day, "value": value} for day, value in dated]}
    series = steady(kpi(REVENUE), lambda day: 10)
    steps, lines = (
        result(goal(plan=plan, **fields), kpi(REVENUE), series) for plan in ("steps", "milestones")
    )
    assert (steps.plan_used, round(steps.expected_value or 0, 6)) == ("steps", 400)
    assert (lines.plan_used, round(lines.expected_value or 0, 6)) == ("milestones", 550)
    after = result(goal(plan="steps", **fields), kpi(REVENUE), series, week="2026-W48")
    assert round(after.expected_value or 0, 6) == 700


def test_a_stretch_goal_is_flagged_below_half_of_what_it_began_with() -> None:
    """Of .30 at set time, .20 and .16 are below .40, but not below .15; .14 and .12 are, twice."""
    now = Chance(0.16, D(0), D(1), D(0))
    fair = ChanceHistory(now, (0.30, 0.20, 0.16), 0.30)
    assert (chance_status(fair, stretch=True), chance_status(fair)) == ("on_track", "at_risk")
    once = ChanceHistory(now, (0.30, 0.20, 0.14), 0.30)
    assert chance_status(once, stretch=True) == "on_track"
    twice = ChanceHistory(replace(now, probability=0.12), (0.30, 0.14, 0.12), 0.30)
    assert chance_status(twice, stretch=True) == "at_risk"


def test_a_stretch_goal_s_reason_names_the_chance_it_began_with() -> None:
    revenue = kpi(REVENUE)
    series = steady(revenue, lambda day: 10 + day.toordinal() % 5 + day.toordinal() // 7 % 4)
    one = goal(ambition="stretch", target="1250")
    seen = horizon(Week(2026, 47), cutoff(Week(2026, 47), ZONE), ZONE)
    chances = chance_history(one, revenue, series, seen, D(1250))
    found = result(one, revenue, series, chances=chances)
    assert found.chance_at_set == chances.at_set if chances else False
    assert "flagged only when its chance" in found.reason.template
    assert found.reason.params["at_set"] == ("text", printed_chance(found.chance_at_set or 0))
