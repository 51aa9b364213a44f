"""Pooling days into spans: the ways a rate, a growth or a month can come out wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal as D

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.compute import COMPONENT_COLUMNS
from pipeline.kpis.series import ComponentIndex, KpiSeries, spans
from pipeline.workspace.model import Kpi

KPIS = {kpi.id: kpi for kpi in CATALOGUE}
Row = tuple[date, str, str | None]


def frame(kpi: str, rows: Iterable[Row], segment: dict[str, str] | None = None) -> pd.DataFrame:
    text = json.dumps(segment or {}, sort_keys=True)
    made = [
        {
            "kpi": kpi,
            "day": day,
            "segment": text,
            "numerator": D(up),
            "denominator": None if low is None else D(low),
        }
        for day, up, low in rows
    ]
    return pa.Table.from_pylist(made, schema=COMPONENT_COLUMNS).to_pandas(types_mapper=pd.ArrowDtype)


def relaxed(kpi: str, **changes: object) -> Kpi:
    return KPIS[kpi].model_copy(update=changes)


def test_a_pooled_rate_is_the_ratio_of_sums_not_the_mean_of_ratios() -> None:
    rows = [(date(2026, 11, 2), "1", "2"), (date(2026, 11, 9), "10", "100")]
    one = KpiSeries(KPIS["closing_rate"], frame("closing_rate", rows))
    pooled = one.pooled(date(2026, 11, 2), date(2026, 11, 15))
    assert pooled.value == D(11) / D(102)  # the mean of 50 % and 10 % would be 30 %
    assert (pooled.numerator, pooled.denominator) == (11, 102)


def test_a_rate_over_nothing_is_none_not_zero() -> None:
    rows = [(date(2026, 11, 2), "3", "9"), (date(2026, 11, 16), "0", "0")]
    weeks = KpiSeries(KPIS["closing_rate"], frame("closing_rate", rows)).periods(
        date(2026, 11, 2), date(2026, 11, 22), "week"
    )
    assert [week.value for week in weeks] == [D(3) / D(9), None, None]


def test_a_small_sample_has_no_rate_but_keeps_its_n() -> None:
    one = KpiSeries(KPIS["closing_rate"], frame("closing_rate", [(date(2026, 11, 2), "2", "4")]))
    assert one.pooled(date(2026, 11, 2), date(2026, 11, 8)) == (
        type(one.pooled(date(2026, 11, 2), date(2026, 11, 8)))(None, D(2), D(4))
    )


def test_churn_divides_by_the_stock_at_the_start_not_by_the_sum_of_days() -> None:
    rows = [(date(2026, 10, 1) + timedelta(i), "1", str(100 - i)) for i in range(31)]
    churn = KpiSeries(KPIS["churn_rate"], frame("churn_rate", rows))
    retention = KpiSeries(KPIS["retention_rate"], frame("retention_rate", rows))
    span = date(2026, 10, 1), date(2026, 10, 31)
    assert churn.pooled(*span).value == D("0.31")
    assert retention.pooled(*span).value == D("0.69")
    assert churn.pooled(date(2026, 10, 11), date(2026, 10, 12)).value == D(2) / D(90)


def test_growth_of_week_53_looks_52_weeks_back_when_last_year_had_none() -> None:
    # 2026 has a week 53 (28 Dec to 3 Jan), 2025 has none: 52 weeks back is 29 Dec 2025 to 4 Jan 2026
    rows = [(date(2025, 6, 2), "1", None), (date(2025, 12, 29), "50", None), (date(2026, 12, 28), "60", None)]
    one = KpiSeries(KPIS["revenue_growth_yoy"], frame("revenue_growth_yoy", rows))
    grown = one.pooled(date(2026, 12, 28), date(2027, 1, 3))
    assert (grown.value, grown.denominator) == (D("0.2"), 50)


def test_growth_compares_equal_weeks_not_equal_dates() -> None:
    # 16 Nov 2026 is the Monday of W47; the Monday of 2025-W47 is 17 Nov 2025, not 16 Nov
    rows = [
        (date(2025, 6, 2), "1", None),
        (date(2025, 11, 16), "999", None),
        (date(2025, 11, 17), "80", None),
    ]
    rows += [(date(2026, 11, 16), "100", None)]
    one = KpiSeries(KPIS["revenue_growth_yoy"], frame("revenue_growth_yoy", rows))
    assert one.pooled(date(2026, 11, 16), date(2026, 11, 22)).value == D("0.25")


@pytest.mark.parametrize("base", ["0", "-5"])
def test_growth_over_nothing_or_less_has_no_value(base: str) -> None:
    rows = [(date(2025, 11, 17), base, None), (date(2026, 11, 16), "100", None)]
    one = KpiSeries(KPIS["revenue_growth_yoy"], frame("revenue_growth_yoy", rows))
    assert one.pooled(date(2026, 11, 16), date(2026, 11, 22)).value is None


def test_growth_over_a_base_that_history_covers_only_in_part_has_no_value() -> None:
    rows = [(date(2025, 11, 20), "10", None), (date(2026, 11, 16), "100", None)]
    one = KpiSeries(KPIS["revenue_growth_yoy"], frame("revenue_growth_yoy", rows))
    assert one.pooled(date(2026, 11, 16), date(2026, 11, 22)).value is None
    assert one.pooled(date(2026, 11, 23), date(2026, 11, 29)).denominator == 0


def test_a_monthly_kpi_is_never_split() -> None:
    rows = [(date(2026, 9, 30), "100", None), (date(2026, 10, 31), "50", None)]
    one = KpiSeries(KPIS["gross_profit"], frame("gross_profit", rows))
    assert one.pooled(date(2026, 9, 15), date(2026, 11, 10)).value == 50
    assert one.pooled(date(2026, 10, 2), date(2026, 10, 31)).value is None
    with pytest.raises(ValueError, match="per month"):
        one.periods(date(2026, 9, 1), date(2026, 10, 31), "week")


def test_a_month_of_growth_compares_calendar_months() -> None:
    kpi = relaxed("revenue_growth_yoy", grain="month")
    rows = [(date(2025, 2, 28), "10", None), (date(2026, 2, 28), "15", None)]
    one = KpiSeries(kpi, frame(kpi.id, rows))
    assert one.pooled(date(2026, 2, 1), date(2026, 2, 28)).value == D("0.5")


def test_missing_is_not_zero_unless_the_kpi_says_so() -> None:
    rows = [(date(2026, 9, 1), "5", None), (date(2026, 11, 1), "5", None)]
    span = date(2026, 9, 1), date(2026, 11, 30)
    missing = KpiSeries(KPIS["net_profit"], frame("net_profit", rows)).periods(*span, "month")
    zero = KpiSeries(KPIS["sales_revenue"], frame("sales_revenue", rows)).periods(*span, "month")
    assert [one.value for one in missing] == [5, None, 5]
    assert [one.value for one in zero] == [5, 0, 5]


def test_customers_of_a_month_without_ledger_did_not_come_for_free() -> None:
    rows = [(date(2026, 9, 1), "0", "7"), (date(2026, 10, 1), "0", "5"), (date(2026, 10, 31), "200", "0")]
    months = KpiSeries(KPIS["cac"], frame("cac", rows)).periods(date(2026, 9, 1), date(2026, 10, 31), "month")
    assert [one.value for one in months] == [None, 40]


def test_before_history_there_is_no_zero() -> None:
    one = KpiSeries(KPIS["sales_revenue"], frame("sales_revenue", [(date(2026, 11, 4), "5", None)]))
    weeks = one.periods(date(2026, 10, 26), date(2026, 11, 15), "week")
    assert [week.value for week in weeks] == [None, 5, 0]


def test_a_person_without_sales_has_zero_not_a_missing_history() -> None:
    components = frame("sales_revenue", [(date(2026, 11, 4), "5", None)], {"owner": "anna"})
    one = KpiSeries(KPIS["sales_revenue"], components, {"owner": "boris"})
    assert one.pooled(date(2026, 11, 2), date(2026, 11, 8)).value == 0


def test_a_quarter_is_cut_by_dates_and_touches_fourteen_weeks() -> None:
    weeks = spans(date(2026, 10, 1), date(2026, 12, 31), "week")
    assert (len(weeks), weeks[0], weeks[-1]) == (
        14,
        (date(2026, 10, 1), date(2026, 10, 4)),
        (date(2026, 12, 28), date(2026, 12, 31)),
    )
    rows = [(date(2026, 9, 1) + timedelta(i), "1", None) for i in range(122)]
    one = KpiSeries(KPIS["sales_revenue"], frame("sales_revenue", rows))
    found = one.periods(date(2026, 10, 1), date(2026, 12, 31), "week")
    assert sum((week.value or D(0)) for week in found) == 92


def test_prior_year_of_a_month_is_the_whole_month_even_in_a_leap_year() -> None:
    rows = [(date(2027, 1, 4), "9", None), (date(2027, 2, 28), "1", None), (date(2028, 2, 29), "7", None)]
    rows += [(date(2029, 2, 28), "2", None)]
    one = KpiSeries(KPIS["sales_revenue"], frame("sales_revenue", rows))
    records = one.periods(date(2028, 2, 1), date(2028, 2, 29), "month")
    records += one.periods(date(2029, 2, 1), date(2029, 2, 28), "month")
    assert [(one.value, one.prior_year) for one in records] == [(7, 1), (2, 7)]


def test_floats_for_models_have_gaps_not_zeros() -> None:
    rows = [(date(2026, 11, 2), "3", "9"), (date(2026, 11, 16), "6", "12")]
    one = KpiSeries(KPIS["closing_rate"], frame("closing_rate", rows))
    values = one.values(date(2026, 11, 2), date(2026, 11, 22), "week")
    assert np.isnan(values[1]) and values[[0, 2]] == pytest.approx([1 / 3, 0.5])
    tops, bottoms = one.counts(date(2026, 11, 2), date(2026, 11, 8), "week")
    assert (tops.tolist(), bottoms.tolist()) == ([3.0], [9.0])


def test_an_index_and_its_frame_give_the_same_series() -> None:
    components = frame("sales_revenue", [(date(2026, 11, 4), "5", None)], {"owner": "anna"})
    index = ComponentIndex.of_frame(components)
    span = date(2026, 11, 2), date(2026, 11, 8)
    for source in (components, index):
        assert KpiSeries(KPIS["sales_revenue"], source, {"owner": "anna"}).pooled(*span).value == 5
    assert index.segments("sales_revenue") == [{"owner": "anna"}]
