"""Printing side by side, in processes that are ended when they take too long.

Here: starting, lending and ending them. Not here: what they do (printer.py). One set of printers serves the
whole process: starting one costs as much as a few pages.
"""

from __future__ import annotations

import atexit
import os
import queue
import socket
import subprocess
import sys
import threading
from functools import cache
from multiprocessing.connection import Connection

from pipeline.errors import InvariantBroken, Problem, ScorecardError, TemplateFailed
from pipeline.report.printed import Order, Printed
from pipeline.report.templates import Page, Templates

SECONDS, SECONDS_A_PAGE = 120.0, 10.0
"""How long a document may take: some hundred times what one takes, since machines are shared."""
SECONDS_TO_MAKE = 20.0
"""How long a page by a company's own templates may take to be made; a tenth of a second is usual."""
DOCUMENTS_A_PROCESS = 200
"""A process is replaced after so many: the font library keeps a little of each."""


class _Endless(TemplateFailed):
    """A page by a company's own templates took too long."""


class Printers:
    """Up to `size` printing processes, each started when first needed. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._idle: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(None)
        self._endless: dict[tuple[Templates, str], _Endless] = {}

    def print(self, order: Order, pages: int = 1) -> Printed:
        """Prints when a process is free. pages: about how many, which sets the time it may take.

        Raises InvariantBroken when the document fails, takes too long or brings its process down, and
        SystemMissing when a library that draws is not there."""
        made = self._answered(order, SECONDS + SECONDS_A_PAGE * pages)
        assert isinstance(made, Printed)  # noqa: S101 - the answer to an order
        return made

    def make(self, page: Page) -> str:
        """The HTML of a page by a company's own templates, made when a process is free.

        Raises TemplateFailed when a template fails, makes a page that may not be used, or takes too
        long; of one that took too long, every further page fails at once, until `try_again`."""
        key = (page.templates, page.name)
        if key in self._endless:
            raise _Endless(*self._endless[key].problems)
        try:
            made = self._answered(page, SECONDS_TO_MAKE)
        except _Endless as error:
            self._endless[key] = error
            raise
        assert isinstance(made, str)  # noqa: S101 - the answer to a page
        return made

    def try_again(self) -> None:
        """Forgets which templates took too long: a new run may have a quieter machine."""
        self._endless.clear()

    def _answered(self, order: Order | Page, seconds: float) -> Printed | str:
        process = self._idle.get()
        try:
            if process is None or process.printed >= DOCUMENTS_A_PROCESS:
                _ended(process)
                process = _Process()
            result = process.answer(order, seconds)
        except BaseException:
            _ended(process)
            process = None
            raise
        finally:
            self._idle.put(process)
        if isinstance(result, ScorecardError):
            raise result
        return result

    def close(self) -> None:
        """Ends every process that is idle; those at work end when their page is done."""
        for _ in range(self.size):
            try:
                _ended(self._idle.get_nowait())
            except queue.Empty:
                break
            self._idle.put(None)


class _Process:
    """One printing process and the line to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: a folder named `pipeline` where the command happens to be run is not the program
            self._process = subprocess.Popen(  # noqa: S603 - our own words only
                [sys.executable, "-P", "-m", "pipeline.report.printer", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._line = Connection(ours.detach())
        self.printed = 0

    def answer(self, order: Order | Page, seconds: float) -> Printed | str | ScorecardError:
        try:
            self._line.send(order)
            if not self._line.poll(seconds):
                if isinstance(order, Page):
                    raise _Endless(_endless(order))
                raise InvariantBroken(_too_slow(seconds))
            result: Printed | str | ScorecardError = self._line.recv()
        except (EOFError, OSError):
            raise InvariantBroken(_ended_early()) from None
        self.printed += 1
        return result

    def end(self) -> None:
        self._line.close()
        self._process.kill()
        self._process.wait()


def _ended(process: _Process | None) -> None:
    if process is not None:
        process.end()


def _too_slow(seconds: float) -> Problem:
    return Problem(
        "document-print",
        "A document was given up because printing it took longer than {seconds} seconds.",
        "Shorten its texts, or run again when the machine is less busy.",
        params={"seconds": int(seconds)},
    )


def _endless(page: Page) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "Making a page by your templates took longer than {seconds} seconds. It was not made.",
        "Look at the loops of {names}.",
        file=page.file,
        params={"seconds": int(SECONDS_TO_MAKE), "names": ", ".join(page.templates.runs)},
    )


def _ended_early() -> Problem:
    return Problem(
        "document-print",
        "A document was given up because the process that printed it ended.",
        "Run again; if it repeats, see whether the machine has memory left: scorecards doctor",
    )


_starting = threading.Lock()


def printers() -> Printers:
    """The printers of this process: one a core, four at most."""
    with _starting:
        return _printers()


@cache
def _printers() -> Printers:
    made = Printers(max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)))
    atexit.register(made.close)
    return made
