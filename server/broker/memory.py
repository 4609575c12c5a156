"""In-process broker: delivers published changes immediately."""

from __future__ import annotations

import structlog

from server.broker.notice_handlers import Notices
from server.broker.protocol import BrokerState, Counts, OnChange, OnNotice, OnUnverified
from server.domain.change import Change, FeedKey

log = structlog.get_logger()

_STATE = BrokerState("memory", True, 0.0)


class MemoryBroker:
    """Delivers changes within this process. Always verified, because no message can be lost."""

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
                # the post is committed, so an error in a subscriber must not make it fail
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
        return _STATE

    def counts(self) -> Counts:
        return Counts()
