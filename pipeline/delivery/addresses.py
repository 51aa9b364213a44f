"""Who a message goes to and comes from: exactly one address an entry, on an allowed domain, once.

Here: the checks of addresses and of every text that becomes a mail header. Not here: the message itself
(message.py). A header that could break out of its line is refused, never repaired.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from email.headerregistry import Address
from email.utils import parseaddr

from pipeline.errors import DeliveryError, Problem, shown
from pipeline.workspace.model import Recipient

HEADER_LIMIT = 400
"""Characters of one header's text; a longer one is a mistake in the data, not a subject."""


def header_problem(name: str, value: str) -> Problem | None:
    """What keeps `value` from being a header: a control character (CR, LF, NUL among them) or its length."""
    control = next((ch for ch in value if unicodedata.category(ch) in {"Cc", "Zl", "Zp"}), None)
    if control is not None:
        return Problem(
            "E-MAILHEADER",
            "The mail header {header} would contain the control character U+{code}.",
            "Remove line breaks and control characters from the text it is made of.",
            value=shown(value),
            params={"header": name, "code": f"{ord(control):04X}"},
        )
    if len(value) > HEADER_LIMIT:
        return Problem(
            "E-MAILHEADER",
            "The mail header {header} would be {length} characters long; {limit} are allowed.",
            "Shorten the text it is made of.",
            value=shown(value),
            params={"header": name, "length": len(value), "limit": HEADER_LIMIT},
        )
    return None


def safe_header(name: str, value: str) -> str:
    """`value` unchanged. Raises DeliveryError (E-MAILHEADER) when it cannot be a header."""
    if problem := header_problem(name, value):
        raise DeliveryError(problem)
    return value


def single_address(text: str) -> Address:
    """The one address in `text` ("vp@example.com", no display name). Raises DeliveryError (E-RECIPIENT)."""
    safe_header("To", text)
    try:
        address = Address(addr_spec=text.strip())
    except (ValueError, IndexError):
        raise DeliveryError(_not_one(text)) from None
    if not address.username or "." not in f"{address.domain}." or not address.domain or not text.isascii():
        raise DeliveryError(_not_one(text))
    return address


def sender_address(text: str) -> Address:
    """The sender of `delivery: sender`, with its display name. Raises DeliveryError (E-SENDER)."""
    safe_header("From", text)
    name, spec = parseaddr(text)
    try:
        address = Address(display_name=name, addr_spec=spec)
    except (ValueError, IndexError):
        address = Address()
    if not address.username or not address.domain or not spec.isascii():
        raise DeliveryError(
            Problem(
                "E-SENDER",
                "The sender {sender} is not an address.",
                "Write delivery: sender as Name <address@domain>.",
                params={"sender": shown(text)},
            )
        )
    return address


def checked_recipients(recipients: Iterable[Recipient], allowed_domains: Sequence[str]) -> list[Recipient]:
    """Recipients in the order written, each address once whatever its case. Raises DeliveryError with every
    address that is not exactly one address or is outside `allowed_domains` (when any are given)."""
    allowed = {domain.casefold().lstrip("@") for domain in allowed_domains}
    found: dict[str, Recipient] = {}
    problems: list[Problem] = []
    for recipient in recipients:
        try:
            address = single_address(recipient.address)
            safe_header("To", recipient.name)
        except DeliveryError as error:
            problems.extend(error.problems)
            continue
        if allowed and address.domain.casefold() not in allowed:
            problems.append(_outside(recipient.address, allowed_domains))
            continue
        spec = address.addr_spec.casefold()
        found.setdefault(spec, Recipient(address=address.addr_spec, name=recipient.name))
    if problems:
        raise DeliveryError(*problems)
    return list(found.values())


def _not_one(text: str) -> Problem:
    return Problem(
        "E-RECIPIENT",
        "{address} is not exactly one mail address.",
        "Write one address for each recipient in audiences.yaml, in Latin letters and without a name.",
        value=shown(text),
        params={"address": shown(text)},
    )


def _outside(address: str, allowed: Sequence[str]) -> Problem:
    return Problem(
        "E-RECIPIENT",
        "{address} is not on a domain that may receive scorecards ({domains}).",
        "Correct the address in audiences.yaml, or add its domain to delivery: allowed_domains.",
        value=shown(address),
        params={"address": shown(address), "domains": ", ".join(allowed)},
    )
