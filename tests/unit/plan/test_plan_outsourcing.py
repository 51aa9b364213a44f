"""Outsourcing table: hours counted once, rates really paid, and the check after the fact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from typing import Any

import pyarrow as pa

from pipeline.facts import FACTS
from pipeline.outsourcing import OutsourcingReport, outsourcing_report
from pipeline.workspace.model import OutsourcingActivity

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


def fact(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=FACTS[name].arrow_schema())


def entry(task: str, hours: str, day: date = FIRST, tags: str = "", person: str = "Anna") -> dict[str, Any]:
    return {"person": person, "task": task, "tags": tags, "worked_on": day, "hours": D(hours)}


def paid(
    contract: str, amount: str, hours: str | None, day: date = LAST, currency: str = "EUR"
) -> dict[str, Any]:
    billed = None if hours is None else D(hours)
    return {"contract": contract, "amount": D(amount), "hours": billed, "paid_on": day, "currency": currency}


ACTIVITIES = (
    OutsourcingActivity(
        id="lists", title="List building", tasks=("list building", "lists"), loaded_cost_per_hour=D(40),
        market_rate_per_hour=D(12), contracts=("Prospect lists (1)",),
    ),
    OutsourcingActivity(
        id="admin", title="Administration", tasks=("admin",), loaded_cost_per_hour=D(40),
        market_rate_per_hour=D(30),
    ),
    OutsourcingActivity(
        id="calls", title="Customer calls", tasks=("Customer calls",), loaded_cost_per_hour=D(60),
        market_rate_per_hour=D(20), keep_in_house=True, reason="Customers know us",
    ),
    OutsourcingActivity(
        id="writing", title="Writing", tasks=("writing",), loaded_cost_per_hour=D(30),
        market_rate_per_hour=D(35),
    ),
)  # fmt: skip
ENTRIES = [
    entry("List Building", "10.5", tags="admin"),  # also tagged admin: counted once, with the lists
    entry("x", "4.5", LAST, tags="sales;Lists", person="Boris"),
    entry("CRM", "20", tags="admin"),
    entry("Customer calls", "30"),
    entry("writing", "8"),
    entry("Lunch", "7"),
    entry("list building", "100", date(2026, 11, 1)),  # after the span
    entry("list building", "6", date(2026, 9, 30)),  # the span before
]
COSTS = [
    paid("Prospect lists (1)", "150", "10"),
    paid("prospect LISTS (1)", "30", "2"),
    paid("Prospect lists (1)", "55", None),  # fixed price: no hours to divide by
    paid("Prospect lists (1)", "999", "10", currency="USD"),
    paid("Prospect lists (1)", "500", "1", date(2026, 11, 1)),
    paid("Logo", "70", None),
]


def report() -> OutsourcingReport:
    return outsourcing_report(
        ACTIVITIES, fact("time_entries", ENTRIES), fact("freelance_costs", COSTS), FIRST, LAST, "EUR"
    )


def test_the_table_as_worked_out_by_hand() -> None:
    one = report()
    # lists: 15 h at 40 = 600 inside; paid 180 / 12 h = 15 an hour: 225, so 375 saved (market rate: 180)
    # admin: 20 h x (40 - 30) = 200 at the market rate; writing would cost 40 more; calls stay
    assert [(row.id, row.hours, row.saving, row.basis) for row in one.rows] == [
        ("lists", D(15), D(375), "paid"),
        ("admin", D(20), D(200), "market"),
        ("writing", D(8), D(-40), "market"),
        ("calls", D(30), D(1200), "market"),
    ]
    assert one.total_saving == 575
    lists = one.rows[0]
    assert (lists.internal_cost, lists.market_cost, lists.paid_rate_cost) == (600, 180, 225)
    assert (lists.hours_before, lists.hours_by_person) == (D(6), (("Anna", D("10.5")), ("Boris", D("4.5"))))


def test_hours_are_never_counted_twice_and_none_get_lost() -> None:
    one = report()
    assert one.hours_total == 80 and one.hours_unassigned == 7
    assert sum(row.hours for row in one.rows) + one.hours_unassigned == one.hours_total


def test_outsourced_work_is_checked_after_the_fact() -> None:
    done = report().rows[0].outsourced
    assert done is not None
    assert (done.hours, done.hourly_amount, done.fixed_amount, done.rate) == (12, 180, 55, 15)
    assert (done.in_house_cost, done.saved, done.rate_against_market) == (480, 300, D("0.25"))
    assert done.other_currencies == ("USD",) and done.paid == 235


def test_work_kept_in_house_is_last_and_not_in_the_total_however_much_it_would_save() -> None:
    assert report().rows[-1].id == "calls" and not report().rows[-1].worthwhile


def test_a_contract_no_activity_names_is_not_passed_over() -> None:
    assert report().contracts_unassigned == ("Logo",)


def test_fixed_price_alone_has_no_hourly_rate() -> None:
    costs = fact("freelance_costs", [paid("Prospect lists (1)", "55", None)])
    row = outsourcing_report(ACTIVITIES, fact("time_entries", ENTRIES), costs, FIRST, LAST, "EUR").rows[0]
    assert row.basis == "market" and row.outsourced is not None and row.outsourced.rate is None
    assert row.saving == 15 * (40 - 12)


def test_no_data_gives_zeros_and_no_failure() -> None:
    one = outsourcing_report(
        ACTIVITIES, fact("time_entries", []), fact("freelance_costs", []), FIRST, LAST, "EUR"
    )
    assert one.total_saving == 0 and {row.hours_before for row in one.rows} == {None}
