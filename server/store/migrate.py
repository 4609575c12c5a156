"""Database migrations and the check that the schema matches this version.

The migrations are in `migrations/versions`. Each upgrade runs in one transaction under a lock shared by all
processes, so that several processes can start at once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import SchemaMismatch
from server.store.database import Database
from server.store.schema import metadata

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x5709_9E55
"""Number of the PostgreSQL advisory lock."""


async def check(database: Database, *, create: bool) -> None:
    """Check that the database schema matches this version. `create`: migrate an empty database.

    Raises:
        SchemaMismatch: the schema differs; the message says what to do.
        Unavailable: the database cannot be reached.
    """
    async with database.read() as connection:
        found = await connection.run_sync(_revision)
        empty = found is None and await connection.run_sync(_is_empty)
    if empty and create:
        await upgrade(database)
    elif found != latest():
        raise SchemaMismatch(_advice(found, empty=empty))


async def upgrade(database: Database) -> str:
    """Run all pending migrations, or none if one fails. Returns the revision of the database.

    Raises:
        SchemaMismatch: the schema is newer than this version, or not from Stop Press.
        Unavailable: the database cannot be reached; nothing was changed.
    """
    # Rewriting a large table, or waiting for another process to do so, may take longer than a request.
    async with database.write(patient=True) as connection:
        await _exclude_others(connection, database.dialect)
        found = await connection.run_sync(_revision)
        if found is None and not await connection.run_sync(_is_empty):
            raise SchemaMismatch(_advice(None, empty=False))
        if found is not None and found not in _known():
            raise SchemaMismatch(_advice(found, empty=False))
        await connection.run_sync(_run)
    return latest()


def missing(connection: Connection) -> list[str]:
    """Tables and columns of this version that the database lacks although its revision is right: somebody
    dropped them, or a restore was cut off."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    lacking = []
    for table in metadata.sorted_tables:
        if table.name not in there:
            lacking.append(table.name)
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name)}
        lacking += [f"{table.name}.{c.name}" for c in table.columns if c.name not in columns]
    return lacking


@cache
def latest() -> str:
    """The schema revision that this version needs."""
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    assert head is not None
    return head


@cache
def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}


def _advice(found: str | None, *, empty: bool) -> str:
    if empty:
        return "The database is empty. Run “stoppress migrate”."
    if found is None:
        return "The database has tables that Stop Press did not create. Use another database."
    if found not in _known():
        return f"The database has schema revision {found}, which is too new. Use a newer Stop Press."
    return f"The database has schema revision {found}; this version needs {latest()}. Run “stoppress migrate”."


async def _exclude_others(connection: AsyncConnection, dialect: str) -> None:
    # In SQLite, BEGIN IMMEDIATE already excludes other writers.
    if dialect == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_empty(connection: Connection) -> bool:
    """Whether none of our tables exists; other tables in the same PostgreSQL schema do not matter."""
    return not set(inspect(connection).get_table_names()) & set(metadata.tables)


def _run(connection: Connection, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
