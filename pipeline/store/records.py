"""The records the store hands out and takes in.

Here: plain frozen records. Not here: anything that touches a disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Landed:
    """One file as it was received. The same bytes for the same source are the same landing."""

    source_id: str
    sha256: str
    size: int
    received_at: datetime
    """UTC."""
    origin: str
    """Path relative to the workspace, or the address it was pulled from."""
    name: str
    """File name, for messages."""

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Landings follow each other by when they were received; files of one instant by their names."""
        return self.received_at, self.name, self.sha256


@dataclass(frozen=True)
class Knowledge:
    """What is known at an instant: for each source the instant up to which its landings count."""

    as_of: datetime
    per_source: dict[str, datetime] = field(hash=False)
    reconstructed: frozenset[str] = frozenset()
    """Sources of which nothing had been landed by `as_of`; their earliest landing is used instead."""

    def instant(self, source_id: str) -> datetime:
        return self.per_source.get(source_id, self.as_of)


@dataclass(frozen=True)
class LandedRows:
    """What reading one landing gave: rows per fact (canonical columns), rejected rows, and its log entry.

    A refused landing has no facts and `refused=True`: it changes nothing that was known before.
    `entry` holds the columns of the ingest log beyond source, sha256, received_at, name and config_sha.
    """

    landed: Landed
    facts: Mapping[str, pa.Table]
    quarantine: pa.Table | None = None
    entry: Mapping[str, Any] = field(default_factory=dict)
    config_sha: str = ""
    refused: bool = False


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; an instant without zone is a mistake of the caller."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(UTC)
