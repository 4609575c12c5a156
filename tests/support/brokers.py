"""A process as the broker sees it: what it published, what arrived, and where it was told to doubt."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from server.broker.protocol import Broker
from server.broker.redis.connect import broker_from_url
from server.domain.change import Change, FeedKey
from server.domain.position import Position

FEED = FeedKey("blogoneaaaaaaaaa", "public")
OTHER = FeedKey("blogtwoaaaaaaaaa", "newsroom")


def change(seq: int, feed: FeedKey = FEED, *, text: str = "UN to resume aid convoys") -> Change:
    return Change(feed, Position("k3f9", seq), "entry", "entryone", 1, {"title": text}, time.time())


async def until(condition: Callable[[], bool], *, within: float = 5.0, what: str = "") -> float:
    """Wait for a condition; the seconds it took. Fails when it takes longer than `within`."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within, f"not within {within} s: {what or condition}"
        await asyncio.sleep(0.005)
    return time.monotonic() - began


class Member:
    """One process with a broker. `log` holds, in order, seqs that arrived and None for each doubt."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.log: list[tuple[FeedKey | None, int | None]] = []
        self.notices: list[bytes | None] = []
        broker.listen(on_change=self._on_change, on_unverified=self._on_unverified)

    def _on_change(self, arrived: Change) -> None:
        self.log.append((arrived.feed, arrived.position.seq))

    def _on_unverified(self, feed: FeedKey | None) -> None:
        self.log.append((feed, None))

    def seqs(self, feed: FeedKey = FEED) -> list[int]:
        """What arrived, first time each: duplicates are allowed."""
        return list(dict.fromkeys(seq for key, seq in self.log if key == feed and seq is not None))

    def unverified(self, feed: FeedKey = FEED) -> int:
        return sum(1 for key, seq in self.log if seq is None and key in (feed, None))

    def mark(self) -> int:
        """A place in the log, for `learns_of`."""
        return len(self.log)

    def learns_of(self, seq: int, feed: FeedKey = FEED, *, since: int = 0) -> bool:
        """Whether the change arrived, or a doubt since `since` sends the hub to the store for it."""
        return any(
            (key in (feed, None) and found is None) or (key == feed and found == seq)
            for key, found in self.log[since:]
        )

    @property
    def verified(self) -> bool:
        return self.broker.state().verified


@contextlib.asynccontextmanager
async def member(
    url: str, *feeds: FeedKey, probing: bool = True, verified: bool = True, topic: str = ""
) -> AsyncIterator[Member]:
    """A started process, subscribed to the feeds and to the notices of `topic`, verified unless said
    otherwise."""
    one = Member(broker_from_url(url, probing=probing))
    if topic:
        one.broker.on_notice(topic, one.notices.append)
    await one.broker.start()
    try:
        for feed in feeds:
            await one.broker.subscribe(feed)
        if verified and probing:
            await until(lambda: one.verified, what="verified")
        yield one
    finally:
        await one.broker.close()
