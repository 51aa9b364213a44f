"""The one way to ask a system's interface: pace, waits, retries, damaged answers, and no secret in any text.

Here: sending one request until it is answered or hopeless. Not here: what is asked (pulls/), what is done
with the answer (pull.py). Rules:

- Tried again: no connection, a connection lost in the middle, 408, 423, 425, 429, 477, 5xx, an answer that is
  not whole JSON, and bodies that say "again" whatever their status. Never 401 or 403 (but a key that ran out
  is exchanged once), never a redirect: a key goes to the host it was given for and nowhere else.
- The wait is what the system asks for, in the header or in the body, and never less; without that it doubles
  from one second. A wait longer than MAX_WAIT, or one that ends later than PATIENCE after the first request,
  ends the pull with the time to come back; what was read is kept.
- Certificates are always checked. Every text that leaves here has the secrets cut out.
"""

from __future__ import annotations

import base64
import math
import random
import re
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import httpx

from pipeline.errors import shown
from pipeline.sources.pulls.bundle import read_json
from pipeline.sources.pulls.spec import Call, Manners, PullFailed, Refusal, failed

ATTEMPTS = 6
MAX_WAIT = 900.0
PATIENCE = 2400.0
"""Seconds: the longest single wait, and the age of a pull at the end of a wait."""
LONGEST_BACKOFF = 60.0
JITTER = 0.25
"""Share of a wait that is added at most, so that several machines do not come back at the same moment."""
TIMEOUT = httpx.Timeout(60.0, connect=15.0)
MAX_BYTES = 64 * 2**20
SAID_LIMIT = 200
HIDDEN = "***"
_AGAIN = frozenset({408, 423, 425, 429, 477})
_LEAST = {423: 2.0, 477: 10.0}
"""Seconds to wait at least after a status that names no time."""
_POLICIES = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": math.inf}
"""HubSpot names the limit that was hit, not the time; after the daily one there is no point today."""
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")

Clock = Callable[[], datetime]
Sleep = Callable[[float], None]


class Secrets:
    """The texts that must appear nowhere, and how they are cut out of others."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._texts: list[str] = []
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Hide a secret as it is, in an address, and as the user name or password of basic authorisation."""
        plain = value.strip()
        if not plain:
            return
        forms = {plain, quote(plain, safe=""), *(_basic(plain + tail) for tail in ("", ":"))}
        self._texts = sorted({*self._texts, *forms}, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        for secret in self._texts:
            text = text.replace(secret, HIDDEN)
        return text


def _basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Authority(Protocol):
    """Who signs requests."""

    def headers(self) -> Mapping[str, str]: ...

    def renewed(self, client: Client) -> bool:
        """Exchange a key that ran out; False when there is nothing to exchange."""


@dataclass
class FixedKey:
    """A key that is valid until somebody revokes it."""

    signed: Mapping[str, str]

    def headers(self) -> Mapping[str, str]:
        return self.signed

    def renewed(self, client: Client) -> bool:
        return False


@dataclass
class RefreshedKey:
    """A short-lived key, exchanged for a refresh token (OAuth 2.0, RFC 6749 section 6)."""

    url: str
    client_id: str
    client_secret: str
    token: str
    """The refresh token; a system may hand out another one in exchange."""
    sign: Callable[[str], Mapping[str, str]]
    rotated: Callable[[str], None]
    """Told the refresh token that holds from now on."""
    _key: str = ""

    def headers(self) -> Mapping[str, str]:
        return self.sign(self._key) if self._key else {}

    def renewed(self, client: Client) -> bool:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        body = client.exchange(self.url, form)
        key, following = body.get("access_token"), body.get("refresh_token")
        if not isinstance(key, str) or not key:
            raise failed(
                "E-PULL-ACCOUNT",
                "{host} gave no key for the refresh token.",
                "Authorise the application again and store the new refresh token.",
                host=client.host,
            )
        client.secrets.add(key)
        self._key = key
        if isinstance(following, str) and following and following != self.token:
            client.secrets.add(following)
            self.token = following
            self.rotated(following)
        return True


@dataclass(frozen=True)
class _Trouble:
    """A request that was not answered. `wait`: seconds the system asked for; None: it named no time."""

    failure: PullFailed
    again: bool = False
    wait: float | None = None
    least: float = 0.0
    expired: bool = False


class Client:
    """One system's interface during one pull. Use as a context manager."""

    def __init__(
        self,
        base_url: str,
        manners: Manners,
        authority: Authority,
        secrets: Secrets,
        *,
        clock: Clock,
        sleep: Sleep,
        jitter: Callable[[], float] = random.random,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self.secrets = secrets
        self.host = urlsplit(base_url).hostname or base_url
        self._base = base_url.rstrip("/")
        self._manners = manners
        self._authority = authority
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)
        self._spent: deque[tuple[datetime, int]] = deque()
        """When requests went out and what they cost, as far back as the quota looks."""
        self._began = clock()
        self._signed = False

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, call: Call) -> str:
        """The answer's JSON as the system wrote it, secrets cut out. Raises PullFailed."""
        if not self._signed:
            self._authority.renewed(self)
            self._signed = True
        renewed = False
        for attempt in range(1, ATTEMPTS + 1):
            self._pace(call.units)
            outcome = self._once(call)
            if isinstance(outcome, str):
                return self.secrets.hidden(outcome)
            if outcome.expired and not renewed and self._authority.renewed(self):
                renewed = True
                continue
            if not outcome.again or attempt == ATTEMPTS:
                raise outcome.failure
            self._wait(outcome, attempt)
        raise AssertionError("the last attempt returns or raises")

    def exchange(self, url: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        """The answer of a token endpoint."""
        for attempt in range(1, ATTEMPTS + 1):
            outcome = self._answer(lambda: self._http.build_request("POST", url, data=dict(form)))
            if isinstance(outcome, str):
                body = read_json(outcome)
                return body if isinstance(body, Mapping) else {}
            if not outcome.again or attempt == ATTEMPTS:
                raise outcome.failure
            self._wait(outcome, attempt)
        raise AssertionError("the last attempt returns or raises")

    # --- one attempt ---

    def _once(self, call: Call) -> str | _Trouble:
        def request() -> httpx.Request:
            headers = {"Accept": "application/json", **self._authority.headers()}
            method = "GET" if call.json is None else "POST"
            return self._http.build_request(
                method, self._base + call.path, params=call.params or None, json=call.json, headers=headers
            )

        return self._answer(request)

    def _answer(self, request: Callable[[], httpx.Request]) -> str | _Trouble:
        try:
            response = self._http.send(request(), stream=True)
            try:
                data = b"".join(_limited(response, self.host))
            finally:
                response.close()
        except httpx.HTTPError as error:
            return self._unreached(error)
        return self._judged(response, data)

    def _judged(self, response: httpx.Response, data: bytes) -> str | _Trouble:
        text, body = _json_of(data)
        status = response.status_code
        if status in (401, 403):
            return self._no_entry(status, body)
        if status in _AGAIN or status >= 500:
            wait = asked_wait(response.headers, body, self._clock())
            return self._busy(status, body, wait)
        refusal = None if text is None else self._manners.judge(body)
        if refusal is not None:
            return self._refused(status, refusal, asked_wait(response.headers, body, self._clock()))
        if not 200 <= status < 300:
            return self._rejected(response, body)
        if text is None:
            return _Trouble(self._no_json(data), again=True)
        return text

    # --- what is said ---

    def _said(self, text: object) -> str:
        return shown(self.secrets.hidden(str(text)), SAID_LIMIT)

    def _unreached(self, error: httpx.HTTPError) -> _Trouble:
        if _is_certificate(error):
            return _Trouble(
                failed(
                    "E-PULL-TLS",
                    "{host} could not prove that it is {host}: {what}",
                    "Do not send the key. Check the network and this machine's clock and certificates.",
                    host=self.host,
                    what=self._said(error),
                )
            )
        return _Trouble(
            failed(
                "E-PULL-NETWORK",
                "{host} could not be reached or broke off: {what}.",
                "Check the network, then run again; what was read before is kept.",
                host=self.host,
                what=self._said(str(error) or type(error).__name__).rstrip("."),
            ),
            again=True,
        )

    def _no_entry(self, status: int, body: Any) -> _Trouble:
        return _Trouble(
            failed(
                "E-PULL-ACCOUNT",
                "{host} does not accept the key ({said}).",
                "Check that the key is whole, has not run out and has the rights that docs/pulls.md lists.",
                host=self.host,
                said=self._said(said_in(body) or status),
            ),
            expired=status == 401,
        )

    def _busy(self, status: int, body: Any, wait: float | None) -> _Trouble:
        if wait == math.inf:
            return _Trouble(
                failed(
                    "E-PULL-LIMIT",
                    "{host} has answered as often as it may today ({said}).",
                    "Run again tomorrow.",
                    host=self.host,
                    said=self._said(said_in(body) or status),
                )
            )
        return _Trouble(
            failed(
                "E-PULL-SERVER",
                "{host} cannot answer now ({said}).",
                "Run again later; what was read before is kept.",
                host=self.host,
                said=self._said(said_in(body) or status),
            ),
            again=True,
            wait=wait,
            least=_LEAST.get(status, 0.0),
        )

    def _refused(self, status: int, refusal: Refusal, wait: float | None) -> _Trouble:
        if refusal.kind == "account":
            return self._no_entry(403, {"message": refusal.said})
        if refusal.kind == "again":
            return self._busy(status, {"message": refusal.said}, wait)
        return _Trouble(
            failed(
                "E-PULL-REFUSED",
                "{host} refused the request: {said}",
                "Check the keys under pull. If they are right, report it; until then drop the export as a "
                "file.",
                host=self.host,
                said=self._said(refusal.said),
            )
        )

    def _rejected(self, response: httpx.Response, body: Any) -> _Trouble:
        if response.is_redirect:
            target = urlsplit(response.headers.get("location", "")).hostname or self.host
            return _Trouble(
                failed(
                    "E-PULL-ADDRESS",
                    "{host} sends the request on to {target}; the key was not sent there.",
                    "If that is the system's right address, write it under pull: base_url.",
                    host=self.host,
                    target=self._said(target),
                )
            )
        return self._refused(
            response.status_code, Refusal("stop", str(said_in(body) or response.status_code)), None
        )

    def _no_json(self, data: bytes) -> PullFailed:
        return failed(
            "E-PULL-ANSWER",
            "{host} answered with something that is not whole JSON: {start}",
            "Run again later. If it stays so, the address or the key may be that of another system.",
            host=self.host,
            start=self._said(data[:SAID_LIMIT].decode("utf-8", "replace")),
        )

    # --- time ---

    def _pace(self, units: int) -> None:
        """Wait until a request of this size fits into the system's quota, over whatever span one looks at."""
        now, span = self._clock(), timedelta(seconds=self._manners.seconds)
        while self._spent and self._spent[0][0] <= now - span:
            self._spent.popleft()
        over = sum(spent for _, spent in self._spent) + units - self._manners.units
        free_at = now
        for at, spent in self._spent:
            if over <= 0:
                break
            over, free_at = over - spent, at + span
        if free_at > now:
            self._rest((free_at - now).total_seconds())
        self._spent.append((free_at, units))

    def _wait(self, trouble: _Trouble, attempt: int) -> None:
        backoff = min(2.0 ** (attempt - 1), LONGEST_BACKOFF)
        seconds = max(trouble.wait if trouble.wait else backoff, trouble.least)
        self._rest(seconds * (1 + JITTER * self._jitter()))

    def _rest(self, seconds: float) -> None:
        until = self._clock() + timedelta(seconds=seconds)
        if seconds > MAX_WAIT or (until - self._began).total_seconds() > PATIENCE:
            raise failed(
                "E-PULL-LIMIT",
                "{host} wants to be asked again only at {when} (UTC), which is longer than a run may wait.",
                "Run again after that time; what was read before is kept.",
                host=self.host,
                when=until.strftime("%Y-%m-%d %H:%M:%S"),
            )
        self._sleep(seconds)


# --- answers -----------------------------------------------------------------------------------------


def _limited(response: httpx.Response, host: str) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > MAX_BYTES:
            raise failed(
                "E-PULL-ANSWER",
                "{host} sent more than {limit} MB in one answer.",
                "Fetch less at a time: a later day under pull: since.",
                host=host,
                limit=MAX_BYTES // 2**20,
            )
        yield chunk


def _json_of(data: bytes) -> tuple[str | None, Any]:
    """(text, value) of an answer that is whole JSON, else (None, None)."""
    try:
        text = data.decode("utf-8-sig")
        return text, read_json(text)
    except (ValueError, RecursionError):
        return None, None


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def said_in(body: Any) -> str:
    """The message of an error body, wherever the usual systems put it; empty when there is none."""
    if isinstance(body, list):
        return "; ".join(filter(None, (said_in(one) for one in body)))
    if not isinstance(body, Mapping):
        return body if isinstance(body, str) else ""
    for key in ("message", "error_description", "detail", "title", "error", "error_name", "code"):
        if body.get(key):
            return said_in(body[key]) or str(body[key])
    return said_in(body.get("errors"))


def asked_wait(headers: Mapping[str, str], body: Any, now: datetime) -> float | None:
    """Seconds a system asks to wait: the first of Retry-After (seconds or a date), retry_after and
    try-in-seconds in the body, the limit HubSpot names, a time in the message. Infinite: not today."""
    found = _retry_after(headers.get("retry-after", ""), now)
    if found is None:
        found = _in_body(body)
    return _until(body, now) if found is None else found


def _retry_after(text: str, now: datetime) -> float | None:
    seconds = _seconds(text)
    if seconds is not None or not text:
        return seconds
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)


def _seconds(value: object) -> float | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _in_body(body: Any) -> float | None:
    if not isinstance(body, Mapping):
        return None
    for key in ("retry_after", "try-in-seconds"):
        seconds = _seconds(body[key]) if key in body else None
        if seconds is not None:
            return seconds
    if str(body.get("policyName")) in _POLICIES:
        return _POLICIES[str(body["policyName"])]
    return _in_body(body.get("error"))


def _until(body: Any, now: datetime) -> float | None:
    """A time inside the message. Counted from the system's own clock too where it says what that shows, so
    that a machine whose clock is ahead does not come back too early."""
    match = _INSTANT.search(said_in(body))
    until = _instant(match[0]) if match else None
    if until is None:
        return None
    theirs = _instant(str(body.get("time", ""))) if isinstance(body, Mapping) else None
    return max((until - (theirs if theirs and theirs < now else now)).total_seconds(), 0.0)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
