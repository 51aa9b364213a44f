"""Upwork, GanttProject, Asana, Jira, QuickBooks, and further exports of systems known before: what a row is.

The files in exports/ have the headers of the real ones; expected values are worked out by hand.
"""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from pipeline.errors import FileRefused
from pipeline.sources.parse import parse_export
from pipeline.sources.tryout import try_file
from pipeline.workspace.model import Company, Source, Workspace

WORKSPACE = Workspace(root=Path("."), company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))


def export(name):
    return (Path(__file__).with_name("exports") / f"{name}.csv").read_bytes().decode()


def read(system, export, data, **changes):
    source = Source.model_validate({"id": "s", "system": system, "export": export, **changes})
    data = data if isinstance(data, bytes) else data.encode()
    return parse_export(WORKSPACE, source, data, "export.csv")


def rows(parsed, fact, *names):
    frame = parsed.facts[fact][list(names)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def rejected(parsed):
    return [(row.line, row.reason_code) for row in parsed.quarantine.itertuples()]


def refusal(system, export, data, **changes):
    with pytest.raises(FileRefused) as caught:
        read(system, export, data, **changes)
    found = caught.value.problems[0]
    assert found.file and found.remedy and found.full()
    return found


# --- Upwork ------------------------------------------------------------------------------------------

WEEKLY = export("upwork_weekly")


def test_the_weekly_summary_gives_hours_and_cost_a_contract_and_a_refund_takes_back():
    parsed = read("upwork", "weekly", WEEKLY)
    assert rows(parsed, "freelance_costs", "paid_on", "contract", "hours", "amount", "payment") == [
        (date(2026, 11, 16), "Sales research assistant (40118822)", Decimal("5.5"), Decimal("49.5"), None),
        (date(2026, 11, 17), "Sales research assistant (40118822)", Decimal("0.3333"), Decimal(3), None),
        (date(2026, 11, 17), "Sales research assistant (40118822)", Decimal(0), Decimal(-3), "Refund"),
        (date(2026, 11, 18), "CRM clean-up (40119001)", Decimal(0), Decimal(120), "Fixed-price"),
    ]
    assert parsed.counts.money_accepted == Decimal("169.5")


def test_a_day_exported_again_with_more_hours_is_the_same_entry():
    def keys(text):
        return [key for (key,) in rows(read("upwork", "weekly", text), "freelance_costs", "entry_id")]

    assert keys(WEEKLY) == keys(WEEKLY.replace('"5.5","49.5"', '"7","63"'))
    twice = WEEKLY + '"2026-11-18","CRM clean-up (40119001)","0","120","Fixed-price"\n'
    assert len(set(keys(twice))) == 5  # two equal milestones on one day stay two


TRANSACTIONS = export("upwork_transactions")


def test_transactions_are_costs_with_the_sign_turned_and_funding_is_left_out():
    parsed = read("upwork", "transactions", TRANSACTIONS)
    found = rows(parsed, "freelance_costs", "entry_id", "paid_on", "contract", "hours", "amount")
    assert found[0] == ("611200000", date(2026, 11, 2), "Dana P. (40118822)", Decimal(20), Decimal(180))
    assert found[1][3:] == (Decimal("10.1667"), Decimal("91.5"))
    assert found[2][2:] == ("Payment Processing Fee", None, Decimal("2.75"))
    assert (parsed.counts.excluded, parsed.counts.money_excluded) == (1, Decimal("-1274.25"))
    assert "N-EXCLUDED" in {one.code for one in parsed.warnings}


def test_a_refund_is_a_negative_cost():
    found = rows(read("upwork", "transactions", TRANSACTIONS), "freelance_costs", "payment", "amount")
    assert ("Refund", Decimal(-9)) in found


def test_a_milestone_that_goes_through_escrow_is_paid_once():
    found = rows(read("upwork", "transactions", TRANSACTIONS), "freelance_costs", "contract", "amount")
    assert sum(amount for contract, amount in found if contract.startswith("Lina")) == 500


def test_a_week_that_spans_a_month_counts_once_on_the_day_it_was_billed():
    found = rows(read("upwork", "transactions", TRANSACTIONS), "freelance_costs", "paid_on", "amount")
    assert sum(amount for day, amount in found if day.month == 10) == 0
    assert [amount for day, amount in found if day == date(2026, 11, 2)] == [Decimal(180)]


def test_an_unknown_type_and_a_freelancers_own_export_are_set_aside_and_not_guessed():
    unknown = TRANSACTIONS.replace("Payment Processing Fee", "Zahlung")
    assert rejected(read("upwork", "transactions", unknown)) == [(4, "E-VALUE")]
    income = TRANSACTIONS.replace("-91.50,,EUR", "91.50,,EUR")
    assert rejected(read("upwork", "transactions", income)) == [(3, "E-RANGE")]
    named = {"payment": {"from": "Type", "replace": {"Zahlung": "Service Fee"}}}
    assert not rejected(read("upwork", "transactions", unknown, columns=named))


def test_the_other_spelling_of_the_rate_column_changes_nothing():
    other = read("upwork", "transactions", TRANSACTIONS.replace("ExchangeRate", "Amount in local currency"))
    assert other.counts.money_accepted == Decimal("180") + Decimal("91.5") + Decimal("2.75") - 9 + 500


def test_the_other_export_of_a_system_is_named_by_its_columns_not_its_file_name():
    found = refusal("upwork", "weekly", TRANSACTIONS)
    assert (found.code, found.params["export"], found.params["system"]) == (
        "E-HEADER",
        "transactions",
        "upwork",
    )
    assert refusal("ga4", "signups", WEEKLY).params["system"] == "upwork"


# --- GanttProject ------------------------------------------------------------------------------------

GANTT = export("ganttproject_tasks")


def test_gantt_tasks_have_parents_from_the_outline_and_only_finished_first_predecessors():
    parsed = read("ganttproject", "tasks", GANTT)
    names = ("task_id", "name", "parent_id", "predecessors", "assignee", "goal", "done_percent", "cost")
    assert rows(parsed, "tasks", *names) == [
        ("0", "Churn to 20 %", None, None, "Irina Sokolova", "churn-q4", Decimal(35), Decimal(0)),
        ("1", "Extended trials", "0", None, "Marco Vale", None, Decimal(100), Decimal("2400.5")),
        ("2", "Discount tiers", "0", "1", "Irina Sokolova", None, Decimal(40), Decimal(0)),
        ("3", "Support hiring", "0", "2;1", "Marco Vale", None, Decimal(0), Decimal(0)),
    ]


def test_the_table_of_resources_is_not_tasks():
    counts = read("ganttproject", "tasks", GANTT).counts
    assert (counts.rows_in, counts.accepted, counts.excluded, counts.quarantined) == (7, 4, 3, 0)


def test_gantt_in_russian_is_the_same_plan():
    russian = GANTT
    for english, other in (
        (
            "ID,Name,Begin date,End date,Duration,Completion,",
            "ID,Название,Дата начала,Дата окончания,Длительность,Выполнено,",
        ),
        ("Cost,Coordinator,Predecessors,", "Стоимость,Координатор,Предшественники,"),
        ("Outline number,Resources,", "Номер в структуре,Исполнителей,"),
        ("Task color,Web Link,Notes", "Цвет,Веб страница,Примечания"),
    ):
        assert english in russian
        russian = russian.replace(english, other, 1)
    russian = russian.replace("2026-10-01", "01.10.26")
    for english, other in (
        ("2026-12-31", "31.12.26"),
        ("2026-10-30", "30.10.26"),
        ("2026-11-02", "02.11.26"),
    ):
        russian = russian.replace(english, other)
    russian = russian.replace("2026-11-27", "27.11.26").replace("2026-11-30", "30.11.26")
    parsed = read("ganttproject", "tasks", russian, format={"date": "%d.%m.%y"})
    assert parsed.facts["tasks"].equals(read("ganttproject", "tasks", GANTT).facts["tasks"])


def test_a_semicolon_export_in_german_reads_too():
    text = (
        "ID;Vorgang;Anfang;Ende;Dauer;Fortschritt;Kosten;Verantwortlich;Vorgänger;GliederungsNr.;Ressourcen;Ziel\n"
        '7;Angebot;16.11.2026;27.11.2026;10;50;1500;;"3;4";1;Lena Fischer,Marco Vale;sales-q4\n'
    )
    parsed = read("ganttproject", "tasks", text, format={"delimiter": ";", "date": "%d.%m.%Y"})
    assert rows(parsed, "tasks", "task_id", "due_on", "predecessors", "assignee", "goal") == [
        ("7", date(2026, 11, 27), "3;4", "Lena Fischer", "sales-q4")
    ]


def test_a_link_that_is_no_link_is_kept_for_the_plan_to_complain_about():
    text = GANTT.replace('"1-FS=P2D;0-SS"', "task one")
    assert rows(read("ganttproject", "tasks", text), "tasks", "predecessors")[2] == ("task one",)


# --- Asana -------------------------------------------------------------------------------------------

ASANA = export("asana_tasks")


def test_an_asana_subtask_finds_its_parent_by_name():
    parsed = read("asana", "tasks", ASANA)
    assert rows(parsed, "tasks", "task_id", "parent_id", "predecessors", "goal", "done_percent") == [
        ("120001", None, None, "cac-q4", Decimal(100)),
        ("120002", None, "120001", "initiative:cac-q4/referral", None),
        ("120003", "120002", None, None, None),
        ("120004", "120002", "120003", None, None),
        ("120005", None, "Draft;120002", None, None),  # two tasks are called Draft: neither is guessed
    ]
    assert parsed.facts["tasks"]["source_line"].tolist() == [2, 4, 5, 6, 7]


def test_the_rows_a_sheet_sync_puts_above_the_header_do_not_matter():
    junk = ",,\n,,https://app.asana.com/-/googleSheetsProjectCsv?domain=1\n,,\n"
    plain, synced = read("asana", "tasks", ASANA), read("asana", "tasks", junk + ASANA)
    assert rows(plain, "tasks", "task_id", "due_on") == rows(synced, "tasks", "task_id", "due_on")
    found = refusal("asana", "tasks", junk + "a,b\n1,2\n")
    assert (found.code, found.line) == ("E-HEADER", 1) and "Task ID" in found.text()


def asana_json(**changes):
    task = {
        "gid": "120001",
        "resource_type": "task",
        "name": "Terms",
        "completed": True,
        "start_on": "2026-09-07",
        "due_on": "2026-09-18",
        "assignee": {"gid": "9", "name": "Sofia Marin"},
        "parent": None,
        "dependencies": [],
        "custom_fields": [
            {"name": "Priority", "display_value": None},
            {"name": "Goal", "display_value": "cac-q4"},
        ],
        "notes": "",
        "subtasks": [],
    }
    return {**task, **changes}


def test_asana_json_gives_subtasks_dependencies_and_the_companys_own_field():
    below = asana_json(gid="120003", name="Draft", completed=False, parent={"gid": "120002"}, assignee=None)
    second = asana_json(
        gid="120002",
        name="Links",
        completed=False,
        dependencies=[{"gid": "120001"}, {"gid": "120009"}],
        custom_fields=[],
        subtasks=[below],
    )
    text = json.dumps({"data": [asana_json(), second]}, indent=1)
    parsed = read("asana", "tasks", text)
    assert rows(
        parsed, "tasks", "task_id", "parent_id", "predecessors", "goal", "assignee", "done_percent"
    ) == [
        ("120001", None, None, "cac-q4", "Sofia Marin", Decimal(100)),
        ("120002", None, "120001;120009", None, "Sofia Marin", None),
        ("120003", "120002", None, "cac-q4", None, None),
    ]
    assert parsed.facts["tasks"]["source_line"].tolist()[0] == 3


def test_both_asana_exports_give_the_same_task():
    csv = (
        "Task ID,Created At,Completed At,Name,Assignee,Start Date,Due Date,Notes,Parent task,Goal\n"
        "120001,2026-09-01,2026-09-20,Terms,Sofia Marin,2026-09-07,2026-09-18,,,cac-q4\n"
    )
    names = ("task_id", "name", "start_on", "due_on", "done_percent", "assignee", "parent_id", "goal")
    both = read("asana", "tasks", csv), read("asana", "tasks", json.dumps({"data": [asana_json()]}))
    assert rows(both[0], "tasks", *names) == rows(both[1], "tasks", *names)


def test_an_asana_error_message_is_not_an_empty_plan():
    found = refusal("asana", "tasks", '{"errors": [{"message": "Not Authorized"}]}')
    assert (found.code, found.params["path"]) == ("E-JSON", "data")


# --- Jira --------------------------------------------------------------------------------------------

JIRA = export("jira_issues")


def test_repeated_jira_columns_are_taken_together_and_unused_ones_do_not_matter():
    parsed = read("jira", "issues", JIRA)
    assert rows(parsed, "tasks", "task_id", "predecessors", "goal", "done_percent", "assignee") == [
        ("APP-1", None, "signups-h2", Decimal(100), None),
        ("APP-2", "APP-1;WEB-9", None, None, "Timur Akhmetov"),
        ("APP-3", None, "churn-q4", None, None),
    ]
    assert {one.code for one in parsed.warnings} == {"W-COLUMNS"}


def test_a_jira_parent_is_an_issue_id_and_becomes_a_key():
    assert rows(read("jira", "issues", JIRA), "tasks", "parent_id") == [(None,), ("APP-1",), ("77777",)]


@pytest.mark.parametrize(
    ("format", "start", "due"),
    [
        ({}, "02/Nov/26 3:42 PM", "06/Nov/26 12:00 AM"),
        ({"datetime": "%m/%d/%Y %H:%M"}, "11/2/2026 15:42", "11/06/2026 00:00"),
        ({"date": "%d.%m.%Y", "datetime": "iso"}, "02.11.2026", "2026-11-06 00:00"),
    ],
)
def test_jira_dates_are_read_as_the_site_writes_them(format, start, due):
    text = JIRA.replace("02/Nov/26 3:42 PM", start).replace("06/Nov/26 12:00 AM", due)
    text = text.replace("30/Oct/26 12:00 AM", "")
    parsed = read("jira", "issues", text, format=format)
    assert rows(parsed, "tasks", "start_on", "due_on")[1] == (date(2026, 11, 2), date(2026, 11, 6))


def test_a_due_day_is_not_moved_by_the_zone_of_the_site():
    parsed = read("jira", "issues", JIRA, timezone="America/Los_Angeles")
    assert rows(parsed, "tasks", "start_on", "due_on")[1] == (date(2026, 11, 2), date(2026, 11, 6))


def test_a_jira_date_in_another_form_is_set_aside_and_never_swapped():
    text = JIRA.replace("06/Nov/26 12:00 AM", "11/06/2026")
    assert rejected(read("jira", "issues", text)) == [(3, "E-DATE")]


# --- QuickBooks: profit and loss ---------------------------------------------------------------------

PROFIT = export("quickbooks_profit_and_loss")
NAMES = ("section", "account_code", "account_name", "amount", "ended_on", "basis")


def test_total_rows_of_a_profit_and_loss_are_never_counted():
    parsed = read("quickbooks", "profit_and_loss", PROFIT)
    found = rows(parsed, "profit_lines", "amount")
    assert len(found) == 9 and sum(amount for (amount,) in found) == Decimal(
        "72357.50"
    )  # the report's Net Income
    assert (parsed.counts.accepted, parsed.counts.excluded, parsed.counts.quarantined) == (9, 10, 0)


def test_costs_are_negative_parentheses_too_and_the_basis_and_month_are_kept():
    found = {
        row[2]: row for row in rows(read("quickbooks", "profit_and_loss", PROFIT), "profit_lines", *NAMES)
    }
    october = date(2026, 10, 31)
    assert found["Subscription revenue"] == (
        "income",
        "40000",
        "Subscription revenue",
        Decimal(184200),
        october,
        "accrual",
    )
    assert found["Refunds"][3] == Decimal(-200)
    assert found["Content delivery"][:4] == ("cost_of_sales", "50000", "Content delivery", Decimal(-61300))
    assert found["Marketing"][3] == Decimal(
        -1000
    )  # an account with postings of its own and accounts below it
    assert found["Marketing:Advertising"][:2] == ("expenses", "60200")
    assert found["Rent"][3] == Decimal(50)
    assert found["Loan"][0] == "other_expenses" and found["Loan"][3] == Decimal("-2.5")


LINES = (
    ("Income", None), ("Sales", "3500.50"), ("Services", "300.00"), ("Total for Income", "3800.50"),
    ("Cost of Goods Sold", None), ("Materials", "1200.25"), ("Total for Cost of Goods Sold", "1200.25"),
    ("Gross Profit", "2600.25"), ("Expenses", None), ("Rent", "2000.00"), ("Refunds", "-50.10"),
    ("Total for Expenses", "1949.90"), ("Net Operating Income", "650.35"), ("Net Income", "650.35"),
)  # fmt: skip


def profit(mark=".", thousands=",", delimiter=",", without=(), negative="-{}"):
    """A report whose net income is 3500.50 + 300 - 1200.25 - 2000 + 50.10 = 650.35, in other marks."""
    out = ["Acme", "Profit and Loss", "October 2026", "", delimiter.join(("Distribution account", "Total"))]
    for label, amount in LINES:
        if any(label.startswith(one) for one in without):
            continue
        text = f"{abs(Decimal(amount or 0)):,.2f}".translate({44: thousands, 46: mark}) if amount else ""
        text = negative.format(text) if amount and amount.startswith("-") else text
        out.append(delimiter.join((label, f'"{text}"')))
    return "\n".join(out) + "\n"


EXPECTED = {
    ("income", "Sales", Decimal("3500.50")),
    ("income", "Services", Decimal("300")),
    ("cost_of_sales", "Materials", Decimal("-1200.25")),
    ("expenses", "Rent", Decimal("-2000")),
    ("expenses", "Refunds", Decimal("50.10")),
}


@pytest.mark.parametrize(
    ("mark", "thousands", "declared", "negative"),
    [
        (",", ".", ".", "-{}"),
        (",", "\u00a0", " ", "({})"),
        (",", "", "", "-{}"),
        (".", "'", " ", "({})"),
    ],
)
def test_a_profit_and_loss_in_other_marks_is_proposed_with_them(
    tmp_path, mark, thousands, declared, negative
):
    """Read by the declared comma and point, 3.500,50 is no amount, or 300,00 becomes thirty thousand."""
    path = tmp_path / "pl.csv"
    path.write_text(profit(mark, thousands, ";", negative=negative), "utf-8")
    tried = try_file(path)
    format = tried.made.settings["format"]
    assert format["delimiter"] == ";" and format.get("decimal", ".") == mark
    assert format.get("thousands", ",") == declared
    assert set(rows(tried.parsed, "profit_lines", "section", "account_name", "amount")) == EXPECTED


def test_a_profit_and_loss_without_totals_is_read_by_its_sections_and_held_against_its_result():
    text = profit(without=("Total for",))
    parsed = read("quickbooks", "profit_and_loss", text)
    assert set(rows(parsed, "profit_lines", "section", "account_name", "amount")) == EXPECTED
    found = refusal("quickbooks", "profit_and_loss", text.replace("3,500.50", "3,500.51"))
    assert (found.code, found.params["found"]) == ("E-TOTAL", "650.36")
    unknown = refusal("quickbooks", "profit_and_loss", text.replace("Cost of Goods Sold", "Direct costs"))
    assert (unknown.code, unknown.params["found"]) == ("E-TOTAL", "3,050.85")  # materials taken for income
    bare = profit(without=("Total for", "Gross", "Net"))
    assert refusal("quickbooks", "profit_and_loss", bare).code == "E-TRUNCATED"


def test_a_profit_and_loss_in_russian_is_no_list_of_nothing():
    text = profit().replace("Distribution account", "Счёт").replace("Total", "Итого")
    assert refusal("quickbooks", "profit_and_loss", text).code == "E-HEADER"
    text = profit(without=("Total for",)).replace("Net Income", "Чистая прибыль").replace("Income", "Доходы")
    assert refusal("quickbooks", "profit_and_loss", text).code == "E-TRUNCATED"


MONTHS = export("quickbooks_profit_by_month")


def test_one_column_a_month_gives_one_row_a_month_and_the_total_column_none():
    parsed = read("quickbooks", "profit_and_loss", MONTHS, currency="USD")
    assert rows(parsed, "profit_lines", "ended_on", "account_name", "amount", "basis", "line_id") == [
        (date(2026, 9, 30), "Sales", Decimal(100), "cash", "2026-09|Income > Sales"),
        (date(2026, 10, 31), "Sales", Decimal(200), "cash", "2026-10|Income > Sales"),
        (date(2026, 10, 31), "Rent", Decimal(-50), "cash", "2026-10|Expenses > Rent"),
    ]


def test_a_report_in_another_currency_is_not_taken_for_the_companys():
    found = refusal("quickbooks", "profit_and_loss", MONTHS)
    assert found.code == "E-CURRENCY" and "USD" in found.text()


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("Rent,,50.00,50.00", "Rent,,51.00,50.00", "E-TOTAL", 12),
        ("Rent,,50.00,50.00\n", "", "E-TOTAL", 11),
        ("Net Income,$100.00,$150.00", "Net Income,$100.00,$151.00", "E-TOTAL", 13),
        ("Oct 2026", "Acme Ltd", "E-HEADER", 5),
        ("Sep 2026,Oct 2026", "Jul - Aug 2026,Sep 2026", "E-HEADER", 5),
        ("Net Income,$100.00,$150.00,$250.00\n", "", "E-TRUNCATED", 12),
    ],
)
def test_a_report_that_does_not_add_up_or_cannot_be_placed_is_refused(old, new, code, line):
    found = refusal("quickbooks", "profit_and_loss", MONTHS.replace(old, new), currency="USD")
    assert (found.code, found.line) == (code, line)


def test_a_profit_and_loss_cut_anywhere_is_never_read_as_whole():
    whole = MONTHS.encode()
    end = whole.index(b"Net Income,$100.00,$150.00,$250.00")
    for cut in range(whole.index(b"Sales"), end + 5):
        assert refusal("quickbooks", "profit_and_loss", whole[:cut], currency="USD").code in (
            "E-TRUNCATED",
            "E-TOTAL",
            "E-NOROWS",
            "E-CSV",
        )


def test_a_year_in_one_column_cannot_be_placed_in_months():
    for title in ("January, 2025-December, 2025", "January 1, 2024 – July 9, 2025"):
        assert (
            refusal("quickbooks", "profit_and_loss", PROFIT.replace("October, 2026", title)).code
            == "E-HEADER"
        )


@pytest.mark.parametrize(
    "title", ["October 2026", "October 1-31, 2026", "October 1 - October 31, 2026", "Oct 1 – 31, 2026"]
)
def test_a_month_is_found_however_the_title_writes_it(title):
    parsed = read("quickbooks", "profit_and_loss", PROFIT.replace("October, 2026", title))
    assert {day for (day,) in rows(parsed, "profit_lines", "ended_on")} == {date(2026, 10, 31)}


def test_the_same_report_as_a_workbook_gives_the_same_lines():
    book = Workbook()
    for row in csv.reader(PROFIT.splitlines()):
        amount = row[1].replace("€", "").replace(",", "") if len(row) > 1 else ""
        amount = f"-{amount[1:-1]}" if amount.startswith("(") else amount
        book.active.append([row[0], float(amount) if amount[-1:].isdigit() else amount])
    out = io.BytesIO()
    book.save(out)
    parsed = read("quickbooks", "profit_and_loss", out.getvalue(), format={"kind": "xlsx", "thousands": ""})
    assert rows(parsed, "profit_lines", *NAMES) == rows(
        read("quickbooks", "profit_and_loss", PROFIT), "profit_lines", *NAMES
    )


def test_an_unknown_section_is_set_aside_until_it_is_named():
    text = PROFIT.replace("Expenses,\n60000", "Aufwand,\n60000").replace(
        "Total for Expenses", "Total for Aufwand"
    )
    assert {code for _, code in rejected(read("quickbooks", "profit_and_loss", text))} == {"E-VALUE"}
    named = {"section": {"from": "Section", "replace": {"Aufwand": "expenses"}}}
    assert read("quickbooks", "profit_and_loss", text, columns=named).counts.money_accepted == Decimal(
        "72357.5"
    )


# --- QuickBooks: general ledger ----------------------------------------------------------------------

GENERAL = export("quickbooks_general_ledger")
CLASSES = {
    "account_class": {
        "from": "Account code",
        "map": {"1*": "balance_sheet", "4*": "revenue", "61*": "sales_marketing", "7*": "other_expense"},
    }
}


def test_postings_stand_under_their_accounts_and_costs_are_negative():
    parsed = read("quickbooks", "general_ledger", GENERAL, columns=CLASSES)
    assert rows(
        parsed, "ledger_lines", "posted_on", "account_code", "account_name", "account_class", "amount"
    ) == [
        (date(2026, 10, 5), "1000", "Checking", "balance_sheet", Decimal(1000)),
        (date(2026, 10, 5), "4000", "Sales", "revenue", Decimal(1000)),
        (date(2026, 10, 9), "4000", "Sales", "revenue", Decimal(-250)),
        (date(2026, 10, 12), "4100", "Sales:Web", "revenue", Decimal(20)),
        (date(2026, 10, 20), "6100", "Ads", "sales_marketing", Decimal(-300)),
        (date(2026, 10, 31), "7000", "Interest", "other", Decimal(-5)),
    ]
    assert (parsed.counts.accepted, parsed.counts.excluded) == (6, 7)
    assert parsed.facts["ledger_lines"]["source_line"].tolist() == [8, 11, 12, 14, 18, 21]


def test_the_newer_columns_of_the_general_ledger_give_the_same_postings():
    newer = GENERAL.replace(
        ",Date,Transaction Type,Num,Name,Memo/Description,Split,",
        ",Distribution account,Transaction date,Transaction type,Num,Name,Description,Split account,",
    )
    lines = [
        line.replace(",10/", ",An account,10/") if ",10/" in line else line for line in newer.splitlines()
    ]
    lines = [line.replace(",,,,,,,", ",,,,,,,,", 1) if "An account" not in line else line for line in lines]
    parsed = read("quickbooks", "general_ledger", "\n".join(lines) + "\n", columns=CLASSES)
    names = ("posted_on", "account_code", "amount")
    assert rows(parsed, "ledger_lines", *names) == rows(
        read("quickbooks", "general_ledger", GENERAL, columns=CLASSES), "ledger_lines", *names
    )


def test_a_general_ledger_that_was_cut_or_does_not_add_up_is_refused():
    whole = GENERAL.encode()
    for cut in range(whole.index(b"6100 Ads") + 9, whole.index(b"Total for 6100 Ads") + 18):
        found = refusal("quickbooks", "general_ledger", whole[:cut], columns=CLASSES)
        assert found.code in ("E-TRUNCATED", "E-CSV"), whole[:cut][-40:]
    off = GENERAL.replace("Total for 6100 Ads,,,,,,,€300.00", "Total for 6100 Ads,,,,,,,€301.00")
    assert refusal("quickbooks", "general_ledger", off, columns=CLASSES).code == "E-TOTAL"


def test_the_class_other_must_say_whether_it_is_income_or_expense():
    unsaid = {
        "account_class": {
            **CLASSES["account_class"],
            "map": {**CLASSES["account_class"]["map"], "7*": "other"},
        }
    }
    assert rejected(read("quickbooks", "general_ledger", GENERAL, columns=unsaid)) == [(21, "E-VALUE")]
    assert refusal("quickbooks", "general_ledger", GENERAL).column == "account_class"


# --- TimeCamp, GA4, subscriptions --------------------------------------------------------------------


def test_a_timecamp_report_without_identifiers_does_not_add_a_day_to_itself():
    text = (
        "Date;User;Task;Start time;Duration;Tags\n"
        "2026-11-16;Irina Sokolova;List building;09:00;2h 30m;admin\n"
        "2026-11-16;Irina Sokolova;Outreach;11:30;1:15;outreach\n"
        "2026-11-17;Marco Vale;CRM admin;;0,5;admin\n"
        "Total;;;;4h 15m;\n"
    )
    parsed = read("timecamp", "report", text, format={"delimiter": ";"})
    found = rows(parsed, "time_entries", "entry_id", "hours")
    assert [hours for _, hours in found] == [Decimal("2.5"), Decimal("1.25"), Decimal("0.5")]
    assert parsed.counts.excluded == 1
    longer = read("timecamp", "report", text.replace("2h 30m", "3h"), format={"delimiter": ";"})
    assert [key for key, _ in found] == [key for key, _ in rows(longer, "time_entries", "entry_id", "hours")]


def test_a_timecamp_summary_without_days_is_refused():
    found = refusal("timecamp", "report", "Task;Time\nAdmin;2h 30m\n", format={"delimiter": ";"})
    assert found.code == "E-HEADER"


@pytest.mark.parametrize(
    ("remark", "header", "total"),
    [
        ("# Start date: 20261116", "Date,Event name,Event count,Total users", "Grand total,,79,78"),
        ("# Date de début : 20261116", "Date,Nom de l'événement,Nombre d'événements,Utilisateurs", ",,79,78"),
        ("# Startdatum: 20261116", "Datum,Ereignisname,Ereignisanzahl,Nutzer", "Gesamtsumme,,79,78"),
        ("# Дата начала: 20261116", "Дата,Название события,Количество событий,Пользователи", ",,79,78"),
    ],
)
def test_ga4_remarks_headers_and_totals_are_understood_in_its_languages(remark, header, total):
    text = f"# ---\n{remark}\n# ---\n{header}\n20261116,sign_up,41,40\n20261117,sign_up,38,38\n{total}\n"
    parsed = read("ga4", "signups", text)
    assert rows(parsed, "signups", "signed_on", "count") == [
        (date(2026, 11, 16), 41),
        (date(2026, 11, 17), 38),
    ]
    assert (parsed.counts.excluded, parsed.counts.quarantined) == (1, 0)


def test_losses_of_recurring_revenue_are_negative_however_they_are_written():
    text = (
        "date,customer_id,movement,mrr,currency,plan\n"
        "2026-11-02,c1,New Business,29.00,EUR,Solo\n"
        "2026-11-03,c2,churned,15.00,EUR,Solo\n"
        "2026-11-03,c3,contraction,-5.00,EUR,Family\n"
        "2026-11-04,c4,upgrade,-1.00,EUR,Family\n"
        "2026-11-04,c5,paused,1.00,EUR,Family\n"
    )
    parsed = read("subscriptions", "mrr_movements", text)
    assert rows(parsed, "mrr_movements", "moved_on", "movement", "amount") == [
        (date(2026, 11, 2), "new", Decimal(29)),
        (date(2026, 11, 3), "churn", Decimal(-15)),
        (date(2026, 11, 3), "contraction", Decimal(-5)),
    ]
    assert rejected(parsed) == [(5, "E-RANGE"), (6, "E-VALUE")]
