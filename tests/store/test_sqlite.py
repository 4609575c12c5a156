"""Writing to SQLite: it waits for others and for the disk in a thread only, and writes share commits.
That a writer who is cancelled anywhere leaves no lock behind: tests/contracts/test_store_failures.py."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import Unavailable
from server.store.database import Database
from tests.support.desk import open_newsroom

pytestmark = pytest.mark.anyio

INSERT = "INSERT INTO t VALUES (:n)"


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    found = Database(sqlite_url)
    async with found.write() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    yield found
    await found.close()


def on_disk(database: Database) -> list[int]:
    """What another process sees."""
    with sqlite3.connect(str(database.file)) as other:
        return [n for (n,) in other.execute("SELECT n FROM t ORDER BY n")]


@contextmanager
def commits(database: Database) -> Iterator[list[str]]:
    """The threads that commit meanwhile."""
    assert database._one_writer is not None
    engine, found = database._one_writer._engine, list[str]()

    def note(_connection: Any) -> None:
        found.append(threading.current_thread().name)

    event.listen(engine, "commit", note)
    try:
        yield found
    finally:
        event.remove(engine, "commit", note)


async def insert(database: Database, n: int) -> list[int]:
    """Insert a number. Returns what another process sees as soon as that is done."""
    async with database.write() as connection:
        await connection.execute(text(INSERT), {"n": n})
    return on_disk(database)


async def test_statements_run_at_once_and_commits_in_a_thread(database: Database) -> None:
    with commits(database) as threads:
        async with database.write() as connection:
            seen: list[str] = []
            driver: Any = connection.sync_connection.connection.driver_connection  # type: ignore[union-attr]
            driver.create_function("seen", 0, lambda: seen.append(threading.current_thread().name))
            await connection.execute(text("SELECT seen()"))
    assert seen == [threading.current_thread().name]
    assert len(threads) == 1
    assert threads[0] != seen[0]


async def test_writes_that_wait_share_a_commit_and_each_is_on_the_disk_when_it_ends(database: Database) -> None:
    ended: list[int] = []

    async def write(n: int) -> None:
        assert n in await insert(database, n)
        ended.append(n)

    with commits(database) as made:
        await asyncio.gather(*(write(n) for n in range(40)))
    assert ended == on_disk(database) == list(range(40))
    assert len(made) < 20


async def test_a_write_that_fails_undoes_nothing_but_its_own(database: Database) -> None:
    async def fail(n: int) -> list[int]:
        async with database.write() as connection:
            await connection.execute(text(INSERT), {"n": n})
            if n % 2:
                raise LookupError
            await connection.execute(text(INSERT), {"n": n})  # IntegrityError
        return []

    found = await asyncio.gather(
        *((fail if n in (0, 3, 6, 9, 11) else lambda n: insert(database, n))(n) for n in range(12)),
        return_exceptions=True,
    )
    kinds = [type(each).__name__ for each in found]
    assert [kinds[n] for n in (0, 3, 6, 9, 11)] == [
        "IntegrityError", "LookupError", "IntegrityError", "LookupError", "LookupError"
    ]
    assert on_disk(database) == [1, 2, 4, 5, 7, 8, 10]
    assert kinds.count("list") == 7


async def test_a_write_that_is_cancelled_undoes_nothing_but_its_own(database: Database) -> None:
    blocked = asyncio.Event()

    async def stay(n: int) -> None:
        async with database.write() as connection:
            await connection.execute(text(INSERT), {"n": n})
            blocked.set()
            await asyncio.Event().wait()

    async with asyncio.timeout(10):
        writes = [asyncio.create_task(insert(database, n)) for n in range(3)]
        staying = asyncio.create_task(stay(3))
        writes += [asyncio.create_task(insert(database, n)) for n in (4, 5)]
        await blocked.wait()
        staying.cancel()
        await asyncio.gather(*writes)
        with pytest.raises(asyncio.CancelledError):
            await staying
    assert on_disk(database) == [0, 1, 2, 4, 5]


@pytest.mark.parametrize("lost", [1, 3])
async def test_a_transaction_that_sqlite_drops_is_told_to_all_that_shared_it(
    database: Database, lost: int
) -> None:
    """SQLite rolls back everything when the disk is full in the middle of a statement."""

    async def lose() -> list[int]:
        async with database.write() as connection:
            await connection.execute(text("ROLLBACK"))
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    found = await asyncio.gather(
        *(lose() if n == lost else insert(database, n) for n in range(6)), return_exceptions=True
    )
    told = [n for n, each in enumerate(found) if isinstance(each, Unavailable)]
    assert told == list(range(lost + 1))
    assert on_disk(database) == [n for n in range(6) if n not in told]
    assert await insert(database, 0)


async def test_a_commit_that_fails_is_told_to_all_that_shared_it(database: Database) -> None:
    assert database._one_writer is not None

    def refuse(_connection: Any) -> None:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))

    engine = database._one_writer._engine
    event.listen(engine, "commit", refuse)
    found = await asyncio.gather(*(insert(database, n) for n in range(3)), return_exceptions=True)
    event.remove(engine, "commit", refuse)
    assert [getattr(each, "reason", None) for each in found] == ["disk_full"] * 3
    assert on_disk(database) == []
    assert await insert(database, 1) == [1]


async def test_a_long_write_delays_no_commit_of_others(database: Database) -> None:
    go, order = asyncio.Event(), []

    async def long() -> None:
        async with database.write(patient=True) as connection:
            await connection.execute(text(INSERT), {"n": 9})
            await go.wait()
        order.append("long")

    async def short(n: int) -> None:
        await insert(database, n)
        order.append(f"short {n}")
        go.set()

    async with asyncio.timeout(10):
        await asyncio.gather(short(0), long(), short(1))
    assert order == ["short 0", "long", "short 1"]


async def test_look_ups_see_what_is_committed_and_close_what_fails(database: Database) -> None:
    async def count(connection: AsyncConnection) -> int:
        return int((await connection.execute(text("SELECT count(*) FROM t"))).scalar_one())

    async with database.look_up() as connection:
        assert await count(connection) == 0
        await insert(database, 1)
        assert await count(connection) == 0  # a snapshot
    with pytest.raises(Unavailable):
        async with database.look_up() as connection:
            await connection.execute(text("SELECT * FROM nothing"))
    async with database.look_up() as connection:
        assert await count(connection) == 1


async def test_the_loop_goes_on_while_another_process_writes(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.store.database.BUSY_SECONDS", 1.0)
    database = Database(sqlite_url)
    room = await open_newsroom(database, tmp_path)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    turns = 0
    try:
        post = asyncio.create_task(room.post("It has to wait"))
        while not post.done():
            turns += 1
            await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            post.result()
    finally:
        other.rollback()
        other.close()
    assert turns > 20
    assert (await room.post("Now it may")).public_seq
    await database.close()
