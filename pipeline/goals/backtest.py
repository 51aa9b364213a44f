"""Past chances of this workspace's own goals, and of goals it could have had.

Here: two ways to predictions whose outcome is known. Not here: their scores (judged.py), the forecast
(chances.py), what an edition itself prints of its closed goals (record.py), printing.

- replayed: each past week as it was known then, from its cut-off's exports alone.
- rehearsed: calendar quarters of the past with targets that had a chance of 70, 50 and 25 % when the quarter
  began. The goals are made up, the figures are the company's own.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from pipeline.goals.chances import as_decimal, outlook_at_start, past_chances
from pipeline.goals.edition import Snapshot, snapshot_then
from pipeline.goals.evaluate import evaluate, measured_figures
from pipeline.goals.judged import Prediction
from pipeline.goals.measure import (
    Horizon,
    Series,
    effective_kind,
    goal_period,
    measurement,
    target_in_force,
)
from pipeline.goals.model import GoalResult, StatusName
from pipeline.goals.record import DECIDED, figure_at_end, pointed, seen_by
from pipeline.goals.status import pace_status
from pipeline.kpis.registry import kpi_registry
from pipeline.periods import DAY, Week, cutoff, quarter, quarter_window, week_range
from pipeline.store.store import Store
from pipeline.units import Direction
from pipeline.workspace.model import Goal, Kpi, Quantity, Workspace

Progress = Callable[[str, int, int], None]
FLAGGED = ("at_risk", "off_track")
REHEARSED_QUARTERS = 6
REHEARSED_TARGETS = 3
"""Of outlook.OFFERED: the targets that had a chance of 70, 50 and 25 %."""


@dataclass(frozen=True)
class Backtest:
    """Predictions of a span of weeks, by how they were come by."""

    first: Week
    last: Week
    weeks: int
    reconstructed: int
    """Replayed predictions that rest on an export which came after their week's cut-off."""
    undecided: int
    """Goals with a chance in these weeks that are not decided by the last of them; of a recurring goal each
    period is one."""
    unsaid: int
    """Periods of recurring goals that were decided in these weeks without a forecast before."""
    replayed: tuple[Prediction, ...]
    """Goal ids of a recurring goal's periods end with the first day of the period."""
    rehearsed: tuple[Prediction, ...]
    """Goal ids end with the first day of the quarter and the chance that the target was given for."""


def first_week(workspace: Workspace, store: Store) -> Week | None:
    """The first week by whose cut-off something had been received; None before anything was."""
    received = [landed[0].received_at for one in workspace.sources if (landed := store.landings(one.id))]
    if not received:
        return None
    zone, at = workspace.company.zone, workspace.company.cutoff
    week = Week.of(min(received).astimezone(zone).date()).plus(-1)
    return week if cutoff(week, zone, at) >= min(received) else week.plus(1)


def backtest(
    workspace: Workspace, store: Store, first: Week, last: Week, *, rehearse: bool = True,
    progress: Progress | None = None,
) -> Backtest:  # fmt: skip
    """Replays the weeks from `first` to `last`, both included, and judges by what the last one knew."""
    weeks, told = week_range(first, last), progress or _silent
    seen: dict[tuple[str, int], _Said] = {}
    newest = None
    for number, week in enumerate(weeks, 1):
        newest = snapshot_then(workspace, store, week)
        for one in (one for result in newest.results for one in _forecasts(result)):
            seen.setdefault((one.prediction.goal_id, one.prediction.closed), one)
        told("core", number, len(weeks))
    if newest is None:
        raise ValueError("no week to replay")
    ends = {name: end for result in newest.results for name, end in _ends(result)}
    asked = {one.prediction.goal_id for one in seen.values()}
    kept = [one for one in seen.values() if _is_judged(workspace, one, ends)]
    return Backtest(
        first, last, len(weeks),
        reconstructed=sum(one.reconstructed for one in kept),
        undecided=sum(name not in ends or ends[name].status not in DECIDED for name in asked),
        unsaid=len(_unsaid(newest.results, asked, weeks)),
        replayed=tuple(_judged(one, ends[one.prediction.goal_id]) for one in kept),
        rehearsed=tuple(rehearsals(workspace, newest)) if rehearse else (),
    )  # fmt: skip


def _silent(step: str, done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class _Said:
    """A forecast whose outcome is still open. Its goal_id is the goal's, or that of one of its periods."""

    goal: str
    on: date
    reconstructed: bool
    prediction: Prediction


@dataclass(frozen=True)
class _End:
    """What became of a goal, or of one period of a recurring one."""

    status: StatusName
    on: date
    due: date
    figure: Decimal | None


def _period_id(goal_id: str, start: date) -> str:
    return f"{goal_id}@{start.isoformat()}"


def _forecasts(result: GoalResult) -> Iterator[_Said]:
    """What a week's edition said of a goal. Of a recurring goal that is the period under way; a period that
    closes at once is never under way, and what was said of it is what was said as the one to come."""
    if result.chance is not None:
        yield _said(result, _of_chance(result))
    coming = result.recurrence.coming if result.recurrence is not None else None
    if coming is not None and coming.chance is not None and result.periods_total == 1:
        yield _said(result, _of_coming(result, coming.start, coming.due, coming.chance))


def _said(result: GoalResult, prediction: Prediction) -> _Said:
    return _Said(result.goal_id, result.as_of.date(), result.reconstructed, prediction)


def _of_chance(result: GoalResult) -> Prediction:
    chance = result.chance
    if chance is None:
        raise ValueError("only a result with a chance is a prediction")
    ranged = result.kind != "maintain"
    name = result.goal_id if result.recurrence is None else _period_id(result.goal_id, result.start)
    return Prediction(
        name, result.kpi_id, result.data_through, result.due, result.periods_closed, result.periods_total,
        chance.probability, chance.low if ranged else None, chance.high if ranged else None,
        result.status in FLAGGED, linear_pace(result), happened=False, end=None,
    )  # fmt: skip


def _of_coming(result: GoalResult, start: date, due: date, chance: float) -> Prediction:
    """Nothing of it is closed: there is no pace and no flag yet."""
    return Prediction(
        _period_id(result.goal_id, start), result.kpi_id, result.data_through, due, 0, result.periods_total,
        chance, None, None, flagged=False, pace=None, happened=False, end=None,
    )  # fmt: skip


def _ends(result: GoalResult) -> Iterator[tuple[str, _End]]:
    """How a goal and each of its periods stand in the last week, by the names of their forecasts."""
    on = result.as_of.date()
    if result.recurrence is None:
        yield result.goal_id, _End(result.status, on, result.due, figure_at_end(result))
        return
    for one in result.recurrence.instances:
        figure = one.actual if result.data_through >= one.due else None
        yield _period_id(result.goal_id, one.start), _End(one.status, on, one.due, figure)


def _unsaid(results: Iterable[GoalResult], asked: Container[str], weeks: Sequence[Week]) -> list[str]:
    """Periods of recurring goals that ended in these weeks and are decided, without any forecast."""
    return [
        name
        for result in results
        if result.recurrence is not None
        for name, end in _ends(result)
        if end.status in DECIDED and weeks[0].monday <= end.due <= weeks[-1].sunday and name not in asked
    ]


def _is_judged(workspace: Workspace, said: _Said, ends: Mapping[str, _End]) -> bool:
    """Whether the goal is decided, and is still the one that the prediction was about."""
    goal, end = workspace.goal(said.goal), ends.get(said.prediction.goal_id)
    if goal is None or end is None or end.status not in DECIDED:
        return False
    return not _was_other_goal(goal, said, end)


def _was_other_goal(goal: Goal, said: _Said, end: _End) -> bool:
    """Whether another target was in force: that prediction was about something else. A period keeps the
    target of its last day whatever is changed later."""
    last = end.due if goal.every is not None else date.max
    then, now = (target_in_force(goal, min(on, last)) for on in (said.on, end.on))
    return then != now


def _judged(said: _Said, end: _End) -> Prediction:
    return replace(said.prediction, happened=end.status == "achieved", end=end.figure)


def linear_pace(result: GoalResult) -> StatusName | None:
    """What the distance from a straight line would have said of the goal."""
    if result.progress is None:
        return None
    if result.kind == "maintain":
        return pace_status(result.progress - (result.expected or Decimal(0)))
    elapsed = Decimal((result.data_through - result.start).days + 1) / ((result.due - result.start).days + 1)
    gap = result.progress - elapsed
    is_limit = result.kind == "cumulative" and result.direction is Direction.DOWN
    return pace_status(-gap if is_limit else gap)


# --- goals it could have had -------------------------------------------------------------------------


def rehearsals(workspace: Workspace, snapshot: Snapshot) -> Iterator[Prediction]:
    """Predictions of made-up goals over the quarters before, one shape of goal once."""
    kpis = kpi_registry(workspace)
    for goal in _shapes(workspace, kpis):
        kpi = kpis[goal.kpi]
        series, seen = snapshot.book.series(kpi, goal.segment), seen_by(workspace, kpi, snapshot)
        for first, last in _quarters(snapshot.week.sunday):
            if series.first_day is not None and seen.is_closed(last, kpi):
                yield from _rehearsed(workspace, snapshot, _moved(goal, first, last), kpi, series, seen)


def _shapes(workspace: Workspace, kpis: Mapping[str, Kpi]) -> Iterator[Goal]:
    """Goals that differ in more than their window and target."""
    met = set()
    for goal in workspace.goals:
        if goal.kpi not in kpis:
            continue
        rule = measurement(goal, kpis[goal.kpi])
        inside = (goal.inside.at_least, goal.inside.of) if goal.inside else None
        shape = (
            goal.kpi, tuple(sorted(goal.segment.items())), effective_kind(goal), rule.over, rule.periods,
            inside, goal_period(goal, kpis[goal.kpi]),
        )  # fmt: skip
        if shape not in met:
            met.add(shape)
            yield goal


def _quarters(sunday: date) -> Iterator[tuple[date, date]]:
    """The newest whole quarters that ended by a day, newest first."""
    first, last = quarter_window(*quarter(sunday))
    for _ in range(REHEARSED_QUARTERS + 1):
        if last <= sunday:
            yield first, last
        first, last = quarter_window(*quarter(first - DAY))


def _moved(goal: Goal, first: date, last: date) -> Goal:
    changes = {
        "id": f"{goal.id}@{first}", "start": first, "due": last, "kind": effective_kind(goal),
        "relative_to": None, "plan": "linear", "milestones": (), "target_changes": (), "override": None,
        "ambition": "commit", "baseline": None,
    }  # fmt: skip
    return goal.model_copy(update=changes)


def _rehearsed(
    workspace: Workspace, snapshot: Snapshot, goal: Goal, kpi: Kpi, series: Series, seen: Horizon
) -> Iterator[Prediction]:
    start = outlook_at_start(goal, kpi, series, Decimal(0))
    for number, target in enumerate(start.offered[:REHEARSED_TARGETS] if start else ()):
        amount = as_decimal(target)
        own = goal.model_copy(update={"id": f"{goal.id}#{number + 1}", "target": Quantity(amount=amount)})
        week, zone = snapshot.week, workspace.company.zone
        end = evaluate(own, kpi, series, week, snapshot.as_of, zone, {})
        if end.status in DECIDED:
            points = past_chances(own, kpi, series, seen, amount)
            days = {one.day: _pace_at(own, kpi, series, one.day) for one in points if one.day >= own.start}
            open_yet = [one for one in points if one.day not in days or not days[one.day][1]]
            yield from pointed(own, end, open_yet, {day: pace for day, (pace, _) in days.items()})


def _pace_at(goal: Goal, kpi: Kpi, series: Series, day: date) -> tuple[StatusName | None, bool]:
    """What linear pace would have said at the end of a day, and whether the goal was decided by then."""
    seen = Horizon(day, day + timedelta(days=kpi.close_lag_days))
    figures = measured_figures(goal, kpi, series, seen)
    if figures.progress is None:
        return None, False
    sum_to_reach = figures.kind == "cumulative" and not figures.is_limit
    reached = sum_to_reach and figures.progress >= 1
    if figures.kind == "maintain":
        gap = figures.progress - (figures.expected or Decimal(0))
        return pace_status(gap), bool(figures.inside and figures.inside.is_lost)
    elapsed = Decimal((day - goal.start).days + 1) / ((goal.due - goal.start).days + 1)
    gap = figures.progress - elapsed
    return pace_status(-gap if figures.is_limit else gap), reached or (
        figures.is_limit and figures.progress > 1
    )
