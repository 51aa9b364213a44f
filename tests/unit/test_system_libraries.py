"""Set-up without the drawing libraries: installs them when it may, else says exactly what to do."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def setup() -> ModuleType:
    spec = importlib.util.spec_from_file_location("system_libraries", ROOT / "tools" / "system_libraries.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_root_the_exact_command_is_printed(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "_loads", lambda library: "subset" not in library)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(
        setup.subprocess, "run", lambda *_, **__: pytest.fail("must not install without root")
    )
    assert setup.main() == 1
    said = capsys.readouterr().err
    assert "sudo apt-get update && sudo apt-get install -y libharfbuzz-subset0\n" in said
    assert "libpango" not in said  # only what is missing


def test_as_root_it_installs_and_looks_again(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(setup, "_loads", lambda library: bool(installed))
    monkeypatch.setattr(setup, "venv_package", list)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 0)
    monkeypatch.setattr(setup.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(setup.subprocess, "run", lambda command, **_: installed.extend(command))
    assert setup.main() == 0
    assert "libharfbuzz-subset0" in installed


def test_the_slow_target_installs_the_database_it_starts(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(setup, "_loads", lambda library: True)
    monkeypatch.setattr(setup, "_is_there", lambda program: bool(installed))
    monkeypatch.setattr(setup, "venv_package", list)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 0)
    monkeypatch.setattr(setup.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(setup.subprocess, "run", lambda command, **_: installed.extend(command))
    assert setup.main() == 0 and installed == []  # nobody needs it but the slow tests
    assert setup.main(["--for-slow-tests"]) == 0 and "postgresql" in installed
    installed.clear()
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    assert setup.main(["--for-slow-tests"]) == 0  # those tests are skipped then
    assert "postgresql" in capsys.readouterr().err


def test_nothing_missing_is_silent(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "_loads", lambda library: True)
    monkeypatch.setattr(setup, "venv_package", list)
    assert setup.main() == 0


def test_the_slow_target_asks_for_the_programs_that_checks_start_unless_another_name_is_there(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "_loads", lambda library: True)
    there = {"initdb"}
    monkeypatch.setattr(setup.shutil, "which", lambda program: program if program in there else None)
    assert setup.missing(slow_tests=True) == ["qpdf", "chromium"]
    there |= {"qpdf", "google-chrome"}
    assert setup.missing(slow_tests=True) == []
    there.clear()
    assert setup.missing() == []
