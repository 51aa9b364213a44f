"""A goal's outlook at the end of each of its periods: chance, forecast and ranges, all from the same paths.

Here: what paths and the periods already known say about a target. Not here: how paths are drawn (paths.py,
counts.py) or which days a period has (goals/chances.py).

Every outlook depends on the values known at its point, its seed and the question, and on nothing else: not on
other points, goals, the order of calls or what is remembered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.goals.forecast import counts
from pipeline.goals.forecast.bank import BANK, Floats, State, states
from pipeline.goals.forecast.draws import Source
from pipeline.goals.forecast.paths import PATHS, between, simulate
from pipeline.goals.forecast.scale import LOGIT, Scale, choose, filled

Judged = Literal["sum", "inside"]
OFFERED = (0.70, 0.50, 0.25, 0.10)
"""Chances for which a target is offered."""
ROUNDING = 1e-12
"""A value this close to the target, as a share of it, is on it: 3 of 10 are 30 %."""
REMEMBERED = 50_000
"""Outlooks held at most, about a kilobyte each."""


@dataclass(frozen=True, eq=False)
class Track:
    """A measure at the end of several coming periods: base + weights x coming values."""

    base: Floats
    weights: Floats
    """Shape (ends, horizon)."""


@dataclass(frozen=True, eq=False)
class Point:
    """What is known, and what is still to come, at the end of one period of a goal."""

    seed: int
    known: int
    """Values known by then, from the first of the series; the newest ones may be missing (NaN)."""
    weights: Floats
    """What each coming period counts for in the measure at the due date; shape (horizon,), at least one."""
    settled: float = 0.0
    """What the known periods contribute to it."""
    gaps: tuple[tuple[int, float], ...] = ()
    """(index, weight) of missing values before `known` that the measure needs."""
    track: Track | None = None
    """The measure at earlier ends: those that are judged (inside), or those a fan is drawn for."""
    kept: int = 0
    """inside: periods kept so far."""
    needed: int = 0
    """inside: periods that have to be kept in all."""
    cases: float = 0.0
    """Of small counts: expected cases of each coming period."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a series. `values`: oldest first, NaN where missing."""

    values: Floats
    season: int
    target: float
    higher_is_better: bool
    judged: Judged = "sum"
    """sum: settled + weights x values reaches the target. inside: at least `needed` ends of the track do."""
    is_rate: bool = False
    """Values are strictly inside (0, 1)."""
    tally: tuple[Floats, Floats] | None = None
    """Hits and cases behind each value, when they are too few for a smooth rate: they are counted instead."""


@dataclass(frozen=True)
class Outlook:
    """inside: forecast and ranges are those of the next period that is judged."""

    probability: float
    forecast: float
    range80: tuple[float, float]
    range50: tuple[float, float]
    offered: tuple[float, ...]
    """The most ambitious targets that still have the chances OFFERED, periods kept so far set aside."""
    fan: tuple[tuple[float, float, float, float, float], ...] = ()
    """10, 25, 50, 75 and 90 % quantiles of the track, an end each."""


def outlooks(question: Question, points: Sequence[Point]) -> list[Outlook | None]:
    """The outlook at each point; None where no value is known by then."""
    keys = [_key(question, point) for point in points]
    new = {key: point for key, point in zip(keys, points, strict=True) if key not in _remembered}
    found = dict(zip(new, _computed(question, list(new.values())), strict=True))
    answers = [found[key] if key in found else _remembered[key] for key in keys]
    _remembered.update(found)
    while len(_remembered) > REMEMBERED:
        _remembered.pop(next(iter(_remembered)))
    return answers


@dataclass(frozen=True)
class Candidate:
    """A model of the bank and its share of the futures. `gains` by name: of the bank its level, slope,
    damping and season; of small counts its memory."""

    weight: float
    gains: dict[str, float]


@dataclass(frozen=True)
class Trace:
    """What an outlook was made with."""

    scale: str
    """log, sqrt, logit or identity; counts: no scale, hits are counted."""
    candidates: tuple[Candidate, ...]
    """Heaviest first."""
    bank: int
    """Candidates there were in all."""


def traced(question: Question, point: Point, most: int = 5) -> Trace | None:
    """How the outlook at a point comes about; None where no value is known by then."""
    if question.tally is not None:
        hits, cases = question.tally
        weights = counts.weights(hits[: point.known], cases[: point.known])
        gains = [{"memory": one} for one in counts.MEMORIES]
        return _trace("counts", weights, gains, most)
    known = _newest(question.values, point.known)
    if not known:
        return None
    scale = LOGIT if question.is_rate else choose(question.values[:known])
    series = _Series.on_scale(question.values, scale, known)
    (state,) = states(series.z, [known - series.first], question.season, [scale.noise])
    gains = [
        {"level": level, "slope": slope, "damping": damping, "season": season}
        for level, slope, damping, season in zip(BANK.alpha, BANK.beta, BANK.phi, BANK.gamma, strict=True)
    ]
    return _trace(scale.name, state.weights, gains, most)


def _trace(scale: str, weights: Floats, gains: Sequence[dict[str, float]], most: int) -> Trace:
    order = sorted(range(len(weights)), key=lambda at: (-weights[at], at))[:most]
    heaviest = tuple(
        Candidate(float(weights[at]), {name: float(gain) for name, gain in gains[at].items()}) for at in order
    )
    return Trace(scale, heaviest, len(weights))


_remembered: dict[bytes, Outlook | None] = {}
"""By everything an outlook depends on, so that a backfill computes each week of a goal once."""


def _key(question: Question, point: Point) -> bytes:
    arrays = [question.values[: point.known], point.weights]
    arrays += [part[: point.known] for part in question.tally or ()]
    arrays += [point.track.base, point.track.weights] if point.track else []
    rest = (
        question.season, question.target, question.higher_is_better, question.judged, question.is_rate,
        point.seed, point.settled, point.gaps, point.kept, point.needed, point.cases,
        [one.shape for one in arrays],
    )  # fmt: skip
    digest = hashlib.sha256(repr(rest).encode())
    for one in arrays:
        digest.update(np.ascontiguousarray(one).tobytes())
    return digest.digest()


def _computed(question: Question, points: Sequence[Point]) -> list[Outlook | None]:
    if question.tally is not None:
        return [_of_counts(question, point, question.tally) for point in points]
    known = [_newest(question.values, point.known) for point in points]
    scales = {n: LOGIT if question.is_rate else choose(question.values[:n]) for n in set(known) if n}
    found: list[Outlook | None] = [None] * len(points)
    for name in sorted({scale.name for scale in scales.values()}):
        own = [i for i, n in enumerate(known) if n and scales[n].name == name]
        series = _Series.on_scale(question.values, scales[known[own[0]]], max(known[i] for i in own))
        lengths = [known[i] - series.first for i in own]
        run = states(series.z, lengths, question.season, [scales[known[i]].noise for i in own])
        for i, state in zip(own, run, strict=True):
            found[i] = _of_bank(question, points[i], state, series)
    return found


@dataclass(frozen=True, eq=False)
class _Series:
    """Values on one scale from the first known one, without gaps."""

    first: int
    z: Floats
    scale: Scale

    @classmethod
    def on_scale(cls, values: Floats, scale: Scale, end: int) -> _Series:
        first = int(np.argmin(np.isnan(values)))
        return cls(first, filled(scale.forward(values[first:end])), scale)


def _newest(values: Floats, known: int) -> int:
    """How many values there are up to the newest that is not missing."""
    there = np.flatnonzero(~np.isnan(values[:known]))
    return int(there[-1]) + 1 if len(there) else 0


def _of_bank(question: Question, point: Point, state: State, series: _Series) -> Outlook:
    source = Source(point.seed)
    n = series.first + state.n
    late = point.known - n
    paths = series.scale.back(simulate(state, late + len(point.weights), source))
    missing = np.zeros(PATHS)
    for index, weight in point.gaps:
        if index >= n:
            missing += weight * paths[index - n]
        elif index >= series.first:
            missing += weight * series.scale.back(between(state, series.z[index - series.first], source))
    return _judged(question, point, paths[late:], missing, series.scale.name != "identity")


def _of_counts(question: Question, point: Point, tally: tuple[Floats, Floats]) -> Outlook | None:
    history = tally[0][: point.known], tally[1][: point.known]
    if not (history[1] > 0).any():
        return None
    coming = counts.simulate(*history, len(point.weights), point.cases, point.seed, PATHS)
    return _judged(question, point, coming, np.zeros(PATHS), True)


def _judged(
    question: Question, point: Point, coming: Floats, missing: Floats, never_negative: bool
) -> Outlook:
    """`coming`: values of the coming periods, shape (horizon, paths); `missing`: what gaps add, a path
    each."""
    track = point.track.base[:, None] + point.track.weights @ coming if point.track else None
    if question.judged == "inside" and track is not None:
        return _kept(question, point, track)
    outcomes = point.settled + missing + point.weights @ coming
    decided = _decided(question, point) if never_negative else None
    chance = _chance(_reach(question, outcomes)) if decided is None else decided
    return _outlook(question, outcomes, chance, track)


def _kept(question: Question, point: Point, track: Floats) -> Outlook:
    kept = point.kept + _reach(question, track, axis=0)
    chance = _chance(np.asarray(kept >= point.needed))
    left = point.needed - point.kept
    if left <= 0 or left > len(track):
        chance = float(left <= 0)
    found = _outlook(question, track[0], chance, track)
    return replace(found, offered=_offered(question, _strictest(question, track, left)))


def _strictest(question: Question, track: Floats, needed: int) -> Floats:
    """The most ambitious target that each path would reach at `needed` of its ends."""
    place = min(max(needed, 1), len(track))
    ordered = np.sort(track, axis=0)
    return ordered[-place] if question.higher_is_better else ordered[place - 1]


def _reach(question: Question, values: Floats | np.float64, axis: int | None = None) -> Floats:
    slack = abs(question.target) * ROUNDING
    if question.higher_is_better:
        reached = values >= question.target - slack
    else:
        reached = values <= question.target + slack
    return np.asarray(reached if axis is None else reached.sum(axis=axis))


def _chance(hits: Floats) -> float:
    return (int(hits.sum()) + 0.5) / (PATHS + 1)


def _decided(question: Question, point: Point) -> float | None:
    """1 or 0 where values that are never negative can no longer change the answer."""
    if (point.weights < 0).any() or any(weight < 0 for _, weight in point.gaps):
        return None
    reached = bool(_reach(question, np.float64(point.settled)))
    if question.higher_is_better:
        return 1.0 if reached else None
    return None if reached else 0.0


def _outlook(question: Question, outcomes: Floats, chance: float, track: Floats | None) -> Outlook:
    ordered = np.sort(outcomes)
    low, lower, middle, upper, high = _quantiles(ordered)
    fan = tuple(_quantiles(one) for one in np.sort(track, axis=1)) if track is not None else ()
    return Outlook(chance, middle, (low, high), (lower, upper), _offered(question, outcomes), fan)


def _offered(question: Question, outcomes: Floats) -> tuple[float, ...]:
    ordered = np.sort(outcomes)
    return tuple(quantile(ordered, 1 - one if question.higher_is_better else one) for one in OFFERED)


def _quantiles(ordered: Floats) -> tuple[float, float, float, float, float]:
    low, lower, middle, upper, high = (quantile(ordered, share) for share in (0.1, 0.25, 0.5, 0.75, 0.9))
    return low, lower, middle, upper, high


def quantile(ordered: Floats, share: float) -> float:
    """Of sorted values: the mean of the two that the share falls between."""
    at = min(max(round(share * len(ordered)), 1), len(ordered) - 1)
    return float(ordered[at - 1] + ordered[at]) / 2
