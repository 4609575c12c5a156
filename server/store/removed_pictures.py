"""What is left of pictures that were removed everywhere: which they were, who did it, and the digests by which
the same file is known again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import NotFound
from server.store.schema import removed_pictures


@dataclass(frozen=True, slots=True)
class Removed:
    """A picture that is gone. `refused`: the same file is not taken when somebody uploads it again."""

    id: str
    sha256: str
    source_sha256: str
    reason: str
    by_id: str
    by_name: str
    at: datetime
    refused: bool = True


async def insert(connection: AsyncConnection, removed: Removed) -> None:
    await connection.execute(
        removed_pictures.insert(), {name: getattr(removed, name) for name in Removed.__slots__}
    )


async def find(connection: AsyncConnection, media_id: str) -> Removed | None:
    """The picture with this id, if it was removed."""
    statement = select(removed_pictures).where(removed_pictures.c.id == media_id)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Removed(*row)


async def refused(connection: AsyncConnection, digests: Collection[str]) -> Removed | None:
    """The removed picture of a file with one of these digests, if the file is not taken again."""
    columns = removed_pictures.c
    statement = (
        select(removed_pictures)
        .where(columns.refused, or_(columns.sha256.in_(digests), columns.source_sha256.in_(digests)))
        .order_by(columns.at.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Removed(*row)


async def listed(connection: AsyncConnection, *, limit: int) -> Sequence[Removed]:
    """The newest first."""
    order = (removed_pictures.c.at.desc(), removed_pictures.c.id)
    statement = select(removed_pictures).order_by(*order).limit(limit)
    return [Removed(*row) for row in await connection.execute(statement)]


async def allow(connection: AsyncConnection, media_id: str) -> None:
    """The same file may be uploaded again. Raises NotFound."""
    same = removed_pictures.c.id == media_id
    statement = update(removed_pictures).where(same).values(refused=False).returning(removed_pictures.c.id)
    if (await connection.execute(statement)).one_or_none() is None:
        raise NotFound("Picture not found.")


async def known(connection: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Which of these pictures were removed."""
    statement = select(removed_pictures.c.id).where(removed_pictures.c.id.in_(ids))
    return {row.id for row in await connection.execute(statement)}
