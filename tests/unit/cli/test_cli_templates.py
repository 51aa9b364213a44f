"""`scorecards templates`: listing, copying out and comparing, and what check and run say of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets import cli
from pipeline.workspace.owntemplates import built_in_names, built_in_text

NAME = "parts/footer.txt.j2"


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.setenv("SCORECARDS_LANG", "en")
    assert cli.call(["init", str(tmp_path / "w")]) == 0
    capsys.readouterr()
    return tmp_path / "w"


def call(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str) -> tuple[int, str]:
    code = cli.call([*arguments, "--workspace", str(root)])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_every_template_is_listed_with_its_use(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, starter, "templates", "copy", NAME)[0] == 0
    code, text = call(capsys, starter, "templates")
    used = {line.split("  ")[0]: line for line in text.splitlines()}
    assert code == 0 and set(built_in_names()) <= set(used)
    assert " yours " in used[NAME] and " built-in " in used["page.css"]


def test_a_copy_never_replaces_what_is_there(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, starter, "templates", "copy", NAME)[0] == 0
    file = starter / "templates" / NAME
    assert file.read_text("utf-8").endswith(built_in_text(NAME))
    file.write_text("ours", "utf-8")
    code, text = call(capsys, starter, "templates", "copy", NAME)
    assert code == 2 and "nothing is overwritten" in text and file.read_text("utf-8") == "ours"


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "fonts/OFL.txt", "locale/ru/cli.po", "parts/foter.txt.j2"]
)
def test_only_templates_are_copied_out(name: str, starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = call(capsys, starter, "templates", "copy", name)
    assert code == 2 and f"There is no template {name}." in text
    assert not (starter / "templates").exists()


def test_a_copy_does_not_go_through_a_link(
    starter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (starter / "templates").mkdir()
    (starter / "templates/parts").symlink_to(tmp_path / "elsewhere")
    assert call(capsys, starter, "templates", "copy", NAME)[0] == 2
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_difference_is_the_line_that_was_changed(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, starter, "templates", "copy", NAME)
    assert "is the same as the built-in one" in call(capsys, starter, "templates", "diff", NAME)[1]
    file = starter / "templates" / NAME
    file.write_text(file.read_text("utf-8").replace("{{ v.footer }}", "Secret. {{ v.footer }}"), "utf-8")
    code, text = call(capsys, starter, "templates", "diff", NAME)
    changed = [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert code == 0 and changed == ["-{{ v.footer }}", "+Secret. {{ v.footer }}"]


def test_check_names_the_line_of_a_template_that_is_no_template(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (starter / "templates/parts").mkdir(parents=True)
    (starter / "templates" / NAME).write_text("one\n{% if x %}\n{{ y }\n", "utf-8")
    code, text = call(capsys, starter, "check")
    assert code == 2 and f"templates/{NAME}:3: E-TEMPLATE The template fails:" in text


def test_check_warns_of_a_name_that_the_font_cannot_print(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = starter / "goals/first-goal.yaml"
    text = file.read_text("utf-8")
    for title, lost in (("Рост — «да» № 5 €", ""), ("Grow 🚀 売上", "🚀売上")):
        file.write_text(text.replace("title: Raise sales by a fifth", f'title: "{title}"'), "utf-8")
        said = call(capsys, starter, "check")[1]
        assert ("W-LETTERS" in said) == bool(lost) and lost in said
