"""The machine that tries to break promises 2 to 5: writes, what two brokers lose, hold back, repeat and
shuffle, listeners that lag, leave and come back, a ring that overflows, a new history, in any order."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from server.background.task_supervisor import Supervisor
from server.domain.entry import Entry
from server.domain.errors import Unavailable
from server.domain.position import Position
from server.hub import feed as feed_module
from server.hub import sync as sync_module
from server.hub.hub import Hub, HubOptions
from server.hub.resume import Reset
from server.newsroom import entries
from server.newsroom.desk import Desk
from server.store import feeds
from tests.hub.readers import History, Reader
from tests.support.newsroom import EDITOR, SIGNALS, LossyBroker, Newsroom, encode, newsroom

RING = 4
READERS = 4
NEVER = 3600.0
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A disk that need not be waited for: a run commits thousands of times."""
AWAY_SECONDS = 0.02
"""How long somebody who comes waits for a store that is away."""
DURING = st.sampled_from(["", "edit", "retract"])
"""What happens after the first piece of a replay."""
ANY = st.integers(0, RING - 1) | st.integers(0, 999)
"""Chooses one of however many there are, often of the newest."""


class Promises(RuleBasedStateMachine):
    """Two hubs over one database."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = contextlib.AsyncExitStack()
        self.made = 0
        self.hurry = False
        self.entries: list[Entry] = []
        self.texts: dict[str, list[str]] = {}
        self.wrong: list[str] = []

    @initialize(group=st.sampled_from([1, feed_module.GROUP]), count=st.sampled_from([0, RING, 2 * RING]))
    def start(self, group: int, count: int) -> None:
        """With so many entries and everybody at the head."""
        # looks at the head are steps of their own here; a replay is sent in many pieces, and a fan-out may be
        for module, name, value in (
            (sync_module, "POLL_SECONDS_ALONE", NEVER), (sync_module, "RETRY_SECONDS", (0.001, 0.002)),
            (feed_module, "GROUP", group),
        ):
            self.stack.enter_context(mock.patch.object(module, name, value))
        self.runner.get_loop().set_exception_handler(lambda _, context: self.wrong.append(str(context)))
        self.runner.run(self._start(count))

    async def _start(self, count: int) -> None:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY))
        self.room: Newsroom = await self.stack.enter_async_context(
            newsroom(Path(folder), history_changes=RING, lag_seconds=NEVER)
        )
        other = LossyBroker()
        second = Hub(
            other, read_changes=self.room.read_changes, read_heads=self.room.read_heads,
            renew_epoch=self.room.renew_epoch, encode=encode, signals=SIGNALS,
            options=HubOptions(history_changes=RING, lag_seconds=NEVER, gather_seconds=0.001),
        )
        supervisor = Supervisor()
        second.start(supervisor)
        self.stack.push_async_callback(second.close)
        self.stack.push_async_callback(supervisor.close)
        self.hubs, self.brokers = (self.room.hub, second), [self.room.broker, other]
        self.history = History(self.room.key, self.brokers)
        for hub, broker in zip(self.hubs, self.brokers, strict=True):
            self.history.overhear(hub, broker)
        at, self.history.written = await self._stored()
        self.history.epoch = at.epoch
        self.withdrawn = self.history.withdrawn
        self.room.desk = Desk(self.room.database, self.history, self.room.desk.media)
        for _ in range(count):
            await self._post()
        self.readers = [Reader(self.history, self.wrong) for _ in range(READERS)]
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

    @rule(hurry=st.booleans())
    def pace(self, hurry: bool) -> None:
        """In a hurry a step does not wait for what the one before it set off."""
        self.hurry = hurry

    @rule(away=st.booleans())
    def store(self, away: bool) -> None:
        """Nothing can be read; what others write arrives through the brokers alone."""
        self.room.away = away
        self._run(asyncio.sleep(0))

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

    @rule(which=st.integers(0, 1), count=st.integers(1, RING + 3))
    def repeat(self, which: int, count: int) -> None:
        """The last ones are told once more."""
        self._run(self._repeat(self.brokers[which], count))

    @rule(which=st.integers(0, 1))
    def look(self, which: int) -> None:
        self._run(self._look(self.hubs[which]))

    # listening

    @rule(which=st.integers(0, READERS - 1), hub=st.integers(0, 1),
          back=st.none() | st.integers(0, 2 * RING) | st.just(1000), during=DURING, entry=ANY)
    def join(self, which: int, hub: int, back: int | None, during: str, entry: int) -> None:
        """As somebody new at the head, or so far back."""
        self.readers[which].leave()
        self.readers[which].forget()
        self._come(self.readers[which], hub, back, during, entry)

    @rule(which=st.integers(0, READERS - 1), hub=st.integers(0, 1), during=DURING, entry=ANY,
          poll=st.booleans())
    def resume(self, which: int, hub: int, during: str, entry: int, poll: bool) -> None:
        """From where it stood."""
        self.readers[which].leave()
        self._come(self.readers[which], hub, None, during, entry, poll=poll)

    @rule(which=st.integers(0, READERS - 1), hub=st.integers(0, 1), during=DURING, entry=ANY,
          writes=st.lists(st.sampled_from(["post", "post", "edit", "retract"]), min_size=3, max_size=RING + 4))
    def be_away(self, which: int, hub: int, during: str, entry: int, writes: list[str]) -> None:
        """While so much is written of the newest things."""
        self.leave(which)
        for number, kind in enumerate(writes):
            self.post(1) if kind == "post" else getattr(self, kind)(number % 3)
        self.resume(which, hub, during, entry, False)

    @rule(which=st.integers(0, READERS - 1))
    def leave(self, which: int) -> None:
        self.readers[which].leave()

    @rule(which=st.integers(0, READERS - 1))
    def lag(self, which: int) -> None:
        if (line := self.readers[which].line) is not None and line.feed is not None:
            line.feed.lag(line)

    @rule(which=st.integers(0, READERS - 1), count=st.integers(1, RING + 1))
    def stumble(self, which: int, count: int) -> None:
        """Lag while so much is written."""
        self.lag(which)
        self.post(count)
        self.catch_up(which)

    @rule(which=st.integers(0, READERS - 1))
    def catch_up(self, which: int) -> None:
        self._run(self._drained(self.readers[which]))

    def _come(
        self, reader: Reader, hub: int, back: int | None, during: str, entry: int, *, poll: bool = False
    ) -> None:
        if during and (thing := self._entry(entry)):
            work = self._edit if during == "edit" else self._retract
            reader.interrupt = lambda: work(thing)
        self._run(self._join(reader, self.hubs[hub], back, poll=poll))
        reader.interrupt = None

    # what holds after every step

    @invariant()
    def keeps_its_promises(self) -> None:
        assert not self.wrong, self.wrong
        for reader in self.readers:
            reader.check()

    def teardown(self) -> None:
        try:
            if not self.wrong and hasattr(self, "readers"):
                self.runner.run(self._converge())
                self.keeps_its_promises()
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()

    async def _converge(self) -> None:
        """Whatever happened: after one look at the store everybody who came back knows everything."""
        self.room.away = False
        for hub in self.hubs:
            await self._look(hub)
        await self._settled()
        for reader in self.readers:
            await self._drained(reader)
            for _ in range(2):  # the first may be a reset
                if reader.line is None:
                    await self._join(reader, self.hubs[0], 1000)
        at, changes = await self._stored()
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

    # how each is done

    def _run(self, work: Any) -> None:
        self.runner.run(self._step(work))

    async def _step(self, work: Any) -> None:
        await work
        if not self.hurry:
            await self._settled()

    async def _settled(self) -> None:
        for hub in self.hubs:
            while hub.sync.running and not self.room.away:
                await asyncio.gather(*hub.sync.running.values())
            for feed in list(hub.feeds.values()):
                await feed.settled()

    async def _stored(self) -> tuple[Position, list[Any]]:
        async with self.room.database.read() as connection:
            return await feeds.changes_after(connection, self.room.key, 0)

    def _entry(self, which: int) -> Entry | None:
        return self.entries[-1 - which % len(self.entries)] if self.entries else None

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
            self.history.epoch = (await feeds.head(connection, self.room.key)).epoch

    async def _release(self, broker: LossyBroker, order: list[int]) -> None:
        if order:
            broker.release(*order)
        broker.hold = False

    async def _repeat(self, broker: LossyBroker, count: int) -> None:
        for change in self.history.written[-count:]:
            broker.publish(change)

    async def _look(self, hub: Hub) -> None:
        for feed in list(hub.feeds.values()):
            hub.sync.refresh(feed, "poll")

    async def _join(self, reader: Reader, hub: Hub, back: int | None, *, poll: bool = False) -> None:
        head = await self.room.head()
        if reader.position is None and back is not None:
            reader.since = max(0, head.seq - back)
            reader.position = Position(head.epoch, reader.since)
        after = reader.position
        try:
            async with asyncio.timeout(AWAY_SECONDS if self.room.away else None):
                await (reader.poll if poll else reader.join)(hub, self.room.key)
        except (Unavailable, TimeoutError):
            assert self.room.away
        except Reset:
            assert after is not None
            assert after.epoch != (await self.room.head()).epoch, "refused a good position"
            reader.forget()

    async def _drained(self, reader: Reader) -> None:
        if reader.line is not None and reader.line.feed is not None:
            reader.line.hub.drained(reader.line.feed, reader.line)
