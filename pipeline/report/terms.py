"""How a goal's target is said beyond its number: a change and its base, a recurring goal and its periods,
a target that was moved.

Here: those words, and the table of a recurring goal's periods. Not here: the target's number (words.py) or
the rules that judge a period (goals/recurring.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.goals.model import GoalResult, Instance, TargetTerms, Unrecorded
from pipeline.periods import Week
from pipeline.report.i18n import NBSP, NONE, Formats
from pipeline.report.view import Cells
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Goal, Quantity, TargetChange, parse_quantity

MOST_INSTANCES = 12
EVERY = {"week": "every week", "month": "every month", "quarter": "every quarter"}
MARKS = {"%": "in per cent", "pp": "in percentage points", "": "as an amount"}
BASES = {
    "baseline": "the baseline",
    "compounded": "the baseline with all changes so far",
    "prior_period": "the period before",
    "prior_year": "the same time last year",
}


def change_text(terms: TargetTerms, unit: Unit, f: Formats) -> str:
    """ "+10 %", "−5 pp", "+€2,000"."""
    if terms.mark == "pp":
        return f.points(terms.change)
    return f.percent(terms.change, signed=True) if terms.mark else f.value(terms.change, unit, signed=True)


def terms_text(result: GoalResult, f: Formats) -> str:
    """A relative target as written: "+10 %, in per cent, against the baseline (45 %)"; "" of a number."""
    terms = result.terms
    if terms is None:
        return ""
    return f.say(
        "{change}, {mark}, against {base} ({value})",
        change=change_text(terms, result.unit, f),
        mark=f.say(MARKS[terms.mark]),
        base=f.say(BASES[terms.base]),
        value=f.value(terms.base_value, result.unit),
    )


def every_text(result: GoalResult, f: Formats) -> str:
    return f.say(EVERY[result.recurrence.every]) if result.recurrence else ""


def recurring_sentence(result: GoalResult) -> str:
    """Template of a recurring goal in one sentence; `change` and `against` say a relative target."""
    up = result.direction is Direction.UP
    if result.terms is not None:
        return (
            "Raise {kpi} by {change} {every} from {start} to {due}, against {against}"
            if up
            else "Reduce {kpi} by {change} {every} from {start} to {due}, against {against}"
        )
    if result.kind == "cumulative":
        return (
            "Reach {target} of {kpi} {every} from {start} to {due}"
            if up
            else "Keep the total of {kpi} within {target} {every} from {start} to {due}"
        )
    return (
        "Bring {kpi} to {target} or more {every} from {start} to {due}"
        if up
        else "Bring {kpi} to {target} or less {every} from {start} to {due}"
    )


def recurring_params(result: GoalResult, f: Formats) -> dict[str, str]:
    """What recurring_sentence needs beside the KPI and the target."""
    again, terms = result.recurrence, result.terms
    if again is None:
        return {}
    params = {"every": every_text(result, f), "start": f.date(again.start), "due": f.date(again.due)}
    if terms is None:
        return params
    change = TargetTerms(abs(terms.change), terms.mark, terms.base, terms.base_value)
    base = "prior_period" if terms.base == "prior_period" else terms.base
    return {
        **params,
        "change": change_text(change, result.unit, f).lstrip("+"),
        "against": f.say(BASES[base]),
    }


def row_text(result: GoalResult, f: Formats) -> str:
    """How the periods went, in few words: "3 of 4 met, 2 in a row"."""
    again = result.recurrence
    if again is None or not again.judged:
        return ""
    return f.say(
        "{met} of {judged} met, {streak} in a row", met=again.met, judged=again.judged, streak=again.streak
    )


def instance_cells(result: GoalResult, f: Formats, words: dict[str, tuple[str, str]]) -> Cells:
    """The newest periods of a recurring goal and the next one, a column each. `words`: status -> shape,
    word."""
    again = result.recurrence
    if again is None:
        return Cells("", (), ())
    last = again.reported + 2
    shown = again.instances[max(last - MOST_INSTANCES, 0) : last]
    targets = f.scaled([one.target for one in shown] + [one.actual for one in shown], result.unit)
    unit = f", {targets.unit}" if targets.unit else ""
    rows = (
        (f.say("Target") + unit, *targets.texts[: len(shown)]),
        (f.say("Value") + unit, *targets.texts[len(shown) :]),
        (f.say("Status"), *(words[one.status][0] for one in shown)),
        (f.say("Chance"), *(_chance(one, f) for one in shown)),
    )
    head = ("", *(_head(one.start, again.every, f) for one in shown))
    legend = ", ".join(
        f"{words[name][0]}{NBSP}{f.say(words[name][1]).lower()}"
        for name in dict.fromkeys(one.status for one in shown)
    )
    counts = row_text(result, f)
    note = ". ".join(one for one in (counts, legend) if one)
    return Cells(f.say("Every period by itself"), head, rows, note, "months")


def _chance(one: Instance, f: Formats) -> str:
    return f.probability(one.chance) if one.chance is not None else NONE


def _head(day: date, every: str, f: Formats) -> str:
    if every == "week":
        return f.week_name(Week.of(day))
    return f"{f.month(day)}{NBSP}{day:%y}"


MOVED = {
    "target": "the target was {before} until {week} and is {now}, "
    "without an entry that says who changed it and why",
    "due": "the due date was {before} until {week} and is {now}, "
    "without an entry that says who changed it and why",
    "baseline": "the baseline was {before} until {week} and is {now}, "
    "without an entry that says who changed it and why",
    "start": "the start was {before} until {week} and is {now}, "
    "without an entry that says who changed it and why",
    "kpi": "the KPI was {before} until {week} and is {now}, "
    "without an entry that says who changed it and why",
    "kind": "the goal was {before} until {week} and is {now}, "
    "without an entry that says who changed it and why",
    "segment": "the segment was {before} until {week} and is {now}, "
    "without an entry that says who changed it and why",
    "measured": "the figure was measured over {before} until {week} and is now over {now}, "
    "without an entry that says who changed it and why",
    "direction": "better meant {before} until {week} and means {now}, "
    "without an entry that says who changed it and why",
}
WORDS = {
    "direction": {"up": "higher", "down": "lower"},
    "kind": {"cumulative": "a sum to reach", "level": "a level to reach", "maintain": "a level to keep"},
}
MEASURED = {
    "trailing": "the newest {n} periods",
    "window": "the whole window",
    "last": "the newest period alone",
}


def unrecorded_text(found: Unrecorded, unit: Unit, f: Formats) -> str:
    """One move of a target, a due date or a definition that nobody wrote down."""
    before, now = (_said(found.key, text, unit, f) for text in (found.before, found.now))
    return f.say(MOVED[found.key], before=before, now=now, week=f.week_name(Week.parse(found.week)))


def _said(key: str, text: str, unit: Unit, f: Formats) -> str:
    """A target as its author wrote it, a plain number in the KPI's unit; a date in the language. What a
    target is relative to and how often it recurs follows in words."""
    if key in ("due", "start"):
        return f.date(date.fromisoformat(text))
    if key == "measured":
        return _measured_text(text, f)
    if key in WORDS:
        return f.say(WORDS[key].get(text, text))
    if key in ("kpi", "segment") or text == NONE:
        return text
    number, *more = text.split(", ")
    keys = dict(one.split(": ", 1) for one in more)
    said = _parsed_text(number, unit, f)
    if "relative_to" in keys:
        said = f"{said} ({f.say(BASES[keys['relative_to']])})"
    if "every" in keys:
        said = f"{said} {f.say(EVERY[keys['every']])}"
    return f"{said}, compounding: {keys['compounding']}" if "compounding" in keys else said


def _measured_text(text: str, f: Formats) -> str:
    """A measurement as the record has it: "trailing 13", "window", "last"."""
    over, _, periods = text.partition(" ")
    return f.say(MEASURED[over], n=periods) if over in MEASURED else text


def _parsed_text(text: str, unit: Unit, f: Formats) -> str:
    try:
        return quantity_text(Quantity.model_validate(parse_quantity(text)), unit, f)
    except ValueError:
        return text


def quantity_text(one: Quantity, unit: Unit, f: Formats) -> str:
    """A number as a person wrote it: "20 %", "+5 pp", "1,200,000" in the KPI's unit."""
    if one.mark == "pp":
        return f.points(one.amount, signed=one.signed)
    if one.mark == "%":
        return f.percent(one.amount, signed=one.signed)
    return f.value(one.amount, unit, signed=one.signed)


@dataclass(frozen=True)
class Moved:
    """A change of a target that is written down, with what it led to."""

    change: TargetChange
    new: Quantity
    new_due: date


def moves(goal: Goal | None) -> tuple[Moved, ...]:
    """The goal's changes, oldest first: each led to what the next one says was before it, or to today's."""
    if goal is None:
        return ()
    ordered = sorted(goal.target_changes, key=lambda one: one.on)
    found = []
    for n, one in enumerate(ordered):
        later = ordered[n + 1 :]
        new = later[0].previous if later else goal.target
        new_due = next((next_one.previous_due for next_one in later if next_one.previous_due), goal.due)
        found.append(Moved(one, new, new_due))
    return tuple(found)


def move_text(moved: Moved, unit: Unit, f: Formats) -> str:
    """ "€1.5 M → €1.3 M", and the due date where it moved too."""
    before, after = quantity_text(moved.change.previous, unit, f), quantity_text(moved.new, unit, f)
    parts = [f"{before} → {after}"] if before != after else []
    if moved.change.previous_due:
        parts.append(
            f.say(
                "due {before} → {after}", before=f.day(moved.change.previous_due), after=f.day(moved.new_due)
            )
        )
    return ", ".join(parts or [f"{before} → {after}"])
