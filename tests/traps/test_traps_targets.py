"""Classes of wrong number in targets: changes, recurring ones, parts of a whole, moved goalposts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.goals.audit import record_terms, unrecorded_changes
from pipeline.goals.measure import changed
from pipeline.goals.parts import sums_of_parts, whole_sum
from pipeline.goals.progress import monthly_equivalent
from pipeline.goals.rollup import status_tally
from pipeline.goals.status import PACE_ON_TRACK, stretch_flag
from pipeline.periods import Week
from pipeline.store.store import Store
from pipeline.workspace.model import Quantity
from tests.traps.naive import FOLDER, bites, classes_of
from tests.unit.goals.goals_cases import CLOSING, REVENUE, goal, kpi, result, steady
from tests.unit.goals.test_goals_audit import company
from tests.unit.goals.test_goals_recurring import MONTHLY, WEEKLY, by_week, recurring

D = Decimal
FEWEST_CLASSES = 30


def test_a_missed_week_is_not_made_good_by_the_next() -> None:
    """105, 98, 112 and 140 of 100 a week: three of four met, although the sum is 455 of 400."""
    revenue = kpi(REVENUE)
    found = recurring(goal(**WEEKLY), revenue, steady(revenue, by_week)).recurrence
    assert found and found.met == 3
    actuals = [one.actual or D(0) for one in found.instances[:4]]
    bites("one sum for every week's target", found.met == 4, sum(actuals) >= 4 * 100)


def test_a_rate_of_each_month_is_no_trailing_quarter() -> None:
    """September at 20 %, October at 30 %: October's rate is 30 %; the 13 weeks to its end mix both."""
    closing = kpi(CLOSING)
    series = steady(closing, lambda day: 3 if day.month >= 10 else 2, lambda day: 10)
    one = goal(kind="level", kpi="closing", target="28 %", **MONTHLY)
    found = recurring(one, closing, series).recurrence
    mixed = result(
        goal(kind="level", kpi="closing", target="28 %", baseline="20 %", start=date(2026, 10, 1),
             due=date(2026, 10, 31)),
        closing, series,
    )  # fmt: skip
    assert found and found.instances[1].actual == D("0.3")
    bites("a trailing quarter for each month", found.instances[1].actual, mixed.actual)


def test_ten_percent_three_times_is_not_thirty() -> None:
    change = Quantity(amount=D("0.10"), mark="%", signed=True)
    assert changed(D(500), change, 3) == D("665.5")
    bites("compounding added up", changed(D(500), change, 3), D(500) * (1 + 3 * D("0.10")))


def test_a_percentage_of_a_loss_is_no_improvement() -> None:
    change = Quantity(amount=D("0.10"), mark="%", signed=True)
    assert changed(D(-100), change) is None
    bites("a percentage of a loss", changed(D(-100), change), D(-100) * D("1.10"))


def test_a_negative_target_is_not_added_to_the_baseline() -> None:
    one = goal(kind="level", baseline="-80", target="-50")
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: D(-65) / 7))
    assert found.target == -50
    bites("a negative number as a change", found.target, D(-80) + D(-50))


def test_a_new_target_does_not_judge_the_periods_before_it() -> None:
    """105 was below the 120 of its week; the 100 of today does not make it met."""
    revenue = kpi(REVENUE)
    change = {"on": date(2026, 11, 12), "by": "ann", "reason": "board", "previous": "120"}
    found = recurring(goal(**WEEKLY, target_changes=[change]), revenue, steady(revenue, by_week)).recurrence
    assert found is not None
    first = found.instances[0]
    bites(
        "today's target for last month", first.status, "achieved" if (first.actual or 0) >= 100 else "missed"
    )


def test_quarters_and_regions_are_not_one_sum() -> None:
    year = goal(id="year", target="4000", start=date(2026, 1, 1), due=date(2026, 12, 31))
    halves = [(date(2026, 1, 1), date(2026, 6, 30)), (date(2026, 7, 1), date(2026, 12, 31))]
    parts = [(goal(id=f"h{n}", start=a, due=b), D(2000)) for n, (a, b) in enumerate(halves)]
    regions = [
        (goal(id=name, segment={"region": name}, start=year.start, due=year.due), D(2000))
        for name in ("north", "south")
    ]
    total = whole_sum(sums_of_parts(year, [*parts, *regions]))
    assert total == 4000
    bites("parts of two kinds added up", total, sum(value for _, value in [*parts, *regions]))


def test_nine_green_goals_do_not_hide_one_that_is_missed() -> None:
    """By a mean of 1 for green and 0 for missed the objective would be 90 % on track."""
    tally = status_tally(["on_track"] * 9 + ["missed"])
    assert next(iter(tally)) == "missed"
    mean = D(9) / 10
    bites("a mean of statuses", next(iter(tally)), "on_track" if mean - 1 >= PACE_ON_TRACK * 2 else "watch")


def test_a_target_lowered_in_the_file_is_not_the_target_that_was_set(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    record_terms(company(goal(target="1300")), store, Week(2026, 46))
    lower = goal(target="1000")
    found = unrecorded_changes(company(lower), store, Week(2026, 47))
    assert found["g"][0].before == "1300"
    bites("goalposts moved in silence", found["g"][0].before, str(lower.target.amount))


def test_a_stretch_goal_is_not_at_risk_for_being_one() -> None:
    chances = [0.30, 0.25, 0.22]
    assert not stretch_flag(chances, 0.30)
    bites(
        "the rule of commitments for a stretch goal",
        stretch_flag(chances, 0.30),
        all(p < 0.40 for p in chances),
    )


def test_a_baseline_that_is_past_the_target_leaves_no_share() -> None:
    """70 before, a target of 60 and 50 now: no 200 % of the way."""
    one = goal(kind="level", target="60")
    found = result(one, kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10 if day < one.start else D(50) / 7))
    assert found.progress is None
    bites("a share of a way that leads back", found.progress, (D(50) - 70) / (D(60) - 70))


def test_a_quarter_s_target_rate_is_not_the_month_s() -> None:
    """20 % a quarter is 7.2 % a month; a month's 20 % would lose 49 % of the customers in the quarter."""
    bites("a quarter's target held against a month", monthly_equivalent(D("0.20")), D("0.20"))
    assert round(1 - (1 - D("0.20")) ** 3, 3) == D("0.488")


# --- the traps themselves ----------------------------------------------------------------------------


def test_there_are_at_least_thirty_classes_and_each_is_named_once() -> None:
    named = [name for path in sorted(FOLDER.glob("test_traps_*.py")) for name in classes_of(path)]
    assert len(named) == len(set(named)), sorted(one for one in named if named.count(one) > 1)
    assert len(named) >= FEWEST_CLASSES


def test_a_trap_on_whose_rows_both_agree_fails() -> None:
    with pytest.raises(AssertionError, match="catches nothing"):
        bites("any", D("0.5"), D(1) / 2)
