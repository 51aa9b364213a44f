"""Validation results as asset checks: severities and words."""

from __future__ import annotations

from decimal import Decimal

import dagster as dg

from assets.checks import source_checks
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
