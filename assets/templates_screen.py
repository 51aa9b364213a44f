"""What `scorecards templates` shows and does: the list, copying one out, what differs.

Here: gathering and wording for the terminal, and the one file that is written. Not here: what a template is
(workspace/owntemplates.py) or running one (report/engine.py).
"""

from __future__ import annotations

import difflib
from pathlib import Path

from assets.terminal import Terminal
from pipeline.errors import Problem, UsageError, nearest
from pipeline.workspace.model import Workspace
from pipeline.workspace.owntemplates import (
    FOLDER,
    built_in_names,
    built_in_text,
    fingerprint,
    marked,
    without_mark,
)

STABLE = {
    "parts/own.css": "your additions to every style sheet",
    "parts/footer.txt.j2": "the line at the foot of every page",
    "parts/logo.html.j2": "the logo on page 1 and on the plan's cover",
    "parts/goalpage.html.j2": "what a goal's page shows, and in which order",
    "parts/method.html.j2": "the method page",
    "mail.html.j2": "the mail's HTML",
}
"""Templates whose names and values stay what they are from version to version, and what they are for."""
OTHERS = {
    "base.html.j2": "the frame of every page",
    "scorecard.html.j2": "the table, boxes and pages of a scorecard",
    "goal.html.j2": "the document of a single goal",
    "plan.html.j2": "the strategic plan",
    "macros/chart.svg.j2": "charts",
    "macros/goal.html.j2": "the frame of a goal's page",
    "macros/goalparts.html.j2": "the pieces of a goal's page",
    "macros/parts.html.j2": "status and small tables",
    "macros/plan.html.j2": "the blocks of the plan",
    "page.css": "the style of scorecards",
    "plan.css": "the style of the plan",
    "web.css": "the style on a screen",
}


def show_templates(terminal: Terminal, workspace: Workspace) -> None:
    """Every template with what it is for, the stable ones first, and whether the workspace replaces it."""
    names = [*STABLE, *OTHERS, *(name for name in built_in_names() if name not in {**STABLE, **OTHERS})]
    rows = [
        [name, terminal.say(_state(workspace, name)), terminal.say({**STABLE, **OTHERS}.get(name, ""))]
        for name in names
    ]
    terminal.table(rows, ["Template", "Used", "For"])
    terminal.line()
    terminal.said(
        "The first {n} stay as they are from version to version. Next: scorecards templates copy NAME",
        n=len(STABLE),
    )


def _state(workspace: Workspace, name: str) -> str:
    if name not in workspace.templates:
        return "built-in"
    mark = without_mark(workspace.templates[name])[1]
    return (
        "yours, older than the built-in" if mark not in (None, fingerprint(built_in_text(name))) else "yours"
    )


def copy_template(workspace: Workspace, name: str) -> Path:
    """Writes templates/NAME with the built-in text; its path. Raises UsageError when it is there already."""
    _known(name)
    path = workspace.root / FOLDER / name
    if path.exists() or path.is_symlink():
        raise UsageError(
            Problem(
                "E-USAGE",
                "{file} is there already; nothing is overwritten.",
                "Remove it first, or look at `scorecards templates diff {name}`.",
                params={"file": str(path), "name": name},
            )
        )
    if not path.resolve().is_relative_to(workspace.root.resolve()):
        raise UsageError(
            Problem(
                "E-USAGE",
                "{file} lies outside the workspace, by a link in its path.",
                "Replace the link by a folder.",
                params={"file": str(path)},
            )
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(marked(name), "utf-8")
    return path


def show_difference(terminal: Terminal, workspace: Workspace, name: str) -> None:
    """The lines that differ from the built-in template, in the unified form."""
    _known(name)
    if name not in workspace.templates:
        terminal.said("{name} is not replaced; the built-in one is used.", name=name)
        return
    text, mark = without_mark(workspace.templates[name])
    now = built_in_text(name)
    if mark not in (None, fingerprint(now)):
        terminal.error(terminal.say("The built-in {name} has changed since this copy was made.", name=name))
    lines = list(
        difflib.unified_diff(
            now.splitlines(), text.splitlines(), f"built-in/{name}", f"{FOLDER}/{name}", lineterm=""
        )
    )
    for line in lines:
        terminal.line(line)
    if not lines:
        terminal.said("{name} is the same as the built-in one.", name=name)


def _known(name: str) -> None:
    names = built_in_names()
    if name not in names:
        near = nearest(name, names)
        raise UsageError(
            Problem(
                "E-USAGE",
                "There is no template {name}.",
                "Did you mean {near}?" if near else "`scorecards templates` lists them.",
                params={"name": name, "near": near},
            )
        )
