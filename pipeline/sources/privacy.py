"""Addresses of people outside the company leave here as keyed digests only.

Here: the digest, and the masking of addresses in quarantined rows. Not here: which columns hold addresses
(vendors/, mapped.py).
"""

from __future__ import annotations

import hashlib
import os
import re

from pipeline.workspace.model import Workspace

KEY_VARIABLE = "SCORECARDS_HASH_KEY"
ADDRESS = re.compile(r"[^\s@<>\"',;:()\[\]]+@[^\s@<>\"',;:()\[\]]+")


def hash_key(workspace: Workspace) -> bytes:
    """32 bytes: from SCORECARDS_HASH_KEY when set, else from the company's name, so that the same inputs give
    the same digests on every machine."""
    names = "|".join(f"{lang}={name}" for lang, name in sorted(workspace.company.company.items()))
    secret = os.environ.get(KEY_VARIABLE) or f"goal-scorecards/addresses/{names}"
    return hashlib.sha256(secret.encode()).digest()


def digest(key: bytes, address: str) -> str:
    """32 hexadecimal digits; blanks around the address and its case do not matter."""
    return hashlib.blake2b(address.strip().casefold().encode(), key=key, digest_size=16).hexdigest()


def address_hash(workspace: Workspace, address: str) -> str:
    """The digest of an e-mail address under the workspace's key."""
    return digest(hash_key(workspace), address)


def masked(key: bytes, text: str) -> str:
    """`text` with every e-mail address in it replaced by `address:` and the start of its digest."""
    return ADDRESS.sub(lambda match: "address:" + digest(key, match[0])[:12], text) if "@" in text else text
