"""The connection to PostgreSQL, which waits for an answer for a bounded time, and never overrules a server that
was made read-only.

A server that is frozen, or a network that swallows packets without a word, leaves a connection that looks
healthy: TCP is content while the other machine's kernel acknowledges, and psycopg waits without an end.
PostgreSQL's own `statement_timeout` helps only while PostgreSQL runs. A connection that did not answer in
time is closed, so that the pool replaces it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

ANSWER_SLACK_SECONDS = 1.0
"""A PostgreSQL that runs ends a statement by itself when it takes too long, and keeps the connection. So much
later it counts as one that does not run."""
PING_SECONDS = 2.0
"""How long a connection that was idle may take to answer before another is opened in its place."""
CANCEL_SECONDS = 1.0
"""Time limit for cancelling the statement of an abandoned request on the server."""
RECYCLE_SECONDS = 60
"""How long a connection is kept. `ALTER ROLE … SET default_transaction_read_only` holds for new ones only, and
whoever switches over with it must not wait for a restart of ours."""

Creator = Callable[..., Awaitable["BoundedConnection"]]


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """Relies on `wait`, the one place of psycopg 3.3 in which an open connection waits, and on `_try_cancel`,
    which runs when that wait is cancelled; tests/contracts/test_libraries.py holds both."""

    answer_seconds: float | None = None
    patience: float | None = None
    """`answer_seconds` while the connection is in use."""

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return await super().wait(gen, interval, timeout or self.answer_seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer in {self.answer_seconds} s") from None

    async def _try_cancel(self, *, timeout: float = CANCEL_SECONDS) -> None:
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                await self.cancel_safe(timeout=CANCEL_SECONDS)
                await _readable(self.pgconn.socket)
        except (psycopg.Error, TimeoutError):
            self.pgconn.finish()  # the server does not answer; psycopg would wait 5 s

    async def set_read_only(self, value: bool | None) -> None:
        """SQLAlchemy says False after a read. psycopg would then begin `READ WRITE`, which overrules
        `default_transaction_read_only`, the fence of a switch-over; None leaves it to the server."""
        await super().set_read_only(value or None)

    @property
    def standby(self) -> bool:
        """Whether the server last said that it is a standby (PostgreSQL 14 and newer say it)."""
        try:
            return self.pgconn.parameter_status(b"in_hot_standby") == b"on"
        except psycopg.Error:
            return False


def make_engine(url: URL, *, pool: int, timeout: float) -> AsyncEngine:
    """A pool of at most `pool` connections. `timeout`: seconds for a connection or a statement."""
    given = url.query.get("options") or os.environ.get("PGOPTIONS", "")
    options = given if isinstance(given, str) else " ".join(given)
    engine = create_async_engine(
        url, pool_size=pool, max_overflow=0, pool_timeout=timeout, pool_pre_ping=True,
        hide_parameters=True, pool_recycle=RECYCLE_SECONDS,
        connect_args={
            "async_creator_fn": _connector(timeout + ANSWER_SLACK_SECONDS),
            "connect_timeout": max(2, int(timeout)),
            "application_name": "stoppress",
            "options": f"{options} -c statement_timeout={int(timeout * 1000)} -c timezone=UTC".strip(),
            "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
            "tcp_user_timeout": int(timeout * 1000),
        },
    )

    # the ping of `pool_pre_ping` comes before `checkout`
    @event.listens_for(engine.sync_engine, "checkin")
    def _idle(connection: Any, _record: Any) -> None:
        if connection is not None:
            connection.driver_connection.answer_seconds = PING_SECONDS

    @event.listens_for(engine.sync_engine, "checkout")
    def _in_use(connection: Any, _record: Any, _proxy: Any) -> None:
        driver = connection.driver_connection
        driver.answer_seconds = driver.patience

    return engine


def _connector(answer_seconds: float) -> Creator:
    """A function that opens connections with this time limit for every answer."""

    async def connect(*place: Any, **options: Any) -> BoundedConnection:
        connection = await BoundedConnection.connect(*place, **options)
        connection.answer_seconds = connection.patience = answer_seconds
        return connection

    return connect


async def _readable(number: int) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(number, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(number)
