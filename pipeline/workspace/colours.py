"""Colours that a company chooses: whether they can be read, and the nearest one that can.

Here: contrast and distance of two colours written #rrggbb. Not here: what a colour is used for (look.py) or
how it reaches a page (report/brand.py).
"""

from __future__ import annotations

import colorsys

TEXT, MARKS = 4.5, 3.0
"""Least contrast of text, and of rules and bars, on what lies behind them (WCAG 2.2, 1.4.3 and 1.4.11)."""
Rgb = tuple[float, float, float]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21: (L1 + 0.05) / (L2 + 0.05) of the lighter to the darker."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def nearest_readable(colour: str, background: str, least: float) -> str:
    """The colour itself, or the same hue darkened (on a dark background lightened) just enough."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    step = -1 if _luminance(background) > 0.18 else 1
    found, level = colour.lower(), round(lightness * 255)
    while contrast(found, background) < least and 0 <= level + step <= 255:
        level += step
        found = _written(colorsys.hls_to_rgb(hue, level / 255, saturation))
    return found


def distance(one: str, other: str) -> float:
    """How different two colours look: the Euclidean distance in CIE L*a*b* (D65). 2.3 is just seen; two
    colours below 20 are easily taken for each other when they do not stand side by side."""
    first, second = _lab(one), _lab(other)
    return float(sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5)


def _channels(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _written(channels: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in channels)


def _linear(channel: float) -> float:
    """One channel of sRGB without its transfer curve (IEC 61966-2-1)."""
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part) for part in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lab(colour: str) -> Rgb:
    red, green, blue = (_linear(part) for part in _channels(colour))
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (_cube_root(part) for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _cube_root(part: float) -> float:
    return float(part ** (1 / 3)) if part > 0.008856 else 7.787 * part + 16 / 116
