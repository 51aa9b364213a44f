"""Damaged bytes of every good export: refused with a code or read with every row accounted for, in time."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import FileRefused
from pipeline.sources.parse import parse_export
from pipeline.sources.pulls.bundle import bundled, page_line
from pipeline.sources.state import ParsedExport
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.model import Company, Source, Workspace
from tests.faults.corpus import BASES, written

pytestmark = pytest.mark.slow
MUTANTS = int(os.environ.get("FUZZ_MUTANTS", "300"))
"""Damaged files in all; FUZZ_MUTANTS=20000 looks at more of them."""
CHUNKS = 10
SECONDS = 2.0
"""Of processor time, for one small file."""
WORKSPACE = Workspace(root=Path("."), company=Company(company="X", timezone="Europe/Berlin", currency="EUR"))
ODD = (b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"=", b"{", b"[", b"\xc2\xa0", b"9" * 400)
Damage = Callable[[random.Random, bytes, bytes], bytes]


def exports() -> list[tuple[str, Source, bytes]]:
    """A good export of every kind, and two that were fetched."""
    found = [
        (
            base.name,
            Source.model_validate({"id": "tested", **base.source}),
            base.rows[0][0].encode() if base.kind == "report" else written(base, base.rows),
        )
        for base in BASES
    ]
    about = {"dealname": "A", "amount": "10.50", "closedate": "2026-11-16T09:00:00Z"}
    entry = '[{"id": 5, "user_name": "Анна", "date": "2026-11-16", "duration": "900", "name": "Calls"}]'
    pages = {
        ("hubspot", "deals"): ("records", json.dumps({"results": [{"id": "1", "properties": about}]})),
        ("timecamp", "entries"): ("entries", entry),
    }
    at = datetime(2026, 11, 23, 4, tzinfo=UTC)
    for (system, export), (kind, text) in pages.items():
        data = bundled(system, export, at, (), [page_line({"kind": kind}, text)])
        source = Source.model_validate({"id": "tested", "system": system, "export": export})
        found.append((f"pulled_{system}_{export}", source, data))
    return found


def _flip(dice: random.Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _cut(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _splice(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: dice.randrange(len(data))] + other[dice.randrange(len(other)) :]


def _drop(dice: random.Random, data: bytes, other: bytes) -> bytes:
    begin = dice.randrange(len(data))
    return data[:begin] + data[begin + dice.randint(1, 40) :]


def _repeat(dice: random.Random, data: bytes, other: bytes) -> bytes:
    begin = dice.randrange(len(data))
    piece = data[begin : begin + dice.randint(1, 200)]
    return data[:begin] + piece * dice.randint(2, 30) + data[begin:]


def _insert(dice: random.Random, data: bytes, other: bytes) -> bytes:
    place = dice.randrange(len(data))
    odd = [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"=",
        b"{",
        b"[",
        b"\xc2\xa0",
        b"9" * 400,
    ]
    return data[:place] + b"".join(dice.choices(odd, k=dice.randint(1, 6))) + data[place:]


def _swap(dice: random.Random, data: bytes, other: bytes) -> bytes:
    lines = data.split(b"\n")
    dice.shuffle(lines)
    return b"\n".join(lines)


DAMAGES: tuple[Damage, ...] = (_flip, _cut, _splice, _drop, _repeat, _insert, _swap)


def complaint(source: Source, data: bytes) -> str | None:
    """What is wrong with how a damaged file was taken; None when nothing is."""
    begun = time.process_time()
    try:
        parsed = parse_export(WORKSPACE, source, data, "export.csv", received_at=datetime.now(UTC))
    except FileRefused as refusal:
        first = refusal.problems[0]
        whole = first.code.startswith("E-") and first.full() and first.remedy
        wrong = None if whole else f"refused without code or remedy: {first}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    else:
        wrong = unaccounted(parsed)
    spent = time.process_time() - begun
    return wrong or (f"took {spent:.1f} s" if spent > SECONDS else None)


def unaccounted(parsed: ParsedExport) -> str | None:
    counts = parsed.counts
    if not counts.holds() or counts.quarantined != len(parsed.quarantine):
        return f"not conserved: {counts}"
    if not all(code.startswith("E-") for code in parsed.quarantine["reason_code"].tolist()):
        return "a row was set aside without a code"
    return None if all(parsed.quarantine["remedy"].str.len() > 0) else "a row without a remedy"


def test_every_export_is_damaged() -> None:
    known = {(vendor.system, name) for vendor in SYSTEMS.values() for name in vendor.exports}
    assert {(source.system, source.export) for _, source, _ in exports()} >= known


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_files_end_in_a_code_or_add_up(chunk: int) -> None:
    good = exports()
    wrong = []
    for number in range(chunk, MUTANTS, CHUNKS):
        dice = random.Random(number)
        name, source, data = good[number // CHUNKS % len(good)]
        damage = dice.choice(DAMAGES)
        mutant = damage(dice, data, dice.choice(good)[2])
        if dice.random() < 0.3:
            mutant = dice.choice(DAMAGES)(dice, mutant or b"x", data)
        found = complaint(source, mutant)
        if found:
            wrong.append(f"{number} {name} {damage.__name__}: {found}")
    assert not wrong, "\n".join(wrong[:20])
