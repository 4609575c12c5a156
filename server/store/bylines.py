"""Bylines in the database: each name of the newsroom once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.byline import Byline, name_key
from server.domain.errors import NotFound
from server.domain.times import to_text
from server.store.schema import bylines


@dataclass(frozen=True, slots=True)
class Record:
    """A byline with what the newsroom knows of it."""

    byline: Byline
    created_at: datetime
    updated_at: datetime

    def to_json(self) -> dict[str, Any]:
        return self.byline.to_json() | {
            "created_at": to_text(self.created_at), "updated_at": to_text(self.updated_at),
        }


async def listed(
    connection: AsyncConnection, *, after: str | None = None, limit: int = 50
) -> list[Record]:
    """By name. `after` is the id of the last one of the page before. Raises NotFound when that is gone."""
    statement = select(bylines).order_by(bylines.c.name_key).limit(limit)
    if after is not None:
        last = await get(connection, after)
        statement = statement.where(bylines.c.name_key > name_key(last.byline.name))
    return [_record(row) for row in await connection.execute(statement)]


async def known_names(connection: AsyncConnection, *, limit: int = 500) -> list[str]:
    """The names alone, to choose from."""
    statement = select(bylines.c.name).order_by(bylines.c.name_key).limit(limit)
    return list((await connection.execute(statement)).scalars())


async def get(connection: AsyncConnection, byline_id: str) -> Record:
    """Raises NotFound."""
    row = (await connection.execute(select(bylines).where(bylines.c.id == byline_id))).one_or_none()
    if row is None:
        raise NotFound("Byline not found.")
    return _record(row)


async def by_ids(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Byline]:
    """The bylines with these ids; one that was removed is left out."""
    wanted = sorted(set(ids))
    if not wanted:  # most entries have none
        return {}
    statement = select(bylines).where(bylines.c.id.in_(wanted))
    return {row.id: _record(row).byline for row in await connection.execute(statement)}


async def by_names(connection: AsyncConnection, names: Iterable[str]) -> dict[str, Byline]:
    """The bylines of these names, by `name_key`."""
    wanted = sorted({name_key(n) for n in names})
    if not wanted:
        return {}
    statement = select(bylines).where(bylines.c.name_key.in_(wanted))
    return {row.name_key: _record(row).byline for row in await connection.execute(statement)}


async def insert(connection: AsyncConnection, byline: Byline, at: datetime) -> bool:
    """Keep a new byline; False, and nothing is done, when there is one of that name."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = _values(byline.to_json()) | {"id": byline.id, "created_at": at, "updated_at": at}
    statement = dialect.insert(bylines).values(**values).on_conflict_do_nothing().returning(bylines.c.id)
    return (await connection.execute(statement)).one_or_none() is not None


async def change(
    connection: AsyncConnection, byline_id: str, changed: Mapping[str, str], at: datetime
) -> Record:
    """Write the fields that are named and no others: two people's changes of different fields both stay.

    Raises:
        NotFound: there is no such byline.
        IntegrityError: another byline has the name.
    """
    statement = (
        update(bylines)
        .where(bylines.c.id == byline_id)
        .values(**_values(changed), updated_at=at)
        .returning(*bylines.c)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("Byline not found.")
    return _record(row)


async def remove(connection: AsyncConnection, byline_id: str) -> None:
    """Raises NotFound."""
    statement = delete(bylines).where(bylines.c.id == byline_id).returning(bylines.c.id)
    if (await connection.execute(statement)).one_or_none() is None:
        raise NotFound("Byline not found.")


def _values(fields: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {k: v for k, v in fields.items() if k in ("name", "role", "place", "url")}
    if "name" in values:
        values["name_key"] = name_key(values["name"])
    if "picture" in fields:
        values["picture"] = fields["picture"] or None
    return values


def _record(row: Row[Any]) -> Record:
    byline = Byline(row.name, row.role, row.place, row.picture or "", row.url, id=row.id)
    return Record(byline, row.created_at, row.updated_at)
