"""Who somebody is that a source names in its own way, and which team they were in on a day.

Here: names of sources to people of people.yaml. Not here: what people own (goals) or how much they work
(timeline.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa

from pipeline.periods import DAY
from pipeline.workspace.model import People, Person

LONG_AGO, FAR_AHEAD = date(1900, 1, 1), date(9999, 12, 31)


class PersonNames:
    """Every name a person is known by: aliases, id, e-mail address and names, without regard to case."""

    def __init__(self, people: People) -> None:
        self._known: dict[str, Person] = {}
        for person in people.people:
            for name in (*person.aliases, person.id, person.email or "", *person.name.values()):
                if name:
                    self._known.setdefault(_folded(name), person)

    def person(self, written: str | None) -> Person | None:
        return self._known.get(_folded(written)) if written else None

    def owner(self, written: str | None) -> str | None:
        """The person's id; the text itself when nobody has that name."""
        person = self.person(written)
        return person.id if person else written or None


def people_table(people: People, written: Iterable[str]) -> pa.Table:
    """Who each written name is, and in which team when: one row a name and spell of unchanged team.

    Names are compared without regard to case with a person's aliases, id, e-mail address and names; a name
    nobody has stays the owner itself, without a team. Spells cover all days and never overlap, so a join
    on (name, day) keeps the number of rows.
    """
    names = PersonNames(people)
    rows = [row for name in sorted(set(written)) for row in _spells(name, names.person(name))]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    types = [pa.string(), pa.string(), pa.string(), pa.date32(), pa.date32()]
    return pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)],
        names=["written", "who", "which_team", "since", "until_day"],
    )


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _spells(written: str, person: Person | None) -> Iterator[tuple[str, str, str | None, date, date]]:
    if person is None:
        yield written, written, None, LONG_AGO, FAR_AHEAD
        return
    starts = {LONG_AGO}
    for spell in person.teams:
        starts |= {spell.since} if spell.since else set()
        starts |= {spell.until + DAY} if spell.until and spell.until < FAR_AHEAD else set()
    ordered = sorted(starts)
    for first, following in zip(ordered, [*ordered[1:], None], strict=True):
        yield written, person.id, person.team_on(first), first, following - DAY if following else FAR_AHEAD
