"""Which fact a described-by-nobody file resembles, and which of its columns is which.

Here: header words in English and Russian, and the kind of values each canonical column needs. Not here:
looking at the file (look.py), the mapping written from it (propose.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.facts import FACTS, Column, Fact
from pipeline.sources.headers import fold
from pipeline.sources.look import ColumnLook, FileLook
from pipeline.sources.mapped import MADE_KEYS

_PERSON = "owner; sales agent; sales rep; rep; seller; manager; responsible; salesperson; agent"
_PERSON += "; ответственный; менеджер; продавец; владелец; сотрудник"
_REGION = "region; regional office; territory; office; area; регион; область; офис; территория; филиал"
_CHANNEL = "channel; source; original source; utm source; medium; канал; источник; первоисточник"
_CREATED = "create date; created; created on; created at; date created; engage date; open date; signup date"
_CREATED += "; registered; registration date; дата создания; создан; создана; дата регистрации; дата начала"
_CURRENCY = "currency; currency code; валюта"
_CUSTOMER = (
    "customer; account; company; client; buyer; customer name; account name; customer id; клиент; компания"
)
_CUSTOMER += "; контрагент; заказчик; покупатель; организация; partner; партнер"
_AMOUNT = (
    "amount; close value; deal value; value; deal amount; total; sum; revenue; order total; price; sales"
)
_AMOUNT += "; сумма; стоимость; выручка; сумма сделки; сумма заказа; цена; итого"

WORDS: dict[str, dict[str, str]] = {
    "deals": {
        "deal_id": "opportunity id; deal id; record id; order id; order number; order no; order; opportunity"
        "; deal; invoice; invoice number; id; номер сделки; id сделки; номер заказа; заказ; сделка; номер"
        "; код",
        "name": "deal name; opportunity name; title; subject; name; название сделки; название; тема",
        "amount": _AMOUNT,
        "currency": _CURRENCY,
        "pipeline": "pipeline; sales pipeline; funnel; воронка",
        "stage": "deal stage; stage; opportunity stage; deal status; status; state; этап; стадия; статус"
        "; этап сделки; стадия сделки; статус сделки",
        "created_on": _CREATED,
        "closed_on": "close date; closed; closed on; won date; order date; invoice date; sale date; date"
        "; paid on; дата закрытия; закрыта; дата заказа; дата продажи; дата оплаты; дата",
        "owner": _PERSON,
        "customer": _CUSTOMER,
        "product": "product; item; sku; product name; продукт; товар; услуга; номенклатура",
        "region": _REGION,
    },
    "contacts": {
        "contact_id": "contact id; lead id; record id; id; id контакта; номер контакта; id лида",
        "email_hash": "email; e-mail; email address; mail; почта; эл. почта; электронная почта; эл почта",
        "created_on": _CREATED,
        "channel": _CHANNEL,
        "lifecycle": "lifecycle stage; lead status; status; stage; этап жизненного цикла; статус",
        "owner": _PERSON,
    },
    "signups": {
        "signed_on": "date; day; signup date; дата; день",
        "event": "event; event name; goal; событие; название события; цель",
        "channel": _CHANNEL,
        "count": "event count; count; signups; sign-ups; registrations; conversions; количество; регистраций"
        "; регистрации; число событий; подписок",
    },
    "ledger_lines": {
        "line_id": "line id; entry id; id; номер проводки",
        "posted_on": "posting date; date; transaction date; дата; дата проводки",
        "account_code": "account code; account; account number; gl account; счет; код счета; номер счета",
        "account_name": "account name; account title; название счета; наименование счета",
        "account_class": "account class; class; account type; type; класс; вид счета; тип счета",
        "amount": _AMOUNT,
        "currency": _CURRENCY,
        "department": "department; cost center; cost centre; подразделение; отдел; мвз",
    },
    "time_entries": {
        "entry_id": "entry id; id; номер записи",
        "person": "user; user name; person; employee; name; who; member; сотрудник; исполнитель"
        "; пользователь; фио",
        "task": "task; project; activity; issue; задача; проект; работа",
        "worked_on": "date; day; work date; дата; день",
        "hours": "hours; duration; time; time spent; часы; часов; длительность; время; затрачено",
        "is_billable": "billable; is billable; оплачиваемое; оплачивается",
        "tags": "tags; labels; теги; метки",
    },
    "tasks": {
        "task_id": "task id; id; key; issue key; номер задачи; код",
        "name": "task; task name; name; summary; title; задача; название; название задачи",
        "start_on": "start; start date; begin date; begin; начало; дата начала",
        "due_on": "due; due date; end date; end; deadline; finish; срок; дата окончания; окончание; дедлайн",
        "done_percent": "completion; progress; percent done; done; complete; готовность; прогресс; выполнено",
        "assignee": "assignee; resources; owner; assigned to; исполнитель; ответственный",
        "parent_id": "parent; parent id; parent task; родительская задача",
        "predecessors": "predecessors; depends on; blocked by; предшественники; зависит от",
        "cost": "cost; budget; стоимость; бюджет",
        "goal": "goal; цель",
    },
    "subscriptions": {
        "subscription_id": "subscription id; subscription; id; номер подписки; подписка",
        "customer": _CUSTOMER,
        "plan": "plan; tier; product; тариф; план",
        "started_on": "start; start date; started; started at; activated; начало; дата начала; подключена",
        "ended_on": "end; end date; ended; cancelled; canceled at; cancelled on; churn date; окончание"
        "; дата окончания; отменена; дата отмены",
        "mrr": "mrr; monthly amount; monthly fee; amount; price; fee; абонплата; сумма; стоимость",
        "currency": _CURRENCY,
        "is_new_customer": "new customer; is new; first; новый клиент",
        "region": _REGION,
        "channel": _CHANNEL,
    },
    "freelance_costs": {
        "entry_id": "reference; ref id; payment id; id; номер платежа",
        "paid_on": "date; paid on; payment date; дата; дата оплаты; дата платежа",
        "contract": "contract; job; freelancer; contractor; договор; подрядчик; исполнитель",
        "hours": "hours; часы; часов",
        "amount": _AMOUNT,
        "currency": _CURRENCY,
        "payment": "type; payment type; kind; вид платежа; тип",
    },
    "outreach_events": {
        "event_id": "event id; id; номер события",
        "event": "event; activity; action; type; событие; действие",
        "happened_on": "date; time; happened; sent at; timestamp; дата; время",
        "campaign": "campaign; sequence; campaign name; кампания; рассылка",
        "recipient_hash": "recipient; email; to; recipient email; получатель; адрес",
        "owner": "sender; from; owner; отправитель",
    },
}
"""Fact -> canonical column -> phrases that headers use for it, the surest first."""
ESSENTIAL: dict[str, tuple[str, ...]] = {
    "deals": ("amount", "closed_on"),
    "contacts": ("email_hash", "created_on"),
    "tasks": ("name", "due_on"),
    "subscriptions": ("started_on",),
}
"""What a file must have to resemble a fact, beyond what the fact requires."""
_DERIVED = ("is_won", "is_closed", "account_class", "is_new_customer", "currency")
"""Required columns that another column or a constant gives."""
_LETTERS = re.compile(r"[^\W_]+")
_NUMBERS = ("money", "decimal", "integer")


@dataclass(frozen=True)
class Resemblance:
    """A fact and which header gives each of its columns."""

    fact: Fact
    columns: Mapping[str, str]
    score: float


def resembled(look: FileLook) -> Resemblance | None:
    """The fact whose rows the file most likely holds; None when it holds no facts (a list of products)."""
    found = [one for fact in WORDS if (one := _resemblance(FACTS[fact], look)) is not None]
    return max(found, key=lambda one: one.score, default=None)


def role_of(header: str, look: ColumnLook, fact: Fact, taken: Mapping[str, str]) -> str | None:
    """The column of the fact that a further column, such as one of a second file, would fill."""
    fits = [
        (score, column.name)
        for column in fact.columns
        if column.name not in taken
        and (score := likeness(header, WORDS.get(fact.name, {}).get(column.name, ""))) >= 1
        and _holds(column, look)
    ]
    return max(fits)[1] if fits else None


def _resemblance(fact: Fact, look: FileLook) -> Resemblance | None:
    pairs = sorted(_pairs(fact, look), key=lambda pair: -pair[0])
    taken: dict[str, str] = {}
    score = 0.0
    for likely, name, header in pairs:
        if name not in taken and header not in taken.values():
            taken[name] = header
            score += likely
    needed = [column.name for column in fact.columns if column.required and not _is_given(fact, column)]
    if any(name not in taken for name in (*needed, *ESSENTIAL.get(fact.name, ()))):
        return None
    score -= 0.4 * (len(look.columns) - len(taken))
    return Resemblance(fact, {c.name: taken[c.name] for c in fact.columns if c.name in taken}, score)


def _is_given(fact: Fact, column: Column) -> bool:
    return column.name in _DERIVED or (column.name in fact.key and column.name in MADE_KEYS)


def _pairs(fact: Fact, look: FileLook) -> Iterator[tuple[float, str, str]]:
    """(likeness, canonical column, header) of every pair that words and values allow."""
    for column in fact.columns:
        words = WORDS[fact.name].get(column.name, "")
        for found in look.columns:
            likely = likeness(found.name, words)
            if likely and _holds(column, found):
                bonus = 0.5 if column.name in fact.key and found.is_unique else 0
                yield likely + bonus, column.name, found.name


def likeness(header: str, words: str) -> float:
    """3 for a header that is one of the phrases, less for one that only contains it; earlier phrases are
    surer."""
    text = " ".join(_LETTERS.findall(fold(header).replace("_", " "))).replace("ё", "е")
    best = 0.0
    for number, phrase in enumerate(words.split("; ") if words else ()):
        phrase = " ".join(_LETTERS.findall(phrase.replace("ё", "е")))
        if text == phrase:
            best = max(best, 3 - number * 0.03)
        elif len(phrase) > 3 and f" {phrase} " in f" {text} ":
            best = max(best, 1.5 * len(phrase) / len(text) + 0.2 - number * 0.01)
    return best


def _holds(column: Column, look: ColumnLook) -> bool:
    """Whether the column's values can be what the canonical column needs."""
    if column.type == "date":
        return look.kind == "date"
    if column.name == "hours":
        return look.kind == "number" or any(":" in value for value in look.values[:5])
    if column.type in _NUMBERS:
        return look.kind == "number"
    if column.type == "bool":
        return look.is_yes_no or set(look.values) <= {"0", "1"}
    if column.name.endswith("_hash"):
        return any("@" in value for value in look.values[:20])
    if column.name in ("deal_id", "contact_id", "subscription_id", "task_id"):
        return look.kind != "date" and look.filled == look.rows
    return look.kind in ("text", "flag") or column.name.endswith(("_id", "_code", "predecessors"))
