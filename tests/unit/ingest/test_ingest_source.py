"""Dropping files in any order, twice, half written or broken must never move a number wrongly."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from pipeline.errors import FileRefused, InvariantBroken, Problem
from pipeline.facts import DEALS
from pipeline.sources.freshness import source_states
from pipeline.sources.ingest import IngestReport, ingest_source
from pipeline.sources.state import Counts, ParsedExport
from pipeline.store.names import table_name
from pipeline.store.store import Store
from pipeline.workspace.model import Company, Source, Workspace

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday 07:00 in Moscow
QUARANTINE = ["file", "line", "reason_code", "reason", "column", "value", "remedy", "row"]


def parse(workspace: Workspace, source: Source, data: bytes, name: str) -> ParsedExport:
    """`id;amount;closed_on` a line; amount `bad` is rejected, a file starting with `!` refused."""
    if data.startswith(b"!"):
        raise FileRefused(Problem("E-HTML", "{name} is a sign-in page.", file=name, params={"name": name}))
    if data.startswith(b"?"):
        raise ZeroDivisionError("boom")
    good, rejected = [], []
    for number, line in enumerate(data.decode().split(), start=1):
        key, amount, closed = line.split(";")
        if amount == "bad":
            rejected.append((name, number, "E-NUMBER", "Not a number.", "amount", amount, "", line))
        else:
            good.append(
                {
                    "deal_id": key,
                    "amount": Decimal(amount),
                    "currency": "RUB",
                    "is_won": True,
                    "is_closed": True,
                    "closed_on": date.fromisoformat(closed),
                    "source_line": number,
                }
            )
    frame = pa.Table.from_pylist(good, schema=DEALS.arrow_schema()).to_pandas(types_mapper=pd.ArrowDtype)
    money = sum((row["amount"] for row in good), Decimal(0))
    counts = Counts(len(good) + len(rejected), len(good), len(rejected), 0, money, money)
    return ParsedExport({"deals": frame}, pd.DataFrame(rejected, columns=QUARANTINE), counts)


class Room:
    def __init__(self, root: Path, **source: object) -> None:
        self.root = root
        self.received: dict[str, str] = {}
        self.source = Source.model_validate({"id": "crm", "system": "crm", "fact": "deals", **source})
        self.store = Store(root / ".scorecards")
        (root / "exports" / "crm").mkdir(parents=True)

    @property
    def workspace(self) -> Workspace:
        company = Company(company={"en": "X"}, timezone="Europe/Moscow", currency="RUB")
        return Workspace(root=self.root, company=company, sources=(self.source,), received=self.received)

    def drop(self, name: str, text: str, received: str | None = None) -> Path:
        path = self.root / "exports" / "crm" / name
        path.write_text(text)
        os.utime(path, (time.time() - 60,) * 2)
        if received:
            self.received[f"exports/crm/{name}"] = received
        return path

    def ingest(self, now: datetime = NOW, parser: Callable[..., ParsedExport] = parse) -> IngestReport:
        return ingest_source(self.workspace, self.source, self.store, now, parser=parser)

    def seen(self, as_of: datetime = NOW) -> dict[str, int]:
        table = self.store.fact("deals", self.store.knowledge(["crm"], as_of))
        return {row["deal_id"]: int(row["amount"]) for row in table.to_pylist()}

    def state(self, as_of: datetime = NOW):  # type: ignore[no-untyped-def]
        return source_states(self.workspace, self.store, self.store.knowledge(["crm"], as_of))["crm"]

    def commits(self) -> int:
        return len(list((self.root / ".scorecards" / "tables").glob("*/_delta_log/*.json")))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


W45, W46, W47 = (datetime(2026, 11, day, 4, tzinfo=UTC) for day in (9, 16, 23))
FIRST, SECOND = "2026-11-09T06:00:00+03:00", "2026-11-16T06:00:00"  # the second without zone: company time


def test_a_second_run_reads_nothing_and_commits_nothing(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03 d2;bad;2026-11-03", FIRST)
    report = room.ingest()
    assert (len(report.landed), report.parsed, report.rows_appended) == (1, 1, 1)
    commits = room.commits()
    again = Room.ingest(room, parser=lambda *_: pytest.fail("read again"))
    assert again == IngestReport("crm") and room.commits() == commits


def test_late_file_gives_the_tables_that_order_would_have_given(tmp_path: Path) -> None:
    files = {"a.csv": ("d1;1;2026-11-03 d2;2;2026-11-03", FIRST), "b.csv": ("d2;5;2026-11-10", SECOND)}
    views = []
    for order in (("a.csv", "b.csv"), ("b.csv", "a.csv")):
        room = Room(tmp_path / order[0])
        for name in order:
            room.drop(name, *files[name])
            room.ingest()
        views.append((room.seen(W45), room.seen(W46), room.seen(W47)))
    assert views[0] == views[1] == ({"d1": 1, "d2": 2}, {"d2": 5}, {"d2": 5})


def test_files_found_together_follow_each_other_in_reading_order(room: Room) -> None:
    room.drop("deals (1).csv", "d1;2;2026-11-10")
    room.drop("deals (10).csv", "d1;10;2026-11-10")
    room.drop("deals (9).csv", "d1;9;2026-11-10")
    room.drop("deals.csv", "d1;1;2026-11-10")
    room.ingest()
    assert room.seen() == {"d1": 10}
    assert room.store.landings("crm")[0].name == "deals.csv"
    assert room.state().reconstructed is False


def test_the_same_export_twice_counts_once(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03", FIRST)
    room.drop("copy of a.csv", "d1;100;2026-11-03", SECOND)
    assert len(room.ingest().landed) == 1
    assert room.seen() == {"d1": 100} and room.state(W46).received_at == datetime(2026, 11, 9, 3, tzinfo=UTC)


def test_a_refused_file_keeps_the_numbers_and_is_named(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03", FIRST)
    room.drop("b.csv", "!<html>", SECOND)
    report = room.ingest()
    assert [problem.code for problem in report.refused] == ["E-HTML"]
    state = room.state(W46)
    assert state.freshness == "refused" and state.problem.text() == "b.csv is a sign-in page."
    assert (state.received_at.day, state.data_through) == (9, date(2026, 11, 3))
    assert room.seen(W46) == {"d1": 100} and room.state(W45).freshness == "fresh"
    assert len(list((room.root / ".scorecards/landing/crm").glob("*.bin"))) == 2


def test_a_fault_in_reading_is_tried_again_and_a_repeat_adds_no_row(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03", FIRST)
    room.drop("b.csv", "?", SECOND)
    assert [problem.code for problem in room.ingest().refused] == ["E-UNEXPECTED"]
    commits = room.commits()
    assert room.ingest().parsed == 1 and room.commits() == commits
    assert room.ingest(parser=lambda *_: parse(*_[:2], b"d1;7;2026-11-10", "b.csv")).rows_appended == 1
    assert room.seen() == {"d1": 7} and room.state(W46).freshness == "fresh"


def test_a_changed_mapping_reads_everything_again(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03", FIRST)
    room.drop("b.csv", "d1;200;2026-11-10", SECOND)
    room.ingest()
    room.source = room.source.model_copy(update={"stale_after_days": 9, "currency": "USD"})

    def doubled(workspace: Workspace, source: Source, data: bytes, name: str) -> ParsedExport:
        parsed = parse(workspace, source, data, name)
        parsed.facts["deals"]["amount"] = parsed.facts["deals"]["amount"] * 2
        return parsed

    assert room.ingest(parser=doubled).parsed == 2
    assert (room.seen(W45), room.seen(W46)) == ({"d1": 200}, {"d1": 400})
    assert len(room.store.ingested("crm")) == 2


def test_a_source_that_feeds_another_fact_leaves_no_rows_behind(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03", FIRST)
    room.ingest()
    room.source = room.source.model_copy(update={"system": "hubspot", "export": "deals"})
    room.source = room.source.model_copy(update={"system": "crm", "export": "", "id": "crm", "fact": "tasks"})
    room.ingest(parser=lambda *_: ParsedExport({}, pd.DataFrame(columns=QUARANTINE), Counts()))
    assert room.seen() == {}


def test_rows_that_are_not_accounted_for_stop_the_source(room: Room) -> None:
    room.drop("a.csv", "x", FIRST)
    empty = pd.DataFrame(columns=QUARANTINE)
    with pytest.raises(InvariantBroken):
        room.ingest(parser=lambda *_: ParsedExport({}, empty, Counts(rows_in=3, accepted=2)))
    assert room.state().freshness == "missing" and len(room.store.landings("crm")) == 1


def test_locks_downloads_links_and_growing_files_are_no_exports(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".hidden", "~$deals.xlsx", "deals.csv.crdownload", "deals.part"):
        room.drop(name, "d1;1;2026-11-03")
    outside = room.root.parent / "outside.csv"
    outside.write_text("d1;1;2026-11-03")
    (room.root / "exports/crm/link.csv").symlink_to(outside)
    growing = room.root / "exports/crm/growing.csv"
    growing.write_text("d1;1;2026-11-03")
    monkeypatch.setattr(time, "sleep", lambda _: growing.write_text("d1;1;2026-11-03 d2;2;2026-11-03"))
    report = room.ingest()
    assert sorted(problem.code for problem in report.warnings) == ["E-PATH", "W-WRITING"]
    assert report.landed == () and room.state().freshness == "missing"


def test_no_folder_at_all_is_missing_and_says_where_to_drop(tmp_path: Path) -> None:
    room = Room(tmp_path, files="drop/deals-*.csv")
    assert room.ingest() == IngestReport("crm")
    state = room.state()
    assert state.freshness == "missing" and "drop (file name: deals-*.csv)" in state.problem.text()


def test_old_exports_are_stale_since_their_day_and_not_zero(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03", FIRST)
    room.ingest()
    assert room.state(datetime(2026, 11, 17, 2, tzinfo=UTC)).freshness == "fresh"
    state = room.state(datetime(2026, 11, 17, 4, tzinfo=UTC))  # received 9 Nov 03:00 UTC, 8 days allowed
    assert (state.freshness, state.problem.code, state.problem.params["since"]) == (
        "stale",
        "E-STALE",
        "2026-11-09",
    )
    assert room.seen(datetime(2026, 11, 17, 4, tzinfo=UTC)) == {"d1": 100}


def test_before_the_first_export_it_is_used_and_said(room: Room) -> None:
    room.drop("a.csv", "d1;100;2026-11-03", SECOND)
    room.ingest()
    state = room.state(W45)
    assert state.freshness == "fresh" and state.reconstructed and room.seen(W45) == {"d1": 100}


def test_monthly_exports_dropped_together_are_not_known_by_the_first_alone(room: Room) -> None:
    room.source = room.source.model_copy(update={"delivers": "changes"})
    room.drop("2026-09.csv", "d1;100;2026-09-03")
    room.drop("2026-10.csv", "d2;200;2026-10-03")
    room.ingest()
    room.drop("2026-11.csv", "d3;300;2026-11-03")
    room.ingest(NOW + timedelta(minutes=5))
    assert room.state(W45).reconstructed and room.seen(W45) == {"d1": 100, "d2": 200}


def test_a_volume_drop_of_four_fifths_is_said(room: Room) -> None:
    for week in range(5):
        keys = range(10 if week < 4 else 2)
        rows = " ".join(f"d{week}{key};1;2026-11-03" for key in keys)
        room.drop(f"{week}.csv", rows, (W45 + timedelta(days=week)).isoformat())
    room.ingest()
    assert [problem.code for problem in room.state(W47).details["warnings"]] == ["W-VOLUME"]
    assert room.state(W45 + timedelta(days=3, hours=1)).details["warnings"] == []


def test_rejected_rows_are_those_of_the_newest_known_export(room: Room) -> None:
    room.drop("a.csv", "d1;bad;2026-11-03 d2;bad;2026-11-03", FIRST)
    room.drop("b.csv", "d1;bad;2026-11-03 d3;5;2026-11-10", SECOND)
    room.ingest()
    rejected = [room.store.quarantine(["crm"], room.store.knowledge(["crm"], at)) for at in (W45, W46)]
    assert [frame["line"].tolist() for frame in rejected] == [[1, 2], [1]]
    state = room.state(W46)
    assert state.reasons == {"Not a number.": 1} and state.counts == Counts(
        2, 1, 1, 0, Decimal(5), Decimal(5)
    )


def test_forgotten_bytes_leave_the_tables_and_a_change_reads_what_is_kept(room: Room) -> None:
    room.drop("a.csv", "d1;1;2026-11-03", FIRST)
    room.drop("b.csv", "d1;2;2026-11-10", SECOND)
    room.ingest()
    assert room.store.forget_before(10, NOW) == 1
    room.source = room.source.model_copy(update={"currency": "USD"})
    assert room.ingest().parsed == 1
    assert (room.seen(W45), room.seen(W46)) == ({"d1": 1}, {"d1": 2})
    room.drop("0.csv", "d1;9;2026-11-01", "2026-11-02T06:00:00")
    assert [problem.code for problem in room.ingest().refused] == ["E-RETENTION"]
    assert (room.seen(W45), room.seen(W46)) == ({"d1": 1}, {"d1": 2})


@pytest.mark.parametrize(
    ("source", "first", "further"),
    [
        ({"id": "hubspot_deals", "system": "hubspot", "export": "deals"}, "raw_hubspot__deals",
         "raw_hubspot__deals__deal_stages"),
        ({"id": "deals_emea", "system": "hubspot", "export": "deals"}, "raw_deals_emea",
         "raw_deals_emea__fact__deal_stages"),
        ({"id": "crm", "system": "crm", "fact": "deals"}, "raw_crm", "raw_crm__fact__deal_stages"),
    ],
)  # fmt: skip
def test_table_names(source: dict[str, str], first: str, further: str) -> None:
    facts = ("deals", "deal_stages")
    named = Source.model_validate(source)
    assert [table_name(named, fact, facts) for fact in facts] == [first, further]


def test_manifest_says_where_bytes_came_from(room: Room) -> None:
    room.drop("a.csv", "d1;1;2026-11-03", FIRST)
    room.ingest()
    manifest = json.loads(next((room.root / ".scorecards/landing/crm").glob("*.json")).read_text())
    assert (
        manifest["origin"] == "exports/crm/a.csv" and manifest["received_at"] == "2026-11-09T03:00:00+00:00"
    )
