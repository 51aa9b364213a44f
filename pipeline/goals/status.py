"""What a goal's figures mean: the status, by pace or by chance, each with its reason.

Here: the rules and their thresholds. Not here: the figures (measure.py, progress.py) or the wording
(reasons.py). Thresholds are printed on the method page of every scorecard.

Where a chance exists the at-risk flag is a fold over all closed periods since the goal's start, never the
state of an earlier run, so that weeks evaluated in any order agree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.goals.model import Basis, Chance, StatusName

PACE_ON_TRACK = Decimal("-0.05")
PACE_WATCH = Decimal("-0.165")
PACE_AT_RISK = Decimal("-0.33")

FLAG_ENTER_TWICE = 0.40
FLAG_ENTER_ONCE = 0.10
FLAG_CLEAR_TWICE = 0.55
FLAG_CLEAR_ONCE = 0.90
WATCH_BELOW = 0.55
OFF_TRACK_BELOW = 0.15
STRETCH_SHARE = 0.5
"""A stretch goal is flagged below this share of its chance at set time."""

FEWEST_OBSERVATIONS = 4
CONFIDENT_FROM = 9
"""Observations from which a chance is not marked as low confidence."""


@dataclass(frozen=True)
class ChanceHistory:
    """Chances at the end of each closed period, oldest first, and now; at_set is the one at k = 0."""

    now: Chance
    by_period: tuple[float, ...] = ()
    at_set: float | None = None


@dataclass(frozen=True)
class Verdict:
    status: StatusName
    basis: Basis


def pace_status(gap: Decimal) -> StatusName:
    """Status of a gap between progress and plan (a share; negative is behind)."""
    if gap >= PACE_ON_TRACK:
        return "on_track"
    if gap >= PACE_WATCH:
        return "watch"
    return "at_risk" if gap >= PACE_AT_RISK else "off_track"


def at_risk_flag(chances: Iterable[float]) -> bool:
    """The flag after a sequence of chances, one per closed period."""
    return any(deque(at_risk_flags(chances), 1))


def at_risk_flags(chances: Iterable[float]) -> Iterator[bool]:
    """The flag after each of a sequence of chances. It enters below .40 twice running or below .10 once, and
    clears above .55 twice running or above .90 once: in between it stays as it is."""
    flagged, low, high = False, 0, 0
    for chance in chances:
        low = low + 1 if chance < FLAG_ENTER_TWICE else 0
        high = high + 1 if chance > FLAG_CLEAR_TWICE else 0
        if not flagged and (low >= 2 or chance < FLAG_ENTER_ONCE):
            flagged = True
        elif flagged and (high >= 2 or chance > FLAG_CLEAR_ONCE):
            flagged = False
        yield flagged


def stretch_flag(chances: Iterable[float], at_set: float) -> bool:
    """A stretch goal's flag after a sequence of chances."""
    return any(deque(stretch_flags(chances, at_set), 1))


def stretch_flags(chances: Iterable[float], at_set: float) -> Iterator[bool]:
    """The flag after each chance: below half the one at set time twice running; two at or above clear it."""
    flagged, low, high = False, 0, 0
    for chance in chances:
        below = chance < STRETCH_SHARE * at_set
        low, high = (low + 1, 0) if below else (0, high + 1)
        if low >= 2:
            flagged = True
        elif high >= 2:
            flagged = False
        yield flagged


def flags(history: Sequence[float], at_set: float | None, *, stretch: bool) -> tuple[bool, ...]:
    """The flag of a goal after each of its chances."""
    if stretch and at_set is not None:
        return tuple(stretch_flags(history, at_set))
    return tuple(at_risk_flags(history))


def chance_status(history: ChanceHistory, *, stretch: bool = False) -> StatusName:
    """Status by chance. A stretch goal that is not flagged is on track whatever its chance."""
    chances: Sequence[float] = history.by_period or (history.now.probability,)
    probability = history.now.probability
    if stretch and history.at_set is not None:
        if not stretch_flag(chances, history.at_set):
            return "on_track"
        # the same proportion below its own flag threshold as .15 is below .40
        floor = STRETCH_SHARE * history.at_set * OFF_TRACK_BELOW / FLAG_ENTER_TWICE
        return "at_risk" if probability >= floor else "off_track"
    if at_risk_flag(chances):
        return "at_risk" if probability >= OFF_TRACK_BELOW else "off_track"
    return "on_track" if probability >= WATCH_BELOW else "watch"


def printed_chance(probability: float) -> str:
    """Rounded to 5 %: a chance is not known better than that."""
    if probability < 0.05:
        return "<5 %"
    if probability > 0.95:
        return ">95 %"
    return f"{int(probability * 20 + 0.5) * 5} %"
