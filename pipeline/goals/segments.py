"""Whether a goal's segment is anywhere in the data, and which values are.

Here: values of a segment that no row has. Not here: which dimensions a KPI has (workspace/rules.py), figures
of a segment (kpis/series.py), what a goal makes of it (evaluate.py, smart.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import nearest
from pipeline.goals.book import SeriesBook
from pipeline.workspace.model import Goal, Kpi, People

MOST_NAMES = 8
"""Values that a sentence lists."""


@dataclass(frozen=True)
class Unseen:
    """A part of a segment that no row of the KPI has."""

    key: str
    value: str
    known: tuple[str, ...]
    """The values that rows do have, sorted; empty when no row has the dimension filled."""

    @property
    def text(self) -> str:
        return f"{self.key}: {self.value}"

    @property
    def choices(self) -> str:
        """The values there are, the one probably meant first; a dash when there is none."""
        near = nearest(self.value, self.known)
        ordered = [name for name in (near, *self.known) if name]
        names = list(dict.fromkeys(ordered))
        return ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "") or "–"


def unseen_part(goal: Goal, kpi: Kpi, book: SeriesBook, people: People) -> Unseen | None:
    """The first part of the goal's segment that no row of its KPI has; None when every part occurs.

    Zeros of a segment that nothing knows would be a verdict on a misspelled name. A person or team of
    people.yaml is known before their first row, and a KPI without any row says nothing about segments. Of a
    derived KPI a value must occur in one operand, and every operand must know the dimension.
    """
    parts = book.rows(kpi) if goal.segment else []
    if not parts:
        return None
    for key, value in sorted(goal.segment.items()):
        each = [rows.values(key) for rows in parts]
        lacking = len(each) > 1 and not all(each)
        known = () if lacking else tuple(sorted({one for values in each for one in values}))
        if lacking or (value not in known and value not in _listed(key, people)):
            return Unseen(key, value, known)
    return None


def _listed(key: str, people: People) -> Sequence[str]:
    if key == "owner":
        return [person.id for person in people.people]
    return [team.id for team in people.teams] if key == "team" else ()
