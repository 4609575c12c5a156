"""Hands the changes of feeds to the connections of this process.

The broker brings changes; the store fills what the broker lost. For each feed that anybody here listens to,
the hub keeps a `Feed` and sees to it that its head never falls behind the database for longer than a bound.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from server.broker.protocol import Broker
from server.domain.change import Change, FeedKey
from server.domain.errors import NotFound, Unavailable
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.heartbeat import Wheel
from server.hub.history import Encode, Item, Variant
from server.hub.stats import Stats
from server.hub.subscriber import Listener

log = structlog.get_logger()

ReadChanges: TypeAlias = Callable[[FeedKey, int], Awaitable[tuple[Position, list[Change]]]]
ReadHeads: TypeAlias = Callable[[list[FeedKey]], Awaitable[dict[FeedKey, Position]]]
Send: TypeAlias = Callable[[bytes], Awaitable[None]]

LOOK_SECONDS = 10.0
LOOK_SECONDS_UNVERIFIED = 2.0
LOOK_SECONDS_ALONE = 1.0
"""With the in-process broker another process (the command line) can write only behind the hub's back, and a
look costs one small query."""
IDLE_SECONDS = 60.0
"""How long a feed without listeners is kept warm."""
SWEEP_SECONDS = 1.0
ENCODE_GROUP = 50
RETRY_SECONDS = (0.1, 2.0)


class Reset(Exception):
    """The position is of another history, or from the future: the listener has to load afresh."""


@dataclass(frozen=True, slots=True)
class HubOptions:
    """Bounds: changes kept per feed, seconds between heartbeats, seconds a listener may lag."""

    ring_changes: int = 1000
    heartbeat_seconds: float = 15.0
    lag_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Signals:
    """What a transport needs besides changes: heartbeat, `reset`, and the farewell with a wait in ms."""

    beat: Callable[[Variant], bytes]
    reset: Callable[[Variant], bytes]
    farewell: Callable[[Variant, int], bytes]


class Hub:
    """All feeds of this process.

    Args:
        read_changes: what changed in a feed after a seq, a chunk at a time, with the head (see store/feeds).
        read_heads: the heads of many feeds in one query.
        encode: one change as bytes for a variant; called once for each change and variant.
        signals: the other things a variant carries.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        read_changes: ReadChanges,
        read_heads: ReadHeads,
        encode: Encode,
        signals: Signals,
        options: HubOptions = HubOptions(),
    ) -> None:
        self.broker = broker
        self.stats = Stats()
        self.options = options
        self.signals = signals
        self.feeds: dict[FeedKey, Feed] = {}
        self.draining = False
        self.wheel = Wheel(options.heartbeat_seconds, signals.beat)
        self._read_changes, self._read_heads, self._encode = read_changes, read_heads, encode
        self._opening: dict[FeedKey, asyncio.Task[Feed]] = {}
        self._seen: dict[FeedKey, int] = {}
        self._catching_up: dict[Feed, asyncio.Task[None]] = {}
        self._replays: dict[tuple[FeedKey, str, int], asyncio.Task[tuple[Position, list[Item]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        broker.listen(on_change=self._on_change, on_unverified=self._on_unverified)

    async def start(self) -> None:
        """Begin looking at heads, beating and sweeping."""
        for work in (self._look, self._sweep):
            task = asyncio.create_task(work(), name=f"hub.{work.__name__}")
            self._tasks.add(task)
        self._tasks.add(asyncio.create_task(self.wheel.turn(), name="hub.wheel"))

    async def close(self) -> None:
        """Stop. Connections that are still open are cut."""
        self.draining = True
        tasks = [*self._tasks, *self._catching_up.values(), *self._opening.values(), *self._replays.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for feed in self.feeds.values():
            feed.stop()
            for listener in feed.listeners():
                listener.abort()
            for puller in feed.pullers:
                puller.end()
        self.feeds.clear()

    # joining

    def head(self, key: FeedKey) -> Position | None:
        """The head of a feed that is open, if nothing speaks against it: the broker is verified to bring what
        is written, and no doubt is being looked into."""
        feed = self.feeds.get(key)
        if feed is None or feed in self._catching_up or not self.broker.state().verified:
            return None
        return Position(feed.epoch, feed.head)

    async def open(self, key: FeedKey) -> Feed:
        """The feed, subscribed and at a head. Raises NotFound, Unavailable."""
        while (feed := self.feeds.get(key)) is None:
            task = self._opening.get(key)
            if task is None:
                task = self._opening[key] = asyncio.create_task(self._open(key), name=f"hub.open {key}")
                task.add_done_callback(lambda _: self._opening.pop(key, None))
            feed = await asyncio.shield(task)
            if self.feeds.get(key) is feed:
                return feed
        return feed

    async def _open(self, key: FeedKey) -> Feed:
        self._seen[key] = 0
        # subscribed before the head is read: what is published in between is then noticed below
        await self.broker.subscribe(key)
        try:
            heads = await self._read_heads([key])
            if key not in heads:
                raise NotFound
        except BaseException:
            self._seen.pop(key, None)
            await self.broker.unsubscribe(key)
            raise
        feed = Feed(
            key, heads[key], capacity=self.options.ring_changes, encode=self._encode, stats=self.stats
        )
        feed.on_reset = self._send_reset
        self.feeds[key] = feed
        if self._seen.pop(key) > feed.head:
            self.refresh(feed, "open")
        return feed

    async def prepare(
        self,
        key: FeedKey,
        variant: Variant,
        after: Position | None,
        send: Send,
        *,
        group: int | None = None,
    ) -> tuple[Feed, int]:
        """Bring a listener at `after` to where it can be seated: what memory does not hold is sent from the
        store. Returns the feed and the seq to seat it at; seat it before anything else is awaited.

        Args:
            send: takes the bytes of at most `group` changes and returns when the listener can take more; what
                was superseded meanwhile is left out of the rest.

        Raises:
            Reset: the position is of another history or from the future.
            NotFound, Unavailable: there is no such feed; the store cannot be read.
        """
        source = "ring"
        size = group or ENCODE_GROUP
        while True:
            # a feed where nobody is seated yet may be forgotten while this waits for the store or the client
            feed = await self.open(key)
            if after is None:
                await feed.settled()
                if feed.closed:
                    continue
                self.stats.resumes["head"] += 1
                return feed, feed.delivered
            if after.epoch != feed.epoch or after.seq > feed.head:
                # perhaps the position is newer than what this process knows; ask the store before refusing
                await self._caught_up(feed)
                if after.epoch != feed.epoch or after.seq > feed.head:
                    self.stats.resumes["reset"] += 1
                    raise Reset
            if feed.covers(after.seq):
                if after.seq <= feed.delivered:
                    self.stats.resumes[source] += 1
                    return feed, after.seq
                await feed.settled()
                continue
            source, ring = "store", feed.ring
            at, items = await self._replay(feed, after.seq)
            if at.epoch != after.epoch:
                await self._caught_up(feed)
                continue
            after = Position(at.epoch, at.seq if not items else after.seq)
            for first in range(0, len(items), size):
                if feed.closed or feed.ring is not ring or (first and ring.floor > at.seq):
                    break  # memory no longer tells all that changed since the query: ask again from here
                some = items[first : first + size]
                # a slow connection takes its time over one group, and what follows may be retracted by then
                current = [item for item in some if not feed.ring.supersedes(item.change)]
                if current:
                    await send(b"".join(feed.encoded(item, variant) for item in current))
                after = Position(at.epoch, some[-1].change.position.seq)
            if not feed.closed and after.seq > feed.head:
                await self._caught_up(feed)

    async def _replay(self, feed: Feed, seq: int) -> tuple[Position, list[Item]]:
        # however many come back at the same position at once, the store is asked once
        key = (feed.key, feed.epoch, seq)
        task = self._replays.get(key)
        if task is None:
            self.stats.store_replays += 1
            task = self._replays[key] = asyncio.create_task(self._read_items(feed.key, seq))
            task.add_done_callback(lambda _: self._replays.pop(key, None))
        return await asyncio.shield(task)

    async def _read_items(self, key: FeedKey, seq: int) -> tuple[Position, list[Item]]:
        at, changes = await self._read_changes(key, seq)
        return at, [Item(change) for change in changes]

    def leave(self, listener: Listener) -> None:
        """The connection ended, whoever ended it."""
        self.wheel.remove(listener)
        if listener.feed is not None:
            listener.feed.leave(listener)

    # what the broker says

    def _on_change(self, change: Change) -> None:
        feed = self.feeds.get(change.feed)
        if feed is None:
            if change.feed in self._seen:
                self._seen[change.feed] = max(self._seen[change.feed], change.position.seq)
        elif not feed.accept(change):
            self.stats.gaps += 1
            self.refresh(feed, "gap")

    def _on_unverified(self, key: FeedKey | None) -> None:
        for feed in list(self.feeds.values()) if key is None else self._known(key):
            self.refresh(feed, "unverified")
        for opening in list(self._seen):
            if key is None or opening == key:
                self._seen[opening] = sys.maxsize  # its head may have been read before what was missed

    def _known(self, key: FeedKey) -> Iterable[Feed]:
        feed = self.feeds.get(key)
        return [feed] if feed is not None else []

    # staying level with the store

    def refresh(self, feed: Feed, reason: str) -> asyncio.Task[None]:
        """Ask the store for what is missing, unless that is under way."""
        task = self._catching_up.get(feed)
        if task is None or task.done():
            self.stats.count(self.stats.catch_ups, reason)
            task = asyncio.create_task(self._catch_up(feed), name=f"hub.catch_up {feed.key}")
            self._catching_up[feed] = task
            task.add_done_callback(lambda done: self._caught(feed, done))
        else:
            feed.unverified = True
        return task

    def _caught(self, feed: Feed, task: asyncio.Task[None]) -> None:
        if self._catching_up.get(feed) is task:
            del self._catching_up[feed]

    async def _caught_up(self, feed: Feed) -> None:
        """Wait until the feed is level with the store as of now. Raises Unavailable when it cannot be read."""
        await asyncio.shield(self.refresh(feed, "join"))
        if feed.closed:
            raise Unavailable

    async def _catch_up(self, feed: Feed) -> None:
        wait = RETRY_SECONDS[0]
        while not feed.closed:
            feed.unverified = False
            head = feed.head
            try:
                at, changes = await self._read_changes(feed.key, head)
            except Unavailable:
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311
                wait = min(wait * 2, RETRY_SECONDS[1])
                continue
            except NotFound:
                self._forget(feed)
                return
            # what is published was committed before, so a store that stands before a head that was known
            # when the query began has gone back in time
            if at.epoch != feed.epoch or at.seq < head:
                self._restart(feed, at)
                return
            for change in changes:
                feed.accept(change, compacted=True)
            if not changes:
                feed.skip_to(at.seq)
            if feed.head >= at.seq and not feed.unverified:
                if not feed.ring.complete():  # and so has one that lacks what was heard of
                    self._restart(feed, at)
                return

    def _restart(self, feed: Feed, at: Position) -> None:
        log.warning("hub.reset", feed=str(feed.key), head=feed.head, store=str(at))
        self.stats.resets += 1
        feed.restart(at)

    async def _look(self) -> None:
        """Compare the heads with the store's, all feeds in one query."""
        while True:
            await self._until_next_look()
            keys = list(self.feeds)
            before = {key: self.feeds[key].head for key in keys}
            try:
                heads = await self._read_heads(keys) if keys else {}
            except Unavailable as error:
                log.warning("hub.look", reason=error.detail)
                continue
            except Exception:
                log.exception("hub.look")
                continue
            self.stats.looked_at = time.monotonic()
            self.stats.head_lag = 0
            for key in keys:
                feed, at = self.feeds.get(key), heads.get(key)
                if feed is None:
                    continue
                if at is None:
                    self._forget(feed)
                elif at.epoch != feed.epoch or at.seq > feed.head or at.seq < before[key]:
                    self.stats.head_lag = max(self.stats.head_lag, at.seq - feed.head)
                    self.refresh(feed, "look")

    async def _until_next_look(self) -> None:
        """Wait the time between two looks; a broker that turns unverified meanwhile shortens it."""
        start, share = time.monotonic(), random.uniform(0.8, 1.0)  # noqa: S311
        while True:
            state = self.broker.state()
            wait = LOOK_SECONDS if state.verified else LOOK_SECONDS_UNVERIFIED
            if state.name == "memory":
                wait = LOOK_SECONDS_ALONE
            left = start + wait * share - time.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(min(left, 0.25))

    # ending

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.monotonic()
            for feed in list(self.feeds.values()):
                for listener in [x for x in feed.lagging if now - x.lags_since > self.options.lag_seconds]:
                    self.stats.closed_slow += 1
                    listener.abort()
                if not feed.size and now - feed.idle_since > IDLE_SECONDS:
                    self._forget(feed)
                    try:
                        await self.broker.unsubscribe(feed.key)
                    except Exception:
                        log.exception("hub.sweep", feed=str(feed.key))

    def _forget(self, feed: Feed) -> None:
        if self.feeds.get(feed.key) is feed:
            del self.feeds[feed.key]
        feed.stop()
        self._send_reset(feed)

    def _send_reset(self, feed: Feed) -> None:
        for listener in feed.listeners():
            listener.end(self.signals.reset(listener.variant))
        for puller in feed.pullers:
            puller.wake()

    async def drain(self, seconds: float, retry_ms: int) -> None:
        """End every stream, spread over `seconds`, each with its own wait before it comes back."""
        self.draining = True
        everyone: list[Callable[[], None]] = []
        for feed in self.feeds.values():
            everyone += [self._ender(x, retry_ms) for x in feed.listeners()]
            everyone += [puller.end for puller in feed.pullers]
        random.shuffle(everyone)
        batches = max(1, min(50, len(everyone)))
        size = -(-len(everyone) // batches)
        for first in range(0, len(everyone), max(size, 1)):
            for end in everyone[first : first + size]:
                end()
            if first + size < len(everyone):
                await asyncio.sleep(seconds / batches)

    def _ender(self, listener: Listener, retry_ms: int) -> Callable[[], None]:
        def end() -> None:
            wait = int(retry_ms * random.uniform(0.5, 1.5))  # noqa: S311
            listener.end(self.signals.farewell(listener.variant, wait))

        return end
