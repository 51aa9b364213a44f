"""What makes a trap one: the tempting computation, run beside ours, gives another answer.

Here: the assertion that names a class of wrong number. Not here: the tests, nor what is right (each says it).
"""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parent


def bites(wrong: str, ours: object, naive: object) -> None:
    """Assert that the naive computation of a class of wrong number differs from ours on the test's rows; a
    trap on whose rows both agree would let the wrong number through."""
    assert ours != naive, f"{wrong}: the naive figure {naive} is ours too, so that this test catches nothing"


def classes_of(path: Path) -> list[str]:
    """The classes that a file of tests names."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "bites"]
    return [str(call.args[0].value) for call in named if isinstance(call.args[0], ast.Constant)]
