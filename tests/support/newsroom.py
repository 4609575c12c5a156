"""A newsroom without a web server: a real SQLite database, the writers, a broker and a hub."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.background.task_supervisor import Supervisor
from server.broker.memory import MemoryBroker
from server.domain.blocks import Text
from server.domain.change import Change, FeedKey
from server.domain.entry import Content, Entry
from server.domain.errors import Unavailable
from server.domain.permissions import Caller
from server.domain.position import Position
from server.hub import resume
from server.hub.feed import Feed
from server.hub.history import Item, Variant
from server.hub.hub import Hub, HubOptions, Signals
from server.media.files import MediaFiles
from server.newsroom import blogs, entries
from server.newsroom import feeds as newsroom_feeds
from server.newsroom.desk import Desk
from server.store import feeds, schema
from server.store.database import Database

EDITOR = Caller("user:editor", "Ada Editor", "editor")


class LossyBroker(MemoryBroker):
    """Loses, repeats and holds back what it is told to, and never says so."""

    def __init__(self) -> None:
        super().__init__()
        self.lose = False
        self.hold = False
        self.held: list[Change] = []

    def publish(self, change: Change) -> None:
        if self.lose:
            return
        if self.hold:
            self.held.append(change)
            return
        super().publish(change)

    def release(self, *order: int) -> None:
        """Deliver what was held, in this order (all in their own order when none is given)."""
        held, self.held, self.hold = self.held, [], False
        for index in order or range(len(held)):
            super().publish(held[index])


@dataclass
class Newsroom:
    database: Database
    broker: LossyBroker
    desk: Desk
    hub: Hub
    key: FeedKey
    queries: list[tuple[FeedKey, int]] = field(default_factory=list)
    away: bool = False
    steps: int = 0
    post_at: int | None = None

    async def step(self) -> None:
        """A place where a join waits: post here, when it is this one's turn."""
        self.steps += 1
        if self.post_at == self.steps - 1:
            await self.post()

    async def read_changes(self, key: FeedKey, seq: int) -> tuple[Position, list[Change]]:
        self.queries.append((key, seq))
        if self.away:
            raise Unavailable
        await self.step()
        async with self.database.read() as connection:
            found = await feeds.changes_after(connection, key, seq)
        await self.step()
        return found

    async def read_heads(self, keys: list[FeedKey]) -> dict[FeedKey, Position]:
        if self.away:
            raise Unavailable
        await self.step()
        async with self.database.read() as connection:
            found = await feeds.heads(connection, keys)
        await self.step()
        return found

    async def renew_epoch(self, key: FeedKey, seen: Position, rewritten: bool) -> Position:
        if self.away:
            raise Unavailable
        return await newsroom_feeds.renew_epoch(self.desk, key, seen=seen, rewritten=rewritten)

    async def post(self, text: str = "Rain", **content: Any) -> Entry:
        draft = entries.Draft(Content(blocks=(Text(html=f"<p>{text}</p>"),), **content))
        return (await entries.create(self.desk, EDITOR, "storm", draft)).entry

    async def edit(self, entry: Entry, text: str) -> Entry:
        changed = {"blocks": (Text(html=f"<p>{text}</p>"),)}
        return (
            await entries.edit(self.desk, EDITOR, "storm", entry.id, changed, revision=None)
        ).entry

    async def retract(self, entry: Entry) -> Entry:
        return (await entries.retract(self.desk, EDITOR, "storm", entry.id)).entry

    async def head(self) -> Position:
        async with self.database.read() as connection:
            return await feeds.head(connection, self.key)


def encode(item: Item, variant: Variant) -> bytes:
    change = item.change
    body = {
        "position": str(change.position), "kind": change.kind, "id": change.id,
        "revision": change.revision, "data": change.data,
    }
    return json.dumps(body).encode() + b"\n"


SIGNALS = Signals(
    beat=lambda variant: b'{"kind":"beat"}\n',
    reset=lambda variant, position: b'{"kind":"reset"}\n',
    farewell=lambda variant, wait: b'{"kind":"farewell"}\n',
)


GROUP = 50
"""Changes in one piece of a replay from the store."""


class Ear:
    """A subscriber that keeps what it hears."""

    def __init__(self, hub: Hub) -> None:
        self.variant: Variant = "json"
        self.seq, self.slot, self.lags_since = 0, -1, 0.0
        self.feed: Feed | None = None
        self.hub = hub
        self.heard = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.heard += data

    def beat(self, data: bytes) -> None:
        if self.feed is not None and self not in self.feed.lagging:
            self.write(data)

    def end(self, farewell: bytes) -> None:
        self.heard += farewell
        self.abort()

    def abort(self) -> None:
        self.closed = True
        self.hub.heartbeat.remove(self)
        if self.feed is not None:
            self.feed.remove(self)
            self.feed = None

    async def send(self, data: bytes) -> None:
        self.heard += data

    async def join(self, key: FeedKey, after: Position | None) -> None:
        with self.hub.cursor(key, self.variant, after) as cursor:
            while items := await cursor.catch_up(GROUP):
                assert cursor.feed is not None
                await self.send(cursor.feed.encoded(items, self.variant))
            assert cursor.feed is not None and cursor.position is not None
            self.feed = cursor.feed
            assert resume.subscribe(cursor.feed, self, cursor.position.seq)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (json.loads(line) for line in self.heard.splitlines())

    @property
    def seqs(self) -> list[int]:
        return [Position.parse(c["position"]).seq for c in self if "position" in c]

    @property
    def state(self) -> dict[str, tuple[str, int]]:
        return {c["id"]: (c["kind"], c["revision"]) for c in self if "id" in c}


@contextlib.asynccontextmanager
async def newsroom(folder: Path, **options: Any) -> AsyncIterator[Newsroom]:
    """A live blog `storm` with nothing in it but its furniture."""
    database = Database(f"sqlite:///{folder / 'test.db'}")
    async with database.write() as connection:
        await connection.run_sync(schema.metadata.create_all)
    broker = LossyBroker()
    desk = Desk(database, broker, MediaFiles(folder / "media"))
    room = Newsroom(database, broker, desk, None, None)  # type: ignore[arg-type]
    room.hub = Hub(
        broker, read_changes=room.read_changes, read_heads=room.read_heads,
        renew_epoch=room.renew_epoch, encode=encode, signals=SIGNALS, options=HubOptions(**options),
    )
    written = await blogs.create(
        desk, EDITOR, "storm", blogs.Furniture(headline="Storm reaches the coast", status="live")
    )
    room.key = FeedKey(written.blog.id, "public")
    await broker.start()
    supervisor = Supervisor()
    room.hub.start(supervisor)
    try:
        yield room
    finally:
        await supervisor.close()
        await room.hub.close()
        await broker.close()
        await database.close()


async def fresh(room: Newsroom) -> dict[str, tuple[str, int]]:
    """What a listener that has seen everything must know: the state of the database."""
    state: dict[str, tuple[str, int]] = {}
    seq = 0
    async with room.database.read() as connection:
        while True:
            _, changes = await feeds.changes_after(connection, room.key, seq)
            if not changes:
                return state
            state |= {c.id: (c.kind, c.revision) for c in changes}
            seq = changes[-1].position.seq
