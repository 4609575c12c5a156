"""Checks that published messages arrive: a process publishes a probe to itself and expects it on its
subscription.

TCP and PING are not enough: a subscription to a server that is isolated from the others looks healthy and
delivers nothing. This module only decides; node.py publishes and reads.
"""

from __future__ import annotations

INTERVAL_SECONDS = 1.0
BOUND_SECONDS = 2.5
"""Allows for two late or lost probes."""


class Probe:
    """State of the probes. Times are seconds of a monotonic clock."""

    def __init__(self, now: float) -> None:
        self._newest_seen: float | None = None
        self._since = now
        self._connected = False
        self._seen_here = False

    def connected(self, now: float) -> None:
        """A new connection, which has the full time limit for its first probe."""
        self._since, self._connected, self._seen_here = now, True, False

    def disconnected(self) -> None:
        """The connection is closed."""
        self._connected = False

    def write(self, now: float) -> bytes:
        """Payload of the next probe."""
        return repr(now).encode()

    def read(self, data: bytes, now: float) -> None:
        """Handle a message on the probe channel; messages that this process did not write are ignored."""
        try:
            written = float(data)
        except ValueError:
            return
        # Counted from when the probe was written, so that a server with ten seconds of delay does not pass.
        if self._since - BOUND_SECONDS <= written <= now:
            self._newest_seen = max(self._newest_seen or 0.0, written)
            self._seen_here = True

    def verified(self, now: float) -> bool:
        """Whether a probe arrived recently enough."""
        return self._connected and self._seen_here and self.age(now) <= BOUND_SECONDS

    def age(self, now: float) -> float:
        """Age in seconds of the newest probe that arrived; without one, of the connection."""
        return max(0.0, now - (self._since if self._newest_seen is None else self._newest_seen))

    def overdue(self, now: float) -> bool:
        """Whether this connection has exceeded the time limit without a probe."""
        return now - max(self._since, self._newest_seen or 0.0) > BOUND_SECONDS
