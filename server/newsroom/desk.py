"""What every piece of newsroom work needs: the database, the way out to the feeds, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from server.broker.protocol import Broker
from server.domain import times
from server.domain.change import Change
from server.media.files import MediaFiles
from server.store.database import Database


@dataclass(frozen=True, slots=True)
class Desk:
    """Handed to every function that writes."""

    database: Database
    broker: Broker
    media: MediaFiles
    now: Callable[[], datetime] = field(default=times.now)

    def publish(self, changes: Iterable[Change]) -> None:
        """Tell every process, after the commit."""
        for change in changes:
            self.broker.publish(change)
