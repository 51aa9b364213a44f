"""What `check`, `status` and `run` show: gathered as plain data first, so that --json says the same.

Here: gathering and wording for the terminal. Not here: any rule (goals/, sources/), printing itself
(terminal.py).
"""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assets.terminal import Terminal
from pipeline.errors import FileRefused, Problem, Translate, shown
from pipeline.language import pick
from pipeline.periods import Week, company_date, latest_due_week
from pipeline.workspace.model import Goal, Source, Workspace

if TYPE_CHECKING:
    from pipeline.delivery.records import Row
    from pipeline.goals.model import Edition, GoalResult, SmartVerdict
    from pipeline.report.i18n import Formats
    from pipeline.sources.state import SourceState
    from pipeline.sources.trial import Trial
    from pipeline.store.store import Store

PUNCTUATION = frozenset("“”„«»–—…’№€\u00a0\u202f")
MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "unknown": "?"}
GRADES = {"pass": "yes", "warn": "with reservations", "fail": "no", "unknown": "not known yet"}
FRESHNESS = {
    "fresh": "up to date",
    "stale": "stale",
    "refused": "cannot be read",
    "missing": "nothing received",
}


# --- problems --------------------------------------------------------------------------------------------


def problem_record(problem: Problem, say: Translate) -> dict[str, Any]:
    """A problem for --json; `message` is in the user's language, everything else is stable."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "sheet": problem.sheet,
        "value": problem.value,
        "message": problem.text(say),
    }


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


# --- check -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SourceLine:
    """A source as `check` shows it."""

    source: Source
    waiting: int
    """Files that match and have not been read yet; all of them before the first run."""
    state: SourceState | None
    trial: Trial | None = None
    """What reading its newest file would give, when no run has read it as the source is now written."""


@dataclass(frozen=True)
class Checked:
    """What `check` found out."""

    problems: tuple[Problem, ...]
    smart: dict[str, SmartVerdict]
    sources: tuple[SourceLine, ...]
    has_data: bool

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def failing(self) -> list[str]:
        return [goal for goal, verdict in self.smart.items() if verdict.verdict == "fail"]

    @property
    def exit_code(self) -> int:
        """2: the workspace is wrong. 3: it is right, but a goal fails a letter or a source cannot be read."""
        if self.errors:
            return 2
        return 3 if self.failing or self.refused else 0

    @property
    def refused(self) -> list[SourceLine]:
        """Sources whose newest export cannot be read; one that was not read yet speaks for an older one."""
        return [
            line
            for line in self.sources
            if (line.trial.refused if line.trial else line.state and line.state.freshness == "refused")
        ]


def checked(workspace: Workspace, now: datetime) -> Checked:
    """SMART verdicts, source states and remaining problems of a workspace whose files load."""
    from pipeline.workspace.loader import check_notes

    problems = [*workspace.warnings, *check_notes(workspace), *mapping_problems(workspace)]
    problems += [*_template_problems(workspace), *_letter_problems(workspace)]
    store = _existing_store(workspace)
    edition = _known_now(workspace, store, now)
    problems += _audited(workspace, edition, now)
    may_try = not any(problem.severity == "error" for problem in problems)
    return Checked(
        tuple(problems),
        dict(edition.smart) if edition else _without_data(workspace),
        tuple(_source_line(workspace, source, store, edition, may_try) for source in workspace.sources),
        edition is not None,
    )


def _template_problems(workspace: Workspace) -> list[Problem]:
    """What is wrong with the grammar of the company's own templates; most workspaces have none."""
    if not workspace.templates:
        return []
    from pipeline.report.engine import template_problems
    from pipeline.report.templates import Templates

    return template_problems(Templates.of(workspace.templates))


def _audited(workspace: Workspace, edition: Edition | None, now: datetime) -> list[Problem]:
    """Targets that moved without an entry, and overrides that are over."""
    from pipeline.goals.audit import audit_problems

    moved = {one.goal_id: one.unrecorded for one in edition.results} if edition else {}
    return audit_problems(workspace, moved, company_date(now, workspace.company.zone))


def _letter_problems(workspace: Workspace) -> list[Problem]:
    """Names with letters that documents cannot print. The font is opened only for a name beyond Cyrillic
    and general punctuation."""
    named = [(f"goal:{one.id}/title", text) for one in workspace.goals for text in one.title.values()]
    named += [
        (f"person:{one.id}/name", text) for one in workspace.people.people for text in one.name.values()
    ]
    found = []
    for key, text in named:
        far = "".join(dict.fromkeys(char for char in text if ord(char) > 0x52F and char not in PUNCTUATION))
        if not far:
            continue
        from pipeline.report.fit import STAND_IN, printable

        lost = "".join(char for char in far if printable(char) == STAND_IN != char)
        if lost:
            found.append(_lost_letters(workspace, key, text, lost))
    return found


def _lost_letters(workspace: Workspace, key: str, text: str, lost: str) -> Problem:
    return Problem(
        "W-LETTERS",
        "The PDF prints □ for letters that its font does not have: {letters}.",
        "Write the name in Latin or Cyrillic letters.",
        value=shown(text),
        severity="warning",
        params={"letters": shown(lost, 20)},
        **workspace.location(key),
    )


def mapping_problems(workspace: Workspace) -> list[Problem]:
    """What is wrong with the columns a source maps, placed at its lines."""
    from pipeline.sources.exports import export_of

    found: list[Problem] = []
    for source in workspace.sources:
        try:
            export_of(source)
        except FileRefused as refusal:
            for problem in refusal.problems:
                found.append(replace(problem, **_place_in_source(workspace, source, problem.column)))
    return found


def _place_in_source(workspace: Workspace, source: Source, column: int | str | None) -> dict[str, Any]:
    """The line that is wrong: the column's own, a key of that name, or where it would have to be added."""
    key = f"source:{source.id}"
    places = (f"{key}/columns/{column}", f"{key}/{column}", f"{key}/columns", key)
    return next((place for name in places if (place := workspace.location(name))), {})


def _existing_store(workspace: Workspace) -> Store | None:
    """The store of a workspace that was run before; a check makes none."""
    if not workspace.state_dir.is_dir():
        return None
    from pipeline.store.store import Store

    return Store(workspace.state_dir)


def _known_now(workspace: Workspace, store: Store | None, now: datetime) -> Edition | None:
    """The latest due week with everything that has been landed; None before anything was."""
    if store is None or not workspace.goals:
        return None
    from pipeline.goals.edition import build_edition

    if not any(store.landings(source.id) for source in workspace.sources):
        return None
    week = latest_due_week(now, workspace.company.zone, workspace.company.cutoff)
    return build_edition(workspace, store, week, known="now", now=now)


def _without_data(workspace: Workspace) -> dict[str, SmartVerdict]:
    from pipeline.goals.smart import smart_verdicts
    from pipeline.kpis.registry import kpi_registry

    return smart_verdicts(workspace, kpi_registry(workspace), None)


def _source_line(
    workspace: Workspace, source: Source, store: Store | None, edition: Edition | None, may_try: bool
) -> SourceLine:
    pattern = source.files or f"exports/{source.id}/*"
    files = sum(path.is_file() and not path.name.startswith(".") for path in workspace.root.glob(pattern))
    state = edition.sources.get(source.id) if edition else None
    return SourceLine(source, files, state, _trial(workspace, source, store) if files and may_try else None)


def _trial(workspace: Workspace, source: Source, store: Store | None) -> Trial | None:
    from pipeline.sources.trial import tried

    return tried(workspace, source, store)


def show_checked(terminal: Terminal, workspace: Workspace, found: Checked) -> None:
    say = terminal.say
    for problem in found.problems:
        terminal.line(problem.full(say))
    if found.errors:
        terminal.line()
        terminal.line(
            say.count(
                "{n} problem. Correct it and check again.",
                "{n} problems. Correct them and check again.",
                len(found.errors),
            )
        )
        return
    _show_smart(terminal, workspace, found)
    _show_sources(terminal, workspace, found)
    terminal.line()
    terminal.line(_next_step(terminal, workspace, found))


def _show_smart(terminal: Terminal, workspace: Workspace, found: Checked) -> None:
    if not found.smart:
        return
    from pipeline.report.i18n import formats

    say, words = terminal.say, formats(terminal.lang, workspace.company.currency)
    legend = ", ".join(f"{MARKS[name]} {say(text)}" for name, text in GRADES.items())
    terminal.line(f"SMART ({legend})")
    for goal in workspace.goals:
        verdict = found.smart.get(goal.id)
        if verdict is None:
            continue
        letters = "  ".join(f"{one.letter}{MARKS[one.verdict]}" for one in verdict.letters)
        terminal.line(f"  {letters}   {pick(goal.title, terminal.lang)} ({goal.id})")
        rows = [
            ["" if index else f"{one.letter}{MARKS[one.verdict]}", words.reason(reason)]
            for one in verdict.letters
            if one.verdict in ("warn", "fail")
            for index, reason in enumerate(one.evidence)
        ]
        terminal.table(rows, indent=8)


def _show_sources(terminal: Terminal, workspace: Workspace, found: Checked) -> None:
    if not found.sources:
        return
    from pipeline.report.i18n import formats

    if found.smart:
        terminal.line()
    terminal.line(terminal.say("Sources"))
    words = formats(terminal.lang, workspace.company.currency)
    terminal.table([_source_row(terminal, workspace, line, words) for line in found.sources], indent=2)
    if any(line.trial for line in found.sources):
        from assets.trial_screen import show_trials

        show_trials(terminal, workspace, found.sources)


def _source_row(terminal: Terminal, workspace: Workspace, line: SourceLine, words: Formats) -> list[str]:
    name, told = _state_row(terminal, workspace, line, words)
    if line.trial is not None:
        from assets.trial_screen import trial_text

        told += "; " + trial_text(terminal, workspace, line.trial)
    return [name, told]


def _state_row(terminal: Terminal, workspace: Workspace, line: SourceLine, words: Formats) -> list[str]:
    say, state = terminal.say, line.state
    name = pick(line.source.title, terminal.lang) or line.source.id
    if state is None:
        told = (
            say.count("{n} file, not read yet", "{n} files, not read yet", line.waiting)
            if line.waiting
            else say("not fetched yet")
            if line.source.pull
            else ""
        )
        return [
            name,
            told or say("no file in {folder}", folder=line.source.files or f"exports/{line.source.id}/"),
        ]
    told = say(FRESHNESS[state.freshness])
    if state.received_at:
        told += say("; received {when}", when=words.instant(state.received_at, workspace.company.zone))
    if state.data_through:
        told += say("; data through {day}", day=words.date(state.data_through))
    if state.counts.quarantined:
        told += "; " + say.count("{n} row set aside", "{n} rows set aside", state.counts.quarantined)
    for concern in state.concerns:
        told = f"{told.rstrip('.')}. {concern.text(say)}"
    if state.problem and state.freshness != "fresh":
        told = f"{told.rstrip('.')}. {state.problem.text(say)}"
    return [name, told]


def _next_step(terminal: Terminal, workspace: Workspace, found: Checked) -> str:
    say = terminal.say
    if not workspace.goals:
        return say("The workspace is right, but has no goal yet. Next: write goals/first-goal.yaml.")
    if not workspace.sources:
        return say("The workspace is right, but has no source yet. Next: describe an export in sources/.")
    if found.refused:
        return say.count(
            "The workspace is right, but {n} export cannot be read. Next: do what is said under Sources.",
            "The workspace is right, but {n} exports cannot be read. Next: do what is said under Sources.",
            len(found.refused),
        )
    if found.failing:
        return say.count(
            "The workspace is right, but {n} goal is not SMART. Next: look at its letters above.",
            "The workspace is right, but {n} goals are not SMART. Next: look at their letters above.",
            len(found.failing),
        )
    if not found.has_data:
        if not any(line.waiting or line.source.pull for line in found.sources):
            return say(
                "The workspace is right. Next: drop exports into the folders above, then run: scorecards run"
            )
        return say("The workspace is right. Next: scorecards run")
    return say("Everything is in order. Next: scorecards run")


def checked_record(workspace: Workspace, found: Checked, terminal: Terminal) -> dict[str, Any]:
    """What --json prints for `check`."""
    from pipeline.report.i18n import formats

    words = formats(terminal.lang, workspace.company.currency)
    return {
        "ok": found.exit_code == 0,
        "problems": [problem_record(problem, terminal.say) for problem in found.problems],
        "goals": [
            {
                "id": goal_id,
                "verdict": verdict.verdict,
                "letters": {
                    one.letter: {
                        "verdict": one.verdict,
                        "evidence": [words.reason(reason) for reason in one.evidence],
                    }
                    for one in verdict.letters
                },
            }
            for goal_id, verdict in found.smart.items()
        ],
        "sources": [
            {
                "id": line.source.id,
                "files": line.waiting,
                "freshness": line.state.freshness if line.state else None,
                "received_at": line.state.received_at.isoformat()
                if line.state and line.state.received_at
                else None,
                "data_through": line.state.data_through.isoformat()
                if line.state and line.state.data_through
                else None,
                "rows_set_aside": line.state.counts.quarantined if line.state else None,
                "trial": _trial_record(line, terminal),
            }
            for line in found.sources
        ],
    }


def _trial_record(line: SourceLine, terminal: Terminal) -> dict[str, Any] | None:
    if line.trial is None:
        return None
    from assets.trial_screen import trial_record

    return trial_record(line.trial, terminal)


# --- status ----------------------------------------------------------------------------------------------

COLUMNS = (
    "id",
    "title",
    "owner",
    "kpi",
    "kind",
    "unit",
    "baseline",
    "target",
    "actual",
    "progress",
    "expected",
    "pace_gap",
    "required_rate",
    "chance",
    "status",
    "previous_status",
    "reason",
    "due",
)


def newest_week(workspace: Workspace, now: datetime | None = None) -> Week:
    """The newest week that was run; the latest due week when none was."""
    weeks = []
    for path in workspace.output_dir.glob("*/manifest.json"):
        try:
            weeks.append(Week.parse(path.parent.name))
        except ValueError:
            continue
    return max(weeks, default=newest_due(workspace, now))


def newest_due(workspace: Workspace, now: datetime | None = None) -> Week:
    """The newest week whose cut-off has passed."""
    company = workspace.company
    return latest_due_week(now or datetime.now(UTC), company.zone, company.cutoff)


def status_records(workspace: Workspace, edition: Edition, terminal: Terminal) -> list[dict[str, Any]]:
    """One flat record a goal, worst first; numbers as exact decimal text, shares as fractions."""
    from pipeline.report.i18n import formats

    words = formats(terminal.lang, workspace.company.currency)
    return [_status_record(workspace, result, words, terminal.lang) for result in edition.results]


def _status_record(workspace: Workspace, result: GoalResult, words: Formats, lang: str) -> dict[str, Any]:
    goal = workspace.goal(result.goal_id)

    def exact(name: str) -> str | None:
        value = getattr(result, name)
        needs_target = name in ("target", "progress", "required_rate")
        return None if value is None or (needs_target and not result.target_known) else f"{value:f}"

    return {
        "id": result.goal_id,
        "title": pick(goal.title, lang) if goal else result.goal_id,
        "owner": pick(workspace.person_name(goal.owner), lang) if goal else "",
        "kpi": result.kpi_id,
        "kind": result.kind,
        "unit": result.unit.value,
        **{
            name: exact(name)
            for name in ("baseline", "target", "actual", "progress", "expected", "pace_gap", "required_rate")
        },
        "numerator": exact("numerator"),
        "denominator": exact("denominator"),
        "interval_low": f"{result.interval[0]:.6f}" if result.interval else None,
        "interval_high": f"{result.interval[1]:.6f}" if result.interval else None,
        "chance": result.chance.probability if result.chance else None,
        "status": result.status,
        "previous_status": result.previous_status,
        "reason": words.reason(result.reason),
        "due": result.due.isoformat(),
    }


def show_status(terminal: Terminal, workspace: Workspace, edition: Edition) -> None:
    from pipeline.report.i18n import formats
    from pipeline.report.words import status_view, tally_text

    words = formats(terminal.lang, workspace.company.currency)
    if not edition.results:
        text = terminal.say("This workspace has no goal yet.")
        step = terminal.say('Write goals/first-goal.yaml, or: scorecards draft "SENTENCE" --write')
        terminal.line(f"{words.week(edition.week)}: {text} {step}")
        return
    terminal.line(f"{words.week(edition.week)}: {tally_text(edition.results, words)}")
    if edition.known == "now":
        instant = words.instant(edition.as_of, workspace.company.zone)
        terminal.said("As known now, {instant}.", instant=instant)
    rebuilt = sum(result.reconstructed for result in edition.results)
    if rebuilt:
        terminal.line(
            terminal.say.count(
                "Reconstructed for {n} goal: a source had delivered nothing by the week's cut-off.",
                "Reconstructed for {n} goals: a source had delivered nothing by the week's cut-off.",
                rebuilt,
            )
        )
    terminal.line()
    rows = []
    for result in edition.results:
        goal, status = workspace.goal(result.goal_id), status_view(result.status, words)
        chance = words.probability(result.chance.probability) if result.chance else "–"
        title = pick(goal.title, terminal.lang) if goal else result.goal_id
        said = " ".join([words.reason(result.reason), *_beside(terminal, workspace, goal, result, words)])
        rows.append([f"{status.shape} {status.word}", title, chance, said])
    terminal.table(rows, headers=("Status", "Goal", "Chance", "Reason"))
    _show_roll_ups(terminal, workspace, edition, words)


def _beside(
    terminal: Terminal, workspace: Workspace, goal: Goal | None, result: GoalResult, words: Formats
) -> list[str]:
    """What stands beside the computed status: a person's own judgement, a target that was moved unsaid."""
    from pipeline.report.terms import unrecorded_text
    from pipeline.report.words import decapitalised, status_view

    told = [f"! {unrecorded_text(one, result.unit, words)}." for one in result.unrecorded]
    if goal and goal.override and result.override_status:
        told.append(
            terminal.say(
                "{name} judges it “{status}” until {day}: {reason}",
                name=pick(workspace.person_name(goal.override.by), terminal.lang),
                status=decapitalised(status_view(result.override_status, words).word),
                day=words.day(goal.override.until),
                reason=pick(goal.override.reason, terminal.lang),
            )
        )
    return told


def _show_roll_ups(terminal: Terminal, workspace: Workspace, edition: Edition, words: Formats) -> None:
    """Objectives, teams and parent goals: the worst of each, and the counts."""
    from pipeline.goals.rollup import roll_ups
    from pipeline.report.words import counted, status_view

    kinds = {"objective": "Objective", "team": "Team", "goal": "Goal with parts"}
    rows = []
    for one in roll_ups(workspace, edition.results):
        worst = status_view(one.worst, words)
        tally = ", ".join(counted(name, n, words) for name, n in one.tally.items())
        rows.append(
            [
                f"{worst.shape} {worst.word}",
                terminal.say(kinds[one.of]),
                pick(one.title, terminal.lang),
                tally,
            ]
        )
    if rows:
        terminal.line()
        terminal.table(rows, headers=("Worst", "Of", "Name", "Goals"))


def as_csv(records: list[dict[str, Any]]) -> str:
    """Comma-separated with a header. Text that a spreadsheet would run as a formula is made harmless."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({key: _harmless(key, record[key]) for key in COLUMNS})
    return out.getvalue()


_TEXTS = frozenset({"id", "title", "owner", "kpi", "reason"})


def _harmless(key: str, value: object) -> object:
    text = str(value)
    return f"'{text}" if key in _TEXTS and text[:1] in ("=", "+", "-", "@", "\t", "\r") else value


# --- outbox ----------------------------------------------------------------------------------------------

STATES = {
    "HELD": "held",
    "PENDING": "waiting to be sent",
    "SENDING": "being sent",
    "SENT": "sent",
    "DEFERRED": "to be tried again",
    "FAILED": "refused",
    "UNKNOWN": "fate unknown",
}
HOLDS = {
    "approval": "waits for approval",
    "first": "first mail to this address: waits for approval",
    "stale": "too old to be sent unasked",
    "newer": "a newer edition is there",
    "correction": "a correction",
    "by_hand": "held by hand",
}


def held_next(say: Translate, rows: Iterable[Row]) -> str:
    """What a person can do about held messages, a line for those held by hand: --approve lets go only what
    waits for approval."""
    from pipeline.delivery.records import WAITING_FOR_APPROVAL, Hold

    held = list(rows)
    by_hand = [row for row in held if row.hold is Hold.BY_HAND]
    by_hold = {row.hold: row for row in held if row.hold is not Hold.BY_HAND}
    lines = [_release_by_hand(say, by_hand)] if by_hand else []
    if not by_hold.keys().isdisjoint(WAITING_FOR_APPROVAL):
        lines.append(say("Next: scorecards outbox list, or scorecards deliver --approve"))
    elif Hold.STALE in by_hold:
        text = say(
            "The week is too old for its mail to leave unasked. To send it: "
            "scorecards deliver --approve --week {week}"
        )
        lines.append(text.format(week=by_hold[Hold.STALE].week))
    elif by_hold:
        lines.append(say("Next: scorecards outbox list, then scorecards outbox release MESSAGE"))
    return "\n".join(lines)


def _release_by_hand(say: Translate, rows: list[Row]) -> str:
    """The name of a message is quoted: a shell would take the bars in it for pipes."""
    if len(rows) > 1:
        text = say(
            "Held by hand: {n}. To let one go: scorecards outbox list, then scorecards outbox release MESSAGE"
        )
        return text.format(n=len(rows))
    text = say("Held by hand: {n}. To let it go: scorecards outbox release {key}")
    return text.format(n=1, key=shlex.quote(rows[0].key))


def show_outbox(terminal: Terminal, rows: list[Any]) -> None:
    """Messages with their state; the key in the last column is what hold, release and resend take."""
    if not rows:
        terminal.said("The outbox is empty.")
        return
    say = terminal.say
    table = []
    for row in rows:
        state = say(STATES.get(str(row.state), str(row.state)))
        why = say(HOLDS[str(row.hold)]) if str(row.hold) in HOLDS else row.reply
        table.append([state, why, row.recipient, row.key])
    terminal.table(table, headers=("State", "Why", "To", "Message"))
    counts = Counter(str(row.state) for row in rows)
    terminal.line()
    terminal.line(", ".join(f"{say(STATES.get(state, state))}: {n}" for state, n in sorted(counts.items())))
