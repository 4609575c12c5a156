"""RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1 with a blog's newest published entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, TypeAlias
from xml.etree import ElementTree as Xml

from starlette.requests import Request
from starlette.responses import Response

from server.domain import blocks
from server.domain.blog import Blog
from server.domain.byline import Byline
from server.domain.change import FeedKey
from server.domain.entry import Entry
from server.domain.times import to_text
from server.media.urls import source
from server.store import entries, feeds
from server.text.absolute_urls import absolute
from server.text.title import title_of
from server.web.conditional import last_modified
from server.web.kept_responses import holds_at
from server.web.reader import page_cache, structured_data
from server.web.reader.page_cache import Kept
from server.web.reader.pages import public_blog, publication_of
from server.web.reader.structured_data import Publication
from server.web.reader.xml_document import add, document, printable
from server.web.site import site_of

LENGTH = 50
COVERED = "This picture may be distressing. See it on the page."
ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
XML = "http://www.w3.org/XML/1998/namespace"
Xml.register_namespace("atom", ATOM)
Xml.register_namespace("dc", DC)
Write: TypeAlias = Callable[[Publication, Blog, list[Entry], datetime], str]
"""Makes a feed of a blog and its newest entries; the moment is that of the newest change readers saw."""


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
    request: Request, form: str, media_type: str, write: Write
) -> Response:
    site = site_of(request)
    slug: str = request.path_params["slug"]
    async with site.database.read() as connection:
        blog = await public_blog(connection, slug)
        position = await feeds.head(connection, FeedKey(blog.id, "public"))

    async def make(base: str) -> Kept:
        async with site.database.read() as connection:
            found = await public_blog(connection, slug)
            at = await feeds.head(connection, FeedKey(found.id, "public"))
            newest = await entries.latest(connection, found.id, limit=LENGTH)
            changed_at = await entries.changed_at(connection, found.id) or found.updated_at
        modified = max(found.updated_at, changed_at)
        etag = f"{site.renderer.version}-{at}-{form}"
        text = write(publication_of(site, base), found, newest, modified)
        return Kept.of(text, etag=etag, media_type=media_type, modified=modified)

    key = (form, blog.id, str(position))
    kept = await site.renderer.pages.get(key, make, base=site.url(request))
    if last_modified(kept.modified):  # in the second of a change it is left out
        holds_at(request, FeedKey(blog.id, "public"), position)
        site.hub.keep_warm(FeedKey(blog.id, "public"))
    return page_cache.answer(request, kept)


def make_rss(publication: Publication, blog: Blog, newest: list[Entry], modified: datetime) -> str:
    """RSS 2.0. `guid` is the permalink's path-free id, which never changes. RSS's own `author` must be a mail
    address, so names stand in `dc:creator`."""
    root = Xml.Element("rss", {"version": "2.0"})
    channel = add(root, "channel")
    add(channel, "title", blog.headline)
    add(channel, "link", publication.blog_url(blog))
    add(channel, "description", blog.standfirst or blog.headline)
    add(channel, "language", blog.language)
    add(channel, "lastBuildDate", format_datetime(modified.astimezone(UTC), usegmt=True))
    add(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml",
         href=publication.blog_url(blog) + "/feed.rss")
    _creators(channel, blog.bylines)
    for entry in newest:
        item = add(channel, "item")
        add(item, "title", title_of(entry.content.title, entry.content.blocks))
        add(item, "link", publication.entry_url(blog, entry))
        add(item, "guid", _tag(blog, entry), isPermaLink="false")
        assert entry.published_at is not None
        add(item, "pubDate", format_datetime(entry.published_at.astimezone(UTC), usegmt=True))
        _creators(item, entry.content.bylines)
        for topic in entry.content.topics:
            add(item, "category", topic)
        if entry.content.language:
            add(item, f"{{{DC}}}language", entry.content.language)
        add(item, "description", html_of(publication, blog, entry))
    return document(root)


def make_atom(publication: Publication, blog: Blog, newest: list[Entry], modified: datetime) -> str:
    """Atom. Ids are tag: URIs (RFC 4151), which stay the same if the site moves."""
    root = Xml.Element("feed", {"xmlns": ATOM, f"{{{XML}}}lang": blog.language})
    add(root, "id", _tag(blog))
    add(root, "title", blog.headline)
    if blog.standfirst:
        add(root, "subtitle", blog.standfirst)
    add(root, "updated", to_text(modified))
    add(root, "link", rel="alternate", type="text/html", href=publication.blog_url(blog))
    add(root, "link", rel="self", type="application/atom+xml",
         href=publication.blog_url(blog) + "/feed.atom")
    _authors(root, blog.bylines or (Byline(publication.name, url=publication.base + "/"),))
    for entry in newest:
        item = add(root, "entry")
        if entry.content.language:
            item.set(f"{{{XML}}}lang", entry.content.language)
        add(item, "id", _tag(blog, entry))
        add(item, "title", title_of(entry.content.title, entry.content.blocks))
        add(item, "published", to_text(entry.published_at))
        add(item, "updated", to_text(entry.edited_at or entry.published_at))
        add(item, "link", rel="alternate", type="text/html", href=publication.entry_url(blog, entry))
        _authors(item, entry.content.bylines)
        for topic in entry.content.topics:
            add(item, "category", term=printable(topic))
        add(item, "content", html_of(publication, blog, entry), type="html")
    return document(root)


def make_json(publication: Publication, blog: Blog, newest: list[Entry], _modified: datetime) -> str:
    """JSON Feed 1.1."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": blog.headline,
        "description": blog.standfirst,
        "home_page_url": publication.blog_url(blog),
        "feed_url": publication.blog_url(blog) + "/feed.json",
        "language": blog.language,
        "authors": [_author(publication, b) for b in blog.bylines] or [
            {"name": publication.name, "url": publication.base + "/"}
        ],
        "expired": blog.status == "closed",
        "items": [_item(publication, blog, e) for e in newest],
    }
    return json.dumps(feed, ensure_ascii=False)


def _item(publication: Publication, blog: Blog, entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": _tag(blog, entry),
        "url": publication.entry_url(blog, entry),
        "title": title_of(entry.content.title, entry.content.blocks),
        "content_html": html_of(publication, blog, entry),
        "date_published": to_text(entry.published_at),
        "date_modified": to_text(entry.edited_at or entry.published_at),
    }
    if entry.content.bylines:
        item["authors"] = [_author(publication, b) for b in entry.content.bylines]
    if entry.content.language:
        item["language"] = entry.content.language
    if entry.content.topics:
        item["tags"] = list(entry.content.topics)
    if (image := structured_data.image_of(entry)) is not None:
        item["image"] = publication.base + source(image)
    return item


def _creators(parent: Xml.Element, bylines: Sequence[Byline]) -> None:
    for byline in bylines:
        add(parent, f"{{{DC}}}creator", byline.name)


def _authors(parent: Xml.Element, bylines: Sequence[Byline]) -> None:
    """An entry of Atom without an author has its feed's (RFC 4287 §4.1.1)."""
    for byline in bylines:
        author = add(parent, "author")
        add(author, "name", byline.name)
        if byline.url:
            add(author, "uri", byline.url)


def _author(publication: Publication, byline: Byline) -> dict[str, str]:
    parts = {"name": byline.name, "url": byline.url or "", "avatar": publication.picture(byline)}
    return {name: part for name, part in parts.items() if part}


def html_of(publication: Publication, blog: Blog, entry: Entry) -> str:
    """The entry's blocks as plain HTML with absolute URLs, for feed readers."""
    base = publication.blog_url(blog)
    page = publication.entry_url(blog, entry)
    return "\n".join(_block(publication, block, base, page) for block in entry.content.blocks)


def _block(publication: Publication, block: blocks.Block, base: str, page: str) -> str:
    if isinstance(block, blocks.Text):
        return absolute(block.html, base)
    if isinstance(block, blocks.Quote):
        cite = f"<p>— {_escape(block.cite)}</p>" if block.cite else ""
        return f"<blockquote>{absolute(block.html, base)}{cite}</blockquote>"
    if isinstance(block, blocks.Image | blocks.Gallery):
        return "\n".join(_picture(publication, image, page) for image in blocks.images_of([block]))
    name = block.title or block.provider or block.url
    byline = f" ({_escape(block.byline)})" if isinstance(block, blocks.Video) and block.byline else ""
    return f'<p><a href="{_escape(block.url)}">{_escape(name)}</a>{byline}</p>'


def _picture(publication: Publication, image: blocks.Image, page: str) -> str:
    """A picture; in place of one that is covered, its warning with a link to the page that has it."""
    if image.sensitive:
        return f'<p><a href="{_escape(page)}">{_escape(image.warning or COVERED)}</a></p>'
    words = _escape(" ".join(w for w in (image.caption, image.credit) if w))
    caption = f"<figcaption>{words}</figcaption>" if words else ""
    return (
        f'<figure><img src="{_escape(publication.base + source(image))}" alt="{_escape(image.alt)}" '
        f'width="{image.width}" height="{image.height}">{caption}</figure>'
    )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _tag(blog: Blog, entry: Entry | None = None) -> str:
    """A tag: URI made only of values that never change; the site's address is not one of them."""
    path = f"{blog.id}/{entry.id}" if entry else blog.id
    return f"tag:stoppress.invalid,{blog.created_at.year}:{path}"
