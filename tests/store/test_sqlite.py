"""The writing connection of SQLite: it waits for others in a thread only.
That a writer who is cancelled anywhere leaves no lock behind: tests/contracts/test_store_failures.py."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from server.domain.errors import Unavailable
from server.store import sqlite
from server.store.database import Database
from tests.support.desk import open_newsroom

pytestmark = pytest.mark.anyio


async def test_inside_a_transaction_it_runs_at_once_and_waits_in_a_thread(tmp_path: Path) -> None:
    connection = await sqlite.connect(str(tmp_path / "x.sqlite"), isolation_level=None)
    seen: dict[str, str] = {}

    def where(name: str) -> int:
        seen[name] = threading.current_thread().name
        return 1

    try:
        await connection.create_function("seen", 1, where)
        await connection.execute("SELECT seen('outside')")
        await connection.execute("BEGIN IMMEDIATE")
        await connection.execute("SELECT seen('inside')")
        await connection.execute("CREATE TABLE t (x)")
        await connection.execute("INSERT INTO t VALUES (1)")
        await connection.commit()
        rows = await connection.execute_fetchall("SELECT x FROM t")
    finally:
        await connection.close()
    assert list(rows) == [(1,)]
    assert seen["inside"] == threading.current_thread().name != seen["outside"]


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
