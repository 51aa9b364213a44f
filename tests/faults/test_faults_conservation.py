"""Rows and money in are accepted, set aside or left out, to the row and the ten-thousandth of a unit."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from pipeline.errors import FileRefused
from pipeline.sources.parse import parse_export
from pipeline.sources.state import ParsedExport
from pipeline.workspace.model import Company, Source, Workspace
from tests.faults.corpus import BASES, Base, Row, written

pytestmark = pytest.mark.slow
CASES = int(os.environ.get("CONSERVATION_CASES", "500"))
CHUNKS = 10
WORKSPACE = Workspace(root=Path("."), company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))
COUNTED = [base for base in BASES if base.kind != "report"]
MONEY = {
    "hubspot_deals": "amount",
    "subscriptions": "mrr",
    "mrr_movements": "amount",
    "upwork_weekly": "amount",
    "upwork_transactions": "amount",
    **{f"mapped_{kind}": "amount" for kind in ("csv", "xlsx", "parquet", "json", "ndjson")},
}
"""Exports whose amount stands in one cell, and its column of the fact."""
READABLE = re.compile(r"-?\d{1,12}(\.\d{1,4})?")
AMOUNTS: tuple[Callable[[random.Random], str], ...] = (
    lambda dice: f"{dice.randint(0, 99_999)}.{dice.randint(0, 99):02}",
    lambda dice: f"-{dice.randint(1, 999)}.{dice.randint(0, 9999):04}",
    lambda dice: str(dice.randint(0, 10**12 - 1)),
    lambda dice: dice.choice(["0", "-0", "0.0001", "999999999999.9999", "007"]),
    lambda dice: dice.choice(
        ["", "abc", "12..5", "--1", "NaN", "inf", "1e400", "12;5", "1.2.3", "двенадцать"]
    ),
)
CELLS = ("", " ", "abc", "2026-11-18", "2025-02-29", "31.12.2026", "true", "NA", "0", "-1", "Total", "Итого")
"""What stands in a damaged cell."""


def readable(cell: str) -> bool:
    return READABLE.fullmatch(cell) is not None


def made(dice: random.Random, base: Base) -> list[Row]:
    """Rows of which some are right, some are damaged in one cell, some come twice, and some are totals."""
    rows = []
    for number in range(dice.randint(1, 25)):
        row = list(dice.choice(base.rows))
        if base.key is not None and dice.random() < 0.9:
            row[base.key] = f"k{number}"
        if base.amount is not None and base.name in MONEY:
            row[base.amount] = dice.choice(AMOUNTS)(dice)
        if dice.random() < 0.25:
            spared = {base.amount} if base.name in MONEY else set()
            column = dice.choice([at for at in range(len(row)) if at not in spared])
            row[column] = dice.choice(CELLS)
        if any(cell.strip() for cell in row):
            rows.append(row)
    return rows or [list(base.rows[0])]


def complaint(base: Base, rows: list[Row], parsed: ParsedExport) -> str | None:
    """Held against a count of the rows and a sum of the readable amounts, by plain loops."""
    counts = parsed.counts
    parts = counts.accepted + counts.quarantined + counts.excluded
    if counts.rows_in != len(rows) or parts != len(rows) or counts.quarantined != len(parsed.quarantine):
        return f"{len(rows)} rows, {counts}"
    if base.name not in MONEY or base.amount is None:
        return None
    sign = base.worth("1")
    money = Decimal(0)
    for row in rows:
        if readable(row[base.amount]):
            money += sign * Decimal(row[base.amount])
    if counts.money_in != money.quantize(Decimal("0.0001"), ROUND_HALF_UP):
        return f"money in {counts.money_in} instead of {money}"
    split = counts.money_accepted + counts.money_quarantined + counts.money_excluded
    kept = sum((Decimal(one) for one in parsed.facts[base.fact][MONEY[base.name]].dropna()), Decimal(0))
    if split != money or kept != counts.money_accepted:
        return f"money {money} was split into {split}; the rows that count hold {kept}: {counts}"
    return None


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_is_lost_or_invented(chunk: int) -> None:
    wrong, refused = [], 0
    numbers = range(chunk, CASES, CHUNKS)
    for number in numbers:
        dice = random.Random(number)
        base = COUNTED[number // CHUNKS % len(COUNTED)]
        rows = made(dice, base)
        source = Source.model_validate({"id": "tested", **base.source})
        try:
            parsed = parse_export(WORKSPACE, source, written(base, rows), "export.csv")
        except FileRefused:
            refused += 1
            continue
        found = complaint(base, rows, parsed)
        if found:
            wrong.append(f"{number} {base.name}: {found}")
    assert not wrong, "\n".join(wrong[:20])
    assert refused <= len(numbers) // 10  # nearly all of them are read, so that something is tried
