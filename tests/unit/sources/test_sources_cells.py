"""Cells: what a text is worth under a declared format, and what is refused rather than guessed."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from pipeline.sources import cells
from pipeline.workspace.model import FileFormat

RUSSIAN = FileFormat(decimal=",", thousands=" ")
PLAIN = FileFormat()
BERLIN, MOSCOW, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Moscow"), ZoneInfo("UTC")


def values(typed):
    return typed.values.to_pylist()


def column(*texts):
    return pa.array(list(texts), pa.string())


def test_thousands_marked_by_any_space_are_read_exactly():
    typed = cells.decimals(column("1\u00a0234,56", "1\u202f234,56", "1 234,56", "1234,56", "−7,5"), RUSSIAN)
    assert values(typed) == [Decimal("1234.5600")] * 4 + [Decimal("-7.5000")]
    assert not typed.bad.any()


def test_a_number_in_the_other_notation_is_a_reason_not_a_hundredfold_amount():
    typed = cells.decimals(column("1.234,56", "1,234.56", "12 34,5"), FileFormat(decimal=",", thousands="."))
    assert values(typed)[0] == Decimal("1234.5600")
    assert typed.bad.tolist() == [False, True, True]


@pytest.mark.parametrize(
    "text", ["inf", "nan", "-0", "1e400", "1_000", "0x10", "12%", "1.2.3", "9" * 15, "٣"]
)
def test_what_only_a_computer_would_call_a_number_does_not_parse(text):
    assert cells.decimals(column(text), PLAIN).bad.tolist() == [True]


def test_cents_survive_amounts_that_a_float_would_round():
    typed = cells.decimals(column("99999999999999.9999", "0.00005", "2.67499", "+3"), PLAIN)
    assert values(typed) == [
        Decimal("99999999999999.9999"),
        Decimal("0.0001"),
        Decimal("2.6750"),
        Decimal("3.0000"),
    ]


def test_blank_cells_are_missing_not_zero_and_not_wrong():
    typed = cells.decimals(column("", "  ", "\u00a0", "0"), PLAIN)
    assert values(typed) == [None, None, None, Decimal(0)]
    assert not typed.bad.any()


def test_a_foreign_currency_symbol_is_not_swallowed():
    typed = cells.money(column("$125000", "£1001", "12 $", "€5", "-$3"), PLAIN, "USD")
    assert typed.bad.tolist() == [False, True, False, True, False]
    assert values(typed)[0] == Decimal(125000) and values(typed)[4] == Decimal(-3)
    assert typed.reason.code == "E-CURRENCY"


def test_parentheses_are_negative_only_where_declared():
    assert values(cells.money(column("(12.50)"), PLAIN, "EUR", parentheses=True)) == [Decimal("-12.5")]
    assert cells.money(column("(12.50)"), PLAIN, "EUR").bad.tolist() == [True]


def test_cents_are_scaled_without_float():
    assert values(cells.decimals(column("1999"), PLAIN, scale=Decimal("0.01"))) == [Decimal("19.9900")]


def test_counts_refuse_fractions():
    typed = cells.integers(column("41", "41.5", "1,000"), FileFormat(thousands=","))
    assert values(typed) == [41, None, 1000]
    assert typed.bad.tolist() == [False, True, False]


def test_day_first_dates_are_never_swapped():
    typed = cells.dates(
        column("03.04.2026", "2026-04-03", "31.02.2026", "00.00.0000", "46000"), ["%d.%m.%Y"], UTC, UTC
    )
    assert values(typed) == [date(2026, 4, 3), None, None, None, None]
    assert typed.bad.tolist() == [False, True, True, True, True]


def test_two_digit_years_are_read_day_first():
    assert values(cells.dates(column("01-03-17", "31-12-69"), ["%d-%m-%y"], UTC, UTC)) == [
        date(2017, 3, 1),
        date(1969, 12, 31),
    ]


def test_a_time_near_midnight_counts_on_the_companys_day():
    # 21:30 UTC on Sunday is 00:30 on Monday in Moscow (+3) and still Sunday in Berlin (+1 in winter)
    text = column("2026-11-15T21:30:00Z", "2026-11-15 21:30", "2026-11-15")
    assert values(cells.dates(text, ["iso"], UTC, MOSCOW)) == [date(2026, 11, 16)] * 2 + [date(2026, 11, 15)]
    assert values(cells.dates(text, ["iso"], UTC, BERLIN)) == [date(2026, 11, 15)] * 3
    assert (
        values(cells.dates(text, ["iso"], MOSCOW, MOSCOW)) == [date(2026, 11, 16)] + [date(2026, 11, 15)] * 2
    )


def test_quarter_hour_zones_are_not_cut_to_hours():
    # Kathmandu is +05:45: 18:15 UTC is midnight there
    text = column("2026-11-15T18:14:59Z", "2026-11-15T18:15:00Z")
    assert values(cells.dates(text, ["iso"], UTC, ZoneInfo("Asia/Kathmandu"))) == [
        date(2026, 11, 15),
        date(2026, 11, 16),
    ]


def test_month_names_and_twelve_hour_clocks():
    typed = cells.dates(
        column("Nov 16, 2026 11:30 PM", "Nov 16, 2026 13:30 PM"), ["%b %d, %Y %I:%M %p"], UTC, UTC
    )
    assert values(typed) == [date(2026, 11, 16), None]


def test_impossible_clock_times_do_not_parse():
    typed = cells.dates(column("2026-11-15 24:30", "2026-11-15 10:75"), ["iso"], UTC, UTC)
    assert typed.bad.tolist() == [True, True]


def test_durations_in_every_form_are_hours():
    typed = cells.durations(column("9000", "2:30", "2:30:00", "2h 30m", "2 ч 30 мин", "150m", "0", ""), None)
    assert values(typed)[:6] == [Decimal("2.5000")] * 6
    assert values(typed)[6:] == [Decimal(0), None]


def test_whole_numbers_beside_fractions_could_be_hours_or_seconds():
    typed = cells.durations(column("2.5", "2", "0"), None)
    assert values(typed) == [Decimal("2.5"), None, Decimal(0)]
    assert typed.bad.tolist() == [False, True, False]
    assert values(cells.durations(column("2.5", "2", "1,25"), "hours")) == [
        Decimal("2.5"),
        Decimal(2),
        Decimal("1.25"),
    ]


def test_unlisted_values_are_reasons_and_beginnings_match():
    typed = cells.listed(
        column("4000", "6120", "9", ""), {"4*": "revenue", "61*": "sales_marketing", "6*": "opex"}
    )
    assert values(typed) == ["revenue", "sales_marketing", None, None]
    assert typed.bad.tolist() == [False, False, True, False]


def test_yes_and_no_are_not_guessed():
    assert values(cells.booleans(column("TRUE", "нет", "maybe", ""), None, None)) == [True, False, None, None]
    assert values(cells.booleans(column("Won", "Lost"), ("won",), None)) == [True, False]


@pytest.mark.parametrize(
    ("format", "number", "day"),
    [
        ("excel", "61", date(1900, 3, 1)),
        ("excel", "60", None),  # the 29th of February 1900
        ("excel", "45992", date(2025, 12, 1)),
        ("excel", "45992,999999", date(2025, 12, 2)),  # a millionth of a day is less than half a second
        ("excel", "2958465", date(9999, 12, 31)),
        ("excel", "2958466", None),
        ("excel", "-5", None),
        ("excel-1904", "44530", date(2025, 12, 1)),
        ("excel-1904", "2957003", date(9999, 12, 31)),
        ("excel-1904", "2957004", None),
    ],
)
def test_the_number_a_spreadsheet_keeps_for_a_day(format: str, number: str, day: date | None) -> None:
    """Worked out on a calendar; Excel's own first 60 numbers are a day off and are not taken."""
    typed = cells.dates(pa.array([number]), [format], UTC, UTC)
    assert typed.values.to_pylist() == [day]
    assert typed.bad.tolist() == [day is None]
