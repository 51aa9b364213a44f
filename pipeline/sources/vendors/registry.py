"""The list of systems whose exports are known by heart. A new vendor is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.sources.vendor import Vendor
from pipeline.sources.vendors import (
    asana,
    ga4,
    ganttproject,
    hubspot,
    jira,
    ledger,
    mailshake,
    ninjaoutreach,
    ortto,
    prospectio,
    quickbooks,
    subscriptions,
    timecamp,
    upwork,
)
from pipeline.workspace.model import Source

SYSTEMS: dict[str, Vendor] = {
    vendor.system: vendor
    for vendor in (
        hubspot.VENDOR,
        mailshake.VENDOR,
        timecamp.VENDOR,
        subscriptions.VENDOR,
        ga4.VENDOR,
        ledger.VENDOR,
        upwork.VENDOR,
        ganttproject.VENDOR,
        asana.VENDOR,
        jira.VENDOR,
        quickbooks.VENDOR,
        ortto.VENDOR,
        prospectio.VENDOR,
        ninjaoutreach.VENDOR,
    )
}


def facts_of(source: Source) -> tuple[str, ...]:
    """Names of the facts a source feeds, the main one first; empty when its declaration is incomplete."""
    vendor = SYSTEMS.get(source.system)
    spec = vendor.exports.get(source.export) if vendor else None
    if spec is not None:
        return spec.facts
    return (source.fact,) if source.fact else ()


def systems_for_check() -> Mapping[str, frozenset[str]]:
    """System -> its exports, for the check of a workspace."""
    return {name: frozenset(vendor.exports) for name, vendor in SYSTEMS.items()}
