"""The SMART card of one goal in the strategic plan.

Here: what each letter states beside the evidence of its verdict, which says the rest. Not here: the verdicts
(goals/smart.py) and the figures (pipeline/plan.py).
"""

from __future__ import annotations

from decimal import Decimal

from pipeline.goals.model import GoalResult, LetterVerdict
from pipeline.plan import GoalCard
from pipeline.report.charts import Picture, sparkline
from pipeline.report.context import Context
from pipeline.report.fit import pick
from pipeline.report.goalpage import LETTERS, MARKS, comparable_target
from pipeline.report.i18n import Formats
from pipeline.report.plan_view import Card, CardLetter
from pipeline.report.view import Letter
from pipeline.report.words import sentence, status_view
from pipeline.workspace.model import Commitment

HISTORY = 26
"""Closed periods drawn."""
INTERIM = 6
"""Interim targets printed; of more, the next ones and the last."""


def goal_card(context: Context, card: GoalCard, number: int) -> Card:
    """The card; `number` counts goals in the plan."""
    f, result = context.formats, card.result
    said = ""
    if result is not None and card.kpi is not None:
        said = sentence(result, card.kpi, context.kpi_name(card.kpi.id), f)
    verdicts = {one.letter: one for one in card.smart.letters} if card.smart else {}
    stated = {
        "S": _specific(context, card),
        "M": _measurable(context, card),
        "A": _achievable(context, card),
        "R": _relevant(context, card),
        "T": _timed(card, f),
    }
    return Card(
        anchor=f"goal-{card.goal.id}",
        title=f"{number}. {context.title(card.goal.id)}",
        sentence=said,
        owner=f.say("Owner: {owner}", owner=context.person(card.goal.owner)),
        status=status_view(result.status, f) if result else None,
        reason=f.reason(result.reason) if result else f.say("Not measured in this edition."),
        letters=tuple(
            _letter(letter, word, verdicts.get(letter), stated[letter], f)  # type: ignore[call-overload]
            for letter, word in LETTERS.items()
        ),
        history=_history(context, card),
        history_note=_history_note(result, f),
    )


def _letter(letter: str, word: str, found: LetterVerdict | None, lines: list[str], f: Formats) -> CardLetter:
    mark, verdict, tone = MARKS[found.verdict if found else "unknown"]
    evidence = " ".join(f.reason(one) for one in found.evidence) if found else ""
    return CardLetter(
        Letter(letter, f.say(word), mark, f.say(verdict), tone, evidence), tuple(one for one in lines if one)
    )


def _specific(context: Context, card: GoalCard) -> list[str]:
    f, goal = context.formats, card.goal
    parts = [
        f"{f.say(name)} {_quoted(context.named(name, value), f)}"
        for name, value in sorted(goal.segment.items())
    ]
    return [f.say("Counts only: {segment}.", segment=f.listed(parts))] if parts else []


def _measurable(context: Context, card: GoalCard) -> list[str]:
    f, kpi = context.formats, card.kpi
    if kpi is None:
        return [f.say("The KPI {kpi} does not exist.", kpi=card.goal.kpi)]
    better = f.say("higher is better" if kpi.direction == "up" else "lower is better")
    name = context.kpi_name(kpi.id)
    sources = f.listed([context.source_title(one) for one in card.sources])
    return [
        f.say("{kpi}, {better}: {formula}", kpi=name, better=better, formula=pick(kpi.formula, f.lang)),
        f.say("Sources: {sources}.", sources=sources) if sources else "",
    ]


def _achievable(context: Context, card: GoalCard) -> list[str]:
    f, result = context.formats, card.result
    lines = []
    if result is not None and result.chance is not None:
        lines.append(f.say("Chance now: {chance}.", chance=f.probability(result.chance.probability)))
    if card.hours:
        lines.append(
            f.say(
                "Initiatives need {hours}, of which {left} are still to do.",
                hours=f.hours(card.hours),
                left=f.hours(card.hours_left),
            )
        )
    if card.cost:
        lines.append(f.say("They cost {cost}.", cost=f.money_exact(card.cost)))
    if card.unestimated:
        lines.append(
            f.say.count(
                "{n} initiative has no estimate.", "{n} initiatives have no estimate.", len(card.unestimated)
            )
        )
    if card.smart is None:
        lines += [_committed(context, one, result) for one in card.goal.commitments]
    return lines


def _committed(context: Context, one: Commitment, result: GoalResult | None) -> str:
    f, amount = context.formats, one.estimate.amount
    estimate = f.percent(amount) if one.estimate.mark else _amount(amount, result, f)
    return f.say(
        "{person} committed to {estimate} on {day}.",
        person=context.person(one.by),
        estimate=estimate,
        day=f.date(one.on),
    )


def _amount(value: Decimal, result: GoalResult | None, f: Formats) -> str:
    return f.value(value, result.unit) if result else f.plain(value)


def _relevant(context: Context, card: GoalCard) -> list[str]:
    f, result = context.formats, card.result
    lines = []
    if card.objective is not None and card.smart is None:
        lines.append(
            f.say("Supports the objective {name}.", name=_quoted(pick(card.objective.title, f.lang), f))
        )
    if card.parent is not None and card.smart is None:
        lines.append(f.say("Part of {name}.", name=_quoted(pick(card.parent.title, f.lang), f)))
    if card.children:
        names = f.listed(
            [f"{pick(one.title, f.lang)} ({_amount(one.target, result, f)})" for one in card.children]
        )
        lines.append(f.say("Its parts: {names}.", names=names))
    if card.smart is None and card.children_gap is not None and result is not None:
        total, gap = f.value(card.children_total, result.unit), card.children_gap
        if gap < 0:
            short = f.value(-gap, result.unit)
            lines.append(
                f.say("Together they give {total}, {gap} less than the target.", total=total, gap=short)
            )
        else:
            lines.append(f.say("Together they give {total}, enough for the target.", total=total))
    return lines


def _quoted(text: str, f: Formats) -> str:
    return f"«{text}»" if f.lang == "ru" else f"“{text}”"


def _timed(card: GoalCard, f: Formats) -> list[str]:
    goal, result = card.goal, card.result
    lines = []
    if card.smart is None:
        lines.append(f.say("From {start} to {due}.", start=f.date(goal.start), due=f.date(goal.due)))
    if result is not None and len(card.interim) > 1:
        ahead = [one for one in card.interim if one.day > result.data_through] or list(card.interim[-1:])
        shown = ahead if len(ahead) <= INTERIM else [*ahead[: INTERIM - 1], ahead[-1]]
        steps = "; ".join(f"{f.day(one.day)} {f.value(one.value, result.unit)}" for one in shown)
        lines.append(f.say("Interim targets: {steps}.", steps=steps))
    if goal.milestones:
        named = [
            f"{pick(one.label, f.lang) or f.day(one.date)} ({f.day(one.date)})" for one in goal.milestones
        ]
        lines.append(f.say("Milestones: {names}.", names=f.listed(named)))
    return lines


def _history(context: Context, card: GoalCard) -> Picture | None:
    result = card.result
    if result is None:
        return None
    values = [one.value for one in result.periods if one.closed][-HISTORY:]
    if sum(value is not None for value in values) < 2:
        return None
    control = result.control
    normal = control.band if control else None
    alt = context.formats.say(
        "{kpi}, last {n} closed periods", kpi=context.kpi_name(result.kpi_id), n=len(values)
    )
    return sparkline(values, alt=alt, line=_needed(result), normal=normal, width=150, height=28)


def _needed(result: GoalResult) -> Decimal | None:
    """The dashed line: the rate that is needed, or the target when single periods can be held against it."""
    return result.required_rate if result.kind == "cumulative" else comparable_target(result)


def _history_note(result: GoalResult | None, f: Formats) -> str:
    if result is None:
        return ""
    closed = [one for one in result.periods if one.closed][-HISTORY:]
    if not closed:
        return ""
    span = f.span(closed[0].start, closed[-1].end)
    weekly, dashed = result.period == "week", _needed(result) is not None
    texts = {
        (True, True): "By week, {span}; dashed: needed",
        (False, True): "By month, {span}; dashed: needed",
        (True, False): "By week, {span}",
        (False, False): "By month, {span}",
    }
    return f.say(texts[weekly, dashed], span=span)
