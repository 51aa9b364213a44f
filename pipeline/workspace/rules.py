"""What must agree inside a workspace, and needs no data to be seen. One short function a rule.

Here: references, duplicates, windows, targets, units, cycles, recipients, unsafe names. Not here: the
shape of a single value (shape.py), anything that looks at exports (goals/smart.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from email.errors import HeaderParseError
from email.headerregistry import Address
from pathlib import PurePath
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pipeline.errors import Problem, nearest, shown
from pipeline.units import Direction, Unit
from pipeline.workspace.derived import base_kpis
from pipeline.workspace.draft import Draft, Entry, PullKeys
from pipeline.workspace.model import Goal, Initiative, Kpi, Pull, Quantity, Source
from pipeline.workspace.recurring import RECURRING_RULES
from pipeline.workspace.shape import unknown_zone

Rule = Callable[[Draft], Iterator[Problem]]

EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
HEADER_LIMIT = 200
"""Characters of a text that becomes part of a mail header."""

_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))]
)
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD
    XCG XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - a list of words reads better than 150 quoted ones
)


def broken_rules(draft: Draft) -> list[Problem]:
    """Everything the rules below find, in their order."""
    return [problem for rule in RULES for problem in rule(draft)]


# --- references ------------------------------------------------------------------------------------------

# kind of entry -> (where a name is written, what kind of thing it names)
REFERENCES: dict[str, tuple[tuple[str, str], ...]] = {
    "goal": (
        ("owner", "person"),
        ("team", "team"),
        ("kpi", "kpi"),
        ("supports", "objective"),
        ("parent", "goal"),
        ("how.*.owner", "person"),
        ("commitments.*.by", "person"),
        ("override.by", "person"),
        ("target_changes.*.by", "person"),
    ),
    "source": (("owner", "person"),),
    "person": (("teams.*.team", "team"),),
    "team": (("lead", "person"),),
    "audience": (("teams.*", "team"), ("goals.*", "goal")),
    "strategy": (
        ("approvals.*.by", "person"),
        ("objectives.*.owner", "person"),
        ("budget.*.goal", "goal"),
        ("risks.*.goal", "goal"),
        ("risks.*.kpi", "kpi"),
        ("risks.*.owner", "person"),
        ("reviews.*.who.*", "person"),
        ("automation.*.feeds.*", "kpi"),
        ("owners.*", "person"),
    ),
    "notes": (("decisions.*.owner", "person"), ("actions.*.owner", "person")),
}

_NAMED = {
    "person": "There is no person {name} in people.yaml.",
    "team": "There is no team {name} in people.yaml.",
    "kpi": "There is no KPI {name}, neither built in nor in kpis.yaml.",
    "objective": "There is no objective {name} in strategy.yaml.",
    "goal": "There is no goal {name}.",
    "initiative": "There is no initiative {name} under `how` of any goal.",
}


def broken_references(draft: Draft) -> list[Problem]:
    """Names of things that do not exist, also in entries that are wrong otherwise."""
    known: dict[str, list[str]] = {kind: draft.ids(kind) for kind in _NAMED}
    known["kpi"] += list(draft.catalogue)
    known["initiative"] = [str(one) for entry in draft.of("goal") for _, one in entry.found("how.*.id")]
    found: list[Problem] = []
    for entry in draft.entries:
        patterns = REFERENCES.get(entry.kind, ())
        if entry.kind == "goal":
            patterns = (*patterns, ("how.*.depends_on.*", "initiative"))
        for pattern, kind in patterns:
            if kind == "kpi" and not draft.catalogue:
                continue
            for keys, name in entry.found(pattern):
                if isinstance(name, (str, int)) and str(name) not in known[kind]:
                    found.append(unknown_name(entry, keys, str(name), _NAMED[kind], known[kind]))
    return found


def unknown_name(
    entry: Entry, keys: tuple[str | int, ...], name: str, message: str, known: Iterable[str]
) -> Problem:
    """E-REFERENCE with the nearest name, or the names there are."""
    choices = sorted(set(known))
    near = nearest(name, choices)
    remedy = (
        "Did you mean {near}?" if near else "Known names: {choices}." if choices else "Add it there first."
    )
    return entry.problem(
        "E-REFERENCE",
        message,
        remedy,
        at=keys,
        value=name,
        name=f"“{shown(name)}”",
        near=near or "",
        choices=_some(choices),
    )


def _some(choices: list[str], limit: int = 12) -> str:
    return ", ".join(choices[:limit]) + (", …" if len(choices) > limit else "")


def source_systems(draft: Draft) -> Iterator[Problem]:
    """A source is an export we know, or says itself which fact it gives and from which columns."""
    if draft.systems is None:
        return
    for entry, source in draft.sources:
        exports = draft.systems.get(source.system)
        if (source.fact and source.columns) or is_pulled(draft, source):
            continue
        if exports is None:
            yield unknown_name(
                entry,
                ("system",),
                source.system,
                "The system {name} is not built in, and the source has no `fact` and `columns` of its own.",
                draft.systems,
            )
        elif source.export not in exports:
            message = (
                "The system has no export {name}."
                if source.export
                else "`export` must say which export this is."
            )
            yield unknown_name(entry, ("export",), source.export, message, exports)


_READS = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL)


def queries(draft: Draft) -> Iterator[Problem]:
    """A query is one statement that reads, and the database's address is in one known place."""
    for entry, source in draft.sources:
        sql = source.sql
        if sql is None:
            continue
        if (sql.url_env is None) == (sql.keyring is None):
            yield entry.problem(
                "E-SECRET",
                "`sql` must say where the database's address is: url_env or keyring, and only one of them.",
                "Write url_env: and the name of an environment variable.",
                at=("sql",),
            )
        if not _READS.match(sql.query) or ";" in sql.query.rstrip().rstrip(";"):
            yield entry.problem(
                "E-SQL",
                "The query must be one statement that reads, beginning with SELECT or WITH.",
                "Write one SELECT; put several steps into WITH.",
                at=("sql", "query"),
                value=sql.query.split("\n")[0],
            )
        if source.files is not None:
            yield entry.problem(
                "E-SQL",
                "A source takes its rows from a query or from files, not from both.",
                "Remove `files`, or describe the files as a source of their own.",
                at=("files",),
            )
        if source.pull is not None:
            yield entry.problem(
                "E-SQL",
                "A source takes its rows from a query or from an interface, not from both.",
                "Remove `pull`, or describe what it fetches as a source of its own.",
                at=("pull",),
            )


def is_pulled(draft: Draft, source: Source) -> bool:
    """Whether the source is fetched from an interface that is known, which says itself what it gives."""
    return source.pull is not None and (source.system, source.export) in (draft.pulls or {})


def pulls(draft: Draft) -> Iterator[Problem]:
    """A pull is one we know, has what it needs, names one place for its key and asks in private."""
    for entry, source in draft.sources:
        if source.pull is None:
            continue
        keys = None if draft.pulls is None else draft.pulls.get((source.system, source.export))
        if draft.pulls is not None and keys is None:
            yield _no_such_pull(entry, source, draft.pulls)
        if (source.pull.token_env is None) == (source.pull.keyring is None):
            yield entry.problem(
                "E-SECRET",
                "`pull` must say where its key is: in the environment (token_env) or in the keyring "
                "(keyring), and only in one of them.",
                "Write token_env: and the name of an environment variable.",
                at=("pull",),
            )
        if keys is not None:
            yield from _pull_keys(entry, source.pull, keys)
            yield from _pull_delivers(entry, source, keys)
        yield from _pull_address(entry, source.pull)


def _no_such_pull(entry: Entry, source: Source, known: Iterable[tuple[str, str]]) -> Problem:
    choices = [f"{system} {export}" for system, export in known]
    return entry.problem(
        "E-PULL",
        "{name} cannot be fetched; it comes as files only.",
        "Remove `pull`, or correct system and export. These can be fetched: {choices}.",
        at=("pull",),
        name=f"“{shown(source.system)} {shown(source.export)}”".replace(" ”", "”"),
        choices=_some(sorted(choices)),
    )


def _pull_keys(entry: Entry, pull: Pull, keys: PullKeys) -> Iterator[Problem]:
    written = pull.model_fields_set & {name for name in Pull.model_fields if getattr(pull, name)}
    for name in sorted(keys.needs - written):
        yield entry.problem(
            "E-MISSING",
            "The key {key} is missing.",
            "Add a line with {key} and a colon.",
            at=("pull",),
            key=f"pull: {name}",
        )
    for name in sorted(written - keys.takes):
        yield entry.problem(
            "E-PULL",
            "{key} means nothing to this pull.",
            "Remove it. Keys of this pull: {choices}.",
            at=("pull", name),
            key=name,
            choices=", ".join(sorted(keys.takes)),
        )


def _pull_delivers(entry: Entry, source: Source, keys: PullKeys) -> Iterator[Problem]:
    """Taken for everything there is, a pull of changes would end every key that did not change."""
    since = source.pull is not None and source.pull.since is not None
    if source.delivers == "full" and (since or not keys.full):
        yield entry.problem(
            "E-PULL",
            "delivers: full is wrong here: this pull fetches changes, and what did not change is not gone.",
            "Remove delivers.",
            at=("delivers",),
        )


def _pull_address(entry: Entry, pull: Pull) -> Iterator[Problem]:
    """A key must not travel in the clear; this machine itself is the exception."""
    if pull.base_url is None:
        return
    if not _is_private(pull.base_url):
        yield entry.problem(
            "E-PULL",
            "base_url is not an address that a key may be sent to.",
            "Write it as https://host/path, without user name, password or query.",
            at=("pull", "base_url"),
        )


def _is_private(address: str) -> bool:
    try:
        parts = urlsplit(address)
        more = parts.username or parts.password or parts.query or parts.fragment
        port = parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
    return safe and bool(parts.hostname) and not more and port != 0


def duplicate_ids(draft: Draft) -> Iterator[Problem]:
    """Two things of one kind with one id; both places are named."""
    for kind in ("goal", "source", "kpi", "person", "team", "audience", "objective"):
        first: dict[str, Entry] = {}
        for entry in draft.of(kind):
            name = (entry.id or "").casefold()
            if name and name in first:
                yield _duplicate(entry, ("id",), first[name].place("id"))
            elif name:
                first[name] = entry
    for entry in draft.of("goal"):
        seen: dict[str, tuple[str | int, ...]] = {}
        for keys, name in entry.found("how.*.id"):
            if str(name) in seen:
                yield _duplicate(entry, keys, entry.place(*seen[str(name)]))
            seen.setdefault(str(name), keys)


def _duplicate(entry: Entry, keys: tuple[str | int, ...], first: Mapping[str, object]) -> Problem:
    name = str(entry.raw["how"][keys[1]]["id"]) if len(keys) > 1 else entry.id
    return entry.problem(
        "E-DUPLICATE",
        "The id {name} is already used in {file}, line {line}.",
        "Give each its own id.",
        at=keys,
        value=name,
        name=name,
        file=first["file"],
        line=first["line"],
    )


def own_kpi_replaces_built_in(draft: Draft) -> Iterator[Problem]:
    """Allowed, since a company may define churn its own way, but it should be meant."""
    for entry, kpi in draft.own_kpis:
        if kpi.id in draft.catalogue:
            yield entry.problem(
                "E-DUPLICATE",
                "The company's own {name} takes the place of the built-in KPI.",
                "Choose another id if that is not meant.",
                at=("id",),
                value=kpi.id,
                severity="warning",
                name=kpi.id,
            )


def aliases_of_two(draft: Draft) -> Iterator[Problem]:
    """A name by which two people are known would give one person's figures to the other."""
    first: dict[str, Entry] = {}
    for entry in draft.of("person"):
        for pattern in ("aliases.*", "email"):
            for keys, alias in entry.found(pattern):
                owner = first.setdefault(str(alias).strip().casefold(), entry)
                if owner is not entry:
                    yield entry.problem(
                        "E-DUPLICATE",
                        "{alias} already stands for {other}.",
                        "One name can stand for one person only.",
                        at=keys,
                        value=alias,
                        alias=shown(alias),
                        other=owner.id,
                    )


def unsafe_ids(draft: Draft) -> Iterator[Problem]:
    """Ids become file names; some words cannot be a file's name everywhere."""
    for entry in draft.entries:
        if entry.id and entry.id.casefold() in _RESERVED:
            yield entry.problem(
                "E-ID",
                "{name} cannot be an id: some systems do not allow files of that name.",
                "Choose another id.",
                at=("id",),
                value=entry.id,
                name=entry.id,
            )


# --- windows and targets ---------------------------------------------------------------------------------


def windows(draft: Draft) -> Iterator[Problem]:
    for entry, goal in draft.goals:
        if goal.due < goal.start:
            yield entry.problem(
                "E-WINDOW",
                "Goal {entry} is due on {due}, before its start on {start}.",
                "Exchange or correct the dates.",
                at=("due",),
                value=goal.due,
                due=goal.due.isoformat(),
                start=goal.start.isoformat(),
            )
        for index, one in enumerate(goal.how):
            if one.start and one.due and one.due < one.start:
                yield entry.problem(
                    "E-WINDOW",
                    "Initiative {name} is due on {due}, before its start on {start}.",
                    "Exchange or correct the dates.",
                    at=("how", index, "due"),
                    value=one.due,
                    name=one.id,
                    due=one.due.isoformat(),
                    start=one.start.isoformat(),
                )
    strategy = draft.strategy
    if strategy.period_start and strategy.period_end and strategy.period_end < strategy.period_start:
        yield draft.of("strategy")[0].problem(
            "E-WINDOW",
            "The plan's period ends before it starts.",
            "Exchange or correct the dates.",
            at=("period_end",),
        )


def dates_of_this_age(draft: Draft) -> Iterator[Problem]:
    """A bare number where a date belongs is read as seconds since 1970; nobody means that."""
    for entry, goal in draft.goals:
        for key, day in (("start", goal.start), ("due", goal.due)):
            if not EARLIEST <= day <= LATEST:
                yield entry.problem(
                    "E-VALUE",
                    "{key} of goal {entry} is the {day}, which cannot be meant.",
                    "Write a date such as 2026-10-01.",
                    at=(key,),
                    value=day,
                    key=key,
                    day=day.isoformat(),
                )


def clock_times(draft: Draft) -> Iterator[Problem]:
    """`cutoff: 7` would be seven seconds past midnight."""
    for entry in draft.of("company"):
        for pattern in ("cutoff", "schedule.at"):
            for keys, value in entry.found(pattern):
                if not isinstance(value, str) or ":" not in value:
                    yield _not_a_time(entry, keys, value)


def _not_a_time(entry: Entry, keys: tuple[str | int, ...], value: object) -> Problem:
    place = entry.place(*keys)
    return Problem(
        "E-VALUE",
        "{key} cannot be {value}.",
        value=shown(value),
        expected="a time such as 08:30",
        params={"key": keys[-1], "value": f"“{shown(value)}”"},
        **place,
    )


def milestones(draft: Draft) -> Iterator[Problem]:
    for entry, goal in draft.goals:
        for index, milestone in enumerate(goal.milestones):
            if not goal.start <= milestone.date <= goal.due:
                yield entry.problem(
                    "E-WINDOW",
                    "The milestone of {day} lies outside the goal's time, {start} to {due}.",
                    "Move the milestone or the goal's dates.",
                    at=("milestones", index, "date"),
                    value=milestone.date,
                    day=milestone.date.isoformat(),
                    start=goal.start.isoformat(),
                    due=goal.due.isoformat(),
                )
        if goal.plan in ("milestones", "steps") and not goal.milestones:
            yield entry.problem(
                "E-MISSING",
                "Goal {entry} plans by milestones but has none.",
                "Add `milestones`, or use plan: linear.",
                at=("plan",),
            )


def relative_targets(draft: Draft) -> Iterator[Problem]:
    """A signed target is a change; a change needs to say from what, and in which way."""
    for entry, goal in draft.goals:
        if list(_left_empty(entry)):
            continue
        if goal.target.signed and goal.relative_to is None and not _plain_negative(goal.target):
            yield entry.problem(
                "E-TARGET",
                "The target {target} is a change, but `relative_to` does not say from what.",
                "Add relative_to: baseline, prior_period or prior_year, or write the target without a sign.",
                at=("target",),
                target=written(goal.target),
            )
        elif goal.relative_to and not goal.target.signed:
            yield entry.problem(
                "E-TARGET",
                "The target {target} has no sign, but `relative_to` makes it a change.",
                "Write the sign, such as +25 %, or remove relative_to.",
                at=("target",),
                target=written(goal.target),
            )
        if goal.relative_to == "baseline" and goal.baseline is None:
            yield entry.problem(
                "E-TARGET",
                "The target is relative to the baseline, but the goal has none.",
                "Add `baseline`.",
                at=("relative_to",),
            )


def undecided_changes(draft: Draft) -> Iterator[Problem]:
    """An empty key counts as not written, but not these, which a change needs."""
    for entry in draft.of("goal"):
        for key in _left_empty(entry):
            yield Problem(
                "E-MISSING",
                "{key} is empty.",
                "Write its value after the colon.",
                params={"key": key},
                **entry.place(key, of="key"),
            )


def _left_empty(entry: Entry) -> Iterator[str]:
    """Keys of a goal about the base of a change that are written without a value."""
    raw = entry.raw if isinstance(entry.raw, Mapping) else {}
    target = raw.get("target")
    if "relative_to" in raw and raw["relative_to"] is None and (target is None or str(target)[:1] in "+-"):
        yield "relative_to"
    if "baseline" in raw and raw["baseline"] is None and raw.get("relative_to") == "baseline":
        yield "baseline"


def _plain_negative(quantity: Quantity) -> bool:
    """-50000 without a mark may simply be a negative amount, such as a loss."""
    return quantity.amount < 0 and quantity.mark == ""


def target_against_baseline(draft: Draft) -> Iterator[Problem]:
    """A level goal moves from the baseline to the target, the way that is better for its KPI."""
    for entry, goal in draft.goals:
        kpi = draft.kpis.get(goal.kpi)
        target = _absolute_target(goal)
        if goal.kind != "level" or goal.baseline is None or target is None:
            continue
        if target == goal.baseline.amount:
            if goal.every is None:
                yield _to_keep(entry, goal.baseline)
        elif kpi and (target - goal.baseline.amount) * kpi.direction.sign < 0:
            yield _wrong_way(entry, goal, kpi)


def _to_keep(entry: Entry, baseline: Quantity) -> Problem:
    return entry.problem(
        "E-TARGET",
        "Target and baseline of goal {entry} are both {target}: it is judged as a goal to keep.",
        "If that is meant, write kind: maintain.",
        at=("target",),
        severity="warning",
        target=written(baseline),
    )


def _absolute_target(goal: Goal) -> Decimal | None:
    """The level goal's target as a value, when it can be known without data."""
    if goal.relative_to is None:
        same_unit = goal.baseline is not None and goal.baseline.mark == goal.target.mark
        return goal.target.amount if same_unit else None
    if goal.relative_to != "baseline" or goal.baseline is None or not goal.target.signed:
        return None
    if goal.target.mark == "%":
        return goal.baseline.amount * (1 + goal.target.amount)
    return goal.baseline.amount + goal.target.amount


def _wrong_way(entry: Entry, goal: Goal, kpi: Kpi) -> Problem:
    message = (
        "The target {target} is below the baseline {baseline}, but more is better for {kpi}."
        if kpi.direction is Direction.UP
        else "The target {target} is above the baseline {baseline}, but less is better for {kpi}."
    )
    return entry.problem(
        "E-TARGET",
        message,
        "Exchange or correct the two numbers.",
        at=("target",),
        target=written(goal.target),
        baseline=written(goal.baseline) if goal.baseline else "",
        kpi=kpi.id,
    )


def relative_direction(draft: Draft) -> Iterator[Problem]:
    """-10 % against last year cannot be a goal for a KPI of which more is better."""
    for entry, goal in draft.goals:
        kpi = draft.kpis.get(goal.kpi)
        if kpi is None or goal.kind == "maintain" or not goal.target.signed or not _needs_direction(goal):
            continue
        if goal.target.amount * kpi.direction.sign <= 0:
            message = (
                "The target {target} asks for less, but more is better for {kpi}."
                if kpi.direction is Direction.UP
                else "The target {target} asks for more, but less is better for {kpi}."
            )
            yield entry.problem(
                "E-TARGET",
                message,
                "Correct the sign.",
                at=("target",),
                target=written(goal.target),
                kpi=kpi.id,
            )


def _needs_direction(goal: Goal) -> bool:
    """Changes that no declared level is compared with (target_against_baseline). A sum may be meant to stay
    below an earlier one, but not a sum of which more is better."""
    return goal.relative_to in ("prior_year", "prior_period") or (
        goal.relative_to == "baseline" and goal.kind == "cumulative"
    )


def units(draft: Draft) -> Iterator[Problem]:
    """A share is written with its percent mark, an amount or a count without."""
    for entry, goal in draft.goals:
        kpi = draft.kpis.get(goal.kpi)
        if kpi is None:
            continue
        for keys, quantity, relative in _quantities(goal):
            problem = _unit_problem(entry, keys, quantity, kpi, relative)
            if problem:
                yield problem


def _quantities(goal: Goal) -> Iterator[tuple[tuple[str | int, ...], Quantity, bool]]:
    """(keys, number, whether it is a change) of every number in the KPI's unit."""
    yield ("target",), goal.target, goal.relative_to is not None
    if goal.baseline is not None:
        yield ("baseline",), goal.baseline, False
    for index, milestone in enumerate(goal.milestones):
        yield ("milestones", index, "value"), milestone.value, False
    for index, commitment in enumerate(goal.commitments):
        yield ("commitments", index, "estimate"), commitment.estimate, False
    for index, change in enumerate(goal.target_changes):
        yield ("target_changes", index, "previous"), change.previous, goal.relative_to is not None


def _unit_problem(
    entry: Entry, keys: tuple[str | int, ...], quantity: Quantity, kpi: Kpi, relative: bool
) -> Problem | None:
    key = next(str(step) for step in reversed(keys) if isinstance(step, str))
    if kpi.unit is Unit.PERCENT:
        if quantity.mark == "%" or (quantity.mark == "pp" and relative):
            return None
        message = "{key} is {number}, but {kpi} is a percentage."
        remedy = "Write it with a percent mark, such as 45 %."
    else:
        if quantity.mark == "" or (quantity.mark == "%" and relative):
            return None
        message, remedy = "{key} is {number}, but {kpi} is not a percentage.", "Write the plain number."
    return entry.problem("E-UNIT", message, remedy, at=keys, key=key, number=written(quantity), kpi=kpi.id)


def written(quantity: Quantity) -> str:
    """A number the way its author wrote it: "45 %", "+25 %", "1200000"."""
    amount = quantity.amount * 100 if quantity.mark else quantity.amount
    text = format(amount.normalize() if amount else Decimal(0), "f")
    sign = "+" if quantity.signed and amount > 0 else ""
    return f"{sign}{text}{' ' + quantity.mark if quantity.mark else ''}"


# --- kinds, periods, segments ----------------------------------------------------------------------------


def kind_fits_kpi(draft: Draft) -> Iterator[Problem]:
    for entry, goal in draft.goals:
        kpi = draft.kpis.get(goal.kpi)
        if kpi and goal.kind == "cumulative" and kpi.shape != "sum":
            is_stock = kpi.shape == "level" and kpi.kind != "derived"
            yield entry.problem(
                "E-KIND",
                "A cumulative goal adds periods up, but the KPI {kpi} is a stock or a running total already."
                if is_stock
                else "A cumulative goal adds periods up, but the rate {kpi} cannot be added up.",
                "Write kind: level.",
                at=("kind",),
                kpi=kpi.id,
            )


def kind_fits_keys(draft: Draft) -> Iterator[Problem]:
    """`inside` is for maintain goals, `measured` is not for cumulative ones."""
    for entry, goal in draft.goals:
        if goal.inside and goal.kind != "maintain" and goal.every is None:
            yield entry.problem(
                "E-KIND",
                "`inside` belongs to maintain and recurring goals only.",
                "Remove it, or write kind: maintain or `every`.",
                at=("inside",),
            )
        if goal.inside and goal.inside.at_least > goal.inside.of:
            yield entry.problem(
                "E-VALUE",
                "At least {at_least} of {of} periods can never be inside.",
                "at_least can be {of} at most.",
                at=("inside", "at_least"),
                at_least=goal.inside.at_least,
                of=goal.inside.of,
            )
        if goal.measured and goal.kind == "cumulative":
            yield entry.problem(
                "E-KIND",
                "A cumulative goal is always measured over its own time.",
                "Remove `measured`.",
                at=("measured",),
            )


def period_fits_grain(draft: Draft) -> Iterator[Problem]:
    for entry, goal in draft.goals:
        kpi = draft.kpis.get(goal.kpi)
        if kpi and kpi.grain == "month" and goal.period == "week":
            yield entry.problem(
                "E-PERIOD",
                "Goal {entry} reports by week, but {kpi} exists by month only.",
                "Write period: month.",
                at=("period",),
                kpi=kpi.id,
            )


def segment_dimensions(draft: Draft) -> Iterator[Problem]:
    """A segment can use the KPI's dimensions and those that sources of its fact declare."""
    for entry, goal in draft.goals:
        kpi = draft.kpis.get(goal.kpi)
        if kpi is None:
            continue
        allowed = [*kpi.dimensions, *_own_dimensions(kpi, draft)]
        for dimension in goal.segment:
            if dimension not in allowed:
                problem = unknown_name(
                    entry,
                    ("segment", dimension),
                    dimension,
                    "The KPI {kpi} cannot be broken down by {name}.",
                    allowed,
                )
                problem.params["kpi"] = kpi.id
                yield problem


def _own_dimensions(kpi: Kpi, draft: Draft) -> list[str]:
    """Dimensions that sources declare for the KPI's rows; of a derived KPI those all operands have."""
    each = []
    for one in base_kpis((kpi,)):
        fact = one.numerator.fact if one.numerator else None
        declared = [
            key for _, source in draft.sources if source.fact in (None, fact) for key in source.dimensions
        ]
        each.append([*declared, *(one.dimensions if kpi.kind == "derived" else ())])
    return [key for key in dict.fromkeys(each[0]) if all(key in other for other in each)] if each else []


def derived_kpis(draft: Draft) -> Iterator[Problem]:
    """Expressions that cannot be read, or that name what is not there."""
    places = {kpi.id: entry for entry, kpi in draft.own_kpis}
    for name, key, problem in draft.resolved_kpis.problems if draft.catalogue else ():
        yield replace(problem, **places[name].place(key))


# --- cycles ----------------------------------------------------------------------------------------------


def cycles(draft: Draft) -> Iterator[Problem]:
    """No goal is its own ancestor, no initiative waits for itself."""
    parents = {goal.id: [goal.parent] if goal.parent else [] for _, goal in draft.goals}
    entries = {goal.id: entry for entry, goal in draft.goals}
    for ring in rings(parents):
        yield entries[ring[0]].problem(
            "E-CYCLE",
            "Goals are each other's parent in a ring: {ring}.",
            "Remove one `parent`.",
            at=("parent",),
            ring=" → ".join([*ring, ring[0]]),
        )
    waits: dict[str, list[str]] = {}
    where: dict[str, tuple[Entry, int]] = {}
    for entry, goal in draft.goals:
        local = {one.id: f"{goal.id}/{one.id}" for one in goal.how}
        for index, one in enumerate(goal.how):
            waits[local[one.id]] = [_initiative(name, local, draft) for name in one.depends_on]
            where[local[one.id]] = (entry, index)
    for ring in rings(waits):
        entry, index = where[ring[0]]
        yield entry.problem(
            "E-CYCLE",
            "Initiatives wait for each other in a ring: {ring}.",
            "Remove one `depends_on`.",
            at=("how", index, "depends_on"),
            ring=" → ".join(name.rpartition("/")[2] for name in [*ring, ring[0]]),
        )


def _initiative(name: str, local: Mapping[str, str], draft: Draft) -> str:
    """The initiative meant by a name: of the same goal first, else of another."""
    if name in local:
        return local[name]
    found: Iterator[tuple[Goal, Initiative]] = ((goal, one) for _, goal in draft.goals for one in goal.how)
    return next((f"{goal.id}/{one.id}" for goal, one in found if one.id == name), name)


def rings(edges: Mapping[str, list[str]]) -> list[list[str]]:
    """Each ring of a directed graph once, beginning with its first name in the graph's own order."""
    order = {name: index for index, name in enumerate(edges)}
    done: set[str] = set()
    found: list[list[str]] = []
    for start in edges:
        path: list[str] = []
        stack: list[tuple[str, int]] = [(start, 0)]
        while stack:
            node, depth = stack.pop()
            del path[depth:]
            if node in path:
                ring = path[path.index(node) :]
                first = min(range(len(ring)), key=lambda i: order[ring[i]])
                found.append(ring[first:] + ring[:first])
            elif node in edges and node not in done:
                path.append(node)
                stack += [(following, depth + 1) for following in reversed(edges[node])]
        done |= _reached(start, edges)
    return found


def _reached(start: str, edges: Mapping[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    stack = [start]
    while stack:
        node = stack.pop()
        if node in edges and node not in seen:
            seen.add(node)
            stack += edges[node]
    return seen


# --- company, sources ------------------------------------------------------------------------------------


def currencies(draft: Draft) -> Iterator[Problem]:
    places: list[tuple[Entry, str]] = []
    for entry in draft.of("company"):
        places += [(entry, str(value)) for _, value in entry.found("currency")]
    places += [(entry, source.currency) for entry, source in draft.sources if source.currency]
    for entry, code in places:
        if len(code) == 3 and code.isupper() and code not in CURRENCIES:
            near = {"RUR": "RUB", "BYR": "BYN", "HRK": "EUR"}.get(code) or nearest(code, CURRENCIES)
            yield entry.problem(
                "E-CURRENCY",
                "{currency} is not a currency of today (ISO 4217).",
                "Did you mean {near}?" if near else "",
                at=("currency",),
                value=code,
                currency=code,
                near=near or "",
            )


def zones(draft: Draft) -> Iterator[Problem]:
    for entry, source in draft.sources:
        if source.timezone and source.timezone not in available_timezones():
            yield unknown_zone(source.timezone, entry.place("timezone"))


def paths_inside(draft: Draft) -> Iterator[Problem]:
    """Exports are read from inside the workspace, documents written there; no name leads out of it."""
    for entry, source in draft.sources:
        named = [(("files",), source.files)] if source.files else []
        named += [(("lookup", index, "file"), one.file) for index, one in enumerate(source.lookup)]  # type: ignore[misc]
        for keys, name in named:
            if leads_out(str(name)):
                yield entry.problem(
                    "E-PATH",
                    "{name} leads out of the workspace.",
                    "Put the file into the folder exports and name it there.",
                    at=keys,
                    value=name,
                    name=shown(name),
                )
    for entry in draft.of("company"):
        company = draft.company
        for key, name in (("output", company.output), ("state", company.state)) if company else ():
            if ".." in PurePath(name).parts or name.strip() in ("", "."):
                yield entry.problem(
                    "E-PATH",
                    "{name} leads out of the workspace.",
                    "Name a folder inside it, such as out.",
                    at=(key,),
                    value=name,
                    name=shown(name),
                )
            elif (draft.root / name).is_symlink():
                yield entry.problem(
                    "E-PATH",
                    "The folder {name} is a link to another place.",
                    "Replace the link by a folder.",
                    at=(key,),
                    value=name,
                    name=shown(name),
                )


def leads_out(name: str) -> bool:
    """Whether a path or pattern a person wrote is absolute or climbs out of the workspace."""
    parts = PurePath(name.replace("\\", "/")).parts
    return ".." in parts or name.startswith(("/", "\\", "~")) or (len(name) > 1 and name[1] == ":")


def missing_lookup_files(draft: Draft) -> Iterator[Problem]:
    for entry, source in draft.sources:
        for index, one in enumerate(source.lookup):
            if not leads_out(one.file) and not (draft.root / one.file).is_file():
                yield entry.problem(
                    "E-REFERENCE",
                    "The second file {name} is not there.",
                    "Put it there, or correct the name.",
                    at=("lookup", index, "file"),
                    value=one.file,
                    name=shown(one.file),
                )


# --- recipients ------------------------------------------------------------------------------------------


def recipients(draft: Draft) -> Iterator[Problem]:
    """Each entry is exactly one address, allowed, and written once in an audience."""
    allowed = (
        [one.casefold().lstrip("@") for one in draft.company.delivery.allowed_domains]
        if draft.company
        else []
    )
    for entry in draft.of("audience"):
        first: dict[str, int] = {}
        for keys, address in entry.found("recipients.*.address"):
            problem = address_problem(entry, keys, str(address), allowed)
            if problem:
                yield problem
                continue
            folded = str(address).strip().casefold()
            if folded in first:
                yield entry.problem(
                    "E-RECIPIENT",
                    "{address} is listed twice; it gets one message.",
                    "Remove one of the two lines.",
                    at=keys,
                    value=address,
                    severity="warning",
                    address=shown(address),
                )
            first.setdefault(folded, 1)


def alert_addresses(draft: Draft) -> Iterator[Problem]:
    for entry in draft.of("company"):
        for keys, address in entry.found("delivery.alert.*"):
            problem = address_problem(entry, keys, str(address), [])
            if problem:
                yield problem


def sender_address(draft: Draft) -> Iterator[Problem]:
    for entry in draft.of("company"):
        for keys, sender in entry.found("delivery.sender"):
            text = str(sender).strip()
            named = re.fullmatch(r"[^<>]*<([^<>]+)>", text)
            if _one_address(named[1] if named else text) is None:
                yield entry.problem(
                    "E-RECIPIENT",
                    "The sender {address} is not one address.",
                    "Write it like Scorecards <scorecards@example.com>.",
                    at=keys,
                    value=sender,
                    address=shown(sender),
                )


def address_problem(
    entry: Entry, keys: tuple[str | int, ...], address: str, allowed: list[str]
) -> Problem | None:
    """E-RECIPIENT unless the text is exactly one address in an allowed domain."""
    parsed = _one_address(address.strip())
    if parsed is None:
        several = address.count("@") > 1
        return entry.problem(
            "E-RECIPIENT",
            "{address} is more than one address." if several else "{address} is not an e-mail address.",
            "Give each address an entry of its own."
            if several
            else "Write it like ann@example.com, the name under `name`.",
            at=keys,
            value=address,
            address=f"“{shown(address)}”",
        )
    if allowed and parsed.domain.casefold() not in allowed:
        return entry.problem(
            "E-RECIPIENT",
            "{address} is outside the domains that delivery.allowed_domains allows: {choices}.",
            "Correct the address, or allow its domain.",
            at=keys,
            value=address,
            address=shown(address),
            choices=", ".join(allowed),
        )
    return None


def _one_address(text: str) -> Address | None:
    if (
        not _printable(text)
        or not text.isascii()
        or len(text) > 254
        or any(mark in text for mark in ' ,;<>"()')
    ):
        return None
    try:
        parsed = Address(addr_spec=text)
    except (HeaderParseError, ValueError, IndexError):
        return None
    return parsed if parsed.username and parsed.domain and not parsed.domain.startswith(".") else None


def _printable(text: str) -> bool:
    return all(ch.isprintable() for ch in text)


def header_texts(draft: Draft) -> Iterator[Problem]:
    """Texts that become mail headers hold no line ends or control characters and have a bounded length."""
    patterns = {
        "company": ("company", "company.*", "delivery.sender"),
        "audience": ("title", "title.*", "recipients.*.name", "recipients.*.address"),
    }
    for kind, places in patterns.items():
        for entry in draft.of(kind):
            for pattern in places:
                for keys, text in entry.found(pattern):
                    if isinstance(text, str) and (not _printable(text) or len(text) > HEADER_LIMIT):
                        yield entry.problem(
                            "E-MAILHEADER",
                            "{text} cannot stand in a mail's header.",
                            "Write one line of at most {limit} characters, without control characters.",
                            at=keys,
                            value=text,
                            text=f"“{shown(text)}”",
                            limit=HEADER_LIMIT,
                        )


RULES: tuple[Rule, ...] = (
    source_systems,
    queries,
    pulls,
    duplicate_ids,
    own_kpi_replaces_built_in,
    aliases_of_two,
    unsafe_ids,
    windows,
    dates_of_this_age,
    clock_times,
    milestones,
    undecided_changes,
    relative_targets,
    target_against_baseline,
    relative_direction,
    units,
    kind_fits_kpi,
    kind_fits_keys,
    period_fits_grain,
    segment_dimensions,
    cycles,
    currencies,
    derived_kpis,
    zones,
    paths_inside,
    missing_lookup_files,
    recipients,
    alert_addresses,
    sender_address,
    header_texts,
    *RECURRING_RULES,
)
