"""Which export changed a number: hand-made exports of which one did, whatever came before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.goals.edition import build_edition
from pipeline.goals.model import Cause, Restatement
from pipeline.periods import Week
from pipeline.store.store import Store
from pipeline.workspace.model import Workspace
from tests.support import landed

W46, W47 = Week(2026, 46), Week(2026, 47)
SOURCE = """
id: {name}
system: {name}
fact: deals
delivers: full
columns:
  deal_id: ID
  amount: Amount
  currency: {{value: EUR}}
  is_won: {{value: "true"}}
  is_closed: {{value: "true"}}
  closed_on: Closed
"""
GOAL = """
goals:
  - {id: revenue, title: Revenue, owner: ann, kpi: sales_revenue, kind: cumulative, target: 1300,
     start: 2026-09-28, due: 2026-12-27}
"""


@dataclass
class Export:
    """One file: 10 a day up to `last` but for `changed`, received at an instant of Berlin."""

    source: str
    received: str
    last: date
    changed: dict[date, int]

    @property
    def name(self) -> str:
        return f"{self.source}-{self.received[:10]}.csv"

    @property
    def text(self) -> str:
        first = date(2026, 9, 28)
        days = [first + timedelta(days=n) for n in range((self.last - first).days + 1)]
        rows = [f"{day:%m%d},{self.changed.get(day, 10)}.00,{day}" for day in days]
        return "\n".join(["ID,Amount,Closed", *rows]) + "\n"


def _company(root: Path, exports: list[Export]) -> tuple[Workspace, Store]:
    files = {
        "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
        "people.yaml": "people:\n  - {id: ann, name: Ann}\n",
        "goals/all.yaml": GOAL,
        "exports/received.csv": "file,received_at\n"
        + "".join(f"exports/{one.source}/{one.name},{one.received}:00+01:00\n" for one in exports),
    }
    files |= {f"sources/{one.source}.yaml": SOURCE.format(name=one.source) for one in exports}
    files |= {f"exports/{one.source}/{one.name}": one.text for one in exports}
    return landed(root, files)


def _only(workspace: Workspace, store: Store, known: str = "then") -> Restatement:
    (one,) = build_edition(workspace, store, W47, known).restatements  # type: ignore[arg-type]
    return one


SUNDAY, WEDNESDAY = date(2026, 11, 15), date(2026, 11, 11)
BEFORE = Export("crm", "2026-11-16T05:00", SUNDAY, {})
CORRECTED = {WEDNESDAY: 45}


def test_of_three_later_exports_the_middle_one_changed_the_number(tmp_path: Path) -> None:
    """Tuesday's export is as Monday's, Thursday's corrects 11 November from 10 to 45, the next Monday's has
    it so too: the cause is Thursday's, not the newest."""
    workspace, store = _company(
        tmp_path,
        [
            BEFORE,
            Export("crm", "2026-11-17T05:00", date(2026, 11, 16), {}),
            Export("crm", "2026-11-19T05:00", date(2026, 11, 18), CORRECTED),
            Export("crm", "2026-11-23T05:00", W47.sunday, CORRECTED),
        ],
    )
    change = _only(workspace, store)
    assert (change.period_start, change.before, change.after, change.change) == (
        date(2026, 11, 9),
        70,
        105,
        35,
    )
    (cause,) = change.causes
    assert (cause.source, cause.export) == ("crm", "crm-2026-11-19.csv")
    assert cause.received_at == change.cause_received_at == datetime(2026, 11, 19, 4, tzinfo=UTC)
    assert cause.sha256 == store.landings("crm")[2].sha256


def test_a_number_changed_twice_is_laid_to_the_export_that_brought_the_present_one(tmp_path: Path) -> None:
    workspace, store = _company(
        tmp_path,
        [
            BEFORE,
            Export("crm", "2026-11-17T05:00", date(2026, 11, 16), {WEDNESDAY: 99}),
            Export("crm", "2026-11-19T05:00", date(2026, 11, 18), CORRECTED),
            Export("crm", "2026-11-23T05:00", W47.sunday, CORRECTED),
        ],
    )
    assert [one.export for one in _only(workspace, store).causes] == ["crm-2026-11-19.csv"]


def test_a_change_that_was_taken_back_in_time_is_no_restatement(tmp_path: Path) -> None:
    workspace, store = _company(
        tmp_path,
        [
            BEFORE,
            Export("crm", "2026-11-17T05:00", date(2026, 11, 16), {WEDNESDAY: 99}),
            Export("crm", "2026-11-23T05:00", W47.sunday, {}),
        ],
    )
    assert build_edition(workspace, store, W47).restatements == ()


def test_a_source_that_came_later_but_changed_nothing_is_no_cause(tmp_path: Path) -> None:
    workspace, store = _company(
        tmp_path,
        [
            BEFORE,
            Export("crm", "2026-11-19T05:00", W47.sunday, CORRECTED),
            Export("shop", "2026-11-16T05:00", SUNDAY, {}),
            Export("shop", "2026-11-23T05:00", W47.sunday, {}),
        ],
    )
    change = _only(workspace, store)
    assert (change.before, change.after) == (140, 175)
    assert [(one.source, one.export) for one in change.causes] == [("crm", "crm-2026-11-19.csv")]


def test_each_of_two_sources_is_named_with_its_own_export(tmp_path: Path) -> None:
    workspace, store = _company(
        tmp_path,
        [
            BEFORE,
            Export("crm", "2026-11-18T05:00", date(2026, 11, 17), CORRECTED),
            Export("crm", "2026-11-23T05:00", W47.sunday, CORRECTED),
            Export("shop", "2026-11-16T05:00", SUNDAY, {}),
            Export("shop", "2026-11-20T05:00", date(2026, 11, 19), {WEDNESDAY: 12}),
            Export("shop", "2026-11-23T06:00", W47.sunday, {WEDNESDAY: 12}),
        ],
    )
    change = _only(workspace, store)
    assert change.change == Decimal(37)
    assert [one.export for one in change.causes] == ["shop-2026-11-20.csv", "crm-2026-11-18.csv"]
    assert isinstance(change.causes[0], Cause)


@pytest.mark.parametrize(("known", "actual"), [("then", 490), ("now", 525)])
def test_a_corrected_export_changes_the_week_as_known_now_and_not_as_known_then(
    tmp_path: Path, known: str, actual: int
) -> None:
    late = Export("crm", "2026-11-19T05:00", date(2026, 11, 18), CORRECTED)
    workspace, store = _company(tmp_path, [BEFORE, late])
    edition = build_edition(workspace, store, W46, known)  # type: ignore[arg-type]
    assert edition.results[0].actual == actual
    assert (edition.results[0].reconstructed, edition.known) == (False, known)


def test_weeks_before_the_first_export_say_that_they_are_reconstructed(tmp_path: Path) -> None:
    workspace, store = _company(tmp_path, [BEFORE])
    before, after = (build_edition(workspace, store, week).results[0] for week in (Week(2026, 44), W46))
    assert (before.reconstructed, after.reconstructed) == (True, False)
    assert before.actual == 350  # five weeks of 70 by 1 November
