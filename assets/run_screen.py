"""What `run` and `backfill` tell: which exports were read, what was set aside, what was made, what is next.

Here: gathering and wording for the terminal. Not here: running (commands.py), goals as a table (screens.py),
printing itself (terminal.py).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.screens import held_next, show_status
from assets.terminal import Terminal
from assets.trouble import machine_trouble
from pipeline.errors import Problem, ScorecardError, Translate
from pipeline.language import pick
from pipeline.periods import latest_due_week
from pipeline.workspace.model import Workspace

if TYPE_CHECKING:
    from assets.commands import BackfillReport, WeekReport
    from pipeline.goals.model import Edition
    from pipeline.sources.ingest import IngestReport
    from pipeline.sources.pull import PullReport
    from pipeline.store.records import Landed
    from pipeline.store.store import Store

FIRST_REASONS = 3
"""Reasons for rows set aside that are shown for a source; every one is in quarantine.csv."""
FIRST_NAMES = 5
"""File names that a sentence lists."""
UNUSED_COLUMNS = "W-COLUMNS"


# --- one week --------------------------------------------------------------------------------------------


def show_run(terminal: Terminal, workspace: Workspace, report: WeekReport, unchanged: bool = False) -> None:
    """What a run made, what it met, and what to do next. `unchanged`: its documents are as they were."""
    store = _store(workspace)
    show_pulled(terminal, workspace, report.pulled)
    _show_ingest(terminal, workspace, report.ingest, store)
    if report.edition is not None:
        show_status(terminal, workspace, report.edition)
        terminal.line()
        _show_late(terminal, workspace, report.edition, report.ingest, store)
        unfetched = {key for key, one in report.pulled.items() if one.problem}
        _show_old(terminal, workspace, report.edition, unfetched)
        _show_drift(terminal, workspace, report.edition)
    if unchanged and report.failure is None:
        terminal.said("Nothing has changed since this week was run before; its documents stay as they are.")
    _show_documents(terminal, workspace, report)
    _show_in_place(terminal, workspace, report)
    if report.failure is not None:
        terminal.error(failure_text(report.failure, terminal.say))
    _show_next(terminal, workspace, report)
    if any(one.problem for one in report.pulled.values()):
        _show_unfetched(terminal, workspace, report)
    if report.exit_code == 3 and report.edition is not None:
        _show_unjudged(terminal, workspace, report.edition)


def _store(workspace: Workspace) -> Store:
    from pipeline.store.store import Store

    return Store(workspace.state_dir)


def _show_late(
    terminal: Terminal,
    workspace: Workspace,
    edition: Edition,
    ingest: dict[str, IngestReport],
    store: Store,
) -> None:
    late = late_exports(workspace, edition, ingest, store)
    if not late:
        return
    from pipeline.report.i18n import formats

    words = formats(terminal.lang, workspace.company.currency)
    names = [one.name for one in late[:FIRST_NAMES]] + (["…"] if len(late) > FIRST_NAMES else [])
    terminal.line(
        terminal.say.count(
            "{n} export arrived after the cut-off ({cut}) and is not in this edition: {names}. "
            "To count it: scorecards run --week {week} --known now",
            "{n} exports arrived after the cut-off ({cut}) and are not in this edition: {names}. "
            "To count them: scorecards run --week {week} --known now",
            len(late),
            cut=words.instant(edition.as_of, workspace.company.zone),
            names=", ".join(names),
            week=str(edition.week),
        )
    )
    terminal.line()


def late_exports(
    workspace: Workspace, edition: Edition, ingest: dict[str, IngestReport], store: Store
) -> list[Landed]:
    """Exports that were there when the week was run and do not count in it. For an old week only those
    that were new to this run: of what came long after it nobody needs to be told. Nor of one that cannot be
    read: no run counts it."""
    if edition.known == "now":
        return []
    from datetime import UTC, datetime

    knowledge = store.knowledge([source.id for source in workspace.sources], edition.as_of)
    newest = edition.week >= latest_due_week(
        datetime.now(UTC), workspace.company.zone, workspace.company.cutoff
    )
    new = {one.sha256 for report in ingest.values() for one in report.landed}
    readable = {
        entry["sha256"]
        for source in workspace.sources
        for entry in store.log_entries(source.id)
        if not entry["refused"]
    }
    return [
        one
        for source in workspace.sources
        for one in store.landings(source.id)
        if one.sha256 in readable
        and one.received_at > knowledge.instant(source.id)
        and (newest or one.sha256 in new)
    ]


def _show_old(terminal: Terminal, workspace: Workspace, edition: Edition, told: set[str]) -> None:
    """Sources that delivered nothing, or nothing lately, and where to put their export. Of those in `told`
    it has been said already."""
    shown = False
    for source in workspace.sources:
        state = edition.sources.get(source.id)
        if source.id in told:
            continue
        if state is not None and state.problem is not None and state.freshness in ("missing", "stale"):
            name = pick(source.title, terminal.lang) or source.id
            terminal.error(f"{name}: {state.problem.full(terminal.say)}")
            shown = True
    if shown:
        terminal.line()


def _show_drift(terminal: Terminal, workspace: Workspace, edition: Edition) -> None:
    """Exports that can be read and are still not what they used to be."""
    from pipeline.sources.drift import DRIFT

    texts = [
        f"{pick(source.title, terminal.lang) or source.id}: {problem.full(terminal.say)}"
        for source in workspace.sources
        if (state := edition.sources.get(source.id)) is not None
        for problem in state.warnings
        if problem.code in DRIFT
    ]
    for text in texts:
        terminal.error(text)
    if texts:
        terminal.line()


def _show_documents(terminal: Terminal, workspace: Workspace, report: WeekReport) -> None:
    """Pages to read one a line; a page for each goal and the data files in one line each."""
    if not report.documents:
        return
    folder = workspace.output_dir / str(report.week)
    pages = [path for path in report.documents if path.parent == folder and path.suffix in (".pdf", ".html")]
    for path in sorted(pages, key=lambda one: (one.suffix != ".pdf", one.name)):
        terminal.line(f"  {_short(path, workspace.root)}")
    goals = [path for path in report.documents if path.parent != folder]
    if goals:
        number = terminal.say.count("{n} document", "{n} documents", len(goals))
        terminal.line(f"  {_short(goals[0].parent, workspace.root)}/ ({number})")
    data = sorted(path.name for path in report.documents if path not in pages and path not in goals)
    if data:
        terminal.line(f"  {_short(folder, workspace.root)}/: {', '.join(data)}")
    terminal.line()


def _show_in_place(terminal: Terminal, workspace: Workspace, report: WeekReport) -> None:
    """That an edition as known now takes the place of the one as known then, in the folder and the mail."""
    if report.edition is None or report.edition.known != "now" or not report.documents:
        return
    terminal.said(
        "{folder} holds the week as known now, in place of the edition as known then. To make that again: "
        "scorecards run --week {week}",
        folder=f"{_short(workspace.output_dir / str(report.week), workspace.root)}/",
        week=report.week,
    )
    mail = report.queued.queued if report.queued else ()
    made = sum(one.outcome in ("queued", "replaced", "corrected") for one in mail)
    kept = sum(one.outcome == "already" and one.row.sent_at is not None for one in mail)
    say = terminal.say
    if made:
        terminal.line(
            say.count(
                "{n} waiting message carries the figures as known now too.",
                "{n} waiting messages carry the figures as known now too.",
                made,
            )
        )
    if kept:
        terminal.line(
            say.count(
                "{n} message has been sent and keeps the pages that it was sent with.",
                "{n} messages have been sent and keep the pages that they were sent with.",
                kept,
            )
        )


def _show_next(terminal: Terminal, workspace: Workspace, report: WeekReport) -> None:
    if report.queued is None:
        return
    say = terminal.say
    if not any(audience.recipients for audience in workspace.audiences):
        terminal.said("Nobody receives mail yet. Next: add recipients to audiences.yaml.")
        return
    new = report.queued.count("queued")
    if new:
        terminal.line(say.count("{n} message queued.", "{n} messages queued.", new))
    waiting = [one.row for one in report.queued.queued if one.row.hold and one.outcome != "withdrawn"]
    unapproved = [row for row in waiting if row.hold in ("approval", "first")]
    if unapproved:
        terminal.said("Held until approved: {n}. Next: scorecards deliver --approve", n=len(unapproved))
    if others := [row for row in waiting if row not in unapproved]:
        terminal.line(held_next(say, others))
    elif new and not unapproved:
        terminal.said("Next: scorecards deliver")


def _show_unjudged(terminal: Terminal, workspace: Workspace, edition: Edition) -> None:
    goals = [
        result.goal_id for result in edition.results if result.status == "no_verdict" and result.problems
    ]
    if not goals:
        return
    titles = [
        pick(goal.title, terminal.lang) if (goal := workspace.goal(goal_id)) else goal_id for goal_id in goals
    ]
    terminal.error(
        terminal.say.count(
            "Finished with problems (exit code 3): {n} goal has no verdict because of its data: {names}. "
            "Its reason stands above; deliver the data and run the week again.",
            "Finished with problems (exit code 3): {n} goals have no verdict because of their data: {names}. "
            "Their reasons stand above; deliver the data and run the week again.",
            len(goals),
            names=", ".join(titles),
        )
    )


def _show_unfetched(terminal: Terminal, workspace: Workspace, report: WeekReport) -> None:
    names = [_name(terminal, workspace, key) for key, one in report.pulled.items() if one.problem]
    terminal.error(
        terminal.say.count(
            "{n} source could not be fetched: {names}. What to do stands above; nothing else is affected.",
            "{n} sources could not be fetched: {names}. What to do stands above; nothing else is affected.",
            len(names),
            names=", ".join(names),
        )
    )


# --- what was fetched ------------------------------------------------------------------------------------


def show_pulled(terminal: Terminal, workspace: Workspace, pulled: dict[str, PullReport]) -> None:
    """A line for every source that was fetched, and why one was not."""
    if not pulled:
        return
    terminal.said("Fetched")
    rows = [[_name(terminal, workspace, key), _fetched_text(terminal, one)] for key, one in pulled.items()]
    terminal.table(rows, indent=2)
    terminal.line()
    for key, one in pulled.items():
        told = [*([one.problem] if one.problem else []), *one.warnings]
        for problem in told:
            terminal.error(f"{_name(terminal, workspace, key)}: {problem.full(terminal.say)}")


def _fetched_text(terminal: Terminal, report: PullReport) -> str:
    say = terminal.say
    if report.problem is not None:
        return say("not fetched")
    text = say.count("{n} answer", "{n} answers", report.pages)
    saved = report.pages - report.asked
    if saved:
        text += ", " + say.count(
            "{n} of them from a fetch that broke off", "{n} of them from a fetch that broke off", saved
        )
    return text


def _name(terminal: Terminal, workspace: Workspace, source_id: str) -> str:
    source = next((one for one in workspace.sources if one.id == source_id), None)
    return (pick(source.title, terminal.lang) if source else "") or source_id


# --- what was read ---------------------------------------------------------------------------------------


def _show_ingest(
    terminal: Terminal, workspace: Workspace, ingest: dict[str, IngestReport], store: Store
) -> None:
    """A line for every source that was read, with what was wrong under it; no word of the others."""
    busy = [source for source in workspace.sources if source.id in ingest and _spoke(ingest[source.id])]
    if not busy:
        return
    terminal.said("Exports read")
    rows = [
        [pick(source.title, terminal.lang) or source.id, _read_text(terminal, workspace, ingest[source.id])]
        for source in busy
    ]
    terminal.table(rows, indent=2)
    terminal.line()
    for source in busy:
        name = pick(source.title, terminal.lang) or source.id
        report = ingest[source.id]
        for problem in report.refused:
            terminal.error(f"{name}: {problem.full(terminal.say)}")
        for text in set_aside(terminal, store, source.id) if report.counts.quarantined else []:
            terminal.line(f"{name}: {text}")
        for text in warned(terminal, report.warnings):
            terminal.line(f"{name}: {text}")
    if any(ingest[source.id].counts.quarantined or ingest[source.id].warnings for source in busy):
        terminal.line()


def _spoke(report: IngestReport) -> bool:
    return bool(report.parsed or report.refused or report.warnings)


def _read_text(terminal: Terminal, workspace: Workspace, report: IngestReport) -> str:
    from pipeline.report.i18n import formats

    say, words = terminal.say, formats(terminal.lang, workspace.company.currency)
    counts = report.counts
    parts = [
        say.count("{n} file", "{n} files", report.parsed),
        say.count("{shown} row", "{shown} rows", counts.rows_in, shown=words.number(counts.rows_in)),
    ]
    if counts.excluded:
        parts.append(say.count("{n} left out on purpose", "{n} left out on purpose", counts.excluded))
    if report.replaced:
        shown = words.number(report.replaced)
        parts.append(say.count("{shown} row updated", "{shown} rows updated", report.replaced, shown=shown))
    if counts.quarantined:
        parts.append(say.count("{n} row set aside", "{n} rows set aside", counts.quarantined))
    if report.refused:
        parts.append(say.count("{n} file refused", "{n} files refused", len(_files(report.refused))))
    return ", ".join(parts)


def _files(problems: tuple[Problem, ...]) -> set[str]:
    return {str(problem.file) for problem in problems}


def set_aside(terminal: Terminal, store: Store, source_id: str) -> list[str]:
    """The first reasons for rows set aside, newest file first: where the first such row is, its cell, the
    reason and how many rows share it."""
    texts: list[str] = []
    for entry in reversed(store.log_entries(source_id)):
        if len(texts) >= FIRST_REASONS:
            break
        if entry["quarantined"] and not entry["refused"]:
            texts += _reasons_of(terminal, store, source_id, entry["received_at"])
    return texts[:FIRST_REASONS]


def _reasons_of(terminal: Terminal, store: Store, source_id: str, received_at: Any) -> list[str]:
    from pipeline.store.records import Knowledge

    say = terminal.say
    rows = store.quarantine([source_id], Knowledge(received_at, {source_id: received_at})).to_dict("records")
    first: dict[tuple[str, str], dict[Any, Any]] = {}
    alike: Counter[tuple[str, str]] = Counter()
    for row in rows:
        kind = (str(row["reason"]), str(row["column"] or ""))
        first.setdefault(kind, row)
        alike[kind] += 1
    texts = []
    for kind, n in alike.most_common():
        row = first[kind]
        cell = f"{_first(kind[1])} “{_first(str(row['value'] or ''))}”: " if kind[1] else ""
        texts.append(
            f"{row['file']}:{row['line']}: {say.typeset(cell)}{say(kind[0])} "
            f"({say.count('{n} row', '{n} rows', n)})"
        )
    return texts


def _first(joined: str) -> str:
    """Of a row with several faults the cell that its reason speaks of."""
    return joined.split("; ")[0]


def warned(terminal: Terminal, warnings: tuple[Problem, ...]) -> list[str]:
    """Warnings as sentences; the same one of many files is said once, with the number of files."""
    say = terminal.say
    unused = [problem for problem in warnings if problem.code == UNUSED_COLUMNS]
    texts = []
    if unused:
        lists = Counter(str(problem.params["names"]) for problem in unused)
        texts += [say("Columns not used: {names}.", names=names) for names in lists]
    others = Counter(problem.text(say) for problem in warnings if problem.code != UNUSED_COLUMNS)
    places = {problem.text(say): problem.place() for problem in reversed(warnings)}
    for text, n in others.items():
        place = f"{places[text]}: " if places.get(text) and n == 1 else ""
        many = "" if n == 1 else f" ({say.count('{n} file', '{n} files', n)})"
        texts.append(f"{place}{text}{many}")
    return texts


# --- a range ---------------------------------------------------------------------------------------------


def show_backfill(terminal: Terminal, workspace: Workspace, report: BackfillReport) -> None:
    say = terminal.say
    _show_ingest(terminal, workspace, report.ingest, _store(workspace))
    for week, failure in sorted(report.failures.items()):
        terminal.error(f"{week}: {failure_text(failure, say)}")
    done = len(report.weeks) - len(report.failures)
    terminal.line(
        say.count("{n} week done", "{n} weeks done", done)
        + ", "
        + say.count("{n} document.", "{n} documents.", report.documents)
    )
    if report.failures:
        terminal.said(
            "Weeks that failed: {weeks}. The others are finished.",
            weeks=", ".join(str(week) for week in sorted(report.failures)),
        )
    elif report.documents:
        terminal.said("They are in {folder}/.", folder=_short(workspace.output_dir, workspace.root))


def failure_text(failure: Exception, say: Translate) -> str:
    if isinstance(failure, ScorecardError):
        return failure.text(say)
    if trouble := machine_trouble(failure, say):
        return trouble
    text = say("Something failed unexpectedly: {what}.").format(what=f"{type(failure).__name__}: {failure}")
    return f"{text} {say('Run the command again with --debug to see where.')}"


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
