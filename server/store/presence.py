"""Who has a blog's page open in the console, and which entry they write in. A row lives as long as its tab says
that it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.schema import presence


@dataclass(frozen=True, slots=True)
class Present:
    """One tab of one person. `entry_id` is empty while no entry is open; `since` when it was opened. `taken_by`
    is the name of who took the entry over."""

    user_id: str
    tab: str
    name: str
    entry_id: str
    since: datetime
    taken_by: str


async def get(connection: AsyncConnection, user_id: str, tab: str) -> Present | None:
    row = (await connection.execute(
        select(presence).where(presence.c.user_id == user_id, presence.c.tab == tab)
    )).one_or_none()
    return _present(row) if row is not None else None


async def put(connection: AsyncConnection, blog_id: str, one: Present, *, seen_at: datetime) -> None:
    """Store a tab in place of what was known of it."""
    await remove(connection, one.user_id, one.tab)
    await connection.execute(presence.insert().values(
        user_id=one.user_id, tab=one.tab, blog_id=blog_id, name=one.name, entry_id=one.entry_id,
        since=one.since, seen_at=seen_at, taken_by=one.taken_by,
    ))


async def remove(connection: AsyncConnection, user_id: str, tab: str) -> None:
    await connection.execute(delete(presence).where(presence.c.user_id == user_id, presence.c.tab == tab))


async def take(connection: AsyncConnection, blog_id: str, entry_id: str, *, user_id: str, name: str) -> None:
    """Tell everybody else who writes in the entry that this person took it over."""
    await connection.execute(
        update(presence)
        .where(presence.c.blog_id == blog_id, presence.c.entry_id == entry_id, presence.c.user_id != user_id)
        .values(taken_by=name)
    )


async def in_blog(connection: AsyncConnection, blog_id: str) -> Sequence[Present]:
    """Everybody, in the order in which they came."""
    rows = await connection.execute(
        select(presence).where(presence.c.blog_id == blog_id).order_by(presence.c.since, presence.c.tab)
    )
    return [_present(row) for row in rows]


async def forget(connection: AsyncConnection, *, before: datetime) -> None:
    """Remove tabs that said nothing since `before`."""
    await connection.execute(delete(presence).where(presence.c.seen_at < before))


def _present(row: object) -> Present:
    return Present(*(getattr(row, name) for name in Present.__slots__))
