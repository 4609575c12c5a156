"""Brings a database to the schema of this version, and refuses one that has another.

The migrations are in `migrations/versions`, numbered. Each upgrade is one transaction under a lock that all
processes share, so any number of them may start at the same moment.
"""

from __future__ import annotations

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
"""Names the advisory lock of PostgreSQL; any number that nobody else in the database uses."""


async def check(database: Database, *, create: bool) -> None:
    """Pass when the database has the schema of this version; `create` sets up an empty one.

    Raises:
        SchemaMismatch: it has another schema; the message says what to do.
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
    """Run the migrations that are missing, all or none; the revision that the database then has.

    Raises:
        SchemaMismatch: a newer Stop Press wrote it, or something else did.
        Unavailable: the database cannot be reached; nothing was changed.
    """
    # a rewrite of a large table, or the wait for another process's, may take longer than a request
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


def latest() -> str:
    """The revision that this version needs."""
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    assert head is not None
    return head


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}


def _advice(found: str | None, *, empty: bool) -> str:
    if empty:
        return "The database is empty: run “stoppress migrate”."
    if found is None:
        return "The database holds tables that no migration of Stop Press made: name another one."
    if found not in _known():
        return f"The database has revision {found}, which is too new: run a newer Stop Press."
    return f"The database has revision {found} and this version needs {latest()}: run “stoppress migrate”."


async def _exclude_others(connection: AsyncConnection, dialect: str) -> None:
    # SQLite: BEGIN IMMEDIATE has kept other writers out already
    if dialect == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_empty(connection: Connection) -> bool:
    """Whether no table of ours is there; tables of others in the same PostgreSQL schema do no harm."""
    return not set(inspect(connection).get_table_names()) & set(metadata.tables)


def _run(connection: Connection, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
