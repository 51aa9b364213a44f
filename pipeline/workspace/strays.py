"""Files that lie where nothing reads them: a goal in the wrong folder, an export that belongs to no source.

Here: warnings about files by their place and name. Not here: what stands in a file (loader.py, rules.py),
which files of a source are read (sources/ingest.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.errors import Problem, nearest, shown
from pipeline.workspace.model import Source
from pipeline.workspace.rules import leads_out

_DIGITS = re.compile(r"[0-9]+")
EXPORTS = "exports"
RECEIVED = "received.csv"
SET_UP = (".yaml", ".yml")
MISNAMED = (".txt", ".yaml.txt", ".yml.txt", ".json")
"""Endings an editor gives a YAML file; a README.md beside the goals is nobody's mistake."""


def strays(
    root: Path, read: Iterable[Path], folders: Iterable[str], names: Iterable[str], ignored: Iterable[str]
) -> Iterator[Problem]:
    """Warnings about set-up files nothing reads.

    `read`: the files that are read; `folders` and `names`: where they may lie and what single ones are
    called; `ignored`: folders that hold something else.
    """
    known, folders, names = set(read), list(folders), list(names)
    skipped = {EXPORTS, "notes", "templates", *ignored}
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in skipped:
            continue
        if path.is_dir():
            yield from _in_folder(root, path, known, folders)
        elif path.suffix in SET_UP and path not in known:
            near = nearest(path.stem, [*(Path(name).stem for name in names), *folders])
            where = f"{near}/{path.name}" if near in folders else f"{near or Path(names[0]).stem}.yaml"
            yield _unread(root, path, where if near else ", ".join([*names, *(f"{one}/" for one in folders)]))


def _in_folder(root: Path, folder: Path, known: set[Path], folders: list[str]) -> Iterator[Problem]:
    if folder.name in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith(".") and path.name.lower().endswith(MISNAMED):
                yield _unread(root, path, f"{folder.name}/{path.name.split('.')[0]}.yaml")
        return
    near = nearest(folder.name, folders)
    for path in sorted(folder.rglob("*")) if near else ():
        if path.is_file() and path.suffix in SET_UP and path not in known:
            yield _unread(root, path, f"{near}/{path.name}")


def _unread(root: Path, path: Path, where: str) -> Problem:
    file = path.relative_to(root).as_posix()
    return Problem(
        "W-UNREAD",
        "Nothing reads this file.",
        "Move or rename it: {where}.",
        file=file,
        severity="warning",
        params={"where": where},
    )


def stray_exports(root: Path, sources: Iterable[Source]) -> Iterator[Problem]:
    """Warnings about folders and files in `exports` that no source reads."""
    known = list(sources)
    sources = [one for one in known if one.sql is None]  # a query reads no files but second ones
    patterns = [one.files or f"{EXPORTS}/{one.id}/*" for one in sources]
    wanted = {path for pattern in patterns if not leads_out(pattern) for path in root.glob(pattern)}
    wanted |= {root / lookup.file for one in known for lookup in one.lookup}
    top = root / EXPORTS
    for path in sorted(top.iterdir()) if top.is_dir() else ():
        if path.name.startswith(".") or path.name == RECEIVED:
            continue
        files = [path] if path.is_file() else [one for one in sorted(path.rglob("*")) if one.is_file()]
        files = [one for one in files if not one.name.startswith(".")]
        if files and not wanted.intersection(files):
            yield _no_source(root, path, sources)


def misnamed_receipts(root: Path, received: Iterable[str]) -> Iterator[Problem]:
    """Warnings about names in exports/received.csv that are most likely those of other files, so that their
    time would not be used. A name without any likely file is an export that was cleared away."""
    listed = set(received)
    there = {path.relative_to(root).as_posix() for path in (root / EXPORTS).rglob("*") if path.is_file()}
    for name in sorted(listed - there):
        near = _same_file(name, there - listed)
        if near:
            yield Problem(
                "W-UNREAD",
                "There is no file {name}, so its time is not used.",
                "Did you mean {near}?",
                file=f"{EXPORTS}/{RECEIVED}",
                severity="warning",
                params={"name": shown(name), "near": near},
            )


def _same_file(name: str, others: Iterable[str]) -> str | None:
    """The file of the same folder with a like name and the same numbers: last week's export is another."""
    path = Path(name)
    alike = {
        Path(one).name: one
        for one in others
        if Path(one).parent == path.parent and _DIGITS.findall(one) == _DIGITS.findall(name)
    }
    near = nearest(path.name, alike)
    return alike[near] if near else None


def _no_source(root: Path, path: Path, sources: list[Source]) -> Problem:
    file = path.relative_to(root).as_posix()
    ids = [one.id for one in sources]
    near = nearest(path.stem, ids) or (ids[0] if len(ids) == 1 else None)
    return Problem(
        "W-UNREAD",
        "No source reads {file}.",
        "Move its files to exports/{near}/, or write a source for them."
        if near
        else "Move its files to exports/<id of a source>/, or write a source for them.",
        file=file,
        severity="warning",
        params={"file": shown(file), "near": near},
    )
