"""The forecast: what its chances may not do whatever the series, and numbers worked out another way."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.goals.forecast import outlook as model
from pipeline.goals.forecast.bank import LEVELS, states
from pipeline.goals.forecast.counts import simulate
from pipeline.goals.forecast.draws import Source, chi_square_table, seed, student_table
from pipeline.goals.forecast.outlook import Outlook, Point, Question, Track, outlooks

SERIES = st.lists(st.integers(0, 10**8).map(lambda cents: cents / 100), min_size=1, max_size=40)
POSITIVE = st.lists(st.floats(50, 150), min_size=4, max_size=40)


def _sum(
    values: Sequence[float], target: float, *, up: bool = True, settled: float = 0.0, horizon: int = 5,
    season: int = 12, number: int = 7,
) -> Outlook | None:  # fmt: skip
    question = Question(np.array(values, float), season, target, up)
    return outlooks(question, [Point(number, len(values), np.ones(horizon), settled)])[0]


def _chance(values: Sequence[float], target: float, **more: object) -> float:
    found = _sum(values, target, **more)  # type: ignore[arg-type]
    assert found is not None
    return found.probability


@settings(max_examples=40, deadline=None)
@given(POSITIVE, st.lists(st.floats(0, 1500), min_size=2, max_size=6))
def test_a_higher_target_is_never_likelier(values: list[float], targets: list[float]) -> None:
    chances = [_chance(values, target) for target in sorted(targets)]
    assert chances == sorted(chances, reverse=True)
    falling = [_chance(values, target, up=False) for target in sorted(targets)]
    assert falling == sorted(falling)


@settings(max_examples=30, deadline=None)
@given(SERIES, st.floats(1, 1e6))
def test_a_sum_that_is_reached_is_certain_and_a_broken_limit_is_lost(
    values: list[float], target: float
) -> None:
    assert _chance(values, target, settled=target) == 1.0
    assert _chance(values, target, settled=target * 1.01, up=False) == 0.0


@settings(max_examples=30, deadline=None)
@given(POSITIVE, st.sampled_from([0.01, 3.0, 1000.0]), st.floats(0.7, 1.3))
def test_dollars_or_cents_have_the_same_chance(values: list[float], factor: float, share: float) -> None:
    target = share * 5 * values[-1]
    scaled = _chance([factor * one for one in values], factor * target)
    assert abs(scaled - _chance(values, target)) <= 2 / 1001  # paths that end on the target to the last digit


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-100, 100).map(float), min_size=4, max_size=40), st.integers(-300, 300))
def test_upside_down_is_the_other_direction(values: list[float], target: float) -> None:
    values = [*values, -1.0, 1.0]  # both signs: the identity scale, either way up
    down = _chance([-one for one in values], -target, up=False)
    assert abs(_chance(values, target) - down) <= 2 / 1001


@pytest.mark.parametrize(
    "values", [[0.0] * 30, [0.0], [5.0], [5.0] * 30, [0, 0, 0, 7], [-3, 2], [np.nan, 4, np.nan]]
)
@pytest.mark.parametrize("season", [3, 52])
def test_no_series_is_too_poor(values: list[float], season: int) -> None:
    with np.errstate(all="raise"):
        found = _sum(values, 10.0, season=season)
    assert found is not None and 0 <= found.probability <= 1 and np.isfinite(found.forecast)
    assert found.range80[0] <= found.range50[0] <= found.forecast <= found.range50[1] <= found.range80[1]


def test_nothing_known_has_no_outlook() -> None:
    assert _sum([np.nan] * 5, 1.0) is None


def test_order_and_company_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.exp(np.sin(np.arange(40.0)))
    values[20] = 0.0  # later points are on the square root's scale, earlier ones on the logarithm's
    question = Question(values, 12, 20.0, True)
    points = [
        Point(seed("g", k), 15 + k, np.ones(12 - k), float(values[15 : 15 + k].sum())) for k in range(12)
    ]
    monkeypatch.setattr(model, "_remembered", {})
    together = outlooks(question, points)
    remembered = outlooks(question, points[::-1])[::-1]
    alone = []
    for point in points[::-1]:
        monkeypatch.setattr(model, "_remembered", {})
        alone.append(outlooks(Question(values[: point.known], 12, 20.0, True), [point])[0])
    assert together == remembered == alone[::-1]


def test_seeds_are_those_of_the_names_on_every_machine() -> None:
    assert seed("churn-q4", 3) == int(hashlib.sha256(b"churn-q4\x1f3").hexdigest()[:16], 16)
    raw = np.random.PCG64(5).random_raw(1)[0]
    assert list(Source(5).cells(4)) == [(int(raw) >> shift & 0xFFFF) >> 4 for shift in (0, 16, 32, 48)]


def test_noise_is_students_with_variance_one() -> None:
    table = student_table()
    assert abs(float((table**2).mean()) - 1) < 1e-12
    # t(5): 97.5 % at 2.5706, and its variance is 5 / 3
    assert abs(float(np.quantile(table, 0.975)) - 2.5706 / (5 / 3) ** 0.5) < 0.02
    # chi-square(10): 90 % at 15.987
    assert abs(float(np.quantile(chi_square_table(10), 0.9)) - 1.5987) < 0.01


def test_a_level_starts_as_a_mean_and_settles_to_its_gain() -> None:
    """Against the scalar Kalman filter of a level with a vague start, written as a loop."""
    z = np.array([4.0, 8.0, 1.0, 3.0, 9.0, 2.0, 2.0, 5.0])
    (state,) = states(z, [8], 12, [1e-9])
    for index, gain in enumerate(LEVELS):
        level, p, noise, drift = z[0], (1 - gain) + gain**2, 1 - gain, gain**2
        for value in z[1:]:
            k = p / (p + noise)
            level, p = level + k * (value - level), p * (1 - k) + drift
        assert abs(state.level[index] - level) < 1e-4
    # the slowest one is next to the plain mean of 4.25
    assert abs(state.level[0] - z.mean()) < 0.1


def test_white_noise_has_the_chances_of_the_textbook() -> None:
    """Sums of ten values that vary around 100 by 10: N(1000, 31.6) but for what 60 values leave unknown."""
    rng = np.random.default_rng(3)
    found = {1000.0: [], 1040.5: [], 959.5: []}  # type: dict[float, list[float]]
    for number in range(60):
        values = rng.normal(100, 10, 60)
        for target, chances in found.items():
            chances.append(_chance(list(values), target, horizon=10, number=number))
    likely = {target: float(np.mean(chances)) for target, chances in found.items()}
    assert abs(likely[1000.0] - 0.5) < 0.06
    assert 0.08 < likely[1040.5] < 0.25 and 0.75 < likely[959.5] < 0.92  # .10 and .90 with nothing unknown


def test_a_season_is_expected_again() -> None:
    """Three years of 100 a month and 400 each December: the next December alone makes the target."""
    year = [100.0] * 11 + [400.0]
    rng = np.random.default_rng(1)
    values = np.array(year * 3) * rng.normal(1, 0.03, 36)
    found = _sum(list(values), 1400.0, horizon=12)
    assert found is not None and abs(found.forecast - 1500) < 75 and found.probability > 0.95
    half = _sum(list(values), 650.0, horizon=6)
    assert half is not None and half.probability < 0.05 and abs(half.forecast - 600) < 30


def test_a_missing_period_is_neither_zero_nor_left_out() -> None:
    values = np.array([10.0] * 20)
    values[15] = np.nan
    gap = Point(1, 20, np.ones(3), settled=40.0, gaps=((15, 1.0),))
    (found,) = outlooks(Question(values, 52, 75.0, True), [gap])
    assert found is not None and abs(found.forecast - 80) < 1  # 40 reported, 10 missing, 30 to come
    late = np.array([10.0] * 18 + [np.nan, np.nan])
    (found,) = outlooks(
        Question(late, 52, 75.0, True), [Point(1, 20, np.ones(3), 30.0, ((18, 1.0), (19, 1.0)))]
    )
    assert found is not None and abs(found.forecast - 80) < 1


def test_a_goal_to_keep_counts_its_periods() -> None:
    """Coin-like periods: 10 or 20 at random, target 15. All of 3: about 1/8; at least 1 of 3: about 7/8."""
    rng = np.random.default_rng(5)
    values = rng.normal(15, 5, 80)
    track = Track(np.zeros(3), np.eye(3))

    def chance(kept: int, needed: int) -> float:
        question = Question(values, 52, 15.0, True, "inside")
        (found,) = outlooks(
            question, [Point(2, 80, np.array([0, 0, 1.0]), track=track, kept=kept, needed=needed)]
        )
        assert found is not None
        return found.probability

    share = float((values >= 15).mean())
    assert abs(chance(0, 3) - share**3) < 0.12 and abs(chance(0, 1) - (1 - (1 - share) ** 3)) < 0.12
    assert chance(5, 5) == 1.0 and chance(5, 9) == 0.0


def test_targets_on_offer_have_the_chances_they_are_offered_for() -> None:
    values = [100 + 10 * np.sin(one * 1.7) for one in range(30)]
    found = _sum(values, 500.0)
    assert found is not None
    for chance, target in zip(model.OFFERED, found.offered, strict=True):
        assert abs(_chance(values, target) - chance) <= 1 / 1000


def test_few_cases_are_counted() -> None:
    """Three weeks of 10 wins in 40: next week 30 % has a chance of .34 by the exact beta-binomial of all
    three weeks; memories that fade leave it nearly there."""
    rates = simulate(np.array([10.0] * 3), np.array([40.0] * 3), 1, 40.0, 3, 20_000)
    assert abs(float((rates[0] >= 0.3 - 1e-9).mean()) - 0.34) < 0.03
    assert abs(float((rates[0] >= 0.5 - 1e-9).mean()) - 0.018) < 0.012


def test_a_prior_of_a_quarter_does_not_pull_down_a_rate_of_three() -> None:
    rates = simulate(np.array([18.0] * 30), np.array([24.0] * 30), 6, 24.0, 3, 5000)
    assert abs(float(rates.mean()) - 0.75) < 0.012
