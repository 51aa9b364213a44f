"""How numbers, money, dates and generated sentences are printed in a language.

Here: every format a document, mail or table uses, and the rendering of `goals.model.Reason`. Not here: which
numbers are shown (view.py), nor catalogues (pipeline/language.py).

A number never breaks over two lines: every space inside it is U+00A0; minus is U+2212. Values stay exact
decimals and are rounded half up once, here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import cast
from zoneinfo import ZoneInfo

from pipeline.goals.model import Reason
from pipeline.language import Speech, speech
from pipeline.periods import Week
from pipeline.report.fit import pick
from pipeline.units import Unit, rounded

Day = date
"""`Formats.date` is a method, so annotations inside the class need another name."""
NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "\u2013"
NONE = "\u2014"
"""Printed where there is no figure: a dash, never a zero."""

SYMBOLS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "RUB": "₽",
    "UAH": "₴",
    "INR": "₹",
    "JPY": "¥",
    "CNY": "¥",
    "KZT": "₸",
}
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "ru": ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"),
}
MONTHS_OF = {
    "en": MONTHS["en"],
    "ru": (
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ),
}
WORDS = {
    "en": (
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    "ru": (
        "ни одна",
        "одна",
        "две",
        "три",
        "четыре",
        "пять",
        "шесть",
        "семь",
        "восемь",
        "девять",
        "десять",
        "одиннадцать",
        "двенадцать",
    ),
}
WORDS_OF = {
    "en": WORDS["en"],
    "ru": (
        "нуля",
        "одной",
        "двух",
        "трёх",
        "четырёх",
        "пяти",
        "шести",
        "семи",
        "восьми",
        "девяти",
        "десяти",
        "одиннадцати",
        "двенадцати",
    ),
}
"""Number words as they stand after "of" (Russian genitive)."""


@dataclass(frozen=True)
class Scaled:
    """A column of values at one common scale: `unit` is what the numbers are in, printed once."""

    unit: str
    texts: tuple[str, ...]


class Formats:
    """Formats of one language and one company currency."""

    def __init__(self, lang: str, currency: str) -> None:
        self.say: Speech = speech(lang)
        self.lang = self.say.lang
        self.currency = SYMBOLS.get(currency, currency)

    # --- numbers -------------------------------------------------------------------------------------

    def number(self, value: Decimal | int, places: int = 0, signed: bool = False) -> str:
        """1234567.5 -> "1,234,568" (en), "1 234 568" (ru, no-break). Signed prints + and −, but ±0 as 0."""
        exact = rounded(Decimal(value), places)
        digits = f"{abs(exact):,.{places}f}"
        if self.lang == "ru":
            digits = digits.replace(",", NBSP).replace(".", ",")
        if exact == 0:
            return digits
        return f"{MINUS if exact < 0 else '+' if signed else ''}{digits}"

    def percent(self, share: Decimal, places: int | None = None, signed: bool = False) -> str:
        """0.271 -> "27.1 %". Without `places`: one decimal below 100 % unless it would be a zero."""
        value = share * 100
        if places is None:
            places = 0 if abs(value) >= 100 or rounded(value, 1) == rounded(value, 0) else 1
        return f"{self.number(value, places, signed)}{NBSP}%"

    def points(self, share: Decimal, signed: bool = True) -> str:
        """A difference of two shares: 0.047 -> "+4.7 pp"."""
        value = share * 100
        places = 0 if rounded(value, 1) == rounded(value, 0) or abs(value) >= 100 else 1
        return f"{self.number(value, places, signed)}{NBSP}{self.say('pp')}"

    def money(self, amount: Decimal, signed: bool = False, beside: Decimal | None = None) -> str:
        """1234567 -> "€1.23 M" (en), "1,23 млн €" (ru); 84200 -> "€84.2 k"; 9840 -> "€9,840", but "€9.84 k"
        when it stands `beside` an amount printed in thousands or more."""
        scale, places, suffix = _money_scale(abs(amount))
        if beside is not None and _money_scale(abs(beside))[0] > 1 and scale == 1 and abs(amount) >= 1000:
            scale, places, suffix = Decimal(1000), 2, "k"
        return self._money(amount / scale, places, suffix, signed)

    def _money(self, value: Decimal, places: int, suffix: str, signed: bool) -> str:
        text = self.number(value, places, signed)
        sign = text[0] if text[0] in f"+{MINUS}" else ""
        word = f"{NBSP}{self.say(suffix)}" if suffix else ""
        if self.lang == "ru" or len(self.currency) > 1:
            return f"{text}{word}{NBSP}{self.currency}"
        return f"{sign}{self.currency}{text[len(sign) :]}{word}"

    def money_exact(self, amount: Decimal) -> str:
        """To the cent, for calculations that a person may want to repeat."""
        return self._money(amount, 0 if amount == amount.to_integral_value() else 2, "", False)

    def hours(self, value: Decimal, signed: bool = False) -> str:
        places = 0 if value == rounded(value, 0) or abs(value) >= 100 else 1
        return f"{self.number(value, places, signed)}{NBSP}{self.say('h')}"

    def plain(self, value: Decimal, signed: bool = False) -> str:
        """A number without unit: whole when large, else up to two decimals."""
        places = 0 if value == rounded(value, 0) or abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
        return self.number(value, places, signed)

    def value(self, value: Decimal | None, unit: Unit, signed: bool = False) -> str:
        """A KPI's value in its unit; a dash when there is none."""
        if value is None:
            return NONE
        formats: dict[Unit, Callable[..., str]] = {
            Unit.MONEY: self.money,
            Unit.PERCENT: self.percent,
            Unit.HOURS: self.hours,
            Unit.NUMBER: self.plain,
        }
        if unit is Unit.COUNT:
            return self.number(value, 0 if value == rounded(value, 0) or abs(value) >= 100 else 1, signed)
        return formats[unit](value, signed=signed)

    def delta(self, value: Decimal | None, unit: Unit, beside: Decimal | None = None) -> str:
        """A signed difference; a difference of percentages is in points. `beside`: its figure."""
        if value is None:
            return NONE
        if unit is Unit.MONEY:
            return self.money(value, signed=True, beside=beside)
        return self.points(value) if unit is Unit.PERCENT else self.value(value, unit, signed=True)

    def times(self, value: Decimal) -> str:
        return f"{self.number(value, 1 if value < 10 else 0)}×"

    def probability(self, chance: float) -> str:
        """Rounded to 5 %: "<5 %", "25 %", ">95 %"."""
        share = Decimal(str(chance))
        if share < Decimal("0.05"):
            return f"<5{NBSP}%"
        if share > Decimal("0.95"):
            return f">95{NBSP}%"
        return self.percent(rounded(share * 20, 0) / 20, 0)

    def scaled(self, values: Sequence[Decimal | None], unit: Unit) -> Scaled:
        """Values of one table or axis at a common scale, with the unit to print once beside them."""
        known = [abs(value) for value in values if value is not None]
        top = max(known, default=Decimal(0))
        if unit is Unit.MONEY:
            scale, places, suffix = _column_scale(top)
            word = f"{self.say(suffix)}{NBSP}" if suffix else ""
            name = (
                f"{self.currency}{NBSP}{self.say(suffix)}"
                if self.lang == "en" and suffix
                else word + self.currency
            )
        elif unit is Unit.PERCENT:
            scale, places, name = Decimal("0.01"), 1 if top < Decimal("9.995") else 0, "%"
        else:
            scale, places = Decimal(1), _plain_places(known)
            name = self.say("h") if unit is Unit.HOURS else ""
        texts = tuple(NONE if value is None else self.number(value / scale, places) for value in values)
        return Scaled(name, texts)

    def range(self, low: Decimal, high: Decimal, unit: Unit) -> str:
        """ "€1.81–2.42 M", "24.4–32.5 %": both ends at the scale of the larger, the unit once. A minus does
        not stand beside a dash: "−€75.1 … −€56.4 k"."""
        if unit is Unit.MONEY:
            scale, places, suffix = _money_scale(max(abs(low), abs(high)))
            first = self.number(low / scale, places)
            if low < 0:
                first = first if self.lang == "ru" else self._money(low / scale, places, "", False)
                return f"{first}{NBSP}…{NBSP}{self._money(high / scale, places, suffix, False)}"
            return self._money(high / scale, places, suffix, False).replace(
                self.number(high / scale, places), f"{first}{DASH}{self.number(high / scale, places)}", 1
            )
        scaled = self.scaled([low, high], unit)
        between = f"{NBSP}…{NBSP}" if low < 0 else DASH
        return between.join(scaled.texts) + (f"{NBSP}{scaled.unit}" if scaled.unit else "")

    # --- words ---------------------------------------------------------------------------------------

    def count_word(self, n: int) -> str:
        """A small number in words (Russian: feminine, as of goals); digits above twelve."""
        words = WORDS[self.lang]
        return words[n] if 0 <= n < len(words) else str(n)

    def count_word_of(self, n: int) -> str:
        words = WORDS_OF[self.lang]
        return words[n] if 0 <= n < len(words) else str(n)

    def listed(self, items: Sequence[str]) -> str:
        """ "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        return self.say("{items} and {last}", items=", ".join(items[:-1]), last=items[-1])

    def name(self, text: str) -> str:
        """A title inside a sentence: quoted, so that its words are not read as the sentence's own."""
        return f"«{text}»" if self.lang == "ru" else f"“{text}”"

    # --- dates ---------------------------------------------------------------------------------------

    def date(self, day: Day) -> str:
        """ "22 Nov 2026" / "22 ноября 2026 г."."""
        text = f"{day.day}{NBSP}{MONTHS_OF[self.lang][day.month - 1]}{NBSP}{day.year}"
        return f"{text}{NBSP}г." if self.lang == "ru" else text

    def day(self, day: Day) -> str:
        """Without the year: "22 Nov" / "22 ноя"."""
        return f"{day.day}{NBSP}{MONTHS[self.lang][day.month - 1]}"

    def span(self, first: Day, last: Day, year: bool = True) -> str:
        """A span of days: "16–22 Nov 2026", "30 Nov – 6 Dec 2026"."""
        months = MONTHS_OF[self.lang] if year else MONTHS[self.lang]
        tail = f"{NBSP}{months[last.month - 1]}"
        end = (f"{NBSP}{last.year}" + (f"{NBSP}г." if self.lang == "ru" else "")) if year else ""
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}{DASH}{last.day}{tail}{end}"
        start_year = f"{NBSP}{first.year}" if year and first.year != last.year else ""
        start = f"{first.day}{NBSP}{months[first.month - 1]}{start_year}"
        return f"{start} {DASH} {last.day}{tail}{end}"

    def week(self, week: Week) -> str:
        """A week as its days: "16–22 Nov 2026, W47" / "16–22 ноября 2026 г., неделя 47"."""
        return f"{self.span(week.monday, week.sunday)}, {self.week_name(week)}"

    def week_name(self, week: Week) -> str:
        return self.say("W{number}", number=f"{week.number:02d}").replace(" ", NBSP)

    def month(self, day: Day) -> str:
        return MONTHS[self.lang][day.month - 1]

    def instant(self, at: datetime, zone: ZoneInfo) -> str:
        """An instant on the company's clock, zone named: "23 Nov 2026 07:00 Europe/Berlin"."""
        local = at.astimezone(zone)
        return f"{self.date(local.date())} {local:%H:%M} {zone.key}"

    # --- sentences -----------------------------------------------------------------------------------

    def reason(self, reason: Reason) -> str:
        """A generated sentence in this language, every param formatted by its kind. A number that the
        sentence itself has ("80 % range") keeps its sign on its line too."""
        params = {name: self.param(kind, value) for name, (kind, value) in reason.params.items()}
        template = self.say(reason.template).replace(" %", f"{NBSP}%")
        return template.format(**params).replace("г..", "г.")

    def param(self, kind: str, value: object) -> str:
        """One param of a Reason. Kinds: units, points, date, week, days, text, times."""
        if value is None:
            return NONE
        if kind == "text":
            return self._text(value)
        if kind == "days":
            return self._days(value)
        if kind == "week":
            return self.week(value) if isinstance(value, Week) else self.week(Week.parse(str(value)))
        if kind == "date":
            return self.date(cast(Day, value))
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        if kind == "points":
            return self.points(amount, signed=False)
        if kind == "times":
            return self.times(amount)
        return self.value(amount, Unit(kind))

    def _text(self, value: object) -> str:
        if isinstance(value, Mapping):
            return pick(value, self.lang)
        if isinstance(value, Reason):
            return self.reason(value)
        return self.say(str(value))

    def _days(self, value: object) -> str:
        """A number of days, or a span given as (first, last) or as a Week."""
        if isinstance(value, Week):
            return self.span(value.monday, value.sunday)
        if isinstance(value, (tuple, list)):
            return self.span(value[0], value[1])
        return self.say.count("{n} day", "{n} days", int(str(value))).replace(" ", NBSP)


NUMBER_SPACE = re.compile(r"(?<=\d) (?=[%€$£₽₸]|\d{3}\b|(?:k|M|h|pp|тыс|млн|ч|п)\b)")
SHORT_WORD = re.compile(
    r"(?<![^\s(«\u00a0])((?:в|во|с|со|к|ко|о|об|у|и|а|на|по|до|за|из|от|не|для|при)) ", re.IGNORECASE
)


def bound(text: str, lang: str) -> str:
    """A text whose numbers keep their units on the line and, in Russian, whose short words do not end one."""
    text = NUMBER_SPACE.sub(NBSP, text)
    return SHORT_WORD.sub(rf"\1{NBSP}", text) if lang == "ru" else text


@cache
def formats(lang: str, currency: str) -> Formats:
    return Formats(lang, currency)


def _money_scale(size: Decimal) -> tuple[Decimal, int, str]:
    """Divisor, decimals and suffix for one amount; an amount that would round up to 1,000 k is 1 M."""
    if size >= Decimal("999500"):
        return Decimal(1_000_000), 1 if size >= 9_995_000 else 2, "M"
    if size >= Decimal("9999.5"):
        return Decimal(1000), 1 if size < 99_950 and size % 1000 else 0, "k"
    return Decimal(1), 0 if size >= 100 or size == size.to_integral_value() else 2, ""


def _column_scale(top: Decimal) -> tuple[Decimal, int, str]:
    if top >= 10_000_000:
        return Decimal(1_000_000), 1, "M"
    if top >= 10_000:
        return Decimal(1000), 0 if top >= 100_000 else 1, "k"
    return Decimal(1), 0 if top >= 100 else 2, ""


def _plain_places(known: Sequence[Decimal]) -> int:
    if all(value == rounded(value, 0) for value in known) or max(known, default=Decimal(0)) >= 1000:
        return 0
    return 1 if max(known) >= 10 else 2
