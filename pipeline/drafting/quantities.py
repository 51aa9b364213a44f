"""Numbers of a sentence: how much, in which unit, and in which role (from, to, by, at least, ...).

Here: digits, number words, magnitudes, per cent against percentage points, money, multiples and fractions.
Not here: which of them is the target (compose.py), dates (times.py).

A number that can be read in two ways ("3,300" in a Russian sentence) is kept with both readings and is never
decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from pipeline.drafting.lexicon.model import Lexicon, Way
from pipeline.drafting.tokens import SPACES, Hit, Scan, book, value_book, word_book

LONGEST_NUMBER = 20
"""Characters of a number; nobody means a longer one, and a decimal would round it."""
MOST_TIMES = 1000
FRACTION_PLACES = Decimal("0.000001")
"""A third has no end as a decimal: it is written as 33.3333 %."""


@dataclass(frozen=True)
class Amount:
    """One quantity of a sentence. `value` is as written: 45 for "45 %", 1200000 for "1.2M"."""

    value: Decimal
    unit: str = ""
    """% , pp, hours, an ISO currency code, or nothing."""
    roles: frozenset[str] = frozenset()
    """from, to, by, least, most, level: the words before it; sign: + or - written; more, fewer: after it."""
    other: Decimal | None = None
    """The other reading of an ambiguous number."""
    upper: Decimal | None = None
    """The upper end of a range."""
    first: int = 0
    last: int = 0
    scale: Decimal = Decimal(1)
    """The magnitude that was written: 1000 for "90k"."""
    way: Way = ""
    multiple: Fraction | None = None
    """For "double", "in 2 раза": the factor; for "by a third" the fraction that is added or taken."""
    is_fraction: bool = False
    words: str = ""
    """As written, with its roles."""

    @property
    def is_limit(self) -> bool:
        return bool(self.roles & {"least", "most"})


class QuantityReader:
    """Finds every quantity among the free tokens of a scan and takes its tokens."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._numbers = value_book(lexicon.numbers, lexicon)
        self._magnitudes = value_book(lexicon.magnitudes, lexicon)
        self._units = book(lexicon.units, lexicon)
        self._currencies = book(lexicon.currencies, lexicon)
        self._roles = book(lexicon.roles, lexicon)
        self._after = book(lexicon.after, lexicon)
        self._moves = word_book((*lexicon.verbs["up"], *lexicon.verbs["down"]), lexicon)
        self._more = book(lexicon.more, lexicon)
        self._multiples = value_book(lexicon.multiples, lexicon)
        self._fractions = value_book(lexicon.fractions, lexicon)
        self._times = word_book(lexicon.times_word, lexicon)

    def read(self, scan: Scan) -> list[Amount]:
        """Quantities from the left. KPIs are read before: a number word counts one ("forty customers")."""
        found = [*self._read_multiples(scan), *self._read_fractions(scan)]
        index = 0
        while index < len(scan.tokens):
            amount = self._at(scan, index) if scan.free(index, index + 1) else None
            if amount is None:
                index += 1
                continue
            amount = self._with_roles(scan, amount)
            scan.take(amount.first, amount.last, "quantity")
            found.append(amount)
            index = amount.last
        named = [replace(one, words=scan.words(one.first, one.last)) for one in found]
        return sorted(named, key=lambda one: one.first)

    # --- a number and its unit ---------------------------------------------------------------------------

    def _at(self, scan: Scan, index: int) -> Amount | None:
        tokens = scan.tokens
        sign = tokens[index].text if tokens[index].text in ("+", "-", "−", "–") else ""
        start = index + bool(sign)
        money = self._currencies.at(tokens, start) if start < len(tokens) else None
        at = money.last if money else start
        if at >= len(tokens) or not scan.free(index, at + 1):
            return None
        core = self._number(scan, at)
        if core is None:
            return None
        amount = self._finish(scan, replace(core, first=index), money.value if money else "")
        is_bare_word = tokens[at].kind != "number" and not amount.unit and amount.scale == 1
        if is_bare_word and not self._counts(scan, amount):
            return None
        if sign:
            value = amount.value if sign == "+" else -amount.value
            amount = replace(amount, value=value, roles=amount.roles | {"sign"})
        return amount

    def _counts(self, scan: Scan, amount: Amount) -> bool:
        """A number word is a quantity when a role stands before it or a counted thing after it."""
        if self._roles.before(scan.tokens, amount.first):
            return True
        return amount.last < len(scan.tokens) and scan.taken[amount.last] == "kpi"

    def _number(self, scan: Scan, at: int) -> Amount | None:
        token = scan.tokens[at]
        if token.kind == "number" and len(token.text) <= LONGEST_NUMBER:
            readings = readings_of(token.text, self._lexicon.decimal_mark)
            amount = Amount(readings[0], other=readings[1] if len(readings) > 1 else None, last=at + 1)
            return self._range(scan, amount, at)
        if token.kind == "word":
            hit = self._numbers.at(scan.tokens, at)
            return Amount(Decimal(hit.value), last=hit.last) if hit else None
        return None

    def _range(self, scan: Scan, amount: Amount, start: int) -> Amount:
        """ "25-30", "between 25 and 30": two ends, of which neither is the target."""
        tokens, at = scan.tokens, amount.last
        if at + 1 >= len(tokens) or tokens[at + 1].kind != "number":
            return amount
        joins = self._lexicon.joins if start and tokens[start - 1].norm in self._lexicon.between else ()
        if tokens[at].norm in ("-", "–", "—", *joins):
            upper = readings_of(tokens[at + 1].text, self._lexicon.decimal_mark)[0]
            return replace(amount, upper=upper, last=at + 2)
        return amount

    def _finish(self, scan: Scan, amount: Amount, unit: str) -> Amount:
        """Magnitude, unit and currency after a number, with the stop of an abbreviation."""
        tokens, scale = scan.tokens, amount.scale
        last = amount.last
        while last < len(tokens) and scan.free(last, last + 1):
            magnitude = self._magnitudes.at(tokens, last)
            if magnitude and scale == 1 and self._may_scale(scan, last):
                scale, last = Decimal(magnitude.value), self._past_stop(scan, magnitude.last)
                continue
            hit = self._unit_at(scan, last) if not unit or unit == "%" else None
            if hit is None or (unit == "%" and hit[0] != "pp"):
                break
            unit, last = hit[0], self._past_stop(scan, hit[1])
        other = amount.other * scale if amount.other is not None else None
        upper = amount.upper * scale if amount.upper is not None else None
        return replace(
            amount, value=amount.value * scale, other=other, upper=upper, unit=unit, scale=scale, last=last
        )

    def _may_scale(self, scan: Scan, at: int) -> bool:
        """A single letter is a magnitude only when it is joined to its number: 90k, 1.2M."""
        token = scan.tokens[at]
        return len(token.text) > 1 or (at > 0 and scan.tokens[at - 1].end == token.start)

    def _unit_at(self, scan: Scan, at: int) -> tuple[str, int] | None:
        if scan.tokens[at].kind == "points":
            return "pp", at + 1
        hit = self._units.at(scan.tokens, at) or self._currencies.at(scan.tokens, at)
        return (hit.value, hit.last) if hit and scan.free(hit.first, hit.last) else None

    @staticmethod
    def _past_stop(scan: Scan, last: int) -> int:
        """Past the stop of an abbreviation (тыс., руб.), but not past the sentence's own."""
        tokens = scan.tokens
        is_short = last > 0 and len(tokens[last - 1].text) <= 4 and tokens[last - 1].kind == "word"
        joined = (
            last < len(tokens) and tokens[last].text == "." and tokens[last].start == tokens[last - 1].end
        )
        return last + 1 if is_short and joined and last + 1 < len(tokens) else last

    def _with_roles(self, scan: Scan, amount: Amount) -> Amount:
        """The words before a quantity, and "or less", "more" after it."""
        roles, first, last = set(amount.roles), amount.first, amount.last
        if amount.upper is not None and first and scan.tokens[first - 1].norm in self._lexicon.between:
            first -= 1
        while True:
            hit = self._roles.before(scan.tokens, first)
            if hit is None or not scan.free(hit.first, hit.last) or hit.value in roles:
                break
            roles.add("by" if self._is_size_of_a_move(scan, hit) else hit.value)
            first = hit.first
        for words in (self._after, self._more):
            hit = words.at(scan.tokens, last)
            if hit and scan.free(hit.first, hit.last):
                roles.add(hit.value)
                last = hit.last
        return replace(amount, roles=frozenset(roles), first=first, last=last)

    def _is_size_of_a_move(self, scan: Scan, role: Hit[str]) -> bool:
        """ "an increase of 25 %": the word names no value but how far the move goes."""
        return (
            role.value == "level"
            and role.first > 0
            and self._moves.at(scan.tokens, role.first - 1) is not None
        )

    # --- multiples and fractions -------------------------------------------------------------------------

    def _read_multiples(self, scan: Scan) -> list[Amount]:
        """double, вдвое; 3 times, в 2 раза."""
        found = []
        for hit in scan.every(self._multiples):
            way, factor = hit.value[0], Fraction(hit.value[1])
            found.append(Amount(_decimal(factor), way=way, multiple=factor, first=hit.first, last=hit.last))
            scan.take(hit.first, hit.last, "quantity")
        for times in scan.every(self._times):
            number = times.first - 1
            if number < 0 or scan.tokens[number].kind != "number" or not scan.free(number, times.last):
                continue
            value = readings_of(scan.tokens[number].text, self._lexicon.decimal_mark)[0]
            if not 1 < value <= MOST_TIMES:
                continue
            first = number - 1 if number and scan.tokens[number - 1].norm in ("в", "by") else number
            found.append(Amount(value, multiple=Fraction(value), first=first, last=times.last))
            scan.take(first, times.last, "quantity")
        return found

    def _read_fractions(self, scan: Scan) -> list[Amount]:
        """by a third, на треть: only after the word that makes it a change."""
        found = []
        for hit in scan.every(self._fractions):
            role = self._roles.before(scan.tokens, hit.first)
            if role is None or role.value != "by" or not scan.free(role.first, hit.last):
                continue
            share = Fraction(*hit.value)
            found.append(
                Amount(
                    Decimal(0), roles=frozenset({"by"}), multiple=share, is_fraction=True,
                    first=role.first, last=hit.last,
                )
            )  # fmt: skip
            scan.take(role.first, hit.last, "quantity")
        return found


def readings_of(text: str, decimal_mark: str) -> list[Decimal]:
    """What a written number may be; the first is the language's own reading.

    "3,300" in English is 3300; in Russian, where a comma is the decimal mark, it may be 3.3 or 3300, as
    "3.300" may be. "1,234,567" and "1 234,5" have one reading.
    """
    digits = re.sub(f"[{SPACES}]", "", text)
    marks = [ch for ch in digits if ch in ".,"]
    if not marks:
        return [Decimal(digits)]
    whole = Decimal(digits.replace(",", "").replace(".", ""))
    if len(marks) > 1:
        return [whole] if len(set(marks)) == 1 else [_two_marks(digits, marks[-1])]
    split = Decimal(digits.replace(",", "."))
    groups = len(digits.partition(marks[0])[2]) == 3 and len(digits.partition(marks[0])[0]) <= 3
    if not groups or any(blank in text for blank in SPACES) or digits.startswith("0"):
        return [split]
    if decimal_mark == ".":
        return [whole] if marks[0] == "," else [split]
    return [split, whole]


def _two_marks(digits: str, last: str) -> Decimal:
    """1,234.50 and 1.234,50: the last mark is the decimal one."""
    other = "," if last == "." else "."
    return Decimal(digits.replace(other, "").replace(last, "."))


def share_of(multiple: Fraction, *, is_fraction: bool, down: bool) -> tuple[Decimal, bool]:
    """The change of a multiple as a signed share, and whether it had to be rounded.

    double: +1; halve or a double cut: -1/2; by a third: +1/3 or -1/3.
    """
    if is_fraction:
        change = -multiple if down else multiple
    else:
        change = 1 / multiple - 1 if down else multiple - 1
    exact = _decimal(change)
    rounded = exact.quantize(FRACTION_PLACES)
    return (rounded, True) if Fraction(rounded) != change else (exact, False)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
