"""Attempts of the last minute, counted in the memory of this process."""

from __future__ import annotations

import time
from collections import deque

from limits.aio.storage import MemoryStorage

TIDY_EVERY = 1_000
"""Attempts between two looks for names and addresses that have been quiet."""


class MonotonicStorage(MemoryStorage):
    """Moving windows by the monotonic clock. `MemoryStorage` of `limits` counts by the time of day: when that
    is set back by an hour, who tried often before is refused for an hour."""

    def __init__(self) -> None:
        super().__init__()
        self._hits: dict[str, deque[float]] = {}
        self._untidy = 0

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` attempts if no more than `limit` were made in the last `expiry` seconds with them."""
        hits = self._of(key, expiry)
        if len(hits) + amount > limit:
            return False
        hits.extend([time.monotonic()] * amount)
        self._hits[key] = hits
        self._tidy(expiry)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest attempt that counts was made, on the monotonic clock, and how many count."""
        hits = self._of(key, expiry)
        return (hits[0] if hits else time.monotonic()), len(hits)

    def _of(self, key: str, expiry: int) -> deque[float]:
        hits = self._hits.get(key, deque())
        since = time.monotonic() - expiry
        while hits and hits[0] <= since:
            hits.popleft()
        return hits

    def _tidy(self, expiry: int) -> None:
        self._untidy += 1
        if self._untidy >= TIDY_EVERY:
            self._untidy = 0
            for key in [key for key in self._hits if not self._of(key, expiry)]:
                del self._hits[key]
