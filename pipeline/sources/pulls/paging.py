"""Going through pages without ending too early or never.

Here: the rules every way of paging shares. Not here: where a system puts its cursor (one module each).
An empty page that names a next one goes on; a cursor that was used before, or very many pages without a
record, end the pull with a sentence instead of running for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from pipeline.periods import DAY, add_months, month_start
from pipeline.sources.pulls.spec import Asking, Call, PullFailed, failed

MAX_EMPTY = 20
"""Pages without a record, one after the other, that are still followed."""
MAX_PAGES = 100_000
SETTLE_PASSES = 5

Next = Callable[[Any], str]
"""The cursor of the next page that a body names; empty on the last page."""


def follow(
    ask: Callable[[Call], Any],
    call: Callable[[str], Call],
    next_of: Next,
    records_of: Callable[[Any], list[Any]],
    first: str = "",
) -> list[Any]:
    """Every body from the cursor `first` on. Raises PullFailed (E-PULL-LOOP)."""
    cursor, seen, empty, bodies = first, {first}, 0, []
    while True:
        body = ask(call(cursor))
        bodies.append(body)
        empty = 0 if records_of(body) else empty + 1
        cursor = next_of(body)
        if not cursor:
            return bodies
        if cursor in seen or empty >= MAX_EMPTY or len(bodies) >= MAX_PAGES:
            raise going_round(call(cursor).kind)
        seen.add(cursor)


def going_round(kind: str) -> PullFailed:
    return failed(
        "E-PULL-LOOP",
        "Reading {kind} does not come to an end: the system names pages again, or pages without records.",
        "Run again later. If it stays so, report it; until then drop the export as a file.",
        kind=kind,
    )


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days from `first` to `last` in pieces of a calendar month."""
    while first <= last:
        following = month_start(add_months(first, 1))
        yield first, min(following - DAY, last)
        first = following


def since_of(session: Asking) -> date:
    """The first day wanted, of a pull that needs one. Raises PullFailed (E-MISSING)."""
    since = session.pull.since
    if since is None:  # the workspace's rules ask for it
        raise failed("E-MISSING", "The key {key} is missing.", key="pull: since")
    return since


def months_wanted(session: Asking) -> Iterator[tuple[date, date]]:
    """The days from the first one wanted to today, month by month."""
    return months(since_of(session), session.today)


def by_position(
    ask: Callable[[Call], Any],
    call: Callable[[int], Call],
    records_of: Callable[[Any], list[str]],
    following: Callable[[int, Any], int | None],
    first: int = 0,
) -> Iterator[list[str]]:
    """Identifiers of each page of a list that is cut by position. `following`: the next position, from the
    present one and its page; None on the last page. Raises PullFailed (E-PULL-LOOP) where positions do not
    go up, a page comes again, or very many pages in a row are empty."""
    position, pages, empty, before = first, 0, 0, list[str]()
    while True:
        body, pages = ask(call(position)), pages + 1
        ids = records_of(body)
        yield ids
        further = following(position, body)
        if further is None:
            return
        empty = 0 if ids else empty + 1
        stuck = further <= position or (ids and ids == before)
        if stuck or empty >= MAX_EMPTY or pages >= MAX_PAGES:
            raise going_round(call(position).kind)
        position, before = further, ids


def settled(read: Callable[[], Iterable[Iterable[str]]]) -> None:
    """Read a list again, as a whole, until a pass brings no identifier that was not seen before.

    Where pages are cut by position, a record that moves or goes while the list is read pulls another one from
    a page not yet read into one that was. `read` begins the list anew and gives the identifiers of each page.
    A quiet list costs two passes.
    """
    seen: set[str] = set()
    for _ in range(SETTLE_PASSES):
        found = {one for ids in read() for one in ids}
        if seen and found <= seen:
            return
        if not found and not seen:
            return
        seen |= found
    raise failed(
        "E-PULL-MOVING",
        "The records changed so fast that no whole list of them could be read.",
        "Run again at a quieter hour.",
    )
