"""Sentences with the fields a person would write for them, worked out by hand.

The day is Wednesday, 25 November 2026: the quarter is Q4 2026, the next one ends on 31 March 2027, Q2 that is
not over ends on 30 June 2027.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

TODAY = date(2026, 11, 25)
QUARTER = "{over: trailing, periods: 13}"


@dataclass(frozen=True)
class Case:
    sentence: str
    kpi: str
    kind: str
    target: str
    start: str
    due: str
    baseline: str = ""
    base: str = ""
    period: str = ""
    measured: str = ""
    marks: dict[str, str] = field(default_factory=dict)
    """Besides the owner, whom none of these sentences can name without a workspace."""
    how: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


NOW = "2026-11-25"
BASE = {"relative_to": "decide"}

ENGLISH = (
    Case("raise sales 25 % by the end of Q2", "sales_revenue", "cumulative", "+25 %", NOW, "2027-06-30", marks=BASE),
    Case("Increase the closing rate from 25% to 30% in three weeks", "closing_rate", "level", "30 %", NOW, "2026-12-16",
         baseline="25 %"),
    Case("Get 3,300 e-mail sign-ups by 31 December", "signups", "cumulative", "3 300", NOW, "2026-12-31"),
    Case("Keep admin work under 24 hours a week until March", "admin_hours", "maintain", "24", NOW, "2027-02-28",
         period="week"),
    Case("each rep sends at least 90 messages a week", "prospecting_activity", "maintain", "90", NOW, "", period="week",
         marks={"owner": "decide", "due": "missing"}),
    Case("Grow sales by 15 % year over year in 2027", "sales_revenue", "cumulative", "+15 %", "2027-01-01", "2027-12-31",
         base="prior_year"),
    Case("Achieve 15 % growth year over year in 2027", "revenue_growth_yoy", "level", "15 %", "2027-01-01", "2027-12-31"),
    Case("Double sign-ups by the end of the year", "signups", "cumulative", "+100 %", NOW, "2026-12-31", marks=BASE),
    Case("Cut churn by a third by 30 June 2027", "churn_rate", "level", "-33.3333 %", NOW, "2027-06-30", measured=QUARTER,
         marks=BASE),
    Case("Increase closing rate by 5 percentage points by March", "closing_rate", "level", "+5 pp", NOW, "2027-02-28",
         marks=BASE),
    Case("Increase the closing rate by 5 % from 25 % in Q1", "closing_rate", "level", "", "2027-01-01", "2027-03-31",
         baseline="25 %", base="baseline", marks={"target": "decide"}),
    Case("Raise sales revenue from €90k to €120k in Q1", "sales_revenue", "cumulative", "120 000", "2027-01-01",
         "2027-03-31", baseline="90 000"),
    Case("Raise revenue to €1.2M in 2027", "sales_revenue", "cumulative", "1 200 000", "2027-01-01", "2027-12-31"),
    Case("Raise revenue to €1.2M by the end of 2027", "sales_revenue", "", "1 200 000", NOW, "2027-12-31",
         marks={"kind": "decide"}),
    Case("Reduce CAC from €256 to €215 by the end of the quarter", "cac", "level", "215", NOW, "2026-12-31",
         baseline="256"),
    Case("Reply rate of at least 8 % until 31 March", "reply_rate", "maintain", "8 %", NOW, "2027-03-31"),
    Case("Keep monthly retention above 83 % next quarter", "retention_rate", "maintain", "83 %", "2027-01-01",
         "2027-03-31", period="month"),
    Case("Reduce the closing rate from 30 % to 25 % by June", "closing_rate", "level", "", NOW, "2027-05-31",
         baseline="30 %", marks={"target": "decide"}),
    Case("By hiring two reps, raise sales 25 % over last year by the end of Q2", "sales_revenue", "cumulative", "+25 %",
         NOW, "2027-06-30", base="prior_year", how=("hiring two reps",)),
    Case("Increase the closing rate to 30 % through better training and call reviews by the end of Q2", "closing_rate",
         "level", "30 %", NOW, "2027-06-30", how=("better training", "call reviews")),
    Case("Increase email sign-ups from 500 to 800 a month by June 2027", "signups", "level", "800", NOW, "2027-05-31",
         baseline="500", period="month"),
    Case("Reduce churn to between 10 and 12 % this quarter", "churn_rate", "level", "", "2026-10-01", "2026-12-31",
         measured=QUARTER, marks={"target": "decide"}),
    Case("Achieve €1,250,000 in bookings this year", "sales_revenue", "cumulative", "1 250 000", "2026-01-01",
         "2026-12-31"),
    Case("Halve administrative work by year-end", "admin_hours", "cumulative", "-50 %", NOW, "2026-12-31", marks=BASE),
    Case("Raise retention from 80 to 90 % within six months", "retention_rate", "level", "90 %", NOW, "2027-05-25",
         baseline="80 %", measured=QUARTER),
    Case("Bring the reply rate up to 10 percent by May 15, 2027", "reply_rate", "level", "10 %", NOW, "2027-05-15"),
    Case("Raise net profit by €50k this year", "net_profit", "cumulative", "+50 000", "2026-01-01", "2026-12-31",
         marks=BASE),
    Case("Book €500 thousand of sales between 1 January and 31 March 2027", "sales_revenue", "cumulative", "500 000",
         "2027-01-01", "2027-03-31"),
    Case("Hold CAC at 200 euros or less through December", "cac", "maintain", "200", NOW, "2026-12-31"),
    Case("At least 120 sign-ups per week from January to March 2027", "signups", "maintain", "120", "2027-01-01",
         "2027-03-31", period="week"),
    Case("We want to triple our sign-ups by the end of next year through SEO and partnerships", "signups", "cumulative",
         "+200 %", NOW, "2027-12-31", marks=BASE, how=("SEO", "partnerships")),
    Case("Increase revenue €50k by June", "sales_revenue", "", "", NOW, "2027-05-31",
         marks={"kind": "decide", "target": "decide"}),
    Case("Increase profit by 10 % over last year in the first half of 2027", "", "cumulative", "+10 %", "2027-01-01",
         "2027-06-30", base="prior_year", marks={"kpi": "decide"}),
    Case("Get 3,300 sign-ups in the northern region by 31 December", "signups", "cumulative", "3 300", NOW, "2026-12-31",
         unread=("northern region",)),
    Case("Win forty customers before 1 March", "new_customers", "cumulative", "40", NOW, "2027-02-28"),
    Case("Reduce monthly churn from 5 % to 3 % by 2027-06-30", "churn_rate", "level", "3 %", NOW, "2027-06-30",
         baseline="5 %", period="month", measured="{over: last}"),
    Case("Increase sales by mid-March by 10 %", "sales_revenue", "cumulative", "+10 %", NOW, "",
         marks={**BASE, "due": "decide"}),
)  # fmt: skip

RUSSIAN = (
    Case("Снизить отток с 45 % до 20 % в следующем квартале за счёт расширенного пробного периода, скидок на членство и "
         "увеличения штата поддержки на 10 %", "churn_rate", "level", "20 %", "2027-01-01", "2027-03-31", baseline="45 %",
         measured=QUARTER, how=("расширенного пробного периода", "скидок на членство", "увеличения штата поддержки на 10 %")),
    Case("Увеличить выручку на 25 % к концу второго квартала", "sales_revenue", "cumulative", "+25 %", NOW, "2027-06-30",
         marks=BASE),
    Case("Повысить долю выигранных сделок с 25 до 30 % за три недели", "closing_rate", "level", "30 %", NOW, "2026-12-16",
         baseline="25 %"),
    Case("Получить 3 300 регистраций до 31 декабря", "signups", "cumulative", "3 300", NOW, "2026-12-31"),
    Case("Каждый менеджер отправляет не менее 90 писем в неделю до 31 марта", "prospecting_activity", "maintain", "90", NOW,
         "2027-03-31", period="week", marks={"owner": "decide"}),
    Case("Удерживать административную работу в пределах 24 часов в неделю до марта", "admin_hours", "maintain", "24", NOW,
         "2027-02-28", period="week"),
    Case("Увеличить выручку вдвое к концу 2027 года", "sales_revenue", "cumulative", "+100 %", NOW, "2027-12-31", marks=BASE),
    Case("Удвоить регистрации к концу года", "signups", "cumulative", "+100 %", NOW, "2026-12-31", marks=BASE),
    Case("Сократить отток на треть к 1 июля", "churn_rate", "level", "-33.3333 %", NOW, "2027-07-01", measured=QUARTER,
         marks=BASE),
    Case("Снизить отток на 5 % в первом квартале", "churn_rate", "level", "", "2027-01-01", "2027-03-31", measured=QUARTER,
         marks={"target": "decide", **BASE}),
    Case("Снизить отток на 5 п.п. в первом полугодии 2027 года", "churn_rate", "level", "-5 pp", "2027-01-01", "2027-06-30",
         measured=QUARTER, marks=BASE),
    Case("Довести выручку до 1,2 млн руб. в следующем году", "sales_revenue", "cumulative", "1 200 000", "2027-01-01",
         "2027-12-31"),
    Case("Заработать 90 тыс. € чистой прибыли в этом квартале", "net_profit", "cumulative", "90 000", "2026-10-01",
         "2026-12-31"),
    Case("Рост продаж на 15 % год к году в 2027 году", "sales_revenue", "cumulative", "+15 %", "2027-01-01", "2027-12-31",
         base="prior_year"),
    Case("Обеспечить рост продаж год к году на 15 % в 2027 году", "revenue_growth_yoy", "level", "15 %", "2027-01-01",
         "2027-12-31"),
    Case("Поднять долю ответов до 8 процентов к концу месяца", "reply_rate", "level", "8 %", NOW, "2026-11-30"),
    Case("Не менее 120 регистраций в неделю с января по март 2027 года", "signups", "maintain", "120", "2027-01-01",
         "2027-03-31", period="week"),
    Case("Снизить стоимость привлечения клиента с 256 до 215 евро к концу года путём переноса бюджета в поиск и "
         "реферальной программы", "cac", "level", "215", NOW, "2026-12-31", baseline="256",
         how=("переноса бюджета в поиск", "реферальной программы")),
    Case("За счёт обучения повысить конверсию воронки до 86 % к концу второго квартала", "funnel_flow", "level", "86 %", NOW,
         "2027-06-30", how=("обучения",)),
    Case("Сохранять ежемесячное удержание не ниже 83 % в следующем квартале", "retention_rate", "maintain", "83 %",
         "2027-01-01", "2027-03-31", period="month"),
    Case("Увеличить выручку на 50 тыс. руб. к 31.03.2027", "sales_revenue", "cumulative", "+50 000", NOW, "2027-03-31",
         marks=BASE),
    Case("Увеличить прибыль на 10 % к прошлому году в 2027", "", "cumulative", "+10 %", "2027-01-01", "2027-12-31",
         base="prior_year", marks={"kpi": "decide"}),
    Case("Сократить административную работу в 2 раза в этом году", "admin_hours", "cumulative", "-50 %", "2026-01-01",
         "2026-12-31", marks=BASE),
    Case("Привлечь 1,250 подписчиков до конца месяца", "signups", "cumulative", "", NOW, "2026-11-30",
         marks={"target": "decide"}),
    Case("Увеличить число регистраций до 1 200 в месяц к июню 2027 г.", "signups", "level", "1 200", NOW, "2027-05-31",
         period="month"),
    Case("Повысить удержание клиентов с 80 до 90 % в течение шести месяцев благодаря письмам о возвращении, новой программе "
         "лояльности и звонкам", "retention_rate", "level", "90 %", NOW, "2027-05-25", baseline="80 %", measured=QUARTER,
         how=("письмам о возвращении", "новой программе лояльности", "звонкам")),
    Case("Снизить долю выигранных сделок до 20 % к концу года", "closing_rate", "level", "", NOW, "2026-12-31",
         marks={"target": "decide"}),
    Case("Увеличить отток до 20 % к концу года", "churn_rate", "level", "", NOW, "2026-12-31", measured=QUARTER,
         marks={"target": "decide"}),
    Case("Выйти на выручку 1,2 млн в 2027 году", "sales_revenue", "cumulative", "1 200 000", "2027-01-01", "2027-12-31"),
    Case("Увеличить продажи на 25-30 % в 2027 году", "sales_revenue", "cumulative", "", "2027-01-01", "2027-12-31",
         marks={"target": "decide", **BASE}),
    Case("Сделать 20 писем в день до конца месяца", "prospecting_activity", "maintain", "", NOW, "2026-11-30",
         marks={"target": "decide"}),
    Case("Снизить квартальный отток до 10 % к концу года", "churn_rate", "level", "10 %", NOW, "2026-12-31",
         measured=QUARTER),
    Case("Снизить отток с 5 % до 3 % в месяц к концу года", "churn_rate", "level", "3 %", NOW, "2026-12-31",
         baseline="5 %", period="month", measured="{over: last}"),
    Case("Поднять продажи на четверть к концу первого полугодия относительно прошлого года", "sales_revenue", "cumulative",
         "+25 %", NOW, "2027-06-30", base="prior_year"),
    Case("Улучшить качество сервиса на 20 % к маю", "", "", "", NOW, "2027-04-30", unread=("качество сервиса",),
         marks={"kpi": "missing", "kind": "decide", "target": "decide", **BASE}),
    Case("Привлечь двадцать клиентов в Северном регионе за месяц", "new_customers", "cumulative", "20", NOW, "2026-12-25",
         unread=("Северном регионе",)),
)  # fmt: skip

REFUSED = (
    ("grow sales", "MT"),
    ("send more e-mails", "MT"),
    ("Improve our closing rate", "MT"),
    ("Increase revenue by the end of the year", "M"),
    ("be the best company in town", "SMT"),
    ("Reduce churn significantly next quarter", "M"),
    ("win many new customers", "MT"),
    ("Work harder until March", "SM"),
    ("do 40 things", "ST"),
    ("увеличить продажи", "MT"),
    ("отправлять больше писем", "MT"),
    ("Снизить отток к концу года", "M"),
    ("Стать лучшей компанией", "SMT"),
    ("Повысить удержание клиентов за счёт скидок", "MT"),
    ("Улучшить сервис в следующем квартале", "SM"),
    ("сделать 40 дел", "ST"),
)
"""Sentence, and the letters it lacks."""
