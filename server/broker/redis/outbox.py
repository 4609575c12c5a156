"""Queue of messages to send. Bounded, so that memory stays limited while Redis is unavailable. The oldest
message is dropped first: the next change of that feed reveals the gap, and subscribers ask the store."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias

Message: TypeAlias = tuple[str, bytes]
"""A channel and the payload."""

MAX_MESSAGES = 10_000
MAX_BYTES = 16 * 1024 * 1024


class Outbox:
    """A queue of messages and at most one probe, which is always sent last: its arrival shows that everything
    queued before it was sent."""

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
        """Queue a message; drops the oldest ones if the queue is full."""
        self._messages.append(message)
        self._bytes += len(message[1])
        self._shrink()
        self._filled.set()

    def put_probe(self, message: Message) -> None:
        """Queue a probe, replacing one that was not sent yet."""
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
        """Put messages that could not be sent back to the front, as far as there is room."""
        self._messages.extendleft(reversed(batch))
        self._bytes += sum(len(data) for _, data in batch)
        self._shrink()
        if self._messages:
            self._filled.set()

    async def filled(self) -> None:
        """Wait until there is something to take."""
        await self._filled.wait()

    def _shrink(self) -> None:
        # A single message that exceeds the limit is still sent: no later change might reveal the gap.
        while len(self._messages) > 1 and (
            len(self._messages) > self._max_messages or self._bytes > self._max_bytes
        ):
            self._bytes -= len(self._messages.popleft()[1])
            self.dropped += 1
