"""A snapshot table shows at each instant what was put there, in whatever order it was put."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ScorecardError
from pipeline.store.store import Store

SCHEMA = pa.schema([("kpi", pa.string()), ("currency", pa.string()), ("value", pa.decimal128(18, 4))])
KEYS = ("kpi", "currency")
Content = dict[str, int]


def at(week: int) -> datetime:
    return datetime(2026, 1, 1 + week, tzinfo=UTC)


def frame(content: Content) -> pa.Table:
    rows = [
        {"kpi": kpi, "currency": "EUR" if kpi == "a" else None, "value": Decimal(value)}
        for kpi, value in content.items()
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def shown(store: Store, week: int) -> Content:
    found = store.version("core_kpi__daily", at(week))
    return {row.kpi: int(row.value) for row in found.itertuples()} if len(found) else {}


def put(store: Store, week: int, content: Content) -> int:
    return store.put_version("core_kpi__daily", frame(content), KEYS, at(week))


contents = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)
puts = st.lists(st.tuples(st.integers(0, 4), contents), min_size=1, max_size=7)


@settings(max_examples=30, deadline=None)
@given(puts)
def test_any_order_of_weeks_shows_at_each_instant_what_was_put_last(
    sequence: list[tuple[int, Content]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        expected: dict[int, Content] = {}
        with store.batch():
            for week, content in sequence:
                put(store, week, content)
                expected[week] = content
        again = Store(Path(folder))
        for week in range(6):
            newest = max((w for w in expected if w <= week), default=None)
            want = {} if newest is None else expected[newest]
            assert shown(store, week) == want
            assert shown(again, week) == want


def test_the_same_frame_again_appends_nothing_and_makes_no_commit(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert put(store, 0, {"a": 1, "b": 2}) == 2
    assert put(store, 1, {"a": 1, "b": 3}) == 1
    log = tmp_path / "tables" / "core_kpi__daily" / "_delta_log"
    commits = len(list(log.glob("*.json")))
    assert put(store, 0, {"b": 2, "a": 1}) == 0
    assert put(Store(tmp_path), 1, {"a": 1, "b": 3}) == 0
    assert len(list(log.glob("*.json"))) == commits == 2


def test_a_batch_commits_once_and_an_exception_inside_it_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.batch():
        for week in range(5):
            put(store, week, {"a": week})
            assert shown(store, week) == {"a": week}
    assert len(list((tmp_path / "tables" / "core_kpi__daily" / "_delta_log").glob("*.json"))) == 1
    try:
        with store.batch():
            put(store, 5, {"a": 99})
            raise RuntimeError
    except RuntimeError:
        pass
    assert shown(store, 5) == {"a": 4}


def test_two_stores_putting_at_once_both_hold(tmp_path: Path) -> None:
    mine, theirs = Store(tmp_path), Store(tmp_path)
    put(mine, 0, {"a": 1})
    original = mine._tables.append
    raced = []

    def raced_append(base, rows, about):  # type: ignore[no-untyped-def]
        if not raced:
            raced.append(put(theirs, 0, {"a": 2, "b": 1}))
        return original(base, rows, about)

    mine._tables.append = raced_append  # type: ignore[method-assign]
    put(mine, 1, {"a": 1})
    again = Store(tmp_path)
    assert (shown(again, 0), shown(again, 1)) == ({"a": 2, "b": 1}, {"a": 1})


def test_a_batch_that_was_overtaken_says_so_and_writes_nothing_of_its_table(tmp_path: Path) -> None:
    mine, theirs = Store(tmp_path), Store(tmp_path)
    put(mine, 0, {"a": 1})
    with pytest.raises(ScorecardError) as caught, mine.batch():
        put(mine, 1, {"a": 5})
        put(theirs, 1, {"a": 7})
    assert caught.value.problems[0].code == "E-CONCURRENT"
    assert shown(mine, 1) == shown(Store(tmp_path), 1) == {"a": 7}


def test_a_column_added_later_is_empty_in_what_was_put_before(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put(store, 0, {"a": 1})
    store.put_version("core_kpi__daily", frame({"a": 1}).append_column("note", pa.array(["n"])), KEYS, at(1))
    again = Store(tmp_path)
    assert again.version("core_kpi__daily", at(1))["note"].tolist() == ["n"]
    assert again.version("core_kpi__daily", at(0))["note"].isna().all()


def test_a_pandas_frame_comes_back_equal(tmp_path: Path) -> None:
    given_frame = frame({"a": 1, "b": 2}).to_pandas(types_mapper=pd.ArrowDtype)
    store = Store(tmp_path)
    store.put_version("t", given_frame, KEYS, at(0))
    pd.testing.assert_frame_equal(Store(tmp_path).version("t", at(0)), given_frame)
