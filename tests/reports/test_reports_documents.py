"""Documents at their worst: long texts, many goals, no data, hostile names; and that bytes repeat."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import fixture_edition as fx
import pandas as pd
import pyarrow as pa
import pytest
from pypdf import PdfReader

from pipeline.errors import InvariantBroken, Problem
from pipeline.facts import CAMPAIGN_SNAPSHOTS
from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.report.boxes import Place, data_box
from pipeline.report.build import render_edition
from pipeline.report.checks import check_document, expected_pages
from pipeline.report.context import Context
from pipeline.report.engine import scorecard_html
from pipeline.report.files import safe_name
from pipeline.report.goalpage import goal_view
from pipeline.report.html import web_page
from pipeline.report.pdf import Printed, press, print_pdf
from pipeline.report.scorecard import scorecard_view
from pipeline.report.settle import Memory, settled
from pipeline.report.tables import quarantine_csv
from pipeline.report.view import ScorecardView
from pipeline.sources.counters import fall_warnings
from pipeline.sources.drift import drift_warnings
from pipeline.sources.state import Counts, SourceState
from pipeline.workspace.model import Notes, Workspace


def context_of(
    space: Workspace, edition: Edition, lang: str, audience: int = 0, notes: Notes | None = None
) -> Context:
    chosen = space.audiences[audience]
    return Context(space, edition, kpi_registry(space), lang, chosen, notes or fx.notes())


def view_of(space: Workspace, edition: Edition, lang: str) -> ScorecardView:
    return scorecard_view(context_of(space, edition, lang))


def printed(view: ScorecardView) -> Printed:
    return print_pdf(scorecard_html(view), identifier=b"test", created=fx.AS_OF)


@pytest.mark.parametrize(
    ("lang", "goals", "extra"),
    [
        pytest.param("ru", 16, {"chance": True}, marks=pytest.mark.slow),
        pytest.param("en", 11, {"reconstructed": True}, marks=pytest.mark.slow),
        ("ru", 1, {}),
        ("en", 2, {"empty": True}),
    ],
)
def test_worst_case_texts_keep_every_goal_on_exactly_one_page(lang: str, goals: int, extra: dict) -> None:
    context = context_of(fx.workspace(long=True, goals=goals), fx.edition(goals, **extra), lang)
    view, document = settled(partial(scorecard_view, context, None), printed, Memory())
    assert expected_pages(view) == document.pages
    check_document(view, document, "x", "")
    assert sum(len(sheet.rows) + len(sheet.closed) for sheet in view.pages) == goals
    reader = PdfReader(io.BytesIO(document.content))
    assert len(reader.pages) == document.pages
    first = reader.pages[0].extract_text().replace("\u00a0", " ")
    boxes = view.pages[0].boxes
    assert len(boxes) == 3 and boxes[0].heading in first and boxes[2].heading in first


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "fell from 420 to 400 by 2026-11-22"), ("ru", "уменьшился с 420 до 400")]
)
def test_a_counter_that_fell_is_said_on_page_one_although_its_source_is_fresh(lang: str, said: str) -> None:
    """What is merely unused stays off the page: it puts no figure in doubt."""
    row = {"source": "s", "campaign_id": "1", "name": "Q4", "counted_on": date(2026, 11, 15), "sent": 420}
    later = row | {"counted_on": date(2026, 11, 22), "sent": 400, "source_sha256": "new"}
    table = pa.Table.from_pylist([row, later], schema=CAMPAIGN_SNAPSHOTS.arrow_schema())
    unused = Problem("W-COLUMNS", "Columns not used: {names}.", severity="warning", params={"names": "zzz"})
    edition = fx.edition(2)
    key = next(key for key, state in edition.sources.items() if state.freshness == "fresh")
    state = replace(edition.sources[key], details={"warnings": [unused, *fall_warnings(table, {"new"})]})
    edition = replace(edition, sources={**edition.sources, key: replace(state, counts=Counts(9, 9))})
    context = context_of(fx.workspace(goals=2), edition, lang)
    box = data_box(context, Place(1000))
    texts = [item.text for group in box.groups for item in group.items]
    (found,) = [text for text in texts if said in text]
    assert context.source_title(key) in found and not [text for text in texts if "zzz" in text]


def _drifted(freshness: str) -> SourceState:
    """The source of one export as the log tells it: five exports of 100 rows, a newest one of 9 in cents and
    with another column."""
    monday = datetime(2026, 11, 16, 6, tzinfo=UTC)
    log = [
        {
            "name": f"{n}.csv",
            "received_at": monday - timedelta(weeks=5 - n),
            "rows_in": 9 if n == 5 else 100,
            "profile": json.dumps(
                {
                    "columns": ["Id", "Amount", "Rep"] if n == 5 else ["Id", "Amount", "Owner"],
                    "medians": {"deals.amount": 5000.0 if n == 5 else 50.0},
                }
            ),
        }
        for n in range(6)
    ]
    return SourceState(
        "s",
        {},
        freshness,
        received_at=monday,
        details={"warnings": drift_warnings("s", log)},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("lang", "units", "rows", "more"),
    [
        ("en", "are about 100 times those of the exports before", "5.csv of", "3 more"),
        ("ru", "примерно в 100 раз больше", "5.csv", "ещё 3"),
    ],
)
@pytest.mark.parametrize("freshness", ["fresh", "stale"])
def test_an_export_unlike_those_before_is_said_beside_the_numbers(
    lang: str, units: str, rows: str, more: str, freshness: str
) -> None:
    """The jump of unit, which makes every figure wrong, comes first; the others are counted."""
    edition = fx.edition(2)
    key = edition.results[0].sources[0]
    state = replace(_drifted(freshness), source_id=key, title=edition.sources[key].title)
    assert [one.code for one in state.concerns] == ["W-UNITS", "W-VOLUME", "W-GONECOLUMNS", "W-NEWCOLUMNS"]
    edition = replace(edition, sources={**edition.sources, key: state})
    context = context_of(fx.workspace(goals=2), edition, lang)
    texts = [item.text for group in data_box(context, Place(1000)).groups for item in group.items]
    (found,) = [text for text in texts if units in text]
    assert rows in found and more in found.replace("\u00a0", " ")


def test_a_goals_own_page_says_what_puts_its_source_in_doubt() -> None:
    edition = fx.edition(2)
    key = edition.results[0].sources[0]
    state = replace(_drifted("fresh"), source_id=key, title=edition.sources[key].title)
    context = context_of(
        fx.workspace(goals=2), replace(edition, sources={**edition.sources, key: state}), "en"
    )
    page = goal_view(context, edition.results[0])
    assert any("about 100 times those of the exports before" in line.text for line in page.quality)


def test_a_team_reads_only_its_own_goals_and_their_numbers(tmp_path: Path) -> None:
    space, edition = fx.workspace(goals=4), fx.edition(4)
    render_edition(space, edition, fx.notes(), tmp_path, audiences=space.audiences[2:])
    reader = PdfReader(tmp_path / "scorecard-sales-team.ru.pdf")
    text = " ".join(page.extract_text() for page in reader.pages).replace("\u00a0", " ")
    assert "Выручка от продаж" in text and "Отток" not in text and "отток" not in text
    embedded = json.loads(reader.attachments["scorecard.json"][0])
    assert {one["team"] for one in embedded["goals"]} == {"sales"}


@pytest.mark.slow
def test_two_processes_print_the_same_bytes_and_a_second_run_writes_nothing(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "import fixture_edition as fx\n"
        "from pipeline.report.build import render_edition\n"
        "s = fx.workspace(goals=1)\n"
        "render_edition(s, fx.edition(1), fx.notes(), Path(sys.argv[2]), audiences=s.audiences[:1])\n"
    )
    here = Path(__file__).parent
    for name in ("a", "b"):
        command = [sys.executable, "-c", script, str(here), str(tmp_path / name)]
        subprocess.run(command, check=True, cwd=here.parent.parent)
    names = sorted(str(path.relative_to(tmp_path / "a")) for path in (tmp_path / "a").rglob("*.*"))
    assert names == sorted(
        [
            "calendar.ics",
            "goals.en.csv",
            "goals.ru.csv",
            "goals/revenue-q4.en.pdf",
            "goals/revenue-q4.ru.pdf",
            "manifest.json",
            "periods.en.csv",
            "periods.ru.csv",
            "quarantine.csv",
            "scorecard-leadership.en.html",
            "scorecard-leadership.en.pdf",
            "scorecard.json",
        ]
    )
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    before = {name: (tmp_path / "a" / name).stat().st_mtime_ns for name in names}
    space = fx.workspace(goals=1)
    render_edition(space, fx.edition(1), fx.notes(), tmp_path / "a", audiences=space.audiences[:1])
    assert before == {name: (tmp_path / "a" / name).stat().st_mtime_ns for name in names}
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    manifest = (tmp_path / "a" / "manifest.json").read_text()
    assert today not in manifest or today == "2026-11-23"


def test_a_document_that_asks_for_anything_is_refused_even_inside_a_drawing() -> None:
    for payload in (
        '<img src="file:///etc/passwd">',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<style>@import url("http://127.0.0.1:9/x.css");</style>',
        '<svg><image href="http://127.0.0.1:9/x.png" width="1" height="1"/></svg>',
    ):
        with pytest.raises(InvariantBroken, match="document-fetch"):
            print_pdf(
                f"<html lang=en><body>{payload}<p>x</p></body></html>", identifier=b"x", created=fx.AS_OF
            )
        assert press().fetcher.denied
    press().fetcher.denied.clear()


def test_names_that_look_like_code_are_printed_as_they_are() -> None:
    hostile = "<script>alert(1)</script> {{7*7}} \"&'"
    space = fx.workspace(goals=1)
    goal = space.goals[0].model_copy(update={"title": {"": hostile}})
    space = space.model_copy(update={"goals": (goal,)})
    html = web_page(view_of(space, fx.edition(1), "en"))
    assert "<script>" not in html and "&lt;script&gt;" in html and "{{7*7}}" in html
    assert not re.search(r"(?:src|href)=\"(?!#)", html)
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_a_placeholder_in_print_stops_the_document_but_a_persons_word_does_not() -> None:
    space = fx.workspace(goals=1)
    goal = space.goals[0].model_copy(update={"title": {"": "None left behind"}})
    space = space.model_copy(update={"goals": (goal,)})
    view = view_of(space, fx.edition(1), "en")
    document = printed(view)
    check_document(view, document, "x", space.model_dump_json())
    with pytest.raises(InvariantBroken, match="document-placeholder"):
        check_document(view, document, "x", "")


def test_a_formula_in_a_rejected_row_stays_text_and_a_negative_number_a_number() -> None:
    frame = pd.DataFrame({"value": ["=HYPERLINK(1)", "-5", "plain"], "line": [-3, 2, 1]})
    text = quarantine_csv(frame).decode("utf-8-sig").split("\r\n")
    assert text[1] == "'=HYPERLINK(1),-3" and text[2] == "'-5,2" and text[3] == "plain,1"


def test_two_ids_never_share_a_file_name() -> None:
    assert safe_name("churn-q4") == "churn-q4"
    names = {safe_name(one) for one in ("../../x", "/etc/x", "x", "CON", "con", "X", "a" * 500, "a" * 501)}
    assert len(names) == 8 and all("/" not in one and ".." not in one and len(one) < 80 for one in names)
