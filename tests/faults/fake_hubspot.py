"""A small HubSpot for tests: lists by id, searches by date of change with its cap, archived records,
owners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

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

    def record(self, wanted: str | list[str]) -> dict[str, Any]:
        names = wanted.split(",") if isinstance(wanted, str) else wanted
        own = {
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
        return {
            "id": str(self.number),
            "properties": {name: own.get(name) for name in names},
            "updatedAt": self.modified.isoformat(),
            "archived": self.archived,
            "associations": {
                "companies": {"results": [{"id": f"c{self.number}", "type": "deal_to_company"}]}
            },
        }


class HubSpot:
    """Answers requests from `deals`. `meanwhile[n]` is called right before the n-th request is answered."""

    def __init__(self, *deals: Deal, cap: int = 10_000) -> None:
        self.deals = {deal.number: deal for deal in deals}
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
        if asked.path.endswith("/search"):
            return self._search(asked.body)
        if "/pipelines/" in asked.path:
            stages = [
                {"id": key, "label": label, "metadata": {"probability": chance, "isClosed": closed}}
                for key, label, chance, closed in STAGES
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
            "results": [self.deals[n].record(asked.params["properties"]) for n in found[:limit]]
        }
        if len(found) > limit:
            body["paging"] = {"next": {"after": str(found[limit - 1]), "link": "?"}}
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
