"""What is sent after a position, and what is left out because it was superseded or retracted meanwhile.

The only replay. A `Cursor` reads a feed at the pace of its client: from the store what memory no longer holds,
then from memory. Streams that are written to (`subscribe`) get the rest from memory at once, polls and the
portable streams go on reading. Whatever was held while something else ran passes `still_current` before it is
sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from server.domain.change import Change, FeedKey
from server.domain.errors import Unavailable
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.history import History, Item, Variant
from server.hub.stats import Stats
from server.hub.subscriber import Subscriber

ReadChanges: TypeAlias = Callable[[FeedKey, int], Awaitable[tuple[Position, list[Change]]]]
"""What changed in a feed after a seq, a chunk at a time, and the feed's head."""

PIECE_BYTES = 65_536
"""Bytes of a replay that are written before it is checked whether the connection is full."""


class Reset(Exception):
    """The position is of another history, or from the future: the listener has to load afresh."""


def still_current(items: Sequence[Item], history: History) -> list[Item]:
    """Without what was superseded since it was read: an older version, or text that was retracted."""
    return [item for item in items if not history.supersedes(item.change)]


def subscribe(feed: Feed, subscriber: Subscriber, after: int) -> bool:
    """Add a subscriber that stands at `after`. It gets what memory holds after that, as far as its connection
    takes it, and everything that follows. False when this cannot be served from here; see `Feed.can_add_at`."""
    if not feed.can_add_at(after):
        return False
    missed = feed.history.after(after, feed.delivered) if after < feed.delivered else ()
    feed.add(subscriber)
    if not missed:
        return True
    for data, reached in _pieces(feed, missed, subscriber.variant):
        subscriber.write(data)
        if subscriber in feed.lagging:  # the rest is looked up when it drains
            subscriber.seq = reached
            break
    return True


def catch_up(feed: Feed, subscriber: Subscriber) -> bool:
    """The connection drained: write what it missed. False when memory no longer holds that."""
    if subscriber not in feed.lagging:
        return True
    feed.lagging.discard(subscriber)
    return subscribe(feed, subscriber, subscriber.seq)


def _pieces(feed: Feed, items: Sequence[Item], variant: Variant) -> Iterator[tuple[bytes, int]]:
    """Encoded changes in pieces of about `PIECE_BYTES`, each with the seq that it reaches."""
    piece: list[bytes] = []
    size = 0
    for number, item in enumerate(items, 1):
        data = feed.encoded([item], variant)
        piece.append(data)
        size += len(data)
        if size > PIECE_BYTES or number == len(items):
            yield b"".join(piece), feed.delivered if number == len(items) else item.change.position.seq
            piece, size = [], 0


class Source(Protocol):
    """Where cursors get feeds from; the hub is one."""

    stats: Stats

    async def open(self, key: FeedKey) -> Feed:
        """The feed, open. Raises NotFound, Unavailable."""

    async def caught_up(self, feed: Feed) -> None:
        """Wait until the feed is level with the store as of now. Raises Unavailable."""

    async def read_store(self, feed: Feed, seq: int) -> tuple[Position, list[Item]]:
        """What the store has after `seq`, with its head. Raises NotFound, Unavailable."""


class Replays:
    """Reads the store for those who come back. However many ask for the same, it is asked once."""

    def __init__(self, read_changes: ReadChanges, stats: Stats) -> None:
        self.read_changes, self._stats = read_changes, stats
        self.running: dict[tuple[FeedKey, str, int], asyncio.Task[tuple[Position, list[Item]]]] = {}

    async def read(self, feed: Feed, seq: int) -> tuple[Position, list[Item]]:
        """See `Source.read_store`."""
        key = (feed.key, feed.epoch, seq)
        task = self.running.get(key)
        if task is None:
            self._stats.store_replays += 1
            task = self.running[key] = asyncio.create_task(self._read_items(feed.key, seq))
            task.add_done_callback(lambda _: self.running.pop(key, None))
        return await asyncio.shield(task)

    async def _read_items(self, key: FeedKey, seq: int) -> tuple[Position, list[Item]]:
        at, changes = await self.read_changes(key, seq)
        return at, [Item(change) for change in changes]


class Cursor:
    """Reads one feed, from `position` on (None: from now on). A context manager: leaving it lets the feed go.

    While it is open it counts as a listener of the feed: the feed is not dropped, and is told to `end` it when
    the process ends. `ended` then is true.
    """

    def __init__(self, source: Source, key: FeedKey, variant: Variant, position: Position | None) -> None:
        self.key, self.variant, self.position = key, variant, position
        self.ended = False
        self.feed: Feed | None = None
        self._source = source
        self._woken = asyncio.Event()
        self._resumed_from = "memory"
        self._counted = False
        self._rest: list[Item] = []
        self._rest_as_of = 0
        self._rest_of: History | None = None
        self._fresh = False
        self._collecting: tuple[History, int] | None = None

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        self._detach()

    async def catch_up(self, most: int) -> list[Item]:
        """The next changes from the store, at most `most`; none once `feed` can add a subscriber at
        `position`, which holds until something is awaited.

        Raises:
            Reset: the position is of another history or from the future.
            NotFound, Unavailable: there is no such feed; the store cannot be read.
        """
        return await self._from_store(most, pull=False)

    async def read(self, most: int) -> list[Item]:
        """The next changes from store or memory, at most `most`; none when it is level with the feed. Raises
        as `catch_up`."""
        items = await self._from_store(most, pull=True)
        if items:
            return items
        feed, position = self._opened()
        found = feed.history.after(position.seq, feed.head)
        reached = found[most - 1].change.position.seq if len(found) > most else feed.head
        self.position = Position(feed.epoch, reached)
        return found[:most]

    async def collect(self, most_bytes: int, *, group: int) -> tuple[list[Item], bool]:
        """All that comes next, until it is level or `most_bytes` are found, and whether it is level.

        Raises:
            Reset, NotFound, Unavailable: as `catch_up`; Unavailable also when too much changed meanwhile.
        """
        found: list[Item] = []
        size, level, known = 0, False, None
        while size <= most_bytes and not level:
            items = await self.read(group)
            feed, position = self._opened()
            known = known or (feed, feed.history, feed.head)
            for item in items:
                found.append(item)
                size += len(feed.encoded([item], self.variant))
                if size > most_bytes:
                    self.position = Position(position.epoch, item.change.position.seq)
                    break
            level = not items
        assert known is not None
        return self._collected(found, *known), level

    def _collected(self, found: list[Item], first: Feed, history: History, head: int) -> list[Item]:
        feed, _ = self._opened()
        if feed is first and feed.history is history and feed.covers(head):
            return still_current(found, history)
        if not found:
            return found
        raise Unavailable  # memory no longer tells what was retracted since the first was read

    async def wait(self, seconds: float) -> bool:
        """Wait for something new. False when `seconds` went by in silence."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    # what the feed calls

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    # inside

    def _opened(self) -> tuple[Feed, Position]:
        assert self.feed is not None and self.position is not None
        return self.feed, self.position

    async def _from_store(self, most: int, *, pull: bool) -> list[Item]:
        while True:
            # a feed may have been dropped while this waited for the store or the client
            feed = await self._attach()
            if self.position is None:
                await feed.settled()
                if not feed.closed:
                    self.position = Position(feed.epoch, feed.delivered)
                    self._count("head")
                    return []
                continue
            if self._rest and (items := self._next_of_rest(feed, self.position, most)):
                return items
            if self._rest:
                continue
            if self._is_ahead(feed, self.position):
                await self._ask_again(feed, self.position)
            if not feed.covers(self.position.seq):
                await self._read_store(feed, self.position)
            elif pull or self.position.seq <= feed.delivered:
                self._count(self._resumed_from)
                return []
            else:
                await feed.settled()

    async def _attach(self) -> Feed:
        feed = await self._source.open(self.key)
        if feed is not self.feed:
            self._detach()
            self.feed = feed
            feed.add_waiter(self)
        return feed

    def _detach(self) -> None:
        if self.feed is not None:
            self.feed.remove_waiter(self)
            self.feed = None

    @staticmethod
    def _is_ahead(feed: Feed, position: Position) -> bool:
        return position.epoch != feed.epoch or position.seq > feed.head

    async def _ask_again(self, feed: Feed, position: Position) -> None:
        """Perhaps the position is newer than what this process knows: ask the store before refusing it."""
        await self._source.caught_up(feed)
        if self._is_ahead(feed, position):
            self._source.stats.resumes["reset"] += 1
            raise Reset

    async def _read_store(self, feed: Feed, position: Position) -> None:
        history = feed.history
        at, items = await self._source.read_store(feed, position.seq)
        if at.epoch != position.epoch:
            await self._source.caught_up(feed)
            return
        self._resumed_from = "store"
        if not items:
            self.position = at
        self._rest, self._rest_as_of, self._rest_of, self._fresh = items, at.seq, history, True

    def _next_of_rest(self, feed: Feed, position: Position, most: int) -> list[Item]:
        """The next changes of what was read. None when memory no longer tells all that changed since: the
        store has to be asked again from here."""
        history = feed.history
        gone = history.floor > self._rest_as_of and not self._fresh
        if feed.closed or history is not self._rest_of or gone:
            self._rest = []
            return []
        self._fresh = False
        items, self._rest = self._rest[:most], self._rest[most:]
        self.position = Position(position.epoch, items[-1].change.position.seq)
        # a slow client takes its time over each part, and what follows may be retracted by then
        return still_current(items, history)

    def _count(self, source: str) -> None:
        if not self._counted:
            self._counted = True
            self._source.stats.resumes[source] += 1
