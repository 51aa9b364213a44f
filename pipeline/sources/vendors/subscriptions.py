"""Subscriptions: one row a subscription with its first day and, once it is over, the day it ended; and
movements of monthly recurring revenue, one row a change.

Here: the columns of a billing system's lists. Not here: churn and retention (kpis/).
The shapes are this project's own; billing systems are mapped onto them with `aliases`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import FileRefused, Problem
from pipeline.sources.frames import flag_column, numbered_keys, text_column, texts_of
from pipeline.sources.reasons import RANGE
from pipeline.sources.vendor import Context, ExportSpec, Field, Rule, Vendor
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

MOVEMENT_NAMES = {
    "new business": "new",
    "new mrr": "new",
    "новый": "new",
    "upgrade": "expansion",
    "expansion mrr": "expansion",
    "расширение": "expansion",
    "downgrade": "contraction",
    "contraction mrr": "contraction",
    "сокращение": "contraction",
    "churned": "churn",
    "churned mrr": "churn",
    "cancellation": "churn",
    "отток": "churn",
    "reactivation mrr": "reactivation",
    "возврат": "reactivation",
}
"""Other words for the five movements."""
LOSSES = ("churn", "contraction")


def _signed_movements(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """A loss is negative however the export writes it: some give churned revenue without a sign."""
    words = [text.casefold() for text in texts_of(rows, "movement")]
    movements = [MOVEMENT_NAMES.get(word, word) or None for word in words]
    is_gain = [movement not in LOSSES for movement in movements]
    rows = rows.assign(
        movement=text_column(rows, movements), amount=rows["change"].where(is_gain, -rows["change"].abs())
    )
    if "movement_id" in rows:
        return rows
    return rows.assign(movement_id=numbered_keys(rows, ("moved_on", "customer", "movement", "plan")))


MRR_MOVEMENTS = ExportSpec(
    name="mrr_movements",
    title="Movements of recurring revenue",
    fact="mrr_movements",
    fields=(
        Field("movement_id", ("movement_id", "id", "Movement ID")),
        Field("moved_on", ("date", "moved_on", "Date", "Дата"), "date", needed=True, filled=True),
        Field("customer", ("customer_id", "customer", "Customer", "Клиент"), needed=True, filled=True),
        Field("movement", ("movement", "type", "Type", "Activity", "Вид"), needed=True, filled=True),
        Field("change", ("mrr", "amount", "MRR", "Amount", "Сумма"), "money", needed=True, filled=True),
        Field("currency", ("currency", "Currency", "Валюта")),
        Field("plan", ("plan", "Plan", "Тариф")),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("movement", "customer_id", "mrr"),
    row_key=("movement_id",),
    derive=_signed_movements,
    rules=(Rule("change", RANGE, lambda rows: rows["movement"].isin(LOSSES) | (rows["amount"] >= 0)),),
    unverified="Every column name: the shape is this project's own. Add yours under aliases.",
)

VENDOR = Vendor(
    "subscriptions",
    "Subscriptions",
    {"subscriptions": SUBSCRIPTIONS, "mrr_movements": MRR_MOVEMENTS},
)
