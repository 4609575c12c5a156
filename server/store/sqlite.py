"""SQLite without a thread and a greenlet for each statement, and with commits that many share.

aiosqlite runs every call in a thread, and SQLAlchemy's asyncio layer switches greenlets for each: some fifty
round trips for one post, which cost more than SQLite itself. Inside a transaction that holds the write lock,
statements do not wait for other writers and mostly touch pages in memory, so they run directly on a plain
connection. What may block on a lock or on the disk (opening, BEGIN IMMEDIATE, COMMIT, ROLLBACK) runs in a
thread.

Writes that wait for their turn when one ends join its transaction, each behind a savepoint of its own, and all
are told when the one commit is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, ScalarResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import Unavailable

JOIN_SECONDS = 0.05
"""How old a transaction may be that another write joins: what the first one waits longer, at most, and the time
that one write takes."""
LOST = "Another write made the database drop the transaction; nothing was written. Try again."

Result = TypeVar("Result")


class DirectConnection:
    """What of `AsyncConnection` the store uses, on a plain connection: nothing here waits."""

    def __init__(self, connection: Connection) -> None:
        self.sync_connection = connection
        self.dialect = connection.dialect

    async def execute(self, statement: Any, parameters: Any = None) -> CursorResult[Any]:
        return self.sync_connection.execute(statement, parameters)

    async def scalar(self, statement: Any, parameters: Any = None) -> Any:
        return self.sync_connection.scalar(statement, parameters)

    async def scalars(self, statement: Any, parameters: Any = None) -> ScalarResult[Any]:
        return self.sync_connection.scalars(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> CursorResult[Any]:
        return self.sync_connection.exec_driver_sql(statement, parameters)

    async def run_sync(self, work: Callable[..., Result], *given: Any, **named: Any) -> Result:
        return work(self.sync_connection, *given, **named)


class _Group:
    """Writes that share a transaction."""

    def __init__(self, connection: Connection, began: float) -> None:
        self.connection, self.began = connection, began
        self.members: list[asyncio.Future[None]] = []

    @property
    def alive(self) -> bool:
        """Whether SQLite still has the transaction: a full disk makes it roll everything back."""
        driver: Any = self.connection.connection.driver_connection
        return bool(driver.in_transaction)

    def join(self) -> asyncio.Future[None]:
        member = asyncio.get_running_loop().create_future()
        self.members.append(member)
        return member

    def settle(self, error: BaseException | None) -> None:
        """Tell all members, in the order of their writes."""
        for member in self.members:
            if member.done():
                continue
            if error is None:
                member.set_result(None)
            else:
                member.set_exception(error)


class Writer:
    """The one connection for writes of this process. `turn` is held by the write that runs.

    Args:
        engine: a plain one, with a pool of one connection.
    """

    def __init__(self, engine: Engine) -> None:
        self.turn = asyncio.Lock()
        self._engine = engine
        self._thread: ThreadPoolExecutor | None = None
        self._group: _Group | None = None
        self._committing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(
        self, turn: AbstractAsyncContextManager[None], *, alone: bool
    ) -> AsyncIterator[AsyncConnection]:
        """What is done in the block is on the disk when this ends, or undone when the block raises; other
        writes of the same transaction are not concerned.

        Args:
            turn: acquires and releases `turn`.
            alone: share the commit with nobody, for a write that takes long.
        """
        async with turn:
            group = await self._joinable(alone=alone)
            first = not group.members
            try:
                if not first:
                    group.connection.exec_driver_sql("SAVEPOINT one")
                yield cast(AsyncConnection, DirectConnection(group.connection))
                if not first:
                    group.connection.exec_driver_sql("RELEASE one")
            except BaseException as error:
                await self._undo(group, error, first=first)
                raise
            done = group.join()
            if first:
                # whoever waits for a turn by now comes before this, and joins
                task = asyncio.create_task(self._commit_in_turn(group), name="sqlite.commit")
                self._committing.add(task)
                task.add_done_callback(self._committing.discard)
        await done

    async def close(self) -> None:
        """Close the connection; it opens again when it is needed."""
        if self._committing:
            await asyncio.wait(self._committing)
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self._engine.dispose()

    async def _joinable(self, *, alone: bool) -> _Group:
        loop, group = asyncio.get_running_loop(), self._group
        if group is not None and (alone or loop.time() - group.began > JOIN_SECONDS):
            await self._commit(group)
        if self._group is None:
            self._group = _Group(await self._begin(), loop.time())
        return self._group

    async def _undo(self, group: _Group, error: BaseException, *, first: bool) -> None:
        if group.alive and not first:
            with suppress(DBAPIError):  # then the whole transaction is lost
                group.connection.exec_driver_sql("ROLLBACK TO one")
                group.connection.exec_driver_sql("RELEASE one")
                return
        self._group = None
        await self._run(group.connection.close)  # rolls back
        group.settle(error if isinstance(error, DBAPIError) else Unavailable(LOST))

    async def _commit_in_turn(self, group: _Group) -> None:
        async with self.turn:
            if self._group is group:
                await self._commit(group)

    async def _commit(self, group: _Group) -> None:
        self._group = None
        try:
            await self._run(_commit, group.connection)
        except Exception as error:
            group.settle(error)
        else:
            group.settle(None)

    async def _begin(self) -> Connection:
        """A request that is cancelled meanwhile leaves nothing behind."""
        begun = self._start(_begin, self._engine)
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            await asyncio.wait([begun])
            if not begun.cancelled() and begun.exception() is None:
                await self._run(begun.result().close)
            raise

    async def _run(self, work: Callable[..., Result], *given: Any) -> Result:
        """In the thread, to its end: nobody else may use the connection before."""
        running = self._start(work, *given)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _start(self, work: Callable[..., Result], *given: Any) -> asyncio.Future[Result]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sqlite-write")
        return asyncio.get_running_loop().run_in_executor(self._thread, work, *given)


def _begin(engine: Engine) -> Connection:
    connection = engine.connect()
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection


def _commit(connection: Connection) -> None:
    with connection:
        try:
            connection.commit()
        except BaseException:
            connection.invalidate()  # the next one opens another: SQLAlchemy leaves the transaction open
            raise


class Lookups:
    """Reads that take a few rows by an index: directly, because a thread for each costs ten times as much.

    Args:
        engine: a plain one, without a pool.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._free: list[Connection] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A snapshot."""
        connection = self._free.pop() if self._free else self._engine.connect()
        try:
            with connection.begin():
                yield cast(AsyncConnection, DirectConnection(connection))
        except DBAPIError:
            connection.close()
            raise
        except BaseException:
            self._free.append(connection)
            raise
        self._free.append(connection)

    def close(self) -> None:
        """Close what is open; it opens again when it is needed."""
        while self._free:
            self._free.pop().close()
