"""What every asset works with: the workspace, its store, and the editions computed in this process.

Nothing here decides a number; an edition is a pure function of landed bytes and workspace, so a second
process computes the same one again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import dagster as dg
from pydantic import PrivateAttr

from pipeline.goals.edition import EditionCache, build_edition
from pipeline.goals.model import Edition
from pipeline.periods import Week
from pipeline.store.store import Store
from pipeline.workspace.model import Workspace

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class WorkRoom:
    """One workspace at work: its store, its editions, and the weeks that failed in this run."""

    def __init__(
        self, workspace: Workspace, now: Clock = utc_now, known: Literal["then", "now"] = "then"
    ) -> None:
        self.workspace = workspace
        self.now = now
        self.known = known
        self.failures: dict[Week, Exception] = {}
        self.progress: Callable[[str, int, int], None] = lambda step, done, total: None

    @cached_property
    def store(self) -> Store:
        return Store(self.workspace.state_dir)

    @cached_property
    def _cache(self) -> EditionCache:
        return EditionCache()

    def forget_editions(self) -> None:
        """After new data has landed, editions computed before it are no longer true."""
        self.__dict__.pop("_cache", None)

    def edition(self, week: Week) -> Edition:
        return build_edition(
            self.workspace, self.store, week, known=self.known, now=self.now(), cache=self._cache
        )


class WorkRoomResource(dg.ConfigurableResource[Any]):
    """Gives assets the room built by `build_defs`; the folder is shown in the UI."""

    folder: str
    _room: WorkRoom = PrivateAttr()

    @classmethod
    def of(cls, room: WorkRoom) -> WorkRoomResource:
        resource = cls(folder=str(room.workspace.root))
        resource._room = room
        return resource

    @property
    def room(self) -> WorkRoom:
        return self._room
