"""Whether posts can be taken, and if not, why: each trouble is a real one."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from server.broker.memory import MemoryBroker
from server.domain.errors import Unavailable
from server.media.files import MediaFiles
from server.newsroom.desk import Desk
from server.newsroom.readiness import WriteProbe
from server.store import database as module
from server.store import migrate
from server.store.database import Database
from tests.support import empty_database
from tests.support.desk import Newsroom, open_newsroom
from tests.support.disks import fill, remount
from tests.support.postgres import Postgres

pytestmark = pytest.mark.anyio


def probe_of(database: Database, folder: Path) -> WriteProbe:
    return WriteProbe(Desk(database, MemoryBroker(), MediaFiles(folder)))


@pytest.fixture
async def on_disk(small_disk: Path) -> AsyncIterator[Newsroom]:
    """A newsroom on a disk of its own."""
    empty_database.copy_to(small_disk / empty_database.NAME)
    database = Database(f"sqlite:///{small_disk / 'stoppress.db'}")
    yield await open_newsroom(database, small_disk)
    await database.close()


async def test_all_is_well(newsroom: Newsroom) -> None:
    probe = WriteProbe(newsroom.desk)
    assert probe.readiness().state == "unknown"
    for _ in range(3):
        found = await probe.look()
        assert (found.state, found.fine) == ("ok", True)
    async with newsroom.database.read() as connection:
        rows = (await connection.execute(text("SELECT count(*) FROM write_probes"))).scalar_one()
    assert rows == 1
    assert sum(newsroom.database.failed_writes.counts.values()) == 0


async def test_a_full_disk(on_disk: Newsroom, small_disk: Path) -> None:
    probe = WriteProbe(on_disk.desk)
    assert (await probe.look()).fine
    filling = fill(small_disk)
    with pytest.raises(Unavailable) as refused:
        for _ in range(200):
            await on_disk.post("x" * 2000)
    assert refused.value.reason == "disk_full"
    with capture_logs() as logs:
        for _ in range(3):
            found = await probe.look()
    assert (found.state, found.fine) == ("disk_full", False)
    assert "disk is full" in found.detail
    assert logs == []  # the post has said it
    assert on_disk.database.failed_writes.counts["disk_full"] == 4
    filling.unlink()
    assert (await probe.look()).state == "ok"
    await on_disk.post()


async def test_a_read_only_disk(on_disk: Newsroom, small_disk: Path) -> None:
    probe = WriteProbe(on_disk.desk)
    await on_disk.database.close()
    remount(small_disk, "ro")
    try:
        with capture_logs() as logs:
            found = [await probe.look() for _ in range(3)][-1]
        assert found.state == "read_only", found
        assert [(x["event"], x["reason"], x["log_level"]) for x in logs] == [
            ("database.write_failed", "read_only", "error")
        ]
        with pytest.raises(Unavailable, match="read-only"):
            await on_disk.post()
    finally:
        await on_disk.database.close()
        remount(small_disk, "rw")
    assert (await probe.look()).state == "ok"


async def test_a_database_that_takes_only_queries(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    async with database.write() as connection:
        await connection.execute(text("PRAGMA query_only = 1"))
    assert (await probe_of(database, tmp_path).look()).state == "read_only"
    await database.close()


async def test_a_damaged_page(sqlite_url: str, tmp_path: Path) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'feeds'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:  # noqa: ASYNC230
        file.seek((root - 1) * size)
        file.write(b"\x17" * size)
    database = Database(sqlite_url)
    probe = probe_of(database, tmp_path)
    assert (await probe.look()).fine  # its own pages are sound
    with pytest.raises(Unavailable) as refused:
        await open_newsroom(database, tmp_path)
    assert refused.value.reason == "corrupt"
    assert (await probe.look()).state == "corrupt"
    await database.close()


@pytest.mark.parametrize("how", ["removed", "replaced"])
async def test_a_file_that_is_gone_takes_no_post(sqlite_url: str, tmp_path: Path, how: str) -> None:
    database = Database(sqlite_url)
    room = await open_newsroom(database, tmp_path)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    if how == "removed":
        os.unlink(path)  # noqa: PTH108
    else:
        shutil.copy(path, tmp_path / "other.db")
        shutil.move(tmp_path / "other.db", path)
    assert (await WriteProbe(room.desk).look()).state == "missing"
    with pytest.raises(Unavailable) as refused:  # by what reads the blog first, or by the write
        await room.post()
    assert refused.value.reason == "missing"
    await database.close()


async def test_a_lock_that_is_not_let_go(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.2)
    database = Database(sqlite_url)
    probe = probe_of(database, tmp_path)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await probe.look()).state == "busy"
    assert (await probe.look()).state == "ok"
    await database.close()


async def test_a_post_that_fails_brings_the_next_probe_forward(newsroom: Newsroom) -> None:
    probe = WriteProbe(newsroom.desk)
    task = asyncio.create_task(probe.run())
    try:
        async with asyncio.timeout(4):  # less than the usual time from one to the next
            while probe.readiness().state != "ok":
                await asyncio.sleep(0.01)
            first = probe._ended
            newsroom.database.failed_writes.note(Unavailable(reason="disk_full"))
            while probe._ended == first:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()


async def test_tables_that_are_gone(database: Database, tmp_path: Path) -> None:
    async with database.write() as connection:
        await connection.execute(text("DROP TABLE write_probes"))
    assert (await probe_of(database, tmp_path).look()).state == "missing"


@pytest.mark.postgres
async def test_a_database_that_was_dropped(postgres_server: Postgres, tmp_path: Path) -> None:
    name = postgres_server.create()
    database = Database(postgres_server.url(name))
    await migrate.upgrade(database)
    probe = probe_of(database, tmp_path)
    assert (await probe.look()).fine
    postgres_server.drop(name)
    states = [(await probe.look()).state for _ in range(3)]
    assert states[-1] == "missing"
    await database.close()


@pytest.mark.postgres
async def test_a_standby_and_a_server_that_is_away(own_postgres: Postgres, tmp_path: Path) -> None:
    database = Database(own_postgres.url(own_postgres.create()), timeout=3)
    await migrate.upgrade(database)
    probe = probe_of(database, tmp_path)
    assert (await probe.look()).fine
    await asyncio.to_thread(own_postgres.stop)
    assert (await probe.look()).state == "unreachable"
    await asyncio.to_thread(own_postgres.start, standby=True)
    found = await probe.look()
    assert (found.state, "standby" in found.detail) == ("standby", True)
    await database.close()
