"""Keeps feeds level with the store: after a gap, after the broker was unverified, and at a regular interval.

The broker is a hint; the database is the truth. No head falls behind it for longer than a bound.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from server.broker.protocol import BrokerState
from server.domain.change import FeedKey
from server.domain.errors import NotFound, Unavailable
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.registry import Registry
from server.hub.resume import ReadChanges
from server.hub.stats import Stats

log = structlog.get_logger()

RenewEpoch: TypeAlias = Callable[[FeedKey, Position, bool], Awaitable[Position]]
"""Begins a new epoch if the store has gone back behind a position; returns where the feed stands now. True: it
has gone back although its head is not lower. See newsroom/feeds.py."""

POLL_SECONDS = 10.0
POLL_SECONDS_UNVERIFIED = 2.0
POLL_SECONDS_ALONE = 1.0
"""With the in-process broker another process (the command line) can write without this one hearing of it, and
a poll costs one small query."""
RETRY_SECONDS = (0.1, 2.0)


class Sync:
    """Reads from the store what feeds miss.

    Args:
        broker_state: whether what is published arrives, for the interval between two polls.
    """

    def __init__(
        self,
        registry: Registry,
        read_changes: ReadChanges,
        *,
        renew_epoch: RenewEpoch,
        broker_state: Callable[[], BrokerState],
        stats: Stats,
    ) -> None:
        self._registry, self.read_changes, self._renew_epoch = registry, read_changes, renew_epoch
        self._broker_state, self._stats = broker_state, stats
        self.running: dict[Feed, asyncio.Task[None]] = {}

    def refresh(self, feed: Feed, reason: str) -> asyncio.Task[None]:
        """Ask the store for what is missing, unless that is under way. `reason` is for the metrics."""
        task = self.running.get(feed)
        if task is None or task.done():
            self._stats.count(self._stats.catch_ups, reason)
            task = asyncio.create_task(self._catch_up(feed), name=f"hub.catch_up {feed.key}")
            self.running[feed] = task
            task.add_done_callback(lambda done: self._ended(feed, done))
        else:
            feed.stale = True
        return task

    def _ended(self, feed: Feed, task: asyncio.Task[None]) -> None:
        if self.running.get(feed) is task:
            del self.running[feed]

    async def caught_up(self, feed: Feed) -> None:
        """Wait until the feed is level with the store as of now. Raises Unavailable when it cannot be read."""
        await asyncio.shield(self.refresh(feed, "join"))
        if feed.closed:
            raise Unavailable

    async def _catch_up(self, feed: Feed) -> None:
        wait = RETRY_SECONDS[0]
        while not feed.closed:
            try:
                if await self._step(feed):
                    return
            except Unavailable:
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311
                wait = min(wait * 2, RETRY_SECONDS[1])
            except NotFound:
                self._registry.drop(feed)
                return

    async def _step(self, feed: Feed) -> bool:
        """Read one chunk. Returns whether the feed is level with the store."""
        feed.stale = False
        head = feed.head
        at, changes = await self.read_changes(feed.key, head)
        if at.epoch != feed.epoch:
            self._restart(feed, at)
            return True
        # what is published was committed before, so a store that stands before a head that was known when the
        # query began has gone back in time
        if at.seq < head:
            return await self._renew(feed, head, rewritten=False)
        for change in changes:
            feed.accept(change, compacted=True)
        if not changes:
            feed.skip_to(at.seq)
        if feed.head < at.seq or feed.stale:
            return False
        # and so has one that lacks what was announced
        return feed.history.is_complete() or await self._renew(feed, feed.head, rewritten=True)

    async def _renew(self, feed: Feed, head: int, *, rewritten: bool) -> bool:
        """The same numbers would stand for other changes: a listener that sleeps could not tell, unless the
        epoch changes. Raises Unavailable when the store, asked again, has not gone back: a replica lagged."""
        at = await self._renew_epoch(feed.key, Position(feed.epoch, head), rewritten)
        if at.epoch == feed.epoch:
            raise Unavailable
        self._restart(feed, at)
        return True

    def _restart(self, feed: Feed, at: Position) -> None:
        log.warning("hub.reset", feed=str(feed.key), head=feed.head, store=str(at))
        self._stats.resets += 1
        feed.restart(at)

    async def run(self) -> None:
        """Compare the heads with the store's at an interval, all feeds in one query."""
        while True:
            await self._until_next_poll()
            await self.poll_heads()

    async def poll_heads(self) -> None:
        """Compare the heads with the store's, and read what is missing."""
        feeds = self._registry.feeds
        before = {key: feed.head for key, feed in feeds.items()}
        try:
            heads = await self._registry.read_heads(list(before)) if before else {}
        except Unavailable as error:
            log.warning("hub.poll_heads", reason=error.detail)
            return
        self._stats.polled_at = time.monotonic()
        self._stats.head_lag = 0
        for key, head in before.items():
            self._compare(key, head, heads.get(key))

    def _compare(self, key: FeedKey, before: int, at: Position | None) -> None:
        feed = self._registry.feeds.get(key)
        if feed is None:
            return
        if at is None:
            self._registry.drop(feed)
        elif at.epoch != feed.epoch or at.seq > feed.head or at.seq < before:
            self._stats.head_lag = max(self._stats.head_lag, at.seq - feed.head)
            self.refresh(feed, "poll")

    async def _until_next_poll(self) -> None:
        """Wait for the interval; a broker that becomes unverified meanwhile shortens it."""
        start, share = time.monotonic(), random.uniform(0.8, 1.0)  # noqa: S311
        while True:
            state = self._broker_state()
            wait = POLL_SECONDS if state.verified else POLL_SECONDS_UNVERIFIED
            if state.name == "memory":
                wait = POLL_SECONDS_ALONE
            left = start + wait * share - time.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(min(left, 0.25))
