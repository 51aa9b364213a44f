"""Which export a source is: its vendor's declaration, its pull's, or its own mapping.

Here: that decision and its error. Not here: reading a file (parse.py), what a mapping may say (mapped.py).
Kept apart so that a workspace is checked without what reading files needs.
"""

from __future__ import annotations

from pipeline.errors import FileRefused, Problem, nearest
from pipeline.sources.mapped import adapted, format_problems, mapped_export
from pipeline.sources.pulls.registry import pull_spec
from pipeline.sources.vendor import ExportSpec
from pipeline.sources.vendors.registry import SYSTEMS
from pipeline.workspace.model import Source


def export_of(source: Source) -> ExportSpec:
    """What is known about the source's export: its vendor's declaration or its own mapping.
    Raises FileRefused (E-SOURCE)."""
    wrong = format_problems(source)
    if wrong:
        raise FileRefused(*wrong)
    vendor = SYSTEMS.get(source.system)
    pull = pull_spec(source)
    if pull is not None and pull.spec is not None and (vendor is None or source.export not in vendor.exports):
        return adapted(pull.spec, source)
    if vendor is None or (source.fact and not source.export):
        return mapped_export(source)
    export = source.export or (next(iter(vendor.exports)) if len(vendor.exports) == 1 else "")
    if export not in vendor.exports:
        likely = nearest(export, vendor.exports) or next(iter(vendor.exports))
        raise FileRefused(
            Problem(
                "E-SOURCE",
                'Source "{source}": {system} has no export "{export}". Exports: {exports}.',
                "Write export: {likely}.",
                value=export,
                params={
                    "source": source.id,
                    "system": source.system,
                    "export": export,
                    "likely": likely,
                    "exports": ", ".join(vendor.exports),
                },
            )
        )
    return adapted(vendor.exports[export], source)
