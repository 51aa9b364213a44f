"""Tables and the calendar of a week, read as other programs read them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fixture_edition as fx
import pytest
from icalendar import Calendar
from pypdf import PdfReader

from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.report.build import calendar_ics, render_edition
from pipeline.report.context import Context
from pipeline.report.tables import goals_csv, periods_csv
from pipeline.report.twin import dumps, scorecard_json
from pipeline.workspace.model import Workspace

ROOT = Path(__file__).parents[2]
SEPARATORS = {"en": (",", "."), "ru": (";", ",")}
each_language = pytest.mark.parametrize("lang", ["en", "ru"])


def twin_of(space: Workspace, edition: Edition) -> dict[str, object]:
    kpis = kpi_registry(space)
    return scorecard_json({lang: Context(space, edition, kpis, lang) for lang in ("en", "ru")})


def read(content: bytes, lang: str) -> list[dict[str, str]]:
    """As a spreadsheet of that language opens it: by the mark, the separator and the decimal mark."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=SEPARATORS[lang][0]))


@each_language
def test_every_number_of_the_twin_is_in_the_table_digit_by_digit(lang: str) -> None:
    """The JSON is read back as text, so that not even a last zero may differ in value."""
    twin = twin_of(fx.workspace(goals=12), fx.edition(12, chance=True))
    told = json.loads(dumps(twin), parse_float=Decimal, parse_int=Decimal)
    rows = {row["id"]: row for row in read(goals_csv(twin, lang), lang)}
    assert len(rows) == 12
    compared = 0
    for goal in told["goals"]:
        row = rows[goal["id"]]
        low, high = goal["range"] or (None, None)
        numbers = {key: value for key, value in goal.items() if isinstance(value, Decimal)}
        for key, value in {**numbers, "range_low": low, "range_high": high}.items():
            cell = row[key].replace(SEPARATORS[lang][1], ".")
            assert (Decimal(cell) if cell else None) == value, (goal["id"], key)
            compared += value is not None
        assert [row["title"], row["reason"]] == [goal["title"][lang], goal["reason"][lang]]
        assert [row[f"smart_{one}"] for one in "SMART"] == [
            goal["smart"]["letters"][one]["verdict"] for one in "SMART"
        ]
    assert compared > 200


@each_language
def test_every_period_and_month_has_a_row(lang: str) -> None:
    twin = twin_of(fx.workspace(goals=2), fx.edition(2))
    told = json.loads(dumps(twin), parse_float=Decimal, parse_int=Decimal)
    rows = read(periods_csv(twin, lang), lang)
    wanted = [
        (goal["id"], span, one["start"], one["value"])
        for goal in told["goals"]
        for span, key in (("period", "periods"), ("month", "months"))
        for one in goal[key]
    ]
    mark = SEPARATORS[lang][1]
    assert [
        (row["goal"], row["span"], row["start"], Decimal(row["value"].replace(mark, ".")))
        if row["value"]
        else (row["goal"], row["span"], row["start"], None)
        for row in rows
    ] == wanted
    assert len(wanted) > 60 and {row["closed"] for row in rows} == {"true", "false"}


def test_a_title_that_is_a_formula_stays_text_and_a_loss_a_number() -> None:
    space = fx.workspace(goals=1)
    goal = space.goals[0].model_copy(update={"title": {"": '=HYPERLINK("http://x","y")'}})
    edition = fx.edition(1)
    loss = replace(edition.results[0], gap_value=Decimal("-1234.50"))
    twin = twin_of(space.model_copy(update={"goals": (goal,)}), replace(edition, results=(loss,)))
    (english,) = read(goals_csv(twin, "en"), "en")
    (russian,) = read(goals_csv(twin, "ru"), "ru")
    assert english["title"] == russian["title"] == '\'=HYPERLINK("http://x","y")'
    assert [english["gap_value"], russian["gap_value"]] == ["-1234.5", "-1234,5"]


def test_a_week_without_goals_has_tables_with_heads() -> None:
    edition = replace(fx.edition(1), results=(), previous=(), restatements=(), smart={})
    twin = twin_of(fx.workspace(goals=0), edition)
    assert goals_csv(twin, "en") == b"\xef\xbb\xbfid\r\n"
    assert periods_csv(twin, "ru").decode("utf-8-sig").startswith("goal;title;kpi;unit;span;start;end;value;")


def dated() -> Workspace:
    """One goal with a milestone, and a review of the plan."""
    space = fx.workspace(goals=2)
    data: Any = space.model_dump()
    data["goals"][0]["milestones"] = [
        {"date": date(2026, 11, 15), "value": "500000", "label": {"en": "Half-way", "ru": "Полпути"}}
    ]
    data["strategy"]["reviews"] = [
        {
            "title": {"en": "Quarterly review", "ru": "Обзор"},
            "every": {"en": "quarter"},
            "next": date(2027, 1, 11),
        },
        {"title": {"en": "Some day"}, "every": {"en": "year"}},
    ]
    return Workspace.model_validate(data)


def test_the_calendar_has_deadlines_milestones_work_and_reviews() -> None:
    space, edition = dated(), fx.edition(2)
    content = calendar_ics(Context(space, edition, kpi_registry(space), "en"))
    calendar = Calendar.from_ical(content)
    events = {str(one["uid"]): one for one in calendar.walk("VEVENT")}
    assert {key: one.decoded("dtstart") for key, one in events.items() if "/step" not in key} == {
        "revenue-q4@goal-scorecards": date(2026, 12, 31),
        "churn-q4@goal-scorecards": date(2026, 12, 31),
        "revenue-q4/milestone/1@goal-scorecards": date(2026, 11, 15),
        "/review/1@goal-scorecards": date(2027, 1, 11),
    }
    assert len(events) == len(calendar.walk("VEVENT")) == 4 + 2 * 3
    review = events["/review/1@goal-scorecards"]
    assert str(review["summary"]) == "Review: Quarterly review"
    assert review.decoded("dtend") == date(2027, 1, 12)
    assert {one.decoded("dtstamp") for one in events.values()} == {fx.AS_OF}
    assert content == calendar_ics(Context(space, edition, kpi_registry(space), "en"))
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_an_event_keeps_its_uid_in_the_next_week_and_in_another_language() -> None:
    space, edition = dated(), fx.edition(2)
    later = replace(edition, week=fx.WEEK.plus(1), as_of=datetime(2026, 11, 30, 4, tzinfo=UTC))
    calendars = [
        Calendar.from_ical(calendar_ics(Context(space, one, kpi_registry(space), lang)))
        for one, lang in ((edition, "en"), (later, "ru"))
    ]
    first, second = ({str(one["uid"]) for one in calendar.walk("VEVENT")} for calendar in calendars)
    assert first == second


def test_the_owners_comment_is_in_the_twin_of_the_week_and_not_in_that_of_one_goal(tmp_path: Path) -> None:
    """It was printed and could be read by no program."""
    said = {"en": "A strong week.", "ru": "Сильная неделя."}
    space = fx.workspace(goals=1)
    notes = fx.notes().model_copy(update={"comment": said})
    render_edition(space, fx.edition(1), notes, tmp_path, audiences=space.audiences[:1])
    assert json.loads((tmp_path / "scorecard.json").read_text("utf-8"))["comment"] == said
    embedded = {
        name: json.loads(PdfReader(tmp_path / name).attachments["scorecard.json"][0])["comment"]
        for name in ("scorecard-leadership.en.pdf", "goals/revenue-q4.en.pdf")
    }
    assert list(embedded.values()) == [said, {}]
    schema = json.loads((ROOT / "docs" / "schemas" / "scorecard.schema.json").read_text("utf-8"))
    twin = json.loads((tmp_path / "scorecard.json").read_text("utf-8"))
    assert set(twin) == set(schema["properties"]) == set(schema["required"])
