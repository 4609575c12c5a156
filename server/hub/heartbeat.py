"""One timer for all heartbeats: subscribers are spread over slots, and each turn writes to one slot.

Newcomers go to the slots in turn, so that the heartbeats of many that arrived at once are spread out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.hub.history import Variant
from server.hub.subscriber import Subscriber

TURNS_PER_SECOND = 4
GROUP = 500
"""Subscribers written to before other work of the process gets its turn."""


class Heartbeat:
    """Writes to each subscriber once in `seconds`; `beat` makes the bytes for a variant."""

    def __init__(self, seconds: float, beat: Callable[[Variant], bytes]) -> None:
        self._slots: list[set[Subscriber]] = [set() for _ in range(max(1, round(seconds * TURNS_PER_SECOND)))]
        self._beat = beat
        self._next = 0
        self._at = 0

    def add(self, subscriber: Subscriber) -> None:
        subscriber.slot = self._next
        self._slots[self._next].add(subscriber)
        self._next = (self._next + 1) % len(self._slots)

    def remove(self, subscriber: Subscriber) -> None:
        if subscriber.slot >= 0:
            self._slots[subscriber.slot].discard(subscriber)
            subscriber.slot = -1

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await asyncio.sleep(1 / TURNS_PER_SECOND)
            slot, self._at = self._slots[self._at], (self._at + 1) % len(self._slots)
            for count, subscriber in enumerate(list(slot), 1):
                if subscriber.slot >= 0:  # it may have left while this waited
                    subscriber.beat(self._beat(subscriber.variant))
                if count % GROUP == 0:
                    await asyncio.sleep(0)
