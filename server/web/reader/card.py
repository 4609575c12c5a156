"""`/live/{slug}/card.png` and `/live/{slug}/entries/{id}/card.png`: what stands for a blog or an entry in link
previews where it has no picture."""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.entry import Entry
from server.domain.errors import Gone
from server.media import card
from server.text.title import title_of
from server.web.reader import page_cache
from server.web.reader.page_cache import Kept
from server.web.reader.pages import entry_on_page, public_blog
from server.web.render import direction
from server.web.site import Site, site_of

FONTS = ("newsreader-display", "newsreader-display-ext", "noto-naskh-arabic")


async def blog_card(request: Request) -> Response:
    """The card of a blog."""
    async with site_of(request).database.read() as connection:
        found = await public_blog(connection, request.path_params["slug"])
    return await _serve(request, found, None)


async def entry_card(request: Request) -> Response:
    """The card of an entry; 410 once it is retracted."""
    async with site_of(request).database.read() as connection:
        found = await public_blog(connection, request.path_params["slug"])
        item, _ = await entry_on_page(connection, found, request.path_params["id"])
    if not item.public:
        raise Gone
    return await _serve(request, found, item)


async def _serve(request: Request, blog: Blog, entry: Entry | None) -> Response:
    site = site_of(request)
    words = (blog.headline, "", blog.language)
    if entry is not None:
        title = title_of(entry.content.title, entry.content.blocks)
        words = (title, blog.headline, entry.content.language or blog.language)

    async def make() -> Kept:
        async with site.drawing:
            data = await asyncio.to_thread(partial(_draw, site, *words))
        etag = page_cache.digest(f"{site.renderer.version} {words!r}")
        return Kept.of_bytes(data, etag=etag, media_type="image/png")

    return page_cache.answer(request, await site.renderer.cards.get(words, make))


def _draw(site: Site, title: str, above: str, language: str) -> bytes:
    fonts = [found.body for name in FONTS if (found := site.assets.font(name)) is not None]
    return card.draw(title, site.name, above, fonts=fonts, right_to_left=direction(language) == "rtl")
