"""What people have typed in the console and not sent yet. Every query names the owner: a draft is private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.schema import drafts, entries


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it stood in a browser. `key` is its idempotency key; `entry_id` is empty for a new entry;
    `browser` the one that wrote it last; `version` counts from 1; `form` is JSON that only the console's
    scripts and forms read."""

    key: str
    blog_id: str
    entry_id: str
    browser: str
    version: int
    form: str
    updated_at: datetime


async def get(connection: AsyncConnection, user_id: str, key: str) -> Draft | None:
    row = (await connection.execute(
        select(drafts).where(drafts.c.user_id == user_id, drafts.c.key == key)
    )).one_or_none()
    return _draft(row) if row is not None else None


async def listed(
    connection: AsyncConnection, user_id: str, *, blog_id: str, entry_id: str, limit: int
) -> Sequence[Draft]:
    """The drafts of one person for one entry (empty: for new ones), the newest first. While the entry is
    retracted its drafts are not listed: they hold its text."""
    gone = select(entries.c.id).where(entries.c.id == drafts.c.entry_id, entries.c.status == "retracted")
    rows = await connection.execute(
        select(drafts)
        .where(
            drafts.c.user_id == user_id, drafts.c.blog_id == blog_id, drafts.c.entry_id == entry_id,
            ~gone.exists(),
        )
        .order_by(drafts.c.updated_at.desc(), drafts.c.key)
        .limit(limit)
    )
    return [_draft(row) for row in rows]


async def put(connection: AsyncConnection, user_id: str, draft: Draft) -> None:
    """Store a draft in place of the one with the same key."""
    await remove(connection, user_id, draft.key)
    await connection.execute(
        drafts.insert().values(user_id=user_id, **{name: getattr(draft, name) for name in Draft.__slots__})
    )


async def remove(connection: AsyncConnection, user_id: str, key: str) -> None:
    await connection.execute(delete(drafts).where(drafts.c.user_id == user_id, drafts.c.key == key))


async def remove_oldest(connection: AsyncConnection, user_id: str, *, keep: int) -> None:
    """Remove the drafts of a person that are more than `keep`, the oldest first."""
    count = await connection.scalar(
        select(func.count()).select_from(drafts).where(drafts.c.user_id == user_id)
    )
    if (count or 0) <= keep:
        return
    oldest = (
        select(drafts.c.key).where(drafts.c.user_id == user_id)
        .order_by(drafts.c.updated_at.desc(), drafts.c.key).offset(keep)
    )
    keys = [row.key for row in await connection.execute(oldest)]
    await connection.execute(delete(drafts).where(drafts.c.user_id == user_id, drafts.c.key.in_(keys)))


async def remove_of(connection: AsyncConnection, user_id: str) -> None:
    """Remove all drafts of a person."""
    await connection.execute(delete(drafts).where(drafts.c.user_id == user_id))


async def forget(connection: AsyncConnection, *, before: datetime) -> None:
    """Remove drafts that nobody has touched since `before`."""
    await connection.execute(delete(drafts).where(drafts.c.updated_at < before))


def _draft(row: object) -> Draft:
    return Draft(*(getattr(row, name) for name in Draft.__slots__))


async def naming(connection: AsyncConnection, text: str) -> list[tuple[str, Draft]]:
    """Everybody’s drafts in which this stands, each with the id of its owner, for what removes it there."""
    found = await connection.execute(select(drafts).where(drafts.c.form.contains(text, autoescape=True)))
    return [(row.user_id, _draft(row)) for row in found]
