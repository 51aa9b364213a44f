"""What a source is by declaration: the facts it feeds, whether it delivers everything each time, its tables.

Here: answers that need the source and the registry of systems, and no file. Not here: reading (parse.py).
"""

from __future__ import annotations

from pipeline.sources.vendor import ExportSpec
from pipeline.store.names import table_names
from pipeline.workspace.model import Source


def export_spec(source: Source) -> ExportSpec | None:
    """The declaration of a known system's export, else that of its pull; None for a mapped source."""
    from pipeline.sources.pulls.registry import pull_spec
    from pipeline.sources.vendors.registry import SYSTEMS  # every vendor module; only needed here

    vendor = SYSTEMS.get(source.system)
    spec = None if vendor is None else vendor.exports.get(source.export)
    pull = pull_spec(source)
    return pull.spec if spec is None and pull is not None else spec


def source_facts(source: Source) -> tuple[str, ...]:
    """Names of the facts a source feeds, the main one first; empty when the declaration is incomplete."""
    spec = export_spec(source)
    if spec is not None:
        return spec.facts
    return (source.fact,) if source.fact else ()


def delivers_full(source: Source) -> bool:
    """Whether a key that is missing from a newer export is gone: as declared, else as the system exports."""
    if source.delivers is not None:
        return source.delivers == "full"
    from pipeline.sources.pulls.registry import pull_spec

    pull = pull_spec(source)
    if pull is not None and source.pull is not None:
        return pull.delivers(source.pull) == "full"
    spec = export_spec(source)
    return spec is None or spec.delivers == "full"


def source_tables(source: Source) -> dict[str, str]:
    """Fact -> the table its rows are kept in."""
    return table_names(source, source_facts(source))
