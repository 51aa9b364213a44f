"""Parts of a figure: only a breakdown that says something is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal as D
from typing import Any, cast

from pipeline.goals.book import SeriesBook
from pipeline.goals.drivers import drivers_of
from tests.unit.goals.goals_cases import REVENUE, goal, kpi, result, steady

SPLIT: dict[str, Any] = {**REVENUE, "dimensions": ("goal", "owner")}


@dataclass
class Sum:
    value: D | None


@dataclass
class Part:
    before: D | None
    since: D | None

    def pooled(self, first: date, last: date) -> Sum:
        return Sum(self.since if first >= date(2026, 9, 28) else self.before)


@dataclass
class Shelf:
    """A book of made-up sums: value of a segment -> its sum before 28 September and since."""

    sums: Mapping[str, tuple[D | None, D | None]]

    def segments(self, kpi: object) -> list[dict[str, str]]:
        return [{"goal" if name.startswith("g") else "owner": name} for name in self.sums]

    def series(self, kpi: object, segment: Mapping[str, str]) -> Any:
        return Part(*self.sums[next(iter(segment.values()))])


def test_a_dimension_whose_parts_have_no_figure_is_not_printed_before_one_that_has() -> None:
    """Tasks by goal were too few for a rate each: a table of dashes hid who had done what."""
    sums = {
        "g1": (None, None),
        "g2": (None, D(1)),
        "abe": (None, None),
        "ann": (D(5), D(5)),
        "bob": (D(3), D(3)),
    }
    one = kpi(SPLIT)
    found = drivers_of(
        goal(), one, cast(SeriesBook, Shelf(sums)), result(goal(), one, steady(one, lambda _: 1))
    )
    assert [(part.dimension, part.value, part.actual) for part in found] == [
        ("owner", "ann", 5),
        ("owner", "bob", 3),
    ]


def test_without_any_figure_there_is_no_breakdown() -> None:
    one = kpi(SPLIT)
    shelf = cast(SeriesBook, Shelf({"g1": (None, None), "g2": (D(1), None)}))
    assert drivers_of(goal(), one, shelf, result(goal(), one, steady(one, lambda _: 1))) == ()
