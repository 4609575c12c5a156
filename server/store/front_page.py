"""What the front page tells of each blog: how it stands, its newest entries, how many updates it had.

Four queries, however many blogs there are; entries are found by `ix_entries_number` or `ix_entries_status`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Select, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blog import Blog
from server.domain.entry import Entry
from server.store import row_mapping
from server.store.schema import blogs, entries

PUBLISHED = "entries.status = 'published'"


class FrontBlog(NamedTuple):
    """A blog with its newest published entries, the newest first, and the number of its published ones."""

    blog: Blog
    latest: list[Entry]
    updates: int


async def front_blogs(
    connection: AsyncConnection, *, live: int, ended: int, lines: int, lines_of_first: int
) -> list[FrontBlog]:
    """Up to `live` live blogs, by the moment of their newest entry, then up to `ended` closed ones by when they
    ended. The first live one comes with `lines_of_first` entries, each other one with `lines`."""
    found = await _live(connection, live)
    last = await _ended(connection, ended)
    wanted = {blog.id: lines for blog in found}
    if found:
        wanted[found[0].id] = lines_of_first
    latest = await latest_of(connection, wanted)
    counts = await _counts(connection, [blog.id for blog in last])
    return [
        *(FrontBlog(blog, latest.get(blog.id, []), 0) for blog in found),
        *(FrontBlog(blog, [], counts.get(blog.id, 0)) for blog in last),
    ]


def _live_by_latest(limit: int) -> Select[tuple[object, ...]]:
    """The statement for live blogs by their newest entry; one without entries stands by its start."""
    newest = (
        select(entries.c.published_at)
        .where(entries.c.blog_id == blogs.c.id, text(PUBLISHED))
        .order_by(entries.c.number.desc())
        .limit(1)
        .correlate(blogs)
        .scalar_subquery()
    )
    at = func.coalesce(newest, blogs.c.started_at, blogs.c.created_at)
    return select(blogs).where(blogs.c.status == "live").order_by(at.desc(), blogs.c.id).limit(limit)


async def _live(connection: AsyncConnection, limit: int) -> list[Blog]:
    return [row_mapping.blog(r) for r in await connection.execute(_live_by_latest(limit))]


async def _ended(connection: AsyncConnection, limit: int) -> list[Blog]:
    at = func.coalesce(blogs.c.closed_at, blogs.c.updated_at)
    statement = select(blogs).where(blogs.c.status == "closed").order_by(at.desc(), blogs.c.id).limit(limit)
    return [row_mapping.blog(r) for r in await connection.execute(statement)]


async def latest_of(connection: AsyncConnection, wanted: Mapping[str, int]) -> dict[str, list[Entry]]:
    """The newest published entries of each blog; `wanted` says how many."""
    if not wanted:
        return {}
    parts = [
        select(entries)
        .where(entries.c.blog_id == blog_id, text(PUBLISHED))
        .order_by(entries.c.number.desc())
        .limit(count)
        .subquery()
        for blog_id, count in wanted.items()
    ]
    found: dict[str, list[Entry]] = {}
    for row in await connection.execute(union_all(*(select(part) for part in parts))):
        found.setdefault(row.blog_id, []).append(row_mapping.entry(row))
    for some in found.values():
        some.sort(key=lambda entry: entry.number or 0, reverse=True)
    return found


async def _counts(connection: AsyncConnection, blog_ids: Sequence[str]) -> dict[str, int]:
    statement = (
        select(entries.c.blog_id, func.count().label("entries"))
        .where(entries.c.blog_id.in_(blog_ids), entries.c.status == "published")
        .group_by(entries.c.blog_id)
    )
    return {r.blog_id: r.entries for r in await connection.execute(statement)} if blog_ids else {}
