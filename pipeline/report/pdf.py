"""HTML to PDF: locked against every fetch, tagged, archival, and the same bytes for the same inputs.

Here: the fetcher, fonts and style sheets (built once a process), metadata. Not here: checks of the finished
document (checks.py), HTML (engine.py).
"""

from __future__ import annotations

import atexit
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.bundled import templates_dir
from pipeline.errors import InvariantBroken, Problem, SystemMissing
from pipeline.report.engine import stylesheet
from pipeline.report.fit import printable
from pipeline.report.printed import Embedded, Printed

try:
    from weasyprint import CSS, HTML, Attachment
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
except OSError as error:  # the loader's word for a system library that is not there
    raise SystemMissing(
        Problem(
            "E-LIBRARY",
            "A system library that draws the PDF is missing: {what}.",
            "Run: scorecards doctor. It names the command that installs it.",
            params={"what": str(error).partition(".  Additionally")[0]},
        )
    ) from error

if TYPE_CHECKING:
    from weasyprint import Document

PICTURE = re.compile(r"data:(image/(?:png|jpeg|svg\+xml));base64,([A-Za-z0-9+/=]*)")
VARIANT = "pdf/a-3a"
Tag = dict[str, Any]
"""An element of the tree of tags, as the renderer keeps it."""
FACES = (("Regular", 400), ("Medium", 500), ("SemiBold", 600), ("Bold", 700))
UA_CLAIM = (
    b'<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="">'
    b"<pdfuaid:part>1</pdfuaid:part></rdf:Description>"
    b'<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    b'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    b'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)
"""PDF/A-3a is one claim, PDF/UA-1 the other; the document keeps both. PDF/A wants the schema of the second
described inside the metadata (ISO 19005-3, 6.6.2.3)."""


class LockedFetcher(URLFetcher):
    """Serves the bundled fonts, and pictures that the page itself holds; nothing else. Every refusal is
    remembered: inside an SVG the renderer swallows even a fatal one, so callers assert that `denied` is
    empty."""

    def __init__(self, assets: dict[str, tuple[bytes, str]]) -> None:
        super().__init__(allowed_protocols=("report-asset",), allow_redirects=False, timeout=1)
        self.assets = assets
        self.denied: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        match = re.fullmatch(r"report-asset:([A-Za-z0-9.-]+)", url)
        if match and match[1] in self.assets:
            content, kind = self.assets[match[1]]
            return URLFetcherResponse(url, content, {"Content-Type": kind})
        picture = PICTURE.fullmatch(url)
        if picture:
            return URLFetcherResponse(url, b64decode(picture[2]), {"Content-Type": picture[1]})
        self.denied.append(url[:120])
        raise FatalURLFetchingError(f"blocked {url[:120]!r}")


@dataclass(frozen=True)
class Press:
    """What a process needs once: the fetcher, the font configuration and the style sheet built with both."""

    fetcher: LockedFetcher
    fonts: FontConfiguration
    sheets: tuple[CSS, ...]


def press(style: str = "") -> Press:
    """What a process needs once for a style sheet; style: the company's own page.css, "" for the built-in."""
    return _press(style)


@lru_cache(maxsize=2)
def _press(style: str) -> Press:
    fonts = templates_dir() / "fonts"
    assets = {
        f"Inter-{name}.ttf": ((fonts / f"Inter-{name}.ttf").read_bytes(), "font/ttf") for name, _ in FACES
    }
    fetcher, configuration = LockedFetcher(assets), FontConfiguration()
    faces = "".join(
        f"@font-face {{ font-family: Inter; font-weight: {weight}; "
        f'src: url("report-asset:Inter-{name}.ttf"); }}\n'
        for name, weight in FACES
    )
    try:
        sheet = CSS(
            string=faces + (style or stylesheet("page.css")),
            url_fetcher=fetcher,
            base_url=None,
            font_config=configuration,
        )
    except FatalURLFetchingError:
        raise _blocked(fetcher) from None
    if fetcher.denied:  # an @import is passed over without a word
        raise _blocked(fetcher)
    return Press(fetcher, configuration, (sheet,))


atexit.register(_press.cache_clear)  # the font library must be told to let go while it is still loaded


def print_pdf(
    html: str,
    *,
    identifier: bytes,
    created: datetime,
    files: tuple[Embedded, ...] = (),
    style: str = "",
) -> Printed:
    """The PDF of a document. `identifier` and `created` come from the edition, never from the clock.

    Raises InvariantBroken when the document tried to fetch anything."""
    tools = press(style)
    tools.fetcher.denied.clear()
    try:
        document, content = _printed(html, tools, identifier, created, files)
    except FatalURLFetchingError:  # a BaseException, which would pass every ordinary handler above
        raise _blocked(tools.fetcher) from None
    if tools.fetcher.denied:
        raise _blocked(tools.fetcher)
    anchors: dict[str, int] = {}
    for number, page in enumerate(document.pages, 1):
        for name in page.anchors:  # a box that continues on the next page names itself there again
            anchors.setdefault(name, number)
    return Printed(content, len(document.pages), anchors)


def _printed(
    html: str, tools: Press, identifier: bytes, created: datetime, files: tuple[Embedded, ...]
) -> tuple[Document, bytes]:
    source = HTML(string=printable(html), base_url=None, url_fetcher=tools.fetcher)
    document: Document = source.render(
        stylesheets=list(tools.sheets), font_config=tools.fonts, pdf_variant=VARIANT, pdf_tags=True
    )
    if document.metadata.attachments:
        tools.fetcher.denied.append("an attachment that the page itself asked for")
    document.metadata.attachments = [
        Attachment(
            string=file.content,
            name=file.name,
            description=file.description,
            created=created,
            modified=created,
            relationship="Data",
            url_fetcher=tools.fetcher,
            base_url=None,
        )
        for file in files
    ]
    _claim_ua(document)
    content = document.write_pdf(
        pdf_identifier=identifier, pdf_variant=VARIANT, pdf_tags=True, finisher=_finish_tags
    )
    return document, content


def _blocked(fetcher: LockedFetcher) -> InvariantBroken:
    count = len(fetcher.denied)
    return InvariantBroken(
        Problem(
            "document-fetch",
            "The document tried to load {count} outside resources; it was not written.",
            value=fetcher.denied[0] if fetcher.denied else None,
            params={"count": count},
        )
    )


def _claim_ua(document: Document) -> None:
    """Adds the second claim inside the one rdf:RDF element (appending another one is not valid XMP)."""
    metadata = document.metadata
    written = metadata.generate_rdf_metadata

    def with_claim(*args: object) -> bytes:
        xml: bytes = written(*args)
        return xml.replace(b"</rdf:RDF>", UA_CLAIM + b"</rdf:RDF>")

    metadata.generate_rdf_metadata = with_claim


def _finish_tags(_: Document, pdf: object) -> None:
    """Puts right what the renderer leaves open in the tree of tags."""
    objects = getattr(pdf, "objects", ())
    _scope_headers(objects)
    _define_terms(objects)


def _scope_headers(objects: Sequence[object]) -> None:
    """Says of every header cell whether it heads a column or a row. The renderer links data cells to their
    headers by id (table, row, column) and leaves out the scope, without which the header above the column
    of row headers belongs to nothing (ISO 14289-1, 7.5)."""
    for one in objects:
        if isinstance(one, dict) and one.get("S") == "/TH" and "ID" in one and "A" in one:
            row = str(one["ID"].string).split("-")[1]
            one["A"]["Scope"] = "/Column" if row == "0" else "/Row"


def _define_terms(objects: Sequence[object]) -> None:
    """Makes each term with its definition one item of its list. The renderer tags terms and definitions as
    items of their own inside a division, which a list may not hold (ISO 14289-1, 7.6)."""
    for one in objects:
        if isinstance(one, dict) and one.get("S") == "/L":
            for line in _children(one, objects):
                if line["S"] == "/Div":
                    line["S"] = "/LI"
                    parts = list(_parts(line, objects))
                    for number, part in enumerate(parts):
                        part["S"] = "/Lbl" if number < len(parts) - 1 else "/LBody"


def _parts(box: Tag, objects: Sequence[object]) -> Iterator[Tag]:
    """The term and the definition of a line; the boxes between them and the line mean nothing."""
    for child in _children(box, objects):
        if child["S"] == "/LI":
            for inner in _children(child, objects):
                inner["S"] = "/NonStruct"
            yield child
        elif child["S"] in ("/Div", "/NonStruct"):
            child["S"] = "/NonStruct"
            yield from _parts(child, objects)


def _children(tag: Tag, objects: Sequence[object]) -> Iterator[Tag]:
    """The tags inside one; content of the page itself is no tag."""
    for kid in tag["K"]:
        if isinstance(kid, bytes):
            found = objects[int(kid.split()[0])]
            if isinstance(found, dict) and "S" in found:
                yield found
