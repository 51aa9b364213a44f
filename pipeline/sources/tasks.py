"""What the exports of project tools have in common.

Here: which goal a task names, and finding tasks by their names. Not here: any tool's own columns (vendors/),
nor what a link to a goal means (pipeline/steps.py). pandas is imported by frames.py when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

GOAL_HEADERS = ("Goal", "goal", "Цель", "Ziel")
"""A column of the company's own, in which a task names the goal it serves or the initiative it belongs to."""
_GOAL = re.compile(r"\bgoal:\s*([a-z0-9][a-z0-9_-]*)", re.IGNORECASE)
_INITIATIVE = re.compile(r"\binitiative:\s*[a-z0-9][a-z0-9_/-]*", re.IGNORECASE)
DONE = Decimal(100)


def goal_cell(own: str, *notes: str) -> str | None:
    """The goal's own cell; without one, `goal:<id>` and `initiative:<id>` from notes or labels."""
    if own:
        return own
    for text in notes:
        initiative, goal = _INITIATIVE.search(text), _GOAL.search(text)
        found = [goal[1] if goal else "", initiative[0] if initiative else ""]
        if any(found):
            return " ".join(filter(None, found))
    return None


def ids_by_name(ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Name -> id, for names that only one task has."""
    found: dict[str, str] = {}
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    for task, name in zip(ids, names, strict=True):
        if name and name not in twice:
            found[name] = task
    return found


def named_tasks(cell: str, by_name: Mapping[str, str], ids: frozenset[str]) -> str | None:
    """Identifiers, joined by `;`, of the tasks that a cell names, by id or name, separated by commas. A name
    may itself hold commas. One that is not found stays as it is written, so that the plan can say so."""
    if not cell:
        return None
    parts = [part.strip() for part in cell.split(",")]
    found: list[str] = []
    while parts:
        length = next((n for n in range(len(parts), 0, -1) if ", ".join(parts[:n]) in by_name), 1)
        name = ", ".join(parts[:length])
        found.append(name if name in ids else by_name.get(name, name))
        parts = parts[length:]
    return ";".join(dict.fromkeys(filter(None, found))) or None


def percent_column(rows: pd.DataFrame, done: Sequence[bool]) -> pd.Series:
    """100 for what is done. How far the rest has come is not known, which is not the same as 0."""
    import pandas as pd
    import pyarrow as pa

    values = pa.array([DONE if one else None for one in done], pa.decimal128(18, 4))
    return pd.Series(pd.arrays.ArrowExtensionArray(values), index=rows.index)
