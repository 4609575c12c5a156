"""Queries for blogs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain import blocks
from server.domain.blog import Blog, BlogStatus
from server.domain.errors import NotFound
from server.store import row_mapping
from server.store.schema import blog_media, blog_revisions, blogs, entries, feeds, old_slugs


class PublicBlog(NamedTuple):
    """What a list of all blogs tells of one; `changed_at` is when readers last saw a change."""

    slug: str
    headline: str
    language: str
    started_at: datetime
    changed_at: datetime


# Built once, because every request runs them.
_BY_SLUG = select(blogs).where(blogs.c.slug == bindparam("slug"))
_BY_OLD_SLUG = (
    select(blogs).join(old_slugs, old_slugs.c.blog_id == blogs.c.id)
    .where(old_slugs.c.slug == bindparam("slug"))
)
_BY_ID = select(blogs).where(blogs.c.id == bindparam("id"))
_NEXT_NUMBER = (
    update(blogs)
    .where(blogs.c.id == bindparam("blog"))
    .values(published_count=blogs.c.published_count + 1)
    .returning(blogs.c.published_count)
)


async def by_slug(connection: AsyncConnection, slug: str) -> Blog:
    """The blog that has this slug, or had it before. Raises NotFound."""
    row = (await connection.execute(_BY_SLUG, {"slug": slug})).one_or_none()
    if row is None:
        row = (await connection.execute(_BY_OLD_SLUG, {"slug": slug})).one_or_none()
    if row is None:
        raise NotFound("Blog not found.")
    return row_mapping.blog(row)


async def by_id(connection: AsyncConnection, blog_id: str) -> Blog:
    """Raises NotFound."""
    row = (await connection.execute(_BY_ID, {"id": blog_id})).one_or_none()
    if row is None:
        raise NotFound("Blog not found.")
    return row_mapping.blog(row)


async def keep_slug(connection: AsyncConnection, blog_id: str, slug: str, *, instead: str) -> None:
    """Let the slug that a blog had lead to it, and `instead` be its own. Raises IntegrityError where another
    blog had `instead`."""
    own = (old_slugs.c.slug == instead) & (old_slugs.c.blog_id == blog_id)
    await connection.execute(delete(old_slugs).where(own))
    await connection.execute(old_slugs.insert().values(slug=slug, blog_id=blog_id))
    # held by the key of the table against whoever takes it at this moment, and let go again
    await connection.execute(old_slugs.insert().values(slug=instead, blog_id=blog_id))
    await connection.execute(delete(old_slugs).where(own))


async def had_slug(connection: AsyncConnection, slug: str) -> bool:
    """Whether a blog had this slug before."""
    return (await connection.execute(select(old_slugs).where(old_slugs.c.slug == slug))).first() is not None


async def listed(
    connection: AsyncConnection,
    *,
    statuses: Sequence[BlogStatus],
    only: Collection[str] | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Blog]:
    """Blogs with these statuses, newest first; limited to the ids in `only` if given. `before` is `(created_at,
    id)` of the last blog on the previous page."""
    statement = (
        select(blogs)
        .where(blogs.c.status.in_(statuses))
        .order_by(blogs.c.created_at.desc(), blogs.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if only is not None:
        statement = statement.where(blogs.c.id.in_(only))
    if before is not None:
        moment, blog_id = before
        statement = statement.where(
            (blogs.c.created_at < moment) | ((blogs.c.created_at == moment) & (blogs.c.id < blog_id))
        )
    return [row_mapping.blog(r) for r in await connection.execute(statement)]


async def public_state(connection: AsyncConnection) -> tuple[int, int]:
    """Two numbers that change with whatever readers see of any blog: how many feeds there are, and how many
    changes they have had."""
    statement = select(func.count(), func.coalesce(func.sum(feeds.c.seq), 0)).where(feeds.c.name == "public")
    blogs_found, changes = (await connection.execute(statement)).one()
    return int(blogs_found), int(changes)


async def public(connection: AsyncConnection, *, limit: int) -> list[PublicBlog]:
    """The blogs that readers may see, newest first, each with its newest change that readers saw."""
    statement = (
        select(
            blogs.c.slug, blogs.c.headline, blogs.c.language, blogs.c.created_at, blogs.c.started_at,
            blogs.c.updated_at, entries.c.updated_at.label("entry_updated_at"),
        )
        .join(feeds, (feeds.c.blog_id == blogs.c.id) & (feeds.c.name == "public"))
        # the newest change of a feed is the one at its head; where that is no entry, it is the blog itself
        .outerjoin(entries, (entries.c.blog_id == blogs.c.id) & (entries.c.public_seq == feeds.c.seq))
        .where(blogs.c.status != "draft")
        .order_by(blogs.c.created_at.desc(), blogs.c.id.desc())
        .limit(limit)
    )
    return [
        PublicBlog(
            r.slug, r.headline, r.language, r.started_at or r.created_at,
            max(r.updated_at, r.entry_updated_at or r.updated_at),
        )
        for r in await connection.execute(statement)
    ]


async def insert(connection: AsyncConnection, blog: Blog) -> None:
    """Raises IntegrityError if the slug is in use."""
    await connection.execute(blogs.insert().values(published_count=0, **_values(blog)))


async def save(connection: AsyncConnection, blog: Blog) -> None:
    await connection.execute(update(blogs).where(blogs.c.id == blog.id).values(**_values(blog)))
    await connection.execute(delete(blog_media).where(blog_media.c.blog_id == blog.id))
    if found := blog.media_ids:
        await connection.execute(
            blog_media.insert(), [{"blog_id": blog.id, "media_id": m} for m in sorted(found)]
        )


async def keep_revision(connection: AsyncConnection, blog: Blog, *, author_id: str, author_name: str) -> None:
    """Store this revision."""
    await connection.execute(
        blog_revisions.insert().values(
            blog_id=blog.id, revision=blog.revision, content=blog.to_json(),
            author_id=author_id, author_name=author_name, at=blog.updated_at,
        )
    )


async def next_number(connection: AsyncConnection, blog_id: str) -> int:
    """Take the number for the next published entry, from 1."""
    return int((await connection.execute(_NEXT_NUMBER, {"blog": blog_id})).scalar_one())


async def published_count(connection: AsyncConnection, blog_id: str) -> int:
    """The number of entries ever published in the blog, which is also the highest number."""
    return int(
        (await connection.execute(select(blogs.c.published_count).where(blogs.c.id == blog_id))).scalar_one()
    )


def _values(blog: Blog) -> dict[str, object]:
    return {
        "id": blog.id, "slug": blog.slug, "headline": blog.headline, "standfirst": blog.standfirst,
        "key_developments": list(blog.key_developments), "status": blog.status,
        "bylines": [b.to_json() for b in blog.bylines], "topics": list(blog.topics),
        "language": blog.language, "time_zone": blog.time_zone,
        "related": [r.to_json() for r in blog.related], "revision": blog.revision,
        "created_at": blog.created_at, "updated_at": blog.updated_at, "started_at": blog.started_at,
        "closed_at": blog.closed_at, "public_seq": blog.public_seq, "newsroom_seq": blog.newsroom_seq,
        "lead": blocks.to_json(blog.lead) if blog.lead else None,
        "closing_summary": blog.closing_summary,
        "successor": blog.successor.to_json() if blog.successor else None,
        "handover": blog.handover.text, "handover_by": blog.handover.by, "handover_at": blog.handover.at,
        "planned_end": blog.planned_end,
    }
