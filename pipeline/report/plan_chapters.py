"""The chapters of the strategic plan as blocks of finished strings.

Here: what each chapter says and in which order. Not here: the figures (pipeline/plan.py), SMART cards
(plan_cards.py), the timeline's geometry (plan_gantt.py), the page (plan.html.j2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from pipeline.outsourcing import Outsourced, OutsourcingRow
from pipeline.plan import BaselineRow, BudgetRow, ChangeRow, MapGoal, MapObjective, Missing, Plan, RiskRow
from pipeline.report.context import Context
from pipeline.report.i18n import NONE, Formats
from pipeline.report.plan_author import Author, columns
from pipeline.report.plan_cards import goal_card
from pipeline.report.plan_gantt import gantt
from pipeline.report.plan_summary import introduced_here, summary
from pipeline.report.plan_view import (
    Block,
    Card,
    Cell,
    Chapter,
    Column,
    MapGoalView,
    MapObjectiveView,
    Points,
    Prose,
    Quarter,
    Quarters,
    Said,
    StrategyMap,
    Table,
)
from pipeline.report.terms import quantity_text
from pipeline.report.words import status_view
from pipeline.sources.state import SourceState
from pipeline.timeline import WeekLoad
from pipeline.units import Unit

LOAD_WEEKS = 8
"""Weeks ahead in the workload table."""
CALENDAR_DAYS = 120
"""Days ahead in the calendar."""
EMPTY: Mapping[str, str] = {}


def chapters(context: Context, plan: Plan) -> tuple[Chapter, ...]:
    """Every chapter in order; a chapter without content says so rather than being left out."""
    a = Author(context, plan)
    parts: tuple[tuple[str, str, tuple[Block, ...]], ...] = (
        ("summary", "Executive summary", summary(a)),
        ("mission", "Mission, vision, values", _mission(a)),
        ("position", "Where we are", _position(a)),
        ("map", "Strategy map", (_map(a),)),
        ("goals", "Goals", tuple(_cards(a))),
        ("timeline", "Initiatives and timeline", (_initiatives(a), *_timeline(a))),
        ("workload", "Workload and calendar", _workload(a)),
        ("budget", "Resources and budget", (_budget(a),)),
        ("automation", "Automation", (_automation(a), _campaigns(a))),
        ("outsourcing", "Outsourcing", _outsourcing(a)),
        ("risks", "Risks", (_risks(a),)),
        ("reviews", "Review calendar", (_reviews(a),)),
        ("quality", "Data quality and limitations", (_sources(a), _unwritten(a))),
        ("changes", "Change log", (_changes(a),)),
        ("appendix", "Appendix: KPI definitions", (_kpis(a),)),
    )
    return tuple(
        Chapter(number, anchor, context.formats.say(title), blocks, _parts(blocks))
        for number, (anchor, title, blocks) in enumerate(parts, start=1)
    )


def _parts(blocks: Iterable[Block]) -> tuple[tuple[str, str], ...]:
    return tuple((one.anchor, one.title) for one in blocks if isinstance(one, Card))


# --- 1 to 4 -------------------------------------------------------------------------------------------


def _mission(a: Author) -> tuple[Block, ...]:
    s, say = a.plan.strategy, a.f.say
    return (
        *(() if introduced_here(a) else (a.prose("summary", s.summary, say("Introduction")),)),
        a.prose("mission", s.mission, say("Mission")),
        a.prose("vision", s.vision, say("Vision")),
        a.points("values", s.values, say("Values")),
    )


def _position(a: Author) -> tuple[Block, ...]:
    f = a.f
    heads = (
        ("KPI of the goal", 30, False),
        ("At the start", 12, True),
        ("Now", 12, True),
        ("Usual range", 24, True),
        ("Last closed period", 12, True),
        ("Year before", 10, True),
    )
    table = Table(
        f.say("Where the KPIs stand"),
        columns(f, heads),
        tuple(_baseline(a, one) for one in a.plan.baselines),
        note=f.say(
            "Usual range: natural limits of the weekly or monthly values; "
            "a value outside has a cause of its own."
        ),
        empty=f.say("No KPI has figures yet."),
    )
    swot = a.plan.strategy.swot
    fields = (
        ("Strengths", "strengths", swot.strengths),
        ("Weaknesses", "weaknesses", swot.weaknesses),
        ("Opportunities", "opportunities", swot.opportunities),
        ("Threats", "threats", swot.threats),
    )
    quarters = tuple(
        Quarter(one.heading, one.items, one.missing, one.note)
        for one in (a.points(f"swot.{name}", items, f.say(title)) for title, name, items in fields)
    )
    return (Quarters(quarters), table)


def _baseline(a: Author, one: BaselineRow) -> tuple[Cell, ...]:
    f, unit = a.f, one.unit
    low, high = one.normal_low, one.normal_high
    usual = f"{f.value(low, unit)} … {f.value(high, unit)}" if low is not None and high is not None else NONE
    when = _period(one.last_start, one.last_end, f)
    return (
        Cell(a.context.title(one.goal.id), a.context.kpi_name(one.kpi.id), strong=True),
        Cell(f.value(one.baseline, unit)),
        Cell(f.value(one.actual, unit), strong=True),
        Cell(usual, _rhythm(a, one.goal.id) if usual != NONE else ""),
        Cell(f.value(one.last_value, unit), when),
        Cell(f.value(one.prior_year, unit)),
    )


def _rhythm(a: Author, goal_id: str) -> str:
    """Of which periods the usual range is, beside a last period that is always a month."""
    weekly = any(one.period == "week" for one in a.context.results if one.goal_id == goal_id)
    return a.f.say("by week" if weekly else "by month")


def _period(first: date | None, last: date | None, f: Formats) -> str:
    if first is None or last is None:
        return ""
    whole_month = first.day == 1 and (last.month, last.year) == (first.month, first.year) and last.day > 27
    return f"{f.month(first)} {first.year}" if whole_month else f.span(first, last, year=False)


def _map(a: Author) -> StrategyMap:
    heads = tuple(a.f.say(one) for one in ("Objective and goal", "KPI and status", "Initiatives"))
    return StrategyMap(
        heads, tuple(_objective(a, one) for one in a.plan.strategy_map if one.objective or one.goals)
    )


def _objective(a: Author, one: MapObjective) -> MapObjectiveView:
    f, objective = a.f, one.objective
    return MapObjectiveView(
        title=a.text(objective.title) if objective else f.say("Supports no objective"),
        owner=a.person(objective.owner) if objective else "",
        why=a.prose(f"objective:{objective.id}", objective.why) if objective else Prose(""),
        tally=", ".join(f"{status_view(name, f).word} {n}" for name, n in one.tally.items()),
        goals=tuple(_map_goal(a, goal) for goal in one.goals),
        none=f.say("No goal supports this objective yet."),
    )


def _map_goal(a: Author, one: MapGoal) -> MapGoalView:
    f = a.f
    return MapGoalView(
        anchor=f"goal-{one.goal.id}",
        title=a.text(one.goal.title),
        kpi=a.context.kpi_name(one.goal.kpi),
        status=status_view(one.status, f) if one.status else None,
        initiatives=tuple(a.text(initiative.title) for initiative in one.initiatives),
    )


# --- 5 to 8 -------------------------------------------------------------------------------------------


def _cards(a: Author) -> Iterable[Card]:
    return (goal_card(a.context, card, number) for number, card in enumerate(a.plan.cards, start=1))


def _timeline(a: Author) -> tuple[Block, ...]:
    found = gantt(a.plan.timeline, a.plan.week.sunday, a.f, a.person)
    problems = tuple(one.text(a.f.say) for one in a.plan.problems)
    nothing = Said((a.f.say("Nothing has dates yet."),))
    return (found or nothing, *((Said(problems, "note"),) if problems else ()))


def _workload(a: Author) -> tuple[Block, ...]:
    f = a.f
    weeks = [a.plan.week.plus(n) for n in range(1, LOAD_WEEKS + 1)]
    loads = {(one.person, one.week): one for one in a.plan.workload}
    people = list(dict.fromkeys(one.person for one in a.plan.workload if one.week in weeks))
    columns = (
        Column(f.say("Person"), 28),
        *(Column(f.day(week.monday), 9, number=True) for week in weeks),
    )
    rows = tuple(
        (_load_name(a, one), *(_load(loads.get((one, week)), f) for week in weeks)) for one in people
    )
    table = Table(
        f.say("Hours asked for, next eight weeks"),
        columns,
        rows,
        css="load",
        note=f.say(
            "▲ more than the hours of the week, ◆ more than is left beside the usual tracked work. "
            "A number in brackets counts tasks without an estimate."
        ),
        empty=f.say("No dated work in the next eight weeks."),
    )
    return (table, _calendar(a))


def _load_name(a: Author, person_id: str) -> Cell:
    f = a.f
    one = next(load for load in a.plan.workload if load.person == person_id)
    if one.usual is None:
        sub = f.say("{capacity} a week, tracks no time", capacity=f.hours(one.capacity))
    else:
        usual, capacity = f.hours(one.usual), f.hours(one.capacity)
        sub = f.say("{capacity} a week, usually {usual} tracked", capacity=capacity, usual=usual)
    return Cell(a.person(person_id), sub, strong=True)


def _load(one: WeekLoad | None, f: Formats) -> Cell:
    if one is None:
        return Cell("")
    mark = {"over": "▲ ", "tight": "◆ ", "ok": ""}[one.state]
    hours = f.number(one.needed, 0 if one.needed == one.needed.to_integral_value() or one.needed >= 10 else 1)
    text = f"{mark}{hours}" if one.needed else ""
    tasks = f"({one.tasks})" if one.tasks else ""
    return Cell(
        f"{text} {tasks}".strip().replace(" ", "\u00a0"),
        tone="red" if one.state == "over" else "ink",
        strong=one.state == "over",
    )


def _calendar(a: Author) -> Table:
    f = a.f
    kinds = {
        "goal_due": "Goal due",
        "milestone": "Milestone",
        "initiative_due": "Initiative ends",
        "task_due": "Task ends",
        "review": "Review",
    }
    today = a.plan.week.sunday
    coming = [
        one
        for one in a.plan.calendar
        if 0 < (one.day - today).days <= CALENDAR_DAYS and one.kind != "task_due"
    ]
    rows = tuple(
        (
            Cell(f.date(one.day)),
            Cell(f.say(kinds[one.kind])),
            Cell(a.text(one.title), strong=one.kind == "goal_due"),
            Cell(f.listed([a.person(who) for who in one.who])),
        )
        for one in coming
    )
    heads = (("Date", 20, False), ("What", 18, False), ("Which", 37, False), ("Who", 25, False))
    return Table(
        f.say("Calendar of the next four months"),
        columns(f, heads),
        rows,
        empty=f.say("No dates ahead."),
        css="dense",
    )


def _budget(a: Author) -> Table:
    f, budget = a.f, a.plan.budget
    heads = (
        ("Goal", 35, False),
        ("Budget", 13, True),
        ("Initiatives", 13, True),
        ("Other tasks", 13, True),
        ("Still to come", 13, True),
        ("Not covered", 13, True),
    )
    total = (
        Cell(f.say("Total"), strong=True),
        _exact(budget.budget_total, f),
        _exact(budget.total(lambda row: row.initiatives), f),
        _exact(budget.total(lambda row: row.tasks), f),
        _exact(budget.to_come_total, f),
        _exact(budget.uncovered_total, f),
    )
    return Table(
        f.say("Budget by goal"),
        columns(f, heads),
        tuple(_budget_row(a, row) for row in budget.rows),
        total=total,
        note=f.say(
            "Initiatives include the tasks that are their steps. Still to come: cost by completion. "
            "Not covered: work beyond the goal's own budget."
        ),
        empty=a.unwritten(a.gap("budget")),
        css="dense",
    )


def _budget_row(a: Author, row: BudgetRow) -> tuple[Cell, ...]:
    f = a.f
    name = a.text(row.goal.title) if row.goal else f.say("Serves no single goal")
    short = row.uncovered > 0
    return (
        Cell(name, strong=True),
        *(_exact(value, f) for value in (row.budget, row.initiatives, row.tasks, row.to_come)),
        Cell(
            f"▲ {f.money_exact(row.uncovered)}" if short else NONE,
            tone="red" if short else "ink",
            strong=short,
        ),
    )


def _exact(value: Decimal, f: Formats) -> Cell:
    return Cell(f.money_exact(value.quantize(Decimal(1))) if value else NONE)


def _initiatives(a: Author) -> Table:
    f = a.f
    rows = []
    for card in a.plan.cards:
        for one in card.goal.how:
            ends = f.span(one.start or card.goal.start, one.due or card.goal.due, year=False)
            lift = a.text(one.expected_lift) or NONE
            rows.append(
                (
                    Cell(a.text(one.title), a.text(card.goal.title), strong=True),
                    Cell(a.person(one.owner or card.goal.owner)),
                    Cell(ends),
                    Cell(f.money_exact(one.cost) if one.cost is not None else NONE),
                    Cell(f.hours(one.hours) if one.hours is not None else NONE),
                    Cell(f"{one.done}\u00a0%" if one.done is not None else NONE),
                    Cell(lift),
                )
            )
    heads = (
        ("Initiative", 29, False),
        ("Owner", 15, False),
        ("Dates", 15, False),
        ("Cost", 11, True),
        ("Hours", 7, True),
        ("Done", 8, True),
        ("Expected lift", 15, False),
    )
    note = f.say("Hours of all initiatives: {hours}.", hours=f.hours(a.plan.budget.hours_total))
    return Table(
        f.say("Initiatives"),
        columns(f, heads),
        tuple(rows),
        note=note,
        empty=f.say("No goal has initiatives yet."),
        css="dense",
    )


# --- 9 to 15 ------------------------------------------------------------------------------------------


def _automation(a: Author) -> Table:
    f = a.f
    rows = tuple(
        (
            Cell(row.automation.tool, strong=True),
            Cell(f.listed([a.context.kpi_name(kpi) for kpi in row.automation.feeds]) or NONE),
            Cell(a.text(row.automation.removes) or a.unwritten(a.gap("automation"))),
            Cell(f.hours(row.automation.hours_before) if row.automation.hours_before is not None else NONE),
            Cell(f.hours(row.automation.hours_after) if row.automation.hours_after is not None else NONE),
            Cell(_saved(row.hours_saved, row.share_saved, f)),
        )
        for row in a.plan.automation
    )
    heads = (
        ("Tool", 15, False),
        ("Feeds", 27, False),
        ("Manual work it removes", 27, False),
        ("Hours before", 10, True),
        ("Hours after", 10, True),
        ("Saved", 11, True),
    )
    return Table(
        f.say("Tools and the work they take over"),
        columns(f, heads),
        rows,
        empty=a.unwritten(a.gap("automation")),
    )


def _saved(hours: Decimal | None, share: Decimal | None, f: Formats) -> str:
    if hours is None:
        return NONE
    return f"{f.hours(hours)} ({f.percent(share, 0)})" if share is not None else f.hours(hours)


def _campaigns(a: Author) -> Table:
    f = a.f
    rows = tuple(
        (
            Cell(row.name, f.span(row.since, row.until, year=False), strong=True),
            *(Cell(f.number(value)) for value in (row.delivered, row.opens, row.clicks, row.conversions)),
            Cell(f.percent(row.conversion_rate, 1) if row.conversion_rate is not None else NONE),
        )
        for row in a.plan.campaigns
    )
    heads = (
        ("Campaign", 40, False),
        ("Delivered", 12, True),
        ("Opened", 12, True),
        ("Clicked", 12, True),
        ("Converted", 12, True),
        ("Rate", 12, True),
    )
    return Table(
        f.say("Automated campaigns, last 13 weeks"),
        columns(f, heads),
        rows,
        empty=f.say("No campaign reported figures."),
    )


def _outsourcing(a: Author) -> tuple[Block, ...]:
    f, found = a.f, a.plan.outsourcing
    heads = (
        ("Activity", 24, False),
        ("Hours", 11, True),
        ("Own cost an hour", 10, True),
        ("Market an hour", 10, True),
        ("Paid an hour", 10, True),
        ("Own cost", 10, True),
        ("Saving", 9, True),
        ("Advice", 16, False),
    )
    rows = tuple(_activity(a, row) for row in found.rows)
    note = f.say(
        "Tracked hours of {days}, of which {rest} belong to no activity. "
        "Saving: own cost less the rate really paid, or the market rate.",
        days=f.span(found.first, found.last),
        rest=f.hours(found.hours_unassigned),
    )
    total = (
        Cell(f.say("Worth outsourcing"), strong=True),
        *(Cell("") for _ in range(5)),
        Cell(f.money(found.total_saving), strong=True),
        Cell(""),
    )
    table = Table(
        f.say("What outsourcing would save"),
        columns(f, heads),
        rows,
        note=note,
        total=total,
        empty=a.unwritten(a.gap("outsourcing")),
        css="keep",
    )
    checked = tuple(_checked(a, row, row.outsourced) for row in found.rows if row.outsourced)
    checked_heads = (
        ("Activity", 30, False),
        ("Hours billed", 13, True),
        ("Paid", 14, True),
        ("Rate paid", 14, True),
        ("Against the market", 14, True),
        ("Really saved", 15, True),
    )
    after = Table(
        f.say("Checked after the fact: work already outsourced"),
        columns(f, checked_heads),
        checked,
        note=_strangers(a),
        empty=f.say("No work was outsourced in this span."),
        css="keep",
    )
    return (table, after)


def _activity(a: Author, row: OutsourcingRow) -> tuple[Cell, ...]:
    f = a.f
    rate = row.outsourced.rate if row.outsourced else None
    before = f.say("before {hours}", hours=f.hours(row.hours_before)) if row.hours_before is not None else ""
    reason = a.text(row.reason)
    if row.keep_in_house and not reason:
        reason = a.unwritten(a.gap(f"outsourcing:{row.id}"))
    advice = "Keep" if row.keep_in_house else "Outsource" if row.worthwhile else "No saving"
    return (
        Cell(a.text(row.title), reason, strong=True),
        Cell(f.hours(row.hours), before),
        Cell(f.money_exact(row.loaded_cost_per_hour)),
        Cell(f.money_exact(row.market_rate_per_hour)),
        Cell(f.money_exact(rate.quantize(Decimal("0.01"))) if rate is not None else NONE),
        Cell(f.money(row.internal_cost)),
        Cell(f.money(row.saving), strong=row.worthwhile),
        Cell(f.say(advice), strong=row.worthwhile),
    )


def _checked(a: Author, row: OutsourcingRow, done: Outsourced) -> tuple[Cell, ...]:
    f = a.f
    against = (
        f.percent(done.rate_against_market, 0, signed=True) if done.rate_against_market is not None else NONE
    )
    left_out = (
        f.say("without {currencies}", currencies=f.listed(done.other_currencies))
        if done.other_currencies
        else ""
    )
    return (
        Cell(a.text(row.title), f.listed(done.contracts), strong=True),
        Cell(f.hours(done.hours)),
        Cell(f.money(done.paid), left_out),
        Cell(f.money_exact(done.rate.quantize(Decimal("0.01"))) if done.rate is not None else NONE),
        Cell(against),
        Cell(f.money(done.saved, signed=True), strong=True),
    )


def _strangers(a: Author) -> str:
    names = a.plan.outsourcing.contracts_unassigned
    return a.f.say("Contracts that no activity names: {names}.", names=a.f.listed(names)) if names else ""


def _risks(a: Author) -> Table:
    f = a.f
    rows = tuple(_risk(a, row, number) for number, row in enumerate(a.plan.risks, start=1))
    heads = (
        ("Risk", 23, False),
        ("Early warning", 20, False),
        ("Trigger", 21, False),
        ("Response", 20, False),
        ("Owner", 16, False),
    )
    return Table(
        f.say("Risks and their early warnings"), columns(f, heads), rows, empty=a.unwritten(a.gap("risks"))
    )


def _risk(a: Author, row: RiskRow, number: int) -> tuple[Cell, ...]:
    f = a.f
    warning = NONE
    if row.kpi is not None:
        warning = a.context.kpi_name(row.kpi.id)
        if row.value is not None and row.unit is not None:
            warning = f.say("{kpi}: now {value}", kpi=warning, value=f.value(row.value, row.unit))
    status = status_view(row.status, f) if row.status else None
    return (
        Cell(a.text(row.risk.title), a.text(row.goal.title) if row.goal else "", strong=True),
        Cell(warning, f"{status.shape} {status.word}" if status else ""),
        Cell(a.text(row.risk.trigger) or NONE),
        Cell(a.text(row.risk.response) or a.unwritten(a.gap(f"risks:{number}"))),
        Cell(a.person(row.risk.owner) or NONE),
    )


def _reviews(a: Author) -> Table:
    f = a.f
    rows = tuple(
        (
            Cell(a.text(one.title), strong=True),
            Cell(a.text(one.every)),
            Cell(f.listed([a.person(who) for who in one.who]) or NONE),
            Cell(f.date(one.next) if one.next else NONE),
        )
        for one in a.plan.reviews
    )
    heads = (("Review", 34, False), ("How often", 20, False), ("Who", 28, False), ("Next", 18, False))
    return Table(
        f.say("Who looks at the plan and when"), columns(f, heads), rows, empty=a.unwritten(a.gap("reviews"))
    )


def _sources(a: Author) -> Table:
    f = a.f
    rows = tuple(_source(a, one) for one in a.plan.sources)
    heads = (
        ("Source", 26, False),
        ("State", 22, False),
        ("Rows", 10, True),
        ("Rejected", 10, True),
        ("Verified by, limits", 32, False),
    )
    return Table(
        f.say("Where the figures come from"), columns(f, heads), rows, empty=f.say("No source is set up.")
    )


def _source(a: Author, one: SourceState) -> tuple[Cell, ...]:
    f, state = a.f, {"fresh": "● Fresh", "stale": "◆ Stale", "refused": "▼ Refused", "missing": "○ Missing"}
    shape, word = state[one.freshness].split(" ")
    through = f.say("data through {day}", day=f.date(one.data_through)) if one.data_through else ""
    limits = [text for text in (a.text(one.verification), a.text(one.limitations)) if text]
    return (
        Cell(a.context.source_title(one.source_id), strong=True),
        Cell(f"{shape} {f.say(word)}", through, tone="ink" if one.freshness == "fresh" else "red"),
        Cell(f.number(one.counts.rows_in)),
        Cell(f.number(one.counts.quarantined), strong=one.counts.quarantined > 0),
        Cell(" ".join(limits) or NONE),
    )


def _unwritten(a: Author) -> Points:
    f = a.f
    gaps = [one for one in a.plan.missing if a.context.lang in one.languages]
    lines = tuple(_gap_line(a, one) for one in gaps)
    return Points(f.say("Still to be written"), lines or (f.say("Every section is written."),))


def _gap_line(a: Author, gap: Missing) -> str:
    where = _section_name(a, gap.section)
    owner = a.person(gap.owner) or a.f.say("no owner named")
    template = "{section}: translation ({owner})" if gap.written_elsewhere else "{section} ({owner})"
    return a.f.say(template, section=where, owner=owner)


def _section_name(a: Author, section: str) -> str:
    names = {
        "summary": "Executive summary",
        "mission": "Mission",
        "vision": "Vision",
        "values": "Values",
        "swot.strengths": "Strengths",
        "swot.weaknesses": "Weaknesses",
        "swot.opportunities": "Opportunities",
        "swot.threats": "Threats",
        "objectives": "Objectives",
        "budget": "Budget",
        "automation": "Automation",
        "outsourcing": "Outsourcing",
        "risks": "Risks",
        "reviews": "Reviews",
    }
    if section in names:
        return a.f.say(names[section])
    kind, _, name = section.partition(":")
    strategy = a.plan.strategy
    if kind == "objective":
        found = next((one.title for one in strategy.objectives if one.id == name), EMPTY)
        return a.f.say("Why the objective matters: {name}", name=a.text(found) or name)
    if kind == "outsourcing":
        found = next((one.title for one in strategy.outsourcing if one.id == name), EMPTY)
        return a.f.say("Why it stays in-house: {name}", name=a.text(found) or name)
    if kind == "risks" and name.isdigit():
        return a.f.say("Response to the risk: {name}", name=a.text(strategy.risks[int(name) - 1].title))
    return section


def _changes(a: Author) -> Table:
    f = a.f
    rows = tuple(_change(a, one) for one in a.plan.changes)
    heads = (
        ("Date", 17, False),
        ("Goal", 27, False),
        ("Before", 12, True),
        ("After", 12, True),
        ("By", 14, False),
        ("Why", 18, False),
    )
    names = f.listed([a.context.kpi_name(one) for one in a.plan.replaced_kpis])
    note = (
        f.say("The company defines these built-in KPIs in its own way: {names}.", names=names)
        if names
        else ""
    )
    return Table(
        f.say("Changes of targets"),
        columns(f, heads),
        rows,
        note=note,
        empty=f.say("No target has been changed."),
    )


def _change(a: Author, one: ChangeRow) -> tuple[Cell, ...]:
    f = a.f
    kpi = a.context.kpis.get(one.goal.kpi)
    unit = kpi.unit if kpi else Unit.NUMBER
    return (
        Cell(f.date(one.on)),
        Cell(a.text(one.goal.title), strong=True),
        Cell(_with_due(quantity_text(one.previous, unit, f), one.previous_due, f)),
        Cell(_with_due(quantity_text(one.new, unit, f), one.new_due, f)),
        Cell(a.person(one.by)),
        Cell(a.text(one.reason)),
    )


def _with_due(target: str, due: date | None, f: Formats) -> str:
    """The target, and the due date where that moved too."""
    return f.say("{target} by {day}", target=target, day=f.date(due)) if due else target


def _kpis(a: Author) -> Table:
    f = a.f
    used = dict.fromkeys(card.goal.kpi for card in a.plan.cards)
    rows = []
    for kpi_id in used:
        kpi = a.context.kpis.get(kpi_id)
        if kpi is not None:
            better = f.say("higher is better" if kpi.direction == "up" else "lower is better")
            rows.append(
                (
                    Cell(a.text(kpi.name), better, strong=True),
                    Cell(a.text(kpi.formula)),
                    Cell(a.text(kpi.definition) or NONE, kpi.citation),
                )
            )
    heads = (("KPI", 24, False), ("Formula", 34, False), ("Definition and source", 42, False))
    return Table(
        f.say("How each KPI is defined"), columns(f, heads), tuple(rows), empty=f.say("No goal names a KPI.")
    )
