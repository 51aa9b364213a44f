"""What `draft` does at the terminal: the sentence's goal file, printed or written, and its letters.

Here: which workspace is used, and what is shown. Not here: how a sentence is read (pipeline/drafting).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from assets.screens import MARKS, as_json, problem_record
from assets.terminal import Terminal
from pipeline.drafting.draft import draft_sentence, names_in_use, write_goals
from pipeline.drafting.model import Drafted, DraftGoal, Letter
from pipeline.drafting.yamltext import goal_file, record
from pipeline.errors import ScorecardError, WorkspaceError
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.registry import kpi_registry
from pipeline.periods import company_date
from pipeline.workspace.loader import COMPANY_FILE, load_what_loads
from pipeline.workspace.model import Workspace


def draft(
    terminal: Terminal, sentence: str, root: Path, wanted: bool, today: date | None, write: bool, json: bool
) -> None:
    """Draft a sentence and show or write it.

    `wanted`: a workspace must be there (it was named, or is to be written to); otherwise one is used when
    `root` is one. `today`: None takes the company date. Raises UsageError for a vague sentence.
    """
    workspace = _workspace(terminal, root) if wanted or (root / COMPANY_FILE).is_file() else None
    drafted = draft_sentence(
        sentence,
        kpi_registry(workspace) if workspace else {kpi.id: kpi for kpi in CATALOGUE},
        today or _company_date(workspace),
        workspace,
        names_in_use(root) if workspace else (),
    )
    paths = write_goals(drafted, workspace.root) if write and workspace else []
    if json:
        written = [str(path) for path in paths]
        terminal.line(as_json({"ok": True, **record(drafted, terminal.say), "written": written}))
    elif paths:
        _show_written(terminal, drafted, paths)
    else:
        _show_file(terminal, drafted)


def refusal_json(error: ScorecardError, terminal: Terminal) -> str:
    problems = [problem_record(problem, terminal.say) for problem in error.problems]
    return as_json({"ok": False, "problems": problems, "goals": []})


def _workspace(terminal: Terminal, root: Path) -> Workspace:
    """The workspace, also while goals drafted before are not complete yet."""
    from assets.workspaces import open_workspace

    try:
        return open_workspace(root)
    except WorkspaceError:
        opened = load_what_loads(root, CATALOGUE)
        terminal.error(
            terminal.say("Some files of the workspace have mistakes. `scorecards check` lists them.")
        )
        return opened


def _company_date(workspace: Workspace | None) -> date:
    """Today where the company is; without a workspace, where this machine is."""
    now = datetime.now(UTC)
    return company_date(now, workspace.company.zone) if workspace else now.astimezone().date()


def _show_file(terminal: Terminal, drafted: Drafted) -> None:
    """The file, then the letters as comments, so that the whole can be saved as it is."""
    terminal.line(goal_file(drafted.goals, drafted.lang).rstrip("\n"))
    for goal in drafted.goals:
        terminal.line("#")
        for line in _letters(terminal, drafted, goal):
            terminal.line(f"# {line}")


def _show_written(terminal: Terminal, drafted: Drafted, paths: Sequence[Path]) -> None:
    if len(drafted.goals) > 1:
        terminal.line(
            terminal.say.count(
                "The sentence holds {n} goal.", "The sentence holds {n} goals.", len(drafted.goals)
            )
        )
    for goal, path in zip(drafted.goals, paths, strict=True):
        terminal.said("Written: {file}", file=path)
        for line in _letters(terminal, drafted, goal):
            terminal.line(f"  {line}")
    open_lines = sum(len(goal.marked) for goal in drafted.goals)
    if open_lines:
        terminal.line(
            terminal.say.count(
                "{n} line is marked. Next: complete it, then scorecards check",
                "{n} lines are marked. Next: complete them, then scorecards check",
                open_lines,
            )
        )
    else:
        terminal.said("Next: scorecards check")


def _letters(terminal: Terminal, drafted: Drafted, goal: DraftGoal) -> list[str]:
    """One line a letter: what the sentence gives, then what is missing."""
    name = f" ({goal.id})" if len(drafted.goals) > 1 else ""
    title = terminal.say("What the sentence says of SMART, and what is missing:")
    return [f"{title}{name}", *(_letter(terminal, one) for one in goal.letters)]


def _letter(terminal: Terminal, letter: Letter) -> str:
    found = "; ".join(one.text(terminal.say) for one in letter.found)
    missing = "; ".join(one.text(terminal.say) for one in letter.missing)
    lacks = terminal.say("missing: {what}", what=missing) if missing else ""
    return f"{letter.letter}{MARKS[letter.grade]} {'; '.join(text for text in (found, lacks) if text)}"
