"""What goes to the printer and what comes back: plain records, so that both sides of a process can hold them.

Not here: printing (pdf.py) and where it happens (printers.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Embedded:
    """A file carried inside the PDF."""

    name: str
    description: str
    content: bytes


@dataclass(frozen=True)
class Printed:
    """A finished PDF and where its parts landed: anchor -> page (from 1), and the number of pages."""

    content: bytes
    pages: int
    anchors: dict[str, int]


@dataclass(frozen=True)
class Order:
    """One document to print. `identifier` and `created` come from the edition, never from the clock."""

    html: str
    identifier: bytes
    created: datetime
    files: tuple[Embedded, ...] = ()
    style: str = ""
    """The company's own page.css; "" for the built-in one."""
