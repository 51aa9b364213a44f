"""What became of each attempt to fetch a source, so that its state can be told as of any instant.

Here: a short list beside the pull's saved answers, without secrets. Not here: fetching (pull.py), what a
state is (freshness.py). An attempt counts from the instant it ended: an edition as of an earlier one does not
know it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import Problem
from pipeline.store.files import write_atomic

KEPT = 300
"""Attempts that are remembered, several years of weeks."""


@dataclass(frozen=True)
class Attempt:
    """One attempt: when it ended, what it was asked under, and why it failed (None: it did not)."""

    at: datetime
    started_at: datetime
    config: str
    problem: Problem | None = None


def pull_folder(state_dir: Path, source_id: str) -> Path:
    """Where a source's pulls keep what is theirs."""
    return state_dir / "pulls" / source_id


def attempts(state_dir: Path, source_id: str) -> list[Attempt]:
    """Oldest first; none when nothing was ever fetched. A damaged line is passed over."""
    try:
        text = _file(state_dir, source_id).read_text("utf-8")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        try:
            found.append(_attempt(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda one: one.at)


def record(state_dir: Path, source_id: str, attempt: Attempt) -> None:
    """Add an attempt. Raises SystemMissing when it cannot be written."""
    kept = [*attempts(state_dir, source_id), attempt][-KEPT:]
    lines = [json.dumps(_record(one), ensure_ascii=False, default=str) + "\n" for one in kept]
    write_atomic(_file(state_dir, source_id), "".join(lines).encode())


def newest(state_dir: Path, source_id: str, instant: datetime) -> Attempt | None:
    """The last attempt that had ended by then."""
    return next((one for one in reversed(attempts(state_dir, source_id)) if one.at <= instant), None)


def last_success(state_dir: Path, source_id: str, config: str) -> Attempt | None:
    """The last attempt under this configuration that came to its end."""
    done = [one for one in attempts(state_dir, source_id) if one.problem is None and one.config == config]
    return done[-1] if done else None


def _file(state_dir: Path, source_id: str) -> Path:
    return pull_folder(state_dir, source_id) / "attempts.ndjson"


def _record(one: Attempt) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "started_at": one.started_at.isoformat(),
        "config": one.config,
        "problem": None if one.problem is None else asdict(one.problem),
    }


def _attempt(record: Mapping[str, Any]) -> Attempt:
    problem = record["problem"]
    return Attempt(
        datetime.fromisoformat(record["at"]),
        datetime.fromisoformat(record["started_at"]),
        record["config"],
        None if problem is None else Problem(**problem),
    )
