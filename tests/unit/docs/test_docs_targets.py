"""docs/targets.md: its examples are right goals, and its table says what the program does."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.goals.recurring import instance_goals
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace

PAGE = (Path(__file__).parents[3] / "docs/targets.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
COMPANY = {
    "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
    "people.yaml": "people: [{id: ann, name: Ann}, {id: vera, name: Vera}]\n",
}
GOAL = """
id: g
title: G
owner: ann
kpi: {kpi}
kind: {kind}
start: 2026-10-01
due: 2026-12-31
"""


def opened(root: Path, goal: str) -> Workspace:
    for name, text in {**COMPANY, "goals/g.yaml": goal}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return load_workspace(root, CATALOGUE)


def test_the_recurring_example_is_a_goal_of_three_months(tmp_path: Path) -> None:
    example = next(block for block in BLOCKS if "every: month" in block)
    (one,) = opened(tmp_path, example).goals
    parts = instance_goals(one, date(2026, 12, 31))
    assert [(part.start, part.due) for part in parts] == [
        (date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 11, 1), date(2026, 11, 30)),
        (date(2026, 12, 1), date(2026, 12, 31)),
    ]  # fmt: skip
    assert [part.relative_to for part in parts] == ["baseline", "prior_period", "prior_period"]


@pytest.mark.parametrize("text", BLOCKS[0].split("---\n"))
def test_the_targets_are_allowed(tmp_path: Path, text: str) -> None:
    percent = ("%" in text and "prior_year" not in text) or "pp" in text
    kpi, kind = ("churn_rate", "level") if percent else ("sales_revenue", "cumulative")
    if "pp" in text and "baseline:" not in text:
        text += "baseline: 45 %\n"
    assert opened(tmp_path, GOAL.format(kpi=kpi, kind=kind) + text).goals


def test_the_changes_and_the_override_are_allowed(tmp_path: Path) -> None:
    audit = next(block for block in BLOCKS if "previous_due" in block)
    goal = GOAL.format(kpi="sales_revenue", kind="cumulative") + "target: 1200000\n" + audit
    (one,) = opened(tmp_path, goal).goals
    assert [change.previous.amount for change in one.target_changes] == [Decimal(1500000), Decimal(1300000)]
    assert one.override is not None
