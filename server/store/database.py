"""The connection to SQLite or PostgreSQL: consistent reads, one kind of write, and failures with a reason.

SQLite: WAL, `synchronous=FULL` (a 2xx response survives a power failure), one writer at a time, `BEGIN
IMMEDIATE` for writes only. PostgreSQL: reads use a REPEATABLE READ snapshot, writers lock the row of the feed.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, QueuePool, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from server.domain.errors import Unavailable
from server.store import sqlite
from server.store.database_errors import DETAILS, FailedWrites, unavailable

BUSY_SECONDS = 5.0
"""How long a write waits for other writes before it gives up with 503: those of this process and of others
together, from the moment it was asked for."""
BUSY_SLACK_MILLISECONDS = 100
READERS = 6
LOOK_UP_SECONDS = 0.25
"""How long a look-up waits where another process has the whole database for itself; the event loop waits too.
"""
WAL_RETRY_SECONDS = 0.05


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
        self.failed_writes = FailedWrites()
        self.last_read = -math.inf
        """When a read last ended well (`time.monotonic()`)."""
        self._timeout = timeout
        self._busy = _Busy()
        self._identity: tuple[int, int] | None = None
        if self.dialect == "sqlite":
            self.url = self.url.set(drivername="sqlite+aiosqlite")
            self._reader = _sqlite(self.url, size=READERS)
            self._one_writer: sqlite.Writer | None = sqlite.Writer(_plain_sqlite(self.url, busy=self._busy))
            self._lookups: sqlite.Lookups | None = sqlite.Lookups(_plain_sqlite(self.url))
        elif self.dialect == "postgresql":
            from server.store.postgres import make_engine

            self.url = self.url.set(drivername="postgresql+psycopg")
            self._writer = make_engine(self.url, pool=pool, timeout=timeout)
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._one_writer = self._lookups = None
        else:
            raise ValueError(f"DATABASE_URL: {self.dialect} is not one of sqlite, postgresql")

    @property
    def file(self) -> Path | None:
        """Where SQLite keeps its database; None for PostgreSQL and for one in memory."""
        name = self.url.database
        return Path(name) if self.dialect == "sqlite" and name and name != ":memory:" else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see the same snapshot of the database.

        Raises:
            Unavailable: the database cannot be reached.
        """
        with _Translated(self.file):
            async with self._connected(self._reader) as connection, connection.begin():
                yield connection
        self.last_read = time.monotonic()

    def look_up(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """As `read`, for a few rows that an index finds, such as who sends a request. SQLite reads them without
        a thread: not for what may be long."""
        return self.read() if self._lookups is None else self._look_up(self._lookups)

    @asynccontextmanager
    async def _look_up(self, lookups: sqlite.Lookups) -> AsyncIterator[AsyncConnection]:
        with _Translated(self.file):
            async with lookups.transaction() as connection:
                yield connection

    @asynccontextmanager
    async def write(self, *, patient: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back if the block raises.

        PostgreSQL uses READ COMMITTED: read what a decision depends on after `feeds.lock`, because each
        statement sees what others have committed by then. In SQLite those that wait at the same time share a
        commit. `patient`: no time limit for PostgreSQL statements, and no shared commit.

        Raises:
            Unavailable: nothing was written, because the disk is full or the database is locked or cannot be
                reached. If the connection was lost during the commit, the outcome is unknown, and the message
                says so.
        """
        try:
            with _Translated(self.file) as translated:
                if self._one_writer is not None:
                    turn = self._turn(self._one_writer.turn)
                    async with self._one_writer.transaction(turn, alone=patient) as connection:
                        yield connection
                    return
                async with self._connected(self._writer) as connection, connection.begin():
                    translated.driver = (await connection.get_raw_connection()).driver_connection
                    async with _no_time_limit(connection) if patient else nullcontext():
                        yield connection
                    translated.committing = True
        except Unavailable as error:
            self.failed_writes.note(error)
            raise

    @asynccontextmanager
    async def _turn(self, lock: asyncio.Lock) -> AsyncIterator[None]:
        """SQLite's one writer of this process. The time in the queue counts: what is left of it is how long
        SQLite may wait for other processes."""
        deadline = time.monotonic() + BUSY_SECONDS
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await lock.acquire()
        except TimeoutError:
            raise Unavailable(DETAILS["busy"], reason="busy") from None
        try:
            self._busy.deadline = deadline
            self._check_file()
            yield
        finally:
            lock.release()

    def _check_file(self) -> None:
        """A file that was removed or replaced while it is open takes writes that nobody will ever read."""
        if self.file is None:
            return
        try:
            found = self.file.stat()
            here = found.st_dev, found.st_ino
        except OSError:
            here = None
        self._identity = self._identity or here
        if here != self._identity:
            raise Unavailable(
                "The database file was removed or replaced while the server runs; nothing was written. "
                "Restart the server.",
                reason="missing",
            )

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection from the pool. One time-out covers waiting for a free connection, finding that it is
        broken, and opening another."""
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._timeout if self.dialect == "postgresql" else None):
                connection = await stack.enter_async_context(engine.connect())
            yield connection

    async def close(self) -> None:
        await self._reader.dispose()
        if self._one_writer is not None:
            await self._one_writer.close()
        if self._lookups is not None:
            self._lookups.close()
        if self.dialect == "postgresql":
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


class _Translated:
    """Turns a driver's failure into `Unavailable`; see `database_errors.py` for what passes."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.committing = False
        self.driver: Any = None

    def __enter__(self) -> _Translated:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            return
        standby = self.driver is not None and self.driver.standby
        raised = unavailable(error, file=self._file, committing=self.committing, standby=standby)
        if raised is not None:
            raise raised from error


class _Busy:
    """Until when the write that has its turn may wait for writes of other processes (`time.monotonic()`)."""

    deadline = float("inf")
    told = -1

    def changed(self) -> int | None:
        """The time left in milliseconds; None when SQLite was told nearly the same before."""
        left = max(0, int(1000 * min(BUSY_SECONDS, self.deadline - time.monotonic())))
        if abs(left - self.told) < BUSY_SLACK_MILLISECONDS:
            return None
        self.told = left
        return left


def _sqlite(url: URL, *, size: int) -> AsyncEngine:
    """For reads, each in a thread."""
    _make_folder(url)
    # what is written must not be read in the log of a statement that failed
    engine = create_async_engine(
        url, hide_parameters=True, pool_size=size, max_overflow=0, connect_args={"timeout": BUSY_SECONDS}
    )
    _prepare(
        engine.sync_engine, begin="BEGIN", busy=None, wait=lambda seconds: await_only(asyncio.sleep(seconds))
    )

    @event.listens_for(engine.sync_engine.pool, "invalidate")
    def _invalidate(connection: Any, _record: Any, _error: BaseException | None) -> None:
        # A request that is cancelled during a statement leaves an open cursor. SQLite then keeps the
        # connection, and its lock on the whole database, until Python's garbage collector runs.
        with suppress(Exception):  # the connection may be broken for the same reason
            connection.rollback()

    return engine


def _plain_sqlite(url: URL, *, busy: _Busy | None = None) -> Engine:
    """For writes (`busy`), or for look-ups: used on the event loop, and by one thread at a time."""
    _make_folder(url)
    pool = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0} if busy else {"poolclass": NullPool}
    engine = create_engine(
        url.set(drivername="sqlite"), hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS if busy else LOOK_UP_SECONDS, "check_same_thread": False}, **pool,
    )
    _prepare(engine, begin="BEGIN IMMEDIATE" if busy else "BEGIN", busy=busy, wait=time.sleep)
    return engine


def _make_folder(url: URL) -> None:
    if url.database and url.database != ":memory:":
        with suppress(OSError):  # what is wrong with it shows when the database is opened
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _prepare(engine: Engine, *, begin: str, busy: _Busy | None, wait: Callable[[float], object]) -> None:
    """How each connection is set up, and how its transactions begin."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver would send BEGIN too late for a snapshot
        cursor = connection.cursor()
        _use_wal(cursor, wait)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        if busy is not None:
            busy.told = int(1000 * BUSY_SECONDS)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if busy is not None and (milliseconds := busy.changed()) is not None:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={milliseconds}")
        connection.exec_driver_sql(begin)


def _use_wal(cursor: Any, wait: Callable[[float], object]) -> None:
    """Several processes that open a new database at once meet here: to change the mode SQLite needs the file
    for itself, and does not wait for it."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
        wait(WAL_RETRY_SECONDS)
