"""One conversation with a mail server, and what its answers mean.

Here: connecting (TLS with a checked certificate, login), handing over one message to one person, reading the
replies. Not here: which message is next and what is remembered (send.py, outbox.py). The protocol's debug
output is never switched on: it prints the password.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import DeliveryError, Problem, shown
from pipeline.workspace.model import Smtp

Result = Literal["sent", "later", "refused", "unknown"]
HARD_LIMIT = 20_000_000
"""Bytes of the largest message that is handed over, whatever the server allows."""
REPLY_LIMIT = 200
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_BLOCKED_ACCOUNT = frozenset({530, 534, 535, 538})


@dataclass(frozen=True)
class Answer:
    """What became of one message. `lost`: the connection is gone with it."""

    result: Result
    code: int | None
    reply: str
    lost: bool = False


class QueueStopped(DeliveryError):
    """No message can be sent now. `account`: trying again would only lock the account."""

    def __init__(self, problem: Problem, code: int | None, *, account: bool) -> None:
        super().__init__(problem)
        self.code = code
        self.account = account


class MailServer:
    """A connection that is opened when first needed and again after the server closed it."""

    def __init__(
        self, settings: Smtp, environ: Mapping[str, str] | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._environ = os.environ if environ is None else environ
        self._context = context or ssl.create_default_context()
        self._server: smtplib.SMTP | None = None

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()

    def open(self) -> smtplib.SMTP:
        """The connection, ready for a message. Raises QueueStopped."""
        if self._server is None:
            self._server = self._connect()
        return self._server

    def size_limit(self) -> int:
        """Bytes of the largest message this server takes (its SIZE), at most HARD_LIMIT."""
        declared = self.open().esmtp_features.get("size", "").strip()
        limit = int(declared) if declared.isdigit() and int(declared) else HARD_LIMIT
        return min(limit, HARD_LIMIT)

    def hand_over(self, sender: str, recipient: str, body: bytes, mark: Callable[[], bool]) -> Answer:
        """One transaction for one recipient. `mark` is called right before the message's bytes go out and
        may forbid it. A connection lost before the server could know the whole message means later; lost
        after it, nobody knows."""
        server = self.open()
        try:
            answer = self._envelope(server, sender, recipient, len(body))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            return self._broken("later", error)
        if answer is not None:
            return self._after(server, answer)
        if not mark():
            self.close()
            return Answer("later", None, "another sender has taken this message over", lost=True)
        try:
            server.send(_dotted(body))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            return self._broken("later", error)
        try:
            code, reply = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            return self._broken("unknown", error)
        return self._after(server, _answer(code, reply, self._password()))

    def _envelope(self, server: smtplib.SMTP, sender: str, recipient: str, size: int) -> Answer | None:
        """MAIL, RCPT and DATA; the first answer that is not a go-ahead, or None when the bytes may follow."""
        options = [f"SIZE={size}"] if server.has_extn("size") else []
        code, reply = server.mail(sender, options)
        if code == 250:
            code, reply = server.rcpt(recipient)
        if code in (250, 251):
            code, reply = server.docmd("DATA")
            if code == 354:
                return None
        return _answer(code, reply, self._password())

    def _after(self, server: smtplib.SMTP, answer: Answer) -> Answer:
        """Leave the connection ready for the next message; 421 means the server has closed it."""
        if answer.code in _BLOCKED_ACCOUNT:
            self.close()
            raise QueueStopped(_login_problem(self._settings, answer.reply), answer.code, account=True)
        if answer.code == 421:
            self._drop()
            return Answer("later", answer.code, answer.reply, lost=True)
        if answer.result != "sent":
            try:
                server.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()
        return answer

    def _broken(self, result: Result, error: Exception) -> Answer:
        self._drop()
        return Answer(result, None, _clean(f"{type(error).__name__}: {error}", self._password()), lost=True)

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    # --- connecting ----------------------------------------------------------------------------------

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        _check_settings(settings, self._environ)
        server: smtplib.SMTP | None = None
        try:
            server = self._dial()
            server.ehlo()
            if settings.security == "starttls":
                if not server.has_extn("starttls"):
                    raise QueueStopped(_no_tls(settings), None, account=True)
                server.starttls(context=self._context)
                server.ehlo()
            if settings.user is not None:
                self._login(server)
            return server
        except ssl.SSLCertVerificationError as error:
            _close(server)
            raise QueueStopped(_bad_certificate(settings, error.verify_message), None, account=True) from None
        except QueueStopped:
            _close(server)
            raise
        except (smtplib.SMTPException, OSError) as error:
            _close(server)
            code = getattr(error, "smtp_code", None)
            reason = _clean(f"{type(error).__name__}: {error}", self._password())
            raise QueueStopped(_unreachable(settings, reason), code, account=False) from None

    def _dial(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == "tls":
            return smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout_seconds, context=self._context
            )
        return smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)

    def _login(self, server: smtplib.SMTP) -> None:
        try:
            server.login(self._settings.user or "", self._password())
        except smtplib.SMTPAuthenticationError as error:
            reply = _clean(error.smtp_error, self._password())
            raise QueueStopped(_login_problem(self._settings, reply), error.smtp_code, account=True) from None
        except smtplib.SMTPNotSupportedError:
            raise QueueStopped(
                _login_problem(self._settings, "no login offered"), None, account=True
            ) from None

    def _password(self) -> str:
        return self._environ.get(self._settings.password_env or "", "")


def _answer(code: int, reply: bytes | str, password: str) -> Answer:
    text = _clean(reply, password)
    if 200 <= code < 300:
        return Answer("sent", code, text)
    return Answer("later" if 400 <= code < 500 else "refused", code, text)


def _dotted(body: bytes) -> bytes:
    """The message as it goes over the wire: lines end in CRLF, leading dots doubled, a lone dot at the end
    (RFC 5321, 4.5.2)."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


def _clean(reply: bytes | str, password: str) -> str:
    """A reply as it may be stored and shown: printable, short, and without the password should a server
    repeat it."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return shown(text.replace(password, "***") if password else text, REPLY_LIMIT)


def _close(server: smtplib.SMTP | None) -> None:
    if server is not None:
        server.close()


def _check_settings(settings: Smtp, environ: Mapping[str, str]) -> None:
    if settings.user is None:
        return
    if settings.security == "none" and settings.host not in _LOCAL:
        raise QueueStopped(
            Problem(
                "E-TLS",
                "A password is not sent to {host} without encryption.",
                "Set delivery: smtp: security to starttls or tls.",
                params={"host": settings.host},
            ),
            None,
            account=True,
        )
    if not environ.get(settings.password_env or ""):
        raise QueueStopped(
            Problem(
                "E-SMTPPASSWORD",
                "The password for {user} at {host} is not set.",
                "Put it into the environment variable {name} (password_env in scorecards.yaml).",
                params={"user": settings.user, "host": settings.host, "name": settings.password_env or "?"},
            ),
            None,
            account=True,
        )


def _no_tls(settings: Smtp) -> Problem:
    return Problem(
        "E-TLS",
        "The mail server {host} offers no encryption (STARTTLS), so nothing was sent.",
        "Check host and port, or set security: tls for a server that speaks TLS from the start.",
        params={"host": settings.host},
    )


def _bad_certificate(settings: Smtp, why: str) -> Problem:
    return Problem(
        "E-CERTIFICATE",
        "The certificate of the mail server {host} was not accepted: {why}.",
        "Write the host name that the certificate is for, or have the certificate renewed.",
        params={"host": settings.host, "why": shown(why)},
    )


def _login_problem(settings: Smtp, reply: str) -> Problem:
    return Problem(
        "E-SMTPLOGIN",
        "The mail server {host} did not accept the login: {reply}.",
        "Check user and the password in {name}; the queue stopped after one try to keep the account open.",
        params={"host": settings.host, "reply": reply, "name": settings.password_env or "password_env"},
    )


def _unreachable(settings: Smtp, reason: str) -> Problem:
    return Problem(
        "E-SMTP",
        "The mail server {host}:{port} could not be reached: {reason}.",
        "Messages wait and are tried again; check host, port and network.",
        params={"host": settings.host, "port": settings.port, "reason": reason},
    )
