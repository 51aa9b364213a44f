"""The built-in KPIs: formula, definition, unit, direction, grain, dimensions and source of the definition.

Here: declarations only, and the reference page made from them. Not here: a company's own KPIs (registry.py),
nor how a measure becomes numbers (compute.py).

A rate is always sum over sum of its period and has no value, rather than 0 %, over nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.language import pick
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Condition, Kpi, Measure

DEAL_DIMENSIONS = ("pipeline", "owner", "team", "product", "region")
CUSTOMER_DIMENSIONS = ("plan", "region", "channel")
OUTREACH_DIMENSIONS = ("campaign", "owner", "team")

BOOKS_CLOSE_DAYS = 10
"""A month's ledger is final on the 10th of the next month."""


def _where(column: str, *values: str | bool) -> Condition:
    return Condition(column=column, equals=values)


BOOKINGS = Measure(
    fact="deals", aggregate="sum", column="amount", date="closed_on", where=(_where("is_won", True),)
)
NEW_CUSTOMERS = Measure(fact="subscriptions", date="started_on", where=(_where("is_new_customer", True),))
CUSTOMERS_LOST = Measure(
    fact="subscriptions", date="ended_on", where=(Condition(column="ended_on", empty=False),)
)
CUSTOMERS_AT_START = Measure(fact="subscriptions", date="started_on", until="ended_on", taken="opening")


def _ledger(*classes: str, negate: bool = False) -> Measure:
    return Measure(
        fact="ledger_lines",
        aggregate="sum",
        column="amount",
        date="posted_on",
        where=(_where("account_class", *classes),),
        negate=negate,
    )


def _sent(event: str) -> Measure:
    return Measure(fact="outreach_events", date="happened_on", where=(_where("event", event),))


def _entries(*stage: str) -> Measure:
    """Entries into one stage, by its label or the CRM's internal name."""
    return Measure(fact="deal_stages", date="entered_on", where=(_where("stage", *stage),))


SIGNUPS = Kpi(
    id="signups",
    name={"en": "Email and site sign-ups", "ru": "Регистрации на сайте и по e-mail"},
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=Measure(
        fact="signups",
        aggregate="sum",
        column="count",
        date="signed_on",
        where=(_where("event", "sign_up", "email_sign_up", "newsletter_sign_up", "generate_lead"),),
    ),
    dimensions=("event", "channel"),
    formula={
        "en": "Number of sign-up events in the period.",
        "ru": "Число событий регистрации за период.",
    },
    definition={
        "en": "Counts the events sign_up, email_sign_up, newsletter_sign_up and generate_lead as web "
        "analytics reports them; one person who signs up twice is counted as often as the analytics tool "
        "counts them.",
        "ru": "Учитываются события sign_up, email_sign_up, newsletter_sign_up и generate_lead так, как их "
        "считает система веб-аналитики; повторная регистрация одного человека не отсеивается.",
    },
    citation="Google Analytics 4, recommended events: sign_up, generate_lead",
)

GROSS_PROFIT = Kpi(
    id="gross_profit",
    name={"en": "Gross profit", "ru": "Валовая прибыль"},
    unit=Unit.MONEY,
    direction=Direction.UP,
    kind="simple",
    numerator=_ledger("revenue", "cogs"),
    grain="month",
    dimensions=("department",),
    close_lag_days=BOOKS_CLOSE_DAYS,
    empty="missing",
    formula={
        "en": "Revenue minus cost of goods sold, from the general ledger.",
        "ru": "Выручка минус себестоимость продаж по данным главной книги.",
    },
    definition={
        "en": "Sum of ledger lines of the classes revenue and cogs (income positive, costs negative) posted "
        "in the month. A month without any line has no value.",
        "ru": "Сумма проводок классов revenue и cogs (доходы со знаком плюс, расходы со знаком минус) за "
        "месяц. Месяц без проводок не имеет значения.",
    },
    citation="Profit-and-loss layout: revenue less direct costs (QuickBooks Online, report row Gross Profit)",
)

NET_PROFIT = Kpi(
    id="net_profit",
    name={"en": "Net profit", "ru": "Чистая прибыль"},
    unit=Unit.MONEY,
    direction=Direction.UP,
    kind="simple",
    numerator=_ledger("revenue", "cogs", "sales_marketing", "opex", "other"),
    grain="month",
    dimensions=("department",),
    close_lag_days=BOOKS_CLOSE_DAYS,
    empty="missing",
    formula={
        "en": "Revenue minus all costs, from the general ledger.",
        "ru": "Выручка минус все расходы по данным главной книги.",
    },
    definition={
        "en": "Sum of all ledger lines posted in the month: revenue, cost of goods sold, sales and "
        "marketing, operating and other income and expense. Taxes are included when the ledger posts them.",
        "ru": "Сумма всех проводок за месяц: выручка, себестоимость, продажи и маркетинг, операционные и "
        "прочие доходы и расходы. Налоги учтены, если они проведены в главной книге.",
    },
    citation="Profit-and-loss layout (QuickBooks Online, report row Net Income)",
)

SALES_REVENUE = Kpi(
    id="sales_revenue",
    name={"en": "Sales revenue (bookings)", "ru": "Выручка от продаж (заключённые сделки)"},
    unit=Unit.MONEY,
    direction=Direction.UP,
    kind="simple",
    numerator=BOOKINGS,
    dimensions=DEAL_DIMENSIONS,
    formula={
        "en": "Sum of the amounts of deals won, by close date.",
        "ru": "Сумма выигранных сделок по дате закрытия.",
    },
    definition={
        "en": "Bookings: the value of deals won in the period, not revenue recognised in the books. "
        "The two are never mixed; recognised revenue is part of gross profit.",
        "ru": "Объём заключённых сделок (bookings): стоимость сделок, выигранных за период, а не выручка, "
        "признанная в учёте. Эти показатели не смешиваются; признанная выручка входит в валовую прибыль.",
    },
    citation="HubSpot: Amount of deals in a closed-won stage, by Close date",
)

_CHURN_NOTE = {
    "en": "Customers are subscriptions of the billing export. A customer is lost on the first day no longer "
    "subscribed. Customers at the start are those in force when the period's first day begins; a customer "
    "who joins and leaves inside the period is lost but was not there at the start, as in the accounting "
    "identity start + new - lost = end. The rate belongs to the whole period and is never divided by months.",
    "ru": "Клиент — это подписка из выгрузки биллинга. Клиент считается ушедшим в первый день без подписки. "
    "Клиенты на начало — действующие к началу первого дня периода; клиент, пришедший и ушедший внутри "
    "периода, входит в число ушедших, но не в число клиентов на начало (тождество: начало + новые − ушедшие "
    "= конец). Доля относится ко всему периоду и не делится на число месяцев.",
}

RETENTION_RATE = Kpi(
    id="retention_rate",
    name={"en": "Customer retention", "ru": "Удержание клиентов"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=CUSTOMERS_LOST,
    denominator=CUSTOMERS_AT_START,
    complement=True,
    dimensions=CUSTOMER_DIMENSIONS,
    minimum_sample=20,
    formula={
        "en": "1 minus customers lost in the period over customers at its start.",
        "ru": "1 минус отношение числа ушедших за период клиентов к числу клиентов на его начало.",
    },
    definition=_CHURN_NOTE,
    citation="Complement of customer churn: (customers at end - new customers) / customers at start",
)

CHURN_RATE = Kpi(
    id="churn_rate",
    name={"en": "Customer churn", "ru": "Отток клиентов"},
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    kind="ratio",
    numerator=CUSTOMERS_LOST,
    denominator=CUSTOMERS_AT_START,
    dimensions=CUSTOMER_DIMENSIONS,
    minimum_sample=20,
    formula={
        "en": "Customers lost in the period over customers at its start.",
        "ru": "Число ушедших за период клиентов, делённое на число клиентов на его начало.",
    },
    definition=_CHURN_NOTE,
    citation="ChartMogul Help Center, Customer Churn Rate (article 207340419)",
)

CAC = Kpi(
    id="cac",
    name={"en": "Customer acquisition cost", "ru": "Стоимость привлечения клиента (CAC)"},
    unit=Unit.MONEY,
    direction=Direction.DOWN,
    kind="ratio",
    numerator=_ledger("sales_marketing", negate=True),
    denominator=NEW_CUSTOMERS,
    grain="month",
    close_lag_days=BOOKS_CLOSE_DAYS,
    empty="missing",
    minimum_sample=1,
    formula={
        "en": "Sales and marketing cost of the months over new customers of the same months.",
        "ru": "Расходы на продажи и маркетинг за месяцы, делённые на число новых клиентов за те же месяцы.",
    },
    definition={
        "en": "Cost is the sum of ledger lines of the class sales_marketing (fully loaded as far as the "
        "ledger posts salaries, tools and agencies there), without a lag between cost and customer. New "
        "customers are first subscriptions by start date. A ledger knows no owner, so CAC has none.",
        "ru": "Расходы — сумма проводок класса sales_marketing (полные, если зарплаты, инструменты и "
        "подрядчики проводятся там же), без сдвига между расходом и клиентом. Новые клиенты — первые "
        "подписки по дате начала. Главная книга не знает ответственных, поэтому CAC не делится по "
        "сотрудникам.",
    },
    citation="Standard formula: total sales and marketing cost / new customers of the same period",
)

PROSPECTING_ACTIVITY = Kpi(
    id="prospecting_activity",
    name={
        "en": "Prospecting activity (messages sent)",
        "ru": "Активность поиска клиентов (отправлено писем)",
    },
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=_sent("sent"),
    dimensions=OUTREACH_DIMENSIONS,
    formula={
        "en": "Outreach messages sent in the period.",
        "ru": "Число отправленных за период писем потенциальным клиентам.",
    },
    definition={
        "en": "Every message counts once, follow-ups included. Opens are not counted: mail clients that "
        "prefetch images inflate them.",
        "ru": "Каждое письмо учитывается один раз, включая повторные. Открытия не учитываются: почтовые "
        "клиенты с предварительной загрузкой картинок завышают их.",
    },
    citation="Mailshake: sent activity",
)

REPLY_RATE = Kpi(
    id="reply_rate",
    name={"en": "Reply rate", "ru": "Доля ответов"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=_sent("reply"),
    denominator=_sent("sent"),
    dimensions=OUTREACH_DIMENSIONS,
    minimum_sample=20,
    formula={
        "en": "Replies received in the period over messages sent in the period.",
        "ru": "Число полученных за период ответов, делённое на число отправленных за период писем.",
    },
    definition={
        "en": "Period view: a reply counts on the day it arrives, whenever its message was sent. Bounces and "
        "automatic answers are not replies.",
        "ru": "По периоду: ответ учитывается в день получения, когда бы ни было отправлено письмо. Отказы "
        "доставки и автоответы ответами не считаются.",
    },
    citation="Mailshake: replies by type; replies / messages sent",
)

FUNNEL_FLOW = Kpi(
    id="funnel_flow",
    name={"en": "Funnel flow", "ru": "Переход по воронке"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=_entries("qualifiedtobuy", "Qualified To Buy"),
    denominator=_entries("appointmentscheduled", "Appointment Scheduled"),
    dimensions=("pipeline", "owner", "team"),
    minimum_sample=5,
    formula={
        "en": "Entries into the stage Qualified To Buy over entries into Appointment Scheduled in the "
        "period.",
        "ru": "Число переходов сделок в этап Qualified To Buy, делённое на число переходов в этап "
        "Appointment Scheduled за период.",
    },
    definition={
        "en": "Period view: entries of the period, whichever deals they belong to, so the share may exceed "
        "100 %. The stages are HubSpot's default ones; define funnel_flow in kpis.yaml to name your own.",
        "ru": "По периоду: учитываются переходы за период независимо от сделки, поэтому доля может превысить "
        "100 %. Этапы — стандартные для HubSpot; чтобы указать свои, определите funnel_flow в kpis.yaml.",
    },
    citation="Milestone (period) view of stage conversion; Kellblog, Win Rates, Close Rates and Milestone "
    "vs. Cohort Analysis",
)

REVENUE_GROWTH_YOY = Kpi(
    id="revenue_growth_yoy",
    name={"en": "Year-over-year sales growth", "ru": "Рост продаж год к году"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="growth",
    numerator=BOOKINGS,
    dimensions=DEAL_DIMENSIONS,
    formula={
        "en": "Bookings of the period over bookings of the same weeks of the prior year, minus 1.",
        "ru": "Сумма выигранных сделок за период, делённая на сумму за те же недели прошлого года, минус 1.",
    },
    definition={
        "en": "Equal ISO weeks are compared, weekday by weekday; week 53 is compared with the week 52 weeks "
        "before it when the prior year has none. No value when the prior year is 0 or less or begins before "
        "the history does.",
        "ru": "Сравниваются одинаковые недели ISO, день недели с днём недели; 53-я неделя сравнивается с "
        "неделей за 52 недели до неё, если в прошлом году её нет. Значения нет, если база прошлого года не "
        "больше нуля или начинается раньше имеющейся истории.",
    },
    citation="Growth of a period over the same period of the prior year; ISO 8601 weeks",
)

CLOSING_RATE = Kpi(
    id="closing_rate",
    name={"en": "Closing rate", "ru": "Доля выигранных сделок"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=Measure(fact="deals", date="closed_on", where=(_where("is_won", True),)),
    denominator=Measure(fact="deals", date="closed_on", where=(_where("is_closed", True),)),
    dimensions=DEAL_DIMENSIONS,
    minimum_sample=5,
    formula={
        "en": "Deals won over deals closed (won and lost), by close date.",
        "ru": "Число выигранных сделок, делённое на число закрытых (выигранных и проигранных), по дате "
        "закрытия.",
    },
    definition={
        "en": "Narrow win rate: all closed deals of the period, whenever they were created. Several weeks "
        "are pooled, sum over sum; the mean of weekly percentages is not used.",
        "ru": "Узкое определение: все закрытые за период сделки независимо от даты создания. Несколько "
        "недель объединяются (сумма к сумме); среднее недельных процентов не используется.",
    },
    citation="Won / (won + lost) by close date; Kellblog, Win Rates, Close Rates and Milestone vs. Cohort "
    "Analysis",
)

NEW_CUSTOMERS_KPI = Kpi(
    id="new_customers",
    name={"en": "New customers", "ru": "Новые клиенты"},
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=NEW_CUSTOMERS,
    dimensions=CUSTOMER_DIMENSIONS,
    formula={
        "en": "Customers whose first subscription starts in the period.",
        "ru": "Число клиентов, чья первая подписка началась в периоде.",
    },
    definition={
        "en": "Only a customer's first subscription counts; a return after a pause does not.",
        "ru": "Учитывается только первая подписка клиента; возвращение после перерыва не учитывается.",
    },
    citation="Count of first subscriptions by start date",
)

ADMIN_HOURS = Kpi(
    id="admin_hours",
    name={"en": "Hours of administrative work", "ru": "Часы административной работы"},
    unit=Unit.HOURS,
    direction=Direction.DOWN,
    kind="simple",
    numerator=Measure(
        fact="time_entries",
        aggregate="sum",
        column="hours",
        date="worked_on",
        where=(_where("tags", "admin", "Admin"),),
    ),
    dimensions=("task", "owner", "team"),
    formula={
        "en": "Hours tracked with the tag admin in the period.",
        "ru": "Сумма учтённых за период часов с меткой admin.",
    },
    definition={
        "en": "An entry counts when admin is one of its tags. Work that nobody tracked is not in it.",
        "ru": "Запись учитывается, если среди её меток есть admin. Неучтённая работа сюда не входит.",
    },
    citation="TimeCamp: time entries by tag",
)

CATALOGUE: tuple[Kpi, ...] = (
    SIGNUPS, GROSS_PROFIT, NET_PROFIT, SALES_REVENUE, RETENTION_RATE, CHURN_RATE, CAC, PROSPECTING_ACTIVITY,
    REPLY_RATE, FUNNEL_FLOW, REVENUE_GROWTH_YOY, CLOSING_RATE, NEW_CUSTOMERS_KPI, ADMIN_HOURS,
)  # fmt: skip
"""In the order the documentation lists them."""


def measures(kpi: Kpi) -> tuple[Measure, ...]:
    """Numerator and, when there is one, denominator."""
    return (kpi.numerator,) if kpi.denominator is None else (kpi.numerator, kpi.denominator)


def feeding_columns(kpi: Kpi) -> tuple[str, ...]:
    """`fact.column` of everything the KPI's measures read, in first-use order."""
    found: dict[str, None] = {}
    for measure in measures(kpi):
        names = [measure.date, measure.until, measure.column, *(one.column for one in measure.where)]
        found.update(dict.fromkeys(f"{measure.fact}.{name}" for name in names if name))
    return tuple(found)


def reference_page(kpis: Iterable[Kpi] = CATALOGUE) -> str:
    """docs/kpis.md: the catalogue in English with the Russian names, as Markdown."""
    lines = [
        "# Built-in KPIs",
        "",
        "Made from `pipeline/kpis/catalogue.py`; a test holds the two together. A KPI in `kpis.yaml` with "
        "one",
        "of these ids replaces the built-in one. Rates are sums over sums and have no value over nothing.",
        "",
    ]
    for kpi in kpis:
        lines += _reference_entry(kpi)
    return "\n".join(lines).rstrip() + "\n"


def _reference_entry(kpi: Kpi) -> list[str]:
    facts = [
        ("Formula", pick(kpi.formula, "en")),
        ("Unit", f"{kpi.unit.value}; {'higher' if kpi.direction is Direction.UP else 'lower'} is better"),
        ("Kind", kpi.kind + (", reported as 1 - ratio" if kpi.complement else "")),
        (
            "Finest period",
            kpi.grain + (f", final {kpi.close_lag_days} days later" if kpi.close_lag_days else ""),
        ),
        ("Dimensions", ", ".join(kpi.dimensions) or "none"),
        ("A period without rows", "is 0" if kpi.empty == "zero" else "has no value"),
        ("Smallest denominator", str(kpi.minimum_sample or "any above 0") if kpi.kind == "ratio" else "-"),
        ("Fed by", ", ".join(f"`{name}`" for name in feeding_columns(kpi))),
        ("Definition from", kpi.citation),
    ]
    rows = [f"| {label} | {text} |" for label, text in facts]
    title = f"## `{kpi.id}`: {pick(kpi.name, 'en')} / {pick(kpi.name, 'ru')}"
    return [title, "", pick(kpi.definition, "en"), "", "| | |", "|---|---|", *rows, ""]
