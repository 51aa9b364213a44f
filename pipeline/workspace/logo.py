"""A company's logo: what a file really is, and a copy of it that can do nothing but be seen.

Here: PNG, JPEG and SVG told apart by content, their limits, cleaning. Not here: where a logo stands on a page
(report/brand.py), which key names it (look.py). A picture is decoded and written anew, so that nothing
travels inside it; a drawing keeps only shapes and colours, and is refused when it leads outside itself.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from xml.etree import ElementTree
from xml.parsers import expat

from pipeline.errors import shown
from pipeline.workspace.inert import css_reaches_out, is_local

LARGEST_FILE = 2_000_000
LARGEST_COPY = 400_000
"""Bytes of the cleaned logo, which every document carries."""
MOST_PIXELS, SMALLEST_SIDE, LARGEST_SIDE = 25_000_000, 8, 1_200
"""Pixels of a picture that is opened at all; its least side; the side it is reduced to, which is 300 dots an
inch at the largest size a page shows."""
MOST_ELEMENTS, DEEPEST = 5_000, 40
MOST_COPIES = 50
"""`use` elements of a drawing; each draws its target once more."""
FLATTEST = 40.0
"""How many times as wide as high (or the other way round) a logo may be."""

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
SHAPES = frozenset(
    """
    svg g defs symbol use path rect circle ellipse line polyline polygon linearGradient
    radialGradient stop clipPath title desc style
    """.split()  # noqa: SIM905 - a list of words reads better than quoted ones
)
DROPPED = frozenset(("metadata", "switch"))
"""Left out with what is in them: descriptions of the drawing program, which draw nothing."""
ATTRIBUTES = frozenset(
    """
    id class style d x y x1 y1 x2 y2 cx cy r rx ry fx fy fr width height points transform viewBox
    fill fill-opacity fill-rule clip-rule clip-path opacity stroke stroke-width stroke-opacity
    stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset offset
    stop-color stop-opacity gradientUnits gradientTransform spreadMethod clipPathUnits color display
    visibility preserveAspectRatio paint-order vector-effect
    """.split()  # noqa: SIM905 - a list of words reads better than quoted ones
)
"""Attributes that are kept; any other is left out, and one that could run something refuses the drawing."""
_NUMBER = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(px|pt|mm|cm|in)?\s*")
_WORDS = re.compile(r"[\s,]+")


@dataclass(frozen=True)
class Logo:
    """A clean logo. Width and height are pixels of a picture, units of a drawing; only their ratio counts
    for a drawing."""

    kind: Literal["png", "jpeg", "svg+xml"]
    width: float
    height: float
    content: bytes


class LogoRefused(Exception):
    """Why a file cannot be a logo, as message and remedy templates with their params."""

    def __init__(self, message: str, remedy: str, **params: object) -> None:
        self.message, self.remedy, self.params = message, remedy, params
        super().__init__(message.format(**params))


@lru_cache(maxsize=4)
def read_logo(data: bytes) -> Logo:
    """The clean copy of a logo's file. The same bytes give the same copy. Raises LogoRefused."""
    if len(data) > LARGEST_FILE:
        raise LogoRefused(
            "The logo has {size} KB; at most {most} KB are read.",
            "Save it smaller.",
            size=len(data) // 1000,
            most=LARGEST_FILE // 1000,
        )
    logo = _picture(data) if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) else _drawing(data)
    if len(logo.content) > LARGEST_COPY:
        raise LogoRefused(
            "The logo still has {size} KB at the size it is printed; at most {most} KB go into a document.",
            "Use a drawing (SVG), or a picture with fewer details.",
            size=len(logo.content) // 1000,
            most=LARGEST_COPY // 1000,
        )
    if not 1 / FLATTEST <= logo.width / logo.height <= FLATTEST:
        raise LogoRefused(
            "The logo is {width} wide and {height} high, which cannot be shown readably.",
            "Cut away empty borders; at most {most} times as wide as high.",
            width=f"{logo.width:g}",
            height=f"{logo.height:g}",
            most=int(FLATTEST),
        )
    return logo


# --- pictures --------------------------------------------------------------------------------------------


def _picture(data: bytes) -> Logo:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with _whole_only(), Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
            _check_size(*opened.size)
            kind: Literal["png", "jpeg"] = "png" if opened.format == "PNG" else "jpeg"
            opened.load()
            image = ImageOps.exif_transpose(opened)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise LogoRefused(
            "The logo cannot be read as a picture: {what}.",
            "Open it in a picture program and save it again as PNG or SVG.",
            what=shown(error),
        ) from None
    image = image.convert("RGBA" if kind == "png" and image.has_transparency_data else "RGB")
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    image.info.clear()
    out = io.BytesIO()
    if kind == "png":
        image.save(out, "PNG", compress_level=9)
    else:
        image.save(out, "JPEG", quality=92, subsampling=0)
    return Logo(kind, float(image.width), float(image.height), out.getvalue())


@contextmanager
def _whole_only() -> Iterator[None]:
    """The renderer tells the picture library to make do with half a file, for the whole process."""
    from PIL import ImageFile

    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _check_size(width: int, height: int) -> None:
    if min(width, height) < SMALLEST_SIDE or width * height > MOST_PIXELS:
        raise LogoRefused(
            "The logo has {width} × {height} pixels.",
            "Use one with at least {least} pixels a side and at most {most} million altogether.",
            width=width,
            height=height,
            least=SMALLEST_SIDE,
            most=MOST_PIXELS // 1_000_000,
        )


# --- drawings --------------------------------------------------------------------------------------------


def _drawing(data: bytes) -> Logo:
    root = _parsed(data)
    if root.tag != f"{{{SVG}}}svg":
        raise _no_logo()
    kept = _cleaned(root, 0)
    if kept is None:
        raise _no_logo()
    everything = list(kept.iter())
    if len(everything) > MOST_ELEMENTS:
        raise _unfit(f"{len(everything)} elements")
    _check_copies(kept)
    box = _box(root)
    kept.set("viewBox", " ".join(f"{number:g}" for number in box))
    kept.set("width", f"{box[2]:g}")
    kept.set("height", f"{box[3]:g}")
    ElementTree.register_namespace("", SVG)
    return Logo("svg+xml", box[2], box[3], ElementTree.tostring(kept, encoding="utf-8"))


def _parsed(data: bytes) -> Any:
    """The drawing's tree. Declarations of types and entities are refused before anything is made of them."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = _no_declaration
    try:
        data.decode("utf-8-sig")
        parser.Parse(data, True)
        return ElementTree.fromstring(data)  # noqa: S314 - no declaration, so nothing to expand
    except LogoRefused:
        raise
    except (expat.ExpatError, ElementTree.ParseError, UnicodeDecodeError, ValueError, LookupError):
        raise _no_logo() from None


def _no_declaration(*_: object) -> None:
    raise LogoRefused(
        "The logo begins with a declaration (<!DOCTYPE …>), which can make a small file endless.",
        "Remove that line, or save the drawing as “plain SVG”.",
    )


def _no_logo() -> LogoRefused:
    return LogoRefused("The logo is no PNG, JPEG or SVG.", "Save it in one of these formats.")


def _unfit(what: str) -> LogoRefused:
    return LogoRefused(
        "The logo's drawing has {what}, which a logo may not have.",
        "Save it as “plain SVG” with texts turned into paths and no pictures, links or scripts; or as PNG.",
        what=shown(what),
    )


def _cleaned(element: Any, depth: int) -> Any:
    """A copy with known shapes and attributes only; None for what draws nothing. Raises LogoRefused for
    anything that draws, and is none of them."""
    space, name = _named(element.tag)
    if space != SVG or name in DROPPED:
        return None
    if name not in SHAPES:
        raise _unfit(f"<{name}>")
    if depth > DEEPEST:
        raise _unfit("elements nested too deeply")
    copy = ElementTree.Element(f"{{{SVG}}}{name}", dict(_attributes(element.attrib)))
    if name in ("title", "desc", "style"):
        copy.text = element.text
        if name == "style" and (reach := css_reaches_out(element.text or "", local=True)):
            raise _unfit(reach)
        return copy
    for child in element:
        kept = _cleaned(child, depth + 1) if isinstance(child.tag, str) else None
        if kept is not None:
            copy.append(kept)
    return copy


def _attributes(written: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in written.items():
        space, name = _named(key)
        if name.lower().startswith("on") or name == "base":
            raise _unfit(f"{name}=…")
        if name == "href" and space in ("", XLINK):
            if not is_local(value):
                raise _unfit(f"href={value}")
            yield "href", value.strip()
        elif not space and name in ATTRIBUTES:
            if reach := css_reaches_out(value, local=True):
                raise _unfit(reach)
            yield name, value


def _named(tag: str) -> tuple[str, str]:
    space, _, name = tag.rpartition("}")
    return space.lstrip("{"), name


def _check_copies(root: Any) -> None:
    """A `use` may name a shape, never what holds a `use` again: copies of copies grow without end."""
    copies = root.findall(f".//{{{SVG}}}use")
    if len(copies) > MOST_COPIES:
        raise _unfit(f"{len(copies)} × <use>")
    ids = {one.get("id"): one for one in root.iter() if one.get("id")}
    for one in copies:
        target = ids.get((one.get("href") or "").lstrip("#"))
        if target is not None and any(inner.tag == f"{{{SVG}}}use" for inner in target.iter()):
            raise _unfit("<use> of a <use>")


def _box(root: Any) -> tuple[float, float, float, float]:
    """The part of the plane that is drawn: x, y, width, height."""
    written = _WORDS.split((root.get("viewBox") or "").strip())
    try:
        x, y, width, height = (float(number) for number in written)
    except ValueError:
        x, y = 0.0, 0.0
        width, height = (_length(root.get(side)) for side in ("width", "height"))
    if not (0 < width < 1e6 and 0 < height < 1e6 and abs(x) < 1e6 and abs(y) < 1e6):
        raise LogoRefused(
            "The logo's drawing does not say how large it is.", "Give it a viewBox, or a width and a height."
        )
    return x, y, width, height


def _length(text: str | None) -> float:
    found = _NUMBER.fullmatch(text or "")
    return float(found[1]) if found else 0.0
