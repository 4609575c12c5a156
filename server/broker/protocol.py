"""The Broker protocol: delivers changes between processes.

The database is authoritative. A broker may lose, repeat and reorder messages, but must report when it may have
lost some.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from server.domain.change import Change, FeedKey

OnChange: TypeAlias = Callable[[Change], None]
OnUnverified: TypeAlias = Callable[[FeedKey | None], None]
OnNotice: TypeAlias = Callable[[bytes | None], None]
"""None: notices of this topic may have been lost."""


@dataclass(frozen=True, slots=True)
class BrokerState:
    """`verified`: published messages arrive here; last checked `probe_age` seconds ago. `waiting`: messages not
    sent yet."""

    name: str
    verified: bool
    probe_age: float
    waiting: int = 0


@dataclass(slots=True)
class Counts:
    """Counters since the start of the process."""

    sent: int = 0
    """Messages sent, including probes."""
    refused: int = 0
    """Messages rejected with an error, usually because of missing permissions."""
    send_failures: int = 0
    """Batches without a reply; they are sent again."""
    connects: int = 0
    """Subscription connections opened."""
    connection_failures: int = 0
    """Subscription connections lost or failed to open, including unverified ones."""
    unverified: int = 0
    """Subscription connections closed because no probe arrived."""
    dropped: int = 0
    """Messages dropped because the outbox was full."""
    malformed: int = 0
    """Messages that are not a valid change of their channel's feed."""


class Broker(Protocol):
    """Publish and subscribe, one channel for each feed.

    Requirements for implementations:

    - `publish` never blocks and never raises, because the post is already committed. Messages that cannot be
      sent may be dropped. Subscribers in this process receive the change directly, without a network round
      trip.
    - `on_change` and `on_unverified` are plain functions called in the event loop; they return quickly.
    - Whenever a message of a feed may have been lost (a new subscription, a resubscription after a reconnect,
      an overflow) it calls `on_unverified(feed)`, or `on_unverified(None)` for all feeds.
    - Messages may arrive twice and in any order. Malformed messages are counted and ignored.
    - `state().verified` becomes false within 3 seconds after messages stop arriving, even if TCP looks healthy.
    """

    def listen(self, *, on_change: OnChange, on_unverified: OnUnverified) -> None:
        """Set the callbacks. Called once, before `start`."""

    async def start(self) -> None:
        """Start; returns without waiting for the network."""

    async def close(self) -> None:
        """Stop and release all resources."""

    def publish(self, change: Change) -> None:
        """Publish a change to all processes that subscribe to its feed."""

    def notify(self, topic: str, data: bytes) -> None:
        """Send a short message that belongs to no feed to every process, this one first. As `publish` it never
        blocks and never raises. `topic` is a word of `[a-z]`."""

    def on_notice(self, topic: str, receive: OnNotice) -> None:
        """Who gets the notices of a topic, besides those who get them already; before `start`. What arrives
        twice is handed over twice; after anything that may have lost one `receive(None)` is called."""

    async def subscribe(self, feed: FeedKey) -> None:
        """Subscribe to a feed. Returns when the subscription is confirmed, or after a short wait if it is not;
        in that case `on_unverified` is called once it is."""

    async def unsubscribe(self, feed: FeedKey) -> None:
        """Unsubscribe from a feed."""

    def state(self) -> BrokerState:
        """Current state."""

    def counts(self) -> Counts:
        """A copy of the counters."""
