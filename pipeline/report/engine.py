"""The template engine: Jinja with everything escaped and nothing undefined.

Here: the environments, and a view model or a mail to HTML text. Not here: PDF (pdf.py) or the web page's
style (html.py). Built-in templates run here as they are. As soon as a company replaces one, the page is made
in a process of its own (printers.py), in a sandbox that cannot reach Python, and looked at before it is used
(ownpage.py).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from pipeline.bundled import templates_dir
from pipeline.errors import Problem, TemplateFailed, shown
from pipeline.language import speech
from pipeline.report.checks import texts
from pipeline.report.ownpage import page_problems
from pipeline.report.templates import NONE, Page, Templates
from pipeline.report.view import ScorecardView
from pipeline.workspace.owntemplates import FOLDER, built_in_names

BUILT_IN = "built-in/"
"""Beginning of a name that means the built-in template although the company has one of that name."""
LONGEST_PAGE = 20_000_000
"""Characters of a page; a scorecard of twenty goals has half a million."""


class _Loader(BaseLoader):
    """The company's templates before the built-in ones, by names of a closed set: no path is ever opened
    that a template says."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        name = template.removeprefix(BUILT_IN)
        if name == template and name in self.templates:
            return self.templates.text(name), f"{FOLDER}/{name}", lambda: True
        if name not in _built_in():
            raise TemplateNotFound(template)
        return (templates_dir() / name).read_text("utf-8"), BUILT_IN + name, lambda: True


@cache
def _built_in() -> frozenset[str]:
    return frozenset(built_in_names())


@lru_cache(maxsize=8)
def environment(templates: Templates = NONE, lines: bool = False) -> Environment:
    """The environment of the built-in templates; with `templates`, a sandbox that looks there first. lines:
    lines that hold only a statement are left out of the page."""
    settings: dict[str, Any] = {
        "loader": _Loader(templates),
        "autoescape": True,
        "undefined": StrictUndefined,
        "auto_reload": False,
        "trim_blocks": lines,
        "lstrip_blocks": lines,
    }
    if not templates:
        return Environment(**settings)  # noqa: S701 - autoescape is among the settings
    sandbox = ImmutableSandboxedEnvironment(**settings)
    for name in ("lipsum",):  # made of chance, which would make every run another document
        sandbox.globals.pop(name)
    sandbox.filters.pop("random")
    return sandbox


def scorecard_html(view: ScorecardView, css: str = "") -> str:
    """The document as HTML text. `css` (ours, never a person's) makes it self-contained.

    Raises TemplateFailed when a template of the company's own does not make what it must."""
    name = "scorecard.html.j2" if view.pages else "goal.html.j2"
    needed = tuple(f"goal-{goal.goal_id}" for goal in view.goals) + (("method",) if view.method else ())
    return made_page(name, {"v": view, "css": css}, view.brand.templates, view.lang, needed, alone=bool(css))


def made_page(
    name: str,
    values: dict[str, Any],
    templates: Templates,
    lang: str,
    needed: tuple[str, ...] = (),
    *,
    alone: bool = False,
) -> str:
    """A page by built-in templates, or by a company's own in another process. `css` among the values is a
    style sheet of ours or one that was checked when the workspace was read; needed: anchors that must be
    there; alone: whether it is opened in a browser by itself."""
    values = {**values, "css": Markup(values.get("css", ""))}  # noqa: S704 - checked, as said above
    if not templates.runs:
        return environment().get_template(name).render(values)
    from pipeline.report.printers import printers

    return printers().make(Page(name, values, templates, lang, needed=needed, alone=alone))


def stylesheet(name: str, templates: Templates = NONE) -> str:
    """A style sheet: the company's own, else the built-in one."""
    return templates.text(name) if name in templates else _bundled_sheet(name)


@cache
def _bundled_sheet(name: str) -> str:
    return (templates_dir() / name).read_text("utf-8")


# --- pages by a company's own templates ------------------------------------------------------------------


def own_page(page: Page) -> str:
    """A page by a company's own templates, complete and inert. Raises TemplateFailed.

    Runs in a process that is ended when it takes too long or too much memory (printer.py)."""
    say = speech(page.lang)
    values = {**page.values, "say": lambda text: say(str(text))}  # never formats: a template may write {0.x}
    try:
        made, size = [], 0
        template = environment(page.templates, page.lines).get_template(page.name)
        for piece in template.generate(values):
            made.append(piece)
            size += len(piece)
            if size > LONGEST_PAGE:
                raise TemplateFailed(_too_much(page))
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise TemplateFailed(_wrong(error, page)) from None
    except (MemoryError, RecursionError):
        raise TemplateFailed(_too_much(page)) from None
    html = "".join(made)
    known = " ".join(text for value in page.values.values() for text in texts(value))
    if problems := page_problems(html, page, known):
        raise TemplateFailed(*problems)
    return html


def template_problems(templates: Templates) -> list[Problem]:
    """What can be seen wrong with templates without running them: their grammar."""
    found = []
    for name, text in templates.texts.items():
        if name.endswith(".css"):
            continue
        try:
            environment(templates).compile(text, name, f"{FOLDER}/{name}")
        except TemplateSyntaxError as error:
            found.append(_problem(error, f"{FOLDER}/{name}", error.lineno))
        except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
            found.append(_problem(error, f"{FOLDER}/{name}", None))
    return found


def _wrong(error: Exception, page: Page) -> Problem:
    file, line = _place(error)
    return _problem(error, file or page.file, line)


def _place(error: Exception) -> tuple[str | None, int | None]:
    """File and line of the last template of the company's own that the error passed through."""
    if isinstance(error, TemplateSyntaxError) and error.filename and error.filename.startswith(FOLDER):
        return error.filename, error.lineno
    frames = [
        one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(f"{FOLDER}/")
    ]
    return (frames[-1].filename, frames[-1].lineno) if frames else (None, None)


def _problem(error: Exception, file: str, line: int | None) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "The template fails: {what}. The documents it is for were not made.",
        _remedy(error),
        file=file,
        line=line,
        params={"what": shown(_said(error), 200)},
    )


def _said(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}"
    return (str(error) or type(error).__name__).rstrip(".")


def _remedy(error: Exception) -> str:
    if isinstance(error, SecurityError):
        return "Templates may show what they are given and nothing else; remove it."
    if isinstance(error, UndefinedError):
        return "Correct the name; `scorecards templates diff` shows what the built-in template uses."
    return "Correct it, or remove the file: the built-in template is used then."


def _too_much(page: Page) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "The template makes a page without end, or one that needs too much memory. The documents it is for "
        "were not made.",
        "Look at its loops and at macros that call themselves.",
        file=page.file,
    )
