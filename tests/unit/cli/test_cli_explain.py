"""`explain` and `backtest` from outside, on a company of one export that one can add up in one's head."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets import cli
from pipeline.kpis import rows
from tests.support import landed

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
  is_won: {from: Won, equals: ["yes"]}
  is_closed: {value: "true"}
  closed_on: Closed
  owner: Owner
""",
    "goals/all.yaml": """
goals:
  - {id: bobs-revenue, title: Bob's, owner: bob, kpi: sales_revenue, kind: cumulative, target: 100,
     segment: {owner: bob}, start: 2026-09-28, due: 2026-12-27}
""",
    "exports/received.csv": "file,received_at\nexports/crm/deals.csv,2026-11-23T05:00:00+01:00\n",
}


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """10 each day from 3 August; Sundays are Bob's, the Sunday of 1 November is lost, and one amount cannot
    be read. Bob's 27 September is before the window."""
    monkeypatch.setenv("SCORECARDS_LANG", "en")
    lines, day = ["ID,Amount,Won,Closed,Owner"], date(2026, 8, 3)
    while day <= date(2026, 11, 22):
        won = "no" if day == date(2026, 11, 1) else "yes"
        name = "=1+1" if day == date(2026, 10, 4) else f"{day:%m%d}"
        amount = "ten" if day == date(2026, 11, 22) else "10.00"
        lines.append(f"{name},{amount},{won},{day},{'bob' if day.weekday() == 6 else 'ann'}")
        day += timedelta(days=1)
    landed(tmp_path, {**FILES, "exports/crm/deals.csv": "\n".join(lines) + "\n"})
    return tmp_path


def _call(company: Path, *arguments: str) -> int:
    return cli.call(["-w", str(company), *arguments])


def test_bobs_sundays_are_counted_and_all_others_have_a_reason(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _call(company, "explain", "bobs-revenue", "--week", "2026-W47", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    (part,) = found["parts"]
    # Sundays from 4 October to 15 November are seven, one of them lost
    assert (part["counted_rows"], part["total"], part["days_say"]) == (6, 60, 60)
    # of 112 days one cannot be read, one is lost; Ann has 96; Bob's eight Sundays before 28 September
    reasons = {one["reason"]: one["rows"] for one in part["not_counted"]}
    assert reasons == {"condition": 1, "segment": 96, "before": 8}
    assert part["known_rows"] == 6 + 1 + 96 + 8 == 111
    (aside,) = found["set_aside"]
    assert (aside["file"].rpartition("/")[2], aside["line"], aside["value"]) == ("deals.csv", 113, "ten")
    # the first counted row is 4 October's: the 63rd day, below the header
    assert (part["rows"][0]["day"], part["rows"][0]["line"]) == ("2026-10-04", 64)
    numbers = {one["name"]: one for one in found["numbers"]}
    assert numbers["actual"]["value"] == 60 and numbers["progress"]["path"]["en"] == "€60 / €100"
    assert found["agrees"] and all(one["agrees"] for one in found["checks"])


def test_a_cell_that_a_spreadsheet_would_run_is_harmless_in_the_file_of_rows(
    company: Path, tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    assert _call(company, "explain", "bobs-revenue", "--week", "2026-W47", "--csv", str(file)) == 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        found = list(csv.DictReader(lines))
    assert [row["deal_id"] for row in found][:2] == ["'=1+1", "1011"]
    assert sum(float(row["amount"]) for row in found) == 60


def test_rows_that_do_not_give_the_printed_number_are_said_loudly_and_end_with_3(
    company: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    monkeypatch.setattr(rows, "_matches", lambda measured, segment: np.ones(measured.rows.num_rows, bool))
    assert _call(company, "explain", "bobs-revenue", "--week", "2026-W47") == 3
    shown = capsys.readouterr()
    assert "DOES NOT ADD UP" in shown.err
    assert "✗" in shown.out


def test_an_unknown_goal_or_number_is_answered_with_the_nearest(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _call(company, "explain", "bob-revenue") == 2
    assert "Did you mean bobs-revenue?" in capsys.readouterr().err
    assert _call(company, "explain", "bobs-revenue", "--number", "actuals") == 2
    assert "Did you mean actual?" in capsys.readouterr().err


def test_one_number_shows_only_what_leads_to_it(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _call(company, "explain", "bobs-revenue", "--week", "2026-W47", "--number", "progress") == 0
    shown = capsys.readouterr().out
    assert "€60 / €100" in shown and "At-risk flag" not in shown and "Exports known" not in shown


def test_russian_is_spoken_throughout(
    company: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCORECARDS_LANG", "ru")
    assert _call(company, "explain", "bobs-revenue", "--week", "2026-W47") == 0
    shown = capsys.readouterr().out
    assert "Учтено 6 из 111 известных строк" in shown and "Rows" not in shown


def test_few_decided_goals_get_no_score(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weeks = ("--from", "2026-W46", "--to", "2026-W47")
    assert _call(company, "backtest", *weeks, "--no-rehearsal", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["weeks"], found["undecided_goals"]) == (2, 1)
    assert found["own_goals"] == {"goals": 0, "forecasts": 0, "scores": None}
    assert _call(company, "backtest", *weeks, "--no-rehearsal") == 0
    assert "Too few for a score: it takes 5 decided goals" in capsys.readouterr().out


def test_a_plot_that_is_no_svg_is_refused_before_anything_is_replayed(
    company: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline.goals.backtest.backtest", lambda *_, **__: pytest.fail("replayed"))
    assert _call(company, "backtest", "--plot", "calibration.pdf") == 2
    assert "Name a file that ends in .svg." in capsys.readouterr().err


def test_backtest_of_weeks_in_the_wrong_order_is_refused(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _call(company, "backtest", "--from", "2026-W47", "--to", "2026-W46") == 2
    assert "2026-W46 is before the first, 2026-W47" in capsys.readouterr().err


def test_status_says_what_it_knows_and_from_when(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The only export came on 23 November: W47 knew it, W44 is reconstructed from it."""
    assert _call(company, "status", "--week", "2026-W47") == 0
    shown = capsys.readouterr().out
    assert "Reconstructed" not in shown and "As known now" not in shown
    assert _call(company, "status", "--week", "2026-W44", "--known", "now") == 0
    assert "As known now, 23 Nov 2026 05:00 Europe/Berlin." in capsys.readouterr().out.replace("\u00a0", " ")
    assert _call(company, "status", "--week", "2026-W44") == 0
    assert "Reconstructed for 1 goal:" in capsys.readouterr().out
