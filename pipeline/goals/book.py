"""KPI series of one snapshot, each built once however many goals and drivers ask for it.

Here: that memory. Not here: the series themselves (kpis/series.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipeline.kpis.series import ComponentIndex, KpiSeries, component_index
from pipeline.workspace.model import Kpi


class SeriesBook:
    """Series by KPI and segment. `components` is the frame of daily_components, or its index."""

    def __init__(self, components: pd.DataFrame | ComponentIndex) -> None:
        self.index = component_index(components)
        self._series: dict[tuple[str, tuple[tuple[str, str], ...]], KpiSeries] = {}

    def series(self, kpi: Kpi, segment: Mapping[str, str]) -> KpiSeries:
        key = kpi.id, tuple(sorted(segment.items()))
        if key not in self._series:
            self._series[key] = KpiSeries(kpi, self.index, segment)
        return self._series[key]
