"""RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1 with a blog's newest published entries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree as Xml

from starlette.requests import Request
from starlette.responses import Response

from server.domain import blocks
from server.domain.blog import Blog
from server.domain.change import FeedKey
from server.domain.entry import Entry
from server.domain.times import to_text
from server.media.urls import source
from server.store import entries, feeds
from server.web.reader import page_cache, structured_data
from server.web.reader.page_cache import Kept
from server.web.reader.pages import public_blog, publication_of
from server.web.reader.structured_data import Publication
from server.web.site import site_of

LENGTH = 50
ATOM = "http://www.w3.org/2005/Atom"
_UNPRINTABLE = re.compile("[^\n\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Xml.register_namespace("atom", ATOM)


async def rss(request: Request) -> Response:
    """`/live/{slug}/feed.rss`."""
    return await _serve(request, "rss", "application/rss+xml", make_rss)


async def atom(request: Request) -> Response:
    """`/live/{slug}/feed.atom`."""
    return await _serve(request, "atom", "application/atom+xml", make_atom)


async def json_feed(request: Request) -> Response:
    """`/live/{slug}/feed.json`."""
    return await _serve(request, "json", "application/feed+json", make_json)


async def _serve(
    request: Request, form: str, media_type: str, write: Callable[[Publication, Blog, list[Entry]], str]
) -> Response:
    site = site_of(request)
    slug: str = request.path_params["slug"]
    async with site.database.read() as connection:
        blog = await public_blog(connection, slug)
        position = await feeds.head(connection, FeedKey(blog.id, "public"))
    publication = publication_of(site, site.url(request))

    async def make() -> Kept:
        async with site.database.read() as connection:
            found = await public_blog(connection, slug)
            at = await feeds.head(connection, FeedKey(found.id, "public"))
            newest = await entries.latest(connection, found.id, limit=LENGTH)
        etag = f"{site.renderer.version}-{at}-{form}"
        return Kept.of(write(publication, found, newest), etag=etag, media_type=media_type)

    key = (form, publication.base, blog.id, str(position))
    return page_cache.answer(request, await site.renderer.pages.get(key, make))


def make_rss(publication: Publication, blog: Blog, newest: list[Entry]) -> str:
    """RSS 2.0. `guid` is a tag: URI that never changes."""
    root = Xml.Element("rss", {"version": "2.0"})
    channel = _add(root, "channel")
    _add(channel, "title", blog.headline)
    _add(channel, "link", publication.blog_url(blog))
    _add(channel, "description", blog.standfirst or blog.headline)
    _add(channel, "language", blog.language)
    _add(channel, "lastBuildDate", format_datetime(_modified(blog, newest)))
    _add(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml",
         href=publication.blog_url(blog) + "/feed.rss")
    for entry in newest:
        item = _add(channel, "item")
        _add(item, "title", structured_data.title_of(entry))
        _add(item, "link", publication.entry_url(blog, entry))
        _add(item, "guid", _tag(blog, entry), isPermaLink="false")
        assert entry.published_at is not None
        _add(item, "pubDate", format_datetime(entry.published_at))
        _add(item, "description", html_of(publication, entry))
    return _document(root)


def make_atom(publication: Publication, blog: Blog, newest: list[Entry]) -> str:
    """Atom. Ids are tag: URIs (RFC 4151), which stay the same if the site moves."""
    root = Xml.Element("feed", {"xmlns": ATOM, "xml:lang": blog.language})
    _add(root, "id", _tag(blog))
    _add(root, "title", blog.headline)
    if blog.standfirst:
        _add(root, "subtitle", blog.standfirst)
    _add(root, "updated", to_text(_modified(blog, newest)))
    _add(root, "link", rel="alternate", type="text/html", href=publication.blog_url(blog))
    _add(root, "link", rel="self", type="application/atom+xml",
         href=publication.blog_url(blog) + "/feed.atom")
    _add(_add(root, "author"), "name", blog.byline or publication.name)
    for entry in newest:
        item = _add(root, "entry")
        _add(item, "id", _tag(blog, entry))
        _add(item, "title", structured_data.title_of(entry))
        _add(item, "published", to_text(entry.published_at))
        _add(item, "updated", to_text(entry.edited_at or entry.published_at))
        _add(item, "link", rel="alternate", type="text/html", href=publication.entry_url(blog, entry))
        if entry.content.byline:
            _add(_add(item, "author"), "name", entry.content.byline)
        _add(item, "content", html_of(publication, entry), type="html")
    return _document(root)


def make_json(publication: Publication, blog: Blog, newest: list[Entry]) -> str:
    """JSON Feed 1.1."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": blog.headline,
        "description": blog.standfirst,
        "home_page_url": publication.blog_url(blog),
        "feed_url": publication.blog_url(blog) + "/feed.json",
        "language": blog.language,
        "authors": [{"name": blog.byline or publication.name}],
        "expired": blog.status == "closed",
        "items": [_item(publication, blog, e) for e in newest],
    }
    return json.dumps(feed, ensure_ascii=False)


def _item(publication: Publication, blog: Blog, entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": _tag(blog, entry),
        "url": publication.entry_url(blog, entry),
        "title": structured_data.title_of(entry),
        "content_html": html_of(publication, entry),
        "date_published": to_text(entry.published_at),
        "date_modified": to_text(entry.edited_at or entry.published_at),
    }
    if entry.content.byline:
        item["authors"] = [{"name": entry.content.byline}]
    if (image := structured_data.image_of(entry)) is not None:
        item["image"] = publication.base + source(image)
    return item


def html_of(publication: Publication, entry: Entry) -> str:
    """The entry's blocks as plain HTML with absolute URLs, for feed readers."""
    return "\n".join(_block(publication, block) for block in entry.content.blocks)


def _block(publication: Publication, block: blocks.Block) -> str:
    if isinstance(block, blocks.Text):
        return block.html
    if isinstance(block, blocks.Quote):
        cite = f"<p>— {_escape(block.cite)}</p>" if block.cite else ""
        return f"<blockquote>{block.html}{cite}</blockquote>"
    if isinstance(block, blocks.Image):
        words = _escape(" ".join(w for w in (block.caption, block.credit) if w))
        caption = f"<figcaption>{words}</figcaption>" if words else ""
        return (
            f'<figure><img src="{_escape(publication.base + source(block))}" alt="{_escape(block.alt)}" '
            f'width="{block.width}" height="{block.height}">{caption}</figure>'
        )
    name = block.title or block.provider or block.url
    byline = f" ({_escape(block.byline)})" if isinstance(block, blocks.Video) and block.byline else ""
    return f'<p><a href="{_escape(block.url)}">{_escape(name)}</a>{byline}</p>'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _tag(blog: Blog, entry: Entry | None = None) -> str:
    """A tag: URI made only of values that never change; the site's address is not one of them."""
    path = f"{blog.id}/{entry.id}" if entry else blog.id
    return f"tag:stoppress.invalid,{blog.created_at.year}:{path}"


def _modified(blog: Blog, newest: list[Entry]) -> datetime:
    return max([blog.updated_at, *(e.updated_at for e in newest)])


def _add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, name, attributes)
    element.text = _printable(text) if text else None
    return element


def _printable(text: str) -> str:
    """The text without characters that XML 1.0 cannot express."""
    return _UNPRINTABLE.sub("", text)


def _document(root: Xml.Element) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode")

