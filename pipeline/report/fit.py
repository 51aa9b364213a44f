"""Whether a text fits its place: line breaking with the real widths of the bundled fonts.

Here: measuring and shortening. Not here: how large a place is (view.py knows the page). A page that must be
exactly one page cannot hope that a title is short, so texts of people are measured before they are placed.
"""

from __future__ import annotations

from functools import cache

from pipeline.bundled import templates_dir

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
