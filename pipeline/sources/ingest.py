"""From dropped files to tables: find, land, read what is new, write once.

Here: which files belong to a source, when they count as received, what has to be read again. Not here:
reading a file (parse.py), keeping bytes and tables (store/), how fresh a source is (freshness.py).
"""

from __future__ import annotations

import hashlib
import json
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import FileRefused, InvariantBroken, Problem, ScorecardError
from pipeline.facts import FACTS
from pipeline.periods import as_instant, company_date
from pipeline.sources.counters import fall_warnings
from pipeline.sources.declared import delivers_full, source_facts, source_tables
from pipeline.sources.drift import profile
from pipeline.sources.hints import FORMAT
from pipeline.sources.mixing import OneWay
from pipeline.sources.privacy import hash_key
from pipeline.sources.reasons import DUPLICATE
from pipeline.sources.state import Counts, ParsedExport
from pipeline.store.store import Knowledge, Landed, LandedRows, Store
from pipeline.workspace.model import Source, Workspace

READING_VERSION = 4
"""Raised when reading the same bytes gives other rows than before: every source is then read again."""

MANY_ROWS = 20
"""Of fewer rows set aside a person sees each one, so the rest of the export counts."""
STILL_YOUNG_SECONDS = 2.0
LOOK_AGAIN_SECONDS = 0.25
_COPY = re.compile(r"^(.*) ?\((\d+)\)$")
_DIGITS = re.compile(r"([0-9]+)")
IGNORED_ENDINGS = (".tmp", ".part", ".partial", ".crdownload", ".download")
IGNORED_NAMES = ("Thumbs.db", "desktop.ini", "Icon\r")

Progress = Callable[[int, int], None]


class Parser(Protocol):
    """pipeline.sources.parse.parse_export of one landing"""

    def __call__(self, workspace: Workspace, source: Source, data: bytes, name: str) -> ParsedExport: ...


@dataclass(frozen=True)
class IngestReport:
    """What one ingest of one source did."""

    source_id: str
    landed: tuple[Landed, ...] = ()
    """Files landed for the first time."""
    parsed: int = 0
    """Landed files that were read (again)."""
    refused: tuple[Problem, ...] = ()
    """Why files could not be read, of the files read now."""
    warnings: tuple[Problem, ...] = ()
    rows_appended: int = 0
    """Rows written to the source's fact tables."""
    counts: Counts = field(default_factory=Counts)
    """Of all files read now, added up."""
    replaced: int = 0
    """Rows that took the place of an earlier version of the same record: of overlapping exports the later
    one wins."""


@dataclass(frozen=True)
class _Work:
    """Landings to read, oldest first, and the instant up to which the tables stay as they are."""

    read: tuple[Landed, ...] = ()
    too_late: tuple[Landed, ...] = ()
    """Not read yet, and older than bytes that are no longer kept."""
    since: datetime | None = None


def ingest_source(
    workspace: Workspace,
    source: Source,
    store: Store,
    now: datetime,
    progress: Progress | None = None,
    *,
    parser: Parser | None = None,
    query: bool = True,
) -> IngestReport:
    """Land a source's new files and bring its tables up to date with everything landed.

    A source with `sql` is asked instead, when `query` allows it: what a database says today is no news of
    a week long past.

    A file that cannot be read is logged as refused and changes no fact. What is older than the declared
    retention is forgotten at the end, after its rows are in the tables. Raises InvariantBroken when rows
    or money in are not what was accepted, quarantined and excluded.
    """
    report = _ingest(workspace, source, store, now, progress, parser, query)
    if workspace.company.retention_days is not None:
        store.forget_before(workspace.company.retention_days, now, source.id)
    return report


def _ingest(
    workspace: Workspace,
    source: Source,
    store: Store,
    now: datetime,
    progress: Progress | None,
    parser: Parser | None,
    query: bool,
) -> IngestReport:
    failed: tuple[Problem, ...] = ()
    if source.sql is None:
        landed, warnings = land_files(workspace, source, store, now)
    else:
        landed, failed = land_answer(workspace, source, store, now) if query else ((), ())
        warnings = ()
    config_sha = source_fingerprint(workspace, source)
    work = _to_read(source.id, store, config_sha)
    if not work.read and not work.too_late:
        return IngestReport(source.id, landed, refused=failed, warnings=warnings)
    results: list[tuple[LandedRows, ParsedExport | None]] = [
        (_refused(one, config_sha, (_past_retention(one),)), None) for one in work.too_late
    ]
    way = OneWay(source, store)
    for done, one in enumerate(work.read, start=1):
        at_its_time = parser or partial(_default_parser(), received_at=one.received_at)
        results.append(_read(workspace, source, store, one, config_sha, at_its_time, way))
        if progress is not None:
            progress(done, len(work.read))
    written = store.put_source(
        source.id,
        source_tables(source),
        [rows for rows, _ in results],
        full=delivers_full(source),
        since=work.since,
    )
    report = _report(source.id, landed, warnings, results, written)
    return replace(
        report,
        refused=(*failed, *report.refused),
        warnings=(*report.warnings, *_falls(source, store, work.read)),
        replaced=_replaced_rows(source, store, work.read),
    )


def _replaced_rows(source: Source, store: Store, read: Sequence[Landed]) -> int:
    """Of the source's main fact."""
    facts = source_facts(source)
    return store.replaced(source.id, facts[0], read[0].received_at) if facts and read else 0


def _falls(source: Source, store: Store, read: Sequence[Landed]) -> list[Problem]:
    """All-time counters that one of the files shows smaller than the file before it."""
    if not read or "campaign_snapshots" not in source_facts(source):
        return []
    newest = read[-1].received_at
    snapshots = store.fact("campaign_snapshots", Knowledge(newest, {source.id: newest}))
    return fall_warnings(snapshots, {one.sha256 for one in read})


# --- files -------------------------------------------------------------------------------------------


def land_files(
    workspace: Workspace, source: Source, store: Store, now: datetime
) -> tuple[tuple[Landed, ...], tuple[Problem, ...]]:
    """Land every file of the source that was not landed yet; those, and warnings about files passed over.

    A file counts as received when exports/received.csv says so, else now. Files found in one go without a
    declared time are taken as received one after the other, in the order of their names. What was landed
    keeps its time: a declared time that is changed later changes nothing, and other content under a name
    that was landed already is a new export, received now unless a later time is declared for it.
    """
    paths, warnings = find_files(workspace, source)
    names = {path: _name(path, workspace.root) for path in paths}
    undeclared = [path for path in paths if names[path] not in workspace.received]
    received = {path: declared_instant(workspace, names[path]) for path in paths if path not in undeclared}
    for index, path in enumerate(undeclared):
        received[path] = now - timedelta(microseconds=len(undeclared) - index)
    known = {one.sha256: one for one in store.landings(source.id)}
    times = {(one.origin, one.received_at) for one in known.values()}
    newest = {one.origin: one.received_at for one in sorted(known.values(), key=lambda one: one.order)}
    landed = []
    for path in sorted(paths, key=lambda each: received[each]):  # by name among equals: paths are in order
        name, instant = names[path], received[path]
        data, warning = _read_steady(path, name)
        if warning is not None:
            warnings.append(warning)
            continue
        before = known.get(hashlib.sha256(data).hexdigest())
        if before is not None:
            if before.origin == name and path not in undeclared and (name, instant) not in times:
                warnings.append(_moved(before, instant))
            continue
        if name in newest and instant <= newest[name]:
            warnings.append(_replaced(name, newest[name]))
            instant = now
        one = store.land(source.id, data, received_at=instant, origin=name)
        known[one.sha256] = one
        landed.append(one)
    if landed:
        store.sync(source.id)
    return tuple(landed), tuple(warnings)


def land_answer(
    workspace: Workspace, source: Source, store: Store, now: datetime
) -> tuple[tuple[Landed, ...], tuple[Problem, ...]]:
    """Ask the source's database and land its rows as received now; or why that could not be done.

    The same rows again on the same day are no new landing; on a later day they are, since they tell that
    nothing has changed until then.
    """
    from pipeline.sources.sql import ask, asked  # database drivers; only for sources that have a query

    try:
        answer = ask(source, workspace.root, now)
    except FileRefused as refusal:
        place = workspace.location(f"source:{source.id}/sql") or {}
        return (), tuple(replace(problem, **place) for problem in refusal.problems)
    landings = store.landings(source.id)
    if landings and store.is_kept(landings[-1]):
        before, zone = asked(store.content(landings[-1])), workspace.company.zone
        if (
            before
            and before[0] == answer.rows_sha
            and company_date(before[1], zone) == company_date(now, zone)
        ):
            return (), ()
    landed = store.land(source.id, answer.data, received_at=now, origin=f"sql/{source.id}.parquet")
    store.sync(source.id)
    return (landed,), ()


def _name(path: Path, root: Path) -> str:
    """Path relative to the workspace as it can be kept and printed; composed letters, whatever the disk
    has."""
    relative = path.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode()
    return unicodedata.normalize("NFC", relative)


def find_files(workspace: Workspace, source: Source) -> tuple[list[Path], list[Problem]]:
    """Files of a source, by name, and what was passed over: files that lead out of the workspace, files
    that are still being written. Locks, hidden files and unfinished downloads are no files of a source."""
    warnings: list[Problem] = []
    found: list[Path] = []
    lookups = {workspace.root / lookup.file for lookup in source.lookup}
    root = workspace.root.resolve()
    for path in _matching(workspace, source, warnings):
        name = _name(path, workspace.root)
        if _is_ignored(path) or path in lookups:
            continue
        is_folder = path.is_dir()
        if not is_folder and not path.is_file():  # a pipe, a link to nowhere or to itself
            continue
        if not path.resolve().is_relative_to(root):
            warnings.append(_leads_out(name))
        elif is_folder:
            warnings.append(_not_entered(name))
        else:
            found.append(path)
    growing = _growing(found)
    warnings += [_still_written(_name(path, workspace.root)) for path in sorted(growing)]
    return [path for path in found if path not in growing], warnings


def file_pattern(source: Source) -> str:
    """Where a source's files are dropped, relative to the workspace."""
    return source.files or f"exports/{source.id}/*"


def _matching(workspace: Workspace, source: Source, warnings: list[Problem]) -> list[Path]:
    pattern = file_pattern(source)
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        warnings.append(_leads_out(pattern))
        return []
    declared = workspace.root / "exports" / "received.csv"
    return sorted((path for path in workspace.root.glob(pattern) if path != declared), key=_natural)


def _natural(path: Path) -> tuple[str, list[tuple[int, int | str]], int, str]:
    """The order a person reads names in: week 9 before week 10, `deals.csv` before `deals (1).csv`."""
    match = _COPY.match(path.stem)
    stem, copy = (match[1], int(match[2])) if match else (path.stem, 0)
    parts = [(0, int(part)) if part.isdigit() else (1, part) for part in _DIGITS.split(stem) if part]
    return str(path.parent), parts, copy, path.name


def _is_ignored(path: Path) -> bool:
    name = path.name
    return name.startswith((".", "~$")) or name.lower().endswith(IGNORED_ENDINGS) or name in IGNORED_NAMES


def _growing(paths: Sequence[Path]) -> set[Path]:
    """Files written moments ago that change while being watched. All young files share one wait."""
    young = {path: _look(path) for path in paths}
    young = {path: look for path, look in young.items() if time.time() - look[1] / 1e9 < STILL_YOUNG_SECONDS}
    if young:
        time.sleep(LOOK_AGAIN_SECONDS)
    return {path for path, look in young.items() if _look(path) != look}


def _look(path: Path) -> tuple[int, int]:
    """Size and time of change; (-1, 0) for a file that is gone by now."""
    try:
        stat = path.stat()
    except OSError:
        return -1, 0
    return stat.st_size, stat.st_mtime_ns


def _read_steady(path: Path, name: str) -> tuple[bytes, Problem | None]:
    """A file's bytes, from one state of the file; looked at once more when it changed meanwhile."""
    for _ in range(2):
        before = _look(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            return b"", _unreadable(name, error)
        if _look(path) == before and len(data) == before[0]:
            return data, None
    return b"", _still_written(name)


def declared_instant(workspace: Workspace, name: str) -> datetime:
    """When a file was received, as exports/received.csv says; company time when it names no zone."""
    return as_instant(datetime.fromisoformat(workspace.received[name]), workspace.company.zone)


# --- what to read ------------------------------------------------------------------------------------


def source_fingerprint(workspace: Workspace, source: Source) -> str:
    """sha256 of everything besides the bytes that decides which rows an export gives."""
    record: dict[str, Any] = {
        "reading": READING_VERSION,
        "source": source.model_dump(
            mode="json", exclude={"title", "verification", "limitations", "owner", "pull", "sql"}
        ),
        "timezone": workspace.company.timezone,
        "currency": workspace.company.currency,
        "hash_key": hashlib.sha256(hash_key(workspace)).hexdigest(),
        "lookups": [_file_sha(workspace.root / lookup.file) for lookup in source.lookup],
        "facts": [repr(FACTS[fact]) for fact in source_facts(source) if fact in FACTS],
    }
    if source.pull is not None:  # where its key is and where it asks changes no row
        record["delivers full"] = delivers_full(source)
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _file_sha(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _to_read(source_id: str, store: Store, config_sha: str) -> _Work:
    """Everything received from the first landing on that was not read yet under this configuration."""
    readings = {entry["sha256"]: entry["config_sha"] for entry in store.log_entries(source_id)}
    landings = store.landings(source_id)
    open_ones = [one for one in landings if readings.get(one.sha256) != config_sha]
    if not open_ones:
        return _Work()
    kept = {one.sha256 for one in landings if store.is_kept(one)}
    forgotten = [one.received_at for one in landings if one.sha256 not in kept]
    floor = max(forgotten) if forgotten else None
    pending = [one for one in open_ones if floor is None or one.received_at > floor]
    too_late = tuple(one for one in open_ones if one not in pending and one.sha256 not in readings)
    if not pending:
        return _Work(too_late=too_late, since=landings[-1].received_at + timedelta(microseconds=1))
    since = pending[0].received_at
    return _Work(tuple(one for one in landings if one.received_at >= since), too_late, since)


def _default_parser() -> Callable[..., ParsedExport]:
    from pipeline.sources.parse import parse_export  # readers of every format; only when there is work

    return parse_export


# --- reading one landing -----------------------------------------------------------------------------


def _read(
    workspace: Workspace,
    source: Source,
    store: Store,
    landed: Landed,
    config_sha: str,
    parser: Parser,
    way: OneWay,
) -> tuple[LandedRows, ParsedExport | None]:
    other_way = way.refusal(landed)
    if other_way is not None:
        return _refused(landed, config_sha, (other_way,)), None
    try:
        parsed = parser(workspace, source, store.content(landed), landed.name)
    except FileRefused as refusal:
        return _refused(landed, config_sha, refusal.problems), None
    except ScorecardError:
        raise
    except Exception as error:  # one file must not stop the others, whatever is wrong with it
        # no configuration is noted, so the file is tried again by the next run
        return _refused(landed, "", (_unexpected(landed, error),)), None
    _assert_conserved(landed, parsed)
    rows = _rows(workspace, landed, config_sha, parsed)
    if not rows.refused:
        way.took(landed)
    return rows, parsed


def _rows(workspace: Workspace, landed: Landed, config_sha: str, parsed: ParsedExport) -> LandedRows:
    facts = {name: _table(frame) for name, frame in parsed.facts.items()}
    received_on = company_date(landed.received_at, workspace.company.zone)
    reasons = parsed.quarantine["reason"].value_counts().to_dict() if len(parsed.quarantine) else {}
    entry = {
        **asdict(parsed.counts),
        "data_through": data_through(facts, received_on),
        "reasons": json.dumps({str(k): int(v) for k, v in sorted(reasons.items())}, ensure_ascii=False),
        "warnings": problems_to_json(parsed.warnings),
        "profile": profile(parsed.header, facts),
    }
    rejected = _as_text(parsed.quarantine)
    unusable = unusable_rows(landed.name, parsed)
    if unusable is not None:
        entry["problems"] = problems_to_json([unusable])
        return LandedRows(landed, {}, rejected, entry, config_sha, refused=True)
    return LandedRows(landed, facts, rejected, entry, config_sha)


def _table(frame: pd.DataFrame) -> pa.Table:
    """The Arrow columns that an Arrow-backed frame holds; every other frame is converted."""
    if not all(isinstance(kind, pd.ArrowDtype) for kind in frame.dtypes):
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return pa.table({str(name): column.array.__arrow_array__() for name, column in frame.items()})


def _refused(landed: Landed, config_sha: str, problems: Sequence[Problem]) -> LandedRows:
    entry = {**asdict(Counts()), "problems": problems_to_json(problems)}
    return LandedRows(landed, {}, entry=entry, config_sha=config_sha, refused=True)


def data_through(facts: dict[str, pa.Table], received_on: date) -> date | None:
    """The newest date in any date column of the rows that is not after the day they were received (a due
    date ahead says nothing about how far the data reach)."""
    newest: list[date] = []
    for name, rows in facts.items():
        for column in FACTS[name].columns:
            if column.type == "date" and column.name in rows.column_names:
                days = rows[column.name].cast(pa.date32())
                past = days.filter(pc.less_equal(days, pa.scalar(received_on, pa.date32())))
                value = pc.max(past).as_py()
                newest += [value] if value is not None else []
    return max(newest, default=None)


def _as_text(frame: pd.DataFrame) -> pa.Table:
    """Rejected rows with every column but the line as text."""
    columns: dict[str, pa.Array] = {}
    for name in frame.columns:
        values = [None if pd.isna(value) else value for value in frame[name].tolist()]
        if name == "line":
            columns[name] = pa.array([None if value is None else int(value) for value in values], pa.int64())
        else:
            columns[str(name)] = pa.array([None if v is None else str(v) for v in values], pa.string())
    return pa.table(columns)


def _assert_conserved(landed: Landed, parsed: ParsedExport) -> None:
    counts = parsed.counts
    if counts.holds() and counts.quarantined == len(parsed.quarantine):
        return
    raise InvariantBroken(
        Problem(
            "E-CONSERVATION",
            "Rows or money of {name} are not accounted for: {rows_in} rows in, {accepted} accepted, "
            "{quarantined} quarantined, {excluded} excluded; money {money_in} in, {money_accepted} accepted, "
            "{money_quarantined} quarantined, {money_excluded} excluded.",
            "This is a fault of the program, not of the data; nothing of this file was used. Report it.",
            file=landed.origin,
            params={"name": landed.name, **asdict(counts)},
        )
    )


def _report(
    source_id: str,
    landed: tuple[Landed, ...],
    warnings: tuple[Problem, ...],
    results: Sequence[tuple[LandedRows, ParsedExport | None]],
    written: dict[str, int],
) -> IngestReport:
    parsed = [one for _, one in results if one is not None]
    counts = Counts()
    for one in parsed:
        counts = counts.plus(one.counts)
    refused = [
        problem
        for rows, _ in results
        for problem in problems_from_json(str(rows.entry.get("problems", "[]")))
    ]
    return IngestReport(
        source_id,
        landed,
        len(results),
        tuple(refused),
        (*warnings, *(problem for one in parsed for problem in one.warnings)),
        sum(rows for table, rows in written.items() if table.startswith("raw_")),
        counts,
    )


# --- problems ----------------------------------------------------------------------------------------


def problems_to_json(problems: Sequence[Problem]) -> str:
    """Problems as the ingest log keeps them: templates and parameters, so that they can be said later."""
    return json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, default=_plain)


def problems_from_json(text: str) -> list[Problem]:
    return [Problem(**record) for record in json.loads(text)]


def _plain(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _still_written(name: str) -> Problem:
    return Problem(
        "W-WRITING",
        "{name} is still being written and was left for the next run.",
        "Run again when the copy has finished.",
        file=name,
        severity="warning",
        params={"name": name},
    )


def _leads_out(name: str) -> Problem:
    return Problem(
        "E-PATH",
        "{name} leads out of the workspace and was not read.",
        "Copy the file into the workspace; links and patterns that leave it are not followed.",
        file=name,
        params={"name": name},
    )


def _not_entered(name: str) -> Problem:
    return Problem(
        "W-FOLDER",
        "{name} is a folder; files in it are not read.",
        "Move its files one level up, or name the folder in the source's files pattern.",
        file=name,
        severity="warning",
        params={"name": name},
    )


def _moved(landed: Landed, declared: datetime) -> Problem:
    return Problem(
        "W-RECEIVED",
        "exports/received.csv now says {declared} for {name}, which was landed as received at {landed}; "
        "that time stays.",
        "To count it from the other time, remove the state folder and run again: every export is read anew.",
        file=landed.origin,
        severity="warning",
        params={
            "name": landed.origin,
            "declared": declared.isoformat(timespec="minutes"),
            "landed": landed.received_at.isoformat(timespec="minutes"),
        },
    )


def _replaced(name: str, before: datetime) -> Problem:
    return Problem(
        "W-REPLACED",
        "{name} has other content than when it was landed (received at {before}); it counts as received now.",
        "Give a new export a name of its own; what was known at an earlier time stays as it was.",
        file=name,
        severity="warning",
        params={"name": name, "before": before.isoformat(timespec="minutes")},
    )


def _unreadable(name: str, error: OSError) -> Problem:
    return Problem(
        "E-READ",
        "{name} could not be read: {error}.",
        "Check the file's permissions, then run again.",
        file=name,
        params={"name": name, "error": error.strerror or str(error)},
    )


def _unexpected(landed: Landed, error: Exception) -> Problem:
    return Problem(
        "E-UNEXPECTED",
        "{name} could not be read because of a fault of the program ({error}).",
        "Please report it with the file's first lines. The file is kept and tried again by the next run.",
        file=landed.origin,
        params={"name": landed.name, "error": f"{type(error).__name__}: {str(error)[:200]}"},
    )


def unusable_rows(name: str, parsed: ParsedExport) -> Problem | None:
    """Why an export counts as refused although it could be read; None when it can be used.

    One of which no row counts says nothing about the world: it must not read as a week of zeros. One of which
    most rows cannot be read is declared wrongly, and the rows that happen to fit (a day-first date read
    month-first) are wrong as well. Equal rows are no sign of that.
    """
    table, counts = parsed.quarantine, parsed.counts
    table = table[table["reason_code"] != DUPLICATE.code]
    rows = counts.rows_in - counts.excluded
    if counts.quarantined and not counts.accepted:
        message = "None of the {count} rows can be used; the first of them is shown."
        return _of_rows(message, name, parsed, table if len(table) else parsed.quarantine, counts.quarantined)
    if len(table) >= MANY_ROWS and 2 * len(table) > rows:
        message = "{bad} of {count} rows cannot be used, so the others are not trusted; the first is shown."
        return _of_rows(message, name, parsed, table, rows)
    return None


def _of_rows(message: str, name: str, parsed: ParsedExport, table: pd.DataFrame, count: int) -> Problem:
    """With the likely right format as the remedy when the column that is to blame suggests one."""
    usual = table[table["reason"] == table["reason"].mode().iloc[0]].iloc[0]
    blamed = str(usual["column"]).split("; ")
    hint = next((one for one in parsed.warnings if one.code == FORMAT and one.column in blamed), None)
    return Problem(
        "E-NOROWS",
        message,
        hint.remedy if hint else str(usual["remedy"]),
        file=name,
        line=int(usual["line"]),
        column=str(usual["column"]) or None,
        value=str(usual["value"]) or None,
        expected=None,
        params={**(hint.params if hint else {}), "count": count, "bad": len(table), "name": name},
    )


def _past_retention(landed: Landed) -> Problem:
    return Problem(
        "E-RETENTION",
        "{name} was received on {received}, and files of that time are no longer kept; it was not used.",
        "Raise retention_days in scorecards.yaml, restore the landed files and run again.",
        file=landed.origin,
        params={"name": landed.name, "received": landed.received_at.date().isoformat()},
    )
