"""Nothing that somebody writes makes a page fetch, run or tell anything: names in data, prose, a company's
own templates and style sheets, each against the same list of payloads, with a server that counts who asks."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from markupsafe import escape

from pipeline.delivery.message import html_text
from pipeline.delivery.view import mail_view
from pipeline.errors import InvariantBroken, TemplateFailed, WorkspaceError
from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.report import printers as room
from pipeline.report.build import render_edition
from pipeline.report.context import Context
from pipeline.report.engine import own_page, scorecard_html
from pipeline.report.html import web_page
from pipeline.report.pdf import print_pdf
from pipeline.report.printers import Printers
from pipeline.report.scorecard import scorecard_view
from pipeline.report.settle import Memory, settled
from pipeline.report.templates import Page, Templates
from pipeline.report.twin import dumps, scorecard_json
from pipeline.report.view import ScorecardView
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Notes, Workspace
from pipeline.workspace.scaffold import create_workspace
from tests.faults.page_payloads import ENDLESS, REACHING, SCRIPTS, SECRET, canary_server, styles, urls

HERE = Path(__file__).parent
KINDS = sorted(urls("http://127.0.0.1:1", Path("/x")))


def first_two_fast(values: Iterable[str]) -> list[Any]:
    """As parameters; the slow suite takes the others too."""
    return [pytest.param(one, marks=[pytest.mark.slow] if n > 1 else []) for n, one in enumerate(values)]


def fixtures() -> ModuleType:
    path = HERE.parent / "reports" / "fixture_edition.py"
    spec = importlib.util.spec_from_file_location("fixture_edition_for_faults", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


fx = fixtures()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    with canary_server() as found:
        yield found


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.svg"
    shape = (
        f'<svg xmlns="http://www.w3.org/2000/svg"><title>{SECRET}</title><rect width="9" height="9"/></svg>'
    )
    path.write_text(shape, "utf-8")
    return path


def everywhere(text: str) -> tuple[Workspace, Edition, Notes]:
    """A workspace and an edition in which everything that somebody can name has this name."""
    space, edition, named = fx.workspace(goals=1), fx.edition(1, chance=True), {"": text}
    (goal,) = space.goals
    how = tuple(one.model_copy(update={"title": named, "blocked_by": named}) for one in goal.how)
    people = [one.model_copy(update={"name": named, "role": named}) for one in space.people.people]
    audience = space.audiences[0].model_copy(update={"title": named})
    objective = space.strategy.objectives[0].model_copy(update={"title": named})
    space = space.model_copy(
        update={
            "goals": (goal.model_copy(update={"title": named, "how": how}),),
            "company": space.company.model_copy(update={"company": named}),
            "people": space.people.model_copy(update={"people": tuple(people)}),
            "audiences": (audience,),
            "strategy": space.strategy.model_copy(update={"objectives": (objective,), "mission": named}),
        }
    )
    (result,) = edition.results
    drivers = tuple(replace(part, value=text) for part in result.drivers)
    sources = {key: replace(state, title=named) for key, state in edition.sources.items()}
    edition = replace(edition, results=(replace(result, drivers=drivers),), sources=sources)
    wrote = fx.notes()
    decisions = tuple(one.model_copy(update={"text": named}) for one in wrote.decisions)
    actions = tuple(one.model_copy(update={"text": named}) for one in wrote.actions)
    return space, edition, wrote.model_copy(update={"decisions": decisions, "actions": actions})


def context_of(text: str) -> Context:
    space, edition, notes = everywhere(text)
    return Context(space, edition, kpi_registry(space), "en", space.audiences[0], notes)


def own(view: ScorecardView, **texts: str) -> ScorecardView:
    """The view as a company's own templates show it; `parts__own` stands for parts/own."""
    return replace(view, brand=replace(view.brand, templates=Templates.of(texts)))


def plain_view() -> ScorecardView:
    return scorecard_view(context_of("Revenue"))


def in_the_clear(pdf: bytes) -> bytes:
    """The file with every stream unpacked."""
    parts = [pdf]
    for match in re.finditer(rb"stream\r?\n", pdf):
        try:
            parts.append(zlib.decompressobj().decompress(pdf[match.end() :]))
        except zlib.error:
            continue
    return b"\n".join(parts)


class Elements(HTMLParser):
    """Which elements with which attributes a page has; not what is written in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[tuple[str, tuple[str, ...]]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, tuple(name for name, _ in attrs)))


@pytest.fixture(scope="module")
def usual() -> set[tuple[str, tuple[str, ...]]]:
    view = plain_view()
    long_title = ("h2", ("class",))  # has a class of its own
    return Elements(web_page(view)).found | Elements(scorecard_html(view)).found | {long_title}


# --- names in data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", first_two_fast(KINDS))
def test_a_name_that_asks_for_something_is_only_a_name(
    kind: str, server: tuple[str, list[str]], secret: Path, usual: set[Any]
) -> None:
    """In a goal's title, an owner, a deal's region, a source, an objective, notes, the company: at once."""
    address, asked = server
    payload = urls(address, secret)[kind]
    context = context_of(payload)
    view = scorecard_view(context)
    html, page = scorecard_html(view), web_page(view)
    mail = html_text(mail_view(context.edition, context.workspace, context.workspace.audiences[0]), None, ())
    printed = print_pdf(html, identifier=b"x", created=fx.AS_OF)
    twin = dumps(scorecard_json({"en": context}))
    assert str(escape(payload[:20])) in page
    assert Elements(page).found <= usual and Elements(html).found <= usual
    assert not asked
    for made in (in_the_clear(printed.content), page.encode(), mail.encode(), twin):
        assert SECRET.encode() not in made
    assert not re.search(r"<(?:img|link|base|object|embed|iframe|image)\b", mail)


@pytest.mark.parametrize("text", [*REACHING, *ENDLESS])
def test_a_name_that_looks_like_a_template_is_printed_as_it_stands(text: str) -> None:
    text = text[:150]
    page = web_page(scorecard_view(context_of(text)))
    assert str(escape(text)) in page


def test_scripts_in_names_stay_inert_in_a_browser(
    tmp_path: Path, server: tuple[str, list[str]], usual: set[Any]
) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    address, asked = server
    for payload in (*SCRIPTS, *urls(address, tmp_path).values()):
        found = Elements(web_page(scorecard_view(context_of(payload)))).found
        assert found <= usual, payload
    if browser is None:
        pytest.skip("no browser on this machine: the elements of the pages were compared, nothing was opened")
    everything = "".join((*SCRIPTS, *urls(address, tmp_path).values()))[:480]
    for number, payload in enumerate((everything, SCRIPTS[1], SCRIPTS[5])):
        path = tmp_path / f"{number}.html"
        path.write_text(web_page(scorecard_view(context_of(payload))), "utf-8")
        shown = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert "<article" in shown.stdout, shown.stderr[-500:]
        title = shown.stdout.partition("<title>")[2].partition("</title>")[0]
        assert title != "PWNED" and "Goal scorecard" in title
    assert not [path for path in asked if path != "/favicon.ico"]


# --- a company's own templates ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", first_two_fast(KINDS))
def test_a_template_that_asks_for_something_makes_no_page(
    kind: str, server: tuple[str, list[str]], secret: Path
) -> None:
    """Twice: the page is refused before it is printed, and the printer by itself would have fetched
    nothing."""
    address, asked = server
    payload = urls(address, secret)[kind]
    page = Page(
        "scorecard.html.j2", {"v": plain_view(), "css": ""}, Templates.of({"parts/method.html.j2": ""}), "en"
    )
    page = replace(
        page, templates=Templates.of({"parts/method.html.j2": f"<section id=method>{payload}</section>"})
    )
    with pytest.raises(TemplateFailed, match="reaches outside") as caught:
        own_page(page)
    assert caught.value.problems[0].file == "templates/parts/method.html.j2"
    bare = f"<!doctype html><html lang=en><title>x</title><body>{payload}<p>x</p></body></html>"
    try:
        content = print_pdf(bare, identifier=b"x", created=fx.AS_OF).content
    except InvariantBroken as refused:
        assert refused.problems[0].code == "document-fetch"
    else:
        assert SECRET.encode() not in in_the_clear(content)
    assert not asked


@pytest.mark.parametrize("kind", first_two_fast(sorted(styles(""))))
def test_a_style_sheet_that_asks_for_something_is_refused_when_it_is_read(
    kind: str, tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    address, asked = server
    create_workspace(tmp_path / "w", sample=False, lang="en")
    (tmp_path / "w/templates/parts").mkdir(parents=True)
    (tmp_path / "w/templates/parts/own.css").write_text("p { color: red }\n" + styles(address)[kind], "utf-8")
    with pytest.raises(WorkspaceError, match="reaches outside") as caught:
        load_workspace(tmp_path / "w")
    assert caught.value.problems[0].file == "templates/parts/own.css"
    html = scorecard_html(plain_view())
    try:
        print_pdf(html, identifier=b"x", created=fx.AS_OF, style=styles(address)[kind])
    except InvariantBroken as refused:
        assert refused.problems[0].code == "document-fetch"
    assert not asked


@pytest.mark.parametrize("text", REACHING)
def test_a_template_that_reaches_for_python_or_files_shows_nothing(text: str, tmp_path: Path) -> None:
    canary, secret = tmp_path / "made", tmp_path / "secret.html"
    secret.write_text(SECRET, "utf-8")
    text = text.replace("{canary}", str(canary)).replace("{secret}", str(secret))
    page = Page(
        "goal.html.j2", {"v": plain_view(), "css": ""}, Templates.of({"parts/footer.txt.j2": text}), "en"
    )
    with pytest.raises(TemplateFailed) as caught:
        own_page(page)
    said = str(caught.value)
    assert said.startswith("templates/parts/footer.txt.j2") and SECRET not in said and "<module" not in said
    assert not canary.exists()


@pytest.mark.slow
@pytest.mark.parametrize("text", ENDLESS)
def test_a_template_without_end_is_given_up(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SECONDS_TO_MAKE", 6.0)
    printers = Printers(1)
    page = Page(
        "goal.html.j2", {"v": plain_view(), "css": ""}, Templates.of({"parts/footer.txt.j2": text}), "en"
    )
    try:
        with pytest.raises(InvariantBroken) as caught:
            printers.make(page)
        assert caught.value.problems[0].code in ("E-TEMPLATE", "document-print")
        sound = replace(page, templates=Templates.of({"parts/footer.txt.j2": "Ours"}))
        assert 'data-foot="Ours"' in printers.make(sound)
    finally:
        printers.close()


def test_a_wrong_template_costs_its_documents_alone_and_leaves_no_new_manifest(tmp_path: Path) -> None:
    """The method page is part of a scorecard, not of a goal's own document."""
    space, edition, notes = everywhere("Revenue")
    space = space.model_copy(update={"templates": {"parts/method.html.j2": "\n<p>{{ v.methodd }}</p>"}})
    with pytest.raises(TemplateFailed) as caught:
        render_edition(space, edition, notes, tmp_path)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("templates/parts/method.html.j2", 2)
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {
        "revenue-q4.en.pdf", "revenue-q4.ru.pdf", "scorecard.json", "quarantine.csv", "calendar.ics",
        "goals.en.csv", "goals.ru.csv", "periods.en.csv", "periods.ru.csv",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            {"macros/goal.html.j2": "{% macro goal_page(g, level, back) %}<p>x</p>{% endmacro %}"},
            'lacks id="goal-revenue-q4"',
        ),
        ({"parts/method.html.j2": "<section id=method>{{ none }}</section>"}, "says None"),
        ({"parts/method.html.j2": "<section id=method>{% raw %}{{ x }}{% endraw %}</section>"}, "says {{"),
        (
            {"base.html.j2": "<html lang=en><body>{% block body %}{% endblock %}</body></html>"},
            "forbids a browser",
        ),
        ({"parts/footer.txt.j2": '"><script>1</script>'}, "holds <script>"),
        ({"parts/footer.txt.j2": '" onclick="x'}, "holds onclick=x"),
        ({"parts/method.html.j2": '<a id=method href="javascript:x">x</a>'}, "holds href=javascript:x"),
        ({"parts/method.html.j2": "<p id=method>{{ v.headline|safe }}</p>"}, "holds <script>"),
    ],
)
def test_a_page_by_own_templates_must_be_whole_and_inert(texts: dict[str, str], said: str) -> None:
    view = replace(plain_view(), headline="<script>1</script>")
    needed = ("goal-revenue-q4", "method")
    page = Page(
        "scorecard.html.j2", {"v": view, "css": "p {}"}, Templates.of(texts), "en", needed=needed, alone=True
    )
    with pytest.raises(TemplateFailed) as caught:
        own_page(page)
    assert said in str(caught.value)


def test_an_own_footer_order_and_method_reach_the_printed_page(tmp_path: Path) -> None:
    context = context_of("Revenue")
    names = ("heading", "reason", "foot", "figures")
    order = "{% from 'macros/goalparts.html.j2' import " + ", ".join(names) + " %}"
    texts = {
        "parts/footer.txt.j2": "For {{ v.audience }} only. {{ v.footer }}",
        "parts/goalpage.html.j2": order + "".join(f"{{{{ {name}(g, level) }}}}" for name in names),
    }
    space = context.workspace.model_copy(update={"templates": texts})
    view_of = partial(scorecard_view, replace(context, workspace=space), None)
    view, printed = settled(
        view_of, lambda one: print_pdf(scorecard_html(one), identifier=b"x", created=fx.AS_OF), Memory()
    )
    html = scorecard_html(view)
    assert 'data-foot="For Revenue only. Data as of' in html
    assert html.index('class="foot"') < html.index('class="figures row"') and 'class="letters"' not in html
    assert printed.anchors["goal-revenue-q4"] == 2 and printed.pages == 3


# --- the lock --------------------------------------------------------------------------------------------


def test_every_use_of_the_renderer_goes_through_the_locked_fetcher() -> None:
    """Read from the code: HTML, CSS and Attachment are called in one module, each with the fetcher and with
    no address to start from; nobody uses the renderer's own fetcher or a style sheet by address."""
    root = HERE.parents[1]
    calls: list[tuple[str, str]] = []
    for path in [*(root / "pipeline").rglob("*.py"), *(root / "assets").rglob("*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        if "weasyprint" not in {name.split(".")[0] for name in _imported(tree)}:
            continue
        assert path.name in ("pdf.py", "doctor.py"), path
        for node in ast.walk(tree):
            name = (
                getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            )
            if name not in ("HTML", "CSS", "Attachment"):
                continue
            assert isinstance(node, ast.Call) and not node.args, (path, node)
            calls.append((path.name, name))
            given = {one.arg: one.value for one in node.keywords}
            assert isinstance(given["url_fetcher"], ast.Name | ast.Attribute), (path, node.lineno)
            assert isinstance(given["base_url"], ast.Constant) and given["base_url"].value is None
            assert "string" in given, (path, node.lineno)
    assert sorted(calls) == [("pdf.py", "Attachment"), ("pdf.py", "CSS"), ("pdf.py", "HTML")]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert "default_url_fetcher" not in {alias.name for alias in node.names}
            yield node.module or ""


def test_no_value_of_a_view_stands_where_css_or_code_would_be() -> None:
    """In built-in templates a style attribute holds numbers that the program computed, and colours are
    written out: what is shown by a value stands between tags or in a quoted attribute."""
    folder = HERE.parents[1] / "reports" / "templates"
    in_style = set()
    for path in folder.rglob("*.j2"):
        text = path.read_text("utf-8")
        in_style |= set(re.findall(r'style="[^"]*?\{\{\s*([\w.]+)', text))
        assert not re.search(r"=\s*\{\{", text), path  # an attribute without quotation marks
        assert not re.search(r"\son\w+=|<script", text), path
        assert set(re.findall(r"([\w.\[\]]+)\s*\|\s*safe", text)) <= {
            "AREA[a.css]", "STROKE[r.css]", "STROKE[t.css]", "TEXT[m.css]", "v.brand.css",
        }, path  # fmt: skip
    assert in_style == {"size.width", "c.width"}


# --- names of every length and script --------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "слово " * 17_000,
        "خفض معدل الإلغاء הפחתת נטישה",
        "Grow 🚀 👩‍👩‍👧‍👦 🏳️‍🌈 e" + "\u0301" * 200,
        "売上高を増やす",
        "a\u202eb\u2066c",
    ],
    ids=["one word", "words", "right to left", "emoji", "another script", "directions"],
)
def test_a_name_of_any_length_and_script_keeps_its_page_and_the_bundled_fonts(text: str) -> None:
    from pipeline.report.checks import check_document

    context = context_of(text)
    view, printed = settled(
        partial(scorecard_view, context, None),
        lambda one: print_pdf(scorecard_html(one), identifier=b"x", created=fx.AS_OF),
        Memory(),
    )
    check_document(view, printed, "x", context.workspace.model_dump_json())
    assert printed.pages == 3 and len(printed.content) < 300_000
    longest = max(len(value) for value in _strings(view))
    assert longest < 3_000  # a sentence with several names in it; no single name beyond 500


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from _strings(getattr(value, one.name))


# --- where documents go ----------------------------------------------------------------------------------


def test_a_document_that_is_a_link_to_elsewhere_is_not_written_through(tmp_path: Path) -> None:
    space, edition, notes = everywhere("Revenue")
    precious = tmp_path / "precious"
    precious.write_text("mine", "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    (out / "scorecard.json").symlink_to(precious)
    with pytest.raises(InvariantBroken, match="document-path"):
        render_edition(space, edition, notes, out)
    assert precious.read_text("utf-8") == "mine"


def test_an_output_folder_that_is_a_link_is_refused_by_check(tmp_path: Path) -> None:
    create_workspace(tmp_path / "w", sample=False, lang="en")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "w" / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorkspaceError, match="link to another place"):
        load_workspace(tmp_path / "w")


@pytest.mark.parametrize("goal_id", ["../../x", "/etc/x", "a/b", "..", "x" * 65, "a\u0000b", "Ж"])
def test_a_goal_id_that_is_a_path_never_gets_as_far_as_a_file(goal_id: str, tmp_path: Path) -> None:
    create_workspace(tmp_path, sample=False, lang="en")
    file = tmp_path / "goals/first-goal.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("id: first-goal", f'id: "{goal_id}"'.replace("\u0000", "\\0"), 1), "utf-8")
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(tmp_path)
    assert any(one.file == "goals/first-goal.yaml" for one in caught.value.problems)
