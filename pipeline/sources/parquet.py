"""Parquet files as text cells, so that they pass through the same checks as every other file.

Here: casting columns to exact text. Not here: what a column means.
"""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.sources.reading import MAX_COLUMNS, RawTable, check_magic, refused
from pipeline.workspace.model import FileFormat


def read_parquet(data: bytes, format: FileFormat, name: str) -> RawTable:
    """`lines` are row numbers from 1. Raises FileRefused: E-EMPTY, E-HTML, E-PARQUET, E-LIMIT."""
    check_magic(data, name, "parquet")
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowInvalid, OSError) as error:
        raise refused(
            "E-PARQUET",
            "The Parquet file cannot be read: {cause}",
            "Write it again.",
            name,
            cause=str(error)[:200],
        ) from None
    if table.num_columns > MAX_COLUMNS:
        raise refused(
            "E-LIMIT",
            "The header has {count} columns; at most {limit} are read.",
            "Export fewer columns.",
            name,
            count=table.num_columns,
            limit=MAX_COLUMNS,
        )
    columns = tuple(_text(column.combine_chunks(), format) for column in table.columns)
    lines = np.arange(1, table.num_rows + 1, dtype=np.int64)
    return RawTable(tuple(table.column_names), 1, columns, lines, iso_dates=True)


def _text(column: pa.Array, format: FileFormat) -> pa.Array:
    """Exact text; a null is a blank cell. Numbers take the source's decimal mark."""
    kind = column.type
    if pa.types.is_nested(kind):
        text = pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    elif pa.types.is_floating(kind):
        text = pa.array([None if value is None else repr(value) for value in column.to_pylist()], pa.string())
    elif pa.types.is_timestamp(kind) and kind.tz:
        text = pc.strftime(column.cast(pa.timestamp("s", "UTC"), safe=False), format="%Y-%m-%dT%H:%M:%SZ")
    else:
        text = column.cast(pa.string())
    number = pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if number and format.decimal != ".":
        text = pc.replace_substring(text, ".", format.decimal)
    return pc.fill_null(text.cast(pa.string()), "")
