"""`/live/{slug}/entries/{id}/history`: what changed in an entry after publication, with the editors' notes.

It shows versions that were public and nothing else: no draft, nothing from before a retraction, and no version
that an editor took out of the history (`remove_from_history`). A retracted entry has no history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.change import FeedKey
from server.domain.entry import Content
from server.domain.errors import Gone, NotFound
from server.domain.times import to_text
from server.store import entries, feeds
from server.store.entries import Revision
from server.text.difference import Piece, difference
from server.text.title import title_of
from server.text.version_lines import version_lines
from server.web.reader import page_cache
from server.web.reader.page_cache import Kept
from server.web.reader.pages import HTML, entry_on_page, public_blog
from server.web.site import site_of

MAX_SHOWN = 50
"""Changes on the page, the newest."""
COMPARED = 1_000_000
"""Pairs of words that are compared for a page at most."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was public. `content` is None where it was taken out of the history."""

    at: datetime
    note: str
    content: Content | None


async def history(request: Request) -> Response:
    """The page. It is 410 once the entry is retracted, and made anew for each revision."""
    site = site_of(request)
    async with site.database.read() as connection:
        blog = await public_blog(connection, request.path_params["slug"])
        item, _ = await entry_on_page(connection, blog, request.path_params["id"])
        epoch = (await feeds.head(connection, FeedKey(blog.id, "public"))).epoch
        if item.status == "retracted" and item.number is not None:
            raise Gone
        if not item.public:
            raise NotFound("Update not found.")
        found = await entries.revisions_of(connection, item.id)
    key = f"{site.renderer.version}-{epoch}-{item.id}.{item.revision}-{blog.revision}-history"

    async def make(base: str) -> Kept:
        shown = await asyncio.to_thread(_changes, versions(found))
        page = site.renderer.template(
            "reader/history.html", language=blog.language, blog=blog.to_json(), entry_id=item.id,
            title=title_of(item.content.title, item.content.blocks), changes=shown,
            published_at=to_text(item.published_at), canonical=f"{base}/live/{blog.slug}/entries/{item.id}",
        )
        return Kept.of(page, etag=page_cache.digest(key), media_type=HTML)

    page = await site.renderer.pages.get(("history", key), make, base=site.url(request))
    return page_cache.answer(request, page)


def versions(revisions: Sequence[Revision]) -> list[Version]:
    """The versions that the public history may show, the oldest first, of all `revisions`, the newest first."""
    found: list[Version] = []
    for revision in revisions:
        if revision.status != "published":
            break  # what is older was a draft, or was retracted since
        content = None if revision.hidden else revision.content
        found.append(Version(revision.at, "" if revision.hidden else revision.correction, content))
    found.reverse()
    return found[:1] + [now for before, now in pairwise(found) if now.note or _differs(before, now)]


def _differs(before: Version, now: Version) -> bool:
    if before.content is None or now.content is None:
        return now.content is not None
    return before.content.shown != now.content.shown


def _changes(found: Sequence[Version]) -> list[dict[str, Any]]:
    """What the template shows of each change, the newest first."""
    pairs = list(pairwise(found))[-MAX_SHOWN:]
    most = COMPARED // max(1, len(pairs))
    return [_change(before, now, most) for before, now in reversed(pairs)]


def _change(before: Version, now: Version, most: int) -> dict[str, Any]:
    places: list[list[Piece]] = []
    if before.content is not None and now.content is not None:
        places = difference(version_lines(before.content), version_lines(now.content), most=most)
    hidden = before.content is None or now.content is None
    return {"at": to_text(now.at), "note": now.note, "places": places, "hidden": hidden}
