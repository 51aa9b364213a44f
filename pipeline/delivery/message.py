"""The mail itself: one person, plain text and simple HTML, the PDF attached, the same bytes every time.

Here: headers, body texts, correction marking, attachments. Not here: which numbers are said (view.py), who
gets it (queue.py). The body names exactly what is attached because it is written from the attachments.
Every part is 7-bit (quoted-printable, base64), so any server takes it without conversion.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote

import css_inline

from pipeline.delivery.addresses import safe_header, sender_address, single_address
from pipeline.delivery.model import Attachment, MailLine, MailView, Replaces
from pipeline.delivery.records import Outgoing
from pipeline.errors import DeliveryError, InvariantBroken
from pipeline.language import Speech, speech
from pipeline.report.engine import environment
from pipeline.report.ownpage import MAIL_LOGO
from pipeline.report.printers import printers
from pipeline.report.templates import Page
from pipeline.workspace.model import Recipient

TEMPLATE = "mail.html.j2"
_SUBTYPES = {"pdf": ("application", "pdf"), "calendar": ("text", "calendar")}
_UNSAFE_ID = re.compile(r"[^A-Za-z0-9.-]+")


def build_message(
    view: MailView,
    *,
    sender: str,
    recipient: Recipient,
    revision: int = 1,
    replaces: Replaces | None = None,
    attachments: Sequence[Attachment] = (),
) -> Outgoing:
    """The finished message of one recipient, with its small version for servers that refuse the size.

    Raises DeliveryError: E-MAILHEADER when a text would break out of its header, E-RECIPIENT and E-SENDER for
    addresses that are not exactly one.
    """
    full = _message(view, sender, recipient, revision, replaces, attachments, ())
    small = _message(view, sender, recipient, revision, replaces, (), attachments) if attachments else None
    return Outgoing(
        recipient=single_address(recipient.address).addr_spec,
        message_id=str(full["Message-ID"]).strip(),
        sender=sender_address(sender).addr_spec,
        subject=str(full["Subject"]),
        body=full.as_bytes(),
        body_small=small.as_bytes() if small is not None else None,
        documents={one.name: hashlib.sha256(one.data).hexdigest() for one in attachments},
    )


def message_id(view: MailView, revision: int, recipient: str, domain: str) -> str:
    """`<2026-W47.leadership.r1.<digest of the recipient>@domain>`: edition, revision and recipient, so that a
    retry folds into the first copy and a correction does not; the address itself is not shown."""
    who = hashlib.sha256(recipient.casefold().encode()).hexdigest()[:16]
    audience = _UNSAFE_ID.sub("-", view.audience).strip(".")
    return f"<{view.week}.{audience}.r{revision}.{who}@{domain}>"


def subject(view: MailView, replaces: Replaces | None) -> str:
    if replaces is None:
        return view.subject
    return speech(view.lang)(
        "CORRECTED, replaces {sent_on}: {subject}", sent_on=replaces.sent_on, subject=view.subject
    )


def plain_text(
    view: MailView,
    replaces: Replaces | None,
    attached: Sequence[Attachment],
    left_out: Sequence[Attachment] = (),
) -> str:
    """The body as plain text."""
    say = speech(view.lang)
    parts = [view.headline, f"{view.week_label}\n{view.tally}"]
    if replaces is not None:
        parts.insert(
            0, "\n".join([correction_line(say, replaces), *(f"- {one}" for one in replaces.changes)])
        )
    if view.attention:
        parts.append(
            "\n\n".join([say("Needs attention").upper(), *(_text_line(say, line) for line in view.attention)])
        )
    if view.decisions:
        parts.append("\n".join([say("Decisions needed").upper(), *(f"- {one}" for one in view.decisions)]))
    if view.comment:
        parts.append("\n\n".join([say("Comment").upper(), *view.comment]))
    if view.notes:
        parts.append("\n".join([say("About the data").upper(), *(f"- {one}" for one in view.notes)]))
    parts.append(attachment_line(say, attached, left_out))
    parts.append(f"--\n{footer(view, say)}")
    return "\n\n".join(parts) + "\n"


def html_text(
    view: MailView,
    replaces: Replaces | None,
    attached: Sequence[Attachment],
    left_out: Sequence[Attachment] = (),
) -> str:
    """The body as HTML with its styles on the elements; no link and nothing to fetch; its only image is
    the company's logo, a part of the mail. Raises DeliveryError when the company's own template of it
    fails."""
    say = speech(view.lang)
    values = {
        "view": view,
        "logo": MAIL_LOGO if _shows_logo(view, left_out) else "",
        "correction": correction_line(say, replaces) if replaces else "",
        "changes": replaces.changes if replaces else (),
        "attachment_line": attachment_line(say, attached, left_out),
        "footer": footer(view, say),
    }
    if TEMPLATE in view.templates:
        page = _own_page(Page(TEMPLATE, values, view.templates, view.lang, lines=True))
    else:
        page = environment(lines=True).get_template(TEMPLATE).render(values, say=say)
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False).inline(page)


def _own_page(page: Page) -> str:
    try:
        return printers().make(page)
    except InvariantBroken as error:
        raise DeliveryError(*error.problems) from None


def correction_line(say: Speech, replaces: Replaces) -> str:
    return say(
        "CORRECTED. This replaces the mail of {sent_on}; please discard that one.", sent_on=replaces.sent_on
    )


def attachment_line(say: Speech, attached: Sequence[Attachment], left_out: Sequence[Attachment]) -> str:
    """Exactly what is attached, by name and size; or that nothing is, and why."""
    if attached:
        return say("Attached: {files}.", files=", ".join(_named(say, one) for one in attached))
    if left_out:
        return say(
            "Nothing is attached: {files} is too large for the mail server. Ask the sender for it.",
            files=", ".join(_named(say, one) for one in left_out),
        )
    return say("Nothing is attached.")


def footer(view: MailView, say: Speech) -> str:
    return say("Data as of {as_of}. Run {run}.", as_of=view.as_of, run=view.run_id)


def _named(say: Speech, attachment: Attachment) -> str:
    kilobytes = max(1, round(len(attachment.data) / 1000))
    return f"{attachment.name} ({kilobytes}\u00a0{say('KB')})"


def _text_line(say: Speech, line: MailLine) -> str:
    was = f" ({line.was})" if line.was else ""
    facts = [say("{actual} of {target}", actual=line.actual, target=line.target)]
    facts.append(say("against plan today {gap}", gap=line.gap))
    if line.chance:
        facts.append(say("chance {chance}", chance=line.chance))
    owner = f"{say('Owner')}: {line.owner}"
    return f"{line.title}\n  {line.status}{was}: {', '.join(facts)}\n  {line.reason}\n  {owner}"


def _message(
    view: MailView,
    sender: str,
    recipient: Recipient,
    revision: int,
    replaces: Replaces | None,
    attached: Sequence[Attachment],
    left_out: Sequence[Attachment],
) -> EmailMessage:
    source = sender_address(sender)
    to = single_address(recipient.address)
    mail = EmailMessage(policy=SMTP)
    identity = message_id(view, revision, to.addr_spec, source.domain)
    _set(mail, "From", Address(source.display_name, source.username, source.domain))
    _set(mail, "To", Address(safe_header("To", recipient.name), to.username, to.domain))
    _set(mail, "Subject", safe_header("Subject", subject(view, replaces)))
    _set(mail, "Message-ID", identity)
    if replaces is not None:
        _set(mail, "In-Reply-To", safe_header("In-Reply-To", replaces.message_id))
        _set(mail, "References", safe_header("References", replaces.message_id))
    _list_headers(mail, view, source)
    mail["Date"] = view.sent_for
    mail.set_content(plain_text(view, replaces, attached, left_out), cte="quoted-printable")
    mail.add_alternative(
        html_text(view, replaces, attached, left_out), subtype="html", cte="quoted-printable"
    )
    if _shows_logo(view, left_out):
        _add_logo(mail, view)
    for one in attached:
        main, sub = _SUBTYPES[one.kind]
        mail.add_attachment(one.data, maintype=main, subtype=sub, filename=safe_header("file name", one.name))
    _fix_boundaries(mail, identity)
    return mail


def _shows_logo(view: MailView, left_out: Sequence[Attachment]) -> bool:
    """Not in the small mail, which a server gets that found the whole one too large."""
    return bool(view.look.content) and not left_out


def _add_logo(mail: EmailMessage, view: MailView) -> None:
    """The logo beside the HTML that shows it."""
    page = mail.get_body(("html",))
    assert isinstance(page, EmailMessage)  # noqa: S101 - it was added before
    page.add_related(
        view.look.content,
        maintype="image",
        subtype=view.look.kind,
        cid=f"<{MAIL_LOGO.removeprefix('cid:')}>",
        disposition="inline",
        filename=f"logo.{view.look.kind}",
    )


def _list_headers(mail: EmailMessage, view: MailView, source: Address) -> None:
    name = _UNSAFE_ID.sub("-", view.audience).strip(".") or "scorecards"
    _set(mail, "Auto-Submitted", "auto-generated")
    _set(mail, "List-Id", f"<{name}.scorecards.{source.domain}>")
    wish = quote(f"unsubscribe {name}")
    _set(mail, "List-Unsubscribe", f"<mailto:{source.addr_spec}?subject={wish}>")
    _set(mail, "Content-Language", view.lang)


def _set(mail: EmailMessage, name: str, value: str | Address) -> None:
    mail[name] = safe_header(name, value) if isinstance(value, str) else value


def _fix_boundaries(mail: EmailMessage, identity: str) -> None:
    """Part separators are random by default; derived from the Message-ID the bytes stay the same."""
    for index, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        digest = hashlib.sha256(f"{identity}#{index}".encode()).hexdigest()[:32]
        part.set_boundary(f"=_{digest}")
