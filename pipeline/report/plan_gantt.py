"""The timeline as a picture: where each bar, arrow and month stands.

Here: geometry from dates. Not here: which item depends on which or is critical (timeline.py), colours (the
template).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from pipeline.language import pick
from pipeline.periods import DAY, add_months, month_end, month_start
from pipeline.report.charts import Scale
from pipeline.report.fit import fitted, width
from pipeline.report.i18n import Formats
from pipeline.report.plan_view import Gantt, GanttMonth, GanttPage, GanttRow
from pipeline.timeline import Timeline, TimelineRow

WIDTH, LABELS, TOP, ROW, BOTTOM = 760.0, 196.0, 18.0, 13.0, 10.0
ROWS_A_PAGE = 33
NOTE_SIZE = 6.5
MOST_MONTHS = 15
"""Months named one by one; on a longer timeline every third one is."""

Name = Callable[[str | None], str]


def gantt(timeline: Timeline, today: date, f: Formats, person: Name) -> Gantt | None:
    """Pages of the timeline, a goal never parted from its first work; None when nothing has dates."""
    first, last = timeline.first, timeline.last
    if first is None or last is None:
        return None
    low, high = month_start(first), month_end(last)
    scale = Scale(low.toordinal(), high.toordinal() + 1, LABELS, WIDTH)
    pages, notes = [], []
    titles = {row.item.id: pick(row.item.title, f.lang) for row in timeline.rows}
    for rows in _paged(timeline.rows):
        page, crossing = _page(rows, timeline.edges, scale, (low, high), today, f, person)
        pages.append(page)
        notes += [
            f.say("{later} waits for {earlier}.", later=f.name(titles[b]), earlier=f.name(titles[a]))
            for a, b in crossing
        ]
    if timeline.undated:
        notes.append(f.say("Without dates, so not shown: {names}.", names=f.listed(timeline.undated)))
    return Gantt(tuple(pages), _legend(f), tuple(notes))


def _paged(rows: Sequence[TimelineRow]) -> list[list[TimelineRow]]:
    """Rows cut into pages, at goals where that leaves no page half empty."""
    pages: list[list[TimelineRow]] = []
    left = list(rows)
    while len(left) > ROWS_A_PAGE:
        cuts = [n for n in range(ROWS_A_PAGE * 2 // 3, ROWS_A_PAGE + 1) if left[n].item.kind == "goal"]
        cut = cuts[-1] if cuts else ROWS_A_PAGE
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
    indent = 0.0 if heading else 9.0
    x1, x2 = scale.at(item.start.toordinal()), scale.at(item.due.toordinal() + 1)
    x2 = max(x2, x1 + 2)
    done = float(item.done) / 100 if item.done is not None else 0.0
    pushed = scale.at((slot.early_finish + DAY).toordinal()) if slot and slot.pushed_days > 0 else x2
    blocked = pick(item.blocked_by, f.lang)
    note = f"{person(item.owner)}: {blocked}" if blocked else person(item.owner)
    note = fitted(note, 190, NOTE_SIZE, 1) if note else ""
    end = max(x2, pushed)
    gap = 9 if leads_on else 5  # an arrow leaves the end of the bar
    fits = end + gap + width(note, NOTE_SIZE) <= WIDTH
    room = LABELS - indent - 12
    return GanttRow(
        y=round(TOP + ROW * number, 2),
        label=fitted(pick(item.title, f.lang), room, 7.2, 1, 600 if heading else 400),
        indent=indent,
        heading=heading,
        x1=x1,
        x2=x2,
        done_x=round(x1 + (x2 - x1) * done, 2),
        pushed_x=max(pushed, x2),
        critical=bool(slot and slot.critical),
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
