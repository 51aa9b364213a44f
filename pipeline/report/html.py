"""The web twin of a document: one file that opens from disk and on a phone, and prints well.

Here: style and fonts put inside the page. Not here: its content, which is the PDF's own template.
"""

from __future__ import annotations

import base64
from functools import cache

from pipeline.bundled import templates_dir
from pipeline.report.engine import scorecard_html, stylesheet
from pipeline.report.templates import NONE, Templates
from pipeline.report.view import ScorecardView

FACES = (("Regular", 400), ("Medium", 500), ("SemiBold", 600), ("Bold", 700))


def web_page(view: ScorecardView) -> str:
    """The document as self-contained HTML: no request to anywhere, which its policy also forbids."""
    return scorecard_html(view, web_style(view.brand.templates))


def web_style(templates: Templates = NONE, *more: str) -> str:
    """The style of a web page with its fonts inside: the printed page's, the screen's, and `more` sheets."""
    return _faces() + "".join(stylesheet(name, templates) for name in ("page.css", "web.css", *more))


@cache
def _faces() -> str:
    faces = []
    for name, weight in FACES:
        data = base64.b64encode((templates_dir() / "fonts" / f"Inter-{name}.woff2").read_bytes()).decode()
        faces.append(
            f"@font-face {{ font-family: Inter; font-weight: {weight}; font-display: swap; "
            f'src: url("data:font/woff2;base64,{data}") format("woff2"); }}\n'
        )
    return "".join(faces)
