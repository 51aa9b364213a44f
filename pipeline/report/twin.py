"""scorecard.json: every number the documents print, for other programs.

Here: the JSON twin and its schema. Not here: how numbers are computed or worded. Amounts are written with
all their decimals as JSON numbers; shares are fractions; `printed` holds the strings of each language.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import cast

from pipeline.goals.model import GoalResult, PeriodValue, Reason, Recurrence, StatusName
from pipeline.goals.rollup import RollUp, roll_ups, status_tally
from pipeline.periods import Week
from pipeline.report.context import RULES_VERSION, Context, closed_periods
from pipeline.report.scorecard import row
from pipeline.report.view import Row
from pipeline.sources.state import SourceState
from pipeline.workspace.model import Goal, Notes
from pipeline.workspace.rules import written

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
VERSION = 1


def scorecard_json(contexts: Mapping[str, Context], notes: Notes | None = None) -> dict[str, object]:
    """The twin of one edition. `contexts`: language -> the same edition and audience in that language.
    `notes`: the week's; its comment is given in every language that it was written in."""
    first = next(iter(contexts.values()))
    edition, company = first.edition, first.workspace.company
    return {
        "version": VERSION,
        "company": company.company,
        "currency": company.currency,
        "timezone": company.timezone,
        "week": str(edition.week),
        "week_start": edition.week.monday,
        "week_end": edition.week.sunday,
        "as_of": edition.as_of,
        "known": edition.known,
        "run_id": edition.run_id,
        "rules_version": RULES_VERSION,
        "comment": notes.comment if notes else {},
        "goals": [_goal(contexts, result) for result in first.results],
        "roll_ups": [_roll_up(one) for one in roll_ups(first.workspace, first.results)],
        "restatements": [
            {
                "goal": one.goal_id,
                "kpi": one.kpi_id,
                "start": one.period_start,
                "end": one.period_end,
                "before": one.before,
                "after": one.after,
                "unit": one.unit.value,
                "cause_source": one.cause_source,
                "cause_received_at": one.cause_received_at,
                "change": one.change,
                "causes": [
                    {
                        "source": cause.source,
                        "export": cause.export,
                        "sha256": cause.sha256,
                        "received_at": cause.received_at,
                    }
                    for cause in one.causes
                ],
            }
            for one in edition.restatements
            if first.sees(one.goal_id)
        ],
        "record": _record(first),
        "sources": [_source(edition.sources[key], edition.inputs.get(key, ())) for key in first.source_ids],
    }


def restricted(
    twin: Mapping[str, object], goal_ids: Collection[str], source_ids: Collection[str]
) -> dict[str, object]:
    """The twin as an audience may see it: only its goals and the sources behind them."""

    def only(part: str, key: str, allowed: Collection[str]) -> list[dict[str, object]]:
        return [one for one in cast("list[dict[str, object]]", twin[part]) if one[key] in allowed]

    return {
        **twin,
        "goals": only("goals", "id", goal_ids),
        "roll_ups": _restricted_roll_ups(twin, goal_ids),
        "restatements": only("restatements", "goal", goal_ids),
        "sources": only("sources", "id", source_ids),
    }


def _restricted_roll_ups(twin: Mapping[str, object], goal_ids: Collection[str]) -> list[dict[str, object]]:
    """Roll-ups over the audience's goals alone: the worst of others is not theirs to see."""
    goals = cast("list[dict[str, object]]", twin["goals"])
    statuses = {str(one["id"]): cast("StatusName", one["status"]) for one in goals if one["id"] in goal_ids}
    found = []
    for one in cast("list[dict[str, object]]", twin["roll_ups"]):
        own = [goal for goal in cast("tuple[str, ...]", one["goals"]) if goal in statuses]
        if own:
            counts = status_tally(statuses[goal] for goal in own)
            found.append({**one, "worst": next(iter(counts)), "counts": counts, "goals": own})
    return found


def _goal(contexts: Mapping[str, Context], result: GoalResult) -> dict[str, object]:
    first = next(iter(contexts.values()))
    goal, chance, control = first.goals.get(result.goal_id), result.chance, result.control
    return {
        "id": result.goal_id,
        "title": goal.title if goal else {},
        "owner": goal.owner if goal else None,
        "team": goal.team if goal else None,
        "kpi": result.kpi_id,
        "kind": result.kind,
        "unit": result.unit.value,
        "direction": result.direction.value,
        "start": result.start,
        "due": result.due,
        "baseline": result.baseline,
        "target": result.target,
        "original_target": result.original_target,
        "actual": result.actual,
        "numerator": result.numerator,
        "denominator": result.denominator,
        "interval_low": result.interval[0] if result.interval else None,
        "interval_high": result.interval[1] if result.interval else None,
        "progress": result.progress,
        "expected": result.expected,
        "expected_value": result.expected_value,
        "plan": result.plan_used,
        "pace_gap": result.pace_gap,
        "pace_index": result.pace_index,
        "gap_value": result.gap_value,
        "run_rate": result.run_rate,
        "required_rate": result.required_rate,
        "required_multiple": result.required_multiple,
        "best_period": result.best_period,
        "completeness": result.completeness,
        "periods_closed": result.periods_closed,
        "periods_total": result.periods_total,
        "chance": Decimal(str(chance.probability)) if chance else None,
        "range": [chance.low, chance.high] if chance else None,
        "forecast": chance.forecast if chance else None,
        "low_confidence": result.low_confidence,
        "status": result.status,
        "basis": result.basis,
        "previous_status": result.previous_status,
        "override_status": result.override_status,
        **_terms(goal, result),
        "reason": {lang: one.formats.reason(result.reason) for lang, one in contexts.items()},
        "calculation": {lang: one.formats.reason(result.calculation) for lang, one in contexts.items()},
        "as_of": result.as_of,
        "data_through": result.data_through,
        "reconstructed": result.reconstructed,
        "rates": [
            {"currency": code, "rate": used.rate, "day": used.day}
            for code, used in sorted(result.converted.items())
        ],
        "sources": result.sources,
        "problems": result.problems,
        "control": {
            "mean": control.mean,
            "lower": control.lower,
            "upper": control.upper,
            "signals": control.signals,
            "assurance": control.assurance or None,
        }
        if control
        else None,
        "periods": [_period(one) for one in (closed_periods(result)[-26:] + _open(result))],
        "months": [_period(one) for one in result.months],
        "burn_up": [{"day": one.day, "actual": one.actual, "plan": one.plan} for one in result.burn_up],
        "drivers": [
            {
                "dimension": one.dimension,
                "value": one.value,
                "actual": one.actual,
                "share": one.share_of_actual,
                "change": one.change,
            }
            for one in result.drivers
        ],
        "smart": _smart(contexts, result),
        "printed": {lang: _printed(row(one, result)) for lang, one in contexts.items()},
    }


def _terms(goal: Goal | None, result: GoalResult) -> dict[str, object]:
    """What the target rests on: its wording, its periods, who changed or overrode it."""
    terms, override = result.terms, goal.override if goal and result.override_status else None
    return {
        "ambition": goal.ambition if goal else None,
        "chance_at_set": None if result.chance_at_set is None else Decimal(str(result.chance_at_set)),
        "baseline_measured_on": result.baseline_day,
        "target_terms": {
            "change": terms.change,
            "in": {"%": "percent", "pp": "percentage_points", "": "amount"}[terms.mark],
            "of": terms.base,
            "base": terms.base_value,
        }
        if terms
        else None,
        "recurrence": _recurrence(result.recurrence) if result.recurrence else None,
        "target_changes": [
            {"on": one.on, "by": one.by, "reason": one.reason, "previous": written(one.previous),
             "previous_due": one.previous_due}
            for one in (goal.target_changes if goal else ())
        ],
        "unrecorded_changes": [
            {"what": one.key, "before": one.before, "now": one.now, "printed_in": one.week}
            for one in result.unrecorded
        ],
        "override": {
            "status": override.status,
            "by": override.by,
            "reason": override.reason,
            "until": override.until,
        }
        if override
        else None,
    }  # fmt: skip


def _recurrence(again: Recurrence) -> dict[str, object]:
    return {
        "every": again.every,
        "start": again.start,
        "due": again.due,
        "met": again.met,
        "judged": again.judged,
        "needed": again.needed,
        "streak": again.streak,
        "longest": again.longest,
        "reported": again.reported,
        "periods": [
            {
                "start": one.start,
                "due": one.due,
                "target": one.target,
                "actual": one.actual,
                "progress": one.progress,
                "status": one.status,
                "basis": one.basis,
                "chance": None if one.chance is None else Decimal(str(one.chance)),
            }
            for one in again.instances
        ],
    }


def _roll_up(one: RollUp) -> dict[str, object]:
    return {
        "of": one.of,
        "id": one.id,
        "title": one.title,
        "worst": one.worst,
        "counts": one.tally,
        "goals": one.goals,
    }


def _open(result: GoalResult) -> list[PeriodValue]:
    return [one for one in result.periods if not one.closed]


def _period(one: PeriodValue) -> dict[str, object]:
    return {
        "start": one.start,
        "end": one.end,
        "value": one.value,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "closed": one.closed,
        "prior_year": one.prior_year,
    }


def _smart(contexts: Mapping[str, Context], result: GoalResult) -> dict[str, object] | None:
    first = next(iter(contexts.values()))
    verdict = first.edition.smart.get(result.goal_id)
    if verdict is None:
        return None

    def said(reasons: Iterable[Reason]) -> dict[str, list[str]]:
        known = tuple(reasons)
        return {lang: [one.formats.reason(reason) for reason in known] for lang, one in contexts.items()}

    return {
        "verdict": verdict.verdict,
        "letters": {
            one.letter: {"verdict": one.verdict, "evidence": said(one.evidence)} for one in verdict.letters
        },
    }


def _record(context: Context) -> dict[str, object] | None:
    """How past chances turned out; None while too few goals are closed."""
    found = context.record
    if found is None:
        return None

    def share(value: float) -> Decimal:
        return Decimal(f"{value:.6f}")

    return {
        "goals": found.goals,
        "attained": found.attained,
        "predictions": found.predictions,
        "brier": share(found.brier),
        "calibration_error": share(found.ece),
        "in_range": found.in_range,
        "ranged": found.ranged,
        "bands": [
            {
                "low": share(band.low),
                "high": share(band.high),
                "predictions": band.count,
                "came_true": band.happened,
                "mean": share(band.mean),
            }
            for band in found.bands
        ],
    }


def _printed(one: Row) -> dict[str, str]:
    return {
        "status": one.status.word,
        "was": one.was,
        "target": one.target,
        "actual": one.actual,
        "actual_note": one.actual_note,
        "gap": one.gap,
        "gap_note": one.gap_note,
        "chance": one.chance,
        "range": one.chance_note,
    }


def _source(state: SourceState, inputs: tuple[str, ...]) -> dict[str, object]:
    counts = state.counts
    return {
        "id": state.source_id,
        "title": state.title,
        "freshness": state.freshness,
        "received_at": state.received_at,
        "data_through": state.data_through,
        "rows": counts.rows_in,
        "accepted": counts.accepted,
        "quarantined": counts.quarantined,
        "excluded": counts.excluded,
        "reasons": state.reasons,
        "problem": state.problem.text() if state.problem else None,
        "reconstructed": state.reconstructed,
        "sha256": inputs,
    }


# --- JSON with exact decimals -------------------------------------------------------------------------


def dumps(value: object, indent: int = 1) -> bytes:
    """JSON as bytes: decimals with all their digits, dates as ISO texts, instants in UTC with Z."""
    return (_encoded(value, indent, 0) + "\n").encode()


def _encoded(value: object, indent: int, level: int) -> str:
    if isinstance(value, Mapping):
        items = [
            f"{encode_basestring(str(key))}: {_encoded(item, indent, level + 1)}"
            for key, item in value.items()
        ]
        return _wrapped("{", items, "}", indent, level)
    if isinstance(value, (list, tuple)):
        return _wrapped("[", [_encoded(item, indent, level + 1) for item in value], "]", indent, level)
    return _scalar(value)


def _wrapped(opening: str, items: list[str], closing: str, indent: int, level: int) -> str:
    if not items:
        return opening + closing
    inner, outer = "\n" + " " * (indent * (level + 1)), "\n" + " " * (indent * level)
    return f"{opening}{inner}{f',{inner}'.join(items)}{outer}{closing}"


def plain(value: Decimal | date) -> str:
    """A number with all its digits, a day or an instant (UTC), as every file for programs has them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return json.dumps(plain(value))
    if isinstance(value, Week):
        return json.dumps(str(value))
    return json.dumps(value, ensure_ascii=False)
