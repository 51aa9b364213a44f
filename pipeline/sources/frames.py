"""Arrow-backed columns for vendor modules, which are imported wherever a workspace is checked.

Here: the few ways a vendor makes columns and stacks rows. pandas is imported when one is called, not before:
checking a workspace needs the declarations only, and must stay quick. Not here: anything about a vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def text_column(rows: pd.DataFrame, values: str | Sequence[str | None]) -> pd.Series:
    """Text for every row: the same, or one a row."""
    import pandas as pd
    import pyarrow as pa

    return pd.Series(values, index=rows.index, dtype=pd.ArrowDtype(pa.string()))


def flag_column(rows: pd.DataFrame, values: bool | Sequence[bool] | None) -> pd.Series:
    """True or false for every row: the same, or one a row; None is missing."""
    import pandas as pd
    import pyarrow as pa

    return pd.Series(pd.NA if values is None else values, index=rows.index, dtype=pd.ArrowDtype(pa.bool_()))


def date_column(rows: pd.DataFrame, value: date) -> pd.Series:
    """The same day for every row."""
    import pandas as pd
    import pyarrow as pa

    return pd.Series(value, index=rows.index, dtype=pd.ArrowDtype(pa.date32()))


def amount_column(rows: pd.DataFrame, values: Sequence[Decimal | None]) -> pd.Series:
    """decimal(18,4), rounded half up at the fourth place."""
    import pandas as pd
    import pyarrow as pa

    exact = [None if one is None else one.quantize(Decimal("0.0001"), ROUND_HALF_UP) for one in values]
    return pd.Series(exact, index=rows.index, dtype=pd.ArrowDtype(pa.decimal128(18, 4)))


def digest_column(rows: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """One digest a row over the text of some columns; a column that the export lacks counts as blank."""
    text = [
        rows[name].astype("string[python]").fillna("") if name in rows else [""] * len(rows) for name in names
    ]
    marks = [
        blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest() for parts in zip(*text, strict=True)
    ]
    return text_column(rows, marks)


def stacked(pieces: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The pieces one below the other, back in the order of the file; without pieces an empty frame."""
    import pandas as pd

    return pd.concat(pieces).sort_index(kind="stable") if pieces else pd.DataFrame(columns=list(columns))


def numbered_keys(rows: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """An identifier a row from the columns that say what it is about, and from how many rows before it are
    about the same: a later export with a corrected amount or duration changes the row and adds none."""
    texts = [
        rows[name].astype("string[python]").fillna("") if name in rows else [""] * len(rows) for name in names
    ]
    seen: dict[str, int] = {}
    keys = []
    for parts in zip(*texts, strict=True):
        mark = blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
        seen[mark] = seen.get(mark, 0) + 1
        keys.append(f"{mark}-{seen[mark]}")
    return text_column(rows, keys)


def texts_of(rows: pd.DataFrame, name: str) -> list[str]:
    """A text column as plain texts; blank where a cell is, or the whole column."""
    if name not in rows:
        return [""] * len(rows)
    return [
        "" if value is None else str(value)
        for value in rows[name].astype(object).where(rows[name].notna(), None)
    ]
