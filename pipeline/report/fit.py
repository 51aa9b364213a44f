"""Whether a text fits its place: line breaking with the real widths of the bundled fonts.

Here: measuring and shortening. Not here: how large a place is (view.py knows the page). A page that must be
exactly one page cannot hope that a title is short, so texts of people are measured before they are placed.
"""

from __future__ import annotations

from functools import cache, lru_cache

from pipeline.bundled import templates_dir

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
