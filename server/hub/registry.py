"""The feeds that this process follows: opened on demand, dropped when nobody has followed one for a while."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from server.broker.protocol import Broker
from server.domain.change import Change, FeedKey
from server.domain.errors import NotFound
from server.domain.position import Position
from server.hub.feed import Feed

log = structlog.get_logger()

ReadHeads: TypeAlias = Callable[[list[FeedKey]], Awaitable[dict[FeedKey, Position]]]
"""The heads of many feeds in one query."""

IDLE_SECONDS = 60.0
"""How long a feed without listeners is kept warm."""


class Registry:
    """Opens and drops feeds.

    Args:
        make_feed: a feed that stands at a position.
        on_behind: called with a feed that missed something while it was opened.
        on_drop: called with a feed that is dropped.
    """

    def __init__(
        self,
        broker: Broker,
        read_heads: ReadHeads,
        *,
        make_feed: Callable[[FeedKey, Position], Feed],
        on_behind: Callable[[Feed], object],
        on_drop: Callable[[Feed], None],
    ) -> None:
        self.feeds: dict[FeedKey, Feed] = {}
        self.read_heads = read_heads
        self._broker = broker
        self._make_feed, self._on_behind, self._on_drop = make_feed, on_behind, on_drop
        self._opening: dict[FeedKey, asyncio.Task[Feed]] = {}
        self._seen: dict[FeedKey, int] = {}
        """Of feeds that are being opened: the newest seq that the broker brought."""

    async def open(self, key: FeedKey) -> Feed:
        """The feed, subscribed and at a head. Raises NotFound, Unavailable."""
        while (feed := self.feeds.get(key)) is None:
            feed = await asyncio.shield(self._opening.get(key) or self._start(key))
            if self.feeds.get(key) is feed:
                return feed
        return feed

    def keep_warm(self, key: FeedKey) -> None:
        """Follow a feed for `IDLE_SECONDS` more, as if a listener had just left it. Opening it needs the broker
        and the store, so that is not waited for, and a failure is left to whoever asks next."""
        feed = self.feeds.get(key)
        if feed is not None:
            feed.idle_since = time.monotonic()
        elif key not in self._opening:
            self._start(key).add_done_callback(lambda task: task.cancelled() or task.exception())

    def _start(self, key: FeedKey) -> asyncio.Task[Feed]:
        task = self._opening[key] = asyncio.create_task(self._open(key), name=f"hub.open {key}")
        task.add_done_callback(lambda _: self._opening.pop(key, None))
        return task

    async def _open(self, key: FeedKey) -> Feed:
        self._seen[key] = 0
        # subscribed before the head is read: what is published in between is then noticed below
        await self._broker.subscribe(key)
        try:
            heads = await self.read_heads([key])
            if key not in heads:
                raise NotFound
        except BaseException:
            self._seen.pop(key, None)
            await self._broker.unsubscribe(key)
            raise
        feed = self.feeds[key] = self._make_feed(key, heads[key])
        if self._seen.pop(key) > feed.head:
            self._on_behind(feed)
        return feed

    def note_change(self, change: Change) -> None:
        """The broker brought a change of a feed that is not open; perhaps it is being opened."""
        if change.feed in self._seen:
            self._seen[change.feed] = max(self._seen[change.feed], change.position.seq)

    def note_unverified(self, key: FeedKey | None) -> None:
        """The broker may have missed something of this feed (None: of all): heads that are being read may be
        older than that."""
        for opening in list(self._seen):
            if key is None or opening == key:
                self._seen[opening] = sys.maxsize

    def drop(self, feed: Feed) -> None:
        """Drop a feed; whoever follows it has to load afresh."""
        if self.feeds.get(feed.key) is feed:
            del self.feeds[feed.key]
        feed.stop()
        self._on_drop(feed)

    async def drop_idle(self) -> None:
        """Drop the feeds that nobody has followed for a while."""
        now = time.monotonic()
        for feed in list(self.feeds.values()):
            if not feed.size and now - feed.idle_since > IDLE_SECONDS:
                self.drop(feed)
                await self._broker.unsubscribe(feed.key)

    def running(self) -> list[asyncio.Task[Feed]]:
        """The tasks that open feeds."""
        return list(self._opening.values())
