"""Finished files as independent checkers see them, and colours as a reader with weak sight does.

pdfua and outloud check what a PDF claims (PDF/UA-1 and more), qpdf whether the file is sound.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from kinds import KINDS
from outloud import check
from pdfua import Severity, validate

from pipeline.bundled import templates_dir
from tests.support import tool


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_checkers_find_no_error_in_any_kind_of_document(
    kind: Callable[[str], bytes], lang: str, tmp_path: Path
) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(kind(lang))
    findings = validate(str(path)).findings
    assert [str(one) for one in findings if one.severity is Severity.ERROR] == []
    heard = check(str(path))
    assert heard.stats["tagged"] and heard.stats["pages"]
    assert [str(one) for one in heard.findings if one.severity == "error"] == []
    sound = subprocess.run([tool("qpdf"), "--check", str(path)], capture_output=True, text=True)
    assert sound.returncode == 0, sound.stdout + sound.stderr


@pytest.mark.slow
def test_the_checkers_do_see_a_broken_document(tmp_path: Path) -> None:
    """What the renderer tags by itself: items of a list inside a division, which checkers refuse."""
    from weasyprint import HTML

    path = tmp_path / "document.pdf"
    html = "<html lang=en><title>x</title><h1>x</h1><dl><div><dt>a</dt><dd>b</dd></div></dl>"
    HTML(string=html).write_pdf(path, pdf_tags=True, pdf_variant="pdf/ua-1")
    assert [one for one in check(str(path)).findings if one.severity == "error"]
    path.write_bytes(path.read_bytes()[:-400])
    assert subprocess.run([tool("qpdf"), "--check", str(path)], capture_output=True).returncode != 0


HEX = re.compile(r"#[0-9a-f]{6}\b")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
TEXT = re.compile(r"(?<![-\w])color:\s*(#[0-9a-f]{6})")
GROUND = re.compile(r"(?<![-\w])background(?:-color)?:\s*(#[0-9a-f]{6}|white)")
SHEETS = ("page.css", "plan.css", "web.css", "plan-web.css", "mail.html.j2")
ENOUGH = 4.5
"""Least contrast of text (WCAG 2.2, 1.4.3)."""


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(one, 16) / 255 for one in (colour[1:3], colour[3:5], colour[5:7])]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(pattern: re.Pattern[str]) -> set[str]:
    found: set[str] = set()
    for name in SHEETS:
        for _, rule in RULE.findall((templates_dir() / name).read_text("utf-8")):
            found |= {"#ffffff" if one == "white" else one for one in pattern.findall(rule)}
    return found


def test_contrast_of_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the known nearest miss


def test_every_colour_of_text_is_read_on_every_ground_that_text_stands_on() -> None:
    """Any text may stand on the page's white or on its card; the notice has its own ground and text."""
    texts, grounds = colours(TEXT), colours(GROUND) | {"#ffffff"}
    assert len(texts) >= 7 and len(grounds) >= 3
    weak = {
        (text, ground): round(contrast(text, ground), 2)
        for text in texts
        for ground in grounds
        if contrast(text, ground) < ENOUGH
    }
    assert weak == {}


def test_letters_in_pictures_are_read_on_all_that_lies_under_them() -> None:
    """Texts of charts and of the timeline, on white and on the band of the usual range."""
    chart = (templates_dir() / "macros" / "chart.svg.j2").read_text("utf-8")
    letters = set(HEX.findall(chart.split("{% set TEXT")[1].split("%}")[0]))
    timeline = (templates_dir() / "macros" / "plan.html.j2").read_text("utf-8")
    letters |= {one for text in re.findall(r"<text.*?>", timeline) for one in HEX.findall(text)}
    assert len(letters) >= 5
    for text in letters:
        for ground in ("#ffffff", "#e6edf5"):
            assert contrast(text, ground) >= ENOUGH, (text, ground)


def test_the_tones_of_statuses_differ_by_more_than_colour() -> None:
    """Printed without colour, two statuses are told apart by shape and word."""
    from pipeline.goals.model import WORST_FIRST
    from pipeline.report.i18n import formats
    from pipeline.report.words import status_view

    for lang in ("en", "ru"):
        views = [status_view(name, formats(lang, "EUR")) for name in WORST_FIRST]
        for part in ("shape", "word"):
            seen = sorted(getattr(view, part) for view in views)
            assert all(one != other for one, other in pairwise(seen)), (lang, part, seen)
