"""HubSpot: its records, owners, pipelines and forms from its REST interface.

Here: which exports can be fetched. Not here: what is asked (asking.py), what the answers mean (records.py,
lists.py), the columns (vendors/hubspot.py), the network (http.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pipeline.sources.pulls.bundle import Bundle
from pipeline.sources.pulls.hubspot import asking, lists
from pipeline.sources.pulls.hubspot.asking import Objects, asker
from pipeline.sources.pulls.hubspot.records import deal_headers, deals, headers_of, records_of
from pipeline.sources.pulls.spec import Asking, PullSpec, Record, always_changes, always_full, bearer
from pipeline.workspace.model import Pull

Records = Callable[[Bundle], list[Record]]
Headers = Callable[[Bundle], tuple[str, ...]]


def _delivers(pull: Pull) -> Literal["full", "changes"]:
    return "changes" if pull.since else "full"


def _pull(
    export: str, title: str, ask: Callable[[Asking], None], records: Records, headers: Headers, **more: Any
) -> PullSpec:
    settings: dict[str, Any] = {
        "delivers": _delivers,
        "keys": frozenset({"since", "properties"}),
        "watermark": True,
        "unverified": (
            "The names of the rights beyond deals; the property hs_is_closed_won; how archived records are "
            "listed in date-based versions."
        ),
        **more,
    }
    return PullSpec(
        system="hubspot",
        export=export,
        title=title,
        base_url="https://api.hubapi.com",
        manners=asking.MANNERS,
        ask=ask,
        records=records,
        headers=headers,
        authorisation=bearer,
        **settings,
    )


def _objects(
    export: str, title: str, objects: Objects, otherwise: Mapping[str, str] | None = None
) -> PullSpec:
    return _pull(export, title, asker(objects), records_of(objects, otherwise or {}), headers_of(objects))


def _list(
    export: str,
    title: str,
    ask: Callable[[Asking], None],
    records: Records,
    headers: tuple[str, ...],
    **more: Any,
) -> PullSpec:
    """A list that is read whole each time."""
    whole = {"keys": frozenset(), "watermark": False, **more}
    return _pull(export, title, ask, records, lambda bundle: headers, **whole)


PULLS = (
    _pull("deals", "Deals", asking.ask_deals, deals, deal_headers),
    _objects("contacts", "Contacts", asking.CONTACTS),
    _objects("companies", "Companies", asking.COMPANIES),
    _objects("meetings", "Meetings", asking.MEETINGS, {"hs_meeting_start_time": "hs_timestamp"}),
    _objects("calls", "Calls", asking.CALLS),
    _objects("tasks", "Tasks", asking.TASKS),
    _objects("emails", "E-mails", asking.EMAILS),
    _list(
        "owners",
        "Owners",
        asking.ask_owners,
        lists.owners,
        lists.OWNER_HEADERS,
        delivers=always_changes,
    ),
    _list(
        "pipelines",
        "Pipelines and stages",
        asking.ask_pipelines,
        lists.pipelines,
        lists.PIPELINE_HEADERS,
        delivers=always_full,
    ),
    _list(
        "forms",
        "Form submissions",
        asking.ask_forms,
        lists.submissions,
        lists.FORM_HEADERS,
        delivers=always_changes,
        keep=lists.kept,
        unverified=(
            "Whether formTypes=all names every form; the unit of submittedAt; whether forms and submissions "
            "get a date-based interface before their present one ends."
        ),
    ),
)
