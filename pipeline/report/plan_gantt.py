"""The timeline as a picture: where each bar, arrow and month stands.

Here: geometry from dates. Not here: which item depends on which or is critical (timeline.py), colours (the
template).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from pipeline.periods import DAY, add_months, month_end, month_start
from pipeline.report.charts import Scale
from pipeline.report.fit import fitted, pick, width
from pipeline.report.i18n import Formats
from pipeline.report.plan_view import Gantt, GanttMonth, GanttPage, GanttRow
from pipeline.timeline import Timeline, TimelineRow

WIDTH, LABELS, TOP, ROW, BOTTOM = 760.0, 196.0, 18.0, 13.0, 10.0
ROWS_A_PAGE = 33
LABEL_SIZE, NOTE_SIZE = 7.5, 7.0
INDENT, DEEPEST = 9.0, 3
MOST_MONTHS = 15
"""Months named one by one; on a longer timeline every third one is."""

Name = Callable[[str | None], str]


def gantt(timeline: Timeline, today: date, f: Formats, person: Name) -> Gantt | None:
    """Pages of the timeline, a goal never parted from its first work; None when nothing has dates."""
    rows = _drawn(timeline, today)
    if not rows:
        return None
    low, high = _span(rows)
    scale = Scale(low.toordinal(), high.toordinal() + 1, LABELS, WIDTH)
    pages, notes = [], []
    titles = {row.item.id: pick(row.item.title, f.lang) for row in timeline.rows}
    for part in _paged(rows):
        page, crossing = _page(part, timeline.edges, scale, (low, high), today, f, person)
        pages.append(page)
        notes += [
            f.say("{later} waits for {earlier}.", later=f.name(titles[b]), earlier=f.name(titles[a]))
            for a, b in crossing
        ]
    left_out = [titles[row.item.id] for row in timeline.rows if row not in rows]
    if left_out:
        names = f.listed([f.name(one) for one in left_out])
        notes.append(
            f.say("Over before this quarter began and without work, so not shown: {names}.", names=names)
        )
    if timeline.undated:
        notes.append(f.say("Without dates, so not shown: {names}.", names=f.listed(timeline.undated)))
    return Gantt(tuple(pages), _legend(f), tuple(notes), f.say("Timeline"))


def _drawn(timeline: Timeline, today: date) -> list[TimelineRow]:
    """All rows but those of goals that nothing is done for and that were over before today's quarter."""
    busy = {row.item.goal for row in timeline.rows if row.item.kind != "goal"}
    quarter = add_months(month_start(today), -((today.month - 1) % 3))
    rows = [
        row
        for row in timeline.rows
        if row.item.kind != "goal" or row.item.goal in busy or row.item.due >= quarter
    ]
    return rows or list(timeline.rows)


def _span(rows: Sequence[TimelineRow]) -> tuple[date, date]:
    """Whole months of all work and of the ends of all goals; a goal may have begun before."""
    work = [row for row in rows if row.item.kind != "goal"]
    first = min([row.item.start for row in work or rows] + [row.item.due for row in rows])
    ends = [row.slot.early_finish for row in rows if row.slot]
    return month_start(first), month_end(max([row.item.due for row in rows] + ends))


def _paged(rows: Sequence[TimelineRow]) -> list[list[TimelineRow]]:
    """Rows cut into as few pages as hold them, filled alike, at goals where one is near."""
    pages: list[list[TimelineRow]] = []
    left = list(rows)
    while len(left) > ROWS_A_PAGE:
        more = math.ceil(len(left) / ROWS_A_PAGE) - 1
        wanted = round(len(left) / (more + 1))
        least = max(len(left) - more * ROWS_A_PAGE, wanted * 2 // 3)
        cuts = [n for n in range(least, ROWS_A_PAGE + 1) if left[n].item.kind == "goal"]
        cut = min(cuts, key=lambda n: abs(n - wanted)) if cuts else wanted
        pages.append(left[:cut])
        left = left[cut:]
    return [*pages, left] if left else pages


def _page(
    rows: Sequence[TimelineRow],
    edges: Sequence[tuple[str, str]],
    scale: Scale,
    span: tuple[date, date],
    today: date,
    f: Formats,
    person: Name,
) -> tuple[GanttPage, list[tuple[str, str]]]:
    """One page, and the dependencies whose beginning lies on another page."""
    sources = {a for a, _ in edges}
    placed = {
        row.item.id: _row(row, number, scale, f, person, row.item.id in sources)
        for number, row in enumerate(rows)
    }
    here = [(a, b) for a, b in edges if b in placed]
    drawn = [(placed[a], placed[b]) for a, b in here if a in placed]
    low, high = span
    inside = low <= today <= high
    page = GanttPage(
        width=WIDTH,
        height=TOP + ROW * len(rows) + BOTTOM,
        left=LABELS,
        top=TOP,
        alt=_alt(rows, f),
        months=_months(low, high, scale, f),
        rows=tuple(placed.values()),
        arrows=tuple(_arrow(before, after) for before, after in drawn),
        heads=tuple(_head(before, after) for before, after in drawn),
        today_x=scale.at(today.toordinal() + 1) if inside else None,
        today=f.say("today"),
    )
    return page, [(a, b) for a, b in here if a not in placed]


def _row(row: TimelineRow, number: int, scale: Scale, f: Formats, person: Name, leads_on: bool) -> GanttRow:
    item, slot = row.item, row.slot
    heading = item.kind == "goal"
    indent = INDENT * min(row.level, DEEPEST)
    x1, x2 = max(scale.at(item.start.toordinal()), LABELS), scale.at(item.due.toordinal() + 1)
    x2 = max(x2, x1 + 2)
    done = float(item.done) / 100 if item.done is not None else 0.0
    pushed = scale.at((slot.early_finish + DAY).toordinal()) if slot and slot.pushed_days > 0 else x2
    blocked = pick(item.blocked_by, f.lang)
    note = f"{person(item.owner)}: {blocked}" if blocked else person(item.owner)
    note = fitted(note, 190, NOTE_SIZE, 1) if note else ""
    end = max(x2, pushed)
    gap = 9 if leads_on else 5  # an arrow leaves the end of the bar
    fits = end + gap + width(note, NOTE_SIZE) <= WIDTH
    room = LABELS - indent - 10
    return GanttRow(
        y=round(TOP + ROW * number, 2),
        label=fitted(pick(item.title, f.lang), room, LABEL_SIZE, 1, 600 if heading else 400),
        indent=indent,
        heading=heading,
        step=row.level > 1,
        x1=x1,
        x2=x2,
        done_x=round(x1 + (x2 - x1) * done, 2),
        pushed_x=max(pushed, x2),
        critical=bool(slot and slot.critical),
        earlier=heading and scale.at(item.start.toordinal()) < LABELS,
        blocked=bool(blocked),
        note="" if heading else note,
        note_x=round(end + gap if fits else x1 - 8, 2),
        note_anchor="start" if fits else "end",
    )


def _arrow(before: GanttRow, after: GanttRow) -> str:
    """From the end of one bar, by right angles, to the beginning of the other."""
    y1, y2 = before.y + ROW / 2, after.y + ROW / 2
    turn = before.x2 + 4
    if after.x1 - before.x2 >= 6:
        return f"M{before.x2:g},{y1:g} H{turn:g} V{y2:g} H{after.x1 - 2:g}"
    between = y1 + (ROW / 2 if y2 > y1 else -ROW / 2)
    return f"M{before.x2:g},{y1:g} H{turn:g} V{between:g} H{after.x1 - 5:g} V{y2:g} H{after.x1 - 2:g}"


def _head(before: GanttRow, after: GanttRow) -> str:
    y = after.y + ROW / 2
    return f"{after.x1:g},{y:g} {after.x1 - 3.4:g},{y - 2:g} {after.x1 - 3.4:g},{y + 2:g}"


def _months(low: date, high: date, scale: Scale, f: Formats) -> tuple[GanttMonth, ...]:
    firsts = []
    day = low
    while day <= high:
        firsts.append(day)
        day = add_months(day, 1)
    step = 1 if len(firsts) <= MOST_MONTHS else 3 * math.ceil(len(firsts) / (3 * MOST_MONTHS))
    shown = [day for day in firsts if step == 1 or (day.month - 1) % step == 0]
    return tuple(
        GanttMonth(
            scale.at(day.toordinal()),
            f"{f.month(day)} {day.year}" if number == 0 or day.month == 1 else f.month(day),
        )
        for number, day in enumerate(shown)
    )


def _alt(rows: Sequence[TimelineRow], f: Formats) -> str:
    names: Mapping[str, str] = {
        row.item.id: f"{pick(row.item.title, f.lang)} {f.span(row.item.start, row.item.due)}" for row in rows
    }
    return f.say("Timeline: {names}", names="; ".join(names.values()))


def _legend(f: Formats) -> tuple[str, ...]:
    return tuple(
        f.say(text)
        for text in (
            "Goal",
            "Work, dark: done",
            "Critical: any delay moves the end",
            "Pushed back by earlier work",
            "Waits for earlier work",
        )
    )
