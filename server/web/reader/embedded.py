"""A live blog inside another site: the page for an iframe, and the oEmbed data (oembed.com, version 1.0) by
which content management systems find it when somebody pastes a blog's address."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.blog import Blog
from server.domain.errors import Invalid, NotFound
from server.store import entries
from server.text.title import title_of
from server.web.reader import page_cache, pages
from server.web.reader.page_cache import Kept
from server.web.reader.pages import HTML, public_blog
from server.web.reader.view import View
from server.web.reader.xml_document import add, document
from server.web.site import Site, site_of

WIDTH, HEIGHT = 680, 800
"""Pixels of the frame, unless less is asked for."""
LEAST = 200
CACHE_SECONDS = 3600
FRESH_SECONDS = 60
"""For caches on the way: a headline may be corrected."""
_PATH = re.compile(r"/live/([^/]+)(?:/entries/([^/]+))?/?")


async def frame(request: Request) -> Response:
    """`/live/{slug}/embed`: the blog without the site around it, which reports its height to the page that
    frames it. Who may frame it is a setting."""
    site = site_of(request)
    slug, base, view = request.path_params["slug"], site.url(request), View()
    async with site.database.read() as connection:
        snapshot = await pages.take(connection, slug, view)
    etag = page_cache.digest(f"{site.renderer.version}-{snapshot.position}-embed-{base}")
    page = pages.render(site, snapshot, base, template="reader/embedded.html")
    answer = page_cache.answer(request, Kept.of(page, etag=etag, media_type=HTML))
    answer.headers["Content-Security-Policy"] = site.security.framed_by(site.frame_ancestors)
    return answer


async def oembed(request: Request) -> Response:
    """`/oembed?url=…&format=json|xml&maxwidth=&maxheight=`: a frame where other sites may frame the blog, or
    else a link; an entry is always a link."""
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
        title = blog.headline
        if entry_id:
            entry = await entries.get(connection, blog.id, entry_id)
            if not entry.public:
                raise NotFound("Update not found.")
            title = title_of(entry.content.title, entry.content.blocks)
    data: dict[str, Any] = {
        "version": "1.0", "type": "link", "title": title, "provider_name": site.name,
        "provider_url": base + "/",
        "cache_age": CACHE_SECONDS,
    }
    if entry_id or not site.frame_ancestors:
        return data
    return data | {"type": "rich", "width": width, "height": height, "html": _html(base, blog, width, height)}


def _html(base: str, blog: Blog, width: int, height: int) -> str:
    """WordPress shows the quotation until the frame has reported its height."""
    page = f"{base}/live/{blog.slug}"
    return str(
        Markup(
            '<blockquote><a href="{page}">{title}</a></blockquote><iframe src="{page}/embed" width="{width}" '
            'height="{height}" frameborder="0" title="{title}"></iframe>'
        ).format(page=page, title=blog.headline, width=width, height=height)
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
