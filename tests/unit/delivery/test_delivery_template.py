"""The mail's HTML by a company's own template: it is used, and one that fails queues nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from PIL import Image

from pipeline.delivery.message import build_message, html_text, plain_text
from pipeline.delivery.model import Attachment, MailView
from pipeline.delivery.view import mail_view
from pipeline.errors import DeliveryError
from pipeline.goals.model import Edition
from pipeline.report.templates import Templates
from pipeline.workspace.model import Look, Notes, Recipient, Workspace
from pipeline.workspace.owntemplates import built_in_text, marked
from tests.faults.page_payloads import SECRET, canary_server, urls


@pytest.fixture
def mail(make_workspace: Callable[..., Workspace], edition: Callable[..., Edition]) -> MailView:
    workspace = make_workspace()
    return mail_view(edition(), workspace, workspace.audiences[0])


FILES = (Attachment("2026-W47-scorecard.pdf", b"%PDF-1.7"),)


def html(view: MailView, template: str | None) -> str:
    texts = {"mail.html.j2": template} if template is not None else {}
    return html_text(replace(view, templates=Templates.of(texts)), None, FILES)


def test_an_unchanged_copy_gives_the_same_mail(mail: MailView) -> None:
    assert html(mail, marked("mail.html.j2")) == html(mail, None)


def test_own_words_stand_in_the_mail(mail: MailView) -> None:
    changed = built_in_text("mail.html.j2").replace("{{ footer }}", "{{ footer }} {{ say('Goal') }} & co")
    assert "Goal &amp; co" in html(mail, changed)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ view.headlin }}", "headlin"),
        ("{{ say('{0.__class__}') }}{{ say.__globals__ }}", "unsafe"),
        ("<p>{{ view.headline }}</p><script>1</script>", "<script>"),
        ("{{ view.headline", "unexpected end"),
    ],
)
def test_a_mail_template_that_fails_is_a_delivery_that_does_not_happen(
    template: str, said: str, mail: MailView
) -> None:
    with pytest.raises(DeliveryError) as caught:
        html(mail, template)
    (problem,) = caught.value.problems
    assert (problem.code, problem.file) == ("E-TEMPLATE", "templates/mail.html.j2") and said in problem.text()


def test_no_address_in_a_mail_template_is_asked_for(mail: MailView, tmp_path: Any) -> None:
    """The inliner of styles can read style sheets by itself; it never gets to see any."""
    (tmp_path / "secret.svg").write_text(SECRET, "utf-8")
    with canary_server() as (server, asked):
        for payload in urls(server, tmp_path / "secret.svg").values():
            with pytest.raises(DeliveryError, match="reaches outside"):
                html(mail, f"<p>{{{{ view.headline }}}}</p>{payload}")
        assert not asked


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_owners_comment_is_in_both_parts_of_the_mail(
    lang: str, make_workspace: Callable[..., Workspace], edition: Callable[..., Edition]
) -> None:
    """The PDF has lines to spare for it or not; the mail has it whole."""
    workspace = make_workspace()
    reader = workspace.audiences[0].model_copy(update={"language": lang})
    said = {"en": "Strong <week>.\n\nChurn\nfalls.", "ru": "Сильная <неделя>.\n\nОтток\nпадает."}
    first, second = said[lang].replace("\nf", " f").replace("\nп", " п").split("\n\n")
    view = mail_view(edition(), workspace, reader, Notes.model_validate({"comment": said}))
    text, page = plain_text(view, None, FILES), html(view, None)
    heading = {"en": "Comment", "ru": "Комментарий"}[lang]
    assert f"{heading.upper()}\n\n{first}\n\n{second}\n" in text
    assert f"{heading}</h2>" in page and first.replace("<", "&lt;").replace(">", "&gt;") in page
    assert second in page
    silent = mail_view(edition(), workspace, reader, Notes())
    assert heading not in html(silent, None) and heading.upper() not in plain_text(silent, None, FILES)


@pytest.mark.parametrize(("lang", "text"), [("en", "Firm & Co"), ("ru", "Фирма & Ко")])
@pytest.mark.parametrize("own", [False, True])
def test_the_mail_carries_logo_and_colours_and_asks_nobody_for_them(
    lang: str, text: str, own: bool, make_workspace: Callable[..., Workspace], edition: Callable[..., Edition]
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (100, 40), (122, 31, 162)).save(picture, "PNG")
    look = Look.model_validate(
        {"accent": "#7A1FA2", "heading": "#3b0f52", "logo_text": {"en": "Firm & Co", "ru": "Фирма & Ко"}}
    )
    plain = make_workspace()
    branded = plain.model_copy(
        update={"company": plain.company.model_copy(update={"look": look}), "logo": picture.getvalue()}
    )
    reader = plain.audiences[0].model_copy(update={"language": lang})

    def parts(workspace: Workspace) -> tuple[EmailMessage, str, list[EmailMessage]]:
        view = mail_view(edition(), workspace, reader)
        if own:
            view = replace(view, templates=Templates.of({"mail.html.j2": marked("mail.html.j2")}))
        made = build_message(
            view, sender="a@example.com", recipient=Recipient(address="b@example.com"), attachments=FILES
        )
        mail = message_from_bytes(made.body, policy=SMTP)
        small = message_from_bytes(made.body_small or b"", policy=SMTP)
        assert not [one for one in small.walk() if one.get_content_maintype() == "image"]
        assert "<img" not in small.get_body(("html",)).get_content()
        assert [one.get_filename() for one in mail.iter_attachments()] == [FILES[0].name]
        images = [one for one in mail.walk() if one.get_content_maintype() == "image"]
        return mail, mail.get_body(("related", "html")).as_string(), images

    mail, _, (image,) = parts(branded)
    page = next(one for one in mail.walk() if one.get_content_type() == "text/html").get_content()
    assert image["Content-ID"] == "<logo>" and image.get_content_disposition() == "inline"
    assert Image.open(io.BytesIO(image.get_payload(decode=True))).size == (100, 40)
    assert 'src="cid:logo"' in page and f'alt="{text.replace("&", "&amp;")}"' in page
    # at most 34 points high, which are 45 pixels: a picture of 40 stays as it is
    assert 'width="100"' in page and 'height="40"' in page
    assert "#7a1fa2" in page and "#3b0f52" in page and "http" not in page
    mail, _, images = parts(plain)
    page = mail.get_body(("html",)).get_content()
    assert images == [] and "<img" not in page and "#7a1fa2" not in page
