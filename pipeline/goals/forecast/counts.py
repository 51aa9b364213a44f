"""Futures of a rate whose periods have few cases: hits are counted, not smoothed.

Here: a small bank of rates with different memories, judged by how well each would have foretold the counts.
Not here: rates of many cases, which run on the logit scale (bank.py), nor the chance at set time
(achievability.py), whose prior and correlation are used.

Each candidate keeps a Beta distribution of the rate: the prior Beta(2, 6) and the counts on record, deflated
because cases of one period are alike (design effect 1 + (n - 1) x 0.02), both fading by its memory a period
(power discounting: West and Harrison, Bayesian Forecasting and Dynamic Models, 1997). Hits of a coming period
are beta-binomial around it, and are counted in their turn.
"""

from __future__ import annotations

from math import lgamma

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PRIOR = (2.0, 6.0)
CORRELATION = 0.02
MEMORIES = (0.8, 0.9, 0.95, 0.98, 1.0)
FEW = 5.0
"""Hits, or cases that are none, a period below which a rate is counted: the usual rule for a normal
approximation."""


def are_few(hits: Floats, cases: Floats) -> bool:
    """Whether the periods with cases have fewer than FEW hits or misses on average."""
    there = cases > 0
    if not there.any():
        return True
    return float(min(hits[there].mean(), (cases - hits)[there].mean())) < FEW


def simulate(hits: Floats, cases: Floats, horizon: int, ahead: float, number: int, paths: int) -> Floats:
    """Rates of the coming periods of `ahead` cases each, shape (horizon, paths). hits, cases: oldest first;
    NaN or 0 cases: nothing known of that period."""
    memory = np.array(MEMORIES)
    a, b, weights = _beliefs(hits, cases, memory)
    rng = np.random.Generator(np.random.PCG64(number))
    chosen = rng.choice(len(memory), size=paths, p=weights)
    own, pa, pb = memory[chosen], a[chosen], b[chosen]
    trials = max(round(ahead), 1)
    effect = 1 + (trials - 1) * CORRELATION
    out = np.empty((horizon, paths))
    for h in range(horizon):
        alpha, beta = _predictive(pa, pb)
        drawn = rng.binomial(trials, rng.beta(alpha, beta))
        out[h] = drawn / trials
        pa, pb = own * pa + drawn / effect, own * pb + (trials - drawn) / effect
    return out


def weights(hits: Floats, cases: Floats) -> Floats:
    """Share of each of MEMORIES in the futures that follow these counts, shape (memories,)."""
    return _beliefs(hits, cases, np.array(MEMORIES))[2]


def _beliefs(hits: Floats, cases: Floats, memory: Floats) -> tuple[Floats, Floats, Floats]:
    """Prior and deflated counts of each candidate, faded over all periods with cases, and the candidates'
    weights."""
    a, b = (np.full(len(memory), one) for one in PRIOR)
    logs = np.zeros(len(memory))
    for hit, case in zip(hits, cases, strict=True):
        if case > 0:
            logs += _log_chance(hit, case, *_predictive(a, b))
            effect = 1 + (case - 1) * CORRELATION
            a, b = memory * a + hit / effect, memory * b + (case - hit) / effect
    weights = np.exp(logs - logs.max())
    return a, b, weights / weights.sum()


def _predictive(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Beta parameters of one period's own rate: uncertainty about the rate and correlation inside a
    period."""
    uncertain = 1 / (a + b + 1)
    together = uncertain + CORRELATION * (1 - uncertain)
    size, mean = 1 / together - 1, a / (a + b)
    return mean * size, (1 - mean) * size


def _log_chance(hit: float, case: float, a: Floats, b: Floats) -> Floats:
    """Log probability of the hits, beta-binomial; the part that is the same for all candidates left out."""
    return _log_beta(hit + a, case - hit + b) - _log_beta(a, b)


def _log_beta(a: Floats, b: Floats) -> Floats:
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    return np.array([lgamma(x) + lgamma(y) - lgamma(x + y) for x, y in pairs])
