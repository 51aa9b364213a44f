"""The bank: fixed exponential-smoothing candidates, run once over a history and weighted all along it.

Here: the candidates, their start, their states and their weights. Not here: the scale they run on (scale.py)
or the future they imply (paths.py).

A candidate is a level with gain a, a slope with gain b that is damped by f, and in two thirds of the bank an
additive season with gain g (innovations form, Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential
Smoothing, 2008):

    z[t] = l[t-1] + f b[t-1] + s[t-m] + e[t],  l[t] = l[t-1] + f b[t-1] + a e[t],  b[t] = f b[t-1] + b e[t]

Nothing is fitted. A candidate without a season starts from its first value, a vague level and a slope of 0
with a weak prior; its gains are then those of the Kalman filter of the same model, which begin as a running
mean and settle to a and b, and whose error variance F (in units of the settled one) begins larger and settles
to 1. So three observations are used as three observations. A seasonal candidate starts after one season, from
that season's values against a line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SLOPE_PRIOR = 0.01
"""Prior variance of the starting slope, in units of the one-step error variance: a tenth of a standard error
a period, so that two or three points never make a trend."""
RECENCY = 0.98
"""Weight of an error against the next one. It is what tempers the likelihood: however long the history, no
more than 50 errors, about a year of weeks, speak for a candidate. Any value from .96 to .99 does as well."""
VARIANCE_PRIOR = 2.0
"""Errors that the prior of a candidate's error variance counts for: the bank's average, weakly."""
SETTLED = 128
"""Observations after which the gains no longer change."""

LEVELS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 1.0)
"""Gains from a mean over a year to the last value alone."""
TRENDS = ((0.1, 0.1), (0.3, 0.1), (0.3, 0.3), (0.7, 0.1), (0.7, 0.3))
"""(level gain, slope gain as a share of it)."""
DAMPINGS = (0.8, 0.95)
"""A slope halves in about 3 or 14 periods. Undamped slopes made every measure worse. As many candidates have
a slope as have none, so that neither is favoured before the first error."""
SEASON_GAINS = (0.05, 0.3)
"""A season that stays as it is, and one that follows the newest years."""


@dataclass(frozen=True)
class Candidates:
    """Gains of each candidate, arrays of shape (candidates,)."""

    alpha: Floats
    beta: Floats
    phi: Floats
    gamma: Floats


def _columns(rows: list[tuple[float, float, float, float]]) -> Candidates:
    return Candidates(*(np.array(column) for column in zip(*rows, strict=True)))


_PLAIN_ROWS = [(a, 0.0, 0.0, 0.0) for a in LEVELS] + [
    (a, a * share, phi, 0.0) for phi, (a, share) in product(DAMPINGS, TRENDS)
]
PLAIN = _columns(_PLAIN_ROWS)
SEASONAL = _columns([(a, b, phi, gamma) for gamma in SEASON_GAINS for a, b, phi, _ in _PLAIN_ROWS])
BANK = _columns(_PLAIN_ROWS + [(a, b, phi, gamma) for gamma in SEASON_GAINS for a, b, phi, _ in _PLAIN_ROWS])


@dataclass(frozen=True)
class Gains:
    """At observation 0, 1, ...: shape (SETTLED, candidates of the whole bank). Those of a season are
    settled."""

    level: Floats
    slope: Floats
    deviation: Floats
    """Of the one-step error, in units of the settled one."""


@lru_cache(maxsize=1)
def starting_gains() -> Gains:
    """Kalman gains of the innovations form with an unknown start: x' = A x + g e, y = c x + e, var(e) = 1.
    K = (A P c + g) / F, F = c P c + 1, P' = A P A' + g g' - K K' F (two states: level and slope)."""
    one, phi = np.ones_like(PLAIN.alpha), PLAIN.phi
    a = np.stack([np.stack([one, phi], -1), np.stack([0 * one, phi], -1)], -2)
    c, g = np.stack([one, phi], -1), np.stack([PLAIN.alpha, PLAIN.beta], -1)
    p = np.zeros((len(phi), 2, 2))
    p[:, 0, 0] = 1e6
    p[:, 1, 1] = np.where(PLAIN.beta > 0, SLOPE_PRIOR, 0.0)
    gains, variances = [], []
    for _ in range(SETTLED):
        pc = np.einsum("kij,kj->ki", p, c)
        f = np.einsum("ki,ki->k", c, pc) + 1
        k = (np.einsum("kij,kj->ki", a, pc) + g) / f[:, None]
        p = a @ p @ a.transpose(0, 2, 1) + g[:, :, None] * g[:, None, :]
        p -= k[:, :, None] * k[:, None, :] * f[:, None, None]
        gains.append(k)
        variances.append(f)
    k = np.array(gains)
    return Gains(
        _with_settled(k[:, :, 0], SEASONAL.alpha),
        _with_settled(k[:, :, 1], SEASONAL.beta),
        _with_settled(np.sqrt(np.array(variances)), np.ones_like(SEASONAL.alpha)),
    )


def _with_settled(plain: Floats, seasonal: Floats) -> Floats:
    return np.concatenate([plain, np.broadcast_to(seasonal, (SETTLED, len(seasonal)))], axis=1)


@dataclass(frozen=True)
class State:
    """The bank after n observations; arrays have shape (candidates,), `season` (m, candidates)."""

    n: int
    weights: Floats
    level: Floats
    slope: Floats
    scale: Floats
    """Estimated standard deviation of the settled one-step error."""
    freedom: tuple[float, float]
    """Errors the estimate rests on, the prior's included: without and with a season."""
    season: Floats | None
    """Of the coming m periods, first to come first; None while there is less than a season of history."""


@dataclass(frozen=True)
class _Scores:
    """Recency-weighted sums over one-step errors."""

    square: Floats
    """Of e^2 / F."""
    log_variance: Floats
    """Of log F."""
    count: float


def states(z: Floats, counts: Sequence[int], m: int, floors: Sequence[float]) -> list[State]:
    """The bank after each of `counts` observations of z (model scale, no gaps). m: season length; floors: the
    least standard deviation an error can have, of each count. Each state depends on z[:n] alone."""
    plain = _run_plain(z)
    rows = sorted({n for n in counts if n > m})
    seasonal = dict(zip(rows, _run_seasonal(z, rows, m), strict=True)) if rows else {}
    return [_state(n, m, plain, seasonal.get(n), floor) for n, floor in zip(counts, floors, strict=True)]


@dataclass(frozen=True)
class _Plain:
    """States and running sums after each observation: shape (n, candidates)."""

    level: Floats
    slope: Floats
    square: Floats
    log_variance: Floats

    def scores(self, n: int, since: int = 1) -> _Scores:
        """Of the errors at since..n-1 (error 0 is the start itself)."""
        old = RECENCY ** (n - since)
        return _Scores(
            np.maximum(self.square[n - 1] - old * self.square[since - 1], 0.0),
            self.log_variance[n - 1] - old * self.log_variance[since - 1],
            _faded_count(n - since),
        )


def _run_plain(z: Floats) -> _Plain:
    count, phi, gains = len(PLAIN.phi), PLAIN.phi, starting_gains()
    at = np.minimum(np.arange(len(z)), SETTLED - 1)
    k_level, k_slope = gains.level[at, :count], gains.slope[at, :count]
    levels, slopes, errors = (np.zeros((len(z), count)) for _ in range(3))
    level, slope = np.full(count, z[0]), np.zeros(count)
    levels[0] = level
    for t in range(1, len(z)):
        slope = phi * slope
        level = level + slope
        errors[t] = error = z[t] - level
        levels[t] = level = level + k_level[t] * error
        slopes[t] = slope = slope + k_slope[t] * error
    squares = np.square(errors / gains.deviation[at, :count])
    return _Plain(levels, slopes, _faded(squares), _log_variances(len(z) // 256 + 1))


def _faded(rows: Floats) -> Floats:
    """Running sums in which every row counts RECENCY of the next, in place."""
    for t in range(1, len(rows)):
        rows[t] += RECENCY * rows[t - 1]
    return rows


@lru_cache(maxsize=8)
def _log_variances(blocks: int) -> Floats:
    """Faded sums of log F, which do not depend on the values; 256 rows a block."""
    at = np.minimum(np.arange(256 * blocks), SETTLED - 1)
    rows = 2 * np.log(starting_gains().deviation[at, : len(PLAIN.phi)])
    rows[0] = 0.0  # the first value is the start, not an error
    return _faded(rows)


@dataclass(frozen=True)
class _Seasonal:
    level: Floats
    slope: Floats
    season: Floats
    scores: _Scores


def _run_seasonal(z: Floats, rows: list[int], m: int) -> list[_Seasonal]:
    """The seasonal candidates after each count of observations. The first season's line is the one thing that
    looks ahead of it, to the same periods of the next season, so counts of less than two seasons have runs of
    their own; they share every step. Arrays (runs, candidates)."""
    lines = [_seasonal_slope(z[:n], m) for n in rows]
    runs = sorted(set(lines))
    slopes, trending = np.array(runs)[:, None], SEASONAL.beta > 0
    mean, centre = z[:m].mean(), (m - 1) / 2
    level = np.broadcast_to(mean + slopes * centre, (len(runs), len(trending)))
    slope = np.where(trending, slopes, 0.0)
    season = np.empty((m, len(runs), len(trending)))
    season[:] = (z[:m] - mean - slopes * (np.arange(m) - centre)).T[:, :, None]
    square, logs = np.zeros_like(slope), 0.0
    found: dict[int, _Seasonal] = {}
    own = {n: runs.index(line) for n, line in zip(rows, lines, strict=True)}
    for t in range(m, max(rows)):
        visit, at, n = t // m, t % m, t + 1
        slope = SEASONAL.phi * slope
        level = level + slope
        error = z[t] - level - season[at]
        level = level + SEASONAL.alpha * error
        slope = slope + SEASONAL.beta * error
        season[at] += np.maximum(SEASONAL.gamma, 1 / (visit + 1)) * error
        square = RECENCY * square + error * error / (1 + 1 / visit)
        logs = RECENCY * logs + math.log(1 + 1 / visit)
        if n in own:
            i = own[n]
            scores = _Scores(square[i], np.full(len(trending), logs), _faded_count(n - m))
            found[n] = _Seasonal(level[i], slope[i], season[(n + np.arange(m)) % m, i], scores)
    return [found[n] for n in rows]


def _faded_count(errors: int) -> float:
    return (1 - RECENCY**errors) / (1 - RECENCY)


def _seasonal_slope(z: Floats, m: int) -> float:
    """Slope a period from the same periods of the first two seasons, shrunk by its prior: the mean of r
    differences over m periods has the variance 2 / (r m^2) in units of the error variance."""
    pairs = min(len(z) - m, m)
    measured = float((z[m : m + pairs] - z[:pairs]).mean()) / m
    return measured * SLOPE_PRIOR / (SLOPE_PRIOR + 2 / (pairs * m * m))


def _state(n: int, m: int, plain: _Plain, seasonal: _Seasonal | None, floor: float) -> State:
    scores = plain.scores(n)
    own = _log_likelihood(scores, floor)
    variance = _variance(scores, own, floor)
    level, slope, freedom = plain.level[n - 1], plain.slope[n - 1], scores.count + VARIANCE_PRIOR
    if seasonal is None:
        return State(n, _softmax(own), level, slope, np.sqrt(variance), (freedom, freedom), None)
    theirs = _log_likelihood(seasonal.scores, floor)
    since = _log_likelihood(plain.scores(n, m), floor)
    seasonal_variance = _variance(seasonal.scores, theirs, floor)
    return State(
        n,
        _joined(own, since, theirs),
        np.concatenate([level, seasonal.level]),
        np.concatenate([slope, seasonal.slope]),
        np.sqrt(np.concatenate([variance, seasonal_variance])),
        (freedom, seasonal.scores.count + VARIANCE_PRIOR),
        np.concatenate([np.zeros((m, len(own))), seasonal.season], axis=1),
    )


def _log_likelihood(scores: _Scores, floor: float) -> Floats:
    """Of the faded errors, with the error variance put in: -(n log(mean e^2 / F) + sum log F) / 2."""
    if scores.count == 0:
        return np.zeros_like(scores.square)
    mean = (scores.square + floor * floor) / scores.count
    return -0.5 * (scores.count * np.log(mean) + scores.log_variance)


def _variance(scores: _Scores, likelihood: Floats, floor: float) -> Floats:
    """Error variance of each candidate: its own, pulled to the bank's average by the prior."""
    count = max(scores.count, 1e-9)
    mean = scores.square / count
    average = float((_softmax(likelihood) * mean).sum()) if scores.count else 0.0
    found = (scores.square + VARIANCE_PRIOR * average) / (scores.count + VARIANCE_PRIOR)
    return np.maximum(found, floor * floor)


def _softmax(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def _log_mean(logs: Floats, weights: Floats) -> float:
    top = logs.max()
    return float(top + np.log((np.exp(logs - top) * weights).sum()))


def _joined(own: Floats, since: Floats, theirs: Floats) -> Floats:
    """Weights of both halves: inside a half by all its errors, between the halves by the errors since the
    first season, which both have made."""
    first, second = _softmax(own), _softmax(theirs)
    plain = _log_mean(since, first)
    seasonal = _log_mean(theirs, np.full(len(theirs), 1 / len(theirs)))
    share = 1 / (1 + np.exp(np.clip(plain - seasonal, -500, 500)))
    return np.concatenate([first * (1 - share), second * share])
