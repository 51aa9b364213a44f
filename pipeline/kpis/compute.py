"""KPI components per company day and segment, from facts.

Here: a measure as one Ibis expression, who owned a row on its day, stocks, and the merge of numerator and
denominator. Not here: pooling days into periods (series.py), arithmetic of KPIs (derived.py), rates of
exchange (exchange.py) nor which facts exist (facts.py).

Expressions group by the facts' company-local date columns and use no clock or zone of an engine; what is
summed is decimal(18,4) first, so that engines agree to the last digit. The as-of day is read from a one-row
table: the compiled text does not depend on it, and a backfill compiles once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.facts import ARROW_TYPES, FACTS, Fact
from pipeline.kpis.catalogue import measures
from pipeline.kpis.exact import EXACT, Whole, from_whole, to_whole
from pipeline.kpis.exchange import Exchange
from pipeline.kpis.people import people_table
from pipeline.kpis.series import ComponentIndex, Conversion, KpiRows, indexed, parsed_segments
from pipeline.workspace.derived import base_kpis
from pipeline.workspace.model import Condition, Kpi, Measure, People

COMPONENT_COLUMNS = pa.schema(
    [
        pa.field("kpi", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("segment", pa.string()),
        pa.field("currency", pa.string()),
        pa.field("numerator", EXACT),
        pa.field("denominator", EXACT),
    ]
)
CUSTOM = "dims."
"""Prefix of a fact's extra dimensions once they are columns; no fact column contains a point."""
SEGMENT = "segment."
ORIGIN = "row.source"
"""The source of a row: keys are unique within one source only."""
ROW, LEFT, TEST = "row.place", "row.left", "row.test"
"""Columns of row_expression; no fact column contains a point."""
UNDATED, LATER, NOT_YET, ALONE, CONDITION = "no_date", "later", "not_yet", "alone", "condition:"
"""Why a row does not count: its date is empty, is after the as-of day; its second date has not come; no other
row of its thing meets the conditions; or a condition is not met (with its number, from 0)."""
LIST_COLUMNS = {"tags"}
"""Text columns that hold several values joined by ; a condition is met by any one of them."""
_IBIS_TYPES = {"text": "string", "bool": "boolean", "date": "date", "instant": "timestamp('UTC')"}
_AMOUNT = "decimal(18, 4)"


# --- one measure, as an expression --------------------------------------------------------------------


def measure_expression(measure: Measure, dimensions: tuple[str, ...], custom: tuple[str, ...]) -> ir.Table:
    """The measure per day, segment columns and currency, as an engine-independent expression.

    `dimensions` are the segment's keys, `custom` the extra dimensions the fact's table has as `dims.<key>`.
    Columns: day, `segment.<key>` each, currency (null unless money is summed), amount decimal(18,4).
    For a stock the amounts are what enters (on `date`) less what leaves (on `until`) that day.
    Reads the tables named by the fact, `people` and `horizon` (one row, one column: through).
    """
    fact = FACTS[measure.fact]
    table = _fact_table(fact, custom)
    through = _horizon()
    rows = table.filter(*_tests(table, measure, through, custom).values())
    if measure.followed_by:
        same = [fact.key[0], ORIGIN]
        rows = rows.semi_join(_followers(table, fact, measure, through, custom), same)
    flows = [(rows, measure.date, 1)]
    if measure.taken != "flow" and measure.until:
        flows.append((_leavers(rows, measure.date, measure.until, through), measure.until, -1))
    parts = [_amounts(part, fact, measure, day, sign, dimensions, custom) for part, day, sign in flows]
    united = parts[0] if len(parts) == 1 else ibis.union(*parts)
    keys = ["day", *(SEGMENT + key for key in dimensions), "currency"]
    return united.group_by(keys).aggregate(amount=united["amount"].sum().coalesce(0).cast(_AMOUNT))


def _followers(
    table: ir.Table, fact: Fact, measure: Measure, through: ir.Scalar, custom: tuple[str, ...]
) -> ir.Table:
    """The deals (or other things of the fact's first key) of which a row meets the further conditions."""
    later = table.filter(
        table[measure.date] <= through, *(_holds(table, one, custom) for one in measure.followed_by)
    )
    return later.select(fact.key[0], ORIGIN).distinct()


def row_expression(measure: Measure, dimensions: tuple[str, ...], custom: tuple[str, ...]) -> ir.Table:
    """The same measure row by row: one row for every row of the fact, whether it counts or not.

    Columns: ROW (its place in the table), day, LEFT (for an opening measure the day it ends on, as far as
    known by the as-of day), segment columns, currency, amount decimal(18,4), and TEST + a reason: whether it
    passes the test of that name. The rows that pass all of them are those that measure_expression adds up.
    """
    fact = FACTS[measure.fact]
    table = _fact_table(fact, custom, {ROW: "int64"})
    through = _horizon()
    tests = {
        TEST + name: test.coalesce(False) for name, test in _tests(table, measure, through, custom).items()
    }
    left: ir.Value = ibis.null("date")
    if measure.taken != "flow" and measure.until:
        ends = table[measure.until] <= through
        left = ibis.ifelse(ends, ibis.greatest(table[measure.until], table[measure.date]), left)
    tested = table.mutate(**tests, **{LEFT: left})
    if measure.followed_by:
        tested = _with_followers(tested, _followers(table, fact, measure, through, custom), fact)
        tests[TEST + ALONE] = tested[TEST + ALONE]
    keep = (ROW, LEFT, *tests)
    return _amounts(tested, fact, measure, measure.date, 1, dimensions, custom, keep)


def _with_followers(tested: ir.Table, followers: ir.Table, fact: Fact) -> ir.Table:
    key, origin = followers[fact.key[0]], followers[ORIGIN]
    known = followers.select(**{"other.key": key, "other.source": origin, "other.is": ibis.literal(True)})
    same = [tested[fact.key[0]] == known["other.key"], tested[ORIGIN] == known["other.source"]]
    joined = tested.left_join(known, same)
    return joined.mutate(**{TEST + ALONE: joined["other.is"].coalesce(False)})


def _tests(
    table: ir.Table, measure: Measure, through: ir.Scalar, custom: tuple[str, ...]
) -> dict[str, ir.BooleanValue]:
    """Everything that a row has to pass to count, by the reason against it where it does not."""
    conditions = {
        f"{CONDITION}{number}": _holds(table, condition, custom)
        for number, condition in enumerate(measure.where)
    }
    day = table[measure.date]
    come = {NOT_YET: table[measure.by].notnull() & (table[measure.by] <= through)} if measure.by else {}
    return {UNDATED: day.notnull(), LATER: day <= through, **come, **conditions}


def _horizon() -> ir.Scalar:
    return ibis.table({"through": "date"}, name="horizon")["through"].max().as_scalar()


def _fact_table(fact: Fact, custom: tuple[str, ...], more: Mapping[str, str] | None = None) -> ir.Table:
    schema = {column.name: _IBIS_TYPES.get(column.type, _AMOUNT) for column in fact.columns}
    schema |= {column.name: "int64" for column in fact.columns if column.type == "integer"}
    extra = {ORIGIN: "string"} | {CUSTOM + key: "string" for key in custom} | dict(more or {})
    return ibis.table(schema | extra, name=fact.name)


def _leavers(rows: ir.Table, date_column: str, until: str, through: ir.Scalar) -> ir.Table:
    """Rows that have left by the as-of day; an end before the beginning counts as the beginning."""
    ended = rows.filter(rows[until].notnull(), rows[until] <= through)
    return ended.mutate(**{until: ibis.greatest(ended[until], ended[date_column])})


def _holds(table: ir.Table, condition: Condition, custom: tuple[str, ...]) -> ir.BooleanValue:
    """One condition as an expression; an empty cell equals nothing and differs from everything."""
    is_custom = condition.column in custom and condition.column not in table.columns
    column = table[CUSTOM + condition.column if is_custom else condition.column]
    tests: list[ir.BooleanValue] = []
    if condition.equals:
        tests.append(_any_of(column, condition.column, condition.equals))
    if condition.not_equals:
        tests.append(~_any_of(column, condition.column, condition.not_equals))
    if condition.empty is not None:
        tests.append(column.isnull() if condition.empty else column.notnull())
    return ibis.and_(*tests)


def _any_of(column: ir.Value, name: str, values: Sequence[object]) -> ir.BooleanValue:
    if name in LIST_COLUMNS:
        padded = ibis.literal(";") + column + ibis.literal(";")
        return ibis.or_(*(padded.contains(f";{value};") for value in values)).coalesce(False)
    if column.type().is_numeric():
        column = column.cast(_AMOUNT)
        return column.isin([ibis.literal(value).cast(_AMOUNT) for value in values]).coalesce(False)
    return column.isin(list(values)).coalesce(False)


def _amounts(
    rows: ir.Table,
    fact: Fact,
    measure: Measure,
    day: str,
    sign: int,
    dimensions: tuple[str, ...],
    custom: tuple[str, ...],
    keep: tuple[str, ...] = (),
) -> ir.Table:
    """Rows as day, segment columns, currency and signed amount. Persons are resolved on the row's `date`.
    `keep`: columns that stay beside them."""
    named = rows
    if fact.person and {"owner", "team"} & set(dimensions):
        named = _with_people(rows, fact.person, measure.date)
    value = named[measure.column].cast(_AMOUNT).coalesce(0) if measure.aggregate == "sum" else ibis.literal(1)
    money = measure.aggregate == "sum" and _is_money(fact, measure.column)
    columns: dict[str, ir.Value] = {"day": named[day]}
    for key in dimensions:
        columns[SEGMENT + key] = _dimension(named, fact, key, custom)
    columns["currency"] = named["currency"] if money else ibis.null("string")
    columns["amount"] = (value * (-sign if measure.negate else sign)).cast(_AMOUNT)
    return named.select(**columns, **{name: named[name] for name in keep})


def _is_money(fact: Fact, column: str | None) -> bool:
    found = fact.column(column or "")
    return found is not None and found.type == "money" and fact.column("currency") is not None


def _with_people(rows: ir.Table, person: str, day: str) -> ir.Table:
    people = ibis.table(
        {"written": "string", "who": "string", "which_team": "string", "since": "date", "until_day": "date"},
        name="people",
    )
    return rows.left_join(
        people,
        [
            rows[person] == people["written"],
            rows[day] >= people["since"],
            rows[day] <= people["until_day"],
        ],
    )


def _dimension(rows: ir.Table, fact: Fact, key: str, custom: tuple[str, ...]) -> ir.Value:
    if key in ("owner", "team") and fact.person:
        return rows["who" if key == "owner" else "which_team"]
    own = rows[key].cast("string") if fact.column(key) else ibis.null("string")
    return ibis.coalesce(rows[CUSTOM + key], own) if key in custom else own


@lru_cache(maxsize=512)
def _compiled(measure: Measure, dimensions: tuple[str, ...], custom: tuple[str, ...]) -> str:
    return str(ibis.to_sql(measure_expression(measure, dimensions, custom), dialect="duckdb"))


@lru_cache(maxsize=64)
def _compiled_rows(measure: Measure, dimensions: tuple[str, ...], custom: tuple[str, ...]) -> str:
    return str(ibis.to_sql(row_expression(measure, dimensions, custom), dialect="duckdb"))


# --- facts as the expressions read them ---------------------------------------------------------------


@dataclass(frozen=True)
class _Loaded:
    """A fact's table as it was registered and the extra dimensions it carries."""

    table: pa.Table
    custom: tuple[str, ...]


def _load(fact: Fact, table: pa.Table) -> _Loaded:
    arrays = {
        column.name: table.column(column.name).cast(ARROW_TYPES[column.type])
        if column.name in table.column_names
        else pa.nulls(len(table), ARROW_TYPES[column.type])
        for column in fact.columns
    }
    extra = _extra_dimensions(table)
    known = table.column("source").cast(pa.string()) if "source" in table.column_names else None
    arrays[ORIGIN] = pa.repeat("", len(table)) if known is None else pc.fill_null(known, "")
    return _Loaded(pa.table(arrays | {CUSTOM + key: value for key, value in extra.items()}), tuple(extra))


def _extra_dimensions(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Each key of the `dims` JSON as a text column. Only the distinct texts are parsed."""
    if "dims" not in table.column_names or not len(table):
        return {}
    encoded = table.column("dims").cast(pa.string()).combine_chunks().dictionary_encode()
    parsed = [json.loads(text) if text else {} for text in encoded.dictionary.to_pylist()]
    keys = sorted({key for one in parsed for key in one})
    found = {}
    for key in keys:
        values = pa.array([None if one.get(key) is None else str(one[key]) for one in parsed], pa.string())
        found[key] = pa.chunked_array([values.take(encoded.indices)])
    return found


# --- engine -------------------------------------------------------------------------------------------


_local = threading.local()


def _connection() -> Any:
    """DuckDB in memory, one a thread: opening one costs more than a week's queries."""
    if not hasattr(_local, "duckdb"):
        _local.duckdb = ibis.duckdb.connect().con
    return _local.duckdb


def daily_components(
    kpis: Iterable[Kpi],
    facts: Callable[[str], pa.Table],
    people: People,
    through: date,
    exchange: Exchange | None = None,
) -> pd.DataFrame:
    """Components of every KPI per company day, segment and currency, nothing dated after `through`.

    `facts(name)` gives a fact's rows as known (columns of Fact.arrow_schema()). Returns the columns kpi, day,
    segment (JSON object with sorted keys), currency (null unless money is summed), numerator and denominator
    (decimal(18,4), Arrow-backed), sorted by the first four. A ratio has 0 where one side has no rows; other
    kinds have no denominator. A stock has a row for every day it is not 0: of an opening one what is in force
    at the start of that day, which is what was in force at the end of the day before, of a closing one at its
    end. A derived KPI has no rows; those of its operands are there, once.

    `exchange` turns amounts in other currencies into the company's where it has a rate of the day; the others
    keep their currency. A stock is converted on each day it is in force.

    A segment holds the KPI's dimensions that its facts have, without those that are empty in a row. A ratio
    over two facts keeps only the dimensions both have. A KPI that has dimensions also gets every custom
    dimension of the facts' `dims`.
    """
    wanted = base_kpis(kpis)
    loaded = {
        name: _load(FACTS[name], facts(name))
        for name in dict.fromkeys(measure.fact for kpi in wanted for measure in measures(kpi))
    }
    with _registered(loaded, people, through) as connection:
        parts = _all_components(_remembered(connection, loaded), wanted, loaded, through, exchange)
    columns = {id(part): _columns(part) for _, part in parts}
    tables = [_table(name, columns[id(part)]) for name, part in parts]
    frame = pa.concat_tables(tables or [COMPONENT_COLUMNS.empty_table()]).to_pandas(
        types_mapper=pd.ArrowDtype
    )
    indexed(frame, ComponentIndex({name: _indexed_rows(part) for name, part in parts}))
    return frame


@dataclass(frozen=True)
class MeasuredRows:
    """Every known row of a measure's fact and what the measure makes of it."""

    facts: pa.Table
    """Columns of Fact.arrow_schema()."""
    rows: pa.Table
    """Columns of row_expression, row i about row i of `facts`."""
    dimensions: tuple[str, ...]
    """Keys that the KPI's segments have."""


def measured_rows(
    kpi: Kpi, measure: Measure, facts: Callable[[str], pa.Table], people: People, through: date
) -> MeasuredRows:
    """One measure of a KPI row by row, read and tested exactly as daily_components does."""
    loaded = {
        name: _load(FACTS[name], facts(name)) for name in dict.fromkeys(one.fact for one in measures(kpi))
    }
    own = loaded[measure.fact]
    dimensions = segment_dimensions(kpi, {name: one.custom for name, one in loaded.items()})
    places = pa.array(np.arange(own.table.num_rows))
    numbered = {measure.fact: _Loaded(own.table.append_column(ROW, places), own.custom)}
    with _registered(numbered, people, through) as connection:
        found = connection.sql(_compiled_rows(measure, dimensions, own.custom)).to_arrow_table()
    return MeasuredRows(facts(measure.fact), found.sort_by(ROW), dimensions)


class _registered:
    """Facts, people and the as-of day as tables of the connection, for the length of a block."""

    def __init__(self, loaded: Mapping[str, _Loaded], people: People, through: date) -> None:
        written: set[str] = set()
        for name, one in loaded.items():
            person = FACTS[name].person
            if person:
                written |= {text for text in one.table.column(person).unique().to_pylist() if text}
        self.tables = {name: one.table for name, one in loaded.items()}
        self.tables["people"] = people_table(people, written)
        self.tables["horizon"] = pa.table({"through": pa.array([through], pa.date32())})

    def __enter__(self) -> Any:
        self.connection = _connection()
        for name, table in self.tables.items():
            self.connection.register(name, table)
        return self.connection

    def __exit__(self, *_: object) -> None:
        for name in self.tables:
            self.connection.unregister(name)


def segment_dimensions(kpi: Kpi, custom: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The keys of the KPI's segments: its dimensions that every fact it reads has, and their extra ones.

    `custom` is the extra dimensions of each fact's rows."""
    if not kpi.dimensions:
        return ()
    names = list(dict.fromkeys(measure.fact for measure in measures(kpi)))
    shared: set[str] | None = None
    for name in names:
        fact = FACTS[name]
        own = {
            key for key in kpi.dimensions if fact.column(key) or (fact.person and key in ("owner", "team"))
        }
        has = own | set(custom.get(name, ()))
        shared = has if shared is None else shared & has
    return tuple(sorted(shared or ()))


@dataclass(frozen=True)
class _Rows:
    """Amounts of one measure: days since 1970, segment and currency as codes, whole ten-thousandths."""

    day: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int64]
    currency: npt.NDArray[np.int64]
    amount: Whole


class _Codes:
    """Texts numbered in the order they first appear; None is a text of its own."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def of(self, values: Iterable[Any]) -> npt.NDArray[np.int64]:
        return np.array(
            [self.numbers.setdefault(value, len(self.numbers)) for value in values], dtype=np.int64
        )


Ask = Callable[[Measure, tuple[str, ...]], pa.Table]


def _remembered(connection: Any, loaded: Mapping[str, _Loaded]) -> Ask:
    """Rows of a measure by segment keys. KPIs that share a measure (churn and retention) ask only once."""
    answers: dict[tuple[Measure, tuple[str, ...]], pa.Table] = {}

    def ask(measure: Measure, dimensions: tuple[str, ...]) -> pa.Table:
        key = measure, dimensions
        if key not in answers:
            text = _compiled(measure, dimensions, loaded[measure.fact].custom)
            answers[key] = connection.sql(text).to_arrow_table()
        return answers[key]

    return ask


def _all_components(
    ask: Ask,
    kpis: Iterable[Kpi],
    loaded: Mapping[str, _Loaded],
    through: date,
    exchange: Exchange | None = None,
) -> list[tuple[str, _Merged]]:
    """Merged rows of each KPI. KPIs made of the same measures (churn and retention, revenue and its growth)
    share one object."""
    custom = {name: one.custom for name, one in loaded.items()}
    made: dict[tuple[tuple[Measure, ...], tuple[str, ...]], _Merged] = {}
    found = []
    for kpi in kpis:
        key = tuple(measures(kpi)), segment_dimensions(kpi, custom)
        if key not in made:
            made[key] = _components(ask, *key, through, exchange)
        found.append((kpi.id, made[key]))
    return found


def _components(
    ask: Ask,
    parts: tuple[Measure, ...],
    dimensions: tuple[str, ...],
    through: date,
    exchange: Exchange | None,
) -> _Merged:
    segments, currencies = _Codes(), _Codes()
    sides: list[_Rows] = []
    converted: dict[str, Conversion] = {}
    for measure in parts:
        rows = _coded(ask(measure, dimensions), dimensions, segments, currencies)
        rows = rows if measure.taken == "flow" else _stock(rows, through, measure.taken)
        if exchange is not None:
            rows = _in_company_currency(rows, exchange, currencies, converted)
        sides.append(rows)
    return _merged(sides, list(segments.numbers), list(currencies.numbers), converted)


def _in_company_currency(
    rows: _Rows, exchange: Exchange, currencies: _Codes, converted: dict[str, Conversion]
) -> _Rows:
    """The rows with every amount converted for which there is a rate; notes the newest rate of each."""
    own = int(currencies.of([exchange.company])[0])
    amount, currency = rows.amount.copy(), rows.currency.copy()
    for code, number in currencies.numbers.items():
        at = np.flatnonzero(rows.currency == number)
        if code is None or number == own or not len(at):
            continue
        done, values, newest = exchange.convert(code, rows.day[at], rows.amount[at])
        amount[at[done]], currency[at[done]] = values, own
        if newest is not None and (code not in converted or newest.day > converted[code].day):
            converted[code] = newest
    return replace(rows, amount=amount, currency=currency)


def _coded(table: pa.Table, dimensions: tuple[str, ...], segments: _Codes, currencies: _Codes) -> _Rows:
    return _Rows(
        day=table.column("day").cast(pa.int32()).to_numpy().astype(np.int64),
        segment=_segment_codes(table, dimensions, segments),
        currency=_column_codes(table.column("currency"), currencies),
        amount=to_whole(table.column("amount")),
    )


def _encoded(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[Any]]:
    """Codes of a text column and the texts they stand for; the last code is an empty cell."""
    encoded = column.combine_chunks().dictionary_encode()
    texts = [*encoded.dictionary.to_pylist(), None]
    codes = encoded.indices.fill_null(len(texts) - 1).to_numpy().astype(np.int64)
    return codes, texts


def _column_codes(column: pa.ChunkedArray, codes: _Codes) -> npt.NDArray[np.int64]:
    local, texts = _encoded(column)
    present, inverse = np.unique(local, return_inverse=True)
    return codes.of(texts[code] for code in present)[inverse]


def _segment_codes(table: pa.Table, dimensions: tuple[str, ...], codes: _Codes) -> npt.NDArray[np.int64]:
    """Segment JSON of each row, as a code. The JSON is written once for each distinct combination."""
    combined = np.zeros(len(table), dtype=np.int64)
    columns = []
    for key in dimensions:
        local, texts = _encoded(table.column(SEGMENT + key))
        # renumbering the combinations met so far keeps the product small however many dimensions there are
        _, combined = np.unique(combined * len(texts) + local, return_inverse=True)
        columns.append((key, local, texts))
    _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    written = [
        segment_json(
            {key: texts[local[row]] for key, local, texts in columns if texts[local[row]] is not None}
        )
        for row in first
    ]
    return codes.of(written)[inverse] if len(table) else np.zeros(0, dtype=np.int64)


def segment_json(segment: Mapping[str, str]) -> str:
    """A segment as the components table writes it: a JSON object with sorted keys."""
    return json.dumps(dict(segment), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _stock(rows: _Rows, through: date, taken: str) -> _Rows:
    """What enters and leaves per day, as the stock at the start (opening) or the end of each day up to
    `through`.

    A cumulative sum per segment and currency; days on which the stock is 0 have no row."""
    if not len(rows.day):
        return rows
    last = (through - date(1970, 1, 1)).days
    first = int(rows.day.min())
    group = rows.segment * (int(rows.currency.max()) + 1) + rows.currency
    kept, index, inverse = np.unique(group, return_index=True, return_inverse=True)
    net = np.zeros((len(kept), last - first + 1), dtype=np.int64)
    np.add.at(net, (inverse, rows.day - first), rows.amount)
    at_end = np.cumsum(net, axis=1)
    opening = taken == "opening"
    stock = at_end[:, :-1] if opening else at_end  # the end of a day is the start of the next
    which, day = np.nonzero(stock)
    return _Rows(
        day=day + first + (1 if opening else 0),
        segment=rows.segment[index][which],
        currency=rows.currency[index][which],
        amount=stock[which, day],
    )


@dataclass(frozen=True)
class _Merged:
    """One row per day, segment and currency with both sides, sorted as printed.

    `denominator` is None for a KPI without one."""

    day: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int64]
    currency: npt.NDArray[np.int64]
    segments: list[str]
    """Sorted; code i stands for the i-th."""
    currencies: list[str | None]
    numerator: Whole
    denominator: Whole | None
    converted: Mapping[str, Conversion]


def _merged(
    sides: list[_Rows],
    segments: list[str],
    currencies: list[str | None],
    converted: Mapping[str, Conversion],
) -> _Merged:
    """Both sides on the same keys, 0 where a side has none."""
    by_text = np.array(sorted(range(len(segments)), key=segments.__getitem__), dtype=np.int64)
    by_code = np.array(sorted(range(len(currencies)), key=lambda i: currencies[i] or ""), dtype=np.int64)
    rank_s, rank_c = np.argsort(by_text), np.argsort(by_code)
    keys = [
        (side.day * max(len(segments), 1) + rank_s[side.segment]) * max(len(currencies), 1)
        + rank_c[side.currency]
        if len(side.day)
        else np.zeros(0, dtype=np.int64)
        for side in sides
    ]
    unique, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    totals, begin = [], 0
    for side, key in zip(sides, keys, strict=True):
        total = np.zeros(len(unique), dtype=np.int64)
        np.add.at(total, inverse[begin : begin + len(key)], side.amount)
        totals.append(total)
        begin += len(key)
    rest, currency = np.divmod(unique, max(len(currencies), 1))
    day, segment = np.divmod(rest, max(len(segments), 1))
    return _Merged(
        day, segment, currency, [segments[i] for i in by_text], [currencies[i] for i in by_code],
        totals[0], totals[1] if len(totals) == 2 else None, converted,
    )  # fmt: skip


def _columns(rows: _Merged) -> list[pa.Array]:
    """The rows as columns of the components table, all but the KPI's name."""
    below = rows.denominator
    return [
        pa.array(rows.day.astype(np.int32)).cast(pa.date32()),
        pa.array(rows.segments, pa.string()).take(pa.array(rows.segment)),
        pa.array(rows.currencies, pa.string()).take(pa.array(rows.currency)),
        from_whole(rows.numerator),
        from_whole(below) if below is not None else pa.nulls(len(rows.day), EXACT),
    ]


def _table(kpi_id: str, columns: list[pa.Array]) -> pa.Table:
    name = pa.repeat(pa.scalar(kpi_id, pa.string()), len(columns[0]))
    return pa.table([name, *columns], schema=COMPONENT_COLUMNS)


def _indexed_rows(rows: _Merged) -> KpiRows:
    """The same rows as series look them up, without a way back through the table."""
    present = np.bincount(rows.segment, minlength=len(rows.segments)) > 0
    below = rows.denominator
    return KpiRows(
        rows.day,
        (np.cumsum(present) - 1)[rows.segment],
        rows.numerator,
        below if below is not None else np.zeros_like(rows.numerator),
        rows.currency,
        parsed_segments(text for text, has_rows in zip(rows.segments, present, strict=True) if has_rows),
        tuple(rows.currencies),
        rows.converted,
    )
