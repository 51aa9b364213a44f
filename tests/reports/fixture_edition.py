"""A workspace and an edition with every kind of goal and every status, made of plain arithmetic.

Used by the document tests and for looking at pages. Nothing here is measured; the numbers only agree with
each other.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipeline.errors import Problem
from pipeline.goals.model import (
    Chance,
    ControlChart,
    DriverPart,
    Edition,
    GoalResult,
    LetterVerdict,
    PeriodValue,
    Point,
    Reason,
    Restatement,
    SmartVerdict,
    StatusName,
)
from pipeline.periods import Week, add_months, month_end, month_start
from pipeline.sources.state import Counts, SourceState
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Notes, Workspace

D = Decimal
WEEK = Week(2026, 47)
AS_OF = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
START, DUE = date(2026, 10, 1), date(2026, 12, 31)

GOALS: tuple[tuple[str, str, str, str, str, str, str, str, str, str, str], ...] = (
    # id, en, ru, kpi, kind, baseline, target, actual, expected share, status, previous
    (
        "revenue-q4",
        "Sales revenue",
        "Выручка от продаж",
        "sales_revenue",
        "cumulative",
        "0",
        "1200000",
        "610000",
        "0.576",
        "at_risk",
        "watch",
    ),
    (
        "churn-q4",
        "Reduce churn",
        "Снизить отток",
        "churn_rate",
        "level",
        "0.45",
        "0.20",
        "0.312",
        "0.576",
        "off_track",
        "at_risk",
    ),
    (
        "retention-hold",
        "Keep customers",
        "Удержать клиентов",
        "retention_rate",
        "maintain",
        "",
        "0.80",
        "0.771",
        "1",
        "missed",
        "at_risk",
    ),
    (
        "closing-q4",
        "Closing rate",
        "Доля выигранных сделок",
        "closing_rate",
        "level",
        "0.25",
        "0.30",
        "0.271",
        "0.576",
        "watch",
        "watch",
    ),
    (
        "admin-hours",
        "Less administrative work",
        "Меньше административной работы",
        "admin_hours",
        "level",
        "124",
        "90",
        "98",
        "0.576",
        "on_track",
        "on_track",
    ),
    (
        "cac-2026",
        "Customer acquisition cost",
        "Стоимость привлечения клиента",
        "cac",
        "maintain",
        "",
        "410",
        "392",
        "1",
        "on_track",
        "on_track",
    ),
    (
        "signups-q4",
        "Email and site sign-ups",
        "Регистрации на сайте и по e-mail",
        "signups",
        "cumulative",
        "0",
        "4200",
        "2790",
        "0.576",
        "on_track",
        "watch",
    ),
    (
        "gross-2026",
        "Gross profit of the year",
        "Валовая прибыль за год",
        "gross_profit",
        "cumulative",
        "0",
        "2640000",
        "2012400",
        "0.833",
        "watch",
        "on_track",
    ),
    (
        "net-2026",
        "Net profit",
        "Чистая прибыль",
        "net_profit",
        "cumulative",
        "0",
        "480000",
        "391000",
        "0.75",
        "on_track",
        "on_track",
    ),
    (
        "prospecting-q4",
        "Prospecting activity of the outbound team",
        "Активность исходящих продаж",
        "prospecting_activity",
        "cumulative",
        "0",
        "26000",
        "26310",
        "0.576",
        "achieved",
        "on_track",
    ),
    (
        "growth-2026",
        "Year-over-year sales growth",
        "Рост продаж год к году",
        "revenue_growth_yoy",
        "level",
        "0.04",
        "0.18",
        "",
        "0.576",
        "no_verdict",
        "on_track",
    ),
    (
        "funnel-q1",
        "Funnel flow to proposal",
        "Переход к предложению",
        "funnel_flow",
        "level",
        "0.28",
        "0.34",
        "",
        "0",
        "not_started",
        "not_started",
    ),
)
UNITS = {
    "sales_revenue": (Unit.MONEY, Direction.UP),
    "churn_rate": (Unit.PERCENT, Direction.DOWN),
    "retention_rate": (Unit.PERCENT, Direction.UP),
    "closing_rate": (Unit.PERCENT, Direction.UP),
    "admin_hours": (Unit.HOURS, Direction.DOWN),
    "cac": (Unit.MONEY, Direction.DOWN),
    "signups": (Unit.COUNT, Direction.UP),
    "gross_profit": (Unit.MONEY, Direction.UP),
    "net_profit": (Unit.MONEY, Direction.UP),
    "prospecting_activity": (Unit.COUNT, Direction.UP),
    "revenue_growth_yoy": (Unit.PERCENT, Direction.UP),
    "funnel_flow": (Unit.PERCENT, Direction.UP),
}
SOURCES = {
    "sales_revenue": ("hubspot_deals",),
    "closing_rate": ("hubspot_deals",),
    "funnel_flow": ("hubspot_deals",),
    "revenue_growth_yoy": ("hubspot_deals", "ledger"),
    "churn_rate": ("subscriptions",),
    "retention_rate": ("subscriptions",),
    "admin_hours": ("timecamp",),
    "cac": ("ledger", "subscriptions"),
    "signups": ("ga4",),
    "gross_profit": ("ledger",),
    "net_profit": ("ledger",),
    "prospecting_activity": ("mailshake",),
}
TEAMS = (
    "sales",
    "success",
    "success",
    "sales",
    "ops",
    "ops",
    "marketing",
    "ops",
    "ops",
    "sales",
    "sales",
    "sales",
)
PEOPLE = {"sales": "kim", "success": "ortiz", "ops": "diaz", "marketing": "rao"}


def workspace(root: Path | None = None, long: bool = False, goals: int = 12) -> Workspace:
    """Company X with as many goals as asked for; `long` gives every text its worst length."""
    return Workspace.model_validate(
        {
            "root": root or Path("/nowhere"),
            "company": {
                "company": {"en": "Company X", "ru": "Компания X"},
                "timezone": "Europe/Moscow",
                "currency": "EUR",
                "languages": ["en", "ru"],
            },
            "people": {
                "teams": [
                    {"id": "sales", "name": {"en": "Sales", "ru": "Продажи"}},
                    {"id": "success", "name": {"en": "Customer success", "ru": "Работа с клиентами"}},
                    {"id": "ops", "name": {"en": "Operations", "ru": "Операции"}},
                    {"id": "marketing", "name": {"en": "Marketing", "ru": "Маркетинг"}},
                ],
                "people": [
                    _person("kim", "Jin Kim", "Ким Чжин", "sales", long),
                    _person("ortiz", "Maria Ortiz", "Мария Ортис", "success", long),
                    _person("diaz", "Ana Diaz", "Ана Диас", "ops", long),
                    _person("rao", "Priya Rao", "Прия Рао", "marketing", long),
                ],
            },
            "audiences": [
                {"id": "leadership", "title": {"en": "Leadership", "ru": "Руководство"}, "language": "en"},
                {"id": "leadership-ru", "title": {"en": "Leadership", "ru": "Руководство"}, "language": "ru"},
                {
                    "id": "sales-team",
                    "title": {"en": "Sales team", "ru": "Отдел продаж"},
                    "language": "ru",
                    "teams": ["sales"],
                },
            ],
            "goals": [_goal(index, long) for index in range(goals)],
            "strategy": {
                "objectives": [{"id": "loyal", "title": {"en": "Loyal customers", "ru": "Лояльные клиенты"}}]
            },
        }
    )


def _person(key: str, en: str, ru: str, team: str, long: bool) -> dict:
    if long:
        en, ru = f"{en} von Hohenzollern-Sigmaringen-Rao"[:40], f"{ru} Константинопольская-Заозёрская"[:40]
    return {"id": key, "name": {"en": en, "ru": ru}, "teams": [{"team": team}]}


def _goal(index: int, long: bool) -> dict:
    row = GOALS[index % len(GOALS)]
    key, en, ru, kpi, kind, baseline, target = row[:7]
    unit = UNITS[kpi][0]
    suffix = "" if index < len(GOALS) else f"-{index}"
    if long:
        en, ru = (
            f"{en} of all enterprise customers in Europe"[:40],
            f"{ru} корпоративных клиентов Европы и Азии"[:46],
        )
    say = (lambda text: f"{D(text) * 100} %") if unit is Unit.PERCENT else (lambda text: text)
    owner = PEOPLE[TEAMS[index % 12]]
    tail = (
        " for the whole enterprise segment and all of its subsidiaries",
        " для всего корпоративного сегмента и филиалов",
    )
    goal = {
        "id": key + suffix,
        "title": {"en": en, "ru": ru},
        "owner": owner,
        "team": TEAMS[index % 12],
        "kpi": kpi,
        "kind": kind,
        "target": say(target),
        "start": START,
        "due": DUE,
        "supports": "loyal",
        "how": [
            {
                "id": f"step{n}",
                "title": {"en": t[0] + tail[0] * long, "ru": t[1] + tail[1] * long},
                "owner": owner,
                "start": START,
                "due": date(2026, 11, 5) + timedelta(days=9 * n),
                "done": d,
                "cost": 12000,
                "blocked_by": {
                    "en": "no budget decision yet" + " and a legal review" * long,
                    "ru": "нет решения по бюджету" + " и юридической экспертизы" * long,
                }
                if n == 1
                else {},
            }
            for n, (t, d) in enumerate(
                zip(
                    [
                        ("Extended trials", "Расширенный пробный период"),
                        ("Discounted membership", "Подписка со скидкой"),
                        ("Support staff +10 %", "Поддержка +10 %"),
                    ]
                    + [("Win-back letters", "Письма ушедшим клиентам")] * (4 * long),
                    (100, 40, 10, 0, 0, 0, 0),
                    strict=False,
                )
            )
        ],
    }
    if baseline:
        goal["baseline"] = say(baseline)
    if key == "closing-q4" and not suffix:
        goal["override"] = {
            "status": "on_track",
            "by": "ortiz",
            "until": date(2026, 12, 10),
            "reason": {
                "en": "Two large deals sign on 1 December",
                "ru": "Две крупные сделки подписываются 1 декабря",
            },
        }
        goal["target_changes"] = [
            {
                "on": date(2026, 11, 18),
                "by": "kim",
                "previous": "32 %",
                "reason": {"en": "Partner channel closed", "ru": "Закрыт партнёрский канал"},
            }
        ]
    if long:
        text = {
            "en": "A long and careful sentence about how this figure is verified, twice, by two people. " * 4,
            "ru": "Длинное и обстоятельное предложение о том, как проверяется этот показатель двумя людьми. "
            * 4,
        }
        goal["data_quality"] = dict.fromkeys(
            ("verification", "source", "accuracy", "limitations", "compensation"), text
        )
    return goal


def edition(
    goals: int = 12,
    chance: bool = False,
    empty: bool = False,
    reconstructed: bool = False,
    space: Workspace | None = None,
) -> Edition:
    """The edition of 2026-W47. `empty`: no source ever delivered anything."""
    results = tuple(_result(index, chance, empty) for index in range(goals))
    order = ("missed", "off_track", "at_risk", "watch", "no_verdict", "on_track", "not_started", "achieved")
    results = tuple(sorted(results, key=lambda one: order.index(one.status)))
    previous = tuple(
        replace(one, status=one.previous_status or one.status, as_of=AS_OF - timedelta(days=7))
        for one in results
    )
    return Edition(
        week=WEEK,
        as_of=AS_OF,
        known="then",
        results=results,
        previous=() if empty else previous,
        restatements=()
        if empty
        else (
            Restatement(
                "revenue-q4",
                "sales_revenue",
                date(2026, 11, 2),
                date(2026, 11, 8),
                D(58000),
                D(52000),
                Unit.MONEY,
                "hubspot_deals",
                AS_OF - timedelta(days=2),
            ),
        ),
        sources=sources(empty, reconstructed),
        smart={r.goal_id: _smart(r) for r in results},
        run_id="7f3a91c04e2b",
        inputs={} if empty else {"hubspot_deals": ("ab" * 32, "cd" * 32), "ledger": ("ef" * 32,)},
    )


def sources(empty: bool, reconstructed: bool) -> dict[str, SourceState]:
    names = {
        "hubspot_deals": ("HubSpot deals", "Сделки HubSpot"),
        "mailshake": ("Mailshake activity", "Активность Mailshake"),
        "timecamp": ("TimeCamp entries", "Часы TimeCamp"),
        "subscriptions": ("Subscriptions", "Подписки"),
        "ga4": ("GA4 sign-ups", "Регистрации GA4"),
        "ledger": ("General ledger", "Главная книга"),
    }
    states = {}
    for key, (en, ru) in names.items():
        state = SourceState(
            key,
            {"en": en, "ru": ru},
            "missing" if empty else "fresh",
            received_at=None if empty else AS_OF - timedelta(hours=9),
            data_through=None if empty else WEEK.sunday,
            counts=Counts() if empty else Counts(18412, 18412, 0, 0),
            reconstructed=reconstructed and key == "ledger",
            facts=("deals",),
            verification={"en": "Checked monthly against the bank", "ru": "Ежемесячная сверка с банком"},
            problem=Problem(
                "source-missing", "No export of {source} has been received.", params={"source": en}
            )
            if empty
            else None,
        )
        states[key] = state
    if not empty:
        states["timecamp"] = replace(
            states["timecamp"],
            counts=Counts(1204, 1199, 5, 0),
            reasons={"Negative hours": 3, "The date is not a date": 2},
        )
        states["ga4"] = replace(
            states["ga4"],
            freshness="stale",
            received_at=AS_OF - timedelta(days=11),
            data_through=date(2026, 11, 11),
        )
        states["ledger"] = replace(
            states["ledger"],
            freshness="refused",
            counts=Counts(),
            problem=Problem("csv-encoding", "The file is not {encoding}.", params={"encoding": "utf-8"}),
        )
    return states


def _series(index: int, unit: Unit, actual: float, kind: str) -> list[float]:
    size = {Unit.MONEY: 1.0, Unit.PERCENT: 1.0}.get(unit, 1.0)
    level = actual / 8 if kind == "cumulative" else actual
    return [
        size * level * (1 + 0.12 * math.sin(n * 1.7 + index) + 0.05 * math.cos(n * 0.6)) for n in range(60)
    ]


def _exact(value: float, unit: Unit) -> Decimal:
    return D(str(round(value, 4 if unit is Unit.PERCENT else 0)))


def _result(index: int, with_chance: bool, empty: bool) -> GoalResult:
    row = GOALS[index % len(GOALS)]
    key, _, _, kpi, kind, base, goal, now, share, status, before = row
    unit, direction = UNITS[kpi]
    baseline, target = (D(base) if base else None), D(goal)
    actual = None if empty or not now else D(now)
    status_now: StatusName = "no_verdict" if empty else status  # type: ignore[assignment]
    expected = D(share)
    origin = baseline or D(0)
    plan_value = target if kind == "maintain" else origin + (target - origin) * expected
    progress = (
        None
        if actual is None
        else (D("0.78") if kind == "maintain" else (actual - origin) / (target - origin))
    )
    values = [] if actual is None else _series(index, unit, float(actual), kind)
    periods = _weeks(values, unit)
    rate = sum((p.value or D(0) for p in periods[-4:]), D(0)) / 4 if periods else None
    needed = (target - actual) / D(6) if kind == "cumulative" and actual is not None else None
    chance = (
        Chance(0.27, actual * D("0.9"), actual * D("1.2"), actual * D("1.05"))
        if with_chance and actual
        else None
    )
    reason = {
        "no_verdict": Reason(
            "No figure since {day}: {source} was refused.",
            {
                "day": ("date", date(2026, 11, 8)),
                "source": ("text", {"en": "General ledger", "ru": "Главная книга"}),
            },
        ),
        "not_started": Reason("Starts on {day}.", {"day": ("date", date(2027, 1, 4))}),
    }.get(status_now) or Reason(
        "{gap} behind plan: the last {n} weeks ran at {rate}, {needed} a week is needed.",
        {
            "gap": (
                "points" if unit is Unit.PERCENT else unit.value,
                abs(actual - plan_value) if actual is not None else D(0),
            ),
            "n": ("count", D(4)),
            "rate": (unit.value, rate),
            "needed": (unit.value, needed or plan_value),
        },
    )
    return GoalResult(
        goal_id=key + ("" if index < len(GOALS) else f"-{index}"),
        kpi_id=kpi,
        kind=kind,  # type: ignore[arg-type]
        unit=unit,
        direction=direction,
        baseline=baseline,
        target=target,
        original_target=D("0.32") if key == "closing-q4" else None,
        start=START,
        due=DUE,
        as_of=AS_OF,
        data_through=WEEK.sunday,
        period="week",
        periods_total=14,
        periods_closed=8,
        actual=actual,
        numerator=D(84) if unit is Unit.PERCENT and actual is not None else None,
        denominator=D(310) if unit is Unit.PERCENT and actual is not None else None,
        progress=progress,
        expected=None if kind == "maintain" else expected,
        expected_value=plan_value,
        plan_used="linear",
        pace_gap=None if progress is None or kind == "maintain" else progress - expected,
        pace_index=None if progress is None else progress / expected if expected else None,
        gap_value=None if actual is None else actual - plan_value,
        run_rate=rate,
        required_rate=needed,
        required_multiple=needed / rate if needed and rate else None,
        best_period=max((p.value or D(0) for p in periods), default=None),
        completeness=D(1),
        chance=chance,
        status=status_now,
        basis="none" if status_now == "no_verdict" else "chance" if chance else "pace",
        reason=reason,
        previous_status=before,  # type: ignore[arg-type]
        measured_label=Reason("sum since {day}", {"day": ("date", START)})
        if kind == "cumulative"
        else Reason("pooled over the last {n} weeks", {"n": ("count", D(13))}),
        calculation=Reason(
            "{actual} so far of {target} is {share} of the way; the plan asks for {expected} by now.",
            {
                "actual": (unit.value, actual),
                "target": (unit.value, target),
                "share": ("percent", progress),
                "expected": ("percent", expected),
            },
        ),
        periods=periods,
        months=_months(values, unit),
        burn_up=_burn(kind, periods, actual, origin, target),
        control=_control(periods),
        drivers=_drivers(actual, unit),
        sources=SOURCES[kpi],
        problems=("ledger",) if status_now == "no_verdict" else (),
        override_status="on_track" if key == "closing-q4" and index < 12 else None,
    )


def _weeks(values: list[float], unit: Unit) -> tuple[PeriodValue, ...]:
    weeks = [WEEK.plus(n - len(values) + 1) for n in range(len(values))]
    rate = unit is Unit.PERCENT
    return tuple(
        PeriodValue(
            w.monday,
            w.sunday,
            None if n == len(values) - 9 else _exact(v, unit),
            D(21) if rate else None,
            D(78) if rate else None,
            True,
            _exact(v * 0.93, unit),
        )
        for n, (w, v) in enumerate(zip(weeks, values, strict=True))
    )


def _months(values: list[float], unit: Unit) -> tuple[PeriodValue, ...]:
    if not values:
        return ()
    firsts = [add_months(month_start(WEEK.sunday), n - 12) for n in range(13)]
    factor = 1 if unit is Unit.PERCENT else 4.3
    return tuple(
        PeriodValue(
            day,
            month_end(day),
            _exact(values[n * 3] * factor, unit),
            closed=n < 12,
            prior_year=_exact(values[n * 3 + 1] * factor * 0.9, unit) if n > 1 else None,
        )
        for n, day in enumerate(firsts)
    )


def _burn(
    kind: str, periods: tuple[PeriodValue, ...], actual: Decimal | None, origin: Decimal, target: Decimal
):
    total = (DUE - START).days + 1
    points, done = [], 0
    days = [START + timedelta(days=7 * n + 3) for n in range(13)] + [DUE]
    for day in days:
        share = D((day - START).days + 1) / total
        plan = target if kind == "maintain" else origin + (target - origin) * share
        value = None
        if actual is not None and day <= WEEK.sunday:
            done += 1
            value = (
                actual * D(done) / 8 * D("0.98") + actual * D("0.02")
                if kind == "cumulative"
                else periods[-9 + done].value
            )
        points.append(Point(day, value, plan))
    return tuple(points)


def _control(periods: tuple[PeriodValue, ...]) -> ControlChart | None:
    values = [p.value for p in periods if p.value is not None]
    if not values:
        return None
    mean = sum(values, D(0)) / len(values)
    return ControlChart(mean, mean * D("0.88"), mean * D("1.12"), ("outside",), "fails")


def _drivers(actual: Decimal | None, unit: Unit) -> tuple[DriverPart, ...]:
    if actual is None:
        return ()
    parts = (
        ("region", "EMEA", "0.52", "-0.06"),
        ("region", "Americas", "0.31", "0.02"),
        ("region", "APAC", "0.17", "-0.01"),
    )
    rate = unit is Unit.PERCENT
    return tuple(
        DriverPart(d, v, actual if rate else actual * D(s), None if rate else D(s), actual * D(c))
        for d, v, s, c in parts
    )


def _smart(result: GoalResult) -> SmartVerdict:
    money = ("text", result.kpi_id)
    return SmartVerdict(
        result.goal_id,
        (
            LetterVerdict("S", "pass", (Reason("KPI, owner and number are named."),)),
            LetterVerdict(
                "M",
                "unknown" if result.actual is None else "pass",
                (Reason("{kpi} is fed by its sources.", {"kpi": money}),),
            ),
            LetterVerdict("A", "warn", (Reason("No period on record reached the pace that is needed."),)),
            LetterVerdict(
                "R",
                "pass",
                (
                    Reason(
                        "Supports {objective}.",
                        {"objective": ("text", {"en": "Loyal customers", "ru": "Лояльные клиенты"})},
                    ),
                ),
            ),
            LetterVerdict(
                "T",
                "pass",
                (Reason("From {start} to {due}.", {"start": ("date", START), "due": ("date", DUE)}),),
            ),
        ),
    )


def notes() -> Notes:
    return Notes.model_validate(
        {
            "decisions": [
                {
                    "text": {
                        "en": "Approve the save-offer budget of €12 k",
                        "ru": "Утвердить бюджет удержания 12 тыс. €",
                    },
                    "owner": "ortiz",
                    "due": date(2026, 11, 25),
                },
            ],
            "actions": [
                {
                    "text": {
                        "en": "Review the pull-forward list",
                        "ru": "Разобрать список сделок на перенос",
                    },
                    "owner": "kim",
                    "done": True,
                },
                {
                    "text": {
                        "en": "Call the ten largest churned accounts",
                        "ru": "Позвонить десяти крупнейшим ушедшим клиентам",
                    },
                    "owner": "ortiz",
                    "done": False,
                },
            ],
        }
    )
