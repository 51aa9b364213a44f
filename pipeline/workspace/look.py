"""The company's own look: whether its colours can be read and its logo can be shown.

Here: the rules about the key `look` of scorecards.yaml. Not here: contrast itself (colours.py), files
(logo.py), drawing (report/brand.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipeline.errors import Problem, shown
from pipeline.workspace.colours import MARKS, TEXT, contrast, distance, nearest_readable
from pipeline.workspace.draft import Draft, Entry
from pipeline.workspace.logo import LARGEST_FILE, LogoRefused, read_logo
from pipeline.workspace.rules import leads_out

PAPER = "#ffffff"
COLOURS = {"accent": TEXT, "heading": TEXT, "rule": MARKS}
"""Each colour that can be chosen, and its least contrast on paper."""
STATUSES = ("#b4330e", "#8a5600", "#1d6b4f")
"""Red, amber and green that say how a goal stands (page.css); they are the same in every company."""
ALIKE = 20.0
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def broken_look(draft: Draft) -> list[Problem]:
    """Everything that is wrong with `look`, in the order it is written."""
    return [problem for entry in draft.of("company") for problem in _of(draft, entry)]


def logo_bytes(draft: Draft) -> bytes | None:
    """The logo's file as it is; None when there is none or it does not lie in the workspace."""
    company = draft.company
    name = company.look.logo if company else None
    if not name or leads_out(name):
        return None
    path = draft.root / name
    if not path.is_file() or not path.resolve().is_relative_to(draft.root.resolve()):
        return None
    with path.open("rb") as stream:
        return stream.read(LARGEST_FILE + 1)


def _of(draft: Draft, entry: Entry) -> Iterator[Problem]:
    look = entry.raw.get("look") if isinstance(entry.raw, Mapping) else None
    if not isinstance(look, Mapping):
        return
    for key, least in COLOURS.items():
        if key in look:
            yield from _colour(entry, key, look[key], least)
    if isinstance(look.get("logo"), str):
        yield from _logo(draft, entry, look["logo"])


def _colour(entry: Entry, key: str, value: object, least: float) -> Iterator[Problem]:
    if value is None:
        found = entry.problem(
            "E-VALUE",
            "{key} is empty: # begins a comment unless the colour stands in quotation marks.",
            'Write it as {key}: "#1f5fa8".',
            key=key,
        )
        yield replace(found, **entry.place("look", key, of="key"))
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        return  # its shape is complained about elsewhere
    ratio = contrast(value, PAPER)
    if ratio < least:
        yield entry.problem(
            "E-CONTRAST",
            "{key}: {colour} is too pale on white: its contrast is {found}:1, and {least}:1 is needed.",
            "The nearest that can be read is {near}.",
            at=("look", key),
            value=value,
            colour=value,
            key=key,
            found=f"{int(ratio * 100) / 100:g}",
            least=f"{least:g}",
            near=f'"{nearest_readable(value, PAPER, least)}"',
        )
        return
    if key != "rule":
        yield from _mistakable(entry, key, value)


def _mistakable(entry: Entry, key: str, value: str) -> Iterator[Problem]:
    near = min(STATUSES, key=lambda one: distance(value, one))
    if distance(value, near) < ALIKE:
        yield entry.problem(
            "W-COLOUR",
            "{key}: {colour} is close to {near}, the colour of a status; readers may take it for one.",
            "Choose another colour if you can; those of statuses stay as they are.",
            at=("look", key),
            value=value,
            colour=value,
            severity="warning",
            key=key,
            near=near,
        )


def _logo(draft: Draft, entry: Entry, name: str) -> Iterator[Problem]:
    at, said = ("look", "logo"), shown(name)
    if leads_out(name):
        message, remedy = "{name} leads out of the workspace.", "Put the logo into it, such as look/logo.svg."
        yield entry.problem("E-PATH", message, remedy, at=at, value=name, name=said)
        return
    data = logo_bytes(draft)
    if data is None:
        message, remedy = "There is no logo {name} in the workspace.", "Put it there, or correct the name."
        yield entry.problem("E-REFERENCE", message, remedy, at=at, value=name, name=said)
        return
    try:
        read_logo(data)
    except LogoRefused as refusal:
        found = entry.problem("E-LOGO", refusal.message, refusal.remedy, at=at, value=name)
        yield replace(found, params={**found.params, **refusal.params})
