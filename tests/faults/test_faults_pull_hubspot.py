"""HubSpot read by list and by search: every deal once, whatever moves while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.sources.pulls.hubspot import asking
from tests.faults.fake_hubspot import Deal, HubSpot
from tests.faults.vendor_server import CANARY, NOW, Room, System, serving

DEALS = {"id": "hubspot_deals", "system": "hubspot", "export": "deals"}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def hub() -> HubSpot:
    return HubSpot()


@pytest.fixture
def system(hub: HubSpot) -> Iterator[System]:
    with serving(hub) as one:
        yield one


@pytest.fixture
def room(tmp_path: Path, system: System) -> Room:
    return Room(tmp_path, system, DEALS)


def changes(tmp_path: Path, system: System) -> Room:
    return Room(tmp_path, system, DEALS, since="2026-01-01")


def fill(hub: HubSpot, numbers: range, **properties: str | None) -> None:
    for number in numbers:
        hub.deals[number] = Deal(number, NOW - 30 * DAY + number * MINUTE, properties=dict(properties))


def numbers(room: Room) -> list[int]:
    return sorted(int(row["deal_id"]) for row in room.rows("deals"))


def test_every_deal_of_250_comes_with_its_cent(room: Room, hub: HubSpot) -> None:
    fill(hub, range(1, 251))
    report = room.fetched()
    assert report.counts.rows_in == report.counts.accepted == 250
    # 1.10 + 2.10 + ... + 250.10 = 250 * 251 / 2 + 25
    assert sum(row["amount"] for row in room.rows("deals")) == Decimal("31400.0000")
    assert all(one.headers["Authorization"] == f"Bearer {CANARY}" for one in room.system.asked)
    assert {one.path.split("/")[3] for one in room.system.asked} == {asking.API_VERSION}


def test_a_deal_reads_as_an_exported_file_has_it(room: Room, hub: HubSpot) -> None:
    hub.owner_pages = [[{"id": "6", "email": "six@x.example"}], [{"id": "7", "firstName": "Irina"}]]
    hub.deals[1] = Deal(1)
    hub.deals[2] = Deal(2, properties={"hubspot_owner_id": "8", "dealstage": "qualified"})  # who left
    hub.deals[3] = Deal(3, properties={"hubspot_owner_id": "99", "dealstage": "closedlost", "amount": None})
    room.fetched()
    won, open_, lost = sorted(room.rows("deals"), key=lambda row: row["deal_id"])
    assert (won["owner"], open_["owner"], lost["owner"]) == ("Irina", "Marco Vale", "99")
    assert (won["stage"], won["pipeline"], won["customer"]) == ("Closed Won", "Sales Pipeline", "Company 901")
    assert [(row["is_won"], row["is_closed"]) for row in (won, open_, lost)] == [
        (True, True),
        (False, False),
        (False, True),
    ]
    # 23:30 UTC is half past midnight in Berlin: the next day; an open deal's close date is a forecast
    assert (won["closed_on"], open_["closed_on"]) == (date(2026, 11, 16), None)
    assert won["created_on"] == date(2026, 10, 6) and lost["amount"] is None
    stages = room.rows("deal_stages")
    assert {(row["stage"], row["pipeline"], row["entered_on"]) for row in stages} == {
        ("Closed Won", "Sales Pipeline", date(2026, 11, 16))
    }


def test_an_archived_deal_and_one_that_is_gone_count_no_longer(room: Room, hub: HubSpot) -> None:
    fill(hub, range(1, 6))
    room.fetched()
    before = room.system.clock.now
    room.system.clock.now += 7 * DAY
    hub.deals[2].archived = True
    del hub.deals[5]
    report = room.fetched()
    assert numbers(room) == [1, 3, 4]
    assert (report.counts.rows_in, report.counts.accepted, report.counts.excluded) == (4, 3, 1)
    assert len(room.rows("deals", before)) == 5  # what was known then stays


def test_a_deal_archived_or_restored_while_it_is_read_is_neither_lost_nor_doubled(
    room: Room, hub: HubSpot
) -> None:
    fill(hub, range(1, 151))
    hub.deals[150].archived = True

    def swap() -> None:
        hub.deals[150].archived, hub.deals[149].archived = False, True

    hub.meanwhile[5] = swap  # pipelines, owners twice, archived: before the second page of the list
    room.fetched()
    assert numbers(room) == [*range(1, 149), 150]


def test_more_than_ten_thousand_changes_come_through_windows(
    tmp_path: Path, system: System, hub: HubSpot
) -> None:
    hub.cap, asked_cap = 500, asking.SEARCH_CAP
    asking.SEARCH_CAP = 500
    try:
        for number in range(1, 1_201):  # three quarters of them within one hour
            shift = number * MINUTE if number <= 300 else number * timedelta(seconds=4)
            hub.deals[number] = Deal(number, NOW - 9 * DAY + shift)
        room = changes(tmp_path, system)
        report = room.fetched()
    finally:
        asking.SEARCH_CAP = asked_cap
    assert report.counts.accepted == 1_200 and numbers(room) == [*range(1, 1_201)]
    assert hub.beyond == 0


@pytest.mark.slow
def test_the_real_cap_of_ten_thousand(tmp_path: Path, system: System, hub: HubSpot) -> None:
    fill(hub, range(1, 12_501))
    room = changes(tmp_path, system)
    report = room.fetched()
    assert report.counts.accepted == 12_500 and numbers(room) == [*range(1, 12_501)] and hub.beyond == 0
    # 1.10 + ... + 12500.10
    assert sum(row["amount"] for row in room.rows("deals")) == 12_500 * 12_501 // 2 + 1_250


@pytest.mark.parametrize("edited", [10, 199, 200, 201, 390])
@pytest.mark.parametrize("request_number", [5, 6, 7])
def test_a_deal_edited_between_pages_of_a_search_pulls_no_other_one_out(
    tmp_path: Path, system: System, hub: HubSpot, edited: int, request_number: int
) -> None:
    """An edit moves the deal out of the window being read, and the page boundary with it."""
    fill(hub, range(1, 401))

    def edit() -> None:
        hub.deals[edited].modified = NOW + timedelta(seconds=1)
        hub.deals[edited].properties["amount"] = "5.00"

    hub.meanwhile[request_number] = edit
    room = changes(tmp_path, system)
    room.fetched()
    assert numbers(room) == [*range(1, 401)]
    (row,) = [row for row in room.rows("deals") if row["deal_id"] == str(edited)]
    assert row["amount"] == Decimal(5)


def test_the_next_pull_begins_where_the_last_one_did(tmp_path: Path, system: System, hub: HubSpot) -> None:
    fill(hub, range(1, 301))
    room = changes(tmp_path, system)
    room.fetched()
    system.clock.now += 7 * DAY
    hub.deals[17].modified, hub.deals[17].properties = NOW - 5 * MINUTE, {"amount": "1.00"}  # indexed late
    hub.deals[18].modified, hub.deals[18].properties = NOW + DAY, {"amount": "2.00"}
    hub.deals[19].archived = True
    report = room.fetched()
    assert (report.counts.accepted, report.counts.excluded) == (2, 1)
    assert len(numbers(room)) == 299 and 19 not in numbers(room)
    by_id = {row["deal_id"]: row["amount"] for row in room.rows("deals")}
    assert (by_id["17"], by_id["18"], by_id["20"]) == (Decimal(1), Decimal(2), Decimal("20.1"))
    # the stages of an archived deal are gone with it
    assert "19" not in {row["deal_id"] for row in room.rows("deal_stages")}


def test_a_quiet_week_is_no_error_and_no_loss(tmp_path: Path, system: System, hub: HubSpot) -> None:
    fill(hub, range(1, 4))
    room = changes(tmp_path, system)
    room.fetched()
    system.clock.now += 7 * DAY
    report = room.fetched()
    assert report.refused == () and report.counts.rows_in == 0 and numbers(room) == [1, 2, 3]
    assert room.state().freshness == "fresh"


def test_a_whole_list_without_a_single_deal_takes_nothing_away(room: Room, hub: HubSpot) -> None:
    fill(hub, range(1, 4))
    room.fetched()
    room.system.clock.now += 7 * DAY
    hub.deals.clear()
    room.pull()
    assert [problem.code for problem in room.ingest().refused] == ["E-NOROWS"]
    assert numbers(room) == [1, 2, 3] and room.state().freshness == "refused"


def test_properties_that_do_not_fit_into_one_address_come_in_pieces(
    room: Room, hub: HubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_PROPERTY_TEXT", 60)
    fill(hub, range(1, 121))
    report = room.fetched()
    assert report.counts.accepted == 120
    assert {row["stage"] for row in room.rows("deals")} == {"Closed Won"}
    assert sum(row["amount"] for row in room.rows("deals")) == 120 * 121 // 2 + 12
    longest = max(len(one.params.get("properties", "")) for one in room.system.asked)
    assert longest <= 60


def test_a_further_property_is_a_dimension(tmp_path: Path, system: System, hub: HubSpot) -> None:
    fill(hub, range(1, 3), deal_country="Portugal")
    source = {**DEALS, "dimensions": {"country": "deal_country"}}
    room = Room(tmp_path, system, source, properties=["deal_country"])
    room.fetched()
    assert {row["dims"] for row in room.rows("deals")} == {'{"country": "Portugal"}'}


def test_contacts_keep_no_address(tmp_path: Path, system: System) -> None:
    from tests.faults.vendor_server import Asked, Reply

    def answer(asked: Asked) -> Reply:
        if "/contacts" not in asked.path or asked.params.get("archived") == "true":
            return Reply({"results": []})
        about = {"email": "ann@helio.example", "createdate": "2026-11-16T09:00:00Z", "lifecyclestage": "lead"}
        return Reply({"results": [{"id": "51", "properties": about}]})

    system.answer = answer
    room = Room(tmp_path, system, {"id": "hubspot_contacts", "system": "hubspot", "export": "contacts"})
    room.fetched()
    (row,) = room.rows("contacts")
    assert (row["contact_id"], row["created_on"], row["lifecycle"]) == ("51", date(2026, 11, 16), "lead")
    assert len(row["email_hash"]) == 32
    tables = [data for name, data in room.files().items() if "/tables/" in name]
    assert tables and not any(b"ann@helio" in data for data in tables)


def test_stages_with_brackets_or_of_one_name_keep_their_days(room: Room, hub: HubSpot) -> None:
    import tests.faults.fake_hubspot as fake

    before = fake.STAGES
    fake.STAGES = (
        ("s1", "Won (EU)", "1.0", "true"),
        ("s2", "Demo", "0.4", "false"),
        ("s3", "demo", "0.5", "false"),
    )
    try:
        entered = {f"hs_v2_date_entered_s{n}": f"2026-11-0{n}T12:00:00Z" for n in (1, 2, 3)}
        hub.deals[1] = Deal(1, properties={"dealstage": "s1", **entered})
        room.fetched()
    finally:
        fake.STAGES = before
    assert {(row["stage"], row["entered_on"].day) for row in room.rows("deal_stages")} == {
        ("s1", 1),
        ("s2", 2),
        ("s3", 3),
    }
