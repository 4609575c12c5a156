"""The connection to PostgreSQL, which waits for an answer for a bounded time.

A server that is frozen, or a network that swallows packets without a word, leaves a connection that looks
healthy: TCP is content while the other machine's kernel acknowledges, and psycopg waits without an end.
PostgreSQL's own `statement_timeout` helps only while PostgreSQL runs. A connection that did not answer in
time is closed, so that the pool replaces it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout

CANCEL_SECONDS = 1.0
"""How long a request that was given up tries to cancel its statement in the server."""

Creator = Callable[..., Awaitable["BoundedConnection"]]


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """Relies on `wait`, the one place of psycopg 3.3 in which an open connection waits, and on `_try_cancel`,
    which runs when that wait is cancelled; tests/contracts/test_libraries.py holds both."""

    answer_seconds: float | None = None

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return await super().wait(gen, interval, timeout or self.answer_seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer in {self.answer_seconds} s") from None

    async def _try_cancel(self, *, timeout: float = CANCEL_SECONDS) -> None:
        try:
            await self.cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        except psycopg.Error:
            self.pgconn.finish()  # nobody is there to cancel it; psycopg would wait 5 s for the answer


def connector(answer_seconds: float) -> Creator:
    """Opens connections that give up when an answer takes longer than so many seconds."""

    async def connect(*place: Any, **options: Any) -> BoundedConnection:
        connection = await BoundedConnection.connect(*place, **options)
        connection.answer_seconds = answer_seconds
        return connection

    return connect
