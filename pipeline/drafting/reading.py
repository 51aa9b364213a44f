"""What a sentence says, goal by goal: every reader in its order over the same tokens.

Here: the order of reading, and what a second goal takes over from the first. Not here: what follows from
what was read (targets.py, compose.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from pipeline.drafting.clauses import ClauseReader, Parts, Range, groups
from pipeline.drafting.kpinames import KpiReader, Mention
from pipeline.drafting.lexicon.model import Lexicon
from pipeline.drafting.people import Named, PeopleReader
from pipeline.drafting.quantities import Amount, QuantityReader
from pipeline.drafting.times import ONE_UNIT_AHEAD, TimeReader, When
from pipeline.drafting.tokens import Scan, book, word_book
from pipeline.workspace.model import Kpi, Workspace


@dataclass(frozen=True)
class Facts:
    """One goal as its words say it. Places are token numbers of the goal's clause."""

    title: str
    verb: str = ""
    """up, down, better, reach, keep, or nothing."""
    mentions: tuple[Mention, ...] = ()
    amounts: tuple[Amount, ...] = ()
    times: tuple[When, ...] = ()
    per: str = ""
    recurs: bool = False
    """ "every month" rather than "a month": a change that is to be repeated."""
    prior_year: bool = False
    from_baseline: bool = False
    owner: Named | None = None
    team: str | None = None
    each: str = ""
    """The words "each rep"."""
    is_condition: bool = False
    """ "at a CAC below ...": holds while the goal before it is pursued."""
    means: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Words that are in no field, as written."""


_clause_reader = cache(ClauseReader)
_quantity_reader = cache(QuantityReader)


class SentenceReader:
    """Reads sentences of one language against one set of KPIs and people."""

    def __init__(
        self, lexicon: Lexicon, kpis: Mapping[str, Kpi], workspace: Workspace | None, today: date
    ) -> None:
        self._lexicon = lexicon
        fiscal = workspace.company.fiscal_year_start if workspace else 1
        self._clauses = _clause_reader(lexicon)
        self._kpis = KpiReader(kpis)
        self._people = PeopleReader(lexicon, workspace)
        self._times = TimeReader(lexicon, today, fiscal)
        self._quantities = _quantity_reader(lexicon)
        self._verbs = book(lexicon.verbs, lexicon)
        self._per = book(lexicon.per, lexicon)
        self._recurring = word_book(lexicon.recurring, lexicon)
        self._prior = word_book(lexicon.prior_year, lexicon)
        self._baseline = word_book(lexicon.from_baseline, lexicon)
        self._silent = word_book(lexicon.silent, lexicon)
        self._conditions = word_book(lexicon.conditions, lexicon)

    def read(self, sentence: str) -> list[Facts]:
        """The goals of a sentence; at least one, whatever it says."""
        whole = Scan(sentence.strip(), self._lexicon)
        owner = self._people.declared(whole)
        if owner:
            whole = self._without(whole, owner)
        parts = self._parts(whole)
        goals = self._goals(Scan(parts.goal, self._lexicon), owner)
        return [replace(goal, means=parts.means) for goal in goals[:1]] + goals[1:]

    def _without(self, scan: Scan, owner: Named) -> Scan:
        """The sentence without the words that name its owner."""
        before = scan.words(0, owner.first).rstrip(" ,;(–—-")
        after = scan.words(owner.last, len(scan.tokens))
        joined = before + after if after[:1] in ".,;!" else f"{before} {after}"
        return Scan(joined.strip(" ,;"), self._lexicon)

    def _parts(self, whole: Scan) -> Parts:
        """Times are read once over the whole sentence only to know where the means end."""
        ahead = Scan(whole.text, self._lexicon)
        self._kpis.read(ahead)
        self._take_rates(ahead)
        return self._clauses.parts(whole, [(when.first, when.last) for when in self._times.read(ahead)])

    # --- one clause --------------------------------------------------------------------------------------

    def _goals(self, scan: Scan, owner: Named | None) -> list[Facts]:
        mentions = self._kpis.read(scan)
        bases = self._take_rates(scan)
        each = self._people.each(scan)
        named = owner
        team = self._people.team(scan)
        times = self._times.read(scan)
        amounts = self._quantities.read(scan)
        verbs = [(hit.value, hit.first) for hit in scan.every(self._verbs)]
        for hit in scan.every(self._verbs):
            scan.take(hit.first, hit.last, "verb")
        named = named or self._people.after_by(scan) or self._people.full_name(scan)
        marks = [("kpi", one.first) for one in mentions] + [("quantity", one.first) for one in amounts]
        cuts = self._clauses.cuts(scan)
        places = [(one.first, one.last) for one in mentions]
        ranges = groups(cuts, marks, places, len(scan.tokens))
        found = []
        for span in ranges:
            inside = _Inside(span)
            found.append(
                Facts(
                    title=scan.words(*span).rstrip(" .;,!"),
                    verb=_verb([name for name, at in verbs if inside(at)]),
                    mentions=tuple(one for one in mentions if inside(one.first)),
                    amounts=tuple(one for one in amounts if inside(one.first)),
                    times=tuple(one for one in times if inside(one.first)),
                    per=next((name for kind, name, at in bases if kind == "per" and inside(at)), ""),
                    recurs=any(kind == "recurs" and inside(at) for kind, _, at in bases),
                    prior_year=any(kind == "prior" and inside(at) for kind, _, at in bases),
                    from_baseline=any(kind == "baseline" and inside(at) for kind, _, at in bases),
                    owner=named,
                    team=team,
                    each=scan.words(each.first, each.last) if each and inside(each.first) else "",
                    is_condition=self._conditional(scan, span, cuts),
                    unread=tuple(self._unread(scan, span)),
                )
            )
        return _completed(found)

    def _take_rates(self, scan: Scan) -> list[tuple[str, str, int]]:
        """(kind, value, token) of "year over year", "from today's level" and "a week"."""
        found: list[tuple[str, str, int]] = []
        for kind, phrases in (("prior", self._prior), ("baseline", self._baseline)):
            for hit in scan.every(phrases):
                scan.take(hit.first, hit.last, kind)
                found.append((kind, "", hit.first))
        by = self._lexicon.roles["by"]
        for rate in scan.every(self._per):
            before = scan.tokens[rate.first - 1].norm if rate.first else ""
            if before in by or (before in ONE_UNIT_AHEAD and scan.tokens[rate.first].norm == "a"):
                continue  # "by a quarter" is a fraction, "in a quarter" a time
            scan.take(rate.first, rate.last, "per")
            found.append(("per", rate.value, rate.first))
            if self._recurring.at(scan.tokens, rate.first):
                found.append(("recurs", "", rate.first))
        return found

    def _conditional(self, scan: Scan, span: Range, cuts: Sequence[Range]) -> bool:
        join = next((cut for cut in cuts if cut[1] == span[0]), None)
        return join is not None and any(
            self._conditions.at(scan.tokens, index) for index in range(join[0], join[1])
        )

    def _unread(self, scan: Scan, span: Range) -> Iterator[str]:
        """Runs of words that nobody has read, without the silent ones at their ends."""
        index = span[0]
        while index < span[1]:
            first = index
            while index < span[1] and not scan.taken[index] and scan.tokens[index].kind != "sign":
                index += 1
            first, last = self._trimmed(scan, first, index)
            if last > first:
                yield scan.words(first, last)
            index = max(index, first) + (
                index < span[1] and (bool(scan.taken[index]) or self._is_sign(scan, index))
            )

    @staticmethod
    def _is_sign(scan: Scan, index: int) -> bool:
        return scan.tokens[index].kind == "sign"

    def _trimmed(self, scan: Scan, first: int, last: int) -> tuple[int, int]:
        while first < last and self._silent.at(scan.tokens, first):
            first += 1
        while last > first and self._silent.at(scan.tokens, last - 1):
            last -= 1
        return first, last


class _Inside:
    def __init__(self, span: Range) -> None:
        self._span = span

    def __call__(self, at: int) -> bool:
        return self._span[0] <= at < self._span[1]


def _verb(verbs: Sequence[str]) -> str:
    """A direction or "keep" says more than "get" or "improve", wherever it stands."""
    strong = [one for one in verbs if one in ("up", "down", "keep")]
    return (strong or list(verbs) or [""])[0]


def _completed(found: list[Facts]) -> list[Facts]:
    """What a goal leaves unsaid and another of the same sentence says: time, verb, a shared number."""
    timed = [one for one in found if one.times]
    made: list[Facts] = []
    for number, one in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        if not one.amounts and following and not following.verb and not following.is_condition:
            one = _sharing(one, following)
        elif not one.amounts and made and not one.verb and not one.is_condition:
            one = _sharing(one, made[-1])
        if made and one.amounts and one.amounts == made[-1].amounts and not made[-1].prior_year:
            made[-1] = replace(made[-1], prior_year=one.prior_year)
        if not one.times and timed:
            one = replace(one, times=timed[-1].times if number == 0 else timed[0].times)
        if not one.verb and not one.is_condition and made:
            one = replace(one, verb=made[-1].verb)
        made.append(one)
    return made


def _sharing(one: Facts, other: Facts) -> Facts:
    """ "raise sales and profit by 10 % over last year": the number and what it is compared with."""
    return replace(
        one, amounts=other.amounts, prior_year=one.prior_year or other.prior_year, per=one.per or other.per
    )
