"""Readers of each blog by minute, as each process counted them. Numbers only: nothing of any reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.schema import audience, blogs


class Readers(NamedTuple):
    """Open connections by transport. `polling` are long polls that wait for a change."""

    sse: int = 0
    websocket: int = 0
    polling: int = 0

    @property
    def total(self) -> int:
        return self.sse + self.websocket + self.polling


class Minute(NamedTuple):
    """The readers of one minute, in all processes."""

    at: datetime
    readers: Readers


async def put(
    connection: AsyncConnection, process: str, minute: datetime, found: Mapping[str, Readers]
) -> None:
    """Keep what this process counted in this minute, by blog, in place of what it counted in it before."""
    own = and_(audience.c.process == process, audience.c.minute == minute)
    await connection.execute(delete(audience).where(own))
    # a blog may have been deleted since it was counted
    statement = select(blogs.c.id).where(blogs.c.id.in_(found))
    there = [row.id for row in await connection.execute(statement)]
    if there:
        await connection.execute(audience.insert(), [
            {"blog_id": i, "minute": minute, "process": process, **found[i]._asdict()} for i in there
        ])


async def forget(connection: AsyncConnection, *, before: datetime) -> None:
    await connection.execute(delete(audience).where(audience.c.minute < before))


async def minutes(connection: AsyncConnection, blog_id: str, *, since: datetime) -> Sequence[Minute]:
    """The oldest first; a minute in which nobody was counted is left out."""
    totals = [func.sum(audience.c[name]).label(name) for name in Readers._fields]
    statement = (
        select(audience.c.minute, *totals)
        .where(audience.c.blog_id == blog_id, audience.c.minute >= since)
        .group_by(audience.c.minute)
        .order_by(audience.c.minute)
    )
    return [
        Minute(row.minute, Readers(*(int(getattr(row, name)) for name in Readers._fields)))
        for row in await connection.execute(statement)
    ]
