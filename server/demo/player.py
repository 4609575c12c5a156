"""Plays the demo: performs the steps of story.py in a blog of its own, one every few seconds, in a loop.

It writes through the newsroom functions and only to its own blog. Editors may work in that blog: a step that is
not possible any more is skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from server.demo.blog_head import ENDING, LEAD, OPENING, SLUG
from server.demo.cast import TOPICS, topics_of
from server.demo.other_blogs import OTHERS, StillBlog
from server.demo.steps import Edit, Film, Furnish, Gallery, Picture, Piece, Post, Restore, Retract, Step
from server.demo.story import STEPS
from server.domain.blocks import Block, Embed, Image, Text, Video
from server.domain.blocks import Gallery as Pictures
from server.domain.entry import Content
from server.domain.errors import Conflict, Invalid, NotFound, StaleRevision, Unavailable
from server.domain.permissions import SYSTEM
from server.domain.providers import Providers
from server.newsroom import blogs, entries, media
from server.newsroom.desk import Desk
from server.store import blogs as stored
from server.store import entries as stored_entries

log = structlog.get_logger()

PACE_SECONDS = 5.0
OPENING_STEPS = 14
"""Steps that are played immediately in a new blog, backdated over the last hour and a half."""
OPENING_SPACE = timedelta(minutes=7)
OTHERS_SPACE = timedelta(minutes=15)
RETRY_SECONDS = 5.0
MAX_BYTES, MAX_PIXELS = 20_000_000, 10_000_000

__all__ = ["SLUG", "Demo", "run"]


async def run(desk: Desk) -> None:
    """Play the story until cancelled."""
    demo = Demo(desk)
    while True:
        await demo.play()


@dataclass(slots=True)
class Demo:
    """Plays the story. Tests replace `sleep` with a faster one."""

    desk: Desk
    pace: float = PACE_SECONDS
    steps: Sequence[Step] = STEPS
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)
    _ids: dict[str, str] = field(default_factory=dict)
    _pictures: dict[str, str] = field(default_factory=dict)

    async def play(self) -> None:
        """Play the story once."""
        new = await self._run(self._open)
        await self._run(self._clear_flags)
        for place, step in enumerate(self.steps):
            if new and place < OPENING_STEPS:
                ago = OPENING_SPACE * (OPENING_STEPS - place)
                await self._run(partial(self._do, _earlier(self.desk, ago), step))
            else:
                await self._run(partial(self._do, self.desk, step))
                await self.sleep(self.pace)
            if new and place == OPENING_STEPS - 1:
                for other in OTHERS:
                    await self._run(partial(self._still, other))
        await self.sleep(self.pace * 4)

    async def _run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run a step; wait while the database is unavailable; skip a step that is not possible any more."""
        while True:
            try:
                return await work()
            except Unavailable as error:
                log.warning("demo.waits", reason=error.detail)
            except (Conflict, NotFound, StaleRevision, Invalid) as error:
                log.info("demo.passed_over", reason=error.detail)
                return None
            await self.sleep(RETRY_SECONDS)

    async def _open(self) -> bool:
        """Create or reset the blog. Returns whether it is new."""
        missing = await self._missing(SLUG)
        opening = OPENING | ENDING | {"topics": TOPICS}
        if missing:  # at once, for whoever follows the address that the start printed; drawing takes a moment
            earlier = _earlier(self.desk, OPENING_SPACE * (OPENING_STEPS + 1))
            await blogs.create(earlier, SYSTEM, SLUG, blogs.Furniture(**opening))
            opening = {}
        opening |= {"lead": await self._block(self.desk, LEAD)}
        await blogs.edit(self.desk, SYSTEM, SLUG, opening, revision=None)
        return missing

    async def _missing(self, slug: str) -> bool:
        async with self.desk.database.read() as connection:
            try:
                await stored.by_slug(connection, slug)
            except NotFound:
                return True
        return False

    async def _still(self, blog: StillBlog) -> None:
        """Create one of the blogs that stand still, with all its entries, unless it is there."""
        if not await self._missing(blog.slug):
            return
        first = blog.ago + OTHERS_SPACE * len(blog.posts)
        lead = await self._block(self.desk, blog.lead)
        furniture = blogs.Furniture(**blog.furniture | {"lead": lead})
        await blogs.create(_earlier(self.desk, first), SYSTEM, blog.slug, furniture)
        for place, post in enumerate(blog.posts, 1):
            desk = _earlier(self.desk, first - OTHERS_SPACE * place)
            written = replace(await self._content(desk, post), topics=())
            await entries.create(desk, SYSTEM, blog.slug, entries.Draft(written))
        if blog.ending:
            await blogs.edit(_earlier(self.desk, blog.ago), SYSTEM, blog.slug, blog.ending, revision=None)

    async def _clear_flags(self) -> None:
        """Clear the flags that the previous run has set. Its entries stay."""
        async with self.desk.database.read() as connection:
            blog = await stored.by_slug(connection, SLUG)
            marked = await stored_entries.pinned(connection, blog.id)
            marked += await stored_entries.key_events(connection, blog.id)
        flags = {"pinned": False, "key": False, "breaking": False}
        for entry_id in {e.id for e in marked if e.author_id == SYSTEM.id}:
            await self._run(
                partial(entries.edit, self.desk, SYSTEM, SLUG, entry_id, flags, revision=None)
            )
        self._ids.clear()

    async def _do(self, desk: Desk, step: Step) -> None:
        if isinstance(step, Post):
            draft = entries.Draft(await self._content(desk, step))
            self._ids[step.name] = (await entries.create(desk, SYSTEM, SLUG, draft)).entry.id
        elif isinstance(step, Furnish):
            changed = dict(step.changed)
            if step.lead:
                changed["lead"] = await self._block(desk, step.lead)
            await blogs.edit(desk, SYSTEM, SLUG, changed, revision=None)
        elif step.name not in self._ids:
            return  # its post was skipped
        elif isinstance(step, Edit):
            changed = dict(step.changed)
            if "body" in changed:
                changed["blocks"] = (Text(html="", markdown=changed.pop("body")),)
            await entries.edit(
                desk, SYSTEM, SLUG, self._ids[step.name], changed, revision=None, correction=step.correction
            )
        elif isinstance(step, Retract):
            await entries.retract(desk, SYSTEM, SLUG, self._ids[step.name])
        elif isinstance(step, Restore):
            await entries.restore(desk, SYSTEM, SLUG, self._ids[step.name])

    async def _content(self, desk: Desk, step: Post) -> Content:
        words = (Text(html="", markdown=step.body),) if step.body else ()
        media = [await self._block(desk, thing) for thing in step.more]
        return Content(
            title=step.title, blocks=(*words, *media), bylines=step.bylines,
            topics=topics_of(step.bylines), pinned=step.pinned, key=step.key,
            breaking=step.breaking,
        )

    async def _block(self, desk: Desk, piece: Piece) -> Block:
        if isinstance(piece, Picture):
            return await self._image(desk, piece)
        if isinstance(piece, Gallery):
            return Pictures(tuple([await self._image(desk, picture) for picture in piece.pictures]))
        if isinstance(piece, Film):
            return Video(
                url=piece.url, title=piece.title, byline=piece.byline, caption=piece.caption,
                poster=await self._picture(desk, piece.poster), provider=Providers().name(piece.url),
            )
        return Embed(
            url=piece.url, title=piece.title, author=piece.author, description=piece.description,
            provider=Providers().name(piece.url),
            thumbnail=await self._picture(desk, piece.picture) if piece.picture else "",
        )

    async def _image(self, desk: Desk, picture: Picture) -> Image:
        return Image(
            media_id=await self._picture(desk, picture.name), alt=picture.alt, caption=picture.caption,
            credit=picture.credit, sensitive=bool(picture.warning), warning=picture.warning,
        )

    async def _picture(self, desk: Desk, name: str) -> str:
        """The id of a picture, which is drawn and uploaded on first use."""
        if name not in self._pictures:
            from server.demo import pictures  # avoid loading Pillow if it is not needed

            data = await asyncio.to_thread(pictures.draw, name)
            self._pictures[name] = (
                await media.upload(desk, SYSTEM, data, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
            ).id
        return self._pictures[name]


def _earlier(desk: Desk, ago: timedelta) -> Desk:
    return replace(desk, now=lambda: desk.now() - ago)
