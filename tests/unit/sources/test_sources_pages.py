"""What the pages of the sources tell people to copy is right: every YAML example is read by the models."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.kpis.registry import kpi_problems
from pipeline.sources.exports import export_of
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.model import Company, Kpis, Source, Workspace

PAGES = Path(__file__).resolve().parents[3] / "docs" / "sources"
OWN = ("asana", "ga4", "ganttproject", "jira", "ledger", "quickbooks", "subscriptions", "timecamp", "upwork")


def examples(name: str) -> list[dict]:
    text = (PAGES / f"{name}.md").read_text("utf-8")
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [dict(YAML(typ="safe").load(block)) for block in blocks]


@pytest.mark.parametrize("name", OWN)
def test_examples_name_systems_exports_and_columns_that_exist(name: str) -> None:
    found = [one for one in examples(name) if "system" in one]
    assert found
    for one in found:
        source = Source.model_validate(one)
        assert source.system in SYSTEMS
        assert export_of(source).name == source.export


@pytest.mark.parametrize("name", ["quickbooks", "subscriptions"])
def test_example_kpis_can_be_computed(name: str) -> None:
    found = [kpi for one in examples(name) if "kpis" in one for kpi in Kpis.model_validate(one).kpis]
    company = Company(company="X", timezone="Europe/Berlin", currency="EUR")
    assert found
    assert kpi_problems(Workspace(root=PAGES, company=company, kpis=tuple(found))) == []


@pytest.mark.parametrize("name", OWN)
def test_every_export_of_a_system_has_its_part_of_the_page(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text("utf-8")
    for export in SYSTEMS[name].exports:
        assert f"export: {export}" in text, export
