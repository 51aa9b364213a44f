"""What every view model is built from: workspace, edition, language, audience.

Here: look-ups that several pages share. Not here: any layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from pipeline.goals.model import Edition, GoalResult, PeriodValue
from pipeline.language import pick
from pipeline.report.i18n import Formats, formats
from pipeline.workspace.model import Audience, Goal, Kpi, Notes, Workspace

RULES_VERSION = "1"
"""Version of the status rules and definitions printed on the method page; raised when one of them changes."""


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
    def previous(self) -> tuple[GoalResult, ...]:
        return tuple(one for one in self.edition.previous if self.sees(one.goal_id))

    @cached_property
    def source_ids(self) -> tuple[str, ...]:
        """Sources behind the goals this audience sees; all of them for an audience that sees every goal."""
        used = {source for one in self.results for source in one.sources}
        everything = len(self.results) == len(self.edition.results)
        return tuple(key for key in self.edition.sources if everything or key in used)

    def sees(self, goal_id: str) -> bool:
        audience, goal = self.audience, self.goals.get(goal_id)
        if audience is None:
            return True
        if audience.goals and goal_id not in audience.goals:
            return False
        return not audience.teams or (goal is not None and goal.team in audience.teams)

    def title(self, goal_id: str) -> str:
        goal = self.goals.get(goal_id)
        return pick(goal.title, self.lang) if goal else goal_id

    def titles(self) -> dict[str, str]:
        return {one.goal_id: self.title(one.goal_id) for one in self.edition.results}

    def kpi_name(self, kpi_id: str) -> str:
        kpi = self.kpis.get(kpi_id)
        return pick(kpi.name, self.lang) if kpi else kpi_id

    def person(self, person_id: str | None) -> str:
        return pick(self.workspace.person_name(person_id), self.lang) if person_id else ""

    def source_title(self, source_id: str) -> str:
        state = self.edition.sources.get(source_id)
        return (pick(state.title, self.lang) if state else "") or source_id


def closed_periods(result: GoalResult) -> list[PeriodValue]:
    return [period for period in result.periods if period.closed]
