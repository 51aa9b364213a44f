"""What every chapter of the strategic plan is written with.

Here: texts of people with the visible gap where one is missing, and cells several chapters share. Not here:
what a chapter says (plan_chapters.py, plan_summary.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.goals.model import GoalResult
from pipeline.language import pick
from pipeline.plan import Missing, Plan
from pipeline.report.context import Context
from pipeline.report.i18n import Formats
from pipeline.report.plan_view import Cell, Column, Points, Prose
from pipeline.report.words import status_view


@dataclass(frozen=True)
class Author:
    """What every chapter is written from: the plan's figures and the reader's language."""

    context: Context
    plan: Plan

    @property
    def f(self) -> Formats:
        return self.context.formats

    def person(self, person_id: str | None) -> str:
        return self.context.person(person_id)

    def text(self, texts: Mapping[str, str]) -> str:
        return pick(texts, self.context.lang)

    def gap(self, section: str) -> Missing | None:
        """The missing prose of a section in this language."""
        found = (one for one in self.plan.missing if one.section == section)
        return next((one for one in found if self.context.lang in one.languages), None)

    def unwritten(self, gap: Missing | None) -> str:
        """The sentence that stands where a text should be."""
        owner = self.person(gap.owner) if gap else ""
        return (
            self.f.say("Not written yet ({owner})", owner=owner) if owner else self.f.say("Not written yet")
        )

    def borrowed(self, gap: Missing | None) -> str:
        """The note under a text that is shown in another language."""
        if gap is None or not gap.written_elsewhere:
            return ""
        owner = self.person(gap.owner)
        if owner:
            return self.f.say("Shown in another language; translation: {owner}", owner=owner)
        return self.f.say("Shown in another language; not translated yet")

    def prose(self, section: str, texts: Mapping[str, str], heading: str = "") -> Prose:
        gap, text = self.gap(section), self.text(texts)
        if not text:
            return Prose(self.unwritten(gap), missing=True, heading=heading)
        return Prose(text, note=self.borrowed(gap), heading=heading)

    def points(self, section: str, items: Iterable[Mapping[str, str]], heading: str) -> Points:
        gap, texts = self.gap(section), tuple(self.text(one) for one in items)
        return Points(
            heading, texts, "" if texts else self.unwritten(gap), self.borrowed(gap) if texts else ""
        )


def columns(f: Formats, heads: Iterable[tuple[str, int, bool]]) -> tuple[Column, ...]:
    return tuple(Column(f.say(text), share, number) for text, share, number in heads)


def status_cell(one: GoalResult, f: Formats) -> Cell:
    status = status_view(one.status, f)
    return Cell(f"{status.shape} {status.word}", tone=status.tone, strong=True)
