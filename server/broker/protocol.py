"""What carries changes between processes, and what it owes.

The broker is a hint: the database is the truth. It may lose, repeat and reorder; it must say when it may have
lost something.
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
    """`verified`: what is published arrives here, as last seen `probe_age` seconds ago. `waiting`: messages
    that are not sent yet."""

    name: str
    verified: bool
    probe_age: float
    waiting: int = 0


@dataclass(slots=True)
class Counts:
    """Since the start of the process."""

    sent: int = 0
    """Messages that a server took, probes among them."""
    refused: int = 0
    """Messages that a server answered with an error: missing rights, most of all."""
    send_failures: int = 0
    """Batches that got no answer; they are sent again."""
    connects: int = 0
    """Connections of the subscription that were made."""
    connection_failures: int = 0
    """Connections of the subscription that ended or could not be made, unverified ones among them."""
    unverified: int = 0
    """Connections that were thrown away because no probe came back over them."""
    dropped: int = 0
    """Messages that found no room in the outbox."""
    malformed: int = 0
    """Messages that are not a change of their channel's feed."""


class Broker(Protocol):
    """Publish and subscribe, one channel for each feed.

    Obligations of an implementation:

    - `publish` never blocks and never raises: the post it tells of is already committed. What cannot be sent
      may be dropped. Subscribers of this process get it at once, without a way through the network.
    - `on_change` and `on_unverified` are plain functions called in the event loop; they only hand over.
    - After anything that may have lost a message of a feed (a new subscription, one that was repeated after
      a reconnect, an overflow) it calls `on_unverified(feed)`, or `on_unverified(None)` for all feeds.
    - Messages may come twice and in any order. Bytes that are not a change are counted and passed over.
    - `state().verified` turns false within 3 seconds after messages stop arriving, whatever TCP says.
    """

    def listen(self, *, on_change: OnChange, on_unverified: OnUnverified) -> None:
        """Who gets what arrives; called once, before `start`."""

    async def start(self) -> None:
        """Begin; returns without waiting for the network."""

    async def close(self) -> None:
        """Stop and free everything."""

    def publish(self, change: Change) -> None:
        """Send one change towards every process that subscribed to its feed."""

    def notify(self, topic: str, data: bytes) -> None:
        """Send a short message that belongs to no feed to every process, this one first. As `publish` it never
        blocks and never raises. `topic` is a word of `[a-z]`."""

    def on_notice(self, topic: str, receive: OnNotice) -> None:
        """Who gets the notices of a topic, besides those who get them already; before `start`. What arrives
        twice is handed over twice; after anything that may have lost one `receive(None)` is called."""

    async def subscribe(self, feed: FeedKey) -> None:
        """Receive the changes of a feed from now on. Returns when the subscription is confirmed, or when it
        is clear that this takes longer; then `on_unverified` follows once it is."""

    async def unsubscribe(self, feed: FeedKey) -> None:
        """No more changes of this feed."""

    def state(self) -> BrokerState:
        """Whether what is published arrives."""

    def counts(self) -> Counts:
        """What happened since the start; a copy."""
