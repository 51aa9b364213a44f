"""Any table by the column mapping a person wrote, and their changes to a vendor's export.

Here: turning `columns`, `dimensions` and `aliases` of a source into the fields to read. Not here: vendors'
own declarations (vendors/), the reading itself (parse.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.errors import FileRefused, Problem, nearest
from pipeline.facts import FACTS, Column, Fact
from pipeline.sources import cells
from pipeline.sources.vendor import ExportSpec, Field, Kind
from pipeline.workspace.model import FileFormat, MappedColumn, Source

_KINDS: dict[str, Kind] = {
    "text": "text",
    "bool": "bool",
    "date": "date",
    "money": "money",
    "decimal": "decimal",
    "integer": "integer",
    "instant": "date",
}
MADE_KEYS = {
    "deal_id",
    "contact_id",
    "event_id",
    "entry_id",
    "line_id",
    "day_event",
    "subscription_id",
    "task_id",
    "movement_id",
    "engagement_id",
    "submission_id",
}
"""Keys that are made from the row's content when the export has none."""


def mapped_export(source: Source) -> ExportSpec:
    """The declaration of a source that names a fact and maps its columns. Raises FileRefused (E-SOURCE)."""
    problems = source_problems(source)
    if problems:
        raise FileRefused(*problems)
    fact = FACTS[str(source.fact)]
    fields = [_field(fact, name, mapped) for name, mapped in source.columns.items()]
    fields += _from_dimensions(source, fact, [field.name for field in fields])
    named = [field.name for field in fields]
    return ExportSpec(
        name=source.export or fact.name,
        title=source.export or fact.name,
        fact=fact.name,
        fields=tuple(fields),
        delivers="full",
        format=source.format or FileFormat(),
        row_key=fact.key if all(key in named for key in fact.key) else None,
        excludes_totals=False,
    )


def adapted(spec: ExportSpec, source: Source) -> ExportSpec:
    """A vendor's declaration with the columns this source maps differently. Raises FileRefused (E-SOURCE)."""
    fact = FACTS[spec.fact]
    known = {field.name: field for field in spec.fields}
    unknown = [name for name in source.columns if name not in known and fact.column(name) is None]
    if unknown:
        raise FileRefused(
            *(_unknown_column(source, name, [*known, *(c.name for c in fact.columns)]) for name in unknown)
        )
    changed = {name: _over(known.get(name), fact, name, mapped) for name, mapped in source.columns.items()}
    fields = [changed.pop(field.name, field) for field in spec.fields]
    fields += [*changed.values()]
    fields += _from_dimensions(source, fact, [field.name for field in fields])
    return replace(spec, fields=tuple(fields))


def source_problems(source: Source) -> list[Problem]:
    """What is wrong with a mapping before any file is read."""
    fact = FACTS.get(source.fact or "")
    if fact is None:
        likely = nearest(source.fact or "", FACTS)
        return [
            Problem(
                "E-SOURCE",
                'Source "{source}": "{fact}" is not a fact. Facts: {facts}.',
                'Did you mean "{likely}"?' if likely else "Name under fact what the rows are.",
                column="fact",
                value=source.fact,
                params={
                    "source": source.id,
                    "fact": source.fact,
                    "facts": ", ".join(FACTS),
                    "likely": likely,
                },
            )
        ]
    names = [column.name for column in fact.columns]
    problems = [_unknown_column(source, name, names) for name in source.columns if name not in names]
    given = {*source.columns, *source.dimensions, "currency"}
    for column in fact.columns:
        made = column.name in fact.key and column.name in MADE_KEYS
        if column.required and column.name not in given and not made:
            problems.append(
                Problem(
                    "E-SOURCE",
                    'Source "{source}" does not map the required column "{column}".',
                    "Add it under columns, such as {column}: header in the file; docs/sources.md says what "
                    "it means.",
                    column=column.name,
                    params={"source": source.id, "column": column.name},
                )
            )
    for name, mapped in source.columns.items():
        problems += _format_problems(source, name, mapped)
    return problems


def format_problems(source: Source) -> list[Problem]:
    """What is wrong with the date formats under `format`, whatever the system."""
    own = source.format
    return date_problems(source, "format", own.date, own.datetime) if own else []


def _format_problems(source: Source, name: str, mapped: MappedColumn) -> list[Problem]:
    if mapped.source is None and mapped.value is None:
        return [
            Problem(
                "E-SOURCE",
                'Source "{source}": column "{column}" has neither from nor value.',
                "Name the header under from.",
                column=name,
                params={"source": source.id, "column": name},
            )
        ]
    return date_problems(source, name, mapped.date)


def date_problems(source: Source, column: str, *formats: str | None) -> list[Problem]:
    """What is wrong with date formats written for a column, or under `format` when `column` says so."""
    problems = []
    for text in formats:
        try:
            cells.date_pattern(text or cells.ISO)
        except cells.UnknownFormat as error:
            problems.append(
                Problem(
                    "E-SOURCE",
                    'Source "{source}": {directive} in a date format is not understood.',
                    "Write %d for the day, %m for the month, %Y for 2026 or %y for 26: 31-12-26 is "
                    "%d-%m-%y. Also known: %b %B %H %I %M %S %f %p %z, or iso.",
                    column=column,
                    value=text,
                    params={"source": source.id, "directive": str(error)},
                )
            )
    return problems


def _unknown_column(source: Source, name: str, choices: Sequence[str]) -> Problem:
    likely = nearest(name, choices)
    message = 'Source "{source}" maps "{column}", which is not a column of it. Columns: {choices}.'
    return Problem(
        "E-SOURCE",
        message,
        'Did you mean "{likely}"?' if likely else "Use dimensions for further columns.",
        column=name,
        params={"source": source.id, "column": name, "choices": ", ".join(choices), "likely": likely},
    )


def _field(fact: Fact, name: str, mapped: MappedColumn) -> Field:
    column = fact.column(name)
    assert column is not None  # noqa: S101 - source_problems has looked
    return _over(None, fact, name, mapped, _kind(column, mapped))


def _kind(column: Column, mapped: MappedColumn) -> Kind:
    if column.name.endswith("_hash"):
        return "address"
    if column.name == "hours" and mapped.scale is None:
        return "duration" if mapped.unit else "decimal"
    return _KINDS[column.type]


def _over(
    before: Field | None, fact: Fact, name: str, mapped: MappedColumn, kind: Kind | None = None
) -> Field:
    """A mapping laid over a field of the vendor's, if there is one."""
    column = fact.column(name)
    required = column is not None and column.required
    if kind is None:
        kind = before.kind if before else _kind(column, mapped) if column else "text"
    if kind == "duration" and mapped.scale is not None:
        kind = "decimal"
    return Field(
        name,
        headers=(mapped.source,) if mapped.source else (),
        kind=kind,
        needed=mapped.source is not None,
        filled=(required or (before.filled if before else False)) and not mapped.optional,
        constant=mapped.value,
        dates=(mapped.date,) if mapped.date else before.dates if before else (),
        true=mapped.equals or (before.true if before else None),
        false=mapped.false or (before.false if before and not mapped.equals else None),
        map=mapped.map or None,
        replace=mapped.replace or None,
        scale=mapped.scale,
        unit=mapped.unit or (before.unit if before else None),
        parentheses=before.parentheses if before else kind in ("money", "decimal"),
    )


def _from_dimensions(source: Source, fact: Fact, taken: Sequence[str]) -> list[Field]:
    """A dimension with the name of a text column of the fact fills that column too."""
    return [
        Field(name, (header,), needed=True)
        for name, header in source.dimensions.items()
        if name not in taken and (column := fact.column(name)) is not None and column.type == "text"
    ]
