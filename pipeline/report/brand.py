"""A company's own look on a page: its logo with a size for each place, its colours as a style sheet.

Here: from `look` to what templates put on a page. Not here: whether a logo or colour is allowed
(workspace/look.py). Only checked colours and numbers computed here become style; no text of a person does.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from pipeline.language import pick
from pipeline.report.templates import NONE, Templates
from pipeline.workspace.logo import read_logo
from pipeline.workspace.model import Workspace

PAGE_LOGO, COVER_LOGO = (130.0, 34.0), (200.0, 62.0)
"""Largest width and height of a logo beside the headline and on the plan's cover, in points."""
POINTS_A_PIXEL = 0.75
"""A picture is not drawn larger than its pixels at 96 an inch: a tiny one stays tiny rather than coarse."""
GAP = 14.0
"""Points between a logo and the text beside it."""
ACCENT = (
    ".eyebrow, .letters th b, .plan .cover .company, .plan .contents .no, .plan .chapter h2 .no, "
    ".plan .card .big, .plan .points li::before, .plan .quarter li::before, .plan .map li::before"
)
HEADING = (
    ".sheet h1, .sheet .continued, .goal .title, .method h2, .plan .cover h1, .plan .contents h2, "
    ".plan .chapter h2"
)
RULES = (
    (".goal header, .method h2, .plan .contents h2, .plan .chapter h2", "border-top-color"),
    (".plan .cover .company, .box, .plan .number .label, .plan .quarter h3", "border-top-color"),
    (".board, .board thead th, .closed thead th, .cells thead th, .method h3", "border-bottom-color"),
    (".plan .grid thead th, .plan .map thead th, .plan .approvals .label", "border-bottom-color"),
)
LOGO = (
    # smooth on a screen; in print a picture must not be smoothed (ISO 19005-3, 6.2.8)
    ".logo { float: right; margin: 0 0 4pt 14pt; } "
    "@media print { .logo { image-rendering: crisp-edges; } } "
    ".plan .cover .logo { margin-top: 15pt; }"
)


@dataclass(frozen=True)
class Size:
    """Points."""

    width: float
    height: float


@dataclass(frozen=True)
class LogoView:
    """The logo as templates show it: the file itself in a data: address, and its alternative text."""

    source: str
    text: str
    page: Size
    cover: Size


@dataclass(frozen=True)
class MailLook:
    """What makes a mail the company's own: colours in the place of the usual ones, and its logo as a part of
    the mail. A drawing is left out: mail programs do not show it."""

    accent: str = "#5b6570"
    heading: str = "#16202b"
    rule: str = "#16202b"
    text: str = ""
    """What the logo says."""
    kind: str = ""
    """"png" or "jpeg"; empty without a logo."""
    content: bytes = b""
    width: int = 0
    """Pixels, as is the height."""
    height: int = 0


PLAIN_MAIL = MailLook()


def mail_look(workspace: Workspace, lang: str) -> MailLook:
    """The look of a workspace's mail in one language."""
    look, logo = workspace.company.look, _logo(workspace, lang)
    found = MailLook(
        accent=(look.accent or PLAIN_MAIL.accent).lower(),
        heading=(look.heading or PLAIN_MAIL.heading).lower(),
        rule=(look.rule or PLAIN_MAIL.rule).lower(),
    )
    if workspace.logo is None or logo is None:
        return found
    clean = read_logo(workspace.logo)
    if clean.kind == "svg+xml":
        return found
    return replace(
        found,
        text=logo.text,
        kind=clean.kind,
        content=clean.content,
        width=round(logo.page.width / POINTS_A_PIXEL),
        height=round(logo.page.height / POINTS_A_PIXEL),
    )


@dataclass(frozen=True)
class Brand:
    """What makes a company's documents its own; the same for all of them in one language."""

    logo: LogoView | None = None
    css: str = ""
    """Colours, place of the logo, and the company's own additions; "" when nothing is chosen."""
    templates: Templates = NONE


PLAIN = Brand()
"""Of a company that chose nothing."""


def brand_of(workspace: Workspace, lang: str) -> Brand:
    """The look that a workspace chose; an empty one, which changes no document, when it chose none."""
    templates = Templates.of(workspace.templates)
    logo = _logo(workspace, lang)
    styles = [LOGO if logo else "", *_colours(workspace), templates.text("parts/own.css")]
    return Brand(logo, "\n".join(style for style in styles if style), templates)


def room_beside(brand: Brand, whole: float) -> float:
    """Width that a text beside the logo of page 1 has, in points."""
    return whole - (brand.logo.page.width + GAP if brand.logo else 0.0)


def _logo(workspace: Workspace, lang: str) -> LogoView | None:
    if workspace.logo is None:
        return None
    logo, company = read_logo(workspace.logo), workspace.company
    natural = None if logo.kind == "svg+xml" else POINTS_A_PIXEL
    return LogoView(
        source=f"data:image/{logo.kind};base64,{base64.b64encode(logo.content).decode()}",
        text=pick(company.look.logo_text, lang) or pick(company.company, lang),
        page=_within(logo.width, logo.height, PAGE_LOGO, natural),
        cover=_within(logo.width, logo.height, COVER_LOGO, natural),
    )


def _within(width: float, height: float, most: tuple[float, float], natural: float | None) -> Size:
    """The largest size within `most` of the same shape, no larger than `natural` points a pixel."""
    scale = min(most[0] / width, most[1] / height)
    scale = scale if natural is None else min(scale, natural)
    return Size(round(width * scale, 2), round(height * scale, 2))


def _colours(workspace: Workspace) -> list[str]:
    look, made = workspace.company.look, []
    if look.accent:
        made.append(f"{ACCENT} {{ color: {look.accent.lower()}; }}")
    if look.heading:
        made.append(f"{HEADING} {{ color: {look.heading.lower()}; }}")
    if look.rule:
        made += [f"{places} {{ {edge}: {look.rule.lower()}; }}" for places, edge in RULES]
    return made
