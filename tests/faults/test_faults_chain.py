"""Exports that come late, twice, changed, misnamed or not at all: what the tables say afterwards."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import ScorecardError
from pipeline.sources.freshness import source_states
from pipeline.sources.ingest import IngestReport, ingest_source
from pipeline.store.store import Store
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = """id: payments
system: own
fact: freelance_costs
delivers: {delivers}
columns: {{entry_id: Ref, paid_on: Date, contract: Job, amount: Sum{more}}}
{extra}
"""


class Company:
    """A company with one source, `payments`, whose files a test drops."""

    def __init__(self, root: Path, delivers: str = "changes") -> None:
        self.root = root
        (root / "sources").mkdir(parents=True)
        (root / "lookups").mkdir()
        (root / "scorecards.yaml").write_text("company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n", "utf-8")
        self.declare(delivers=delivers)
        self.folder = root / "exports" / "payments"
        self.folder.mkdir(parents=True)
        self.state = Store(root / ".state")
        self.now = NOW

    def declare(
        self, delivers: str = "changes", more: str = "", extra: str = "", name: str = "payments"
    ) -> None:
        text = SOURCE.format(delivers=delivers, more=more, extra=extra).replace("id: payments", f"id: {name}")
        (self.root / "sources" / f"{name}.yaml").write_text(text, "utf-8")

    def drop(self, name: str, rows: dict[str, str], day: int = 16) -> Path:
        path = self.folder / name
        lines = [f"{key},2026-11-{day},Job,{amount}\n" for key, amount in rows.items()]
        path.write_text("Ref,Date,Job,Sum\n" + "".join(lines), "utf-8")
        os.utime(path, (1, 1))  # not young any more
        return path

    def received(self, **instants: str) -> None:
        lines = [f"exports/payments/{name},{instant}\n" for name, instant in instants.items()]
        (self.root / "exports" / "received.csv").write_text("file,received_at\n" + "".join(lines), "utf-8")

    def workspace(self) -> Workspace:
        return load_workspace(self.root)

    def ingest(self, source_id: str = "payments") -> IngestReport:
        workspace = self.workspace()
        self.now += DAY
        (source,) = [one for one in workspace.sources if one.id == source_id]
        return ingest_source(workspace, source, self.state, self.now)

    def amounts(self, at: datetime | None = None) -> dict[str, Decimal]:
        known = self.state.knowledge([one.id for one in self.workspace().sources], at or self.now)
        rows = self.state.fact("freelance_costs", known).to_pylist()
        return {f"{row['source']}:{row['entry_id']}": row["amount"].normalize() for row in rows}


def amounts(**values: str) -> dict[str, Decimal]:
    return {f"payments:{key}": Decimal(value) for key, value in values.items()}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path / "company")


def codes(report: IngestReport) -> set[str]:
    return {one.code for one in (*report.warnings, *report.refused)}


def test_an_export_dropped_again_under_another_name_counts_once(company: Company) -> None:
    first = company.drop("a.csv", {"r1": "5", "r2": "7"})
    company.ingest()
    shutil.copy(first, company.folder / "a (1).csv")
    report = company.ingest()
    assert not report.landed and company.amounts() == amounts(r1="5", r2="7")


def test_of_overlapping_exports_the_one_received_later_wins(company: Company) -> None:
    company.drop("a.csv", {"r1": "5", "r2": "7"})
    company.ingest()
    company.drop("b.csv", {"r2": "8", "r3": "9"})
    company.ingest()
    assert company.amounts() == amounts(r1="5", r2="8", r3="9")
    assert company.amounts(company.now - DAY) == amounts(r1="5", r2="7")


def test_an_older_export_that_is_landed_later_changes_what_came_after_it_nowhere(company: Company) -> None:
    company.drop("new.csv", {"r1": "6"})
    company.received(**{"new.csv": "2026-11-16T07:00:00+01:00", "old.csv": "2026-11-09T07:00:00+01:00"})
    company.ingest()
    company.drop("old.csv", {"r1": "5", "r0": "1"})
    company.ingest()
    assert company.amounts() == amounts(r0="1", r1="6")
    assert company.amounts(datetime(2026, 11, 10, tzinfo=UTC)) == amounts(r0="1", r1="5")


def test_a_key_that_vanished_from_a_full_export_is_gone_and_was_there_before(tmp_path: Path) -> None:
    company = Company(tmp_path / "company", "full")
    company.drop("a.csv", {"r1": "5", "r2": "7"})
    company.ingest()
    company.drop("b.csv", {"r1": "5"})
    company.ingest()
    assert company.amounts() == amounts(r1="5")
    assert company.amounts(company.now - DAY) == amounts(r1="5", r2="7")


def test_a_full_export_without_a_usable_row_takes_nothing_away(tmp_path: Path) -> None:
    company = Company(tmp_path / "company", "full")
    company.drop("a.csv", {"r1": "5", "r2": "7"})
    company.ingest()
    company.drop("b.csv", {"r1": "five", "r2": "seven"})
    report = company.ingest()
    assert codes(report) == {"E-NOROWS"} and company.amounts() == amounts(r1="5", r2="7")
    known = company.state.knowledge(["payments"], company.now)
    state = source_states(company.workspace(), company.state, known)["payments"]
    assert state.freshness == "refused" and state.counts.quarantined == 2
    assert state.problem is not None and state.problem.line == 2 and state.problem.value == "five"
    assert len(company.state.quarantine(["payments"], known)) == 2


def test_a_mapping_changed_after_landing_reads_everything_again(company: Company) -> None:
    company.drop("a.csv", {"r1": "5"})
    company.ingest()
    company.declare(extra="exclude: [{column: Ref, equals: [r1], because: test}]")
    company.drop("b.csv", {"r2": "7"})
    assert company.ingest().parsed == 2
    assert company.amounts() == amounts(r2="7")


def test_a_lookup_changed_after_landing_reads_everything_again(company: Company) -> None:
    lookup = company.root / "lookups" / "kinds.csv"
    lookup.write_text("Ref,Kind\nr1,hours\n", "utf-8")
    extra = "lookup: [{file: lookups/kinds.csv, on: Ref, take: {Kind: Kind}}]"
    company.declare(more=", payment: Kind", extra=extra)
    company.drop("a.csv", {"r1": "5", "r2": "7"})
    company.ingest()
    assert company.amounts() == amounts(r1="5")
    lookup.write_text("Ref,Kind\nr1,hours\nr2,fixed\n", "utf-8")
    assert company.ingest().parsed == 1
    assert company.amounts() == amounts(r1="5", r2="7")
    workspace = company.workspace()
    lookup.unlink()  # while a run is going on; a workspace without it is refused when it is loaded
    (source,) = (one for one in workspace.sources if one.id == "payments")
    report = ingest_source(workspace, source, company.state, company.now)
    assert codes(report) == {"E-LOOKUP"}


def test_a_source_added_later_and_removed_again_counts_only_while_it_is_declared(company: Company) -> None:
    company.drop("a.csv", {"r1": "5"})
    company.ingest()
    company.declare(name="more", extra="files: exports/payments/*.csv")
    company.ingest("more")
    # the same bytes in two sources are two landings, and neither hides the other
    assert company.amounts() == amounts(r1="5") | {"more:r1": Decimal(5)}
    (company.root / "sources" / "more.yaml").unlink()
    assert company.amounts() == amounts(r1="5")


def test_a_time_changed_after_landing_moves_nothing_and_is_said(company: Company) -> None:
    company.drop("a.csv", {"r1": "5"})
    company.drop("b.csv", {"r1": "6"})
    company.received(**{"a.csv": "2026-11-09T07:00:00+01:00", "b.csv": "2026-11-16T07:00:00+01:00"})
    company.ingest()
    for moved in ("2026-11-17T07:00:00+01:00", "2026-11-01T07:00:00+01:00"):
        company.received(**{"a.csv": moved, "b.csv": "2026-11-16T07:00:00+01:00"})
        report = company.ingest()
        assert codes(report) == {"W-RECEIVED"} and not report.parsed
        assert company.amounts() == amounts(r1="6")


def test_a_file_corrected_in_place_wins_over_what_it_corrects(company: Company) -> None:
    for number in range(6):  # whichever hash is greater
        name = f"f{number}.csv"
        company.received(**{f"f{one}.csv": "2026-11-16T07:00:00+01:00" for one in range(6)})
        company.drop(name, {f"r{number}": "50"})
        company.ingest()
        company.drop(name, {f"r{number}": f"{number}"})
        assert codes(company.ingest()) == {"W-REPLACED"}
        assert company.amounts()[f"payments:r{number}"] == number
    assert company.amounts(datetime(2026, 11, 17, tzinfo=UTC)) == amounts(**{f"r{n}": "50" for n in range(6)})


def test_a_file_deleted_after_landing_loses_nothing(company: Company) -> None:
    path = company.drop("a.csv", {"r1": "5"})
    company.ingest()
    path.unlink()
    company.declare(extra="currency: USD")  # read again, from what was landed
    assert company.ingest().parsed == 1 and company.amounts() == amounts(r1="5")


@pytest.mark.parametrize(
    "name",
    [
        "with space.csv",
        "Выгрузка за неделю.csv",
        "📈.csv",
        "x" * 250 + ".csv",
        "a%20b.csv",
        "'\"$(x).csv",
        "a\nb.csv",
    ],
)
def test_any_file_name_is_read_and_named(company: Company, name: str) -> None:
    company.drop(name, {"r1": "5", "r2": "oops"})
    report = company.ingest()
    assert [one.name for one in report.landed] == [name] and company.amounts() == amounts(r1="5")
    known = company.state.knowledge(["payments"], company.now)
    assert company.state.quarantine(["payments"], known)["file"].tolist() == [name]


def test_a_name_that_is_no_text_and_one_in_decomposed_letters(company: Company) -> None:
    composed = unicodedata.normalize("NFC", "й.csv")
    company.drop(unicodedata.normalize("NFD", composed), {"r1": "5"})  # as some disks keep it
    company.received(**{composed: "2026-11-09T07:00:00+01:00"})
    broken = os.fsencode(company.folder) + b"/\xff.csv"
    Path(os.fsdecode(broken)).write_bytes(b"Ref,Date,Job,Sum\nr2,2026-11-16,Job,7\n")
    os.utime(broken, (1, 1))
    report = company.ingest()
    assert company.amounts() == amounts(r1="5", r2="7")
    assert report.landed[0].received_at == datetime(2026, 11, 9, 6, tzinfo=UTC)


def test_folders_links_and_locked_files_stop_nothing(company: Company, tmp_path: Path) -> None:
    company.drop("a.csv", {"r1": "5"})
    (company.folder / "b.csv").mkdir()
    outside = tmp_path / "secret.csv"
    outside.write_text("Ref,Date,Job,Sum\nr9,2026-11-16,Job,9\n")
    (company.folder / "c.csv").symlink_to(outside)
    (company.folder / "d").symlink_to(tmp_path)
    (company.folder / "e.csv").symlink_to(company.folder / "gone.csv")
    (company.folder / "f.csv").symlink_to(company.folder / "f.csv")
    os.mkfifo(company.folder / "g.csv")
    locked = company.drop("h.csv", {"r8": "8"})
    locked.chmod(0)
    report = company.ingest()
    readable = os.geteuid() == 0
    assert company.amounts() == amounts(r1="5", **({"r8": "8"} if readable else {}))
    assert codes(report) == {"W-FOLDER", "E-PATH"} | (set() if readable else {"E-READ"})


def test_a_file_that_cannot_be_opened_is_named_and_stops_nothing(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.drop("a.csv", {"r1": "5"})
    company.drop("b.csv", {"r2": "7"})
    read: Callable[[Path], bytes] = Path.read_bytes

    def locked(path: Path) -> bytes:
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", locked)
    report = company.ingest()
    assert codes(report) == {"E-READ"} and company.amounts() == amounts(r2="7")


def test_a_received_time_that_is_no_time_is_a_mistake_of_the_workspace(company: Company) -> None:
    company.drop("a.csv", {"r1": "5"})
    company.received(**{"a.csv": "yesterday"})
    with pytest.raises(ScorecardError) as caught:
        company.ingest()
    (problem,) = caught.value.problems
    assert (problem.line, problem.value) == (2, "yesterday") and "received.csv" in str(problem.file)


def test_reading_it_all_in_another_order_gives_the_same_tables(tmp_path: Path) -> None:
    known = [{"r1": "1"}, {"r1": "2", "r2": "2"}, {"r3": "3"}, {"r1": "4"}, {"r2": "5", "r3": "5"}]
    times = {f"f{n}.csv": f"2026-11-{10 + n}T07:00:00+01:00" for n in range(len(known))}
    shown = []
    for turn, order in enumerate(([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3])):
        company = Company(tmp_path / str(turn))
        company.received(**times)
        for number in order:
            company.drop(f"f{number}.csv", known[number])
            company.ingest()
        instants = [datetime(2026, 11, 10 + n, 12, tzinfo=UTC) for n in range(len(known))]
        shown.append([company.amounts(one) for one in instants])
    assert shown[0] == shown[1] == shown[2]
    assert shown[0][4] == amounts(r1="4", r2="5", r3="5")
