"""The arithmetic of a derived KPI: text to a tree of a few known kinds of nodes, and nothing else.

Here: reading, the refusals with their place, and what a tree says about itself. Not here: which KPIs the
names are (derived.py) nor any figure (kpis/derived.py). A text is never run as code: what the grammar below
does not know is refused, so nothing written in a workspace can reach beyond it.

    sum     = product {("+" | "-") product}
    product = signed {("*" | "/") signed}
    signed  = ["-" | "+"] signed | atom
    atom    = number | name | "quoted name" | function "(" sum {"," sum} ")" | "(" sum ")"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pipeline.errors import Problem, WorkspaceError, nearest, shown

LONGEST = 500
"""Characters of an expression; a hand-written one is a tenth of that."""
DEEPEST = 20
"""Brackets, functions and signs inside one another."""
OFFSETS = ("prior_week", "prior_month", "prior_year")
"""Functions that read the same KPI over an earlier span."""
ARGUMENTS = {"abs": (1, 1), "min": (2, 9), "max": (2, 9), "safe_div": (2, 2)} | dict.fromkeys(OFFSETS, (1, 1))
"""Functions with the fewest and the most arguments they take."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[^\W\d]\w*)|(?P<quoted>"[^"]*"|'[^']*')|(?P<mark>.))""",
    re.S,
)
_POWERS = ("**", "^")


class ExpressionRefused(WorkspaceError):
    """The one thing that reading an expression raises. Its problem has no file yet; `at` is in its params."""


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: Decimal
    at: int = field(compare=False)


@dataclass(frozen=True)
class Name:
    """A KPI by its id, or a measure of the KPI itself."""

    text: str
    at: int = field(compare=False)


@dataclass(frozen=True)
class Operation:
    """Two parts and what joins them; a part over 0 is nothing."""

    sign: Literal["+", "-", "*", "/"]
    left: Node
    right: Node
    at: int = field(compare=False)


@dataclass(frozen=True)
class Call:
    """abs, min or max of figures, or a name's figure of an earlier span. (`safe_div` becomes an Operation:
    every division here is a safe one; a minus sign becomes 0 - x.)"""

    function: str
    arguments: tuple[Node, ...]
    at: int = field(compare=False)


Node = Number | Name | Operation | Call


def parsed(text: str) -> Node:
    """The tree of an expression. Raises ExpressionRefused, with the character (from 1) where it stops being
    one, and nothing else; takes time linear in the text, of which LONGEST characters are read at most."""
    if len(text) > LONGEST:
        raise refused("it has {length} characters, at most {most} are read.", LONGEST + 1,
                      "Give parts of it a name: a KPI of its own for each.",
                      length=len(text), most=LONGEST)  # fmt: skip
    parser = _Parser(list(_tokens(text)), len(text) + 1)
    tree = parser.sum(0)
    parser.finish()
    _check_constants(tree)
    return tree


def parts(node: Node) -> tuple[Node, ...]:
    """What a node is directly made of."""
    if isinstance(node, Operation):
        return node.left, node.right
    return node.arguments if isinstance(node, Call) else ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in the order it is written in."""
    yield node
    for part in parts(node):
        yield from walk(part)


def names(node: Node) -> tuple[Name, ...]:
    """Every name, in the order it is written in; one that is written twice twice."""
    return tuple(one for one in walk(node) if isinstance(one, Name))


def refused(why: str, at: int, remedy: str = "", **params: object) -> ExpressionRefused:
    """A refusal at a character of the expression, `why` continues the sentence."""
    return ExpressionRefused(
        Problem(
            "kpi-expression",
            "At character {at} of the expression: " + why,
            remedy,
            params={"at": at, **params},
        )
    )


# --- reading ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text.rstrip()):
        kind = match.lastgroup or "mark"
        yield _Token(kind, match.group(kind), match.start(kind) + 1)


class _Parser:
    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = _Token("end", "", end)

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else self._end

    def _take(self, *marks: str) -> _Token | None:
        here = self._here
        if here.kind != "mark" or here.text not in marks:
            return None
        self._next += 1
        return here

    def finish(self) -> None:
        if self._here.kind != "end":
            raise self._unexpected()

    def sum(self, depth: int) -> Node:
        found = self._product(depth)
        while mark := self._take("+", "-"):
            found = Operation("+" if mark.text == "+" else "-", found, self._product(depth), mark.at)
        return found

    def _product(self, depth: int) -> Node:
        found = self._signed(depth)
        while mark := self._take("*", "/"):
            self._no_double(mark)
            found = Operation("*" if mark.text == "*" else "/", found, self._signed(depth), mark.at)
        return found

    def _no_double(self, mark: _Token) -> None:
        here = self._here
        if here.kind == "mark" and here.text == mark.text and here.at == mark.at + 1:
            remedy = "Multiply by hand, such as x * x." if mark.text == "*" else "Write / once."
            raise refused("{mark} is not known.", mark.at, remedy, mark=mark.text * 2)

    def _signed(self, depth: int) -> Node:
        mark = self._take("-", "+")
        if mark is None:
            return self._atom(depth)
        inner = self._signed(self._deeper(depth, mark))
        if mark.text == "+":
            return inner
        if isinstance(inner, Number):
            return Number(-inner.value, mark.at)
        return Operation("-", Number(Decimal(0), mark.at), inner, mark.at)

    def _atom(self, depth: int) -> Node:
        here = self._here
        if here.kind == "number":
            self._next += 1
            return _number(here)
        if here.kind in ("name", "quoted"):
            self._next += 1
            if here.kind == "name" and self._take("("):
                return self._call(here, self._deeper(depth, here))
            return Name(here.text.strip("\"'"), here.at)
        if mark := self._take("("):
            inner = self.sum(self._deeper(depth, mark))
            self._close(mark)
            return inner
        raise self._unexpected()

    def _call(self, name: _Token, depth: int) -> Node:
        if name.text not in ARGUMENTS:
            raise _unknown_function(name)
        arguments = [self.sum(depth)]
        while self._take(","):
            arguments.append(self.sum(depth))
        self._close(name)
        fewest, most = ARGUMENTS[name.text]
        if not fewest <= len(arguments) <= most:
            raise refused("{name} has {count} arguments.", name.at, "It takes {fewest} to {most}.",
                          name=name.text, count=len(arguments), fewest=fewest, most=most)  # fmt: skip
        if name.text == "safe_div":
            return Operation("/", arguments[0], arguments[1], name.at)
        if name.text in OFFSETS and not isinstance(arguments[0], Name):
            raise refused("{name} takes the name of one KPI or measure.", name.at,
                          "Write {name} around each name instead.", name=name.text)  # fmt: skip
        return Call(name.text, tuple(arguments), name.at)

    def _close(self, opened: _Token) -> None:
        if not self._take(")"):
            if self._here.kind == "end":
                raise refused("the bracket that begins here is not closed.", opened.at, "Add ).")
            raise self._unexpected()

    def _deeper(self, depth: int, here: _Token) -> int:
        if depth >= DEEPEST:
            raise refused("more than {most} brackets and signs lie inside one another.", here.at,
                          "Give the inner part a name: a KPI of its own.", most=DEEPEST)  # fmt: skip
        return depth + 1

    def _unexpected(self) -> ExpressionRefused:
        here = self._here
        if here.kind == "end":
            return refused("it ends where a number or a name must follow.", here.at,
                           "Finish it, such as won / (won + lost).")  # fmt: skip
        remedy = "Join numbers and names with + - * / and brackets."
        if here.text == ".":
            return refused("names have no parts after a point.", here.at, "Write the KPI's id alone.")
        if here.text == "%":
            return refused("a percent mark cannot stand here.", here.at, "Write 0.25 for 25 %.")
        if here.text in _POWERS:
            return refused("{mark} is not known.", here.at, "Multiply by hand, such as x * x.", mark="^")
        return refused("{text} cannot stand here.", here.at, remedy, text=shown(here.text))


def _number(token: _Token) -> Number:
    if len(token.text) > 15:
        raise refused("a number has {count} digits, more than 15.", token.at, "Round it.",
                      count=len(token.text))  # fmt: skip
    return Number(Decimal(token.text), token.at)


def _unknown_function(name: _Token) -> ExpressionRefused:
    known = sorted(ARGUMENTS)
    guess = nearest(name.text, known)
    return refused(
        "there is no function {name}.", name.at, "Did you mean {guess}?" if guess else "Known: {known}.",
        name=shown(name.text), guess=guess or "", known=", ".join(known),
    )  # fmt: skip


# --- constants --------------------------------------------------------------------------------------------


def _check_constants(tree: Node) -> None:
    """No division by what is 0 whatever the figures are, and at least one name."""
    _constant(tree)
    if not names(tree):
        raise refused("it names no KPI and no measure, so it is the same every week.", 1,
                      "Write the id of a KPI, or of a measure under `measures`.")  # fmt: skip


def _constant(node: Node) -> Decimal | None:
    """What a part without names amounts to; None of any other."""
    if isinstance(node, (Name, Number)):
        return node.value if isinstance(node, Number) else None
    known = [_constant(part) for part in parts(node)]
    if isinstance(node, Operation) and node.sign == "/" and known[1] == 0:
        raise refused("it divides by 0 whatever the figures are.", node.at, "Divide by a KPI or a measure.")
    values = [value for value in known if value is not None]
    if len(values) < len(known):
        return None
    return combined(node, values)


def combined(node: Node, values: list[Decimal]) -> Decimal | None:
    """An Operation or Call over the values of its parts; None over 0. (Offsets change the span that a value
    is of, not the value.)"""
    if isinstance(node, Operation):
        left, right = values
        if node.sign == "+":
            return left + right
        if node.sign == "-":
            return left - right
        if node.sign == "*":
            return left * right
        return left / right if right else None
    if isinstance(node, Call) and node.function in ("min", "max"):
        return min(values) if node.function == "min" else max(values)
    return abs(values[0]) if isinstance(node, Call) and node.function == "abs" else values[0]
