"""Files nothing reads are named; without that a goal in the wrong folder is a goal nobody misses."""

from __future__ import annotations

from pathlib import Path

from pipeline.workspace.loader import load_workspace
from pipeline.workspace.scaffold import create_workspace


def warned(root: Path) -> dict[str, str]:
    return {str(problem.file): problem.text() for problem in load_workspace(root).warnings}


def test_the_sample_and_the_starter_have_no_stray(tmp_path: Path) -> None:
    for name, sample in (("starter", False), ("sample", True)):
        create_workspace(tmp_path / name, sample, "en")
        assert not [one for one in load_workspace(tmp_path / name).warnings if one.code == "W-UNREAD"]


def test_set_up_files_in_the_wrong_place(tmp_path: Path) -> None:
    create_workspace(tmp_path, False, "en")
    for name in ("goal/a.yaml", "goals/b.yaml.txt", "peple.yaml", "zzz.yml", "ci/build.yaml", "out/x.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("id: a\n", "utf-8")
    assert warned(tmp_path) == {
        "goal/a.yaml": "Nothing reads this file. Move or rename it: goals/a.yaml.",
        "goals/b.yaml.txt": "Nothing reads this file. Move or rename it: goals/b.yaml.",
        "peple.yaml": "Nothing reads this file. Move or rename it: people.yaml.",
        "zzz.yml": "Nothing reads this file. Move or rename it: scorecards.yaml, people.yaml, strategy.yaml, "
        "audiences.yaml, kpis.yaml, goals/, sources/.",
    }


def test_an_export_in_a_folder_of_no_source(tmp_path: Path) -> None:
    create_workspace(tmp_path, False, "en")
    (tmp_path / "exports/order").mkdir()
    (tmp_path / "exports/order/x.csv").write_text("a\n", "utf-8")
    (tmp_path / "exports/loose.csv").write_text("a\n", "utf-8")
    (tmp_path / "exports/received.csv").write_text("file,received_at\n", "utf-8")
    (tmp_path / "exports/empty").mkdir()
    move = "Move its files to exports/orders/, or write a source for them."
    assert warned(tmp_path) == {
        "exports/order": f"No source reads exports/order. {move}",
        "exports/loose.csv": f"No source reads exports/loose.csv. {move}",
    }


def test_a_misspelled_name_in_received_does_not_lose_its_time_silently(tmp_path: Path) -> None:
    create_workspace(tmp_path, False, "en")
    listed = "file,received_at\n"
    for name in ("ordres.csv", "orders2.csv", "zz.csv"):
        listed += f"exports/orders/{name},2026-01-05T06:00\n"
    (tmp_path / "exports/received.csv").write_text(listed, "utf-8")
    assert warned(tmp_path) == {
        "exports/received.csv": "There is no file exports/orders/ordres.csv, so its time is not used. "
        "Did you mean exports/orders/orders.csv?"
    }
