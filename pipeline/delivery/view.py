"""From an edition to the texts of one audience's mail.

Here: which goals need attention, the subject with its numbers, what a correction changed. Not here: formats
and words (report/i18n.py, report/words.py, report/headline.py: the mail says what the page says), nor the
message (message.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

from pipeline.delivery.model import MailLine, MailView
from pipeline.delivery.records import Sent
from pipeline.goals.model import Edition, GoalResult, Restatement
from pipeline.language import pick
from pipeline.report.brand import mail_look
from pipeline.report.context import Context
from pipeline.report.headline import headline
from pipeline.report.i18n import NONE, Formats, formats
from pipeline.report.templates import Templates
from pipeline.report.words import BEHIND, SHAPES, closed_text, decapitalised, tally_text
from pipeline.sources.state import SourceState
from pipeline.units import Unit, rounded
from pipeline.workspace.model import Audience, Notes, Workspace

AT_RISK = ("off_track", "at_risk")
"""Statuses of goals that are behind and can still be saved."""
ATTENTION_LIMIT = 12
"""Goals listed in a mail; the PDF has them all."""


def mail_view(
    edition: Edition, workspace: Workspace, audience: Audience, notes: Notes | None = None
) -> MailView:
    """Everything the mail of `audience` says about `edition`, in the audience's language."""
    form = formats(audience.language, workspace.company.currency)
    lang = form.lang
    context = Context(workspace, edition, {}, lang, audience)
    results, previous = context.results, context.previous
    shown = {one.goal_id for one in results}
    titles = {one.goal_id: goal_title(workspace, one.goal_id, lang) for one in results}
    decisions = tuple(pick(one.text, lang) for one in (notes.decisions if notes else ()))
    lines = tuple(_line(one, workspace, titles, form) for one in context.live if one.status in BEHIND)
    comment = tuple(" ".join(part.split()) for part in _comment(notes, lang).split("\n\n") if part.strip())
    zone = workspace.company.zone
    return MailView(
        lang=lang,
        company=pick(workspace.company.company, lang),
        audience=audience.id,
        title=pick(audience.title, lang),
        week=edition.week,
        week_label=form.week(edition.week),
        subject=subject_line(edition, results, previous, titles, form),
        headline=headline(context.live, titles, form),
        tally=" · ".join(filter(None, (tally_text(context.live, form), closed_text(context.closed, form)))),
        attention=lines[:ATTENTION_LIMIT],
        decisions=decisions,
        comment=comment,
        look=mail_look(workspace, lang),
        notes=(*_restated(edition, shown, titles, form), *_sources(edition, results, form)),
        as_of=form.instant(edition.as_of, zone),
        run_id=edition.run_id,
        sent_for=edition.as_of.astimezone(zone),
        figures=tuple(_figure(one, form) for one in results),
        authored=(*decisions, *comment, *titles.values(), *(line.owner for line in lines)),
        templates=Templates.of(workspace.templates),
    )


def _comment(notes: Notes | None, lang: str) -> str:
    return pick(notes.comment, lang) if notes else ""


def goal_title(workspace: Workspace, goal_id: str, lang: str) -> str:
    goal = workspace.goal(goal_id)
    return (pick(goal.title, lang) if goal else "") or goal_id


def subject_line(
    edition: Edition,
    results: Sequence[GoalResult],
    previous: Sequence[GoalResult],
    titles: dict[str, str],
    form: Formats,
) -> str:
    """`Scorecard W47: 2 at risk (was 0), revenue 25 %`: goals that can still be saved, how many there were
    a week before, goals lost this week, and the worst open goal with its chance, or with its value and target
    while there is no chance."""
    open_ones = [one for one in results if one.status in AT_RISK]
    was = sum(one.status in AT_RISK for one in previous)
    text = form.say.count("{n} at risk", "{n} at risk", len(open_ones))
    if previous:
        text = form.say("{text} (was {was})", text=text, was=was)
    lost = sum(one.status == "missed" and one.previous_status != "missed" for one in results)
    if lost:
        text = f"{text}, {form.say.count('{n} missed now', '{n} missed now', lost)}"
    if open_ones:
        text = f"{text}, {_worst(open_ones[0], titles, form)}"
    return form.say("Scorecard {week}: {text}", week=form.week_name(edition.week), text=text)


def _worst(result: GoalResult, titles: dict[str, str], form: Formats) -> str:
    title = decapitalised(titles[result.goal_id]) if form.lang == "en" else form.name(titles[result.goal_id])
    if result.chance is not None:
        return f"{title} {form.probability(result.chance.probability)}"
    return form.say(
        "{title} {actual} of {target}",
        title=title,
        actual=form.value(result.actual, result.unit),
        target=form.value(result.target, result.unit),
    )


def _line(result: GoalResult, workspace: Workspace, titles: dict[str, str], form: Formats) -> MailLine:
    goal = workspace.goal(result.goal_id)
    changed = result.previous_status not in (None, result.status)
    before = form.say(SHAPES[result.previous_status][1]) if changed and result.previous_status else ""
    return MailLine(
        title=titles[result.goal_id],
        owner=pick(workspace.person_name(goal.owner if goal else None), form.lang),
        status=form.say(SHAPES[result.status][1]),
        was=form.say("was {status}", status=decapitalised(before)) if before else "",
        actual=form.value(result.actual, result.unit),
        target=form.value(result.target, result.unit),
        gap=form.delta(result.gap_value, result.unit, result.actual),
        chance=form.probability(result.chance.probability) if result.chance else "",
        reason=form.reason(result.reason),
    )


def _restated(edition: Edition, shown: set[str], titles: dict[str, str], form: Formats) -> list[str]:
    """One sentence a goal, however many of its periods changed."""
    by_goal: dict[str, list[str]] = {}
    for one in edition.restatements:
        if one.goal_id in shown:
            by_goal.setdefault(one.goal_id, []).append(_restatement(one, form))
    return [
        form.say(
            "{title}: figures corrected afterwards: {parts}.", title=titles[goal_id], parts="; ".join(parts)
        )
        for goal_id, parts in by_goal.items()
    ]


def _restatement(one: Restatement, form: Formats) -> str:
    days = form.span(one.period_start, one.period_end, year=False)
    return f"{days} {form.value(one.before, one.unit)} → {form.value(one.after, one.unit)}"


def _sources(edition: Edition, results: Sequence[GoalResult], form: Formats) -> list[str]:
    needed = {source for one in results for source in one.sources}
    return [
        _source(state, form)
        for source_id, state in sorted(edition.sources.items())
        if source_id in needed and not state.usable
    ]


def _source(state: SourceState, form: Formats) -> str:
    name = pick(state.title, form.lang) or state.source_id
    template = {
        "stale": "{source}: no new export in time; data through {day}.",
        "refused": "{source}: the newest export could not be read.",
        "missing": "{source}: no export has arrived.",
    }[state.freshness]
    return form.say(template, source=name, day=form.date(state.data_through) if state.data_through else NONE)


# --- what changed ------------------------------------------------------------------------------------


def _figure(result: GoalResult, form: Formats) -> tuple[str, str, str]:
    """(goal id, canonical figure, figure as printed). Canonical figures are equal when a reader would call
    the numbers equal: shares to a hundredth of a point, everything else to a hundredth."""
    chance = round(result.chance.probability, 2) if result.chance else None
    parts = [
        _canonical(value, result.unit) for value in (result.actual, result.target, result.expected_value)
    ]
    printed = form.say(
        "{actual} of {target}, {status}",
        actual=form.value(result.actual, result.unit),
        target=form.value(result.target, result.unit),
        status=decapitalised(form.say(SHAPES[result.status][1])),
    )
    if result.chance is not None:
        printed = f"{printed}, {form.probability(result.chance.probability)}"
    return result.goal_id, json.dumps([result.status, *parts, chance]), printed


def _canonical(value: Decimal | None, unit: Unit) -> str | None:
    return None if value is None else str(rounded(value, 4 if unit is Unit.PERCENT else 2))


def numbers_sha256(view: MailView) -> str:
    """Digest of every goal's figures: decides whether a re-run says something new. Wording, layout, notes and
    the run id do not count."""
    canonical = sorted((goal_id, figure) for goal_id, figure, _ in view.figures)
    return hashlib.sha256(json.dumps([str(view.week), canonical]).encode()).hexdigest()


def changes(view: MailView, before: Sent, workspace: Workspace) -> tuple[str, ...]:
    """One sentence for each goal whose figures differ from those sent earlier."""
    form = formats(view.lang, workspace.company.currency)
    earlier = {goal_id: (figure, printed) for goal_id, figure, printed in before.figures}
    found = []
    for goal_id, figure, printed in view.figures:
        title = goal_title(workspace, goal_id, view.lang)
        if goal_id not in earlier:
            found.append(form.say("{title}: new, {after}.", title=title, after=printed))
        elif earlier[goal_id][0] != figure:
            was = earlier[goal_id][1]
            found.append(form.say("{title}: {after} (was {before}).", title=title, after=printed, before=was))
    gone = [goal_id for goal_id in earlier if goal_id not in {one for one, _, _ in view.figures}]
    titles = [goal_title(workspace, goal_id, view.lang) for goal_id in gone]
    return (*found, *(form.say("{title}: no longer reported.", title=title) for title in titles))
