"""The connection that writes to SQLite, without a hop to a thread for each of its small steps.

aiosqlite sends every call to a thread and waits for the answer: about fifty round trips for one post, which
cost more than SQLite itself. Inside a transaction that holds the write lock a statement waits for nobody and
touches pages that are in memory, so it runs at once. What may wait for others or for the disk (to get the
lock, to commit, to roll back) goes to the thread as before. So do all reads: they may be long.
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
        if connection is None or not connection.in_transaction or fn in _that_wait(connection):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def _that_wait(connection: sqlite3.Connection) -> tuple[Callable[..., Any], ...]:
    return (connection.commit, connection.rollback, connection.close)


def connect(database: str, **options: Any) -> InlineConnection:
    """A connection that is opened when it is awaited; `options` are those of `sqlite3.connect`."""
    options["check_same_thread"] = False  # one at a time, from the thread or from the loop
    made = InlineConnection(functools.partial(sqlite3.connect, database, **options), CHUNK_ROWS)
    made._thread.daemon = True
    return made
