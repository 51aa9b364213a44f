"""`for_each`: one written goal to a goal for each person, team or other value of a dimension.

Here: who the values are and what of the goal each of them changes. Not here: whether the goals made are right
(shape.py, rules.py): they are checked like written ones, at the place of the one that was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from pipeline.errors import Problem
from pipeline.workspace.draft import Draft, Entry
from pipeline.workspace.model import ForEach, Person, as_for_each
from pipeline.workspace.rules import unknown_name

_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_SOUNDS = "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya"
_LATIN = {letter: sound.strip("_") for letter, sound in zip(_RUSSIAN, _SOUNDS.split(), strict=True)}
_HERE = ("for_each",)


@dataclass(frozen=True)
class Member:
    """One value of the dimension: how it is named, and what of the goal it changes."""

    value: str
    name: dict[str, str]
    changes: dict[str, Any]


def expanded(draft: Draft, entry: Entry) -> tuple[list[Entry], list[Problem]]:
    """The entries that a goal with `for_each` stands for; the entry itself when it has none or a wrong one,
    which its shape then says."""
    raw = entry.raw
    if not isinstance(raw, Mapping) or raw.get("for_each") is None:
        return [entry], []
    try:
        each = ForEach.model_validate(as_for_each(raw["for_each"]))
    except ValidationError:
        return [entry], []
    problems = _problems(draft, entry, each)
    if problems:
        return [], problems
    members = list(_members(draft, each, raw))
    if not members:
        return [], [_nobody(entry, each)]
    _place_changes(entry, each.dimension, members)
    return [_made(entry, each, member) for member in members], []


def _problems(draft: Draft, entry: Entry, each: ForEach) -> list[Problem]:
    if each.dimension in ("owner", "team"):
        kind = "person" if each.dimension == "owner" else "team"
        message = (
            "There is no person {name} in people.yaml."
            if kind == "person"
            else "There is no team {name} in people.yaml."
        )
        known = draft.ids(kind)
        return [unknown_name(entry, _HERE, one, message, known) for one in each.values if one not in known]
    if each.values:
        return []
    return [
        entry.problem(
            "E-MISSING",
            "for_each: {dimension} does not say for which values.",
            "List them, such as for_each: {{{dimension}: [North, South]}}; only owner and team need no list.",
            at=_HERE,
            dimension=each.dimension,
        )
    ]


def _nobody(entry: Entry, each: ForEach) -> Problem:
    return entry.problem(
        "E-REFERENCE",
        "for_each: {dimension} finds nobody in people.yaml for goal {entry}.",
        "Put people into the goal's team there, or list them: for_each: {{owner: [ann, bob]}}.",
        at=_HERE,
        dimension=each.dimension,
    )


def _members(draft: Draft, each: ForEach, raw: Mapping[str, Any]) -> Iterator[Member]:
    people = {person.id: person for person in draft.people.people}
    teams = {team.id: team for team in draft.people.teams}
    if each.dimension == "owner":
        for name in each.values or [one.id for one in people.values() if _is_meant(one, raw)]:
            person = people.get(name)
            team = raw.get("team") or (person.team_on(_day(raw.get("start"))) if person else None)
            changes = {"owner": name, **({"team": team} if team else {})}
            yield Member(name, dict(person.name) if person else {"": name}, changes)
    elif each.dimension == "team":
        for name in each.values or teams:
            lead = raw.get("owner") or (teams[name].lead if name in teams else None)
            changes = {"team": name, **({"owner": lead} if lead else {})}
            yield Member(name, dict(teams[name].name) if name in teams else {"": name}, changes)
    else:
        for name in each.values:
            yield Member(name, {"": name}, {})


def _is_meant(person: Person, raw: Mapping[str, Any]) -> bool:
    """Everybody, or who is in the goal's team at some time of the goal."""
    start, due = _day(raw.get("start")), _day(raw.get("due"))
    team = raw.get("team")
    return not team or any(
        spell.team == team and (spell.since or start) <= due and (spell.until or due) >= start
        for spell in person.teams
    )


def _day(written: Any) -> date:
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        return date(2000, 1, 1)  # a wrong date is said by the goal's shape


def _made(entry: Entry, each: ForEach, member: Member) -> Entry:
    raw = {key: value for key, value in entry.raw.items() if key != "for_each"}
    segment = raw.get("segment")
    raw["segment"] = {**(segment if isinstance(segment, Mapping) else {}), each.dimension: member.value}
    if entry.id:
        raw["id"] = f"{entry.id}-{slug(member.value)}"
    raw["title"] = _titles(raw.get("title"), member.name)
    raw |= member.changes
    target = each.values.get(member.value)
    if target is not None:
        raw["target"] = target
    return Entry(entry.kind, raw, entry.document, entry.path, None)


def _titles(written: Any, name: Mapping[str, str]) -> Any:
    """`Raise sales: Ann Example`, in every language in which either is written."""
    if written is None:
        return None
    titles = dict(written) if isinstance(written, Mapping) else {"": str(written)}
    languages = dict.fromkeys((*titles, *name)) if set(titles) | set(name) != {""} else {"": None}
    if len(languages) > 1:
        languages.pop("", None)

    def said(texts: Mapping[str, Any], lang: str) -> str:
        return str(texts.get(lang) or texts.get("") or next(iter(texts.values()), ""))

    return {lang: f"{said(titles, lang)}: {said(name, lang)}" for lang in languages}


def _place_changes(entry: Entry, dimension: str, members: list[Member]) -> None:
    """What `for_each` wrote stands where `for_each` stands."""
    here = entry.document.position((*entry.path, *_HERE))
    made = {key for member in members for key in member.changes}
    for path in (("segment", dimension), *((key,) for key in made)):
        entry.document.values.setdefault((*entry.path, *path), here)


def slug(text: str) -> str:
    """A value as a part of an id: lower-case Latin letters and digits, joined by dashes."""
    latin = "".join(_LATIN.get(ch, ch) for ch in text.casefold())
    return re.sub(r"[^a-z0-9_]+", "-", latin).strip("-") or "x"
