"""What a goal measures: its periods, which of them are closed, and the figure over the right days.

Here: cutting a goal's window into periods, the close lag, pooling (sum over sum), the target and baseline
as numbers. Not here: how far the figure is from the plan (progress.py, trajectory.py) or what that means
(status.py).

Defaults of a measurement, when a goal does not declare one: a level goal on a rate is pooled over the
trailing 13 weeks (3 months for monthly figures), a growth rate over the window so far, any other level (a
stock, a running total, an expression of several rates too) on the last whole period; a maintain goal looks at
each whole period by itself. The level of a count or an amount over more than one period is its mean per
period, so that it can be compared with a target per period.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from pipeline.kpis.series import Conversion
from pipeline.periods import (
    DAY,
    Week,
    add_months,
    company_date,
    month_end,
    month_start,
    prior_year_day,
)
from pipeline.units import Direction
from pipeline.workspace.model import Goal, Kpi, Measured, Quantity

PeriodName = Literal["week", "month"]
TRAILING = {"week": 13, "month": 3}
"""Periods of a quarter, over which a rate is pooled by default."""


class PooledValue(Protocol):
    """Sum over sum of some days; value is None when there is no figure."""

    @property
    def value(self) -> Decimal | None: ...
    @property
    def numerator(self) -> Decimal | None: ...
    @property
    def denominator(self) -> Decimal | None: ...


class Series(Protocol):
    """What a goal needs of a KPI's days in its segment (kpis/series.py builds them)."""

    @property
    def first_day(self) -> date | None: ...
    @property
    def last_day(self) -> date | None: ...
    @property
    def currencies(self) -> Collection[str]: ...
    @property
    def foreign_since(self) -> Mapping[str, date]: ...
    @property
    def converted(self) -> Mapping[str, Conversion]: ...
    def pooled(self, first: date, last: date) -> PooledValue: ...


@dataclass(frozen=True)
class Span:
    """Days from first to last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Reading:
    """A measured figure and the days it was measured over."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    span: Span


@dataclass(frozen=True)
class Window:
    """A goal's window cut into periods as an edition sees it."""

    period: PeriodName
    spans: tuple[Span, ...]
    closed: tuple[Span, ...]
    data_through: date
    """End of the newest closed period; the last day the edition can see when none is closed."""

    @property
    def is_over(self) -> bool:
        return len(self.closed) == len(self.spans)


def goal_period(goal: Goal, kpi: Kpi) -> PeriodName:
    return goal.period or ("month" if kpi.grain == "month" else "week")


def effective_kind(goal: Goal) -> Literal["cumulative", "level", "maintain"]:
    """A level goal whose target is its baseline is kept, not reached: it becomes a maintain goal."""
    return "maintain" if goal.kind == "level" and _is_at_baseline(goal) else goal.kind


def _is_at_baseline(goal: Goal) -> bool:
    """Whether the declared baseline is the target: as two equal numbers, or as a change of nothing."""
    if goal.baseline is None or goal.every is not None:
        return False
    if goal.relative_to is None:
        return goal.baseline.amount == goal.target.amount
    return goal.relative_to == "baseline" and goal.target.amount == 0


@lru_cache(maxsize=16384)
def whole_period(day: date, period: PeriodName) -> Span:
    """The ISO week or calendar month a day lies in."""
    if period == "month":
        return Span(month_start(day), month_end(day))
    monday = day - timedelta(days=day.weekday())
    return Span(monday, monday + timedelta(days=6))


def cut(first: date, last: date, period: PeriodName) -> list[Span]:
    """ISO weeks or calendar months clipped to first..last; the outer ones may have fewer days."""
    return list(_cut(first, last, period))


@lru_cache(maxsize=2048)
def _cut(first: date, last: date, period: PeriodName) -> tuple[Span, ...]:
    spans, day = [], first
    while day <= last:
        end = min(whole_period(day, period).last, last)
        spans.append(Span(day, end))
        day = end + DAY
    return tuple(spans)


def is_whole(span: Span, period: PeriodName) -> bool:
    return span == whole_period(span.first, period)


def whole_periods(span: Span, period: PeriodName) -> Decimal:
    """Length of a span in whole-period equivalents: days / 7, or each month's share of its days."""
    if period == "week":
        return Decimal(span.days) / 7
    return sum(
        (
            Decimal(part.days) / whole_period(part.first, period).days
            for part in cut(span.first, span.last, period)
        ),
        Decimal(0),
    )


@dataclass(frozen=True)
class Horizon:
    """How far an edition can see."""

    sunday: date
    """Last day of the edition's week."""
    today: date
    """Company date of the as-of instant."""
    covered: date | None = None
    """Last day that the exports of every feeding source cover: the day before the oldest of their newest ones
    was received. None: no export limits it."""

    @property
    def last(self) -> date:
        """Last day that may hold figures."""
        return self.sunday if self.covered is None else min(self.sunday, self.covered)

    def is_closed(self, end: date, kpi: Kpi) -> bool:
        """A period counts when it ended by the edition's Sunday, its close lag is over on the as-of date (a
        month with a lag of 10 days closes on the 10th), and an export covers it: days that nobody has
        exported yet are not days without business."""
        return end <= self.last and end + timedelta(days=kpi.close_lag_days) <= self.today


def horizon(week: Week, as_of: datetime, zone: ZoneInfo, received: Iterable[datetime | None] = ()) -> Horizon:
    """`received`: when the newest usable export of each feeding source came (None: never)."""
    dates = [company_date(instant, zone) - DAY for instant in received if instant is not None]
    return Horizon(week.sunday, company_date(as_of, zone), min(dates) if dates else None)


def goal_window(goal: Goal, kpi: Kpi, seen: Horizon) -> Window:
    period = goal_period(goal, kpi)
    spans = tuple(cut(goal.start, goal.due, period))
    closed = tuple(span for span in spans if seen.is_closed(span.last, kpi))
    return Window(period, spans, closed, closed[-1].last if closed else seen.last)


def has_counts(kpi: Kpi) -> bool:
    """A share of counts (deals won of deals closed), which carries its own sampling noise."""
    shares = (kpi.numerator, kpi.denominator)
    return kpi.kind == "ratio" and all(one is not None and one.aggregate == "count" for one in shares)


def has_opening_stock(kpi: Kpi) -> bool:
    """A rate over those in force at the start of its days: its value depends on how long the span is."""
    return kpi.denominator is not None and kpi.denominator.taken == "opening"


def measurement(goal: Goal, kpi: Kpi) -> Measured:
    """The goal's own rule, or the default of its kind (see the module's docstring)."""
    period = goal_period(goal, kpi)
    if goal.measured is not None:
        if goal.measured.over == "trailing" and "periods" not in goal.measured.model_fields_set:
            return Measured(over="trailing", periods=TRAILING[period])
        return goal.measured
    if effective_kind(goal) == "maintain":
        return Measured(over="last")
    if kpi.shape == "growth":
        return Measured(over="window")
    if kpi.shape == "ratio":
        return Measured(over="trailing", periods=TRAILING[period])
    return Measured(over="last")


def trailing_first(last: date, periods: int, period: PeriodName) -> date:
    """First day of the `periods` weeks or months that end with `last`."""
    if period == "month":
        return add_months(last + DAY, -periods)
    return last - timedelta(days=7 * periods - 1)


def last_whole(last: date, period: PeriodName) -> Span:
    """The newest whole period that ended on or before a day."""
    span = whole_period(last, period)
    return span if span.last <= last else whole_period(span.first - DAY, period)


def measured_span(goal: Goal, kpi: Kpi, last: date) -> Span:
    """The days a level or maintain goal is measured over when `last` is the last day counted."""
    rule, period = measurement(goal, kpi), goal_period(goal, kpi)
    if rule.over == "window":
        return Span(goal.start, last)
    if rule.over == "last":
        return last_whole(last, period)
    return Span(trailing_first(last, rule.periods, period), last)


def read_span(kpi: Kpi, series: Series, span: Span, period: PeriodName, *, mean: bool) -> Reading:
    """The figure over a span. History that begins later shortens the span, except for a rate over an opening
    stock, where a shorter span would be another quantity: there is no figure then.

    `mean` turns the sum of a count or an amount into its mean per whole period.
    """
    first = series.first_day
    if first is None or first > span.last:
        return Reading(None, None, None, span)
    if first > span.first:
        if has_opening_stock(kpi):
            return Reading(None, None, None, span)
        span = Span(first, span.last)
    pooled = series.pooled(span.first, span.last)
    value = pooled.value
    if mean and kpi.shape == "sum" and value is not None:
        value = value / whole_periods(span, period)
    return Reading(value, pooled.numerator, pooled.denominator, span)


def measure(goal: Goal, kpi: Kpi, series: Series, last: date) -> Reading:
    """The goal's figure when `last` is the last day counted: the sum of the window so far (cumulative), or
    the measured level."""
    period = goal_period(goal, kpi)
    if effective_kind(goal) == "cumulative":
        return read_span(kpi, series, Span(goal.start, last), period, mean=False)
    return read_span(kpi, series, measured_span(goal, kpi, last), period, mean=True)


@lru_cache(maxsize=16384)
def prior_year_span(span: Span, period: PeriodName = "week") -> Span:
    """The counterpart a year earlier: the same calendar months when the span consists of whole months, else
    the same ISO weeks and weekdays."""
    months = span.first == month_start(span.first) and span.last == month_end(span.last)
    if months or period == "month":
        last = add_months(span.last, -12)
        return Span(
            add_months(span.first, -12), month_end(last) if span.last == month_end(span.last) else last
        )
    return Span(prior_year_day(span.first), prior_year_day(span.last))


def reaches(value: Decimal, target: Decimal, direction: Direction) -> bool:
    return value >= target if direction is Direction.UP else value <= target


@dataclass(frozen=True)
class Baseline:
    """Where a level's way begins: as the goal declares it, or as the data had it at the end of a day."""

    value: Decimal
    day: date | None = None
    """None: declared."""


def baseline_of(goal: Goal, kpi: Kpi, series: Series) -> Decimal | None:
    """The declared baseline; for a level without one, the figure on the day before the start."""
    found = baseline_at_start(goal, kpi, series)
    return found.value if found else None


def baseline_at_start(goal: Goal, kpi: Kpi, series: Series, closed: Sequence[Span] = ()) -> Baseline | None:
    """The declared baseline; for a level without one, the figure on the day before the start, or, where the
    history begins only later, at the end of the first of the `closed` periods that has a figure."""
    if goal.baseline is not None:
        return Baseline(goal.baseline.amount)
    if effective_kind(goal) != "level":
        return None
    before = goal.start - DAY
    if goal.relative_to == "prior_period":
        value = _prior_period_base(goal, kpi, series, None)
    else:
        value = _level_before(goal, kpi, series, before)
    if value is not None:
        return Baseline(value, before)
    for span in closed if kpi.shape != "growth" else ():
        value = measure(goal, kpi, series, span.last).value
        if value is not None:
            return Baseline(value, span.last)
    return None


def _level_before(goal: Goal, kpi: Kpi, series: Series, day: date) -> Decimal | None:
    """The level at the end of a day before the window; a goal pooled over its own window has no days yet, so
    that as many days before, a quarter at most, stand for it."""
    period = goal_period(goal, kpi)
    if measurement(goal, kpi).over != "window":
        return measure(goal, kpi, series, day).value
    if kpi.shape == "growth":
        return None
    as_long = preceding_span(Span(goal.start, goal.due)).first
    span = Span(max(as_long, trailing_first(day, TRAILING[period], period)), day)
    return read_span(kpi, series, span, period, mean=True).value


def target_in_force(goal: Goal, day: date) -> Quantity:
    """The target as it stood on a day: a change dated later has not happened yet."""
    later = sorted(
        (change for change in goal.target_changes if change.on > day), key=lambda change: change.on
    )
    return later[0].previous if later else goal.target


def due_in_force(goal: Goal, day: date) -> date:
    """The due date as it stood on a day, by the changes that are written down."""
    later = sorted(
        (change for change in goal.target_changes if change.on > day and change.previous_due),
        key=lambda change: change.on,
    )
    return later[0].previous_due or goal.due if later else goal.due


def original_target(goal: Goal) -> Quantity | None:
    """The target as first set, when it was changed since."""
    changes = sorted(goal.target_changes, key=lambda change: change.on)
    return changes[0].previous if changes else None


def resolved(
    quantity: Quantity, goal: Goal, kpi: Kpi, series: Series, seen: Horizon | None = None
) -> Decimal | None:
    """A target or milestone as an absolute number; None when the base it refers to has no figure, or, with
    `seen`, not a whole one yet: part of a year is no base.

    "+25 %" multiplies the base, "-5 pp" and plain signed numbers are added to it. A percentage of nothing or
    of a loss is no number to reach: there is no target then. Without `relative_to` a sign is only a sign.
    """
    if not quantity.signed or goal.relative_to is None:
        return quantity.amount
    base = base_of(goal, kpi, series, seen)
    return None if base is None else changed(base, quantity)


def changed(base: Decimal, change: Quantity, times: int = 1) -> Decimal | None:
    """A base after the same change so many times over: + 10 % twice is x 1.21, + 2 points twice is + 4."""
    if change.mark != "%":
        return base + times * change.amount
    return base * (1 + change.amount) ** times if base > 0 else None


def base_of(goal: Goal, kpi: Kpi, series: Series, seen: Horizon | None = None) -> Decimal | None:
    """The figure that a relative target changes; None where it is not (wholly) known yet."""
    if goal.relative_to == "prior_year":
        return _prior_year_base(goal, kpi, series, seen)
    if goal.relative_to == "prior_period":
        return _prior_period_base(goal, kpi, series, seen)
    return goal.baseline.amount if goal.baseline is not None else None


def preceding_span(span: Span) -> Span:
    """The span of equal length right before: as many calendar months when it consists of whole months, else
    as many days."""
    before = span.first - DAY
    if span.first == month_start(span.first) and span.last == month_end(span.last):
        months = (span.last.year - span.first.year) * 12 + span.last.month - span.first.month + 1
        return Span(add_months(span.first, -months), before)
    return Span(span.first - timedelta(days=span.days), before)


def _prior_period_base(goal: Goal, kpi: Kpi, series: Series, seen: Horizon | None) -> Decimal | None:
    """What the goal measures, measured over the span before its window."""
    earlier = preceding_span(Span(goal.start, goal.due))
    before = goal.model_copy(update={"start": earlier.first, "due": earlier.last})
    needed = earlier if effective_kind(goal) == "cumulative" else measured_span(before, kpi, earlier.last)
    if series.first_day is None or series.first_day > needed.first:
        return None
    if seen is not None and not seen.is_closed(earlier.last, kpi):
        return None
    return measure(before, kpi, series, earlier.last).value


def _prior_year_base(goal: Goal, kpi: Kpi, series: Series, seen: Horizon | None) -> Decimal | None:
    period, kind = goal_period(goal, kpi), effective_kind(goal)
    span = Span(goal.start, goal.due) if kind == "cumulative" else measured_span(goal, kpi, goal.due)
    # nothing adds up the figures of a stock or of rates: theirs are those of one span
    spans = (prior_year_span(span, period),) if kpi.shape == "level" else _equal_weeks(span, period)
    if series.first_day is None or series.first_day > spans[0].first:
        return None
    if seen is not None and not seen.is_closed(spans[-1].last, kpi):
        return None
    if len(spans) == 1:
        return read_span(kpi, series, spans[0], period, mean=kind != "cumulative").value
    found = _together(kpi, [series.pooled(one.first, one.last) for one in spans])
    is_mean = kpi.shape == "sum" and kind != "cumulative"
    return found / whole_periods(span, period) if is_mean and found is not None else found


def _together(kpi: Kpi, parts: Sequence[PooledValue]) -> Decimal | None:
    """The figure of spans that do not touch, as if they were one: sums added up before anything is divided.
    An opening stock is that of the first."""
    above = [one.numerator for one in parts if one.numerator is not None]
    if len(above) < len(parts):
        return None
    if kpi.shape == "sum":
        return sum(above, Decimal(0))
    below = [one.denominator or Decimal(0) for one in parts[: 1 if has_opening_stock(kpi) else None]]
    hits, cases = sum(above, Decimal(0)), sum(below, Decimal(0))
    if not cases or abs(cases) < kpi.minimum_sample:
        return None
    if kpi.shape == "growth":
        return hits / cases - 1 if cases > 0 else None
    return 1 - hits / cases if kpi.complement else hits / cases


def _equal_weeks(span: Span, period: PeriodName) -> tuple[Span, ...]:
    """The counterpart a year earlier, in one part an ISO year: of years with 52 and 53 weeks the turn has no
    counterpart, so that between the outermost days there would be a week too few or too many."""
    whole = prior_year_span(span, period)
    is_of_weeks = whole.first == prior_year_day(span.first) and whole.last == prior_year_day(span.last)
    if not is_of_weeks or whole.days == span.days:
        return (whole,)
    found, first = [], span.first
    while first <= span.last:
        turn = Week.of(date(Week.of(first).year, 12, 28)).sunday
        last = min(turn, span.last)
        found.append(Span(prior_year_day(first), prior_year_day(last)))
        first = last + DAY
    return tuple(found)
