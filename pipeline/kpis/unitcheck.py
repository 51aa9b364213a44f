"""In which unit an expression's figure is, and which units cannot be put together.

Here: money, counts, hours, shares and plain numbers under + - * /. Not here: reading expressions
(workspace/expressions.py) nor one column's type (registry.py).

A plain number written in the expression goes with anything. What a division of equal units gives is a share,
which a KPI may print as a percentage or as a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.units import Unit
from pipeline.workspace.expressions import Call, Name, Node, Number, Operation, refused

SHARE = frozenset({Unit.PERCENT, Unit.NUMBER})
ANY = frozenset(Unit)
Units = frozenset[Unit]
"""What a figure may be called: one unit, either of a share's two, or anything for a constant."""

_PRODUCTS = {
    frozenset({Unit.MONEY, Unit.COUNT}): Unit.MONEY,
    frozenset({Unit.MONEY, Unit.HOURS}): Unit.MONEY,
    frozenset({Unit.MONEY, Unit.NUMBER}): Unit.MONEY,
    frozenset({Unit.HOURS, Unit.COUNT}): Unit.HOURS,
    frozenset({Unit.HOURS, Unit.NUMBER}): Unit.HOURS,
    frozenset({Unit.COUNT, Unit.NUMBER}): Unit.NUMBER,
    frozenset({Unit.COUNT}): Unit.NUMBER,
    frozenset({Unit.NUMBER}): Unit.NUMBER,
}
"""Cost of an hour times hours, price of a piece times pieces; money times money is nothing."""


@dataclass(frozen=True)
class UnitChecker:
    """`unit_of` gives the unit of each name."""

    unit_of: Callable[[str], Unit]

    def units(self, node: Node) -> Units:
        """What the figure may be called. Raises ExpressionRefused where units cannot be put together."""
        if isinstance(node, Number):
            return ANY
        if isinstance(node, Name):
            return frozenset({self.unit_of(node.text)})
        if isinstance(node, Call):
            found = self.units(node.arguments[0])
            for other in node.arguments[1:]:
                found = self._same(node, found, self.units(other), node.function)
            return found
        left, right = self.units(node.left), self.units(node.right)
        if node.sign in "+-":
            return self._same(node, left, right, node.sign)
        if node.sign == "/":
            return self._quotient(left, right)
        return self._product(node, left, right)

    def _same(self, node: Node, left: Units, right: Units, what: str) -> Units:
        shared = left & right
        if shared:
            return shared
        raise refused(
            "{what} cannot put {left} and {right} together.", node.at,
            "Both sides must be of the same unit.", what=what, left=_said(left), right=_said(right),
        )  # fmt: skip

    def _quotient(self, left: Units, right: Units) -> Units:
        if right == ANY:
            return left
        if left == ANY:
            return SHARE - {Unit.PERCENT}
        if left & right:
            return SHARE
        if right <= SHARE:
            return left
        if Unit.MONEY in left:
            return frozenset({Unit.MONEY})  # money a piece, an hour
        return left if Unit.HOURS in left and Unit.COUNT in right else frozenset({Unit.NUMBER})

    def _product(self, node: Operation, left: Units, right: Units) -> Units:
        if left == ANY or right == ANY:
            return left & right
        if Unit.PERCENT in left or Unit.PERCENT in right:
            return right if Unit.PERCENT in left else left
        (one,), (other,) = tuple(left), tuple(right)
        found = _PRODUCTS.get(frozenset({one, other}))
        if found is None:
            raise refused(
                "{left} times {right} is no unit.", node.at, "Divide, or leave one of them out.",
                left=_said(left), right=_said(right),
            )  # fmt: skip
        return frozenset({found})


def allowed_as(unit: Unit, found: Units) -> bool:
    """Whether a figure of these units may be printed in `unit`. A plain number may be anything but money,
    which has a currency."""
    return unit in found or (unit is Unit.NUMBER and Unit.MONEY not in found)


def printed_as(found: Units) -> Unit:
    """The unit a part of a ratio is printed in."""
    return next(iter(found)) if len(found) == 1 else Unit.NUMBER


def _said(units: Units) -> str:
    """Unit names as they are written in kpis.yaml."""
    return "/".join(sorted(one.value for one in units))
