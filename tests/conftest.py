"""What holds for every test. Generated cases vary from run to run, so that each run looks at more of them;
where a change is checked (CI=true) they are the same each time: the change passes or fails, not the dice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.bundled import samples_dir
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.sources.ingest import ingest_source
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.store.store import Store
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace

settings.register_profile("same", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("same")


@pytest.fixture(scope="session")
def landed_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Store]:
    """The sample company with every export landed by 1 December 2026. To be read only: processes that test
    side by side share one, since landing five hundred files takes long."""
    systems = {name: frozenset(vendor.exports) for name, vendor in SYSTEMS.items()}
    workspace = load_workspace(samples_dir(), CATALOGUE, systems)
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with _alone(shared / "landed-sample.lock"):
        store, done = Store(shared / "landed-sample"), shared / "landed-sample.done"
        if not done.exists():
            for source in workspace.sources:
                report = ingest_source(workspace, source, store, datetime(2026, 12, 1, tzinfo=UTC))
                assert not report.refused, report.refused
            done.touch()
    return workspace, store


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
