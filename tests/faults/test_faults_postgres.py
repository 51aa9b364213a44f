"""Rows of a real PostgreSQL: every digit, every day, nothing written, and a KPI that equals the SQL count."""

from __future__ import annotations

import io
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assets.commands import run_week
from assets.workspaces import open_workspace
from pipeline.errors import FileRefused
from pipeline.periods import Week
from pipeline.sources.ingest import ingest_source
from pipeline.sources.sql import ask
from pipeline.store.store import Store
from tests.support import cannot_run

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BINARIES = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


def program(name: str) -> str | None:
    """initdb and postgres as Debian keeps them, or from the path."""
    return next((str(path / name) for path in BINARIES if (path / name).is_file()), None) or shutil.which(
        name
    )


class Server:
    """A server of its own in a temporary folder, reached by a socket there; it never runs as root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            account = pwd.getpwnam(self.user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self.run(
            "initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "owner", "-E", "UTF8", "--no-sync"
        )
        command = [str(program("postgres")), "-D", str(folder / "data"), "-k", str(folder), "-h", "", "-F"]
        self.process = subprocess.Popen(command, **self.as_user(), stderr=subprocess.DEVNULL)
        self.url = f"postgresql://owner:hush@/postgres?host={folder}"

    def as_user(self) -> dict[str, Any]:
        return {"user": self.user, "cwd": self.folder} if os.geteuid() == 0 else {"cwd": self.folder}

    def run(self, name: str, *arguments: str) -> None:
        subprocess.run([str(program(name)), *arguments], check=True, capture_output=True, **self.as_user())

    def connect(self) -> Any:
        import psycopg

        for _ in range(100):
            try:
                return psycopg.connect(self.url, autocommit=True)
            except psycopg.OperationalError:
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if program("initdb") is None or program("postgres") is None:
        cannot_run("PostgreSQL is not installed: apt-get install postgresql (make test-slow does it)")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    made = Server(folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


@pytest.fixture
def base(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("WAREHOUSE_URL", server.url)
    with server.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS deals")
        connection.execute(
            """
            CREATE TABLE deals AS
            SELECT 'D-' || n AS id, (n * 37 % 9901)::numeric(18, 4) + 0.0001 AS amount,
                   timestamptz '2026-10-01 12:00:00+00' + n * interval '7 hours' AS closed,
                   CASE n % 3 WHEN 0 THEN 'Выиграна' WHEN 1 THEN 'Проиграна' ELSE 'В работе' END AS stage
            FROM generate_series(1, 170) AS n
            """
        )
        yield connection


def workspace(root: Path) -> Any:
    (root / "scorecards.yaml").write_text("company: X\ntimezone: Europe/Moscow\ncurrency: EUR\n")
    (root / "people.yaml").write_text("people: [{id: ann, name: Ann}]\n")
    (root / "kpis.yaml").write_text(
        "kpis: [{id: won_deals, name: Won, unit: count, direction: up, kind: simple, formula: Won deals,"
        " numerator: {fact: deals, date: closed_on, where: [{column: is_won, equals: [true]}]}}]\n"
    )
    (root / "sources").mkdir()
    (root / "goals").mkdir()
    (root / "sources/crm.yaml").write_text(
        """\
id: crm
system: warehouse
fact: deals
sql:
  url_env: WAREHOUSE_URL
  query: SELECT id, amount, closed, stage FROM deals
columns:
  deal_id: id
  amount: amount
  stage: stage
  closed_on: {from: closed, date: iso}
  is_won: {from: stage, equals: [Выиграна]}
  is_closed: {from: stage, equals: [Выиграна, Проиграна]}
"""
    )
    for kpi in ("won_deals", "sales_revenue"):
        (root / f"goals/{kpi}.yaml").write_text(
            f"{{id: {kpi}, title: Won, owner: ann, kpi: {kpi}, kind: cumulative, target: 500,"
            " start: 2026-10-05, due: 2026-12-31}"
        )
    return open_workspace(root)


def test_a_kpi_equals_what_the_database_counts(tmp_path: Path, base: Any) -> None:
    """The days are Moscow's: the query of the test lets the server cut them, the program does it itself."""
    expected = base.execute(
        """
        SELECT count(*), sum(amount) FROM deals
        WHERE stage = 'Выиграна'
          AND (closed AT TIME ZONE 'Europe/Moscow')::date BETWEEN '2026-10-05' AND '2026-11-22'
        """
    ).fetchone()
    report = run_week(workspace(tmp_path), Week.parse("2026-W47"), documents=False, now=NOW)
    assert report.failure is None and report.edition is not None
    actual = {result.goal_id: result.actual for result in report.edition.results}
    assert expected[0] > 40 and actual == {"won_deals": Decimal(expected[0]), "sales_revenue": expected[1]}


def test_types_of_a_database_keep_every_digit(tmp_path: Path, base: Any) -> None:
    opened = workspace(tmp_path)
    source = opened.sources[0]
    query = (
        "SELECT 99999999999999.9999::numeric AS id, 0.1::numeric(38, 18) AS amount,"
        " date '2026-11-16' AS closed, 'NaN'::numeric AS nan,"
        " '{\"a\": 1}'::json AS stage, interval '90 minutes' AS spent, NULL AS nothing,"
        " ARRAY[1, 2] AS list, 9007199254740993::bigint AS large"
    )
    asked = source.model_copy(update={"sql": source.sql.model_copy(update={"query": query})})
    (row,) = pq.read_table(io.BytesIO(ask(asked, tmp_path, NOW).data)).to_pylist()
    assert row["id"] == Decimal("99999999999999.9999") and row["amount"] == Decimal("0.1")
    assert row["closed"] == date(2026, 11, 16) and row["large"] == 9007199254740993
    assert (row["nan"], row["stage"], row["spent"], row["nothing"]) == ("NaN", "{'a': 1}", "1:30:00", None)


def test_a_statement_that_writes_is_refused_by_the_server(tmp_path: Path, base: Any) -> None:
    opened = workspace(tmp_path)
    source = opened.sources[0]
    for query in (
        "WITH gone AS (DELETE FROM deals RETURNING id) SELECT id FROM gone",
        "DELETE FROM deals RETURNING id",
    ):
        writing = source.model_copy(update={"sql": source.sql.model_copy(update={"query": query})})
        with pytest.raises(FileRefused, match="read-only transaction"):
            ask(writing, tmp_path, NOW)
    assert base.execute("SELECT count(*) FROM deals").fetchone() == (170,)


def test_a_slow_query_ends_and_a_wrong_one_is_a_sentence(tmp_path: Path, base: Any) -> None:
    opened = workspace(tmp_path)
    source = opened.sources[0]
    slow = source.sql.model_copy(update={"query": "SELECT pg_sleep(30)", "timeout_seconds": 1})
    began = time.monotonic()
    with pytest.raises(FileRefused, match="statement timeout"):
        ask(source.model_copy(update={"sql": slow}), tmp_path, NOW)
    assert time.monotonic() - began < 10
    wrong = source.sql.model_copy(update={"query": "SELECT idd FROM deals"})
    with pytest.raises(FileRefused, match='column "idd" does not exist'):
        ask(source.model_copy(update={"sql": wrong}), tmp_path, NOW)


def test_a_server_that_is_gone_shows_no_password(
    tmp_path: Path, base: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = workspace(tmp_path)
    store = Store(opened.state_dir)
    assert ingest_source(opened, opened.sources[0], store, NOW).counts.accepted == 170
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://owner:hush@127.0.0.1:1/postgres")
    (problem,) = ingest_source(opened, opened.sources[0], store, NOW + timedelta(days=1)).refused
    assert problem.code == "E-SQL" and "hush" not in problem.full()
    assert store.fact("deals", store.knowledge(["crm"], NOW + timedelta(days=2))).num_rows == 170
