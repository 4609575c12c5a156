"""A desk on a database of either kind: the writers of the newsroom, and a broker that keeps what it hears."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.broker.memory import MemoryBroker
from server.domain.blocks import Text
from server.domain.change import Change, FeedKey, FeedName
from server.domain.entry import Content, Entry
from server.domain.permissions import Caller
from server.domain.position import Position
from server.media.files import MediaFiles
from server.newsroom import blogs, entries
from server.newsroom.desk import Desk
from server.store import entries as stored
from server.store import feeds
from server.store.database import Database

EDITOR = Caller("user:editor", "Ada Editor", "editor")
CONTRIBUTOR = Caller("user:contributor", "Cem Contributor", "contributor")
OUTSIDER = Caller("user:outsider", "Olga Outsider")


class RecordingBroker(MemoryBroker):
    """Keeps every change that was published, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Change] = []

    def publish(self, change: Change) -> None:
        self.published.append(change)
        super().publish(change)


@dataclass
class Clock:
    """The time of a test: it moves when told to."""

    now: datetime = field(default=datetime(2026, 3, 1, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def draft(text: str = "Rain", *, status: Any = "published", publish_at: datetime | None = None,
          **content: Any) -> entries.Draft:
    return entries.Draft(Content(blocks=(Text(html=f"<p>{text}</p>"),), **content), status, publish_at)


@dataclass
class Newsroom:
    """A live blog `storm` and short words for what is done with it."""

    database: Database
    desk: Desk
    broker: RecordingBroker
    clock: Clock
    blog_id: str = ""

    async def post(self, text: str = "Rain", *, caller: Caller = EDITOR, **given: Any) -> Entry:
        return (await entries.create(self.desk, caller, "storm", draft(text, **given))).entry

    async def edit(self, entry: Entry, text: str, **given: Any) -> Entry:
        changed = {"blocks": (Text(html=f"<p>{text}</p>"),)} | given
        return (await entries.edit(self.desk, EDITOR, "storm", entry.id, changed, revision=None)).entry

    async def retract(self, entry: Entry) -> Entry:
        return (await entries.retract(self.desk, EDITOR, "storm", entry.id)).entry

    async def restore(self, entry: Entry) -> Entry:
        return (await entries.restore(self.desk, EDITOR, "storm", entry.id)).entry

    def key(self, name: FeedName = "public") -> FeedKey:
        return FeedKey(self.blog_id, name)

    async def head(self, name: FeedName = "public") -> Position:
        async with self.database.read() as connection:
            return await feeds.head(connection, self.key(name))

    async def changes(self, seq: int = 0, name: FeedName = "public", **options: Any) -> list[Change]:
        async with self.database.read() as connection:
            return (await feeds.changes_after(connection, self.key(name), seq, **options))[1]

    async def stored(self, entry_id: str) -> Entry:
        async with self.database.read() as connection:
            return await stored.get(connection, self.blog_id, entry_id)


async def open_newsroom(database: Database, folder: Path, *, status: Any = "live") -> Newsroom:
    broker, clock = RecordingBroker(), Clock()
    desk = Desk(database, broker, MediaFiles(folder / "media"), clock)
    room = Newsroom(database, desk, broker, clock)
    furniture = blogs.Furniture(headline="Storm reaches the coast", status=status)
    room.blog_id = (await blogs.create(desk, EDITOR, "storm", furniture)).blog.id
    return room
