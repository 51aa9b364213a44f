"""NinjaOutreach: prospects and reviewers of a list, and what became of the outreach to them.

Here: an example of headers to start from. Not here: reading, or the workbook's sheet (format: in the source).
Nothing about NinjaOutreach's export is published; every header below is a guess that `aliases` replaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sources.frames import digest_column
from pipeline.sources.vendor import Context, ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


IDENTITY = ("website", "email_hash", "name")
"""What tells two prospects apart where the export has no identifier."""


def _with_identity(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Adds what the export lacks: an identifier (the website, or a digest of address and name) and the day
    the prospect came in (that of the contact)."""
    made = digest_column(rows, IDENTITY)
    if "website" in rows:
        made = rows["website"].fillna(made)
    own = rows["contact_id"].fillna(made) if "contact_id" in rows else made
    created = (
        rows["created_on"].fillna(rows["contacted_on"]) if "created_on" in rows else rows["contacted_on"]
    )
    return rows.assign(contact_id=own, created_on=created)


CONTACTS = ExportSpec(
    name="contacts",
    title="Prospects of a list",
    fact="contacts",
    fields=(
        Field("contact_id", ("id", "ID", "Contact ID")),
        Field("website", ("Website", "website", "URL", "Domain", "Сайт")),
        Field("name", ("Name", "name", "Full name", "Имя")),
        Field("email_hash", ("Email", "email", "Email address", "Эл. почта"), "address", needed=True),
        Field("created_on", ("Added On", "Date Added", "Created", "Добавлен"), "date"),
        Field(
            "contacted_on",
            ("Contacted On", "Last Contacted", "Date Contacted", "Дата контакта"),
            "date",
            needed=True,
        ),
        Field("channel", ("Source", "Channel", "Источник")),
        Field("lifecycle", ("List", "Lists", "Список")),
        Field("campaign", ("Campaign", "Template", "Кампания")),
        Field("has_replied", ("Replied", "Ответил"), "bool"),
        Field("owner", ("Owner", "Assigned to", "Ответственный")),
    ),
    delivers="changes",
    format=FileFormat(date="iso", datetime="iso"),
    signature=("Website", "Contacted On", "Replied"),
    row_key=("contact_id",),
    left_out_without=("contacted_on",),
    derive=_with_identity,
    unverified="Everything: no description of the export was found, nor whether the service still works.",
)

VENDOR = Vendor("ninjaoutreach", "NinjaOutreach", {"contacts": CONTACTS})
