"""Bitemporal arithmetic on frames: what a series of landings changes, and what was known at an instant.

Here: pure functions and one index over Arrow tables. Not here: files, Delta (tables.py, landing.py), or
which tables there are (store.py).

A history has one row per (key, known_at): the key's content from that instant on, or `removed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BOOKKEEPING = ("source", "source_sha256", "source_line", "known_at", "removed")
FOREVER = np.iinfo(np.int64).max
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def connect() -> duckdb.DuckDBPyConnection:
    """An in-memory engine that never reaches for an extension."""
    return duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": "2"}
    )


def known_micros(rows: pa.Table) -> np.ndarray:
    """The column known_at as microseconds."""
    return pc.cast(rows["known_at"], pa.int64()).to_numpy()


def rows_before(rows: pa.Table, instant: datetime) -> pa.Table:
    return rows.filter(pa.array(known_micros(rows) < microseconds(instant)))


def rows_from(rows: pa.Table, instant: datetime) -> pa.Table:
    return rows.filter(pa.array(known_micros(rows) >= microseconds(instant)))


class History:
    """A history sorted by key, each row with the instant at which its successor replaced it.

    Built once (one sort); any as-of is then one comparison a row.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: pa.Table, keys: Sequence[str]) -> None:
        self.schema = rows.schema
        names = ", ".join(quoted(key) for key in keys)
        revision = ", revision DESC" if "revision" in rows.column_names else ""
        result = fetch(
            connection,
            f"""
            SELECT _row, _known, lead(_known) OVER (PARTITION BY {names} ORDER BY _known) AS _until
            FROM (SELECT * FROM history
                  QUALIFY row_number() OVER (PARTITION BY {names}, _known ORDER BY _known{revision}) = 1)
            ORDER BY {names}, _known
            """,
            history=_numbered(rows, [*keys, *(["revision"] if revision else [])]),
        )
        self.rows = rows.take(result["_row"]).combine_chunks()
        self._known = result["_known"].to_numpy()
        until = pc.fill_null(result["_until"], FOREVER).to_numpy()
        self._until = np.where(self.rows["removed"].to_numpy(zero_copy_only=False), self._known, until)

    def view(self, instant: datetime) -> pa.Table:
        """Rows in force at the instant, sorted by key; removed ones are left out."""
        at = microseconds(instant)
        return self.rows.filter(pa.array((self._known <= at) & (at < self._until)))

    def replaced_since(self, instant: datetime) -> int:
        """How often, from the instant on, a row took the place of an earlier one of the same key."""
        removed = self.rows["removed"].to_numpy(zero_copy_only=False)
        ended = ~removed & (self._until != FOREVER) & (self._until >= microseconds(instant))
        # rows are in order of key and instant: what ended a row stands right behind it
        return int((ended[:-1] & ~removed[1:]).sum())


def landing_changes(
    connection: duckdb.DuckDBPyConnection,
    known: pa.Table,
    landings: Sequence[tuple[datetime, str, pa.Table]],
    keys: Sequence[str],
    *,
    full: bool,
) -> pa.Table:
    """What a series of landings adds to a history.

    `known` is the view just before the first landing; `landings` are (received at, sha256, rows), in order,
    rows in the fact's schema; one that is marked removed says that its key is gone. Gives new and changed
    rows, dated by their landing, and, for full exports, a removed row where a key is missing from the next
    one. Files received at the same instant count as one export; the last row of a key within an export wins.
    """
    schema = known.schema
    content = [name for name in schema.names if name not in BOOKKEEPING]
    if not known.num_rows and len(landings) == 1 and _is_unique(landings[0][2], keys):
        return landings[0][2].filter(pc.invert(landings[0][2]["removed"]))
    instants = sorted({received for received, _, _ in landings})
    number = {instant: index + 1 for index, instant in enumerate(instants)}
    sha_of = {number[received]: sha for received, sha, _ in landings}
    parts = [_with_sequence(known, 0)]
    parts += [_with_sequence(rows, number[received]) for received, _, rows in landings]
    incoming = pa.concat_tables(parts)
    changes = fetch(
        connection, _changes_sql(content, keys, full, len(instants)), incoming=_numbered_order(incoming)
    )
    sequence = changes["_seq"].to_pylist()
    removed = changes["removed"]
    known_at = pa.array([instants[index - 1] for index in sequence], schema.field("known_at").type)
    shas = pa.array([sha_of[index] for index in sequence], pa.string())
    columns = {
        **{name: changes[name] for name in content},
        "source": changes["source"],
        "source_sha256": pc.if_else(removed, shas, changes["source_sha256"]),
        "source_line": changes["source_line"],
        "known_at": known_at,
        "removed": removed,
    }
    return pa.Table.from_arrays([_cast(columns[f.name], f.type) for f in schema], schema=schema)


def _changes_sql(content: Sequence[str], keys: Sequence[str], full: bool, last: int) -> str:
    names = ", ".join(quoted(key) for key in keys)
    whole = "struct_pack(" + ", ".join(f"{quoted(name)} := {quoted(name)}" for name in content) + ")"
    columns = ", ".join(quoted(name) for name in content)
    gap = "OR previous < _seq - 1" if full else ""
    here = "AND previous = _seq - 1" if full else ""  # a key missing from the export between is gone already
    vanished = f"""
        UNION ALL
        SELECT {columns}, source, source_sha256, NULL AS source_line, true AS removed, _seq + 1 AS _seq
        FROM linked WHERE NOT removed AND _seq < {last} AND (following IS NULL OR following > _seq + 1)
    """
    return f"""
        WITH one AS (
            SELECT * FROM incoming
            QUALIFY row_number() OVER (PARTITION BY _seq, {names} ORDER BY _order DESC) = 1
        ), linked AS (
            SELECT *, lag(_seq) OVER w AS previous, lead(_seq) OVER w AS following,
                   {whole} AS content, lag({whole}) OVER w AS before, lag(removed) OVER w AS was_removed
            FROM one WINDOW w AS (PARTITION BY {names} ORDER BY _seq)
        ), changed AS (
            SELECT {columns}, source, source_sha256, source_line, removed, _seq FROM linked
            WHERE _seq > 0 AND CASE WHEN removed THEN NOT coalesce(was_removed, true) {here}
                ELSE previous IS NULL {gap} OR was_removed OR before IS DISTINCT FROM content END
            {vanished if full else ""}
        )
        SELECT * FROM changed ORDER BY _seq, {names}
    """


def missing_from(
    connection: duckdb.DuckDBPyConnection,
    these: pa.Table,
    those: pa.Table,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Rows of `these` that `those` has not (as a multiset), compared over `columns` (all when left out)."""
    if not these.num_rows:
        return these
    if not those.num_rows:
        return these
    names = ", ".join(quoted(name) for name in (columns or these.column_names))
    found = fetch(
        connection,
        f"SELECT {names} FROM these EXCEPT ALL SELECT {names} FROM those ORDER BY ALL",
        these=these,
        those=those,
    )
    return conformed(found, pa.schema([these.schema.field(name) for name in (columns or these.column_names)]))


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, **tables: pa.Table) -> pa.Table:
    """Run one query over Arrow tables and return everything (an unfetched result would block the next)."""
    for name, table in tables.items():
        connection.register(name, table)
    try:
        return connection.sql(sql).to_arrow_table()
    finally:
        for name in tables:
            connection.unregister(name)


def conformed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows with exactly these columns and types; a missing column is empty. Raises on lossy casts."""
    columns = [
        _cast(rows[column.name], column.type)
        if column.name in rows.column_names
        else pa.nulls(rows.num_rows, column.type)
        for column in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _is_unique(rows: pa.Table, keys: Sequence[str]) -> bool:
    """Whether no two rows have the same key."""
    return bool(rows.group_by(list(keys)).aggregate([]).num_rows == rows.num_rows)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _cast(column: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    return column if column.type == kind else column.cast(kind)


def _numbered(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Only the columns a sort needs, with the row's position and its instant as a number."""
    return (
        rows.select(list(columns))
        .append_column("_row", pa.array(np.arange(rows.num_rows)))
        .append_column("_known", pa.array(known_micros(rows)))
    )


def _with_sequence(rows: pa.Table, sequence: int) -> pa.Table:
    return rows.append_column("_seq", pa.array(np.full(rows.num_rows, sequence, dtype=np.int64)))


def _numbered_order(rows: pa.Table) -> pa.Table:
    return rows.append_column("_order", pa.array(np.arange(rows.num_rows)))
