"""The view model of the strategic plan: chapters made of a few kinds of blocks, every string finished.

Here: plain records. Not here: how they are filled (plan_chapters.py, plan_cards.py, plan_gantt.py) or set
(plan.html.j2, plan.css).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pipeline.report.brand import PLAIN, Brand
from pipeline.report.charts import Picture
from pipeline.report.view import Jump, Letter, Status, Tone, headed


@dataclass(frozen=True)
class Prose:
    """Authored text, or the visible gap where it should be."""

    kind: ClassVar[str] = "prose"
    text: str
    missing: bool = False
    note: str = ""
    """That the text is shown in another language, and who translates it."""
    heading: str = ""


@dataclass(frozen=True)
class Said:
    """Generated sentences, one paragraph each."""

    kind: ClassVar[str] = "said"
    paragraphs: tuple[str, ...]
    css: str = ""


@dataclass(frozen=True)
class Cell:
    """A table cell: text, what is said under it in grey, and a mark that survives greyscale."""

    text: str
    sub: str = ""
    tone: Tone = "ink"
    strong: bool = False


@dataclass(frozen=True)
class Column:
    text: str
    width: int
    """Share of the table's width in per cent."""
    number: bool = False


@dataclass(frozen=True)
class Table:
    kind: ClassVar[str] = "table"
    heading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    empty: str = ""
    """Said instead of a table without rows."""
    total: tuple[Cell, ...] = ()
    css: str = ""

    @property
    def headed(self) -> bool:
        return headed(len(self.rows) + bool(self.total), len(self.columns))


@dataclass(frozen=True)
class BigNumber:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Numbers:
    kind: ClassVar[str] = "numbers"
    figures: tuple[BigNumber, ...]


@dataclass(frozen=True)
class Quarter:
    """One of the four fields of the SWOT table."""

    heading: str
    items: tuple[str, ...]
    missing: str = ""
    note: str = ""


@dataclass(frozen=True)
class Quarters:
    kind: ClassVar[str] = "quarters"
    fields: tuple[Quarter, ...]


@dataclass(frozen=True)
class Points:
    kind: ClassVar[str] = "points"
    heading: str
    items: tuple[str, ...]
    missing: str = ""
    note: str = ""


@dataclass(frozen=True)
class MapGoalView:
    anchor: str
    title: str
    kpi: str
    status: Status | None
    initiatives: tuple[str, ...]


@dataclass(frozen=True)
class MapObjectiveView:
    title: str
    owner: str
    why: Prose
    tally: str
    goals: tuple[MapGoalView, ...]
    none: str
    """Said when no goal supports the objective."""


@dataclass(frozen=True)
class StrategyMap:
    kind: ClassVar[str] = "map"
    heads: tuple[str, ...]
    objectives: tuple[MapObjectiveView, ...]


@dataclass(frozen=True)
class CardLetter:
    """A letter with its verdict, what the plan says about it and the evidence."""

    letter: Letter
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    kind: ClassVar[str] = "card"
    anchor: str
    title: str
    sentence: str
    owner: str
    status: Status | None
    reason: str
    letters: tuple[CardLetter, ...]
    history: Picture | None
    history_note: str


@dataclass(frozen=True)
class GanttRow:
    """One line of the timeline; coordinates in points of the picture."""

    y: float
    label: str
    indent: float
    heading: bool
    step: bool
    """Part of the work above it; its bar is thinner."""
    x1: float
    x2: float
    done_x: float
    """Where the finished part ends; x1 when nothing is done."""
    pushed_x: float
    """Where the dotted slip caused by predecessors ends; x2 when there is none."""
    critical: bool
    earlier: bool
    """It began before the picture does."""
    blocked: bool
    note: str
    note_x: float
    note_anchor: str


@dataclass(frozen=True)
class GanttMonth:
    x: float
    label: str


@dataclass(frozen=True)
class GanttPage:
    """One page of the timeline."""

    width: float
    height: float
    left: float
    top: float
    alt: str
    months: tuple[GanttMonth, ...]
    rows: tuple[GanttRow, ...]
    arrows: tuple[str, ...]
    """Paths from a predecessor's end to its successor's beginning."""
    heads: tuple[str, ...]
    """Their arrow heads."""
    today_x: float | None
    today: str


@dataclass(frozen=True)
class Gantt:
    kind: ClassVar[str] = "gantt"
    pages: tuple[GanttPage, ...]
    legend: tuple[str, ...]
    notes: tuple[str, ...]
    label: str
    """What the picture is called where it scrolls by itself."""


Block = Prose | Said | Table | Numbers | Quarters | Points | StrategyMap | Card | Gantt


@dataclass(frozen=True)
class Chapter:
    number: int
    anchor: str
    title: str
    blocks: tuple[Block, ...]
    parts: tuple[tuple[str, str], ...] = ()
    """(anchor, title) of parts that the contents list under the chapter."""


@dataclass(frozen=True)
class Approved:
    name: str
    role: str
    on: str
    missing: bool


@dataclass(frozen=True)
class PlanView:
    """The whole document in one language."""

    lang: str
    title: str
    author: str
    created: str
    density: str
    footer: str
    page_word: str
    of_word: str
    company: str
    heading: str
    period: str
    version: str
    as_of: str
    approvals_heading: str
    approvals: tuple[Approved, ...]
    unwritten: str
    """How many sections are still to be written; empty when none is."""
    contents_heading: str
    chapters: tuple[Chapter, ...]
    skip: str
    """Says that a link leads past the bar of links; the web page alone has them."""
    jumps: tuple[Jump, ...]
    brand: Brand = PLAIN
