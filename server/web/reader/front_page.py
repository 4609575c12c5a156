"""The front page: live blogs by their newest entry, then those that have ended."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.times import to_text
from server.store import blogs, front_page
from server.store.front_page import FrontBlog
from server.text.title import title_of
from server.web.reader import page_cache
from server.web.reader.page_cache import Kept
from server.web.site import site_of

MAX_BLOGS = 50
"""Most live blogs, and most ended ones."""
LINES, LINES_OF_FIRST = 1, 3
"""Entries that are told of each live blog, and of the one with the newest."""


async def index(request: Request) -> Response:
    """`/`: live blogs by their newest entry, each with its line and time, then closed ones, the last to end
    first."""
    site = site_of(request)
    async with site.database.read() as connection:
        state = await blogs.public_state(connection)

    async def make(base: str) -> Kept:
        async with site.database.read() as connection:
            found = await front_page.front_blogs(
                connection, live=MAX_BLOGS, ended=MAX_BLOGS, lines=LINES, lines_of_first=LINES_OF_FIRST
            )
        page = site.renderer.template(
            "reader/index.html", blogs=[_shown(each) for each in found], canonical=f"{base}/"
        )
        return Kept.of(page, etag=page_cache.digest(page), media_type="text/html")

    kept = await site.renderer.pages.get(("index", state), make, base=site.url(request))
    return page_cache.answer(request, kept)


def _shown(found: FrontBlog) -> dict[str, Any]:
    blog = found.blog
    latest = [
        {
            "id": entry.id, "title": title_of(entry.content.title, entry.content.blocks),
            "published_at": to_text(entry.published_at), "language": entry.content.language or blog.language,
        }
        for entry in found.latest
    ]
    return blog.to_json() | {"latest": latest, "updates": found.updates}
