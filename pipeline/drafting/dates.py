"""From the times of a goal to its start and due lines.

Here: which time is the window, the deadline, the start, and what is said about each. Not here: what days the
words mean (times.py).

A goal whose sentence names no start starts today; the draft says so on the line. No day before today comes
out unless the sentence names a time that holds it. A recurring goal has whole periods: those inside its
times.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pipeline.drafting.model import Line, Said
from pipeline.drafting.times import When
from pipeline.periods import DAY, add_months, month_start


def date_lines(times: Sequence[When], today: date) -> tuple[Line, Line]:
    """start and due."""
    due = _due(times, today)
    start = _start(times, today)
    if due.value and start.value and due.value < start.value:
        before = Said("{day} is before the start", {"day": due.value})
        return start, Line("due", "", "decide", before)
    return start, due


def whole_periods(start: Line, due: Line, every: str, fiscal: int) -> tuple[Line, Line]:
    """Both lines of a goal that recurs `every` week, month or quarter, moved inward to whole ones. Quarters
    are those of the financial year, which begins with month `fiscal`, unless the sentence names a start."""
    if not start.value:
        return start, due
    named, end = date.fromisoformat(start.value), due.value
    first = _first_whole(named, every, fiscal, is_named=start.said is None)
    if first != named:
        said = Said("whole periods only: the first one from {day} on", {"day": named.isoformat()})
        start = Line("start", first.isoformat(), said=said)
    if not end:
        return start, due
    last = _last_whole(first, date.fromisoformat(end), every)
    if last is None:
        none = Said("no whole period from {start} to {day}", {"start": first.isoformat(), "day": end})
        return start, Line("due", "", "decide", none)
    if last.isoformat() == end:
        return start, due
    said = Said("whole periods only: the last one up to {day}", {"day": end})
    return start, Line("due", last.isoformat(), said=said)


def _first_whole(day: date, every: str, fiscal: int, *, is_named: bool) -> date:
    if every == "week":
        return day + timedelta(days=-day.weekday() % 7)
    first = day if day.day == 1 else add_months(month_start(day), 1)
    while every == "quarter" and not is_named and (first.month - fiscal) % 3:
        first = add_months(first, 1)
    return first


def _last_whole(first: date, end: date, every: str) -> date | None:
    """The last day of the newest period that is over by `end`; None before the first one is."""
    if every == "week":
        weeks = ((end - first).days + 1) // 7
        return first + timedelta(days=7 * weeks - 1) if weeks > 0 else None
    step, last = (3 if every == "quarter" else 1), None
    while (following := add_months(first, step) - DAY) <= end:
        first, last = following + DAY, following
    return last


def _due(times: Sequence[When], today: date) -> Line:
    ends = [when for when in times if when.role in ("window", "due")]
    if not ends:
        return Line("due", "", "missing", Said("by when"))
    vague = next((when for when in ends if when.undecided), None)
    if vague is not None:
        return _undecided(vague)
    when = _deciding(ends)
    if when is None:
        days = ", ".join(sorted({one.due.isoformat() for one in ends if one.due}))
        return Line("due", "", "decide", Said("which of these? {values}", {"values": days}))
    if when.due is not None and when.role == "due" and when.due < today:
        past = Said("{day} as written is past", {"day": when.due.isoformat()})
        return Line("due", "", "decide", past)
    return Line("due", when.due.isoformat() if when.due else "", said=_how_read(when))


def _deciding(ends: Sequence[When]) -> When | None:
    """The time that ends the goal: one due day, which a window that holds it may stand beside."""
    deadlines = {when.due: when for when in ends if when.role == "due"}
    windows = {(when.start, when.due): when for when in ends if when.role == "window"}
    if len(deadlines) > 1 or len(windows) > 1:
        return None
    if not deadlines:
        return next(iter(windows.values()))
    deadline = next(iter(deadlines.values()))
    for window in windows.values():
        if not (window.start and window.due and deadline.due and window.start <= deadline.due <= window.due):
            return None
    return deadline


def _undecided(when: When) -> Line:
    if when.due is None:
        return Line("due", "", "decide", Said("a day: the sentence says it only roughly"))
    said = Said(
        "{day} or {other}: does a financial year have the number of the year it begins or ends in?",
        {"day": when.due.isoformat(), "other": when.other.isoformat() if when.other else ""},
    )
    return Line("due", "", "decide", said)


def _how_read(when: When) -> Said | None:
    if when.note == "begins" and when.other:
        return Said(
            "the last day before it begins; {other} if its end is meant", {"other": when.other.isoformat()}
        )
    if when.note == "before":
        return Said("the day before")
    if when.note == "counted":
        return Said("counted from today")
    return None


def _start(times: Sequence[When], today: date) -> Line:
    starts = {when.start for when in times if when.start is not None and not when.undecided}
    if len(starts) > 1:
        days = ", ".join(sorted(day.isoformat() for day in starts))
        return Line("start", "", "decide", Said("which of these? {values}", {"values": days}))
    if starts:
        return Line("start", starts.pop().isoformat())
    if any(when.undecided and when.note == "fiscal" and when.role == "window" for when in times):
        return Line("start", "", "decide", Said("the first day of the time that is due then"))
    return Line("start", today.isoformat(), said=Said("today: the sentence names no start"))
