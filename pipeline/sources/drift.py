"""How an export that can be read differs from those before it: fewer rows, other columns, another unit.

Here: the profile kept of each export, and the warnings that comparing profiles gives. Not here: rows that
break a rule (validation.py), or whether a source is late (freshness.py). A warning changes no number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import Problem
from pipeline.facts import FACTS

VOLUME_DROP_PERCENT = 80
"""A drop of this much against the median of the exports before is worth a warning."""
HISTORY = 4
HISTORY_TIME = timedelta(weeks=4)
"""An export is compared with those of the four weeks before it, and with the last four when that is fewer."""
FACTORS = (1000, 100)
"""How many times larger amounts become when cents are exported for whole units, or units for thousands."""
NEARLY = 2
"""A median within this of a factor is that factor: medians of a week's few rows move on their own."""
FEWEST_AMOUNTS = 5
VOLUME, NEW_COLUMNS, GONE_COLUMNS, UNITS = "W-VOLUME", "W-NEWCOLUMNS", "W-GONECOLUMNS", "W-UNITS"
LARGER = (
    'The amounts in {name} of "{source}" ({column}) are about {factor} times those of the exports before '
    "(median {now}, was {usual})."
)
SMALLER = (
    'The amounts in {name} of "{source}" ({column}) are about {factor} times smaller than those of the '
    "exports before (median {now}, was {usual})."
)
DRIFT = (VOLUME, NEW_COLUMNS, GONE_COLUMNS, UNITS)

Entry = Mapping[str, Any]


def profile(header: Sequence[str], facts: Mapping[str, pa.Table]) -> str:
    """What the ingest log keeps of an export, as JSON: its headers, and for each money column of its accepted
    rows the median amount (without sign; zeros left out)."""
    medians = {}
    for name, rows in facts.items():
        for column in FACTS[name].columns:
            if column.type == "money" and column.name in rows.column_names:
                middle = _median(rows[column.name])
                if middle is not None:
                    medians[f"{name}.{column.name}"] = middle
    return json.dumps({"columns": [text for text in header if text.strip()], "medians": medians})


def _median(amounts: pa.ChunkedArray) -> float | None:
    sizes = np.abs(pc.drop_null(amounts).cast(pa.float64()).to_numpy())
    sizes = sizes[sizes > 0]
    return float(np.median(sizes)) if len(sizes) >= FEWEST_AMOUNTS else None


def drift_warnings(source_id: str, usable: Sequence[Entry], *, varies: bool = False) -> list[Problem]:
    """What a person should know about the newest of a source's usable exports (oldest first). `varies`: each
    holds what changed since the one before, so that few rows are no sign of anything."""
    if len(usable) < 2:
        return []
    newest = usable[-1]
    earlier = _earlier(usable)
    profiles = [_profile(entry) for entry in earlier]
    about = {"source": source_id, "name": str(newest["name"])}
    found = [
        None if varies else _volume(about, newest, earlier),
        *_columns(about, _profile(newest), profiles),
    ]
    found += _units(about, _profile(newest), profiles)
    return [problem for problem in found if problem is not None]


def _earlier(usable: Sequence[Entry]) -> list[Entry]:
    since = usable[-1]["received_at"] - HISTORY_TIME
    recent = [entry for entry in usable[:-1] if entry["received_at"] >= since]
    return recent if len(recent) >= HISTORY else list(usable[-1 - HISTORY : -1])


def _profile(entry: Entry) -> dict[str, Any]:
    """Empty for exports that were read before profiles were kept."""
    return dict(json.loads(entry.get("profile") or "{}"))


def _warning(code: str, message: str, remedy: str, about: Mapping[str, object], **params: object) -> Problem:
    return Problem(
        code, message, remedy, file=str(about["name"]), severity="warning", params={**about, **params}
    )


def _volume(about: Mapping[str, object], newest: Entry, earlier: Sequence[Entry]) -> Problem | None:
    if len(earlier) < HISTORY:
        return None
    rows, usual = int(newest["rows_in"]), median(int(entry["rows_in"]) for entry in earlier)
    if rows * 100 > (100 - VOLUME_DROP_PERCENT) * usual:
        return None
    return _warning(
        VOLUME,
        '{name} of "{source}" has {rows} rows; the {count} exports before had {usual} (median).',
        "Check whether the export was filtered or cut off.",
        about,
        rows=rows,
        usual=round(usual),
        count=len(earlier),
    )


def _columns(
    about: Mapping[str, object], newest: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]
) -> list[Problem]:
    """Headers that came or went since the export before."""
    before = next((one["columns"] for one in reversed(earlier) if one.get("columns")), None)
    now = newest.get("columns")
    if not before or not now:
        return []
    new = [name for name in now if name not in before]
    gone = [name for name in before if name not in now]
    found = []
    if gone:
        found.append(
            _warning(
                GONE_COLUMNS,
                '{name} of "{source}" no longer has the columns: {columns}.',
                "If a figure needs them, export them again.",
                about,
                columns=_listed(gone),
            )
        )
    if new:
        found.append(
            _warning(
                NEW_COLUMNS,
                '{name} of "{source}" has columns that the export before had not: {columns}.',
                "Nothing to do, unless a column was renamed.",
                about,
                columns=_listed(new),
            )
        )
    return found


def _listed(names: Sequence[str], limit: int = 12) -> str:
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")


def _units(
    about: Mapping[str, object], newest: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]
) -> list[Problem]:
    """Amounts whose median is a hundred or a thousand times what it was, or that part of it."""
    found = []
    for column, now in newest.get("medians", {}).items():
        before = [one["medians"][column] for one in earlier if column in one.get("medians", {})]
        factor = _factor(now, median(before)) if before else None
        if factor is not None:
            found.append(
                _warning(
                    UNITS,
                    LARGER if factor > 0 else SMALLER,
                    "Check whether it is written in cents, in thousands or in another currency; "
                    "the column's scale puts it right.",
                    about,
                    column=column.partition(".")[2],
                    factor=abs(factor),
                    now=f"{now:g}",
                    usual=f"{median(before):g}",
                )
            )
    return found


def _factor(now: float, before: float) -> int | None:
    """The factor between two medians, negative when the new one is smaller; None for an ordinary change."""
    for factor in FACTORS:
        if factor / NEARLY <= now / before <= factor * NEARLY:
            return factor
        if factor / NEARLY <= before / now <= factor * NEARLY:
            return -factor
    return None
