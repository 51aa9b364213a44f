"""Words that several documents share: statuses, signals, the sentence of a goal.

Here: which word, shape and colour stands for what. Not here: the rules that decide a
status (goals/status.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pipeline.goals.model import WORST_FIRST, ControlChart, GoalResult
from pipeline.kpis.registry import unit_of
from pipeline.report.i18n import Formats, bound
from pipeline.report.terms import recurring_params, recurring_sentence
from pipeline.report.view import Status, Tally, Tone
from pipeline.units import Direction, Unit
from pipeline.workspace.derived import has_offsets
from pipeline.workspace.expressions import Operation, walk
from pipeline.workspace.model import Kpi

SHAPES: Mapping[str, tuple[str, str, Tone]] = {
    "achieved": ("✓", "Achieved", "blue"),
    "on_track": ("●", "On track", "green"),
    "watch": ("◆", "Watch", "amber"),
    "at_risk": ("▲", "At risk", "red"),
    "off_track": ("▼", "Off track", "red"),
    "missed": ("■", "Missed", "red"),
    "no_verdict": ("○", "No verdict", "grey"),
    "not_started": ("□", "Not started", "grey"),
}
COUNTED = {
    "achieved": ("{n} achieved", "{n} achieved"),
    "on_track": ("{n} on track", "{n} on track"),
    "watch": ("{n} to watch", "{n} to watch"),
    "at_risk": ("{n} at risk", "{n} at risk"),
    "off_track": ("{n} off track", "{n} off track"),
    "missed": ("{n} missed", "{n} missed"),
    "no_verdict": ("{n} without verdict", "{n} without verdict"),
    "not_started": ("{n} not started", "{n} not started"),
}
DIMENSIONS = {
    "account_class": "account class",
    "account_name": "account",
    "basis": "basis of the books",
    "form": "form",
    "goal": "goal",
    "kind": "kind",
    "name": "name",
    "movement": "kind of change",
    "payment": "kind of payment",
    "section": "part of the report",
}
"""Columns of facts whose own name says too little over a table; of the others the name is the word."""
BEHIND = ("missed", "off_track", "at_risk")
"""Statuses the headline calls attention to."""


def status_view(name: str, formats: Formats) -> Status:
    shape, word, tone = SHAPES[name]
    return Status(name, shape, formats.say(word), tone)


def tally(results: tuple[GoalResult, ...], formats: Formats) -> tuple[Tally, ...]:
    """Goals by status, worst first, statuses without goals left out."""
    counts = {name: sum(one.status == name for one in results) for name in WORST_FIRST}
    return tuple(
        Tally(status_view(name, formats), counted(name, n, formats)) for name, n in counts.items() if n
    )


def counted(name: str, n: int, formats: Formats) -> str:
    return formats.say.count(*COUNTED[name], n).replace(" ", "\u00a0", 1)


def tally_text(results: tuple[GoalResult, ...], formats: Formats) -> str:
    return ", ".join(one.text for one in tally(results, formats))


def closed_text(closed: tuple[GoalResult, ...], formats: Formats) -> str:
    """How the goals ended whose window had closed before the week; empty when none had."""
    if not closed:
        return ""
    text = tally_text(closed, formats)
    return formats.say.count("{n} closed: {tally}", "{n} closed: {tally}", len(closed), tally=text)


def signal(control: ControlChart | None, values: list[Decimal], formats: Formats) -> str:
    """What the newest period says, in plain words; "" without enough history."""
    if control is None or not values:
        return ""
    high = values[-1] > control.mean
    texts = {
        "outside": "Unusually high" if high else "Unusually low",
        "seven_one_side": "7 in a row above usual" if high else "7 in a row below usual",
        "trend": "Rising seven in a row" if high else "Falling seven in a row",
        "two_of_three": "Mostly near the top of usual" if high else "Mostly near the bottom of usual",
    }
    found = [texts[name] for name in texts if name in control.signals]
    return formats.say(found[0] if found else "Within the usual range")


def assurance(control: ControlChart | None, formats: Formats) -> str:
    """What the natural limits promise about the target."""
    texts = {
        "passes": "At its usual variation it stays within the target.",
        "fails": "At its usual variation it misses the target even in a good period.",
        "hit_and_miss": "At its usual variation it will sometimes meet the target and sometimes miss it.",
    }
    return formats.say(texts[control.assurance]) if control and control.assurance else ""


def decapitalised(text: str) -> str:
    """For the middle of a sentence: "Churn rate" -> "churn rate", but "CAC" stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def sentence(result: GoalResult, kpi: Kpi, name: str, formats: Formats) -> str:
    """The goal in one sentence, made from its fields."""
    unit = result.unit
    params = {
        "kpi": decapitalised(name) if formats.lang == "en" else name,
        "target": target_text(result, formats),
        "due": formats.date(result.due),
        "start": formats.date(result.start),
        "baseline": formats.value(result.baseline, unit),
        **recurring_params(result, formats),
    }
    return bound(formats.say(_sentence_template(result), **params), formats.lang)


def _sentence_template(result: GoalResult) -> str:
    up = result.direction is Direction.UP
    if result.recurrence is not None:
        return recurring_sentence(result)
    if result.kind == "maintain":
        return (
            "Keep {kpi} at {target} or more until {due}"
            if up
            else "Keep {kpi} at {target} or less until {due}"
        )
    if result.kind == "cumulative":
        return (
            "Reach {target} of {kpi} between {start} and {due}"
            if up
            else "Keep the total of {kpi} within {target} between {start} and {due}"
        )
    if result.baseline is None:
        return "Raise {kpi} to {target} by {due}" if up else "Reduce {kpi} to {target} by {due}"
    return (
        "Raise {kpi} from {baseline} to {target} by {due}"
        if up
        else "Reduce {kpi} from {baseline} to {target} by {due}"
    )


def is_counted(result: GoalResult, kpi: Kpi | None) -> bool:
    """Whether the figure is a percentage of one count by another. A growth compares two sums, of which
    neither is a part of the other; so does an expression with an earlier span in it. Nor is money, or a
    difference of two counts, a number of cases; what is left of the whole is one."""
    if result.unit is not Unit.PERCENT or kpi is None:
        return result.unit is Unit.PERCENT
    if kpi.numerator is not None and kpi.denominator is not None:
        return all(unit_of(one) is Unit.COUNT for one in (kpi.numerator, kpi.denominator))
    made = kpi.made
    if made is None or made.above is None or made.units != (Unit.COUNT, Unit.COUNT) or has_offsets(kpi):
        return False
    return all(
        not isinstance(one, Operation) or one.sign != "-" or one.left == made.below
        for one in walk(made.above)
    )


def shares(result: GoalResult, kpi: Kpi | None, formats: Formats) -> dict[str, str]:
    """The two counts behind a rate, `part` and `whole`; empty for anything else."""
    if not is_counted(result, kpi) or result.numerator is None or result.denominator is None:
        return {}
    return {"part": formats.plain(result.numerator), "whole": formats.plain(result.denominator)}


def sample(result: GoalResult, kpi: Kpi | None, formats: Formats) -> str:
    """ "n = 84 of 310" beside a rate; "" for anything else."""
    counts = shares(result, kpi, formats)
    return formats.say("n = {part} of {whole}", **counts).replace(" ", "\u00a0") if counts else ""


def behind(result: GoalResult) -> bool:
    """Whether the value stands on the wrong side of where the plan wants it today."""
    return result.gap_value is not None and result.gap_value * result.direction.sign < 0


def target_text(result: GoalResult, formats: Formats) -> str:
    """The target in its unit; a dash while a relative target's base has no figure."""
    return formats.value(result.target if result.target_known else None, result.unit)
