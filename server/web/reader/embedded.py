"""A live blog inside another site: the page for an iframe, and the oEmbed data (oembed.com, version 1.0) by
which content management systems find it when somebody pastes a blog's address."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.change import FeedKey
from server.domain.errors import Invalid, NotFound
from server.store import feeds
from server.text.title import title_of
from server.web.kept_responses import holds_at
from server.web.reader import page_cache, pages
from server.web.reader.page_cache import Kept
from server.web.reader.pages import HTML, public_blog
from server.web.reader.view import view_of
from server.web.reader.xml_document import add, document
from server.web.site import Site, site_of

WIDTH, HEIGHT = 680, 800
"""Pixels of the frame, unless less is asked for."""
ENTRY_HEIGHT = 400
LEAST = 200
MOST_ENTRIES = 39
"""A page has no more (reader/pagination.py)."""
CACHE_SECONDS = 3600
FRESH_SECONDS = 60
"""For caches on the way: a headline may be corrected."""
_PATH = re.compile(r"/live/([^/]+)(?:/entries/([^/]+))?/?")


async def frame(request: Request) -> Response:
    """`/live/{slug}/embed`: the blog without the site around it, which reports its height to the page that
    frames it. Who may frame it is a setting."""
    site = site_of(request)
    answer = page_cache.answer(request, await part_of_blog(request, "reader/embedded.html"))
    answer.headers["Content-Security-Policy"] = site.security.framed_by(site.frame_ancestors)
    return answer


async def entry_frame(request: Request) -> Response:
    """`/live/{slug}/entries/{id}/embed`: one update for a frame, or the note that it was retracted. It follows
    the stream, so it is no error either way."""
    site, entry_id = site_of(request), request.path_params["id"]
    slug = request.path_params["slug"]
    blog_id, position = await pages.standing(request, slug)
    holds_at(request, FeedKey(blog_id, "public"), position)

    async def make(base: str) -> Kept:
        async with site.database.read() as connection:
            blog = await public_blog(connection, slug)
            item, _ = await pages.entry_on_page(connection, blog, entry_id)
            at = await feeds.head(connection, FeedKey(blog.id, "public"))
        page = site.renderer.template(
            "reader/embedded_entry.html", language=blog.language, blog=blog.to_json(), position=str(at),
            entry=site.renderer.entry(feeds.of_entry(item, blog, "public", at.epoch)),
            canonical=pages.publication_of(site, base).entry_url(blog, item),
        )
        etag = page_cache.digest(f"{site.renderer.version}-{at}-{item.id}-embed-{base}")
        return Kept.of(page, etag=etag, media_type=HTML)

    key = ("entry", blog_id, str(position), entry_id)
    answer = page_cache.answer(request, await site.renderer.embedded.get(key, make, base=site.url(request)))
    answer.headers["Content-Security-Policy"] = site.security.framed_by(site.frame_ancestors)
    return answer


async def part_of_blog(request: Request, template: str) -> Kept:
    """A page for other sites: the blog, or by `?topic=`, `?key=1` and `?order=oldest` some of it, at most
    `?limit=` entries below those that are pinned. Raises NotFound, Invalid."""
    site, slug = site_of(request), request.path_params["slug"]
    view = replace(view_of(request.query_params), query="", before=None, after=None)
    limit = _limit(request.query_params.get("limit"))
    blog_id, position = await pages.standing(request, slug)
    if not view.refresh:
        holds_at(request, FeedKey(blog_id, "public"), position)

    async def make(base: str) -> Kept:
        async with site.database.read() as connection:
            snapshot = await pages.take(connection, slug, view)
        if limit:
            snapshot = snapshot.limited(limit)
        parts = (site.renderer.version, snapshot.position, template, view, limit, base)
        page = pages.render(site, snapshot, base, template=template)
        return Kept.of(page, etag=page_cache.digest(repr(parts)), media_type=HTML)

    key = (template, blog_id, str(position), view, limit)
    return await site.renderer.embedded.get(key, make, base=site.url(request))


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_ENTRIES):
        raise Invalid.field("limit", f"must be a number from 1 to {MOST_ENTRIES}")
    return int(text)


async def oembed(request: Request) -> Response:
    """`/oembed?url=…&format=json|xml&maxwidth=&maxheight=`: a frame where other sites may frame the blog, or
    else a link."""
    site, query = site_of(request), request.query_params
    form = query.get("format", "json")
    if form not in ("json", "xml"):
        raise Invalid.field("format", "must be json or xml")
    width = _size(query.get("maxwidth"), "maxwidth", WIDTH)
    height = _size(query.get("maxheight"), "maxheight", HEIGHT)
    data = await _data(request, site, query.get("url", ""), width, height)
    headers = {"Cache-Control": f"public, max-age={FRESH_SECONDS}"}
    if form == "json":
        return JSONResponse(data, headers=headers)
    root = Xml.Element("oembed")
    for name, value in data.items():
        add(root, name, str(value))
    return Response(document(root), media_type="text/xml", headers=headers)


async def _data(request: Request, site: Site, url: str, width: int, height: int) -> dict[str, Any]:
    base = site.url(request)
    slug, entry_id = _target(url, base, request.headers.get("host", ""))
    async with site.database.read() as connection:
        blog = await public_blog(connection, slug)
        title, page = blog.headline, f"{base}/live/{blog.slug}"
        if entry_id:
            entry, _ = await pages.entry_on_page(connection, blog, entry_id)
            if not entry.public:
                raise NotFound("Update not found.")
            title = title_of(entry.content.title, entry.content.blocks)
            page, height = f"{page}/entries/{entry.id}", min(height, ENTRY_HEIGHT)
    data: dict[str, Any] = {
        "version": "1.0", "type": "link", "title": title, "provider_name": site.name,
        "provider_url": base + "/",
        "cache_age": CACHE_SECONDS,
    }
    if not site.frame_ancestors:
        return data
    return data | {"type": "rich", "width": width, "height": height, "html": _html(page, title, width, height)}


def _html(page: str, title: str, width: int, height: int) -> str:
    """WordPress shows the quotation until the frame has reported its height."""
    return str(
        Markup(
            '<blockquote><a href="{page}">{title}</a></blockquote><iframe src="{page}/embed" width="{width}" '
            'height="{height}" frameborder="0" title="{title}"></iframe>'
        ).format(page=page, title=title, width=width, height=height)
    )


def _target(url: str, base: str, host: str) -> tuple[str, str | None]:
    """The slug and the entry that an address of this site names. Raises NotFound."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise NotFound("This is no address of this site.") from None
    found = _PATH.fullmatch(parts.path)
    ours = {urlsplit(base).netloc, host}
    if parts.scheme not in ("http", "https") or parts.netloc not in ours or found is None:
        raise NotFound("This is no address of this site.")
    return found[1], found[2]


def _size(text: str | None, name: str, usual: int) -> int:
    """The size in pixels, at most what is asked for. Raises Invalid."""
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid.field(name, "must be a number of pixels")
    return max(LEAST, min(usual, int(text)))
