"""Intervals of counted rates, worked out by solving the score test rather than by the formula."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.goals.interval import rate_interval, wilson
from pipeline.goals.measure import Reading, Span
from pipeline.kpis.catalogue import CATALOGUE
from tests.unit.goals.goals_cases import CLOSING, REVENUE, kpi

KPIS = {one.id: one for one in CATALOGUE}
SPAN = Span(date(2026, 10, 1), date(2026, 10, 31))


def solved(hits: int, cases: int, *, upper: bool) -> float:
    """The rate furthest from hits/cases that a score test at 95 % would still accept, by bisection."""
    share = hits / cases
    near, far = share, 1.0 if upper else 0.0
    for _ in range(200):
        middle = (near + far) / 2
        accepted = abs(share - middle) <= 1.959963984540054 * sqrt(middle * (1 - middle) / cases)
        near, far = (middle, far) if accepted else (near, middle)
    return near


@given(st.integers(1, 500).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases))))
def test_the_ends_are_where_the_score_test_turns(counts: tuple[int, int]) -> None:
    low, high = wilson(D(counts[0]), D(counts[1]))
    assert float(low) == pytest.approx(solved(*counts, upper=False), abs=1e-9)
    assert float(high) == pytest.approx(solved(*counts, upper=True), abs=1e-9)


@pytest.mark.parametrize(
    ("hits", "cases", "printed"), [(2, 8, ("7", "59")), (60, 240, ("20", "31")), (0, 10, ("0", "28"))]
)
def test_two_of_eight_say_little_and_sixty_of_240_much_more(
    hits: int, cases: int, printed: tuple[str, str]
) -> None:
    assert tuple(f"{100 * end:.0f}" for end in wilson(D(hits), D(cases))) == printed


def reading(hits: int, cases: int, value: D | None = D("0.5")) -> Reading:
    return Reading(value, D(hits), D(cases), SPAN)


def test_only_a_share_of_counted_cases_has_an_interval() -> None:
    assert rate_interval(kpi(CLOSING), reading(2, 8)) == wilson(D(2), D(8))
    assert rate_interval(kpi(CLOSING), reading(2, 8, None)) is None  # fewer than the minimum sample
    assert rate_interval(kpi(CLOSING), reading(9, 8)) is None
    assert rate_interval(kpi(REVENUE), reading(2, 8)) is None
    assert rate_interval(KPIS["cac"], reading(2, 8)) is None
    low, high = wilson(D(2), D(8))
    assert rate_interval(KPIS["retention_rate"], reading(2, 8)) == (1 - high, 1 - low)
