"""Fetching one source: ask, save every answer, land them together, remember what became of it.

Here: what goes on between the first request and the landed file, and picking it up again after a kill. Not
here: the requests (pulls/), how one is sent (http.py), reading what was landed (parse.py, by ingest.py).
Every answer is on disk before the next request goes out. A pull that was killed asks the same questions
again, takes the saved answers as far as they fit, and goes on from there; only a pull that came to its end is
landed, in one piece. A pull that fails harms only its own source.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import Problem, ScorecardError
from pipeline.periods import as_instant, company_date
from pipeline.sources import credentials
from pipeline.sources.http import Authority, Client, FixedKey, RefreshedKey, Secrets
from pipeline.sources.pulls import log
from pipeline.sources.pulls.bundle import bundled, page_line, read_json
from pipeline.sources.pulls.registry import pull_spec
from pipeline.sources.pulls.spec import Call, Manners, PullFailed, PullSpec, failed
from pipeline.store.files import private_folder, sync_folder, write_atomic
from pipeline.store.lock import run_lock
from pipeline.store.store import Landed, Store
from pipeline.workspace.model import Pull, Source, Workspace

RESUME_WITHIN = timedelta(hours=24)
"""Age up to which the saved answers of a pull that broke off still count."""
OVERLAP = timedelta(minutes=15)
"""Changes of so long before the last pull are fetched again: the index of a search lags behind."""
HOUR = 3600.0


@dataclass(frozen=True)
class PullReport:
    """What one pull of one source did."""

    source_id: str
    landed: Landed | None = None
    pages: int = 0
    """Answers in the landed file."""
    asked: int = 0
    """Answers asked for now; the others had been saved by a pull that broke off."""
    problem: Problem | None = None
    """Why nothing was landed."""
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What a pull takes from outside; tests bring their own."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    environ: Mapping[str, str] | None = None
    jitter: Callable[[], float] = random.random


def pull_source(
    workspace: Workspace, source: Source, store: Store, surroundings: Surroundings | None = None
) -> PullReport:
    """Fetch a source that has `pull` and land what came. Never raises for what a system, a network or a key
    does: the report says it, and the source's state as well."""
    around = surroundings or Surroundings()
    job = _Job(workspace, source, store, around)
    try:
        with run_lock(private_folder(log.pull_folder(store.state_dir, source.id))):
            return job.run()
    except ScorecardError as error:
        return job.failed(error.problems[0])
    except Exception as error:  # one source must not stop the others, whatever is wrong with its answers
        return job.failed(_unexpected(source, error, job.secrets))


def fetch_source(
    workspace: Workspace, source: Source, store: Store, surroundings: Surroundings | None = None
) -> PullReport:
    """Fetch a source from its interface or, with `sql`, from its database. Never raises for what either
    does."""
    if source.sql is None:
        return pull_source(workspace, source, store, surroundings)
    from pipeline.sources.ingest import land_answer  # database drivers; only for sources that have a query

    around = surroundings or Surroundings()
    landed, problems = land_answer(workspace, source, store, around.clock())
    if problems:
        return PullReport(source.id, problem=problems[0])
    return PullReport(source.id, landed[0] if landed else None, pages=1, asked=1)


class _Job:
    """One pull; also what its system's module asks with (pulls/spec.py: Asking)."""

    def __init__(self, workspace: Workspace, source: Source, store: Store, around: Surroundings) -> None:
        self.workspace = workspace
        self.source = source
        self.store = store
        self.around = around
        self.pull = source.pull or Pull()
        self.secrets = Secrets()
        self.started_at = _whole_ms(around.clock())
        self._folder = log.pull_folder(store.state_dir, source.id) / "partial"
        self._client: Client | None = None
        self._pages = 0
        self._asked = 0
        self._warnings: list[Problem] = []

    # --- what a system's module sees ---

    @property
    def today(self) -> date:
        return company_date(self.started_at, self.workspace.company.zone)

    @cached_property
    def changed_since(self) -> datetime | None:
        """From `since`, or from where the last pull under the same configuration began."""
        if self.pull.since is None:
            return None
        midnight = datetime(self.pull.since.year, self.pull.since.month, self.pull.since.day)
        since = as_instant(midnight, self.workspace.company.zone)
        last = log.last_success(self.store.state_dir, self.source.id, self.config)
        if last is None or not self.spec.watermark:
            return since
        return max(since, last.started_at - OVERLAP)

    def ask(self, call: Call) -> Any:
        """The answer, from disk when a pull that broke off has saved it; else asked for and saved."""
        self._pages += 1
        path = self._folder / f"{self._pages:06d}.json"
        saved = _saved(path, call)
        if saved is not None:
            return saved
        self._forget_from(self._pages)
        text = self._asked_for(call)
        body = read_json(text)
        if self.spec.keep is not None:
            body = self.spec.keep(json.loads(text))
            text = json.dumps(body, ensure_ascii=False)
            body = read_json(text)
        write_atomic(path, page_line(call.record(), text))
        self._asked += 1
        return body

    # --- the whole ---

    @cached_property
    def spec(self) -> PullSpec:
        found = pull_spec(self.source)
        if found is None:
            raise failed(
                "E-PULL",
                "Source {source} cannot be fetched.",
                "Drop its export as a file.",
                source=self.source.id,
            )
        return found

    @cached_property
    def config(self) -> str:
        """Hash of what decides which questions are asked; where the key is does not."""
        asked = self.pull.model_dump(
            mode="json", exclude={"token_env", "keyring", "client_id_env", "client_secret_env"}
        )
        record = [self.spec.system, self.spec.export, asked, self.workspace.company.timezone]
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]

    def run(self) -> PullReport:
        self._begin()
        with self._connected() as client:
            self._client = client
            self.spec.ask(self)
        self._forget_from(self._pages + 1)
        pages = [path.read_bytes() for path in sorted(self._folder.glob("[0-9]*.json"))]
        data = bundled(self.spec.system, self.spec.export, self.started_at, self.pull.properties, pages)
        name = f"{self.source.id}-{self.started_at:%Y-%m-%dT%H%M%SZ}.ndjson"
        landed = self.store.land(self.source.id, data, received_at=self.around.clock(), origin=f"pull/{name}")
        self.store.sync(self.source.id)
        self._remember(None)
        shutil.rmtree(self._folder, ignore_errors=True)
        return PullReport(self.source.id, landed, len(pages), self._asked, warnings=tuple(self._warnings))

    def failed(self, problem: Problem) -> PullReport:
        """The report of a pull that came to no end; noted, so that the source's state says so too."""
        try:
            self._remember(problem)
        except ScorecardError as error:  # the disk: the report is all that can be had
            self._warnings += error.problems
        return PullReport(self.source.id, None, self._pages, self._asked, problem, tuple(self._warnings))

    def _remember(self, problem: Problem | None) -> None:
        config = "" if pull_spec(self.source) is None else self.config
        attempt = log.Attempt(self.around.clock(), self.started_at, config, problem)
        log.record(self.store.state_dir, self.source.id, attempt)

    # --- going on ---

    def _begin(self) -> None:
        """Take up a pull that broke off lately under the same configuration, or begin anew."""
        plan = _read_plan(self._folder / "plan.json")
        if plan is not None and plan[0] == self.config:
            age = self.started_at - plan[1]
            if timedelta(0) <= age <= RESUME_WITHIN:
                self.started_at = plan[1]
                return
        if self._folder.is_dir():
            shutil.rmtree(self._folder)
        private_folder(self._folder)
        record = {"config": self.config, "started_at": self.started_at.isoformat()}
        write_atomic(self._folder / "plan.json", json.dumps(record).encode())
        sync_folder(self._folder)

    def _forget_from(self, number: int) -> None:
        """Saved answers to questions that are no longer asked."""
        for path in self._folder.glob("[0-9]*.json"):
            if int(path.stem) >= number:
                path.unlink()

    # --- asking ---

    def _asked_for(self, call: Call) -> str:
        if self._client is None:
            raise AssertionError("a pull asks only while it is connected")
        return self._client.ask(call)

    def _connected(self) -> Client:
        key = credentials.key_of(self.source, self.pull, self.around.environ)
        self.secrets.add(key)
        base = (self.pull.base_url or self.spec.base_url).rstrip("/")
        return Client(
            base,
            self._manners(),
            self._authority(key, base),
            self.secrets,
            clock=self.around.clock,
            sleep=self.around.sleep,
            jitter=self.around.jitter,
        )

    def _manners(self) -> Manners:
        manners, units = self.spec.manners, self.pull.units_per_hour
        return manners if units is None else Manners(units, HOUR, manners.judge)

    def _authority(self, key: str, base: str) -> Authority:
        if not self.spec.exchange_url:
            return FixedKey(self.spec.authorisation(key, self.pull))
        name, secret = (
            credentials.variable(self.source, str(variable), self.around.environ)
            for variable in (self.pull.client_id_env, self.pull.client_secret_env)
        )
        self.secrets.add(secret)
        url = base + urlsplit(self.spec.exchange_url).path if self.pull.base_url else self.spec.exchange_url
        return RefreshedKey(
            url,
            name,
            secret,
            key,
            sign=lambda fresh: self.spec.authorisation(fresh, self.pull),
            rotated=self._rotated,
        )

    def _rotated(self, token: str) -> None:
        """Keep a refresh token that replaced the one before, or say that nobody could."""
        if credentials.can_store(self.pull):
            credentials.store(self.source, self.pull, token)
            return
        self._warnings.append(
            Problem(
                "W-PULL-TOKEN",
                "{system} replaced the refresh token of {source}; the environment variable has the old one.",
                "Keep the token in the keyring (pull: keyring), where it is replaced by itself, or authorise "
                "again when the old one is refused.",
                severity="warning",
                params={"system": self.spec.system, "source": self.source.id},
            )
        )


def _saved(path: Path, call: Call) -> Any:
    """The body of a saved answer to exactly this question; None when there is none."""
    try:
        record = read_json(path.read_bytes().decode())
        same = record["request"] == read_json(json.dumps(call.record()))
        return record["body"] if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read_plan(path: Path) -> tuple[str, datetime] | None:
    try:
        record = json.loads(path.read_bytes())
        return str(record["config"]), datetime.fromisoformat(record["started_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _whole_ms(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=instant.microsecond // 1000 * 1000)


def _unexpected(source: Source, error: Exception, secrets: Secrets) -> Problem:
    return Problem(
        "E-UNEXPECTED",
        "Fetching {source} broke off because of a fault of the program ({error}).",
        "Please report it; until then drop the export as a file.",
        params={
            "source": source.id,
            "error": secrets.hidden(f"{type(error).__name__}: {str(error)[:200]}"),
        },
    )


__all__ = ["PullFailed", "PullReport", "Surroundings", "fetch_source", "pull_source"]
