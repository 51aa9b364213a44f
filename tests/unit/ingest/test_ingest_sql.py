"""A query's rows are landed as bytes first, exactly, and only the newest run asks the database."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import types
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from assets import cli
from assets.commands import run_backfill, run_week
from assets.definitions import build_defs
from assets.doctor import pulls
from assets.workspaces import open_workspace
from pipeline.errors import FileRefused, WorkspaceError
from pipeline.language import speech
from pipeline.periods import Week
from pipeline.sources import sql
from pipeline.sources.freshness import source_states
from pipeline.sources.ingest import IngestReport, ingest_source
from pipeline.sources.pull import Surroundings, fetch_source
from pipeline.store.store import Store
from pipeline.workspace.model import Workspace

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
QUERY = "SELECT id, amount, closed, won FROM deals"
SOURCE = """\
id: crm
system: warehouse
fact: deals
sql:
  url_env: WAREHOUSE_URL
  query: {query}
columns:
  deal_id: id
  amount: amount
  closed_on: closed
  is_won: won
  is_closed: {{value: "true"}}
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    monkeypatch.setenv("WAREHOUSE_URL", "sqlite:///data.db")
    connection = sqlite3.connect(tmp_path / "data.db")
    connection.execute("CREATE TABLE deals (id TEXT, amount TEXT, closed TEXT, won INTEGER)")
    add(connection, ("d1", "100.10", "2026-11-02", 1), ("d2", "0.2", "2026-11-17", 0))
    return connection


def add(connection: sqlite3.Connection, *rows: tuple[object, ...]) -> None:
    connection.executemany("INSERT INTO deals VALUES (?, ?, ?, ?)", rows)
    connection.commit()


def workspace(root: Path, query: str = QUERY) -> Workspace:
    (root / "scorecards.yaml").write_text("company: X\ntimezone: Europe/Moscow\ncurrency: EUR\n")
    (root / "people.yaml").write_text("people: [{id: ann, name: Ann}]\n")
    for folder in ("sources", "goals"):
        (root / folder).mkdir(exist_ok=True)
    (root / "sources/crm.yaml").write_text(SOURCE.format(query=query))
    (root / "goals/won.yaml").write_text(
        "{id: won, title: Won, owner: ann, kpi: sales_revenue, kind: cumulative, target: 500,"
        " start: 2026-10-05, due: 2026-12-31}"
    )
    return open_workspace(root)


def ingest(root: Path, now: datetime = NOW, text: str = QUERY) -> IngestReport:
    opened = workspace(root, text)
    return ingest_source(opened, opened.sources[0], Store(opened.state_dir), now)


def rows(root: Path) -> list[tuple[object, ...]]:
    store = Store(root / ".scorecards")
    table = store.fact("deals", store.knowledge(["crm"], NOW + timedelta(days=60)))
    return [(row["deal_id"], row["amount"], row["closed_on"], row["is_won"]) for row in table.to_pylist()]


def test_rows_go_through_the_mapping_and_the_checks_of_a_file(
    tmp_path: Path, base: sqlite3.Connection
) -> None:
    add(base, ("d3", "twelve", "2026-11-17", 1), ("d2", "0.2", "2026-11-17", 0))
    report = ingest(tmp_path)
    assert (report.counts.rows_in, report.counts.accepted, report.counts.quarantined) == (4, 2, 2)
    assert sorted(rows(tmp_path)) == [
        ("d1", Decimal("100.10"), date(2026, 11, 2), True),
        ("d2", Decimal("0.20"), date(2026, 11, 17), False),
    ]


def test_the_same_rows_again_that_day_are_no_news_whatever_their_order(
    tmp_path: Path, base: sqlite3.Connection
) -> None:
    ingest(tmp_path)
    again = ingest(tmp_path, NOW + timedelta(hours=3), text=QUERY + " ORDER BY id DESC")
    assert again.landed == ()
    add(base, ("d9", "5", "2026-11-18", 1))
    changed = ingest(tmp_path, NOW + timedelta(hours=4))
    base.execute("DELETE FROM deals WHERE id = 'd9'")
    base.commit()
    back = ingest(tmp_path, NOW + timedelta(hours=5))
    assert len(changed.landed) == len(back.landed) == 1
    assert [row[0] for row in sorted(rows(tmp_path))] == ["d1", "d2"]  # what came and went is gone again


def test_an_unchanged_table_stays_fresh_by_being_asked(tmp_path: Path, base: sqlite3.Connection) -> None:
    for week in range(4):
        ingest(tmp_path, NOW + timedelta(weeks=week))
    opened, store = open_workspace(tmp_path), Store(tmp_path / ".scorecards")
    late = NOW + timedelta(weeks=3, days=1)
    state = source_states(opened, store, store.knowledge(["crm"], late))["crm"]
    assert state.freshness == "fresh" and state.received_at == NOW + timedelta(weeks=3)
    later = source_states(opened, store, store.knowledge(["crm"], late + timedelta(days=30)))["crm"]
    assert later.freshness == "stale" and later.problem is not None
    assert "asked for on 2026-12-14" in later.problem.text() and "folder" not in later.problem.text()


def test_a_past_week_is_never_asked_about_again(
    tmp_path: Path, base: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = workspace(tmp_path)
    first = run_week(opened, Week.parse("2026-W47"), documents=False, now=NOW)
    assert first.ingest["crm"].landed and first.edition is not None
    assert first.edition.results[0].actual == Decimal("100.10")
    add(base, ("d5", "400", "2026-11-19", 1))
    monkeypatch.setattr(sql, "ask", lambda *_, **__: pytest.fail("the database was asked"))
    later = NOW + timedelta(weeks=2)
    again = run_week(opened, Week.parse("2026-W47"), documents=False, now=later)
    assert again.edition is not None and again.edition.results[0].actual == Decimal("100.10")
    run_backfill(opened, [Week.parse("2026-W46"), Week.parse("2026-W47")], documents=False, now=later)
    with pytest.raises(pytest.fail.Exception, match="was asked"):
        ingest(tmp_path, later)  # the newest run does


def test_nothing_can_be_written(tmp_path: Path, base: sqlite3.Connection) -> None:
    opened = workspace(tmp_path)
    assert opened.sources[0].sql is not None
    writing = opened.sources[0].sql.model_copy(update={"query": "DELETE FROM deals RETURNING id"})
    sneaky = opened.sources[0].model_copy(update={"sql": writing})
    with pytest.raises(FileRefused, match="readonly"):
        sql.ask(sneaky, tmp_path, NOW)
    assert base.execute("SELECT count(*) FROM deals").fetchone() == (2,)


def test_a_database_that_cannot_be_asked_harms_only_its_source_and_shows_no_secret(
    tmp_path: Path, base: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(tmp_path)
    monkeypatch.setenv("WAREHOUSE_URL", "mysql://ann:hush%21@host/base")
    report = ingest(tmp_path, NOW + timedelta(days=1))
    (problem,) = report.refused
    assert (problem.code, problem.file, problem.line) == ("E-SQL", "sources/crm.yaml", 5)
    assert "hush" not in problem.full() and "mysql" in problem.full() and "postgresql://" in problem.full()
    monkeypatch.delenv("WAREHOUSE_URL")
    (missing,) = ingest(tmp_path, NOW + timedelta(days=2)).refused
    assert missing.code == "E-SECRET" and "WAREHOUSE_URL" in missing.full()
    assert len(rows(tmp_path)) == 2
    for one in (problem, missing):
        assert speech("ru").has(one.message) and speech("ru").has(one.remedy)


def test_duckdb_decimals_and_instants_arrive_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a float 12345678901234.5678 would end in .567 or .57, and 0.1 in noise."""
    with duckdb.connect(str(tmp_path / "w.duckdb")) as made:
        made.execute("CREATE TABLE deals (id INT, amount DECIMAL(38, 4), closed TIMESTAMP, won BOOLEAN)")
        made.execute("INSERT INTO deals VALUES (1, 12345678901234.5678, '2026-11-16 23:30:00', true)")
        made.execute("INSERT INTO deals VALUES (2, 0.1, NULL, false), (NULL, 1, NULL, false)")
    monkeypatch.setenv("WAREHOUSE_URL", "duckdb:///w.duckdb")
    report = ingest(tmp_path)
    assert report.counts.accepted == 1  # a closed deal needs a date, and a row its key
    assert rows(tmp_path) == [("1", Decimal("12345678901234.5678"), date(2026, 11, 16), True)]
    landed = Store(tmp_path / ".scorecards").landings("crm")[0]
    table = pq.read_table(io.BytesIO(Store(tmp_path / ".scorecards").content(landed)))
    assert table["amount"].to_pylist()[1:] == [Decimal("12345678901234.5678"), Decimal("0.1")]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("sql: {url_env: URL, query: DELETE FROM deals}", "E-SQL", "must be one statement that reads"),
        (
            "sql: {url_env: URL, query: SELECT 1; DROP TABLE deals}",
            "E-SQL",
            "must be one statement that reads",
        ),
        ("sql: {query: SELECT 1}", "E-SECRET", "only one of them"),
        ("sql: {url_env: 'postgresql://ann:hush@host/b', query: SELECT 1}", "E-SECRET", "is not shown"),
        ("sql: {url_env: URL, query: SELECT 1}\nfiles: exports/x/*", "E-SQL", "not from both"),
        ("sql: {url_env: URL, query: SELECT 1}\npull: {token_env: A}", "E-SQL", "from an interface"),
        ("sql: {url_env: URL, query: SELECT 1, quary: x}", "E-KEY", "Did you mean query?"),
    ],
)
def test_a_wrong_query_is_said_before_any_database_is_asked(
    tmp_path: Path, text: str, code: str, said: str
) -> None:
    workspace(tmp_path)
    (tmp_path / "sources/crm.yaml").write_text(
        f"id: crm\nsystem: w\nfact: deals\n{text}\ncolumns: {{deal_id: a}}\n"
    )
    with pytest.raises(WorkspaceError) as caught:
        open_workspace(tmp_path)
    found = [one for one in caught.value.problems if one.code == code]
    assert found and said in found[0].full() and "hush" not in caught.value.text()
    assert all(speech("ru").has(one.message) for one in found)
    assert all(speech("ru").has(one.remedy) for one in found if one.remedy)


@pytest.mark.parametrize(
    "query", ["with a as (select 1 x) select x from a", "-- why\nSELECT 1;", "/* a */ TABLE deals"]
)
def test_ways_to_read_are_all_allowed(tmp_path: Path, query: str) -> None:
    assert workspace(tmp_path, json.dumps(query)).sources[0].sql.query == query  # type: ignore[union-attr]


def test_a_source_that_was_never_asked_says_so(tmp_path: Path, base: sqlite3.Connection) -> None:
    opened = workspace(tmp_path)
    store = Store(opened.state_dir)
    state = source_states(opened, store, store.knowledge(["crm"], NOW))["crm"]
    assert state.freshness == "missing" and state.problem is not None
    assert "has not been asked yet" in state.problem.text()


def test_an_address_in_the_keyring_is_used_and_a_missing_one_is_said(
    tmp_path: Path, base: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "SOURCE", SOURCE.replace("url_env: WAREHOUSE_URL", "keyring: scorecards"))
    kept: dict[tuple[str, str], str] = {}
    fake = types.ModuleType("keyring")
    fake.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    said = []
    for module in (None, fake):
        monkeypatch.setitem(sys.modules, "keyring", module)
        (problem,) = ingest(tmp_path).refused
        assert problem.code == "E-SECRET" and (problem.file, problem.line) == ("sources/crm.yaml", 5)
        assert speech("ru").has(problem.message) and speech("ru").has(problem.remedy)
        said.append(problem.full())
    assert "not installed" in said[0] and "use url_env" in said[0] and "no entry scorecards" in said[1]
    assert 'Install them: pip install "goal-scorecards[keyring]"' in said[0]
    assert "Store it: keyring set scorecards crm" in said[1]
    kept["scorecards", "crm"] = "sqlite:///data.db"
    assert ingest(tmp_path).counts.accepted == 2


def test_doctor_names_the_address_that_is_not_there(
    tmp_path: Path, base: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = workspace(tmp_path)
    assert [one.grade for one in pulls(opened)] == ["ok"]
    monkeypatch.delenv("WAREHOUSE_URL")
    (found,) = pulls(opened)
    assert (found.grade, found.params["name"]) == ("fail", "WAREHOUSE_URL")


def test_a_file_dropped_for_a_query_is_named_since_nothing_reads_it(tmp_path: Path) -> None:
    workspace(tmp_path)
    (tmp_path / "exports/crm").mkdir(parents=True)
    (tmp_path / "exports/crm/deals.csv").write_text("id\n1\n")
    assert [one.code for one in open_workspace(tmp_path).warnings if one.file == "exports/crm"] == [
        "W-UNREAD"
    ]


def test_a_query_is_asked_before_the_cut_off_so_that_the_week_is_in_its_edition(
    tmp_path: Path, base: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked only by the run after the cut-off, week 48 would show the rows of week 47."""
    opened = workspace(tmp_path)
    schedules = {one.name for one in build_defs(opened).get_repository_def().schedule_defs}
    assert "pull_before_cutoff" in schedules
    run_week(opened, Week.parse("2026-W47"), documents=False, now=NOW)
    add(base, ("d5", "400", "2026-11-25", 1))
    after = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)  # 9:00 in Moscow, two hours after the cut-off
    late = run_week(opened, Week.parse("2026-W48"), documents=False, now=after)
    assert late.edition is not None and late.edition.results[0].status == "no_verdict"
    state = late.edition.sources["crm"]
    assert state.freshness == "stale" and state.problem is not None
    assert "before the week was over" in state.problem.text() and "scorecards pull" in state.problem.text()
    add(base, ("d6", "7", "2026-12-02", 1))
    before = datetime(2026, 12, 7, 3, 30, tzinfo=UTC)  # half an hour before the next one
    report = fetch_source(opened, opened.sources[0], Store(opened.state_dir), Surroundings(lambda: before))
    assert report.problem is None and report.landed is not None
    seen = run_week(opened, Week.parse("2026-W49"), documents=False, now=after + timedelta(weeks=1))
    assert seen.edition is not None and seen.edition.sources["crm"].freshness == "fresh"
    assert seen.edition.results[0].actual == Decimal("507.10")  # 100.10 + 400 + 7


def test_the_pull_command_asks_databases_too(
    tmp_path: Path, base: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["pull", "--workspace", str(tmp_path)])
    assert ended.value.code == 0
    assert "1 answer" in capsys.readouterr().out
    assert len(Store(tmp_path / ".scorecards").landings("crm")) == 1
