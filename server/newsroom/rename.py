"""Another address for a blog. The old ones lead to it for good, and no other blog can take them."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from server.domain.blog import MAX_SLUG, SLUG
from server.domain.errors import Conflict, Invalid, StaleRevision
from server.domain.message import Message
from server.domain.permissions import Action, Caller, require
from server.newsroom import blogs
from server.newsroom.desk import Desk
from server.store import blogs as stored
from server.store import feeds

_SLUG = re.compile(SLUG.removesuffix("$") + r"\Z")


async def rename(desk: Desk, caller: Caller, slug: str, to: str, *, revision: int) -> blogs.Written:
    """Give a blog another slug. Open pages load afresh, because every link on them is another.

    Raises:
        NotFound, Forbidden: only editors.
        Invalid: it is no slug.
        Conflict: another blog has it, or had it.
        StaleRevision: the blog was changed since `revision`.
    """
    if len(to) > MAX_SLUG or not _SLUG.match(to):
        said = Message("at most %(n)s of a-z, 0-9 and single hyphens between them", n=MAX_SLUG)
        raise Invalid.field("slug", said)
    try:
        async with desk.database.write() as connection:
            blog = await stored.by_slug(connection, slug)
            require(caller, Action.BLOG_EDIT, blog.id)
            await feeds.lock(connection, blog.id)
            blog = await stored.by_id(connection, blog.id)
            if blog.revision != revision:
                raise StaleRevision(
                    current=blog.to_json(newsroom=True), yours={"slug": to}, based_on=str(revision)
                )
            await stored.keep_slug(connection, blog.id, blog.slug, instead=to)
            after = replace(
                blog, slug=to, revision=blog.revision + 1, updated_at=max(desk.now(), blog.updated_at)
            )
            await feeds.renew_epoch(connection, blog.id)
            after, changes = await blogs.commit(connection, blog, after, caller)
    except IntegrityError as error:
        raise taken(to) from error
    desk.publish(changes)
    return blogs.Written(after, changes[0].position)


def taken(slug: str) -> Conflict:
    """For a slug that another blog has or had."""
    return Conflict(Message("Slug: “%(slug)s” is already in use by another blog.", slug=slug))
