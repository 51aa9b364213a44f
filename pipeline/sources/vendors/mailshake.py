"""Mailshake: one row per sent message with what happened to it, and all-time counters per campaign.

Here: the columns of a show-each-message export and the events a row stands for; the columns of the list of
campaigns. Not here: reading, nor what counters amount to between two exports (counters.py).
The column names of Mailshake's CSV are not published; headers are accepted by the names below and by the
source's own `aliases`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sources.frames import digest_column, flag_column, stacked, text_column
from pipeline.sources.snapshots import SNAPSHOT_DAY, with_snapshot
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


DATED_EVENTS = {"sent": "sent_on", "open": "opened_on", "click": "clicked_on", "reply": "replied_on"}
"""Event -> the date that proves it."""
MESSAGE = ("campaign_id", "campaign", "recipient_hash", "message_type", "subject", "sent_at")
"""What makes a message unique where the export has no identifier."""
LEADS_LOST = ("ignored", "lost")
"""Lead states that are no lead any more."""


def _with_first_event(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """The row as its own `sent` event, whose identifier comes from what makes a message unique."""
    has_id = rows["message_id"].notna() if "message_id" in rows else flag_column(rows, False)
    identifiers = digest_column(rows, MESSAGE).where(
        ~has_id.astype(bool), digest_column(rows, ("message_id",))
    )
    return rows.assign(event_id=identifiers, event=text_column(rows, "sent"), happened_on=rows["sent_on"])


def _events(rows: pd.DataFrame, context: Context) -> dict[str, pd.DataFrame]:
    """Every event of every accepted row. A bounce carries the day of its message, a lead the day of
    the reply where there is one."""
    about = rows[["event_id", "campaign", "recipient_hash", "owner"]]
    pieces = [_piece(about, event, rows[date]) for event, date in DATED_EVENTS.items() if date in rows]
    if "bounced" in rows:
        pieces.append(_piece(about[rows["bounced"].fillna(False)], "bounce", rows["sent_on"]))
    if "lead_status" in rows:
        pieces.append(_leads(rows))
    return {"outreach_events": stacked(pieces, ())}


def _piece(rows: pd.DataFrame, event: str, day: pd.Series) -> pd.DataFrame:
    """Rows of one event: those that have a day of it."""
    day = day.reindex(rows.index)
    piece, day = rows[day.notna()], day[day.notna()]
    return piece.assign(
        event=text_column(piece, event), happened_on=day, event_id=piece["event_id"] + f"-{event}"
    )


def _leads(rows: pd.DataFrame) -> pd.DataFrame:
    """One lead per recipient and campaign, with an identifier that does not depend on the message: the state
    stands on every message row of that recipient, in this export and in later ones."""
    lost = rows["lead_status"].str.casefold().isin(LEADS_LOST).fillna(False)
    leads = rows[rows["lead_status"].notna() & ~lost]
    day = leads["sent_on"]
    if "replied_on" in leads:
        day = leads["replied_on"].fillna(day)
    leads = leads.assign(event=text_column(leads, "lead"), happened_on=day)
    whose = [name for name in ("campaign_id", "campaign", "recipient_hash") if name in leads]
    first = leads.sort_values("happened_on", kind="stable").drop_duplicates(whose)
    return first.assign(event_id=digest_column(first, whose) + "-lead")


ACTIVITY = ExportSpec(
    name="activity",
    title="Campaign export, each message",
    fact="outreach_events",
    fields=(
        Field("message_id", ("message_id", "Message ID")),
        Field("campaign_id", ("campaign_id", "Campaign ID")),
        Field(
            "campaign", ("campaign_title", "Campaign", "Campaign title", "campaign"), needed=True, filled=True
        ),
        Field(
            "recipient_hash",
            ("recipient_email", "Recipient", "Email", "Email address", "Recipient email"),
            "address",
            needed=True,
            filled=True,
        ),
        Field("message_type", ("message_type", "Message type", "Type")),
        Field("subject", ("subject", "Subject")),
        Field("sent_at", ("sent_at", "Sent", "Sent at", "Date sent")),
        Field("sent_on", ("sent_at", "Sent", "Sent at", "Date sent"), "date", needed=True, filled=True),
        Field("opened_on", ("opened_at", "Opened", "Opened at"), "date"),
        Field("clicked_on", ("clicked_at", "Clicked", "Clicked at"), "date"),
        Field("replied_on", ("replied_at", "Replied", "Replied at"), "date"),
        Field("bounced", ("bounced", "Bounced"), "bool"),
        Field("lead_status", ("lead_status", "Lead status")),
        Field("owner", ("sender_email", "from_address", "sender", "From", "Sender", "Sent by", "owner")),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("campaign_id", "recipient_email", "sent_at"),
    row_key=("event_id",),
    derive=_with_first_event,
    emit=_events,
    unverified="Every column name: Mailshake does not publish them. Add yours under aliases.",
)

CAMPAIGNS = ExportSpec(
    name="campaigns",
    title="Campaigns with all-time counters",
    fact="campaign_snapshots",
    fields=(
        SNAPSHOT_DAY,
        Field("campaign_id", ("campaign_id", "Campaign ID", "id", "ID")),
        Field(
            "name",
            ("title", "campaign_title", "Campaign", "Campaign title", "Campaign name", "Кампания"),
            needed=True,
            filled=True,
        ),
        Field("kind", constant="sequence"),
        Field("started_on", ("created", "Created", "Date created", "Created at", "Создана"), "date"),
        Field("owner", ("sender_email", "Sender", "sender", "From", "Sent by", "owner", "Отправитель")),
        Field(
            "sent",
            ("sent", "Sent", "Emails sent", "Total sent", "Отправлено"),
            "integer",
            needed=True,
            filled=True,
        ),
        Field("opens", ("opens", "Opens", "Opened", "Unique opens", "Открытия"), "integer"),
        Field("clicks", ("clicks", "Clicks", "Clicked", "Unique clicks", "Клики"), "integer"),
        Field("replies", ("replies", "Replies", "Replied", "Ответы"), "integer", needed=True, filled=True),
        Field("bounces", ("bounces", "Bounces", "Bounced", "Отказы"), "integer"),
        Field("unsubscribes", ("unsubscribes", "Unsubscribes", "Unsubscribed", "Отписки"), "integer"),
        Field("leads", ("leads", "Leads", "Leads created", "Лиды"), "integer"),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("campaign_id", "title", "replies"),
    row_key=("campaign_id", "counted_on"),
    derive=with_snapshot,
    unverified="Every column name, and whether replies leave out bounces and automatic answers.",
)

VENDOR = Vendor("mailshake", "Mailshake", {"activity": ACTIVITY, "campaigns": CAMPAIGNS})
