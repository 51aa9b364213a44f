"""What every view model is built from: workspace, edition, language, audience.

Here: look-ups that several pages share. Not here: any layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from pipeline import RULE_VERSION
from pipeline.goals.judged import Scores, scores
from pipeline.goals.model import Edition, GoalResult, PeriodValue, Reason
from pipeline.language import pick as pick_whole
from pipeline.report.brand import Brand, brand_of
from pipeline.report.fit import capped, pick
from pipeline.report.i18n import NBSP, Formats, bound, formats
from pipeline.workspace.model import Audience, Goal, Kpi, Notes, Workspace

_DOUBLED = re.compile("([«“])[«“]([^«»“”]*)[»”]([»”])")
"""A name in quotation marks that the sentence itself has too."""
RULES_VERSION = RULE_VERSION
"""Printed on every document; part of the run id, so that pages of other rules are other pages."""


@dataclass(frozen=True)
class Context:
    """One edition as one audience reads it in one language."""

    workspace: Workspace
    edition: Edition
    kpis: Mapping[str, Kpi]
    lang: str
    audience: Audience | None = None
    """None: every goal (a document of a single goal, the JSON twin)."""
    notes: Notes = field(default_factory=Notes)
    previous_notes: Notes | None = None

    @cached_property
    def formats(self) -> Formats:
        return formats(self.lang, self.workspace.company.currency)

    @cached_property
    def brand(self) -> Brand:
        return brand_of(self.workspace, self.lang)

    @cached_property
    def zone(self) -> ZoneInfo:
        return self.workspace.company.zone

    @cached_property
    def goals(self) -> dict[str, Goal]:
        return {goal.id: goal for goal in self.workspace.goals}

    @cached_property
    def results(self) -> tuple[GoalResult, ...]:
        """The goals this audience sees, worst first."""
        return tuple(one for one in self.edition.results if self.sees(one.goal_id))

    @cached_property
    def live(self) -> tuple[GoalResult, ...]:
        """Goals whose window reaches into the week or lies ahead; all of them when none does."""
        return tuple(one for one in self.results if not self._over(one)) or self.results

    @cached_property
    def closed(self) -> tuple[GoalResult, ...]:
        """Goals whose due date lay before the week, the newest first; they no longer ask for anything."""
        over = [one for one in self.results if self._over(one) and one not in self.live]
        return tuple(sorted(over, key=lambda one: (-one.last_due.toordinal(), one.goal_id)))

    def _over(self, result: GoalResult) -> bool:
        return result.last_due < self.edition.week.monday

    @cached_property
    def previous(self) -> tuple[GoalResult, ...]:
        return tuple(one for one in self.edition.previous if self.sees(one.goal_id))

    @cached_property
    def source_ids(self) -> tuple[str, ...]:
        """Sources behind the goals this audience sees; all of them for an audience that sees every goal."""
        used = {source for one in self.results for source in one.sources}
        everything = len(self.results) == len(self.edition.results)
        return tuple(key for key in self.edition.sources if everything or key in used)

    @cached_property
    def record(self) -> Scores | None:
        """How chances turned out, of all closed goals: they judge the method, not an audience's goals."""
        return scores(self.edition.past)

    def sees(self, goal_id: str) -> bool:
        audience, goal = self.audience, self.goals.get(goal_id)
        if audience is None:
            return True
        if audience.goals and goal_id not in audience.goals:
            return False
        return not audience.teams or (goal is not None and goal.team in audience.teams)

    @cached_property
    def comment(self) -> str:
        """What the owner of the week says, as one paragraph; empty when nothing."""
        return bound(" ".join(pick_whole(self.notes.comment, self.lang).split()), self.lang)

    def near(self, day: date) -> str:
        """A day in short, with its year when that is not the week's."""
        short = self.formats.day(day)
        return short if day.year == self.edition.week.sunday.year else f"{short}{NBSP}{day.year}"

    def title(self, goal_id: str) -> str:
        goal = self.goals.get(goal_id)
        return bound(pick(goal.title, self.lang), self.lang) if goal else goal_id

    def titles(self) -> dict[str, str]:
        return {one.goal_id: self.title(one.goal_id) for one in self.edition.results}

    def kpi_name(self, kpi_id: str) -> str:
        kpi = self.kpis.get(kpi_id)
        return pick(kpi.name, self.lang) if kpi else kpi_id

    def person(self, person_id: str | None) -> str:
        return pick(self.workspace.person_name(person_id), self.lang) if person_id else ""

    def named(self, dimension: str, value: str) -> str:
        """A value of a dimension as people call it: persons and teams by name, not by id."""
        if dimension == "owner":
            return self.person(value) or capped(value)
        if dimension == "team":
            teams = {one.id: pick(one.name, self.lang) for one in self.workspace.people.teams}
            return teams.get(value, capped(value))
        if dimension == "goal":
            return self._step_of(value)
        return capped(value)

    def _step_of(self, value: str) -> str:
        """What a task serves, as a project tool names it: a goal, or initiative:goal/initiative."""
        goal_id, _, step = value.removeprefix("initiative:").partition("/")
        steps = self.goals[goal_id].how if goal_id in self.goals else ()
        known = {one.id: pick(one.title, self.lang) for one in steps}
        return known.get(step) or (self.title(goal_id) if goal_id in self.goals else capped(value))

    def said(self, reason: Reason) -> str:
        """A generated sentence, with sources called by their titles instead of their ids."""
        params = {key: (kind, self._titled(value)) for key, (kind, value) in reason.params.items()}
        return _DOUBLED.sub(r"\1\2\3", self.formats.reason(replace(reason, params=params)))

    def _titled(self, value: object) -> object:
        if not isinstance(value, str) or not self.edition.sources:
            return value
        return self._source_ids.sub(lambda found: self.formats.name(self.source_title(found[0])), value)

    @cached_property
    def _source_ids(self) -> re.Pattern[str]:
        ids = "|".join(re.escape(key) for key in sorted(self.edition.sources, key=len, reverse=True))
        return re.compile(rf"(?<![\w“«])(?:{ids})(?![\w”»])")

    def source_title(self, source_id: str) -> str:
        state = self.edition.sources.get(source_id)
        return (pick(state.title, self.lang) if state else "") or source_id


def closed_periods(result: GoalResult) -> list[PeriodValue]:
    return [period for period in result.periods if period.closed]
