"""Exact money and half-up rounding."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.units import ratio, rounded, to_money
from pipeline.workspace.model import parse_quantity


def test_rounding_is_half_up_where_floats_round_down() -> None:
    assert round(2.675, 2) == 2.67  # what binary floats make of it
    assert rounded(Decimal("2.675"), 2) == Decimal("2.68")


def test_money_is_never_a_float() -> None:
    with pytest.raises(TypeError):
        to_money(0.1)  # type: ignore[arg-type]
    assert to_money("0.1") * 3 == Decimal("0.3000")


def test_a_rate_over_nothing_is_no_figure_rather_than_zero() -> None:
    assert ratio(Decimal(0), Decimal(0)) is None


@pytest.mark.parametrize(
    ("written", "amount", "mark", "signed"),
    [
        ("45 %", "0.45", "%", False),
        ("45%", "0.45", "%", False),
        ("+25 %", "0.25", "%", True),
        ("−5 п.п.", "-0.05", "pp", True),
        ("1 200 000", "1200000", "", False),
        ("1200000", "1200000", "", False),
        ("2,5 %", "0.025", "%", False),
        ("1.10", "1.10", "", False),
    ],
)
def test_numbers_as_people_write_them(written: str, amount: str, mark: str, signed: bool) -> None:
    assert parse_quantity(written) == {"amount": Decimal(amount), "mark": mark, "signed": signed}


@pytest.mark.parametrize("wrong", ["1,200", "1.200,5", "abc", "", "inf", True, "nan %"])
def test_numbers_that_can_be_read_in_two_ways_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError):
        parse_quantity(wrong)
