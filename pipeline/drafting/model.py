"""What a draft is: the lines of a goal file, some of them marked, and how SMART the sentence was.

Here: plain records. Not here: how they come about (compose.py) or how they are printed (yamltext.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.language import Speech
from pipeline.workspace.model import Kpi

Mark = Literal["", "missing", "decide"]
Grade = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Said:
    """A sentence as an English template with its values, to be said in any language."""

    template: str
    params: dict[str, str] = field(default_factory=dict, hash=False)

    def text(self, say: Speech) -> str:
        return say.typeset(say(self.template).format(**self.params))


@dataclass(frozen=True)
class Line:
    """One key of the goal file. A marked line has no value: `check` then points at it."""

    key: str
    value: str = ""
    mark: Mark = ""
    said: Said | None = None
    """What is missing or to be decided; on a line without a mark, how the words were read."""


@dataclass(frozen=True)
class Item:
    """An initiative under `how`."""

    id: str
    title: str


@dataclass(frozen=True)
class Letter:
    """A letter of SMART: what the sentence gives for it, and what is still to be added."""

    letter: Literal["S", "M", "A", "R", "T"]
    grade: Grade
    found: tuple[Said, ...]
    missing: tuple[Said, ...]


@dataclass(frozen=True)
class DraftGoal:
    """One drafted goal."""

    id: str
    title: str
    lines: tuple[Line, ...]
    """Keys after id and title, in the order they are written."""
    how: tuple[Item, ...]
    unread: tuple[str, ...]
    kpi: Kpi | None
    letters: tuple[Letter, ...] = ()

    def line(self, key: str) -> Line | None:
        return next((one for one in self.lines if one.key == key), None)

    def value(self, key: str) -> str:
        """The value of a key; empty when it is marked or not written."""
        found = self.line(key)
        return found.value if found else ""

    @property
    def marked(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.mark)


@dataclass(frozen=True)
class Drafted:
    """Everything a sentence gave. `lang` is the sentence's language."""

    sentence: str
    lang: str
    goals: tuple[DraftGoal, ...]
