"""What `sources` and `sources try` show: gathered as plain data first, so that --json says the same.

Here: gathering and wording for the terminal. Not here: what a file is taken for (pipeline/sources), printing
itself (terminal.py).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.screens import FRESHNESS, problem_record
from assets.terminal import Terminal
from pipeline.errors import Problem, UsageError
from pipeline.kpis.catalogue import measures
from pipeline.sources.proposal import note_text, proposal_text
from pipeline.sources.tryout import Tryout
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.model import Kpi, Source, Workspace

if TYPE_CHECKING:
    from pipeline.report.i18n import Formats
    from pipeline.sources.state import SourceState

FIRST_REASONS = 3


# --- what there is ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Connected:
    """A source of this workspace and what is known of it."""

    source: Source
    state: SourceState | None


def connected(workspace: Workspace | None, now: datetime) -> list[Connected]:
    """Every source of the workspace with its state as known now; no states before anything was received."""
    if workspace is None:
        return []
    if not workspace.state_dir.is_dir():
        return [Connected(source, None) for source in workspace.sources]
    from pipeline.sources.freshness import source_states
    from pipeline.store.store import Store

    store = Store(workspace.state_dir)
    states = source_states(workspace, store, store.knowledge([one.id for one in workspace.sources], now))
    return [Connected(source, states[source.id]) for source in workspace.sources]


def sources_record(found: Sequence[Connected], terminal: Terminal) -> dict[str, Any]:
    """What --json prints for `sources`."""
    return {
        "connected": [_connected_record(one, terminal) for one in found],
        "known": [
            {"system": vendor.system, "export": export.name, "facts": list(export.facts)}
            for vendor in SYSTEMS.values()
            for export in vendor.exports.values()
        ],
    }


def _connected_record(one: Connected, terminal: Terminal) -> dict[str, Any]:
    state = one.state
    times = ("last_landed_at", "received_at", "expected_by", "stale_since", "data_through")
    return {
        "id": one.source.id,
        "system": one.source.system,
        "export": one.source.export or None,
        "freshness": state.freshness if state else None,
        **{name: value.isoformat() if state and (value := getattr(state, name)) else None for name in times},
        "rows_set_aside": state.counts.quarantined if state else None,
        "problem": problem_record(state.problem, terminal.say) if state and state.problem else None,
        "warnings": [problem_record(problem, terminal.say) for problem in state.warnings] if state else [],
    }


def show_sources(terminal: Terminal, workspace: Workspace | None, found: Sequence[Connected]) -> None:
    """Connected sources first, then every export that is known by heart."""
    say = terminal.say
    if workspace is None:
        terminal.said("This folder is no workspace, so nothing is connected.")
    elif not found:
        terminal.said("No source is connected yet.")
    else:
        from pipeline.report.i18n import formats

        words = formats(terminal.lang, workspace.company.currency)
        headers = ("Source", "State", "Last landed", "Expected by", "Stale since", "Export")
        terminal.table([_row(terminal, workspace, one, words) for one in found], headers=headers)
    terminal.line()
    terminal.said("Known by heart:")
    used = Counter((one.source.system, one.source.export) for one in found)
    rows = [
        [
            vendor.title,
            f"system: {vendor.system}",
            f"export: {export.name}",
            "✓" if used[vendor.system, export.name] else "–",
            ", ".join(export.facts),
        ]
        for vendor in SYSTEMS.values()
        for export in vendor.exports.values()
    ]
    terminal.table(rows, indent=2)
    terminal.line()
    terminal.line(say("Any other table: scorecards sources try FILE"))


def _row(terminal: Terminal, workspace: Workspace, one: Connected, words: Formats) -> list[str]:
    state, say = one.state, terminal.say

    def when(instant: datetime | None) -> str:
        return words.instant(instant, workspace.company.zone) if instant else "–"

    export = f"{one.source.system} {one.source.export}".strip()
    if state is None:
        return [one.source.id, say("nothing received"), "–", "–", "–", export]
    times = (state.last_landed_at, state.expected_by, state.stale_since)
    return [one.source.id, say(FRESHNESS[state.freshness]), *(when(each) for each in times), export]


# --- one file --------------------------------------------------------------------------------------------


def fed_kpis(facts: Sequence[str], kpis: Sequence[Kpi]) -> tuple[list[str], list[str]]:
    """KPIs that these facts alone feed, and those that need another source beside it."""
    alone, together = [], []
    for kpi in kpis:
        needs = {part.fact for part in measures(kpi)}
        if needs <= set(facts):
            alone.append(kpi.id)
        elif needs & set(facts):
            together.append(kpi.id)
    return alone, together


def show_tryout(terminal: Terminal, tried: Tryout, kpis: Sequence[Kpi], target: str) -> None:
    """What the file is taken for, how it reads, what it could feed, and the source that is proposed."""
    say = terminal.say
    terminal.line(_layout(terminal, tried))
    terminal.line(_taken_for(terminal, tried))
    if not tried.made.settings:
        if tried.look.table.rows:
            _show_list(terminal, tried)
        return
    terminal.line()
    _show_rows(terminal, tried)
    alone, together = fed_kpis(tried.facts, kpis)
    if alone:
        terminal.line(say("Could feed: {kpis}.").format(kpis=", ".join(alone)))
    if together:
        terminal.line(say("Together with another source: {kpis}.").format(kpis=", ".join(together)))
    terminal.line()
    terminal.line(say("Proposed {file}:").format(file=target))
    terminal.line()
    terminal.line(text_of(terminal, tried))
    _show_questions(terminal, tried)


def text_of(terminal: Terminal, tried: Tryout) -> str:
    """The YAML of the proposal in the user's language."""
    title = terminal.say("Proposed for {file}; confirm or change what is marked “decide”.")
    return proposal_text(tried.made, terminal.say.typeset(title.format(file=tried.path.name)), terminal.say)


def _layout(terminal: Terminal, tried: Tryout) -> str:
    say, look = terminal.say, tried.look
    parts = [look.format.kind.upper()]
    if look.format.kind == "csv":
        mark = {"\t": "Tab"}.get(look.format.delimiter, look.format.delimiter)
        parts += [look.format.encoding, say("cells separated by {mark}").format(mark=f"“{mark}”")]
    if look.others:
        parts.append(say("list {place}").format(place=look.format.records))
        parts.append(say("other lists (rows): {lists}").format(lists=", ".join(look.others)))
    rows = say.count("{shown} row", "{shown} rows", look.table.rows, shown=f"{look.table.rows}")
    return say.typeset(f"{look.name}: {', '.join([*parts, rows])}")


def _taken_for(terminal: Terminal, tried: Tryout) -> str:
    say, made = terminal.say, tried.made
    if made.known is not None:
        text = say("Taken for the export “{export}” of {system}, which is known by heart.")
        return say.typeset(text.format(export=made.known.spec.title, system=made.known.vendor.title))
    if made.resemblance is not None:
        fact = made.resemblance.fact
        text = say("No known export. Its rows look most like the fact {fact}: {what}.")
        return say.typeset(text.format(fact=fact.name, what=say(fact.description)))
    if not tried.look.table.rows:
        return say("It has a header and no rows, so nothing tells what it is; try a file with rows.")
    return say("No known export, and no rows that a KPI counts: a list to look things up in.")


def _show_list(terminal: Terminal, tried: Tryout) -> None:
    """Which file beside it could look things up in the list, and how."""
    from pipeline.sources.beside import neighbours
    from pipeline.sources.look import read_file
    from pipeline.sources.proposal import written
    from pipeline.sources.propose import propose

    users = []
    for path in neighbours(tried.path):
        look = read_file(path)
        made = propose(look, path) if look is not None else None
        users += [(path, one) for one in (made.beside if made else ()) if one.path.name == tried.path.name]
    terminal.line()
    for path, one in users:
        text = terminal.say("{file} names its rows in the column {column}. In the source of {file}:")
        terminal.line(text.format(file=path.name, column=one.on))
        terminal.line()
        terminal.line(f"lookup:\n  - {written(one.settings())}")
        terminal.line()
        terminal.said("scorecards sources try {file} proposes the whole source.", file=path)
    if not users:
        terminal.said("No file beside it has a column with its keys; put it beside the file that does.")


def _show_rows(terminal: Terminal, tried: Tryout) -> None:
    say = terminal.say
    for problem in tried.problems:
        terminal.line(problem.full(say))
    if tried.parsed is None:
        return
    rows = tried.first_rows()
    if rows:
        names = list(rows[0])
        for name in names:
            cells = [_cell(row.get(name)) for row in rows]
            terminal.line(f"  {name:<18}{'  '.join(f'{cell:<16}' for cell in cells).rstrip()}")
        terminal.line()
    counts = tried.parsed.counts
    text = say("{accepted} of {rows} rows count; {aside} set aside, {excluded} left out on purpose.")
    terminal.line(
        text.format(
            accepted=counts.accepted, rows=counts.rows_in, aside=counts.quarantined, excluded=counts.excluded
        )
    )
    for line in _reasons(terminal, tried):
        terminal.line(f"  {line}")
    for problem in tried.parsed.warnings:
        terminal.line(f"  {problem.text(say)}")


def _cell(value: object) -> str:
    text = "–" if value is None else f"{value}"
    if text.endswith("0000") and "." in text:
        text = text[:-2]
    return text if len(text) <= 16 else text[:15] + "…"


def _reasons(terminal: Terminal, tried: Tryout) -> list[str]:
    assert tried.parsed is not None  # noqa: S101 - the caller has looked
    say, records = terminal.say, tried.parsed.quarantine.to_dict("records")
    alike = Counter((str(one["reason"]), str(one["column"] or "")) for one in records)
    first: dict[tuple[str, str], dict[Any, Any]] = {}
    for one in records:
        first.setdefault((str(one["reason"]), str(one["column"] or "")), one)
    texts = []
    for kind, n in alike.most_common(FIRST_REASONS):
        cell = (
            f"{kind[1].split('; ')[0]} “{str(first[kind]['value'] or '').split('; ')[0]}”: "
            if kind[1]
            else ""
        )
        many = say.count("{n} row", "{n} rows", n)
        texts.append(say.typeset(f"{tried.path.name}:{first[kind]['line']}: {cell}{say(kind[0])} ({many})"))
    return texts


def _show_questions(terminal: Terminal, tried: Tryout) -> None:
    count = len(tried.made.questions)
    if count:
        terminal.line(
            terminal.say.count(
                "{n} question is marked “decide”. The source works as it is; answer by editing it.",
                "{n} questions are marked “decide”. The source works as it is; answer by editing it.",
                count,
            )
        )
    if tried.made.beside:
        terminal.said("It needs the files under lookup; --write puts them into the workspace with it.")


def tryout_record(terminal: Terminal, tried: Tryout, kpis: Sequence[Kpi], target: str) -> dict[str, Any]:
    """What --json prints for `sources try`."""
    say, made, parsed = terminal.say, tried.made, tried.parsed
    alone, together = fed_kpis(tried.facts, kpis)
    fact = made.resemblance.fact.name if made.resemblance else None
    return {
        "file": str(tried.path),
        "format": tried.look.format.model_dump(exclude_defaults=True),
        "known": [made.known.vendor.system, made.known.spec.name] if made.known else None,
        "fact": tried.facts[0] if tried.facts else fact,
        "rows": parsed.counts.rows_in if parsed else tried.look.table.rows,
        "accepted": parsed.counts.accepted if parsed else None,
        "set_aside": parsed.counts.quarantined if parsed else None,
        "first_rows": tried.first_rows(),
        "problems": [
            problem_record(one, say) for one in (*tried.problems, *(parsed.warnings if parsed else ()))
        ],
        "kpis": alone,
        "kpis_with_others": together,
        "proposal": {"path": target, "text": text_of(terminal, tried)} if made.settings else None,
        "questions": [note_text(note, say) for note in made.questions],
    }


# --- writing it ------------------------------------------------------------------------------------------


def write_proposal(workspace: Workspace, tried: Tryout, text: str) -> list[Path]:
    """Put the proposal and the second files it needs into the workspace; the files written.

    Nothing is overwritten: raises UsageError (E-EXISTS), and then nothing is written at all.
    """
    if not tried.made.settings:
        raise UsageError(
            Problem(
                "E-USAGE",
                "{file} holds no rows that a KPI counts, so there is no source to write.",
                "Try the file that names its rows; the list is taken along.",
                params={"file": tried.path.name},
            )
        )
    target = workspace.root / "sources" / f"{tried.made.id}.yaml"
    copies = [(one.path, workspace.root / one.file) for one in tried.made.beside]
    taken = [to for path, to in copies if to.exists() and to.read_bytes() != path.read_bytes()]
    taken += [target] if target.exists() or tried.made.id in {one.id for one in workspace.sources} else []
    if taken:
        raise UsageError(
            Problem(
                "E-EXISTS",
                "{file} is already there; nothing was written.",
                "Rename the file you try, or edit what is there.",
                params={"file": ", ".join(str(path.relative_to(workspace.root)) for path in taken)},
            )
        )
    for path, to in copies:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8", newline="\n")
    return [target, *(to for _, to in copies)]
