"""Whole runs of the sample company: again, in ranges, broken in the middle, with one week failing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.commands import run_backfill, run_week
from assets.workspaces import open_workspace
from pipeline.delivery.outbox import Outbox
from pipeline.periods import Week, week_range
from tests.support import (
    PROGRAM,
    copy_sample,
    generate_sample,
    scorecards,
    starter_with_mail,
    tree_hashes,
    with_fewer_documents,
)

pytestmark = pytest.mark.slow
AFTER = datetime(2027, 1, 12, 6, 0, tzinfo=UTC)
WEEK = "2026-W47"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company after an unbroken run of week 47."""
    company = with_fewer_documents(copy_sample(tmp_path_factory.mktemp("finished") / "company"))
    assert scorecards("--workspace", str(company), "run", "--week", WEEK).returncode == 3
    return company


def queued(company: Path) -> list[tuple[str, str, str]]:
    """Every message in the outbox: key, state and frozen body's hash."""
    rows = Outbox.of(open_workspace(company)).rows()
    return sorted((row.key, str(row.state), row.body_sha256) for row in rows)


def test_running_a_week_again_changes_no_file_and_queues_nothing(finished: Path) -> None:
    before, mails = tree_hashes(finished / "out"), queued(finished)
    rows = tree_hashes(finished / ".scorecards" / "tables")
    again = scorecards("--workspace", str(finished), "run", "--week", WEEK)
    assert again.returncode == 3, again.stderr
    assert tree_hashes(finished / "out") == before
    assert queued(finished) == mails and mails
    assert tree_hashes(finished / ".scorecards" / "tables") == rows


def test_approved_mail_leaves_once_as_files_when_no_server_is_configured(
    finished: Path, tmp_path: Path
) -> None:
    company = tmp_path / "company"
    shutil.copytree(finished, company)
    people = {one.address for audience in open_workspace(company).audiences for one in audience.recipients}
    assert not list((company / ".scorecards").rglob("*.eml"))  # nothing leaves unasked
    assert scorecards("--workspace", str(company), "deliver", "--approve", "--week", WEEK).returncode == 0
    sent = {path.name: path.read_bytes() for path in (company / ".scorecards").rglob("*.eml")}
    assert len(sent) == len(people)
    scorecards("--workspace", str(company), "run", "--week", WEEK)
    scorecards("--workspace", str(company), "deliver", "--approve", "--week", WEEK)
    assert {path.name: path.read_bytes() for path in (company / ".scorecards").rglob("*.eml")} == sent


@pytest.mark.parametrize("share", [0.3, 0.75])
def test_killed_run_then_a_rerun_gives_the_documents_of_an_unbroken_one(tmp_path: Path, share: float) -> None:
    company = with_fewer_documents(copy_sample(tmp_path / "company"))
    unbroken, seconds = _unbroken("sample", company, tmp_path)
    _killed_then_again(company, unbroken, seconds * share)


@pytest.mark.parametrize("share", [n / 12 for n in range(1, 12)])
def test_a_small_run_killed_at_any_moment_is_made_whole_by_the_next(tmp_path: Path, share: float) -> None:
    company = starter_with_mail(tmp_path / "company")
    unbroken, seconds = _unbroken("starter", company, tmp_path)
    _killed_then_again(company, unbroken, seconds * share)


_UNBROKEN: dict[str, tuple[Path, float]] = {}


def _unbroken(name: str, company: Path, tmp_path: Path) -> tuple[Path, float]:
    """The same company after an unbroken run, and the seconds it took: made once, so that kills are spread
    over all of a run."""
    if name not in _UNBROKEN:
        whole = tmp_path / "unbroken"
        shutil.copytree(company, whole)
        begin = time.monotonic()
        assert scorecards("--workspace", str(whole), "run", "--week", WEEK).returncode in (0, 3)
        _UNBROKEN[name] = whole, time.monotonic() - begin
    return _UNBROKEN[name]


def _killed_then_again(company: Path, unbroken: Path, after: float) -> None:
    begin = time.monotonic()
    run = subprocess.Popen(
        [PROGRAM, "--workspace", str(company), "run", "--week", WEEK],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while time.monotonic() - begin < after and run.poll() is None:
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):  # on a machine that is quicker now it may have finished
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    again = scorecards("--workspace", str(company), "run", "--week", WEEK)
    assert again.returncode in (0, 3), again.stderr
    assert tree_hashes(company / "out") == tree_hashes(unbroken / "out")
    assert [row[0] for row in queued(company)] == [row[0] for row in queued(unbroken)] != []


@pytest.fixture(scope="module")
def until_january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company with exports up to the first week of 2027, so that week 53 is behind it."""
    return with_fewer_documents(generate_sample(tmp_path_factory.mktemp("january") / "company", "2027-W01"))


def test_backfill_gives_the_bytes_of_single_runs_over_clock_changes_and_week_53(until_january: Path) -> None:
    single, ranged = until_january, until_january.parent / "ranged"
    shutil.copytree(single, ranged)
    weeks = [Week(2026, 13), Week(2026, 43), *week_range(Week(2026, 52), Week(2027, 1))]
    for week in reversed(weeks):
        report = run_week(open_workspace(single), week, now=AFTER)
        assert report.failure is None, report.failure
    workspace = open_workspace(ranged)
    for first, last in (
        (Week(2026, 12), Week(2026, 13)),
        (Week(2026, 43), Week(2026, 43)),
        (Week(2026, 52), Week(2027, 1)),
    ):
        backfill = run_backfill(workspace, week_range(first, last), now=AFTER)
        assert backfill.exit_code == 0
    for week in weeks:
        one, many = tree_hashes(single / "out" / str(week)), tree_hashes(ranged / "out" / str(week))
        assert one and one == many
    assert queued(ranged) == []


def test_one_failing_week_of_a_range_costs_that_week_alone(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = tmp_path / "company"
    shutil.copytree(finished, company)
    workspace = open_workspace(company)
    import assets.resources as resources

    real = resources.build_edition

    def fails_in_week_44(workspace, store, week, **options):  # type: ignore[no-untyped-def]
        if week == Week(2026, 44):
            raise RuntimeError("disk on fire")
        return real(workspace, store, week, **options)

    monkeypatch.setattr(resources, "build_edition", fails_in_week_44)
    report = run_backfill(workspace, week_range(Week(2026, 43), Week(2026, 45)))
    assert list(report.failures) == [Week(2026, 44)]
    assert report.exit_code == 1
    done = {path.parent.name for path in (company / "out").glob("*/manifest.json")}
    assert done == {"2026-W43", "2026-W45", "2026-W47"}
