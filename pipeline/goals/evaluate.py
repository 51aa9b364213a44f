"""One goal in one edition: from its KPI's days to a GoalResult. Pure: no store, no clock, no files.

Here: putting the pieces together and choosing which rule decides. Not here: the rules themselves
(status.py), the sentences (reasons.py), where components come from (edition.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipeline.goals import reasons as say
from pipeline.goals.bounds import natural_bounds
from pipeline.goals.control import control_chart
from pipeline.goals.interval import rate_interval
from pipeline.goals.measure import (
    Horizon,
    Reading,
    Series,
    Span,
    Window,
    base_of,
    baseline_at_start,
    cut,
    effective_kind,
    goal_window,
    has_counts,
    horizon,
    is_whole,
    measure,
    measurement,
    original_target,
    prior_year_span,
    reaches,
    resolved,
    target_in_force,
    whole_period,
)
from pipeline.goals.model import (
    Basis,
    ControlChart,
    DriverPart,
    GoalResult,
    PeriodValue,
    Point,
    Reason,
    StatusName,
    TargetTerms,
)
from pipeline.goals.progress import (
    InsideCount,
    best,
    inside_count,
    pace_index,
    progress_share,
    remaining_span,
    required_rate,
    run_rate,
)
from pipeline.goals.segments import Unseen
from pipeline.goals.status import (
    CONFIDENT_FROM,
    FEWEST_OBSERVATIONS,
    ChanceHistory,
    chance_status,
    pace_status,
    printed_chance,
)
from pipeline.goals.trajectory import Trajectory, trajectory
from pipeline.periods import DAY, Week, add_months, company_date, month_end, month_start
from pipeline.sources.state import SourceState
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Goal, Kpi

HISTORY_WEEKS = 104
MONTHS_SHOWN = 13
CHART_PERIODS = 52
"""Newest whole periods that the process limits are computed from."""
ZERO = Decimal(0)
HAVE_PARTS = ("ratio", "growth")
"""Shapes of KPI whose figure is one sum over another."""
UNSEEN_SHARE = Decimal("0.0005")
"""Half a tenth of a point: the last digit a percentage is printed with."""
UNSEEN_OF_TARGET = Decimal("0.002")
"""Of other units, this share of the target."""


@dataclass(frozen=True)
class Figures:
    """Everything measured about a goal, before any verdict."""

    goal: Goal
    kpi: Kpi
    series: Series
    seen: Horizon
    kind: str
    window: Window
    baseline: Decimal | None
    baseline_day: date | None
    target: Decimal | None
    reading: Reading
    plan: Trajectory
    progress: Decimal | None
    expected: Decimal | None
    expected_value: Decimal | None
    run_rate: Decimal | None
    run_periods: int
    required: Decimal | None
    best_period: Decimal | None
    inside: InsideCount | None
    observations: int

    @property
    def unit(self) -> str:
        return self.kpi.unit.value

    @property
    def is_over(self) -> bool:
        return self.window.is_over

    @property
    def is_limit(self) -> bool:
        """A sum that must stay below its target: a budget."""
        return self.kind == "cumulative" and self.kpi.direction is Direction.DOWN

    @property
    def has_way(self) -> bool:
        """Whether there is a way to go from where the goal began. A level whose measured baseline is at its
        target already has none; of a declared one that is said when the goal is read."""
        return has_way(self.kind, self.kpi, self.baseline, self.baseline_day, self.target)

    @property
    def gap(self) -> Decimal | None:
        """Progress minus plan as judged: negative is behind, also for a budget that is used too fast."""
        if self.progress is None or self.expected is None:
            return None
        gap = self.progress - self.expected
        return -gap if self.is_limit else gap


Verdict = tuple[StatusName, Basis, Reason]


def evaluate(
    goal: Goal,
    kpi: Kpi,
    series: Series,
    week: Week,
    as_of: datetime,
    zone: ZoneInfo,
    states: Mapping[str, SourceState],
    *,
    currency: str | None = None,
    has_rates: bool = False,
    chances: ChanceHistory | None = None,
    drivers: Sequence[DriverPart] = (),
    unseen: Unseen | None = None,
) -> GoalResult:
    """The goal as of an edition.

    `series` holds the KPI's days in the goal's segment as known at `as_of` (UTC); `states` are the states of
    the sources that feed the KPI and nothing else; `currency` is the company's, `has_rates` whether it
    has rates of others; `unseen` is a part of the segment that no row has.
    """
    seen = horizon(week, as_of, zone, [state.received_at for state in states.values()])
    figures = measured_figures(goal, kpi, series, seen)
    periods = _periods(figures)
    status, basis, reason = _verdict(figures, states, zone, currency, has_rates, chances, unseen)
    late = _late(figures, states, zone) if basis in ("pace", "chance") else None
    if late is not None:
        reason = say.awaiting(reason, late)
    gap_known = figures.progress is not None and figures.expected is not None
    value, target = figures.reading.value, figures.target
    first_target = original_target(goal)
    return GoalResult(
        goal_id=goal.id,
        kpi_id=kpi.id,
        kind=figures.kind,  # type: ignore[arg-type]
        unit=kpi.unit,
        direction=kpi.direction,
        baseline=figures.baseline,
        target=target if target is not None else ZERO,
        target_known=target is not None,
        original_target=resolved(first_target, goal, kpi, series, seen) if first_target else None,
        start=goal.start,
        due=goal.due,
        as_of=as_of,
        data_through=figures.window.data_through,
        period=figures.window.period,
        periods_total=len(figures.window.spans),
        periods_closed=len(figures.window.closed),
        actual=value,
        numerator=figures.reading.numerator if kpi.shape in HAVE_PARTS else None,
        denominator=figures.reading.denominator if kpi.shape in HAVE_PARTS else None,
        progress=figures.progress,
        expected=figures.expected,
        expected_value=figures.expected_value,
        plan_used=figures.plan.used,
        pace_gap=figures.progress - figures.expected if gap_known else None,  # type: ignore[operator]
        pace_index=pace_index(figures.progress, figures.expected) if gap_known else None,  # type: ignore[arg-type]
        gap_value=_difference(value, figures.expected_value),
        run_rate=figures.run_rate,
        required_rate=figures.required,
        required_multiple=_multiple(figures),
        best_period=figures.best_period,
        completeness=_completeness(figures),
        chance=chances.now if chances and basis == "chance" else None,
        status=status,
        basis=basis,
        reason=reason,
        previous_status=None,
        measured_label=say.measured_label(
            kpi, figures.kind, measurement(goal, kpi).over, figures.reading, figures.window.period
        ),
        calculation=say.calculation(kpi, figures.kind, figures.reading, figures.window.period),
        low_confidence=figures.observations < CONFIDENT_FROM,
        reconstructed=any(state.reconstructed for state in states.values()),
        periods=periods,
        months=_months(figures),
        burn_up=_burn_up(figures),
        control=_control(figures, periods),
        drivers=tuple(drivers),
        sources=tuple(states),
        problems=tuple(source for source, state in states.items() if not state.usable),
        uncovered=_uncovered(states, week, zone),
        override_status=override_now(goal, seen.today),
        interval=rate_interval(kpi, figures.reading),
        converted=series.converted,
        baseline_day=figures.baseline_day,
        terms=target_terms(goal, kpi, series, seen),
        chance_at_set=chances.at_set if chances and basis == "chance" else None,
    )


def judged(
    goal: Goal,
    kpi: Kpi,
    series: Series,
    seen: Horizon,
    states: Mapping[str, SourceState],
    zone: ZoneInfo,
    currency: str | None = None,
    unseen: Unseen | None = None,
    *,
    has_rates: bool = False,
) -> tuple[Figures, Verdict]:
    """Figures and verdict of a goal that is over, without what a page draws of it; arguments as of
    `evaluate`."""
    figures = measured_figures(goal, kpi, series, seen)
    return figures, _verdict(figures, states, zone, currency, has_rates, None, unseen)


def target_terms(goal: Goal, kpi: Kpi, series: Series, seen: Horizon) -> TargetTerms | None:
    """How a relative target was written; None of one written as a number."""
    change = target_in_force(goal, seen.today)
    if goal.relative_to is None or not change.signed:
        return None
    return TargetTerms(change.amount, change.mark, goal.relative_to, base_of(goal, kpi, series, seen))


# --- figures -----------------------------------------------------------------------------------------


def measured_figures(goal: Goal, kpi: Kpi, series: Series, seen: Horizon) -> Figures:
    """Measurement, plan, progress and rates of a goal at an edition."""
    window = goal_window(goal, kpi, seen)
    kind, last = effective_kind(goal), window.data_through
    target = resolved(target_in_force(goal, seen.today), goal, kpi, series, seen)
    begun = baseline_at_start(goal, kpi, series, window.closed)
    baseline, day = (begun.value, begun.day) if begun else (None, None)
    reading = _reading(goal, kpi, series, window, kind)
    zero = _plan_origin(kind, kpi, baseline) if has_way(kind, kpi, baseline, day, target) else None
    plan = trajectory(
        goal, kpi, series, zero if zero is not None else ZERO, target if target is not None else ZERO
    )
    inside = _inside(goal, kpi, series, window, target) if kind == "maintain" and target is not None else None
    started = bool(window.closed) and (zero is not None or kind == "maintain")
    expected = plan.share(last) if kind != "maintain" else inside.needed if inside else None
    rate, run_periods = run_rate(kpi, series, window.closed, window.period)
    history = _whole_values(kpi, series, seen, window)
    return Figures(
        goal=goal, kpi=kpi, series=series, seen=seen, kind=kind, window=window,
        baseline=baseline, baseline_day=day, target=target, reading=reading, plan=plan,
        progress=_progress(kpi, kind, reading, zero, target, inside, series, goal) if started else None,
        expected=expected if started else None,
        expected_value=_expected_value(kpi, kind, plan, last, zero, target) if started else None,
        run_rate=rate, run_periods=run_periods,
        required=_required(goal, kpi, series, kind, window, reading, target),
        best_period=best(history, kpi.direction),
        inside=inside,
        observations=sum(value is not None for value in history),
    )  # fmt: skip


def _reading(goal: Goal, kpi: Kpi, series: Series, window: Window, kind: str) -> Reading:
    """The figure up to the newest closed period. Before the first one a level is read on the last day counted
    (history reaches back); a sum has nothing to add up yet."""
    if window.closed:
        return measure(goal, kpi, series, window.data_through)
    if kind == "cumulative" or measurement(goal, kpi).over == "window":
        return Reading(None, None, None, Span(goal.start, max(goal.start, window.data_through)))
    return measure(goal, kpi, series, window.data_through)


def has_way(kind: str, kpi: Kpi, baseline: Decimal | None, day: date | None, target: Decimal | None) -> bool:
    """Whether a level's baseline leaves a way to its target; `day`: where the baseline was measured."""
    if kind != "level" or kpi.shape == "growth" or baseline is None or target is None:
        return True
    return day is None or not reaches(baseline, target, kpi.direction)


def _plan_origin(kind: str, kpi: Kpi, baseline: Decimal | None) -> Decimal | None:
    """Where the way begins: nothing for a sum (and for growth, a sum to reach), else the baseline."""
    return ZERO if kind == "cumulative" or kpi.shape == "growth" else baseline


def _progress(
    kpi: Kpi, kind: str, reading: Reading, zero: Decimal | None, target: Decimal | None,
    inside: InsideCount | None, series: Series, goal: Goal,
) -> Decimal | None:  # fmt: skip
    if kind == "maintain":
        return inside.share if inside else None
    if reading.value is None or target is None:
        return None
    if kpi.shape == "growth":
        return _growth_share(reading, target, series, goal)
    return progress_share(reading.value, zero, target) if zero is not None else None


def _growth_share(reading: Reading, target: Decimal, series: Series, goal: Goal) -> Decimal | None:
    """Sum so far over (1 + g) x last year's total of the whole window."""
    last_year = series.pooled(goal.start, goal.due).denominator
    if not last_year or reading.numerator is None or target <= -1:
        return None
    return reading.numerator / (last_year * (1 + target))


def _expected_value(
    kpi: Kpi, kind: str, plan: Trajectory, last: date, zero: Decimal | None, target: Decimal | None
) -> Decimal | None:
    if target is None or kind == "maintain" or kpi.shape == "growth":
        return target
    return plan.value(last, zero, target) if zero is not None else None


def _required(
    goal: Goal, kpi: Kpi, series: Series, kind: str, window: Window, reading: Reading, target: Decimal | None
) -> Decimal | None:
    remaining = remaining_span(window.data_through, goal.due) if window.closed else Span(goal.start, goal.due)
    if target is None or remaining is None:
        return None
    if kpi.shape == "growth":
        return _required_growth(goal, series, reading, remaining, target)
    if kind != "cumulative":
        return None
    return required_rate(target, reading.value or ZERO, remaining, window.period)


def _required_growth(
    goal: Goal, series: Series, reading: Reading, remaining: Span, target: Decimal
) -> Decimal | None:
    """Growth that the remaining days need: what is missing of (1 + g) x last year over their own base."""
    total = series.pooled(goal.start, goal.due).denominator
    rest = series.pooled(remaining.first, remaining.last).denominator
    if not total or not rest:
        return None
    return (total * (1 + target) - (reading.numerator or ZERO)) / rest - 1


def _inside(goal: Goal, kpi: Kpi, series: Series, window: Window, target: Decimal) -> InsideCount:
    """Only whole periods are judged: four days are not a week."""
    whole = [span for span in window.closed if is_whole(span, window.period)]
    values = [measure(goal, kpi, series, span.last).value for span in whole]
    hits = [reaches(value, target, kpi.direction) for value in values if value is not None]
    total = sum(is_whole(span, window.period) for span in window.spans)
    return inside_count(hits, total, goal.inside)


def _whole_values(kpi: Kpi, series: Series, seen: Horizon, window: Window) -> list[Decimal | None]:
    """Values of all whole closed periods on record, up to two years before the window."""
    return [
        series.pooled(span.first, span.last).value
        for span in _record(series, window, seen)
        if seen.is_closed(span.last, kpi)
    ]


def _record(series: Series, window: Window, seen: Horizon) -> list[Span]:
    """Whole periods from two years before the window (or the first whole one on record) to the edition."""
    if series.first_day is None:
        return []
    start, period = window.spans[0].first, window.period
    back = start - timedelta(weeks=HISTORY_WEEKS) if period == "week" else add_months(start, -24)
    first = whole_period(max(back, series.first_day), period)
    if first.first < series.first_day:
        first = whole_period(first.last + DAY, period)
    last = whole_period(min(seen.sunday, max(window.spans[-1].last, start)), period).last
    return cut(first.first, last, period) if first.first <= last else []


def _multiple(figures: Figures) -> Decimal | None:
    if (
        figures.kind != "cumulative"
        or figures.required is None
        or not figures.run_rate
        or figures.run_rate < 0
    ):
        return None
    return figures.required / figures.run_rate


def _difference(value: Decimal | None, other: Decimal | None) -> Decimal | None:
    return value - other if value is not None and other is not None else None


def _completeness(figures: Figures) -> Decimal | None:
    """Share of closed periods with a figure."""
    closed = figures.window.closed
    if not closed:
        return None
    known = sum(figures.series.pooled(span.first, span.last).value is not None for span in closed)
    return Decimal(known) / len(closed)


def _uncovered(states: Mapping[str, SourceState], week: Week, zone: ZoneInfo) -> tuple[str, ...]:
    return tuple(
        source
        for source, state in states.items()
        if state.received_at is None or company_date(state.received_at, zone) <= week.sunday
    )


def _late(f: Figures, states: Mapping[str, SourceState], zone: ZoneInfo) -> SourceState | None:
    """The source whose missing export alone keeps a period of the goal open that has ended."""
    received = [
        (company_date(state.received_at, zone), name) for name, state in states.items() if state.received_at
    ]
    return states[min(received)[1]] if received and _ended_uncovered(f) else None


def _ended_uncovered(f: Figures) -> tuple[Span, ...]:
    """Periods that have ended with their close lag, and stay open only because no export covers them."""
    due = replace(f.seen, covered=None)
    return tuple(span for span in f.window.spans[len(f.window.closed) :] if due.is_closed(span.last, f.kpi))


def override_now(goal: Goal, today: date) -> StatusName | None:
    """The status that a person holds beside the computed one, from the day it was said until its date."""
    over = goal.override
    return over.status if over is not None and (over.on or goal.start) <= today <= over.until else None


# --- the verdict -------------------------------------------------------------------------------------


def _verdict(
    f: Figures, states: Mapping[str, SourceState], zone: ZoneInfo, currency: str | None, has_rates: bool,
    chances: ChanceHistory | None, unseen: Unseen | None,
) -> Verdict:  # fmt: skip
    """The first rule that applies, in the order in which they may overrule each other: figures that cannot be
    trusted come before any verdict, a sum that is already reached before a source that is late."""
    return (
        _not_started(f)
        or _unknown_segment(unseen)
        or _unusable_figures(f, currency, has_rates)
        or _reached_early(f)
        or _unusable_source(f, states, zone)
        or _too_little(f)
        or _decided(f)
        or _lost_early(f)
        or _by_chance(f, chances)
        or _by_pace(f)
    )


def _no(template: str, **params: tuple[str, object]) -> Verdict:
    return "no_verdict", "none", Reason(template, params)


def _not_started(f: Figures) -> Verdict | None:
    if f.seen.sunday >= f.goal.start:
        return None
    return "not_started", "none", Reason(say.NOT_STARTED, {"start": ("date", f.goal.start)})


def _unknown_segment(unseen: Unseen | None) -> Verdict | None:
    """Its figures would be zeros, which for a limit even read as success."""
    if unseen is None:
        return None
    return _no(say.NO_SEGMENT, segment=("text", unseen.text), choices=("text", unseen.choices))


def _unusable_figures(f: Figures, currency: str | None, has_rates: bool) -> Verdict | None:
    foreign = sorted(code for code in f.series.currencies if code and code != currency)
    if currency and foreign and has_rates:
        day, code = min((f.series.foreign_since[code], code) for code in foreign)
        return _no(say.NO_RATE, currency=("text", code), company=("text", currency), day=("date", day))
    if currency and foreign:
        return _no(say.FOREIGN, currency=("text", ", ".join(foreign)), company=("text", currency))
    if f.target is None:
        return _no(say.NO_TARGET)
    return None


def _reached_early(f: Figures) -> Verdict | None:
    if f.kind != "cumulative" or f.is_limit or f.reading.value is None or f.target is None:
        return None
    if f.reading.value < f.target:
        return None
    return "achieved", "decided", Reason(say.REACHED, _common(f))


def _unusable_source(f: Figures, states: Mapping[str, SourceState], zone: ZoneInfo) -> Verdict | None:
    """A source that is late keeps a goal from a verdict, unless the window was over and all of its figures
    had come before."""
    needed = f.goal.due + timedelta(days=f.kpi.close_lag_days)
    for state in states.values():
        received = company_date(state.received_at, zone) if state.received_at else None
        is_complete = f.is_over and received is not None and received > needed
        if not state.usable and not is_complete:
            return "no_verdict", "none", say.source_reason(state, received)
    return None


def _too_little(f: Figures) -> Verdict | None:
    span = f.reading.span
    dates = {"first": ("date", span.first), "last": ("date", span.last)}
    if not f.window.closed and _ended_uncovered(f):
        return _no(say.NOT_COVERED, through=("date", f.seen.last))
    if not f.window.closed:
        closes = f.window.spans[0].last + timedelta(days=f.kpi.close_lag_days)
        return _no(say.NO_CLOSED[f.window.period], closes=("date", closes))
    if f.reading.value is None and f.kind != "maintain":
        first = f.series.first_day
        if first is not None and span.first < first <= span.last:
            return _no(say.SHORT_HISTORY, **dates, history=("date", first))
        return "no_verdict", "none", say.no_figure(f.kpi, f.reading)
    if f.observations < FEWEST_OBSERVATIONS and not has_counts(f.kpi) and not f.is_over:
        return _no(say.FEW, n=("count", f.observations), needed=("count", FEWEST_OBSERVATIONS))
    if f.progress is None and not _allows_nothing(f) and not _is_level(f):
        return "no_verdict", "none", say.no_figure(f.kpi, f.reading)
    return None


def _decided(f: Figures) -> Verdict | None:
    """After the due date, when all of its periods are closed."""
    if not f.is_over:
        return None
    if f.kind == "maintain":
        if f.inside is None:
            return None
        kept = not f.inside.is_lost and f.inside.inside > 0
        template = (say.MAINTAIN_KEPT if kept else say.MAINTAIN_MISSED)[f.window.period]
        return "achieved" if kept else "missed", "decided", Reason(template, _common(f))
    if f.reading.value is None or f.target is None:
        return None
    kept = reaches(f.reading.value, f.target, f.kpi.direction)
    if f.is_limit:
        template = say.KEPT_LIMIT if kept else say.OVER_LIMIT
    elif f.kind == "cumulative":
        template = say.SHORT
    else:
        template = say.LEVEL_REACHED if kept else say.LEVEL_MISSED
    return "achieved" if kept else "missed", "decided", Reason(template, _common(f))


def _lost_early(f: Figures) -> Verdict | None:
    """What can no longer be kept is off track at once; `missed` is said when it is due."""
    if f.inside is not None and f.inside.is_lost:
        return "off_track", "decided", Reason(say.MAINTAIN_LOST[f.window.period], _common(f))
    if f.is_limit and f.reading.value is not None and f.target is not None and f.reading.value > f.target:
        return "off_track", "decided", Reason(say.LIMIT_BROKEN, _common(f))
    return None


def _by_chance(f: Figures, chances: ChanceHistory | None) -> Verdict | None:
    if chances is None:
        return None
    stretch = f.goal.ambition == "stretch"
    params = _common(f) | {
        "chance": ("text", printed_chance(chances.now.probability)),
        "forecast": (f.unit, chances.now.forecast),
        "low": (f.unit, chances.now.low),
        "high": (f.unit, chances.now.high),
    }
    return (
        chance_status(chances, stretch=stretch),
        "chance",
        _reason(f, _chance_template(f), params, chances.at_set),
    )


def _chance_template(f: Figures) -> str:
    """What a chance rests on: for a sum the recent rate against the one that is needed, for the others the
    forecast."""
    if f.kind == "maintain":
        return say.CHANCE_KEPT[f.window.period]
    if f.kind != "cumulative":
        return say.CHANCE
    if f.is_limit:
        return say.CHANCE_LIMIT
    if f.run_rate is None or f.required is None:
        return say.CHANCE_SUM
    short = f.required > f.run_rate
    return say.cumulative_chance(f.window.period, f.run_periods, short, _is_beyond_best(f))


def _by_pace(f: Figures) -> Verdict:
    gap = f.gap
    if gap is None and _allows_nothing(f):
        return "on_track", "pace", _reason(f, say.KEPT_SO_FAR, _common(f))
    if _is_at_target(f):
        return "on_track", "pace", _reason(f, say.LEVEL_AT_TARGET, _common(f))
    if not f.has_way:
        return "watch", "pace", _reason(f, say.LEVEL_FALLEN, _common(f))
    if gap is None:
        return "no_verdict", "none", say.no_figure(f.kpi, f.reading)
    return pace_status(gap), "pace", _reason(f, _pace_template(f, gap < 0), _common(f))


def _allows_nothing(f: Figures) -> bool:
    """A limit of zero: there is no share of it to use, only nothing or too much."""
    return f.is_limit and f.target == 0 and f.reading.value is not None


def _is_level(f: Figures) -> bool:
    """A level is judged by its value, with a way to it or without."""
    return f.kind == "level" and f.kpi.shape != "growth" and f.reading.value is not None


def _is_at_target(f: Figures) -> bool:
    value, target = f.reading.value, f.target
    if not _is_level(f) or value is None or target is None:
        return False
    return reaches(value, target, f.kpi.direction)


def _pace_template(f: Figures, behind: bool) -> str:
    if f.kind == "maintain":
        return say.MAINTAIN[f.window.period]
    if f.kpi.shape == "growth":
        if f.required is None:
            return say.GROWTH_PLAIN
        return say.GROWTH_BEHIND if behind else say.GROWTH_AHEAD
    if f.is_limit:
        return say.LIMIT_ABOVE if behind else say.LIMIT_BELOW
    if f.kind == "level":
        return _level_template(f, behind)
    return say.cumulative_pace(f.window.period, f.run_periods, behind, _is_beyond_best(f))


def _is_beyond_best(f: Figures) -> bool:
    return f.required is not None and f.best_period is not None and f.required > f.best_period


def _level_template(f: Figures, behind: bool) -> str:
    gap = _difference(f.reading.value, f.expected_value)
    if gap is not None and f.target is not None and abs(gap) < _unseen(f.kpi, f.target):
        return say.LEVEL_ON_PLAN
    if behind and f.progress is not None and f.progress < 0 and _is_seen(f, f.baseline):
        return say.LEVEL_WORSE
    return say.LEVEL_BEHIND if behind else say.LEVEL_AHEAD


def _is_seen(f: Figures, other: Decimal | None) -> bool:
    """Whether the figure and another one differ as they are printed: 59.97 % is no worse than 60 %."""
    gap = _difference(f.reading.value, other)
    return gap is None or f.target is None or abs(gap) >= _unseen(f.kpi, f.target)


def _unseen(kpi: Kpi, target: Decimal) -> Decimal:
    """Differences below this would print two equal numbers and a gap between them."""
    return UNSEEN_SHARE if kpi.unit is Unit.PERCENT else abs(target) * UNSEEN_OF_TARGET


def _reason(
    f: Figures, template: str, params: dict[str, tuple[str, object]], at_set: float | None = None
) -> Reason:
    reason = Reason(template, params)
    if f.goal.ambition != "stretch":
        return reason
    return say.stretched(reason, printed_chance(at_set) if at_set is not None else None)


def _common(f: Figures) -> dict[str, tuple[str, object]]:
    """Every number a reason may print; a template takes what it names."""
    value, target, unit = f.reading.value, f.target, f.unit
    params: dict[str, tuple[str, object]] = {
        "actual": (unit, value),
        "target": (unit, target),
        "baseline": (unit, f.baseline),
        "expected": (unit, f.expected_value),
        "day": ("date", f.window.data_through),
        "due": ("date", f.goal.due),
        "n": ("count", f.run_periods),
        "run_rate": (unit, f.run_rate),
        "required": (unit, f.required),
        "best": (unit, f.best_period),
        "gap": _gap_param(f),
        "short": (unit, _difference(target, value)),
        "over": (unit, _difference(value, target)),
    }
    if f.inside is not None:
        params |= {
            "inside": ("count", f.inside.inside),
            "judged": ("count", f.inside.judged),
            "outside": ("count", f.inside.judged - f.inside.inside),
            "allowed": ("count", f.inside.allowed_outside),
        }
    return params


def _gap_param(f: Figures) -> tuple[str, object]:
    """The gap in the KPI's own unit, of a percentage in points; always without sign, the words have it."""
    gap = _difference(f.reading.value, f.expected_value)
    kind = "points" if f.kpi.unit is Unit.PERCENT and f.kind != "cumulative" else f.unit
    return kind, abs(gap) if gap is not None else None


# --- what the pages draw -----------------------------------------------------------------------------


def _periods(f: Figures) -> tuple[PeriodValue, ...]:
    """Whole weeks or months, so that a week cut by the window's edge never looks like a drop."""
    return tuple(
        _period_value(f, span, f.seen.is_closed(span.last, f.kpi))
        for span in _record(f.series, f.window, f.seen)
    )


def _period_value(f: Figures, span: Span, closed: bool) -> PeriodValue:
    """An open period has what is covered of it so far, and nothing where no export reaches."""
    last, prior = min(span.last, f.seen.last), _prior_value(f, span)
    if last < span.first:
        return PeriodValue(span.first, span.last, None, closed=closed, prior_year=prior)
    pooled = f.series.pooled(span.first, last)
    parts = (pooled.numerator, pooled.denominator) if f.kpi.shape in HAVE_PARTS else (None, None)
    return PeriodValue(span.first, span.last, pooled.value, *parts, closed, prior)


def _prior_value(f: Figures, span: Span) -> Decimal | None:
    earlier = prior_year_span(span, "month" if span == whole_period(span.first, "month") else "week")
    if f.series.first_day is None or earlier.first < f.series.first_day:
        return None
    return f.series.pooled(earlier.first, earlier.last).value


def _months(f: Figures) -> tuple[PeriodValue, ...]:
    """The last 13 calendar months up to the edition's, each with its prior year."""
    if f.series.first_day is None:
        return ()
    newest = month_start(f.seen.sunday)
    firsts = [add_months(newest, -back) for back in range(MONTHS_SHOWN - 1, -1, -1)]
    spans = [Span(first, month_end(first)) for first in firsts]
    return tuple(
        _period_value(f, span, f.seen.is_closed(span.last, f.kpi))
        for span in spans
        if span.first >= f.series.first_day
    )


def _burn_up(f: Figures) -> tuple[Point, ...]:
    """At each period's end what was reached and what the plan asks for; later ends carry the plan alone."""
    zero = _plan_origin(f.kind, f.kpi, f.baseline)
    closed = len(f.window.closed)
    return tuple(
        Point(
            span.last,
            measure(f.goal, f.kpi, f.series, span.last).value if index < closed else None,
            _expected_value(f.kpi, f.kind, f.plan, span.last, zero, f.target),
        )
        for index, span in enumerate(f.window.spans)
    )


def _control(f: Figures, periods: Sequence[PeriodValue]) -> ControlChart | None:
    values = [period.value for period in periods if period.closed][-CHART_PERIODS:]
    comparable = (
        f.kind != "cumulative" and f.kpi.shape != "growth" and measurement(f.goal, f.kpi).over == "last"
    )
    return control_chart(values, f.kpi.direction, f.target if comparable else None, natural_bounds(f.kpi))


def with_previous(result: GoalResult, previous: GoalResult | None) -> GoalResult:
    """The result with the status the week before knew."""
    return replace(result, previous_status=previous.status) if previous is not None else result
