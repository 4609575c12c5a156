"""The lines of the audit log: newsroom/audit.py writes them, the console shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.position import new_id
from server.store.schema import audit, blogs

LOOKED_AT = 2_000
"""Lines among which the people of a filter are looked for, the newest."""
_INSERT = audit.insert()


@dataclass(frozen=True, slots=True)
class Line:
    """Who did what, and when. `blog_id` and `entry_id` are None where it was done to none; `slug` and
    `headline` are the blog's of today, empty without one."""

    id: str
    at: datetime
    by_id: str
    by_name: str
    what: str
    blog_id: str | None
    entry_id: str | None
    about: Mapping[str, Any]
    slug: str = ""
    headline: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of one blog, one entry or one person, where these are not empty. `everything`: those that
    belong to no blog too."""

    blog_id: str = ""
    entry_id: str = ""
    by_id: str = ""
    everything: bool = False


async def insert(
    connection: AsyncConnection, *, at: datetime, by_id: str, by_name: str, what: str, blog_id: str | None,
    entry_id: str | None, about: Mapping[str, Any],
) -> None:
    """Keep a line, in the transaction of what it tells of."""
    await connection.execute(_INSERT, {
        "id": new_id(), "at": at, "by_id": by_id, "by_name": by_name, "what": what, "blog_id": blog_id,
        "entry_id": entry_id, "about": dict(about),
    })


async def listed(
    connection: AsyncConnection, wanted: Wanted, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[Line]:
    """The newest lines first. `before` is `(at, id)` of the last line on the previous page."""
    columns = (*audit.c, blogs.c.slug, blogs.c.headline)
    statement = _narrowed(select(*columns).outerjoin(blogs, blogs.c.id == audit.c.blog_id), wanted)
    if before is not None:
        at, line_id = before
        statement = statement.where((audit.c.at < at) | ((audit.c.at == at) & (audit.c.id < line_id)))
    statement = statement.order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
    return [
        Line(
            r.id, r.at, r.by_id, r.by_name, r.what, r.blog_id, r.entry_id, r.about, r.slug or "",
            r.headline or "",
        )
        for r in await connection.execute(statement)
    ]


async def people(connection: AsyncConnection, wanted: Wanted) -> dict[str, str]:
    """Names by id of those who did something lately, in the order of the names."""
    newest = _narrowed(select(audit.c.by_id, audit.c.by_name, audit.c.at), wanted)
    among = newest.order_by(audit.c.at.desc()).limit(LOOKED_AT).subquery()
    statement = select(among.c.by_id, among.c.by_name).distinct().order_by(among.c.by_name)
    return {r.by_id: r.by_name for r in await connection.execute(statement)}


def _narrowed(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.blog_id:
        statement = statement.where(audit.c.blog_id == wanted.blog_id)
    elif not wanted.everything:
        statement = statement.where(audit.c.blog_id.is_not(None))
    if wanted.entry_id:
        statement = statement.where(audit.c.entry_id == wanted.entry_id)
    if wanted.by_id:
        statement = statement.where(audit.c.by_id == wanted.by_id)
    return statement
