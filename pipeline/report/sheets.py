"""What stands on which page of the table: page 1 with its boxes, the pages after it.

Here: heights in points and the choice of how dense page 1 is set, how many goals it holds and how many lines
its boxes have. Not here: the words (scorecard.py, boxes.py). The heights repeat those of page.css; when a
text still needs more than was reckoned, the document is set again with a higher `step` (settle.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.view import Density

PAGE = 785.0
"""Points between the margins of A4 landscape."""
HEIGHT = 542.5
"""Points from top to bottom margin."""
FIRST_PAGE, ALL_GOALS = 11, 12
"""Goals on page 1 at most, and at most when these are all."""
TOGETHER = 3
"""Goals that a later page has at least: a row or two alone look like an oversight."""
CHART_HEAD, LEAST_CHART, MOST_CHART = 36.0, 96.0, 290.0
"""What a chart on page 1 needs above and below itself; the heights between which it is drawn."""
CHARTS, CHART_GAP = 3, 22.0
"""Charts side by side at most, and what stands between two."""
ROWS: dict[Density, float] = {"airy": 44.0, "normal": 36.6, "snug": 30.6, "dense": 27.2}
"""Least height of a row, which grows with its text. Three lines of text fit all but the dense one."""
LINE, BOX_HEAD, TABLE_HEAD, CONTINUED = 9.4, 16.6, 12.8, 24.0
CLOSED_ROW, CLOSED_HEAD = 16.0, 38.0
FEWEST_LINES, ENOUGH_LINES = 6, 14
"""Lines a box must have before page 1 gives a goal away; lines beyond which it need not grow."""
LIST_LINES = 5
"""Lines that make the full lists on a later page worth their heading."""
STEPS = 8
Heights = Mapping[Density, Sequence[float]]
"""Height of each goal's row at each density, in the order of the table."""


@dataclass(frozen=True)
class FirstPage:
    rows: int
    density: Density
    lines: int
    """Lines of each box."""
    closed: bool
    """Whether the closed goals find room on page 1."""


def first_page(
    heights: Heights, closed: int, head: float, needed: int, least: int, step: int = 0
) -> FirstPage:
    """The airiest setting that shows every goal and every line of the boxes; else the one that shows most.

    closed: number of closed goals; head: height of everything above and below the table that is not the
    boxes; needed: lines of the longest box; least: lines without which a box would leave out more than lists
    that a later page repeats; step: how often an earlier attempt ran over."""
    wanted, goals = min(needed, ENOUGH_LINES), len(heights["dense"])
    for rows in _rows_tried(goals):
        free = {density: _lines(head, sum(heights[density][:rows]), step) for density in ROWS}
        if rows == goals and closed:
            taken = -(-(CLOSED_HEAD + closed * CLOSED_ROW) // LINE)
            for density in ROWS:
                if free[density] - taken >= needed:
                    return FirstPage(rows, density, int(free[density] - taken), True)
        for density in ROWS:
            if free[density] >= wanted:
                return FirstPage(rows, density, free[density], False)
        for density in ROWS:
            if free[density] >= max(least, FEWEST_LINES):
                return FirstPage(rows, density, free[density], False)
        if free["dense"] >= min(FEWEST_LINES, wanted):
            return FirstPage(rows, "dense", free["dense"], False)
    return FirstPage(1, "dense", max(free["dense"], 2), False) if goals else FirstPage(0, "airy", 12, False)


def _rows_tried(goals: int) -> list[int]:
    """How many goals page 1 may hold, the most first: all of them, or so many that the others are not too
    few for a page."""
    whole = [goals] if 0 < goals <= ALL_GOALS else []
    most = max(min(FIRST_PAGE, goals - TOGETHER), min(goals, 1))
    return [*whole, *range(min(most, goals - len(whole)), 0, -1)]


def chart_height(free: int, used: int) -> float:
    """Height of the charts between table and boxes, in points, when the boxes use `used` of `free` lines; 0
    when what they leave is too little for a chart."""
    left = (free - used) * LINE - CHART_HEAD
    return min(left, MOST_CHART) if left >= LEAST_CHART else 0.0


def chart_width(charts: int) -> float:
    """Width of each of so many charts side by side."""
    return (PAGE - CHART_GAP * (charts - 1)) / charts


def _lines(head: float, table: float, step: int) -> int:
    left = HEIGHT - head - TABLE_HEAD - table - BOX_HEAD
    return int(left // LINE) - step


@dataclass(frozen=True)
class Later:
    """A page after the first: so many rows, so many closed goals, and lines of the full lists."""

    rows: int = 0
    closed: int = 0
    lines: int = 0


def later_pages(heights: Sequence[float], closed: int, step: int = 0) -> tuple[Later, ...]:
    """The pages after the first; none when nothing is left for them. `heights`: of the rows still to come."""
    pages: list[Later] = []
    height, rest = HEIGHT - CONTINUED - 12.0 * step, list(heights)
    while sum(rest) > height - TABLE_HEAD and len(rest) > 1:
        shown = max(min(_filling(rest, height - TABLE_HEAD), len(rest) - TOGETHER), 1)
        pages.append(Later(rows=shown))
        rest = rest[shown:]
    rows = len(rest)
    while rows or closed:
        left = height - (TABLE_HEAD + sum(rest) if rows else 0)
        fits = max(int((left - CLOSED_HEAD) // CLOSED_ROW), 0 if rows else 1)
        shown = min(closed, fits)
        left -= CLOSED_HEAD + shown * CLOSED_ROW if shown else 0
        lines = int((left - BOX_HEAD - 10) // LINE) if shown == closed else 0
        pages.append(Later(rows, shown, lines if lines >= LIST_LINES else 0))
        rows, closed = 0, closed - shown
    return tuple(pages)


def _filling(heights: Sequence[float], room: float) -> int:
    """How many rows fit, one at least."""
    used, shown = 0.0, 0
    while shown < len(heights) and used + heights[shown] <= room:
        used += heights[shown]
        shown += 1
    return max(shown, 1)
