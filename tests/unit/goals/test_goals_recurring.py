"""Recurring goals: one verdict and one chance a period, the row of met ones, and what a change is added to.

Every number is worked out by hand beside it; amounts are the same on all days of a week or month.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.goals.measure import Span
from pipeline.goals.model import GoalResult
from pipeline.goals.recurring import evaluate_recurring, recurring_spans
from pipeline.periods import Week, cutoff
from pipeline.workspace.model import Goal
from tests.unit.goals.goals_cases import CLOSING, REVENUE, ZONE, fresh, goal, kpi, sentence, steady

D = Decimal
WEEKLY = {"every": "week", "start": date(2026, 10, 26), "due": date(2026, 12, 27), "target": "100"}
MONTHLY = {"every": "month", "start": date(2026, 9, 1), "due": date(2026, 12, 31)}
REVENUES = {Week(2026, 44): 105, Week(2026, 45): 98, Week(2026, 46): 112, Week(2026, 47): 140}


def recurring(one: Goal, kpi_: Any, series: Any, week: str = "2026-W47") -> GoalResult:
    wk = Week.parse(week)
    known = cutoff(wk, ZONE) - timedelta(hours=2)
    return evaluate_recurring(one, kpi_, series, wk, cutoff(wk, ZONE), ZONE, {"crm": fresh(received=known)})


def by_week(day: date) -> D:
    return D(REVENUES.get(Week.of(day), 91)) / 7


def statuses(found: GoalResult) -> list[str]:
    assert found.recurrence is not None
    return [one.status for one in found.recurrence.instances]


def test_every_week_has_its_own_verdict_and_the_row_is_counted() -> None:
    """105, 98, 112 and 140 of 100 a week: met, missed, met, met."""
    revenue = kpi(REVENUE)
    found = recurring(goal(**WEEKLY), revenue, steady(revenue, by_week))
    again = found.recurrence
    assert again is not None and len(again.instances) == 9
    assert statuses(found)[:5] == ["achieved", "missed", "achieved", "achieved", "not_started"]
    assert [round(one.actual or 0, 6) for one in again.instances[:4]] == [105, 98, 112, 140]
    assert (again.met, again.judged, again.streak, again.longest) == (3, 4, 2, 2)
    assert (found.goal_id, found.start, found.due) == ("g", date(2026, 11, 16), date(2026, 11, 22))
    assert found.last_due == date(2026, 12, 27)
    # one sum over all weeks would call the missed week made good
    assert sum(one.actual or 0 for one in again.instances[:2]) >= 2 * 100


def test_the_coming_week_has_a_chance_of_its_own_and_the_later_ones_none() -> None:
    revenue = kpi(REVENUE)
    found = recurring(goal(**WEEKLY), revenue, steady(revenue, by_week))
    coming = found.recurrence.coming if found.recurrence else None
    assert coming is not None and coming.start == date(2026, 11, 23)
    assert 0 < (coming.chance or 0) < 1
    assert found.recurrence and [one.chance for one in found.recurrence.instances[5:]] == [None] * 4
    assert "likely to come to" in found.reason.template
    hard = recurring(goal(**{**WEEKLY, "target": "160"}), revenue, steady(revenue, by_week)).recurrence
    assert hard and hard.coming and (hard.coming.chance or 0) < (coming.chance or 0)


def test_the_chance_of_the_coming_week_sees_no_later_day() -> None:
    """What happens after the edition's Sunday moves nothing in it."""
    revenue = kpi(REVENUE)
    flat = recurring(goal(**WEEKLY), revenue, steady(revenue, by_week))
    boom = steady(revenue, lambda day: by_week(day) if day <= date(2026, 11, 22) else D(500))
    assert recurring(goal(**WEEKLY), revenue, boom) == flat


@pytest.mark.parametrize(
    ("fields", "targets"),
    [
        # 500 + 10 %, then each month's actual (600, 540, 700) + 10 %
        ({"compounding": "actual", "relative_to": "baseline", "baseline": "500"}, [550, 660, 594, 770]),
        # 500 x 1.1, x 1.21, x 1.331, x 1.4641
        (
            {"compounding": "baseline", "relative_to": "baseline", "baseline": "500"},
            [550, 605, D("665.5"), D("732.05")],
        ),
        # August had 400
        ({"relative_to": "prior_period"}, [440, 660, 594, 770]),
    ],
)  # fmt: skip
def test_ten_percent_every_month_on_what_was_declared(fields: dict[str, Any], targets: list[Any]) -> None:
    amounts = {8: (400, 31), 9: (600, 30), 10: (540, 31), 11: (700, 30)}

    def daily(day: date) -> D:
        amount, days = amounts.get(day.month, (300, 30))
        return D(amount) / days

    revenue = kpi(REVENUE)
    one = goal(target="+10 %", **MONTHLY, **fields)
    found = recurring(one, revenue, steady(revenue, daily), "2026-W49")
    again = found.recurrence
    assert again is not None
    assert [round(part.target, 4) for part in again.instances if part.target is not None] == targets
    assert statuses(found)[:3] == [
        "achieved" if actual >= target else "missed"
        for actual, target in zip((600, 540, 700), targets, strict=False)
    ]


def test_the_month_after_an_open_one_has_no_target_yet() -> None:
    """December's + 10 % is on November, which is not over."""
    revenue = kpi(REVENUE)
    one = goal(target="+10 %", relative_to="prior_period", **MONTHLY)
    found = recurring(one, revenue, steady(revenue, lambda day: 10))
    assert found.recurrence and [part.target for part in found.recurrence.instances] == [
        D(341), D(330), D(341), None,
    ]  # fmt: skip
    assert found.terms is not None and (found.terms.base, found.terms.base_value) == ("prior_period", 310)


def test_points_are_added_and_percent_multiply() -> None:
    """A rate of 20 %: + 10 % is 22 %, + 10 points is 30 %; twice over 24.2 % and 40 %."""
    closing = kpi(CLOSING)
    series = steady(closing, lambda day: 2, lambda day: 10)
    fields = {"kind": "level", "kpi": "closing", "relative_to": "baseline", "baseline": "20 %", **MONTHLY}
    found = [
        recurring(goal(target=target, compounding="baseline", **fields), closing, series).recurrence
        for target in ("+10 %", "+10 pp")
    ]
    assert [[one.target for one in again.instances[:2]] for again in found if again] == [
        [D("0.22"), D("0.242")], [D("0.30"), D("0.40")],
    ]  # fmt: skip


def test_a_month_s_rate_is_pooled_over_the_month_alone() -> None:
    """September at 20 %, October at 30 %: October is 30 %, not a trailing quarter's rate."""
    closing = kpi(CLOSING)
    series = steady(closing, lambda day: 3 if day.month >= 10 else 2, lambda day: 10)
    one = goal(kind="level", kpi="closing", target="28 %", **MONTHLY)
    found = recurring(one, closing, series)
    assert found.recurrence and [part.actual for part in found.recurrence.instances[:2]] == [
        D("0.2"),
        D("0.3"),
    ]
    assert statuses(found)[:2] == ["missed", "achieved"]


def test_a_change_of_the_target_moves_no_verdict_of_an_earlier_period() -> None:
    """The target fell from 120 to 100 on 12 November: the 105 and 98 before were held against 120."""
    revenue = kpi(REVENUE)
    change = {"on": date(2026, 11, 12), "by": "ann", "reason": "board", "previous": "120"}
    found = recurring(goal(**WEEKLY, target_changes=[change]), revenue, steady(revenue, by_week))
    assert statuses(found)[:4] == ["missed", "missed", "achieved", "achieved"]
    assert found.recurrence and [one.target for one in found.recurrence.instances[:3]] == [120, 120, 100]
    assert found.original_target == 120


@pytest.mark.parametrize(("inside", "status"), [(None, "missed"), ({"at_least": 2, "of": 3}, "achieved")])
def test_when_all_are_over_the_count_decides(inside: dict[str, int] | None, status: str) -> None:
    """Three of four weeks met: not all, but more than the two of three that were asked for (3 of 4)."""
    revenue = kpi(REVENUE)
    one = goal(**{**WEEKLY, "due": date(2026, 11, 22)}, inside=inside)
    found = recurring(one, revenue, steady(revenue, by_week))
    assert (found.status, found.basis) == (status, "decided")
    assert sentence(found.reason).startswith("Weeks met: 3 of 4; ")


def test_a_period_without_figures_has_no_verdict_and_ends_the_row() -> None:
    revenue = kpi(REVENUE, empty="missing")
    series = steady(revenue, lambda day: None if Week.of(day) == Week(2026, 46) else by_week(day))
    found = recurring(goal(**WEEKLY), revenue, series)
    assert statuses(found)[:4] == ["achieved", "missed", "no_verdict", "achieved"]
    assert found.recurrence and (found.recurrence.streak, found.recurrence.judged) == (1, 3)


def test_before_the_first_period_closes_nothing_is_claimed() -> None:
    revenue = kpi(REVENUE)
    found = recurring(goal(**WEEKLY), revenue, steady(revenue, by_week), "2026-W43")
    assert (found.status, found.recurrence and found.recurrence.judged) == ("not_started", 0)


def test_quarters_are_three_months_from_the_start() -> None:
    one = goal(every="quarter", start=date(2026, 2, 1), due=date(2026, 7, 31))
    assert recurring_spans(one) == (
        Span(date(2026, 2, 1), date(2026, 4, 30)), Span(date(2026, 5, 1), date(2026, 7, 31)),
    )  # fmt: skip


def test_weeks_in_any_order_agree() -> None:
    revenue, one = kpi(REVENUE), goal(**WEEKLY)
    weeks = ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]
    there = {week: recurring(one, revenue, steady(revenue, by_week), week) for week in weeks}
    back = {week: recurring(one, revenue, steady(revenue, by_week), week) for week in reversed(weeks)}
    assert there == back
