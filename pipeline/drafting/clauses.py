"""The parts of a sentence: its goals, and the means that belong to them, without losing a word.

Here: where the means begin and end, their items, and where a second goal begins. Not here: what the parts
say (quantities.py, times.py, kpinames.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.drafting.lexicon.model import Lexicon
from pipeline.drafting.tokens import Book, Hit, Scan, tokens_of, word_book

Range = tuple[int, int]
_MARKS = ",;"


@dataclass(frozen=True)
class Parts:
    """A sentence's text cut in two: the goals and the items of the means, both as written."""

    goal: str
    means: tuple[str, ...]


class ClauseReader:
    """Cuts sentences of one language."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._means = word_book(lexicon.means, lexicon)
        self._pairs = word_book(lexicon.means_before_ending, lexicon)
        self._joins = word_book(lexicon.joins, lexicon)
        self._conditions = word_book(lexicon.conditions, lexicon)
        self._verbs = word_book((one for group in lexicon.verbs.values() for one in group), lexicon)
        self._multiples = word_book(lexicon.multiples, lexicon)

    # --- means -------------------------------------------------------------------------------------------

    def parts(self, scan: Scan, times: Sequence[Range]) -> Parts:
        """Goal and means. `times`: tokens of the sentence's times, which means never begin with ("through
        March") and which, at the sentence's end, belong to the goal when it has no other."""
        starts = [hit for hit in self._openings(scan) if hit.first not in {first for first, _ in times}]
        if not starts:
            return Parts(scan.text, ())
        first = starts[0]
        if first.first == 0:
            return self._leading(scan, first)
        end = self._end_of_means(scan, first, times)
        goal = _joined(scan.words(0, first.first), scan.words(end, len(scan.tokens)))
        return Parts(goal, tuple(self._items(scan, starts, end)))

    def _openings(self, scan: Scan) -> list[Hit[bool]]:
        found: list[Hit[bool]] = []
        for index in range(len(scan.tokens)):
            hit = self._means.at(scan.tokens, index) or self._pair(scan, index)
            if hit and hit.last < len(scan.tokens) + 1 and scan.free(hit.first, hit.last):
                found.append(hit)
        return found

    def _pair(self, scan: Scan, index: int) -> Hit[bool] | None:
        """by hiring: the word that opens, and a verb whose ending says that it is one. The verb is kept."""
        hit = self._pairs.at(scan.tokens, index)
        if hit is None or hit.last >= len(scan.tokens):
            return None
        ending = self._lexicon.means_before_ending[scan.tokens[index].norm]
        word = scan.tokens[hit.last].norm
        fits = word.endswith(ending) and word not in self._lexicon.not_means and len(word) > len(ending) + 1
        return hit if fits else None

    def _leading(self, scan: Scan, opening: Hit[bool]) -> Parts:
        """Means before the goal end where the goal's verb stands: "By hiring two reps, raise sales ..." """
        for index in range(opening.last + 1, len(scan.tokens)):
            begins = self._verbs.at(scan.tokens, index) or self._multiples.at(scan.tokens, index)
            after_comma = scan.tokens[index - 1].text == ","
            if begins and (after_comma or "," not in [one.text for one in scan.tokens[opening.last : index]]):
                end = index - 1 if after_comma else index
                items = self._items(scan, [opening], end)
                return Parts(scan.words(index, len(scan.tokens)), tuple(items))
        return Parts(scan.text, ())

    def _end_of_means(self, scan: Scan, opening: Hit[bool], times: Sequence[Range]) -> int:
        """Where the means end: before times at the sentence's end, when the goal itself names none."""
        end = len(scan.tokens)
        if any(last <= opening.first for _, last in times):
            return end
        while True:
            closing = [
                first
                for first, last in times
                if opening.last < first and last <= end and _only_stops(scan, last, end)
            ]
            if not closing:
                return end
            end = min(closing)

    def _items(self, scan: Scan, starts: Sequence[Hit[bool]], end: int) -> list[str]:
        """Items between commas, "and" and further openings, as written."""
        inside = {hit.first: hit.last for hit in starts if hit.first < end}
        items: list[Range] = []
        begun = index = starts[0].last
        while index < end:
            cut = self._cut_at(scan, index, inside)
            if cut is None:
                index += 1
                continue
            items.append((begun, index))
            begun = index = cut
        items.append((begun, end))
        return [text for first, last in items if (text := scan.words(first, last).strip(" .,;"))]

    def _cut_at(self, scan: Scan, index: int, openings: dict[int, int]) -> int | None:
        if index in openings:
            return openings[index]
        if scan.tokens[index].text in _MARKS:
            return index + 1
        join = self._joins.at(scan.tokens, index)
        return join.last if join else None

    # --- goals -------------------------------------------------------------------------------------------

    def cuts(self, scan: Scan) -> list[Range]:
        """Places where another goal may begin: commas, "and", "at a". Tokens first..last-1 are the join."""
        found: list[Range] = []
        index = 0
        while index < len(scan.tokens):
            last = self._join_at(scan, index)
            if last is None:
                index += 1
                continue
            found.append((index, last))
            index = last
        return found

    def _join_at(self, scan: Scan, index: int) -> int | None:
        last = index
        while last < len(scan.tokens) and scan.free(last, last + 1):
            if scan.tokens[last].text in _MARKS:
                last += 1
                continue
            hit = self._join(self._joins, scan, last) or self._join(self._conditions, scan, last)
            if hit is None:
                break
            last = hit.last
        return last if last > index else None

    @staticmethod
    def _join(words: Book[bool], scan: Scan, index: int) -> Hit[bool] | None:
        hit = words.at(scan.tokens, index)
        return hit if hit and scan.free(hit.first, hit.last) else None


def _only_stops(scan: Scan, first: int, last: int) -> bool:
    return all(token.text in ".,;!" for token in scan.tokens[first:last])


def _joined(before: str, after: str) -> str:
    """The goal's words around its means."""
    return " ".join(text for text in (before.rstrip(" ,;:-–—"), after.strip()) if text)


def groups(
    cuts: Sequence[Range], marks: Sequence[tuple[str, int]], kpis: Sequence[Range], length: int
) -> list[Range]:
    """Token ranges of the goals. `marks`: ("kpi" or "quantity", token); `kpis`: tokens of the KPIs.

    A cut parts two goals when a KPI stands before it and a KPI and a quantity after it, or when it stands
    right between two KPIs ("double revenue and sign-ups"), which then share what is said of one.
    """
    coordinated = {last for first, last in cuts if _between(first, last, kpis)}
    edges = [0, *(last for _, last in cuts), length]
    ends = [*(first for first, _ in cuts), length]
    pieces = [(first, last) for first, last in zip(edges[:-1], ends, strict=True) if last > first]
    made: list[Range] = []
    for piece in pieces:
        parts = piece[0] in coordinated or _is_goal(piece, marks)
        if made and not (_has(made[-1], "kpi", marks) and parts):
            made[-1] = (made[-1][0], piece[1])
        else:
            made.append(piece)
    return made or [(0, length)]


def _between(first: int, last: int, kpis: Sequence[Range]) -> bool:
    return any(end == first for _, end in kpis) and any(begin == last for begin, _ in kpis)


def _has(piece: Range, kind: str, marks: Sequence[tuple[str, int]]) -> bool:
    return any(name == kind and piece[0] <= at < piece[1] for name, at in marks)


def _is_goal(piece: Range, marks: Sequence[tuple[str, int]]) -> bool:
    return _has(piece, "kpi", marks) and _has(piece, "quantity", marks)


def words_of(text: str) -> list[str]:
    """Words and numbers of a text, for comparing what was written with what was kept."""
    return [token.text for token in tokens_of(text) if token.kind != "sign"]
