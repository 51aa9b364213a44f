"""Formats: what a reader would read wrongly if a rule slipped."""

import ast
import re
from datetime import UTC, date, datetime
from decimal import Decimal as D
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import pipeline.report
from pipeline.facts import FACTS
from pipeline.goals.model import Reason
from pipeline.language import speech
from pipeline.periods import Week
from pipeline.report.i18n import Formats
from pipeline.report.words import DIMENSIONS
from pipeline.units import Unit

EN, RU = Formats("en", "EUR"), Formats("ru", "EUR")


@pytest.mark.parametrize(
    ("amount", "en", "ru"),
    [
        ("1234567", "€1.23 M", "1,23 млн €"),
        ("999499", "€999 k", "999 тыс. €"),
        ("999500", "€1.00 M", "1,00 млн €"),
        ("84200", "€84.2 k", "84,2 тыс. €"),
        ("9840", "€9,840", "9 840 €"),
        ("7.5", "€7.50", "7,50 €"),
        ("-421000", "−€421 k", "−421 тыс. €"),
        ("0", "€0", "0 €"),
    ],
)
def test_money_is_scaled_once_and_signed_before_the_currency(amount: str, en: str, ru: str) -> None:
    assert EN.money(D(amount)).replace("\u00a0", " ") == en
    assert RU.money(D(amount)).replace("\u00a0", " ") == ru


def test_no_number_can_break_over_two_lines() -> None:
    for text in (
        RU.money(D(1234567)),
        EN.percent(D("0.271")),
        RU.points(D("0.047")),
        RU.number(1234567),
        EN.hours(D(3)),
    ):
        assert " " not in text


def test_half_is_rounded_up_and_minus_zero_is_zero() -> None:
    assert EN.number(D("2.675"), 2) == "2.68"
    assert EN.number(D("-0.4"), 0, signed=True) == "0"


def test_a_difference_of_percentages_is_in_points_never_in_per_cent() -> None:
    assert EN.delta(D("0.047"), Unit.PERCENT) == "+4.7\u00a0pp"
    assert RU.delta(D("-0.012"), Unit.PERCENT) == "−1,2\u00a0п.\u00a0п."


def test_a_missing_value_is_a_dash_not_a_zero() -> None:
    assert EN.value(None, Unit.MONEY) == "—"
    assert EN.delta(None, Unit.PERCENT) == "—"


@pytest.mark.parametrize(
    ("chance", "text"), [(0.04, "<5 %"), (0.27, "25 %"), (0.28, "30 %"), (0.96, ">95 %")]
)
def test_a_chance_is_never_more_precise_than_five_per_cent(chance: float, text: str) -> None:
    assert EN.probability(chance).replace("\u00a0", " ") == text


def test_a_week_is_printed_as_its_days_also_across_the_year() -> None:
    assert EN.week(Week(2026, 47)).replace("\u00a0", " ") == "16–22 Nov 2026, W47"
    assert EN.week(Week(2026, 53)).replace("\u00a0", " ") == "28 Dec 2026 – 3 Jan 2027, W53"
    assert RU.week(Week(2026, 49)).replace("\u00a0", " ") == "30 ноября – 6 декабря 2026 г., неделя 49"


def test_an_instant_is_told_on_the_companys_clock() -> None:
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert (
        EN.instant(at, ZoneInfo("Europe/Moscow")).replace("\u00a0", " ") == "23 Nov 2026 02:30 Europe/Moscow"
    )


def test_a_range_prints_its_unit_once() -> None:
    assert EN.range(D(1812000), D(2415000), Unit.MONEY).replace("\u00a0", " ") == "€1.81–2.42 M"
    assert RU.range(D("0.244"), D("0.325"), Unit.PERCENT).replace("\u00a0", " ") == "24,4–32,5 %"


def test_a_reason_formats_each_param_by_its_kind() -> None:
    reason = Reason(
        "{a} {b} {c} {d} {e}",
        {
            "a": ("money", D(71000)),
            "b": ("points", D("0.012")),
            "c": ("times", D("1.66")),
            "d": ("date", date(2026, 12, 31)),
            "e": ("text", {"en": "x", "ru": "икс"}),
        },
    )
    assert EN.reason(reason).replace("\u00a0", " ") == "€71 k 1.2 pp 1.7× 31 Dec 2026 x"


def _literals(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _literals(node.body) | _literals(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _said() -> set[str]:
    """Literal templates that the room's modules say, read from their syntax trees."""
    found: set[str] = set()
    folder = Path(pipeline.report.__file__).parent
    for path in sorted(folder.glob("*.py")):
        if path.stem.startswith("plan"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "say"
            ):
                found |= _literals(node.args[0]) if node.args else set()
    return found


def test_everything_said_is_said_in_russian_with_the_same_fields() -> None:
    russian = speech("ru")
    missing = {text for text in _said() if not russian.has(text)}
    assert not missing
    for text in _said():
        assert set(re.findall(r"\{(\w+)\}", russian(text).replace("{n}", ""))) <= set(
            re.findall(r"\{(\w+)\}", text)
        )


def test_every_column_that_splits_a_kpi_has_a_word_in_both_languages() -> None:
    """The head of a table read Account_class, and Goal on a Russian page."""
    columns = {name for fact in FACTS.values() for name in fact.dimensions}
    words = {DIMENSIONS.get(name, name) for name in columns}
    assert not {word for word in words if "_" in word}
    assert not {word for word in words if RU.say(word) == word}
