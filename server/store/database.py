"""The connection to SQLite or PostgreSQL: consistent reads, one kind of write, and honest failures.

SQLite: WAL, full synchronous (a 2xx survives a power cut), one writer at a time, `BEGIN IMMEDIATE` for
writes only. PostgreSQL: a read is one REPEATABLE READ snapshot, writers meet at the row of the feed.
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
"""How long a write waits for another process's write before it gives up with 503."""
READERS = 6
ANSWER_SLACK_SECONDS = 1.0
"""A PostgreSQL that runs ends a statement by itself when it takes too long, and keeps the connection. So much
later it counts as one that does not run."""


class Database:
    """Reads and writes of one database.

    Args:
        url: `sqlite:///path` or `postgresql://…`; the async driver is chosen here.
        pool: PostgreSQL connections of this process, at most.
        timeout: seconds until a connection or a statement of PostgreSQL that does not come counts as lost.
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
                hide_parameters=True,
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
        """A connection whose statements all see one state of the database.

        Raises:
            Unavailable: the database cannot be reached.
        """
        with _Honest():
            async with self._connected(self._reader) as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self, *, patient: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, undone when it raises.

        PostgreSQL runs it READ COMMITTED: what a decision rests on must be read after `feeds.lock`, since
        each statement sees what others committed before it began. `patient`: a statement of PostgreSQL may take
        as long as it takes.

        Raises:
            Unavailable: nothing was written: the disk is full, the database locked or not reachable. Only
                when the connection was lost during the commit itself is that not certain; it says so.
        """
        with _Honest() as honest:
            async with (
                self._one_writer or nullcontext(),
                self._connected(self._writer) as connection,
                connection.begin(),
            ):
                async with _patience(connection) if patient and not self._one_writer else nullcontext():
                    yield connection
                honest.committing = self._one_writer is None

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection from the pool. The time-out is for all of it together: to wait for a free one, to find
        that it is dead, and to open another."""
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(None if self._one_writer else self._timeout):
                connection = await stack.enter_async_context(engine.connect())
            yield connection

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


@asynccontextmanager
async def _patience(connection: AsyncConnection) -> AsyncIterator[None]:
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    driver: Any = (await connection.get_raw_connection()).driver_connection
    limit, driver.answer_seconds = driver.answer_seconds, None
    try:
        yield
    finally:
        driver.answer_seconds = limit


class _Honest:
    """Turns a database's failures into `Unavailable`. A broken rule (IntegrityError) passes as it is, and so
    does a mistake of ours: to call wrong SQL or a value that no column takes unavailable would hide it."""

    _OURS = (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.NotSupportedError)

    def __init__(self) -> None:
        self.committing = False

    def __enter__(self) -> _Honest:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, self._OURS):
            return
        if isinstance(error, exc.DBAPIError | exc.TimeoutError | OSError):
            raise Unavailable(_reason(error, committing=self.committing)) from error


def _reason(error: BaseException, *, committing: bool) -> str:
    said = str(getattr(error, "orig", error)).lower()
    if "disk is full" in said or "no space left" in said:
        return "The database's disk is full; nothing was written."
    if "locked" in said or "busy" in said:
        return "The database is busy with another write; nothing was written. Try again."
    if "readonly" in said or "read-only" in said:
        return "The database is read-only; nothing was written."
    if committing:
        return (
            "The database was lost while it committed; look whether it was written before you try again, or "
            "send the same Idempotency-Key."
        )
    return "The database cannot be reached; nothing was written. Try again."


def _sqlite(url: URL, *, begin: str, size: int, **connect: Any) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    connect["timeout"] = BUSY_SECONDS
    # what is written must not be read in the log of a statement that failed
    engine = create_async_engine(
        url, hide_parameters=True, pool_size=size, max_overflow=0, connect_args=connect
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for a snapshot
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine.pool, "invalidate")
    def _invalidate(connection: Any, _record: Any, _error: BaseException | None) -> None:
        # A request that is cancelled in the middle of a statement leaves a cursor behind, and SQLite keeps a
        # connection with an open cursor, and its lock on the whole database, until Python's collector runs.
        with suppress(Exception):  # the connection may be broken for the same reason
            connection.rollback()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
