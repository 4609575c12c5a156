"""The small write that shows whether the database takes writes."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.schema import write_probes

FILLING_BYTES = 16_384
"""What one probe writes into SQLite: some pages, as a post does. A disk with room for one page has none for a
post."""
KEPT = timedelta(hours=1)


async def write(connection: AsyncConnection, process: str, at: datetime) -> None:
    """Write this process's row."""
    sqlite = connection.dialect.name == "sqlite"
    values = {"filling": secrets.token_hex(FILLING_BYTES // 2) if sqlite else "", "at": at}
    done = await connection.execute(
        update(write_probes).where(write_probes.c.process == process).values(**values)
    )
    if done.rowcount == 0:
        await connection.execute(write_probes.insert().values(process=process, **values))


async def forget_old(connection: AsyncConnection, now: datetime) -> None:
    """Drop the rows of processes that are gone."""
    await connection.execute(delete(write_probes).where(write_probes.c.at < now - KEPT))
