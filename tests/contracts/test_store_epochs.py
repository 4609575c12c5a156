"""A store that went back begins a new history by itself: once, in every feed, whoever notices it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from server.domain.change import FeedKey, FeedName
from server.domain.errors import NotFound
from server.domain.position import Position
from server.newsroom import blogs
from server.newsroom.desk import Desk
from server.newsroom.feeds import renew_epoch
from server.store import feeds
from server.store.database import Database
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio


@pytest.fixture
async def others(newsroom: Newsroom, database_url: str, tmp_path: Path) -> AsyncIterator[list[Desk]]:
    """The desks of other processes: other connections, other locks."""
    databases = [Database(database_url) for _ in range(3)]
    yield [Desk(d, newsroom.broker, newsroom.desk.media) for d in databases]
    for database in databases:
        await database.close()


async def _heads(room: Newsroom) -> dict[FeedKey, Position]:
    async with room.database.read() as connection:
        rows = await connection.execute(text("SELECT blog_id, name, epoch, seq FROM feeds"))
        return {FeedKey(r.blog_id, r.name): Position(r.epoch, r.seq) for r in rows}


async def _go_back(room: Newsroom, seq: int) -> None:
    """What a restored backup looks like: the same epochs, lower numbers."""
    async with room.database.write() as connection:
        await connection.execute(text("DELETE FROM entries WHERE public_seq > :seq"), {"seq": seq})
        await connection.execute(
            text("UPDATE feeds SET seq = :seq WHERE blog_id = :id"), {"seq": seq, "id": room.blog_id}
        )


async def test_a_store_that_went_back_begins_new_histories_everywhere(newsroom: Newsroom) -> None:
    await blogs.create(newsroom.desk, EDITOR, "election", blogs.Furniture(headline="Election"))
    for _ in range(3):
        await newsroom.post()
    seen = await newsroom.head()
    await _go_back(newsroom, 2)
    before = await _heads(newsroom)
    at = await renew_epoch(newsroom.desk, newsroom.key(), seen=seen)
    after = await _heads(newsroom)
    assert at == after[newsroom.key()] == await newsroom.head()
    assert at.seq == 2
    assert {key: p.seq for key, p in after.items()} == {key: p.seq for key, p in before.items()}
    assert len(after) == 4
    assert not {p.epoch for p in after.values()} & {p.epoch for p in before.values()}
    # what takes a lost number is of the new history
    await newsroom.post()
    assert await newsroom.head() == Position(at.epoch, 3)


async def test_a_store_that_is_level_or_ahead_keeps_its_history(newsroom: Newsroom) -> None:
    await newsroom.post()
    before = await _heads(newsroom)
    head = before[newsroom.key()]
    for seq in (head.seq, head.seq - 1, 0):
        seen = Position(head.epoch, seq)
        assert await renew_epoch(newsroom.desk, newsroom.key(), seen=seen) == head
    assert await _heads(newsroom) == before


async def test_an_epoch_that_was_renewed_already_is_kept(newsroom: Newsroom) -> None:
    await newsroom.post()
    before = await _heads(newsroom)
    seen = Position("another", 10_000)
    assert await renew_epoch(newsroom.desk, newsroom.key(), seen=seen) == before[newsroom.key()]
    assert await _heads(newsroom) == before


async def test_many_that_notice_at_once_renew_once(newsroom: Newsroom, others: list[Desk]) -> None:
    for _ in range(3):
        await newsroom.post()
    names: tuple[FeedName, ...] = ("public", "newsroom")
    seen = {name: await newsroom.head(name) for name in names}
    await _go_back(newsroom, 1)
    found = await asyncio.gather(
        *(renew_epoch(desk, newsroom.key(name), seen=at) for desk in others * 2 for name, at in seen.items())
    )
    after = await _heads(newsroom)
    assert set(found) == {after[newsroom.key("public")], after[newsroom.key("newsroom")]}
    assert all(p.epoch not in {at.epoch for at in seen.values()} for p in found)


async def test_numbers_that_were_taken_again_are_renewed_when_told(newsroom: Newsroom) -> None:
    for _ in range(3):
        await newsroom.post()
    seen = await newsroom.head()
    await _go_back(newsroom, 2)
    for _ in range(5):
        await newsroom.post()
    head = await newsroom.head()
    assert await renew_epoch(newsroom.desk, newsroom.key(), seen=seen) == head
    renewed = await renew_epoch(newsroom.desk, newsroom.key(), seen=seen, rewritten=True)
    assert (renewed.epoch != head.epoch, renewed.seq) == (True, head.seq)
    assert await renew_epoch(newsroom.desk, newsroom.key(), seen=seen, rewritten=True) == renewed


async def test_posts_and_renewals_do_not_lock_each_other_out(
    newsroom: Newsroom, others: list[Desk]
) -> None:
    head = await newsroom.head()
    seen = Position(head.epoch, head.seq + 1000)
    async with asyncio.timeout(20):
        await asyncio.gather(
            *(renew_epoch(d, newsroom.key(), seen=seen) for d in others), *(newsroom.post() for _ in range(5))
        )
    assert (await newsroom.head()).seq == head.seq + 5


async def test_a_blog_that_is_gone_is_not_found(newsroom: Newsroom) -> None:
    with pytest.raises(NotFound):
        await renew_epoch(newsroom.desk, FeedKey("gone", "public"), seen=Position("abc", 3))
    async with newsroom.database.read() as connection:
        assert await feeds.heads(connection, [newsroom.key()])
