"""What every asset works with: the workspace, its store, and what this run has made so far.

Nothing here decides a number; an edition is a pure function of landed bytes and workspace, so a second
process computes the same one again.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dagster import AssetMaterialization

from pipeline.delivery.outbox import Outbox
from pipeline.delivery.queue import QueueReport, queue_edition
from pipeline.delivery.send import DeliveryReport, deliver
from pipeline.goals.edition import EditionCache, build_edition
from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.periods import Week
from pipeline.plan import build_plan
from pipeline.report.build import render_edition
from pipeline.report.manifest import note_plan
from pipeline.report.plan_build import render_plans
from pipeline.sources.ingest import IngestReport
from pipeline.store.store import Knowledge, Store
from pipeline.workspace.loader import load_notes
from pipeline.workspace.model import Kpi, Source, Workspace

if TYPE_CHECKING:
    from pipeline.sources.pull import PullReport

Clock = Callable[[], datetime]
Progress = Callable[[str, int, int], None]


def utc_now() -> datetime:
    return datetime.now(UTC)


class WorkRoom:
    """One workspace at work in one run: its store, its editions, and what became of each week."""

    def __init__(
        self,
        workspace: Workspace,
        now: Clock = utc_now,
        known: Literal["then", "now"] = "then",
        pulling: bool = True,
    ) -> None:
        self.workspace = workspace
        self.now = now
        self.known = known
        self.pulling = pulling
        """Whether sources that can be fetched are fetched before they are read."""
        self.progress: Progress = lambda step, done, total: None
        self.ranged = False
        """Whether the run covers several weeks."""
        self.recorder: Callable[[AssetMaterialization], object] | None = None
        """Where finished weeks of a range are put on record when not in the run's own log."""
        self.start()

    def start(self) -> None:
        """Forget what an earlier run in this process made or met."""
        self.cache = EditionCache()
        self._editions: dict[Week, Edition] = {}
        self.failures: dict[Week, Exception] = {}
        self.reports: dict[str, IngestReport] = {}
        self.pulled: dict[str, PullReport] = {}
        self.documents: dict[Week, list[Path]] = {}
        self._plans: dict[Week, list[Path]] = {}
        self.queued: dict[Week, QueueReport] = {}
        self._compacted: int | None = None

    @cached_property
    def store(self) -> Store:
        return Store(self.workspace.state_dir)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox.of(self.workspace)

    @cached_property
    def kpis(self) -> dict[str, Kpi]:
        return kpi_registry(self.workspace)

    def pull(self, source: Source) -> "PullReport":
        """Fetch a source; what went wrong is in the report and in the source's state."""
        from pipeline.sources.pull import Surroundings, pull_source  # an HTTP library, for who fetches only

        report = pull_source(self.workspace, source, self.store, Surroundings(clock=self.now))
        self.pulled[source.id] = report
        return report

    def edition(self, week: Week) -> Edition:
        """The week's edition, computed once in a run: its steps must all speak of the same one."""
        if week not in self._editions:
            self._editions[week] = build_edition(
                self.workspace, self.store, week, known=self.known, now=self.now(), cache=self.cache
            )
        return self._editions[week]

    def fact_metadata(self, name: str, week: Week) -> dict[str, int]:
        """Rows of a fact as the week knew them; counted for single weeks only, since a figure nobody reads
        must not cost a range a year of queries."""
        if self.ranged:
            return {}
        return {"rows": self.store.fact(name, self.knowledge(week)).num_rows}

    def knowledge(self, week: Week) -> Knowledge:
        """What had been received for a week, source by source."""
        return self.store.knowledge(
            [source.id for source in self.workspace.sources], self.edition(week).as_of
        )

    def compact(self) -> int:
        """Merge the tables' small files, once in a run; the number of tables that had enough of them."""
        if self._compacted is None:
            self._compacted = self.store.compact()
        return self._compacted

    def render_scorecards(self, week: Week) -> list[Path]:
        """Every scorecard document of a week: written when changed, kept when not."""
        edition = self.edition(week)
        made = render_edition(
            self.workspace,
            edition,
            load_notes(self.workspace, week),
            self.workspace.output_dir / str(week),
            previous_notes=load_notes(self.workspace, week.plus(-1)),
            quarantine=self.store.quarantine(edition.sources, self.knowledge(week)),
        )
        if week in self._plans:
            note_plan(self.workspace.output_dir / str(week), edition, self._plans[week])
        self.documents.setdefault(week, []).extend(made)
        return made

    def render_plan(self, week: Week) -> list[Path]:
        """The strategic plan as of a week, in each of the company's languages."""
        edition = self.edition(week)
        knowledge = self.knowledge(week)
        plan = build_plan(self.workspace, edition, lambda name: self.store.fact(name, knowledge))
        made = render_plans(
            self.workspace,
            edition,
            plan,
            self.workspace.output_dir / str(week),
            self.workspace.company.languages,
        )
        self._plans[week] = made
        note_plan(self.workspace.output_dir / str(week), edition, made)
        self.documents.setdefault(week, []).extend(made)
        return made

    def queue(self, week: Week) -> int:
        """Queue the week's mail, once per recipient; the number newly queued."""
        report = queue_edition(
            self.workspace,
            self.edition(week),
            sorted((self.workspace.output_dir / str(week)).glob("*.pdf")),
            self.outbox,
            notes=load_notes(self.workspace, week),
            now=self.now(),
        )
        self.queued[week] = report
        return report.count("queued")

    def deliver(self) -> DeliveryReport:
        """Send what is queued and due."""
        return deliver(self.outbox, self.workspace, self.now)
