"""What only other rows can tell: owners by number, stages by internal name, addresses that came before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.facts import FACTS
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.compute import daily_components
from pipeline.kpis.known import KnownFacts, with_repeats
from pipeline.kpis.registry import feeding_sources
from pipeline.kpis.series import KpiSeries
from pipeline.sources.ingest import ingest_source
from pipeline.store.store import Store
from pipeline.workspace.model import Company, People, Person, Source, TeamSpell, Workspace

KPIS = {kpi.id: kpi for kpi in CATALOGUE}
PEOPLE = People(
    people=(
        Person(
            id="irina", name="Irina", email="i.sokolova@companyx.example", teams=(TeamSpell(team="sales"),)
        ),
        Person(
            id="jonas",
            name="Jonas Brandt",
            teams=(TeamSpell(team="sales", until=date(2026, 8, 31)),),
        ),
        Person(id="viktor", name="Viktor", aliases=("41120012",)),
    )
)
OWNERS = (
    "id,email,firstName,lastName,archived\n"
    "41120007,i.sokolova@companyx.example,Irina,Sokolova,false\n"
    "41120009,j.brandt@companyx.example,Jonas,Brandt,true\n"
    "41120010,x@companyx.example,Xenia,Weber,false\n"
    "41120012,lead@companyx.example,Lead,Queue,false\n"
)
STAGES = (
    "pipeline_id,pipeline_label,stage_id,stage_label\n"
    "default,Sales Pipeline,90214,Qualified To Buy\ndefault,Sales Pipeline,closedwon,Closed Won\n"
)
DEALS = (
    "hs_object_id,dealname,dealstage,amount,closedate,pipeline,hubspot_owner_id,hs_is_closed_won,hs_is_closed,"
    "hs_v2_date_entered_90214\n"
    "1,A,closedwon,100,2026-11-03,default,41120007,true,true,2026-10-20\n"
    "2,B,closedwon,50,2026-08-04,default,41120009,true,true,\n"
    "3,C,closedwon,7,2026-11-05,default,41120010,true,true,\n"
    "4,D,closedwon,9,2026-11-05,default,41120012,true,true,\n"
    "5,E,closedwon,3,2026-11-05,default,41129999,true,true,\n"
)


class Room:
    """A workspace of exports under one folder, each received when its name says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sources: list[Source] = []
        self.received: dict[str, str] = {}
        self.store = Store(root / "state")

    def drop(self, source: Source, text: str, received: str = "2026-11-16T06:00:00+01:00") -> None:
        if source not in self.sources:
            self.sources.append(source)
        name = f"exports/{source.id}/{len(self.received)}.csv"
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)
        self.received[name] = received

    def workspace(self) -> Workspace:
        company = Company(company="X", timezone="Europe/Berlin", currency="EUR")
        return Workspace(
            root=self.root,
            company=company,
            people=PEOPLE,
            sources=tuple(self.sources),
            received=self.received,
        )

    def known(self, as_of: datetime = datetime(2026, 11, 23, 6, tzinfo=UTC)) -> KnownFacts:
        workspace = self.workspace()
        for source in self.sources:
            report = ingest_source(workspace, source, self.store, as_of)
            assert not report.refused, report.refused
        knowledge = self.store.knowledge([source.id for source in self.sources], as_of)
        return KnownFacts(workspace, self.store, knowledge)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def hubspot(export: str) -> Source:
    return Source(id=f"hubspot_{export}", system="hubspot", export=export)


def test_a_deal_belongs_to_the_person_behind_the_number_also_to_one_who_left(room: Room) -> None:
    room.drop(hubspot("deals"), DEALS)
    room.drop(hubspot("owners"), OWNERS)
    known = room.known()
    owners = dict(zip(*(known("deals")[name].to_pylist() for name in ("deal_id", "owner")), strict=True))
    assert owners == {
        "1": "i.sokolova@companyx.example",
        "2": "Jonas Brandt",
        "3": "Xenia Weber",  # people.yaml does not know her: the CRM's name, not a number
        "4": "41120012",  # people.yaml itself says whose number that is
        "5": "41129999",  # nobody's: not dropped
    }
    components = daily_components([KPIS["sales_revenue"]], known, PEOPLE, date(2026, 11, 22))
    whole = (date(2026, 1, 1), date(2026, 11, 22))
    by = {
        name: KpiSeries(KPIS["sales_revenue"], components, {"owner": name}).pooled(*whole).value
        for name in ("irina", "jonas", "viktor")
    }
    assert by == {"irina": 100, "jonas": 50, "viktor": 9}
    assert KpiSeries(KPIS["sales_revenue"], components, {"team": "sales"}).pooled(*whole).value == 150


def test_a_number_of_one_system_is_not_the_number_of_another(room: Room) -> None:
    """Another CRM has a person 41120007 of its own."""
    room.drop(hubspot("owners"), OWNERS)
    other = Source.model_validate(
        {
            "id": "other",
            "system": "own_crm",
            "fact": "deals",
            "columns": {
                "deal_id": "id", "amount": "sum", "is_won": {"value": "true"}, "is_closed": {"value": "true"},
                "closed_on": "day", "owner": "who",
            },
        }
    )  # fmt: skip
    room.drop(other, "id,sum,day,who\n1,5,2026-11-03,41120007\n")
    assert room.known()("deals")["owner"].to_pylist() == ["41120007"]


def test_owners_are_those_known_at_the_time(room: Room) -> None:
    room.drop(hubspot("deals"), DEALS)
    room.drop(hubspot("owners"), OWNERS.splitlines(keepends=True)[0] + "41120009,,Jonas,Brandt,\n")
    room.drop(hubspot("owners"), OWNERS, "2026-11-18T06:00:00+01:00")
    later = room.known()
    earlier = KnownFacts(
        room.workspace(),
        room.store,
        room.store.knowledge(["hubspot_deals", "hubspot_owners"], datetime(2026, 11, 17, tzinfo=UTC)),
    )
    assert earlier("deals")["owner"].to_pylist()[:2] == ["41120007", "Jonas Brandt"]
    assert later("deals")["owner"].to_pylist()[:2] == ["i.sokolova@companyx.example", "Jonas Brandt"]


def test_internal_stages_count_where_their_labels_do(room: Room) -> None:
    room.drop(hubspot("deals"), DEALS)
    room.drop(hubspot("pipelines"), STAGES)
    known = room.known()
    stages = known("deal_stages").to_pylist()
    assert [(row["deal_id"], row["stage"], row["pipeline"]) for row in stages] == [
        ("1", "Qualified To Buy", "Sales Pipeline")
    ]
    assert set(known("deals")["stage"].to_pylist()) == {"Closed Won"}


def contacts(*records: tuple[str, str, str, str | None]) -> pa.Table:
    rows = [
        {"source": source, "contact_id": key, "created_on": date.fromisoformat(day), "email_hash": address}
        for source, key, day, address in records
    ]
    return pa.Table.from_pylist(rows, schema=FACTS["contacts"].arrow_schema())


def test_an_address_in_two_tools_is_new_once_and_where_it_came_first() -> None:
    table = contacts(
        ("ninja", "n1", "2026-11-12", "h1"),
        ("prospectio", "p1", "2026-11-02", "h1"),
        ("prospectio", "p2", "2026-11-12", "h2"),
        ("hubspot", "c1", "2026-11-12", "h2"),
        ("ninja", "n2", "2026-11-12", None),
        ("ninja", "n3", "2026-11-13", None),
    )
    found = with_repeats(table, ("created_on", "contact_id"))["is_repeat"].to_pylist()
    # of one day the source first by name; without an address nobody can tell
    assert found == [True, False, True, False, None, None]
    assert with_repeats(contacts(), ("created_on", "contact_id")).num_rows == 0


def test_new_prospects_count_an_address_of_two_exports_once(room: Room) -> None:
    prospects = "id,email,created_at\n1,a@x.example,2026-11-03\n2,b@x.example,2026-11-04\n3,,2026-11-05\n"
    reviewers = "Name,Email,Contacted On\nA,A@X.example,2026-11-10\nC,c@x.example,2026-11-10\n"
    room.drop(Source(id="prospectio_prospects", system="prospectio", export="prospects"), prospects)
    room.drop(Source(id="ninja", system="ninjaoutreach", export="contacts"), reviewers)
    components = daily_components([KPIS["new_prospects"]], room.known(), PEOPLE, date(2026, 11, 22))
    series = KpiSeries(KPIS["new_prospects"], components)
    assert series.pooled(date(2026, 11, 2), date(2026, 11, 8)).value == 3
    assert series.pooled(date(2026, 11, 9), date(2026, 11, 15)).value == 1  # only C: A came before


def test_campaign_rates_come_from_what_counters_grew_by(room: Room) -> None:
    """30 more sent and 3 more answers between two Mondays; all-time they are 42 of 450."""
    source = Source(id="mailshake_campaigns", system="mailshake", export="campaigns")
    room.drop(source, "title,sent,replies\nQ4,420,39\n", "2026-11-16T06:15:00+01:00")
    room.drop(source, "title,sent,replies\nQ4,450,42\n", "2026-11-23T06:15:00+01:00")
    kpi = KPIS["campaign_reply_rate"]
    components = daily_components([kpi], room.known(), PEOPLE, date(2026, 11, 22))
    pooled = KpiSeries(kpi, components).pooled(date(2026, 11, 16), date(2026, 11, 22))
    assert (pooled.numerator, pooled.denominator, pooled.value) == (3, 30, Decimal("0.1"))
    assert feeding_sources(kpi, room.workspace()) == ("mailshake_campaigns",)


def test_a_form_filled_in_twice_is_one_sign_up_and_web_analytics_is_not_kept_waiting(room: Room) -> None:
    """Forms exported once a month must not hold back sign-ups that web analytics counts every week."""
    forms = (
        "conversionId,submittedAt,formId,email\nc1,2026-11-03,Offer,a@x.example\n"
        "c2,2026-11-04,Offer,a@x.example\nc3,2026-11-04,Offer,b@x.example\n"
    )
    room.drop(hubspot("forms"), forms)
    kpi = KPIS["form_signups"]
    components = daily_components([kpi], room.known(), PEOPLE, date(2026, 11, 22))
    assert KpiSeries(kpi, components).pooled(date(2026, 11, 2), date(2026, 11, 8)).value == 2
    assert feeding_sources(KPIS["signups"], room.workspace()) == ()


# --- what the list of stages says of a deal ----------------------------------------------------------

OWN_STAGES = (
    "pipeline_id,pipeline_label,stage_id,stage_label,display_order,probability\n"
    "p1,Продажи,1,Встреча,0,0.2\np1,Продажи,2,Договор подписан,1,1.0\np1,Продажи,3,Отказ,2,0.0\n"
    "p2,Renewals,4,Closed Won,0,0.9\np2,Renewals,5,Paid,1,1.0\n"
)
OWN_DEALS = (
    "Record ID,Deal Name,Deal Stage,Amount,Close Date,Pipeline\n"
    "1,A,Договор подписан,100.10,2026-11-17,Продажи\n"
    "2,B,Отказ,50,2026-11-18,Продажи\n"
    "3,C,Встреча,7,2026-12-24,Продажи\n"
    "4,D,Closed Won,9,2026-11-19,Renewals\n"  # called won, and nine in ten: open
    "5,E,2,0.05,2026-11-20,p1\n"  # internal names
    "6,F,Paid,3,2026-11-20,\n"  # no pipeline, and only one has that stage
    "7,G,Closed Won,4,2026-11-20,Partners\n"  # a pipeline that the list does not have: by its label
)


def test_the_probability_of_a_stage_decides_what_is_won_whatever_it_is_called(room: Room) -> None:
    room.drop(hubspot("deals"), OWN_DEALS)
    before = revenue(room)
    assert before == Decimal(13)  # without the list: only what is called Closed Won
    room.drop(hubspot("pipelines"), OWN_STAGES)
    known = room.known()("deals")
    rows = {row["deal_id"]: row for row in known.to_pylist()}
    assert {key for key, row in rows.items() if row["is_won"]} == {"1", "5", "6", "7"}
    assert {key for key, row in rows.items() if row["is_closed"]} == {"1", "2", "5", "6", "7"}
    assert rows["1"]["closed_on"] == date(2026, 11, 17) and rows["2"]["closed_on"] == date(2026, 11, 18)
    assert rows["4"]["closed_on"] is None and rows["3"]["closed_on"] is None
    assert rows["3"]["expected_on"] == date(2026, 12, 24)
    assert revenue(room) == Decimal("107.15")  # 100.10 + 0.05 + 3 + 4
    assert known.schema == FACTS["deals"].arrow_schema()


def test_a_list_of_stages_says_nothing_of_another_systems_deals(room: Room) -> None:
    other = Source.model_validate(
        {
            "id": "shop",
            "system": "shop",
            "fact": "deals",
            "columns": {
                "deal_id": "Id",
                "amount": "Amount",
                "stage": "Stage",
                "closed_on": "Closed",
                "is_won": {"value": "true"},
                "is_closed": {"value": "true"},
            },
        }
    )
    room.drop(other, "Id,Amount,Stage,Closed\n1,20,Отказ,2026-11-17\n")
    room.drop(hubspot("pipelines"), OWN_STAGES)
    assert revenue(room) == Decimal(20)


def revenue(room: Room) -> Decimal | None:
    components = daily_components([KPIS["sales_revenue"]], room.known(), PEOPLE, date(2026, 11, 22))
    whole = (date(2026, 1, 1), date(2026, 11, 22))
    return KpiSeries(KPIS["sales_revenue"], components, {}).pooled(*whole).value
