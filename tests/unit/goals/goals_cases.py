"""Small KPIs, goals and series with numbers one can add up by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.goals.evaluate import evaluate
from pipeline.goals.model import GoalResult
from pipeline.kpis.series import Conversion
from pipeline.periods import Week, cutoff, prior_year_day
from pipeline.sources.state import SourceState
from pipeline.workspace.model import Goal, Kpi

ZONE = ZoneInfo("Europe/Berlin")
REVENUE = {
    "id": "revenue", "name": "Revenue", "unit": "money", "direction": "up", "kind": "simple",
    "formula": "sum",
    "numerator": {"fact": "deals", "aggregate": "sum", "column": "amount", "date": "closed_on"},
}  # fmt: skip
CLOSING = {
    "id": "closing", "name": "Closing", "unit": "percent", "direction": "up", "kind": "ratio",
    "formula": "won/closed",
    "numerator": {"fact": "deals", "date": "closed_on"},
    "denominator": {"fact": "deals", "date": "closed_on"},
}  # fmt: skip
CHURN = {
    "id": "churn_rate", "name": "Churn", "unit": "percent", "direction": "down", "kind": "ratio",
    "formula": "lost/start",
    "numerator": {"fact": "subscriptions", "date": "ended_on"},
    "denominator": {"fact": "subscriptions", "date": "started_on", "until": "ended_on", "taken": "opening"},
}  # fmt: skip
GROWTH = {**REVENUE, "id": "growth", "unit": "percent", "kind": "growth"}


def kpi(base: Mapping[str, Any], **changes: Any) -> Kpi:
    return Kpi.model_validate({**base, **changes})


def goal(**changes: Any) -> Goal:
    fields = {
        "id": "g", "title": "G", "owner": "ann", "kpi": "revenue", "kind": "cumulative", "target": "1300",
        "start": date(2026, 9, 28), "due": date(2026, 12, 27),
    }  # fmt: skip
    return Goal.model_validate({**fields, **changes})


@dataclass
class Pooled:
    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


Amount = Callable[[date], "int | str | Decimal | None"]


@dataclass
class DailySeries:
    """A series written as functions of the day; pooled by a plain loop. None means no row that day."""

    kpi: Kpi
    first_day: date
    last_day: date
    numerator: Amount
    denominator: Amount | None = None
    currencies: frozenset[str] = frozenset()
    foreign_since: Mapping[str, date] = field(default_factory=dict)
    converted: Mapping[str, Conversion] = field(default_factory=dict)

    def _sum(self, amount: Amount, first: date, last: date) -> Decimal | None:
        total, seen, day = Decimal(0), False, first
        while day <= last:
            value = amount(day) if self.first_day <= day <= self.last_day else None
            if value is not None:
                total, seen = total + Decimal(value), True
            day += timedelta(days=1)
        return total if seen or self.kpi.empty == "zero" else None

    def pooled(self, first: date, last: date) -> Pooled:
        numerator = self._sum(self.numerator, first, last)
        if self.kpi.kind == "growth":
            days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
            base = sum(
                (self._sum(self.numerator, prior_year_day(d), prior_year_day(d)) or Decimal(0) for d in days),
                Decimal(0),
            )
            return Pooled(numerator / base - 1 if base and numerator is not None else None, numerator, base)
        if self.denominator is None:
            return Pooled(numerator, numerator)
        opening = self.kpi.denominator is not None and self.kpi.denominator.taken == "opening"
        below = self._sum(self.denominator, first, first if opening else last)
        if not below or below < self.kpi.minimum_sample or numerator is None:
            return Pooled(None, numerator, below)
        share = numerator / below
        return Pooled(1 - share if self.kpi.complement else share, numerator, below)


def steady(kpi_: Kpi, numerator: Amount, denominator: Amount | None = None, *, first: date = date(2024, 1, 1),
           last: date = date(2026, 12, 31), **more: Any) -> DailySeries:  # fmt: skip
    return DailySeries(kpi_, first, last, numerator, denominator, **more)


def fresh(name: str = "crm", received: datetime | None = None) -> SourceState:
    return SourceState(
        name,
        {"en": "CRM deals"},
        "fresh",
        received or datetime(2026, 11, 23, 3, tzinfo=UTC),
        date(2026, 11, 22),
    )


def result(goal_: Goal, kpi_: Kpi, series: Any, week: str = "2026-W47", **more: Any) -> GoalResult:
    wk = Week.parse(week)
    known = cutoff(wk, ZONE) - timedelta(hours=2)
    states = more.pop("states", {"crm": fresh(received=known)})
    return evaluate(goal_, kpi_, series, wk, cutoff(wk, ZONE), ZONE, states, **more)


def sentence(one: Any) -> str:
    """A reason as plain text: every number as it is."""
    return one.template.format(**{name: value for name, (_, value) in one.params.items()})
