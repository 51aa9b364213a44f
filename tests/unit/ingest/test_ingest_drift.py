"""An export that can be read but is not what it used to be is said, and never silently believed."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest

from pipeline.language import speech
from pipeline.sources.freshness import source_states
from pipeline.sources.ingest import ingest_source
from pipeline.sources.state import SourceState
from pipeline.store.store import Store
from pipeline.workspace.model import Company, Source, Workspace

MONDAY = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
COLUMNS = {
    "deal_id": "Id",
    "amount": {"from": "Amount", "optional": True},
    "is_won": {"value": "true"},
    "is_closed": {"value": "true"},
    "closed_on": "Closed",
}


class Weeks:
    """A source that drops one export a week."""

    def __init__(self, root: Path, **source: object) -> None:
        self.root = root
        self.source = Source.model_validate(
            {
                "id": "crm",
                "system": "crm",
                "fact": "deals",
                "columns": COLUMNS,
                "delivers": "changes",
                **source,
            }
        )
        self.store = Store(root / ".scorecards")
        (root / "exports/crm").mkdir(parents=True)

    @property
    def workspace(self) -> Workspace:
        company = Company(company="X", timezone="UTC", currency="EUR")  # type: ignore[arg-type]
        return Workspace(root=self.root, company=company, sources=(self.source,))

    def week(
        self, number: int, amounts: list[float], header: str = "Id,Amount,Closed", more: str = ""
    ) -> SourceState:
        now = MONDAY + timedelta(weeks=number)
        rows = "".join(f"{number}-{n},{amount:.2f},2026-09-30{more}\n" for n, amount in enumerate(amounts))
        path = self.root / f"exports/crm/{number}.csv"
        path.write_text(f"{header}\n{rows}")
        os.utime(path, (time.time() - 60,) * 2)
        ingest_source(self.workspace, self.source, self.store, now)
        return self.state(now)

    def state(self, as_of: datetime) -> SourceState:
        return source_states(self.workspace, self.store, self.store.knowledge(["crm"], as_of))["crm"]


@pytest.fixture
def weeks(tmp_path: Path) -> Weeks:
    return Weeks(tmp_path)


def amounts(seed: int, times: float = 1, count: int = 40) -> list[float]:
    chance = random.Random(seed)
    return [round(chance.uniform(100, 1900), 2) * times for _ in range(count)]


def codes(state: SourceState) -> list[str]:
    return [problem.code for problem in state.warnings]


@pytest.mark.parametrize(
    ("times", "words"),
    [(100, "about 100 times those"), (0.001, "about 1000 times smaller"), (1000, "1000 times")],
)
def test_cents_for_euros_are_noticed_by_the_median(weeks: Weeks, times: float, words: str) -> None:
    for number in range(3):
        assert codes(weeks.week(number, amounts(number))) == []
    found = weeks.week(3, amounts(9, times))
    assert codes(found) == ["W-UNITS"]
    text = found.warnings[0].text()
    assert words in text and "(amount)" in text
    usual = median(median(amounts(number)) for number in range(3))
    assert f"was {usual:g}" in text
    assert found.freshness == "fresh"  # said, not refused


def test_an_ordinary_good_month_is_no_jump(weeks: Weeks) -> None:
    for number, times in enumerate((1, 2.5, 0.4, 8, 30)):
        assert codes(weeks.week(number, amounts(number, times))) == []


def test_columns_that_come_and_go_are_named(weeks: Weeks) -> None:
    weeks.week(0, amounts(0))
    grown = weeks.week(1, amounts(1), "Id,Amount,Closed,Region,Note", ",North,x")
    assert [one.params["columns"] for one in grown.warnings if one.code == "W-NEWCOLUMNS"] == ["Region, Note"]
    shrunk = weeks.week(2, amounts(2), "Id,Amount,Closed,Note", ",x")
    assert [one.params["columns"] for one in shrunk.warnings if one.code == "W-GONECOLUMNS"] == ["Region"]
    assert "W-GONECOLUMNS" not in codes(weeks.week(3, amounts(3), "Id,Amount,Closed,Note", ",x"))


def test_as_known_then_says_what_could_be_known_then(weeks: Weeks) -> None:
    weeks.week(0, amounts(0))
    weeks.week(1, amounts(1, 100))
    assert codes(weeks.state(MONDAY + timedelta(days=1))) == []
    assert codes(weeks.state(MONDAY + timedelta(days=8))) == ["W-UNITS"]


@pytest.mark.slow
def test_a_daily_export_is_compared_with_four_weeks_not_with_four_days(tmp_path: Path) -> None:
    """Four thin days in a row (a holiday) must not become what is usual."""
    weeks = Weeks(tmp_path)
    for day in range(24):
        state = weeks.week(day, amounts(day, count=50 if day < 20 else 5))  # one a week at first
    assert "W-VOLUME" not in codes(state)  # weekly: the four before were thin as well
    daily = Weeks(tmp_path / "daily")
    start = MONDAY
    for day in range(25):
        path = daily.root / f"exports/crm/{day}.csv"
        rows = "".join(f"{day}-{n},5.00,2026-09-30\n" for n in range(50 if day < 20 else 5))
        path.write_text(f"Id,Amount,Closed\n{rows}")
        os.utime(path, (time.time() - 60,) * 2)
        ingest_source(daily.workspace, daily.source, daily.store, start + timedelta(days=day))
    found = [one for one in daily.state(start + timedelta(days=25)).warnings if one.code == "W-VOLUME"]
    assert [(one.params["rows"], one.params["usual"], one.params["count"]) for one in found] == [(5, 50, 24)]


def test_when_the_next_export_is_expected_and_since_when_it_is_late(weeks: Weeks) -> None:
    weeks.week(0, amounts(0))
    due = MONDAY + timedelta(days=8) - timedelta(microseconds=1)  # undeclared files come just before the run
    fresh, stale = weeks.state(due - timedelta(minutes=1)), weeks.state(due + timedelta(minutes=1))
    assert (fresh.freshness, fresh.expected_by, fresh.stale_since) == ("fresh", due, None)
    assert (stale.freshness, stale.expected_by, stale.stale_since) == ("stale", due, due)


def test_a_refused_export_has_landed_but_moves_no_deadline(weeks: Weeks) -> None:
    weeks.week(0, amounts(0))
    refused = weeks.week(1, amounts(1), "Something,else,entirely")
    assert refused.freshness == "refused"
    assert refused.last_landed_at is not None and refused.last_landed_at > MONDAY + timedelta(days=6)
    assert refused.expected_by == MONDAY + timedelta(days=8) - timedelta(microseconds=1)


def test_every_sentence_is_said_in_russian(weeks: Weeks) -> None:
    weeks.week(0, amounts(0))
    for number in range(1, 5):
        weeks.week(number, amounts(number), "Id,Amount,Closed,A", ",x")
    found = weeks.week(5, amounts(9, 100, count=6), "Id,Amount,Closed,B", ",x")
    down = weeks.week(6, amounts(10, 0.01), "Id,Amount,Closed,B", ",x")
    kinds = {one.code for one in (*found.warnings, *down.warnings)}
    assert {"W-UNITS", "W-VOLUME", "W-NEWCOLUMNS", "W-GONECOLUMNS"} <= kinds
    for one in (*found.warnings, *down.warnings):
        assert all(speech("ru").has(text) for text in (one.message, one.remedy) if text), one.message


def test_a_quiet_week_of_what_is_fetched_as_changes_is_no_drop(tmp_path: Path) -> None:
    """Four changes after weeks of forty are few deals that changed; four rows of a file are a cut file."""
    warned = {}
    for name, more in (("file", {}), ("pull", {"pull": {"token_env": "A_KEY"}})):
        weeks = Weeks(tmp_path / name, **more)
        for number in range(4):
            weeks.week(number, amounts(number))
        warned[name] = [one.code for one in weeks.week(4, amounts(4, count=4)).warnings]
    assert warned == {"file": ["W-VOLUME"], "pull": []}


def test_what_is_fetched_is_expected_when_the_week_is_over(tmp_path: Path) -> None:
    weeks = Weeks(tmp_path, pull={"token_env": "A_KEY"})
    weeks.week(0, amounts(0))  # on Monday 5 October: it has not seen the week that ends on the 11th
    due = datetime(2026, 10, 12, tzinfo=UTC)
    before, after = weeks.state(due - timedelta(seconds=1)), weeks.state(due)
    assert (before.freshness, before.expected_by, before.stale_since) == ("fresh", due, None)
    assert (after.freshness, after.expected_by, after.stale_since) == ("stale", due, due)
    weeks.week(6, amounts(1))  # weeks begin on Mondays; six of them later it is 16 November
    assert weeks.state(due + timedelta(weeks=6)).expected_by == datetime(2026, 11, 23, tzinfo=UTC)
