"""What a system's module declares about fetching an export, and nothing that talks to a network.

Here: the shape of a declaration, of a request, of an error inside an answer. Not here: any system's own paths
(one module each), sending a request (http.py), saving answers (pull.py, bundle.py).
A module asks in a fixed order: the same answers lead to the same requests, which is what lets a pull that was
killed go on from the answers it has saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pipeline.errors import Problem, ScorecardError
from pipeline.workspace.draft import PullKeys
from pipeline.workspace.model import Pull

if TYPE_CHECKING:
    from pipeline.sources.pulls.bundle import Bundle
    from pipeline.sources.vendor import ExportSpec

COMMON_KEYS = frozenset({"token_env", "keyring", "base_url"})


class PullFailed(ScorecardError):
    """A pull did not come to its end; only what its source feeds is affected. Carries no secret."""

    exit_code = 3


@dataclass(frozen=True)
class Call:
    """One request. With `json` it is a POST, else a GET; it never holds a secret, since it is saved."""

    kind: str
    """What the answer holds, for whoever reads the saved answers: deals, owners."""
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    units: int = 1
    """What it costs of the system's quota."""

    def record(self) -> dict[str, Any]:
        """The request as it is saved beside its answer and compared when a pull goes on."""
        return {"kind": self.kind, "path": self.path, "params": dict(self.params), "json": self.json}


@dataclass(frozen=True)
class Refusal:
    """An answer whose body says that it is an error, whatever its status says.

    again: worth another try, after the wait the body names. account: the key or its rights are wrong.
    stop: anything else.
    """

    kind: Literal["again", "account", "stop"]
    said: str


def _never(body: Any) -> Refusal | None:
    return None


@dataclass(frozen=True)
class Manners:
    """How a system wants to be asked: at most `units` in `seconds`, and how its errors look."""

    units: int
    seconds: float
    judge: Callable[[Any], Refusal | None] = _never


class Asking(Protocol):
    """What a system's module gets to ask with (pull.py)."""

    @property
    def started_at(self) -> datetime:
        """UTC; stays the same when a pull goes on after it was killed."""

    @property
    def pull(self) -> Pull: ...

    @property
    def changed_since(self) -> datetime | None:
        """UTC; where a pull of changes begins; None: everything is wanted."""

    @property
    def today(self) -> date:
        """The company's calendar day at `started_at`."""

    def ask(self, call: Call) -> Any:
        """The answer's JSON; numbers are the text of their digits. Raises PullFailed."""


@dataclass(frozen=True)
class Record:
    """One record of a system as cells by header; `line` is the landed file's line it stands in."""

    line: int
    cells: Mapping[str, str]
    removed: bool = False
    """Deleted or archived in the system: its row counts no longer."""
    left_out: str = ""
    """Why it is no row of the export, in the system's own terms; it is counted and left out."""


@dataclass(frozen=True)
class PullSpec:
    """How one export of a system is fetched.

    `ask` makes the requests; `records` makes rows of the landed answers, under headers that the export's
    declaration accepts: the system's own (vendors/) or, where that has none for it, `spec`.
    """

    system: str
    export: str
    title: str
    base_url: str
    manners: Manners
    ask: Callable[[Asking], None]
    records: Callable[[Bundle], list[Record]]
    headers: Callable[[Bundle], tuple[str, ...]]
    authorisation: Callable[[str, Pull], Mapping[str, str]]
    """Request headers that carry the key."""
    delivers: Callable[[Pull], Literal["full", "changes"]]
    spec: ExportSpec | None = None
    keys: frozenset[str] = frozenset()
    """Keys of `pull` it takes beyond the common ones."""
    needs: frozenset[str] = frozenset()
    keep: Callable[[Any], Any] | None = None
    """What of an answer is kept; None: all of it."""
    exchange_url: str = ""
    """Where a refresh token is exchanged for the key; empty: the secret is the key itself."""
    numbers_alike: bool = True
    """Records have the identifiers that the system's files have, so that both together count once."""
    watermark: bool = False
    """A pull of changes may begin where the one before ended."""
    unverified: str = ""
    """What about this interface nobody could verify, for the documentation."""

    @property
    def pull_keys(self) -> PullKeys:
        return PullKeys(COMMON_KEYS | self.keys, self.needs, self.delivers(Pull()) == "full")


def bearer(key: str, pull: Pull) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def always_full(pull: Pull) -> Literal["full", "changes"]:
    return "full"


def always_changes(pull: Pull) -> Literal["full", "changes"]:
    return "changes"


def failed(code: str, message: str, remedy: str = "", **params: object) -> PullFailed:
    """A PullFailed with one problem."""
    return PullFailed(Problem(code, message, remedy, params=params))
