"""A small HubSpot for tests: lists by id, searches by date of change with its cap, archived records, owners,
companies by number, forms and what was sent with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.faults.vendor_server import NOW, Asked, Reply

STAGES = (
    ("qualified", "Qualified", "0.2", "false"),
    ("closedwon", "Closed Won", "1.0", "true"),
    ("closedlost", "Closed Lost", "0.0", "true"),
)


@dataclass
class Deal:
    """One record of HubSpot's."""

    number: int
    modified: datetime = NOW - timedelta(days=30)
    archived: bool = False
    properties: dict[str, str | None] = field(default_factory=dict)

    def record(self, wanted: str | list[str], linked: bool = False) -> dict[str, Any]:
        """The record with these properties; `linked`: with its associations, which a search never gives."""
        names = wanted.split(",") if isinstance(wanted, str) else wanted
        own = {
            "hs_primary_associated_company": f"90{self.number}",
            "dealname": f"Deal {self.number}",
            "amount": f"{self.number}.10",
            "deal_currency_code": "EUR",
            "dealstage": "closedwon",
            "pipeline": "default",
            "createdate": "2026-10-05T22:30:00Z",
            "closedate": "2026-11-15T23:30:00.000Z",
            "hubspot_owner_id": "7",
            "hs_v2_date_entered_closedwon": "2026-11-15T23:30:00Z",
            **self.properties,
        }
        found: dict[str, Any] = {
            "id": str(self.number),
            "properties": {name: own.get(name) for name in names},
            "updatedAt": self.modified.isoformat(),
            "archived": self.archived,
        }
        if linked:
            company = {"id": f"90{self.number}", "type": "deal_to_company"}
            found["associations"] = {"companies": {"results": [company]}}
        return found


class HubSpot:
    """Answers requests from `deals`, whatever kind of record a test asks for. `meanwhile[n]` is called right
    before the n-th request is answered."""

    def __init__(self, *deals: Deal, cap: int = 10_000) -> None:
        self.deals = {deal.number: deal for deal in deals}
        self.unnamed: set[str] = set()
        """Companies that exist no more."""
        self.archived_companies: set[str] = set()
        self.forms = [{"id": "f-1", "name": "Demo request"}, {"id": "f 2", "name": "Newsletter"}]
        self.submissions: dict[str, list[dict[str, Any]]] = {}
        self.cap = cap
        self.owner_pages = [[{"id": "7", "firstName": "Irina", "lastName": "Sokolova"}]]
        self.left = [{"id": "8", "firstName": "Marco", "lastName": "Vale", "archived": True}]
        self.meanwhile: dict[int, Callable[[], None]] = {}
        self.count = 0
        self.beyond = 0
        """Requests for more rows than a query can give."""

    def __call__(self, asked: Asked) -> Reply:
        self.count += 1
        self.meanwhile.pop(self.count, lambda: None)()
        if asked.path.endswith("/batch/read"):
            return self._companies(asked)
        if asked.path.endswith("/search"):
            return self._search(asked.body)
        if asked.path.startswith(("/marketing/", "/form-integrations/")):
            return self._form_answer(asked)
        if "/pipelines/" in asked.path:
            stages = [
                {
                    "id": key,
                    "label": label,
                    "displayOrder": order,
                    "metadata": {"probability": chance, "isClosed": closed},
                }
                for order, (key, label, chance, closed) in enumerate(STAGES)
            ]
            return Reply({"results": [{"id": "default", "label": "Sales Pipeline", "stages": stages}]})
        if "/owners/" in asked.path:
            return self._owners(asked)
        return self._list(asked)

    def _owners(self, asked: Asked) -> Reply:
        if asked.params["archived"] == "true":
            return Reply({"results": self.left})
        page = int(asked.params.get("after", "0"))
        body: dict[str, Any] = {"results": self.owner_pages[page]}
        if page + 1 < len(self.owner_pages):
            body["paging"] = {"next": {"after": str(page + 1)}}
        return Reply(body)

    def _list(self, asked: Asked) -> Reply:
        after, limit = int(asked.params.get("after", "0")), int(asked.params["limit"])
        archived = asked.params["archived"] == "true"
        found = sorted(n for n, one in self.deals.items() if one.archived == archived and n > after)
        body: dict[str, Any] = {
            "results": [
                self.deals[n].record(asked.params["properties"], "associations" in asked.params)
                for n in found[:limit]
            ]
        }
        if len(found) > limit:
            body["paging"] = {"next": {"after": str(found[limit - 1]), "link": "?"}}
        return Reply(body)

    def _companies(self, asked: Asked) -> Reply:
        """Status 207 with an error for those that are not there, as HubSpot answers a batch."""
        ids = [one["id"] for one in asked.body["inputs"]]
        assert len(ids) <= 100 and asked.body["properties"] == ["name"]
        archived = asked.params["archived"] == "true"
        here = [
            one for one in ids if one not in self.unnamed and (one in self.archived_companies) == archived
        ]
        results = [{"id": one, "properties": {"name": f"Company {one}"}} for one in here]
        missing = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "not there"}
        whole = len(here) == len(ids)
        body = {"status": "COMPLETE", "results": results, **({} if whole else {"errors": [missing]})}
        return Reply(body, 200 if whole else 207)

    def _form_answer(self, asked: Asked) -> Reply:
        if asked.path.startswith("/marketing/"):
            return Reply({"results": self.forms if asked.params["archived"] == "false" else []})
        rows = self.submissions.get(unquote(asked.path.rpartition("/")[2]), [])
        begin = int(asked.params.get("after", "0"))
        end = begin + int(asked.params["limit"])
        body: dict[str, Any] = {"results": rows[begin:end]}
        if end < len(rows):
            body["paging"] = {"next": {"after": str(end)}}
        return Reply(body)

    def _search(self, body: dict[str, Any]) -> Reply:
        (rule,) = body["filterGroups"][0]["filters"]
        low, high = _instant(rule["value"]), _instant(rule.get("highValue", "99999999999999"))
        found = sorted(
            (one for one in self.deals.values() if not one.archived and low <= one.modified <= high),
            key=lambda one: (one.modified, one.number),
        )
        begin = int(body.get("after", "0"))
        end = begin + body["limit"]
        if begin >= self.cap:
            self.beyond += 1
            return Reply({"category": "VALIDATION_ERROR", "message": "too far", "correlationId": "x"}, 400)
        answer: dict[str, Any] = {
            "total": len(found),
            "results": [one.record(body["properties"]) for one in found[begin:end]],
        }
        if end < len(found):
            answer["paging"] = {"next": {"after": str(end)}}
        return Reply(answer)


def _instant(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(min(int(milliseconds) / 1000, 4e9), UTC)
