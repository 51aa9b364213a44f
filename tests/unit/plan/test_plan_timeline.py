"""Critical path, loops, load and calendar, worked out on paper."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.facts import FACTS
from pipeline.language import speech
from pipeline.periods import Week
from pipeline.plan import budget_rows
from pipeline.timeline import (
    Item,
    build_calendar,
    build_timeline,
    collect_items,
    cycles,
    schedule,
    working_date,
    working_days,
    working_index,
    workload,
)
from pipeline.workspace.model import Company, Goal, People, Person, Strategy, Workspace


def nov(day: int) -> date:
    return date(2026, 11, day)


def item(name: str, start: int, due: int, *after: str, **more: Any) -> Item:
    return Item(
        name, "task", {"": name}, more.pop("owner", "anna"), nov(start), nov(due), depends_on=after, **more
    )


def fact(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"source": "gantt", **row} for row in rows], schema=FACTS[name].arrow_schema()
    )


def workspace(*goals: dict[str, Any], **strategy: Any) -> Workspace:
    base = {"title": "G", "owner": "anna", "kpi": "signups", "kind": "cumulative", "target": 10}
    window = {"start": nov(2), "due": date(2026, 12, 18)}
    return Workspace(
        root=Path(),
        company=Company(company="X", timezone="Europe/Berlin", currency="EUR"),
        people=People(people=(Person(id="anna", name="Anna Ivanova", hours_per_week=D(30)),)),
        goals=tuple(Goal.model_validate(base | window | goal) for goal in goals),
        strategy=Strategy.model_validate(strategy),
    )


def test_critical_path_of_a_network_worked_out_on_paper() -> None:
    # Mondays are 2, 9, 16, 23, 30 November. a 5 days; b and c wait for a; d waits for both.
    #   a Mon 2 - Fri 6; b Mon 9 - Fri 13 (5 days); c Mon 9 - Tue 10 (2 days); d 3 days, Mon 16 - Wed 18
    # c may slip to Fri 13: 3 working days of float. Everything else has none.
    slots = schedule(
        [
            item("a", 2, 6),
            item("b", 9, 13, "a"),
            item("c", 9, 10, "a"),
            item("d", 16, 18, "b", "c"),
        ]
    )
    assert {name: slot.float_days for name, slot in slots.items()} == {"a": 0, "b": 0, "c": 3, "d": 0}
    assert [name for name, slot in slots.items() if slot.critical] == ["a", "b", "d"]
    assert (slots["c"].late_start, slots["c"].late_finish) == (nov(12), nov(13))


def test_work_is_pushed_behind_its_predecessor_over_the_weekend() -> None:
    slots = schedule([item("a", 2, 6), item("b", 4, 5, "a")])
    assert (slots["b"].early_start, slots["b"].early_finish) == (nov(9), nov(10))
    assert slots["b"].pushed_days == 3


def test_separate_projects_each_have_their_own_critical_path() -> None:
    slots = schedule(
        [item("a", 2, 6, goal="one"), item("b", 2, 20, goal="two"), item("c", 2, 10, goal="two")]
    )
    assert {name: slot.critical for name, slot in slots.items()} == {"a": True, "b": True, "c": False}
    assert slots["c"].float_days == 8


def test_finished_work_is_not_critical() -> None:
    slots = schedule([item("a", 2, 6, done=D(100)), item("b", 9, 13, "a")])
    assert [slot.critical for slot in slots.values()] == [False, True]


def test_weekend_dates_move_to_working_days() -> None:
    assert working_days(nov(6), nov(9)) == 2
    assert working_days(nov(7), nov(8)) == 0
    assert working_date(working_index(nov(7))) == nov(9)


def test_a_loop_is_named_and_the_rest_is_still_scheduled() -> None:
    items = [
        item("a", 2, 3, "c"),
        item("b", 4, 5, "a"),
        item("c", 6, 9, "b"),
        item("d", 10, 11, "c"),
        item("e", 2, 2),
    ]
    assert cycles(items) == [("a", "b", "c")] or set(cycles(items)[0]) == {"a", "b", "c"}
    slots = schedule(items)
    assert set(slots) == {"a", "b", "c", "d", "e"}
    assert slots["d"].early_start == nov(10)


def test_a_loop_between_initiatives_is_a_problem_with_both_names() -> None:
    one = workspace(
        {
            "id": "g",
            "how": [
                {"id": "x", "title": "Hire", "depends_on": ["y"]},
                {"id": "y", "title": "Train", "depends_on": ["x", "zz"]},
            ],
        }
    )
    timeline = build_timeline(one, fact("tasks", []))
    found = {problem.code: problem for problem in timeline.problems}
    assert set(found) == {"timeline-cycle", "timeline-unknown-initiative"}
    assert "Hire" in found["timeline-cycle"].text() and "Train" in found["timeline-cycle"].text()
    assert all(problem.text(speech("ru")) != problem.text() for problem in timeline.problems)
    assert timeline.edges == ()


TASKS = [
    {"task_id": "1", "name": "Phase", "start_on": nov(2), "due_on": nov(13), "goal": "g"},
    {"task_id": "2", "name": "Write", "start_on": nov(2), "due_on": nov(6), "parent_id": "1", "goal": "g"},
    {
        "task_id": "3",
        "name": "Check",
        "start_on": nov(9),
        "due_on": nov(13),
        "parent_id": "1",
        "predecessors": "2",
    },
    {"task_id": "4", "name": "Send", "start_on": nov(10), "due_on": nov(10), "predecessors": "1; 77"},
    {"task_id": "5", "name": "Someday"},
]


def test_waiting_for_a_summary_task_is_waiting_for_what_is_in_it() -> None:
    collected = collect_items(workspace({"id": "g"}), fact("tasks", TASKS))
    by_id = {one.id: one for one in collected.items}
    assert by_id["task:gantt/4"].depends_on == ("task:gantt/2", "task:gantt/3")
    assert by_id["task:gantt/1"].is_summary
    assert collected.undated == ("Someday",)
    assert [problem.code for problem in collected.problems] == ["timeline-unknown-task"]
    timeline = build_timeline(workspace({"id": "g"}), fact("tasks", TASKS))
    slots = {row.item.id: row.slot for row in timeline.rows}
    assert slots["task:gantt/1"] is None
    assert slots["task:gantt/4"] is not None and slots["task:gantt/4"].early_start == nov(16)
    assert timeline.critical == ("task:gantt/2", "task:gantt/3", "task:gantt/4")


def test_load_is_spread_over_working_days_and_compared_with_what_is_left() -> None:
    people = workspace().people
    # 45 h over the 15 working days from Wed 4 to Tue 24: 3 h a day; weeks of 3, 5, 5, 2 working days
    work = [item("a", 4, 24, hours=D(45)), item("b", 9, 13, hours=D(20)), item("c", 9, 10)]
    tracked = [
        {"person": "ANNA ivanova", "worked_on": nov(1), "hours": D(130)},
        {"person": "Anna Ivanova", "worked_on": date(2026, 8, 2), "hours": D(999)},  # 13 weeks and a day ago
        {"person": "Nobody", "worked_on": nov(1), "hours": D(500)},
    ]
    loads = workload(work, people, fact("time_entries", tracked), nov(1), nov(1), nov(30))
    assert [(str(load.week), load.needed, load.tasks, load.state) for load in loads] == [
        ("2026-W45", D(9), 0, "ok"),
        ("2026-W46", D(35), 1, "over"),
        ("2026-W47", D(15), 0, "ok"),
        ("2026-W48", D(6), 0, "ok"),
    ]
    assert {load.usual for load in loads} == {D(10)} and loads[0].free == 20
    tight = workload(
        [item("b", 9, 13, hours=D(25))], people, fact("time_entries", tracked), nov(1), nov(9), nov(9)
    )
    assert [load.state for load in tight] == ["tight"]


def test_nobody_is_overloaded_by_what_is_done_or_by_goals() -> None:
    done = [item("a", 2, 6, hours=D(99), done=D(100))]
    assert workload(done, workspace().people, fact("time_entries", []), nov(1), nov(1), nov(30)) == ()


def test_calendar_has_everyones_dates_in_order() -> None:
    one = workspace(
        {
            "id": "g",
            "how": [{"id": "x", "title": "Hire", "due": nov(20)}],
            "milestones": [{"date": nov(10), "value": 5}],
        },
        reviews=[
            {"title": "Monthly review", "every": "month", "who": ["anna"], "next": nov(12)},
            {"title": "R", "every": "y"},
        ],
    )
    calendar = build_calendar(one, build_timeline(one, fact("tasks", TASKS)))
    assert [(entry.day, entry.kind) for entry in calendar] == [
        (nov(6), "task_due"),
        (nov(10), "milestone"),
        (nov(10), "task_due"),
        (nov(12), "review"),
        (nov(13), "task_due"),
        (nov(20), "initiative_due"),
        (date(2026, 12, 18), "goal_due"),
    ]
    assert Week.of(calendar[0].day).number == 45


HIRING = {
    "id": "g",
    "how": [
        {"id": "hire", "title": {"en": "Hire support", "ru": "Набор"}, "hours": 30, "start": nov(2),
         "due": nov(20), "cost": 500},
        {"id": "train", "title": {"en": "Train", "ru": "Обучение"}, "depends_on": ["hire"]},
    ],
}  # fmt: skip
STEPS: list[dict[str, Any]] = [
    {"task_id": "1", "name": "Advertise", "start_on": nov(2), "due_on": nov(6), "done_percent": D(100),
     "goal": "initiative:g/hire", "cost": D(100)},
    {"task_id": "2", "name": "Interviews", "start_on": nov(9), "due_on": nov(13), "done_percent": D(50),
     "predecessors": "1", "goal": "g initiative:hire", "cost": D(150)},
    {"task_id": "3", "name": "HIRE  support", "start_on": nov(2), "due_on": nov(20), "goal": "g"},
    {"task_id": "4", "name": "обучение", "start_on": nov(16), "due_on": nov(20), "cost": D(80)},
    {"task_id": "6", "name": "Desks", "start_on": nov(2), "due_on": nov(3), "parent_id": "3", "cost": D(50)},
    {"task_id": "7", "name": "Party", "start_on": nov(2), "due_on": nov(3), "goal": "g", "cost": D(20),
     "done_percent": D(50)},
    {"task_id": "8", "name": "Lost", "start_on": nov(2), "due_on": nov(3), "goal": "initiative:nobody"},
]  # fmt: skip


def test_work_kept_in_two_places_is_drawn_and_scheduled_once() -> None:
    """The worked example of docs/plan.md."""
    timeline = build_timeline(workspace(HIRING), fact("tasks", STEPS))
    assert [(row.item.id, row.level) for row in timeline.rows] == [
        ("goal:g", 0),
        ("task:gantt/7", 1),
        ("initiative:g/hire", 1),
        ("task:gantt/6", 2),
        ("task:gantt/1", 2),
        ("task:gantt/2", 2),
        ("initiative:g/train", 1),
        ("task:gantt/8", 1),
    ]
    items = {row.item.id: row.item for row in timeline.rows}
    slots = {row.item.id: row.slot for row in timeline.rows}
    # the training waits for every step of hiring; task 4 lent it its dates
    assert (items["initiative:g/train"].start, items["initiative:g/train"].due) == (nov(16), nov(20))
    assert set(timeline.edges) == {
        ("task:gantt/1", "task:gantt/2"),
        *((f"task:gantt/{n}", "initiative:g/train") for n in (1, 2, 6)),
    }
    # Advertise (done) 2-6, interviews 9-13, training 16-20 follow each other without a gap
    assert timeline.critical == ("task:gantt/2", "initiative:g/train")
    assert slots["initiative:g/hire"] is None
    # desks may be there by Friday 13: eight working days after Tuesday 3
    assert slots["task:gantt/6"] is not None and slots["task:gantt/6"].float_days == 8
    # 5 days done, half of 5 days, none of 2: 7.5 of 12
    assert items["initiative:g/hire"].done == D("62.5")
    assert [problem.code for problem in timeline.problems] == ["timeline-task-initiative"]
    assert all(problem.text(speech("ru")) != problem.text() for problem in timeline.problems)


def test_steps_do_not_add_to_the_hours_of_their_initiative() -> None:
    one = workspace(HIRING)
    rows = [row | {"assignee": "Anna Ivanova"} for row in STEPS[:5]]
    items = [row.item for row in build_timeline(one, fact("tasks", rows)).rows]
    loads = workload(items, one.people, fact("time_entries", []), nov(1), nov(2), nov(22))
    # 30 hours over 15 working days: 10 a week; the training has no hours and is counted as one task
    assert [(load.needed, load.tasks) for load in loads] == [(D(10), 0), (D(10), 0), (D(10), 1)]


def test_steps_do_not_add_to_the_cost_of_their_initiative() -> None:
    one = workspace(HIRING, budget=[{"title": "Support", "amount": 400, "goal": "g"}])
    tasks = fact("tasks", STEPS)
    items = [row.item for row in build_timeline(one, tasks).rows]
    (row,) = budget_rows(one, tasks, items).rows
    # hiring 500 as written, not 500 and its steps' 300; training 80 by its task; the party 20 beside them
    assert (row.initiatives, row.tasks, row.planned, row.uncovered) == (580, 20, 600, 200)
    # 37.5 % of 500, all of 80, half of 20
    assert row.to_come == D("187.5") + 80 + 10


def test_an_initiative_that_is_done_has_no_open_steps() -> None:
    done = {"id": "g", "how": [HIRING["how"][0] | {"done": 100}]}  # type: ignore[index]
    timeline = build_timeline(workspace(done), fact("tasks", STEPS[:2]))
    assert all(row.item.is_done for row in timeline.rows if row.item.kind != "goal")
    assert timeline.critical == ()


def test_a_title_two_goals_share_is_linked_only_where_the_task_names_the_goal() -> None:
    two = workspace(
        {"id": "a", "how": [{"id": "x", "title": "Hire"}]}, {"id": "b", "how": [{"id": "x", "title": "Hire"}]}
    )
    rows = [{"task_id": "1", "name": "Hire", "start_on": nov(3), "due_on": nov(4)}]
    assert "task:gantt/1" in {one.id for one in collect_items(two, fact("tasks", rows)).items}
    named = [rows[0] | {"goal": "b"}]
    items = {one.id: one for one in collect_items(two, fact("tasks", named)).items}
    assert "task:gantt/1" not in items and items["initiative:b/x"].start == nov(3)
    assert items["initiative:a/x"].start == nov(2)
