"""A stranger's first mapping, one mistake at a time: `check` says what reading the export would give."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets import cli
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.sources.ingest import ingest_source
from pipeline.sources.trial import Trial, tried
from pipeline.store.store import Store
from pipeline.workspace.loader import load_workspace

SOURCE = """id: crm
system: our_crm
fact: deals
format: {date: "%d-%m-%y"}
columns:
  deal_id: opportunity
  amount: {from: value, optional: true}
  is_won: {from: stage, equals: [Won]}
  is_closed: {from: stage, equals: [Won, Lost], "false": [Open]}
  closed_on: {from: closed, optional: true}
  owner: agent
  region: office
lookup:
  - {file: lookups/teams.csv, on: agent, take: {office: regional_office}}
"""
FILES = {
    "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
    "sources/crm.yaml": SOURCE,
    "lookups/teams.csv": "agent,regional_office\nAnn,Central\nBob,East\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """32 deals closed on 1 to 31 March and on 14 April 2017, Ann's on odd days, and one open."""
    rows = [
        f"{day},{'Ann' if day % 2 else 'Bob'},{'Won' if day % 3 else 'Lost'},{day:02}-03-17,{day}"
        for day in range(1, 32)
    ]
    export = (
        "\n".join(["opportunity,agent,stage,closed,value", *rows, "98,Ann,Won,14-04-17,5", "99,Ann,Open,,"])
        + "\n"
    )
    for name, text in {**FILES, "exports/crm/pipeline.csv": export}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def trial(root: Path, *changes: tuple[str, str], store: Store | None = None) -> Trial | None:
    text = SOURCE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (root / "sources/crm.yaml").write_text(text, "utf-8")
    workspace = load_workspace(root, CATALOGUE)
    return tried(workspace, workspace.sources[0], store)


def test_a_right_mapping_says_how_many_rows_would_count_and_keeps_nothing(root: Path) -> None:
    found = trial(root)
    assert found is not None
    assert (found.counts.rows_in, found.counts.accepted, found.counts.quarantined) == (33, 33, 0)
    assert not (root / ".scorecards").exists()


def test_what_a_run_has_read_is_not_tried_again_until_the_source_changes(root: Path) -> None:
    workspace = load_workspace(root, CATALOGUE)
    store = Store(workspace.state_dir)
    ingest_source(workspace, workspace.sources[0], store, datetime(2026, 12, 1, tzinfo=UTC))
    assert trial(root, store=store) is None
    assert trial(root, ("optional: true}", "optional: true, scale: 2}"), store=store) is not None


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        (("closed, optional", "closd, optional"), "pipeline.csv:1:closed_on", 'mean "closed"? Correct its'),
        (("on: agent", "on: agnt"), "pipeline.csv:1:agnt", 'Column "agnt" (header agnt) is missing'),
        (("regional_office", "regionaloffice"), "lookups/teams.csv:1:regionaloffice", "dimensions, lookup"),
    ],
)  # fmt: skip
def test_a_header_that_is_not_there(root: Path, change: tuple[str, str], place: str, says: str) -> None:
    found = trial(root, change)
    assert found is not None
    assert found.refused[0].place() == place
    assert says in found.refused[0].text()
    assert "aliases" not in found.refused[0].text()


def test_dates_read_month_first_do_not_count_where_they_happen_to_fit(root: Path) -> None:
    """01-03-17 to 12-03-17 fit both ways; believed, they would put March's deals into twelve months. The
    other 19 days of March and 14 April do not fit."""
    found = trial(root, ("%d-%m-%y", "%m-%d-%y"))
    assert found is not None
    assert found.refused[0].code == "E-NOROWS"
    assert (found.counts.quarantined, found.set_aside[0].value) == (20, "13-03-17")


def test_a_lookup_without_a_match_names_the_cell_and_the_rows(root: Path) -> None:
    (root / "lookups/teams.csv").write_text("agent,regional_office\nAnn,Central\n", "utf-8")
    found = trial(root)
    assert found is not None and not found.refused
    aside = found.set_aside[0]
    assert (aside.line, aside.column, aside.value, aside.rows) == (3, "agent", "Bob", 15)


def test_check_says_it_and_fails_in_both_languages(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SOURCE.replace("closed, optional", "closd, optional")
    (root / "sources/crm.yaml").write_text(text, "utf-8")
    for lang, said in (
        ("en", "tried exports/crm/pipeline.csv: it would be refused"),
        ("ru", "будет отклонён"),
    ):
        monkeypatch.setenv("SCORECARDS_LANG", lang)
        monkeypatch.setenv("COLUMNS", "200")
        assert cli.call(["-w", str(root), "check"]) == 3
        assert said in capsys.readouterr().out
    assert cli.call(["-w", str(root), "check", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["sources"][0]["trial"]["refused"][0]["code"] == "E-HEADER"


def test_the_file_received_last_is_tried_not_the_last_by_name(root: Path) -> None:
    (root / "exports/crm/a-newer.csv").write_text(
        "opportunity,agent,stage,closed,value\n1,Ann,Open,,\n", "utf-8"
    )
    listed = "file,received_at\nexports/crm/pipeline.csv,2017-04-03T06:00\n"
    listed += "exports/crm/a-newer.csv,2017-05-01T06:00\n"
    (root / "exports/received.csv").write_text(listed, "utf-8")
    found = trial(root)
    assert found is not None
    assert (found.name, found.counts.rows_in) == ("exports/crm/a-newer.csv", 1)


def test_counters_without_a_day_are_those_of_the_day_they_are_tried(root: Path) -> None:
    """A run dates them by their receipt; a check that did not would refuse what the run reads."""
    (root / "sources/mailings.yaml").write_text(
        "id: mailings\nsystem: mailshake\nexport: campaigns\n", "utf-8"
    )
    (root / "exports/mailings").mkdir()
    counters = "campaign_id,title,created,sent,opens,clicks,replies,bounces,leads\n"
    counters += "7,Spring,2026-01-02T07:00:00Z,30,13,1,2,0,1\n"
    (root / "exports/mailings/now.csv").write_text(counters, "utf-8")
    workspace = load_workspace(root, CATALOGUE)
    found = tried(workspace, next(one for one in workspace.sources if one.id == "mailings"), None)
    assert found is not None and (found.refused, found.counts.accepted) == ((), 1)
