"""A company's own look: what cannot be read, or would lead outside itself, is refused with its line."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.errors import WorkspaceError
from pipeline.report.brand import PLAIN, brand_of
from pipeline.workspace.colours import contrast, distance, nearest_readable
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.logo import LogoRefused, read_logo
from pipeline.workspace.model import Workspace
from pipeline.workspace.owntemplates import built_in_names, built_in_text, marked, without_mark
from pipeline.workspace.scaffold import create_workspace

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30">{}</svg>'


def company(root: Path, look: str) -> Path:
    create_workspace(root, sample=False, lang="en")
    path = root / "scorecards.yaml"
    path.write_text(path.read_text("utf-8") + look, "utf-8")
    return root


def refused(root: Path) -> list[tuple[str, int | None, str]]:
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(root)
    return [(one.code, one.line, one.text()) for one in caught.value.problems if one.severity == "error"]


def picture(width: int, height: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), 77).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("colour", "ratio"),
    [
        ("#000000", 21.0),
        ("#ffffff", 1.0),
        ("#ff0000", 4.0),
        ("#0000ff", 8.59),
        ("#767676", 4.54),
        ("#777777", 4.48),
    ],
)
def test_contrast_is_that_of_the_published_examples(colour: str, ratio: float) -> None:
    """Values that the guidelines' own calculators give for these colours on white."""
    assert contrast(colour, "#ffffff") == pytest.approx(ratio, abs=0.005)
    assert contrast("#ffffff", colour) == contrast(colour, "#ffffff")


@pytest.mark.parametrize("colour", ["#ff9900", "#00ffff", "#ffffff", "#e0e0e0", "#ff66cc"])
@pytest.mark.parametrize("least", [4.5, 3.0])
def test_the_colour_offered_is_the_first_of_its_hue_that_can_be_read(colour: str, least: float) -> None:
    import colorsys

    offered = nearest_readable(colour, "#ffffff", least)
    assert contrast(offered, "#ffffff") >= least
    red, green, blue = (int(offered[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    paler = [round(part * 255) for part in colorsys.hls_to_rgb(hue, lightness + 2.5 / 255, saturation)]
    assert contrast("#" + "".join(f"{part:02x}" for part in paler), "#ffffff") < least
    assert nearest_readable("#1f5fa8", "#ffffff", 4.5) == "#1f5fa8"


def test_distance_of_black_and_white_is_one_hundred() -> None:
    assert distance("#000000", "#ffffff") == pytest.approx(100, abs=0.1)
    assert distance("#1d6b4f", "#1d7050") < 5 < 40 < distance("#1d6b4f", "#b4330e")


def test_colours_are_refused_at_their_line_with_the_nearest_that_passes(tmp_path: Path) -> None:
    look = 'look:\n  accent: "#ff9900"\n  heading: #3b0f52\n  rule: "#ccc"\n'
    root = company(tmp_path, look)
    first = len((root / "scorecards.yaml").read_text("utf-8").splitlines()) - 2
    assert refused(root) == [
        (
            "E-CONTRAST", first,
            "accent: #ff9900 is too pale on white: its contrast is 2.14:1, and 4.5:1 is needed. "
            'The nearest that can be read is "#aa6600".',
        ),
        (
            "E-VALUE", first + 1,
            "heading is empty: # begins a comment unless the colour stands in quotation marks. "
            'Write it as heading: "#1f5fa8".',
        ),
        (
            "E-VALUE", first + 2,
            "rule cannot be “#ccc”. Expected: a colour of six hexadecimal digits in quotation marks, "
            'such as "#1f5fa8".',
        ),
    ]  # fmt: skip


def test_a_rule_may_be_paler_than_a_text(tmp_path: Path) -> None:
    assert load_workspace(company(tmp_path, 'look: {rule: "#888888"}\n')).company.look.rule == "#888888"


@pytest.mark.parametrize(
    "value", ["red", "#1f5fa8; background: url(x)", "#1f5fa8}", "rgb(1,2,3)", "var(--x)"]
)
def test_nothing_but_six_digits_becomes_a_colour(value: str, tmp_path: Path) -> None:
    (problem,) = refused(company(tmp_path, f'look: {{accent: "{value}"}}\n'))
    assert problem[0] == "E-VALUE"


def test_a_colour_like_that_of_a_status_is_warned_of(tmp_path: Path) -> None:
    found = load_workspace(company(tmp_path, 'look: {accent: "#b0300f"}\n')).warnings
    assert [(one.code, one.params["near"]) for one in found] == [("W-COLOUR", "#b4330e")]


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ('<image href="file:///etc/passwd"/>', "<image>"),
        ("<script>1</script>", "<script>"),
        ('<g onload="1"/>', "onload=…"),
        ('<use href="other.svg#a"/>', "href=other.svg#a"),
        ('<a href="#x"/>', "<a>"),
        ("<text>Company</text>", "<text>"),
        ("<foreignObject/>", "<foreignObject>"),
        ('<rect style="fill: url(http://x/)"/>', "url(http://x/)"),
        ('<rect fill="url(http://x/)"/>', "url(http://x/)"),
        ('<style>@import "x.css";</style>', "@import"),
        ('<style>@font-face { src: url(x) }</style>', "@font-face"),
        ('<animate attributeName="href" to="x"/>', "<animate>"),
        ('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>', "<use> of a <use>"),
        ("<g>" * 60 + "</g>" * 60, "nested too deeply"),
        ('<rect width="1"/>' * 6000, "6001 elements"),
        ('<g xml:base="http://x/"/>', "base=…"),
    ],
)  # fmt: skip
def test_a_drawing_that_leads_outside_itself_is_no_logo(inside: str, said: str) -> None:
    with pytest.raises(LogoRefused) as caught:
        read_logo(DRAWING.format(inside).encode())
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'<!DOCTYPE svg [<!ENTITY a "x">]>' + DRAWING.format("").encode(), "<!DOCTYPE"),
        (DRAWING.format("").encode("utf-16"), "no PNG, JPEG or SVG"),
        (b"GIF89a", "no PNG, JPEG or SVG"),
        (b"", "no PNG, JPEG or SVG"),
        (b"<html/>", "no PNG, JPEG or SVG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "does not say how large"),
        (picture(40, 20)[:60], "cannot be read as a picture"),
        (picture(4, 40), "4 × 40 pixels"),
        (picture(6000, 6000, mode="1"), "6000 × 6000 pixels"),
        (picture(900, 10), "900 wide and 10 high"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2_000_001), "at most 2000 KB"),
    ],
)
def test_a_file_that_is_no_usable_picture_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(LogoRefused) as caught:
        read_logo(data)
    assert said in str(caught.value)


def test_what_is_kept_of_a_drawing_draws_and_does_nothing_else() -> None:
    gradient = '<linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient>'
    extra = '<metadata>who made it</metadata><rect width="9" height="9" fill="url(#g)" data-x="1" class="c"/>'
    logo = read_logo(
        DRAWING.format(f"<defs>{gradient}</defs><style>.c {{ opacity: 0.5 }}</style>{extra}").encode()
    )
    text = logo.content.decode()
    assert (logo.kind, logo.width, logo.height) == ("svg+xml", 90, 30)
    assert 'fill="url(#g)"' in text and 'stop-color="#fff"' in text and "opacity: 0.5" in text
    assert "who made it" not in text and "data-x" not in text
    assert read_logo(logo.content).content == logo.content


def test_every_attribute_that_is_kept_is_one_word_of_svg() -> None:
    """A list that was broken at a hyphen would let half of its words through and lose the other half."""
    from pipeline.workspace.inert import FETCHING
    from pipeline.workspace.logo import ATTRIBUTES, SHAPES

    words = ATTRIBUTES | SHAPES | FETCHING
    assert not [
        word for word in words if word.endswith("-") or not word.strip("-").replace("-", "x").isalnum()
    ]
    assert {"stop-color", "stroke-linecap", "gradientTransform", "clip-path"} <= ATTRIBUTES
    assert {"-webkit-image-set", "image-set", "-moz-element"} <= FETCHING


def test_a_pictures_notes_and_turn_are_not_carried_along() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=exif)
    logo = read_logo(out.getvalue())
    assert (logo.kind, logo.width, logo.height) == ("jpeg", 20, 40)
    assert b"taken at home" not in logo.content


@pytest.mark.parametrize("name", ["../logo.png", "/etc/passwd", "~/logo.png", "C:\\logo.png"])
def test_a_logo_lies_in_the_workspace(name: str, tmp_path: Path) -> None:
    assert [one[0] for one in refused(company(tmp_path, f"look: {{logo: '{name}'}}\n"))] == ["E-PATH"]


def test_a_logo_that_is_a_link_to_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "precious.png").write_bytes(picture(40, 20))
    root = company(tmp_path / "w", "look: {logo: logo.png}\n")
    (root / "logo.png").symlink_to(tmp_path / "precious.png")
    assert [one[0] for one in refused(root)] == ["E-REFERENCE"]


def test_the_logo_and_the_templates_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    root = company(tmp_path, "look: {logo: logo.png}\n")
    (root / "logo.png").write_bytes(picture(40, 20))
    first = load_workspace(root)
    (root / "logo.png").write_bytes(picture(40, 21))
    second = load_workspace(root)
    (root / "templates/parts").mkdir(parents=True)
    (root / "templates/parts/footer.txt.j2").write_text("x", "utf-8")
    third = load_workspace(root)
    assert len({first.fingerprint, second.fingerprint, third.fingerprint}) == 3
    assert third.templates == {"parts/footer.txt.j2": "x"} and b"PNG" in (third.logo or b"")
    assert "templates" not in third.model_dump() and "logo" not in third.model_dump()


@pytest.mark.parametrize(
    ("pixels", "page", "cover"),
    [
        ((900, 60), (130, 8.67), (200, 13.33)),   # as wide as the place is
        ((60, 500), (4.08, 34), (7.44, 62)),      # as high as the place is
        ((16, 16), (12, 12), (12, 12)),           # 16 pixels at 96 an inch, not blown up
    ],
)  # fmt: skip
def test_a_logo_keeps_its_shape_in_its_place(pixels: Any, page: Any, cover: Any, tmp_path: Path) -> None:
    root = company(tmp_path, "look: {logo: logo.png, logo_text: {en: Sign, ru: Знак}}\n")
    (root / "logo.png").write_bytes(picture(*pixels))
    logo = brand_of(load_workspace(root), "ru").logo
    assert logo is not None and logo.text == "Знак"
    assert ((logo.page.width, logo.page.height), (logo.cover.width, logo.cover.height)) == (page, cover)


def test_who_chose_nothing_has_a_plain_look(tmp_path: Path) -> None:
    create_workspace(tmp_path, sample=False, lang="en")
    assert brand_of(load_workspace(tmp_path), "en") == PLAIN


# --- templates -------------------------------------------------------------------------------------------


def with_template(root: Path, name: str, text: str) -> Workspace:
    create_workspace(root, sample=False, lang="en")
    path = root / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return load_workspace(root)


def test_a_copy_says_where_it_came_from_and_is_warned_of_when_that_has_changed(tmp_path: Path) -> None:
    for name in built_in_names():
        text, mark = without_mark(marked(name))
        assert text == built_in_text(name) and mark
    copy = marked("parts/method.html.j2")
    assert not with_template(tmp_path / "same", "parts/method.html.j2", copy + "<p>ours</p>").warnings
    older = copy.replace(without_mark(copy)[1] or "?", "0123456789abcdef")
    (warning,) = with_template(tmp_path / "older", "parts/method.html.j2", older).warnings
    assert (warning.code, warning.file, warning.line) == ("W-TEMPLATE", "templates/parts/method.html.j2", 1)


def test_a_file_that_replaces_nothing_is_named_with_the_nearest(tmp_path: Path) -> None:
    (warning,) = with_template(tmp_path, "part/method.html.j2", "x").warnings
    assert (warning.code, warning.params["near"]) == ("W-UNREAD", "parts/method.html.j2")


@pytest.mark.parametrize("data", [b"\xff\xfe", b"x" * 256_001])
def test_a_template_is_text_of_a_bounded_size(data: bytes, tmp_path: Path) -> None:
    create_workspace(tmp_path, sample=False, lang="en")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/mail.html.j2").write_bytes(data)
    assert [one[0] for one in refused(tmp_path)] == ["E-TEMPLATE"]


@pytest.mark.parametrize("whole", [True, False])
def test_templates_behind_a_link_are_not_read(whole: bool, tmp_path: Path) -> None:
    create_workspace(tmp_path / "w", sample=False, lang="en")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/mail.html.j2").write_text("x", "utf-8")
    templates = tmp_path / "w/templates"
    if whole:
        templates.symlink_to(tmp_path / "elsewhere")
    else:
        templates.mkdir()
        (templates / "mail.html.j2").symlink_to(tmp_path / "elsewhere/mail.html.j2")
    assert [one[0] for one in refused(tmp_path / "w")] == ["E-TEMPLATE"]
