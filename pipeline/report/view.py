"""The view models: every string and every mark a document prints, built once per language and audience.

Here: plain records. Not here: how they are filled (scorecard.py, goalpage.py, method.py) or drawn
(reports/templates). Templates only place what is here; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.report.brand import PLAIN, Brand
from pipeline.report.charts import Picture

Tone = Literal["red", "amber", "green", "blue", "grey", "ink"]
Density = Literal["airy", "normal", "snug", "dense"]


@dataclass(frozen=True)
class Setting:
    """How closely a document is set. 0 everywhere is the roomiest; each part that ran over its page is set
    closer by one. The search is in settle.py."""

    table: int = 0
    goals: Mapping[str, int] = field(default_factory=dict)
    method: int = 0

    def of(self, goal_id: str) -> int:
        return self.goals.get(goal_id, 0)


@dataclass(frozen=True)
class Status:
    """A status as shape, word and colour, so that it survives greyscale and colour blindness."""

    name: str
    shape: str
    word: str
    tone: Tone


@dataclass(frozen=True)
class Tally:
    status: Status
    text: str
    """Count and word: "2 at risk"."""


@dataclass(frozen=True)
class Row:
    """One goal on page 1."""

    goal_id: str
    title: str
    target: str
    owner: str
    status: Status
    was: str
    override: str
    bullet: Picture
    actual: str
    actual_note: str
    gap: str
    gap_note: str
    chance: str
    chance_note: str
    spark: Picture
    spark_note: str
    signal: str
    action: str


@dataclass(frozen=True)
class Item:
    """A line of a box: a mark (shape, tick or number), the text, and what is said after it in grey."""

    mark: str
    text: str
    note: str = ""
    tone: Tone = "ink"


@dataclass(frozen=True)
class Group:
    heading: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Box:
    heading: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class ClosedRow:
    """A goal whose window had closed before the week, in one line."""

    goal_id: str
    title: str
    owner: str
    due: str
    status: Status
    actual: str
    target: str
    gap: str


@dataclass(frozen=True)
class Chart:
    """A goal's chart on page 1, where few goals leave room for it."""

    heading: str
    note: str
    picture: Picture


@dataclass(frozen=True)
class Sheet:
    """A landscape page of the table: rows, then closed goals, then charts, then boxes."""

    rows: tuple[Row, ...] = ()
    closed: tuple[ClosedRow, ...] = ()
    charts: tuple[Chart, ...] = ()
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Letter:
    """One letter of SMART."""

    letter: str
    word: str
    mark: str
    verdict: str
    tone: Tone
    evidence: str


@dataclass(frozen=True)
class Figure:
    """One of the four numbers."""

    label: str
    value: str
    note: str
    bar: float | None = None
    """Width of a progress bar in per cent, clamped to 0..100 for drawing only."""


def headed(rows: int, columns: int) -> bool:
    """Whether the first cell of each row heads its row: not in a table so small that more of its cells would
    be heads than figures, which is read aloud as a table of heads."""
    return rows * (columns - 2) >= columns


@dataclass(frozen=True)
class Cells:
    """A table: `head` over `rows`; the first cell of each row is its header."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    css: str = ""

    @property
    def headed(self) -> bool:
        return headed(len(self.rows), len(self.head))


@dataclass(frozen=True)
class Line:
    label: str
    text: str


@dataclass(frozen=True)
class GoalView:
    """The page of one goal."""

    goal_id: str
    eyebrow: str
    title: str
    long_title: bool
    """Whether the title needs the smaller size."""
    intro: str
    status: Status
    status_note: str
    basis: str
    override: str
    uncovered: str
    reason: str
    letters: tuple[Letter, ...]
    figures: tuple[Figure, ...]
    burn_heading: str
    burn_note: str
    burn_up: Picture | None
    burn_empty: str
    control_heading: str
    control_note: str
    control: Picture | None
    control_empty: str
    drivers: Cells
    weeks: Cells
    months: Cells
    initiatives: Cells
    calculation_heading: str
    calculation: str
    quality_heading: str
    quality: tuple[Line, ...]


@dataclass(frozen=True)
class Section:
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Jump:
    """A link in the bar of a web page: the anchor, a goal's status, the text."""

    anchor: str
    text: str
    status: Status | None = None


@dataclass(frozen=True)
class Words:
    """Words that templates place by themselves."""

    page: str
    of: str
    columns: tuple[str, ...]
    closed: str
    closed_columns: tuple[str, ...]
    legend: str
    contents: str
    back: str
    skip: str
    comment: str


@dataclass(frozen=True)
class ScorecardView:
    """One document: the scorecard of an audience, or a single goal (then `pages` is empty)."""

    lang: str
    title: str
    audience: str
    author: str
    banner: str
    headline: str
    context: str
    tally: tuple[Tally, ...]
    last_tally: str
    pages: tuple[Sheet, ...]
    continued: str
    density: Density
    goals: tuple[GoalView, ...]
    method_title: str
    method: tuple[Section, ...]
    footer: str
    created: str
    """Date of the document's metadata: the edition's as-of, never the clock."""
    words: Words
    comment: str = ""
    """The owner's comment in full where it was cut; the web page alone has room for it."""
    jumps: tuple[Jump, ...] = ()
    goal_ids: tuple[str, ...] = field(default=())
    brand: Brand = PLAIN
