"""One feed in this process: what it knows, who listens, and the fan-out.

Everything here is synchronous but the fan-out itself, which pauses between groups of listeners. A change is
accepted when its seq follows on the last; listeners are seated at `delivered`, the seq up to which the
fan-out that runs (or ran last) goes, so that a newcomer gets everything after it once and nothing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeAlias

import structlog

from server.domain.change import Change, FeedKey
from server.domain.position import Position
from server.hub.history import Encode, Item, Ring, Variant
from server.hub.stats import Stats
from server.hub.subscriber import Listener, Puller

log = structlog.get_logger()

Write: TypeAlias = Callable[[bytes], None]

GROUP = 500
"""Listeners written to before other work of the process gets its turn."""
PIECE = 65_536
"""Bytes of a replay that are written before it is looked whether the transport is full."""


class Feed:
    """The state of one feed. `head` is the seq of the newest change known here; `closed` says that the hub has
    forgotten it, and that there may be another one by now."""

    def __init__(self, key: FeedKey, at: Position, *, capacity: int, encode: Encode, stats: Stats) -> None:
        self.key = key
        self.epoch = at.epoch
        self.head = self.delivered = at.seq
        self.ring = Ring(at.seq, capacity)
        # each with its `write`, looked up once and not at every delivery
        self.seats: dict[Variant, dict[Listener, Write]] = {}
        self.lagging: set[Listener] = set()
        self.pullers: set[Puller] = set()
        self.idle_since = time.monotonic()
        self.unverified = False
        self._capacity = capacity
        self._encode = encode
        self._stats = stats
        self._scheduled = False
        self._fan_out: asyncio.Task[None] | None = None
        self._settled: asyncio.Future[None] | None = None
        self.closed = False
        self.on_reset: Callable[[Feed], None] = lambda feed: None

    # what arrives

    def accept(self, change: Change, *, compacted: bool = False) -> bool:
        """Take a change, if it follows on the head. Changes of one query of the store are `compacted`: in
        order, with the numbers of superseded ones left out. False: it does not follow, something is missing."""
        if change.position.epoch != self.epoch:
            # whichever history is the newer one: what memory holds may be retracted in it
            self.ring = self.ring.rest(self.delivered)
            return False
        seq = change.position.seq
        if seq <= self.head:
            return True  # a repeat
        if seq != self.head + 1 and not compacted:
            self.ring.hear_of(change)
            return False
        self.head = seq
        self.ring.add(change, keep_after=self.delivered)
        self._stats.changes += 1
        self._schedule()
        return True

    def skip_to(self, seq: int) -> None:
        """The store has nothing between the head and `seq`."""
        if seq > self.head:
            self.head = seq
            self._schedule()

    def restart(self, at: Position) -> None:
        """Another history begins: forget this one. Everybody seated has to load afresh."""
        self.on_reset(self)
        self.epoch = at.epoch
        self.head = self.delivered = at.seq
        self.ring = Ring(at.seq, self._capacity)

    # who listens

    @property
    def size(self) -> int:
        return sum(len(s) for s in self.seats.values()) + len(self.lagging) + len(self.pullers)

    def covers(self, seq: int) -> bool:
        """Whether a listener at `seq` can be served from memory."""
        return self.ring.floor <= seq <= self.head

    def seat(self, listener: Listener, seq: int) -> bool:
        """Seat a listener that stands at `seq`: it gets what it misses now, and all that follows. False when
        it stands where this cannot be served from here (see `covers`), or ahead of a fan-out that runs, and
        when this feed was forgotten meanwhile."""
        if self.closed or not self.ring.floor <= seq <= self.delivered:
            return False
        listener.feed = self
        seats = self.seats.get(listener.variant)
        if seats is None:
            seats = self.seats[listener.variant] = {}
        seats[listener] = listener.write
        if seq < self.delivered:
            self._replay(listener, seq)
        return True

    def _replay(self, listener: Listener, seq: int) -> None:
        """Send what memory holds after `seq`, as far as the transport takes it. The rest is looked up when it
        drains: a listener that resumes and reads nothing costs one piece, not all that memory holds."""
        pieces: list[bytes] = []
        size = 0
        for item in self.ring.after(seq, self.delivered):
            if size > PIECE:
                _write([listener.write], b"".join(pieces))
                if listener in self.lagging:
                    listener.seq = seq
                    return
                pieces, size = [], 0
            data = self.encoded(item, listener.variant)
            pieces.append(data)
            size += len(data)
            seq = item.change.position.seq
        if pieces:
            _write([listener.write], b"".join(pieces))

    def leave(self, listener: Listener) -> None:
        """The connection ended."""
        listener.feed = None
        if (seats := self.seats.get(listener.variant)) is not None:
            seats.pop(listener, None)
        self.lagging.discard(listener)
        self._maybe_idle()

    def pull(self, puller: Puller) -> None:
        puller.feed = self
        self.pullers.add(puller)

    def stop_pulling(self, puller: Puller) -> None:
        puller.feed = None
        self.pullers.discard(puller)
        self._maybe_idle()

    def lag(self, listener: Listener) -> None:
        """The listener's transport is full: it gets nothing more until it drains. What it misses is not
        queued; it is looked up by position when it comes back, compacted."""
        if listener in self.lagging:
            return
        self.seats[listener.variant].pop(listener, None)
        self.lagging.add(listener)
        listener.seq = self.delivered
        listener.lags_since = time.monotonic()

    def catch_up(self, listener: Listener) -> None:
        """The listener's transport drained: send what it missed, or end it when that is no longer here."""
        if listener not in self.lagging:
            return
        self.lagging.discard(listener)
        if not self.seat(listener, listener.seq):
            self._stats.closed_slow += 1
            listener.abort()

    def listeners(self) -> list[Listener]:
        return [x for seats in self.seats.values() for x in seats] + list(self.lagging)

    def frames(self, seq: int, upto: int, variant: Variant) -> bytes:
        """What changed after `seq` and not after `upto`, as bytes for the wire."""
        return b"".join(self.encoded(item, variant) for item in self.ring.after(seq, upto))

    def encoded(self, item: Item, variant: Variant) -> bytes:
        data = item.encoded.get(variant)
        if data is None:
            data = item.encoded[variant] = self._encode(item, variant)
        return data

    # the fan-out

    async def settled(self) -> None:
        """Wait until everything known was handed to the transports."""
        while self.delivered < self.head:
            if self._settled is None or self._settled.done():
                self._settled = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._settled)

    def stop(self) -> None:
        """Nothing more comes from here, and nobody can be seated."""
        self.closed = True
        if self._fan_out is not None:
            self._fan_out.cancel()

    def _schedule(self) -> None:
        # one fan-out carries everything that arrives in the same tick: writes are the cost, bytes are not
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._tick)

    def _tick(self) -> None:
        self._scheduled = False
        for puller in self.pullers:
            puller.wake()
        if self._fan_out is None:
            if sum(len(s) for s in self.seats.values()) <= GROUP:
                while self.delivered < self.head:
                    for writes, data in self._round():
                        _write(writes, data)
                self._settle()
            else:
                self._fan_out = asyncio.get_running_loop().create_task(self._rounds())

    def _round(self) -> list[tuple[list[Write], bytes]]:
        start, self.delivered = self.delivered, self.head
        plan = []
        for variant, seats in list(self.seats.items()):
            try:
                data = self.frames(start, self.delivered, variant) if seats else b""
            except Exception:
                # they must not go on as if they had it: they come back, from where they stand
                log.exception("hub.encode", feed=str(self.key), variant=str(variant))
                for listener in list(seats):
                    listener.abort()
                continue
            if data:
                plan.append((list(seats.values()), data))
                self._stats.deliveries += len(seats)
        self._stats.delivered(self.ring.after(start, self.delivered))
        return plan

    async def _rounds(self) -> None:
        try:
            while self.delivered < self.head:
                for writes, data in self._round():
                    for first in range(0, len(writes), GROUP):
                        _write(writes[first : first + GROUP], data)
                        await asyncio.sleep(0)
        finally:
            self._fan_out = None
            self._settle()
            if self.delivered < self.head:
                self._schedule()

    def _settle(self) -> None:
        if self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

    def _maybe_idle(self) -> None:
        if not self.size:
            self.idle_since = time.monotonic()


def _write(writes: list[Write], data: bytes) -> None:
    for write in writes:
        try:
            write(data)
        except RuntimeError:  # lost since the plan was made: uvloop raises where asyncio drops what is written
            continue
