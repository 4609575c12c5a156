"""Hands the changes of feeds to the connections of this process. A façade: the parts are one module each.

    registry   which feeds are open                history    what memory holds of one
    feed       one feed and its fan-out            resume     what is sent after a position
    sync       staying level with the store        heartbeat  signs of life
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from server.background.task_supervisor import Supervisor
from server.broker.protocol import Broker
from server.domain.change import Change, FeedKey
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.heartbeat import Heartbeat
from server.hub.history import Encode, History, Item, Variant
from server.hub.registry import ReadHeads, Registry
from server.hub.resume import Cursor, ReadChanges, Replays, Reset, catch_up
from server.hub.stats import Stats
from server.hub.subscriber import Subscriber
from server.hub.sync import RenewEpoch, Sync

__all__ = ["Hub", "HubOptions", "ReadChanges", "ReadHeads", "RenewEpoch", "Reset", "Signals"]

log = structlog.get_logger()

SWEEP_SECONDS = 1.0
DRAIN_BATCHES = 50


@dataclass(frozen=True, slots=True)
class HubOptions:
    """Bounds: changes and bytes kept of each feed, seconds between heartbeats, seconds a listener may lag, and
    seconds within which what follows on a change is gathered into one write (0: it is not)."""

    history_changes: int = 1000
    history_bytes: int = 32 * 1024 * 1024
    heartbeat_seconds: float = 15.0
    lag_seconds: float = 30.0
    gather_seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class Signals:
    """What a variant carries besides changes: heartbeat, `reset`, and the farewell with a wait in ms."""

    beat: Callable[[Variant], bytes]
    reset: Callable[[Variant, str | None], bytes]
    farewell: Callable[[Variant, int], bytes]


class Hub:
    """All feeds of this process.

    Args:
        read_changes: what changed in a feed after a seq, a chunk at a time, with the head (see store/feeds).
        read_heads: the heads of many feeds in one query.
        renew_epoch: begins a new history in a store that went back in time.
        encode: one change as bytes for a variant; called once for each change and variant.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        read_changes: ReadChanges,
        read_heads: ReadHeads,
        renew_epoch: RenewEpoch,
        encode: Encode,
        signals: Signals,
        options: HubOptions = HubOptions(),
    ) -> None:
        self.broker = broker
        self.stats = Stats()
        self.options = options
        self.signals = signals
        self.draining = False
        self.heartbeat = Heartbeat(options.heartbeat_seconds, signals.beat)
        self.registry = Registry(
            broker, read_heads, make_feed=self._make_feed, on_drop=lambda feed: self._send_reset(feed, None),
            on_behind=lambda feed: self.sync.refresh(feed, "open"),
        )
        self.sync = Sync(
            self.registry, read_changes, renew_epoch=renew_epoch, broker_state=broker.state, stats=self.stats
        )
        self.replays = Replays(read_changes, self.stats)
        self._encode = encode
        broker.listen(on_change=self._on_change, on_unverified=self._on_unverified)

    @property
    def feeds(self) -> dict[FeedKey, Feed]:
        """The open feeds."""
        return self.registry.feeds

    def start(self, supervisor: Supervisor) -> None:
        """Begin polling heads, heartbeats and the sweep; they end with the supervisor."""
        supervisor.start("poll_heads", self.sync.run)
        supervisor.start("heartbeat", self.heartbeat.run)
        supervisor.every(SWEEP_SECONDS, "sweep", self._sweep)

    async def close(self) -> None:
        """Stop. Connections that are still open are cut."""
        self.draining = True
        tasks = [*self.sync.running.values(), *self.registry.running(), *self.replays.running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for feed in self.feeds.values():
            feed.stop()
            for subscriber in feed.everyone():
                subscriber.abort()
            for waiter in list(feed.waiters):
                waiter.end()
        self.feeds.clear()

    # joining

    def head(self, key: FeedKey) -> Position | None:
        """Current position of an open feed, or None if it cannot be trusted: the broker is unverified, or the
        feed is catching up from the store."""
        feed = self.feeds.get(key)
        if feed is None or feed in self.sync.running or not self.broker.state().verified:
            return None
        return Position(feed.epoch, feed.head)

    def stands_at(self, key: FeedKey, position: Position) -> bool:
        """Whether `head` is this position; without making one, for those that ask for every request."""
        feed = self.feeds.get(key)
        return (
            feed is not None and feed.head == position.seq and feed.epoch == position.epoch
            and feed not in self.sync.running and self.broker.state().verified
        )

    def keep_warm(self, key: FeedKey) -> None:
        """Follow a feed for a while after this, listener or not, so that `head` knows where it stands."""
        if not self.draining:
            self.registry.keep_warm(key)

    def cursor(self, key: FeedKey, variant: Variant, after: Position | None) -> Cursor:
        """Reads a feed from a position on; None: from now on."""
        cursor = Cursor(self, key, variant, after)
        if self.draining:
            cursor.end()
        return cursor

    async def open(self, key: FeedKey) -> Feed:
        """The feed, subscribed and at a head. Raises NotFound, Unavailable."""
        return await self.registry.open(key)

    async def caught_up(self, feed: Feed) -> None:
        """Wait until the feed is level with the store as of now. Raises Unavailable."""
        await self.sync.caught_up(feed)

    async def read_store(self, feed: Feed, seq: int) -> tuple[Position, list[Item]]:
        """What the store has after `seq`, with its head. Raises NotFound, Unavailable."""
        return await self.replays.read(feed, seq)

    def drained(self, feed: Feed, subscriber: Subscriber) -> None:
        """The connection of a subscriber that lagged takes more: write what it missed, or end it when memory
        no longer holds that. It resumes from its position, out of the store."""
        if not catch_up(feed, subscriber):
            self.stats.closed_slow += 1
            subscriber.abort()

    # what the broker brings

    def _on_change(self, change: Change) -> None:
        feed = self.feeds.get(change.feed)
        if feed is None:
            self.registry.note_change(change)
        elif not feed.accept(change):
            self.stats.gaps += 1
            self.sync.refresh(feed, "gap")

    def _on_unverified(self, key: FeedKey | None) -> None:
        for feed in list(self.feeds.values()):
            if key is None or feed.key == key:
                self.sync.refresh(feed, "unverified")
        self.registry.note_unverified(key)

    # ending

    def _make_feed(self, key: FeedKey, at: Position) -> Feed:
        options = self.options

        def make_history(seq: int) -> History:
            return History(seq, max_changes=options.history_changes, max_bytes=options.history_bytes)

        return Feed(
            key, at, make_history=make_history, encode=self._encode, stats=self.stats,
            on_reset=self._send_reset, gather_seconds=options.gather_seconds,
        )

    def _send_reset(self, feed: Feed, at: Position | None) -> None:
        """Everybody has to load afresh. `at`, if the feed goes on: an EventSource comes back from there, and is
        not reset a second time."""
        for subscriber in feed.everyone():
            subscriber.end(self.signals.reset(subscriber.variant, str(at) if at else None))
        for waiter in list(feed.waiters):
            waiter.wake()

    async def _sweep(self) -> None:
        """End subscribers that lag for too long; drop idle feeds."""
        late = time.monotonic() - self.options.lag_seconds
        for feed in list(self.feeds.values()):
            for subscriber in [x for x in feed.lagging if x.lags_since < late]:
                self.stats.closed_slow += 1
                subscriber.abort()
        await self.registry.drop_idle()

    async def drain(self, seconds: float, retry_ms: int) -> None:
        """End every stream, spread over `seconds`, each with its own wait before it reconnects."""
        self.draining = True
        everyone: list[Callable[[], None]] = []
        for feed in self.feeds.values():
            everyone += [self._ender(x, retry_ms) for x in feed.everyone()]
            everyone += [waiter.end for waiter in feed.waiters]
        random.shuffle(everyone)
        batches = max(1, min(DRAIN_BATCHES, len(everyone)))
        size = max(1, -(-len(everyone) // batches))
        for first in range(0, len(everyone), size):
            for end in everyone[first : first + size]:
                end()
            if first + size < len(everyone):
                await asyncio.sleep(seconds / batches)

    def _ender(self, subscriber: Subscriber, retry_ms: int) -> Callable[[], None]:
        def end() -> None:
            wait = int(retry_ms * random.uniform(0.5, 1.5))  # noqa: S311
            subscriber.end(self.signals.farewell(subscriber.variant, wait))

        return end
