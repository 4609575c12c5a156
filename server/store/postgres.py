"""PostgreSQL connections with a time limit for every answer.

A frozen server or a network that drops packets leaves a connection that looks healthy: TCP stays up as long as
the other kernel acknowledges, and psycopg waits for ever. PostgreSQL's own `statement_timeout` works only while
PostgreSQL is running. A connection that does not answer in time is closed, and the pool replaces it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout

CANCEL_SECONDS = 1.0
"""Time limit for cancelling the statement of an abandoned request on the server."""

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
            self.pgconn.finish()  # the server does not answer; psycopg would wait 5 s


def connector(answer_seconds: float) -> Creator:
    """A function that opens connections with this time limit for every answer."""

    async def connect(*place: Any, **options: Any) -> BoundedConnection:
        connection = await BoundedConnection.connect(*place, **options)
        connection.answer_seconds = answer_seconds
        return connection

    return connect
