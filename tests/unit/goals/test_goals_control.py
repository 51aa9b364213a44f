"""Process limits against the published golden case and signals one can see."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.goals.control import control_chart, limits, signals
from pipeline.units import Direction

GOLDEN = [Decimal(n) for n in (1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)]


def _two(values: tuple[Decimal, ...]) -> tuple[str, ...]:
    return tuple(str(round(value, 2)) for value in values)


def test_the_golden_case_screened_and_unscreened() -> None:
    assert _two(limits(GOLDEN)) == ("-0.72", "1.94", "4.60")
    assert _two(limits(GOLDEN, screened=False)) == ("-3.06", "1.94", "6.95")


@pytest.mark.parametrize(
    ("values", "signal"),
    [
        ([5] * 8 + [12], "outside"),
        ([4, 6, 4, 6, 6, 6, 6, 6, 6, 6], "seven_one_side"),
        ([1, 2, 3, 4, 5, 6, 7], "trend"),
        ([5, 5, 5, 8, 5, 8], "two_of_three"),
    ],
)
def test_what_the_newest_value_completes(values: list[int], signal: str) -> None:
    numbers = [Decimal(value) for value in values]
    lower, mean, upper = Decimal(1), Decimal(5), Decimal(9)
    assert signal in signals(numbers, lower, mean, upper)
    assert signals(numbers[:-1], lower, mean, upper) == ()


def test_assurance_reads_the_target_beyond_the_limits() -> None:
    up, down = Direction.UP, Direction.DOWN
    target = {"low": Decimal(-5), "inside": Decimal(3), "high": Decimal(8)}
    seen = {
        (name, way): chart.assurance
        for name, at in target.items()
        for way in (up, down)
        if (chart := control_chart(GOLDEN, way, at))
    }
    assert seen == {
        ("low", up): "passes", ("low", down): "fails", ("inside", up): "hit_and_miss",
        ("inside", down): "hit_and_miss", ("high", up): "fails", ("high", down): "passes",
    }  # fmt: skip


def test_a_limit_below_what_a_value_can_be_is_none() -> None:
    """Limits by hand: -0.72 and 4.60 (see above). A count is not below 0; a rate is not above 1 either."""
    open_ended = control_chart(GOLDEN, Direction.UP)
    counted = control_chart(GOLDEN, Direction.UP, bounds=(Decimal(0), None))
    assert open_ended and counted and open_ended.lower is not None
    assert (round(open_ended.lower, 2), counted.lower, counted.upper) == (
        Decimal("-0.72"), None, open_ended.upper,
    )  # fmt: skip
    assert counted.band == (0, open_ended.upper) and counted.signals == open_ended.signals
    # shares of 90 and 98 % in turn: 94 % and 2.66 x 8 points on either side, so 72.72 and 115.28 %
    shares = [Decimal("0.9"), Decimal("0.98")] * 4
    rate = control_chart(shares, Direction.UP, bounds=(Decimal(0), Decimal(1)))
    assert rate and (rate.lower, rate.mean, rate.upper) == (Decimal("0.7272"), Decimal("0.94"), None)
    assert rate.band == (Decimal("0.7272"), 1)


def test_a_limit_at_the_bound_stays_and_a_value_beyond_the_bound_takes_it_away() -> None:
    """No calls week after week is a range from 0 to 0. A bill of -5 hours is no reason to hide the limit."""
    none = control_chart([Decimal(0)] * 6, Direction.UP, bounds=(Decimal(0), None))
    assert none and (none.lower, none.upper) == (0, 0)
    hours = [Decimal(n) for n in (1, 2, 1, 2, 1, -5)]
    corrected = control_chart(hours, Direction.UP, bounds=(Decimal(0), None))
    assert corrected and corrected.lower is not None and corrected.lower < 0


def test_a_target_that_no_value_can_reach_is_missed_whatever_the_limits() -> None:
    """The upper limit is 115.28 %, the greatest value 100 %: 105 % is never reached."""
    shares = [Decimal("0.9"), Decimal("0.98")] * 4
    rate = control_chart(shares, Direction.UP, Decimal("1.05"), bounds=(Decimal(0), Decimal(1)))
    assert rate and rate.assurance == "fails"


def test_five_values_have_no_limits() -> None:
    assert control_chart(GOLDEN[:5], Direction.UP) is None
    assert control_chart([*GOLDEN[:5], None], Direction.UP) is None
