"""Database access for SQLite and PostgreSQL: consistent reads, write transactions, and errors as `Unavailable`.

SQLite: WAL, `synchronous=FULL` (a 2xx response survives a power failure), one writer at a time, `BEGIN
IMMEDIATE` for writes only. PostgreSQL: reads use a REPEATABLE READ snapshot, writers lock the row of the feed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import event, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.domain.errors import Unavailable
from server.store import sqlite

BUSY_SECONDS = 5.0
"""How long a write waits for a write of another process before it fails with 503."""
READERS = 6
ANSWER_SLACK_SECONDS = 1.0
"""PostgreSQL itself cancels a statement that takes too long, and the connection stays usable. If the server has
not answered this long after that, the connection counts as lost."""


class Database:
    """Access to one database.

    Args:
        url: `sqlite:///path` or `postgresql://…`; the async driver is chosen here.
        pool: most PostgreSQL connections of this process.
        timeout: seconds to wait for a PostgreSQL connection or statement.
    """

    def __init__(self, url: str | URL, *, pool: int = 10, timeout: float = 10.0) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        self._timeout = timeout
        if self.dialect == "sqlite":
            self.url = self.url.set(drivername="sqlite+aiosqlite")
            self._reader = _sqlite(self.url, begin="BEGIN", size=READERS)
            self._writer = _sqlite(self.url, begin="BEGIN IMMEDIATE", size=1, async_creator_fn=sqlite.connect)
            self._one_writer: asyncio.Lock | None = asyncio.Lock()
        elif self.dialect == "postgresql":
            from server.store.postgres import connector

            self.url = self.url.set(drivername="postgresql+psycopg")
            self._writer = create_async_engine(
                self.url, pool_size=pool, max_overflow=0, pool_timeout=timeout, pool_pre_ping=True,
                connect_args={
                    "async_creator_fn": connector(timeout + ANSWER_SLACK_SECONDS),
                    "connect_timeout": int(timeout),
                    "application_name": "stoppress",
                    "options": f"-c statement_timeout={int(timeout * 1000)} -c timezone=UTC",
                    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
                    "tcp_user_timeout": int(timeout * 1000),
                },
            )
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._one_writer = None
        else:
            raise ValueError(f"DATABASE_URL: {self.dialect} is not one of sqlite, postgresql")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see the same snapshot of the database.

        Raises:
            Unavailable: the database cannot be reached.
        """
        with _FailureTranslator():
            async with self._connected(self._reader) as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self, *, patient: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back if the block raises.

        PostgreSQL uses READ COMMITTED: read what a decision depends on after `feeds.lock`, because each
        statement sees what others have committed by then. `patient`: no time limit for PostgreSQL statements.

        Raises:
            Unavailable: nothing was written, because the disk is full or the database is locked or cannot be
                reached. If the connection was lost during the commit, the outcome is unknown, and the message
                says so.
        """
        with _FailureTranslator() as failures:
            async with (
                self._one_writer or nullcontext(),
                self._connected(self._writer) as connection,
                connection.begin(),
            ):
                async with _no_time_limit(connection) if patient and not self._one_writer else nullcontext():
                    yield connection
                failures.committing = self._one_writer is None

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection from the pool. One time-out covers waiting for a free connection, finding that it is
        broken, and opening another."""
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(None if self._one_writer else self._timeout):
                connection = await stack.enter_async_context(engine.connect())
            yield connection

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


@asynccontextmanager
async def _no_time_limit(connection: AsyncConnection) -> AsyncIterator[None]:
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    driver: Any = (await connection.get_raw_connection()).driver_connection
    limit, driver.answer_seconds = driver.answer_seconds, None
    try:
        yield
    finally:
        driver.answer_seconds = limit


class _FailureTranslator:
    """Turns database failures into `Unavailable`. IntegrityError passes through, and so do programming errors
    such as invalid SQL, which must not be reported as an outage."""

    _PASS_THROUGH = (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.NotSupportedError)

    def __init__(self) -> None:
        self.committing = False

    def __enter__(self) -> _FailureTranslator:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, self._PASS_THROUGH):
            return
        if isinstance(error, exc.DBAPIError | exc.TimeoutError | OSError):
            raise Unavailable(_reason(error, committing=self.committing)) from error


def _reason(error: BaseException, *, committing: bool) -> str:
    said = str(getattr(error, "orig", error)).lower()
    if "disk is full" in said or "no space left" in said:
        return "The database disk is full; nothing was written."
    if "locked" in said or "busy" in said:
        return "The database is busy with another write; nothing was written. Try again."
    if "readonly" in said or "read-only" in said:
        return "The database is read-only; nothing was written."
    if committing:
        return (
            "The connection to the database was lost during the commit. Check whether the change was saved "
            "before you try again, or retry with the same Idempotency-Key."
        )
    return "The database cannot be reached; nothing was written. Try again."


def _sqlite(url: URL, *, begin: str, size: int, **connect: Any) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    connect["timeout"] = BUSY_SECONDS
    engine = create_async_engine(url, pool_size=size, max_overflow=0, connect_args=connect)

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver would send BEGIN too late for a snapshot
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine.pool, "invalidate")
    def _invalidate(connection: Any, _record: Any, _error: BaseException | None) -> None:
        # A request that is cancelled during a statement leaves an open cursor. SQLite then keeps the
        # connection, and its lock on the whole database, until Python's garbage collector runs.
        with suppress(Exception):  # the connection may be broken for the same reason
            connection.rollback()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
