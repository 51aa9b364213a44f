"""TimeCamp, Mailshake, Upwork, Ortto, Prospect.io: odd pages, deletions, expired keys; numbers as served."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.faults.vendor_server import CANARY, NOW, Asked, Reply, Room, System, serving

WEEK = timedelta(days=7)


@pytest.fixture
def system() -> Iterator[System]:
    with serving(lambda asked: Reply({})) as one:
        yield one


# --- TimeCamp ----------------------------------------------------------------------------------------

TIMECAMP = {"id": "timecamp_entries", "system": "timecamp", "export": "entries"}


class TimeCamp:
    """Entries by day; deletions are remembered."""

    def __init__(self) -> None:
        self.entries: dict[int, dict[str, Any]] = {}
        self.deleted: list[int] = []

    def add(self, number: int, day: str, seconds: int, **more: Any) -> None:
        self.entries[number] = {
            "id": number,
            "duration": str(seconds),
            "user_id": "123",
            "user_name": "Irina Sokolova",
            "task_id": "51",
            "name": "Outreach",
            "date": day,
            "start_time": "09:00:00",
            "billable": 0,
            "tags": [{"tagListName": "Kind", "name": "sales-admin"}, {"name": "cold"}],
            **more,
        }

    def delete(self, number: int) -> None:
        del self.entries[number]
        self.deleted.append(number)

    def __call__(self, asked: Asked) -> Reply:
        first, last = asked.params["from"], asked.params["to"]
        if asked.path == "/entries_deletions":
            return Reply([{"id": n, "entry_id": n} for n in self.deleted] if last >= "2026-11-01" else [])
        return Reply([one for one in self.entries.values() if first <= one["date"] <= last])


def test_timecamp_is_read_month_by_month_without_a_day_twice_or_never(tmp_path: Path, system: System) -> None:
    camp = TimeCamp()
    days = [date(2026, 8, 15) + timedelta(days=n) for n in range(101)]  # 15 August to 23 November
    for number, day in enumerate(days, start=1):
        camp.add(number, day.isoformat(), 600 + number)
    system.answer = camp
    room = Room(tmp_path, system, TIMECAMP, since="2026-08-15")
    report = room.fetched()
    asked = [(one.params["from"], one.params["to"]) for one in system.asked if one.path == "/entries"]
    assert asked == [
        ("2026-08-15", "2026-08-31"),
        ("2026-09-01", "2026-09-30"),
        ("2026-10-01", "2026-10-31"),
        ("2026-11-01", "2026-11-23"),
    ]
    assert report.counts.accepted == 101
    # seconds: 600 * 101 + 1 + ... + 101 = 65751; hours are rounded to four places, row by row
    hours = sum(row["hours"] for row in room.rows("time_entries"))
    assert abs(hours * 3600 - 65_751) < 101 * 3600 * Decimal("0.00005")
    assert {row["tags"] for row in room.rows("time_entries")} == {"sales-admin;cold"}
    assert all("CANARY" not in str(one.params) + one.path for one in system.asked)


def test_an_entry_deleted_in_timecamp_counts_no_longer_and_did_before(tmp_path: Path, system: System) -> None:
    camp = TimeCamp()
    for number in (1, 2, 3):
        camp.add(number, "2026-11-16", 3600)
    system.answer = camp
    room = Room(tmp_path, system, TIMECAMP, since="2026-11-01")
    room.fetched()
    then = system.clock.now
    system.clock.now += WEEK
    camp.delete(2)
    report = room.fetched()
    assert {row["entry_id"] for row in room.rows("time_entries")} == {"1", "3"}
    assert len(room.rows("time_entries", then)) == 3
    assert (report.counts.rows_in, report.counts.accepted, report.counts.excluded) == (3, 2, 1)
    camp.add(2, "2026-11-16", 1800)  # restored: the deletion is still listed, and so is the entry
    system.clock.now += WEEK
    room.fetched()
    assert sum(row["hours"] for row in room.rows("time_entries")) == Decimal("2.5")


def test_a_month_that_comes_back_empty_deletes_nothing(tmp_path: Path, system: System) -> None:
    camp = TimeCamp()
    camp.add(1, "2026-11-16", 3600)
    system.answer = camp
    room = Room(tmp_path, system, TIMECAMP, since="2026-11-01")
    room.fetched()
    system.clock.now += WEEK
    system.answer = lambda asked: Reply([])
    room.fetched()
    assert [row["entry_id"] for row in room.rows("time_entries")] == ["1"]


def test_timecamps_error_bodies_are_no_entries(tmp_path: Path, system: System) -> None:
    room = Room(tmp_path, system, TIMECAMP, since="2026-11-01")
    for reply, code in (
        (Reply({"message": "Invalid API token", "code": 401}), "E-PULL-ACCOUNT"),
        (Reply([], 403), "E-PULL-ACCOUNT"),
        (Reply({"message": 'you must provide "from"'}, 400), "E-PULL-REFUSED"),
    ):
        system.answer = lambda asked, reply=reply: reply
        problem = room.pull().problem
        assert problem is not None and problem.code == code


# --- Mailshake ---------------------------------------------------------------------------------------

MAILSHAKE = {"id": "mail", "system": "mailshake", "export": "activity"}


def activity(number: int, day: int = 18, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "actionDate": f"2026-11-{day}T08:03:11.000Z",
        "recipient": {"id": number, "emailAddress": f"p{number}@orbit.example"},
        "campaign": {"id": 771, "title": "Q4 dental"},
        "from": {"address": "irina@x.example", "fullName": "Irina"},
        "body": "text",
        **more,
    }


def by_kind(pages: dict[str, list[list[dict[str, Any]]]], last: Any = None) -> Callable[[Asked], Reply]:
    """Pages of each activity; the token is the number of the next page, `last` stands on the final one."""

    def answer(asked: Asked) -> Reply:
        kind = asked.path.removeprefix("/activity/")
        found = pages.get(kind, [[]])
        number = int(asked.body.get("nextToken", "0"))
        more = number + 1 < len(found)
        body = {"results": found[number], "nextToken": str(number + 1) if more else last}
        if last == "absent" and not more:
            del body["nextToken"]
        return Reply(body)

    return answer


@pytest.mark.parametrize("last", [None, "", "absent"])
def test_every_way_a_list_may_end_ends_it_and_an_empty_page_before_does_not(
    tmp_path: Path, system: System, last: str | None
) -> None:
    pages = [[activity(1), activity(2)], [], [], [activity(3)]]
    system.answer = by_kind({"sent": pages}, last)
    room = Room(tmp_path, system, MAILSHAKE)
    assert room.fetched().counts.accepted == 3
    assert system.paths().count("/activity/sent") == 4


def test_what_happened_is_counted_as_the_objects_say(tmp_path: Path, system: System) -> None:
    system.answer = by_kind(
        {
            "sent": [
                [activity(n) for n in range(1, 101)],
                [activity(n) for n in range(100, 151)],
            ],  # 100 twice
            "opens": [[activity(n, isDuplicate=n % 3 == 0) for n in range(1, 31)]],
            "clicks": [[activity(1, isDuplicate=False), activity(2, isDuplicate=True)]],
            "replies": [
                [
                    activity(1, type="reply"),
                    activity(2, type="out-of-office"),
                    activity(3, type="bounce"),
                    activity(4, type="unsubscribe"),
                ]
            ],
            "created-leads": [[{**activity(9), "actionDate": None, "created": "2026-11-20T10:00:00Z"}]],
        }
    )
    room = Room(tmp_path, system, MAILSHAKE)
    report = room.fetched()
    events = [row["event"] for row in room.rows("outreach_events")]
    counted = {event: events.count(event) for event in set(events)}
    assert counted == {"sent": 150, "open": 20, "click": 1, "reply": 1, "bounce": 1, "lead": 1}
    # 150 sent + 30 opens + 2 clicks + 4 replies + 1 lead; left out: 10 opens, 1 click, 2 replies
    assert (report.counts.rows_in, report.counts.accepted, report.counts.excluded) == (187, 174, 13)
    lead = next(row for row in room.rows("outreach_events") if row["event"] == "lead")
    assert lead["happened_on"] == date(2026, 11, 20)
    notes = {
        one.params["because"]: one.params["count"] for one in report.warnings if one.code == "N-EXCLUDED"
    }
    assert notes == {"isDuplicate": 11, "type out-of-office": 1, "type unsubscribe": 1}


def test_a_token_that_comes_again_does_not_read_for_ever(tmp_path: Path, system: System) -> None:
    tokens = {None: "a", "a": "b", "b": "a"}
    system.answer = lambda asked: Reply(
        {"results": [activity(1)], "nextToken": tokens[asked.body.get("nextToken")]}
    )
    room = Room(tmp_path, system, MAILSHAKE)
    problem = room.pull().problem
    assert problem is not None and problem.code == "E-PULL-LOOP" and len(system.asked) == 3


def test_new_tokens_without_records_do_not_read_for_ever(tmp_path: Path, system: System) -> None:
    system.answer = lambda asked: Reply({"results": [], "nextToken": str(len(system.asked))})
    problem = Room(tmp_path, system, MAILSHAKE).pull().problem
    assert problem is not None and problem.code == "E-PULL-LOOP" and len(system.asked) == 20


def test_the_key_of_mailshake_stands_in_no_address(tmp_path: Path, system: System) -> None:
    system.answer = by_kind({})
    Room(tmp_path, system, MAILSHAKE).fetched()
    assert all(one.method == "POST" and not one.params for one in system.asked)
    assert all(CANARY not in f"{one.path}{one.body}" for one in system.asked)


# --- Upwork ------------------------------------------------------------------------------------------

APP = {"client_id_env": "APP", "client_secret_env": "APP_SECRET", "since": "2026-09-15"}
HOURS = {"id": "upwork_hours", "system": "upwork", "export": "hours"}
TRANSACTIONS = {"id": "upwork_transactions", "system": "upwork", "export": "transactions"}


class Upwork:
    """A token endpoint and GraphQL; a key is valid for `lives` requests."""

    def __init__(self, lives: int = 1000, rotates: bool = False) -> None:
        self.lives = lives
        self.rotates = rotates
        self.keys = 0
        self.left = 0
        self.nodes: list[dict[str, Any]] = []
        self.total: int | None = None
        self.transactions: list[dict[str, Any]] = []

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == "/api/v3/oauth2/token":
            return self._token(asked)
        if asked.headers.get("Authorization") != f"Bearer key-CANARY-{self.keys}" or self.left <= 0:
            return Reply({"message": "expired"}, 401)
        self.left -= 1
        query, variables = asked.body["query"], asked.body["variables"]
        if "accountingEntity" in query:
            return Reply({"data": {"accountingEntity": {"id": "ace1"}}})
        if "transactionHistory" in query:
            return self._transactions(variables)
        begin = int(variables["after"])
        page = self.nodes[begin : begin + variables["first"]]
        end = begin + len(page)
        report = {
            "totalCount": len(self.nodes) if self.total is None else self.total,
            "pageInfo": {"endCursor": str(end), "hasNextPage": end < len(self.nodes)},
            "edges": [{"cursor": str(begin + n), "node": node} for n, node in enumerate(page, start=1)],
        }
        return Reply({"data": {"organization": {"clientContractTimeReport": report}}})

    def _token(self, asked: Asked) -> Reply:
        wanted = {"grant_type": "refresh_token", "client_id": "app-id", "client_secret": "app-CANARY-secret"}
        assert {key: asked.body[key] for key in wanted} == wanted
        assert asked.body["refresh_token"] == (
            f"refresh-CANARY-{self.keys}" if self.rotates and self.keys else CANARY
        )
        self.keys += 1
        self.left = self.lives
        body = {"access_token": f"key-CANARY-{self.keys}", "token_type": "Bearer", "expires_in": 86400}
        if self.rotates:
            body["refresh_token"] = f"refresh-CANARY-{self.keys}"
        return Reply(body)

    def _transactions(self, variables: dict[str, Any]) -> Reply:
        assert variables["aceIds"] == ["ace1"]
        first, last = variables["rangeStart"], variables["rangeEnd"]
        rows = [one for one in self.transactions if first <= one["transactionCreationDate"][:10] <= last]
        return Reply({"data": {"transactionHistory": {"transactionDetail": {"transactionHistoryRow": rows}}}})


def worked(number: int, **more: Any) -> dict[str, Any]:
    day = date(2026, 9, 15) + timedelta(days=number % 60)
    contract = {"id": str(40_118_822 + number // 60), "title": "Sales research"}
    hours = {"totalHoursWorked": 0.33333, "totalCharges": 3.1}
    return {"dateWorkedOn": day.isoformat(), "contract": contract, **hours, **more}


def test_upwork_hours_come_page_by_page_with_every_cent(tmp_path: Path, system: System) -> None:
    upwork = Upwork()
    upwork.nodes = [worked(n) for n in range(120)]
    system.answer = upwork
    room = Room(tmp_path, system, HOURS, organization="org-1", **APP)
    assert room.fetched().counts.accepted == 120
    rows = room.rows("freelance_costs")
    assert sum(row["amount"] for row in rows) == Decimal("372.0000") and {
        row["currency"] for row in rows
    } == {"USD"}
    assert rows[0]["hours"] == Decimal("0.3333")
    pages = [one for one in system.asked if one.path == "/graphql"]
    assert [one.body["variables"]["after"] for one in pages] == ["0", "50", "100"]
    assert {one.headers["X-Upwork-API-TenantId"] for one in pages} == {"org-1"}
    gaps = [(b.at - a.at).total_seconds() for a, b in pairwise(pages)]
    assert gaps == [1.0, 1.0]  # one request a second


def test_upwork_days_may_come_without_dashes(tmp_path: Path, system: System) -> None:
    upwork = Upwork()
    upwork.nodes = [worked(1, dateWorkedOn="20260930"), worked(2, dateWorkedOn="2026-09-30")]
    system.answer = upwork
    room = Room(tmp_path, system, HOURS, **APP)
    room.fetched()
    (row,) = room.rows("freelance_costs")  # one contract, one day: added up
    assert (row["paid_on"], row["amount"]) == (date(2026, 9, 30), Decimal("6.2"))


def test_hours_booked_between_pages_are_neither_lost_nor_added_twice(tmp_path: Path, system: System) -> None:
    upwork = Upwork()
    upwork.nodes = [worked(n) for n in range(110)]
    late = worked(110, totalCharges=100)
    before = len(upwork.nodes)

    def answer(asked: Asked) -> Reply:
        if len(system.asked) == 3 and len(upwork.nodes) == before:  # the token, the first page, and now
            upwork.nodes.insert(0, late)
        return upwork(asked)

    system.answer = answer
    room = Room(tmp_path, system, HOURS, **APP)
    room.fetched()
    assert sum(row["amount"] for row in room.rows("freelance_costs")) == 110 * Decimal("3.1") + 100


def test_a_key_that_runs_out_in_the_middle_is_exchanged_and_no_row_is_lost(
    tmp_path: Path, system: System
) -> None:
    upwork = Upwork(lives=2)
    upwork.nodes = [worked(n) for n in range(230)]
    system.answer = upwork
    room = Room(tmp_path, system, HOURS, **APP)
    report = room.fetched()
    assert upwork.keys == 3 and report.counts.rows_in == 230
    assert sum(row["amount"] for row in room.rows("freelance_costs")) == Decimal("713.0000")
    assert not [name for name, data in room.files().items() if b"CANARY" in data]


def test_a_key_that_is_refused_after_its_exchange_is_not_tried_for_ever(
    tmp_path: Path, system: System
) -> None:
    system.answer = Upwork(lives=0)
    problem = Room(tmp_path, system, HOURS, **APP).pull().problem
    assert problem is not None and problem.code == "E-PULL-ACCOUNT"
    assert system.paths() == ["/api/v3/oauth2/token", "/graphql", "/api/v3/oauth2/token", "/graphql"]


def test_a_replaced_refresh_token_is_kept_in_the_keyring_or_said(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    import types

    system.answer = Upwork(rotates=True)
    room = Room(tmp_path / "env", system, HOURS, **APP)
    report = room.pull()
    assert [one.code for one in report.warnings] == ["W-PULL-TOKEN"] and "CANARY" not in repr(report)
    kept = {("scorecards", "upwork"): CANARY}
    fake = types.ModuleType("keyring")
    fake.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    fake.set_password = lambda service, name, value: kept.update({(service, name): value})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", fake)
    system.answer = Upwork(rotates=True)
    room = Room(tmp_path / "ring", system, HOURS, token_env=None, keyring="scorecards/upwork", **APP)
    assert room.pull().warnings == () and kept == {("scorecards", "upwork"): "refresh-CANARY-1"}
    assert room.pull().problem is None and kept == {("scorecards", "upwork"): "refresh-CANARY-2"}


def test_upworks_errors_with_status_200_are_no_empty_report(tmp_path: Path, system: System) -> None:
    room = Room(tmp_path, system, HOURS, **APP)
    for said, code in (
        ("Authorization failed", "E-PULL-ACCOUNT"),
        ("Field 'x' is undefined", "E-PULL-REFUSED"),
        ("Internal error", "E-PULL-SERVER"),
    ):
        upwork = Upwork()

        def answer(asked: Asked, upwork: Upwork = upwork, said: str = said) -> Reply:
            reply = upwork(asked)
            return reply if "token" in asked.path else Reply({"errors": [{"message": said}], "data": None})

        system.answer = answer
        problem = room.pull().problem
        assert problem is not None and problem.code == code and said in problem.text()


def test_a_report_shorter_than_its_own_count_is_not_used(tmp_path: Path, system: System) -> None:
    upwork = Upwork()
    upwork.nodes, upwork.total = [worked(n) for n in range(60)], 61
    system.answer = upwork
    room = Room(tmp_path, system, HOURS, **APP)
    problem = room.pull().problem
    assert (
        problem is not None and problem.code == "E-PULL-COUNT" and room.store.landings(room.source.id) == []
    )


def test_transactions_are_costs_and_top_ups_are_not(tmp_path: Path, system: System) -> None:
    def row(number: int, day: str, amount: str, kind: str) -> dict[str, Any]:
        money = {"rawValue": amount, "currency": "USD"}
        return {
            "recordId": number,
            "accountingSubtype": kind,
            "transactionCreationDate": f"{day}T00:00:00Z",
            "transactionAmount": money,
            "relatedAssignment": "40118822",
        }

    upwork = Upwork()
    upwork.transactions = [
        row(1, "2026-09-16", "-91.50", "Hourly"),
        row(2, "2026-10-31", "-2.75", "Fee"),
        row(3, "2026-11-01", "94.25", "Payment"),
        row(4, "2026-11-17", "10.00", "Refund"),
    ]
    system.answer = upwork
    room = Room(tmp_path, system, TRANSACTIONS, **APP)
    report = room.fetched()
    costs = {row["entry_id"]: row["amount"] for row in room.rows("freelance_costs")}
    assert costs == {"1": Decimal("91.5"), "2": Decimal("2.75"), "4": Decimal(-10)}
    assert report.counts.excluded == 1 and report.counts.money_excluded == Decimal("-94.25")
    ranges = [one.body["variables"] for one in system.asked if "transactionHistory" in str(one.body)]
    assert [(one["rangeStart"], one["rangeEnd"]) for one in ranges] == [
        ("2026-09-15", "2026-09-30"),
        ("2026-10-01", "2026-10-31"),
        ("2026-11-01", "2026-11-23"),
    ]


# --- Ortto -------------------------------------------------------------------------------------------

ORTTO = {"id": "ortto_campaigns", "system": "ortto", "export": "campaigns"}


class Ortto:
    """Campaigns in the order of their last edit, cut by position. `edits[n]`: moved before request n."""

    def __init__(self, count: int) -> None:
        self.campaigns = [
            {"id": f"c{n}", "name": f"Journey {n}", "delivered": n, "opens": 2, "clicks": 1, "conversions": 0}
            for n in range(count)
        ]
        self.edits: dict[int, int] = {}
        self.count = 0

    def __call__(self, asked: Asked) -> Reply:
        self.count += 1
        if self.count in self.edits:
            self.campaigns.append(self.campaigns.pop(self.edits.pop(self.count)))
        begin = asked.body["offset"]
        page = self.campaigns[begin : begin + asked.body["limit"]]
        end = begin + len(page)
        return Reply({"campaigns": page, "next_offset": end, "has_more": end < len(self.campaigns)})


@pytest.mark.parametrize("moved", [(2, 0), (2, 49), (3, 75), (4, 5)])
def test_a_journey_that_moves_while_the_list_is_read_pulls_no_other_one_out(
    tmp_path: Path, system: System, moved: tuple[int, int]
) -> None:
    ortto = Ortto(180)
    ortto.edits = dict([moved])
    system.answer = ortto
    room = Room(tmp_path, system, ORTTO)
    assert room.fetched().counts.accepted == 180
    rows = room.rows("campaign_snapshots")
    assert {row["campaign_id"] for row in rows} == {f"c{n}" for n in range(180)}
    assert sum(row["delivered"] for row in rows) == 179 * 180 // 2
    assert {row["counted_on"] for row in rows} == {date(2026, 11, 23)}


def test_each_pull_adds_a_snapshot_of_its_day(tmp_path: Path, system: System) -> None:
    ortto = Ortto(2)
    system.answer = ortto
    room = Room(tmp_path, system, ORTTO)
    room.fetched()
    system.clock.now += WEEK
    ortto.campaigns[1]["delivered"] = 11
    room.fetched()
    found = sorted(
        (row["campaign_id"], row["counted_on"].day, row["delivered"])
        for row in room.rows("campaign_snapshots")
    )
    assert found == [("c0", 23, 0), ("c0", 30, 0), ("c1", 23, 1), ("c1", 30, 11)]


@pytest.mark.parametrize(
    "body",
    [
        {"campaigns": [], "has_more": True, "next_offset": 0},
        {"campaigns": [], "has_more": True},
        {"campaigns": [{"id": "c1"}], "has_more": True, "next_offset": 0},
    ],
)
def test_has_more_without_going_on_does_not_read_for_ever(
    tmp_path: Path, system: System, body: dict[str, Any]
) -> None:
    system.answer = lambda asked: Reply(body)
    problem = Room(tmp_path, system, ORTTO).pull().problem
    assert problem is not None and problem.code == "E-PULL-LOOP" and len(system.asked) == 1


def test_an_empty_page_with_more_behind_it_is_followed(tmp_path: Path, system: System) -> None:
    bodies = {
        0: {"campaigns": [], "has_more": True, "next_offset": 50},
        50: {"campaigns": [{"id": "c1", "delivered": 3}], "has_more": False, "next_offset": 51},
    }
    system.answer = lambda asked: Reply(bodies[asked.body["offset"]])
    assert Room(tmp_path, system, ORTTO).fetched().counts.accepted == 1


# --- Prospect.io -------------------------------------------------------------------------------------

PROSPECTIO = {"id": "prospectio_prospects", "system": "prospectio", "export": "prospects"}


class Prospectio:
    """Prospects by day of creation; `removals[n]`: deleted before request n."""

    def __init__(self, count: int) -> None:
        self.people = [self._person(n) for n in range(count)]
        self.removals: dict[int, int] = {}
        self.count = 0

    @staticmethod
    def _person(number: int) -> dict[str, Any]:
        about = {
            "email": f"p{number}@helio.example",
            "created_at": "2026-11-16T23:30:00+01:00",
            "created_from": "import",
            "campaign_status": None,
            "archived": number == 7,
        }
        return {"id": str(number), "type": "prospects", "attributes": about}

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == "/campaigns":
            return Reply({"data": [], "links": {}})
        self.count += 1
        if self.count in self.removals:
            self.people.pop(self.removals.pop(self.count))
        number, size = int(asked.params["page[number]"]), int(asked.params["page[size]"])
        page = self.people[(number - 1) * size : number * size]
        links = {"self": "x"}
        if number * size < len(self.people):
            links["next"] = "https://elsewhere.example/steal"
        return Reply({"data": page, "links": links})


def test_prospects_come_once_though_one_is_deleted_between_pages(tmp_path: Path, system: System) -> None:
    service = Prospectio(250)
    service.removals = {2: 3}
    system.answer = service
    room = Room(tmp_path, system, PROSPECTIO)
    report = room.fetched()
    # the third was there when it was read, and is gone only from the next list; the seventh is archived
    assert {int(row["contact_id"]) for row in room.rows("contacts")} == {*range(250)} - {7}
    assert report.counts.excluded == 1
    assert {row["created_on"] for row in room.rows("contacts")} == {date(2026, 11, 16)}
    assert all(one.headers["Authorization"] == CANARY for one in system.asked)
    assert not any(b"@helio.example" in data for name, data in room.files().items() if "/tables/" in name)


def test_a_next_link_on_every_page_does_not_read_for_ever(tmp_path: Path, system: System) -> None:
    body = {"data": [Prospectio._person(1)], "links": {"next": "x"}}
    system.answer = lambda asked: Reply(body)
    problem = Room(tmp_path, system, PROSPECTIO).pull().problem
    assert problem is not None and problem.code == "E-PULL-LOOP" and len(system.asked) == 2  # of campaigns


def test_a_prospect_that_is_gone_from_the_next_whole_list_counts_no_longer(
    tmp_path: Path, system: System
) -> None:
    service = Prospectio(3)
    system.answer = service
    room = Room(tmp_path, system, PROSPECTIO)
    room.fetched()
    system.clock.now = NOW + WEEK
    service.people.pop(0)
    room.fetched()
    assert {row["contact_id"] for row in room.rows("contacts")} == {"1", "2"}


# --- files beside a pull -----------------------------------------------------------------------------

MESSAGES = (
    "message_id,campaign_title,recipient_email,sent_at,opened_at\n"
    "m1,Q4,p1@x.example,2026-11-16T08:00:00Z,2026-11-16T09:00:00Z\n"
)
COSTS = (
    'Date,Ref ID,Type,Description,Freelancer,Amount,Currency\n"Nov 16, 2026",1,Hourly,work,Dana,-91.50,USD\n'
)
BESIDE = {
    "mailshake": ({"id": "mail", "system": "mailshake", "export": "activity"}, MESSAGES, "outreach_events"),
    "upwork": ({"id": "costs", "system": "upwork", "export": "transactions"}, COSTS, "freelance_costs"),
}


def answer_of(system: str) -> Any:
    """The system with the very events that the file tells of."""
    if system == "upwork":
        upwork = Upwork()
        money = {"rawValue": "-91.50", "currency": "USD"}
        about = {"accountingSubtype": "Hourly", "transactionCreationDate": "2026-11-16T00:00:00Z"}
        upwork.transactions = [{"recordId": 777, "transactionAmount": money, **about}]
        return upwork
    message = {"id": 5, "actionDate": "2026-11-16T08:00:00Z", "campaign": {"title": "Q4"}}
    sent = {**message, "recipient": {"emailAddress": "p1@x.example"}}
    opened = {**sent, "id": 6, "actionDate": "2026-11-16T09:00:00Z", "isDuplicate": False}
    bodies = {"/activity/sent": [sent], "/activity/opens": [opened]}
    return lambda asked: Reply({"results": bodies.get(asked.path, [])})


@pytest.mark.parametrize("service", BESIDE)
@pytest.mark.parametrize("first", ["file", "pull"])
def test_a_file_and_a_pull_of_the_same_events_do_not_count_twice(
    service: str, first: str, tmp_path: Path, system: System
) -> None:
    source, text, fact = BESIDE[service]
    system.answer = answer_of(service)
    room = Room(tmp_path, system, source, **(APP if service == "upwork" else {}))
    folder = tmp_path / "exports" / source["id"]
    folder.mkdir(parents=True)

    def drop() -> None:
        (folder / "export.csv").write_text(text)
        os.utime(folder / "export.csv", (1, 1))

    (drop if first == "file" else room.pull)()
    assert room.ingest().refused == ()
    before = room.rows(fact)
    assert before
    (room.pull if first == "file" else drop)()
    system.clock.now += timedelta(hours=1)
    (problem,) = room.ingest().refused
    assert problem.code == "E-MIXED" and "second time" in problem.text() and problem.remedy
    assert room.rows(fact) == before
    # read again under another declaration, in another order: what counted goes on counting
    room.source = room.source.model_copy(update={"currency": "USD"})
    (problem,) = room.ingest().refused
    assert problem.code == "E-MIXED" and len(room.rows(fact)) == len(before)


def test_a_file_and_a_pull_with_the_same_numbers_count_a_record_once(tmp_path: Path, system: System) -> None:
    system.answer = Prospectio(3)
    room = Room(tmp_path, system, PROSPECTIO)
    folder = tmp_path / "exports" / "prospectio_prospects"
    folder.mkdir(parents=True)
    (folder / "export.csv").write_text("id,email,created_at\n1,p1@helio.example,2026-11-16\n")
    os.utime(folder / "export.csv", (1, 1))
    assert room.ingest().counts.accepted == 1
    system.clock.now += timedelta(hours=1)
    assert room.fetched().refused == ()
    assert sorted(row["contact_id"] for row in room.rows("contacts")) == ["0", "1", "2"]
