"""Mailshake: what happened to messages, one event a record.

Here: the activities, their cost in quota units, which kinds of reply count. Not here: the network. There is
no filter by date: everything is read, and a record that comes twice counts once. Texts of messages are not
kept (`keep`). Its file export has one row a message and this interface one record an event, so the pull has a
declaration of its own; a source goes one of the two ways (mixing.py).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from pipeline.sources.pulls.bundle import Bundle, Rows, cell, inside, listed
from pipeline.sources.pulls.paging import follow
from pipeline.sources.pulls.spec import (
    Asking,
    Call,
    Manners,
    PullSpec,
    Record,
    Refusal,
    always_changes,
)
from pipeline.sources.vendor import ExportSpec, Field
from pipeline.workspace.model import FileFormat, Pull

UNITS_AN_HOUR = 400
"""The quota of Mailshake's own example; a plan may allow more (pull: units_per_hour)."""
ACTIVITIES: tuple[tuple[str, str, int], ...] = (
    ("sent", "sent", 1),
    ("opens", "open", 2),
    ("clicks", "click", 3),
    ("replies", "reply", 10),
    ("created-leads", "lead", 5),
)
"""Path, event of the fact, quota units a request."""
PER_PAGE = 100
HEADERS = ("id", "event", "actionDate", "campaign", "recipient", "sender")
TEXTS = frozenset({"rawBody", "body", "plainTextBody"})
"""Of each message: personal, long, and of no use to any figure."""
REAL_REPLIES, BOUNCES = frozenset({"", "reply"}), frozenset({"bounce", "bounced"})
_ACCOUNT = frozenset(
    {
        "invalid_api_key",
        "missing_team_admin",
        "not_authorized",
        "user_not_admin",
        "user_is_disabled",
        "missing_subscription",
        "team_blocked",
    }
)
_AGAIN = frozenset({"limit_reached", "internal_error", "unspecified_error"})


def _judge(body: Any) -> Refusal | None:
    """A body with `error` is an error whatever its status."""
    if not isinstance(body, Mapping) or not body.get("error"):
        return None
    code = cell(body.get("code"))
    kind = "account" if code in _ACCOUNT else "again" if code in _AGAIN else "stop"
    return Refusal(kind, f"{code}: {cell(body['error'])}")  # type: ignore[arg-type]


def _authorisation(key: str, pull: Pull) -> dict[str, str]:
    """Basic authorisation with the key as user name and no password; the key never stands in an address."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def _ask(session: Asking) -> None:
    for path, _, units in ACTIVITIES:

        def call(token: str, path: str = path, units: int = units) -> Call:
            body = {"perPage": PER_PAGE, **({"nextToken": token} if token else {})}
            return Call(path, f"/activity/{path}", json=body, units=units)

        follow(session.ask, call, _next_token, lambda body: listed(body, "results"))


def _next_token(body: Any) -> str:
    return cell(inside(body, "nextToken"))


def _keep(body: Any) -> Any:
    """The answer without the texts of messages."""
    if isinstance(body, Mapping):
        return {key: _keep(value) for key, value in body.items() if key not in TEXTS}
    return [_keep(value) for value in body] if isinstance(body, list) else body


def _records(bundle: Bundle) -> list[Record]:
    rows = Rows()
    for path, event, _ in ACTIVITIES:
        for line, item in bundle.items(path, "results"):
            identifier = cell(item.get("id"))
            named, why = _event(event, item)
            cells = {
                "id": f"{event}-{identifier}" if identifier else "",
                "event": named,
                "actionDate": cell(item.get("actionDate") or item.get("created")),
                "campaign": cell(inside(item, "campaign", "title")),
                "recipient": cell(inside(item, "recipient", "emailAddress")),
                "sender": _sender(item),
            }
            rows.put(Record(line, cells, left_out=why))
    return rows.all()


def _event(event: str, item: Mapping[str, Any]) -> tuple[str, str]:
    """(event of the fact, why the record is none): repeated opens and clicks, and answers no person gave."""
    if item.get("isDuplicate") is True:
        return event, "isDuplicate"
    if event != "reply":
        return event, ""
    kind = cell(item.get("type")).casefold()
    if kind in BOUNCES:
        return "bounce", ""
    return event, "" if kind in REAL_REPLIES else f"type {kind}"


def _sender(item: Mapping[str, Any]) -> str:
    return cell(inside(item, "from", "address") or inside(item, "assignedTo", "emailAddress"))


EVENTS = ExportSpec(
    name="activity",
    title="Activity",
    fact="outreach_events",
    fields=(
        Field("event_id", ("id",), needed=True, filled=True),
        Field("event", ("event",), needed=True, filled=True),
        Field("happened_on", ("actionDate",), "date", needed=True, filled=True),
        Field("campaign", ("campaign",)),
        Field("recipient_hash", ("recipient",), "address"),
        Field("owner", ("sender",)),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    row_key=("event_id",),
)

PULLS = (
    PullSpec(
        system="mailshake",
        export="activity",
        title="Activity",
        base_url="https://api.mailshake.com/2017-04-01",
        manners=Manners(UNITS_AN_HOUR, 3600.0, _judge),
        ask=_ask,
        records=_records,
        headers=lambda bundle: HEADERS,
        authorisation=_authorisation,
        delivers=always_changes,
        spec=EVENTS,
        numbers_alike=False,
        keys=frozenset({"units_per_hour"}),
        keep=_keep,
        unverified=(
            "The quota of each plan; the order of the records; the `type` of bounces and automatic replies; "
            "whether errors come with status 200."
        ),
    ),
)
