"""Queuing an edition: who gets which document, and the checks that must hold before anything is queued.

Here: audiences to recipients and attachments, post-conditions, the decision to hold. Not here: the
transaction and the states (outbox.py). A backfill never comes here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from pipeline.delivery.addresses import checked_recipients
from pipeline.delivery.message import build_message
from pipeline.delivery.model import Attachment, MailView, Replaces
from pipeline.delivery.outbox import Outbox
from pipeline.delivery.records import Batch, Hold, Outgoing, Queued, Sent
from pipeline.delivery.view import changes, mail_view, numbers_sha256
from pipeline.errors import DeliveryError, Problem, shown
from pipeline.goals.model import Edition
from pipeline.periods import Week, cutoff, latest_due_week
from pipeline.report.i18n import formats
from pipeline.workspace.model import Audience, Notes, Recipient, Workspace

SMALLEST_PDF = 2_000
LARGEST_PDF = 10_000_000
"""Bytes. Smaller is no scorecard, larger is no mail."""
_LEFTOVER = re.compile(r"\{\{|\{%|\bUndefined\b|\bNone\b|\bnan\b|\bNaN\b|\bNaT\b|\b[Dd]ecimal\(")


@dataclass(frozen=True)
class QueueReport:
    """What queuing did, one entry a recipient."""

    week: Week
    queued: tuple[Queued, ...]

    def count(self, outcome: str) -> int:
        return sum(one.outcome == outcome for one in self.queued)

    @property
    def held(self) -> int:
        return sum(one.row.hold is not Hold.NONE for one in self.queued if one.outcome != "withdrawn")


def queue_edition(
    workspace: Workspace,
    edition: Edition,
    documents: Sequence[Path],
    outbox: Outbox,
    *,
    notes: Notes | None = None,
    now: datetime | None = None,
) -> QueueReport:
    """Queue one mail for each recipient of each audience, all or none.

    `documents` are the files of the week; an audience gets `scorecard-<audience>.<lang>.pdf`. `now` is the
    instant of queuing (the present when left out). Raises DeliveryError with everything that is wrong:
    E-RECIPIENT, E-MAILHEADER, E-ATTACHMENT, E-MAILBODY; nothing is queued then. Running it again with
    unchanged numbers queues nothing.
    """
    moment = now or datetime.now(UTC)
    problems: list[Problem] = []
    batches: list[Batch] = []
    for audience in workspace.audiences:
        if not audience.recipients:
            continue
        try:
            batches.append(_batch(workspace, edition, audience, documents, notes, moment))
        except DeliveryError as error:
            problems.extend(error.problems)
    if problems:
        raise DeliveryError(*dict.fromkeys(problems))
    return QueueReport(edition.week, tuple(outbox.enqueue(batches, moment)))


def hold_of(workspace: Workspace, week: Week, now: datetime) -> Hold:
    """Why a freshly made edition waits for a person, if it does."""
    company = workspace.company
    due = cutoff(week, company.zone, company.cutoff)
    if (now - due).total_seconds() > company.delivery.stale_after_days * 86_400:
        return Hold.STALE
    if latest_due_week(now, company.zone, company.cutoff) > week:
        return Hold.NEWER
    return Hold.APPROVAL if company.delivery.mode == "approve" else Hold.NONE


def _batch(
    workspace: Workspace,
    edition: Edition,
    audience: Audience,
    documents: Sequence[Path],
    notes: Notes | None,
    now: datetime,
) -> Batch:
    company = workspace.company
    recipients = checked_recipients(audience.recipients, company.delivery.allowed_domains)
    attachment = _scorecard(edition, audience, documents)
    view = mail_view(edition, workspace, audience, notes)
    build = _builder(workspace, view, recipients, attachment)
    build(recipients[0].address, 1, None)  # every text is checked before the transaction begins
    return Batch(
        week=edition.week,
        audience=audience.id,
        recipients=tuple(one.address for one in recipients),
        numbers_sha256=numbers_sha256(view),
        figures=view.figures,
        due=cutoff(edition.week, company.zone, company.cutoff),
        build=build,
        hold=hold_of(workspace, edition.week, now),
    )


class _builder:
    """Builds one recipient's message and checks it before it is handed to the outbox."""

    def __init__(
        self, workspace: Workspace, view: MailView, recipients: Sequence[Recipient], attachment: Attachment
    ) -> None:
        self._workspace, self._view, self._attachment = workspace, view, attachment
        self._recipients = {one.address: one for one in recipients}

    def __call__(self, address: str, revision: int, before: Sent | None) -> Outgoing:
        message = build_message(
            self._view,
            sender=self._workspace.company.delivery.sender,
            recipient=self._recipients[address],
            revision=revision,
            replaces=self._replaces(before),
            attachments=(self._attachment,),
        )
        check_message(message, self._view)
        return message

    def _replaces(self, before: Sent | None) -> Replaces | None:
        if before is None:
            return None
        form = formats(self._view.lang, self._workspace.company.currency)
        zone = self._workspace.company.zone
        day = (before.sent_at or self._view.sent_for).astimezone(zone).date()
        return Replaces(before.message_id, form.date(day), changes(self._view, before, self._workspace))


# --- post-conditions ---------------------------------------------------------------------------------


def _scorecard(edition: Edition, audience: Audience, documents: Sequence[Path]) -> Attachment:
    """The audience's PDF, named with its week so that two weeks can lie in one folder."""
    name = f"scorecard-{audience.id}.{audience.language}.pdf"
    path = next((path for path in documents if path.name == name), None)
    if path is None:
        raise DeliveryError(_bad_attachment(name, "it was not made"))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DeliveryError(_bad_attachment(name, error.strerror or "it cannot be read")) from None
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-1024:]:
        raise DeliveryError(_bad_attachment(name, "it is not a whole PDF"))
    if not SMALLEST_PDF <= len(data) <= LARGEST_PDF:
        raise DeliveryError(_bad_attachment(name, "its size is implausible"))
    return Attachment(f"{edition.week}-{name}", data)


def check_message(message: Outgoing, view: MailView) -> None:
    """The finished bytes, read back: one recipient, every figure of the view in both bodies, exactly the
    named files attached, nothing left over from a template. Raises DeliveryError (E-MAILBODY)."""
    mail = message_from_bytes(message.body, policy=SMTP)
    attached = [str(part.get_filename()) for part in mail.iter_attachments()]
    problems = []
    if [address.addr_spec for address in mail["To"].addresses] != [message.recipient]:
        problems.append(_bad_body("it is not addressed to exactly one person"))
    if attached != list(message.documents):
        problems.append(_bad_body("its attachments are not the checked documents"))
    for kind in ("plain", "html"):
        text = _body(mail, kind)
        problems += [_bad_body(f"{name} is not named in it") for name in attached if name not in text]
        problems += [
            _bad_body(f"{figure} is missing in it") for figure in _printed(view) if figure not in text
        ]
        if leftover := _LEFTOVER.search(_without(text, view.authored)):
            problems.append(_bad_body(f"{leftover[0]} stands in it"))
    if problems:
        raise DeliveryError(*dict.fromkeys(problems))


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    text = str(part.get_content()) if part is not None else ""
    return html.unescape(text) if kind == "html" else text


def _printed(view: MailView) -> list[str]:
    lines = [(line.title, line.actual, line.target, line.gap, line.chance) for line in view.attention]
    return [
        view.headline,
        view.tally,
        view.week_label,
        view.as_of,
        *(text for line in lines for text in line),
    ]


def _without(text: str, authored: Sequence[str]) -> str:
    for phrase in sorted(authored, key=len, reverse=True):
        text = text.replace(phrase, "") if phrase else text
    return text


def _bad_attachment(name: str, why: str) -> Problem:
    return Problem(
        "E-ATTACHMENT",
        "The document {name} cannot be mailed: {why}. Nothing was queued.",
        "Run the week again and look at its messages.",
        params={"name": name, "why": why},
    )


def _bad_body(why: str) -> Problem:
    return Problem(
        "E-MAILBODY",
        "The finished mail failed its check: {why}. Nothing was queued.",
        "Run the week again; if it repeats, report it with the week's scorecard.json.",
        params={"why": shown(why)},
    )
