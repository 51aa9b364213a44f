"""What a workspace says, as frozen models: company, people, sources, KPIs, goals, strategy, audiences.

Here: the shape and meaning of every key a person may write. Not here: reading YAML or finding the line of
a mistake (loader.py), nor any rule that needs data (goals/smart.py).
Every model forbids unknown keys; numbers arrive as Decimal or text, never as float.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)

from pipeline.errors import Problem
from pipeline.units import Direction, Unit
from pipeline.workspace.expressions import Node

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""Lower-case letters, digits, dash and underscore: safe as a file name and as a table name."""

VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
"""An environment variable. Whoever writes the secret itself here is told so, without repeating it."""

Language = Literal["en", "ru"]


def _as_texts(value: object) -> object:
    """A plain text stands for itself in every language."""
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return {"": str(value)}
    if isinstance(value, Mapping) and set(value) - {"", "en", "ru"}:
        raise ValueError("unknown language")
    return value


Text = Annotated[
    dict[str, str],
    BeforeValidator(_as_texts),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number"]},
                {
                    "type": "object",
                    "properties": {"en": {"type": "string"}, "ru": {"type": "string"}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""`Text` written once ("Reduce churn") or per language ({en: ..., ru: ...}). Read with language.pick."""


class Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, coerce_numbers_to_str=True
    )


class Quantity(Model):
    """A number a person wrote, with the unit mark they wrote: "45 %", "12 pp", "1 200 000", "+25 %"."""

    amount: Decimal
    """Percentages as shares: 45 % is 0.45."""
    mark: Literal["", "%", "pp"] = ""
    signed: bool = False
    """Whether a leading + or - was written, which makes a relative target."""


def parse_quantity(value: object) -> object:
    """Text or number -> Quantity fields. Accepts spaces and no-break spaces as thousands marks, a comma or
    a point as the decimal mark (a comma followed by exactly three digits is refused as ambiguous)."""
    if isinstance(value, (Quantity, Mapping)):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError("a number such as 45 %, 1200000 or +25 %")
    text = str(value).replace("\u00a0", " ").replace("\u202f", " ").replace("−", "-").strip()
    mark = ""
    for suffix, meaning in (("pp", "pp"), ("п.п.", "pp"), ("п. п.", "pp"), ("%", "%")):
        if text.endswith(suffix):
            text, mark = text[: -len(suffix)].strip(), meaning
            break
    signed = text[:1] in "+-" and bool(text)
    digits = text.replace(" ", "").replace("_", "")
    if "," in digits:
        whole, _, cents = digits.rpartition(",")
        if "." in digits or "," in whole or len(cents) == 3:
            raise ValueError(f"{value!r} can be read in two ways; write it without thousands marks")
        digits = f"{whole}.{cents}"
    try:
        amount = Decimal(digits)
    except ArithmeticError:
        raise ValueError(f"{value!r} is not a number such as 45 %, 1200000 or +25 %") from None
    if not amount.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return {"amount": amount / 100 if mark else amount, "mark": mark, "signed": signed}


Number = Annotated[
    Quantity,
    BeforeValidator(parse_quantity),
    WithJsonSchema({"type": ["string", "number"], "examples": ["45 %", 1200000, "+25 %"]}),
]


# --- company -----------------------------------------------------------------------------------------


def _known_zone(name: str) -> str:
    """Checked on its own key, so that the other keys of the file are checked in the same pass."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"timezone {name!r} is not a zone such as Europe/Berlin") from None
    return name


class Smtp(Model):
    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_env: str | None = None
    """Name of the environment variable that holds the password; the password itself is never written."""
    timeout_seconds: int = 30


class Delivery(Model):
    mode: Literal["auto", "approve"] = "approve"
    sender: str = "Scorecards <scorecards@localhost>"
    allowed_domains: tuple[str, ...] = ()
    """When given, a recipient elsewhere is refused."""
    smtp: Smtp | None = None
    folder: str = "outbox"
    """Where .eml files go when no SMTP server is configured (relative to the state folder)."""
    stale_after_days: int = 8
    alert: tuple[str, ...] = ()
    """Addresses told when a run fails or an edition is late."""


class Schedule(Model):
    enabled: bool = False
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday"] = "monday"
    at: time = time(8, 0)


Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
"""Red, green and blue in hexadecimal digits; nothing else reaches a style sheet."""


class Look(Model):
    """The company's own logo and colours. Colours of statuses are the same everywhere."""

    logo: str | None = None
    """A PNG, JPEG or SVG file in the workspace, such as look/logo.svg: on page 1 and the plan's cover."""
    logo_text: Text = {}
    """What the logo says, for who hears the page; the company's name when left out."""
    accent: Colour | None = None
    """Lines above titles, numbers of chapters, letters of SMART: at least 4.5:1 on white."""
    heading: Colour | None = None
    """Headlines and titles: at least 4.5:1 on white."""
    rule: Colour | None = None
    """Thick rules above headings and under the heads of tables: at least 3:1 on white."""


class Company(Model):
    """scorecards.yaml"""

    company: Text
    timezone: Annotated[str, AfterValidator(_known_zone)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    languages: tuple[Language, ...] = ("en",)
    cutoff: time = time(7, 0)
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    state: str = ".scorecards"
    output: str = "out"
    rates_max_age_days: Annotated[int, Field(ge=0)] = 31
    """Days after which a rate of rates.csv is too old to convert an amount with."""
    retention_days: int | None = None
    """Days that landed bytes are kept; None keeps them."""
    delivery: Delivery = Delivery()
    schedule: Schedule = Schedule()
    look: Look = Look()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Rate(Model):
    """A line of rates.csv: the company's currency for one unit of another, from a day on."""

    day: date
    currency: str
    rate: Decimal


# --- people and audiences ----------------------------------------------------------------------------


class TeamSpell(Model):
    team: Identifier
    since: date | None = None
    until: date | None = None


class Person(Model):
    id: Identifier
    name: Text
    role: Text = {}
    email: str | None = None
    teams: tuple[TeamSpell, ...] = ()
    aliases: tuple[str, ...] = ()
    """Names, addresses and ids that sources know this person by (compared without regard to case)."""
    hours_per_week: Decimal = Decimal(40)

    def team_on(self, day: date) -> str | None:
        """The team this person belonged to on a day."""
        for spell in self.teams:
            if (spell.since is None or spell.since <= day) and (spell.until is None or day <= spell.until):
                return spell.team
        return None


class Team(Model):
    id: Identifier
    name: Text
    lead: Identifier | None = None


class People(Model):
    """people.yaml"""

    teams: tuple[Team, ...] = ()
    people: tuple[Person, ...] = ()


class Recipient(Model):
    address: str
    name: str = ""


class Audience(Model):
    """One edition: who reads which goals in which language."""

    id: Identifier
    title: Text
    language: Language
    recipients: tuple[Recipient, ...] = ()
    teams: tuple[Identifier, ...] = ()
    """Only goals of these teams; empty means every goal."""
    goals: tuple[Identifier, ...] = ()
    """Only these goals; empty means every goal the teams allow."""


class Audiences(Model):
    """audiences.yaml"""

    audiences: tuple[Audience, ...] = ()


# --- sources -----------------------------------------------------------------------------------------


class FileFormat(Model):
    """How a file is written. Declared, never guessed."""

    kind: Literal["csv", "xlsx", "parquet", "json", "ndjson"] = "csv"
    """ndjson: one JSON record a line."""
    encoding: Literal["utf-8", "utf-16", "cp1251", "cp1252", "latin-1"] = "utf-8"
    """utf-8 takes a byte-order mark or none."""
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", " ", ",", "."] = ""
    """" " also covers no-break spaces."""
    date: str = "%Y-%m-%d"
    datetime: str = "%Y-%m-%d %H:%M"
    sheet: str | None = None
    skip_rows: int = 0
    """Physical lines before the header line."""
    until_blank: bool = False
    """The table ends at the first blank line (GanttProject writes a second table below it)."""
    final_newline: bool = True
    """False: the tool never ends the last row with a line end, so a missing one does not mean a cut file."""
    escape: Literal["", "\\"] = ""
    """What stands before a quote inside a quoted cell, where the tool does not double the quote."""
    records: str = ""
    """Of JSON: where the list of records lies, as keys joined by points (data, result.rows). Left out when
    the file is that list."""
    children: str = ""
    """Of JSON: the key under which a record holds further records of the same kind, read as records too."""


class MappedColumn(Model):
    """Where one canonical column comes from. Written short as `amount: Deal value`."""

    source: str | None = Field(default=None, alias="from")
    """Header in the export; left out for a constant."""
    value: str | None = None
    """A constant for every row."""
    date: str | None = None
    """Date format of this column when it differs from the source's."""
    equals: tuple[str, ...] | None = None
    """For true/false columns: the cell values that mean true."""
    false: tuple[str, ...] | None = None
    """For true/false columns: the values that mean false; without it every other value does."""
    map: dict[str, str] | None = None
    """Cell value -> canonical value; a key that ends in * matches a beginning. A value that is not listed is
    a reason for quarantine."""
    replace: dict[str, str] | None = None
    """Cell value -> canonical value; other values stay as they are."""
    scale: Decimal | None = None
    """Factor: 0.01 for cents."""
    unit: Literal["seconds", "minutes", "hours"] | None = None
    """For durations: what a plain number counts. Cells such as 2:30 or 2h 30m need none."""
    optional: bool = False
    """Blank cells are accepted."""
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _as_columns(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: {"from": item} if isinstance(item, str) else item for key, item in value.items()}
    return value


class Lookup(Model):
    """Columns taken from a second file, for example the region of a sales agent."""

    file: str
    on: str
    """Header in the export whose cell is looked up."""
    key: str | None = None
    """Header in the second file; the same name as `on` when left out."""
    take: dict[str, str]
    """New column -> header in the second file; new columns may be used under `columns` and as dimensions."""
    format: FileFormat | None = None
    """Of the second file; plain UTF-8 with commas (or a workbook, by its ending) when left out."""
    missing: Literal["quarantine", "keep"] = "quarantine"
    replace: dict[str, str] = {}
    """Spellings in the export that mean a key of the second file."""


class Exclude(Model):
    """Rows left out on purpose, and counted as such: total rows, test deals."""

    column: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    because: str = ""


class Sql(Model):
    """A query whose rows are the export. The database's address, with its password, stands in the environment
    or in the keyring; here stands only where."""

    url_env: VariableName | None = None
    """Name of the environment variable with the address, such as postgresql://user:password@host/base."""
    keyring: str | None = None
    """service/name of the entry in this machine's keyring that holds the address, instead of url_env."""
    query: str
    """One SELECT; it runs in a transaction that can only read."""
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 300


class Pull(Model):
    """How an export is fetched from its system's own interface. Secrets stand in the environment or in the
    keyring; here stands only where. Which of the keys a system takes is in docs/pulls.md."""

    token_env: VariableName | None = None
    """Name of the environment variable that holds the key; the key itself is never written."""
    keyring: str | None = None
    """service/name of the entry in this machine's keyring that holds the key, instead of token_env."""
    client_id_env: VariableName | None = None
    """Name of the environment variable with the application's id, where a system wants one."""
    client_secret_env: VariableName | None = None
    """Name of the environment variable with the application's secret."""
    since: date | None = None
    """First day wanted. HubSpot: fetch what was changed since then instead of everything."""
    properties: tuple[str, ...] = ()
    """Further properties of the system's records to fetch, for dimensions and own columns (HubSpot,
    Ortto)."""
    organization: str | None = None
    """Id of the organisation to ask about (Upwork)."""
    units_per_hour: Annotated[int, Field(ge=1)] | None = None
    """What the plan allows an hour (Mailshake)."""
    base_url: str | None = None
    """Address of the interface when it is not the usual one, such as that of a region."""


class Source(Model):
    """sources/*.yaml: one export."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
    title: Text = {}
    system: str
    """A system known by heart (docs/sources.md), or any name with `fact` and `columns`."""
    export: str = ""
    """Which export of the system, for example deals or contacts."""
    files: str | None = None
    """Pattern relative to the workspace; exports/<id>/* when left out."""
    format: FileFormat | None = None
    """Only what differs from the system's own format."""
    timezone: str | None = None
    """Zone of times without offset; the company's when left out."""
    delivers: Literal["full", "changes"] | None = None
    """full: a key missing from a newer file is gone. changes: it is not."""
    stale_after_days: int = 8
    """Days after which the newest export is too old. A source with `pull` or `sql` is too old, when this is
    left out, as soon as it was not fetched since the last day of the week that ended last."""
    sql: Sql | None = None
    """Ask a database for the rows instead of reading dropped files."""
    pull: Pull | None = None
    """Fetch the export from the system before each weekly run. Dropped files are read all the same."""
    fact: str | None = None
    columns: Annotated[dict[str, MappedColumn], BeforeValidator(_as_columns)] = {}
    aliases: dict[str, tuple[str, ...]] = {}
    """Canonical column -> further headers this company's export uses (vendor sources)."""
    dimensions: dict[str, str] = {}
    """Dimension -> header (or looked-up column) to break KPIs down by, beyond the built-in ones."""
    lookup: tuple[Lookup, ...] = ()
    exclude: tuple[Exclude, ...] = ()
    currency: str | None = None
    """Currency of amounts without one; the company's when left out."""
    allow_empty: bool = False
    verification: Text = {}
    """How these figures are verified (data-quality lines of the goal page)."""
    limitations: Text = {}
    owner: Identifier | None = None

    @property
    def must_see_whole_weeks(self) -> bool:
        """Whether it is stale once a week has ended that was not fetched to its last day."""
        return self.is_asked and "stale_after_days" not in self.model_fields_set

    @property
    def is_asked(self) -> bool:
        """Whether somebody has to ask for its rows: an interface or a database. Nobody drops them."""
        return self.pull is not None or self.sql is not None


# --- KPIs --------------------------------------------------------------------------------------------


class Condition(Model):
    """Rows of a fact that count. All conditions of a measure must hold."""

    column: str
    equals: tuple[str | bool | int | Decimal, ...] = ()
    not_equals: tuple[str | bool | int | Decimal, ...] = ()
    empty: bool | None = None


class Measure(Model):
    """A number per company day from one fact: what is added up, and on which date it counts."""

    fact: str
    aggregate: Literal["sum", "count"] = "count"
    column: str | None = None
    """What is summed; not for count."""
    date: str
    """The fact's date column that places a row in time."""
    where: tuple[Condition, ...] = ()
    negate: bool = False
    """Flip the sign: costs are negative in the ledger and positive in a cost KPI."""
    taken: Literal["flow", "opening", "closing"] = "flow"
    """flow: rows dated in the period. opening, closing: rows in force at the start or at the end of the
    period, from `date` until `until` (a stock such as customers at the start)."""
    until: str | None = None
    """The date column that ends a row's being in force (for opening and closing)."""
    by: str | None = None
    """A second date column that must have come by the day reported on: a deal counts in the week it was
    created in once it was closed."""
    followed_by: tuple[Condition, ...] = ()
    """A row counts once another row of the same deal (of the fact's first key column) meets these conditions:
    an entry into a stage counts when the deal ever entered a later one."""


KpiShape = Literal["sum", "ratio", "growth", "level"]
"""How days become a figure: added up; sum over sum; against the prior year's; or taken at a time (a stock, a
running total, an expression of several rates), which nothing may add up or average."""


@dataclass(frozen=True)
class Made:
    """What derived.py works out about a KPI: never written by a person."""

    shape: KpiShape
    tree: Node | None = None
    """Of a derived KPI: its expression."""
    above: Node | None = None
    below: Node | None = None
    """Of the shape ratio: the two expressions whose figures are divided."""
    operands: Mapping[str, Kpi] = field(default_factory=dict)
    """Of a derived KPI: what each name of the expression stands for."""
    units: tuple[Unit, Unit] = (Unit.NUMBER, Unit.NUMBER)
    """In what the figures above and below are, for printing them."""
    year_start: int = 1
    """Of a running total: the month the company's year begins with."""


class Kpi(Model):
    """kpis.yaml and the built-in catalogue."""

    id: Identifier
    name: Text
    unit: Unit
    direction: Direction
    kind: Literal["simple", "ratio", "growth", "derived", "cumulative"]
    """simple: sum of the numerator. ratio: sum of numerator over sum of denominator. growth: numerator over
    the same weeks of the prior year, minus 1. derived: an expression of other KPIs. cumulative: running total
    of the numerator."""
    numerator: Measure | None = None
    denominator: Measure | None = None
    expression: str | None = None
    """Of kind derived: arithmetic with ids of KPIs and names under `measures`, such as
    won / max(contacts, 1). Each name is its figure over the whole span; nothing averages percentages."""
    measures: dict[Identifier, Measure] = {}
    """Of kind derived: measures of this KPI's own, by the name the expression calls them."""
    since: Literal["quarter", "year", "all"] | None = None
    """Of kind cumulative: where the running total begins; year and quarter are those of the company."""
    complement: bool = False
    """Report 1 - ratio (retention as the complement of churn)."""
    grain: Literal["day", "month"] = "day"
    """The finest period at which this KPI exists."""
    dimensions: tuple[str, ...] = ()
    close_lag_days: int = 0
    """Days after a period's end until its figures are final; a period counts only then."""
    empty: Literal["zero", "missing"] = "zero"
    """What a period without rows means."""
    minimum_sample: int = 0
    """Denominator below which no rate is printed."""
    formula: Text
    """One sentence in plain words."""
    definition: Text = {}
    citation: str = ""

    _made: Made | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _parts(self) -> Kpi:
        if (self.kind == "ratio") != (self.denominator is not None):
            raise ValueError("a ratio needs a denominator, other kinds have none")
        if (self.kind == "derived") == (self.numerator is not None):
            raise ValueError("a numerator is what every kind but derived needs")
        if (self.kind == "derived") != (self.expression is not None):
            raise ValueError("an expression is what derived needs and no other kind has")
        if self.kind != "derived" and self.measures:
            raise ValueError("measures belong to derived")
        if (self.kind == "cumulative") != (self.since is not None):
            raise ValueError("since is what cumulative needs and no other kind has")
        return self

    @property
    def made(self) -> Made | None:
        """What follows from its operands, once derived.resolved has looked at it."""
        return self._made

    @property
    def shape(self) -> KpiShape:
        """How days become a figure of this KPI."""
        if self._made is not None:
            return self._made.shape
        if self.kind in ("derived", "cumulative"):
            return "level"
        if self.numerator is not None and self.numerator.taken != "flow":
            return "level"
        if self.denominator is not None and self.denominator.taken == "closing":
            return "level"
        return {"ratio": "ratio", "growth": "growth"}.get(self.kind, "sum")  # type: ignore[return-value]

    def with_made(self, made: Made, **changes: Any) -> Kpi:
        """The same KPI with what its operands say of it."""
        copy = self.model_copy(update=changes)
        copy._made = made
        return copy


class Kpis(Model):
    kpis: tuple[Kpi, ...] = ()


# --- goals -------------------------------------------------------------------------------------------


class Measured(Model):
    """Over what a level or maintain goal is measured."""

    over: Literal["trailing", "window", "last"] = "trailing"
    """trailing: pooled over the last n periods. window: pooled over the goal's window so far. last: the last
    closed period alone."""
    periods: Annotated[int, Field(ge=1, le=260)] = 13


class Milestone(Model):
    date: date
    value: Number
    label: Text = {}


class Initiative(Model):
    id: Identifier
    title: Text
    owner: Identifier | None = None
    start: date | None = None
    due: date | None = None
    cost: Decimal | None = None
    hours: Decimal | None = None
    expected_lift: Text = {}
    depends_on: tuple[Identifier, ...] = ()
    done: Annotated[int, Field(ge=0, le=100)] | None = None
    blocked_by: Text = {}


class Commitment(Model):
    """The team's own word on the target."""

    by: Identifier
    estimate: Number
    on: date
    note: Text = {}


class Override(Model):
    status: Literal["on_track", "watch", "at_risk", "off_track", "achieved", "missed"]
    by: Identifier
    reason: Text
    on: date | None = None
    """The day it was said; weeks that ended before print nothing of it. Left out: the goal's first day."""
    until: date


class TargetChange(Model):
    on: date
    by: Identifier
    reason: Text
    previous: Number
    """The target until then."""
    previous_due: date | None = None
    """The due date until then, when it was moved too."""


class DataQuality(Model):
    """The five lines every goal page prints about its data."""

    verification: Text = {}
    source: Text = {}
    accuracy: Text = {}
    limitations: Text = {}
    compensation: Text = {}


class Inside(Model):
    """How many periods of a maintain goal must stay inside the target, or of a recurring one reach it; all
    when left out."""

    at_least: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)]


class ForEach(Model):
    """One goal for each person, team or other value of a dimension."""

    dimension: str
    values: dict[str, Number | None] = {}
    """Value -> its own target (none: the goal's). Empty: every person of the goal's team, or every team."""


def as_for_each(value: object) -> object:
    """`owner`, or one key with the values: {region: [North, South]} or {owner: {ann: 120000, bob: 90000}}."""
    if isinstance(value, str):
        return {"dimension": value}
    if isinstance(value, Mapping) and len(value) == 1 and "dimension" not in value:
        dimension, values = next(iter(value.items()))
        if isinstance(values, (list, tuple)):
            values = {str(one): None for one in values}
        return {"dimension": dimension, "values": values}
    return value


class Goal(Model):
    """goals/*.yaml or goals/*.xlsx: one goal each, or a list under `goals:`."""

    id: Identifier
    title: Text
    owner: Identifier
    team: Identifier | None = None
    kpi: str
    segment: dict[str, str] = {}
    kind: Literal["cumulative", "level", "maintain"]
    measured: Measured | None = None
    period: Literal["week", "month"] | None = None
    """The period that opens and closes; the KPI's grain decides when left out (week for daily KPIs)."""
    baseline: Number | None = None
    target: Number
    """Absolute ("20 %", 1200000) or, when signed ("+25 %", "-5 pp"), relative to `relative_to`."""
    relative_to: Literal["baseline", "prior_period", "prior_year"] | None = None
    start: date
    due: date
    every: Literal["week", "month", "quarter"] | None = None
    """Recurring: the target holds anew in each week, month or quarter (three months from the start on)."""
    compounding: Literal["actual", "baseline"] | None = None
    """Of a recurring change against the baseline, what each following period's change is added to: the actual
    figure of the period before, or the baseline with all changes so far."""
    ambition: Literal["commit", "stretch"] = "commit"
    plan: Literal["linear", "seasonal", "milestones", "steps"] = "linear"
    """milestones: straight lines through the dated values. steps: each value holds until the next one."""
    milestones: tuple[Milestone, ...] = ()
    inside: Inside | None = None
    supports: Identifier | None = None
    parent: Identifier | None = None
    how: tuple[Initiative, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    override: Override | None = None
    target_changes: tuple[TargetChange, ...] = ()
    data_quality: DataQuality = DataQuality()
    note: Text = {}
    for_each: Annotated[
        ForEach | None,
        BeforeValidator(as_for_each),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": ["owner", "team"]},
                    {
                        "type": "object",
                        "minProperties": 1,
                        "maxProperties": 1,
                        "additionalProperties": {
                            "anyOf": [
                                {"type": "array", "items": {"type": ["string", "number"]}},
                                {
                                    "type": "object",
                                    "additionalProperties": {"type": ["string", "number", "null"]},
                                },
                            ]
                        },
                    },
                ]
            }
        ),
    ] = None
    """Makes one goal for each person (owner), team, or listed value of another dimension:
    {region: [North, South]}, or with a target each, {owner: {ann: 120000, bob: 90000}}."""


class Goals(Model):
    goals: tuple[Goal, ...]


# --- strategy, notes ---------------------------------------------------------------------------------


class Objective(Model):
    id: Identifier
    title: Text
    owner: Identifier | None = None
    why: Text = {}


class Swot(Model):
    strengths: tuple[Text, ...] = ()
    weaknesses: tuple[Text, ...] = ()
    opportunities: tuple[Text, ...] = ()
    threats: tuple[Text, ...] = ()


class BudgetLine(Model):
    title: Text
    amount: Decimal
    goal: Identifier | None = None


class OutsourcingActivity(Model):
    """An activity whose hours come from time tracking, compared with a freelance rate."""

    id: Identifier
    title: Text
    tasks: tuple[str, ...]
    """Names or tags of the time-tracking tasks that belong to it."""
    loaded_cost_per_hour: Decimal
    market_rate_per_hour: Decimal
    contracts: tuple[str, ...] = ()
    """Freelance contracts that already do this work, as the export names them."""
    keep_in_house: bool = False
    reason: Text = {}


class Automation(Model):
    tool: str
    feeds: tuple[str, ...] = ()
    """KPI ids."""
    removes: Text = {}
    hours_before: Decimal | None = None
    hours_after: Decimal | None = None


class RiskItem(Model):
    title: Text
    goal: Identifier | None = None
    kpi: str | None = None
    trigger: Text = {}
    response: Text = {}
    owner: Identifier | None = None


class Review(Model):
    title: Text
    every: Text
    who: tuple[Identifier, ...] = ()
    next: date | None = None


class Approval(Model):
    by: Identifier
    on: date | None = None


class Strategy(Model):
    """strategy.yaml: the authored part of the plan. Everything may be missing; the plan then says so."""

    title: Text = {}
    period_start: date | None = None
    period_end: date | None = None
    version: str = ""
    approvals: tuple[Approval, ...] = ()
    summary: Text = {}
    mission: Text = {}
    vision: Text = {}
    values: tuple[Text, ...] = ()
    swot: Swot = Swot()
    objectives: tuple[Objective, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    outsourcing: tuple[OutsourcingActivity, ...] = ()
    automation: tuple[Automation, ...] = ()
    risks: tuple[RiskItem, ...] = ()
    reviews: tuple[Review, ...] = ()
    owners: dict[str, Identifier] = {}
    """Section -> person who has still to write it."""


class Action(Model):
    text: Text
    owner: Identifier | None = None
    due: date | None = None
    done: bool | None = None


class Notes(Model):
    """notes/<week>.md: front matter with decisions and actions, then the owner's comment as text."""

    decisions: tuple[Action, ...] = ()
    actions: tuple[Action, ...] = ()
    comment: Text = {}


# --- the whole ---------------------------------------------------------------------------------------


class Workspace(Model):
    """Everything a workspace says, checked for shape and references. `root` is its folder."""

    root: Path
    company: Company
    people: People = People()
    audiences: tuple[Audience, ...] = ()
    sources: tuple[Source, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    """The company's own KPIs; the built-in catalogue is kpis/catalogue.py."""
    goals: tuple[Goal, ...] = ()
    strategy: Strategy = Strategy()
    rates: tuple[Rate, ...] = ()
    """rates.csv, by day; empty when there is none."""
    received: dict[str, str] = {}
    """exports/received.csv: file (relative to the workspace) -> instant it was received (ISO 8601)."""
    fingerprint: str = ""
    """sha256 over the workspace's own files (not exports, state or output)."""
    locations: dict[str, tuple[str, int, int]] = {}
    """"goal:churn-q4/target" and the like -> file, line, column, for messages from later checks."""
    warnings: tuple[Problem, ...] = ()
    """What is allowed but probably not meant."""
    logo: bytes | None = Field(default=None, exclude=True)
    """The file that `look.logo` names."""
    templates: dict[str, str] = Field(default={}, exclude=True)
    """templates/: name of a built-in template -> the text that replaces it."""

    @property
    def state_dir(self) -> Path:
        return self.root / self.company.state

    @property
    def output_dir(self) -> Path:
        return self.root / self.company.output

    def person(self, person_id: str | None) -> Person | None:
        return next((person for person in self.people.people if person.id == person_id), None)

    def person_name(self, person_id: str | None) -> dict[str, str]:
        person = self.person(person_id)
        return person.name if person else {"": person_id or ""}

    def goal(self, goal_id: str) -> Goal | None:
        return next((goal for goal in self.goals if goal.id == goal_id), None)

    def objective(self, objective_id: str | None) -> Objective | None:
        return next((one for one in self.strategy.objectives if one.id == objective_id), None)

    def location(self, key: str) -> dict[str, Any]:
        """file/line/column (and sheet) of a key for a Problem; empty when unknown."""
        found = self.locations.get(key)
        if not found:
            return {}
        file, mark, sheet = found[0].partition(".xlsx#")
        place = {"file": file + ".xlsx" if mark else file, "line": found[1], "column": found[2]}
        return {**place, "sheet": sheet} if mark else place
