"""The rules a row must keep, as pandera schemas, and the split into accepted and quarantined rows.

Here: what is required, possible and consistent, per fact; duplicates; conservation of rows and money. Not
here: whether a cell parses (cells.py), which columns a vendor has (vendors/).
Frames are validated lazily and in parts cut by the hash of the row key, so that memory stays bounded while
duplicates are still found: equal keys always meet in one part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.compute as pc

from pipeline.errors import InvariantBroken, Problem
from pipeline.facts import ARROW_TYPES, FACTS, Fact
from pipeline.sources import reasons
from pipeline.sources.reasons import Reason, Rejections
from pipeline.sources.state import Counts
from pipeline.sources.vendor import Rule

PART_ROWS = 200_000
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 12, 31)
EVENTS = ("sent", "open", "click", "reply", "bounce", "lead", "meeting")
KINDS = ("meeting", "call", "task", "email")
CLASSES = ("revenue", "cogs", "sales_marketing", "opex", "other", "balance_sheet")
SECTIONS = ("income", "cost_of_sales", "expenses", "other_income", "other_expenses")
MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation")


@dataclass(frozen=True)
class Bounds:
    """Values a column may take; both ends included."""

    low: Decimal | int | None = None
    high: Decimal | int | None = None
    values: tuple[str, ...] = ()


BOUNDS: dict[tuple[str, str], Bounds] = {
    ("time_entries", "hours"): Bounds(Decimal(0), Decimal(24)),
    ("signups", "count"): Bounds(low=0),
    ("subscriptions", "mrr"): Bounds(low=Decimal(0)),
    ("tasks", "done_percent"): Bounds(Decimal(0), Decimal(100)),
    ("outreach_events", "event"): Bounds(values=EVENTS),
    ("ledger_lines", "account_class"): Bounds(values=CLASSES),
    ("profit_lines", "section"): Bounds(values=SECTIONS),
    ("mrr_movements", "movement"): Bounds(values=MOVEMENTS),
    ("engagements", "kind"): Bounds(values=KINDS),
    ("engagements", "minutes"): Bounds(low=Decimal(0)),
    ("pipeline_stages", "probability"): Bounds(Decimal(0), Decimal(1)),
    **{
        (fact, column.name): Bounds(low=0)
        for fact in ("campaign_snapshots", "campaign_flows")
        for column in FACTS[fact].columns
        if column.type == "integer"
    },
}


def _not_before(later: str, earlier: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda rows: rows[later].isna() | rows[earlier].isna() | (rows[later] >= rows[earlier])


def _implies(
    condition: Callable[[pd.DataFrame], pd.Series], then: Callable[[pd.DataFrame], pd.Series]
) -> Callable:
    return lambda rows: ~condition(rows).fillna(False) | then(rows).fillna(True)


FACT_RULES: dict[str, tuple[Rule, ...]] = {
    "deals": (
        Rule(
            "closed_on",
            reasons.REQUIRED,
            _implies(lambda r: r["is_closed"], lambda r: r["closed_on"].notna()),
        ),
        Rule("is_won", reasons.RULE, _implies(lambda r: r["is_won"], lambda r: r["is_closed"])),
        Rule("amount", reasons.RANGE, _implies(lambda r: r["is_won"], lambda r: r["amount"] >= Decimal(0))),
    ),
    "subscriptions": (Rule("ended_on", reasons.RULE, _not_before("ended_on", "started_on")),),
    "tasks": (Rule("due_on", reasons.RULE, _not_before("due_on", "start_on")),),
}


# --- schemas -----------------------------------------------------------------------------------------

_CHECKED = "rule:"
"""Prefix of helper columns: true where a rule between columns holds. A check of the whole frame would report
every column of a failing row; a column of its own reports the row once."""


@lru_cache(maxsize=256)
def row_schema(fact: Fact, columns: tuple[str, ...], rules: tuple[Rule, ...]) -> pa.DataFrameSchema:
    """The pandera schema of typed rows that become `fact`. Every check's name is the code of its reason.

    Columns that may hold anything or nothing are left out: a schema costs a millisecond a column and file.
    """
    schema = {}
    for column in fact.columns:
        checks = _checks(fact, column.name)
        if column.name in columns and (checks or column.required):
            kind = pd.ArrowDtype(ARROW_TYPES[column.type])
            schema[column.name] = pa.Column(kind, checks, nullable=not column.required)
    for number, rule in enumerate(rules):
        check = pa.Check(lambda series: series, name=rule.reason.code)
        schema[f"{_CHECKED}{number}"] = pa.Column(bool, check)
    for name, reason in (("same_again", reasons.DUPLICATE), ("in_conflict", reasons.CONFLICT)):
        schema[name] = pa.Column(bool, pa.Check(lambda series: ~series, name=reason.code))
    return pa.DataFrameSchema(schema, strict=False, coerce=False)


def _checks(fact: Fact, name: str) -> list[pa.Check]:
    column = fact.column(name)
    if column is None:
        return []
    checks: list[pa.Check] = []
    if column.type == "date":
        checks.append(_range(lambda s: (s >= FIRST_DAY) & (s <= LAST_DAY)))
    if name == "currency":
        checks.append(pa.Check(lambda s: s.str.fullmatch("[A-Z]{3}"), name=reasons.CURRENCY.code))
    bounds = BOUNDS.get((fact.name, name))
    if bounds and bounds.low is not None:
        checks.append(_range(lambda s, low=bounds.low: s >= low))
    if bounds and bounds.high is not None:
        checks.append(_range(lambda s, high=bounds.high: s <= high))
    if bounds and bounds.values:
        checks.append(pa.Check(lambda s, v=bounds.values: s.isin(v), name=reasons.VALUE.code))
    return checks


def _range(holds: Callable[..., pd.Series]) -> pa.Check:
    return pa.Check(holds, name=reasons.RANGE.code)


_BY_CODE = {
    reason.code: reason for reason in (reasons.RANGE, reasons.CURRENCY, reasons.VALUE, reasons.REQUIRED)
}


# --- validation --------------------------------------------------------------------------------------


def validate_rows(
    rows: pd.DataFrame,
    fact: Fact,
    rules: Sequence[Rule],
    content: np.ndarray,
    key: np.ndarray | None,
    rejections: Rejections,
    shown: Callable[[str], tuple[str, Sequence[object] | None]],
) -> None:
    """Adds to `rejections` every row of `rows` that breaks a rule. The frame's index holds row numbers and is
    unique. `content` and `key` are hashes of each row's own cells and of its key (None: rows have no key of
    their own); `shown(column)` gives the header and the raw cells to name in a reason."""
    for part in _parts(key, len(rows)):
        _validate_part(
            rows.iloc[part], fact, rules, content[part], None if key is None else key[part], rejections, shown
        )


def _parts(key: np.ndarray | None, size: int) -> Iterator[np.ndarray | slice]:
    count = -(-size // PART_ROWS)
    if count <= 1:
        yield slice(None)
    elif key is None:
        for start in range(0, size, PART_ROWS):
            yield slice(start, start + PART_ROWS)
    else:
        for number in range(count):
            yield np.flatnonzero(key % np.uint64(count) == number)


def _validate_part(
    rows: pd.DataFrame,
    fact: Fact,
    rules: Sequence[Rule],
    content: np.ndarray,
    key: np.ndarray | None,
    rejections: Rejections,
    shown: Callable[[str], tuple[str, Sequence[object] | None]],
) -> None:
    if rows.empty:
        return
    again, conflict = same_key(content, key)
    helpers = {f"{_CHECKED}{number}": _plain_bool(rule.holds(rows)) for number, rule in enumerate(rules)}
    frame = rows.assign(**helpers, same_again=again, in_conflict=conflict)
    schema = row_schema(fact, tuple(rows.columns), tuple(rules))
    try:
        schema.validate(frame[list(schema.columns)], lazy=True)
    except pa.errors.SchemaErrors as errors:
        _collect(errors.failure_cases, rules, rejections, shown, fact)


def _plain_bool(series: pd.Series) -> np.ndarray:
    return series.fillna(True).to_numpy(dtype=bool)


def same_key(content: np.ndarray, key: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(row repeats an earlier row of the same key and content; row shares its key with different content).
    Of equal rows the first stays; rows that differ under one key are all in conflict."""
    if key is None:
        return np.zeros(len(content), bool), np.zeros(len(content), bool)
    frame = pd.DataFrame({"key": key, "content": content})
    if not frame["key"].duplicated().any():
        return np.zeros(len(content), bool), np.zeros(len(content), bool)
    conflict = (frame.groupby("key")["content"].transform("nunique") > 1).to_numpy()
    again = frame.duplicated(["key", "content"]).to_numpy() & ~conflict
    return again, conflict


def _collect(
    failures: pd.DataFrame,
    rules: Sequence[Rule],
    rejections: Rejections,
    shown: Callable[[str], tuple[str, Sequence[object] | None]],
    fact: Fact,
) -> None:
    lost = failures[failures["index"].isna()]
    if len(lost):
        raise InvariantBroken(
            Problem(
                "E-SCHEMA",
                "The rows of {fact} do not have the shape their schema declares: {detail}",
                params={"fact": fact.name, "detail": "; ".join(map(str, lost["check"].head(5)))},
            )
        )
    for (column, check), group in failures.groupby(["column", "check"], sort=False):
        name, reason = str(column), _reason(str(column), str(check), rules)
        if name.startswith(_CHECKED):
            name = rules[int(name.removeprefix(_CHECKED))].column
        elif name in ("same_again", "in_conflict"):
            name = ";".join(fact.key)
        header, cells = shown(name)
        rejections.add(group["index"].astype(int), reason, header, cells)


def _reason(column: str, check: str, rules: Sequence[Rule]) -> Reason:
    if column.startswith(_CHECKED):
        return rules[int(column.removeprefix(_CHECKED))].reason
    if column == "same_again":
        return reasons.DUPLICATE
    if column == "in_conflict":
        return reasons.CONFLICT
    return _BY_CODE.get(check, reasons.REQUIRED)


# --- conservation ------------------------------------------------------------------------------------


def money_column(fact: Fact) -> str | None:
    """The column whose sum must be conserved: the fact's first amount."""
    return next((column.name for column in fact.columns if column.type == "money"), None)


def total(amounts: arrow.Array | None) -> Decimal:
    """Sum of the amounts that parsed; a row without a readable amount counts as a row with money 0."""
    found = None if amounts is None or not len(amounts) else pc.sum(amounts).as_py()
    return Decimal(0) if found is None else Decimal(found)


def reconciled(counts: Counts, file: str) -> Counts:
    """The counts themselves, once they add up. Raises InvariantBroken (E-CONSERVATION)."""
    if counts.holds():
        return counts
    raise InvariantBroken(
        Problem(
            "E-CONSERVATION",
            "Rows or money were lost while reading: {rows_in} rows ({money_in}) came in, "
            "{rows_out} ({money_out}) "
            "came out.",
            "Report this as a fault of the program, with the file.",
            file=file,
            params={
                "rows_in": counts.rows_in,
                "money_in": counts.money_in,
                "rows_out": counts.accepted + counts.quarantined + counts.excluded,
                "money_out": counts.money_accepted + counts.money_quarantined + counts.money_excluded,
            },
        )
    )


def fact_of(name: str) -> Fact:
    return FACTS[name]
