"""What `explain` shows at a terminal: the walk from exports to each printed number, for a person with a
spreadsheet.

Here: headings, tables and sentences. Not here: gathering (pipeline/goals/explain.py), JSON and CSV
(explain_record.py).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from assets.explain_record import Exact, condition_text, shown_rows, written_number
from assets.terminal import Terminal
from pipeline.errors import Problem, UsageError, nearest
from pipeline.goals.explain import Check, Explanation, Export
from pipeline.kpis.compute import ALONE, LATER, NOT_YET, UNDATED
from pipeline.kpis.rows import AFTER, BEFORE, COUNTED, LEFT_BEFORE, SEGMENT_OTHER, PartRows
from pipeline.kpis.series import Part
from pipeline.language import pick
from pipeline.report.i18n import Formats, formats
from pipeline.report.words import status_view
from pipeline.units import Unit
from pipeline.workspace.model import Goal, Workspace

SECTIONS: dict[str, frozenset[str]] = {
    "actual": frozenset({"exports", "rows", "periods", "formula"}),
    "progress": frozenset({"formula", "plan"}),
    "expected": frozenset({"plan"}),
    "pace_gap": frozenset({"formula", "plan"}),
    "chance": frozenset({"model"}),
    "forecast": frozenset({"model"}),
    "status": frozenset({"flag"}),
}
"""Which parts of the walk lead to a number; a number that is not here is explained by its sentence alone."""
PARTS = {"numerator": "Numerator", "denominator": "Denominator", "base": "Prior year"}
TAKEN = {
    "flow": "{part}: {what} of {fact} by {date}, {first} to {last}:",
    "opening": "{part}: {what} of {fact}, in force at the start of {first}:",
    "closing": "{part}: {what} of {fact}, in force at the end of {first}:",
}
BACK = {"prior_week": "a week before", "prior_month": "a month before", "prior_year": "a year before"}
WHY = {
    UNDATED: "without a date",
    LATER: "dated after the week",
    NOT_YET: "with a second date that has not come",
    ALONE: "without the further row that is asked for",
    SEGMENT_OTHER: "of another segment",
    BEFORE: "before these days",
    AFTER: "after these days",
    LEFT_BEFORE: "had ended before",
}
NAMES = {
    "baseline": "Baseline",
    "target": "Target",
    "actual": "Now",
    "numerator": "Numerator",
    "denominator": "Denominator",
    "progress": "Progress",
    "expected": "Plan for today",
    "expected_value": "Plan today, as a value",
    "pace_gap": "Gap to plan",
    "pace_index": "Pace index",
    "gap_value": "Gap, as a value",
    "run_rate": "Recent rate",
    "required_rate": "Needed rate",
    "required_multiple": "Needed over recent",
    "best_period": "Best period",
    "completeness": "Completeness",
    "chance": "Chance",
    "forecast": "Likely end",
    "low": "80 % range, low end",
    "high": "80 % range, high end",
    "status": "Status",
    "previous_status": "Status before",
}
SCALES = {
    "log": "logarithms",
    "sqrt": "square roots",
    "logit": "log-odds",
    "identity": "the figures themselves",
    "counts": "counted cases (beta-binomial)",
}
GAINS = {"level": "level", "slope": "trend", "damping": "damping", "season": "season", "memory": "memory"}
SHOWN_EXPORTS = 6
PREFIX = 12


def wanted_goal(workspace: Workspace, name: str) -> Goal:
    """The goal of that id. UsageError with the nearest one there is."""
    goal = workspace.goal(name)
    if goal is not None:
        return goal
    ids = [one.id for one in workspace.goals]
    near = nearest(name, ids)
    remedy = "Did you mean {near}?" if near else "Goals there are: {choices}."
    raise UsageError(
        Problem(
            "E-USAGE", "There is no goal {name}.", remedy,
            params={"name": name, "near": near, "choices": ", ".join(ids) or "-"},
        )
    )  # fmt: skip


def show_explanation(
    terminal: Terminal, workspace: Workspace, found: Explanation, most: int, only: str | None = None
) -> None:
    """The whole walk, or with `only` what leads to one number. `most`: rows shown of each sum."""
    screen = _Screen(terminal, workspace, found, most)
    parts: dict[str, tuple[str, Callable[[], None]]] = {
        "exports": ("Exports known to this week", screen.exports),
        "rows": ("Rows that count", screen.rows),
        "periods": ("Weeks and months", screen.periods),
        "formula": ("Formula", screen.formula),
        "plan": ("Plan", screen.plan),
        "model": ("Forecast", screen.model),
        "flag": ("At-risk flag and status", screen.flag),
    }
    screen.head()
    wanted = SECTIONS.get(only, frozenset()) if only else frozenset(parts)
    shown = [parts[name] for name in parts if name in wanted]
    for number, (title, show) in enumerate([*shown, ("Printed numbers", lambda: screen.numbers(only))], 1):
        terminal.line()
        terminal.line(f"{number}. {terminal.say(title)}")
        show()
    screen.verdict()


class _Screen:
    """One explanation on one terminal."""

    def __init__(self, terminal: Terminal, workspace: Workspace, found: Explanation, most: int) -> None:
        self.terminal, self.workspace, self.found, self.most = terminal, workspace, found, most
        self.say = terminal.say
        currency = workspace.company.currency
        self.words: Formats = formats(terminal.lang, currency)
        self.exact = Exact(terminal.lang, currency)

    def _line(self, template: str, indent: int = 3, **params: object) -> None:
        self.terminal.line(" " * indent + self.say(template, **params))

    def _value(self, value: Any, unit: Unit | None = None) -> str:
        return self.exact.value(value, unit or self.found.result.unit)

    def head(self) -> None:
        found, edition = self.found, self.found.edition
        title = pick(found.goal.title, self.terminal.lang)
        self.terminal.line(f"{title} ({found.goal.id}). {self.words.week(edition.week)}")
        instant = self.words.instant(edition.as_of, self.workspace.company.zone)
        known = "As known then, {instant}." if edition.known == "then" else "As known now, {instant}."
        self._line(known, 0, instant=instant)
        if found.result.reconstructed:
            self._line(
                "Reconstructed: nothing had been received by the cut-off; the earliest export is used.", 0
            )
        for one in found.restated:
            self._line(
                "Restated since the week before: {span}: {before} → {after}, by {sources}.", 0,
                span=self.words.span(one.period_start, one.period_end), before=self._value(one.before),
                after=self._value(one.after),
                sources=", ".join(each.export or self._source(each.source) for each in one.causes) or "–",
            )  # fmt: skip

    def _source(self, source_id: str) -> str:
        state = self.found.edition.sources.get(source_id)
        return (pick(state.title, self.terminal.lang) if state else "") or source_id

    # --- exports and rows ----------------------------------------------------------------------------

    def exports(self) -> None:
        if not self.found.exports:
            self._line("No export of a source behind this KPI was known.")
        for source in dict.fromkeys(one.source for one in self.found.exports):
            self._exports_of(source, [one for one in self.found.exports if one.source == source])
        self._set_aside()

    def _exports_of(self, source: str, exports: list[Export]) -> None:
        counting = [one for one in exports if one.counted]
        self._line(
            "{source}: exports known: {n}; exports whose rows count: {counting}.",
            source=self._source(source), n=len(exports), counting=len(counting),
        )  # fmt: skip
        shown = sorted(
            {id(one): one for one in (*counting[-SHOWN_EXPORTS:], exports[-1])}.values(), key=_when
        )
        self.terminal.table(
            [self._export_row(one) for one in shown],
            headers=("File", "Received", "sha256", "In", "Accepted", "Set aside", "Left out", "Count here"),
            indent=5,
        )

    def _export_row(self, one: Export) -> list[str]:
        counts = (one.rows_in, one.accepted, one.quarantined, one.excluded, one.counted)
        received = one.received_at.astimezone(self.workspace.company.zone)
        name = f"{one.name} ({self.say('refused')})" if one.refused else one.name
        return [
            name,
            f"{received:%Y-%m-%d %H:%M}",
            one.sha256[:PREFIX],
            *(self.words.number(n) for n in counts),
        ]

    def _set_aside(self) -> None:
        rows = self.found.set_aside
        if not rows:
            return
        self._line("Set aside in these exports, so in no number: {n}", n=len(rows))
        self.terminal.table(
            [[f"{one.file}:{one.line or ''}", one.column, f"{self.say(one.reason)} ({one.value})"]
             for one in rows[: self.most]],
            indent=5,
        )  # fmt: skip

    def rows(self) -> None:
        if not self.found.parts:
            self._line("The goal has no figure in this week, so no row counts.")
        if self.found.kpi.kind == "derived" and self.found.parts:
            self._line("The KPI is an expression of others: the rows are those of the KPIs in it.")
        for one in self.found.parts:
            self._part(one)

    def _part(self, one: PartRows) -> None:
        part, measure = one.part, one.part.measure
        what = f"Σ {measure.column}" if measure.aggregate == "sum" else self.say("rows")
        self._line(
            TAKEN[measure.taken], part=self._name(part), what=what, fact=measure.fact, date=measure.date,
            first=self.words.date(min(part.days)), last=self.words.date(max(part.days)),
        )  # fmt: skip
        self._line(
            "{n} of {all} known rows count; they add up to {total}, the KPI's days to {days}. {mark}", 5,
            n=self.words.number(len(one.counted)), all=self.words.number(one.facts.num_rows),
            total=self._exact(one.total), days=self._exact(part.amount),
            mark="✓" if one.agrees else "✗",
        )  # fmt: skip
        left = [self._why(one, why, n) for why, n in one.reasons().items() if why != COUNTED]
        if left:
            self._line("Not counted: {reasons}.", 5, reasons="; ".join(left))
        if one.rates:
            self._line(
                "Converted from other currencies: {n}. What is rounded is the sum of a day and segment, so "
                "that the rows add up to it.", 5, n=self.words.number(len(one.rates)),
            )  # fmt: skip
        table = [self._row(one, row) for row in shown_rows(self.found, one, self.most)]
        headers = (
            "File and line",
            "Key",
            "Day",
            "Adds",
            *(("Original", "Rate", "Rate of") if one.rates else ()),
        )
        self.terminal.table(table, headers=headers if table else (), indent=5)
        if len(one.counted) > self.most:
            self._line("… {n} more; --csv FILE writes all of them.", 5, n=len(one.counted) - self.most)

    def _row(self, one: PartRows, row: dict[str, Any]) -> list[str]:
        cells = [
            f"{row['file']}:{row['line'] or ''}", " ".join(str(each) for each in row["key"].values()),
            row["day"].isoformat(),
            self._exact(row["amount"]) if one.rates else self.exact.plain(row["amount"]),
        ]  # fmt: skip
        if not one.rates:
            return cells
        if row["rate"] is None:
            return [*cells, "", "", ""]
        original = f"{self._exact(row['original'])} {row['original_currency']}"
        return [*cells, original, f"{row['rate'].normalize():f}", row["rate_date"].isoformat()]

    def _exact(self, value: Decimal) -> str:
        """Every digit there is: what is shown adds up."""
        return self.exact.number(value, 4).rstrip("0").rstrip(".,") or "0"

    def _name(self, part: Part) -> str:
        """The sum; where a KPI is made of others, of which one and how far back."""
        name = self.say(PARTS[part.name])
        if part.kpi.id == self.found.kpi.id and not part.offset:
            return name
        of = f"{part.kpi.id}, {self.say(BACK[part.offset])}" if part.offset else part.kpi.id
        return f"{of}: {name}"

    def _why(self, one: PartRows, why: str, n: int) -> str:
        condition = one.condition(why)
        text = (
            self.say("without {condition}", condition=condition_text(condition))
            if condition
            else self.say(WHY.get(why, why))
        )
        return f"{self.words.number(n)} {text}"

    # --- from sums to the verdict --------------------------------------------------------------------

    def periods(self) -> None:
        self._line("Whole ones, also where the window or the measured days cut them.")
        rows = [
            [
                f"{one.start} – {one.end}", self._value(one.value),
                self._side(one.numerator), self._side(one.denominator),
                "" if one.closed else self.say("open"),
            ]
            for one in self.found.periods
        ]  # fmt: skip
        self.terminal.table(rows, headers=("Period", "Value", "Numerator", "Denominator", ""), indent=3)

    def _side(self, value: Decimal | None) -> str:
        return "" if value is None else self.exact.plain(value)

    def formula(self) -> None:
        kpi, result = self.found.kpi, self.found.result
        self.terminal.line(
            f"   {pick(kpi.name, self.terminal.lang)}: {pick(kpi.formula, self.terminal.lang)}"
        )
        self.terminal.line(f"   {self.exact.reason(result.measured_label)}")
        self.terminal.line(f"   {self.exact.reason(result.calculation)}")
        for check in self.found.checks:
            if check.what != "rows":
                self._check(check)

    def _check(self, check: Check) -> None:
        texts = {
            "formula": "Out of the rows above: {here}; as the edition measures it: {there}. {mark}",
            "printed": "As measured: {here}; as printed: {there}. {mark}",
        }
        self._line(
            texts[check.what], here=self._value(check.here), there=self._value(check.there),
            mark="✓" if check.agrees else "✗",
        )  # fmt: skip

    def plan(self) -> None:
        rows = [
            [one.day.isoformat(), self._value(one.plan), self._value(one.actual)]
            for one in self.found.result.burn_up
        ]
        self.terminal.table(rows, headers=("Day", "Plan", "Reached"), indent=3)

    def model(self) -> None:
        trace, chance = self.found.chance, self.found.result.chance
        if trace is None or chance is None:
            self._line("This week the goal has no chance: it is decided, judged by pace, or without verdict.")
            return
        first, last = trace.history[0][0], trace.history[-1][0]
        self._line(
            "{n} whole periods with a figure, {first} to {last}, as {scale}.", n=trace.observations,
            first=self.words.date(first.first), last=self.words.date(last.last),
            scale=self.say(SCALES[trace.model.scale]),
        )  # fmt: skip
        if chance.low_confidence:
            self._line("Low confidence: fewer than 9 figures.")
        self._line("The heaviest of {n} models:", n=trace.model.bank)
        for one in trace.model.candidates:
            gains = [f"{self.say(GAINS[name])} {self.exact.plain(gain)}" for name, gain in _used(one.gains)]
            self.terminal.line(f"     {self.words.percent(_share(one.weight), 1)}  {', '.join(gains)}")
        self._line("Random numbers start from {seed}, the same on every machine.", seed=trace.points[-1].seed)
        rows = [
            [day, *(self._value(each) for each in ends)]
            for day, *ends in (
                (one.day.isoformat(), one.low, one.lower, one.middle, one.upper, one.high)
                for one in chance.fan
            )
        ]  # fmt: skip
        self.terminal.table(
            rows, headers=("Day", "10 %", "25 %", "50 %", "75 %", "90 %") if rows else (), indent=3
        )

    def flag(self) -> None:
        rows = [
            [
                str(one.day),
                self.words.percent(_share(one.probability), 1),
                self._flag_word(one.flagged, one.changed),
            ]
            for one in self.found.steps
        ]
        self.terminal.table(rows, headers=("Known to", "Chance", "Flag") if rows else (), indent=3)
        status = status_view(self.found.result.status, self.words)
        rule = next(one.path for one in self.found.numbers if one.name == "status")
        self.terminal.line(f"   {status.word}. {self.exact.reason(rule)}")
        self.terminal.line(f"   {self.exact.reason(self.found.result.reason)}")

    def _flag_word(self, flagged: bool, changed: bool) -> str:
        if changed:
            return self.say("goes up" if flagged else "comes down")
        return self.say("up") if flagged else ""

    def numbers(self, only: str | None) -> None:
        rows = [
            [self.say(NAMES[one.name]), written_number(one, self.words), self.exact.reason(one.path)]
            for one in self.found.numbers
            if only is None or one.name == only
        ]
        if not rows:
            self._line("This number is not printed for the goal in this week.")
        self.terminal.table(rows, indent=3)

    def verdict(self) -> None:
        self.terminal.line()
        if self.found.agrees:
            self._line("Rows, days and printed number agree.", 0)
            return
        self.terminal.error(
            self.say(
                "DOES NOT ADD UP: the rows above do not give the printed number. Report this as a fault."
            )
        )


def _when(one: Export) -> tuple[object, str]:
    return one.received_at, one.name


def _used(gains: dict[str, float]) -> list[tuple[str, Decimal]]:
    return [(name, Decimal(f"{gain:.4f}").normalize()) for name, gain in gains.items() if gain]


def _share(probability: float) -> Decimal:
    return Decimal(str(probability))
