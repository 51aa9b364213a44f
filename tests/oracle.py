"""A second way to the sample company's figures: plain loops over the raw export text.

Here: reading the files as text, which of them were known when, and sums. Not here: anything of the pipeline;
nothing is imported from it, so that both can only agree by both being right. Rates come as (numerator,
denominator) so that nobody can average percentages.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
INCOME_AND_COST_OF_SALES = ("4000", "4100", "4200", "5000", "5100", "5200")
SALES_AND_MARKETING = ("6000", "6100", "6110", "6120", "6130")


def cutoff(sunday: date) -> datetime:
    """07:00 in Berlin on the Monday after."""
    return datetime.combine(sunday + DAY, time(7), tzinfo=BERLIN)


def known_files(root: Path, source: str, as_of: datetime) -> list[Path]:
    """Files of a source received by then, oldest receipt first."""
    found = []
    with (root / "exports" / "received.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["received_at"])
            if row["file"].startswith(f"exports/{source}/") and at <= as_of:
                found.append((at.astimezone(UTC), row["file"]))
    return [root / name for _, name in sorted(found)]


def rows_of(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    text = path.read_bytes().decode(encoding)
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    return list(csv.DictReader(io.StringIO(kept, newline=""), delimiter=delimiter))


def newest_rows(root: Path, source: str, key: str, as_of: datetime) -> list[dict[str, str]]:
    """Of each key the row of the file received last."""
    newest: dict[str, dict[str, str]] = {}
    for path in known_files(root, source, as_of):
        for row in rows_of(path):
            newest[row[key]] = row
    return list(newest.values())


def day_of(text: str) -> date:
    return date.fromisoformat(text[:10])


# --- deals -------------------------------------------------------------------------------------------


def deals(root: Path, as_of: datetime) -> list[dict[str, str]]:
    """The newest row of each deal, its stage and pipeline called as people see them."""
    rows = newest_rows(root, "hubspot_deals", "Record ID", as_of)
    for one in newest_rows(root, "hubspot_pipelines", "stage_id", as_of):
        for row in rows:
            if (row["Pipeline"], row["Deal Stage"]) == (one["pipeline_id"], one["stage_id"]):
                row["Pipeline"], row["Deal Stage"] = one["pipeline_label"], one["stage_label"]
    return rows


def closing_rate(root: Path, first: date, last: date, as_of: datetime) -> tuple[Decimal, Decimal]:
    """Deals won and deals closed, by close date."""
    won = closed = 0
    for row in deals(root, as_of):
        if row["Deal Stage"] in ("Closed Won", "Closed Lost") and first <= day_of(row["Close Date"]) <= last:
            closed += 1
            won += row["Deal Stage"] == "Closed Won"
    return Decimal(won), Decimal(closed)


def sales_revenue(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    """Amounts of the company's own deals won, by close date."""
    total = Decimal(0)
    for row in deals(root, as_of):
        if row["Deal Stage"] == "Closed Won" and first <= day_of(row["Close Date"]) <= last:
            total += Decimal(row["Amount"])
    return total


def funnel_flow(root: Path, first: date, last: date, as_of: datetime) -> tuple[Decimal, Decimal]:
    """Entries into Qualified To Buy and into Appointment Scheduled."""
    counts = {"Qualified To Buy": 0, "Appointment Scheduled": 0}
    for row in deals(root, as_of):
        for stage in counts:
            entered = row[f'Date entered "{stage} (Sales Pipeline)"']
            if entered and first <= day_of(entered) <= last:
                counts[stage] += 1
    return Decimal(counts["Qualified To Buy"]), Decimal(counts["Appointment Scheduled"])


# --- subscribers, sign-ups ---------------------------------------------------------------------------


def churn(root: Path, first: date, last: date, as_of: datetime) -> tuple[Decimal, Decimal]:
    """Subscriptions ended in the period, and those in force when its first day began."""
    lost = at_start = 0
    for row in newest_rows(root, "subscriptions_all", "subscription_id", as_of):
        ended = day_of(row["ended_on"]) if row["ended_on"] else None
        if day_of(row["started_on"]) < first and (ended is None or ended >= first):
            at_start += 1
        if ended is not None and first <= ended <= last:
            lost += 1
    return Decimal(lost), Decimal(at_start)


def new_customers(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    count = 0
    for row in newest_rows(root, "subscriptions_all", "subscription_id", as_of):
        if row["is_new_customer"] == "true" and first <= day_of(row["started_on"]) <= last:
            count += 1
    return Decimal(count)


def signups(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    total = 0
    for path in known_files(root, "ga4_signups", as_of):
        for row in rows_of(path):
            if first <= datetime.strptime(row["Date"], "%Y%m%d").date() <= last:
                total += int(row["Event count"])
    return Decimal(total)


# --- the ledger --------------------------------------------------------------------------------------


def ledger(root: Path, accounts: tuple[str, ...] | None, first: date, last: date, as_of: datetime) -> Decimal:
    """Credit less debit of the accounts (None: of all), by posting date."""
    total = Decimal(0)
    for path in known_files(root, "ledger_gl", as_of):
        for row in rows_of(path):
            if (accounts is None or row["account_code"] in accounts) and first <= day_of(row["date"]) <= last:
                total += Decimal(row["credit"] or "0") - Decimal(row["debit"] or "0")
    return total


def gross_profit(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    return ledger(root, INCOME_AND_COST_OF_SALES, first, last, as_of)


def acquisition_cost(root: Path, first: date, last: date, as_of: datetime) -> tuple[Decimal, Decimal]:
    """Cost of sales and marketing, and new customers, of whole months."""
    return -ledger(root, SALES_AND_MARKETING, first, last, as_of), new_customers(root, first, last, as_of)


# --- the accountant's report, freelancers ---------------------------------------------------------------


def reported_net_profit(root: Path, months: tuple[str, ...], as_of: datetime) -> Decimal:
    """The row Net Income of the report received last, in the columns of these months (Jul 2026)."""
    path = known_files(root, "quickbooks_profit_and_loss", as_of)[-1]
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    header = next(row for row in rows if row[0] == "Distribution account")
    result = next(row for row in rows if row[0] == "Net Income")
    cells = [result[header.index(month)] for month in months]
    return sum((Decimal(cell.replace("€", "").replace(",", "")) for cell in cells), Decimal(0))


def translator_cost(root: Path, as_of: datetime) -> Decimal:
    """What the marketing team's account lost for good: everything but money put in, so that what went to
    escrow and came back cancels out."""
    total = Decimal(0)
    for path in known_files(root, "upwork_transactions", as_of):
        for row in rows_of(path):
            if row["Description"] != "Paid from Visa":
                total -= Decimal(row["Amount"])
    return total


def freelance_spend(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    """Both accounts by the day of the row: the weekly summary's amounts, and what the other lost for good."""
    total = Decimal(0)
    for path in known_files(root, "upwork_costs", as_of):
        for row in rows_of(path):
            if first <= day_of(row["Date"]) <= last and not row["Hours"].startswith("-"):
                total += Decimal(row["Amount"])
    for path in known_files(root, "upwork_transactions", as_of):
        for row in rows_of(path):
            day = datetime.strptime(row["Date"], "%b %d, %Y").date()
            if first <= day <= last and row["Description"] != "Paid from Visa":
                total -= Decimal(row["Amount"])
    return total


def steps_done(root: Path, first: date, last: date, as_of: datetime) -> tuple[Decimal, Decimal]:
    """Tasks complete and all tasks of the newest plan of each project tool, by the day they are due."""
    found: list[tuple[date, bool]] = []
    for row in rows_of(known_files(root, "ganttproject_tasks", as_of)[-1]):
        found.append((day_of(row["End date"]), row["Completion"] == "100"))
    for row in rows_of(known_files(root, "asana_tasks", as_of)[-1]):
        found.append((day_of(row["Due Date"]), bool(row["Completed At"])))
    for row in rows_of(known_files(root, "jira_issues", as_of)[-1]):
        due = datetime.strptime(row["Due date"], "%d/%b/%y %I:%M %p").date()
        found.append((due, row["Status"] == "Done"))
    inside = [done for day, done in found if first <= day <= last]
    return Decimal(sum(inside)), Decimal(len(inside))


# --- outreach, partners, tracked time ----------------------------------------------------------------


def messages_sent(root: Path, mondays: list[date], as_of: datetime) -> list[Decimal]:
    """Messages per week, by the Berlin date of their sending; a message seen in two exports counts once."""
    sent: dict[tuple[str, str, str], date] = {}
    for path in known_files(root, "mailshake_activity", as_of):
        for row in rows_of(path):
            local = datetime.fromisoformat(row["sent_at"]).astimezone(BERLIN)
            sent[row["recipient_email"], row["message_type"], row["sent_at"]] = local.date()
    return [Decimal(sum(monday <= day <= monday + 6 * DAY for day in sent.values())) for monday in mondays]


def partner_revenue(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    """Sales by known partners; rows that are broken, cut, doubled or totals do not count."""
    partners = {row["partner"] for row in rows_of(root / "lookups" / "partners.csv")}
    amounts: dict[str, tuple[date, Decimal]] = {}
    for path in known_files(root, "partner_sales", as_of):
        for row in rows_of(path, "cp1251", ";"):
            good = _partner_row(row, partners)
            if good is not None:
                amounts[row["Номер"]] = good
    return sum((amount for day, amount in amounts.values() if first <= day <= last), Decimal(0))


def _partner_row(row: dict[str, str], partners: set[str]) -> tuple[date, Decimal] | None:
    if not row["Номер"].startswith("П-") or row["Партнёр"] not in partners or row["Менеджер"] is None:
        return None
    day, month, year = (int(part) for part in row["Дата продажи"].split("."))
    digits = row["Сумма, EUR"].replace("\u00a0", "").replace(",", ".")
    if not digits.replace(".", "").isascii() or not digits.replace(".", "").isdigit():
        return None
    try:
        return date(year, month, day), Decimal(digits)
    except ValueError:
        return None


def admin_hours(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    seconds = 0
    for path in known_files(root, "timecamp_entries", as_of):
        for row in rows_of(path):
            if row["tags"] == "admin" and first <= day_of(row["date"]) <= last:
                seconds += int(row["duration"])
    return Decimal(seconds) / 3600


# --- prospecting -------------------------------------------------------------------------------------


def local_day(text: str) -> date:
    """The Berlin date of a time with or without an offset."""
    moment = datetime.fromisoformat(text)
    return (moment.astimezone(BERLIN) if moment.tzinfo else moment).date()


def meetings_held(root: Path, first: date, last: date, as_of: datetime) -> dict[str, Decimal]:
    """Completed meetings by the number of who held them, by the Berlin date they began."""
    held: dict[str, Decimal] = {}
    for row in newest_rows(root, "hubspot_meetings", "hs_object_id", as_of):
        if (
            row["hs_meeting_outcome"] == "COMPLETED"
            and first <= local_day(row["hs_meeting_start_time"]) <= last
        ):
            held[row["hubspot_owner_id"]] = held.get(row["hubspot_owner_id"], Decimal(0)) + 1
    return held


def owner_addresses(root: Path, as_of: datetime) -> dict[str, str]:
    return {row["id"]: row["email"] for row in newest_rows(root, "hubspot_owners", "id", as_of)}


def new_companies(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    rows = newest_rows(root, "hubspot_companies", "Record ID", as_of)
    return Decimal(sum(first <= day_of(row["Create Date"]) <= last for row in rows))


def new_prospects(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    """Contacts of four tools by the day they came; an address on the first day it stands anywhere."""
    came: list[tuple[date, str]] = []
    for row in newest_rows(root, "hubspot_contacts", "Record ID", as_of):
        came.append((day_of(row["Create Date"]), row["Email"]))
    for source in ("prospectio_prospects", "ortto_contacts"):
        for row in newest_rows(root, source, "id", as_of):
            came.append((local_day(row["created_at"]), row["email"]))
    for row in workbook_rows(root, "ninjaoutreach_contacts", "Website", as_of):
        came.append((day_of(row["Contacted On"]), row["Email"]))
    begun: dict[str, date] = {}
    for day, address in came:
        if address:
            begun[address.casefold()] = min(day, begun.get(address.casefold(), day))
    nameless = [day for day, address in came if not address]
    return Decimal(sum(first <= day <= last for day in [*begun.values(), *nameless]))


def workbook_rows(root: Path, source: str, key: str, as_of: datetime) -> list[dict[str, str]]:
    newest: dict[str, dict[str, str]] = {}
    for path in known_files(root, source, as_of):
        header, *lines = load_workbook(path, read_only=True).active.iter_rows(values_only=True)
        for line in lines:
            row = {str(name): str(cell or "") for name, cell in zip(header, line, strict=True)}
            newest[row[key]] = row
    return list(newest.values())


def campaign_growth(
    root: Path, source: str, counters: tuple[str, str], first: date, last: date, as_of: datetime
) -> tuple[Decimal, Decimal]:
    """What two all-time counters grew by over the window, exported on the first of each month for the days
    before it: the last list of the window less the last one before it."""
    before: dict[str, list[Decimal]] = {}
    newest: dict[str, list[Decimal]] = {}
    for path in known_files(root, source, as_of):
        day = date.fromisoformat(path.stem[-7:] + "-01") - DAY
        for row in rows_of(path):
            key, values = row.get("campaign_id") or row["id"], [Decimal(row[name]) for name in counters]
            if day < first:
                before[key] = values
            elif day <= last:
                newest[key] = values
    grown = [
        sum((values[i] - before.get(key, [Decimal(0)] * 2)[i] for key, values in newest.items()), Decimal(0))
        for i in (0, 1)
    ]
    return grown[0], grown[1]


def journey_growth(root: Path, first: date, last: date, as_of: datetime) -> tuple[Decimal, Decimal]:
    """Conversions and deliveries of the journeys between the last Sunday before the window and its last."""
    totals: dict[tuple[str, date], tuple[Decimal, Decimal]] = {}
    for path in known_files(root, "ortto_campaigns", as_of):
        for row in rows_of(path):
            totals[row["id"], local_day(row["snapshot_at"])] = (
                Decimal(row["conversions"]),
                Decimal(row["delivered"]),
            )
    converted = delivered = Decimal(0)
    for journey in {name for name, _ in totals}:
        days = sorted(day for name, day in totals if name == journey)
        ends = [day for day in days if first <= day <= last]
        starts = [day for day in days if day < first]
        if ends and starts:
            converted += totals[journey, ends[-1]][0] - totals[journey, starts[-1]][0]
            delivered += totals[journey, ends[-1]][1] - totals[journey, starts[-1]][1]
        elif ends:  # began inside the window, with Sunday counts of others before it
            converted += totals[journey, ends[-1]][0]
            delivered += totals[journey, ends[-1]][1]
    return converted, delivered


def form_signups(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    """Addresses by the day of their first form."""
    begun: dict[str, date] = {}
    for row in newest_rows(root, "hubspot_forms", "Conversion ID", as_of):
        day, address = day_of(row["Submitted At"]), row["Email"].casefold()
        begun[address] = min(day, begun.get(address, day))
    return Decimal(sum(first <= day <= last for day in begun.values()))


# --- the rest of the catalogue -----------------------------------------------------------------------

STAGES = (
    "Appointment Scheduled", "Qualified To Buy", "Presentation Scheduled", "Decision Maker Bought-In",
    "Contract Sent", "Closed Won",
)  # fmt: skip
Two = tuple[Decimal, Decimal]


def outreach(root: Path, first: date, last: date, as_of: datetime) -> dict[str, Decimal]:
    """Messages sent, answered and bounced, and leads, each by its day; all of a message is one row."""
    messages: dict[tuple[str, ...], dict[str, str]] = {}
    leads: dict[tuple[str, str], date] = {}
    for path in known_files(root, "mailshake_activity", as_of):
        of_file: dict[tuple[str, str], date] = {}
        for row in rows_of(path):
            key = (
                row["campaign_id"],
                row["recipient_email"],
                row["message_type"],
                row["subject"],
                row["sent_at"],
            )
            messages[key] = row
            if row["lead_status"] and row["lead_status"] not in ("ignored", "lost"):
                whose, day = key[:2], local_day(row["replied_at"] or row["sent_at"])
                of_file[whose] = min(day, of_file.get(whose, day))
        leads |= of_file
    days = {
        "sent": [local_day(row["sent_at"]) for row in messages.values()],
        "reply": [local_day(row["replied_at"]) for row in messages.values() if row["replied_at"]],
        "bounce": [local_day(row["sent_at"]) for row in messages.values() if row["bounced"] == "true"],
        "lead": list(leads.values()),
    }
    return {event: Decimal(sum(first <= day <= last for day in found)) for event, found in days.items()}


def over_sent(event: str) -> Callable[[Path, date, date, datetime], Two]:
    """Events of one kind, and messages sent."""

    def counts(root: Path, first: date, last: date, as_of: datetime) -> Two:
        found = outreach(root, first, last, as_of)
        return found[event], found["sent"]

    return counts


def prospect_replies(root: Path, first: date, last: date, as_of: datetime) -> Two:
    """Prospects by the day of their newest message: those who answered, and all."""
    written: list[tuple[date, bool]] = []
    for row in newest_rows(root, "prospectio_prospects", "id", as_of):
        if row["last_emailed_at"]:
            written.append((local_day(row["last_emailed_at"]), row["replied"] == "true"))
    for row in workbook_rows(root, "ninjaoutreach_contacts", "Website", as_of):
        written.append((day_of(row["Contacted On"]), row["Replied"] == "Yes"))
    inside = [replied for day, replied in written if first <= day <= last]
    return Decimal(sum(inside)), Decimal(len(inside))


def calls_made(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    rows = newest_rows(root, "hubspot_calls", "hs_object_id", as_of)
    return Decimal(sum(first <= local_day(row["hs_timestamp"]) <= last for row in rows))


def letters_written(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    rows = newest_rows(root, "hubspot_emails", "Record ID", as_of)
    mine = [row for row in rows if row["Email direction"] == "EMAIL" and row["Email send status"] == "SENT"]
    return Decimal(sum(first <= day_of(row["Activity date"]) <= last for row in mine))


def crm_tasks(root: Path, first: date, last: date, as_of: datetime) -> Two:
    """Tasks completed, by that day, and with the open ones, by the day they are due."""
    done = due = 0
    for row in newest_rows(root, "hubspot_tasks", "Record ID", as_of):
        if row["Task Status"] == "Completed":
            done += first <= day_of(row["Completed at"]) <= last
        else:
            due += first <= day_of(row["Due date"]) <= last
    return Decimal(done), Decimal(done + due)


def meetings_per_message(root: Path, first: date, last: date, as_of: datetime) -> Two:
    held = sum(meetings_held(root, first, last, as_of).values(), Decimal(0))
    return held, outreach(root, first, last, as_of)["sent"]


def campaign_replies(root: Path, first: date, last: date, as_of: datetime) -> Two:
    mail = campaign_growth(root, "mailshake_campaigns", ("replies", "sent"), first, last, as_of)
    other = campaign_growth(root, "prospectio_campaigns", ("replied", "contacted"), first, last, as_of)
    return mail[0] + other[0], mail[1] + other[1]


def created_deals(root: Path, first: date, last: date, as_of: datetime, stages: tuple[str, ...]) -> Two:
    """Of the deals created in the window those that had come to one of the stages by the Sunday, and all."""
    rows = deals(root, as_of)
    mine = [row for row in rows if first <= day_of(row["Create Date"]) <= last]
    sunday = as_of.date() - DAY
    come = [row for row in mine if row["Deal Stage"] in stages and day_of(row["Close Date"]) <= sunday]
    return Decimal(len(come)), Decimal(len(mine))


def cohort_closed(root: Path, first: date, last: date, as_of: datetime) -> Two:
    return created_deals(root, first, last, as_of, ("Closed Won", "Closed Lost"))


def cohort_won(root: Path, first: date, last: date, as_of: datetime) -> Two:
    return created_deals(root, first, last, as_of, ("Closed Won",))


def cohort_moved_on(root: Path, first: date, last: date, as_of: datetime) -> Two:
    """Of the deals that entered the first stage in the window those that ever entered a later one."""
    moved = entered = 0
    for row in deals(root, as_of):
        days = [row[f'Date entered "{stage} (Sales Pipeline)"'] for stage in STAGES]
        if days[0] and first <= day_of(days[0]) <= last:
            entered += 1
            moved += any(days[1:])
    return Decimal(moved), Decimal(entered)


def growth(root: Path, first: date, last: date, as_of: datetime) -> Two:
    """Bookings, and those of each day's counterpart in the prior year: the same weekday of the same week."""
    days = [first + DAY * n for n in range((last - first).days + 1)]
    before = [date.fromisocalendar(day.isocalendar().year - 1, *day.isocalendar()[1:]) for day in days]
    assert before == [before[0] + DAY * n for n in range(len(days))]
    return (
        sales_revenue(root, first, last, as_of),
        sales_revenue(root, before[0], before[-1], as_of),
    )


def revenue_posted(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    return ledger(root, ("4000", "4100", "4200"), first, last, as_of)


def all_posted(root: Path, first: date, last: date, as_of: datetime) -> Decimal:
    return ledger(root, None, first, last, as_of)


CATALOGUE: dict[str, Callable[[Path, date, date, datetime], Decimal | Two]] = {
    "signups": signups,
    "gross_profit": gross_profit,
    "net_profit": all_posted,
    "sales_revenue": sales_revenue,
    "retention_rate": churn,
    "churn_rate": churn,
    "cac": acquisition_cost,
    "prospecting_activity": lambda *window: outreach(*window)["sent"],
    "reply_rate": over_sent("reply"),
    "funnel_flow": funnel_flow,
    "revenue_growth_yoy": growth,
    "closing_rate": closing_rate,
    "new_customers": new_customers,
    "admin_hours": admin_hours,
    "new_prospects": new_prospects,
    "prospect_reply_rate": prospect_replies,
    "lead_rate": over_sent("lead"),
    "bounce_rate": over_sent("bounce"),
    "calls_made": calls_made,
    "meetings_held": lambda *window: sum(meetings_held(*window).values(), Decimal(0)),
    "meeting_rate": meetings_per_message,
    "campaign_reply_rate": campaign_replies,
    "campaign_conversion_rate": journey_growth,
    "form_signups": form_signups,
    "new_companies": new_companies,
    "cohort_close_rate": cohort_won,
    "cohort_open_share": cohort_closed,
    "cohort_stage_conversion": cohort_moved_on,
    "recognised_revenue": revenue_posted,
}
"""Every built-in KPI by a loop over raw exports: a sum, or what stands above and below the line."""
