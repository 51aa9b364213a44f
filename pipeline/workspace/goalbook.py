"""The workbook a person begins with when goals are kept in a spreadsheet.

Here: its sheets, columns, explanations in both languages and the choices it offers. Not here: reading one
(sheets.py), the file format (workbooks.py). It holds no goal, so a workspace stays right when it is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import Problem, UsageError, column_letters
from pipeline.workbooks import Sheet, Value, write_workbook
from pipeline.workspace.model import Workspace
from pipeline.workspace.sheets import RUSSIAN

FILE = "goals/goals.xlsx"
COLUMNS = (
    *("id", "title", "owner", "team", "kpi", "kind", "baseline", "target", "relative_to", "start", "due"),
    *("every", "compounding", "supports", "parent", "segment", "for_each", "ambition", "plan", "note"),
)
LISTS: dict[str, tuple[str, ...]] = {
    "milestones": ("goal", "date", "value", "label"),
    "how": ("goal", "id", "title", "owner", "start", "due", "cost", "hours", "depends_on", "done"),
}
DATES = frozenset({"start", "due", "date"})
WIDE = {"title": 36, "note": 30, "for_each": 22, "segment": 18, "label": 24, "depends_on": 18}
NAMES = {
    "goals": ("Goals", "Цели"),
    "milestones": ("Milestones", "Вехи"),
    "how": ("Initiatives", "Инициативы"),
    "help": ("Help", "Справка"),
    "lists": ("Lists", "Списки"),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("cumulative", "level", "maintain"),
    "relative_to": ("baseline", "prior_period", "prior_year"),
    "every": ("week", "month", "quarter"),
    "compounding": ("actual", "baseline"),
    "ambition": ("commit", "stretch"),
    "plan": ("linear", "seasonal", "milestones", "steps"),
}
HELP: dict[str, tuple[str, str, str]] = {
    "id": ("short name, used in file names", "короткое имя, попадает в имена файлов", "churn-q4"),
    "title": (
        "what readers see; title.en and title.ru for two languages",
        "что видят читатели; title.en и title.ru для двух языков",
        "Reduce churn",
    ),
    "owner": ("id of a person in people.yaml", "id человека из people.yaml", "ann"),
    "team": ("id of a team in people.yaml", "id команды из people.yaml", "sales"),
    "kpi": (
        "a built-in KPI or one of kpis.yaml",
        "встроенный показатель или свой из kpis.yaml",
        "churn_rate",
    ),
    "kind": (
        "cumulative adds up, level moves a value, maintain holds one",
        "cumulative накапливает, level сдвигает значение, maintain удерживает",
        "level",
    ),
    "baseline": ("where we stand", "где мы сейчас", "45 %"),
    "target": (
        "where we want to be; percentages in cells formatted as percent, or written 20 %",
        "куда хотим прийти; проценты — в ячейках процентного формата или текстом 20 %",
        "20 %",
    ),
    "relative_to": (
        "fill it when the target is a change: 25 % then means +25 %",
        "заполните, если цель — изменение: 25 % тогда значит +25 %",
        "prior_year",
    ),
    "start": ("first day", "первый день", "2026-10-01"),
    "due": ("last day", "последний день", "2026-12-31"),
    "every": (
        "fill it when the target holds anew in each week, month or quarter from start to due",
        "заполните, если цель ставится заново на каждую неделю, месяц или квартал от начала до срока",
        "month",
    ),
    "compounding": (
        "of a recurring change against the baseline: added to the actual figure before, or to the baseline "
        "with all changes so far",
        "для повторяющегося изменения к базе: от факта прошлого периода (actual) или от базы со всеми "
        "изменениями (baseline)",
        "actual",
    ),
    "supports": ("id of an objective in strategy.yaml", "id цели верхнего уровня из strategy.yaml", "growth"),
    "parent": ("id of the goal this one is a part of", "id цели, частью которой является эта", "sales-2026"),
    "segment": ("only a part of the KPI", "только часть показателя", "region: North"),
    "for_each": (
        "one goal for each: owner (everybody in the team), team, or region: North; South; "
        "targets of their own as owner: ann = 120000; bob = 90000",
        "отдельная цель для каждого: owner (все люди команды), team или region: Север; Юг; "
        "свои целевые значения — owner: ann = 120000; bob = 90000",
        "owner",
    ),
    "ambition": (
        "commit, or stretch: meant to be missed at times",
        "commit или stretch (амбициозная)",
        "commit",
    ),
    "plan": ("how progress is expected to go", "как ожидается движение к цели", "linear"),
    "note": ("anything else", "прочее", ""),
}
_OTHERS = (
    (
        "# …",
        "a column whose header begins with # is left alone",
        "столбец, заголовок которого начинается с #, не читается",
    ),
)


def write_goal_workbook(target: Path, workspace: Workspace | None, kpis: Sequence[str], lang: str) -> Path:
    """Write the template to `target`. Raises UsageError (E-EXISTS) instead of overwriting anything."""
    if target.exists():
        raise UsageError(
            Problem(
                "E-EXISTS",
                "{file} is already there; nothing was written.",
                "Name another file with --out.",
                params={"file": str(target)},
            )
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(goal_workbook(workspace, kpis, lang))
    return target


def goal_workbook(workspace: Workspace | None, kpis: Sequence[str], lang: str) -> bytes:
    """An empty goal workbook with explanations in `lang`; names of the workspace's people, teams, objectives
    and KPIs can be chosen in their columns."""
    columns = _with_languages(COLUMNS, workspace.company.languages if workspace else ())
    offered = {**CHOICES, **_names(workspace, kpis)}
    lists = list(offered)
    name = _name("lists", lang)
    ranges = {
        key: f"{name}!${column_letters(n)}$2:${column_letters(n)}${max(len(offered[key]), 1) + 1}"
        for n, key in enumerate(lists, 1)
    }
    sheets = [_empty("goals", columns, ranges, lang)]
    sheets += [_empty(key, names, ranges, lang) for key, names in LISTS.items()]
    sheets.append(_help(lang))
    longest = max(len(values) for values in offered.values())
    rows: list[list[Value]] = [list(lists)]
    rows += [[_nth(offered[key], n) for key in lists] for n in range(longest)]
    return write_workbook([*sheets, Sheet(name, rows, is_hidden=True)])


def _names(workspace: Workspace | None, kpis: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if workspace is None:
        return {"kpi": tuple(kpis)}
    return {
        "kpi": tuple(dict.fromkeys((*kpis, *(kpi.id for kpi in workspace.kpis)))),
        "owner": tuple(person.id for person in workspace.people.people),
        "team": tuple(team.id for team in workspace.people.teams),
        "supports": tuple(objective.id for objective in workspace.strategy.objectives),
    }


def _nth(values: Sequence[str], n: int) -> str | None:
    return values[n] if n < len(values) else None


def _with_languages(columns: Sequence[str], languages: Sequence[str]) -> tuple[str, ...]:
    if len(languages) < 2:
        return tuple(columns)
    return tuple(
        name
        for key in columns
        for name in ([f"title.{one}" for one in languages] if key == "title" else [key])
    )


def _name(sheet: str, lang: str) -> str:
    return NAMES[sheet][lang == "ru"]


def header(key: str, lang: str) -> str:
    """The header of a key in the workbook: its own name, or its Russian one."""
    first, point, rest = key.partition(".")
    return (RUSSIAN[first][0] if lang == "ru" else first) + point + rest


def _empty(sheet: str, columns: Sequence[str], ranges: dict[str, str], lang: str) -> Sheet:
    bare = [key.partition(".")[0] for key in columns]
    return Sheet(
        _name(sheet, lang),
        [[header(key, lang) for key in columns]],
        [WIDE.get(key, 14) for key in bare],
        frozenset(index for index, key in enumerate(bare) if key in DATES),
        {index: ranges[key] for index, key in enumerate(bare) if key in ranges},
    )


def _help(lang: str) -> Sheet:
    russian = lang == "ru"
    title = ["Столбец", "Что писать", "Пример"] if russian else ["Column", "What to write", "Example"]
    rows: list[list[Value]] = [list(title)]
    for key in COLUMNS:
        english, translated, example = HELP[key]
        rows.append([header(key, lang), translated if russian else english, example or None])
    rows += [[name, translated if russian else english] for name, english, translated in _OTHERS]
    return Sheet(_name("help", lang), rows, (22, 80, 24))
