"""Plain data to models, and a model's complaints in plain words with file, line and column.

Here: unknown keys with the nearest correct one, missing keys, wrong kinds of value. Not here: what a value
refers to or whether it makes sense beside others (rules.py).
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.errors import Problem, nearest, shown
from pipeline.workspace.yamlnodes import Document, Path

M = TypeVar("M", bound=BaseModel)

SALVAGE_ROUNDS = 6
VARIABLE_ENDING = "_env"
"""Ending of the keys that name an environment variable with a secret."""

# pydantic's error kinds (by their beginning) -> what was expected, in a person's words
_EXPECTED: tuple[tuple[str, str], ...] = (
    ("date", "a date such as 2026-10-01"),
    ("time", "a time such as 08:30"),
    ("int", "a whole number"),
    ("decimal", "a number such as 1250.50"),
    ("float", "a number such as 1250.50"),
    ("finite", "a number such as 1250.50"),
    ("bool", "true or false"),
    ("string", "a text"),
    ("tuple", "a list: one entry a line, each beginning with a dash"),
    ("list", "a list: one entry a line, each beginning with a dash"),
    ("dict", "keys with values, indented below this one"),
    ("model", "keys with values, indented below this one"),
)
_QUANTITY = "a number such as 45 %, 1200000 or +25 %"
_SAID_OF_KPIS = {
    "a ratio needs a denominator, other kinds have none": (
        "A ratio KPI needs a denominator, the other kinds have none.",
        "",
    ),
    "a numerator is what every kind but derived needs": (
        "Every kind of KPI but derived needs a numerator, and derived has none.",
        "Add `numerator`, or of kind derived name it under `measures` and use the name in `expression`.",
    ),
    "an expression is what derived needs and no other kind has": (
        "A derived KPI needs an expression, the other kinds have none.",
        "Write kind: derived and an expression, such as won / (won + lost).",
    ),
    "measures belong to derived": (
        "Only a derived KPI has measures with names.",
        "Write kind: derived, or numerator and denominator.",
    ),
    "since is what cumulative needs and no other kind has": (
        "A cumulative KPI needs since, the other kinds have none.",
        "Write since: year, quarter or all.",
    ),
}
"""What model.py raises about a KPI -> the sentence and what to do."""
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_-]{0,63}$": "at most 64 lower-case Latin letters, digits, dashes and underscores",
    r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$": "lower-case Latin letters and digits, joined by single underscores",
    r"^#[0-9a-fA-F]{6}$": 'a colour of six hexadecimal digits in quotation marks, such as "#1f5fa8"',
    r"^[A-Z]{3}$": "three capital letters such as EUR",
}


def shaped(model: type[M], raw: Any, document: Document, path: Path) -> tuple[M | None, list[Problem]]:
    """The model of `raw`, and every complaint about its shape.

    When something is wrong the parts that are right are still made into a model where possible, so that the
    rules can speak about them in the same pass.
    """
    if not isinstance(raw, Mapping):
        return None, [
            Problem(
                "E-VALUE",
                "{what} cannot be used here.",
                value=shown(raw),
                expected=_expected_of("model"),
                params={"what": _quoted(raw)},
                **document.place(path),
            )
        ]
    data = without_empty(raw)
    lost = [_unknown_key(model, loc, document, (*path, *loc)) for loc in _empty_unknown(model, raw)]
    found: list[Problem] = lost
    for attempt in range(SALVAGE_ROUNDS):
        try:
            return model.model_validate(data), found
        except ValidationError as error:
            details = error.errors(include_url=False)
            if attempt == 0:
                found = [*lost, *_problems(model, details, document, path)]
            data = _without(data, details)
    return None, found


def without_empty(raw: Any) -> Any:
    """The data without keys whose value was left empty: an empty key counts as not written."""
    if isinstance(raw, Mapping):
        return {key: without_empty(value) for key, value in raw.items() if value is not None}
    if isinstance(raw, list):
        return [without_empty(value) for value in raw]
    return raw


def _without(data: Any, details: list[ErrorDetails]) -> Any:
    """The data without the parts complained about; a missing key takes the thing it is missing from."""
    return _pruned(data, (), {_written(data, detail["loc"]) for detail in details})


def _written(data: Any, loc: tuple[int | str, ...]) -> Path:
    """The part of a pydantic location that is really written in the data."""
    path: Path = ()
    for step in loc:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return path
        path = (*path, step)
    return path


def _pruned(data: Any, path: Path, cut: set[Path]) -> Any:
    if isinstance(data, Mapping):
        return {
            key: _pruned(value, (*path, key), cut) for key, value in data.items() if (*path, key) not in cut
        }
    if isinstance(data, list):
        return [_pruned(item, (*path, i), cut) for i, item in enumerate(data) if (*path, i) not in cut]
    return data


def _problems(
    model: type[BaseModel], details: list[ErrorDetails], document: Document, path: Path
) -> list[Problem]:
    found: list[Problem] = []
    seen: set[tuple[str, Path]] = set()
    for detail in details:
        loc = (*path, *detail["loc"])
        # the branches of a union complain one by one about the same written value
        place = loc if detail["type"] in ("missing", "extra_forbidden") else _known(document, loc)
        if detail["type"] in ("missing", "extra_forbidden") or ("value", place) not in seen:
            seen.add(("value", place))
            found.append(_problem(model, detail, document, path, place))
    return found


def _known(document: Document, loc: Path) -> Path:
    while loc and loc not in document.values:
        loc = loc[:-1]
    return loc


def _problem(
    model: type[BaseModel], detail: ErrorDetails, document: Document, path: Path, loc: Path
) -> Problem:
    kind = detail["type"]
    key = _key_name(loc)
    if kind == "extra_forbidden":
        return _unknown_key(model, detail["loc"], document, loc)
    if kind == "missing":
        return _missing(document, loc, key)
    place = document.place(loc)
    value = detail.get("input")
    if kind in ("literal_error", "enum"):
        return _not_a_choice(key, value, str(detail["ctx"]["expected"]), place)
    if kind == "value_error":
        return _said_by_model(key, value, str(detail["ctx"]["error"]), place)
    if "than" in kind:
        limit = next(iter(detail["ctx"].values()))
        message = (
            "{key} is {value}; it must be at least {limit}."
            if kind.startswith("greater")
            else "{key} is {value}; it must be at most {limit}."
        )
        return Problem(
            "E-VALUE",
            message,
            value=shown(value),
            **place,
            params={"key": key, "value": shown(value), "limit": str(limit)},
        )
    if key.endswith(VARIABLE_ENDING):
        return _not_a_variable(key, place)
    expected = _PATTERNS.get(detail.get("ctx", {}).get("pattern", "")) or _expected_of(kind)
    return Problem(
        "E-VALUE",
        "{key} cannot be {value}.",
        value=shown(value),
        expected=expected,
        params={"key": key, "value": _quoted(value)},
        **place,
    )


def _empty_unknown(model: type[BaseModel], raw: Any, loc: Path = ()) -> Iterator[Path]:
    """Keys without a value that are not known: `{address: a@x.com, b@x.com}` holds one, and the second
    address would be lost without a word."""
    if isinstance(raw, Mapping):
        known = keys_at(model, loc)
        for key, value in raw.items():
            if value is None and known and key not in known:
                yield (*loc, key)
            yield from _empty_unknown(model, value, (*loc, key))
    elif isinstance(raw, list):
        for index, item in enumerate(raw):
            yield from _empty_unknown(model, item, (*loc, index))


def _not_a_variable(key: str, place: dict[str, Any]) -> Problem:
    """What was written is likely the secret itself, so it is not repeated."""
    return Problem(
        "E-SECRET",
        "{key} must be the name of an environment variable, such as HUBSPOT_KEY; what is written here is not "
        "one and is not shown.",
        "Put the secret into an environment variable and write that variable's name. If the secret itself "
        "stood here, replace it in its system: files are copied and kept.",
        params={"key": key},
        **place,
    )


def _unknown_key(
    model: type[BaseModel], inside: tuple[int | str, ...], document: Document, loc: Path
) -> Problem:
    key = _key_name(loc)
    choices = keys_at(model, inside[:-1])
    near = nearest(key, choices)
    return Problem(
        "E-KEY",
        "The key {key} is not known here.",
        "Did you mean {near}?" if near else "Known keys: {choices}.",
        params={"key": shown(key), "near": near or "", "choices": ", ".join(choices)},
        **document.place(loc, "key"),
    )


def _missing(document: Document, loc: Path, key: str) -> Problem:
    if loc in document.keys:
        return Problem(
            "E-MISSING",
            "{key} is empty.",
            document.fill_remedy,
            params={"key": key},
            **document.place(loc, "key"),
        )
    return Problem(
        "E-MISSING",
        "The key {key} is missing.",
        document.add_remedy,
        params={"key": key},
        **document.place(loc[:-1]),
    )


def _not_a_choice(key: str, value: object, expected: str, place: dict[str, Any]) -> Problem:
    choices = re.findall(r"'((?:[^'\\]|\\.)*)'", expected)
    near = nearest(str(value), choices)
    return Problem(
        "E-VALUE",
        "{key} cannot be {value}; it can be {choices}.",
        "Did you mean {near}?" if near else "",
        value=shown(value),
        params={"key": key, "value": _quoted(value), "choices": ", ".join(choices), "near": near or ""},
        **place,
    )


def _said_by_model(key: str, value: object, said: str, place: dict[str, Any]) -> Problem:
    """A complaint raised by model.py itself."""
    if "timezone" in said:
        zone = str(value.get("timezone")) if isinstance(value, Mapping) else str(value)
        return unknown_zone(zone, place)
    if "two ways" in said:
        message, remedy, expected = (
            "{key}: {value} can be read in two ways.",
            "Write it without thousands marks, cents after a point.",
            None,
        )
    elif said in _SAID_OF_KPIS:
        message, remedy, expected = *_SAID_OF_KPIS[said], None
    elif "language" in said:
        message, remedy, expected = (
            "{key} is written for a language that is not known.",
            "Languages are en and ru.",
            None,
        )
    else:
        message, remedy, expected = "{key} cannot be {value}.", "", _QUANTITY
    return Problem(
        "E-VALUE",
        message,
        remedy,
        value=shown(value),
        expected=expected,
        params={"key": key, "value": _quoted(value)},
        **place,
    )


def unknown_zone(zone: str, place: dict[str, Any]) -> Problem:
    """E-VALUE: a time zone that does not exist, with the nearest that does."""
    near = nearest(zone, sorted(available_timezones())) or "Europe/Berlin"
    return Problem(
        "E-VALUE",
        "There is no time zone {zone}.",
        "Did you mean {near}?",
        value=shown(zone),
        params={"zone": _quoted(zone), "near": near},
        **place,
    )


def _expected_of(kind: str) -> str:
    return next((words for start, words in _EXPECTED if kind.startswith(start)), "another value")


def _key_name(loc: Path) -> str:
    """The key a person sees; an entry of a list is named by its list."""
    names = [step for step in loc if isinstance(step, str)]
    return names[-1] if names else "-"


def _quoted(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Mapping, list, tuple)):
        return "…"
    return f"“{shown(value)}”"


# --- which keys a place of a model knows -----------------------------------------------------------------


def keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that may be written at a location of a model, in the model's order."""
    here: Any = model
    for step in loc:
        here = _inside(here, step)
    found = _model_in(here)
    if found is None or _mapping_in(here) is not None:
        return []
    return [field.alias or name for name, field in found.model_fields.items()]


def _inside(annotation: Any, step: int | str) -> Any:
    of_names = _mapping_in(annotation) if isinstance(step, str) else None
    if of_names is not None:
        return of_names
    model = _model_in(annotation)
    if model is not None and isinstance(step, str):
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        return fields[step].annotation if step in fields else None
    return annotation


def _mapping_in(annotation: Any) -> Any:
    """The kind of value of a mapping whose keys are a person's own names (columns of a source); None for
    anything else."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    return typing.get_args(annotation)[1] if typing.get_origin(annotation) is dict else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, through optional, list, mapping and Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) is None and not isinstance(annotation, types.UnionType):
        return None
    return next((found for part in typing.get_args(annotation) if (found := _model_in(part))), None)
