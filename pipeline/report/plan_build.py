"""Writing the strategic plan: view model to HTML and PDF, checked and put in place whole.

Here: the order of the steps. Not here: what the plan says (plan_chapters.py) or the figures
(pipeline/plan.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from pipeline.bundled import templates_dir
from pipeline.errors import InvariantBroken, Problem
from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.plan import Plan
from pipeline.report.build import package_version
from pipeline.report.context import Context
from pipeline.report.engine import made_page, stylesheet
from pipeline.report.files import inside, put_file, sha256
from pipeline.report.fit import pick
from pipeline.report.html import web_style
from pipeline.report.i18n import Formats
from pipeline.report.plan_chapters import chapters
from pipeline.report.plan_view import Approved, PlanView
from pipeline.report.printed import Order
from pipeline.report.printers import printers
from pipeline.report.view import Jump
from pipeline.workspace.loader import load_notes
from pipeline.workspace.model import Workspace

USUAL_PAGES = 25
_LEFTOVER = re.compile(r"\{\{|\bUndefined\b|>None<|>nan<|\bDecimal\(")


def render_plans(
    workspace: Workspace, edition: Edition, plan: Plan, out_dir: Path, langs: Sequence[str]
) -> list[Path]:
    """The plan in several languages, printed side by side; their paths in the order of `langs`."""
    with ThreadPoolExecutor(printers().size) as threads:
        made = [threads.submit(render_plan, workspace, edition, plan, out_dir, lang) for lang in langs]
    return [path for one in made for path in one.result()]


def render_plan(workspace: Workspace, edition: Edition, plan: Plan, out_dir: Path, lang: str) -> list[Path]:
    """Write `plan.<lang>.pdf` and its web twin `plan.<lang>.html` into `out_dir` (the week's folder) and
    return their paths.

    The same edition and workspace give the same bytes; a plan that is there and was made from the same is
    left alone. Raises InvariantBroken when the finished document is
    not what it must be; nothing is written then.
    """
    view = plan_view(workspace, edition, plan, lang)
    html = plan_html(view)
    if leftover := _LEFTOVER.search(html):
        raise InvariantBroken(_unfinished(f"{leftover[0]!r} stands in it"))
    path, twin = (inside(out_dir, f"plan.{view.lang}.{kind}") for kind in ("pdf", "html"))
    style = view.brand.templates.text("page.css")
    identifier = sha256(f"{html}\0{_tools()}{style}".encode())[:32].encode()
    if _made_from(path, identifier):
        put_file(path, path.read_bytes())
        put_file(twin, plan_html(view, web=True).encode())
        return [path, twin]
    printed = printers().print(Order(html, identifier, edition.as_of, style=style), USUAL_PAGES)
    missing = [one.title for one in view.chapters if one.anchor not in printed.anchors]
    if missing:
        raise InvariantBroken(_unfinished(f"chapters are missing: {', '.join(missing)}"))
    put_file(path, printed.content)
    put_file(twin, plan_html(view, web=True).encode())
    return [path, twin]


def plan_view(workspace: Workspace, edition: Edition, plan: Plan, lang: str) -> PlanView:
    """The whole document in one language."""
    notes = load_notes(workspace, edition.week)
    context = Context(workspace, edition, kpi_registry(workspace), lang, notes=notes)
    f, strategy = context.formats, plan.strategy
    company = pick(workspace.company.company, f.lang)
    heading = pick(strategy.title, f.lang) or f.say("Strategic plan")
    period = f.span(plan.period_start, plan.period_end) if plan.period_start and plan.period_end else ""
    as_of = f.say("Data as of {as_of}.", as_of=f.instant(edition.as_of, context.zone))
    made = chapters(context, plan)
    gaps = sum(f.lang in one.languages for one in plan.missing)
    return PlanView(
        lang=f.lang,
        title=f"{company}. {heading}",
        author=company,
        created=edition.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        density="plan",
        footer=f"{heading}. {as_of} {f.say('Run {run}.', run=edition.run_id)}",
        page_word=f.say("page"),
        of_word=f.say("of"),
        company=company,
        heading=heading,
        period=period,
        version=f.say("Version {version}", version=strategy.version) if strategy.version else "",
        as_of=f"{f.week(edition.week)}. {as_of}",
        approvals_heading=f.say("Approvals"),
        approvals=tuple(_approvals(context, plan, f)),
        unwritten=f.say.count(
            "{n} section of this plan is not written yet.",
            "{n} sections of this plan are not written yet.",
            gaps,
        )
        if gaps
        else "",
        contents_heading=f.say("Contents"),
        chapters=made,
        skip=f.say("Skip to the plan"),
        jumps=tuple(Jump(one.anchor, f"{one.number} {one.title}") for one in made),
        brand=context.brand,
    )


def _approvals(context: Context, plan: Plan, f: Formats) -> list[Approved]:
    found = []
    for one in plan.strategy.approvals:
        person = context.workspace.person(one.by)
        role = pick(person.role, f.lang) if person else ""
        on = f.say("approved {day}", day=f.date(one.on)) if one.on else f.say("not approved yet")
        found.append(Approved(context.person(one.by), role, on, one.on is None))
    return found


def plan_html(view: PlanView, web: bool = False) -> str:
    """The document as HTML text with its style inside. `web`: the page that a browser opens by itself, with
    fonts, a bar of links and a layout for narrow screens; else what the PDF is made of."""
    templates = view.brand.templates
    needed = tuple(one.anchor for one in view.chapters)
    style = web_style(templates, "plan.css", "plan-web.css") if web else stylesheet("plan.css", templates)
    values = {"v": view, "css": style, "web": web}
    return made_page("plan.html.j2", values, templates, view.lang, needed, alone=web)


def _made_from(path: Path, identifier: bytes) -> bool:
    """Whether the document that is there carries this identifier, a digest of all it was made from."""
    return path.is_file() and b"/ID [(" + identifier in path.read_bytes()


@cache
def _tools() -> str:
    """Digest of what turns the page into bytes besides its own text: renderer, shared style, fonts."""
    fonts = sorted((templates_dir() / "fonts").glob("*.ttf"))
    parts = [package_version("weasyprint").encode(), stylesheet("page.css").encode()]
    return sha256(b"\0".join([*parts, *(path.read_bytes() for path in fonts)]))


def _unfinished(why: str) -> Problem:
    return Problem(
        "E-PLANDOCUMENT",
        "The strategic plan failed its check: {why}. It was not written.",
        "Run the plan again; if it repeats, report it with the week's scorecard.json.",
        params={"why": why},
    )
