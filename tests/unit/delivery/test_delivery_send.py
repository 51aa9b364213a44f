"""Sending against a server on loopback that answers as the test says."""

from __future__ import annotations

import email
import email.policy
import logging
import socket
import ssl
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from pipeline.delivery.folder import file_name, folder_of
from pipeline.delivery.outbox import Outbox, wait_after
from pipeline.delivery.queue import queue_edition
from pipeline.delivery.records import State
from pipeline.delivery.send import deliver

MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
VP, CEO, LEAD = "vp@example.com", "ceo@example.com", "lead@example.com"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Clock:
    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def queued(make_workspace, edition, documents):
    """A workspace whose server listens on `port`, and its outbox with three approved messages."""

    def make(port: int, **smtp):
        settings = {"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 3} | smtp
        workspace = make_workspace(smtp=settings)
        outbox = Outbox.of(workspace)
        queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
        outbox.approve(MONDAY)
        return workspace, outbox

    return make


def states(outbox: Outbox) -> dict[str, State]:
    return {row.recipient: row.state for row in outbox.rows()}


def test_everyone_gets_one_copy_and_a_second_delivery_sends_nothing(queued, mail_server):
    handler, port = mail_server
    workspace, outbox = queued(port)
    report = deliver(outbox, workspace, MONDAY)
    assert len(report.sent) == 3 and report.exit_code == 0
    assert report.sent[0].reply == "OK queued as 4ZX"
    deliver(outbox, workspace, MONDAY + timedelta(hours=1))
    assert sorted(recipient for recipient, _ in handler.accepted) == sorted([VP, CEO, LEAD])
    for recipient, body in handler.accepted:
        key = next(row.key for row in outbox.rows() if row.recipient == recipient)
        assert body == outbox.message(key)


def test_one_refused_recipient_does_not_keep_the_mail_from_the_others(queued, mail_server):
    handler, port = mail_server
    workspace, outbox = queued(port)
    handler.answer("RCPT", CEO, "550 5.1.1 no such user")
    report = deliver(outbox, workspace, MONDAY)
    assert states(outbox) == {VP: State.SENT, CEO: State.FAILED, LEAD: State.SENT}
    assert [problem.code for problem in report.problems] == ["E-REFUSED"] and report.exit_code == 3
    handler.answers.clear()
    assert not deliver(outbox, workspace, MONDAY + timedelta(hours=9)).sent  # refused for good
    outbox.resend("2026-W47/leadership|1|ceo@example.com", MONDAY, "address mended")
    assert len(deliver(outbox, workspace, MONDAY).sent) == 1


@pytest.mark.parametrize(
    ("command", "reply"), [("RCPT", "450 later"), ("DATA", "451 later"), ("RCPT", "421 bye")]
)
def test_a_temporary_refusal_is_tried_again_after_1_5_15_60_and_240_minutes(
    queued, mail_server, command, reply
):
    handler, port = mail_server
    workspace, outbox = queued(port)
    handler.answer(command, VP, *[reply] * 6)
    clock = Clock()
    deliver(outbox, workspace, clock)
    assert states(outbox) == {VP: State.DEFERRED, CEO: State.SENT, LEAD: State.SENT}
    for number, minutes in enumerate((1, 5, 15, 60, 240), start=1):
        row = next(row for row in outbox.rows() if row.recipient == VP)
        wait = row.next_try - clock.now
        assert timedelta(minutes=minutes) * 0.9 <= wait <= timedelta(minutes=minutes) * 1.1
        assert wait == wait_after(row.key, number)
        clock.now = row.next_try - timedelta(seconds=1)
        deliver(outbox, workspace, clock)
        assert next(row for row in outbox.rows() if row.recipient == VP).attempts == number  # not yet due
        clock.now = row.next_try
        deliver(outbox, workspace, clock)
    handler.answers.clear()
    clock.now += timedelta(hours=5)
    assert [row.recipient for row in deliver(outbox, workspace, clock).sent] == [VP]
    assert sum(recipient == VP for recipient, _ in handler.accepted) == 1


def test_a_message_is_given_up_after_a_day(queued, mail_server):
    handler, port = mail_server
    workspace, outbox = queued(port)
    handler.answer("RCPT", VP, *["450 later"] * 50)
    clock = Clock()
    for _ in range(30):
        deliver(outbox, workspace, clock)
        clock.now += timedelta(hours=1)
    assert states(outbox)[VP] is State.FAILED
    assert 10 <= next(row for row in outbox.rows() if row.recipient == VP).attempts <= 14


def test_a_server_that_is_away_defers_everything_after_one_knock(queued):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        workspace, outbox = queued(port)
        report = deliver(outbox, workspace, MONDAY)
    assert set(states(outbox).values()) == {State.DEFERRED}
    assert [problem.code for problem in report.problems] == ["E-SMTP"] and report.stopped


def test_a_lost_acknowledgement_is_unknown_and_resent_under_the_same_message_id(queued, mail_server):
    handler, port = mail_server
    workspace, outbox = queued(port)
    handler.answer("DATA", VP, "DROP")
    clock = Clock()
    report = deliver(outbox, workspace, clock)
    assert states(outbox) == {VP: State.UNKNOWN, CEO: State.SENT, LEAD: State.SENT}
    assert [row.recipient for row in report.unknown] == [VP]
    clock.now += timedelta(minutes=2)
    deliver(outbox, workspace, clock)
    copies = [body for recipient, body in handler.accepted if recipient == VP]
    assert len(copies) == 2 and copies[0] == copies[1]
    assert states(outbox)[VP] is State.SENT


def test_a_resolver_that_finds_the_message_keeps_it_from_going_twice(queued, mail_server):
    handler, port = mail_server
    workspace, outbox = queued(port)
    handler.answer("DATA", VP, "DROP")
    deliver(outbox, workspace, MONDAY)
    arrived = {email.message_from_bytes(body)["Message-ID"].strip() for _, body in handler.accepted}
    later = MONDAY + timedelta(hours=1)
    deliver(outbox, workspace, later, resolver=lambda row: row.message_id in arrived)
    assert states(outbox)[VP] is State.SENT
    assert sum(recipient == VP for recipient, _ in handler.accepted) == 1


def test_a_clock_that_jumps_back_sends_nothing_twice(queued, mail_server):
    handler, port = mail_server
    workspace, outbox = queued(port)
    claim = outbox.claim(MONDAY)
    assert claim is not None
    back = MONDAY - timedelta(hours=2)
    deliver(outbox, workspace, back)
    assert claim.row.recipient not in [recipient for recipient, _ in handler.accepted]
    assert outbox.row(claim.row.key).state is State.SENDING
    deliver(outbox, workspace, MONDAY + timedelta(minutes=11))  # its sender is gone, nothing was handed over
    assert len(handler.accepted) == 3


def test_a_sender_that_lost_its_lease_may_not_hand_over(queued, mail_server):
    _, port = mail_server
    _, outbox = queued(port)
    claim = outbox.claim(MONDAY)
    outbox.expire_leases(MONDAY + timedelta(hours=1))
    assert outbox.handing_over(claim, MONDAY) is False


def test_a_message_larger_than_the_server_takes_goes_without_attachment(queued, mail_server, documents):
    handler, port = mail_server
    documents[0].write_bytes(b"%PDF-1.7\n" + b"." * 2_100_000 + b"\n%%EOF\n")
    workspace, outbox = queued(port)
    deliver(outbox, workspace, MONDAY)
    sent = {
        recipient: email.message_from_bytes(body, policy=email.policy.SMTP)
        for recipient, body in handler.accepted
    }
    assert set(sent) == {VP, CEO, LEAD}
    assert list(sent[VP].iter_attachments()) == []
    text = sent[VP].get_body(("plain",)).get_content()
    assert "Nothing is attached: 2026-W47-scorecard-leadership.en.pdf" in text


def test_login_refused_stops_the_queue_after_one_try_and_shows_no_password(
    queued, monkeypatch, caplog, capfd
):
    tries = []

    def check(server, session, envelope, mechanism, data):
        tries.append(mechanism)
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 wrong {data.password.decode()}")

    controller = Controller(
        object(),
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=check,
        auth_require_tls=False,
        auth_required=True,
    )
    controller.start()
    port = controller.port
    monkeypatch.setenv("MAIL_PASSWORD", "canary-4711")
    workspace, outbox = queued(port, user="bot", password_env="MAIL_PASSWORD")
    caplog.set_level(logging.DEBUG, "pipeline")
    try:
        report = deliver(outbox, workspace, MONDAY)
    finally:
        controller.stop()
    assert len(set(tries)) == len(tries) <= 2 and report.stopped  # PLAIN, then LOGIN: one try of each
    assert [problem.code for problem in report.problems] == ["E-SMTPLOGIN"]
    assert set(states(outbox).values()) == {State.PENDING}
    seen = report.problems[0].full() + caplog.text + "".join(capfd.readouterr())
    seen += "".join(path.read_bytes().decode("latin-1") for path in outbox.path.parent.glob("outbox.sqlite*"))
    assert "canary-4711" not in seen


def test_nothing_goes_in_clear_when_encryption_was_asked_for(queued, mail_server):
    handler, port = mail_server
    workspace, outbox = queued(port, security="starttls")
    report = deliver(outbox, workspace, MONDAY)
    assert [problem.code for problem in report.problems] == ["E-TLS"]
    assert handler.accepted == [] and set(states(outbox).values()) == {State.PENDING}


def certificate(tmp_path: Path) -> ssl.SSLContext:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            key,
            "-out",
            cert,
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context


def test_an_unknown_certificate_is_refused_and_a_known_one_accepted(queued, tmp_path):
    class Accepts:
        async def handle_DATA(self, server, session, envelope):
            return "250 OK"

    controller = Controller(
        Accepts(),
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=certificate(tmp_path),
        require_starttls=True,
    )
    controller.start()
    port = controller.port
    workspace, outbox = queued(port, security="starttls")
    try:
        report = deliver(outbox, workspace, MONDAY)
        assert [problem.code for problem in report.problems] == ["E-CERTIFICATE"]
        assert set(states(outbox).values()) == {State.PENDING}
        trusted = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        assert len(deliver(outbox, workspace, MONDAY, context=trusted).sent) == 3
    finally:
        controller.stop()


def test_killed_after_handing_over_loses_nothing_and_doubles_only_that_message(queued, mail_server):
    """The process dies between the server's 250 and the outbox's commit."""
    handler, port = mail_server
    workspace, outbox = queued(port)
    script = textwrap.dedent(
        """
        import os, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from pipeline.delivery import outbox as room
        from pipeline.delivery.send import deliver
        from pipeline.workspace.model import Workspace
        room.Outbox.sent = lambda self, *rest: os.kill(os.getpid(), 9)
        workspace = Workspace.model_validate_json(Path(sys.argv[1]).read_text())
        deliver(room.Outbox.of(workspace), workspace, datetime(2026, 11, 23, 5, 0, tzinfo=UTC))
        """
    )
    saved = workspace.root / "workspace.json"
    saved.write_text(workspace.model_dump_json())
    assert subprocess.run([sys.executable, "-c", script, str(saved)], check=False).returncode == -9
    assert len(handler.accepted) == 1
    deliver(outbox, workspace, MONDAY + timedelta(minutes=11))
    ids = [email.message_from_bytes(body)["Message-ID"] for _, body in handler.accepted]
    assert len(ids) == 4 and len(set(ids)) == 3


def test_three_senders_at_once_deliver_every_message_once(make_workspace, mail_server):
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.delivery.records import Batch, Outgoing
    from pipeline.periods import Week

    handler, port = mail_server
    workspace = make_workspace(
        smtp={"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 5}
    )
    outbox = Outbox.of(workspace)
    people = tuple(f"p{number}@example.com" for number in range(40))

    def build(recipient, revision, before):
        return Outgoing(recipient, f"<{recipient}>", "s@example.com", "S", b"Subject: S\r\n\r\nbody\r\n")

    batch = Batch(Week(2026, 47), "x", people, "n", (), MONDAY, build)
    outbox.enqueue([batch], MONDAY)
    outbox.approve(MONDAY)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: deliver(outbox, workspace, MONDAY), range(3)))
    assert sorted(recipient for recipient, _ in handler.accepted) == sorted(people)


def test_without_a_server_eml_files_are_written_once(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    outbox.approve(MONDAY)
    deliver(outbox, workspace, MONDAY)
    folder = folder_of(workspace)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert files == {file_name(row): outbox.message(row.key) for row in outbox.rows()}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    outbox.resend(outbox.rows()[0].key, MONDAY, "asked for again")
    assert len(deliver(outbox, workspace, MONDAY).sent) == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
