"""The command `draft`: files that load, marks that `check` points at, languages, refusals."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from assets import cli
from pipeline.drafting.draft import draft_sentence, write_goals
from pipeline.errors import WorkspaceError
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.language import speech
from pipeline.workspace.loader import load_workspace
from tests.unit.drafting.draft_cases import ENGLISH, RUSSIAN, TODAY, Case

DAY = ["--today", "2026-11-25"]
COMPLETE = (
    "Reduce churn from 45 % to 20 % next quarter through extended trials and discounts, owner: Clara Neumann"
)
FILLED = {
    "owner": "clara-neumann",
    "kpi": "sales_revenue",
    "kind": "cumulative",
    "relative_to": "prior_year",
    "start": "2026-11-25",
    "due": "2027-12-31",
}
"""What a person might write at a mark."""


COMPLETABLE = [
    one
    for one in (*ENGLISH, *RUSSIAN)
    if one.kpi and one.kind and one.target and one.due and "руб" not in one.sentence
]
"""Only what is missing must be added; the company reports in euros."""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "en")


PEOPLE = """\
people:
  - {id: clara-neumann, name: Clara Neumann}
  - {id: sofia-marin, name: {en: Sofia Marin, ru: София Марин}}
"""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A workspace with two people and nothing else, so that a hundred of them load in seconds."""
    (tmp_path / "scorecards.yaml").write_text("company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n", "utf-8")
    (tmp_path / "people.yaml").write_text(PEOPLE, "utf-8")
    (tmp_path / "goals").mkdir()
    return tmp_path


def written(company: Path, sentence: str) -> tuple[Path, str]:
    """The file of a sentence drafted in the company's workspace, and its text."""
    workspace = load_workspace(company, CATALOGUE)
    drafted = draft_sentence(sentence, {kpi.id: kpi for kpi in CATALOGUE}, TODAY, workspace)
    (path,) = write_goals(drafted, company)
    return path, path.read_text("utf-8")


def draft(*arguments: str) -> int:
    return cli.call(["draft", *arguments, *DAY])


def test_a_complete_sentence_is_a_file_the_strict_loader_takes(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draft(COMPLETE, "-w", str(company), "--write") == 0
    assert "scorecards check" in capsys.readouterr().out
    goal = load_workspace(company, CATALOGUE).goal("reduce-churn-from-45-to-20")
    assert goal is not None
    assert (goal.kpi, goal.owner, goal.kind) == ("churn_rate", "clara-neumann", "level")
    assert str(goal.baseline.amount) == "0.45" and str(goal.target.amount) == "0.2"  # type: ignore[union-attr]
    assert (goal.start.isoformat(), goal.due.isoformat()) == ("2027-01-01", "2027-03-31")
    assert [one.title for one in goal.how] == [{"": "extended trials"}, {"": "discounts"}]


def test_what_is_printed_is_a_goal_file_as_it_stands(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The letters after the file are comments, so that the output can be saved."""
    assert draft(COMPLETE, "-w", str(company)) == 0
    (company / "goals/drafted.yaml").write_text(capsys.readouterr().out, "utf-8")
    assert load_workspace(company, CATALOGUE).goal("reduce-churn-from-45-to-20") is not None


@pytest.mark.parametrize("case", [*ENGLISH, *RUSSIAN], ids=lambda case: case.sentence[:60])
def test_check_points_at_exactly_the_marked_lines(company: Path, case: Case) -> None:
    path, text = written(company, case.sentence)
    marked = {
        number for number, line in enumerate(text.splitlines(), 1) if re.search(r"# (missing|decide):", line)
    }
    assert marked
    with pytest.raises(WorkspaceError) as wrong:
        load_workspace(company, CATALOGUE)
    assert {(problem.file, problem.line) for problem in wrong.value.problems} == {
        (f"goals/{path.name}", number) for number in marked
    }


@pytest.mark.parametrize(
    "case", COMPLETABLE,
    ids=lambda case: case.sentence[:60],
)  # fmt: skip
def test_a_draft_whose_marks_are_filled_in_loads(company: Path, case: Case) -> None:
    path, text = written(company, case.sentence)
    filled = re.sub(
        r"^(\w+):   # (?:missing|decide):.*$", lambda m: f"{m[1]}: {FILLED[m[1]]}", text, flags=re.M
    )
    path.write_text(filled, "utf-8")
    (goal,) = load_workspace(company, CATALOGUE).goals
    assert (goal.kpi, goal.kind, str(goal.due)) == (case.kpi, case.kind, case.due)


@pytest.mark.parametrize(
    ("sentence", "every", "kind", "start", "due"),
    [
        # 25 November 2026 is a Wednesday
        ("Every month 20 new customers by July 2027", "month", "cumulative", "2026-12-01", "2027-06-30"),
        ("Win 20 new customers each week by 31 March", "week", "cumulative", "2026-11-30", "2027-03-28"),
        ("Every quarter 20 customers by 15 July 2027", "quarter", "cumulative", "2027-01-01", "2027-06-30"),
        ("A closing rate of 20 % every month in 2027", "month", "level", "2027-01-01", "2027-12-31"),
        ("Каждый месяц 20 клиентов к июлю 2027", "month", "cumulative", "2026-12-01", "2027-06-30"),
        ("Каждую неделю 20 новых клиентов до 31 марта", "week", "cumulative", "2026-11-30", "2027-03-28"),
        ("Каждый квартал 20 новых клиентов в 2027", "quarter", "cumulative", "2027-01-01", "2027-12-31"),
    ],
)  # fmt: skip
def test_a_number_for_every_period_is_a_recurring_goal_of_whole_ones(
    company: Path, sentence: str, every: str, kind: str, start: str, due: str
) -> None:
    path, text = written(company, sentence)
    path.write_text(re.sub(r"^owner:.*$", "owner: clara-neumann", text, flags=re.M), "utf-8")
    (goal,) = load_workspace(company, CATALOGUE).goals
    assert (goal.every, goal.kind, goal.period) == (every, kind, None)
    assert (goal.start.isoformat(), goal.due.isoformat()) == (start, due)
    assert goal.target.amount in (20, Decimal("0.2"))


def test_a_recurring_goal_without_room_for_one_period_is_for_a_person_to_decide(company: Path) -> None:
    _, text = written(company, "20 new customers every month by 15 December")
    assert "due:   # decide: no whole period from 2026-12-01 to 2026-12-15" in text


def test_quarters_of_a_recurring_goal_are_those_of_the_financial_year(company: Path) -> None:
    settings = company / "scorecards.yaml"
    settings.write_text(settings.read_text("utf-8") + "\nfiscal_year_start: 2\n", "utf-8")
    _, text = written(company, "Every quarter 60 new customers by 31 October 2027")
    assert "start: 2027-02-01 " in text and "due: 2027-10-31\n" in text


def test_what_is_kept_or_moves_to_a_level_does_not_recur() -> None:
    known = {kpi.id: kpi for kpi in CATALOGUE}
    for sentence in ("Keep 20 new customers every month", "Raise sales to €100k every month by June"):
        (goal,) = draft_sentence(sentence, known, TODAY).goals
        assert "every" not in [line.key for line in goal.lines]


def test_writing_never_overwrites_and_ids_stay_unique(company: Path) -> None:
    for _ in range(3):
        assert draft("raise sales 25 % by the end of Q2", "-w", str(company), "--write") == 0
    names = sorted(path.stem for path in (company / "goals").glob("raise*.yaml"))
    assert names == [
        "raise-sales-25-by-the-end",
        "raise-sales-25-by-the-end-2",
        "raise-sales-25-by-the-end-3",
    ]
    for name in names:
        assert (company / f"goals/{name}.yaml").read_text("utf-8").startswith(f"id: {name}\n")


def test_two_goals_are_two_files(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draft("Win 40 new customers in 2027 at a CAC below €215", "-w", str(company), "--write") == 0
    assert "2 goals" in capsys.readouterr().out
    assert (company / "goals/win-40-new-customers-in-2027.yaml").is_file()
    assert (company / "goals/cac-below-215.yaml").is_file()


def test_without_a_workspace_a_sentence_is_drafted_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert draft("Achieve $90k in sales in Q1") == 0
    out = capsys.readouterr().out
    assert "target: 90 000   # USD as written; amounts are in the company's currency" in out
    assert "owner:   # missing:" in out
    assert draft("Achieve $90k in sales in Q1", "--write") == 2
    assert "is not a workspace" in capsys.readouterr().err


def test_comments_are_in_the_sentences_language_and_letters_in_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert draft("Получить 3 300 регистраций до 31 декабря") == 0
    out = capsys.readouterr().out
    assert "owner:   # missing: кто отвечает?" in out
    assert "# S! the figure: signups; missing: who is responsible" in out
    monkeypatch.setenv("SCORECARDS_LANG", "ru")
    assert draft("Get 3,300 sign-ups by 31 December") == 0
    out = capsys.readouterr().out
    assert "owner:   # missing: who is responsible?" in out
    assert "# S! показатель: signups; не хватает: кто отвечает" in out


def test_a_refusal_is_one_sentence_in_the_users_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCORECARDS_LANG", "ru")
    assert draft("увеличить продажи") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("E-VAGUE «увеличить продажи» — не SMART-цель: не хватает M")
    assert "и T (срок: к какому дню). Укажите, на сколько и к какому сроку." in told.err


def test_json_says_the_same(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draft("Снизить отток на 5 % в первом квартале", "-w", str(company), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    (goal,) = found["goals"]
    assert (found["ok"], found["language"], found["written"]) == (True, "ru", [])
    assert (goal["kpi"], goal["target"], goal["due"]) == ("churn_rate", None, "2027-03-31")
    assert [(one["key"], one["mark"]) for one in goal["marks"]] == [
        ("owner", "missing"), ("target", "decide"), ("relative_to", "decide"),
    ]  # fmt: skip
    assert {letter: one["verdict"] for letter, one in goal["letters"].items()} == {
        "S": "warn", "M": "fail", "A": "fail", "R": "fail", "T": "pass",
    }  # fmt: skip
    assert draft("grow sales", "--json") == 2
    refused = json.loads(capsys.readouterr().out)
    assert (refused["ok"], refused["problems"][0]["code"]) == (False, "E-VAGUE")


def test_an_incomplete_draft_does_not_keep_the_next_from_being_drafted(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draft("raise sales 25 % by the end of Q2", "-w", str(company), "--write") == 0
    capsys.readouterr()
    assert draft("Win 40 new customers in 2027 by Sofia Marin", "-w", str(company)) == 0
    told = capsys.readouterr()
    assert "owner: sofia-marin" in told.out
    assert "scorecards check" in told.err


def test_a_day_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["draft", "Win 40 new customers in 2027", "--today", "tomorrow"]) == 2
    assert "is not a day" in capsys.readouterr().err


def test_refusals_are_said_in_russian() -> None:
    from pipeline.drafting.draft import REFUSALS

    texts = [text for pair in REFUSALS.values() for text in pair]
    assert [text for text in texts if not speech("ru").has(text)] == []
