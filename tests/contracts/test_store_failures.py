"""When the database fails in the middle of a post: a clear `Unavailable`, nothing half-written, and work goes
on once it is back. Every failure here is a real one: a full disk, a held lock, a killed server."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import Unavailable
from server.newsroom import entries
from server.store import database as module
from server.store import feeds, migrate, postgres
from server.store.database import Database
from tests.support.desk import EDITOR, Newsroom, draft, open_newsroom
from tests.support.postgres import Postgres

pytestmark = pytest.mark.anyio


async def _shape(room: Newsroom) -> tuple[object, ...]:
    """All that a write touches: heads, entries, revisions, keys; in one snapshot, because a cancelled write may
    be committed a moment later."""
    counted = []
    async with room.database.read() as connection:
        heads = [await feeds.head(connection, room.key(name)) for name in ("public", "newsroom")]
        for table in ("entries", "revisions", "idempotency"):
            counted.append((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())
    return (*heads, *counted)


async def _works(room: Newsroom) -> None:
    before = await room.head()
    entry = await room.post("It works again")
    assert (await room.head()).seq == before.seq + 1 == entry.public_seq


# -- SQLite

@pytest.fixture
async def sqlite_room(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    database = Database(sqlite_url)
    yield await open_newsroom(database, tmp_path)
    await database.close()


@contextlib.contextmanager
def held(url: str) -> Iterator[sqlite3.Connection]:
    """Another process's write that does not end."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    finally:
        connection.close()


async def test_a_full_disk_writes_nothing(sqlite_room: Newsroom) -> None:
    await sqlite_room.post()
    before = await _shape(sqlite_room)
    async with sqlite_room.database.write() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
    with pytest.raises(Unavailable, match="disk is full"):
        for _ in range(50):
            before = await _shape(sqlite_room)
            await sqlite_room.post("x" * 20_000)
    assert await _shape(sqlite_room) == before
    async with sqlite_room.database.write() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1073741823"))
    await _works(sqlite_room)


async def test_a_lock_held_by_another_process_times_out_as_unavailable(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    database = Database(sqlite_url)
    room = await open_newsroom(database, tmp_path)
    before = await _shape(room)
    with held(sqlite_url):
        with pytest.raises(Unavailable, match="busy"):
            await room.post()
        assert await _shape(room) == before  # readers do not wait for writers
    await _works(room)
    await database.close()


async def test_posts_behind_a_lock_end_together_and_not_one_after_the_other(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 1.0)
    database = Database(sqlite_url)
    room = await open_newsroom(database, tmp_path)
    before = await _shape(room)

    async def post() -> float:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="busy") as refused:
            await room.post()
        assert refused.value.reason == "busy"
        return time.monotonic() - began

    with held(sqlite_url):
        waits = await asyncio.gather(*(post() for _ in range(12)))
        assert min(waits) > 0.9
        assert max(waits) < 2.0
        assert await _shape(room) == before
        # the time is each request's own: a later one has all of it again
        assert 0.9 < await post() < 2.0
    await _works(room)
    assert database.failed_writes.counts["busy"] == 13
    await database.close()


async def test_a_lock_released_in_time_is_waited_for(sqlite_room: Newsroom, sqlite_url: str) -> None:
    taken, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with held(sqlite_url):
            taken.set()
            let_go.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    await asyncio.to_thread(taken.wait, 10)
    post = asyncio.create_task(sqlite_room.post())
    assert await asyncio.to_thread(let_go.wait, 0.2) is False
    assert not post.done()
    let_go.set()
    assert (await post).number == 1
    await asyncio.to_thread(thread.join)


async def test_a_folder_that_is_not_there_is_unavailable(sqlite_url: str) -> None:
    database = Database("sqlite:////proc/nothing.db")
    with pytest.raises(Unavailable):
        async with database.read():
            pass
    await database.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "noise.db"
    path.write_bytes(b"this is not a database" * 500)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(Unavailable):
        async with database.read() as connection:
            await connection.execute(text("SELECT * FROM blogs"))
    await database.close()
    assert path.read_bytes().startswith(b"this is not")


# -- either

async def test_a_request_aborted_at_any_moment_is_committed_or_rolled_back(newsroom: Newsroom) -> None:
    """A client that hangs up cancels the request wherever it is."""
    steps = 0
    while True:
        steps += 1
        async with asyncio.timeout(module.BUSY_SECONDS - 1):  # no lock was left behind
            before = await _shape(newsroom)
            await newsroom.post()
            before = await _shape(newsroom)
        task = asyncio.create_task(
            entries.create(newsroom.desk, EDITOR, "storm", draft(), key=f"k{steps}")
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        await asyncio.sleep(0.0001 * 1.4**steps)  # early moments close together, whatever the machine
        if task.done():
            break
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        after = await _shape(newsroom)
        whole = (
            before[0].seq + 1, before[1].seq + 1, *(count + 1 for count in before[2:])  # type: ignore[attr-defined,operator]
        )
        assert after == before or (after[0].seq, after[1].seq, *after[2:]) == whole  # type: ignore[attr-defined]
    assert steps > 2
    await task
    await _works(newsroom)
    # connections that were given up close in their own threads, and need this loop to say so
    await newsroom.database.close()
    async with asyncio.timeout(10):
        while any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


# -- PostgreSQL

@pytest.fixture
async def postgres_room(postgres_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    database = Database(postgres_url, timeout=2)
    yield await open_newsroom(database, tmp_path)
    await database.close()


@pytest.mark.postgres
async def test_a_programming_error_is_not_reported_as_unavailable(postgres_room: Newsroom) -> None:
    with pytest.raises(ProgrammingError):
        async with postgres_room.database.read() as connection:
            await connection.execute(text("SELECT * FROM no_such_table"))


@pytest.fixture
async def own_room(own_postgres: Postgres, tmp_path: Path) -> AsyncIterator[Newsroom]:
    """A newsroom on a server that the test may kill."""
    database = Database(own_postgres.url(own_postgres.create()), timeout=3)
    await migrate.upgrade(database)
    yield await open_newsroom(database, tmp_path)
    await database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_server_lost_during_a_write_writes_nothing(
    own_postgres: Postgres, own_room: Newsroom, how: str
) -> None:
    before = await _shape(own_room)
    with pytest.raises(Unavailable):
        async with own_room.database.write() as connection:
            await feeds.advance(connection, own_room.key("newsroom"))
            await feeds.advance(connection, own_room.key())
            await asyncio.to_thread(getattr(own_postgres, how))
            await feeds.advance(connection, own_room.key())
    with pytest.raises(Unavailable):
        await own_room.post()
    with pytest.raises(Unavailable):
        await own_room.head()
    await asyncio.to_thread(own_postgres.start)
    assert await _shape(own_room) == before
    await _works(own_room)


async def _end_own_session(connection: AsyncConnection, url: str) -> None:
    number = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    with psycopg.connect(url, autocommit=True) as operator:
        operator.execute("SELECT pg_terminate_backend(%s, 5000)", [number])


@pytest.mark.postgres
async def test_a_session_that_an_operator_ends_writes_nothing(
    postgres_room: Newsroom, postgres_url: str
) -> None:
    before = await _shape(postgres_room)
    with pytest.raises(Unavailable, match="nothing was written"):
        async with postgres_room.database.write() as connection:
            await feeds.advance(connection, postgres_room.key())
            await _end_own_session(connection, postgres_url)
            await feeds.advance(connection, postgres_room.key())
    assert await _shape(postgres_room) == before
    await _works(postgres_room)


@pytest.mark.postgres
async def test_a_connection_lost_during_the_commit_is_reported_as_uncertain(
    postgres_room: Newsroom, postgres_url: str
) -> None:
    with pytest.raises(Unavailable, match="look whether it was written"):
        async with postgres_room.database.write() as connection:
            await feeds.advance(connection, postgres_room.key())
            await _end_own_session(connection, postgres_url)
    await _works(postgres_room)


@pytest.mark.postgres
async def test_waiting_for_a_stuck_writer_is_bounded(
    postgres_room: Newsroom, postgres_url: str
) -> None:
    before = await _shape(postgres_room)
    with psycopg.connect(postgres_url) as other:
        other.execute("UPDATE feeds SET seq = seq")
        with pytest.raises(Unavailable, match="nothing was written"):
            await postgres_room.post()
        other.rollback()
    assert await _shape(postgres_room) == before
    await _works(postgres_room)


@pytest.mark.postgres
@pytest.mark.parametrize("fence", ["SYSTEM", "DATABASE", "ROLE"])
async def test_a_write_never_overrules_the_fence_of_a_switch_over(
    own_postgres: Postgres, tmp_path: Path, fence: str
) -> None:
    name = own_postgres.create()
    url = own_postgres.url(name)
    database = Database(url, pool=2)
    await migrate.upgrade(database)
    room = await open_newsroom(database, tmp_path)
    before = await _shape(room)  # a read, which leaves its connection in the pool
    words = {"SYSTEM": "SYSTEM", "DATABASE": f'DATABASE "{name}"', "ROLE": "ROLE postgres"}[fence]
    with psycopg.connect(own_postgres.url("postgres"), autocommit=True) as operator:
        operator.execute(f"ALTER {words} SET default_transaction_read_only = on".encode())
        operator.execute("SELECT pg_reload_conf()")
    if fence != "SYSTEM":  # those hold for new connections
        await database.close()
    with pytest.raises(Unavailable, match="read-only") as refused:
        await _until_refused(room)
    assert refused.value.reason == "read_only"
    shape = await _shape(room)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await room.post()
    assert await _shape(room) == shape
    assert before[2] <= shape[2]  # type: ignore[operator]
    await database.close()


async def _until_refused(room: Newsroom) -> None:
    """Post until a reload of the settings has reached the sessions that are open."""
    async with asyncio.timeout(10):
        while True:
            await room.post()


@pytest.mark.postgres
async def test_connections_are_renewed_so_that_a_fence_reaches_them(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "RECYCLE_SECONDS", 0)
    database = Database(postgres_url, pool=1)
    room = await open_newsroom(database, tmp_path)
    with psycopg.connect(postgres_url, autocommit=True) as operator:
        words = f'ALTER DATABASE "{database.url.database}" SET default_transaction_read_only = on'
        operator.execute(words.encode())
    with pytest.raises(Unavailable, match="read-only"):
        await _until_refused(room)
    await database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["url", "PGOPTIONS"])
async def test_options_of_the_operator_are_kept(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    options = "-c default_transaction_read_only=on"
    if how == "url":
        postgres_url += "?options=" + quote(options)
    else:
        monkeypatch.setenv("PGOPTIONS", options)
    database = Database(postgres_url)
    with pytest.raises(Unavailable, match="read-only"):
        async with database.write() as connection:
            await connection.execute(text("DELETE FROM blogs"))
    async with database.read() as connection:
        limit = (await connection.execute(text("SHOW statement_timeout"))).scalar_one()
    assert limit == "10s"
    await database.close()


@pytest.mark.postgres
async def test_a_read_only_server_is_unavailable(postgres_room: Newsroom) -> None:
    with pytest.raises(Unavailable, match="read-only"):
        async with postgres_room.database.write() as connection:
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            await feeds.advance(connection, postgres_room.key())
    await _works(postgres_room)
