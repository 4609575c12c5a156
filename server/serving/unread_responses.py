"""What waits in this process for clients that do not read their answers: bounded in time and in total.

`LeastPace` (web/backpressure.py) bounds what one answer holds while the application sends it. The last piece is
the transport's: closing a transport waits until the peer has read it, without an end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import structlog

log = structlog.get_logger()

LAST_PIECE_SECONDS = 20.0
"""For the last piece of an answer, once nothing more is sent: 32 KiB at 4 KB/s, and some time to spare."""
MAX_UNREAD_BYTES = 134_217_728
"""In all connections together. Beyond it those that have not read for longest are closed."""


class Answering(Protocol):
    """A connection that answers."""

    @property
    def unread(self) -> int:
        """Bytes that the client has not taken, nor the kernel for it."""

    @property
    def finished(self) -> bool:
        """Whether nothing more is sent: the answer is complete, or the connection is being closed."""

    def abort(self) -> None:
        """Close now, without what is unread."""


class UnreadAnswers:
    """Closes connections whose answers are not read. `sweep` is called about once a second."""

    def __init__(self) -> None:
        self._since: dict[Answering, float] = {}
        """Connections that had something unread at each sweep since then, the oldest first."""
        self._finished: dict[Answering, float] = {}

    def sweep(self, connections: Iterable[Answering], now: float) -> int:
        """Look at all connections. `now` is in seconds, of a clock that nobody sets.

        Returns:
            How many were closed.
        """
        unread = {connection: connection.unread for connection in connections}
        unread = {connection: size for connection, size in unread.items() if size}
        self._since = _kept(self._since, unread, now)
        self._finished = _kept(self._finished, [c for c in unread if c.finished], now)
        late = [c for c, since in self._finished.items() if now - since > LAST_PIECE_SECONDS]
        excess = sum(unread.values()) - sum(unread[c] for c in late) - MAX_UNREAD_BYTES
        for connection in self._since:
            if excess <= 0:
                break
            if connection not in late:
                late.append(connection)
                excess -= unread[connection]
        for connection in late:
            self._since.pop(connection, None)
            self._finished.pop(connection, None)
            connection.abort()
        if late:
            log.info("answers.unread", closed=len(late), unread_bytes=sum(unread.values()))
        return len(late)


def _kept(before: dict[Answering, float], found: Iterable[Answering], now: float) -> dict[Answering, float]:
    """Since when, for those that are found, in the order of that."""
    found = dict.fromkeys(found, now)
    return {c: since for c, since in before.items() if c in found} | {
        c: since for c, since in found.items() if c not in before
    }
