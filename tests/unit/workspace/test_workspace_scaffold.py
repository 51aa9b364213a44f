"""A new workspace works as it is, never overwrites, and its schemas are the models'."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.bundled import samples_dir
from pipeline.errors import UsageError
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.scaffold import create_workspace, starter
from pipeline.workspace.schemas import json_schemas, schema_text

TODAY = date(2026, 11, 24)
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_starter_passes_as_it_is(tmp_path: Path, lang: str) -> None:
    made = create_workspace(tmp_path / "w", sample=False, lang=lang)
    assert all(path.is_file() for path in made)
    workspace = load_workspace(tmp_path / "w", CATALOGUE)
    assert workspace.warnings == ()
    assert [goal.id for goal in workspace.goals] == ["first-goal"]
    rows = (tmp_path / "w/exports/orders/orders.csv").read_text("utf-8").splitlines()
    assert len(rows) > 100


@pytest.mark.parametrize(
    "today", [date(2026, 11, 24), date(2027, 1, 1), date(2028, 2, 29), date(2026, 3, 31)]
)
def test_the_example_goal_is_running_whenever_the_starter_is_made(tmp_path: Path, today: date) -> None:
    create_workspace(tmp_path / "w", sample=False, lang="en", today=today)
    goal = load_workspace(tmp_path / "w", CATALOGUE).goals[0]
    assert goal.start < today <= goal.due and (today - goal.start).days >= 28
    sold = Decimal(0)
    with (tmp_path / "w/exports/orders/orders.csv").open() as file:
        for order in csv.DictReader(file):
            assert order["Date"] < today.isoformat()
            months = (
                (goal.start.year - int(order["Date"][:4])) * 12 + goal.start.month - int(order["Date"][5:7])
            )
            sold += Decimal(order["Amount"]) if 1 <= months <= 3 else 0
    assert goal.baseline is not None and abs(goal.baseline.amount - sold) <= 500
    assert abs(goal.target.amount / goal.baseline.amount - Decimal("1.2")) < Decimal("0.01")


def test_both_languages_have_the_same_keys_and_no_placeholder_left() -> None:
    english, russian = starter("en", TODAY), starter("ru", TODAY)
    assert english.keys() == russian.keys()
    for text in (*english.values(), *russian.values()):
        assert "<" not in text.replace("<scorecards@example.com>", "")


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "scorecards.yaml").write_text("mine", "utf-8")
    with pytest.raises(UsageError) as caught:
        create_workspace(tmp_path, sample=False, lang="en")
    assert "scorecards.yaml" in caught.value.text()
    assert [path.name for path in tmp_path.iterdir()] == ["scorecards.yaml"]
    assert (tmp_path / "scorecards.yaml").read_text("utf-8") == "mine"


def test_the_sample_is_copied_without_its_generator(tmp_path: Path) -> None:
    made = create_workspace(tmp_path / "s", sample=True, lang="en")
    assert not list((tmp_path / "s").rglob("*.py"))
    source = {path.relative_to(samples_dir()) for path in samples_dir().rglob("*.yaml")}
    assert source <= {path.relative_to(tmp_path / "s") for path in made}
    on_disk = sorted(path for path in (tmp_path / "s").rglob("*") if path.is_file())
    assert on_disk == made


def test_committed_schemas_are_those_of_the_models() -> None:
    for name, schema in json_schemas().items():
        path = ROOT / "docs" / "schemas" / f"{name}.schema.json"
        assert path.read_text("utf-8") == schema_text(schema), (
            f"run python -m pipeline.workspace.schemas {path.parent}"
        )


def test_schemas_know_short_forms_and_say_what_keys_mean() -> None:
    schemas = json_schemas()
    goal = schemas["goal"]["$defs"]["Goal"]["properties"]
    assert goal["target"]["type"] == ["string", "number"]
    assert "relative" in goal["target"]["description"]
    columns = schemas["source"]["$defs"]["Source"]["properties"]["columns"]["additionalProperties"]
    assert {"type": "string"} in columns["anyOf"]
    assert "from" in schemas["source"]["$defs"]["MappedColumn"]["properties"]
    json.dumps(schemas)
