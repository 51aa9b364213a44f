"""Prospect.io, now Overloop: prospects with what became of them, and campaign results.

Here: headers by the interface's attribute names (organisation_name is written so) and by likely labels. Not
here: what counters amount to between two exports (sources/counters.py).
A prospect's flags have no day of their own: an answer counts on the day of the newest message.
"""

from __future__ import annotations

from pipeline.sources.snapshots import SNAPSHOT_DAY, with_snapshot
from pipeline.sources.vendor import ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

PROSPECTS = ExportSpec(
    name="prospects",
    title="Prospects",
    fact="contacts",
    fields=(
        Field("contact_id", ("id", "Prospect ID", "ID"), needed=True, filled=True),
        Field("email_hash", ("email", "Email", "Email address", "Эл. почта"), "address"),
        Field(
            "created_on",
            ("created_at", "Created at", "Created", "Added on", "Дата создания"),
            "date",
            needed=True,
            filled=True,
        ),
        Field("channel", ("created_from", "Created from", "Source", "Источник")),
        Field("lifecycle", ("campaign_status", "Campaign status", "Status", "Статус")),
        Field("owner", ("responsible", "Responsible", "owner", "Owner", "creator", "Ответственный")),
        Field("campaign", ("campaign", "Campaign", "Campaign name", "list", "List", "Кампания")),
        Field(
            "contacted_on", ("last_emailed_at", "Last emailed at", "Last emailed", "Последнее письмо"), "date"
        ),
        Field("has_replied", ("replied", "Replied", "Ответил"), "bool"),
        Field("is_lead", ("qualified", "Qualified", "Квалифицирован"), "bool"),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("organisation_name", "last_emailed_at", "campaign_status"),
    row_key=("contact_id",),
    unverified="The column names of downloads; the interface's attribute names are known.",
)

CAMPAIGNS = ExportSpec(
    name="campaigns",
    title="Campaign results with all-time counters",
    fact="campaign_snapshots",
    fields=(
        SNAPSHOT_DAY,
        Field("campaign_id", ("id", "campaign_id", "Campaign ID", "ID")),
        Field("name", ("name", "Name", "Campaign", "Campaign name", "Кампания"), needed=True, filled=True),
        Field("kind", constant="sequence"),
        Field("started_on", ("created_at", "Created at", "Created", "Создана"), "date"),
        Field("owner", ("responsible", "Responsible", "owner", "Owner", "Ответственный")),
        Field(
            "sent",
            ("contacted", "Contacted", "emailed", "Emails sent", "Sent", "sent", "Отправлено"),
            "integer",
            needed=True,
            filled=True,
        ),
        Field("delivered", ("delivered", "Delivered", "Доставлено"), "integer"),
        Field("opens", ("opened", "Opened", "Opens", "opens", "Открытия"), "integer"),
        Field("clicks", ("clicked", "Clicked", "Clicks", "clicks", "Клики"), "integer"),
        Field("replies", ("replied", "Replied", "Replies", "replies", "Ответы"), "integer"),
        Field("bounces", ("bounced", "Bounced", "Bounces", "bounces", "Отказы"), "integer"),
        Field("leads", ("qualified", "Qualified", "Leads", "Лиды"), "integer"),
        Field("conversions", ("converted", "Converted", "Conversions", "Конверсии"), "integer"),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("name", "contacted", "qualified"),
    row_key=("campaign_id", "counted_on"),
    derive=with_snapshot,
    unverified="Every column name: the interface's campaigns carry no counters at all.",
)

VENDOR = Vendor("prospectio", "Prospect.io (Overloop)", {"prospects": PROSPECTS, "campaigns": CAMPAIGNS})
