"""KPI series of one snapshot, each built once however many goals and drivers ask for it.

Here: that memory. Not here: the series themselves (kpis/series.py, kpis/derived.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.kpis.derived import AnySeries, DerivedSeries
from pipeline.kpis.series import ComponentIndex, KpiRows, KpiSeries, component_index
from pipeline.workspace.derived import base_kpis
from pipeline.workspace.model import Kpi

if TYPE_CHECKING:
    import pandas as pd


class SeriesBook:
    """Series by KPI and segment. `components` is the frame of daily_components, or its index."""

    def __init__(self, components: pd.DataFrame | ComponentIndex) -> None:
        self.index = component_index(components)
        self._series: dict[tuple[str, tuple[tuple[str, str], ...]], AnySeries] = {}

    def series(self, kpi: Kpi, segment: Mapping[str, str]) -> AnySeries:
        """The KPI in a segment; a derived one out of its operands in the same segment."""
        key = kpi.id, tuple(sorted(segment.items()))
        if key not in self._series:
            self._series[key] = self._made(kpi, segment)
        return self._series[key]

    def _made(self, kpi: Kpi, segment: Mapping[str, str]) -> AnySeries:
        if kpi.made is None or kpi.made.tree is None:
            return KpiSeries(kpi, self.index, segment)
        operands = {name: self.series(one, segment) for name, one in kpi.made.operands.items()}
        return DerivedSeries(kpi, kpi.made, operands)

    def segments(self, kpi: Kpi) -> list[Mapping[str, str]]:
        """The distinct segments the KPI has rows in; of a derived one, by what all operands have."""
        bases = base_kpis((kpi,))
        if len(bases) == 1:
            return self.index.segments(bases[0].id)
        found = [self.index.segments(one.id) for one in bases]
        shared = set.intersection(*({key for one in part for key in one} for part in found))
        kept = {tuple((key, one[key]) for key in sorted(shared & set(one))) for part in found for one in part}
        return [dict(pairs) for pairs in sorted(kept)]

    def rows(self, kpi: Kpi) -> list[KpiRows]:
        """The rows of the KPI, or of each operand of a derived one that has any."""
        return [rows for one in base_kpis((kpi,)) if (rows := self.index.rows(one.id)) is not None]
