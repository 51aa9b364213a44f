"""The sample's exports: they are what the generator writes, on any machine, and not too many.

Here: bytes, sizes, receipt times, the longer run with week 53. Not here: any figure made from them
(test_sample_oracle.py).
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_generator", SAMPLES / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def again(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("again")
    assert generator.main(["--out", str(target)]) == 0
    return target


@pytest.fixture(scope="module")
def longer(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("longer")
    assert generator.main(["--out", str(target), "--until", "2027-W01"]) == 0
    return target


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / "exports").rglob("*"))
        if path.is_file()
    }


def received(root: Path) -> dict[str, datetime]:
    with (root / "exports" / "received.csv").open(encoding="utf-8", newline="") as lines:
        return {row["file"]: datetime.fromisoformat(row["received_at"]) for row in csv.DictReader(lines)}


def test_same_seed_gives_the_committed_bytes(again: Path) -> None:
    assert digests(again) == digests(SAMPLES)


def test_exports_stay_small() -> None:
    files = [path for path in (SAMPLES / "exports").rglob("*") if path.is_file()]
    assert len(files) < 500
    assert sum(path.stat().st_size for path in files) <= 10_000_000


def test_another_folder_gets_the_whole_workspace(again: Path) -> None:
    assert (again / "scorecards.yaml").read_bytes() == (SAMPLES / "scorecards.yaml").read_bytes()
    assert (again / "goals" / "churn-q4.yaml").is_file()


def test_every_export_has_a_receipt_and_every_receipt_an_export() -> None:
    files = {name for name in digests(SAMPLES) if name != "exports/received.csv"}
    assert files == set(received(SAMPLES))


@pytest.mark.slow
def test_a_longer_run_changes_nothing_that_was_received_before(longer: Path) -> None:
    before, after = digests(SAMPLES), digests(longer)
    changed = {name for name, digest in before.items() if after.get(name) != digest}
    assert changed == {"exports/received.csv"}
    assert received(SAMPLES).items() <= received(longer).items()


@pytest.mark.slow
def test_week_53_and_the_first_week_of_2027_are_exported(longer: Path) -> None:
    names = digests(longer)
    for week in ("2026-W52", "2026-W53", "2027-W01"):
        assert f"exports/hubspot_deals/hubspot_deals-{week}.csv" in names
    assert date.fromisocalendar(2026, 53, 7) == date(2027, 1, 3)


@pytest.mark.slow
def test_receipt_offsets_follow_the_clock_change(longer: Path) -> None:
    """06:05 in Berlin on either side of both clock changes; offsets come from the rule, not from tzdata."""
    for name, at in received(longer).items():
        assert at.utcoffset() == at.astimezone(BERLIN).utcoffset(), name
    summer = received(longer)["exports/hubspot_deals/hubspot_deals-2026-W13.csv"]
    winter = received(longer)["exports/hubspot_deals/hubspot_deals-2026-W43.csv"]
    assert (summer.isoformat(), winter.isoformat()) == (
        "2026-03-30T06:05:00+02:00",
        "2026-10-26T06:05:00+01:00",
    )


def test_weekly_exports_arrive_before_the_cutoff_but_for_the_late_ones() -> None:
    late = []
    for name, at in received(SAMPLES).items():
        week = name.rsplit("-", 2)[-2:]
        if len(week) == 2 and week[1].startswith("W"):
            number = int(week[1][1:3])
            monday = date.fromisocalendar(int(week[0]), number, 1) + timedelta(days=7)
            if at.astimezone(BERLIN) > datetime(monday.year, monday.month, monday.day, 7, tzinfo=BERLIN):
                late.append(name.rsplit("/", 1)[-1])
    assert sorted(late) == ["ga4_signups-2026-W44.csv", "mailshake_activity-2026-W31.csv"]
    whole = received(SAMPLES)["exports/hubspot_deals/hubspot_deals-2026-W46-whole.csv"]
    assert whole.isoformat() == "2026-11-18T10:12:00+01:00"


def test_the_dirty_export_is_dirty_in_the_declared_ways() -> None:
    data = (SAMPLES / "exports" / "partner_sales" / "partner_sales-2026-W47.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    text = data.decode("cp1251")
    lines = text.splitlines()
    assert "Итого;" in lines[-1]
    assert any("31.11.2026" in line for line in lines)
    assert "\u00a0" in text and ",00" in text
    assert len(lines) - len(set(lines)) == 1
    assert sum(line.count(";") < lines[0].count(";") for line in lines) == 1
