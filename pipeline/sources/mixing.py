"""Files and a pull of one source that would tell of the same events under different identifiers.

Here: which of the two ways a source goes, and what is said of an export that comes the other way. Not here:
reading either (parse.py), which interfaces number records as their files do (pulls/).
"""

from __future__ import annotations

from pipeline.errors import Problem
from pipeline.sources.pulls.registry import PULLS
from pipeline.store.store import Landed, Store
from pipeline.workspace.model import Source

PULLED = "pull/"
"""What the origin of a fetched export begins with."""


class OneWay:
    """Keeps a source to the way its first usable export came: everything that comes the other way is refused,
    whenever it was received, so that nothing that counted stops counting."""

    def __init__(self, source: Source, store: Store) -> None:
        pull = PULLS.get((source.system, source.export))
        self._source = source
        self._is_free = pull is None or pull.numbers_alike
        self._by_pull: bool | None = None
        if not self._is_free:
            usable = {one["sha256"] for one in store.log_entries(source.id) if not one["refused"]}
            first = next((one for one in store.landings(source.id) if one.sha256 in usable), None)
            self._by_pull = None if first is None else _is_pulled(first)

    def refusal(self, landed: Landed) -> Problem | None:
        """Why an export must not be read beside the others; None when it may."""
        if self._is_free or self._by_pull in (None, _is_pulled(landed)):
            return None
        said = FETCHED if self._by_pull else DROPPED
        return Problem(
            "E-MIXED",
            said,
            "Give this way a source with an id of its own and remove the other source, so that only one "
            "counts.",
            file=landed.origin,
            params={"source": self._source.id, "system": self._source.system},
        )

    def took(self, landed: Landed) -> None:
        """An export was read and counts."""
        if self._by_pull is None:
            self._by_pull = _is_pulled(landed)


FETCHED = (
    "{source} is fetched from {system}, which numbers records otherwise than its files: the file would count "
    "the same events a second time."
)
DROPPED = (
    "{source} was read from files, whose records {system} numbers otherwise when it is asked: what was "
    "fetched would count the same events a second time."
)


def _is_pulled(landed: Landed) -> bool:
    return landed.origin.startswith(PULLED)
