"""HubSpot CRM: deals with their stages, contacts, companies, owners, pipelines, what people did, and forms.

Here: headers by label (English, Russian) and by internal name, what won, closed, held and done mean. Not
here: reading, nor who an owner's number is (kpis/known.py puts owners and pipelines to use).
A deal's close date is a forecast while the deal is open, so it counts only once the deal is closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.errors import Problem
from pipeline.sources.frames import (
    amount_column,
    digest_column,
    flag_column,
    stacked,
    text_column,
)
from pipeline.sources.vendor import EPOCH_MS, Context, ExportSpec, Field, Vendor
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
OPEN_STAGES = (
    "appointment scheduled",
    "appointmentscheduled",
    "qualified to buy",
    "qualifiedtobuy",
    "presentation scheduled",
    "presentationscheduled",
    "decision maker bought-in",
    "decisionmakerboughtin",
    "contract sent",
    "contractsent",
)
"""HubSpot's default stages of a deal under way."""
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
    flagged = any(name in rows for name in ("is_won", "is_lost", "is_closed"))
    return rows.assign(is_won=won, is_closed=closed, is_flagged=flag_column(rows, flagged))


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


def _unclear_outcome(rows: pd.DataFrame, context: Context) -> Sequence[Problem]:
    """Says so when nothing in a file tells which deals are closed: all of them would count as open."""
    if not len(rows) or rows["is_flagged"].any() or rows["is_closed"].any():
        return ()
    stages = sorted(stage for stage in set(rows["stage"].dropna()) if stage.casefold() not in OPEN_STAGES)
    if not stages:
        return ()
    return [
        Problem(
            "W-OUTCOME",
            "No deal counts as closed: no column says so, and no stage is known as won or lost: {stages}.",
            "Add a source of pipelines, whose probabilities tell, or Is Closed Won and Is Closed to the view "
            "that is exported, or map is_won and is_closed under columns.",
            file=context.file,
            severity="warning",
            params={"stages": ", ".join(stages[:6]) + (", …" if len(stages) > 6 else "")},
        )
    ]


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
    warn=_unclear_outcome,
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

# --- companies, owners, pipelines --------------------------------------------------------------------

RECORD = ("Record ID", "hs_object_id", "id", "ID записи")
CREATED = ("Create Date", "createdate", "hs_createdate", "createdAt", "Дата создания")

COMPANIES = ExportSpec(
    name="companies",
    title="Companies",
    fact="companies",
    fields=(
        Field("company_id", (*RECORD, "Record ID - Company", "Company ID"), needed=True, filled=True),
        Field("name", ("Company name", "name", "Название компании"), needed=True),
        Field("domain", ("Company Domain Name", "domain", "Доменное имя компании")),
        Field("created_on", CREATED, "date", needed=True, filled=True),
        Field("lifecycle", ("Lifecycle Stage", "lifecyclestage", "Этап жизненного цикла")),
        Field("industry", ("Industry", "industry", "Отрасль")),
        Field("country", ("Country/Region", "country", "Страна/регион", "Страна")),
        Field(
            "owner", ("Company owner", "hubspot_owner_id", "Ответственный за компанию", "Владелец компании")
        ),
    ),
    delivers="full",
    format=ISO,
    signature=("Record ID", "Company name", "Company Domain Name"),
    row_key=("company_id",),
    unverified="Date format inside the CSV; the exact Russian labels.",
)


def _with_full_name(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Adds name from its two halves where the export has no full one, and is_archived: false when unsaid."""
    archived = rows["is_archived"].fillna(False) if "is_archived" in rows else flag_column(rows, False)
    rows = rows.assign(is_archived=archived)
    halves = [rows[half] for half in ("first_name", "last_name") if half in rows]
    if not halves:
        return rows
    joined = text_column(
        rows, [" ".join(part for part in both if part) or None for both in zip(*_texts(halves), strict=True)]
    )
    return rows.assign(name=rows["name"].fillna(joined) if "name" in rows else joined)


def _texts(columns: Sequence[pd.Series]) -> list[list[str]]:
    return [column.astype("string[python]").fillna("").tolist() for column in columns]


OWNERS = ExportSpec(
    name="owners",
    title="Owners",
    fact="owners",
    fields=(
        Field(
            "owner_id",
            ("id", "Owner ID", "hubspot_owner_id", "ownerId", "ID владельца"),
            needed=True,
            filled=True,
        ),
        Field("name", ("name", "Name", "Full name", "Owner name", "Имя владельца")),
        Field("first_name", ("firstName", "First name", "Имя")),
        Field("last_name", ("lastName", "Last name", "Фамилия")),
        Field("email", ("email", "Email", "Эл. почта", "Электронная почта"), needed=True),
        Field("is_archived", ("archived", "Archived", "Deactivated", "Deactivated user", "В архиве"), "bool"),
    ),
    delivers="changes",
    format=ISO,
    signature=("id", "userId", "firstName"),
    row_key=("owner_id",),
    derive=_with_full_name,
    unverified=(
        "A download of owners from the settings pages: the interface's names are known. The number that "
        "deals carry is the owner's id; the user's number is another one and must not be used."
    ),
)

PIPELINES = ExportSpec(
    name="pipelines",
    title="Pipelines and stages",
    fact="pipeline_stages",
    fields=(
        Field("pipeline_id", ("pipeline_id", "pipelineId", "Pipeline ID"), needed=True, filled=True),
        Field("pipeline", ("pipeline_label", "pipeline", "Pipeline", "Воронка"), needed=True, filled=True),
        Field("stage_id", ("stage_id", "stageId", "Stage ID"), needed=True, filled=True),
        Field(
            "stage",
            ("stage_label", "label", "stage", "Stage", "Deal Stage", "Этап"),
            needed=True,
            filled=True,
        ),
        Field("position", ("display_order", "displayOrder", "Order", "Порядок"), "integer"),
        Field(
            "probability", ("probability", "metadata.probability", "Probability", "Вероятность"), "decimal"
        ),
    ),
    delivers="full",
    format=ISO,
    signature=("pipeline_id", "stage_id", "stage_label"),
    row_key=("pipeline_id", "stage_id"),
    unverified="HubSpot has no download of pipelines: every header is this project's own.",
)


# --- what people did ---------------------------------------------------------------------------------

CONNECTED = ("connected", "f240bbac-87c9-4f6e-bf70-924b57d47db7", "соединено", "дозвон")
"""Outcomes of a call in which somebody answered: the label, and the default option's internal value."""
ASSIGNED = ("Activity assigned to", "Assigned to", "hubspot_owner_id", "Назначено", "Ответственный")
HELD = ("completed", "завершено", "завершена", "состоялась", "выполнено")
SENT = ("sent", "отправлено")
MINUTE = Decimal(1) / 60_000


def _done_when(kind: str, done: tuple[str, ...]) -> Callable[[pd.DataFrame, Context], pd.DataFrame]:
    """Adds kind and is_done: whether the outcome, or the state where there is none, is one of `done`."""

    def derive(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
        said = rows["outcome"] if "outcome" in rows else text_column(rows, [None] * len(rows))
        if "state" in rows:
            said = said.fillna(rows["state"])
        is_done = said.str.strip().str.casefold().isin(done).fillna(False).tolist()
        rows = rows.assign(kind=text_column(rows, kind), outcome=said, is_done=flag_column(rows, is_done))
        return _with_minutes(_with_day_done(rows))

    return derive


def _with_day_done(rows: pd.DataFrame) -> pd.DataFrame:
    """A task counts on the day it was completed, else on the day it is due."""
    if "done_on" not in rows:
        return rows
    return rows.assign(happened_on=rows["done_on"].fillna(rows["happened_on"]))


def _with_minutes(rows: pd.DataFrame) -> pd.DataFrame:
    """The length of a call: minutes from milliseconds, else from a duration, which was read in hours and is
    exact to the second again once it is rounded to one."""
    if "length" not in rows:
        return rows
    hours = [None if hour is None else Decimal(hour) for hour in rows["length"].astype(object).tolist()]
    minutes = amount_column(
        rows, [None if hour is None else Decimal(round(hour * 3600)) / 60 for hour in hours]
    )
    return rows.assign(minutes=rows["minutes"].fillna(minutes) if "minutes" in rows else minutes)


def _engagements(
    kind: str, title: str, fields: tuple[Field, ...], done: tuple[str, ...], signature: tuple[str, ...]
) -> ExportSpec:
    return ExportSpec(
        name=f"{kind}s",
        title=title,
        fact="engagements",
        fields=(
            Field(
                "engagement_id", (*RECORD, f"{kind.capitalize()} ID", "Activity ID"), needed=True, filled=True
            ),
            Field("owner", ASSIGNED),
            *fields,
        ),
        delivers="changes",
        format=ISO,
        signature=signature,
        row_key=("engagement_id",),
        derive=_done_when(kind, done),
        unverified="Every label; the internal names are known. Date format inside the CSV.",
    )


MEETINGS = _engagements(
    "meeting",
    "Meetings",
    (
        Field(
            "happened_on",
            (
                "Meeting start time",
                "hs_meeting_start_time",
                "Activity date",
                "hs_timestamp",
                "Начало встречи",
            ),
            "date",
            needed=True,
            filled=True,
        ),
        Field("outcome", ("Meeting outcome", "hs_meeting_outcome", "Результат встречи"), needed=True),
    ),
    HELD,
    ("Meeting outcome", "Meeting start time", "hs_meeting_outcome"),
)
CALLS = _engagements(
    "call",
    "Calls",
    (
        Field(
            "happened_on",
            ("Activity date", "hs_timestamp", "Call date", "Дата звонка"),
            "date",
            needed=True,
            filled=True,
        ),
        Field("outcome", ("Call outcome", "hs_call_disposition", "Результат звонка")),
        Field("state", ("Call status", "hs_call_status", "Статус звонка")),
        Field(
            "direction",
            ("Call direction", "hs_call_direction", "Направление звонка"),
            needed=True,
        ),
        Field("minutes", ("hs_call_duration",), "decimal", scale=MINUTE),
        Field("length", ("Call duration", "Длительность звонка"), "duration"),
    ),
    CONNECTED,
    ("Call outcome", "Call direction", "hs_call_direction"),
)
TASKS = _engagements(
    "task",
    "Tasks",
    (
        Field(
            "happened_on", ("Due date", "hs_timestamp", "Срок выполнения"), "date", needed=True, filled=True
        ),
        Field("done_on", ("Completed at", "hs_task_completion_date", "Дата завершения"), "date"),
        Field("state", ("Task Status", "hs_task_status", "Статус задачи"), needed=True),
    ),
    HELD,
    ("Task Status", "Due date", "hs_task_status"),
)
EMAILS = _engagements(
    "email",
    "E-mails",
    (
        Field(
            "happened_on",
            ("Activity date", "hs_timestamp", "Send date", "Дата отправки"),
            "date",
            needed=True,
            filled=True,
        ),
        Field("direction", ("Email direction", "hs_email_direction", "Направление письма"), needed=True),
        Field("state", ("Email send status", "hs_email_status", "Статус отправки")),
    ),
    SENT,
    ("Email direction", "Email send status", "hs_email_direction"),
)


# --- forms -------------------------------------------------------------------------------------------


def _with_number(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Adds what a submission is known by where HubSpot's number is missing: address, form and time."""
    made = digest_column(rows, ("email_hash", "form", "submitted_at"))
    own = rows["submission_id"].fillna(made) if "submission_id" in rows else made
    return rows.assign(submission_id=own)


SUBMITTED = ("Submitted At", "submittedAt", "Date submitted", "Submission date", "Дата отправки")
FORMS = ExportSpec(
    name="forms",
    title="Form submissions",
    fact="form_submissions",
    fields=(
        Field("submission_id", ("Conversion ID", "conversionId", "Submission ID")),
        Field(
            "submitted_on",
            SUBMITTED,
            "date",
            needed=True,
            filled=True,
            dates=("iso", EPOCH_MS, "%d.%m.%Y %H:%M"),
        ),
        Field("submitted_at", SUBMITTED),
        Field("form", ("Form", "Form name", "formId", "Form ID", "Форма"), needed=True, filled=True),
        Field("email_hash", ("Email", "email", "Эл. почта", "Электронная почта"), "address", needed=True),
    ),
    delivers="changes",
    format=ISO,
    signature=("Conversion ID", "Submitted At", "Form"),
    row_key=("submission_id",),
    derive=_with_number,
    unverified="Every label and the date format; the interface says conversionId, submittedAt, formId.",
)

VENDOR = Vendor(
    "hubspot",
    "HubSpot",
    {
        "deals": DEALS,
        "contacts": CONTACTS,
        "companies": COMPANIES,
        "owners": OWNERS,
        "pipelines": PIPELINES,
        "meetings": MEETINGS,
        "calls": CALLS,
        "tasks": TASKS,
        "emails": EMAILS,
        "forms": FORMS,
    },
)
