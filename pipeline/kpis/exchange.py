"""Amounts in other currencies as amounts in the company's, at the rate in force on their day.

Here: which rate a day has and the exact product. Not here: reading rates.csv (workspace/rates.py), what a
goal says when a rate is missing (goals/evaluate.py).

The rate of a day is the newest one that is not after it, unless it is older than the workspace allows; then
the day has none and the amount stays in its own currency, where it stops a verdict. Nothing becomes a float:
whole ten-thousandths times a whole number of 10^-12, rounded half up once per row of components.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from pipeline.kpis.exact import Whole
from pipeline.kpis.series import EPOCH, Conversion
from pipeline.workspace.model import Rate

_PLACES = 12
"""Digits after the point that a rate is read with (workspace/rates.py refuses more)."""


class Exchange:
    """Rates of a workspace. `company` is the currency everything is turned into."""

    def __init__(self, company: str, rates: Iterable[Rate], max_age_days: int) -> None:
        self.company = company
        self._max_age = max_age_days
        by_code: dict[str, list[Rate]] = {}
        for rate in rates:
            by_code.setdefault(rate.currency, []).append(rate)
        self._rates = {code: sorted(found, key=lambda one: one.day) for code, found in by_code.items()}
        self._days = {
            code: np.array([(one.day - EPOCH).days for one in found], dtype=np.int64)
            for code, found in self._rates.items()
        }

    def convert(
        self, code: str, days: npt.NDArray[np.int64], amounts: Whole
    ) -> tuple[npt.NDArray[np.bool_], Whole, Conversion | None]:
        """Which rows (of the same length) have a rate, their amounts in the company's currency, and the
        newest rate used."""
        places = self._places(code, days)
        has_rate = places >= 0
        if not has_rate.any():
            return has_rate, np.zeros(0, dtype=np.int64), None
        factors = [int(one.rate.scaleb(_PLACES)) for one in self._rates[code]]
        # Python's integers: the product of two 64-bit ones does not fit one
        products = [
            _rounded(int(amount) * factors[place])
            for amount, place in zip(amounts[has_rate], places[has_rate], strict=True)
        ]
        newest = self._rates[code][int(places.max())]
        return has_rate, np.array(products, dtype=np.int64), Conversion(Decimal(newest.rate), newest.day)

    def rate_on(self, code: str, day: date) -> Rate | None:
        """The rate that an amount of a day is converted at."""
        place = int(self._places(code, np.array([(day - EPOCH).days], dtype=np.int64))[0])
        return self._rates[code][place] if place >= 0 else None

    def _places(self, code: str, days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Place of each day's rate in the currency's list, -1 without one."""
        known = self._days.get(code)
        if known is None:
            return np.full(len(days), -1, dtype=np.int64)
        places = np.searchsorted(known, days, side="right").astype(np.int64) - 1
        age = days - known[np.maximum(places, 0)]
        return np.where((places >= 0) & (age <= self._max_age), places, -1)


def product(amount: int, rate: Decimal) -> int:
    """Ten-thousandths of the company's currency for ten-thousandths of another one."""
    return _rounded(amount * int(rate.scaleb(_PLACES)))


def _rounded(exact: int) -> int:
    """Half up, away from 0, the way people round on paper."""
    step = 10**_PLACES
    whole = (2 * abs(exact) + step) // (2 * step)
    return whole if exact >= 0 else -whole
