"""Every further export that can be fetched: whole whatever happens on the way, with the facts of its file."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.facts import FACTS
from pipeline.sources.ingest import ingest_source
from pipeline.sources.pulls import ortto, prospectio
from pipeline.sources.pulls.hubspot import asking
from pipeline.sources.pulls.registry import PULLS
from pipeline.store.store import Store
from pipeline.workspace.model import Source
from tests.faults.fake_hubspot import Deal, HubSpot
from tests.faults.vendor_server import (
    NOW,
    Answer,
    Asked,
    Reply,
    Room,
    System,
    kill_at,
    pull_in_child,
    serving,
)

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
AT = "2026-11-16T23:30:00Z"  # the next day in Berlin
OWNED = {"hubspot_owner_id": "7", "hs_timestamp": AT}
OBJECTS: dict[str, dict[str, str | None]] = {
    "contacts": {"email": "ann@helio.example", "createdate": AT, "lifecyclestage": "lead"},
    "companies": {"name": "Отель «Юг»", "domain": "x.example", "createdate": AT, "industry": "Hotels"},
    "meetings": {**OWNED, "hs_meeting_start_time": None, "hs_meeting_outcome": "COMPLETED"},
    "calls": {
        **OWNED,
        "hs_call_direction": "OUTBOUND",
        "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
        "hs_call_duration": "90000",
    },
    "tasks": {**OWNED, "hs_task_status": "COMPLETED", "hs_task_completion_date": "2026-11-18T10:00:00Z"},
    "emails": {**OWNED, "hs_email_direction": "EMAIL", "hs_email_status": "SENT"},
}


@dataclass
class Told:
    """An export, a system that has `rows` rows of it, and how many requests a whole reading takes."""

    system: str
    export: str
    fact: str
    rows: int
    requests: int
    answer: Callable[[], Answer]
    pull: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> dict[str, Any]:
        source: dict[str, Any] = {"id": f"{self.system}_{self.export}", "system": self.system}
        if (self.system, self.export) == ("ortto", "contacts"):
            source["aliases"] = {"created_on": ["tme:cm:created"], "channel": ["str:cm:source"]}
        return {**source, "export": self.export}


def objects_of(properties: dict[str, str | None], count: int) -> HubSpot:
    return HubSpot(*(Deal(n, NOW - 30 * DAY + n * MINUTE, False, properties) for n in range(1, count + 1)))


def many_owners() -> HubSpot:
    hub = HubSpot()
    hub.owner_pages = [[{"id": f"{n}", "email": f"p{n}@x.example"}] for n in range(20, 26)]
    hub.owner_pages[2:2] = [[]]  # an empty page in the middle that names a next one
    return hub


def forms(count: int = 22) -> HubSpot:
    hub = HubSpot()
    rows = [
        {
            "conversionId": f"cv-{n}",
            "submittedAt": 1795000000000 + n,
            "values": [
                {"name": "email", "value": f"p{n}@x.example"},
                {"name": "message", "value": "PRIVATE"},
            ],
            "pageUrl": "https://x.example/?name=PRIVATE",
        }
        for n in range(count)
    ]
    hub.submissions = {"f-1": rows, "f 2": [{"submittedAt": 1795000000000, "values": []}]}
    return hub


class People:
    """Ortto's people by address, cut by position; two of them archived. `gone[n]`: the one removed before
    request n."""

    def __init__(self, count: int) -> None:
        self.people = [
            {
                "id": f"{n:04}",
                "fields": {"str::email": f"p{n:04}@x.example", "tme:cm:created": AT, "str:cm:source": "Ads"},
            }
            for n in range(count)
        ]
        self.archived = [{"id": f"a{n}", "fields": {"tme:cm:created": AT}} for n in (1, 2)]
        self.gone: dict[int, int] = {}
        self.count = 0

    def __call__(self, asked: Asked) -> Reply:
        self.count += 1
        if self.count in self.gone:
            self.people.pop(self.gone.pop(self.count))
        assert asked.path == "/person/get" and asked.body["sort_by_field_id"] == "str::email"
        rows = self.archived if asked.body.get("type") == "archived" else self.people
        begin = asked.body["offset"]
        page = rows[begin : begin + asked.body["limit"]]
        end = begin + len(page)
        return Reply({"contacts": page, "next_offset": end, "has_more": end < len(rows)})


class Campaigns:
    """Prospect.io with three campaigns; of prospect n, every third one answered and every tenth converted."""

    def __init__(self, count: int) -> None:
        self.prospects = [
            {
                "id": str(n),
                "attributes": {
                    "email": f"p{n}@x.example",
                    "created_at": AT,
                    "last_emailed_at": AT if n % 2 else None,
                    "replied": n % 3 == 0,
                    "qualified": False,
                    "converted": n % 10 == 0,
                    "archived": n == 4,
                },
                "relationships": {"campaign": {"data": {"id": f"c{n % 3}", "type": "campaigns"}}},
            }
            for n in range(count)
        ]

    def __call__(self, asked: Asked) -> Reply:
        number, size = int(asked.params["page[number]"]), int(asked.params["page[size]"])
        rows: list[dict[str, Any]] = self.prospects
        if asked.path == "/campaigns":
            about = {"name": "Autumn", "created_at": "2026-10-01T08:00:00.000Z"}
            rows = [{"id": f"c{n}", "attributes": {**about, "name": f"Autumn {n}"}} for n in range(3)]
        page = rows[(number - 1) * size : number * size]
        return Reply({"data": page, "links": {"next": "x"} if number * size < len(rows) else {}})


EXPORTS = [
    # owners twice, archived, three pages
    *(
        Told(
            "hubspot",
            export,
            "engagements" if "hs_timestamp" in properties else export,
            25,
            6,
            lambda properties=properties: objects_of(properties, 25),  # type: ignore[misc]
        )
        for export, properties in OBJECTS.items()
    ),
    Told("hubspot", "owners", "owners", 7, 8, many_owners),
    Told("hubspot", "pipelines", "pipeline_stages", 3, 1, HubSpot),
    Told("hubspot", "forms", "form_submissions", 23, 6, forms),
    # archived twice, three pages twice
    Told(
        *("ortto", "contacts", "contacts", 22, 8),
        lambda: People(22),
        {"properties": ["tme:cm:created", "str:cm:source"]},
    ),
    # campaigns twice, three pages of prospects twice
    Told("prospectio", "campaigns", "campaign_snapshots", 3, 8, lambda: Campaigns(25)),
]
NAMES = [f"{one.system}-{one.export}" for one in EXPORTS]
each = pytest.mark.parametrize("told", EXPORTS, ids=NAMES)
ASKED_ALIKE = ("contacts", "meetings", "tasks", "emails")
"""Records that HubSpot is asked for in the very way that companies and calls are."""
DIFFERENT = [one for one in EXPORTS if one.system != "hubspot" or one.export not in ASKED_ALIKE]
each_way = pytest.mark.parametrize(
    "told",
    [
        pytest.param(one, id=f"{one.system}-{one.export}", marks=[pytest.mark.slow] if number else [])
        for number, one in enumerate(DIFFERENT)
    ],
)
"""The first on every change, all of them in the slow suite."""


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows a page, so that few rows make several pages."""
    monkeypatch.setattr(asking, "LIST_LIMIT", 10)
    monkeypatch.setattr(asking, "SEARCH_LIMIT", 20)
    monkeypatch.setattr(asking, "SUBMISSIONS_LIMIT", 10)
    monkeypatch.setattr(ortto, "PEOPLE_LIMIT", 10)
    monkeypatch.setattr(prospectio, "SIZE", 10)


def some(requests: int) -> list[int]:
    """The first, a middle and the last request."""
    return sorted({1, (requests + 1) // 2, requests})


@pytest.fixture
def system() -> Iterator[System]:
    with serving(HubSpot()) as one:
        yield one


def room_of(told: Told, root: Path, system: System) -> Room:
    system.answer = told.answer()
    return Room(root, system, told.source, **told.pull)


def whole(told: Told, room: Room) -> None:
    """Everything is there, once."""
    report = room.ingest()
    assert report.refused == () and report.counts.quarantined == 0
    assert report.counts.accepted == told.rows == len(room.rows(told.fact))


@each
def test_everything_comes_once(told: Told, tmp_path: Path, system: System) -> None:
    room = room_of(told, tmp_path, system)
    assert room.pull().problem is None and len(system.asked) == told.requests
    whole(told, room)


def test_every_export_that_can_be_fetched_is_tried_somewhere() -> None:
    elsewhere = {("hubspot", "deals"), ("mailshake", "activity"), ("timecamp", "entries")}
    elsewhere |= {("upwork", "hours"), ("upwork", "transactions")}
    elsewhere |= {("ortto", "campaigns"), ("prospectio", "prospects")}
    assert {(one.system, one.export) for one in EXPORTS} | elsewhere == set(PULLS)


def faulty(usual: Answer, number: int, reply: Reply) -> Answer:
    """The usual answers, but for the n-th request once the given one."""
    counter = itertools.count(1)
    return lambda asked: reply if next(counter) == number else usual(asked)


BUSY = Reply({"message": "slow down"}, 429, {"Retry-After": "7"})
ERROR = {
    "hubspot": Reply({"status": "error", "category": "RATE_LIMITS", "message": "slow", "correlationId": "x"}),
    "ortto": Reply({"code": "rate-limit", "error": "slow down", "try-in-seconds": 3}),
    "prospectio": Reply({"errors": [{"status": "500", "title": "trouble"}]}),
}
HALF = Reply({"results": [{"id": "1"}] * 50}, sent=40)


@each_way
@pytest.mark.parametrize("fault", ["busy", "half", "server"])
def test_whichever_request_meets_a_fault_nothing_is_lost_or_doubled(
    told: Told, fault: str, tmp_path: Path, system: System
) -> None:
    reply = {"busy": BUSY, "half": HALF, "server": Reply({"message": "oops"}, 503)}[fault]
    for number in some(told.requests):
        room = room_of(told, tmp_path / str(number), system)
        system.answer = faulty(system.answer, number, reply)
        before = len(system.asked)
        assert room.pull().problem is None
        assert len(system.asked) - before == told.requests + 1
        whole(told, room)


@each_way
def test_an_error_with_status_200_is_never_an_empty_page(told: Told, tmp_path: Path, system: System) -> None:
    for number in some(told.requests):
        room = room_of(told, tmp_path / str(number), system)
        system.answer = faulty(system.answer, number, ERROR[told.system])
        problem = room.pull().problem
        if told.system == "prospectio":  # its errors do not say whether to come again
            assert problem is not None and problem.code == "E-PULL-REFUSED"
            assert room.store.landings(room.source.id) == []
        else:
            assert problem is None
            whole(told, room)


@each_way
def test_a_key_that_runs_out_on_the_way_lands_nothing(told: Told, tmp_path: Path, system: System) -> None:
    for number in some(told.requests):
        room = room_of(told, tmp_path / str(number), system)
        system.answer = faulty(system.answer, number, Reply({"message": "expired"}, 401))
        problem = room.pull().problem
        assert problem is not None and problem.code == "E-PULL-ACCOUNT" and problem.remedy
        assert room.store.landings(room.source.id) == []
        system.answer = told.answer()  # a new key: what was read before is not asked for again
        assert room.pull().asked == told.requests - (number - 1)
        whole(told, room)


@each_way
def test_killed_at_any_request_the_pull_goes_on_to_the_same_bytes(
    told: Told, tmp_path: Path, system: System
) -> None:
    undisturbed = room_of(told, tmp_path / "whole", system)
    landed = undisturbed.pull().landed
    assert landed is not None
    for number in some(told.requests):
        room = room_of(told, tmp_path / str(number), system)
        system.asked.clear()
        kill_at(system, told.answer(), number)
        assert pull_in_child(room) == -signal.SIGKILL
        assert room.store.landings(room.source.id) == []
        system.answer = told.answer()
        report = room.pull()
        assert report.asked == told.requests - (number - 1)
        assert report.landed is not None and report.landed.sha256 == landed.sha256
        whole(told, room)


# --- HubSpot -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "export",
    [pytest.param(one, marks=[pytest.mark.slow] if number else []) for number, one in enumerate(OBJECTS)],
)
def test_changes_beyond_the_cap_of_a_search_come_through_windows(
    export: str, tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = objects_of(OBJECTS[export], 120)
    hub.cap = 50
    monkeypatch.setattr(asking, "SEARCH_CAP", 50)
    system.answer = hub
    told = next(one for one in EXPORTS if one.export == export and one.system == "hubspot")
    room = Room(tmp_path, system, told.source, since="2026-01-01")
    assert room.fetched().counts.accepted == 120 == len(room.rows(told.fact)) and hub.beyond == 0
    # an edit moves a record to the end of the search while a later pull reads it
    system.clock.now += 7 * DAY
    for number in range(1, 41):
        hub.deals[number].modified = NOW + DAY + number * timedelta(seconds=1)

    def edit() -> None:
        hub.deals[15].modified = system.clock.now + timedelta(seconds=1)

    hub.meanwhile = {hub.count + 5: edit}  # owners twice, archived, the first page
    assert room.fetched().counts.accepted == 40 and len(room.rows(told.fact)) == 120


def test_a_record_archived_meanwhile_is_gone_once_and_for_all(tmp_path: Path, system: System) -> None:
    hub = objects_of(OBJECTS["calls"], 15)
    system.answer = hub
    room = Room(tmp_path, system, {"id": "calls", "system": "hubspot", "export": "calls"})
    hub.meanwhile = {5: lambda: setattr(hub.deals[15], "archived", True)}
    room.fetched()
    assert len(room.rows("engagements")) == 14
    system.clock.now += 7 * DAY
    report = room.fetched()
    assert (report.counts.accepted, report.counts.excluded) == (14, 1)


def test_a_page_without_results_is_no_page(tmp_path: Path, system: System) -> None:
    room = room_of(EXPORTS[0], tmp_path, system)
    system.answer = lambda asked: Reply({})
    problem = room.pull().problem
    assert problem is not None and problem.code == "E-PULL-SERVER" and "without results" in problem.text()


def test_what_visitors_wrote_into_a_form_is_not_kept(tmp_path: Path, system: System) -> None:
    told = next(one for one in EXPORTS if one.export == "forms")
    room = room_of(told, tmp_path, system)
    room.fetched()
    assert not [name for name, data in room.files().items() if b"PRIVATE" in data]
    rows = room.rows("form_submissions")
    assert {row["form"] for row in rows} == {"Demo request", "Newsletter"}
    assert {row["submitted_on"] for row in rows} == {date(2026, 11, 18)}
    # the one without a number is the same one the next time
    system.clock.now += 7 * DAY
    room.fetched()
    assert len(room.rows("form_submissions")) == told.rows


def test_a_company_that_is_archived_keeps_its_name_and_a_lost_one_its_number(
    tmp_path: Path, system: System
) -> None:
    hub = HubSpot(*(Deal(n) for n in (1, 2, 3)))
    hub.archived_companies, hub.unnamed = {"902"}, {"903"}
    system.answer = hub
    for how in ({}, {"since": "2026-01-01"}):
        room = Room(tmp_path / str(len(how)), system, {**DEALS}, **how)
        room.fetched()
        customers = {row["deal_id"]: row["customer"] for row in room.rows("deals")}
        assert customers == {"1": "Company 901", "2": "Company 902", "3": "903"}


DEALS = {"id": "hubspot_deals", "system": "hubspot", "export": "deals"}
DROPPED = {
    "deals": (
        "Record ID,Deal Name,Deal Stage,Amount,Close Date,Create Date,Deal owner,Pipeline,Currency,"
        "Is Closed Won,Is Closed,Associated Company,Date entered Closed Won (Sales Pipeline)\n"
        "1,Deal 1,Closed Won,1.10,2026-11-16,2026-10-06,Irina Sokolova,Sales Pipeline,EUR,true,true,"
        "Company 901,2026-11-16\n"
    ),
    "contacts": (
        "Record ID,Email,Create Date,Original Source,Lifecycle Stage,Contact owner\n"
        "1,ann@helio.example,2026-11-17,,lead,Irina Sokolova\n"
    ),
    "companies": (
        "Record ID,Company name,Company Domain Name,Create Date,Industry,Company owner\n"
        "1,Отель «Юг»,x.example,2026-11-17,Hotels,Irina Sokolova\n"
    ),
    "meetings": (
        "Record ID,Meeting start time,Meeting outcome,Activity assigned to\n"
        "1,2026-11-17,COMPLETED,Irina Sokolova\n"
    ),
    "calls": (
        "Record ID,Activity date,Call direction,Call outcome,Call duration,Activity assigned to\n"
        "1,2026-11-17,OUTBOUND,f240bbac-87c9-4f6e-bf70-924b57d47db7,0:01:30,Irina Sokolova\n"
    ),
    "tasks": (
        "Record ID,Due date,Task Status,Completed at,Assigned to\n"
        "1,2026-11-17,COMPLETED,2026-11-18,Irina Sokolova\n"
    ),
    "emails": (
        "Record ID,Activity date,Email direction,Email send status,Activity assigned to\n"
        "1,2026-11-17,EMAIL,SENT,Irina Sokolova\n"
    ),
    "owners": "id,email,firstName,lastName,archived\n7,,Irina,Sokolova,false\n8,,Marco,Vale,true\n",
    "pipelines": (
        "pipeline_id,pipeline_label,stage_id,stage_label,display_order,probability\n"
        "default,Sales Pipeline,qualified,Qualified,0,0.2\n"
        "default,Sales Pipeline,closedwon,Closed Won,1,1.0\n"
        "default,Sales Pipeline,closedlost,Closed Lost,2,0.0\n"
    ),
    "forms": ("Conversion ID,Submitted At,Form,Email\ncv-0,2026-11-18 06:06,Demo request,p0@x.example\n"),
}


@pytest.mark.parametrize("export", DROPPED)
def test_a_fetched_export_gives_the_facts_of_a_dropped_one(
    export: str, tmp_path: Path, system: System
) -> None:
    hub: HubSpot = forms(1) if export == "forms" else HubSpot(Deal(1, properties=owned(export)))
    if export == "forms":
        del hub.submissions["f 2"]
    system.answer = hub
    source = {"id": f"hubspot_{export}", "system": "hubspot", "export": export}
    room = Room(tmp_path / "pulled", system, source)
    room.fetched()
    folder = tmp_path / "dropped" / "exports" / source["id"]
    folder.mkdir(parents=True)
    (folder / "export.csv").write_text(DROPPED[export], "utf-8")
    workspace = room.workspace.model_copy(
        update={"root": tmp_path / "dropped", "sources": (Source.model_validate(source),)}
    )
    store = Store(tmp_path / "dropped" / ".scorecards")
    report = ingest_source(workspace, workspace.sources[0], store, system.clock())
    assert report.refused == () and report.counts.quarantined == 0
    known = store.knowledge([source["id"]], system.clock())
    facts = [PULLED_FACTS.get(export, "engagements")] + (["deal_stages"] if export == "deals" else [])
    for fact in facts:
        dropped = [told_by(fact, row) for row in store.fact(fact, known).to_pylist()]
        pulled = [told_by(fact, row) for row in room.rows(fact)]
        assert sorted(map(str, pulled)) == sorted(map(str, dropped)) and pulled


PULLED_FACTS = {
    "deals": "deals",
    "contacts": "contacts",
    "companies": "companies",
    "owners": "owners",
    "pipelines": "pipeline_stages",
    "forms": "form_submissions",
}


def owned(export: str) -> dict[str, str | None]:
    return {**OBJECTS.get(export, {}), "hubspot_owner_id": "7"}


def told_by(fact: str, row: dict[str, Any]) -> dict[str, Any]:
    """What a row says, without where it stood."""
    return {column.name: row[column.name] for column in FACTS[fact].columns if column.name != "submitted_at"}


# --- Ortto, Prospect.io ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(3, 9))
def test_somebody_who_leaves_the_list_pulls_nobody_else_out(
    number: int, tmp_path: Path, system: System
) -> None:
    told = next(one for one in EXPORTS if one.system == "ortto")
    room = room_of(told, tmp_path, system)
    people = People(22)
    people.gone = {number: 0}
    system.answer = people
    room.fetched()
    ids = {row["contact_id"] for row in room.rows("contacts")}
    assert {f"{n:04}" for n in range(1, 22)} <= ids  # the first one may have been read before it left
    assert not ids & {"a1", "a2"}


def test_people_of_ortto_keep_no_address(tmp_path: Path, system: System) -> None:
    told = next(one for one in EXPORTS if one.system == "ortto")
    room = room_of(told, tmp_path, system)
    room.fetched()
    (row, *_) = room.rows("contacts")
    assert (row["created_on"], row["channel"]) == (date(2026, 11, 17), "Ads") and len(row["email_hash"]) == 32
    assert not any(b"@x.example" in data for name, data in room.files().items() if "/tables/" in name)


def test_a_campaign_counts_what_its_prospects_did(tmp_path: Path, system: System) -> None:
    told = next(one for one in EXPORTS if one.system == "prospectio")
    room = room_of(told, tmp_path, system)
    room.fetched()
    rows = {row["campaign_id"]: row for row in room.rows("campaign_snapshots")}
    for which in range(3):
        mine = [n for n in range(25) if n % 3 == which]
        expected = (sum(n % 2 for n in mine), sum(n % 3 == 0 for n in mine), sum(n % 10 == 0 for n in mine))
        row = rows[f"c{which}"]
        assert (row["sent"], row["replies"], row["conversions"], row["leads"]) == (*expected, 0)
        assert (row["name"], row["counted_on"]) == (f"Autumn {which}", date(2026, 11, 23))
        assert row["started_on"] == date(2026, 10, 1)


def test_a_prospect_comes_with_what_became_of_it(tmp_path: Path, system: System) -> None:
    system.answer = Campaigns(12)
    room = Room(tmp_path, system, {"id": "prospects", "system": "prospectio", "export": "prospects"})
    assert room.fetched().counts.accepted == 11  # one is archived
    rows = {row["contact_id"]: row for row in room.rows("contacts")}
    assert rows["3"]["campaign"] == "Autumn 0" and rows["3"]["has_replied"] is True
    assert rows["3"]["contacted_on"] == date(2026, 11, 17) and rows["2"]["contacted_on"] is None
