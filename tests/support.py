"""Workspaces that tests share: the sample company, copied or generated up to another week."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.bundled import samples_dir

PROGRAM = Path(sys.executable).parent / "scorecards"
IGNORED = shutil.ignore_patterns("__pycache__", ".scorecards", "out", "generate.py", "generator")


def copy_sample(target: Path) -> Path:
    """A fresh copy of the sample company without state or documents."""
    shutil.copytree(samples_dir(), target, ignore=IGNORED, dirs_exist_ok=True)
    return target


def generate_sample(target: Path, until: str) -> Path:
    """The sample company with exports up to another week (same goals, same seed)."""
    copy_sample(target)
    shutil.rmtree(target / "exports")
    subprocess.run(
        [sys.executable, str(samples_dir() / "generate.py"), "--out", str(target), "--until", until],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return target


def scorecards(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person does; the language is English unless a test says otherwise."""
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SCORECARDS_LANG": "en", **environment},
    )


def tree_hashes(folder: Path) -> dict[str, str]:
    """Relative path -> sha256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
