"""What outsourcing an activity would save, and what outsourced work really cost.

Here: hours of activities from tracked time, priced at loaded cost, market rate and the rate really paid. Not
here: the rates themselves (strategy.yaml) nor the table's look (report/).

An hour is never counted twice: it belongs to the first activity in strategy.yaml that names its task or one
of its tags. Amounts in another currency than the company's are left out and named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import pyarrow as pa

from pipeline.workspace.model import OutsourcingActivity

RateBasis = Literal["paid", "market"]


@dataclass(frozen=True)
class Outsourced:
    """Work of an activity's contracts in the span, checked after the fact."""

    contracts: tuple[str, ...]
    """Those with payments in the span, as the export names them."""
    hours: Decimal
    """Hours billed."""
    hourly_amount: Decimal
    """Paid for those hours."""
    fixed_amount: Decimal
    """Paid without hours (fixed price, bonus)."""
    rate: Decimal | None
    """hourly_amount / hours; None when nothing was billed by the hour."""
    in_house_cost: Decimal
    """The billed hours at the activity's loaded cost."""
    saved: Decimal
    """in_house_cost - hourly_amount: what the billed hours saved, negative when they cost more. Fixed-price
    work has no hours to compare and is not in it."""
    rate_against_market: Decimal | None
    """rate / market rate - 1."""
    other_currencies: tuple[str, ...]
    """Currencies of payments left out."""

    @property
    def paid(self) -> Decimal:
        return self.hourly_amount + self.fixed_amount


@dataclass(frozen=True)
class OutsourcingRow:
    """One activity over the span."""

    id: str
    title: Mapping[str, str] = field(hash=False)
    hours: Decimal
    """Own people's hours in the span."""
    hours_before: Decimal | None
    """The same in the equal span before; None when nobody tracked anything then."""
    hours_by_person: tuple[tuple[str, Decimal], ...]
    """As the time tool names them, most hours first."""
    loaded_cost_per_hour: Decimal
    market_rate_per_hour: Decimal
    internal_cost: Decimal
    market_cost: Decimal
    paid_rate_cost: Decimal | None
    """The hours at the rate really paid; None when nothing was paid by the hour."""
    saving: Decimal
    """internal_cost less the cost at the rate really paid, or at the market rate when there is none."""
    basis: RateBasis
    keep_in_house: bool
    reason: Mapping[str, str] = field(hash=False)
    outsourced: Outsourced | None
    """None when the activity names no contract or none was paid in the span."""

    @property
    def worthwhile(self) -> bool:
        return self.saving > 0 and not self.keep_in_house


@dataclass(frozen=True)
class OutsourcingReport:
    """Activities that may go first, by saving; those that stay in-house last."""

    first: date
    last: date
    rows: tuple[OutsourcingRow, ...]
    total_saving: Decimal
    """Of the worthwhile rows."""
    hours_total: Decimal
    """All tracked hours of the span."""
    hours_unassigned: Decimal
    """Of these, hours that no activity names."""
    contracts_unassigned: tuple[str, ...]
    """Contracts paid in the span that no activity names."""


def outsourcing_report(
    activities: Sequence[OutsourcingActivity],
    time_entries: pa.Table,
    freelance_costs: pa.Table,
    first: date,
    last: date,
    currency: str,
) -> OutsourcingReport:
    """Hours and money of [first, last]. `time_entries`, `freelance_costs`: rows of these facts; `currency`:
    the company's, in which loaded cost and market rate are written."""
    length = (last - first).days + 1
    now = _hours(activities, time_entries, first, last)
    before = _hours(activities, time_entries, first - timedelta(days=length), first - timedelta(days=1))
    payments = [row for row in freelance_costs.to_pylist() if first <= row["paid_on"] <= last]
    rows = [
        _row(
            one,
            now.by_activity[one.id],
            sum(before.by_activity[one.id].values(), Decimal(0)) if before.total else None,
            _outsourced(one, payments, currency),
        )
        for one in activities
    ]
    rows.sort(key=lambda row: (row.keep_in_house, -row.saving, row.id))
    named = {_folded(contract) for one in activities for contract in one.contracts}
    return OutsourcingReport(
        first,
        last,
        tuple(rows),
        total_saving=sum((row.saving for row in rows if row.worthwhile), Decimal(0)),
        hours_total=now.total,
        hours_unassigned=now.total - sum((row.hours for row in rows), Decimal(0)),
        contracts_unassigned=tuple(
            sorted({row["contract"] for row in payments if _folded(row["contract"]) not in named})
        ),
    )


@dataclass(frozen=True)
class _Hours:
    by_activity: Mapping[str, Mapping[str, Decimal]]
    """Activity -> person as written -> hours."""
    total: Decimal


def _hours(activities: Iterable[OutsourcingActivity], entries: pa.Table, first: date, last: date) -> _Hours:
    wanted = [(one.id, {_folded(name) for name in one.tasks}) for one in activities]
    found: dict[str, dict[str, Decimal]] = {name: defaultdict(Decimal) for name, _ in wanted}
    total = Decimal(0)
    for row in entries.select(["person", "task", "tags", "worked_on", "hours"]).to_pylist():
        if not first <= row["worked_on"] <= last:
            continue
        total += row["hours"]
        names = {_folded(name) for name in (row["task"] or "", *(row["tags"] or "").split(";"))} - {""}
        activity = next((name for name, tasks in wanted if tasks & names), None)
        if activity is not None:
            found[activity][row["person"]] += row["hours"]
    return _Hours(found, total)


def _row(
    one: OutsourcingActivity,
    people: Mapping[str, Decimal],
    hours_before: Decimal | None,
    outsourced: Outsourced | None,
) -> OutsourcingRow:
    hours = sum(people.values(), Decimal(0))
    paid_rate = outsourced.rate if outsourced else None
    rate = one.market_rate_per_hour if paid_rate is None else paid_rate
    return OutsourcingRow(
        id=one.id,
        title=one.title,
        hours=hours,
        hours_before=hours_before,
        hours_by_person=tuple(sorted(people.items(), key=lambda item: (-item[1], item[0]))),
        loaded_cost_per_hour=one.loaded_cost_per_hour,
        market_rate_per_hour=one.market_rate_per_hour,
        internal_cost=hours * one.loaded_cost_per_hour,
        market_cost=hours * one.market_rate_per_hour,
        paid_rate_cost=None if paid_rate is None else hours * paid_rate,
        saving=hours * (one.loaded_cost_per_hour - rate),
        basis="market" if paid_rate is None else "paid",
        keep_in_house=one.keep_in_house,
        reason=one.reason,
        outsourced=outsourced,
    )


def _outsourced(
    one: OutsourcingActivity, payments: Sequence[Mapping[str, object]], currency: str
) -> Outsourced | None:
    names = {_folded(name) for name in one.contracts}
    own = [row for row in payments if _folded(str(row["contract"])) in names]
    if not own:
        return None
    hours = hourly = fixed = Decimal(0)
    for row in own:
        if row["currency"] != currency:
            continue
        amount, billed = Decimal(str(row["amount"])), row["hours"]
        if billed:
            hours, hourly = hours + Decimal(str(billed)), hourly + amount
        else:
            fixed += amount
    rate = hourly / hours if hours > 0 else None
    in_house = hours * one.loaded_cost_per_hour
    return Outsourced(
        contracts=tuple(sorted({str(row["contract"]) for row in own})),
        hours=hours,
        hourly_amount=hourly,
        fixed_amount=fixed,
        rate=rate,
        in_house_cost=in_house,
        saved=in_house - hourly,
        rate_against_market=None
        if rate is None or not one.market_rate_per_hour
        else rate / one.market_rate_per_hour - 1,
        other_currencies=tuple(sorted({str(row["currency"]) for row in own if row["currency"] != currency})),
    )


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
