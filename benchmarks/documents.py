"""What documents cost, against a plain use of the renderer and against a browser that prints.

Everything is made from one week of the sample company in one run, so the ratios hold on any machine:

- naive: one process a document that hands a file to `HTML(file).write_pdf()`, with the same page and style
- browser: Chromium prints the same page, where it is installed; it makes no archival file and embeds no data
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.table import Row
from benchmarks.timing import REPEATS, finished, median, scorecards, seconds
from pipeline.bundled import templates_dir
from pipeline.goals.edition import build_edition
from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.periods import Week
from pipeline.plan import build_plan
from pipeline.report.build import render_edition
from pipeline.report.charts import Picture
from pipeline.report.context import Context
from pipeline.report.engine import environment, scorecard_html, stylesheet
from pipeline.report.html import web_page
from pipeline.report.pdf import FACES, print_pdf
from pipeline.report.plan_build import plan_html, plan_view
from pipeline.report.printed import Order, Printed
from pipeline.report.printers import Printers
from pipeline.report.scorecard import scorecard_view
from pipeline.report.view import ScorecardView
from pipeline.store.store import Store
from pipeline.workspace.loader import load_notes
from pipeline.workspace.model import Workspace

WEEK = Week(2026, 47)
PAGES = 12
"""Single goal pages that a median is taken over."""
IDENTIFIER = b"0" * 32
NAIVE = "import sys; from weasyprint import HTML; HTML(sys.argv[1]).write_pdf(sys.argv[2])"


@dataclass(frozen=True)
class Material:
    """The sample company's week and pages of it."""

    workspace: Workspace
    store: Store
    edition: Edition
    context: Context
    goals: list[ScorecardView]


def material(company: Path) -> Material:
    """`company`: a workspace of the sample; its week is run without documents first."""
    from assets.workspaces import open_workspace

    scorecards(company, "run", "--week", str(WEEK), "--no-documents")
    workspace = open_workspace(company)
    store = Store(workspace.state_dir)
    edition = build_edition(workspace, store, WEEK)
    context = Context(workspace, edition, kpi_registry(workspace), "en")
    goals = [scorecard_view(context, one.goal_id) for one in edition.results[:PAGES]]
    return Material(workspace, store, edition, context, goals)


def rows(company: Path) -> list[Row]:
    made = material(company)
    return [
        *_one_document(made),
        *_whole_week(made),
        *_plan(made),
        *_memory(made),
    ]


# --- one document ------------------------------------------------------------------------------------


def _one_document(made: Material) -> list[Row]:
    pages = [scorecard_html(view) for view in made.goals]
    _print(made, pages[0])  # fonts and style sheets are built once a process
    warm = statistics.median(seconds(partial(_print, made, page)) for page in pages)
    with _on_disk(pages) as files:
        naive = statistics.median(seconds(partial(_naive, file)) for file in files)
    charts = statistics.median(_chart_seconds(view) for view in made.goals)
    sizes = [len(_print(made, page).content) / 1000 for page in pages]
    return [
        Row("a goal page, warm", warm * 1000, "ms"),
        Row("the same, one process and plain renderer each", naive * 1000, "ms"),
        *_browser(made),
        Row("a goal page, warm, against the plain renderer", warm / naive, "x", 0.40),
        Row("its charts' share of the page", charts / warm * 100, "%", 5.0),
        Row("largest goal page", max(sizes), "KB", 130.0),
    ]


def _print(made: Material, html: str) -> Printed:
    return print_pdf(html, identifier=IDENTIFIER, created=made.edition.as_of)


@contextmanager
def _on_disk(pages: list[str]) -> Iterator[list[Path]]:
    """The pages as files, with the style and the fonts as links beside them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fonts = templates_dir() / "fonts"
        faces = "".join(
            f'@font-face {{ font-family: Inter; font-weight: {weight}; src: url("Inter-{face}.ttf"); }}\n'
            for face, weight in FACES
        )
        for face, _ in FACES:
            shutil.copy(fonts / f"Inter-{face}.ttf", folder)
        (folder / "page.css").write_text(faces + stylesheet("page.css"), "utf-8")
        files = []
        for number, page in enumerate(pages):
            file = folder / f"{number}.html"
            file.write_text(
                page.replace("</head>", '<link rel="stylesheet" href="page.css"></head>'), "utf-8"
            )
            files.append(file)
        yield files


def _naive(file: Path) -> None:
    finished([sys.executable, "-c", NAIVE, str(file), str(file.with_suffix(".pdf"))])


def _browser(made: Material) -> list[Row]:
    known = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    program = next((found for found in known if found), None)
    if program is None:
        return []
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "goal.html"
        file.write_text(web_page(made.goals[0]), "utf-8")
        command = [
            program, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={name}/profile",
            f"--print-to-pdf={name}/goal.pdf", file.as_uri(),
        ]  # fmt: skip
        taken = median(lambda: finished(command))
    return [Row("the same page printed by Chromium", taken * 1000, "ms")]


def _chart_seconds(view: ScorecardView) -> float:
    """Drawing a page's charts: marks to SVG text. Both the page and this are timed warm."""
    macro = environment().get_template("macros/chart.svg.j2").module.picture  # type: ignore[attr-defined]
    pictures = _pictures(view)
    return statistics.median(seconds(lambda: [macro(one) for one in pictures]) for _ in range(REPEATS))


def _pictures(thing: object) -> list[Picture]:
    """Every chart of a view model."""
    if isinstance(thing, Picture):
        return [thing]
    if isinstance(thing, (tuple, list)):
        return [one for part in thing for one in _pictures(part)]
    fields = getattr(thing, "__dataclass_fields__", {})
    return [one for name in fields for one in _pictures(getattr(thing, name))]


# --- a week ------------------------------------------------------------------------------------------


def _whole_week(made: Material) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        work = partial(
            render_edition, made.workspace, made.edition, load_notes(made.workspace, WEEK), Path(name),
            previous_notes=load_notes(made.workspace, WEEK.plus(-1)),
        )  # fmt: skip
        first = seconds(work)
        again = median(work)
    return [
        Row("every scorecard of the sample's week", first, "s"),
        Row("the same again with nothing changed", again, "s"),
        Row("again, against the first time", again / first, "x", 0.02),
    ]


def _plan(made: Material) -> list[Row]:
    """Printing alone, of both documents whole."""
    known = made.store.knowledge([one.id for one in made.workspace.sources], made.edition.as_of)
    plan = build_plan(made.workspace, made.edition, lambda name: made.store.fact(name, known))
    text = plan_html(plan_view(made.workspace, made.edition, plan, "en"))
    card = scorecard_html(scorecard_view(made.context))
    plan_page = _seconds_a_page(made, text)
    card_page = _seconds_a_page(made, card)
    return [
        Row("the scorecard, a page", card_page * 1000, "ms"),
        Row("the plan, a page", plan_page * 1000, "ms"),
        Row("a page of the plan against one of the scorecard", plan_page / card_page, "x", 1.2),
    ]


def _seconds_a_page(made: Material, html: str) -> float:
    pages = _print(made, html).pages
    return median(lambda: _print(made, html)) / pages


# --- memory ------------------------------------------------------------------------------------------


def _memory(made: Material, documents: int = 200) -> list[Row]:
    """How much a printing process has grown after many documents, against after the first five."""
    pages = [scorecard_html(view) for view in made.goals]
    printers = Printers(1)
    try:
        for number in range(5):
            printers.print(_order(made, pages[number % len(pages)]))
        before = _resident()
        for number in range(documents - 5):
            printers.print(_order(made, pages[number % len(pages)]))
        grown = _resident() - before
    finally:
        printers.close()
    return [Row(f"growth of a printing process over {documents} documents", grown, "MB", 60.0)]


def _order(made: Material, html: str) -> Order:
    return Order(html, IDENTIFIER, made.edition.as_of)


def _resident() -> float:
    """Resident memory of this process's printers in megabytes, as the system's own tool says it."""
    command = ["ps", "-o", "rss=,args=", "--ppid", str(os.getpid())]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in result.stdout.splitlines() if "pipeline.report.printer" in line]
    return sum(int(line.split()[0]) for line in lines) / 1000


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        company = Path(name) / "company"
        scorecards(None, "init", str(company), "--sample")
        begin = time.perf_counter()
        found = rows(company)
        for row in found:
            print(row.text())
        print(f"{time.perf_counter() - begin:.0f} s")
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
