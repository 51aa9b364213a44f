"""What a mail says, as finished texts: the frozen input of message.py.

Here: plain records, every number already formatted for the reader. Not here: where the texts come from
(view.py) or how they become a message (message.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.periods import Week
from pipeline.report.brand import PLAIN_MAIL, MailLook
from pipeline.report.templates import NONE, Templates


@dataclass(frozen=True)
class MailLine:
    """One goal that needs attention. Texts are as printed; `gap` may be a dash, `chance` empty."""

    title: str
    owner: str
    status: str
    was: str
    """"was On track", or empty when the status did not change."""
    actual: str
    target: str
    gap: str
    chance: str
    reason: str


@dataclass(frozen=True)
class MailView:
    """Everything one audience's mail prints."""

    lang: str
    company: str
    audience: str
    """Identifier, used in Message-ID and List-Id."""
    title: str
    week: Week
    week_label: str
    """The week as its days, never a key alone."""
    subject: str
    headline: str
    tally: str
    """All goals by status in words."""
    attention: tuple[MailLine, ...]
    """Goals missed, off track or at risk, worst first."""
    decisions: tuple[str, ...]
    notes: tuple[str, ...]
    """Restatements and sources that are late or refused, one sentence each."""
    as_of: str
    run_id: str
    sent_for: datetime
    """The edition's cut-off on the company's clock: the Date of the mail, so that its bytes never change."""
    figures: tuple[tuple[str, str, str], ...]
    """(goal id, canonical figure, figure as printed) of every goal of the audience."""
    authored: tuple[str, ...] = ()
    """Texts that people wrote; the check for leftover placeholders does not judge them."""
    comment: tuple[str, ...] = ()
    """The owner's comment on the week, a text a paragraph."""
    look: MailLook = PLAIN_MAIL
    """The company's colours and logo."""
    templates: Templates = NONE
    """The company's own templates, of which mail.html.j2 makes the mail's HTML."""

    @property
    def has_chance(self) -> bool:
        """Whether any listed goal has a chance to print."""
        return any(line.chance for line in self.attention)


@dataclass(frozen=True)
class Attachment:
    """A finished document as it travels with the mail."""

    name: str
    data: bytes
    kind: str = "pdf"


@dataclass(frozen=True)
class Replaces:
    """The earlier mail that a correction replaces."""

    message_id: str
    sent_on: str
    changes: tuple[str, ...]
    """One sentence a changed figure."""
