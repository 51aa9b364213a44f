"""A company's own templates as one value: hashable, so that what was built with them can be kept; picklable,
so that another process can run them.

Here: the value and its digest. Not here: which files are templates (workspace/owntemplates.py), running them
(engine.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


class Templates:
    """Name of a built-in template -> the text that replaces it."""

    def __init__(self, texts: tuple[tuple[str, str], ...] = ()) -> None:
        self._texts = texts

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Templates:
        return cls(tuple(sorted(texts.items()))) if texts else NONE

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __contains__(self, name: object) -> bool:
        return name in self.texts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Templates) and self._texts == other._texts

    def __hash__(self) -> int:
        return hash(self._texts)

    def __reduce__(self) -> tuple[type[Templates], tuple[tuple[tuple[str, str], ...]]]:
        return Templates, (self._texts,)

    @cached_property
    def texts(self) -> dict[str, str]:
        return dict(self._texts)

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of those that are run; style sheets are not."""
        return tuple(name for name, _ in self._texts if not name.endswith(".css"))

    @property
    def digest(self) -> str:
        """SHA-256 of all names and texts; "" of none."""
        if not self._texts:
            return ""
        parts = (f"{name}\0{len(text)}\0{text}" for name, text in self._texts)
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    def text(self, name: str, otherwise: str = "") -> str:
        return self.texts.get(name, otherwise)


NONE = Templates()


@dataclass(frozen=True)
class Page:
    """A page to be made by a company's own templates, in a process that can be ended."""

    name: str
    """The template to begin with."""
    values: Mapping[str, object]
    """What it is given."""
    templates: Templates
    lang: str
    lines: bool = False
    """Whether lines that hold nothing but a statement are left out, as the mail does."""
    needed: tuple[str, ...] = ()
    """Anchors that must be on the page."""
    alone: bool = False
    """Whether the page is opened by itself in a browser, and so must carry its own lock."""

    @property
    def file(self) -> str:
        """The file to look at when a message knows no better."""
        runs = self.templates.runs
        return f"templates/{self.name if self.name in runs or not runs else runs[0]}"
