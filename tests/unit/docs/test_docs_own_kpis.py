"""docs/own-kpis.md: every example loads beside all others, and the page names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from assets.workspaces import open_workspace
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.registry import kpi_registry
from pipeline.workspace.expressions import ARGUMENTS
from pipeline.workspace.scaffold import create_workspace

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "own-kpis.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\nkpis:\n(.*?)^```$", PAGE, re.M | re.S)
SHAPES = {
    "gross_margin": "ratio", "win_balance": "ratio", "bookings_growth": "ratio", "bookings_to_date": "level",
    "active_customers": "level", "average_deal": "ratio",
}  # fmt: skip


def test_every_example_loads_and_is_what_the_page_says(tmp_path: Path) -> None:
    create_workspace(tmp_path, sample=False, lang="en")
    (tmp_path / "kpis.yaml").write_text("kpis:\n" + "".join(EXAMPLES), "utf-8")
    (tmp_path / "rates.csv").write_text("date,currency,rate\n2026-10-01,USD,0.92\n", "utf-8")
    workspace = open_workspace(tmp_path)
    registry = kpi_registry(workspace)
    assert {kpi.id: registry[kpi.id].shape for kpi in workspace.kpis} == SHAPES
    assert registry["gross_margin"].grain == "month"


def test_the_page_names_every_function_and_no_kpi_that_is_not_there() -> None:
    assert all(f"`{name}" in PAGE for name in ARGUMENTS)
    ids = {kpi.id for kpi in CATALOGUE}
    assert set(re.findall(r"`(cohort_\w+)`", PAGE)) == {one for one in ids if one.startswith("cohort_")}
