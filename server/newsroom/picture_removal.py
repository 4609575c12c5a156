"""Removes a picture everywhere: its file and all sizes, and every place that shows it or once did, for readers
and for the newsroom. It cannot be undone.

Entries and blogs are changed in one transaction, each with its place in the feeds, so that open pages follow at
once. What an entry showed is amended in all its versions: a history that names the picture would keep it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.change import Change
from server.domain.entry import Entry, retracted
from server.domain.errors import Forbidden
from server.domain.media import Media
from server.domain.permissions import Action, Caller, may, require
from server.media.urls import file_name
from server.newsroom import audit, draft_pictures, entries
from server.newsroom import blogs as furniture
from server.newsroom.desk import Desk
from server.newsroom.media import words_of
from server.store import blogs, bylines, feeds, media, picture_uses, removed_pictures
from server.store import entries as stored
from server.store.picture_uses import Uses
from server.store.removed_pictures import Removed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Removal:
    """What was done: how many entries and blogs showed the picture or once did, and how many of the entries
    showed nothing else and were retracted."""

    removed: Removed
    entries: int
    retracted: int
    blogs: int


async def remove(desk: Desk, caller: Caller, media_id: str, *, reason: str = "") -> Removal:
    """Remove a picture everywhere. The same file is refused from now on; see `allow`.

    An entry that shows nothing else is retracted if it is published, and a draft if it waits to be.

    Args:
        reason: for the newsroom's log, at most 2,000 characters.

    Raises:
        NotFound: there is no such picture for this caller.
        Forbidden: it is shown where the caller is no editor.
        Invalid: the reason is too long.
    """
    require(caller, Action.MEDIA_UPLOAD)
    reason = words_of(reason=reason)["reason"]
    async with desk.database.write() as connection:
        # all feeds, then the picture: those who write in a blog take the two in this order
        await feeds.lock_all(connection)
        await media.get_for(connection, caller, media_id)
        item = await media.lock(connection, media_id)
        uses = await picture_uses.find(connection, media_id)
        _check_may_remove(caller, item, uses)
        at = desk.now()
        removed = Removed(item.id, item.sha256, item.source_sha256, reason, caller.id, caller.name, at)
        counts = Removal(removed, len(uses.entries), 0, len(uses.blogs))
        counts, changes = await _clear(connection, caller, uses, counts)
        await removed_pictures.insert(connection, removed)
        await media.remove(connection, media_id)
        await audit.record(
            connection, caller, "picture_removed", at=at, picture=item.id, entries=counts.entries,
            retracted=counts.retracted, blogs=counts.blogs, reason=reason,
        )
    desk.publish(changes)
    audit.done("picture_removed", caller, picture=item.id, entries=counts.entries, blogs=counts.blogs)
    await _delete_files(desk, item)
    return counts


async def allow(desk: Desk, caller: Caller, media_id: str) -> None:
    """Take the file of a removed picture again when somebody uploads it, as a new picture.

    Raises:
        Forbidden: only editors and admins for all blogs decide this.
        NotFound: no such picture was removed.
    """
    require(caller, Action.PICTURES_MANAGE)
    async with desk.database.write() as connection:
        await removed_pictures.allow(connection, media_id)
        await audit.record(connection, caller, "picture_allowed", at=desk.now(), picture=media_id)


def may_remove(caller: Caller, item: Media, uses: Uses) -> bool:
    """Whether the caller is an editor wherever the picture is shown, in whatever version; of one that is shown
    nowhere, whether they uploaded it."""
    if may(caller, Action.PICTURES_MANAGE):
        return True
    if uses.bylines:
        return False
    edits = all(may(caller, Action.ENTRY_PUBLISH, blog_id) for blog_id in uses.blog_ids)
    return edits and (bool(uses.blog_ids) or item.author_id == caller.id)


def _check_may_remove(caller: Caller, item: Media, uses: Uses) -> None:
    if not may_remove(caller, item, uses):
        raise Forbidden(
            "This picture belongs to somebody else, or is shown where you do not edit. An editor for all blogs "
            "can remove it."
        )


async def _clear(
    connection: AsyncConnection, caller: Caller, uses: Uses, counts: Removal
) -> tuple[Removal, list[Change]]:
    """Take the picture out of everything that names it; the changes in the order of the feeds."""
    media_id, at = counts.removed.id, counts.removed.at
    changes: list[Change] = []
    for blog_id, entry_id in uses.entries:
        blog, entry = await blogs.by_id(connection, blog_id), await stored.get(connection, blog_id, entry_id)
        if media_id not in entry.content.media_ids:
            await audit.record(
                connection, caller, "entry_picture_removed", at=at, blog_id=blog_id, entry_id=entry_id
            )
            continue
        after = _without(entry, media_id, max(at, entry.updated_at))
        gone = after.status == "retracted"
        written = await entries.commit(
            connection, blog, entry, after, caller, amends=not gone,
            logged="" if gone else "entry_picture_removed",
        )
        counts = replace(counts, retracted=counts.retracted + gone)
        changes += written.changes
    for blog_id in uses.blogs:
        blog = await blogs.by_id(connection, blog_id)
        if media_id in blog.media_ids:
            later = max(at, blog.updated_at)
            shown = replace(blog.without_media(media_id), revision=blog.revision + 1, updated_at=later)
            changes += (await furniture.commit(connection, blog, shown, caller))[1]
    for byline_id in uses.bylines:
        await bylines.change(connection, byline_id, {"picture": ""}, at)
    await picture_uses.clear_versions(connection, uses, media_id)
    await draft_pictures.clear(connection, media_id)
    return counts, changes


def _without(entry: Entry, media_id: str, at: datetime) -> Entry:
    content = entry.content.without_media(media_id)
    if content.empty and entry.status == "published":
        return retracted(entry, at)
    waits = content.empty and entry.status in ("pending", "scheduled")
    return replace(entry, content=content, status="draft" if waits else entry.status, updated_at=at)


async def _delete_files(desk: Desk, item: Media) -> None:
    """After the commit: nobody is served them any more. Those that cannot be deleted now, `schedule.tidy_media`
    deletes later."""
    try:
        await desk.media.destroy(file_name(item.id, width) for width in (None, *item.widths))
    except OSError as error:
        log.error("media.not_deleted", picture=item.id, reason=f"{type(error).__name__}: {error}"[:300])

