"""The broker of a single process: what is published is handed over at once."""

from __future__ import annotations

import structlog

from server.broker.notices import Notices
from server.broker.protocol import BrokerState, Counts, OnChange, OnNotice, OnUnverified
from server.domain.change import Change, FeedKey

log = structlog.get_logger()


class MemoryBroker:
    """Carries changes within this process only. Always verified: nothing can get lost on the way."""

    def __init__(self) -> None:
        self._feeds: set[FeedKey] = set()
        self._on_change: OnChange | None = None
        self._notices = Notices()

    def listen(self, *, on_change: OnChange, on_unverified: OnUnverified) -> None:
        self._on_change = on_change

    async def start(self) -> None:
        return

    async def close(self) -> None:
        self._feeds.clear()

    def publish(self, change: Change) -> None:
        if self._on_change is not None and change.feed in self._feeds:
            try:
                self._on_change(change)
            except Exception:
                # the post is committed: a mistake in handing over must not look like a failed post
                log.exception("broker.on_change", feed=str(change.feed))

    def notify(self, topic: str, data: bytes) -> None:
        self._notices.hand_over(topic, data)

    def on_notice(self, topic: str, receive: OnNotice) -> None:
        self._notices.add(topic, receive)

    async def subscribe(self, feed: FeedKey) -> None:
        self._feeds.add(feed)

    async def unsubscribe(self, feed: FeedKey) -> None:
        self._feeds.discard(feed)

    def state(self) -> BrokerState:
        return BrokerState("memory", True, 0.0)

    def counts(self) -> Counts:
        return Counts()
