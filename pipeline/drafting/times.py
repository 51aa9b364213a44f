"""When: windows, deadlines and starts that a sentence names, as company dates.

Here: days, months, quarters, halves and years (of the company's financial year), spans from today, ranges.
Not here: which of several times a goal takes (compose.py).

How words become days: "in Q2" is the whole quarter; "by the end of Q2" is due on its last day; "by March"
and "until March" are over when March begins, so due on the last day of February, and the draft says what the
other reading would be; "in three weeks" is the same weekday three weeks from today. A time without a year is
the next one that is not over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from pipeline.drafting.lexicon.model import Lexicon
from pipeline.drafting.quantities import readings_of
from pipeline.drafting.tokens import Hit, Scan, book, value_book, word_book
from pipeline.periods import DAY, add_months, month_end

Role = Literal["window", "due", "start"]
MONTHS_OF = {"month": 1, "quarter": 3, "half": 6, "year": 12}
ONE_UNIT_AHEAD = ("in", "within")
"""Before "a quarter" they make a time of it, which alone would be a rate."""
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Period:
    """A named stretch of days. `alternative`: the same words with the other numbering of financial years."""

    first: date
    last: date
    is_day: bool = False
    has_year: bool = False
    alternative: tuple[date, date] | None = None


@dataclass(frozen=True)
class When:
    """One time of a sentence, with the tokens it takes."""

    role: Role
    start: date | None
    due: date | None
    first: int
    last: int
    note: str = ""
    """begins, before, counted or fiscal: how the words were read (dates.py says it)."""
    other: date | None = None
    """The day the words would mean in their other reading."""
    undecided: bool = False
    """The words are too vague for a day."""
    deadline: bool = False
    """Something is to be reached by then; "until" is the end of a time instead."""


class TimeReader:
    """Finds every time among the free tokens of a scan and takes its tokens."""

    def __init__(self, lexicon: Lexicon, today: date, fiscal_start: int = 1) -> None:
        self._lexicon = lexicon
        self._today = today
        self._fiscal = fiscal_start
        self._roles = [
            (name, word_book(lexicon.time_roles[name], lexicon))
            for name in ("through", "before", "until", "by", "from", "in")
        ]
        self._within = word_book(lexicon.time_roles["within"], lexicon)
        self._units = book(lexicon.time_units, lexicon)
        self._months = value_book(
            {name: number for number, names in enumerate(lexicon.months, 1) for name in names}, lexicon
        )
        self._relative = book(lexicon.relative, lexicon)
        self._ordinals = value_book(lexicon.ordinals, lexicon)
        self._numbers = value_book(lexicon.numbers, lexicon)
        self._ends = word_book(lexicon.ends, lexicon)
        self._begins = word_book(lexicon.begins, lexicon)
        self._compounds = book(lexicon.end_compounds, lexicon)
        self._inexact = word_book(lexicon.inexact, lexicon)
        self._year_words = word_book(lexicon.year_words, lexicon)
        self._fiscal_words = word_book(lexicon.fiscal_words, lexicon)
        self._range = word_book(lexicon.range_words, lexicon)
        self._articles = word_book(lexicon.articles, lexicon)

    def read(self, scan: Scan) -> list[When]:
        """Times from the left."""
        found: list[When] = []
        index = 0
        while index < len(scan.tokens):
            when = self._at(scan, index) if scan.free(index, index + 1) else None
            if when is None:
                index += 1
                continue
            scan.take(when.first, when.last, "time")
            found.append(when)
            index = when.last
        return found

    def _at(self, scan: Scan, index: int) -> When | None:
        for attempt in (self._span_from_today, self._dated_range, self._with_role, self._bare):
            when = attempt(scan, index)
            if when is not None and scan.free(when.first, when.last):
                return when
        return None

    # --- whole expressions -------------------------------------------------------------------------------

    def _span_from_today(self, scan: Scan, index: int) -> When | None:
        """in three weeks, in a quarter, за три недели, over the next 6 months."""
        role = self._within.at(scan.tokens, index)
        if role is None:
            return None
        counted = self._count(scan, role.last)
        count, at = counted or self._one(scan, role)
        unit = self._units.at(scan.tokens, at)
        if unit is None or (counted is None and not self._is_one_unit(scan, role, unit)):
            return None
        due = self._later(count, unit.value)
        return When("due", None, due, index, unit.last, note="counted", deadline=True) if due else None

    def _one(self, scan: Scan, role: Hit[bool]) -> tuple[int, int]:
        """One, and where its unit stands: after the article of "in a quarter"."""
        article = scan.tokens[role.last].norm if role.last < len(scan.tokens) else ""
        return 1, role.last + (scan.tokens[role.first].norm in ONE_UNIT_AHEAD and article == "a")

    def _is_one_unit(self, scan: Scan, role: Hit[bool], unit: Hit[str]) -> bool:
        """за неделю, за квартал, in a quarter: one of them, without a number. "A week" alone is a rate."""
        russian = scan.tokens[role.first].norm in ("за", "через")
        return unit.last == role.last + 1 if russian else self._one(scan, role)[1] > role.last

    def _later(self, count: int, unit: str) -> date | None:
        if not 0 < count <= 1000:
            return None
        if unit in ("day", "week"):
            return self._today + timedelta(days=count * (7 if unit == "week" else 1))
        return add_months(self._today, count * MONTHS_OF[unit])

    def _count(self, scan: Scan, index: int) -> tuple[int, int] | None:
        if index >= len(scan.tokens):
            return None
        token = scan.tokens[index]
        if token.kind == "number":
            value = readings_of(token.text, self._lexicon.decimal_mark)[0]
            return (int(value), index + 1) if value == int(value) else None
        hit = self._numbers.at(scan.tokens, index)
        return (hit.value, hit.last) if hit else None

    def _dated_range(self, scan: Scan, index: int) -> When | None:
        """from January to March 2027, с 1 января по 31 марта, between 1 May and 30 June."""
        tokens = scan.tokens
        start = self._role_at(scan, index, "from")
        at = start.last if start else index + 1 if tokens[index].norm in ("between", "между") else None
        opening = self._period(scan, self._skip(scan, at)) if at is not None else None
        if opening is None:
            return None
        begun, at = opening
        join = self._range.at(tokens, at)
        closing = self._period(scan, self._skip(scan, join.last)) if join else None
        if closing is None:
            return None
        ended, last = closing
        first, final = _in_order(begun, ended)
        return When("window", first, final, index, last)

    def _with_role(self, scan: Scan, index: int) -> When | None:
        for name, phrases in self._roles:
            hit = phrases.at(scan.tokens, index)
            if hit is None:
                continue
            when = self._expression(scan, name, hit.last)
            if when is not None:
                return replace(
                    when, first=index, deadline=name in ("by", "before", "in") and when.role == "due"
                )
        return None

    def _bare(self, scan: Scan, index: int) -> When | None:
        """next quarter, this month, year-end, Q2 2027: without a word before it."""
        period = self._period(scan, index)
        if period is None or period[0].is_day:
            return None
        named, last = period
        if self._months.at(scan.tokens, index) and not named.has_year:
            return None  # "we may", "march on": a month's name alone is also another word
        return self._window(named, index, last)

    def _expression(self, scan: Scan, role: str, index: int) -> When | None:
        at = self._skip(scan, index)
        vague = self._inexact.at(scan.tokens, at)
        if vague:
            period = self._period(scan, self._skip(scan, vague.last))
            return When("due", None, None, at, period[1], undecided=True) if period else None
        compound = self._compounds.at(scan.tokens, at)
        if compound:
            current = self._current(compound.value)
            return When("due", None, current.last, at, compound.last)
        for edge, phrases in (("end", self._ends), ("begin", self._begins)):
            hit = phrases.at(scan.tokens, at)
            period_at = self._period(scan, self._skip(scan, hit.last), bare_unit=True) if hit else None
            if period_at:
                return self._edge(edge, role, *period_at, at)
        found = self._period(scan, at, bare_unit=at > index)
        return self._placed(role, found[0], at, found[1]) if found else None

    def _edge(self, edge: str, role: str, period: Period, last: int, at: int) -> When:
        day = period.last if edge == "end" else period.first
        if role == "from":
            return When("start", day, None, at, last)
        return _with_alternative(When("due", None, day, at, last), period, edge)

    def _placed(self, role: str, period: Period, at: int, last: int) -> When:
        """What a role makes of a period that is named whole."""
        if role == "from":
            return When("start", period.first, None, at, last)
        if role == "through" or (period.is_day and role != "before"):
            return _with_alternative(When("due", None, period.last, at, last), period, "end")
        if role in ("by", "until", "before"):
            return self._before(period, at, last)
        return self._window(period, at, last)

    def _before(self, period: Period, at: int, last: int) -> When:
        """Over when the period begins. A period that has begun cannot be meant so: then its end is."""
        due = period.first - DAY
        if period.is_day:
            if due < self._today and not period.has_year:  # "before 1 July" said on 1 July is the next one
                due = add_months(period.first, 12) - DAY
            return When("due", None, due, at, last, note="before")
        if due < self._today and not period.has_year:
            due = period.last
            return When("due", None, due, at, last)
        return When("due", None, due, at, last, note="begins", other=period.last)

    def _window(self, period: Period, at: int, last: int) -> When:
        when = When("window", period.first, period.last, at, last)
        return _with_alternative(when, period, "end")

    # --- periods and days --------------------------------------------------------------------------------

    def _period(self, scan: Scan, index: int, *, bare_unit: bool = False) -> tuple[Period, int] | None:
        """The period or day named at a token, and where its words end."""
        if index >= len(scan.tokens):
            return None
        readers = (self._day, self._month, self._numbered, self._related, self._ordinal_unit, self._year)
        for reader in readers:
            found = reader(scan, index)
            if found:
                return found
        if bare_unit:
            unit = self._unit(scan, index)
            if unit and unit.value in MONTHS_OF:
                return self._current(unit.value), unit.last
        return None

    def _day(self, scan: Scan, index: int) -> tuple[Period, int] | None:
        token = scan.tokens[index]
        if token.kind == "day":
            day = _written_day(token.text)
            return (Period(day, day, is_day=True, has_year=True), index + 1) if day else None
        found = self._day_first(scan, index) or self._month_first(scan, index)
        if found is None:
            return None
        day_number, month, at = found
        year, last = self._year_after(scan, at)
        day = self._day_in(year, month, day_number)
        return (Period(day, day, is_day=True, has_year=year is not None), last) if day else None

    def _day_first(self, scan: Scan, index: int) -> tuple[int, int, int] | None:
        number = self._day_number(scan, index)
        month = self._months.at(scan.tokens, self._skip(scan, index + 1)) if number else None
        return (number, month.value, self._past_stop(scan, month.last)) if number and month else None

    def _month_first(self, scan: Scan, index: int) -> tuple[int, int, int] | None:
        month = self._months.at(scan.tokens, index)
        number = self._day_number(scan, month.last) if month and month.last < len(scan.tokens) else None
        return (number, month.value, month.last + 1) if number and month else None

    def _day_number(self, scan: Scan, index: int) -> int | None:
        if index >= len(scan.tokens) or scan.tokens[index].kind not in ("number", "ordinal"):
            return None
        match = re.match(r"\d{1,2}(?![\d.,])", scan.tokens[index].text)
        return int(match[0]) if match and 1 <= int(match[0]) <= 31 else None

    def _day_in(self, year: int | None, month: int, number: int) -> date | None:
        for candidate in [year] if year else range(self._today.year, self._today.year + 9):
            day = _day_or_none(candidate, month, number)
            if day and (year or day >= self._today):
                return day
        return None

    def _month(self, scan: Scan, index: int) -> tuple[Period, int] | None:
        month = self._months.at(scan.tokens, index)
        if month is None:
            return None
        year, last = self._year_after(scan, self._past_stop(scan, month.last))
        first = date(year or self._today.year, month.value, 1)
        if year is None and month_end(first) < self._today:
            first = add_months(first, 12)
        return Period(first, month_end(first), has_year=year is not None), last

    def _numbered(self, scan: Scan, index: int) -> tuple[Period, int] | None:
        """Q2, H1, FY27, with a year after it."""
        match = re.fullmatch(r"(q|h|кв|п|fy)(\d+)", scan.tokens[index].norm)
        if match is None:
            return None
        letters, number = match[1], int(match[2])
        if letters == "fy":
            year = _century(match[2])
            return (self._fiscal_year(year), index + 1) if year else None
        unit = "half" if letters == self._lexicon.half_letter or letters == "h" else "quarter"
        return self._nth(scan, unit, number, index + 1)

    def _ordinal_unit(self, scan: Scan, index: int) -> tuple[Period, int] | None:
        """the second quarter of 2027, 2-м квартале, первом полугодии 2027 года, 2 квартал."""
        token, at = scan.tokens[index], index + 1
        if token.kind in ("ordinal", "number"):
            digits = re.match(r"\d(?!\d)", token.text)
            number = int(digits[0]) if digits else 0
        else:
            hit = self._ordinals.at(scan.tokens, index)
            number = hit.value if hit else 0
        unit = self._units.at(scan.tokens, at) if at < len(scan.tokens) else None
        if not number or unit is None or unit.value not in ("quarter", "half"):
            return None
        return self._nth(scan, unit.value, number, self._past_stop(scan, unit.last))

    def _nth(self, scan: Scan, unit: str, number: int, at: int) -> tuple[Period, int] | None:
        months = MONTHS_OF[unit]
        if not 1 <= number <= 12 // months:
            return None
        year, last = self._year_after(scan, at)
        offset = months * (number - 1)
        if year is not None:
            begins = add_months(date(year, self._fiscal, 1), offset)
            period = _months_from(begins, months)
            if self._fiscal == 1:
                return replace(period, has_year=True), last
            earlier = _months_from(add_months(begins, -12), months)
            return replace(period, has_year=True, alternative=(earlier.first, earlier.last)), last
        begins = add_months(self._fiscal_begin(), offset)
        period = _months_from(begins, months)
        if period.last < self._today:
            period = _months_from(add_months(begins, 12), months)
        return period, last

    def _related(self, scan: Scan, index: int) -> tuple[Period, int] | None:
        """next quarter, этом году, the next half-year."""
        hit = self._relative.at(scan.tokens, index)
        unit = self._unit(scan, hit.last) if hit else None
        if hit is None or unit is None or unit.value == "day":
            return None
        shift = {"this": 0, "next": 1, "last": -1}[hit.value]
        last = self._past_stop(scan, unit.last)
        if unit.value == "week":
            monday = self._today - timedelta(days=self._today.weekday()) + timedelta(weeks=shift)
            return Period(monday, monday + timedelta(days=6)), last
        current = self._current(unit.value)
        months = MONTHS_OF[unit.value]
        return _months_from(add_months(current.first, shift * months), months), last

    def _unit(self, scan: Scan, index: int) -> Hit[str] | None:
        """A unit of time, with or without "financial" before it: quarters and years are financial ones."""
        fiscal = self._fiscal_words.at(scan.tokens, index)
        if fiscal is None:
            return self._units.at(scan.tokens, index)
        return self._units.at(scan.tokens, fiscal.last) or self._units.at(scan.tokens, fiscal.last - 1)

    def _current(self, unit: str) -> Period:
        """The month, or the quarter, half or year of the financial year, that today lies in."""
        if unit == "month":
            return _months_from(self._today.replace(day=1), 1)
        months, begins = MONTHS_OF[unit], self._fiscal_begin()
        while add_months(begins, months) <= self._today:
            begins = add_months(begins, months)
        return _months_from(begins, months)

    def _fiscal_begin(self) -> date:
        begins = date(self._today.year, self._fiscal, 1)
        return begins if begins <= self._today else add_months(begins, -12)

    def _fiscal_year(self, number: int) -> Period:
        period = replace(_months_from(date(number, self._fiscal, 1), 12), has_year=True)
        if self._fiscal == 1:
            return period
        earlier = _months_from(date(number - 1, self._fiscal, 1), 12)
        return replace(period, alternative=(earlier.first, earlier.last))

    def _year(self, scan: Scan, index: int) -> tuple[Period, int] | None:
        fiscal = self._fiscal_words.at(scan.tokens, index)
        year = self._year_number(scan, fiscal.last if fiscal else index)
        if year is None:
            return None
        last = self._past_year_word(scan, (fiscal.last if fiscal else index) + 1)
        if fiscal:
            return self._fiscal_year(year), last
        if not self._stands_alone(scan, index + 1):
            return None
        return Period(date(year, 1, 1), date(year, 12, 31), has_year=True), last

    def _stands_alone(self, scan: Scan, after: int) -> bool:
        """2030 in "by 2030" is a year, in "2030 sign-ups" it is a number: a year ends its phrase."""
        if after >= len(scan.tokens) or self._year_words.at(scan.tokens, after):
            return True
        token = scan.tokens[after]
        if token.kind == "sign":
            return token.text in ".,;:!?)-–—("
        return scan.taken[after] == "join" or self._is_silent(token.norm)

    def _is_silent(self, word: str) -> bool:
        return (
            word in self._lexicon.silent
            or any(word == phrase.split()[0] for group in self._lexicon.roles.values() for phrase in group)
            or any(word == phrase.split()[0] for phrase in (*self._lexicon.means, *self._lexicon.conditions))
        )

    def _year_number(self, scan: Scan, index: int) -> int | None:
        if index >= len(scan.tokens) or not re.fullmatch(r"\d{4}", scan.tokens[index].text):
            return None
        year = int(scan.tokens[index].text)
        return year if EARLIEST_YEAR <= year <= LATEST_YEAR else None

    def _year_after(self, scan: Scan, index: int) -> tuple[int | None, int]:
        """The year that follows a day, month or quarter ("2027", "of next year"), and where it ends."""
        at = self._skip(scan, index)
        if at < len(scan.tokens) and scan.tokens[at].text == ",":
            at = self._skip(scan, at + 1)
        match = re.fullmatch(r"fy(\d{2,4})", scan.tokens[at].norm) if at < len(scan.tokens) else None
        if match:
            year = _century(match[1])
            return (year, at + 1) if year else (None, index)
        year = self._year_number(scan, at)
        if year is not None:
            return year, self._past_year_word(scan, at + 1)
        hit = self._relative.at(scan.tokens, at)
        unit = self._units.at(scan.tokens, hit.last) if hit else None
        if hit and unit and unit.value == "year":
            shift = {"this": 0, "next": 1, "last": -1}[hit.value]
            return self._today.year + shift, self._past_stop(scan, unit.last)
        return None, index

    def _past_year_word(self, scan: Scan, index: int) -> int:
        hit = self._year_words.at(scan.tokens, index) if index < len(scan.tokens) else None
        return self._past_stop(scan, hit.last) if hit else index

    def _skip(self, scan: Scan, index: int) -> int:
        """Past articles."""
        while index < len(scan.tokens) and self._articles.at(scan.tokens, index):
            index += 1
        return index

    @staticmethod
    def _past_stop(scan: Scan, index: int) -> int:
        """Past the stop of an abbreviation such as г. or Dec., but not the sentence's own."""
        tokens = scan.tokens
        if index + 1 >= len(tokens) or tokens[index].text != "." or len(tokens[index - 1].text) > 4:
            return index
        return index + 1 if tokens[index].start == tokens[index - 1].end else index

    def _role_at(self, scan: Scan, index: int, wanted: str) -> Hit[bool] | None:
        return next(phrases for name, phrases in self._roles if name == wanted).at(scan.tokens, index)


def _with_alternative(when: When, period: Period, edge: str) -> When:
    """A financial year's number is the year it begins or the one it ends in: the company must say."""
    if period.alternative is None:
        return when
    other = period.alternative[1] if edge == "end" else period.alternative[0]
    return replace(when, undecided=True, note="fiscal", other=other)


def _months_from(first: date, months: int) -> Period:
    return Period(first, add_months(first, months) - DAY)


def _in_order(begun: Period, ended: Period) -> tuple[date, date]:
    """A range's ends, where the one without a year takes the year that puts it right."""
    first, final = begun.first, ended.last
    if not begun.has_year and ended.has_year:
        first = (
            first.replace(year=final.year, day=min(first.day, 28))
            if _is_leap(first)
            else first.replace(year=final.year)
        )
        return (add_months(first, -12), final) if first > final else (first, final)
    if not ended.has_year:
        while final < first:
            final = add_months(final, 12)
    return first, final


def _is_leap(day: date) -> bool:
    return (day.month, day.day) == (2, 29)


def _day_or_none(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _century(digits: str) -> int | None:
    """27 and 2027 are both 2027; None for no year of this age."""
    year = int(digits) + (2000 if len(digits) == 2 else 0)
    return year if EARLIEST_YEAR <= year <= LATEST_YEAR else None


def _written_day(text: str) -> date | None:
    """2026-12-31, 31.12.2026, and 31/12/2026 where only one order of day and month fits. None for a day
    that does not exist or is not of this age."""
    parts = [int(part) for part in re.split(r"[-./]", text)]
    if not EARLIEST_YEAR <= max(parts) <= LATEST_YEAR:
        return None
    if "-" in text:
        return _day_or_none(*parts)
    day, month, year = parts
    if "/" in text:
        readings = {_day_or_none(year, month, day), _day_or_none(year, day, month)} - {None}
        return readings.pop() if len(readings) == 1 else None
    return _day_or_none(year, month, day)
