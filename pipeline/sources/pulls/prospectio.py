"""Prospect.io (now Overloop): prospects, and what became of them by campaign, from its frozen JSON:API
interface.

Here: the lists of prospects and campaigns, their paging, counting prospects. Not here: the columns
(vendors/prospectio.py accepts the interface's names as headers), the network.
The documented campaigns carry no counters, so what a campaign did is counted from its prospects: how many
were written to, answered, were qualified and converted until now. Lists are sorted by the day of creation,
which no edit moves, and read until a pass brings nothing new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

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
from pipeline.workspace.model import Pull

SIZE = 100
HEADERS = (
    "id",
    "email",
    "created_at",
    "created_from",
    "campaign_status",
    "campaign",
    "last_emailed_at",
    "replied",
    "qualified",
)
COUNTED = {
    "contacted": "last_emailed_at",
    "replied": "replied",
    "qualified": "qualified",
    "converted": "converted",
}
"""Counter of a campaign -> the attribute of a prospect that must be filled, and not false."""
CAMPAIGN_HEADERS = ("id", "snapshot_at", "name", "created_at", *COUNTED)


def _judge(body: Any) -> Refusal | None:
    """JSON:API puts errors under `errors`."""
    errors = listed(body, "errors")
    if not errors:
        return None
    first = errors[0] if isinstance(errors[0], Mapping) else {}
    said = cell(first.get("detail") or first.get("title") or first.get("status")) or "errors"
    return Refusal("account" if cell(first.get("status")) in ("401", "403") else "stop", said)


def _ask(session: Asking) -> None:
    for kind in ("campaigns", "prospects"):
        _ask_all(session, kind)


def _ask_all(session: Asking, kind: str) -> None:
    settled(lambda: _pass(session, kind))


def _pass(session: Asking, kind: str) -> Iterator[list[str]]:
    """Identifiers of each page. The address of the next page is not followed: the key goes only to the
    address that was given. Raises PullFailed (E-PULL-LOOP)."""

    def call(number: int) -> Call:
        params = {"page[number]": str(number), "page[size]": str(SIZE), "sort": "created_at"}
        return Call(kind, f"/{kind}", params)

    return by_position(
        session.ask,
        call,
        lambda body: [cell(inside(record, "id")) for record in listed(body, "data")],
        lambda number, body: number + 1 if inside(body, "links", "next") else None,
        first=1,
    )


def _prospects(bundle: Bundle) -> list[Record]:
    names = {
        cell(one.get("id")): cell(inside(one, "attributes", "name")) for one in _items(bundle, "campaigns")
    }
    rows = Rows()
    for line, item in bundle.items("prospects", "data"):
        about = item.get("attributes")
        cells = {name: cell(inside(about, name)) for name in HEADERS}
        campaign = _campaign_of(item)
        cells.update(id=cell(item.get("id")), campaign=names.get(campaign) or campaign)
        rows.put(Record(line, cells, removed=inside(about, "archived") is True))
    return rows.all()


def _campaigns(bundle: Bundle) -> list[Record]:
    """A snapshot of each campaign at the time of the pull. A prospect counts for the campaign it is in."""
    counts = _counts(bundle)
    rows = Rows()
    for line, item in bundle.items("campaigns", "data"):
        about, identifier = item.get("attributes"), cell(item.get("id"))
        own = counts.get(identifier, Counter())
        cells = {
            "id": identifier,
            "snapshot_at": bundle.started_at.isoformat(),
            "name": cell(inside(about, "name")),
            "created_at": cell(inside(about, "created_at")),
            **{name: str(own[name]) for name in COUNTED},
        }
        rows.put(Record(line, cells))
    return rows.all()


def _counts(bundle: Bundle) -> dict[str, Counter[str]]:
    """By campaign: how many of its prospects each counter counts. Archived ones count: what they did
    happened."""
    newest = {cell(one.get("id")): one for one in _items(bundle, "prospects")}
    counts: dict[str, Counter[str]] = {}
    for prospect in newest.values():
        own = counts.setdefault(_campaign_of(prospect), Counter())
        for counter, attribute in COUNTED.items():
            own[counter] += cell(inside(prospect, "attributes", attribute)) not in ("", "false")
    return counts


def _items(bundle: Bundle, kind: str) -> Iterator[Mapping[str, Any]]:
    return (item for _, item in bundle.items(kind, "data"))


def _campaign_of(prospect: Mapping[str, Any]) -> str:
    return cell(inside(prospect, "relationships", "campaign", "data", "id"))


def _pull(
    export: str,
    title: str,
    records: Callable[[Bundle], list[Record]],
    headers: tuple[str, ...],
    delivers: Callable[[Pull], Literal["full", "changes"]],
    unverified: str,
) -> PullSpec:
    return PullSpec(
        system="prospectio",
        export=export,
        title=title,
        base_url="https://prospect.io/api/public/v1",
        manners=Manners(60, 60.0, _judge),
        ask=_ask,
        records=records,
        headers=lambda bundle: headers,
        authorisation=lambda key, pull: {"Authorization": key, "Content-Type": "application/vnd.api+json"},
        delivers=delivers,
        unverified=unverified,
    )


PULLS = (
    _pull(
        "prospects",
        "Prospects",
        _prospects,
        HEADERS,
        always_full,
        "Whether the interface still answers since the move to Overloop; its errors; its limits.",
    ),
    _pull(
        "campaigns",
        "Campaign results, counted from prospects",
        _campaigns,
        CAMPAIGN_HEADERS,
        always_changes,
        "Whether the interface still answers; whether a prospect names every campaign it has been in.",
    ),
)
