"""Pages as pictures, held against small ones that a person has looked at.

A page is drawn in grey at the size of a thumbnail, so that a moved box, a lost colour or a clipped text shows
and a shade of smoothing does not. After a change of the layout that is meant, renew them and look at each:
`make pictures`, which writes tests/reports/pictures/.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import fixture_edition as fx
import numpy as np
import pymupdf
import pytest
from kinds import goal_page, plan, print_view
from PIL import Image

from pipeline.goals.model import WORST_FIRST
from pipeline.kpis.registry import kpi_registry
from pipeline.report.context import Context
from pipeline.report.i18n import formats
from pipeline.report.pdf import print_pdf
from pipeline.report.scorecard import scorecard_view
from pipeline.report.words import status_view

FOLDER = Path(__file__).parent / "pictures"
WIDTH = {True: 640, False: 450}
"""Pixels of a page that lies across, and of one that stands."""
SHADES = 16
NEAR, MEAN = 48, 1.0
"""Shades of 256 by which a dot may differ, and by which all may on average."""
DIFFERENT = 0.0015
"""Share of dots that may differ by more."""
Dots = np.ndarray


def drawn(content: bytes, number: int = 0) -> Dots:
    """A page in grey, small, in a few shades."""
    page = pymupdf.open(stream=content, filetype="pdf")[number]
    scale = 2 * WIDTH[page.rect.width > page.rect.height] / page.rect.width
    large = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csGRAY)
    picture = Image.frombytes("L", (large.width, large.height), large.samples)
    small = picture.resize((large.width // 2, large.height // 2), Image.Resampling.BOX)
    return coarse(np.asarray(small, dtype=np.int16))


def coarse(dots: Dots) -> Dots:
    step = 255 / (SHADES - 1)
    return np.rint(np.rint(dots / step) * step).astype(np.int16)


def page_one(lang: str) -> bytes:
    space, edition = fx.workspace(goals=11), fx.edition(11, chance=True)
    reader = space.audiences[0].model_copy(update={"language": lang})
    context = Context(space, edition, kpi_registry(space), lang, reader, fx.notes())
    return print_view(replace(scorecard_view(context), goals=(), method=())).content


def timeline(lang: str) -> bytes:
    """The page of the plan that lies across."""
    content = plan(fx.workspace(goals=6), fx.edition(6), lang)
    book = pymupdf.open(stream=content, filetype="pdf")
    (number,) = [page.number for page in book if page.rect.width > page.rect.height]
    book.select([number])
    whole: bytes = book.tobytes()
    return whole


PAGES: tuple[Callable[[str], bytes], ...] = (page_one, goal_page, timeline)


def differences(one: Dots, other: Dots) -> str:
    """What tells two pictures apart; empty when nothing that matters does."""
    if one.shape != other.shape:
        return f"sizes {one.shape} and {other.shape}"
    apart = np.abs(one - other)
    share, mean = float((apart > NEAR).mean()), float(apart.mean())
    return (
        f"{share:.2%} of the dots, {mean:.2f} shades on average" if share > DIFFERENT or mean > MEAN else ""
    )


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_page_looks_as_it_did(page: Callable[[str], bytes], lang: str, tmp_path: Path) -> None:
    now, path = drawn(page(lang)), FOLDER / f"{page.__name__}.{lang}.png"
    if os.environ.get("RENEW_PICTURES"):
        FOLDER.mkdir(exist_ok=True)
        Image.fromarray(now.astype(np.uint8)).quantize(SHADES).save(path, optimize=True)
    before = np.asarray(Image.open(path).convert("L"), dtype=np.int16)
    if found := differences(now, before):
        Image.fromarray(now.astype(np.uint8)).save(tmp_path / path.name)
        pytest.fail(
            f"{path.name} differs in {found}; see {tmp_path / path.name}; if it is meant: make pictures"
        )


@pytest.mark.slow
def test_a_box_that_moved_or_a_word_that_is_lost_shows() -> None:
    """The comparison itself, on what it must find and on what it must not."""
    now = drawn(page_one("en"))
    moved = np.roll(now, 3, axis=0)
    lost = now.copy()
    lost[60:90, 20:160] = 255
    smoother = now.copy()
    smoother[::5, ::5] = np.clip(smoother[::5, ::5] - 20, 0, 255)  # edges smoothed a little otherwise
    assert differences(now, moved) and differences(now, lost)
    assert not differences(now, now) and not differences(now, smoother)


def test_pictures_stay_small() -> None:
    files = [*FOLDER.glob("*.png")]
    assert len(files) == 2 * len(PAGES)
    assert sum(path.stat().st_size for path in files) < 400_000


def test_shapes_of_statuses_are_told_apart_without_colour() -> None:
    """Every shape as a picture in black: two of them never look alike."""
    f = formats("en", "EUR")
    marks: dict[str, Dots] = {}
    for name in WORST_FIRST:
        html = (
            "<html lang=en><title>x</title><style>@page { size: 40pt; margin: 0 } p { font: 600 30pt Inter }"
            f"</style><p>{status_view(name, f).shape}</p></html>"
        )
        content = print_pdf(html, identifier=b"test", created=fx.AS_OF).content
        page = pymupdf.open(stream=content, filetype="pdf")[0]
        grey = page.get_pixmap(matrix=pymupdf.Matrix(2, 2), colorspace=pymupdf.csGRAY)
        marks[name] = np.frombuffer(grey.samples, dtype=np.uint8).reshape(grey.height, grey.width) < 128
        assert 0.02 < marks[name].mean() < 0.6, name  # it is drawn, and fits
    for one, other in combinations(marks, 2):
        assert (marks[one] ^ marks[other]).mean() > 0.02, (one, other)
