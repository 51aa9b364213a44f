"""Mail from the command line: nothing leaves unapproved, nothing leaves twice, reasons are wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets import cli
from assets.commands import WeekReport
from assets.run_screen import show_run
from assets.terminal import Terminal
from pipeline.delivery.outbox import Outbox
from pipeline.delivery.queue import QueueReport
from pipeline.delivery.records import Batch, Hold, Outgoing, Queued, State
from pipeline.goals.model import Edition
from pipeline.language import speech
from pipeline.periods import latest_due_week
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Recipient, Workspace

KEY = "{week}/leaders|1|vp@example.com"


@pytest.fixture
def queued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[Path, str]:
    """A workspace with one message of the latest due week, held as the recipient's first."""
    monkeypatch.setenv("SCORECARDS_LANG", "en")
    assert cli.call(["init", str(tmp_path / "w")]) == 0
    workspace = load_workspace(tmp_path / "w")
    now = datetime.now(UTC)
    week = latest_due_week(now, workspace.company.zone, workspace.company.cutoff)

    def build(recipient: str, revision: int, before: object) -> Outgoing:
        head = (
            f"From: s@example.com\r\nTo: {recipient}\r\nSubject: Week\r\nMessage-ID: <1@example.com>\r\n\r\n"
        )
        return Outgoing(recipient, "<1@example.com>", "s@example.com", "Week", f"{head}Fine.\r\n".encode())

    batch = Batch(week, "leaders", ("vp@example.com",), "n", (), now, build)
    Outbox.of(workspace).enqueue([batch], now)
    capsys.readouterr()
    return tmp_path / "w", KEY.format(week=week)


def letters(root: Path) -> list[Path]:
    return list((root / ".scorecards").rglob("*.eml"))


def test_held_mail_stays_until_it_is_approved(
    queued: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    root, _ = queued
    assert cli.call(["deliver", "-w", str(root)]) == 0
    assert letters(root) == []
    assert "1 message is held." in capsys.readouterr().out
    assert cli.call(["deliver", "--approve", "-w", str(root)]) == 0
    assert "Sent: Week to vp@example.com" in capsys.readouterr().out
    assert len(letters(root)) == 1
    assert cli.call(["deliver", "--approve", "-w", str(root)]) == 0
    assert len(letters(root)) == 1


def test_mail_held_by_hand_is_not_sent_to_the_approval_that_leaves_it(
    queued: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """After a hold both screens name the command that lets this message go, quoted for a shell."""
    root, key = queued
    assert cli.call(["outbox", "hold", key, "-w", str(root)]) == 0
    capsys.readouterr()
    assert cli.call(["deliver", "--approve", "-w", str(root)]) == 0
    told = f"Held by hand: 1. To let it go: scorecards outbox release '{key}'\n"
    said = capsys.readouterr().out
    assert said.endswith(told)
    assert "or scorecards deliver --approve" not in said
    workspace = load_workspace(root)
    rows = Outbox.of(workspace).rows()
    queue = QueueReport(rows[0].week, tuple(Queued("already", row) for row in rows))
    show_run(Terminal(speech("en")), _with_reader(workspace), WeekReport(rows[0].week, None, queued=queue))
    said = capsys.readouterr().out
    assert said.endswith(told)
    assert "--approve" not in said


def test_pages_as_known_now_say_whose_place_they_have_taken(
    queued: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is overwritten; of two messages the waiting one is made anew and the sent one stays."""
    root, _ = queued
    workspace = _with_reader(load_workspace(root))
    (row,) = Outbox.of(workspace).rows()
    sent = replace(row, hold=Hold.NONE, state=State.SENT, sent_at=datetime.now(UTC))
    queue = QueueReport(row.week, (Queued("replaced", row), Queued("already", sent)))
    page = workspace.output_dir / str(row.week) / "scorecard-leaders.en.pdf"
    for known in ("then", "now"):
        edition = Edition(row.week, datetime.now(UTC), known, (), (), (), {}, {}, "0" * 12, {})
        show_run(Terminal(speech("en")), workspace, WeekReport(row.week, edition, (page,), queued=queue))
        said = capsys.readouterr().out
        told = (
            f"out/{row.week}/ holds the week as known now, in place of the edition as known then. "
            f"To make that again: scorecards run --week {row.week}\n"
            "1 waiting message carries the figures as known now too.\n"
            "1 message has been sent and keeps the pages that it was sent with.\n"
        )
        assert (told in said) is (known == "now")


def _with_reader(workspace: Workspace) -> Workspace:
    reader = Recipient(address="vp@example.com", name="Vera Price")
    heard = tuple(one.model_copy(update={"recipients": (reader,)}) for one in workspace.audiences)
    return workspace.model_copy(update={"audiences": heard})


def test_hold_and_release_by_the_name_that_list_prints(
    queued: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    root, key = queued
    assert cli.call(["outbox", "list", "-w", str(root)]) == 0
    assert key in capsys.readouterr().out
    assert cli.call(["outbox", "hold", key, "--reason", "wait", "-w", str(root)]) == 0
    assert "held by hand" in capsys.readouterr().out
    assert cli.call(["deliver", "--approve", "-w", str(root)]) == 0
    assert letters(root) == []  # a plain approval does not lift what a person held
    assert cli.call(["outbox", "release", key, "-w", str(root)]) == 0
    assert cli.call(["deliver", "-w", str(root)]) == 0
    assert len(letters(root)) == 1


def test_resend_wants_a_reason(queued: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    root, key = queued
    assert cli.call(["outbox", "resend", key, "-w", str(root)]) == 2
    assert "--reason" in capsys.readouterr().err
    assert cli.call(["outbox", "resend", key, "--reason", " ", "-w", str(root)]) == 3
    assert "E-REASON" in capsys.readouterr().err
    assert cli.call(["outbox", "resend", key, "--reason", "lost", "-w", str(root)]) == 0


def test_mail_of_an_old_week_names_the_command_that_really_sends_it(
    queued: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`deliver --approve` leaves it held; being told to run just that again leads nowhere."""
    root, _ = queued
    workspace = load_workspace(root)
    outbox = Outbox.of(workspace)
    old = latest_due_week(datetime.now(UTC), workspace.company.zone, workspace.company.cutoff).plus(-9)

    def build(recipient: str, revision: int, before: object) -> Outgoing:
        head = (
            f"From: s@example.com\r\nTo: {recipient}\r\nSubject: Old\r\nMessage-ID: <2@example.com>\r\n\r\n"
        )
        return Outgoing(recipient, "<2@example.com>", "s@example.com", "Old", f"{head}Fine.\r\n".encode())

    batch = Batch(old, "leaders", ("vp@example.com",), "n", (), datetime.now(UTC), build, hold=Hold.STALE)
    outbox.enqueue([batch], datetime.now(UTC))
    assert cli.call(["deliver", "--approve", "-w", str(root)]) == 0
    told = capsys.readouterr().out
    command = f"scorecards deliver --approve --week {old}"
    assert "1 message is held." in told and command in told
    assert cli.call([*command.split()[1:], "-w", str(root)]) == 0
    assert "Sent: Old to vp@example.com" in capsys.readouterr().out
