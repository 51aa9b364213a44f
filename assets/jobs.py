"""The jobs people and the schedule start."""

from __future__ import annotations

import dagster as dg

from assets.out import DELIVERY, OUTBOX, PLAN, SCORECARD
from assets.schedules import PULL_JOB

MAX_RUNTIME = {"dagster/max_runtime": "3600"}
"""A run that outlives this is marked failed by the daemon: the net under a killed machine."""


def weekly_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """weekly: up to queued mail. scheduled_weekly: and its delivery. backfill: no mail at all."""
    everything = dg.AssetSelection.all()
    delivery = dg.AssetSelection.assets(DELIVERY)
    mail = delivery | dg.AssetSelection.assets(OUTBOX)
    documents = mail | dg.AssetSelection.assets(SCORECARD, PLAN)
    return [
        _job("weekly", everything - delivery, "The weekly run: data, goals, documents, queued mail"),
        _job("scheduled_weekly", everything, "The weekly run, sent when delivery is automatic"),
        _job("backfill", everything - mail, "Weeks again, with documents and without mail"),
        _job("numbers", everything - documents, "Data and goals without documents"),
    ]


def pull_job() -> dg.UnresolvedAssetJobDefinition:
    """Sources alone: fetched, landed and read."""
    return _job(PULL_JOB, dg.AssetSelection.groups("raw"), "Fetches and reads the sources")


def _job(name: str, selection: dg.AssetSelection, description: str) -> dg.UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        tags=MAX_RUNTIME,
        executor_def=dg.in_process_executor,
    )
