"""TimeCamp: time entries, and which of them were deleted.

Here: paths and ranges. Not here: the columns (vendors/timecamp.py has TimeCamp's own names), the network.
TimeCamp has no pages: a range of days is cut into months. Deletions are asked for first, so that an entry
that was restored meanwhile counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.sources.pulls.bundle import Bundle, Page, Rows, cell
from pipeline.sources.pulls.paging import months_wanted
from pipeline.sources.pulls.spec import (
    Asking,
    Call,
    Manners,
    PullSpec,
    Record,
    Refusal,
    always_changes,
    bearer,
)

MANNERS_UNITS = 30
"""Requests a minute; TimeCamp does not publish what a plan allows."""
TAGS = {"opt_fields": "tags"}
HEADERS = ("id", "user_name", "name", "date", "duration", "billable", "tags")


def _judge(body: Any) -> Refusal | None:
    """`{"message": ..., "code": 401}` and `{"retryable": true, ...}`, whatever their status."""
    if not isinstance(body, Mapping):
        return None
    if body.get("retryable") is True:
        return Refusal("again", cell(body.get("error_name")) or "retryable")
    if "message" in body and "code" in body:
        kind = "account" if cell(body["code"]) in ("401", "403") else "stop"
        return Refusal(kind, cell(body["message"]))  # type: ignore[arg-type]
    return None


def _ask(session: Asking) -> None:
    for kind, path, more in (("deletions", "/entries_deletions", {}), ("entries", "/entries", TAGS)):
        for first, last in months_wanted(session):
            days = {"from": first.isoformat(), "to": last.isoformat()}
            session.ask(Call(kind, path, {**days, "format": "json", **more}))


def _records(bundle: Bundle) -> list[Record]:
    rows = Rows()
    for kind in ("deletions", "entries"):
        for page in bundle.of(kind):
            for entry in _listed(page):
                identifier = cell(entry.get("id") or entry.get("entry_id"))
                cells = {name: cell(entry.get(name)) for name in HEADERS}
                cells.update(id=identifier, tags=_tags(entry.get("tags")))
                rows.put(Record(page.line, cells, removed=kind == "deletions"))
    return rows.all()


def _listed(page: Page) -> list[Mapping[str, Any]]:
    """Entries of an answer: a list, or an object with one entry a key."""
    found = page.body.values() if isinstance(page.body, Mapping) else page.body
    return [entry for entry in found or () if isinstance(entry, Mapping)]


def _tags(tags: Any) -> str:
    names = [cell(tag.get("name")) if isinstance(tag, Mapping) else cell(tag) for tag in tags or ()]
    return ";".join(name for name in names if name)


PULLS = (
    PullSpec(
        system="timecamp",
        export="entries",
        title="Time entries",
        base_url="https://app.timecamp.com/third_party/api",
        manners=Manners(MANNERS_UNITS, 60.0, _judge),
        ask=_ask,
        records=_records,
        headers=lambda bundle: HEADERS,
        authorisation=bearer,
        delivers=always_changes,
        keys=frozenset({"since"}),
        needs=frozenset({"since"}),
        unverified=(
            "How many requests a plan allows; the zone of date; the fields of a deletion; whether its from "
            "and to mean the day of the entry or that of its deletion."
        ),
    ),
)
