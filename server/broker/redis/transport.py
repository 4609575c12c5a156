"""Between the Redis broker and the servers: what a transport does, and who receives what it brings."""

from __future__ import annotations

from typing import Protocol

from server.broker.protocol import Counts
from server.broker.redis.outbox import Message


class Receiver(Protocol):
    """Plain functions, called in the event loop; they only hand over."""

    def arrived(self, channel: str, data: bytes) -> None:
        """A message of a subscribed channel."""

    def confirmed(self, channel: str) -> None:
        """The server confirmed a subscription, the first time or again: what came before may be lost."""

    def misplaced(self, messages: list[Message]) -> None:
        """Another server of the cluster has these channels now; without messages: some subscribed ones."""


class Transport(Protocol):
    """What brings messages to the servers and back: a Node, or the nodes of a cluster."""

    async def start(self) -> None:
        """Begin; does not wait for the network."""

    async def close(self) -> None:
        """Stop and free everything."""

    def send(self, message: Message) -> None:
        """Queue a message; never blocks."""

    async def add(self, channel: str, *, wait: bool = True) -> None:
        """Subscribe; returns when it is confirmed, or when it is clear that this takes longer. Without `wait`
        at once."""

    async def remove(self, channel: str) -> None:
        """Unsubscribe."""

    def verified(self) -> bool:
        """Whether what is published arrives, on every subscribed channel."""

    def age(self) -> float:
        """Seconds since the last proof."""

    def waiting(self) -> int:
        """Messages that are not sent yet."""

    def tally(self) -> Counts:
        """What happened since the start."""
