"""What the feeds promise, on SQLite and PostgreSQL alike: numbers without a gap, changes in order, and a head
that belongs to the rows that were read with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from server.domain.byline import Byline
from server.domain.change import FeedKey
from server.domain.errors import Conflict, NotFound
from server.newsroom import blogs, entries
from server.store import blogs as stored
from server.store import feeds
from server.store.database import Database
from tests.support.desk import EDITOR, Newsroom, draft

pytestmark = pytest.mark.anyio

WAITING = """SELECT count(*) FROM pg_stat_activity
             WHERE wait_event_type = 'Lock' AND datname = current_database()"""


@pytest.fixture
async def second(newsroom: Newsroom, database_url: str) -> AsyncIterator[Newsroom]:
    """The same newsroom as another process has it: other connections, other locks."""
    database = Database(database_url)
    yield replace(newsroom, database=database, desk=replace(newsroom.desk, database=database))
    await database.close()


async def test_writers_in_two_processes_take_every_number_once(newsroom: Newsroom, second: Newsroom) -> None:
    start = (await newsroom.head()).seq
    await asyncio.gather(*(room.post(f"Update {i}") for i in range(15) for room in (newsroom, second)))
    changes = await newsroom.changes(start)
    assert [c.position.seq for c in changes] == list(range(start + 1, start + 31))
    assert sorted(c.data["number"] for c in changes) == list(range(1, 31))
    assert (await newsroom.head()).seq == start + 30


async def test_writers_of_one_entry_take_turns(newsroom: Newsroom, second: Newsroom) -> None:
    entry = await newsroom.post()
    await asyncio.gather(*(room.edit(entry, f"Text {i}") for i in range(8) for room in (newsroom, second)))
    after = await newsroom.stored(entry.id)
    assert after.revision == 17
    assert after.public_seq == (await newsroom.head()).seq
    async with newsroom.database.read() as connection:
        _, versions = await entries.history(connection, EDITOR, "storm", entry.id)
    assert [v.revision for v in versions] == list(range(17, 0, -1))


async def test_an_undone_write_leaves_no_gap(newsroom: Newsroom) -> None:
    before = await newsroom.head()
    with pytest.raises(RuntimeError):
        async with newsroom.database.write() as connection:
            await feeds.advance(connection, newsroom.key())
            raise RuntimeError("the request was broken off")
    assert await newsroom.head() == before
    await newsroom.post()
    assert (await newsroom.head()).seq == before.seq + 1


async def test_each_thing_comes_once_in_its_newest_state_in_order(newsroom: Newsroom) -> None:
    at = await newsroom.head()
    first = await newsroom.post("Rain")
    second = await newsroom.post("Wind")
    await newsroom.edit(first, "Hail")
    changes = await newsroom.changes(at.seq)
    assert [(c.id, c.revision) for c in changes] == [(second.id, 1), (first.id, 2)]
    assert [c.position.seq for c in changes] == [at.seq + 2, at.seq + 3]
    assert "Rain" not in str(changes)


async def test_a_retracted_entry_is_a_tombstone_without_content_in_both_feeds(newsroom: Newsroom) -> None:
    written_by = (Byline.by_name("Bea Byline"),)
    entry = await newsroom.post("The mayor resigned", title="Mayor resigns", bylines=written_by)
    await newsroom.retract(entry)
    for name in ("public", "newsroom"):
        [change] = [c for c in await newsroom.changes(0, name) if c.id == entry.id]  # type: ignore[arg-type]
        assert change.kind == "gone"
        assert change.data["number"] == 1
        said = change.to_bytes().decode()
        assert "mayor" not in said.lower() and "Bea" not in said


async def test_what_is_not_published_shows_in_the_newsroom_only(newsroom: Newsroom) -> None:
    public = await newsroom.head()
    entry = await newsroom.post(status="draft")
    assert await newsroom.head() == public
    assert [c.id for c in await newsroom.changes(0, "newsroom")][-1] == entry.id


async def test_an_edit_of_the_blog_is_a_change(newsroom: Newsroom) -> None:
    await newsroom.post()
    changed: dict[str, object] = {"headline": "Storm moves inland"}
    await blogs.edit(newsroom.desk, EDITOR, "storm", changed, revision=None)
    await newsroom.post()
    assert [c.kind for c in await newsroom.changes()] == ["entry", "blog", "entry"]


async def test_a_draft_blog_is_gone_for_readers(newsroom: Newsroom) -> None:
    made = await blogs.create(
        newsroom.desk, EDITOR, "secret", blogs.Furniture(headline="The minister resigns")
    )
    async with newsroom.database.read() as connection:
        _, [change] = await feeds.changes_after(connection, FeedKey(made.blog.id, "public"), 0)
    assert change.kind == "gone"
    assert "minister" not in change.to_bytes().decode()


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_chunks_join_wherever_the_furniture_stands(newsroom: Newsroom, limit: int) -> None:
    for i in range(6):
        await newsroom.post(f"Update {i}")
        if i == 2:
            await blogs.edit(newsroom.desk, EDITOR, "storm", {"standfirst": "Ada"}, revision=None)
    whole = await newsroom.changes()
    pieces = []
    while found := await newsroom.changes(pieces[-1].position.seq if pieces else 0, limit=limit):
        assert len(found) <= limit
        pieces += found
    assert pieces == whole
    assert len(whole) == 7


async def test_writes_between_two_chunks_are_neither_lost_nor_repeated_out_of_order(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = [await newsroom.post(f"Update {i}") for i in range(8)]
    chunk = await newsroom.changes(limit=4)
    await newsroom.edit(posted[0], "Changed behind the reader")
    await newsroom.retract(posted[6])
    known = {c.id: c for c in chunk}
    seqs = [c.position.seq for c in chunk]
    while chunk := await newsroom.changes(seqs[-1], limit=4):
        known |= {c.id: c for c in chunk}
        seqs += [c.position.seq for c in chunk]
    assert seqs == sorted(set(seqs))
    assert known == {c.id: c for c in await newsroom.changes()}


async def test_the_head_belongs_to_the_rows_read_with_it(newsroom: Newsroom, second: Newsroom) -> None:
    done = asyncio.Event()

    async def write() -> None:
        entry = await second.post()
        for i in range(12):
            await second.post(f"Update {i}")
            await second.edit(entry, f"Text {i}")
        done.set()

    async def read() -> int:
        looks = 0
        while not done.is_set():
            async with newsroom.database.read() as connection:
                head, changes = await feeds.changes_after(connection, newsroom.key(), 0)
                await asyncio.sleep(0)
                again = await feeds.head(connection, newsroom.key())
            assert again == head
            assert max(c.position.seq for c in changes) == head.seq
            looks += 1
        return looks

    _, looks = await asyncio.gather(write(), read())
    assert looks > 3


async def test_a_read_keeps_its_snapshot_from_the_first_statement_on(
    newsroom: Newsroom, second: Newsroom
) -> None:
    async with newsroom.database.read() as connection:
        head = await feeds.head(connection, newsroom.key())
        entry = await second.post()
        _, changes = await feeds.changes_after(connection, newsroom.key(), 0)
        assert await feeds.head(connection, newsroom.key()) == head
        assert entry.id not in [c.id for c in changes]
    assert (await newsroom.head()).seq == head.seq + 1


async def test_a_new_epoch_keeps_the_numbers_and_ends_the_old_positions(newsroom: Newsroom) -> None:
    await newsroom.post()
    before = await newsroom.head(), await newsroom.head("newsroom")
    async with newsroom.database.write() as connection:
        await feeds.renew_epoch(connection)
    after = await newsroom.head(), await newsroom.head("newsroom")
    assert [p.seq for p in after] == [p.seq for p in before]
    assert not {p.epoch for p in after} & {p.epoch for p in before}
    assert {str(c.position.epoch) for c in await newsroom.changes()} == {after[0].epoch}


async def test_epochs_of_one_blog_are_renewed_alone(newsroom: Newsroom) -> None:
    other = (await blogs.create(newsroom.desk, EDITOR, "other", blogs.Furniture(headline="Other"))).blog
    keys = [newsroom.key(), FeedKey(other.id, "public")]
    async with newsroom.database.write() as connection:
        before = await feeds.heads(connection, keys)
        await feeds.renew_epoch(connection, newsroom.blog_id)
        after = await feeds.heads(connection, keys)
    assert before[keys[0]] != after[keys[0]]
    assert before[keys[1]] == after[keys[1]]


async def test_a_change_of_language_starts_a_new_history(newsroom: Newsroom) -> None:
    before = await newsroom.head()
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"language": "ar"}, revision=None)
    assert (await newsroom.head()).epoch != before.epoch
    assert newsroom.broker.published[-1].position == await newsroom.head()


async def test_heads_omit_unknown_feeds(newsroom: Newsroom) -> None:
    wanted = [newsroom.key(), newsroom.key("newsroom"), FeedKey("nothing", "public")]
    async with newsroom.database.read() as connection:
        found = await feeds.heads(connection, wanted[:1] + wanted[2:])
        assert list(found) == wanted[:1]
        assert found[wanted[0]] == await feeds.head(connection, wanted[0])
        with pytest.raises(NotFound):
            await feeds.head(connection, wanted[2])
        with pytest.raises(NotFound):
            await feeds.changes_after(connection, wanted[2], 0)


async def test_renewing_all_epochs_and_posting_do_not_lock_each_other_out(
    newsroom: Newsroom, second: Newsroom
) -> None:
    async def renew() -> None:
        async with second.database.write() as connection:
            await feeds.renew_epoch(connection)

    await asyncio.gather(*(work for _ in range(8) for work in (newsroom.post(), renew())))
    assert (await newsroom.stored((await newsroom.post()).id)).number == 9


async def test_a_post_that_waited_for_a_closing_blog_is_refused(newsroom: Newsroom, second: Newsroom) -> None:
    """READ COMMITTED: what was read before the wait for the lock may have changed behind it."""
    async with second.database.write() as connection:
        await feeds.lock(connection, newsroom.blog_id)
        blog = await stored.by_id(connection, newsroom.blog_id)
        waiting = asyncio.create_task(entries.create(newsroom.desk, EDITOR, "storm", draft()))
        await _waits_for_the_lock(newsroom, waiting)
        await stored.save(connection, replace(blog, status="closed"))
    with pytest.raises(Conflict):
        await waiting


async def _waits_for_the_lock(newsroom: Newsroom, task: asyncio.Task[entries.Written]) -> None:
    """Until the task's session waits, as PostgreSQL sees it. SQLite waits at BEGIN, before it reads."""
    async with asyncio.timeout(5):
        while newsroom.database.dialect == "postgresql":
            async with newsroom.database.read() as connection:
                if (await connection.execute(text(WAITING))).scalar_one():
                    return
            assert not task.done()
            await asyncio.sleep(0.01)
