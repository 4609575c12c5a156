"""Slows down whoever guesses passwords: a moving window for each address and for each user name."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from server.domain.errors import Throttled


class Throttle:
    """Counts attempts in memory, or in Redis so that all processes share one count.

    Args:
        redis_url: empty for memory.
        by_name: attempts a minute on one user name, whoever tries.
        by_address: attempts a minute from one address, whatever the name.
    """

    def __init__(self, redis_url: str = "", *, by_name: int = 10, by_address: int = 30) -> None:
        storage: Storage = MemoryStorage()
        if redis_url:
            found = storage_from_string(f"async+{redis_url}", implementation="redispy")
            assert isinstance(found, Storage)
            storage = found
        self._limiter = MovingWindowRateLimiter(storage)
        self._by_name = RateLimitItemPerMinute(by_name)
        self._by_address = RateLimitItemPerMinute(by_address)

    async def attempt(self, *, name: str, address: str) -> None:
        """Count one attempt. Raises Throttled when there were too many."""
        for limit, key in ((self._by_name, f"name:{name.lower()}"), (self._by_address, f"address:{address}")):
            if not await self._limiter.hit(limit, "login", key):
                window = await self._limiter.get_window_stats(limit, "login", key)
                raise Throttled(retry_after=max(1, math.ceil(window.reset_time - time.time())))
