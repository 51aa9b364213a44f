"""The template engine: Jinja with everything escaped and nothing undefined.

Here: the environment and the rendering of a view model to HTML text. Not here: PDF (pdf.py) or the web page's
style (html.py). A workspace may override templates; those run in a sandbox that cannot reach Python.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from pipeline.bundled import templates_dir
from pipeline.report.view import ScorecardView


@cache
def environment(overrides: Path | None = None) -> Environment:
    """The environment of the bundled templates; with `overrides`, a sandbox that looks there first."""
    bundled = FileSystemLoader(templates_dir())
    if overrides is None:
        return Environment(loader=bundled, autoescape=True, undefined=StrictUndefined, auto_reload=False)
    loader = ChoiceLoader([FileSystemLoader(overrides), bundled])
    return ImmutableSandboxedEnvironment(
        loader=loader, autoescape=True, undefined=StrictUndefined, auto_reload=False
    )


def scorecard_html(view: ScorecardView, css: str = "", overrides: Path | None = None) -> str:
    """The document as HTML text. `css` (ours, never a person's) makes it self-contained."""
    name = "scorecard.html.j2" if view.pages else "goal.html.j2"
    style = Markup(css)  # noqa: S704 - our own style sheet and fonts
    return environment(overrides).get_template(name).render(v=view, css=style)


@cache
def stylesheet(name: str) -> str:
    return (templates_dir() / name).read_text("utf-8")
