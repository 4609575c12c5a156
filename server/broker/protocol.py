"""What carries changes between processes, and what it owes.

The broker is a hint: the database is the truth. It may lose, repeat and reorder; it must say when it may have
lost something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from server.broker.receiver import Counts
from server.domain.change import Change, FeedKey

OnChange: TypeAlias = Callable[[Change], None]
OnDoubt: TypeAlias = Callable[[FeedKey | None], None]


@dataclass(frozen=True, slots=True)
class BrokerState:
    """`proven`: what is published arrives here, as last seen `probe_age` seconds ago. `waiting`: messages
    that are not sent yet."""

    name: str
    proven: bool
    probe_age: float
    waiting: int = 0


class Broker(Protocol):
    """Publish and subscribe, one channel for each feed.

    Obligations of an implementation:

    - `publish` never blocks and never raises: the post it tells of is already committed. What cannot be sent
      may be dropped. Subscribers of this process get it at once, without a way through the network.
    - `on_change` and `on_doubt` are plain functions called in the event loop; they only hand over.
    - After anything that may have lost a message of a feed (a new subscription, one that was repeated after
      a reconnect, an overflow) it calls `on_doubt(feed)`, or `on_doubt(None)` for all feeds.
    - Messages may come twice and in any order. Bytes that are not a change are counted and passed over.
    - `state().proven` turns false within 3 seconds after messages stop arriving, whatever TCP says.
    """

    def listen(self, *, on_change: OnChange, on_doubt: OnDoubt) -> None:
        """Who gets what arrives; called once, before `start`."""

    async def start(self) -> None:
        """Begin; returns without waiting for the network."""

    async def close(self) -> None:
        """Stop and free everything."""

    def publish(self, change: Change) -> None:
        """Send one change towards every process that subscribed to its feed."""

    async def subscribe(self, feed: FeedKey) -> None:
        """Receive the changes of a feed from now on. Returns when the subscription is confirmed, or when it
        is clear that this takes longer; then `on_doubt` follows once it is."""

    async def unsubscribe(self, feed: FeedKey) -> None:
        """No more changes of this feed."""

    def state(self) -> BrokerState:
        """Whether what is published arrives."""

    def counts(self) -> Counts:
        """What happened since the start; a copy."""
