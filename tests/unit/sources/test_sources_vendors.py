"""Vendors: what a row of each system's export stands for. Expected values are worked out by hand."""

import collections
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import FileRefused
from pipeline.facts import FACTS
from pipeline.sources import privacy
from pipeline.sources.parse import parse_export
from pipeline.sources.vendors.registry import SYSTEMS, facts_of, systems_for_check
from pipeline.workspace.model import Company, Source, Workspace

WORKSPACE = Workspace(root=Path("."), company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))


def read(system, export, text, **changes):
    source = Source.model_validate({"id": "s", "system": system, "export": export, **changes})
    return parse_export(WORKSPACE, source, text.encode(), "export.csv")


def rows(parsed, fact, *names):
    frame = parsed.facts[fact][list(names)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def test_every_export_declares_facts_that_exist_and_columns_they_have():
    for system, vendor in SYSTEMS.items():
        assert vendor.system == system
        for name, spec in vendor.exports.items():
            assert spec.name == name and all(fact in FACTS for fact in spec.facts) and spec.signature
    assert systems_for_check()["mailshake"] == {"activity", "campaigns"}
    assert facts_of(Source(id="d", system="hubspot", export="deals")) == ("deals", "deal_stages")


def test_every_fact_frame_has_the_schema_of_its_fact():
    parsed = read("hubspot", "deals", DEALS)
    for name, frame in parsed.facts.items():
        schema = FACTS[name].arrow_schema()
        assert list(frame.columns) == schema.names
        assert [frame[column].dtype.pyarrow_dtype for column in schema.names] == schema.types


# --- HubSpot -----------------------------------------------------------------------------------------

DEALS = (
    "Record ID,Deal Name,Deal Stage,Amount,Close Date,Create Date,Deal owner,Pipeline,"
    '"Date entered ""Qualified To Buy (Sales Pipeline)""",Date entered \'Closed Won '
    "(Sales Pipeline)',hs_v2_date_entered_77\r\n"
    "1,A,Closed Won,18400,2026-11-12 16:05,2026-09-02 09:14,Irina,Sales "
    "Pipeline,2026-09-03 10:00,2026-11-12 16:05,\r\n"
    "2,B,Closed Lost,6200,2026-11-13 11:40,2026-10-05,Marco,Sales Pipeline,2026-10-06,,2026-10-07\r\n"
    "3,C,Contract Sent,4100,2026-12-04 00:00,2026-10-19,,Sales Pipeline,,,\r\n"
)


def test_a_forecast_close_date_is_not_a_closing():
    assert rows(read("hubspot", "deals", DEALS), "deals", "deal_id", "is_won", "is_closed", "closed_on") == [
        ("1", True, True, date(2026, 11, 12)),
        ("2", False, True, date(2026, 11, 13)),
        ("3", False, False, None),
    ]


def test_each_filled_stage_date_is_one_entry():
    found = rows(
        read("hubspot", "deals", DEALS), "deal_stages", "deal_id", "pipeline", "stage", "entered_on", "owner"
    )
    assert found == [
        ("1", "Sales Pipeline", "Qualified To Buy", date(2026, 9, 3), "Irina"),
        ("1", "Sales Pipeline", "Closed Won", date(2026, 11, 12), "Irina"),
        ("2", "Sales Pipeline", "Qualified To Buy", date(2026, 10, 6), "Marco"),
        ("2", "Sales Pipeline", "77", date(2026, 10, 7), "Marco"),
    ]


def test_hubspots_own_flags_win_over_the_name_of_the_stage():
    text = (
        "hs_object_id,dealname,dealstage,amount,closedate,hs_is_closed_won,hs_is_closed\n"
        "1,A,9001,5,2026-11-12T23:30:00Z,true,true\n2,B,closedwon,5,2026-11-12,false,false\n"
    )
    assert rows(read("hubspot", "deals", text), "deals", "is_won", "is_closed", "closed_on") == [
        (True, True, date(2026, 11, 13)),
        (False, False, None),  # 23:30 UTC is the 13th in Berlin
    ]


def test_a_russian_portal_is_understood():
    text = (
        "ID записи,Название сделки,Этап сделки,Сумма,Дата закрытия\n"
        "1,А,Сделка выиграна,5,2026-11-12\n2,Б,Проиграна,5,2026-11-13\n"
    )
    assert rows(read("hubspot", "deals", text), "deals", "is_won", "is_closed") == [
        (True, True),
        (False, True),
    ]


def test_a_closed_deal_without_close_date_cannot_be_placed_in_time():
    parsed = read("hubspot", "deals", "Record ID,Deal Stage,Amount,Close Date\n1,Closed Won,5,\n")
    assert parsed.quarantine[["reason_code", "column"]].values.tolist() == [["E-REQUIRED", "Close Date"]]


def test_contacts_keep_no_address():
    parsed = read(
        "hubspot",
        "contacts",
        "Record ID,Email,Create Date,Contact owner\n1, Ann@X.example ,2026-11-12,i@we.example\n",
    )
    found = rows(parsed, "contacts", "email_hash", "owner")
    assert found == [(privacy.address_hash(WORKSPACE, "ann@x.example"), "i@we.example")]
    assert len(found[0][0]) == 32


# --- Mailshake ---------------------------------------------------------------------------------------

MAILS = (
    "campaign_id,campaign_title,recipient_email,message_type,subject,sent_at,opened_at,clicked_at,replied_at,bounced,lead_status\n"
    "771,Q4,office@orbit.example,initial,Hi,2026-11-16T08:03:11Z,2026-11-16T09:40:02Z,,2026-11-17T07:12:45Z,false,open\n"
    "771,Q4,info@molar.example,initial,Hi,2026-11-16T08:03:41Z,,,,true,\n"
    "771,Q4,office@orbit.example,follow-up,Re: Hi,2026-11-19T08:00:10Z,,,,false,open\n"
)


def test_messages_become_their_events_and_a_recipient_is_one_lead():
    parsed = read("mailshake", "activity", MAILS)
    found = collections.Counter(rows(parsed, "outreach_events", "event", "happened_on"))
    assert found == {
        ("sent", date(2026, 11, 16)): 2,
        ("sent", date(2026, 11, 19)): 1,
        ("open", date(2026, 11, 16)): 1,
        ("reply", date(2026, 11, 17)): 1,
        ("bounce", date(2026, 11, 16)): 1,
        ("lead", date(2026, 11, 17)): 1,
    }
    identifiers = parsed.facts["outreach_events"]["event_id"]
    assert identifiers.is_unique and parsed.counts.accepted == 3
    again = read("mailshake", "activity", MAILS.replace(",,,,true,", ",2026-11-18T00:00:00Z,,,true,"))
    assert set(identifiers) < set(again.facts["outreach_events"]["event_id"])


def test_headers_of_another_export_are_taken_by_alias():
    text = MAILS.replace("recipient_email", "Prospect")
    with pytest.raises(FileRefused, match="recipient_hash"):
        read("mailshake", "activity", text)
    parsed = read("mailshake", "activity", text, aliases={"recipient_hash": ["Prospect"]})
    assert parsed.counts.accepted == 3


# --- the others --------------------------------------------------------------------------------------


def test_tracked_seconds_are_hours():
    text = (
        "id,user_id,user_name,task_id,name,date,start_time,end_time,duration,billable,description,tags,last_modify\n"
        "1,123,Irina,5,List building,2026-11-16,09:00:00,11:30:00,9000,0,,sales,2026-11-16 11:31:02\n"
        "2,123,Irina,5,Outreach,2026-11-16,,,90001,1,,,2026-11-16 11:31:02\n"
    )
    parsed = read("timecamp", "entries", text)
    assert rows(parsed, "time_entries", "hours", "is_billable") == [(Decimal("2.5"), False)]
    assert parsed.quarantine["reason_code"].tolist() == ["E-RANGE"]  # 90001 seconds are more than a day


SIGNUPS = (
    "# -----\n# Events: Event name\n# Start date: 20261116\n# -----\n\n"
    "Date,Event name,Event count,Total users\n"
    "20261116,sign_up,41,40\n20261117,sign_up,38,38\nGrand total,,79,78\n"
    "# -----\nDate,Sessions\n20261116,900\n"
)


def test_the_second_table_and_the_grand_total_are_not_sign_ups():
    parsed = read("ga4", "signups", SIGNUPS)
    assert rows(parsed, "signups", "signed_on", "count", "source_line") == [
        (date(2026, 11, 16), 41, 7),
        (date(2026, 11, 17), 38, 8),
    ]
    assert (parsed.counts.rows_in, parsed.counts.excluded) == (5, 3)


def test_a_report_without_days_is_refused():
    with pytest.raises(FileRefused) as caught:
        read("ga4", "signups", SIGNUPS.replace("Date,Event", "Week,Event"))
    assert caught.value.problems[0].code == "E-HEADER" and caught.value.problems[0].line == 6


LEDGER = (
    "date,account_code,account_name,debit,credit,currency,department,memo\n"
    '2026-10-31,4000,Revenue,,"184,200.00",EUR,,\n'
    '2026-10-31,6100,Ads,"18,400.00",,EUR,Sales,\n'
    '2026-10-31,6100,Ads,"18,400.00",,EUR,Sales,\n'
    "2026-10-31,6100,Refund,(10.00),,EUR,Sales,\n"
    "2026-10-31,6100,Nothing,,,EUR,,\n"
    "2026-10-31,9999,Unknown,5.00,,EUR,,\n"
    'Total,,,"36,805.00","184,200.00",,,\n'
)
CLASSES = {"account_class": {"from": "account_code", "map": {"4*": "revenue", "61*": "sales_marketing"}}}


def test_credit_minus_debit_and_equal_postings_both_count():
    parsed = read("ledger", "gl", LEDGER, columns=CLASSES, format={"thousands": ","})
    assert rows(parsed, "ledger_lines", "account_class", "amount") == [
        ("revenue", Decimal(184200)),
        ("sales_marketing", Decimal(-18400)),
        ("sales_marketing", Decimal(-18400)),
        ("sales_marketing", Decimal(10)),
    ]
    assert parsed.facts["ledger_lines"]["line_id"].is_unique
    assert parsed.quarantine["reason_code"].tolist() == ["E-REQUIRED", "E-VALUE"]
    assert parsed.counts.excluded == 1 and parsed.counts.money_excluded == Decimal(184200) - Decimal(36805)


def test_a_ledger_without_classes_asks_for_them():
    with pytest.raises(FileRefused, match="account_class"):
        read("ledger", "gl", LEDGER, format={"thousands": ","})


def test_an_export_of_changes_cannot_tell_who_is_new():
    text = (
        "subscription_id,customer_id,plan,started_on,ended_on,mrr,currency\ns1,c1,Solo,2026-01-05,,9.99,EUR\n"
    )
    assert read("subscriptions", "subscriptions", text).counts.accepted == 1
    with pytest.raises(FileRefused, match="is_new_customer"):
        read("subscriptions", "subscriptions", text, delivers="changes")


def test_an_unknown_export_names_the_known_ones():
    with pytest.raises(FileRefused, match="contacts"):
        read("hubspot", "contact", "a,b\n1,2\n")


def test_checking_a_workspace_does_not_wait_for_pandas():
    program = (
        "import sys, pipeline.sources.vendors.registry\n"
        "print(sorted({'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
