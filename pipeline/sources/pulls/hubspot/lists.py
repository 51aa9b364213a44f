"""HubSpot's owners, pipelines and form submissions as cells, under headers that their files have too.

Here: lists that are no records of the CRM and have no date of change. Not here: records (records.py), what is
asked (asking.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pipeline.sources.pulls.bundle import Bundle, Page, Rows, cell, inside, listed
from pipeline.sources.pulls.hubspot.asking import stages_in
from pipeline.sources.pulls.spec import Record

OWNER_HEADERS = ("id", "email", "firstName", "lastName", "archived")
PIPELINE_HEADERS = (
    "pipeline_id",
    "pipeline_label",
    "stage_id",
    "stage_label",
    "display_order",
    "probability",
)
FORM_HEADERS = ("conversionId", "submittedAt", "Form", "email")
EMAIL = "email"
KEPT = ("id", "name", "archived", "conversionId", "submittedAt")
"""What of a form and of a submission is kept besides the address."""


def owners(bundle: Bundle) -> list[Record]:
    """People who left stay owners: deals of theirs still carry their number."""
    rows = Rows()
    for line, owner in bundle.items("owners", "results"):
        rows.put(Record(line, {name: cell(owner.get(name)) for name in OWNER_HEADERS}))
    return rows.all()


def pipelines(bundle: Bundle) -> list[Record]:
    """One row a stage."""
    rows = []
    for page in bundle.of("pipelines"):
        for pipeline, stage in stages_in(page.body):
            cells = {
                "pipeline_id": cell(pipeline.get("id")),
                "pipeline_label": cell(pipeline.get("label")),
                "stage_id": cell(stage.get("id")),
                "stage_label": cell(stage.get("label")),
                "display_order": cell(stage.get("displayOrder")),
                "probability": cell(inside(stage, "metadata", "probability")),
            }
            rows.append(Record(page.line, cells))
    return rows


def submissions(bundle: Bundle) -> list[Record]:
    """One row a submission, under the name of its form. One without a number is known by form, time and
    address, so that the next pull knows it again."""
    names = {cell(form.get("id")): cell(form.get("name")) for _, form in bundle.items("forms", "results")}
    rows: dict[str, Record] = {}
    for page in bundle.of("submissions"):
        form = _form_of(page)
        for submission in listed(page.body, "results"):
            at, address = cell(inside(submission, "submittedAt")), _address(submission)
            made = hashlib.sha256(f"{form}|{at}|{address}".encode()).hexdigest()[:32]
            number = cell(inside(submission, "conversionId")) or made
            cells = {
                "conversionId": number,
                "submittedAt": at,
                "Form": names.get(form) or form,
                EMAIL: address,
            }
            rows[number] = Record(page.line, cells)
    return list(rows.values())


def _form_of(page: Page) -> str:
    return unquote(cell(page.request.get("path")).rpartition("/")[2])


def _address(submission: Any) -> str:
    fields = (one for one in listed(submission, "values") if isinstance(one, Mapping))
    return next((cell(one.get("value")) for one in fields if cell(one.get("name")) == EMAIL), "")


def kept(body: Any) -> Any:
    """An answer about forms without what visitors wrote: of a submission its number, time and address."""
    if not isinstance(body, Mapping):
        return body
    results = [_kept(record) for record in listed(body, "results")]
    return {**{key: value for key, value in body.items() if key == "paging"}, "results": results}


def _kept(record: Any) -> Any:
    if not isinstance(record, Mapping):
        return record
    about = {key: record[key] for key in KEPT if key in record}
    values = listed(record, "values")
    if not values:
        return about
    own = [one for one in values if isinstance(one, Mapping) and one.get("name") == EMAIL]
    return {**about, "values": own}
