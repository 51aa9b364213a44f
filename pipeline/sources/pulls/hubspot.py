"""HubSpot: deals and contacts from its REST interface.

Here: paths, what is asked for, what an answer means. Not here: the columns (vendors/hubspot.py accepts the
internal names as headers), the network (http.py).
The whole list and the archived records are read by default: a hundred records a request, and exact. With
`since`, the search interface gives what was changed; it shows at most 10,000 rows a query, so a range of time
that holds more is halved, and what was changed while it was read is read again at the end. Stages and
pipelines are named by their labels and owners by their names, as an exported file names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pipeline.sources.headers import fold
from pipeline.sources.pulls.bundle import Bundle, cell, inside, listed
from pipeline.sources.pulls.paging import follow, going_round
from pipeline.sources.pulls.spec import Asking, Call, Manners, PullSpec, Record, bearer, failed
from pipeline.workspace.model import Pull

API_VERSION = "2026-09"
"""HubSpot's interfaces carry their date in the path; each is supported for 18 months."""
LIST_LIMIT, SEARCH_LIMIT = 100, 200
SEARCH_CAP = 10_000
"""Rows of one query that can be reached; a page beyond is refused."""
MAX_PROPERTY_TEXT = 2_000
"""Characters of property names in one address."""
OVERLAP = timedelta(minutes=15)
"""The search index lags behind; so much before the end of the last reading is read again."""
SHORTEST_WINDOW = timedelta(milliseconds=1)
REREADS = 4
ENTERED = "hs_v2_date_entered_"
MANNERS = Manners(units=90, seconds=10.0)
"""100 requests in ten seconds are allowed on the smallest plan."""


@dataclass(frozen=True)
class _Objects:
    """One kind of record: its name in paths, its date of change, the properties that are asked for."""

    name: str
    modified: str
    properties: tuple[str, ...]


DEALS = _Objects(
    "deals",
    "hs_lastmodifieddate",
    (
        "dealname",
        "amount",
        "deal_currency_code",
        "dealstage",
        "pipeline",
        "closedate",
        "createdate",
        "hubspot_owner_id",
        "hs_is_closed",
        "hs_is_closed_won",
    ),
)
CONTACTS = _Objects(
    "contacts",
    "lastmodifieddate",
    ("email", "createdate", "hs_analytics_source", "lifecyclestage", "hubspot_owner_id"),
)


# --- asking ------------------------------------------------------------------------------------------


def _ask_deals(session: Asking) -> None:
    pipelines = session.ask(Call("pipelines", f"/crm/pipelines/{API_VERSION}/deals"))
    stages = [ENTERED + cell(stage.get("id")) for _, stage in _stages(pipelines)]
    _ask_objects(session, DEALS, stages)


def _ask_contacts(session: Asking) -> None:
    _ask_objects(session, CONTACTS, [])


def _ask_objects(session: Asking, objects: _Objects, further: list[str]) -> None:
    """Archived records first: one that is archived or restored meanwhile is then in the list read later, and
    the later reading wins."""
    for archived in ("false", "true"):
        _ask_list(session, f"/crm/owners/{API_VERSION}", "owners", {"archived": archived})
    wanted = [*dict.fromkeys((*objects.properties, *session.pull.properties, *further))]
    for names in _chunks(wanted):
        _ask_records(session, objects, names, archived=True)
    for names in _chunks(wanted):
        if session.changed_since is None:
            _ask_records(session, objects, names, archived=False)
        else:
            _ask_changes(session, objects, names, session.changed_since)


def _chunks(names: list[str]) -> Iterator[list[str]]:
    """The names in pieces that fit into an address; records are put together again by their ids."""
    piece: list[str] = []
    for name in names:
        if piece and len(",".join([*piece, name])) > MAX_PROPERTY_TEXT:
            yield piece
            piece = []
        piece.append(name)
    yield piece


def _ask_records(session: Asking, objects: _Objects, names: list[str], archived: bool) -> None:
    params = {"archived": cell(archived), "properties": ",".join(names)}
    if objects is DEALS:
        params["associations"] = "companies"
    kind = "archived" if archived else "records"
    _ask_list(session, f"/crm/objects/{API_VERSION}/{objects.name}", kind, params)


def _ask_list(session: Asking, path: str, kind: str, params: Mapping[str, str]) -> None:
    def call(after: str) -> Call:
        more = {"after": after} if after else {}
        return Call(kind, path, {"limit": str(LIST_LIMIT), **params, **more})

    follow(session.ask, call, _after, _results)


def _after(body: Any) -> str:
    return cell(inside(body, "paging", "next", "after"))


def _results(body: Any) -> list[Any]:
    return listed(body, "results")


# --- changes by search -------------------------------------------------------------------------------


def _ask_changes(session: Asking, objects: _Objects, names: list[str], since: datetime) -> None:
    """Everything changed from `since` on. What is changed while it is read leaves its window for a later
    time, so the time from just before the start is read once more, without an end."""
    windows = [(since, session.started_at)] if since < session.started_at else []
    while windows:
        first, last = windows.pop(0)
        if _read_window(session, objects, names, first, last):
            continue
        if last - first <= SHORTEST_WINDOW:
            raise _too_many(objects.name, first)
        middle = _whole_ms(first + (last - first) / 2)
        windows[:0] = [(first, middle), (middle, last)]
    _read_window(session, objects, names, max(since, session.started_at - OVERLAP), None)


def _read_window(
    session: Asking, objects: _Objects, names: list[str], first: datetime, last: datetime | None
) -> bool:
    """Read a window until as many records came as it has; False when it has more than can be reached."""
    for _ in range(REREADS):
        ids, total = _read_once(session, objects, names, first, last)
        if total >= SEARCH_CAP:
            if last is None:
                raise _too_many(objects.name, first)
            return False
        if len(ids) >= total:
            return True
    raise failed(
        "E-PULL-COUNT",
        "HubSpot says that {total} {kind} were changed and gave {count} of them, again and again.",
        "Run again at a quieter hour, or remove pull: since to read the whole list.",
        total=total,
        kind=objects.name,
        count=len(ids),
    )


def _read_once(
    session: Asking, objects: _Objects, names: list[str], first: datetime, last: datetime | None
) -> tuple[set[str], int]:
    """(identifiers, the most records that any page said there are) of one reading of a window. A record that
    is changed leaves the window and pulls another one over the end of the page before, unseen; then fewer
    records came than the first page had announced."""
    ids: set[str] = set()
    total, after, seen = 0, "", {""}
    while True:
        body = session.ask(_search(objects, names, first, last, after))
        total = max(total, int(cell(inside(body, "total")) or 0))
        ids |= {cell(record.get("id")) for record in _results(body)}
        after = _after(body)
        if not after or total >= SEARCH_CAP:
            return ids, total
        if after in seen:
            raise going_round(objects.name)
        seen.add(after)


def _search(objects: _Objects, names: list[str], first: datetime, last: datetime | None, after: str) -> Call:
    # both ends of BETWEEN belong to it; windows share an instant rather than miss one
    rule: dict[str, str] = {"propertyName": objects.modified, "operator": "GTE", "value": _epoch(first)}
    if last is not None:
        rule = {**rule, "operator": "BETWEEN", "highValue": _epoch(last)}
    body: dict[str, Any] = {
        "filterGroups": [{"filters": [rule]}],
        "sorts": [{"propertyName": objects.modified, "direction": "ASCENDING"}],
        "properties": names,
        "limit": SEARCH_LIMIT,
    }
    if after:
        body["after"] = after
    # five searches a second are allowed, so one costs as much as four other requests
    return Call("records", f"/crm/objects/{API_VERSION}/{objects.name}/search", json=body, units=4)


def _epoch(instant: datetime) -> str:
    """Milliseconds since 1970 as text, which is how HubSpot wants dates in filters."""
    return str((instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))


def _whole_ms(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def _too_many(kind: str, first: datetime) -> Exception:
    return failed(
        "E-PULL-WINDOW",
        "More than {cap} {kind} were changed in one moment ({when} UTC); HubSpot shows no more of them.",
        "Remove pull: since, so that the whole list is read instead.",
        cap=SEARCH_CAP,
        kind=kind,
        when=first.strftime("%Y-%m-%d %H:%M:%S"),
    )


# --- rows --------------------------------------------------------------------------------------------


def _stages(pipelines: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(pipeline, stage) of every stage."""
    for pipeline in _results(pipelines):
        for stage in pipeline.get("stages") or ():
            yield pipeline, stage


@dataclass
class _Merged:
    """A record as the last reading of it says, put together from the pieces it was asked in."""

    line: int
    properties: dict[str, Any]
    company: str = ""
    archived: bool = False


def _merged(bundle: Bundle) -> dict[str, _Merged]:
    """By id. Each kind of reading may bring a record in several pieces; a later kind replaces an earlier."""
    found: dict[str, _Merged] = {}
    for kind in ("archived", "records"):
        own: dict[str, _Merged] = {}
        for line, record in bundle.items(kind, "results"):
            identifier = cell(record.get("id"))
            one = own.setdefault(identifier, _Merged(line, {}, archived=kind == "archived"))
            one.properties.update(record.get("properties") or {})
            one.company = _company(record) or one.company
        found.update(own)
    return found


def _company(record: Mapping[str, Any]) -> str:
    linked = listed(record, "associations", "companies", "results")
    return cell(inside(linked[0], "id")) if linked else ""


def _owners(bundle: Bundle) -> dict[str, str]:
    """Owner id -> name, else address, else the id; people who left are among them."""
    names = {}
    for _, owner in bundle.items("owners", "results"):
        identifier = cell(owner.get("id"))
        name = " ".join(filter(None, (cell(owner.get("firstName")), cell(owner.get("lastName"))))).strip()
        names[identifier] = name or cell(owner.get("email")) or identifier
    return names


_DEAL_HEADERS = (
    "id",
    "dealname",
    "amount",
    "deal_currency_code",
    "pipeline",
    "dealstage",
    "hs_is_closed_won",
    "hs_is_closed",
    "createdate",
    "closedate",
    "hubspot_owner_id",
    "Associated Company",
)
_CONTACT_HEADERS = ("id", "email", "createdate", "hs_analytics_source", "lifecyclestage", "hubspot_owner_id")


def _deal_headers(bundle: Bundle) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_DEAL_HEADERS, *bundle.properties, *_entered_headers(bundle).values())))


def _contact_headers(bundle: Bundle) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_CONTACT_HEADERS, *bundle.properties)))


def _all_stages(bundle: Bundle) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return [pair for page in bundle.of("pipelines") for pair in _stages(page.body)]


def _entered_headers(bundle: Bundle) -> dict[str, str]:
    """Stage id -> header of the day of entry: with the labels, as an exported file has it; with the internal
    name where labels would be read wrongly (brackets, two stages of one name)."""
    labels = {
        cell(stage.get("id")): (cell(stage.get("label")).strip(), cell(pipeline.get("label")).strip())
        for pipeline, stage in _all_stages(bundle)
    }
    headers = {}
    for identifier, names in labels.items():
        alike = sum(fold(" ".join(other)) == fold(" ".join(names)) for other in labels.values())
        plain = all(names) and alike == 1 and not set("()\"'“”«»„") & set("".join(names))
        headers[identifier] = f"Date entered {names[0]} ({names[1]})" if plain else ENTERED + identifier
    return headers


def _deals(bundle: Bundle) -> list[Record]:
    owners = _owners(bundle)
    pipelines = {cell(pipeline.get("id")): pipeline for pipeline, _ in _all_stages(bundle)}
    stages = {cell(stage.get("id")): (pipeline, stage) for pipeline, stage in _all_stages(bundle)}
    entered = _entered_headers(bundle)
    rows = []
    for identifier, one in _merged(bundle).items():
        cells = {"id": identifier, **{name: cell(value) for name, value in one.properties.items()}}
        _, stage = stages.get(cells.get("dealstage", ""), ({}, {}))
        cells.update(_outcome(cells, stage))
        cells["Associated Company"] = one.company
        cells["hubspot_owner_id"] = _named(owners, cells.get("hubspot_owner_id", ""))
        cells["dealstage"] = cell(stage.get("label")) or cells.get("dealstage", "")
        pipeline = pipelines.get(cells.get("pipeline", ""), {})
        cells["pipeline"] = cell(pipeline.get("label")) or cells.get("pipeline", "")
        cells.update({header: cells.get(ENTERED + name, "") for name, header in entered.items()})
        rows.append(Record(one.line, cells, removed=one.archived))
    return rows


def _outcome(cells: Mapping[str, str], stage: Mapping[str, Any]) -> dict[str, str]:
    """Won and closed: HubSpot's own flags, else what the stage says (a probability of 1 is won). The label of
    a stage is never asked."""
    closed = cell(inside(stage, "metadata", "isClosed")).lower()
    won = {"1": "true", "1.0": "true"}.get(cell(inside(stage, "metadata", "probability")), "false")
    return {
        "hs_is_closed_won": cells.get("hs_is_closed_won") or (won if stage else ""),
        "hs_is_closed": cells.get("hs_is_closed") or closed or (won if stage else ""),
    }


def _named(owners: Mapping[str, str], identifier: str) -> str:
    return owners.get(identifier, identifier)


def _contacts(bundle: Bundle) -> list[Record]:
    owners = _owners(bundle)
    rows = []
    for identifier, one in _merged(bundle).items():
        cells = {"id": identifier, **{name: cell(value) for name, value in one.properties.items()}}
        cells["hubspot_owner_id"] = _named(owners, cells.get("hubspot_owner_id", ""))
        rows.append(Record(one.line, cells, removed=one.archived))
    return rows


def _delivers(pull: Pull) -> Literal["full", "changes"]:
    return "changes" if pull.since else "full"


def _pull(export: str, title: str, ask: Any, records: Any, headers: Any) -> PullSpec:
    return PullSpec(
        system="hubspot",
        export=export,
        title=title,
        base_url="https://api.hubapi.com",
        manners=MANNERS,
        ask=ask,
        records=records,
        headers=headers,
        authorisation=bearer,
        delivers=_delivers,
        keys=frozenset({"since", "properties"}),
        watermark=True,
        unverified=(
            "The names of the rights beyond deals; the property hs_is_closed_won; how archived records are "
            "listed in date-based versions."
        ),
    )


PULLS = (
    _pull("deals", "Deals", _ask_deals, _deals, _deal_headers),
    _pull("contacts", "Contacts", _ask_contacts, _contacts, _contact_headers),
)
