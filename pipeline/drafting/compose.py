"""From what a sentence says to the lines of a goal file.

Here: which KPI and owner are meant, the order of the lines, ids, the letters. Not here: numbers (targets.py),
dates (dates.py), YAML (yamltext.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline.drafting.dates import date_lines, whole_periods
from pipeline.drafting.kpinames import Mention
from pipeline.drafting.letters import letters_of
from pipeline.drafting.model import DraftGoal, Item, Line, Said
from pipeline.drafting.reading import Facts
from pipeline.drafting.targets import aim_of
from pipeline.workspace.model import Kpi, Workspace

ID_WORDS, ID_LENGTH = 6, 48
_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "_",
            "y",
            "_",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)
"""Russian letters as passports write them; the two signs are left out."""
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$")


def composed(
    facts: Facts,
    kpis: Mapping[str, Kpi],
    workspace: Workspace | None,
    today: date,
    taken: Collection[str],
) -> DraftGoal:
    """The draft of one goal. `taken`: ids that are in use."""
    kpi_line, kpi = _kpi(facts, kpis)
    aim = aim_of(facts, kpi, workspace.company.currency if workspace else None)
    kind, rest = aim.lines[0], aim.lines[1:]
    owner = _owner(facts, workspace)
    team = [Line("team", facts.team)] if facts.team else []
    start, due = date_lines(facts.times, today)
    every = next((line.value for line in rest if line.key == "every"), "")
    if every:
        start, due = whole_periods(start, due, every, workspace.company.fiscal_year_start if workspace else 1)
    lines = (owner, *team, kpi_line, kind, *rest, start, due)
    goal = DraftGoal(
        id=free_id(facts.title, taken),
        title=facts.title,
        lines=lines,
        how=_items(facts.means),
        unread=(*facts.unread, *_unmeant(facts), *aim.unused),
        kpi=kpi if not kpi_line.mark else None,
    )
    return replace(goal, letters=letters_of(goal, workspace))


# --- KPI -------------------------------------------------------------------------------------------------


def _kpi(facts: Facts, kpis: Mapping[str, Kpi]) -> tuple[Line, Kpi | None]:
    """The KPI's line, and what is known of it: also of several that agree in unit, kind and direction."""
    meant = _meant(facts)
    if not meant:
        return Line(
            "kpi", "", "missing", Said("which figure is meant? A built-in KPI or one of kpis.yaml")
        ), None
    if len(meant) == 1:
        return Line("kpi", meant[0]), kpis[meant[0]]
    line = Line("kpi", "", "decide", Said("which of these? {values}", {"values": ", ".join(meant)}))
    alike = {(kpis[one].unit, kpis[one].kind, kpis[one].direction) for one in meant}
    return line, kpis[meant[0]] if len(alike) == 1 else None


def _chosen(facts: Facts) -> Mention | None:
    """The first mention, unless another stands right after a quantity ("40 new customers")."""
    ends = {amount.last for amount in facts.amounts}
    beside = (one for one in facts.mentions if one.first in ends)
    return next(beside, facts.mentions[0] if facts.mentions else None)


def _unmeant(facts: Facts) -> list[str]:
    """Names of KPIs that the goal is not about, as written."""
    chosen = _chosen(facts)
    return [one.words for one in facts.mentions if one is not chosen and chosen and one.kpis != chosen.kpis]


def _meant(facts: Facts) -> tuple[str, ...]:
    chosen = _chosen(facts)
    if chosen is None:
        return ()
    if set(chosen.kpis) == {"revenue_growth_yoy", "sales_revenue"} and facts.prior_year:
        by = any("by" in amount.roles for amount in facts.amounts)
        return ("sales_revenue",) if by else ("revenue_growth_yoy",)
    return chosen.kpis


# --- owner -----------------------------------------------------------------------------------------------


def _owner(facts: Facts, workspace: Workspace | None) -> Line:
    if facts.each:
        said = Said(
            "{words} makes one goal a person: copy the goal for each, with owner and segment",
            {"words": f"“{facts.each}”"},
        )
        return Line("owner", "", "decide", said)
    named = facts.owner
    if named is None:
        return Line("owner", "", "missing", Said("who is responsible? An id of people.yaml"))
    if len(named.people) == 1:
        return Line("owner", named.people[0])
    if named.people:
        return Line(
            "owner", "", "decide", Said("which of these? {values}", {"values": ", ".join(named.people)})
        )
    said = (
        Said("“{name}” is not in people.yaml", {"name": named.words})
        if workspace
        else Said("the id of “{name}” in people.yaml", {"name": named.words})
    )
    return Line("owner", "", "missing", said)


# --- ids -------------------------------------------------------------------------------------------------


def slug(text: str) -> str:
    """An id from words: Latin letters, digits and dashes, at most six words and 48 characters."""
    latin = "".join(_LATIN.get(ch, ch) for ch in text.casefold()).replace("_", "")
    words = re.findall(r"[a-z0-9]+", latin)
    made = ""
    for word in words[:ID_WORDS]:
        longer = f"{made}-{word}" if made else word[:ID_LENGTH]
        if len(longer) > ID_LENGTH:
            break
        made = longer
    return made or "goal"


def free_id(text: str, taken: Collection[str]) -> str:
    """The slug, with a number when it is in use or cannot be a file's name everywhere."""
    made, number = slug(text), 2
    used = {one.casefold() for one in taken}
    candidate = f"goal-{made}" if _RESERVED.match(made) else made
    while candidate in used:
        candidate = f"{made}-{number}"
        number += 1
    return candidate


def _items(means: Sequence[str]) -> tuple[Item, ...]:
    made: list[Item] = []
    for text in means:
        made.append(Item(free_id(text, [one.id for one in made]), text))
    return tuple(made)
