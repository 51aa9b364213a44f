"""Amounts in other currencies: which rate a day has, exact products, and what stays unconverted."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, localcontext
from decimal import Decimal as D
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import WorkspaceError
from pipeline.goals.book import SeriesBook
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.compute import daily_components
from pipeline.kpis.derived import AnySeries
from pipeline.kpis.exchange import Exchange
from pipeline.kpis.series import EPOCH
from pipeline.language import speech
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Kpi, People, Rate
from pipeline.workspace.scaffold import create_workspace
from tests.unit.kpis.test_kpis_compute import KPIS, deal, fact

RATES = (
    Rate(day=date(2026, 10, 1), currency="USD", rate=D("0.9")),
    Rate(day=date(2026, 10, 15), currency="USD", rate=D("0.95")),
)
SEPTEMBER, OCTOBER, DECEMBER = date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 1)


def bookings(rows: list[dict[str, object]], max_age: int = 31, kpi: Kpi = KPIS["sales_revenue"]) -> AnySeries:
    exchange = Exchange("EUR", RATES, max_age)
    frame = daily_components([kpi], lambda name: fact(name, rows), People(), DECEMBER, exchange)
    return SeriesBook(frame).series(kpi, {})


def test_each_row_is_converted_at_the_newest_rate_not_after_its_day() -> None:
    rows = [
        deal(OCTOBER, "100"), deal(OCTOBER, "10", currency="USD"),
        deal(date(2026, 10, 14), "1", currency="USD"),
        deal(date(2026, 10, 15), "1000", currency="USD"),
    ]  # fmt: skip
    found = bookings(rows)
    assert found.pooled(OCTOBER, date(2026, 10, 31)).value == 100 + 9 + D("0.9") + 950
    assert found.currencies == {"EUR"}
    assert (found.converted["USD"].rate, found.converted["USD"].day) == (D("0.95"), date(2026, 10, 15))


def test_a_row_before_the_first_rate_or_long_after_the_last_keeps_its_currency() -> None:
    early = bookings([deal(SEPTEMBER, "5", currency="USD"), deal(OCTOBER, "5", currency="USD")])
    assert early.foreign_since == {"USD": SEPTEMBER, "EUR": OCTOBER}
    assert bookings([deal(date(2026, 11, 15), "5", currency="USD")]).currencies == {"EUR"}
    assert bookings([deal(date(2026, 11, 16), "5", currency="USD")]).currencies == {"USD"}
    assert bookings([deal(OCTOBER, "5", currency="GBP")]).currencies == {"GBP"}


def test_counts_of_deals_in_two_currencies_are_not_touched_by_rates() -> None:
    rows = [deal(OCTOBER, "1", currency="GBP"), deal(OCTOBER, "1", won=False)]
    found = bookings(rows, kpi=KPIS["closing_rate"])
    assert (found.pooled(OCTOBER, OCTOBER).numerator, found.currencies) == (1, frozenset())


amounts = st.decimals(-(10**13), 10**13, places=4)
rates = st.decimals(D("0.000000000001"), 900, places=12).filter(lambda rate: rate > 0)


@given(amounts, rates)
def test_a_product_is_exact_and_rounded_half_up_once(amount: D, rate: D) -> None:
    exchange = Exchange("EUR", [Rate(day=OCTOBER, currency="USD", rate=rate)], 0)
    day, whole = np.array([(OCTOBER - EPOCH).days]), np.array([int(amount.scaleb(4))])
    if abs(amount * rate) >= 10**14:
        return
    _, found, _ = exchange.convert("USD", day, whole)
    with localcontext(prec=60):
        assert D(int(found[0])).scaleb(-4) == (amount * rate).quantize(D("0.0001"), rounding=ROUND_HALF_UP)


def workspace_with(folder: Path, text: str) -> Path:
    create_workspace(folder, sample=False, lang="en")
    (folder / "rates.csv").write_text(text, "utf-8")
    return folder


def test_rates_are_read_by_day_and_belong_to_the_fingerprint(tmp_path: Path) -> None:
    root = workspace_with(tmp_path, "date;currency;rate\n2026-10-15;USD;0.95\n\n2026-10-01;USD;0.9\n")
    before = load_workspace(root, CATALOGUE)
    assert before.rates == RATES
    (root / "rates.csv").write_text("date,currency,rate\n2026-10-15,USD,0.96\n", "utf-8")
    assert load_workspace(root, CATALOGUE).fingerprint != before.fingerprint


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("day,currency,rate\n", 1, "The first line must be date,currency,rate."),
        ("date,currency,rate\n2026-10-01,USD,0,92\n", 2, "4 values instead of 3"),
        ("date,currency,rate\n01.10.2026,USD,0.92\n", 2, "“01.10.2026” is not a date."),
        ("date,currency,rate\n2026-02-30,USD,0.92\n", 2, "“2026-02-30” is not a date."),
        ("date,currency,rate\n2026-10-01,USDD,0.92\n", 2, "Did you mean USD?"),
        ("date,currency,rate\n2026-10-01,EUR,1\n", 2, "the company's own currency"),
        ("date,currency,rate\n2026-10-01,USD,0\n", 2, "“0” is not a rate."),
        ("date,currency,rate\n2026-10-01,USD,-1\n", 2, "“-1” is not a rate."),
        ("date,currency,rate\n2026-10-01,USD,1e3\n", 2, "“1e3” is not a rate."),
        ("date,currency,rate\n2026-10-01,USD,1\n2026-10-02,USD,1\n2026-10-01,USD,2\n", 4, "on lines 2 and 4"),
    ],
)
def test_a_wrong_line_of_rates_is_refused_at_its_place(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(WorkspaceError) as error:
        load_workspace(workspace_with(tmp_path, text), CATALOGUE)
    (problem,) = error.value.problems
    assert (problem.file, problem.line) == ("rates.csv", line)
    assert said in problem.text()
    russian = speech("ru")
    assert russian.has(problem.message) and (not problem.remedy or russian.has(problem.remedy))
