"""General ledger: one row a posting, with debit and credit.

Here: the columns of a generic journal export and the sign of its amounts. Not here: profit and cost (kpis/).
An account's class (revenue, cogs, sales_marketing, opex, other) stands in a column of its own or is
mapped from the account number: columns: {account_class: {from: account_code, map: {"40*": revenue}}}.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.sources.reasons import REQUIRED
from pipeline.sources.vendor import Context, ExportSpec, Field, Rule, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


def _with_amount(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """amount = credit - debit; a blank side is 0, and a row with both sides blank has no amount."""
    blank = rows["debit"].isna() & rows["credit"].isna()
    amount = rows["credit"].fillna(Decimal(0)) - rows["debit"].fillna(Decimal(0))
    return rows.assign(amount=amount.where(~blank))


GL = ExportSpec(
    name="gl",
    title="Journal lines",
    fact="ledger_lines",
    fields=(
        Field("line_id", ("line_id", "Line ID", "entry_id", "Номер строки")),
        Field(
            "posted_on",
            ("date", "Date", "posting_date", "Posting date", "Дата"),
            "date",
            needed=True,
            filled=True,
        ),
        Field(
            "account_code",
            ("account_code", "Account", "Account code", "Account number", "Счет", "Счёт"),
            needed=True,
            filled=True,
        ),
        Field("account_name", ("account_name", "Account name", "Наименование счета", "Название счёта")),
        Field(
            "account_class",
            ("account_class", "class", "Account class", "Класс счета"),
            needed=True,
            filled=True,
        ),
        Field("debit", ("debit", "Debit", "Дебет"), "money", needed=True, parentheses=True),
        Field("credit", ("credit", "Credit", "Кредит"), "money", needed=True, parentheses=True),
        Field("currency", ("currency", "Currency", "Валюта")),
        Field("department", ("department", "Department", "Подразделение")),
        Field("memo", ("memo", "Memo", "Description", "Назначение")),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("account_code", "debit", "credit"),
    derive=_with_amount,
    rules=(Rule("debit", REQUIRED, lambda rows: rows["amount"].notna()),),
)

VENDOR = Vendor("ledger", "General ledger", {"gl": GL})
