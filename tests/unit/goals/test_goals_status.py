"""The rules of a status: pace cut-offs, the flag's memory, what is decided and what has no verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Problem
from pipeline.goals import reasons, smart
from pipeline.goals.model import Chance
from pipeline.goals.status import (
    ChanceHistory,
    at_risk_flag,
    chance_status,
    pace_status,
    printed_chance,
    stretch_flag,
)
from pipeline.language import speech
from tests.unit.goals.goals_cases import (
    CHURN,
    CLOSING,
    REVENUE,
    fresh,
    goal,
    kpi,
    result,
    sentence,
    steady,
)

D = Decimal


@pytest.mark.parametrize(
    ("gap", "status"),
    [
        ("0.2", "on_track"), ("-0.05", "on_track"), ("-0.0501", "watch"), ("-0.165", "watch"),
        ("-0.1651", "at_risk"), ("-0.33", "at_risk"), ("-0.3301", "off_track"),
    ],
)  # fmt: skip
def test_pace_cut_offs(gap: str, status: str) -> None:
    assert pace_status(D(gap)) == status


@pytest.mark.parametrize(
    ("chances", "flagged"),
    [
        ([0.39], False),
        ([0.39, 0.39], True),
        ([0.39, 0.45, 0.39], False),
        ([0.09], True),
        ([0.09, 0.5, 0.5], True),  # stays until it is cleared
        ([0.09, 0.56], True),
        ([0.09, 0.56, 0.56], False),
        ([0.09, 0.91], False),
        ([0.3, 0.3, 0.56, 0.5, 0.56], True),
        ([0.40, 0.40], False),
    ],
)
def test_the_flag_has_a_memory(chances: list[float], flagged: bool) -> None:
    assert at_risk_flag(chances) is flagged


def test_a_stretch_goal_is_flagged_below_half_its_first_chance() -> None:
    assert not at_risk_flag([0.5]) and not stretch_flag([0.11, 0.11], 0.2)
    assert stretch_flag([0.09, 0.09], 0.2)
    assert not stretch_flag([0.09], 0.2)


def _history(*by_period: float, at_set: float | None = None) -> ChanceHistory:
    chance = Chance(by_period[-1], D(1), D(2), D("1.5"))
    return ChanceHistory(chance, by_period, at_set)


@pytest.mark.parametrize(
    ("chances", "status"),
    [
        ([0.6], "on_track"),
        ([0.5], "watch"),
        ([0.3, 0.3], "at_risk"),
        ([0.3, 0.14], "off_track"),
        ([0.3], "watch"),
    ],
)
def test_status_by_chance(chances: list[float], status: str) -> None:
    assert chance_status(_history(*chances)) == status


def test_a_chance_replaces_the_pace_when_there_is_one() -> None:
    series = steady(kpi(REVENUE), lambda day: 10)
    found = result(goal(), kpi(REVENUE), series, chances=_history(0.25, 0.25))
    assert (found.status, found.basis) == ("at_risk", "chance")
    assert sentence(found.reason).startswith("25 % likely")
    assert (
        printed_chance(0.02) == "<5 %" and printed_chance(0.97) == ">95 %" and printed_chance(0.33) == "35 %"
    )


def test_reached_is_reached_even_when_the_source_is_late() -> None:
    stale = replace(fresh(), freshness="stale")
    series = steady(kpi(REVENUE), lambda day: 10)
    found = result(goal(target="560"), kpi(REVENUE), series, states={"crm": stale})
    assert (found.status, found.basis, found.problems) == ("achieved", "decided", ("crm",))


def test_a_level_is_only_achieved_when_it_is_due() -> None:
    churn = kpi(CHURN)
    series = steady(churn, lambda day: 2, lambda day: 1000)  # 91 x 2 / 1000 = 18.2 %
    one = goal(kind="level", kpi="churn_rate", baseline="45 %", target="20 %")
    early, due = result(one, churn, series), result(one, churn, series, week="2026-W52")
    assert (early.status, early.reason.template) == ("on_track", reasons.LEVEL_AT_TARGET)
    assert (due.status, due.basis) == ("achieved", "decided")
    worse = steady(churn, lambda day: 3, lambda day: 1000)
    assert result(one, churn, worse, week="2026-W52").status == "missed"


def test_a_sum_short_at_its_due_date_is_missed() -> None:
    found = result(goal(), kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10), week="2026-W52")
    assert found.status == "missed"
    assert sentence(found.reason) == "910 of 1300 by 2026-12-27: 390 short of the target."


def test_before_the_start_and_before_the_first_close() -> None:
    series = steady(kpi(REVENUE), lambda day: 10)
    assert result(goal(), kpi(REVENUE), series, week="2026-W39").status == "not_started"
    monthly = kpi(REVENUE, grain="month", close_lag_days=10)
    one = goal(start=date(2026, 11, 1), due=date(2026, 12, 31))
    found = result(one, monthly, steady(monthly, lambda day: 10))
    assert (found.status, found.actual, found.progress) == ("no_verdict", None, None)
    assert found.reason.params["closes"] == ("date", date(2026, 12, 10))


def test_three_observations_are_too_few_unless_they_are_counts() -> None:
    young = date(2026, 11, 2)
    few = result(goal(), kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10, first=young))
    assert (few.status, few.reason.params["n"]) == ("no_verdict", ("count", 3))
    closing = kpi(CLOSING)
    one = goal(kind="level", kpi="closing", baseline="25 %", target="30 %")
    counted = result(one, closing, steady(closing, lambda d: 3, lambda d: 10, first=young))
    assert counted.status == "on_track" and counted.low_confidence


def test_a_foreign_amount_without_a_rate_is_no_figure() -> None:
    series = steady(kpi(REVENUE), lambda day: 10, currencies=frozenset({"EUR", "USD"}))
    found = result(goal(target="100"), kpi(REVENUE), series, currency="EUR")
    assert (found.status, found.reason.params["currency"]) == ("no_verdict", ("text", "USD"))


def test_an_amount_without_a_rate_stops_the_verdict_and_names_currency_and_first_day() -> None:
    since = {"USD": date(2026, 10, 7), "GBP": date(2026, 10, 6), "EUR": date(2026, 10, 1)}
    series = steady(kpi(REVENUE), lambda day: 10, currencies=frozenset(since), foreign_since=since)
    found = result(goal(target="100"), kpi(REVENUE), series, currency="EUR", has_rates=True)
    assert (found.status, found.reason.template) == ("no_verdict", reasons.NO_RATE)
    assert found.reason.params["currency"] == ("text", "GBP")
    assert found.reason.params["day"] == ("date", date(2026, 10, 6))


def test_a_refused_export_says_why_in_both_languages() -> None:
    problem = Problem("x", "Line {n} is broken.", "Mend it.", params={"n": 3})
    refused = replace(fresh(), freshness="refused", problem=problem)
    series = steady(kpi(REVENUE), lambda day: 10)
    found = result(goal(), kpi(REVENUE), series, states={"crm": refused})
    assert found.reason.params["why"] == ("text", dict.fromkeys(("en", "ru"), "Line 3 is broken. Mend it."))
    missing = replace(fresh(), freshness="missing", received_at=None)
    assert result(goal(), kpi(REVENUE), series, states={"crm": missing}).reason.template == reasons.MISSING


def test_an_old_goal_keeps_its_verdict_when_its_source_goes_stale_later() -> None:
    stale = replace(fresh(), freshness="stale", received_at=datetime(2026, 12, 30, tzinfo=UTC))
    series = steady(kpi(REVENUE), lambda day: 10, last=date(2027, 3, 1))
    assert result(goal(), kpi(REVENUE), series, week="2027-W05", states={"crm": stale}).status == "missed"
    early = replace(stale, received_at=datetime(2026, 12, 20, tzinfo=UTC))
    found = result(goal(), kpi(REVENUE), series, week="2027-W05", states={"crm": early})
    assert found.status == "no_verdict"


def test_every_sentence_is_said_in_russian_with_the_same_numbers() -> None:
    import string

    russian = speech("ru")
    optional = {"n"}  # a Russian sentence may give the dates instead of the number of weeks
    for template in reasons.every_template() | smart.every_template():
        assert russian.has(template), template
        fields = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        said = {name for _, name, _, _ in string.Formatter().parse(russian(template)) if name}
        assert said <= fields and fields - said <= optional, template


amounts = st.integers(min_value=0, max_value=1000)


@settings(max_examples=40, deadline=None)
@given(st.lists(amounts, min_size=7, max_size=7), st.integers(1, 50_000), st.integers(1, 50_000))
def test_a_higher_target_never_looks_better(weekly: list[int], target: int, more: int) -> None:
    series = steady(kpi(REVENUE), lambda day: weekly[day.weekday()])
    order = ["off_track", "at_risk", "watch", "on_track", "achieved"]
    low = result(goal(target=target), kpi(REVENUE), series)
    high = result(goal(target=target + more), kpi(REVENUE), series)
    assert order.index(high.status) <= order.index(low.status)
    assert (low.status == "achieved") == (8 * sum(weekly) >= target)


@settings(max_examples=30, deadline=None)
@given(st.lists(amounts, min_size=7, max_size=7), st.integers(1, 20_000), st.integers(2, 1000))
def test_another_currency_unit_changes_no_status(weekly: list[int], target: int, scale: int) -> None:
    plain = result(goal(target=target), kpi(REVENUE), steady(kpi(REVENUE), lambda d: weekly[d.weekday()]))
    scaled = result(
        goal(target=target * scale), kpi(REVENUE), steady(kpi(REVENUE), lambda d: weekly[d.weekday()] * scale)
    )
    assert (plain.status, plain.progress) == (scaled.status, scaled.progress)


@settings(max_examples=30, deadline=None)
@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(1, 500))
def test_increase_and_decrease_mirror_each_other(weekly: int, baseline: int, way: int) -> None:
    up, down = kpi(REVENUE), kpi(REVENUE, direction="down")
    rising = goal(kind="level", baseline=baseline, target={"amount": baseline + way})
    falling = goal(kind="level", baseline={"amount": -baseline}, target={"amount": -baseline - way})
    seen = result(rising, up, steady(up, lambda day: weekly))
    mirrored = result(falling, down, steady(down, lambda day: -weekly))
    assert (seen.progress, seen.status) == (mirrored.progress, mirrored.status)


@pytest.mark.parametrize("kind", ["cumulative", "level", "maintain"])
@pytest.mark.parametrize("shape", ["zero", "constant", "one point", "missing", "empty"])
@pytest.mark.parametrize("week", ["2026-W39", "2026-W40", "2026-W47", "2026-W53"])
def test_no_series_breaks_the_evaluation(kind: str, shape: str, week: str) -> None:
    for base in (REVENUE, CLOSING, CHURN):
        one = kpi(base, empty="missing" if shape == "missing" else "zero")
        amount = {
            "zero": lambda day: 0,
            "constant": lambda day: 5,
            "one point": lambda day: 5 if day == date(2026, 10, 7) else 0,
            "missing": lambda day: None,
            "empty": lambda day: 0,
        }[shape]
        series = steady(one, amount, amount if one.denominator else None)
        if shape == "empty":
            series = replace(series, first_day=None, last_day=None)
        series.pooled = series.pooled if shape != "empty" else lambda first, last: _Nothing()  # type: ignore[method-assign]
        found = result(goal(kind=kind, kpi=one.id, baseline="1", target="2"), one, series, week=week)
        assert found.status in {
            "not_started", "no_verdict", "on_track", "watch", "at_risk", "off_track", "achieved", "missed",
        }  # fmt: skip
        assert sentence(found.reason)


class _Nothing:
    value = numerator = denominator = None
