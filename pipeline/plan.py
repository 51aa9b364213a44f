"""The strategic plan's figures: every number and list its chapters print, as plain records.

Here: objectives down to initiatives, goal cards, interim targets, money, automation, risks, what is still
unwritten. Not here: the timeline's arithmetic (timeline.py), outsourcing (outsourcing.py), pages (report/).
Every result comes from the same edition as the scorecard; nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa

from pipeline.errors import Problem
from pipeline.goals.measure import due_in_force
from pipeline.goals.model import Edition, GoalResult, Point, SmartVerdict, StatusName
from pipeline.goals.parts import sums_of_parts, total_target, whole_sum
from pipeline.goals.rollup import objective_of, status_tally
from pipeline.kpis.registry import feeding_sources, kpi_registry, replaced_kpis
from pipeline.outsourcing import OutsourcingReport, outsourcing_report
from pipeline.periods import DAY, Week, add_months, month_end, month_start
from pipeline.sources.state import SourceState
from pipeline.steps import link_tasks
from pipeline.timeline import (
    CalendarEntry,
    Item,
    Timeline,
    WeekLoad,
    build_calendar,
    build_timeline,
    workload,
)
from pipeline.units import Direction, Unit
from pipeline.workspace.model import (
    Automation,
    Goal,
    Initiative,
    Kpi,
    Objective,
    Quantity,
    Review,
    RiskItem,
    Strategy,
    Workspace,
)

OUTSOURCING_WEEKS = 13
"""Weeks of tracked time that the outsourcing table is made from, ending with the edition's week."""
Texts = Mapping[str, str]


@dataclass(frozen=True)
class MapGoal:
    """A goal in the strategy map."""

    goal: Goal
    kpi: Kpi | None
    status: StatusName | None
    initiatives: tuple[Initiative, ...]


@dataclass(frozen=True)
class MapObjective:
    """An objective with the goals that support it; objective None: goals that support none."""

    objective: Objective | None
    goals: tuple[MapGoal, ...]
    worst: StatusName | None
    """Roll-up: the worst goal's status, never a mean."""
    tally: Mapping[StatusName, int] = field(hash=False)


@dataclass(frozen=True)
class InterimTarget:
    day: date
    """Month end, or the due date."""
    value: Decimal


@dataclass(frozen=True)
class ChildTarget:
    goal_id: str
    title: Texts = field(hash=False)
    target: Decimal


@dataclass(frozen=True)
class GoalCard:
    """One goal's SMART card."""

    goal: Goal
    kpi: Kpi | None
    result: GoalResult | None
    smart: SmartVerdict | None
    sources: tuple[str, ...]
    """Ids of the sources that feed the KPI."""
    objective: Objective | None
    """Its own, or its parent goal's."""
    parent: Goal | None
    children: tuple[ChildTarget, ...]
    children_total: Decimal | None
    """Sum of the children's targets, of parts that make up the whole (goals/parts.py); None otherwise."""
    children_gap: Decimal | None
    """children_total - target; negative: the parts do not make the whole."""
    interim: tuple[InterimTarget, ...]
    hours: Decimal
    """Hours its initiatives need, those that are estimated."""
    hours_left: Decimal
    """The part not yet done, by the initiatives' completion."""
    cost: Decimal
    """Money its initiatives need."""
    unestimated: tuple[str, ...]
    """Ids of initiatives without hours."""


@dataclass(frozen=True)
class BaselineRow:
    """Where a KPI stands: chapter 3."""

    goal: Goal
    kpi: Kpi
    unit: Unit
    baseline: Decimal | None
    actual: Decimal | None
    normal_low: Decimal | None
    normal_mean: Decimal | None
    normal_high: Decimal | None
    last_value: Decimal | None
    """Newest closed month (or period) with a figure."""
    last_start: date | None
    last_end: date | None
    prior_year: Decimal | None
    """The same month or period a year before."""


@dataclass(frozen=True)
class BudgetRow:
    """Money of one goal. What is planned is its initiatives and the tasks that belong to none of them; the
    budget covers it or does not, and is never added to it."""

    goal: Goal | None
    """None: lines and tasks of no goal."""
    budget: Decimal
    initiatives: Decimal
    """Cost of the initiatives: as written, else of the tasks that are their steps."""
    tasks: Decimal
    """Cost of the tasks that belong to no initiative."""
    to_come: Decimal
    """The part of both that is not done yet, by completion."""

    @property
    def planned(self) -> Decimal:
        return self.initiatives + self.tasks

    @property
    def uncovered(self) -> Decimal:
        """Planned work the budget does not cover."""
        return max(self.planned - self.budget, Decimal(0))


@dataclass(frozen=True)
class Budget:
    rows: tuple[BudgetRow, ...]
    hours_total: Decimal
    """Hours of all initiatives."""

    def total(self, column: Callable[[BudgetRow], Decimal]) -> Decimal:
        return sum((column(row) for row in self.rows), Decimal(0))

    @property
    def budget_total(self) -> Decimal:
        return self.total(lambda row: row.budget)

    @property
    def planned_total(self) -> Decimal:
        return self.total(lambda row: row.planned)

    @property
    def to_come_total(self) -> Decimal:
        return self.total(lambda row: row.to_come)

    @property
    def uncovered_total(self) -> Decimal:
        """Goal by goal: what one goal leaves over does not pay for another."""
        return self.total(lambda row: row.uncovered)


@dataclass(frozen=True)
class AutomationRow:
    automation: Automation
    hours_saved: Decimal | None
    """hours_before - hours_after; None when either is not written."""
    share_saved: Decimal | None


@dataclass(frozen=True)
class CampaignRow:
    """What a campaign did in a span: the growth of its all-time counters, not their sum."""

    name: str
    since: date
    """Snapshot the counters are counted from."""
    until: date
    delivered: int
    opens: int
    clicks: int
    conversions: int

    @property
    def conversion_rate(self) -> Decimal | None:
        return Decimal(self.conversions) / self.delivered if self.delivered > 0 else None


@dataclass(frozen=True)
class RiskRow:
    risk: RiskItem
    goal: Goal | None
    kpi: Kpi | None
    value: Decimal | None
    """The early-warning KPI now: of the risk's goal, else of a goal on that KPI for the whole company."""
    unit: Unit | None
    status: StatusName | None


@dataclass(frozen=True)
class ChangeRow:
    """A change of a target: chapter 13."""

    goal: Goal
    on: date
    by: str
    reason: Texts = field(hash=False)
    previous: Quantity
    new: Quantity
    previous_due: date | None = None
    """Where the due date moved too."""
    new_due: date | None = None


@dataclass(frozen=True)
class Missing:
    """Prose nobody has written yet, or not in this language."""

    section: str
    """summary, mission, vision, values, swot.threats, objective:<id>, outsourcing:<id> and the like."""
    owner: str | None
    """Person id from strategy.yaml `owners`."""
    languages: tuple[str, ...]
    """Languages of the company it is missing in; all of them when it is not written at all."""
    written_elsewhere: bool
    """Another language has it, and is shown instead."""


@dataclass(frozen=True)
class Summary:
    """The executive summary's figures."""

    goals: int
    tally: Mapping[StatusName, int] = field(hash=False)
    """Every status in the worst-first order that has goals."""
    worst: tuple[str, ...]
    """Ids of goals at risk, off track or missed, worst first."""
    without_verdict: tuple[str, ...]
    budget_total: Decimal
    planned_total: Decimal
    to_come_total: Decimal
    uncovered_total: Decimal
    at_stake: str | None
    """Id of the money goal under way that lacks most against its plan today. Goals overlap (a quarter is
    part of its year, profit of revenue), so their gaps are never added up."""
    saving: Decimal
    """Of outsourcing, over its span."""
    hours_saved: Decimal
    """Of automation."""
    overloaded: tuple[str, ...]
    """Persons with more work than hours in some week."""
    critical: int
    """Items without float."""


@dataclass(frozen=True)
class Plan:
    """Everything the strategic plan prints besides the authored prose in `strategy`."""

    week: Week
    run_id: str
    currency: str
    period_start: date | None
    period_end: date | None
    strategy: Strategy
    summary: Summary
    baselines: tuple[BaselineRow, ...]
    strategy_map: tuple[MapObjective, ...]
    cards: tuple[GoalCard, ...]
    timeline: Timeline
    overdue: tuple[str, ...]
    """Ids of work that should have ended by the edition's Sunday and is not done, longest overdue first."""
    workload: tuple[WeekLoad, ...]
    calendar: tuple[CalendarEntry, ...]
    budget: Budget
    automation: tuple[AutomationRow, ...]
    campaigns: tuple[CampaignRow, ...]
    outsourcing: OutsourcingReport
    risks: tuple[RiskRow, ...]
    reviews: tuple[Review, ...]
    sources: tuple[SourceState, ...]
    changes: tuple[ChangeRow, ...]
    replaced_kpis: tuple[str, ...]
    """Built-in KPIs the company defines otherwise."""
    missing: tuple[Missing, ...]
    problems: tuple[Problem, ...]


def build_plan(workspace: Workspace, edition: Edition, facts: Callable[[str], pa.Table]) -> Plan:
    """The plan as of an edition. `facts(name)` gives a fact's rows as the edition knows them."""
    through = edition.week.sunday
    tasks, entries = facts("tasks"), facts("time_entries")
    timeline = build_timeline(workspace, tasks)
    start, end = _period(workspace, timeline)
    items = [row.item for row in timeline.rows]
    loads = workload(items, workspace.people, entries, through, start, end) if start and end else ()
    outsourcing = outsourcing_report(
        workspace.strategy.outsourcing,
        entries,
        facts("freelance_costs"),
        edition.week.plus(1 - OUTSOURCING_WEEKS).monday,
        through,
        workspace.company.currency,
    )
    budget = budget_rows(workspace, tasks, items)
    automation = tuple(_automation(one) for one in workspace.strategy.automation)
    results = {result.goal_id: result for result in edition.results}
    registry = kpi_registry(workspace)
    return Plan(
        week=edition.week,
        run_id=edition.run_id,
        currency=workspace.company.currency,
        period_start=start,
        period_end=end,
        strategy=workspace.strategy,
        summary=_summary(edition, budget, outsourcing, automation, loads, timeline),
        baselines=tuple(_baselines(workspace, registry, results)),
        strategy_map=strategy_map(workspace, registry, results),
        cards=tuple(_card(workspace, goal, registry, results, edition.smart) for goal in workspace.goals),
        timeline=timeline,
        overdue=tuple(
            one.id for one in sorted(items, key=lambda one: (one.due, one.id)) if _late(one, through)
        ),
        workload=loads,
        calendar=build_calendar(workspace, timeline),
        budget=budget,
        automation=automation,
        campaigns=campaign_rows(facts("campaign_snapshots"), through),
        outsourcing=outsourcing,
        risks=tuple(_risk(workspace, one, registry, results) for one in workspace.strategy.risks),
        reviews=workspace.strategy.reviews,
        sources=tuple(edition.sources.values()),
        changes=tuple(sorted(_changes(workspace.goals), key=lambda one: (one.on, one.goal.id))),
        replaced_kpis=replaced_kpis(workspace),
        missing=tuple(missing_prose(workspace)),
        problems=timeline.problems,
    )


def _period(workspace: Workspace, timeline: Timeline) -> tuple[date | None, date | None]:
    """The strategy's period; where it is not written, from the first goal's start to the last one's due."""
    strategy, goals = workspace.strategy, workspace.goals
    first = min((goal.start for goal in goals), default=timeline.first)
    last = max((goal.due for goal in goals), default=timeline.last)
    return strategy.period_start or first, strategy.period_end or last


def _late(item: Item, through: date) -> bool:
    return item.kind != "goal" and not item.is_summary and not item.is_done and item.due <= through


def _summary(
    edition: Edition,
    budget: Budget,
    outsourcing: OutsourcingReport,
    automation: Sequence[AutomationRow],
    loads: Sequence[WeekLoad],
    timeline: Timeline,
) -> Summary:
    bad = ("missed", "off_track", "at_risk")
    return Summary(
        goals=len(edition.results),
        tally=status_tally(result.status for result in edition.results),
        worst=tuple(result.goal_id for result in edition.results if result.status in bad),
        without_verdict=tuple(one.goal_id for one in edition.results if one.status == "no_verdict"),
        budget_total=budget.budget_total,
        planned_total=budget.planned_total,
        to_come_total=budget.to_come_total,
        uncovered_total=budget.uncovered_total,
        at_stake=_at_stake(edition),
        saving=outsourcing.total_saving,
        hours_saved=sum((row.hours_saved for row in automation if row.hours_saved is not None), Decimal(0)),
        overloaded=tuple(dict.fromkeys(load.person for load in loads if load.state == "over")),
        critical=len(timeline.critical),
    )


def _at_stake(edition: Edition) -> str | None:
    money = [
        (one.gap_value, one.goal_id)
        for one in edition.results
        if one.kind == "cumulative"
        and one.unit is Unit.MONEY
        and one.direction is Direction.UP
        and one.due >= edition.week.monday
        and one.gap_value is not None
        and one.gap_value < 0
    ]
    return min(money)[1] if money else None


# --- chapters 3 to 5: baselines, map, cards -----------------------------------------------------------


def _baselines(
    workspace: Workspace, registry: Mapping[str, Kpi], results: Mapping[str, GoalResult]
) -> Iterator[BaselineRow]:
    for goal in workspace.goals:
        result, kpi = results.get(goal.id), registry.get(goal.kpi)
        if result is None or kpi is None:
            continue
        known = [one for one in (result.months or result.periods) if one.closed and one.value is not None]
        last = known[-1] if known else None
        control = result.control
        yield BaselineRow(
            goal=goal,
            kpi=kpi,
            unit=result.unit,
            baseline=result.baseline,
            actual=result.actual,
            normal_low=control.band[0] if control else None,
            normal_mean=control.mean if control else None,
            normal_high=control.band[1] if control else None,
            last_value=last.value if last else None,
            last_start=last.start if last else None,
            last_end=last.end if last else None,
            prior_year=last.prior_year if last else None,
        )


def strategy_map(
    workspace: Workspace, registry: Mapping[str, Kpi], results: Mapping[str, GoalResult]
) -> tuple[MapObjective, ...]:
    """Objectives in strategy.yaml's order, each with its goals; goals without one come last."""
    found: dict[str | None, list[MapGoal]] = {one.id: [] for one in workspace.strategy.objectives}
    for goal in workspace.goals:
        objective = objective_of(workspace, goal)
        result = results.get(goal.id)
        mapped = MapGoal(goal, registry.get(goal.kpi), result.status if result else None, goal.how)
        found.setdefault(objective.id if objective else None, []).append(mapped)
    rows = []
    for name, goals in found.items():
        tally = status_tally(one.status for one in goals if one.status is not None)
        rows.append(MapObjective(workspace.objective(name), tuple(goals), next(iter(tally), None), tally))
    return tuple(rows)


def _card(
    workspace: Workspace,
    goal: Goal,
    registry: Mapping[str, Kpi],
    results: Mapping[str, GoalResult],
    smart: Mapping[str, SmartVerdict],
) -> GoalCard:
    kpi, result = registry.get(goal.kpi), results.get(goal.id)
    children = tuple(
        ChildTarget(child.id, child.title, results[child.id].target)
        for child in workspace.goals
        if child.parent == goal.id and child.id in results
    )
    total = _children_total(workspace, goal, children)
    return GoalCard(
        goal=goal,
        kpi=kpi,
        result=result,
        smart=smart.get(goal.id),
        sources=feeding_sources(kpi, workspace) if kpi else (),
        objective=objective_of(workspace, goal),
        parent=workspace.goal(goal.parent) if goal.parent else None,
        children=children,
        children_total=total,
        children_gap=total - total_target(goal, result.target)
        if total is not None and result is not None
        else None,
        interim=interim_targets(result) if result else (),
        hours=sum((one.hours for one in goal.how if one.hours is not None), Decimal(0)),
        hours_left=sum((_hours_left(one) for one in goal.how), Decimal(0)),
        cost=sum((one.cost for one in goal.how if one.cost is not None), Decimal(0)),
        unestimated=tuple(one.id for one in goal.how if one.hours is None),
    )


def _hours_left(initiative: Initiative) -> Decimal:
    return (initiative.hours or Decimal(0)) * (100 - (initiative.done or 0)) / 100


def _children_total(workspace: Workspace, goal: Goal, children: Sequence[ChildTarget]) -> Decimal | None:
    """What the targets of a complete set of parts come to (goals/parts.py); None where they make no whole."""
    found = [(one, child.target) for child in children if (one := workspace.goal(child.goal_id)) is not None]
    return whole_sum(sums_of_parts(goal, found))


def interim_targets(result: GoalResult) -> tuple[InterimTarget, ...]:
    """What the plan asks for at each month end inside the window, and the target on the due date; of a
    recurring goal the target of each period whose target is known.

    Between the points of the goal's own plan (linear, seasonal or milestones) days are interpolated."""
    if result.recurrence is not None:
        known = [(one.due, one.target) for one in result.recurrence.instances if one.target is not None]
        return tuple(InterimTarget(day, target) for day, target in known)
    points = [point for point in result.burn_up if point.plan is not None]
    ends = []
    end = month_end(result.start)
    while end < result.due:
        ends.append(end)
        end = month_end(add_months(month_start(end), 1))
    values = [(day, _plan_on(result, points, day)) for day in ends]
    found = [InterimTarget(day, value) for day, value in values if value is not None]
    return (*found, InterimTarget(result.due, result.target))


def _plan_on(result: GoalResult, points: Sequence[Point], day: date) -> Decimal | None:
    origin = {"cumulative": Decimal(0), "level": result.baseline, "maintain": result.target}[result.kind]
    known = {point.day: point.plan for point in points if point.plan is not None}
    known[result.due] = result.target
    if origin is not None:
        known[result.start - DAY] = origin
    before = max((one for one in known if one <= day), default=None)
    after = min((one for one in known if one >= day), default=None)
    if before is None or after is None:
        return None
    if before == after:
        return known[before]
    share = Decimal((day - before).days) / (after - before).days
    return known[before] + (known[after] - known[before]) * share


# --- chapters 7 to 10, 13: money, automation, risks, changes ------------------------------------------


def budget_rows(workspace: Workspace, tasks: pa.Table, items: Sequence[Item]) -> Budget:
    """Money by goal, each piece of work once. `tasks`: rows of the fact; `items`: the timeline's."""
    known = {goal.id: goal for goal in workspace.goals}
    lines: dict[str | None, Decimal] = {}
    for line in workspace.strategy.budget:
        _add(lines, line.goal if line.goal in known else None, line.amount)
    rows = tasks.to_pylist()
    links = link_tasks(workspace, rows, [])
    steps: dict[str, Decimal] = {}
    loose: dict[str | None, Decimal] = {}
    to_come: dict[str | None, Decimal] = {}
    for row in rows:
        link = links[row["source"], row["task_id"]]
        if row["cost"] is None or link.is_summary:
            continue
        if link.initiative:
            _add(steps, link.initiative, row["cost"])
        else:
            goal_id = link.goal if link.goal in known else None
            _add(loose, goal_id, row["cost"])
            _add(to_come, goal_id, _left(row["cost"], row["done_percent"]))
    done = {item.id: item.done for item in items}
    planned: dict[str | None, Decimal] = {}
    for goal in workspace.goals:
        for one in goal.how:
            name = f"initiative:{goal.id}/{one.id}"
            cost = one.cost if one.cost is not None else steps.get(name)
            if cost is not None:
                _add(planned, goal.id, cost)
                _add(to_come, goal.id, _left(cost, done.get(name)))
    zero = Decimal(0)
    found = tuple(
        BudgetRow(
            known.get(name) if name else None,
            lines.get(name, zero),
            planned.get(name, zero),
            loose.get(name, zero),
            to_come.get(name, zero),
        )
        for name in (*known, None)
        if name in lines or name in planned or name in loose
    )
    return Budget(found, sum((one.hours or zero for goal in workspace.goals for one in goal.how), zero))


def _left(cost: Decimal, done: Decimal | None) -> Decimal:
    return cost * (100 - (done or Decimal(0))) / 100


def _add(sums: dict[Any, Decimal], key: object, amount: Decimal) -> None:
    sums[key] = sums.get(key, Decimal(0)) + amount


def _automation(one: Automation) -> AutomationRow:
    if one.hours_before is None or one.hours_after is None:
        return AutomationRow(one, None, None)
    saved = one.hours_before - one.hours_after
    return AutomationRow(one, saved, saved / one.hours_before if one.hours_before else None)


def campaign_rows(
    snapshots: pa.Table, through: date, weeks: int = OUTSOURCING_WEEKS
) -> tuple[CampaignRow, ...]:
    """Growth of each campaign's counters over the last `weeks` weeks, most conversions first.

    Counted from the newest snapshot before the span (zero when the campaign began inside it) to the newest
    one in it, step by step: a counter that fell was reset or edited, and that step counts nothing, as in
    KPIs. Campaigns that do not count what was delivered, such as lists of prospects, are left out."""
    since = through - timedelta(weeks=weeks)
    by_campaign: dict[tuple[str, str], list[Mapping[str, object]]] = {}
    for row in snapshots.to_pylist():
        if row["counted_on"] <= through:
            by_campaign.setdefault((row["source"] or "", row["campaign_id"]), []).append(row)
    rows = [_campaign(sorted(some, key=_counted_on), since) for some in by_campaign.values()]
    found = [row for row in rows if row is not None]
    return tuple(sorted(found, key=lambda row: (-row.conversions, row.name)))


def _counted_on(row: Mapping[str, object]) -> str:
    return str(row["counted_on"])


def _campaign(snapshots: Sequence[Mapping[str, object]], since: date) -> CampaignRow | None:
    inside = [row for row in snapshots if _day(row) > since]
    before = [row for row in snapshots if _day(row) <= since]
    if not inside or inside[-1].get("delivered") is None:
        return None
    last, steps = inside[-1], [before[-1] if before else {}, *inside]
    grown = {name: _grown(steps, name) for name in ("delivered", "opens", "clicks", "conversions")}
    return CampaignRow(
        name=str(last["name"] or last["campaign_id"]),
        since=_day(before[-1]) if before else _day(inside[0]),
        until=_day(last),
        delivered=grown["delivered"],
        opens=grown["opens"],
        clicks=grown["clicks"],
        conversions=grown["conversions"],
    )


def _day(row: Mapping[str, object]) -> date:
    return date.fromisoformat(str(row["counted_on"]))


def _grown(steps: Sequence[Mapping[str, object]], name: str) -> int:
    values = [int(str(row.get(name) or 0)) for row in steps]
    return sum(max(now - before, 0) for before, now in pairwise(values))


def _risk(
    workspace: Workspace, risk: RiskItem, registry: Mapping[str, Kpi], results: Mapping[str, GoalResult]
) -> RiskRow:
    goal = workspace.goal(risk.goal) if risk.goal else None
    kpi = registry.get(risk.kpi or (goal.kpi if goal else ""))
    shown = goal if goal is not None and (risk.kpi is None or goal.kpi == risk.kpi) else None
    if shown is None and kpi is not None:
        shown = next((one for one in workspace.goals if one.kpi == kpi.id and not one.segment), None)
    result = results.get(shown.id) if shown else None
    own = results.get(goal.id) if goal else result
    return RiskRow(
        risk=risk,
        goal=goal,
        kpi=kpi,
        value=result.actual if result else None,
        unit=result.unit if result else None,
        status=own.status if own else None,
    )


def _changes(goals: Iterable[Goal]) -> Iterator[ChangeRow]:
    """Each change with the target it made: the next change's previous one, or today's."""
    for goal in goals:
        ordered = sorted(goal.target_changes, key=lambda one: one.on)
        for number, one in enumerate(ordered, start=1):
            new = ordered[number].previous if number < len(ordered) else goal.target
            moved = (one.previous_due, due_in_force(goal, one.on)) if one.previous_due else (None, None)
            yield ChangeRow(goal, one.on, one.by, one.reason, one.previous, new, *moved)


# --- what is not written yet --------------------------------------------------------------------------


def missing_prose(workspace: Workspace) -> Iterator[Missing]:
    """Sections of the plan that nobody has written, or not in every language of the company."""
    strategy = workspace.strategy
    for section, texts in _sections(strategy):
        written = [one for one in texts if any(text.strip() for text in one.values())]
        languages = tuple(
            lang
            for lang in workspace.company.languages
            if not written or not all(_says(one, lang) for one in written)
        )
        if languages:
            top = section.split(".")[0].split(":")[0]
            owner = strategy.owners.get(section) or strategy.owners.get(top)
            yield Missing(section, owner, languages, written_elsewhere=bool(written))


def _says(texts: Texts, lang: str) -> bool:
    """A text written once, without a language, stands for every language."""
    return bool((texts.get(lang) or texts.get("") or "").strip())


def _sections(strategy: Strategy) -> Iterator[tuple[str, tuple[Texts, ...]]]:
    yield "summary", (strategy.summary,)
    yield "mission", (strategy.mission,)
    yield "vision", (strategy.vision,)
    yield "values", strategy.values
    for name in ("strengths", "weaknesses", "opportunities", "threats"):
        yield f"swot.{name}", getattr(strategy.swot, name)
    yield "objectives", tuple(one.title for one in strategy.objectives)
    for objective in strategy.objectives:
        yield f"objective:{objective.id}", (objective.why,)
    yield "budget", tuple(line.title for line in strategy.budget)
    yield "automation", tuple(one.removes for one in strategy.automation)
    yield "outsourcing", tuple(one.title for one in strategy.outsourcing)
    for activity in strategy.outsourcing:
        if activity.keep_in_house:
            yield f"outsourcing:{activity.id}", (activity.reason,)
    yield "risks", tuple(one.title for one in strategy.risks)
    for number, risk in enumerate(strategy.risks, start=1):
        yield f"risks:{number}", (risk.response,)
    yield "reviews", tuple(one.title for one in strategy.reviews)
