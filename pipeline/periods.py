"""Company time: weeks, days, months, quarters, cut-offs, and the zone that decides them all.

Here: ISO week arithmetic (Monday to Sunday, with week 53), the company-local date of an instant, window
cutting, prior-year counterparts. Not here: how a date is printed (report/i18n.py).
A week is never 7 x 24 hours: windows are cut on dates, and instants only come from a zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import total_ordering
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
DEFAULT_CUTOFF = time(7, 0)
_WEEK = re.compile(r"^(\d{4})-?W(\d{2})$")


@total_ordering
@dataclass(frozen=True)
class Week:
    """An ISO week, Monday to Sunday."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Week:
        """`2026-W47` -> Week. Raises ValueError for anything that is not an existing ISO week."""
        match = _WEEK.match(text.strip().upper())
        if not match:
            raise ValueError(f"{text!r} is not a week like 2026-W47")
        week = cls(int(match[1]), int(match[2]))
        if not 1 <= week.number <= weeks_in_year(week.year):
            raise ValueError(f"{week.year} has {weeks_in_year(week.year)} weeks, not {week.number}")
        return week

    @classmethod
    def of(cls, day: date) -> Week:
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 7)

    def days(self) -> list[date]:
        return [self.monday + i * DAY for i in range(7)]

    def plus(self, weeks: int) -> Week:
        return Week.of(self.monday + timedelta(weeks=weeks))

    def prior_year(self) -> Week:
        """The same ISO week a year earlier; week 53 is compared with the week 52 weeks before it when the
        year before has no week 53."""
        if self.number <= weeks_in_year(self.year - 1):
            return Week(self.year - 1, self.number)
        return self.plus(-52)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    def __lt__(self, other: Week) -> bool:
        return (self.year, self.number) < (other.year, other.number)


def weeks_in_year(year: int) -> int:
    """52 or 53: the number of the week that holds 28 December."""
    return date(year, 12, 28).isocalendar()[1]


def week_range(first: Week, last: Week) -> list[Week]:
    """All weeks from `first` to `last`, both included; empty when last is before first."""
    weeks, week = [], first
    while week <= last:
        weeks.append(week)
        week = week.plus(1)
    return weeks


def prior_year_day(day: date) -> date:
    """The same weekday of the prior-year counterpart of the day's ISO week."""
    return Week.of(day).prior_year().monday + timedelta(days=day.weekday())


def cutoff(week: Week, zone: ZoneInfo, at: time = DEFAULT_CUTOFF) -> datetime:
    """The instant (UTC) after which nothing counts as known for `week`: `at` on the Monday after it."""
    return datetime.combine(week.sunday + DAY, at, tzinfo=zone).astimezone(UTC)


def latest_due_week(now: datetime, zone: ZoneInfo, at: time = DEFAULT_CUTOFF) -> Week:
    """The newest week whose cut-off has passed at `now` (an aware instant)."""
    week = Week.of(now.astimezone(zone).date()).plus(-1)
    return week if now >= cutoff(week, zone, at) else week.plus(-1)


def company_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar date of an aware instant where the company is."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone has no company date")
    return instant.astimezone(zone).date()


def as_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time written without zone. A time the clock skips in spring is read
    an hour later, a doubled autumn hour as its first occurrence (PEP 495, fold=0)."""
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    return local.replace(tzinfo=zone).astimezone(UTC)


def each_day(first: date, last: date) -> Iterator[date]:
    """Days from `first` to `last`, both included."""
    day = first
    while day <= last:
        yield day
        day += DAY


def month_start(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return add_months(month_start(day), 1) - DAY


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, cut to that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - first).days))


def quarter(day: date) -> tuple[int, int]:
    """(year, 1..4)."""
    return day.year, (day.month - 1) // 3 + 1


def quarter_window(year: int, number: int) -> tuple[date, date]:
    first = date(year, 3 * number - 2, 1)
    return first, add_months(first, 3) - DAY


def elapsed_share(start: date, due: date, as_of: date) -> float:
    """Share of the window's days that are over at the end of `as_of`, 0..1."""
    total = (due - start).days + 1
    done = min(max((as_of - start).days + 1, 0), total)
    return done / total
