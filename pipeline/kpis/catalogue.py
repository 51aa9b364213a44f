"""The built-in KPIs: formula, definition, unit, direction, grain, dimensions and source of the definition.

Here: declarations only, and the reference page made from them. Not here: a company's own KPIs (registry.py),
nor how a measure becomes numbers (compute.py).

A rate is always sum over sum of its period and has no value, rather than 0 %, over nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.language import pick
from pipeline.units import Direction, Unit
from pipeline.workspace.derived import base_kpis
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


def _flowed(column: str) -> Measure:
    """What a campaign counter grew by between two snapshots, on the day of the later one."""
    return Measure(fact="campaign_flows", aggregate="sum", column=column, date="counted_on")


def _noted(kind: str, *more: Condition) -> Measure:
    """Activities of one kind in the CRM."""
    return Measure(fact="engagements", date="happened_on", where=(_where("kind", kind), *more))


CREATED_DEALS = Measure(fact="deals", date="created_on")
COHORT_MATURES_DAYS, STAGE_MATURES_DAYS = 90, 30
"""Days after which most deals of a cohort are decided, or have left the stage."""
LATER_STAGES = (
    "qualifiedtobuy", "Qualified To Buy", "presentationscheduled", "Presentation Scheduled",
    "decisionmakerboughtin", "Decision Maker Bought-In", "contractsent", "Contract Sent", "closedwon",
    "Closed Won",
)  # fmt: skip
"""HubSpot's default stages after Appointment Scheduled, by label or internal name; a lost deal passed "
"none."""

FIRST_OF_AN_ADDRESS = Condition(column="is_repeat", not_equals=(True,))


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

NEW_PROSPECTS = Kpi(
    id="new_prospects",
    name={"en": "New prospects", "ru": "Новые потенциальные клиенты"},
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=Measure(fact="contacts", date="created_on", where=(FIRST_OF_AN_ADDRESS,)),
    dimensions=("channel", "lifecycle", "owner", "team"),
    formula={
        "en": "Contacts and prospects added in the period, each address once.",
        "ru": "Число контактов, добавленных за период; каждый адрес учитывается один раз.",
    },
    definition={
        "en": "An address that stands in several tools counts where and when it came first. A contact "
        "without an address counts by itself: nobody can tell whether it came before.",
        "ru": "Адрес, который есть в нескольких системах, учитывается там и тогда, где он появился впервые. "
        "Контакт без адреса учитывается сам по себе: нельзя узнать, был ли он раньше.",
    },
    citation="HubSpot: Create Date of contacts; Prospect.io: created_at of prospects",
)

PROSPECT_REPLY_RATE = Kpi(
    id="prospect_reply_rate",
    name={"en": "Prospects who replied", "ru": "Доля ответивших потенциальных клиентов"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=Measure(fact="contacts", date="contacted_on", where=(_where("has_replied", True),)),
    denominator=Measure(fact="contacts", date="contacted_on"),
    dimensions=("channel", "campaign", "owner", "team"),
    minimum_sample=20,
    formula={
        "en": "Prospects who replied over prospects written to, both by the day of the newest message.",
        "ru": "Число ответивших потенциальных клиентов, делённое на число тех, кому писали, по дате "
        "последнего письма.",
    },
    definition={
        "en": "Cohort view by prospect: who was last written to in the period, and how many of them have "
        "answered by now. The tools keep a flag and no day of the answer, so recent periods still rise.",
        "ru": "По когорте: кому за период писали в последний раз и сколько из них уже ответили. Системы "
        "хранят признак ответа без даты, поэтому недавние периоды ещё растут.",
    },
    citation="Prospect.io: replied and last_emailed_at of prospects; replied / contacted",
)

LEAD_RATE = Kpi(
    id="lead_rate",
    name={"en": "Leads per message", "ru": "Доля писем, приведших к лиду"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=_sent("lead"),
    denominator=_sent("sent"),
    dimensions=OUTREACH_DIMENSIONS,
    minimum_sample=20,
    formula={
        "en": "Leads found in the period over messages sent in the period.",
        "ru": "Число лидов за период, делённое на число отправленных за период писем.",
    },
    definition={
        "en": "A recipient is one lead per campaign, on the day of the reply, or of the message where no "
        "reply is dated. Leads marked as lost or ignored do not count.",
        "ru": "Получатель даёт не больше одного лида на кампанию: в день ответа, а если ответ не датирован — "
        "в день письма. Потерянные и отклонённые лиды не учитываются.",
    },
    citation="Mailshake: created leads; leads / messages sent",
)

BOUNCE_RATE = Kpi(
    id="bounce_rate",
    name={"en": "Bounce rate", "ru": "Доля недоставленных писем"},
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    kind="ratio",
    numerator=_sent("bounce"),
    denominator=_sent("sent"),
    dimensions=OUTREACH_DIMENSIONS,
    minimum_sample=20,
    formula={
        "en": "Messages that bounced over messages sent in the period.",
        "ru": "Число недоставленных писем, делённое на число отправленных за период.",
    },
    definition={
        "en": "A bounce counts on the day its message was sent, so the share never exceeds 100 %.",
        "ru": "Отказ учитывается в день отправки письма, поэтому доля не превышает 100 %.",
    },
    citation="Mailshake: bounces / messages sent",
)

CALLS_MADE = Kpi(
    id="calls_made",
    name={"en": "Calls", "ru": "Звонки"},
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=_noted("call"),
    dimensions=("outcome", "direction", "owner", "team"),
    formula={
        "en": "Calls noted in the CRM in the period.",
        "ru": "Число звонков, занесённых в CRM за период.",
    },
    definition={
        "en": "Every call counts, answered or not, in either direction.",
        "ru": "Учитывается каждый звонок, входящий и исходящий, с ответом и без.",
    },
    citation="HubSpot: calls by hs_timestamp",
)

MEETINGS_HELD = Kpi(
    id="meetings_held",
    name={"en": "Meetings held", "ru": "Проведённые встречи"},
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=_noted("meeting", _where("is_done", True)),
    dimensions=("owner", "team"),
    formula={
        "en": "Meetings with the outcome Completed, by the day they began.",
        "ru": "Число встреч с результатом «Completed», по дню начала.",
    },
    definition={
        "en": "A meeting that is only scheduled, was cancelled or to which nobody came does not count.",
        "ru": "Запланированные, отменённые и несостоявшиеся встречи не учитываются.",
    },
    citation="HubSpot: hs_meeting_outcome COMPLETED by hs_meeting_start_time",
)

MEETING_RATE = Kpi(
    id="meeting_rate",
    name={"en": "Meetings per message", "ru": "Встречи на одно письмо"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=_noted("meeting", _where("is_done", True)),
    denominator=_sent("sent"),
    dimensions=("owner", "team"),
    minimum_sample=20,
    formula={
        "en": "Meetings held in the period over outreach messages sent in the period.",
        "ru": "Число проведённых за период встреч, делённое на число отправленных за период писем.",
    },
    definition={
        "en": "Period view: meetings count on their day, whatever led to them.",
        "ru": "По периоду: встреча учитывается в свой день, что бы к ней ни привело.",
    },
    citation="HubSpot: completed meetings; Mailshake: sent activity; meetings / messages sent",
)

CAMPAIGN_REPLY_RATE = Kpi(
    id="campaign_reply_rate",
    name={"en": "Replies per message, by campaign", "ru": "Доля ответов по кампаниям"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=_flowed("replies"),
    denominator=_flowed("sent"),
    dimensions=("name", "kind", "owner", "team"),
    minimum_sample=20,
    formula={
        "en": "Growth of the campaigns' replies over growth of their messages sent.",
        "ru": "Прирост ответов по кампаниям, делённый на прирост отправленных писем.",
    },
    definition={
        "en": "All-time counters are differenced between two exports; what happened counts on the day of the "
        "later one. A counter that falls was reset or edited: that span counts as nothing, and it is said.",
        "ru": "Накопительные счётчики вычитаются друг из друга между двумя выгрузками; результат относится к "
        "дню более поздней. Уменьшение счётчика означает сброс или правку: такой промежуток не учитывается, "
        "и об этом сообщается.",
    },
    citation="Mailshake: campaign counters; replies / messages sent",
)

CAMPAIGN_CONVERSION_RATE = Kpi(
    id="campaign_conversion_rate",
    name={"en": "Conversions per message delivered", "ru": "Конверсия доставленных сообщений"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=_flowed("conversions"),
    denominator=_flowed("delivered"),
    dimensions=("name", "kind", "owner", "team"),
    minimum_sample=20,
    formula={
        "en": "Growth of the campaigns' conversions over growth of their messages delivered.",
        "ru": "Прирост конверсий по кампаниям, делённый на прирост доставленных сообщений.",
    },
    definition={
        "en": "All-time counters are differenced between two exports; what happened counts on the day of the "
        "later one. What a conversion is, each journey defines itself.",
        "ru": "Накопительные счётчики вычитаются друг из друга между двумя выгрузками; результат относится к "
        "дню более поздней. Что считать конверсией, определяет сам сценарий.",
    },
    citation="Ortto: conversions and delivered of campaigns; conversions / delivered",
)

NEW_COMPANIES = Kpi(
    id="new_companies",
    name={"en": "New companies in the CRM", "ru": "Новые компании в CRM"},
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=Measure(fact="companies", date="created_on"),
    dimensions=("industry", "country", "owner", "team"),
    formula={
        "en": "Companies added to the CRM in the period.",
        "ru": "Число компаний, добавленных в CRM за период.",
    },
    definition={
        "en": "Every company record counts on the day it was created; two records of one company are two.",
        "ru": "Каждая карточка компании учитывается в день создания; две карточки одной компании — это две.",
    },
    citation="HubSpot: companies by createdate",
)

FORM_SIGNUPS = Kpi(
    id="form_signups",
    name={"en": "Form sign-ups", "ru": "Заявки из форм"},
    unit=Unit.COUNT,
    direction=Direction.UP,
    kind="simple",
    numerator=Measure(fact="form_submissions", date="submitted_on", where=(FIRST_OF_AN_ADDRESS,)),
    dimensions=("form",),
    formula={
        "en": "Form submissions in the period, each address once.",
        "ru": "Число отправленных за период форм; каждый адрес учитывается один раз.",
    },
    definition={
        "en": "The first submission of an address counts. Kept apart from web analytics' sign-ups: the same "
        "person stands in both.",
        "ru": "Учитывается первая отправка с адреса. Показатель отделён от регистраций веб-аналитики: один и "
        "тот же человек есть в обоих.",
    },
    citation="HubSpot: form submissions by submittedAt; first of an address wins",
)

COHORT_CLOSE_RATE = Kpi(
    id="cohort_close_rate",
    name={"en": "Close rate by cohort", "ru": "Доля выигранных сделок по когортам"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=Measure(fact="deals", date="created_on", where=(_where("is_won", True),), by="closed_on"),
    denominator=CREATED_DEALS,
    dimensions=DEAL_DIMENSIONS,
    close_lag_days=COHORT_MATURES_DAYS,
    minimum_sample=5,
    formula={
        "en": "Deals created in the period and won by now over all deals created in the period.",
        "ru": "Число сделок, созданных за период и выигранных к настоящему времени, делённое на число всех "
        "созданных за период сделок.",
    },
    definition={
        "en": "Cohort view: a deal stays in the week it was created in, whenever it closes, so the share "
        "never exceeds 100 %. A cohort is judged 90 days after its period, when most of its deals are "
        "decided; cohort_open_share tells how many are not. A later win still raises an old cohort. The "
        "period view of the same deals is closing_rate.",
        "ru": "По когортам: сделка относится к неделе создания, когда бы она ни закрылась, поэтому доля не "
        "превышает 100 %. Когорта оценивается через 90 дней после своего периода, когда большинство её "
        "сделок решено; сколько ещё нет, показывает cohort_open_share. Более поздний выигрыш повышает и "
        "старую когорту. Те же сделки по периодам — closing_rate.",
    },
    citation="Cohort view of close rates: closed-won / opportunities created; Kellblog, Win Rates, Close "
    "Rates and Milestone vs. Cohort Analysis",
)

COHORT_OPEN_SHARE = Kpi(
    id="cohort_open_share",
    name={"en": "Share of a cohort still open", "ru": "Доля открытых сделок когорты"},
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    kind="ratio",
    numerator=Measure(fact="deals", date="created_on", where=(_where("is_closed", True),), by="closed_on"),
    denominator=CREATED_DEALS,
    complement=True,
    dimensions=DEAL_DIMENSIONS,
    minimum_sample=5,
    formula={
        "en": "Deals created in the period and not closed by now over all deals created in the period.",
        "ru": "Число сделок, созданных за период и ещё не закрытых, делённое на число всех созданных за "
        "период сделок.",
    },
    definition={
        "en": "How far a cohort's close rate is from being final. Young cohorts are mostly open; the share "
        "falls as deals are won or lost.",
        "ru": "Насколько доля выигранных сделок когорты далека от окончательной. У молодых когорт открыто "
        "большинство сделок; доля снижается по мере их закрытия.",
    },
    citation="Kellblog, Win Rates, Close Rates and Milestone vs. Cohort Analysis",
)

COHORT_STAGE_CONVERSION = Kpi(
    id="cohort_stage_conversion",
    name={"en": "Funnel flow by cohort", "ru": "Переход по воронке по когортам"},
    unit=Unit.PERCENT,
    direction=Direction.UP,
    kind="ratio",
    numerator=_entries("appointmentscheduled", "Appointment Scheduled").model_copy(
        update={"followed_by": (_where("stage", *LATER_STAGES),)}
    ),
    denominator=_entries("appointmentscheduled", "Appointment Scheduled"),
    dimensions=("pipeline", "owner", "team"),
    close_lag_days=STAGE_MATURES_DAYS,
    minimum_sample=5,
    formula={
        "en": "Deals that entered Appointment Scheduled in the period and ever entered a later stage over "
        "all that entered it in the period.",
        "ru": "Число сделок, вошедших за период в этап Appointment Scheduled и когда-либо перешедших дальше, "
        "делённое на число всех вошедших в него за период.",
    },
    definition={
        "en": "Cohort view: a deal stays in the week it entered the stage, so the share never exceeds 100 %. "
        "A deal that skipped stages has passed them. A cohort is judged 30 days after its period. The stages "
        "are HubSpot's default ones; define cohort_stage_conversion in kpis.yaml to name your own. The "
        "period view is funnel_flow.",
        "ru": "По когортам: сделка относится к неделе входа в этап, поэтому доля не превышает 100 %. "
        "Пропущенные этапы считаются пройденными. Когорта оценивается через 30 дней после своего периода. "
        "Этапы — стандартные для HubSpot; чтобы указать свои, определите cohort_stage_conversion в "
        "kpis.yaml. По периодам — funnel_flow.",
    },
    citation="Cohort view of stage conversion; Kellblog, Win Rates, Close Rates and Milestone vs. Cohort "
    "Analysis",
)

RECOGNISED_REVENUE = Kpi(
    id="recognised_revenue",
    name={"en": "Recognised revenue", "ru": "Признанная выручка"},
    unit=Unit.MONEY,
    direction=Direction.UP,
    kind="simple",
    numerator=_ledger("revenue"),
    grain="month",
    dimensions=("department",),
    close_lag_days=BOOKS_CLOSE_DAYS,
    empty="missing",
    formula={
        "en": "Revenue posted in the general ledger.",
        "ru": "Выручка по данным главной книги.",
    },
    definition={
        "en": "Sum of ledger lines of the class revenue posted in the month. Not bookings: what was sold in "
        "the month is sales_revenue, and the two are never mixed.",
        "ru": "Сумма проводок класса revenue за месяц. Это не заключённые сделки: проданное за месяц — "
        "sales_revenue, и эти показатели не смешиваются.",
    },
    citation="Profit-and-loss layout (QuickBooks Online, report row Total for Income)",
)

CATALOGUE: tuple[Kpi, ...] = (
    SIGNUPS, GROSS_PROFIT, NET_PROFIT, SALES_REVENUE, RETENTION_RATE, CHURN_RATE, CAC, PROSPECTING_ACTIVITY,
    REPLY_RATE, FUNNEL_FLOW, REVENUE_GROWTH_YOY, CLOSING_RATE, NEW_CUSTOMERS_KPI, ADMIN_HOURS,
    NEW_PROSPECTS, PROSPECT_REPLY_RATE, LEAD_RATE, BOUNCE_RATE, CALLS_MADE, MEETINGS_HELD, MEETING_RATE,
    CAMPAIGN_REPLY_RATE, CAMPAIGN_CONVERSION_RATE, FORM_SIGNUPS,
    NEW_COMPANIES, COHORT_CLOSE_RATE, COHORT_OPEN_SHARE, COHORT_STAGE_CONVERSION, RECOGNISED_REVENUE,
)  # fmt: skip
"""In the order the documentation lists them."""

_STATEMENT_NOTE = {
    "en": "Read from the profit-and-loss report, because no general ledger is connected; the two are never "
    "added together. A month the report does not have has no value.",
    "ru": "Берётся из отчёта о прибылях и убытках, потому что главная книга не подключена; вместе они "
    "никогда не складываются. Месяц, которого нет в отчёте, не имеет значения.",
}


def _of_statement(kpi: Kpi, formula: dict[str, str], row: str, *sections: str) -> Kpi:
    """The KPI fed by profit-and-loss reports: their sections in place of the ledger's classes."""
    where = (_where("section", *sections),) if sections else ()
    measure = Measure(fact="profit_lines", aggregate="sum", column="amount", date="ended_on", where=where)
    return kpi.model_copy(
        update={
            "numerator": measure, "dimensions": ("account_name", "section"), "formula": formula,
            "definition": _STATEMENT_NOTE, "citation": "QuickBooks Online, Profit and Loss, report row "
            "{row}",
        }
    )  # fmt: skip


FROM_STATEMENT: tuple[Kpi, ...] = (
    _of_statement(
        GROSS_PROFIT,
        {
            "en": "Income minus cost of sales, from the profit-and-loss report.",
            "ru": "Доходы минус себестоимость по отчёту о прибылях и убытках.",
        },
        "Gross Profit",
        "income",
        "cost_of_sales",
    ),
    _of_statement(
        NET_PROFIT,
        {
            "en": "Income minus all costs, from the profit-and-loss report.",
            "ru": "Доходы минус все расходы по отчёту о прибылях и убытках.",
        },
        "Net Income",
    ),
    _of_statement(
        RECOGNISED_REVENUE,
        {
            "en": "Income in the profit-and-loss report.",
            "ru": "Доходы по отчёту о прибылях и убытках.",
        },
        "Total for Income",
        "income",
    ),
)
"""What takes the place of the KPIs of the same ids in a workspace that has such a report and no ledger."""


def measures(kpi: Kpi) -> tuple[Measure, ...]:
    """Numerator and, when there is one, denominator; of a derived KPI those of all its operands, once."""
    if kpi.kind != "derived":
        return _sides(kpi)
    return tuple(dict.fromkeys(side for one in base_kpis((kpi,)) for side in _sides(one)))


def _sides(kpi: Kpi) -> tuple[Measure, ...]:
    return tuple(side for side in (kpi.numerator, kpi.denominator) if side is not None)


def feeding_columns(kpi: Kpi) -> tuple[str, ...]:
    """`fact.column` of everything the KPI's measures read, in first-use order."""
    found: dict[str, None] = {}
    for measure in measures(kpi):
        conditions = (*measure.where, *measure.followed_by)
        names = [measure.date, measure.until, measure.by, measure.column, *(one.column for one in conditions)]
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
