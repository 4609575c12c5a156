"""A retry posts once: a request with an Idempotency-Key makes a thing once, however often it is sent
(draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import Invalid
from server.domain.message import Message
from server.domain.permissions import Caller
from server.store import idempotency

MAX_KEY = 255

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, and by whom. `key` is None for a request that is not to be told from others."""

    caller_id: str
    key: str | None
    digest: str

    @classmethod
    def of(cls, caller: Caller, key: str | None, operation: str, body: Any) -> Request:
        """Raises Invalid for a key that is empty, too long or not printable ASCII."""
        if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
            said = Message("1 to %(most)s printable ASCII characters", most=MAX_KEY)
            raise Invalid.field("Idempotency-Key", said)
        return cls(caller.id, key, digest_of(operation, body))

    async def made_before(self, connection: AsyncConnection) -> str | None:
        """The id of what this request made before. Raises KeyReused when the key came with another one."""
        if self.key is None:
            return None
        return await idempotency.made_before(connection, self.caller_id, self.key, self.digest)

    async def remember(self, connection: AsyncConnection, made: str, at: datetime) -> None:
        """Keep what was made, in the transaction that makes it. Raises IntegrityError when the same request
        was quicker."""
        if self.key is not None:
            await idempotency.remember(connection, self.caller_id, self.key, self.digest, made, at)

    async def once(self, write: Callable[[], Awaitable[Made]]) -> Made:
        """Write; and once more when the same request, at the same moment, was quicker: then `write` finds what
        that one made."""
        try:
            return await write()
        except IntegrityError:
            if self.key is None:
                raise
            return await write()


def digest_of(operation: str, body: Any) -> str:
    """Names a request by what it asks for, to tell a retry from another request with the same key."""
    text = json.dumps([operation, body], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
