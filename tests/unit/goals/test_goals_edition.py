"""A small company's weeks, from files to editions: what was known when, and what was restated."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline.goals.edition import EditionCache, build_edition
from pipeline.periods import Week
from pipeline.store.store import Store
from pipeline.workspace.model import Workspace
from tests.support import landed

W46, W47, W48 = Week(2026, 46), Week(2026, 47), Week(2026, 48)
FILES = {
    "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
    "people.yaml": "people:\n  - {id: ann, name: Ann}\n  - {id: bob, name: Bob}\n",
    "sources/crm.yaml": """
id: crm
system: our_crm
fact: deals
delivers: full
columns:
  deal_id: ID
  amount: Amount
  currency: {value: EUR}
  is_won: {value: "true"}
  is_closed: {value: "true"}
  closed_on: Closed
  owner: Owner
""",
    "goals/all.yaml": """
goals:
  - {id: revenue, title: Revenue, owner: ann, kpi: sales_revenue, kind: cumulative, target: 1300,
     start: 2026-09-28, due: 2026-12-27}
  - {id: bobs, title: Bob's, owner: bob, kpi: sales_revenue, kind: cumulative, target: 100,
     segment: {owner: bob}, start: 2026-09-28, due: 2026-12-27}
""",
}


def _export(amounts: dict[date, int], last: date) -> str:
    lines = ["ID,Amount,Closed,Owner"]
    day = date(2026, 8, 3)
    while day <= last:
        lines.append(
            f"{day:%m%d},{amounts.get(day, 10)}.00,{day:%Y-%m-%d},{'bob' if day.weekday() == 6 else 'ann'}"
        )
        day += timedelta(days=1)
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Store]:
    """10 a day, exported each Monday at 05:00; the export of 23 Nov corrects 11 Nov from 10 to 45."""
    root = tmp_path_factory.mktemp("company")
    received = ["file,received_at"]
    files = dict(FILES)
    for week in (Week(2026, 45), W46, W47):
        name = f"exports/crm/deals-{week}.csv"
        corrected = {date(2026, 11, 11): 45} if week == W47 else {}
        files[name] = _export(corrected, week.sunday)
        received.append(f"{name},{week.plus(1).monday}T05:00:00+01:00")
    files["exports/received.csv"] = "\n".join(received) + "\n"
    return landed(root, files)


def test_a_week_then_and_now_and_what_was_restated(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    then = {one.goal_id: one for one in build_edition(workspace, store, W46).results}
    assert then["revenue"].actual == 490  # 49 days of 10
    now = {one.goal_id: one for one in build_edition(workspace, store, W46, "now").results}
    assert now["revenue"].actual == 525
    edition = build_edition(workspace, store, W47)
    assert {one.goal_id: one.actual for one in edition.results} == {
        "revenue": Decimal(595),
        "bobs": Decimal(80),
    }
    (change,) = edition.restatements
    assert (change.goal_id, change.period_start, change.before, change.after) == (
        "revenue", date(2026, 11, 9), Decimal(70), Decimal(105),
    )  # fmt: skip
    assert (change.cause_source, change.cause_received_at) == ("crm", datetime(2026, 11, 23, 4, tzinfo=UTC))
    assert build_edition(workspace, store, W46).restatements == ()


def test_the_week_before_is_what_it_knew(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    edition = build_edition(workspace, store, W47)
    before = {one.goal_id: one for one in edition.previous}
    own = {one.goal_id: one for one in build_edition(workspace, store, W46).results}
    assert before["revenue"].actual == own["revenue"].actual == 490
    revenue = next(one for one in edition.results if one.goal_id == "revenue")
    assert revenue.previous_status == own["revenue"].status


def test_run_id_follows_inputs_and_nothing_else(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    edition = build_edition(workspace, store, W47)
    assert build_edition(workspace, store, W47, cache=EditionCache()) == edition
    later = build_edition(workspace, store, W47, "now", now=datetime(2027, 5, 1, tzinfo=UTC))
    again = build_edition(workspace, store, W47, "now", now=datetime(2028, 5, 1, tzinfo=UTC))
    assert later == again and later.run_id != edition.run_id
    changed = workspace.model_copy(update={"fingerprint": "other"})
    assert build_edition(changed, store, W47).run_id != edition.run_id
    assert len(edition.run_id) == 12 and len(edition.inputs["crm"]) == 3
    assert len(build_edition(workspace, store, W46).inputs["crm"]) == 2


def test_a_range_with_a_cache_equals_single_weeks(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    cache = EditionCache()
    weeks = [Week(2026, 45), W46, W47]
    assert [build_edition(workspace, store, week, cache=cache) for week in weeks] == [
        build_edition(workspace, store, week) for week in weeks
    ]
    assert len(cache.snapshots) <= cache.keep


def test_a_week_without_export_is_not_a_week_without_business(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    edition = build_edition(workspace, store, W48)
    revenue = next(one for one in edition.results if one.goal_id == "revenue")
    assert (revenue.data_through, revenue.actual, revenue.run_rate) == (W47.sunday, 595, Decimal("78.75"))
    assert (revenue.periods[-1].value, revenue.periods[-1].closed) == (None, False)


def test_drivers_split_the_change_by_who_made_it(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    revenue = next(one for one in build_edition(workspace, store, W47).results if one.goal_id == "revenue")
    parts = {part.value: part for part in revenue.drivers}
    assert {name: part.actual for name, part in parts.items()} == {"ann": 515, "bob": 80}
    # 56 days before 28 Sep: 3 Aug to 27 Sep, 48 days of Ann's and 8 of Bob's
    assert {name: part.change for name, part in parts.items()} == {"ann": 35, "bob": 0}
    assert round(parts["bob"].share_of_actual or Decimal(0), 4) == Decimal("0.1345")


def test_the_worst_goal_comes_first(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    results = build_edition(workspace, store, W47).results
    # 595 of 1300 with five weeks of 70 to come; Bob has 80 of 100 with five Sundays of 10 to come
    assert [(one.goal_id, one.status) for one in results] == [("revenue", "off_track"), ("bobs", "on_track")]
    chances = [one.chance for one in results]
    assert [round(one.forecast) for one in chances if one] == pytest.approx([945, 130], rel=0.03)
    assert {one.basis for one in results} == {"chance"}
