"""A landed pull as the table of text cells that every export becomes.

Here: which declaration reads it, and laying its records out in columns. Not here: what an answer means
(pulls/), how it was fetched (pull.py), reading the cells (parse.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from pipeline.errors import FileRefused, Problem
from pipeline.sources.mapped import adapted
from pipeline.sources.pulls.bundle import Bundle
from pipeline.sources.pulls.registry import PULLS
from pipeline.sources.pulls.spec import PullSpec
from pipeline.sources.reading import RawTable
from pipeline.sources.vendor import ExportSpec
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.model import FileFormat, Source

INTERFACE = FileFormat(date="iso", datetime="iso")
"""How interfaces write numbers and dates, whatever the source declares for its files."""


def pull_of(source: Source, bundle: Bundle) -> PullSpec:
    """How the answers were fetched. Raises FileRefused (E-SOURCE) when they are those of another export."""
    spec = PULLS.get((bundle.system, bundle.export))
    if spec is not None and (source.system, source.export) == (bundle.system, bundle.export):
        return spec
    raise FileRefused(
        Problem(
            "E-SOURCE",
            'Source "{source}" was fetched as {system} {export}, which it no longer is.',
            "Give the new export an id of its own, so that what was fetched before stays as it is.",
            params={"source": source.id, "system": bundle.system, "export": bundle.export},
        )
    )


def pulled_export(source: Source, pull: PullSpec) -> ExportSpec:
    """The declaration that reads the records: the pull's own, else that of the system's files."""
    spec = adapted(pull.spec or SYSTEMS[pull.system].exports[pull.export], source)
    delivers = pull.delivers(source.pull) if source.pull is not None else spec.delivers
    return replace(spec, format=INTERFACE, delivers=delivers, excludes_totals=False, comment="")


def pulled_table(bundle: Bundle, pull: PullSpec) -> RawTable:
    """One row a record; its line is the line of the answer it stands in."""
    headers, records = pull.headers(bundle), pull.records(bundle)
    columns = tuple(
        pa.array([record.cells.get(header, "") for record in records], pa.string()) for header in headers
    )
    return RawTable(
        headers,
        1,
        columns,
        np.asarray([record.line for record in records], dtype=np.int64),
        iso_dates=True,
        removed=tuple(row for row, record in enumerate(records) if record.removed),
        left_out=tuple((row, one.left_out) for row, one in enumerate(records) if one.left_out),
    )
