"""Ortto: the all-time counters of each campaign and journey, as they stand when they are fetched.

Here: the list of campaigns and its paging. Not here: the network.
Counters are totals since a campaign began, so every pull adds a snapshot; a weekly figure is the difference
of two. The list is cut by position and may move while it is read, so it is read until a pass brings nothing
new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.sources.pulls.bundle import Bundle, Rows, cell, inside, listed
from pipeline.sources.pulls.paging import MAX_EMPTY, going_round, settled
from pipeline.sources.pulls.spec import Asking, Call, Manners, PullSpec, Record, Refusal, always_changes
from pipeline.sources.vendor import ExportSpec, Field
from pipeline.workspace.model import FileFormat

LIMIT = 50
HEADERS = ("id", "snapshot_at", "name", "delivered", "opens", "clicks", "conversions")
_AGAIN = frozenset({"rate-limit"})


def _judge(body: Any) -> Refusal | None:
    """`{"request_id", "code", "error"}`; `rate-limit` with try-in-seconds comes back."""
    if not isinstance(body, Mapping) or not body.get("error"):
        return None
    error = body["error"]
    code = cell(body.get("code") or inside(error, "code"))
    said = cell(inside(error, "message") or body.get("message") or error)
    return Refusal("again" if code in _AGAIN or error in _AGAIN else "stop", said)


def _ask(session: Asking) -> None:
    settled(lambda: _pass(session))


def _pass(session: Asking) -> Iterator[list[str]]:
    """Identifiers of each page of one reading of the whole list. Raises PullFailed (E-PULL-LOOP)."""
    offset, empty = 0, 0
    while True:
        body = session.ask(
            Call("campaigns", "/campaign/get-all", json={"type": "all", "limit": LIMIT, "offset": offset})
        )
        records = listed(body, "campaigns")
        yield [cell(inside(record, "id")) for record in records]
        if inside(body, "has_more") is not True:
            return
        empty = 0 if records else empty + 1
        following = int(cell(inside(body, "next_offset")) or 0)
        if following <= offset or empty >= MAX_EMPTY:
            raise going_round("campaigns")
        offset = following


def _records(bundle: Bundle) -> list[Record]:
    rows = Rows()
    for line, campaign in bundle.items("campaigns", "campaigns"):
        cells = {name: cell(campaign.get(name)) for name in HEADERS}
        cells["snapshot_at"] = bundle.started_at.isoformat()
        rows.put(Record(line, cells))
    return rows.all()


SNAPSHOTS = ExportSpec(
    name="campaigns",
    title="Campaigns and journeys",
    fact="campaign_snapshots",
    fields=(
        Field("campaign_id", ("id",), needed=True, filled=True),
        Field("counted_on", ("snapshot_at",), "date", needed=True, filled=True),
        Field("name", ("name",)),
        Field("delivered", ("delivered",), "integer"),
        Field("opens", ("opens",), "integer"),
        Field("clicks", ("clicks",), "integer"),
        Field("conversions", ("conversions",), "integer"),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    row_key=("campaign_id", "counted_on"),
)

PULLS = (
    PullSpec(
        system="ortto",
        export="campaigns",
        title="Campaigns and journeys",
        base_url="https://api.ap3api.com/v1",
        manners=Manners(8, 1.0, _judge),
        ask=_ask,
        records=_records,
        headers=lambda bundle: HEADERS,
        authorisation=lambda key, pull: {"X-Api-Key": key},
        delivers=always_changes,
        spec=SNAPSHOTS,
        unverified="The order of the list; what becomes of the interface now that Ortto belongs to Canva.",
    ),
)
