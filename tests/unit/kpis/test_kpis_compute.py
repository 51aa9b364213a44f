"""Components and pooled values against plain loops over small hand-made facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal as D
from typing import Any

import ibis
import pyarrow as pa
import pytest

from pipeline.facts import FACTS
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.compute import daily_components, measure_expression
from pipeline.kpis.people import people_table
from pipeline.kpis.series import KpiSeries
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Kpi, Measure, People, Person, TeamSpell

KPIS = {kpi.id: kpi for kpi in CATALOGUE}
PEOPLE = People(
    people=(
        Person(
            id="anna",
            name={"en": "Anna Ivanova", "ru": "Анна Иванова"},
            aliases=("Anna Ivanova", "anna@x.example"),
            teams=(
                TeamSpell(team="inside", until=date(2026, 10, 7)),
                TeamSpell(team="field", since=date(2026, 10, 8)),
            ),
        ),
        Person(id="boris", name="Boris", aliases=("B. Petrov",), teams=(TeamSpell(team="field"),)),
    )
)
THROUGH = date(2026, 10, 31)


def oct_(day: int) -> date:
    return date(2026, 10, day)


def fact(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([{"dims": "{}", **row} for row in rows], schema=FACTS[name].arrow_schema())


def deal(day: date | None, amount: str, won: bool = True, **more: Any) -> dict[str, Any]:
    base = {"amount": D(amount), "currency": "EUR", "is_won": won, "is_closed": day is not None}
    return base | {"closed_on": day, "owner": "Anna Ivanova", "pipeline": "main"} | more


def subscription(start: date, end: date | None, **more: Any) -> dict[str, Any]:
    base = {"started_on": start, "ended_on": end, "currency": "EUR", "is_new_customer": True, "plan": "basic"}
    return base | more


def series(
    kpi: str | Kpi,
    tables: Mapping[str, list[dict[str, Any]]],
    segment: Mapping[str, str] | None = None,
    through: date = THROUGH,
) -> KpiSeries:
    one = KPIS[kpi] if isinstance(kpi, str) else kpi
    frame = daily_components([one], lambda name: fact(name, tables.get(name, [])), PEOPLE, through)
    return KpiSeries(one, frame, segment or {})


# --- every KPI of the catalogue against a loop ---------------------------------------------------------

DEALS = [
    deal(oct_(1), "100.10"),
    deal(oct_(2), "50", won=False, owner="ANNA@x.example "),
    deal(oct_(9), "-20.05", owner="b. petrov"),
    deal(oct_(9), "300", owner="b. petrov", product="premium"),
    deal(oct_(20), "70", won=False, owner="Stranger"),
    deal(oct_(21), "70", won=False),
    deal(oct_(22), "70", won=False),
    deal(None, "999"),
    deal(date(2025, 10, 10), "80"),
    deal(date(2025, 1, 2), "1"),
]
DEALS = [row | {"created_on": min(row["closed_on"] or oct_(1), oct_(1))} for row in DEALS]
STAGES = [
    {"deal_id": str(day), "stage": stage, "entered_on": oct_(day), "owner": "B. Petrov", "pipeline": "main"}
    for stage, day in [("appointmentscheduled", day) for day in range(1, 11)]
    + [("qualifiedtobuy", 5), ("Qualified To Buy", 6), ("closedwon", 7)]
]
EVENTS = [
    {"event": event, "happened_on": oct_(day), "campaign": "c1", "owner": "Anna Ivanova"}
    for event, day in [("sent", 3)] * 30
    + [("sent", 12)] * 10
    + [("reply", 13)] * 4
    + [("open", 13)] * 99
    + [("lead", 14)] * 2
    + [("bounce", 3)] * 3
]
CONTACTS = [
    {"created_on": oct_(day), "is_repeat": repeat, "contacted_on": oct_(day) if written else None,
     "has_replied": replied, "owner": "Boris"}
    for day, repeat, written, replied in [(1, False, True, True)] * 3
    + [(2, None, True, False)] * 20
    + [(3, True, True, None)] * 2
    + [(4, False, False, False)] * 5
]  # fmt: skip
ACTIVITIES = [
    {"kind": kind, "happened_on": oct_(day), "is_done": done, "owner": "Boris"}
    for kind, day, done in [("meeting", 5, True)] * 8
    + [("meeting", 6, False)] * 3
    + [("call", 7, True), ("call", 7, False), ("task", 8, True)]
]
FLOWS = [
    {"counted_on": oct_(4), "name": "Q4", "sent": 30, "replies": 4},
    {"counted_on": oct_(11), "name": "Q4", "sent": 10, "replies": None},
    {"counted_on": oct_(11), "name": "Welcome", "delivered": 200, "conversions": 7},
]
LEDGER = [
    {"posted_on": oct_(day), "account_class": kind, "amount": D(amount), "currency": "EUR"}
    for day, kind, amount in [
        (1, "revenue", "1000.50"),
        (31, "revenue", "-100"),
        (15, "cogs", "-400.25"),
        (15, "sales_marketing", "-90"),
        (16, "opex", "-60"),
        (17, "other", "5"),
    ]
]
SUBSCRIPTIONS = [
    *(subscription(date(2026, 9, 1), None) for _ in range(18)),
    subscription(date(2026, 9, 1), oct_(10)),
    subscription(date(2026, 9, 2), oct_(1)),  # last day 30 September: there when October begins, lost in it
    subscription(date(2026, 9, 2), date(2026, 9, 30)),  # gone before October
    subscription(oct_(5), oct_(20)),  # comes and goes inside the window
    subscription(oct_(1), None),  # starts on the first day: new, not there at the start
    subscription(oct_(6), None, is_new_customer=False),
    subscription(date(2026, 9, 5), date(2026, 11, 20)),  # its end is still in the future
]
SIGNUPS = [
    {"signed_on": oct_(day), "event": event, "count": count, "channel": "Direct"}
    for day, event, count in [(1, "sign_up", 5), (31, "sign_up", 7), (31, "page_view", 100)]
]
FORMS = [
    {"submitted_on": oct_(day), "form": "Offer", "is_repeat": repeat}
    for day, repeat in [(2, False), (3, True), (4, None)]
]
HOURS = [
    {"worked_on": oct_(day), "hours": D(hours), "tags": tags, "person": "Boris", "task": "t"}
    for day, hours, tags in [
        (1, "1.25", "sales;admin"),
        (2, "2", "Admin"),
        (3, "4", "administration"),
        (4, "8", None),
    ]
]
TABLES = {
    "deals": DEALS,
    "deal_stages": STAGES,
    "outreach_events": EVENTS,
    "ledger_lines": LEDGER,
    "subscriptions": SUBSCRIPTIONS,
    "signups": SIGNUPS,
    "time_entries": HOURS,
    "contacts": CONTACTS,
    "engagements": ACTIVITIES,
    "campaign_flows": FLOWS,
    "form_submissions": FORMS,
    "companies": [{"created_on": day, "owner": "Boris"} for day in (oct_(1), oct_(31), date(2026, 9, 30))],
}


def by_hand() -> dict[str, D]:
    """October 2026 of every KPI, by loops over the rows above."""
    won = lost = bookings = D(0)
    for row in DEALS:
        if row["closed_on"] and date(2026, 10, 1) <= row["closed_on"] <= THROUGH:
            won += bool(row["is_won"])
            lost += not row["is_won"]
            bookings += row["amount"] if row["is_won"] else 0
    books: dict[str, D] = {}
    for row in LEDGER:
        books[row["account_class"]] = books.get(row["account_class"], D(0)) + row["amount"]
    at_start = gone = new = D(0)
    for row in SUBSCRIPTIONS:
        at_start += row["started_on"] < oct_(1) and (row["ended_on"] is None or row["ended_on"] >= oct_(1))
        gone += row["ended_on"] is not None and oct_(1) <= row["ended_on"] <= THROUGH
        new += oct_(1) <= row["started_on"] <= THROUGH and row["is_new_customer"]
    sent = sum(1 for row in EVENTS if row["event"] == "sent")
    return {
        "signups": D(12),
        "gross_profit": books["revenue"] + books["cogs"],
        "net_profit": sum(books.values(), D(0)),
        "sales_revenue": bookings,
        "retention_rate": 1 - gone / at_start,
        "churn_rate": gone / at_start,
        "cac": -books["sales_marketing"] / new,
        "prospecting_activity": D(sent),
        "reply_rate": D(4) / sent,
        "funnel_flow": D(2) / D(10),
        "revenue_growth_yoy": bookings / D(80) - 1,
        "closing_rate": won / (won + lost),
        "new_customers": new,
        "admin_hours": D("3.25"),
        "new_prospects": D(28),  # 3 + 20 + 5: two addresses came before
        "prospect_reply_rate": D(3) / D(25),
        "lead_rate": D(2) / sent,
        "bounce_rate": D(3) / sent,
        "calls_made": D(2),
        "meetings_held": D(8),
        "meeting_rate": D(8) / sent,
        "campaign_reply_rate": D(4) / D(40),
        "campaign_conversion_rate": D(7) / D(200),
        "form_signups": D(2),
        "new_companies": D(2),
        "cohort_close_rate": won / (won + lost + 1),  # and one that is still open
        "cohort_open_share": 1 / (won + lost + 1),
        "cohort_stage_conversion": D(3) / D(10),
        "recognised_revenue": books["revenue"],
    }


@pytest.fixture(scope="module")
def components() -> Any:
    return daily_components(CATALOGUE, lambda name: fact(name, TABLES[name]), PEOPLE, THROUGH)


@pytest.mark.parametrize("kpi", [kpi.id for kpi in CATALOGUE])
def test_a_month_of_every_built_in_kpi_equals_a_loop_over_its_rows(kpi: str, components: Any) -> None:
    assert KpiSeries(KPIS[kpi], components).pooled(oct_(1), THROUGH).value == by_hand()[kpi]


def test_the_numbers_above_as_worked_out_on_paper() -> None:
    hand = by_hand()
    assert hand["sales_revenue"] == D("380.05")
    assert hand["closing_rate"] == D(3) / D(7)
    assert (hand["churn_rate"], hand["new_customers"]) == (D(3) / D(21), D(2))
    assert (hand["gross_profit"], hand["net_profit"], hand["cac"]) == (D("500.25"), D("355.25"), D(45))


# --- stock ---------------------------------------------------------------------------------------------


def test_opening_stock_is_the_stock_in_force_at_the_end_of_the_day_before(components: Any) -> None:
    churn = KpiSeries(KPIS["churn_rate"], components)
    for day in (date(2026, 9, 3), oct_(1), oct_(2), oct_(11), oct_(21), oct_(31)):
        expected = sum(
            1
            for row in SUBSCRIPTIONS
            if row["started_on"] < day and (row["ended_on"] is None or row["ended_on"] >= day)
        )
        assert churn.pooled(day, day).denominator == expected, day


def test_an_end_after_the_as_of_day_is_not_known_yet() -> None:
    rows = [subscription(date(2026, 9, 1), oct_(20)) for _ in range(30)]
    early = series("churn_rate", {"subscriptions": rows}, through=oct_(10))
    assert early.pooled(oct_(1), oct_(31)).value == 0
    assert early.pooled(oct_(10), oct_(10)).denominator == 30
    assert series("churn_rate", {"subscriptions": rows}).pooled(oct_(1), oct_(31)).value == 1


def test_a_reconstructed_week_does_not_see_later_rows() -> None:
    one = series("sales_revenue", {"deals": DEALS}, through=oct_(5))
    assert one.pooled(oct_(1), oct_(31)).value == D("100.10")
    assert one.last_day == oct_(1)


def test_stock_by_segment_adds_up_and_a_plan_keeps_its_own_stock() -> None:
    rows = [subscription(date(2026, 9, 1), None, plan="basic", region="north") for _ in range(25)]
    rows += [subscription(date(2026, 9, 1), oct_(2), plan="pro", region="north") for _ in range(30)]
    tables = {"subscriptions": rows}
    assert series("churn_rate", tables, {"plan": "basic"}).pooled(oct_(1), oct_(31)).value == 0
    assert series("churn_rate", tables, {"plan": "pro"}).pooled(oct_(1), oct_(31)).value == 1
    assert series("churn_rate", tables, {"region": "north"}).pooled(oct_(1), oct_(31)).value == D(30) / D(55)


def test_opening_money_is_summed_and_keeps_its_currency() -> None:
    mrr = Measure(
        fact="subscriptions",
        aggregate="sum",
        column="mrr",
        date="started_on",
        until="ended_on",
        taken="opening",
    )
    lost = Measure(fact="subscriptions", aggregate="sum", column="mrr", date="ended_on")
    kpi = Kpi(
        id="mrr_churn", name="x", unit=Unit.PERCENT, direction=Direction.DOWN, kind="ratio",
        numerator=lost, denominator=mrr, formula="x",
    )  # fmt: skip
    rows = [
        subscription(date(2026, 9, 1), None, mrr=D("30.50")),
        subscription(date(2026, 9, 1), oct_(3), mrr=D("10")),
        subscription(date(2026, 9, 1), oct_(3), mrr=D("7"), currency="USD"),
    ]
    one = series(kpi, {"subscriptions": rows})
    assert one.currencies == {"EUR", "USD"}
    assert one.pooled(oct_(1), oct_(31)).denominator == D("47.50")


# --- people --------------------------------------------------------------------------------------------


def test_a_sale_belongs_to_the_team_its_owner_was_in_on_that_day() -> None:
    rows = [deal(oct_(7), "10"), deal(oct_(8), "200"), deal(oct_(8), "3000", owner="b. PETROV")]
    tables = {"deals": rows}
    assert series("sales_revenue", tables, {"team": "inside"}).pooled(oct_(1), oct_(31)).value == 10
    assert series("sales_revenue", tables, {"team": "field"}).pooled(oct_(1), oct_(31)).value == 3200
    assert series("sales_revenue", tables, {"owner": "anna"}).pooled(oct_(1), oct_(31)).value == 210


def test_a_deal_that_changes_hands_counts_once_and_for_its_present_owner() -> None:
    before = {"deals": [deal(oct_(7), "10", deal_id="1", owner="Anna Ivanova")]}
    after = {"deals": [deal(oct_(7), "10", deal_id="1", owner="B. Petrov")]}
    for tables, anna, boris in ((before, 10, 0), (after, 0, 10)):
        assert series("sales_revenue", tables, {"owner": "anna"}).pooled(oct_(1), oct_(31)).value == anna
        assert series("sales_revenue", tables, {"owner": "boris"}).pooled(oct_(1), oct_(31)).value == boris
        assert series("sales_revenue", tables).pooled(oct_(1), oct_(31)).value == 10


def test_somebody_unknown_or_nobody_is_kept_and_has_no_team() -> None:
    one = daily_components(
        [KPIS["sales_revenue"]],
        lambda name: fact(name, [deal(oct_(1), "1", owner="Stranger"), deal(oct_(1), "2", owner=None)]),
        PEOPLE,
        THROUGH,
    )
    assert [json.loads(text) for text in one["segment"]] == [
        {"owner": "Stranger", "pipeline": "main"},
        {"pipeline": "main"},
    ]


def test_overlapping_team_spells_never_double_a_row() -> None:
    people = People(
        people=(
            Person(
                id="a", name="A", aliases=("a",),
                teams=(TeamSpell(team="one", until=oct_(20)), TeamSpell(team="two", since=oct_(10))),
            ),
        )
    )  # fmt: skip
    table = people_table(people, ["A"]).to_pylist()
    for day in (oct_(1), oct_(10), oct_(20), oct_(21)):
        teams = [row["which_team"] for row in table if row["since"] <= day <= row["until_day"]]
        assert teams == [people.people[0].team_on(day)]


# --- segments ------------------------------------------------------------------------------------------


def test_custom_dimensions_of_a_source_break_a_kpi_down() -> None:
    rows = [
        deal(oct_(1), "5", dims='{"office": "Riga"}'),
        deal(oct_(1), "6", dims='{"office": "Kyiv", "tier": "A"}'),
        deal(oct_(1), "7", dims="{}"),
    ]
    for office, expected in (("Riga", 5), ("Kyiv", 6)):
        one = series("sales_revenue", {"deals": rows}, {"office": office})
        assert one.pooled(oct_(1), oct_(31)).value == expected
    assert series("sales_revenue", {"deals": rows}).pooled(oct_(1), oct_(31)).value == 18


def test_a_condition_may_name_a_custom_dimension() -> None:
    measure = Measure.model_validate(
        {"fact": "deals", "date": "closed_on", "where": [{"column": "office", "equals": ["Riga"]}]}
    )
    kpi = Kpi(
        id="riga",
        name="x",
        unit=Unit.COUNT,
        direction=Direction.UP,
        kind="simple",
        numerator=measure,
        formula="x",
    )
    rows = [deal(oct_(1), "5", dims='{"office":"Riga"}'), deal(oct_(2), "5", dims='{"office":"Kyiv"}')]
    assert series(kpi, {"deals": rows}).pooled(oct_(1), oct_(31)).value == 1


def test_a_ratio_over_two_facts_has_only_the_dimensions_both_have(components: Any) -> None:
    cac = components[components["kpi"] == "cac"]
    assert set(cac["segment"]) == {"{}"}


def test_two_currencies_stay_apart_and_are_named() -> None:
    rows = [deal(oct_(1), "5"), deal(oct_(1), "6", currency="USD")]
    frame = daily_components([KPIS["sales_revenue"]], lambda name: fact(name, rows), PEOPLE, THROUGH)
    assert dict(zip(frame["currency"], frame["numerator"], strict=True)) == {"EUR": D(5), "USD": D(6)}
    assert series("sales_revenue", {"deals": rows}).currencies == {"EUR", "USD"}
    assert series("closing_rate", {"deals": rows}).currencies == frozenset()


def test_cents_survive_a_sum_that_floats_lose() -> None:
    rows = [deal(oct_(1), "0.10") for _ in range(3)] + [deal(oct_(1), "99999999999999.0001")]
    assert series("sales_revenue", {"deals": rows[:3]}).pooled(oct_(1), oct_(1)).value == D("0.3")
    assert series("sales_revenue", {"deals": rows[3:]}).pooled(oct_(1), oct_(1)).value == D(
        "99999999999999.0001"
    )


def test_no_rows_at_all_give_no_figure_and_no_failure() -> None:
    for kpi in CATALOGUE:
        one = series(kpi, {})
        assert (one.first_day, one.pooled(oct_(1), oct_(31)).value) == (None, None)


def test_frame_is_typed_and_sorted(components: Any) -> None:
    assert list(components.columns) == ["kpi", "day", "segment", "currency", "numerator", "denominator"]
    assert str(components["numerator"].dtype) == "decimal128(18, 4)[pyarrow]"
    for _, part in components.groupby("kpi"):
        keys = list(zip(part["day"], part["segment"], strict=True))
        assert keys == sorted(keys)


def test_one_expression_serves_another_engine_too() -> None:
    for kpi in CATALOGUE:
        expression = measure_expression(kpi.numerator, (), ())
        assert "SELECT" in ibis.to_sql(expression, dialect="pyspark")
