"""Queries for uploaded pictures; the files are in media/."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, false, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import NotFound
from server.domain.media import Media
from server.domain.permissions import Action, Caller, may
from server.store.schema import blog_media, blogs, entries, entry_media, media


async def insert(connection: AsyncConnection, item: Media) -> None:
    values = {f: getattr(item, f) for f in Media.__slots__} | {"widths": list(item.widths)}
    await connection.execute(media.insert().values(**values))


async def get(connection: AsyncConnection, media_id: str) -> Media:
    """Raises NotFound."""
    row = (await connection.execute(select(media).where(media.c.id == media_id))).one_or_none()
    if row is None:
        raise NotFound("Picture not found.")
    return _media(row)


async def known(connection: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Which of these pictures there are."""
    return {r.id for r in await connection.execute(select(media.c.id).where(media.c.id.in_(ids)))}


async def ids(connection: AsyncConnection) -> list[str]:
    """Every picture there is."""
    return [r.id for r in await connection.execute(select(media.c.id))]


async def latest(connection: AsyncConnection, caller: Caller, *, limit: int = 50) -> list[Media]:
    """The newest pictures first, of those that this caller may see."""
    statement = select(media).where(_seen_by(caller)).order_by(media.c.created_at.desc(), media.c.id.desc())
    return [_media(row) for row in await connection.execute(statement.limit(limit))]


async def get_for(connection: AsyncConnection, caller: Caller, media_id: str) -> Media:
    """The picture, if this caller may see and use it. Raises NotFound, also for one that is not theirs."""
    statement = select(media).where(media.c.id == media_id, _seen_by(caller))
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
