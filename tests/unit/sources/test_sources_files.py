"""Whole files: refused with code, line and remedy, or read without losing or inventing a row."""

import csv
import io
import json
import random
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pipeline.errors import FileRefused
from pipeline.sources.parse import parse_export
from pipeline.workspace.model import Company, Source, Workspace

COLUMNS = {
    "deal_id": "Id",
    "name": "Name",
    "amount": "Amount",
    "region": "Region",
    "is_won": {"value": "true"},
    "is_closed": {"value": "true"},
    "closed_on": "Closed",
}
HEADER = "Id,Name,Amount,Region,Closed\n"
GOOD = HEADER + "00123,Anna,10.50,NA,2026-11-16\n1E5,None,20.25,null,2026-11-17\n"
RUSSIAN = {"encoding": "cp1251", "delimiter": ";", "decimal": ",", "thousands": " ", "date": "%d.%m.%Y"}


def workspace(root: Path = Path(".")) -> Workspace:
    return Workspace(root=root, company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))


def parse(data, name="deals.csv", root=Path("."), **changes):
    settings = {"id": "deals", "system": "any", "fact": "deals", "columns": COLUMNS, **changes}
    data = data.encode() if isinstance(data, str) else data
    return parse_export(workspace(root), Source.model_validate(settings), data, name)


def problem(data, name="deals.csv", **changes):
    with pytest.raises(FileRefused) as caught:
        parse(data, name, **changes)
    found = caught.value.problems[0]
    assert found.file and found.remedy and found.full()
    return found


def rejected(parsed):
    return [(row.line, row.reason_code) for row in parsed.quarantine.itertuples()]


def deals(parsed, *names):
    frame = parsed.facts["deals"]
    return [tuple(row) for row in frame[list(names)].itertuples(index=False)]


# --- what is kept exactly ----------------------------------------------------------------------------


def test_identifiers_keep_zeros_and_words_that_look_like_missing_values_stay():
    assert deals(parse(GOOD), "deal_id", "name", "region", "amount") == [
        ("00123", "Anna", "NA", Decimal("10.5")),
        ("1E5", "None", "null", Decimal("20.25")),
    ]


def test_russian_excel_file_is_read_exactly_as_declared():
    text = "Id;Name;Amount;Region;Closed\r\n1;Анна;1\u00a0234,56;Юг;01.02.2026\r\n"
    parsed = parse(text.encode("cp1251"), format=RUSSIAN)
    assert deals(parsed, "name", "amount", "closed_on") == [("Анна", Decimal("1234.56"), date(2026, 2, 1))]
    assert parsed.counts.money_in == Decimal("1234.56")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_do_not_stick_to_the_first_header(encoding):
    declared = "utf-8" if "8" in encoding else "utf-16"
    parsed = parse(
        GOOD.replace("Id,", '"Id",', 1).replace("Anna", "Анна").encode(encoding),
        format={"encoding": declared},
    )
    assert deals(parsed, "name") == [("Анна",), ("None",)]


def test_lines_are_physical_even_after_a_cell_with_line_ends():
    parsed = parse(HEADER + '1,"a\nb ""q""",1,x,2026-11-16\n2,c,oops,x,2026-11-16\n')
    assert deals(parsed, "name") == [('a\nb "q"',)]
    assert parsed.facts["deals"]["source_line"].tolist() == [2]
    assert rejected(parsed) == [(4, "E-NUMBER")]


def test_reordered_columns_give_the_same_rows():
    rows = list(csv.reader(io.StringIO(GOOD)))
    shuffled = "\n".join(",".join(row[i] for i in (4, 2, 0, 3, 1)) for row in rows) + "\n"
    assert parse(shuffled).facts["deals"].equals(parse(GOOD).facts["deals"])


def test_generated_keys_do_not_depend_on_the_order_of_columns_and_keep_equal_payments_apart():
    columns = {"paid_on": "Date", "contract": "Job", "amount": "Sum"}
    settings = {"fact": "freelance_costs", "columns": columns, "id": "costs"}
    first = parse("Date,Job,Sum\n2026-11-16,a,5\n2026-11-16,a,5\n", **settings)
    second = parse("Sum,Date,Job\n5,2026-11-16,a\n5,2026-11-16,a\n", **settings)
    keys = first.facts["freelance_costs"]["entry_id"].tolist()
    assert keys == second.facts["freelance_costs"]["entry_id"].tolist() and len(set(keys)) == 2
    assert first.counts.money_accepted == 10


# --- refused whole -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "E-EMPTY"),
        (b"\xef\xbb\xbf\r\n", "E-EMPTY"),
        (HEADER.encode(), "E-NOROWS"),
        (b"<!DOCTYPE html><html>sign in</html>", "E-HTML"),
        (b'{"status":"error","message":"expired"}', "E-JSON"),
        (b'[{"error": 1}]', "E-JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "E-PASSWORD"),
        (b"PAR1" + b"x" * 100, "E-MAGIC"),
        (GOOD.encode().replace(b"10.50", b"1\x000.50"), "E-BYTES"),
        (GOOD.replace("Anna", "A" * 200_000).encode(), "E-LIMIT"),
        (",".join(f"c{i}" for i in range(5_000)).encode() + b"\n1\n", "E-LIMIT"),
    ],
)
def test_what_is_not_an_export_is_refused_with_its_kind(data, code):
    assert problem(data).code == code


def test_header_only_is_accepted_where_an_empty_week_is_normal():
    assert parse(HEADER, allow_empty=True).counts.rows_in == 0


def test_cyrillic_bytes_are_never_read_as_something_else():
    found = problem(GOOD.replace("Anna", "Анна").encode("cp1251"))
    assert (found.code, found.line, found.params["likely"]) == ("E-ENCODING", 2, "cp1251")
    assert found.params["offset"] == len(HEADER + "00123,")
    other = problem(GOOD.replace("Anna", "Анна").encode(), format={"encoding": "cp1251"})
    assert (other.code, other.params["likely"]) == ("E-ENCODING", "utf-8")
    wide = problem(GOOD.encode("utf-16"), format={"encoding": "utf-8"})
    assert (wide.code, wide.params["likely"]) == ("E-ENCODING", "utf-16")


def test_a_bad_byte_after_a_megabyte_is_still_placed():
    rows = HEADER + "".join(f"{i},Ж,1,x,2026-11-16\n" for i in range(60_000))
    data = rows.encode() + b"9,\xff,1,x,2026-11-16\n"
    found = problem(data)
    assert (found.line, found.params["offset"]) == (60_002, data.index(b"\xff"))


def test_a_nul_is_found_in_wide_text_too():
    found = problem(GOOD.replace("None", "N\0ne").encode("utf-16"), format={"encoding": "utf-16"})
    assert (found.code, found.line) == ("E-BYTES", 3)
    assert found.params["offset"] == 2 + 2 * GOOD.index("one")


def test_a_second_table_below_a_blank_line_is_counted_and_left_out():
    text = GOOD + "\n\nResource,Role\nAnna,lead\n"
    parsed = parse(text, format={"until_blank": True})
    assert (parsed.counts.rows_in, parsed.counts.accepted, parsed.counts.excluded) == (4, 2, 2)


def test_the_wrong_delimiter_is_named():
    found = problem(GOOD.replace(",", ";"))
    assert (found.code, found.params["likely"]) == ("E-DELIMITER", ";")
    assert problem("sep=;\n" + GOOD).code == "E-DELIMITER"
    assert parse("sep=,\r\n" + GOOD).facts["deals"]["source_line"].tolist() == [3, 4]


def test_a_missing_column_lists_what_is_there_and_the_likely_one():
    found = problem(GOOD.replace("Amount", "Amounts"))
    assert (found.code, found.value) == ("E-HEADER", "Amounts")
    assert (
        "Id, Name, Amounts, Region, Closed" in found.text()
        and "Correct its header under columns" in found.text()
    )
    assert parse(GOOD.replace("Amount", "Amounts"), aliases={"amount": ["Amounts"]}).counts.accepted == 2


@pytest.mark.parametrize(
    ("spelled", "wanted", "said"),
    [
        ("Аmount", "Amount", "Cyrillic А"),
        ("АМОUNТ", "Amount", "Cyrillic А, М, О"),
        ("Αmount", "Amount", "Greek Α"),
        ("Amоunt", "Amount", "Cyrillic о"),
        ("Nаmе", "Name", "Cyrillic а, е"),
        ("Rеgiоn", "Region", "Cyrillic е, о"),
        ("Сlosed", "Closed", "Cyrillic С"),
    ],
)
def test_a_header_with_look_alike_letters_is_read_and_said(spelled: str, wanted: str, said: str) -> None:
    parsed = parse(GOOD.replace(wanted, spelled))
    (warning,) = [one for one in parsed.warnings if one.code == "W-HEADER"]
    assert f'"{spelled}" is spelled with {said}' in warning.text()
    assert f'read as "{wanted}"' in warning.text() and warning.line == 1
    assert parsed.facts["deals"].equals(parse(GOOD).facts["deals"])


def test_a_russian_header_with_latin_letters_is_read_and_said() -> None:
    data = GOOD.replace("Amount", "Cуммa")
    parsed = parse(data, aliases={"amount": ["Сумма"]})
    (warning,) = [one for one in parsed.warnings if one.code == "W-HEADER"]
    assert "Latin C, a" in warning.text() and parsed.counts.accepted == 2


@pytest.mark.parametrize("both", ["Amount,Аmount", "Аmount,Amount", "Аmount,Amоunt"])
def test_two_columns_that_look_the_same_are_refused_and_not_chosen_from(both: str) -> None:
    data = GOOD.replace("Amount", both).replace("10.50", "10.50,7").replace("20.25", "20.25,7")
    found = problem(data)
    assert found.code == "E-HEADER" and "look the same" in found.text() and "3, 4" in found.text()


@pytest.mark.parametrize(
    "spelled",
    [
        "\ufeffAmount",
        "Am\u00adount",
        "Amo\u200bunt\u200d",
        "\u2060Amount\u200e",
        "ＡｍｏＵＮＴ",
        "Amount\ufe0f",
    ],
)
def test_what_cannot_be_seen_in_a_header_does_not_hide_it(spelled: str) -> None:
    parsed = parse(GOOD.replace("Amount", spelled))
    assert parsed.counts.accepted == 2
    assert not [one for one in parsed.warnings if one.code == "W-HEADER"]


def test_dashes_and_quotes_of_any_kind_are_one() -> None:
    for dash in "-\u2010\u2011\u2013\u2014\u2212":
        for quote in ("'", "\u2019", "\u02bc"):
            data = GOOD.replace("Amount", f"Deal{quote}s sum {dash} net")
            assert parse(data, aliases={"amount": ["Deal's sum - net"]}).counts.accepted == 2


def test_a_word_of_another_language_is_no_look_alike() -> None:
    assert problem(GOOD.replace("Amount", "Сумма")).code == "E-HEADER"


def test_headers_ignore_case_blanks_and_width():
    assert parse(GOOD.replace("Amount", "\u00a0 ＡMOUNT ")).counts.accepted == 2


def test_doubled_headers_give_both_positions():
    found = problem(GOOD.replace("Region", "Amount"))
    assert found.code == "E-HEADER"
    with pytest.raises(FileRefused) as caught:
        parse("Amount," + GOOD.replace("\n", "\n1,").removesuffix("1,"))
    assert any(one.params.get("positions") == "1, 4" for one in caught.value.problems)


def test_an_extra_field_in_every_row_shifts_nothing():
    found = problem("".join(line + ",x\n" if i else line + "\n" for i, line in enumerate(GOOD.splitlines())))
    assert (found.code, found.line) == ("E-FIELDS", 2)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEADER + '1,"open,1,x,2026-11-16\n2,b,1,x,2026-11-16\n', 2),
        (HEADER + '1,a,1,x,2026-11-16\n2,"b,1,x,2026-11-16\n3,"c",1,x,2026-11-16\n', 3),
        (HEADER + '1,"a\nb",1,"x,2026-11-16\n2,b,1,x,2026-11-16\n', 3),
    ],
)
def test_an_unclosed_quote_is_found_where_it_opens(text, line):
    found = problem(text)
    assert (found.code, found.line) == ("E-CSV", line)


# --- rows --------------------------------------------------------------------------------------------


def test_a_cut_row_is_set_aside_and_the_rest_counts():
    parsed = parse(GOOD + "3,c\n4,d,1,x,2026-11-18\n")
    assert rejected(parsed) == [(4, "E-FIELDS")]
    assert (parsed.counts.rows_in, parsed.counts.accepted, parsed.counts.quarantined) == (4, 3, 1)


def test_a_quote_inside_a_cell_costs_that_row_only():
    parsed = parse(HEADER + '1,"a"b,1,x,2026-11-16\n2,b,1,x,2026-11-16\n')
    assert rejected(parsed) == [(2, "E-CSV")] and parsed.counts.accepted == 1
    assert json.loads(parsed.quarantine["row"][0]) == {"line": '1,"a"b,1,x,2026-11-16'}


@pytest.mark.parametrize("cut", range(len(HEADER) + 1, len(GOOD) - 1))
def test_a_file_cut_anywhere_never_yields_a_cut_amount(cut):
    try:
        parsed = parse(GOOD[:cut])
    except FileRefused as error:
        assert error.problems[0].code in ("E-NOROWS", "E-CSV", "E-FIELDS")
        return
    whole = {("00123", Decimal("10.50"), date(2026, 11, 16)), ("1E5", Decimal("20.25"), date(2026, 11, 17))}
    assert set(deals(parsed, "deal_id", "amount", "closed_on")) <= whole
    if not GOOD[:cut].endswith("\n"):
        assert any(one.code == "E-TRUNCATED" for one in parsed.warnings)
        assert rejected(parsed)[-1][1] == "E-TRUNCATED"


def test_a_tool_that_never_ends_the_last_line_can_be_declared():
    assert parse(GOOD[:-1], format={"final_newline": False}).counts.accepted == 2


def test_of_equal_rows_one_counts_and_contradicting_rows_do_not():
    row = "7,g,5,x,2026-11-16\n"
    parsed = parse(GOOD + row + row + "00123,Anna,11.50,NA,2026-11-16\n")
    assert rejected(parsed) == [(2, "E-CONFLICT-ROWS"), (5, "E-DUPLICATE"), (6, "E-CONFLICT-ROWS")]
    assert parsed.counts.money_in == Decimal("52.25")
    assert parsed.counts.money_accepted == Decimal("25.25")


def test_a_total_row_is_left_out_and_said():
    parsed = parse(
        GOOD + "Total,,30.75,,\n", exclude=[{"column": "Id", "starts_with": ["total"], "because": "sums"}]
    )
    assert (parsed.counts.accepted, parsed.counts.excluded, parsed.counts.money_excluded) == (
        2,
        1,
        Decimal("30.75"),
    )
    assert any("sums" in one.text() for one in parsed.warnings)


def test_unknown_columns_are_named_and_stop_nothing():
    parsed = parse(
        "".join(f"{line},{'Extra' if not i else 'z'}\n" for i, line in enumerate(GOOD.splitlines()))
    )
    assert parsed.counts.accepted == 2 and "Extra" in parsed.warnings[0].text()


def test_lines_of_separators_alone_are_not_rows():
    assert parse(GOOD + ",,,,\n\n,,,,\n").counts.rows_in == 2


def test_a_dimension_without_its_column_is_refused_by_name():
    found = problem(GOOD, dimensions={"office": "Offce"})
    assert (found.code, found.column) == ("E-HEADER", "Offce") and "under dimensions" in found.text()


def test_all_rows_bad_still_adds_up():
    parsed = parse(HEADER + "1,a,x,x,2026-11-16\n2,b,y,x,\n")
    assert parsed.counts.accepted == 0 and parsed.counts.quarantined == 2 and parsed.facts["deals"].empty
    assert parsed.quarantine["column"].tolist() == ["Amount", "Amount; Closed"]


def test_a_row_keeps_every_reason_and_its_cells():
    parsed = parse(HEADER + "1,a,x1,x,31.02.2026\n")
    row = parsed.quarantine.iloc[0]
    assert row["value"] == "x1; 31.02.2026" and json.loads(row["row"])["Closed"] == "31.02.2026"


def test_addresses_of_outsiders_do_not_reach_quarantine():
    parsed = parse(HEADER + "1,jane@client.example,x,x,2026-11-16\n")
    assert "client.example" not in parsed.quarantine.to_json()


def test_possible_ranges_are_kept():
    settings = {
        "fact": "time_entries",
        "id": "time",
        "columns": {"entry_id": "i", "person": "p", "worked_on": "d", "hours": "h"},
    }
    parsed = parse(
        "i,p,d,h\n1,A,2026-11-16,24\n2,A,2026-11-16,24.5\n3,A,2026-11-16,-1\n4,,2026-11-16,1\n", **settings
    )
    assert rejected(parsed) == [(3, "E-RANGE"), (4, "E-RANGE"), (5, "E-REQUIRED")]


def test_subscriptions_cannot_end_before_they_start():
    settings = {
        "fact": None,
        "columns": {},
        "system": "subscriptions",
        "export": "subscriptions",
        "id": "subs",
    }
    text = (
        (
            "id,customer,plan,started,ended,mrr,currency\n"
            "s1,c1,Solo,2026-01-05,2026-03-01,9.99,EUR\ns2,c1,Solo,2026-04-01,,9.99,EUR\ns3,c2,Duo,2026-02-01,2026-01-01,5,EUR\n"
        )
        .replace("started", "Started")
        .replace("ended", "Ended")
    )
    parsed = parse(text, **settings)
    assert rejected(parsed) == [(4, "E-RULE")]
    assert parsed.facts["subscriptions"]["is_new_customer"].tolist() == [True, False]


def test_duplicates_meet_across_parts(monkeypatch):
    monkeypatch.setattr("pipeline.sources.validation.PART_ROWS", 7)
    lines = [f"{i % 50},n,{i % 50},x,2026-11-16\n" for i in range(100)]
    random.Random(3).shuffle(lines)
    parsed = parse(HEADER + "".join(lines))
    assert parsed.counts.accepted == 50 and {code for _, code in rejected(parsed)} == {"E-DUPLICATE"}
    assert parsed.counts.money_accepted == sum(range(50))


# --- a stranger's CSV --------------------------------------------------------------------------------

STRANGER = (
    "opportunity_id,sales_agent,product,deal_stage,engage_date,close_date,close_value\n"
    "A1,Ann,GTXPro,Won,20-10-16,01-03-17,1054\n"
    "A2,Ann,GTX Pro,Lost,25-10-16,11-03-17,0\n"
    "A3,Bob,MG,Engaging,25-10-16,,\n"
    "A4,Cy,MG,Prospecting,,,\n"
)


def test_a_strangers_pipeline_maps_with_office_from_a_second_file(tmp_path):
    (tmp_path / "teams.csv").write_text("agent,office\nAnn,East\nBob,West\n")
    parsed = parse(
        STRANGER,
        root=tmp_path,
        format={"date": "%d-%m-%y"},
        columns={
            "deal_id": "opportunity_id",
            "stage": "deal_stage",
            "amount": "close_value",
            "owner": "sales_agent",
            "is_won": {"from": "deal_stage", "equals": ["Won"]},
            "is_closed": {
                "from": "deal_stage",
                "equals": ["Won", "Lost"],
                "false": ["Engaging", "Prospecting"],
            },
            "created_on": "engage_date",
            "closed_on": "close_date",
            "region": "office",
            "product": {"from": "product", "replace": {"GTXPro": "GTX Pro"}},
        },
        lookup=[{"file": "teams.csv", "on": "sales_agent", "key": "agent", "take": {"office": "office"}}],
        dimensions={"office": "office"},
    )
    assert deals(parsed, "deal_id", "is_won", "is_closed", "region", "product") == [
        ("A1", True, True, "East", "GTX Pro"),
        ("A2", False, True, "East", "GTX Pro"),
        ("A3", False, False, "West", "MG"),
    ]
    assert parsed.facts["deals"]["closed_on"].iloc[0] == date(2017, 3, 1)
    assert parsed.facts["deals"]["dims"].tolist() == ['{"office": "East"}'] * 2 + ['{"office": "West"}']
    assert rejected(parsed) == [(5, "E-LOOKUP")]


def test_a_second_file_with_a_doubled_key_is_refused_at_its_own_line(tmp_path):
    (tmp_path / "t.csv").write_text("agent,office\nAnn,East\nAnn,West\n")
    lookup = [{"file": "t.csv", "on": "Name", "key": "agent", "take": {"o": "office"}}]
    found = problem(GOOD, root=tmp_path, lookup=lookup)
    assert (found.code, found.file, found.line) == ("E-LOOKUP", "t.csv", 3)


def test_a_mapping_without_a_required_column_is_refused_by_name():
    found = problem(GOOD, columns={"deal_id": "Id", "is_won": {"value": "true"}})
    assert found.code == "E-SOURCE" and "is_closed" in found.text()


# --- workbooks and Parquet ---------------------------------------------------------------------------


def workbook(change=None, extra_sheet=False) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "Deals"
    sheet.append(["Id", "Name", "Amount", "Region", "Closed"])
    sheet.append(["00123", "Anna", 10.5, "NA", date(2026, 11, 16)])
    sheet.append([77, "B", 20.25, "x", date(2026, 11, 17)])
    if change:
        change(sheet)
    if extra_sheet:
        book.create_sheet("Notes")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


XLSX = {"kind": "xlsx", "date": "%d.%m.%Y", "decimal": ","}


def test_a_workbook_reads_like_its_csv():
    parsed = parse(workbook(), "deals.xlsx", format=XLSX)
    assert deals(parsed, "deal_id", "amount", "closed_on") == [
        ("00123", Decimal("10.5"), date(2026, 11, 16)),
        ("77", Decimal("20.25"), date(2026, 11, 17)),
    ]


def test_a_formula_that_was_never_calculated_is_not_zero():
    parsed = parse(workbook(lambda sheet: sheet.__setitem__("C3", "=1+1")), "deals.xlsx", format=XLSX)
    assert rejected(parsed) == [(3, "E-FORMULA")]


def test_the_sheet_must_be_named_when_there_are_several():
    assert problem(workbook(extra_sheet=True), "d.xlsx", format=XLSX).code == "E-SHEET"
    assert parse(workbook(extra_sheet=True), "d.xlsx", format={**XLSX, "sheet": "Deals"}).counts.accepted == 2


def test_serial_numbers_are_not_dates():
    parsed = parse(workbook(lambda sheet: sheet.append([8, "C", 1, "x", 46000])), "deals.xlsx", format=XLSX)
    assert rejected(parsed) == [(4, "E-DATE")]


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (70 * 2**20))
    assert problem(stream.getvalue(), "b.xlsx", format=XLSX).code == "E-LIMIT"


def test_what_is_not_a_workbook_is_said_so():
    assert problem(b"<html>sign in", "d.xlsx", format=XLSX).code == "E-HTML"
    assert problem(b"Id,Name\n1,2\n", "d.xlsx", format=XLSX).code == "E-MAGIC"
    assert problem(workbook(), "d.csv").code == "E-MAGIC"


def test_a_zipped_csv_is_unpacked():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("deals.csv", GOOD)
    assert parse(stream.getvalue(), "deals.zip").counts.accepted == 2


def test_parquet_decimals_and_dates_stay_exact():
    table = pa.table(
        {
            "Id": ["1"],
            "Name": ["a"],
            "Amount": pa.array([Decimal("1234567890123.45")], pa.decimal128(20, 2)),
            "Region": [None],
            "Closed": [date(2026, 11, 16)],
        }
    )
    stream = io.BytesIO()
    pq.write_table(table, stream)
    parsed = parse(stream.getvalue(), "deals.parquet", format={"kind": "parquet"})
    assert deals(parsed, "amount", "closed_on") == [(Decimal("1234567890123.45"), date(2026, 11, 16))]


# --- conservation ------------------------------------------------------------------------------------

CELL = st.sampled_from(
    ["1", "2", "3.50", "-4", "x", "", "Total", '"q"', "1,5", "2026-11-16", "nan", "7.00001"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELL, min_size=4, max_size=6), min_size=1, max_size=12), st.booleans())
def test_rows_and_money_are_conserved_whatever_comes(rows, ended):
    """The oracle counts records and adds readable amounts with the csv module and Decimal."""
    text = HEADER + "\n".join(",".join(row) for row in rows) + ("\n" if ended else "")
    try:
        parsed = parse(text, exclude=[{"column": "Id", "equals": ["Total"]}])
    except FileRefused:
        return
    records = [row for row in csv.reader(io.StringIO(text)) if any(row)][1:]
    amounts = [row[2] for row in records if len(row) == 5 and re.fullmatch(r"-?\d+(\.\d+)?", row[2])]
    money = sum((Decimal(text).quantize(Decimal("0.0001")) for text in amounts), Decimal(0))
    assert parsed.counts.rows_in == len(records)
    assert parsed.counts.money_in == money
    assert parsed.counts.holds()
    assert len(parsed.quarantine) == parsed.counts.quarantined
    assert len(parsed.facts["deals"]) == parsed.counts.accepted


@pytest.mark.parametrize(
    ("shown_in", "kept"),
    [
        ("[$$-409]#,##0.00", ["10.5"]),
        ('"$"#,##0.00', ["10.5"]),
        ("[$USD] 0.00", ["10.5"]),
        ("[$€-407]#,##0.00", ["10.5", "20.25", "30"]),
        ("#,##0.00", ["10.5", "20.25", "30"]),
    ],
)
def test_a_number_shown_as_dollars_is_not_counted_as_euros(shown_in: str, kept: list[str]) -> None:
    """A workbook keeps the sign in the cell's format, where the text of the cell does not have it."""
    book = Workbook()
    book.active.append(HEADER.strip().split(","))
    for number, amount in enumerate((10.5, 20.25, 30)):
        book.active.append([f"D{number}", "x", amount, "N", date(2026, 11, 16)])
    for cell in ("C3", "C4"):
        book.active[cell].number_format = shown_in
    out = io.BytesIO()
    book.save(out)
    parsed = parse(out.getvalue(), "d.xlsx", format={"kind": "xlsx"})
    assert [f"{one.normalize():f}" for one in parsed.facts["deals"]["amount"]] == kept
    assert rejected(parsed) == [(3, "E-CURRENCY"), (4, "E-CURRENCY")][: 2 * (len(kept) == 1)]
    assert parsed.counts.holds()
    declared = parse(out.getvalue(), "d.xlsx", format={"kind": "xlsx"}, currency="USD")
    assert declared.counts.accepted == (1 if "€" in shown_in else 3)


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"\n <table><tr><td>Id</td></tr></table>", "E-HTML", "web page"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03KT", "E-MAGIC", "compressed"),
    ],
)
def test_a_web_table_or_compressed_file_is_called_by_its_name(data: bytes, code: str, said: str) -> None:
    found = problem(data)
    assert found.code == code and said in found.text()


def test_merged_cells_among_the_rows_are_said_since_all_but_the_first_are_blank() -> None:
    """A title that is merged above the header takes nothing from any row."""
    book = Workbook()
    sheet = book.active
    for line in (["Sales"], HEADER.strip().split(",")):
        sheet.append(line)
    for number in range(3):
        sheet.append([f"D{number}", "x", 1.5, "North", date(2026, 11, 16)])
    sheet.merge_cells("A1:E1")
    settings = {"kind": "xlsx", "skip_rows": 1}

    def read():
        out = io.BytesIO()
        book.save(out)
        return parse(out.getvalue(), "d.xlsx", format=settings)

    assert [one.code for one in read().warnings] == []
    sheet.merge_cells("D3:D5")
    parsed = read()
    (said,) = [one for one in parsed.warnings if one.code == "W-MERGED"]
    assert "(D3:D5)" in said.text()
    assert [one or None for one in parsed.facts["deals"]["region"].fillna("")] == ["North", None, None]


def test_an_amount_in_parentheses_is_negative_where_a_column_is_mapped() -> None:
    columns = {"line_id": "Id", "posted_on": "Day", "account_code": "Code", "amount": "Amount",
               "account_class": {"value": "opex"}}  # fmt: skip
    text = "Id,Day,Code,Amount\n1,2026-11-16,6000,(80.50)\n2,2026-11-16,6000,10.25\n"
    parsed = parse(text, "gl.csv", fact="ledger_lines", columns=columns)
    assert parsed.counts.money_accepted == Decimal("-70.25") and parsed.counts.accepted == 2
