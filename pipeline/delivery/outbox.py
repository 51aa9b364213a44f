"""The outbox: what was queued for whom, what became of it, and never anything twice.

Here: a SQLite file of its own (write-ahead log, full sync, one immediate transaction a change, mode 0600),
the states of a message and the rules by which they change. Not here: building a message (message.py),
deciding what is queued (queue.py), talking to a server (send.py).

A message is keyed edition|revision|recipient, where the edition is a week and an audience. Its bytes are
frozen when it is queued, so that every try sends the same message with the same Message-ID. Delivery is
at least once: only a lost acknowledgement (state UNKNOWN) can make a second copy, and that copy carries the
same Message-ID.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.delivery.records import (
    LATE,
    LEFT,
    WAITING_FOR_APPROVAL,
    Batch,
    Claim,
    Hold,
    Outgoing,
    Queued,
    Row,
    Sent,
    State,
)
from pipeline.errors import DeliveryError, NoSuchMessage, Problem
from pipeline.periods import Week
from pipeline.workspace.model import Workspace

SCHEMA_VERSION = 1
BACKOFF_MINUTES = (1, 5, 15, 60, 240)
"""Waits after the first, second, ... failed try; the last one repeats."""
GIVE_UP_AFTER = timedelta(hours=24)
LEASE = timedelta(minutes=10)
"""How long one sender may work on a message before another may take it over."""

_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, edition TEXT NOT NULL, week TEXT NOT NULL,
    audience TEXT NOT NULL, revision INTEGER NOT NULL, recipient TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE, sender TEXT NOT NULL, subject TEXT NOT NULL,
    body BLOB NOT NULL, body_small BLOB, body_sha256 TEXT NOT NULL,
    documents TEXT NOT NULL, numbers_sha256 TEXT NOT NULL, figures TEXT NOT NULL, due TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('HELD','PENDING','SENDING','SENT','DEFERRED','FAILED','UNKNOWN')),
    hold TEXT NOT NULL DEFAULT '', approved_at TEXT, attempts INTEGER NOT NULL DEFAULT 0,
    lease_token TEXT, lease_until TEXT, handed_over INTEGER NOT NULL DEFAULT 0, first_try_at TEXT,
    next_try TEXT, code INTEGER, reply TEXT NOT NULL DEFAULT '', queued_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, sent_at TEXT
);
CREATE INDEX IF NOT EXISTS messages_edition ON messages (edition, revision);
CREATE INDEX IF NOT EXISTS messages_state ON messages (state, next_try);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, key TEXT NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL
);
"""

_LISTED = (
    "key, kind, edition, week, audience, revision, recipient, message_id, sender, subject, body_sha256,"
    " documents, numbers_sha256, figures, due, state, hold, approved_at, attempts, lease_until, handed_over,"
    " first_try_at, next_try, code, reply, queued_at, sent_at"
)
"""Everything but the bytes: a listing must not read every attachment."""


def outbox_path(workspace: Workspace) -> Path:
    return workspace.state_dir / "outbox.sqlite"


def message_key(edition: str, revision: int, recipient: str) -> str:
    return f"{edition}|{revision}|{recipient.casefold()}"


def wait_after(key: str, attempts: int) -> timedelta:
    """Wait after the `attempts`-th failed try: 1, 5, 15, 60, 240 minutes, spread by up to a tenth either way.
    The spread comes from the key, so that a test (and a person) can work it out."""
    minutes = BACKOFF_MINUTES[min(max(attempts, 1), len(BACKOFF_MINUTES)) - 1]
    digest = hashlib.sha256(f"{key}#{attempts}".encode()).digest()
    spread = int.from_bytes(digest[:4]) / 0xFFFFFFFF * 0.2 - 0.1
    return timedelta(seconds=round(minutes * 60 * (1 + spread)))


class Outbox:
    """The outbox file. Every method is one transaction; instants are aware datetimes given by the caller."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        with self._connection() as db:
            db.execute("PRAGMA journal_mode=WAL").fetchall()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version not in (0, SCHEMA_VERSION):
                raise DeliveryError(_foreign_version(path, version))
            db.executescript(_TABLES)
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @classmethod
    def of(cls, workspace: Workspace) -> Outbox:
        return cls(outbox_path(workspace))

    # --- looking -------------------------------------------------------------------------------------

    def rows(self, *, week: Week | None = None, states: Sequence[State] = ()) -> list[Row]:
        """Messages by edition, revision and recipient; all of them, or those of a week or in some states."""
        with self._connection() as db:
            found = db.execute(
                f"SELECT {_LISTED} FROM messages ORDER BY edition, revision, recipient"
            ).fetchall()
        rows = [_row(record) for record in found]
        return [
            row for row in rows if (week is None or row.week == week) and (not states or row.state in states)
        ]

    def row(self, key: str) -> Row:
        """Raises NoSuchMessage (E-OUTBOXKEY) when there is no such message."""
        with self._connection() as db:
            return _row(_record(db, key))

    def message(self, key: str) -> bytes:
        """The frozen bytes of a message."""
        with self._connection() as db:
            _record(db, key)
            return _bodies(db, key)[0]

    def journal(self, key: str | None = None) -> list[tuple[datetime, str, str, str]]:
        """(when, key, event, detail), oldest first."""
        with self._connection() as db:
            found = db.execute("SELECT at, key, event, detail FROM journal ORDER BY id").fetchall()
        return [
            (_instant(r["at"]), r["key"], r["event"], r["detail"]) for r in found if key in (None, r["key"])
        ]

    # --- queuing -------------------------------------------------------------------------------------

    def enqueue(self, batches: Sequence[Batch], now: datetime) -> list[Queued]:
        """Queue the editions of a week in one transaction: every message or, whatever happens, none.

        Unchanged numbers: nothing is queued again. Changed numbers while nothing has left: the waiting
        messages are replaced. Changed numbers after something has left: a new revision, held.
        """
        with self._transaction() as db:
            return [queued for batch in batches for queued in _enqueue(db, batch, now)]

    def add(self, batch: Batch, revision: int, recipient: str, now: datetime) -> Queued:
        """Queue one message under a key of the caller's choice. The same key with the same bytes is already
        there; with other bytes it is refused (E-CONFLICT), for a key never changes its meaning silently."""
        with self._transaction() as db:
            message = batch.build(recipient, revision, None)
            key = message_key(batch.edition, revision, recipient)
            record = db.execute(f"SELECT {_LISTED} FROM messages WHERE key = ?", (key,)).fetchone()
            if record is None:
                return _insert(db, batch, revision, message, batch.hold, now, "queued")
            if record["body_sha256"] != _sha256(message.body):
                raise DeliveryError(_conflict(key))
            return Queued("already", _row(record))

    # --- a person's decisions ------------------------------------------------------------------------

    def approve(
        self, now: datetime, *, week: Week | None = None, keys: Sequence[str] = (), reason: str = ""
    ) -> list[Row]:
        """Release held messages. With nothing named: those that wait for approval or are a recipient's first.
        With `week`: of that week also those that are late. With `keys`: exactly those, whatever holds them; a
        correction also wants a reason (E-REASON)."""
        liftable = WAITING_FOR_APPROVAL if week is None else (*WAITING_FOR_APPROVAL, *LATE)
        with self._transaction() as db:
            found = [_row(_record(db, key)) for key in keys] or [
                row
                for row in map(
                    _row, db.execute(f"SELECT {_LISTED} FROM messages WHERE state = 'HELD' ORDER BY key")
                )
                if row.hold in liftable and (week is None or row.week == week)
            ]
            for row in found:
                if row.hold is Hold.CORRECTION and not reason.strip():
                    raise DeliveryError(_reason_missing(row.key))
            released = [row for row in found if row.state is State.HELD]
            for row in released:
                _change(
                    db, row.key, now, "approved", reason, state=State.PENDING, hold="", approved_at=_text(now)
                )
            return [_row(_record(db, row.key)) for row in released]

    def hold(self, keys: Sequence[str], now: datetime, reason: str = "") -> list[Row]:
        """Keep messages that have not left from leaving."""
        with self._transaction() as db:
            for key in keys:
                if _row(_record(db, key)).state in (State.PENDING, State.DEFERRED, State.HELD):
                    _change(db, key, now, "held", reason, state=State.HELD, hold=Hold.BY_HAND, next_try=None)
            return [_row(_record(db, key)) for key in keys]

    def resend(self, key: str, now: datetime, reason: str) -> Row:
        """Send a message again, byte for byte with the same Message-ID. Wants a reason (E-REASON)."""
        if not reason.strip():
            raise DeliveryError(_reason_missing(key))
        with self._transaction() as db:
            if _row(_record(db, key)).state is State.SENDING:
                raise DeliveryError(_being_sent(key))
            _change(
                db,
                key,
                now,
                "resend",
                reason,
                state=State.PENDING,
                hold="",
                approved_at=_text(now),
                attempts=0,
                first_try_at=None,
                next_try=None,
                handed_over=0,
            )
            return _row(_record(db, key))

    # --- sending -------------------------------------------------------------------------------------

    def expire_leases(self, now: datetime) -> list[Row]:
        """Messages whose sender died. Handed over: nobody knows (UNKNOWN). Not yet: they wait again."""
        with self._transaction() as db:
            records = db.execute(
                f"SELECT {_LISTED} FROM messages WHERE state = 'SENDING' AND lease_until <= ?", (_text(now),)
            ).fetchall()
            for record in records:
                state = State.UNKNOWN if record["handed_over"] else State.DEFERRED
                _change(
                    db,
                    record["key"],
                    now,
                    "lease expired",
                    state,
                    state=state,
                    lease_token=None,
                    lease_until=None,
                    next_try=_text(now),
                )
            return [_row(_record(db, record["key"])) for record in records]

    def claim(
        self, now: datetime, *, keep: Callable[[Row], Hold] | None = None, resend_unknown: bool = True
    ) -> Claim | None:
        """The next message that is due, leased to the caller; None when nothing is. `keep` may hold a message
        back at the last moment (one that has grown stale); an approved message is never kept."""
        states = "('PENDING','DEFERRED','UNKNOWN')" if resend_unknown else "('PENDING','DEFERRED')"
        with self._transaction() as db:
            for record in db.execute(
                f"SELECT {_LISTED} FROM messages WHERE state IN {states}"
                " AND (next_try IS NULL OR next_try <= ?) ORDER BY kind, due, key",
                (_text(now),),
            ).fetchall():
                row = _row(record)
                hold = keep(row) if keep and row.approved_at is None else Hold.NONE
                if hold is not Hold.NONE:
                    _change(db, row.key, now, "held", hold, state=State.HELD, hold=hold, next_try=None)
                    continue
                token = secrets.token_hex(8)
                _change(
                    db,
                    row.key,
                    now,
                    "try",
                    str(row.attempts + 1),
                    state=State.SENDING,
                    lease_token=token,
                    lease_until=_text(now + LEASE),
                    attempts=row.attempts + 1,
                    handed_over=0,
                    first_try_at=_text(row.first_try_at or now),
                )
                body, small = _bodies(db, row.key)
                return Claim(_row(_record(db, row.key)), token, body, small)
        return None

    def handing_over(self, claim: Claim, now: datetime) -> bool:
        """Note, before the message's bytes go out, that from here on a crash leaves its fate unknown. False
        when the lease was lost to another sender: then nothing may be sent."""
        with self._transaction() as db:
            return _fenced(db, claim, now, "hand over", "", handed_over=1, lease_until=_text(now + LEASE))

    def sent(self, claim: Claim, now: datetime, code: int, reply: str) -> None:
        with self._transaction() as db:
            _fenced(
                db,
                claim,
                now,
                "sent",
                reply,
                state=State.SENT,
                code=code,
                reply=reply,
                sent_at=_text(now),
                lease_token=None,
                lease_until=None,
                next_try=None,
            )

    def failed(self, claim: Claim, now: datetime, code: int | None, reply: str) -> None:
        """Refused for good: only a person's resend tries again."""
        with self._transaction() as db:
            _fenced(
                db,
                claim,
                now,
                "failed",
                reply,
                state=State.FAILED,
                code=code,
                reply=reply,
                lease_token=None,
                lease_until=None,
                next_try=None,
            )

    def deferred(
        self, claim: Claim, now: datetime, code: int | None, reply: str, unknown: bool = False
    ) -> State:
        """Try again later (`unknown`: the acknowledgement was lost, so it may have arrived). A message that
        has been tried for a day is given up. Returns the new state."""
        begun = claim.row.first_try_at or now
        if now - begun >= GIVE_UP_AFTER:
            state = State.UNKNOWN if unknown else State.FAILED
            next_try = None if state is State.FAILED else _text(now + timedelta(days=3650))
        else:
            state = State.UNKNOWN if unknown else State.DEFERRED
            next_try = _text(now + wait_after(claim.row.key, claim.row.attempts))
        with self._transaction() as db:
            _fenced(
                db,
                claim,
                now,
                state.lower(),
                reply,
                state=state,
                code=code,
                reply=reply,
                lease_token=None,
                lease_until=None,
                next_try=next_try,
            )
        return state

    def settle(self, key: str, now: datetime, arrived: bool | None) -> Row:
        """What looking the message up has shown: it arrived (SENT), it did not (PENDING), or nothing new."""
        with self._transaction() as db:
            row = _row(_record(db, key))
            if row.state is State.UNKNOWN and arrived is True:
                _change(db, key, now, "found", "", state=State.SENT, sent_at=_text(now), next_try=None)
            elif row.state is State.UNKNOWN and arrived is False:
                _change(db, key, now, "not found", "", state=State.PENDING, next_try=None)
            return _row(_record(db, key))

    def give_back(self, claim: Claim, now: datetime, code: int | None, reply: str) -> None:
        """Put a message back as if it had not been tried: the fault is the account's, not the message's."""
        with self._transaction() as db:
            _fenced(
                db,
                claim,
                now,
                "given back",
                reply,
                state=State.PENDING,
                code=code,
                reply=reply,
                lease_token=None,
                lease_until=None,
                attempts=claim.row.attempts - 1,
            )

    # --- the file ------------------------------------------------------------------------------------

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA synchronous=FULL")
            yield db
        finally:
            db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


# --- the rules of queuing ----------------------------------------------------------------------------


def _enqueue(db: sqlite3.Connection, batch: Batch, now: datetime) -> list[Queued]:
    newest = _newest_revision(db, batch.edition)
    left = [row for row in newest if row.state in LEFT]
    same_numbers = bool(newest) and newest[0].numbers_sha256 == batch.numbers_sha256
    revision = newest[0].revision if newest else 1
    if left and not same_numbers:
        return [_correction(db, batch, revision + 1, to, now) for to in batch.recipients]
    if not left and revision > 1 and _numbers(db, batch.edition, revision - 1) == batch.numbers_sha256:
        # the numbers are again those that went out before: the waiting correction has nothing to correct
        withdrawn = [_withdraw(db, row, now) for row in newest]
        return withdrawn + [Queued("already", row) for row in _newest_revision(db, batch.edition)]
    gone = [
        row for row in newest if row.recipient.casefold() not in {to.casefold() for to in batch.recipients}
    ]
    outcome = [_withdraw(db, row, now) for row in gone if row.state not in LEFT]
    return outcome + [_one(db, batch, revision, to, bool(left), now) for to in batch.recipients]


def _one(
    db: sqlite3.Connection, batch: Batch, revision: int, recipient: str, frozen: bool, now: datetime
) -> Queued:
    """One recipient of a revision that is new, waiting, or (frozen) has begun to leave."""
    key = message_key(batch.edition, revision, recipient)
    record = db.execute(f"SELECT {_LISTED} FROM messages WHERE key = ?", (key,)).fetchone()
    if record is not None and (frozen or (record["state"] == State.FAILED and _same(record, batch))):
        return Queued("already", _row(record))
    message = batch.build(recipient, revision, _replaced(db, batch.edition, revision, recipient))
    if record is not None and record["body_sha256"] == _sha256(message.body):
        return Queued("already", _row(record))
    hold = Hold.CORRECTION if revision > 1 else batch.hold
    if record is None:
        return _insert(db, batch, revision, message, hold, now, "queued")
    db.execute("DELETE FROM messages WHERE key = ?", (key,))
    return _insert(db, batch, revision, message, _kept_hold(record, hold), now, "replaced")


def _kept_hold(record: sqlite3.Row, hold: Hold) -> Hold:
    """What a message that takes the place of a waiting one waits for. Held by hand, it waits for that hand: a
    plain approval must not send what a person has stopped. A correction waits for more than that already."""
    held = Hold(record["hold"]) if record["state"] == State.HELD else Hold.NONE
    if held is Hold.BY_HAND and hold is not Hold.CORRECTION:
        return held
    return hold if hold is not Hold.NONE else held


def _correction(db: sqlite3.Connection, batch: Batch, revision: int, recipient: str, now: datetime) -> Queued:
    message = batch.build(recipient, revision, _replaced(db, batch.edition, revision, recipient))
    for row in _newest_revision(db, batch.edition):
        if (
            row.revision < revision
            and row.recipient.casefold() == recipient.casefold()
            and row.state not in LEFT
        ):
            _withdraw(db, row, now)  # nobody wants the wrong numbers first and the right ones after
    return _insert(db, batch, revision, message, Hold.CORRECTION, now, "corrected")


def _insert(
    db: sqlite3.Connection,
    batch: Batch,
    revision: int,
    message: Outgoing,
    hold: Hold,
    now: datetime,
    outcome: str,
) -> Queued:
    key = message_key(batch.edition, revision, message.recipient)
    if batch.kind == "edition" and hold is Hold.NONE and not _ever_sent(db, message.recipient):
        hold = Hold.FIRST
    values = {
        "key": key,
        "kind": batch.kind,
        "edition": batch.edition,
        "week": str(batch.week),
        "audience": batch.audience,
        "revision": revision,
        "recipient": message.recipient,
        "message_id": message.message_id,
        "sender": message.sender,
        "subject": message.subject,
        "body": message.body,
        "body_small": message.body_small,
        "body_sha256": _sha256(message.body),
        "documents": json.dumps(dict(message.documents), sort_keys=True),
        "numbers_sha256": batch.numbers_sha256,
        "figures": json.dumps(batch.figures, ensure_ascii=False),
        "due": _text(batch.due),
        "state": State.HELD if hold else State.PENDING,
        "hold": hold,
        "queued_at": _text(now),
        "updated_at": _text(now),
    }
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    db.execute(f"INSERT INTO messages ({names}) VALUES ({marks})", tuple(values.values()))
    _note(db, key, now, outcome, hold)
    return Queued(outcome, _row(_record(db, key)))


def _withdraw(db: sqlite3.Connection, row: Row, now: datetime) -> Queued:
    db.execute("DELETE FROM messages WHERE key = ?", (row.key,))
    _note(db, row.key, now, "withdrawn", row.body_sha256)
    return Queued("withdrawn", row)


def _newest_revision(db: sqlite3.Connection, edition: str) -> list[Row]:
    return [
        _row(record)
        for record in db.execute(
            f"SELECT {_LISTED} FROM messages WHERE edition = ?1 AND revision ="
            " (SELECT max(revision) FROM messages WHERE edition = ?1) ORDER BY recipient",
            (edition,),
        ).fetchall()
    ]


def _numbers(db: sqlite3.Connection, edition: str, revision: int) -> str | None:
    record = db.execute(
        "SELECT numbers_sha256 FROM messages WHERE edition = ? AND revision = ? LIMIT 1", (edition, revision)
    ).fetchone()
    return record["numbers_sha256"] if record else None


def _replaced(db: sqlite3.Connection, edition: str, revision: int, recipient: str) -> Sent | None:
    """The newest earlier revision that this recipient got, or may have got."""
    for record in db.execute(
        f"SELECT {_LISTED} FROM messages WHERE edition = ? AND revision < ? ORDER BY revision DESC",
        (edition, revision),
    ).fetchall():
        row = _row(record)
        if row.recipient.casefold() == recipient.casefold() and row.state in LEFT:
            figures = tuple(tuple(figure) for figure in json.loads(record["figures"]))
            return Sent(row.revision, row.message_id, row.sent_at, figures)
    return None


def _ever_sent(db: sqlite3.Connection, recipient: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM messages WHERE kind = 'edition' AND state = 'SENT' AND lower(recipient) = lower(?)",
        (recipient,),
    ).fetchone()
    return found is not None


def _same(record: sqlite3.Row, batch: Batch) -> bool:
    return bool(record["numbers_sha256"] == batch.numbers_sha256)


# --- rows --------------------------------------------------------------------------------------------


def _change(
    db: sqlite3.Connection, key: str, now: datetime, event: str, detail: str, **values: object
) -> None:
    _update(db, key, values | {"updated_at": _text(now)}, "")
    _note(db, key, now, event, detail)


def _fenced(
    db: sqlite3.Connection, claim: Claim, now: datetime, event: str, detail: str, **values: object
) -> bool:
    """Change a message only while its lease is still this sender's."""
    done = _update(db, claim.row.key, values | {"updated_at": _text(now)}, claim.token)
    _note(db, claim.row.key, now, event if done else f"{event} (lease lost)", detail)
    return done


def _update(db: sqlite3.Connection, key: str, values: Mapping[str, object], token: str) -> bool:
    assignments = ", ".join(f"{name} = ?" for name in values)
    fence = " AND lease_token = ?" if token else ""
    changed = db.execute(
        f"UPDATE messages SET {assignments} WHERE key = ?{fence}",
        (*values.values(), key, *([token] if token else ())),
    )
    return changed.rowcount == 1


def _note(db: sqlite3.Connection, key: str, now: datetime, event: str, detail: str) -> None:
    db.execute(
        "INSERT INTO journal (at, key, event, detail) VALUES (?, ?, ?, ?)",
        (_text(now), key, event, str(detail)),
    )


def _record(db: sqlite3.Connection, key: str) -> sqlite3.Row:
    record = db.execute(f"SELECT {_LISTED} FROM messages WHERE key = ?", (key,)).fetchone()
    if record is None:
        raise NoSuchMessage(
            Problem(
                "E-OUTBOXKEY",
                "The outbox has no message {key}.",
                "List the messages with: scorecards outbox list.",
                params={"key": key},
            )
        )
    found: sqlite3.Row = record
    return found


def _bodies(db: sqlite3.Connection, key: str) -> tuple[bytes, bytes | None]:
    record = db.execute("SELECT body, body_small FROM messages WHERE key = ?", (key,)).fetchone()
    return bytes(record["body"]), bytes(record["body_small"]) if record["body_small"] else None


def _row(record: sqlite3.Row) -> Row:
    def moment(name: str) -> datetime | None:
        return _instant(record[name]) if record[name] else None

    return Row(
        key=record["key"],
        kind=record["kind"],
        edition=record["edition"],
        week=Week.parse(record["week"]),
        audience=record["audience"],
        revision=record["revision"],
        recipient=record["recipient"],
        message_id=record["message_id"],
        sender=record["sender"],
        subject=record["subject"],
        body_sha256=record["body_sha256"],
        documents=json.loads(record["documents"]),
        numbers_sha256=record["numbers_sha256"],
        due=_instant(record["due"]),
        state=State(record["state"]),
        hold=Hold(record["hold"]),
        approved_at=moment("approved_at"),
        attempts=record["attempts"],
        lease_until=moment("lease_until"),
        first_try_at=moment("first_try_at"),
        next_try=moment("next_try"),
        code=record["code"],
        reply=record["reply"],
        queued_at=_instant(record["queued_at"]),
        sent_at=moment("sent_at"),
    )


def _text(instant: datetime) -> str:
    """UTC to the microsecond at fixed width, so that text order is time order."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- what can be wrong -------------------------------------------------------------------------------


def _conflict(key: str) -> Problem:
    return Problem(
        "E-CONFLICT",
        "The message {key} is in the outbox with other contents.",
        "Run the week again: changed numbers become a correction with a revision of its own.",
        params={"key": key},
    )


def _reason_missing(key: str) -> Problem:
    return Problem(
        "E-REASON",
        "Sending {key} again or as a correction wants a reason.",
        "Add --reason with one sentence; it is kept in the outbox.",
        params={"key": key},
    )


def _being_sent(key: str) -> Problem:
    return Problem(
        "E-SENDING",
        "The message {key} is being sent right now.",
        "Wait until it is sent or its lease of ten minutes has run out.",
        params={"key": key},
    )


def _foreign_version(path: Path, version: int) -> Problem:
    return Problem(
        "E-OUTBOXVERSION",
        "The outbox {path} was written by another version of this program (format {version}).",
        "Use that version, or move the file away; a new one is made.",
        params={"path": path.name, "version": version},
    )
