"""Units, rounding and money as exact decimals.

Here: what kind of number a KPI is and how it is rounded. Not here: how it is printed in a language
(report/i18n.py).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

MONEY_STEP = Decimal("0.0001")
"""Storage precision of money: decimal(18,4)."""


class Unit(StrEnum):
    """What one KPI value is. PERCENT values are stored as shares (0.25 for 25 %)."""

    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"
    HOURS = "hours"
    NUMBER = "number"


class Direction(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"

    @property
    def sign(self) -> int:
        return 1 if self is Direction.UP else -1


def rounded(value: Decimal, places: int) -> Decimal:
    """Half-up rounding, the way people round on paper: 2.675 -> 2.68."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def to_money(value: Decimal | int | str) -> Decimal:
    """An amount at storage precision. Floats are refused: they have already lost the cents."""
    if isinstance(value, float):
        raise TypeError("money is never a float")
    return Decimal(value).quantize(MONEY_STEP, rounding=ROUND_HALF_UP)


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal | None:
    """numerator / denominator; None, never 0, when the denominator is 0."""
    return numerator / denominator if denominator else None
