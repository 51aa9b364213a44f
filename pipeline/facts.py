"""The canonical tables every source is mapped onto, with types, units and descriptions.

Here: what a fact is and which columns it has; the registry is the one list that readers, validation, KPIs
and the documentation share. Not here: how a vendor's export becomes a fact (sources/) nor what is counted
from it (kpis/).

Naming: `_on` is a company-local calendar date, `_at` an instant in UTC, `is_` true/false, `_hash` a keyed
digest of something personal; an amount always has a currency column beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

ColumnType = Literal["text", "bool", "date", "instant", "money", "decimal", "integer"]

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "instant": pa.timestamp("us", tz="UTC"),
    "money": pa.decimal128(18, 4),
    "decimal": pa.decimal128(18, 4),
    "integer": pa.int64(),
}


@dataclass(frozen=True)
class Column:
    """One column of a fact. `required` columns are never empty in an accepted row."""

    name: str
    type: ColumnType
    description: str
    required: bool = False


@dataclass(frozen=True)
class Fact:
    """A canonical table. `key` identifies a row within one source; `dimensions` may break KPIs down."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    dimensions: tuple[str, ...] = ()
    person: str | None = None
    """The column that names a person as the source knows them; resolved to owner and team."""
    made_from: str | None = None
    """Another fact whose rows become rows of this one when facts are read (kpis/known.py)."""

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def arrow_schema(self) -> pa.Schema:
        """Columns of the fact, then `dims` and the bookkeeping columns."""
        own = [pa.field(column.name, ARROW_TYPES[column.type]) for column in self.columns]
        return pa.schema([*own, *BOOKKEEPING])


BOOKKEEPING = (
    pa.field("dims", pa.string()),  # extra dimensions as JSON with sorted keys, "{}" when none
    pa.field("source", pa.string()),  # source id
    pa.field("source_sha256", pa.string()),  # landed bytes the row came from
    pa.field("source_line", pa.int64()),  # physical line (CSV) or row (sheet) it starts on
    pa.field("known_at", pa.timestamp("us", tz="UTC")),  # when those bytes were received
    pa.field("removed", pa.bool_()),  # true: the key vanished from a later full export
)


def _c(name: str, kind: ColumnType, description: str, required: bool = False) -> Column:
    return Column(name, kind, description, required)


DEALS = Fact(
    "deals",
    "Sales opportunities, one row each in their latest state",
    ("deal_id",),
    (
        _c("deal_id", "text", "Identifier in the CRM", True),
        _c("name", "text", "Title of the deal"),
        _c("amount", "money", "Value of the deal in `currency`"),
        _c("currency", "text", "ISO 4217 code of `amount`", True),
        _c("pipeline", "text", "Pipeline the deal is in"),
        _c("stage", "text", "Stage as the CRM names it"),
        _c("is_won", "bool", "Closed and won", True),
        _c("is_closed", "bool", "Closed, won or lost", True),
        _c("created_on", "date", "Day the deal was created", False),
        _c("closed_on", "date", "Day the deal was closed; empty while it is open"),
        _c("expected_on", "date", "Day the deal is expected to be closed; empty once it is"),
        _c("owner", "text", "Person responsible, as the CRM names them"),
        _c("customer", "text", "Company the deal is with"),
        _c("product", "text", "Product sold"),
        _c("region", "text", "Sales region"),
    ),
    ("pipeline", "stage", "owner", "team", "product", "region"),
    person="owner",
)

DEAL_STAGES = Fact(
    "deal_stages",
    "Entries of a deal into a stage of its pipeline",
    ("deal_id", "stage"),
    (
        _c("deal_id", "text", "Identifier in the CRM", True),
        _c("pipeline", "text", "Pipeline of the stage"),
        _c("stage", "text", "Stage entered", True),
        _c("entered_on", "date", "Day the deal entered the stage", True),
        _c("owner", "text", "Person responsible for the deal"),
    ),
    ("pipeline", "stage", "owner", "team"),
    person="owner",
)

CONTACTS = Fact(
    "contacts",
    "People who left their address",
    ("contact_id",),
    (
        _c("contact_id", "text", "Identifier in the source", True),
        _c("email_hash", "text", "Keyed digest of the address"),
        _c("created_on", "date", "Day the contact was created", True),
        _c("channel", "text", "Where the contact came from"),
        _c("lifecycle", "text", "Lifecycle stage"),
        _c("owner", "text", "Person responsible"),
        _c("campaign", "text", "Campaign, sequence or list the contact is in"),
        _c("contacted_on", "date", "Day of the newest message to the contact; empty when none was sent"),
        _c("has_replied", "bool", "The contact has answered"),
        _c("is_lead", "bool", "The contact was found to be a lead"),
        _c("is_repeat", "bool", "The same address came earlier; set when facts are read"),
    ),
    ("channel", "lifecycle", "campaign", "owner", "team"),
    person="owner",
)

OUTREACH_EVENTS = Fact(
    "outreach_events",
    "What happened to outreach messages: sent, opened, clicked, answered",
    ("event_id",),
    (
        _c("event_id", "text", "Identifier of the event", True),
        _c("event", "text", "sent, open, click, reply, bounce, lead or meeting", True),
        _c("happened_on", "date", "Day of the event", True),
        _c("campaign", "text", "Campaign or sequence"),
        _c("recipient_hash", "text", "Keyed digest of the recipient's address"),
        _c("owner", "text", "Sender"),
    ),
    ("event", "campaign", "owner", "team"),
    person="owner",
)

TIME_ENTRIES = Fact(
    "time_entries",
    "Tracked working time",
    ("entry_id",),
    (
        _c("entry_id", "text", "Identifier of the entry", True),
        _c("person", "text", "Who worked, as the tool names them", True),
        _c("task", "text", "Task or project"),
        _c("worked_on", "date", "Day of the work", True),
        _c("hours", "decimal", "Hours worked", True),
        _c("is_billable", "bool", "Billable to a customer"),
        _c("tags", "text", "Tags, joined by ;"),
    ),
    ("task", "owner", "team", "tags"),
    person="person",
)

FREELANCE_COSTS = Fact(
    "freelance_costs",
    "Payments to freelancers; a cost is positive",
    ("entry_id",),
    (
        _c("entry_id", "text", "Reference of the payment", True),
        _c("paid_on", "date", "Day the cost is dated", True),
        _c("contract", "text", "Contract or job", True),
        _c("hours", "decimal", "Hours billed; empty for fixed price"),
        _c("amount", "money", "Cost in `currency`", True),
        _c("currency", "text", "ISO 4217 code", True),
        _c("payment", "text", "Kind of payment"),
    ),
    ("contract", "payment"),
)

LEDGER_LINES = Fact(
    "ledger_lines",
    "General ledger lines; income positive, costs negative",
    ("line_id",),
    (
        _c("line_id", "text", "Identifier of the line", True),
        _c("posted_on", "date", "Posting date", True),
        _c("account_code", "text", "Account number", True),
        _c("account_name", "text", "Account name"),
        _c("account_class", "text", "revenue, cogs, sales_marketing, opex, other or balance_sheet", True),
        _c("amount", "money", "Credit minus debit in `currency`", True),
        _c("currency", "text", "ISO 4217 code", True),
        _c("department", "text", "Department"),
    ),
    ("account_class", "account_name", "department"),
)

SIGNUPS = Fact(
    "signups",
    "Sign-ups per day and event, as web analytics counts them",
    ("day_event",),
    (
        _c("day_event", "text", "Day, event and channel together", True),
        _c("signed_on", "date", "Day", True),
        _c("event", "text", "Event name, for example sign_up", True),
        _c("channel", "text", "Channel group"),
        _c("count", "integer", "Number of events", True),
    ),
    ("event", "channel"),
)

SUBSCRIPTIONS = Fact(
    "subscriptions",
    "Subscriptions with their beginning and end",
    ("subscription_id",),
    (
        _c("subscription_id", "text", "Identifier", True),
        _c("customer", "text", "Customer's identifier", True),
        _c("plan", "text", "Plan or tier"),
        _c("started_on", "date", "First day", True),
        _c("ended_on", "date", "First day no longer subscribed; empty while active"),
        _c("mrr", "money", "Monthly recurring revenue in `currency`"),
        _c("currency", "text", "ISO 4217 code", True),
        _c("is_new_customer", "bool", "The customer's first subscription", True),
        _c("region", "text", "Region"),
        _c("channel", "text", "Acquisition channel"),
    ),
    ("plan", "region", "channel"),
)

TASKS = Fact(
    "tasks",
    "Project tasks with their dependencies",
    ("task_id",),
    (
        _c("task_id", "text", "Identifier in the project tool", True),
        _c("name", "text", "Task", True),
        _c("start_on", "date", "First day"),
        _c("due_on", "date", "Last day"),
        _c("done_percent", "decimal", "Completion, 0 to 100"),
        _c("assignee", "text", "Who does it"),
        _c("parent_id", "text", "Task it belongs to"),
        _c("predecessors", "text", "Identifiers of tasks that come first, joined by ;"),
        _c("cost", "money", "Planned cost in company currency"),
        _c("goal", "text", "Goal id the task serves"),
    ),
    ("owner", "team", "goal"),
    person="assignee",
)

CAMPAIGN_SNAPSHOTS = Fact(
    "campaign_snapshots",
    "All-time counters of a campaign on a day",
    ("campaign_id", "counted_on"),
    (
        _c("campaign_id", "text", "Identifier", True),
        _c("counted_on", "date", "Day of the snapshot", True),
        _c("name", "text", "Campaign or journey"),
        _c("delivered", "integer", "Delivered so far"),
        _c("opens", "integer", "Opened so far"),
        _c("clicks", "integer", "Clicked so far"),
        _c("conversions", "integer", "Converted so far"),
        _c("kind", "text", "Kind of campaign: journey, email, sequence"),
        _c("started_on", "date", "Day the campaign was created"),
        _c("owner", "text", "Sender or owner of the campaign"),
        _c("sent", "integer", "Messages sent so far"),
        _c("replies", "integer", "Answers so far"),
        _c("bounces", "integer", "Bounced so far"),
        _c("unsubscribes", "integer", "Unsubscribed so far"),
        _c("leads", "integer", "Leads so far"),
    ),
    ("name", "kind", "owner", "team"),
    person="owner",
)

CAMPAIGN_FLOWS = Fact(
    "campaign_flows",
    "What a campaign did between two snapshots of its counters, dated by the later one",
    ("campaign_id", "counted_on"),
    (
        _c("campaign_id", "text", "Identifier", True),
        _c("counted_on", "date", "Last day of the span", True),
        _c("name", "text", "Campaign or journey"),
        _c("kind", "text", "Kind of campaign: journey, email, sequence"),
        _c("owner", "text", "Sender or owner of the campaign"),
        _c("sent", "integer", "Messages sent in the span"),
        _c("delivered", "integer", "Delivered in the span"),
        _c("opens", "integer", "Opened in the span"),
        _c("clicks", "integer", "Clicked in the span"),
        _c("conversions", "integer", "Converted in the span"),
        _c("replies", "integer", "Answers in the span"),
        _c("bounces", "integer", "Bounced in the span"),
        _c("unsubscribes", "integer", "Unsubscribed in the span"),
        _c("leads", "integer", "Leads in the span"),
    ),
    ("name", "kind", "owner", "team"),
    person="owner",
    made_from="campaign_snapshots",
)

ENGAGEMENTS = Fact(
    "engagements",
    "Meetings, calls, tasks and e-mails that people noted in the CRM",
    ("engagement_id",),
    (
        _c("engagement_id", "text", "Identifier in the CRM", True),
        _c("kind", "text", "meeting, call, task or email", True),
        _c("happened_on", "date", "Day it took place, or is due while a task is open", True),
        _c("is_done", "bool", "Meeting held, call answered, task completed, e-mail sent", True),
        _c("outcome", "text", "Outcome or state as the CRM names it"),
        _c("direction", "text", "inbound or outbound, as the CRM names it"),
        _c("minutes", "decimal", "Length in minutes"),
        _c("owner", "text", "Person it is assigned to"),
    ),
    ("kind", "outcome", "direction", "owner", "team"),
    person="owner",
)

COMPANIES = Fact(
    "companies",
    "Companies in the CRM",
    ("company_id",),
    (
        _c("company_id", "text", "Identifier in the CRM", True),
        _c("name", "text", "Name"),
        _c("domain", "text", "Internet domain"),
        _c("created_on", "date", "Day the company was created", True),
        _c("lifecycle", "text", "Lifecycle stage"),
        _c("industry", "text", "Industry"),
        _c("country", "text", "Country or region"),
        _c("owner", "text", "Person responsible"),
    ),
    ("lifecycle", "industry", "country", "owner", "team"),
    person="owner",
)

FORM_SUBMISSIONS = Fact(
    "form_submissions",
    "Forms that visitors filled in, one row each",
    ("submission_id",),
    (
        _c("submission_id", "text", "Identifier of the submission", True),
        _c("submitted_on", "date", "Day it was sent", True),
        _c("form", "text", "Form", True),
        _c("email_hash", "text", "Keyed digest of the address"),
        _c("is_repeat", "bool", "The same address came earlier; set when facts are read"),
    ),
    ("form",),
)

OWNERS = Fact(
    "owners",
    "People by the identifier a CRM keeps in its records, those who left included",
    ("owner_id",),
    (
        _c("owner_id", "text", "Identifier that records carry", True),
        _c("name", "text", "Full name"),
        _c("email", "text", "Work address"),
        _c("is_archived", "bool", "No longer active"),
    ),
)

PIPELINE_STAGES = Fact(
    "pipeline_stages",
    "Stages of the CRM's pipelines, by their internal identifiers",
    ("pipeline_id", "stage_id"),
    (
        _c("pipeline_id", "text", "Internal identifier of the pipeline", True),
        _c("pipeline", "text", "Pipeline as people see it", True),
        _c("stage_id", "text", "Internal identifier of the stage", True),
        _c("stage", "text", "Stage as people see it", True),
        _c("position", "integer", "Order within the pipeline"),
        _c("probability", "decimal", "Chance of winning in this stage, 0 to 1"),
    ),
)

PROFIT_LINES = Fact(
    "profit_lines",
    "Accounts of profit-and-loss reports, one row an account and month; income positive, costs negative. "
    "Reports repeat what the ledger posts, so no KPI should add the two together",
    ("line_id",),
    (
        _c("line_id", "text", "Month and account together", True),
        _c("ended_on", "date", "Last day of the month", True),
        _c("section", "text", "income, cost_of_sales, expenses, other_income or other_expenses", True),
        _c("account_code", "text", "Account number"),
        _c("account_name", "text", "Account with the accounts it belongs to", True),
        _c("amount", "money", "Effect on profit in `currency`", True),
        _c("currency", "text", "ISO 4217 code", True),
        _c("basis", "text", "accrual or cash, as the report says"),
    ),
    ("section", "account_name", "basis"),
)

MRR_MOVEMENTS = Fact(
    "mrr_movements",
    "Changes of monthly recurring revenue; gains positive, losses negative",
    ("movement_id",),
    (
        _c("movement_id", "text", "Identifier", True),
        _c("moved_on", "date", "Day of the change", True),
        _c("customer", "text", "Customer's identifier", True),
        _c("movement", "text", "new, expansion, contraction, churn or reactivation", True),
        _c("amount", "money", "Change of monthly recurring revenue in `currency`", True),
        _c("currency", "text", "ISO 4217 code", True),
        _c("plan", "text", "Plan or tier"),
    ),
    ("movement", "plan"),
)

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        DEALS,
        DEAL_STAGES,
        CONTACTS,
        OUTREACH_EVENTS,
        TIME_ENTRIES,
        FREELANCE_COSTS,
        LEDGER_LINES,
        SIGNUPS,
        SUBSCRIPTIONS,
        TASKS,
        CAMPAIGN_SNAPSHOTS,
        PROFIT_LINES,
        MRR_MOVEMENTS,
        CAMPAIGN_FLOWS,
        ENGAGEMENTS,
        COMPANIES,
        FORM_SUBMISSIONS,
        OWNERS,
        PIPELINE_STAGES,
    )
}


def reference_page() -> str:
    """docs/facts.md: every fact with its columns, as Markdown."""
    parts = [
        "# Facts and their columns\n",
        "Made from `pipeline/facts.py`; a test holds the two together. A source of your own names one of",
        "these facts and maps its columns ([how](sources.md#any-other-file)). **Bold** columns are never",
        "empty in a row that counts. `currency` is the company's when it is not mapped, and a single-column",
        "key that the export lacks is made from the row. Amounts are exact decimals; a date is the company's",
        "calendar day.",
    ]
    for fact in FACTS.values():
        parts += [
            f"\n## `{fact.name}`: {fact.description}\n",
            "| column | kind | what it means |",
            "|---|---|---|",
        ]
        parts += [
            f"| {f'**{column.name}**' if column.required else column.name} | {KIND_WORDS[column.type]} "
            f"| {column.description} |"
            for column in fact.columns
        ]
        parts += ["", f"Key: {', '.join(fact.key)}. KPIs can be cut by: {', '.join(fact.dimensions)}."]
    return "\n".join(parts) + "\n"


KIND_WORDS: dict[ColumnType, str] = {
    "text": "text",
    "bool": "yes or no",
    "date": "date",
    "instant": "date and time",
    "money": "amount",
    "decimal": "number",
    "integer": "whole number",
}
