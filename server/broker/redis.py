"""The broker of many processes: Redis or Valkey pub/sub, one channel for each feed.

What it owes is the same for one server, Sentinel and a cluster; they differ in the carrier (see connect.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from server.broker.channels import channel_of, feed_of
from server.broker.outbox import Message
from server.broker.protocol import BrokerState, OnChange, OnDoubt
from server.broker.receiver import Counts, Receiver
from server.domain.change import Change, FeedKey

log = structlog.get_logger()


class Carrier(Protocol):
    """What brings messages to the servers and back: a Lane, or the lanes of a cluster."""

    async def start(self) -> None:
        """Begin; does not wait for the network."""

    async def close(self) -> None:
        """Stop and free everything."""

    def send(self, message: Message) -> None:
        """Queue a message; never blocks."""

    async def add(self, channel: str) -> None:
        """Subscribe; returns when it is confirmed, or when it is clear that this takes longer."""

    async def remove(self, channel: str) -> None:
        """Unsubscribe."""

    def proven(self) -> bool:
        """Whether what is published arrives, on every subscribed channel."""

    def age(self) -> float:
        """Seconds since the last proof."""

    def waiting(self) -> int:
        """Messages that are not sent yet."""

    def tally(self) -> Counts:
        """What happened since the start."""


class RedisBroker:
    """See Broker for what it owes. It is the receiver of its carrier.

    Args:
        name: the kind, for operators: `redis`, `redis+sentinel` or `redis+cluster`.
        carry: makes the carrier that brings what arrives to this broker.
    """

    def __init__(self, name: str, carry: Callable[[Receiver], Carrier]) -> None:
        self._name = name
        self._feeds: set[FeedKey] = set()
        self._on_change: OnChange | None = None
        self._on_doubt: OnDoubt | None = None
        self.malformed = 0
        self.carrier = carry(self)

    def listen(self, *, on_change: OnChange, on_doubt: OnDoubt) -> None:
        self._on_change, self._on_doubt = on_change, on_doubt

    async def start(self) -> None:
        await self.carrier.start()

    async def close(self) -> None:
        self._feeds.clear()
        await self.carrier.close()

    def publish(self, change: Change) -> None:
        if change.feed in self._feeds:
            self._hand_over(change)
        try:
            self.carrier.send((channel_of(change.feed), change.to_bytes()))
        except Exception:
            # the post is committed: those who do not hear of it here find it at their next look at the head
            log.exception("broker.publish", feed=str(change.feed))

    async def subscribe(self, feed: FeedKey) -> None:
        self._feeds.add(feed)
        await self.carrier.add(channel_of(feed))

    async def unsubscribe(self, feed: FeedKey) -> None:
        self._feeds.discard(feed)
        await self.carrier.remove(channel_of(feed))

    def state(self) -> BrokerState:
        return BrokerState(self._name, self.carrier.proven(), self.carrier.age(), self.carrier.waiting())

    def counts(self) -> Counts:
        return replace(self.carrier.tally(), malformed=self.malformed)

    # what the carrier brings

    def arrived(self, channel: str, data: bytes) -> None:
        try:
            change = Change.from_bytes(data)
        except (ValueError, RecursionError):
            change = None
        if change is None or channel_of(change.feed) != channel:
            self.malformed += 1
            return
        if change.feed in self._feeds:
            self._hand_over(change)

    def confirmed(self, channel: str) -> None:
        feed = feed_of(channel)
        if feed in self._feeds and self._on_doubt is not None:
            self._on_doubt(feed)

    def misplaced(self, messages: list[Message]) -> None:
        """One server has every channel; only a cluster moves them, and its carrier handles that."""

    def _hand_over(self, change: Change) -> None:
        if self._on_change is None:
            return
        try:
            self._on_change(change)
        except Exception:
            # the post is committed and the reading task must go on: the next look at the head repairs it
            log.exception("broker.on_change", feed=str(change.feed))
