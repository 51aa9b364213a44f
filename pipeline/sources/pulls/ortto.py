"""Ortto: people, and the all-time counters of each campaign and journey as they stand when they are fetched.

Here: the lists of campaigns and of people and their paging. Not here: the network.
Counters are totals since a campaign began, so every pull adds a snapshot; a weekly figure is the difference
of two. Lists are cut by position and may move while they are read, so they are read until a pass brings
nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline.sources.pulls.bundle import Bundle, Rows, cell, inside, listed
from pipeline.sources.pulls.paging import by_position, settled
from pipeline.sources.pulls.spec import (
    Asking,
    Call,
    Manners,
    PullSpec,
    Record,
    Refusal,
    always_changes,
    always_full,
)
from pipeline.sources.vendor import ExportSpec, Field
from pipeline.workspace.model import FileFormat

LIMIT, PEOPLE_LIMIT = 50, 500
EMAIL, CREATED = "str::email", "created_at"
"""The field that every person has, and what stands beside the fields."""
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


def _ask_campaigns(session: Asking) -> None:
    settled(lambda: _pass(session, "campaigns", "/campaign/get-all", {"type": "all", "limit": LIMIT}))


def _ask_contacts(session: Asking) -> None:
    """People in the order of their address, which seldom changes; archived ones first, so that one who is
    restored meanwhile counts."""
    fields = list(dict.fromkeys((EMAIL, *session.pull.properties)))
    about = {"limit": PEOPLE_LIMIT, "sort_by_field_id": EMAIL, "sort_order": "asc", "fields": fields}
    settled(lambda: _pass(session, "archived", "/person/get", {**about, "type": "archived"}))
    settled(lambda: _pass(session, "contacts", "/person/get", about))


def _pass(session: Asking, kind: str, path: str, asked: Mapping[str, Any]) -> Iterator[list[str]]:
    """Identifiers of each page of one reading of a whole list. Raises PullFailed (E-PULL-LOOP)."""
    key = "campaigns" if kind == "campaigns" else "contacts"

    def following(offset: int, body: Any) -> int | None:
        return int(cell(inside(body, "next_offset")) or 0) if inside(body, "has_more") is True else None

    return by_position(
        session.ask,
        lambda offset: Call(kind, path, json={**asked, "offset": offset}),
        lambda body: [cell(inside(record, "id")) for record in listed(body, key)],
        following,
    )


def _campaigns(bundle: Bundle) -> list[Record]:
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


def _people(bundle: Bundle) -> list[Record]:
    """People by their number; the cells of fields stand under Ortto's own names of them."""
    rows = Rows()
    for kind in ("archived", "contacts"):
        for line, person in bundle.items(kind, "contacts"):
            cells = {name: cell(inside(person, "fields", name)) for name in _people_headers(bundle)}
            own = {"id": cell(person.get("id")), CREATED: cell(person.get(CREATED))}
            rows.put(Record(line, {**cells, **own}, removed=kind == "archived"))
    return rows.all()


def _people_headers(bundle: Bundle) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("id", EMAIL, CREATED, *bundle.properties)))


def _pull(
    export: str,
    title: str,
    ask: Callable[[Asking], None],
    records: Callable[[Bundle], list[Record]],
    headers: Callable[[Bundle], tuple[str, ...]],
    **more: Any,
) -> PullSpec:
    return PullSpec(
        system="ortto",
        export=export,
        title=title,
        base_url="https://api.ap3api.com/v1",
        manners=Manners(8, 1.0, _judge),
        ask=ask,
        records=records,
        headers=headers,
        authorisation=lambda key, pull: {"X-Api-Key": key},
        **more,
    )


PULLS = (
    _pull(
        "campaigns",
        "Campaigns and journeys",
        _ask_campaigns,
        _campaigns,
        lambda bundle: HEADERS,
        delivers=always_changes,
        spec=SNAPSHOTS,
        unverified="The order of the list; what becomes of the interface now that Ortto belongs to Canva.",
    ),
    _pull(
        "contacts",
        "People",
        _ask_contacts,
        _people,
        _people_headers,
        delivers=always_full,
        keys=frozenset({"properties"}),
        needs=frozenset({"properties"}),
        unverified=(
            "Where the fields of a person stand; Ortto's name of the field for the day of creation, which "
            "properties and aliases name; how archived people are listed."
        ),
    ),
)
