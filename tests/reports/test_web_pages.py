"""The web pages: whole without the network, on a phone, by keyboard, on paper and read aloud.

What a parser can see is checked fast; the rest in a headless browser.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import fixture_edition as fx
import pytest
from browser import PROGRAMS, Browser
from kinds import no_facts
from pypdf import PdfReader

from pipeline.kpis.registry import kpi_registry
from pipeline.plan import build_plan
from pipeline.report.checks import expected_pages
from pipeline.report.context import Context
from pipeline.report.html import web_page
from pipeline.report.plan_build import plan_html, plan_view
from pipeline.report.plan_view import PlanView
from pipeline.report.scorecard import scorecard_view
from pipeline.report.view import ScorecardView
from tests.support import tool

GOALS = 12
PAGES = [(kind, lang) for kind in ("scorecard", "plan") for lang in ("en", "ru")]
each_page = pytest.mark.parametrize(("kind", "lang"), PAGES)
PHONE, DESK = (360, 740), (1280, 900)


@cache
def scorecard_of(lang: str, long: bool = True) -> ScorecardView:
    space, edition = fx.workspace(goals=GOALS, long=long), fx.edition(GOALS, chance=True)
    context = Context(space, edition, kpi_registry(space), lang, space.audiences[0], fx.notes())
    return scorecard_view(context)


@cache
def plan_of(lang: str, long: bool = True) -> PlanView:
    space, edition = fx.workspace(goals=GOALS, long=long), fx.edition(GOALS, chance=True)
    return plan_view(space, edition, build_plan(space, edition, no_facts), lang)


@cache
def page_of(kind: str, lang: str, long: bool = True) -> str:
    if kind == "scorecard":
        return web_page(scorecard_of(lang, long))
    return plan_html(plan_of(lang, long), web=True)


def titles_of(kind: str, lang: str, long: bool = True) -> list[str]:
    """The headings under which each goal stands."""
    if kind == "scorecard":
        return [goal.title.strip() for goal in scorecard_of(lang, long).goals]
    return [
        block.title.strip()
        for one in plan_of(lang, long).chapters
        for block in one.blocks
        if block.kind == "card"
    ]


class Seen(HTMLParser):
    """What a screen reader is told: headings, landmarks, ids, links, header cells, pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.untitled = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.untitled += self.tags[-1:] == ["svg"] and tag != "title"
        self.tags.append(tag)
        self.attributes.append((tag, found))
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.links.append(str(found.get("href")))


@each_page
def test_a_screen_reader_finds_its_way(kind: str, lang: str) -> None:
    seen = Seen(page_of(kind, lang))
    assert ("html", {"lang": lang}) in seen.attributes
    assert [seen.tags.count(one) for one in ("main", "footer", "script")] == [1, 1, 0]
    assert seen.headings[0] == 1 and seen.headings.count(1) == 1
    steps = zip(seen.headings, seen.headings[1:], strict=False)
    assert max(after - before for before, after in steps) == 1
    assert len(seen.ids) == len(set(seen.ids))
    assert {link.removeprefix("#") for link in seen.links} <= {*seen.ids, "top"}
    assert seen.links[0] == "#content"
    heads = [found for tag, found in seen.attributes if tag == "th"]
    assert heads and all(one.get("scope") in ("col", "row", "colgroup") for one in heads)
    assert seen.untitled == 0
    named = [found for _, found in seen.attributes if found.get("role") == "region"]
    assert named and all(one.get("aria-label") and one.get("tabindex") == "0" for one in named)
    for label in (found["aria-labelledby"] for _, found in seen.attributes if "aria-labelledby" in found):
        assert label in seen.ids


@each_page
def test_a_web_page_names_nothing_outside_itself(kind: str, lang: str) -> None:
    page = page_of(kind, lang)
    assert "default-src 'none'" in page
    rest = page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "http" not in rest and "//" not in rest.replace("data:font/woff2;base64,", "").split("</style>")[1]
    assert "@import" not in page and 'src="' not in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser(tool(*PROGRAMS)) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each page as a file, as somebody would open it from disk."""
    made = tmp_path_factory.mktemp("pages")
    for kind, lang in PAGES:
        (made / f"{kind}.{lang}.html").write_text(page_of(kind, lang), "utf-8")
    return made


@pytest.mark.slow
@each_page
@pytest.mark.parametrize("size", [PHONE, DESK])
def test_nothing_runs_off_the_side_and_nothing_is_fetched(
    browser: Browser, folder: Path, kind: str, lang: str, size: tuple[int, int]
) -> None:
    path = folder / f"{kind}.{lang}.html"
    browser.open(path, *size)
    assert browser.ask("[document.documentElement.scrollWidth, innerWidth]") == [size[0], size[0]]
    assert browser.ask("[...document.fonts].filter(one => one.status == 'error').length") == 0
    assert browser.ask("document.fonts.check('600 12px Inter')") is True
    assert browser.asked == [path.resolve().as_uri()]
    shown = browser.ask(
        "[...document.querySelectorAll('h2, h3')].filter(one => one.offsetWidth && one.offsetHeight)"
        ".map(one => one.textContent.trim())"
    )
    assert [title for title in titles_of(kind, lang) if title not in shown] == []
    assert len(titles_of(kind, lang)) == GOALS


@pytest.mark.slow
def test_a_page_that_reaches_out_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    """Without the page's own policy the request is made, and noted."""
    path = tmp_path / "x.html"
    path.write_text("<p>x</p><img src='http://example.invalid/x.png'><div style='width:500px'>y</div>")
    browser.open(path, *PHONE)
    assert browser.asked == [path.resolve().as_uri(), "http://example.invalid/x.png"]
    assert browser.ask("document.documentElement.scrollWidth") > PHONE[0]


CLIPPED = """
[...document.querySelectorAll('main *')].filter(one => {
  const style = getComputedStyle(one)
  if (one.scrollWidth <= one.clientWidth + 1 || !one.clientWidth || style.display == 'inline') return false
  if (style.overflowX == 'auto' || style.overflowX == 'scroll') return one.tabIndex != 0 || !one.ariaLabel
  return style.overflowX == 'hidden' && style.clipPath == 'none' && one.tagName != 'svg'
}).map(one => one.tagName + '.' + one.className)
"""
"""What hides a part of itself, or scrolls by itself and cannot be reached by keyboard or has no name."""


@pytest.mark.slow
@each_page
def test_what_is_wider_than_a_phone_scrolls_by_itself_and_is_within_reach(
    browser: Browser, folder: Path, kind: str, lang: str
) -> None:
    browser.open(folder / f"{kind}.{lang}.html", *PHONE)
    assert browser.ask(CLIPPED) == []
    scrolling = (
        "[...document.querySelectorAll('[role=region]')].some(one => one.scrollWidth > one.clientWidth)"
    )
    assert browser.ask(scrolling) is True


NOW = """
(() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one)
  return {
    name: one.getAttribute('href') || one.ariaLabel || one.tagName,
    outlined: style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 1 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight,
  }
})()
"""


@pytest.mark.slow
@each_page
def test_the_tab_key_reaches_everything_and_shows_where_it_is(
    browser: Browser, folder: Path, kind: str, lang: str
) -> None:
    browser.open(folder / f"{kind}.{lang}.html", *DESK)
    wanted = browser.ask(
        "[...document.querySelectorAll('a[href], [tabindex=\"0\"]')]"
        ".map(one => one.getAttribute('href') || one.ariaLabel)"
    )
    reached = []
    for _ in wanted:
        browser.tab()
        now = browser.ask(NOW)
        reached.append(now["name"])
        assert now["outlined"] and now["seen"], now
    assert reached == wanted and reached[0] == "#content"


@pytest.mark.slow
@each_page
def test_a_link_of_the_bar_leads_below_the_bar(browser: Browser, folder: Path, kind: str, lang: str) -> None:
    browser.open(folder / f"{kind}.{lang}.html", *PHONE)
    where = browser.ask(
        "(async () => { const links = [...document.querySelectorAll('.jumps a')], found = [];"
        " for (const one of links.slice(1)) { one.click(); await new Promise(requestAnimationFrame);"
        " const to = document.getElementById(one.hash.slice(1)).getBoundingClientRect().top;"
        " found.push([to, document.querySelector('.jumps').getBoundingClientRect().bottom]) }"
        " return found })()"
    )
    assert len(where) >= GOALS
    assert all(below - 1 <= top < PHONE[1] for top, below in where)


@pytest.mark.slow
@each_page
def test_a_browser_prints_it_as_pages(browser: Browser, tmp_path: Path, kind: str, lang: str) -> None:
    """A page for each part like the PDF, while texts have an ordinary length."""
    path = tmp_path / "page.html"
    path.write_text(page_of(kind, lang, long=False), "utf-8")
    browser.open(path, *DESK)
    sheets = PdfReader(io.BytesIO(browser.print())).pages
    texts = ["".join(sheet.extract_text().split()) for sheet in sheets]
    assert min(len(text) for text in texts[1:]) > 60
    across = [sheet.mediabox.width > sheet.mediabox.height for sheet in sheets]
    if kind == "scorecard":
        view = scorecard_of(lang, long=False)
        assert across == [True] * len(view.pages) + [False] * (len(view.goals) + 1)
        assert len(sheets) == expected_pages(view)
        skip = view.words.skip
    else:
        assert True in across and across.count(True) < 4 and len(sheets) < 25
        skip = plan_of(lang).skip
    whole = "".join(texts)
    assert [title for title in titles_of(kind, lang, long=False) if "".join(title.split()) not in whole] == []
    assert not texts[0].startswith("".join(skip.split()))  # the way around is for the screen alone
