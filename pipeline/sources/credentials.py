"""Where secrets come from (keys of pulls, addresses of databases): the environment or this machine's keyring,
and nowhere else.

Here: looking a secret up, saying which one is missing, storing a refresh token that a system replaced. Not
here: using it (http.py, sql.py). A secret is never part of a message, a log or a file of ours.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from types import ModuleType

from pipeline.sources.pulls.spec import PullFailed, failed
from pipeline.workspace.model import Pull, Source, Sql

SHORTEST = 6
"""Characters of a key; anything shorter, cut out of texts, would tear words and numbers apart."""
_INSTALL = 'pip install "goal-scorecards[keyring]"'
_KEY, _ADDRESS = "token_env", "url_env"
"""The setting that names an environment variable instead of an entry of the keyring."""


def key_of(source: Source, pull: Pull, environ: Mapping[str, str] | None = None) -> str:
    """The key of a source's pull. Raises PullFailed (E-SECRET)."""
    if pull.token_env is not None:
        return variable(source, pull.token_env, environ)
    entry = str(pull.keyring)
    value = _from_keyring(source, entry, _KEY)
    if not value:
        service, name = _parts(source, entry)
        raise failed(
            "E-SECRET",
            "The keyring has no entry {entry}, which holds the key of source {source}.",
            "Store it: keyring set {service} {name}",
            entry=entry,
            source=source.id,
            service=service,
            name=name,
        )
    return _usable(source, entry, value)


def variable(source: Source, name: str, environ: Mapping[str, str] | None = None) -> str:
    """The value of an environment variable. Raises PullFailed (E-SECRET) that names it and shows nothing."""
    value = _set(name, environ)
    if not value:
        raise failed(
            "E-SECRET",
            "The environment variable {name}, which holds the key of source {source}, is not set.",
            "Set it for the program that runs the pull, then run again; docs/pulls.md tells where keys are.",
            name=name,
            source=source.id,
        )
    return _usable(source, name, value)


def address_of(source: Source, sql: Sql, environ: Mapping[str, str] | None = None) -> str:
    """The address of the database that a source asks. Raises PullFailed (E-SECRET)."""
    if sql.url_env is not None:
        if address := _set(sql.url_env, environ):
            return address
        raise failed(
            "E-SECRET",
            "The environment variable {name}, which holds the address of the database, is not set.",
            "Set it for the program that runs the week, then run again.",
            name=sql.url_env,
            source=source.id,
        )
    entry = str(sql.keyring)
    if address := _from_keyring(source, entry, _ADDRESS):
        return address
    service, name = _parts(source, entry)
    raise failed(
        "E-SECRET",
        "The keyring has no entry {name}, which holds the address of the database.",
        "Store it: keyring set {service} {entry}, or name an environment variable under url_env.",
        name=entry,
        source=source.id,
        service=service,
        entry=name,
    )


def _set(name: str, environ: Mapping[str, str] | None) -> str:
    return (os.environ if environ is None else environ).get(name, "").strip()


def can_store(pull: Pull) -> bool:
    """Whether a key that a system replaced can be kept: the environment of a program cannot be."""
    return pull.keyring is not None


def store(source: Source, pull: Pull, value: str) -> None:
    """Keep a replaced key in the keyring. Raises PullFailed (E-SECRET)."""
    service, name = _parts(source, str(pull.keyring))
    try:
        _keyring(source, _KEY).set_password(service, name, value)
    except PullFailed:
        raise
    except Exception as error:  # every backend has errors of its own
        raise _keyring_failed(source, error, _KEY) from None


def _usable(source: Source, name: str, value: str) -> str:
    if len(value) < SHORTEST:
        raise failed(
            "E-SECRET",
            "The key of source {source} in {name} is too short to be one; it was not copied whole.",
            "Copy it again, as one line, without blanks or quotes.",
            source=source.id,
            name=name,
        )
    if value.isascii() and value.isprintable() and " " not in value:
        return value
    raise failed(
        "E-SECRET",
        "The key of source {source} in {name} has characters that no key has; it was not copied as it is.",
        "Copy it again, as one line, without blanks or quotes.",
        source=source.id,
        name=name,
    )


def _parts(source: Source, entry: str) -> tuple[str, str]:
    """(service, name) of an entry; the source's id when no name is written."""
    service, _, name = entry.partition("/")
    return service, name or source.id


def _from_keyring(source: Source, entry: str, instead: str) -> str:
    """What the keyring has under an entry; empty when it has nothing. `instead`: the setting to use when it
    cannot be asked."""
    try:
        value = _keyring(source, instead).get_password(*_parts(source, entry))
    except PullFailed:
        raise
    except Exception as error:  # every backend has errors of its own
        raise _keyring_failed(source, error, instead) from None
    return str(value or "").strip()


def _keyring(source: Source, instead: str) -> ModuleType:
    try:
        return importlib.import_module("keyring")
    except ImportError:
        raise failed(
            "E-SECRET",
            "The secret of source {source} is in the keyring, and keyrings are not installed.",
            "Install them: {command}, or use {instead}.",
            source=source.id,
            command=_INSTALL,
            instead=instead,
        ) from None


def _keyring_failed(source: Source, error: Exception, instead: str) -> PullFailed:
    return failed(
        "E-SECRET",
        "The keyring did not give the secret of source {source} ({what}).",
        "Unlock the keyring, or use {instead}.",
        source=source.id,
        what=type(error).__name__,
        instead=instead,
    )
