"""Each finding of `doctor` by a planted fault, with the line that mends it."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets import doctor
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Smtp, Workspace
from pipeline.workspace.scaffold import create_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    create_workspace(tmp_path / "w", sample=False, lang="en")
    return load_workspace(tmp_path / "w")


def with_smtp(workspace: Workspace, **smtp: object) -> Workspace:
    delivery = workspace.company.delivery.model_copy(
        update={"smtp": Smtp.model_validate(smtp), "sender": "Scorecards <s@example.com>"}
    )
    return workspace.model_copy(
        update={"company": workspace.company.model_copy(update={"delivery": delivery})}
    )


def test_missing_library_gives_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "assets.doctor.shutil.which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None
    )
    found = list(doctor.libraries(loads=lambda name: "subset" not in name))
    assert [one.grade for one in found] == ["fail"]
    assert "libharfbuzz-subset0" in str(found[0].params["command"])
    assert "libpango-1.0-0" not in str(found[0].params["command"])


def test_macos_is_told_brew() -> None:
    assert doctor.install_command(["libpango-1.0-0"], platform="darwin") == "brew install pango harfbuzz"


def test_open_state_folder_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    assert [one.grade for one in doctor.state_folder(folder)] == ["warn"]
    folder.chmod(0o700)
    assert [one.grade for one in doctor.state_folder(folder)] == ["ok"]


def test_network_file_system_is_found_by_the_deepest_mount() -> None:
    mounts = "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n/dev/sdb1 /srv/local ext4 rw 0 0\n"
    assert doctor.file_system(Path("/srv/company/.scorecards"), mounts) == "nfs4"
    assert doctor.file_system(Path("/srv/local/a"), mounts) == "ext4"
    assert [one.grade for one in doctor.network(Path("/srv/company"), mounts)] == ["fail"]
    assert list(doctor.network(Path("/srv/local/a"), mounts)) == []


def test_readable_secrets_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_PASSWORD=x", "utf-8")
    (tmp_path / ".env").chmod(0o644)
    assert [one.grade for one in doctor.secrets(tmp_path)] == ["fail"]
    (tmp_path / ".env").chmod(0o600)
    assert list(doctor.secrets(tmp_path)) == []


def test_clock_before_the_program_was_written_is_wrong() -> None:
    assert [one.grade for one in doctor.clock(datetime(1970, 1, 1, tzinfo=UTC))] == ["fail"]


def test_old_sqlite_is_refused() -> None:
    assert [one.grade for one in doctor.sqlite_version((3, 31, 0))] == ["fail"]


def test_unreachable_mail_server_and_missing_password(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.delenv("NO_SUCH_PASSWORD", raising=False)
    broken = with_smtp(workspace, host="127.0.0.1", port=port, user="u", password_env="NO_SUCH_PASSWORD")
    found = list(doctor.mail(broken))
    assert [one.grade for one in found] == ["fail", "fail"]
    assert "NO_SUCH_PASSWORD" in str(found[0].params)
    assert str(port) in str(found[1].params)


def test_without_a_server_mail_goes_to_files(workspace: Workspace) -> None:
    assert [one.grade for one in doctor.mail(workspace)] == ["ok"]
