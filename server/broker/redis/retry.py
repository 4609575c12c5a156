"""Keeps the broker's tasks alive: what fails is logged and begun again after a wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable

import structlog
from redis.exceptions import RedisError

log = structlog.get_logger()

BACKOFF_SECONDS = (0.05, 2.0)
AGAIN_SECONDS = 0.1
# RuntimeError is uvloop's word for writing to a connection that was just lost
UNREACHABLE = (RedisError, OSError, asyncio.TimeoutError, RuntimeError)
"""What a server that is away, frozen, restarting or busy looks like."""


class Backoff:
    """Waits that double, capped and jittered, so that many processes do not come back in step."""

    def __init__(self) -> None:
        self._next = BACKOFF_SECONDS[0]

    def reset(self) -> None:
        """It worked: begin with the shortest wait the next time."""
        self._next = BACKOFF_SECONDS[0]

    async def wait(self) -> None:
        """Wait, and longer the next time."""
        await asyncio.sleep(self._next * random.uniform(0.5, 1.0))  # noqa: S311
        self._next = min(self._next * 2, BACKOFF_SECONDS[1])


async def supervise(work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever. It handles what it expects; a mistake in it must not silence the broker."""
    backoff = Backoff()
    while True:
        try:
            await work()
            backoff.reset()
        except Exception:
            log.exception("broker.failed", work=getattr(work, "__qualname__", ""))
            await backoff.wait()


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they have ended. Once is not enough: redis-py writes inside `asyncio.wait_for`,
    which before Python 3.12 swallows a cancellation that comes as the write ends (bpo-37658)."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
