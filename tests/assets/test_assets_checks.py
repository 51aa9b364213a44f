"""Validation results as asset checks: severities and words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import dagster as dg
import pytest

from assets.checks import source_checks
from pipeline.errors import Problem
from pipeline.sources.drift import DRIFT
from pipeline.sources.ingest import IngestReport
from pipeline.sources.state import Counts, SourceState

COUNTS = Counts(
    rows_in=12,
    accepted=6,
    quarantined=5,
    excluded=1,
    money_in=Decimal("10.50"),
    money_accepted=Decimal("8.50"),
    money_quarantined=Decimal("2.00"),
)


def checks(report: IngestReport, state: SourceState) -> dict[str, dg.AssetCheckResult]:
    return {one.check_name or "": one for one in source_checks("raw_x", report, state)}


def test_rejected_rows_warn_and_are_listed_most_frequent_first_without_stopping_anything() -> None:
    state = SourceState("x", {}, "fresh", counts=COUNTS, reasons={"short row": 2, "no such day": 3})
    found = checks(IngestReport("x", counts=COUNTS), state)["every_row_is_valid"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.metadata["why"].value == "3 x no such day; 2 x short row"


def test_a_lost_row_is_an_error_not_a_warning() -> None:
    lost = Counts(rows_in=12, accepted=6, quarantined=5)  # 6 + 5 is not 12
    found = checks(IngestReport("x", counts=lost), SourceState("x", {}, "fresh"))[
        "every_row_is_accounted_for"
    ]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)


def test_a_stale_export_warns() -> None:
    found = checks(IngestReport("x"), SourceState("x", {}, "stale"))["export_is_usable"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)


@pytest.mark.parametrize("code", DRIFT)
def test_every_kind_of_drift_warns_and_says_what_it_is(code: str) -> None:
    """And nothing that the documents call doubtful passes as usual here."""
    about = Problem(code, "{rows} rows", severity="warning", params={"rows": 9})
    state = SourceState("x", {}, "fresh", details={"warnings": [about]})
    found = checks(IngestReport("x"), state)["export_is_as_usual"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.metadata[code].value == "9 rows" and state.concerns == (about,)


def test_an_export_in_another_unit_warns_with_the_sentence_and_the_times_of_its_source() -> None:
    landed = datetime(2026, 11, 16, 6, 30, tzinfo=UTC)
    jump = Problem("W-UNITS", "The amounts are about {factor} times those before.", params={"factor": 100})
    unused = Problem("W-COLUMNS", "Columns not used: {names}.", params={"names": "x"})
    state = SourceState(
        "x",
        {},
        "stale",
        last_landed_at=landed,
        expected_by=landed + timedelta(days=8),
        stale_since=landed + timedelta(days=8),
        details={"warnings": [unused, jump]},
    )
    found = checks(IngestReport("x"), state)
    usual = found["export_is_as_usual"]
    assert (usual.passed, usual.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert usual.metadata["W-UNITS"].value == "The amounts are about 100 times those before."
    assert "W-COLUMNS" not in usual.metadata
    usable = found["export_is_usable"].metadata
    assert usable["stale since (UTC)"].value == usable["expected by (UTC)"].value == "2026-11-24 06:30"
    assert checks(IngestReport("x"), SourceState("x", {}, "fresh"))["export_is_as_usual"].passed
