"""What the newsroom tells itself: notes on an entry, and the note of a blog for whoever takes it over.

Readers never get them. They change no revision, so that nobody who writes in the entry or in the blog's
furniture at that moment is told of another version; the newsroom feed brings them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blog import Blog, Handover
from server.domain.change import Change, FeedKey
from server.domain.entry import MAX_INTERNAL_NOTES, Entry, InternalNote
from server.domain.errors import Invalid, NotFound
from server.domain.message import Message
from server.domain.permissions import Action, Caller, require
from server.domain.position import new_id
from server.domain.text_limits import MAX_TEXT
from server.domain.times import to_text
from server.newsroom import audit, entries
from server.newsroom.desk import Desk
from server.store import blogs, feeds
from server.store import entries as stored
from server.text.characters import repair, trimmed


async def add(desk: Desk, caller: Caller, slug: str, entry_id: str, text: str) -> Entry:
    """Put a note on an entry. The oldest goes when there are more than `MAX_INTERNAL_NOTES`.

    Raises:
        NotFound, Forbidden: who may edit the entry may put notes on it; on a retracted one editors may.
        Invalid: the note is empty or too long.
    """
    said = _text("text", text)
    if not said:
        raise Invalid.field("text", "write the note first")

    def put(entry: Entry, at: datetime) -> Entry:
        made = InternalNote(new_id(), to_text(at), caller.name, said)
        return replace(entry, internal_notes=(*entry.internal_notes, made)[-MAX_INTERNAL_NOTES:])

    return await _change(desk, caller, slug, entry_id, "note_added", put)


async def remove(desk: Desk, caller: Caller, slug: str, entry_id: str, note_id: str) -> Entry:
    """Take a note off an entry. Raises NotFound, also for a note that is gone, and Forbidden."""

    def taken(entry: Entry, at: datetime) -> Entry:
        kept = tuple(note for note in entry.internal_notes if note.id != note_id)
        if kept == entry.internal_notes:
            raise NotFound("This note is not there any more.")
        return replace(entry, internal_notes=kept)

    return await _change(desk, caller, slug, entry_id, "note_removed", taken)


async def _change(
    desk: Desk, caller: Caller, slug: str, entry_id: str, what: str, change: Callable[[Entry, datetime], Entry]
) -> Entry:
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await entries.editable(connection, caller, slug, entry_id, Action.ENTRY_EDIT)
        at = await feeds.advance(connection, FeedKey(blog.id, "newsroom"))
        after = replace(change(entry, now), newsroom_seq=at.seq)
        await stored.save(connection, after)
        await audit.record(connection, caller, what, at=now, blog_id=blog.id, entry_id=entry.id)
    desk.publish([feeds.of_entry(after, blog, "newsroom", at.epoch)])
    return after


async def hand_over(desk: Desk, caller: Caller, slug: str, text: str) -> Blog:
    """Write the blog's note for whoever takes it over, in place of the one before; an empty one removes it.

    Raises:
        NotFound, Forbidden: editors write it, everybody with a role in the blog reads it.
        Invalid: it is too long.
    """
    said, now = _text("handover", text), desk.now()
    async with desk.database.write() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.BLOG_EDIT, blog.id)
        blog, change = await _handed_over(connection, blog, Handover(said, caller.name, now), caller, now)
    desk.publish([change])
    return blog


async def _handed_over(
    connection: AsyncConnection, blog: Blog, note: Handover, caller: Caller, now: datetime
) -> tuple[Blog, Change]:
    blog = await entries.locked(connection, blog)
    at = await feeds.advance(connection, FeedKey(blog.id, "newsroom"))
    blog = replace(blog, handover=note if note.text else Handover(), newsroom_seq=at.seq)
    await blogs.save(connection, blog)
    await audit.record(connection, caller, "handover_changed", at=now, blog_id=blog.id)
    return blog, feeds.of_blog(blog, "newsroom", at.epoch)


def _text(field: str, text: str) -> str:
    said = trimmed(repair(text))
    if len(said) > MAX_TEXT:
        limit = Message("at most %(most)s characters; this has %(n)s", most=MAX_TEXT, n=len(said))
        raise Invalid.field(field, limit)
    return said
