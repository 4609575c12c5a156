"""What happens at its time: scheduled entries are published, and what is past its time is forgotten."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from datetime import timedelta

import structlog

from server.background.backoff import Backoff
from server.domain.errors import NotFound, StaleRevision, StopPressError, Unavailable
from server.domain.permissions import SYSTEM
from server.newsroom import entries
from server.newsroom.desk import Desk
from server.newsroom.drafts import KEPT
from server.store import blogs, drafts, idempotency, media, people, removed_pictures, write_probe
from server.store import entries as stored

log = structlog.get_logger()

RETRY_SECONDS = (5.0, 300.0)
"""From one attempt to publish an entry that cannot be published to the next: the first wait, the longest."""
UPLOAD_TIME = timedelta(hours=1)
"""More than any upload takes from its files, which come first, to its row."""
KEPT_ASIDE = timedelta(days=30)
IDS_AT_ONCE = 500


class Waiting:
    """Entries that could not be published, and when each is tried again. In memory: a restart tries at once."""

    def __init__(self) -> None:
        self._backoffs: dict[str, Backoff] = {}
        self._again: dict[str, float] = {}

    def holds(self, entry_id: str) -> bool:
        return time.monotonic() < self._again.get(entry_id, float("-inf"))

    def failed(self, entry_id: str) -> float:
        """Put it off; for how many seconds."""
        wait = self._backoffs.setdefault(entry_id, Backoff(*RETRY_SECONDS)).next()
        self._again[entry_id] = time.monotonic() + wait
        return wait

    def done(self, entry_id: str) -> None:
        self._backoffs.pop(entry_id, None)
        self._again.pop(entry_id, None)


async def publish_due(desk: Desk, *, waiting: Waiting | None = None) -> int:
    """Publish what is due; how many that were. Safe in many processes at once: the revision decides.

    An entry that cannot be published is left to an editor as `pending`, or tried again later when not even that
    works; those after it are published.

    Raises:
        Unavailable: the database cannot be used; nothing is lost.
    """
    waiting = waiting or Waiting()
    done, after = 0, None
    while found := await _due(desk, after):
        for item in found:
            if waiting.holds(item.entry_id):
                continue
            try:
                done += await _publish(desk, item)
                waiting.done(item.entry_id)
            except Unavailable:
                raise
            except Exception as error:
                wait = waiting.failed(item.entry_id)
                reason = f"{type(error).__name__}: {error}"[:300]
                log.error(
                    "schedule.failed", entry=item.entry_id, blog=item.blog_id, reason=reason,
                    next_try_seconds=round(wait),
                )
        after = found[-1]
    return done


async def _due(desk: Desk, after: stored.Due | None) -> list[stored.Due]:
    async with desk.database.read() as connection:
        return await stored.due(connection, desk.now(), after=after)


async def _publish(desk: Desk, item: stored.Due) -> bool:
    """Whether this process published it."""
    try:
        async with desk.database.read() as connection:
            slug = (await blogs.by_id(connection, item.blog_id)).slug
            entry = await stored.get(connection, item.blog_id, item.entry_id)
        if entry.status != "scheduled" or entry.publish_at != item.publish_at:
            return False  # another process published it, or an editor changed it
        await entries.edit(desk, SYSTEM, slug, entry.id, {}, revision=entry.revision, status="published")
        return True
    except (StaleRevision, NotFound):
        return False
    except Unavailable:
        raise
    except StopPressError as error:
        # the blog was closed meanwhile, say: what was planned waits for an editor instead of being lost
        log.warning("schedule.refused", entry=entry.id, blog=slug, reason=error.detail)
        try:
            await entries.edit(desk, SYSTEM, slug, entry.id, {}, revision=entry.revision, status="pending")
        except (StaleRevision, NotFound):
            pass
        return False


async def tidy(desk: Desk) -> None:
    """Forget what is past its time, and remove files of uploads that did not come to an end."""
    async with desk.database.write() as connection:
        await idempotency.forget_old(connection, desk.now())
        await people.delete_expired_sessions(connection, desk.now())
        await write_probe.forget_old(connection, desk.now())
        await drafts.forget(connection, before=desk.now() - KEPT)
    await tidy_media(desk)


async def tidy_media(desk: Desk) -> None:
    """Set the files aside that no row names: a process was killed between the files and the row of an upload.
    They are deleted much later, and come back when their row does: an older backup of the database may have
    been restored by mistake."""
    unknown = await _without_row(desk, await desk.media.stored(older_than=UPLOAD_TIME))
    await _destroy_removed(desk, unknown | (await desk.media.aside()).keys())
    if unknown:
        await desk.media.set_aside(unknown)
        log.info("media.set_aside", files=len(unknown))
    aside = await desk.media.aside()
    await desk.media.put_back(set(aside) - await _without_row(desk, aside))
    await desk.media.clear(aside_for=KEPT_ASIDE, unfinished_for=UPLOAD_TIME)


async def _destroy_removed(desk: Desk, names: Set[str]) -> None:
    """Delete what is left of pictures that were removed, should the disk not have let go of it then."""
    ids = sorted({name.partition("-")[0] for name in names})
    for first in range(0, len(ids), IDS_AT_ONCE):
        async with desk.database.read() as connection:
            removed = await removed_pictures.known(connection, ids[first : first + IDS_AT_ONCE])
        await desk.media.destroy(name for name in names if name.partition("-")[0] in removed)


async def _without_row(desk: Desk, files: Mapping[str, str]) -> set[str]:
    ids = sorted(set(files.values()))
    known: set[str] = set()
    for first in range(0, len(ids), IDS_AT_ONCE):
        async with desk.database.read() as connection:
            known |= await media.known(connection, ids[first : first + IDS_AT_ONCE])
    return {name for name, media_id in files.items() if media_id not in known}
