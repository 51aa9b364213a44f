"""Delta tables on disk: reading whole tables, committing once, compaction.

Here: the only code that knows Delta Lake. Not here: what the rows mean (history.py, versions.py).

A commit names the version it was computed from and fails with `Conflict` when somebody else has committed
since; the caller looks again and retries. Each commit also carries an application transaction (a hash of
what was written), which is checked before writing: the same content is not committed twice on one base.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.errors import SystemMissing
from pipeline.store.files import cannot_write, private_folder

WRITER = "goal-scorecards"
MAX_ATTEMPTS = 6
"""How often a commit is recomputed when others commit to the same table meanwhile."""

KEEP_UNUSED_HOURS = 7 * 24
"""Hours that replaced files stay, for readers that opened the table before."""


class Conflict(Exception):
    """Somebody else committed to the table after it was read."""


@dataclass(frozen=True)
class Snapshot:
    """A table at one version; version -1 and no rows when it does not exist yet."""

    name: str
    version: int
    rows: pa.Table | None
    description: dict[str, Any]


class Tables:
    """The Delta tables under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        """Tables that have at least one commit."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if (path / "_delta_log").is_dir())

    def exists(self, name: str) -> bool:
        return (self.root / name / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(self.root / name))

    def read(self, name: str) -> Snapshot:
        """Every row of the table in its newest version."""
        if not self.exists(name):
            return Snapshot(name, -1, None, {})
        table = DeltaTable(str(self.root / name))
        # file_uris() quotes spaces and non-Latin letters; the tables are flat, so the file's name is enough
        files = [self.root / name / unquote(uri).rsplit("/", 1)[-1] for uri in table.file_uris()]
        schema = pa.schema(table.schema().to_arrow())
        rows = [pq.ParquetFile(path).read() for path in sorted(files)]
        whole = (
            pa.concat_tables([_conformed(part, schema) for part in rows]) if rows else schema.empty_table()
        )
        return Snapshot(name, table.version(), whole, json.loads(table.metadata().description or "{}"))

    def description(self, name: str) -> dict[str, Any]:
        """What the table says about itself: its source, fact and keys."""
        if not self.exists(name):
            return {}
        return dict(json.loads(DeltaTable(str(self.root / name)).metadata().description or "{}"))

    def is_current(self, snapshot: Snapshot) -> bool:
        """Whether nobody has committed since the snapshot was read; one look at the file system."""
        log = self.root / snapshot.name / "_delta_log"
        return not (log / f"{snapshot.version + 1:020d}.json").exists()

    def append(self, base: Snapshot, rows: pa.Table, description: Mapping[str, Any]) -> int:
        """Add rows in one commit on top of `base`; the new version. Raises Conflict."""
        return self._commit(base, rows, "append", description)

    def overwrite(self, base: Snapshot, rows: pa.Table, description: Mapping[str, Any]) -> int:
        """Replace every row in one atomic commit on top of `base`; the new version. Raises Conflict."""
        return self._commit(base, rows, "overwrite", description)

    def _commit(
        self,
        base: Snapshot,
        rows: pa.Table,
        mode: Literal["append", "overwrite"],
        description: Mapping[str, Any],
    ) -> int:
        path = private_folder(self.root / base.name)
        application = f"{WRITER}:{content_hash(rows, base.version)}"
        properties = CommitProperties(max_commit_retries=0, app_transactions=[Transaction(application, 1)])
        try:
            if base.version < 0:
                text = json.dumps(dict(description), sort_keys=True)
                write_deltalake(str(path), rows, mode="error", description=text, commit_properties=properties)
                return 0
            table = DeltaTable(str(path))
            if table.transaction_version(application) is not None:
                return table.version()
            if table.version() != base.version:
                raise Conflict(base.name)
            if mode == "append":
                write_deltalake(table, rows, mode="append", schema_mode="merge", commit_properties=properties)
            else:
                write_deltalake(
                    table, rows, mode="overwrite", schema_mode="overwrite", commit_properties=properties
                )
            return base.version + 1
        except CommitFailedError as error:
            raise Conflict(base.name) from error
        except (OSError, DeltaError) as error:
            if base.version < 0 and self.exists(base.name):
                raise Conflict(base.name) from error
            raise SystemMissing(cannot_write(path, error)) from error

    def compact(self, names: Iterable[str] | None = None, minimum_files: int = 8) -> int:
        """Merge the small files of tables that have many; the number of tables compacted.

        Content and history of knowledge stay as they are, because both are rows. Files that no version of
        the last week uses are removed. A table that somebody else is writing is left for the next time.
        """
        done = 0
        for name in self.names() if names is None else names:
            table = DeltaTable(str(self.root / name))
            if len(table.file_uris()) < minimum_files:
                continue
            try:
                table.optimize.compact()
            except CommitFailedError:
                continue
            table.create_checkpoint()
            table.vacuum(retention_hours=KEEP_UNUSED_HOURS, dry_run=False)
            done += 1
        return done


def content_hash(rows: pa.Table, base_version: int) -> str:
    """Identifies what a commit adds to which version."""
    digest = hashlib.sha256(str(base_version).encode())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    digest.update(sink.getvalue())
    return digest.hexdigest()[:32]


def _conformed(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """A file's rows in the table's schema; a column added after the file was written is empty."""
    columns = [
        part[column.name].cast(column.type)
        if column.name in part.column_names
        else pa.nulls(part.num_rows, column.type)
        for column in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
