"""What a KPI cannot be, worked out by hand for each kind, and the rows that the store refuses."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from pipeline.facts import FACTS
from pipeline.goals.bounds import FOLLOWS, NEVER_NEGATIVE, NEVER_NEGATIVE_WHERE, TIMES, natural_bounds
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.sources.validation import BOUNDS, FACT_RULES
from pipeline.workspace.model import Condition, Kpi, Measure

NOT, ALL = Decimal(0), Decimal(1)


@pytest.mark.parametrize(
    ("kpi_id", "low", "high"),
    [
        ("signups", NOT, None),
        ("new_customers", NOT, None),
        ("sales_revenue", NOT, None),  # amounts of won deals: a negative one is set aside
        ("admin_hours", NOT, None),
        ("recognised_revenue", None, None),  # a credit note may be greater than the week's invoices
        ("net_profit", None, None),
        ("gross_profit", None, None),
        ("cac", None, None),  # costs with the sign turned around
        ("revenue_growth_yoy", None, None),
        ("closing_rate", NOT, ALL),  # a won deal is a closed one
        ("prospect_reply_rate", NOT, ALL),
        ("cohort_close_rate", NOT, ALL),
        ("cohort_open_share", NOT, ALL),  # 1 - a part of the whole
        ("cohort_stage_conversion", NOT, ALL),
        ("reply_rate", NOT, None),  # replies of a week to the messages of the one before
        ("funnel_flow", NOT, None),
        ("churn_rate", NOT, None),  # also customers who came and went within the period
        ("retention_rate", None, ALL),
    ],
)
def test_the_built_in_kpis_by_hand(kpi_id: str, low: Decimal | None, high: Decimal | None) -> None:
    one = next(kpi for kpi in CATALOGUE if kpi.id == kpi_id)
    assert natural_bounds(one) == (low, high)


def _ratio(above: Measure, below: Measure) -> Kpi:
    return Kpi.model_validate(
        {"id": "own", "name": {"en": "Own"}, "unit": "percent", "direction": "up", "kind": "ratio",
         "numerator": above.model_dump(), "denominator": below.model_dump(), "formula": {"en": "Own."}}
    )  # fmt: skip


def _calls(**more: object) -> Measure:
    return Measure.model_validate({"fact": "engagements", "date": "happened_on", **more})


def _where(column: str, *values: str, **more: object) -> Condition:
    return Condition.model_validate({"column": column, "equals": values, **more})


@pytest.mark.parametrize(
    ("above", "below", "high"),
    [
        (_calls(where=(_where("kind", "call"),)), _calls(), ALL),
        (_calls(where=(_where("kind", "call"),)), _calls(where=(_where("kind", "call", "email"),)), ALL),
        (_calls(where=(_where("kind", "call"),)), _calls(where=(_where("kind", empty=False),)), ALL),
        (_calls(), _calls(where=(_where("kind", "call"),)), None),
        (_calls(where=(_where("kind", "call", "task"),)), _calls(where=(_where("kind", "call"),)), None),
        (_calls(where=(_where("kind", "call"),)), _calls(where=(_where("outcome", "call"),)), None),
        (_calls(), _calls(where=(Condition(column="kind", not_equals=("task",)),)), None),
        (_calls(), Measure(fact="contacts", date="created_on"), None),
        (_calls(aggregate="sum", column="minutes"), _calls(), None),
        (_calls(), _calls(followed_by=(_where("kind", "call"),)), None),
    ],
)
def test_a_rate_is_bounded_by_the_whole_only_where_its_rows_are_the_wholes(
    above: Measure, below: Measure, high: Decimal | None
) -> None:
    assert natural_bounds(_ratio(above, below)) == (NOT, high)


def test_a_count_with_the_sign_turned_around_has_no_lower_bound() -> None:
    turned = _ratio(_calls(), _calls()).model_copy(
        update={"kind": "simple", "numerator": _calls(negate=True), "denominator": None}
    )
    assert natural_bounds(turned) == (None, None)


def test_the_store_refuses_what_is_called_impossible() -> None:
    """Durations that are not checked are bills; there are no hours below 0 all the same."""
    floors = {key for key, bounds in BOUNDS.items() if bounds.low == 0}
    numbers = {
        (name, column.name)
        for name, fact in FACTS.items()
        for column in fact.columns
        if column.type in ("integer", "decimal", "money")
    }
    assert {key for key in floors & numbers if key[1] not in TIMES} == NEVER_NEGATIVE
    won = pd.DataFrame({"is_won": [True, True], "is_closed": [False, True], "amount": [Decimal(1), -1],
                        "closed_on": ["2026-01-01"] * 2})  # fmt: skip
    broken = {rule.column: list(~rule.holds(won)) for rule in FACT_RULES["deals"]}
    assert set(NEVER_NEGATIVE_WHERE) == {("deals", "amount")} and broken["amount"] == [False, True]
    assert {fact for fact, _ in FOLLOWS} == {"deals"} and broken["is_won"] == [True, False]
