"""Every bad file ends in its own code or is read exactly; no number is silently wrong, no row gets lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from pipeline.errors import FileRefused
from pipeline.facts import FACTS
from pipeline.sources.parse import parse_export
from pipeline.sources.state import ParsedExport
from pipeline.workspace.model import Company, Source, Workspace
from tests.faults import corpus
from tests.faults.corpus import BASES, Base, Case

pytestmark = pytest.mark.slow
COMPANY = Company(company="X", timezone="Europe/Berlin", currency="EUR")
WORKSPACE = Workspace(root=Path("."), company=COMPANY)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(corpus.cases())


def source_of(case: Case) -> Source:
    return Source.model_validate({"id": "tested", **case.base.source, **case.changes})


def found_values(base: Base, parsed: ParsedExport) -> list[Decimal]:
    rows = parsed.facts[base.fact]
    if base.event:
        rows = rows[rows["event"] == base.event]
    rows = rows.sort_values("source_line", kind="stable")
    return [Decimal(1)] * len(rows) if base.measure is None else [Decimal(v) for v in rows[base.measure]]


def complaint(case: Case) -> str | None:
    """What is wrong with how the file was taken; None when nothing is."""
    try:
        parsed = parse_export(WORKSPACE, source_of(case), case.data, "export.csv")
    except FileRefused as refusal:
        first = refusal.problems[0]
        if first.code not in case.codes:
            return f"refused with {first.full()}"
        if not (first.file and first.remedy and first.full()):
            return f"no place or no remedy: {first}"
        if case.line is not None and first.line != case.line:
            return f"line {first.line} instead of {case.line}: {first.full()}"
        return None
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    if case.codes:
        return f"read, though it must be refused with {' or '.join(case.codes)}: {parsed.counts}"
    return difference(case, parsed)


def difference(case: Case, parsed: ParsedExport) -> str | None:
    counts, table = parsed.counts, parsed.quarantine
    bad = sorted(zip(table["line"].tolist(), table["reason_code"].tolist(), strict=True))
    if not counts.holds():
        return f"not conserved: {counts}"
    if bad != sorted(case.bad):
        return f"set aside {bad} instead of {sorted(case.bad)}"
    if found_values(case.base, parsed) != case.values:
        return f"values {found_values(case.base, parsed)} instead of {case.values}"
    wanted = (len(case.values), len(case.bad), case.excluded)
    if (counts.accepted, counts.quarantined, counts.excluded) != wanted:
        return f"counted {counts} instead of {wanted}"
    if not all(table["remedy"].str.len() > 0):
        return "a row was set aside without a remedy"
    missing = set(case.warns) - {one.code for one in parsed.warnings}
    return f"not said: {missing}" if missing else None


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_every_bad_file_is_named_or_read_exactly(base: Base) -> None:
    wrong = [f"{one.label}: {complaint(one)}" for one in cases() if one.base is base and complaint(one)]
    assert not wrong, "\n".join(wrong)


def test_the_corpus_is_large_and_reaches_every_export() -> None:
    refused = [case for case in cases() if case.codes]
    assert len(cases()) >= 600 and len(refused) >= 200
    assert {case.base.name for case in refused} == {base.name for base in BASES}


def test_identifiers_stay_as_they_are_written() -> None:
    for case in cases():
        if case.label.startswith("identifier ") and case.base.key is not None:
            parsed = parse_export(WORKSPACE, source_of(case), case.data, "export.csv")
            key = FACTS[case.base.fact].key[0]
            assert case.label.removeprefix("identifier ") in texts(parsed.facts[case.base.fact][key]), (
                case.label
            )


def texts(column: Sequence[object]) -> list[str]:
    return [str(value) for value in column]
