"""What the tables say must not depend on order, repetition or a crash."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.facts import DEALS
from pipeline.store.records import LandedRows
from pipeline.store.store import Store

TABLES = {"deals": "raw_hubspot__deals"}


def at(day: int, hour: int = 6) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def deals(*rows: tuple[str, str, bool]) -> pa.Table:
    records = [
        {
            "deal_id": key,
            "amount": Decimal(amount).quantize(Decimal("0.0001")),
            "currency": "EUR",
            "is_won": won,
            "is_closed": won,
            "created_on": date(2026, 11, 1),
            "source_line": line,
        }
        for line, (key, amount, won) in enumerate(rows, start=2)
    ]
    return pa.Table.from_pylist(records, schema=DEALS.arrow_schema())


def landed(store: Store, day: int, *rows: tuple[str, str, bool], source: str = "hubspot_deals") -> LandedRows:
    data = repr((day, rows)).encode()
    one = store.land(source, data, received_at=at(day), origin=f"exports/{source}/{day}.csv")
    return LandedRows(one, {"deals": deals(*rows)}, entry={"rows_in": len(rows), "accepted": len(rows)})


def seen(
    store: Store, day: int, hour: int = 7, sources: tuple[str, ...] = ("hubspot_deals",)
) -> dict[str, str]:
    table = store.fact("deals", store.knowledge(sources, at(day, hour)))
    return {row["deal_id"]: str(row["amount"].normalize()) for row in table.to_pylist()}


def versions(store: Store) -> dict[str, int]:
    return {
        path.name: len(list((path / "_delta_log").glob("*.json")))
        for path in (store.state_dir / "tables").iterdir()
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "Отчёты 100% a#b" / "state")  # folders people really have


def test_a_second_put_adds_no_row_and_makes_no_commit(store: Store) -> None:
    first = landed(store, 2, ("d1", "100", False), ("d2", "50", True))
    assert store.put_source("hubspot_deals", TABLES, [first], full=True)["raw_hubspot__deals"] == 2
    before = versions(store)
    assert store.put_source("hubspot_deals", TABLES, [first], full=True) == {}
    assert versions(store) == before


def told_removed(store: Store, day: int, gone: tuple[str, ...], *rows: tuple[str, str, bool]) -> LandedRows:
    """A landing of changes that names keys as deleted besides its rows."""
    one = landed(store, day, *rows)
    table = one.facts["deals"]
    keys = [{"deal_id": key, "removed": True} for key in gone]
    removed = pa.Table.from_pylist(keys, schema=DEALS.arrow_schema())
    return LandedRows(one.landed, {"deals": pa.concat_tables([table, removed])}, entry=one.entry)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_a_key_that_is_named_as_deleted_ends_comes_back_and_ends_once(
    store: Store, full: bool, at_once: bool
) -> None:
    landings = [
        told_removed(store, 2, ("never",), ("d1", "1", False), ("d2", "2", False)),
        told_removed(store, 4, ("d1", "never"), ("d2", "2", False)),
        told_removed(store, 6, ("d1",), ("d2", "2", False)),  # named again: nothing new
        told_removed(store, 8, (), ("d1", "1", False), ("d2", "2", False)),  # restored as it was
        told_removed(store, 10, ("d1", "d2")),
    ]
    written = 0
    for number, one in enumerate(landings):
        if not at_once:
            written += sum(
                store.put_source("hubspot_deals", TABLES, [one], full=full, since=at(2 * number + 2)).get(
                    name, 0
                )
                for name in TABLES.values()
            )
    if at_once:
        written = store.put_source("hubspot_deals", TABLES, landings, full=full)["raw_hubspot__deals"]
    both = {"d1": "1", "d2": "2"}
    assert [seen(store, day) for day in (2, 4, 6, 8, 10)] == [both, {"d2": "2"}, {"d2": "2"}, both, {}]
    assert written == 2 + 1 + 0 + 1 + 2


def test_old_as_of_keeps_the_old_numbers(store: Store) -> None:
    one = landed(store, 2, ("d1", "100", False), ("d2", "50", True))
    store.put_source("hubspot_deals", TABLES, [one], full=True)
    assert seen(store, 2) == {"d1": "1E+2", "d2": "5E+1"}
    two = landed(store, 9, ("d1", "120", True), ("d2", "50", True), ("d3", "7", False))
    assert store.put_source("hubspot_deals", TABLES, [two], full=True, since=at(9))["raw_hubspot__deals"] == 2
    assert seen(store, 8) == {"d1": "1E+2", "d2": "5E+1"}
    assert seen(store, 9) == {"d1": "1.2E+2", "d2": "5E+1", "d3": "7"}


def test_a_key_missing_from_a_full_export_is_closed_from_then_and_may_come_back(store: Store) -> None:
    rows = [landed(store, 2, ("d1", "1", True), ("d2", "2", True)), landed(store, 9, ("d2", "2", True))]
    rows.append(landed(store, 16, ("d1", "1", True), ("d2", "2", True)))
    store.put_source("hubspot_deals", TABLES, rows, full=True)
    assert [sorted(seen(store, day)) for day in (2, 9, 16)] == [["d1", "d2"], ["d2"], ["d1", "d2"]]


def test_a_key_missing_from_a_changes_export_stays(store: Store) -> None:
    rows = [landed(store, 2, ("d1", "1", True), ("d2", "2", True)), landed(store, 9, ("d2", "3", True))]
    store.put_source("hubspot_deals", TABLES, rows, full=False)
    assert seen(store, 9) == {"d1": "1", "d2": "3"}


@pytest.mark.parametrize("full", [True, False])
def test_a_landing_that_comes_late_equals_one_that_came_in_order(tmp_path: Path, full: bool) -> None:
    content = {2: ("d1", "1", True), 9: ("d2", "2", True), 16: ("d1", "5", True)}
    views = []
    for order in ((2, 9, 16), (2, 16, 9)):
        store = Store(tmp_path / str(order))
        done: dict[int, LandedRows] = {}
        for day in order:
            done[day] = landed(store, day, content[day])
            later = [done[other] for other in sorted(done) if other >= day]
            store.put_source("hubspot_deals", TABLES, later, full=full, since=at(day))
        views.append([seen(store, day) for day in (2, 9, 16)])
    assert views[0] == views[1]
    assert views[0][1] == ({"d2": "2"} if full else {"d1": "1", "d2": "2"})


def test_a_crash_between_fact_and_log_commit_does_not_double(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = landed(store, 2, ("d1", "1", True)), landed(store, 9, ("d1", "2", True))
    store.put_source("hubspot_deals", TABLES, [one], full=True)

    def die(*_: object) -> pa.Table:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "_new_log", die)
        with pytest.raises(KeyboardInterrupt):
            store.put_source("hubspot_deals", TABLES, [two], full=True, since=at(9))
    again = Store(store.state_dir)
    assert len(again.ingested("hubspot_deals")) == 1
    three = landed(again, 16, ("d1", "2", True), ("d9", "9", True))
    written = again.put_source("hubspot_deals", TABLES, [two, three], full=True, since=at(9))
    assert written == {"raw_hubspot__deals": 1, "core_ingest__log": 2}
    assert [seen(again, day) for day in (2, 9, 16)] == [{"d1": "1"}, {"d1": "2"}, {"d1": "2", "d9": "9"}]


def test_two_sources_with_the_same_key_do_not_collide(store: Store) -> None:
    for source, amount in (("deals_emea", "1"), ("deals_apac", "2")):
        one = landed(store, 2, ("d1", amount, True), source=source)
        store.put_source(source, {"deals": f"raw_{source}"}, [one], full=True)
    table = store.fact("deals", store.knowledge(("deals_emea", "deals_apac"), at(3)))
    assert [(r["source"], int(r["amount"])) for r in table.to_pylist()] == [
        ("deals_apac", 2),
        ("deals_emea", 1),
    ]
    assert store.fact("deals", store.knowledge(("deals_emea",), at(3))).num_rows == 1


def test_the_same_bytes_twice_are_one_landing(store: Store) -> None:
    one = store.land("s", b"x", received_at=at(2), origin="a.csv")
    assert store.land("s", b"x", received_at=at(9), origin="b.csv") == one
    assert [landing.received_at for landing in store.landings("s")] == [at(2)]
    blob = store.state_dir / "landing" / "s" / f"{one.sha256}.bin"
    assert blob.stat().st_mode & 0o777 == 0o600
    folders = (blob.parent, blob.parent.parent, store.state_dir)
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3


def test_a_refused_landing_closes_nothing(store: Store) -> None:
    one = landed(store, 2, ("d1", "1", True))
    bad = LandedRows(landed(store, 9).landed, {}, refused=True, entry={"problems": []})
    store.put_source("hubspot_deals", TABLES, [one, bad], full=True)
    assert seen(store, 9) == {"d1": "1"}


def test_before_the_first_landing_the_first_usable_one_is_used_and_said(store: Store) -> None:
    bad = LandedRows(landed(store, 2).landed, {}, refused=True)
    good = landed(store, 9, ("d1", "1", True))
    store.put_source("hubspot_deals", TABLES, [bad, good], full=True)
    knowledge = store.knowledge(("hubspot_deals", "other"), at(1))
    assert knowledge.reconstructed == {"hubspot_deals"}
    assert knowledge.per_source == {"hubspot_deals": at(9), "other": at(1)}
    assert store.fact("deals", knowledge).num_rows == 1
    assert store.fingerprints(knowledge) == {
        "hubspot_deals": (bad.landed.sha256, good.landed.sha256),
        "other": (),
    }


def test_two_stores_writing_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    mine, theirs = Store(tmp_path / "s"), Store(tmp_path / "s")
    one = landed(mine, 2, ("d1", "1", True))
    mine.put_source("hubspot_deals", TABLES, [one], full=False)
    two, three = landed(mine, 9, ("d2", "2", True)), landed(theirs, 9, ("d3", "3", True))
    original = mine._tables.append
    raced = []

    def raced_append(base, rows, about):  # type: ignore[no-untyped-def]
        if not raced:
            raced.append(True)
            theirs.put_source("hubspot_deals", TABLES, [three], full=False, since=at(9))
        return original(base, rows, about)

    mine._tables.append = raced_append  # type: ignore[method-assign]
    both = sorted([two, three], key=lambda each: each.landed.order)
    mine.put_source("hubspot_deals", TABLES, both, full=False, since=at(9))
    assert seen(mine, 9) == {"d1": "1", "d2": "2", "d3": "3"}
    assert len(mine.ingested("hubspot_deals")) == 3
    assert seen(Store(tmp_path / "s"), 9) == seen(mine, 9)


def test_an_unknown_fact_table_is_empty_with_its_columns(store: Store) -> None:
    table = store.fact("tasks", store.knowledge(("x",), at(1)))
    assert table.num_rows == 0 and "task_id" in table.column_names
