"""`stoppress check` finds what keeps an installation from running, and never ends in a traceback."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.cli.output import Exit
from tests.cli.conftest import Command
from tests.support.cluster import cluster
from tests.support.disks import remount
from tests.support.postgres import Postgres
from tests.support.sentinel import watched
from tests.support.valkey import Valkey


def wrong(command: Command) -> dict[str, str]:
    """What a check finds, by name."""
    found = command("check", "--json")
    assert found.err == ""
    bad = {c["name"]: c["detail"] for c in found.json["checks"] if not c["ok"]}
    assert found.code == (Exit.FAILED if bad else Exit.OK)
    return bad


@pytest.fixture
def ready(command: Command, folder: Path) -> Path:
    assert command("migrate").code == 0
    return folder


def test_a_damaged_database_is_found_and_left_alone(command: Command, ready: Path) -> None:
    command("blog", "add", "storm", "--headline", "Storm")
    database = ready / "stoppress.db"
    with closing(sqlite3.connect(database)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'feeds'").fetchone()[0]
    data = bytearray(database.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\x17" * 4096
    database.write_bytes(data)
    assert wrong(command)["database"].startswith("Damaged: ")
    assert database.read_bytes() == data


def test_an_index_that_lacks_rows_is_found(command: Command, ready: Path) -> None:
    """What `quick_check` does not see."""
    with closing(sqlite3.connect(ready / "stoppress.db")) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "INSERT INTO users VALUES ('u', 'ada', 'Ada', 'x', 'admin', 1, '2026-01-01 00:00:00.000000')"
        )
        connection.execute("DELETE FROM sqlite_master WHERE name = 'ix_sessions_user_id'")
    assert "database" in wrong(command)


def test_a_row_that_names_what_is_gone_is_found(command: Command, ready: Path) -> None:
    with closing(sqlite3.connect(ready / "stoppress.db")) as connection, connection:
        connection.execute("INSERT INTO feeds VALUES ('nothing', 'public', 'abc', 1)")
    assert "feeds names one of blogs" in wrong(command)["database"]


def test_a_read_only_disk_is_found(
    command: Command, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOPPRESS_DATA_DIR", str(small_disk))
    assert command("migrate").code == 0
    assert wrong(command) == {}
    remount(small_disk, "ro")
    try:
        assert {"media"} < set(wrong(command))
    finally:
        remount(small_disk, "rw")


@pytest.mark.postgres
def test_columns_and_writes_of_postgresql_are_looked_at(
    command: Command, postgres_server: Postgres, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOPPRESS_DATABASE_URL", postgres_url)
    assert wrong(command) == {}
    name = postgres_url.rpartition("/")[2]
    fence = "?options=-c%20default_transaction_read_only%3Don"
    monkeypatch.setenv("STOPPRESS_DATABASE_URL", postgres_url + fence)
    assert "read-only" in wrong(command)["posts"]
    monkeypatch.setenv("STOPPRESS_DATABASE_URL", postgres_url)
    postgres_server.execute("ALTER TABLE blogs DROP COLUMN standfirst CASCADE", name)
    postgres_server.execute("DROP TABLE idempotency", name)
    assert wrong(command)["schema"] == "Missing: blogs.standfirst, idempotency"


@pytest.mark.parametrize(
    "url",
    ["redis+sentinel://127.0.0.1:9/main", "redis+cluster://127.0.0.1:9", "redis://127.0.0.1:9", "unix:///nothing"],
)
def test_redis_that_is_away_is_found(
    command: Command, ready: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr("server.cli.check.REDIS_SECONDS", 1.0)
    monkeypatch.setenv("STOPPRESS_REDIS_URL", url)
    assert set(wrong(command)) == {"redis"}


@pytest.mark.redis
def test_redis_that_carries_messages_is_fine(
    command: Command, ready: Path, monkeypatch: pytest.MonkeyPatch, valkey_server: Valkey
) -> None:
    monkeypatch.setenv("STOPPRESS_REDIS_URL", valkey_server.url)
    assert wrong(command) == {}


@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.anyio
async def test_sentinel_and_cluster_are_fine(
    command: Command, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched() as sentinel:
        monkeypatch.setenv("STOPPRESS_REDIS_URL", sentinel.url)
        assert await asyncio.to_thread(wrong, command) == {}
    async with cluster(masters=3) as three:
        monkeypatch.setenv("STOPPRESS_REDIS_URL", three.url)
        assert await asyncio.to_thread(wrong, command) == {}
