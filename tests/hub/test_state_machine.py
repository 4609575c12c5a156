"""Promises 2 to 5 against every order of events that Hypothesis can think of: writes, what two brokers lose,
hold back, repeat and shuffle, listeners that lag, leave and come back, a ring that overflows, a new history."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from server.broker.memory import MemoryBroker
from server.domain.change import Change
from server.domain.entry import Entry
from server.domain.position import Position
from server.hub import hub as hub_module
from server.hub.hub import Hub, HubOptions, Reset
from server.newsroom import entries
from server.newsroom.desk import Desk
from server.store import feeds
from tests.support.newsroom import EDITOR, SIGNALS, Ear, LossyBroker, Newsroom, encode, newsroom

RING = 4
READERS = 4
NEVER = 3600.0
ANY = st.integers(0, 999)
"""Chooses one of however many there are."""


class Fork(MemoryBroker):
    """Publishes to the brokers of two processes, each with losses of its own."""

    def __init__(self, brokers: list[LossyBroker]) -> None:
        super().__init__()
        self._brokers = brokers

    def publish(self, change: Change) -> None:
        for broker in self._brokers:
            broker.publish(change)


class Reader(Ear):
    """A listener that goes on where it stood, at either hub, and checks every change as it comes."""

    __slots__ = ("interrupt", "position", "since", "things", "withdrawn")

    def __init__(self, hub: Hub, withdrawn: dict[str, int]) -> None:
        super().__init__(hub)
        self.closed = True
        self.position: Position | None = None
        self.since = 0
        self.things: dict[str, tuple[str, int, int]] = {}
        """Of each thing that it heard of: kind, revision, seq."""
        self.withdrawn = withdrawn
        self.interrupt: Any = None

    def write(self, data: bytes) -> None:
        assert not self.closed
        self._take(data)

    async def send(self, data: bytes) -> None:
        self._take(data)
        if self.interrupt is not None:
            interrupt, self.interrupt = self.interrupt, None
            await interrupt()

    def end(self, farewell: bytes) -> None:
        assert json.loads(farewell)["kind"] == "reset"
        self.begin_again()
        self.abort()

    def begin_again(self) -> None:
        self.position = None
        self.things = {}

    def _take(self, data: bytes) -> None:
        for line in data.splitlines():
            change = json.loads(line)
            at = Position.parse(change["position"])
            assert self.position is not None
            assert at.epoch == self.position.epoch
            assert at.seq > self.position.seq, f"{at} after {self.position}"
            _, revision, _ = self.things.get(change["id"], ("", 0, 0))
            assert change["revision"] >= revision, "an older version after a newer one"
            known = max(feed.head for feed in self.hub.feeds.values())
            for text, seq in self.withdrawn.items():
                # a process cannot know of a retraction sooner than it hears of it
                assert text not in line.decode() or (at.seq < seq and known < seq), f"{text} was retracted"
            self.position = at
            self.things[change["id"]] = (change["kind"], change["revision"], at.seq)


class Promises(RuleBasedStateMachine):
    """Two hubs over one database."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = contextlib.AsyncExitStack()
        self.made = 0
        self.entries: list[Entry] = []
        self.texts: dict[str, list[str]] = {}
        self.withdrawn: dict[str, int] = {}
        # looks at the head are steps of their own here, and a replay is sent in many pieces
        for name, value in (("LOOK_SECONDS_ALONE", NEVER), ("ENCODE_GROUP", 2)):
            self.stack.enter_context(mock.patch.object(hub_module, name, value))

    @initialize()
    def start(self) -> None:
        self.runner.run(self._start())

    async def _start(self) -> None:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.room: Newsroom = await self.stack.enter_async_context(
            newsroom(Path(folder), ring_changes=RING, lag_seconds=NEVER)
        )
        other = LossyBroker()
        second = Hub(
            other, read_changes=self.room.read_changes, read_heads=self.room.read_heads, encode=encode,
            signals=SIGNALS, options=HubOptions(ring_changes=RING, lag_seconds=NEVER),
        )
        await second.start()
        self.stack.push_async_callback(second.close)
        self.hubs, self.brokers = (self.room.hub, second), [self.room.broker, other]
        self.room.desk = Desk(self.room.database, Fork(self.brokers), self.room.desk.media)
        self.readers = [Reader(self.hubs[0], self.withdrawn) for _ in range(READERS)]
        for number, reader in enumerate(self.readers):
            await self._join(reader, self.hubs[number % 2], None)

    # writing

    @rule(count=st.sampled_from([1, 1, 2, RING + 3]))
    def post(self, count: int) -> None:
        for _ in range(count):
            self._run(self._post())

    @rule(which=ANY)
    def edit(self, which: int) -> None:
        if entry := self._entry(which):
            self._run(self._edit(entry))

    @rule(which=ANY, pinned=st.booleans())
    def pin(self, which: int, pinned: bool) -> None:
        if (entry := self._entry(which)) and not self._is_withdrawn(entry):
            self._run(
                entries.edit(self.room.desk, EDITOR, "storm", entry.id, {"pinned": pinned}, revision=None)
            )

    @rule(which=ANY)
    def retract(self, which: int) -> None:
        if entry := self._entry(which):
            self._run(self._retract(entry))

    @rule(which=ANY)
    def restore(self, which: int) -> None:
        if (entry := self._entry(which)) and self._is_withdrawn(entry):
            for text in self.texts[entry.id]:
                del self.withdrawn[text]
            self._run(entries.restore(self.room.desk, EDITOR, "storm", entry.id))

    @rule()
    def new_epoch(self) -> None:
        self._run(self._new_epoch())

    # what carries it

    @rule(which=st.integers(0, 1), lose=st.booleans())
    def lose(self, which: int, lose: bool) -> None:
        self.brokers[which].lose = lose

    @rule(which=st.integers(0, 1))
    def miss_one(self, which: int) -> None:
        """Lost without a word; only the next shows it."""
        for lose in (True, False):
            self.brokers[which].lose = lose
            self._run(self._post())

    @rule(which=st.integers(0, 1))
    def hold(self, which: int) -> None:
        self.brokers[which].hold = True

    @rule(which=st.integers(0, 1), chance=st.randoms(use_true_random=False), again=st.booleans())
    def release(self, which: int, chance: Any, again: bool) -> None:
        """In any order; some twice, some never."""
        broker = self.brokers[which]
        order = list(range(len(broker.held))) * (2 if again else 1)
        chance.shuffle(order)
        self._run(self._release(broker, order[: 1 + len(order) * 3 // 4]))

    @rule(which=st.integers(0, 1))
    def look(self, which: int) -> None:
        self._run(self._look(self.hubs[which]))

    # listening

    @rule(which=st.integers(0, READERS - 1), hub=st.integers(0, 1), back=st.integers(0, 12) | st.none())
    def join(self, which: int, hub: int, back: int | None) -> None:
        """At the head, or so far back."""
        reader = self.readers[which]
        if reader.closed:
            reader.begin_again()
            self._run(self._join(reader, self.hubs[hub], back))

    @rule(which=st.integers(0, READERS - 1), hub=st.integers(0, 1),
          during=st.sampled_from(["", "edit", "retract"]), entry=ANY)
    def resume(self, which: int, hub: int, during: str, entry: int) -> None:
        """From where it stood; perhaps something is written after the first piece of what it missed."""
        reader, thing = self.readers[which], self._entry(entry)
        if reader.closed:
            if during and thing:
                reader.interrupt = lambda: getattr(self, f"_{during}")(thing)
            self._run(self._join(reader, self.hubs[hub], None))
            reader.interrupt = None

    @rule(which=st.integers(0, READERS - 1))
    def leave(self, which: int) -> None:
        self._run(self._abort(self.readers[which]))

    @rule(which=st.integers(0, READERS - 1))
    def lag(self, which: int) -> None:
        reader = self.readers[which]
        if reader.feed is not None:
            reader.feed.lag(reader)

    @rule(which=st.integers(0, READERS - 1))
    def catch_up(self, which: int) -> None:
        self._run(self._drained(self.readers[which]))

    def teardown(self) -> None:
        try:
            self._run(self._converge())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()

    # how each is done

    def _run(self, work: Any) -> None:
        self.runner.run(self._settled(work))

    async def _settled(self, work: Any) -> None:
        await work
        for hub in self.hubs:
            while hub._catching_up:
                await asyncio.gather(*hub._catching_up.values())
            for feed in list(hub.feeds.values()):
                await feed.settled()

    def _entry(self, which: int) -> Entry | None:
        return self.entries[which % len(self.entries)] if self.entries else None

    def _is_withdrawn(self, entry: Entry) -> bool:
        return self.texts[entry.id][0] in self.withdrawn

    def _text(self) -> str:
        self.made += 1
        return f"text-{self.made}-"

    async def _post(self) -> None:
        text = self._text()
        entry = await self.room.post(text)
        self.entries.append(entry)
        self.texts[entry.id] = [text]

    async def _edit(self, entry: Entry) -> None:
        if not self._is_withdrawn(entry):
            self.texts[entry.id].append(text := self._text())
            await self.room.edit(entry, text)

    async def _retract(self, entry: Entry) -> None:
        if not self._is_withdrawn(entry):
            seq = (await self.room.retract(entry)).public_seq
            assert seq is not None
            self.withdrawn.update(dict.fromkeys(self.texts[entry.id], seq))

    async def _new_epoch(self) -> None:
        async with self.room.database.write() as connection:
            await feeds.renew_epoch(connection, self.room.key.blog_id)

    async def _release(self, broker: LossyBroker, order: list[int]) -> None:
        if order:
            broker.release(*order)
        broker.hold = False

    async def _look(self, hub: Hub) -> None:
        for feed in list(hub.feeds.values()):
            hub.refresh(feed, "look")

    async def _join(self, reader: Reader, hub: Hub, back: int | None) -> None:
        reader.hub = hub
        head = await self.room.head()
        if reader.position is None and back is not None:
            reader.since = max(0, head.seq - back)
            reader.position = Position(head.epoch, reader.since)
        after, key = reader.position, self.room.key
        try:
            feed, seq = await hub.prepare(key, reader.variant, after, reader.send)
        except Reset:
            assert after is not None
            assert after.epoch != (await self.room.head()).epoch, "refused a good position"
            reader.begin_again()
            return
        if reader.position is None:
            reader.since, reader.position = seq, Position(feed.epoch, seq)
        reader.closed = False
        assert feed.seat(reader, seq)

    async def _abort(self, reader: Reader) -> None:
        if not reader.closed:
            reader.abort()

    async def _drained(self, reader: Reader) -> None:
        if reader.feed is not None:
            reader.feed.catch_up(reader)

    async def _converge(self) -> None:
        """Whatever happened: after one look at the store everybody who came back knows everything."""
        for hub in self.hubs:
            await self._settled(self._look(hub))
        for reader in self.readers:
            await self._drained(reader)
            for _ in range(2):  # the first may be a reset
                if reader.closed:
                    await self._join(reader, self.hubs[0], 1000)
        async with self.room.database.read() as connection:
            at, changes = await feeds.changes_after(connection, self.room.key, 0)
        for reader in self.readers:
            expected = {
                c.id: (c.kind, c.revision, c.position.seq) for c in changes if c.position.seq > reader.since
            }
            assert reader.things == expected
            assert reader.position is not None
            assert reader.position.epoch == at.epoch
        for hub in self.hubs:
            for feed in hub.feeds.values():
                assert feed.head == feed.delivered == at.seq
                assert not feed.lagging


TestPromises = Promises.TestCase
TestPromises.settings = settings(
    derandomize=True, max_examples=25, stateful_step_count=25, deadline=None, database=None,
    phases=[Phase.generate],  # to see a failure made smaller, add Phase.shrink: minutes
    suppress_health_check=list(HealthCheck),
)
