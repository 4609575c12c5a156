"""Who gets what one server's connections bring, and what is counted there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.broker.outbox import Message


class Receiver(Protocol):
    """Plain functions, called in the event loop; they only hand over."""

    def arrived(self, channel: str, data: bytes) -> None:
        """A message of a subscribed channel."""

    def confirmed(self, channel: str) -> None:
        """The server confirmed a subscription, the first time or again: what came before may be lost."""

    def misplaced(self, messages: list[Message]) -> None:
        """Another server of the cluster has these channels now; without messages: some subscribed ones."""


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
    """Connections of the subscription that ended or could not be made, unproven ones among them."""
    unproven: int = 0
    """Connections that were thrown away because no probe came back over them."""
    dropped: int = 0
    """Messages that found no room in the outbox."""
    malformed: int = 0
    """Messages that are not a change of their channel's feed."""
