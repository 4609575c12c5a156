"""Who follows a feed. The feed writes to subscribers; cursors (see resume.py) fetch for themselves."""

from __future__ import annotations

from typing import Protocol

from server.hub.history import Variant


class Subscriber(Protocol):
    """A connection that the feed writes to. All methods return at once and raise nothing.

    `variant` says which bytes it gets. While it lags, `seq` is where it stands; one that keeps up stands where
    its feed was delivered to, and costs nothing to track. `slot` belongs to the heartbeat.
    """

    variant: Variant
    seq: int
    lags_since: float
    slot: int

    def write(self, data: bytes) -> None:
        """Send, without waiting. A connection that is full calls `Feed.lag` and is written to no more until
        it calls `resume.catch_up`."""

    def beat(self, data: bytes) -> None:
        """Send a heartbeat, unless it lags. Ends the connection when an answer to the last one is missing."""

    def end(self, farewell: bytes) -> None:
        """Send the last bytes and close in order."""

    def abort(self) -> None:
        """Close now; what was not sent yet is dropped."""


class Waiter(Protocol):
    """A connection that is told that there is something new, and fetches it in its own time."""

    variant: Variant

    def wake(self) -> None:
        """There is something new, or the feed has ended."""

    def end(self) -> None:
        """The process ends its streams: send the farewell."""
