"""The company's own templates: which built-in ones they replace, and which original each was copied from.

Here: finding and reading the files under `templates/`, the fingerprint in their first line. Not here: running
them (report/engine.py) or what a page made by them may contain (report/ownpage.py). Names are a closed set,
those of the built-in templates, so that nothing else of the machine can be included or imported.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pipeline.bundled import templates_dir
from pipeline.errors import Problem, nearest, shown
from pipeline.workspace.inert import css_reaches_out

FOLDER = "templates"
LARGEST = 256_000
"""Bytes of one template; the largest built-in one has 20 000."""
ENDINGS = (".j2", ".css")
_MARK = re.compile(r"\A(?:\{#-?|/\*) copied from built-in ([\w./-]+) ([0-9a-f]{16}) (?:-?#\}|\*/)[^\n]*\n?")


def built_in_names() -> list[str]:
    """The templates there are, as paths below reports/templates."""
    folder = templates_dir()
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.name.endswith(ENDINGS) and path.is_file()
    )


def built_in_text(name: str) -> str:
    return (templates_dir() / PurePosixPath(name)).read_text("utf-8")


def fingerprint(text: str) -> str:
    """16 hexadecimal digits of a template's SHA-256, line ends made alike."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()[:16]


def marked(name: str) -> str:
    """The built-in template as it is copied out: its fingerprint in the first line, in a comment that prints
    nothing."""
    text = built_in_text(name)
    words = f"copied from built-in {name} {fingerprint(text)}"
    return f"/* {words} */\n{text}" if name.endswith(".css") else f"{{#- {words} -#}}\n{text}"


def without_mark(text: str) -> tuple[str, str | None]:
    """(The template without its first line, the fingerprint in it); None when it says none."""
    found = _MARK.match(text)
    return (text[found.end() :], found[2]) if found else (text, None)


def read_own_templates(root: Path) -> tuple[dict[str, str], list[Problem]]:
    """Name -> text of every template that replaces a built-in one, and what is wrong with the others."""
    folder, names = root / FOLDER, built_in_names()
    if not folder.is_dir():
        return {}, []
    if folder.is_symlink():
        return {}, [_a_link(FOLDER)]
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            problems.append(_a_link(f"{FOLDER}/{name}"))
        elif not path.is_file() or any(part.startswith(".") for part in PurePosixPath(name).parts):
            continue
        elif name not in names:
            problems.append(_unknown(name, names))
        else:
            problems += _read(path, name, texts)
    return texts, problems


def _read(path: Path, name: str, texts: dict[str, str]) -> Iterator[Problem]:
    file = f"{FOLDER}/{name}"
    data = path.read_bytes() if path.stat().st_size <= LARGEST else b"\xff"
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        yield Problem(
            "E-TEMPLATE",
            "The template is not UTF-8 text of at most {most} KB.",
            "Save it as UTF-8, or remove it: the built-in one is used then.",
            file=file,
            params={"most": LARGEST // 1000},
        )
        return
    texts[name] = text
    yield from _outdated(file, name, text)
    if name.endswith(".css") and (reach := css_reaches_out(text)):
        line = text[: text.find(reach)].count("\n") + 1 if reach in text else None
        yield Problem(
            "E-TEMPLATE",
            "The style sheet reaches outside itself: {what}.",
            "Remove it: pages load nothing. A logo belongs into look: in scorecards.yaml.",
            file=file,
            line=line,
            value=shown(reach),
            params={"what": shown(reach)},
        )


def _outdated(file: str, name: str, text: str) -> Iterator[Problem]:
    mark, now = without_mark(text)[1], fingerprint(built_in_text(name))
    if mark and mark != now:
        yield Problem(
            "W-TEMPLATE",
            "The built-in {name} has changed since this copy was made.",
            "Look at `scorecards templates diff {name}`, take over what you need, and put {now} into the "
            "first line.",
            file=file,
            line=1,
            severity="warning",
            params={"name": name, "now": now},
        )


def _unknown(name: str, names: list[str]) -> Problem:
    last = {PurePosixPath(one).name: one for one in names}
    near = nearest(name, names) or last.get(nearest(PurePosixPath(name).name, last) or "")
    return Problem(
        "W-UNREAD",
        "Nothing reads this file: there is no built-in template {name}.",
        "Did you mean {near}?" if near else "`scorecards templates` lists them.",
        file=f"{FOLDER}/{name}",
        severity="warning",
        params={"name": shown(name), "near": near},
    )


def _a_link(file: str) -> Problem:
    return Problem(
        "E-TEMPLATE",
        "{file} is a link to another place; templates lie in the workspace itself.",
        "Replace the link by the file.",
        file=file,
        params={"file": shown(file)},
    )
