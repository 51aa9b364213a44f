"""Google Analytics 4: sign-ups per day, from a report's CSV download.

Here: the columns of an events report with a day. Not here: the lines of remarks before the header and
the second table after it (reading.py, by `comment`).
A download without a day column covers its whole period and is refused: it cannot be placed in weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sources.vendor import ExportSpec, Field, LeftOut, Vendor
from pipeline.workspace.model import FileFormat

if TYPE_CHECKING:
    import pandas as pd


def _is_total(rows: pd.DataFrame) -> pd.Series:
    """A grand total may have blank cells in place of a name."""
    return rows["signed_on"].isna() & rows["event"].isna() & rows["count"].notna()


SIGNUPS = ExportSpec(
    name="signups",
    title="Events by day",
    fact="signups",
    fields=(
        Field("signed_on", ("Date", "Дата", "Datum", "Fecha", "Data"), "date", needed=True, filled=True),
        Field(
            "event",
            (
                "Event name",
                "Название события",
                "Ereignisname",
                "Nom de l'événement",
                "Nombre del evento",
                "Nome evento",
                "Nome do evento",
            ),
            needed=True,
            filled=True,
        ),
        Field(
            "channel",
            (
                "Session default channel group",
                "Session primary channel group",
                "First user default channel group",
                "Группа каналов по умолчанию для сеанса",
                "Sitzung – Standard-Channelgruppe",
                "Groupe de canaux par défaut de la session",
                "Grupo de canales predeterminado de la sesión",
            ),
        ),
        Field(
            "count",
            (
                "Event count",
                "Количество событий",
                "Число событий",
                "Ereignisanzahl",
                "Nombre d'événements",
                "Número de eventos",
                "Conteggio eventi",
                "Contagem de eventos",
            ),
            "integer",
            needed=True,
            filled=True,
        ),
    ),
    delivers="changes",
    format=FileFormat(date="%Y%m%d", datetime="%Y%m%d"),
    signature=("Date", "Event name", "Event count"),
    comment="#",
    left_out=(LeftOut("Total rows, left out: {count}.", _is_total),),
    unverified=(
        "Headers in other languages than English; figures of the last two days still change, so export them "
        "again a week later."
    ),
)

VENDOR = Vendor("ga4", "Google Analytics 4", {"signups": SIGNUPS})
