"""`sources` and `sources try` from outside: with and without a workspace, text and JSON; drift in a run."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from assets import cli, run_screen, sources_screen
from assets.commands import run_week
from assets.terminal import Terminal
from assets.workspaces import open_workspace
from pipeline.language import speech
from pipeline.periods import Week
from pipeline.sources.ingest import ingest_source
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.store.store import Store

ORDERS = "Order,Date,Amount,Seller\n" + "".join(
    f"A{n},2026-11-{n + 10},{n * 10}.50,Ann\n" for n in range(1, 9)
)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "en")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def root(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert cli.call(["init", str(tmp_path / "w")]) == 0
    capsys.readouterr()
    return tmp_path / "w"


def test_without_a_workspace_the_known_exports_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["sources"]) == 0
    out = capsys.readouterr().out
    assert "no workspace" in out
    listed = {tuple(re.findall(r"(?:system|export): (\w+)", line)) for line in out.splitlines()}
    for vendor in SYSTEMS.values():
        assert {(vendor.system, name) for name in vendor.exports} <= listed


def test_a_named_folder_that_is_no_workspace_is_still_wrong(tmp_path: Path) -> None:
    assert cli.call(["sources", "-w", str(tmp_path)]) == 2


def test_freshness_is_a_row_a_source(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Landed now, expected eight days later, late from then on."""
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    opened = open_workspace(root)
    run_week(opened, Week.parse("2026-W47"), documents=False, now=now)
    say = speech("en")
    for later, state in ((timedelta(days=7), "up to date"), (timedelta(days=9), "stale")):
        found = sources_screen.connected(opened, now + later)
        record = sources_screen.sources_record(found, Terminal(say))["connected"][0]
        landed = datetime.fromisoformat(record["last_landed_at"])
        assert abs(landed - now) < timedelta(seconds=1)
        assert datetime.fromisoformat(record["expected_by"]) == landed + timedelta(days=8)
        assert (record["stale_since"] is None) == (state == "up to date")
        sources_screen.show_sources(Terminal(say), opened, found)
        assert state in capsys.readouterr().out


def test_json_before_anything_was_received(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["sources", "--json", "-w", str(root)]) == 0
    found = json.loads(capsys.readouterr().out)
    (orders,) = found["connected"]
    assert (orders["id"], orders["freshness"], orders["expected_by"]) == ("orders", None, None)
    assert {"system": "hubspot", "export": "contacts", "facts": ["contacts"]} in found["known"]


def test_a_file_is_tried_without_a_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    assert cli.call(["sources", "try", "orders.csv"]) == 0
    out = capsys.readouterr().out
    assert "fact deals" in out and "8 of 8 rows count" in out and "sales_revenue" in out
    assert "# decide: every row counts as won" in out and "questions are marked" in out
    assert cli.call(["sources", "try", "orders.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["fact"], found["accepted"], len(found["first_rows"])) == ("deals", 8, 5)
    assert found["first_rows"][0]["amount"] == "10.5000" and "sales_revenue" in found["kpis"]
    assert found["proposal"]["path"] == "sources/orders.yaml"


def test_a_fact_is_described_in_russian_and_its_second_files_are_not_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "ru")
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "teams.csv").write_text("Owner,Region\nAnn,East\nBob,West\n")
    assert cli.call(["sources", "try", "orders.csv"]) == 0
    out = capsys.readouterr().out.replace("\u00a0", " ")
    assert "похожи на факт deals: сделки, по строке на каждую" in out
    assert "lookups/teams.csv" in out and "с --write они попадут" in out


def test_a_header_without_rows_is_no_list_to_look_things_up_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "orders.csv").write_text("Order,Date,Amount\n")
    assert cli.call(["sources", "try", "orders.csv"]) == 0
    out = capsys.readouterr().out
    assert "a header and no rows" in out and "look things up" not in out


def test_rows_that_would_be_set_aside_are_shown_with_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS + "A3,2026-11-30,1.00,Ann\n")
    assert cli.call(["sources", "try", "orders.csv"]) == 0
    out = capsys.readouterr().out
    assert "2 set aside" in out and "orders.csv:4: Order “A3”: the same key with different values" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sources", "try", "nothing.csv"], "There is no file nothing.csv."),
        (["sources", "try", "w"], "w is a folder. Name one file in it."),
        (["sources", "try", "page.csv"], "sign-in page"),
        (["sources", "tri", "page.csv"], "Did you mean try?"),
        (["sources", "try", "orders.csv", "--write"], "is not a workspace"),
    ],
)
def test_what_cannot_be_tried_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "page.csv").write_text("<!DOCTYPE html><html>")
    (tmp_path / "orders.csv").write_text(ORDERS)
    assert cli.call(arguments) in (2, 3)
    assert said in capsys.readouterr().err


def test_the_run_tells_of_an_export_in_cents(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    opened = open_workspace(root)
    run_week(opened, Week.parse("2026-W47"), documents=False, now=now)
    path = root / "exports/orders/orders.csv"
    lines = [line.split(",") for line in path.read_text("utf-8").splitlines()]
    at = lines[0].index("Amount")
    rows = [[*line[:at], str(Decimal(line[at]) * 100), *line[at + 1 :]] for line in lines[1:]]
    (root / "exports/orders/cents.csv").write_text(
        "\n".join(",".join(row) for row in [lines[0], *rows]) + "\n"
    )
    later = now + timedelta(days=7)
    report = run_week(opened, Week.parse("2026-W48"), known="now", documents=False, now=later)
    capsys.readouterr()
    run_screen.show_run(Terminal(speech("en")), opened, report)
    assert "W-UNITS The amounts in cents.csv" in capsys.readouterr().err


def test_the_run_tells_of_fewer_rows_other_columns_and_a_source_that_is_late(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five weeks with ten rows and then one with two, with a new column; two weeks later nothing new."""
    opened = open_workspace(root)
    folder = root / "exports/orders"
    first = (folder / "orders.csv").read_text("utf-8").splitlines()
    (folder / "orders.csv").unlink()
    monday = datetime(2026, 10, 19, 5, tzinfo=UTC)
    for week in range(6):
        now = monday + timedelta(weeks=week)
        header = first[0] if week < 5 else f"{first[0]},Rep"
        rows = first[1:11] if week < 5 else [f"{line},x" for line in first[1:3]]
        path = folder / f"{week}.csv"
        path.write_text("\n".join([header, *rows, ""]) + "\n" * week)
        os.utime(path, (time.time() - 60,) * 2)
        ingest_source(opened, opened.sources[0], Store(opened.state_dir), now)
    for days, week, said in ((1, 47, ("W-VOLUME 5.csv", "W-NEWCOLUMNS 5.csv")), (15, 49, ("E-STALE",))):
        now = monday + timedelta(weeks=5, days=days)
        report = run_week(opened, Week(2026, week), known="now", documents=False, now=now)
        capsys.readouterr()
        run_screen.show_run(Terminal(speech("en")), opened, report)
        told = capsys.readouterr().err
        assert all(one in told for one in said), told


def test_a_late_export_that_cannot_be_read_is_not_promised_to_count(root: Path) -> None:
    """--known now counts the readable one of two late exports and never the sign-in page."""
    opened, week = open_workspace(root), Week.parse("2026-W47")
    run_week(opened, week, documents=False, now=datetime(2026, 11, 23, 8, tzinfo=UTC))
    orders = root / "exports/orders"
    (orders / "late.csv").write_bytes((orders / "orders.csv").read_bytes() + b"\n")
    (orders / "page.csv").write_text("<!DOCTYPE html><html>")
    report = run_week(opened, week, documents=False, now=datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert report.edition is not None and report.ingest["orders"].refused
    late = run_screen.late_exports(opened, report.edition, report.ingest, Store(opened.state_dir))
    assert [one.name for one in late] == ["late.csv"]
