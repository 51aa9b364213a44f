"""Parquet files as text cells, so that they pass through the same checks as every other file.

Here: casting columns to exact text. Not here: what a column means.
"""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import shown
from pipeline.sources.reading import (
    MAX_COLUMNS,
    MAX_UNPACKED,
    RawTable,
    check_magic,
    number_text,
    refused,
    refused_width,
)
from pipeline.sources.reasons import NO_TEXT, Reason
from pipeline.workspace.model import FileFormat

MAX_VALUES = 200_000_000
"""Rows times columns. A few bytes may stand for any number of equal values."""


def read_parquet(data: bytes, format: FileFormat, name: str) -> RawTable:
    """`lines` are row numbers from 1. Raises FileRefused: E-EMPTY, E-HTML, E-PARQUET, E-LIMIT."""
    check_magic(data, name, "parquet")
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        _check_size(file.metadata, name)
        table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise refused(
            "E-PARQUET",
            "The Parquet file cannot be read: {cause}",
            "Write it again.",
            name,
            cause=shown(error, 200),
        ) from None
    columns: list[pa.Array] = []
    flagged: list[tuple[int, int, Reason]] = []
    for column in table.columns:
        text = _text(column.combine_chunks(), format)
        if text is None:
            text = pa.array([""] * table.num_rows, pa.string())
            flagged += [(row, len(columns), NO_TEXT) for row in range(table.num_rows)]
        columns.append(text)
    lines = np.arange(1, table.num_rows + 1, dtype=np.int64)
    header = tuple(column.strip() for column in table.column_names)
    return RawTable(header, 1, tuple(columns), lines, iso_dates=True, flagged=tuple(flagged))


def _check_size(about: pq.FileMetaData, name: str) -> None:
    if about.num_columns > MAX_COLUMNS:
        raise refused_width(about.num_columns, name)
    size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows * about.num_columns > MAX_VALUES or size > 2 * MAX_UNPACKED:
        raise refused(
            "E-LIMIT",
            "The file holds {rows} rows and {size} MB.",
            "Export fewer rows at a time.",
            name,
            rows=about.num_rows,
            size=size // 2**20,
        )


def _text(column: pa.Array, format: FileFormat) -> pa.Array | None:
    """Exact text; a null is a blank cell. Numbers take the source's decimal mark. None: not text at all."""
    kind = column.type
    try:
        if pa.types.is_floating(kind):
            numbers = [None if value is None else number_text(value) for value in column.to_pylist()]
            text = pa.array(numbers, pa.string())
        elif pa.types.is_timestamp(kind) and kind.tz:
            text = pc.strftime(column.cast(pa.timestamp("s", "UTC"), safe=False), format="%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_nested(kind):
            return None
        else:
            text = column.cast(pa.string())
    except (pa.ArrowException, ValueError):
        return None
    number = pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if number and format.decimal != ".":
        text = pc.replace_substring(text, ".", format.decimal)
    return pc.fill_null(text.cast(pa.string()), "")
