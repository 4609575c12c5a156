"""What is known of uploaded pictures; the files themselves are media/'s."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import NotFound
from server.domain.times import to_text
from server.store.schema import blogs, entries, entry_media, media


@dataclass(frozen=True, slots=True)
class Media:
    """A picture: sizes in pixels and bytes; `widths` are the renditions that exist for srcset."""

    id: str
    sha256: str
    mime: str
    bytes: int
    width: int
    height: int
    widths: tuple[int, ...]
    alt: str
    caption: str
    credit: str
    author_id: str | None
    created_at: datetime

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id, "mime": self.mime, "bytes": self.bytes, "width": self.width,
            "height": self.height, "widths": list(self.widths), "alt": self.alt, "caption": self.caption,
            "credit": self.credit, "created_at": to_text(self.created_at),
        }


async def insert(connection: AsyncConnection, item: Media) -> None:
    values = {f: getattr(item, f) for f in Media.__slots__} | {"widths": list(item.widths)}
    await connection.execute(media.insert().values(**values))


async def get(connection: AsyncConnection, media_id: str) -> Media:
    """Raises NotFound."""
    row = (await connection.execute(select(media).where(media.c.id == media_id))).one_or_none()
    if row is None:
        raise NotFound("There is no such picture.")
    return _media(row)


async def known(connection: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Which of these pictures there are."""
    return {r.id for r in await connection.execute(select(media.c.id).where(media.c.id.in_(ids)))}


async def ids(connection: AsyncConnection) -> list[str]:
    """Every picture there is."""
    return [r.id for r in await connection.execute(select(media.c.id))]


async def latest(connection: AsyncConnection, *, limit: int = 50) -> list[Media]:
    """The newest pictures first."""
    statement = select(media).order_by(media.c.created_at.desc(), media.c.id.desc()).limit(limit)
    return [_media(row) for row in await connection.execute(statement)]


async def is_public(connection: AsyncConnection, media_id: str) -> bool:
    """Whether a published entry of a blog that readers may see shows the picture. One that was only in
    retracted or unpublished entries is not served to readers."""
    statement = select(
        exists().where(
            entry_media.c.media_id == media_id, entry_media.c.entry_id == entries.c.id,
            entries.c.status == "published", entries.c.blog_id == blogs.c.id, blogs.c.status != "draft",
        )
    )
    return bool((await connection.execute(statement)).scalar())


def _media(row: Row[Any]) -> Media:
    return Media(**{f: getattr(row, f) for f in Media.__slots__} | {"widths": tuple(row.widths)})
