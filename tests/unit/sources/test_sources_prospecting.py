"""Campaign counters and prospects of Mailshake, Ortto, Prospect.io and NinjaOutreach. Values by hand."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook as Book

from pipeline.errors import FileRefused
from pipeline.facts import CAMPAIGN_SNAPSHOTS
from pipeline.sources import counters, privacy
from pipeline.sources.freshness import source_states
from pipeline.sources.ingest import ingest_source
from pipeline.sources.parse import parse_export
from pipeline.store.store import Store
from pipeline.workspace.model import Company, Source, Workspace

WORKSPACE = Workspace(root=Path("."), company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))
MONDAY = datetime(2026, 11, 23, 5, 15, tzinfo=UTC)  # 06:15 in Berlin


def read(system, export, text, received_at=None, **changes):
    source = Source.model_validate({"id": "s", "system": system, "export": export, **changes})
    data = text if isinstance(text, bytes) else text.encode()
    return parse_export(WORKSPACE, source, data, "export.csv", received_at=received_at)


def rows(parsed, fact, *names):
    frame = parsed.facts[fact][list(names)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


# --- counters without a day --------------------------------------------------------------------------

CAMPAIGNS = (
    "campaign_id,title,created,sender_email,sent,opens,clicks,replies,bounces,leads\n"
    "771,Q4 dental groups,2026-09-01T08:00:00Z,i@companyx.example,420,180,31,22,9,8\n"
    "764,Corporate events,2026-03-01T08:00:00Z,m@companyx.example,1200,510,80,61,30,19\n"
)


def test_counters_without_a_day_stand_for_the_day_before_they_were_received():
    """Exported on Monday at 06:15, they belong to the week that ended on Sunday."""
    parsed = read("mailshake", "campaigns", CAMPAIGNS, MONDAY)
    found = rows(
        parsed, "campaign_snapshots", "campaign_id", "counted_on", "sent", "replies", "leads", "owner"
    )
    assert found == [
        ("771", date(2026, 11, 22), 420, 22, 8, "i@companyx.example"),
        ("764", date(2026, 11, 22), 1200, 61, 19, "m@companyx.example"),
    ]


def test_counters_of_no_known_day_are_refused():
    with pytest.raises(FileRefused, match="counted_on"):
        read("mailshake", "campaigns", CAMPAIGNS)


def test_a_column_for_the_day_wins_over_the_day_of_receipt():
    text = "Snapshot,Name,Sent,Replies\n15.11.2026,A,10,1\n"
    parsed = read("prospectio", "campaigns", text, MONDAY)
    assert rows(parsed, "campaign_snapshots", "campaign_id", "counted_on", "replies") == [
        ("A", date(2026, 11, 15), 1)
    ]


def test_a_campaign_listed_twice_with_other_counters_counts_neither_way():
    text = "title,sent,replies\nA,10,1\nA,12,1\nB,5,0\n"
    parsed = read("mailshake", "campaigns", text, MONDAY)
    assert rows(parsed, "campaign_snapshots", "campaign_id") == [("B",)]
    assert parsed.quarantine["reason_code"].tolist() == ["E-CONFLICT-ROWS"] * 2


def test_a_negative_counter_is_set_aside():
    parsed = read("ortto", "campaigns", "snapshot_at,id,name,delivered\n2026-11-22T23:00:00+01:00,j,J,-4\n")
    assert parsed.quarantine["reason_code"].tolist() == ["E-RANGE"]


def test_a_russian_list_of_campaigns_is_understood():
    text = "Кампания,Создана,Отправлено,Ответы\nСтоматологии,2026-09-01,420,22\n"
    parsed = read("mailshake", "campaigns", text, MONDAY)
    assert rows(parsed, "campaign_snapshots", "name", "started_on", "sent", "replies") == [
        ("Стоматологии", date(2026, 9, 1), 420, 22)
    ]


# --- what happened between two snapshots -------------------------------------------------------------


def snapshots(*records):
    rows = [
        {
            "campaign_id": campaign,
            "counted_on": date.fromisoformat(day),
            "name": campaign,
            "started_on": date.fromisoformat(started) if started else None,
            "sent": sent,
            "replies": replies,
            "source": source,
            "source_sha256": day,
        }
        for source, campaign, day, started, sent, replies in records
    ]
    return pa.Table.from_pylist(rows, schema=CAMPAIGN_SNAPSHOTS.arrow_schema())


def flow(*records):
    return [
        (row["campaign_id"], row["counted_on"].isoformat(), row["sent"], row["replies"])
        for row in counters.flows(snapshots(*records)).to_pylist()
    ]


def test_all_time_counters_become_what_happened_in_between_and_the_first_snapshot_is_no_flow():
    found = flow(
        ("s", "A", "2026-11-22", None, 130, 9),
        ("s", "A", "2026-11-08", None, 100, 7),
        ("s", "A", "2026-11-15", None, 120, 7),
    )
    assert found == [("A", "2026-11-15", 20, 0), ("A", "2026-11-22", 10, 2)]


def test_a_counter_that_falls_counts_nothing_and_is_said():
    table = snapshots(
        ("s", "A", "2026-11-08", None, 100, 7),
        ("s", "A", "2026-11-15", None, 40, 8),
        ("s", "A", "2026-11-22", None, 55, 8),
    )
    found = [
        (row["counted_on"].day, row["sent"], row["replies"]) for row in counters.flows(table).to_pylist()
    ]
    assert found == [(15, 0, 1), (22, 15, 0)]  # never -60, and not 40 as if it began anew
    assert [one.params["after"] for one in counters.fall_warnings(table, {"2026-11-15"})] == [40]
    assert counters.fall_warnings(table, {"2026-11-22"}) == []


def test_only_a_campaign_younger_than_the_last_snapshot_counts_from_zero():
    """N began on the 10th, after the snapshot of the 8th; O is old and merely absent from it; the first
    snapshot of another source says nothing of this one's."""
    found = flow(
        ("s", "A", "2026-11-08", None, 100, 7),
        ("s", "A", "2026-11-15", None, 120, 7),
        ("s", "N", "2026-11-15", "2026-11-10", 30, 2),
        ("s", "O", "2026-11-15", "2026-05-01", 900, 50),
        ("other", "P", "2026-11-15", "2026-11-10", 30, 2),
    )
    assert found == [("A", "2026-11-15", 20, 0), ("N", "2026-11-15", 30, 2)]


def test_a_counter_that_one_snapshot_lacks_is_unknown_and_not_all_of_it_new():
    found = flow(("s", "A", "2026-11-08", None, None, 7), ("s", "A", "2026-11-15", None, 500, None))
    assert found == [("A", "2026-11-15", None, None)]


def test_a_reset_is_told_by_the_run_and_by_the_state_of_the_source(tmp_path):
    source = Source(id="mailshake_campaigns", system="mailshake", export="campaigns")
    folder = tmp_path / "exports" / "mailshake_campaigns"
    folder.mkdir(parents=True)
    received = {}
    for week, sent in (("16", 420), ("23", 400)):
        (folder / f"{week}.csv").write_text(CAMPAIGNS.replace(",420,", f",{sent},"))
        received[f"exports/mailshake_campaigns/{week}.csv"] = f"2026-11-{week}T06:15:00+01:00"
    company = Company(company="X", timezone="Europe/Berlin", currency="EUR")
    workspace = Workspace(root=tmp_path, company=company, sources=(source,), received=received)
    store = Store(tmp_path / "state")
    report = ingest_source(workspace, source, store, MONDAY)
    said = [one.params for one in report.warnings if one.code == "W-COUNTER"]
    assert [(one["name"], one["before"], one["after"], one["day"]) for one in said] == [
        ("Q4 dental groups", 420, 400, "2026-11-22")
    ]
    state = source_states(workspace, store, store.knowledge([source.id], MONDAY))[source.id]
    assert [one.code for one in state.details["warnings"] if one.code == "W-COUNTER"] == ["W-COUNTER"]
    earlier = store.knowledge([source.id], datetime(2026, 11, 20, tzinfo=UTC))
    assert not source_states(workspace, store, earlier)[source.id].details["warnings"]


# --- prospects ---------------------------------------------------------------------------------------

PROSPECTS = (
    "id,email,first_name,organisation_name,created_from,last_emailed_at,replied,qualified,campaign_status,"
    "created_at\n"
    "51001,a.brandt@helio.example,Anna,Helio,extension,2026-11-10T23:30:00Z,true,true,,2026-10-28T11:02:10+01:00\n"
    "51003,m.ola@fjord.example,Mia,Fjord,web,,false,false,scheduled,2026-11-14T12:00:00+01:00\n"
)


def test_prospects_carry_what_became_of_them_and_no_address():
    parsed = read("prospectio", "prospects", PROSPECTS)
    names = ("contact_id", "created_on", "contacted_on", "has_replied", "is_lead", "lifecycle", "email_hash")
    assert rows(parsed, "contacts", *names) == [
        ("51001", date(2026, 10, 28), date(2026, 11, 11), True, True, None, digest("a.brandt@helio.example")),
        ("51003", date(2026, 11, 14), None, False, False, "scheduled", digest("m.ola@fjord.example")),
    ]
    assert "@" not in parsed.facts["contacts"].to_csv()


def digest(address):
    return privacy.address_hash(WORKSPACE, address)


def test_people_of_ortto_and_of_autopilot_are_read_alike():
    """1763247600000 ms are 2025-11-15 23:00 UTC, so the 16th in Berlin."""
    ortto = "id,email,created_at,lead_source\np1,a@x.example,2025-11-16T00:00:00+01:00,Trial\n"
    autopilot = "contact_id,Email,created_at,lead_source\np1,A@x.example,1763247600000,Trial\n"
    found = [
        rows(read("ortto", "contacts", text), "contacts", "contact_id", "created_on", "channel", "email_hash")
        for text in (ortto, autopilot)
    ]
    assert found[0] == found[1] == [("p1", date(2025, 11, 16), "Trial", digest("a@x.example"))]


NINJA = (
    "Name,Email,Website,Tags,List,Contacted On,Opened,Clicked,Replied,Campaign\n"
    "Lena Ortiz,lena@trailblog.example,https://trailblog.example,"
    '"outdoor; blog",Autumn,2026-11-10,Yes,No,Yes,v2\n'
    "Sam Kerr,,https://kerrcasts.example,podcast,Autumn,,No,No,No,\n"
    "Zoe Ruiz,zoe@ruiz.example,,film,Autumn,2026-11-12,No,No,No,v2\n"
)


def test_reviewers_nobody_wrote_to_are_left_out_and_counted_not_set_aside():
    parsed = read("ninjaoutreach", "contacts", NINJA)
    found = rows(parsed, "contacts", "created_on", "contacted_on", "has_replied", "lifecycle", "campaign")
    assert found == [
        (date(2026, 11, 10), date(2026, 11, 10), True, "Autumn", "v2"),
        (date(2026, 11, 12), date(2026, 11, 12), False, "Autumn", "v2"),
    ]
    assert (parsed.counts.excluded, parsed.counts.quarantined) == (1, 0)
    assert [one.params["because"] for one in parsed.warnings if one.code == "N-EXCLUDED"] == ["Contacted On"]
    first, second = parsed.facts["contacts"]["contact_id"].tolist()
    assert first == "https://trailblog.example" and len(second) == 24  # no website: made of address and name


def test_a_workbook_of_reviewers_gives_the_same_rows(tmp_path):
    book = Book()
    for line in NINJA.replace('"outdoor; blog"', "outdoor; blog").splitlines():
        book.active.append(line.split(","))
    path = tmp_path / "list.xlsx"
    book.save(path)
    columns = ("contact_id", "created_on", "has_replied", "email_hash")
    parsed = read("ninjaoutreach", "contacts", path.read_bytes(), format={"kind": "xlsx"})
    assert rows(parsed, "contacts", *columns) == rows(
        read("ninjaoutreach", "contacts", NINJA), "contacts", *columns
    )


def test_a_header_of_ones_own_is_taken_by_alias():
    text = NINJA.replace("Contacted On", "Last touch")
    with pytest.raises(FileRefused, match="contacted_on"):
        read("ninjaoutreach", "contacts", text)
    parsed = read("ninjaoutreach", "contacts", text, aliases={"contacted_on": ["Last touch"]})
    assert parsed.counts.accepted == 2


def test_the_later_of_overlapping_exports_wins_and_is_counted(tmp_path):
    """51001 stands in both files and has answered by the second; 51003 stands unchanged in both."""
    source = Source(id="prospectio_prospects", system="prospectio", export="prospects")
    folder = tmp_path / "exports" / "prospectio_prospects"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(PROSPECTS.replace(",true,true,", ",false,false,"))
    (folder / "b.csv").write_text(PROSPECTS)
    company = Company(company="X", timezone="Europe/Berlin", currency="EUR")
    workspace = Workspace(root=tmp_path, company=company, sources=(source,))
    store = Store(tmp_path / "state")
    report = ingest_source(workspace, source, store, MONDAY)
    table = store.fact("contacts", store.knowledge([source.id], MONDAY)).to_pylist()
    assert [(row["contact_id"], row["has_replied"]) for row in table] == [("51001", True), ("51003", False)]
    assert (report.replaced, report.rows_appended, report.counts.accepted) == (1, 3, 4)
