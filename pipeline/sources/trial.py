"""What reading the newest export would give, before anything is kept: for `check`.

Here: choosing the file and reading it. Not here: landing and writing (ingest.py), reading itself (parse.py),
wording for the terminal (assets/).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import FileRefused, Problem
from pipeline.sources.ingest import declared_instant, find_files, source_fingerprint, unusable_rows
from pipeline.sources.parse import parse_export
from pipeline.sources.state import Counts, ParsedExport
from pipeline.store.store import Store
from pipeline.workspace.model import Source, Workspace

LARGEST_BYTES = 64 * 2**20
"""A larger file is left for the run: a check is to take seconds."""


@dataclass(frozen=True)
class SetAside:
    """Rows of one column that would be set aside for one reason."""

    file: str
    line: int
    column: str
    value: str
    reason: str
    remedy: str
    rows: int


@dataclass(frozen=True)
class Trial:
    """The reading of one file that a run has not read yet, or not as the source now says."""

    name: str
    counts: Counts = field(default_factory=Counts)
    set_aside: tuple[SetAside, ...] = ()
    """Most frequent reason first."""
    refused: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def tried(workspace: Workspace, source: Source, store: Store | None) -> Trial | None:
    """The newest file of the source read as it would be; None when there is nothing new to read, the file is
    larger than LARGEST_BYTES or the source is a query. Lands and writes nothing. `store`: None before the
    first run."""
    paths = find_files(workspace, source)[0] if source.sql is None else []
    newest = max(enumerate(paths), key=lambda one: (_received(workspace, one[1]), one[0]), default=(0, None))[
        1
    ]
    if newest is None or newest.stat().st_size > LARGEST_BYTES:
        return None
    data = newest.read_bytes()
    if store is not None and _is_read(workspace, source, store, data):
        return None
    return _trial(workspace, source, data, newest)


def _received(workspace: Workspace, path: Path) -> str:
    """When a file was received, as sortable text; one without a declared time counts as received now."""
    return workspace.received.get(path.relative_to(workspace.root).as_posix(), "now")


def _is_read(workspace: Workspace, source: Source, store: Store, data: bytes) -> bool:
    """Whether a run has read these bytes under the source as it now is."""
    wanted = hashlib.sha256(data).hexdigest(), source_fingerprint(workspace, source)
    return any((entry["sha256"], entry["config_sha"]) == wanted for entry in store.log_entries(source.id))


def _trial(workspace: Workspace, source: Source, data: bytes, path: Path) -> Trial:
    name = path.relative_to(workspace.root).as_posix()
    received = declared_instant(workspace, name) if name in workspace.received else datetime.now(UTC)
    try:
        parsed = parse_export(workspace, source, data, path.name, received_at=received)
    except FileRefused as refusal:
        return Trial(name, refused=refusal.problems)
    unusable = unusable_rows(path.name, parsed)
    return Trial(
        name,
        parsed.counts,
        _grouped(parsed),
        (unusable,) if unusable else (),
        parsed.warnings,
    )


def _grouped(parsed: ParsedExport) -> tuple[SetAside, ...]:
    groups: dict[tuple[str, str], list[dict[Any, Any]]] = {}
    for row in parsed.quarantine.to_dict("records"):
        groups.setdefault((str(row["reason"]), _first(row["column"])), []).append(row)
    found = [
        SetAside(
            str(rows[0]["file"]), int(rows[0]["line"]), column, _first(rows[0]["value"]), reason,
            str(rows[0]["remedy"]), len(rows),
        )
        for (reason, column), rows in groups.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.rows, one.line)))


def _first(joined: object) -> str:
    """Of a row with several faults the cell that its reason speaks of."""
    return str(joined or "").split("; ")[0]
