"""Whether a rate's target can be reached, judged when it is set: a beta-binomial of the counts on record.

Here: the chance of a rate and the classes of chances. Not here: the chance of other goals (chances.py) or the
verdict per letter (smart.py).

The rate's model: a prior Beta(2, 6) is updated by the counts on record, deflated by 1 + (n - 1) x 0.02
because deals of one week are alike (n: cases a period). Each coming period then has its own rate, drawn from
Beta(p s, (1 - p) s) with s = 1 / 0.02 - 1 around the rate p, and its own cases. Several periods ahead are one
beta-binomial of all their cases with the same variance. Works from three points, because counts or the prior
carry it: three weeks at 25 % of 40 cases give P(>= 30 %) = .34 and P(>= 50 %) = .018 for the week ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.goals.forecast.counts import CORRELATION, PRIOR
from pipeline.goals.forecast.outlook import OFFERED
from pipeline.units import Direction

GRID = 400
MOST_TRIALS = 1000
"""More cases than this are replaced by as many with the same variance of the rate."""

Floats = npt.NDArray[np.float64]
AmbitionClass = Literal["comfortable", "achievable", "stretch", "too_ambitious"]


@dataclass(frozen=True)
class RateHistory:
    """Counts on record: `periods` periods with `cases` in all, of which `hits`."""

    hits: float
    cases: float
    periods: int

    @property
    def per_period(self) -> float:
        return self.cases / self.periods if self.periods else 0.0


def ambition(chance: float) -> AmbitionClass:
    """comfortable from .70, achievable from .30, stretch from .10, too ambitious below."""
    if chance >= 0.70:
        return "comfortable"
    if chance >= 0.30:
        return "achievable"
    return "stretch" if chance >= 0.10 else "too_ambitious"


def posterior(history: RateHistory) -> tuple[float, float]:
    """Beta parameters of the rate after the deflated counts."""
    effect = 1 + max(history.per_period - 1, 0) * CORRELATION
    return PRIOR[0] + history.hits / effect, PRIOR[1] + (history.cases - history.hits) / effect


def rate_chance(
    target: Decimal,
    direction: Direction,
    history: RateHistory,
    ahead: int = 1,
    per_period: float | None = None,
) -> float:
    """Chance that the rate pooled over the `ahead` coming periods reaches the target."""
    tail = _tail(history, ahead, per_period or history.per_period)
    return _chance(float(target), direction, tail)


def offered_targets(
    direction: Direction, history: RateHistory, ahead: int = 1, per_period: float | None = None
) -> dict[float, Decimal]:
    """The most ambitious target that still has each of the offered chances."""
    tail = _tail(history, ahead, per_period or history.per_period)
    trials = len(tail) - 2
    found = {}
    for chance in OFFERED:
        if direction is Direction.UP:
            hits = int(np.nonzero(tail[:-1] >= chance)[0][-1])
        else:
            hits = int(np.nonzero(1 - tail[1:] >= chance)[0][0])
        found[chance] = Decimal(hits) / trials
    return found


def _chance(target: float, direction: Direction, tail: Floats) -> float:
    trials = len(tail) - 2
    if direction is Direction.UP:
        hits = int(np.ceil(target * trials - 1e-9))
        return float(tail[min(max(hits, 0), trials + 1)])
    hits = int(np.floor(target * trials + 1e-9))
    return float(1 - tail[min(max(hits + 1, 0), trials + 1)])


def _tail(history: RateHistory, ahead: int, per_period: float) -> Floats:
    a, b = posterior(history)
    per = max(round(per_period), 1)
    return _predictive_tail(round(a, 9), round(b, 9), per, max(ahead, 1))


@lru_cache(maxsize=512)
def _predictive_tail(a: float, b: float, per_period: int, ahead: int) -> Floats:
    """P(hits >= k) for k = 0..trials + 1. Shape (trials + 2,)."""
    trials, correlation = _same_variance(per_period, ahead)
    rates, weights = _rate_grid(a, b)
    pmf = weights @ _beta_binomial(rates, trials, correlation)
    tail = np.zeros(trials + 2)
    tail[: trials + 1] = np.cumsum(pmf[::-1])[::-1]
    return np.clip(tail, 0.0, 1.0)


def _same_variance(per_period: int, ahead: int) -> tuple[int, float]:
    """Number of cases ahead and the correlation among all of them that gives the pooled rate the variance it
    has when only cases of one period are correlated."""
    cases = per_period * ahead
    effect = 1 + (per_period - 1) * CORRELATION
    trials = min(cases, MOST_TRIALS)
    if trials < 2:
        return trials, 0.0
    effective = cases / effect
    return trials, max(trials / effective - 1, 0.0) / (trials - 1)


def _rate_grid(a: float, b: float) -> tuple[Floats, Floats]:
    """Rates within 8 standard deviations of a Beta(a, b) and their weights, which add up to 1."""
    mean = a / (a + b)
    deviation = float(np.sqrt(mean * (1 - mean) / (a + b + 1)))
    low, high = max(mean - 8 * deviation, 0.0), min(mean + 8 * deviation, 1.0)
    rates = low + (np.arange(GRID) + 0.5) * (high - low) / GRID
    logs = (a - 1) * np.log(rates) + (b - 1) * np.log1p(-rates)
    weights = np.exp(logs - logs.max())
    return rates, weights / weights.sum()


def _beta_binomial(rates: Floats, trials: int, correlation: float) -> Floats:
    """Probabilities of 0..trials hits for each rate, by ratios of neighbours. Shape (rates, trials + 1)."""
    k = np.arange(trials)
    p = rates[:, None]
    if correlation > 1e-12:
        s = 1 / correlation - 1
        ratios = np.log((trials - k) * (k + p * s)) - np.log((k + 1) * (trials - k - 1 + (1 - p) * s))
    else:
        ratios = np.log((trials - k) / (k + 1)) + np.log(p) - np.log1p(-p)
    logs = np.concatenate([np.zeros((len(rates), 1)), np.cumsum(ratios, axis=1)], axis=1)
    pmf = np.exp(logs - logs.max(axis=1, keepdims=True))
    return pmf / pmf.sum(axis=1, keepdims=True)
