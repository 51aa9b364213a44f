"""Speaking with the person at the terminal: sentences, aligned columns, progress.

Here: how things are printed. Not here: what is printed (screens.py) or which command does what (cli.py).
Results go to stdout; progress and errors go to stderr.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest

from pipeline.language import Speech

Progress = Callable[[str, int, int], None]

WIDEST = 120
COLUMN = 40
"""Characters of a column that is not the last."""
STEPS = {
    "sources": "Reading exports",
    "raw": "Reading exports",
    "core": "Computing goals",
    "out": "Writing documents",
}
"""First part of an asset's name -> what a person is told is going on."""


def _width(cells: Sequence[str]) -> int:
    """Of a column that is not the last: what fits, and never less than its longest word, which is not cut."""
    words = [len(word) for cell in cells for word in cell.split()]
    return max(min(max(len(cell) for cell in cells), COLUMN), *words, 0)


class Terminal:
    """One person's terminal, in their language."""

    def __init__(self, say: Speech) -> None:
        self.say = say

    @property
    def lang(self) -> str:
        return self.say.lang

    def line(self, text: str = "") -> None:
        sys.stdout.write(f"{text}\n")

    def said(self, template: str, **params: object) -> None:
        """A sentence on stdout, translated."""
        self.line(self.say(template, **params))

    def error(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def table(self, rows: Sequence[Sequence[str]], headers: Sequence[str] = (), indent: int = 0) -> None:
        """Aligned columns; the last takes the rest of the terminal's width, long cells are wrapped."""
        everything = [[self.say(header) for header in headers], *rows] if headers else list(rows)
        if not everything:
            return
        widths = [_width([row[i] for row in everything]) for i in range(len(everything[0]) - 1)]
        used = indent + sum(width + 2 for width in widths)
        screen = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
        widths.append(max(30, screen - used))
        for number, row in enumerate(everything):
            cells = [
                textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False)
                for cell, width in zip(row, widths, strict=True)
            ]
            for parts in zip_longest(*cells, fillvalue=""):
                texts = [f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)]
                self.line((" " * indent + "  ".join(texts)).rstrip())
            if headers and number == 0:
                widest = min(widths[-1], max(len(one[-1]) for one in everything))
                self.line(" " * indent + "─" * (used - indent + widest))

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A callback (step, done, total): a bar on a terminal, a line a step elsewhere."""
        if sys.stderr.isatty():
            yield from self._bar()
        else:
            yield self._lines()

    def _bar(self) -> Iterator[Progress]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn
        from rich.progress import Progress as Bar
        from rich.text import Text

        class Elapsed(ProgressColumn):
            """Since the command began; rich's own column stops at the end of the first step."""

            def render(self, task: Task) -> Text:
                seconds = int(bar.get_time() - (task.start_time or bar.get_time()))
                return Text(f"{seconds // 60}:{seconds % 60:02d}")

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed())
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(self.say("Starting"), total=None)

            def show(step: str, done: int, total: int) -> None:
                bar.update(task, description=self._named(step), completed=done, total=total)

            yield show

    def _lines(self) -> Progress:
        told: set[str] = set()

        def show(step: str, done: int, total: int) -> None:
            name = self._named(step)
            if name not in told:
                told.add(name)
                self.error(f"{name} …")

        return show

    def _named(self, step: str) -> str:
        return self.say(STEPS.get(step.split("_")[0], step))
