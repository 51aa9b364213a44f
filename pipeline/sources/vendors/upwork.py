"""Upwork: what freelancers cost, from the weekly summary or from the list of transactions.

Here: the columns of both exports, which transactions are a cost, and its sign. Not here: reading.
The two tell of the same money in two ways: a workspace reads one of them for an account, never both.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.sources.frames import numbered_keys, text_column, texts_of
from pipeline.sources.reasons import RANGE, VALUE
from pipeline.sources.vendor import Context, ExportSpec, Field, LeftOut, Rule, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


WORK = (
    "hourly",
    "fixed price",
    "fixed-price",
    "bonus",
    "milestone",
    "manual time",
    "expense",
    "salary",
    "misc",
)
CORRECTIONS = ("refund", "adjustment", "credit", "reversal", "chargeback")
CHARGES = (
    "payment processing fee",
    "processing fee",
    "marketplace fee",
    "contract initiation fee",
    "service fee",
    "membership fee",
    "withholding tax",
    "sales tax",
    "vat",
    "tax",
)
FUNDING = ("payment", "deposit", "withdrawal", "withdrawal reversal", "transfer")
"""Money on its way to or from the account. What comes back from escrow is a Payment too, but takes back the
cost that was booked when it went there."""
_HOURS = re.compile(r"(?<!\d)(\d{1,4}):([0-5]\d)\s*hrs?\b", re.IGNORECASE)
_CONTRACT = re.compile(r"\((\d{4,})\)")


def _keyed(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """The export has no reference of its own: a row is the n-th of its day, contract and kind of payment."""
    return rows.assign(entry_id=numbered_keys(rows, ("paid_on", "contract", "payment")))


def _as_costs(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """A debit, which Upwork writes as negative, is a cost; a credit takes one back."""
    import pandas as pd
    import pyarrow as pa

    notes, people = texts_of(rows, "description"), texts_of(rows, "freelancer")
    kinds = texts_of(rows, "payment")
    contracts = map(_contract, notes, people, kinds)
    hours = pa.array([_hours(text) for text in notes], pa.decimal128(18, 4))
    return rows.assign(
        amount=-rows["charged"],
        hours=pd.Series(pd.arrays.ArrowExtensionArray(hours), index=rows.index),
        contract=text_column(rows, list(contracts)),
        kind=text_column(rows, [kind.casefold() for kind in kinds]),
        from_escrow=["escrow" in text.casefold() for text in notes],
    )


def _contract(note: str, person: str, kind: str) -> str | None:
    """`Dana P. (40118822)`; a fee that belongs to no contract goes by its own name."""
    number = _CONTRACT.search(note)
    if person and number:
        return f"{person} ({number[1]})"
    return person or (number[1] if number else kind) or None


def _hours(note: str) -> Decimal | None:
    """10:10 hrs is 10.1667 hours."""
    found = _HOURS.search(note)
    return None if found is None else round(Decimal(found[1]) + Decimal(found[2]) / 60, 4)


def _is_funding(rows: pd.DataFrame) -> pd.Series:
    return rows["kind"].isin(FUNDING) & ~rows["from_escrow"]


def _is_known(rows: pd.DataFrame) -> pd.Series:
    return rows["kind"].isin((*WORK, *CORRECTIONS, *CHARGES, *FUNDING))


def _is_a_clients(rows: pd.DataFrame) -> pd.Series:
    """Work is a debit in a client's account; a credit would be a freelancer's income."""
    return ~rows["kind"].isin(WORK) | (rows["charged"] <= Decimal(0))


WEEKLY = ExportSpec(
    name="weekly",
    title="Weekly summary",
    fact="freelance_costs",
    fields=(
        Field("paid_on", ("Date",), "date", needed=True, filled=True),
        Field("contract", ("Contract",), needed=True, filled=True),
        Field("hours", ("Hours",), "decimal", needed=True),
        Field("amount", ("Amount",), "money", needed=True, filled=True),
        Field("payment", ("Payment type",), needed=True),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("Date", "Contract", "Hours", "Payment type"),
    row_key=("entry_id",),
    derive=_keyed,
    unverified="The columns of a client's own weekly file, where they differ from those of a freelancer.",
)

TRANSACTIONS = ExportSpec(
    name="transactions",
    title="Transactions",
    fact="freelance_costs",
    fields=(
        Field("entry_id", ("Ref ID",), needed=True, filled=True),
        Field("paid_on", ("Date",), "date", needed=True, filled=True),
        Field("payment", ("Type",), needed=True, filled=True),
        Field("description", ("Description",), needed=True),
        Field("freelancer", ("Freelancer",), needed=True),
        Field("charged", ("Amount",), "money", needed=True, filled=True, parentheses=True),
        Field("currency", ("Currency",)),
    ),
    delivers="changes",
    format=FileFormat(date="%b %d, %Y", datetime="iso", thousands=","),
    signature=("Ref ID", "Type", "Freelancer", "Amount", "Balance"),
    row_key=("entry_id",),
    derive=_as_costs,
    rules=(Rule("payment", VALUE, _is_known), Rule("charged", RANGE, _is_a_clients)),
    left_out=(
        LeftOut("Payments into Upwork and withdrawals, which are no cost, left out: {count}.", _is_funding),
    ),
    unverified=(
        "The complete list of types; that the description of money back from escrow says escrow; the column "
        "Amount in local currency, which stands in place of ExchangeRate in some exports and is not read."
    ),
)

VENDOR = Vendor("upwork", "Upwork", {"weekly": WEEKLY, "transactions": TRANSACTIONS})
