"""What validation found, as asset checks a person can read: rows by reason, and where they are kept.

Quarantined rows and a refused, stale or missing export are warnings, since only what they feed is affected;
an error (blocking) is kept for our own broken promise, that every row is accounted for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipeline.errors import Problem
from pipeline.sources.drift import DRIFT
from pipeline.sources.ingest import IngestReport
from pipeline.sources.state import Counts, SourceState

USABLE, VALID, ACCOUNTED = "export_is_usable", "every_row_is_valid", "every_row_is_accounted_for"
AS_USUAL = "export_is_as_usual"


def source_check_specs(asset: str) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            USABLE, asset=asset, description="The newest export could be read and is not stale"
        ),
        dg.AssetCheckSpec(VALID, asset=asset, description="No row of the newest export is in quarantine"),
        dg.AssetCheckSpec(
            AS_USUAL,
            asset=asset,
            description="The newest export has the columns, the number of rows and the unit of those before",
        ),
        dg.AssetCheckSpec(
            ACCOUNTED,
            asset=asset,
            blocking=True,
            description="Rows and money in = accepted + quarantined + excluded on purpose",
        ),
    ]


def source_checks(asset: str, report: IngestReport, state: SourceState) -> list[dg.AssetCheckResult]:
    """Check results of one source after its ingest."""
    return [
        _result(asset, USABLE, state.usable, _usable_metadata(state)),
        _result(asset, VALID, state.counts.quarantined == 0, _rows_metadata(state)),
        _result(asset, AS_USUAL, not _drift(state), _drift_metadata(state)),
        _result(
            asset,
            ACCOUNTED,
            report.counts.holds(),
            _count_metadata(report.counts),
            dg.AssetCheckSeverity.ERROR,
        ),
    ]


def _result(
    asset: str,
    name: str,
    passed: bool,
    metadata: Mapping[str, Any],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=passed, asset_key=asset, check_name=name, severity=severity, metadata=dict(metadata)
    )


def _usable_metadata(state: SourceState) -> dict[str, Any]:
    metadata: dict[str, Any] = {"state": state.freshness}
    if state.received_at:
        metadata["received at (UTC)"] = state.received_at.strftime("%Y-%m-%d %H:%M")
    for name, instant in (
        ("last landed (UTC)", state.last_landed_at),
        ("expected by (UTC)", state.expected_by),
        ("stale since (UTC)", state.stale_since),
    ):
        if instant:
            metadata[name] = instant.strftime("%Y-%m-%d %H:%M")
    if state.data_through:
        metadata["data through"] = state.data_through.isoformat()
    if state.problem:
        metadata["what to do"] = state.problem.full()
    return metadata


def _drift(state: SourceState) -> list[Problem]:
    return [problem for problem in state.warnings if problem.code in DRIFT]


def _drift_metadata(state: SourceState) -> dict[str, Any]:
    found = _drift(state)
    return {
        **{problem.code: problem.text() for problem in found},
        "what changed": f"{len(found)} warnings" if found else "Nothing out of the ordinary.",
    }


def _rows_metadata(state: SourceState) -> dict[str, Any]:
    return {
        **_count_metadata(state.counts),
        "why": _why(state) or "No row was rejected.",
        "where they are": "table core_quarantine__rows, and quarantine.csv beside the week's documents",
    }


def _why(state: SourceState) -> str:
    """Rejected rows by reason, the most frequent first, in words that need no click to be read."""
    most_first = sorted(state.reasons.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{count} x {reason}" for reason, count in most_first)


def _count_metadata(counts: Counts) -> dict[str, Any]:
    return {
        "rows in": counts.rows_in,
        "accepted": counts.accepted,
        "quarantined": counts.quarantined,
        "excluded on purpose": counts.excluded,
        "money in": str(counts.money_in),
        "money accepted": str(counts.money_accepted),
        "money quarantined": str(counts.money_quarantined),
        "money excluded": str(counts.money_excluded),
    }
