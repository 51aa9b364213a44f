"""Landed bytes: files exactly as received, content-addressed and never changed.

Here: `<landing>/<source>/<sha256>.bin` and its manifest `<sha256>.json`. Not here: what the bytes mean.
The blob is written before its manifest, so a manifest always has its bytes (until retention removes them).
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import InvariantBroken, Problem
from pipeline.store.files import private_folder, sync_folder, write_atomic
from pipeline.store.records import Landed, utc


class Landing:
    """The landing zone under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, dict[str, Landed]] = {}

    def land(self, source_id: str, data: bytes, *, received_at: datetime, origin: str) -> Landed:
        """Keep the bytes. The same bytes again are the landing they already were, with its first instant."""
        sha256 = hashlib.sha256(data).hexdigest()
        known = self._manifests(source_id)
        if sha256 in known:
            return known[sha256]
        landed = Landed(source_id, sha256, len(data), utc(received_at), origin, Path(origin).name)
        folder = private_folder(self.root / source_id)
        write_atomic(folder / f"{sha256}.bin", data)
        write_atomic(folder / f"{sha256}.json", _manifest(landed))
        known[sha256] = landed
        return landed

    def sync(self, source_id: str) -> None:
        """Make what was landed since the last time outlast a power cut."""
        sync_folder(self.root / source_id)

    def landings(self, source_id: str) -> list[Landed]:
        """Every landing of a source, in the order they were received."""
        return sorted(self._manifests(source_id).values(), key=lambda landed: landed.order)

    def sources(self) -> list[str]:
        """Ids of every source that ever landed anything."""
        return (
            sorted(path.name for path in self.root.iterdir() if path.is_dir()) if self.root.is_dir() else []
        )

    def content(self, landed: Landed) -> bytes:
        """The bytes, checked against their hash. FileNotFoundError when retention has removed them."""
        data = self._blob(landed).read_bytes()
        if hashlib.sha256(data).hexdigest() != landed.sha256:
            raise InvariantBroken(
                Problem(
                    "E-LANDING",
                    "The landed bytes of {name} are not what was received: their hash differs.",
                    "Restore the state folder from a backup; a landed file is never edited.",
                    file=str(self._blob(landed)),
                    params={"name": landed.name},
                )
            )
        return data

    def is_kept(self, landed: Landed) -> bool:
        """Whether the bytes are still there."""
        return self._blob(landed).is_file()

    def forget_before(self, instant: datetime, source_id: str | None = None) -> int:
        """Remove the bytes (not the manifests) of landings received before `instant`, of one source or of
        all that ever landed anything; the number removed."""
        old = [
            landed
            for source_id in ([source_id] if source_id else self.sources())
            for landed in self.landings(source_id)
            if landed.received_at < utc(instant) and self.is_kept(landed)
        ]
        for landed in old:
            self._blob(landed).unlink()
        return len(old)

    def _blob(self, landed: Landed) -> Path:
        return self.root / landed.source_id / f"{landed.sha256}.bin"

    def _manifests(self, source_id: str) -> dict[str, Landed]:
        """sha256 -> landing. Manifests never change, so only those not seen before are read."""
        known = self._known.setdefault(source_id, {})
        folder = self.root / source_id
        if folder.is_dir():
            for path in folder.glob("*.json"):
                if path.stem not in known and not path.name.startswith("."):
                    known[path.stem] = _read_manifest(path)
        return known


def _manifest(landed: Landed) -> bytes:
    record = {
        "source": landed.source_id,
        "sha256": landed.sha256,
        "size": landed.size,
        "received_at": landed.received_at.isoformat(),
        "origin": landed.origin,
        "name": landed.name,
    }
    return json.dumps(record, ensure_ascii=False, indent=1).encode()


def _read_manifest(path: Path) -> Landed:
    record = json.loads(path.read_bytes())
    received = datetime.fromisoformat(record["received_at"]).astimezone(UTC)
    return Landed(
        record["source"], record["sha256"], record["size"], received, record["origin"], record["name"]
    )
