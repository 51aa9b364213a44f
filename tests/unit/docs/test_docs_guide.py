"""The guide is what a stranger types: every file in it is written, every command is run or parsed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from assets import cli
from pipeline.facts import reference_page
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.loader import check_notes, load_workspace
from pipeline.workspace.model import Workspace

DOCS = Path(__file__).resolve().parents[3] / "docs"
GUIDE = (DOCS / "guide.md").read_text("utf-8")
FILE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"^    scorecards (.+)$", re.M)


def files() -> list[tuple[str, str]]:
    return FILE.findall(GUIDE)


def load(root: Path) -> Workspace:
    systems = {name: frozenset(vendor.exports) for name, vendor in SYSTEMS.items()}
    return load_workspace(root, CATALOGUE, systems)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's workspace, written file by file; it loads after every one of them."""
    root = tmp_path_factory.mktemp("stranger")
    for name, text in files():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
        load(root)
    return root


def test_every_file_of_the_guide_loads_in_the_order_in_which_it_is_told(stranger: Path) -> None:
    assert len(files()) >= 10
    assert load(stranger).warnings == ()
    assert check_notes(load(stranger)) == []


def test_every_fenced_block_of_the_guide_is_a_file_that_is_tried() -> None:
    assert len(re.findall(r"^```\w", GUIDE, re.M)) == len(files())


def test_the_guides_figures(
    stranger: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: Dan (Central) won A1 4000, A4 500, A6 4500, A8 50 and lost A2 and A9: 9050, 4 of 6. In week 10
    (6 to 12 March) all agents won A4, A6, A7, A8 of six closed."""
    monkeypatch.setenv("SCORECARDS_LANG", "en")
    assert cli.call(["-w", str(stranger), "check"]) == 0
    assert cli.call(["-w", str(stranger), "run", "--week", "2017-W10", "--no-documents"]) == 0
    capsys.readouterr()
    assert cli.call(["-w", str(stranger), "status", "--week", "2017-W10", "--json"]) == 0
    goals = {one["id"]: one for one in json.loads(capsys.readouterr().out)["goals"]}
    assert float(goals["revenue-central-2017"]["actual"]) == 9050
    assert float(goals["revenue-central-q1"]["actual"]) == 9050
    assert float(goals["closing-rate-central"]["actual"]) == pytest.approx(4 / 6)
    assert float(goals["closing-rate-every-week"]["actual"]) == pytest.approx(4 / 6)


def commands() -> Iterator[list[str]]:
    for line in COMMAND.findall(GUIDE):
        yield shlex.split(line)


@pytest.mark.parametrize("arguments", commands(), ids=" ".join)
def test_every_command_of_the_guide_exists_with_its_options(arguments: list[str]) -> None:
    command = typer.main.get_command(cli.app)
    context = command.make_context("scorecards", ["-w", "."])
    while arguments and hasattr(command, "commands"):
        command = command.commands[arguments[0]]
        arguments = arguments[1:]
    command.make_context("x", list(arguments), parent=context)


def test_links_of_the_guide_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        for text in re.findall(r"^#+ (.+)$", GUIDE, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", GUIDE):
        if target.startswith("#"):
            assert target[1:] in headings
        else:
            assert (DOCS / target.partition("#")[0]).is_file()


def test_the_page_of_facts_is_the_one_the_facts_make() -> None:
    assert (DOCS / "facts.md").read_text("utf-8") == reference_page()
