"""What is known about a goal in one edition: every number that any document may print about it.

Here: plain records. Not here: how they are computed (measure.py, progress.py, status.py, smart.py) or
worded in a document (report/). All shares are fractions (0.6 for 60 %), money is in company currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from pipeline.kpis.series import Conversion
from pipeline.periods import Week
from pipeline.sources.state import SourceState
from pipeline.units import Direction, Unit

if TYPE_CHECKING:
    from pipeline.goals.judged import Prediction

StatusName = Literal[
    "not_started", "no_verdict", "on_track", "watch", "at_risk", "off_track", "achieved", "missed"
]
WORST_FIRST: tuple[StatusName, ...] = (
    "missed",
    "off_track",
    "at_risk",
    "watch",
    "no_verdict",
    "on_track",
    "not_started",
    "achieved",
)
Basis = Literal["pace", "chance", "decided", "none"]


@dataclass(frozen=True)
class Reason:
    """A generated sentence kept as an English template with its numbers, so that each language says it and
    formats the numbers itself. Each param is (kind, value): kind is a unit ("money", "percent", "count",
    "hours", "number"), "points", "date", "week", "days", "text" or "times"."""

    template: str
    params: dict[str, tuple[str, object]] = field(default_factory=dict)


@dataclass(frozen=True)
class PeriodValue:
    """One period (week or month) of a goal's KPI in the goal's segment."""

    start: date
    end: date
    value: Decimal | None
    """None: no figure (missing, or a rate over nothing); never a zero in disguise."""
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    closed: bool = True
    """Ended, and its close lag over, at the as-of date."""
    prior_year: Decimal | None = None


@dataclass(frozen=True)
class Point:
    """A point of the burn-up: what had been reached, and what the plan asked for, at the end of a day."""

    day: date
    actual: Decimal | None
    plan: Decimal | None


@dataclass(frozen=True)
class ControlChart:
    """Natural process limits of the weekly (or monthly) values: XmR chart, RISK definitions."""

    mean: Decimal
    lower: Decimal | None
    """None: no limit on this side, as no value can be below 0."""
    upper: Decimal | None
    """None: no limit on this side, as no value can be above 1 (100 %)."""
    signals: tuple[str, ...] = ()
    """Of: "outside", "seven_one_side", "trend", "two_of_three"; newest period only."""
    assurance: Literal["passes", "hit_and_miss", "fails", ""] = ""

    @property
    def band(self) -> tuple[Decimal, Decimal]:
        """The usual range: it ends at the limit, or where there is none at the last value possible."""
        low = Decimal(0) if self.lower is None else self.lower
        return low, Decimal(1) if self.upper is None else self.upper


@dataclass(frozen=True)
class FanPoint:
    """Where the goal's figure is forecast to be at the end of a coming period: quantiles of its paths."""

    day: date
    low: Decimal
    """10 %: four out of five paths are between it and `high`."""
    lower: Decimal
    """25 %: half of the paths are between it and `upper`."""
    middle: Decimal
    upper: Decimal
    high: Decimal


@dataclass(frozen=True)
class Chance:
    """Chance of attainment with its 80 % range; absent where there is too little history. A goal to keep has
    the forecast of its next period."""

    probability: float
    low: Decimal
    high: Decimal
    forecast: Decimal
    low_confidence: bool = False
    method: str = ""
    """bank: exponential smoothing, averaged. counts: beta-binomial, of a rate with few cases."""
    fan: tuple[FanPoint, ...] = ()
    """The rest of the burn-up, oldest first; of a goal to keep each whole period."""


@dataclass(frozen=True)
class DriverPart:
    """How much of the gap one value of a dimension explains."""

    dimension: str
    value: str
    actual: Decimal | None
    share_of_actual: Decimal | None
    change: Decimal | None
    """Against the preceding equal span, in the KPI's unit."""


@dataclass(frozen=True)
class TargetTerms:
    """A relative target as it was written, and the figure it changes."""

    change: Decimal
    mark: Literal["", "%", "pp"]
    """%: in per cent of the base. pp: in percentage points. "": in the KPI's own unit."""
    base: Literal["baseline", "compounded", "prior_period", "prior_year"]
    """compounded: the baseline with the changes of all earlier periods."""
    base_value: Decimal | None


@dataclass(frozen=True)
class Instance:
    """One period of a recurring goal, as a goal of its own."""

    start: date
    due: date
    target: Decimal | None
    """None while the figure it is a change of is not known."""
    actual: Decimal | None
    progress: Decimal | None
    status: StatusName
    basis: Basis
    chance: float | None
    """Of a period under way, and of the one that comes next."""


@dataclass(frozen=True)
class Recurrence:
    """The periods of a recurring goal, oldest first, and how they went."""

    every: Literal["week", "month", "quarter"]
    start: date
    due: date
    """Of the whole goal; those of the GoalResult are the reported period's."""
    instances: tuple[Instance, ...]
    reported: int
    """Index of the period the result is about: the newest that has a closed part."""
    needed: int
    """How many periods have to be met in all."""

    @property
    def met(self) -> int:
        return sum(one.status == "achieved" for one in self.instances)

    @property
    def judged(self) -> int:
        return sum(one.status in ("achieved", "missed") for one in self.instances)

    @property
    def streak(self) -> int:
        """Periods met in a row up to the newest that is judged. One without a verdict ends a row, because
        nobody knows whether it was met."""
        ended = [one.status for one in self.instances[: self.reported + 1]]
        while ended and ended[-1] not in ("achieved", "missed"):
            ended.pop()
        return _run(reversed(ended))

    @property
    def longest(self) -> int:
        statuses = [one.status for one in self.instances]
        return max((_run(statuses[i:]) for i in range(len(statuses))), default=0)

    @property
    def coming(self) -> Instance | None:
        """The next period, when its chance is known."""
        later = self.instances[self.reported + 1 : self.reported + 2]
        return later[0] if later and later[0].chance is not None else None


def _run(statuses: Iterable[StatusName]) -> int:
    """How many of the first ones are achieved without a gap."""
    return sum(1 for _ in takewhile(lambda one: one == "achieved", statuses))


DefinitionKey = Literal["baseline", "start", "kpi", "kind", "segment", "measured", "direction"]
"""What a goal's verdict hangs on besides its target and due date."""


@dataclass(frozen=True)
class Unrecorded:
    """A target, due date or definition that an earlier edition was made with and the goal no longer has,
    without an entry in `target_changes` that says so."""

    key: Literal["target", "due"] | DefinitionKey
    before: str
    """As it was written then."""
    now: str
    week: str
    """The newest edition that printed it: 2026-W46."""


@dataclass(frozen=True)
class GoalResult:
    """One goal as of one edition."""

    goal_id: str
    kpi_id: str
    kind: Literal["cumulative", "level", "maintain"]
    unit: Unit
    direction: Direction
    baseline: Decimal | None
    target: Decimal
    original_target: Decimal | None
    start: date
    due: date
    as_of: datetime
    """The instant whose knowledge this is (UTC)."""
    data_through: date
    """Last day counted: the end of the newest closed period, or the edition's Sunday."""
    period: Literal["week", "month"]
    periods_total: int
    periods_closed: int
    actual: Decimal | None
    """Sum to date (cumulative), measured value (level), newest period's value (maintain)."""
    numerator: Decimal | None
    denominator: Decimal | None
    """Behind `actual` when it is a rate: "n" is printed beside it."""
    progress: Decimal | None
    """Share of the way; may be below 0 or above 1."""
    expected: Decimal | None
    """Share of the way the plan asks for by now."""
    expected_value: Decimal | None
    """The same in the KPI's unit: the value that would be exactly on plan."""
    plan_used: Literal["linear", "seasonal", "milestones", "steps", "none"]
    pace_gap: Decimal | None
    """progress - expected."""
    pace_index: Decimal | None
    """progress / expected; None when expected < 10 %."""
    gap_value: Decimal | None
    """actual - expected_value, in the KPI's unit."""
    run_rate: Decimal | None
    """Mean of the last min(4, k) closed periods."""
    required_rate: Decimal | None
    """Needed per remaining period to reach the target (cumulative goals)."""
    required_multiple: Decimal | None
    """required_rate / run_rate."""
    best_period: Decimal | None
    """Best closed period on record."""
    completeness: Decimal | None
    """Share of due periods with a figure."""
    chance: Chance | None
    status: StatusName
    basis: Basis
    reason: Reason
    previous_status: StatusName | None
    measured_label: Reason
    """What is measured in words: "pooled over the last 13 weeks"."""
    calculation: Reason
    """The calculation in one sentence with its numbers."""
    low_confidence: bool = False
    target_known: bool = True
    """False when a relative target's base has no figure: `target` is then 0 and must not be printed."""
    reconstructed: bool = False
    periods: tuple[PeriodValue, ...] = ()
    """Oldest first, up to two years of history and the open period."""
    months: tuple[PeriodValue, ...] = ()
    """The last 13 calendar months, oldest first, with prior year."""
    burn_up: tuple[Point, ...] = ()
    control: ControlChart | None = None
    drivers: tuple[DriverPart, ...] = ()
    sources: tuple[str, ...] = ()
    """Ids of the sources behind the KPI."""
    problems: tuple[str, ...] = ()
    """Source ids whose state kept this goal from a verdict."""
    uncovered: tuple[str, ...] = ()
    """Source ids whose newest export came before the edition's Sunday was over; later periods stay open."""
    override_status: StatusName | None = None
    interval: tuple[Decimal, Decimal] | None = None
    """95 % interval of `actual` when it is a rate of counted cases."""
    converted: Mapping[str, Conversion] = field(default_factory=dict)
    """By currency the newest rate of exchange behind the KPI's amounts; empty when none was converted."""
    baseline_day: date | None = None
    """The day the baseline was measured at; None when the goal declares it, or has none."""
    terms: TargetTerms | None = None
    """Of a relative target."""
    chance_at_set: float | None = None
    """The chance on the day before the start, while the goal is judged by chance."""
    recurrence: Recurrence | None = None
    unrecorded: tuple[Unrecorded, ...] = ()

    @property
    def last_due(self) -> date:
        """The day the whole goal is over; `due` ends a recurring goal's reported period."""
        return self.recurrence.due if self.recurrence else self.due


@dataclass(frozen=True)
class Cause:
    """A source whose newer export changed a number."""

    source: str
    received_at: datetime
    """When the export came that brought the present value (UTC)."""
    export: str = ""
    """Its file name."""
    sha256: str = ""


@dataclass(frozen=True)
class Restatement:
    """A number of an earlier edition that changed afterwards."""

    goal_id: str
    kpi_id: str
    period_start: date
    period_end: date
    before: Decimal | None
    after: Decimal | None
    unit: Unit
    cause_source: str | None
    """Source whose newer export changed it; the one that came last, of several."""
    cause_received_at: datetime | None
    causes: tuple[Cause, ...] = ()
    """Every source that contributed, newest export first."""
    segment: tuple[tuple[str, str], ...] = ()
    """The goal's segment, by key."""

    @property
    def change(self) -> Decimal | None:
        """How much it changed; None where there was no figure before or is none now."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def figure(self) -> tuple[str, tuple[tuple[str, str], ...], date, date]:
        """What changed, whichever goal shows it: a year and its quarters share the periods of one KPI, and a
        page names each figure once."""
        return self.kpi_id, self.segment, self.period_start, self.period_end


@dataclass(frozen=True)
class LetterVerdict:
    """One letter of SMART for one goal."""

    letter: Literal["S", "M", "A", "R", "T"]
    verdict: Literal["pass", "warn", "fail", "unknown"]
    evidence: tuple[Reason, ...]


@dataclass(frozen=True)
class SmartVerdict:
    goal_id: str
    letters: tuple[LetterVerdict, ...]

    @property
    def verdict(self) -> str:
        order = ("fail", "unknown", "warn", "pass")
        return min((letter.verdict for letter in self.letters), key=order.index)


@dataclass(frozen=True)
class Edition:
    """Everything the documents of one week are made from."""

    week: Week
    as_of: datetime
    """The cut-off (UTC), or now for an edition "as known now"."""
    known: Literal["then", "now"]
    results: tuple[GoalResult, ...]
    """Worst first."""
    previous: tuple[GoalResult, ...]
    """The same goals as the week before knew them; empty for the first week."""
    restatements: tuple[Restatement, ...]
    sources: dict[str, SourceState]
    smart: dict[str, SmartVerdict]
    run_id: str
    """Hash of inputs, workspace, code version and week; twelve hexadecimal digits."""
    inputs: dict[str, tuple[str, ...]]
    """Source id -> sha256 of every landed file known to this edition, oldest first."""
    past: tuple[Prediction, ...] = ()
    """What was said of the goals that are closed by now, each chance from the figures up to its day."""
