"""The cases of the article this product follows, from daily rows to the verdict: closing rate and churn.

Three weeks at 25 %: a target of 30 % is sensible, 50 % too ambitious. Churn from 45 % to 20 % in a quarter,
at 30 % now: 60 % of the way; a quarter's 45 % is 18.1 % a month, and its 20 % are 7.2 %.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipeline.goals import smart
from pipeline.goals.achievability import RateHistory, ambition, offered_targets, rate_chance
from pipeline.goals.progress import monthly_equivalent
from pipeline.goals.smart import smart_verdicts
from pipeline.units import Direction
from tests.unit.goals.goals_cases import CHURN, CLOSING, fresh, goal, kpi, result, steady
from tests.unit.goals.test_goals_smart import components, templates, workspace

D = Decimal
THREE_WEEKS = (date(2026, 9, 7), date(2026, 9, 27))
"""40 opportunities a week, closed on Mondays, 10 of them won."""


@pytest.mark.parametrize(
    ("target", "chance", "kind"), [("0.30", 0.34, "achievable"), ("0.50", 0.018, "too_ambitious")]
)
def test_three_weeks_at_a_quarter_for_one_week_ahead(target: str, chance: float, kind: str) -> None:
    found = rate_chance(Decimal(target), Direction.UP, RateHistory(30, 120, 3), 1)
    assert found == pytest.approx(chance, abs=0.005)
    assert ambition(found) == kind


def test_targets_offered_have_70_50_25_and_10_percent() -> None:
    """Each offered target, asked for, has at least its chance, and the next case more has less."""
    history = RateHistory(30, 120, 3)
    for chance, target in offered_targets(Direction.UP, history).items():
        assert rate_chance(target, Direction.UP, history) >= chance
        assert rate_chance(target + D(1) / 40, Direction.UP, history) < chance


@pytest.mark.parametrize(("target", "verdict"), [("30 %", "pass"), ("50 %", "fail")])
def test_from_rows_to_the_letter_a(target: str, verdict: str) -> None:
    """The same through `check`: a goal of one week after three weeks on record."""
    closing = kpi(CLOSING)
    frame = components(closing, lambda day: (0, 0) if day.weekday() else (10, 40), *THREE_WEEKS)
    one = goal(
        kind="level", kpi="closing", baseline="25 %", target=target, measured={"over": "last"},
        commitments=[{"by": "ann", "estimate": target, "on": date(2026, 9, 20)}],
        start=date(2026, 9, 28), due=date(2026, 10, 4),
    )  # fmt: skip
    found = smart_verdicts(workspace(one), {"closing": closing}, frame, states={"crm": fresh()})["g"]
    letter = next(one for one in found.letters if one.letter == "A")
    assert letter.verdict == verdict
    kind = "achievable" if verdict == "pass" else "too_ambitious"
    assert {smart.A_CLASSES[kind], smart.A_OFFERED, smart.A_COMMITTED} <= set(templates(letter))  # type: ignore[index]
    counted = next(one for one in letter.evidence if one.template == smart.A_CLASSES[kind]).params  # type: ignore[index]
    assert (counted["hits"], counted["cases"]) == (("count", D(30)), ("count", D(120)))
    assert counted["chance"] == ("text", "35 %" if verdict == "pass" else "<5 %")


def test_churn_of_45_to_20_percent_now_30_is_sixty_percent_of_the_way() -> None:
    """300 of 1,000 left in the 91 days to 22 November."""
    churn = kpi(CHURN)
    one = goal(
        kind="level", kpi="churn_rate", baseline="45 %", target="20 %",
        start=date(2026, 10, 1), due=date(2026, 12, 31),
    )  # fmt: skip
    found = result(one, churn, steady(churn, lambda day: D(300) / 91, lambda day: 1000))
    assert round(found.actual or 0, 6) == D("0.3")
    assert round(found.progress or 0, 6) == D("0.6")
    assert round(found.expected or 0, 4) == round(D(53) / 92, 4)


@pytest.mark.parametrize(("quarter", "month"), [("0.45", "0.181"), ("0.20", "0.072")])
def test_a_quarter_s_churn_as_a_month_s(quarter: str, month: str) -> None:
    """1 - (1 - q) to the third root; three such months lose the quarter's share again."""
    found = monthly_equivalent(D(quarter))
    assert round(found, 3) == D(month)
    assert round(1 - (1 - found) ** 3, 9) == D(quarter)
