"""Every document of a week, written into its folder.

Here: which documents there are, what each is made from, and that an unchanged one is not made again. Not
here: what stands in them. The manifest holds inputs, versions and hashes and no clock, so that equal inputs
give equal bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import pandas as pd

from pipeline.bundled import templates_dir
from pipeline.errors import InvariantBroken
from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.report.checks import check_document, expected_pages
from pipeline.report.context import RULES_VERSION, Context
from pipeline.report.engine import scorecard_html
from pipeline.report.files import inside, put_file, safe_name, sha256
from pipeline.report.fit import pick
from pipeline.report.html import web_page
from pipeline.report.manifest import MANIFEST, documents_of, plan_entries, read_manifest, sorted_entries
from pipeline.report.printed import Embedded, Order, Printed
from pipeline.report.printers import printers
from pipeline.report.scorecard import scorecard_view
from pipeline.report.settle import Make, Memory, settled
from pipeline.report.tables import goals_csv, periods_csv, quarantine_csv
from pipeline.report.templates import NONE, Templates
from pipeline.report.twin import dumps, restricted, scorecard_json
from pipeline.report.view import ScorecardView, Setting
from pipeline.workspace.model import Audience, Notes, Workspace

Progress = Callable[[str], None]
T = TypeVar("T")


def render_edition(
    workspace: Workspace,
    edition: Edition,
    notes: Notes,
    out_dir: Path,
    audiences: Sequence[Audience] | None = None,
    previous_notes: Notes | None = None,
    quarantine: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Writes every document of a week into `out_dir` (the week's own folder) and returns their paths.

    audiences: those to write for; None: all of the workspace. quarantine: rejected rows of the known
    exports. progress: told each file's name when it is there. A file whose content would be the same is not
    made again. Raises InvariantBroken when a finished document is not what it must be, after all others have
    been written; there is no new manifest then."""
    printers().try_again()
    desk = _Desk(out_dir, edition, progress, Templates.of(workspace.templates))
    kpis = kpi_registry(workspace)
    readers = workspace.audiences if audiences is None else tuple(audiences)
    spoken = [*workspace.company.languages, *(one.language for one in readers)]
    langs: tuple[str, ...] = tuple(dict.fromkeys(spoken))
    plain = {lang: Context(workspace, edition, kpis, lang) for lang in langs}
    twin = scorecard_json(plain, notes)
    written = workspace.model_dump_json() + notes.model_dump_json()
    desk.put("scorecard.json", dumps(twin))
    memories = {lang: Memory() for lang in langs}
    singles = [
        _Sheet(
            f"goals/{safe_name(goal_id)}.{lang}.pdf",
            partial(scorecard_view, context, goal_id),
            dumps(restricted({**twin, "comment": {}}, (goal_id,), _sources(edition, goal_id))),
            memories[lang],
        )
        for lang, context in plain.items()
        for goal_id in _read_in(lang, context, readers, workspace)
    ]
    desk.put_pdfs(singles, written)
    sheets = []
    for reader in readers:
        own = replace(plain[reader.language], audience=reader, notes=notes, previous_notes=previous_notes)
        view = scorecard_view(own)
        name = f"scorecard-{safe_name(reader.id)}.{reader.language}"
        embedded = dumps(restricted(twin, view.goal_ids, own.source_ids))
        make = partial(scorecard_view, own, None)
        sheets.append(_Sheet(f"{name}.pdf", make, embedded, memories[reader.language], view))
        desk.put_page(f"{name}.html", view)
    desk.put_pdfs(sheets, written)
    for lang in langs:
        desk.put(f"goals.{lang}.csv", goals_csv(twin, lang))
        desk.put(f"periods.{lang}.csv", periods_csv(twin, lang))
    desk.put("quarantine.csv", quarantine_csv(quarantine))
    desk.put("calendar.ics", calendar_ics(plain[langs[0]]))
    desk.finish(workspace)
    return desk.paths


def _read_in(lang: str, context: Context, readers: Sequence[Audience], workspace: Workspace) -> list[str]:
    """Goals whose page somebody reads in a language: every goal in the company's own languages, elsewhere
    those of its audiences."""
    everything = [one.goal_id for one in context.edition.results]
    if lang in workspace.company.languages:
        return everything
    seen = [replace(context, audience=one) for one in readers if one.language == lang]
    return [key for key in everything if any(one.sees(key) for one in seen)]


def _sources(edition: Edition, goal_id: str) -> tuple[str, ...]:
    return next(one.sources for one in edition.results if one.goal_id == goal_id)


@dataclass(frozen=True)
class _Sheet:
    """A PDF to be: its name, what it shows in a setting, the data inside it, and how closely its goals were
    set elsewhere."""

    name: str
    make: Make
    embedded: bytes
    memory: Memory
    roomiest: ScorecardView | None = None
    """What it shows in the roomiest setting, where that was made already."""


@dataclass
class _Desk:
    """Where documents are put down: one folder and its manifest."""

    folder: Path
    edition: Edition
    progress: Progress | None = None
    templates: Templates = NONE
    failures: list[InvariantBroken] = field(default_factory=list)
    """Of documents that were not written; the others are."""
    paths: list[Path] = field(default_factory=list)
    entries: list[dict[str, object]] = field(default_factory=list)
    known: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = documents_of(read_manifest(self.folder))

    def put(self, name: str, content: bytes, made_from: str | None = None) -> None:
        path = inside(self.folder, name)
        put_file(path, content)
        self._note(path, name, sha256(content), len(content), made_from)

    def put_pdfs(self, sheets: Sequence[_Sheet], written: str) -> None:
        """Prints, checks and writes PDFs side by side, those that are not there yet or were made from
        something else."""
        made_from = [(sheet, self._tried(partial(self._made_from, sheet))) for sheet in sheets]
        sound = [(sheet, digest) for sheet, digest in made_from if digest is not None]
        with ThreadPoolExecutor(printers().size) as threads:
            printing = [
                None
                if self._is_there(sheet.name, digest)
                else threads.submit(self._print, sheet, digest, written)
                for sheet, digest in sound
            ]
            for (sheet, digest), printed in zip(sound, printing, strict=True):
                content = self._tried(printed.result) if printed else self._content(sheet.name)
                if content is not None:
                    self._tried(partial(self.put, sheet.name, content, digest))

    def put_page(self, name: str, view: ScorecardView) -> None:
        page = self._tried(partial(web_page, view))
        if page is not None:
            self.put(name, page.encode())

    def _tried(self, work: Callable[[], T]) -> T | None:
        """What the work gives; None when a document fails in it, which is kept for the end."""
        try:
            return work()
        except InvariantBroken as error:
            self.failures.append(error)
            return None

    def _made_from(self, sheet: _Sheet) -> str:
        """Digest of what a document is made from. Its roomiest setting tells it: how closely it must be set
        follows from that."""
        html = scorecard_html(sheet.roomiest or sheet.make(Setting()))
        parts = (html.encode(), sheet.embedded, _tools().encode(), *self._own_style())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def _own_style(self) -> tuple[bytes, ...]:
        style = self.templates.text("page.css")
        return (style.encode(),) if style else ()

    def _is_there(self, name: str, made_from: str) -> bool:
        path, known = inside(self.folder, name), self.known.get(name)
        if not known or known.get("made_from") != made_from or not path.is_file():
            return False
        return sha256(path.read_bytes()) == known.get("sha256")

    def _content(self, name: str) -> bytes:
        return inside(self.folder, name).read_bytes()

    def _print(self, sheet: _Sheet, made_from: str, written: str) -> bytes:
        files = (Embedded("scorecard.json", "The numbers of this document", sheet.embedded),)

        def printing(view: ScorecardView) -> Printed:
            style = self.templates.text("page.css")
            order = Order(scorecard_html(view), made_from[:32].encode(), self.edition.as_of, files, style)
            return printers().print(order, expected_pages(view))

        view, printed = settled(sheet.make, printing, sheet.memory)
        check_document(view, printed, sheet.name, written)
        return printed.content

    def finish(self, workspace: Workspace) -> None:
        """The manifest comes last: a document that it names is there. Raises the failures instead, when
        there are any."""
        if self.failures:
            problems = dict.fromkeys(one for error in self.failures for one in error.problems)
            raise type(self.failures[0])(*problems)
        edition = self.edition
        manifest: dict[str, object] = {
            "version": 1,
            "week": str(edition.week),
            "known": edition.known,
            "as_of": edition.as_of,
            "run_id": edition.run_id,
            "rules_version": RULES_VERSION,
            "workspace": workspace.fingerprint,
            "inputs": edition.inputs,
            "versions": {
                "goal-scorecards": package_version("goal-scorecards"),
                "weasyprint": package_version("weasyprint"),
            },
        }
        before = read_manifest(self.folder)
        same = all(dumps(before.get(key)) == dumps(value) for key, value in manifest.items())
        plan = plan_entries(self.folder, before) if same else []
        manifest["documents"] = sorted_entries([*self.entries, *plan])
        path, content = inside(self.folder, MANIFEST), dumps(manifest)
        put_file(path, content)
        self.paths.append(path)

    def _note(self, path: Path, name: str, digest: str, size: int, made_from: str | None) -> None:
        entry: dict[str, object] = {"name": name, "sha256": digest, "size": size}
        self.entries.append({**entry, "made_from": made_from} if made_from else entry)
        self.paths.append(path)
        if self.progress:
            self.progress(name)


@cache
def _tools() -> str:
    """Fingerprint of what turns HTML into bytes: style sheet, fonts, renderer."""
    digest = hashlib.sha256(package_version("weasyprint").encode())
    folder = templates_dir()
    for path in (folder / "page.css", *sorted((folder / "fonts").glob("*.ttf"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def package_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "0"


def calendar_ics(context: Context) -> bytes:
    """Due dates of goals, milestones and initiatives, and the next reviews, as all-day events. Each keeps its
    uid from week to week, so that a calendar moves it instead of doubling it; stamped with the edition's
    as-of."""
    from icalendar import Calendar, Event

    f, calendar = context.formats, Calendar()
    calendar.add("prodid", "-//goal-scorecards//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for uid, day, text in _deadlines(context):
        event = Event()
        event.add("uid", f"{uid}@goal-scorecards")
        event.add("dtstamp", context.edition.as_of)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", text)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    calendar.add("x-wr-calname", f.say("Goals: deadlines"))
    content: bytes = calendar.to_ical()
    return content


def _deadlines(context: Context) -> Iterator[tuple[str, date, str]]:
    f, lang = context.formats, context.lang
    for result in sorted(context.results, key=lambda one: one.goal_id):
        goal = context.goals.get(result.goal_id)
        if goal is None:
            continue
        title, target = pick(goal.title, lang), f.value(result.target, result.unit)
        yield goal.id, goal.due, f.say("Due: {name}, target {target}", name=title, target=target)
        for number, stone in enumerate(goal.milestones, 1):
            value = f.value(stone.value.amount, result.unit)
            label = pick(stone.label, lang) or f.say("milestone {value}", value=value)
            yield f"{goal.id}/milestone/{number}", stone.date, f"{title}: {label}"
        for one in goal.how:
            if one.due is not None:
                yield (
                    f"{goal.id}/{one.id}",
                    one.due,
                    f"{title}: {pick(one.title, lang)} ({context.person(one.owner)})",
                )
    for number, review in enumerate(context.workspace.strategy.reviews, 1):
        if review.next is not None:
            yield (
                f"/review/{number}",
                review.next,
                f.say("Review: {name}", name=pick(review.title, lang)),
            )
