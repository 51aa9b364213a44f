"""Chance of a rate when it is set, against a published case and a simulation written the long way."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from pipeline.goals.achievability import (
    RateHistory,
    ambition,
    offered_targets,
    posterior,
    rate_chance,
)
from pipeline.units import Direction

THREE_WEEKS = RateHistory(hits=30, cases=120, periods=3)
D = Decimal


def test_three_weeks_at_25_percent_make_30_sensible_and_50_too_ambitious() -> None:
    thirty = rate_chance(D("0.30"), Direction.UP, THREE_WEEKS)
    fifty = rate_chance(D("0.50"), Direction.UP, THREE_WEEKS)
    assert (round(thirty, 2), round(fifty, 3)) == (0.34, 0.018)
    assert (ambition(thirty), ambition(fifty)) == ("achievable", "too_ambitious")


def test_a_quarter_of_19_deals_a_week_says_the_same_for_the_coming_quarter() -> None:
    """As in the sample: 64 of 244 deals in 13 weeks (26 %), 13 weeks ahead."""
    quarter = RateHistory(hits=64, cases=244, periods=13)
    thirty, fifty = (rate_chance(D(share), Direction.UP, quarter, 13) for share in ("0.30", "0.50"))
    assert ambition(thirty) == "stretch" and 0.15 < thirty < 0.25  # a target to reach for
    assert ambition(fifty) == "too_ambitious" and fifty < 0.001
    # two such quarters differ by sqrt(2 x .26 x .74 x 1.36 / 244) = .046 as a rule: .30 is one of them away
    assert ambition(rate_chance(D("0.26"), Direction.UP, quarter, 13)) == "achievable"


def test_counts_are_deflated_by_what_weeks_have_in_common() -> None:
    a, b = posterior(THREE_WEEKS)
    assert (round(a, 4), round(b, 4)) == (round(2 + 30 / 1.78, 4), round(6 + 90 / 1.78, 4))


@pytest.mark.parametrize(("ahead", "target"), [(1, "0.30"), (4, "0.30"), (13, "0.25")])
def test_several_weeks_ahead_agree_with_a_simulation(ahead: int, target: str) -> None:
    draw = random.Random(20261123)
    a, b, s = *posterior(THREE_WEEKS), 1 / 0.02 - 1
    hits = 0
    rounds = 3000
    for _ in range(rounds):
        rate = draw.betavariate(a, b)
        won = 0
        for _ in range(ahead):
            week = draw.betavariate(rate * s, (1 - rate) * s)
            won += sum(draw.random() < week for _ in range(40))
        hits += won >= float(target) * 40 * ahead
    chance = rate_chance(D(target), Direction.UP, THREE_WEEKS, ahead)
    assert abs(chance - hits / rounds) < 0.035  # 4 standard errors of the simulation


def test_fewer_is_the_mirror_of_more() -> None:
    mirrored = RateHistory(120 - 30, 120, 3)
    for share in ("0.2", "0.25", "0.3"):
        below = rate_chance(D(share), Direction.DOWN, THREE_WEEKS)
        with_prior = rate_chance(D(share), Direction.UP, THREE_WEEKS)
        assert 0 < below < 1 and 0 < with_prior < 1
        assert below + with_prior > 1  # both count the value exactly at the target
    assert rate_chance(D("0.7"), Direction.UP, mirrored) < 0.7  # the prior expects rates near a quarter


def test_offered_targets_have_the_chance_they_are_offered_for() -> None:
    for direction in Direction:
        for chance, target in offered_targets(direction, THREE_WEEKS).items():
            step = D(direction.sign) / 40
            assert rate_chance(target, direction, THREE_WEEKS) >= chance
            assert rate_chance(target + step, direction, THREE_WEEKS) < chance


def test_chance_falls_as_the_target_rises_and_stays_in_bounds() -> None:
    chances = [rate_chance(D(n) / 20, Direction.UP, THREE_WEEKS) for n in range(21)]
    assert chances == sorted(chances, reverse=True)
    assert (round(chances[0], 9), chances[20] < 1e-6) == (1.0, True)
    assert rate_chance(D("1.2"), Direction.UP, THREE_WEEKS) == 0


def test_no_history_leaves_the_prior() -> None:
    chance = rate_chance(D("0.25"), Direction.UP, RateHistory(0, 0, 0), per_period=40)
    assert 0.4 < chance < 0.5  # mean of Beta(2, 6) is 25 %, skewed right


CLASSES = {0.7: "comfortable", 0.69: "achievable", 0.3: "achievable", 0.1: "stretch", 0.09: "too_ambitious"}


@pytest.mark.parametrize("chance", CLASSES)
def test_classes(chance: float) -> None:
    assert ambition(chance) == CLASSES[chance]
