"""The boxes under the table of page 1: decisions and actions, changes since last week, data quality.

Here: which lines stand in a box, and what is said of those that find no room. Not here: the table
(scorecard.py), how many lines a box has (sheets.py). A text is whole while there is room for it; a line that
finds no room is always counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from pipeline.goals.model import WORST_FIRST, GoalResult, Restatement
from pipeline.report.context import Context
from pipeline.report.fit import fitted, lines, pick, width
from pipeline.report.goalpage import concerns, rejected, source_line
from pipeline.report.i18n import DASH
from pipeline.report.terms import move_text, moves, unrecorded_text
from pipeline.report.view import Box, Group, Item, Tone
from pipeline.report.words import BEHIND, behind, decapitalised, status_view
from pipeline.units import Unit
from pipeline.workspace.model import Action

DECISIONS_BOX, CHANGES_BOX, DATA_BOX, WIDE_BOX = 305.0, 222.0, 214.0, 379.0
"""Widths of the three boxes of page 1, what must be decided being the widest, and of one of two."""
HANGING = 14.0
TEXT, NOTE = 7.8, 7.2
"""Sizes of an item's text and of the grey words after it."""
MOST_LINES = 2
LEAST_COMMENT, MOST_COMMENT = 2, 12
"""Lines without which a comment is not begun, and at which it is cut."""
NAME_LINES = (12, 9, 6, 5, 4, 3, MOST_LINES)
"""Lines of a list of names, tried in turn."""
FRESHNESS: dict[str, tuple[str, Tone]] = {
    "refused": ("▼", "red"),
    "missing": ("○", "grey"),
    "stale": ("◆", "amber"),
    "fresh": ("●", "green"),
}
MARKS: dict[bool | None, tuple[str, str, Tone]] = {
    True: ("✓", "done", "green"),
    False: ("×", "not done", "red"),
    None: ("○", "not reported", "grey"),
}


@dataclass(frozen=True)
class Place:
    """Room of a box: its lines and its width."""

    lines: int
    width: float = WIDE_BOX


def three_boxes(context: Context, room: int) -> tuple[Box, ...]:
    """The boxes of page 1, each in `room` lines; the owner's comment in the one of the first two that leaves
    it more room."""
    decisions = decisions_box(context, Place(room, DECISIONS_BOX))
    changes = changes_box(context, Place(room, CHANGES_BOX))
    data = data_box(context, Place(room, DATA_BOX))
    spare = [
        (room - used_lines(box, width)) * width
        for box, width in ((decisions, DECISIONS_BOX), (changes, CHANGES_BOX))
    ]
    if spare[0] >= spare[1]:
        decisions = _commented(context, decisions, Place(room, DECISIONS_BOX))
    else:
        changes = _commented(context, changes, Place(room, CHANGES_BOX))
    return decisions, changes, data


def two_boxes(context: Context, room: int) -> tuple[Box, ...]:
    """The boxes of a later page, which repeat in full what page 1 may sum up."""
    place = Place(room, WIDE_BOX)
    return _commented(context, changes_box(context, place), place), data_box(context, place)


def _commented(context: Context, box: Box, place: Place) -> Box:
    """With the owner's comment in the lines that the box leaves; the web page has the whole of a long one."""
    room = min(place.lines - used_lines(box, place.width) - 1, MOST_COMMENT)
    if not context.comment or room < LEAST_COMMENT:
        return box
    item = Item("–", fitted(context.comment, place.width - HANGING, TEXT, room))
    return replace(box, groups=(*box.groups, Group(context.formats.say("Comment"), (item,))))


def lines_needed(context: Context) -> int:
    """Lines of the longest box when nothing is left out."""
    return lines_used(three_boxes(context, 1000))


def lines_used(boxes: Sequence[Box]) -> int:
    """Lines of the longest of the three boxes of page 1."""
    widths = (DECISIONS_BOX, CHANGES_BOX, DATA_BOX)
    return max(used_lines(box, width) for box, width in zip(boxes, widths, strict=True))


def decisions_needed(context: Context) -> int:
    """Lines of the decisions and actions when none is left out: nothing on a later page repeats them."""
    return used_lines(decisions_box(context, Place(1000, DECISIONS_BOX)), DECISIONS_BOX)


def used_lines(box: Box, width: float) -> int:
    return sum(
        bool(group.heading) + sum(_height(item, width) for item in group.items) for group in box.groups
    )


def _height(item: Item, room: float) -> int:
    room -= HANGING
    if width(f"{item.text} ", TEXT) + width(item.note, NOTE) <= room:
        return 1
    return len(lines(f"{item.text} {item.note}".strip(), room, TEXT))


def _short(item: Item, width: float) -> Item:
    """An item in two lines of text at most; the words after it keep to one."""
    note = fitted(item.note, width - HANGING, NOTE) if item.note else ""
    return Item(item.mark, fitted(item.text, width - HANGING, TEXT, MOST_LINES), note, item.tone)


def _packed(items: Sequence[Item], place: Place, context: Context) -> tuple[Item, ...]:
    """As many items as there is room for, whole when all of them are; the others are counted in a last
    line."""
    if sum(_height(item, place.width) for item in items) <= place.lines:
        return tuple(items)
    short = [_short(item, place.width) for item in items]
    heights = [_height(item, place.width) for item in short]
    if sum(heights) <= place.lines:
        return tuple(short)
    kept, used = 0, 0
    while kept < len(short) and used + heights[kept] <= place.lines - 1:
        used += heights[kept]
        kept += 1
    return (*short[:kept], _more(context, len(short) - kept))


def _more(context: Context, count: int) -> Item:
    return Item("…", context.formats.say.count("and {n} more", "and {n} more", count), tone="grey")


# --- decisions and actions ----------------------------------------------------------------------------


Part = tuple[str, list[Item]]
"""A heading ("" for none) and the items under it."""


def decisions_box(context: Context, place: Place) -> Box:
    """Decisions needed, last week's actions and this week's: written by people, else suggested."""
    f, notes = context.formats, context.notes
    decisions = [
        Item(f"{n}.", pick(one.text, context.lang), _who_when(context, one.owner, one.due))
        for n, one in enumerate(notes.decisions, 1)
    ]
    heading = f.say("Decisions needed")
    if not decisions:
        decisions = _suggestions(context)
        heading = f.say("Decisions needed (suggested)") if decisions else heading
    last = [one for one in notes.actions if one.done is not None]
    if not last and context.previous_notes:
        last = list(context.previous_notes.actions)
    fresh = [
        Item("→", pick(one.text, context.lang), _who_when(context, one.owner, one.due))
        for one in notes.actions
        if one.done is None
    ]
    first = ("", decisions or [Item("–", f.say("No decision this week."))])
    choices = [
        [first, (f.say("Last week's actions"), reported), (f.say("This week"), fresh)]
        for reported in ([_reported(context, one) for one in last], _done_together(context, last))
    ]
    return Box(heading, _groups([[part for part in one if part[1]] for one in choices], place, context))


def _reported(context: Context, one: Action) -> Item:
    mark, word, tone = MARKS[one.done]
    note = f"{context.formats.say(word)} · {_who_when(context, one.owner, one.due)}".rstrip(" ·")
    return Item(mark, pick(one.text, context.lang), note, tone)


def _done_together(context: Context, actions: Sequence[Action]) -> list[Item]:
    """What was not done, action by action; what was done in one item, without names and dates."""
    f = context.formats
    done = [pick(one.text, context.lang).rstrip(".") for one in actions if one.done]
    mark, _, tone = MARKS[True]
    together = [Item(mark, f.say("Done: {actions}", actions="; ".join(done)), tone=tone)] if done else []
    return [*(_reported(context, one) for one in actions if not one.done), *together]


def _groups(choices: Sequence[Sequence[Part]], place: Place, context: Context) -> tuple[Group, ...]:
    """The first choice that fits whole; else the last with its texts shortened, and as far as it goes."""
    for parts in choices:
        if _parts_height(parts, place.width) <= place.lines:
            return tuple(Group(heading, tuple(items)) for heading, items in parts)
    shortened = [(heading, [_short(item, place.width) for item in items]) for heading, items in choices[-1]]
    if _parts_height(shortened, place.width) <= place.lines:
        return tuple(Group(heading, tuple(items)) for heading, items in shortened)
    return _cut(shortened, place, context)


def _parts_height(parts: Sequence[Part], width: float) -> int:
    return sum(bool(heading) + sum(_height(item, width) for item in items) for heading, items in parts)


def _cut(parts: Sequence[Part], place: Place, context: Context) -> tuple[Group, ...]:
    """Items in their order while there is room, the last line counting those that are left out."""
    groups: list[Group] = []
    left, missing = place.lines - 1, sum(len(items) for _, items in parts)
    for heading, items in parts:
        kept: list[Item] = []
        for item in items:
            needed = _height(item, place.width) + (bool(heading) and not kept)
            if needed > left:
                break
            kept.append(item)
            left -= needed
        missing -= len(kept)
        if kept:
            groups.append(Group(heading, tuple(kept)))
        if len(kept) < len(items):
            break
    return (*groups, Group("", (_more(context, missing),)))


def _who_when(context: Context, owner: str | None, due: date | None) -> str:
    f = context.formats
    parts = [context.person(owner), f.say("by {day}", day=context.near(due)) if due else ""]
    return "\u00a0·\u00a0".join(part.replace(" ", "\u00a0") for part in parts if part)


def _suggestions(context: Context) -> list[Item]:
    """What to decide when nobody wrote it down: one line for each of the worst goals under way."""
    f = context.formats
    items: list[Item] = []
    for result in context.live:
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


# --- changes ------------------------------------------------------------------------------------------


def changes_box(context: Context, place: Place) -> Box:
    """Status moves, new targets, restated figures; each spelled out where there is room, else in a line for
    all goals that moved one way and for all figures that one export restated."""
    f = context.formats
    moves = [_move(context, one) for one in context.results if _moved(context, one)]
    targets = [item for result in context.results for item in _target_changes(context, result)]
    items = [*moves, *targets, *_restatements(context)]
    if sum(_height(_short(item, place.width), place.width) for item in items) > place.lines:
        for most in NAME_LINES:
            items = [*_ways(context, place, most), *targets, *_causes(context)]
            if sum(_height(item, place.width) for item in items) <= place.lines:
                break
    if not items:
        items = [Item("–", f.say("Nothing: no status moved and no earlier number was restated."))]
    return Box(f.say("Changed since last week"), (Group("", _packed(items, place, context)),))


def _ways(context: Context, place: Place, most: int) -> list[Item]:
    """Goals whose status became worse, and those whose became better, each in one item of `most` lines."""
    f = context.formats
    worse: list[str] = []
    better: list[str] = []
    for one in context.results:
        if _moved(context, one):
            now, before = (
                WORST_FIRST.index(name) for name in (one.status, one.previous_status or one.status)
            )
            (worse if now < before else better).append(f.name(context.title(one.goal_id)))
    found = (("▼", "Worse: {names}", "red", worse), ("●", "Better: {names}", "green", better))
    ways: list[Item] = []
    for mark, text, tone, names in found:
        if names:
            said = _enumerated(context, text, names, place.width, most)
            ways.append(Item(mark, said, tone="red" if tone == "red" else "green"))
    return ways


def _enumerated(context: Context, text: str, names: Sequence[str], width: float, most: int) -> str:
    """As many names as `most` lines hold, the others counted."""
    f = context.formats
    for shown in range(len(names), 0, -1):
        rest = [f.say.count("{n} more", "{n} more", len(names) - shown).replace(" ", "\u00a0")]
        said = f.say(text, names=f.listed([*names[:shown], *(rest if shown < len(names) else [])]))
        if len(lines(said, width - HANGING, TEXT)) <= most:
            break
    return said


def _causes(context: Context) -> list[Item]:
    """The restated KPIs by the export that changed them."""
    f = context.formats
    found: dict[str, dict[str, None]] = {}
    for one in context.edition.restatements:
        if context.sees(one.goal_id):
            found.setdefault(_causes_of(context, one), {})[context.kpi_name(one.kpi_id)] = None
    return [
        Item("≠", f.say("Restated: {names}", names=f.listed(list(names))), note)
        for note, names in found.items()
    ]


def _moved(context: Context, result: GoalResult) -> bool:
    before = result.previous_status
    return bool(context.previous) and before is not None and before != result.status


def _move(context: Context, result: GoalResult) -> Item:
    f = context.formats
    now = status_view(result.status, f)
    before = status_view(result.previous_status or result.status, f)
    text = f"{context.title(result.goal_id)}: {decapitalised(before.word)} → {decapitalised(now.word)}"
    return Item(now.shape, text, tone=now.tone)


def _restatements(context: Context) -> list[Item]:
    """One line for a KPI, a cause and its day: a year and its quarters share the figure that changed."""
    seen: dict[object, Restatement] = {}
    for one in context.edition.restatements:
        if context.sees(one.goal_id):
            seen.setdefault(one.figure, one)

    def line(one: Restatement) -> tuple[object, ...]:
        received = one.cause_received_at
        day = received.astimezone(context.zone).date().isoformat() if received else ""
        return one.kpi_id, one.segment, one.cause_source or "", day

    ordered = sorted(seen.values(), key=lambda one: (*line(one), one.period_start))
    return [_restated(context, list(found)) for _, found in groupby(ordered, key=line)]


def _restated(context: Context, found: list[Restatement]) -> Item:
    f, first = context.formats, found[0]
    changes = "; ".join(
        f"{f.span(one.period_start, one.period_end, year=False)}:\u00a0".replace("–", "\u2060–\u2060")
        + f"{f.value(one.before, one.unit)}\u00a0→\u00a0{f.value(one.after, one.unit)}"
        for one in found
    )
    name = context.kpi_name(first.kpi_id)
    if first.segment:
        name = ", ".join((name, *(context.named(key, value) for key, value in first.segment)))
    text = f.say("Restated: {name}, {changes}", name=name, changes=changes)
    note = _causes_of(context, first)
    return Item("≠", text, note)


def _causes_of(context: Context, one: Restatement) -> str:
    """The exports that changed a figure: "Partner sales sheet and HubSpot deals, received 23 Nov"."""
    f = context.formats
    sources = [cause.source for cause in one.causes] or ([one.cause_source] if one.cause_source else [])
    if not sources:
        return ""
    title = f.listed([context.source_title(source) for source in sources])
    if one.cause_received_at is None:
        return title
    day = one.cause_received_at.astimezone(context.zone).date()
    return f.say("{source}, received {day}", source=title, day=context.near(day))


def _target_changes(context: Context, result: GoalResult) -> list[Item]:
    """New targets of the week, each with the one it replaced; before them what was moved without an entry."""
    goal, f, week = context.goals.get(result.goal_id), context.formats, context.edition.week
    items = [
        Item("▼", f"{context.title(result.goal_id)}: {unrecorded_text(one, result.unit, f)}", tone="red")
        for one in result.unrecorded
    ]
    return items + [
        Item(
            "◇",
            f.say(
                "New target: {name}, {move} ({who}: {reason})",
                name=context.title(result.goal_id),
                move=move_text(moved, result.unit, f),
                who=context.person(moved.change.by),
                reason=pick(moved.change.reason, context.lang),
            ),
        )
        for moved in moves(goal)
        if week.monday <= moved.change.on <= week.sunday
    ]


# --- data quality -------------------------------------------------------------------------------------


def data_box(context: Context, place: Place) -> Box:
    """One line a source, the troubled ones first; untroubled ones share a line when room is short."""
    f, states = context.formats, context.edition.sources
    order = tuple(FRESHNESS)
    ids = sorted(
        context.source_ids,
        key=lambda key: (order.index(states[key].freshness), -states[key].counts.quarantined),
    )
    troubled = [
        key
        for key in ids
        if states[key].freshness != "fresh" or states[key].counts.quarantined or states[key].concerns
    ]
    calm = [key for key in ids if key not in troubled]
    items = [_source_item(context, key) for key in ids]
    if sum(_height(item, place.width) for item in items) > place.lines:
        items = _summed_up(context, troubled, calm, place)
    if not items:
        items = [Item("○", f.say("No source is set up."), tone="grey")]
    told = _record_item(context)
    if told is not None and sum(_height(item, place.width) for item in (*items, told)) <= place.lines:
        items.append(told)
    return Box(f.say("Data quality"), (Group("", tuple(items)),))


def _record_item(context: Context) -> Item | None:
    """How past chances turned out, in words; the method page has the scores. It gives way to the sources."""
    f, record = context.formats, context.record
    if record is None:
        return None
    band = record.telling
    edges = f"{round(band.low * 100)}{DASH}{f.percent(Decimal(str(band.high)), 0)}"
    text = f.say.count(
        "Of {n} past chance of {edges}, {happened} came true",
        "Of {n} past chances of {edges}, {happened} came true",
        band.count,
        edges=edges,
        happened=band.happened,
    )
    return Item("≈", text, f.say.count("{n} closed goal", "{n} closed goals", record.goals), tone="grey")


def _summed_up(context: Context, troubled: Sequence[str], calm: Sequence[str], place: Place) -> list[Item]:
    """The troubled sources line by line, the others in one item that leaves them room."""
    worst = [_source_item(context, key) for key in troubled]
    if not calm:
        return list(_packed(worst, place, context))
    taken = sum(_height(item, place.width) for item in worst)
    for most in NAME_LINES:
        summary = _summary(context, calm, place.width, most)
        room = place.lines - _height(summary, place.width)
        if taken <= room:
            break
    return [*_packed(worst, Place(room, place.width), context), summary]


def _summary(context: Context, calm: Sequence[str], width: float, most: int) -> Item:
    """The sources without trouble in one item: as many names as `most` lines hold, the others counted."""
    f = context.formats
    names = [context.source_title(key) for key in calm]
    for shown in range(len(names), -1, -1):
        more = len(names) - shown
        rest = [f.say.count("{n} more", "{n} more", more).replace(" ", "\u00a0")] if more else []
        listed = f.listed([*names[:shown], *rest])
        text = f.say.count(
            "{n} source fresh: {names}", "{n} sources fresh: {names}", len(names), names=listed
        )
        if len(lines(text, width - HANGING, TEXT)) <= most:
            break
    if not shown:
        text = f.say.count("{n} source fresh", "{n} sources fresh", len(names))
    return Item("●", text, tone="green")


def _source_item(context: Context, key: str) -> Item:
    state = context.edition.sources[key]
    mark, tone = FRESHNESS[state.freshness]
    told = concerns(context, key)
    if state.freshness != "fresh":
        return Item(mark, "; ".join([source_line(context, key), *told]), tone=tone)
    if state.counts.quarantined:
        told = [rejected(state.counts.quarantined, state.reasons, context.formats), *told]
    if told:
        return Item("◆", f"{context.source_title(key)}: {'; '.join(told)}", tone="amber")
    return Item(mark, source_line(context, key), tone=tone)
