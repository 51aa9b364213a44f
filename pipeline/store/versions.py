"""Snapshot tables with two times: a whole frame per instant, kept as its changes.

Here: what has to be appended so that a table's view at an instant equals a frame, whatever the order in
which instants are written. Not here: files and commits (tables.py) or whose frames these are (store.py).

Besides the frame's own columns a row carries `known_at` (from when it holds), `removed` and `revision` (a
later revision of the same key and instant replaces an earlier one). A row without key and with `removed`
only marks that a frame was put at that instant and equalled the one before.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from datetime import datetime

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InvariantBroken, Problem
from pipeline.store.history import History, conformed, fetch, known_micros, microseconds, missing_from, quoted
from pipeline.store.tables import Snapshot

MARKS = (
    pa.field("known_at", pa.timestamp("us", tz="UTC")),
    pa.field("removed", pa.bool_()),
    pa.field("revision", pa.int64()),
)
_MARK_NAMES = frozenset(field.name for field in MARKS)
_VIEWS_KEPT = 4


class VersionTable:
    """One snapshot table in memory, with the rows that are not committed yet."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.keys: tuple[str, ...] = tuple(snapshot.description.get("keys", ()))
        self._connection = connection
        self._rows = snapshot.rows
        self._pending: list[pa.Table] = []
        self._history: History | None = None
        self._views: dict[int, pa.Table] = {}
        self._instants = self._read_instants()
        self._revision = self._read_revision()

    @property
    def columns(self) -> pa.Schema | None:
        """The frame's columns; None while nothing was ever put."""
        if self._rows is None:
            return None
        return pa.schema([field for field in self._rows.schema if field.name not in _MARK_NAMES])

    def put(self, frame: pd.DataFrame | pa.Table, keys: Sequence[str], known_at: datetime) -> int:
        """Make the view at `known_at` equal `frame`; views at every other instant stay as they are.

        Returns the rows appended (0 when the view was already equal).
        """
        table = self._fitted(frame, tuple(keys))
        self._assert_unique(table)
        added = self._changes(table, known_at)
        at = microseconds(known_at)
        if not added and at not in self._instants:
            added = [_marked(_no_row(table.schema), known_at, removed=True)]
        rows = self._append(added)
        if at not in self._instants:
            bisect.insort(self._instants, at)
        self._remember(at, table)
        return rows

    def view(self, as_of: datetime) -> pa.Table | None:
        """The frame in force at the instant, sorted by key; None while nothing was ever put."""
        found = self._at(microseconds(as_of))
        return None if found is None else found.sort_by([(key, "ascending") for key in self.keys])

    def pending(self) -> pa.Table | None:
        """Rows not yet committed."""
        return pa.concat_tables(self._pending) if self._pending else None

    def committed(self, snapshot_version: int) -> None:
        """What was pending is now the given version of the table."""
        rows = self._rows
        self.snapshot = Snapshot(self.snapshot.name, snapshot_version, rows, {"keys": list(self.keys)})
        self._pending = []

    # -- how ---------------------------------------------------------------------------------------------

    def _changes(self, table: pa.Table, known_at: datetime) -> list[pa.Table]:
        """Rows at `known_at`, then what keeps the next later instant as it was."""
        at = microseconds(known_at)
        current = self._at(at)
        empty = table.schema.empty_table()
        current = empty if current is None else current
        if current.equals(table):
            return []
        changed = missing_from(self._connection, table, current)
        gone = empty.select(self.keys)
        if table.num_rows - changed.num_rows < current.num_rows:  # else every row of before is still there
            gone = missing_from(
                self._connection, current.select(self.keys), table.select(self.keys), self.keys
            )
        parts = [_marked(changed, known_at, removed=False)] if changed.num_rows else []
        if gone.num_rows:
            parts.append(_marked(conformed(gone, table.schema), known_at, removed=True))
        position = bisect.bisect_right(self._instants, at)
        if parts and position < len(self._instants):
            touched = pa.concat_tables([changed.select(self.keys), gone.select(self.keys)])
            parts += self._compensation(touched, self._instants[position])
        return parts

    def _compensation(self, touched: pa.Table, following: int) -> list[pa.Table]:
        """Rows at the next later instant, for keys that have none there, restating what it showed."""
        before = self._at(following)
        if before is None or self._rows is None:
            return []
        own = self._rows.filter(pa.array(known_micros(self._rows) == following)).select(self.keys)
        names = ", ".join(quoted(key) for key in self.keys)
        open_keys = fetch(
            self._connection,
            f"SELECT DISTINCT {names} FROM touched EXCEPT SELECT {names} FROM own",
            touched=touched,
            own=own,
        )
        on = " AND ".join(f"b.{quoted(key)} IS NOT DISTINCT FROM k.{quoted(key)}" for key in self.keys)
        shown = fetch(
            self._connection, f"SELECT b.* FROM before b SEMI JOIN k ON {on}", before=before, k=open_keys
        )
        hidden = fetch(
            self._connection, f"SELECT k.* FROM k ANTI JOIN before b ON {on}", before=before, k=open_keys
        )
        instant = pa.scalar(following, pa.int64()).cast(MARKS[0].type).as_py()
        parts = []
        if shown.num_rows:
            parts.append(_marked(conformed(shown, before.schema), instant, removed=False))
        if hidden.num_rows:
            parts.append(_marked(conformed(hidden, before.schema), instant, removed=True))
        return parts

    def _at(self, at: int) -> pa.Table | None:
        """The view at an instant, unsorted; from memory when it was put or asked for lately."""
        position = bisect.bisect_right(self._instants, at)
        columns = self.columns
        if columns is None or self._rows is None:
            return None
        if position == 0:
            return columns.empty_table()
        instant = self._instants[position - 1]
        if instant not in self._views:
            if self._history is None:
                self._history = History(self._connection, self._rows, self.keys)
            moment = pa.scalar(instant, pa.int64()).cast(MARKS[0].type).as_py()
            self._remember(instant, self._history.view(moment).select(columns.names))
        return self._views[instant]

    def _remember(self, at: int, table: pa.Table) -> None:
        self._views.pop(at, None)
        self._views[at] = table
        while len(self._views) > _VIEWS_KEPT:
            self._views.pop(next(iter(self._views)))

    def _append(self, parts: list[pa.Table]) -> int:
        if not parts:
            return 0
        self._revision += 1
        rows = pa.concat_tables(parts)
        revision = pa.array([self._revision] * rows.num_rows, pa.int64())
        rows = rows.append_column(MARKS[2], revision)
        self._rows = rows if self._rows is None else pa.concat_tables([self._rows, rows])
        self._pending.append(rows)
        self._history = None
        return int(rows.num_rows)

    def _fitted(self, frame: pd.DataFrame | pa.Table, keys: tuple[str, ...]) -> pa.Table:
        """The frame in the table's schema; columns the table has not yet are added to it."""
        given = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
        given = given.replace_schema_metadata(None)
        if self.keys and self.keys != keys:
            raise ValueError(f"{self.snapshot.name} has the key {self.keys}, not {keys}")
        self.keys = keys
        known = self.columns
        fields = list(known) if known is not None else []
        names = {field.name for field in fields}
        new = [_storable(field) for field in given.schema if field.name not in names]
        schema = pa.schema([*fields, *new])
        if new and self._rows is not None:
            self._rows = conformed(self._rows, pa.schema([*schema, *MARKS]))
            self._pending = [conformed(part, pa.schema([*schema, *MARKS])) for part in self._pending]
            self._views.clear()
            self._history = None
        return conformed(given, schema)

    def _assert_unique(self, table: pa.Table) -> None:
        groups = table.group_by(list(self.keys)).aggregate([([], "count_all")])
        if groups.num_rows != table.num_rows:
            raise InvariantBroken(
                Problem(
                    "E-KEY",
                    "Two rows of {table} have the same key ({keys}).",
                    "This is a fault of the program, not of the data; please report it.",
                    params={"table": self.snapshot.name, "keys": ", ".join(self.keys)},
                )
            )

    def _read_instants(self) -> list[int]:
        return [] if self._rows is None else sorted(set(known_micros(self._rows).tolist()))

    def _read_revision(self) -> int:
        newest = None if self._rows is None else pc.max(self._rows["revision"]).as_py()
        return int(newest or 0)


def _marked(rows: pa.Table, known_at: datetime, *, removed: bool) -> pa.Table:
    """Rows with `known_at` and `removed`; the revision is added when they are appended."""
    count = rows.num_rows
    return rows.append_column(MARKS[0], pa.array([known_at] * count, MARKS[0].type)).append_column(
        MARKS[1], pa.array([removed] * count, pa.bool_())
    )


def _no_row(schema: pa.Schema) -> pa.Table:
    return pa.Table.from_arrays([pa.nulls(1, field.type) for field in schema], schema=schema)


def _storable(field: pa.Field) -> pa.Field:
    """A column type Delta can hold: text for a column that is empty throughout, plain text for others."""
    kind = field.type
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        kind = pa.string()
    elif pa.types.is_dictionary(kind):
        kind = kind.value_type
    elif pa.types.is_timestamp(kind):
        kind = pa.timestamp("us", tz="UTC") if kind.tz else pa.timestamp("us")
    return pa.field(field.name, kind)
