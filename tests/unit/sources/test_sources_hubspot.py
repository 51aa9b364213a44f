"""HubSpot's further exports: companies, owners, pipelines, activities, forms. Expected values by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import FileRefused
from pipeline.sources import privacy
from pipeline.sources.parse import parse_export
from pipeline.sources.recognise import recognised
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.model import Company, Source, Workspace

WORKSPACE = Workspace(root=Path("."), company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))


def read(export, text, **changes):
    source = Source.model_validate({"id": "s", "system": "hubspot", "export": export, **changes})
    return parse_export(WORKSPACE, source, text.encode(), "export.csv")


def rows(parsed, fact, *names):
    frame = parsed.facts[fact][list(names)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


# --- companies, owners, pipelines --------------------------------------------------------------------


def test_companies_of_a_russian_portal_are_those_of_an_english_one():
    english = (
        "Record ID,Company name,Company Domain Name,Create Date,Industry,Country/Region,Company owner\n"
        "70110001,Northlight,northlight.example,2026-09-02 23:40,Hotels,Germany,Irina Sokolova\n"
    )
    russian = (
        "ID записи,Название компании,Доменное имя компании,Дата создания,Отрасль,Страна/регион,"
        "Ответственный за компанию\n"
        "70110001,Northlight,northlight.example,2026-09-02 23:40,Hotels,Germany,Irina Sokolova\n"
    )
    names = ("company_id", "name", "domain", "created_on", "industry", "country", "owner")
    expected = [
        (
            "70110001",
            "Northlight",
            "northlight.example",
            date(2026, 9, 2),
            "Hotels",
            "Germany",
            "Irina Sokolova",
        )
    ]
    assert rows(read("companies", english), "companies", *names) == expected
    assert rows(read("companies", russian), "companies", *names) == expected


OWNERS = (
    "id,userId,email,firstName,lastName,type,archived\n"
    "41120007,9001,i.sokolova@companyx.example,Irina,Sokolova,PERSON,false\n"
    "41120009,9003,j.brandt@companyx.example,Jonas,Brandt,PERSON,true\n"
    "41120011,9005,queue@companyx.example,,,QUEUE,\n"
)


def test_owners_are_known_by_the_number_that_deals_carry_and_those_who_left_stay():
    parsed = read("owners", OWNERS)
    assert rows(parsed, "owners", "owner_id", "name", "email", "is_archived") == [
        ("41120007", "Irina Sokolova", "i.sokolova@companyx.example", False),
        ("41120009", "Jonas Brandt", "j.brandt@companyx.example", True),
        ("41120011", None, "queue@companyx.example", False),
    ]
    assert SYSTEMS["hubspot"].exports["owners"].delivers == "changes"


def test_the_number_of_a_user_is_not_taken_for_the_number_of_an_owner():
    with pytest.raises(FileRefused, match="owner_id"):
        read("owners", OWNERS.replace("id,userId", "Nr,userId"))


def test_stages_carry_their_internal_names_and_labels():
    text = (
        "pipeline_id,pipeline_label,stage_id,stage_label,display_order,probability\n"
        "default,Sales Pipeline,closedwon,Closed Won,5,1.0\n"
        "default,Sales Pipeline,90214,Pilot,2,0.4\n"
        "default,Sales Pipeline,90215,Trial,3,40\n"
    )
    parsed = read("pipelines", text)
    assert rows(parsed, "pipeline_stages", "pipeline_id", "stage_id", "stage", "position", "probability") == [
        ("default", "closedwon", "Closed Won", 5, Decimal(1)),
        ("default", "90214", "Pilot", 2, Decimal("0.4")),
    ]
    assert parsed.quarantine["reason_code"].tolist() == ["E-RANGE"]  # a probability of 40


# --- what people did ---------------------------------------------------------------------------------


def test_only_meetings_that_took_place_are_held():
    text = (
        "Record ID,Meeting name,Meeting start time,Meeting outcome,Activity assigned to\n"
        "1,Demo,2026-11-16 10:00,Completed,Irina\n"
        "2,Demo,2026-11-16 11:00,No Show,Irina\n"
        "3,Demo,2026-11-16 12:00,Scheduled,Marco\n"
        "4,Demo,2026-11-17 12:00,,Marco\n"
    )
    found = rows(
        read("meetings", text), "engagements", "engagement_id", "kind", "is_done", "outcome", "owner"
    )
    assert found == [
        ("1", "meeting", True, "Completed", "Irina"),
        ("2", "meeting", False, "No Show", "Irina"),
        ("3", "meeting", False, "Scheduled", "Marco"),
        ("4", "meeting", False, None, "Marco"),
    ]


def test_calls_by_internal_names_have_minutes_and_the_owners_number():
    """312,000 ms are 5.2 minutes; 23:30 UTC on the 16th is the 17th in Berlin."""
    text = (
        "hs_object_id,hs_timestamp,hs_call_direction,hs_call_duration,hs_call_status,hs_call_disposition,"
        "hubspot_owner_id\n"
        "5,2026-11-16T23:30:00Z,OUTBOUND,312000,COMPLETED,f240bbac-87c9-4f6e-bf70-924b57d47db7,41120007\n"
        "6,2026-11-16T08:00:00Z,OUTBOUND,0,NO_ANSWER,73a0d17f-1163-4015-bdd5-ec830791da20,41120007\n"
    )
    parsed = read("calls", text)
    assert rows(parsed, "engagements", "happened_on", "minutes", "is_done", "owner") == [
        (date(2026, 11, 17), Decimal("5.2"), True, "41120007"),
        (date(2026, 11, 16), Decimal(0), False, "41120007"),
    ]


def test_the_length_of_a_call_is_exact_to_the_second():
    """0:05:20 is 5.3333 minutes; read as hours with four places it would be 5.334."""
    text = (
        "Record ID,Activity date,Call direction,Call duration,Call outcome\n"
        "5,2026-11-16,Outbound,0:05:20,Connected\n"
    )
    parsed = read("calls", text)
    assert rows(parsed, "engagements", "minutes", "is_done") == [(Decimal("5.3333"), True)]


def test_a_task_counts_on_the_day_it_was_completed():
    text = (
        "Record ID,Task Title,Due date,Completed at,Task Status,Assigned to\n"
        "8,Offer,2026-11-18 08:00,2026-11-20 17:00,Completed,Irina\n"
        "9,Offer,2026-11-25 08:00,,Not started,Irina\n"
    )
    found = rows(read("tasks", text), "engagements", "kind", "happened_on", "is_done")
    assert found == [("task", date(2026, 11, 20), True), ("task", date(2026, 11, 25), False)]


def test_a_bounced_mail_was_not_sent():
    text = (
        "hs_object_id,hs_timestamp,hs_email_direction,hs_email_status,hubspot_owner_id\n"
        "1,2026-11-16T09:00:00Z,EMAIL,SENT,7\n2,2026-11-16T09:00:00Z,EMAIL,BOUNCED,7\n"
    )
    found = rows(read("emails", text), "engagements", "kind", "is_done", "direction")
    assert found == [("email", True, "EMAIL"), ("email", False, "EMAIL")]


# --- forms -------------------------------------------------------------------------------------------


def test_a_submission_is_one_sign_up_on_its_company_day():
    """1763247600000 ms are 2025-11-15 23:00 UTC, so the 16th in Berlin."""
    text = (
        "conversionId,submittedAt,formId,pageUrl,email\n"
        "c1,1763247600000,offer,https://x.example/offer, Ann@X.example \n"
        "c2,2025-11-16 08:00,offer,https://x.example/offer,\n"
    )
    parsed = read("forms", text)
    digest = privacy.address_hash(WORKSPACE, "ann@x.example")
    assert rows(parsed, "form_submissions", "submission_id", "submitted_on", "form", "email_hash") == [
        ("c1", date(2025, 11, 16), "offer", digest),
        ("c2", date(2025, 11, 16), "offer", None),
    ]
    assert "ann@x" not in parsed.facts["form_submissions"].to_csv().casefold()


def test_submissions_without_a_number_are_told_apart_by_their_time():
    text = (
        "Submitted At,Form,Email\n2026-11-16 08:00:01,Offer,a@x.example\n"
        "2026-11-16 08:00:09,Offer,a@x.example\n2026-11-16 08:00:09,Offer,a@x.example\n"
    )
    parsed = read("forms", text)
    assert parsed.counts.accepted == 2 and parsed.quarantine["reason_code"].tolist() == ["E-DUPLICATE"]


# --- headers as portals wrote them -------------------------------------------------------------------

SEEN_HEADERS = (
    '"Record ID","Deal Name","Last Activity Date","State","Deal Stage","Close Date","Deal owner","Amount",'
    '"Date of last meeting booked in meetings tool","Pipeline","Associated Product","Products","LMS",'
    '"Associated Product IDs"',
    "Record ID,Deal Name,Region,Deal Stage,Close Date,Deal owner,Pipeline,Amount,Associated Note,"
    "Is closed lost,Associated Note IDs",
)


@pytest.mark.parametrize("header", SEEN_HEADERS)
def test_a_header_as_portals_write_it_is_read_with_every_cell_in_its_column(header):
    cells = {
        "Record ID": "90210004",
        "Deal Name": "Baum & Sohn, renewal",
        "Deal Stage": "Closed Won",
        "Close Date": "2026-11-18 10:02",
        "Deal owner": "Irina Sokolova",
        "Amount": "9900",
        "Pipeline": "Sales Pipeline",
        "Region": "NA",
        "Associated Note": 'said ""yes"",\r\nthen; signed',
    }
    names = [name.strip('"') for name in header.split(",")]
    text = header + "\r\n" + ",".join(f'"{cells.get(name, "")}"' for name in names) + "\r\n"
    parsed = read("deals", text)
    columns = ("deal_id", "name", "amount", "closed_on", "owner", "is_won")
    assert rows(parsed, "deals", *columns) == [
        ("90210004", "Baum & Sohn, renewal", Decimal(9900), date(2026, 11, 18), "Irina Sokolova", True)
    ]
    assert recognised(names)[0].spec.name == "deals"


# --- how an export comes -----------------------------------------------------------------------------


def test_notes_of_several_lines_do_not_move_the_lines_of_later_rows():
    text = (
        "\ufeffRecord ID,Company name,Create Date,Notes\r\n"
        '1,A,2026-11-16,"called;\r\nno ""answer""\r\n\r\nagain"\r\n'
        "2,B,oops,\r\n"
    )
    parsed = read("companies", text)
    assert rows(parsed, "companies", "company_id", "name") == [("1", "A")]
    assert parsed.quarantine[["line", "reason_code"]].values.tolist() == [[6, "E-DATE"]]


def test_a_file_that_went_through_excel_names_the_setting_that_reads_it():
    text = "Record ID;Company name;Create Date\r\n1;A;2026-11-16\r\n"
    with pytest.raises(FileRefused) as caught:
        read("companies", text)
    assert caught.value.problems[0].code == "E-DELIMITER"
    assert 'delimiter: ";"' in caught.value.problems[0].text()
    assert read("companies", text, format={"delimiter": ";"}).counts.accepted == 1


def test_deals_of_unknown_stages_are_not_silently_all_open():
    text = (
        "hs_object_id,dealname,dealstage,amount,closedate\n"
        "1,A,90216,5,2026-11-12\n2,B,contractsent,5,2026-11-12\n"
    )
    warnings = [one for one in read("deals", text).warnings if one.code == "W-OUTCOME"]
    assert [one.params["stages"] for one in warnings] == ["90216"]
    flagged = text.replace("closedate", "closedate,hs_is_closed").replace("-12\n", "-12,false\n")
    usual = text.replace("90216", "qualifiedtobuy")
    for fine in (flagged, usual):
        assert not [one for one in read("deals", fine).warnings if one.code == "W-OUTCOME"]


@pytest.mark.parametrize(
    ("header", "system", "export"),
    [
        ("Record ID,Deal Name,Deal Stage,Amount,Close Date,Create Date,Deal owner", "hubspot", "deals"),
        ("hs_object_id,dealname,dealstage,amount,closedate,createdate", "hubspot", "deals"),
        ("ID записи,Название сделки,Этап сделки,Сумма,Дата закрытия,Дата создания", "hubspot", "deals"),
        ("Record ID,First Name,Email,Create Date,Lifecycle Stage,Contact owner", "hubspot", "contacts"),
        ("Record ID,Company name,Company Domain Name,Create Date,Company owner", "hubspot", "companies"),
        ("ID записи,Название компании,Дата создания,Отрасль", "hubspot", "companies"),
        ("id,userId,email,firstName,lastName,archived", "hubspot", "owners"),
        ("Record ID,Call outcome,Call direction,Activity date,Activity assigned to", "hubspot", "calls"),
        ("hs_object_id,hs_timestamp,hs_task_status,hubspot_owner_id", "hubspot", "tasks"),
        ("Record ID,Meeting start time,Meeting outcome,Create date", "hubspot", "meetings"),
        ("hs_object_id,hs_timestamp,hs_email_direction,hs_email_status", "hubspot", "emails"),
        ("conversionId,submittedAt,formId,email", "hubspot", "forms"),
        ("pipeline_id,pipeline_label,stage_id,stage_label", "hubspot", "pipelines"),
        ("campaign_id,campaign_title,recipient_email,sent_at,opened_at", "mailshake", "activity"),
        ("campaign_id,title,created,sent,opens,clicks,replies,leads", "mailshake", "campaigns"),
        ("snapshot_at,id,name,type,delivered,opens,clicks,conversions", "ortto", "campaigns"),
        ("contact_id,email,created_at,lead_source,status", "ortto", "contacts"),
        (
            "id,email,organisation_name,created_from,last_emailed_at,replied,created_at",
            "prospectio",
            "prospects",
        ),
        ("id,name,contacted,opened,clicked,replied,qualified", "prospectio", "campaigns"),
        ("Name,Email,Website,Tags,List,Contacted On,Replied,Campaign", "ninjaoutreach", "contacts"),
    ],
)
def test_an_export_is_recognised_by_its_columns(header, system, export):
    found = recognised(header.split(","))
    assert (found[0].vendor.system, found[0].spec.name) == (system, export)
    assert len(found) == 1 or (found[0].claimed, found[0].signature) > (found[1].claimed, found[1].signature)


def test_an_export_in_the_folder_of_another_is_called_by_its_name():
    with pytest.raises(FileRefused) as caught:
        read("deals", "Record ID,Company name,Company Domain Name,Create Date\n1,A,a.example,2026-11-16\n")
    first = caught.value.problems[0]
    assert first.code == "E-HEADER" and "export: companies" in first.text()
    assert len(caught.value.problems) > 1  # and what is missing
