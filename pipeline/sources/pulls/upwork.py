"""Upwork: hours and charges a day and contract, and transactions, from its GraphQL interface.

Here: the queries, their paging and their date formats. Not here: the network, the exchange of the refresh
token (http.py).
Errors come with status 200. Transactions have no pages and are asked for month by month. Upwork's days are
UTC days. Charges carry no currency; Upwork bills in US dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pipeline.sources.pulls.bundle import Bundle, Page, Rows, cell, inside, listed
from pipeline.sources.pulls.paging import follow, months_wanted, since_of
from pipeline.sources.pulls.spec import (
    Asking,
    Call,
    Manners,
    PullSpec,
    Record,
    Refusal,
    always_changes,
    bearer,
    failed,
)
from pipeline.sources.vendor import ExportSpec, Field
from pipeline.workspace.model import FileFormat, Pull

FIRST = 50
"""Rows a page of the client's time report; Upwork gives no more."""
START, READINGS = "0", 3
"""The cursor of the first page; how often the report is read when it changes meanwhile."""
HEADERS = ("id", "date", "contract", "hours", "amount", "currency", "payment")
BILLED_IN = "USD"
HOURS_DATE, TRANSACTIONS_DATE = "%Y-%m-%d", "%Y-%m-%d"
"""Each query has a date format of its own: users of the interface report this one and %Y%m%d."""
_AGAIN = ("timeout", "timed out", "internal", "too many requests", "rate limit", "try again", "unavailable")
_ACCOUNT = ("authorization failed", "unauthorized", "authentication", "permission", "forbidden")

_HOURS = """query Hours($rangeStart: String!, $rangeEnd: String!, $after: String!, $first: Int!) {
  organization { clientContractTimeReport(
    timeReportDate_bt: {rangeStart: $rangeStart, rangeEnd: $rangeEnd}
    pagination: {after: $after, first: $first}
  ) { totalCount pageInfo { endCursor hasNextPage } edges { cursor node {
    dateWorkedOn totalCharges totalHoursWorked contract { id title }
  } } } }
}"""
_ENTITY = "query Entity { accountingEntity { id } }"
_TRANSACTIONS = """query Transactions($aceIds: [ID!]!, $rangeStart: String!, $rangeEnd: String!) {
  transactionHistory(transactionHistoryFilter: {
    aceIds_any: $aceIds, transactionDateTime_bt: {rangeStart: $rangeStart, rangeEnd: $rangeEnd}
  }) { transactionDetail { transactionHistoryRow {
    recordId type accountingSubtype description transactionCreationDate
    transactionAmount { rawValue currency }
    assignmentDeveloperName relatedAssignment
  } } }
}"""
TOP_UPS = frozenset({"Payment"})
"""Kinds of transaction that move the company's own money to Upwork and are no cost."""


def _judge(body: Any) -> Refusal | None:
    errors = listed(body, "errors")
    if not errors:
        return None
    said = "; ".join(cell(inside(one, "message")) or "error" for one in errors)
    folded = said.casefold()
    if any(word in folded for word in _ACCOUNT):
        return Refusal("account", said)
    return Refusal("again" if any(word in folded for word in _AGAIN) else "stop", said)


def _authorisation(key: str, pull: Pull) -> dict[str, str]:
    tenant = {"X-Upwork-API-TenantId": pull.organization} if pull.organization else {}
    return {**bearer(key, pull), **tenant}


def _query(kind: str, query: str, **variables: Any) -> Call:
    return Call(kind, "/graphql", json={"query": query, "variables": variables})


# --- hours -------------------------------------------------------------------------------------------


def _ask_hours(session: Asking) -> None:
    """Read the report until its pages agree: as many rows as each of them says there are. Rows that are
    booked meanwhile move others over the ends of pages."""
    first, last = since_of(session).strftime(HOURS_DATE), session.today.strftime(HOURS_DATE)

    def call(after: str) -> Call:
        return _query("hours", _HOURS, rangeStart=first, rangeEnd=last, after=after, first=FIRST)

    total = count = 0
    for _ in range(READINGS):
        bodies = follow(session.ask, call, _next_hours, _edges, first=START)
        totals = {int(cell(inside(_report(body), "totalCount")) or 0) for body in bodies}
        total, count = max(totals), sum(len(_edges(body)) for body in bodies)
        if totals == {count}:
            return
    raise failed(
        "E-PULL-COUNT",
        "Upwork says that there are {total} rows and gave {count} of them.",
        "Run again later. If it stays so, report it; until then drop the weekly summary as a file.",
        total=total,
        count=count,
    )


def _report(body: Any) -> Any:
    return inside(body, "data", "organization", "clientContractTimeReport")


def _edges(body: Any) -> list[Any]:
    return listed(_report(body), "edges")


def _next_hours(body: Any) -> str:
    info = inside(_report(body), "pageInfo")
    return cell(inside(info, "endCursor")) if inside(info, "hasNextPage") is True else ""


def _hours(bundle: Bundle) -> list[Record]:
    """One row a day and contract. The report has no identifier of a row: equal ones are added up."""
    rows = Rows()
    for page in _last_reading(bundle):
        for edge in _edges(page.body):
            node = inside(edge, "node")
            contract = inside(node, "contract")
            day, number = _dashed(cell(inside(node, "dateWorkedOn"))), cell(inside(contract, "id"))
            title = cell(inside(contract, "title"))
            cells = {
                "id": f"{number}-{day}" if number and day else "",
                "date": day,
                "contract": f"{title} ({number})" if title else number,
                "hours": cell(inside(node, "totalHoursWorked")),
                "amount": cell(inside(node, "totalCharges")),
                "currency": BILLED_IN,
                "payment": "",
            }
            before = rows.get(cells["id"])
            rows.put(Record(page.line, _added(before.cells, cells) if before else cells))
    return rows.all()


def _last_reading(bundle: Bundle) -> list[Page]:
    """Pages of the reading that was whole; the ones before it are kept, and count for nothing."""
    pages = list(bundle.of("hours"))
    begins = [
        n for n, page in enumerate(pages) if inside(page.request, "json", "variables", "after") == START
    ]
    return pages[begins[-1] :] if begins else []


def _dashed(day: str) -> str:
    """2026-11-16 from either way Upwork writes days."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdigit() else day


def _added(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {**one, **{name: _sum(one[name], other[name]) for name in ("hours", "amount")}}


def _sum(one: str, other: str) -> str:
    try:
        return format(Decimal(one or 0) + Decimal(other or 0), "f")
    except InvalidOperation:
        return f"{one} {other}"  # no number: the row goes to quarantine with both


# --- transactions ------------------------------------------------------------------------------------


def _ask_transactions(session: Asking) -> None:
    entity = session.ask(_query("entity", _ENTITY))
    identifier = cell(inside(entity, "data", "accountingEntity", "id"))
    if not identifier:
        raise failed(
            "E-PULL-ANSWER",
            "Upwork named no accounting entity for this key.",
            "Use the key of a person who may see the company's transactions.",
        )
    for first, last in months_wanted(session):
        days = {"rangeStart": first.strftime(TRANSACTIONS_DATE), "rangeEnd": last.strftime(TRANSACTIONS_DATE)}
        session.ask(_query("transactions", _TRANSACTIONS, aceIds=[identifier], **days))


def _transactions(bundle: Bundle) -> list[Record]:
    rows = Rows()
    keys = ("data", "transactionHistory", "transactionDetail", "transactionHistoryRow")
    for line, item in bundle.items("transactions", *keys):
        amount = cell(inside(item, "transactionAmount", "rawValue"))
        kind = cell(item.get("accountingSubtype")) or cell(item.get("type"))
        cells = {
            "id": cell(item.get("recordId")),
            "date": _dashed(cell(item.get("transactionCreationDate"))),
            "contract": cell(item.get("relatedAssignment"))
            or cell(item.get("assignmentDeveloperName"))
            or kind,
            "hours": "",
            "amount": _negated(amount),
            "currency": cell(inside(item, "transactionAmount", "currency")),
            "payment": kind,
        }
        rows.put(Record(line, cells, left_out=kind if kind in TOP_UPS else ""))
    return rows.all()


def _negated(amount: str) -> str:
    """What the company paid is negative for Upwork; a cost is positive here."""
    if amount.startswith("-"):
        return amount[1:]
    return f"-{amount}" if amount.strip("0.") else amount


def _spec(name: str, title: str) -> ExportSpec:
    return ExportSpec(
        name=name,
        title=title,
        fact="freelance_costs",
        fields=(
            Field("entry_id", ("id",), needed=True, filled=True),
            Field("paid_on", ("date",), "date", needed=True, filled=True),
            Field("contract", ("contract",), needed=True, filled=True),
            Field("hours", ("hours",), "decimal"),
            Field("amount", ("amount",), "money", needed=True, filled=True),
            Field("currency", ("currency",)),
            Field("payment", ("payment",)),
        ),
        delivers="changes",
        format=FileFormat(date="iso", datetime="iso"),
        row_key=("entry_id",),
    )


def _pull(
    name: str, title: str, ask: Callable[[Asking], None], records: Callable[[Bundle], list[Record]]
) -> PullSpec:
    return PullSpec(
        system="upwork",
        export=name,
        title=title,
        base_url="https://api.upwork.com",
        manners=Manners(1, 1.0, _judge),
        ask=ask,
        records=records,
        headers=lambda bundle: HEADERS,
        authorisation=_authorisation,
        delivers=always_changes,
        spec=_spec(name, title),
        numbers_alike=name == "hours",  # which come by the interface alone
        keys=frozenset({"since", "client_id_env", "client_secret_env", "organization"}),
        needs=frozenset({"since", "client_id_env", "client_secret_env"}),
        exchange_url="https://www.upwork.com/api/v3/oauth2/token",
        unverified=(
            "The date format of each query; the types of the query's variables; the kinds of transaction; "
            "whether charges are always in US dollars."
        ),
    )


PULLS = (
    _pull("hours", "Hours and charges", _ask_hours, _hours),
    _pull("transactions", "Transactions", _ask_transactions, _transactions),
)
