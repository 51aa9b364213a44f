"""Which KPI a sentence speaks of: names and synonyms of the catalogue and of the company's own KPIs.

Here: names as phrases in every language, found in any inflection. Not here: the synonyms themselves
(lexicon/), what a KPI is (kpis/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.drafting.lexicon import LEXICONS
from pipeline.drafting.lexicon.model import Lexicon
from pipeline.drafting.tokens import Book, Hit, Scan, same_word, tokens_of
from pipeline.workspace.model import Kpi


@dataclass(frozen=True)
class Mention:
    """KPIs that the words may mean (usually one), and the tokens they take."""

    kpis: tuple[str, ...]
    first: int
    last: int
    words: str = ""


class KpiReader:
    """Finds KPIs among the free tokens of a scan."""

    def __init__(self, kpis: Mapping[str, Kpi]) -> None:
        own = [(kpi_id, kpi) for kpi_id, kpi in kpis.items()]
        self.books = [_book(lexicon, own) for lexicon in LEXICONS.values()]
        self._counted = [_counted(lexicon, kpis) for lexicon in LEXICONS.values()]

    def read(self, scan: Scan) -> list[Mention]:
        """Mentions from the left; the longest name at a place wins, whatever its language."""
        found: list[Mention] = []
        index = 0
        while index < len(scan.tokens):
            hit = self._longest(scan, index)
            if hit is None:
                index += 1
                continue
            if hit.value:
                scan.take(hit.first, hit.last, "kpi")
                found.append(Mention(hit.value, hit.first, hit.last, scan.words(hit.first, hit.last)))
            index = hit.last
        return found

    @staticmethod
    def _follows_number(scan: Scan, index: int) -> bool:
        """Right after a number, a number word, or "more" after one."""
        if not index:
            return False
        before = scan.tokens[index - 1]
        more = (phrase for group in scan.lexicon.more.values() for phrase in group)
        return before.kind == "number" or any(
            same_word(word, before.norm, scan.lexicon) for word in (*scan.lexicon.numbers, *more)
        )

    def _longest(self, scan: Scan, index: int) -> Hit[tuple[str, ...]] | None:
        books = [*self.books, *self._counted] if self._follows_number(scan, index) else self.books
        hits = [hit for one in books if (hit := one.at(scan.tokens, index))]
        free = [hit for hit in hits if scan.free(hit.first, hit.last)]
        return max(free, key=lambda hit: hit.last, default=None)


def _counted(lexicon: Lexicon, kpis: Mapping[str, Kpi]) -> Book[tuple[str, ...]]:
    entries = [
        (name, (kpi_id,)) for kpi_id, names in lexicon.counted.items() if kpi_id in kpis for name in names
    ]
    return Book(entries, lexicon)


def _book(lexicon: Lexicon, kpis: Iterable[tuple[str, Kpi]]) -> Book[tuple[str, ...]]:
    names: dict[str, dict[str, None]] = {}
    known = dict(kpis)
    for kpi_id, kpi in known.items():
        synonyms = lexicon.kpis.get(kpi_id, ())
        for name in (*synonyms, *_names(kpi, lexicon.code)):
            names.setdefault(name, {})[kpi_id] = None
    entries = [(name, tuple(ids)) for name, ids in names.items()]
    shared = [
        (name, tuple(one for one in ids if one in known))
        for name, ids in lexicon.shared_names.items()
        if name not in names
    ]
    return Book(
        [*entries, *(entry for entry in shared if entry[1] or not lexicon.shared_names[entry[0]])], lexicon
    )


def _names(kpi: Kpi, lang: str) -> Iterator[str]:
    """A KPI's own name, without and with what it says in brackets, and its id as words."""
    name = kpi.name.get(lang) or kpi.name.get("") or ""
    bracketed = re.findall(r"\(([^)]*)\)", name)
    for text in (re.sub(r"\([^)]*\)", " ", name), *bracketed, kpi.id.replace("_", " ").replace("-", " ")):
        words = [token.text for token in tokens_of(text) if token.kind in ("word", "number")]
        if words:
            yield " ".join(words)
