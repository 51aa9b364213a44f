"""A segment that no row has is a question to a person, never a verdict on zeros."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.goals.edition import build_edition
from pipeline.goals.model import Edition, GoalResult
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.periods import Week
from pipeline.report.i18n import formats
from pipeline.sources.ingest import ingest_source
from pipeline.store.store import Store
from pipeline.workspace.loader import load_workspace

FILES = {
    "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
    "people.yaml": "people:\n  - {id: ann, name: Ann}\n  - {id: eve, name: Eve}\n",
    "sources/crm.yaml": """
id: crm
system: our_crm
fact: deals
columns:
  deal_id: ID
  amount: Amount
  is_won: {value: "true"}
  is_closed: {value: "true"}
  closed_on: Closed
  owner: Owner
  region: Office
""",
    "goals/all.yaml": """
goals:
  - {id: typo, title: Typo, owner: ann, kpi: sales_revenue, kind: cumulative, target: 500,
     segment: {region: Centrall}, start: 2026-09-28, due: 2026-12-27}
  - {id: right, title: Right, owner: ann, kpi: sales_revenue, kind: cumulative, target: 500,
     segment: {region: Central}, start: 2026-09-28, due: 2026-12-27}
  - {id: newcomer, title: Newcomer, owner: eve, kpi: sales_revenue, kind: cumulative, target: 500,
     segment: {owner: eve}, start: 2026-09-28, due: 2026-12-27}
""",
    "exports/received.csv": "file,received_at\nexports/crm/deals.csv,2026-11-23T05:00:00+01:00\n",
}


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """A deal of 10 every weekday from August on: Central on Mondays, East on the other days."""
    root: Path = tmp_path_factory.mktemp("company")
    rows = ["ID,Amount,Closed,Owner,Office"]
    for index in range(16):
        for weekday in range(1, 6):
            day = datetime.fromisocalendar(2026, 32 + index, weekday)
            office = "Central" if weekday == 1 else "East"
            rows.append(f"{index}-{weekday},10,{day:%Y-%m-%d},ann,{office}")
    for name, text in {**FILES, "exports/crm/deals.csv": "\n".join(rows) + "\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    workspace = load_workspace(root, CATALOGUE)
    store = Store(workspace.state_dir)
    ingest_source(workspace, workspace.sources[0], store, datetime(2026, 12, 1, tzinfo=UTC))
    return build_edition(workspace, store, Week(2026, 47))


def result(edition: Edition, goal: str) -> GoalResult:
    return next(one for one in edition.results if one.goal_id == goal)


def test_a_misspelled_segment_is_not_reported_as_no_sales(edition: Edition) -> None:
    typo, right = result(edition, "typo"), result(edition, "right")
    assert right.actual == 8 * 10  # Mondays of weeks 40 to 47
    assert right.status == "off_track"
    assert typo.status == "no_verdict"
    assert formats("en", "EUR").reason(typo.reason) == (
        "No verdict: no row has region: Centrall. Values there are: Central, East. "
        "Correct the goal's segment, or wait for its first row."
    )


def test_a_person_without_a_sale_yet_has_zeros_and_a_verdict(edition: Edition) -> None:
    assert result(edition, "newcomer").actual == 0
    assert result(edition, "newcomer").status == "off_track"


def test_check_names_the_values_there_are(edition: Edition) -> None:
    letters = {one.letter: one for one in edition.smart["typo"].letters}
    assert letters["S"].verdict == "fail"
    said = [formats("en", "EUR").reason(reason) for reason in letters["S"].evidence]
    assert (
        "The segment “region: Centrall” does not occur in the data. Values there are: Central, East." in said
    )
