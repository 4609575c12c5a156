"""Scheduled work: publishes due entries, deletes expired keys and sessions."""

from __future__ import annotations

import contextlib

from server.domain.errors import Conflict, NotFound, StaleRevision
from server.domain.permissions import SYSTEM
from server.newsroom import entries
from server.newsroom.desk import Desk
from server.store import blogs, idempotency, people
from server.store import entries as stored


async def publish_due(desk: Desk) -> int:
    """Publish all due entries and return their number. Safe to run in several processes at once: each entry is
    published only if its revision has not changed."""
    async with desk.database.read() as connection:
        due = []
        for blog_id, entry_id in await stored.due(connection, desk.now()):
            blog = await blogs.by_id(connection, blog_id)
            due.append((blog.slug, await stored.get(connection, blog_id, entry_id)))
    done = 0
    for slug, entry in due:
        try:
            await entries.edit(
                desk, SYSTEM, slug, entry.id, {}, revision=entry.revision, status="published"
            )
            done += 1
        except (StaleRevision, NotFound):
            continue  # another process published it, or an editor changed it
        except Conflict:
            # The blog has been closed: leave the entry to an editor instead of losing it.
            with contextlib.suppress(StaleRevision, NotFound):
                await entries.edit(
                    desk, SYSTEM, slug, entry.id, {}, revision=entry.revision, status="pending"
                )
    return done


async def tidy(desk: Desk) -> None:
    """Delete expired idempotency keys and sessions."""
    async with desk.database.write() as connection:
        await idempotency.forget_old(connection, desk.now())
        await people.delete_expired_sessions(connection, desk.now())
