"""The seeded generator of the sample company's exports: same seed, same bytes, on any machine.

Here: the invented world of Company X (deals, outreach, tracked time, freelance spend, tasks, subscriptions,
sign-ups, ledger, partner sales) and how each system would have exported it, week by week. Not here: the
workspace itself (the YAML beside this file is written by hand) nor any figure the pipeline should print.

Standard library only. Only random() of a seeded Mersenne Twister, integer arithmetic and own samplers are
used: choices, shuffles and transcendental functions may differ between Python versions or C libraries.
The world is always simulated to the same horizon, so a longer `--until` only adds files.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import random
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

DAY = timedelta(days=1)
HORIZON = date(2027, 2, 28)
"""The world is simulated until this day whatever is exported."""
HISTORY_START = date(2023, 10, 2)
LANDING_START = date(2025, 11, 3)
"""Everything before came in history files received that morning; from this Monday on exports are weekly."""
Rows = Iterable[Sequence[str]]


# --- randomness and calendar -------------------------------------------------------------------------


class Dice:
    """A stream of its own for each part of the world, so that changing one leaves the others as they were."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._random = random.Random(int.from_bytes(digest[:8], "big")).random

    def upto(self, limit: int) -> int:
        """0 <= n < limit, evenly."""
        return int(self._random() * limit)

    def between(self, low: int, high: int) -> int:
        """low <= n <= high, evenly."""
        return low + self.upto(high - low + 1)

    def chance(self, per_mille: int) -> bool:
        return self.upto(1000) < per_mille

    def rare(self, per_million: int) -> bool:
        return self.upto(1_000_000) < per_million

    def count(self, mean_milli: int) -> int:
        """A count with the given mean (in thousandths) and nearly its variance: many small chances."""
        trials, rest = divmod(mean_milli * 8, 1000)
        return sum(self.chance(125) for _ in range(trials + self.chance(rest)))

    def pick(self, weighted: Sequence[tuple[str, int]]) -> str:
        place = self.upto(sum(weight for _, weight in weighted))
        for value, weight in weighted:
            place -= weight
            if place < 0:
                return value
        raise AssertionError("weights are positive")

    def one_of(self, values: Sequence[str]) -> str:
        return values[self.upto(len(values))]

    def moment(self, day: date, first_hour: int, last_hour: int) -> datetime:
        return datetime.combine(day, time(self.between(first_hour, last_hour), self.upto(60), self.upto(60)))


def days(first: date, last: date) -> list[date]:
    return [first + i * DAY for i in range((last - first).days + 1)]


def monday_of(day: date) -> date:
    return day - day.weekday() * DAY


def week_name(monday: date) -> str:
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02d}"


def parse_week(text: str) -> date:
    year, _, number = text.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def month_firsts(first: date, last: date) -> list[date]:
    found = [first.replace(day=1)]
    while next_month(found[-1]) <= last:
        found.append(next_month(found[-1]))
    return found


def next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _last_sunday(year: int, month: int) -> date:
    end = next_month(date(year, month, 1)) - DAY
    return end - (end.weekday() + 1) % 7 * DAY


def offset_hours(local: datetime) -> int:
    """Berlin's hours ahead of UTC by the rule in force since 1996; the doubled autumn hour is summer time."""
    start = datetime.combine(_last_sunday(local.year, 3), time(2))
    end = datetime.combine(_last_sunday(local.year, 10), time(3))
    return 2 if start <= local < end else 1


def with_offset(local: datetime) -> str:
    return f"{local:%Y-%m-%dT%H:%M:%S}+0{offset_hours(local)}:00"


def as_utc(local: datetime) -> str:
    return f"{local - timedelta(hours=offset_hours(local)):%Y-%m-%dT%H:%M:%SZ}"


SEASON = (98, 96, 103, 101, 99, 94, 86, 84, 102, 107, 112, 118)
"""Per cent of a usual month, January first: a quiet summer, a busy end of the year."""


def season(day: date) -> int:
    return SEASON[day.month - 1]


def growth(day: date, per_mille_a_week: int) -> int:
    """1000 at the start of the history, more by a straight line."""
    return 1000 + per_mille_a_week * ((day - HISTORY_START).days // 7)


def money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


# --- what is written ---------------------------------------------------------------------------------


@dataclass
class Exports:
    """Files by path, with the company time each was received."""

    since: date
    until: date
    """The Monday of the last week that is exported."""
    files: dict[str, bytes] = field(default_factory=dict)
    received: dict[str, str] = field(default_factory=dict)

    @property
    def end(self) -> date:
        return self.until + 6 * DAY

    def add(self, path: str, data: bytes, received: datetime) -> None:
        name = f"exports/{path}"
        self.files[name] = data
        self.received[name] = with_offset(received)

    def weeks(self) -> list[date]:
        count = (self.until - LANDING_START).days // 7 + 1
        return [LANDING_START + i * 7 * DAY for i in range(count)]


def csv_bytes(header: Sequence[str], rows: Rows, delimiter: str = ",", end: str = "\r\n") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def monday_morning(monday: date, minute: int) -> datetime:
    """Receipt of a week's export: between 06:00 and 06:40 on the Monday after it."""
    return datetime.combine(monday + 7 * DAY, time(6, minute))


def weekly(
    exports: Exports,
    source: str,
    minute: int,
    cut: Callable[[date, date], bytes],
    late: dict[str, datetime] | None = None,
    skipped: frozenset[str] = frozenset(),
) -> None:
    """One history file, then a file a week. `cut(first, last)` writes what the system shows of those days
    at the end of the last one."""
    history = datetime.combine(LANDING_START, time(6, 0))
    first = max(exports.since, HISTORY_START)
    exports.add(f"{source}/{source}-history.csv", cut(first, LANDING_START - DAY), history)
    for monday in exports.weeks():
        name = week_name(monday)
        if name not in skipped:
            received = (late or {}).get(name) or monday_morning(monday, minute)
            exports.add(f"{source}/{source}-{name}.csv", cut(monday, monday + 6 * DAY), received)


def monthly(
    exports: Exports,
    source: str,
    hour: int,
    cut: Callable[[date, date], bytes],
    day: int = 8,
    kind: str = "csv",
) -> None:
    """One history file up to September 2025, then a file a month received on the 8th or the next workday."""
    first = max(exports.since, HISTORY_START)
    history = datetime.combine(LANDING_START, time(6, 0))
    exports.add(f"{source}/{source}-history.{kind}", cut(first, date(2025, 9, 30)), history)
    for start in month_firsts(date(2025, 10, 1), exports.end):
        received = next_month(start).replace(day=day)
        received += (7 - received.weekday()) * DAY if received.weekday() > 4 else 0 * DAY
        if received <= exports.end + DAY:
            data = cut(start, next_month(start) - DAY)
            at = datetime.combine(received, time(hour, 20))
            exports.add(f"{source}/{source}-{start:%Y-%m}.{kind}", data, at)


# --- people ------------------------------------------------------------------------------------------

REPS = (
    ("Irina Sokolova", date(2023, 1, 1), date(2030, 1, 1), 30),
    ("Marco Vale", date(2023, 1, 1), date(2030, 1, 1), 28),
    ("Jonas Brandt", date(2023, 1, 1), date(2025, 8, 29), 24),
    ("Lena Fischer", date(2024, 4, 2), date(2030, 1, 1), 26),
    ("Dmitri Orlov", date(2025, 9, 1), date(2030, 1, 1), 24),
)
"""Sales representatives: name, first and last working day, share of the deals."""

MAIL = {
    "Irina Sokolova": "i.sokolova@companyx.example",
    "Marco Vale": "m.vale@companyx.example",
    "Jonas Brandt": "j.brandt@companyx.example",
    "Lena Fischer": "l.fischer@companyx.example",
    "Dmitri Orlov": "d.orlov@companyx.example",
}


def reps_on(day: date) -> list[tuple[str, int]]:
    return [(name, weight) for name, first, last, weight in REPS if first <= day <= last]


# --- deals -------------------------------------------------------------------------------------------

STAGES = (
    "Appointment Scheduled",
    "Qualified To Buy",
    "Presentation Scheduled",
    "Decision Maker Bought-In",
    "Contract Sent",
)
WON, LOST = "Closed Won", "Closed Lost"
STAGE_IDS = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
    "closedwon",
    "closedlost",
)
"""What HubSpot calls the stages, won and lost, inside."""
PRODUCTS = (("Hotel package", 34), ("Venue screens", 30), ("Telecom bundle", 14), ("Corporate events", 22))
PRICES = {"Hotel package": 5200, "Venue screens": 2900, "Telecom bundle": 9800, "Corporate events": 4100}
REGIONS = (("DACH", 40), ("Nordics", 22), ("Iberia", 18), ("CEE", 20))
FIRST_WORDS = (
    "Alpen", "Baltic", "Cedar", "Delta", "Ember", "Fjord", "Garnet", "Harbour", "Iris", "Juniper", "Kestrel",
    "Linden", "Marble", "Nordlicht", "Orbit", "Pine", "Quartz", "Rowan", "Silver", "Tern", "Umbra", "Vela",
    "Willow", "Zenit",
)  # fmt: skip
SECOND_WORDS = (
    "Hotels", "Gyms", "Telecom", "Cafés", "Resorts", "Cinemas", "Foods", "Arenas", "Clinics", "& Sohn",
    "Campus", "Lines", "Media", "Retail", "Studios", "Hostels",
)  # fmt: skip


@dataclass
class Deal:
    number: int
    name: str
    company: str
    owner: str
    product: str
    region: str
    cents: int
    created: datetime
    entered: list[tuple[str, datetime]]
    expected: date
    corrections: list[tuple[datetime, int | None]] = field(default_factory=list)
    """(when, new amount in cents, or None for reopened)."""

    def modified(self, first: date, last: date) -> bool:
        moments = [self.created, *(at for _, at in self.entered), *(at for at, _ in self.corrections)]
        return any(first <= at.date() <= last for at in moments)

    def entries_at(self, seen: datetime) -> list[tuple[str, datetime]]:
        """Stages entered by `seen`; a reopened deal has lost its closing until it is closed again."""
        reopened = [at for at, cents in self.corrections if cents is None and at <= seen]
        known = [(stage, at) for stage, at in self.entered if at <= seen]
        if reopened:
            known = [(stage, at) for stage, at in known if stage not in (WON, LOST) or at > reopened[-1]]
        return known

    def row(self, seen: datetime) -> list[str]:
        """The export's row as the CRM showed it at `seen`."""
        known = self.entries_at(seen)
        stage, at = known[-1]
        closing = f"{at:%Y-%m-%d %H:%M}" if stage in (WON, LOST) else f"{self.expected} 00:00"
        cents = self.cents
        for when, corrected in self.corrections:
            if when <= seen and corrected is not None:
                cents = corrected
        when_entered = dict(known)
        stage_cells = [
            f"{when_entered[name]:%Y-%m-%d %H:%M}" if name in when_entered else ""
            for name in (*STAGES, WON, LOST)
        ]
        touched = [
            self.created,
            *(moment for _, moment in self.entered),
            *(when for when, _ in self.corrections),
        ]
        modified = max(moment for moment in touched if moment <= seen)
        return [
            str(self.number),
            self.name,
            stage,
            money(cents).removesuffix(".00"),
            closing,
            f"{self.created:%Y-%m-%d %H:%M}",
            self.owner,
            "Sales Pipeline",
            self.company,
            self.product,
            self.region,
            *stage_cells,
            f"{modified:%Y-%m-%d %H:%M}",
        ]


DEAL_HEADER = (
    "Record ID",
    "Deal Name",
    "Deal Stage",
    "Amount",
    "Close Date",
    "Create Date",
    "Deal owner",
    "Pipeline",
    "Associated Company",
    "Product",
    "Region",
    *(f'Date entered "{stage} (Sales Pipeline)"' for stage in (*STAGES, WON, LOST)),
    "Last Modified Date",
)


def make_deals(seed: int) -> list[Deal]:
    dice = Dice(seed, "deals")
    deals: list[Deal] = []
    for day in days(HISTORY_START - 70 * DAY, HORIZON):
        weekday_share = (22, 23, 22, 19, 12, 1, 1)[day.weekday()]
        mean = 19 * 10 * weekday_share * season(day) * growth(day, 1) // 100_000
        for _ in range(dice.count(mean)):
            deals.append(_new_deal(dice, day, 90210001 + len(deals)))
    _correct_week_45(deals)
    return deals


def _new_deal(dice: Dice, day: date, number: int) -> Deal:
    owner = dice.pick(reps_on(day))
    product = dice.pick(PRODUCTS)
    company = f"{dice.one_of(FIRST_WORDS)} {dice.one_of(SECOND_WORDS)}"
    price = PRICES[product] * growth(day, 1) // 1000
    cents = price * dice.between(45, 165) // 100 * 100 + (50 if dice.chance(60) else 0)
    created = dice.moment(day, 8, 18)
    entered = _journey(dice, created, owner, product)
    return Deal(
        number=number,
        name=f"{company} - {product.lower()}" + (", renewal" if dice.chance(90) else ""),
        company=company,
        owner="" if dice.chance(8) else owner,
        product=product,
        region=dice.pick(REGIONS),
        cents=cents,
        created=created,
        entered=entered,
        expected=(created + timedelta(days=dice.between(35, 75))).date(),
    )


def _journey(dice: Dice, created: datetime, owner: str, product: str) -> list[tuple[str, datetime]]:
    """Stage by stage until won or lost. Better qualification since late August 2026 shows in the odds."""
    win = 250 if created.date() < date(2026, 8, 24) else 300
    win += {"Irina Sokolova": 35, "Dmitri Orlov": -25}.get(owner, 0) + (
        -40 if product == "Telecom bundle" else 0
    )
    won = dice.chance(win)
    reached = len(STAGES) if won else int(dice.pick((("1", 28), ("2", 30), ("3", 22), ("4", 12), ("5", 8))))
    entered, at = [], created
    for stage in STAGES[:reached]:
        entered.append((stage, at))
        at = _next_step(dice, at)
    entered.append((WON if won else LOST, at))
    return entered


def _next_step(dice: Dice, at: datetime) -> datetime:
    day = at.date() + dice.between(2, 13) * DAY
    if day.weekday() > 4 and not dice.chance(60):
        day += (7 - day.weekday()) * DAY
    if day.month == 12 and day.day > 23 and not dice.chance(200):
        day = date(day.year + 1, 1, 2) + dice.between(0, 6) * DAY
    return dice.moment(day, 8, 18) if not dice.chance(15) else dice.moment(day, 23, 23)


def _correct_week_45(deals: list[Deal]) -> None:
    """In week 47 of 2026 a deal won in week 45 is partly refunded and another one turns out not to be won."""
    first, last = date(2026, 11, 2), date(2026, 11, 8)
    won = [
        deal for deal in deals if deal.entered[-1][0] == WON and first <= deal.entered[-1][1].date() <= last
    ]
    won.sort(key=lambda deal: (-deal.cents, deal.number))
    won[0].corrections.append((datetime(2026, 11, 18, 15, 20), won[0].cents * 6 // 1000 * 100))
    won[1].corrections.append((datetime(2026, 11, 19, 10, 5), None))
    won[1].expected = date(2026, 12, 11)
    lost_at = datetime(2026, 12, 10, 14, 30)
    won[1].entered = [*won[1].entered[:-1], won[1].entered[-1], (LOST, lost_at)]


def export_deals(exports: Exports, deals: list[Deal]) -> None:
    def cut(first: date, last: date) -> bytes:
        seen = datetime.combine(last, time(23, 59, 59))
        begin = first if first >= LANDING_START else date(2000, 1, 1)
        rows = [
            deal.row(seen)
            for deal in deals
            if deal.modified(begin, last) and deal.created.date() <= last and _kept(deal, exports.since)
        ]
        return csv_bytes(DEAL_HEADER, rows)

    weekly(exports, "hubspot_deals", 5, cut)
    partial = "exports/hubspot_deals/hubspot_deals-2026-W46.csv"
    if partial in exports.files:
        # On Monday only a view up to Tuesday evening had been exported; the whole week came on Wednesday.
        exports.files[partial] = cut(date(2026, 11, 9), date(2026, 11, 10))
        whole = cut(date(2026, 11, 9), date(2026, 11, 15))
        exports.add("hubspot_deals/hubspot_deals-2026-W46-whole.csv", whole, datetime(2026, 11, 18, 10, 12))
    internal = "exports/hubspot_deals/hubspot_deals-2026-W42.csv"
    if internal in exports.files:
        exports.files[internal] = _with_internal_names(exports.files[internal])


def _with_internal_names(data: bytes) -> bytes:
    """The file as HubSpot writes it with internal values: stages and pipelines by identifier."""
    header, *rows = csv.reader(io.StringIO(data.decode()))
    stage, pipeline = header.index("Deal Stage"), header.index("Pipeline")
    names = dict(zip((*STAGES, WON, LOST), STAGE_IDS, strict=True))
    for row in rows:
        row[stage], row[pipeline] = names[row[stage]], "default"
    return csv_bytes(DEAL_HEADER, rows)


def _kept(deal: Deal, since: date) -> bool:
    return deal.entered[-1][1].date() >= since


# --- subscriptions -----------------------------------------------------------------------------------

PLANS = (("Solo monthly", 44), ("Family monthly", 30), ("Family quarterly", 12), ("Venue monthly", 14))
PLAN_CENTS = {"Solo monthly": 999, "Family monthly": 1499, "Family quarterly": 1299, "Venue monthly": 8900}
CHANNELS = (
    ("Organic Search", 34),
    ("Paid Search", 26),
    ("Paid Social", 18),
    ("Referral", 12),
    ("Partner", 10),
)
SUBSCRIPTION_HEADER = (
    "subscription_id",
    "customer_id",
    "plan",
    "started_on",
    "ended_on",
    "mrr",
    "currency",
    "region",
    "channel",
    "is_new_customer",
)


@dataclass
class Subscription:
    number: int
    customer: int
    plan: str
    started: date
    region: str
    channel: str
    is_new: bool
    ended: date | None = None

    def row(self, seen: date) -> list[str]:
        ended = self.ended.isoformat() if self.ended and self.ended <= seen else ""
        return [
            f"S{self.number:06d}",
            f"C{self.customer:06d}",
            self.plan,
            self.started.isoformat(),
            ended,
            money(PLAN_CENTS[self.plan]),
            "EUR",
            self.region,
            self.channel,
            "true" if self.is_new else "false",
        ]


def leaving_chance(day: date) -> int:
    """Chance (per million) that a subscriber leaves on a day: rising until September 2026, then falling as
    extended trials and the discounted membership begin."""
    weeks = (day - HISTORY_START).days // 7
    usual = 4050 + 7 * weeks
    usual += (250, 120, 0, 0, 60, 200, 260, 200, 0, -80, -120, -160)[day.month - 1]
    relief = min(max((day - date(2026, 9, 10)).days, 0), 38)
    return usual * (1000 - relief * 1000 // 58) // 1000


def make_subscriptions(seed: int) -> list[Subscription]:
    dice = Dice(seed, "subscriptions")
    everyone: list[Subscription] = []
    active: list[Subscription] = []
    gone: list[int] = []
    customers = 0
    for day in days(HISTORY_START - 1 * DAY, HORIZON):
        if day < HISTORY_START:
            count = 1000
        else:
            mean = 5200 * season(day) * growth(day, 2) // 100_000
            count = dice.count(mean * (90, 84, 84, 88, 110, 132, 112)[day.weekday()] // 100)
        staying: list[Subscription] = []
        chance = leaving_chance(day)
        for one in active:
            factor = 7 if one.plan == "Family quarterly" else 12 if one.plan == "Solo monthly" else 9
            if dice.rare(chance * factor // 10):
                one.ended = day
                gone.append(one.customer)
            else:
                staying.append(one)
        active = staying
        for _ in range(count):
            back = bool(gone) and dice.chance(110)
            if not back:
                customers += 1
            customer = gone.pop(dice.upto(len(gone))) if back else customers
            started = day if day >= HISTORY_START else HISTORY_START - dice.between(1, 500) * DAY
            one = Subscription(
                100001 + len(everyone),
                200000 + customer,
                dice.pick(PLANS),
                started,
                dice.pick(REGIONS),
                dice.pick(CHANNELS),
                not back,
            )
            everyone.append(one)
            active.append(one)
    return everyone


def export_subscriptions(exports: Exports, subscriptions: list[Subscription]) -> None:
    def cut(first: date, last: date) -> bytes:
        rows = []
        for one in subscriptions:
            began = first <= one.started <= last or (first < LANDING_START and one.started <= last)
            ended = one.ended is not None and first <= one.ended <= last
            if (began or ended) and (one.ended is None or one.ended >= exports.since):
                rows.append(one.row(last))
        return csv_bytes(SUBSCRIPTION_HEADER, rows, end="\n")

    weekly(exports, "subscriptions_all", 10, cut)


# --- partner sales -----------------------------------------------------------------------------------

PARTNERS = (("Вектор Медиа", 34), ("Балтик Лайн", 26), ("ТелеСеть", 22), ("Adria Hotels", 18))
PARTNER_HEADER = ("Номер", "Дата продажи", "Партнёр", "Продукт", "Сумма, EUR", "Менеджер")


@dataclass(frozen=True)
class PartnerSale:
    number: int
    day: date
    partner: str
    product: str
    cents: int

    def row(self) -> list[str]:
        return [
            f"П-{self.number}",
            f"{self.day:%d.%m.%Y}",
            self.partner,
            self.product,
            russian_money(self.cents),
            "Соколова Ирина" if self.number % 2 else "Вале Марко",
        ]


def russian_money(cents: int) -> str:
    """1 234,50 with a no-break space, as a spreadsheet with Russian settings writes it."""
    whole, rest = divmod(abs(cents), 100)
    text = str(whole)
    groups: list[str] = []
    while len(text) > 3:
        groups.insert(0, text[-3:])
        text = text[:-3]
    return ("-" if cents < 0 else "") + "\u00a0".join([text, *groups]) + f",{rest:02d}"


def make_partner_sales(seed: int) -> list[PartnerSale]:
    dice = Dice(seed, "partners")
    sales: list[PartnerSale] = []
    for day in days(HISTORY_START, HORIZON):
        mean = 1150 * season(day) * growth(day, 3) // 100_000 if day.weekday() < 5 else 150
        for _ in range(dice.count(mean)):
            product = dice.pick(PRODUCTS)
            cents = PRICES[product] * dice.between(12, 48) + dice.upto(100)
            sales.append(PartnerSale(4001 + len(sales), day, dice.pick(PARTNERS), product, cents))
    return sales


def export_partner_sales(exports: Exports, sales: list[PartnerSale]) -> None:
    def cut(first: date, last: date) -> bytes:
        rows = [sale.row() for sale in sales if first <= sale.day <= last]
        text = csv_bytes(PARTNER_HEADER, rows, delimiter=";").decode()
        return text.encode("cp1251")

    weekly(exports, "partner_sales", 35, cut)
    dirty = "exports/partner_sales/partner_sales-2026-W47.csv"
    if dirty in exports.files:
        monday = date(2026, 11, 16)
        exports.files[dirty] = _dirty_week([sale for sale in sales if monday <= sale.day <= monday + 6 * DAY])


def _dirty_week(sales: list[PartnerSale]) -> bytes:
    """Week 47 as a hurried spreadsheet left it: a row twice, a day that does not exist, an amount with a
    letter, an unknown partner, a row cut short, and a total row in Russian."""
    rows = [sale.row() for sale in sales]
    rows.insert(3, list(rows[1]))
    rows.append(["П-9001", "31.11.2026", "ТелеСеть", "Hotel package", "1\u00a0480,00", "Вале Марко"])
    rows.append(["П-9002", "19.11.2026", "Вектор Медиа", "Venue screens", "1\u00a02О0,00", "Соколова Ирина"])
    rows.append(["П-9003", "20.11.2026", "Вектор Медия", "Venue screens", "910,00", "Соколова Ирина"])
    rows.append(["П-9004", "20.11.2026", "Балтик Лайн"])
    total = sum(sale.cents for sale in sales)
    rows.append(["Итого", "", "", "", russian_money(total), ""])
    return csv_bytes(PARTNER_HEADER, rows, delimiter=";").decode().encode("cp1251")


# --- the ledger --------------------------------------------------------------------------------------

LEDGER_HEADER = ("date", "account_code", "account_name", "debit", "credit", "currency", "department", "memo")
ACCOUNTS = {
    "4000": "Subscription revenue", "4100": "Business contracts", "4200": "Partner sales",
    "5000": "Content licences", "5100": "Content delivery", "5200": "Payment fees",
    "6000": "Sales and marketing salaries", "6100": "Advertising", "6110": "Events", "6120": "Outreach tools",
    "6130": "Freelance research", "7000": "Product and support salaries", "7100": "Rent",
    "7200": "Software and hosting", "7300": "Professional fees", "8000": "Interest", "8100": "Income tax",
}  # fmt: skip


class Ledger:
    """Lines of one month; income on the credit side, costs on the debit side."""

    def __init__(self) -> None:
        self.lines: list[tuple[date, str, int, str, str]] = []

    def post(self, day: date, account: str, cents: int, department: str, memo: str) -> None:
        if cents:
            self.lines.append((day, account, cents, department, memo))

    def total(self, *accounts: str) -> int:
        return sum(cents for _, account, cents, _, _ in self.lines if account in accounts)

    def rows(self) -> list[list[str]]:
        return [
            [
                day.isoformat(),
                account,
                ACCOUNTS[account],
                money(-cents) if cents < 0 else "",
                money(cents) if cents > 0 else "",
                "EUR",
                department,
                memo,
            ]
            for day, account, cents, department, memo in sorted(
                self.lines, key=lambda line: (line[0], line[1])
            )
        ]


@dataclass
class World:
    deals: list[Deal]
    subscriptions: list[Subscription]
    partner_sales: list[PartnerSale]
    freelance: list[FreelanceCost]

    def won_cents(self, first: date, last: date) -> int:
        return sum(
            deal.cents
            for deal in self.deals
            if deal.entered[-1][0] == WON and first <= deal.entered[-1][1].date() <= last
        )

    def subscription_cents(self, day: date) -> int:
        """Monthly recurring revenue in force on a day."""
        return sum(
            PLAN_CENTS[one.plan]
            for one in self.subscriptions
            if one.started <= day and (one.ended is None or one.ended > day)
        )


def make_ledger_month(world: World, dice: Dice, start: date) -> Ledger:
    last = next_month(start) - DAY
    books = Ledger()
    books.post(
        last, "4000", world.subscription_cents(start + 14 * DAY), "Retention", "Subscriptions of the month"
    )
    for first in range(1, 29, 7):
        begin, end = start.replace(day=first), last if first == 22 else start.replace(day=first + 6)
        books.post(end, "4100", world.won_cents(begin, end), "Sales", f"Contracts {begin:%d}-{end:%d}")
    partner = sum(sale.cents for sale in world.partner_sales if start <= sale.day <= last)
    books.post(last, "4200", partner, "Sales", "Partner settlements")
    _post_costs(books, dice, start, last, world)
    return books


def _post_costs(books: Ledger, dice: Dice, start: date, last: date, world: World) -> None:
    revenue = books.total("4000", "4100", "4200")
    grown = growth(start, 2)
    books.post(last, "5000", -revenue * dice.between(295, 320) // 1000, "Content", "Licences")
    books.post(last, "5100", -revenue * dice.between(74, 88) // 1000, "Technology", "Delivery network")
    books.post(last, "5200", -revenue * 18 // 1000, "Finance", "Card and direct debit fees")
    salaries = 17_400_00 * grown // 1000
    books.post(last, "6000", -salaries, "Sales", "Salaries")
    books.post(last, "6000", -5_900_00 * grown // 1000, "Growth", "Salaries")
    advertising = 9_800_00 * season(start) * grown // 100_000 * dice.between(90, 112) // 100
    if start >= date(2026, 8, 1):
        advertising = advertising * 82 // 100
    books.post(start.replace(day=12), "6100", -advertising * 55 // 100, "Growth", "Search advertising")
    books.post(start.replace(day=26), "6100", -advertising * 45 // 100, "Growth", "Social advertising")
    if start.month in (3, 9, 11):
        books.post(start.replace(day=18), "6110", -dice.between(260_000, 410_000), "Growth", "Trade fair")
    books.post(start.replace(day=3), "6120", -74_500 - dice.upto(9_000), "Sales", "Outreach and CRM tools")
    spent = sum(one.cents for one in world.freelance if start <= one.day <= last)
    books.post(last, "6130", -spent, "Sales", "Freelancers")
    books.post(last, "7000", -34_600_00 * grown // 1000, "Product", "Salaries")
    books.post(last, "7000", -8_200_00 * grown // 1000, "Retention", "Support salaries")
    books.post(start.replace(day=1), "7100", -4_850_00, "Finance", "Office rent")
    books.post(
        start.replace(day=5), "7200", -3_900_00 * grown // 1000 - dice.upto(40_000), "Technology", "Hosting"
    )
    books.post(
        start.replace(day=20), "7300", -dice.between(60_000, 190_000), "Finance", "Accounting and legal"
    )
    books.post(last, "8000", -31_500, "Finance", "Loan interest")
    before_tax = sum(cents for _, _, cents, _, _ in books.lines)
    books.post(last, "8100", -max(before_tax, 0) * 30 // 100, "Finance", "Income tax")


def export_ledger(exports: Exports, world: World, seed: int) -> dict[date, Ledger]:
    """The books of every month, which the accountant's report shows once more."""
    books = {
        start: make_ledger_month(world, Dice(seed, f"ledger/{start:%Y-%m}"), start)
        for start in month_firsts(HISTORY_START, HORIZON)
    }

    def cut(first: date, last: date) -> bytes:
        rows = [row for start in month_firsts(first, last) for row in books[start].rows()]
        return csv_bytes(LEDGER_HEADER, rows, end="\n")

    monthly(exports, "ledger_gl", 6, cut)
    return books


# --- freelancers -------------------------------------------------------------------------------------

FREELANCE_HEADER = ("Date", "Contract", "Hours", "Amount", "Payment type")


@dataclass(frozen=True)
class FreelanceCost:
    day: date
    contract: str
    ten_minutes: int
    cents: int
    payment: str

    def row(self) -> list[str]:
        hours, rest = divmod(self.ten_minutes, 6)
        decimals = ("", ".16667", ".33333", ".5", ".66667", ".83333")[rest]
        amount = money(self.cents).removesuffix(".00")
        return [self.day.isoformat(), self.contract, f"{hours}{decimals}", amount, self.payment]


def make_freelance(seed: int) -> list[FreelanceCost]:
    dice = Dice(seed, "freelance")
    costs: list[FreelanceCost] = []
    for day in days(HISTORY_START, HORIZON):
        if day.weekday() < 5 and dice.chance(620):
            blocks = dice.between(12, 36)
            costs.append(_hourly(day, "Sales research assistant (40118822)", blocks, 150))
        if day >= date(2025, 3, 3) and day.weekday() in (1, 3) and dice.chance(700):
            blocks = dice.between(6, 24)
            costs.append(_hourly(day, "CRM clean-up (40119001)", blocks, 200))
        if day.day == 18 and day.month in (2, 5, 8, 11):
            cents = dice.between(32_000, 58_000)
            costs.append(FreelanceCost(day, "Subtitle proofreading (40121777)", 0, cents, "Fixed-price"))
    return costs


def _hourly(day: date, contract: str, blocks: int, cents_a_block: int) -> FreelanceCost:
    """Hourly work has an empty payment type in this export."""
    return FreelanceCost(day, contract, blocks, blocks * cents_a_block, "")


def export_freelance(exports: Exports, costs: list[FreelanceCost]) -> None:
    def cut(first: date, last: date) -> bytes:
        rows = [one.row() for one in costs if first <= one.day <= last]
        if first == date(2026, 10, 1):
            rows.append(["2026-10-30", "CRM clean-up (40119001)", "-2.5", "-30", ""])
        header = ",".join(f'"{name}"' for name in FREELANCE_HEADER)
        lines = [header, *(",".join(f'"{cell}"' for cell in row) for row in rows)]
        return ("\r\n".join(lines) + "\r\n").encode()

    monthly(exports, "upwork_costs", 6, cut, day=3)


# --- outreach ----------------------------------------------------------------------------------------

CAMPAIGNS = (
    (731, "Hotels spring", 26),
    (742, "Gyms and venues", 22),
    (755, "Telecom bundles", 14),
    (764, "Corporate events", 18),
    (771, "Q4 dental groups", 20),
)
SUBJECTS = {
    "initial": "Quick question about your screens",
    "follow-up": "Re: Quick question about your screens",
}
MESSAGE_HEADER = (
    "campaign_id",
    "campaign_title",
    "sender_email",
    "recipient_email",
    "message_type",
    "subject",
    "sent_at",
    "opened_at",
    "clicked_at",
    "replied_at",
    "bounced",
    "lead_status",
)
BOX_NAMES = ("office", "info", "hello", "events", "reception", "manager", "bookings", "team")


@dataclass(frozen=True)
class Message:
    campaign: str
    sender: str
    recipient: str
    kind: str
    sent: datetime
    opened: datetime | None
    clicked: datetime | None
    replied: datetime | None
    bounced: bool
    lead: bool

    def moments(self) -> list[datetime]:
        return [at for at in (self.sent, self.opened, self.clicked, self.replied) if at is not None]

    def row(self, seen: datetime) -> list[str]:
        def at(moment: datetime | None) -> str:
            return as_utc(moment) if moment is not None and moment <= seen else ""

        number, title = self.campaign.split("/")
        lead = "open" if self.lead and self.replied is not None and self.replied <= seen else ""
        return [
            number,
            title,
            self.sender,
            self.recipient,
            self.kind,
            SUBJECTS[self.kind],
            at(self.sent),
            at(self.opened),
            at(self.clicked),
            at(self.replied),
            "true" if self.bounced else "false",
            lead,
        ]


def make_messages(seed: int) -> list[Message]:
    dice = Dice(seed, "outreach")
    messages: list[Message] = []
    campaigns = [(f"{number}/{title}", weight) for number, title, weight in CAMPAIGNS]
    for day in days(HISTORY_START, HORIZON):
        share = (24, 24, 22, 18, 10, 1, 1)[day.weekday()]
        quiet = 55 if (day.month, day.day) > (12, 22) or (day.month, day.day) < (1, 4) else 100
        mean = 66 * 10 * share * season(day) * growth(day, 2) // 100_000 * quiet // 100
        for _ in range(dice.count(mean)):
            messages.append(_new_message(dice, day, dice.pick(campaigns), 1 + len(messages)))
    return messages


def _new_message(dice: Dice, day: date, campaign: str, number: int) -> Message:
    host = f"{dice.one_of(FIRST_WORDS)}{dice.one_of(BOX_NAMES)}{number}".lower()
    sent = dice.moment(day, 8, 17) if not dice.chance(10) else dice.moment(day, 0, 0)
    bounced = dice.chance(25)
    better = 12 if day >= date(2026, 10, 1) else 0
    opened = None if bounced or not dice.chance(430) else sent + timedelta(minutes=dice.between(4, 2600))
    clicked = (
        None if opened is None or not dice.chance(160) else opened + timedelta(minutes=dice.between(1, 50))
    )
    answers = opened is not None and dice.chance(185 + better)
    replied = (opened or sent) + timedelta(minutes=dice.between(30, 8000)) if answers else None
    kind = "initial" if dice.chance(620) else "follow-up"
    recipient = f"{dice.one_of(BOX_NAMES)}@{host}.example"
    sender = MAIL[dice.pick(reps_on(day))]
    lead = replied is not None and dice.chance(450)
    return Message(campaign, sender, recipient, kind, sent, opened, clicked, replied, bounced, lead)


def export_messages(exports: Exports, messages: list[Message]) -> None:
    def cut(first: date, last: date) -> bytes:
        seen = datetime.combine(last, time(23, 59, 59))
        rows = [
            one.row(seen)
            for one in messages
            if one.sent <= seen and any(first <= at.date() <= last for at in one.moments())
        ]
        return csv_bytes(MESSAGE_HEADER, rows, end="\n")

    weekly(exports, "mailshake_activity", 15, cut, late={"2026-W31": datetime(2026, 8, 6, 9, 40)})


# --- tracked time ------------------------------------------------------------------------------------

TIME_HEADER = (
    "id",
    "user_id",
    "user_name",
    "task_id",
    "name",
    "date",
    "start_time",
    "end_time",
    "duration",
    "billable",
    "description",
    "tags",
    "last_modify",
)
TASKS = (
    (51220001, "List building", "admin", 26, 150),
    (51220002, "Outreach", "outreach", 30, 170),
    (51220003, "CRM admin", "admin", 16, 80),
    (51220004, "Customer calls", "selling", 34, 190),
    (51220005, "Proposals", "selling", 20, 140),
)
"""Task id, name, tag, weight, usual minutes."""
TRACKERS = {name: 123 + index for index, (name, *_rest) in enumerate(REPS)}


@dataclass(frozen=True)
class Entry:
    number: int
    person: str
    task: int
    day: date
    begin: int
    minutes: int
    timed: bool

    def row(self) -> list[str]:
        number, name, tag, _, _ = TASKS[self.task]
        finish = self.begin + self.minutes
        begin = f"{self.begin // 60:02d}:{self.begin % 60:02d}:00" if self.timed else ""
        end = f"{finish // 60:02d}:{finish % 60:02d}:00" if self.timed else ""
        return [
            str(self.number),
            str(TRACKERS[self.person]),
            self.person,
            str(number),
            name,
            self.day.isoformat(),
            begin,
            end,
            str(self.minutes * 60),
            "1" if tag == "selling" else "0",
            "",
            tag,
            f"{self.day} {min(finish, 1380) // 60:02d}:{finish % 60:02d}:02",
        ]


def make_entries(seed: int) -> list[Entry]:
    dice = Dice(seed, "time")
    entries: list[Entry] = []
    weights = [(str(index), task[3]) for index, task in enumerate(TASKS)]
    for day in days(HISTORY_START, HORIZON):
        if day.weekday() > 4 or (day.month, day.day) in ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)):
            continue
        for person, _ in reps_on(day):
            begin = 9 * 60
            for _ in range(0 if dice.chance(90) else dice.between(2, 3)):
                task = int(dice.pick(weights))
                minutes = TASKS[task][4] * dice.between(60, 140) // 500 * 5
                entries.append(
                    Entry(77190001 + len(entries), person, task, day, begin, minutes, dice.chance(900))
                )
                begin += minutes
    return entries


def export_entries(exports: Exports, entries: list[Entry]) -> None:
    """The tool's access expired on 2 November 2026: weeks 44 to 47 came together on 24 November."""

    def cut(first: date, last: date) -> bytes:
        begin = date(2026, 10, 26) if first == date(2026, 11, 16) else first
        return csv_bytes(TIME_HEADER, [one.row() for one in entries if begin <= one.day <= last], end="\n")

    skipped = frozenset({"2026-W44", "2026-W45", "2026-W46"})
    caught_up = datetime(2026, 11, 24, 11, 30)
    if exports.end < caught_up.date():
        skipped |= {"2026-W47"}
    weekly(exports, "timecamp_entries", 20, cut, late={"2026-W47": caught_up}, skipped=skipped)


# --- sign-ups and contacts ---------------------------------------------------------------------------

SIGNUP_HEADER = ("Date", "Event name", "Session default channel group", "Event count", "Total users")
SITE_CHANNELS = (("Organic Search", 36), ("Paid Search", 27), ("Paid Social", 21), ("Email", 16))


def make_signups(seed: int) -> list[tuple[date, str, str, int, int]]:
    """Day, event, channel, events, users."""
    dice = Dice(seed, "signups")
    rows = []
    for day in days(HISTORY_START, HORIZON):
        weekday = (96, 92, 92, 94, 104, 116, 106)[day.weekday()]
        boost = 1130 if day >= date(2026, 7, 1) else 1000
        for event, level in (("newsletter_sign_up", 5), ("sign_up", 11)):
            for channel, share in SITE_CHANNELS:
                mean = (
                    level
                    * 10
                    * share
                    * season(day)
                    * weekday
                    // 10_000
                    * growth(day, 2)
                    // 1000
                    * boost
                    // 1000
                )
                count = dice.count(mean)
                if count:
                    rows.append((day, event, channel, count, count - dice.chance(60)))
    return rows


def export_signups(exports: Exports, signups: list[tuple[date, str, str, int, int]]) -> None:
    def cut(first: date, last: date) -> bytes:
        rule = "# ----------------------------------------"
        preamble = [
            rule,
            "# Events: Event name",
            "# Account: Company X",
            "# Property: companyx.example",
            f"# Start date: {first:%Y%m%d}",
            f"# End date: {last:%Y%m%d}",
            rule,
        ]
        rows = [
            [f"{day:%Y%m%d}", event, channel, str(count), str(users)]
            for day, event, channel, count, users in signups
            if first <= day <= last
        ]
        return ("\n".join(preamble) + "\n").encode() + csv_bytes(SIGNUP_HEADER, rows, end="\n")

    weekly(exports, "ga4_signups", 25, cut, late={"2026-W44": datetime(2026, 11, 5, 15, 30)})


CONTACT_HEADER = (
    "Record ID",
    "First Name",
    "Last Name",
    "Email",
    "Create Date",
    "Lifecycle Stage",
    "Original Traffic Source",
    "Contact owner",
    "Last Modified Date",
)
GIVEN = ("Anna", "Jorge", "Mia", "Olga", "Peter", "Sara", "Tomas", "Vera", "Yusuf", "Zoe", "Elif", "Nils")
FAMILY = (
    "Brandt",
    "Ruiz",
    "Ola",
    "Petrova",
    "Kerr",
    "Ortiz",
    "Novak",
    "Lindholm",
    "Demir",
    "Kowalska",
    "Weber",
)
LIFECYCLES = (
    ("Lead", 52),
    ("Marketing Qualified Lead", 24),
    ("Sales Qualified Lead", 14),
    ("Opportunity", 10),
)


@dataclass(frozen=True)
class Contact:
    number: int
    given: str
    family: str
    created: datetime
    lifecycle: str
    channel: str
    owner: str
    host: str

    @property
    def email(self) -> str:
        return f"{self.given}.{self.family}@{self.host}.example".lower()


def make_contacts(seed: int, name: str, mean_milli: int) -> list[Contact]:
    dice = Dice(seed, name)
    contacts: list[Contact] = []
    for day in days(HISTORY_START, HORIZON):
        share = (20, 20, 19, 18, 13, 5, 5)[day.weekday()]
        for _ in range(dice.count(mean_milli * share * season(day) // 10_000 * growth(day, 2) // 1000)):
            number = len(contacts)
            contacts.append(
                Contact(
                    number,
                    dice.one_of(GIVEN),
                    dice.one_of(FAMILY),
                    dice.moment(day, 7, 22),
                    dice.pick(LIFECYCLES),
                    dice.pick(CHANNELS),
                    dice.pick(reps_on(day)),
                    f"{dice.one_of(FIRST_WORDS)}{number}",
                )
            )
    return contacts


def export_contacts(exports: Exports, contacts: list[Contact]) -> None:
    def cut(first: date, last: date) -> bytes:
        rows = [
            [
                str(30210001 + one.number),
                one.given,
                one.family,
                one.email,
                f"{one.created:%Y-%m-%d %H:%M}",
                one.lifecycle,
                one.channel,
                one.owner,
                f"{one.created:%Y-%m-%d %H:%M}",
            ]
            for one in contacts
            if first <= one.created.date() <= last
        ]
        return csv_bytes(CONTACT_HEADER, rows)

    monthly(exports, "hubspot_contacts", 6, cut, day=2)


# --- prospecting tools -------------------------------------------------------------------------------

PROSPECT_HEADER = (
    "id",
    "email",
    "first_name",
    "last_name",
    "organisation_name",
    "jobtitle",
    "country",
    "created_from",
    "last_emailed_at",
    "replied",
    "qualified",
    "converted",
    "campaign_status",
    "created_at",
    "updated_at",
)
JOBS = ("Head of Ops", "CTO", "COO", "General Manager", "Marketing Lead", "Owner")


def export_prospects(exports: Exports, prospects: list[Contact], seed: int) -> None:
    dice = Dice(seed, "prospect cells")
    cells = [
        (
            dice.one_of(JOBS),
            dice.one_of(("DE", "AT", "ES", "NO", "SE", "PL")),
            dice.pick((("extension", 5), ("import", 3), ("web", 1))),
            dice.chance(90),
            dice.chance(60),
        )
        for _ in prospects
    ]

    def row(one: Contact) -> list[str]:
        job, country, origin, replied, qualified = cells[one.number]
        company = f"{one.host.rstrip('0123456789')} {SECOND_WORDS[one.number % len(SECOND_WORDS)]}"
        mailed = with_offset(one.created + timedelta(days=2, minutes=41))
        flags = ["true" if flag else "false" for flag in (replied, qualified, replied and qualified)]
        return [
            str(51001 + one.number),
            one.email,
            one.given,
            one.family,
            company,
            job,
            country,
            origin,
            mailed,
            *flags,
            "" if replied else "running",
            with_offset(one.created),
            mailed,
        ]

    def cut(first: date, last: date) -> bytes:
        rows = [row(one) for one in prospects if first <= one.created.date() <= last]
        return csv_bytes(PROSPECT_HEADER, rows, end="\n")

    monthly(exports, "prospectio_prospects", 6, cut, day=4)


JOURNEYS = (
    ("6842c850c999be9c835e0001", "Trial welcome", date(2023, 10, 2), 31),
    ("6842c850c999be9c835e0002", "Win-back", date(2024, 2, 5), 12),
    ("6842c850c999be9c835e0003", "Monthly newsletter", date(2023, 10, 2), 74),
    ("6842c850c999be9c835e0004", "Extended trial", date(2026, 9, 14), 24),
)
SNAPSHOT_HEADER = (
    "snapshot_at",
    "id",
    "name",
    "type",
    "state",
    "created_at",
    "edited_at",
    "delivered",
    "opens",
    "clicks",
    "conversions",
    "revenue",
)


def make_snapshots(seed: int) -> list[tuple[date, list[str]]]:
    """All-time counters of each journey, on every Sunday."""
    dice = Dice(seed, "journeys")
    totals = {key: [0, 0, 0, 0] for key, *_rest in JOURNEYS}
    rows: list[tuple[date, list[str]]] = []
    for day in days(HISTORY_START, HORIZON):
        for key, name, begun, level in JOURNEYS:
            if day < begun:
                continue
            counters = totals[key]
            sent = dice.count(level * 10 * season(day))
            opened = sum(dice.chance(410) for _ in range(sent))
            clicked = sum(dice.chance(190) for _ in range(opened))
            converted = sum(dice.chance(170) for _ in range(clicked))
            for place, count in enumerate((sent, opened, clicked, converted)):
                counters[place] += count
            if day.weekday() == 6:
                at = with_offset(datetime.combine(day, time(23, 0)))
                made = as_utc(datetime.combine(begun, time(9, 0)))
                kind = "email" if name == "Monthly newsletter" else "journey"
                cells = [at, key, name, kind, "on", made, made, *map(str, counters), str(counters[3] * 15)]
                rows.append((day, cells))
    return rows


def export_snapshots(exports: Exports, snapshots: list[tuple[date, list[str]]]) -> None:
    def cut(first: date, last: date) -> bytes:
        return csv_bytes(SNAPSHOT_HEADER, [row for day, row in snapshots if first <= day <= last], end="\n")

    monthly(exports, "ortto_campaigns", 6, cut, day=2)


NINJA_HEADER = (
    "Name",
    "Email",
    "Website",
    "Tags",
    "List",
    "Contacted On",
    "Opened",
    "Clicked",
    "Replied",
    "Campaign",
)


def export_influencers(exports: Exports, contacts: list[Contact], seed: int) -> None:
    dice = Dice(seed, "influencer cells")
    flags = [(dice.chance(500), dice.chance(180), dice.chance(120)) for _ in contacts]

    def row(one: Contact) -> list[str]:
        opened, clicked, replied = ("Yes" if flag else "No" for flag in flags[one.number])
        listed = f"Reviewers {one.created.year}"
        return [
            f"{one.given} {one.family}",
            "" if one.number % 7 == 3 else one.email,
            f"https://{one.host.lower()}.example",
            "film; blog" if one.number % 2 else "podcast",
            listed,
            one.created.date().isoformat(),
            opened,
            clicked,
            replied,
            f"{listed} v{1 + one.number % 2}",
        ]

    def cut(first: date, last: date) -> bytes:
        rows = [row(one) for one in contacts if first <= one.created.date() <= last]
        return xlsx_bytes("Contacts", NINJA_HEADER, rows)

    monthly(exports, "ninjaoutreach_contacts", 6, cut, day=5, kind="xlsx")


def xlsx_bytes(sheet: str, header: Sequence[str], rows: Rows) -> bytes:
    """A workbook of one sheet of texts, stored without compression: compressors differ between machines."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{namespace}" xmlns:r="{relations}"><sheets>'
        f'<sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{namespace}"><sheetData>'
        + "".join(_xlsx_row(number, cells) for number, cells in enumerate((header, *rows), start=1))
        + "</sheetData></worksheet>",
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            info = zipfile.ZipInfo(name, (2023, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o600 << 16
            archive.writestr(info, head + text)
    return data.getvalue()


def _xlsx_row(number: int, cells: Sequence[str]) -> str:
    texts = (cell.replace("&", "&amp;").replace("<", "&lt;") for cell in cells)
    written = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        for place, text in enumerate(texts)
        if text
    )
    return f'<row r="{number}">{written}</row>'


# --- project tasks -----------------------------------------------------------------------------------

TASK_HEADER = (
    "ID",
    "Name",
    "Begin date",
    "End date",
    "Duration",
    "Completion",
    "Cost",
    "Coordinator",
    "Predecessors",
    "Outline number",
    "Resources",
    "Assignments",
    "Task color",
    "Web Link",
    "Notes",
    "Goal",
)
PROJECT = (
    (
        "Trial terms and billing rule",
        date(2026, 9, 14),
        date(2026, 9, 25),
        900,
        "Clara Neumann",
        "",
        "initiative:churn-q4/extended-trials",
    ),
    (
        "Trials open to new subscribers",
        date(2026, 9, 28),
        date(2026, 10, 16),
        1500,
        "Clara Neumann",
        "1",
        "initiative:churn-q4/extended-trials",
    ),
    (
        "Price test on two plans",
        date(2026, 9, 28),
        date(2026, 10, 23),
        1800,
        "Pavel Antonov",
        "",
        "initiative:churn-q4/discounted-membership",
    ),
    (
        "Checkout and billing changes",
        date(2026, 10, 26),
        date(2026, 11, 6),
        2200,
        "Timur Akhmetov",
        "3",
        "initiative:churn-q4/discounted-membership",
    ),
    (
        "Launch to all plans",
        date(2026, 11, 9),
        date(2026, 11, 27),
        3000,
        "Pavel Antonov",
        "4",
        "initiative:churn-q4/discounted-membership",
    ),
    (
        "Two support contracts signed",
        date(2026, 10, 19),
        date(2026, 11, 20),
        3600,
        "Clara Neumann",
        "",
        "initiative:churn-q4/support-staff",
    ),
    (
        "Induction and shift plan",
        date(2026, 11, 23),
        date(2026, 12, 18),
        900,
        "Clara Neumann",
        "6",
        "initiative:churn-q4/support-staff",
    ),
    (
        "Qualification checklist in the CRM",
        date(2026, 8, 17),
        date(2026, 9, 11),
        600,
        "Irina Sokolova",
        "",
        "closing-rate-q4",
    ),
    (
        "Templates for hotels",
        date(2026, 10, 5),
        date(2026, 10, 16),
        600,
        "Lena Fischer",
        "8",
        "initiative:closing-rate-q4/proposal-templates",
    ),
    (
        "Templates for gyms and telecom operators",
        date(2026, 10, 19),
        date(2026, 11, 6),
        600,
        "Lena Fischer",
        "9",
        "initiative:closing-rate-q4/proposal-templates",
    ),
    (
        "Approval limits agreed with finance",
        date(2026, 11, 9),
        date(2026, 11, 20),
        0,
        "Elena Hartmann",
        "10",
        "initiative:closing-rate-q4/pricing-approval",
    ),
    (
        "Approval form in the CRM",
        date(2026, 11, 23),
        date(2026, 12, 4),
        0,
        "Marco Vale",
        "11",
        "initiative:closing-rate-q4/pricing-approval",
    ),
    (
        "Spend moved from social to search",
        date(2026, 8, 3),
        date(2026, 9, 25),
        500,
        "Sofia Marin",
        "",
        "cac-q4",
    ),
    (
        "Terms and tracking links",
        date(2026, 10, 12),
        date(2026, 10, 30),
        1200,
        "Sofia Marin",
        "13",
        "initiative:cac-q4/referral-programme",
    ),
    (
        "Invitations to loyal customers",
        date(2026, 11, 2),
        date(2026, 12, 11),
        3000,
        "Sofia Marin",
        "14",
        "initiative:cac-q4/referral-programme",
    ),
    (
        "Texts and translations",
        date(2026, 7, 6),
        date(2026, 8, 7),
        1900,
        "Timur Akhmetov",
        "",
        "initiative:signups-h2/landing-pages",
    ),
    (
        "Pages built and measured",
        date(2026, 8, 10),
        date(2026, 9, 18),
        1200,
        "Timur Akhmetov",
        "16",
        "initiative:signups-h2/landing-pages",
    ),
    (
        "Newsletter relaunched",
        date(2026, 9, 21),
        date(2026, 10, 30),
        900,
        "Timur Akhmetov",
        "17",
        "signups-h2",
    ),
    (
        "Price list in the partner portal",
        date(2026, 10, 1),
        date(2026, 10, 30),
        700,
        "Marco Vale",
        "",
        "partner-revenue-q4",
    ),
    (
        "Partner shortlist and first talks",
        date(2026, 11, 2),
        date(2026, 11, 13),
        0,
        "Marco Vale",
        "19",
        "initiative:partner-revenue-q4/new-partners",
    ),
    (
        "Legal review of two contracts",
        date(2026, 11, 16),
        date(2026, 11, 27),
        0,
        "Elena Hartmann",
        "20",
        "initiative:partner-revenue-q4/new-partners",
    ),
    (
        "Signature and announcement",
        date(2026, 11, 30),
        date(2026, 12, 11),
        0,
        "Marco Vale",
        "21",
        "initiative:partner-revenue-q4/new-partners",
    ),
    (
        "Licence use counted by title",
        date(2026, 9, 1),
        date(2026, 9, 30),
        1000,
        "Elena Hartmann",
        "",
        "initiative:gross-profit-2026/licence-renegotiation",
    ),
    (
        "Talks with three studios",
        date(2026, 10, 1),
        date(2026, 11, 30),
        1500,
        "Elena Hartmann",
        "23",
        "initiative:gross-profit-2026/licence-renegotiation",
    ),
    (
        "List building handed to freelancers",
        date(2026, 10, 12),
        date(2026, 11, 13),
        800,
        "Irina Sokolova",
        "",
        "admin-hours-q4",
    ),
    (
        "Offer and list of hotels",
        date(2026, 11, 16),
        date(2026, 11, 27),
        1500,
        "Lena Fischer",
        "9",
        "initiative:sales-revenue-2026-q4/year-end-campaign",
    ),
    (
        "Mailings and calls",
        date(2026, 11, 30),
        date(2026, 12, 18),
        4500,
        "Lena Fischer",
        "26",
        "initiative:sales-revenue-2026-q4/year-end-campaign",
    ),
    ("Test of the backup of the figures", date(2026, 12, 7), date(2026, 12, 11), 0, "Irina Sokolova", "", ""),
)
"""Name, first and last day, cost, who, what comes first, and in the company's own column Goal the goal served
or the initiative the task is a step of."""


def _completion(seed: int, index: int, begin: date, end: date, seen: date) -> int:
    pace = Dice(seed, f"task {index}").between(70, 125)
    elapsed = (seen - begin).days * 100 // ((end - begin).days + 1)
    return min(max(elapsed * pace // 500 * 5, 0), 100)


def export_tasks(exports: Exports, seed: int) -> None:
    for monday in exports.weeks():
        if monday < date(2026, 7, 27) or (monday - date(2026, 7, 27)).days % 28:
            continue
        seen = monday + 6 * DAY
        rows = [
            [
                str(index),
                name,
                begin.isoformat(),
                end.isoformat(),
                str(sum((begin + n * DAY).weekday() < 5 for n in range((end - begin).days + 1))),
                str(_completion(seed, index, begin, end, seen)),
                str(cost),
                who,
                before,
                f"1.{index}",
                who,
                f"{index}:100.00",
                "#8cb6ce",
                "",
                "",
                goal,
            ]
            for index, (name, begin, end, cost, who, before, goal) in enumerate(PROJECT, start=1)
        ]
        data = csv_bytes(TASK_HEADER, rows, end="\n")
        exports.add(f"ganttproject_tasks/tasks-{week_name(monday)}.csv", data, monday_morning(monday, 30))


# --- tasks of the marketing and the product team -----------------------------------------------------

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""The names of a calendar depend on the machine's language; these do not."""
ASANA_HEADER = (
    "Task ID",
    "Created At",
    "Completed At",
    "Last Modified",
    "Name",
    "Section/Column",
    "Assignee",
    "Assignee Email",
    "Start Date",
    "Due Date",
    "Tags",
    "Notes",
    "Projects",
    "Parent task",
    "Blocked By (Dependencies)",
    "Blocking (Dependencies)",
    "Goal",
)
NEWSLETTER = "initiative:signups-h2/newsletter"
ASANA_TASKS = (
    ("Sender and list checked", date(2026, 9, 21), date(2026, 9, 25), date(2026, 9, 25), "", "", NEWSLETTER),
    (
        "Template, in two languages",
        date(2026, 9, 28),
        date(2026, 10, 9),
        date(2026, 10, 8),
        "",
        "1",
        NEWSLETTER,
    ),
    ("Russian texts", date(2026, 10, 5), date(2026, 10, 9), date(2026, 10, 9), "2", "", ""),
    ("First issue sent", date(2026, 10, 12), date(2026, 10, 30), date(2026, 10, 29), "", "2", NEWSLETTER),
    ("Sign-up form on the price page", date(2026, 11, 9), date(2026, 11, 27), None, "", "", "signups-h2"),
    (
        "Form measured against the old one",
        date(2026, 11, 30),
        date(2026, 12, 18),
        None,
        "",
        "5",
        "signups-h2",
    ),
)
"""Name, first and last day, day of completion, number of the parent, of what comes first, and the goal."""


def export_asana(exports: Exports) -> None:
    """The marketing team's project, whole, every four weeks."""
    for monday in exports.weeks():
        if monday < date(2026, 9, 21) or (monday - date(2026, 9, 21)).days % 28:
            continue
        seen = monday + 6 * DAY
        rows = [
            [
                str(1209000000000000 + number),
                "2026-09-14",
                done.isoformat() if done and done <= seen else "",
                min(done or seen, seen).isoformat(),
                name,
                "Newsletter" if goal != "signups-h2" else "Website",
                "Timur Akhmetov",
                "t.akhmetov@companyx.example",
                begin.isoformat(),
                end.isoformat(),
                "web,mail" if number % 2 else "",
                "Agreed with Sofia:\nno pictures above the text" if number == 2 else "",
                "Marketing Q4",
                ASANA_TASKS[int(parent) - 1][0] if parent else "",
                ASANA_TASKS[int(before) - 1][0] if before else "",
                "",
                goal,
            ]
            for number, (name, begin, end, done, parent, before, goal) in enumerate(ASANA_TASKS, start=1)
        ]
        data = csv_bytes(ASANA_HEADER, rows)
        exports.add(f"asana_tasks/asana_tasks-{week_name(monday)}.csv", data, monday_morning(monday, 32))


JIRA_HEADER = (
    "Summary",
    "Issue key",
    "Issue id",
    "Issue Type",
    "Status",
    "Project key",
    "Project name",
    "Priority",
    "Assignee",
    "Created",
    "Updated",
    "Resolved",
    "Due date",
    "Labels",
    "Labels",
    "Inward issue link (Blocks)",
    "Inward issue link (Blocks)",
    "Comment",
    "Comment",
    "Parent",
    "Custom field (Start date)",
    "Custom field (Goal)",
    "Status Category",
)
MEMBERSHIP = "initiative:churn-q4/discounted-membership"
JIRA_ISSUES = (
    ("Yearly membership in the shop", "Epic", date(2026, 10, 26), date(2026, 11, 20), None, (), MEMBERSHIP),
    ("Price plans by country", "Story", date(2026, 10, 26), date(2026, 10, 30), date(2026, 10, 30), (), ""),
    (
        "Checkout of a yearly plan",
        "Story",
        date(2026, 11, 2),
        date(2026, 11, 13),
        date(2026, 11, 12),
        (2,),
        "",
    ),
    ("Invoices with the discount", "Story", date(2026, 11, 9), date(2026, 11, 20), None, (2, 3), ""),
)
"""Summary, type, first and last day, day of resolution, numbers of the issues that block it, and the goal."""


def jira_day(day: date | None, clock: str = "12:00 AM") -> str:
    return f"{day:%d}/{MONTHS[day.month - 1]}/{day:%y} {clock}" if day else ""


def export_jira(exports: Exports) -> None:
    """The product team's epic and its stories, every four weeks."""
    for monday in exports.weeks():
        if monday < date(2026, 10, 19) or (monday - date(2026, 10, 19)).days % 28:
            continue
        seen = monday + 6 * DAY
        rows = []
        for number, (name, kind, begin, end, done, blockers, goal) in enumerate(JIRA_ISSUES, start=1):
            resolved = done if done and done <= seen else None
            state = "Done" if resolved else "In Progress" if begin <= seen else "To Do"
            links = [f"SHOP-{200 + one}" for one in blockers]
            comment = f"{jira_day(begin, '3:42 PM')};pavel;agreed, with finance" if number == 2 else ""
            rows.append(
                [
                    name,
                    f"SHOP-{200 + number}",
                    str(18400 + number),
                    kind,
                    state,
                    "SHOP",
                    "Shop",
                    "Medium",
                    "Pavel Antonov" if number == 1 else "Timur Akhmetov",
                    jira_day(date(2026, 10, 12), "9:05 AM"),
                    jira_day(min(resolved or seen, seen), "4:20 PM"),
                    jira_day(resolved, "4:20 PM"),
                    jira_day(end),
                    "shop",
                    "q4" if number == 1 else "",
                    *[*links, "", ""][:2],
                    comment,
                    "",
                    "" if number == 1 else "18401",
                    jira_day(begin),
                    goal,
                    state,
                ]
            )
        data = csv_bytes(JIRA_HEADER, rows)
        exports.add(f"jira_issues/jira_issues-{week_name(monday)}.csv", data, monday_morning(monday, 33))


# --- the accountant's report -------------------------------------------------------------------------

SECTIONS = (("Income", "4"), ("Cost of Goods Sold", "5"), ("Expenses", "67"), ("Other Expenses", "8"))
"""Sections of the report, and the first digits of their accounts."""


def report_money(cents: int, mark: str = "") -> str:
    """1,234.50, and with a mark as totals have it: €1,234.50 or -€12.00."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{mark}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def profit_and_loss(books: dict[date, Ledger], months: list[date], printed: date) -> bytes:
    """Accounts by month, as QuickBooks shows them: costs positive, totals between the rows."""
    width = len(months) + 1

    def cells(amounts: list[int], mark: str = "") -> list[str]:
        both = [*amounts, sum(amounts)]
        return [report_money(cents, mark) if cents or mark else "" for cents in both]

    def of(account: str, sign: int) -> list[int]:
        return [sign * books[month].total(account) for month in months]

    rows: list[list[str]] = []
    sums: dict[str, list[int]] = {}
    for section, digits in SECTIONS:
        sign = 1 if section == "Income" else -1
        accounts = [code for code in ACCOUNTS if code[0] in digits]
        rows.append([section, *[""] * width])
        rows += [[f"{code} {ACCOUNTS[code]}", *cells(of(code, sign))] for code in accounts]
        sums[section] = [sum(column) for column in zip(*(of(code, sign) for code in accounts), strict=True)]
        rows.append([f"Total for {section}", *cells(sums[section], "€")])
        if section == "Cost of Goods Sold":
            gross = [a - b for a, b in zip(sums["Income"], sums[section], strict=True)]
            rows.append(["Gross Profit", *cells(gross, "€")])
        if section == "Expenses":
            operating = [a - b for a, b in zip(gross, sums[section], strict=True)]
            rows.append(["Net Operating Income", *cells(operating, "€")])
    other = [-cents for cents in sums["Other Expenses"]]
    rows.append(["Net Other Income", *cells(other, "€")])
    rows.append(["Net Income", *cells([a + b for a, b in zip(operating, other, strict=True)], "€")])
    first, last = months[0], months[-1]
    span = f"{LONG_MONTHS[first.month - 1]}, {first.year}-{LONG_MONTHS[last.month - 1]}, {last.year}"
    names = [f"{MONTHS[month.month - 1]} {month.year}" for month in months]
    day = f"{WEEKDAYS[printed.weekday()]}, {LONG_MONTHS[printed.month - 1]} {printed:%d}, {printed.year}"
    foot = f"Accrual Basis {day} 08:00 AM GMT+1"
    titles = [["Company X"], [span], ["", *[""] * width], ["Distribution account", *names, "Total"]]
    return csv_bytes(["Profit and Loss"], [*titles, *rows, [foot]], end="\n")


LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def export_profit_and_loss(exports: Exports, books: dict[date, Ledger]) -> None:
    """The books of the general ledger once more, as a report over all months since January 2025. Whoever adds
    the two together counts everything twice."""
    for start in month_firsts(date(2026, 9, 1), exports.end):
        received = next_month(start).replace(day=9)
        received += (7 - received.weekday()) * DAY if received.weekday() > 4 else 0 * DAY
        if received <= exports.end + DAY:
            months = [month for month in books if date(2025, 1, 1) <= month <= start]
            path = f"quickbooks_profit_and_loss/profit-and-loss-{start:%Y-%m}.csv"
            data = profit_and_loss(books, months, received)
            exports.add(path, data, datetime.combine(received, time(8, 30)))


# --- the marketing team's own Upwork account ---------------------------------------------------------

TRANSACTION_HEADER = (
    "Date",
    "Ref ID",
    "Type",
    "Description",
    "Agency",
    "Freelancer",
    "Team",
    "Account Name",
    "PO",
    "Amount",
    "ExchangeRate",
    "Currency",
    "Balance",
)
TRANSLATOR = "Lina M."


@dataclass(frozen=True)
class Transaction:
    day: date
    kind: str
    note: str
    cents: int
    """Negative for a debit."""


def make_transactions(seed: int) -> list[Transaction]:
    """A translator's weeks, billed on the Monday after; fees, a milestone through escrow, a refund."""
    dice = Dice(seed, "translations")
    found: list[Transaction] = []
    for monday in days(date(2026, 1, 5), HORIZON - 7 * DAY):
        if monday.weekday() or not dice.chance(780):
            continue
        blocks = dice.between(18, 60)
        billed, cents = monday + 7 * DAY, blocks * 300
        span = f"{monday:%m/%d/%Y} - {monday + 6 * DAY:%m/%d/%Y}"
        work = f"(40230055) {TRANSLATOR} - {blocks // 6}:{blocks % 6}0 hrs @ €18.00/hr - {span}"
        fee = cents * 3 // 100
        found.append(Transaction(billed, "Hourly", work, -cents))
        found.append(Transaction(billed, "Payment Processing Fee", "Payment processing", -fee))
        found.append(Transaction(billed + DAY, "Payment", "Paid from Visa", cents + fee))
    found += [
        Transaction(date(2026, 9, 3), "Fixed Price", f"(40230056) {TRANSLATOR} - funds for escrow", -24_000),
        Transaction(date(2026, 9, 3), "Payment", "Paid from Visa", 24_000),
        Transaction(date(2026, 9, 18), "Payment", "From escrow to pay the invoice", 24_000),
        Transaction(date(2026, 9, 18), "Fixed Price", f"(40230056) {TRANSLATOR} - landing pages", -24_000),
        Transaction(date(2026, 10, 21), "Refund", f"(40230055) {TRANSLATOR} - one hour billed twice", 1_800),
    ]
    return sorted(found, key=lambda one: one.day)


def export_transactions(exports: Exports, transactions: list[Transaction]) -> None:
    """The year until August in one file, then a file a month."""
    balance, rows = 0, []
    for number, one in enumerate(transactions, start=1):
        balance += one.cents
        person = TRANSLATOR if TRANSLATOR in one.note else ""
        row = [
            f"{MONTHS[one.day.month - 1]} {one.day.day}, {one.day.year}",
            str(611200000 + number),
            one.kind,
            one.note,
            "",
            person,
            "Growth",
            "Company X",
            "",
            money(one.cents),
            "",
            "EUR",
            money(balance),
        ]
        rows.append((one.day, row))
    for start in month_firsts(date(2026, 8, 1), exports.end):
        first = date(2026, 1, 1) if start == date(2026, 8, 1) else start
        received = next_month(start).replace(day=4)
        if received <= exports.end + DAY:
            wanted = [row for day, row in rows if first <= day < next_month(start)]
            path = f"upwork_transactions/upwork_transactions-{start:%Y-%m}.csv"
            exports.add(path, csv_bytes(TRANSACTION_HEADER, wanted), datetime.combine(received, time(6, 40)))


# --- further exports of the sales tools --------------------------------------------------------------

ACTIVITIES_SINCE = date(2026, 7, 1)
"""Since this day people note in the CRM what they do, and the further exports are made."""
COUNTED_SINCE = date(2026, 6, 1)
OWNER_NUMBERS = {name: 41120007 + 2 * index for index, (name, *_rest) in enumerate(REPS)}
OWNER_HEADER = ("id", "userId", "email", "firstName", "lastName", "type", "archived")


def since_month(
    exports: Exports, source: str, first: date, cut: Callable[[date, date], bytes], day: int = 2
) -> None:
    """A file a month from `first` on, received on that day of the next month or the next workday."""
    for start in month_firsts(first, exports.end):
        received = next_month(start).replace(day=day)
        received += (7 - received.weekday()) * DAY if received.weekday() > 4 else 0 * DAY
        if received <= exports.end + DAY:
            name = f"{source}/{source}-{start:%Y-%m}.csv"
            data = cut(start, next_month(start) - DAY)
            exports.add(name, data, datetime.combine(received, time(6, 25)))


def on_the_first(exports: Exports, source: str, write_until: Callable[[date], bytes]) -> None:
    """All-time counters, exported early on the first of every month: they cover the days before it."""
    for first in month_firsts(COUNTED_SINCE, exports.end + DAY):
        data = write_until(first - DAY)
        exports.add(f"{source}/{source}-{first:%Y-%m}.csv", data, datetime.combine(first, time(6, 15)))


def export_owners(exports: Exports) -> None:
    """Everybody who ever owned a record; who left is archived. A second list adds the head of growth."""
    people = [(name, OWNER_NUMBERS[name], MAIL[name], last < LANDING_START) for name, _, last, _ in REPS]
    later = [*people, ("Sofia Marin", 41120031, "s.marin@companyx.example", False)]
    for day, known in ((LANDING_START, people), (ACTIVITIES_SINCE, later)):
        rows = [
            [str(number), str(number - 41110000), mail, *name.split(" "), "PERSON", str(gone).lower()]
            for name, number, mail, gone in known
        ]
        data = csv_bytes(OWNER_HEADER, rows, end="\n")
        exports.add(f"hubspot_owners/owners-{day:%Y-%m}.csv", data, datetime.combine(day, time(6, 2)))


def export_pipelines(exports: Exports) -> None:
    header = ("pipeline_id", "pipeline_label", "stage_id", "stage_label", "display_order", "probability")
    odds = ("0.2", "0.4", "0.6", "0.8", "0.9", "1.0", "0.0")
    rows = [
        ["default", "Sales Pipeline", name, label, str(place), chance]
        for place, (name, label, chance) in enumerate(zip(STAGE_IDS, (*STAGES, WON, LOST), odds, strict=True))
    ]
    received = datetime.combine(LANDING_START, time(6, 3))
    exports.add("hubspot_pipelines/pipelines-2025-11.csv", csv_bytes(header, rows, end="\n"), received)


INDUSTRIES = (("Hospitality", 40), ("Leisure and fitness", 30), ("Telecommunications", 12), ("Events", 18))
COUNTRIES = (("Germany", 44), ("Austria", 14), ("Norway", 12), ("Spain", 16), ("Poland", 14))
COMPANY_HEADER = (
    "Record ID",
    "Company name",
    "Company Domain Name",
    "Create Date",
    "Industry",
    "Country/Region",
    "Company owner",
)


def export_companies(exports: Exports, seed: int) -> None:
    dice = Dice(seed, "companies")
    rows: list[tuple[date, list[str]]] = []
    for day in days(ACTIVITIES_SINCE, HORIZON):
        for _ in range(dice.count(900) if day.weekday() < 5 else 0):
            name = f"{dice.one_of(FIRST_WORDS)} {dice.one_of(SECOND_WORDS)}"
            number = 70110001 + len(rows)
            cells = [
                str(number),
                name,
                f"{name.split(' ')[0].lower()}{number % 1000}.example",
                f"{dice.moment(day, 8, 18):%Y-%m-%d %H:%M}",
                dice.pick(INDUSTRIES),
                dice.pick(COUNTRIES),
                dice.pick(reps_on(day)),
            ]
            rows.append((day, cells))

    def cut(first: date, last: date) -> bytes:
        return csv_bytes(COMPANY_HEADER, [row for day, row in rows if first <= day <= last])

    since_month(exports, "hubspot_companies", ACTIVITIES_SINCE, cut)


def make_activities(
    seed: int, name: str, mean_milli: int, cells: Callable[[Dice, datetime, str, int], list[str]]
) -> list[tuple[date, list[str]]]:
    """Rows of one kind of activity by the day they were noted."""
    dice = Dice(seed, f"crm {name}")
    rows: list[tuple[date, list[str]]] = []
    for day in days(ACTIVITIES_SINCE, HORIZON):
        if day.weekday() < 5:
            for _ in range(dice.count(mean_milli * season(day) // 100)):
                at, owner = dice.moment(day, 9, 17), dice.pick(reps_on(day))
                rows.append((day, cells(dice, at, owner, len(rows))))
    return rows


def _meeting(dice: Dice, at: datetime, owner: str, number: int) -> list[str]:
    outcome = dice.pick((("COMPLETED", 74), ("NO_SHOW", 9), ("CANCELED", 8), ("RESCHEDULED", 9)))
    return [str(61300001 + number), as_utc(at), outcome, str(OWNER_NUMBERS[owner])]


def _call(dice: Dice, at: datetime, owner: str, number: int) -> list[str]:
    answered = dice.chance(420)
    length = dice.between(40, 900) * 1000 if answered else 0
    outcome = "f240bbac-87c9-4f6e-bf70-924b57d47db7" if answered else "73a0d17f-1163-4015-bdd5-ec830791da20"
    state = "COMPLETED" if answered else "NO_ANSWER"
    identity = [str(62300001 + number), as_utc(at)]
    return [*identity, "OUTBOUND", str(length), state, outcome, str(OWNER_NUMBERS[owner])]


def _task(dice: Dice, at: datetime, owner: str, number: int) -> list[str]:
    done = at + timedelta(days=dice.between(0, 1), hours=1) if dice.chance(780) else None
    completed = f"{done:%Y-%m-%d %H:%M}" if done else ""
    state = "Completed" if done else "Not started"
    return [str(63300001 + number), f"{at + 2 * DAY:%Y-%m-%d} 18:00", completed, state, owner]


def _mail(dice: Dice, at: datetime, owner: str, number: int) -> list[str]:
    direction = "EMAIL" if dice.chance(700) else "INCOMING_EMAIL"
    state = "BOUNCED" if direction == "EMAIL" and dice.chance(20) else "SENT"
    return [str(64300001 + number), f"{at:%Y-%m-%d %H:%M}", direction, state, owner]


ACTIVITIES = (
    (
        "meetings",
        1_500,
        _meeting,
        ("hs_object_id", "hs_meeting_start_time", "hs_meeting_outcome", "hubspot_owner_id"),
    ),
    (
        "calls",
        2_600,
        _call,
        (
            "hs_object_id",
            "hs_timestamp",
            "hs_call_direction",
            "hs_call_duration",
            "hs_call_status",
            "hs_call_disposition",
            "hubspot_owner_id",
        ),
    ),
    ("tasks", 1_200, _task, ("Record ID", "Due date", "Completed at", "Task Status", "Assigned to")),
    (
        "emails",
        2_000,
        _mail,
        ("Record ID", "Activity date", "Email direction", "Email send status", "Activity assigned to"),
    ),
)
"""Export, usual number a day in thousandths, how a row is made, header."""


def export_activities(exports: Exports, seed: int) -> None:
    for name, mean, cells, header in ACTIVITIES:
        rows = make_activities(seed, name, mean, cells)

        def cut(
            first: date,
            last: date,
            rows: list[tuple[date, list[str]]] = rows,
            header: Sequence[str] = header,
        ) -> bytes:
            return csv_bytes(header, [row for day, row in rows if first <= day <= last])

        since_month(exports, f"hubspot_{name}", ACTIVITIES_SINCE, cut)


FORMS = (("Offer for hotels", 46), ("Screens for gyms", 32), ("Request a call", 22))


def export_forms(exports: Exports, seed: int) -> None:
    """Now and then somebody sends a second form."""
    dice = Dice(seed, "forms")
    rows: list[tuple[date, list[str]]] = []
    for day in days(ACTIVITIES_SINCE, HORIZON):
        for _ in range(dice.count(620 * season(day) // 100)):
            again = bool(rows) and dice.chance(90)
            earlier = rows[dice.upto(len(rows))][1][3] if again else ""
            fresh = (
                f"{dice.one_of(GIVEN)}.{dice.one_of(FAMILY)}@{dice.one_of(FIRST_WORDS)}f{len(rows)}.example"
            )
            at = dice.moment(day, 7, 22)
            cells = [
                f"cv-{810001 + len(rows)}",
                f"{at:%Y-%m-%d %H:%M:%S}",
                dice.pick(FORMS),
                earlier or fresh.lower(),
            ]
            rows.append((day, cells))

    def cut(first: date, last: date) -> bytes:
        header = ("Conversion ID", "Submitted At", "Form", "Email")
        return csv_bytes(header, [row for day, row in rows if first <= day <= last])

    since_month(exports, "hubspot_forms", ACTIVITIES_SINCE, cut)


def export_campaign_counters(exports: Exports, messages: list[Message]) -> None:
    """The list of campaigns, its counters over the same messages that the activity export shows singly."""
    header = ("campaign_id", "title", "created", "sent", "opens", "clicks", "replies", "bounces", "leads")

    def until(last: date) -> bytes:
        def past(at: datetime | None) -> bool:
            return at is not None and at.date() <= last

        rows = []
        for number, title, _ in CAMPAIGNS:
            own = [one for one in messages if one.campaign == f"{number}/{title}" and past(one.sent)]
            counts = [
                len(own),
                sum(past(one.opened) for one in own),
                sum(past(one.clicked) for one in own),
                sum(past(one.replied) for one in own),
                sum(one.bounced for one in own),
                sum(one.lead and past(one.replied) for one in own),
            ]
            rows.append([str(number), title, f"{HISTORY_START}T07:00:00Z", *map(str, counts)])
        return csv_bytes(header, rows, end="\n")

    on_the_first(exports, "mailshake_campaigns", until)


def export_prospect_campaigns(exports: Exports, seed: int) -> None:
    dice = Dice(seed, "prospect campaigns")
    begun = {
        "Hotel chains": date(2026, 3, 2),
        "Fitness studios": date(2026, 4, 13),
        "Trade fairs": date(2026, 8, 17),
    }
    levels = {"Hotel chains": 1_900, "Fitness studios": 1_300, "Trade fairs": 900}
    daily: dict[str, list[tuple[date, list[int]]]] = {name: [] for name in begun}
    for day in days(date(2026, 3, 2), HORIZON):
        for name, start in begun.items():
            if day >= start and day.weekday() < 5:
                sent = dice.count(levels[name])
                opened = sum(dice.chance(480) for _ in range(sent))
                replied = sum(dice.chance(210) for _ in range(opened))
                qualified = sum(dice.chance(350) for _ in range(replied))
                daily[name].append((day, [sent, opened, replied, qualified]))

    def until(last: date) -> bytes:
        rows = []
        for place, (name, start) in enumerate(begun.items()):
            past = [counts for day, counts in daily[name] if day <= last]
            if start <= last:
                totals = [str(sum(counts[column] for counts in past)) for column in range(4)]
                rows.append([str(9101 + place), name, f"{start}T09:00:00.000Z", *totals])
        return csv_bytes(
            ("id", "name", "created_at", "contacted", "opened", "replied", "qualified"), rows, end="\n"
        )

    on_the_first(exports, "prospectio_campaigns", until)


def export_people(exports: Exports, people: list[Contact], prospects: list[Contact]) -> None:
    """People of the journeys; every ninth is a prospect of the other tool, under the same address."""

    def row(one: Contact) -> list[str]:
        known = [each for each in prospects if each.created < one.created] if one.number % 9 == 0 else []
        email = known[-1].email if known else f"{one.given}.{one.family}@{one.host}mail.example".lower()
        return [f"p{70001 + one.number}", email, one.given, as_utc(one.created), one.channel]

    def cut(first: date, last: date) -> bytes:
        header = ("id", "email", "first_name", "created_at", "lead_source")
        return csv_bytes(
            header, [row(one) for one in people if first <= one.created.date() <= last], end="\n"
        )

    since_month(exports, "ortto_contacts", COUNTED_SINCE, cut, day=3)


# --- the whole ---------------------------------------------------------------------------------------


def make_exports(seed: int, since: date, until: date) -> Exports:
    """Every file of every system up to and with the week that begins on `until`."""
    exports = Exports(since, until)
    freelance = make_freelance(seed)
    world = World(make_deals(seed), make_subscriptions(seed), make_partner_sales(seed), freelance)
    export_deals(exports, world.deals)
    export_subscriptions(exports, world.subscriptions)
    export_partner_sales(exports, world.partner_sales)
    books = export_ledger(exports, world, seed)
    export_freelance(exports, freelance)
    messages, prospects = make_messages(seed), make_contacts(seed, "prospects", 7_000)
    export_messages(exports, messages)
    export_entries(exports, make_entries(seed))
    export_signups(exports, make_signups(seed))
    export_contacts(exports, make_contacts(seed, "contacts", 17_000))
    export_prospects(exports, prospects, seed)
    export_snapshots(exports, make_snapshots(seed))
    export_influencers(exports, make_contacts(seed, "influencers", 2_000), seed)
    export_tasks(exports, seed)
    export_asana(exports)
    export_jira(exports)
    export_profit_and_loss(exports, books)
    export_transactions(exports, make_transactions(seed))
    export_owners(exports)
    export_pipelines(exports)
    export_companies(exports, seed)
    export_activities(exports, seed)
    export_forms(exports, seed)
    export_campaign_counters(exports, messages)
    export_prospect_campaigns(exports, seed)
    export_people(exports, make_contacts(seed, "journey people", 2_600), prospects)
    return exports


def received_csv(exports: Exports) -> bytes:
    return csv_bytes(("file", "received_at"), sorted(exports.received.items()), end="\n")


def write(exports: Exports, target: Path) -> None:
    """The exports below `target`, replacing those of an earlier run; the hand-written workspace beside them
    when `target` is not the folder of this file."""
    home = Path(__file__).resolve().parent
    if target.resolve() != home:
        unwanted = shutil.ignore_patterns(
            "exports", "generate.py", "__pycache__", "out", ".scorecards", ".dagster"
        )
        shutil.copytree(home, target, ignore=unwanted, dirs_exist_ok=True)
    shutil.rmtree(target / "exports", ignore_errors=True)
    for name, data in exports.files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (target / "exports" / "received.csv").write_bytes(received_csv(exports))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the sample company's exports.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the workspace to write")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--since", default=week_name(HISTORY_START), help="first week of the history")
    parser.add_argument("--until", default="2026-W47", help="last week exported, for example 2027-W01")
    options = parser.parse_args(arguments)
    since, until = parse_week(options.since), parse_week(options.until)
    if not HISTORY_START <= since < LANDING_START <= until <= HORIZON - 6 * DAY:
        parser.error(f"weeks from {week_name(HISTORY_START)} to {week_name(monday_of(HORIZON - 6 * DAY))}")
    exports = make_exports(options.seed, since, until)
    write(exports, options.out)
    size = sum(map(len, exports.files.values()))
    print(f"{len(exports.files)} files, {size / 1e6:.1f} MB in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
