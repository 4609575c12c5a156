"""One open connection, as the hub sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from server.hub.history import Variant

if TYPE_CHECKING:
    from server.hub.feed import Feed


class Listener:
    """A connection that the hub writes to. A subclass brings the transport.

    `feed` is the feed it is seated in, or None. `seq` is where it stands while it lags; a listener that keeps
    up stands where its feed was delivered to and costs nothing to track.
    """

    __slots__ = ("feed", "lags_since", "seq", "slot", "variant")

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.feed: Feed | None = None
        self.seq = 0
        self.lags_since = 0.0
        self.slot = -1

    def write(self, data: bytes) -> None:
        """Send, without waiting. A transport that is full says so by `Feed.lag`."""
        raise NotImplementedError

    def beat(self, data: bytes) -> None:
        """Send a heartbeat; end the connection when the last one was not answered, if answers are due."""
        self.write(data)

    def end(self, farewell: bytes) -> None:
        """Send the last bytes and close in order."""
        raise NotImplementedError

    def abort(self) -> None:
        """Close now; what was not sent yet is dropped."""
        raise NotImplementedError


class Puller:
    """A connection that fetches for itself when it is woken: the portable stream path and long polls."""

    __slots__ = ("_event", "ended", "feed", "variant")

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.feed: Feed | None = None
        self.ended = False
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    def end(self) -> None:
        """Tell the connection to say farewell."""
        self.ended = True
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Wait to be woken. False when `seconds` went by in silence."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
