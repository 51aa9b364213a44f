"""Who owns a goal: a name after "owner" or "by", matched to people.yaml in any case ending.

Here: finding the words, matching people and teams, "each rep". Not here: what is written when nobody
matches (compose.py). Nobody is chosen for being the only one there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.drafting.lexicon import LEXICONS
from pipeline.drafting.lexicon.model import Lexicon
from pipeline.drafting.tokens import Hit, Scan, Token, same_word, tokens_of, word_book
from pipeline.workspace.model import Person, Team, Workspace

LONGEST_NAME = 4


@dataclass(frozen=True)
class Named:
    """People a phrase may mean, as written and by id."""

    words: str
    people: tuple[str, ...]
    first: int
    last: int


class PeopleReader:
    """Finds owner, team and "each rep" among the free tokens of a scan."""

    def __init__(self, lexicon: Lexicon, workspace: Workspace | None) -> None:
        self._people: Sequence[Person] = workspace.people.people if workspace else ()
        self._teams: Sequence[Team] = workspace.people.teams if workspace else ()
        self._owner = word_book(lexicon.owner, lexicon)
        self._by = word_book(lexicon.owner_by, lexicon)
        self._each = word_book(lexicon.each, lexicon)
        self._team_words = word_book(lexicon.team, lexicon)
        self._articles = word_book(lexicon.articles, lexicon)

    def declared(self, scan: Scan) -> Named | None:
        """The name after "owner:", "led by", "ответственный": up to the next comma or the end."""
        for hit in scan.every(self._owner):
            begun = last = hit.last + self._article(scan, hit.last)
            while last < len(scan.tokens) and scan.tokens[last].text not in (",", ";", ".", ")", "("):
                last += 1
            last = self._as_far_as_matched(scan, begun, last)
            if last > begun:
                named = self._named(scan, begun, last)
                first = hit.first - 1 if hit.first and scan.tokens[hit.first - 1].text in ",;(" else hit.first
                closes = last < len(scan.tokens) and scan.tokens[last].text == ")"
                scan.take(first, last + closes, "owner")
                return Named(named.words, named.people, first, last + closes)
        return None

    def _article(self, scan: Scan, index: int) -> int:
        return int(bool(index < len(scan.tokens) and self._articles.at(scan.tokens, index)))

    def _as_far_as_matched(self, scan: Scan, first: int, last: int) -> int:
        """The end of the name: as far as it matches a person, else the words written with capitals."""
        for end in range(min(last, first + LONGEST_NAME), first, -1):
            if self._matches(scan.tokens[first:end]):
                return end
        end = first
        while end < last and scan.tokens[end].capital:
            end += 1
        return end or last

    def after_by(self, scan: Scan) -> Named | None:
        """ "by Irina Sokolova": words in capitals after "by" that no other reader has taken."""
        for hit in scan.every(self._by):
            last = hit.last
            while (
                last < len(scan.tokens)
                and last - hit.last < LONGEST_NAME
                and scan.tokens[last].capital
                and scan.free(last, last + 1)
            ):
                last += 1
            if last > hit.last:
                named = self._named(scan, hit.last, last)
                scan.take(hit.first, last, "owner")
                return Named(named.words, named.people, hit.first, last)
        return None

    def full_name(self, scan: Scan) -> Named | None:
        """A person of the workspace whose whole name is written anywhere in the goal."""
        for first in range(len(scan.tokens)):
            for length in range(LONGEST_NAME, 1, -1):
                last = first + length
                if last > len(scan.tokens) or not scan.free(first, last):
                    continue
                named = self._named(scan, first, last)
                if len(named.people) == 1:
                    scan.take(first, last, "owner")
                    return named
        return None

    def each(self, scan: Scan) -> Hit[bool] | None:
        """ "each rep": the goal is one goal a person."""
        for hit in scan.every(self._each):
            scan.take(hit.first, hit.last, "each")
            return hit
        return None

    def team(self, scan: Scan) -> str | None:
        """ "the sales team", «отдел продаж»: the id of a team of the workspace."""
        for hit in scan.every(self._team_words):
            for team in self._teams:
                if place := self._beside(scan, hit, team):
                    scan.take(*place, "team")
                    return team.id
        return None

    def _beside(self, scan: Scan, hit: Hit[bool], team: Team) -> tuple[int, int] | None:
        for name in (team.id, *team.name.values()):
            words = _words(name)
            before, after = hit.first - len(words), hit.last + len(words)
            if before >= 0 and _same(words, scan.tokens[before : hit.first]) and scan.free(before, hit.last):
                return before, hit.last
            if _same(words, scan.tokens[hit.last : after]) and scan.free(hit.first, after):
                return hit.first, after
        return None

    def _named(self, scan: Scan, first: int, last: int) -> Named:
        return Named(scan.words(first, last), self._matches(scan.tokens[first:last]), first, last)

    def _matches(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        """People whom these words name: wholly (name, alias, role, id), else by a part of the name."""
        whole = [one.id for one in self._people if any(_same(_words(name), tokens) for name in _names(one))]
        if whole or not tokens:
            return tuple(whole)
        parts = [one.id for one in self._people if _is_part(tokens, one)]
        return tuple(parts)


def _names(person: Person) -> list[str]:
    return [
        *person.name.values(),
        *person.aliases,
        *person.role.values(),
        person.id.replace("-", " "),
        person.id,
    ]


def _words(name: str) -> list[str]:
    return [token.norm for token in tokens_of(name) if token.kind == "word"]


def _same(words: Sequence[str], tokens: Sequence[Token]) -> bool:
    """The same words in any order of name and surname and any case ending."""
    if not words or len(words) != len(tokens):
        return False
    written = [token.norm for token in tokens]
    orders = (written, written[::-1])
    return any(all(map(_same_name, words, order)) for order in orders)


def _same_name(word: str, written: str) -> bool:
    return any(same_word(word, written, lexicon) for lexicon in LEXICONS.values())


def _is_part(tokens: Sequence[Token], person: Person) -> bool:
    """ "Irina" or "Sokolova" alone."""
    if len(tokens) != 1:
        return False
    return any(_same_name(word, tokens[0].norm) for name in person.name.values() for word in _words(name))
