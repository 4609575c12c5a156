"""Work on the installation's own database, without a server: as `SYSTEM`, through the newsroom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from server import settings
from server.cli import logs
from server.installation import data_lock, make_desk
from server.newsroom.desk import Desk
from server.store import migrate

T = TypeVar("T")


@asynccontextmanager
async def open_desk(chosen: settings.Settings) -> AsyncIterator[Desk]:
    """A desk on the database of these settings. An empty database is set up; what was published is on its
    way to the running servers before this ends.

    Raises:
        SchemaMismatch: the database needs `stoppress migrate`, or a newer Stop Press.
        Unavailable: the database cannot be reached.
    """
    lock = data_lock(chosen)
    await asyncio.to_thread(lock.share)
    desk = make_desk(chosen)
    try:
        await migrate.check(desk.database, create=True)
        await desk.broker.start()
        try:
            yield desk
        finally:
            await desk.broker.close()
    finally:
        await desk.database.close()
        lock.release()


def on_desk(work: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
    """Run one piece of work on the desk of the environment's settings."""

    async def whole() -> T:
        async with open_desk(settings.load()) as desk:
            return await work(desk)

    with logs.quiet():
        return asyncio.run(whole())
