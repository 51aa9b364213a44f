"""SMART, checked: a verdict per letter of every goal, each with its evidence in numbers.

Here: what is looked at for each letter and how it is judged. Not here: the chance of a rate
(achievability.py) or of another goal (chances.py), or how a verdict is printed. Evidence is a sentence
template with its numbers; the worst piece of evidence decides a letter.

Achievable rests on three lines of evidence: the chance from history, the hours the initiatives need against
the hours their owners have, and the word of whoever committed to the goal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pipeline.goals.achievability import (
    AmbitionClass,
    RateHistory,
    ambition,
    offered_targets,
    rate_chance,
)
from pipeline.goals.book import SeriesBook
from pipeline.goals.chances import as_decimal, outlook_at_start
from pipeline.goals.forecast.outlook import OFFERED, Outlook
from pipeline.goals.measure import (
    Series,
    Span,
    baseline_at_start,
    baseline_of,
    cut,
    effective_kind,
    goal_period,
    has_counts,
    has_opening_stock,
    is_whole,
    measure,
    measurement,
    reaches,
    read_span,
    resolved,
    trailing_first,
    whole_period,
    whole_periods,
)
from pipeline.goals.model import LetterVerdict, Reason, SmartVerdict
from pipeline.goals.parts import sums_of_parts, total_target
from pipeline.goals.recurring import instance_goals, recurring_spans
from pipeline.goals.segments import unseen_part
from pipeline.goals.status import printed_chance
from pipeline.kpis.derived import AnySeries
from pipeline.kpis.registry import feeding_sources
from pipeline.kpis.series import ComponentIndex
from pipeline.language import LANGUAGES, pick
from pipeline.periods import DAY, add_months
from pipeline.sources.state import SourceState
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Goal, Initiative, Kpi, Person, Workspace
from pipeline.workspace.rules import written

if TYPE_CHECKING:
    import pandas as pd

Grade = Literal["pass", "warn", "fail", "unknown"]
Letter = Literal["S", "M", "A", "R", "T"]
Evidence = tuple[Grade, Reason]
Param = tuple[str, object]
ORDER: tuple[Grade, ...] = ("fail", "unknown", "warn", "pass")

RECENT = {"week": 13, "month": 6}
"""Whole periods before the start whose counts carry a rate's chance."""
KEPT_PERIODS = {"week": 26, "month": 12}
"""Periods before the start that a goal to keep is held against."""
STOCK_SPANS = 4
"""Spans of the measured length that carry the chance of a rate over an opening stock."""
TOLERANCE = Decimal("0.05")
"""Relative difference between a stated baseline and the data that is still agreement."""
TOLERANCE_SHARE = Decimal("0.01")
"""For percentages also one point."""
BEYOND_BEST = Decimal("1.25")
"""Up to this multiple of the best on record a target is ambitious, above it too ambitious."""
SPARE_HOURS = Decimal("0.8")
FEWEST_PERIODS = 4
BASES = {
    "baseline": "the baseline",
    "prior_period": "the period before",
    "prior_year": "the same time last year",
}
CLASS_GRADE: dict[AmbitionClass, Grade] = {
    "comfortable": "pass",
    "achievable": "pass",
    "stretch": "warn",
    "too_ambitious": "fail",
}

S_NUMBER = "Target as a number: {target} for {kpi}."
S_NO_KPI = "The KPI {kpi} does not exist."
S_NO_TARGET = "The target refers to earlier figures, and there are none."
S_SEGMENT = "The segment “{segment}” occurs in the data."
S_SEGMENT_EMPTY = "The segment “{segment}” does not occur in the data. Values there are: {choices}."
S_SEGMENT_NONE = "The segment “{segment}” does not occur in the data; check its spelling."
S_CHANGES = {
    "%": "The target is a change of {change}, in per cent, against {base}.",
    "pp": "The target is a change of {change}, in percentage points, against {base}.",
    "": "The target is a change of {change}, as an amount, against {base}.",
}
S_EVERY = {
    "week": "It is set anew for every week.",
    "month": "It is set anew for every month.",
    "quarter": "It is set anew for every quarter.",
}
S_OWNER = "{owner} is responsible."
S_NO_OWNER = "The owner {owner} is not in people.yaml."
M_SOURCES = "Sources deliver: {sources}."
M_NO_SOURCE = "No source feeds the KPI {kpi}."
M_SOURCE_BAD = "{source} does not deliver: its export is missing, refused or out of date."
M_NO_DATA = "There are no figures for the KPI yet."
M_BASELINE = "The baseline of {baseline} agrees with the data: {measured} on {day}."
M_BASELINE_OFF = "The baseline is stated as {baseline}, the data show {measured} on {day}."
M_BASELINE_OPEN = (
    "The baseline of {baseline} cannot be checked: the data do not reach the day before the start."
)
M_BASELINE_MEASURED = (
    "No baseline is stated: the data show {measured} on {day}, which progress is counted from."
)
M_BASELINE_UNSEEN = "No baseline is stated: what the data show on {day} will be it."
M_BASELINE_NONE = "No baseline is stated and the data give none: a chance needs none, progress does."
A_CLASSES: dict[AmbitionClass, str] = {
    "comfortable": "Comfortable: {chance} likely when set. On record before: {hits} of {cases}, {rate}.",
    "achievable": "Achievable: {chance} likely when set. On record before: {hits} of {cases}, {rate}.",
    "stretch": "A stretch: {chance} likely when set. On record before: {hits} of {cases}, {rate}.",
    "too_ambitious": "Too ambitious: {chance} likely when set. On record before: {hits} of {cases}, {rate}.",
}
A_CHANCES: dict[AmbitionClass, str] = {
    "comfortable": (
        "Comfortable: {chance} likely when set; the forecast was {forecast} (80 % range {low} to {high})."
    ),
    "achievable": (
        "Achievable: {chance} likely when set; the forecast was {forecast} (80 % range {low} to {high})."
    ),
    "stretch": (
        "A stretch: {chance} likely when set; the forecast was {forecast} (80 % range {low} to {high})."
    ),
    "too_ambitious": (
        "Too ambitious: {chance} likely when set; the forecast was {forecast} (80 % range {low} to {high})."
    ),
}
A_OFFERED = "Targets that would be 70, 50, 25 and 10 % likely: {t70}, {t50}, {t25}, {t10}."
A_REACHED = "Reached before: {reached} of {spans} earlier spans of this length did; the best had {best}."
A_NEVER = "Never reached in {spans} earlier spans of this length: the best had {best}."
A_BEYOND = (
    "Never reached in {spans} earlier spans of this length: the best had {best}, "
    "the target is {beyond} beyond that."
)
A_MULTIPLE = {
    "week": "Needed: {required} a week, {multiple} the {run_rate} of the weeks before the start.",
    "month": "Needed: {required} a month, {multiple} the {run_rate} of the months before the start.",
}
A_COMPOUNDS = "With all changes the last period asks for {target}, {multiple} the baseline of {baseline}."
A_KEPT = {
    "week": "Weeks at {target} or better among the last {spans} before the start: {inside}.",
    "month": "Months at {target} or better among the last {spans} before the start: {inside}.",
}
A_NO_HISTORY = "There is no history before the start to judge the target by."
A_CAPACITY = "Hours of {owner}: the initiatives need {needed} of {available} in that time."
A_NO_HOURS = "The hours of the initiatives are not stated."
A_COMMITTED = "{by} committed to {estimate} on {day}."
A_COMMITTED_LESS = "{by} committed to {estimate} on {day}, which falls short of the target."
A_NO_WORD = "Nobody has committed to the target yet."
R_OBJECTIVE = "Supports the objective “{objective}”."
R_PARENT = "Part of the goal “{parent}”."
R_NONE = "It supports no objective and no other goal."
R_SUM = "The targets of its parts add up to {sum}, its own is {target}."
R_PARTIAL = "The targets of its parts come to {sum} for {covered} of {days} days; its own is {target}."
R_OVERLAP = "Its parts overlap, so that their targets are not added up."
R_RATES = "The targets of a rate's parts are not added up: they are {low} to {high}, its own is {target}."
R_RATES_SHORT = (
    "The targets of a rate's parts are not added up: all of them fall short of its own {target}, the best is "
    "{best}."
)
R_OUTSIDE = "It runs outside the time of “{parent}”, {start} to {due}."
R_CONTRADICTS = "Its target of {target} goes beyond the {parent_target} of “{parent}”, of which it is a part."
R_FALLS_SHORT = "It is due with “{parent}” but aims at {target} instead of {parent_target}."
T_WINDOW = "From {start} to {due}: {days}."
T_SHORT = (
    "From {start} to {due}: fewer than {needed} whole periods, so that little can be seen before it is over."
)
T_INTERIM = "Dated interim targets: {n}."
T_RECURS = "Periods judged one by one: {n}."
T_PLAN = "Interim targets follow the plan line of the goal."
T_OUTSIDE = "Interim targets outside the goal's dates: {n}."


@dataclass(frozen=True)
class _Context:
    workspace: Workspace
    kpis: Mapping[str, Kpi]
    book: SeriesBook | None
    states: Mapping[str, SourceState]

    def series(self, goal: Goal) -> AnySeries | None:
        kpi = self.kpis.get(goal.kpi)
        return self.book.series(kpi, goal.segment) if kpi and self.book is not None else None

    def target(self, goal: Goal) -> Decimal | None:
        """The target as a number; of a recurring goal that of its first period."""
        one, kpi, series = judged_goal(goal), self.kpis.get(goal.kpi), self.series(goal)
        if not one.target.signed:
            return one.target.amount
        return resolved(one.target, one, kpi, series) if kpi and series is not None else None


def judged_goal(goal: Goal, index: int = 0) -> Goal:
    """The goal itself, or one period of a recurring one."""
    return instance_goals(goal, goal.due)[index] if goal.every is not None else goal


def smart_verdicts(
    workspace: Workspace,
    kpis: Mapping[str, Kpi],
    components: pd.DataFrame | ComponentIndex | SeriesBook | None,
    *,
    states: Mapping[str, SourceState] | None = None,
) -> dict[str, SmartVerdict]:
    """SMART verdict of every goal by id. Without components (nothing read yet) what needs data is unknown."""
    if components is not None and not isinstance(components, SeriesBook):
        components = SeriesBook(components)
    context = _Context(workspace, kpis, components, states or {})
    return {goal.id: SmartVerdict(goal.id, tuple(_letters(goal, context))) for goal in workspace.goals}


def every_template() -> set[str]:
    """All templates of evidence: the catalogues are tested against it."""
    named = [value for name, value in globals().items() if name[:2] in {"S_", "M_", "A_", "R_", "T_"}]
    found = {value for value in named if isinstance(value, str)}
    return found | {text for value in named if isinstance(value, dict) for text in value.values()}


def _letters(goal: Goal, context: _Context) -> Iterator[LetterVerdict]:
    checks = (
        ("S", _specific), ("M", _measurable), ("A", _achievable), ("R", _relevant), ("T", _time_bound),
    )  # fmt: skip
    series = context.series(goal)
    for letter, check in checks:
        evidence = list(check(goal, context, series))
        grade = min((grade for grade, _ in evidence), key=ORDER.index, default="unknown")
        yield LetterVerdict(letter, grade, tuple(reason for _, reason in evidence))  # type: ignore[arg-type]


def _said(grade: Grade, template: str, **params: Param) -> Evidence:
    return grade, Reason(template, params)


def _person(context: _Context, person_id: str) -> Param:
    return "text", context.workspace.person_name(person_id)


# --- S and M -----------------------------------------------------------------------------------------


def _specific(goal: Goal, context: _Context, series: AnySeries | None) -> Iterator[Evidence]:
    kpi, target = context.kpis.get(goal.kpi), context.target(goal)
    if kpi is None:
        yield _said("fail", S_NO_KPI, kpi=("text", goal.kpi))
    elif target is None:
        yield _said("unknown", S_NO_TARGET)
    else:
        yield _said("pass", S_NUMBER, target=(kpi.unit.value, target), kpi=("text", kpi.name))
    if goal.relative_to is not None and goal.target.signed:
        yield _said(
            "pass", S_CHANGES[goal.target.mark],
            change=("text", written(goal.target)), base=("text", BASES[goal.relative_to]),
        )  # fmt: skip
    if goal.every is not None:
        yield _said("pass", S_EVERY[goal.every])
    if goal.segment and kpi is not None and context.book is not None:
        yield _segment(goal, kpi, context.book, context.workspace)
    known = context.workspace.person(goal.owner) is not None
    yield _said(
        "pass" if known else "warn", S_OWNER if known else S_NO_OWNER, owner=_person(context, goal.owner)
    )


def _segment(goal: Goal, kpi: Kpi, book: SeriesBook, workspace: Workspace) -> Evidence:
    unseen = unseen_part(goal, kpi, book, workspace.people)
    if unseen is not None:
        return _said("fail", S_SEGMENT_EMPTY, segment=("text", unseen.text), choices=("text", unseen.choices))
    found = any(_holds(one, goal.segment) for one in book.segments(kpi))
    text = ", ".join(value for _, value in sorted(goal.segment.items()))
    if found:
        return _said("pass", S_SEGMENT, segment=("text", text))
    return _said("fail", S_SEGMENT_NONE, segment=("text", text))


def _holds(segment: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(segment.get(key) == value for key, value in wanted.items())


def _measurable(goal: Goal, context: _Context, series: AnySeries | None) -> Iterator[Evidence]:
    kpi = context.kpis.get(goal.kpi)
    if kpi is None:
        yield _said("fail", S_NO_KPI, kpi=("text", goal.kpi))
        return
    yield from _sources(kpi, context)
    if series is None or series.first_day is None:
        yield _said("unknown", M_NO_DATA)
    elif effective_kind(goal) == "level" and kpi.shape != "growth":
        yield _baseline(goal, kpi, series) if goal.baseline is not None else _begun(goal, kpi, series)


def _sources(kpi: Kpi, context: _Context) -> Iterator[Evidence]:
    feeding = feeding_sources(kpi, context.workspace)
    if not feeding:
        yield _said("fail", M_NO_SOURCE, kpi=("text", kpi.name))
        return
    if not context.states:
        return
    delivering = [name for name in feeding if name in context.states and context.states[name].usable]
    if delivering:
        yield _said("pass", M_SOURCES, sources=("text", _titles(context.states[one] for one in delivering)))
    for name in feeding:
        if name not in delivering:
            state = context.states.get(name)
            yield _said("fail", M_SOURCE_BAD, source=("text", (state.title if state else None) or name))


def _titles(states: Iterable[SourceState]) -> dict[str, str]:
    """The sources' names in each language, in one line."""
    named = [state.title or {"": state.source_id} for state in states]
    return {lang: ", ".join(pick(title, lang) for title in named) for lang in LANGUAGES}


def _begun(goal: Goal, kpi: Kpi, series: AnySeries) -> Evidence:
    """Where a level without a stated baseline begins; the data may not reach its start yet."""
    one = judged_goal(goal)
    day = one.start - DAY
    if series.last_day is None or series.last_day < day:
        return _said("pass", M_BASELINE_UNSEEN, day=("date", day))
    closed = cut(one.start, min(one.due, series.last_day), goal_period(one, kpi))
    begun = baseline_at_start(one, kpi, series, closed)
    if begun is None or begun.day is None:
        return _said("warn", M_BASELINE_NONE)
    return _said("pass", M_BASELINE_MEASURED, measured=(kpi.unit.value, begun.value), day=("date", begun.day))


def _baseline(goal: Goal, kpi: Kpi, series: AnySeries) -> Evidence:
    """The stated baseline against the figure on the day before the start."""
    stated_value = goal.baseline.amount if goal.baseline else Decimal(0)
    unit, day = kpi.unit.value, goal.start - DAY
    unstated = goal.model_copy(update={"baseline": None})
    reaches_day = series.last_day is not None and series.last_day >= day - timedelta(days=31)
    measured = baseline_of(unstated, kpi, series) if reaches_day else None
    stated: Param = (unit, stated_value)
    if measured is None:
        return _said("pass", M_BASELINE_OPEN, baseline=stated)
    allowed = abs(measured) * TOLERANCE
    if kpi.unit is Unit.PERCENT:
        allowed = max(allowed, TOLERANCE_SHARE)
    agrees = abs(measured - stated_value) <= allowed
    return _said(
        "pass" if agrees else "warn", M_BASELINE if agrees else M_BASELINE_OFF,
        baseline=stated, measured=(unit, measured), day=("date", day),
    )  # fmt: skip


# --- A -----------------------------------------------------------------------------------------------


def _achievable(goal: Goal, context: _Context, series: AnySeries | None) -> Iterator[Evidence]:
    kpi, target = context.kpis.get(goal.kpi), context.target(goal)
    if kpi is None or target is None or series is None or series.first_day is None:
        yield _said("unknown", A_NO_HISTORY)
    else:
        yield from _by_history(judged_goal(goal), kpi, series, target)
        yield from _compounded(goal, kpi, series)
    yield from _capacity(goal, context)
    yield from _word(goal, kpi, target, context)


def _by_history(goal: Goal, kpi: Kpi, series: Series, target: Decimal) -> Iterator[Evidence]:
    history = rate_history(goal, kpi, series) if has_counts(kpi) and effective_kind(goal) == "level" else None
    if history is not None:
        yield from _rate(goal, kpi, history, target)
        return
    outlook = outlook_at_start(goal, kpi, series, target)
    if outlook is not None:
        yield from _forecast(goal, kpi, outlook)
    evidence = _kept_before if effective_kind(goal) == "maintain" else _past_spans
    for grade, reason in evidence(goal, kpi, series, target):
        # what happened before is part of the chance already, and is told beside it without a vote
        yield ("pass" if outlook is not None else grade), reason


def _compounded(goal: Goal, kpi: Kpi, series: Series) -> Iterator[Evidence]:
    """What + 10 % every month comes to in the end, with the chance of it as seen before the first period."""
    if goal.every is None or goal.compounding != "baseline" or goal.baseline is None:
        return
    last = judged_goal(goal, -1)
    target, baseline = last.target.amount, goal.baseline.amount
    if baseline > 0:
        yield _said(
            "pass", A_COMPOUNDS, target=(kpi.unit.value, target), baseline=(kpi.unit.value, baseline),
            multiple=("times", target / baseline),
        )  # fmt: skip
    outlook = outlook_at_start(last, kpi, series, target, known=goal.start - DAY)
    if outlook is not None:
        yield from _forecast(goal, kpi, outlook)


def rate_history(goal: Goal, kpi: Kpi, series: Series) -> tuple[RateHistory, int] | None:
    """Counts before the goal's start and how many such periods lie ahead.

    A rate over flows counts the last 13 whole weeks (6 months) and looks as many periods ahead as its
    measurement pools. A rate over an opening stock is counted in spans as long as it is measured over.
    """
    period, rule = goal_period(goal, kpi), measurement(goal, kpi)
    length = {"last": 1, "trailing": rule.periods}.get(
        rule.over, int(whole_periods(Span(goal.start, goal.due), period).to_integral_value()) or 1
    )
    if has_opening_stock(kpi):
        spans, ahead = _spans_before(goal.start, length, period, STOCK_SPANS), 1
    else:
        spans, ahead = _spans_before(_period_start(goal.start, period), 1, period, RECENT[period]), length
    counted = []
    for span in spans:
        pooled = series.pooled(span.first, span.last)
        inside = series.first_day is not None and span.first >= series.first_day
        if inside and pooled.denominator and pooled.numerator is not None:
            counted.append((pooled.numerator, pooled.denominator))
    if not counted:
        return None
    hits = sum((one for one, _ in counted), Decimal(0))
    cases = sum((one for _, one in counted), Decimal(0))
    if kpi.complement:
        hits = cases - hits
    if not 0 <= hits <= cases:
        return None
    return RateHistory(float(hits), float(cases), len(counted)), ahead


def _period_start(day: date, period: str) -> date:
    span = whole_period(day, "month" if period == "month" else "week")
    return span.first


def _spans_before(start: date, length: int, period: str, most: int) -> list[Span]:
    """Up to `most` spans of `length` periods that end before `start`, newest first, not overlapping."""
    spans, last = [], start - DAY
    for _ in range(most):
        first = trailing_first(last, length, "month" if period == "month" else "week")
        spans.append(Span(first, last))
        last = first - DAY
    return spans


def _forecast(goal: Goal, kpi: Kpi, outlook: Outlook) -> Iterator[Evidence]:
    """The chance of any other goal on the day before its start, by the model that judges it later."""
    kind, unit = ambition(outlook.probability), kpi.unit.value
    low, high = outlook.range80
    yield _said(
        _ambition_grade(goal, kind), A_CHANCES[kind],
        chance=("text", printed_chance(outlook.probability)), forecast=(unit, as_decimal(outlook.forecast)),
        low=(unit, as_decimal(low)), high=(unit, as_decimal(high)),
    )  # fmt: skip
    offered = zip(OFFERED, outlook.offered, strict=True)
    yield _offered(unit, {chance: as_decimal(value) for chance, value in offered})


def _ambition_grade(goal: Goal, kind: AmbitionClass) -> Grade:
    """A stretch is what a stretch goal is meant to be."""
    return "pass" if goal.ambition == "stretch" and kind == "stretch" else CLASS_GRADE[kind]


def _offered(unit: str, targets: Mapping[float, Decimal]) -> Evidence:
    named = {f"t{round(level * 100)}": (unit, value) for level, value in targets.items()}
    return _said("pass", A_OFFERED, **named)


def _rate(goal: Goal, kpi: Kpi, found: tuple[RateHistory, int], target: Decimal) -> Iterator[Evidence]:
    history, ahead = found
    chance = rate_chance(target, kpi.direction, history, ahead)
    kind = ambition(chance)
    yield _said(
        _ambition_grade(goal, kind), A_CLASSES[kind], chance=("text", printed_chance(chance)),
        hits=("count", Decimal(repr(history.hits))), cases=("count", Decimal(repr(history.cases))),
        rate=(kpi.unit.value, Decimal(repr(history.hits)) / Decimal(repr(history.cases))),
    )  # fmt: skip
    yield _offered(kpi.unit.value, offered_targets(kpi.direction, history, ahead))


def _kept_before(goal: Goal, kpi: Kpi, series: Series, target: Decimal) -> Iterator[Evidence]:
    """How many of the last periods before the start were inside a target that is to be kept."""
    values = past_values(goal, kpi, series)[-KEPT_PERIODS[goal_period(goal, kpi)] :]
    if not values:
        yield _said("unknown", A_NO_HISTORY)
        return
    inside = sum(reaches(value, target, kpi.direction) for value in values)
    needed = Decimal(goal.inside.at_least) / goal.inside.of if goal.inside else Decimal(1)
    share = Decimal(inside) / len(values)
    grade: Grade = "pass" if share >= needed else "warn" if share >= needed / 2 else "fail"
    yield _said(
        grade, A_KEPT[goal_period(goal, kpi)],
        inside=("count", inside), spans=("count", len(values)), target=(kpi.unit.value, target),
    )  # fmt: skip


def _past_spans(goal: Goal, kpi: Kpi, series: Series, target: Decimal) -> Iterator[Evidence]:
    """What earlier spans of the goal's own length had, and what a period now needs against recently."""
    values = past_values(goal, kpi, series)
    if not values:
        yield _said("unknown", A_NO_HISTORY)
        return
    up = kpi.direction is Direction.UP
    best = max(values) if up else min(values)
    reached = sum(reaches(value, target, kpi.direction) for value in values)
    params: dict[str, Param] = {"spans": ("count", len(values)), "best": (kpi.unit.value, best)}
    if reached:
        yield _said("pass", A_REACHED, reached=("count", reached), **params)
    else:
        multiple = _multiple(target, best, up)
        grade: Grade = "fail" if multiple is None or multiple > BEYOND_BEST else "warn"
        if multiple is None:
            yield _said(grade, A_NEVER, **params)
        else:
            yield _said(grade, A_BEYOND, beyond=("percent", multiple - 1), **params)
    yield from _needed_rate(goal, kpi, series, target)


def past_values(goal: Goal, kpi: Kpi, series: Series) -> list[Decimal]:
    """The measured figure of earlier spans: for a sum every span of the window's length that ends with a
    whole period before the start, for a level every period's end. Two years back at most."""
    period, kind = goal_period(goal, kpi), effective_kind(goal)
    if series.first_day is None:
        return []
    back = max(series.first_day, add_months(goal.start, -24))
    ends = [span.last for span in cut(back, goal.start - DAY, period) if is_whole(span, period)]
    length = int(whole_periods(Span(goal.start, goal.due), period).to_integral_value()) or 1
    found = []
    for end in ends:
        first = trailing_first(end, length, period)
        if kind == "cumulative" or measurement(goal, kpi).over == "window":
            reading = (
                read_span(kpi, series, Span(first, end), period, mean=kind != "cumulative")
                if first >= series.first_day
                else None
            )
        else:
            reading = measure(goal, kpi, series, end)
        if reading is not None and reading.value is not None:
            found.append(reading.value)
    return found


def _multiple(target: Decimal, best: Decimal, up: bool) -> Decimal | None:
    """How far beyond the best on record a target is; None when no multiple says it (signs differ)."""
    over, under = (target, best) if up else (best, target)
    return over / under if over > 0 and under > 0 else None


def _needed_rate(goal: Goal, kpi: Kpi, series: Series, target: Decimal) -> Iterator[Evidence]:
    if effective_kind(goal) != "cumulative" or kpi.shape != "sum":
        return
    period = goal_period(goal, kpi)
    required = target / whole_periods(Span(goal.start, goal.due), period)
    recent = _spans_before(_period_start(goal.start, period), 1, period, RECENT[period])
    values = [series.pooled(span.first, span.last).value for span in recent]
    known = [value for value in values if value is not None]
    rate = sum(known, Decimal(0)) / len(known) if known else Decimal(0)
    if rate <= 0:
        return
    unit = kpi.unit.value
    yield _said(
        "pass", A_MULTIPLE[period],
        required=(unit, required), multiple=("times", required / rate), run_rate=(unit, rate),
    )  # fmt: skip


def _capacity(goal: Goal, context: _Context) -> Iterator[Evidence]:
    """Hours that everything an owner of this goal's initiatives has to do needs while the goal runs, against
    the hours that person works."""
    if goal.how and all(one.hours is None for one in goal.how):
        yield _said("warn", A_NO_HOURS)
        return
    for owner in dict.fromkeys(one.owner or goal.owner for one in goal.how if one.hours is not None):
        person = context.workspace.person(owner)
        if person is None:
            continue
        needed, available = _hours_needed(owner, goal, context), _hours_available(person, goal)
        grade: Grade = (
            "fail" if needed > available else "warn" if needed > available * SPARE_HOURS else "pass"
        )
        yield _said(
            grade, A_CAPACITY,
            owner=_person(context, owner), needed=("hours", needed), available=("hours", available),
        )  # fmt: skip


def _hours_available(person: Person, goal: Goal) -> Decimal:
    return person.hours_per_week * Decimal((goal.due - goal.start).days + 1) / 7


def _hours_needed(owner: str, goal: Goal, context: _Context) -> Decimal:
    """Hours of all initiatives of a person, each in proportion to the days it shares with the goal."""
    total = Decimal(0)
    for other in context.workspace.goals:
        for one in other.how:
            if one.hours is not None and (one.owner or other.owner) == owner:
                total += one.hours * _overlap(one, other, goal)
    return total


def _overlap(one: Initiative, owning: Goal, goal: Goal) -> Decimal:
    start, due = one.start or owning.start, one.due or owning.due
    shared = (min(due, goal.due) - max(start, goal.start)).days + 1
    length = (due - start).days + 1
    return Decimal(max(shared, 0)) / length if length > 0 else Decimal(0)


def _word(goal: Goal, kpi: Kpi | None, target: Decimal | None, context: _Context) -> Iterator[Evidence]:
    if kpi is None or target is None:
        return
    if not goal.commitments:
        yield _said("pass", A_NO_WORD)  # said, but no reason against a goal by itself
    for one in goal.commitments:
        enough = reaches(one.estimate.amount, target, kpi.direction)
        yield _said(
            "pass" if enough else "warn", A_COMMITTED if enough else A_COMMITTED_LESS,
            by=_person(context, one.by), estimate=(kpi.unit.value, one.estimate.amount), day=("date", one.on),
        )  # fmt: skip


# --- R and T -----------------------------------------------------------------------------------------


def _relevant(goal: Goal, context: _Context, series: AnySeries | None) -> Iterator[Evidence]:
    objective = context.workspace.objective(goal.supports)
    parent = context.workspace.goal(goal.parent) if goal.parent else None
    if objective is not None:
        yield _said("pass", R_OBJECTIVE, objective=("text", objective.title))
    if parent is not None:
        yield _said("pass", R_PARENT, parent=("text", parent.title))
        yield from _against_parent(goal, parent, context)
    if objective is None and parent is None:
        yield _said("warn", R_NONE)
    yield from _sum_of_parts(goal, context)


def _against_parent(goal: Goal, parent: Goal, context: _Context) -> Iterator[Evidence]:
    """A quarter's goal must not ask for more than the whole year, nor end the year short of it."""
    kpi, target, above = context.kpis.get(goal.kpi), context.target(goal), context.target(parent)
    if kpi is None or target is None or above is None or parent.kpi != goal.kpi or parent.kind != goal.kind:
        return
    params: dict[str, Param] = {
        "target": (kpi.unit.value, target),
        "parent_target": (kpi.unit.value, above),
        "parent": ("text", parent.title),
    }
    if goal.start < parent.start or goal.due > parent.due:
        yield _said("warn", R_OUTSIDE, parent=("text", parent.title), start=("date", parent.start),
                    due=("date", parent.due))  # fmt: skip
    if goal.kind == "cumulative" and total_target(goal, target) > total_target(parent, above):
        yield _said("fail", R_CONTRADICTS, **params)
    ends_it = goal.kind == "level" and goal.segment == parent.segment and goal.due >= parent.due
    if ends_it and not reaches(target, above, kpi.direction):
        yield _said("fail", R_FALLS_SHORT, **params)


def _sum_of_parts(goal: Goal, context: _Context) -> Iterator[Evidence]:
    """The targets of a goal's parts held against its own: sums added up where they make a whole, rates by
    their ends."""
    kpi, target = context.kpis.get(goal.kpi), context.target(goal)
    children = [one for one in context.workspace.goals if one.parent == goal.id and one.kpi == goal.kpi]
    if kpi is None or target is None or not children:
        return
    unit, parts = kpi.unit.value, [(one, context.target(one)) for one in children]
    if goal.kind != "cumulative":
        yield from _rates(goal, kpi, target, parts)
        return
    whole = total_target(goal, target)
    for found in sums_of_parts(goal, parts):
        params: dict[str, Param] = {"sum": (unit, found.total), "target": (unit, whole)}
        if found.how == "overlap" or found.total is None:
            yield _said("pass", R_OVERLAP)
        elif found.how == "partial":
            days = (goal.due - goal.start).days + 1
            yield _said("pass", R_PARTIAL, covered=("count", found.covered), days=("count", days), **params)
        else:
            reached = reaches(found.total, whole, kpi.direction)
            yield _said("pass" if reached else "fail", R_SUM, **params)


def _rates(
    goal: Goal, kpi: Kpi, target: Decimal, parts: Sequence[tuple[Goal, Decimal | None]]
) -> Iterator[Evidence]:
    """The rate of a whole lies between those of its parts; whichever way they mix, parts that all fall short
    make a whole that does."""
    same = [one for one, _ in parts if one.kind == goal.kind and one.due == goal.due]
    known = [value for one, value in parts if one in same and value is not None]
    if kpi.shape != "ratio" or not known or len(known) < len(same):
        return
    unit, up = kpi.unit.value, kpi.direction is Direction.UP
    best = max(known) if up else min(known)
    if not reaches(best, target, kpi.direction):
        yield _said("fail", R_RATES_SHORT, target=(unit, target), best=(unit, best))
    else:
        yield _said("pass", R_RATES, target=(unit, target), low=(unit, min(known)), high=(unit, max(known)))


def _time_bound(goal: Goal, context: _Context, series: AnySeries | None) -> Iterator[Evidence]:
    kpi = context.kpis.get(goal.kpi)
    period = goal_period(goal, kpi) if kpi is not None else "week"
    whole = sum(is_whole(span, period) for span in cut(goal.start, goal.due, period))
    fewest = FEWEST_PERIODS if period == "week" else 1
    dates: dict[str, Param] = {"start": ("date", goal.start), "due": ("date", goal.due)}
    if whole >= fewest:
        yield _said("pass", T_WINDOW, days=("days", (goal.due - goal.start).days + 1), **dates)
    else:
        yield _said("warn", T_SHORT, needed=("count", fewest), **dates)
    if goal.every is not None:
        yield _said("pass", T_RECURS, n=("count", len(recurring_spans(goal))))
    outside = sum(not goal.start <= one.date <= goal.due for one in goal.milestones)
    if outside:
        yield _said("fail", T_OUTSIDE, n=("count", outside))
    if goal.milestones:
        yield _said("pass", T_INTERIM, n=("count", len(goal.milestones)))
    elif effective_kind(goal) != "maintain" and goal.every is None:
        yield _said("pass", T_PLAN)
