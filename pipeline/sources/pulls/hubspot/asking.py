"""What is asked of HubSpot's REST interface, and in which order.

Here: paths, properties, paging, windows of a search, error bodies. Not here: what the answers mean
(records.py, lists.py), the network (http.py).
The whole list and the archived records are read by default: a hundred records a request, and exact. With
`since`, the search interface gives what was changed; it shows at most 10,000 rows a query, so a range of time
that holds more is halved, and what was changed while it was read is read again at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from pipeline.sources.pulls.bundle import cell, inside, listed
from pipeline.sources.pulls.paging import follow, going_round
from pipeline.sources.pulls.spec import Asking, Call, Manners, Refusal, failed

API_VERSION = "2026-09"
"""HubSpot's interfaces carry their date in the path; each is supported for 18 months."""
FORMS, SUBMISSIONS = "/marketing/v3/forms", "/form-integrations/v1/submissions/forms"
"""Forms have no dated interface yet."""
LIST_LIMIT, SEARCH_LIMIT, BATCH, SUBMISSIONS_LIMIT = 100, 200, 100, 50
SEARCH_CAP = 10_000
"""Rows of one query that can be reached; a page beyond is refused."""
MAX_PROPERTY_TEXT = 2_000
"""Characters of property names in one address."""
OVERLAP = timedelta(minutes=15)
"""The search index lags behind; so much before the end of the last reading is read again."""
SHORTEST_WINDOW = timedelta(milliseconds=1)
REREADS = 4
ENTERED = "hs_v2_date_entered_"
COMPANY = "hs_primary_associated_company"
"""The number of a deal's main company; a search gives no associations, and this property all the same."""
_ACCOUNT = frozenset({"INVALID_AUTHENTICATION", "EXPIRED_AUTHENTICATION", "MISSING_SCOPES"})


def _judge(body: Any) -> Refusal | None:
    """Every answer has `results`; an error has a category and a message, whatever its status."""
    if not isinstance(body, Mapping) or isinstance(body.get("results"), list):
        return None
    category, said = cell(body.get("category")), cell(body.get("message"))
    if category in _ACCOUNT:
        return Refusal("account", said or category)
    again = category == "RATE_LIMITS" or not (category or said)
    return Refusal("again" if again else "stop", said or category or "an answer without results")


MANNERS = Manners(90, 10.0, _judge)
"""100 requests in ten seconds are allowed on the smallest plan."""


@dataclass(frozen=True)
class Objects:
    """One kind of record: its name in paths, its date of change, the properties that are asked for."""

    name: str
    modified: str
    properties: tuple[str, ...]


OWNER = "hubspot_owner_id"
DEALS = Objects(
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
        OWNER,
        "hs_is_closed",
        "hs_is_closed_won",
        COMPANY,
    ),
)
CONTACTS = Objects(
    "contacts",
    "lastmodifieddate",
    ("email", "createdate", "hs_analytics_source", "lifecyclestage", OWNER),
)
COMPANIES = Objects(
    "companies",
    "hs_lastmodifieddate",
    ("name", "domain", "createdate", "lifecyclestage", "industry", "country", OWNER),
)
MEETINGS = Objects(
    "meetings",
    "hs_lastmodifieddate",
    ("hs_meeting_start_time", "hs_timestamp", "hs_meeting_outcome", OWNER),
)
CALLS = Objects(
    "calls",
    "hs_lastmodifieddate",
    ("hs_timestamp", "hs_call_disposition", "hs_call_status", "hs_call_direction", "hs_call_duration", OWNER),
)
TASKS = Objects(
    "tasks",
    "hs_lastmodifieddate",
    ("hs_timestamp", "hs_task_completion_date", "hs_task_status", OWNER),
)
EMAILS = Objects(
    "emails",
    "hs_lastmodifieddate",
    ("hs_timestamp", "hs_email_direction", "hs_email_status", OWNER),
)


# --- lists ---------------------------------------------------------------------------------------------


def ask_deals(session: Asking) -> None:
    """Deals with the days they entered stages, who they belong to, and the names of their companies."""
    pipelines = session.ask(Call("pipelines", f"/crm/pipelines/{API_VERSION}/deals"))
    entered = [ENTERED + cell(stage.get("id")) for _, stage in stages_in(pipelines)]
    records = _ask_with_owners(session, DEALS, entered)
    _ask_names(session, list(dict.fromkeys(filter(None, map(company_of, records)))))


def asker(objects: Objects) -> Callable[[Asking], None]:
    """What asks for every record of a kind, and for who they belong to."""

    def ask(session: Asking) -> None:
        _ask_with_owners(session, objects, ())

    return ask


def ask_owners(session: Asking) -> None:
    """People who left first: one who returns meanwhile is then in the list read later, which wins."""
    for archived in ("true", "false"):
        _ask_list(session, f"/crm/owners/{API_VERSION}", "owners", {"archived": archived})


def ask_pipelines(session: Asking) -> None:
    session.ask(Call("pipelines", f"/crm/pipelines/{API_VERSION}/deals"))


def ask_forms(session: Asking) -> None:
    """Every form, and what was sent with each; the interface knows no date to begin at."""
    forms: list[str] = []
    for archived in ("true", "false"):
        found = _ask_list(session, FORMS, "forms", {"archived": archived, "formTypes": "all"})
        forms += [cell(inside(form, "id")) for form in found]
    for form in dict.fromkeys(filter(None, forms)):
        path = f"{SUBMISSIONS}/{quote(form, safe='')}"
        _ask_list(session, path, "submissions", {}, SUBMISSIONS_LIMIT)


def _ask_with_owners(session: Asking, objects: Objects, further: Iterable[str]) -> list[Any]:
    """The records. Archived ones first: one that is archived or restored meanwhile is then in the list read
    later, and the later reading wins."""
    ask_owners(session)
    wanted = [*dict.fromkeys((*objects.properties, *session.pull.properties, *further))]
    records: list[Any] = []
    for names in _chunks(wanted):
        records += _ask_records(session, objects, names, archived=True)
    for names in _chunks(wanted):
        if session.changed_since is None:
            records += _ask_records(session, objects, names, archived=False)
        else:
            records += _ask_changes(session, objects, names, session.changed_since)
    return records


def _chunks(names: list[str]) -> Iterator[list[str]]:
    """The names in pieces that fit into an address; records are put together again by their ids."""
    piece: list[str] = []
    for name in names:
        if piece and len(",".join([*piece, name])) > MAX_PROPERTY_TEXT:
            yield piece
            piece = []
        piece.append(name)
    yield piece


def _ask_records(session: Asking, objects: Objects, names: list[str], archived: bool) -> list[Any]:
    params = {"archived": cell(archived), "properties": ",".join(names)}
    if objects is DEALS:
        params["associations"] = "companies"
    kind = "archived" if archived else "records"
    return _ask_list(session, _objects_path(objects.name), kind, params)


def _objects_path(name: str) -> str:
    return f"/crm/objects/{API_VERSION}/{name}"


def _ask_list(
    session: Asking, path: str, kind: str, params: Mapping[str, str], limit: int | None = None
) -> list[Any]:
    """Every record of a list."""

    def call(after: str) -> Call:
        more = {"after": after} if after else {}
        return Call(kind, path, {"limit": str(limit or LIST_LIMIT), **params, **more})

    return [record for body in follow(session.ask, call, _after, _results) for record in _results(body)]


def _ask_names(session: Asking, companies: list[str]) -> None:
    """Names of companies by their numbers; those that are not there any more are looked for among the
    archived ones."""
    path = f"{_objects_path(COMPANIES.name)}/batch/read"
    for archived in ("false", "true"):
        found: set[str] = set()
        for begin in range(0, len(companies), BATCH):
            inputs = [{"id": one} for one in companies[begin : begin + BATCH]]
            body = {"properties": ["name"], "inputs": inputs}
            answer = session.ask(Call("companies", path, {"archived": archived}, json=body))
            found |= {cell(inside(record, "id")) for record in _results(answer)}
        companies = [one for one in companies if one not in found]


def company_of(record: Any) -> str:
    """The number of a deal's company: its main one, else the first that is associated."""
    linked = listed(record, "associations", "companies", "results")
    own = cell(inside(record, "properties", COMPANY))
    return own or (cell(inside(linked[0], "id")) if linked else "")


def stages_in(pipelines: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(pipeline, stage) of every stage of an answer."""
    for pipeline in _results(pipelines):
        for stage in pipeline.get("stages") or ():
            yield pipeline, stage


def _after(body: Any) -> str:
    return cell(inside(body, "paging", "next", "after"))


def _results(body: Any) -> list[Any]:
    return listed(body, "results")


# --- changes by search -------------------------------------------------------------------------------


def _ask_changes(session: Asking, objects: Objects, names: list[str], since: datetime) -> list[Any]:
    """Every record changed from `since` on. What is changed while it is read leaves its window for a later
    time, so the time from just before the start is read once more, without an end."""
    windows = [(since, session.started_at)] if since < session.started_at else []
    records: list[Any] = []
    while windows:
        first, last = windows.pop(0)
        found = _read_window(session, objects, names, first, last)
        if found is not None:
            records += found
            continue
        if last - first <= SHORTEST_WINDOW:
            raise _too_many(objects.name, first)
        middle = _whole_ms(first + (last - first) / 2)
        windows[:0] = [(first, middle), (middle, last)]
    found = _read_window(session, objects, names, max(since, session.started_at - OVERLAP), None)
    return [*records, *(found or ())]


def _read_window(
    session: Asking, objects: Objects, names: list[str], first: datetime, last: datetime | None
) -> list[Any] | None:
    """Read a window until as many records came as it has; None when it has more than can be reached."""
    for _ in range(REREADS):
        records, total = _read_once(session, objects, names, first, last)
        ids = {cell(record.get("id")) for record in records}
        if total >= SEARCH_CAP:
            if last is None:
                raise _too_many(objects.name, first)
            return None
        if len(ids) >= total:
            return records
    raise failed(
        "E-PULL-COUNT",
        "HubSpot says that {total} {kind} were changed and gave {count} of them, again and again.",
        "Run again at a quieter hour, or remove pull: since to read the whole list.",
        total=total,
        kind=objects.name,
        count=len(ids),
    )


def _read_once(
    session: Asking, objects: Objects, names: list[str], first: datetime, last: datetime | None
) -> tuple[list[Any], int]:
    """(records, the most records that any page said there are) of one reading of a window. A record that
    is changed leaves the window and pulls another one over the end of the page before, unseen; then fewer
    records came than the first page had announced."""
    records: list[Any] = []
    total, after, seen = 0, "", {""}
    while True:
        body = session.ask(_search(objects, names, first, last, after))
        total = max(total, int(cell(inside(body, "total")) or 0))
        records += _results(body)
        after = _after(body)
        if not after or total >= SEARCH_CAP:
            return records, total
        if after in seen:
            raise going_round(objects.name)
        seen.add(after)


def _search(objects: Objects, names: list[str], first: datetime, last: datetime | None, after: str) -> Call:
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
    return Call("records", f"{_objects_path(objects.name)}/search", json=body, units=4)


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
