"""What the machine refuses, as a sentence: a full disk, a folder that cannot be written.

Here: telling such a failure from one that nobody expected. Not here: problems of a workspace, which its own
modules raise as sentences.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from pipeline.errors import Translate

_FULL = (errno.ENOSPC, errno.EDQUOT)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR)


def machine_trouble(error: BaseException, say: Translate) -> str | None:
    """The sentence for a failure that the machine is behind, however deep it is; None for any other."""
    for one in _chain(error):
        text = _of_file(one, say) if isinstance(one, OSError) else _of_database(one, say)
        if text:
            return text
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The failure and those that led to it, each once."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def _of_file(error: OSError, say: Translate) -> str | None:
    if error.errno in _FULL:
        return _full(say)
    if error.filename is None:
        return None
    if error.errno in _CLOSED:
        return _closed(str(error.filename), say)
    if error.errno in _IN_THE_WAY:
        message = say("{file} is in the way: a folder is needed there.").format(file=error.filename)
        return f"{message} {say('Move it away, or name another folder in scorecards.yaml.')}"
    return None


def _of_database(error: BaseException, say: Translate) -> str | None:
    """SQLite tells these two in words alone, also from inside another library's exception."""
    if type(error).__name__ != "OperationalError":
        return None
    if "database or disk is full" in str(error):
        return _full(say)
    return _closed("SQLite", say) if "readonly database" in str(error) else None


def _full(say: Translate) -> str:
    message = say("The disk is full, so not everything could be written.")
    return f"{message} {say('Free some space, then run the command again: it makes what is missing.')}"


def _closed(file: str, say: Translate) -> str:
    message = say("{file} may not be read or written by you.").format(file=file)
    return f"{message} {say('Check its owner and permissions; `scorecards doctor` says more.')}"
