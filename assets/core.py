"""Facts, KPI weeks and goals of each week, as they were known at its cut-off; upkeep of the tables."""

from collections import Counter
from collections.abc import Sequence

from assets.resources import WorkRoom
from assets.weeks import WeeklyStep
from pipeline.goals.audit import record_terms
from pipeline.goals.tables import GOAL_KEYS, GOAL_TABLE, KPI_KEYS, KPI_TABLE, goal_frame, kpi_table
from pipeline.periods import Week

COMPACTION = "core_store__compaction"


def fact_step(name: str, raw_assets: Sequence[str]) -> WeeklyStep:
    """A canonical table as each week knew it: the newest version of every row over all its sources."""
    return WeeklyStep(
        name=f"core_fact__{name}",
        deps=raw_assets,
        description=f"Canonical table `{name}` as known then",
        work=lambda room, week: room.fact_metadata(name, week),
        kinds=frozenset({"duckdb"}),
        record=False,
    )


def core_steps(facts: Sequence[str]) -> tuple[WeeklyStep, ...]:
    """KPI weeks over all facts, then goals."""
    return (
        WeeklyStep(
            name=KPI_TABLE,
            deps=[f"core_fact__{name}" for name in facts],
            description="Numerators and denominators per KPI, week and segment",
            work=put_kpi_weeks,
            kinds=frozenset({"duckdb", "deltalake"}),
            batch=True,
        ),
        WeeklyStep(
            name=GOAL_TABLE,
            deps=[KPI_TABLE],
            description="Every goal with status, pace and reason",
            work=put_goals,
            kinds=frozenset({"deltalake"}),
            batch=True,
        ),
        WeeklyStep(
            name=COMPACTION,
            deps=[GOAL_TABLE],
            description="Small files of the tables merged, once enough have gathered; content stays the same",
            work=lambda room, _week: {"tables_compacted": room.compact()},
            kinds=frozenset({"deltalake"}),
            record=False,
        ),
    )


def put_kpi_weeks(room: WorkRoom, week: Week) -> dict[str, int]:
    edition = room.edition(week)
    weeks = kpi_table(edition, room.cache, room.kpis)
    return {"rows_appended": room.store.put_version(KPI_TABLE, weeks, KPI_KEYS, edition.as_of)}


def put_goals(room: WorkRoom, week: Week) -> dict[str, int]:
    edition = room.edition(week)
    room.store.put_version(GOAL_TABLE, goal_frame(edition), GOAL_KEYS, edition.as_of)
    record_terms(room.workspace, room.store, week)
    return dict(Counter(result.status for result in edition.results))
