"""One timer for all heartbeats: listeners sit in slots, and each turn writes to one slot.

Newcomers are put into the slots in turn, so that the heartbeats of many that came at once are spread out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.hub.history import Variant
from server.hub.subscriber import Listener

TURNS_PER_SECOND = 4
GROUP = 500


class Wheel:
    """Beats each listener once in `seconds`."""

    def __init__(self, seconds: float, beat: Callable[[Variant], bytes]) -> None:
        self._slots: list[set[Listener]] = [set() for _ in range(max(1, round(seconds * TURNS_PER_SECOND)))]
        self._beat = beat
        self._next = 0

    def add(self, listener: Listener) -> None:
        listener.slot = self._next
        self._slots[self._next].add(listener)
        self._next = (self._next + 1) % len(self._slots)

    def remove(self, listener: Listener) -> None:
        if listener.slot >= 0:
            self._slots[listener.slot].discard(listener)
            listener.slot = -1

    async def turn(self) -> None:
        """Go round until cancelled."""
        at = 0
        while True:
            await asyncio.sleep(1 / TURNS_PER_SECOND)
            for count, listener in enumerate(list(self._slots[at])):
                feed = listener.feed
                if feed is not None and listener not in feed.lagging:
                    try:
                        listener.beat(self._beat(listener.variant))
                    except RuntimeError:  # its connection is just being lost: uvloop raises, asyncio does not
                        continue
                if count % GROUP == GROUP - 1:
                    await asyncio.sleep(0)
            at = (at + 1) % len(self._slots)
