"""Scores of past chances against sums done by hand, and none where there are too few goals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from pipeline.goals.judged import Prediction, scores
from pipeline.goals.model import StatusName
from pipeline.report.calibration import calibration, calibration_svg
from pipeline.report.i18n import formats

DUE = date(2026, 3, 29)


def _goal(
    name: str, happened: bool, chances: list[float], flagged: str, pace: list[StatusName | None], end: str
) -> list[Prediction]:
    """Four weekly predictions before a due date; `flagged` is a letter each, x for up."""
    return [
        Prediction(
            name, "revenue", DUE - timedelta(weeks=4 - at), DUE, at + 1, 5, chance, Decimal(10), Decimal(20),
            flagged[at] == "x", pace[at], happened, Decimal(end),
        )
        for at, chance in enumerate(chances)
    ]  # fmt: skip


UP: list[StatusName | None] = ["on_track"] * 4
DOWN: list[StatusName | None] = ["at_risk"] * 4
GOALS = [
    _goal("a", True, [0.7, 0.7, 0.9, 1.0], "....", UP, "15"),
    _goal("b", True, [0.3, 0.3, 0.5, 0.9], ".xx.", DOWN, "20"),
    _goal("c", False, [0.7, 0.3, 0.3, 0.1], "..xx", UP, "9"),
    _goal("d", False, [0.5, 0.1, 0.1, 0.1], ".xxx", DOWN, "10"),
    _goal("e", True, [0.9, 0.9, 0.9, 0.9], "....", UP, "21"),
]
KNOWN = [one for own in GOALS for one in own]


def test_brier_is_the_mean_squared_error_and_pace_is_read_with_hindsight() -> None:
    found = scores(KNOWN)
    assert found is not None
    a = 0.09 + 0.09 + 0.01 + 0
    b = 0.49 + 0.49 + 0.25 + 0.01
    c = 0.49 + 0.09 + 0.09 + 0.01
    d = 0.25 + 0.01 + 0.01 + 0.01
    e = 4 * 0.01
    assert found.brier == pytest.approx((a + b + c + d + e) / 20)
    # on track came true for a and e of a, c, e: 2/3; at risk for b of b, d: 1/2
    pace = (8 * (1 / 3) ** 2 + 4 * (2 / 3) ** 2 + 8 * 0.25) / 20
    assert found.brier_pace == pytest.approx(pace)
    assert found.skill == pytest.approx(1 - found.brier / pace)


def test_a_chance_on_an_edge_is_in_one_band_and_every_forecast_is_in_some() -> None:
    found = scores(KNOWN)
    assert found is not None
    assert [(band.low, band.count, band.happened) for band in found.bands] == [
        (0.0, 4, 0), (0.2, 4, 2), (0.4, 2, 1), (0.6, 3, 2), (0.8, 7, 7),
    ]  # fmt: skip
    gaps = [4 * 0.1, 4 * abs(0.3 - 0.5), 2 * 0, 3 * abs(0.7 - 2 / 3), 7 * abs(6.4 / 7 - 1)]
    assert found.ece == pytest.approx(sum(gaps) / 20)


def test_a_flag_that_came_down_again_gives_no_lead() -> None:
    """c is flagged from two weeks before its due date on, d from three; b's flag came down."""
    found = scores(KNOWN)
    assert found is not None
    assert (found.missed, found.missed_flagged, found.lead_weeks) == (2, 2, 2.5)
    assert (found.half_flagged, found.half_missed, found.half_both) == (2, 2, 1)  # b and d; c and d; d
    assert found.flips == 4  # b up and down, c up, d up


def test_an_end_on_the_edge_of_the_range_is_inside_and_a_goal_without_range_is_left_out() -> None:
    found = scores(KNOWN)
    assert found is not None
    assert (found.in_range, found.ranged) == (12, 20)  # a, b and d of five goals
    rangeless = [replace(one, low=None, high=None) if one.goal_id == "e" else one for one in KNOWN]
    again = scores(rangeless)
    assert again is not None and (again.in_range, again.ranged) == (12, 16)


def test_four_goals_get_no_score_however_many_forecasts_they_have() -> None:
    assert scores(one for one in KNOWN * 5 if one.goal_id != "e") is None
    assert scores(one for one in KNOWN if one.closed < 4) is None  # 15 forecasts


def test_order_of_predictions_changes_nothing() -> None:
    assert scores(KNOWN) == scores(KNOWN[::-1])


def test_the_plot_has_each_band_where_its_numbers_say() -> None:
    found = scores(KNOWN)
    assert found is not None
    picture = calibration(found, "Own goals", formats("en", "EUR"))
    assert len(picture.dots) == 5
    # the middle band: mean chance .5, one of two came true: the middle of a square of 300 from (40, 26)
    assert (picture.dots[2].x, picture.dots[2].y) == (190, 176)
    assert "1 of 2" in [mark.text for mark in picture.marks]
    text = calibration_svg(found, "Свои цели", formats("ru", "EUR"))
    assert text.startswith("<svg") and "1 из 2" in text
