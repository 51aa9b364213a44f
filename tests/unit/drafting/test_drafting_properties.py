"""Properties that hold for any number, day and text, not only for the sentences somebody thought of."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.drafting.compose import free_id, slug
from pipeline.drafting.draft import draft_sentence
from pipeline.drafting.quantities import readings_of, share_of
from pipeline.drafting.targets import plain, written
from pipeline.drafting.yamltext import goal_file, yaml_text
from pipeline.errors import UsageError
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.workspace.model import Quantity, parse_quantity
from pipeline.workspace.yamlnodes import read_yaml

KPIS = {kpi.id: kpi for kpi in CATALOGUE}
DAYS = st.dates(date(2020, 1, 1), date(2090, 12, 31))
AMOUNTS = st.decimals(Decimal("0.01"), Decimal(10**9), places=2)


quick = settings(deadline=None, max_examples=40)
thorough = settings(deadline=None, max_examples=100)


def target_of(sentence: str, today: date = date(2026, 11, 25)) -> str:
    return draft_sentence(sentence, KPIS, today).goals[0].value("target")


@quick
@given(AMOUNTS, st.sampled_from(["", "%", "pp"]), st.booleans())
def test_a_written_amount_is_read_back_by_the_loader_as_itself(
    value: Decimal, unit: str, signed: bool
) -> None:
    read = Quantity.model_validate(parse_quantity(written(value, unit, signed=signed)))
    assert read.amount == (value / 100 if unit else value)
    assert (read.mark, read.signed) == (unit, signed)


@quick
@given(st.integers(1, 10**9))
def test_an_amount_comes_through_a_sentence_unchanged_however_it_is_grouped(value: int) -> None:
    grouped = f"{value:,}"
    assert target_of(f"Get {grouped} sign-ups by 31 December") == plain(Decimal(value))
    spaced = grouped.replace(",", "\u00a0")
    assert target_of(f"Получить {spaced} регистраций до 31 декабря") == plain(Decimal(value))


@quick
@given(st.integers(1, 9999), st.sampled_from([("k", "тыс.", 3), ("M", "млн", 6), ("bn", "млрд", 9)]))
def test_a_magnitude_multiplies(tenths: int, magnitude: tuple[str, str, int]) -> None:
    english, russian, power = magnitude
    expected = plain(Decimal(tenths) / 10 * 10**power)
    whole, part = divmod(tenths, 10)
    assert target_of(f"Achieve €{whole}.{part}{english} in bookings in 2027") == expected
    assert target_of(f"Заработать {whole},{part} {russian} евро выручки в 2027 году") == expected


@quick
@given(st.integers(1, 999), st.integers(0, 99))
def test_percent_and_points_are_never_exchanged(whole: int, part: int) -> None:
    number = f"{whole}.{part:02d}"
    shown = plain(Decimal(number))
    assert target_of(f"Increase the closing rate by {number} percentage points by June") == f"+{shown} pp"
    assert target_of(f"Increase the closing rate by {number} % by June") == ""
    assert target_of(f"Increase sales by {number} % by June") == f"+{shown} %"
    comma = number.replace(".", ",")
    assert target_of(f"Снизить отток на {comma} процентных пункта к июню") == f"-{shown} pp"
    assert target_of(f"Снизить отток на {comma} % к июню") == ""


TIMES = (
    "by 31 March", "by the end of March", "by March", "until June", "in Q1", "by the end of Q3",
    "next quarter", "in three weeks",
    "by the end of the year", "next year", "within 6 months", "through May", "in the second half",
    "by year-end",
    "before 1 July", "к концу года", "до 31 марта", "к марту", "в первом квартале", "за три недели",
    "в следующем году",
    "к концу второго полугодия", "по май", "до конца месяца", "в следующем месяце", "через 10 дней",
)  # fmt: skip


@thorough
@given(DAYS, st.sampled_from(TIMES), st.integers(1, 12))
def test_no_day_before_today_comes_out_of_words_that_name_none(today: date, words: str, fiscal: int) -> None:
    """Only a period that holds today may begin before it: a quarter within 92 days, a half within 184."""
    verb = "Привлечь 40 новых клиентов" if re.search("[а-я]", words) else "Win 40 new customers"
    goal = draft_sentence(f"{verb} {words}", KPIS, today).goals[0]
    due, start = date.fromisoformat(goal.value("due")), date.fromisoformat(goal.value("start"))
    assert today <= due <= today + timedelta(days=2 * 366)
    assert start <= due
    is_window = re.match(r"in (Q|the)|в первом", words)
    assert start >= (today - timedelta(days=184) if is_window else today)


def test_before_a_day_said_on_that_day_is_before_the_next_one() -> None:
    for sentence in ("Win 40 new customers before 1 July", "Win 40 new customers before July 1"):
        goal = draft_sentence(sentence, KPIS, date(2026, 7, 1)).goals[0]
        assert (goal.value("start"), goal.value("due")) == ("2026-07-01", "2027-06-30")
        assert draft_sentence(sentence, KPIS, date(2026, 6, 30)).goals[0].value("due") == "2026-06-30"
    past = draft_sentence("Win 40 new customers before 1 July 2026", KPIS, date(2026, 7, 1)).goals[0]
    assert past.value("due") == ""


@quick
@given(st.text(max_size=60))
def test_any_text_is_written_so_that_it_reads_back(text: str) -> None:
    printable = "".join(ch for ch in text if ch.isprintable())
    document, problems = read_yaml(f"title: {yaml_text(printable)}\n".encode(), "x.yaml")
    assert problems == []
    assert document is not None
    assert document.data == {"title": printable}


@pytest.mark.parametrize(
    "text", ["no", "1.10", "- a", "a: b", "a #b", "'x", "{a}", "2026-01-01", " a", "@x", "", "true", "~"]
)
def test_texts_that_yaml_would_take_for_something_else(text: str) -> None:
    document, _ = read_yaml(f"title: {yaml_text(text)}\n".encode(), "x.yaml")
    assert document is not None
    assert document.data["title"] == text


WORDS = st.lists(
    st.sampled_from(
        ["raise", "sales", "25", "%", "by", "the", "end", "of", "Q2", "and", "at", "a", "churn", "to",
        "from", "third", "in",
         "2027", "until", "March", "owner", ":", ",", "through", "double", "more", "week", "-", "снизить",
         "отток", "на", "до",
         "млн", "5", "1,250", "за", "счёт", "кварталов", "три", "ответственный", "при", "к", "концу", "(",
         ")", ".", "€",
         "between", "each", "rep", "31.12.2026", "2-м", "квартале", "FY27",
            "FY99999",
            "0001-01-01",
            "0",
            "times",
            "1000000000000000000000000000000001",
            "31.02.2027", "year", "over"]
    ), min_size=1, max_size=25,
)  # fmt: skip


@thorough
@given(WORDS)
def test_no_heap_of_words_fails_and_what_is_drafted_is_yaml(words: list[str]) -> None:
    sentence = " ".join(words)
    try:
        drafted = draft_sentence(sentence, KPIS, date(2026, 11, 25))
    except UsageError:
        return
    document, problems = read_yaml(goal_file(drafted.goals, drafted.lang).encode(), "goals/x.yaml")
    assert problems == []
    assert document is not None
    again = draft_sentence(sentence, KPIS, date(2026, 11, 25))
    assert again == drafted


@pytest.mark.parametrize(
    ("text", "mark", "readings"),
    [
        ("3,300", ".", ["3300"]),
        ("3,300", ",", ["3.3", "3300"]),
        ("3.300", ",", ["3.3", "3300"]),
        ("3.300", ".", ["3.3"]),
        ("0,125", ",", ["0.125"]),
        ("45,5", ".", ["45.5"]),
        ("1,234.50", ",", ["1234.5"]),
        ("1.234,50", ".", ["1234.5"]),
        ("1,234,567", ".", ["1234567"]),
        ("1 234,567", ",", ["1234.567"]),
    ],
)
def test_a_number_has_two_readings_only_where_it_has(text: str, mark: str, readings: list[str]) -> None:
    assert readings_of(text, mark) == [Decimal(one) for one in readings]


@pytest.mark.parametrize(
    ("multiple", "is_fraction", "down", "share"),
    [
        (Fraction(2), False, False, "1"),  # double: as much again
        (Fraction(2), False, True, "-0.5"),  # a double cut: half
        (Fraction(3), False, True, "-0.666667"),
        (Fraction(1, 3), True, True, "-0.333333"),
        (Fraction(1, 4), True, False, "0.25"),
    ],
)
def test_multiples_and_fractions_are_changes(
    multiple: Fraction, is_fraction: bool, down: bool, share: str
) -> None:
    assert share_of(multiple, is_fraction=is_fraction, down=down)[0] == Decimal(share)


@quick
@given(st.text(max_size=80), st.sets(st.text(alphabet="abc-2", max_size=6), max_size=5))
def test_an_id_is_always_one_the_loader_takes_and_never_one_in_use(text: str, taken: set[str]) -> None:
    made = free_id(text, taken)
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", made)
    assert made not in taken


def test_russian_is_written_in_latin_letters_in_an_id() -> None:
    assert slug("Снизить отток с 45 % до 20 % в следующем квартале") == "snizit-ottok-s-45-do-20"
    assert slug("Объём продаж: щука, ёж, юла") == "obem-prodazh-shchuka-ezh-yula"
    assert slug("«…»") == "goal"
