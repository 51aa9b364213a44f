"""What stands on which page of the table: page 1 with its boxes, the pages after it.

Here: heights in points and the choice of how dense page 1 is set, how many goals it holds and how many lines
its boxes have. Not here: the words (scorecard.py, boxes.py). The heights repeat those of page.css; when a
text still needs more than was reckoned, the document is set again with a higher `step` (settle.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.view import Density

PAGE = 785.0
"""Points between the margins of A4 landscape."""
HEIGHT = 541.0
"""Points from top to bottom margin, less a little air."""
FIRST_PAGE = 11
"""Goals on page 1 at most."""
ROWS: dict[Density, float] = {"airy": 44.0, "normal": 36.6, "dense": 31.3}
"""Height of a row with three lines of text."""
LINE, BOX_HEAD, TABLE_HEAD, CONTINUED = 9.75, 19.0, 14.0, 24.0
CLOSED_ROW, CLOSED_HEAD = 16.0, 38.0
FEWEST_LINES, ENOUGH_LINES = 6, 14
"""Lines a box must have before page 1 gives a goal away; lines beyond which it need not grow."""
LIST_LINES = 5
"""Lines that make the full lists on a later page worth their heading."""
STEPS = 5


@dataclass(frozen=True)
class FirstPage:
    rows: int
    density: Density
    lines: int
    """Lines of each box."""
    closed: bool
    """Whether the closed goals find room on page 1."""


def first_page(goals: int, closed: int, head: float, needed: int, step: int = 0) -> FirstPage:
    """The airiest setting that shows every goal and every line of the boxes; else the one that shows most.

    head: height of everything above and below the table that is not the boxes; needed: lines of the longest
    box; step: how often an earlier attempt ran over."""
    wanted = min(needed, ENOUGH_LINES)
    for rows in range(min(goals, FIRST_PAGE), 0, -1):
        free = {density: _lines(head, rows, density, step) for density in ROWS}
        if rows == goals and closed:
            taken = -(-(CLOSED_HEAD + closed * CLOSED_ROW) // LINE)
            for density in ROWS:
                if free[density] - taken >= needed:
                    return FirstPage(rows, density, int(free[density] - taken), True)
        for density in ROWS:
            if free[density] >= wanted:
                return FirstPage(rows, density, free[density], False)
        if free["dense"] >= min(FEWEST_LINES, wanted):
            return FirstPage(rows, "dense", free["dense"], False)
    return FirstPage(1, "dense", max(free["dense"], 2), False) if goals else FirstPage(0, "airy", 12, False)


def _lines(head: float, rows: int, density: Density, step: int) -> int:
    left = HEIGHT - head - TABLE_HEAD - rows * ROWS[density] - BOX_HEAD
    return int(left // LINE) - 2 * step


@dataclass(frozen=True)
class Later:
    """A page after the first: so many rows, so many closed goals, and lines of the full lists."""

    rows: int = 0
    closed: int = 0
    lines: int = 0


def later_pages(rows: int, closed: int, density: Density, step: int = 0) -> tuple[Later, ...]:
    """The pages after the first; none when nothing is left for them."""
    pages: list[Later] = []
    height = HEIGHT - CONTINUED - 12.0 * step
    most = max(int((height - TABLE_HEAD) // ROWS[density]), 1)
    while rows > most:
        pages.append(Later(rows=most))
        rows -= most
    while rows or closed:
        left = height - (TABLE_HEAD + rows * ROWS[density] if rows else 0)
        fits = max(int((left - CLOSED_HEAD) // CLOSED_ROW), 0 if rows else 1)
        shown = min(closed, fits)
        left -= CLOSED_HEAD + shown * CLOSED_ROW if shown else 0
        lines = int((left - BOX_HEAD - 10) // LINE) if shown == closed else 0
        pages.append(Later(rows, shown, lines if lines >= LIST_LINES else 0))
        rows, closed = 0, closed - shown
    return tuple(pages)
