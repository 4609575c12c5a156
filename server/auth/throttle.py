"""Log-in throttling: a moving window for each client address and each user name."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter

from server.domain.errors import Throttled

log = structlog.get_logger()

SHARED_SECONDS = 1.5
"""Longest wait for the shared counter; after that this process counts on its own."""
AGAIN_SECONDS = 5.0
"""How long the shared counter is skipped after a failure, so that not every log-in has to wait for it."""


async def _nothing() -> None:
    return


class Throttle:
    """Counts log-in attempts in memory, or in storage shared by all processes.

    While the shared storage is unavailable each process counts on its own: the limits multiply by the number of
    processes, and nobody is locked out.

    Args:
        shared: storage shared by all processes; None to count in memory only.
        close_shared: closes the shared storage.
        by_name: attempts per minute for one user name, from any address.
        by_address: attempts per minute from one address, for any user name.
    """

    def __init__(
        self,
        shared: Storage | None = None,
        *,
        close_shared: Callable[[], Awaitable[None]] = _nothing,
        by_name: int = 10,
        by_address: int = 30,
    ) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(shared) if shared is not None else None
        self._close_shared = close_shared
        self._ask_again_at = -math.inf
        self._by_name = RateLimitItemPerMinute(by_name)
        self._by_address = RateLimitItemPerMinute(by_address)

    @property
    def alone(self) -> bool:
        """Whether this process counts on its own because the shared counter failed recently."""
        return time.monotonic() < self._ask_again_at

    async def attempt(self, *, name: str, address: str) -> None:
        """Count one attempt. Raises Throttled, and nothing else, after too many."""
        limits = ((self._by_name, f"name:{name.lower()}"), (self._by_address, f"address:{address}"))
        if self._shared is not None and not self.alone:
            try:
                async with asyncio.timeout(SHARED_SECONDS):
                    await _count(self._shared, limits)
                return
            except Throttled:
                raise
            except Exception as error:
                # redis-py raises many kinds of error; none of them may lock an editor out
                self._ask_again_at = time.monotonic() + AGAIN_SECONDS
                log.warning("throttle.alone", reason=str(error) or type(error).__name__)
        await _count(self._own, limits)

    async def close(self) -> None:
        """Close the shared storage."""
        await self._close_shared()


async def _count(limiter: MovingWindowRateLimiter, limits: tuple[tuple[RateLimitItem, str], ...]) -> None:
    for limit, key in limits:
        if not await limiter.hit(limit, "login", key):
            window = await limiter.get_window_stats(limit, "login", key)
            raise Throttled(retry_after=max(1, math.ceil(window.reset_time - time.time())))
