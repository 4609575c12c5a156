"""Whether what is published arrives: a process writes to itself and looks for what it wrote.

TCP, PING and the server's own word do not prove it: a subscription to a server that was cut off from the
others stays healthy and delivers nothing. Decisions only; node.py does the writing and the reading.
"""

from __future__ import annotations

INTERVAL_SECONDS = 1.0
BOUND_SECONDS = 2.5
"""Two probes may be late or lost before the subscription counts as broken."""


class Probe:
    """When a probe last arrived. Times are seconds of a monotonic clock."""

    def __init__(self, now: float) -> None:
        self._newest_seen: float | None = None
        self._since = now
        self._connected = False
        self._seen_here = False

    def connected(self, now: float) -> None:
        """A fresh connection: it has the whole bound to prove itself."""
        self._since, self._connected, self._seen_here = now, True, False

    def disconnected(self) -> None:
        """Nothing can arrive now."""
        self._connected = False

    def write(self, now: float) -> bytes:
        """What to publish now."""
        return repr(now).encode()

    def read(self, data: bytes, now: float) -> None:
        """Something arrived on the channel of the probe; what this process did not write is passed over."""
        try:
            written = float(data)
        except ValueError:
            return
        # counted from when it was written: a server that delivers everything ten seconds late proves nothing
        if self._since - BOUND_SECONDS <= written <= now:
            self._newest_seen = max(self._newest_seen or 0.0, written)
            self._seen_here = True

    def verified(self, now: float) -> bool:
        """Whether messages arrive, as far as is known."""
        return self._connected and self._seen_here and self.age(now) <= BOUND_SECONDS

    def age(self, now: float) -> float:
        """Seconds since the newest probe that arrived was written; without one, since the connection."""
        return max(0.0, now - (self._since if self._newest_seen is None else self._newest_seen))

    def overdue(self, now: float) -> bool:
        """Whether this connection had its time and did not prove itself."""
        return now - max(self._since, self._newest_seen or 0.0) > BOUND_SECONDS
