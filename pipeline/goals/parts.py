"""The targets of a goal's parts added up, where they may be.

Here: which children of a sum make up a whole together, and what they come to. Not here: how that is judged
(smart.py) or printed (report/).

Parts are in time (the quarters of a year, of the same segment) or of the company (regions, in the same
window). The two are never added to each other, nor parts that overlap; rates are not added at all, because
the rate of a whole is not the sum of its parts' rates. A recurring part counts its target once a period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from pipeline.goals.recurring import recurring_spans
from pipeline.workspace.model import Goal

Part = tuple[Goal, Decimal | None]
"""A child with its target as a number (of a recurring one that of a period); None when it is not known."""


@dataclass(frozen=True)
class Sum:
    """Parts of one kind. total: what they come to; None when they are not added up."""

    how: Literal["whole", "partial", "overlap"]
    """partial: they cover only some days of the window. overlap: something would count twice."""
    total: Decimal | None
    covered: int
    """Days of the goal's window that parts in time cover; all of them for parts of the company."""


def sums_of_parts(goal: Goal, parts: Sequence[Part]) -> tuple[Sum, ...]:
    """The parts of a sum in time, then those by each dimension; () where nothing can be added."""
    same = [one for one in parts if one[0].kind == goal.kind == "cumulative" and one[0].kpi == goal.kpi]
    if any(target is None for _, target in same):
        return ()
    in_time = [one for one in same if one[0].segment == goal.segment]
    found = [_in_time(goal, in_time)] if in_time else []
    dimensions = dict.fromkeys(key for one, _ in same if (key := _split_by(goal, one)) is not None)
    for key in dimensions:
        found.append(_by_dimension(goal, key, [one for one in same if _split_by(goal, one[0]) == key]))
    return tuple(found)


def whole_sum(sums: Sequence[Sum]) -> Decimal | None:
    """What a complete set of parts comes to."""
    return next((one.total for one in sums if one.how == "whole"), None)


def total_target(goal: Goal, target: Decimal | None) -> Decimal:
    """What a goal's target means for its whole time."""
    times = len(recurring_spans(goal)) if goal.every is not None else 1
    return (target or Decimal(0)) * times


def _in_time(goal: Goal, parts: Sequence[Part]) -> Sum:
    ordered = sorted((one for one, _ in parts), key=lambda one: one.start)
    if any(later.start <= earlier.due for earlier, later in pairwise(ordered)):
        return Sum("overlap", None, 0)
    covered = sum(max((min(one.due, goal.due) - max(one.start, goal.start)).days + 1, 0) for one in ordered)
    total = sum((total_target(one, target) for one, target in parts), Decimal(0))
    return Sum("whole" if covered == (goal.due - goal.start).days + 1 else "partial", total, covered)


def _split_by(goal: Goal, part: Goal) -> str | None:
    """The dimension by which a part is narrower than the goal over the same days."""
    more = set(part.segment.items()) - set(goal.segment.items())
    same_days = (part.start, part.due) == (goal.start, goal.due)
    narrower = set(goal.segment.items()) <= set(part.segment.items())
    return next(iter(more))[0] if narrower and same_days and len(more) == 1 else None


def _by_dimension(goal: Goal, key: str, parts: Sequence[Part]) -> Sum:
    days = (goal.due - goal.start).days + 1
    if len({one.segment[key] for one, _ in parts}) < len(parts):
        return Sum("overlap", None, days)
    return Sum("whole", sum((total_target(one, target) for one, target in parts), Decimal(0)), days)
