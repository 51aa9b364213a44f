"""Weeks, zones and cut-offs, held against the calendar, Dagster's partitions and plain counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.periods import (
    Week,
    add_months,
    as_instant,
    company_date,
    cutoff,
    each_day,
    elapsed_share,
    latest_due_week,
    month_end,
    prior_year_day,
    quarter_window,
    week_range,
    weeks_in_year,
)

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Moscow", "Asia/Kolkata", "America/Los_Angeles"])
def test_weeks_equal_dagsters_partitions_over_ten_years(zone: str) -> None:
    partitions = dg.WeeklyPartitionsDefinition(start_date="2016-01-04", day_offset=1, timezone=zone)
    windows = {
        key: (window.start.timestamp(), window.end.timestamp())
        for key in partitions.get_partition_keys(current_time=datetime(2026, 1, 6, tzinfo=UTC))
        for window in [partitions.time_window_for_partition_key(key)]
    }
    ours = week_range(Week(2016, 1), Week(2026, 1))[: len(windows)]
    assert [week.monday.isoformat() for week in ours] == list(windows)
    here = ZoneInfo(zone)
    for week in ours:
        begin = datetime.combine(week.monday, time(), here).timestamp()
        end = datetime.combine(week.plus(1).monday, time(), here).timestamp()
        assert windows[week.monday.isoformat()] == (begin, end)


def test_the_autumn_week_has_169_hours_not_168() -> None:
    week = Week.of(date(2026, 10, 25))
    assert cutoff(week, BERLIN) - cutoff(week.plus(-1), BERLIN) == timedelta(hours=169)
    assert str(week) == "2026-W43"


def test_2026_has_a_week_53_and_2027_begins_with_week_1() -> None:
    assert weeks_in_year(2026) == 53
    assert Week.of(date(2026, 12, 28)) == Week(2026, 53)
    assert Week(2026, 53).plus(1) == Week(2027, 1)
    assert Week(2026, 53).prior_year() == Week(2026, 1)  # 2025 has no week 53: 52 weeks earlier


@pytest.mark.parametrize("wrong", ["2025-W53", "2026-W00", "2026-47", "W47", "2026-W54", ""])
def test_a_week_that_does_not_exist_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        Week.parse(wrong)


@given(DAYS)
def test_a_week_holds_its_day_and_counts_seven(day: date) -> None:
    week = Week.of(day)
    assert week.days() == list(each_day(week.monday, week.sunday))
    assert day in week.days()
    assert Week.parse(str(week)) == week


@given(DAYS)
def test_prior_year_keeps_the_weekday_and_lies_about_a_year_back(day: date) -> None:
    before = prior_year_day(day)
    assert before.weekday() == day.weekday()
    assert 357 <= (day - before).days <= 371


def test_cutoff_is_monday_seven_in_the_company_zone_summer_and_winter() -> None:
    assert cutoff(Week(2026, 28), BERLIN) == datetime(2026, 7, 13, 5, tzinfo=UTC)
    assert cutoff(Week(2026, 47), BERLIN) == datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_the_latest_due_week_waits_for_its_cutoff() -> None:
    assert latest_due_week(datetime(2026, 11, 23, 5, 59, tzinfo=UTC), BERLIN) == Week(2026, 46)
    assert latest_due_week(datetime(2026, 11, 23, 6, 0, tzinfo=UTC), BERLIN) == Week(2026, 47)


def test_a_late_evening_in_utc_is_already_the_next_day_at_the_company() -> None:
    assert company_date(datetime(2026, 6, 30, 22, 30, tzinfo=UTC), BERLIN) == date(2026, 7, 1)
    assert as_instant(datetime(2026, 7, 1, 0, 30), BERLIN) == datetime(2026, 6, 30, 22, 30, tzinfo=UTC)


def test_a_quarter_counts_days_not_weeks() -> None:
    first, last = quarter_window(2026, 4)
    assert (first, last) == (date(2026, 10, 1), date(2026, 12, 31))
    assert elapsed_share(first, last, date(2026, 11, 22)) == pytest.approx(53 / 92)
    assert len({Week.of(day) for day in each_day(first, last)}) == 14


def test_months_end_where_the_calendar_says() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert month_end(date(2028, 2, 3)) == date(2028, 2, 29)
