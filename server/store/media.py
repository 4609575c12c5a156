"""Queries for uploaded pictures; the files are in media/."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import NotFound
from server.domain.media import Media
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


async def latest(connection: AsyncConnection, *, limit: int = 50) -> list[Media]:
    """Pictures, newest first."""
    statement = select(media).order_by(media.c.created_at.desc(), media.c.id.desc()).limit(limit)
    return [_media(row) for row in await connection.execute(statement)]


async def is_public(connection: AsyncConnection, media_id: str) -> bool:
    """Whether a blog that readers may see shows the picture in a published entry or in its bylines. One that
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
