"""A source that is a query: its rows as they are now, as the bytes of one file.

Here: opening the database so that nothing can be written, running the query, rows to Parquet without losing
a digit. Not here: which rows are right (parse.py reads the bytes like every other file), when a query is run
and where its answer is kept (ingest.py).
Databases: PostgreSQL (postgresql://, with the extra `sql`), SQLite (sqlite:///file) and DuckDB (duckdb:///file).
"""

from __future__ import annotations

import hashlib
import importlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import FileRefused, Problem, shown
from pipeline.sources.credentials import address_of
from pipeline.sources.pulls.spec import PullFailed
from pipeline.workspace.model import Source, Sql

MAX_ROWS = 5_000_000
BATCH_ROWS = 50_000
ROWS, ASKED_AT = b"scorecards.rows", b"scorecards.asked_at"
"""Notes inside the file: the hash of its rows, and when they were asked for (UTC)."""
_KEPT = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal128,
    pa.types.is_string,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_null,
)


@dataclass(frozen=True)
class Answer:
    """What a query gave: one Parquet file, and a hash of the rows alone."""

    data: bytes
    rows_sha: str
    rows: int


def ask(source: Source, root: Path, now: datetime, environ: Mapping[str, str] | None = None) -> Answer:
    """Run the source's query in a transaction that can only read. Rows are put into a fixed order, so that
    the same rows have the same hash. Raises FileRefused: E-SECRET, E-SQL, E-LIMIT."""
    sql = source.sql
    assert sql is not None  # noqa: S101 - the caller asks only for sources with a query
    url = _address(source, sql, environ)
    names, rows = _rows(source, sql, url, root)
    rows.sort(key=lambda row: tuple((value is not None, str(value)) for value in row))
    columns = [_column([row[index] for row in rows]) for index in range(len(names))]
    table = pa.Table.from_arrays(columns, names=names)
    sha = _sha(table)
    noted = table.replace_schema_metadata({ROWS: sha.encode(), ASKED_AT: now.isoformat().encode()})
    return Answer(_parquet(noted), sha, len(rows))


def asked(data: bytes) -> tuple[str, datetime] | None:
    """(hash of the rows, when they were asked for) of a landed answer; None for other files."""
    try:
        notes = pq.read_schema(io.BytesIO(data)).metadata or {}
        return notes[ROWS].decode(), datetime.fromisoformat(notes[ASKED_AT].decode())
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return None


# --- where to ask ------------------------------------------------------------------------------------


def _address(source: Source, sql: Sql, environ: Mapping[str, str] | None) -> str:
    try:
        return address_of(source, sql, environ)
    except PullFailed as failure:
        place = f"sources/{source.id}"
        raise FileRefused(*(replace(problem, file=place) for problem in failure.problems)) from None


def _module(name: str, source: Source, package: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise _refused(
            source,
            "E-SQL",
            "Reading this source needs the Python package {package}, which is not installed.",
            "Install it: pip install {package}",
            package=package,
        ) from None


def _refused(source: Source, code: str, message: str, remedy: str, **params: object) -> FileRefused:
    return FileRefused(
        Problem(code, message, remedy, file=f"sources/{source.id}", params={"source": source.id, **params})
    )


# --- asking ------------------------------------------------------------------------------------------


def _rows(source: Source, sql: Sql, url: str, root: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    scheme = urlsplit(url).scheme.partition("+")[0]
    opener = _OPENERS.get(scheme)
    if opener is None:
        raise _refused(
            source,
            "E-SQL",
            "The address of the database begins with {scheme}, which is not known.",
            "It must begin with one of: {choices}.",
            scheme=f"“{shown(scheme)}”",
            choices=", ".join(f"{name}://" for name in _OPENERS),
        )
    try:
        with opener(source, sql, url, root) as cursor:
            cursor.execute(sql.query)
            names = [str(column[0]) for column in cursor.description or ()]
            return names, _fetched(source, cursor)
    except FileRefused:
        raise
    except Exception as error:  # every driver has errors of its own
        raise _refused(
            source,
            "E-SQL",
            "The query could not be run: {cause}",
            "Correct the query or the address; nothing was changed in the database.",
            cause=_without_secrets(error, url),
        ) from None


def _fetched(source: Source, cursor: Any) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    while batch := cursor.fetchmany(BATCH_ROWS):
        rows += [tuple(row) for row in batch]
        if len(rows) > MAX_ROWS:
            raise _refused(
                source,
                "E-LIMIT",
                "The query gives more than {limit} rows.",
                "Narrow it, for example to the last two years.",
                limit=MAX_ROWS,
            )
    return rows


def _without_secrets(error: Exception, url: str) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    password = urlsplit(url).password or ""
    for secret in (url, unquote(password), password):
        text = text.replace(secret, "…") if secret else text
    return shown(text, 300)


@contextmanager
def _postgres(source: Source, sql: Sql, url: str, root: Path) -> Iterator[Any]:
    psycopg = _module("psycopg", source, "psycopg[binary]")
    address = "postgresql" + url[url.index("://") :]
    options = f"-c statement_timeout={sql.timeout_seconds * 1000} -c TimeZone=UTC"
    with psycopg.connect(address, connect_timeout=20, options=options) as connection:
        connection.read_only = True
        with connection.cursor() as cursor:
            yield cursor
        connection.rollback()


@contextmanager
def _sqlite(source: Source, sql: Sql, url: str, root: Path) -> Iterator[Any]:
    import sqlite3

    with closing(sqlite3.connect(f"{_file(url, root).as_uri()}?mode=ro", uri=True)) as connection:
        yield connection.cursor()


@contextmanager
def _duckdb(source: Source, sql: Sql, url: str, root: Path) -> Iterator[Any]:
    import duckdb

    config: dict[str, Any] = {"enable_external_access": "false"}
    with closing(duckdb.connect(str(_file(url, root)), read_only=True, config=config)) as connection:
        yield connection.cursor()


def _file(url: str, root: Path) -> Path:
    """sqlite:///data.db lies in the workspace, sqlite:////srv/data.db at that path of the disk."""
    return root / unquote(urlsplit(url).path.removeprefix("/"))


_OPENERS: dict[str, Callable[[Source, Sql, str, Path], Any]] = {
    "postgresql": _postgres,
    "postgres": _postgres,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
}


# --- rows to bytes -----------------------------------------------------------------------------------


def _column(values: Sequence[Any]) -> pa.Array:
    """Exact values: numbers, dates and text as they are, everything else as its text."""
    try:
        made = pa.array(values)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return _as_text(values)
    return made if any(kept(made.type) for kept in _KEPT) else _as_text(values)


def _as_text(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value)


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _sha(table: pa.Table) -> str:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()
