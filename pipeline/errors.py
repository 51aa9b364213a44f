"""What can be wrong, and how it is said.

Here: the `Problem` record every layer reports in, the exception kinds that carry problems, and the
suggestion helper. Not here: any wording in another language (language.py), any import of ours.

A problem's wording is kept as an English template with named fields, so that the same problem can be said
in another language by looking the template up in a catalogue.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
Translate = Callable[[str], str]

VALUE_LIMIT = 60
"""Characters of an offending value that a message shows."""


def shown(value: object, limit: int = VALUE_LIMIT) -> str:
    """A value as a message may print it: control characters made visible, cut at `limit` characters."""
    text = "".join(ch if ch.isprintable() else f"\\x{ord(ch):02x}" for ch in str(value))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice a person most likely meant by `name`, or None when nothing is close."""
    folded = {choice.casefold(): choice for choice in choices}
    match = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[match[0]] if match else None


def column_letters(column: int) -> str:
    """The name of a workbook's column: 1 is A, 27 is AA."""
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it is, what it is, and what to do about it.

    `message` and `remedy` are English templates (`str.format` style) over `params`; `code` is stable and
    is what tests and other programs look at. `line` and `column` count from 1; `column` may be a number
    or a column's name.
    """

    code: str
    message: str
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    column: int | str | None = None
    value: str | None = None
    expected: str | None = None
    severity: Severity = "error"
    sheet: str | None = None
    """In a workbook, the sheet; `line` is then the row and `column` the column, both from 1."""
    params: dict[str, Any] = field(default_factory=dict, hash=False)

    def text(self, translate: Translate | None = None) -> str:
        """The sentence without its place: what is wrong and, when known, what to do."""
        say = translate or (lambda template: template)
        parts = [say(self.message).format(**self.params)]
        if self.expected:
            parts.append(say("Expected: {expected}.").format(expected=say(self.expected)))
        if self.remedy:
            parts.append(say(self.remedy).format(**self.params))
        typeset: Translate = getattr(translate, "typeset", str)
        return typeset(" ".join(parts))

    def place(self, translate: Translate | None = None) -> str:
        """`file:line:column` as far as it is known, in the form editors can jump to; of a workbook its sheet
        and cell."""
        if self.sheet is not None and isinstance(self.column, int):
            say = translate or (lambda template: template)
            cell = f"{column_letters(self.column)}{self.line}"
            return say("{file}, sheet {sheet}, cell {cell}").format(
                file=self.file, sheet=self.sheet, cell=cell
            )
        parts = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return ":".join(parts)

    def full(self, translate: Translate | None = None) -> str:
        """Place, code and sentence in one line."""
        place = self.place(translate)
        return f"{place + ': ' if place else ''}{self.code} {self.text(translate)}"


class ScorecardError(Exception):
    """Something a person can act on. Carries every problem found in one pass, never only the first."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.full() for problem in problems))

    def __reduce__(self) -> tuple[type[ScorecardError], tuple[Problem, ...]]:
        return type(self), self.problems  # else one made in another process cannot come back from it

    def text(self, translate: Translate | None = None) -> str:
        return "\n".join(problem.full(translate) for problem in self.problems)


class UsageError(ScorecardError):
    """A command was called in a way it does not understand."""

    exit_code = 2


class WorkspaceError(ScorecardError):
    """The workspace's own files (YAML, goals, sources) are wrong."""

    exit_code = 2


class FileRefused(ScorecardError):
    """One export cannot be read at all; only what it feeds is affected."""

    exit_code = 3


class InvariantBroken(ScorecardError):
    """Our own promise failed (conservation of rows or money, a document that is not what it must be)."""


class TemplateFailed(InvariantBroken):
    """A template of the company's own is wrong: its documents are not made, the others are."""

    exit_code = WorkspaceError.exit_code


class SystemMissing(ScorecardError):
    """A system library, permission or service this machine lacks."""


class DeliveryError(ScorecardError):
    """A message could not be built, queued or sent."""

    exit_code = 3


class NoSuchMessage(DeliveryError):
    """A message was named that the outbox does not have."""

    exit_code = UsageError.exit_code
