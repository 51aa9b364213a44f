"""Whether a text fits its place: line breaking with the real widths of the bundled fonts.

Here: measuring and shortening. Not here: how large a place is (view.py knows the page). A page that must be
exactly one page cannot hope that a title is short, so texts of people are measured before they are placed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

from pipeline.bundled import templates_dir
from pipeline.language import pick as pick_whole

LONGEST = 500
"""Characters of a name, title or note that a document shows; prose of the plan has no such end."""
STAND_IN = "□"
"""Printed for a character that the bundled fonts do not have."""
KEPT = frozenset((0xAD, 0x200B, 0x2060))
"""Characters without a shape that say where a line may break."""
FACES = {400: "Regular", 500: "Medium", 600: "SemiBold", 700: "Bold"}
ELLIPSIS = "…"
SAFETY = 1.02
"""Measured widths leave out kerning; breaking is a little stricter than the renderer's."""


@cache
def _advances(weight: int) -> tuple[dict[int, float], float]:
    """Code point -> advance width in em, and the width of a missing glyph."""
    from fontTools.ttLib import TTFont

    font = TTFont(templates_dir() / "fonts" / f"Inter-{FACES[weight]}.ttf", lazy=True)
    em = font["head"].unitsPerEm
    widths = font["hmtx"].metrics
    table = {code: widths[glyph][0] / em for code, glyph in font.getBestCmap().items()}
    return table, 1.0


def capped(text: str) -> str:
    """A text of a person, ended with an ellipsis when it is longer than anything a page has room for."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + ELLIPSIS


def pick(texts: Mapping[str, str] | str | None, lang: str) -> str:
    """language.pick for a field of a document: no longer than a field may be."""
    return capped(pick_whole(texts, lang))


class _Letters(dict[int, "int | str | None"]):
    """What to print for a code point: itself, a space, the stand-in, or nothing."""

    def __missing__(self, code: int) -> int | str | None:
        self[code] = found = self._printed(code)
        return found

    @staticmethod
    def _printed(code: int) -> int | str | None:
        if code < 0x20 or code in KEPT or code in _advances(400)[0]:
            return code
        kind = unicodedata.category(chr(code))
        if kind in ("Cf", "Cc", "Mn", "Me"):  # joiners, directions, marks: they show nothing by themselves
            return None
        return " " if kind.startswith("Z") else STAND_IN


_LETTERS = _Letters()


def printable(text: str) -> str:
    """The text with a stand-in for each character that the bundled fonts lack: another font would come from
    the machine, and the same inputs would be other pages there."""
    return text if text.isascii() else text.translate(_LETTERS)


def width(text: str, size: float, weight: int = 400) -> float:
    """Width of a text set in one line, in the unit of `size`."""
    table, missing = _advances(weight)
    return SAFETY * size * sum(table.get(ord(char), missing) for char in text)


def lines(text: str, room: float, size: float, weight: int = 400) -> list[str]:
    """The text broken into lines no wider than `room`; a word wider than a line is broken inside."""
    done: list[str] = []
    line = ""
    for word in text.replace("\n", " ").split(" "):
        trial = f"{line} {word}" if line else word
        if width(trial, size, weight) <= room:
            line = trial
            continue
        if line:
            done.append(line)
        pieces = _pieces(word, room, size, weight)
        done.extend(pieces[:-1])
        line = pieces[-1]
    return [*done, line] if line or not done else done


def fitted(text: str, room: float, size: float, most: int = 1, weight: int = 400) -> str:
    """The text, or its beginning with an ellipsis when it needs more than `most` lines."""
    text = " ".join(part for part in text[:2000].split(" ") if part)
    broken = lines(text, room, size, weight)
    if len(broken) <= most:
        return text
    last = ""
    for char in " ".join(broken[most - 1 :]):
        if width(last + char + ELLIPSIS, size, weight) > room:
            break
        last += char
    whole = last.rpartition(" ")[0]
    last = whole if len(whole) > 0.7 * len(last) else last
    return " ".join([*broken[: most - 1], last.rstrip(" ,;:·(") + ELLIPSIS])


def _pieces(word: str, room: float, size: float, weight: int) -> list[str]:
    pieces, piece = [], ""
    for char in word:
        if piece and width(piece + char, size, weight) > room:
            pieces.append(piece)
            piece = ""
        piece += char
    return [*pieces, piece]
