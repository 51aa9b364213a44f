"""Where the keys of pulls come from: the environment or this machine's keyring, and nowhere else.

Here: looking a secret up, saying which one is missing, storing a refresh token that a system replaced. Not
here: using it (http.py). A secret is never part of a message, a log or a file of ours.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from types import ModuleType

from pipeline.sources.pulls.spec import PullFailed, failed
from pipeline.workspace.model import Pull, Source

SHORTEST = 6
"""Characters of a key; anything shorter, cut out of texts, would tear words and numbers apart."""
_INSTALL = 'pip install "goal-scorecards[keyring]"'


def key_of(source: Source, pull: Pull, environ: Mapping[str, str] | None = None) -> str:
    """The key of a source's pull. Raises PullFailed (E-SECRET)."""
    if pull.token_env is not None:
        return variable(source, pull.token_env, environ)
    return _usable(source, str(pull.keyring), _from_keyring(source, str(pull.keyring)))


def variable(source: Source, name: str, environ: Mapping[str, str] | None = None) -> str:
    """The value of an environment variable. Raises PullFailed (E-SECRET) that names it and shows nothing."""
    value = (os.environ if environ is None else environ).get(name, "").strip()
    if not value:
        raise failed(
            "E-SECRET",
            "The environment variable {name}, which holds the key of source {source}, is not set.",
            "Set it for the program that runs the pull, then run again; docs/pulls.md tells where keys are.",
            name=name,
            source=source.id,
        )
    return _usable(source, name, value)


def can_store(pull: Pull) -> bool:
    """Whether a key that a system replaced can be kept: the environment of a program cannot be."""
    return pull.keyring is not None


def store(source: Source, pull: Pull, value: str) -> None:
    """Keep a replaced key in the keyring. Raises PullFailed (E-SECRET)."""
    service, _, name = str(pull.keyring).partition("/")
    try:
        _keyring(source).set_password(service, name or source.id, value)
    except PullFailed:
        raise
    except Exception as error:  # every backend has errors of its own
        raise _keyring_failed(source, error) from None


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


def _from_keyring(source: Source, entry: str) -> str:
    service, _, name = entry.partition("/")
    try:
        value = _keyring(source).get_password(service, name or source.id)
    except PullFailed:
        raise
    except Exception as error:  # every backend has errors of its own
        raise _keyring_failed(source, error) from None
    if not value:
        raise failed(
            "E-SECRET",
            "The keyring has no entry {entry}, which holds the key of source {source}.",
            "Store it: keyring set {service} {name}",
            entry=entry,
            source=source.id,
            service=service,
            name=name or source.id,
        )
    return str(value).strip()


def _keyring(source: Source) -> ModuleType:
    try:
        return importlib.import_module("keyring")
    except ImportError:
        raise failed(
            "E-SECRET",
            "The key of source {source} is in the keyring, and keyrings are not installed.",
            "Install them: {command}, or use token_env.",
            source=source.id,
            command=_INSTALL,
        ) from None


def _keyring_failed(source: Source, error: Exception) -> PullFailed:
    return failed(
        "E-SECRET",
        "The keyring did not give the key of source {source} ({what}).",
        "Unlock the keyring, or use token_env.",
        source=source.id,
        what=type(error).__name__,
    )
