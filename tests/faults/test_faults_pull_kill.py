"""A pull that dies, fails or is started twice lands whole or not at all, and says so in its source's
state."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.sources.pull import RESUME_WITHIN
from pipeline.sources.pulls import log
from pipeline.store.lock import run_lock
from tests.faults.fake_hubspot import Deal, HubSpot
from tests.faults.vendor_server import NOW, Reply, Room, System, kill_at, pull_in_child, serving

DEALS = {"id": "hubspot_deals", "system": "hubspot", "export": "deals"}


@pytest.fixture
def hub() -> HubSpot:
    return HubSpot(*(Deal(number) for number in range(1, 351)))


@pytest.fixture
def system(hub: HubSpot) -> Iterator[System]:
    with serving(hub) as one:
        yield one


@pytest.mark.parametrize("number", [1, 3, 5, 8, 9, 12])
def test_a_killed_pull_goes_on_from_what_it_saved(
    tmp_path: Path, system: System, hub: HubSpot, number: int
) -> None:
    """pipelines, owners twice, archived, four pages of deals, four of company names: twelve requests; killed
    while one is answered."""
    kill_at(system, hub, number)
    room = Room(tmp_path, system, DEALS)
    assert pull_in_child(room) == -signal.SIGKILL
    saved = sorted(path.name for path in (room.root / ".scorecards").rglob("partial/[0-9]*.json"))
    assert len(saved) == number - 1
    assert room.store.landings("hubspot_deals") == [] and room.state().freshness == "missing"
    system.answer = hub
    before = len(system.asked)
    report = room.pull()
    assert report.problem is None and report.pages == 12
    assert report.asked == len(system.asked) - before == 12 - (number - 1)
    assert room.ingest().counts.accepted == 350
    assert not (room.root / ".scorecards/pulls/hubspot_deals/partial").exists()


def test_killed_between_landing_and_tidying_up_lands_the_same_bytes_once(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    room = Room(tmp_path, system, DEALS)

    class Killed(BaseException):
        """What SIGKILL does to a pull, as far as Python can show it."""

    def die(*args: object, **more: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", die)
        with pytest.raises(Killed):
            room.pull()
    asked = len(system.asked)
    assert room.pull().asked == 0 and len(system.asked) == asked
    assert len(room.store.landings("hubspot_deals")) == 1


def test_a_torn_saved_answer_is_asked_for_again(tmp_path: Path, system: System, hub: HubSpot) -> None:
    kill_at(system, hub, 7)
    room = Room(tmp_path, system, DEALS)
    pull_in_child(room)
    page = room.root / ".scorecards/pulls/hubspot_deals/partial/000005.json"
    page.write_bytes(page.read_bytes()[:-30])
    system.answer = hub
    assert room.pull().asked == 8  # the fifth and what followed it
    assert room.ingest().counts.accepted == 350


@pytest.mark.parametrize("change", ["old", "since", "properties"])
def test_saved_answers_of_another_day_or_question_are_not_mixed_in(
    tmp_path: Path, system: System, hub: HubSpot, change: str
) -> None:
    kill_at(system, hub, 7)
    room = Room(tmp_path, system, DEALS)
    pull_in_child(room)
    system.answer = hub
    if change == "old":
        system.clock.now += RESUME_WITHIN + timedelta(seconds=1)
    else:
        more = {"since": "2026-01-01"} if change == "since" else {"properties": ["deal_country"]}
        room = Room(tmp_path, system, DEALS, **more)
    report = room.pull()
    assert report.problem is None and report.asked == report.pages


def test_a_failed_pull_keeps_the_numbers_and_its_source_says_why(
    tmp_path: Path, system: System, hub: HubSpot
) -> None:
    room = Room(tmp_path, system, DEALS)
    room.fetched()
    fetched_at = system.clock.now
    system.clock.now += timedelta(days=7)
    system.answer = lambda asked: Reply({"message": "expired key"}, 401)
    assert room.pull().landed is None
    assert room.ingest().parsed == 0 and len(room.rows("deals")) == 350
    state = room.state()
    assert state.freshness == "stale" and state.problem is not None and not state.usable
    assert state.problem.code == "E-PULL-ACCOUNT" and state.received_at == fetched_at
    assert room.state(fetched_at).freshness == "fresh"  # what was known then does not change
    system.answer = hub
    system.clock.now += timedelta(minutes=5)
    room.fetched()
    assert room.state().freshness == "fresh" and room.state().problem is None


def test_a_pull_of_the_week_before_is_not_taken_for_a_quiet_week(tmp_path: Path, system: System) -> None:
    """Fetched on Monday and not again: at the next cut-off nothing is known of the week between."""
    room = Room(tmp_path, system, DEALS)
    room.fetched()
    assert room.state(NOW + timedelta(days=6)).freshness == "fresh"  # the week that ended is known whole
    state = room.state(NOW + timedelta(days=7))
    assert state.freshness == "stale" and state.problem is not None
    assert "scorecards pull" in state.problem.text()
    room = Room(tmp_path, system, {**DEALS, "stale_after_days": 8})
    assert room.state(NOW + timedelta(days=7)).freshness == "fresh"  # declared so by a person


@pytest.mark.parametrize(
    ("fetched", "freshness"),
    [
        # Berlin: the last day of week 47 began on Saturday at 23:00 UTC
        (datetime(2026, 11, 21, 22, 59, tzinfo=UTC), "stale"),
        (datetime(2026, 11, 21, 23, 0, tzinfo=UTC), "fresh"),
    ],
)
def test_the_last_day_of_the_week_decides_in_company_time(
    tmp_path: Path, system: System, fetched: datetime, freshness: str
) -> None:
    system.clock.now = fetched
    room = Room(tmp_path, system, DEALS)
    room.fetched()
    assert room.state(datetime(2026, 11, 23, 6, 0, tzinfo=UTC)).freshness == freshness


def test_an_unchanged_system_stays_fresh(tmp_path: Path, system: System) -> None:
    room = Room(tmp_path, system, DEALS)
    for _ in range(3):
        report = room.fetched()
        assert len(report.landed) == 0 and report.parsed == 1
        system.clock.now += timedelta(days=7)
    newest = system.clock.now - timedelta(days=7)
    assert room.state(newest).received_at == newest and room.state(newest).freshness == "fresh"
    assert report.rows_appended == 0


def test_two_pulls_of_one_source_at_once_do_not_share_a_folder(tmp_path: Path, system: System) -> None:
    room = Room(tmp_path, system, DEALS)
    with run_lock(log.pull_folder(room.store.state_dir, "hubspot_deals")):
        problem = room.pull().problem
    assert problem is not None and problem.code == "E-BUSY" and system.asked == []
    assert room.pull().problem is None


def test_a_full_disk_is_said_and_half_a_pull_is_not_landed(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pipeline.store.files as files

    room = Room(tmp_path, system, DEALS)
    real, written = os.fsync, []

    def full(handle: int) -> None:
        written.append(handle)
        if len(written) > 4:
            raise OSError(28, "No space left on device")
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", full)
        problem = room.pull().problem
    assert problem is not None and problem.code == "E-WRITE" and room.store.landings("hubspot_deals") == []
    assert room.pull().problem is None and room.ingest().counts.accepted == 350


def test_landed_answers_that_were_cut_are_refused_whole(tmp_path: Path, system: System) -> None:
    from pipeline.errors import FileRefused
    from pipeline.sources.parse import parse_export

    room = Room(tmp_path, system, DEALS)
    landed = room.pull().landed
    assert landed is not None
    data = room.store.content(landed)
    lines = data.split(b"\n")
    for damaged in (data[:-1], data[:-200], b"\n".join(lines[:-2]) + b"\n", lines[0] + b"\n"):
        with pytest.raises(FileRefused) as refusal:
            parse_export(room.workspace, room.source, damaged, landed.name)
        assert refusal.value.problems[0].code == "E-TRUNCATED"


def test_answers_are_landed_as_the_system_wrote_them(tmp_path: Path, system: System) -> None:
    """Digits of a number are the system's own: 0.10 stays 0.10, and twenty digits stay twenty."""
    raw = (
        b'{\n "campaigns": [{"id": 12345678901234567890,\n "score": 0.10, "delivered": 1.2E1,'
        b' "opens": 1e999999}],\n "has_more": false}'
    )
    system.answer = lambda asked: Reply(raw)
    room = Room(tmp_path, system, {"id": "ortto_campaigns", "system": "ortto", "export": "campaigns"})
    landed = room.pull().landed
    assert landed is not None
    assert b'"score": 0.10' in room.store.content(landed)
    assert room.ingest().counts.quarantined == 1  # 1e999999 opens
    system.answer = lambda asked: Reply(raw.replace(b"1e999999", b"3"))
    room.fetched()
    (row,) = room.rows("campaign_snapshots")
    assert (row["campaign_id"], row["delivered"], row["opens"]) == ("12345678901234567890", 12, 3)


def test_an_attempt_counts_only_from_when_it_ended(tmp_path: Path) -> None:
    at = datetime(2026, 11, 23, 5, tzinfo=UTC)
    for minute in range(3):
        moment = at + timedelta(minutes=minute)
        log.record(tmp_path, "crm", log.Attempt(moment, at, "c", None))
    assert log.newest(tmp_path, "crm", at - timedelta(seconds=1)) is None
    found = log.newest(tmp_path, "crm", at + timedelta(seconds=90))
    assert found is not None and found.at == at + timedelta(minutes=1)
    file = log.pull_folder(tmp_path, "crm") / "attempts.ndjson"
    file.write_text(file.read_text("utf-8") + '{"at": "2026', "utf-8")  # cut
    assert len(log.attempts(tmp_path, "crm")) == 3
