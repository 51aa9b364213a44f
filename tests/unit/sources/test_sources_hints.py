"""A file that does not fit its declaration is answered with the likely right one, which is never used."""

import random

import pytest

from pipeline.errors import FileRefused
from pipeline.language import speech
from pipeline.sources import guess
from pipeline.sources.ingest import unusable_rows
from pipeline.sources.parse import parse_export
from pipeline.workspace.model import Company, Source, Workspace

SETTINGS = {
    "id": "deals",
    "system": "any",
    "fact": "deals",
    "columns": {
        "deal_id": "Id",
        "amount": "Amount",
        "customer": "Customer",
        "is_won": {"value": "true"},
        "is_closed": {"value": "true"},
        "closed_on": "Closed",
    },
}
RUSSIAN = ["Клиент Ромашка", "Завод Восход", "Торговый дом Север"]
WESTERN = ("Müller Söhne", "Café Österreich", "Façade Général")


def parsed(text, **format):
    workspace = Workspace(root=".", company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))
    data = text if isinstance(text, bytes) else text.encode()
    return parse_export(workspace, Source.model_validate({**SETTINGS, "format": format}), data, "deals.csv")


def refusal(text, **format):
    with pytest.raises(FileRefused) as caught:
        parsed(text, **format)
    return caught.value.problems[0]


def table(rows, mark=","):
    return "\n".join(mark.join(row) for row in (("Id", "Amount", "Customer", "Closed"), *rows)) + "\n"


def rows(amounts=(), days=(), names=RUSSIAN):
    count = max(len(amounts), len(days))
    return [
        (
            str(number),
            amounts[number % len(amounts)] if amounts else "5",
            names[number % len(names)],
            days[number % len(days)] if days else "2026-11-16",
        )
        for number in range(count)
    ]


def hints(result):
    return [one for one in result.warnings if one.code == "W-FORMAT"]


# --- encodings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [RUSSIAN, WESTERN])
def test_a_single_byte_file_is_told_apart_by_its_words_not_by_what_decodes(names):
    right = "cp1251" if names is RUSSIAN else "cp1252"
    data = table(rows(["1"] * 6, names=names)).encode(right)
    data.decode("cp1251"), data.decode("cp1252")  # both decode: decoding alone proves nothing
    found = refusal(data)
    assert (found.code, found.params["likely"]) == ("E-ENCODING", right)
    assert f"format: {{encoding: {right}}}" in found.text()


@pytest.mark.parametrize(
    ("names", "declared"), [(RUSSIAN, "cp1252"), (RUSSIAN, "latin-1"), (WESTERN, "cp1251")]
)
def test_garbled_names_are_noticed_although_every_byte_decodes(names, declared):
    right = "cp1251" if names is RUSSIAN else "cp1252"
    result = parsed(table(rows(["1"] * 6, names=names)).encode(right), encoding=declared)
    assert [(one.code, one.params["likely"]) for one in result.warnings] == [("W-ENCODING", right)]
    assert result.counts.accepted == 6  # said, not acted upon
    fine = parsed(table(rows(["1"] * 6, names=names)).encode(right), encoding=right)
    assert fine.warnings == ()


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_wide_text_without_a_mark_is_not_called_damaged(codec):
    found = refusal(table(rows(["1"] * 6)).encode(codec))
    assert (found.code, found.params["likely"]) == ("E-ENCODING", "utf-16")


def test_one_broken_byte_does_not_make_a_utf8_file_another_encoding():
    data = table(rows(["1"] * 40)).encode().replace("Завод".encode(), "Завод".encode()[:-1] + b"\xff", 1)
    found = refusal(data)
    assert found.code == "E-ENCODING" and found.params["likely"] is None
    assert "Save the file again as utf-8" in found.text()


# --- delimiters, header ------------------------------------------------------------------------------


def test_a_semicolon_file_with_a_comma_in_its_header_is_still_recognised():
    text = 'Id;Amount;Customer;"Note, free";Closed\n1;5;A;"x, y";2026-11-16\n'
    found = refusal(text)
    assert (found.code, found.params["likely"]) == ("E-DELIMITER", ";")


def test_a_title_above_the_table_is_answered_with_the_lines_to_skip():
    found = refusal("Pipeline report\n" + table(rows(["1", "2"])))
    assert found.code == "E-FIELDS" and "skip_rows: 1" in found.text()
    assert parsed("Pipeline report\n" + table(rows(["1", "2"])), skip_rows=1).counts.accepted == 2


# --- columns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "declared", "decimal", "thousands"),
    [
        (["1234,50", "7,25", "90"], {}, ",", ""),
        (["1 234,50", "7,25", "2\u00a0000"], {}, ",", " "),
        (["1,234.50", "7.25"], {}, ".", ","),
        (["1.234,50", "7,25"], {}, ",", "."),
        (["1234.50", "7.25"], {"decimal": ","}, ".", ""),
    ],
)
def test_number_marks_that_would_have_fitted_are_named(amounts, declared, decimal, thousands):
    result = parsed(
        table([(one[0], one[1], *one[2:]) for one in rows(amounts)], ";"), delimiter=";", **declared
    )
    (hint,) = hints(result)
    assert (hint.column, hint.params["decimal"], hint.params["thousands"]) == ("Amount", decimal, thousands)
    assert f'decimal: "{decimal}"' in hint.text() and hint.file == "deals.csv"
    right = parsed(table(rows(amounts), ";"), delimiter=";", decimal=decimal, thousands=thousands)
    assert right.counts.accepted == len(amounts) and not hints(right)


def test_a_typing_mistake_is_not_taken_for_another_format():
    assert hints(parsed(table(rows(["10.50", "20.25", "oops", "7.10"])))) == []


@pytest.mark.parametrize(
    ("days", "likely"),
    [
        (["16.11.2026", "03.04.2026"], "%d.%m.%Y"),
        (["01-03-17", "25-10-16"], "%d-%m-%y"),
        (["11/16/2026", "04/03/2026"], "%m/%d/%Y"),
        (["16/11/2026", "04/03/2026"], "%d/%m/%Y"),
    ],
)
def test_the_date_format_of_every_row_is_named(days, likely):
    result = parsed(table(rows(days=days)))
    (hint,) = hints(result)
    assert (hint.column, hint.params["likely"]) == ("Closed", likely)
    assert parsed(table(rows(days=days)), date=likely).counts.accepted == len(days)


def test_a_month_first_declaration_that_half_reads_a_day_first_file_is_called_out():
    """04/03 is read as April the third without complaint; only the rows after the 12th betray it."""
    days = [f"{day:02d}/03/2026" for day in range(1, 29)]
    result = parsed(table(rows(days=days)), date="%m/%d/%Y")
    (hint,) = hints(result)
    assert hint.params["likely"] == "%d/%m/%Y" and hint.params["bad"] == 16 and hint.params["count"] == 28
    assert result.counts.accepted == 12  # the hint changes nothing


def test_dates_that_could_be_either_are_not_settled_by_the_hint():
    (hint,) = hints(parsed(table(rows(days=["03/04/2026", "05/06/2026"]))))
    assert "%d/%m/%Y or %m/%d/%Y" in hint.text() and "declare format: {date" not in hint.text()
    assert speech("ru").has(hint.remedy)


def test_an_export_of_which_nothing_can_be_read_says_what_it_probably_is():
    result = parsed(table(rows(days=["16.11.2026", "17.11.2026"])))
    found = unusable_rows("deals.csv", result)
    assert found.code == "E-NOROWS" and 'date: "%d.%m.%Y"' in found.text()
    assert 'date: "%d.%m.%Y"' in found.text(speech("ru"))


def test_days_read_as_months_where_they_fit_are_refused_with_the_format_that_reads_them_all():
    """October and half of November, day first: 12 + 12 rows fit, all but two of them on a wrong day."""
    days = [f"{day:02}/10/2026" for day in range(1, 32)] + [f"{day:02}/11/2026" for day in range(1, 16)]
    result = parsed(table(rows(days=days)), date="%m/%d/%Y")
    assert (result.counts.accepted, result.counts.quarantined) == (24, 22)
    assert unusable_rows("deals.csv", result) is None  # not most of them: each row speaks for itself
    result = parsed(table(rows(days=days[12:])), date="%m/%d/%Y")
    found = unusable_rows("deals.csv", result)
    assert (found.params["bad"], found.params["count"]) == (22, 34)
    assert 'date: "%d/%m/%Y"' in found.text() and 'date: "%d/%m/%Y"' in found.text(speech("ru"))


# --- the evidence itself -----------------------------------------------------------------------------


def test_day_and_month_are_told_apart_by_any_row_of_the_file_not_by_its_first_rows():
    early = [f"{day:02d}/{month:02d}/2026" for month in range(1, 13) for day in range(1, 13)]
    assert guess.date_formats(early) == ["%d/%m/%Y", "%m/%d/%Y"]  # truly ambiguous: both are kept
    assert guess.date_formats([*early, "13/05/2026"]) == ["%d/%m/%Y"]
    assert guess.date_formats([*early, "05/13/2026"]) == ["%m/%d/%Y"]
    assert guess.date_formats([*early, "13/13/2026"]) == []


def test_two_digit_years_are_not_taken_for_days():
    """20-10-16 could be 2020-10-16; a file of 2016 and 2017 read so would reach from 2001 to 2031."""
    chance = random.Random(7)
    days = [
        f"{chance.randint(1, 28):02d}-{chance.randint(1, 12):02d}-{year}"
        for year in (16, 17)
        for _ in range(60)
    ]
    assert guess.date_formats(days) == ["%d-%m-%y"]
    turned = ["-".join(reversed(day.split("-"))) for day in days]
    assert guess.date_formats(turned) == ["%y-%m-%d"]


def test_a_comma_before_three_digits_has_two_readings():
    assert [(one.decimal, one.thousands) for one in guess.number_readings(["1,234", "5,678"])] == [
        (",", ""),
        (".", ","),
    ]
    assert [(one.decimal, one.thousands) for one in guess.number_readings(["1,234", "5,67"])] == [(",", "")]
    assert [(one.decimal, one.thousands) for one in guess.number_readings(["12", "5"])] == [(".", "")]
    assert guess.number_readings(["12", "north"]) == []
