"""Classes of wrong number that come with files: delivered twice, late, corrected, from several sources.

Every test lands exports in a store of its own, as a company would drop them, and looks at the week's edition.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from pathlib import Path

from pipeline.goals.edition import build_edition
from pipeline.goals.model import Edition, Restatement
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.periods import Week
from pipeline.sources.ingest import ingest_source
from pipeline.store.store import Store
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace
from tests.traps.naive import bites

W46, W47 = Week(2026, 46), Week(2026, 47)
MONDAY_46, MONDAY_47 = "2026-11-16T05:00:00+01:00", "2026-11-23T05:00:00+01:00"
SOURCE = """
id: {id}
system: {id}_files
fact: deals
delivers: {delivers}
columns:
  deal_id: ID
  amount: Amount
  currency: {{value: EUR}}
  is_won: Won
  is_closed: {{value: "true"}}
  closed_on: Closed
  owner: {{value: ann}}
"""
GOALS = """
goals:
  - {id: year, title: Year, owner: ann, kpi: sales_revenue, kind: cumulative, target: 9000,
     start: 2026-01-01, due: 2026-12-31}
  - {id: quarter, title: Quarter, owner: ann, kpi: sales_revenue, kind: cumulative, target: 1300,
     parent: year,
     start: 2026-09-28, due: 2026-12-27}
  - {id: rate, title: Rate, owner: ann, kpi: closing_rate, kind: level, baseline: 25 %, target: 30 %,
     start: 2026-09-28, due: 2026-12-27}
"""
Amounts = Mapping[date, "int | str"]


def export(prefix: str, first: date, last: date, changed: Amounts | None = None) -> str:
    """A sale of 10 a day, others where told; "lost" is a deal that was not won."""
    rows, day = ["ID,Amount,Won,Closed"], first
    while day <= last:
        value = (changed or {}).get(day, 10)
        won = "false" if value == "lost" else "true"
        rows.append(f"{prefix}{day:%m%d},{10 if value == 'lost' else value}.00,{won},{day}")
        day += timedelta(days=1)
    return "\n".join(rows) + "\n"


def company(
    root: Path, files: Mapping[str, tuple[str, str]], delivers: str = "full"
) -> tuple[Workspace, Store]:
    """A workspace with these exports: "source/name" -> (text, received at)."""
    texts = {
        "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
        "people.yaml": "people:\n  - {id: ann, name: Ann}\n",
        "goals/all.yaml": GOALS,
        "exports/received.csv": "file,received_at\n"
        + "".join(f"exports/{name},{received}\n" for name, (_, received) in files.items()),
    }
    for source in dict.fromkeys(name.split("/")[0] for name in files):
        texts[f"sources/{source}.yaml"] = SOURCE.format(id=source, delivers=delivers)
    texts |= {f"exports/{name}": text for name, (text, _) in files.items()}
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    workspace = load_workspace(root, CATALOGUE)
    store = Store(workspace.state_dir)
    for declared in workspace.sources:
        ingest_source(workspace, declared, store, datetime(2026, 12, 1, tzinfo=UTC))
    return workspace, store


def actual(edition: Edition, goal_id: str = "quarter") -> D | None:
    return next(one.actual for one in edition.results if one.goal_id == goal_id)


def of_goal(edition: Edition, goal_id: str) -> list[Restatement]:
    return [one for one in edition.restatements if one.goal_id == goal_id]


BEGIN = date(2026, 8, 3)
WEDNESDAY = date(2026, 11, 11)


def test_an_export_dropped_twice_counts_once(tmp_path: Path) -> None:
    """56 days of 10: the same rows under another name, and once more in another order, add nothing."""
    text = export("d", BEGIN, W47.sunday)
    header, *rows = text.splitlines()
    again = "\n".join([header, *reversed(rows)]) + "\n"
    files = {"crm/a.csv": (text, MONDAY_47), "crm/b.csv": (text, MONDAY_47), "crm/c.csv": (again, MONDAY_47)}
    assert actual(build_edition(*company(tmp_path, files), W47)) == 560
    dropped = [row.split(",") for one, _ in files.values() for row in one.splitlines()[1:]]
    naive = sum(D(amount) for _, amount, _, day in dropped if day >= "2026-09-28")
    bites("a duplicate export", actual(build_edition(*company(tmp_path / "again", files), W47)), naive)


def test_overlapping_deltas_count_a_deal_once(tmp_path: Path) -> None:
    """Two exports that both hold 9 to 15 November: the deal is the same deal."""
    files = {
        "crm/a.csv": (export("d", BEGIN, W46.sunday), MONDAY_46),
        "crm/b.csv": (export("d", W46.monday, W47.sunday), MONDAY_47),
    }
    assert actual(build_edition(*company(tmp_path, files, "changes"), W47)) == 560
    dropped = [row.split(",") for one, _ in files.values() for row in one.splitlines()[1:]]
    naive = sum(D(amount) for _, amount, _, day in dropped if day >= "2026-09-28")
    bites("overlapping exports added up", D(560), naive)


def test_a_deal_that_vanishes_from_a_full_export_is_gone_and_from_a_delta_is_not(tmp_path: Path) -> None:
    files = {
        "crm/a.csv": (export("d", BEGIN, W46.sunday), MONDAY_46),
        "crm/b.csv": (export("d", W46.monday, W47.sunday), MONDAY_47),
    }
    full = build_edition(*company(tmp_path / "full", files, "full"), W47)
    delta = build_edition(*company(tmp_path / "delta", files, "changes"), W47)
    assert (actual(full), actual(delta)) == (140, 560)
    bites("a vanished deal still there", actual(full), actual(delta))


def test_late_rows_change_the_week_as_known_now_and_not_as_known_then(tmp_path: Path) -> None:
    files = {
        "crm/a.csv": (export("d", BEGIN, W46.sunday), MONDAY_46),
        "crm/b.csv": (export("d", BEGIN, W47.sunday, {WEDNESDAY: 45}), MONDAY_47),
    }
    workspace, store = company(tmp_path, files)
    then, now = build_edition(workspace, store, W46), build_edition(workspace, store, W46, "now")
    assert (actual(then), actual(now)) == (490, 525)
    bites("late data in the week as known then", actual(then), actual(now))


def test_a_week_before_the_first_export_is_marked_as_reconstructed(tmp_path: Path) -> None:
    """Nobody knew anything in W44; its figures come from the first export and stop with its own Sunday."""
    workspace, store = company(tmp_path, {"crm/a.csv": (export("d", BEGIN, W47.sunday), MONDAY_47)})
    edition = build_edition(workspace, store, Week(2026, 44))
    (quarter,) = (one for one in edition.results if one.goal_id == "quarter")
    assert quarter.reconstructed and quarter.actual == 350  # 35 days, not the 56 of the export
    bites("a later export's rows in an earlier week", quarter.actual, D(560))


# --- who changed a number ----------------------------------------------------------------------------


def two_sources(root: Path, crm: Amounts, partner: Amounts) -> Edition:
    """Both deliver each Monday, the partner last; what the second delivery of each corrects is told."""
    files = {
        "crm/a.csv": (export("d", BEGIN, W46.sunday), MONDAY_46),
        "crm/b.csv": (export("d", BEGIN, W47.sunday, crm), "2026-11-23T04:00:00+01:00"),
        "partner/a.csv": (export("p", BEGIN, W46.sunday), MONDAY_46),
        "partner/b.csv": (export("p", BEGIN, W47.sunday, partner), MONDAY_47),
    }
    return build_edition(*company(root, files), W47)


def test_the_export_that_came_last_is_not_the_one_that_changed_the_number(tmp_path: Path) -> None:
    edition = two_sources(tmp_path, {WEDNESDAY: 45}, {})
    (found,) = of_goal(edition, "quarter")
    assert (found.before, found.after) == (140, 175)
    assert [(one.source, one.received_at) for one in found.causes] == [
        ("crm", datetime(2026, 11, 23, 3, tzinfo=UTC))
    ]
    assert (found.cause_source, found.cause_received_at) == ("crm", datetime(2026, 11, 23, 3, tzinfo=UTC))
    newest = max(edition.sources.values(), key=lambda one: str(one.received_at)).source_id
    bites("the newest export as the cause", found.cause_source, newest)


def test_two_exports_that_both_changed_it_are_both_named(tmp_path: Path) -> None:
    (found,) = of_goal(two_sources(tmp_path, {WEDNESDAY: 45}, {WEDNESDAY: 11}), "quarter")
    assert found.after == 176
    assert [one.source for one in found.causes] == ["partner", "crm"]  # newest first


def test_each_period_has_its_own_cause(tmp_path: Path) -> None:
    """A week that the one corrected and a week that the other did: not both by both."""
    edition = two_sources(tmp_path, {WEDNESDAY: 45}, {date(2026, 11, 4): 20})
    assert {one.period_start: one.cause_source for one in of_goal(edition, "quarter")} == {
        date(2026, 11, 2): "partner",
        date(2026, 11, 9): "crm",
    }


def test_a_year_and_its_quarter_restate_one_figure_and_a_rate_another(tmp_path: Path) -> None:
    edition = two_sources(tmp_path, {WEDNESDAY: "lost"}, {})
    year, quarter, rate = (of_goal(edition, name)[0] for name in ("year", "quarter", "rate"))
    assert year.figure == quarter.figure != rate.figure
    assert (rate.before, rate.after, rate.cause_source) == (1, D(13) / 14, "crm")
    assert len({one.figure for one in edition.restatements}) == 2


def test_corrections_that_cancel_out_are_no_restatement(tmp_path: Path) -> None:
    edition = two_sources(tmp_path, {WEDNESDAY: 15}, {WEDNESDAY: 5})
    assert of_goal(edition, "quarter") == []
