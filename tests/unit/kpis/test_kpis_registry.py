"""The catalogue's declarations, a company's own KPIs, and what is said when they do not fit the facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assets.workspaces import open_workspace
from pipeline.errors import WorkspaceError
from pipeline.facts import FACTS
from pipeline.kpis.catalogue import CATALOGUE, measures, reference_page
from pipeline.kpis.compute import segment_dimensions
from pipeline.kpis.registry import feeding_sources, kpi_problems, kpi_registry, replaced_kpis
from pipeline.language import speech
from pipeline.workspace.model import Company, Kpi, Source, Workspace
from pipeline.workspace.scaffold import create_workspace

DEALS_WON = {"fact": "deals", "date": "closed_on"}
ROOT = Path(__file__).resolve().parents[3]


def own_kpi(**changes: Any) -> Kpi:
    plain = {
        "id": "calls", "name": "Calls", "unit": "count", "direction": "up", "kind": "simple", "formula": "x",
        "numerator": {"fact": "outreach_events", "date": "happened_on"},
    }  # fmt: skip
    return Kpi.model_validate(plain | changes)


def workspace(*kpis: Kpi, sources: tuple[Source, ...] = (), **more: Any) -> Workspace:
    company = Company(company={"en": "X"}, timezone="Europe/Moscow", currency="RUB")
    return Workspace(root=Path(), company=company, kpis=kpis, sources=sources, **more)


def test_reference_page_is_the_one_the_catalogue_makes() -> None:
    assert (ROOT / "docs" / "kpis.md").read_text("utf-8") == reference_page()


def test_every_built_in_kpi_is_whole_in_both_languages_and_fits_the_facts() -> None:
    assert len({kpi.id for kpi in CATALOGUE}) == len(CATALOGUE)
    for kpi in CATALOGUE:
        assert set(kpi.name) == set(kpi.formula) == set(kpi.definition) == {"en", "ru"}
        assert kpi.citation
    assert kpi_problems(workspace(*CATALOGUE)) == []


def test_declared_dimensions_of_built_in_kpis_all_exist_in_what_they_read() -> None:
    for kpi in CATALOGUE:
        assert set(segment_dimensions(kpi, {})) == set(kpi.dimensions), kpi.id
        assert all(set(kpi.dimensions) <= set(FACTS[one.fact].dimensions) for one in measures(kpi))


def test_an_own_kpi_takes_the_place_of_a_built_in_one_visibly() -> None:
    mine = own_kpi(id="funnel_flow")
    one = workspace(mine)
    assert kpi_registry(one)["funnel_flow"] is mine
    assert replaced_kpis(one) == ("funnel_flow",)
    assert list(kpi_registry(one))[: len(CATALOGUE)] == [kpi.id for kpi in CATALOGUE]


@pytest.mark.parametrize(
    ("change", "code", "guess"),
    [
        ({"numerator": {"fact": "deal", "date": "closed_on"}}, "kpi-unknown-fact", "deals"),
        ({"numerator": {"fact": "deals", "date": "close_on"}}, "kpi-unknown-column", "closed_on"),
        (
            {"numerator": {"fact": "deals", "date": "closed_on", "aggregate": "sum", "column": "amout"}},
            "kpi-unknown-column",
            "amount",
        ),
        ({"numerator": {"fact": "deals", "date": "closed_on", "aggregate": "sum"}}, "kpi-sum-column", None),
        ({"numerator": {"fact": "deals", "date": "closed_on", "column": "amount"}}, "kpi-count-column", None),
        (
            {"numerator": DEALS_WON | {"where": [{"column": "stge", "equals": ["x"]}]}},
            "kpi-unknown-column",
            "stage",
        ),
        (
            {"numerator": DEALS_WON | {"where": [{"column": "is_won", "equals": ["yes"]}]}},
            "kpi-condition-type",
            None,
        ),
        ({"unit": "money"}, "kpi-unit", None),
        ({"dimensions": ["campain"]}, "kpi-unknown-dimension", "campaign"),
        (
            {
                "kind": "growth",
                "unit": "percent",
                "numerator": {
                    "fact": "subscriptions", "date": "started_on", "taken": "opening", "until": "ended_on"
                }
            },
            "kpi-stock-added",
            None,
        ),
    ],
)  # fmt: skip
def test_a_kpi_that_does_not_fit_the_facts_is_told_where_and_what_was_meant(
    change: dict[str, Any], code: str, guess: str | None
) -> None:
    one = workspace(own_kpi(**change), locations={"kpi:calls": ("kpis.yaml", 7, 3)})
    (problem,) = kpi_problems(one)
    assert (problem.code, problem.file, problem.line) == (code, "kpis.yaml", 7)
    assert problem.params.get("guess") == guess
    russian = problem.text(speech("ru"))
    assert russian != problem.text() and "{" not in russian


def test_every_problem_is_told_at_once() -> None:
    bad = {"fact": "deal", "date": "closed_on"}
    one = workspace(own_kpi(numerator=bad), own_kpi(id="other", numerator=bad))
    assert len(kpi_problems(one)) == 2


def test_a_custom_dimension_of_a_feeding_source_may_be_used() -> None:
    source = Source(id="crm", system="any", fact="deals", dimensions={"office": "Office"})
    where = {"fact": "deals", "date": "closed_on", "where": [{"column": "office", "equals": ["Riga"]}]}
    kpi = own_kpi(numerator=where, dimensions=["office"])
    assert kpi_problems(workspace(kpi, sources=(source,))) == []
    assert {one.code for one in kpi_problems(workspace(kpi))} == {"kpi-unknown-column"}


def test_feeding_sources_are_those_whose_facts_the_kpi_reads() -> None:
    sources = (
        Source(id="books", system="any", fact="ledger_lines"),
        Source(id="crm", system="any", fact="deals"),
        Source(id="billing", system="any", fact="subscriptions"),
    )
    kpis = kpi_registry(workspace())
    assert feeding_sources(kpis["cac"], workspace(sources=sources)) == ("books", "billing")
    assert feeding_sources(kpis["closing_rate"], workspace(sources=sources)) == ("crm",)


def test_an_own_kpi_on_a_fact_that_does_not_exist_stops_every_command(tmp_path: Path) -> None:
    """Checked when the workspace is opened; a check that nobody called let it through to the run."""
    create_workspace(tmp_path, False, "en")
    (tmp_path / "kpis.yaml").write_text(
        "kpis:\n  - id: average\n    name: Average\n    unit: money\n    direction: up\n    kind: ratio\n"
        "    numerator: {fact: deals, aggregate: sum, column: amout, date: closed_on}\n"
        "    denominator: {fact: deal, date: closed_on}\n    formula: sum over count\n",
        "utf-8",
    )
    with pytest.raises(WorkspaceError) as caught:
        open_workspace(tmp_path)
    said = [(problem.file, problem.line, problem.text()) for problem in caught.value.problems]
    assert said == [
        (
            "kpis.yaml",
            7,
            "KPI average, numerator: the fact deals has no such column amout. Did you mean amount?",
        ),
        ("kpis.yaml", 8, "KPI average, denominator: there is no fact deal. Did you mean deals?"),
    ]
