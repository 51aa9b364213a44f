"""A goal's chance of attainment: its KPI's days turned into a question about coming periods, and the answer
back.

Here: which whole periods the forecast sees, what the closed days contribute, what each coming period counts
for in the goal's measure. Not here: the forecast itself (forecast/) or what a chance means (status.py).

The forecast runs on whole ISO weeks or calendar months, from years before the window to the newest closed
one. A window is cut by company dates, so its outer weeks may have fewer days: what they bring is the exact
sum of their days once they are closed, and before that the share of a whole week that such days had lately.
Every measure is thus a number that is settled plus weights times coming whole periods; the rest of the module
computes both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.goals.forecast.counts import PRIOR, are_few
from pipeline.goals.forecast.draws import seed
from pipeline.goals.forecast.outlook import Outlook, Point, Question, Trace, Track, outlooks, traced
from pipeline.goals.measure import (
    Horizon,
    PeriodName,
    PooledValue,
    Series,
    Span,
    Window,
    cut,
    effective_kind,
    goal_period,
    goal_window,
    has_counts,
    has_opening_stock,
    is_whole,
    measure,
    measured_span,
    reaches,
    trailing_first,
    whole_period,
    whole_periods,
)
from pipeline.goals.model import Chance, FanPoint
from pipeline.goals.progress import inside_count
from pipeline.goals.status import CONFIDENT_FROM, FEWEST_OBSERVATIONS, ChanceHistory
from pipeline.periods import DAY
from pipeline.units import Direction
from pipeline.workspace.model import Goal, Kpi

Floats = npt.NDArray[np.float64]

SEASON = {"week": 52, "month": 12}
MOST_HISTORY = {"week": 208, "month": 120}
"""Whole periods before the window that the forecast sees at most."""
RECENT = {"week": 13, "month": 6}
"""Newest whole periods whose mean number of cases is expected to come again."""
PROFILE_WEEKS = 8
"""Newest whole weeks that tell which share of a week its first or last days bring."""


def chance_history(
    goal: Goal, kpi: Kpi, series: Series, seen: Horizon, target: Decimal | None
) -> ChanceHistory | None:
    """Chances at the start and after each closed period of the window, and now; None where there is no
    chance: nothing closed yet or all of it, no target, too little history, no base to grow from."""
    window = goal_window(goal, kpi, seen)
    if target is None or not window.closed or window.is_over:
        return None
    if effective_kind(goal) == "maintain" and not _judged_later(window):
        return None
    asked = _Asked.of(goal, kpi, series, target, len(window.closed), window.data_through)
    if asked is None or not asked.has_enough:
        return None
    found = asked.outlooks()
    if found[-1] is None:
        return None
    now = _chance(found[-1], asked, window.spans[len(window.closed) :])
    by_period = tuple(one.probability for one in found if one is not None)
    return ChanceHistory(now, by_period, found[0].probability if found[0] is not None else None)


@dataclass(frozen=True)
class ChancePoint:
    """The chance as it stood at the end of one period."""

    day: date
    """Last day that was known: the day before the start, then the end of each closed period."""
    closed: int
    """Periods of the goal that were closed by then."""
    known: int
    """Whole periods on record by then."""
    probability: float
    low: Decimal
    high: Decimal
    forecast: Decimal
    seed: int


@dataclass(frozen=True)
class ChanceTrace:
    """How a goal's chance came about."""

    points: tuple[ChancePoint, ...]
    """Oldest first; the newest is the chance that is printed."""
    history: tuple[tuple[Span, Decimal | None], ...]
    """The whole periods that the forecast runs on, with the KPI over each."""
    observations: int
    model: Trace
    """Of the newest point."""


def chance_trace(
    goal: Goal, kpi: Kpi, series: Series, seen: Horizon, target: Decimal | None
) -> ChanceTrace | None:
    """The trace of what chance_history says; None where it says nothing."""
    if chance_history(goal, kpi, series, seen, target) is None or target is None:
        return None
    window = goal_window(goal, kpi, seen)
    asked = _Asked.of(goal, kpi, series, target, len(window.closed), window.data_through)
    if asked is None:
        return None
    points = asked.points
    model = traced(asked.question(), points[max(points)]) if points else None
    if model is None:
        return None
    record = tuple((span, one.value) for span, one in zip(asked.record, asked.pooled, strict=True))
    return ChanceTrace(asked.chance_points(), record, asked.observations, model)


def past_chances(
    goal: Goal, kpi: Kpi, series: Series, seen: Horizon, target: Decimal
) -> tuple[ChancePoint, ...]:
    """The chances of a goal at its start and after each closed period but the last, from the figures on
    record now, each using those up to its day alone. Empty where there is too little history."""
    window = goal_window(goal, kpi, seen)
    closed = window.closed[: len(window.spans) - 1]
    if not closed:
        return ()
    asked = _Asked.of(goal, kpi, series, target, len(closed), closed[-1].last)
    return asked.chance_points() if asked is not None and asked.has_enough else ()


def outlook_at_start(
    goal: Goal, kpi: Kpi, series: Series, target: Decimal, known: date | None = None
) -> Outlook | None:
    """The outlook on the day before the goal's start, from what is on record of the days before it; None
    where there are too few periods. The weeks up to a start that is still to come are not known, nor are
    those after `known`."""
    known = min(goal.start - DAY, series.last_day or date.min, known or date.max)
    asked = _Asked.of(goal, kpi, series, target, 0, goal.start - DAY, known)
    return asked.outlooks()[0] if asked is not None and asked.has_enough else None


def _chance(found: Outlook, asked: _Asked, coming: Sequence[Span]) -> Chance:
    low, high = map(as_decimal, found.range80)
    if not found.fan:  # a coming period has no measure of its own: growth over a year that begins within it
        coming = ()
    spans = coming if asked.kind != "maintain" else [span for span in coming if is_whole(span, asked.period)]
    return Chance(
        probability=found.probability,
        low=low,
        high=high,
        forecast=as_decimal(found.forecast),
        low_confidence=asked.observations < CONFIDENT_FROM,
        method="counts" if asked.is_counted else "bank",
        fan=tuple(
            FanPoint(span.last, *map(as_decimal, ends)) for span, ends in zip(spans, found.fan, strict=True)
        ),
    )


def _judged_later(window: Window) -> bool:
    """Whether a whole period of a goal to keep is still to come: four days are not a week."""
    return any(is_whole(span, window.period) for span in window.spans[len(window.closed) :])


def as_decimal(value: float) -> Decimal:
    """Ten digits: more than a simulation knows."""
    return Decimal(f"{value:.10g}")


@dataclass(frozen=True)
class _Unknown:
    """The figure of a period that nobody has seen yet."""

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


_UNKNOWN = _Unknown()


@dataclass(frozen=True, eq=False)
class _Asked:
    """One goal's question. `ends` are the days the points 0, 1, ... stand at: the day before the start, then
    the end of each closed period."""

    goal: Goal
    kpi: Kpi
    series: Series
    target: Decimal
    period: PeriodName
    spans: tuple[Span, ...]
    ends: tuple[date, ...]
    record: tuple[Span, ...]
    """Whole periods, oldest first."""
    pooled: tuple[PooledValue, ...]
    """The KPI over each of them."""
    _shares: dict[date, tuple[Floats, tuple[tuple[int, Span, Span], ...]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, goal: Goal, kpi: Kpi, series: Series, target: Decimal, closed: int, through: date,
        known: date | None = None,
    ) -> _Asked | None:  # fmt: skip
        """`known`: the last day there are figures of, when it is before `through`."""
        period = goal_period(goal, kpi)
        spans = tuple(cut(goal.start, goal.due, period))
        record = tuple(_record(goal, series, period, through))
        if not record:
            return None
        ends = (goal.start - DAY, *(span.last for span in spans[:closed]))
        pooled = tuple(
            series.pooled(span.first, span.last) if known is None or span.last <= known else _UNKNOWN
            for span in record
        )
        return cls(goal, kpi, series, target, period, spans, ends, record, pooled)

    @property
    def kind(self) -> str:
        return effective_kind(self.goal)

    @property
    def has_enough(self) -> bool:
        return self.observations >= (1 if self._is_share else FEWEST_OBSERVATIONS)

    @property
    def _is_share(self) -> bool:
        """A share of counted cases of each period. Few that leave a large stock are rare events instead: one
        case of it says nothing about the next."""
        return self._are_counts and not has_opening_stock(self.kpi)

    @cached_property
    def _are_counts(self) -> bool:
        """Hits among cases. More may enter a stage than the one before it in a week: that is a ratio."""
        return has_counts(self.kpi) and bool(((self.hits >= 0) & (self.hits <= self.cases)).all())

    @property
    def observations(self) -> int:
        return int((~np.isnan(self.values)).sum())

    @cached_property
    def is_counted(self) -> bool:
        return self._is_share and (self.observations < FEWEST_OBSERVATIONS or self._has_few)

    @cached_property
    def _has_few(self) -> bool:
        return are_few(self.hits, self.cases)

    @property
    def _on_logit(self) -> bool:
        return self._are_counts and not self._has_few

    # --- the series ----------------------------------------------------------------------------------

    @cached_property
    def values(self) -> Floats:
        """What the forecast runs on, NaN where there is no figure: sums, or rates (for the logit
        scale strictly inside (0, 1), because each period gets one more case, of the usual rate)."""
        if self.kpi.shape == "level":
            return np.array([np.nan if one.value is None else float(one.value) for one in self.pooled])
        if self.kpi.shape != "ratio":
            return np.array(
                [np.nan if one.numerator is None else float(one.numerator) for one in self.pooled]
            )
        known = np.array([one.value is not None for one in self.pooled]) & (self.cases > 0)
        cases = np.where(known, self.cases, 1.0)
        rates = (self.hits + self._usual_rate) / (cases + 1) if self._on_logit else self.hits / cases
        return np.where(known, rates, np.nan)

    @property
    def _usual_rate(self) -> float:
        """Before the window, so that later counts do not move it; the prior's mean where nothing was."""
        n = self.known(self.ends[0])
        hits, cases = float(self.hits[:n].sum()), float(self.cases[:n].sum())
        return hits / cases if 0 < hits < cases else PRIOR[0] / sum(PRIOR)

    @cached_property
    def hits(self) -> Floats:
        """Of a ratio's whole periods; those of a complement over flows are the cases that are none."""
        hits = np.array([_number(one.numerator) for one in self.pooled])
        return self.cases - hits if self._counts_misses else hits

    @cached_property
    def cases(self) -> Floats:
        return np.array([_number(one.denominator) for one in self.pooled])

    @property
    def _counts_misses(self) -> bool:
        return self.kpi.complement and not has_opening_stock(self.kpi)

    def known(self, end: date) -> int:
        return sum(span.last <= end for span in self.record)

    def expected_cases(self, end: date) -> float:
        """Cases of a coming whole period: the newest stock, or the recent mean of a flow."""
        there = self.cases[: self.known(end)]
        there = there[there > 0]
        if not len(there):
            return 0.0
        return float(there[-1] if has_opening_stock(self.kpi) else there[-RECENT[self.period] :].mean())

    # --- the measure ---------------------------------------------------------------------------------

    def outlooks(self) -> list[Outlook | None]:
        """At each end; None where nothing was known, or the measure had nothing to be divided by."""
        points = self.points
        found = dict(zip(points, outlooks(self.question(), list(points.values())), strict=True))
        return [found.get(k) for k in range(len(self.ends))]

    def chance_points(self) -> tuple[ChancePoint, ...]:
        """The outlooks with the days they stand at, those that are missing left out."""
        points = self.points
        return tuple(
            ChancePoint(
                self.ends[k], k, self.known(self.ends[k]), one.probability, as_decimal(one.range80[0]),
                as_decimal(one.range80[1]), as_decimal(one.forecast), points[k].seed,
            )
            for k, one in enumerate(self.outlooks())
            if one is not None
        )  # fmt: skip

    @cached_property
    def points(self) -> dict[int, Point]:
        """What is known at each end that can be asked at."""
        return {k: point for k in range(len(self.ends)) if (point := self._point(k)) is not None}

    def question(self) -> Question:
        return Question(
            self.values, SEASON[self.period], float(self.target), self.kpi.direction is Direction.UP,
            "inside" if self.kind == "maintain" else "sum",
            is_rate=self._on_logit, tally=(self.hits, self.cases) if self.is_counted else None,
        )  # fmt: skip

    def _point(self, k: int) -> Point | None:
        measured = self._measure(self.goal.due, k)
        if measured is None:
            return None
        settled, weights = measured
        point = Point(
            seed(self.goal.id, k), self.known(self.ends[k]), weights, settled, self._gaps(k),
            cases=self.expected_cases(self.ends[k]) if self.is_counted else 0.0,
        )  # fmt: skip
        if self.kind == "maintain":
            return self._to_keep(point, k)
        is_newest = k == len(self.ends) - 1
        return replace(point, track=self._track(self.spans[k:], k)) if is_newest else point

    def _measure(self, day: date, k: int) -> tuple[float, Floats] | None:
        """The goal's measure at the end of `day`, seen from the end of period k: what is settled and what
        each coming period weighs."""
        measured, seen = self._span(day), self.ends[k]
        shares = self._coming_shares(day, k)
        if self.kpi.shape == "level":
            return self._taken(measured, seen, shares)
        done = (
            self.series.pooled(measured.first, min(measured.last, seen)) if measured.first <= seen else None
        )
        settled = _number(done.numerator) if done else 0.0
        if self.kpi.shape == "ratio":
            return self._rate(measured, settled, _number(done.denominator) if done else 0.0, shares, k)
        if self.kpi.shape == "growth":
            base = _number(self.series.pooled(measured.first, measured.last).denominator)
            return (settled / base - 1, shares / base) if base > 0 else None
        divisor = self._divisor(measured)
        return settled / divisor, shares / divisor

    def _taken(self, measured: Span, seen: date, shares: Floats) -> tuple[float, Floats] | None:
        """A figure that nothing may add up is that of one whole period, settled or to come; over more than
        one it cannot be put together from the figures of each, and there is no chance."""
        if not is_whole(measured, self.period):
            return None
        if measured.last > seen:
            return 0.0, shares
        value = self.series.pooled(measured.first, measured.last).value
        return (float(value), shares * 0.0) if value is not None else None

    def _divisor(self, measured: Span) -> float:
        """A level of a count or an amount is its mean per whole period."""
        return 1.0 if self.kind == "cumulative" else float(whole_periods(measured, self.period))

    def _rate(
        self, measured: Span, hits: float, cases: float, shares: Floats, k: int
    ) -> tuple[float, Floats] | None:
        coming = self.expected_cases(self.ends[k])
        if has_opening_stock(self.kpi):
            stock = cases or coming
            sign = -1 if self.kpi.complement else 1
            settled = 1 - hits / stock if self.kpi.complement and stock else hits / stock if stock else 0.0
            return (settled, sign * shares * coming / stock) if stock else None
        total = cases + float(shares.sum()) * coming
        if self._counts_misses:
            hits = cases - hits
        return (hits / total, shares * coming / total) if total else None

    def _span(self, day: date) -> Span:
        """The days measured when `day` is the last one; a history that begins later shortens them, except of
        a rate over an opening stock (measure.read_span)."""
        whole = (
            Span(self.goal.start, day)
            if self.kind == "cumulative"
            else measured_span(self.goal, self.kpi, day)
        )
        first = self.series.first_day
        if first is None or has_opening_stock(self.kpi) or not whole.first < first <= whole.last:
            return whole
        return Span(first, whole.last)

    def _coming_shares(self, day: date, k: int) -> Floats:
        """Which part of each coming whole period the days measured at `day` bring."""
        if day not in self._shares:
            self._shares[day] = self._overlaps(self._span(day))
        whole, partial = self._shares[day]
        shares = whole[k:].copy()
        for i, part, around in partial:
            if i >= k:
                shares[i - k] = self._profile(part, around, self.ends[k])
        return shares

    def _overlaps(self, measured: Span) -> tuple[Floats, tuple[tuple[int, Span, Span], ...]]:
        """1 for each period of the window that is measured whole, and those measured in part: (index, days,
        whole period)."""
        whole, partial = np.zeros(len(self.spans)), []
        for i, span in enumerate(self.spans):
            first, last = max(span.first, measured.first), min(span.last, measured.last)
            around = whole_period(span.first, self.period)
            if first == around.first and last == around.last:
                whole[i] = 1.0
            elif first <= last:
                partial.append((i, Span(first, last), around))
        return whole, tuple(partial)

    def _profile(self, part: Span, whole: Span, seen: date) -> float:
        """The share these days of the week had of the newest whole weeks; of a month, or of nothing, that of
        its days. A month of the books is whole or not there."""
        if self.kpi.grain == "month":
            return 0.0
        if self.period == "week" and self.kpi.shape != "ratio":
            weeks = [span for span in self.record if span.last <= seen][-PROFILE_WEEKS:]
            offset, length = (part.first - whole.first).days, part.days
            parts = totals = 0.0
            for week in weeks:
                first = week.first + timedelta(days=offset)
                parts += _number(self.series.pooled(first, first + timedelta(days=length - 1)).numerator)
                totals += _number(self.series.pooled(week.first, week.last).numerator)
            if totals > 0 and 0 <= parts <= totals:
                return parts / totals
        return part.days / whole.days

    def _gaps(self, k: int) -> tuple[tuple[int, float], ...]:
        """Closed periods without a figure whose days the measure of a sum needs."""
        if self.kpi.shape in ("ratio", "level") or self.kind == "maintain":
            return ()
        measured, known = self._span(self.goal.due), self.known(self.ends[k])
        missing = [
            i for i in np.flatnonzero(np.isnan(self.values[:known])) if self.record[i].last >= measured.first
        ]
        if not missing:
            return ()
        scale = self._gap_unit(measured)
        return tuple(
            (int(i), self._gap_share(self.record[i], measured, self.ends[k]) * scale) for i in missing
        )

    def _gap_unit(self, measured: Span) -> float:
        if self.kpi.shape == "growth":
            base = _number(self.series.pooled(measured.first, measured.last).denominator)
            return 1 / base if base > 0 else 0.0
        return 1 / self._divisor(measured)

    def _gap_share(self, whole: Span, measured: Span, seen: date) -> float:
        part = Span(max(whole.first, measured.first), min(whole.last, measured.last))
        return 1.0 if part == whole else self._profile(part, whole, seen)

    def _track(self, spans: Sequence[Span], k: int) -> Track | None:
        """The measure at the end of each of the coming periods."""
        found = [one for span in spans if (one := self._measure(span.last, k)) is not None]
        if len(found) < len(spans) or not found:
            return None
        return Track(np.array([one[0] for one in found]), np.array([one[1] for one in found]))

    def _to_keep(self, point: Point, k: int) -> Point | None:
        """The point of a goal to keep: whole periods kept so far, and how many must be in all (missing ones
        are not judged). None when no whole period is to come."""
        whole = [span for span in self.spans if is_whole(span, self.period)]
        closed = [span for span in whole if span.last <= self.ends[k]]
        values = [measure(self.goal, self.kpi, self.series, span.last).value for span in closed]
        hits = [reaches(one, self.target, self.kpi.direction) for one in values if one is not None]
        tally = inside_count(hits, len(whole), self.goal.inside)
        coming = whole[len(closed) :]
        track = self._track(coming, k)
        if track is None:
            return None
        return replace(
            point,
            track=track,
            kept=tally.inside,
            needed=tally.judged + len(coming) - tally.allowed_outside,
        )


def _number(value: Decimal | None) -> float:
    return float(value) if value is not None else 0.0


def _record(goal: Goal, series: Series, period: PeriodName, through: date) -> list[Span]:
    """Whole periods from years before the window, or from the first one on record, to the newest that ended
    by `through`."""
    if series.first_day is None or through < series.first_day:
        return []
    first = max(series.first_day, trailing_first(goal.start - DAY, MOST_HISTORY[period], period))
    return [span for span in cut(first, through, period) if is_whole(span, period)]
