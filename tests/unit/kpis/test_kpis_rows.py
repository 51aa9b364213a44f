"""Rows behind a figure, one by one: the kinds of sums that are no plain sum of dated rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal as D
from typing import Any

from pipeline.goals.book import SeriesBook
from pipeline.kpis.compute import ALONE, NOT_YET, daily_components
from pipeline.kpis.exchange import Exchange
from pipeline.kpis.rows import AFTER, COUNTED, LEFT_BEFORE, PartRows, part_rows
from pipeline.workspace.model import Kpi, Rate
from tests.unit.kpis.test_kpis_cohorts import MONDAY, SUNDAY, born, entry
from tests.unit.kpis.test_kpis_compute import KPIS, PEOPLE, deal, fact, series, subscription

USD = Rate(day=date(2026, 8, 1), currency="USD", rate=D("0.333349"))
AUGUST = date(2026, 8, 31)


def rows_of(
    kpi: Kpi, tables: Mapping[str, list[dict[str, Any]]], span: tuple[date, date], through: date
) -> dict[str, PartRows]:
    """By the name of the sum; the rows of each add up to what the KPI's days say."""
    parts = series(kpi, tables, through=through).parts(*span)
    facts = {name: fact(name, rows) for name, rows in tables.items()}
    found = {one.name: part_rows(one, {}, facts.__getitem__, PEOPLE, through) for one in parts}
    assert all(one.agrees for one in found.values())
    return found


def test_a_deal_whose_outcome_is_still_to_come_is_named_as_such() -> None:
    """Three deals of one week: won by August's end, won later, lost."""
    deals = [
        born(MONDAY, date(2026, 8, 20)),
        born(MONDAY, date(2026, 9, 20)),
        born(MONDAY, date(2026, 8, 20), won=False),
    ]
    found = rows_of(KPIS["cohort_close_rate"], {"deals": deals}, (MONDAY, SUNDAY), AUGUST)
    assert list(found["numerator"].why) == [COUNTED, NOT_YET, "condition:0"]
    assert list(found["denominator"].why) == [COUNTED] * 3


def test_an_entry_counts_when_its_own_deal_moved_on() -> None:
    """a moved on; b did not; c has the number of another source's deal that did."""
    early, late = date(2026, 8, 4), date(2026, 8, 20)
    rows = [entry(one, "Appointment Scheduled", early) for one in "abc"]
    rows += [entry("a", "Qualified To Buy", late), entry("c", "Qualified To Buy", late, "other")]
    found = rows_of(KPIS["cohort_stage_conversion"], {"deal_stages": rows}, (MONDAY, SUNDAY), AUGUST)
    assert list(found["numerator"].why[:3]) == [COUNTED, ALONE, ALONE]
    assert (found["numerator"].total, found["denominator"].total) == (1, 3)


def test_a_stock_at_the_end_of_a_span_has_those_in_force_on_its_last_day() -> None:
    """One there all along, one that left on the 20th, one that comes in September."""
    customers = Kpi.model_validate(
        {
            "id": "customers", "name": "Customers", "unit": "count", "direction": "up", "kind": "simple",
            "formula": "In force at the end.",
            "numerator": {
                "fact": "subscriptions", "date": "started_on", "until": "ended_on", "taken": "closing",
            },
        }
    )  # fmt: skip
    rows = [
        subscription(date(2026, 1, 1), None),
        subscription(date(2026, 1, 1), date(2026, 8, 20)),
        subscription(date(2026, 9, 1), None),
    ]
    span, through = (date(2026, 8, 1), AUGUST), date(2026, 9, 30)
    found = rows_of(customers, {"subscriptions": rows}, span, through)
    assert list(found["numerator"].why) == [COUNTED, LEFT_BEFORE, AFTER]


def test_a_running_total_begins_before_the_span() -> None:
    """10 in January and 20 in August make 30 by August's end; the year before is another year."""
    total = Kpi.model_validate(
        {
            "id": "year_to_date", "name": "Year to date", "unit": "money", "direction": "up",
            "kind": "cumulative", "since": "year", "formula": "Won since January.",
            "numerator": {"fact": "deals", "aggregate": "sum", "column": "amount", "date": "closed_on"},
        }
    )  # fmt: skip
    days = {date(2025, 12, 30): "5", date(2026, 1, 5): "10", date(2026, 8, 3): "20"}
    deals = [deal(day, amount) for day, amount in days.items()]
    found = rows_of(total, {"deals": deals}, (date(2026, 8, 1), AUGUST), AUGUST)
    assert found["numerator"].total == D(30)


def test_converted_cents_add_up_to_the_rounded_sum_of_their_day_not_to_rounded_cents() -> None:
    """Three cents at 0.333349: 0.01000047 together, 0.0099 if each were rounded. Another day and another
    pipeline are rounded on their own."""
    cent, exchange = deal(date(2026, 8, 3), "0.01", currency="USD"), Exchange("EUR", [USD], 31)
    deals = [cent, cent, cent, cent | {"closed_on": date(2026, 8, 4)}, cent | {"pipeline": "other"}]
    tables = {"deals": deals}
    kpi = KPIS["sales_revenue"]
    frame = daily_components([kpi], lambda name: fact(name, tables[name]), PEOPLE, AUGUST, exchange)
    (part,) = SeriesBook(frame).series(kpi, {}).behind(date(2026, 8, 1), AUGUST).parts
    found = part_rows(part, {}, lambda name: fact(name, tables[name]), PEOPLE, AUGUST, exchange)
    assert found.agrees
    assert found.total == D("0.0166") == D("0.0100") + 2 * D("0.0033")
    assert all(abs(D(int(one)) - D(100) * USD.rate) < 1 for one in found.amounts)
