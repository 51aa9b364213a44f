"""The text of a proposed source: YAML that can be loaded as it stands, with its notes as comments.

Here: how it is written. Not here: what is in it (propose.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pipeline.errors import Translate
from pipeline.sources.propose import Key, Note, Proposal
from pipeline.workspace.yamlnodes import scalar

WIDTH = 100
DECIDE = "decide"
_PLAIN = re.compile(r"[^\W\d_][\w ./-]*[\w./]|[^\W\d_]")
_WORDS = frozenset({"true", "false", "null"})


def proposal_text(made: Proposal, title: str, say: Translate) -> str:
    """sources/<id>.yaml. A line `# decide: ...` stands above each that a person has to confirm or change."""
    lines = [f"# {title}"]
    for key, value in made.settings.items():
        lines += _noted(made, (key,), "", say)
        if isinstance(value, dict) and key in ("columns", "format", "dimensions"):
            lines.append(f"{key}:")
            for name, inner in value.items():
                lines += _noted(made, (key, name), "  ", say)
                lines.append(f"  {_key(name)}: {written(inner)}")
        elif isinstance(value, list):
            lines.append(f"{key}:")
            lines += [f"  - {written(one)}" for one in value]
        else:
            lines.append(f"{key}: {written(value)}")
    return "\n".join(lines) + "\n"


def _noted(made: Proposal, key: Key, indent: str, say: Translate) -> list[str]:
    return [f"{indent}# {note_text(note, say)}" for note in made.notes.get(key, ())]


def note_text(note: Note, say: Translate) -> str:
    text = say(note.text).format(**note.params)
    return f"{DECIDE}: {text}" if note.is_question else text


def written(value: object) -> str:
    """A value in YAML's flow form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)}: {written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(written(one) for one in value) + "]"
    return str(value) if isinstance(value, int) else _text(str(value))


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) if name in _WORDS else _text(name)


def _text(value: str) -> str:
    """Bare when nobody could read it as anything else, in quotation marks otherwise."""
    plain = _PLAIN.fullmatch(value) and value.casefold() not in _WORDS and scalar(value) == value
    return value if plain else json.dumps(value, ensure_ascii=False)
