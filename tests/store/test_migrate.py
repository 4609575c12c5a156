"""Migrations make the schema that the code has, on an empty database, once, whoever comes at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from server.domain.errors import SchemaMismatch, Unavailable
from server.store import migrate
from server.store.database import Database
from server.store.schema import metadata
from tests.support.listeners import until
from tests.support.postgres import Postgres

pytestmark = pytest.mark.anyio

MIGRATE = """
import asyncio, sys
from server.store import migrate
from server.store.database import Database

async def main():
    database = Database(sys.argv[1])
    await migrate.check(database, create=True)
    await database.close()

asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


async def _set_revision(database: Database, revision: str) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_migrations_and_tables_agree(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_a_table_that_no_migration_made_is_noticed(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("ALTER TABLE blogs ADD COLUMN extra TEXT"))
    async with database.read() as connection:
        assert await connection.run_sync(_differences) != []


async def test_an_empty_database_is_created_on_request(empty_url: str) -> None:
    database = Database(empty_url)
    await migrate.check(database, create=True)
    await migrate.check(database, create=False)
    await database.close()


async def test_an_empty_database_is_rejected_unless_creation_is_allowed(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(SchemaMismatch, match="stoppress migrate"):
        await migrate.check(database, create=False)
    await database.close()


async def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    assert await migrate.upgrade(database) == migrate.latest()


async def test_a_newer_schema_asks_for_a_newer_server(database: Database) -> None:
    await _set_revision(database, "9999")
    with pytest.raises(SchemaMismatch, match=r"too new\. Use a newer Stop Press"):
        await migrate.check(database, create=True)
    with pytest.raises(SchemaMismatch, match=r"too new\. Use a newer Stop Press"):
        await migrate.upgrade(database)


async def test_an_older_schema_asks_for_migrate(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "latest", lambda: "9998")
    with pytest.raises(SchemaMismatch, match="Run “stoppress migrate”"):
        await migrate.check(database, create=True)


async def test_tables_of_unknown_origin_are_left_alone(empty_url: str) -> None:
    database = Database(empty_url)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE blogs (id INTEGER)"))
    with pytest.raises(SchemaMismatch, match="tables that Stop Press did not create"):
        await migrate.check(database, create=True)
    with pytest.raises(SchemaMismatch, match="tables that Stop Press did not create"):
        await migrate.upgrade(database)
    await database.close()


async def test_a_failing_migration_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = migrate._run

    def fail(connection: Connection) -> None:
        whole(connection)
        raise RuntimeError("the power went")

    monkeypatch.setattr(migrate, "_run", fail)
    database = Database(empty_url)
    with pytest.raises(RuntimeError):
        await migrate.check(database, create=True)
    async with database.read() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) == []
    await database.close()


async def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", MIGRATE, empty_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    said = [(await process.communicate())[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], said
    database = Database(empty_url)
    await migrate.check(database, create=False)
    await database.close()


@pytest.mark.postgres
async def test_a_migration_waits_longer_than_a_request_may(postgres_server: Postgres) -> None:
    name = postgres_server.create()
    database = Database(postgres_server.url(name), timeout=1)
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND now() - query_start > '2.5 s'"
    with psycopg.connect(postgres_server.url(name)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate._LOCK])
        upgrading = asyncio.create_task(migrate.upgrade(database))
        await until(lambda: upgrading.done() or postgres_server.execute(waits))
    assert await upgrading == migrate.latest()
    with pytest.raises(Unavailable):  # the same connection is patient no longer
        async with database.write() as connection:
            await connection.execute(text("SELECT pg_sleep(5)"))
    await database.close()
    postgres_server.drop(name)
