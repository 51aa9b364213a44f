"""QuickBooks Online: the profit and loss by month, and the general ledger.

Here: the sections and columns of both reports, and the sign of their amounts. Not here: trees and totals
(sources/reports.py). Both reports write an amount as positive when it adds to its account, so a cost is
positive there and negative here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.sources.frames import text_column, texts_of
from pipeline.sources.reasons import VALUE
from pipeline.sources.vendor import Context, ExportSpec, Field, LeftOut, Rule, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from pipeline.sources.reading import RawTable
    from pipeline.sources.reports import Line


INCOME = ("income", "other_income", "revenue")
SECTIONS = {
    "income": "income",
    "turnover": "income",
    "cost of goods sold": "cost_of_sales",
    "cost of sales": "cost_of_sales",
    "expenses": "expenses",
    "other income": "other_income",
    "other expenses": "other_expenses",
    "other expense": "other_expenses",
}
RESULTS = frozenset(
    ("gross profit", "net operating income", "net ordinary income", "net other income", "net income")
)
RESULT = "net income"
"""The last row, and the sum of all sections."""
BY_MONTH = "Show columns by Month, without comparison columns, or a period of one month."
SIGNS = {"revenue": 1, "other_income": 1, "cogs": -1, "sales_marketing": -1, "opex": -1, "other_expense": -1}


def _profit_table(table: RawTable, context: Context) -> RawTable:
    """One row an account and month, totals among them. Raises FileRefused (E-HEADER, E-TOTAL, E-CURRENCY,
    E-TRUNCATED)."""
    from pipeline.sources import reports  # with numpy and pyarrow, which a check of a workspace does not need

    basis, table = reports.basis_of(table)
    labels = [text or "" for text in table.columns[0].to_pylist()]
    months = _months(table, context)
    columns = {place: reports.without_unit(table.columns[place]) for place in months}
    cells = {place: column.to_pylist() for place, column in columns.items()}
    filled = [any(column[row] for column in cells.values()) for row in range(table.rows)]
    lines = reports.account_lines(labels, filled, RESULTS, SECTIONS)
    places = [int(line) for line in table.lines]
    if not any(label.strip().casefold() == RESULT for label in labels):
        raise reports.cut_report("Net Income", context, places[-1] if places else table.header_line)
    for place, column in columns.items():
        reports.check_currency(column, context)
        if reports.is_readable(column, context):
            amounts = reports.amounts_of(column, context)
            reports.check_totals(lines, amounts, labels, places, table.header[place], context)
            _check_result(labels, lines, amounts, places, table.header[place], context)
    rows = [
        (labels[row].strip(), lines[row], ended, cells[place][row], places[row])
        for place, ended in months.items()
        for row in range(table.rows)
        if cells[place][row]
    ]
    return reports.made_table(table, _columns(rows, basis), [row[-1] for row in rows])


def _columns(rows: list[tuple[str, Line, str, str, int]], basis: str) -> dict[str, list[str]]:
    from pipeline.sources import reports

    parts = [reports.account_parts(line.path[1:] or line.path) for _, line, *_ in rows]
    sections = [line.path[0] if line.path else "" for _, line, *_ in rows]
    return {
        "Section": [SECTIONS.get(one.casefold(), one) for one in sections],
        "Account": [name or row[0] for (_, name), row in zip(parts, rows, strict=True)],
        "Code": [code for code, _ in parts],
        "Month": [row[2] for row in rows],
        "Amount": [row[3] for row in rows],
        "Line": [f"{ended[:7]}|{' > '.join(line.path)}" for _, line, ended, *_ in rows],
        "Row": [reports.RECORD if line.kind == "account" else reports.TOTAL for _, line, *_ in rows],
        "Basis": [basis] * len(rows),
    }


def _months(table: RawTable, context: Context) -> dict[int, str]:
    """Position of each column of amounts that is a month -> the last day it covers. The column Total counts
    only where it is alone; then the title says the month."""
    from pipeline.sources import reports

    named = {place: name for place, name in enumerate(table.header) if place and name}
    total = next((place for place, name in named.items() if name.casefold() == "total"), None)
    found = {
        place: _month(reports.period_of(name), name, table, context)
        for place, name in named.items()
        if place != total
    }
    if found or total is None:
        return found
    periods = (reports.period_of(cell) for title in table.titles for cell in title)
    return {total: _month(next(filter(None, periods), None), "Total", table, context)}


def _month(period: tuple[date, date] | None, name: str, table: RawTable, context: Context) -> str:
    from pipeline.sources import reports

    if period is None or (period[0].year, period[0].month) != (period[1].year, period[1].month):
        raise reports.unknown_column(name, context, table.header_line, BY_MONTH)
    return period[1].isoformat()


def _check_result(
    labels: list[str],
    lines: list[Line],
    amounts: list[Decimal | None],
    places: list[int],
    column: str,
    context: Context,
) -> None:
    """The last row against all sections; not where a section is unknown, as its sign is not known either."""
    from pipeline.sources import reports

    found = Decimal(0)
    for line, amount in zip(lines, amounts, strict=True):
        if line.kind == "account" and amount is not None:
            section = SECTIONS.get(line.path[0].casefold())
            if section is None:
                return
            found += amount if section in INCOME else -amount
    for label, said, place in zip(labels, amounts, places, strict=True):
        if label.strip().casefold() == RESULT and said is not None:
            reports.check_sum(label, said, found, place, column, context)


def _as_profit(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    section = texts_of(rows, "section")
    signs = [1 if one in INCOME else -1 for one in section]
    return rows.assign(amount=_signed(rows["written"], signs))


def _signed(amounts: pd.Series, signs: list[int]) -> pd.Series:
    return amounts.where([sign > 0 for sign in signs], -amounts)


def _ledger_table(table: RawTable, context: Context) -> RawTable:
    """Postings with the account they stand under. Raises FileRefused (E-TOTAL, E-TRUNCATED)."""
    from pipeline.sources import reports

    _, table = reports.basis_of(table)
    return reports.postings(table, context)


def _as_lines(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """other_income and other_expense tell the sign; both are the class other. Amounts of the balance sheet
    keep the sign of the report: nothing adds them up."""
    classes = texts_of(rows, "account_class")
    signs = [SIGNS.get(one, 1) for one in classes]
    named = ["other" if one in ("other_income", "other_expense") else one or None for one in classes]
    both = zip(texts_of(rows, "account_code"), texts_of(rows, "account_name"), strict=True)
    codes = [code or name or None for code, name in both]
    return rows.assign(
        amount=_signed(rows["written"], signs),
        account_code=text_column(rows, codes),
        account_class=text_column(rows, named),
        has_sign=[one != "other" for one in classes],
    )


def _row_is(kind: str, rows: pd.DataFrame) -> pd.Series:
    return rows["row"] == kind


PROFIT_AND_LOSS = ExportSpec(
    name="profit_and_loss",
    title="Profit and Loss",
    fact="profit_lines",
    fields=(
        Field("section", ("Section",), needed=True),
        Field("account_name", ("Account",), needed=True, filled=True),
        Field("account_code", ("Code",)),
        Field("ended_on", ("Month",), "date", needed=True, filled=True),
        Field("written", ("Amount",), "money", needed=True, filled=True, parentheses=True),
        Field("line_id", ("Line",), needed=True),
        Field("basis", ("Basis",)),
        Field("row", ("Row",), needed=True),
    ),
    delivers="full",
    format=FileFormat(thousands=",", final_newline=False),
    signature=("Distribution account", "Total"),
    title_lines=(("Distribution account", "Total"), ("Account", "Total"), ("", "Total")),
    ragged=True,
    reshape=_profit_table,
    row_key=("line_id",),
    derive=_as_profit,
    left_out=(LeftOut("Total rows, left out: {count}.", lambda rows: _row_is("total", rows)),),
    unverified=(
        "How the months are written above their columns; titles and sections in other languages; the foot "
        "line of a report that is neither accrual nor cash."
    ),
)

GENERAL_LEDGER = ExportSpec(
    name="general_ledger",
    title="General Ledger",
    fact="ledger_lines",
    fields=(
        Field("posted_on", ("Date", "Transaction date"), "date", needed=True, filled=True),
        Field("account_code", ("Account code",)),
        Field("account_name", ("Account",), needed=True),
        Field("account_class", ("Account class", "Class of account"), needed=True),
        Field("written", ("Amount",), "money", needed=True, filled=True, parentheses=True),
        Field("department", ("Department", "Class", "Location")),
        Field("transaction", ("Transaction Type",)),
        Field("number", ("Num", "No.")),
        Field("counterparty", ("Name",)),
        Field("memo", ("Memo/Description", "Description")),
        Field("row", ("Row",), needed=True),
    ),
    delivers="full",
    format=FileFormat(date="%m/%d/%Y", datetime="iso", thousands=",", final_newline=False),
    signature=("Transaction Type", "Split", "Amount", "Balance"),
    title_lines=(("Date", "Transaction Type", "Amount"), ("Transaction date", "Transaction type", "Amount")),
    ragged=True,
    reshape=_ledger_table,
    derive=_as_lines,
    rules=(Rule("account_class", VALUE, lambda rows: rows["has_sign"]),),
    left_out=(
        LeftOut("Total rows, left out: {count}.", lambda rows: _row_is("total", rows)),
        LeftOut("Opening balances, left out: {count}.", lambda rows: _row_is("opening", rows)),
    ),
    unverified=(
        "Column names were seen in the work of others, not in Intuit's; dates follow the company's settings "
        "(declare yours under format). Filter the report to the accounts of the profit and loss, or map the "
        "others to balance_sheet."
    ),
)

VENDOR = Vendor(
    "quickbooks", "QuickBooks Online", {"profit_and_loss": PROFIT_AND_LOSS, "general_ledger": GENERAL_LEDGER}
)
