"""One feed in this process: what it knows, who follows it, and the fan-out.

Everything here is synchronous but the fan-out itself, which pauses between groups of subscribers. A change is
accepted when its seq follows on the last. A subscriber is added at `delivered`, the seq up to which the fan-out
that runs (or ran last) goes, so that a newcomer gets everything after it once and nothing twice; what it missed
before is written by resume.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from server.domain.change import Change, FeedKey
from server.domain.position import Position
from server.hub.history import Encode, History, Item, Variant
from server.hub.stats import Stats
from server.hub.subscriber import Subscriber, Waiter

log = structlog.get_logger()

GROUP = 500
"""Subscribers written to before other work of the process gets its turn."""


class Feed:
    """The state of one feed. `head` is the seq of the newest change known here; `closed` says that the hub
    dropped it, and that another one may be open by now; `stale`, that something may be missing which a query of
    the store that is under way does not tell.

    Args:
        on_reset: called before another history begins, with the feed and where that begins.
        make_history: an empty history after a seq.
        gather_seconds: a change that follows on a fan-out within this time waits until it has passed, and goes
            out with all that arrived meanwhile. What a listener costs is the writes, hardly the bytes.
    """

    def __init__(
        self,
        key: FeedKey,
        at: Position,
        *,
        make_history: Callable[[int], History],
        encode: Encode,
        stats: Stats,
        on_reset: Callable[[Feed, Position], None],
        gather_seconds: float,
    ) -> None:
        self.key = key
        self.epoch = at.epoch
        self.head = self.delivered = at.seq
        self.history = make_history(at.seq)
        self.subscribers: dict[Variant, dict[Subscriber, None]] = {}
        self.lagging: set[Subscriber] = set()
        self.waiters: set[Waiter] = set()
        self.idle_since = time.monotonic()
        self.stale = False
        self.closed = False
        self._make_history = make_history
        self._encode = encode
        self._stats = stats
        self._on_reset = on_reset
        self._gather_seconds = gather_seconds
        self._began = -gather_seconds
        self._next: asyncio.Handle | None = None
        self._fan_out: asyncio.Task[None] | None = None
        self._settled: asyncio.Future[None] | None = None

    # what arrives

    def accept(self, change: Change, *, compacted: bool = False) -> bool:
        """Add a change, if it follows on the head. Changes of one query of the store are `compacted`: in
        order, with the numbers of superseded ones left out. False: it does not follow, something is missing."""
        if change.position.epoch != self.epoch:
            # whichever history is the newer one: what memory holds may be retracted in it
            self.history = self.history.undelivered(self.delivered)
            return False
        seq = change.position.seq
        if seq <= self.head:
            return True  # a repeat
        if seq != self.head + 1 and not compacted:
            self.history.announce(change)
            return False
        self.head = seq
        self.history.add(change, keep_after=self.delivered)
        self._stats.changes += 1
        self._schedule()
        return True

    def skip_to(self, seq: int) -> None:
        """The store has nothing between the head and `seq`."""
        if seq > self.head:
            self.head = seq
            self._schedule()

    def restart(self, at: Position) -> None:
        """Another history begins: drop this one. Everybody who follows has to load afresh."""
        self._on_reset(self, at)
        self.epoch = at.epoch
        self.head = self.delivered = at.seq
        self.history = self._make_history(at.seq)

    # who follows

    @property
    def size(self) -> int:
        return self._subscribed + len(self.lagging) + len(self.waiters)

    @property
    def _subscribed(self) -> int:
        return sum(len(group) for group in self.subscribers.values())

    def covers(self, seq: int) -> bool:
        """Whether memory holds everything after `seq`."""
        return self.history.floor <= seq <= self.head

    def can_add_at(self, seq: int) -> bool:
        """Whether a subscriber that stands at `seq` can be added: memory holds what it misses, and it is not
        ahead of a fan-out that runs. False for a feed that was dropped."""
        return not self.closed and self.history.floor <= seq <= self.delivered

    def add(self, subscriber: Subscriber) -> None:
        """Write to a subscriber from now on. It stands at `delivered`; see resume.py for what came before."""
        group = self.subscribers.get(subscriber.variant)
        if group is None:
            group = self.subscribers[subscriber.variant] = {}
        group[subscriber] = None

    def remove(self, subscriber: Subscriber) -> None:
        """The connection ended."""
        if (group := self.subscribers.get(subscriber.variant)) is not None:
            group.pop(subscriber, None)
        self.lagging.discard(subscriber)
        self._note_idle()

    def lag(self, subscriber: Subscriber) -> None:
        """The subscriber's connection is full: write no more to it until it drains. What it misses is not
        queued; resume.py looks it up by position, compacted."""
        if subscriber in self.lagging:
            return
        if (group := self.subscribers.get(subscriber.variant)) is not None:
            group.pop(subscriber, None)
        self.lagging.add(subscriber)
        subscriber.seq = self.delivered
        subscriber.lags_since = time.monotonic()

    def add_waiter(self, waiter: Waiter) -> None:
        self.waiters.add(waiter)

    def remove_waiter(self, waiter: Waiter) -> None:
        self.waiters.discard(waiter)
        self._note_idle()

    def everyone(self) -> list[Subscriber]:
        """All subscribers, those that lag included."""
        return [x for group in self.subscribers.values() for x in group] + list(self.lagging)

    def encoded(self, items: Sequence[Item], variant: Variant) -> bytes:
        """Changes as bytes for the wire."""
        return b"".join([item.encoded.get(variant) or self._encode_once(item, variant) for item in items])

    def _encode_once(self, item: Item, variant: Variant) -> bytes:
        data = item.encoded[variant] = self._encode(item, variant)
        self.history.grow(item, len(data))
        return data

    # the fan-out

    async def settled(self) -> None:
        """Wait until everything known was written to the connections."""
        while self.delivered < self.head:
            if self._settled is None or self._settled.done():
                self._settled = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._settled)

    def stop(self) -> None:
        """Drop the feed: nothing more is written, and nobody can be added."""
        self.closed = True
        if self._next is not None:
            self._next.cancel()
        if self._fan_out is not None:
            self._fan_out.cancel()

    def _schedule(self) -> None:
        if self._next is None and self._fan_out is None and not self.closed:
            loop = asyncio.get_running_loop()
            wait = self._began + self._gather_seconds - loop.time()
            self._next = loop.call_later(wait, self._deliver) if wait > 0 else loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        """One fan-out of everything that has arrived."""
        loop = asyncio.get_running_loop()
        self._next, self._began = None, loop.time()
        for waiter in self.waiters:
            waiter.wake()
        plan = self._plan()
        if sum(len(group) for group, _ in plan) > GROUP:
            self._fan_out = loop.create_task(self._write(plan))
            return
        for group, data in plan:
            write_all(group, data)
        self._settle()

    def _plan(self) -> list[tuple[list[Subscriber], bytes]]:
        start, self.delivered = self.delivered, self.head
        items = self.history.after(start, self.delivered)
        plan = []
        for variant, group in list(self.subscribers.items()):
            try:
                data = self.encoded(items, variant) if group else b""
            except Exception:
                # they must not go on as if they had it: they reconnect, from where they stand
                log.exception("hub.encode", feed=str(self.key), variant=str(variant))
                for subscriber in list(group):
                    subscriber.abort()
                continue
            if data:
                plan.append((list(group), data))
                self._stats.deliveries += len(group)
        self._stats.delivered(items)
        self.history.shrink(self.delivered)
        return plan

    async def _write(self, plan: list[tuple[list[Subscriber], bytes]]) -> None:
        """To many, with pauses for other work of the process."""
        try:
            for group, data in plan:
                for first in range(0, len(group), GROUP):
                    write_all(group[first : first + GROUP], data)
                    await asyncio.sleep(0)
        finally:
            self._fan_out = None
            self._settle()
            if self.delivered < self.head:
                self._schedule()

    def _settle(self) -> None:
        if self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

    def _note_idle(self) -> None:
        if not self.size:
            self.idle_since = time.monotonic()


def write_all(group: Sequence[Subscriber], data: bytes) -> None:
    """One write to each."""
    for subscriber in group:
        subscriber.write(data)
