"""Finding the wanted columns in a header line.

Here: folding, look-alike letters, aliases, what is said when a column is missing. Not here: which columns a
source wants (vendors/, mapped.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import FileRefused, Problem, nearest
from pipeline.sources.vendor import Field

LOOK_ALIKES = str.maketrans("авекмнорстухіїѕјԁԛԝ", "abekmhopctyxiisjdqw")
"""Cyrillic letters and the Latin ones they look like, after case folding."""


@dataclass(frozen=True)
class Found:
    """Position of each field that the header has, and headers nobody asked for."""

    at: dict[str, int]
    fields: tuple[Field, ...]
    warnings: tuple[Problem, ...]


def fold(header: str) -> str:
    """A header as it is compared: NFKC, inner blanks collapsed, outer ones dropped, case folded."""
    return " ".join(unicodedata.normalize("NFKC", header).split()).casefold()


def find_columns(
    header: Sequence[str],
    fields: Sequence[Field],
    aliases: Mapping[str, Sequence[str]],
    *,
    file: str,
    line: int,
    also_used: Sequence[str] = (),
    mapped: Container[str] = (),
) -> Found:
    """Raises FileRefused (E-HEADER) with every missing or doubled column. `also_used` are headers wanted by
    lookups, dimensions and exclusions: all must be there. `mapped` are fields whose header the source itself
    names under columns."""
    positions: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        if fold(name):
            positions.setdefault(fold(name), []).append(index)
    at: dict[str, int] = {}
    problems: list[Problem] = []
    used: set[str] = set()
    for field in fields:
        wanted = [*aliases.get(field.name, ()), *field.headers]
        hit = next((fold(name) for name in wanted if fold(name) in positions), None)
        if hit is not None:
            at[field.name] = positions[hit][0]
            used.add(hit)
        elif field.needed:
            remedy = MAPPED if field.name in mapped else ""
            problems.append(_missing(field.name, wanted, header, file, line, remedy))
    for name in also_used:
        used.add(fold(name))
        if fold(name) not in positions:
            problems.append(_missing(name, [name], header, file, line, OTHERS))
    doubled = {name: places for name, places in positions.items() if len(places) > 1}
    problems += [_doubled(header, places, file, line) for name, places in doubled.items() if name in used]
    if problems:
        raise FileRefused(*problems)
    warnings = [
        _doubled(header, places, file, line, "warning")
        for name, places in doubled.items()
        if name not in used
    ]
    return Found(at, tuple(fields), tuple(warnings))


def unused_warning(header: Sequence[str], used: set[str], file: str, line: int) -> tuple[Problem, ...]:
    """A warning that names the columns nothing reads; none when every column is read."""
    unused = [name for name in header if fold(name) and fold(name) not in used]
    if not unused:
        return ()
    return (
        Problem(
            "W-COLUMNS",
            "Columns not used: {names}.",
            file=file,
            line=line,
            severity="warning",
            params={
                "names": ", ".join(unused[:12]) + (", …" if len(unused) > 12 else ""),
            },
        ),
    )


OTHERS = "Correct the name under dimensions, lookup or exclude, or add the column to the export."
"""The remedy for a header that no field but another key of the source names; aliases do not apply to it."""

MAPPED = "Correct its header under columns in the source, or add the column to the export."
"""The remedy for a field whose header the source itself names."""


def _missing(
    name: str, wanted: Sequence[str], header: Sequence[str], file: str, line: int, remedy: str = ""
) -> Problem:
    found = ", ".join(text for text in header if text.strip()) or "-"
    params = {"name": name, "wanted": " / ".join(wanted), "found": found}
    look = _look_alike(wanted, header)
    if look:
        return Problem(
            "E-HEADER",
            'Column "{name}" is missing; column {position} "{near}" looks the same but has '
            "letters of another alphabet.",
            remedy or "Correct the header, or add it under aliases: {name}: [...].",
            file=file,
            line=line,
            column=look[0],
            value=look[1],
            expected=None,
            params={**params, "position": look[0], "near": look[1]},
        )
    close = next((hit for text in wanted if (hit := nearest(text, [h for h in header if h.strip()]))), None)
    if close:
        return Problem(
            "E-HEADER",
            'Column "{name}" (header {wanted}) is missing. Found: {found}. Did you mean "{near}"?',
            remedy
            or 'If that is the column, add under the source: aliases: {{{name}: ["{near}"]}}, or map '
            "it under columns.",
            file=file,
            line=line,
            column=name,
            value=close,
            params={**params, "near": close},
        )
    return Problem(
        "E-HEADER",
        'Column "{name}" (header {wanted}) is missing. Found: {found}.',
        remedy or "Add the column to the export, or name the header it has under aliases: {name}: [...].",
        file=file,
        line=line,
        column=name,
        params=params,
    )


def _look_alike(wanted: Sequence[str], header: Sequence[str]) -> tuple[int, str] | None:
    latin = {fold(name).translate(LOOK_ALIKES) for name in wanted}
    for index, name in enumerate(header):
        if fold(name).translate(LOOK_ALIKES) in latin:
            return index + 1, name
    return None


def _doubled(
    header: Sequence[str], places: list[int], file: str, line: int, severity: str = "error"
) -> Problem:
    return Problem(
        "E-HEADER",
        'The header "{name}" stands in columns {positions}.',
        "Export the column once, or rename one of them.",
        file=file,
        line=line,
        column=places[1] + 1,
        value=header[places[0]],
        severity="warning" if severity == "warning" else "error",
        params={"name": header[places[0]], "positions": ", ".join(str(place + 1) for place in places)},
    )
