"""docs/draft.md says what the command does: every example in it is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from assets import cli
from pipeline.bundled import samples_dir

PAGE = (Path(__file__).resolve().parents[3] / "docs/draft.md").read_text("utf-8")
EXAMPLES = re.findall(r"^    scorecards (draft [^\n]*)\n\n```(yaml|text)\n(.*?)```", PAGE, flags=re.M | re.S)


@pytest.mark.parametrize(("command", "kind", "shown"), EXAMPLES, ids=lambda text: str(text)[:40])
def test_an_example_of_the_page_is_what_the_command_prints(
    command: str, kind: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "en")
    monkeypatch.chdir(samples_dir())
    code = cli.call([*shlex.split(command), "--today", "2026-11-25"])
    told = capsys.readouterr()
    if kind == "yaml":
        assert code == 0
        assert told.out.partition("#\n# What the sentence says")[0] == shown
    else:
        assert (code, told.err) == (2, shown)


def test_the_page_has_examples_in_both_languages() -> None:
    assert len(EXAMPLES) >= 6
    assert any(re.search("[а-я]", command) for command, _, _ in EXAMPLES)
