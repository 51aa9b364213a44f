"""From quantities to baseline, target, base of a change, kind and period of a goal (RISK kinds: cumulative,
level, maintain).

Here: what the numbers of one goal mean for its KPI, and every case in which the words leave that open. Not
here: finding numbers (quantities.py), dates (dates.py).

What is never decided here: per cent against points for a rate, the base of a change that is not named, a
number with two readings, a way that is worse for the KPI. Such a line has no value and says what to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.drafting.model import Line, Said
from pipeline.drafting.quantities import Amount, share_of
from pipeline.drafting.reading import Facts
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Kpi

RECURRING = ("week", "month", "quarter")
RATE_SPAN = {"day": 13, "month": 3}
"""Periods of the KPI's grain in a quarter, over which a rate is pooled (goals/measure.py)."""
CLOSE_MAGNITUDES = (Decimal("0.05"), Decimal(20))
"""«с 1,2 до 1,5 млн»: a bare first number takes the second one's magnitude when the two are this near."""
AGREES = Decimal("0.005")
"""Relative difference that rounding explains."""
OTHER_RATES = {
    "day": "{value} a day as written; goals are judged by week or month",
    "quarter": "{value} a quarter as written; goals are judged by week or month",
    "year": "{value} a year as written; goals are judged by week or month",
}


@dataclass(frozen=True)
class Aim:
    """The lines about numbers; the kind is the first."""

    lines: tuple[Line, ...]
    unused: tuple[str, ...]
    """Quantities as written that are neither target nor baseline."""


def aim_of(facts: Facts, kpi: Kpi | None, currency: str | None) -> Aim:
    """baseline, target, relative_to, kind, period and measured of a goal. `kpi` None: not known;
    `currency`: the company's, None without a workspace."""
    numbers = _Numbers(facts, kpi, currency)
    lines = [_kind(numbers), *_measured(numbers), *numbers.lines()]
    return Aim(tuple(lines), tuple(one.words for one in facts.amounts if not numbers.uses(one)))


def plain(value: Decimal) -> str:
    """1950000 -> "1 950 000", 45.50 -> "45.5": as goal files write numbers."""
    text = format(value.normalize() if value else Decimal(0), ",f")
    return text.replace(",", " ")


def written(value: Decimal, unit: str, *, signed: bool = False) -> str:
    """With the mark of a percentage or of points; money and hours stand in the KPI's own unit."""
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{plain(value)}{' ' + unit if unit in ('%', 'pp') else ''}"


def _decide(template: str, **params: str) -> Line:
    return Line("target", "", "decide", Said(template, params))


class _Numbers:
    """The quantities of one goal in their parts."""

    def __init__(self, facts: Facts, kpi: Kpi | None, currency: str | None) -> None:
        self.facts, self.kpi, self.currency = facts, kpi, currency
        self.baselines = [one for one in facts.amounts if "from" in one.roles]
        rest = [one for one in facts.amounts if "from" not in one.roles]
        self.changes = [one for one in rest if self._changes(one)]
        self.targets = self._likeliest([one for one in rest if one not in self.changes])

    def uses(self, amount: Amount) -> bool:
        """Also when the sentence says a value twice."""
        used = [*self.baselines, *self.changes, *self.targets]
        return any((one.value, one.unit) == (amount.value, amount.unit) for one in used)

    @property
    def is_rate(self) -> bool:
        return self.kpi is not None and self.kpi.unit is Unit.PERCENT

    @property
    def every(self) -> str:
        """How often a value is to be reached anew; empty for once. What rises to it ("raise sales to 100 000
        every month"), is kept or has a limit of a rate is judged period by period without recurring."""
        facts, kpi = self.facts, self.kpi
        if kpi is None or not (facts.recurs and self.targets) or self.moves or facts.verb == "keep":
            return ""
        if facts.per not in RECURRING or (kpi.grain == "month" and facts.per == "week"):
            return ""
        return "" if kpi.kind != "simple" and _is_limit(self) else facts.per

    @property
    def moves(self) -> bool:
        return self.facts.verb in ("up", "down", "better")

    def _changes(self, amount: Amount) -> bool:
        """Whether a quantity is a change rather than a value to reach."""
        if amount.multiple is not None or "sign" in amount.roles or "by" in amount.roles:
            return not self._is_growth_itself(amount)
        if amount.roles & {"more", "fewer"}:
            return not (self.facts.verb == "reach" and not amount.unit)
        is_value = bool(amount.roles & {"to", "level"}) or amount.is_limit
        moved = self.facts.verb in ("up", "down") or (self.facts.prior_year and not self.is_rate)
        if amount.unit == "%" and not is_value and moved:
            return True
        return amount.unit == "pp" and not is_value

    def _is_growth_itself(self, amount: Amount) -> bool:
        """«обеспечить рост продаж год к году на 15 %»: 15 % is the growth, not a change of it."""
        growth = self.kpi is not None and self.kpi.kind == "growth"
        return (
            growth
            and amount.unit == "%"
            and amount.multiple is None
            and self.facts.verb in ("", "reach", "keep")
        )

    def _likeliest(self, found: list[Amount]) -> list[Amount]:
        """Values to reach. A number with "to", a limit or a unit, or next to the KPI's name, comes before a
        stray one ("with 3 people")."""
        if len(found) < 2:
            return found
        places = {mention.first for mention in self.facts.mentions}
        for test in (_is_strong, lambda one: one.last in places):
            strong = [one for one in found if test(one)]
            if strong:
                return _distinct(strong)
        return _distinct(found)

    # --- the lines ---------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        baseline = self._baseline_amount()
        target = self._target(baseline)
        yield from self._baseline_line(baseline, target)
        yield target
        if self._is_relative() and not (target.mark and self.targets):
            yield self._base_line(baseline)

    def _is_relative(self) -> bool:
        return bool(self.changes) and not self.targets

    def _baseline_amount(self) -> Amount | None:
        """The first "from", with the unit and magnitude that only the target has written."""
        if not self.baselines:
            return None
        start = self.baselines[0]
        if not self.targets:
            return start
        end = self.targets[0]
        if not start.unit and end.unit in ("%", "hours"):
            start = replace(start, unit=end.unit)
        low, high = CLOSE_MAGNITUDES
        bare = end.value / end.scale
        if start.scale == 1 and end.scale != 1 and bare and low <= start.value / bare <= high:
            start = replace(start, value=start.value * end.scale, scale=end.scale)
        return start

    def _baseline_line(self, baseline: Amount | None, target: Line) -> Iterator[Line]:
        if baseline is not None:
            unfit = self._unfit(baseline)
            unclear = baseline.other is not None or baseline.upper is not None
            if unfit is not None or unclear or len(self.baselines) > 1:
                return  # the target's line says so: check could not point at a baseline
            yield Line("baseline", written(baseline.value, baseline.unit))
        elif self._is_relative() and self.facts.from_baseline:
            yield Line("baseline", "", "missing", Said("where the figure stands today"))

    def _base_line(self, baseline: Amount | None) -> Line:
        if self.facts.prior_year:
            return Line("relative_to", "prior_year")
        if baseline is not None or self.facts.from_baseline:
            return Line("relative_to", "baseline")
        said = Said(
            "the change is from what? prior_year (the same time last year), or baseline with its number"
        )
        return Line("relative_to", "", "decide", said)

    def _target(self, baseline: Amount | None) -> Line:
        if not self.targets and not self.changes:
            return Line("target", "", "missing", Said("a number to reach"))
        steps: tuple[Callable[[Amount | None], Line | None], ...] = (
            self._two_readings, self._several, self._wrong_unit, self._wrong_currency, self._wrong_rate,
            self._recurring, self._against_kpi, self._against_verb, self._change_and_value,
        )  # fmt: skip
        for step in steps:
            found = step(baseline)
            if found is not None:
                return found
        return self._value_line() if self.targets else self._change_line(baseline)

    @property
    def _main(self) -> Amount:
        return self.targets[0] if self.targets else self.changes[0]

    def _value_line(self) -> Line:
        amount = self._main
        if self._by_or_to(amount):
            shown = written(amount.value, amount.unit)
            return _decide(
                "{value} as the value to reach, or {change} as a change?",
                value=shown,
                change=self._signed(amount, amount.unit),
            )
        said = None
        if self.currency is None and len(amount.unit) == 3:
            said = Said(
                "{currency} as written; amounts are in the company's currency", {"currency": amount.unit}
            )
        return Line("target", written(amount.value, amount.unit), said=said)

    def _by_or_to(self, amount: Amount) -> bool:
        """ "increase revenue $50k" says neither by nor to; a count right before its KPI's name is a value."""
        bare = not (amount.roles - {"level"}) and "level" not in amount.roles
        return bare and self.facts.verb in ("up", "down") and amount.unit != "pp"

    def _change_line(self, baseline: Amount | None) -> Line:
        amount = self._main
        way = self._way(amount)
        if amount.multiple is None and not amount.value:
            return Line("target", "", "missing", Said("a number to reach"))
        if not way:
            return _decide(
                "more or less? The sentence does not say which way {value} goes", value=self._words(amount)
            )
        if amount.multiple is not None:
            share, rounded = share_of(amount.multiple, is_fraction=amount.is_fraction, down=way == "down")
            said = Said("rounded: the sentence says it as a fraction") if rounded else None
            return Line("target", written(share * 100, "%", signed=True), said=said)
        if amount.unit == "pp":
            return Line("target", self._signed(amount, "pp"))
        if self.is_rate or self.kpi is None:
            return self._percent_or_points(amount, baseline)
        return Line("target", self._signed(amount, amount.unit))

    def _percent_or_points(self, amount: Amount, baseline: Amount | None) -> Line:
        if self.kpi is None and amount.unit != "%":
            return Line("target", self._signed(amount, amount.unit))
        percent, points = self._signed(amount, "%"), self._signed(amount, "pp")
        if baseline is None or baseline.other is not None:
            return _decide(
                "{percent} (of the rate) or {points} (percentage points)?", percent=percent, points=points
            )
        change = amount.value if self._way(amount) == "up" else -amount.value
        return _decide(
            "{percent} (then {of_rate}) or {points} (then {in_points})?", percent=percent, points=points,
            of_rate=written(baseline.value * (1 + change / 100), "%"),
            in_points=written(baseline.value + change, "%"),
        )  # fmt: skip

    def _signed(self, amount: Amount, unit: str) -> str:
        value = abs(amount.value) if self._way(amount) != "down" else -abs(amount.value)
        return written(value, unit, signed=True)

    def _way(self, amount: Amount) -> str:
        if "sign" in amount.roles:
            return "up" if amount.value > 0 else "down"
        for word, way in (("more", "up"), ("fewer", "down")):
            if word in amount.roles:
                return way
        if amount.way:
            return amount.way
        if self.facts.verb in ("up", "down"):
            return self.facts.verb
        return self.kpi.direction.value if self.facts.verb == "better" and self.kpi else ""

    def _words(self, amount: Amount) -> str:
        return plain(amount.value) + (f" {amount.unit}" if amount.unit else "")

    # --- what keeps a target from being read -------------------------------------------------------------

    def _several(self, _: Amount | None) -> Line | None:
        for group in (self.targets, self.changes, self.baselines):
            if len(group) > 1:
                values = ", ".join(self._words(one) for one in group)
                return _decide("which of these? {values}", values=values)
        return None

    def _two_readings(self, _: Amount | None) -> Line | None:
        for amount in (self._main, *self.baselines):
            if amount.upper is not None:
                ends = f"{self._words(amount)}, {self._words(replace(amount, value=amount.upper))}"
                return _decide("which of these? {values}", values=ends)
            if amount.other is not None:
                return _decide(
                    "{one} or {other}? The sentence can be read both ways",
                    one=written(amount.value, amount.unit), other=written(amount.other, amount.unit),
                )  # fmt: skip
        return None

    def _wrong_unit(self, _: Amount | None) -> Line | None:
        """Units of the value to reach and of the baseline; a change may be in per cent for any KPI."""
        values = [*self.targets, *self.baselines]
        unfit = next((found for one in values if (found := self._unfit(one))), None)
        if unfit is None and not self.targets:
            change = self._main
            if change.unit not in ("", "%", "pp") or (change.unit == "pp" and self.kpi and not self.is_rate):
                unfit = self._unfit(change)
        return unfit

    def _unfit(self, amount: Amount) -> Line | None:
        """Whether a value cannot be one of this KPI."""
        if self.kpi is None:
            return None
        if self.is_rate:
            inherits = "from" in amount.roles and self.targets and self.targets[0].unit == "%"
            if amount.unit == "%" or (not amount.unit and inherits):
                return None
            return _decide(
                "{kpi} is a percentage, the sentence says {value}", kpi=self.kpi.id, value=self._words(amount)
            )
        fitting = {Unit.MONEY: _is_money, Unit.HOURS: lambda unit: unit == "hours"}.get(self.kpi.unit)
        fits = not amount.unit and not self._counts_deals(amount)
        if fits or (amount.unit and fitting and fitting(amount.unit)):
            return None
        return _decide(
            "the unit of {kpi} is {unit}, the sentence says {value}",
            kpi=self.kpi.id, unit=self._unit_name(), value=self._words(amount),
        )  # fmt: skip

    def _counts_deals(self, amount: Amount) -> bool:
        """ "40 sales" may be forty deals: there a sum of money has its currency or magnitude."""
        beside = amount.last in {mention.first for mention in self.facts.mentions}
        is_money = self.kpi is not None and self.kpi.unit is Unit.MONEY
        return is_money and beside and not amount.unit and amount.scale == 1

    def _unit_name(self) -> str:
        if self.kpi is None:
            return ""
        return self.currency or "money" if self.kpi.unit is Unit.MONEY else str(self.kpi.unit.value)

    def _wrong_currency(self, _: Amount | None) -> Line | None:
        for amount in (self._main, *self.baselines):
            if self.currency and _is_money(amount.unit) and amount.unit != self.currency:
                return _decide(
                    "{value} as written, but the company reports in {currency}",
                    value=self._words(amount), currency=self.currency,
                )  # fmt: skip
        return None

    def _wrong_rate(self, _: Amount | None) -> Line | None:
        """A number per day, quarter or year cannot be judged by the week or month."""
        per, kpi = self.facts.per, self.kpi
        if kpi is None or not per:
            return self._no_period()
        if kpi.kind == "simple" and per in ("day", "quarter", "year") and not self.every:
            return Line("target", "", "decide", Said(OTHER_RATES[per], {"value": self._words(self._main)}))
        if kpi.grain == "month" and per in ("day", "week"):
            return _decide("{kpi} exists by month only, the sentence names a shorter time", kpi=kpi.id)
        return None

    def _recurring(self, _: Amount | None) -> Line | None:
        """ "By 10 % every month" is a recurring goal, whose base a sentence seldom says."""
        if self.targets or not self.facts.recurs:
            return None
        return _decide(
            "{value} once, or again each time? For that write `every` and what it compounds on",
            value=self._words(self._main),
        )

    def _no_period(self) -> Line | None:
        keeps = self.facts.verb == "keep" and self.kpi is not None and self.kpi.kind == "simple"
        if not keeps:
            return None
        return _decide(
            "{value} a week (period: week) or a month (period: month)?", value=self._words(self._main)
        )

    def _against_kpi(self, _: Amount | None) -> Line | None:
        """Less of what should grow, more of what should shrink."""
        if self.kpi is None:
            return None
        main = self._main
        ways = {self.facts.verb} if self.facts.verb in ("up", "down") else set()
        if not self.targets:
            ways.add(self._way(main))
        ways |= {
            way for role, way in (("least", "up"), ("most", "down")) if role in main.roles and self.targets
        }
        rising = self.kpi.direction is Direction.UP
        if ("down" if rising else "up") not in ways:
            return None
        return _decide(
            "{value} as written goes down, but more is better for {kpi}"
            if rising
            else "{value} as written goes up, but less is better for {kpi}",
            value=self._words(main),
            kpi=self.kpi.id,
        )

    def _against_verb(self, baseline: Amount | None) -> Line | None:
        """ "raise from 30 to 25 %": the numbers go the other way."""
        if baseline is None or not self.targets:
            return None
        rises = self._main.value > baseline.value
        way = self._way(self._main) or (self.kpi.direction.value if self.kpi else "")
        if self._main.value != baseline.value and way in ("", "up" if rises else "down"):
            return None
        return _decide(
            "from {baseline} to {value} goes against the sentence's own direction",
            baseline=self._words(baseline), value=self._words(self._main),
        )  # fmt: skip

    def _change_and_value(self, baseline: Amount | None) -> Line | None:
        """ "from 100 to 120 by 25 %": a change beside a value must agree with it."""
        if not (self.targets and self.changes):
            return None
        change, value = self.changes[0], self._main.value
        if baseline is not None and any(
            abs(one - value) <= abs(value) * AGREES for one in self._results(baseline, change)
        ):
            return None
        return _decide(
            "{value} as the value to reach, or {change} as a change?",
            value=self._words(self._main), change=change.words,
        )  # fmt: skip

    def _results(self, baseline: Amount, change: Amount) -> list[Decimal]:
        """What a change makes of the baseline, in every reading it has."""
        down = self._way(change) == "down"
        sign = -1 if down else 1
        if change.multiple is not None:
            return [
                baseline.value * (1 + share_of(change.multiple, is_fraction=change.is_fraction, down=down)[0])
            ]
        size = sign * abs(change.value)
        in_points = baseline.value + size
        of_base = baseline.value * (1 + size / 100)
        return [of_base, in_points] if change.unit == "%" else [in_points]


def _is_strong(amount: Amount) -> bool:
    return bool(amount.roles & {"to", "least", "most", "level"}) or bool(amount.unit)


def _distinct(found: list[Amount]) -> list[Amount]:
    return list({(one.value, one.unit): one for one in found}.values())


def _is_money(unit: str) -> bool:
    return len(unit) == 3 and unit.isupper()


# --- kind, period, measured ------------------------------------------------------------------------------


def _kind(numbers: _Numbers) -> Line:
    """cumulative, level or maintain, as verb, period and kind of KPI have it."""
    facts, kpi = numbers.facts, numbers.kpi
    if kpi is None:
        return Line("kind", "", "decide", Said("cumulative, level or maintain: depends on the KPI"))
    if facts.verb == "keep":
        return Line("kind", "maintain")
    if numbers.every:
        return Line("kind", "cumulative" if kpi.kind == "simple" else "level")
    if kpi.kind != "simple":
        holds = not numbers.moves and facts.verb != "reach" and not _has_deadline(facts)
        return Line("kind", "maintain" if holds and _is_limit(numbers) else "level")
    if facts.per:
        return Line("kind", "level" if numbers.moves or _has_deadline(facts) else "maintain")
    if numbers.moves and numbers.targets and not any(when.role == "window" for when in facts.times):
        return Line(
            "kind",
            "",
            "decide",
            Said("cumulative (a total until due) or level (with period: week or month)?"),
        )
    return Line("kind", "cumulative")


def _is_limit(numbers: _Numbers) -> bool:
    return any(one.is_limit for one in numbers.targets)


def _has_deadline(facts: Facts) -> bool:
    """A day by which a value is to be reached; "until" is the end of a time during which it holds."""
    return any(when.role == "due" and when.deadline for when in facts.times)


def _measured(numbers: _Numbers) -> Iterator[Line]:
    """The period a number was quoted for, so that like is compared with like."""
    facts, kpi = numbers.facts, numbers.kpi
    if numbers.every:
        yield Line("every", numbers.every)  # each is measured over its own days
        return
    if kpi is None or not facts.per:
        yield from _open_span(numbers)
        return
    if facts.per in ("week", "month") and not (kpi.grain == "month" and facts.per == "week"):
        yield Line("period", facts.per)
        if kpi.kind == "ratio" and _kind(numbers).value == "level":
            yield Line("measured", "{over: last}")
    elif facts.per == "quarter" and kpi.kind == "ratio" and _kind(numbers).value == "level":
        yield Line("measured", f"{{over: trailing, periods: {RATE_SPAN[kpi.grain]}}}")


def _open_span(numbers: _Numbers) -> Iterator[Line]:
    """A rate over customers at the start depends on its length: the draft says which is taken."""
    kpi = numbers.kpi
    stock = kpi is not None and kpi.denominator is not None and kpi.denominator.taken == "opening"
    if kpi is not None and stock and _kind(numbers).value == "level":
        said = Said("the sentence names no period for this rate; this is a quarter")
        yield Line("measured", f"{{over: trailing, periods: {RATE_SPAN[kpi.grain]}}}", said=said)
