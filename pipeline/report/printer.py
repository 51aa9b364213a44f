"""The process that prints: `python -m pipeline.report.printer FD` answers orders until its owner goes away.

Here: the loop. Not here: who starts and stops it (printers.py), printing itself (pdf.py). A process of its
own, because a page that never ends can only be stopped by ending its process, and because pages are printed
side by side.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.errors import InvariantBroken, Problem, ScorecardError
from pipeline.report.printed import Order, Printed
from pipeline.report.templates import Page

MEMORY = 1_500_000_000
"""Bytes of address space that a page by a company's own templates may add."""

TIDY_EVERY = 5
"""Documents between two collections."""


def answer(order: Order | Page) -> Printed | str | ScorecardError:
    """The print of an order or the HTML of a page, or why there is none."""
    try:
        if isinstance(order, Page):
            from pipeline.report.engine import own_page

            with _little_memory():
                return own_page(order)
        from pipeline.report.pdf import print_pdf  # here, so that a missing library is an answer too

        return print_pdf(
            order.html,
            identifier=order.identifier,
            created=order.created,
            files=order.files,
            style=order.style,
        )
    except ScorecardError as error:
        return error
    except Exception as error:
        return InvariantBroken(
            Problem(
                "document-print",
                "The document could not be printed: {what}",
                "Report this with the run id.",
                params={"what": f"{type(error).__name__}: {error}"},
            )
        )


@contextmanager
def _little_memory() -> Iterator[None]:
    """A ceiling for the memory of this process, where the system keeps one: a template that doubles a text
    forty times ends with an error instead of with the machine's memory."""
    import resource

    try:
        before = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        ceiling = pages * resource.getpagesize() + MEMORY
        if before[0] != resource.RLIM_INFINITY:
            ceiling = min(ceiling, before[0])
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, before[1]))
    except (OSError, ValueError):  # a system without the file or the limit; the time still ends it
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def main(descriptor: int) -> None:
    gc.set_threshold(50_000, 50, 50)  # a page is many small objects that die together
    printed = 0
    with Connection(descriptor) as owner:
        while True:
            try:
                order = owner.recv()
            except EOFError:
                return
            owner.send(answer(order))
            tidy(printed)
            printed += 1


def tidy(printed: int) -> None:
    """Lets go of what pages left behind, which is many circles of small objects: now and then, since that
    takes as long as a part of a page. After the first page the libraries and styles are set aside for good;
    later they must not be, or what a page left would be kept with them."""
    if printed == 0:
        gc.collect()
        gc.freeze()
    elif printed % TIDY_EVERY == 0:
        gc.collect()


if __name__ == "__main__":
    main(int(sys.argv[1]))
