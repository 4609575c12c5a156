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
    refused: int = 0
    send_failures: int = 0
    connects: int = 0
    connection_failures: int = 0
    unproven: int = 0
    dropped: int = 0
