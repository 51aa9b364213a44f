"""Every sentence of the store and of ingest is said in Russian too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from pipeline.language import speech

ROOT = Path(__file__).resolve().parents[3]
OWN = [
    *(ROOT / "pipeline/store").glob("*.py"),
    *(ROOT / "pipeline/sources" / f"{n}.py" for n in ("ingest", "freshness")),
]


def sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem":
            texts = [arg.value for arg in node.args[1:3] if isinstance(arg, ast.Constant)]
            yield from (str(text) for text in texts)


def test_every_problem_has_its_russian_sentence() -> None:
    found = [text for path in OWN for text in sentences(path)]
    assert len(found) > 20
    assert [text for text in found if not speech("ru").has(text)] == []
