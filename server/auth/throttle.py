"""Slows down whoever guesses passwords, without keeping anybody out of their own account.

Attempts from one address, and from one address on one name, are refused when there are too many. Attempts on
one name from anywhere only wait longer and longer, a few seconds at most: else anybody who knows a name could
lock that editor out.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter

from server.auth.attempts import MonotonicStorage
from server.domain.errors import Throttled

log = structlog.get_logger()

MAX_DELAY_SECONDS = 4.0
FULL_DELAY_AT = 5
"""The delay grows from as many attempts a minute on a name as one address has, to so many times that."""
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
        shared: where processes count together; None for memory.
        close_shared: frees what `shared` holds.
        by_name: attempts a minute on one user name from one address.
        by_address: attempts a minute from one address, whatever the name.
        delay: seconds that an attempt waits at most when the name was tried often, from anywhere.
    """

    def __init__(
        self,
        shared: Storage | None = None,
        *,
        close_shared: Callable[[], Awaitable[None]] = _nothing,
        by_name: int = 10,
        by_address: int = 30,
        delay: float = MAX_DELAY_SECONDS,
    ) -> None:
        self._own = MovingWindowRateLimiter(MonotonicStorage())
        self._shared = MovingWindowRateLimiter(shared) if shared is not None else None
        self._close_shared = close_shared
        self._ask_again_at = -math.inf
        self._by_name = RateLimitItemPerMinute(by_name)
        self._by_address = RateLimitItemPerMinute(by_address)
        self._free = by_name
        self._everywhere = RateLimitItemPerMinute(by_name * FULL_DELAY_AT)
        self._delay = delay

    @property
    def alone(self) -> bool:
        """Whether this process counts on its own because the shared counter failed recently."""
        return time.monotonic() < self._ask_again_at

    async def attempt(self, *, name: str, address: str) -> None:
        """Count one attempt, and wait when the name was tried often. Raises Throttled when there were too many,
        and nothing else."""
        try:
            wait = await self._counted(name.lower(), address)
        except Throttled:
            log.warning("audit.log_in_throttled", address=address)
            raise
        await asyncio.sleep(wait)

    async def _counted(self, name: str, address: str) -> float:
        """Seconds to wait."""
        limits = ((self._by_name, f"name:{name}:{address}"), (self._by_address, f"address:{address}"))
        if self._shared is not None and not self.alone:
            try:
                async with asyncio.timeout(SHARED_SECONDS):
                    await _count(self._shared, limits, time.time)
                    return await self._wait(self._shared, name)
            except Throttled:
                raise
            except Exception as error:
                # redis-py raises many kinds of error; none of them may lock an editor out
                self._ask_again_at = time.monotonic() + AGAIN_SECONDS
                log.warning("throttle.alone", reason=str(error) or type(error).__name__)
        await _count(self._own, limits, time.monotonic)
        return await self._wait(self._own, name)

    async def _wait(self, limiter: MovingWindowRateLimiter, name: str) -> float:
        """How long an attempt on this name waits, by how often it was tried in the last minute."""
        await limiter.hit(self._everywhere, "login", f"everywhere:{name}")
        window = await limiter.get_window_stats(self._everywhere, "login", f"everywhere:{name}")
        over = self._everywhere.amount - window.remaining - self._free
        return self._delay * max(0.0, min(1.0, over / (self._everywhere.amount - self._free)))

    async def close(self) -> None:
        """Close the shared storage."""
        await self._close_shared()


async def _count(
    limiter: MovingWindowRateLimiter, limits: tuple[tuple[RateLimitItem, str], ...], clock: Callable[[], float]
) -> None:
    for limit, key in limits:
        if not await limiter.hit(limit, "login", key):
            window = await limiter.get_window_stats(limit, "login", key)
            raise Throttled(retry_after=max(1, math.ceil(window.reset_time - clock())))
