"""Killed anywhere, filled disk, any order of arrival: the next run ends where an unbroken run would have."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SystemMissing
from pipeline.facts import DEALS
from pipeline.sources.ingest import ingest_source
from pipeline.sources.state import Counts, ParsedExport
from pipeline.store import files, landing
from pipeline.store.store import Store
from pipeline.store.tables import Tables
from pipeline.workspace.model import Company, Source, Workspace

START = datetime(2026, 11, 2, 4, tzinfo=UTC)
REJECTED = ["file", "line", "reason_code", "reason", "column", "value", "remedy", "row"]


class Killed(BaseException):
    pass


def parse(workspace: Workspace, source: Source, data: bytes, name: str) -> ParsedExport:
    """`key=amount` a word after the first; a negative amount is rejected."""
    cells = [word.split("=") for word in data.decode().split()[1:]]
    good = [
        {"deal_id": key, "amount": Decimal(amount), "currency": "EUR", "is_won": True, "is_closed": True,
         "closed_on": date(2026, 11, 1), "source_line": line}
        for line, (key, amount) in enumerate(cells, start=1) if int(amount) >= 0
    ]  # fmt: skip
    bad = [
        (name, line, "E-RANGE", "Negative.", "amount", amount, "", "")
        for line, (_, amount) in enumerate(cells, start=1)
        if int(amount) < 0
    ]
    frame = pa.Table.from_pylist(good, schema=DEALS.arrow_schema()).to_pandas(types_mapper=pd.ArrowDtype)
    return ParsedExport(
        {"deals": frame}, pd.DataFrame(bad, columns=REJECTED), Counts(len(cells), len(good), len(bad))
    )


def company(root: Path, contents: dict[int, str], full: bool) -> Workspace:
    source = Source.model_validate(
        {"id": "crm", "system": "crm", "fact": "deals", "delivers": "full" if full else "changes"}
    )
    folder = root / "exports" / "crm"
    folder.mkdir(parents=True, exist_ok=True)
    received = {}
    for week, text in contents.items():
        (folder / f"{week}.csv").write_text(f"{week} {text}")
        os.utime(folder / f"{week}.csv", (1, 1))  # long finished: nobody waits to see whether it grows
        received[f"exports/crm/{week}.csv"] = (START + timedelta(weeks=week)).isoformat()
    about = Company(company={"en": "X"}, timezone="UTC", currency="EUR")
    return Workspace(root=root, company=about, sources=(source,), received=received)


def ingest(workspace: Workspace) -> Store:
    store = Store(workspace.state_dir)
    ingest_source(workspace, workspace.sources[0], store, START + timedelta(weeks=20), parser=parse)
    return store


def everything(workspace: Workspace) -> list[list[tuple[object, ...]]]:
    """Every row of every table but the log's revision, sorted."""
    tables = Tables(workspace.state_dir / "tables")
    found = []
    for name in tables.names():
        rows = tables.read(name).rows
        assert rows is not None
        names = [column for column in rows.column_names if column != "revision"]
        found.append(sorted(tuple(row.values()) for row in rows.select(names).to_pylist()))
    return found


def faulty(patch: pytest.MonkeyPatch, at: int, after: bool) -> None:
    """The at-th write from now on is the last: killed just before it or just after it."""
    counter = itertools.count(1)

    def wrap(original: Callable[..., object]) -> Callable[..., object]:
        def write(*args: object, **kwargs: object) -> object:
            number = next(counter)
            if number == at and not after:
                raise Killed
            result = original(*args, **kwargs)
            if number == at:
                raise Killed
            return result

        return write

    patch.setattr(landing, "write_atomic", wrap(files.write_atomic))
    patch.setattr(Tables, "_commit", wrap(Tables._commit))


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_write_and_run_again_equals_an_unbroken_run(tmp_path: Path, after: bool) -> None:
    first = {0: "a=1 b=2 c=-1", 1: "a=1 b=3"}
    both = {**first, 2: "a=5 c=-2 d=4"}
    unbroken = company(tmp_path / "unbroken", first, full=True)
    ingest(unbroken)
    ingest(company(tmp_path / "unbroken", both, full=True))
    want = everything(unbroken)
    fault = 0
    while True:
        fault += 1
        root = tmp_path / f"{fault}"
        ingest(company(root, first, full=True))
        workspace = company(root, both, full=True)
        with pytest.MonkeyPatch.context() as patch:
            faulty(patch, fault, after)
            try:
                ingest(workspace)
                break
            except Killed:
                pass
        ingest(workspace)
        assert everything(workspace) == want, f"killed at write {fault}"
    assert fault == 6  # blob, manifest, facts, quarantine, log; the sixth write does not happen


contents = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)


@settings(max_examples=10, deadline=None)
@given(st.lists(contents, min_size=2, max_size=4), st.randoms(use_true_random=False), st.booleans())
def test_any_order_of_arrival_shows_what_a_plain_loop_says(weeks: list[dict[str, int]], chance, full) -> None:  # type: ignore[no-untyped-def]
    root = Path(tempfile.mkdtemp())
    try:
        arrival = list(range(len(weeks)))
        chance.shuffle(arrival)
        there: dict[int, str] = {}
        for week in arrival:
            there[week] = " ".join(f"{key}={amount}" for key, amount in weeks[week].items())
            store = ingest(company(root, there, full))
        known: dict[str, int] = {}
        for week, content in enumerate(weeks):
            known = dict(content) if full else {**known, **content}
            rows = store.fact("deals", store.knowledge(["crm"], START + timedelta(weeks=week))).to_pylist()
            assert {row["deal_id"]: int(row["amount"]) for row in rows} == known
    finally:
        shutil.rmtree(root)


def test_a_full_disk_leaves_no_half_file_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    workspace = company(tmp_path, {0: "a=1"}, full=True)
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(SystemMissing) as caught:
            ingest(workspace)
    assert caught.value.problems[0].code == "E-WRITE" and "No space left" in caught.value.text()
    assert list((tmp_path / ".scorecards" / "landing" / "crm").iterdir()) == []
    assert ingest(workspace).fact("deals", Store(workspace.state_dir).knowledge(["crm"], START)).num_rows == 1


def test_compaction_changes_no_row_and_no_past_view(tmp_path: Path) -> None:
    weeks: dict[int, str] = {}
    for week in range(9):
        weeks[week] = f"a={week} b=1"
        store = ingest(company(tmp_path, weeks, full=True))
    workspace = company(tmp_path, weeks, full=True)
    before = everything(workspace)
    assert store.compact() >= 2
    assert everything(workspace) == before
    view = store.fact("deals", store.knowledge(["crm"], START + timedelta(weeks=4)))
    assert [int(row["amount"]) for row in view.to_pylist()] == [4, 1]


def test_retention_forgets_bytes_only_after_their_rows_are_kept(tmp_path: Path) -> None:
    workspace = company(tmp_path, {0: "a=1", 1: "a=2"}, full=True)
    kept = workspace.model_copy(
        update={"company": workspace.company.model_copy(update={"retention_days": 134})}
    )
    store = ingest(kept)
    assert [store.is_kept(one) for one in store.landings("crm")] == [False, True]
    views = [store.fact("deals", store.knowledge(["crm"], START + timedelta(weeks=week))) for week in (0, 1)]
    assert [int(view["amount"][0].as_py()) for view in views] == [1, 2]
