"""Idempotency keys: a retry of a request does not post twice (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import KeyReused
from server.store.schema import idempotency

KEPT = timedelta(hours=48)
"""How long a key is stored; the API guarantees at least 24 hours."""


async def made_before(connection: AsyncConnection, caller: str, key: str, digest: str) -> str | None:
    """Id of what this caller created with this key, or None. Raises KeyReused if the request was different."""
    statement = select(idempotency).where(idempotency.c.caller == caller, idempotency.c.key == key)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise KeyReused
    return str(row.made)


async def made_with(connection: AsyncConnection, caller: str, key: str) -> str | None:
    """What this caller made with this key, whatever the request was; None for a key that is unused."""
    statement = select(idempotency.c.made).where(idempotency.c.caller == caller, idempotency.c.key == key)
    return (await connection.execute(statement)).scalar_one_or_none()


async def remember(
    connection: AsyncConnection, caller: str, key: str, digest: str, made: str, at: datetime
) -> None:
    """Raises IntegrityError if a concurrent request has stored the same key."""
    await connection.execute(
        idempotency.insert().values(caller=caller, key=key, digest=digest, made=made, at=at)
    )


async def forget_old(connection: AsyncConnection, now: datetime) -> int:
    """Delete keys older than `KEPT` and return their number."""
    done = await connection.execute(delete(idempotency).where(idempotency.c.at < now - KEPT))
    return done.rowcount
