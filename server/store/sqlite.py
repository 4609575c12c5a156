"""SQLite connection for writes that runs most statements without a thread.

aiosqlite runs every call in a thread: about fifty round trips for one post, which cost more than SQLite itself.
Inside a transaction that holds the write lock, statements do not wait for other writers and mostly touch pages
in memory, so they run directly. Calls that may block on a lock or on the disk (BEGIN IMMEDIATE, COMMIT,
ROLLBACK) still run in the thread, and so do all reads, which may be long.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite

CHUNK_ROWS = 64


class InlineConnection(aiosqlite.Connection):
    """Relies on `_execute`, the one place of aiosqlite 0.22 that every call goes through;
    tests/contracts/test_libraries.py holds it."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        connection = self._connection
        if connection is None or not connection.in_transaction or fn in _blocking_calls(connection):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def _blocking_calls(connection: sqlite3.Connection) -> tuple[Callable[..., Any], ...]:
    return (connection.commit, connection.rollback, connection.close)


def connect(database: str, **options: Any) -> InlineConnection:
    """A connection that opens when awaited; `options` are passed to `sqlite3.connect`."""
    options["check_same_thread"] = False  # used by one thread at a time: the worker thread or the event loop
    made = InlineConnection(functools.partial(sqlite3.connect, database, **options), CHUNK_ROWS)
    made._thread.daemon = True
    return made
