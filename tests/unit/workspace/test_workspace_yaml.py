"""What a bare word in YAML means, and what a file can do to us; each test names the wrong answer."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.workspace.yamlnodes import read_yaml


def data_of(text: str) -> object:
    document, problems = read_yaml(text.encode(), "a.yaml")
    assert problems == []
    assert document is not None
    return document.data


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("010", "010"),
        ("08:30", "08:30"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("1e5", "1e5"),
        (".inf", ".inf"),
        ("2026-10-01", "2026-10-01"),
        ("+25", "+25"),
        ("-0", "-0"),
        ("45 %", "45 %"),
        ("12", 12),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("~", None),
        ("0.0000001", "0.0000001"),
    ],
)
def test_bare_words_are_not_reinterpreted(written: str, meant: object) -> None:
    found = data_of(f"a: {written}\n")
    assert found == {"a": meant}
    assert type(found["a"]) is type(meant)  # type: ignore[index]


def test_one_point_ten_stays_one_point_ten() -> None:
    found = data_of("rate: 1.10\n")["rate"]  # type: ignore[index]
    assert isinstance(found, Decimal)
    assert str(found) == "1.10"


def test_duplicate_key_names_both_lines_instead_of_taking_the_last() -> None:
    _, problems = read_yaml(b"target: 1\nbaseline: 2\ntarget: 3\n", "g.yaml")
    assert [(p.code, p.line, p.column) for p in problems] == [("E-YAML", 3, 1)]
    assert "lines 1 and 3" in problems[0].text()


def test_every_duplicate_key_is_reported() -> None:
    _, problems = read_yaml(b"a: 1\na: 2\nb:\n  c: 1\n  c: 2\n", "g.yaml")
    assert [p.line for p in problems] == [2, 5]


def test_positions_survive_lists_quotes_and_aliases() -> None:
    document, _ = read_yaml(
        b"goals:\n  - id: 'x'\n    how: &h\n      - cost: 5\n  - id: y\n    how: *h\n", "g.yaml"
    )
    assert document is not None
    assert document.position(("goals", 0, "id")) == (2, 9)
    assert document.position(("goals", 1, "how"), of="key") == (6, 5)
    assert document.position(("goals", 1, "how", 0, "cost")) == (4, 15)


def test_merge_key_gives_way_to_the_keys_written_beside_it() -> None:
    assert data_of("x: &x {b: 1, c: 2}\ny:\n  <<: *x\n  c: 3\n") == {
        "x": {"b": 1, "c": 2},
        "y": {"b": 1, "c": 3},
    }


def test_python_tag_runs_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    document, problems = read_yaml(
        f"a: !!python/object/apply:os.system ['touch {canary}']\n".encode(), "g.yaml"
    )
    assert document is None
    assert [(p.code, p.line) for p in problems] == [("E-YAML", 1)]
    assert not canary.exists()


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    "text",
    [BOMB, "[" * 3000, "&a [*a]", "a: &a\n  <<: *a\n", "x" * 5_000_000],
    ids=["bomb", "deep", "self", "merge", "5MB"],
)
def test_files_that_multiply_or_nest_are_refused_fast(text: str) -> None:
    began = time.process_time()  # of this process alone: a busy machine is no fault
    document, problems = read_yaml(text.encode(), "g.yaml")
    assert time.process_time() - began < 5  # unrefused, it would take minutes
    assert document is None
    assert [p.code for p in problems] == ["E-LIMIT"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"a: [1\nb: 2", 2, "bracket"),
        (b"a:\n\t- b\n", 2, "tab"),
        (b"x: 1\na: 'x\nb: 1\n", 2, "quotation mark"),
        (b"a: b: c\n", 1, "colon"),
        (b"a:\n  - 1\n b: 2\n", 3, "indentation"),
        (b"a: *q\n", 1, "after *"),
        (b"---\na: 1\n---\nb: 2\n", 3, "more than one document"),
        (b"a: \x00\n", 1, "character"),
        ("a: 1\nb: Отток\n".encode("cp1251"), 2, "UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "UTF-8"),
    ],
)
def test_syntax_errors_give_the_line_and_plain_words(text: bytes, line: int, says: str) -> None:
    document, problems = read_yaml(text, "g.yaml")
    assert document is None
    assert [(p.code, p.line) for p in problems] == [("E-YAML", line)]
    assert says in problems[0].text()
    assert "while parsing" not in problems[0].text()


def test_byte_order_mark_is_not_part_of_the_first_key() -> None:
    document, _ = read_yaml(b"\xef\xbb\xbfid: x\n", "g.yaml")
    assert document is not None
    assert document.data == {"id": "x"}
