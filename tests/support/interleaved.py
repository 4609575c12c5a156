"""Two writers at the same moment: one waits between what it read and what it writes, until the other is done or
waits for a lock that the first one holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from sqlalchemy import Delete, Insert, Update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database

BLOCKED_SECONDS = 0.25
"""A writer that is not done by then waits for a lock."""
_pause: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("pause", default=None)


class _Pausing:
    """A connection that runs `before` ahead of its first statement that writes."""

    def __init__(self, connection: AsyncConnection, before: Callable[[], Awaitable[None]]) -> None:
        self._connection, self._before = connection, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, statement: Any, *rest: Any) -> Any:
        if isinstance(statement, Update | Delete | Insert):
            await self._before()
        return await self._connection.execute(statement, *rest)


async def overtaken(
    monkeypatch: pytest.MonkeyPatch, slow: Callable[[], Awaitable[Any]], quick: Callable[[], Awaitable[Any]]
) -> tuple[Any, Any]:
    """Run `slow` until it is about to write, then `quick`, then the rest of `slow`; what each returned or
    raised."""
    original = Database.write
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        reached.set()
        await go_on.wait()

    @asynccontextmanager
    async def write(self: Database, **options: Any) -> AsyncIterator[Any]:
        async with original(self, **options) as connection:
            before = _pause.get()
            yield connection if before is None else _Pausing(connection, before)

    monkeypatch.setattr(Database, "write", write)

    async def first() -> Any:
        _pause.set(pause)
        return await slow()

    running = asyncio.ensure_future(first())
    arrived = asyncio.ensure_future(reached.wait())
    await asyncio.wait({running, arrived}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
    arrived.cancel()
    assert reached.is_set(), "the first writer never came to write"
    other = asyncio.ensure_future(quick())
    await asyncio.wait({other}, timeout=BLOCKED_SECONDS)
    go_on.set()
    results = await asyncio.gather(running, other, return_exceptions=True)
    monkeypatch.undo()
    return results[0], results[1]
