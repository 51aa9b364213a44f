"""The KPIs a workspace has, which sources feed them, and what is wrong with its own ones.

Here: built-in and own KPIs together, and their check against the facts. Not here: what the built-in ones are
(catalogue.py) nor reading kpis.yaml (workspace/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipeline.errors import Problem, nearest
from pipeline.facts import FACTS, Column, Fact
from pipeline.kpis.catalogue import CATALOGUE, measures
from pipeline.units import Unit
from pipeline.workspace.model import Condition, Kpi, Measure, Source, Workspace


def kpi_registry(workspace: Workspace) -> dict[str, Kpi]:
    """KPI by id: the built-in catalogue, then the company's own. An own KPI with a built-in id takes its
    place; `replaced_kpis` names those, so that documents can say so."""
    return {kpi.id: kpi for kpi in (*CATALOGUE, *workspace.kpis)}


def replaced_kpis(workspace: Workspace) -> tuple[str, ...]:
    """Ids of built-in KPIs that this company defines otherwise."""
    built_in = {kpi.id for kpi in CATALOGUE}
    return tuple(kpi.id for kpi in workspace.kpis if kpi.id in built_in)


def source_facts(source: Source) -> tuple[str, ...]:
    """Names of the facts a source fills: the mapped one, or those of its system's export."""
    if source.fact:
        return (source.fact,)
    from pipeline.sources.vendors.registry import SYSTEMS

    vendor = SYSTEMS.get(source.system)
    export = vendor.exports.get(source.export) if vendor else None
    return tuple(export.facts) if export else ()


def feeding_sources(kpi: Kpi, workspace: Workspace) -> tuple[str, ...]:
    """Ids of the sources whose facts the KPI's measures read, in the workspace's order."""
    wanted = {measure.fact for measure in measures(kpi)}
    wanted |= {origin for name in wanted if name in FACTS and (origin := FACTS[name].made_from)}
    return tuple(source.id for source in workspace.sources if wanted & set(source_facts(source)))


def kpi_problems(workspace: Workspace) -> list[Problem]:
    """Everything in kpis.yaml that does not fit the facts, each with its place and the nearest name."""
    custom: dict[str, set[str]] = {}
    for source in workspace.sources:
        for fact in source_facts(source):
            custom.setdefault(fact, set()).update(source.dimensions)
    return [problem for kpi in workspace.kpis for problem in _problems(kpi, custom, workspace)]


def _problems(kpi: Kpi, custom: Mapping[str, set[str]], workspace: Workspace) -> Iterator[Problem]:
    sides = (("numerator", kpi.numerator), ("denominator", kpi.denominator))
    found: list[Problem] = []
    for side, measure in sides:
        if measure is not None:
            place = _place(workspace, kpi, side)
            found += [_at(problem, place) for problem in _measure_problems(kpi, side, measure, custom)]
    if not found:
        found = [_at(problem, _place(workspace, kpi, "unit")) for problem in _unit_problems(kpi)]
        found += [
            _at(problem, _place(workspace, kpi, "dimensions")) for problem in _dimension_problems(kpi, custom)
        ]
    yield from found


def _place(workspace: Workspace, kpi: Kpi, part: str) -> dict[str, Any]:
    return workspace.location(f"kpi:{kpi.id}/{part}") or workspace.location(f"kpi:{kpi.id}")


def _at(problem: Problem, place: Mapping[str, Any]) -> Problem:
    return replace(problem, **place) if place else problem


def _unknown(code: str, message: str, name: str, choices: list[str], **params: object) -> Problem:
    guess = nearest(name, choices)
    return Problem(
        code=code,
        message=message,
        remedy="Did you mean {guess}?" if guess else "Known: {known}.",
        value=name,
        params={"name": name, "guess": guess, "known": ", ".join(choices), **params},
    )


def _measure_problems(
    kpi: Kpi, side: str, measure: Measure, custom: Mapping[str, set[str]]
) -> Iterator[Problem]:
    fact = FACTS.get(measure.fact)
    if fact is None:
        message = "KPI {kpi}, {side}: there is no fact {name}."
        yield _unknown("kpi-unknown-fact", message, measure.fact, sorted(FACTS), kpi=kpi.id, side=side)
        return
    yield from _summed_column(kpi, side, measure, fact)
    yield from _date_columns(kpi, side, measure, fact)
    for condition in measure.where:
        yield from _condition_problems(kpi, side, condition, fact, custom.get(fact.name, set()))
    if side == "numerator" and measure.taken == "opening" and kpi.kind != "ratio":
        yield Problem(
            code="kpi-opening-alone",
            message="KPI {kpi}: a stock at the start of a period cannot be added up over days.",
            remedy="Use it as the denominator of a ratio.",
            params={"kpi": kpi.id},
        )


def _no_column(kpi: Kpi, side: str, fact: Fact, name: str, choices: list[str]) -> Problem:
    message = "KPI {kpi}, {side}: the fact {fact} has no such column {name}."
    return _unknown("kpi-unknown-column", message, name, choices, kpi=kpi.id, side=side, fact=fact.name)


def _summed_column(kpi: Kpi, side: str, measure: Measure, fact: Fact) -> Iterator[Problem]:
    numbers = [one.name for one in fact.columns if one.type in ("money", "decimal", "integer")]
    params = {"kpi": kpi.id, "side": side}
    if measure.aggregate == "count" and measure.column:
        yield Problem(
            code="kpi-count-column",
            message="KPI {kpi}, {side}: count counts rows and takes no column.",
            remedy="Write aggregate: sum, or leave column out.",
            value=measure.column,
            params=params,
        )
    if measure.aggregate == "sum" and not measure.column:
        yield Problem(
            code="kpi-sum-column",
            message="KPI {kpi}, {side}: sum needs the column that is added up.",
            expected=", ".join(numbers) or None,
            remedy="Add column.",
            params=params,
        )
    elif measure.aggregate == "sum" and measure.column not in numbers:
        yield _no_column(kpi, side, fact, str(measure.column), numbers)


def _date_columns(kpi: Kpi, side: str, measure: Measure, fact: Fact) -> Iterator[Problem]:
    dates = [one.name for one in fact.columns if one.type == "date"]
    for name in (measure.date, measure.until):
        if name is not None and name not in dates:
            yield _no_column(kpi, side, fact, name, dates)
    if measure.taken == "opening" and measure.until is None:
        yield Problem(
            code="kpi-opening-until",
            message="KPI {kpi}, {side}: an opening stock needs the date column that ends a row.",
            expected=", ".join(dates),
            remedy="Add until.",
            params={"kpi": kpi.id, "side": side},
        )


def _condition_problems(
    kpi: Kpi, side: str, condition: Condition, fact: Fact, custom: set[str]
) -> Iterator[Problem]:
    column = fact.column(condition.column)
    if column is None:
        if condition.column not in custom:
            choices = [*(one.name for one in fact.columns), *sorted(custom)]
            yield _no_column(kpi, side, fact, condition.column, choices)
        return
    for value in (*condition.equals, *condition.not_equals):
        if not _fits(column, value):
            yield Problem(
                code="kpi-condition-type",
                message="KPI {kpi}, {side}: {value} is not a value that column {column} can have.",
                expected=_EXPECTED[column.type],
                value=str(value),
                params={"kpi": kpi.id, "side": side, "value": str(value), "column": column.name},
            )


def _unit_problems(kpi: Kpi) -> Iterator[Problem]:
    """Money must come from a money column, or it would have no currency to be checked."""
    measure = kpi.numerator
    column = FACTS[measure.fact].column(measure.column or "")
    is_money = measure.aggregate == "sum" and column is not None and column.type == "money"
    if kpi.unit is Unit.MONEY and not is_money:
        yield Problem(
            code="kpi-unit",
            message="KPI {kpi} is in money, but its numerator adds up no amount of money.",
            expected=", ".join(one.name for one in FACTS[measure.fact].columns if one.type == "money")
            or None,
            remedy="Sum a money column, or choose another unit.",
            value=kpi.unit.value,
            params={"kpi": kpi.id},
        )


_EXPECTED = {
    "text": "a text (write numbers in quotes)",
    "bool": "true or false",
    "date": "empty: true or empty: false",
    "instant": "empty: true or empty: false",
    "money": "a number",
    "decimal": "a number",
    "integer": "a number",
}


def _fits(column: Column, value: object) -> bool:
    if column.type == "text":
        return isinstance(value, str)
    if column.type == "bool":
        return isinstance(value, bool)
    if column.type in ("date", "instant"):
        return False
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _dimension_problems(kpi: Kpi, custom: Mapping[str, set[str]]) -> Iterator[Problem]:
    for name in kpi.dimensions:
        for fact in {measure.fact: FACTS[measure.fact] for measure in measures(kpi)}.values():
            choices = {*fact.dimensions, *custom.get(fact.name, set())}
            if name not in choices:
                message = "KPI {kpi}: rows of the fact {fact} have no dimension {name}."
                yield _unknown(
                    "kpi-unknown-dimension", message, name, sorted(choices), kpi=kpi.id, fact=fact.name
                )
