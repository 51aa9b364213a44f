"""Recurring goals: one goal for each of its weeks, months or quarters, and how they went together.

Here: which periods there are, the target of each, the reported one, the row of those that were met. Not here:
how one period is judged (evaluate.py): each is an ordinary goal whose window is the period.

A period's level is pooled over the period unless the goal declares another measurement, so that a part of it
is never compared with a whole one. A change compounds as declared: against the actual figure of the period
before, or on the baseline together with the changes of all earlier periods. A target in force is that of the
period's last day: what is changed in November moves no verdict of October.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.goals import reasons as say
from pipeline.goals.chances import chance_history, outlook_at_start
from pipeline.goals.evaluate import Figures, Verdict, evaluate, judged, override_now
from pipeline.goals.measure import (
    Horizon,
    Series,
    Span,
    changed,
    effective_kind,
    goal_window,
    horizon,
    original_target,
    resolved,
    target_in_force,
)
from pipeline.goals.model import GoalResult, Instance, Reason, Recurrence, TargetTerms
from pipeline.goals.progress import inside_count
from pipeline.goals.segments import Unseen
from pipeline.goals.status import printed_chance
from pipeline.periods import DAY, Week, add_months
from pipeline.sources.state import SourceState
from pipeline.workspace.model import Goal, Kpi, Measured, Quantity

MONTHS = {"month": 1, "quarter": 3}


def recurring_spans(goal: Goal) -> tuple[Span, ...]:
    """The periods of a recurring goal; quarters are three months each, counted from its start."""
    spans, first = [], goal.start
    while first <= goal.due:
        last = _end(first, goal.every or "week")
        spans.append(Span(first, min(last, goal.due)))
        first = last + DAY
    return tuple(spans)


def _end(first: date, every: str) -> date:
    return first + timedelta(days=6) if every == "week" else add_months(first, MONTHS[every]) - DAY


def instance_goal(goal: Goal, index: int, span: Span, today: date) -> Goal:
    """One period as a goal of its own, with the target it has as known on a day."""
    measured = goal.measured
    if measured is None and effective_kind(goal) == "level":
        measured = Measured(over="window")
    changes = {
        "id": f"{goal.id}@{span.first.isoformat()}", "every": None, "compounding": None, "measured": measured,
        "start": span.first, "due": span.last, "target_changes": (), "override": None,
        **_target(goal, index, min(today, span.last)),
    }  # fmt: skip
    return goal.model_copy(update=changes)


def _target(goal: Goal, index: int, day: date) -> dict[str, object]:
    """The target of the period, and what it is relative to."""
    target = target_in_force(goal, day)
    if goal.relative_to != "baseline" or not target.signed or goal.baseline is None:
        return {"target": target, "baseline": goal.baseline if index == 0 else None}
    if not index:
        return {"target": target}
    if goal.compounding == "actual":
        return {"target": target, "relative_to": "prior_period", "baseline": None}
    amount = changed(goal.baseline.amount, target, index + 1)
    if amount is None:
        return {"target": target}
    return {"target": Quantity(amount=amount, mark=goal.baseline.mark), "relative_to": None, "baseline": None}


def instance_goals(goal: Goal, today: date) -> tuple[Goal, ...]:
    return tuple(instance_goal(goal, index, span, today) for index, span in enumerate(recurring_spans(goal)))


def evaluate_recurring(
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
    unseen: Unseen | None = None,
) -> GoalResult:
    """The newest period that has a closed part, with all periods in its `recurrence`. Once the whole goal is
    over the status says whether enough periods were met. Arguments as those of `evaluate`."""
    seen = horizon(week, as_of, zone, [state.received_at for state in states.values()])
    parts = instance_goals(goal, seen.today)
    started = [n for n, one in enumerate(parts) if goal_window(one, kpi, seen).closed]
    reported = started[-1] if started else 0
    instances = []
    for n, one in enumerate(parts[: reported + 1]):
        target = resolved(one.target, one, kpi, series, seen)
        chances = chance_history(one, kpi, series, seen, target) if n == reported else None
        if n == reported:
            found = evaluate(
                one, kpi, series, week, as_of, zone, states,
                currency=currency, has_rates=has_rates, chances=chances, unseen=unseen,
            )  # fmt: skip
            instances.append(_reported(one, found))
        else:
            over = judged(one, kpi, series, seen, states, zone, currency, unseen, has_rates=has_rates)
            instances.append(_ended(one, over))
    instances += _coming(parts[reported + 1 :], kpi, series, seen, first_known=bool(started))
    recurrence = Recurrence(
        goal.every or "week", goal.start, goal.due, tuple(instances), reported, _needed(goal, len(parts))
    )
    return _whole(goal, kpi, series, seen, found, recurrence, parts[reported])


def _reported(one: Goal, found: GoalResult) -> Instance:
    return Instance(
        one.start, one.due, found.target if found.target_known else None, found.actual, found.progress,
        found.status, found.basis, found.chance.probability if found.chance else None,
    )  # fmt: skip


def _ended(one: Goal, found: tuple[Figures, Verdict]) -> Instance:
    figures, (status, basis, _) = found
    return Instance(
        one.start, one.due, figures.target, figures.reading.value, figures.progress, status, basis, None
    )


def _coming(
    parts: tuple[Goal, ...], kpi: Kpi, series: Series, seen: Horizon, *, first_known: bool
) -> list[Instance]:
    """Periods that have not begun: the next one with its chance at the start."""
    found = []
    for n, one in enumerate(parts):
        target = resolved(one.target, one, kpi, series, seen)
        chance = None
        if n == 0 and first_known and target is not None:
            outlook = outlook_at_start(one, kpi, series, target, known=_newest_known(kpi, seen))
            chance = outlook.probability if outlook else None
        found.append(Instance(one.start, one.due, target, None, None, "not_started", "none", chance))
    return found


def _newest_known(kpi: Kpi, seen: Horizon) -> date:
    """The last day that may end a closed period."""
    return min(seen.last, seen.today - timedelta(days=kpi.close_lag_days))


def _needed(goal: Goal, total: int) -> int:
    return total - inside_count([], total, goal.inside).allowed_outside


def _whole(
    goal: Goal, kpi: Kpi, series: Series, seen: Horizon, found: GoalResult, recurrence: Recurrence, one: Goal
) -> GoalResult:
    """The reported period's result as the recurring goal's."""
    status, basis, reason = _verdict(found, recurrence)
    first = original_target(goal)
    return replace(
        found, goal_id=goal.id, status=status, basis=basis, reason=reason, recurrence=recurrence,
        original_target=resolved(first, one, kpi, series, seen) if first else None,
        terms=_terms(goal, found, recurrence, seen),
        override_status=override_now(goal, seen.today),
    )  # fmt: skip


def _verdict(found: GoalResult, recurrence: Recurrence) -> Verdict:
    counts: dict[str, tuple[str, object]] = {
        "met": ("count", recurrence.met), "judged": ("count", recurrence.judged),
        "streak": ("count", recurrence.streak), "needed": ("count", recurrence.needed),
        "all": ("count", len(recurrence.instances)),
    }  # fmt: skip
    if recurrence.judged == len(recurrence.instances):
        kept = recurrence.met >= recurrence.needed
        return "achieved" if kept else "missed", "decided", Reason(say.RECURRED[recurrence.every], counts)
    if found.status == "not_started":
        return found.status, found.basis, found.reason
    reason = found.reason
    if recurrence.judged:
        reason = Reason(say.SO_FAR[recurrence.every], {"reason": ("text", reason), **counts})
    coming = recurrence.coming
    if coming is not None:
        params: dict[str, tuple[str, object]] = {
            "reason": ("text", reason), "start": ("date", coming.start),
            "chance": ("text", printed_chance(coming.chance or 0.0)),
            "target": (found.unit.value, coming.target),
        }  # fmt: skip
        reason = Reason(say.COMING[recurrence.every], params)
    return found.status, found.basis, reason


def _terms(goal: Goal, found: GoalResult, recurrence: Recurrence, seen: Horizon) -> TargetTerms | None:
    """The change as the goal declares it, with the base of the reported period."""
    if found.terms is not None:
        return found.terms
    target = target_in_force(goal, seen.today)
    if goal.relative_to != "baseline" or not target.signed or goal.baseline is None:
        return None
    base = changed(goal.baseline.amount, target, recurrence.reported)
    return TargetTerms(target.amount, target.mark, "compounded" if recurrence.reported else "baseline", base)
