"""Entries that go to another blog, as a copy or for good, and the time that readers see on one.

A move makes a new entry in the other blog and retracts the old one, in one transaction: readers of the first
blog keep the usual note in its place, and its permalink leads to the new one. Pictures are shared, so they go
with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blog import Blog
from server.domain.byline import name_key
from server.domain.change import Change
from server.domain.entry import Content, Entry, EntryStatus, moved, retracted
from server.domain.errors import Conflict, Invalid, StaleRevision
from server.domain.message import Message
from server.domain.permissions import Action, Caller, require
from server.domain.position import new_id
from server.newsroom import entries, entry_pictures
from server.newsroom.desk import Desk
from server.newsroom.idempotency import Request
from server.store import blogs, feeds
from server.store import entries as stored

How: TypeAlias = Literal["copy", "move"]
EARLIEST = timedelta(days=366)
"""How far back the time of an entry may be set."""


async def retime(
    desk: Desk, caller: Caller, slug: str, entry_id: str, at: datetime, *, revision: int
) -> entries.Written:
    """Set the time that readers see on a published entry. Its place among the others stays.

    Raises:
        NotFound, Forbidden: only editors.
        Conflict: it is not published.
        Invalid: the time is still to come, or more than `EARLIEST` ago.
        StaleRevision: the entry was changed since `revision`.
    """
    now = desk.now()
    if not now - EARLIEST <= at <= now:
        limits = Message("must not be in the future, nor more than %(n)s days ago", n=EARLIEST.days)
        raise Invalid.field("published_at", limits)
    async with desk.database.write() as connection:
        blog, entry = await entries.editable(connection, caller, slug, entry_id, Action.ENTRY_PUBLISH)
        _check_revision(entry, revision)
        if not entry.public:
            raise Conflict("Only an entry that is published has a time to change.")
        after = replace(entry, published_at=at, updated_at=max(now, entry.updated_at))
        written = await entries.commit(connection, blog, entry, after, caller, logged="entry_retimed")
    desk.publish(written.changes)
    return written.answer()


async def send(
    desk: Desk, caller: Caller, slug: str, entry_id: str, to: str, how: How, *, revision: int,
    key: str | None = None,
) -> entries.Written:
    """Copy an entry to another blog as a draft, or move it there with the status and the time that it has.

    Args:
        to: slug of the other blog.
        key: a retry with the same one makes no second copy.

    Raises:
        NotFound, Forbidden: only editors of both blogs.
        Conflict: the entry is retracted, or it would be published in a blog that is closed.
        Invalid: it is the same blog.
        StaleRevision: the entry was changed since `revision`.
        KeyReused: `key` was used with a different request.
    """
    request = Request.of(caller, key, f"entry.{how} {slug}", [entry_id, to, revision])
    return await request.once(lambda: _send(desk, caller, slug, entry_id, to, how, revision, request))


async def _send(
    desk: Desk, caller: Caller, slug: str, entry_id: str, to: str, how: How, revision: int, request: Request
) -> entries.Written:
    async with desk.database.write() as connection:
        source, target = await _both(connection, caller, slug, to)
        if made := await request.made_before(connection):
            entry = await stored.get(connection, target.id, made)
            return entries.Written(entry, await entries.position_of(connection, entry), replayed=True)
        _, entry = await entries.editable(connection, caller, slug, entry_id, Action.ENTRY_PUBLISH)
        _check_revision(entry, revision)
        _check_goes(entry, target, how)
        now = desk.now()
        written = await _put(connection, source, target, entry, how, caller, now)
        await request.remember(connection, written.entry.id, now)
        changes = written.changes
        if how == "move":
            changes = [*changes, *await _leave(connection, source, entry, written.entry, caller, now)]
    desk.publish(changes)
    return written.answer()


async def _both(connection: AsyncConnection, caller: Caller, slug: str, to: str) -> tuple[Blog, Blog]:
    """Both blogs, locked. Raises NotFound, Forbidden, Invalid."""
    source, target = await blogs.by_slug(connection, slug), await blogs.by_slug(connection, to)
    for blog in (source, target):
        require(caller, Action.ENTRY_PUBLISH, blog.id)
    if source.id == target.id:
        raise Invalid.field("to", "choose another blog")
    for blog_id in sorted((source.id, target.id)):  # one order for everybody, so that nobody waits in a circle
        await feeds.lock(connection, blog_id)
    return await blogs.by_id(connection, source.id), await blogs.by_id(connection, target.id)


def _check_goes(entry: Entry, target: Blog, how: How) -> None:
    if entry.status == "retracted":
        raise Conflict("The entry is retracted; restore it first.")
    if how == "move" and entry.status in ("published", "scheduled") and target.status == "closed":
        raise Conflict("The other blog is closed. Reopen it to publish in it.")


def _check_revision(entry: Entry, revision: int) -> None:
    if revision != entry.revision:
        raise StaleRevision(current=entry.to_json(), yours={}, based_on=str(revision))


async def _put(
    connection: AsyncConnection, source: Blog, target: Blog, entry: Entry, how: How, caller: Caller,
    now: datetime,
) -> entries.Committed:
    """The new entry in the other blog."""
    newest = await stored.newest_created_at(connection, target.id)
    written_at = now if newest is None else max(now, newest + timedelta(microseconds=1))
    made = Entry(
        id=new_id(), blog_id=target.id, status="draft", revision=0,
        content=await entry_pictures.sized(connection, _content(entry.content, source, target), caller),
        author_id=entry.author_id, author_name=entry.author_name, created_at=written_at, updated_at=written_at,
        publish_at=entry.publish_at if how == "move" else None,
        published_at=entry.published_at if how == "move" else None,
        internal_notes=entry.internal_notes,
    )
    status: EntryStatus = entry.status if how == "move" else "draft"
    arrived = "entry_moved_here" if how == "move" else "entry_copied_here"
    return await entries.commit(
        connection, target, None, moved(made, status, written_at), caller, logged=arrived
    )


async def _leave(
    connection: AsyncConnection, source: Blog, entry: Entry, made: Entry, caller: Caller, now: datetime
) -> list[Change]:
    """The old entry, retracted, with the way to the new one."""
    after = replace(retracted(entry, max(now, entry.updated_at)), moved_to=made.id, internal_notes=())
    left = await entries.commit(connection, source, entry, after, caller, logged="entry_moved_away")
    return left.changes


def _content(content: Content, source: Blog, target: Blog) -> Content:
    """The same words in another blog: its topics where it has them, its language where it is the same, and no
    pin, which was a place in the first one."""
    offered = {name_key(name): name for name in target.topics}
    topics = [offered[key] for name in content.topics if (key := name_key(name)) in offered]
    language = content.language or source.language
    return replace(
        content, topics=tuple(topics), language=None if language == target.language else language,
        pinned=False, pin_order=0,
    )
