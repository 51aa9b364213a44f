"""Asking an interface that is slow, busy, broken, moved or lying must lose no row and show no key."""

from __future__ import annotations

import json
import logging
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.errors import Problem
from pipeline.language import speech
from pipeline.sources.http import TIMEOUT, Client, FixedKey, Secrets
from pipeline.sources.pulls.spec import Call, Manners, PullFailed
from tests.faults.vendor_server import CANARY, NOW, Asked, Reply, Room, System, serving

MAILSHAKE = {"id": "mail", "system": "mailshake", "export": "activity"}
ENDED = {"results": [], "nextToken": None}


class Script:
    """Replies in their order; the last one for everything after."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)

    def __call__(self, asked: Asked) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture
def system() -> Iterator[System]:
    with serving(lambda asked: Reply(ENDED)) as one:
        yield one


@pytest.fixture
def room(tmp_path: Path, system: System) -> Room:
    return Room(tmp_path, system, MAILSHAKE)


def client_of(system: System, manners: Manners, timeout: httpx.Timeout = TIMEOUT) -> Client:
    clock, authority = system.clock, FixedKey({})
    return Client(
        system.url,
        manners,
        authority,
        Secrets([CANARY]),
        clock=clock,
        sleep=clock.sleep,
        jitter=lambda: 0.0,
        timeout=timeout,
    )


def problem_of(room: Room) -> Problem:
    report = room.pull()
    assert report.problem is not None and report.landed is None
    return report.problem


MESSAGE = f"Please wait and try again after: {(NOW + timedelta(seconds=95)).isoformat()}"
LIMIT = {"code": "limit_reached", "error": MESSAGE}


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (Reply({}, 429, {"Retry-After": "17"}), 17.0),
        (Reply({}, 503, {"Retry-After": format_datetime(NOW + timedelta(seconds=42), usegmt=True)}), 42.0),
        (Reply({"retryable": True, "retry_after": 60, "error_name": "origin_bad_gateway"}, 502), 60.0),
        (Reply({"code": "rate-limit", "error": {"message": "slow", "try-in-seconds": 8}}, 429), 8.0),
        (Reply(LIMIT), 95.0),  # status 200, the time in the sentence
        (Reply({**LIMIT, "time": (NOW - timedelta(seconds=300)).isoformat()}), 395.0),  # our clock is ahead
        (Reply({"message": "slow", "policyName": "TEN_SECONDLY_ROLLING"}, 429), 10.0),
        (Reply({"message": "slow", "policyName": "SECONDLY"}, 429), 1.0),
        (Reply({"message": "locked"}, 423), 2.0),
        (Reply({"message": "migrating"}, 477), 10.0),
        (Reply({}, 500), 1.0),
        (Reply(b"<html>Bad gateway</html>", 502), 1.0),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else str(value),
)
def test_the_wait_is_what_was_asked_for_wherever_it_stands(room: Room, reply: Reply, wait: float) -> None:
    room.system.answer = Script(reply, Reply(ENDED))
    report = room.pull()
    assert report.problem is None
    assert room.system.clock.waits == [wait]
    assert room.system.asked[1].at == NOW + timedelta(seconds=wait)
    assert room.system.asked[0].path == room.system.asked[1].path == "/activity/sent"


def test_jitter_only_adds_to_a_wait(tmp_path: Path, system: System) -> None:
    from pipeline.sources.pull import Surroundings, pull_source

    room = Room(tmp_path, system, MAILSHAKE)
    system.answer = Script(Reply({}, 429, {"Retry-After": "20"}), Reply(ENDED))
    around = Surroundings(system.clock, system.clock.sleep, room.environ, jitter=lambda: 1.0)
    pull_source(room.workspace, room.source, room.store, around)
    assert system.clock.waits == [25.0]


def test_without_a_named_time_waits_double_and_end(room: Room) -> None:
    room.system.answer = Script(Reply({"error_name": "overload"}, 503))
    problem = problem_of(room)
    assert room.system.clock.waits == [1.0, 2.0, 4.0, 8.0, 16.0] and len(room.system.asked) == 6
    assert problem.code == "E-PULL-SERVER" and "overload" in problem.text()


def test_a_wait_beyond_patience_names_the_time_instead_of_sitting_it_out(room: Room) -> None:
    until = NOW + timedelta(hours=2)
    body = {"code": "limit_reached", "error": f"Please wait and try again after: {until.isoformat()}"}
    room.system.answer = Script(Reply(body))
    problem = problem_of(room)
    assert problem.code == "E-PULL-LIMIT" and "2026-11-23 05:30:00" in problem.text()
    assert room.system.clock.waits == []


def test_a_daily_limit_is_not_tried_again(room: Room) -> None:
    room.system.answer = Script(Reply({"message": "daily limit", "policyName": "DAILY"}, 429))
    assert problem_of(room).code == "E-PULL-LIMIT" and len(room.system.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_never_tried_again(room: Room, status: int) -> None:
    room.system.answer = Script(Reply({"message": f"key {CANARY} is unknown"}, status))
    problem = problem_of(room)
    assert problem.code == "E-PULL-ACCOUNT" and len(room.system.asked) == 1
    assert "***" in problem.text() and CANARY not in problem.text()


@pytest.mark.parametrize(
    ("code", "expected"), [("invalid_api_key", "E-PULL-ACCOUNT"), ("invalid_parameter", "E-PULL-REFUSED")]
)
def test_status_200_with_an_error_is_no_empty_week(room: Room, code: str, expected: str) -> None:
    room.system.answer = Script(Reply({"code": code, "error": "no", "time": "2017-08-21T13:23:11.814Z"}))
    assert problem_of(room).code == expected and len(room.system.asked) == 1
    assert room.ingest().parsed == 0 and room.state().freshness == "missing"


def test_half_an_answer_is_asked_for_again(room: Room) -> None:
    whole = {"results": [sent(1), sent(2)], "nextToken": ""}
    room.system.answer = Script(Reply(whole, sent=40), Reply(whole), Reply(ENDED))
    report = room.fetched()
    assert room.system.clock.waits == [1.0] and report.counts.accepted == 2


def test_an_answer_that_is_no_json_is_no_data(room: Room) -> None:
    room.system.answer = Script(Reply(b"<!doctype html><title>Sign in</title>"))
    problem = problem_of(room)
    assert problem.code == "E-PULL-ANSWER" and "Sign in" in problem.text()
    for body in (b'{"results": [NaN]}', b"[" * 200_000, b'{"results": "\xff"}'):
        room.system.answer = Script(Reply(body))
        assert problem_of(room).code == "E-PULL-ANSWER"


def test_a_key_follows_no_redirect(room: Room) -> None:
    room.system.answer = Script(Reply({}, 302, {"Location": "https://elsewhere.example/steal"}))
    problem = problem_of(room)
    assert problem.code == "E-PULL-ADDRESS" and "elsewhere.example" in problem.text()
    assert len(room.system.asked) == 1


def test_nobody_at_the_address_is_said(tmp_path: Path) -> None:
    with serving(lambda asked: Reply({})) as system:
        room = Room(tmp_path, system, MAILSHAKE)
    problem = problem_of(room)  # the server has gone
    assert problem.code == "E-PULL-NETWORK" and len(system.clock.waits) == 5


def test_a_quota_in_units_is_kept_and_the_pull_goes_on_when_there_is_more(
    tmp_path: Path, system: System
) -> None:
    """45 pages of sent messages (1 unit each) and one each of opens (2), clicks (3), replies (10), leads (5)
    are 65 units: of a quota of 40 an hour the first hour gives 40 pages, the second the rest."""
    room = Room(tmp_path, system, MAILSHAKE, units_per_hour=40)
    pages = [Reply({"results": [sent(n)], "nextToken": f"t{n}" if n < 45 else ""}) for n in range(1, 46)]
    system.answer = Script(*pages, Reply(ENDED))
    problem = problem_of(room)
    assert problem.code == "E-PULL-LIMIT" and "2026-11-23 04:30:00" in problem.text()
    assert system.paths() == ["/activity/sent"] * 40
    system.clock.now = NOW + timedelta(hours=1)
    report = room.pull()
    assert report.problem is None and (report.pages, report.asked) == (49, 9)
    kinds = [path.removeprefix("/activity/") for path in system.paths()[40:]]
    assert kinds == ["sent"] * 5 + ["opens", "clicks", "replies", "created-leads"]
    assert room.ingest().counts.accepted == 45 and system.clock.waits == []


def test_no_span_of_time_holds_more_requests_than_are_allowed(system: System) -> None:
    with client_of(system, Manners(5, 10.0)) as client:
        for number in range(12):
            client.ask(Call("sent", "/activity/sent"))
            system.clock.now += timedelta(seconds=number % 3)
    times = [one.at for one in system.asked]
    assert all((b - a).total_seconds() >= 10 for a, b in zip(times, times[5:], strict=False))
    # after the k-th request k % 3 seconds pass; the sixth waits until the first is ten seconds old
    assert [(at - NOW).total_seconds() for at in times] == [0, 0, 1, 3, 3, 10, 12, 12, 13, 15, 20, 22]


# --- keys --------------------------------------------------------------------------------------------


def sent(number: int, **more: Any) -> dict[str, Any]:
    return {
        "object": "sent-message",
        "id": number,
        "actionDate": "2026-11-18T08:03:11.000Z",
        "recipient": {"id": number, "emailAddress": f"p{number}@orbit.example"},
        "campaign": {"id": 771, "title": "Q4"},
        "from": {"address": "irina@x.example"},
        "body": f"Dear p{number}, the text of a message",
        **more,
    }


def test_a_missing_variable_is_named_and_nothing_is_asked(room: Room) -> None:
    for value in ({}, {"KEY": "  "}):
        room.environ = value
        problem = problem_of(room)
        assert problem.code == "E-SECRET" and "KEY" in problem.text() and "mail" in problem.text()
    assert room.system.asked == []
    room.environ = {"KEY": "two words\x07"}
    assert problem_of(room).code == "E-SECRET" and "two words" not in problem_of(room).text()


def test_a_keyring_that_is_not_installed_or_empty_is_said(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64
    import sys
    import types

    room = Room(tmp_path, system, MAILSHAKE, token_env=None, keyring="scorecards/mailshake")
    monkeypatch.setitem(sys.modules, "keyring", None)
    missing = problem_of(room).full()
    assert 'not installed. Install them: pip install "goal-scorecards[keyring]", or use token_env' in missing
    kept: dict[tuple[str, str], str] = {}
    fake = types.ModuleType("keyring")
    fake.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", fake)
    assert "no entry scorecards/mailshake" in problem_of(room).text()
    assert "Store it: keyring set scorecards mailshake" in problem_of(room).full()
    assert system.asked == []
    kept["scorecards", "mailshake"] = CANARY
    assert room.pull().problem is None
    sent_key = system.asked[-1].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent_key).decode().split(":")[0] == CANARY


def test_a_key_stands_in_no_file_no_log_and_no_message(
    room: Room, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    import base64

    caplog.set_level(logging.DEBUG)
    basic = base64.b64encode(f"{CANARY}:".encode()).decode()
    echo = {"results": [sent(1, note=f"{CANARY} {basic}")], "nextToken": ""}
    told = []
    for reply in (
        Reply(echo),
        Reply({"message": f"Authorization: Basic {basic}"}, 403),
        Reply({"error": f"bad key {CANARY}", "code": "invalid_parameter"}),
        Reply(f"<p>{CANARY} {basic}</p>".encode()),
        Reply({"message": CANARY}, 500),
    ):
        room.system.answer = Script(reply)
        report = room.pull()
        told += [
            repr(report),
            *(report.problem.full(speech(lang)) for lang in ("en", "ru") if report.problem),
        ]
    room.ingest()
    told += [repr(room.state()), caplog.text, *capfd.readouterr()]
    assert room.system.asked[0].headers["Authorization"] == f"Basic {basic}"
    places = {**room.files(), **{f"message {n}": text.encode() for n, text in enumerate(told)}}
    assert len(places) > 12
    leaks = [
        name for name, data in places.items() if any(t.encode() in data for t in (CANARY, basic, basic[:20]))
    ]
    assert leaks == []


def test_an_exception_in_our_own_code_carries_no_key(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, *args: object, **more: object) -> None:
        raise ZeroDivisionError(f"Authorization: {CANARY}")

    monkeypatch.setattr(httpx.Client, "send", broken)
    problem = problem_of(room)
    assert problem.code == "E-UNEXPECTED" and CANARY not in problem.full()
    assert not any(CANARY.encode() in data for data in room.files().values())


def test_what_is_landed_and_kept_is_readable_by_its_owner_only(room: Room) -> None:
    room.system.answer = Script(Reply({"results": [sent(1)], "nextToken": ""}), Reply({}, 403))
    room.pull()
    kept = [path for path in (room.root / ".scorecards" / "pulls").rglob("*") if path.is_file()]
    assert any(path.name == "000001.json" for path in kept)
    assert {oct(path.stat().st_mode & 0o077) for path in kept} == {"0o0"}
    assert not any(b"the text of a message" in data for data in room.files().values())


def test_a_certificate_that_nobody_vouches_for_gets_no_key(tmp_path: Path, system: System) -> None:
    """The connection ends before a request, and so a key, is sent; asking again would change nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, *subject, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    context.load_cert_chain(certificate, key)
    with serving(lambda asked: Reply(ENDED), tls=context) as secure:
        room = Room(tmp_path / "company", secure, MAILSHAKE)
        problem = problem_of(room)
        assert problem.code == "E-PULL-TLS" and secure.asked == [] and secure.clock.waits == []


def test_a_system_that_keeps_silent_is_asked_again_and_in_the_end_named(system: System) -> None:
    silent = threading.Event()

    def answer(asked: Asked) -> Reply:
        silent.wait(0.6 if len(system.asked) <= 1 else 0)
        return Reply(ENDED)

    system.answer = answer
    client = client_of(system, Manners(100, 1.0), timeout=httpx.Timeout(0.25))
    with client:
        assert json.loads(client.ask(Call("sent", "/activity/sent"))) == ENDED
        assert system.clock.waits == [1.0] and len(system.asked) == 2
        system.answer = lambda asked: (silent.wait(0.6), Reply(ENDED))[1]
        with pytest.raises(PullFailed) as failure:
            client.ask(Call("sent", "/activity/sent"))
    assert failure.value.problems[0].code == "E-PULL-NETWORK" and failure.value.__context__ is None
