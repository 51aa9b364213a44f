"""Finding the wanted columns in a header line.

Here: folding, look-alike letters, aliases, what is said when a column is missing. Not here: which columns a
source wants (vendors/, mapped.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import FileRefused, Problem, nearest
from pipeline.sources.vendor import Field

LOOK_ALIKES = str.maketrans(
    "авекмнорстухьіїѕјһӏԁԛԝ" + "αβεζηικμνορτυχ" + "ë",
    "abekmhopctyxbiïsjhldqw" + "abezhikmnoptyx" + "e",
)
"""Cyrillic and Greek letters and the Latin ones they look like, as small or as capital letters, after case
folding."""
_SMALL = str.maketrans("νυη", "vun")
"""Small Greek letters that look like another letter than their capitals do."""
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u058a\ufe58\ufe63"), "-")
_QUOTES = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u0060\u00b4\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"), '"'),
}
_ALIKE = {**_DASHES, **_QUOTES}


@dataclass(frozen=True)
class Found:
    """Position of each field that the header has, and headers nobody asked for."""

    at: dict[str, int]
    fields: tuple[Field, ...]
    warnings: tuple[Problem, ...]


def fold(header: str) -> str:
    """A header as it is compared: NFKC, what cannot be seen left out, one kind of dash and of quotes, inner
    blanks collapsed, outer ones dropped, case folded, the Russian ё as the е it is often written as."""
    text = "".join(ch for ch in header if ch.isascii() or not _is_unseen(ch))
    return (
        " ".join(unicodedata.normalize("NFKC", text.translate(_ALIKE)).split()).casefold().replace("ё", "е")
    )


def skeleton(header: str) -> str:
    """A folded header with every letter that looks like a Latin one written as that one: two headers that
    look the same have the same skeleton."""
    return fold(header.translate(_SMALL)).translate(LOOK_ALIKES)


def _is_unseen(char: str) -> bool:
    """Soft hyphens, zero-width characters, byte-order and direction marks, variation selectors."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


# --- letters of another alphabet ---------------------------------------------------------------------


def respelled(
    header: Sequence[str], wanted: Iterable[str], file: str, line: int
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The header with each name that only looks like a wanted one written as that one, and a warning a name.

    Raises FileRefused (E-HEADER) when two columns that are spelled differently look like one wanted name:
    nobody can tell which of them is meant.
    """
    exact: set[str] = set()
    by_look: dict[str, str] = {}
    for name in wanted:
        exact.add(fold(name))
        by_look.setdefault(skeleton(name), name)
    places: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        if skeleton(name) in by_look:
            places.setdefault(skeleton(name), []).append(index)
    names, warnings, problems = list(header), [], []
    for look, indexes in places.items():
        odd = [index for index in indexes if fold(header[index]) not in exact]
        if odd and len({fold(header[index]) for index in indexes}) > 1:
            problems.append(_two_alike(header, indexes, odd[0], file, line))
        for index in odd:
            names[index] = by_look[look]
            warnings.append(_other_letters(header[index], by_look[look], index, file, line))
    if problems:
        raise FileRefused(*problems)
    return tuple(names), tuple(warnings)


ALPHABETS = {
    "CYRILLIC": 'Column "{found}" is spelled with Cyrillic {letters}; it is read as "{name}".',
    "GREEK": 'Column "{found}" is spelled with Greek {letters}; it is read as "{name}".',
    "LATIN": 'Column "{found}" is spelled with Latin {letters}; it is read as "{name}".',
}
"""What is said of a header with letters of each alphabet that the wanted name does not have."""


def foreign_letters(found: str, name: str) -> tuple[str, str]:
    """(alphabet, letters) of `found` that `name`, which looks the same, does not have: CYRILLIC and А."""
    own = set(fold(name))
    odd = dict.fromkeys(
        ch for ch in unicodedata.normalize("NFKC", found) if ch.isalpha() and fold(ch) not in own
    )
    alphabets = [unicodedata.name(char, "").split(" ")[0] for char in odd]
    alphabet = next((one for one in alphabets if one in ALPHABETS), "CYRILLIC")
    return alphabet, ", ".join(odd)


def _other_letters(found: str, name: str, index: int, file: str, line: int) -> Problem:
    alphabet, letters = foreign_letters(found, name)
    return Problem(
        "W-HEADER",
        ALPHABETS[alphabet],
        "Nothing needs to be done; somebody typed the header by hand.",
        file=file,
        line=line,
        column=index + 1,
        value=found,
        severity="warning",
        params={"found": found, "name": name, "letters": letters},
    )


def _two_alike(header: Sequence[str], indexes: Sequence[int], odd: int, file: str, line: int) -> Problem:
    positions = ", ".join(str(index + 1) for index in indexes)
    return Problem(
        "E-HEADER",
        'Columns {positions} look the same, "{name}", but are spelled with letters of different alphabets.',
        "Keep the right one of them, or rename the other.",
        file=file,
        line=line,
        column=odd + 1,
        value=header[odd],
        params={"positions": positions, "name": header[odd]},
    )


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
