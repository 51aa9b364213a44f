"""Queuing an edition: once, whole or not at all, and only what was checked."""

from __future__ import annotations

import email
import email.policy
import os
import stat
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.delivery.alert import late_problem, queue_alert
from pipeline.delivery.outbox import Outbox
from pipeline.delivery.queue import queue_edition
from pipeline.delivery.records import Batch, Hold, Outgoing, State
from pipeline.delivery.send import deliver
from pipeline.delivery.view import mail_view
from pipeline.errors import DeliveryError
from pipeline.kpis.registry import kpi_registry
from pipeline.periods import Week
from pipeline.report.context import Context
from pipeline.report.scorecard import scorecard_view
from pipeline.workspace.model import Action, Notes, Recipient

MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # 08:00 in Moscow, an hour after the cut-off
NBSP = "\u00a0"


def codes(caught: pytest.ExceptionInfo[DeliveryError]) -> set[str]:
    return {problem.code for problem in caught.value.problems}


def parsed(body: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(body, policy=email.policy.SMTP)


def test_each_recipient_gets_one_message_and_a_second_run_none(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    first = queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    assert [one.outcome for one in first.queued] == ["queued"] * 3
    frozen = {row.key: outbox.message(row.key) for row in outbox.rows()}
    again = queue_edition(workspace, edition(), documents, outbox, now=MONDAY + timedelta(days=1))
    assert [one.outcome for one in again.queued] == ["already"] * 3
    assert {row.key: outbox.message(row.key) for row in outbox.rows()} == frozen
    assert {row.key for row in outbox.rows()} == {
        "2026-W47/leadership|1|vp@example.com",
        "2026-W47/leadership|1|ceo@example.com",
        "2026-W47/sales|1|lead@example.com",
    }


def test_message_bytes_do_not_depend_on_when_or_where_they_are_made(
    make_workspace, edition, documents, tmp_path
):
    workspace = make_workspace()
    one, two = Outbox(tmp_path / "a" / "o.sqlite"), Outbox(tmp_path / "b" / "o.sqlite")
    queue_edition(workspace, edition(), documents, one, now=MONDAY)
    queue_edition(workspace, edition(), documents, two, now=MONDAY + timedelta(days=3))
    assert [one.message(row.key) for row in one.rows()] == [two.message(row.key) for row in two.rows()]


def test_the_mail_says_the_numbers_and_names_exactly_what_is_attached(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    notes = Notes(decisions=(Action(text={"en": "Approve two hires"}),))
    queue_edition(workspace, edition(), documents, outbox, notes=notes, now=MONDAY)
    mail = parsed(outbox.message("2026-W47/leadership|1|vp@example.com"))
    assert mail["Subject"] == f"Scorecard W47: 1 at risk (was 0), grow revenue 25{NBSP}% of 30{NBSP}%"
    assert [address.addr_spec for address in mail["To"].addresses] == ["vp@example.com"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"].strip() == "<leadership.scorecards.example.com>"
    assert mail["List-Unsubscribe"].strip().startswith("<mailto:scorecards@example.com?")
    assert mail["Message-ID"].strip().startswith("<2026-W47.leadership.r1.")
    assert mail["Date"].datetime == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    assert [part.get_filename() for part in mail.iter_attachments()] == [
        "2026-W47-scorecard-leadership.en.pdf"
    ]
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert "2026-W47-scorecard-leadership.en.pdf" in text and "Approve two hires" in text
        assert "<script" not in text and "http" not in text
    assert outbox.message("2026-W47/leadership|1|vp@example.com").isascii()


def test_a_goal_lost_last_quarter_is_not_among_those_that_will_probably_miss(make_workspace, edition):
    """The mail said "2 of 2 goals will probably miss", the page it brought "1 of 1"."""
    workspace, full = make_workspace(), edition()
    ended = replace(full.results[1], status="missed", previous_status="missed", due=date(2026, 9, 30))
    full = replace(full, results=(ended, full.results[0]))
    view = mail_view(full, workspace, workspace.audiences[0])
    page = scorecard_view(Context(workspace, full, kpi_registry(workspace), "en", workspace.audiences[0]))
    assert view.headline == page.headline
    assert [line.title for line in view.attention] == ["Grow revenue"]
    assert view.tally.replace(NBSP, " ") == "1 at risk · 1 closed: 1 missed"


def test_cyrillic_subject_name_and_text_survive_seven_bit_transport(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    body = outbox.message("2026-W47/sales|1|lead@example.com")
    mail = parsed(body)
    assert body.isascii()
    assert "«Рост выручки»" in mail["Subject"] and "�" not in mail["Subject"]
    assert mail["To"].addresses[0].display_name == "Лев"
    assert "Рост выручки" in mail.get_body(("plain",)).get_content()


def test_cyrillic_file_name_survives():
    from pipeline.delivery.message import build_message
    from pipeline.delivery.model import Attachment, MailView

    view = MailView(
        "ru",
        "Икс",
        "sales",
        "Продажи",
        Week(2026, 47),
        "16–22 ноября",
        "Тема",
        "Вывод",
        "Итог",
        (),
        (),
        (),
        "вчера",
        "abc",
        datetime(2026, 11, 23, 7, tzinfo=UTC),
        (),
    )
    message = build_message(
        view,
        sender="a@example.com",
        recipient=Recipient(address="b@example.com"),
        attachments=[Attachment("Показатели недели 47.pdf", b"%PDF-1.7")],
    )
    (part,) = parsed(message.body).iter_attachments()
    assert part.get_filename() == "Показатели недели 47.pdf"
    assert part.get_payload(decode=True) == b"%PDF-1.7"


def test_changed_numbers_before_anything_left_replace_the_waiting_messages(
    make_workspace, edition, documents
):
    workspace = make_workspace(mode="approve")
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    report = queue_edition(workspace, edition(revenue="0.26"), documents, outbox, now=MONDAY)
    assert [one.outcome for one in report.queued] == ["replaced"] * 3
    assert {(row.revision, row.state) for row in outbox.rows()} == {(1, State.HELD)}
    assert "26" in parsed(outbox.message("2026-W47/leadership|1|vp@example.com"))["Subject"]


@pytest.mark.parametrize("mode", ["approve", "auto"])
def test_what_a_person_holds_is_not_sent_by_a_plain_approval_after_a_rerun(
    make_workspace, edition, documents, mode
):
    workspace = make_workspace(mode=mode)
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    held = "2026-W47/leadership|1|vp@example.com"
    outbox.hold([held], MONDAY)
    queue_edition(workspace, edition(revenue="0.26"), documents, outbox, now=MONDAY)
    assert held not in {row.key for row in outbox.approve(MONDAY)}
    assert outbox.row(held).hold is Hold.BY_HAND


def test_changed_numbers_after_sending_are_a_held_correction_that_says_what_changed(
    make_workspace, edition, documents
):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    outbox.approve(MONDAY)
    assert len(deliver(outbox, workspace, MONDAY).sent) == 3
    report = queue_edition(workspace, edition(revenue="0.28"), documents, outbox, now=MONDAY)
    assert [one.outcome for one in report.queued] == ["corrected"] * 3
    correction = outbox.row("2026-W47/leadership|2|vp@example.com")
    assert (correction.state, correction.hold) == (State.HELD, Hold.CORRECTION)
    assert not deliver(outbox, workspace, MONDAY).sent
    mail = parsed(outbox.message(correction.key))
    first = outbox.row("2026-W47/leadership|1|vp@example.com")
    assert mail["Subject"].startswith(f"CORRECTED, replaces 23{NBSP}Nov{NBSP}2026: Scorecard W47")
    assert mail["In-Reply-To"].strip() == first.message_id != correction.message_id
    text = mail.get_body(("plain",)).get_content()
    assert f"Grow revenue: 28{NBSP}% of 30{NBSP}%, at risk (was 25{NBSP}% of 30{NBSP}%, at risk)." in text
    assert "Reduce churn:" not in text  # it did not change
    with pytest.raises(DeliveryError) as caught:
        outbox.approve(MONDAY, keys=[correction.key])
    assert codes(caught) == {"E-REASON"}
    outbox.approve(MONDAY, keys=[correction.key], reason="late invoices")
    assert [row.key for row in deliver(outbox, workspace, MONDAY).sent] == [correction.key]
    # the first numbers again: the waiting corrections of the others have nothing left to correct
    queue_edition(workspace, edition(revenue="0.28"), documents, outbox, now=MONDAY)
    assert sum(row.state is State.SENT for row in outbox.rows()) == 4


def test_a_correction_is_withdrawn_when_the_numbers_return(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    outbox.approve(MONDAY)
    deliver(outbox, workspace, MONDAY)
    queue_edition(workspace, edition(revenue="0.28"), documents, outbox, now=MONDAY)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    assert {(row.revision, row.state) for row in outbox.rows()} == {(1, State.SENT)}


def test_same_key_with_other_bytes_is_refused(make_workspace):
    outbox = Outbox.of(make_workspace())

    def batch(text: bytes) -> Batch:
        def build(recipient, revision, before):
            return Outgoing(recipient, "<a@b>", "s@example.com", "S", text)

        return Batch(Week(2026, 47), "x", ("a@example.com",), "n", (), MONDAY, build)

    assert outbox.add(batch(b"one"), 1, "a@example.com", MONDAY).outcome == "queued"
    assert outbox.add(batch(b"one"), 1, "a@example.com", MONDAY).outcome == "already"
    with pytest.raises(DeliveryError) as caught:
        outbox.add(batch(b"two"), 1, "a@example.com", MONDAY)
    assert codes(caught) == {"E-CONFLICT"}


def test_a_first_edition_waits_and_the_next_one_leaves_by_itself(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    assert {row.hold for row in outbox.rows()} == {Hold.FIRST}
    outbox.approve(MONDAY, keys=["2026-W47/leadership|1|vp@example.com"])
    deliver(outbox, workspace, MONDAY)
    following = Week(2026, 48)
    later = MONDAY + timedelta(days=7)
    queue_edition(workspace, edition(following), documents, outbox, now=later)
    states = {row.recipient: row.hold for row in outbox.rows(week=following)}
    assert states == {
        "vp@example.com": Hold.NONE,
        "ceo@example.com": Hold.FIRST,
        "lead@example.com": Hold.FIRST,
    }


def test_asleep_for_three_weeks_sends_the_latest_only(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    queue_edition(workspace, edition(Week(2026, 44)), documents, outbox, now=MONDAY - timedelta(days=21))
    outbox.approve(MONDAY - timedelta(days=21))
    deliver(outbox, workspace, MONDAY - timedelta(days=21))
    for number in (45, 46, 47):
        queue_edition(workspace, edition(Week(2026, number)), documents, outbox, now=MONDAY)
    report = deliver(outbox, workspace, MONDAY)
    assert {str(row.week) for row in report.sent} == {"2026-W47"} and len(report.sent) == 3
    assert {(str(row.week), row.hold) for row in report.held} == {
        ("2026-W45", Hold.STALE),
        ("2026-W46", Hold.NEWER),
    }


def test_approving_everything_does_not_send_last_months_mail(make_workspace, edition, documents):
    workspace = make_workspace(mode="approve")
    outbox = Outbox.of(workspace)
    for number in (45, 46, 47):
        queue_edition(workspace, edition(Week(2026, number)), documents, outbox, now=MONDAY)
    assert {str(row.week) for row in outbox.approve(MONDAY)} == {"2026-W47"}
    assert {str(row.week) for row in deliver(outbox, workspace, MONDAY).sent} == {"2026-W47"}
    assert len(outbox.approve(MONDAY, week=Week(2026, 45))) == 3  # named, so it is meant
    assert {str(row.week) for row in deliver(outbox, workspace, MONDAY).sent} == {"2026-W45"}


@pytest.mark.parametrize("text", ["Grow\r\nBcc: evil@example.org", "Grow\x00revenue", "x" * 5000])
def test_a_header_never_breaks_out_of_its_line(make_workspace, edition, documents, text):
    workspace = make_workspace()
    broken = workspace.goals[0].model_copy(update={"title": {"": text}})
    workspace = workspace.model_copy(update={"goals": (broken, workspace.goals[1])})
    outbox = Outbox.of(workspace)
    with pytest.raises(DeliveryError) as caught:
        queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    assert codes(caught) == {"E-MAILHEADER"}
    assert outbox.rows() == []


def with_recipients(workspace, *recipients: Recipient):
    audience = workspace.audiences[0].model_copy(update={"recipients": recipients})
    return workspace.model_copy(update={"audiences": (audience, *workspace.audiences[1:])})


@pytest.mark.parametrize(
    "address",
    ["a@example.com, b@example.com", "a@elsewhere.org", "nobody", "a@example.com\nBcc: b@example.com", ""],
)
def test_one_entry_is_one_allowed_address_or_nothing_is_queued(make_workspace, edition, documents, address):
    workspace = with_recipients(make_workspace(), Recipient(address=address))
    outbox = Outbox.of(workspace)
    with pytest.raises(DeliveryError) as caught:
        queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    assert codes(caught) <= {"E-RECIPIENT", "E-MAILHEADER"}
    assert outbox.rows() == []


def test_one_person_written_twice_gets_one_mail(make_workspace, edition, documents):
    workspace = with_recipients(
        make_workspace(), Recipient(address="VP@example.com"), Recipient(address="vp@Example.com")
    )
    report = queue_edition(workspace, edition(), documents, Outbox.of(workspace), now=MONDAY)
    assert [one.row.recipient for one in report.queued] == ["VP@example.com", "lead@example.com"]


def test_a_document_that_is_no_pdf_stops_the_whole_edition(make_workspace, edition, documents):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    documents[1].write_bytes(b"<html>" + b"x" * 5000)
    with pytest.raises(DeliveryError) as caught:
        queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    with pytest.raises(DeliveryError) as missing:
        queue_edition(workspace, edition(), documents[:1], outbox, now=MONDAY)
    assert codes(caught) == codes(missing) == {"E-ATTACHMENT"}
    assert outbox.rows() == []


def test_leftovers_of_a_template_are_not_mailed(make_workspace, edition, documents, monkeypatch):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    import pipeline.delivery.view as view

    monkeypatch.setattr(view, "tally_text", lambda results, form: "nan at risk")
    with pytest.raises(DeliveryError) as caught:
        queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    assert codes(caught) == {"E-MAILBODY"}


def test_killed_in_the_middle_of_queuing_leaves_no_row(tmp_path: Path):
    """The fifth of ten messages kills the process: nothing of the edition may be in the outbox."""
    script = textwrap.dedent(
        """
        import os, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from pipeline.delivery.outbox import Outbox
        from pipeline.delivery.records import Batch, Outgoing
        from pipeline.periods import Week
        def build(recipient, revision, before):
            if recipient.startswith(sys.argv[2]):
                os.kill(os.getpid(), 9)
            return Outgoing(recipient, f"<{recipient}>", "s@example.com", "S", b"body")
        people = tuple(f"p{i}@example.com" for i in range(10))
        now = datetime(2026, 11, 23, tzinfo=UTC)
        Outbox(Path(sys.argv[1])).enqueue([Batch(Week(2026, 47), "x", people, "n", (), now, build)], now)
        """
    )
    path = tmp_path / "o" / "outbox.sqlite"
    run = lambda who: subprocess.run([sys.executable, "-c", script, str(path), who], check=False).returncode  # noqa: E731
    assert run("p4") == -9
    assert Outbox(path).rows() == []
    assert run("nobody") == 0
    assert len(Outbox(path).rows()) == 10


def test_outbox_is_readable_by_its_owner_only(make_workspace, edition, documents):
    workspace = make_workspace()
    before = os.umask(0o022)
    try:
        outbox = Outbox.of(workspace)
        queue_edition(workspace, edition(), documents, outbox, now=MONDAY)
    finally:
        os.umask(before)
    for path in outbox.path.parent.glob("outbox.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(outbox.path.parent.stat().st_mode) == 0o700


def test_the_same_failure_is_told_once_and_never_to_leadership(make_workspace):
    workspace = make_workspace()
    outbox = Outbox.of(workspace)
    week = Week(2026, 47)
    assert [
        one.row.recipient for one in queue_alert(outbox, workspace, week, [late_problem(week)], MONDAY)
    ] == ["ops@example.com"]
    assert queue_alert(outbox, workspace, week, [late_problem(week)], MONDAY + timedelta(hours=1)) == []
    assert [row.state for row in outbox.rows()] == [State.PENDING]
