"""Goals in a spreadsheet are the goals that YAML would give, and a faulty cell is named by its address."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from pipeline.errors import WorkspaceError
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.language import speech
from pipeline.workspace.goalbook import COLUMNS, HELP, LISTS, goal_workbook, header, write_goal_workbook
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Goal, Workspace
from pipeline.workspace.sheets import RUSSIAN, SHEETS, key_path

PEOPLE = """\
teams: [{id: sales, name: {en: Sales, ru: Продажи}, lead: ann}, {id: ops, name: Ops, lead: cyd}]
people:
  - {id: ann, name: {en: Ann, ru: Анна}, teams: [{team: sales}]}
  - {id: bob, name: Bob, teams: [{team: sales, until: 2026-09-30}]}
  - {id: cyd, name: Cyd, teams: [{team: ops}, {team: sales, since: 2026-12-01}]}
"""
HEADERS = ("id", "title", "owner", "kpi", "kind", "target", "baseline", "start", "due")
OCTOBER, DECEMBER = date(2026, 10, 1), date(2026, 12, 31)
CHURN = ("churn", "Reduce churn", "ann", "churn_rate", "level", 0.2, 0.45, OCTOBER, DECEMBER)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "scorecards.yaml").write_text("company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n")
    (tmp_path / "people.yaml").write_text(PEOPLE, "utf-8")
    (tmp_path / "goals").mkdir()
    return tmp_path


def book(root: Path, rows: list[tuple], sheets: dict[str, list[tuple]] | None = None, **formats: str) -> None:
    made = openpyxl.Workbook()
    made.active.title = "Goals"
    for row in rows:
        made.active.append(row)
    for address, code in formats.items():
        made.active[address].number_format = code
    for name, lines in (sheets or {}).items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(line)
    made.save(root / "goals/goals.xlsx")


def loaded(root: Path) -> Workspace:
    return load_workspace(root, CATALOGUE)


def complaints(root: Path) -> list[str]:
    with pytest.raises(WorkspaceError) as caught:
        loaded(root)
    return [one.full() for one in caught.value.problems]


def test_a_row_is_the_goal_that_the_same_words_give_in_yaml(root: Path) -> None:
    book(
        root,
        [HEADERS, CHURN],
        {
            "Initiatives": [
                ("goal", "id", "title", "owner", "due", "cost", "depends_on"),
                ("churn", "calls", "Call", "ann", date(2026, 11, 1), 1250.5, None),
                ("churn", "offers", "Offer", "bob", None, None, "calls"),
            ],
            "Вехи": [("код цели", "дата", "значение"), ("churn", date(2026, 11, 30), "30 %")],
        },
        F2="0%",
        G2="0.0%",
    )
    (from_sheet,) = loaded(root).goals
    (root / "goals/goals.xlsx").unlink()
    (root / "goals/churn.yaml").write_text(
        "{id: churn, title: Reduce churn, owner: ann, kpi: churn_rate, kind: level, target: 20 %,"
        " baseline: 45 %, start: 2026-10-01, due: 2026-12-31,"
        " milestones: [{date: 2026-11-30, value: 30 %}],"
        " how: [{id: calls, title: Call, owner: ann, due: 2026-11-01, cost: 1250.5},"
        " {id: offers, title: Offer, owner: bob, depends_on: [calls]}]}"
    )
    assert loaded(root).goals == (from_sheet,)
    assert from_sheet.target.amount == Decimal("0.2") and from_sheet.how[0].cost == Decimal("1250.5")


def test_a_percent_cell_keeps_what_was_typed_not_what_the_binary_number_is(root: Path) -> None:
    book(root, [HEADERS, (*CHURN[:5], 0.07, 0.1 + 0.2, OCTOBER, DECEMBER)], F2="0%", G2="0%")
    (goal,) = loaded(root).goals
    assert (goal.target.amount, goal.baseline.amount) == (Decimal("0.07"), Decimal("0.3"))  # type: ignore[union-attr]


def test_russian_headers_name_the_same_keys(root: Path) -> None:
    headers = ("Код", "Название (ru)", "название.en", "Владелец", "Показатель", "Вид", "Целевое значение")
    headers = (*headers, "База", "Начало", "Срок", "Срез", "# для себя")
    row = ("sales", "Продажи", "Sales", "ann", "sales_revenue", "cumulative", 5000, 4000, OCTOBER, DECEMBER)
    book(root, [headers, (*row, "region: North; product: A", "x")])
    (goal,) = loaded(root).goals
    assert goal.title == {"ru": "Продажи", "en": "Sales"}
    assert goal.segment == {"region": "North", "product": "A"} and goal.target.amount == 5000


def test_every_key_has_one_russian_name_that_leads_back_to_it() -> None:
    fields = [
        *Goal.model_fields,
        "goal",
        *(name for _, model in SHEETS.values() for name in model.model_fields),
    ]
    for key in fields:
        if key not in SHEETS:
            assert [key_path(name, fields) for name in RUSSIAN[key]] == [(key,)] * len(RUSSIAN[key]), key


# --- faulty cells ------------------------------------------------------------------------------------


def test_faults_are_named_by_sheet_and_cell_all_in_one_pass(root: Path) -> None:
    rows = [HEADERS, CHURN]
    rows.append(("two", "B", "anne", "churn_rate", "level", 0.2, 0.45, OCTOBER, DECEMBER))
    rows.append(("three", "C", "ann", "churn_rat", "levle", "soon", 0.45, "31.12.2026", DECEMBER))
    rows.append(("four", None, "ann", "churn_rate", "level", 0.3, 0.45, OCTOBER, DECEMBER))
    rows.append(("five", "E", "ann", "churn_rate", "level", 0.3, 0.45, DECEMBER, OCTOBER))
    book(root, rows, **{f"{column}{row}": "0%" for column in "FG" for row in range(2, 7)})
    found = complaints(root)
    assert [line.split(" E-")[0] for line in found] == [
        "goals/goals.xlsx, sheet Goals, cell C3:",
        "goals/goals.xlsx, sheet Goals, cell D4:",
        "goals/goals.xlsx, sheet Goals, cell E4:",
        "goals/goals.xlsx, sheet Goals, cell F4:",
        "goals/goals.xlsx, sheet Goals, cell H4:",
        "goals/goals.xlsx, sheet Goals, cell B5:",
        "goals/goals.xlsx, sheet Goals, cell I6:",
    ]
    text = "\n".join(found)
    assert (
        "Did you mean ann?" in text and "Did you mean churn_rate?" in text and "Did you mean level?" in text
    )
    assert "title is empty. Fill the cell." in text and "colon" not in text


def test_the_address_is_said_in_russian_too(root: Path) -> None:
    book(root, [HEADERS, ("x", "A", "nobody-here", *CHURN[3:])], F2="0%", G2="0%")
    with pytest.raises(WorkspaceError) as caught:
        loaded(root)
    assert caught.value.text(speech("ru")).startswith("goals/goals.xlsx, лист Goals, ячейка C2: ")


def test_a_misspelt_or_missing_column_is_said_once_not_for_every_row(root: Path) -> None:
    headers = ("id", "titel", "owner", "kpi", "kind", "target", "baseline", "start", "due")
    book(
        root,
        [headers, *[(f"g{n}", *CHURN[1:]) for n in range(5)]],
        **{f"{c}{r}": "0%" for c in "FG" for r in range(2, 7)},
    )
    found = complaints(root)
    assert len(found) == 2
    assert "cell B1: E-KEY The key titel is not known here. Did you mean title?" in "".join(found)
    assert "E-MISSING The sheet has no column title." in "".join(found)


@pytest.mark.parametrize(
    ("cell", "said"),
    [("=1/0", "formula without a stored result"), ("#N/A", "formula that ended in an error")],
)
def test_a_formula_without_a_value_is_not_an_empty_cell(root: Path, cell: str, said: str) -> None:
    book(root, [HEADERS, (*CHURN[:6], cell, OCTOBER, DECEMBER)], F2="0%")
    (found,) = complaints(root)
    assert "sheet Goals, cell G2: E-FORMULA" in found and said in found


@pytest.mark.parametrize(
    ("value", "code", "fails"),
    [
        (5000, "#,##0 [$₽-419]", True),
        ("5000 ₽", "General", True),
        (5000, "#,##0 [$€-407]", False),
        ("€5000", "@", False),
    ],
)
def test_an_amount_in_another_currency_is_refused(root: Path, value: object, code: str, fails: bool) -> None:
    row = ("s", "S", "ann", "sales_revenue", "cumulative", value, None, OCTOBER, DECEMBER)
    book(root, [HEADERS, row], F2=code)
    if fails:
        (found,) = complaints(root)
        assert "cell F2: E-CURRENCY The amount is in RUB, but the company reports in EUR." in found
    else:
        assert loaded(root).goals[0].target.amount == 5000


def test_a_row_of_another_sheet_must_name_a_goal(root: Path) -> None:
    sheets = {"Milestones": [("goal", "date", "value"), ("chrun", date(2026, 11, 30), 0.3)]}
    book(root, [HEADERS, CHURN], {**sheets, "Initiativs": [("goal",)]}, F2="0%", G2="0%")
    found = complaints(root)
    assert "sheet Milestones, cell A2: E-REFERENCE There is no goal “chrun”. Did you mean churn?" in "".join(
        found
    )
    assert "The sheet Initiativs is not read. Did you mean initiatives?" in "".join(found)


def test_a_damaged_workbook_is_a_sentence(root: Path) -> None:
    book(root, [HEADERS, CHURN])
    whole = (root / "goals/goals.xlsx").read_bytes()
    for data in (b"not a workbook", whole[: len(whole) // 2], b""):
        (root / "goals/goals.xlsx").write_bytes(data)
        (found,) = complaints(root)
        assert found.startswith("goals/goals.xlsx: E-XLSX The workbook cannot be read")


# --- one goal each -----------------------------------------------------------------------------------

EACH = """\
id: calls
title: {en: Raise sales, ru: Поднять продажи}
team: sales
kpi: sales_revenue
kind: cumulative
target: 1000
start: 2026-10-01
due: 2026-12-31
"""


def each(root: Path, line: str, **changes: str) -> Workspace:
    text = "\n".join(one for one in EACH.splitlines() if one.split(":")[0] not in changes)
    (root / "goals/calls.yaml").write_text(
        f"{text}\n{line}\n" + "".join(f"{k}: {v}\n" for k, v in changes.items() if v)
    )
    return loaded(root)


def test_one_goal_a_person_of_the_team_during_the_goal(root: Path) -> None:
    """Bob left before it began, Cyd joined before it ended."""
    goals = each(root, "for_each: owner").goals
    assert [(goal.id, goal.owner, goal.segment) for goal in goals] == [
        ("calls-ann", "ann", {"owner": "ann"}),
        ("calls-cyd", "cyd", {"owner": "cyd"}),
    ]
    assert goals[0].title == {"en": "Raise sales: Ann", "ru": "Поднять продажи: Анна"}


def test_listed_people_have_targets_of_their_own(root: Path) -> None:
    goals = each(root, "for_each: {owner: {ann: 700, bob: }}").goals
    assert [(goal.owner, goal.target.amount) for goal in goals] == [("ann", 700), ("bob", 1000)]


def test_one_goal_a_team_is_owned_by_its_lead(root: Path) -> None:
    goals = each(root, "for_each: team", team="").goals
    assert [(goal.id, goal.owner, goal.team) for goal in goals] == [
        ("calls-sales", "ann", "sales"),
        ("calls-ops", "cyd", "ops"),
    ]


def test_one_goal_a_value_of_any_dimension(root: Path) -> None:
    goals = each(root, "for_each: {region: [North, Юго-Восток]}", owner="ann").goals
    assert [(goal.id, goal.segment) for goal in goals] == [
        ("calls-north", {"region": "North"}),
        ("calls-yugo-vostok", {"region": "Юго-Восток"}),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("for_each: region", "calls.yaml:8:11: E-MISSING for_each: region does not say for which values."),
        (
            "for_each: {owner: [ann, anne]}",
            "E-REFERENCE There is no person “anne” in people.yaml. Did you mean ann?",
        ),
        (
            "for_each: {colour: [red, blue]}",
            "E-REFERENCE The KPI sales_revenue cannot be broken down by “colour”.",
        ),
        ("for_each: [a, b]", "E-VALUE for_each cannot be"),
    ],
)
def test_a_wrong_for_each_is_said_once_at_its_place(root: Path, line: str, said: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        each(root, line, owner="ann", team="sales")
    (found,) = caught.value.problems
    assert said in found.full() and found.file == "goals/calls.yaml" and found.line == 8


def test_a_fault_of_a_template_is_not_said_for_each_person(root: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        each(root, "for_each: owner", due="2026-09-01", team="", kpi="sales_revenu")
    assert [one.code for one in caught.value.problems] == ["E-WINDOW", "E-REFERENCE"]


def test_a_row_with_for_each_is_a_goal_a_person(root: Path) -> None:
    headers = (*HEADERS, "team", "for_each")
    row = ("s", "Sell", None, "sales_revenue", "cumulative", 500, None, OCTOBER, DECEMBER)
    book(
        root,
        [headers, (*row, "sales", "owner"), ("r", "Sell", "ann", *row[3:], None, "region: North = 9; South")],
    )
    goals = loaded(root).goals
    assert [(goal.id, goal.target.amount) for goal in goals] == [
        ("s-ann", 500),
        ("s-cyd", 500),
        ("r-north", 9),
        ("r-south", 500),
    ]


def test_a_change_needs_no_plus_sign_in_a_cell(root: Path) -> None:
    """A spreadsheet turns +25 % into 25 %; beside `relative_to` it can only be a change."""
    headers = (*HEADERS, "relative_to")
    row = ("s", "Sell", "ann", "sales_revenue", "cumulative", 0.25, 4000, OCTOBER, DECEMBER, "baseline")
    book(root, [headers, row], F2="0%")
    (goal,) = loaded(root).goals
    assert (goal.target.amount, goal.target.signed, goal.target.mark) == (Decimal("0.25"), True, "%")


# --- the template ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_template_is_right_when_empty_and_when_filled(root: Path, lang: str) -> None:
    workspace = loaded(root)
    write_goal_workbook(root / "goals/goals.xlsx", workspace, ["churn_rate", "sales_revenue"], lang)
    assert loaded(root).goals == () and loaded(root).warnings == ()
    filled = openpyxl.load_workbook(root / "goals/goals.xlsx")
    sheet = filled.worksheets[0]
    values = dict(zip(HEADERS, CHURN, strict=True))
    for cell in sheet[1]:
        key = next(key for key in COLUMNS if header(key, lang) == cell.value)
        sheet.cell(2, cell.column).value = values.get(key)
    sheet["G2"].number_format = sheet["H2"].number_format = "0%"
    filled.save(root / "goals/goals.xlsx")
    assert [goal.id for goal in loaded(root).goals] == ["churn"]


def test_the_template_offers_the_workspaces_own_names(root: Path) -> None:
    made = openpyxl.load_workbook(io.BytesIO(goal_workbook(loaded(root), ["churn_rate"], "en")))
    lists = {
        column[0].value: [cell.value for cell in column[1:] if cell.value] for column in made["Lists"].columns
    }
    assert lists["owner"] == ["ann", "bob", "cyd"] and lists["kpi"] == ["churn_rate"]
    offered = {str(one.sqref): one.formula1 for one in made["Goals"].data_validations.dataValidation}
    owner = made["Goals"]["C1"]
    assert owner.value == "owner" and offered["C2:C1000"].startswith("Lists!")
    assert goal_workbook(loaded(root), ["churn_rate"], "en") == goal_workbook(
        loaded(root), ["churn_rate"], "en"
    )


def test_every_column_of_the_template_is_explained_and_readable() -> None:
    assert set(HELP) == set(COLUMNS) <= set(Goal.model_fields)
    for key, names in LISTS.items():
        assert set(names) - {"goal"} <= set(SHEETS[key][1].model_fields)
