"""The worked example of docs/plan.md: its files give its tables, figure by figure."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.facts import FACTS
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.outsourcing import OutsourcingReport, outsourcing_report
from pipeline.periods import Week
from pipeline.timeline import build_timeline, workload
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "plan.md").read_text("utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.M | re.S))
FIRST, LAST = date(2026, 10, 5), date(2027, 1, 3)


def table(first_heading: str) -> list[list[str]]:
    """The rows of the Markdown table whose first heading this is."""
    lines = PAGE.split(f"| {first_heading} |")[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def fact(name: str, file: str) -> pa.Table:
    def typed(column: str, text: str) -> Any:
        if column in ("worked_on", "paid_on"):
            return date.fromisoformat(text)
        return (D(text) if text else None) if column in ("hours", "amount") else text

    rows = [
        {key: typed(key, text) for key, text in row.items()}
        for row in csv.DictReader(FILES[file].splitlines())
    ]
    for row in rows:
        row |= {"tags": ""} if name == "time_entries" else {"currency": "EUR"}
    return pa.Table.from_pylist(rows, schema=FACTS[name].arrow_schema())


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("worked")
    (root / "goals").mkdir()
    (root / "scorecards.yaml").write_text("company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n")
    for name, text in FILES.items():
        if name.endswith(".yaml"):
            (root / name).write_text(text, "utf-8")
    return load_workspace(root, CATALOGUE, {})


def report(company: Workspace) -> OutsourcingReport:
    tracked, paid = fact("time_entries", "time.csv"), fact("freelance_costs", "freelance.csv")
    return outsourcing_report(company.strategy.outsourcing, tracked, paid, FIRST, LAST, "EUR")


def test_the_critical_path_is_the_one_on_the_page(company: Workspace) -> None:
    timeline = build_timeline(company, FACTS["tasks"].arrow_schema().empty_table())
    found = {row.item.id.rpartition("/")[2]: row.slot for row in timeline.rows if row.slot}
    rows = table("work")
    assert [row[0] for row in rows] == ["interviews", "trial", "mailing", "launch"]
    for name, *figures in rows:
        slot = found[name]
        days = [str(one) for one in (slot.early_start, slot.early_finish, slot.late_finish)]
        assert [*days, str(slot.float_days), "yes" if slot.critical else "no"] == figures, name


def test_the_workload_is_the_one_on_the_page(company: Workspace) -> None:
    timeline = build_timeline(company, FACTS["tasks"].arrow_schema().empty_table())
    loads = workload(
        [row.item for row in timeline.rows], company.people, fact("time_entries", "time.csv"), LAST,
        Week(2027, 1).monday, Week(2027, 5).sunday,
    )  # fmt: skip
    found = [[one.person, str(one.week), f"{one.needed.normalize():f}", one.state] for one in loads]
    assert found == table("person")
    usual = {one.person: one.usual for one in loads}
    assert (usual["anna"], round(usual["boris"] or D(0), 2)) == (D(12), D("1.54"))


def test_the_savings_are_the_ones_on_the_page(company: Workspace) -> None:
    found = report(company)
    rows = [
        [
            row.id,
            *(f"{D(one).normalize():f}" for one in (row.hours, row.internal_cost, row.saving)),
            row.basis,
        ]
        for row in found.rows
    ]
    assert rows == table("activity")
    sums = [D(row[1]) for row in table("in all")]
    assert [found.total_saving, found.hours_total, found.hours_unassigned] == sums


def test_outsourced_work_is_checked_as_on_the_page(company: Workspace) -> None:
    done = report(company).rows[0].outsourced
    assert done is not None
    assert [done.paid, done.saved, done.rate] == [D(row[1]) for row in table("outsourced work")]
    assert report(company).contracts_unassigned == ("Logo",)
