"""Dependencies of all newsroom functions: database, broker, media files and clock; idempotency keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.broker.protocol import Broker
from server.domain import times
from server.domain.change import Change
from server.domain.errors import Invalid
from server.media.files import MediaFiles
from server.store.database import Database


@dataclass(frozen=True, slots=True)
class Desk:
    """Passed to every function that writes."""

    database: Database
    broker: Broker
    media: MediaFiles
    now: Callable[[], datetime] = field(default=times.now)

    def publish(self, changes: Iterable[Change]) -> None:
        """Publish changes to all processes; call after the commit."""
        for change in changes:
            self.broker.publish(change)


MAX_KEY = 255


def digest_of(operation: str, body: Any) -> str:
    """Digest of a request, to tell a retry from a different request with the same key."""
    text = json.dumps([operation, body], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_key(key: str | None) -> None:
    """Raises Invalid for an Idempotency-Key that is empty, too long or not printable ASCII."""
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise Invalid.field("Idempotency-Key", f"must be 1 to {MAX_KEY} printable ASCII characters")
