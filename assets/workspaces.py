"""Opening a workspace with everything it may refer to: the KPI catalogue and the known systems.

Light on purpose (no dagster, no data libraries): `scorecards check` starts here.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import WorkspaceError
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace


def open_workspace(root: Path) -> Workspace:
    """The workspace in `root`. Raises WorkspaceError with every problem found."""
    from pipeline.sources.pulls.registry import pulls_for_check
    from pipeline.sources.vendors.registry import systems_for_check

    workspace = load_workspace(
        root, catalogue=CATALOGUE, systems=systems_for_check(), pulls=pulls_for_check()
    )
    if workspace.kpis:
        from pipeline.kpis.registry import kpi_problems

        problems = kpi_problems(workspace)
        if problems:
            raise WorkspaceError(*problems)
    return workspace
