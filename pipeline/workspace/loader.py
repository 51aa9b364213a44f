"""A workspace's folder to one frozen `Workspace`, or every problem of all its files in one error.

Here: which files there are, reading them, the fingerprint, notes. Not here: what is allowed in them
(model.py, shape.py) and what must agree (rules.py).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel

from pipeline.errors import Problem, UsageError, WorkspaceError, nearest, shown
from pipeline.periods import Week, as_instant
from pipeline.workspace.draft import Draft, Entry, PullKeys
from pipeline.workspace.each import expanded
from pipeline.workspace.look import broken_look, logo_bytes
from pipeline.workspace.model import Audience, Company, Goal, Kpi, Notes, People, Source, Strategy, Workspace
from pipeline.workspace.owntemplates import FOLDER as TEMPLATES
from pipeline.workspace.owntemplates import read_own_templates
from pipeline.workspace.rates import RATES_FILE, read_rates
from pipeline.workspace.rules import broken_references, broken_rules
from pipeline.workspace.shape import shaped
from pipeline.workspace.sheets import SheetDocument, read_goal_workbook
from pipeline.workspace.strays import misnamed_receipts, stray_exports, strays
from pipeline.workspace.yamlnodes import SIZE_LIMIT, Document, decode, read_yaml

Found = tuple[Any, tuple[str | int, ...], list[Problem]]

COMPANY_FILE = "scorecards.yaml"
RECEIVED_FILE = "exports/received.csv"

# file -> kind of its entries, its model, and the key of its list (None: the file is one entry)
_SINGLE: dict[str, tuple[str, type[BaseModel], str | None]] = {
    COMPANY_FILE: ("company", Company, None),
    "people.yaml": ("people", People, None),
    "strategy.yaml": ("strategy", Strategy, None),
    "audiences.yaml": ("audience", Audience, "audiences"),
    "kpis.yaml": ("kpi", Kpi, "kpis"),
}
_FOLDERS: dict[str, tuple[str, type[BaseModel], str]] = {
    "goals": ("goal", Goal, "goals"),
    "sources": ("source", Source, "sources"),
}
# lists inside a single-entry file whose items have ids of their own
_PARTS = {"people": (("people", "person"), ("teams", "team")), "strategy": (("objectives", "objective"),)}


def load_workspace(
    root: Path,
    catalogue: Sequence[Kpi] = (),
    systems: Mapping[str, frozenset[str]] | None = None,
    pulls: Mapping[tuple[str, str], PullKeys] | None = None,
) -> Workspace:
    """Read the workspace in `root`.

    `catalogue`: built-in KPIs that goals may name; without any, names of KPIs are not checked. `systems`:
    vendor system -> its exports; `pulls`: (system, export) -> keys of its pull; None: not checked. Raises
    WorkspaceError with every problem of every file, UsageError when the folder is no workspace at all.
    """
    draft, received, problems = _gathered(root.resolve(), catalogue, systems, pulls)
    problems += broken_references(draft) + broken_rules(draft) + _strays(draft, received)
    problems += broken_look(draft) + read_own_templates(draft.root)[1]
    problems = _said_once(problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors or draft.company is None:
        raise WorkspaceError(*sorted(problems, key=_by_place))
    return _workspace(draft, received, [problem for problem in problems if problem.severity != "error"])


def load_what_loads(root: Path, catalogue: Sequence[Kpi] = ()) -> Workspace:
    """The parts of a workspace that can be read while others are still wrong, such as goals being drafted.

    Raises WorkspaceError when scorecards.yaml itself is wrong, UsageError when there is none.
    """
    draft, received, problems = _gathered(root.resolve(), catalogue, None, None)
    if draft.company is None:
        raise WorkspaceError(*(one for one in problems if one.file == COMPANY_FILE))
    return _workspace(draft, received, [])


def load_notes(workspace: Workspace, week: Week) -> Notes:
    """The owner's notes of a week from notes/<week>.md; empty Notes when nobody wrote any.

    Raises WorkspaceError when they cannot be read or name a person who does not exist.
    """
    path = workspace.root / "notes" / f"{week}.md"
    if not path.is_file():
        return Notes()
    notes, problems = read_notes(
        path, f"notes/{path.name}", [person.id for person in workspace.people.people]
    )
    if problems:
        raise WorkspaceError(*problems)
    return notes


def check_notes(workspace: Workspace) -> list[Problem]:
    """Problems of all notes, for `check`: their content, and names that are not weeks."""
    problems: list[Problem] = []
    people = [person.id for person in workspace.people.people]
    for path in sorted((workspace.root / "notes").glob("*.md")):
        file = f"notes/{path.name}"
        try:
            named = str(Week.parse(path.stem)) == path.stem
        except ValueError:
            named = False
        if not named:
            problems.append(
                Problem(
                    "E-NOTES",
                    "The name {name} is not a week, so nobody will read these notes.",
                    "Name the file like 2026-W47.md.",
                    file=file,
                    severity="warning",
                    params={"name": shown(path.name)},
                )
            )
        problems += read_notes(path, file, people)[1]
    return problems


def _strays(draft: Draft, received: Mapping[str, str]) -> list[Problem]:
    company, root = draft.company, draft.root
    ignored = (company.state, company.output) if company else ()
    found = list(strays(root, config_files(root), _FOLDERS, _SINGLE, ignored))
    found += misnamed_receipts(root, received)
    return found + list(stray_exports(root, [source for _, source in draft.sources]))


def config_files(root: Path) -> list[Path]:
    """The files that set up a workspace, in a fixed order; notes and exports are not among them."""
    files = [root / name for name in _SINGLE]
    for folder in _FOLDERS:
        files += sorted([*(root / folder).rglob("*.yaml"), *(root / folder).rglob("*.yml")])
    files += sorted(
        path for path in (root / "goals").rglob("*.xlsx") if not path.name.startswith(("~$", "."))
    )
    return [path for path in files if path.is_file()]


def _gathered(
    root: Path,
    catalogue: Sequence[Kpi],
    systems: Mapping[str, frozenset[str]] | None,
    pulls: Mapping[tuple[str, str], PullKeys] | None,
) -> tuple[Draft, dict[str, str], list[Problem]]:
    """Everything that was read, the times of receipt, and what was wrong with the files' shape."""
    if not (root / COMPANY_FILE).is_file():
        raise UsageError(_no_workspace(root))
    draft = Draft(root, {kpi.id: kpi for kpi in catalogue}, systems, pulls)
    problems: list[Problem] = []
    for path in config_files(root):
        problems += _read(draft, path)
    received, of_received = _received(draft)
    own = draft.company.currency if draft.company else None
    draft.rates, of_rates = read_rates(root, own)
    return draft, received, problems + of_received + of_rates


# --- reading ---------------------------------------------------------------------------------------------


def _no_workspace(root: Path) -> Problem:
    found = (
        next((path.parent for path in sorted(root.glob(f"*/{COMPANY_FILE}"))), None)
        if root.is_dir()
        else None
    )
    if found:
        return Problem(
            "E-WORKSPACE",
            "{folder} is not a workspace: it has no scorecards.yaml.",
            "There is one in {found}: give it with --workspace.",
            params={"folder": str(root), "found": str(found)},
        )
    return Problem(
        "E-WORKSPACE",
        "{folder} is not a workspace: it has no scorecards.yaml.",
        "Make one with `scorecards init FOLDER`, or name another folder with --workspace.",
        params={"folder": str(root)},
    )


def _read(draft: Draft, path: Path) -> list[Problem]:
    file = path.relative_to(draft.root).as_posix()
    kind, model, listed = _SINGLE.get(file) or _FOLDERS[file.split("/")[0]]
    if path.suffix == ".xlsx":
        return _read_workbook(draft, path, file)
    if path.stat().st_size > SIZE_LIMIT:
        data = b"\n" * (SIZE_LIMIT + 1)  # not worth reading; the reader says what is wrong
    else:
        data = path.read_bytes()
    document, problems = read_yaml(data, file)
    if document is None:
        return problems
    if document.data is None:
        if kind == "company":
            problems.append(
                Problem("E-MISSING", "The file is empty.", "Write company, timezone and currency.", file=file)
            )
        return problems
    for raw, place, wrong in _items(document, listed, single_allowed=kind in ("goal", "source")):
        problems += wrong
        if raw is not None:
            problems += _add(draft, Entry(kind, raw, document, place, None), model)
    return problems


def _read_workbook(draft: Draft, path: Path, file: str) -> list[Problem]:
    currency = draft.company.currency if draft.company else None
    document, problems = read_goal_workbook(path.read_bytes(), file, currency)
    for index, raw in enumerate(document.data["goals"] if document else ()):
        problems += _add(draft, Entry("goal", raw, document, ("goals", index), None), Goal)  # type: ignore[arg-type]
    return problems


def _items(document: Document, listed: str | None, single_allowed: bool) -> list[Found]:
    """(data, path, problems) of each entry of a file: the whole file, or the items under the key `listed`."""
    data = document.data
    if not isinstance(data, Mapping) or listed is None:
        return (
            [(data, (), [])]
            if listed is None or single_allowed
            else [(None, (), [_no_list(document, listed)])]
        )
    if single_allowed and listed not in data:
        return [(data, (), [])]
    problems = [_key_beside_list(document, key, listed) for key in data if key != listed]
    items = data.get(listed)
    if not isinstance(items, list):
        empty = listed in data and items is None
        return [(None, (), problems if empty or problems else [_no_list(document, listed)])]
    return [(None, (), problems), *((item, (listed, index), []) for index, item in enumerate(items))]


def _key_beside_list(document: Document, key: str, listed: str) -> Problem:
    return Problem(
        "E-KEY",
        "The key {key} is not known here.",
        "Did you mean {near}?" if nearest(key, [listed]) else "Known keys: {choices}.",
        params={"key": shown(key), "near": listed, "choices": listed},
        **document.place((key,), "key"),
    )


def _no_list(document: Document, listed: str) -> Problem:
    return Problem(
        "E-VALUE",
        "This file must hold a list under the key {key}.",
        "Write {key} and a colon, then one entry a line, each beginning with a dash.",
        params={"key": listed},
        **document.place((listed,)),
    )


def _add(draft: Draft, entry: Entry, model: type[BaseModel]) -> list[Problem]:
    if entry.kind != "goal":
        return _add_one(draft, entry, model)
    entries, problems = expanded(draft, entry)
    return [*problems, *(one for made in entries for one in _add_one(draft, made, model))]


def _add_one(draft: Draft, entry: Entry, model: type[BaseModel]) -> list[Problem]:
    made, problems = shaped(model, entry.raw, entry.document, entry.path)
    if isinstance(entry.document, SheetDocument):  # a column that is missing has been said once already
        absent = entry.document.absent
        problems = [one for one in problems if one.code != "E-MISSING" or one.params["key"] not in absent]
    draft.entries.append(Entry(entry.kind, entry.raw, entry.document, entry.path, made))
    for key, kind in _PARTS.get(entry.kind, ()):
        items = entry.raw.get(key) if isinstance(entry.raw, Mapping) else None
        whole = {part.id: part for part in getattr(made, key, ())} if made else {}
        for index, raw in enumerate(items if isinstance(items, list) else ()):
            part = Entry(kind, raw, entry.document, (*entry.path, key, index), None)
            draft.entries.append(Entry(kind, raw, part.document, part.path, whole.get(part.id or "")))
    return problems


def _said_once(problems: list[Problem]) -> list[Problem]:
    """One written goal with `for_each` is many goals; what is wrong with it is said of the first."""
    first = {(one.code, one.message, one.place(), one.value): one for one in reversed(problems)}
    kept = {id(one) for one in first.values()}
    return [one for one in problems if id(one) in kept]


def _by_place(problem: Problem) -> tuple[str, int, str]:
    return problem.file or "", problem.line or 0, problem.code


def _workspace(draft: Draft, received: dict[str, str], warnings: list[Problem]) -> Workspace:
    company = draft.company
    if company is None:
        raise WorkspaceError(_no_workspace(draft.root))
    return Workspace(
        root=draft.root,
        company=company,
        people=draft.people,
        audiences=tuple(_deduplicated(audience) for _, audience in draft.audiences),
        sources=tuple(source for _, source in draft.sources),
        kpis=tuple(kpi for _, kpi in draft.own_kpis),
        goals=tuple(goal for _, goal in draft.goals),
        strategy=draft.strategy,
        rates=draft.rates,
        received=received,
        fingerprint=_fingerprint(draft),
        locations=draft.locations(),
        warnings=tuple(warnings),
        logo=logo_bytes(draft),
        templates=read_own_templates(draft.root)[0],
    )


def _deduplicated(audience: Audience) -> Audience:
    """Each address once: the same mailbox written twice, in whatever case, gets one message."""
    first = {recipient.address.strip().casefold(): recipient for recipient in reversed(audience.recipients)}
    kept = tuple(one for one in audience.recipients if first[one.address.strip().casefold()] is one)
    return (
        audience
        if len(kept) == len(audience.recipients)
        else audience.model_copy(update={"recipients": kept})
    )


def _fingerprint(draft: Draft) -> str:
    """sha256 over sorted relative paths and bytes: set-up files, rates, lookups' files, templates, logo.

    The times in exports/received.csv stay out: a new line there must not make last month's edition another.
    """
    root = draft.root
    looked_up = {root / lookup.file for _, source in draft.sources for lookup in source.lookup}
    own_templates = set((root / TEMPLATES).rglob("*"))
    look = draft.company.look if draft.company else None
    logo = {root / look.logo} if look and logo_bytes(draft) is not None and look.logo else set()
    digest = hashlib.sha256()
    for path in sorted({*config_files(root), root / RATES_FILE, *looked_up, *own_templates, *logo}):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


# --- exports/received.csv --------------------------------------------------------------------------------


def _received(draft: Draft) -> tuple[dict[str, str], list[Problem]]:
    """File -> instant it was received (UTC, ISO text), from the columns file,received_at."""
    path = draft.root / RECEIVED_FILE
    if not path.is_file():
        return {}, []
    text, problem = decode(path.read_bytes(), RECEIVED_FILE)
    if text is None:
        return {}, [problem] if problem else []
    first = text.partition("\n")[0].strip()
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    if [cell.strip() for cell in next(rows, [])] != ["file", "received_at"]:
        return {}, [
            Problem(
                "E-HEADER",
                "The first line must be file,received_at.",
                "Correct the first line.",
                file=RECEIVED_FILE,
                line=1,
                column=1,
                value=shown(first),
            )
        ]
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for row in rows:
        if any(cell.strip() for cell in row):
            problems += _received_row(draft, row, rows.line_num, found, lines)
    return found, problems


def _received_row(
    draft: Draft, row: list[str], line: int, found: dict[str, str], lines: dict[str, int]
) -> list[Problem]:
    if len(row) != 2:
        return [
            Problem(
                "E-FIELDS",
                "This line has {count} values instead of 2.",
                "Write file and time, nothing else.",
                file=RECEIVED_FILE,
                line=line,
                params={"count": len(row)},
            )
        ]
    name = PurePosixPath(row[0].strip().replace("\\", "/")).as_posix()
    instant = _instant(draft, row[1].strip())
    if instant is None:
        return [
            Problem(
                "E-VALUE",
                "{value} is not a time.",
                file=RECEIVED_FILE,
                line=line,
                column="received_at",
                value=shown(row[1]),
                expected="a time such as 2026-11-16T06:10 or 2026-11-16T06:10:00+03:00",
                params={"value": f"“{shown(row[1])}”"},
            )
        ]
    if name in lines:
        return [
            Problem(
                "E-DUPLICATE",
                "The file {name} is listed twice, on lines {first} and {second}.",
                "Keep one of the two.",
                file=RECEIVED_FILE,
                line=line,
                column="file",
                params={"name": shown(name), "first": lines[name], "second": line},
            )
        ]
    found[name], lines[name] = instant, line
    return []


def _instant(draft: Draft, text: str) -> str | None:
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= 10:
        return None  # a day alone does not say whether it was before the cut-off
    if local.tzinfo is None and draft.company is None:
        return text  # the company's own file is broken and already reported
    zone = draft.company.zone if draft.company else local.tzinfo
    return as_instant(local, zone).isoformat()  # type: ignore[arg-type]


# --- notes -----------------------------------------------------------------------------------------------


def read_notes(path: Path, file: str, people: Sequence[str]) -> tuple[Notes, list[Problem]]:
    """Notes and their problems. Front matter between two lines `---` holds decisions and actions; the rest is
    the owner's comment, by language when it has headings `## en` and `## ru`."""
    if path.stat().st_size > SIZE_LIMIT:
        return Notes(), read_yaml(b"\n" * (SIZE_LIMIT + 1), file)[1]
    text, problem = decode(path.read_bytes(), file)
    if text is None:
        return Notes(), [problem] if problem else []
    front, body, problems = _front_matter(text.replace("\r\n", "\n"), file)
    document, of_front = read_yaml(front.encode(), file, first_line=2)
    problems += of_front
    if document is None or document.data is None:
        return Notes(comment=_by_language(body)), problems
    entry = Entry("notes", document.data, document, (), None)
    if isinstance(document.data, dict) and "comment" not in document.data:
        document.data["comment"] = _by_language(body)
    notes, of_shape = shaped(Notes, document.data, document, ())
    draft = Draft(
        path.parent, entries=[entry, *(Entry("person", {"id": one}, document, (), None) for one in people)]
    )
    return notes or Notes(), [*problems, *of_shape, *broken_references(draft)]


def _front_matter(text: str, file: str) -> tuple[str, str, list[Problem]]:
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return "", text, []
    end = next((index for index, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        problem = Problem(
            "E-YAML",
            "The block that begins with --- on the first line is not closed.",
            "Write a line --- where the comment begins.",
            file=file,
            line=1,
            column=1,
        )
        return "", "", [problem]
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :]), []


def _by_language(body: str) -> dict[str, str]:
    """Text per language heading; what stands before the first heading belongs to every language."""
    sections: dict[str, list[str]] = {"": []}
    here = ""
    for line in body.split("\n"):
        heading = line[2:].strip().lower() if line.startswith("##") and not line.startswith("###") else ""
        if heading in ("en", "ru"):
            here = heading
            sections.setdefault(here, [])
        else:
            sections[here].append(line)
    texts = {lang: "\n".join(lines).strip() for lang, lines in sections.items()}
    common = texts.pop("")
    if not texts:
        return {"": common} if common else {}
    return {lang: f"{common}\n\n{text}".strip() for lang, text in texts.items()}
