"""manifest.json of a week's folder: which documents are there, their hashes, what they were made from.

Here: reading it, and putting in documents that are made apart from the scorecards (the strategic plan). Not
here: making documents (build.py, plan_build.py). It holds no clock, so that equal inputs give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.goals.model import Edition
from pipeline.report.files import inside, put_file, sha256
from pipeline.report.twin import dumps

MANIFEST = "manifest.json"
PLAN = "plan."
"""How the names of the plan's files begin."""
Entry = dict[str, object]


def read_manifest(folder: Path) -> dict[str, object]:
    """What the folder's manifest says; nothing when there is none or it is broken."""
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
        documents = [{**one, "name": str(one["name"])} for one in found.get("documents", [])]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return {**found, "documents": documents}


def documents_of(manifest: Mapping[str, object]) -> dict[str, Entry]:
    """File name -> its entry."""
    documents = manifest.get("documents", [])
    return {str(one["name"]): one for one in documents} if isinstance(documents, list) else {}


def entry(name: str, content: bytes) -> Entry:
    return {"name": name, "sha256": sha256(content), "size": len(content)}


def sorted_entries(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: str(one["name"]))


def plan_entries(folder: Path, manifest: Mapping[str, object]) -> list[Entry]:
    """The plan's entries in a manifest whose files are still what they say."""
    found = [one for name, one in documents_of(manifest).items() if name.startswith(PLAN)]
    return [one for one in found if _is_there(inside(folder, str(one["name"])), one)]


def _is_there(path: Path, noted: Entry) -> bool:
    return path.is_file() and sha256(path.read_bytes()) == noted.get("sha256")


def note_plan(folder: Path, edition: Edition, paths: Sequence[Path]) -> None:
    """Put the plan's files into the manifest of the edition they were made from. That of another edition no
    longer names them: what it said of them is not true any more. Without a manifest nothing is done."""
    manifest = read_manifest(folder)
    if not manifest:
        return
    kept = [one for name, one in documents_of(manifest).items() if not name.startswith(PLAN)]
    if manifest.get("run_id") == edition.run_id:
        kept += [entry(path.name, path.read_bytes()) for path in paths]
    put_file(inside(folder, MANIFEST), dumps({**manifest, "documents": sorted_entries(kept)}))
