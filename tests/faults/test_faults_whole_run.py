"""One bad file, one bad row, one missing export: every other goal is reported, the affected say why."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.support import copy_sample, scorecards, with_fewer_documents

pytestmark = pytest.mark.slow
WEEK = "2026-W47"


def goals(company: Path) -> dict[str, dict[str, object]]:
    twin = json.loads((company / "out" / WEEK / "scorecard.json").read_text("utf-8"))
    return {goal["id"]: goal for goal in twin["goals"]}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    company = with_fewer_documents(copy_sample(tmp_path_factory.mktemp("clean") / "company"))
    assert scorecards("--workspace", str(company), "run", "--week", WEEK).returncode == 3
    return company


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest outreach export is a sign-in page, a deal has a broken amount, subscriptions are gone."""
    company = with_fewer_documents(copy_sample(tmp_path_factory.mktemp("damaged") / "company"))
    outreach = newest(company, "mailshake_activity")
    outreach.write_text("<!DOCTYPE html><html><body>Please sign in</body></html>", "utf-8")
    deals = newest(company, "hubspot_deals")
    with deals.open(encoding="utf-8", newline="") as file:
        header, first, *rest = csv.reader(file)
    first[header.index("Amount")] = "twelve"
    with deals.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, first, *rest])
    shutil.rmtree(company / "exports" / "subscriptions_all")
    result = scorecards("--workspace", str(company), "run", "--week", WEEK)
    assert result.returncode == 3, result.stderr
    return company


def newest(company: Path, source: str) -> Path:
    """The export of a source that was received last before the cut-off."""
    received = dict(
        line.split(",")[:2]
        for line in (company / "exports" / "received.csv").read_text("utf-8").splitlines()[1:]
    )
    files = [name for name in received if f"/{source}/" in f"/{name}" and received[name] < "2026-11-23T07"]
    return company / max(files, key=lambda name: received[name])


def test_only_the_goals_fed_by_the_damage_lose_their_verdict(clean: Path, damaged: Path) -> None:
    before, after = goals(clean), goals(damaged)
    lost = {name for name in after if after[name]["status"] == "no_verdict" != before[name]["status"]}
    fed = {
        name for name in after if {"mailshake_activity", "subscriptions_all"} & set(after[name]["sources"])
    }
    assert lost and lost <= fed
    # Goals that read deals lose one row, not their verdict; all the others are to the letter as before.
    untouched = set(after) - fed - {name for name in after if "hubspot_deals" in after[name]["sources"]}
    assert untouched
    assert all(after[name] == before[name] for name in untouched)


def test_the_pages_say_why(damaged: Path) -> None:
    after = goals(damaged)
    for name, words in (("churn-q4", "subscriptions"), ("outreach", "sign-in page")):
        affected = [goal for goal in after if goal.startswith(name)] or [
            goal for goal in after if "mailshake_activity" in after[goal]["sources"]
        ]
        page = damaged / "out" / WEEK / "goals" / f"{affected[0]}.en.pdf"
        text = " ".join(PdfReader(page).pages[0].extract_text().split()).lower()
        assert "no verdict" in text
        assert words in text


def test_the_bad_row_is_named_by_file_line_column_and_remedy(damaged: Path) -> None:
    quarantine = (damaged / "out" / WEEK / "quarantine.csv").read_text("utf-8-sig")
    (row,) = [line for line in quarantine.splitlines() if "twelve" in line]
    assert newest(damaged, "hubspot_deals").name in row
    assert ",2," in row
    assert "amount" in row.lower()
