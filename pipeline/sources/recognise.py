"""Which system's export a header line is, by its columns and never by a file's name.

Here: holding a header against every export that is known by heart, in whatever language it was made. Not
here: the columns themselves (vendors/) nor what is said of a missing one (headers.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.errors import Problem
from pipeline.sources.declared import export_spec
from pipeline.sources.headers import skeleton
from pipeline.sources.vendor import ExportSpec, Vendor
from pipeline.workspace.model import Source


@dataclass(frozen=True)
class Recognised:
    """An export whose needed columns a header has, and how many of the header's columns it claims."""

    vendor: Vendor
    spec: ExportSpec
    claimed: int
    signature: int
    """How many headers of the export's signature are there."""

    def is_like(self, others: Sequence[Recognised]) -> bool:
        """Whether the columns tell this export no better than the first of the others."""
        return any((one.claimed, one.signature) == (self.claimed, self.signature) for one in others[:1])


def recognised(header: Sequence[str], spared: Sequence[str] = ()) -> tuple[Recognised, ...]:
    """Every known export that has all its needed columns in `header`, the likeliest first: the one that
    claims most columns, then the one with more of its signature. Two exports that claim equally much are
    both given, so that nobody takes a guess for knowledge. `spared`: fields that may be missing all the
    same."""
    from pipeline.sources.vendors.registry import SYSTEMS  # every vendor module; only needed here

    folded = {skeleton(name) for name in header if skeleton(name)}
    found = [
        one
        for vendor in SYSTEMS.values()
        for export in vendor.exports.values()
        for spec in (export, export.as_json)
        if spec is not None and (one := _held_against(folded, header, vendor, spec, spared))
    ]
    return tuple(
        sorted(found, key=lambda one: (-one.claimed, -one.signature, one.vendor.system, one.spec.name))
    )


def belonging_elsewhere(header: Sequence[str], source: Source, file: str, line: int) -> Iterator[Problem]:
    """One problem when a header that does not fit its source is, alone among all, that of another export."""
    found = recognised(header) if export_spec(source) is not None else ()
    if not found or found[0].is_like(found[1:]):
        return
    vendor, spec = found[0].vendor, found[0].spec
    if (vendor.system, spec.name) != (source.system, source.export):
        yield Problem(
            "E-HEADER",
            "The columns are those of {title}, {named}; this source reads {own_system} {own_export}.",
            "Move the file to the folder of a source with system: {system} and export: {export}.",
            file=file,
            line=line,
            params={
                "title": vendor.title,
                "named": spec.title,
                "own_system": source.system,
                "own_export": source.export or "-",
                "system": vendor.system,
                "export": spec.name,
            },
        )


def _held_against(
    folded: set[str], header: Sequence[str], vendor: Vendor, spec: ExportSpec, spared: Sequence[str]
) -> Recognised | None:
    claimed: set[str] = set()
    for field in spec.fields:
        names = {skeleton(name) for name in field.headers} & folded
        if field.needed and not names and field.name not in spared:
            return None
        claimed |= names
    if spec.repeated is not None:
        claimed |= {skeleton(name) for name in header if spec.repeated(name) is not None}
    signature = sum(skeleton(name) in folded for name in spec.signature)
    return Recognised(vendor, spec, len(claimed), signature)
