"""The executive summary of the strategic plan: exactly one page, generated.

Here: what it says and how much of it finds room. Not here: the figures (pipeline/plan.py), the other chapters
(plan_chapters.py). Texts of people are measured and lists are cut with a count of the rest, so that the page
holds at any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pipeline.goals.model import WORST_FIRST, GoalResult
from pipeline.plan import RiskRow
from pipeline.report.fit import fitted, lines, pick, width
from pipeline.report.headline import headline
from pipeline.report.i18n import NONE, Formats
from pipeline.report.plan_author import Author, columns, status_cell
from pipeline.report.plan_view import BigNumber, Block, Cell, Numbers, Points, Said, Table
from pipeline.report.words import BEHIND, status_view, tally_text
from pipeline.units import Unit

BEHIND_ROWS, RISK_ROWS, DECISIONS = 4, 3, 3
PROSE_LINES = 6
PROSE_ROOM, PROSE_SIZE = 425.0, 10.0
"""Width in points and size of the introduction's lines."""
PAGE = 470.0


def summary(a: Author) -> tuple[Block, ...]:
    """The page's blocks: finding, odds, money, who is behind, risks, decisions."""
    f, context = a.f, a.context
    lost = [one for one in context.live if one.status in BEHIND]
    finding = headline(context.live, context.titles(), f)
    return (
        Said((fitted(finding, PAGE, 15, 4, 600),), "finding"),
        Said((tally_text(context.results, f) + ".", _odds(a))),
        _money(a, lost),
        *((a.prose("summary", a.plan.strategy.summary),) if introduced_here(a) else ()),
        _attention(a, lost),
        _risks(a, len(lost)),
        _decisions(a, lost),
        Said(tuple(_findings(a))),
    )


def introduced_here(a: Author) -> bool:
    """Whether the written introduction finds room on the page; else it opens the next chapter."""
    text = a.text(a.plan.strategy.summary)
    return len(lines(text, PROSE_ROOM, PROSE_SIZE)) <= PROSE_LINES


def _odds(a: Author) -> str:
    if any(one.chance for one in a.context.live):
        return a.f.say("Chances are of reaching the target by the due date, as of this edition.")
    return a.f.say("Judged by pace today: no chance of attainment is computed.")


def _money(a: Author, lost: Sequence[GoalResult]) -> Numbers:
    f, found = a.f, a.plan.summary
    stake = next((one for one in a.context.results if one.goal_id == found.at_stake), None)
    watched = sum(one.status == "watch" for one in a.context.live)
    short = found.uncovered_total
    return Numbers(
        (
            BigNumber(
                f.say("Goals"),
                f.number(found.goals),
                f.say.count("{n} behind plan", "{n} behind plan", len(lost))
                + ", "
                + f.say.count("{n} to watch", "{n} to watch", watched),
            ),
            BigNumber(
                f.say("Budget"),
                f.money(found.budget_total),
                f.say("planned work {cost}", cost=f.money(found.planned_total)),
            ),
            BigNumber(
                f.say("Cost to come"),
                f.money(found.to_come_total),
                f.say("not covered by the budget: {cost}", cost=f.money(short))
                if short
                else f.say("covered by the budget"),
            ),
            BigNumber(
                f.say("Gap at stake"),
                f.value(abs(stake.gap_value), stake.unit) if stake and stake.gap_value is not None else NONE,
                fitted(f.say("{goal}, against plan today", goal=a.context.title(stake.goal_id)), 110, 7.6, 2)
                if stake
                else f.say("no money goal is behind its plan"),
            ),
        )
    )


def _attention(a: Author, lost: Sequence[GoalResult]) -> Table:
    f = a.f
    chances = any(one.chance for one in lost)
    heads = (
        ("Goal", 38, False),
        ("Status", 15, False),
        ("Actual", 15, True),
        ("Against plan today", 17, True),
        ("Chance" if chances else "Of the way", 15, True),
    )
    rest = len(lost) - BEHIND_ROWS
    return Table(
        f.say("Goals behind plan"),
        columns(f, heads),
        tuple(_behind(a, one, chances) for one in lost[:BEHIND_ROWS]),
        note=f.say.count("and {n} more", "and {n} more", rest) if rest > 0 else "",
        empty=f.say("No goal is behind its plan."),
        css="dense",
    )


def _behind(a: Author, one: GoalResult, chances: bool) -> tuple[Cell, ...]:
    f, goal = a.f, a.context.goals[one.goal_id]
    share = f.percent(one.progress, 0) if one.progress is not None else NONE
    asked = f.say("plan {share}", share=f.percent(one.expected, 0)) if one.expected is not None else ""
    odds = f.probability(one.chance.probability) if one.chance else NONE
    target = f.value(one.target, one.unit) if one.target_known else NONE
    return (
        Cell(_short(a.context.title(one.goal_id), 180, 2), _short(a.person(goal.owner), 165), strong=True),
        status_cell(one, f),
        Cell(f.value(one.actual, one.unit), f.say("of {target}", target=target), strong=True),
        Cell(f.delta(one.gap_value, one.unit, one.actual)),
        Cell(odds) if chances else Cell(share, asked),
    )


def _short(text: str, room: float, most: int = 1) -> str:
    return fitted(text, room, 8.2, most, 600)


def _risks(a: Author, behind: int) -> Table:
    """The worst risks: each goal behind plan that the table above does not need leaves room for one more."""
    f = a.f
    # a risk whose goal is worse off comes first; within one status the order they were written in
    rank = {name: number for number, name in enumerate(WORST_FIRST)}
    most = RISK_ROWS + max(BEHIND_ROWS - behind, 0)
    rows = sorted(a.plan.risks, key=lambda row: rank.get(row.status or "not_started", len(rank)))
    heads = (("Risk", 38, False), ("Early warning", 25, False), ("Trigger", 37, False))
    rest = len(rows) - most
    return Table(
        f.say("Top risks"),
        columns(f, heads),
        tuple(_risk(a, row) for row in rows[:most]),
        note=f.say.count("and {n} more", "and {n} more", rest) if rest > 0 else "",
        empty=a.unwritten(a.gap("risks")),
        css="dense",
    )


def _risk(a: Author, row: RiskRow) -> tuple[Cell, ...]:
    f = a.f
    status = status_view(row.status, f) if row.status else None
    value = f.value(row.value, row.unit) if row.value is not None and row.unit is not None else ""
    name = a.context.kpi_name(row.kpi.id) if row.kpi else NONE
    return (
        Cell(_short(a.text(row.risk.title), 170, 2), _short(a.person(row.risk.owner), 170), strong=True),
        Cell(
            _short(f"{name}: {value}" if value else name, 115, 3),
            f"{status.shape} {status.word}" if status else "",
        ),
        Cell(_short(a.text(row.risk.trigger) or NONE, 165, 2)),
    )


def _decisions(a: Author, lost: Sequence[GoalResult]) -> Points:
    f = a.f
    written = [
        _told(pick(one.text, f.lang), a.person(one.owner), f.day(one.due) if one.due else "", f)
        for one in a.context.notes.decisions
    ]
    heading = "Decisions needed" if written or not lost else "Decisions needed (suggested)"
    found = written or list(_suggested(a, lost)) or [f.say("None this week.")]
    rest = len(found) - DECISIONS
    return Points(
        f.say(heading),
        tuple(found[:DECISIONS]),
        note=f.say.count("and {n} more", "and {n} more", rest) if rest > 0 else "",
    )


def _told(text: str, who: str, day: str, f: Formats) -> str:
    tail = ", ".join(one for one in (who, f.say("by {day}", day=day) if day else "") if one)
    if not tail:
        return fitted(text, PAGE, 9.4, 2)
    room = 2 * PAGE - width(f" ({tail})", 9.4) - 40  # a line breaks before its last word
    return f"{fitted(text, room, 9.4)} ({tail})"


def _suggested(a: Author, lost: Sequence[GoalResult]) -> Iterable[str]:
    f = a.f
    for one in lost:
        if one.status == "missed" or not one.gap_value:
            continue
        gap = abs(one.gap_value)
        size = f.points(gap, signed=False) if one.unit is Unit.PERCENT else f.value(gap, one.unit)
        text = f.say(
            "{name}: how to make up {gap}, or a new target",
            name=f.name(a.context.title(one.goal_id)),
            gap=size,
        )
        yield _told(text, a.person(a.context.goals[one.goal_id].owner), "", f)


def _findings(a: Author) -> Iterable[str]:
    f, found = a.f, a.plan.summary
    if not introduced_here(a):
        yield f.say("The written introduction opens the next chapter.")
    if found.without_verdict:
        names = f.listed([f.name(a.context.title(one)) for one in found.without_verdict])
        yield _line(f.say("No verdict, because the data does not allow one: {names}.", names=names))
    if found.overloaded:
        names = f.listed([a.person(one) for one in found.overloaded])
        yield _line(f.say("More work than hours in at least one week: {names}.", names=names))
    if a.plan.overdue or found.critical:
        yield _line(_work(a))
    if found.saving > Decimal(0) or found.hours_saved > Decimal(0):
        yield _line(
            f.say(
                "Outsourcing could save {money} on the hours of 13 weeks; automation saves {hours}.",
                money=f.money(found.saving),
                hours=f.hours(found.hours_saved),
            )
        )
    unwritten = sum(a.context.lang in one.languages for one in a.plan.missing)
    if unwritten:
        yield f.say.count(
            "{n} section of this plan is not written yet.",
            "{n} sections of this plan are not written yet.",
            unwritten,
        )


def _work(a: Author) -> str:
    f, found = a.f, a.plan.summary
    parts = []
    if found.critical:
        parts.append(
            f.say.count(
                "{n} piece of work has no slack: any delay moves its goal's end.",
                "{n} pieces of work have no slack: any delay moves their goal's end.",
                found.critical,
            )
        )
    if a.plan.overdue:
        parts.append(
            f.say.count(
                "{n} piece of work is overdue.", "{n} pieces of work are overdue.", len(a.plan.overdue)
            )
        )
    return " ".join(parts)


def _line(text: str) -> str:
    return fitted(text, PAGE, 9.0, 2)
