"""A sentence as tokens with their places, and phrases that are looked for among them.

Here: cutting text into words, numbers and signs; inflection taken off by a lexicon's endings; the longest
phrase at a place. Not here: what any phrase means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from pipeline.drafting.lexicon.model import Lexicon, Phrases

V = TypeVar("V")

SPACES = " \u00a0\u202f\u2009"
_TOKEN = re.compile(
    rf"""
    (?P<day>\d{{4}}-\d{{2}}-\d{{2}}(?!\d)|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}(?!\d)|\d{{1,2}}/\d{{1,2}}/\d{{4}}(?!\d))
    |(?P<ordinal>\d{{1,2}}(?:st|nd|rd|th)\b|\d{{1,2}}-(?:го|й|м|ый|ом|ому|е|ое|я|ей|му)\b)
    |(?P<number>(?<!\d)\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)
    |(?P<points>п\.[{SPACES}]?п\.?(?!\w)|p\.p\.?(?!\w))
    |(?P<word>mid(?=-\w)|[^\W\d_](?:[^\W_]|['’‑-](?=[^\W\d_])|/(?=[уy]\b)|/(?=г\b))*)
    |(?P<sign>\S)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""In this order: a date, an ordinal (2nd, 2-м), a number, percentage points as an abbreviation, a word with
inner hyphens and digits (sign-ups, Q2), any other sign."""


@dataclass(frozen=True)
class Token:
    kind: str
    """day, ordinal, number, points, word or sign."""
    text: str
    """As written."""
    start: int
    end: int

    @property
    def norm(self) -> str:
        return normalised(self.text) if self.kind == "word" else self.text

    @property
    def capital(self) -> bool:
        return self.kind == "word" and self.text[:1].isupper()


@cache
def normalised(word: str) -> str:
    """Without case, ё as е, without hyphens: E-mail, e-mail and email are one word."""
    text = word.casefold().replace("ё", "е").replace("’", "'")
    return "".join(ch for ch in text if ch not in "-‑") or text


def tokens_of(text: str) -> list[Token]:
    """Tokens in order. Everything but blanks is in one of them."""
    return [
        Token(str(match.lastgroup), match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    ]


@cache
def stem(word: str, lexicon: Lexicon) -> str:
    """A normalised word without its longest ending."""
    fitting = [
        one for one in lexicon.endings if word.endswith(one) and len(word) - len(one) >= lexicon.shortest
    ]
    return word[: len(word) - len(max(fitting, key=len))] if fitting else word


@dataclass(frozen=True)
class Pattern:
    """A word of a phrase: its beginning only, itself alone, or with any ending (see Lexicon)."""

    text: str
    is_beginning: bool
    is_exact: bool
    stem: str

    def fits(self, word: str, word_stem: str) -> bool:
        if self.is_beginning:
            return word.startswith(self.text)
        return word == self.text or (not self.is_exact and word_stem == self.stem)


@cache
def pattern(written: str, lexicon: Lexicon) -> Pattern:
    mark = written[-1] if len(written) > 1 and written[-1] in "*!" else ""
    text = normalised(written[: len(written) - len(mark)])
    return Pattern(text, mark == "*", mark == "!", stem(text, lexicon))


def same_word(written: str, word: str, lexicon: Lexicon) -> bool:
    """Whether a word of a phrase stands for a normalised word of a sentence."""
    return pattern(written, lexicon).fits(word, stem(word, lexicon))


@dataclass(frozen=True)
class Hit(Generic[V]):
    """A phrase found: what it means, and the tokens first..last-1 it takes."""

    value: V
    first: int
    last: int


class Book(Generic[V]):
    """Phrases of one language with what they mean."""

    def __init__(self, entries: Iterable[tuple[str, V]], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        parts = [
            (tuple(pattern(word, lexicon) for word in phrase.split()), value) for phrase, value in entries
        ]
        parts.sort(key=lambda entry: -len(entry[0]))
        self._by_first = _indexed(parts, 0)
        self._by_last = _indexed(parts, -1)

    def at(self, tokens: Sequence[Token], first: int) -> Hit[V] | None:
        """The longest phrase that begins at a token."""
        if first >= len(tokens):
            return None
        for words, value in self._candidates(self._by_first, tokens[first]):
            if self._holds(words, tokens, first):
                return Hit(value, first, first + len(words))
        return None

    def before(self, tokens: Sequence[Token], last: int) -> Hit[V] | None:
        """The longest phrase that ends just before a token."""
        if last < 1:
            return None
        for words, value in self._candidates(self._by_last, tokens[last - 1]):
            if last >= len(words) and self._holds(words, tokens, last - len(words)):
                return Hit(value, last - len(words), last)
        return None

    def _candidates(self, index: Mapping[str, _Entries[V]], token: Token) -> _Entries[V]:
        """Phrases that may hold a token at their edge, the longest first."""
        found = [*index.get(stem(token.norm, self._lexicon), ()), *index.get(_ANY, ())]
        found.sort(key=lambda entry: -len(entry[0]))
        return found

    def _holds(self, words: tuple[Pattern, ...], tokens: Sequence[Token], first: int) -> bool:
        if first + len(words) > len(tokens):
            return False
        written = [token.norm for token in tokens[first : first + len(words)]]
        return all(word.fits(one, stem(one, self._lexicon)) for word, one in zip(words, written, strict=True))


_Entries = list[tuple[tuple[Pattern, ...], V]]
_ANY = ""


def _indexed(parts: _Entries[V], edge: int) -> dict[str, _Entries[V]]:
    """By the stem of the word at an edge; words known by their beginning alone are under _ANY."""
    found: dict[str, _Entries[V]] = {}
    for words, value in parts:
        key = _ANY if words[edge].is_beginning else words[edge].stem
        found.setdefault(key, []).append((words, value))
    return found


def book(phrases: Phrases, lexicon: Lexicon) -> Book[str]:
    """Meaning of each phrase of a group."""
    return Book(((phrase, name) for name, group in phrases.items() for phrase in group), lexicon)


def word_book(phrases: Iterable[str], lexicon: Lexicon) -> Book[bool]:
    return Book(((phrase, True) for phrase in phrases), lexicon)


def value_book(values: Mapping[str, V], lexicon: Lexicon) -> Book[V]:
    return Book(values.items(), lexicon)


class Scan:
    """The tokens of a clause, and which of them a reader has already understood.

    Readers look only at tokens that are still free, so that no word is read twice, and whatever stays free at
    the end is told to the person.
    """

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.lexicon = lexicon
        self.tokens = tokens_of(text)
        self.taken: list[str] = [""] * len(self.tokens)

    def free(self, first: int, last: int) -> bool:
        return not any(self.taken[first:last])

    def take(self, first: int, last: int, reader: str) -> None:
        for index in range(first, last):
            self.taken[index] = reader

    def words(self, first: int, last: int) -> str:
        """The text of tokens first..last-1 as written."""
        if first >= last:
            return ""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end]

    def every(self, found_in: Book[V]) -> list[Hit[V]]:
        """Every phrase among the free tokens, from the left, without overlaps. Takes nothing."""
        hits: list[Hit[V]] = []
        index = 0
        while index < len(self.tokens):
            hit = found_in.at(self.tokens, index)
            if hit and self.free(hit.first, hit.last):
                hits.append(hit)
                index = hit.last
            else:
                index += 1
        return hits
