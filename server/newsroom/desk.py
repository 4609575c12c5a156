"""Dependencies of all newsroom functions: database, broker, media files and clock; idempotency keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.broker.protocol import Broker
from server.domain import times
from server.domain.change import Change
from server.fetch.preview import PreviewSource
from server.media.files import MediaFiles
from server.store.database import Database


@dataclass(frozen=True, slots=True)
class Desk:
    """Passed to every function that writes."""

    database: Database
    broker: Broker
    media: MediaFiles
    now: Callable[[], datetime] = field(default=times.now)
    previews: PreviewSource | None = None
    """What looks up links; None where nothing is fetched: links stay as they were typed."""
    publish_delay: timedelta = timedelta()
    """How long what somebody publishes waits until it goes out, so that a slip can be stopped."""

    def publish(self, changes: Iterable[Change]) -> None:
        """Publish changes to all processes; call after the commit."""
        for change in changes:
            self.broker.publish(change)
