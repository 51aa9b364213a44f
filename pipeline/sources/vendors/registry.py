"""The list of systems whose exports are known by heart. A new vendor is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.sources.vendor import Vendor
from pipeline.sources.vendors import ga4, hubspot, ledger, mailshake, subscriptions, timecamp

SYSTEMS: dict[str, Vendor] = {
    vendor.system: vendor
    for vendor in (
        hubspot.VENDOR, mailshake.VENDOR, timecamp.VENDOR, subscriptions.VENDOR, ga4.VENDOR, ledger.VENDOR,
    )
}  # fmt: skip


def systems_for_check() -> Mapping[str, frozenset[str]]:
    """System -> its exports, for the check of a workspace."""
    return {name: frozenset(vendor.exports) for name, vendor in SYSTEMS.items()}
