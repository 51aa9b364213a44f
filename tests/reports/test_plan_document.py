"""The strategic plan as a document: whole, in both languages, and the same bytes for the same inputs."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pypdf import PdfReader

from pipeline.facts import FACTS
from pipeline.goals.model import Edition, GoalResult, LetterVerdict, PeriodValue, Reason, SmartVerdict
from pipeline.language import Speech
from pipeline.periods import Week
from pipeline.plan import Plan, build_plan
from pipeline.report.i18n import formats
from pipeline.report.plan_build import plan_html, plan_view, render_plan
from pipeline.report.plan_gantt import LABELS, WIDTH, gantt
from pipeline.report.terms import quantity_text
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Quantity, Workspace

WEEK = Week(2026, 47)
DATA: dict[str, Any] = {
    "company": {
        "company": {"en": "Company X", "ru": "Компания X"},
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "languages": ["en", "ru"],
    },
    "people": {
        "people": [{"id": "anna", "name": {"en": "Anna Bell", "ru": "Анна Белл"}, "hours_per_week": "30"}]
    },
    "goals": [
        {
            "id": "rate",
            "title": {"en": "Raise the closing rate", "ru": "Повысить долю сделок"},
            "owner": "anna",
            "kpi": "closing_rate",
            "kind": "level",
            "baseline": "25 %",
            "target": "30 %",
            "start": "2026-11-01",
            "due": "2026-11-30",
            "supports": "growth",
            "how": [
                {
                    "id": "list",
                    "title": "Checklist <b>",
                    "start": "2026-11-02",
                    "due": "2026-11-06",
                    "hours": 20,
                },
                {
                    "id": "price",
                    "title": "Prices",
                    "start": "2026-11-09",
                    "due": "2026-11-27",
                    "hours": 200,
                    "cost": "1500",
                    "done": 50,
                    "depends_on": ["list"],
                },
            ],
            "target_changes": [
                {"on": "2026-11-10", "by": "anna", "reason": "Quieter month", "previous": "35 %"},
            ],
        }
    ],
    "strategy": {
        "title": {"en": "Plan 2026", "ru": "План 2026"},
        "mission": {"en": "Good films for everybody."},
        "objectives": [
            {"id": "growth", "title": {"en": "Growth", "ru": "Рост"}, "why": {"en": "x", "ru": "y"}}
        ],
        "budget": [{"title": "Prices", "amount": "1000", "goal": "rate"}],
        "owners": {"vision": "anna", "mission": "anna"},
    },
}


def result() -> GoalResult:
    weeks = tuple(
        PeriodValue(w.monday, w.sunday, Decimal("0.27")) for w in (WEEK.plus(-2), WEEK.plus(-1), WEEK)
    )
    return GoalResult(
        goal_id="rate",
        kpi_id="closing_rate",
        kind="level",
        unit=Unit.PERCENT,
        direction=Direction.UP,
        baseline=Decimal("0.25"),
        target=Decimal("0.30"),
        original_target=Decimal("0.35"),
        start=date(2026, 11, 1),
        due=date(2026, 11, 30),
        as_of=datetime(2026, 11, 23, 6, tzinfo=UTC),
        data_through=WEEK.sunday,
        period="week",
        periods_total=5,
        periods_closed=3,
        actual=Decimal("0.27"),
        numerator=Decimal(27),
        denominator=Decimal(100),
        progress=Decimal("0.4"),
        expected=Decimal("0.7333"),
        expected_value=Decimal("0.287"),
        plan_used="linear",
        pace_gap=Decimal("-0.33"),
        pace_index=Decimal("0.55"),
        gap_value=Decimal("-0.017"),
        run_rate=None,
        required_rate=None,
        required_multiple=None,
        best_period=None,
        completeness=Decimal(1),
        chance=None,
        status="off_track",
        basis="pace",
        reason=Reason("{n} of {m}", {"n": ("percent", Decimal("0.27")), "m": ("percent", Decimal("0.3"))}),
        previous_status=None,
        measured_label=Reason("x"),
        calculation=Reason("x"),
        periods=weeks,
    )


def edition() -> Edition:
    letters = tuple(LetterVerdict(letter, "pass", ()) for letter in ("S", "M", "A", "R", "T"))
    return Edition(
        week=WEEK,
        as_of=datetime(2026, 11, 23, 6, tzinfo=UTC),
        known="then",
        results=(result(),),
        previous=(),
        restatements=(),
        sources={},
        smart={"rate": SmartVerdict("rate", letters)},
        run_id="abcdef123456",
        inputs={},
    )


def facts(name: str) -> pa.Table:
    return FACTS[name].arrow_schema().empty_table()


Made = tuple[Workspace, Edition, Plan]


@pytest.fixture(scope="module")
def made() -> Made:
    workspace = Workspace(root=Path("/nowhere"), **DATA)
    known = edition()
    return workspace, known, build_plan(workspace, known, facts)


@pytest.fixture(scope="module")
def printed(made: Made, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("out")
    paths = {lang: render_plan(*made, folder, lang) for lang in ("en", "ru")}
    assert [path.name for made_paths in paths.values() for path in made_paths] == [
        "plan.en.pdf",
        "plan.en.html",
        "plan.ru.pdf",
        "plan.ru.html",
    ]
    return {lang: found[0].read_bytes() for lang, found in paths.items()}


def pages(content: bytes) -> list[str]:
    return [page.extract_text().replace("\u00a0", " ") for page in PdfReader(io.BytesIO(content)).pages]


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_contents_name_the_page_each_chapter_is_on(made: Made, printed: dict[str, bytes], lang: str) -> None:
    texts = pages(printed[lang])
    contents = PdfReader(io.BytesIO(printed[lang])).pages[1].extract_text(extraction_mode="layout")
    chapters = plan_view(*made, lang).chapters
    assert len(chapters) == 15
    for chapter in chapters:
        entry = re.search(rf"{chapter.number} +{re.escape(chapter.title)} +(\d+)", contents)
        assert entry, chapter.title
        heading = rf"(^|\n){chapter.number}\s+{re.escape(chapter.title)}"
        assert re.search(heading, texts[int(entry[1]) - 1]), chapter.title


def test_missing_prose_names_its_owner_and_a_borrowed_text_its_translator(
    printed: dict[str, bytes],
) -> None:
    english, russian = ("\n".join(pages(printed[lang])) for lang in ("en", "ru"))
    assert "Not written yet (Anna Bell)" in english
    assert "Ещё не написано (Анна Белл)" in russian
    assert "Good films for everybody." in russian and "перевод: Анна Белл" in russian


def test_texts_of_people_are_printed_as_they_are(printed: dict[str, bytes]) -> None:
    assert "Checklist <b>" in "\n".join(pages(printed["en"]))


def test_same_inputs_give_the_same_bytes(made: Made, printed: dict[str, bytes], tmp_path: Path) -> None:
    path, twin = render_plan(*made, tmp_path, "ru")
    assert path.read_bytes() == printed["ru"]
    again = render_plan(*made, tmp_path / "again", "ru")[1]
    assert twin.read_bytes() == again.read_bytes()


def test_an_unchanged_plan_is_left_alone_and_a_damaged_one_replaced(made: Made, tmp_path: Path) -> None:
    path, twin = render_plan(*made, tmp_path, "en")
    whole, when = path.read_bytes(), path.stat().st_mtime_ns
    render_plan(*made, tmp_path, "en")
    assert path.stat().st_mtime_ns == when
    path.write_bytes(whole[: len(whole) // 2])
    render_plan(*made, tmp_path, "en")
    assert path.read_bytes() == whole
    page = twin.read_bytes()
    twin.unlink()
    render_plan(*made, tmp_path, "en")
    assert twin.read_bytes() == page


def test_every_fixed_word_has_its_russian(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only texts of people and of this test may stay English on a Russian page."""
    unknown: set[str] = set()
    say, count = Speech.__call__, Speech.count

    def heard(self: Speech, message: str, **params: object) -> str:
        if not self.has(message):
            unknown.add(message)
        return say(self, message, **params)

    def counted(self: Speech, one: str, many: str, n: int, **params: object) -> str:
        if self.lang == "ru" and one not in self._plural:
            unknown.add(one)
        return count(self, one, many, n, **params)

    monkeypatch.setattr(Speech, "__call__", heard)
    monkeypatch.setattr(Speech, "count", counted)
    plan_html(plan_view(*made, "ru"))
    assert unknown == {"{n} of {m}"}


def test_bars_stand_where_their_dates_are(made: Made) -> None:
    """November has 30 days: the 2nd begins one thirtieth along, the 6th ends six thirtieths along."""
    drawn = gantt(made[2].timeline, WEEK.sunday, formats("en", "EUR"), lambda _: "Anna")
    assert drawn is not None
    (page,) = drawn.pages
    goal, first, second = page.rows
    day = (WIDTH - LABELS) / 30
    assert (goal.heading, goal.x1, goal.x2) == (True, LABELS, WIDTH)
    assert first.x1 == pytest.approx(LABELS + 1 * day, abs=0.01)
    assert first.x2 == pytest.approx(LABELS + 6 * day, abs=0.01)
    assert second.done_x == pytest.approx((second.x1 + second.x2) / 2, abs=0.01)
    assert (first.critical, second.critical) == (True, True)  # nothing can slip without moving the end
    assert page.today_x == pytest.approx(LABELS + 22 * day, abs=0.01)
    (arrow,) = page.arrows
    assert arrow.startswith(f"M{first.x2:g},") and arrow.endswith(f"H{second.x1 - 2:g}")


def test_heads_of_columns_are_whole_words(printed: dict[str, bytes]) -> None:
    """ "Стоимость" once lost its last letter to a second line."""
    heads = ("Стоимость", "Ожидаемый", "Ответственный")
    text = "\n".join(pages(printed["ru"]))
    assert [head for head in heads if head not in text] == []


def test_initiatives_stand_before_the_timeline_that_draws_them(made: Made) -> None:
    chapter = next(one for one in plan_view(*made, "en").chapters if one.anchor == "timeline")
    assert [block.kind for block in chapter.blocks][:2] == ["table", "gantt"]


def test_a_plan_is_for_its_owner_only(made: Made, tmp_path: Path) -> None:
    paths = render_plan(*made, tmp_path, "en")
    for path in paths:
        path.chmod(0o644)  # as an earlier version left it
    render_plan(*made, tmp_path, "en")
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}


def test_work_dearer_than_its_budget_is_marked(made: Made, printed: dict[str, bytes]) -> None:
    assert "▲ €500" in "\n".join(pages(printed["en"]))  # 1500 of work, 1000 of budget


@pytest.mark.parametrize(
    ("amount", "mark", "signed", "text"),
    [
        ("0.25", "%", True, "+25\u00a0%"),
        ("0.05", "pp", False, "5\u00a0pp"),
        ("1200000", "", False, "€1.20\u00a0M"),
    ],
)
def test_a_written_number_keeps_its_meaning(amount: str, mark: Any, signed: bool, text: str) -> None:
    quantity = Quantity(amount=Decimal(amount), mark=mark, signed=signed)
    assert quantity_text(quantity, Unit.MONEY, formats("en", "EUR")) == text


def test_a_plan_without_any_strategy_is_still_whole(tmp_path: Path) -> None:
    bare = Workspace(root=tmp_path, company=DATA["company"])
    known = Edition(
        week=WEEK,
        as_of=datetime(2026, 11, 23, 6, tzinfo=UTC),
        known="then",
        results=(),
        previous=(),
        restatements=(),
        sources={},
        smart={},
        run_id="abcdef123456",
        inputs={},
    )
    path, _ = render_plan(bare, known, build_plan(bare, known, facts), tmp_path / "out", "en")
    text = "\n".join(pages(path.read_bytes()))
    assert text.count("Not written yet") >= 8 and "Nothing has dates yet." in text


def test_the_manifest_names_the_plan_while_it_is_of_the_same_edition(tmp_path: Path) -> None:
    """Files that a manifest does not name cannot be told from files that somebody changed."""
    import hashlib
    import json
    from dataclasses import replace

    import fixture_edition as fx

    from pipeline.report.build import render_edition
    from pipeline.report.manifest import note_plan

    space, edition = fx.workspace(goals=1), fx.edition(1)
    names = ("plan.en.html", "plan.en.pdf")
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_bytes(path.name.encode())

    def noted() -> dict[str, str]:
        documents = json.loads((tmp_path / "manifest.json").read_text("utf-8"))["documents"]
        assert [one["name"] for one in documents] == sorted(one["name"] for one in documents)
        return {one["name"]: one["sha256"] for one in documents if one["name"].startswith("plan.")}

    def scorecards(of: Edition) -> None:
        render_edition(space, of, fx.notes(), tmp_path, audiences=())

    note_plan(tmp_path, edition, paths)
    assert not (tmp_path / "manifest.json").exists()
    scorecards(edition)
    assert noted() == {}
    note_plan(tmp_path, edition, paths)
    expected = {name: hashlib.sha256(name.encode()).hexdigest() for name in names}
    assert noted() == expected
    before = (tmp_path / "manifest.json").stat().st_mtime_ns
    scorecards(edition)
    assert noted() == expected and (tmp_path / "manifest.json").stat().st_mtime_ns == before
    paths[0].write_bytes(b"changed by hand")
    scorecards(edition)
    assert set(noted()) == {"plan.en.pdf"}
    note_plan(tmp_path, replace(edition, run_id="another"), paths)
    assert noted() == {}
    note_plan(tmp_path, edition, paths)
    scorecards(replace(edition, run_id="another"))
    assert noted() == {}
