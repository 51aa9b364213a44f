"""A draft as the text of a goal file, and as a record for other programs.

Here: YAML with marks as comments, quoting. Not here: what the lines are (compose.py). Comments are in the
sentence's language; the words `missing` and `decide` are the same in every language, to be found by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.drafting.model import Drafted, DraftGoal, Letter, Line
from pipeline.language import Speech, speech
from pipeline.workspace.yamlnodes import scalar

INDENT = "  "
_PLAIN = re.compile(r"[^\W_][\w .,%()/+€$£₽–—-]*", re.UNICODE)
"""A text that needs no quotation marks: nothing in it means anything to YAML."""


def goal_file(goals: Sequence[DraftGoal], lang: str) -> str:
    """One goal as a file of its own, several as a list under `goals`."""
    say = speech(lang)
    if len(goals) == 1:
        return "".join(f"{line}\n" for line in goal_lines(goals[0], say))
    lines = [
        f"# {say.count('The sentence holds {n} goal.', 'The sentence holds {n} goals.', len(goals))}",
        "goals:",
    ]
    for goal in goals:
        for number, line in enumerate(goal_lines(goal, say)):
            lines.append(f"{INDENT}{'- ' if number == 0 else INDENT}{line}".rstrip())
    return "".join(f"{line}\n" for line in lines)


def goal_lines(goal: DraftGoal, say: Speech) -> Iterator[str]:
    """Lines of one goal, without indentation."""
    yield f"id: {yaml_text(goal.id)}"
    yield f"title: {yaml_text(goal.title)}"
    for line in goal.lines:
        yield _line(line, say)
    if goal.how:
        yield "how:"
        for item in goal.how:
            yield f"{INDENT}- id: {yaml_text(item.id)}"
            yield f"{INDENT}  title: {yaml_text(item.title)}"
    for words in goal.unread:
        yield f"# {say.typeset(say('in no field yet: “{words}”', words=words))}"


def _line(line: Line, say: Speech) -> str:
    text = f"{line.key}: {line.value}".rstrip()
    if line.said is None:
        return text
    mark = f"{line.mark}: " if line.mark else ""
    return f"{text}   # {mark}{line.said.text(say)}"


def yaml_text(text: str) -> str:
    """A text that reads back as itself: plain where that is safe, in double quotes otherwise."""
    safe = _PLAIN.fullmatch(text) and text == text.strip() and isinstance(scalar(text), str)
    return text if safe else json.dumps(text, ensure_ascii=False)


def record(drafted: Drafted, say: Speech) -> dict[str, Any]:
    """What --json prints: values as in the file, None where a line is marked."""
    own = speech(drafted.lang)
    return {
        "sentence": drafted.sentence,
        "language": drafted.lang,
        "goals": [_goal_record(goal, own, say) for goal in drafted.goals],
        "yaml": goal_file(drafted.goals, drafted.lang),
    }


def _goal_record(goal: DraftGoal, own: Speech, say: Speech) -> dict[str, Any]:
    fields = {line.key: line.value or None for line in goal.lines}
    return {
        "id": goal.id,
        "title": goal.title,
        **fields,
        "how": [{"id": item.id, "title": item.title} for item in goal.how],
        "marks": [
            {"key": line.key, "mark": line.mark, "text": line.said.text(own) if line.said else ""}
            for line in goal.marked
        ],
        "unread": list(goal.unread),
        "letters": {one.letter: _letter_record(one, say) for one in goal.letters},
    }


def _letter_record(letter: Letter, say: Speech) -> dict[str, Any]:
    return {
        "verdict": letter.grade,
        "found": [one.text(say) for one in letter.found],
        "missing": [one.text(say) for one in letter.missing],
    }
