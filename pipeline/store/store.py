"""The store: landed bytes and tables, written once and read as of any instant.

Here: the one object the rest of the pipeline keeps and asks for data. Not here: how bytes are kept
(landing.py), how Delta is spoken (tables.py), the arithmetic of two times (history.py, versions.py).

Layout under the state folder: `landing/<source>/<sha256>.bin|json` and `tables/<name>/` (Delta Lake).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import Problem, ScorecardError
from pipeline.facts import FACTS, Fact
from pipeline.store.history import (
    History,
    conformed,
    connect,
    landing_changes,
    missing_from,
    rows_before,
    rows_from,
)
from pipeline.store.landing import Landing
from pipeline.store.names import INGEST_LOG, QUARANTINE
from pipeline.store.records import Knowledge, Landed, LandedRows, utc
from pipeline.store.tables import MAX_ATTEMPTS, Conflict, Snapshot, Tables
from pipeline.store.versions import VersionTable

__all__ = ["Knowledge", "Landed", "LandedRows", "Store"]

T = TypeVar("T")
_INSTANT = pa.timestamp("us", tz="UTC")
_TOTAL = pa.decimal128(38, 10)
SAME_DELIVERY = timedelta(milliseconds=1)
"""Landings that follow each other this closely were dropped together."""

LOG_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("sha256", pa.string()),
        ("received_at", _INSTANT),
        ("name", pa.string()),
        ("config_sha", pa.string()),
        ("refused", pa.bool_()),
        ("rows_in", pa.int64()),
        ("accepted", pa.int64()),
        ("quarantined", pa.int64()),
        ("excluded", pa.int64()),
        ("money_in", _TOTAL),
        ("money_accepted", _TOTAL),
        ("money_quarantined", _TOTAL),
        ("money_excluded", _TOTAL),
        ("data_through", pa.date32()),
        ("reasons", pa.string()),
        ("warnings", pa.string()),
        ("problems", pa.string()),
        ("profile", pa.string()),
        ("revision", pa.int64()),
    ]
)
"""One row a landing and reading; the highest revision of a landing is the one that holds. `reasons`,
`warnings`, `problems` (of a refused file) and `profile` (what exports are compared by) are JSON."""

QUARANTINE_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("source_sha256", pa.string()),
        ("received_at", _INSTANT),
        ("config_sha", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("reason_code", pa.string()),
        ("reason", pa.string()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("remedy", pa.string()),
        ("row", pa.string()),
    ]
)


@dataclass
class _FactTable:
    """One source's history of one fact, ready for any as-of."""

    source_id: str
    snapshot: Snapshot
    history: History


class Store:
    """Everything that was received and computed, under one state folder."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = Path(state_dir)
        self._landing = Landing(self.state_dir / "landing")
        self._tables = Tables(self.state_dir / "tables")
        self._about: dict[str, dict[str, Any]] = {}
        self._facts: dict[str, _FactTable] = {}
        self._whole: dict[str, Snapshot] = {}
        self._versions: dict[str, VersionTable] = {}
        self._log: tuple[int, dict[str, tuple[Mapping[str, Any], ...]]] = (-1, {})
        self._batching = False

    @cached_property
    def _engine(self) -> duckdb.DuckDBPyConnection:
        return connect()

    # -- landed bytes ------------------------------------------------------------------------------------

    def land(self, source_id: str, data: bytes, *, received_at: datetime, origin: str) -> Landed:
        """Keep bytes as received. The same bytes of the same source again are the landing they were."""
        return self._landing.land(source_id, data, received_at=received_at, origin=origin)

    def sync(self, source_id: str) -> None:
        """Make a source's landings outlast a power cut; put_source does so before it writes."""
        self._landing.sync(source_id)

    def landings(self, source_id: str) -> list[Landed]:
        """Landings of a source by (received at, name, sha256)."""
        return self._landing.landings(source_id)

    def content(self, landed: Landed) -> bytes:
        """The landed bytes; FileNotFoundError when retention has removed them."""
        return self._landing.content(landed)

    def is_kept(self, landed: Landed) -> bool:
        """Whether the landed bytes are still there."""
        return self._landing.is_kept(landed)

    def forget_before(self, days: int, now: datetime, source_id: str | None = None) -> int:
        """Remove the bytes of landings (of one source, or of all) received more than `days` before `now`;
        manifests and tables stay. The number removed."""
        return self._landing.forget_before(utc(now) - timedelta(days=days), source_id)

    # -- knowledge ---------------------------------------------------------------------------------------

    def knowledge(self, source_ids: Iterable[str], as_of: datetime) -> Knowledge:
        """Up to when each source's landings count for an edition as of `as_of`.

        A source of which nothing had been landed by then is known as of its earliest landing (the earliest
        that could be read, when one could), and is named in `reconstructed`.
        """
        as_of = utc(as_of)
        per_source: dict[str, datetime] = {}
        late: set[str] = set()
        for source_id in source_ids:
            landings = self.landings(source_id)
            if landings and landings[0].received_at > as_of:
                per_source[source_id] = self._first_usable(source_id, landings)
                late.add(source_id)
            else:
                per_source[source_id] = as_of
        return Knowledge(as_of, per_source, frozenset(late))

    def fingerprints(self, knowledge: Knowledge) -> dict[str, tuple[str, ...]]:
        """sha256 of every landing known then, by source, oldest first."""
        return {
            source_id: tuple(
                landed.sha256 for landed in self.landings(source_id) if landed.received_at <= instant
            )
            for source_id, instant in sorted(knowledge.per_source.items())
        }

    def _first_usable(self, source_id: str, landings: Sequence[Landed]) -> datetime:
        """The end of the first delivery that could be read. Files dropped together are one delivery: ingest
        receives them microseconds apart, and a year of monthly exports is not known by its first month."""
        usable = {row["sha256"] for row in self.log_entries(source_id) if not row["refused"]}
        first = next((one for one in landings if one.sha256 in usable), landings[0]).received_at
        for one in landings:
            if timedelta(0) < one.received_at - first <= SAME_DELIVERY:
                first = one.received_at
        return first

    # -- what landings said ------------------------------------------------------------------------------

    def put_source(
        self,
        source_id: str,
        tables: Mapping[str, str],
        landings: Sequence[LandedRows],
        *,
        full: bool,
        since: datetime | None = None,
    ) -> dict[str, int]:
        """Write what reading a source's landings gave: one commit a table, the log last.

        `tables` maps each fact the source feeds to its table. `landings` are, in order, all landings
        received at or after `since` (all there are when None); the history before `since` is kept as it is.
        Only what differs from what the tables already hold is appended; where that is not enough (an
        earlier landing came late, or the reading changed) a table is replaced in one atomic commit. Doing
        the same again, or again after a crash, gives the same tables. Returns rows written per table.
        """
        self.sync(source_id)
        landings = sorted(landings, key=lambda one: one.landed.order)
        written = {
            table: self._put_fact(source_id, FACTS[fact], table, landings, full=full, since=since)
            for fact, table in tables.items()
        }
        for name in self._other_tables(source_id, tables.values()):
            written[name] = self._empty_table(name)
        written[QUARANTINE] = self._append_new(QUARANTINE, lambda: self._new_quarantine(landings))
        written[INGEST_LOG] = self._append_new(INGEST_LOG, lambda: self._new_log(source_id, landings))
        return {name: count for name, count in written.items() if count}

    def ingested(self, source_id: str) -> pd.DataFrame:
        """The ingest log of a source: one row a landing, as last read, by (received_at, name, sha256)."""
        rows = pa.Table.from_pylist(list(self.log_entries(source_id)), schema=LOG_SCHEMA)
        return rows.to_pandas(types_mapper=pd.ArrowDtype)

    def log_entries(self, source_id: str) -> tuple[Mapping[str, Any], ...]:
        """The same as plain records, for callers that ask for every source of every week."""
        log = self._table(INGEST_LOG)
        if self._log[0] != log.version:
            self._log = log.version, _log_by_source(log)
        return self._log[1].get(source_id, ())

    def quarantine(self, source_ids: Iterable[str], knowledge: Knowledge) -> pd.DataFrame:
        """Rejected rows of each source's newest landing known then, by source, file and line."""
        rejected = self._table(QUARANTINE)
        if rejected.rows is None:
            return QUARANTINE_SCHEMA.empty_table().to_pandas(types_mapper=pd.ArrowDtype)
        parts = []
        for source_id in sorted(source_ids):
            newest = self._newest_entry(source_id, knowledge.instant(source_id))
            if newest is not None:
                parts.append(_rows_where(rejected.rows, source=source_id, **newest))
        found = pa.concat_tables(parts) if parts else QUARANTINE_SCHEMA.empty_table()
        order = [
            ("source", "ascending"),
            ("file", "ascending"),
            ("line", "ascending"),
            ("column", "ascending"),
        ]
        return found.sort_by(order).to_pandas(types_mapper=pd.ArrowDtype)

    def rejected(self, source_id: str, knowledge: Knowledge) -> pa.Table:
        """Rejected rows of every landing of a source known then, as each was last read; QUARANTINE_SCHEMA."""
        rows, instant = self._table(QUARANTINE).rows, knowledge.instant(source_id)
        if rows is None:
            return QUARANTINE_SCHEMA.empty_table()
        parts = [
            _rows_where(rows, source=source_id, source_sha256=one["sha256"], config_sha=one["config_sha"])
            for one in self.log_entries(source_id)
            if one["received_at"] <= instant and one["quarantined"]
        ]
        return pa.concat_tables(parts) if parts else QUARANTINE_SCHEMA.empty_table()

    def fact(self, name: str, knowledge: Knowledge) -> pa.Table:
        """Rows of a fact as known: of every source in `knowledge` the newest version of each key, removed
        ones left out, sorted by (source, key). Columns of `Fact.arrow_schema()`."""
        fact = FACTS[name]
        parts = [
            table.history.view(knowledge.per_source[table.source_id])
            for table in self._fact_tables(fact)
            if table.source_id in knowledge.per_source
        ]
        schema = fact.arrow_schema()
        return pa.concat_tables(conformed(part, schema) for part in parts) if parts else schema.empty_table()

    def replaced(self, source_id: str, fact: str, since: datetime) -> int:
        """How many rows received from `since` on took the place of an earlier version of the same record."""
        tables = [table for table in self._fact_tables(FACTS[fact]) if table.source_id == source_id]
        return sum(table.history.replaced_since(since) for table in tables)

    # -- computed versions -------------------------------------------------------------------------------

    def put_version(
        self, table: str, frame: pd.DataFrame | pa.Table, keys: Sequence[str], known_at: datetime
    ) -> int:
        """Make `table` as of `known_at` equal `frame` by appending what changed; rows appended.

        Views at other instants stay as they are, in whatever order instants are written. Columns with
        decimals should be Arrow-backed, so that every week has the same type.
        """
        known_at = utc(known_at)
        if self._batching:
            return self._version_table(table).put(frame, keys, known_at)
        return self._retrying(table, lambda: self._put_and_commit(table, frame, keys, known_at))

    def version(self, table: str, as_of: datetime) -> pd.DataFrame:
        """The frame that `table` held as of the instant, sorted by key, Arrow-backed. Empty (and, before
        anything was ever put, without columns) when there was none."""
        found = self._version_table(table).view(utc(as_of))
        return pd.DataFrame() if found is None else found.to_pandas(types_mapper=pd.ArrowDtype)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Collect put_version calls and commit once per table at the end.

        A process that dies inside loses only what was collected; an exception inside discards it. The
        store itself sees what was put at once.
        """
        if self._batching:
            yield
            return
        self._batching = True
        try:
            yield
            for name, table in self._versions.items():
                self._commit_version(name, table)
        except Conflict as conflict:
            raise ScorecardError(_two_writers(str(conflict))) from conflict
        finally:
            self._batching = False
            self._versions = {
                name: table for name, table in self._versions.items() if table.pending() is None
            }

    def compact(self, minimum_files: int = 8) -> int:
        """Merge small files of tables that have many; the number of tables compacted."""
        done = self._tables.compact(minimum_files=minimum_files)
        if done:  # what is in memory names files that are merged now
            self._facts.clear()
            self._whole.clear()
            self._versions.clear()
        return done

    # -- writing facts -----------------------------------------------------------------------------------

    def _put_fact(
        self,
        source_id: str,
        fact: Fact,
        table: str,
        landings: Sequence[LandedRows],
        *,
        full: bool,
        since: datetime | None,
    ) -> int:
        schema = fact.arrow_schema()
        usable = [one for one in landings if not one.refused]
        delivered = [
            (one.landed.received_at, one.landed.sha256, _stamped(one, fact.name, schema)) for one in usable
        ]
        about = {"source": source_id, "fact": fact.name, "keys": list(fact.key)}

        def attempt() -> int:
            base = self._tables.read(table)
            rows = schema.empty_table() if base.rows is None else conformed(base.rows, schema)
            kept = schema.empty_table() if since is None else rows_before(rows, since)
            actual = rows if since is None else rows_from(rows, since)
            known = kept if since is None else History(self._engine, kept, fact.key).view(since)
            wanted = landing_changes(self._engine, known, delivered, fact.key, full=full)
            return self._reconcile(base, about, kept, actual, wanted)

        written = self._retrying(table, attempt)
        self._facts.pop(table, None)
        return written

    def _reconcile(
        self, base: Snapshot, about: Mapping[str, Any], kept: pa.Table, actual: pa.Table, wanted: pa.Table
    ) -> int:
        """Make the table hold `kept` and `wanted`, knowing that it holds `kept` and `actual`."""
        whole_schema = base.rows is None or set(base.rows.schema.names) == set(wanted.schema.names)
        if not whole_schema or missing_from(self._engine, actual, wanted).num_rows:
            self._tables.overwrite(base, pa.concat_tables([kept, wanted]), about)
            return int(wanted.num_rows)
        missing = missing_from(self._engine, wanted, actual)
        if missing.num_rows or base.rows is None:
            self._tables.append(base, missing, about)
        return int(missing.num_rows)

    def _other_tables(self, source_id: str, used: Iterable[str]) -> list[str]:
        """Tables this source filled under a name it no longer uses."""
        keep = set(used)
        return [
            name
            for name, about in self._descriptions().items()
            if about.get("source") == source_id and name not in keep
        ]

    def _empty_table(self, name: str) -> int:
        def attempt() -> int:
            base = self._tables.read(name)
            if base.rows is None or not base.rows.num_rows:
                return 0
            self._tables.overwrite(base, base.rows.schema.empty_table(), base.description)
            return int(base.rows.num_rows)

        self._facts.pop(name, None)
        return self._retrying(name, attempt)

    def _new_quarantine(self, landings: Sequence[LandedRows]) -> pa.Table:
        there = self._table(QUARANTINE, fresh=True).rows
        written = set() if there is None else set(_pairs(there, "source_sha256", "config_sha"))
        parts = [
            _rejected(one, one.quarantine)
            for one in landings
            if one.quarantine is not None
            and one.quarantine.num_rows
            and (one.landed.source_id, one.landed.sha256, one.config_sha) not in written
        ]
        return pa.concat_tables(parts) if parts else QUARANTINE_SCHEMA.empty_table()

    def _new_log(self, source_id: str, landings: Sequence[LandedRows]) -> pa.Table:
        self._table(INGEST_LOG, fresh=True)
        log = self.log_entries(source_id)
        revision = max((int(row["revision"]) for row in log), default=0) + 1
        there = {row["sha256"]: {k: v for k, v in row.items() if k != "revision"} for row in log}
        entries = [_log_row(one) for one in landings]
        new = [row for row in entries if there.get(row["sha256"]) != row]
        return pa.Table.from_pylist([{**row, "revision": revision} for row in new], schema=LOG_SCHEMA)

    def _append_new(self, name: str, rows_to_add: Callable[[], pa.Table]) -> int:
        """Append what `rows_to_add` finds missing; looked up again when somebody else commits meanwhile."""

        def attempt() -> int:
            rows = rows_to_add()
            if rows.num_rows:
                self._tables.append(self._table(name), rows, {"keys": []})
                self._whole.pop(name, None)
            return int(rows.num_rows)

        return self._retrying(name, attempt)

    def _retrying(self, name: str, attempt: Callable[[], T]) -> T:
        for _ in range(MAX_ATTEMPTS):
            try:
                return attempt()
            except Conflict:
                self._whole.pop(name, None)
                self._versions.pop(name, None)
        raise ScorecardError(_two_writers(name))

    # -- reading -----------------------------------------------------------------------------------------

    def _table(self, name: str, *, fresh: bool = False) -> Snapshot:
        """A whole table, kept in memory while nobody commits to it."""
        found = self._whole.get(name)
        if fresh or found is None or not self._tables.is_current(found):
            found = self._whole[name] = self._tables.read(name)
        return found

    def _newest_entry(self, source_id: str, instant: datetime) -> dict[str, str] | None:
        known = [row for row in self.log_entries(source_id) if row["received_at"] <= instant]
        if not known:
            return None
        return {"source_sha256": known[-1]["sha256"], "config_sha": known[-1]["config_sha"]}

    def _descriptions(self) -> dict[str, dict[str, Any]]:
        """What each fact table says about itself; tables keep saying the same, so each is asked once."""
        for name in self._tables.names():
            if name not in self._about and name.startswith("raw_"):
                about = self._tables.description(name)
                if about:
                    self._about[name] = about
        return self._about

    def _fact_tables(self, fact: Fact) -> list[_FactTable]:
        """Histories of a fact, by source."""
        found = []
        for name, about in self._descriptions().items():
            if about.get("fact") != fact.name:
                continue
            table = self._facts.get(name)
            if table is None or not self._tables.is_current(table.snapshot):
                table = self._facts[name] = self._load_fact(name, about["source"], fact)
            found.append(table)
        return sorted(found, key=lambda one: one.source_id)

    def _load_fact(self, name: str, source_id: str, fact: Fact) -> _FactTable:
        snapshot = self._tables.read(name)
        rows = fact.arrow_schema().empty_table() if snapshot.rows is None else snapshot.rows
        history = History(self._engine, conformed(rows, fact.arrow_schema()), fact.key)
        return _FactTable(source_id, Snapshot(name, snapshot.version, None, {}), history)

    # -- writing versions --------------------------------------------------------------------------------

    def _version_table(self, name: str) -> VersionTable:
        table = self._versions.get(name)
        if table is None or (table.pending() is None and not self._tables.is_current(table.snapshot)):
            table = self._versions[name] = VersionTable(self._engine, self._tables.read(name))
        return table

    def _put_and_commit(
        self, name: str, frame: pd.DataFrame | pa.Table, keys: Sequence[str], known_at: datetime
    ) -> int:
        table = self._version_table(name)
        try:
            rows = table.put(frame, keys, known_at)
            self._commit_version(name, table)
        except BaseException:
            self._versions.pop(name, None)  # what is in memory is no longer what is on disk
            raise
        return rows

    def _commit_version(self, name: str, table: VersionTable) -> None:
        rows = table.pending()
        if rows is not None:
            table.committed(self._tables.append(table.snapshot, rows, {"keys": list(table.keys)}))


def _log_by_source(log: Snapshot) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Each source's log: one record a landing, the highest revision of each, oldest landing first."""
    if log.rows is None:
        return {}
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in log.rows.sort_by([("revision", "ascending")]).to_pylist():
        newest[row["source"], row["sha256"]] = row
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(newest.values(), key=lambda each: (each["received_at"], each["name"], each["sha256"])):
        found.setdefault(row["source"], []).append(row)
    return {source: tuple(rows) for source, rows in found.items()}


def _stamped(one: LandedRows, fact: str, schema: pa.Schema) -> pa.Table:
    """A landing's rows of a fact with their bookkeeping columns filled in."""
    rows = one.facts.get(fact)
    if rows is None:
        return schema.empty_table()
    count = rows.num_rows
    rows = conformed(rows, schema)
    stamps = {
        "source": pa.repeat(one.landed.source_id, count),
        "source_sha256": pa.repeat(one.landed.sha256, count),
        "known_at": pa.array([one.landed.received_at] * count, schema.field("known_at").type),
        "removed": pc.fill_null(rows["removed"], False),
        "dims": pc.fill_null(rows["dims"], "{}"),
    }
    for name, values in stamps.items():
        index = schema.get_field_index(name)
        rows = rows.set_column(index, schema.field(index), values.cast(schema.field(index).type))
    return rows


def _rejected(one: LandedRows, quarantine: pa.Table) -> pa.Table:
    count = quarantine.num_rows
    rows = conformed(quarantine, QUARANTINE_SCHEMA)
    stamps = {
        "source": pa.repeat(one.landed.source_id, count),
        "source_sha256": pa.repeat(one.landed.sha256, count),
        "received_at": pa.array([one.landed.received_at] * count, _INSTANT),
        "config_sha": pa.repeat(one.config_sha, count),
    }
    for name, values in stamps.items():
        index = QUARANTINE_SCHEMA.get_field_index(name)
        rows = rows.set_column(index, QUARANTINE_SCHEMA.field(index), values)
    return rows


def _log_row(one: LandedRows) -> dict[str, Any]:
    """A log entry in exactly the types it will have when read back, so that equal entries compare equal."""
    row = {
        "source": one.landed.source_id,
        "sha256": one.landed.sha256,
        "received_at": one.landed.received_at,
        "name": one.landed.name,
        "config_sha": one.config_sha,
        "refused": one.refused,
        **one.entry,
    }
    for name in ("reasons", "warnings", "problems"):
        if not isinstance(row.get(name), str):
            row[name] = json.dumps(row.get(name) or ({} if name == "reasons" else []), ensure_ascii=False)
    schema = pa.schema([field for field in LOG_SCHEMA if field.name != "revision"])
    return dict(pa.Table.from_pylist([row], schema=schema).to_pylist()[0])


def _pairs(rows: pa.Table, sha: str, config: str) -> Iterator[tuple[str, str, str]]:
    distinct = rows.group_by(["source", sha, config]).aggregate([])
    for row in distinct.to_pylist():
        yield row["source"], row[sha], row[config]


def _rows_where(rows: pa.Table, **equal: str) -> pa.Table:
    for column, value in equal.items():
        rows = rows.filter(pc.equal(rows[column], value))
    return rows


def _two_writers(table: str) -> Problem:
    return Problem(
        "E-CONCURRENT",
        "Another run is writing the table {table} at the same time.",
        "Let the other run finish, then run again; nothing was written twice.",
        params={"table": table},
    )
