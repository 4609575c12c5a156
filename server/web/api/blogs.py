"""`/api/v1/blogs`: live blogs."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import STATUSES, Blog, BlogStatus, Related
from server.domain.change import FeedKey, FeedName
from server.domain.errors import Invalid, NotFound
from server.domain.permissions import Action, Caller, may
from server.domain.position import Position
from server.newsroom import blogs
from server.store import blogs as stored
from server.store import feeds
from server.web.api import request_parsing
from server.web.api.json_response import shown
from server.web.api.request_models import BlogBody, BlogChanges, RelatedBody, bylines_of, lead_of
from server.web.authenticate import caller_of, require_caller, require_caller_in_blog
from server.web.conditional import edited_version
from server.web.site import site_of

PUBLIC: tuple[BlogStatus, ...] = ("live", "closed")


async def index(request: Request) -> Response:
    """Newest first. Drafts are listed for members of their newsroom only."""
    request_parsing.known(request, "status", "limit", "before")
    limit, before = request_parsing.limit_of(request), request_parsing.before_of(request)
    caller = await caller_of(request)
    wanted = request.query_params.get("status")
    if wanted is not None and wanted not in STATUSES:
        raise Invalid.field("status", f"must be one of {', '.join(STATUSES)}")
    statuses = [s for s in STATUSES if wanted in (None, s)]
    async with site_of(request).database.read() as connection:
        found = await stored.listed(
            connection, statuses=[s for s in statuses if s in PUBLIC], before=before, limit=limit + 1
        )
        if "draft" in statuses and caller is not None:
            found += await stored.listed(
                connection, statuses=["draft"], before=before, limit=limit + 1,
                only=None if caller.role else list(caller.blog_roles),
            )
    found.sort(key=lambda b: (b.created_at, b.id), reverse=True)
    page = found[:limit]
    further = request_parsing.cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return shown(request, caller, {"blogs": [b.to_json() for b in page], "next": further})


async def create(request: Request) -> Response:
    """A retry with the same Idempotency-Key returns the same blog."""
    caller = await require_caller(request, Action.BLOG_CREATE)
    body = await request_parsing.read(request, BlogBody)
    furniture = blogs.Furniture(**furniture_of(body, set(blogs.Furniture.__slots__)))
    written = await blogs.create(
        site_of(request).desk, caller, body.slug, furniture, key=request.headers.get("idempotency-key")
    )
    return shown(
        request, caller, _json(written.blog, written.position), status=201, revision=written.blog.revision,
        position=written.position, headers={"Location": f"/api/v1/blogs/{written.blog.slug}"},
    )


async def show(request: Request) -> Response:
    """Drafts are visible to members of their newsroom only."""
    request_parsing.known(request)
    caller = await caller_of(request)
    async with site_of(request).database.read() as connection:
        blog = await readable(connection, caller, request.path_params["slug"])
        newsroom = may(caller, Action.BLOG_READ, blog.id)
        feed: FeedName = "newsroom" if newsroom else "public"
        head = await feeds.head(connection, FeedKey(blog.id, feed))
    # the position moves with every entry, so it is part of the version that a GET answers with
    return shown(request, caller, _json(blog, head, newsroom=newsroom), revision=blog.revision, position=head)


async def edit(request: Request) -> Response:
    """Fields that are omitted stay unchanged. Requires If-Match."""
    caller = await require_caller_in_blog(request, Action.BLOG_EDIT)
    body = await request_parsing.read(request, BlogChanges)
    edited = edited_version(request, required=True)
    written = await blogs.edit(
        site_of(request).desk, caller, request.path_params["slug"], furniture_of(body, body.model_fields_set),
        revision=edited.revision, epoch=edited.epoch,
    )
    data = _json(written.blog, written.position)
    return shown(request, caller, data, revision=written.blog.revision, position=written.position)


async def readable(connection: AsyncConnection, caller: Caller | None, slug: str) -> Blog:
    """The blog, if it is public or the caller has a role in it. Raises NotFound."""
    blog = await stored.by_slug(connection, slug)
    if blog.status not in PUBLIC and not may(caller, Action.BLOG_READ, blog.id):
        raise NotFound("Blog not found.")
    return blog


def furniture_of(body: BlogChanges, wanted: set[str]) -> dict[str, Any]:
    """The fields of `Furniture` that a body asks for; `wanted` are names of the body's fields."""
    values: dict[str, Any] = {name: getattr(body, name) for name in wanted - {"byline", "bylines"}}
    if wanted & {"byline", "bylines"}:
        values["bylines"] = bylines_of(body)
    if "lead" in values:
        values["lead"] = lead_of(body)
    if isinstance(successor := values.get("successor"), RelatedBody):
        values["successor"] = Related(successor.title, successor.url)
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(
                Related(v.title, v.url) if isinstance(v, RelatedBody) else v for v in value
            )
    return values


def _json(blog: Blog, position: Position, *, newsroom: bool = True) -> dict[str, Any]:
    return blog.to_json(newsroom=newsroom) | {"position": str(position)}
