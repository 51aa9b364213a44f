"""HubSpot CRM: deals with their stage entries, and contacts.

Here: headers by label (English, Russian) and by internal name, what won and closed mean. Not here: reading.
A deal's close date is a forecast while the deal is open, so it counts only once the deal is closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.sources.frames import flag_column, stacked
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


WON_STAGES = (
    "closed won",
    "closedwon",
    "won",
    "закрыта и выиграна",
    "закрыто и выиграно",
    "закрыто: выиграно",
    "выиграна",
    "выиграно",
    "сделка выиграна",
    "сделка заключена",
    "успешно реализовано",
)
LOST_STAGES = (
    "closed lost",
    "closedlost",
    "lost",
    "закрыта и проиграна",
    "закрыто и проиграно",
    "закрыто: проиграно",
    "закрыта и потеряна",
    "проиграна",
    "проиграно",
    "сделка проиграна",
    "потеряна",
    "закрыто и не реализовано",
)
ISO = FileFormat(date="iso", datetime="iso")
_ENTERED = "entered:"
_LABEL = re.compile(
    r"^(?:date entered|дата (?:входа|перехода) (?:в|на)(?: этап)?)\s*[\"'“”«„]?\s*(?P<stage>.+?)\s*"
    r"(?:\((?P<pipeline>[^()]+)\))?\s*[\"'“”»]?$",
    re.IGNORECASE,
)
_INTERNAL = re.compile(r"^hs_(?:v2_)?date_entered_(?P<stage>.+)$", re.IGNORECASE)


def stage_column(header: str) -> Field | None:
    """`Date entered "Qualified (Sales Pipeline)"` or hs_v2_date_entered_qualified as a field."""
    match = _LABEL.match(header.strip()) or _INTERNAL.match(header.strip())
    if not match:
        return None
    pipeline = match.groupdict().get("pipeline") or ""
    return Field(f"{_ENTERED}{pipeline.strip()}|{match['stage'].strip()}", (header,), "date")


def _with_outcome(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Adds is_won and is_closed: from HubSpot's own flags, or from the stage's label where those are
    absent."""
    stage = rows["stage"].str.strip().str.casefold() if "stage" in rows else None
    won = _flag(rows, "is_won", stage, WON_STAGES)
    lost = _flag(rows, "is_lost", stage, LOST_STAGES)
    closed = won | lost
    if "is_closed" in rows:
        closed = closed | rows["is_closed"].fillna(False)
    return rows.assign(is_won=won, is_closed=closed)


def _flag(rows: pd.DataFrame, name: str, stage: pd.Series | None, labels: tuple[str, ...]) -> pd.Series:
    own = rows[name] if name in rows else flag_column(rows, None)
    by_label = flag_column(rows, False if stage is None else stage.isin(labels).tolist())
    return own.fillna(by_label).fillna(False)


def _deals_and_stages(rows: pd.DataFrame, context: Context) -> dict[str, pd.DataFrame]:
    """One row of deal_stages for every date of entry that is filled."""
    pieces = []
    about = rows[["deal_id", "pipeline", "owner"]]
    for name in rows.columns:
        if not str(name).startswith(_ENTERED):
            continue
        pipeline, _, stage = str(name).removeprefix(_ENTERED).partition("|")
        entered = about[rows[name].notna()]
        piece = entered.assign(stage=stage, entered_on=rows[name].reindex(entered.index))
        pieces.append(piece.assign(pipeline=pipeline) if pipeline else piece)
    columns = ["deal_id", "pipeline", "owner", "stage", "entered_on"]
    return {"deals": rows, "deal_stages": stacked(pieces, columns)}


DEALS = ExportSpec(
    name="deals",
    title="Deals",
    fact="deals",
    further_facts=("deal_stages",),
    fields=(
        Field(
            "deal_id",
            ("Record ID", "Record ID - Deal", "Deal ID", "hs_object_id", "id", "ID записи"),
            needed=True,
            filled=True,
        ),
        Field("name", ("Deal Name", "dealname", "Название сделки")),
        Field("amount", ("Amount", "amount", "Сумма"), "money", needed=True),
        Field("currency", ("Currency", "deal_currency_code", "Валюта")),
        Field("pipeline", ("Pipeline", "pipeline", "Воронка", "Конвейер")),
        Field("stage", ("Deal Stage", "dealstage", "Этап сделки", "Стадия сделки"), needed=True, filled=True),
        Field("is_won", ("Is Closed Won", "hs_is_closed_won", "Закрыта и выиграна?"), "bool"),
        Field("is_lost", ("Is closed lost", "hs_is_closed_lost"), "bool"),
        Field("is_closed", ("Is Deal Closed?", "Is Closed", "hs_is_closed"), "bool"),
        Field("created_on", ("Create Date", "createdate", "Дата создания"), "date"),
        Field("closed_on", ("Close Date", "closedate", "Дата закрытия"), "date", needed=True),
        Field("owner", ("Deal owner", "hubspot_owner_id", "Ответственный за сделку", "Владелец сделки")),
        Field("customer", ("Associated Company", "Company name", "Primary company", "Связанная компания")),
        Field("product", ("Associated Product", "Product", "Products", "Продукт")),
        Field("region", ("Region", "Регион")),
    ),
    delivers="full",
    format=ISO,
    signature=("Record ID", "Deal Name", "Deal Stage"),
    row_key=("deal_id",),
    repeated=stage_column,
    derive=_with_outcome,
    emit=_deals_and_stages,
    unverified=(
        "Date format and separators inside the CSV; the exact Russian labels; the labels of stage dates."
    ),
)

CONTACTS = ExportSpec(
    name="contacts",
    title="Contacts",
    fact="contacts",
    fields=(
        Field(
            "contact_id",
            ("Record ID", "Record ID - Contact", "Contact ID", "hs_object_id", "id", "ID записи"),
            needed=True,
            filled=True,
        ),
        Field("email_hash", ("Email", "email", "Эл. почта", "Электронная почта"), "address"),
        Field("created_on", ("Create Date", "createdate", "Дата создания"), "date", needed=True, filled=True),
        Field(
            "channel",
            ("Original Source", "Original Traffic Source", "hs_analytics_source", "Исходный источник"),
        ),
        Field("lifecycle", ("Lifecycle Stage", "lifecyclestage", "Этап жизненного цикла")),
        Field(
            "owner", ("Contact owner", "hubspot_owner_id", "Ответственный за контакт", "Владелец контакта")
        ),
    ),
    delivers="full",
    format=ISO,
    signature=("Record ID", "Email", "Lifecycle Stage"),
    row_key=("contact_id",),
    unverified="Date format inside the CSV; the exact Russian labels.",
)

VENDOR = Vendor("hubspot", "HubSpot", {"deals": DEALS, "contacts": CONTACTS})
