"""Broker for several processes: Redis or Valkey pub/sub, one channel for each feed.

The same class serves a single server, Sentinel and Cluster; only the transport differs (see connect.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from server.broker.notice_handlers import Notices
from server.broker.protocol import BrokerState, Counts, OnChange, OnNotice, OnUnverified
from server.broker.redis.channels import channel_of, feed_of, notice_channel, topic_of
from server.broker.redis.outbox import Message
from server.broker.redis.transport import Receiver, Transport
from server.domain.change import Change, FeedKey

log = structlog.get_logger()


class RedisBroker:
    """See Broker. Receives messages from its transport.

    Args:
        name: kind of broker shown to operators: `redis`, `redis+sentinel` or `redis+cluster`.
        carry: creates the transport, which delivers messages to this broker.
    """

    def __init__(self, name: str, carry: Callable[[Receiver], Transport]) -> None:
        self._name = name
        self._feeds: set[FeedKey] = set()
        self._on_change: OnChange | None = None
        self._on_unverified: OnUnverified | None = None
        self._notices = Notices()
        self.malformed = 0
        self.transport = carry(self)

    def listen(self, *, on_change: OnChange, on_unverified: OnUnverified) -> None:
        self._on_change, self._on_unverified = on_change, on_unverified

    async def start(self) -> None:
        await self.transport.start()
        for topic in self._notices.topics():
            await self.transport.add(notice_channel(topic), wait=False)

    async def close(self) -> None:
        self._feeds.clear()
        await self.transport.close()

    def publish(self, change: Change) -> None:
        if change.feed in self._feeds:
            self._hand_over(change)
        try:
            self.transport.send((channel_of(change.feed), change.to_bytes()))
        except Exception:
            # The post is committed; a subscriber that misses the change finds it at its next comparison with
            # the store.
            log.exception("broker.publish", feed=str(change.feed))

    def notify(self, topic: str, data: bytes) -> None:
        self._notices.hand_over(topic, data)
        try:
            self.transport.send((notice_channel(topic), data))
        except Exception:
            log.exception("broker.notify", topic=topic)

    def on_notice(self, topic: str, receive: OnNotice) -> None:
        self._notices.add(topic, receive)

    async def subscribe(self, feed: FeedKey) -> None:
        self._feeds.add(feed)
        await self.transport.add(channel_of(feed))

    async def unsubscribe(self, feed: FeedKey) -> None:
        self._feeds.discard(feed)
        await self.transport.remove(channel_of(feed))

    def state(self) -> BrokerState:
        transport = self.transport
        return BrokerState(self._name, transport.verified(), transport.age(), transport.waiting())

    def counts(self) -> Counts:
        return replace(self.transport.tally(), malformed=self.malformed)

    # Receiver, called by the transport

    def arrived(self, channel: str, data: bytes) -> None:
        topic = topic_of(channel)
        if topic is not None:
            self._notices.hand_over(topic, data)
            return
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
        topic = topic_of(channel)
        if topic is not None:
            self._notices.hand_over(topic, None)
            return
        feed = feed_of(channel)
        if feed in self._feeds and self._on_unverified is not None:
            self._on_unverified(feed)

    def misplaced(self, messages: list[Message]) -> None:
        """Only a cluster moves channels, and its transport handles that."""

    def _hand_over(self, change: Change) -> None:
        if self._on_change is None:
            return
        try:
            self._on_change(change)
        except Exception:
            # The post is committed and the reading task must go on; the next comparison with the store repairs
            # it.
            log.exception("broker.on_change", feed=str(change.feed))
