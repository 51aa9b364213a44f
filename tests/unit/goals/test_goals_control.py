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


def test_five_values_have_no_limits() -> None:
    assert control_chart(GOLDEN[:5], Direction.UP) is None
    assert control_chart([*GOLDEN[:5], None], Direction.UP) is None
