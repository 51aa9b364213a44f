"""Telling somebody that a run failed or an edition is late. Leadership is not told.

Here: the alert mail and its queuing. Not here: noticing the failure (assets). The same failure of the same
week is told once, however often it repeats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from pipeline.delivery.addresses import checked_recipients, safe_header, sender_address, single_address
from pipeline.delivery.outbox import Outbox
from pipeline.delivery.records import Batch, Outgoing, Queued, Sent
from pipeline.errors import Problem
from pipeline.language import pick, speech
from pipeline.periods import Week
from pipeline.workspace.model import Recipient, Workspace

SHOWN = 20
"""Problems listed in one alert."""


def queue_alert(
    outbox: Outbox, workspace: Workspace, week: Week, problems: Sequence[Problem], now: datetime
) -> list[Queued]:
    """Queue an alert about `week` to everyone in `delivery: alert`; it leaves without approval. Nothing is
    queued when nobody is named there, or when the same problems of this week were told before."""
    company = workspace.company
    recipients = checked_recipients(
        (Recipient(address=address) for address in company.delivery.alert), company.delivery.allowed_domains
    )
    if not recipients or not problems:
        return []
    codes = "\n".join(sorted({f"{one.code} {one.place()} {one.message}" for one in problems}))
    digest = hashlib.sha256(codes.encode()).hexdigest()[:12]

    def build(address: str, revision: int, before: Sent | None) -> Outgoing:
        return _alert(workspace, week, problems, address, digest, now)

    batch = Batch(
        week=week,
        audience=f"alert-{digest}",
        recipients=tuple(one.address for one in recipients),
        numbers_sha256=digest,
        figures=(),
        due=now,
        build=build,
        kind="alert",
    )
    known = {row.edition for row in outbox.rows(week=week)}
    return [] if batch.edition in known else outbox.enqueue([batch], now)


def late_problem(week: Week) -> Problem:
    """The edition that should exist by now does not."""
    return Problem(
        "E-LATE",
        "The edition of {week} is due and does not exist yet.",
        "Look at the last run's messages, then run: scorecards run --week {week}.",
        params={"week": str(week)},
    )


def _alert(
    workspace: Workspace, week: Week, problems: Sequence[Problem], address: str, digest: str, now: datetime
) -> Outgoing:
    company = workspace.company
    say = speech(company.languages[0])
    source, to = sender_address(company.delivery.sender), single_address(address)
    who = hashlib.sha256(to.addr_spec.casefold().encode()).hexdigest()[:16]
    name = pick(company.company, say.lang)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = source, to
    subject = say.count(
        "Scorecards {week}: {n} problem at {company}",
        "Scorecards {week}: {n} problems at {company}",
        len(problems),
        week=str(week),
        company=name,
    )
    mail["Subject"] = safe_header("Subject", subject)
    mail["Message-ID"] = f"<{week}.alert-{digest}.r1.{who}@{source.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Date"] = now.astimezone(company.zone)
    lines = [one.full(say) for one in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(say("... and {n} more.", n=len(problems) - SHOWN))
    mail.set_content("\n\n".join(lines) + "\n", cte="quoted-printable")
    return Outgoing(to.addr_spec, str(mail["Message-ID"]), source.addr_spec, subject, mail.as_bytes())
