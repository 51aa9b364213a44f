"""The last look at a finished document before anyone may see it; what fails here is not written.

Here: what must be true of every PDF: pages, goals, fonts, size, no placeholder in its text. Not here: how
documents are made. The bytes are read back from the finished file, not from what was meant to be printed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pipeline.errors import InvariantBroken, Problem
from pipeline.report.printed import Printed
from pipeline.report.view import ScorecardView

SMALLEST, LARGEST = 5_000, 10_000_000
FONT = re.compile(rb"/BaseFont\s*/([A-Za-z0-9+#-]+)")
PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
PLACEHOLDER = re.compile(r"\{\{|\}\}|\b(?:nan|NaN|None|undefined|Undefined)\b|\{[a-z_]+\}")
"""What a slip of the program looks like in print."""


def expected_pages(view: ScorecardView) -> int:
    """Pages of a document by design: the table's, one a goal, the method page."""
    return len(view.pages) + len(view.goals) + bool(view.method)


def check_document(view: ScorecardView, printed: Printed, name: str, written: str) -> None:
    """Raises InvariantBroken with everything that is wrong. `written`: the texts that people of the company
    wrote, in which a word like "None" is theirs."""
    problems = [*_page_problems(view, printed), *_file_problems(printed), *_text_problems(view, written)]
    if problems:
        raise InvariantBroken(
            *(
                Problem(
                    code,
                    "Document {name}: " + message,
                    "Nothing was written; report this with the run id.",
                    params={"name": name, **params},
                )
                for code, message, params in problems
            )
        )


Found = tuple[str, str, dict[str, object]]


def _page_problems(view: ScorecardView, printed: Printed) -> Iterator[Found]:
    wanted = expected_pages(view)
    if printed.pages != wanted:
        yield (
            "document-pages",
            "{found} pages instead of {wanted}.",
            {"found": printed.pages, "wanted": wanted},
        )
    first = len(view.pages) + 1
    for number, goal in enumerate(view.goals, first):
        found = printed.anchors.get(f"goal-{goal.goal_id}")
        if found != number:
            yield (
                "document-goal",
                "goal {goal} is on page {found} instead of {wanted}.",
                {"goal": goal.goal_id, "found": found, "wanted": number},
            )


def _file_problems(printed: Printed) -> Iterator[Found]:
    content = printed.content
    if not content.startswith(b"%PDF-") or not content.rstrip().endswith(b"%%EOF"):
        yield "document-file", "the file is not a whole PDF.", {}
        return
    if not SMALLEST <= len(content) <= LARGEST:
        yield "document-size", "{size} bytes is not a plausible size.", {"size": len(content)}
    text = b"\n".join(_objects(content))
    pages = len(PAGE.findall(text))
    if pages != printed.pages:
        yield (
            "document-pages",
            "{found} pages in the file instead of {wanted}.",
            {"found": pages, "wanted": printed.pages},
        )
    strangers = sorted({name.decode() for name in FONT.findall(text) if b"+Inter" not in name})
    if strangers:
        yield (
            "document-font",
            "it uses the fonts {fonts}, which are not bundled.",
            {"fonts": ", ".join(strangers)},
        )


def _objects(content: bytes) -> Iterator[bytes]:
    """The file's objects in the clear: outside streams, and inside compressed object streams."""
    position = 0
    for match in re.finditer(rb"(<<(?:(?!stream).)*?)>>\s*stream\r?\n", content, re.DOTALL):
        if match.start() < position:
            continue
        end = content.find(b"endstream", match.end())
        yield content[position : match.end()]
        if b"/ObjStm" in match[1]:
            yield zlib.decompressobj().decompress(content[match.end() : end])
        position = end
    yield content[position:]


def _text_problems(view: ScorecardView, written: str) -> Iterator[Found]:
    for text in texts(view):
        for match in PLACEHOLDER.finditer(text):
            if match[0] not in written:
                yield (
                    "document-placeholder",
                    "it says {word} in {text}.",
                    {"word": match[0], "text": text[:80]},
                )


def texts(value: object) -> Iterator[str]:
    """Every string of a view model."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts(getattr(value, one.name))
