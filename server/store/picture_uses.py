"""Where a picture stands, in every version of everything, and taking it out of the versions of before.

A picture is rarely removed, so that whatever names it is looked for in all of the text: an index would have to
know each place where a picture may stand, and the one that it missed would keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, cast, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blocks import from_json, to_json, without_media
from server.domain.byline import Byline, without_picture
from server.domain.entry import Content
from server.store.schema import blog_revisions, blogs, bylines, entries, revisions


@dataclass(frozen=True, slots=True)
class Uses:
    """Ids of what shows a picture now or did so in an earlier version: entries as `(blog_id, entry_id)`, blogs
    whose furniture does, and the newsroom's bylines."""

    entries: tuple[tuple[str, str], ...]
    blogs: tuple[str, ...]
    bylines: tuple[str, ...]

    @property
    def blog_ids(self) -> set[str]:
        """The blogs in which something shows it."""
        return {blog_id for blog_id, _ in self.entries} | set(self.blogs)


async def find(connection: AsyncConnection, media_id: str) -> Uses:
    """Everything that names the picture."""
    of_entries = (
        select(entries.c.blog_id, entries.c.id)
        .outerjoin(revisions, revisions.c.entry_id == entries.c.id)
        .where(or_(_names(entries.c.content, media_id), _names(revisions.c.content, media_id)))
        .distinct()
        .order_by(entries.c.blog_id, entries.c.id)
    )
    of_blogs = (
        select(blogs.c.id)
        .outerjoin(blog_revisions, blog_revisions.c.blog_id == blogs.c.id)
        .where(or_(
            _names(blogs.c.lead, media_id), _names(blogs.c.bylines, media_id),
            _names(blog_revisions.c.content, media_id),
        ))
        .distinct()
        .order_by(blogs.c.id)
    )
    of_bylines = select(bylines.c.id).where(bylines.c.picture == media_id).order_by(bylines.c.id)
    return Uses(
        tuple((row.blog_id, row.id) for row in await connection.execute(of_entries)),
        tuple(row.id for row in await connection.execute(of_blogs)),
        tuple(row.id for row in await connection.execute(of_bylines)),
    )


async def clear_versions(connection: AsyncConnection, uses: Uses, media_id: str) -> None:
    """Take the picture out of every kept version of entries and blogs."""
    for _, entry_id in uses.entries:
        same = (revisions.c.entry_id == entry_id) & _names(revisions.c.content, media_id)
        for row in (await connection.execute(select(revisions).where(same))).all():
            content = Content.from_json(row.content).without_media(media_id).to_json()
            one = (revisions.c.entry_id == entry_id) & (revisions.c.revision == row.revision)
            await connection.execute(update(revisions).where(one).values(content=content))
    for blog_id in uses.blogs:
        same = (blog_revisions.c.blog_id == blog_id) & _names(blog_revisions.c.content, media_id)
        for row in (await connection.execute(select(blog_revisions).where(same))).all():
            one = (blog_revisions.c.blog_id == blog_id) & (blog_revisions.c.revision == row.revision)
            cleared = _furniture_without(row.content, media_id)
            await connection.execute(update(blog_revisions).where(one).values(content=cleared))


def _furniture_without(content: dict[str, Any], media_id: str) -> dict[str, Any]:
    """A version of a blog's furniture, as `Blog.to_json` wrote it."""
    cleared = dict(content)
    if lead := content.get("lead"):
        kept = without_media([from_json(lead)], media_id)
        cleared["lead"] = to_json(kept[0]) if kept else None
    if named := content.get("bylines"):
        cleared["bylines"] = [
            b.to_json() for b in without_picture([Byline.from_json(b) for b in named], media_id)
        ]
    return cleared


def _names(column: Column[Any], media_id: str) -> ColumnElement[bool]:
    """Whether the id stands somewhere in a column of JSON. Ids have only letters and digits, and no word is one
    by chance."""
    return cast(column, Text).contains(media_id)
