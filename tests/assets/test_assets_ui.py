"""`scorecards serve` as a data engineer uses it: the page answers, and a backfill started there works."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import PROGRAM, copy_sample, with_fewer_documents

pytestmark = pytest.mark.slow
START_SECONDS, BACKFILL_SECONDS = 180, 900

LAUNCH = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
STATUS = """
query Status($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}
"""
NODES = """
query {
  assetNodes {
    assetKey { path } isPartitioned partitionKeys
    assetChecksOrError { ... on AssetChecks { checks { name } } }
  }
}
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_fewer_documents(copy_sample(tmp_path_factory.mktemp("ui") / "company"))


@pytest.fixture(scope="module")
def server(company: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [PROGRAM, "--workspace", str(company), "serve", "--port", str(port)],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(url, process)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended by itself"
        try:
            if graphql(url, NODES)["assetNodes"]:
                return
        except (OSError, KeyError, AssertionError):
            pass
        time.sleep(1)
    raise AssertionError(f"no answer from {url} within {START_SECONDS} s")


def graphql(url: str, query: str, **variables: object) -> dict[str, object]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def test_the_graph_has_partitions_and_checks(server: str) -> None:
    nodes = {"/".join(node["assetKey"]["path"]): node for node in graphql(server, NODES)["assetNodes"]}
    assert {"raw_hubspot__deals", "core_kpi__weekly", "out_goal__scorecard", "out_mail__outbox"} <= set(nodes)
    assert all(node["isPartitioned"] and "2026-11-16" in node["partitionKeys"] for node in nodes.values())
    checks = {check["name"] for check in nodes["raw_hubspot__deals"]["assetChecksOrError"]["checks"]}
    assert checks == {
        "every_row_is_accounted_for",
        "every_row_is_valid",
        "export_is_as_usual",
        "export_is_usable",
    }


def test_a_backfill_started_from_the_ui_makes_documents_and_mails_nobody(server: str, company: Path) -> None:
    nodes = graphql(server, NODES)["assetNodes"]
    params = {
        "assetSelection": [node["assetKey"] for node in nodes],
        "partitionNames": ["2026-11-02", "2026-11-09"],
    }
    launched = graphql(server, LAUNCH, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    assert _final_status(server, launched["backfillId"]) == "COMPLETED_SUCCESS"
    for week in ("2026-W45", "2026-W46"):
        assert list((company / "out" / week).glob("scorecard-*.pdf"))
    assert not list((company / ".scorecards" / "outbox").glob("*.eml"))


def _final_status(url: str, backfill: str) -> str:
    until = time.monotonic() + BACKFILL_SECONDS
    status = ""
    while time.monotonic() < until:
        status = graphql(url, STATUS, id=backfill)["partitionBackfillOrError"]["status"]
        if status not in ("REQUESTED", "CANCELING"):
            return status
        time.sleep(2)
    return status
