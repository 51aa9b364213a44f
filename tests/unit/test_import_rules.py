"""The import rules bite: each planted violation is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("pipeline/periods.py", "import dagster"),
        ("pipeline/store/store.py", "from pipeline.goals import model"),
        ("pipeline/kpis/series.py", "import jinja2"),
        ("pipeline/drafting/compose.py", "from pipeline.goals import model"),
        ("pipeline/sources/vendors/hubspot.py", "from pipeline.sources.vendors import mailshake"),
        ("pipeline/sources/pulls/hubspot/asking.py", "from pipeline.sources.pulls import mailshake"),
        ("pipeline/sources/pulls/ortto.py", "from pipeline.sources.http import Client"),
        ("pipeline/sources/freshness.py", "from pipeline.sources.http import Client"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, line: str) -> None:
    for name in ("pipeline", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / module
    planted.write_text(planted.read_text("utf-8") + f"\n{line}\n", "utf-8")
    lint = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run(
        [lint, "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "BROKEN" in result.stdout
