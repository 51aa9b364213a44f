"""The scale a series is modelled on: where its noise is about the same size whatever its level.

Here: choosing it and going there and back. Not here: models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ScaleName = Literal["log", "sqrt", "logit", "identity"]

CLEARLY_POSITIVE = 0.1
"""Least value, as a share of the median, from which all values count as clearly positive."""
LEAST_NOISE = 0.01
"""No business figure repeats itself more closely than to 1 %."""
NEXT_TO_NOTHING = 1e-9
"""The same of a series of zeros."""
FARTHEST = 30.0
"""Logarithms are held this far from 0 on the way back: a simulated extreme stays a number."""


@dataclass(frozen=True)
class Scale:
    name: ScaleName
    unit: float
    """The first value that is not 0; values are divided by it, so that scaling them changes nothing."""
    noise: float
    """The least standard deviation an error can have on this scale: LEAST_NOISE of the median value."""

    def forward(self, values: Floats) -> Floats:
        """NaN stays NaN. logit takes rates strictly inside (0, 1)."""
        if self.name == "log":
            return np.log(values / self.unit)
        if self.name == "sqrt":
            return np.sqrt(values / self.unit)
        if self.name == "logit":
            return np.log(values) - np.log1p(-values)
        return values / self.unit

    def back(self, z: Floats) -> Floats:
        if self.name == "log":
            return np.exp(np.clip(z, -FARTHEST, FARTHEST)) * self.unit
        if self.name == "sqrt":
            return np.square(np.maximum(z, 0.0)) * self.unit
        if self.name == "logit":
            return 1 / (1 + np.exp(-np.clip(z, -FARTHEST, FARTHEST)))
        return z * self.unit


def choose(values: Floats) -> Scale:
    """The scale of a series of which at least one value is known."""
    known = values[~np.isnan(values)]
    sizes = np.abs(known)
    unit = float(sizes[np.argmax(sizes > 0)]) or 1.0
    middle = np.sort(sizes)[(len(sizes) - 1) // 2 : len(sizes) // 2 + 1]
    median, low = float(middle.mean()) / unit, float(known.min()) / unit
    if low < 0:
        return Scale("identity", unit, max(LEAST_NOISE * median, NEXT_TO_NOTHING))
    if low > 0 and low >= CLEARLY_POSITIVE * median:
        return Scale("log", unit, LEAST_NOISE)
    return Scale("sqrt", unit, max(LEAST_NOISE / 2 * math.sqrt(median), NEXT_TO_NOTHING))


LOGIT = Scale("logit", 1.0, LEAST_NOISE)


def filled(z: Floats) -> Floats:
    """Gaps between known values on straight lines; none may be at either end."""
    missing = np.isnan(z)
    if not missing.any():
        return z
    at = np.arange(len(z))
    out = z.copy()
    out[missing] = np.interp(at[missing], at[~missing], z[~missing])
    return out
