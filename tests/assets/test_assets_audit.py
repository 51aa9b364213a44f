"""Every run puts the targets it was made with on record; a run after a silent change says so."""

from __future__ import annotations

from pathlib import Path

from assets.core import put_goals
from assets.resources import WorkRoom
from pipeline.goals.audit import unrecorded_changes
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.workspace.loader import load_workspace
from tests.reports.test_reports_recurring import WEEK, build


def test_a_week_that_was_run_remembers_its_targets(tmp_path: Path) -> None:
    workspace, _ = build(tmp_path)
    put_goals(WorkRoom(workspace), WEEK)
    goals = tmp_path / "goals/all.yaml"
    goals.write_text(goals.read_text("utf-8").replace("target: 90,", "target: 80,"), "utf-8")
    again = WorkRoom(load_workspace(tmp_path, CATALOGUE))
    for _ in range(2):  # also when the same week is run with the new target
        moved = unrecorded_changes(again.workspace, again.store, WEEK)
        assert {key: [(one.before, one.now) for one in found] for key, found in moved.items()} == {
            "level": [("90", "80")]
        }
        put_goals(again, WEEK)
    level = next(one for one in again.edition(WEEK).results if one.goal_id == "level")
    assert [one.before for one in level.unrecorded] == ["90"]


def test_a_range_in_one_commit_remembers_all_of_its_weeks(tmp_path: Path) -> None:
    workspace, store = build(tmp_path)
    room = WorkRoom(workspace)
    weeks = [WEEK.plus(-2), WEEK.plus(-1), WEEK]
    with room.store.batch():
        for week in weeks:
            put_goals(room, week)
    frame = store.version("core_goal__terms", room.edition(WEEK).as_of)
    assert sorted(frame["goal"]) == sorted(goal.id for goal in workspace.goals)
    assert {(row.first_week, row.last_week) for row in frame.itertuples()} == {(str(weeks[0]), str(WEEK))}
