"""`/console/blogs/{slug}/preview`: an entry as readers would see it, without keeping anything. A script sends
what stands in its editor as the body of a new entry."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.blog import Blog
from server.domain.entry import Content, Entry
from server.domain.permissions import Action, Caller, require
from server.domain.times import now
from server.newsroom import blogs
from server.newsroom.content import language_of, prepare
from server.store import feeds
from server.web.api import request_parsing
from server.web.api.request_models import EntryBody, blocks_of, bylines_of
from server.web.authenticate import require_caller
from server.web.site import site_of


async def show(request: Request) -> Response:
    """`{"html"}`. Answers errors as the API does: the script shows them."""
    caller = await require_caller(request)
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.ENTRY_CREATE, blog.id)
    body = await request_parsing.read(request, EntryBody)
    content = Content(
        title=body.title, blocks=blocks_of(body.body, body.blocks), bylines=bylines_of(body),
        topics=tuple(body.topics), language=body.language, pinned=body.pinned, key=body.key,
        breaking=body.breaking,
    )
    return JSONResponse(
        {"html": await rendered(request, caller, blog, content)}, headers={"Cache-Control": "no-store"}
    )


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
