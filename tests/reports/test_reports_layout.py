"""What a reader would object to on a page: text cut, left out, or running out of its place."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import fixture_edition as fx
import pytest
from pypdf import PdfReader
from weasyprint import HTML

from pipeline.goals.model import Edition, GoalResult, Reason
from pipeline.kpis.registry import kpi_registry
from pipeline.report.build import render_edition
from pipeline.report.context import Context
from pipeline.report.engine import scorecard_html
from pipeline.report.headline import headline
from pipeline.report.i18n import formats
from pipeline.report.pdf import Printed, press, print_pdf
from pipeline.report.scorecard import scorecard_view
from pipeline.report.settle import Memory, settled
from pipeline.report.view import ScorecardView
from pipeline.report.words import sample
from pipeline.units import Unit
from pipeline.workspace.model import Notes

LANGUAGES = pytest.mark.parametrize("lang", ["en", "ru"])


def context_of(edition: Edition, lang: str, goals: int, notes: Notes | None = None) -> Context:
    space = fx.workspace(goals=goals)
    return Context(space, edition, kpi_registry(space), lang, space.audiences[0], notes or fx.notes())


def printed(view: ScorecardView) -> Printed:
    return print_pdf(scorecard_html(view), identifier=b"test", created=fx.AS_OF)


def plain(text: str) -> str:
    """A text in one line with ordinary spaces; a line break inside a word is none."""
    return " ".join(text.replace("\u00a0", " ").split())


def in_place(box: Any, left: float, right: float) -> Iterator[str]:
    """Texts that lie outside the block, cell or page they stand in, by more than half a pixel."""
    kind = type(box).__name__
    if kind == "TextBox":
        if box.position_x < left - 0.5 or box.position_x + box.width > right + 0.5:
            yield box.text
        return
    if kind in ("BlockBox", "TableCellBox", "BlockReplacedBox") and isinstance(box.width, int | float):
        left, right = box.padding_box_x(), box.content_box_x() + box.width  # a mark hangs in the padding
    for child in getattr(box, "children", ()):
        yield from in_place(child, left, right)


@LANGUAGES
def test_no_text_runs_out_of_the_box_it_stands_in(lang: str) -> None:
    """ "Под наблюдением" once ran through the frame of the verdict, and headings of columns into another."""
    view = scorecard_view(context_of(fx.edition(12), lang, 12))
    document = HTML(string=scorecard_html(view)).render(
        stylesheets=list(press().sheets), font_config=press().fonts
    )
    outside = {text for page in document.pages for text in in_place(page._page_box, 0.0, page.width)}
    assert outside == set()


DECISIONS = (
    "Use agency staff in support until January if the second contract is not signed by Friday",
    "Let the VP join both December negotiations",
)
ACTIONS = {
    "Renew the access of the time tracking export": False,
    "Export the pipeline for the whole week": True,
    "Sign the first support contract": True,
    "Ask partners to correct the rows set aside": None,
}


def busy_week() -> Notes:
    due = date(2026, 11, 27)
    return Notes.model_validate(
        {
            "decisions": [{"text": {"": text}, "owner": "ortiz", "due": due} for text in DECISIONS],
            "actions": [
                {"text": {"": text}, "owner": "kim", "due": due, "done": done}
                for text, done in ACTIONS.items()
            ],
        }
    )


@LANGUAGES
def test_eleven_goals_leave_room_for_every_decision_and_action(lang: str) -> None:
    context = context_of(fx.edition(11), lang, 11, busy_week())
    view, document = settled(lambda setting: table_of(context, setting), printed, Memory())
    assert len(view.pages[0].rows) == 11
    items = [item for group in view.pages[0].boxes[0].groups for item in group.items]
    assert all(item.mark != "…" and "…" not in item.text for item in items)
    first = plain(PdfReader(io.BytesIO(document.content)).pages[0].extract_text())
    for text in (*DECISIONS, *ACTIONS):
        assert text in first


def table_of(context: Context, setting: Any) -> ScorecardView:
    return replace(scorecard_view(context, None, setting), goals=(), method=())


def test_what_finds_no_room_in_the_box_is_counted_to_the_last_item() -> None:
    from pipeline.report.boxes import DECISIONS_BOX, Place, decisions_box

    context = context_of(fx.edition(2), "en", 2, busy_week())
    whole = len(DECISIONS) + len(ACTIONS)
    for room in range(3, 12):
        box = decisions_box(context, Place(room, DECISIONS_BOX))
        items = [item for group in box.groups for item in group.items]
        texts = " ".join(item.text for item in items)
        shown = sum(text in texts for text in (*DECISIONS, *ACTIONS))
        left_out = sum(int(item.text.split()[1]) for item in items if item.mark == "…")
        together = sum("Done:" in item.text for item in items)  # two actions counted as one item
        assert shown + left_out >= whole - 1, room
        assert shown + left_out == whole - (together == 0 and left_out > 0), room
        assert items[0].text.startswith("Use agency staff")


EVIDENCE = "The hours that the initiatives need are set against the hours that people have, week by week. "
TIMES = {"S": 2, "M": 2, "A": 6, "R": 1, "T": 2}
"""Sentences said to each letter: more than the sample company's longest."""


def with_evidence(edition: Edition) -> Edition:
    smart = {
        key: replace(
            verdict,
            letters=tuple(
                replace(one, evidence=(Reason(EVIDENCE * TIMES[one.letter]),)) for one in verdict.letters
            ),
        )
        for key, verdict in edition.smart.items()
    }
    return replace(edition, smart=smart)


@LANGUAGES
def test_the_evidence_of_smart_is_never_cut_while_its_page_has_room(lang: str) -> None:
    context = context_of(with_evidence(fx.edition(1)), lang, 1)
    view, document = settled(partial(scorecard_view, context, "revenue-q4"), printed, Memory())
    assert document.pages == 1
    assert [plain(letter.evidence) for letter in view.goals[0].letters] == [
        plain(EVIDENCE * times) for times in TIMES.values()
    ]


def test_a_title_that_needs_three_lines_is_set_smaller_instead_of_cut() -> None:
    context = context_of(fx.edition(12), "ru", 12)
    titles = {goal.goal_id: goal for goal in scorecard_view(context).goals}
    assert all("…" not in goal.title for goal in titles.values())
    assert {goal.long_title for goal in titles.values()} == {True, False}


def test_definitions_stand_beside_the_name_they_define() -> None:
    """A name of two lines once pushed the following names below their definitions."""
    view = replace(scorecard_view(context_of(fx.edition(12), "ru", 12)), goals=())
    document = HTML(string=scorecard_html(view)).render(
        stylesheets=list(press().sheets), font_config=press().fonts
    )
    names = [line.label for section in view.method for line in section.lines]
    found = [box for page in document.pages for box in inside(page._page_box)]
    tops = {
        tag: [top(box) for box in found if box.element_tag == tag and type(box).__name__ == "TableCellBox"]
        for tag in ("dt", "dd")
    }
    assert len(tops["dt"]) == len(names)
    assert tops["dt"] == tops["dd"]


def inside(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from inside(child)


def top(box: Any) -> float:
    """Where the first line of text begins."""
    return round(next(one for one in inside(box) if type(one).__name__ == "TextBox").position_y, 1)


def test_every_file_of_a_week_is_for_its_owner_only(tmp_path: Path) -> None:
    space, before = fx.workspace(goals=1), os.umask(0o022)
    try:
        paths = render_edition(
            space, fx.edition(1), fx.notes(), tmp_path / "w", audiences=space.audiences[:1]
        )
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in paths} == {
            path.name: "0o600" for path in paths
        }
        assert stat.S_IMODE((tmp_path / "w" / "goals").stat().st_mode) == 0o700
        for path in paths:  # as an earlier version left them
            path.chmod(0o644)
        render_edition(space, fx.edition(1), fx.notes(), tmp_path / "w", audiences=space.audiences[:1])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def of_kpi(edition: Edition, kpi_id: str) -> GoalResult:
    return next(one for one in edition.results if one.kpi_id == kpi_id)


def test_a_growth_is_not_said_to_be_so_many_of_so_many() -> None:
    """1,211,693 euros this year are no part of the 1,001,642 of the year before."""
    edition = fx.edition(12)
    context = context_of(edition, "en", 12)
    growth = replace(
        of_kpi(edition, "revenue_growth_yoy"), numerator=Decimal(1211693), denominator=Decimal(1001642)
    )
    rate = replace(of_kpi(edition, "closing_rate"), numerator=Decimal(80), denominator=Decimal(286))
    f = formats("en", "EUR")
    assert sample(growth, context.kpis["revenue_growth_yoy"], f) == ""
    assert plain(sample(rate, context.kpis["closing_rate"], f)) == "n = 80 of 286"


@pytest.mark.parametrize(("highest", "said"), [("1.208", True), ("0.95", False)])
def test_a_share_above_the_whole_is_explained_where_it_is_printed(highest: str, said: bool) -> None:
    edition = fx.edition(12)
    goal = of_kpi(edition, "closing_rate")
    months = tuple(replace(one, value=Decimal("0.5")) for one in goal.months)
    shown = replace(
        goal,
        periods=tuple(replace(one, value=Decimal("0.5")) for one in goal.periods),
        months=(*months[:-2], replace(months[-2], value=Decimal(highest)), months[-1]),
    )
    edition = replace(edition, results=(shown,))
    for lang, words in (("en", "More than 100 % is possible"), ("ru", "Больше 100 % бывает")):
        (page,) = scorecard_view(context_of(edition, lang, 12), goal.goal_id).goals
        assert (words in plain(page.months.note)) is said


def test_goals_that_have_not_started_are_not_called_on_plan() -> None:
    edition = fx.edition(12)
    blind = replace(edition.results[0], status="no_verdict")
    waiting = tuple(replace(one, status="not_started") for one in edition.results[1:4])
    titles = {one.goal_id: one.goal_id for one in edition.results}
    text = headline((blind, *waiting), titles, formats("en", "EUR"))
    assert text == f"One of four goals has no verdict: “{blind.goal_id}” (2.9\u00a0pp behind plan)"


def test_a_reconstructed_week_counts_the_sources_it_cannot_name_in_one_line() -> None:
    edition = fx.edition(11, reconstructed=True)
    rebuilt = replace(
        edition, sources={key: replace(one, reconstructed=True) for key, one in edition.sources.items()}
    )
    banner = scorecard_view(context_of(rebuilt, "ru", 11)).banner
    count = len(edition.sources)
    assert "…" not in banner and f"из {count}" in banner and f"от {count} " in banner


def comment_of(view: ScorecardView) -> str:
    groups = [group for page in view.pages for box in page.boxes for group in box.groups]
    return next((group.items[0].text for group in groups if group.heading in ("Comment", "Комментарий")), "")


@LANGUAGES
def test_the_owners_comment_is_printed_and_a_long_one_is_whole_on_the_web_page(lang: str) -> None:
    """It takes no line that a decision or a change needs; what finds no room in print is not lost."""
    from pipeline.report.html import web_page

    said = {"en": "A strong week.\n\nChurn keeps falling.", "ru": "Сильная неделя.\n\nОтток снижается."}
    short = busy_week().model_copy(update={"comment": said})
    context = context_of(fx.edition(4), lang, 4, short)
    assert plain(comment_of(scorecard_view(context))) == plain(said[lang])
    assert scorecard_view(context).comment == ""
    long = short.model_copy(update={"comment": {one: f"{text} " * 200 for one, text in said.items()}})
    context = context_of(fx.edition(11), lang, 11, long)
    view, document = settled(lambda setting: table_of(context, setting), printed, Memory())
    assert document.pages == len(view.pages)
    assert plain(f"{said[lang]} " * 200) in plain(web_page(view))
    first = plain(PdfReader(io.BytesIO(document.content)).pages[0].extract_text())
    for text in (*DECISIONS, *ACTIONS):
        assert text in first


def test_a_source_without_a_title_is_quoted_once() -> None:
    edition = fx.edition(2)
    state = replace(edition.sources["ledger"], title={})
    context = context_of(replace(edition, sources={**edition.sources, "ledger": state}), "ru", 2)
    reason = Reason(
        "No verdict: nothing has been received from {source}. "
        "Put its export into the folder and run the week again.",
        {"source": ("text", "ledger")},
    )
    assert "источника «ledger» ничего" in context.said(reason)


def test_a_day_of_another_year_says_its_year() -> None:
    context = context_of(fx.edition(1), "en", 1)
    assert [plain(context.near(date(year, 11, 25))) for year in (2026, 2027)] == ["25 Nov", "25 Nov 2027"]


def test_a_gap_in_thousands_is_told_like_the_amount_beside_it() -> None:
    """−€6,262 once stood beside €343 k."""
    f = formats("en", "EUR")
    assert f.delta(Decimal(-6262), Unit.MONEY, Decimal(343000)) == "−€6.26\u00a0k"
    assert f.delta(Decimal(-6262), Unit.MONEY, Decimal(9000)) == "−€6,262"
    assert f.delta(Decimal(-626), Unit.MONEY, Decimal(343000)) == "−€626"


@pytest.mark.parametrize(
    ("lang", "text"),
    [("en", "−€75.1\u00a0…\u00a0−€56.4\u00a0k"), ("ru", "−75,1\u00a0…\u00a0−56,4\u00a0тыс.\u00a0€")],
)
def test_a_range_below_zero_has_both_its_ends(lang: str, text: str) -> None:
    """The lower end was once left out, and a minus stood beside the dash."""
    assert formats(lang, "EUR").range(Decimal(-75144), Decimal(-56358), Unit.MONEY) == text


def test_pages_of_the_timeline_are_filled_alike() -> None:
    """61 rows were once cut into 25 and 36, or left a page half empty: two pages hold 30 and 31."""
    from types import SimpleNamespace

    from pipeline.report.plan_gantt import ROWS_A_PAGE, _paged

    rows: Any = [
        SimpleNamespace(item=SimpleNamespace(kind="goal" if n % 5 == 0 else "work")) for n in range(61)
    ]
    sizes = [len(page) for page in _paged(rows)]
    assert sizes == [30, 31] and max(sizes) <= ROWS_A_PAGE
    alone: Any = [SimpleNamespace(item=SimpleNamespace(kind="work")) for _ in range(100)]
    assert [len(page) for page in _paged(alone)] == [25, 25, 25, 25]


@LANGUAGES
@pytest.mark.parametrize(("goals", "charts"), [(1, 2), (3, 3), (12, 0)])
def test_page_one_is_filled_by_few_goals_and_holds_twelve(lang: str, goals: int, charts: int) -> None:
    """A single goal once left two thirds of the page white, and the twelfth stood alone on a second page."""
    context = context_of(fx.edition(goals), lang, goals)
    view, document = settled(lambda setting: table_of(context, setting), printed, Memory())
    (sheet,) = view.pages
    assert (document.pages, len(sheet.rows), len(sheet.charts)) == (1, goals, charts)
    texts = plain(PdfReader(io.BytesIO(document.content)).pages[0].extract_text())
    for chart in sheet.charts:
        assert plain(chart.heading) in texts
        assert 0 < chart.picture.width * charts < 786 and chart.picture.height >= 96
    assert all(box.heading in texts for box in sheet.boxes)


@pytest.mark.parametrize("goals", range(13, 70))
def test_no_goal_stands_alone_on_a_later_page(goals: int) -> None:
    from pipeline.report.sheets import ROWS, first_page, later_pages

    heights = {density: [height] * goals for density, height in ROWS.items()}
    first = first_page(heights, closed=0, head=70.0, needed=14, least=6)
    later = later_pages(heights[first.density][first.rows :], closed=0)
    assert first.rows + sum(page.rows for page in later) == goals
    assert min(page.rows for page in later) >= 3
