"""What `explain` knows about a goal as JSON and as a file of rows.

Here: the shape of docs/schemas/explain.schema.json, and the rows of --csv. Not here: how it is gathered
(pipeline/goals/explain.py) or read at a terminal (explain_screen.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipeline.facts import FACTS
from pipeline.goals.explain import Explanation
from pipeline.goals.numbers import Number
from pipeline.kpis.exact import as_decimal
from pipeline.kpis.rows import COUNTED, PartRows
from pipeline.language import LANGUAGES
from pipeline.report.i18n import Formats, formats
from pipeline.report.tables import spreadsheet_csv
from pipeline.units import Unit
from pipeline.workspace.model import Condition, Workspace

VERSION = 1
CSV_FIRST = (
    "part", "amount", "day", "times", "source", "file", "line", "sha256", "kpi", "offset", "original",
    "original_currency", "rate", "rate_date",
)  # fmt: skip
"""Columns of --csv before those of the fact. `amount` is what the row adds: their sum is the part's (of a KPI
made of others: the one of that kpi, offset and part)."""


class Exact(Formats):
    """Formats with enough digits to be added up again by hand."""

    def money(self, amount: Decimal, signed: bool = False, beside: Decimal | None = None) -> str:
        exact = self.money_exact(abs(amount) if signed else amount)
        return f"{'−' if amount < 0 else '+'}{exact}" if signed else exact

    def percent(self, share: Decimal, places: int | None = None, signed: bool = False) -> str:
        return super().percent(share, 2 if places is None and (share * 100) % 1 else places or 0, signed)

    def points(self, share: Decimal, signed: bool = True) -> str:
        return self.percent(share, None, signed).replace("%", self.say("pp"))

    def plain(self, value: Decimal, signed: bool = False) -> str:
        return self.number(value, 0 if value == value.to_integral_value() else 2, signed)


def condition_text(condition: Condition) -> str:
    """A condition as one would write it: "is_won = true"."""
    parts = []
    for sign, values in (("=", condition.equals), ("≠", condition.not_equals)):
        if values:
            shown = " / ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
            parts.append(f"{condition.column} {sign} {shown}")
    if condition.empty is not None:
        parts.append(f"{condition.column} {'=' if condition.empty else '≠'} ∅")
    return ", ".join(parts)


def written_number(number: Number, words: Formats) -> str:
    """A number as a document writes it, with `words` that say how many digits."""
    if not isinstance(number.value, Decimal):
        from pipeline.report.words import status_view

        return status_view(number.value, words).word if number.value else "–"
    if number.name == "chance":
        return words.probability(float(number.value))
    if number.kind in ("points", "times"):
        return words.param(number.kind, number.value)
    return words.value(number.value, Unit(number.kind))


def file_names(found: Explanation) -> dict[tuple[str, str], str]:
    """File name by source and sha256."""
    return {(one.source, one.sha256): one.name for one in found.exports}


def shown_rows(found: Explanation, part: PartRows, most: int | None = None) -> Iterator[dict[str, Any]]:
    """The counted rows of a part: where each stands, what it adds, and its cells."""
    places = part.counted if most is None else part.counted[:most]
    measure, names = part.part.measure, file_names(found)
    for at, row in zip(places, part.facts.take(pa.array(places)).to_pylist(), strict=True):
        times, rate = int(part.times[at]), part.rates.get(int(at))
        source, sha = row["source"], row["source_sha256"]
        yield {
            "file": names.get((source, sha), ""),
            "line": row["source_line"],
            "source": source,
            "sha256": sha,
            "day": row[measure.date],
            "times": times,
            "amount": as_decimal(int(part.amounts[at])) * times,
            "original": as_decimal(int(part.originals[at])) * times if rate else None,
            "original_currency": rate.currency if rate else None,
            "rate": rate.rate if rate else None,
            "rate_date": rate.day if rate else None,
            "key": {key: row[key] for key in FACTS[measure.fact].key},
            "row": row,
        }


def explanation_record(
    workspace: Workspace, found: Explanation, most: int, only: str | None = None
) -> dict[str, Any]:
    """What --json prints. Numbers are exact; `printed` and `path` are said in both languages."""
    edition, result, goal = found.edition, found.result, found.goal
    words = {lang: formats(lang, workspace.company.currency) for lang in LANGUAGES}
    exact = {lang: Exact(lang, workspace.company.currency) for lang in LANGUAGES}
    return {
        "version": VERSION,
        "goal": {
            "id": goal.id, "title": goal.title, "kpi": goal.kpi, "kind": result.kind,
            "unit": result.unit.value, "segment": goal.segment, "start": goal.start, "due": goal.due,
        },
        "week": str(edition.week),
        "as_of": edition.as_of,
        "known": edition.known,
        "reconstructed": result.reconstructed,
        "run_id": edition.run_id,
        "status": result.status,
        "reason": {lang: one.reason(result.reason) for lang, one in words.items()},
        "measured": {"first": found.span.first, "last": found.span.last},
        "agrees": found.agrees,
        "checks": [
            {
                "what": one.what, "kpi": one.part.kpi.id if one.part else "",
                "part": one.part.name if one.part else "", "offset": one.part.offset if one.part else "",
                "here": one.here, "there": one.there, "agrees": one.agrees,
            }
            for one in found.checks
        ],
        "exports": [
            {
                "source": one.source, "file": one.name, "sha256": one.sha256, "received_at": one.received_at,
                "refused": one.refused, "rows": one.rows_in, "accepted": one.accepted,
                "quarantined": one.quarantined, "excluded": one.excluded, "counted": one.counted,
            }
            for one in found.exports
        ],
        "set_aside": [
            {
                "source": one.source, "file": one.file, "line": one.line, "column": one.column,
                "value": one.value, "reason": one.reason,
            }
            for one in found.set_aside
        ],
        "parts": [_part(found, one, most) for one in found.parts],
        "periods": [
            {
                "start": one.start, "end": one.end, "value": one.value, "numerator": one.numerator,
                "denominator": one.denominator, "closed": one.closed,
            }
            for one in found.periods
        ],
        "plan": {
            "used": result.plan_used,
            "points": [{"day": one.day, "plan": one.plan, "actual": one.actual} for one in result.burn_up],
        },
        "model": _model(found),
        "flag": [
            {
                "day": one.day, "chance": Decimal(str(one.probability)), "flagged": one.flagged,
                "changed": one.changed,
            }
            for one in found.steps
        ],
        "restated": [
            {
                "start": one.period_start, "end": one.period_end, "before": one.before, "after": one.after,
                "change": one.change,
                "causes": [
                    {
                        "source": each.source, "export": each.export, "sha256": each.sha256,
                        "received_at": each.received_at,
                    }
                    for each in one.causes
                ],
            }
            for one in found.restated
        ],
        "numbers": [
            {
                "name": one.name, "value": one.value, "kind": one.kind,
                "printed": {lang: written_number(one, each) for lang, each in words.items()},
                "path": {lang: each.reason(one.path) for lang, each in exact.items()},
            }
            for one in found.numbers
            if only is None or one.name == only
        ],
    }  # fmt: skip


def _part(found: Explanation, one: PartRows, most: int) -> dict[str, Any]:
    measure = one.part.measure
    return {
        "name": one.part.name,
        "kpi": one.part.kpi.id,
        "offset": one.part.offset,
        "fact": measure.fact,
        "aggregate": measure.aggregate,
        "column": measure.column,
        "negated": measure.negate,
        "date": measure.date,
        "until": measure.until,
        "taken": measure.taken,
        "where": [condition_text(each) for each in measure.where],
        "first": min(one.part.days),
        "last": max(one.part.days),
        "known_rows": one.facts.num_rows,
        "counted_rows": len(one.counted),
        "total": one.total,
        "days_say": one.part.amount,
        "agrees": one.agrees,
        "not_counted": [
            {
                "reason": why.partition(":")[0],
                "condition": condition_text(test) if (test := one.condition(why)) else None,
                "rows": rows,
            }
            for why, rows in one.reasons().items()
            if why != COUNTED
        ],
        "rows": [
            {key: value for key, value in row.items() if key != "row"} for row in shown_rows(found, one, most)
        ],
    }


def _model(found: Explanation) -> dict[str, Any] | None:
    trace, chance = found.chance, found.result.chance
    if trace is None or chance is None:
        return None
    return {
        "method": chance.method,
        "scale": trace.model.scale,
        "observations": trace.observations,
        "low_confidence": chance.low_confidence,
        "history": [
            {"start": span.first, "end": span.last, "value": value} for span, value in trace.history
        ],
        "candidates": [
            {
                "weight": Decimal(f"{one.weight:.6f}"),
                "gains": {name: Decimal(f"{gain:.4f}") for name, gain in one.gains.items()},
            }
            for one in trace.model.candidates
        ],
        "candidates_in_all": trace.model.bank,
        "seed": trace.points[-1].seed,
        "probability": Decimal(str(chance.probability)),
        "low": chance.low,
        "forecast": chance.forecast,
        "high": chance.high,
        "fan": [
            {
                "day": one.day, "low": one.low, "lower": one.lower, "middle": one.middle, "upper": one.upper,
                "high": one.high,
            }
            for one in chance.fan
        ],
    }  # fmt: skip


def rows_csv(found: Explanation) -> bytes:
    """Every counted row as CSV; the column `amount` of a part adds up to that part's number."""
    facts = dict.fromkeys(one.part.measure.fact for one in found.parts)
    columns = [name.name for fact in facts for name in FACTS[fact].columns]
    cells = [name for name in dict.fromkeys([*columns, "dims"]) if name not in CSV_FIRST or name in columns]
    taken = [f"{name} (row)" if name in CSV_FIRST else name for name in cells]
    return spreadsheet_csv([*CSV_FIRST, *taken], _csv_rows(found, cells))


def _csv_rows(found: Explanation, cells: Sequence[str]) -> Iterator[list[object]]:
    for part in found.parts:
        for row in shown_rows(found, part):
            row |= {"part": part.part.name, "kpi": part.part.kpi.id, "offset": part.part.offset}
            own = [row[name] for name in CSV_FIRST]
            yield [*own, *(row["row"].get(name) for name in cells)]
