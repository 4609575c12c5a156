"""One epoll for all connections of our own. The event loop watches it as one descriptor, so that a connection
costs neither a transport nor a handle of the loop."""

from __future__ import annotations

import asyncio
import os
import select
from typing import Protocol

import structlog

log = structlog.get_logger()

EVENTS = 512
"""Events handled before other work of the process gets its turn."""
READ_BYTES = 65_536
AVAILABLE = hasattr(select, "epoll")
"""Linux only. Elsewhere streams take the portable path."""


def read_available(descriptor: int, most: int = READ_BYTES) -> bytes | None:
    """What a `Watched` can read of its descriptor now, at most `most` bytes; empty when the peer is gone, None
    when there is nothing yet. Room for that is allocated each time."""
    try:
        return os.read(descriptor, most)
    except BlockingIOError:
        return None
    except OSError:
        return b""


class Watched(Protocol):
    """What happens on a descriptor. Neither method raises."""

    def readable(self) -> None:
        """There is something to read, or the peer is gone."""

    def writable(self) -> None:
        """There is room to write, or the peer is gone."""


class Poller:
    """Calls `Watched` when something happens on its descriptor."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._watched: dict[int, Watched] = {}
        loop.add_reader(self._epoll.fileno(), self.dispatch)

    def __len__(self) -> int:
        return len(self._watched)

    def watched(self) -> list[Watched]:
        return list(self._watched.values())

    def add(self, descriptor: int, watched: Watched) -> None:
        """Watch a descriptor for something to read. It must not block."""
        self._watched[descriptor] = watched
        self._epoll.register(descriptor, select.EPOLLIN)

    def replace(self, descriptor: int, watched: Watched) -> None:
        """Another object handles this descriptor from now on."""
        self._watched[descriptor] = watched

    def watch(self, descriptor: int, *, reading: bool, writing: bool) -> None:
        """What of a descriptor is watched from now on."""
        self._epoll.modify(descriptor, select.EPOLLIN * reading | select.EPOLLOUT * writing)

    def remove(self, descriptor: int) -> None:
        """Watch it no longer; before it is closed."""
        del self._watched[descriptor]
        self._epoll.unregister(descriptor)

    def close(self) -> None:
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def dispatch(self) -> None:
        """Handle what has happened."""
        for descriptor, events in self._epoll.poll(0, EVENTS):
            watched = self._watched.get(descriptor)
            try:
                if watched is not None and events & ~select.EPOLLOUT:
                    watched.readable()
                    # it may have closed its descriptor, or handed it to another
                    watched = watched if self._watched.get(descriptor) is watched else None
                if watched is not None and events & select.EPOLLOUT:
                    watched.writable()
            except Exception:  # a defect must cost one connection, not all of them
                log.exception("poller.failed")
                self._give_up(descriptor)

    def _give_up(self, descriptor: int) -> None:
        if descriptor in self._watched:
            self.remove(descriptor)
