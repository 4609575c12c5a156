"""`/console/blogs/{slug}/preview`: an entry as readers would see it, without keeping anything. A script sends
what stands in its editor as the body of a new entry, or one link of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.blocks import to_json
from server.domain.blog import Blog
from server.domain.entry import Content, Entry
from server.domain.permissions import Action, Caller, require
from server.domain.times import now
from server.newsroom import blogs, previews
from server.newsroom.content import language_of, prepare
from server.store import feeds
from server.web.api import request_parsing
from server.web.api.request_models import Body, EmbedBody, EntryBody, VideoBody, blocks_of, content_of
from server.web.authenticate import require_caller
from server.web.site import site_of


async def show(request: Request) -> Response:
    """`{"html"}`. Answers errors as the API does: the script shows them."""
    caller = await require_caller(request)
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.ENTRY_CREATE, blog.id)
    body = await request_parsing.read(request, EntryBody)
    html = await rendered(request, caller, blog, content_of(body))
    return JSONResponse({"html": html}, headers={"Cache-Control": "no-store"})


class LinkBody(Body):
    """A link of the editor, with what is known about it already."""

    block: Annotated[EmbedBody | VideoBody, Field(discriminator="type")]


async def link(request: Request) -> Response:
    """`…/link`: the card or facade that readers will get of a link, before it is published: `{"block",
    "html"}`.
    The block is what publishing would keep, so that it need not look the link up again."""
    caller = await require_caller(request)
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.ENTRY_CREATE, blog.id)
    body = await request_parsing.read(request, LinkBody)
    content = Content(blocks=blocks_of("", [body.block]))
    content = await prepare(content, language_of(content, blog))
    content = await previews.filled(site_of(request).desk, caller, content, before=())
    (block,) = content.blocks
    html = await rendered(request, caller, blog, content)
    return JSONResponse({"block": to_json(block), "html": html}, headers={"Cache-Control": "no-store"})


async def rendered(
    request: Request, caller: Caller, blog: Blog, content: Content, before: Entry | None = None
) -> str:
    """The `<article>` of this content. Raises Invalid."""
    content = await prepare(content, language_of(content, blog))
    at = before.published_at if before and before.published_at else now()
    made = Entry(
        id="preview", blog_id=blog.id, status="published", revision=0, content=content,
        author_id=caller.id, author_name=caller.name, created_at=at, updated_at=at, published_at=at,
    )
    return site_of(request).renderer.entry(feeds.of_entry(made, blog, "newsroom", ""))
