"""A system's interface on this machine, for tests: it speaks the documented shapes and counts what it is
asked.

Time is the test's own: a wait advances the clock instead of the wall, and is on record.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

from pipeline.sources.freshness import source_states
from pipeline.sources.ingest import IngestReport, ingest_source
from pipeline.sources.pull import PullReport, Surroundings, pull_source
from pipeline.sources.state import SourceState
from pipeline.store.store import Store
from pipeline.workspace.model import Company, Source, Workspace

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)  # Monday 04:30 in Berlin, before the cut-off
CANARY = "pat-na1-CANARY-5f1d90c2"


class Clock:
    """A clock that only waits move."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    params: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]
    at: datetime


@dataclass(frozen=True)
class Reply:
    """What the server sends. `sent`: how many bytes of the body really leave before the connection is cut."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None


Answer = Callable[[Asked], Reply]


class System:
    """The server of one test. `answer` may be replaced while it runs."""

    def __init__(self, answer: Answer, clock: Clock) -> None:
        self.answer = answer
        self.clock = clock
        self.asked: list[Asked] = []
        self.url = ""

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def serving(
    answer: Answer, clock: Clock | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[System]:
    """The system on a free port of the loopback address, stopped at the end."""
    system = System(answer, clock or Clock())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            asked = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                _body(data, self.headers.get("Content-Type", "")),
                dict(self.headers),
                system.clock(),
            )
            system.asked.append(asked)
            reply = system.answer(asked)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            with suppress(OSError):  # whoever asked may have gone
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if reply.sent is None else body[: reply.sent])
            self.close_connection = reply.sent is not None

        do_GET = do_POST = _answer

        def log_message(self, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    system.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _body(data: bytes, kind: str) -> Any:
    if not data:
        return None
    return json.loads(data) if "json" in kind else dict(parse_qsl(data.decode()))


class Room:
    """A company with one pulled source and a store of its own."""

    def __init__(self, root: Path, system: System, source: Mapping[str, Any], **pull: object) -> None:
        self.root = root
        self.system = system
        self.environ = {"KEY": CANARY, "APP": "app-id", "APP_SECRET": "app-CANARY-secret"}
        self.source = Source.model_validate(
            {**source, "pull": {"token_env": "KEY", "base_url": system.url, **pull}}
        )
        self.store = Store(root / ".scorecards")

    @property
    def workspace(self) -> Workspace:
        company = Company(company={"en": "X"}, timezone="Europe/Berlin", currency="EUR")
        return Workspace(root=self.root, company=company, sources=(self.source,))

    def pull(self) -> PullReport:
        clock = self.system.clock
        around = Surroundings(clock, clock.sleep, self.environ, jitter=lambda: 0.0)
        return pull_source(self.workspace, self.source, self.store, around)

    def ingest(self) -> IngestReport:
        return ingest_source(self.workspace, self.source, self.store, self.system.clock())

    def fetched(self) -> IngestReport:
        """One whole weekly reading of the source."""
        report = self.pull()
        assert report.problem is None, report.problem
        return self.ingest()

    def rows(self, fact: str, at: datetime | None = None) -> list[dict[str, Any]]:
        known = self.store.knowledge([self.source.id], at or self.system.clock())
        return self.store.fact(fact, known).to_pylist()

    def table(self, fact: str) -> pa.Table:
        return self.store.fact(fact, self.store.knowledge([self.source.id], self.system.clock()))

    def state(self, at: datetime | None = None) -> SourceState:
        known = self.store.knowledge([self.source.id], at or self.system.clock())
        return source_states(self.workspace, self.store, known)[self.source.id]

    def files(self) -> dict[str, bytes]:
        """Every file this workspace has, by relative path."""
        found = (path for path in sorted(self.root.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}


# --- being killed ------------------------------------------------------------------------------------


def kill_at(system: System, usual: Answer, number: int) -> None:
    """From the n-th request on, the system kills who asks."""
    victims: list[int] = []

    def answer(asked: Asked) -> Reply:
        if len(system.asked) >= number and victims:
            os.kill(victims.pop(), signal.SIGKILL)
        return usual(asked)

    system.answer = answer
    system.victims = victims  # type: ignore[attr-defined]


def pull_in_child(room: Room) -> int:
    """One pull in a process of its own, which may be killed; its exit code."""
    context = multiprocessing.get_context("fork")
    child = context.Process(target=room.pull)
    child.start()
    room.system.victims.append(child.pid)  # type: ignore[attr-defined]
    child.join(60)
    assert child.exitcode is not None
    return child.exitcode
