"""What `check` tells about exports that no run has read yet: what reading them would give.

Here: wording for the terminal and --json. Not here: the reading (pipeline/sources/trial.py), the other parts
of `check` (screens.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assets.run_screen import FIRST_REASONS, warned
from assets.terminal import Terminal
from pipeline.language import pick
from pipeline.workspace.model import Workspace

if TYPE_CHECKING:
    from assets.screens import SourceLine
    from pipeline.sources.trial import SetAside, Trial


def trial_text(terminal: Terminal, workspace: Workspace, trial: Trial) -> str:
    """One line: the file that was tried, its rows, and how many of them would not count."""
    from pipeline.report.i18n import formats

    say, words = terminal.say, formats(terminal.lang, workspace.company.currency)
    counts = trial.counts
    if trial.refused:
        return say("tried {file}: it would be refused", file=trial.name)
    rows = say.count("{shown} row", "{shown} rows", counts.rows_in, shown=words.number(counts.rows_in))
    text = say("tried {file}: {rows}", file=trial.name, rows=rows)
    if counts.excluded:
        text += ", " + say.count("{n} left out on purpose", "{n} left out on purpose", counts.excluded)
    aside = say.count("{n} row set aside", "{n} rows set aside", counts.quarantined)
    return f"{text}, {aside if counts.quarantined else say('no row set aside')}"


def show_trials(terminal: Terminal, workspace: Workspace, lines: tuple[SourceLine, ...]) -> None:
    """Under the table of sources: why files would be refused or rows set aside, and what to do."""
    texts = [
        f"{pick(line.source.title, terminal.lang) or line.source.id}: {text}"
        for line in lines
        if line.trial is not None
        for text in _texts(terminal, line.trial)
    ]
    for text in ["", *texts] if texts else []:
        terminal.line(text)


def _texts(terminal: Terminal, trial: Trial) -> list[str]:
    return [
        *(problem.full(terminal.say) for problem in trial.refused),
        *(_aside_text(terminal, one) for one in trial.set_aside[:FIRST_REASONS]),
        *warned(terminal, trial.warnings),
    ]


def _aside_text(terminal: Terminal, one: SetAside) -> str:
    say = terminal.say
    cell = f"{one.column} “{one.value}”: " if one.column else ""
    rows = say.count("{n} row", "{n} rows", one.rows)
    return f"{one.file}:{one.line}: {say.typeset(cell)}{say(one.reason)} ({rows}). {say(one.remedy)}"


def trial_record(trial: Trial, terminal: Terminal) -> dict[str, Any]:
    """The trial for --json."""
    from assets.screens import problem_record

    return {
        "file": trial.name,
        "rows": trial.counts.rows_in,
        "rows_set_aside": trial.counts.quarantined,
        "set_aside": [
            {
                "line": one.line,
                "column": one.column,
                "value": one.value,
                "rows": one.rows,
                "reason": terminal.say(one.reason),
            }
            for one in trial.set_aside
        ],
        "refused": [problem_record(problem, terminal.say) for problem in trial.refused],
    }
