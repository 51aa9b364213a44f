"""The view model of a scorecard document: page 1, the goal pages and the method page together.

Here: the leadership table, its three boxes and the frame of the document. Not here: goal pages
(goalpage.py), the headline's wording (headline.py), drawing (templates).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipeline.goals.model import GoalResult, StatusName
from pipeline.goals.status import PACE_AT_RISK, PACE_ON_TRACK, PACE_WATCH
from pipeline.periods import elapsed_share, quarter, quarter_window
from pipeline.report.boxes import decisions_needed, lines_needed, lines_used, three_boxes, two_boxes
from pipeline.report.brand import room_beside
from pipeline.report.charts import Picture, bullet, sparkline
from pipeline.report.context import RULES_VERSION, Context, closed_periods
from pipeline.report.fit import SAFETY, fitted, lines, pick, width
from pipeline.report.goalpage import comparable_target, goal_view, never_reached, page_one_charts
from pipeline.report.headline import NAMED, headline
from pipeline.report.i18n import NONE
from pipeline.report.method import method_sections
from pipeline.report.sheets import PAGE, ROWS, FirstPage, chart_height, first_page, later_pages
from pipeline.report.terms import every_text, row_text
from pipeline.report.view import ClosedRow, Density, Jump, Row, ScorecardView, Setting, Sheet, Words
from pipeline.report.words import (
    closed_text,
    decapitalised,
    shares,
    signal,
    status_view,
    tally,
    tally_text,
    target_text,
)
from pipeline.units import Direction, Unit

SPARK_PERIODS = 13
TITLE_ROOMS = (700, 480, 380, 280)
"""Widths that a goal's title may have in the headline, tried in turn."""
UNDER_WAY = ("on_track", "watch", "at_risk", "off_track")
TALLY_GAP = 9.0
"""Points between two statuses of the tally. It is reckoned without the safety of other texts: a line too many
would take a line from the boxes each week, while one too few is found when the page is printed."""
NAME = 155.0
"""Width of the first column's text."""
STATE = 97.0
"""Width of the second column's text."""
WHY = 144.0
"""Width of the last column's text."""
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
CLOSED_COLUMNS = ("Goal", "Owner", "Closed on", "Outcome", "Reached", "Target", "Difference")


def scorecard_view(
    context: Context, only: str | None = None, setting: Setting | None = None
) -> ScorecardView:
    """The document of an audience; with `only`, the document of that single goal.

    setting: how closely each part is set; None: as roomy as reckoned."""
    f, setting = context.formats, setting or Setting()
    ordered = (*context.live, *context.closed)
    results = ordered if only is None else tuple(r for r in context.edition.results if r.goal_id == only)
    company = pick(context.workspace.company.company, context.lang)
    audience = pick(context.audience.title, context.lang) if context.audience else ""
    title = f.say("Goal scorecard, {week}", week=f.week(context.edition.week))
    if only is not None:
        title = f"{context.title(only)}. {title}"
    table = only is None
    density, pages = _sheets(context, setting.table) if table else ("airy", ())
    return ScorecardView(
        lang=context.lang,
        title=f"{company}. {title}",
        audience=audience,
        author=company,
        banner=_banner(context),
        headline=_headline(context) if table else "",
        context=_context_line(context, company, audience),
        tally=tally(context.live, f) if table else (),
        last_tally=_last_tally(context),
        pages=pages,
        continued=f.say("{title}, continued", title=audience or f.say("Goals")),
        density=density,
        goals=tuple(goal_view(context, result, setting.of(result.goal_id)) for result in results),
        method_title=f.say("Method, definitions and thresholds"),
        method=method_sections(context, setting.method) if table else (),
        footer=_footer(context),
        created=context.edition.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        words=_words(context),
        comment=_uncut_comment(context, pages),
        jumps=_jumps(context, results) if table else (),
        goal_ids=tuple(result.goal_id for result in results),
        brand=context.brand,
    )


def _words(context: Context) -> Words:
    f = context.formats
    return Words(
        page=f.say("page"),
        of=f.say("of"),
        columns=tuple(f.say(word) for word in COLUMNS),
        closed=f.say("Closed goals"),
        closed_columns=tuple(f.say(word) for word in CLOSED_COLUMNS),
        legend=_legend(context),
        contents=f.say("Goals"),
        back=f.say("Back to the overview"),
        skip=f.say("Skip to the table"),
        comment=f.say("Comment"),
    )


def _jumps(context: Context, results: tuple[GoalResult, ...]) -> tuple[Jump, ...]:
    """The way around the web page: the overview, every goal with its status, the method."""
    f = context.formats
    goals = []
    for one in results:
        title = fitted(context.title(one.goal_id), 170, 8.6, 1)
        goals.append(Jump(f"goal-{one.goal_id}", title, status_view(one.status, f)))
    return (Jump("top", f.say("Overview")), *goals, Jump("method", f.say("Method")))


def _uncut_comment(context: Context, pages: tuple[Sheet, ...]) -> str:
    """The owner's comment when no box had room for the whole of it."""
    shown = {
        item.text for page in pages for box in page.boxes for group in box.groups for item in group.items
    }
    return "" if context.comment in shown else context.comment


def _legend(context: Context) -> str:
    return context.formats.say(
        "Bar: now. Red line: target. Triangle: plan today. Blue line: likely end. Shades, dark to light: off "
        "track to on track. "
        "Curve: band is the usual range, dashes the target or the rate needed."
    )


def _headline(context: Context) -> str:
    """The fullest headline that keeps to two lines: more goals named before longer names."""
    text, page = "", room_beside(context.brand, PAGE)
    for named in range(NAMED, 0, -1):
        for room in TITLE_ROOMS:
            titles = {key: fitted(text, room, 15, 1, 700) for key, text in context.titles().items()}
            text = headline(context.live, titles, context.formats, named)
            if len(lines(text, page, 15, 700)) <= 2:
                return text
    return fitted(text, page, 15, 2, 700)


def _banner(context: Context) -> str:
    """Said above everything: an edition that is not simply what was known at its cut-off."""
    f, edition = context.formats, context.edition
    rebuilt = [context.source_title(key) for key in context.source_ids if edition.sources[key].reconstructed]
    parts = []
    if rebuilt:
        parts.append(_reconstructed(context, rebuilt))
    if edition.known == "now":
        parts.append(f.say("As known now, not as known at the week's cut-off."))
    return fitted(" ".join(parts), PAGE - 20, 8.5, 1, 600)


def _reconstructed(context: Context, sources: list[str]) -> str:
    """Names the sources while they fit the line, else counts them."""
    f = context.formats
    text = f.say(
        "Reconstructed: nothing had been received by the cut-off from {sources}; "
        "the earliest export is used.",
        sources=f.listed(sources),
    )
    if len(lines(text, PAGE - 20, 8.5, 600)) == 1:
        return text
    return f.say.count(
        "Reconstructed: nothing had been received by the cut-off from {n} of {all} sources; "
        "the earliest export is used.",
        "Reconstructed: nothing had been received by the cut-off from {n} of {all} sources; "
        "the earliest exports are used.",
        len(sources),
        all=len(context.source_ids),
    )


def _context_line(context: Context, company: str, audience: str) -> str:
    f, week = context.formats, context.edition.week
    year, number = quarter(week.sunday)
    first, last = quarter_window(year, number)
    days, day = (last - first).days + 1, (week.sunday - first).days + 1
    share = f.percent(Decimal(str(round(elapsed_share(first, last, week.sunday), 4))), 0)
    where = f.say(
        "day {day} of {days} of Q{number} ({share})", day=day, days=days, number=number, share=share
    )
    parts = [company, audience, f.week(week), where.replace(" ", "\u00a0"), closed_text(context.closed, f)]
    return " · ".join(part for part in parts if part)


def _last_tally(context: Context) -> str:
    """Last week's tally of the goals that are under way now."""
    f = context.formats
    live = {one.goal_id for one in context.live}
    before = tuple(one for one in context.previous if one.goal_id in live)
    return f.say("last week: {tally}", tally=tally_text(before, f)) if before else f.say("first edition")


def _footer(context: Context) -> str:
    f, edition = context.formats, context.edition
    return " · ".join(
        (
            f.say("Data as of {instant}", instant=f.instant(edition.as_of, context.zone)),
            f.say("run {run}", run=edition.run_id),
            f.say("rules {version}", version=RULES_VERSION),
        )
    )


# --- pages -------------------------------------------------------------------------------------------


def _sheets(context: Context, step: int) -> tuple[Density, tuple[Sheet, ...]]:
    """The landscape pages: what stands on each, and how densely."""
    rows = [row(context, result) for result in context.live]
    heights = {density: [_row_height(one, density) for one in rows] for density in ROWS}
    closed = tuple(_closed_row(context, result) for result in context.closed)
    first = first_page(
        heights, len(closed), _head(context), lines_needed(context), decisions_needed(context), step
    )
    pages = [_first_sheet(context, first, rows, closed)]
    at, gone = first.rows, len(closed) if first.closed else 0
    for later in later_pages(heights[first.density][at:], len(closed) - gone, step):
        boxes = two_boxes(context, later.lines) if later.lines else ()
        ended = closed[gone : gone + later.closed]
        pages.append(Sheet(tuple(rows[at : at + later.rows]), ended, boxes=boxes))
        at, gone = at + later.rows, gone + later.closed
    return first.density, tuple(pages)


def _first_sheet(context: Context, first: FirstPage, rows: list[Row], closed: tuple[ClosedRow, ...]) -> Sheet:
    shown = closed if first.closed else ()
    boxes = three_boxes(context, first.lines)
    height = chart_height(first.lines, lines_used(boxes)) if first.rows == len(rows) else 0.0
    charts = page_one_charts(context, height) if height else ()
    return Sheet(tuple(rows[: first.rows]), shown, charts, boxes)


def _head(context: Context) -> float:
    """Height of what stands above the table and of the legend below it, in points."""
    f = context.formats
    banner = 22.0 if _banner(context) else 0.0
    page = room_beside(context.brand, PAGE)
    title = 17.7 * len(lines(_headline(context), page, 15, 700))
    counts = tally(context.live, f)
    text = " ".join(f"{one.status.shape} {one.text}" for one in counts)
    whole = (width(text, 8, 600) + width(_last_tally(context), 8)) / SAFETY + TALLY_GAP * len(counts)
    legend = len(lines(_legend(context), PAGE, 6.8))
    return banner + title + 12.5 + 5.2 + 10.3 * (1 + int(whole // page)) + 7.2 + 8.8 * legend


def _row_height(row: Row, density: Density) -> float:
    """Points that a row of the table needs: its tallest cell with padding and rule (page.css)."""
    title, line = (8.2, 9.5) if density == "dense" else (8.6, 9.9)
    small, why = 7.95, 8.3
    names = len(lines(row.title, NAME, title, 600)) * line + small * (1 + bool(row.owner))
    state = 9.2 + small * (1 + bool(row.override))
    said = why * (len(lines(row.signal, WHY, 7.2)) + len(lines(row.action, WHY, 7.2, 600)) * bool(row.action))
    curve = 16.5 + small
    padding = 2.8 if density in ("snug", "dense") else 3.6
    return max(ROWS[density], max(names, state, said, curve) + padding)


def _closed_row(context: Context, result: GoalResult) -> ClosedRow:
    f, unit, goal = context.formats, result.unit, context.goals.get(result.goal_id)
    return ClosedRow(
        goal_id=result.goal_id,
        title=fitted(context.title(result.goal_id), 232, 8, 1, 600),
        owner=fitted(context.person(goal.owner) if goal else "", 116, 7.6),
        due=f.date(result.due),
        status=status_view(result.status, f),
        actual=f.value(result.actual, unit),
        target=target_text(result, f),
        gap=_final_gap(context, result),
    )


def _final_gap(context: Context, result: GoalResult) -> str:
    if result.actual is None or not result.target_known:
        return NONE
    return context.formats.delta(result.actual - result.target, result.unit, result.actual)


# --- a row -------------------------------------------------------------------------------------------


def row(context: Context, result: GoalResult) -> Row:
    """One goal of the table: every string and both charts."""
    f, goal, unit = context.formats, context.goals.get(result.goal_id), result.unit
    values = [p.value for p in closed_periods(result) if p.value is not None]
    title, target, owner = _names(context, result)
    override = ""
    if result.override_status and goal and goal.override:
        override = _judged(context, goal.override.by, result.override_status)
    action = _next_step(context, result, 1)
    why = _why(context, result, 2 if action else 3)
    if why.endswith("…"):
        why = _why(context, result, 3)
    if action and len(lines(why, WHY, 7.2)) == 1:
        action = _next_step(context, result, 2)
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
        gap=f.delta(result.gap_value, unit, result.actual),
        gap_note=_gap_note(context, result),
        chance=_chance(context, result),
        chance_note=_chance_note(context, result),
        spark=_spark(context, result),
        spark_note=fitted(row_text(result, f) or signal(result.control, values, f), 84, 6.9, 1),
        signal=why,
        action=action,
    )


def _judged(context: Context, by: str, status: StatusName) -> str:
    """Who judges the goal otherwise, and how: "Viktor Lang: watch"."""
    word = decapitalised(status_view(status, context.formats).word)
    name = _initialled(context.person(by), STATE - width(f": {word}", 6.9, 600))
    return fitted(f"{name}: {word}", STATE, 6.9, 1, 600)


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
    if result.recurrence is not None:
        due = context.near(result.recurrence.due)
        text = f.say(
            "{target} {every} to {day}", target=target_text(result, f), every=every_text(result, f), day=due
        )
        return fitted(text, NAME, 6.9, 1)
    target, up = target_text(result, f), result.direction is Direction.UP
    if result.kind == "maintain":
        text = f.say("at least {target}" if up else "at most {target}", target=target)
    elif result.kind == "level" and result.baseline is not None:
        text = f"{f.value(result.baseline, unit)} → {target}"
    else:
        text = target
    return fitted(f.say("{target} by {day}", target=text, day=context.near(result.due)), NAME, 6.9, 1)


def _was(context: Context, result: GoalResult) -> str:
    f, before = context.formats, result.previous_status
    if before is None or not context.previous:
        return f.say("first edition")
    if before == result.status:
        return f.say("as last week")
    return f.say("was {status}", status=decapitalised(status_view(before, f).word))


def _actual_note(context: Context, result: GoalResult) -> str:
    f = context.formats
    count = shares(result, context.kpis.get(result.kpi_id), f)
    if count:
        return fitted(f.say("{part} of {whole}", **count), 60, 6.9, 1)
    return fitted(f.say("of {target}", target=target_text(result, f)), 60, 6.9, 1)


def _gap_note(context: Context, result: GoalResult) -> str:
    f = context.formats
    if result.gap_value is None:
        return ""
    if result.kind == "maintain":
        return f.say("against target")
    if result.expected_value is None:
        return ""
    return fitted(f.say("plan {value}", value=f.value(result.expected_value, result.unit)), 60, 6.9)


def _chance(context: Context, result: GoalResult) -> str:
    f = context.formats
    if result.chance:
        return f.probability(result.chance.probability)
    coming = _coming(result)
    if coming is not None:
        return f.probability(coming)
    return (
        f.say("by pace")
        if result.basis in ("pace", "chance")
        else f.say("decided")
        if result.basis == "decided"
        else NONE
    )


def _chance_note(context: Context, result: GoalResult) -> str:
    f, chance = context.formats, result.chance
    if chance:
        return f.range(chance.low, chance.high, result.unit)
    return f.say("next period") if _coming(result) is not None else ""


def _coming(result: GoalResult) -> float | None:
    """The chance of a recurring goal's next period, once the reported one is decided."""
    coming = result.recurrence.coming if result.recurrence and result.basis == "decided" else None
    return coming.chance if coming else None


def _why(context: Context, result: GoalResult, room: int) -> str:
    """The status's reason without what the other columns already say, in `room` lines."""
    f, unit, weekly = context.formats, result.unit, result.period == "week"
    text = ""
    if result.status in UNDER_WAY and result.actual is not None:
        if result.kind == "cumulative" and result.required_rate is not None and result.run_rate is not None:
            text = f.say(
                "{rate} a week lately, {needed} needed"
                if weekly
                else "{rate} a month lately, {needed} needed",
                rate=f.value(result.run_rate, unit),
                needed=f.value(result.required_rate, unit),
            )
            if never_reached(result):
                text += "; " + f.say("never reached so far")
        elif result.kind == "level":
            text = _to_go(context, result)
    return _short(text or context.said(result.reason), room)


def _to_go(context: Context, result: GoalResult) -> str:
    """What is left of the way and of the time: a rate pooled over weeks has no weekly pace to compare."""
    f = context.formats
    left = result.target - (result.actual or Decimal(0))
    days = (result.due - context.edition.week.sunday).days
    size = (
        f.points(abs(left), signed=False) if result.unit is Unit.PERCENT else f.value(abs(left), result.unit)
    )
    if left * result.direction.sign <= 0:
        return f.say("Target reached; it must hold to the end")
    return f.say.count("{gap} to go in {n} day", "{gap} to go in {n} days", days, gap=size)


def _short(text: str, room: int) -> str:
    """As many whole sentences as fit the column's lines; shortened when even one does not."""
    kept = text
    while len(lines(kept, WHY, 7.2)) > room and ". " in kept:
        kept = kept.rpartition(". ")[0] + "."
    return fitted(kept, WHY, 7.2, room)


def _next_step(context: Context, result: GoalResult, room: int) -> str:
    """The open initiative that is due first, in `room` lines."""
    goal, f = context.goals.get(result.goal_id), context.formats
    open_ones = [one for one in goal.how if (one.done or 0) < 100] if goal else []
    if not open_ones:
        return ""
    first = min(open_ones, key=lambda one: one.due or date.max)
    due = f.say("by {day}", day=context.near(first.due)).replace(" ", "\u00a0") if first.due else ""
    tail = f", {due}" if due else ""
    title = pick(first.title, context.lang)
    for whole in (title + tail, title):  # better the whole name than a part of it with its date
        if len(lines(whole, WHY, 7.2, 600)) <= room:
            return whole
    return _tailed(title, tail, room)


def _tailed(title: str, tail: str, room: int) -> str:
    """The title shortened word by word until it fits together with its date."""
    words = title.split(" ")
    while len(words) > 1 and len(lines(" ".join(words) + "…" + tail, WHY, 7.2, 600)) > room:
        words.pop()
    return fitted(" ".join(words) + "…" + tail, WHY, 7.2, room, 600)


def _bullet(context: Context, result: GoalResult) -> Picture:
    f, unit, chance = context.formats, result.unit, result.chance
    maintain = result.kind == "maintain"
    alt = f.say(
        "Now {actual}, target {target}, plan today {plan}",
        actual=f.value(result.actual, unit),
        target=target_text(result, f),
        plan=f.value(result.expected_value, unit),
    )
    return bullet(
        actual=result.actual,
        target=result.target if result.target_known else None,
        plan=None if maintain else result.expected_value,
        edges=shade_edges(result),
        higher_is_better=result.direction is Direction.UP,
        alt=alt,
        reach=(chance.low, chance.high) if chance else None,
        origin=result.baseline,
        width=92,
    )


def shade_edges(result: GoalResult) -> tuple[Decimal, ...]:
    """Values between the shades, worst to best: where today's status by pace would change. A maintain goal
    has one edge, its target; a goal that has not started has none."""
    if result.status == "not_started":
        return ()
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
    line = result.required_rate if result.kind == "cumulative" else comparable_target(result)
    normal = result.control.band if result.control and shown else None
    what = (
        "Last periods: {last}; required rate {line}"
        if result.kind == "cumulative"
        else "Last periods: {last}; target {line}"
    )
    last = f.value(shown[-1].value, unit) if shown else NONE
    alt = f.say(what, last=last, line=f.value(line, unit))
    return sparkline(
        [p.value for p in shown], alt=alt, line=line if shown else None, normal=normal, width=86, height=16.5
    )
