"""The view model of a goal's page: exactly one A4 page, whatever a person wrote.

Here: what stands in each part of the page and how much room it has. Not here: page 1 (scorecard.py), how a
part is drawn (templates). Texts of people are measured and shortened with an ellipsis before they could push
anything off the page; their full wording stays in the workspace and in the JSON twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from pipeline.goals.model import Chance, GoalResult, LetterVerdict, PeriodValue
from pipeline.report.charts import (
    BurnUpWords,
    ControlWords,
    Forecast,
    Picture,
    burn_up,
    control_chart,
)
from pipeline.report.context import Context, closed_periods
from pipeline.report.fit import fitted, lines, pick, width
from pipeline.report.i18n import NBSP, NONE, Formats
from pipeline.report.sheets import CHARTS, chart_width
from pipeline.report.terms import instance_cells, moves, quantity_text, terms_text, unrecorded_text
from pipeline.report.view import Cells, Chart, Figure, GoalView, Letter, Line, Tone
from pipeline.report.words import (
    DIMENSIONS,
    SHAPES,
    assurance,
    decapitalised,
    is_counted,
    sample,
    sentence,
    signal,
    status_view,
    target_text,
)
from pipeline.units import Unit
from pipeline.workspace.model import Goal, Initiative

PAGE = 527.0
"""Points between the margins of A4 portrait."""
HEAD = 365.0
"""Width of the title, beside the verdict."""
EVIDENCE = 408.0
"""Width of what is said to a letter of SMART."""
MONTHS, CONTROL_PERIODS = 12, 26
LARGE = Decimal("9.99")
"""Changes against the prior year beyond this are not spelled out."""
BURN_WIDTH = 318.0
"""Width of the chart against plan on the goal's page."""
FAR = Decimal(2)
"""A target further from the usual range than this many of its widths is not drawn beside single periods."""


@dataclass(frozen=True)
class Room:
    """How much of each part a page shows."""

    burn: float
    """Height of the chart against plan, in points; `control` of the one below it."""
    control: float
    weeks: int = 6
    initiatives: int = 5
    waits: int = 2
    """Lines of an initiative's title and of what it waits for."""
    drivers: int = 5
    evidence: int = 6
    """Lines said to each letter of SMART."""
    reason: int = 3
    calculation: int = 4
    source: int = 2
    months: bool = True


TITLE, LONG_TITLE = 16.0, 12.6
"""Sizes of a title that keeps to two lines, and of a longer one, which has three."""
ROOMS = (
    Room(burn=166, control=108, source=3),
    Room(burn=152, control=92),
    Room(burn=126, control=74, initiatives=4, drivers=4),
    Room(burn=104, control=62, weeks=5, initiatives=3, drivers=3, evidence=4, reason=2, calculation=2),
    Room(84, 54, 4, 2, 1, 2, evidence=2, reason=2, calculation=1, source=1, months=False),
)
"""From the roomiest page to the closest; a page that runs over is set in the next."""
MARKS: dict[str, tuple[str, str, Tone]] = {
    "pass": ("✓", "holds", "green"),
    "warn": ("◆", "check", "amber"),
    "fail": ("▼", "fails", "red"),
    "unknown": ("○", "not known", "grey"),
}
LETTERS = {"S": "Specific", "M": "Measurable", "A": "Achievable", "R": "Relevant", "T": "Time-bound"}


def goal_view(context: Context, result: GoalResult, step: int = 0) -> GoalView:
    """Everything on the page of one goal; `step` chooses how closely it is set (ROOMS)."""
    room = ROOMS[min(step, len(ROOMS) - 1)]
    f, goal = context.formats, context.goals.get(result.goal_id)
    name = context.kpi_name(result.kpi_id)
    values = [p.value for p in closed_periods(result) if p.value is not None]
    title = sentence(result, context.kpis[result.kpi_id], name, f) if result.kpi_id in context.kpis else name
    burn = _burn_up(context, result, room.burn)
    control = _control(context, result, room.control)
    near = comparable_target(result) is not None
    notes = [signal(result.control, values, f), assurance(result.control, f) if near else _far(result, f)]
    return GoalView(
        goal_id=result.goal_id,
        eyebrow=_eyebrow(context, result),
        title=fitted(title, HEAD, LONG_TITLE, 3, 700),
        long_title=len(lines(title, HEAD, TITLE, 700)) > 2,
        intro=fitted(_intro(context, result, goal), HEAD, 8.5, 3),
        status=status_view(result.status, f),
        status_note=_status_note(context, result),
        basis=_basis(result, f),
        override=_override(context, result, goal),
        uncovered=_uncovered(context, result),
        reason=fitted(context.said(result.reason), PAGE, 9, room.reason, 500),
        letters=_letters(context, result, room.evidence),
        figures=_figures(context, result),
        burn_heading=_burn_heading(result, f),
        burn_note=fitted(_burn_note(result, f), 318, 7.2, 1),
        burn_up=burn,
        burn_empty=f.say("No figure in the goal's window yet."),
        control_heading=f.say(
            "Usual variation, by week (XmR chart)"
            if result.period == "week"
            else "Usual variation, by month (XmR chart)"
        ),
        control_note=fitted(". ".join(one.rstrip(".") for one in notes if one), PAGE, 7.5, 2),
        control=control,
        control_empty=f.say("Too few periods for natural limits: six are needed."),
        drivers=_drivers(context, result, room.drivers),
        weeks=_weeks(context, result, room.weeks),
        months=_lower_table(context, result, room),
        initiatives=_initiatives(context, goal, room),
        calculation_heading=f.say("How it was calculated"),
        calculation=fitted(_calculation(context, result), PAGE - 84, 7.2, room.calculation),
        quality_heading=f.say("Data quality"),
        quality=_quality(context, result, goal, room.source),
    )


def _eyebrow(context: Context, result: GoalResult) -> str:
    week = f" · {context.formats.week(context.edition.week)}"
    return fitted(context.title(result.goal_id), HEAD - width(week, 8, 600), 8, 1, 600) + week


def _lower_table(context: Context, result: GoalResult, room: Room) -> Cells:
    """The last months, or of a recurring goal its periods: those are the goal itself and never left out."""
    if result.recurrence is not None:
        words = {name: (shape, word) for name, (shape, word, _) in SHAPES.items()}
        return instance_cells(result, context.formats, words)
    return _months(context, result) if room.months else Cells("", (), ())


def _intro(context: Context, result: GoalResult, goal: Goal | None) -> str:
    f = context.formats
    parts = [unrecorded_text(one, result.unit, f) for one in result.unrecorded]
    if goal:
        parts.append(f.say("Owner: {name}", name=context.person(goal.owner)))
        objective = context.workspace.objective(goal.supports)
        if objective:
            parts.append(f.say("supports “{objective}”", objective=pick(objective.title, context.lang)))
        if goal.segment:
            parts.append(", ".join(context.named(key, one) for key, one in goal.segment.items()))
        if goal.ambition == "stretch":
            parts.append(f.say("stretch goal: expected to fail sometimes"))
    parts += [one for one in (terms_text(result, f), _measured_baseline(result, f)) if one]
    parts += _recorded_moves(context, result, goal)
    return " · ".join(parts)


def _measured_baseline(result: GoalResult, f: Formats) -> str:
    """That a baseline is not the owner's word but what the data had."""
    if result.baseline_day is None or result.terms is not None:
        return ""
    return f.say(
        "baseline as measured on {day}: {value}",
        day=f.day(result.baseline_day),
        value=f.value(result.baseline, result.unit),
    )


def _recorded_moves(context: Context, result: GoalResult, goal: Goal | None) -> list[str]:
    """The original target and due date, with who changed them last, when and why."""
    f = context.formats
    known = [one for one in moves(goal) if one.change.on <= context.edition.week.plus(1).monday]
    if not known:
        return []
    first, last = known[0].change, known[-1].change
    parts = [f.say("target was {target}", target=quantity_text(first.previous, result.unit, f))]
    dues = [one.change.previous_due for one in known if one.change.previous_due]
    parts += [f.say("due was {day}", day=f.day(day)) for day in dues[:1]]
    why = pick(last.reason, context.lang)
    return [f"{', '.join(parts)} ({f.day(last.on)}, {context.person(last.by)}: {why})"]


def _status_note(context: Context, result: GoalResult) -> str:
    f = context.formats
    before = result.previous_status
    if not any(one.goal_id == result.goal_id for one in context.edition.previous) or before is None:
        return f.say("first edition")
    if before == result.status:
        return f.say("as last week")
    return f.say("was {status}", status=decapitalised(status_view(before, f).word))


def _basis(result: GoalResult, f: Formats) -> str:
    if result.chance:
        chance = result.chance
        parts = [
            f.say("{chance} likely", chance=f.probability(chance.probability)),
            f.say("80 % range {range}", range=f.range(chance.low, chance.high, result.unit)),
        ]
        return "\n".join([*parts, f.say("low confidence")] if chance.low_confidence else parts)
    if result.basis == "decided":
        return (
            f.say("closed on {day}", day=f.date(result.due))
            if result.data_through >= result.due
            else f.say("decided before {day}", day=f.date(result.due))
        )
    words = {
        "pace": "judged by pace; too little history for a chance",
        "none": "no verdict is possible",
        "chance": "judged by pace; too little history for a chance",
    }
    return f.say(words[result.basis])


def _uncovered(context: Context, result: GoalResult) -> str:
    """Which sources have nothing yet about the newest days, so that nobody takes them for days of zero."""
    f = context.formats
    if not result.uncovered or result.data_through >= min(context.edition.week.sunday, result.due):
        return ""
    names = f.listed([f.name(context.source_title(key)) for key in result.uncovered[:4]])
    text = f.say.count(
        "Counted to {day}: {sources} has not covered the days after it yet.",
        "Counted to {day}: {sources} have not covered the days after it yet.",
        len(result.uncovered),
        day=f.date(result.data_through),
        sources=names,
    )
    return fitted(text, PAGE, 8, 2)


def _override(context: Context, result: GoalResult, goal: Goal | None) -> str:
    if result.override_status is None or goal is None or goal.override is None:
        return ""
    f, over = context.formats, goal.override
    return fitted(
        f.say(
            "{name} judges it “{status}” until {day}: {reason}",
            name=context.person(over.by),
            status=decapitalised(status_view(result.override_status, f).word),
            day=context.near(over.until),
            reason=pick(over.reason, context.lang),
        ),
        PAGE,
        8,
        2,
        600,
    )


def _letters(context: Context, result: GoalResult, most: int) -> tuple[Letter, ...]:
    verdict = context.edition.smart.get(result.goal_id)
    found: dict[str, LetterVerdict] = {one.letter: one for one in verdict.letters} if verdict else {}
    return tuple(_letter(letter, word, found.get(letter), context, most) for letter, word in LETTERS.items())  # type: ignore[call-overload]


def _letter(letter: str, word: str, found: LetterVerdict | None, context: Context, most: int) -> Letter:
    f = context.formats
    mark, verdict, tone = MARKS[found.verdict if found else "unknown"]
    evidence = " ".join(context.said(one) for one in found.evidence) if found else ""
    return Letter(letter, f.say(word), mark, f.say(verdict), tone, fitted(evidence, EVIDENCE, 7, most))


# --- the four numbers ---------------------------------------------------------------------------------


def _figures(context: Context, result: GoalResult) -> tuple[Figure, ...]:
    f, unit = context.formats, result.unit
    target = target_text(result, f)
    done = f.percent(result.progress, 0) if result.progress is not None else NONE
    bar = (
        None if result.progress is None else float(min(max(result.progress * 100, Decimal(0)), Decimal(100)))
    )
    first_notes = {
        "cumulative": "{done} of the target of {target}",
        "level": "{done} of the way to {target}",
        "maintain": "target {target}, kept in {done} of periods",
    }
    note = f.say(first_notes[result.kind] if bar is not None else "target {target}", done=done, target=target)
    if result.kind == "level" and result.progress is not None and result.progress < 0:
        note = f.say("not yet back at the start of {start}", start=f.value(result.baseline, unit))
    count = sample(result, context.kpis.get(result.kpi_id), f)
    first = Figure(
        f.say("To date" if result.kind == "cumulative" else "Now"),
        f.value(result.actual, unit),
        f"{note}; {count}" if count else note,
        round(bar, 1) if bar is not None else None,
    )
    return (first, _second(result, f), _third(result, f), _fourth(result, f))


def _second(result: GoalResult, f: Formats) -> Figure:
    unit = result.unit
    if result.chance:
        return Figure(
            f.say("Forecast for next period" if result.kind == "maintain" else "Forecast at due date"),
            f.value(result.chance.forecast, unit),
            f.say("80 % range {range}", range=f.range(result.chance.low, result.chance.high, unit)),
        )
    used = {
        "linear": "straight line",
        "seasonal": "seasonal plan",
        "milestones": "by milestones",
        "steps": "by steps",
        "none": "no plan",
    }
    label = "Target" if result.kind == "maintain" else "Plan for today"
    share = (
        f.say("{share} of the way", share=f.percent(result.expected, 0))
        if result.expected is not None
        else ""
    )
    notes = [share, f.say(used[result.plan_used])] if share and result.kind != "maintain" else []
    return Figure(
        f.say(label),
        f.value(result.expected_value, unit),
        f.say("every period") if result.kind == "maintain" else ", ".join(notes),
    )


def _third(result: GoalResult, f: Formats) -> Figure:
    label = f.say("Gap to target" if result.kind == "maintain" else "Gap to plan today")
    notes = []
    if result.progress is not None and result.expected is not None and result.kind != "maintain":
        done, plan = f.percent(result.progress, 0), f.percent(result.expected, 0)
        notes.append(f.say("{done} of the way, {plan} planned", done=done, plan=plan))
    if result.pace_index is not None and result.pace_index > 0 and result.kind != "maintain":
        index = f.say("pace index {index}", index=f.number(result.pace_index, 2))
        notes.append(index.replace(" ", NBSP))
    return Figure(label, f.delta(result.gap_value, result.unit, result.actual), ", ".join(notes))


def _fourth(result: GoalResult, f: Formats) -> Figure:
    unit, weekly = result.unit, result.period == "week"
    rate = f.value(result.run_rate, unit)
    if result.kind == "cumulative" and result.required_rate is not None:
        note = f.say("last four ran at {rate}", rate=rate) if result.run_rate is not None else ""
        if result.status == "achieved":
            note = "; ".join(one for one in (f.say("the target is reached"), note) if one)
        elif result.required_multiple is not None:
            note += f"{NBSP}({f.times(result.required_multiple)})"
        if never_reached(result):
            note += "; " + f.say("never reached so far")
        return Figure(
            f.say("Needed per week" if weekly else "Needed per month"),
            f.value(result.required_rate, unit),
            note,
        )
    best = (
        f.say("best on record {best}", best=f.value(result.best_period, unit))
        if result.best_period is not None
        else ""
    )
    return Figure(f.say("Last four weeks" if weekly else "Last four months"), rate, best)


def never_reached(result: GoalResult) -> bool:
    """Whether no period on record ever ran at the rate that is needed."""
    if result.best_period is None or result.required_rate is None:
        return False
    return (result.required_rate - result.best_period) * result.direction.sign > 0


# --- charts -------------------------------------------------------------------------------------------


def _burn_heading(result: GoalResult, f: Formats) -> str:
    heads = {
        "cumulative": "Sum to date against plan",
        "level": "Value against plan",
        "maintain": "Value against target",
    }
    return f.say(heads[result.kind])


def _burn_note(result: GoalResult, f: Formats) -> str:
    """What is measured, and the unit of the axis."""
    label = f.reason(result.measured_label)
    top = max([abs(p.actual) for p in result.burn_up if p.actual is not None] + [abs(result.target)])
    unit = f.scaled([top], result.unit).unit
    return (f"{label}, {unit}" if unit and result.unit is not Unit.PERCENT else label)[:1].upper() + (
        f"{label}, {unit}" if unit and result.unit is not Unit.PERCENT else label
    )[1:]


def _axis(f: Formats, unit: Unit, values: Sequence[float]) -> tuple[str, ...]:
    """Tick labels at one scale, the unit on the topmost one only."""
    scaled = f.scaled([Decimal(str(v)) for v in values], unit)
    return tuple(
        f"{text}\u00a0{scaled.unit}"
        if scaled.unit and index == len(values) - 1 and unit is Unit.PERCENT
        else text
        for index, text in enumerate(_trimmed(scaled.texts))
    )


def _trimmed(texts: Sequence[str]) -> list[str]:
    """Labels without decimals when none of them needs any."""
    for mark in (".", ","):
        ends = [text.rpartition(mark)[2] for text in texts if mark in text]
        if len(ends) == len(texts) and all(set(end) == {"0"} and len(end) < 3 for end in ends):
            return [text.rpartition(mark)[0] for text in texts]
    return list(texts)


def _far(result: GoalResult, f: Formats) -> str:
    """Why the target is not drawn beside single periods, when it cannot be compared with them."""
    if result.kind != "level" or result.control is None:
        return ""
    return f.say("Single periods; the goal is measured over a longer span")


def comparable_target(result: GoalResult) -> Decimal | None:
    """The target, when single periods can be held against it: a sum never can, and a share of a whole
    quarter's customers lies far from the share of a week's."""
    if result.kind == "cumulative" or not result.target_known:
        return None
    values = [one.value for one in closed_periods(result)[-CONTROL_PERIODS:] if one.value is not None]
    if result.kind == "maintain" or not values:
        return result.target
    low, high = min(values), max(values)
    if result.control:
        usual = result.control.band
        low, high = min(low, usual[0]), max(high, usual[1])
    reach = FAR * (high - low)
    return result.target if low - reach <= result.target <= high + reach else None


def page_one_charts(context: Context, height: float) -> tuple[Chart, ...]:
    """The charts of the worst goals beside each other, for a page 1 whose few goals leave it half empty; of a
    single goal both of its charts."""
    f, drawable = context.formats, [one for one in context.live if _has_burn_up(one)][:CHARTS]
    single = drawable[0] if len(context.live) == 1 and drawable and drawable[0].control else None
    room = chart_width(len(drawable) + (single is not None)) if drawable else 0.0
    charts = []
    for one in drawable:
        picture = _burn_up(context, one, height, room)
        assert picture is not None  # noqa: S101 - it has figures
        heading = _burn_heading(one, f) if single else context.title(one.goal_id)
        charts.append(
            Chart(fitted(heading, room, 9, 1, 600), fitted(_burn_note(one, f), room, 7.2, 1), picture)
        )
    picture = _control(context, single, height, room) if single else None
    if single and picture:
        weekly = single.period == "week"
        heading = f.say("Last periods, by week" if weekly else "Last periods, by month")
        charts.append(
            Chart(
                fitted(heading, room, 9, 1, 600),
                fitted(f.say("Band: the usual range"), room, 7.2, 1),
                picture,
            )
        )
    return tuple(charts)


def _end_label(f: Formats, chance: Chance, end: Decimal, unit: Unit) -> str:
    """The forecast beside the end of the fan; the day instead where the line ends on one period's figure and
    the forecast is of many (a goal to keep)."""
    value = f.value(end, unit)
    if not chance.fan or value == f.value(chance.forecast, unit):
        return f.say("forecast {value}", value=value)
    return f.say("{day}: {value}", day=f.day(chance.fan[-1].day), value=value)


def _has_burn_up(result: GoalResult) -> bool:
    return result.target_known and any(point.actual is not None for point in result.burn_up)


def _burn_up(
    context: Context, result: GoalResult, height: float, across: float = BURN_WIDTH
) -> Picture | None:
    if not _has_burn_up(result):
        return None
    f, unit, chance = context.formats, result.unit, result.chance
    forecast = None
    if chance:
        fan = [(p.day, p.low, p.lower, p.middle, p.upper, p.high) for p in chance.fan]
        low, middle, high = fan[-1][1::2] if fan else (chance.low, chance.forecast, chance.high)
        forecast = Forecast(middle, low, high, _end_label(f, chance, middle, unit), fan)
    alt = f.say(
        "{actual} reached, {plan} planned for today, target {target}",
        actual=f.value(result.actual, unit),
        plan=f.value(result.expected_value, unit),
        target=target_text(result, f),
    )
    words = BurnUpWords(
        alt=alt,
        actual=f.say("now {value}", value=f.value(_last_actual(result), unit)),
        plan="",
        target=f.say("target {value}", value=target_text(result, f)),
        today=f.day(result.data_through),
        month=f.month,
        axis=lambda values: _axis(f, unit, values),
    )
    points = [(p.day, p.actual, None if result.kind == "maintain" else p.plan) for p in result.burn_up]
    if result.kind == "cumulative" and points[0][0] >= result.start:
        points.insert(0, (result.start - timedelta(days=1), Decimal(0), Decimal(0)))
    return burn_up(
        points,
        start=result.start,
        due=result.due,
        target=result.target,
        today=result.data_through,
        words=words,
        zero=result.kind == "cumulative",
        forecast=forecast,
        width=across,
        height=height,
    )


def _last_actual(result: GoalResult) -> Decimal | None:
    return next((p.actual for p in reversed(result.burn_up) if p.actual is not None), None)


def _control(context: Context, result: GoalResult, height: float, across: float = PAGE) -> Picture | None:
    chart = result.control
    if chart is None:
        return None
    f, unit = context.formats, result.unit
    periods = closed_periods(result)[-CONTROL_PERIODS:]
    low, high = chart.band
    alt = f.say(
        "Mean {mean}, usual range {low} to {high}",
        mean=f.value(chart.mean, unit),
        low=f.value(low, unit),
        high=f.value(high, unit),
    )
    words = ControlWords(
        alt=alt,
        upper=f.say("upper {value}", value=f.value(high, unit)) if chart.upper is not None else "",
        mean=f.say("mean {value}", value=f.value(chart.mean, unit)),
        lower=f.say("lower {value}", value=f.value(low, unit)) if chart.lower is not None else "",
        target=f.say("target {value}", value=target_text(result, f)),
        axis=lambda values: _axis(f, unit, values),
    )
    return control_chart(
        [(p.start, p.value) for p in periods],
        limits=(low, chart.mean, high),
        target=comparable_target(result),
        outside=lambda v: not low <= Decimal(str(v)) <= high,
        words=words,
        month=partial(_dated_month, f, result),
        width=across,
        height=height,
    )


def _dated_month(f: Formats, result: GoalResult, day: date) -> str:
    """A month's name; over several years of months January and the first one say their year."""
    first = closed_periods(result)[-CONTROL_PERIODS:][0].start
    dated = result.period == "month" and (day.month == 1 or day == first)
    return f"{f.month(day)}{NBSP}{day:%y}" if dated else f.month(day)


# --- tables -------------------------------------------------------------------------------------------


def _change(now: Decimal | None, before: Decimal | None, unit: Unit, f: Formats) -> str:
    """Against the prior year: points for a percentage, else per cent of the earlier value."""
    if now is None or before is None:
        return NONE
    if unit is Unit.PERCENT:
        return f.points(now - before)
    if before <= 0:
        return NONE  # no share of a loss or of nothing says anything
    change = (now - before) / before
    return f">{f.percent(LARGE, 0)}" if change > LARGE else f.percent(change, 0, signed=True)


def _weeks(context: Context, result: GoalResult, most: int) -> Cells:
    f, rows = context.formats, result.periods[-most:]
    scaled = f.scaled([p.value for p in rows] + [p.prior_year for p in rows], result.unit)
    now, before = scaled.texts[: len(rows)], scaled.texts[len(rows) :]
    unit = f", {scaled.unit}" if scaled.unit else ""
    weekly = result.period == "week"
    label, change = _changes(rows, result.unit, f)
    counts = [_n(p, result, context) for p in rows]
    has_n = any(counts)
    body = tuple(
        (
            _period_name(p, weekly, f) + ("" if p.closed else " *"),
            now[i],
            *((counts[i],) if has_n else ()),
            before[i],
            change[i],
        )
        for i, p in enumerate(rows)
    )
    first = f.say("Week" if weekly else "Month")
    head = (first, f.say("Value") + unit, *(("n",) if has_n else ()), f.say("Year ago"), label)
    note = f.say("* not closed yet") if any(not p.closed for p in rows) else ""
    return Cells(
        f.say("The last weeks" if weekly else "The last months"),
        head,
        body,
        note if rows else f.say("No closed period yet."),
        "weeks with-n" if has_n else "weeks",
    )


def _changes(rows: Sequence[PeriodValue], unit: Unit, f: Formats) -> tuple[str, tuple[str, ...]]:
    """Heading and cells of the change against the prior year, the unit in the heading only."""
    mark = f.say("pp") if unit is Unit.PERCENT else "%"
    cells = tuple(_change(p.value, p.prior_year, unit, f).removesuffix(f"\u00a0{mark}") for p in rows)
    return f"{f.say('Change')},\u00a0{mark}", cells


def _period_name(period: PeriodValue, weekly: bool, f: Formats) -> str:
    return (
        f.span(period.start, period.end, year=False)
        if weekly
        else f"{f.month(period.start)}\u00a0{period.start.year}"
    )


def _n(period: PeriodValue, result: GoalResult, context: Context) -> str:
    """The count a rate is taken of."""
    counted = is_counted(result, context.kpis.get(result.kpi_id))
    return context.formats.plain(period.denominator) if counted and period.denominator is not None else ""


def _over_whole(context: Context, result: GoalResult) -> str:
    """Why a share of its period can be more than the whole, where one is."""
    f = context.formats
    if not is_counted(result, context.kpis.get(result.kpi_id)):
        return ""
    shown = (*result.months[-MONTHS:], *closed_periods(result)[-CONTROL_PERIODS:])
    if all(one.value is None or one.value <= 1 for one in shown):
        return ""
    return f.say(
        "More than 100 % is possible: each count goes by its own date, so a case can be counted in one "
        "period below the line and in a later one above it."
    )


def _months(context: Context, result: GoalResult) -> Cells:
    f, rows = context.formats, result.months[-MONTHS:]
    scaled = f.scaled([p.value for p in rows] + [p.prior_year for p in rows], result.unit)
    unit = f", {scaled.unit}" if scaled.unit else ""
    now, before = scaled.texts[: len(rows)], scaled.texts[len(rows) :]
    head = ("", *(_month_head(p, i, f) for i, p in enumerate(rows)))
    label, change = _changes(rows, result.unit, f)
    body = ((f.say("Value") + unit, *now), (f.say("Year ago"), *before), (label, *change)) if rows else ()
    notes = [f.say("* not closed yet")] if any(not p.closed for p in rows) else []
    note = ". ".join(one for one in (*notes, _over_whole(context, result)) if one)
    return Cells(
        f.say("Last twelve months"), head, body, note if rows else f.say("No month on record yet."), "months"
    )


def _month_head(period: PeriodValue, index: int, f: Formats) -> str:
    year = f"\u00a0{period.start:%y}" if index == 0 or period.start.month == 1 else ""
    return f"{f.month(period.start)}{year}{'' if period.closed else '*'}"


def _drivers(context: Context, result: GoalResult, most: int) -> Cells:
    f = context.formats
    parts = result.drivers[:most]
    known = [p.share_of_actual for p in result.drivers if p.share_of_actual is not None]
    shares = bool(known) and all(0 <= share <= 1 for share in known)
    values = f.scaled([p.actual for p in parts], result.unit)
    changes = f.scaled([p.change for p in parts], result.unit)
    mark = f.say("pp") if result.unit is Unit.PERCENT else changes.unit
    rows = tuple(
        (
            fitted(context.named(p.dimension, p.value), 72 if shares else 98, 7.2, 1),
            values.texts[i],
            *(
                (f.percent(p.share_of_actual, 0) if p.share_of_actual is not None else NONE,)
                if shares
                else ()
            ),
            _signed(p.change, changes.texts[i]),
        )
        for i, p in enumerate(parts)
    )
    dimension = f.say(DIMENSIONS.get(parts[0].dimension, parts[0].dimension)) if parts else ""
    head = (
        dimension[:1].upper() + dimension[1:],
        f.say("Value") + (f", {values.unit}" if values.unit else ""),
        *((f.say("Share"),) if shares else ()),
        f.say("Change") + (f",\u00a0{mark}" if mark else ""),
    )
    note = (
        f.say("Change against the span of the same length before.")
        if parts
        else f.say("No breakdown is available for this KPI.")
    )
    return Cells(f.say("What drives it"), head, rows, note, "drivers with-share" if shares else "drivers")


def _signed(value: Decimal | None, text: str) -> str:
    return f"+{text}" if value is not None and value > 0 and text.strip("0.,") else text


def _initiatives(context: Context, goal: Goal | None, room: Room) -> Cells:
    f, most = context.formats, room.initiatives
    all_of_them = goal.how if goal else ()
    shown = sorted(all_of_them, key=lambda i: (i.done == 100, i.due or date.max))[:most]
    names = {one.id: pick(one.title, context.lang) for one in all_of_them}
    rows = tuple(_initiative(context, one, names, room.waits) for one in shown)
    head = tuple(f.say(word) for word in ("Initiative", "Owner", "Dates", "Done", "Waits for"))
    more = len(all_of_them) - len(shown)
    note = f.say.count("and {n} more in the plan", "and {n} more in the plan", more) if more else ""
    return Cells(
        f.say("What is being done"),
        head,
        rows,
        note if rows else f.say("No initiative is written down for this goal."),
        "initiatives",
    )


def _initiative(context: Context, one: Initiative, names: dict[str, str], most: int) -> tuple[str, ...]:
    f = context.formats
    if one.start and one.due:
        dates = f.span(one.start, one.due, year=False)
    else:
        dates = context.near(one.due) if one.due else NONE
    late = one.due is not None and one.due <= context.edition.week.sunday and (one.done or 0) < 100
    waits = pick(one.blocked_by, context.lang) or ", ".join(names[d] for d in one.depends_on if d in names)
    done = NONE if one.done is None else f.percent(Decimal(one.done) / 100, 0)
    if late:
        waits = f.say("overdue") + (f": {waits}" if waits else "")
    return (
        fitted(pick(one.title, context.lang), 176, 7.2, most, 500),
        fitted(context.person(one.owner) or NONE, 84, 7.2, 1),
        dates,
        done,
        fitted(waits or NONE, 142, 7.2, most),
    )


# --- words at the foot --------------------------------------------------------------------------------


def _calculation(context: Context, result: GoalResult) -> str:
    f = context.formats
    parts = [context.said(result.calculation)]
    count = sample(result, context.kpis.get(result.kpi_id), f)
    if count and not all(
        f.plain(one or Decimal(0)) in parts[0] for one in (result.numerator, result.denominator)
    ):
        parts.append(f"({count}).")
    if result.interval is not None:
        low, high = (f.percent(end, 0) for end in result.interval)
        parts.append(f.say("95 % interval: {low} to {high}.", low=low, high=high))
    if result.completeness is not None and result.completeness < 1:
        parts.append(
            f.say(
                "Reported to date: {share} of the due periods have a figure.",
                share=f.percent(result.completeness, 0),
            )
        )
    kpi = context.kpis.get(result.kpi_id)
    if kpi:
        parts.append(f"{context.kpi_name(result.kpi_id)}: {decapitalised(pick(kpi.formula, context.lang))}")
    return " ".join(parts)


def _quality(context: Context, result: GoalResult, goal: Goal | None, most: int) -> tuple[Line, ...]:
    """The five lines every goal page prints about its data; what nobody wrote is said to be missing."""
    f, lang = context.formats, context.lang
    written = goal.data_quality if goal else None
    states = [context.edition.sources[key] for key in result.sources if key in context.edition.sources]
    verified = _sentences([pick(s.verification, lang) for s in states])
    limits = _sentences([pick(s.limitations, lang) for s in states])
    sources = "; ".join(source_line(context, state.source_id) for state in states)
    doubts = _sentences([one for state in states for one in concerns(context, state.source_id)[:1]])
    sources = " ".join([sources, *([doubts] if doubts else []), *_conversions(context, result)])
    texts = (
        ("Verification", pick(written.verification, lang) if written else "", verified),
        ("Source", sources, pick(written.source, lang) if written else ""),
        ("Accuracy needed", pick(written.accuracy, lang) if written else "", ""),
        ("Limitations", pick(written.limitations, lang) if written else "", limits),
        ("How compensated", pick(written.compensation, lang) if written else "", ""),
    )
    missing = f.say("not written down")
    return tuple(
        Line(f.say(label), fitted(first or second or missing, PAGE - 84, 7.2, most))
        for label, first, second in texts
    )


def _conversions(context: Context, result: GoalResult) -> Sequence[str]:
    """Which rates turned amounts into the company's currency."""
    f = context.formats
    return [
        f.say(
            "Amounts in {currency} are converted at the rate of their day, newest {rate} of {day}.",
            currency=code, rate=f.number(used.rate, _decimals(used.rate)), day=f.day(used.day),
        )
        for code, used in sorted(result.converted.items())
    ]  # fmt: skip


def _decimals(value: Decimal) -> int:
    """Digits after the point that a number is written with, trailing zeros aside."""
    return max(-int(value.normalize().as_tuple().exponent), 0)


def _sentences(texts: Sequence[str]) -> str:
    """Texts of several sources one after the other, each once and each closed by a full stop."""
    return " ".join(f"{text.rstrip('. ')}." for text in dict.fromkeys(texts) if text)


def concerns(context: Context, source_id: str) -> list[str]:
    """What puts a source's figures in doubt: the gravest in words, the others counted."""
    f, found = context.formats, context.edition.sources[source_id].concerns
    more = [f.say.count("{n} more", "{n} more", len(found) - 1)] if len(found) > 1 else []
    return [found[0].text(f.say).rstrip("."), *more] if found else []


def source_line(context: Context, source_id: str) -> str:
    """One source in one line: its state, rows and rejected rows."""
    f, state = context.formats, context.edition.sources[source_id]
    title = context.source_title(source_id)
    if state.freshness == "refused":
        why = state.problem.text(f.say) if state.problem else ""
        return f.say("{source}: refused. {why}", source=title, why=why).strip()
    if state.freshness == "missing" or state.received_at is None:
        return f.say("{source}: nothing received", source=title)
    received = context.near(state.received_at.astimezone(context.zone).date())
    words = {
        "fresh": "{source}: received {day}, {rows}",
        "stale": "{source}: stale, last received {day}, {rows}",
    }
    rows = f.say.count(
        "{rows} row", "{rows} rows", state.counts.rows_in, rows=f.number(state.counts.rows_in)
    ).replace(" ", "\u00a0")
    text = f.say(words[state.freshness], source=title, day=received, rows=rows)
    if state.counts.quarantined:
        text += ", " + rejected(state.counts.quarantined, state.reasons, f)
    return text


def rejected(rows: int, reasons: dict[str, int], f: Formats) -> str:
    """ "5 rejected (negative hours 3, ...)"."""
    text = f.say.count("{n} rejected", "{n} rejected", rows).replace(" ", "\u00a0")
    top = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:2]
    if not top:
        return text
    named = ", ".join(f"{decapitalised(f.say(reason).rstrip('.'))}: {count}" for reason, count in top)
    return f"{text} ({named})"
