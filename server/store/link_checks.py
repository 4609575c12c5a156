"""Entries with links that were gone, and when those are looked up again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.schema import link_checks


class LinkCheck(NamedTuple):
    """An entry whose links are due. `tries`: how often they were looked up again before."""

    entry_id: str
    blog_id: str
    tries: int
    at: datetime


async def put(connection: AsyncConnection, entry_id: str, blog_id: str, *, at: datetime) -> None:
    """Look the links of an entry up at this time, for the first time again."""
    await remove(connection, entry_id)
    await connection.execute(
        link_checks.insert().values(entry_id=entry_id, blog_id=blog_id, tries=0, at=at)
    )


async def remove(connection: AsyncConnection, entry_id: str) -> None:
    await connection.execute(delete(link_checks).where(link_checks.c.entry_id == entry_id))


async def due(connection: AsyncConnection, moment: datetime, *, limit: int) -> list[LinkCheck]:
    """Those whose time has come, the oldest first."""
    statement = select(link_checks).where(link_checks.c.at <= moment).order_by(link_checks.c.at).limit(limit)
    return [LinkCheck(r.entry_id, r.blog_id, r.tries, r.at) for r in await connection.execute(statement)]


async def claim(
    connection: AsyncConnection, check: LinkCheck, *, now: datetime, waits: Sequence[timedelta]
) -> bool:
    """Whether this process may do it: of several that found it due, one. The next time is set before anything
    is looked up: a process that ends meanwhile repeats nothing. None follows after the last of `waits`."""
    mine = (link_checks.c.entry_id == check.entry_id) & (link_checks.c.at == check.at)
    tries = check.tries + 1
    if tries < len(waits):
        done = await connection.execute(
            update(link_checks).where(mine).values(tries=tries, at=now + waits[tries])
        )
    else:
        done = await connection.execute(delete(link_checks).where(mine))
    return done.rowcount == 1
