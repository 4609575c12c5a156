"""Protocols between the Redis broker and its transports."""

from __future__ import annotations

from typing import Protocol

from server.broker.protocol import Counts
from server.broker.redis.outbox import Message


class Receiver(Protocol):
    """Receives messages from a transport. Plain functions called in the event loop; they return quickly."""

    def arrived(self, channel: str, data: bytes) -> None:
        """A message arrived on a subscribed channel."""

    def confirmed(self, channel: str) -> None:
        """The server confirmed a subscription, for the first time or again: earlier messages may be lost."""

    def misplaced(self, messages: list[Message]) -> None:
        """Another node of the cluster owns these channels now; an empty list: some subscribed channels."""


class Transport(Protocol):
    """Sends and receives messages: a Node, or the nodes of a cluster."""

    async def start(self) -> None:
        """Start; does not wait for the network."""

    async def close(self) -> None:
        """Stop and release all resources."""

    def send(self, message: Message) -> None:
        """Queue a message; never blocks."""

    async def add(self, channel: str, *, wait: bool = True) -> None:
        """Subscribe; returns when it is confirmed, or when it is clear that this takes longer. Without `wait`
        at once."""

    async def remove(self, channel: str) -> None:
        """Unsubscribe."""

    def verified(self) -> bool:
        """Whether published messages arrive on all subscribed channels."""

    def age(self) -> float:
        """Seconds since the last successful probe."""

    def waiting(self) -> int:
        """Number of messages not sent yet."""

    def tally(self) -> Counts:
        """Counters since the start."""
