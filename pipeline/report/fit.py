"""Whether a text fits its place: line breaking with the real widths of the bundled fonts.

Here: measuring and shortening. Not here: how large a place is (view.py knows the page). A page that must be
exactly one page cannot hope that a title is short, so texts of people are measured before they are placed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

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
def _advances(weight: int) -> tuple[dict[int, int], int, int]:
    """Code point -> advance width in units of the font, the width of a missing glyph, units in an em."""
    from fontTools.ttLib import TTFont

    font = TTFont(templates_dir() / "fonts" / f"Inter-{FACES[weight]}.ttf", lazy=True)
    em = font["head"].unitsPerEm
    widths = font["hmtx"].metrics
    return {code: widths[glyph][0] for code, glyph in font.getBestCmap().items()}, em, em


@lru_cache(maxsize=50_000)
def _units(text: str, weight: int) -> int:
    """Width in units of the font: whole numbers, so that parts add up to the whole exactly. The same words
    stand on many pages."""
    table, missing, _ = _advances(weight)
    return sum([table.get(ord(char), missing) for char in text])


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
    return SAFETY * size * _units(text, weight) / _advances(weight)[2]


def _room_in_units(room: float, size: float, weight: int) -> float:
    return room * _advances(weight)[2] / (SAFETY * size)


def lines(text: str, room: float, size: float, weight: int = 400) -> list[str]:
    """The text broken into lines no wider than `room`; a word wider than a line is broken inside."""
    most, space = _room_in_units(room, size, weight), _units(" ", weight)
    done: list[str] = []
    line, used = "", 0
    for word in text.replace("\n", " ").split(" "):
        wide = _units(word, weight)
        if (used + space if line else 0) + wide <= most:
            line, used = (f"{line} {word}", used + space + wide) if line else (word, wide)
            continue
        if line:
            done.append(line)
        pieces = _pieces(word, most, weight)
        done.extend(pieces[:-1])
        line, used = pieces[-1], _units(pieces[-1], weight)
    return [*done, line] if line or not done else done


def fitted(text: str, room: float, size: float, most: int = 1, weight: int = 400) -> str:
    """The text, or its beginning with an ellipsis when it needs more than `most` lines."""
    text = " ".join(part for part in text[:2000].split(" ") if part)
    broken = lines(text, room, size, weight)
    if len(broken) <= most:
        return text
    last, left = "", _room_in_units(room, size, weight) - _units(ELLIPSIS, weight)
    for char in " ".join(broken[most - 1 :]):
        left -= _units(char, weight)
        if left < 0:
            break
        last += char
    whole = last.rpartition(" ")[0]
    last = whole if len(whole) > 0.7 * len(last) else last
    return " ".join([*broken[: most - 1], last.rstrip(" ,;:·(") + ELLIPSIS])


def _pieces(word: str, most: float, weight: int) -> list[str]:
    pieces, piece, used = [], "", 0
    for char in word:
        wide = _units(char, weight)
        if piece and used + wide > most:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + char, used + wide
    return [*pieces, piece]
