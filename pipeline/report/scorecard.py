"""The view model of a scorecard document: page 1, the goal pages and the method page together.

Here: the leadership table, its three boxes and the frame of the document. Not here: goal pages
(goalpage.py), the headline's wording (headline.py), drawing (templates).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.goals.model import GoalResult, Restatement
from pipeline.goals.status import PACE_AT_RISK, PACE_ON_TRACK, PACE_WATCH
from pipeline.language import pick
from pipeline.periods import elapsed_share, quarter, quarter_window
from pipeline.report.charts import Picture, bullet, sparkline
from pipeline.report.context import RULES_VERSION, Context, closed_periods
from pipeline.report.fit import fitted, lines, width
from pipeline.report.goalpage import goal_view, never_reached, rejected, source_line
from pipeline.report.headline import NAMED, headline
from pipeline.report.i18n import NONE
from pipeline.report.method import method_sections
from pipeline.report.view import Box, Group, Item, Row, ScorecardView, Tone, Words
from pipeline.report.words import (
    BEHIND,
    behind,
    decapitalised,
    sample,
    signal,
    status_view,
    tally,
    tally_text,
)
from pipeline.units import Direction, Unit

FIRST_PAGE, NEXT_PAGES = 11, 16
"""Goals on page 1 beside the boxes, and on each further page of the table."""
SPARK_PERIODS = 13
UNDER_WAY = ("on_track", "watch", "at_risk", "off_track")
NAME = 142.0
"""Width of the first column's text."""
WHY = 148.0
"""Width of the last column's text."""
PAGE = 785.0
"""Points between the margins of A4 landscape."""
BOX = 247.0
BOX_LINES = {"airy": 18, "normal": 16, "dense": 8}
"""Lines a box has under a headline of two lines."""
COLUMNS = (
    "Goal · target · owner",
    "Status · before",
    "Now, target, plan today",
    "Now",
    "Against plan",
    "Chance",
    "Last 13 periods",
    "Why · next step",
)
FRESHNESS: dict[str, tuple[str, Tone]] = {
    "refused": ("▼", "red"),
    "missing": ("○", "grey"),
    "stale": ("◆", "amber"),
    "fresh": ("●", "green"),
}


def scorecard_view(context: Context, only: str | None = None) -> ScorecardView:
    """The document of an audience; with `only`, the document of that single goal."""
    f = context.formats
    results = (
        context.results if only is None else tuple(r for r in context.edition.results if r.goal_id == only)
    )
    density = _density(len(results))
    company = pick(context.workspace.company.company, context.lang)
    audience = pick(context.audience.title, context.lang) if context.audience else ""
    title = f.say("Goal scorecard, {week}", week=f.week(context.edition.week))
    if only is not None:
        title = f"{context.title(only)}. {title}"
    table = only is None
    return ScorecardView(
        lang=context.lang,
        title=f"{company}. {title}",
        audience=audience,
        author=company,
        banner=_banner(context),
        headline=_headline(context) if table else "",
        context=_context_line(context, company, audience),
        tally=tally(context.results, f) if table else (),
        last_tally=_last_tally(context),
        pages=_pages(context) if table else (),
        continued=f.say("Goals, continued"),
        density=density,
        boxes=_boxes(context, density) if table else (),
        goals=tuple(goal_view(context, result) for result in results),
        method_title=f.say("Method, definitions and thresholds"),
        method=method_sections(context) if table else (),
        footer=_footer(context),
        created=context.edition.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        words=Words(
            page=f.say("page"),
            of=f.say("of"),
            columns=tuple(f.say(word) for word in COLUMNS),
            legend=f.say(
                "Bar: now. Line: target. Triangle: plan today. Shades, dark to light: off track to on track."
            ),
            contents=f.say("Goals"),
            back=f.say("Back to the overview"),
            skip=f.say("Skip to the table"),
        ),
        goal_ids=tuple(result.goal_id for result in results),
    )


def _density(goals: int) -> Literal["airy", "normal", "dense"]:
    return "airy" if goals <= 6 else "normal" if goals <= 8 else "dense"


def _headline(context: Context) -> str:
    """The longest headline that keeps to two lines."""
    titles = {key: fitted(text, 280, 15, 1, 700) for key, text in context.titles().items()}
    text = ""
    for named in range(NAMED, 0, -1):
        text = headline(context.results, titles, context.formats, named)
        if len(lines(text, PAGE, 15, 700)) <= 2:
            break
    return text


def _banner(context: Context) -> str:
    """Said above everything: an edition that is not simply what was known at its cut-off."""
    f, edition = context.formats, context.edition
    rebuilt = [context.source_title(key) for key in context.source_ids if edition.sources[key].reconstructed]
    parts = []
    if rebuilt:
        parts.append(
            f.say(
                "Reconstructed: nothing had been received by the cut-off from {sources}; "
                "the earliest export is used.",
                sources=f.listed(rebuilt[:4]),
            )
        )
    if edition.known == "now":
        parts.append(f.say("As known now, not as known at the week's cut-off."))
    return fitted(" ".join(parts), PAGE - 20, 8.5, 1, 600)


def _context_line(context: Context, company: str, audience: str) -> str:
    f, week = context.formats, context.edition.week
    year, number = quarter(week.sunday)
    first, last = quarter_window(year, number)
    days, day = (last - first).days + 1, (week.sunday - first).days + 1
    share = f.percent(Decimal(str(round(elapsed_share(first, last, week.sunday), 4))), 0)
    where = f.say(
        "day {day} of {days} of Q{number} ({share})", day=day, days=days, number=number, share=share
    )
    parts = [company, audience, f.week(week), where.replace(" ", "\u00a0")]
    return " · ".join(part for part in parts if part)


def _last_tally(context: Context) -> str:
    f = context.formats
    if not context.previous:
        return f.say("first edition")
    return f.say("last week: {tally}", tally=tally_text(context.previous, f))


def _footer(context: Context) -> str:
    f, edition = context.formats, context.edition
    return " · ".join(
        (
            f.say("Data as of {instant}", instant=f.instant(edition.as_of, context.zone)),
            f.say("run {run}", run=edition.run_id),
            f.say("rules {version}", version=RULES_VERSION),
        )
    )


def _pages(context: Context) -> tuple[tuple[Row, ...], ...]:
    rows = [row(context, result) for result in context.results]
    chunks = [tuple(rows[:FIRST_PAGE])]
    chunks += [tuple(rows[i : i + NEXT_PAGES]) for i in range(FIRST_PAGE, len(rows), NEXT_PAGES)]
    return tuple(chunks)


# --- a row -------------------------------------------------------------------------------------------


def row(context: Context, result: GoalResult) -> Row:
    """One goal of the table: every string and both charts."""
    f, goal, unit = context.formats, context.goals.get(result.goal_id), result.unit
    values = [p.value for p in closed_periods(result) if p.value is not None]
    title, target, owner = _names(context, result)
    override = ""
    if result.override_status and goal and goal.override:
        word = decapitalised(status_view(result.override_status, f).word)
        override = fitted(
            f.say("“{status}”: {name}", name=context.person(goal.override.by), status=word), 86, 6.9, 1, 600
        )
    return Row(
        goal_id=result.goal_id,
        title=title,
        target=target,
        owner=owner,
        status=status_view(result.status, f),
        was=_was(context, result),
        override=override,
        bullet=_bullet(context, result),
        actual=f.value(result.actual, unit),
        actual_note=_actual_note(context, result),
        gap=f.delta(result.gap_value, unit),
        gap_note=_gap_note(context, result),
        chance=_chance(context, result),
        chance_note=_chance_note(context, result),
        spark=_spark(context, result),
        spark_note=fitted(signal(result.control, values, f), 88, 6.9, 1),
        signal=_why(context, result),
        action=_next_step(context, result),
    )


def _names(context: Context, result: GoalResult) -> tuple[str, str, str]:
    """Title, target and owner in three lines: a title of two lines shares the third between the others."""
    goal = context.goals.get(result.goal_id)
    title = fitted(context.title(result.goal_id), NAME, 8.6, 2, 600)
    target, owner = _target_line(context, result), context.person(goal.owner) if goal else ""
    if len(lines(title, NAME, 8.6, 600)) < 2:
        return title, target, fitted(_initialled(owner, NAME), NAME, 6.9, 1)
    room = NAME - width(target + " · ", 6.9)
    return title, f"{target} · {fitted(_initialled(owner, room), room, 6.9, 1)}" if owner else target, ""


def _initialled(name: str, room: float) -> str:
    """A name with its first part as an initial when it is too wide: "M. Ortiz"."""
    first, _, rest = name.partition(" ")
    return f"{first[:1]}. {rest}" if rest and width(name, 6.9) > room else name


def _target_line(context: Context, result: GoalResult) -> str:
    f, unit = context.formats, result.unit
    target, up = f.value(result.target, unit), result.direction is Direction.UP
    if result.kind == "maintain":
        text = f.say("at least {target}" if up else "at most {target}", target=target)
    elif result.kind == "level" and result.baseline is not None:
        text = f"{f.value(result.baseline, unit)} → {target}"
    else:
        text = target
    day = f.day(result.due) if result.due.year == context.edition.week.sunday.year else f.date(result.due)
    return fitted(f.say("{target} by {day}", target=text, day=day), NAME, 6.9, 1)


def _was(context: Context, result: GoalResult) -> str:
    f, before = context.formats, result.previous_status
    if before is None or not context.previous:
        return f.say("first edition")
    if before == result.status:
        return f.say("as last week")
    return f.say("was {status}", status=decapitalised(status_view(before, f).word))


def _actual_note(context: Context, result: GoalResult) -> str:
    f = context.formats
    count = sample(result, f)
    if count:
        return fitted(count, 60, 6.9, 1)
    return fitted(f.say("of {target}", target=f.value(result.target, result.unit)), 60, 6.9, 1)


def _gap_note(context: Context, result: GoalResult) -> str:
    f = context.formats
    if result.gap_value is None:
        return ""
    if result.kind == "maintain":
        return f.say("against target")
    return f.say("{points} of way", points=f.points(result.pace_gap)) if result.pace_gap is not None else ""


def _chance(context: Context, result: GoalResult) -> str:
    f = context.formats
    if result.chance:
        return f.probability(result.chance.probability)
    return (
        f.say("by pace")
        if result.basis in ("pace", "chance")
        else f.say("decided")
        if result.basis == "decided"
        else NONE
    )


def _chance_note(context: Context, result: GoalResult) -> str:
    f, chance = context.formats, result.chance
    return f.range(chance.low, chance.high, result.unit) if chance else ""


def _why(context: Context, result: GoalResult) -> str:
    """The status's reason without what the other columns already say; two lines."""
    f, unit, weekly = context.formats, result.unit, result.period == "week"
    rate = f.value(result.run_rate, unit)
    text = ""
    if result.status in UNDER_WAY and result.run_rate is not None:
        if result.kind == "cumulative" and result.required_rate is not None:
            text = f.say(
                "{rate} a week lately, {needed} needed"
                if weekly
                else "{rate} a month lately, {needed} needed",
                rate=rate,
                needed=f.value(result.required_rate, unit),
            )
            if never_reached(result):
                text += "; " + f.say("never reached so far")
        elif result.kind == "level":
            text = f.say(
                "Last four weeks {rate}, plan for today {plan}"
                if weekly
                else "Last months {rate}, plan for today {plan}",
                rate=rate,
                plan=f.value(result.expected_value, unit),
            )
    return _short(text or f.reason(result.reason))


def _short(text: str) -> str:
    """As many whole sentences as fit two lines of the column; shortened when even one does not."""
    kept = text
    while len(lines(kept, WHY, 7.2)) > 2 and ". " in kept:
        kept = kept.rpartition(". ")[0] + "."
    return fitted(kept, WHY, 7.2, 2)


def _next_step(context: Context, result: GoalResult) -> str:
    """The open initiative that is due first."""
    goal, f = context.goals.get(result.goal_id), context.formats
    open_ones = [one for one in goal.how if (one.done or 0) < 100] if goal else []
    if not open_ones:
        return ""
    first = min(open_ones, key=lambda one: one.due or date.max)
    due = f.say("by {day}", day=f.day(first.due)).replace(" ", "\u00a0") if first.due else ""
    title = fitted(pick(first.title, context.lang), WHY - width(f", {due}", 7.2, 600), 7.2, 1, 600)
    return f"{title}, {due}" if due else title


def _bullet(context: Context, result: GoalResult) -> Picture:
    f, unit, chance = context.formats, result.unit, result.chance
    maintain = result.kind == "maintain"
    alt = f.say(
        "Now {actual}, target {target}, plan today {plan}",
        actual=f.value(result.actual, unit),
        target=f.value(result.target, unit),
        plan=f.value(result.expected_value, unit),
    )
    return bullet(
        actual=result.actual,
        target=result.target,
        plan=None if maintain else result.expected_value,
        edges=shade_edges(result),
        higher_is_better=result.direction is Direction.UP,
        alt=alt,
        reach=(chance.low, chance.high) if chance else None,
        origin=result.baseline,
    )


def shade_edges(result: GoalResult) -> tuple[Decimal, ...]:
    """Values between the shades, worst to best: where today's status by pace would change. A maintain goal
    has one edge, its target."""
    if result.kind == "maintain" or result.expected is None:
        return (result.target,)
    origin = result.baseline if result.baseline is not None and result.kind == "level" else Decimal(0)
    way = result.target - origin
    return tuple(
        origin + (result.expected + edge) * way for edge in (PACE_AT_RISK, PACE_WATCH, PACE_ON_TRACK)
    )


def _spark(context: Context, result: GoalResult) -> Picture:
    """Cumulative goals draw the rate per period and the required rate, not the running total."""
    f, unit = context.formats, result.unit
    shown = closed_periods(result)[-SPARK_PERIODS:]
    line = result.required_rate if result.kind == "cumulative" else result.target
    normal = (result.control.lower, result.control.upper) if result.control and shown else None
    what = (
        "Last periods: {last}; required rate {line}"
        if result.kind == "cumulative"
        else "Last periods: {last}; target {line}"
    )
    last = f.value(shown[-1].value, unit) if shown else NONE
    alt = f.say(what, last=last, line=f.value(line, unit))
    return sparkline([p.value for p in shown], alt=alt, line=line if shown else None, normal=normal)


# --- the three boxes ----------------------------------------------------------------------------------


def _boxes(context: Context, density: str) -> tuple[Box, ...]:
    room = BOX_LINES[density] + _spare(context)
    return (_decisions(context, room), _changes(context, room), _data(context, room))


def _spare(context: Context) -> int:
    """Lines that a short headline or tally leaves to the boxes, less what a banner takes."""
    f = context.formats
    spare = 2 if len(lines(_headline(context), PAGE, 15, 700)) < 2 else 0
    text = " ".join(f"{one.status.shape} {one.text}" for one in tally(context.results, f))
    gaps = 9 * len(tally(context.results, f))
    if width(text, 8, 600) + gaps + width(_last_tally(context), 8) <= PAGE:
        spare += 1
    return spare - (3 if _banner(context) else 0)


class _Room:
    """Lines left in a box; an item that does not fit is counted instead of printed."""

    def __init__(self, lines_left: int) -> None:
        self.left = lines_left
        self.dropped = 0

    def take(self, items: Sequence[Item], reserve: int = 0) -> tuple[Item, ...]:
        kept = []
        for item in items:
            text = fitted(item.text, BOX - 14, 7.8, 2)
            note = fitted(item.note, BOX - 14, 7.2, 1) if item.note else ""
            used = len(lines(f"{text} {note}".strip(), BOX - 14, 7.8))
            if self.left - used < reserve:
                self.dropped += 1
                continue
            self.left -= used
            kept.append(Item(item.mark, text, note, item.tone))
        return tuple(kept)


def _decisions(context: Context, lines_left: int) -> Box:
    f, notes, room = context.formats, context.notes, _Room(lines_left)
    decisions = [
        Item(f"{n}.", pick(one.text, context.lang), _who_when(context, one.owner, one.due))
        for n, one in enumerate(notes.decisions, 1)
    ]
    heading = f.say("Decisions needed")
    if not decisions:
        decisions = _suggestions(context)
        heading = f.say("Decisions needed (suggested)") if decisions else heading
    done = [one for one in notes.actions if one.done is not None]
    if not done and context.previous_notes:
        done = list(context.previous_notes.actions)
    marks: dict[bool | None, tuple[str, str, Tone]] = {
        True: ("✓", "done", "green"),
        False: ("✕", "not done", "red"),
        None: ("○", "not reported", "grey"),
    }
    last = [
        Item(
            "×" if one.done is False else marks[one.done][0],
            pick(one.text, context.lang),
            f"{f.say(marks[one.done][1])} · {_who_when(context, one.owner, one.due)}".rstrip(" ·"),
            marks[one.done][2],
        )
        for one in done
    ]
    fresh = [
        Item("→", pick(one.text, context.lang), _who_when(context, one.owner, one.due))
        for one in notes.actions
        if one.done is None
    ]
    groups = [Group("", room.take(decisions or [Item("–", f.say("No decision this week."))], 2))]
    if last:
        room.left -= 1
        groups.append(Group(f.say("Last week's actions"), room.take(last)))
    if fresh and room.left > 2:
        room.left -= 1
        groups.append(Group(f.say("This week"), room.take(fresh)))
    return Box(heading, tuple(group for group in groups if group.items))


def _who_when(context: Context, owner: str | None, due: date | None) -> str:
    f = context.formats
    parts = [context.person(owner), f.say("by {day}", day=f.day(due)).replace(" ", "\u00a0") if due else ""]
    return " · ".join(part for part in parts if part)


def _suggestions(context: Context) -> list[Item]:
    """What to decide when nobody wrote it down: one line for each of the worst goals."""
    f = context.formats
    items: list[Item] = []
    for result in context.results:
        if result.status not in BEHIND or result.status == "missed" or not behind(result) or len(items) == 3:
            continue
        gap = abs(result.gap_value or Decimal(0))
        size = f.points(gap, signed=False) if result.unit is Unit.PERCENT else f.value(gap, result.unit)
        goal = context.goals.get(result.goal_id)
        text = f.say(
            "{name}: how to make up {gap}, or a new target",
            name=f.name(context.title(result.goal_id)),
            gap=size,
        )
        items.append(Item(f"{len(items) + 1}.", text, context.person(goal.owner) if goal else ""))
    return items


def _changes(context: Context, lines_left: int) -> Box:
    f, room = context.formats, _Room(lines_left)
    moves = [
        Item(
            status_view(one.status, f).shape,
            f"{context.title(one.goal_id)}: "
            f"{decapitalised(status_view(one.previous_status, f).word)} → "
            f"{decapitalised(status_view(one.status, f).word)}",
            tone=status_view(one.status, f).tone,
        )
        for one in context.results
        if context.previous and one.previous_status and one.previous_status != one.status
    ]
    restated = [
        Item("≠", _restatement(context, one))
        for one in context.edition.restatements
        if context.sees(one.goal_id)
    ]
    targets = [item for result in context.results for item in _target_changes(context, result)]
    items = room.take([*restated, *targets, *moves], 1)
    if not items:
        items = (Item("–", f.say("Nothing: no status moved and no earlier number was restated.")),)
    if room.dropped:
        items = (
            *items,
            Item(
                "…",
                f.say.count(
                    "and {n} more, see the goal pages", "and {n} more, see the goal pages", room.dropped
                ),
            ),
        )
    return Box(f.say("Changed since last week"), (Group("", items),))


def _restatement(context: Context, one: Restatement) -> str:
    f = context.formats
    cause = ""
    if one.cause_source:
        cause = context.source_title(one.cause_source)
        if one.cause_received_at:
            cause += ", " + f.day(one.cause_received_at.astimezone(context.zone).date())
    text = f.say(
        "Restated: {name}, {days}: {before} → {after}",
        name=context.title(one.goal_id),
        days=f.span(one.period_start, one.period_end, year=False),
        before=f.value(one.before, one.unit),
        after=f.value(one.after, one.unit),
    )
    return f"{text} ({cause})" if cause else text


def _target_changes(context: Context, result: GoalResult) -> list[Item]:
    goal, f, week = context.goals.get(result.goal_id), context.formats, context.edition.week
    changes = [one for one in goal.target_changes if week.monday <= one.on <= week.sunday] if goal else []
    return [
        Item(
            "◇",
            f.say(
                "New target: {name}, {before} → {after} ({who}: {reason})",
                name=context.title(result.goal_id),
                before=f.value(one.previous.amount, result.unit),
                after=f.value(result.target, result.unit),
                who=context.person(one.by),
                reason=pick(one.reason, context.lang),
            ),
        )
        for one in changes
    ]


def _data(context: Context, lines_left: int) -> Box:
    """One line a source, the troubled ones first; untroubled ones share a line when room is short."""
    f, room, states = context.formats, _Room(lines_left), context.edition.sources
    order = tuple(FRESHNESS)
    ids = sorted(
        context.source_ids,
        key=lambda key: (order.index(states[key].freshness), -states[key].counts.quarantined),
    )
    troubled = [key for key in ids if states[key].freshness != "fresh" or states[key].counts.quarantined]
    calm = [key for key in ids if key not in troubled]
    items = list(room.take([_source_item(context, key) for key in troubled], 2))
    if len(calm) > room.left:
        names = f.listed([context.source_title(key) for key in calm])
        text = f.say.count("{n} source fresh: {names}", "{n} sources fresh: {names}", len(calm), names=names)
        items += room.take([Item("●", text, tone="green")])
    else:
        items += room.take([_source_item(context, key) for key in calm])
    if not items:
        items = [Item("○", f.say("No source is set up."), tone="grey")]
    return Box(f.say("Data quality"), (Group("", tuple(items)),))


def _source_item(context: Context, key: str) -> Item:
    state = context.edition.sources[key]
    mark, tone = FRESHNESS[state.freshness]
    if state.freshness == "fresh" and state.counts.quarantined:
        f = context.formats
        text = f"{context.source_title(key)}: {rejected(state.counts.quarantined, state.reasons, f)}"
        return Item(mark, text, tone=tone)
    return Item(mark, source_line(context, key), tone=tone)
