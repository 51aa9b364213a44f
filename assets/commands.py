"""What the heavy commands do: run a week, run a range, serve the UI. Wording belongs to cli.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from assets.definitions import WORKSPACE_VARIABLE, build_defs
from assets.instance import dagster_home, open_instance, reap_orphans
from assets.partitions import key_of_week
from assets.reach import check_week
from assets.resources import WorkRoom, utc_now
from pipeline.delivery.queue import QueueReport
from pipeline.errors import Problem, ScorecardError
from pipeline.goals.model import Edition
from pipeline.periods import Week, latest_due_week
from pipeline.sources.ingest import IngestReport
from pipeline.store.lock import run_lock
from pipeline.workspace.model import Workspace

if TYPE_CHECKING:
    from pipeline.sources.pull import PullReport

Progress = Callable[[str, int, int], None]
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
LOCK_WAIT_SECONDS = 5.0
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The command says itself what happened; the orchestrator's log is in its instance."""


@dataclass(frozen=True)
class WeekReport:
    """What a run of one week made and met."""

    week: Week
    edition: Edition | None
    documents: tuple[Path, ...] = ()
    ingest: dict[str, IngestReport] = field(default_factory=dict)
    pulled: dict[str, PullReport] = field(default_factory=dict)
    queued: QueueReport | None = None
    failure: Exception | None = None

    @property
    def exit_code(self) -> int:
        """0 done, 1 failed, 3 finished but something needs a person."""
        if self.failure is not None or self.edition is None:
            return self.failure.exit_code if isinstance(self.failure, ScorecardError) else 1
        unjudged = any(result.status == "no_verdict" and result.problems for result in self.edition.results)
        unfetched = any(report.problem is not None for report in self.pulled.values())
        return 3 if unjudged or unfetched else 0


@dataclass(frozen=True)
class BackfillReport:
    weeks: tuple[Week, ...]
    failures: dict[Week, Exception]
    documents: int
    ingest: dict[str, IngestReport] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return 1 if self.failures else 0


def run_week(
    workspace: Workspace,
    week: Week,
    known: Literal["then", "now"] = "then",
    documents: bool = True,
    progress: Progress | None = None,
    now: datetime | None = None,
    pull: bool = True,
) -> WeekReport:
    """The weekly run: fetch, land, validate, compute, render, queue mail. Raises Busy when one is going
    on."""
    room = _room(workspace, known, progress, now, pull)
    check_week(workspace, week, room.now())
    with run_lock(workspace.state_dir, LOCK_WAIT_SECONDS):
        failure = _execute(room, "weekly" if documents else "numbers", [week])
    return WeekReport(
        week=week,
        edition=None if failure else room.edition(week),
        documents=tuple(room.documents.get(week, ())),
        ingest=room.reports,
        pulled=room.pulled,
        queued=room.queued.get(week),
        failure=room.failures.get(week, failure),
    )


def run_backfill(
    workspace: Workspace,
    weeks: Sequence[Week],
    documents: bool = True,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> BackfillReport:
    """Weeks in one run, each as known then. Mails nobody; a failing week costs itself alone."""
    room = _room(workspace, "then", progress, now, pull=False)
    for week in (weeks[0], weeks[-1]):
        check_week(workspace, week, room.now())
    with run_lock(workspace.state_dir, LOCK_WAIT_SECONDS):
        failure = _execute(room, "backfill" if documents else "numbers", weeks)
    if failure and not room.failures:
        raise failure
    return BackfillReport(
        weeks=tuple(weeks),
        failures=dict(room.failures),
        ingest=room.reports,
        documents=sum(len(paths) for paths in room.documents.values()),
    )


def missing_weeks(workspace: Workspace, now: datetime | None = None) -> list[Week]:
    """Due weeks after the newest edition there is; the latest due week when there is none."""
    latest = latest_due_week(now or utc_now(), workspace.company.zone, workspace.company.cutoff)
    done = {path.parent.name for path in workspace.output_dir.glob("*/manifest.json")}
    weeks = sorted(Week.parse(name) for name in done if name[:4].isdigit())
    if not weeks:
        return [latest]
    return _after(weeks[-1], latest)


def serve(workspace: Workspace, port: int = 3000) -> int:
    """Dagster's webserver and daemon for this workspace on the loopback address, until interrupted."""
    with open_instance(workspace) as instance:
        reap_orphans(workspace, instance)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home(workspace)),
        WORKSPACE_VARIABLE: str(workspace.root.resolve()),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-m",
        "assets.definitions",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    stopping: list[int] = []
    running: list[subprocess.Popen[bytes]] = []

    def stop(signum: int, _frame: object) -> None:
        stopping.append(signum)
        for process in running:
            process.send_signal(signal.SIGINT)

    # Installed before the server starts: a service manager or a background shell may have left SIGINT
    # ignored, which the server would inherit and then never stop.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, stop)
    running.append(subprocess.Popen(command, env=environment, cwd=workspace.root))
    code = running[0].wait()
    return 0 if stopping else code


def _after(week: Week, latest: Week) -> list[Week]:
    weeks = []
    while week < latest:
        week = week.plus(1)
        weeks.append(week)
    return weeks


def _room(
    workspace: Workspace,
    known: Literal["then", "now"],
    progress: Progress | None,
    now: datetime | None,
    pull: bool,
) -> WorkRoom:
    room = WorkRoom(workspace, now=(lambda: now) if now else utc_now, known=known, pulling=pull)
    if progress:
        room.progress = progress
    return room


def _execute(room: WorkRoom, job_name: str, weeks: Sequence[Week]) -> Exception | None:
    """Run a job in this process. A failure is returned: finished weeks are still to be reported."""
    last = max(weeks)
    # by the clock of the machine, which is the one that partitions know
    ahead = max(0, (last.monday - utc_now().date()).days // 7 + 2)
    job = build_defs(room.workspace, room=room, end_offset=ahead).resolve_job_def(job_name)
    with open_instance(room.workspace) as kept, _run_instance(kept, weeks) as instance:
        room.recorder = kept.report_runless_asset_event if instance is not kept else None
        result = job.execute_in_process(
            instance=instance, raise_on_error=False, run_config=QUIET, **_partitions(weeks)
        )
    return None if result.success else _failure_of(result)


@contextmanager
def _run_instance(kept: dg.DagsterInstance, weeks: Sequence[Week]) -> Iterator[dg.DagsterInstance]:
    """Where the run itself is logged. A range writes thousands of events that nobody reads, each one a
    synced write; they stay in memory, and only its finished weeks go on record."""
    if len(weeks) == 1:
        yield kept
    else:
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance


def _partitions(weeks: Sequence[Week]) -> dict[str, Any]:
    if len(weeks) == 1:
        return {"partition_key": key_of_week(weeks[0])}
    return {"tags": {RANGE_START: key_of_week(min(weeks)), RANGE_END: key_of_week(max(weeks))}}


def _failure_of(result: dg.ExecuteInProcessResult) -> ScorecardError:
    """What went wrong, once per distinct cause, without the orchestrator's own wrapping."""
    failed = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    causes = [_root(error) for error in failed if error]
    what = "; ".join(dict.fromkeys(causes)) or "the run failed"
    return ScorecardError(Problem("E-RUN", "The run failed: {what}", params={"what": what}))


def _root(error: Any) -> str:
    while error.cause:
        error = error.cause
    return str(error.message).strip()
