"""The quick YAML reader may only be used where it sees exactly what the careful one sees: data, and the line
and column of every key and value, which messages to the user name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.workspace import yamlnodes
from pipeline.workspace.yamlnodes import quickly_composed, read_yaml

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"
WORDS = (
    "a",
    "b:",
    "no",
    "010",
    "1_000",
    "1.10",
    "-0",
    "~",
    "null",
    "true",
    "08:30",
    "2026-01-01",
    "1e5",
    "é",
)
MARKS = ("- ", "[", "]", "{", "}", ", ", ": ", "'", '"', "''", "#", " # c", "?", "<<: ", "*a", "&a", "@", "`")
SPACE = (
    " ",
    "😀",
    "%",
    "08:30",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n  - ",
    "\t",
    "\r\n",
    "\r",
    "\x00",
    "\u2028",
)
REST = (
    "|\n",
    "|-\n  ",
    ">\n  ",
    "---\n",
    "...\n",
    "!!str ",
    "!x ",
    "! ",
    "\\n",
    "\\/",
    "=",
    "key: ",
    "😀",
    "%",
)
PARTS = (*WORDS, *MARKS, *SPACE, *REST)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=14).map("".join))
def test_both_readers_see_the_same_or_the_quick_one_steps_back(text: str) -> None:
    seen = read_yaml(text.encode(), "f.yaml")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(yamlnodes, "quickly_composed", lambda _: None)
        careful = read_yaml(text.encode(), "f.yaml")
    assert repr(seen) == repr(careful)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",  # names that may multiply
        "a:\tb\n",  # a tab: refused in plain words
        "a: |\n\n  text\n",  # blank lines at the start of a block of text
        "a: b\u2028c: d\n",  # a letter, not the end of a line
        "a:\nb: 1\n",  # the place of what is not there
        "[" * 60 + "]" * 60,  # depth
        "a: [1\n",  # the careful reader's words for an error
    ],
)
def test_the_quick_reader_steps_back(text: str) -> None:
    assert quickly_composed(text) is None


def test_the_files_of_the_sample_are_read_quickly_and_alike() -> None:
    """Otherwise the time is spent for nothing."""
    files = sorted(SAMPLES.rglob("*.yaml"))
    quick = [path for path in files if quickly_composed(path.read_text(encoding="utf-8")) is not None]
    assert len(files) - len(quick) <= 2
    for path in quick:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(yamlnodes, "quickly_composed", lambda _: None)
            careful = read_yaml(path.read_bytes(), path.name)
        assert repr(read_yaml(path.read_bytes(), path.name)) == repr(careful)
