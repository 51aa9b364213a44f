"""What stands beside a figure in words: only what the figure is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.kpis.registry import kpi_registry
from pipeline.report.i18n import Formats
from pipeline.report.words import sample
from pipeline.units import Unit
from pipeline.workspace.model import Company, Kpi, Workspace
from tests.unit.goals.goals_cases import CLOSING, REVENUE, goal, kpi, result, steady

WON = {"fact": "deals", "date": "closed_on", "where": [{"column": "is_won", "equals": [True]}]}
CLOSED = {"fact": "deals", "date": "closed_on", "where": [{"column": "is_closed", "equals": [True]}]}
VALUE = {"aggregate": "sum", "column": "amount"}
MEASURES = {"won": WON, "closed": CLOSED, "booked": WON | VALUE, "offered": CLOSED | VALUE}


def _derived(expression: str) -> Kpi:
    used = {name: one for name, one in MEASURES.items() if name in expression}
    own = Kpi.model_validate(
        {"id": "own", "name": "Own", "unit": "percent", "direction": "up", "formula": "x", "kind": "derived",
         "expression": expression, "measures": used}
    )  # fmt: skip
    company = Company(company="X", timezone="Europe/Berlin", currency="EUR")
    return kpi_registry(Workspace(root=Path(), company=company, kpis=(own,)))["own"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("won / closed", "n = 84 of 310"),
        ("won / max(closed, 1)", "n = 84 of 310"),
        ("1 - won / closed", "n = 84 of 310"),  # its parts are what is left of the whole, and the whole
        ("booked / offered", ""),
        ("won / prior_year(won)", ""),
        ("won / prior_year(won) - 1", ""),
        ("(won - closed) / closed", ""),
        ("won / closed - prior_year(won) / prior_year(closed)", ""),
    ],
)
def test_a_derived_percentage_is_n_of_m_only_where_it_counts_cases(expression: str, said: str) -> None:
    """84 EUR of 310 EUR, or 84 against the 310 of last year, are no 84 of 310 cases."""
    assert _said(_derived(expression)) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, "n = 84 of 310"), ({"numerator": WON | VALUE, "denominator": CLOSED | VALUE}, "")],
)
def test_a_share_of_money_has_no_sample(changes: dict[str, Any], said: str) -> None:
    assert _said(kpi(CLOSING, **changes)) == said


def _said(one: Kpi) -> str:
    figures = result(goal(), kpi(REVENUE), steady(kpi(REVENUE), lambda day: 10))
    figures = replace(figures, unit=Unit.PERCENT, numerator=Decimal(84), denominator=Decimal(310))
    return sample(figures, one, Formats("en", "EUR")).replace("\u00a0", " ")
