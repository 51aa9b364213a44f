"""Weeks in any order: chances, flags and verdicts depend on a goal's days and the week, on nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.goals.chances import chance_history
from pipeline.goals.forecast import outlook
from pipeline.goals.measure import horizon, resolved
from pipeline.goals.model import GoalResult
from pipeline.goals.recurring import evaluate_recurring
from pipeline.goals.status import ChanceHistory
from pipeline.periods import Week, cutoff, week_range
from tests.unit.goals.goals_cases import CLOSING, REVENUE, ZONE, fresh, goal, kpi, result, steady

WEEKS = week_range(Week(2026, 40), Week(2026, 51))
GOALS: dict[str, tuple[dict[str, Any], Any]] = {
    "sum": ({"target": "1250"}, REVENUE),
    "stretch": ({"target": "1500", "ambition": "stretch"}, REVENUE),
    "level": ({"kind": "level", "kpi": "closing", "target": "32 %"}, CLOSING),
    "keep": ({"kind": "maintain", "target": "80", "inside": {"at_least": 3, "of": 4}}, REVENUE),
    "each": ({"target": "90", "every": "week"}, REVENUE),
}


def uneven(day: date) -> int:
    return 8 + day.toordinal() * 7 % 5 + day.toordinal() // 7 * 3 % 4


def series_of(base: Any) -> Any:
    one = kpi(base)
    return one, steady(one, uneven, (lambda day: 33) if base is CLOSING else None)


def seen_at(name: str, week: Week) -> tuple[GoalResult, ChanceHistory | None]:
    """One week's result and chances, as an edition makes them."""
    fields, base = GOALS[name]
    one, (measured, series) = goal(**fields), series_of(base)
    as_of = cutoff(week, ZONE)
    states = {"crm": fresh(received=as_of - timedelta(hours=2))}
    if one.every is not None:
        return evaluate_recurring(one, measured, series, week, as_of, ZONE, states), None
    seen = horizon(week, as_of, ZONE, [states["crm"].received_at])
    chances = chance_history(one, measured, series, seen, resolved(one.target, one, measured, series, seen))
    return result(one, measured, series, str(week), chances=chances), chances


@pytest.fixture(scope="module")
def in_order() -> dict[str, list[tuple[GoalResult, ChanceHistory | None]]]:
    return {name: [seen_at(name, week) for week in WEEKS] for name in GOALS}


@pytest.mark.parametrize("name", GOALS)
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_shuffled_weeks_give_the_chances_flags_and_verdicts_of_the_range(
    in_order: dict[str, list[tuple[GoalResult, ChanceHistory | None]]], name: str, data: st.DataObject
) -> None:
    """Some weeks alone, in any order, and with nothing remembered from the run before."""
    order = data.draw(st.permutations(range(len(WEEKS))))
    if data.draw(st.booleans()):
        outlook._remembered.clear()
    for index in order[: data.draw(st.integers(1, 4))]:
        assert seen_at(name, WEEKS[index]) == in_order[name][index]


@pytest.mark.parametrize("name", ["sum", "level"])
def test_a_later_week_only_adds_to_the_fold(
    in_order: dict[str, list[tuple[GoalResult, ChanceHistory | None]]], name: str
) -> None:
    """The chances of closed periods are the same seen from every later week: the flag is a fold of them."""
    found = [chances.by_period for _, chances in in_order[name] if chances is not None]
    assert len(found) >= 10
    for earlier, later in pairwise(found):
        assert later[: len(earlier)] == earlier
