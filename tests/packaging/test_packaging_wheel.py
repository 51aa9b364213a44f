"""The wheel, installed in an environment of its own and run from an empty folder.

Editable installs put the repository root on sys.path and would hide a file that the wheel lacks.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)], check=True)
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_wheel_carries_what_the_program_reads(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "pipeline/_bundled/templates/page.css",
        "pipeline/_bundled/samples/scorecards.yaml",
        "pipeline/_bundled/templates/locale/ru/report.po",
        "assets/cli.py",
    ):
        assert needed in names
    assert any(name.startswith("pipeline/_bundled/templates/fonts/") for name in names)
    assert not any(name.startswith(("tests/", "reports/", "data/")) for name in names)


@pytest.mark.slow
def test_installed_wheel_runs_the_sample_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--require-hashes",
            "-r",
            str(ROOT / "requirements.lock"),
        ],
        check=True,
    )
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", str(wheel)], check=True)
    program, empty = environment / "bin" / "scorecards", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([program, "init", "company", "--sample"], cwd=empty, check=True)
    run = subprocess.run(
        [program, "--workspace", "company", "run", "--week", "2026-W47"], cwd=empty, check=False
    )
    assert run.returncode == 3  # the dirty export and the goal that cannot be judged are expected
    documents = list((empty / "company" / "out" / "2026-W47").glob("scorecard-*.pdf"))
    assert documents
    assert all(path.read_bytes().startswith(b"%PDF") for path in documents)
