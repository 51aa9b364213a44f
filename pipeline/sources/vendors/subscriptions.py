"""Subscriptions: one row a subscription with its first day and, once it is over, the day it ended.

Here: the columns of a billing system's list of subscriptions. Not here: churn and retention (kpis/).
The shape is this project's own; billing systems are mapped onto it with `aliases`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import FileRefused, Problem
from pipeline.sources.frames import flag_column
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


def _with_first(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Adds is_new_customer where the export does not say it: the customer's earliest subscription in the
    file."""
    if "is_new_customer" not in rows and not context.is_full:
        raise FileRefused(
            Problem(
                "E-HEADER",
                'Column "is_new_customer" is missing, and an export of changes cannot tell who is new.',
                "Add the column to the export, or export all subscriptions and set delivers: full.",
                file=context.file,
                column="is_new_customer",
            )
        )
    frame = rows[["customer", "started_on", "subscription_id"]]
    ordered = frame.dropna(subset=["customer", "started_on"]).sort_values(
        ["started_on", "subscription_id"], kind="stable"
    )
    first = set(ordered.drop_duplicates("customer").index)
    found = flag_column(rows, [index in first for index in rows.index])
    own = rows["is_new_customer"].fillna(found) if "is_new_customer" in rows else found
    return rows.assign(is_new_customer=own)


SUBSCRIPTIONS = ExportSpec(
    name="subscriptions",
    title="Subscriptions",
    fact="subscriptions",
    fields=(
        Field(
            "subscription_id",
            ("subscription_id", "id", "Subscription ID", "Subscription", "Подписка"),
            needed=True,
            filled=True,
        ),
        Field(
            "customer",
            ("customer_id", "customer", "Customer ID", "Customer", "Клиент"),
            needed=True,
            filled=True,
        ),
        Field("plan", ("plan", "Plan", "tier", "Plan name", "Тариф")),
        Field(
            "started_on",
            ("started_on", "started_at", "start_date", "Started", "Start date", "Начало"),
            "date",
            needed=True,
            filled=True,
        ),
        Field(
            "ended_on",
            (
                "ended_on",
                "ended_at",
                "end_date",
                "canceled_at",
                "cancelled_at",
                "Ended",
                "End date",
                "Окончание",
            ),
            "date",
            needed=True,
        ),
        Field("mrr", ("mrr", "MRR", "monthly_amount", "Monthly recurring revenue", "Сумма в месяц"), "money"),
        Field("currency", ("currency", "Currency", "Валюта")),
        Field("is_new_customer", ("is_new_customer", "new_customer", "First subscription"), "bool"),
        Field("region", ("region", "Region", "Регион")),
        Field("channel", ("channel", "Channel", "Acquisition channel", "Канал")),
    ),
    delivers="full",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("subscription_id", "customer_id", "started_on"),
    row_key=("subscription_id",),
    derive=_with_first,
)

VENDOR = Vendor("subscriptions", "Subscriptions", {"subscriptions": SUBSCRIPTIONS})
