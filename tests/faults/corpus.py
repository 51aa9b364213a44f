"""Bad files: every way an export goes wrong, made from good ones, with what must come of each.

Here: natively read exports and mapped ones (CSV, workbook, Parquet, JSON, NDJSON) and the mutations of them.
Not here: the asserts (test_faults_corpus.py). What a file must give is worked out from the mutation itself
with plain loops and Decimal; nothing is imported from the reader.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

Row = list[str]


@dataclass(frozen=True)
class Base:
    """A good export. `amount` is the column whose cells are added up (None: rows are counted), `day` the
    column of dates, `key` the identifying column (None: rows have no identifier)."""

    name: str
    source: dict[str, Any]
    header: Row
    rows: list[Row]
    fact: str
    measure: str | None
    amount: int | None
    day: int
    key: int | None
    needed: tuple[int, ...]
    worth: Callable[[str], Decimal] = Decimal
    before: str = ""
    kind: str = "csv"
    dated: bool = True
    """A file without its day column is refused at its header; counters could also be dated by receipt."""
    has_days: bool = True
    """A list without a date; its own bad cells are made by `list_cells`."""
    event: str | None = None
    """Only rows of the fact with this event count (a message gives several)."""


@dataclass(frozen=True)
class Case:
    """One file and what must come of it: refused with one of `codes`, or read with these bad lines."""

    label: str
    base: Base
    data: bytes
    codes: tuple[str, ...] = ()
    line: int | None = None
    values: list[Decimal] = field(default_factory=list)
    """Worth of the rows that count, in the order of the file."""
    bad: list[tuple[int, str]] = field(default_factory=list)
    """(line, code) of the rows that are set aside."""
    excluded: int = 0
    warns: tuple[str, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    """Changes to the source's declaration."""


PROFIT = """Profit and Loss,
Acme,
"October, 2026"
,
Distribution account,Total
Income,
Sales,"1,200.50"
Total for Income,"€1,200.50"
Gross Profit,"€1,200.50"
Expenses,
Rent,99.99
Total for Expenses,€99.99
Net Income,"€1,100.51"
"Cash Basis Monday, November 02, 2026 09:00 AM GMT-5"
"""
LEDGER = """Acme,,,,
General Ledger,,,,
,,,,
,Date,Transaction Type,Amount,Balance
4000 Sales,,,,
,10/05/2026,Invoice,"1,200.50","1,200.50"
Total for 4000 Sales,,,"€1,200.50",
6100 Rent,,,,
,10/31/2026,Bill,99.99,99.99
Total for 6100 Rent,,,€99.99,
"""


def _bases() -> list[Base]:
    days = ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"]
    amounts = ["1200.50", "99.99", "0.01", "30000.00"]
    return [
        Base(
            "hubspot_deals",
            {"system": "hubspot", "export": "deals"},
            ["Record ID", "Deal Name", "Deal Stage", "Amount", "Close Date", "Deal owner", "Region"],
            [[f"0045{i}", f"Сделка {i}", "Closed Won", amounts[i], days[i], "Irina", "NA"] for i in range(4)],
            "deals",
            "amount",
            3,
            4,
            0,
            (0, 2, 3, 4),
        ),
        Base(
            "hubspot_contacts",
            {"system": "hubspot", "export": "contacts"},
            ["Record ID", "Email", "Create Date", "Original Source"],
            [[str(500 + i), f"p{i}@x.example", days[i], "None"] for i in range(4)],
            "contacts",
            None,
            None,
            2,
            0,
            (0, 2),
        ),
        Base(
            "mailshake_activity",
            {"system": "mailshake", "export": "activity"},
            ["message_id", "campaign_title", "recipient_email", "sent_at", "bounced", "subject"],
            [[f"m{i}", "Осень", f"p{i}@x.example", f"{days[i]}T08:00:00Z", "false", "Hi"] for i in range(4)],
            "outreach_events",
            None,
            None,
            3,
            0,
            (1, 2, 3),
            event="sent",
        ),
        Base(
            "timecamp_entries",
            {"system": "timecamp", "export": "entries"},
            ["id", "user_name", "date", "duration", "name"],
            [[str(7 + i), "Анна", days[i], str(900 * (i + 1)), "Calls"] for i in range(4)],
            "time_entries",
            "hours",
            3,
            2,
            0,
            (0, 1, 2, 3),
            worth=lambda cell: Decimal(cell) / 3600,
        ),
        Base(
            "subscriptions",
            {"system": "subscriptions", "export": "subscriptions"},
            ["subscription_id", "customer_id", "started_on", "ended_on", "mrr", "plan"],
            [[f"s{i}", f"c{i}", days[i], "", amounts[i], "Солo"] for i in range(4)],
            "subscriptions",
            "mrr",
            4,
            2,
            0,
            (0, 1, 2, 3),
        ),
        Base(
            "ga4_signups",
            {"system": "ga4", "export": "signups"},
            ["Date", "Event name", "Event count", "Session default channel group"],
            [[day.replace("-", ""), "sign_up", str(10 + i), "Email"] for i, day in enumerate(days)],
            "signups",
            "count",
            2,
            0,
            None,
            (0, 1, 2),
            before="# GA4\n# Events\n",
        ),
        Base(
            "ledger_gl",
            {"system": "ledger", "export": "gl"},
            ["date", "account_code", "account_class", "debit", "credit", "memo"],
            [[days[i], f"400{i}", "revenue", "", amounts[i], "Счёт"] for i in range(4)],
            "ledger_lines",
            "amount",
            4,
            0,
            None,
            (0, 1, 2, 3, 4),
        ),
        Base(
            "upwork_weekly",
            {"system": "upwork", "export": "weekly"},
            ["Date", "Contract", "Hours", "Amount", "Payment type"],
            [[days[i], f"Перевод (4011882{i})", "1.5", amounts[i], ""] for i in range(4)],
            "freelance_costs",
            "amount",
            3,
            0,
            None,
            (0, 1, 3),
        ),
        Base(
            "upwork_transactions",
            {"system": "upwork", "export": "transactions", "format": {"date": "iso", "thousands": ""}},
            ["Ref ID", "Date", "Type", "Freelancer", "Currency", "Amount", "Description"],
            [[f"61{i}", days[i], "Refund", "Дана", "EUR", amounts[i], "(40118822) hour"] for i in range(4)],
            "freelance_costs",
            "amount",
            5,
            1,
            0,
            (0, 1, 5),
            worth=lambda cell: -Decimal(cell),
        ),
        Base(
            "ganttproject_tasks",
            {"system": "ganttproject", "export": "tasks", "format": {"until_blank": False}},
            ["ID", "Name", "Begin date", "End date", "Cost", "Notes"],
            [[str(70 + i), f"Задача {i}", "2024-01-01", days[i], amounts[i], "Да"] for i in range(4)],
            "tasks",
            "cost",
            4,
            3,
            0,
            (0, 1),
        ),
        Base(
            "asana_tasks",
            {"system": "asana", "export": "tasks"},
            ["Task ID", "Name", "Due Date", "Completed At", "Notes"],
            [[str(12000 + i), f"Задача {i}", days[i], "", "Да"] for i in range(4)],
            "tasks",
            None,
            None,
            2,
            0,
            (0, 1),
        ),
        Base(
            "jira_issues",
            {"system": "jira", "export": "issues", "format": {"date": "iso", "datetime": "iso"}},
            ["Issue key", "Issue id", "Summary", "Due date", "Labels"],
            [[f"APP-{i}", str(100 + i), f"Задача {i}", days[i], "q4"] for i in range(4)],
            "tasks",
            None,
            None,
            3,
            0,
            (0, 2),
        ),
        Base(
            "timecamp_report",
            {"system": "timecamp", "export": "report"},
            ["Date", "User", "Duration", "Task", "Tags"],
            [[days[i], "Анна", str(900 * (i + 1)), "Calls", "selling"] for i in range(4)],
            "time_entries",
            "hours",
            2,
            0,
            None,
            (0, 1, 2),
            worth=lambda cell: Decimal(cell) / 3600,
        ),
        Base(
            "mrr_movements",
            {"system": "subscriptions", "export": "mrr_movements"},
            ["movement_id", "date", "customer_id", "movement", "mrr", "plan"],
            [[f"m{i}", days[i], f"c{i}", "new", amounts[i], "Солo"] for i in range(4)],
            "mrr_movements",
            "amount",
            4,
            1,
            0,
            (0, 1, 2, 3, 4),
        ),
        *(_mapped(kind, days, amounts) for kind in ("csv", "xlsx", "parquet", "json", "ndjson")),
        *_reports(),
        *_sales_tools(days),
        *_lists(),
    ]


def _reports() -> list[Base]:
    """Reports made for reading: the rows here are the whole text, and the values those of its accounts."""
    ledger = {"account_class": {"from": "Account code", "map": {"4*": "revenue", "6*": "opex"}}}
    both = (
        ("profit_and_loss", {}, PROFIT, "profit_lines"),
        ("general_ledger", {"columns": ledger}, LEDGER, "ledger_lines"),
    )
    return [
        Base(
            f"quickbooks_{export}",
            {"system": "quickbooks", "export": export, **extra},
            [],
            [[text]],
            fact,
            "amount",
            None,
            0,
            None,
            (),
            kind="report",
        )
        for export, extra, text, fact in both
    ]


def _sales_tools(days: Row) -> list[Base]:
    """The further exports of HubSpot, Mailshake, Ortto, Prospect.io and NinjaOutreach."""
    addresses = [f"p{i}@x.example" for i in range(4)]
    return [
        _table("hubspot", "companies", "companies", {
            "Record ID": ["70", "71", "72", "73"], "Company name": ["Отель"] * 4, "Create Date": days,
            "Industry": ["None"] * 4,
        }, "Create Date", ("Record ID", "Company name", "Create Date")),
        _table("hubspot", "forms", "form_submissions", {
            "Conversion ID": ["cv0", "cv1", "cv2", "cv3"], "Submitted At": days, "Email": addresses,
            "Form": ["Заявка"] * 4,
        }, "Submitted At", ("Submitted At", "Form")),
        *(
            _table("hubspot", export, "engagements", {
                "Record ID": ["770", "771", "772", "773"], day: days, of_its_own: ["Completed"] * 4,
                "Assigned to": ["Ирина"] * 4,
            }, day, ("Record ID", day, of_its_own))
            for export, day, of_its_own in (
                ("meetings", "Meeting start time", "Meeting outcome"),
                ("calls", "Activity date", "Call direction"),
                ("tasks", "Due date", "Task Status"),
                ("emails", "Activity date", "Email direction"),
            )
        ),
        *(_counters(system, days) for system in COUNTED),
        _table("ortto", "contacts", "contacts", {
            "id": ["p0", "p1", "p2", "p3"], "email": addresses, "created_at": days, "source": ["Поиск"] * 4,
        }, "created_at", ("id", "created_at")),
        _table("prospectio", "prospects", "contacts", {
            "id": ["510", "511", "512", "513"], "email": addresses, "created_at": days, "list": ["Осень"] * 4,
        }, "created_at", ("id", "created_at")),
        _table("ninjaoutreach", "contacts", "contacts", {
            "ID": ["n0", "n1", "n2", "n3"], "Email": addresses, "Contacted On": days, "List": ["Осень"] * 4,
        }, "Contacted On", ()),
    ]  # fmt: skip


def _lists() -> list[Base]:
    """HubSpot's owners and stages: lists without a date. `day` is a needed column of text there."""
    owners = _table(
        "hubspot",
        "owners",
        "owners",
        {
            "id": ["7", "8", "9", "10"],
            "email": ["анна@x.example", "b@x.example", "c@x.example", "d@x.example"],
            "firstName": ["Анна", "NA", "None", "Мария"],
            "archived": ["false", "true", "false", "false"],
        },
        "email",
        ("id", "email", "archived"),
    )
    stages = _table(
        "hubspot",
        "pipelines",
        "pipeline_stages",
        {
            "pipeline_id": ["p"] * 4,
            "pipeline_label": ["Продажи"] * 4,
            "stage_id": ["1", "2", "3", "4"],
            "stage_label": ["Встреча", "Договор", "Выиграна", "NA"],
            "probability": ["0.2", "0.8", "1.0", "0.0"],
        },
        "stage_label",
        ("pipeline_id", "stage_id", "stage_label", "probability"),
    )
    return [replace(owners, has_days=False), replace(stages, has_days=False, key=None)]  # fmt: skip


def _table(
    system: str, export: str, fact: str, columns: dict[str, Row], day: str, needed: tuple[str, ...]
) -> Base:
    """A base from its columns; the first one identifies a row."""
    header = list(columns)
    return Base(
        f"{system}_{export}",
        {"system": system, "export": export},
        header,
        [list(row) for row in zip(*columns.values(), strict=True)],
        fact,
        None,
        None,
        header.index(day),
        0,
        tuple(header.index(name) for name in needed),
    )


def _counters(system: str, days: Row) -> Base:
    """A list of campaigns, known by identifier and day together."""
    counter, measure, last = COUNTED[system]
    columns = {
        "id": ["c0", "c1", "c2", "c3"],
        "name" if system != "mailshake" else "title": ["Осень"] * 4,
        "snapshot_at": days,
        "replies": ["1"] * 4,
        counter: ["100", "101", "0", "99999"],
        last: ["a"] * 4,
    }
    if system == "ortto":
        del columns["replies"]
    base = _table(system, "campaigns", "campaign_snapshots", columns, "snapshot_at", ("snapshot_at",))
    return replace(base, measure=measure, amount=base.header.index(counter), key=None, dated=False)


COUNTED = {
    "mailshake": ("sent", "sent", "owner"),
    "ortto": ("delivered", "delivered", "type"),
    "prospectio": ("contacted", "sent", "owner"),
}
"""The counter that each system's list of campaigns must have, its column of the fact, and a last column."""


def _mapped(kind: str, days: Row, amounts: Row) -> Base:
    columns = {
        "entry_id": "Reference",
        "paid_on": "Paid",
        "contract": "Contract",
        "amount": "Sum",
        "payment": {"from": "Kind", "optional": True},
    }
    return Base(
        f"mapped_{kind}",
        {"system": "own", "fact": "freelance_costs", "columns": columns, "format": {"kind": kind}},
        ["Reference", "Paid", "Contract", "Sum", "Kind"],
        [[f"r{i}", days[i], "Перевод", amounts[i], "null"] for i in range(4)],
        "freelance_costs",
        "amount",
        3,
        1,
        0,
        (0, 1, 2, 3, 4),
        kind=kind,
    )


BASES = _bases()
CSV_BASES = [base for base in BASES if base.kind == "csv"]


# --- writing files -----------------------------------------------------------------------------------


def text_of(base: Base, rows: list[Row], header: Row | None = None, delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows([header or base.header, *rows])
    return base.before + out.getvalue()


def written(base: Base, rows: list[Row], header: Row | None = None) -> bytes:
    """The rows in the base's own kind of file."""
    header = header or base.header
    if base.kind == "xlsx":
        return workbook([header, *rows])
    if base.kind == "parquet":
        out = io.BytesIO()
        arrays = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(header))]
        pq.write_table(pa.Table.from_arrays(arrays, names=header), out)
        return out.getvalue()
    if base.kind in ("json", "ndjson"):
        return json_text(base, rows, header).encode()
    return text_of(base, rows, header).encode()


def json_text(base: Base, rows: list[Row], header: Row | None = None) -> str:
    """A record a line, in a list or each for itself."""
    names = header or base.header
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]
    if base.kind == "ndjson":
        return "".join(f"{line}\n" for line in lines)
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]"


def workbook(rows: list[list[Any]], *, before: Callable[[Workbook], None] | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if before is not None:
        before(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edited(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A ZIP archive with one member changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == part else content)
    return out.getvalue()


def first_line(base: Base) -> int:
    """Line of the first row."""
    return 1 if base.kind in ("parquet", "ndjson") else base.before.count("\n") + 2


def values(base: Base, rows: list[Row]) -> list[Decimal]:
    if base.amount is None:
        return [Decimal(1)] * len(rows)
    return [base.worth(row[base.amount]) for row in rows]


def good(base: Base, label: str, data: bytes, rows: list[Row] | None = None, **extra: Any) -> Case:
    return Case(label, base, data, values=values(base, base.rows if rows is None else rows), **extra)


def with_cell(base: Base, row: int, column: int, cell: str) -> list[Row]:
    rows = [list(one) for one in base.rows]
    rows[row][column] = cell
    return rows


def without(base: Base, *numbers: int) -> list[Row]:
    return [row for number, row in enumerate(base.rows) if number not in numbers]


# --- whole files -------------------------------------------------------------------------------------


def whole_files(base: Base) -> Iterator[Case]:
    """What is not the export at all; the same for every kind of file."""
    login = b"<!DOCTYPE html>\n<html><body>Please sign in</body></html>"
    none = written(base, [])
    yield good(base, "as it is", written(base, base.rows))
    yield Case("empty", base, b"", ("E-EMPTY",))
    yield Case("blanks only", base, b"\xef\xbb\xbf\r\n\r\n", ("E-EMPTY",))
    yield Case("header only", base, none, ("E-NOROWS",))
    yield Case("header only, allowed", base, none, changes={"allow_empty": True})
    yield Case("sign-in page", base, login, ("E-HTML",))
    yield Case("sign-in page after blanks", base, b"\n\n  " + login.lower(), ("E-HTML",))
    yield Case("error as JSON", base, b'{"status":"error","category":"RATE_LIMITS"}', ("E-JSON",))
    yield Case("JSON list", base, b'[{"a": 1}]', ("E-JSON",))
    yield Case("deep JSON", base, b'{"a":' + b"[" * 10_000, ("E-JSON",))
    yield Case("PDF", base, b"%PDF-1.7\n1 0 obj", ("E-MAGIC",))
    yield Case(
        "old or locked workbook", base, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ("E-PASSWORD",)
    )
    yield Case(
        "gzip",
        base,
        b"\x1f\x8b\x08\x00" + bytes(range(200)),
        ("E-BYTES", "E-ENCODING", "E-MAGIC", "E-PARQUET"),
    )
    yield Case("all zeros", base, b"\0" * 4096, ("E-EMPTY", "E-BYTES", "E-MAGIC", "E-PARQUET"))
    for label, header in (("missing", "Zzz"), ("renamed", base.header[base.day] + "s")):
        changed = [header if i == base.day else name for i, name in enumerate(base.header)]
        yield Case(
            f"column {label}",
            base,
            written(base, base.rows, changed),
            ("E-HEADER",),
            line=(first_line(base) - 1 or 1) if base.dated else None,
        )
        aliases = {"aliases": {_canonical(base, base.day): [header]}}
        yield good(base, f"column {label}, alias given", written(base, base.rows, changed), changes=aliases)


def _canonical(base: Base, column: int) -> str:
    header = base.header[column]
    names = {
        "Close Date": "closed_on",
        "Create Date": "created_on",
        "sent_at": "sent_on",
        "started_on": "started_on",
    }
    own = {"timecamp_entries": "worked_on", "ga4_signups": "signed_on", "ledger_gl": "posted_on"}
    own |= {"timecamp_report": "worked_on", "mrr_movements": "moved_on"}
    own |= {"hubspot_owners": "email", "hubspot_pipelines": "stage"}
    by_fact = {
        "tasks": "due_on",
        "form_submissions": "submitted_on",
        "engagements": "happened_on",
        "campaign_snapshots": "counted_on",
        "contacts": "contacted_on" if header == "Contacted On" else "created_on",
    }
    return own.get(base.name) or names.get(header) or by_fact.get(base.fact, "paid_on")


def shapes(base: Base) -> Iterator[Case]:
    """Columns and rows that are not where they were."""
    width = range(len(base.header))
    turned = [*reversed(width)]
    if base.name != "mailshake_activity":
        yield good(
            base,
            "columns reordered",
            written(base, [[row[i] for i in turned] for row in base.rows], [base.header[i] for i in turned]),
        )
    yield good(
        base,
        "unknown column",
        written(base, [[*row, "x"] for row in base.rows], [*base.header, "Surplus"]),
        warns=("W-COLUMNS",),
    )
    if base.kind in ("csv", "xlsx"):  # the others with one name twice are cases of their own
        doubled = written(
            base, [[*row, row[base.day]] for row in base.rows], [*base.header, base.header[base.day]]
        )
        yield Case("column twice", base, doubled, ("E-HEADER",))
    spaced = [f" \u00a0{name.upper()} " for name in base.header]
    yield good(base, "header in capitals with blanks", written(base, base.rows, spaced))
    yield from _spellings(base)
    if base.key is not None:
        again = [*base.rows, base.rows[1]]
        line = first_line(base) + 4
        yield good(base, "row twice", written(base, again), bad=[(line, "E-DUPLICATE")])
        other = list(base.rows[1])
        other[base.day] = base.rows[3][base.day]
        conflict = written(base, [*base.rows, other])
        bad = [(first_line(base) + 1, "E-CONFLICT-ROWS"), (line, "E-CONFLICT-ROWS")]
        yield good(base, "one key, two contents", conflict, without(base, 1), bad=bad)
    yield good(
        base,
        "dates outside the week",
        written(
            base, with_cell(base, 1, base.day, "20250101" if base.name == "ga4_signups" else "2025-01-01")
        ),
    )


CYRILLIC = str.maketrans("aceopxyACEOPXHKMTB", "асеорхуАСЕОРХНКМТВ")
GREEK = str.maketrans("AEIKMNOPTXov", "ΑΕΙΚΜΝΟΡΤΧον")


def _spellings(base: Base) -> Iterator[Case]:
    """Headers that look right and are written with other characters: read all the same, letters said."""
    needed = [base.header[i] for i in base.needed]
    for label, table in (("Cyrillic", CYRILLIC), ("Greek", GREEK)):
        spelled = [name.translate(table) for name in base.header]
        if any(name != name.translate(table) for name in needed):
            yield good(
                base, f"{label} letters in headers", written(base, base.rows, spelled), warns=("W-HEADER",)
            )
    wide = ["".join(chr(ord(ch) + 0xFEE0) if "!" < ch < "~" else ch for ch in name) for name in base.header]
    unseen = [f"\u200b{name[:1]}\u00ad{name[1:]}\u2060" for name in base.header]
    blanks = [name.replace(" ", "\u202f\u00a0").replace("-", "\u2011") for name in base.header]
    yield good(base, "full-width headers", written(base, base.rows, wide))
    yield good(base, "characters nobody sees in headers", written(base, base.rows, unseen))
    yield good(base, "other blanks and dashes in headers", written(base, base.rows, blanks))
    twin = base.header[base.day].translate(CYRILLIC)
    if base.kind in ("csv", "xlsx") and twin != base.header[base.day]:
        rows = [[*row, row[base.day]] for row in base.rows]
        yield Case("two columns look alike", base, written(base, rows, [*base.header, twin]), ("E-HEADER",))


def cells(base: Base) -> Iterator[Case]:
    """One cell that is not what it should be: its row is set aside and the others count."""
    line = first_line(base) + 2
    kept = without(base, 2)
    dates = [
        "31.02.2026",
        "00.00.0000",
        "46000",
        "2026-13-01",
        "2026-02-30",
        "11/16/2026",
        "tomorrow",
        "16.11.26",
    ]
    for cell in dates:
        data = written(base, with_cell(base, 2, base.day, cell))
        yield good(base, f"date {cell}", data, kept, bad=[(line, "E-DATE")])
    required = [column for column in base.needed if column in (base.day, base.key)]
    for column in required:
        data = written(base, with_cell(base, 2, column, "  "))
        yield good(base, f"blank {base.header[column]}", data, kept, bad=[(line, "E-REQUIRED")])
    if base.amount is None:
        return
    code = "E-DURATION" if base.measure == "hours" else "E-NUMBER"
    numbers = [
        "inf",
        "nan",
        "-inf",
        "NaN",
        "1e400",
        "-0",
        "abc",
        "1 234,56",
        "1,234.56",
        "1.234,56",
        "12%",
        "0x1F",
    ]
    numbers += ["--5", "1_000", "+", ".", "=1+1", "99999999999999999999", "1.2.3", "\u0661\u0662", "None"]
    for cell in numbers if base.kind != "xlsx" else [one for one in numbers if one[0] != "="]:
        data = written(base, with_cell(base, 2, base.amount, cell))
        yield good(base, f"number {cell}", data, kept, bad=[(line, code)])
    if base.measure in ("amount", "mrr"):
        for cell, bad in (("$5", "E-CURRENCY"), ("5 ₽", "E-CURRENCY")):
            data = written(base, with_cell(base, 2, base.amount, cell))
            yield good(base, f"number {cell}", data, kept, bad=[(line, bad)])
        data = written(base, with_cell(base, 2, base.amount, "\u00a05.25 \u20ac"))
        plain = with_cell(base, 2, base.amount, "5.25")
        yield good(base, "own currency symbol", data, plain)


def list_cells(base: Base) -> Iterator[Case]:
    """Bad cells of the lists without a date."""
    line, kept = first_line(base) + 2, without(base, 2)
    wrong = {
        "hubspot_owners": {
            "id": [("  ", "E-REQUIRED")],
            "archived": [("maybe", "E-BOOL"), ("0.5", "E-BOOL")],
        },
        "hubspot_pipelines": {
            "pipeline_id": [("", "E-REQUIRED")],
            "stage_id": [("", "E-REQUIRED")],
            "stage_label": [("\u00a0", "E-REQUIRED")],
            "probability": [("high", "E-NUMBER"), ("0,5", "E-NUMBER"), ("NaN", "E-NUMBER")],
        },
    }
    for header, cells_of in wrong[base.name].items():
        for cell, code in cells_of:
            data = written(base, with_cell(base, 2, base.header.index(header), cell))
            yield good(base, f"{header} {cell!r}", data, kept, bad=[(line, code)])


def identifiers(base: Base) -> Iterator[Case]:
    """Identifiers that a spreadsheet would change stay as they are (checked by the test itself)."""
    if base.key is None or base.name == "mailshake_activity":
        return
    for cell in ("00123", "1E5", "12345678901234567890", "NA", "null", "=1+1", "-5", "1,5", "TRUE"):
        if base.kind == "xlsx" and cell[0] == "=":
            continue  # a formula there
        yield good(base, f"identifier {cell}", written(base, with_cell(base, 1, base.key, cell)))


# --- text files --------------------------------------------------------------------------------------


def text_files(base: Base) -> Iterator[Case]:
    text = text_of(base, base.rows)
    data = text.encode()
    cyrillic = not text.isascii()
    line = first_line(base)
    yield good(base, "byte-order mark", b"\xef\xbb\xbf" + data)
    yield good(base, "Windows line ends", data.replace(b"\n", b"\r\n"))
    yield good(base, "old Mac line ends", data.replace(b"\n", b"\r"))
    quoted = base.before + "".join(
        ",".join(f'"{cell}"' for cell in row) + "\n" for row in [base.header, *base.rows]
    )
    yield good(base, "every cell quoted", b"\xef\xbb\xbf" + quoted.encode())
    yield good(base, "last row ends with a quote, no line end", quoted[:-1].encode(), warns=())
    for name in ("utf-16", "utf-16-le", "utf-16-be"):
        yield good(base, f"{name} declared", text.encode(name), changes=_format(base, encoding="utf-16"))
    yield Case("utf-16 undeclared", base, text.encode("utf-16"), ("E-ENCODING",))
    yield Case("utf-16 without mark undeclared", base, text.encode("utf-16-le"), ("E-BYTES", "E-ENCODING"))
    if cyrillic:
        ansi = text.encode("cp1251")
        yield good(base, "cp1251 declared", ansi, changes=_format(base, encoding="cp1251"))
        yield Case("cp1251 undeclared", base, ansi, ("E-ENCODING",))
        for one in ("cp1251", "cp1252", "latin-1"):
            yield Case(
                f"utf-8 declared as {one}", base, data, ("E-ENCODING",), changes=_format(base, encoding=one)
            )
    for mark in (";", "\t", "|"):
        other = text_of(base, base.rows, delimiter=mark)
        yield Case(f"delimiter {mark!r} undeclared", base, other.encode(), ("E-DELIMITER",))
        yield good(base, f"delimiter {mark!r}", other.encode(), changes=_format(base, delimiter=mark))
    hinted = base.before + "sep=;\r\n" + text_of(replace(base, before=""), base.rows, delimiter=";")
    if not base.before:
        yield good(base, "sep=;", hinted.encode(), changes=_format(base, delimiter=";"))
        yield Case("sep=; but commas declared", base, hinted.encode(), ("E-DELIMITER",))
    yield from _broken_lines(base, text, line)
    yield from _truncated(base, text)
    yield from _totals(base)
    yield good(base, "blank lines and lines of separators below", data + b"\n,,,,\n\n")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("export.csv", data)
    yield good(base, "zipped", zipped.getvalue())
    yield Case(
        "zip of something else", base, zipped.getvalue().replace(b"export.csv", b"export.exe"), ("E-MAGIC",)
    )
    yield Case("damaged zip", base, zipped.getvalue()[:-30], ("E-MAGIC", "E-ZIP"))
    flipped = bytearray(zipped.getvalue())
    flipped[45] ^= 0xFF
    yield Case("zip with a wrong checksum", base, bytes(flipped), ("E-MAGIC", "E-ZIP"))


def _format(base: Base, **settings: Any) -> dict[str, Any]:
    return {"format": {**base.source.get("format", {}), **settings}}


def _broken_lines(base: Base, text: str, line: int) -> Iterator[Case]:
    lines = text.splitlines(keepends=True)
    at = line - 1  # position of the first row among the lines

    def changed(number: int, row: str) -> bytes:
        return "".join([*lines[: at + number], row, *lines[at + number + 1 :]]).encode()

    third = lines[at + 2].rstrip("\n")
    longer = "".join(one.rstrip("\n") + ",x\n" if i >= at else one for i, one in enumerate(lines))
    yield Case("a field more in every row", base, longer.encode(), ("E-FIELDS",), line=line)
    yield good(
        base,
        "a field more in one row",
        changed(2, third + ",x\n"),
        without(base, 2),
        bad=[(line + 2, "E-FIELDS")],
    )
    short = third.rsplit(",", 1)[0]
    yield good(
        base,
        "a field less in one row",
        changed(2, short + "\n"),
        without(base, 2),
        bad=[(line + 2, "E-FIELDS")],
    )
    yield Case("NUL", base, changed(2, third[:3] + "\0" + third[3:] + "\n"), ("E-BYTES",), line=line + 2)
    where = third.rindex(",") + 1
    opened = third[:where] + '"' + third[where:]
    yield Case("quote that is never closed", base, changed(2, opened + "\n"), ("E-CSV",), line=line + 2)
    inner = third[:where] + '"a"b'
    yield good(
        base, "text after a quote", changed(2, inner + "\n"), without(base, 2), bad=[(line + 2, "E-CSV")]
    )
    free = len(base.header) - 1
    if free not in base.needed and base.name != "ga4_signups":
        told = [list(row) for row in base.rows]
        told[1][free] = 'a\n"b",\r\nc;d'
        told[2][base.day] = "oops"
        data = text_of(base, told)
        yield good(base, "line ends in a cell", data.encode(), without(base, 2), bad=[(line + 4, "E-DATE")])
    yield Case(
        "a field of 5 MB",
        base,
        changed(2, third[:where] + "x" * 5_000_000 + "\n"),
        ("E-LIMIT",),
        line=line + 2,
    )
    yield Case("one line of 5 MB", base, b"x" * 5_000_000, ("E-LIMIT",))
    wide = ",".join(f"c{i}" for i in range(100_000))
    yield Case("a hundred thousand columns", base, wide.encode() + b"\n1\n", ("E-LIMIT",))


def _truncated(base: Base, text: str) -> Iterator[Case]:
    """Cut at fifty places below the header: a cut row never counts."""
    data = text.encode()
    start = len(text_of(base, []).encode()) + 1
    for cut in sorted({start + (len(data) - start - 2) * step // 50 for step in range(51)}):
        part = data[:cut]
        whole = part.count(b"\n") - text_of(base, []).count("\n")
        rest = part[part.rindex(b"\n") + 1 :]
        line = first_line(base) + whole
        if not rest:
            yield good(base, f"cut at {cut}", part, base.rows[:whole])
            continue
        try:
            rest.decode()
        except UnicodeDecodeError:
            yield Case(f"cut at {cut}", base, part, ("E-TRUNCATED",), line=line)
            continue
        last = Case(
            f"cut at {cut}", base, part, values=values(base, base.rows[:whole]), bad=[(line, "E-TRUNCATED")]
        )
        yield replace(last, warns=("E-TRUNCATED",))


def _totals(base: Base) -> Iterator[Case]:
    """A row of totals is left out and said; a customer or campaign of that name is not a total."""
    for word in ("Total", "Grand total", "Итого", "TOTAL:"):
        row = [""] * len(base.header)
        row[0] = word
        if base.amount is not None:
            row[base.amount] = "123456.00" if base.measure != "count" else "123456"
        yield good(
            base, f"row {word}", text_of(base, [*base.rows, row]).encode(), excluded=1, warns=("N-EXCLUDED",)
        )
    if base.key == 0:
        named = with_cell(base, 1, 0, "Total SE")
        yield good(base, "a key that starts with Total", text_of(base, named).encode())


# --- workbooks and Parquet ---------------------------------------------------------------------------


def workbooks(base: Base) -> Iterator[Case]:
    rows: list[list[Any]] = [list(row) for row in base.rows]
    typed = [[row[0], row[1], row[2], float(row[3]), row[4]] for row in base.rows]
    table = [base.header, *typed]
    plain = workbook(table)
    yield good(base, "numbers as numbers", plain)
    formula = [list(row) for row in typed]
    formula[2][3] = "=SUM(D2:D3)"
    yield good(
        base,
        "formula that was never calculated",
        workbook([base.header, *formula]),
        without(base, 2),
        bad=[(4, "E-FORMULA")],
    )
    for error in ("#N/A", "#DIV/0!", "#REF!", "#VALUE!"):
        failed = [list(row) for row in typed]
        failed[2][3] = error
        yield good(
            base, f"cell {error}", workbook([base.header, *failed]), without(base, 2), bad=[(4, "E-FORMULA")]
        )
    small = [list(row) for row in typed]
    small[2][3] = 0.00001
    yield Case(
        "a float below a ten-thousandth",
        base,
        workbook([base.header, *small]),
        values=values(base, with_cell(base, 2, 3, "0")),
    )
    big = [list(row) for row in typed]
    big[2][0] = 12345678901234567890
    yield good(
        base,
        "an identifier with lost digits",
        workbook([base.header, *big]),
        without(base, 2),
        bad=[(4, "E-DIGITS")],
    )

    def hidden(book: Workbook) -> None:
        book.create_sheet("Old").append(["something else"])
        book["Old"].sheet_state = "hidden"

    yield good(base, "hidden sheet", workbook(table, before=hidden))
    yield Case("two sheets", base, workbook(table, before=lambda book: book.create_sheet("B")), ("E-SHEET",))
    settings = {"format": {"kind": "xlsx", "sheet": "Sheet"}}
    yield good(
        base, "two sheets, one named", workbook(table, before=lambda b: b.create_sheet("B")), changes=settings
    )
    yield Case(
        "sheet of another name",
        base,
        plain,
        ("E-SHEET",),
        changes={"format": {"kind": "xlsx", "sheet": "Shet"}},
    )
    titled = workbook(
        [["Payments", None, None, None, None], *table], before=lambda book: book.active.merge_cells("A1:E1")
    )
    yield Case("merged title above the header", base, titled, ("E-HEADER",))
    skipped = {"format": {"kind": "xlsx", "skip_rows": 1}}
    yield Case("merged title, declared", base, titled, values=values(base, base.rows), changes=skipped)
    macro = io.BytesIO(plain)
    with zipfile.ZipFile(macro, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    yield good(base, "macros", macro.getvalue(), warns=("W-MACRO",))
    sheet = "xl/worksheets/sheet1.xml"
    bomb = edited(plain, sheet, lambda xml: xml + b" " * (300 * 2**20))
    yield Case("zip bomb", base, bomb, ("E-LIMIT",))
    far = [*table, *([[]] * 3)]

    def corner(book: Workbook) -> None:
        book.active["XFD1048576"] = "x"

    yield Case("a cell in the far corner", base, workbook(far, before=corner), ("E-LIMIT",))
    yield Case(
        "workbook of one picture",
        base,
        edited(plain, sheet, lambda xml: b"<chart/>"),
        ("E-XLSX", "E-EMPTY", "E-HEADER"),
    )
    yield Case("broken sheet", base, edited(plain, sheet, lambda xml: xml[: len(xml) // 2]), ("E-XLSX",))
    yield Case(
        "broken list of sheets", base, edited(plain, "xl/workbook.xml", lambda xml: xml[:-40]), ("E-XLSX",)
    )
    lol = b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 10_000 + b'">' + b"<!ENTITY b '" + b"&a;" * 10_000 + b"'>]>"
    yield Case(
        "entities in the list of sheets",
        base,
        edited(plain, "xl/workbook.xml", lambda xml: lol + xml.replace(b'Sheet"', b'&b;"')),
        ("E-XLSX", "E-SHEET"),
    )
    yield Case("text called a workbook", base, text_of(base, base.rows).encode(), ("E-MAGIC",))
    yield Case("CSV source, workbook dropped", BASES[0], plain, ("E-MAGIC",))
    step = max(len(plain) // 25, 1)
    for cut in range(10, len(plain) - 1, step):
        yield Case(f"workbook cut at {cut}", base, plain[:cut], ("E-MAGIC", "E-XLSX"))
    del rows


def parquets(base: Base) -> Iterator[Case]:
    from datetime import date

    names = base.header

    def saved(columns: list[pa.Array], header: Row | None = None) -> bytes:
        out = io.BytesIO()
        pq.write_table(pa.Table.from_arrays(columns, names=header or names), out)
        return out.getvalue()

    texts = [pa.array([row[i] for row in base.rows]) for i in range(5)]
    decimals = pa.array([Decimal(row[3]) for row in base.rows], pa.decimal128(12, 2))
    dates = pa.array([date.fromisoformat(row[1]) for row in base.rows])
    yield good(base, "typed", saved([texts[0], dates, texts[2], decimals, texts[4]]))
    yield good(base, "floats", saved([texts[0], dates, texts[2], decimals.cast(pa.float64()), texts[4]]))
    for unit in ("s", "ms", "us", "ns"):
        yield good(base, f"times in {unit}", saved([texts[0], dates.cast(pa.timestamp(unit)), *texts[2:]]))
    yield good(base, "dictionary", saved([texts[0], dates, texts[2].dictionary_encode(), texts[3], texts[4]]))
    yield good(base, "large text", saved([texts[0].cast(pa.large_string()), *texts[1:]]))
    floats = pa.array([1.0, 2.0, 3.0, 4.0])
    yield good(base, "whole floats as keys", saved([floats, *texts[1:]]))
    broken = pa.array([1200.5, float("nan"), float("inf"), 30000.0])
    bad = [(2, "E-NUMBER"), (3, "E-NUMBER")]
    yield good(
        base,
        "NaN and infinity",
        saved([texts[0], dates, texts[2], broken, texts[4]]),
        without(base, 1, 2),
        bad=bad,
    )
    nulls = pa.array([None, *[row[1] for row in base.rows[1:]]])
    yield good(base, "null", saved([texts[0], nulls, *texts[2:]]), without(base, 0), bad=[(1, "E-REQUIRED")])
    yield good(
        base,
        "nested surplus",
        saved([*texts, pa.array([[1], [2], [3], [4]])], [*names, "More"]),
        warns=("W-COLUMNS",),
    )
    yield good(
        base,
        "bytes that are no text",
        saved([*texts, pa.array([b"\xff"] * 4)], [*names, "More"]),
        warns=("W-COLUMNS",),
    )
    yield Case(
        "bytes that are no text in a used column",
        base,
        saved([*texts[:4], pa.array([b"\xff"] * 4)]),
        bad=[(line, "E-BYTES") for line in (1, 2, 3, 4)],
    )
    from datetime import timedelta

    spans = pa.array([timedelta(hours=1)] * 4)
    yield good(base, "spans of time", saved([*texts, spans], [*names, "More"]), warns=("W-COLUMNS",))
    yield Case(
        "a column twice", base, saved([*texts, texts[1]], [*names, names[1]]), ("E-HEADER", "E-PARQUET")
    )
    whole = saved(texts)
    for cut in range(4, len(whole) - 1, max(len(whole) // 20, 1)):
        yield Case(f"Parquet cut at {cut}", base, whole[:cut], ("E-PARQUET",))
    yield Case("text called Parquet", base, text_of(base, base.rows).encode(), ("E-PARQUET",))
    yield Case("CSV source, Parquet dropped", BASES[0], whole, ("E-MAGIC",))


# --- JSON, reports -----------------------------------------------------------------------------------


def json_files(base: Base) -> Iterator[Case]:
    lines = base.kind == "ndjson"
    text = json_text(base, base.rows)
    data = text.encode()
    yield good(base, "as it is", data)
    yield good(base, "byte-order mark", b"\xef\xbb\xbf" + data)
    yield good(base, "Windows line ends", data.replace(b"\n", b"\r\n"))
    yield good(base, "utf-16 declared", text.encode("utf-16"), changes=_format(base, encoding="utf-16"))
    yield Case("cp1251 undeclared", base, text.encode("cp1251"), ("E-ENCODING",))
    numbers = text
    for row in base.rows:
        numbers = numbers.replace(f'"{row[3]}"', row[3])
    yield good(base, "numbers as numbers", numbers.encode())
    yield good(base, "a number with an exponent", text.replace('"1200.50"', "12.005e2").encode())
    yield Case("empty", base, b"", ("E-EMPTY",))
    yield Case("sign-in page", base, b"<html>sign in</html>", ("E-HTML",))
    yield Case("PDF", base, b"%PDF-1.7\n1 0 obj", ("E-MAGIC",))
    yield Case("no record", base, b"[]", ("E-MAGIC",) if lines else ("E-NOROWS",))
    yield Case("NUL", base, data[:40] + b"\0" + data[40:], ("E-BYTES",))
    yield Case("the other kind", base, _other_json(base).encode(), ("E-MAGIC",))
    column = text.replace('"Paid"', '"Date"').encode()
    yield Case("column renamed", base, column, ("E-HEADER",), line=1)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("export.json", data)
    yield good(base, "zipped", zipped.getvalue())
    place = first_line(base) + 2
    for label, old, new in (
        ("NaN", '"0.01"', "NaN"),
        ("a key twice", '"Contract"', '"Sum"'),
        ("depth", '"0.01"', '{"a":' * 10_000 + "1" + "}" * 10_000),
        ("a list in lists", '"0.01"', "[" * 10_000 + "]" * 10_000),
        ("a raw tab", "Перевод", "\t"),
        ("no JSON", '"Contract":', "'Contract':"),
    ):
        records = text.split("\n")
        records[place - 1] = records[place - 1].replace(old, new)
        broken = "\n".join(records).encode()
        if lines:
            yield good(base, label, broken, without(base, 2), bad=[(place, "E-JSON")])
        else:
            yield Case(label, base, broken, ("E-JSON",), line=place)
    yield from _cut_json(base, text, lines)


def _other_json(base: Base) -> str:
    other = replace(base, kind="json" if base.kind == "ndjson" else "ndjson")
    return json_text(other, base.rows)


def _cut_json(base: Base, text: str, lines: bool) -> Iterator[Case]:
    """Cut inside each row: a document is refused, of lines the last one is set aside."""
    for row in range(4):
        place = first_line(base) + row
        records = text.split("\n")
        whole = records[place - 1].rstrip(",")
        for length in range(2, len(whole), 9):
            part = "\n".join([*records[: place - 1], whole[:length]]).encode()
            if lines:
                cut = Case(
                    f"cut in row {row} at {length}",
                    base,
                    part,
                    values=values(base, base.rows[:row]),
                    bad=[(place, "E-TRUNCATED")],
                    warns=("E-TRUNCATED",),
                )
                yield cut
            else:
                yield Case(f"cut in row {row} at {length}", base, part, ("E-TRUNCATED",), line=place)


def reports(base: Base) -> Iterator[Case]:
    """A report counts its accounts once and its totals never; a damaged one is refused whole."""
    text = base.rows[0][0]
    worth = [Decimal("1200.50"), Decimal("-99.99")]
    left_out = 4 if base.name.endswith("loss") else 2
    data = text.encode()
    yield Case("as it is", base, data, values=worth, excluded=left_out, warns=("N-EXCLUDED",))
    yield Case(
        "byte-order mark",
        base,
        b"\xef\xbb\xbf" + data,
        values=worth,
        excluded=left_out,
        warns=("N-EXCLUDED",),
    )
    yield Case("empty", base, b"", ("E-EMPTY",))
    yield Case("sign-in page", base, b"<html>sign in</html>", ("E-HTML",))
    yield Case("error as JSON", base, b'{"fault": {"type": "AUTHENTICATION"}}', ("E-JSON",))
    yield Case(
        "another report", base, b"Balance Sheet,\nAcme,\n,\n,Total\n".replace(b"Total", b"USD"), ("E-HEADER",)
    )
    yield Case("other currency", base, text.replace("€", "$").encode(), ("E-CURRENCY",))
    yield Case("a total that is off", base, text.replace("€99.99", "€99.98").encode(), ("E-TOTAL",))
    yield Case(
        "a row missing",
        base,
        "\n".join(line for line in text.split("\n") if not line.startswith(("Rent", ",10/31"))).encode(),
        ("E-TOTAL",),
    )
    codes = ("E-TRUNCATED", "E-TOTAL", "E-HEADER", "E-CSV", "E-EMPTY", "E-NOROWS", "E-DELIMITER")
    last = text.index("Net Income" if base.name.endswith("loss") else "Total for 6100") - 1
    first = text.index("6100 Rent,") + 10 if "6100" in text else 1
    for cut in range(first, last, 3):
        yield Case(f"cut at {cut}", base, data[: len(text[:cut].encode())], codes)


def cases() -> list[Case]:
    found: list[Case] = []
    own = {"json": json_files, "ndjson": json_files, "report": reports}
    for base in BASES:
        if base.kind in own:
            makers = [own[base.kind], *([shapes, cells, identifiers] if base.kind != "report" else [])]
        else:
            makers = [whole_files, shapes, cells if base.has_days else list_cells, identifiers]
            makers += {"csv": [text_files], "xlsx": [workbooks], "parquet": [parquets]}[base.kind]
        for make in makers:
            found += make(base)
    return found
