"""Prospect.io (now Overloop): prospects, from its frozen JSON:API interface.

Here: the list of prospects and its paging. Not here: the network.
The documented campaigns carry no counters, so what a campaign did is read from the prospects. The list is
sorted by the day of creation, which no edit moves, and read until a pass brings nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.sources.pulls.bundle import Bundle, Rows, cell, inside, listed
from pipeline.sources.pulls.paging import MAX_EMPTY, MAX_PAGES, going_round, settled
from pipeline.sources.pulls.spec import Asking, Call, Manners, PullSpec, Record, Refusal, always_full
from pipeline.sources.vendor import ExportSpec, Field
from pipeline.workspace.model import FileFormat

SIZE = 100
HEADERS = ("id", "email", "created_at", "created_from", "campaign_status")


def _judge(body: Any) -> Refusal | None:
    """JSON:API puts errors under `errors`."""
    errors = listed(body, "errors")
    if not errors:
        return None
    first = errors[0] if isinstance(errors[0], Mapping) else {}
    said = cell(first.get("detail") or first.get("title") or first.get("status")) or "errors"
    return Refusal("account" if cell(first.get("status")) in ("401", "403") else "stop", said)


def _ask(session: Asking) -> None:
    settled(lambda: _pass(session))


def _pass(session: Asking) -> Iterator[list[str]]:
    """Identifiers of each page. The address of the next page is not followed: the key goes only to the
    address that was given. Raises PullFailed (E-PULL-LOOP)."""
    number, empty = 1, 0
    before: list[str] = []
    while True:
        params = {"page[number]": str(number), "page[size]": str(SIZE), "sort": "created_at"}
        body = session.ask(Call("prospects", "/prospects", params))
        ids = [cell(inside(record, "id")) for record in listed(body, "data")]
        yield ids
        if not inside(body, "links", "next"):
            return
        empty = 0 if ids else empty + 1
        if (ids and ids == before) or empty >= MAX_EMPTY or number >= MAX_PAGES:
            raise going_round("prospects")
        number, before = number + 1, ids


def _records(bundle: Bundle) -> list[Record]:
    rows = Rows()
    for line, item in bundle.items("prospects", "data"):
        about = item.get("attributes")
        cells = {name: cell(inside(about, name)) for name in HEADERS}
        cells["id"] = cell(item.get("id"))
        rows.put(Record(line, cells, removed=inside(about, "archived") is True))
    return rows.all()


PROSPECTS = ExportSpec(
    name="prospects",
    title="Prospects",
    fact="contacts",
    fields=(
        Field("contact_id", ("id",), needed=True, filled=True),
        Field("email_hash", ("email",), "address"),
        Field("created_on", ("created_at",), "date", needed=True, filled=True),
        Field("channel", ("created_from",)),
        Field("lifecycle", ("campaign_status",)),
    ),
    delivers="full",
    format=FileFormat(date="iso", datetime="iso"),
    row_key=("contact_id",),
)

PULLS = (
    PullSpec(
        system="prospectio",
        export="prospects",
        title="Prospects",
        base_url="https://prospect.io/api/public/v1",
        manners=Manners(60, 60.0, _judge),
        ask=_ask,
        records=_records,
        headers=lambda bundle: HEADERS,
        authorisation=lambda key, pull: {"Authorization": key, "Content-Type": "application/vnd.api+json"},
        delivers=always_full,
        spec=PROSPECTS,
        unverified="Whether the interface still answers since the move to Overloop; its errors; its limits.",
    ),
)
