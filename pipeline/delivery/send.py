"""Sending what is due: one lease and one transaction a message, every answer remembered.

Here: the loop from outbox to server (or folder) and the report of it. Not here: the protocol (smtp.py), the
states (outbox.py), what is queued (queue.py). Time comes from the caller's clock.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.delivery.folder import folder_of, write_message
from pipeline.delivery.outbox import Outbox
from pipeline.delivery.records import Claim, Hold, Row, State
from pipeline.delivery.smtp import Answer, MailServer, QueueStopped
from pipeline.errors import DeliveryError, Problem, shown
from pipeline.periods import latest_due_week
from pipeline.workspace.model import Workspace

Clock = Callable[[], datetime]
Resolver = Callable[[Row], bool | None]
"""Looks a message up where it should have arrived: True it is there, False it is not, None cannot tell."""
Progress = Callable[[Row], None]


@dataclass(frozen=True)
class DeliveryReport:
    """What one call of `deliver` did; each message once, as it stands now."""

    sent: tuple[Row, ...] = ()
    deferred: tuple[Row, ...] = ()
    failed: tuple[Row, ...] = ()
    unknown: tuple[Row, ...] = ()
    held: tuple[Row, ...] = ()
    """Waiting for a person."""
    problems: tuple[Problem, ...] = ()
    stopped: bool = False
    """The queue was stopped; what is left waits."""

    @property
    def exit_code(self) -> int:
        """3 when somebody should look: a refusal, an unknown fate, a stopped queue."""
        return 3 if self.problems or self.failed or self.unknown or self.stopped else 0


def deliver(
    outbox: Outbox,
    workspace: Workspace,
    now: datetime | Clock,
    *,
    environ: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    resolver: Resolver | None = None,
    resend_unknown: bool = True,
    progress: Progress | None = None,
) -> DeliveryReport:
    """Send every message that is due at `now`, each to its one recipient.

    A message whose acknowledgement was lost is looked up by `resolver` when there is one, else sent again
    with the same Message-ID (`resend_unknown`) or left alone. Without SMTP settings, .eml files are written.
    """
    clock: Clock = now if callable(now) else lambda: now
    outbox.expire_leases(clock())
    if resolver is not None:
        _resolve(outbox, resolver, clock)
    courier = _Courier(outbox, workspace, clock, environ, context)
    touched: list[str] = []
    try:
        while (claim := outbox.claim(clock(), keep=courier.keep, resend_unknown=resend_unknown)) is not None:
            touched.append(claim.row.key)
            courier.take(claim)
            if progress is not None:
                progress(outbox.row(claim.row.key))
            if courier.stopped:
                break
    finally:
        courier.close()
    return _report(outbox, touched, courier)


def hold_reason(workspace: Workspace, row: Row, now: datetime) -> Hold:
    """Why an edition that nobody approved should not leave any more: a newer week is due, or age."""
    if row.kind != "edition":
        return Hold.NONE
    company = workspace.company
    if now - row.due > timedelta(days=company.delivery.stale_after_days):
        return Hold.STALE
    newer = latest_due_week(now, company.zone, company.cutoff) > row.week
    return Hold.NEWER if newer else Hold.NONE


class _Courier:
    """Takes claimed messages to the server or into the folder, and writes down what became of them."""

    def __init__(
        self,
        outbox: Outbox,
        workspace: Workspace,
        clock: Clock,
        environ: Mapping[str, str] | None,
        context: ssl.SSLContext | None,
    ) -> None:
        self._outbox, self._workspace, self._clock = outbox, workspace, clock
        settings = workspace.company.delivery.smtp
        self._server = MailServer(settings, environ, context) if settings else None
        self.problems: list[Problem] = []
        self.stopped = False

    def keep(self, row: Row) -> Hold:
        return hold_reason(self._workspace, row, self._clock())

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def take(self, claim: Claim) -> None:
        if self._server is None:
            self._into_folder(claim)
            return
        try:
            body = (
                claim.body if len(claim.body) <= self._server.size_limit() else claim.body_small or claim.body
            )
            answer = self._server.hand_over(claim.row.sender, claim.row.recipient, body, self._mark(claim))
        except QueueStopped as stop:
            self._stop(claim, stop)
            return
        self._remember(claim, answer)

    def _mark(self, claim: Claim) -> Callable[[], bool]:
        return lambda: self._outbox.handing_over(claim, self._clock())

    def _remember(self, claim: Claim, answer: Answer) -> None:
        now = self._clock()
        if answer.result == "sent":
            self._outbox.sent(claim, now, answer.code or 250, answer.reply)
        elif answer.result == "refused":
            self._outbox.failed(claim, now, answer.code, answer.reply)
            self.problems.append(_refused(claim.row, answer.code, answer.reply))
        else:
            state = self._outbox.deferred(
                claim, now, answer.code, answer.reply, unknown=answer.result == "unknown"
            )
            if state is State.FAILED:
                self.problems.append(_given_up(claim.row, answer.reply))

    def _stop(self, claim: Claim, stop: QueueStopped) -> None:
        """The account is refused: all wait untouched. The server is away: all that is due is deferred."""
        now = self._clock()
        self.stopped = True
        self.problems.extend(stop.problems)
        reply = stop.problems[0].text()
        if stop.account:
            self._outbox.give_back(claim, now, stop.code, reply)
            return
        waiting: Claim | None = claim
        while waiting is not None:
            state = self._outbox.deferred(waiting, now, stop.code, reply)
            if state is State.FAILED:
                self.problems.append(_given_up(waiting.row, reply))
            waiting = self._outbox.claim(now, keep=self.keep)

    def _into_folder(self, claim: Claim) -> None:
        now = self._clock()
        try:
            path = write_message(folder_of(self._workspace), claim.row, claim.body)
        except DeliveryError as error:
            self._outbox.failed(claim, now, None, error.problems[0].text())
            self.problems.extend(error.problems)
        except OSError as error:
            self._outbox.deferred(claim, now, None, shown(f"{type(error).__name__}: {error.strerror}"))
            self.problems.append(_folder_problem(self._workspace, error))
            self.stopped = True
        else:
            self._outbox.sent(claim, now, 250, path.name)


def _resolve(outbox: Outbox, resolver: Resolver, clock: Clock) -> None:
    for row in outbox.rows(states=(State.UNKNOWN,)):
        outbox.settle(row.key, clock(), resolver(row))


def _report(outbox: Outbox, touched: list[str], courier: _Courier) -> DeliveryReport:
    rows = {row.key: row for row in outbox.rows()}
    seen = [rows[key] for key in dict.fromkeys(touched) if key in rows]

    def tried(state: State) -> tuple[Row, ...]:
        return tuple(row for row in seen if row.state is state)

    return DeliveryReport(
        sent=tried(State.SENT),
        deferred=tuple(row for row in rows.values() if row.state is State.DEFERRED),
        failed=tried(State.FAILED),
        unknown=tuple(row for row in rows.values() if row.state is State.UNKNOWN),
        held=tuple(row for row in rows.values() if row.state is State.HELD),
        problems=tuple(courier.problems),
        stopped=courier.stopped,
    )


def _refused(row: Row, code: int | None, reply: str) -> Problem:
    return Problem(
        "E-REFUSED",
        "The mail server refused {recipient} ({code} {reply}).",
        "Correct the address in audiences.yaml, or send it again with: scorecards outbox resend.",
        params={"recipient": row.recipient, "code": code or "", "reply": reply},
    )


def _given_up(row: Row, reply: str) -> Problem:
    return Problem(
        "E-GIVENUP",
        "The mail to {recipient} was tried for a day without success: {reply}",
        "When the cause is mended, send it again with: scorecards outbox resend.",
        params={"recipient": row.recipient, "reply": reply},
    )


def _folder_problem(workspace: Workspace, error: OSError) -> Problem:
    return Problem(
        "E-OUTFOLDER",
        "The folder for .eml files cannot be written: {reason}.",
        "Check the permissions and the free space of {folder}.",
        params={"reason": error.strerror or type(error).__name__, "folder": str(folder_of(workspace))},
    )
