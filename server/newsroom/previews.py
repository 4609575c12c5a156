"""Fills in what is known about links before an entry is written: title, author, description and a thumbnail
that is kept like an uploaded picture, so that a page asks no other site for anything.

It never stands in the way of a post: whatever cannot be found in time is left as it was typed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blocks import Block, Embed, Video
from server.domain.entry import Content, Entry
from server.domain.errors import StopPressError
from server.domain.media import Media
from server.domain.permissions import Caller
from server.domain.providers import plays_in_place
from server.domain.text_limits import MAX_LINE
from server.fetch.preview import Preview
from server.newsroom.desk import Desk
from server.store import link_checks
from server.text.characters import repair_line, trimmed
from server.text.excerpt import excerpt, plain

log = structlog.get_logger()

SECONDS = 9.0
"""For all links of an entry, thumbnails made included. A request has 30."""
MAX_LINKS = 12
"""Links of an entry that are looked up; the others stay as they were typed."""
DESCRIPTION = 400
THUMBNAIL_BYTES = 6_291_456
THUMBNAIL_PIXELS = 25_000_000
_PARAGRAPH = re.compile(r"<p\b[^>]{0,200}>(.{0,10000}?)</p>", re.DOTALL | re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,2000}>")
WAITS = tuple(timedelta(days=days) for days in (1, 2, 4, 8, 16, 32))
"""Until a link that was gone is looked up again, and from then until the next time. Then it stays a link."""
Link: TypeAlias = Embed | Video
Found: TypeAlias = Mapping[Block, Block]
"""Blocks, and what takes their place."""


async def filled(desk: Desk, caller: Caller, content: Content, *, before: Sequence[Block]) -> Content:
    """The content with what is found about its links. A field that somebody filled in stays.

    Args:
        before: the blocks of the entry up to now; a link that is among them is looked up again only if there
            was nothing at its address.
    """
    if not any(isinstance(block, Embed | Video) for block in content.blocks):
        return content
    kept = {(type(block), block.url): block for block in before if isinstance(block, Embed | Video)}
    blocks = [
        _as_before(b, kept.get((type(b), b.url))) if isinstance(b, Embed | Video) else b for b in content.blocks
    ]
    wanted = [
        index for index, block in enumerate(blocks)
        if isinstance(block, Embed | Video)
        and (block.unavailable or ((type(block), block.url) not in kept and _asks(block)))
    ]
    if desk.previews is not None:
        await _look_up(desk, caller, blocks, wanted[:MAX_LINKS])
    return replace(content, blocks=tuple(blocks))


async def found_again(desk: Desk, caller: Caller, content: Content) -> Found:
    """Links that were gone and are there again, with what is found about them."""
    blocks = list(content.blocks)
    await _look_up(desk, caller, blocks, [n for n, b in enumerate(blocks) if is_gone(b)][:MAX_LINKS])
    pairs = zip(content.blocks, blocks, strict=True)
    return {before: after for before, after in pairs if is_gone(before) and not is_gone(after)}


def is_gone(block: Block) -> bool:
    """Whether there was nothing at the address of a link when it was looked up."""
    return isinstance(block, Embed | Video) and block.unavailable


async def plan_check(
    connection: AsyncConnection, before: Entry | None, entry: Entry, *, amends: bool
) -> None:
    """Have links that are gone looked up again; what is under way goes on after a change that is part of it."""
    if entry.public and any(map(is_gone, entry.content.blocks)):
        if not amends:
            await link_checks.put(connection, entry.id, entry.blog_id, at=entry.updated_at + WAITS[0])
    elif before is not None and any(map(is_gone, before.content.blocks)):
        await link_checks.remove(connection, entry.id)


async def _look_up(desk: Desk, caller: Caller, blocks: list[Block], wanted: Iterable[int]) -> None:
    """Replace the blocks at these places by what is found, in time."""

    async def fill(index: int) -> None:
        block = blocks[index]
        assert isinstance(block, Embed | Video) and desk.previews is not None
        found = await desk.previews.of(block.url)
        if found is None:
            return
        blocks[index] = described(block, found)  # already here: the thumbnail may take too long
        if found.image and not (isinstance(block, Video) and block.poster):
            blocks[index] = _pictured(blocks[index], await _keep(desk, caller, found))

    tasks = [asyncio.ensure_future(fill(index)) for index in wanted]
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, timeout=SECONDS)
    finally:
        for task in tasks:
            task.cancel()  # those that are late
        done = await asyncio.gather(*tasks, return_exceptions=True)
    for error in done:
        if isinstance(error, Exception):
            log.error("preview.failed", reason=f"{type(error).__name__}: {error}"[:300])


async def _keep(desk: Desk, caller: Caller, found: Preview) -> Media | None:
    from server.newsroom import media  # it loads the library of pictures, which most posts do without

    try:
        return await media.upload(
            desk, caller, found.image, credit=_line(found.author or found.provider),
            max_bytes=THUMBNAIL_BYTES, max_pixels=THUMBNAIL_PIXELS,
        )
    except StopPressError as error:
        log.info("preview.no_picture", reason=error.detail)
        return None


def described(block: Link, found: Preview) -> Link:
    """The block with the words of a preview where it has none."""
    if found.gone:
        return replace(block, unavailable=True, provider=block.provider or _line(found.provider))
    words: dict[str, Any] = {"title": _line(found.title), "provider": _line(found.provider)}
    if isinstance(block, Embed):
        description = plain_words(found.html) or found.description
        words |= {"author": _line(found.author), "description": excerpt(_line(description, 4_000), DESCRIPTION)}
    found_words = {name: text for name, text in words.items() if not getattr(block, name)}
    return replace(block, unavailable=False, **found_words)


def plain_words(html: str) -> str:
    """The words of a post: those of the first paragraph that a provider would show without scripts."""
    found = _PARAGRAPH.search(html)
    return plain(_MARKUP.sub("", found[1].replace("<br", " <br"))) if found else ""


def _asks(block: Link) -> bool:
    """Whether something about the link could be found that nobody filled in."""
    if plays_in_place(block.url):
        return False
    return not (block.title and (block.thumbnail if isinstance(block, Embed) else block.poster))


def _as_before(block: Link, known: Block | None) -> Block:
    """A form sends back what it shows; the rest is as it was."""
    if isinstance(block, Embed) and isinstance(known, Embed) and not block.thumbnail:
        return replace(
            block, title=block.title or known.title, provider=block.provider or known.provider,
            author=known.author, description=known.description, thumbnail=known.thumbnail,
            width=known.width, height=known.height, unavailable=known.unavailable,
        )
    if isinstance(block, Video) and isinstance(known, Video):
        return replace(block, unavailable=known.unavailable)
    return block


def _pictured(block: Block, item: Media | None) -> Block:
    if item is None:
        return block
    if isinstance(block, Embed):
        return replace(block, thumbnail=item.id, width=item.width, height=item.height)
    assert isinstance(block, Video)
    return replace(block, poster=item.id)


def _line(text: str, most: int = MAX_LINE) -> str:
    """The text on one line. Half of a character, which JSON can name, is left out: nobody typed it."""
    whole = text[: 2 * most].encode("utf-8", "ignore").decode()
    return excerpt(trimmed(repair_line(whole)), most)
