"""One timer for all who have not said yet what they want: half-open handshakes and slow headers."""

from __future__ import annotations

import asyncio
import resource
from typing import Protocol

HEADER_SECONDS = 15.0
"""How long a client may take from its connection, or from the first byte of a request, to the end of the
headers."""


class Waiting(Protocol):
    transport: asyncio.Transport


class Patience:
    """Closes connections that let it wait too long. Costs a dictionary entry each, and one timer for all.

    Args:
        most: how many may keep it waiting at once. One more, and the oldest is closed: somebody who opens
            connections and says nothing must not take every file that the process may open.
    """

    def __init__(self, seconds: float = HEADER_SECONDS, *, most: int = 100_000) -> None:
        self._seconds, self._most = seconds, most
        self._since: dict[Waiting, float] = {}  # in the order of their deadlines
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._since)

    def wait_for(self, one: Waiting) -> None:
        if one in self._since:
            return  # a byte now and then buys no time
        loop = asyncio.get_running_loop()
        self._since[one] = loop.time()
        if len(self._since) > self._most:
            oldest = next(iter(self._since))
            del self._since[oldest]
            oldest.transport.abort()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def enough(self, one: Waiting) -> None:
        self._since.pop(one, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        late = loop.time() - self._seconds
        while self._since:
            one, since = next(iter(self._since.items()))
            if since > late:
                self._timer = loop.call_later(since - late, self._look)
                return
            del self._since[one]
            one.transport.abort()


def half_of_all_files() -> int:
    """Half of the connections that this process may have open."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return allowed // 2 if allowed != resource.RLIM_INFINITY else 500_000
