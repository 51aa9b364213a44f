"""A new workspace: a small commented one that works as it is, or a copy of the sample company.

Here: the text of the starter files in both languages. Not here: what the keys mean in full (model.py and the
schemas made from it).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from pipeline.bundled import samples_dir
from pipeline.errors import Problem, UsageError
from pipeline.periods import add_months, month_end, month_start
from pipeline.workspace.schemas import write_schemas

SCHEMAS = ".schemas"
_SKIPPED_FOLDERS = {"__pycache__", ".scorecards", "out"}
_NOT_COPIED = shutil.ignore_patterns(
    "*.py", "__pycache__", "*.pyc", ".scorecards", "out", ".gitkeep", ".DS_Store"
)


def create_workspace(target: Path, sample: bool, lang: str, today: date | None = None) -> list[Path]:
    """Make a workspace in `target` and return the files made, sorted.

    The starter has one goal on a CSV source with a year of example orders up to `today`, commented in `lang`
    (en or ru), and can be checked and run as it is. With `sample` it is a copy of the sample company. An
    existing file is never overwritten: then nothing is made and UsageError names the files.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(_in_the_way(target, [target.name]))
    source = samples_dir()
    texts = {} if sample else starter(lang, today or date.today())
    names = sorted(texts) if texts else _sample_files(source)
    taken = [name for name in names if (target / name).exists()]
    if taken:
        raise UsageError(_in_the_way(target, taken))
    target.mkdir(parents=True, exist_ok=True)
    if sample:
        shutil.copytree(source, target, ignore=_NOT_COPIED, dirs_exist_ok=True)
        return sorted(target / name for name in names)
    for name, text in texts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return sorted([*(target / name for name in names), *write_schemas(target / SCHEMAS)])


def _sample_files(source: Path) -> list[str]:
    found: list[str] = []
    for folder in (source, *(path for path in source.rglob("*") if path.is_dir())):
        entries = {path.name: path for path in folder.iterdir()}
        skipped = _NOT_COPIED(str(folder), list(entries))
        inside = not any(
            part in ("__pycache__", ".scorecards", "out") for part in folder.relative_to(source).parts
        )
        if inside:
            found += [
                path.relative_to(source).as_posix()
                for name, path in entries.items()
                if name not in skipped and path.is_file()
            ]
    return sorted(found)


def _in_the_way(target: Path, names: list[str]) -> Problem:
    return Problem(
        "E-EXISTS",
        "{folder} already holds {names}; nothing was written.",
        "Name an empty or a new folder.",
        params={"folder": str(target), "names": ", ".join(names[:5]) + (", …" if len(names) > 5 else "")},
    )


# --- the starter -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Example:
    """The starter's example: a year of orders, and a goal for three months of which the second is running,
    so that whenever the workspace is made there is something to judge."""

    today: date

    @property
    def start(self) -> date:
        return add_months(month_start(self.today), -1)

    @property
    def due(self) -> date:
        return month_end(add_months(self.start, 2))

    def orders(self) -> list[tuple[int, date, str, Decimal]]:
        """Number, date, customer, amount of two orders a week up to yesterday; one sixth more since the goal
        began. No chance in it: the same day makes the same orders."""
        first = self.today - timedelta(days=7 * ORDER_WEEKS)
        found = []
        for index in range(2 * ORDER_WEEKS):
            day = first + timedelta(days=7 * index // 2 + 1)
            amount = Decimal(210000 + 8700 * (index * 37 % 41)) / 100
            if day >= self.start:
                amount = (amount * 7 / 6).quantize(Decimal("0.01"))
            found.append((1001 + index, day, CUSTOMERS[index % len(CUSTOMERS)], amount))
        return [order for order in found if order[1] < self.today]

    def baseline(self) -> int:
        """Sales of the three months before the goal, in full thousands."""
        since = add_months(self.start, -3)
        total = sum((amount for _, day, _, amount in self.orders() if since <= day < self.start), Decimal(0))
        return int(round(total, -3))

    def words(self, russian: bool) -> dict[str, str]:
        base = self.baseline()
        return {
            "base": str(base),
            "goal_target": str(round(base * 6 // 5, -3)),
            "start": self.start.isoformat(),
            "due": self.due.isoformat(),
            "calls_due": (self.due - timedelta(days=14)).isoformat(),
            "rows": "".join(self._row(order, russian) for order in self.orders()),
        }

    @staticmethod
    def _row(order: tuple[int, date, str, Decimal], russian: bool) -> str:
        number, day, customer, amount = order
        if russian:
            return f"{number};{day:%d.%m.%Y};{customer};{str(amount).replace('.', ',')};{_RU['ann']}\n"
        return f"{number},{day.isoformat()},{customer},{amount},{_EN['ann']}\n"


ORDER_WEEKS = 52
CUSTOMERS = ("Northwind", "Contoso", "Fabrikam", "Tailspin", "Litware")


def starter(lang: str, today: date) -> dict[str, str]:
    """Relative path -> content of the starter workspace."""
    russian = lang == "ru"
    say = {**(_RU if russian else _EN), **_Example(today).words(russian)}
    files = {name: _with_comments(text, say) for name, text in _FILES.items()}
    for name, kind in _KINDS.items():
        up = "../" * name.count("/")
        files[name] = f"# yaml-language-server: $schema={up}{SCHEMAS}/{kind}.schema.json\n{files[name]}"
    return files


def _with_comments(text: str, say: dict[str, str]) -> str:
    """Replace every `<name>` by its words; a longer comment goes on with `# ` on the next line."""
    for name, words in say.items():
        text = text.replace(f"<{name}>", words)
    return text


_KINDS = {
    "scorecards.yaml": "scorecards",
    "people.yaml": "people",
    "audiences.yaml": "audiences",
    "strategy.yaml": "strategy",
    "goals/first-goal.yaml": "goal",
    "sources/orders.yaml": "source",
}

_FILES = {
    "scorecards.yaml": """\
# <company>
company: <company_name>
timezone: <zone>          # <zone_why>
currency: <currency>                  # <currency_why>
languages: [<languages>]           # <languages_why>

delivery:
  mode: approve                # <mode>
  # sender: Scorecards <scorecards@example.com>
  # allowed_domains: [example.com]   # <domains>
  # smtp:                            # <smtp>
  #   host: smtp.example.com
  #   user: scorecards@example.com
  #   password_env: SMTP_PASSWORD   # <password>

# schedule:                    # <schedule>
#   enabled: true
#   weekday: monday
#   at: 08:00
""",
    "people.yaml": """\
# <people>
teams:
  - id: sales
    name: <sales>
    lead: ann

people:
  - id: ann
    name: <ann>
    teams: [{team: sales}]
    aliases: [<ann>, ann@example.com]   # <aliases>
""",
    "audiences.yaml": """\
# <audiences>
audiences:
  - id: leadership
    title: <leadership>
    language: <lang>
    recipients: []             # <recipients>
    # recipients:
    #   - address: vp@example.com
    #     name: <vp>
""",
    "strategy.yaml": """\
# <strategy>
title: <plan>
objectives:
  - id: growth
    title: <growth>
    owner: ann
    # why: <why>
# mission: <mission>
# swot: {strengths: [], weaknesses: [], opportunities: [], threats: []}
# budget: [{title: <training>, amount: 5000, goal: first-goal}]
# risks: [{title: <risk>, trigger: <trigger>, response: <response>, owner: ann}]
# reviews: [{title: <review>, every: <every>, who: [ann]}]
""",
    "goals/first-goal.yaml": """\
# <goal>
id: first-goal
title: <goal_title>
owner: ann
team: sales
kpi: sales_revenue             # <kpi>
kind: cumulative               # <kind>
baseline: <base>                # <baseline>
target: <goal_target>                 # <target>
start: <start>
due: <due>
supports: growth
how:                           # <how>
  - id: calls
    title: <calls>
    owner: ann
    start: <start>
    due: <calls_due>
    hours: 60
""",
    "sources/orders.yaml": """\
# <source>
id: orders
title: <orders>
system: spreadsheet            # <system>
files: exports/orders/*.csv
format:                        # <format>
  encoding: utf-8
  delimiter: "<delimiter>"
  decimal: "<decimal>"
  date: "<date>"
delivers: full                 # <delivers>
fact: deals
columns:                       # <columns>
  deal_id: <h_order>
  customer: <h_customer>
  amount: <h_amount>
  currency: {value: <currency>}
  is_won: {value: "true"}
  is_closed: {value: "true"}
  created_on: <h_date>
  closed_on: <h_date>
  owner: <h_seller>
""",
    "exports/orders/orders.csv": """\
<h_order><delimiter><h_date><delimiter><h_customer><delimiter><h_amount><delimiter><h_seller>
<rows>""",
    ".gitignore": """\
.scorecards/
out/
""",
}

_EN = {
    "company": "The company. Change the four values below; everything else may stay as it is.",
    "company_name": "My company",
    "zone": "Europe/Berlin",
    "zone_why": "decides where a week begins and ends, and when the schedule runs",
    "currency": "EUR",
    "currency_why": "all amounts are reported in it",
    "languages": "en",
    "languages_why": "en, ru or both",
    "mode": "approve: mail waits for `scorecards deliver --approve`; auto: it is sent after the run",
    "domains": "a recipient elsewhere is refused",
    "smtp": "without it, mail is written as .eml files into the state folder",
    "people": "Who owns goals, and the names by which your exports know them.",
    "sales": "Sales",
    "ann": "Ann Example",
    "aliases": "names, addresses and ids in the exports, in any case",
    "audiences": "Who gets which scorecard; `teams: [sales]` or `goals: [first-goal]` narrow it.",
    "leadership": "Leadership",
    "lang": "en",
    "recipients": "nobody yet; like this:",
    "vp": "Vera Price",
    "strategy": "The written part of the strategic plan. What is missing here is named in the plan.",
    "plan": "Strategic plan",
    "growth": "Grow with existing products",
    "why": "customers who know us buy again",
    "mission": "what the company is there for",
    "training": "Training",
    "risk": "A large customer leaves",
    "trigger": "no order for two months",
    "response": "the lead calls",
    "review": "Weekly review",
    "every": "Monday",
    "goal": "One goal, one file, several under `goals:`, or a workbook (`scorecards goals-template`).",
    "goal_title": "Raise sales by a fifth",
    "kpi": "a built-in KPI or one from kpis.yaml; `scorecards check` lists near names",
    "kind": "cumulative adds up, level moves a rate, maintain holds one",
    "baseline": "where we stand; rates as 45 %",
    "target": "where we want to be; +20 % needs relative_to: baseline, prior_period or prior_year",
    "how": "initiatives; each may have owner, dates, cost, hours, depends_on",
    "calls": "Call every customer of last year",
    "source": "Where the numbers come from: drop CSV files into exports/orders/.\n"
    "# `scorecards sources try FILE` proposes such a source for a file of yours.",
    "orders": "Orders",
    "system": "free name; built in are hubspot, mailshake, timecamp and others: docs/sources.md",
    "format": "declared, never guessed",
    "delivers": "full: each file holds everything; changes: only what is new",
    "columns": "our column: header in the file; all columns are in docs/sources.md",
    "password": "name of the environment variable that holds it; never the password itself",
    "schedule": "`scorecards serve` then runs the week by itself",
    "delimiter": ",",
    "decimal": ".",
    "date": "%Y-%m-%d",
    "h_order": "Order",
    "h_date": "Date",
    "h_customer": "Customer",
    "h_amount": "Amount",
    "h_seller": "Seller",
}

_RU = {
    "company": "Компания. Измените четыре значения ниже; остальное может остаться как есть.",
    "company_name": "Моя компания",
    "zone": "Europe/Moscow",
    "zone_why": "определяет границы недели и время запуска по расписанию",
    "currency": "RUB",
    "currency_why": "все суммы в отчётах приводятся в этой валюте",
    "languages": "ru",
    "languages_why": "en, ru или обе",
    "mode": "approve: письма ждут `scorecards deliver --approve`; auto: уходят сразу после расчёта",
    "domains": "адрес в другом домене будет отклонён",
    "smtp": "без него письма записываются файлами .eml в служебную папку",
    "people": "Кто отвечает за цели и под какими именами эти люди встречаются в выгрузках.",
    "sales": "Отдел продаж",
    "ann": "Анна Примерова",
    "aliases": "имена, адреса и идентификаторы из выгрузок, регистр не важен",
    "audiences": "Кто какой отчёт получает; `teams: [sales]` или `goals: [first-goal]` сужают состав целей.",
    "leadership": "Руководство",
    "lang": "ru",
    "recipients": "пока никого; образец:",
    "vp": "Вера Ценова",
    "strategy": "Авторская часть стратегического плана. Чего здесь нет, план назовёт недостающим.",
    "plan": "Стратегический план",
    "growth": "Рост на существующих продуктах",
    "why": "кто нас знает, покупает снова",
    "mission": "для чего существует компания",
    "training": "Обучение",
    "risk": "Уходит крупный клиент",
    "trigger": "нет заказов два месяца",
    "response": "звонит руководитель отдела",
    "review": "Еженедельный обзор",
    "every": "понедельник",
    "goal": "Одна цель — один файл; можно несколько под `goals:` или в книге (`scorecards goals-template`).",
    "goal_title": "Поднять продажи на пятую часть",
    "kpi": "встроенный показатель или свой из kpis.yaml; `scorecards check` подскажет имена",
    "kind": "cumulative накапливает, level сдвигает уровень, maintain удерживает",
    "baseline": "где мы сейчас; доли пишутся как 45 %",
    "target": "куда хотим прийти; для +20 % нужен relative_to: baseline, prior_period или prior_year",
    "how": "инициативы; у каждой могут быть owner, даты, cost, hours, depends_on",
    "calls": "Обзвонить всех прошлогодних клиентов",
    "source": "Откуда берутся цифры: кладите файлы CSV в папку exports/orders/.\n"
    "# Для вашего файла такой источник предложит `scorecards sources try ФАЙЛ`.",
    "orders": "Заказы",
    "system": "любое имя; встроены hubspot, mailshake, timecamp и другие: docs/sources.md",
    "format": "указывается явно, программа не угадывает",
    "delivers": "full: в каждом файле всё целиком; changes: только новое",
    "columns": "наша колонка: заголовок в файле; все колонки перечислены в docs/sources.md",
    "password": "имя переменной окружения с паролем; сам пароль сюда не пишут",
    "schedule": "`scorecards serve` будет считать неделю по расписанию",
    "delimiter": ";",
    "decimal": ",",
    "date": "%d.%m.%Y",
    "h_order": "Заказ",
    "h_date": "Дата",
    "h_customer": "Клиент",
    "h_amount": "Сумма",
    "h_seller": "Менеджер",
}
