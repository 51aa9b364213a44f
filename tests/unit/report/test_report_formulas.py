"""Text in a CSV of ours never runs in a spreadsheet, and nothing is lost or changed by that."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from pipeline.report.build import quarantine_csv

TEXTS = (
    '=HYPERLINK("http://x/"&A1)', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "=1;2", "=1,2",
    "plain", "it's", "", "a\nb", 'say "x"', "Выручка",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_comes_back_as_it_was_and_never_begins_a_formula(text: str) -> None:
    made = quarantine_csv(pd.DataFrame({"value": [text], "amount": [-12.5], "line": [-3]}))
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    cell, amount, line = rows[1]
    risky = text[:1] in ("=", "+", "-", "@", "\t", "\r") and text != ""
    assert cell == ("'" + text if risky else text)
    assert (float(amount), int(line)) == (-12.5, -3)
    assert not risky or cell.removeprefix("'") == text
