"""The look at a page that a company's own templates made: whether it is whole, and whether it is inert.

Here: what such a page may hold; the anchors and texts it must and must not have. Not here: making it
(engine.py), style sheets in the workspace (workspace/owntemplates.py). A page that fails is not used at all.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from html.parser import HTMLParser

from pipeline.errors import Problem, shown
from pipeline.report.templates import Page
from pipeline.workspace.inert import css_reaches_out, is_local
from pipeline.workspace.logo import LogoRefused, read_logo

LOCK = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"
"""The policy that forbids a browser every request (base.html.j2)."""
FORBIDDEN = frozenset(
    """
    script iframe frame frameset object embed applet link base form input button textarea select
    video audio source track picture portal foreignobject animate animatemotion animatetransform set
    feimage template slot noscript dialog marquee meter math
    """.split()  # noqa: SIM905 - a list of words reads better than quoted ones
)
REFERENCES = frozenset(
    """
    href src action formaction data poster background cite longdesc ping srcset imagesrcset codebase
    classid archive profile manifest usemap icon lowsrc dynsrc srcdoc rel target attributename
    """.split()  # noqa: SIM905 - a list of words reads better than quoted ones
)
"""Attributes that can name something outside the page."""
READ = frozenset(("alt", "title", "content", "aria-label", "data-foot", "data-page", "data-of"))
STYLED = frozenset(
    """
    style fill stroke filter clip-path mask cursor marker-start marker-mid marker-end
    """.split()  # noqa: SIM905 - a list of words reads better than quoted ones
)
"""Attributes whose value is CSS."""
IMAGE = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,([A-Za-z0-9+/=]+)")
MAIL_LOGO = "cid:logo"
"""The logo as a part of the mail that shows it; anywhere else it is nothing."""
ELSEWHERE = re.compile(r"(?:https|mailto):[^\s\"'<>]+")
"""Where a link may lead, since nothing goes there until a person follows it."""
METAS = frozenset(
    ("author", "generator", "viewport", "dcterms.created", "dcterms.modified", "description", "")
)
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{%|%\}|\b(?:nan|NaN|None|undefined|Undefined)\b")


def page_problems(html: str, page: Page, known: str) -> list[Problem]:
    """Everything that keeps a page from being used; each thing once. known: the texts it was given, in which
    a word like "None" is a person's."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    found = [*dict.fromkeys(reader.found)]
    problems = [_reaches(page, what) for what in found[:5]]
    problems += [_missing(page, name) for name in page.needed if name not in reader.anchors]
    for match in PLACEHOLDER.finditer(" ".join([*reader.texts, *reader.read])):
        if match[0] not in known:
            problems.append(_unfinished(page, match[0]))
            break
    if page.alone and not reader.locked:
        problems.append(_unlocked(page))
    return problems


class _Reader(HTMLParser):
    """Goes through a page once and notes what it holds."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.anchors: set[str] = set()
        self.texts: list[str] = []
        self.read: list[str] = []
        """Values of attributes that a reader sees or hears."""
        self.locked = False
        self._style: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.found.append(f"<{tag}>")
        pairs = [(name, value or "") for name, value in attrs]
        self.anchors.update(value for name, value in pairs if name == "id")
        if tag == "meta":
            self._meta(dict(pairs))
        for name, value in pairs:
            self.found += _attribute(tag, name, value)
            if name in READ:
                self.read.append(value)
        self._style = [] if tag == "style" else None

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._style = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._style is not None:
            reach = css_reaches_out(_without_fonts("".join(self._style)))
            self.found += [reach] if reach else []
        self._style = None

    def handle_data(self, data: str) -> None:
        (self.texts if self._style is None else self._style).append(data)

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data[:40]}")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data[:40]}")

    def _meta(self, named: dict[str, str]) -> None:
        if "http-equiv" in named:
            locks = named["http-equiv"].lower() == "content-security-policy" and named.get("content") == LOCK
            # a lock counts only before anything that it could have stopped
            self.locked = self.locked or (locks and not self.texts_seen())
            self.found += [] if locks else [f"<meta http-equiv={named['http-equiv']}>"]
        elif named.get("name", "").lower() not in METAS:
            self.found.append(f"<meta name={named['name']}>")

    def texts_seen(self) -> bool:
        return any(text.strip() for text in self.texts)


def _attribute(tag: str, name: str, value: str) -> Iterator[str]:
    shown_as = f"{name}={value[:60]}"
    if name.startswith("on"):
        yield shown_as
    elif name.rpartition(":")[2] in REFERENCES:
        if not _reference(tag, name.rpartition(":")[2], value):
            yield shown_as
    elif name in STYLED and "(" in value and (reach := css_reaches_out(value, local=True)):
        yield f"{name}: {reach}"


def _reference(tag: str, name: str, value: str) -> bool:
    if name == "href" and (is_local(value) or value == "#"):
        return True
    if tag == "a":
        return name == "href" and bool(ELSEWHERE.fullmatch(value))
    picture = name == "src" if tag == "img" else name == "href" and tag == "image"
    if tag == "img" and picture and value == MAIL_LOGO:
        return True
    found = IMAGE.fullmatch(value) if picture else None
    return found is not None and (found[1] != "svg+xml" or _harmless(found[2]))


def _harmless(drawing: str) -> bool:
    """Whether a drawing inside the page could be a logo: it has nothing that leads outside it."""
    try:
        read_logo(b64decode(drawing, validate=True))
    except (LogoRefused, ValueError):
        return False
    return True


_FONT = re.compile(
    r"@font-face \{ font-family: Inter; font-weight: \d00; font-display: swap; "
    r'src: url\("data:font/woff2;base64,[A-Za-z0-9+/=]+"\) format\("woff2"\); \}\n'
)


def _without_fonts(css: str) -> str:
    """The style without the faces that html.py puts first, which carry their fonts inside."""
    return _FONT.sub("", css)


def _reaches(page: Page, what: str) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "A page by your templates holds {what}, which reaches outside it or runs. It was not made.",
        "Remove it from the templates: {names}. Pages show text, tables and pictures of their own.",
        file=page.file,
        value=shown(what),
        params={"what": shown(what), "names": ", ".join(page.templates.texts)},
    )


def _missing(page: Page, name: str) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "A page by your templates lacks {name}. It was not made.",
        "Every goal, chapter and method page must keep its id; compare with `scorecards templates diff`.",
        file=page.file,
        params={"name": f'id="{name}"'},
    )


def _unfinished(page: Page, word: str) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "A page by your templates says {word}, which is no text for a reader. It was not made.",
        "Ask whether there is a value before you show it: {{% if … %}}.",
        file=page.file,
        params={"word": word},
    )


def _unlocked(page: Page) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "A page by your templates lacks the line that forbids a browser every request. It was not made.",
        "Keep the line <meta http-equiv=…> first in base.html.j2.",
        file=page.file,
    )
