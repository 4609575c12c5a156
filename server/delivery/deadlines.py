"""One timer for many connections that each have the same time: for their headers, or to finish a close."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Callable
from typing import Protocol

KEEP_ALIVE_SECONDS = 5
"""How long a connection waits for another request."""


class Abortable(Protocol):
    def abort(self) -> None:
        """Close now."""


class Deadlines:
    """Aborts connections whose time is up. Costs a dictionary entry each, and one timer for all.

    Args:
        seconds: how long each may take.
        most: how many may be waited for at once. With one more the oldest is aborted: a client that opens
            connections and sends nothing must not use up every file that the process may open.
    """

    def __init__(self, seconds: float, *, most: int = 100_000) -> None:
        self._seconds, self._most = seconds, most
        self._since: dict[Abortable, float] = {}  # in the order of their deadlines
        self._timer: asyncio.TimerHandle | None = None
        self._time: Callable[[], float] = time.monotonic

    def __len__(self) -> int:
        return len(self._since)

    @property
    def full(self) -> bool:
        """Whether one more makes the oldest abort."""
        return len(self._since) >= self._most

    def add(self, connection: Abortable) -> None:
        """Start the time of a connection, unless it runs: a byte now and then does not extend it."""
        if connection in self._since:
            return
        loop = asyncio.get_running_loop()
        self._time = loop.time
        self._since[connection] = loop.time()
        if len(self._since) > self._most:
            oldest = next(iter(self._since))
            del self._since[oldest]
            oldest.abort()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._expire)

    def restart(self, connection: Abortable) -> None:
        """Begin its time again."""
        if self._since.pop(connection, None) is None or self._timer is None:
            self.add(connection)
        else:
            self._since[connection] = self._time()

    def remove(self, connection: Abortable) -> None:
        """It was in time, or it is gone."""
        self._since.pop(connection, None)

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        late = loop.time() - self._seconds
        while self._since:
            connection, since = next(iter(self._since.items()))
            if since > late:
                self._timer = loop.call_later(since - late, self._expire)
                return
            del self._since[connection]
            connection.abort()


def last_file_of_connections() -> int:
    """The highest number of a file that a connection may have. POSIX gives each file the lowest free number, so
    the last eighth of them, at most 64, is left for the database, pictures and code that is loaded late."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return allowed - min(64, allowed // 8) - 1 if allowed != resource.RLIM_INFINITY else sys.maxsize


def half_of_all_files() -> int:
    """Half of the connections that this process may have open."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return allowed // 2 if allowed != resource.RLIM_INFINITY else 500_000
