"""A new workspace: a small commented one that works as it is, or a copy of the sample company.

Here: the text of the starter files in both languages. Not here: what the keys mean in full (model.py and the
schemas made from it).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.bundled import samples_dir
from pipeline.errors import Problem, UsageError
from pipeline.workspace.schemas import write_schemas

SCHEMAS = ".schemas"
_SKIPPED_FOLDERS = {"__pycache__", ".scorecards", "out"}
_NOT_COPIED = shutil.ignore_patterns(
    "*.py", "__pycache__", "*.pyc", ".scorecards", "out", ".gitkeep", ".DS_Store"
)


def create_workspace(target: Path, sample: bool, lang: str) -> list[Path]:
    """Make a workspace in `target` and return the files made, sorted.

    The starter has one goal on a CSV source with three example lines, commented in `lang` (en or ru), and
    passes `check` as it is. With `sample` it is a copy of the sample company. An existing file is never
    overwritten: then nothing is made and UsageError names the files.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(_in_the_way(target, [target.name]))
    source = samples_dir()
    texts = {} if sample else starter(lang)
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


def starter(lang: str) -> dict[str, str]:
    """Relative path -> content of the starter workspace."""
    say = _RU if lang == "ru" else _EN
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
  #   password_env: SMTP_PASSWORD
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
    aliases: [Ann Example, ann@example.com]   # <aliases>
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
""",
    "goals/first-goal.yaml": """\
# <goal>
id: first-goal
title: <goal_title>
owner: ann
team: sales
kpi: sales_revenue             # <kpi>
kind: cumulative               # <kind>
baseline: 100000               # <baseline>
target: 120000                 # <target>
start: 2026-10-01
due: 2026-12-31
supports: growth
how:                           # <how>
  - id: calls
    title: <calls>
    owner: ann
    start: 2026-10-01
    due: 2026-12-15
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
  delimiter: ","
  decimal: "."
  date: "%Y-%m-%d"
delivers: full                 # <delivers>
fact: deals
columns:                       # <columns>
  deal_id: Order
  customer: Customer
  amount: Amount
  currency: {value: <currency>}
  is_won: {value: "true"}
  is_closed: {value: "true"}
  created_on: Date
  closed_on: Date
  owner: Seller
""",
    "exports/orders/orders.csv": """\
Order,Date,Customer,Amount,Seller
1001,2026-10-05,Northwind,4200.00,Ann Example
1002,2026-10-14,Contoso,11800.50,Ann Example
1003,2026-11-03,Fabrikam,7350.00,Ann Example
""",
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
    "goal": "One goal, one file (or several under `goals:`).",
    "goal_title": "Raise sales from 100 000 to 120 000 in the fourth quarter",
    "kpi": "a built-in KPI or one from kpis.yaml; `scorecards check` lists near names",
    "kind": "cumulative adds up, level moves a rate, maintain holds one",
    "baseline": "where we stand; rates as 45 %",
    "target": "where we want to be; +20 % needs relative_to: baseline or prior_year",
    "how": "initiatives; each may have owner, dates, cost, hours, depends_on",
    "calls": "Call every customer of last year",
    "source": "Where the numbers come from: drop CSV files into exports/orders/.",
    "orders": "Orders",
    "system": "free name; built in are hubspot, mailshake, timecamp, subscriptions, ga4, ledger",
    "format": "declared, never guessed",
    "delivers": "full: each file holds everything; changes: only what is new",
    "columns": "our column: header in the file",
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
    "goal": "Одна цель — один файл (или несколько целей под ключом `goals:`).",
    "goal_title": "Увеличить продажи со 100 000 до 120 000 в четвёртом квартале",
    "kpi": "встроенный показатель или свой из kpis.yaml; `scorecards check` подскажет имена",
    "kind": "cumulative накапливает, level сдвигает уровень, maintain удерживает",
    "baseline": "где мы сейчас; доли пишутся как 45 %",
    "target": "куда хотим прийти; для +20 % нужен relative_to: baseline или prior_year",
    "how": "инициативы; у каждой могут быть owner, даты, cost, hours, depends_on",
    "calls": "Обзвонить всех прошлогодних клиентов",
    "source": "Откуда берутся цифры: кладите файлы CSV в папку exports/orders/.",
    "orders": "Заказы",
    "system": "любое имя; встроены hubspot, mailshake, timecamp, subscriptions, ga4, ledger",
    "format": "указывается явно, программа не угадывает",
    "delivers": "full: в каждом файле всё целиком; changes: только новое",
    "columns": "наша колонка: заголовок в файле",
}
