"""Ortto and Autopilot, its former name: all-time counters of journeys and campaigns, and people.

Here: headers by the interface's names and by likely labels. Not here: what counters amount to between two
exports (sources/counters.py).
Neither Ortto nor Autopilot publishes the column names of its downloads; add yours under `aliases`.
"""

from __future__ import annotations

from pipeline.sources.snapshots import SNAPSHOT_DAY, with_snapshot
from pipeline.sources.vendor import EPOCH_MS, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

INSTANTS = ("iso", EPOCH_MS)
"""Autopilot writes instants in milliseconds since 1970, Ortto in ISO form."""

CAMPAIGNS = ExportSpec(
    name="campaigns",
    title="Journeys and campaigns with all-time counters",
    fact="campaign_snapshots",
    fields=(
        SNAPSHOT_DAY,
        Field("campaign_id", ("id", "campaign_id", "Campaign ID", "Journey ID", "ID")),
        Field(
            "name",
            ("name", "Name", "Campaign name", "Journey name", "Journey", "Campaign", "Название"),
            needed=True,
            filled=True,
        ),
        Field("kind", ("type", "Type", "Campaign type", "Тип")),
        Field("started_on", ("created_at", "Created at", "Created", "Date created", "Создано"), "date"),
        Field("delivered", ("delivered", "Delivered", "Доставлено"), "integer", needed=True, filled=True),
        Field("opens", ("opens", "Opens", "Opened", "Открытия"), "integer"),
        Field("clicks", ("clicks", "Clicks", "Clicked", "Клики"), "integer"),
        Field("conversions", ("conversions", "Conversions", "Converted", "Конверсии"), "integer"),
        Field("unsubscribes", ("unsubscribes", "Unsubscribes", "Unsubscribed", "Отписки"), "integer"),
        Field("bounces", ("bounces", "Bounces", "Bounced", "Отказы"), "integer"),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("name", "delivered", "conversions"),
    row_key=("campaign_id", "counted_on"),
    derive=with_snapshot,
    unverified="The column names of downloads; the interface's names are known. Revenue is left unread.",
)

CONTACTS = ExportSpec(
    name="contacts",
    title="People",
    fact="contacts",
    fields=(
        Field(
            "contact_id",
            ("contact_id", "id", "Contact ID", "Person ID", "ID"),
            needed=True,
            filled=True,
        ),
        Field("email_hash", ("email", "Email", "str::email", "Email address", "Эл. почта"), "address"),
        Field(
            "created_on",
            ("created_at", "Created at", "Created", "Date created", "Creation date", "Дата создания"),
            "date",
            needed=True,
            filled=True,
            dates=INSTANTS,
        ),
        Field("channel", ("lead_source", "Lead source", "Lead Source", "Source", "source", "Источник")),
        Field("lifecycle", ("status", "Status", "Lifecycle stage", "Статус")),
        Field("owner", ("owner", "Owner", "Contact owner", "Ответственный")),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("contact_id", "email", "lead_source"),
    row_key=("contact_id",),
    unverified="The column names of downloads; Autopilot's interface names are known.",
)

VENDOR = Vendor("ortto", "Ortto (Autopilot)", {"campaigns": CAMPAIGNS, "contacts": CONTACTS})
