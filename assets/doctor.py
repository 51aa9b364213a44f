"""What this machine lacks, and what to do about each: libraries, fonts, folders, clock, mail server.

Every check is one short function that returns findings; none changes anything but a file it removes again.
Wording is kept as English templates; cli.py says them.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import smtplib
import sqlite3
import ssl
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Literal

from pipeline.bundled import templates_dir
from pipeline.workspace.model import Pull, Sql, Workspace

Grade = Literal["ok", "warn", "fail"]

LIBRARIES: tuple[tuple[str, str, str], ...] = (
    ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset.dylib", "libharfbuzz-subset0"),
)
"""Linux name, macOS name, Debian package of what draws the PDF."""
BREW_FOLDERS = ("/opt/homebrew/lib", "/usr/local/lib")
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "sshfs", "fuse.sshfs", "9p", "afs"}
)
OLDEST_SQLITE = (3, 35, 0)
"""The outbox needs UPDATE ... RETURNING."""
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""No right clock is before the year of this program."""
KEYRING_COMMAND = 'pip install "goal-scorecards[keyring]"'
FREE_BYTES = 200_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `message` and `remedy` are English templates over `params`."""

    grade: Grade
    message: str
    remedy: str = ""
    params: dict[str, object] = field(default_factory=dict)


def examine(workspace: Workspace | None) -> list[Finding]:
    """Everything about this machine, and about the workspace when there is one."""
    found = [*python_version(), *libraries(), *fonts(), *sqlite_version(), *clock(datetime.now(UTC))]
    if workspace is not None:
        found += [*state_folder(workspace.state_dir), *network(workspace.state_dir), *space(workspace.root)]
        found += [*secrets(workspace.root), *mail(workspace), *pulls(workspace)]
    return found


# --- the machine -----------------------------------------------------------------------------------------


def python_version() -> Iterator[Finding]:
    """Only said: an older Python could not have installed the program."""
    yield Finding("ok", "Python {version}", params={"version": ".".join(map(str, sys.version_info[:3]))})


def libraries(loads: Callable[[str], bool] | None = None) -> Iterator[Finding]:
    """The libraries that draw the PDF; what to install is one line for this system."""
    can_load = loads or _loads
    missing = [
        (linux, package) for linux, mac, package in LIBRARIES if not any(map(can_load, _names(linux, mac)))
    ]
    if not missing:
        yield Finding("ok", "System libraries for PDF: all there")
        return
    yield Finding(
        "fail",
        "System libraries for PDF are missing: {names}.",
        "Install them: {command}",
        {
            "names": ", ".join(name for name, _ in missing),
            "command": install_command([package for _, package in missing]),
        },
    )


def _names(linux: str, mac: str) -> list[str]:
    if sys.platform == "darwin":
        return [mac, *(f"{folder}/{mac}" for folder in BREW_FOLDERS)]
    return [linux]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def install_command(packages: list[str], platform: str = sys.platform) -> str:
    """The line that installs the missing libraries on this system."""
    if platform == "darwin":
        return "brew install pango harfbuzz"
    if shutil.which("apt-get"):
        sudo = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
        return f"{sudo}apt-get install -y {' '.join(packages)}"
    if shutil.which("dnf"):
        return "sudo dnf install -y pango harfbuzz"
    if shutil.which("apk"):
        return "apk add pango harfbuzz harfbuzz-subset"
    return "pango, harfbuzz, harfbuzz-subset"


def fonts(folder: Path | None = None) -> Iterator[Finding]:
    where = folder or templates_dir() / "fonts"
    found = sorted(path.name for path in where.glob("*.ttf")) if where.is_dir() else []
    if any("Regular" in name for name in found) and any("Bold" in name for name in found):
        yield Finding("ok", "Fonts: {count} bundled", params={"count": len(found)})
    else:
        yield Finding(
            "fail",
            "The bundled fonts are not in {folder}.",
            "Install the program again.",
            {"folder": str(where)},
        )


def sqlite_version(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Iterator[Finding]:
    text = ".".join(map(str, version))
    if version >= OLDEST_SQLITE:
        yield Finding("ok", "SQLite {version}", params={"version": text})
    else:
        yield Finding(
            "fail",
            "SQLite {version} is too old for the outbox, which needs {needed}.",
            "Use a Python that is built with a newer SQLite.",
            {"version": text, "needed": ".".join(map(str, OLDEST_SQLITE))},
        )


def clock(now: datetime) -> Iterator[Finding]:
    if now < RELEASED:
        yield Finding(
            "fail",
            "The clock says {now}, which cannot be.",
            "Set the clock, best by a time server.",
            {"now": now.isoformat(timespec="minutes")},
        )
    else:
        yield Finding("ok", "Clock: {now}", params={"now": f"{now:%Y-%m-%d %H:%M} UTC"})


# --- the workspace ---------------------------------------------------------------------------------------


def state_folder(folder: Path) -> Iterator[Finding]:
    """It can be written, and nobody else can read it: it holds exports as they were received."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as handle:
            handle.write(b"x")
    except OSError as error:
        yield Finding(
            "fail",
            "The state folder {folder} cannot be written: {why}.",
            "Give your user the right to write there.",
            {"folder": str(folder), "why": error.strerror or str(error)},
        )
        return
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding(
            "warn",
            "Others can look into the state folder {folder}, which holds exports as received.",
            "chmod 700 {folder}",
            {"folder": str(folder)},
        )
        return
    yield Finding("ok", "State folder: {folder}", params={"folder": str(folder)})


def network(folder: Path, mounts: str | None = None) -> Iterator[Finding]:
    """Locks and the outbox's journal are not reliable on network file systems."""
    kind = file_system(folder.resolve(), _mounts() if mounts is None else mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        yield Finding(
            "fail",
            "The state folder lies on a network file system ({kind}), where locks cannot be relied on.",
            "Set `state` in scorecards.yaml to a folder on a local disk.",
            {"kind": kind},
        )


def _mounts() -> str:
    path = Path("/proc/mounts")
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def file_system(folder: Path, mounts: str) -> str:
    """Type of the file system a folder lies on, from the text of /proc/mounts; "" when unknown."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        parts = line.split()
        if len(parts) < 3:
            continue
        point = Path(parts[1].replace("\\040", " "))
        if folder.is_relative_to(point) and len(point.parts) > best:
            best, kind = len(point.parts), parts[2]
    return kind


def space(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        yield Finding(
            "warn",
            "Only {megabytes} MB are free in {folder}.",
            "Make room before the next run.",
            {"megabytes": free // 1_000_000, "folder": str(folder)},
        )


def secrets(root: Path) -> Iterator[Finding]:
    """A .env file beside the workspace must not be readable by others."""
    path = root / ".env"
    if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding(
            "fail", "Others can read the secrets in {file}.", "chmod 600 {file}", {"file": str(path)}
        )


def pulls(workspace: Workspace, installed: Callable[[str], bool] | None = None) -> Iterator[Finding]:
    """The keys of pulls and the addresses of databases are where the workspace says; they are not tried out,
    which would cost quota."""
    has = installed or (lambda name: importlib.util.find_spec(name) is not None)
    for source in workspace.sources:
        asked = source.pull or source.sql
        if asked is None:
            continue
        missing = [name for name in _variables(asked) if not os.environ.get(name, "").strip()]
        if missing:
            yield Finding(
                "fail",
                "The secret of source {source} is not in the environment variable {name}.",
                "Set it for the user that runs the program.",
                {"source": source.id, "name": ", ".join(missing)},
            )
        elif asked.keyring is not None and not has("keyring"):
            yield Finding(
                "fail",
                "The secret of source {source} is in the keyring, and keyrings are not installed.",
                "Install them: {command}",
                {"source": source.id, "command": KEYRING_COMMAND},
            )
        else:
            yield Finding("ok", "Secret of source {source}: named", params={"source": source.id})


def _variables(asked: Pull | Sql) -> list[str]:
    """Names of the environment variables that must be set."""
    names = (
        (asked.url_env,)
        if isinstance(asked, Sql)
        else (asked.token_env, asked.client_id_env, asked.client_secret_env)
    )
    return [name for name in names if name]


def mail(workspace: Workspace) -> Iterator[Finding]:
    """The mail server answers, speaks the security asked for, and the password is there."""
    smtp = workspace.company.delivery.smtp
    if smtp is None:
        yield Finding("ok", "Mail: no server set, messages are written as .eml files")
        return
    if smtp.user and not os.environ.get(smtp.password_env or ""):
        yield Finding(
            "fail",
            "The mail password is not in the environment variable {name}.",
            "Set it for the user that runs the program.",
            {"name": smtp.password_env or "password_env"},
        )
    if parseaddr(workspace.company.delivery.sender)[1].endswith("@localhost"):
        yield Finding(
            "warn",
            "Mail would be sent from an address at localhost.",
            "Set delivery.sender in scorecards.yaml.",
        )
    where = {"host": smtp.host, "port": smtp.port}
    try:
        _greet(smtp.host, smtp.port, smtp.security, min(smtp.timeout_seconds, 10))
    except ssl.SSLError as error:
        yield Finding(
            "fail",
            "The mail server {host}:{port} does not offer a secure connection that can be trusted: {why}.",
            "Check `security` (tls is usual on port 465, starttls on 587) and the server's certificate.",
            {**where, "why": error.reason or str(error)},
        )
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            "fail",
            "The mail server {host}:{port} cannot be reached: {why}.",
            "Check host, port and firewall.",
            {**where, "why": str(error)},
        )
    else:
        yield Finding("ok", "Mail server: {host}:{port} answers", params=where)


def _greet(host: str, port: int, security: str, timeout: float) -> None:
    context = ssl.create_default_context()
    if security == "tls":
        with smtplib.SMTP_SSL(host, port, timeout=timeout, context=context) as server:
            server.ehlo()
        return
    with smtplib.SMTP(host, port, timeout=timeout) as server:
        server.ehlo()
        if security == "starttls":
            server.starttls(context=context)
