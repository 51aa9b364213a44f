"""Every sentence this room can say is said in Russian too, with the same fields."""

import ast
import string
from pathlib import Path

import pytest

import pipeline.sources
from pipeline.facts import FACTS
from pipeline.language import speech

ROOM = Path(pipeline.sources.__file__).parent
FILES = [
    ROOM / f"{name}.py"
    for name in (
        *("reasons", "reading", "hints", "jsonfile", "xlsx", "parquet", "reports"),
        *("headers", "validation", "mapped", "parse", "sql"),
        *("recognise", "snapshots", "counters", "mixing"),
        *("http", "credentials", "pull", "pulled"),
    )
]


def sentences(path: Path) -> list[str]:
    """Texts handed to Problem, refused, failed, Reason and _note, or kept as message or remedy on the way."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("Problem", "refused", "Reason", "failed"):
                found += node.args[1:3]
            elif name == "_refused":
                found += node.args[2:4]
            elif name in ("_note", "LeftOut", "_Faulty"):
                found += node.args[:1]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
            "message",
            "remedy",
            "OTHERS",
            "ALPHABETS",
            "FETCHED",
            "DROPPED",
        ):
            found.append(node.value)
    texts = (part.value for one in found for part in ast.walk(one) if isinstance(part, ast.Constant))
    return [text for text in texts if isinstance(text, str) and " " in text]


def fields(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


@pytest.mark.parametrize(
    "path",
    [*FILES, *sorted((ROOM / "vendors").glob("*.py")), *sorted((ROOM / "pulls").rglob("*.py"))],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_no_sentence_is_left_in_english(path):
    russian = speech("ru")
    for text in sentences(path):
        assert russian.has(text), text
        assert fields(russian(text)) == fields(text)


def test_the_search_for_sentences_finds_them():
    assert len(sentences(ROOM / "reasons.py")) == 46 and len(sentences(ROOM / "reading.py")) > 20


@pytest.mark.parametrize("fact", FACTS)
def test_what_a_fact_is_can_be_said_in_russian(fact):
    assert speech("ru").has(FACTS[fact].description)
