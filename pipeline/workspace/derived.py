"""Derived KPIs: which KPIs and measures their expressions name, and what follows for grain and kind.

Here: names to operands, rings, and the shape of the result. Not here: reading an expression (expressions.py),
what columns a measure has or in which units the parts are (kpis/registry.py), any figure (kpis/derived.py).

What follows from the operands: the grain is the coarsest, the close lag the longest, the dimensions those
that all have. The shape says what a goal may do with the figure: a weighted sum of sums is a sum; sums over
sums are a ratio and carry both; everything else (rates added up, stocks, running totals) has a figure for a
span and no parts that could be added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import Problem, nearest
from pipeline.units import Unit
from pipeline.workspace.expressions import (
    DEEPEST,
    OFFSETS,
    Call,
    ExpressionRefused,
    Name,
    Node,
    Number,
    Operation,
    names,
    parsed,
    refused,
    walk,
)
from pipeline.workspace.model import Kpi, Made, Measure

UnitOf = Callable[[Measure], Unit]


@dataclass
class Resolution:
    """KPIs with their operands, and what keeps others from having any: (KPI, key, problem)."""

    kpis: dict[str, Kpi] = field(default_factory=dict)
    problems: list[tuple[str, str, Problem]] = field(default_factory=list)


def resolution(
    kpis: Iterable[Kpi], unit_of: UnitOf = lambda _: Unit.NUMBER, year_start: int = 1
) -> Resolution:
    """Every KPI that can be computed, by id in the given order; a later one of the same id takes the place of
    an earlier one. `year_start` is the first month of the company's year."""
    everything = {kpi.id: kpi for kpi in kpis}
    if all(kpi.kind not in ("derived", "cumulative") for kpi in everything.values()):
        return Resolution(everything)
    return _Resolver(everything, unit_of, year_start).all()


def base_kpis(kpis: Iterable[Kpi]) -> tuple[Kpi, ...]:
    """The KPIs that components are computed of: each itself, or the operands of a derived one, all once."""
    found: dict[str, Kpi] = {}
    for kpi in kpis:
        if kpi.kind != "derived":
            found[kpi.id] = kpi
        elif kpi.made is not None:
            found |= {one.id: one for one in base_kpis(kpi.made.operands.values())}
    return tuple(found.values())


class _Resolver:
    def __init__(self, kpis: Mapping[str, Kpi], unit_of: UnitOf, year_start: int) -> None:
        self._kpis, self._unit_of, self._year_start = kpis, unit_of, year_start
        self._done: dict[str, Kpi | None] = {}
        self._path: list[str] = []
        self._problems: list[tuple[str, str, Problem]] = []

    def all(self) -> Resolution:
        found = {name: made for name in self._kpis if (made := self._made(name)) is not None}
        return Resolution(found, self._problems)

    def _made(self, name: str) -> Kpi | None:
        """The KPI with what follows from its operands; None, and a problem, where that cannot be known."""
        if name not in self._done:
            kpi = self._kpis[name]
            self._path.append(name)
            if kpi.kind == "derived":
                self._done[name] = self._derived(kpi)
            elif kpi.kind == "cumulative":
                self._done[name] = kpi.with_made(Made("level", year_start=self._year_start))
            else:
                self._done[name] = kpi
            self._path.pop()
        return self._done[name]

    def _derived(self, kpi: Kpi) -> Kpi | None:
        try:
            tree = parsed(kpi.expression or "")
            operands = self._operands(kpi, tree)
            if operands is None:
                return None
            _check_offsets(tree, operands)
        except ExpressionRefused as error:
            self._problems.append((kpi.id, "expression", error.problems[0]))
            return None
        made = replace(_shaped(tree, operands), tree=tree, operands=operands)
        wrong = list(_contradictions(kpi, made))
        self._problems += [(kpi.id, key, problem) for key, problem in wrong]
        if wrong:
            return None
        return kpi.with_made(
            made,
            grain=_grain(kpi, operands),
            dimensions=_dimensions(kpi, operands),
            close_lag_days=max(kpi.close_lag_days, *(one.close_lag_days for one in operands.values())),
        )

    def _operands(self, kpi: Kpi, tree: Node) -> dict[str, Kpi] | None:
        """What each name stands for; None when an operand has a problem of its own, which is said there."""
        called = {name.text: name for name in names(tree)}
        unused = [name for name in kpi.measures if name not in called]
        if unused:
            raise refused("the measure {name} is never used.", 1,
                          "Use it, or remove it from `measures`.", name=unused[0])  # fmt: skip
        found: dict[str, Kpi | None] = {}
        others = [name for name in called if name not in kpi.measures]
        for name in others:
            found[name] = self._other(kpi, called[name])
        if any(one is None for one in found.values()):
            return None
        made = {name: one for name, one in found.items() if one is not None}
        dimensions = kpi.dimensions or _shared(list(made.values()))
        for name, measure in kpi.measures.items():
            made[name] = _of_measure(kpi, name, measure, self._unit_of(measure), dimensions)
        return made

    def _other(self, kpi: Kpi, name: Name) -> Kpi | None:
        if name.text not in self._kpis:
            known = [*kpi.measures, *(one for one in self._kpis if one != kpi.id)]
            raise _unknown(name, known)
        if name.text in self._path:
            ring = [*self._path[self._path.index(name.text) :], name.text]
            raise refused("{name} leads back to itself: {ring}.", name.at,
                          "Break the ring, or give this KPI another id than the built-in one it uses.",
                          name=name.text, ring=" → ".join(ring))  # fmt: skip
        if len(self._path) > DEEPEST:
            raise refused("more than {most} derived KPIs are made of one another.", name.at,
                          "Name the KPIs they are made of directly.", most=DEEPEST)  # fmt: skip
        return self._made(name.text)


def _unknown(name: Name, known: list[str]) -> ExpressionRefused:
    guess = nearest(name.text, known)
    if guess is not None and not guess.isidentifier():
        guess = f'"{guess}"'  # a dash would be read as minus
    return refused(
        "there is no KPI and no measure {name}.", name.at,
        "Did you mean {guess}?" if guess else "Write the id of a KPI, or name a measure under `measures`.",
        name=name.text, guess=guess or "",
    )  # fmt: skip


def _of_measure(kpi: Kpi, name: str, measure: Measure, unit: Unit, dimensions: tuple[str, ...]) -> Kpi:
    """A measure of a derived KPI as a KPI that only this one knows; no id that a person can write has a
    point."""
    plain = Kpi(
        id=kpi.id, name={"": name}, unit=unit, direction=kpi.direction, kind="simple", numerator=measure,
        grain=kpi.grain, dimensions=dimensions, empty=kpi.empty, formula=kpi.formula,
    )  # fmt: skip
    return plain.model_copy(update={"id": f"{kpi.id}.{name}"})


# --- what follows from the operands ----------------------------------------------------------------------


def _grain(kpi: Kpi, operands: Mapping[str, Kpi]) -> str:
    return "month" if "month" in (kpi.grain, *(one.grain for one in operands.values())) else "day"


def _dimensions(kpi: Kpi, operands: Mapping[str, Kpi]) -> tuple[str, ...]:
    return kpi.dimensions or _shared([one for one in operands.values() if "." not in one.id])


def _shared(operands: list[Kpi]) -> tuple[str, ...]:
    if not operands:
        return ()
    return tuple(key for key in operands[0].dimensions if all(key in one.dimensions for one in operands))


def _contradictions(kpi: Kpi, made: Made) -> Iterable[tuple[str, Problem]]:
    """Keys of a derived KPI that its expression rules out: (key, problem)."""
    monthly = [name for name, one in made.operands.items() if one.grain == "month"]
    params = {"kpi": kpi.id}
    if monthly and kpi.grain == "day" and "grain" in kpi.model_fields_set:
        yield (
            "grain",
            Problem(
                "kpi-derived-grain",
                "KPI {kpi} cannot exist per day: {name} exists by month only.",
                "Write grain: month, or leave it out.",
                params={**params, "name": monthly[0]},
            ),
        )
    if kpi.complement:
        yield (
            "complement",
            Problem(
                "kpi-derived-complement",
                "KPI {kpi} has an expression, so complement says nothing.",
                "Write 1 - (...) in the expression.",
                params=params,
            ),
        )
    if kpi.minimum_sample and made.shape != "ratio":
        yield (
            "minimum_sample",
            Problem(
                "kpi-derived-sample",
                "KPI {kpi} does not divide one sum by another, so it has no sample that could be too small.",
                "Remove minimum_sample, or write it with the KPI that has a denominator.",
                params=params,
            ),
        )
    for key in kpi.dimensions:
        lacking = [
            name for name, one in made.operands.items() if "." not in one.id and key not in one.dimensions
        ]
        if lacking:
            yield (
                "dimensions",
                Problem(
                    "kpi-derived-dimension",
                    "KPI {kpi} cannot be broken down by {key}: {name} has no such dimension.",
                    "Remove it from dimensions.",
                    value=key,
                    params={**params, "key": key, "name": lacking[0]},
                ),
            )


def _check_offsets(tree: Node, operands: Mapping[str, Kpi]) -> None:
    for node in walk(tree):
        if not isinstance(node, Call) or node.function not in OFFSETS:
            continue
        (name,) = names(node)
        kpi = operands[name.text]
        if has_offsets(kpi):
            raise refused("{name} already compares with an earlier span.", name.at,
                          "Name the KPIs it is made of instead.", name=name.text)  # fmt: skip
        if node.function == "prior_week" and kpi.grain == "month":
            raise refused("{name} exists by month only, so there is no week before.", name.at,
                          "Write prior_month or prior_year.", name=name.text)  # fmt: skip


def has_offsets(kpi: Kpi) -> bool:
    """Whether a KPI looks back by itself."""
    if kpi.kind == "growth":
        return True
    if kpi.made is None or kpi.made.tree is None:
        return False
    looks_back = any(isinstance(node, Call) and node.function in OFFSETS for node in walk(kpi.made.tree))
    return looks_back or any(has_offsets(one) for one in kpi.made.operands.values())


# --- shape -----------------------------------------------------------------------------------------------


def _shaped(tree: Node, operands: Mapping[str, Kpi]) -> Made:
    if _is_sum(tree, operands):
        return Made("sum")
    above, below = _fraction(tree)
    if below is not None and _is_sum(above, operands) and _is_size(below, operands):
        return Made("ratio", above=above, below=below)
    return Made("level")


def _is_constant(node: Node) -> bool:
    return not names(node)


def _is_sum(node: Node, operands: Mapping[str, Kpi]) -> bool:
    """Whether the figure of a span is the sum of the figures of its days."""
    if isinstance(node, Name):
        return operands[node.text].shape == "sum"
    if isinstance(node, Number):
        return node.value == 0
    if isinstance(node, Call):
        # the 28 days of a February are not those of a January, so months shift sums of months alone
        return node.function in ("prior_week", "prior_year") and _is_sum(node.arguments[0], operands)
    left, right = node.left, node.right
    if node.sign in "+-":
        return _is_sum(left, operands) and _is_sum(right, operands)
    if node.sign == "*" and _is_constant(left):
        return _is_sum(right, operands)
    return _is_constant(right) and _is_sum(left, operands)


def _is_size(node: Node, operands: Mapping[str, Kpi]) -> bool:
    """A sum, or one that is kept from being too small: max(contacts, 1)."""
    if isinstance(node, Call) and node.function == "max":
        return any(_is_sum(part, operands) for part in node.arguments) and all(
            _is_constant(part) or _is_sum(part, operands) for part in node.arguments
        )
    return _is_sum(node, operands)


def _fraction(node: Node) -> tuple[Node, Node | None]:
    """The node as one fraction: what is above the line and below it; None below for a whole."""
    if not isinstance(node, Operation) or _is_constant(node):
        return node, None
    (above, below), (other, under) = _fraction(node.left), _fraction(node.right)
    at = node.at
    if node.sign == "*":
        return _product(above, other, at), _product_or_none(below, under, at)
    if node.sign == "/":
        return _product_or_none(above, under, at) or above, _product(below, other, at) if below else other
    if below == under:
        return Operation(node.sign, above, other, at), below
    left = _product(above, under, at) if under else above
    right = _product(other, below, at) if below else other
    return Operation(node.sign, left, right, at), _product_or_none(below, under, at)


def _product(one: Node, other: Node, at: int) -> Node:
    if isinstance(one, Number) and one.value == 1:
        return other
    return one if isinstance(other, Number) and other.value == 1 else Operation("*", one, other, at)


def _product_or_none(one: Node | None, other: Node | None, at: int) -> Node | None:
    return _product(one, other, at) if one and other else one or other
