"""`/api/v1/blogs/{slug}/entries`: entries, their revisions, retracting and restoring them.

Readers get published entries; members of the newsroom get what their role may see
    (newsroom/entries.visible_to).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.change import FeedKey, FeedName
from server.domain.entry import STATUSES, Entry, EntryStatus
from server.domain.errors import Gone, Invalid, NotFound
from server.domain.permissions import Action, Caller, may
from server.domain.position import Position
from server.domain.times import to_text
from server.newsroom import entries
from server.store import entries as stored
from server.store import feeds
from server.web.api import blogs, request_parsing
from server.web.api.json_response import shown
from server.web.api.request_models import EntryBody, EntryChanges, as_sent, blocks_of, bylines_of, content_of
from server.web.authenticate import caller_of, require_caller, require_caller_in_blog
from server.web.conditional import edited_version
from server.web.site import site_of

SEEN_BY_ALL: tuple[EntryStatus, ...] = ("published", "retracted")
"""Statuses visible to every member of the blog's newsroom; others only to the author and editors."""


async def index(request: Request) -> Response:
    """Newest first by creation; `?before=` takes `next` of the previous page."""
    request_parsing.known(request, "status", "limit", "before")
    limit, before = request_parsing.limit_of(request), request_parsing.before_of(request)
    caller = await caller_of(request)
    wanted = _statuses(request)
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
        newsroom = may(caller, Action.BLOG_READ, blog.id)
        found: list[Entry] = []
        for statuses, author in _parts(caller, blog, wanted):
            found += await stored.listed(
                connection, blog.id, statuses=statuses, author_id=author, before=before, limit=limit + 1
            )
        epochs = await _epochs(connection, blog)
    found.sort(key=lambda e: (e.created_at, e.id), reverse=True)
    page = found[:limit]
    further = request_parsing.cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    items = [_json(e, _position(e, epochs), newsroom=newsroom) for e in page]
    return shown(request, caller, {"entries": items, "next": further})


async def create(request: Request) -> Response:
    """Published immediately unless `status` says otherwise; a contributor's entry becomes `pending`. A retry
    with the same Idempotency-Key returns the same entry in its current state."""
    caller = await require_caller_in_blog(request, Action.ENTRY_CREATE)
    body = await request_parsing.read(request, EntryBody)
    draft = entries.Draft(content_of(body), body.status, body.publish_at)
    slug = request.path_params["slug"]
    try:
        written = await entries.create(
            site_of(request).desk, caller, slug, draft, key=request.headers.get("idempotency-key")
        )
    except Invalid as error:
        raise as_sent(error, body.body) from error
    headers = {"Location": f"/api/v1/blogs/{slug}/entries/{written.entry.id}"}
    if written.replayed:
        headers["Idempotency-Replayed"] = "true"
    return _written(request, caller, written, status=201, headers=headers)


async def show(request: Request) -> Response:
    """A retracted entry is 410 for readers; members of the newsroom get it without content."""
    request_parsing.known(request)
    caller = await caller_of(request)
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
        entry = await stored.get(connection, blog.id, request.path_params["id"])
        epochs = await _epochs(connection, blog)
    newsroom = may(caller, Action.BLOG_READ, blog.id)
    if newsroom:
        assert caller is not None
        if not entries.visible_to(caller, blog, entry):
            raise NotFound("Entry not found.")
    elif entry.status == "retracted" and entry.public_seq is not None:
        raise Gone
    elif entry.status != "published":
        raise NotFound("Entry not found.")
    position = _position(entry, epochs)
    data = _json(entry, position, newsroom=newsroom)
    return shown(request, caller, data, revision=entry.revision, position=position)


async def edit(request: Request) -> Response:
    """What is left out stays; a `publish_at` of null cancels a schedule. Needs If-Match."""
    caller = await require_caller_in_blog(request, Action.ENTRY_CREATE)
    body = await request_parsing.read(request, EntryChanges)
    given = body.model_fields_set
    plain = given & {"title", "language", "pinned", "pin_order", "key", "breaking"}
    edited = edited_version(request, required=True)
    changed: dict[str, Any] = {name: getattr(body, name) for name in plain}
    if given & {"byline", "bylines"}:
        changed["bylines"] = bylines_of(body)
    if "topics" in given:
        changed["topics"] = tuple(body.topics)
    if given & {"body", "blocks"}:
        changed["blocks"] = blocks_of(body.body, body.blocks)
    try:
        written = await entries.edit(
            site_of(request).desk, caller, request.path_params["slug"], request.path_params["id"], changed,
            revision=edited.revision, epoch=edited.epoch,
            status=body.status if "status" in given else None,
            publish_at=body.publish_at if "publish_at" in given else "unchanged", note=body.note,
            correction=body.correction, remove_from_history=body.remove_from_history,
        )
    except Invalid as error:
        raise as_sent(error, body.body) from error
    return _written(request, caller, written)


async def retract(request: Request) -> Response:
    """Readers see a short note in its place. If-Match is optional."""
    caller = await require_caller(request)
    edited = edited_version(request, required=False)
    written = await entries.retract(
        site_of(request).desk, caller, request.path_params["slug"], request.path_params["id"],
        revision=edited.revision, epoch=edited.epoch,
    )
    return _written(request, caller, written)


async def restore(request: Request) -> Response:
    """Undo a retraction."""
    caller = await require_caller(request)
    written = await entries.restore(
        site_of(request).desk, caller, request.path_params["slug"], request.path_params["id"]
    )
    return _written(request, caller, written)


async def revisions(request: Request) -> Response:
    """All revisions, newest first; without content while the entry is retracted."""
    request_parsing.known(request)
    caller = await require_caller(request)
    async with site_of(request).database.read() as connection:
        entry, found = await entries.history(
            connection, caller, request.path_params["slug"], request.path_params["id"]
        )
    return shown(request, caller, {"id": entry.id, "revisions": [_revision(r) for r in found]})


def _written(
    request: Request,
    caller: Caller,
    written: entries.Written,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    data = _json(written.entry, written.position, newsroom=True)
    return shown(
        request, caller, data, status=status, revision=written.entry.revision, position=written.position,
        headers=headers,
    )


def _statuses(request: Request) -> list[EntryStatus]:
    text = request.query_params.get("status")
    if text is None:
        return list(STATUSES)
    names = text.split(",")
    if not all(name in STATUSES for name in names):
        raise Invalid.field("status", f"must be a comma-separated list of {', '.join(STATUSES)}")
    return [s for s in STATUSES if s in names]


def _parts(
    caller: Caller | None, blog: Blog, wanted: Sequence[EntryStatus]
) -> list[tuple[list[EntryStatus], str | None]]:
    """Store queries as `(statuses, author)` that together return what the caller's role may see."""
    if request_parsing.publishes(caller, blog.id):
        return [(list(wanted), None)]
    if caller is None or not may(caller, Action.BLOG_READ, blog.id):
        return [([s for s in wanted if s == "published"], None)]
    return [
        ([s for s in wanted if s in SEEN_BY_ALL], None),
        ([s for s in wanted if s not in SEEN_BY_ALL], caller.id),
    ]


async def _epochs(connection: AsyncConnection, blog: Blog) -> dict[FeedName, str]:
    keys = [FeedKey(blog.id, "public"), FeedKey(blog.id, "newsroom")]
    return {key.name: position.epoch for key, position in (await feeds.heads(connection, keys)).items()}


def _position(entry: Entry, epochs: dict[FeedName, str]) -> Position:
    """The entry's position: in the public feed if it is in it, otherwise in the newsroom feed."""
    if entry.public_seq is not None:
        return Position(epochs["public"], entry.public_seq)
    return Position(epochs["newsroom"], entry.newsroom_seq)


def _json(entry: Entry, position: Position, *, newsroom: bool) -> dict[str, Any]:
    return entry.to_json(newsroom=newsroom) | {"position": str(position)}


def _revision(revision: stored.Revision) -> dict[str, Any]:
    return {
        "revision": revision.revision,
        "status": revision.status,
        **revision.content.to_json(),
        "author": {"id": revision.author_id, "name": revision.author_name},
        "at": to_text(revision.at),
        "correction": revision.correction,
        "hidden": revision.hidden,
    }
