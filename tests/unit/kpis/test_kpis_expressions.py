"""Expressions of derived KPIs: what is read, what is refused and where, against plain Decimal arithmetic."""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Mapping
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.language import speech
from pipeline.workspace.expressions import (
    ExpressionRefused,
    Name,
    Node,
    Number,
    combined,
    names,
    parsed,
    parts,
)

Evaluate = Callable[[Mapping[str, D | None]], D | None]
FIGURES = {"won": D(6), "lost": D(2), "contacts": D(0), "none": None, "net-sales": D("10.50")}


def value(node: Node, figures: Mapping[str, D | None]) -> D | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return figures[node.text]
    known = [value(part, figures) for part in parts(node)]
    found = [one for one in known if one is not None]
    return combined(node, found) if len(found) == len(known) else None


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("(won - lost) / max(contacts, 1)", D(4)),
        ("won - lost - 1", D(3)),
        ("won / lost / 2", D("1.5")),
        ("won + lost * 10", D(26)),
        ("-won * -lost", D(12)),
        ("1 - lost / won", 1 - D(2) / D(6)),
        ("safe_div(won, contacts)", None),
        ("won / (lost - 2)", None),
        ("won + none", None),
        ("abs(lost - won) + min(won, lost, 9)", D(6)),
        ("'net-sales' * 2", D("21.00")),
        ("+won", D(6)),
    ],
)
def test_precedence_signs_and_nothing_over_nothing(text: str, figure: D | None) -> None:
    assert value(parsed(text), FIGURES) == figure


REFUSED = [
    ("__import__('os')", 1, "no function __import__"),
    ("won + open('x')", 7, "no function open"),
    ("maximum(won, 1)", 1, "no function maximum"),
    ("won.real", 4, "no parts after a point"),
    ("1/0", 2, "divides by 0"),
    ("won / (2 - 2)", 5, "divides by 0"),
    ("9**9**9", 2, "** is not known"),
    ("won ^ 2", 5, "^ is not known"),
    ("won // 2", 5, "// is not known"),
    ("7 * 6", 1, "names no KPI"),
    ("", 1, "ends where a number"),
    ("won +", 6, "ends where a number"),
    ("(won", 1, "not closed"),
    ("won)", 4, ") cannot stand here"),
    ("won lost", 5, "lost cannot stand here"),
    ("won, lost", 4, ", cannot stand here"),
    ("25 % * won", 4, "percent mark"),
    ("won if won else 1", 5, "if cannot stand here"),
    ("[won for won in x]", 1, "[ cannot stand here"),
    ("lambda: 1", 7, ": cannot stand here"),
    ("max(won)", 1, "max has 1 arguments"),
    ("prior_year(won + lost)", 1, "takes the name of one"),
    ("1234567890123456 * won", 1, "16 digits"),
    ("(" * 400 + "won" + ")" * 90, 21, "more than 20 brackets"),
    ("-" * 400 + "won", 21, "more than 20 brackets"),
    ("won + " * 5000 + "won", 501, "30003 characters"),
    ("won\x00", 4, "\\x00 cannot stand here"),
]


@pytest.mark.parametrize(("text", "at", "said"), REFUSED, ids=[text[:20] for text, _, _ in REFUSED])
def test_what_is_no_arithmetic_is_refused_at_its_place_and_at_once(text: str, at: int, said: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ExpressionRefused) as error:
        parsed(text)
    assert time.perf_counter() - began < 1
    (problem,) = error.value.problems
    assert problem.params["at"] == at
    assert said in problem.text()
    assert problem.text().startswith(f"At character {at} of the expression: ")
    russian = speech("ru")
    assert russian.has(problem.message) and (not problem.remedy or russian.has(problem.remedy))


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="ab12.+-*/(),'\" maxprior_yearsafe_div", max_size=80))
def test_any_text_is_an_expression_or_a_refusal_and_never_anything_else(text: str) -> None:
    try:
        assert names(parsed(text))
    except ExpressionRefused as error:
        assert 1 <= error.problems[0].params["at"] <= len(text) + 1
        assert "{" not in error.problems[0].text().replace(text, "") or "{" in text


LETTERS = list(string.ascii_lowercase[:5])
figures = st.fixed_dictionaries(
    {name: st.none() | st.decimals(-999, 999, places=2, allow_nan=False) for name in LETTERS}
)
numbers = st.integers(0, 99).map(lambda n: (str(n), lambda _: D(n)))
named = st.sampled_from(LETTERS).map(lambda name: (name, lambda env, name=name: env[name]))


def joined(left: tuple[str, Evaluate], sign: str, right: tuple[str, Evaluate]) -> tuple[str, Evaluate]:
    def figure(env: Mapping[str, D | None]) -> D | None:
        one, other = left[1](env), right[1](env)
        if one is None or other is None or (sign == "/" and other == 0):
            return None
        return {"+": one.__add__, "-": one.__sub__, "*": one.__mul__, "/": one.__truediv__}[sign](other)

    return f"({left[0]}) {sign} ({right[0]})", figure


def larger(one: tuple[str, Evaluate], other: tuple[str, Evaluate]) -> tuple[str, Evaluate]:
    def figure(env: Mapping[str, D | None]) -> D | None:
        both = [one[1](env), other[1](env)]
        known = [value for value in both if value is not None]
        return max(known) if len(known) == 2 else None

    return f"max({one[0]}, {other[0]})", figure


trees = st.recursive(
    numbers | named,
    lambda inner: st.builds(joined, inner, st.sampled_from("+-*/"), inner) | st.builds(larger, inner, inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(trees, figures)
def test_a_figure_is_the_one_that_decimal_arithmetic_gives(
    tree: tuple[str, Evaluate], env: dict[str, D | None]
) -> None:
    text, expected = tree
    try:
        node = parsed(text)
    except ExpressionRefused as error:
        said = error.problems[0].message
        assert "names no KPI" in said or "divides by 0" in said or "brackets" in said
        return
    assert value(node, env) == expected(env)
