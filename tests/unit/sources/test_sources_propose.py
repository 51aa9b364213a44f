"""A file nobody has described gets a mapping a person would have written, and it loads and reads as it is."""

import csv
import io
import random
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from pipeline.errors import FileRefused
from pipeline.language import speech
from pipeline.sources.look import known_exports, look_at
from pipeline.sources.proposal import note_text, proposal_text
from pipeline.sources.tryout import try_file
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Source
from pipeline.workspace.yamlnodes import read_yaml

EXPORTS = Path(__file__).parent / "exports"
AGENTS = ("Ada Byron", "Ben Stone", "Cy Young", "Dee Moss")
STAGES = ("Won", "Lost", "Engaging", "Prospecting")


def deals(folder, count=200, mark=",", day="%d-%m-%y", encoding="utf-8", header=None, amount=str):
    """An export in the shape of a CRM's: day-first two-digit years, blanks in open deals."""
    chance = random.Random(11)
    rows = [
        header
        or (
            "opportunity_id",
            "sales_agent",
            "product",
            "account",
            "deal_stage",
            "engage_date",
            "close_date",
            "close_value",
        )
    ]
    won = Decimal(0)
    for number in range(count):
        stage = STAGES[number % 4]
        begun = date(2016, 10, 20) + timedelta(days=number)
        closed = begun + timedelta(days=chance.randint(5, 60))
        value = Decimal(chance.randint(500, 900000)) / 100
        over = stage in ("Won", "Lost")
        won += value if stage == "Won" else 0
        rows.append(
            (
                f"D{number:05d}X",
                AGENTS[number % 4],
                ("GTXPro", "GTX Basic", "MG")[number % 3],
                "" if number % 5 == 4 else f"Firm {number % 7}",
                stage,
                "" if stage == "Prospecting" else begun.strftime(day),
                closed.strftime(day) if over else "",
                amount(value) if over else "",
            )
        )
    return write(folder / "pipeline.csv", rows, mark, encoding), won


def write(path, rows, mark=",", encoding="utf-8"):
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator="\n").writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def beside(folder):
    write(
        folder / "teams.csv",
        [
            ("sales_agent", "manager", "regional_office"),
            *((name, ("Mo", "Lu")[n % 2], ("East", "West")[n % 2]) for n, name in enumerate(AGENTS)),
        ],
    )
    write(
        folder / "products.csv",
        [
            ("product", "series", "price"),
            ("GTX Pro", "GTX", 4821),
            ("GTX Basic", "GTX", 550),
            ("MG", "MG", 55),
            ("MG Plus", "MG", 65),
        ],
    )
    write(
        folder / "accounts.csv",
        [
            ("account", "sector", "employees"),
            *((f"Firm {n}", ("retail", "steel")[n % 2], 100 + n) for n in range(9)),
        ],
    )


def loaded(tried):
    """The source that the written YAML gives."""
    document, problems = read_yaml(proposal_text(tried.made, "x", str).encode(), "s.yaml")
    assert not problems
    return Source.model_validate(document.data)


def revenue(tried):
    rows = tried.parsed.facts["deals"]
    return sum(rows.loc[rows["is_won"].astype(bool), "amount"], Decimal(0))


def questions(tried):
    return [note_text(note, str) for note in tried.made.questions]


# --- an opportunity table as CRMs export it ----------------------------------------------------------


def test_a_crm_export_is_mapped_as_a_person_would(tmp_path):
    path, won = deals(tmp_path)
    beside(tmp_path)
    tried = try_file(path)
    source = loaded(tried)
    assert source.fact == "deals" and source.format.date == "%d-%m-%y"
    assert {name: one.source for name, one in source.columns.items()} == {
        "deal_id": "opportunity_id",
        "amount": "close_value",
        "stage": "deal_stage",
        "is_won": "deal_stage",
        "is_closed": "deal_stage",
        "created_on": "engage_date",
        "closed_on": "close_date",
        "owner": "sales_agent",
        "customer": "account",
        "product": "product",
        "region": "region",
    }
    assert source.columns["is_won"].equals == ("Won",)
    assert set(source.columns["is_closed"].equals) == {"Won", "Lost"}
    assert set(source.columns["is_closed"].false) == {"Engaging", "Prospecting"}
    assert tried.parsed.counts.accepted == 200 and revenue(tried) == won


def test_second_files_give_region_and_dimensions_and_a_spelling_is_asked_about(tmp_path):
    path, _ = deals(tmp_path)
    beside(tmp_path)
    tried = try_file(path)
    by_file = {Path(one.file).name: one for one in loaded(tried).lookup}
    assert (
        by_file["teams.csv"].on == "sales_agent" and by_file["teams.csv"].take["region"] == "regional_office"
    )
    assert by_file["products.csv"].replace == {"GTXPro": "GTX Pro"}
    assert by_file["accounts.csv"].missing == "keep"  # open deals name no account, and still count
    assert any("GTXPro → GTX Pro" in one for one in questions(tried))
    rows = tried.parsed.facts["deals"]
    expected = {name: ("East", "West")[n % 2] for n, name in enumerate(AGENTS)}
    assert {(row.owner, row.region) for row in rows.itertuples()} == set(expected.items())
    assert set(rows["product"]) == {"GTX Pro", "GTX Basic", "MG"}


def test_a_list_is_no_source_but_something_to_look_up_in(tmp_path):
    deals(tmp_path)
    beside(tmp_path)
    for name in ("teams.csv", "products.csv", "accounts.csv"):
        tried = try_file(tmp_path / name)
        assert tried.made.settings == {} and tried.made.known is None


def test_a_russian_sheet_is_read_by_its_own_marks(tmp_path):
    header = (
        "Номер сделки",
        "Менеджер",
        "Товар",
        "Клиент",
        "Стадия",
        "Дата создания",
        "Дата закрытия",
        "Сумма, EUR",
    )

    def russian(value):
        return f"{value:,.2f}".replace(",", "\u00a0").replace(".", ",")

    path, _ = deals(tmp_path, 120, ";", "%d.%m.%Y", "cp1251", header, russian)
    text = path.read_bytes().decode("cp1251")
    for english, translated in (("Won", "Выиграна"), ("Lost", "Проиграна"), ("Engaging", "В работе")):
        text = text.replace(english, translated)
    path.write_bytes(text.encode("cp1251"))
    tried = try_file(path)
    format = loaded(tried).format
    assert (format.encoding, format.delimiter, format.decimal, format.thousands) == ("cp1251", ";", ",", " ")
    assert format.date == "%d.%m.%Y"
    assert loaded(tried).columns["is_won"].equals == ("Выиграна",)
    assert tried.parsed.counts.accepted == 120
    expected = sum(
        Decimal(row["Сумма, EUR"].replace("\u00a0", "").replace(",", "."))
        for row in csv.DictReader(io.StringIO(text), delimiter=";")
        if row["Стадия"] == "Выиграна"
    )
    assert revenue(tried) == expected > 0


def test_every_word_of_a_proposal_is_said_in_russian(tmp_path):
    path, _ = deals(tmp_path)
    beside(tmp_path)
    made = try_file(path).made
    text = proposal_text(made, "x", speech("ru"))
    assert "decide: full — в каждом файле" in text
    for notes in made.notes.values():
        assert all(speech("ru").has(note.text) for note in notes)


def test_amounts_without_a_currency_are_said_to_be_in_the_companys(tmp_path):
    path, _ = deals(tmp_path)
    text = proposal_text(try_file(path).made, "x", str)
    assert "  # no column names a currency, so amounts are in the company's" in text
    named = write(
        tmp_path / "named" / "o.csv",
        [("Order", "Date", "Amount", "Currency"), ("A1", "2026-11-30", "5", "USD")],
    )
    assert "names a currency" not in proposal_text(try_file(named).made, "x", str)


# --- questions ---------------------------------------------------------------------------------------


def orders(folder, days, amounts=("10.50",), header=("Order", "Date", "Amount")):
    rows = [(f"A{n}", day, amounts[n % len(amounts)]) for n, day in enumerate(days)]
    return write(folder / "orders.csv", [header, *rows], ";")


def test_dates_that_no_row_can_tell_are_a_question_with_both_readings(tmp_path):
    tried = try_file(orders(tmp_path, ["03/04/2026", "05/06/2026"]))
    (asked,) = [one for one in questions(tried) if "→" in one]
    assert asked == "decide: 03/04/2026: %d/%m/%Y → 2026-04-03; %m/%d/%Y → 2026-03-04"
    assert tried.parsed.counts.accepted == 2  # it works as it is; answering changes the reading


def test_one_row_after_the_twelfth_answers_it(tmp_path):
    days = [f"{month:02d}/{day:02d}/2026" for month in range(1, 13) for day in range(1, 13)]
    tried = try_file(orders(tmp_path, [*days, "03/31/2026"]))
    assert loaded(tried).format.date == "%m/%d/%Y"
    assert not [one for one in questions(tried) if "→" in one]


def test_another_date_column_of_the_file_answers_it(tmp_path):
    rows = [(f"A{n}", f"0{n}/03/2026", f"2{n}/03/2026", "5") for n in range(1, 9)]
    path = write(tmp_path / "o.csv", [("Deal ID", "Created", "Close date", "Amount"), *rows])
    tried = try_file(path)
    assert loaded(tried).format.date == "%d/%m/%Y" and not [one for one in questions(tried) if "→" in one]
    assert tried.parsed.facts["deals"]["created_on"].tolist()[0] == date(2026, 3, 1)


def test_an_amount_with_two_readings_is_a_question(tmp_path):
    tried = try_file(orders(tmp_path, ["2026-11-16", "2026-11-17"], ("1,234", "5,678")))
    (asked,) = [one for one in questions(tried) if "1,234" in one]
    assert "1.234 with decimal" in asked and "1234 with decimal" in asked


def test_rows_without_a_stage_count_as_won_and_that_is_asked(tmp_path):
    tried = try_file(orders(tmp_path, ["2026-11-16", "2026-11-17"]))
    assert any("every row counts as won" in one for one in questions(tried))
    assert tried.parsed.facts["deals"]["is_won"].all()


@pytest.mark.parametrize(
    ("at", "cell"),
    [(1, "29.02.2026"), (1, "n/a"), (2, "#REF!"), (2, "8.05E+01"), (2, "free")],
)
def test_one_odd_cell_does_not_hide_what_a_column_is(tmp_path, at, cell):
    """It is the row that is set aside, not the column, and the file is no list to look things up in."""
    rows = [[f"A{n}", f"{n + 12}.11.2026", f"{n}.50", "Ann"] for n in range(1, 9)]
    rows[5][at] = cell
    path = write(tmp_path / "orders.csv", [("Order", "Date", "Amount", "Seller"), *rows])
    tried = try_file(path)
    assert (tried.parsed.counts.accepted, tried.parsed.counts.quarantined) == (7, 1)
    assert tried.parsed.facts["deals"]["closed_on"].iloc[0] == date(2026, 11, 13)
    assert tried.parsed.counts.money_accepted == Decimal("40") - Decimal("6.5")


def test_codes_with_and_without_letters_stay_codes(tmp_path):
    rows = [(f"A{n}", "2026-11-16", "5.00", "X7" if n == 3 else f"{n}00") for n in range(8)]
    path = write(tmp_path / "o.csv", [("Order", "Date", "Amount", "Product"), *rows])
    assert loaded(try_file(path)).columns["product"].source == "Product"


def test_rows_with_a_delimiter_more_than_the_header_are_refused_not_read_without_it(tmp_path):
    text = "Order,Date,Amount\n" + "".join(f"A{n},2026-11-16,5.00,\n" for n in range(4))
    (tmp_path / "o.csv").write_text(text)
    with pytest.raises(FileRefused) as caught:
        try_file(tmp_path / "o.csv")
    assert (caught.value.problems[0].code, caught.value.problems[0].line) == ("E-FIELDS", 2)


def test_an_id_that_repeats_is_asked_about(tmp_path):
    rows = [("D1", "2026-11-16", "5"), ("D1", "2026-11-17", "7"), ("D2", "2026-11-17", "7")]
    tried = try_file(write(tmp_path / "o.csv", [("Deal ID", "Close date", "Amount"), *rows]))
    assert any(one.startswith("decide: Deal ID is not different") for one in questions(tried))
    assert tried.parsed.counts.quarantined == 2  # shown as they would be


def test_a_file_that_ends_without_a_line_end_is_asked_about(tmp_path):
    path = orders(tmp_path, ["2026-11-16", "2026-11-17"])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    tried = try_file(path)
    assert any("does not end with a line end" in one for one in questions(tried))
    assert tried.parsed.counts.accepted == 2


# --- other facts and kinds of files ------------------------------------------------------------------

TABLES = {
    "contacts": [
        ("Lead id", "E-mail", "Created", "Source"),
        ("1", "a@x.example", "2026-11-02", "Ads"),
        ("2", "b@x.example", "2026-11-03", "Web"),
    ],
    "signups": [
        ("Day", "Event name", "Registrations"),
        ("2026-11-02", "sign_up", "4"),
        ("2026-11-03", "sign_up", "7"),
    ],
    "time_entries": [
        ("Сотрудник", "Дата", "Задача", "Часы"),
        ("Анна", "02.11.2026", "Звонки", "2,5"),
        ("Олег", "30.11.2026", "Звонки", "1,0"),
    ],
    "tasks": [
        ("Key", "Task name", "Start date", "Due date", "Progress"),
        ("T-1", "Plan", "2026-11-02", "2026-11-09", "50"),
        ("T-2", "Do", "2026-11-09", "2026-11-20", "0"),
    ],
    "subscriptions": [
        ("Subscription id", "Customer", "Plan", "Start date", "End date", "MRR"),
        ("s1", "c1", "solo", "2026-01-02", "", "9.99"),
        ("s2", "c2", "duo", "2026-02-02", "2026-10-01", "12.99"),
    ],
    "ledger_lines": [
        ("Posting date", "Account code", "Account name", "Amount"),
        ("2026-11-02", "4000", "Sales", "100.00"),
        ("2026-11-03", "5100", "Hosting", "-20.00"),
    ],
    "freelance_costs": [
        ("Payment date", "Freelancer", "Hours", "Amount"),
        ("2026-11-02", "Kim", "2.5", "50.00"),
        ("2026-11-03", "Lee", "1", "20.00"),
    ],
}


@pytest.mark.parametrize("fact", TABLES)
def test_each_fact_is_told_by_words_and_values(tmp_path, fact):
    mark = ";" if fact == "time_entries" else ","
    tried = try_file(write(tmp_path / "table.csv", TABLES[fact], mark))
    assert loaded(tried).id == "table" and tried.facts[0] == fact and not tried.problems
    assert tried.parsed.counts.accepted == 2, tried.parsed.quarantine["reason"].tolist()


def test_workbooks_and_parquet_need_no_date_format(tmp_path):
    book = Workbook()
    book.active.append(["Report of November"])
    book.active.append([])
    book.active.append(["Order", "Order date", "Total"])
    for n in range(3):
        book.active.append([f"A{n}", date(2026, 11, 16 + n), 10.5 * n])
    book.create_sheet("Notes").append(["x"])
    book.save(tmp_path / "orders.xlsx")
    tried = try_file(tmp_path / "orders.xlsx")
    format = loaded(tried).format
    assert (format.kind, format.sheet, format.skip_rows) == ("xlsx", "Sheet", 2)
    assert tried.parsed.counts.accepted == 3 and tried.parsed.counts.money_accepted == Decimal("31.5")
    table = pa.table(
        {"Order": ["a", "b"], "Order date": [date(2026, 11, 16)] * 2, "Total": [Decimal("1.10"), None]}
    )
    pq.write_table(table, tmp_path / "o.parquet")
    assert try_file(tmp_path / "o.parquet").parsed.counts.money_accepted == Decimal("1.1")


@pytest.mark.parametrize(("epoch", "number"), [(WINDOWS_EPOCH, 45992), (MAC_EPOCH, 44530)])
def test_numbers_that_are_days_are_asked_about_and_read_by_the_workbooks_own_count(tmp_path, epoch, number):
    """1 December 2025 is 45,992 days after 30 December 1899 and 44,530 after 1 January 1904; the second
    row has a date that kept its format."""
    book = Workbook()
    book.epoch = epoch
    book.active.append(["Order", "Closed on", "Amount"])
    book.active.append(["A1", number, 45992])
    book.active.append(["A2", date(2026, 2, 28), 10.5])
    book.active.append(["A3", number + 90.75, 20])
    book.save(tmp_path / "orders.xlsx")
    tried = try_file(tmp_path / "orders.xlsx")
    assert loaded(tried).columns["closed_on"].date == "excel"
    assert (
        f"decide: Closed on has numbers where dates are meant: is {number} the day 2025-12-01?"
        in questions(tried)
    )
    rows = tried.parsed.facts["deals"]
    assert rows["closed_on"].tolist() == [date(2025, 12, 1), date(2026, 2, 28), date(2026, 3, 1)]
    assert tried.parsed.counts.money_accepted == Decimal("46022.5")


def test_a_known_export_with_numbers_for_dates_reads_them(tmp_path):
    rows = [("Date", "Account code", "Account name", "Amount"), (45992, "4000", "Sales", "100.00")]
    tried = try_file(write(tmp_path / "gl.csv", rows))
    assert tried.parsed is not None and not tried.problems
    (frame,) = tried.parsed.facts.values()
    assert frame["posted_on"].tolist() == [date(2025, 12, 1)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Record ID,Deal Name,Deal Stage,Amount,Close Date", ("hubspot", "deals")),
        ("ID записи,Название сделки,Этап сделки,Сумма,Дата закрытия", ("hubspot", "deals")),
        ("hs_object_id,dealname,dealstage,amount,closedate", ("hubspot", "deals")),
        ("date,account_code,debit,credit,account_name", ("ledger", "gl")),
    ],
)
def test_known_exports_are_told_in_every_language_they_come_in(header, expected):
    (best, *_) = known_exports(header.split(","))
    assert (best.vendor.system, best.spec.name) == expected


@pytest.mark.parametrize(
    ("file", "export", "accepted", "said"),
    [
        ("quickbooks_profit_and_loss.csv", "profit_and_loss", 9, ()),
        ("quickbooks_profit_by_month.csv", "profit_and_loss", None, ("E-CURRENCY",)),
        ("quickbooks_general_ledger.csv", "general_ledger", 5, ()),
    ],
)
def test_a_report_below_titles_is_no_list_to_look_things_up_in(file, export, accepted, said):
    """Its columns are months and sums; only reading it to its end tells whose report it is."""
    tried = try_file(EXPORTS / file)
    assert (tried.made.settings["system"], tried.made.settings["export"]) == ("quickbooks", export)
    assert (tried.parsed.counts.accepted if tried.parsed else None) == accepted
    assert tuple(one.code for one in tried.problems) == said


def test_columns_that_two_exports_share_are_asked_about(tmp_path):
    """Taken for the first of the two without a word, people of one tool would count as those of the other."""
    rows = [("id", "created_at", "owner"), ("1", "2026-11-16", "Ada Byron")]
    tried = try_file(write(tmp_path / "people.csv", rows))
    (note,) = tried.made.notes["system",]
    assert (tried.made.settings["system"], note.params) == ("ortto", {"others": "prospectio prospects"})
    assert note.is_question and "# decide: the columns fit as well" in proposal_text(tried.made, "x", str)
    assert speech("ru").has(note.text)


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("list.json", "[{ROW1},\n{ROW2}]\n", {"kind": "json"}),
        ("inside.json", '{"page": 1, "orders": [{ROW1}, {ROW2}]}', {"kind": "json", "records": "orders"}),
        ("lines.ndjson", "{ROW1}\n{ROW2}\n", {"kind": "ndjson"}),
    ],
)
def test_json_is_proposed_with_where_its_records_lie(tmp_path, name, text, format):
    """1.10 read as a binary fraction would end in another cent; two orders are 1234567890123.10 + 0.20."""
    rows = [
        '{"order_id": "A1", "close_date": "2026-11-16", "amount": 1234567890123.10}',
        '{"order_id": "A2", "close_date": "2026-11-17", "amount": 0.20}',
    ]
    (tmp_path / name).write_text(text.replace("{ROW1}", rows[0]).replace("{ROW2}", rows[1]))
    tried = try_file(tmp_path / name)
    assert tried.made.settings["format"] == format and tried.made.settings["fact"] == "deals"
    assert tried.problems == () and tried.parsed.counts.money_accepted == Decimal("1234567890123.30")
    assert loaded(tried).format.kind == format["kind"]


def test_of_several_lists_of_records_the_one_with_facts_is_proposed_and_the_others_are_named(tmp_path):
    """The owners come first in the file and are no facts; a list of plain texts is no list of records."""
    sold = [(n, Decimal(n) * Decimal("100.25"), ("won", "open")[n % 2]) for n in range(1, 7)]
    deals = ", ".join(
        f'{{"deal_id": "D{n}", "amount": {amount}, "stage": "{stage}", "close_date": "2026-03-{n:02}"}}'
        for n, amount, stage in sold
    )
    path = tmp_path / "crm.json"
    path.write_text(
        f'{{"owners": [{{"id": "1", "name": "Ann"}}], "tags": ["a", "b"], "data": {{"deals": [{deals}]}}}}'
    )
    tried = try_file(path)
    source = loaded(tried)
    assert (source.format.kind, source.format.records, source.fact) == ("json", "data.deals", "deals")
    assert revenue(tried) == sum(amount for _, amount, stage in sold if stage == "won")
    assert any("other lists of the file: owners (1);" in one for one in questions(tried))


def test_a_known_export_in_three_lines_with_what_differs(tmp_path):
    rows = [("ID ЗАПИСИ", "Название сделки", "этап сделки", "Сумма", "дата закрытия")]
    rows += [
        ("1", "A", "Закрыта и выиграна", "1 000,50", "16.11.2026"),
        ("2", "B", "Проиграна", "5,00", "17.11.2026"),
    ]
    tried = try_file(write(tmp_path / "hubspot.csv", rows, ";", "cp1251"))
    source = loaded(tried)
    assert (source.system, source.export, source.fact, source.columns) == ("hubspot", "deals", None, {})
    assert (source.format.encoding, source.format.date) == ("cp1251", "%d.%m.%Y")
    assert tried.parsed.counts.accepted == 2 and tried.parsed.counts.money_accepted == Decimal("1005.5")


def test_a_file_that_is_no_table_is_a_sentence(tmp_path):
    from pipeline.errors import FileRefused

    for data in (b"", b"<!DOCTYPE html><html>sign in</html>", b"\x00\x01\x02" * 50):
        with pytest.raises(FileRefused):
            look_at(data, "x.csv")


def test_what_was_proposed_loads_in_a_workspace(tmp_path):
    """Through the command: written once, with its second files, and never over anything."""
    from assets import cli

    folder, root = tmp_path / "drop", tmp_path / "w"
    path, _ = deals(folder)
    beside(folder)
    assert cli.call(["init", str(root)]) == 0
    assert cli.call(["sources", "try", str(path), "--write", "-w", str(root)]) == 0
    source = next(one for one in load_workspace(root).sources if one.id == "pipeline")
    assert {one.file for one in source.lookup} == {
        f"lookups/{n}.csv" for n in ("accounts", "products", "teams")
    }
    before = (root / "sources/pipeline.yaml").read_bytes()
    assert cli.call(["sources", "try", str(path), "--write", "-w", str(root)]) == 2
    assert (root / "sources/pipeline.yaml").read_bytes() == before


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.pdf", b"%PDF-1.7\n1 0 obj", "PDF document"),
        ("x.numbers", archive("Index/Document.iwa", "preview.jpg"), "Numbers"),
        ("x.ods", archive("mimetype", "content.xml"), "LibreOffice"),
        ("x.docx", archive("word/document.xml", "docProps/app.xml"), "Word"),
        ("two.zip", archive("a.csv", "b.csv"), "archive of 2 files: a.csv, b.csv"),
    ],
)
def test_what_is_no_table_is_named_and_never_declared_as_one(name: str, data: bytes, said: str) -> None:
    with pytest.raises(FileRefused) as caught:
        look_at(data, name)
    (found,) = caught.value.problems
    assert found.code == "E-MAGIC" and said in found.text() and "kind:" not in found.text()
    assert speech("ru").has(found.message) and speech("ru").has(found.remedy)


def test_a_general_ledger_is_proposed_with_a_class_for_each_first_digit() -> None:
    tried = try_file(EXPORTS / "quickbooks_general_ledger.csv")
    classes = tried.made.settings["columns"]["account_class"]
    assert classes["from"] == "Account code" and set(classes["map"]) <= {f"{n}*" for n in range(10)}
    assert classes["map"]["4*"] == "revenue"
    assert "# decide: which accounts are" in proposal_text(tried.made, "x", str)
