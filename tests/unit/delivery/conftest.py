"""A small workspace, an edition made by hand, and a mail server on loopback that answers as told."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from pipeline.goals.model import Edition, GoalResult, Reason
from pipeline.periods import Week, cutoff
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Workspace

WEEK = Week(2026, 47)


def goal(goal_id: str, title: dict[str, str], team: str | None = None) -> dict[str, Any]:
    return {
        "id": goal_id,
        "title": title,
        "owner": "anna",
        "team": team,
        "kpi": "sales_revenue",
        "kind": "level",
        "target": "30 %",
        "start": "2026-10-01",
        "due": "2026-12-31",
    }


def workspace_data() -> dict[str, Any]:
    return {
        "company": {
            "company": {"en": "Company X", "ru": "Компания Икс"},
            "timezone": "Europe/Moscow",
            "currency": "EUR",
            "languages": ["en", "ru"],
            "delivery": {
                "mode": "auto",
                "sender": "Scorecards <scorecards@example.com>",
                "allowed_domains": ["example.com"],
                "alert": ["ops@example.com"],
            },
        },
        "people": {"people": [{"id": "anna", "name": {"en": "Anna Bell", "ru": "Анна Белл"}}]},
        "audiences": [
            {
                "id": "leadership",
                "title": {"en": "Leadership"},
                "language": "en",
                "recipients": [{"address": "vp@example.com", "name": "Vera"}, {"address": "ceo@example.com"}],
            },
            {
                "id": "sales",
                "title": {"ru": "Продажи"},
                "language": "ru",
                "teams": ["sales"],
                "recipients": [{"address": "lead@example.com", "name": "Лев"}],
            },
        ],
        "goals": [
            goal("revenue", {"en": "Grow revenue", "ru": "Рост выручки"}, "sales"),
            goal("churn", {"en": "Reduce churn", "ru": "Снижение оттока"}),
        ],
    }


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Workspace]:
    def make(**delivery: Any) -> Workspace:
        data = workspace_data()
        data["company"]["delivery"].update(delivery)
        return Workspace(root=tmp_path, **data)

    return make


def result(goal_id: str, actual: str, status: str, previous: str | None = "on_track") -> GoalResult:
    week = WEEK
    return GoalResult(
        goal_id=goal_id,
        kpi_id="closing_rate",
        kind="level",
        unit=Unit.PERCENT,
        direction=Direction.UP,
        baseline=Decimal("0.20"),
        target=Decimal("0.30"),
        original_target=None,
        start=date(2026, 10, 1),
        due=date(2026, 12, 31),
        as_of=datetime.fromisoformat("2026-11-23T04:00:00+00:00"),
        data_through=week.sunday,
        period="week",
        periods_total=14,
        periods_closed=7,
        actual=Decimal(actual),
        numerator=None,
        denominator=None,
        progress=Decimal("0.5"),
        expected=Decimal("0.58"),
        expected_value=Decimal("0.258"),
        plan_used="linear",
        pace_gap=Decimal("-0.08"),
        pace_index=None,
        gap_value=Decimal(actual) - Decimal("0.258"),
        run_rate=None,
        required_rate=None,
        required_multiple=None,
        best_period=None,
        completeness=None,
        chance=None,
        status=status,
        basis="pace",
        reason=Reason("Below plan."),
        previous_status=previous,
        measured_label=Reason("pooled"),
        calculation=Reason("sum"),
        sources=("hubspot",),
    )  # type: ignore[arg-type]


def make_edition(week: Week = WEEK, revenue: str = "0.25", status: str = "at_risk") -> Edition:
    from zoneinfo import ZoneInfo

    first = result("revenue", revenue, status)
    second = result("churn", "0.29", "on_track")
    return Edition(
        week=week,
        as_of=cutoff(week, ZoneInfo("Europe/Moscow")),
        known="then",
        results=(first, second),
        previous=(dataclasses.replace(first, status="on_track"), second),
        restatements=(),
        sources={},
        smart={},
        run_id="abcdef123456",
        inputs={},
    )


@pytest.fixture
def edition() -> Callable[..., Edition]:
    return make_edition


@pytest.fixture
def documents(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "out" / "2026-W47"
    folder.mkdir(parents=True)
    paths = []
    for name in ("scorecard-leadership.en.pdf", "scorecard-sales.ru.pdf", "scorecard.json"):
        path = folder / name
        path.write_bytes(b"%PDF-1.7\n" + name.encode() + b"." * 3000 + b"\n%%EOF\n")
        paths.append(path)
    return paths


class Scripted:
    """Answers per command and recipient; keeps what it accepted."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, bytes]] = []
        self.answers: dict[tuple[str, str], list[str]] = {}
        self.after_data: Callable[[], None] | None = None
        self.sessions: list[Any] = []

    def answer(self, command: str, recipient: str, *replies: str) -> None:
        self.answers[command, recipient] = list(replies)

    def _next(self, command: str, recipient: str) -> str | None:
        replies = self.answers.get((command, recipient))
        return replies.pop(0) if replies else None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        reply = self._next("RCPT", address)
        if reply is None:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        recipient = envelope.rcpt_tos[0]
        reply = self._next("DATA", recipient)
        if reply == "DROP":
            self.accepted.append((recipient, envelope.content))
            server.transport.abort()
            return "250 lost on the way"
        if reply is not None:
            return reply
        self.accepted.append((recipient, envelope.content))
        return "250 OK queued as 4ZX"


@pytest.fixture
def mail_server() -> Iterator[tuple[Scripted, int]]:
    handler = Scripted()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, data_size_limit=2_000_000)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()
