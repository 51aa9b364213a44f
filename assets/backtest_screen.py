"""What `backtest` shows: how past chances turned out, as sentences, tables, JSON, CSV and a plot.

Here: wording and records. Not here: replaying (pipeline/goals/backtest.py), scores (judged.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from assets.terminal import Terminal
from pipeline.errors import Problem, UsageError
from pipeline.goals.backtest import Backtest
from pipeline.goals.judged import FEWEST_GOALS, FEWEST_PREDICTIONS, Band, Prediction, Scores, scores
from pipeline.report.calibration import calibration_svg
from pipeline.report.i18n import Formats, formats
from pipeline.report.tables import spreadsheet_csv
from pipeline.workspace.model import Workspace

VERSION = 1
COLUMNS = (
    "how", "goal", "kpi", "known_to", "due", "closed", "periods", "chance", "low", "high", "flagged", "pace",
    "came_true", "end",
)  # fmt: skip
FEW_GOALS = 30
"""Below this, a status of pace read as often as it came true mostly repeats what these goals did."""
OWN, REHEARSAL = "own goals, as known then", "rehearsal on your own series"


def show_backtest(terminal: Terminal, workspace: Workspace, found: Backtest) -> None:
    """Own goals first, then the rehearsal, each with its scores or why there are none."""
    screen = _Screen(terminal, formats(terminal.lang, workspace.company.currency))
    terminal.said(
        "Weeks {first} to {last}, each as known at its cut-off: {n}.", first=found.first, last=found.last,
        n=found.weeks,
    )  # fmt: skip
    terminal.line()
    terminal.line(terminal.say("Own goals"))
    screen.part(found.replayed)
    if found.reconstructed:
        screen.tell(
            "Reconstructed forecasts among these, resting on an export after their cut-off: {n}.",
            n=found.reconstructed,
        )
    if found.undecided:
        screen.tell("Goals that are not decided yet, and so not judged: {n}.", n=found.undecided)
    if found.unsaid:
        screen.tell(
            "Periods of recurring goals that were decided without a forecast before, and so not judged: {n}. "
            "They were the first ones, their target or history was not known in time, or their week was not "
            "replayed.",
            n=found.unsaid,
        )
    if not found.rehearsed:
        return
    terminal.line()
    terminal.line(terminal.say("Rehearsal on your own series"))
    screen.tell(
        "Made-up goals: past quarters of your KPIs, with targets that had a chance of 70, 50 and 25 % when "
        "the quarter began, from the figures known in {week}.",
        week=found.last,
    )
    screen.part(found.rehearsed)


class _Screen:
    def __init__(self, terminal: Terminal, words: Formats) -> None:
        self.terminal, self.say, self.words = terminal, terminal.say, words

    def tell(self, template: str, **params: object) -> None:
        self.terminal.line("  " + self.say(template, **params))

    def part(self, predictions: Sequence[Prediction]) -> None:
        judged = scores(predictions)
        goals = len({one.goal_id for one in predictions})
        self.tell("Decided goals: {goals}; forecasts of them: {n}.", goals=goals, n=len(predictions))
        if judged is None:
            self.tell(
                "Too few for a score: it takes {goals} decided goals and {n} forecasts of them.",
                goals=FEWEST_GOALS, n=FEWEST_PREDICTIONS,
            )  # fmt: skip
            return
        self._scores(judged)
        rows = [self._band(band) for band in judged.bands]
        headers = ("Chance", "Forecasts", "Came true", "Share", "Mean chance")
        self.terminal.table(rows, headers=headers, indent=2)

    def _scores(self, judged: Scores) -> None:
        self.tell("Goals attained: {attained} of {goals}.", attained=judged.attained, goals=judged.goals)
        self.tell(
            "Brier score {brier} (0 is perfect, always 50 % gives 0.25).", brier=self._number(judged.brier)
        )
        if judged.brier_pace is not None and judged.skill is not None:
            self.tell(
                "Linear pace on the same forecasts, at its best in hindsight: {pace}; "
                "skill over it: {skill}.",
                pace=self._number(judged.brier_pace), skill=self._percent(judged.skill),
            )  # fmt: skip
            if judged.goals < FEW_GOALS:
                self.tell(
                    "With fewer than {n} goals hindsight flatters pace: read no skill from it.", n=FEW_GOALS
                )
        self.tell("Calibration error: {error}.", error=self._percent(judged.ece))
        self.tell(
            "Ends within the 80 % range: {inside} of {ranged} ({share}).", inside=judged.in_range,
            ranged=judged.ranged, share=self._ratio(judged.in_range, judged.ranged),
        )  # fmt: skip
        self.tell(
            "Flag at half-time: {both} of {flagged} flagged goals were missed ({precision}); {both} of "
            "{missed} missed goals were flagged ({recall}).",
            both=judged.half_both, flagged=judged.half_flagged, missed=judged.half_missed,
            precision=self._ratio(judged.half_both, judged.half_flagged),
            recall=self._ratio(judged.half_both, judged.half_missed),
        )  # fmt: skip
        if judged.lead_weeks is not None:
            self.tell(
                "Missed goals flagged to the end: {n} of {missed}, half of them {weeks} weeks or more "
                "before due.",
                n=judged.missed_flagged, missed=judged.missed, weeks=self._number(judged.lead_weeks, 1),
            )  # fmt: skip
        self.tell("Changes of the flag: {n} in {goals} goals.", n=judged.flips, goals=judged.goals)

    def _band(self, band: Band) -> list[str]:
        edges = f"{round(band.low * 100)}–{round(band.high * 100)} %"
        return [
            edges, self.words.number(band.count), self.words.number(band.happened), self._percent(band.share),
            self._percent(band.mean),
        ]  # fmt: skip

    def _number(self, value: float, places: int = 3) -> str:
        return self.words.number(Decimal(str(value)), places)

    def _percent(self, share: float) -> str:
        return self.words.percent(Decimal(str(share)), 1)

    def _ratio(self, part: int, whole: int) -> str:
        return self._percent(part / whole) if whole else "–"


def backtest_record(found: Backtest) -> dict[str, Any]:
    """What --json prints. Shares are fractions; scores are null where there are too few goals."""
    return {
        "version": VERSION,
        "from": str(found.first),
        "to": str(found.last),
        "weeks": found.weeks,
        "undecided_goals": found.undecided,
        "periods_without_forecast": found.unsaid,
        "reconstructed_forecasts": found.reconstructed,
        "own_goals": _scores_record(found.replayed),
        "rehearsal": _scores_record(found.rehearsed) if found.rehearsed else None,
    }


def _scores_record(predictions: Sequence[Prediction]) -> dict[str, Any]:
    judged = scores(predictions)
    return {
        "goals": len({one.goal_id for one in predictions}),
        "forecasts": len(predictions),
        "scores": None if judged is None else _judged_record(judged),
    }


def _judged_record(judged: Scores) -> dict[str, Any]:
    return {
        "attained": judged.attained,
        "brier": _exact(judged.brier),
        "brier_linear_pace": _exact(judged.brier_pace),
        "skill": _exact(judged.skill),
        "calibration_error": _exact(judged.ece),
        "range80": {"inside": judged.in_range, "of": judged.ranged},
        "half_time": {
            "flagged": judged.half_flagged,
            "missed": judged.half_missed,
            "flagged_and_missed": judged.half_both,
        },
        "missed_goals": judged.missed,
        "missed_goals_flagged_to_the_end": judged.missed_flagged,
        "median_lead_weeks": _exact(judged.lead_weeks),
        "flag_changes": judged.flips,
        "bands": [
            {
                "low": _exact(band.low),
                "high": _exact(band.high),
                "forecasts": band.count,
                "came_true": band.happened,
                "mean_chance": _exact(band.mean),
            }
            for band in judged.bands
        ],
    }


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.6f}")


def predictions_csv(found: Backtest) -> bytes:
    """Every forecast that was judged, one a row."""
    return spreadsheet_csv(COLUMNS, _rows(found))


def _rows(found: Backtest) -> Iterator[list[object]]:
    for how, predictions in ((OWN, found.replayed), (REHEARSAL, found.rehearsed)):
        for one in sorted(predictions, key=lambda each: (each.goal_id, each.day)):
            yield [
                how, one.goal_id, one.kpi_id, one.day, one.due, one.closed, one.total, one.probability,
                one.low,
                one.high, one.flagged, one.pace, one.happened, one.end,
            ]  # fmt: skip


def check_plot(file: Path) -> None:
    """UsageError for a file that is no SVG, before weeks are replayed for it."""
    if file.suffix.lower() != ".svg":
        raise UsageError(
            Problem(
                "E-USAGE", "{file} cannot be drawn: the plot is an SVG picture.",
                "Name a file that ends in .svg.",
                params={"file": file},
            )
        )  # fmt: skip


def write_plot(workspace: Workspace, found: Backtest, file: Path, lang: str) -> str | None:
    """The calibration plot of the own goals, else of the rehearsal; which of them it shows. None when both
    are too few."""
    words = formats(lang, workspace.company.currency)
    titles = ((found.replayed, "Own goals"), (found.rehearsed, "Rehearsal on your own series"))
    for predictions, title in titles:
        judged = scores(predictions)
        if judged is not None:
            text = f"{words.say(title)}, {found.first} – {found.last}"
            file.write_text(calibration_svg(judged, text, words), "utf-8")
            return title
    return None
