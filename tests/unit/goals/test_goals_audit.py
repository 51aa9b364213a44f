"""Moved goalposts: a target or due date that changed between editions without an entry is always noticed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.goals.audit import (
    TERMS_KEYS,
    TERMS_TABLE,
    audit_problems,
    record_terms,
    unrecorded_changes,
)
from pipeline.goals.model import Unrecorded
from pipeline.language import speech
from pipeline.periods import Week
from pipeline.report.i18n import formats
from pipeline.report.terms import unrecorded_text
from pipeline.store.store import Store
from pipeline.units import Direction, Unit
from pipeline.workspace.model import Company, Goal, Kpi, Workspace
from tests.unit.goals.goals_cases import goal

W45, W46, W47, W48 = (Week(2026, number) for number in (45, 46, 47, 48))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state")


def company(*goals: Goal) -> Workspace:
    return Workspace(
        root=Path("."),
        company=Company(company="X", timezone="Europe/Berlin", currency="EUR"),
        goals=goals,
        locations={"goal:g/target": ("goals/g.yaml", 7, 9)},
    )


def printed(store: Store, workspace: Workspace, weeks: Iterable[Week]) -> None:
    for week in weeks:
        record_terms(workspace, store, week)


def moved(store: Store, one: Goal, week: Week) -> tuple[Unrecorded, ...]:
    return unrecorded_changes(company(one), store, week).get("g", ())


def test_a_target_lowered_in_the_file_is_noticed_from_the_next_edition_on(store: Store) -> None:
    printed(store, company(goal(target="1300")), [W45, W46])
    lower = goal(target="1000")
    assert moved(store, lower, W47) == (Unrecorded("target", "1300", "1000", "2026-W46"),)
    assert moved(store, goal(target="1300"), W47) == ()


def test_making_the_old_weeks_anew_does_not_hide_it(store: Store) -> None:
    """The week that printed 1300 is run again with 1000: both stay on record."""
    printed(store, company(goal(target="1300")), [W45, W46])
    printed(store, company(goal(target="1000")), [W46, W45, W47, W46])
    for week in (W45, W46, W47, W48):
        assert [one.before for one in moved(store, goal(target="1000"), week)] == ["1300"]


@pytest.mark.parametrize("order", [[W45, W46, W47], [W47, W45, W46], [W46, W47, W45]])
def test_the_order_of_runs_changes_nothing(store: Store, order: list[Week]) -> None:
    printed(store, company(goal(target="1300")), order)
    assert moved(store, goal(target="1000"), W46) == (Unrecorded("target", "1300", "1000", "2026-W46"),)
    assert moved(store, goal(target="1000"), W45) == (Unrecorded("target", "1300", "1000", "2026-W45"),)


def test_an_entry_explains_it_and_a_wrong_one_does_not(store: Store) -> None:
    """W46 is reported on 16 November with the targets of that day; the change is dated the day after."""
    printed(store, company(goal(target="1300")), [W45, W46])

    def changed(previous: str) -> Goal:
        entry = {"on": date(2026, 11, 17), "by": "ann", "reason": "board", "previous": previous}
        return goal(target="1000", target_changes=[entry])

    assert moved(store, changed("1300"), W47) == ()
    assert [one.before for one in moved(store, changed("1200"), W47)] == ["1300"]
    backdated = {"on": date(2026, 11, 3), "by": "ann", "reason": "board", "previous": "1300"}
    assert [one.week for one in moved(store, goal(target="1000", target_changes=[backdated]), W47)] == [
        "2026-W46"
    ]


def test_a_due_date_moved_out_is_noticed_and_explained(store: Store) -> None:
    printed(store, company(goal()), [W46])
    later = {"due": date(2027, 3, 28)}
    assert moved(store, goal(**later), W47) == (Unrecorded("due", "2026-12-27", "2027-03-28", "2026-W46"),)
    entry = {
        "on": date(2026, 11, 18), "by": "ann", "reason": "late start", "previous": "1300",
        "previous_due": date(2026, 12, 27),
    }  # fmt: skip
    assert moved(store, goal(**later, target_changes=[entry]), W47) == ()


def test_the_same_number_of_another_base_is_another_target(store: Store) -> None:
    fields = {"kind": "level", "baseline": "100", "target": "+10 %"}
    printed(store, company(goal(**fields, relative_to="baseline")), [W46])
    found = moved(store, goal(**fields, relative_to="prior_year"), W47)
    assert [(one.before, one.now) for one in found] == [
        ("+10 %, relative_to: baseline", "+10 %, relative_to: prior_year")
    ]


def test_an_entry_explains_another_base_too(store: Store) -> None:
    fields = {"kind": "level", "baseline": "100", "target": "+10 %"}
    printed(store, company(goal(**fields, relative_to="baseline")), [W46])
    entry = {"on": date(2026, 11, 18), "by": "ann", "reason": "last year is fairer", "previous": "+10 %"}
    assert moved(store, goal(**fields, relative_to="prior_year", target_changes=[entry]), W47) == ()


RATE = {"kpi": "closing_rate", "kind": "level", "baseline": "25 %", "target": "30 %"}


@pytest.mark.parametrize(
    ("changed", "key", "before", "now"),
    [
        ({"baseline": "20 %"}, "baseline", "25 %", "20 %"),
        ({"start": date(2026, 10, 26)}, "start", "2026-09-28", "2026-10-26"),
        ({"kpi": "cohort_close_rate"}, "kpi", "closing_rate", "cohort_close_rate"),
        ({"measured": {"over": "trailing", "periods": 4}}, "measured", "trailing 13", "trailing 4"),
        ({"measured": {"over": "last"}}, "measured", "trailing 13", "last"),
        ({"segment": {"team": "south"}}, "segment", "–", "team: south"),
    ],
)
def test_another_way_to_move_a_goal_is_noticed_until_an_entry_says_why(
    store: Store, changed: dict[str, object], key: str, before: str, now: str
) -> None:
    printed(store, company(goal(**RATE)), [W45, W46])
    assert moved(store, goal(**{**RATE, **changed}), W47) == (Unrecorded(key, before, now, "2026-W46"),)  # type: ignore[arg-type]
    printed(store, company(goal(**{**RATE, **changed})), [W46])  # run again: both stay on record
    assert [one.before for one in moved(store, goal(**{**RATE, **changed}), W48)] == [before]
    entry = {"on": date(2026, 11, 18), "by": "ann", "reason": "board", "previous": "30 %"}
    assert moved(store, goal(**{**RATE, **changed}, target_changes=[entry]), W47) == ()
    early = entry | {"on": date(2026, 11, 9)}
    assert [one.key for one in moved(store, goal(**{**RATE, **changed}, target_changes=[early]), W47)] == [
        key
    ]


def test_the_default_measurement_written_down_is_no_change(store: Store) -> None:
    printed(store, company(goal(**RATE)), [W46])
    assert moved(store, goal(**RATE, measured={"over": "trailing", "periods": 13}), W47) == ()


def test_a_level_that_becomes_one_to_keep_is_a_moved_goal(store: Store) -> None:
    """Measured alike, so that nothing but the kind is another. A level at its baseline was kept before."""
    rule = {"measured": {"over": "last"}}
    printed(store, company(goal(**RATE, **rule)), [W46])
    kept = goal(**{**RATE, "kind": "maintain"}, **rule)
    assert moved(store, kept, W47) == (Unrecorded("kind", "level", "maintain", "2026-W46"),)
    at_baseline = {**RATE, "target": "25 %"}
    printed(store, company(goal(**at_baseline)), [W48])
    same = moved(store, goal(**{**at_baseline, "kind": "maintain"}), W48)
    assert [one for one in same if one.week == "2026-W48"] == []


def test_a_goal_for_another_segment_is_a_moved_goal_in_whatever_order_it_is_written(store: Store) -> None:
    printed(store, company(goal(segment={"team": "south", "region": "EU"})), [W46])
    assert moved(store, goal(segment={"region": "EU", "team": "south"}), W47) == ()
    assert moved(store, goal(segment={"region": "EU"}), W47) == (
        Unrecorded("segment", "region: EU, team: south", "region: EU", "2026-W46"),
    )


def test_a_kpi_whose_direction_is_turned_round_is_a_moved_goal(store: Store) -> None:
    upward = Kpi.model_validate(
        {"id": "own", "name": "Own", "unit": "count", "direction": "up", "kind": "simple",
         "formula": "Deals.", "numerator": {"fact": "deals", "date": "closed_on"}}
    )  # fmt: skip
    one = goal(kpi="own")
    printed(store, company(one).model_copy(update={"kpis": (upward,)}), [W46])
    turned = upward.model_copy(update={"direction": Direction.DOWN})
    found = unrecorded_changes(company(one).model_copy(update={"kpis": (turned,)}), store, W47)
    assert found == {"g": (Unrecorded("direction", "up", "down", "2026-W46"),)}


def test_of_editions_without_recorded_definitions_nothing_is_said(store: Store) -> None:
    """A state folder from before definitions were kept has targets and due dates alone."""
    rows = [
        {
            "goal": "g",
            "target": "30 %",
            "due": "2026-12-27",
            "first_week": "2026-W40",
            "last_week": "2026-W46",
        }
    ]
    always = datetime(2000, 1, 1, tzinfo=UTC)
    store.put_version(TERMS_TABLE, pa.Table.from_pylist(rows), TERMS_KEYS, always)
    assert moved(store, goal(**{**RATE, "baseline": "1 %"}), W47) == ()


def test_every_moved_definition_is_said_in_both_languages(store: Store) -> None:
    for key, before, now in (
        ("baseline", "25 %", "–"), ("start", "2026-09-28", "2026-10-26"), ("kpi", "a", "b"),
        ("measured", "trailing 13", "last"), ("direction", "up", "down"), ("kind", "level", "maintain"),
        ("segment", "region: EU, team: south", "–"),
    ):  # fmt: skip
        one = Unrecorded(key, before, now, "2026-W46")  # type: ignore[arg-type]
        said = [unrecorded_text(one, Unit.PERCENT, formats(lang, "EUR")) for lang in ("en", "ru")]
        assert said[0] != said[1] and "without an entry" in said[0]
        (problem,) = audit_problems(company(goal()), {"g": (one,)}, date(2026, 11, 23))
        assert speech("ru").has(problem.message) and speech("ru").has(problem.remedy)
    measured = Unrecorded("measured", "trailing 13", "last", "2026-W46")
    assert unrecorded_text(measured, Unit.PERCENT, formats("en", "EUR")).startswith(
        "the figure was measured over the newest 13 periods until"
    )
    kept = Unrecorded("kind", "cumulative", "maintain", "2026-W46")
    assert unrecorded_text(kept, Unit.PERCENT, formats("en", "EUR")).startswith(
        "the goal was a sum to reach until W46 and is a level to keep, "
    )


def test_nothing_is_said_of_weeks_that_come_later(store: Store) -> None:
    printed(store, company(goal(target="1300")), [W48])
    assert moved(store, goal(target="1000"), W47) == ()


def test_check_says_where_in_both_languages_and_names_what_to_write(store: Store) -> None:
    over = {"status": "watch", "by": "ann", "reason": "x", "until": date(2026, 11, 20)}
    workspace = company(goal(target="1000", override=over))
    printed(store, company(goal(target="1300")), [W46])
    found = audit_problems(workspace, unrecorded_changes(workspace, store, W47), date(2026, 11, 23))
    assert [(one.code, one.severity, one.file, one.line) for one in found] == [
        ("E-TARGET", "warning", "goals/g.yaml", 7), ("E-OVERRIDE", "warning", None, None),
    ]  # fmt: skip
    assert "was 1300 until 2026-W46 and is 1000" in found[0].text()
    assert all(speech("ru").has(one.message) and speech("ru").has(one.remedy) for one in found)
    assert len(audit_problems(workspace, {}, date(2026, 11, 20))) == 0  # its last day still counts
