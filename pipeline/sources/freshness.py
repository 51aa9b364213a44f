"""How fresh each source is, as known at an instant: fresh, stale, refused or missing.

Here: what the ingest log says about a source, and what a person has to do. Not here: reading (parse.py,
ingest.py) or what a goal makes of it (goals/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pipeline.errors import Problem
from pipeline.periods import DAY, Week, as_instant, company_date
from pipeline.sources.counters import fall_warnings
from pipeline.sources.declared import delivers_full, source_facts
from pipeline.sources.drift import drift_warnings
from pipeline.sources.ingest import file_pattern, problems_from_json
from pipeline.sources.pulls.log import newest as newest_attempt
from pipeline.sources.state import Counts, Freshness, SourceState
from pipeline.store.store import Knowledge, Store
from pipeline.workspace.model import Source, Workspace

Entry = Mapping[str, Any]


def source_states(workspace: Workspace, store: Store, knowledge: Knowledge) -> dict[str, SourceState]:
    """State of every source of the workspace as known then, by source id."""
    return {source.id: _state(workspace, source, store, knowledge) for source in workspace.sources}


def _state(workspace: Workspace, source: Source, store: Store, knowledge: Knowledge) -> SourceState:
    instant = knowledge.instant(source.id)
    entries = [entry for entry in store.log_entries(source.id) if entry["received_at"] <= instant]
    usable = [entry for entry in entries if not entry["refused"]]
    freshness, problem = _verdict(workspace, source, entries, usable, instant)
    if source.pull is not None and freshness != "refused":
        freshness, problem = _after_pull(source, store, instant, freshness, problem)
    newest = entries[-1] if entries else None
    expected = _expected_by(workspace, source, _instant(usable[-1])) if usable else None
    warnings = [*_warnings(source, entries, usable), *_falls(source, store, knowledge, usable)]
    return SourceState(
        source_id=source.id,
        title=dict(source.title),
        freshness=freshness,
        received_at=_instant(usable[-1]) if usable else None,
        last_landed_at=_instant(newest) if newest else None,
        expected_by=expected,
        stale_since=expected if expected is not None and _has_passed(source, expected, instant) else None,
        data_through=_data_through(usable),
        counts=_counts(newest) if newest else Counts(),
        reasons=dict(json.loads(newest["reasons"])) if newest else {},
        problem=problem,
        reconstructed=source.id in knowledge.reconstructed,
        facts=source_facts(source),
        is_fetched=source.pull is not None,
        verification=dict(source.verification),
        limitations=dict(source.limitations),
        details={"warnings": warnings},
    )


def _verdict(
    workspace: Workspace, source: Source, entries: Sequence[Entry], usable: Sequence[Entry], instant: datetime
) -> tuple[Freshness, Problem | None]:
    if not entries:
        return "missing", _missing(source)
    if entries[-1]["refused"]:
        return "refused", problems_from_json(entries[-1]["problems"])[0]
    received = _instant(usable[-1])
    age = instant - received
    if source.must_see_whole_weeks:
        if received < _last_week_day(workspace, instant):
            return "stale", _pull_stale(source, company_date(received, workspace.company.zone))
    elif age.total_seconds() > source.stale_after_days * 86_400:
        return "stale", _stale(source, company_date(received, workspace.company.zone), age.days)
    return "fresh", None


def _expected_by(workspace: Workspace, source: Source, received: datetime) -> datetime:
    """When the source is stale unless something newer than what was received at `received` is there."""
    if not source.must_see_whole_weeks:
        return received + timedelta(days=source.stale_after_days)
    zone = workspace.company.zone
    week = Week.of(company_date(received, zone) + DAY)  # fetched on a Sunday, it has seen that week
    return as_instant(datetime.combine(week.plus(1).monday, time()), zone)


def _has_passed(source: Source, expected: datetime, instant: datetime) -> bool:
    """The week is over with its last midnight; an age may be reached and not exceeded."""
    return instant >= expected if source.must_see_whole_weeks else instant > expected


def _last_week_day(workspace: Workspace, instant: datetime) -> datetime:
    """Midnight at the beginning of the last day of the week that had ended last."""
    zone = workspace.company.zone
    sunday = Week.of(company_date(instant, zone)).monday - DAY
    return as_instant(datetime.combine(sunday, time()), zone)


def _after_pull(
    source: Source, store: Store, instant: datetime, freshness: Freshness, problem: Problem | None
) -> tuple[Freshness, Problem | None]:
    """What the last attempt to fetch the source makes of its state. Data that could not be fetched are not
    the data of a quiet week, however young the ones before them are."""
    attempt = newest_attempt(store.state_dir, source.id, instant)
    if attempt is None or attempt.problem is None:
        return freshness, _never_pulled(source) if freshness == "missing" else problem
    return ("missing" if freshness == "missing" else "stale"), attempt.problem


def _warnings(source: Source, entries: Sequence[Entry], usable: Sequence[Entry]) -> list[Problem]:
    """What a person should know about the newest export although it is used."""
    warnings = problems_from_json(entries[-1]["warnings"]) if entries else []
    varies = source.pull is not None and not delivers_full(source)  # a quiet week has few changes
    return [*warnings, *drift_warnings(source.id, usable, varies=varies)]


def _falls(source: Source, store: Store, knowledge: Knowledge, usable: Sequence[Entry]) -> list[Problem]:
    """All-time counters that the newest export shows smaller than the one before."""
    if not usable or "campaign_snapshots" not in source_facts(source):
        return []
    only = replace(knowledge, per_source={source.id: knowledge.instant(source.id)})
    return fall_warnings(store.fact("campaign_snapshots", only), {str(usable[-1]["sha256"])})


def _counts(entry: Entry) -> Counts:
    def rows(name: str) -> int:
        return int(entry[name])

    def money(name: str) -> Decimal:
        return Decimal(format(Decimal(entry[name]).normalize(), "f"))

    return Counts(
        rows("rows_in"),
        rows("accepted"),
        rows("quarantined"),
        rows("excluded"),
        money("money_in"),
        money("money_accepted"),
        money("money_quarantined"),
        money("money_excluded"),
    )


def _data_through(usable: Sequence[Entry]) -> date | None:
    days = [entry["data_through"] for entry in usable if entry["data_through"] is not None]
    return max(days, default=None)


def _instant(entry: Entry) -> datetime:
    received: datetime = entry["received_at"]
    return received.astimezone(UTC)


def _folder(source: Source) -> dict[str, object]:
    pattern = file_pattern(source)
    folder, _, names = pattern.rpartition("/")
    return {"source": source.id, "folder": folder or ".", "pattern": names}


def _missing(source: Source) -> Problem:
    if source.sql is not None:
        return Problem(
            "E-MISSING",
            'The database of "{source}" has not been asked yet.',
            "Set the variable with its address and run the newest week.",
            params={"source": source.id},
        )
    return Problem(
        "E-MISSING",
        'No export of "{source}" has been received.',
        "Drop one into {folder} (file name: {pattern}) and run again.",
        params=_folder(source),
    )


def _never_pulled(source: Source) -> Problem:
    return Problem(
        "E-MISSING",
        '"{source}" has not been fetched yet.',
        "Run: scorecards pull",
        params={"source": source.id},
    )


def _pull_stale(source: Source, since: date) -> Problem:
    if source.sql is not None:
        return Problem(
            "E-STALE",
            'The rows of "{source}" were last asked for on {since}, before the week was over.',
            "Ask shortly before each cut-off: with scorecards pull, or by the schedule of scorecards serve.",
            params={"source": source.id, "since": since.isoformat()},
        )
    return Problem(
        "E-STALE",
        '"{source}" was last fetched on {since}, before the week was over.',
        "Fetch it shortly before each cut-off: with scorecards pull, or by the schedule of scorecards serve.",
        params={"source": source.id, "since": since.isoformat()},
    )


def _stale(source: Source, since: date, age: int) -> Problem:
    about = {"since": since.isoformat(), "age": age, "limit": source.stale_after_days}
    if source.sql is not None:
        return Problem(
            "E-STALE",
            'The newest rows of "{source}" were asked for on {since}: {age} days ago, more than the {limit} '
            "allowed.",
            "Run the newest week, and look there for why its database could not be asked.",
            params={"source": source.id, **about},
        )
    return Problem(
        "E-STALE",
        'The newest export of "{source}" is of {since}: {age} days old, more than the {limit} allowed.',
        "Export it again and drop the file into {folder}.",
        params={**_folder(source), **about},
    )
