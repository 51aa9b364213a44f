"""The command line from outside: exit codes, sentences instead of tracebacks, language, speed of starting."""

from __future__ import annotations

import ast
import errno
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from assets import cli
from assets.screens import COLUMNS, as_csv
from assets.trouble import machine_trouble
from pipeline.language import speech

ROOT = Path(__file__).resolve().parents[3]
HEAVY = (
    "pandas",
    "dagster",
    "rich",
    "pydantic",
    "duckdb",
    "pyarrow",
    "numpy",
    "jinja2",
    "weasyprint",
    "ibis",
)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "en")


@pytest.fixture
def starter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert cli.call(["init", str(tmp_path / "w")]) == 0
    capsys.readouterr()
    return tmp_path / "w"


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = f"import sys, assets.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_help_loads_nothing_heavy_either(lang: str) -> None:
    code = (
        f"import sys, assets.cli as c; c.call(['--help']); print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    environment = {**os.environ, "SCORECARDS_LANG": lang}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, env=environment
    )
    assert found.stdout.splitlines()[-1] == "[]"


def test_checking_a_workspace_without_data_reads_no_frames(tmp_path: Path) -> None:
    """An analyst checks after every line of YAML: what only reading data needs must not cost its second."""
    assert cli.call(["init", str(tmp_path / "w")]) == 0
    shutil.rmtree(tmp_path / "w" / "exports")
    heavy = ("pandas", "pandera", "deltalake", "duckdb", "weasyprint", "dagster")
    code = (
        "import sys, assets.cli as c; "
        f"c.call(['--workspace', {str(tmp_path / 'w')!r}, 'check']); "
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


def test_help_lists_exactly_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2]
    names = [line.split()[0] for line in listed.splitlines() if line.strip()]
    assert sorted(names) == sorted(
        [
            "init",
            "goals-template",
            "check",
            "draft",
            "run",
            "pull",
            "backfill",
            "status",
            "explain",
            "backtest",
            "plan",
            "deliver",
            "outbox",
            "sources",
            "templates",
            "serve",
            "doctor",
        ]
    )


def test_every_help_text_is_said_in_russian() -> None:
    russian = speech("ru")

    def texts(command: object) -> list[str]:
        own = [command.help, *(getattr(param, "help", None) for param in command.params)]  # type: ignore[attr-defined]
        for sub in getattr(command, "commands", {}).values():
            own += texts(sub)
        return [text for text in own if text]

    missing = [text for text in texts(typer.main.get_command(cli.app)) if not russian.has(text)]
    assert missing == []


MODULES = (
    *(f"pipeline/workspace/{name}.py" for name in ("yamlnodes", "shape", "rules", "loader", "scaffold")),
    *(f"pipeline/workspace/{name}.py" for name in ("each", "sheets", "goalbook")),
    *(
        f"pipeline/drafting/{name}.py"
        for name in ("compose", "dates", "draft", "letters", "targets", "yamltext")
    ),
    *(f"assets/{name}.py" for name in ("cli", "doctor", "screens", "run_screen", "commands", "draft_screen")),
    "assets/sources_screen.py",
    "assets/usage.py",
    "assets/explain_screen.py",
    "assets/backtest_screen.py",
)
TEMPLATE_AT = {
    "Problem": (1, 2),
    "problem": (1, 2),
    "Finding": (1, 2),
    "said": (0,),
    "say": (0,),
    "_wrong": (0, 1),
    "_no_name": (0, 1),
    "_line": (0,),
    "tell": (0,),
    "Said": (0,),
    "_decide": (0,),
    "_unusable": (0,),
}


@pytest.mark.parametrize("module", MODULES)
def test_every_problem_and_sentence_is_said_in_russian(module: str) -> None:
    russian = speech("ru")
    said: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for index in TEMPLATE_AT.get(name, ()):
            parts = ast.walk(node.args[index]) if index < len(node.args) else ()
            said |= {
                one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)
            }
    only_a_field = {"{what}", "{text}"}
    assert sorted(text for text in said - only_a_field if text and not russian.has(text)) == []


def test_every_step_of_a_run_is_named_in_russian() -> None:
    from assets.terminal import STEPS

    assert [text for text in STEPS.values() if not speech("ru").has(text)] == []
    assert "sources" in STEPS


def test_starter_passes_check_and_says_what_is_next(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.call(["--workspace", str(starter), "check"]) == 0
    out = capsys.readouterr().out
    assert "first-goal" in out
    assert out.rstrip().splitlines()[-1] == "The workspace is right. Next: scorecards run"


def test_workspace_may_stand_before_or_after_the_command(starter: Path) -> None:
    assert cli.call(["check", "--workspace", str(starter)]) == 0
    assert cli.call(["-w", str(starter), "check"]) == 0
    assert cli.call(["check"]) == 2  # nothing is remembered from the call before


def test_broken_workspace_is_exit_code_2_with_place_and_no_traceback(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = starter / "goals/first-goal.yaml"
    path.write_text(re.sub(r"due: .*", "due: 2019-09-01", path.read_text("utf-8"), count=1), "utf-8")
    assert cli.call(["check", "-w", str(starter)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("goals/first-goal.yaml:")
    assert "E-WINDOW" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (starter / "scorecards.yaml").write_text("company: [\n", "utf-8")
    assert cli.call(["check", "-w", str(starter), "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_unexpected_failure_is_one_sentence_and_exit_code_1(
    starter: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr("assets.workspaces.open_workspace", fails)
    assert cli.call(["check", "-w", str(starter)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "disk on fire" in err
    assert "--debug" in err


def test_check_json_is_json_in_both_cases(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["check", "-w", str(starter), "--json"]) == 0
    right = json.loads(capsys.readouterr().out)
    assert right["ok"] is True
    assert [goal["id"] for goal in right["goals"]] == ["first-goal"]
    assert set(right["goals"][0]["letters"]) == set("SMART")
    assert right["sources"][0]["files"] == 1
    (starter / "people.yaml").write_text("people: 7\n", "utf-8")
    assert cli.call(["check", "-w", str(starter), "--json"]) == 2
    wrong = json.loads(capsys.readouterr().out)
    assert wrong["ok"] is False
    assert {"people.yaml", "goals/first-goal.yaml"} <= {problem["file"] for problem in wrong["problems"]}


def test_a_mapping_of_an_unknown_column_is_found_by_check(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = starter / "sources/orders.yaml"
    path.write_text(path.read_text("utf-8").replace("  amount: Amount", "  amuont: Amount"), "utf-8")
    assert cli.call(["check", "-w", str(starter)]) == 2
    line = next(i for i, text in enumerate(path.read_text("utf-8").splitlines(), 1) if "amuont" in text)
    assert f"sources/orders.yaml:{line}:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "--week", "2026-W54"], "2026-W47"),
        (["run", "--week", "2026-W47", "--missing"], "exclude"),
        (["backfill", "--from", "2026-W47", "--to", "2026-W40"], "before the first"),
        (["backfill", "--from", "2026-W47"], "--to is missing"),
        (["status", "--json", "--csv"], "exclude"),
        (["status"], "scorecards run"),
        (["run", "--wek", "2026-W47"], "Did you mean --week?"),
        (["rnu"], "Did you mean run?"),
        (["outbox", "lst"], "`scorecards outbox --help`"),
        (["init"], "DIR is missing"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_a_sentence(
    starter: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert cli.call(["-w", str(starter), *arguments]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err


RUN_HELP = "Список возможностей: `scorecards run --help`."
USAGE_IN_RUSSIAN = [
    ("run --known maybe", f"--known не может быть «maybe». Выберите из: then, now. {RUN_HELP}"),
    ("run --known nov", f"--known не может быть «nov». Может быть, now? {RUN_HELP}"),
    ("run --week", f"После --week нужно значение. {RUN_HELP}"),
    ("run --missing=yes", f"--missing не принимает значения. Напишите его без значения. {RUN_HELP}"),
    ("run --wek 2026-W47", f"Параметра --wek нет. Может быть, --week? {RUN_HELP}"),
    ("run x", f"«x» — лишний аргумент. {RUN_HELP}"),
    ("deliver --approve x y", "«x y» — лишние аргументы (2). "
     "Список возможностей: `scorecards deliver --help`."),
    ("draft raise sales", "«sales» — лишний аргумент. Заключите всё предложение в кавычки. "
     "Список возможностей: `scorecards draft --help`."),
    ("serve --port abc", "--port принимает целое число от 1 до 65535, а не «abc». "
     "Список возможностей: `scorecards serve --help`."),
    ("serve --port 0", "--port принимает целое число от 1 до 65535, а не «0». "
     "Список возможностей: `scorecards serve --help`."),
    ("explain g --rows -1", "--rows принимает целое число не меньше 0, а не «-1». "
     "Список возможностей: `scorecards explain --help`."),
    ("outbox hold", "Не указано: MESSAGE. Список возможностей: `scorecards outbox hold --help`."),
    ("-w", "После -w нужно значение. Список возможностей: `scorecards --help`."),
]  # fmt: skip


@pytest.mark.parametrize(("line", "says"), USAGE_IN_RUSSIAN, ids=[line for line, _ in USAGE_IN_RUSSIAN])
def test_what_the_parser_refuses_is_said_in_russian(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str, says: str
) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "ru")
    assert cli.call(line.split()) == 2
    assert capsys.readouterr().err == f"{says}\n"


@pytest.mark.parametrize("command", ["explain first-goal --csv", "backtest --csv", "backtest --plot"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    starter: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    nowhere = starter / "none"
    assert cli.call(["-w", str(starter), *command.split(), str(nowhere / "x.svg")]) == 2
    assert capsys.readouterr().err == f"There is no folder {nowhere}. Make it, or name another file.\n"
    assert cli.call(["-w", str(starter), *command.split(), str(starter)]) == 2
    assert capsys.readouterr().err == f"{starter} is a folder. Name a file in it.\n"


def test_init_never_overwrites(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["init", str(starter)]) == 2
    assert "nothing was written" in capsys.readouterr().err


def test_russian_speaks_russian(
    starter: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "ru")
    assert cli.call(["run", "--help"]) == 0
    text = capsys.readouterr().out
    assert "Использование: " in text
    assert "Параметры" in text
    assert "Показать эту справку." in text
    assert cli.call(["rnu"]) == 2
    assert capsys.readouterr().err == (
        "Команды rnu нет. Может быть, run? Список возможностей: `scorecards --help`.\n"
    )
    assert cli.call(["-w", str(starter), "run", "--week", "x"]) == 2
    assert "не неделя" in capsys.readouterr().err


def test_empty_outbox_is_said(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["outbox", "-w", str(starter)]) == 0
    assert capsys.readouterr().out == "The outbox is empty.\n"
    assert cli.call(["outbox", "list", "-w", str(starter)]) == 0
    assert capsys.readouterr().out == "The outbox is empty.\n"
    assert cli.call(["deliver", "-w", str(starter)]) == 0
    assert "Nothing is waiting" in capsys.readouterr().out
    assert cli.call(["outbox", "hold", "no-such-message", "-w", str(starter)]) == 2
    assert "E-OUTBOXKEY" in capsys.readouterr().err


def test_csv_disarms_formulas_but_keeps_negative_numbers() -> None:
    record = {**dict.fromkeys(COLUMNS, ""), "title": '=HYPERLINK("x")', "actual": "-12.50"}
    row = as_csv([record]).splitlines()[1]
    assert "'=HYPERLINK" in row
    assert ",-12.50," in row


@pytest.mark.parametrize("week", ["2199-W10", "2020-W01"])
@pytest.mark.parametrize("command", ["run", "plan", "status", "explain first-goal"])
def test_a_week_that_cannot_be_run_is_not_shown_as_if_its_exports_had_come(
    starter: Path, capsys: pytest.CaptureFixture[str], command: str, week: str
) -> None:
    """Two years before the first goal starts is the first week; of one that is not over half is missing."""
    goal = starter / "goals/first-goal.yaml"
    goal.write_text(re.sub(r"start: .*", "start: 2026-10-01", goal.read_text("utf-8")), "utf-8")
    assert cli.call(["run", "--workspace", str(starter), "--no-documents"]) == 0
    capsys.readouterr()
    asked = [*command.split(), "--workspace", str(starter), "--week", week]
    assert cli.call(asked) == 2
    said = capsys.readouterr().err
    # 1 October 2026 is in week 40, and 2024-W40 is 104 weeks before: 40 of 2026 + 52 of 2025 + 12 of 2024
    assert f"Week {week} cannot be run: the weeks of this workspace go from 2024-W40 to " in said
    assert not (starter / "out" / week).exists()


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "This workspace has no goal yet. Write goals/first-goal.yaml"),
     ("ru", "В этой рабочей папке пока нет ни одной цели. Напишите goals/first-goal.yaml")],
)  # fmt: skip
def test_a_workspace_without_goals_says_so_instead_of_an_empty_table(
    starter: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str, said: str
) -> None:
    (starter / "goals/first-goal.yaml").unlink()
    monkeypatch.setenv("SCORECARDS_LANG", lang)
    assert cli.call(["run", "-w", str(starter), "--no-documents"]) == 0
    out = capsys.readouterr().out
    assert said in out
    assert "──" not in out
    assert cli.call(["status", "-w", str(starter)]) == 2
    assert capsys.readouterr().err.startswith(said)


def test_a_file_where_the_state_folder_belongs_is_said_in_a_sentence(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (starter / ".scorecards").write_text("x", "utf-8")
    assert cli.call(["run", "--workspace", str(starter), "--no-documents"]) == 1
    said = capsys.readouterr().err
    assert f"{starter / '.scorecards'} is in the way: a folder is needed there." in said
    assert "unexpectedly" not in said


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_a_full_disk_is_said_however_deep_it_is(failure: Exception) -> None:
    outer = RuntimeError("a step failed")
    outer.__cause__ = failure
    said = machine_trouble(outer, speech("en"))
    assert said is not None
    assert said.startswith("The disk is full, so not everything could be written.")
    assert machine_trouble(RuntimeError("a step failed"), speech("en")) is None
