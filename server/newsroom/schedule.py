"""What happens at its time: scheduled entries are published, old keys and sessions forgotten."""

from __future__ import annotations

import contextlib

from server.domain.errors import Conflict, NotFound, StaleRevision
from server.domain.permissions import SYSTEM
from server.newsroom import entries
from server.newsroom.desk import Desk
from server.store import blogs, idempotency, people
from server.store import entries as stored


async def publish_due(desk: Desk) -> int:
    """Publish what is due; how many that were. Safe in many processes at once: the revision decides."""
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
            continue  # another process published it, or an editor was quicker
        except Conflict:
            # the blog was closed meanwhile: what was planned waits for an editor instead of being lost
            with contextlib.suppress(StaleRevision, NotFound):
                await entries.edit(
                    desk, SYSTEM, slug, entry.id, {}, revision=entry.revision, status="pending"
                )
    return done


async def tidy(desk: Desk) -> None:
    """Forget what is past its time."""
    async with desk.database.write() as connection:
        await idempotency.forget_old(connection, desk.now())
        await people.delete_expired_sessions(connection, desk.now())
