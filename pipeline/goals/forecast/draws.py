"""Random numbers that are the same on every machine and in every process, run order or batch.

Here: seeds from names and noise from raw generator bits. Not here: what the noise means (paths.py).

Only the raw stream of PCG64 is used, which numpy keeps fixed, and a table: 4096 equally likely values of a
Student t distribution scaled to variance 1.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FREEDOM = 5
"""Degrees of freedom of the noise: business series have more large errors than a normal distribution."""
CELLS = 4096


def seed(*parts: object) -> int:
    """A number from names: the first eight bytes of their SHA-256."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class Source:
    """One stream of draws."""

    def __init__(self, number: int) -> None:
        self._bits = np.random.PCG64(number)

    def cells(self, count: int) -> npt.NDArray[np.int64]:
        """Equally likely whole numbers 0..CELLS-1."""
        raw = self._bits.random_raw((count + 3) // 4).astype("<u8")
        return (raw.view("<u2")[:count] >> 4).astype(np.int64)

    def uniforms(self, count: int) -> Floats:
        """In (0, 1)."""
        raw = self._bits.random_raw(count)
        return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def noise(self, rows: int, columns: int) -> Floats:
        """Student-t noise of variance 1, shape (rows, columns)."""
        return student_table()[self.cells(rows * columns)].reshape(rows, columns)


@lru_cache(maxsize=1)
def student_table() -> Floats:
    """Quantiles of Student's t at the middle of each cell, by integrating its density, scaled to variance
    1."""
    x = np.linspace(-60, 60, 24001)
    density = (1 + x * x / FREEDOM) ** (-(FREEDOM + 1) / 2)
    total = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    half = np.interp((np.arange(CELLS // 2) + CELLS // 2 + 0.5) / CELLS, total / total[-1], x)
    both = np.concatenate([-half[::-1], half])
    return both / np.sqrt((both * both).mean())


@lru_cache(maxsize=512)
def chi_square_table(freedom: int) -> Floats:
    """1024 equally likely values of chi-square / freedom, by integrating its density."""
    x = np.linspace(0, freedom + 12 * np.sqrt(2 * freedom) + 20, 20001)[1:]
    logs = (freedom / 2 - 1) * np.log(x) - x / 2
    density = np.exp(logs - logs.max())
    total = np.cumsum(density)
    return np.interp((np.arange(1024) + 0.5) / 1024, total / total[-1], x) / freedom
