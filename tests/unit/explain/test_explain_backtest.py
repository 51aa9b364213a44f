"""Past chances of a company whose weeks were exported one by one: what each week knew, what came of it, and
that judging them later changes no edition."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.goals.backtest import backtest, first_week
from pipeline.goals.edition import build_edition
from pipeline.goals.judged import scores
from pipeline.periods import Week, week_range
from pipeline.store.store import Store
from pipeline.workspace.model import Workspace
from tests.support import landed

FIRST, LAST = Week(2026, 28), Week(2026, 41)
START, DUE = date(2026, 7, 6), date(2026, 9, 27)
"""Twelve whole weeks: W28 to W39."""
TARGETS = {"easy": 700, "fair": 850, "hard": 1000, "far": 1400, "near": 830, "limit": 800}
SOURCE = """
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
"""


def _amount(day: date) -> int:
    """Ten a day, a little more every third day, so that weeks are not all alike."""
    return 10 + (day.toordinal() % 3 == 0) * 2 + (day.toordinal() % 11 == 0) * 5


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Store]:
    goals = "".join(
        f"  - {{id: {name}, title: {name}, owner: ann, kpi: sales_revenue, kind: cumulative,\n"
        f"     target: {target}, start: {START}, due: {DUE}}}\n"
        for name, target in TARGETS.items()
    )
    return _company(tmp_path_factory.mktemp("company"), goals)


@pytest.fixture(scope="module")
def recurring(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Store]:
    goals = "".join(
        f"  - {{id: {every}ly, title: {every}, owner: ann, kpi: sales_revenue, kind: cumulative,\n"
        f"     every: {every}, target: {target}, start: {start}, due: {due}}}\n"
        for every, target, start, due in (
            ("week", 78, START, DUE), ("month", 340, "2026-07-01", "2026-10-31"),
        )
    )  # fmt: skip
    return _company(tmp_path_factory.mktemp("recurring"), goals)


def _company(root: Path, goals: str) -> tuple[Workspace, Store]:
    files = {
        "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
        "people.yaml": "people:\n  - {id: ann, name: Ann}\n",
        "sources/crm.yaml": SOURCE,
        "goals/all.yaml": "goals:\n" + goals,
    }
    received = ["file,received_at"]
    for week in week_range(FIRST, LAST):
        days = [
            date(2026, 3, 2) + timedelta(days=n) for n in range((week.sunday - date(2026, 3, 2)).days + 1)
        ]
        rows = [f"{day:%m%d},{_amount(day)}.00,{day}" for day in days]
        name = f"exports/crm/deals-{week}.csv"
        files[name] = "\n".join(["ID,Amount,Closed", *rows]) + "\n"
        received.append(f"{name},{week.plus(1).monday}T05:00:00+02:00")
    files["exports/received.csv"] = "\n".join(received) + "\n"
    return landed(root, files)


def _total(last: date) -> int:
    return sum(_amount(START + timedelta(days=n)) for n in range((last - START).days + 1))


def test_each_week_is_judged_once_by_what_its_own_edition_printed(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    assert first_week(workspace, store) == FIRST
    found = backtest(workspace, store, FIRST, LAST, rehearse=False)
    assert (found.weeks, found.undecided, found.reconstructed) == (14, 0, 0)
    said = {(one.goal_id, one.day): one for one in found.replayed}
    assert len(said) == len(found.replayed)
    for week in (FIRST.plus(2), FIRST.plus(7)):
        for result in build_edition(workspace, store, week, with_smart=False).results:
            if result.chance is None:
                assert (result.goal_id, week.sunday) not in said
                continue
            one = said[result.goal_id, week.sunday]
            assert (one.probability, one.low, one.high) == (
                result.chance.probability, result.chance.low, result.chance.high,
            )  # fmt: skip
            assert one.flagged == (result.status in ("at_risk", "off_track"))


def test_what_came_is_what_the_days_add_up_to(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    found = backtest(workspace, store, FIRST, LAST, rehearse=False)
    end = _total(DUE)
    for one in found.replayed:
        assert one.end == end
        assert one.happened == (end >= TARGETS[one.goal_id])
        elapsed, progress = one.closed / 12, _total(one.day) / TARGETS[one.goal_id]
        tiers = {"on_track": -0.05, "watch": -0.165, "at_risk": -0.33, "off_track": -9}
        assert one.pace == next(name for name, edge in tiers.items() if progress - elapsed >= edge)
    judged = scores(found.replayed)
    assert judged is not None and judged.goals == 6
    squares = [(one.probability - one.happened) ** 2 for one in found.replayed]
    assert judged.brier == pytest.approx(sum(squares) / len(squares))


def test_a_goal_that_is_not_decided_is_counted_and_not_judged(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    found = backtest(workspace, store, FIRST, Week(2026, 33), rehearse=False)
    assert found.replayed == () and found.undecided == 6


def test_the_record_of_an_edition_agrees_with_the_weeks_where_nothing_was_restated(
    company: tuple[Workspace, Store],
) -> None:
    """Recomputed from the last edition's figures or replayed week by week: with figures that never changed
    both are the same chances."""
    workspace, store = company
    edition = build_edition(workspace, store, LAST)
    replayed = backtest(workspace, store, FIRST, LAST, rehearse=False).replayed
    said = {(one.goal_id, one.day): one.probability for one in replayed}
    recorded = {(one.goal_id, one.day): one.probability for one in edition.past}
    assert recorded.keys() == said.keys() and recorded == said
    assert build_edition(workspace, store, LAST) == edition


def test_an_edition_before_the_due_date_has_no_record(company: tuple[Workspace, Store]) -> None:
    workspace, store = company
    assert build_edition(workspace, store, Week(2026, 33)).past == ()


def test_rehearsed_quarters_end_before_the_last_week_and_are_measured_on_their_own_days(
    company: tuple[Workspace, Store],
) -> None:
    """The second and the third quarter have ended by 11 October; the second begins with four weeks on record,
    enough for a chance. All goals have one shape, so each quarter is rehearsed once with three targets."""
    workspace, store = company
    found = backtest(workspace, store, LAST, LAST)
    names = {one.goal_id for one in found.rehearsed}
    quarters = {name.partition("@")[2].partition("#")[0] for name in names}
    assert quarters == {"2026-04-01", "2026-07-01"} and len(names) <= 6
    for one in found.rehearsed:
        first = date.fromisoformat(one.goal_id.partition("@")[2].partition("#")[0])
        days = [first + timedelta(days=n) for n in range((one.due - first).days + 1)]
        assert one.end == Decimal(sum(_amount(day) for day in days))
        assert first <= one.day < one.due


def test_each_period_of_a_recurring_goal_is_judged_by_its_own_end(
    recurring: tuple[Workspace, Store],
) -> None:
    """A week has its forecast of the week before, the first has none. Three months are over by 11 October,
    the fourth is under way."""
    workspace, store = recurring
    found = backtest(workspace, store, FIRST, LAST, rehearse=False)
    weekly = {one.goal_id: one for one in found.replayed if one.goal_id.startswith("weekly@")}
    mondays = [START + timedelta(days=7 * n) for n in range(12)]
    assert list(weekly) == [f"weekly@{day}" for day in mondays[1:]]
    for day in mondays[1:]:
        one, total = weekly[f"weekly@{day}"], sum(_amount(day + timedelta(days=n)) for n in range(7))
        assert (one.day, one.closed, one.end, one.happened) == (
            day - timedelta(days=1),
            0,
            total,
            total >= 78,
        )
    assert {one.happened for one in weekly.values()} == {True, False}
    monthly = [one for one in found.replayed if one.goal_id.startswith("monthly@")]
    assert {one.goal_id for one in monthly} == {f"monthly@2026-{month}-01" for month in ("07", "08", "09")}
    for one in monthly:
        days = [date(2026, int(one.goal_id[13:15]), 1) + timedelta(days=n) for n in range(31)]
        total = sum(_amount(day) for day in days if day.month == days[0].month)
        assert (one.end, one.happened) == (total, total >= 340)
    assert (found.undecided, found.unsaid) == (1, 1)
