"""Geometry: marks that would mislead if they stood elsewhere."""

from datetime import date, timedelta
from decimal import Decimal as D
from itertools import pairwise

from pipeline.report.charts import ControlWords, Scale, bullet, control_chart, sparkline, spread, ticks
from pipeline.report.fit import width


def test_a_scale_is_linear_and_survives_a_domain_of_no_width() -> None:
    assert Scale(0, 200, 10, 110).at(50) == 35
    assert Scale(5, 5, 0, 10).at(5) == 5


def test_ticks_are_round_inside_and_few() -> None:
    assert ticks(0, 1260000, 5) == [0, 500000, 1000000]
    assert ticks(0.18, 0.45, 5) == [0.2, 0.3, 0.4]
    for low, high in ((0, 0.0007), (-3, 17), (99, 100), (0, 9e8)):
        found = ticks(low, high, 5)
        assert 1 <= len(found) <= 5
        assert all(low - 1e-9 <= one <= high + 1e-9 for one in found)


def test_labels_never_touch_and_keep_their_order() -> None:
    places = spread([50, 51, 52, 10], 9, 0, 100)
    assert sorted(places) == [places[3], places[0], places[1], places[2]]
    ordered = sorted(places)
    assert all(b - a >= 8.99 for a, b in pairwise(ordered))
    assert max(spread([99, 99, 99], 9, 0, 100)) <= 100


def test_shades_are_mirrored_when_lower_is_better() -> None:
    up = bullet(
        actual=D(60), target=D(100), plan=D(70), edges=(D(40), D(50), D(65)), higher_is_better=True, alt=""
    )
    down = bullet(
        actual=D(60),
        target=D(20),
        plan=D(40),
        edges=(D(80), D(60), D(45)),
        higher_is_better=False,
        alt="",
        origin=D(100),
    )
    darkest = lambda p: next(a for a in p.areas if a.css == "s1")  # noqa: E731
    assert darkest(up).x == 0
    assert darkest(down).x > 0 and darkest(down).x + darkest(down).width == down.width


def test_a_bar_begins_at_zero_and_a_loss_hangs_left_of_it() -> None:
    bar = lambda p: next(a for a in p.areas if a.css == "bar")  # noqa: E731
    gain = bullet(
        actual=D(50), target=D(100), plan=None, edges=(D(100),), higher_is_better=True, alt="", width=107
    )
    assert (bar(gain).x, bar(gain).width) == (0, 50)
    loss = bullet(actual=D(-50), target=D(100), plan=None, edges=(D(100),), higher_is_better=True, alt="")
    assert bar(loss).x + bar(loss).width < 50


def test_a_missing_period_breaks_the_line_instead_of_being_drawn_as_zero() -> None:
    picture = sparkline([D(1), D(2), None, D(4), D(5)], alt="")
    assert len(picture.trails) == 2


def test_where_there_is_no_limit_the_band_ends_without_a_line_or_a_label() -> None:
    days = [date(2026, 10, 5) + timedelta(days=7 * n) for n in range(6)]
    words = ControlWords("", "upper", "mean", "", "target", lambda values: [""] * len(values))
    drawn = control_chart(
        list(zip(days, map(D, range(6)), strict=True)),
        limits=(D(0), D(2), D(5)),
        target=None,
        outside=lambda _: False,
        words=words,
        month=lambda day: f"{day:%b}",
    )
    (band,) = drawn.areas
    assert [(rule.css, rule.y1 == band.y) for rule in drawn.rules] == [("limit", True), ("mean", False)]
    assert {mark.text for mark in drawn.marks} >= {"upper", "mean"}
    assert not any(rule.y1 == band.y + band.height for rule in drawn.rules)
    assert band.y + band.height <= drawn.height


def test_no_label_of_an_axis_begins_outside_its_picture() -> None:
    """ "2,000 %" once lost its first digit."""
    days = [date(2026, 10, 5) + timedelta(days=7 * n) for n in range(8)]
    words = ControlWords("", "upper", "mean", "lower", "target", lambda values: ["€2,000,000"] * len(values))
    drawn = control_chart(
        list(zip(days, map(D, range(8)), strict=True)),
        limits=(D(1), D(4), D(7)),
        target=None,
        outside=lambda _: False,
        words=words,
        month=lambda day: f"{day:%b}",
    )
    labels = [mark for mark in drawn.marks if mark.anchor == "end"]
    assert labels and all(mark.x - width(mark.text, 7) >= 0 for mark in labels)
