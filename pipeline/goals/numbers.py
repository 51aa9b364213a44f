"""How each printed number of a goal comes about: its value and one sentence with the numbers it is made of.

Here: the list of numbers and their sentences. Not here: the arithmetic (progress.py, trajectory.py,
evaluate.py), the reason of a status (reasons.py). A test recomputes each from what its sentence says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pipeline.goals.chances import ChanceTrace
from pipeline.goals.evaluate import Figures
from pipeline.goals.forecast.paths import PATHS
from pipeline.goals.measure import Span, baseline_of, target_in_force, whole_periods
from pipeline.goals.model import GoalResult, Reason
from pipeline.goals.progress import remaining_span
from pipeline.goals.reasons import part_kind
from pipeline.goals.status import (
    FLAG_ENTER_TWICE,
    OFF_TRACK_BELOW,
    PACE_AT_RISK,
    PACE_ON_TRACK,
    PACE_WATCH,
    STRETCH_SHARE,
    WATCH_BELOW,
)
from pipeline.goals.trajectory import PlanName
from pipeline.periods import DAY
from pipeline.workspace.model import Quantity, Workspace

Param = tuple[str, object]

DECLARED = "Declared in {place}."
AT_START = "Measured as the goal is, on {day}, the day before it starts."
RELATIVE = "Declared in {place} as {written}; with its base that is {target}."
SUM_PROGRESS = "{actual} / {target}"
LEVEL_PROGRESS = "({actual} − {baseline}) / ({target} − {baseline})"
KEPT_PROGRESS = "{inside} of {judged} closed periods at the target or better."
GROWTH_PROGRESS = (
    "{numerator} / ({base} × (1 + {target})); {base} is the prior year's sum of the whole window."
)
LINEAR = "A straight line by days: {passed} of {all} days by {day}."
SEASONAL = "The share that the same days had in earlier years, by {day}."
MILESTONES = "Straight lines through the dated milestones, on {day}."
STEPS = "The value of the newest dated step, on {day}."
NEEDED = "The share of periods that have to be at the target or better."
ON_PLAN = "{baseline} + {expected} × ({target} − {baseline})"
PLAN_IS_TARGET = "The target itself."
DIFFERENCE = "{one} − {other}"
QUOTIENT = "{one} / {other}"
RUN_RATE = (
    "The newest {n} whole closed periods of the window: the mean of a sum, of a rate its sums over its sums."
)
REQUIRED = "({target} − {actual}) / {left} periods that are left to {due}"
NOTHING_LEFT = "Nothing: the target is reached already."
REQUIRED_GROWTH = "What is missing of ({base} × (1 + {target})), over the prior year's sum of the days left."
BEST = "The best of the whole closed periods on record."
COMPLETE = "Closed periods with a figure: {known} of {closed}."
CHANCE = (
    "{hits} of {paths} simulated futures reach the target: ({hits} + 0.5) / ({paths} + 1), "
    "printed rounded to 5 %."
)
CHANCE_DECIDED = "Decided by what is closed already: no future can change it."
FORECAST = "The middle of the {paths} futures on {due}."
LOW = "One future in ten ends below."
HIGH = "One future in ten ends above."
PREVIOUS = "The status as the edition of the week before had it."
BY_CHANCE = (
    "By chance: with the flag up at risk from {off} and off track below, without it on track from {watch} "
    "and watch below."
)
BY_CHANCE_STRETCH = (
    "By chance, a stretch goal: on track unless the chance falls below {share} of the one at set time twice "
    "running; off track below {floor} of it."
)
BY_PACE = (
    "By pace: on track to {on_track} behind plan, watch to {watch}, at risk to {at_risk}, off track beyond."
)
BY_DECISION = "Decided by the figures: nothing that is still to come can change it, or the window is over."
NO_STATUS = "No rule applied; the reason says why."


@dataclass(frozen=True)
class Number:
    """One printed number. `value` of the kind `kind` (as a Reason's params), text for a status."""

    name: str
    value: Decimal | str | None
    kind: str
    path: Reason


def printed_numbers(
    workspace: Workspace, figures: Figures, result: GoalResult, trace: ChanceTrace | None
) -> tuple[Number, ...]:
    """Every number of the goal that a document may print, in the order in which they build on each other."""
    found = [
        *_given(workspace, figures, result),
        *_measured(figures, result),
        *_planned(figures, result),
        *_rates(figures, result),
        *_chance(figures, result, trace),
        *_status(figures, result),
    ]
    return tuple(found)


def _given(workspace: Workspace, f: Figures, result: GoalResult) -> Iterator[Number]:
    goal, unit = f.goal, f.unit
    if f.baseline is not None:
        declared = goal.baseline is not None
        path = Reason(DECLARED, {"place": _place(workspace, goal.id, "baseline")})
        if not declared and f.baseline == baseline_of(goal, f.kpi, f.series):
            path = Reason(AT_START, {"day": ("date", goal.start - DAY)})
        yield Number("baseline", f.baseline, unit, path)
    if f.target is not None:
        quantity = target_in_force(goal, f.seen.today)
        params = {"place": _place(workspace, goal.id, "target"), "target": (unit, f.target)}
        if quantity.signed and f.target != quantity.amount:
            params["written"] = ("text", written(quantity))
            yield Number("target", f.target, unit, Reason(RELATIVE, params))
        else:
            yield Number("target", f.target, unit, Reason(DECLARED, params))


def _place(workspace: Workspace, goal_id: str, key: str) -> Param:
    found = workspace.location(f"goal:{goal_id}/{key}") or workspace.location(f"goal:{goal_id}")
    return "text", f"{found['file']}:{found['line']}" if found else "goals/"


def written(quantity: Quantity) -> str:
    """A change as the goal file has it: "+25 %", "-5 pp", "+20"."""
    amount = quantity.amount * 100 if quantity.mark else quantity.amount
    return f"{amount.normalize():+f} {quantity.mark}".rstrip()


def _measured(f: Figures, result: GoalResult) -> Iterator[Number]:
    yield Number("actual", result.actual, f.unit, result.calculation)
    for name, measure in (("numerator", f.kpi.numerator), ("denominator", f.kpi.denominator)):
        value = getattr(result, name)
        if value is not None:
            kind = part_kind(measure or f.kpi.numerator)
            yield Number(name, value, kind, result.measured_label)


def _planned(f: Figures, result: GoalResult) -> Iterator[Number]:
    if result.progress is not None:
        yield Number("progress", result.progress, "percent", _progress_path(f))
    if result.expected is not None:
        yield Number("expected", result.expected, "percent", _expected_path(f))
    if result.expected_value is not None:
        yield Number("expected_value", result.expected_value, f.unit, _expected_value_path(f))
    if result.pace_gap is not None:
        params = {"one": ("percent", result.progress), "other": ("percent", result.expected)}
        yield Number("pace_gap", result.pace_gap, "points", Reason(DIFFERENCE, dict(params)))
        if result.pace_index is not None:
            yield Number("pace_index", result.pace_index, "number", Reason(QUOTIENT, dict(params)))
    if result.gap_value is not None:
        params = {"one": (f.unit, result.actual), "other": (f.unit, result.expected_value)}
        kind = "points" if f.unit == "percent" else f.unit
        yield Number("gap_value", result.gap_value, kind, Reason(DIFFERENCE, dict(params)))


def _progress_path(f: Figures) -> Reason:
    params: dict[str, Param] = {
        "actual": (f.unit, f.reading.value), "target": (f.unit, f.target), "baseline": (f.unit, f.baseline),
    }  # fmt: skip
    if f.inside is not None:
        inside = {"inside": ("count", f.inside.inside), "judged": ("count", f.inside.judged)}
        return Reason(KEPT_PROGRESS, dict(inside))
    if f.kpi.kind == "growth":
        kind = part_kind(f.kpi.numerator)
        base = f.series.pooled(f.goal.start, f.goal.due).denominator
        return Reason(
            GROWTH_PROGRESS, {**params, "numerator": (kind, f.reading.numerator), "base": (kind, base)}
        )
    return Reason(SUM_PROGRESS if f.kind == "cumulative" else LEVEL_PROGRESS, params)


def _expected_path(f: Figures) -> Reason:
    day, goal = f.window.data_through, f.goal
    templates: dict[PlanName, str] = {
        "linear": LINEAR, "seasonal": SEASONAL, "milestones": MILESTONES, "steps": STEPS, "none": NEEDED,
    }  # fmt: skip
    params: dict[str, Param] = {"day": ("date", day)}
    if f.plan.used == "linear":
        params["passed"] = ("count", Span(goal.start, day).days)
        params["all"] = ("count", Span(goal.start, goal.due).days)
    return Reason(templates[f.plan.used], params)


def _expected_value_path(f: Figures) -> Reason:
    if f.kind == "maintain" or f.kpi.kind == "growth":
        return Reason(PLAN_IS_TARGET)
    zero = Decimal(0) if f.kind == "cumulative" else f.baseline
    return Reason(
        ON_PLAN,
        {"baseline": (f.unit, zero), "target": (f.unit, f.target), "expected": ("percent", f.expected)},
    )


def _rates(f: Figures, result: GoalResult) -> Iterator[Number]:
    if f.run_rate is not None:
        yield Number("run_rate", f.run_rate, f.unit, Reason(RUN_RATE, {"n": ("count", f.run_periods)}))
    if f.required is not None:
        yield Number("required_rate", f.required, f.unit, _required_path(f))
    if result.required_multiple is not None:
        params: dict[str, Param] = {"one": (f.unit, f.required), "other": (f.unit, f.run_rate)}
        yield Number("required_multiple", result.required_multiple, "times", Reason(QUOTIENT, params))
    if f.best_period is not None:
        yield Number("best_period", f.best_period, f.unit, Reason(BEST))
    if result.completeness is not None:
        closed = len(f.window.closed)
        known = int(result.completeness * closed)
        params = {"known": ("count", known), "closed": ("count", closed)}
        yield Number("completeness", result.completeness, "percent", Reason(COMPLETE, params))


def _required_path(f: Figures) -> Reason:
    params: dict[str, Param] = {"target": (f.unit, f.target), "due": ("date", f.goal.due)}
    if f.kpi.kind == "growth":
        base = f.series.pooled(f.goal.start, f.goal.due).denominator
        return Reason(REQUIRED_GROWTH, {**params, "base": (part_kind(f.kpi.numerator), base)})
    if f.required == 0:
        return Reason(NOTHING_LEFT)
    rest = (
        remaining_span(f.window.data_through, f.goal.due)
        if f.window.closed
        else Span(f.goal.start, f.goal.due)
    )
    left = whole_periods(rest, f.window.period) if rest else Decimal(0)
    return Reason(
        REQUIRED, {**params, "actual": (f.unit, f.reading.value or Decimal(0)), "left": ("number", left)}
    )


def _chance(f: Figures, result: GoalResult, trace: ChanceTrace | None) -> Iterator[Number]:
    if result.chance is None or trace is None:
        return
    chance, paths = result.chance, ("count", PATHS)
    hits = chance.probability * (PATHS + 1) - 0.5
    path = Reason(CHANCE_DECIDED)
    if 0 < chance.probability < 1:
        path = Reason(CHANCE, {"hits": ("count", round(hits)), "paths": paths})
    yield Number("chance", Decimal(str(chance.probability)), "percent", path)
    yield Number(
        "forecast", chance.forecast, f.unit, Reason(FORECAST, {"paths": paths, "due": ("date", f.goal.due)})
    )
    yield Number("low", chance.low, f.unit, Reason(LOW))
    yield Number("high", chance.high, f.unit, Reason(HIGH))


def _status(f: Figures, result: GoalResult) -> Iterator[Number]:
    yield Number("status", result.status, "status", status_rule(f, result))
    if result.previous_status is not None:
        yield Number("previous_status", result.previous_status, "status", Reason(PREVIOUS))


def status_rule(f: Figures, result: GoalResult) -> Reason:
    """The rule that gave the status, with its thresholds."""
    if result.basis == "pace":
        points = {"on_track": PACE_ON_TRACK, "watch": PACE_WATCH, "at_risk": PACE_AT_RISK}
        return Reason(BY_PACE, {name: ("points", abs(edge)) for name, edge in points.items()})
    if result.basis == "chance" and f.goal.ambition == "stretch":
        floor = STRETCH_SHARE * OFF_TRACK_BELOW / FLAG_ENTER_TWICE
        return Reason(BY_CHANCE_STRETCH, {"share": ("percent", STRETCH_SHARE), "floor": ("percent", floor)})
    if result.basis == "chance":
        return Reason(BY_CHANCE, {"off": ("percent", OFF_TRACK_BELOW), "watch": ("percent", WATCH_BELOW)})
    return Reason(BY_DECISION if result.basis == "decided" else NO_STATUS)
