"""Arrow-backed columns for vendor modules, which are imported wherever a workspace is checked.

Here: the few ways a vendor makes columns and stacks rows. pandas is imported when one is called, not before:
checking a workspace needs the declarations only, and must stay quick. Not here: anything about a vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def stacked(pieces: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The pieces one below the other, back in the order of the file; without pieces an empty frame."""
    import pandas as pd

    return pd.concat(pieces).sort_index(kind="stable") if pieces else pd.DataFrame(columns=list(columns))
