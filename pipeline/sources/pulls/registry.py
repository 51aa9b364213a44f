"""The list of exports that can be fetched. A new one is one entry in its system's module, and its module
here."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.sources.pulls import hubspot, mailshake, ortto, prospectio, timecamp, upwork
from pipeline.sources.pulls.spec import PullSpec
from pipeline.workspace.draft import PullKeys
from pipeline.workspace.model import Source

PULLS: dict[tuple[str, str], PullSpec] = {
    (spec.system, spec.export): spec
    for spec in (
        *hubspot.PULLS,
        *mailshake.PULLS,
        *timecamp.PULLS,
        *upwork.PULLS,
        *ortto.PULLS,
        *prospectio.PULLS,
    )
}


def pull_spec(source: Source) -> PullSpec | None:
    """How a source is fetched; None when it has no `pull` or its system cannot be asked."""
    return PULLS.get((source.system, source.export)) if source.pull is not None else None


def pulls_for_check() -> Mapping[tuple[str, str], PullKeys]:
    """(system, export) -> keys of its pull, for the check of a workspace."""
    return {key: spec.pull_keys for key, spec in PULLS.items()}
