"""What HubSpot's answers mean: records as cells, under the headers an exported file has.

Here: putting the pieces of a record together, owners, companies, stages and pipelines by their names. Not
here: the columns (vendors/hubspot.py accepts the internal names as headers), what is asked (asking.py), lists
that are no records (lists.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.sources.headers import fold
from pipeline.sources.pulls.bundle import Bundle, cell, inside
from pipeline.sources.pulls.hubspot.asking import ENTERED, OWNER, Objects, company_of, stages_in
from pipeline.sources.pulls.spec import Record


@dataclass
class _Merged:
    """A record as the last reading of it says, put together from the pieces it was asked in."""

    line: int
    properties: dict[str, Any]
    company: str = ""
    archived: bool = False


def _merged(bundle: Bundle) -> dict[str, _Merged]:
    """By id. Each kind of reading may bring a record in several pieces; a later kind replaces an earlier."""
    found: dict[str, _Merged] = {}
    for kind in ("archived", "records"):
        own: dict[str, _Merged] = {}
        for line, record in bundle.items(kind, "results"):
            identifier = cell(record.get("id"))
            one = own.setdefault(identifier, _Merged(line, {}, archived=kind == "archived"))
            one.properties.update(record.get("properties") or {})
            one.company = company_of(record) or one.company
        found.update(own)
    return found


def _owners(bundle: Bundle) -> dict[str, str]:
    """Owner id -> name, else address, else the id; people who left are among them."""
    names = {}
    for _, owner in bundle.items("owners", "results"):
        identifier = cell(owner.get("id"))
        name = " ".join(filter(None, (cell(owner.get("firstName")), cell(owner.get("lastName"))))).strip()
        names[identifier] = name or cell(owner.get("email")) or identifier
    return names


_DEAL_HEADERS = (
    "id",
    "dealname",
    "amount",
    "deal_currency_code",
    "pipeline",
    "dealstage",
    "hs_is_closed_won",
    "hs_is_closed",
    "createdate",
    "closedate",
    "hubspot_owner_id",
    "Associated Company",
)


def deal_headers(bundle: Bundle) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_DEAL_HEADERS, *bundle.properties, *_entered_headers(bundle).values())))


def _all_stages(bundle: Bundle) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return [pair for page in bundle.of("pipelines") for pair in stages_in(page.body)]


def _entered_headers(bundle: Bundle) -> dict[str, str]:
    """Stage id -> header of the day of entry: with the labels, as an exported file has it; with the internal
    name where labels would be read wrongly (brackets, two stages of one name)."""
    labels = {
        cell(stage.get("id")): (cell(stage.get("label")).strip(), cell(pipeline.get("label")).strip())
        for pipeline, stage in _all_stages(bundle)
    }
    headers = {}
    for identifier, names in labels.items():
        alike = sum(fold(" ".join(other)) == fold(" ".join(names)) for other in labels.values())
        plain = all(names) and alike == 1 and not set("()\"'“”«»„") & set("".join(names))
        headers[identifier] = f"Date entered {names[0]} ({names[1]})" if plain else ENTERED + identifier
    return headers


def deals(bundle: Bundle) -> list[Record]:
    owners, companies = _owners(bundle), _companies(bundle)
    pipelines = {cell(pipeline.get("id")): pipeline for pipeline, _ in _all_stages(bundle)}
    stages = {cell(stage.get("id")): (pipeline, stage) for pipeline, stage in _all_stages(bundle)}
    entered = _entered_headers(bundle)
    rows = []
    for identifier, one in _merged(bundle).items():
        cells = {"id": identifier, **{name: cell(value) for name, value in one.properties.items()}}
        _, stage = stages.get(cells.get("dealstage", ""), ({}, {}))
        cells.update(_outcome(cells, stage))
        cells["Associated Company"] = companies.get(one.company, one.company)
        cells["hubspot_owner_id"] = _named(owners, cells.get("hubspot_owner_id", ""))
        cells["dealstage"] = cell(stage.get("label")) or cells.get("dealstage", "")
        pipeline = pipelines.get(cells.get("pipeline", ""), {})
        cells["pipeline"] = cell(pipeline.get("label")) or cells.get("pipeline", "")
        cells.update({header: cells.get(ENTERED + name, "") for name, header in entered.items()})
        rows.append(Record(one.line, cells, removed=one.archived))
    return rows


def _outcome(cells: Mapping[str, str], stage: Mapping[str, Any]) -> dict[str, str]:
    """Won and closed: HubSpot's own flags, else what the stage says (a probability of 1 is won). The label of
    a stage is never asked."""
    closed = cell(inside(stage, "metadata", "isClosed")).lower()
    won = {"1": "true", "1.0": "true"}.get(cell(inside(stage, "metadata", "probability")), "false")
    return {
        "hs_is_closed_won": cells.get("hs_is_closed_won") or (won if stage else ""),
        "hs_is_closed": cells.get("hs_is_closed") or closed or (won if stage else ""),
    }


def _companies(bundle: Bundle) -> dict[str, str]:
    """Company number -> name."""
    return {
        cell(company.get("id")): cell(inside(company, "properties", "name"))
        for _, company in bundle.items("companies", "results")
        if cell(inside(company, "properties", "name"))
    }


def _named(owners: Mapping[str, str], identifier: str) -> str:
    return owners.get(identifier, identifier)


def headers_of(objects: Objects) -> Callable[[Bundle], tuple[str, ...]]:
    """The headers of a kind of record: its own properties and those the source asks for."""
    return lambda bundle: tuple(dict.fromkeys(("id", *objects.properties, *bundle.properties)))


def records_of(objects: Objects, otherwise: Mapping[str, str]) -> Callable[[Bundle], list[Record]]:
    """What makes rows of a kind of record. `otherwise`: property -> the one that stands in where it is
    empty."""

    def records(bundle: Bundle) -> list[Record]:
        owners = _owners(bundle)
        rows = []
        for identifier, one in _merged(bundle).items():
            cells = {"id": identifier, **{name: cell(value) for name, value in one.properties.items()}}
            cells[OWNER] = _named(owners, cells.get(OWNER, ""))
            cells.update({name: cells.get(name) or cells.get(other, "") for name, other in otherwise.items()})
            rows.append(Record(one.line, cells, removed=one.archived))
        return rows

    return records
