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
from pipeline.kpis.catalogue import CATALOGUE, FROM_STATEMENT, measures
from pipeline.kpis.exchange import Exchange
from pipeline.kpis.unitcheck import UnitChecker, allowed_as, printed_as
from pipeline.units import Unit
from pipeline.workspace.derived import Resolution, resolution
from pipeline.workspace.expressions import ExpressionRefused
from pipeline.workspace.model import Condition, Kpi, Made, Measure, Source, Workspace


def kpi_registry(workspace: Workspace) -> dict[str, Kpi]:
    """KPI by id: the built-in catalogue, then the company's own, derived ones with their operands; those
    whose expression cannot be read are left out. An own KPI with a built-in id takes its place;
    `replaced_kpis` names those, so that documents can say so."""
    return _with_units(_resolved(workspace).kpis)


def _resolved(workspace: Workspace) -> Resolution:
    start = workspace.company.fiscal_year_start
    built_in = (*CATALOGUE, *(FROM_STATEMENT if _has_only_statement(workspace) else ()))
    return resolution((*built_in, *workspace.kpis), unit_of, start)


def _has_only_statement(workspace: Workspace) -> bool:
    """Whether profit can only come from profit-and-loss reports. A ledger comes first wherever there is one:
    it says the same in more detail."""
    fed = {fact for source in workspace.sources for fact in source_facts(source)}
    return "profit_lines" in fed and "ledger_lines" not in fed


def unit_of(measure: Measure) -> Unit:
    """The unit of what a measure adds up."""
    if measure.aggregate == "count":
        return Unit.COUNT
    fact = FACTS.get(measure.fact)
    column = fact.column(measure.column or "") if fact else None
    if column is None or column.type == "text":
        return Unit.NUMBER
    if column.type == "decimal":
        return Unit.HOURS if column.name == "hours" else Unit.NUMBER
    return {"money": Unit.MONEY, "integer": Unit.COUNT}.get(column.type, Unit.NUMBER)


def _with_units(kpis: dict[str, Kpi]) -> dict[str, Kpi]:
    """Derived ratios with the units their two parts are printed in."""
    for name, kpi in kpis.items():
        made = kpi.made
        if made is None or made.above is None or made.below is None:
            continue
        checker = _checker(made)
        try:
            units = printed_as(checker.units(made.above)), printed_as(checker.units(made.below))
        except ExpressionRefused:
            continue  # said by kpi_problems
        kpis[name] = kpi.with_made(replace(made, units=units))
    return kpis


def _checker(made: Made) -> UnitChecker:
    return UnitChecker(lambda name: made.operands[name].unit)


def exchange_of(workspace: Workspace) -> Exchange | None:
    """The workspace's rates; None when it has none, and amounts stay in their own currencies."""
    if not workspace.rates:
        return None
    company = workspace.company
    return Exchange(company.currency, workspace.rates, company.rates_max_age_days)


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
    found = _resolved(workspace)
    wrong = [
        _at(problem, _place(workspace, found_kpi, key)) for found_kpi, key, problem in _own(found, workspace)
    ]
    return wrong + [
        problem
        for kpi in workspace.kpis
        for problem in _problems(kpi, found.kpis.get(kpi.id), custom, workspace)
    ]


def _own(found: Resolution, workspace: Workspace) -> Iterator[tuple[Kpi, str, Problem]]:
    kpis = {kpi.id: kpi for kpi in workspace.kpis}
    yield from ((kpis[name], key, problem) for name, key, problem in found.problems)


def _problems(
    kpi: Kpi, resolved: Kpi | None, custom: Mapping[str, set[str]], workspace: Workspace
) -> Iterator[Problem]:
    sides = {"numerator": kpi.numerator, "denominator": kpi.denominator}
    sides |= {f"measures/{name}": measure for name, measure in kpi.measures.items()}
    found: list[Problem] = []
    for key, measure in sides.items():
        if measure is not None:
            place, side = _place(workspace, kpi, key), key.rpartition("/")[2]
            found += [_at(problem, place) for problem in _measure_problems(kpi, side, measure, custom)]
    if not found:
        key = "expression" if kpi.kind == "derived" else "unit"
        found = [_at(problem, _place(workspace, kpi, key)) for problem in _unit_problems(kpi, resolved)]
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
    for condition in (*measure.where, *measure.followed_by):
        yield from _condition_problems(kpi, side, condition, fact, custom.get(fact.name, set()))
    if measure.taken != "flow" and kpi.kind in ("growth", "cumulative"):
        yield Problem(
            code="kpi-stock-added",
            message="KPI {kpi}: a stock cannot be added up over days, so there is no {kind} of it.",
            remedy="Write kind: simple, which is the stock itself.",
            params={"kpi": kpi.id, "kind": kpi.kind},
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
    for name in (measure.date, measure.until, measure.by):
        if name is not None and name not in dates:
            yield _no_column(kpi, side, fact, name, dates)
    if measure.taken != "flow" and measure.until is None:
        yield Problem(
            code="kpi-opening-until",
            message="KPI {kpi}, {side}: a stock needs the date column that ends a row.",
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


def _unit_problems(kpi: Kpi, resolved: Kpi | None) -> Iterator[Problem]:
    """Money must come from a money column, or it would have no currency to be checked; an expression must
    make sense of its operands' units."""
    measure = kpi.numerator
    if measure is None:
        if resolved is not None and resolved.made is not None:
            yield from _expression_units(kpi, resolved.made)
        return
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


def _expression_units(kpi: Kpi, made: Made) -> Iterator[Problem]:
    if made.tree is None:
        return
    try:
        found = _checker(made).units(made.tree)
    except ExpressionRefused as error:
        yield error.problems[0]
        return
    if not allowed_as(kpi.unit, found):
        yield Problem(
            code="kpi-unit",
            message="KPI {kpi} is declared in {unit}, but its expression gives {found}.",
            remedy="Correct unit or expression.",
            value=kpi.unit.value,
            params={"kpi": kpi.id, "unit": kpi.unit.value, "found": "/".join(sorted(found))},
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
    own = (*measures(kpi), *kpi.measures.values()) if kpi.made is None else measures(kpi)
    for name in kpi.dimensions:
        for fact in {measure.fact: FACTS[measure.fact] for measure in own}.values():
            choices = {*fact.dimensions, *custom.get(fact.name, set())}
            if name not in choices:
                message = "KPI {kpi}: rows of the fact {fact} have no dimension {name}."
                yield _unknown(
                    "kpi-unknown-dimension", message, name, sorted(choices), kpi=kpi.id, fact=fact.name
                )
