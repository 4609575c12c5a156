"""What waits to be sent. Bounded, so that a server that is away costs no memory: the oldest goes first,
because whoever gets the next change of that feed sees the gap and asks the store."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias

Message: TypeAlias = tuple[str, bytes]
"""A channel and what is published on it."""

MAX_MESSAGES = 10_000
MAX_BYTES = 16 * 1024 * 1024


class Outbox:
    """A queue of messages and at most one probe, which always goes last: it proves that what was queued
    before it went out."""

    def __init__(self, *, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._messages: deque[Message] = deque()
        self._probe: Message | None = None
        self._bytes = 0
        self._max_messages, self._max_bytes = max_messages, max_bytes
        self._filled = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message) -> None:
        """Queue one message; drops the oldest when there is no room."""
        self._messages.append(message)
        self._bytes += len(message[1])
        self._shrink()
        self._filled.set()

    def put_probe(self, message: Message) -> None:
        """Queue a probe in place of one that was not sent yet."""
        self._probe = message
        self._filled.set()

    def take(self, most: int) -> list[Message]:
        """Up to `most` messages in order, then the probe if nothing else is left."""
        batch = [self._messages.popleft() for _ in range(min(most, len(self._messages)))]
        self._bytes -= sum(len(data) for _, data in batch)
        if not self._messages:
            if self._probe is not None:
                batch.append(self._probe)
                self._probe = None
            self._filled.clear()
        return batch

    def put_back(self, batch: list[Message]) -> None:
        """Return what could not be sent to the front, as far as there is room."""
        self._messages.extendleft(reversed(batch))
        self._bytes += sum(len(data) for _, data in batch)
        self._shrink()
        if self._messages:
            self._filled.set()

    async def filled(self) -> None:
        """Wait until there is something to take."""
        await self._filled.wait()

    def _shrink(self) -> None:
        # one message that is larger than all the room is still sent: it has no successor to be healed by
        while len(self._messages) > 1 and (
            len(self._messages) > self._max_messages or self._bytes > self._max_bytes
        ):
            self._bytes -= len(self._messages.popleft()[1])
            self.dropped += 1
