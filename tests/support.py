"""Workspaces that tests share: the sample company, copied or generated up to another week."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.bundled import samples_dir
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.sources.ingest import ingest_source
from pipeline.store.store import Store
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace
from pipeline.workspace.scaffold import create_workspace

PROGRAM = Path(sys.executable).parent / "scorecards"
IGNORED = shutil.ignore_patterns("__pycache__", ".scorecards", "out", "generate.py", "generator")


def copy_sample(target: Path) -> Path:
    """A fresh copy of the sample company without state or documents."""
    shutil.copytree(samples_dir(), target, ignore=IGNORED, dirs_exist_ok=True)
    return target


def generate_sample(target: Path, until: str) -> Path:
    """The sample company with exports up to another week (same goals, same seed)."""
    copy_sample(target)
    shutil.rmtree(target / "exports")
    subprocess.run(
        [sys.executable, str(samples_dir() / "generate.py"), "--out", str(target), "--until", until],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return target


def landed(root: Path, files: Mapping[str, str]) -> tuple[Workspace, Store]:
    """The workspace of these files (path -> text) with every export landed and read, long after all of them
    were received."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    workspace = load_workspace(root, CATALOGUE)
    store = Store(workspace.state_dir)
    for source in workspace.sources:
        ingest_source(workspace, source, store, datetime(2026, 12, 1, tzinfo=UTC))
    return workspace, store


def with_fewer_documents(company: Path) -> Path:
    """The same company with two audiences, one in each language, and pages of single goals in English only:
    the same kinds of documents at a third of their number."""
    settings, audiences = company / "scorecards.yaml", company / "audiences.yaml"
    text = settings.read_text("utf-8")
    assert "languages: [en, ru]" in text
    settings.write_text(text.replace("languages: [en, ru]", "languages: [en]"), "utf-8")
    head, *blocks = audiences.read_text("utf-8").split("  - id: ")
    kept = [block for block in blocks if block.startswith(("sales-ru", "retention-en"))]
    assert len(kept) == 2
    audiences.write_text("  - id: ".join([head, *kept]), "utf-8")
    return company


def starter_with_mail(target: Path) -> Path:
    """The workspace that `init` makes, with somebody who receives mail: a whole run in seconds. When its
    export was received is declared, since pages say it and two runs land it at two times."""
    create_workspace(target, sample=False, lang="en")
    audiences = target / "audiences.yaml"
    before = audiences.read_text("utf-8")
    after = before.replace("recipients: []", "recipients: [{address: vp@example.com, name: Vera Price}]")
    assert before != after
    audiences.write_text(after, "utf-8")
    received = "file,received_at\nexports/orders/orders.csv,2026-11-22T18:00:00+00:00\n"
    (target / "exports" / "received.csv").write_text(received, "utf-8")
    return target


def scorecards(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person does; the language is English unless a test says otherwise."""
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SCORECARDS_LANG": "en", **environment},
    )


def tree_hashes(folder: Path) -> dict[str, str]:
    """Relative path -> sha256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tool(*names: str) -> str:
    """Path of a program that a test needs, under the first of its names that is there. Without it the test is
    skipped, but fails where every check must run (TOOLS_REQUIRED, which .ci/run sets)."""
    for name in names:
        if found := shutil.which(name):
            return found
    cannot_run(f"{names[0]} is not installed: python3 tools/system_libraries.py --for-slow-tests installs it")


def cannot_run(why: str) -> NoReturn:
    if os.environ.get("TOOLS_REQUIRED"):
        pytest.fail(why)
    pytest.skip(why)
