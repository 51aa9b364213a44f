"""Money and counts as whole ten-thousandths in numpy, without ever becoming a float.

Here: the way from decimal(18,4) to 64-bit integers and back. Not here: what is computed with them.
A decimal(18,4) is below 10^14 units, so its ten-thousandths stay below 10^18 and fit a 64-bit integer.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Whole = npt.NDArray[np.int64]
SCALE = 4
STEPS = 10**SCALE
EXACT = pa.decimal128(18, SCALE)


def to_whole(column: pa.ChunkedArray | pa.Array) -> Whole:
    """Ten-thousandths of a decimal or integer column, shape (rows,); empty cells as 0."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if column.type != EXACT:
        column = column.cast(EXACT)
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(Decimal(0), EXACT))
    if not len(column):
        return np.zeros(0, dtype=np.int64)
    # 16 bytes a value, least significant word first; the upper word only repeats the sign
    words = np.frombuffer(column.buffers()[1], dtype="<i8")
    return words[2 * column.offset : 2 * (column.offset + len(column)) : 2].astype(np.int64)


def from_whole(values: Whole) -> pa.Array:
    """decimal(18,4) of ten-thousandths, shape (rows,)."""
    words = np.empty(2 * len(values), dtype="<i8")
    words[0::2] = values
    words[1::2] = values >> 63
    return pa.Array.from_buffers(EXACT, len(values), [None, pa.py_buffer(words)])


def as_decimal(whole: int) -> Decimal:
    """Ten-thousandths as a Decimal with four places."""
    return Decimal(int(whole)).scaleb(-SCALE)
