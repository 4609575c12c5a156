"""What search engines and browsers look for by name: robots.txt, favicon.ico and the news sitemap."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from xml.etree import ElementTree as Xml

from starlette.requests import Request
from starlette.responses import Response

from server.domain.times import to_text
from server.store import blogs
from server.store.blogs import PublicBlog
from server.web.conditional import client_has
from server.web.reader import page_cache
from server.web.reader.page_cache import Kept
from server.web.reader.pages import LOGO, publication_of
from server.web.reader.structured_data import Publication
from server.web.reader.xml_document import add, document
from server.web.site import site_of

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
MAX_ADDRESSES = 50_000
"""The limit of the sitemap protocol; what is older is left out. At 50,000 the file has less than its 50 MB."""
MAX_NEWS = 1_000
NEWS_FOR = timedelta(days=2)
"""Google takes that many articles, begun that recently, as news."""
ICON_SIZES = ((16, 16), (32, 32), (48, 48))
ICON_CACHE = "public, max-age=86400"
Xml.register_namespace("news", NEWS)

ROBOTS = """\
User-agent: *
Disallow: /api/
Disallow: /console
Disallow: /live/*/stream
Disallow: /live/*/ws
Disallow: /live/*/changes
Disallow: /live/*?q=
Disallow: /live/*&q=

Sitemap: {base}/sitemap.xml
"""


async def robots(request: Request) -> Response:
    """`/robots.txt`: pages and feeds may be read by all; what never ends, is for the newsroom,
    or is a search that anybody can invent, need not."""
    text = ROBOTS.format(base=site_of(request).url(request))
    return page_cache.answer(request, Kept.of(text, etag=page_cache.digest(text), media_type="text/plain"))


async def favicon(request: Request) -> Response:
    """`/favicon.ico`, for whoever does not read the page's own `<link rel="icon">`."""
    logo = site_of(request).assets.get(LOGO)
    assert logo is not None
    icon = await asyncio.to_thread(_icon, logo.body)
    headers = {"ETag": f'"{hashlib.sha256(icon).hexdigest()[:20]}"', "Cache-Control": ICON_CACHE}
    if client_has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(icon, media_type="image/vnd.microsoft.icon", headers=headers)


async def sitemap(request: Request) -> Response:
    """`/sitemap.xml`: the blogs that readers may see, those of the last two days as news."""
    site = site_of(request)
    now = site.desk.now()
    async with site.database.read() as connection:
        state = await blogs.public_state(connection)

    async def make(base: str) -> Kept:
        async with site.database.read() as connection:
            found = await blogs.public(connection, limit=MAX_ADDRESSES)
        return await asyncio.to_thread(_kept, publication_of(site, base), found, now)

    # what counts as news depends on the hour as well
    key = ("sitemap", state, now.replace(minute=0, second=0, microsecond=0))
    return page_cache.answer(request, await site.renderer.pages.get(key, make, base=site.url(request)))


def make_sitemap(publication: Publication, found: Sequence[PublicBlog], now: datetime) -> str:
    """A sitemap (sitemaps.org 0.9) with Google's news extension. `lastmod` is the newest change readers saw."""
    root = Xml.Element("urlset", {"xmlns": SITEMAP})
    news = 0
    for blog in found[:MAX_ADDRESSES]:
        item = add(root, "url")
        add(item, "loc", f"{publication.base}/live/{blog.slug}")
        add(item, "lastmod", to_text(blog.changed_at))
        if now - blog.started_at <= NEWS_FOR and news < MAX_NEWS:
            news += 1
            _add_news(item, publication, blog)
    return document(root)


def _add_news(item: Xml.Element, publication: Publication, blog: PublicBlog) -> None:
    article = add(item, f"{{{NEWS}}}news")
    paper = add(article, f"{{{NEWS}}}publication")
    add(paper, f"{{{NEWS}}}name", publication.name)
    add(paper, f"{{{NEWS}}}language", _language(blog.language))
    add(article, f"{{{NEWS}}}publication_date", to_text(blog.started_at))
    add(article, f"{{{NEWS}}}title", blog.headline)


def _language(tag: str) -> str:
    """An ISO 639 code, as the news extension wants it; of Chinese it tells two writings apart."""
    tag = tag.lower()
    if not tag.startswith("zh"):
        return tag.partition("-")[0]
    return "zh-tw" if any(part in ("hant", "tw", "hk", "mo") for part in tag.split("-")) else "zh-cn"


def _kept(publication: Publication, found: Sequence[PublicBlog], now: datetime) -> Kept:
    text = make_sitemap(publication, found, now)
    modified = max((blog.changed_at for blog in found), default=None)
    return Kept.of(text, etag=page_cache.digest(text), media_type="application/xml", modified=modified)


@lru_cache(maxsize=1)
def _icon(logo: bytes) -> bytes:
    """The logo as an .ico with the sizes that browsers ask for."""
    from PIL import Image  # it is large, and loaded by those who draw only

    out = io.BytesIO()
    with Image.open(io.BytesIO(logo)) as image:
        image.convert("RGBA").save(out, "ICO", sizes=ICON_SIZES, bitmap_format="bmp")
    return out.getvalue()
