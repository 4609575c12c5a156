"""Readers for the state machine, and what they must know: each checks every change as it comes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Container
from typing import TypeAlias

from server.broker.memory import MemoryBroker
from server.domain.change import Change, FeedKey
from server.domain.position import Position
from server.hub import resume
from server.hub.feed import Feed
from server.hub.history import Item, Variant
from server.hub.hub import Hub
from tests.support.newsroom import LossyBroker

GROUP = 2
"""Changes in one piece of a replay."""

State: TypeAlias = dict[str, tuple[str, int, int]]
"""Of each thing: kind, revision, seq."""


class History(MemoryBroker):
    """Every change in the order of writing. Passes each on to the brokers of the processes."""

    def __init__(self, key: FeedKey, brokers: list[LossyBroker]) -> None:
        super().__init__()
        self._key, self._brokers = key, brokers
        self.epoch = ""
        """The newest."""
        self.written: list[Change] = []
        self.withdrawn: dict[str, int] = {}
        """Texts that are retracted, each with the seq of that."""
        self.told: dict[Hub, set[int]] = {}
        """What the broker of each hub handed over, by seq."""

    def overhear(self, hub: Hub, broker: LossyBroker) -> None:
        hand_over, told = hub._on_change, self.told.setdefault(hub, set())

        def on_change(change: Change) -> None:
            if change.feed == self._key:
                told.add(change.position.seq)
            hand_over(change)

        broker.listen(on_change=on_change, on_unverified=hub._on_unverified)

    def publish(self, change: Change) -> None:
        if change.feed == self._key:
            self.written.append(change)
        for broker in self._brokers:
            broker.publish(change)

    def lasting(self, upto: int) -> State:
        """Of each thing that did not change after `upto`: what it is."""
        newest = {c.id: (c.kind, c.revision, c.position.seq) for c in self.written}
        return {key: thing for key, thing in newest.items() if thing[2] <= upto}


class Reader:
    """Somebody who reads, over one connection after the other. `wrong` is told what may not happen: an
    exception would end in the log of whoever calls."""

    def __init__(self, history: History, wrong: list[str]) -> None:
        self.history, self._wrong = history, wrong
        self.line: Line | None = None
        self.position: Position | None = None
        self.since = 0
        self.things: State = {}
        self.interrupt: Callable[[], Awaitable[None]] | None = None
        """Done once, after the first piece of the next replay."""

    @property
    def stands(self) -> int:
        """The seq that it has been served up to, as its process sees it."""
        if self.line is None or self.line.feed is None:
            return self.position.seq if self.position is not None else 0
        feed = self.line.feed
        return self.line.seq if self.line in feed.lagging else feed.delivered

    def complain(self, what: str) -> None:
        self._wrong.append(what)

    def forget(self) -> None:
        self.position, self.things = None, {}

    def check(self) -> None:
        """It knows exactly what the database says at its position, but for what changed after that: of this an
        older version may be left out, since a newer one is to come."""
        if self.position is not None and (self.line is None or not self.line.is_being_served):
            assert self.stands >= self.position.seq
            lasting = self.history.lasting(self.stands)
            known = {key: thing for key, thing in self.things.items() if key in lasting}
            assert known == {key: thing for key, thing in lasting.items() if thing[2] > self.since}

    def take(self, data: bytes, *, known: int, told: Container[int] = ()) -> None:
        """Take changes from a process that knows of everything up to `known`, and was told of others."""
        for line in data.splitlines():
            change = json.loads(line)
            at = Position.parse(change["position"])
            assert self.position is not None
            if at.epoch != self.position.epoch or at.seq <= self.position.seq:
                self.complain(f"{at} after {self.position}")
            if change["revision"] < self.things.get(change["id"], ("", 0, 0))[1]:
                self.complain(f"an older version after a newer one at {at}")
            for text, seq in self.history.withdrawn.items():
                # a process cannot know of a retraction sooner than it hears of it
                if text in line.decode() and (at.seq >= seq or known >= seq or seq in told):
                    self.complain(f"{text} at {at} was retracted at {seq}")
            self.position = at
            self.things[change["id"]] = (change["kind"], change["revision"], at.seq)

    async def join(self, hub: Hub, key: FeedKey) -> None:
        """Follow from where it stands, or from now on. Raises Reset."""
        line = Line(self, hub)
        with hub.cursor(key, line.variant, self.position) as cursor:
            while items := await cursor.catch_up(GROUP):
                assert cursor.feed is not None
                await line.send(cursor.feed.encoded(items, line.variant))
            assert cursor.feed is not None and cursor.position is not None
            if self.position is None:
                self.since, self.position = cursor.position.seq, cursor.position
            self.line, line.feed = line, cursor.feed
            assert resume.subscribe(cursor.feed, line, cursor.position.seq)

    async def poll(self, hub: Hub, key: FeedKey) -> None:
        """Fetch once what it missed, as web/stream/changes.py does. Raises Reset."""
        with hub.cursor(key, "json", self.position) as cursor:
            read, interrupt = cursor.read, self.interrupt

            async def read_and_interrupt(most: int) -> list[Item]:
                nonlocal interrupt
                items = await read(most)
                if interrupt is not None:
                    work, interrupt = interrupt, None
                    await work()
                return items

            cursor.read = read_and_interrupt  # type: ignore[method-assign]
            items, _ = await cursor.collect(1_000_000, group=GROUP)
            feed, at = cursor.feed, cursor.position
            assert feed is not None and at is not None
            self.since = at.seq if self.position is None else self.since
            self.position = self.position or at
            self.take(feed.encoded(items, "json"), known=feed.head, told=self.history.told[hub])
            self.position = at

    def leave(self) -> None:
        if self.line is not None:
            self.line.abort()


class Line:
    """One connection: a subscriber."""

    def __init__(self, reader: Reader, hub: Hub) -> None:
        self.variant: Variant = "json"
        self.seq, self.slot, self.lags_since = 0, -1, 0.0
        self.feed: Feed | None = None
        self._reader, self.hub = reader, hub

    @property
    def is_being_served(self) -> bool:
        """A fan-out that pauses between groups of listeners has written to some, and not to others."""
        return self.feed is not None and self.feed._fan_out is not None

    @property
    def told(self) -> set[int]:
        return self._reader.history.told[self.hub]

    def write(self, data: bytes) -> None:
        if self._reader.line is self and self.feed is not None:  # one that was lost drops what is written to it
            # what a fan-out that pauses still writes was decided when it began
            told = () if self.is_being_served else self.told
            self._reader.take(data, known=self.feed.delivered, told=told)

    async def send(self, data: bytes) -> None:
        known = max(feed.head for feed in self.hub.feeds.values())
        self._reader.take(data, known=known, told=self.told)
        if self._reader.interrupt is not None:
            interrupt, self._reader.interrupt = self._reader.interrupt, None
            await interrupt()

    def beat(self, data: bytes) -> None:
        """Heartbeats are tested elsewhere."""

    def end(self, farewell: bytes) -> None:
        assert json.loads(farewell)["kind"] == "reset"
        if self._reader.position is not None and self._reader.position.epoch == self._reader.history.epoch:
            self._reader.complain("a reset without a new history")
        self._reader.forget()
        self.abort()

    def abort(self) -> None:
        if self.feed is not None:
            self.feed.remove(self)
            self.feed = None
        if self._reader.line is self:
            self._reader.line = None


