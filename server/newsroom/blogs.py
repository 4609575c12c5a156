"""Creates and edits blogs: headline, standfirst, key developments, related links, status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blocks import to_json
from server.domain.blog import Blog, BlogStatus, Lead, Related
from server.domain.byline import Byline, line_of
from server.domain.change import Change, FeedKey
from server.domain.errors import Conflict, Invalid, NotFound, StaleRevision
from server.domain.message import Message
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import Position, new_id
from server.domain.times import to_text
from server.newsroom import audit, bylines, topics
from server.newsroom import furniture as fittings
from server.newsroom.desk import Desk
from server.newsroom.idempotency import Request
from server.store import blogs, feeds


@dataclass(frozen=True, slots=True)
class Furniture:
    """The editable fields of a blog. All plain text but `closing_summary`, which is Markdown."""

    headline: str
    standfirst: str = ""
    key_developments: tuple[str, ...] = ()
    status: BlogStatus = "draft"
    bylines: tuple[Byline, ...] = ()
    topics: tuple[str, ...] = ()
    language: str = "en"
    time_zone: str = "UTC"
    related: tuple[Related, ...] = ()
    lead: Lead | None = None
    closing_summary: str = ""
    successor: Related | None = None
    planned_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A blog after a write, with its position in the newsroom feed."""

    blog: Blog
    position: Position


async def create(
    desk: Desk, caller: Caller, slug: str, furniture: Furniture, *, key: str | None = None
) -> Written:
    """Create a blog with its two feeds.

    Raises:
        Forbidden: only editors and admins with a role for all blogs create blogs.
        Conflict: the slug is in use.
        KeyReused: `key` (Idempotency-Key) was used with a different request.
    """
    require(caller, Action.BLOG_CREATE)
    request = Request.of(caller, key, "blog.create", [slug, _plain(furniture)])
    furniture = replace(furniture, **await fittings.prepared(_fields(furniture), furniture.language))
    furniture = replace(furniture, lead=await fittings.looked_up(desk, caller, furniture.lead))
    try:
        blog, position, changes = await request.once(lambda: _create(desk, caller, slug, furniture, request))
    except IntegrityError as error:
        raise Conflict(Message("Slug: “%(slug)s” is already in use by another blog.", slug=slug)) from error
    desk.publish(changes)
    return Written(blog, position)


async def _create(
    desk: Desk, caller: Caller, slug: str, furniture: Furniture, request: Request
) -> tuple[Blog, Position, list[Change]]:
    now = desk.now()
    async with desk.database.write() as connection:
        if made := await request.made_before(connection):
            blog = await blogs.by_id(connection, made)
            return blog, await feeds.head(connection, FeedKey(blog.id, "newsroom")), []
        blog = Blog(
            id=new_id(), slug=slug, revision=1, created_at=now, updated_at=now,
            started_at=now if furniture.status == "live" else None,
            closed_at=now if furniture.status == "closed" else None,
            **_fields(furniture) | {"bylines": (), "topics": topics.of_blog(furniture.topics)},
        )
        # the slug first, then the names: one order, no deadlock
        if await blogs.had_slug(connection, slug):
            raise Conflict(Message("Slug: “%(slug)s” is already in use by another blog.", slug=slug))
        await blogs.insert(connection, blog)
        await feeds.create(connection, blog.id)
        shown = await bylines.resolved(connection, caller, furniture.bylines, at=now)
        lead = await fittings.with_pictures(connection, furniture.lead, caller)
        blog = replace(blog, bylines=shown, lead=lead)
        blog, changes = await commit(connection, None, blog, caller)
        await request.remember(connection, blog.id, now)
    return blog, changes[0].position, changes


async def edit(
    desk: Desk, caller: Caller, slug: str, changed: dict[str, object], *, revision: int | None, epoch: str = "",
    ended_at: datetime | None = None,
) -> Written:
    """Edit a blog. `changed` holds fields of `Furniture`; `revision` is the revision that was edited, or None
    to overwrite the current one; `epoch` the one in which it was read, or empty if that is not known.
    `ended_at` is when a blog that is closed ended, if that was not now.

    Raises:
        NotFound: the caller has no role in this blog.
        Forbidden: the caller is a contributor.
        StaleRevision: the blog has changed since `revision`; carries both versions.
    """
    async with desk.database.read() as connection:
        before = await blogs.by_slug(connection, slug)
        require(caller, Action.BLOG_EDIT, before.id)
    language = str(changed.get("language", before.language))
    tidied = await fittings.prepared(changed, language, summary=before.closing_summary)
    if "lead" in tidied:
        tidied["lead"] = await fittings.looked_up(desk, caller, tidied["lead"], before=before.lead)
    async with desk.database.write() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.BLOG_EDIT, blog.id)
        # Lock the feed's row first, so that the check below holds until the commit.
        await feeds.lock(connection, blog.id)
        blog = await blogs.by_slug(connection, slug)
        same_history = not epoch or await feeds.has_epoch(connection, blog.id, epoch)
        if revision is not None and (revision != blog.revision or not same_history):
            raise StaleRevision(
                current=blog.to_json(newsroom=True), yours=_plain_changed(changed), based_on=str(revision)
            )
        now = max(desk.now(), blog.updated_at)  # the clock may have been set back
        edited = replace(blog, **tidied, revision=blog.revision + 1, updated_at=now)
        shown = await bylines.resolved(connection, caller, edited.bylines, before=blog.bylines, at=now)
        edited = replace(edited, bylines=shown, topics=topics.of_blog(edited.topics))
        if "lead" in changed:
            edited = replace(edited, lead=await fittings.with_pictures(connection, edited.lead, caller))
        if edited.status == "draft" and blog.started_at is not None:
            raise Invalid.field("status", "a blog that has been live cannot become a draft again; close it")
        if edited.status == "live":
            edited = replace(edited, started_at=blog.started_at or now, closed_at=None)
        elif edited.status == "closed":
            edited = replace(edited, closed_at=ended_at or blog.closed_at or now)
        if (edited.language, edited.time_zone) != (blog.language, blog.time_zone):
            # Every entry on open pages renders differently now: a new epoch makes them reload.
            await feeds.renew_epoch(connection, blog.id)
        edited, changes = await commit(connection, blog, edited, caller)
    desk.publish(changes)
    return Written(edited, changes[0].position)


async def readable(connection: AsyncConnection, caller: Caller | None, slug: str) -> Blog:
    """The blog, for members of its newsroom. Raises NotFound for everybody else."""
    blog = await blogs.by_slug(connection, slug)
    if not may(caller, Action.BLOG_READ, blog.id):
        raise NotFound("Blog not found.")
    return blog


async def commit(
    connection: AsyncConnection, before: Blog | None, blog: Blog, caller: Caller
) -> tuple[Blog, list[Change]]:
    """Store a revision and its changes in both feeds; the newsroom's comes first."""
    """Store a revision and its changes in the feeds: that of the newsroom's, then the public one."""
    newsroom = await feeds.advance(connection, FeedKey(blog.id, "newsroom"))
    public = await feeds.advance(connection, FeedKey(blog.id, "public"))
    blog = replace(blog, newsroom_seq=newsroom.seq, public_seq=public.seq)
    await blogs.save(connection, blog)
    await blogs.keep_revision(connection, blog, author_id=caller.id, author_name=caller.name)
    await audit.record_blog(connection, caller, before, blog, at=blog.updated_at)
    return blog, [
        feeds.of_blog(blog, "newsroom", newsroom.epoch),
        feeds.of_blog(blog, "public", public.epoch),
    ]


def _fields(furniture: Furniture) -> dict[str, Any]:
    return {f: getattr(furniture, f) for f in Furniture.__slots__}


def _plain(furniture: Furniture) -> dict[str, object]:
    return _plain_changed(_fields(furniture))


def _plain_changed(changed: dict[str, object]) -> dict[str, object]:
    related = changed.get("related")
    plain = dict(changed)
    if isinstance(related, tuple):
        plain["related"] = [r.to_json() for r in related]
    if isinstance(successor := changed.get("successor"), Related):
        plain["successor"] = successor.to_json()
    if isinstance(planned := changed.get("planned_end"), datetime):
        plain["planned_end"] = to_text(planned)
    if isinstance(lead := changed.get("lead"), Lead):
        plain["lead"] = to_json(lead)
    if isinstance(named := changed.get("bylines"), tuple):
        plain |= {"bylines": [b.to_json() for b in named], "byline": line_of(named)}
    return plain
