"""Every generated sentence about a goal, in one place: why a status, what is measured, how it is calculated.

Here: English templates and the functions that fill them with numbers. Not here: rules that choose a status
(status.py), Russian wording (reports/templates/locale/ru/goals.po) or number formats (report/).

Kinds of a parameter: a unit ("money", "percent", "count", "hours", "number"), "points" (a difference of
shares: 0.054 for 5.4 points), "date", "week", "days", "times", "text" (text, or texts per language).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipeline.errors import Problem
from pipeline.goals.measure import PeriodName, Reading, has_opening_stock, whole_periods
from pipeline.goals.model import Reason
from pipeline.language import LANGUAGES, speech
from pipeline.sources.state import SourceState
from pipeline.workspace.model import Kpi, Measure

Param = tuple[str, object]

STRETCH = "{reason} This is a stretch goal: it is meant to be missed at times."
"""Its `reason` is the whole reason it follows."""
STRETCH_FLAG = (
    "{reason} This is a stretch goal: it is meant to be missed at times, and flagged only when its chance "
    "stays below half of the {at_set} it had at the start."
)
LATE = "{reason} Newer figures of {source} have not come yet."
"""Said of a verdict that rests on older periods because an export is late. `reason` as above."""

NOT_STARTED = "The goal starts on {start}."
NO_CLOSED = {
    "week": "No verdict yet: no week of this goal has closed; the first one closes on {closes}.",
    "month": "No verdict yet: no month of this goal has closed; the first one closes on {closes}.",
}
NOT_COVERED = (
    "No verdict yet: the exports cover only the days to {through}, and no period of this goal is in them."
)
NO_DATA = "No verdict: there are no figures for this goal from {first} to {last}."
FEW_CASES = "No verdict: too few cases for a rate from {first} to {last}: {n}; at least {needed} are needed."
NO_SEGMENT = (
    "No verdict: no row has {segment}. Values there are: {choices}. Correct the goal's segment, or wait for "
    "its first row."
)
SHORT_HISTORY = (
    "No verdict: the figure is measured from {first} to {last}, but the history begins only on {history}."
)
FEW = "No verdict yet: observations so far: {n}; at least {needed} are needed."
FOREIGN = (
    "No verdict: some amounts are in {currency}, and there is no rate to {company}. "
    "Add the rate or leave these rows out."
)
NO_RATE = (
    "No verdict: some amounts are in {currency}, and rates.csv has no rate to {company} for {day}. "
    "Add a rate of that day or shortly before."
)
NO_TARGET = "No verdict: the target refers to earlier figures, and there are none. Write it as a number."
STALE = (
    "No verdict: “{source}” is out of date. Its newest export came on {received} with data to {through}. "
    "Deliver a newer export and run the week again."
)
REFUSED = (
    "No verdict: the newest export of {source} could not be read. {why} Figures end with the "
    "export of {received}."
)
REFUSED_ONLY = "No verdict: the export of {source} could not be read. {why}"
NOT_FETCHED = (
    "No verdict: {source} was not fetched in time. {why} Figures end with what was fetched on {received}."
)
NEVER_FETCHED = "No verdict: {source} has not been fetched. {why}"
MISSING = (
    "No verdict: nothing has been received from {source}. Put its export into the folder and run "
    "the week again."
)

REACHED = "The target of {target} is reached: {actual} by {day}."
SHORT = "{actual} of {target} by {due}: {short} short of the target."
KEPT_LIMIT = "{actual} by {due}, within the limit of {target}."
OVER_LIMIT = "{actual} by {due}: {over} over the limit of {target}."
KEPT_SO_FAR = "{actual} by {day}, within the limit of {target} for the time to {due}."
LIMIT_BROKEN = "{actual} by {day} already exceeds the limit of {target} for the time to {due}."
LIMIT_BELOW = "{actual} of at most {target} by {day}; {expected} was planned, so {gap} remains unused."
LIMIT_ABOVE = "{actual} of at most {target} by {day}; {expected} was planned, so {gap} is over plan."

LEVEL_REACHED = "{actual} on {due}: the target of {target} is reached."
LEVEL_MISSED = "{actual} on {due}: the target of {target} is not reached."
LEVEL_AT_TARGET = "{actual} by {day}: already at the target of {target}; the verdict falls on {due}."
LEVEL_BEHIND = (
    "{actual} by {day} against {expected} planned (from {baseline} to {target} by {due}): {gap} behind plan."
)
LEVEL_AHEAD = (
    "{actual} by {day} against {expected} planned (from {baseline} to {target} by {due}): "
    "{gap} ahead of plan."
)
LEVEL_ON_PLAN = "{actual} by {day}, as planned (from {baseline} to {target} by {due})."
LEVEL_WORSE = (
    "{actual} by {day} against {expected} planned (to {target} by {due}): {gap} behind plan, "
    "and worse than the {baseline} at the start."
)
LEVEL_FALLEN = (
    "{actual} by {day}: no longer at the target of {target}, "
    "where it already stood at the start ({baseline})."
)
GROWTH_BEHIND = (
    "Growth is {actual} by {day}, the target is {target}: the days left to {due} have to bring {required}."
)
GROWTH_AHEAD = (
    "Growth is {actual} by {day}, the target is {target}: {required} in the days left to {due} is enough."
)
GROWTH_PLAIN = "Growth is {actual} by {day}, the target is {target}."

MAINTAIN = {
    "week": "Weeks at {target} or better: {inside} of {judged}; the newest is {actual}.",
    "month": "Months at {target} or better: {inside} of {judged}; the newest is {actual}.",
}
MAINTAIN_KEPT = {
    "week": "Kept: weeks at {target} or better: {inside} of {judged}.",
    "month": "Kept: months at {target} or better: {inside} of {judged}.",
}
MAINTAIN_MISSED = {
    "week": "Not kept: weeks at {target} or better: {inside} of {judged}; allowed to be worse: {allowed}.",
    "month": "Not kept: months at {target} or better: {inside} of {judged}; allowed to be worse: {allowed}.",
}
MAINTAIN_LOST = {
    "week": "The goal can no longer be kept: weeks worse than {target}: {outside}; allowed: {allowed}.",
    "month": "The goal can no longer be kept: months worse than {target}: {outside}; allowed: {allowed}.",
}
SO_FAR = {
    "week": "{reason} Weeks met so far: {met} of {judged}; in a row up to now: {streak}.",
    "month": "{reason} Months met so far: {met} of {judged}; in a row up to now: {streak}.",
    "quarter": "{reason} Quarters met so far: {met} of {judged}; in a row up to now: {streak}.",
}
COMING = {
    "week": "{reason} The week from {start}: {chance} likely to come to {target}.",
    "month": "{reason} The month from {start}: {chance} likely to come to {target}.",
    "quarter": "{reason} The quarter from {start}: {chance} likely to come to {target}.",
}
RECURRED = {
    "week": "Weeks met: {met} of {all}; {needed} were needed. In a row at the end: {streak}.",
    "month": "Months met: {met} of {all}; {needed} were needed. In a row at the end: {streak}.",
    "quarter": "Quarters met: {met} of {all}; {needed} were needed. In a row at the end: {streak}.",
}
CHANCE = (
    "{chance} likely: the forecast for {due} is {forecast} (80 % range {low} to {high}), the target {target}."
)
CHANCE_SUM = (
    "{chance} likely: {actual} of {target} by {day}; the forecast for {due} is {forecast} "
    "(80 % range {low} to {high})."
)
CHANCE_LIMIT = (
    "{chance} likely: {actual} of at most {target} by {day}; the forecast for {due} is {forecast} "
    "(80 % range {low} to {high})."
)
CHANCE_KEPT = {
    "week": "{chance} likely: weeks at {target} or better: {inside} of {judged}; the newest is {actual}.",
    "month": "{chance} likely: months at {target} or better: {inside} of {judged}; the newest is {actual}.",
}

_LAST = {
    ("week", True): "the last week ran at {run_rate}",
    ("week", False): "the last {n} weeks ran at {run_rate}",
    ("month", True): "the last month ran at {run_rate}",
    ("month", False): "the last {n} months ran at {run_rate}",
}
_EACH = {"week": "a week", "month": "a month"}


def cumulative_pace(period: PeriodName, n: int, behind: bool, beyond_best: bool) -> str:
    """The sentence of a sum on its way: gap, recent rate, needed rate, and whether that was ever reached."""
    head = "{actual} of {target} by {day}: {gap} " + ("behind plan" if behind else "ahead of plan")
    return f"{head}; {_rates(period, n, behind, beyond_best)}"


def cumulative_chance(period: PeriodName, n: int, short: bool, beyond_best: bool) -> str:
    """The same with its chance. `short`: the recent rate is less than what is needed."""
    return "{chance} likely: {actual} of {target} by {day}; " + _rates(period, n, short, beyond_best)


def _rates(period: PeriodName, n: int, short: bool, beyond_best: bool) -> str:
    last = f"{_LAST[period, n == 1]}, " if n else ""
    need = "is needed" if short else "is enough"
    tail = f", more than any {period} on record ({{best}})" if short and beyond_best else ""
    return f"{last}{{required}} {_EACH[period]} {need}{tail}."


LABELS = {
    "sum": "sum from {first} to {last}",
    "pooled_week": "pooled over the {n} weeks to {last}",
    "pooled_month": "pooled over the {n} months to {last}",
    "window": "pooled from {first} to {last}",
    "mean_week": "mean per week from {first} to {last}",
    "mean_month": "mean per month from {first} to {last}",
    "single": "the period from {first} to {last}",
    "each_week": "each week by itself, newest from {first} to {last}",
    "each_month": "each month by itself, newest from {first} to {last}",
    "growth": "growth against the prior year from {first} to {last}",
}
CALCULATIONS = {
    "none": "There is no figure from {first} to {last}.",
    "sum": "Total from {first} to {last}: {value}.",
    "mean_week": "{numerator} from {first} to {last}: {value} a week on average.",
    "mean_month": "{numerator} from {first} to {last}: {value} a month on average.",
    "ratio": "{numerator} / {denominator} from {first} to {last}: {value}.",
    "level": "Calculated over all days from {first} to {last}: {value}.",
    "at_end": "At the end of {last}: {value}.",
    "at_start": "At the start of {first}: {value}.",
    "total": "Total to the end of {last}: {value}.",
    "complement": "1 - {numerator} / {denominator} from {first} to {last}: {value}.",
    "stock": "{numerator} / {denominator} at the start of {first}, counted until {last}: {value}.",
    "stock_complement": (
        "1 - {numerator} / {denominator} at the start of {first}, counted until {last}: {value}."
    ),
    "growth": (
        "{numerator} from {first} to {last} against {denominator} in the same weeks of the prior "
        "year: {value}."
    ),
    "churn_rate": "{numerator} of {denominator} customers at the start of {first} left by {last}: {value}.",
    "churn_rate_week": (
        "{numerator} of {denominator} customers at the start of {first} left in the {n} weeks to "
        "{last}: {value}."
    ),
    "retention_rate": (
        "{numerator} of {denominator} customers at the start of {first} left by {last}, so {value} stayed."
    ),
    "closing_rate": "{numerator} of {denominator} deals closed from {first} to {last} were won: {value}.",
    "reply_rate": "{numerator} replies to {denominator} messages sent from {first} to {last}: {value}.",
    "funnel_flow": (
        "{numerator} entries into the later stage / {denominator} into the earlier one from {first} "
        "to {last}: {value}."
    ),
    "cac": (
        "{numerator} of sales and marketing cost / {denominator} new customers from {first} to "
        "{last}: {value}."
    ),
}


def part_kind(measure: Measure | None) -> str:
    """How a numerator or denominator is printed."""
    if measure is None or measure.aggregate == "count":
        return "count"
    column = measure.column or ""
    return {"amount": "money", "mrr": "money", "cost": "money", "hours": "hours", "count": "count"}.get(
        column, "number"
    )


def measured_label(kpi: Kpi, kind: str, over: str, reading: Reading, period: PeriodName) -> Reason:
    """What is measured in words."""
    span = reading.span
    n = int(whole_periods(span, period).to_integral_value())
    if kind == "cumulative":
        key = "sum"
    elif kpi.shape == "growth":
        key = "growth"
    elif over == "last":
        key = f"each_{period}" if kind == "maintain" else "single"
    elif kpi.shape == "sum":
        key = f"mean_{period}"
    elif over == "trailing":
        key = f"pooled_{period}"
    else:
        key = "window"
    return Reason(
        LABELS[key], {"n": ("count", n), "first": ("date", span.first), "last": ("date", span.last)}
    )


def calculation(kpi: Kpi, kind: str, reading: Reading, period: PeriodName) -> Reason:
    """The calculation in one sentence with its numbers."""
    span, unit = reading.span, kpi.unit.value
    equivalents = whole_periods(span, period)
    above, below = _part_kinds(kpi)
    params: dict[str, Param] = {
        "first": ("date", span.first),
        "last": ("date", span.last),
        "n": ("count", int(equivalents.to_integral_value())),
        "value": (unit, reading.value),
        "numerator": (above, reading.numerator),
        "denominator": (below, reading.denominator),
    }
    return Reason(CALCULATIONS[_calculation_key(kpi, kind, reading, period, equivalents)], params)


def _calculation_key(kpi: Kpi, kind: str, reading: Reading, period: PeriodName, equivalents: Decimal) -> str:
    if reading.value is None:
        return "none"
    if kpi.shape == "growth":
        return "growth"
    if kpi.shape == "level":
        return _level_key(kpi)
    if kpi.shape == "sum":
        return "sum" if kind == "cumulative" or equivalents == 1 else f"mean_{period}"
    if kpi.id == "churn_rate" and period == "week" and equivalents > 1 and equivalents % 1 == 0:
        return "churn_rate_week"
    if kpi.id in CALCULATIONS:
        return kpi.id
    stock = has_opening_stock(kpi)
    return (
        ("stock_complement" if stock else "complement") if kpi.complement else "stock" if stock else "ratio"
    )


def _level_key(kpi: Kpi) -> str:
    if kpi.kind == "cumulative":
        return "total"
    taken = kpi.numerator.taken if kpi.kind == "simple" and kpi.numerator else "flow"
    return {"closing": "at_end", "opening": "at_start"}.get(taken, "level")


def _part_kinds(kpi: Kpi) -> tuple[str, str]:
    """How what stands above and below the line is printed."""
    if kpi.made is not None:
        above, below = kpi.made.units
        return above.value, below.value
    return part_kind(kpi.numerator), part_kind(kpi.numerator if kpi.shape == "growth" else kpi.denominator)


def no_figure(kpi: Kpi, reading: Reading) -> Reason:
    """Why there is nothing to judge: too few cases to divide by, or no figures at all."""
    params: dict[str, Param] = {"first": ("date", reading.span.first), "last": ("date", reading.span.last)}
    cases = reading.denominator
    if reading.value is not None or not cases or abs(cases) >= kpi.minimum_sample:
        return Reason(NO_DATA, params)
    below = _part_kinds(kpi)[1]
    return Reason(FEW_CASES, {**params, "n": (below, cases), "needed": (below, Decimal(kpi.minimum_sample))})


def source_reason(state: SourceState, received: date | None) -> Reason:
    """Why a source keeps a goal from a verdict: which, since when, and what to do."""
    params: dict[str, Param] = {"source": ("text", state.title or state.source_id)}
    if state.is_fetched and state.freshness in ("stale", "missing"):
        params["why"] = ("text", _said(state.problem))
        if received is None:
            return Reason(NEVER_FETCHED, params)
        return Reason(NOT_FETCHED, {**params, "received": ("date", received)})
    if state.freshness == "missing" or (received is None and state.freshness != "refused"):
        return Reason(MISSING, params)
    if state.freshness == "refused":
        params["why"] = ("text", _said(state.problem))
        if received is None:
            return Reason(REFUSED_ONLY, params)
        return Reason(REFUSED, {**params, "received": ("date", received)})
    return Reason(
        STALE, {**params, "received": ("date", received), "through": ("date", state.data_through or received)}
    )


def _said(problem: Problem | None) -> dict[str, str]:
    if problem is None:
        return {"": ""}
    return {lang: problem.text(speech(lang)) for lang in LANGUAGES}


def stretched(reason: Reason, at_set: str | None = None) -> Reason:
    """The same reason, and that the goal is one that is expected to fail sometimes. `at_set`: its chance when
    it was set, printed, which its flag is measured by."""
    if at_set is None:
        return Reason(STRETCH, {"reason": ("text", reason)})
    return Reason(STRETCH_FLAG, {"reason": ("text", reason), "at_set": ("text", at_set)})


def awaiting(reason: Reason, state: SourceState) -> Reason:
    """The same reason, and which source's export of the newest periods is still to come."""
    return Reason(LATE, {"reason": ("text", reason), "source": ("text", state.title or state.source_id)})


def every_template() -> set[str]:
    """All templates this module can produce: the catalogues are tested against it."""
    named = [value for name, value in globals().items() if name.isupper() and not name.startswith("_")]
    found = {value for value in named if isinstance(value, str)}
    for value in named:
        if isinstance(value, dict):
            found |= {text for text in value.values() if isinstance(text, str)}
    periods: tuple[PeriodName, ...] = ("week", "month")
    return found | {
        sentence(period, n, short, beyond)
        for sentence in (cumulative_pace, cumulative_chance)
        for period in periods
        for n in (0, 1, 2)
        for short in (True, False)
        for beyond in (True, False)
    }
