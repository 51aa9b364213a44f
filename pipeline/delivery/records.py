"""The records of the outbox: states, reasons to hold, what goes in and what comes out.

Here: plain records. Not here: how a message passes from state to state (outbox.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.periods import Week


class State(StrEnum):
    HELD = "HELD"
    PENDING = "PENDING"
    SENDING = "SENDING"
    SENT = "SENT"
    DEFERRED = "DEFERRED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Hold(StrEnum):
    """Why a message waits for a person."""

    NONE = ""
    APPROVAL = "approval"
    FIRST = "first"
    STALE = "stale"
    NEWER = "newer"
    CORRECTION = "correction"
    BY_HAND = "by_hand"


LEFT = frozenset({State.SENT, State.SENDING, State.UNKNOWN})
"""States in which a copy has, or may have, left the house."""
WAITING_FOR_APPROVAL = (Hold.APPROVAL, Hold.FIRST)
"""Holds that a plain approval lifts."""
LATE = (Hold.STALE, Hold.NEWER)
"""Holds that the approval of one named week lifts too; all others want the message named."""


@dataclass(frozen=True)
class Outgoing:
    """A finished message, ready to be queued."""

    recipient: str
    message_id: str
    sender: str
    subject: str
    body: bytes
    body_small: bytes | None = None
    """The same message without attachments, for a server that takes only small ones."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """Attached file name -> sha256."""


@dataclass(frozen=True)
class Sent:
    """An earlier revision that this one replaces, as its recipient got it."""

    revision: int
    message_id: str
    sent_at: datetime | None
    figures: tuple[tuple[str, str, str], ...]


Build = Callable[[str, int, "Sent | None"], Outgoing]
"""(recipient, revision, what it replaces) -> the finished message."""


@dataclass(frozen=True)
class Batch:
    """One audience's edition, to be queued whole or not at all."""

    week: Week
    audience: str
    recipients: tuple[str, ...]
    numbers_sha256: str
    figures: tuple[tuple[str, str, str], ...]
    """(goal id, figure in canonical form, figure as printed): what a correction is compared with."""
    due: datetime
    """The edition's cut-off."""
    build: Build
    hold: Hold = Hold.NONE
    """Why every message of this edition waits; a correction and a first edition wait in any case."""
    kind: str = "edition"

    @property
    def edition(self) -> str:
        return f"{self.week}/{self.audience}"


@dataclass(frozen=True)
class Row:
    """One message as the outbox lists it (without its bytes)."""

    key: str
    kind: str
    edition: str
    week: Week
    audience: str
    revision: int
    recipient: str
    message_id: str
    sender: str
    subject: str
    body_sha256: str
    documents: dict[str, str]
    numbers_sha256: str
    due: datetime
    state: State
    hold: Hold
    approved_at: datetime | None
    attempts: int
    lease_until: datetime | None
    first_try_at: datetime | None
    next_try: datetime | None
    code: int | None
    reply: str
    queued_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class Queued:
    """What queuing did for one recipient: queued, replaced, already (known), corrected or withdrawn."""

    outcome: str
    row: Row


@dataclass(frozen=True)
class Claim:
    """A message that this sender, and no other, may now hand over."""

    row: Row
    token: str
    body: bytes
    body_small: bytes | None
