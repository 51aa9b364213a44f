"""Derived KPIs, running totals and stocks against plain loops over hand-made rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from assets.workspaces import open_workspace
from pipeline.errors import WorkspaceError
from pipeline.goals.book import SeriesBook
from pipeline.goals.chances import chance_history
from pipeline.goals.measure import Horizon
from pipeline.goals.status import ChanceHistory
from pipeline.goals.tables import weekly_rows
from pipeline.kpis.catalogue import CATALOGUE, measures
from pipeline.kpis.compute import daily_components
from pipeline.kpis.derived import AnySeries
from pipeline.kpis.registry import feeding_sources, kpi_problems, kpi_registry
from pipeline.language import speech
from pipeline.periods import prior_year_day
from pipeline.workspace.derived import resolution
from pipeline.workspace.model import Company, Goal, Kpi, People, Source, Workspace
from pipeline.workspace.scaffold import create_workspace
from tests.unit.kpis.test_kpis_compute import deal, fact, subscription

WON = {"fact": "deals", "date": "closed_on", "where": [{"column": "is_won", "equals": [True]}]}
LOST = {
    "fact": "deals", "date": "closed_on",
    "where": [{"column": "is_won", "equals": [False]}, {"column": "is_closed", "equals": [True]}],
}  # fmt: skip
BOOKED = WON | {"aggregate": "sum", "column": "amount"}
CUSTOMERS = {"fact": "subscriptions", "date": "started_on", "until": "ended_on", "taken": "closing"}
THROUGH = date(2026, 12, 31)


def own(kpi_id: str, **fields: Any) -> Kpi:
    plain = {"id": kpi_id, "name": kpi_id, "unit": "number", "direction": "up", "formula": "x"}
    return Kpi.model_validate(plain | fields)


def derived(kpi_id: str, expression: str, **fields: Any) -> Kpi:
    return own(kpi_id, kind="derived", expression=expression, **fields)


def workspace(*kpis: Kpi, **more: Any) -> Workspace:
    company = Company(company="X", timezone="Europe/Berlin", currency="EUR", **more)
    return Workspace(root=Path(), company=company, kpis=kpis)


def series(
    kpis: list[Kpi],
    wanted: str,
    tables: Mapping[str, list[dict[str, Any]]],
    segment: Mapping[str, str] | None = None,
    **company: Any,
) -> AnySeries:
    one = workspace(*kpis, **company)
    assert [problem.text() for problem in kpi_problems(one)] == []
    kpi = kpi_registry(one)[wanted]
    frame = daily_components([kpi], lambda name: fact(name, tables.get(name, [])), People(), THROUGH)
    return SeriesBook(frame).series(kpi, segment or {})


DEALS = [
    deal(date(2026, 10, 1), "100"), deal(date(2026, 10, 1), "50", won=False),
    deal(date(2026, 10, 6), "200"), deal(date(2026, 10, 7), "30.05"), deal(date(2026, 10, 8), "1", won=False),
    deal(date(2026, 11, 2), "400"), deal(date(2026, 11, 3), "9", won=False),
    deal(date(2026, 11, 4), "8", won=False),
]  # fmt: skip


def test_parts_are_pooled_before_they_are_divided_and_no_mean_of_ratios_is_taken() -> None:
    """October: 3 won, 2 lost; November: 1 won, 2 lost. Together 4 - 4 over 8, where the mean of the months'
    balances would be -0.0667."""
    kpi = derived("balance", "(won - lost) / (won + lost)", measures={"won": WON, "lost": LOST})
    found = series([kpi], "balance", {"deals": DEALS})
    assert found.pooled(date(2026, 10, 1), date(2026, 10, 31)).value == D(1) / 5
    both = found.pooled(date(2026, 10, 1), date(2026, 11, 30))
    assert (both.value, both.numerator, both.denominator) == (0, 0, 8)


def test_a_part_over_nothing_and_a_day_before_history_have_no_figure() -> None:
    kpi = derived("balance", "won / lost", measures={"won": WON, "lost": LOST})
    found = series([kpi], "balance", {"deals": DEALS})
    assert found.pooled(date(2026, 10, 6), date(2026, 10, 7)).value is None
    assert found.pooled(date(2026, 9, 1), date(2026, 9, 30)).value is None
    assert found.pooled(date(2026, 10, 7), date(2026, 10, 8)).value == 1


def test_history_of_one_part_alone_is_not_divided_by_the_other() -> None:
    """Deals from October, subscriptions from November: of both months only November has both."""
    kpi = derived(
        "per_customer",
        "booked / customers",
        unit="money",
        measures={"booked": BOOKED, "customers": CUSTOMERS},
    )
    tables = {"deals": DEALS, "subscriptions": [subscription(date(2026, 11, 1), None)] * 4}
    found = series([kpi], "per_customer", tables)
    assert found.first_day == date(2026, 11, 1)
    assert found.pooled(date(2026, 10, 1), date(2026, 11, 30)).value == D(400) / 4


def long_history() -> list[dict[str, Any]]:
    """A deal a day from 2019 on, whose amount no other day has; 2020 and 2026 have a week 53."""
    first = date(2019, 1, 1)
    return [deal(day, str(n + 1)) for n in range(2922) if (day := first + timedelta(n))]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 12, 28), date(2026, 12, 31)),
        (date(2020, 12, 28), date(2021, 1, 3)),
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2021, 2, 3), date(2021, 3, 9)),
    ],
)
def test_growth_by_hand_is_the_built_in_growth_in_and_out_of_a_week_53(first: date, last: date) -> None:
    kpi = derived("growth", "sales_revenue / prior_year(sales_revenue) - 1", unit="percent")
    tables = {"deals": long_history()}
    mine = series([kpi], "growth", tables).pooled(first, last)
    built_in = series([kpi], "revenue_growth_yoy", tables).pooled(first, last)
    by_day = {row["closed_on"]: row["amount"] for row in tables["deals"]}
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    now, then = sum(by_day[day] for day in days), sum(by_day[prior_year_day(day)] for day in days)
    assert mine.value == built_in.value == now / then - 1
    assert (mine.numerator, mine.denominator) == (now - then, then)


def test_offsets_read_the_span_before_and_nothing_where_history_does_not_reach() -> None:
    tables = {"deals": long_history()}
    week = series([derived("k", "prior_week(sales_revenue)", unit="money")], "k", tables)
    month = series([derived("k", "prior_month(sales_revenue)", unit="money")], "k", tables)
    by_day = {row["closed_on"]: row["amount"] for row in tables["deals"]}
    seven = [date(2026, 10, 5) + timedelta(n) for n in range(7)]
    assert week.pooled(date(2026, 10, 12), date(2026, 10, 18)).value == sum(by_day[day] for day in seven)
    february = [day for day in by_day if (day.year, day.month) == (2024, 2)]
    assert len(february) == 29
    assert month.pooled(date(2024, 3, 1), date(2024, 3, 31)).value == sum(by_day[day] for day in february)
    assert month.pooled(date(2019, 1, 1), date(2019, 1, 31)).value is None
    assert week.pooled(date(2019, 1, 1), date(2019, 1, 6)).value is None


def test_a_ratio_of_the_prior_year_is_its_sums_over_its_sums() -> None:
    rows = [deal(prior_year_day(row["closed_on"]), "1", won=row["is_won"]) for row in DEALS]
    kpi = derived("gain", "closing_rate - prior_year(closing_rate)", unit="percent")
    opposite = [deal(date(2025, 9, 1), "1"), *rows, *(row | {"is_won": not row["is_won"]} for row in DEALS)]
    found = series([kpi], "gain", {"deals": opposite})
    span = date(2026, 10, 1), date(2026, 11, 30)
    assert found.pooled(*span).value == D(4) / 8 - D(4) / 8
    october = date(2026, 10, 1), date(2026, 10, 31)
    assert found.pooled(*october).value == D(2) / 5 - D(3) / 5


def test_monthly_figures_make_a_monthly_kpi_of_whole_months_that_closes_with_the_books() -> None:
    lines = [
        {"posted_on": date(2026, month, 15), "account_class": kind, "amount": D(amount), "currency": "EUR"}
        for month, kind, amount in ((10, "revenue", 900), (10, "cogs", -300), (11, "revenue", 100))
    ]
    kpi = derived("profit_per_booking", "gross_profit / sales_revenue", unit="percent")
    found = series([kpi], "profit_per_booking", {"deals": DEALS, "ledger_lines": lines})
    resolved = kpi_registry(workspace(kpi))["profit_per_booking"]
    assert (resolved.grain, resolved.close_lag_days, resolved.shape) == ("month", 10, "ratio")
    assert found.pooled(date(2026, 10, 1), date(2026, 10, 31)).value == D(600) / D("330.05")
    assert found.pooled(date(2026, 10, 1), date(2026, 11, 15)).value == D(600) / D("330.05")
    assert found.pooled(date(2026, 10, 2), date(2026, 10, 31)).value is None


def test_a_segment_is_that_of_every_operand() -> None:
    rows = [row | {"owner": "B. Petrov"} if n % 2 else row for n, row in enumerate(DEALS)]
    kpi = derived("size", "sales_revenue / won", unit="money", measures={"won": WON})
    found = series([kpi], "size", {"deals": rows}, {"owner": "Anna Ivanova"})
    mine = [row for row in rows if row["owner"] == "Anna Ivanova" and row["is_won"]]
    assert 0 < len(mine) < 4
    expected = sum(row["amount"] for row in mine) / len(mine)
    assert found.pooled(date(2026, 10, 1), date(2026, 12, 31)).value == expected


def test_operands_of_operands_are_followed_and_every_feeding_source_is_named() -> None:
    deep = derived("deep", "growth_of_size * 2", unit="number")
    middle = derived("growth_of_size", "size / prior_month(size)", unit="number")
    size = derived("size", "sales_revenue / new_customers", unit="money")
    one = workspace(deep, middle, size)
    assert kpi_problems(one) == []
    found = kpi_registry(one)["deep"]
    assert {measure.fact for measure in measures(found)} == {"deals", "subscriptions"}
    sources = (
        Source(id="crm", system="x", fact="deals"), Source(id="billing", system="x", fact="subscriptions"),
        Source(id="time", system="x", fact="time_entries"),
    )  # fmt: skip
    assert feeding_sources(found, one.model_copy(update={"sources": sources})) == ("crm", "billing")


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("sales_revenue * 2 - new_customers", "sum"),
        ("0 - sales_revenue / 4", "sum"),
        ("prior_year(sales_revenue)", "sum"),
        ("prior_month(sales_revenue)", "level"),
        ("sales_revenue + 1", "level"),
        ("1 - sales_revenue / new_customers", "ratio"),
        ("new_customers / max(calls_made, 1)", "ratio"),
        ("closing_rate", "level"),
        ("100 * closing_rate", "level"),
        ("calls_made / new_customers + calls_made / meetings_held", "level"),
        ("calls_made / meetings_held + new_customers / meetings_held", "ratio"),
        ("max(calls_made, meetings_held)", "level"),
    ],
)
def test_what_may_be_added_up_over_days_and_what_may_not(expression: str, shape: str) -> None:
    """A goal adds up sums and pools ratios; anything else has only the figure of its own span."""
    assert resolution((*CATALOGUE, derived("k", expression))).kpis["k"].shape == shape


def test_a_running_total_starts_again_with_the_companys_year_and_is_never_added_up() -> None:
    kpis = [own(f"by_{since}", kind="cumulative", since=since, unit="money", numerator=BOOKED)
            for since in ("year", "quarter", "all")]  # fmt: skip
    rows = [deal(date(2026, month, 1), str(month)) for month in range(1, 13)]
    year, quarter, whole = (
        series(kpis, f"by_{since}", {"deals": rows}, fiscal_year_start=2)
        for since in ("year", "quarter", "all")
    )
    assert year.pooled(date(2026, 6, 1), date(2026, 6, 30)).value == 2 + 3 + 4 + 5 + 6
    assert (
        year.pooled(date(2026, 1, 1), date(2026, 1, 31)).value == 1
    )  # of the year that began in February 2025
    assert quarter.pooled(date(2026, 1, 1), date(2026, 6, 30)).value == 5 + 6
    assert whole.pooled(date(2026, 3, 1), date(2026, 5, 31)).value == 1 + 2 + 3 + 4 + 5


def test_customers_at_the_end_are_counted_once_and_not_once_a_day() -> None:
    stock = own("customers", kind="simple", unit="count", numerator=CUSTOMERS)
    opening = own("at_start", kind="simple", unit="count", numerator=CUSTOMERS | {"taken": "opening"})
    rows = [
        subscription(date(2026, 10, 1), None), subscription(date(2026, 10, 20), date(2026, 10, 25)),
        subscription(date(2026, 10, 26), None), subscription(date(2026, 9, 1), date(2026, 10, 1)),
    ]  # fmt: skip

    def in_force(day: date) -> int:
        return sum(
            one["started_on"] <= day and not (one["ended_on"] and one["ended_on"] <= day) for one in rows
        )

    end, start = (
        series([stock, opening], name, {"subscriptions": rows}) for name in ("customers", "at_start")
    )
    for first, last in ((date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 10, 19), date(2026, 10, 24))):
        assert end.pooled(first, last).value == in_force(last)
        assert start.pooled(first, last).value == in_force(first - timedelta(days=1))
    assert {in_force(date(2026, 10, day)) for day in (19, 24, 31)} == {1, 2}


BROKEN = [
    ("sales_revenu / new_customers", {}, "kpi-expression", "Did you mean sales_revenue?"),
    ("churn - 1", {}, "kpi-expression", "Did you mean churn_rate?"),
    ("sales_revenue - churn_rate", {}, "kpi-expression", "cannot put money and percent together"),
    ("sales_revenue + new_customers", {}, "kpi-expression", "cannot put money and count together"),
    ("sales_revenue * gross_profit", {}, "kpi-expression", "money times money is no unit"),
    ("sales_revenue / new_customers", {"unit": "percent"}, "kpi-unit", "its expression gives money"),
    ("calls_made", {"unit": "money"}, "kpi-unit", "its expression gives count"),
    ("k + 1", {}, "kpi-expression", "k leads back to itself: k → k"),
    ("prior_year(revenue_growth_yoy)", {}, "kpi-expression", "already compares"),
    ("prior_week(gross_profit)", {}, "kpi-expression", "no week before"),
    ("gross_profit / sales_revenue", {"grain": "day"}, "kpi-derived-grain", "gross_profit exists by month"),
    ("calls_made / new_customers", {"complement": True}, "kpi-derived-complement", "Write 1 - (...)"),
    ("calls_made + meetings_held", {"minimum_sample": 5}, "kpi-derived-sample", "no sample"),
    ("sales_revenue / new_customers", {"dimensions": ["region", "owner"]}, "kpi-derived-dimension",
     "new_customers has no such dimension"),
    ("new_customers", {"measures": {"won": WON}}, "kpi-expression", "won is never used"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "fields", "code", "said"), BROKEN, ids=[one[0] for one in BROKEN])
def test_an_expression_that_makes_no_sense_is_refused_with_what_to_do(
    expression: str, fields: dict[str, Any], code: str, said: str
) -> None:
    (problem,) = kpi_problems(workspace(derived("k", expression, **fields)))
    assert (problem.code, said in problem.text()) == (code, True), problem.text()
    russian = speech("ru")
    assert russian.has(problem.message) and (not problem.remedy or russian.has(problem.remedy))


def test_a_ring_of_derived_kpis_is_told_with_all_its_members() -> None:
    ring = [derived("a", "b + c"), derived("b", "c * 2"), derived("c", "a / 2")]
    (problem,) = kpi_problems(workspace(*ring))
    assert "a → b → c → a" in problem.text()
    assert set(kpi_registry(workspace(*ring))) == {kpi.id for kpi in CATALOGUE}


def test_weekly_rows_keep_a_stock_of_one_day_and_have_the_operands_of_an_expression() -> None:
    """Three customers all week: the week's row says 3, not 21."""
    kpis = [own("customers", kind="simple", unit="count", numerator=CUSTOMERS),
            derived("deals_each", "won / customers", measures={"won": WON})]  # fmt: skip
    registry = kpi_registry(workspace(*kpis))
    tables = {"deals": DEALS, "subscriptions": [subscription(date(2026, 1, 1), None)] * 3}
    frame = daily_components(
        [registry["deals_each"]], lambda name: fact(name, tables.get(name, [])), People(), date(2026, 10, 11)
    )
    assert set(frame["kpi"]) == {"customers", "deals_each.won"}
    rows = weekly_rows(frame, registry).to_pylist()
    assert {row["numerator"] for row in rows if row["kpi"] == "customers"} == {D(3)}


@pytest.mark.parametrize("text", ["__import__('os')", "1/0", "9**9**9"])
def test_a_dangerous_expression_in_kpis_yaml_is_refused_where_it_stands(tmp_path: Path, text: str) -> None:
    create_workspace(tmp_path, sample=False, lang="en")
    head = "kpis:\n  - id: own\n    name: Own\n    unit: number\n    direction: up\n    kind: derived\n"
    (tmp_path / "kpis.yaml").write_text(f'{head}    expression: "{text}"\n    formula: x\n', "utf-8")
    with pytest.raises(WorkspaceError) as error:
        open_workspace(tmp_path)
    (problem,) = error.value.problems
    assert (problem.code, problem.file, problem.line, problem.column) == (
        "kpi-expression",
        "kpis.yaml",
        7,
        17,
    )


def test_a_goal_cannot_ask_for_what_an_operand_does_not_have(tmp_path: Path) -> None:
    """Sales know an owner, subscriptions a channel: their quotient knows only the region of both."""
    create_workspace(tmp_path, sample=False, lang="en")
    (tmp_path / "kpis.yaml").write_text(
        "kpis:\n  - {id: each, name: Each, unit: money, direction: up, kind: derived, formula: x,\n"
        "     expression: sales_revenue / new_customers}\n",
        "utf-8",
    )
    goal = "id: g\ntitle: G\nowner: {owner}\nkpi: each\nkind: {kind}\ntarget: 10\nstart: 2026-10-01\n"
    goal += "due: 2026-12-31\nsegment: {{{key}: x}}\n"
    owner = open_workspace(tmp_path).people.people[0].id
    for key, kind, said in (
        ("region", "level", None),
        ("owner", "level", "cannot be broken down by “owner”"),
        ("region", "cumulative", "cannot be added up"),
    ):
        text = goal.format(owner=owner, kind=kind, key=key)
        (tmp_path / "goals" / "g.yaml").write_text(text, "utf-8")
        if said is None:
            open_workspace(tmp_path)
            continue
        with pytest.raises(WorkspaceError) as error:
            open_workspace(tmp_path)
        assert said in "".join(problem.text() for problem in error.value.problems)


def chance_of(kpi: Kpi, rows: list[dict[str, Any]], **fields: Any) -> ChanceHistory | None:
    plain = {"id": "g", "title": "G", "owner": "a", "kpi": kpi.id, "start": "2026-10-05", "due": "2026-12-27"}
    goal = Goal.model_validate(plain | fields)
    resolved_kpi = kpi_registry(workspace(kpi))[kpi.id]
    seen = Horizon(date(2026, 11, 22), date(2026, 11, 23))
    return chance_history(
        goal, resolved_kpi, series([kpi], kpi.id, {"deals": rows}), seen, D(fields["target"])
    )


def test_forecasts_run_on_expressions_and_agree_with_the_same_kpi_written_plainly() -> None:
    """Sums as sums, quotients as quotients; what cannot be added up has a chance of its last period only."""
    rows = [row for row in long_history() if row["closed_on"] <= date(2026, 11, 22)]
    rows = [row | {"amount": D(100 + row["closed_on"].day)} for row in rows]
    doubled = derived("sales", "sales_revenue * 1", unit="money")
    plain = own("sales", kind="simple", unit="money", numerator=BOOKED)
    asked = {"kind": "cumulative", "target": "9900"}
    one, other = chance_of(doubled, rows, **asked), chance_of(plain, rows, **asked)
    assert one is not None and other is not None
    assert one.now == other.now
    size = derived("size", "sales_revenue / won", unit="money", measures={"won": WON})
    rate = own("size", kind="ratio", unit="money", numerator=BOOKED, denominator=WON)
    asked = {"kind": "level", "target": "116"}
    one, other = chance_of(size, rows, **asked), chance_of(rate, rows, **asked)
    assert one is not None and other is not None
    assert one.now.forecast == other.now.forecast
    level = derived("best", "max(sales_revenue, 700)", unit="money")
    last = chance_of(level, rows, kind="level", target="800")
    assert last is not None and 700 <= last.now.forecast <= 1000
    trailing = {"measured": {"over": "trailing", "periods": 4}}
    assert chance_of(level, rows, kind="level", target="800", **trailing) is None
