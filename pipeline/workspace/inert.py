"""What a style sheet or drawing that a company brings may contain: nothing that fetches or runs.

Here: the words of CSS that reach outside, and the check of attributes. Not here: who is checked (logo.py,
report/ownpage.py), nor the lock at the printer, which holds even if something is overlooked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

FETCHING = frozenset(
    """
    url src image image-set -webkit-image-set -moz-image-set cross-fade -webkit-cross-fade element
    -moz-element paint expression
    """.split()  # noqa: SIM905 - a list of words reads better than quoted ones
)
"""Functions of CSS that name something to load, or run something."""
AT_RULES = frozenset(("page", "media", "supports"))
MARGIN_BOX = re.compile(r"(?:top|bottom|left|right)-[a-z-]+")
_LOCAL = re.compile(r"#[A-Za-z_][\w.-]*")


def css_reaches_out(css: str, *, local: bool = False) -> str | None:
    """The first thing in a style sheet that it may not have, as written; None when it has none.

    local: `url(#name)` may stand, as drawings use it for gradients of their own."""
    from tinycss2 import parse_component_value_list

    if "<" in css:  # no style needs it, and inside a page it could end the style
        return css[css.index("<") :][:20]
    return next(_reaching(parse_component_value_list(css), local), None)


def _reaching(tokens: list[Any], local: bool) -> Iterator[str]:
    for token in tokens:
        kind = token.type
        if kind == "url" and not (local and _LOCAL.fullmatch(token.value)):
            yield f"url({token.value})"
        elif kind == "function":
            yield from _function(token, local)
        elif kind == "at-keyword" and not _known_at(token.lower_value):
            yield f"@{token.value}"
        elif kind == "error":
            yield token.kind
        elif kind in ("() block", "[] block", "{} block"):
            yield from _reaching(token.content, local)


def _function(token: Any, local: bool) -> Iterator[str]:
    if token.lower_name in FETCHING:
        said = "".join(part.value for part in token.arguments if part.type == "string")
        if not (local and token.lower_name == "url" and _LOCAL.fullmatch(said)):
            yield f"{token.name}({said})"
    yield from _reaching(token.arguments, local)


def _known_at(name: str) -> bool:
    return name in AT_RULES or bool(MARGIN_BOX.fullmatch(name))


def is_local(reference: str) -> bool:
    """Whether a reference leads to a place inside the same file: #name."""
    return bool(_LOCAL.fullmatch(reference.strip()))
