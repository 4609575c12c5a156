"""Keeps the broker's tasks alive: what fails is logged and begun again after a wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from redis.exceptions import RedisError

from server.background.backoff import Backoff

log = structlog.get_logger()

BACKOFF_SECONDS = (0.05, 2.0)
# RuntimeError is uvloop's word for writing to a connection that was just lost
UNREACHABLE = (RedisError, OSError, asyncio.TimeoutError, RuntimeError)
"""What a server that is away, frozen, restarting or busy looks like."""


def new_backoff() -> Backoff:
    """The waits of everything here that talks to Redis."""
    return Backoff(*BACKOFF_SECONDS)


async def supervise(work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever. It handles what it expects; a mistake in it must not silence the broker."""
    backoff = new_backoff()
    while True:
        try:
            await work()
            backoff.reset()
        except Exception:
            log.exception("broker.failed", work=getattr(work, "__qualname__", ""))
            await asyncio.sleep(backoff.next())
