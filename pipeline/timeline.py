"""Goals, initiatives and tasks in time: rows of the timeline, critical path, who is overloaded, the calendar.

Here: what comes before what, on working days, and hours against capacity. Not here: how a bar is drawn
(report/), nor what the work costs (plan.py, outsourcing.py).
Working days are Monday to Friday: a workspace has no calendar of public holidays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from pipeline.errors import Problem
from pipeline.kpis.people import PersonNames
from pipeline.language import pick
from pipeline.periods import Week, week_range
from pipeline.steps import Link, link_tasks
from pipeline.workspace.model import Goal, Initiative, People, Person, Workspace

ItemKind = Literal["goal", "initiative", "task"]
LoadState = Literal["ok", "tight", "over"]
MONDAY = date(1970, 1, 5)
USUAL_WEEKS = 13
"""Weeks of tracked time that make a person's usual load."""


@dataclass(frozen=True)
class Item:
    """Something with dates. `id` is goal:<id>, initiative:<goal>/<id> or task:<source>/<id>."""

    id: str
    kind: ItemKind
    title: Mapping[str, str] = field(hash=False)
    owner: str | None
    """Person id; the source's own text when people.yaml does not know the name."""
    start: date
    due: date
    goal: str | None = None
    depends_on: tuple[str, ...] = ()
    done: Decimal | None = None
    """Percent, 0 to 100."""
    hours: Decimal | None = None
    cost: Decimal | None = None
    blocked_by: Mapping[str, str] = field(default_factory=dict, hash=False)
    parent: str | None = None
    is_summary: bool = False
    """A task that only groups others, or an initiative whose tasks are scheduled in its place."""
    initiative: str | None = None
    """Of a task: id of the initiative it is a step of."""

    @property
    def is_done(self) -> bool:
        return self.done is not None and self.done >= 100


@dataclass(frozen=True)
class Slot:
    """When an item can and must happen, from the forward and backward pass over its network."""

    early_start: date
    early_finish: date
    late_start: date
    late_finish: date
    float_days: int
    """Working days the item can slip before its network ends later."""
    pushed_days: int
    """Working days its predecessors push it beyond its own start date."""
    critical: bool
    """No float, not done yet, and something else to delay: a goal or other work."""


@dataclass(frozen=True)
class TimelineRow:
    item: Item
    slot: Slot | None
    """None for goals and for what only groups other work."""
    level: int = 1
    """Depth in the outline: 0 a goal, 1 its work, 2 and more the steps of that work."""


@dataclass(frozen=True)
class Timeline:
    """Rows in reading order: each goal followed by its work, then work that serves no goal."""

    rows: tuple[TimelineRow, ...]
    edges: tuple[tuple[str, str], ...]
    """(what comes first, what waits for it), without those that are part of a cycle."""
    critical: tuple[str, ...]
    """Ids of critical items by early start."""
    undated: tuple[str, ...]
    """Titles of work without dates, which cannot be on a timeline."""
    problems: tuple[Problem, ...]

    @property
    def first(self) -> date | None:
        return min((row.item.start for row in self.rows), default=None)

    @property
    def last(self) -> date | None:
        ends = [row.slot.early_finish if row.slot else row.item.due for row in self.rows]
        return max([*ends, *(row.item.due for row in self.rows)], default=None)


# --- from workspace and tasks to items ----------------------------------------------------------------


@dataclass(frozen=True)
class Collected:
    items: tuple[Item, ...]
    undated: tuple[str, ...]
    problems: tuple[Problem, ...]


def collect_items(workspace: Workspace, tasks: pa.Table) -> Collected:
    """Every goal, initiative and task that has dates. `tasks`: rows of the fact tasks.

    An initiative without a start or due date takes those of its tasks, else the goal's. A task takes those of
    the initiative or goal it serves, and without one it is undated. A task that is the initiative itself is
    one item with it (see pipeline.steps).
    """
    names, goals = PersonNames(workspace.people), {goal.id: goal for goal in workspace.goals}
    rows = tasks.to_pylist()
    problems: list[Problem] = []
    links = link_tasks(workspace, rows, problems)
    known = {(row["source"], row["task_id"]) for row in rows}
    initiatives = [
        _initiative_item(goal, one, _initiative_order(workspace, goal, one, problems))
        for goal in workspace.goals
        for one in goal.how
    ]
    places = {one.id: one for one in initiatives}
    undated: list[str] = []
    found: list[Item] = []
    twins: dict[str, Twin] = {}
    outer: dict[str, str] = {}
    for row in rows:
        link = links[row["source"], row["task_id"]]
        waits = tuple(_task_order(row, known, problems))
        if link.initiative and row["parent_id"] and not link.inside:
            outer.setdefault(link.initiative, f"task:{row['source']}/{row['parent_id']}")
        if link.twin and link.initiative:
            twins[link.initiative] = Twin(row, waits, names.owner(row["assignee"] or None))
            continue
        dates = _task_dates(row, places.get(link.initiative or ""), goals.get(link.goal or ""))
        if dates is None:
            undated.append(row["name"])
        else:
            found.append(_task_item(row, dates, names, waits, link))
    written = {f"initiative:{goal.id}/{one.id}": one for goal in workspace.goals for one in goal.how}
    same = {twin.id: initiative for initiative, twin in twins.items()}
    placed = [replace(one, parent=outer.get(one.id)) for one in initiatives]
    renamed = [_renamed(one, same) for one in (*placed, *found)]
    joined = _with_steps(renamed, written, {name: twin.renamed(same) for name, twin in twins.items()})
    items = _leaf_order([*(_goal_item(goal) for goal in workspace.goals), *joined])
    return Collected(tuple(items), tuple(undated), tuple(problems))


@dataclass(frozen=True)
class Twin:
    """The task that is an initiative: what it says where the initiative says nothing."""

    row: Mapping[str, Any]
    waits: tuple[str, ...]
    owner: str | None

    @property
    def id(self) -> str:
        return f"task:{self.row['source']}/{self.row['task_id']}"

    def renamed(self, same: Mapping[str, str]) -> Twin:
        return replace(self, waits=tuple(same.get(one, one) for one in self.waits))


def _renamed(item: Item, same: Mapping[str, str]) -> Item:
    """The item with its references to tasks that are initiatives turned into references to these."""
    waits = tuple(same.get(one, one) for one in item.depends_on)
    return replace(item, depends_on=waits, parent=same.get(item.parent or "", item.parent))


def _with_steps(
    items: Sequence[Item], written: Mapping[str, Initiative], twins: Mapping[str, Twin]
) -> list[Item]:
    """Initiatives joined with the tasks that are their steps: the steps are scheduled, the initiative only
    groups them. What is written in the initiative wins over what its tasks say."""
    steps: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.initiative:
            steps[item.initiative].append(item)
    joined = {
        name: _joined(item, written[name], steps[name], twins.get(name))
        for item in items
        if (name := item.id) in written
    }
    return [
        joined[item.id] if item.id in joined else _step(item, joined) if item.initiative else item
        for item in items
    ]


def _joined(item: Item, one: Initiative, steps: Sequence[Item], twin: Twin | None) -> Item:
    row: Mapping[str, Any] = twin.row if twin else {}
    own = {step.id for step in steps} | {item.id}
    start = one.start or row.get("start_on") or min((step.start for step in steps), default=item.start)
    due = one.due or row.get("due_on") or max((step.due for step in steps), default=item.due)
    waits = (*item.depends_on, *(twin.waits if twin else ()))
    leaves = [step for step in steps if not step.is_summary]
    done = item.done if item.done is not None else row.get("done_percent") if twin else None
    return replace(
        item,
        owner=one.owner or (twin.owner if twin else None) or item.owner,
        start=start,
        due=max(due, start),
        depends_on=tuple(name for name in dict.fromkeys(waits) if name not in own),
        done=done if done is not None else _steps_done(leaves),
        is_summary=bool(leaves),
    )


def _steps_done(steps: Sequence[Item]) -> Decimal | None:
    """Completion of the steps, each weighted by its working days; None when no step has any."""
    if all(step.done is None for step in steps):
        return None
    days = sum(_length(step) for step in steps)
    return sum(((step.done or Decimal(0)) * _length(step) for step in steps), Decimal(0)) / days


def _step(item: Item, initiatives: Mapping[str, Item]) -> Item:
    """A step of an initiative that is done is done, whatever an older export of the tasks says."""
    whole = initiatives[item.initiative or ""]
    waits = tuple(one for one in item.depends_on if one != whole.id)
    return replace(item, depends_on=waits, done=Decimal(100) if whole.is_done else item.done)


def _task_dates(row: Mapping[str, Any], whole: Item | None, goal: Goal | None) -> tuple[date, date] | None:
    place: Item | Goal | None = whole or goal
    start = row["start_on"] or (place.start if place else row["due_on"])
    due = row["due_on"] or (place.due if place else row["start_on"])
    return None if start is None or due is None or due < start else (start, due)


def _goal_item(goal: Goal) -> Item:
    return Item(f"goal:{goal.id}", "goal", goal.title, goal.owner, goal.start, goal.due, goal.id)


def _initiative_item(goal: Goal, one: Initiative, waits: tuple[str, ...]) -> Item:
    start = one.start or min(goal.start, one.due or goal.start)
    return Item(
        id=f"initiative:{goal.id}/{one.id}",
        kind="initiative",
        title=one.title,
        owner=one.owner or goal.owner,
        start=start,
        due=one.due or max(goal.due, start),
        goal=goal.id,
        depends_on=waits,
        done=None if one.done is None else Decimal(one.done),
        hours=one.hours,
        cost=one.cost,
        blocked_by=one.blocked_by,
    )


def _initiative_order(
    workspace: Workspace, goal: Goal, one: Initiative, problems: list[Problem]
) -> tuple[str, ...]:
    """Items the initiative waits for: initiatives of its own goal first, then of any other."""
    own = {other.id for other in goal.how}
    elsewhere = {other.id: which.id for which in workspace.goals for other in which.how}
    found = []
    for name in one.depends_on:
        if name in own:
            found.append(f"initiative:{goal.id}/{name}")
        elif name in elsewhere:
            found.append(f"initiative:{elsewhere[name]}/{name}")
        else:
            problems.append(
                Problem(
                    code="timeline-unknown-initiative",
                    message="Goal {goal}: initiative {item} waits for {name}, which does not exist.",
                    remedy="Name the id of an initiative.",
                    value=name,
                    params={"goal": goal.id, "item": one.id, "name": name},
                    **(workspace.location(f"goal:{goal.id}/how") or workspace.location(f"goal:{goal.id}")),
                )
            )
    return tuple(found)


def _task_order(
    row: Mapping[str, object], known: set[tuple[object, object]], problems: list[Problem]
) -> Iterator[str]:
    for name in str(row["predecessors"] or "").split(";"):
        name = name.strip()
        if not name:
            continue
        if (row["source"], name) in known:
            yield f"task:{row['source']}/{name}"
        else:
            problems.append(
                Problem(
                    code="timeline-unknown-task",
                    message="Source {source}: task {task} waits for task {name}, which is not in the export.",
                    remedy="Export the whole project, or remove the dependency.",
                    value=name,
                    severity="warning",
                    params={"source": row["source"], "task": row["name"], "name": name},
                )
            )


def _task_item(
    row: Mapping[str, Any], dates: tuple[date, date], names: PersonNames, waits: tuple[str, ...], link: Link
) -> Item:
    done, cost = row["done_percent"], row["cost"]
    parent = f"task:{row['source']}/{row['parent_id']}" if row["parent_id"] else None
    return Item(
        id=f"task:{row['source']}/{row['task_id']}",
        kind="task",
        title={"": str(row["name"])},
        owner=names.owner(str(row["assignee"]) if row["assignee"] else None),
        start=dates[0],
        due=dates[1],
        goal=link.goal,
        depends_on=waits,
        done=done if isinstance(done, Decimal) else None,
        cost=cost if isinstance(cost, Decimal) else None,
        parent=parent if link.inside or not link.initiative else link.initiative,
        is_summary=link.is_summary,
        initiative=link.initiative,
    )


def _leaf_order(items: Sequence[Item]) -> list[Item]:
    """Dependencies between work itself: waiting for a summary task means waiting for everything in it, and
    what a summary waits for, everything in it waits for. Dependencies on undated work are dropped."""
    by_id = {item.id: item for item in items}
    return [
        replace(
            item,
            depends_on=tuple(
                dict.fromkeys(
                    leaf.id
                    for one in _inherited_order(item, by_id)
                    for leaf in items
                    if not leaf.is_summary and one in _with_parents(leaf, by_id) and leaf.id != item.id
                )
            ),
        )
        for item in items
    ]


def _with_parents(item: Item, by_id: Mapping[str, Item]) -> list[str]:
    """The item's id and those of the summary tasks it is in, innermost first."""
    found = [item.id]
    while item.parent is not None and item.parent in by_id and item.parent not in found:
        item = by_id[item.parent]
        found.append(item.id)
    return found


def _inherited_order(item: Item, by_id: Mapping[str, Item]) -> list[str]:
    return [before for one in _with_parents(item, by_id) for before in by_id[one].depends_on]


# --- network ------------------------------------------------------------------------------------------


def build_timeline(workspace: Workspace, tasks: pa.Table) -> Timeline:
    """Timeline of everything dated, with the critical path of each goal's network."""
    collected = collect_items(workspace, tasks)
    work = [item for item in collected.items if item.kind != "goal" and not item.is_summary]
    loops = cycles(work)
    slots = schedule(work)
    edges = [(earlier, one) for one, before in _predecessors(work).items() for earlier in before]
    titles = {item.id: item.title for item in collected.items}
    rows = tuple(
        TimelineRow(item, slots.get(item.id), level) for item, level in _reading_order(collected.items)
    )
    critical = sorted(
        (one for one in slots if slots[one].critical), key=lambda one: (slots[one].early_start, one)
    )
    problems = (*collected.problems, *(_cycle_problem(workspace, loop, titles) for loop in loops))
    return Timeline(rows, tuple(edges), tuple(critical), collected.undated, problems)


def _reading_order(items: Sequence[Item]) -> list[tuple[Item, int]]:
    """Goals by due date, each followed by its work by start; then the work of no goal. What belongs to other
    work follows it, one level deeper."""
    goals = sorted((item for item in items if item.kind == "goal"), key=lambda item: (item.due, item.id))
    place = {item.goal: number for number, item in enumerate(goals)}
    by_id = {item.id: item for item in items}
    found = []
    for item in items:
        line = [by_id[one] for one in _with_parents(item, by_id) if by_id[one].goal == item.goal][::-1]
        way = tuple((one.start, one.due, one.id) for one in line)
        level = 0 if item.kind == "goal" else len(line)
        found.append((place.get(item.goal, len(goals)), item.kind != "goal", way, item, level))
    return [(item, level) for *_, item, level in sorted(found, key=lambda one: one[:3])]


def _cycle_problem(
    workspace: Workspace, loop: Sequence[str], titles: Mapping[str, Mapping[str, str]]
) -> Problem:
    place: dict[str, object] = {}
    for one in loop:
        if one.startswith("initiative:"):
            goal = one.removeprefix("initiative:").split("/")[0]
            place = workspace.location(f"goal:{goal}/how") or workspace.location(f"goal:{goal}")
            break
    file, line = place.get("file"), place.get("line")
    return Problem(
        code="timeline-cycle",
        message="These wait for each other, so none can begin: {names}.",
        remedy="Remove one of the dependencies; until then they are scheduled without them.",
        file=str(file) if file else None,
        line=line if isinstance(line, int) else None,
        params={"names": " → ".join(pick(titles[one], "en") for one in [*loop, loop[0]]), "ids": list(loop)},
    )


def cycles(items: Sequence[Item]) -> list[tuple[str, ...]]:
    """Groups of items that wait for each other, each as one way round, sorted by id."""
    after = _known_order(items)
    left = set(after)
    while free := {one for one in left if not any(before in left for before in after[one])}:
        left -= free
    found, seen = [], set()
    for one in sorted(left):
        loop = _way_back(one, after, left) if one not in seen else None
        if loop:
            found.append(loop)
            seen |= set(_mutual(one, after, left))
    return found


def _known_order(items: Sequence[Item]) -> dict[str, list[str]]:
    everything = {item.id for item in items}
    return {item.id: [one for one in item.depends_on if one in everything] for item in items}


def _reached(start: str, after: Mapping[str, Sequence[str]], left: set[str]) -> dict[str, str]:
    """Items reachable from `start` against the arrows, each with the item it was reached from."""
    came: dict[str, str] = {}
    queue = [start]
    while queue:
        here = queue.pop(0)
        for before in after[here]:
            if before in left and before not in came:
                came[before] = here
                queue.append(before)
    return came


def _mutual(one: str, after: Mapping[str, Sequence[str]], left: set[str]) -> list[str]:
    return [other for other in _reached(one, after, left) if one in _reached(other, after, left)]


def _way_back(one: str, after: Mapping[str, Sequence[str]], left: set[str]) -> tuple[str, ...] | None:
    """The shortest loop through `one` in the order of work; None when it only waits for a loop."""
    came = _reached(one, after, left)
    if one not in came:
        return None
    way = [one]
    while came[way[-1]] != one:
        way.append(came[way[-1]])
    return tuple(way)


def schedule(items: Sequence[Item]) -> dict[str, Slot]:
    """Forward and backward pass (critical path method) on working days.

    An item lasts as many working days as between its own dates, starts no earlier than its own start and
    no earlier than the working day after its last predecessor's finish. Each network (items joined by
    dependencies or by serving the same goal) ends with its latest finish; float is counted against that.
    Items that wait for each other (`cycles`) are scheduled as if they did not.
    """
    by_id = {item.id: item for item in items}
    before = _predecessors(items)
    after: dict[str, list[str]] = defaultdict(list)
    for one, earlier in before.items():
        for other in earlier:
            after[other].append(one)
    order = _order(before)
    start: dict[str, int] = {}
    finish: dict[str, int] = {}
    for one in order:
        own = working_index(by_id[one].start)
        start[one] = max([own, *(finish[other] + 1 for other in before[one])])
        finish[one] = start[one] + _length(by_id[one]) - 1
    end = _network_ends(items, before, finish)
    latest: dict[str, int] = {}
    for one in reversed(order):
        latest[one] = min([end[one], *(latest[other] - _length(by_id[other]) for other in after[one])])
    alone = {one for one in order if by_id[one].goal is None and not before[one] and not after[one]}
    return {one: _slot(by_id[one], start[one], finish[one], latest[one], one in alone) for one in order}


def _slot(item: Item, start: int, finish: int, latest: int, alone: bool) -> Slot:
    return Slot(
        early_start=working_date(start),
        early_finish=working_date(finish),
        late_start=working_date(latest - (finish - start)),
        late_finish=working_date(latest),
        float_days=latest - finish,
        pushed_days=start - working_index(item.start),
        critical=latest == finish and not item.is_done and not alone,
    )


def _predecessors(items: Sequence[Item]) -> dict[str, list[str]]:
    """Predecessors of each item. All arrows inside a group that waits for itself are left out."""
    after = _known_order(items)
    knot: dict[str, int] = {}
    for number, loop in enumerate(cycles(items)):
        knot |= dict.fromkeys(_mutual(loop[0], after, set(after)), number)
    return {
        one: [other for other in others if one not in knot or knot[one] != knot.get(other)]
        for one, others in after.items()
    }


def _order(before: Mapping[str, Sequence[str]]) -> list[str]:
    """Items with every predecessor ahead of them."""
    order: list[str] = []
    placed: set[str] = set()
    left = list(before)
    while left:
        ready = [one for one in left if all(other in placed for other in before[one])]
        order += ready
        placed |= set(ready)
        left = [one for one in left if one not in placed]
    return order


def _network_ends(
    items: Sequence[Item], before: Mapping[str, Sequence[str]], finish: Mapping[str, int]
) -> dict[str, int]:
    """The last finish of the network each item is in."""
    root = {item.id: item.id for item in items}

    def find(one: str) -> str:
        while root[one] != one:
            one = root[one]
        return one

    serving: dict[str, str] = {}
    for item in items:
        joined = [*before[item.id], *([serving.setdefault(item.goal, item.id)] if item.goal else [])]
        for other in joined:
            root[find(item.id)] = find(other)
    ends: dict[str, int] = {}
    for one in root:
        ends[find(one)] = max(ends.get(find(one), finish[one]), finish[one])
    return {one: ends[find(one)] for one in root}


def working_index(day: date) -> int:
    """Number of the working day on or after `day`, counted from Monday 5 January 1970."""
    return int(np.busday_count(MONDAY, np.busday_offset(day, 0, roll="forward")))


def working_date(index: int) -> date:
    found: date = np.busday_offset(MONDAY, index).astype(object)
    return found


def working_days(first: date, last: date) -> int:
    """Working days from `first` to `last`, both included; 0 when last is before first."""
    return max(int(np.busday_count(first, last + timedelta(days=1))), 0) if last >= first else 0


def _length(item: Item) -> int:
    return max(working_days(item.start, item.due), 1)


# --- who is overloaded --------------------------------------------------------------------------------


@dataclass(frozen=True)
class WeekLoad:
    """Work asked of a person in a week, in hours, against what they have."""

    person: str
    week: Week
    needed: Decimal
    """Hours of initiatives, spread evenly over their working days."""
    capacity: Decimal
    """Hours a week by people.yaml."""
    usual: Decimal | None
    """Mean tracked hours a week of the last 13 weeks, whatever they were for; None: nothing was tracked."""
    tasks: int
    """Open tasks without hours that touch the week; they are counted, not estimated."""
    state: LoadState
    """over: more than the capacity. tight: more than the capacity leaves beside the usual load."""

    @property
    def free(self) -> Decimal:
        return max(self.capacity - (self.usual or Decimal(0)), Decimal(0))


def workload(
    items: Iterable[Item], people: People, time_entries: pa.Table, through: date, first: date, last: date
) -> tuple[WeekLoad, ...]:
    """Load per person and week that has any initiative or task, from `first` to `last`. An initiative's
    hours are its owner's; its steps are not counted beside them.

    `time_entries`: rows of the fact; the usual load is taken from the 13 weeks up to `through`.
    """
    usual = usual_hours(people, time_entries, through)
    open_items = counted_work(items)
    loads = []
    for person in people.people:
        own = [item for item in open_items if item.owner == person.id]
        for week in week_range(Week.of(first), Week.of(last)) if own else []:
            needed = sum((_hours_in(item, week) for item in own), Decimal(0))
            tasks = sum(item.hours is None and _touches(item, week) for item in own)
            if needed or tasks:
                loads.append(_week_load(person, week, needed, usual.get(person.id), tasks))
    return tuple(loads)


def counted_work(items: Iterable[Item]) -> list[Item]:
    """Open work, each piece once: an initiative with hours stands for its steps, one without hours is
    counted by its steps."""
    work = [item for item in items if item.kind != "goal"]
    estimated = {item.id for item in work if item.kind == "initiative" and item.hours is not None}
    return [
        item
        for item in work
        if not item.is_done
        and (item.id in estimated or not item.is_summary)
        and item.initiative not in estimated
    ]


def _week_load(person: Person, week: Week, needed: Decimal, usual: Decimal | None, tasks: int) -> WeekLoad:
    free = max(person.hours_per_week - (usual or Decimal(0)), Decimal(0))
    state: LoadState = "over" if needed > person.hours_per_week else "tight" if needed > free else "ok"
    return WeekLoad(person.id, week, needed, person.hours_per_week, usual, tasks, state)


def usual_hours(people: People, time_entries: pa.Table, through: date) -> dict[str, Decimal]:
    """Mean tracked hours a week of each person in the 13 weeks up to and with `through`."""
    names, since = PersonNames(people), through - timedelta(weeks=USUAL_WEEKS)
    total: dict[str, Decimal] = defaultdict(Decimal)
    columns = (time_entries.column(name).to_pylist() for name in ("person", "worked_on", "hours"))
    for written, day, hours in zip(*columns, strict=True):
        person = names.person(written) if since < day <= through else None
        if person is not None:
            total[person.id] += hours
    return {one: hours / USUAL_WEEKS for one, hours in total.items()}


def _touches(item: Item, week: Week) -> bool:
    return item.start <= week.sunday and item.due >= week.monday


def _hours_in(item: Item, week: Week) -> Decimal:
    if item.hours is None or not _touches(item, week):
        return Decimal(0)
    # work whose dates hold no working day is done on its first day
    if not working_days(item.start, item.due):
        return item.hours if Week.of(item.start) == week else Decimal(0)
    days = working_days(max(item.start, week.monday), min(item.due, week.sunday))
    return item.hours * days / working_days(item.start, item.due)


# --- calendar -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CalendarEntry:
    day: date
    kind: Literal["goal_due", "milestone", "initiative_due", "task_due", "review"]
    title: Mapping[str, str] = field(hash=False)
    who: tuple[str, ...]
    goal: str | None = None
    every: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Of a review: how often."""


def build_calendar(workspace: Workspace, timeline: Timeline) -> tuple[CalendarEntry, ...]:
    """Everyone's dates in order: goals' due dates and milestones, ends of open work, reviews."""
    entries: list[CalendarEntry] = []
    for goal in workspace.goals:
        entries.append(CalendarEntry(goal.due, "goal_due", goal.title, (goal.owner,), goal.id))
        entries += [
            CalendarEntry(one.date, "milestone", one.label or goal.title, (goal.owner,), goal.id)
            for one in goal.milestones
        ]
    for row in timeline.rows:
        item = row.item
        if item.kind != "goal" and not (item.is_summary and item.kind == "task") and not item.is_done:
            kind: Literal["initiative_due", "task_due"] = (
                "initiative_due" if item.kind == "initiative" else "task_due"
            )
            entries.append(
                CalendarEntry(item.due, kind, item.title, (item.owner,) if item.owner else (), item.goal)
            )
    for review in workspace.strategy.reviews:
        if review.next is not None:
            entries.append(CalendarEntry(review.next, "review", review.title, review.who, every=review.every))
    return tuple(sorted(entries, key=lambda one: (one.day, one.kind, one.goal or "", pick(one.title, "en"))))
