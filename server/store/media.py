"""Queries for uploaded pictures; the files are in media/. What removes one everywhere is in picture_uses.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    delete,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import NotFound
from server.domain.media import Media
from server.domain.permissions import Action, Caller, may
from server.store.schema import blog_media, blogs, entries, entry_media, media

_UPLOADS_LOCK = 0x53505550
"""Of PostgreSQL's advisory locks."""


async def insert(connection: AsyncConnection, item: Media, *, words: str = "") -> None:
    """Keep a picture. `words` are those that it is found by."""
    values = {f: getattr(item, f) for f in Media.__slots__} | {"widths": list(item.widths), "words": words}
    await connection.execute(media.insert().values(**values))


async def get(connection: AsyncConnection, media_id: str) -> Media:
    """Raises NotFound."""
    row = (await connection.execute(select(media).where(media.c.id == media_id))).one_or_none()
    if row is None:
        raise NotFound("Picture not found.")
    return _media(row)


async def lock(connection: AsyncConnection, media_id: str) -> Media:
    """The picture, which nobody can put anywhere until the transaction ends. Lock the feeds before: those who
    write take the two in this order. Raises NotFound."""
    statement = select(media).where(media.c.id == media_id).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("Picture not found.")
    return _media(row)


async def change(connection: AsyncConnection, media_id: str, changed: Mapping[str, object]) -> Media:
    """Write the fields that are named and no others. Raises NotFound."""
    statement = update(media).where(media.c.id == media_id).values(**changed).returning(*media.c)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("Picture not found.")
    return _media(row)


async def remove(connection: AsyncConnection, media_id: str) -> None:
    """Forget the picture, and where it is shown."""
    await connection.execute(delete(media).where(media.c.id == media_id))


async def lock_uploads(connection: AsyncConnection) -> None:
    """Keep others from inserting pictures until the transaction ends (SQLite: they are out already)."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(_UPLOADS_LOCK)))


async def twin(connection: AsyncConnection, caller: Caller, digests: Collection[str]) -> Media | None:
    """The oldest picture of the same file, of those that this caller may see. `digests` are SHA-256 of an
    uploaded file, and of the full size that was made of it."""
    same = or_(media.c.sha256.in_(digests), media.c.source_sha256.in_(digests))
    statement = select(media).where(same, _seen_by(caller)).order_by(media.c.created_at, media.c.id).limit(1)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _media(row)


async def known(connection: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Which of these pictures there are."""
    return {r.id for r in await connection.execute(select(media.c.id).where(media.c.id.in_(ids)))}


async def ids(connection: AsyncConnection) -> list[str]:
    """Every picture there is."""
    return [r.id for r in await connection.execute(select(media.c.id))]


async def latest(
    connection: AsyncConnection,
    caller: Caller,
    *,
    words: Sequence[str] = (),
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Media]:
    """The newest pictures first, of those that this caller may see.

    Args:
        words: each of them stands in the words that a picture is found by.
        before: `(created_at, id)` of the last picture of the page before.
    """
    where = [_seen_by(caller), *(media.c.words.contains(word, autoescape=True) for word in words)]
    if before is not None:
        moment, media_id = before
        where.append(
            (media.c.created_at < moment) | ((media.c.created_at == moment) & (media.c.id < media_id))
        )
    statement = select(media).where(*where).order_by(media.c.created_at.desc(), media.c.id.desc())
    return [_media(row) for row in await connection.execute(statement.limit(limit))]


async def get_for(
    connection: AsyncConnection, caller: Caller, media_id: str, *, hold: bool = False
) -> Media:
    """The picture, if this caller may see and use it. `hold`: it is not removed before the transaction ends.
    Raises NotFound, also for one that is not theirs."""
    statement = select(media).where(media.c.id == media_id, _seen_by(caller))
    if hold:
        statement = statement.with_for_update(read=True, key_share=True, of=media)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("Picture not found.")
    return _media(row)


def _seen_by(caller: Caller) -> ColumnElement[bool]:
    """Which pictures a member of the newsroom sees: own ones; what is published; in blogs where they are editor
    whatever an entry shows; in other blogs of theirs what is published there, and what their own entries show;
    with a role for all blogs what no entry shows yet; what stands at the head of public blogs and of
    theirs. An editor of all blogs sees all."""
    if may(caller, Action.ENTRY_PUBLISH):
        return true()
    everywhere = may(caller, Action.BLOG_READ)
    edits = [blog_id for blog_id in caller.blog_roles if may(caller, Action.ENTRY_PUBLISH, blog_id)]
    reads = [blog_id for blog_id in caller.blog_roles if may(caller, Action.BLOG_READ, blog_id)]
    published = entries.c.status == "published"
    of_theirs = true() if everywhere else entries.c.blog_id.in_(reads)
    shown = exists().where(
        entry_media.c.media_id == media.c.id, entry_media.c.entry_id == entries.c.id,
        entries.c.blog_id == blogs.c.id,
        or_(
            and_(published, blogs.c.status != "draft"),
            entries.c.blog_id.in_(edits),
            and_(of_theirs, or_(published, entries.c.author_id == caller.id)),
        ),
    )
    head = exists().where(
        blog_media.c.media_id == media.c.id, blog_media.c.blog_id == blogs.c.id,
        or_(blogs.c.status != "draft", true() if everywhere else blogs.c.id.in_(reads)),
    )
    unused = not_(exists().where(entry_media.c.media_id == media.c.id)) if everywhere else false()
    return or_(media.c.author_id == caller.id, shown, head, unused)


async def is_public(connection: AsyncConnection, media_id: str) -> bool:
    """Whether a public blog shows the picture in a published entry, at its head or in its bylines. One that
    was only in retracted or unpublished entries is not served to readers."""
    statement = select(
        exists().where(
            entry_media.c.media_id == media_id, entry_media.c.entry_id == entries.c.id,
            entries.c.status == "published", entries.c.blog_id == blogs.c.id, blogs.c.status != "draft",
        )
        | exists().where(
            blog_media.c.media_id == media_id, blog_media.c.blog_id == blogs.c.id, blogs.c.status != "draft"
        )
    )
    return bool((await connection.execute(statement)).scalar())


def _media(row: Row[Any]) -> Media:
    return Media(**{f: getattr(row, f) for f in Media.__slots__} | {"widths": tuple(row.widths)})
