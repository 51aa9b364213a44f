"""JSON and NDJSON: strict, exact, with the lines of records. Expected values are worked out by hand."""

import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import FileRefused
from pipeline.sources.jsonfile import MAX_DEPTH, read_json
from pipeline.sources.parse import parse_export
from pipeline.workspace.model import Company, FileFormat, Source, Workspace

WORKSPACE = Workspace(root=Path("."), company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))
COLUMNS = {
    "entry_id": "ref",
    "paid_on": "paid.on",
    "contract": "job.name",
    "amount": "sum",
    "payment": {"from": "tags", "optional": True},
}
ONE = (
    '{"ref": "r1", "paid": {"on": "2026-11-16"}, "job": {"name": "Übersetzung"}, "sum": 1200.50, '
    '"tags": ["a", "b"]}'
)
TWO = '{"sum": 0.10, "ref": "r2", "paid": {"on": "2026-11-17"}, "job": {"name": "Lists"}, "tags": []}'


def parse(text, kind="json", **changes):
    settings = {"id": "s", "system": "own", "fact": "freelance_costs", "columns": COLUMNS, **changes}
    settings["format"] = {"kind": kind, **changes.get("format", {})}
    data = text if isinstance(text, bytes) else text.encode()
    return parse_export(WORKSPACE, Source.model_validate(settings), data, "costs.json")


def refusal(text, kind="json", **changes):
    with pytest.raises(FileRefused) as caught:
        parse(text, kind, **changes)
    found = caught.value.problems[0]
    assert found.file and found.remedy and found.full()
    return found


def costs(parsed, *names):
    frame = parsed.facts["freelance_costs"][list(names)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def rejected(parsed):
    return [(row.line, row.reason_code) for row in parsed.quarantine.itertuples()]


def read(text, kind="json", **settings):
    raw = read_json(text.encode(), FileFormat(kind=kind, **settings), "x.json")
    return [
        dict(zip(raw.header, row, strict=True))
        for row in zip(*(c.to_pylist() for c in raw.columns), strict=True)
    ]


# --- what is read ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_a_column_mapping_reads_nested_keys_lists_and_exact_numbers(kind):
    text = f"[\n{ONE},\n{TWO}\n]\n" if kind == "json" else f"\n{ONE}\n{TWO}\n"
    parsed = parse(text, kind)
    assert costs(parsed, "entry_id", "paid_on", "contract", "amount", "payment", "source_line") == [
        ("r1", date(2026, 11, 16), "Übersetzung", Decimal("1200.5"), "a;b", 2),
        ("r2", date(2026, 11, 17), "Lists", Decimal("0.1"), None, 3),
    ]
    assert parsed.counts.money_in == Decimal("1200.60")


def test_a_record_path_leads_to_the_records_and_lines_stay_physical():
    text = '{"page": 1,\n "result": {"rows": [\n' + ONE + ",\n\n" + TWO + '\n]}, "next": null}'
    parsed = parse(text, format={"records": "result.rows"})
    assert costs(parsed, "entry_id", "source_line") == [("r1", 3), ("r2", 5)]


def test_numbers_never_pass_through_float():
    digits = "12345678901234567890"
    assert read(f'[{{"a": {digits}, "b": 0.1000000000000000055, "c": 1.5e3, "d": 1e-3, "e": 1e400}}]') == [
        {"a": digits, "b": "0.1000000000000000055", "c": "1500", "d": "0.001", "e": "1e400"}
    ]
    assert read('[{"a": 9e99999999999999999999}]') == [{"a": "9e99999999999999999999"}]


def test_a_number_that_is_no_amount_is_set_aside_and_not_guessed():
    bad = ONE.replace("1200.50", "1e400")
    assert rejected(parse(f"[{bad},\n{TWO}]")) == [(1, "E-NUMBER")]


def test_numbers_take_the_declared_decimal_mark_and_texts_stay():
    parsed = parse(
        f"[{ONE}, {TWO.replace('0.10', chr(34) + '1 234,5' + chr(34))}]",
        format={"decimal": ",", "thousands": " "},
    )
    assert [row[0] for row in costs(parsed, "amount")] == [Decimal("1200.5"), Decimal("1234.5")]


def test_true_false_and_null_are_words_and_blank_cells():
    assert read('[{"a": true, "b": false, "c": null, "d": "null"}]') == [
        {"a": "true", "b": "false", "c": "", "d": "null"}
    ]


def test_an_object_that_is_missing_in_some_records_leaves_no_second_column():
    assert read('[{"owner": null}, {"owner": {"name": "Anna"}}]') == [
        {"owner.name": ""},
        {"owner.name": "Anna"},
    ]


def test_lists_of_records_keep_their_places_so_that_names_and_values_stay_together():
    text = '[{"f": [{"n": "Goal", "v": null}, {"n": "Cost", "v": 5}]}]'
    assert read(text) == [{"f.n": "Goal;Cost", "f.v": ";5"}]


def test_records_below_a_record_are_records_too():
    text = '[{"id": 1, "sub": [{"id": 2, "sub": [{"id": 3}]}]}, {"id": 4, "sub": []}]'
    assert [row["id"] for row in read(text, children="sub")] == ["1", "2", "3", "4"]


def test_a_list_with_the_joining_mark_inside_a_text_is_not_taken_for_two_parts():
    assert rejected(parse(f"[{ONE},\n{TWO}]".replace('"a"', '"a;b"'))) == [(1, "E-JSON")]


def test_text_that_cannot_be_kept_is_set_aside_where_it_is_used():
    half = ONE.replace("Übersetzung", "\\ud83d").replace("r1", "r3")
    zero = TWO.replace("Lists", "a\\u0000b")
    parsed = parse(f"{half}\n{zero}\n{ONE}\n", "ndjson")
    assert rejected(parsed) == [(1, "E-BYTES"), (2, "E-BYTES")] and parsed.counts.accepted == 1
    assert parse(f"{ONE[:-1]}, " + '"more": "\\ud83d"}\n', "ndjson").counts.accepted == 1


def test_wide_text_a_byte_order_mark_and_an_archive_are_read():
    text = f"[{ONE},{TWO}]"
    assert parse(b"\xef\xbb\xbf" + text.encode()).counts.accepted == 2
    assert parse(text.encode("utf-16"), format={"encoding": "utf-16"}).counts.accepted == 2
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("costs.json", text)
    assert parse(out.getvalue()).counts.accepted == 2


def test_equal_content_gives_equal_rows_in_both_kinds():
    whole, lines = parse(f"[\n{ONE},\n{TWO}\n]"), parse(f"\n{ONE}\n{TWO}\n", "ndjson")
    assert whole.facts["freelance_costs"].equals(lines.facts["freelance_costs"])


# --- what is refused whole ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (f"[{ONE},\n" + TWO.replace("0.10", "NaN") + "]", "E-JSON", 2),
        (f"[{ONE},\n" + TWO.replace("0.10", "-Infinity") + "]", "E-JSON", 2),
        (f"[{ONE},\n" + TWO.replace('"ref"', '"sum"') + "]", "E-JSON", 2),
        (f'{{"data": [{ONE}],\n "data": []}}', "E-JSON", 2),
        ("[" * 10_000, "E-JSON", 1),
        ("[" * 10_000 + "]" * 10_000, "E-JSON", 1),
        (f"[{ONE},\n" + '{"a":' * 10_000 + "1" + "}" * 10_000 + "]", "E-JSON", 2),
        (f"[{ONE},\n" + '{"a": ' + "[" * 100 + "]" * 100 + "}]", "E-JSON", 2),
        ('{"status": "error", "message": "Not Authorized"}', "E-JSON", 1),
        ('{"errors": [{"message": "quota"}]}', "E-JSON", 1),
        (f"[{ONE},\n7]", "E-JSON", 2),
        (f"[{ONE},\n]", "E-JSON", 2),
        (f"[{ONE}\n{TWO}]", "E-JSON", 2),
        (f"[{ONE}]\nThank you", "E-JSON", 2),
        (f"[{ONE.replace(chr(34) + 'r1' + chr(34), chr(39) + 'r1' + chr(39))}]", "E-JSON", 1),
        (f"[{ONE.replace('Ü', chr(9))}]", "E-JSON", 1),
        (f"[{ONE},\n{TWO[:40]}", "E-TRUNCATED", 2),
        (f"[{ONE},\n{TWO}", "E-TRUNCATED", 2),
        (f"{ONE}\n{TWO}\n", "E-MAGIC", 2),
        ("", "E-EMPTY", None),
        ("<!DOCTYPE html><html>sign in</html>", "E-HTML", 1),
        ("ref,sum\nr1,5\n", "E-JSON", 1),
        (f"[{ONE.replace('Übersetzung', 'x' * 200_000)}]", "E-LIMIT", 1),
        ("[{" + ",".join(f'"c{i}": 1' for i in range(5_000)) + "}]", "E-LIMIT", 1),
        ("[]", "E-NOROWS", 1),
    ],
)
def test_what_is_no_list_of_records_is_refused_with_its_line(text, code, line):
    found = refusal(text)
    assert (found.code, found.line) == (code, line)


def test_duplicate_keys_name_the_key_and_a_missing_path_names_the_lists_there_are():
    assert refusal(f"[{TWO}]".replace('"ref"', '"sum"')).params["key"] == "sum"
    found = refusal(f'{{"page": 1, "result": {{"rows": [{ONE}]}}}}', format={"records": "data"})
    assert found.params["lists"] == "result.rows" and "records: result.rows" in found.text()


def test_an_empty_list_is_accepted_where_an_empty_week_is_normal():
    assert parse("[]", allow_empty=True).counts.rows_in == 0
    assert parse("\n\n[]", allow_empty=True).counts.rows_in == 0


def test_bytes_in_another_encoding_are_not_guessed():
    found = refusal(f"[{ONE}]".encode("cp1252"))
    assert (found.code, found.line) == ("E-ENCODING", 1)


# --- one record a line -------------------------------------------------------------------------------


def test_one_bad_line_is_set_aside_with_its_number_and_the_others_count():
    lines = [
        ONE,
        "oops",
        TWO.replace("0.10", "NaN"),
        TWO.replace('"ref"', '"sum"'),
        "[1]",
        '{"a":' * 2_000 + "1" + "}" * 2_000,
        f"{TWO} {TWO}",
        TWO,
    ]
    parsed = parse("\n".join(lines) + "\n", "ndjson")
    assert rejected(parsed) == [(number, "E-JSON") for number in (2, 3, 4, 5, 6, 7)]
    assert (parsed.counts.rows_in, parsed.counts.accepted) == (8, 2)
    assert json.loads(parsed.quarantine["row"].iloc[0]) == {"line": "oops"}
    assert all(parsed.quarantine["remedy"].str.len() > 0)


@pytest.mark.parametrize("cut", range(1, len(TWO)))
def test_a_half_last_line_never_counts(cut):
    parsed = parse(f"{ONE}\n{TWO[:cut]}", "ndjson")
    assert costs(parsed, "entry_id") == [("r1",)]
    assert parsed.quarantine["line"].tolist() == [2]
    assert parsed.quarantine["reason_code"].iloc[0] in ("E-TRUNCATED", "E-JSON")


def test_a_half_last_line_is_called_cut_and_a_whole_one_without_line_end_counts():
    parsed = parse(f"{ONE}\n{TWO[:-9]}", "ndjson")
    assert rejected(parsed) == [(2, "E-TRUNCATED")]
    assert "E-TRUNCATED" in {one.code for one in parsed.warnings}
    assert parse(f"{ONE}\r\n{TWO}", "ndjson").counts.accepted == 2


def test_a_document_dropped_for_lines_is_named():
    assert refusal(f"[{ONE}]", "ndjson").code == "E-MAGIC"


def test_addresses_in_a_broken_line_are_masked():
    parsed = parse(f'{ONE}\n{{"mail": "vera@client.example", oops\n', "ndjson")
    assert "vera@client.example" not in parsed.quarantine.to_json()


def test_depth_within_reason_is_read():
    inner = '{"a":' * (MAX_DEPTH - 1) + "1" + "}" * (MAX_DEPTH - 1)
    assert read(f"[{inner}]") == [{".".join(["a"] * (MAX_DEPTH - 1)): "1"}]
