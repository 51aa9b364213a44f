"""Possible futures of a series: 1,000 paths, each from one candidate of the bank, drawn by weight.

Here: drawing them on the model scale. Not here: the bank (bank.py) or what the paths say about a goal
(outcome.py).

Paths come in pairs that share their candidate and their error variance and have opposite noise: the
candidate's expected values plus and minus what the noise does to them. A series turned upside down thus has
the same futures upside down.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline.goals.forecast.bank import BANK, PLAIN, SETTLED, Floats, State, starting_gains
from pipeline.goals.forecast.draws import Source, chi_square_table

PATHS = 1000
PAIRS = PATHS // 2
Indices = npt.NDArray[np.int64]


def simulate(state: State, horizon: int, source: Source) -> Floats:
    """Paths of the next `horizon` values on the model scale, shape (horizon, PATHS)."""
    chosen = _chosen(state.weights, source)
    noise = source.noise(horizon, PAIRS) * _scales(state, chosen, source)
    expected = _expected(state, horizon)[:, chosen]
    swing = _swing(state, chosen, noise)
    return np.concatenate([expected + swing, expected - swing], axis=1)


def between(state: State, z: float, source: Source) -> Floats:
    """What a missing value between known ones may have been: the line between them and an error."""
    chosen = _chosen(state.weights, source)
    noise = source.noise(1, PAIRS)[0] * _scales(state, chosen, source)
    return np.concatenate([z + noise, z - noise])


def _chosen(weights: Floats, source: Source) -> Indices:
    """A candidate for each pair: every one as often as its weight says, to within one (systematic
    sampling)."""
    points = (np.arange(PAIRS) + source.uniforms(1)[0]) / PAIRS
    return np.minimum(np.searchsorted(np.cumsum(weights), points), len(weights) - 1)


def _scales(state: State, chosen: Indices, source: Source) -> Floats:
    """A standard deviation for each pair, from the scaled inverse chi-square its candidate's errors leave."""
    drawn, halves = source.cells(PAIRS) >> 2, chosen >= len(PLAIN.phi)
    plain, seasonal = (chi_square_table(round(freedom))[drawn] for freedom in state.freedom)
    return state.scale[chosen] / np.sqrt(np.where(halves, seasonal, plain))


def _expected(state: State, horizon: int) -> Floats:
    """Values without further noise, shape (horizon, candidates)."""
    ahead = _damped_steps(horizon // 64 + 1)[:horizon, : len(state.level)]
    out = state.level + state.slope * ahead
    if state.season is not None:
        out += state.season[np.arange(horizon) % len(state.season)]
    return out


@lru_cache(maxsize=8)
def _damped_steps(blocks: int) -> Floats:
    """f + f^2 + ... + f^h of every candidate for h = 1, 2, ...; 64 rows a block."""
    return np.cumsum(BANK.phi ** np.arange(1, 64 * blocks + 1)[:, None], axis=0)


def _swing(state: State, chosen: Indices, noise: Floats) -> Floats:
    """What noise (horizon, PAIRS) adds to the expected values, through level, slope and season."""
    at = np.minimum(np.arange(state.n, state.n + len(noise)), SETTLED - 1)[:, None]
    gains = starting_gains()
    errors = gains.deviation[at, chosen] * noise
    to_level, to_slope = gains.level[at, chosen] * errors, gains.slope[at, chosen] * errors
    phi, level, slope = BANK.phi[chosen], np.zeros(PAIRS), np.zeros(PAIRS)
    out = errors
    for h in range(len(noise)):
        slope = phi * slope
        level = level + slope
        out[h] += level
        level = level + to_level[h]
        slope = slope + to_slope[h]
    if state.season is not None:
        out += _season_swing(len(state.season), state.n, chosen, noise)
    return out


def _season_swing(m: int, n: int, chosen: Indices, noise: Floats) -> Floats:
    """A season known from few visits is itself uncertain; beyond one season, each period also keeps its gain
    of the errors made at it before."""
    seasonal = (chosen >= len(PLAIN.phi)).astype(float)
    visits = np.arange(n, n + len(noise)) // m
    out = (np.sqrt(1 + 1 / visits) - 1)[:, None] * seasonal * noise
    if len(noise) > m:
        kept = np.zeros_like(noise)
        for h in range(m, len(noise)):
            kept[h] = kept[h - m] + BANK.gamma[chosen] * noise[h - m]
        out += kept
    return out
