"""How chances turned out: scores of predictions whose goals are decided.

Here: predictions in, scores out. Not here: where predictions come from (backtest.py) or how they are worded.

Every closed period of a goal is one prediction. Those of one goal hang together, so that the number of goals
says how much a score is worth, and few goals get none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from statistics import median

from pipeline.goals.model import StatusName

FEWEST_GOALS = 5
FEWEST_PREDICTIONS = 20
"""Fewer decided goals or predictions than these get no score: one lucky goal would decide it."""
EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Of the bands in which forecasts are compared with what came."""
MIDDLE = range(1, 4)
"""Bands where a forecast says neither "surely" nor "hardly"."""
TELLING = 10
"""Forecasts in a middle band from which it is the one that is printed."""


@dataclass(frozen=True)
class Prediction:
    """What was said of a goal at the end of one closed period, and what came."""

    goal_id: str
    kpi_id: str
    day: date
    """Last day that was known."""
    due: date
    closed: int
    """Closed periods by then, of `total`."""
    total: int
    probability: float
    low: Decimal | None
    high: Decimal | None
    """80 % range of the figure at the end; None where the range is of something else (a goal to keep)."""
    flagged: bool
    pace: StatusName | None
    """What linear pace would have said; None where it was not asked."""
    happened: bool
    end: Decimal | None
    """The figure the goal ended with; None where it was decided before its end."""

    @property
    def weeks_left(self) -> float:
        return (self.due - self.day).days / 7


@dataclass(frozen=True)
class Band:
    """Forecasts between two chances. `low` is included, `high` only in the last band."""

    low: float
    high: float
    count: int
    happened: int
    mean: float
    """Mean chance in the band."""

    @property
    def share(self) -> float:
        return self.happened / self.count


@dataclass(frozen=True)
class Scores:
    """Of at least FEWEST_GOALS goals and FEWEST_PREDICTIONS predictions."""

    goals: int
    attained: int
    predictions: int
    brier: float
    """Mean squared difference of chance and outcome: 0 is perfect, always 50 % gives .25."""
    brier_pace: float | None
    """The same of linear pace, each of its four statuses read as how often it came true in these very
    predictions: the best that pace could have done. None where pace was not asked."""
    ece: float
    """Mean difference of chance and frequency over the bands, weighted by their forecasts."""
    bands: tuple[Band, ...]
    """Those with forecasts, lowest first."""
    in_range: int
    ranged: int
    """Ends within the 80 % range, of so many that had one and an end."""
    half_flagged: int
    half_missed: int
    half_both: int
    """Goals at half-time: flagged, missed in the end, and both."""
    missed: int
    missed_flagged: int
    """Missed goals, and those of them that were flagged when they were last predicted."""
    lead_weeks: float | None
    """Median weeks from the flag that stayed up to the due date, of missed goals that had one."""
    flips: int
    """Times a flag changed after its goal's first prediction, in all goals together."""

    @property
    def skill(self) -> float | None:
        """Share of linear pace's score that the chance saves; below 0 it is worse."""
        return 1 - self.brier / self.brier_pace if self.brier_pace else None

    @property
    def telling(self) -> Band:
        """The band that says most: the fullest of the middle ones with enough forecasts, else the fullest."""
        middle = [band for band in self.bands if band.low in (EDGES[at] for at in MIDDLE)]
        enough = [band for band in middle if band.count >= TELLING]
        return max(enough or self.bands, key=lambda band: band.count)


def is_enough(predictions: Sequence[Prediction]) -> bool:
    goals = {one.goal_id for one in predictions}
    return len(goals) >= FEWEST_GOALS and len(predictions) >= FEWEST_PREDICTIONS


def scores(predictions: Iterable[Prediction]) -> Scores | None:
    """Scores of predictions, in any order; None where they are too few."""
    known = sorted(predictions, key=lambda one: (one.goal_id, one.day))
    if not is_enough(known):
        return None
    goals = [list(own) for _, own in groupby(known, key=lambda one: one.goal_id)]
    halves = [_half_time(own) for own in goals]
    missed = [own for own in goals if not own[0].happened]
    leads = [lead for own in missed if (lead := _lead(own)) is not None]
    ranged = [one for one in known if one.end is not None and one.low is not None and one.high is not None]
    bands = _bands(known)
    return Scores(
        goals=len(goals),
        attained=sum(own[0].happened for own in goals),
        predictions=len(known),
        brier=_brier([one.probability for one in known], known),
        brier_pace=_pace_brier(known),
        ece=sum(band.count * abs(band.mean - band.share) for band in bands) / len(known),
        bands=bands,
        in_range=sum(one.low <= one.end <= one.high for one in ranged),  # type: ignore[operator]
        ranged=len(ranged),
        half_flagged=sum(one.flagged for one in halves),
        half_missed=sum(not one.happened for one in halves),
        half_both=sum(one.flagged and not one.happened for one in halves),
        missed=len(missed),
        missed_flagged=len(leads),
        lead_weeks=median(leads) if leads else None,
        flips=sum(one.flagged != other.flagged for own in goals for one, other in pairwise(own)),
    )


def _brier(chances: Sequence[float], known: Sequence[Prediction]) -> float:
    errors = [(chance - one.happened) ** 2 for chance, one in zip(chances, known, strict=True)]
    return sum(errors) / len(errors)


def _pace_brier(known: Sequence[Prediction]) -> float | None:
    """Where pace has nothing to say it is read as often as those came true."""
    if all(one.pace is None for one in known):
        return None
    own: dict[StatusName | None, list[bool]] = {}
    for one in known:
        own.setdefault(one.pace, []).append(one.happened)
    often = {status: sum(came) / len(came) for status, came in own.items()}
    return _brier([often[one.pace] for one in known], known)


def _bands(known: Sequence[Prediction]) -> tuple[Band, ...]:
    found = []
    for low, high in pairwise(EDGES):
        last = high == EDGES[-1]
        own = [one for one in known if low <= one.probability < high or (last and one.probability == high)]
        if own:
            mean = sum(one.probability for one in own) / len(own)
            found.append(Band(low, high, len(own), sum(one.happened for one in own), mean))
    return tuple(found)


def _half_time(own: Sequence[Prediction]) -> Prediction:
    """A goal's prediction nearest to half of its periods; the earlier of two."""
    return min(own, key=lambda one: (abs(one.closed - one.total / 2), one.closed))


def _lead(own: Sequence[Prediction]) -> float | None:
    """Weeks to the due date when the flag went up that stayed up; None where it was down at the end."""
    since: Prediction | None = None
    for one in own:
        since = (since or one) if one.flagged else None
    return since.weeks_left if since is not None else None
