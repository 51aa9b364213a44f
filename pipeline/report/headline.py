"""The headline of a scorecard: the finding of the week in one generated sentence.

Here: which finding is said. Not here: statuses themselves, nor the layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.goals.model import GoalResult
from pipeline.report.i18n import Formats
from pipeline.report.words import BEHIND, SHAPES, behind, decapitalised, target_text
from pipeline.units import Unit

NAMED = 3
"""Goals named in the headline at most."""


def headline(
    results: Sequence[GoalResult], titles: dict[str, str], formats: Formats, named: int = NAMED
) -> str:
    """The finding: what will probably be missed, with numbers; else what to watch; else that all is well.

    `results` are worst first; `titles` the goals' titles in the language of `formats`."""
    if not results:
        return formats.say("No goals are set for this audience")
    lost = [one for one in results if one.status in BEHIND]
    if len(results) == 1 and results[0].actual is not None:
        return _single(results[0], titles, formats)
    if lost:
        return _behind(lost, len(results), titles, formats, named)
    watched = [one for one in results if one.status == "watch"]
    if watched:
        return _counted(
            "{count} of {all} goals needs watching: {names}",
            "{count} of {all} goals need watching: {names}",
            watched,
            len(results),
            titles,
            formats,
            named,
        )
    blind = [one for one in results if one.status == "no_verdict"]
    if len(blind) == len(results):
        return formats.say("No verdict on any goal this week: the data does not allow one")
    if blind:
        one, many = (
            "{count} of {all} goals has no verdict: {names}",
            "{count} of {all} goals have no verdict: {names}",
        )
        return _counted(
            one,
            many,
            blind,
            len(results),
            titles,
            formats,
            named,
        )
    if all(one.status == "not_started" for one in results):
        return formats.say("No goal has started yet")
    return _on_plan(results, titles, formats)


def _single(result: GoalResult, titles: dict[str, str], formats: Formats) -> str:
    """An audience of one goal reads where that goal stands."""
    words = {
        "name": titles[result.goal_id],
        "word": decapitalised(formats.say(SHAPES[result.status][1])),
        "now": formats.value(result.actual, result.unit),
        "target": target_text(result, formats),
    }
    if result.kind == "maintain" or result.expected_value is None or result.basis == "decided":
        return formats.say("{name}: {word} ({now}, target {target})", **words)
    plan = formats.value(result.expected_value, result.unit)
    return formats.say("{name}: {word} ({now}, {plan} planned, target {target})", plan=plan, **words)


def _on_plan(results: Sequence[GoalResult], titles: dict[str, str], formats: Formats) -> str:
    """Nothing is behind: the goal with the least to spare, in case only one is to be asked about."""
    going = [one for one in results if one.status == "on_track" and one.pace_gap is not None]
    if not going:
        return formats.say("All goals under way are on plan")
    nearest = min(going, key=lambda one: (one.pace_gap or Decimal(0), one.goal_id))
    name, why = formats.name(titles[nearest.goal_id]), _why(nearest, formats) or _ahead(nearest, formats)
    return formats.say.count(
        "{count} goal under way, on plan; the narrowest is {name}",
        "All {count} goals under way are on plan; the narrowest is {name}",
        len(going),
        count=formats.count_word(len(going)) if formats.lang == "en" else str(len(going)),
        name=f"{name} ({why})" if why else name,
    )


def _ahead(result: GoalResult, formats: Formats) -> str:
    if not result.gap_value:
        return ""
    size = abs(result.gap_value)
    money = (
        formats.points(size, signed=False)
        if result.unit is Unit.PERCENT
        else formats.value(size, result.unit)
    )
    return formats.say("{gap} ahead of plan", gap=money)


def _behind(
    lost: Sequence[GoalResult], total: int, titles: dict[str, str], formats: Formats, named: int
) -> str:
    if any(one.chance for one in lost):
        one, many = (
            "{count} of {all} goals will probably miss: {names}",
            "{count} of {all} goals will probably miss: {names}",
        )
    elif all(one.status == "missed" for one in lost):
        one, many = (
            "{count} of {all} goals was missed: {names}",
            "{count} of {all} goals were missed: {names}",
        )
    else:
        one, many = "{count} of {all} goals is behind: {names}", "{count} of {all} goals are behind: {names}"
    return _counted(one, many, lost, total, titles, formats, named)


def _counted(
    one: str,
    many: str,
    found: Sequence[GoalResult],
    total: int,
    titles: dict[str, str],
    formats: Formats,
    named: int,
) -> str:
    if total == 1:
        return formats.say("{name}: {word}", name=titles[found[0].goal_id], word=_only(found[0], formats))
    names = [_name(result, titles, formats) for result in found[:named]]
    if len(found) > named:
        more = len(found) - named
        names.append(formats.say.count("{n} more", "{n} more", more).replace(" ", "\u00a0"))
    text = formats.say.count(
        one,
        many,
        len(found),
        count=formats.count_word(len(found)),
        all=formats.count_word_of(total),
        names=formats.listed(names),
    )
    return text[:1].upper() + text[1:]


def _name(result: GoalResult, titles: dict[str, str], formats: Formats) -> str:
    why = _why(result, formats)
    name = formats.name(titles[result.goal_id])
    return f"{name} ({why})" if why else name


def _why(result: GoalResult, formats: Formats) -> str:
    parts = []
    if result.status == "missed":
        parts.append(formats.say("missed"))
    elif behind(result) and result.gap_value is not None:
        gap = abs(result.gap_value)
        size = (
            formats.points(gap, signed=False)
            if result.unit is Unit.PERCENT
            else formats.value(gap, result.unit)
        )
        parts.append(formats.say("{gap} behind plan", gap=size))
    if result.chance and result.status != "missed":
        parts.append(formats.say("{chance} likely", chance=formats.probability(result.chance.probability)))
    return ", ".join(parts)


def _only(result: GoalResult, formats: Formats) -> str:
    word = decapitalised(formats.say(SHAPES[result.status][1]))
    why = _why(result, formats) if result.status != "missed" else ""
    return f"{word} ({why})" if why else word
