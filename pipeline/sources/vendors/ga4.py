"""Google Analytics 4: sign-ups per day, from a report's CSV download.

Here: the columns of an events report with a day. Not here: the lines of remarks before the header and
the second table after it (reading.py, by `comment`).
A download without a day column covers its whole period and is refused: it cannot be placed in weeks.
"""

from __future__ import annotations

from pipeline.sources.vendor import ExportSpec, Field, Vendor
from pipeline.workspace.model import FileFormat

SIGNUPS = ExportSpec(
    name="signups",
    title="Events by day",
    fact="signups",
    fields=(
        Field("signed_on", ("Date", "Дата"), "date", needed=True, filled=True),
        Field("event", ("Event name", "Название события"), needed=True, filled=True),
        Field(
            "channel",
            (
                "Session default channel group",
                "Session primary channel group",
                "First user default channel group",
                "Группа каналов по умолчанию для сеанса",
            ),
        ),
        Field(
            "count",
            ("Event count", "Количество событий", "Число событий"),
            "integer",
            needed=True,
            filled=True,
        ),
    ),
    delivers="changes",
    format=FileFormat(date="%Y%m%d", datetime="%Y%m%d"),
    signature=("Date", "Event name", "Event count"),
    comment="#",
    unverified=(
        "Russian headers; figures of the last two days still change, so export them again a week later."
    ),
)

VENDOR = Vendor("ga4", "Google Analytics 4", {"signups": SIGNUPS})
