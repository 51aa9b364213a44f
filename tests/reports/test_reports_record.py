"""How past chances turned out, where documents say it: one line that gives way to the sources, the method
page and the twin, all with the same numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import fixture_edition as fx
import pytest

from pipeline.goals.judged import Prediction
from pipeline.kpis.registry import kpi_registry
from pipeline.report.boxes import DATA_BOX, Place, data_box, used_lines
from pipeline.report.context import Context
from pipeline.report.method import method_sections
from pipeline.report.twin import dumps, restricted, scorecard_json

DUE = date(2026, 9, 27)
PAST = tuple(
    Prediction(
        f"closed-{goal}", "revenue", DUE - timedelta(weeks=week), DUE, 13 - week, 13, 0.65, Decimal(1),
        Decimal(3), False, None, goal < 4, Decimal(2 if goal < 4 else 0),
    )
    for goal in range(6)
    for week in range(1, 5)
)  # fmt: skip
"""Six closed goals, 65 % four weeks running, four of them attained: 16 of 24 came true."""


def _context(lang: str, past: tuple[Prediction, ...]) -> Context:
    space = fx.workspace(goals=4)
    edition = replace(fx.edition(4, chance=True), past=past)
    return Context(space, edition, kpi_registry(space), lang, space.audiences[0], fx.notes())


def _texts(context: Context, lines: int) -> list[str]:
    box = data_box(context, Place(lines, DATA_BOX))
    return [f"{item.text} {item.note}".strip() for group in box.groups for item in group.items]


@pytest.mark.parametrize(
    ("lang", "said", "method"),
    [
        ("en", "Of 24 past chances of 60–80 %, 16 came true 6 closed goals", "Brier score 0.223"),
        ("ru", "Из 24 прошлых вероятностей 60–80 % сбылось 16 6 закрытых целей", "оценка Брайера 0,223"),
    ],
)
def test_page_1_says_it_in_words_and_the_method_page_with_its_score(
    lang: str, said: str, method: str
) -> None:
    """16 x .35^2 + 8 x .65^2 over 24 is .2225; the ends of four of six goals lie within 1 to 3."""
    context = _context(lang, PAST)
    assert said in [text.replace("\u00a0", " ") for text in _texts(context, 100)]
    page = " ".join(line.text for section in method_sections(context) for line in section.lines)
    assert method in page and "16" in page and "24" in page


def test_without_room_the_line_gives_way_and_no_source_does() -> None:
    context, without = _context("en", PAST), _context("en", ())
    needed = used_lines(data_box(without, Place(100, DATA_BOX)), DATA_BOX)
    assert _texts(context, needed) == _texts(without, needed)
    assert len(_texts(context, needed + 2)) == len(_texts(without, needed)) + 1


def test_too_few_closed_goals_are_not_judged_anywhere() -> None:
    few = tuple(one for one in PAST if one.goal_id < "closed-4")
    context = _context("en", few)
    assert not [text for text in _texts(context, 100) if "past chance" in text]
    page = " ".join(line.text for section in method_sections(context) for line in section.lines)
    assert "Not judged yet: fewer than 5 closed goals" in page
    assert scorecard_json({"en": context})["record"] is None


def test_the_twin_has_the_same_numbers_for_every_audience() -> None:
    twin = scorecard_json({"en": _context("en", PAST)})
    found = json.loads(dumps(restricted(twin, (), ())))["record"]
    assert (found["goals"], found["predictions"], found["brier"]) == (6, 24, 0.2225)
    assert (found["in_range"], found["ranged"]) == (16, 24)
    (band,) = found["bands"]
    assert (band["low"], band["high"], band["predictions"], band["came_true"]) == (0.6, 0.8, 24, 16)
